/*
 * events_test.c: listeners that are killed at random moments, in an org that is killed, expires sessions, forgets its clients and cuts
 * their answers. Two channels, events numbered from 0 on each: in the end every one was handled, the first time in its order, and again
 * only what came since the last stored position; the doubles are counted and printed. Alone (positions in a file), and as
 * three members of a group on a Redis that is restarted too.
 * SF_EVENTS (3000) and SF_EVENTS_KILLS (5) are the numbers of each test, SF_EVENTS_SEED makes a run that was seen again; what 100,000
 * events and 50 kills take is in tests/fault/events_full. With the word "listen" the program is a listener.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <salesforce.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "support/org_process.h"
#include "support/support.h"

enum {
    CHANNELS = 2,
    CHECKPOINT_EVENTS = 50,
    HANDLER_US = 60, /* what an event's handling takes, so that kills strike amid it */
    NODES_MAX = 3,
    LINE = 32, /* bytes of a line of the log */
    WAIT_MAX_MS = 60000,
    LIVENESS_MS = 800,
    HEARTBEAT_MS = 150
};

static const char *const channels[CHANNELS] = { "/data/AccountChangeEvent", "/event/Low_Ink__e" };

static test_org org;
static sf_client *sf;
static sf_error err;
static char dir[64], data_file[128], log_file[128];
static uint64_t seed;
static int nodes; /* at work in this test */
static pid_t pids[NODES_MAX];
static bool is_group;
static struct {
    int kills, org_kills, expired, forgotten, faults, pauses, redis_restarts;
} counts;

static uint32_t chance(uint32_t n) /* 0..n-1; xorshift64* */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

static void want(sf_status rc, sf_status wanted)
{
    if (rc != wanted) fail_msg("%s: %s", sf_status_name(rc), err.message);
}

static void pause_us(long us)
{
    nanosleep(&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, NULL);
}

/* ---- the listener: each event handled is one line in a file that all append to ---- */

static struct {
    sf_listener *l;
    int log;
} mine;

static sf_status note_event(char channel, long n, int64_t replay_id)
{
    char line[LINE + 1];
    int len = snprintf(line, sizeof line, "%08d %c %07ld %011lld\n", (int)getpid(), channel, n, (long long)replay_id);
    pause_us(HANDLER_US);
    return len == LINE - 1 && write(mine.log, line, LINE - 1) == LINE - 1 ? SF_OK : SF_ERR_IO;
}

static sf_status on_create(void *user, const sf_cdc_event *e)
{
    (void)user;
    return note_event('a', (long)sf_get_int(e->event.payload, "NumberOfEmployees", -1), e->event.replay_id);
}

static sf_status on_message(void *user, const sf_event *e)
{
    (void)user;
    return note_event('b', (long)sf_get_int(e->payload, "Level__c", -1), e->replay_id);
}

static void on_state(void *user, sf_listener_state state, const sf_error *why)
{
    (void)user;
    fprintf(stderr, "%d: state %d %s\n", (int)getpid(), (int)state, why != NULL ? why->message : "");
}

static void on_term(int sig)
{
    (void)sig;
    sf_listener_stop(mine.l);
}

/* listen URL CLIENT_ID CLIENT_SECRET LOG POSITIONS REDIS|- */
static int be_listener(char **argv)
{
    sf_client *client = NULL;
    sf_checkpoints *store = NULL;
    sf_error e = { 0 };
    const sf_client_options how = {
        .login_url = argv[0],
        .api_version = "64.0",
        .transport = { .idle_timeout_ms = 20000 },
        .retry = { .retries_max = 2, .pause_ms = 2, .pause_max_ms = 10, .breaker_failures = SF_NONE },
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = argv[1], .client_secret = argv[2] },
    };
    sf_listener_options options = { .checkpoint_events = CHECKPOINT_EVENTS,
                                    .slack_ms = 500,
                                    .reconnect_pause_ms = 10,
                                    .reconnect_pause_max_ms = 200,
                                    .on_state = on_state };
    const sf_attach_options from = { .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_EARLIEST };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, on_term);
    mine.log = open(argv[3], O_WRONLY | O_APPEND | O_CLOEXEC);
    sf_status rc = mine.log >= 0 ? sf_client_open(&how, &client, &e) : SF_ERR_IO;
    if (rc == SF_OK) rc = sf_checkpoints_file(argv[4], &store, &e);
    options.checkpoints = store;
    if (rc == SF_OK) rc = sf_listener_open(client, &options, &mine.l, &e);
    if (rc == SF_OK)
        rc = sf_listener_attach_cdc(mine.l, channels[0], &(sf_cdc_service){ .on_create = on_create }, &from, &e);
    if (rc == SF_OK)
        rc = sf_listener_attach_events(mine.l, channels[1], &(sf_event_service){ .on_message = on_message }, &from, &e);
    if (rc == SF_OK) rc = sf_listener_run(mine.l, &e);
    sf_listener_stats stats;
    sf_listener_get_stats(mine.l, &stats);
    fprintf(stderr, "%d: %s after %lld events, %lld sessions, %lld failures: %s\n", (int)getpid(), sf_status_name(rc),
            (long long)stats.events, (long long)stats.handshakes, (long long)stats.failures, e.message);
    signal(SIGTERM, SIG_IGN);
    sf_listener_close(mine.l);
    sf_checkpoints_close(store);
    sf_client_close(client);
    return rc == SF_OK ? 0 : 1;
}

static void start_listener(int node)
{
    char errors[160], positions[160];
    snprintf(errors, sizeof errors, "%s/listeners.log", dir);
    snprintf(positions, sizeof positions, "%s/positions.json", dir);
    pid_t pid = fork();
    assert_true(pid >= 0);
    pids[node] = pid;
    if (pid > 0) return;
    (void)freopen(errors, "a", stderr);
    execl("/proc/self/exe", "events_test", "listen", org.url, org.client_id, org.client_secret, log_file, positions,
          "-", (char *)NULL);
    _exit(127);
}

/* ---- what was handled ---- */

static long lines(void)
{
    struct stat st;
    assert_int_equal(stat(log_file, &st), 0);
    return (long)(st.st_size / (LINE - 1));
}

static void show_logs(void)
{
    char command[256];
    snprintf(command, sizeof command, "tail -n 30 %s/listeners.log; tail -n 3 %s", dir, log_file);
    (void)!system(command);
}

static void check_alive(void)
{
    for (int i = 0; i < nodes; i++) {
        int status;
        if (waitpid(pids[i], &status, WNOHANG) == 0) continue;
        show_logs();
        fail_msg("listener %d ended by itself, status %d", i, status);
    }
}

static void wait_for_lines(long target)
{
    long seen = -1;
    for (int still_ms = 0; lines() < target; pause_us(200)) { /* ends: all are handled, or nothing has moved for long */
        long now = lines();
        static int ticks;
        if (++ticks % 5 == 0) still_ms++;
        if (now != seen) still_ms = 0;
        seen = now;
        if (ticks % 500 == 0) check_alive();
        if (still_ms < WAIT_MAX_MS) continue;
        show_logs();
        fail_msg("%ld lines instead of %ld, and nothing moves", now, target);
    }
}

static pid_t last_pid(void)
{
    char line[LINE] = "";
    int fd = open(log_file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t got = pread(fd, line, LINE - 1, (off_t)(lines() - 1) * (LINE - 1));
    close(fd);
    return got == LINE - 1 ? (pid_t)strtol(line, NULL, 10) : 0;
}

typedef struct tally {
    long next[CHANNELS];      /* the first event that was not handled yet */
    int64_t replay[CHANNELS]; /* of the one before */
    long doubles, runs, most; /* handled again; by how many processes; by the one that had most */
    long doubles_of_run, lines;
    pid_t pid;
    long last[CHANNELS]; /* of this process; -1: none yet */
} tally;

static void take_line(tally *t, const char *line)
{
    char *rest;
    pid_t pid = (pid_t)strtol(line, &rest, 10);
    int c = rest[1] - 'a';
    long n = strtol(rest + 2, &rest, 10);
    int64_t replay_id = strtoll(rest, NULL, 10);
    assert_in_range(c, 0, CHANNELS - 1);
    if (pid != t->pid) {
        t->runs++;
        t->pid = pid;
        t->doubles_of_run = 0;
        t->last[0] = t->last[1] = -1;
    }
    if (n <= t->last[c]) fail_msg("%s: event %ld after %ld in one process", channels[c], n, t->last[c]);
    t->last[c] = n;
    if (n > t->next[c]) fail_msg("%s: event %ld, but %ld was not handled before it", channels[c], n, t->next[c]);
    if (n == t->next[c]) {
        if (replay_id <= t->replay[c]) fail_msg("%s: event %ld has no greater replay id", channels[c], n);
        t->replay[c] = replay_id;
        t->next[c]++;
        return;
    }
    t->doubles++;
    if (++t->doubles_of_run > t->most) t->most = t->doubles_of_run;
}

static void read_log(tally *t)
{
    size_t len;
    char *text = test_read_file(log_file, &len);
    assert_non_null(text);
    *t = (tally){ .last = { -1, -1 } };
    for (size_t at = 0; at + LINE - 1 <= len; at += LINE - 1, t->lines++) take_line(t, text + at);
    free(text);
}

/* Both channels to their ends, however many lines that takes. */
static void wait_for_all(long each)
{
    tally t;
    do {
        read_log(&t);
        long missing = 2 * each - t.next[0] - t.next[1];
        if (missing > 0) wait_for_lines(t.lines + (missing < 500 ? 1 : missing / 2));
    } while (t.next[0] < each || t.next[1] < each);
}

/* ---- the org ---- */

static void open_client(void)
{
    want(sf_client_open(&(sf_client_options){ .login_url = org.url,
                                              .api_version = "64.0",
                                              .retry = { .pause_ms = 5, .breaker_failures = SF_NONE },
                                              .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                        .client_id = org.client_id,
                                                        .client_secret = org.client_secret } },
                        &sf, &err),
         SF_OK);
}

static void start_org(int port)
{
    char number[8];
    static const char schema[] = SF_SOURCE_DIR "/tests/integration/data/events.json";
    snprintf(number, sizeof number, "%d", port);
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema", schema, "--data", data_file, "--port",
                                                number, NULL });
    assert_int_equal(test_org_http(&org, "POST", "/__org/streaming", NULL, "{\"timeout\":2000}"), 200);
    open_client();
}

static void kill_org(void)
{
    int status, port = org.port;
    kill(org.pid, SIGKILL);
    assert_int_equal(waitpid(org.pid, &status, 0), org.pid);
    sf_client_close(sf);
    free(org.reply);
    org.reply = NULL;
    start_org(port);
    counts.org_kills++;
}

/* Events from first on, as many of each channel, in requests of up to 200. */
static void publish(long first, long count)
{
    sf_writer *w = NULL;
    sf_publisher *p = NULL;
    sf_writer_counts written;
    want(sf_writer_open(sf, &(sf_writer_options){ .operation = SF_INSERT, .object = "Account", .parallel = 1 }, &w,
                        &err),
         SF_OK);
    want(sf_publisher_open(sf, &(sf_publisher_options){ .event = "Low_Ink__e" }, &p, &err), SF_OK);
    for (long n = first; n < first + count; n++) {
        char json[96];
        want(sf_writer_add_fields(
                 w, SF_BINDS({ "Name", sf_bind_str("Numbered") }, { "NumberOfEmployees", sf_bind_int(n) }), &err),
             SF_OK);
        snprintf(json, sizeof json, "{\"Model__c\":\"n\",\"Level__c\":%ld}", n);
        want(sf_publisher_add_json(p, (sf_str){ json, strlen(json) }, &err), SF_OK);
    }
    want(sf_writer_close(w, &written, &err), SF_OK);
    want(sf_publisher_close(p, NULL, &err), SF_OK);
    assert_int_equal(written.succeeded, count);
}

/* ---- what goes wrong ---- */

static void disturb(void)
{
    char spec[128];
    test_org_faults_clear(&org);
    switch (chance(9)) {
    case 0:
        assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
        counts.expired++;
        return;
    case 1:
        assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
        counts.forgotten++;
        return;
    case 2: snprintf(spec, sizeof spec, "reset:after=%u,path=/cometd,times=%u", chance(40000), 1 + chance(3)); break;
    case 3:
        snprintf(spec, sizeof spec, "truncate:after=%u,length=right,path=/cometd,times=%u", chance(40000),
                 1 + chance(3));
        break;
    case 4:
        snprintf(spec, sizeof spec, "truncate:after=%u,length=wrong,path=/cometd,times=%u", chance(20000),
                 1 + chance(3));
        break;
    case 5: snprintf(spec, sizeof spec, "503:path=/cometd,times=%u", 1 + chance(3)); break;
    case 6:
        snprintf(spec, sizeof spec, "stall:after=%u,ms=%u,path=/cometd,times=1", chance(20000), 100 + chance(4000));
        break;
    default: return;
    }
    test_org_fault(&org, spec);
    counts.faults++;
}

static int leader(void)
{
    pid_t pid = lines() > 0 ? last_pid() : 0;
    for (int i = 0; i < nodes; i++)
        if (pids[i] == pid) return i;
    return (int)chance((uint32_t)nodes); /* it was killed, and nobody has taken over yet */
}

static void kill_listener(int node)
{
    int status;
    check_alive();
    kill(pids[node], SIGKILL);
    assert_int_equal(waitpid(pids[node], &status, 0), pids[node]);
    counts.kills++;
    start_listener(node);
}

static long number_of(const char *name, long otherwise)
{
    const char *given = getenv(name);
    return given != NULL ? strtol(given, NULL, 10) : otherwise;
}

static void run(int how_many)
{
    long each = number_of("SF_EVENTS", 3000) / CHANNELS, kills = number_of("SF_EVENTS_KILLS", 5), done = 0;
    tally t;
    nodes = how_many;
    is_group = how_many > 1;
    memset(&counts, 0, sizeof counts);
    for (int i = 0; i < nodes; i++) start_listener(i);
    for (long k = 0; k < kills; k++) {
        long count = k == kills - 1 ? each - done : each / kills;
        long before = lines();
        publish(done, count);
        done += count;
        disturb();
        if (k % 10 == 3) kill_org();
        wait_for_lines(before +
                       (long)chance((uint32_t)(count * CHANNELS * 3 / 4))); /* somewhere amid what was published */
        kill_listener(leader());
        if (chance(6) == 0) { /* and at once again, before or while it begins */
            pause_us((long)chance(60000));
            kill_listener(leader());
        }
    }
    test_org_faults_clear(&org);
    wait_for_all(done);
    for (int i = 0; i < nodes; i++) {
        int status;
        check_alive();
        kill(pids[i], SIGTERM);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        if (status != 0) show_logs();
        assert_int_equal(status, 0);
    }
    read_log(&t);
    print_message(
        "%ld events: %ld handled again (at most %ld by one process, of %d between two positions), by %ld processes\n",
        t.next[0] + t.next[1], t.doubles, t.most, CHECKPOINT_EVENTS, t.runs);
    print_message("%d listeners killed, %d orgs killed, %d times sessions expired, %d times clients forgotten, %d "
                  "faults, %d pauses, %d "
                  "restarts of Redis\n",
                  counts.kills, counts.org_kills, counts.expired, counts.forgotten, counts.faults, counts.pauses,
                  counts.redis_restarts);
    assert_int_equal(t.next[0], done);
    assert_int_equal(t.next[1], done);
    if (!is_group) assert_in_range(t.most, 0, CHECKPOINT_EVENTS);
}

static void test_events__one_listener_killed_at_random_moments(void **state)
{
    (void)state;
    run(1);
}

static int start(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sf-events-fault-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    snprintf(data_file, sizeof data_file, "%s/org.db", dir);
    snprintf(log_file, sizeof log_file, "%s/handled", dir);
    int fd = open(log_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || close(fd) != 0) return -1;
    seed = (uint64_t)number_of("SF_EVENTS_SEED", (long)time(NULL) * 1000003 + getpid());
    print_message("SF_EVENTS_SEED=%llu\n", (unsigned long long)seed);
    seed |= 1;
    start_org(0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char command[128];
    for (int i = 0; i < nodes; i++)
        if (pids[i] > 0) kill(pids[i], SIGKILL); /* those of a test that failed */
    sf_client_close(sf);
    int rc = test_org_stop(&org);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command) == 0 ? rc : -1;
}

int main(int argc, char **argv)
{
    if (argc == 8 && strcmp(argv[1], "listen") == 0) return be_listener(argv + 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events__one_listener_killed_at_random_moments, start, stop),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
