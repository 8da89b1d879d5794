/*
 * events_test.c: listeners that are killed at random moments, in an org that is killed, expires sessions, forgets its clients and cuts
 * their answers. Two channels, events numbered from 0 on each: in the end every one was handled, the first time in its order, and again
 * only what came since the last stored position; the doubles are counted and printed. Alone (positions in a file), and as
 * three members of a group, on a Redis that is restarted too and through a folder.
 * SF_EVENTS (3000) and SF_EVENTS_KILLS (5) are the numbers of each test, SF_EVENTS_SEED makes a run that was seen again; what 100,000
 * events and 50 kills take is in tests/fault/events_full. With the word "listen" the program is a listener.
 */
#include <dirent.h>
#include <fcntl.h>
#include <salesforce.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "support/org_process.h"
#include "support/redis_process.h"
#include "support/support.h"

enum {
    CHANNELS = 2,
    CHECKPOINT_EVENTS = 50,
    HANDLER_US = 60, /* what an event's handling takes, so that kills strike amid it */
    NODES_MAX = 3,
    LINE = 53,            /* bytes of a line of the log, and a NUL */
    EVENTS_MAX = 1000000, /* of a channel */
    TERMS_MAX = 1000,
    OUTAGES_MAX = 100,
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
static test_redis redis;            /* pid 0: there is none */
static char coordinator[160] = "-"; /* URL of Redis, a path, or "-": one listener, positions in a file */
static long outages[OUTAGES_MAX];   /* how many lines there were when Redis went away */
static struct {
    int kills, org_kills, expired, forgotten, faults, pauses, outages;
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
    char line[128];
    sf_listener_stats stats;
    sf_listener_get_stats(mine.l, &stats);
    int len = snprintf(line, sizeof line, "%08d %c %07ld %011lld %020lld\n", (int)getpid(), channel, n,
                       (long long)replay_id, (long long)stats.epoch);
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
    sf_coordinator *group = NULL;
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
    if (rc == SF_OK && argv[5][0] == '-') rc = sf_checkpoints_file(argv[4], &store, &e);
    if (rc == SF_OK && argv[5][0] == '/') rc = sf_coordinator_file(argv[5], &group, &e);
    if (rc == SF_OK && argv[5][0] == 'r')
        rc = sf_coordinator_redis(&(sf_redis_options){ .url = argv[5], .timeout_ms = 400 }, &group, &e);
    options.checkpoints = store;
    if (group != NULL) {
        options.coordinator = group;
        options.group = "fault";
        options.liveness_ms = LIVENESS_MS;
        options.heartbeat_ms = HEARTBEAT_MS;
    }
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
    sf_coordinator_close(group);
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
          coordinator, (char *)NULL);
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

typedef struct term { /* of a process, or of one as a leader */
    pid_t pid;
    long epoch;
    long last[CHANNELS]; /* -1: none yet */
    long repeated;       /* events that it handled and a later one again */
    bool is_out;         /* Redis was away meanwhile, so that positions could not be kept */
} term;

typedef struct tally {
    long next[CHANNELS];      /* the first event that was not handled yet */
    int64_t replay[CHANNELS]; /* of the one before */
    long lines;
    long doubles, most, out; /* handled again; at most of one term; of those in which Redis was away */
    long late; /* handled by a leader whose place another had taken: what was in its hands when it was paused */
    int term_count, outage; /* outage: the next one */
    term terms[TERMS_MAX], *at;
} tally;

static short handlers[CHANNELS][EVENTS_MAX]; /* the newest term that handled it */

static void find_term(tally *t, pid_t pid, long epoch)
{
    if (t->at != NULL && t->at->pid == pid && t->at->epoch == epoch) return;
    t->at = NULL;
    for (int i = 0; i < t->term_count; i++)
        if (t->terms[i].pid == pid && t->terms[i].epoch == epoch) t->at = &t->terms[i];
    if (t->at != NULL) return;
    if (t->term_count > 0 && epoch < t->terms[t->term_count - 1].epoch)
        fail_msg("term %ld begins after a later one", epoch);
    assert_true(t->term_count < TERMS_MAX);
    t->at = &t->terms[t->term_count++];
    *t->at = (term){ .pid = pid, .epoch = epoch, .last = { -1, -1 } };
}

/* The outage came in the term at hand; it may have ended the one before, just then. */
static void note_outages(tally *t)
{
    while (t->outage < counts.outages && outages[t->outage] <= t->lines) {
        t->outage++;
        t->at->is_out = true;
        if (t->term_count > 1 && t->at->last[0] < 0 && t->at->last[1] < 0) t->at[-1].is_out = true;
    }
}

static void note_double(tally *t, int c, long n)
{
    term *before = &t->terms[handlers[c][n]];
    t->doubles++;
    before->repeated++;
    if (before->is_out)
        t->out++;
    else if (before->repeated > t->most)
        t->most = before->repeated;
}

static void take_line(tally *t, const char *line)
{
    char *rest;
    pid_t pid = (pid_t)strtol(line, &rest, 10);
    int c = rest[1] - 'a';
    long n = strtol(rest + 2, &rest, 10);
    int64_t replay_id = strtoll(rest, &rest, 10);
    assert_in_range(c, 0, CHANNELS - 1);
    assert_in_range(n, 0, EVENTS_MAX - 1);
    find_term(t, pid, strtol(rest, NULL, 10));
    note_outages(t);
    if (n <= t->at->last[c]) fail_msg("%s: event %ld after %ld in one term", channels[c], n, t->at->last[c]);
    t->at->last[c] = n;
    if (n > t->next[c]) fail_msg("%s: event %ld, but %ld was not handled before it", channels[c], n, t->next[c]);
    bool is_new = n == t->next[c];
    if (t->at != &t->terms[t->term_count - 1]) {
        t->late++;
        if (is_new) fail_msg("%s: event %ld was first handled in a term that was over", channels[c], n);
        return;
    }
    if (!is_new) note_double(t, c, n);
    handlers[c][n] = (short)(t->term_count - 1);
    if (!is_new) return;
    if (replay_id <= t->replay[c]) fail_msg("%s: event %ld has no greater replay id", channels[c], n);
    t->replay[c] = replay_id;
    t->next[c]++;
}

static void read_log(tally *t)
{
    size_t len;
    char *text = test_read_file(log_file, &len);
    assert_non_null(text);
    *t = (tally){ .lines = 0 };
    for (size_t at = 0; at + LINE - 1 <= len; at += LINE - 1, t->lines++) take_line(t, text + at);
    free(text);
}

/* Both channels to their ends, however many lines that takes. */
static void wait_for_all(long each)
{
    static tally t;
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

/* A fault of what answers the listeners. */
static void add_fault(void)
{
    static const char *const kinds[] = { "half-open:path=/cometd,times=1",  "lost:path=/cometd,times=2",
                                         "401:path=/cometd,times=1",        "502:body=html,path=/cometd,times=3",
                                         "503:path=/cometd,times=3",        "429:path=/cometd,times=1",
                                         "deny-handshake:times=1",          "forget:advice=none,times=1",
                                         "forget:advice=handshake,times=2", "events-only:times=5",
                                         "connect-first:times=5",           "empty-answer:times=2",
                                         "events-on-subscribe:times=2" };
    char spec[128];
    uint32_t kind = chance(COUNT_OF(kinds) + 8);
    if (kind < COUNT_OF(kinds))
        snprintf(spec, sizeof spec, "%s", kinds[kind]);
    else if (kind < COUNT_OF(kinds) + 2)
        snprintf(spec, sizeof spec, "stall:after=%u,ms=%u,path=/cometd,times=1", chance(20000), 100 + chance(4000));
    else if (kind < COUNT_OF(kinds) + 4)
        snprintf(spec, sizeof spec, "reset:after=%u,path=/cometd,times=%u", chance(40000), 1 + chance(3));
    else
        snprintf(spec, sizeof spec, "truncate:after=%u,length=%s,path=/cometd,times=%u", chance(40000),
                 chance(2) == 0 ? "right" : "wrong", 1 + chance(3));
    test_org_fault(&org, spec);
    counts.faults++;
}

static void disturb(void)
{
    test_org_faults_clear(&org);
    switch (chance(8)) {
    case 0:
        assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
        counts.expired++;
        break;
    case 1:
        assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
        counts.forgotten++;
        break;
    case 2: break;
    default: add_fault();
    }
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

/* The leader is stopped, another takes over and passes it by on both channels; then it wakes up, and may not do more than
 * end what it was at. */
static void pause_leader(long each)
{
    static tally before, now;
    int node = leader();
    kill(pids[node], SIGSTOP);
    read_log(&before);
    bool is_passed = false;
    for (long seen = before.lines; !is_passed; seen = now.lines) {
        read_log(&now);
        is_passed = true;
        for (int c = 0; c < CHANNELS; c++) is_passed &= now.next[c] > before.next[c] || before.next[c] == each;
        if (!is_passed) wait_for_lines(seen + 1);
    }
    kill(pids[node], SIGCONT);
    counts.pauses++;
}

static void restart_redis(void)
{
    assert_true(counts.outages < OUTAGES_MAX);
    outages[counts.outages++] = lines();
    test_redis_halt(&redis, chance(2) == 0 ? SIGKILL : SIGTERM);
    pause_us((long)chance(2 * LIVENESS_MS) * 1000); /* shorter than a lease, or longer */
    test_redis_resume(&redis);
}

/* each: so many events of a channel are there. */
static void disturb_group(long k, long each)
{
    if (redis.pid > 0 && k % 5 == 1)
        restart_redis();
    else if (chance(4) == 0)
        pause_leader(each);
    else if (chance(4) == 0)
        kill_listener((leader() + 1) % nodes);
}

static void report(const tally *t)
{
    print_message("%ld events, %d terms; %ld handled again: at most %ld of one term, of %d between two positions, and "
                  "%ld of terms in "
                  "which Redis was away; %ld by leaders that were paused\n",
                  t->next[0] + t->next[1], t->term_count, t->doubles, t->most, CHECKPOINT_EVENTS, t->out, t->late);
    print_message("%d listeners killed, %d paused, %d orgs killed, %d restarts of Redis, sessions expired %d times, "
                  "clients forgotten %d times, "
                  "%d faults\n",
                  counts.kills, counts.pauses, counts.org_kills, counts.outages, counts.expired, counts.forgotten,
                  counts.faults);
}

static void stop_listeners(void)
{
    for (; nodes > 0; nodes--) {
        int status;
        check_alive();
        kill(pids[nodes - 1], SIGTERM);
        assert_int_equal(waitpid(pids[nodes - 1], &status, 0), pids[nodes - 1]);
        if (status == SIGTERM) status = 0; /* it had only just begun */
        if (status != 0) show_logs();
        assert_int_equal(status, 0);
    }
}

static void run(int how_many)
{
    static tally t;
    long each = number_of("SF_EVENTS", 3000) / CHANNELS, kills = number_of("SF_EVENTS_KILLS", 5), done = 0;
    nodes = how_many;
    for (int i = 0; i < nodes; i++) start_listener(i);
    for (long k = 0; k < kills; k++) {
        long count = k == kills - 1 ? each - done : each / kills;
        long before = lines();
        publish(done, count);
        done += count;
        disturb();
        if (k % 10 == 3) kill_org();
        wait_for_lines(before + (long)chance((uint32_t)(count * CHANNELS / 2))); /* somewhere amid what was published */
        if (nodes > 1) disturb_group(k, done);
        kill_listener(leader());
        if (chance(6) == 0) { /* and at once again, before or while it begins */
            pause_us((long)chance(60000));
            kill_listener(leader());
        }
    }
    test_org_faults_clear(&org);
    wait_for_all(done);
    stop_listeners();
    read_log(&t);
    report(&t);
    assert_int_equal(t.next[0], done);
    assert_int_equal(t.next[1], done);
    assert_in_range(t.most, 0, CHECKPOINT_EVENTS);
    assert_in_range(t.late, 0, counts.pauses);
}

static void test_events__one_listener_killed_at_random_moments(void **state)
{
    (void)state;
    run(1);
}

/* Old events come on the answer to a subscribe, newer ones on that to the connect that is under way meanwhile, on another connection:
 * whichever arrives first, the old ones are handled first. Each session begins with events at hand. */
static void test_events__come_on_the_answer_to_a_subscribe(void **state)
{
    enum { EACH = 1500 };
    static tally t;
    (void)state;
    nodes = 1;
    test_org_fault(&org, "events-on-subscribe");
    publish(0, EACH);
    start_listener(0);
    for (int i = 0; i < 12; i++) {
        wait_for_lines(lines() + 1 + (long)chance(2 * EACH / 16));
        assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
    }
    wait_for_all(EACH);
    stop_listeners();
    read_log(&t);
    assert_int_equal(t.next[0] + t.next[1], 2 * EACH);
    assert_int_equal(t.doubles, 0);
}

static void test_events__a_group_whose_leader_is_killed(void **state)
{
    (void)state;
    if (!test_redis_is_there()) skip();
    test_redis_start(&redis, NULL);
    snprintf(coordinator, sizeof coordinator, "%s", redis.url);
    run(3);
    test_redis_stop(&redis);
    redis.pid = 0;
}

static void test_events__a_group_that_agrees_through_a_folder(void **state)
{
    (void)state;
    snprintf(coordinator, sizeof coordinator, "%s/group", dir);
    run(3);
}

/* ---- a day's life, sixty times as fast: SF_EVENTS_DAY_S says how many seconds it takes; without it there is none ---- */

enum {
    DAY_EVENTS_PER_S = 50, /* of both channels */
    DAY_GROWTH_KIB =
        2048 /* a silence found after 30 s leaves an answer of 1,500 events, over 1 MiB, whose room is kept */
};

typedef struct cost {
    long rss_kib, descriptors, threads;
} cost;

static cost cost_of(pid_t pid)
{
    char path[64], line[256];
    cost c = { 0 };
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) c.rss_kib = strtol(line + 6, NULL, 10);
        if (strncmp(line, "Threads:", 8) == 0) c.threads = strtol(line + 8, NULL, 10);
    }
    fclose(in);
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *list = opendir(path);
    assert_non_null(list);
    while (readdir(list) != NULL) c.descriptors++;
    closedir(list);
    return c;
}

/* What happens in a day: the token ends every two hours, the org forgets its clients every three, a line goes silent or
 * breaks, the org is busy, and is restarted at night. */
static void live_on(int step, int steps)
{
    char spec[96];
    int hour = step * 24 / steps;
    if (step == 0 || hour == (step - 1) * 24 / steps) return;
    test_org_faults_clear(&org);
    if (hour % 2 == 0) {
        assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
        counts.expired++;
    }
    if (hour % 3 == 0) {
        assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
        counts.forgotten++;
    }
    if (hour == 23) kill_org();
    spec[0] = '\0';
    if (hour % 4 == 1) snprintf(spec, sizeof spec, "stall:after=%u,ms=3600000,path=/cometd,times=1", chance(900));
    if (hour % 4 == 3) snprintf(spec, sizeof spec, "reset:after=%u,path=/cometd,times=2", chance(900));
    if (hour % 8 == 6) snprintf(spec, sizeof spec, "503:path=/cometd,times=3");
    if (spec[0] == '\0') return;
    test_org_fault(&org, spec);
    counts.faults++;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_events__a_day_at_sixty_fold_speed(void **state)
{
    static tally t;
    (void)state;
    long seconds = number_of("SF_EVENTS_DAY_S", 0), published = 0;
    if (seconds == 0) skip();
    int64_t begin = now_ms(), behind_since = begin, slowest_ms = 0;
    cost early = { 0 };
    nodes = 1;
    start_listener(0);
    for (int step = 0; now_ms() - begin < seconds * 1000; step++) {
        if (lines() >= published * CHANNELS) behind_since = now_ms(); /* of what was published a while ago */
        if (now_ms() - behind_since > slowest_ms) slowest_ms = now_ms() - behind_since;
        long due = (long)((now_ms() - begin) * DAY_EVENTS_PER_S / CHANNELS / 1000);
        if (due > published) publish(published, due - published);
        published = due > published ? due : published;
        live_on(step, (int)seconds * 9); /* a step takes some more than a tenth of a second */
        int64_t now = now_ms();
        if (step % 100 == 0) check_alive();
        if (early.rss_kib == 0 && now - begin > seconds * 100) early = cost_of(pids[0]);
        pause_us(100000);
    }
    test_org_faults_clear(&org);
    wait_for_all(published);
    cost late = cost_of(pids[0]);
    stop_listeners();
    read_log(&t);
    report(&t);
    print_message(
        "resident KiB %ld after a tenth, %ld at the end; descriptors %ld, %ld; threads %ld, %ld; once %lld ms behind\n",
        early.rss_kib, late.rss_kib, early.descriptors, late.descriptors, early.threads, late.threads,
        (long long)slowest_ms);
    assert_int_equal(t.next[0], published);
    assert_int_equal(t.doubles, 0); /* nobody was killed */
    assert_in_range(late.descriptors, 0, early.descriptors + 4);
    assert_in_range(late.threads, 0, early.threads);
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(late.rss_kib, 0, early.rss_kib + DAY_GROWTH_KIB);
#endif
}

static int start(void **state)
{
    (void)state;
    snprintf(coordinator, sizeof coordinator, "-");
    snprintf(dir, sizeof dir, "/tmp/sf-events-fault-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    snprintf(data_file, sizeof data_file, "%s/org.db", dir);
    snprintf(log_file, sizeof log_file, "%s/handled", dir);
    int fd = open(log_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || close(fd) != 0) return -1;
    memset(&counts, 0, sizeof counts);
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
    if (getenv("SF_EVENTS_DAY_S") != NULL) cmocka_set_test_filter("*_a_day_*");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events__one_listener_killed_at_random_moments, start, stop),
        cmocka_unit_test_setup_teardown(test_events__come_on_the_answer_to_a_subscribe, start, stop),
        cmocka_unit_test_setup_teardown(test_events__a_group_whose_leader_is_killed, start, stop),
        cmocka_unit_test_setup_teardown(test_events__a_group_that_agrees_through_a_folder, start, stop),
        cmocka_unit_test_setup_teardown(test_events__a_day_at_sixty_fold_speed, start, stop),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
