/* standby_test.c: three listener processes of one group on a coordinator in a folder, of which the leader is killed, or hangs, in
 * the middle of its work, again and again: every event is handled, in order, and twice only what was handled after the last
 * position was kept. The nodes are this program, started with arguments. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <salesforce.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/org_process.h"

enum {
    NODES = 3,
    ROUNDS = 14,
    HANG_EVERY = 7, /* rounds; in the others the leader is killed */
    EVENTS_A_ROUND = 30,
    CHECKPOINT_EVENTS = 8,
    LINES_MAX = 4096,
    LINE_BYTES = 64
};

/* ---- a node: writes a line for each event that it handles ---- */

typedef struct node_state {
    sf_listener *l;
    const char *name;
} node_state;

static sf_status handle(void *user, const sf_event *e)
{
    const node_state *n = user;
    sf_listener_stats stats;
    char line[LINE_BYTES];
    sf_listener_get_stats(n->l, &stats);
    int len = snprintf(line, sizeof line, "%s %lld %s\n", n->name, (long long)stats.epoch,
                       sf_get_str(e->payload, "Model__c"));
    return write(STDOUT_FILENO, line, (size_t)len) == len ? SF_OK : SF_ERR_IO;
}

static sf_listener *stoppable;

static void on_signal(int signal)
{
    (void)signal;
    sf_listener_stop(stoppable);
}

static int run_node(char **args) /* url, token, path, name */
{
    node_state n = { .name = args[3] };
    sf_client *sf = NULL;
    sf_coordinator *c = NULL;
    sf_error err = { 0 };
    sf_client_options o = { .instance_url = args[0],
                            .api_version = "64.0",
                            .auth = { .flow = SF_AUTH_BEARER, .access_token = args[1] } };
    sf_event_service service = { .user = &n, .on_message = handle };
    sf_attach_options from = { .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_EARLIEST };
    sf_status rc = sf_client_open(&o, &sf, &err);
    if (rc == SF_OK) rc = sf_coordinator_file(args[2], &c, &err);
    sf_listener_options options = { .coordinator = c,
                                    .group = "orders",
                                    .node = n.name,
                                    .liveness_ms = 1500, /* only who hangs is waited for */
                                    .heartbeat_ms = 20,
                                    .checkpoint_events = CHECKPOINT_EVENTS,
                                    .checkpoint_ms = 60000 };
    if (rc == SF_OK) rc = sf_listener_open(sf, &options, &n.l, &err);
    if (rc == SF_OK) rc = sf_listener_attach_events(n.l, "Low_Ink__e", &service, &from, &err);
    stoppable = n.l;
    if (rc == SF_OK && signal(SIGTERM, on_signal) == SIG_ERR) rc = SF_ERR_IO;
    if (rc == SF_OK) rc = sf_listener_run(n.l, &err);
    if (rc != SF_OK) fprintf(stderr, "node %s: %s\n", n.name, err.message);
    sf_listener_close(n.l);
    sf_coordinator_close(c);
    sf_client_close(sf);
    return rc == SF_OK ? 0 : 1;
}

/* ---- the test ---- */

typedef struct node {
    pid_t pid;
    char name[16];
} node;

typedef struct world {
    test_org org;
    sf_client *sf;
    char folder[64], path[96];
    node nodes[NODES];
    int started;
    int ends[2]; /* of the pipe that all nodes write to */
    char text[LINES_MAX * LINE_BYTES];
    size_t len, at;
    struct {
        char node[16];
        long long term;
        int event;
    } lines[LINES_MAX];
    int line_count;
    int handled[ROUNDS * EVENTS_A_ROUND]; /* how often */
    int distinct, published;
} world;

static world w;
static sf_error err;

static void start_node(node *n)
{
    snprintf(n->name, sizeof n->name, "n%d", ++w.started);
    fflush(NULL);
    n->pid = fork();
    assert_true(n->pid >= 0);
    if (n->pid > 0) return;
    char self[] = "/proc/self/exe", word[] = "node";
    char *args[] = { self, word, w.org.url, w.org.access_token, w.path, n->name, NULL };
    if (dup2(w.ends[1], STDOUT_FILENO) < 0) _exit(127);
    (void)close(w.ends[0]);
    (void)close(w.ends[1]);
    execv(self, args);
    _exit(127);
}

static int wait_for(const node *n)
{
    int status = 0;
    while (waitpid(n->pid, &status, 0) < 0) assert_int_equal(errno, EINTR);
    return status;
}

static void take_line(char *line)
{
    int event = 0;
    assert_true(w.line_count < LINES_MAX);
    char *term = strchr(line, ' ');
    assert_non_null(term);
    *term++ = '\0';
    char *model = strchr(term, ' ');
    assert_non_null(model);
    event = (int)strtol(model + 1, NULL, 10);
    assert_in_range(event, 0, w.published - 1);
    snprintf(w.lines[w.line_count].node, sizeof w.lines[0].node, "%s", line);
    w.lines[w.line_count].term = strtoll(term, NULL, 10);
    w.lines[w.line_count++].event = event;
    w.distinct += w.handled[event]++ == 0;
}

/* One more line of some node; a test that would wait for ever fails. */
static void hear_line(void)
{
    for (;;) { /* ends: a line, or the time is over */
        char *end = w.len > w.at ? memchr(w.text + w.at, '\n', w.len - w.at) : NULL;
        if (end != NULL) {
            *end = '\0';
            char *line = w.text + w.at;
            w.at = (size_t)(end - w.text) + 1;
            take_line(line);
            return;
        }
        struct pollfd pfd = { .fd = w.ends[0], .events = POLLIN };
        assert_int_equal(poll(&pfd, 1, 60000), 1);
        assert_true(w.len < sizeof w.text);
        ssize_t got = read(w.ends[0], w.text + w.len, sizeof w.text - w.len);
        assert_true(got > 0);
        w.len += (size_t)got;
    }
}

static void publish(int count)
{
    for (int i = 0; i < count; i++) {
        sf_id id;
        char model[16];
        snprintf(model, sizeof model, "%d", w.published);
        sf_record *r = sf_record_new("Low_Ink__e");
        assert_int_equal(sf_record_set_str(r, "Model__c", model), SF_OK);
        w.published++;
        if (sf_record_create(w.sf, r, NULL, &id, &err) != SF_OK) fail_msg("%s", err.message);
        sf_record_free(r);
    }
}

static node *leader(void)
{
    for (int i = 0; i < NODES; i++)
        if (strcmp(w.nodes[i].name, w.lines[w.line_count - 1].node) == 0) return &w.nodes[i];
    fail_msg("%s is no node that runs", w.lines[w.line_count - 1].node);
    return NULL;
}

/* In the middle of what it has been given. */
static void kill_leader(int round)
{
    int before = w.distinct, want = before + 1 + round * 11 % (EVENTS_A_ROUND - 2);
    while (w.distinct < want) hear_line();
    node *n = leader();
    assert_int_equal(kill(n->pid, SIGKILL), 0);
    assert_int_equal(WTERMSIG(wait_for(n)), SIGKILL);
    start_node(n);
}

/* The others go on without it; when it wakes up it does nothing more. */
static void hang_leader(void)
{
    int before = w.distinct;
    while (w.distinct < before + 3) hear_line();
    node *n = leader();
    assert_int_equal(kill(n->pid, SIGSTOP), 0);
    while (w.distinct < w.published) hear_line();
    assert_int_equal(kill(n->pid, SIGCONT), 0);
}

/* Each term goes on where one before it had kept its position, and from there without a gap. A node that hung in the moment
 * between two looks may still hand out the one event; nothing else comes from an old term. */
static void check_order(int hangs)
{
    long long newest = 0;
    int last = -1, reached = -1, doubles = 0, late = 0, terms = 0;
    for (int i = 0; i < w.line_count; i++) {
        int event = w.lines[i].event;
        if (w.lines[i].term < newest) {
            late++;
            continue;
        }
        bool is_first = w.lines[i].term > newest;
        terms += is_first;
        newest = w.lines[i].term;
        if (is_first && (event > reached + 1 || event < reached + 1 - CHECKPOINT_EVENTS))
            fail_msg("term %lld begins at %d, and %d was reached", newest, event, reached);
        if (!is_first && event != last + 1) fail_msg("in term %lld %d came after %d", newest, event, last);
        doubles += event <= reached;
        last = event;
        if (event > reached) reached = event;
    }
    assert_true(late <= hangs);
    assert_true(terms >= ROUNDS / 2); /* one that fell when all was done leaves nothing to the next */
    print_message("%d events, %d terms, %d handled twice after %d falls, %d late\n", w.published, terms, doubles,
                  ROUNDS, late);
}

static void test_standby__a_leader_that_falls_is_replaced(void **state)
{
    (void)state;
    int hangs = 0;
    for (int i = 0; i < NODES; i++) start_node(&w.nodes[i]);
    for (int round = 0; round < ROUNDS; round++) {
        bool is_hang = round % HANG_EVERY == HANG_EVERY - 1;
        hangs += is_hang;
        publish(EVENTS_A_ROUND);
        if (is_hang)
            hang_leader();
        else
            kill_leader(round);
        while (w.distinct < w.published) hear_line();
    }
    for (int i = 0; i < NODES; i++) assert_int_equal(kill(w.nodes[i].pid, SIGTERM), 0);
    for (int i = 0; i < NODES; i++) assert_int_equal(wait_for(&w.nodes[i]), 0);
    assert_int_equal(w.distinct, ROUNDS * EVENTS_A_ROUND);
    check_order(hangs);
}

static int start(void **state)
{
    static const char schema[] = SF_SOURCE_DIR "/tests/integration/data/events.json";
    (void)state;
    test_org_start(&w.org, (const char *const[]){ "--seed", "empty", "--schema", schema, NULL });
    sf_client_options o = { .instance_url = w.org.url,
                            .api_version = "64.0",
                            .auth = { .flow = SF_AUTH_BEARER, .access_token = w.org.access_token } };
    if (sf_client_open(&o, &w.sf, &err) != SF_OK) fail_msg("%s", err.message);
    snprintf(w.folder, sizeof w.folder, "/tmp/sf_standby_XXXXXX");
    assert_non_null(mkdtemp(w.folder));
    snprintf(w.path, sizeof w.path, "%s/group", w.folder);
    return pipe(w.ends);
}

static int stop(void **state)
{
    (void)state;
    const struct dirent *entry;
    DIR *d = opendir(w.path);
    while (d != NULL && (entry = readdir(d)) != NULL) (void)unlinkat(dirfd(d), entry->d_name, 0);
    if (d != NULL) closedir(d);
    (void)rmdir(w.path);
    (void)rmdir(w.folder);
    sf_client_close(w.sf);
    return test_org_stop(&w.org);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "node") == 0) return run_node(argv + 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standby__a_leader_that_falls_is_replaced),
    };
    return cmocka_run_group_tests_name("standby", tests, start, stop);
}
