/*
 * shared_test.c: many processes and threads with one session in Redis, and an org that replaces each refresh token: every
 * time the session dies, exactly one of them refreshes, no request fails, and no refresh token is sent twice; the same
 * while the server is killed, stopped and started again. What the org saw is counted there. Real processes all of them.
 *   SF_AUTH_ROUNDS, SF_AUTH_THREADS: other numbers than 1,000 rounds and 64 threads.
 */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <salesforce.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "support/org_process.h"
#include "support/redis_process.h"

enum { PROCESSES = 8, THREADS_MAX = 64, ROUNDS = 1000, THREADS = 64, OUTAGES = 40, DEATHS = 60 };

/* What all processes see. */
typedef struct shared {
    pthread_barrier_t begin, end; /* of a round; all threads and the parent */
    atomic_int rounds_left;       /* 0: the threads end after this round */
    atomic_bool is_over;          /* of requests without rounds */
    atomic_long requests, failures, warnings, recoveries;
    atomic_long done[THREADS_MAX * PROCESSES]; /* requests of each thread */
    char first_error[1024];
} shared;

typedef struct setting {
    test_org org;
    test_redis redis;
    sf_client_options options;
    char refresh[512];
    shared *shared;
    pid_t children[PROCESSES];
    int threads; /* of a process */
} setting;

static int number_from(const char *name, int otherwise, int most)
{
    const char *text = getenv(name);
    long n = text != NULL ? strtol(text, NULL, 10) : otherwise;
    return n < 1 ? 1 : n > most ? most : (int)n;
}

static long org_count(test_org *org, const char *name)
{
    char key[64];
    assert_int_equal(test_org_http(org, "GET", "/__org/stats", NULL, NULL), 200);
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(org->reply, key);
    if (at == NULL) fail_msg("the org counts no %s", name);
    return strtol(at + strlen(key), NULL, 10);
}

static void org_post(test_org *org, const char *path)
{
    assert_int_equal(test_org_http(org, "POST", path, NULL, "{}") / 100, 2);
}

/* ---- a process with its threads ---- */

typedef struct thread_job {
    sf_client *sf;
    shared *shared;
    bool has_rounds;
    int number;
} thread_job;

static void ask(const thread_job *job)
{
    sf_error err = { .message = "" };
    sf_response response;
    sf_status rc = sf_client_request(job->sf, &(sf_request){ .method = "GET", .path = "limits" }, &response, &err);
    sf_response_clear(&response);
    atomic_fetch_add(&job->shared->requests, 1);
    atomic_fetch_add(&job->shared->done[job->number], 1);
    if (rc == SF_OK) return;
    if (atomic_fetch_add(&job->shared->failures, 1) == 0)
        snprintf(job->shared->first_error, sizeof job->shared->first_error, "%s: %s", sf_status_name(rc), err.message);
}

static void *work(void *arg)
{
    const thread_job *job = arg;
    while (job->has_rounds) { /* ends: the parent says which round is the last */
        pthread_barrier_wait(&job->shared->begin);
        bool is_last = atomic_load(&job->shared->rounds_left) == 0;
        ask(job);
        pthread_barrier_wait(&job->shared->end);
        if (is_last) return NULL;
    }
    while (!atomic_load(&job->shared->is_over)) ask(job);
    return NULL;
}

static void note_line(void *user, sf_log_level level, const char *line)
{
    shared *s = user;
    if (strstr(line, "token store") == NULL) return;
    if (level == SF_LOG_WARN) atomic_fetch_add(&s->warnings, 1);
    if (strstr(line, "works again") != NULL) atomic_fetch_add(&s->recoveries, 1);
}

static int run_process(const setting *s, int number, bool has_rounds)
{
    sf_error err = { .message = "" };
    sf_client_options o = s->options;
    sf_client *sf = NULL;
    pthread_t threads[THREADS_MAX];
    thread_job jobs[THREADS_MAX];
    o.log = note_line;
    o.log_user = s->shared;
    o.log_level = SF_LOG_INFO;
    sf_status rc = sf_token_store_redis(&(sf_redis_options){ .url = s->redis.url }, "shared", &o.token_store, &err);
    if (rc == SF_OK) rc = sf_client_open(&o, &sf, &err);
    if (rc != SF_OK) fprintf(stderr, "child: %s\n", err.message);
    for (int i = 0; i < s->threads; i++) {
        jobs[i] = (thread_job){ sf, s->shared, has_rounds, number * s->threads + i };
        if (rc != SF_OK || pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
            abort(); /* else the others wait for ever */
    }
    for (int i = 0; i < s->threads; i++) pthread_join(threads[i], NULL);
    sf_client_close(sf);
    sf_token_store_close(o.token_store);
    return 0;
}

static void start_processes(setting *s, int threads_in_all, int rounds)
{
    pthread_barrierattr_t attr;
    s->threads = (threads_in_all + PROCESSES - 1) / PROCESSES;
    unsigned parties = (unsigned)(s->threads * PROCESSES + 1);
    s->shared = mmap(NULL, sizeof *s->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(s->shared != MAP_FAILED);
    assert_int_equal(pthread_barrierattr_init(&attr), 0);
    assert_int_equal(pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED), 0);
    assert_int_equal(pthread_barrier_init(&s->shared->begin, &attr, parties), 0);
    assert_int_equal(pthread_barrier_init(&s->shared->end, &attr, parties), 0);
    pthread_barrierattr_destroy(&attr);
    atomic_store(&s->shared->rounds_left, rounds);
    for (int i = 0; i < PROCESSES; i++) {
        s->children[i] = fork();
        assert_true(s->children[i] >= 0);
        if (s->children[i] > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(run_process(s, i, rounds > 0));
    }
}

static void end_processes(setting *s)
{
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(s->children[i], &status, 0), s->children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    print_message("  %ld requests, %ld failed; warnings of the store: %ld\n", atomic_load(&s->shared->requests),
                  atomic_load(&s->shared->failures), atomic_load(&s->shared->warnings));
    if (atomic_load(&s->shared->failures) > 0) fail_msg("%s", s->shared->first_error);
    assert_int_equal(org_count(&s->org, "refresh_reuses"), 0); /* no refresh token after its successor was made */
    munmap(s->shared, sizeof *s->shared);
}

static void begin_round(setting *s)
{
    atomic_fetch_sub(&s->shared->rounds_left, 1);
    pthread_barrier_wait(&s->shared->begin);
}

/* ---- the tests ---- */

static void test_shared__each_dead_session_is_renewed_once(void **state)
{
    setting *s = *state;
    int rounds = number_from("SF_AUTH_ROUNDS", ROUNDS, 1000000);
    start_processes(s, number_from("SF_AUTH_THREADS", THREADS, THREADS_MAX * PROCESSES), rounds);
    long seen = org_count(&s->org, "refreshes");
    for (int i = 0; i < rounds; i++) {
        org_post(&s->org, "/__org/expire-sessions");
        begin_round(s);
        pthread_barrier_wait(&s->shared->end);
        long now = org_count(&s->org, "refreshes");
        if (now - seen != 1) fail_msg("round %d: %ld refreshes; %s", i, now - seen, s->shared->first_error);
        seen = now;
    }
    end_processes(s);
}

/* The server is away before the session dies, or goes at any moment from then on; it is back in the end. */
static void test_shared__the_same_with_the_server_stopped_in_between(void **state)
{
    setting *s = *state;
    unsigned seed = 20261130;
    int rounds = number_from("SF_AUTH_ROUNDS", OUTAGES, 1000000);
    if (rounds > OUTAGES) rounds = OUTAGES;
    start_processes(s, number_from("SF_AUTH_THREADS", THREADS, THREADS_MAX * PROCESSES), rounds);
    long seen = org_count(&s->org, "refreshes");
    for (int i = 0; i < rounds; i++) {
        int signal = i % 2 == 0 ? SIGKILL : SIGTERM;
        bool is_early = i % 3 == 0;
        if (is_early) test_redis_halt(&s->redis, signal);
        org_post(&s->org, "/__org/expire-sessions");
        begin_round(s);
        /* Any moment of the next few milliseconds: the seed makes each run go through the same ones. */
        const struct timespec moment = { .tv_nsec = rand_r(&seed) % 12000 * 1000L };
        nanosleep(&moment, NULL);
        if (!is_early) test_redis_halt(&s->redis, signal);
        test_redis_resume(&s->redis);
        pthread_barrier_wait(&s->shared->end);
        long now = org_count(&s->org, "refreshes");
        if (now - seen != 1) fail_msg("round %d: %ld refreshes; %s", i, now - seen, s->shared->first_error);
        seen = now;
    }
    assert_true(atomic_load(&s->shared->warnings) <= (long)rounds * PROCESSES); /* once an outage */
    end_processes(s);
}

/* Until every thread has made two more requests: none of those that the last death met is under way still. */
static void let_all_go_on(const setting *s)
{
    static long seen[THREADS_MAX * PROCESSES];
    int count = s->threads * PROCESSES;
    for (int i = 0; i < count; i++) seen[i] = atomic_load(&s->shared->done[i]);
    for (int i = 0; i < count; i++)
        while (atomic_load(&s->shared->done[i]) < seen[i] + 2) { /* ends: requests end */
            const struct timespec look = { .tv_nsec = 200000 };
            nanosleep(&look, NULL);
        }
}

/* Without rounds: the session dies while all are at work, and so does the server, at any moment near it. */
static void test_shared__sessions_and_server_die_while_all_are_at_work(void **state)
{
    setting *s = *state;
    unsigned seed = 4711;
    int deaths = number_from("SF_AUTH_ROUNDS", DEATHS, 1000000);
    int outages = 0;
    start_processes(s, number_from("SF_AUTH_THREADS", THREADS, THREADS_MAX * PROCESSES), 0);
    let_all_go_on(s);
    long before = org_count(&s->org, "refreshes");
    assert_int_equal(before, 1);
    for (int i = 0; i < deaths; i++) {
        const struct timespec moment = { .tv_nsec = rand_r(&seed) % 8000 * 1000L };
        bool has_outage = i % 4 == 0, is_early = i % 8 == 0;
        if (is_early) test_redis_halt(&s->redis, SIGKILL);
        org_post(&s->org, "/__org/expire-sessions");
        if (has_outage) {
            nanosleep(&moment, NULL);
            if (!is_early) test_redis_halt(&s->redis, SIGKILL);
            test_redis_resume(&s->redis);
            outages++;
        }
        let_all_go_on(s);
        if (atomic_load(&s->shared->failures) > 0) break;
    }
    atomic_store(&s->shared->is_over, true);
    long refreshes = org_count(&s->org, "refreshes") - before;
    print_message("  %d deaths, %ld refreshes, %d outages\n", deaths, refreshes, outages);
    assert_true(atomic_load(&s->shared->warnings) <= (long)outages * PROCESSES);
    end_processes(s);
    assert_int_equal(refreshes, deaths);
}

static int start(void **state)
{
    static setting s;
    s = (setting){ .threads = 0 };
    test_org_start(&s.org,
                   (const char *const[]){ "--policy", "rotate", "--seed", "empty", "--api-limit", "1000000000", NULL });
    test_redis_start(&s.redis, NULL);
    org_post(&s.org, "/__org/tokens");
    sf_document *doc;
    if (sf_document_parse(s.org.reply, strlen(s.org.reply), &doc, NULL) != SF_OK) return -1;
    snprintf(s.refresh, sizeof s.refresh, "%s", sf_get_str(sf_document_root(doc), "refresh_token"));
    sf_document_free(doc);
    s.options = (sf_client_options){ .login_url = s.org.url,
                                     .api_version = "64.0",
                                     .auth = { .flow = SF_AUTH_REFRESH_TOKEN,
                                               .client_id = s.org.client_id,
                                               .client_secret = s.org.client_secret,
                                               .refresh_token = s.refresh } };
    *state = &s;
    return 0;
}

static int stop(void **state)
{
    setting *s = *state;
    test_redis_stop(&s->redis);
    return test_org_stop(&s->org);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shared__each_dead_session_is_renewed_once, start, stop),
        cmocka_unit_test_setup_teardown(test_shared__the_same_with_the_server_stopped_in_between, start, stop),
        cmocka_unit_test_setup_teardown(test_shared__sessions_and_server_die_while_all_are_at_work, start, stop),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]); /* one of them */
    if (!test_redis_is_there()) return 77;
    return cmocka_run_group_tests_name("one session of many", tests, NULL, NULL);
}
