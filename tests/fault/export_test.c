/*
 * export_test.c: exports that are killed, cut off, logged out, left by their org, and find their job gone, at random instants. Each goes
 * on with its journal until it is done; the file is then compared, byte for byte, with one that nothing disturbed.
 * SF_EXPORT_KILLS (20) says how many are to be killed, SF_EXPORT_SEED makes a run that was seen again. And each allocation
 * of an export fails in turn. Counts and prints what it did. With the word "export" the program is the exporter.
 */
#include <errno.h>
#include <salesforce.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include "support/org_process.h"
#include "support/support.h"

enum { ROWS = 1200, UNFINISHED = 3, TRIES_MAX = 200, FORMS = 4, PARTITIONS = 4, SPLIT = 190 };

static test_org org;
static sf_client *sf;
static sf_error err;
static int forms = FORMS; /* fewer without zstd */
static char dir[64], data_file[128];
static uint64_t seed;
static struct {
    int exports, kills, faults, expired, deleted, org_kills;
} counts;

static const char soql[] = "SELECT Id, LastName, Description, Department FROM Contact WHERE Department = 'Export'";
static const char *const names[2 * FORMS] = { "reference.csv",     "reference.ndjson",  "reference.csv.gz",
                                              "reference.csv.zst", "partitions.csv",    "partitions.ndjson",
                                              "partitions.csv.gz", "partitions.csv.zst" };

static uint32_t chance(uint32_t n) /* 0..n-1; xorshift64* */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

static const char *path(const char *name)
{
    static char paths[16][160];
    static int next;
    char *out = paths[next++ % 16];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

static void want(sf_status rc, sf_status wanted)
{
    if (rc != wanted) fail_msg("%s: %s", sf_status_name(rc), err.message);
}

/* @param form FORMS and above: the same in partitions; 2 * FORMS and above: in several files. */
static bool is_split(int form)
{
    return form >= 2 * FORMS;
}

static void set_form(sf_bulk_export_options *o, int form)
{
    if (is_split(form)) o->split_rows = SPLIT;
    if (form >= FORMS && !is_split(form)) o->partitions = PARTITIONS;
    if (form >= FORMS && !is_split(form)) o->jobs_parallel = 2;
    form %= FORMS;
    o->format = form == 1 ? SF_EXPORT_NDJSON : SF_EXPORT_CSV;
    o->compression = form == 2 ? SF_EXPORT_GZIP : form == 3 ? SF_EXPORT_ZSTD : SF_EXPORT_PLAIN;
}

/* ---- the org and what is in it ---- */
static void open_client(void)
{
    want(sf_client_open(&(sf_client_options){ .login_url = org.url,
                                              .api_version = "62.0",
                                              .retry = { .pause_ms = 5 },
                                              .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                        .client_id = org.client_id,
                                                        .client_secret = org.client_secret } },
                        &sf, &err),
         SF_OK);
}

static void start_org(void)
{
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--data", data_file, NULL });
    open_client();
}

static int start(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sf-export-fault-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    snprintf(data_file, sizeof data_file, "%s/org.db", dir);
    const char *given = getenv("SF_EXPORT_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    seed |= 1;
    print_message("SF_EXPORT_SEED=%llu\n", (unsigned long long)seed);
    start_org();
    FILE *f = fopen(path("load.csv"), "w");
    assert_non_null(f);
    fprintf(f, "LastName,Description,Department\n");
    for (int i = 0; i < ROWS; i++)
        fprintf(f, "Row %d,\"%.*s of \"\"%d\"\"\r\nand, more\",Export\n", i, (int)chance(60),
                "a text of any length up to sixty bytes, to move what follows", i);
    assert_int_equal(fclose(f), 0);
    want(sf_bulk_load(
             sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .csv_path = path("load.csv") },
             NULL, &err),
         SF_OK);
    if (!test_has_zstd()) forms--;
    for (int i = 0; i < 2 * FORMS; i++) {
        if (i % FORMS >= forms) continue;
        sf_export_report report;
        sf_bulk_export_options o = { .soql = soql, .path = path(names[i]) };
        set_form(&o, i);
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        assert_int_equal(report.rows, ROWS);
        assert_int_equal(report.jobs, i < FORMS ? 1 : PARTITIONS);
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    sf_client_close(sf);
    int rc = test_org_stop(&org);
    print_message("%d exports, %d kills, %d faults, %d expired sessions, %d jobs deleted, %d orgs killed\n",
                  counts.exports, counts.kills, counts.faults, counts.expired, counts.deleted, counts.org_kills);
    return system(command) == 0 ? rc : -1;
}

/* ---- the exporter ---- */
/* export URL CLIENT_ID CLIENT_SECRET PATH JOURNAL FORM PAGE_ROWS */
static int be_exporter(char **argv)
{
    sf_client *client = NULL;
    sf_error e = { 0 };
    const sf_client_options how = {
        .login_url = argv[0],
        .api_version = "62.0",
        .transport = { .idle_timeout_ms = 1000 },
        .retry = { .retries_max = 2, .pause_ms = 2, .pause_max_ms = 10, .breaker_failures = SF_NONE },
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = argv[1], .client_secret = argv[2] },
    };
    sf_bulk_export_options o = { .soql = soql,
                                 .path = argv[3],
                                 .journal_path = argv[4],
                                 .page_rows = strtol(argv[6], NULL, 10),
                                 .poll_min_ms = 10 };
    set_form(&o, (int)strtol(argv[5], NULL, 10));
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sf_status rc = sf_client_open(&how, &client, &e);
    if (rc == SF_OK) rc = sf_bulk_export(client, &o, NULL, &e);
    sf_client_close(client);
    if (rc < 0) fprintf(stderr, "exporter: %s: %s\n", sf_status_name(rc), e.message);
    return rc == SF_OK ? 0 : rc == SF_ERR_USAGE || rc == SF_ERR_IO ? 2 : UNFINISHED;
}

static pid_t start_exporter(int form, int page_rows)
{
    char how[16], rows[16];
    snprintf(how, sizeof how, "%d", form);
    snprintf(rows, sizeof rows, "%d", page_rows);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) return pid;
    (void)freopen(path("exporter.log"), "a", stderr);
    execl("/proc/self/exe", "export_test", "export", org.url, org.client_id, org.client_secret, path("out"),
          path("journal"), how, rows, (char *)NULL);
    _exit(127);
}

/* Something goes wrong on the way. */
static void disturb(void)
{
    char spec[160];
    test_org_faults_clear(&org);
    switch (chance(8)) {
    case 0:
        snprintf(spec, sizeof spec, "reset:after=%u,path=/jobs/query,every=%u,times=3", chance(60000), 1 + chance(5));
        break;
    case 1:
        snprintf(spec, sizeof spec, "truncate:after=%u,length=right,path=/jobs/query/*/results,every=%u,times=4",
                 chance(60000), 1 + chance(4));
        break;
    case 2:
        snprintf(spec, sizeof spec, "truncate:after=%u,length=wrong,path=/jobs/query,every=%u,times=4", chance(30000),
                 1 + chance(4));
        break;
    case 3: snprintf(spec, sizeof spec, "503:path=/jobs/query,every=%u,times=3", 1 + chance(4)); break;
    case 4: snprintf(spec, sizeof spec, "lost:path=/jobs/query,times=1"); break;
    case 5:
        test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "");
        counts.expired++;
        return;
    default: return;
    }
    test_org_fault(&org, spec);
    counts.faults++;
}

/* The org forgets the jobs. */
static void delete_jobs(void)
{
    sf_bulk2_jobs *list = NULL;
    sf_bulk2_job job;
    static sf_id ids[500];
    size_t n = 0;
    test_org_faults_clear(&org);
    want(sf_bulk2_jobs_open(sf, SF_JOB_QUERY, &(sf_bulk2_jobs_options){ .job_type = "V2Query" }, &list, &err), SF_OK);
    while (n < COUNT_OF(ids) && sf_bulk2_jobs_next(list, &job, &err) == SF_ROW)
        if (job.state == SF_JOB_COMPLETE) ids[n++] = job.id;
    sf_bulk2_jobs_close(list);
    for (size_t i = 0; i < n; i++) want(sf_bulk2_delete_job(sf, SF_JOB_QUERY, ids[i].text, NULL, &err), SF_OK);
    counts.deleted += (int)n;
}

static void kill_org(void)
{
    int status;
    kill(org.pid, SIGKILL);
    assert_int_equal(waitpid(org.pid, &status, 0), org.pid);
    sf_client_close(sf);
    free(org.reply);
    org.reply = NULL;
    start_org();
    counts.org_kills++;
}

static char *content(const char *file, int form, size_t *len)
{
    enum { MAX = 1 << 21 };
    form %= FORMS;
    if (form == 3) return test_unzstd(path(file), len);
    if (form != 2) return test_read_file(path(file), len);
    char *out = malloc(MAX);
    gzFile f = gzopen(path(file), "rb");
    assert_non_null(f);
    int n = gzread(f, out, MAX);
    assert_true(n >= 0);
    assert_int_equal(gzclose(f), Z_OK);
    *len = (size_t)n;
    return out;
}

/* The i-th of what an export to a name made, from 1; NULL: there are no more. */
static const char *file_of(const char *name, int form, int i)
{
    static char file[32];
    if (!is_split(form)) return i == 1 ? name : NULL;
    snprintf(file, sizeof file, "%s-%04d", name, i);
    return access(path(file), F_OK) == 0 ? file : NULL;
}

/* All of them; of several CSV files the header line once. */
static char *all_content(const char *name, int form, size_t *len)
{
    const char *file;
    char *all = NULL;
    *len = 0;
    for (int i = 1; (file = file_of(name, form, i)) != NULL; i++) {
        size_t n, skip = 0;
        char *text = content(file, form, &n);
        assert_non_null(text);
        if (i > 1 && form % FORMS != 1) skip = (size_t)((char *)memchr(text, '\n', n) - text) + 1;
        all = realloc(all, *len + n - skip + 1);
        assert_non_null(all);
        memcpy(all + *len, text + skip, n - skip);
        *len += n - skip;
        free(text);
    }
    return all;
}

static void remove_all(const char *name, int form)
{
    const char *file;
    int count = 0;
    for (int i = 1; (file = file_of(name, form, i)) != NULL; i++, count++) {
        char part[200];
        snprintf(part, sizeof part, "%s.part", path(file));
        assert_int_equal(access(part, F_OK), -1);
        assert_int_equal(unlink(path(file)), 0);
    }
    assert_int_equal(count, is_split(form) ? (ROWS + SPLIT - 1) / SPLIT : 1);
}

static void check(const char *name, int form)
{
    size_t got_len = 0, want_len = 0;
    char *got = all_content(name, form, &got_len),
         *wanted = content(names[is_split(form) ? form % FORMS : form], form, &want_len);
    assert_non_null(got);
    if (got_len != want_len || memcmp(got, wanted, got_len) != 0)
        fail_msg("form %d: %zu bytes instead of %zu, or others", form, got_len, want_len);
    free(got);
    free(wanted);
    counts.exports++;
}

static void log_tail(void)
{
    size_t len;
    char *text = test_read_file(path("exporter.log"), &len);
    print_message("%s\n", text != NULL ? text + (len > 2000 ? len - 2000 : 0) : "");
    free(text);
}

static void test_export__killed_at_random_instants(void **state)
{
    (void)state;
    const char *given = getenv("SF_EXPORT_KILLS");
    int kills = given != NULL ? (int)strtol(given, NULL, 10) : 20;
    while (counts.kills < kills) {
        int form = (int)chance((uint32_t)forms) + FORMS * (int)chance(3),
            page_rows = (int)(1 + chance(chance(2) == 0 ? 40 : 600)), status = -1, tries = 0;
        bool done = false;
        while (!done && tries++ < TRIES_MAX) {
            disturb();
            if (tries > 1 && chance(12) == 0) delete_jobs();
            if (chance(20) == 0) kill_org();
            pid_t pid = start_exporter(form, page_rows);
            if (chance(4) != 0 && counts.kills < kills) {
                struct timespec pause = { .tv_nsec = (long)chance(tries < 20 ? 400 : 990) * 1000000L };
                nanosleep(&pause, NULL); /* an instant, not a wait for something */
                if (waitpid(pid, &status, WNOHANG) == 0) {
                    kill(pid, SIGKILL);
                    assert_int_equal(waitpid(pid, &status, 0), pid);
                    counts.kills++;
                }
            } else {
                assert_int_equal(waitpid(pid, &status, 0), pid);
            }
            done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != UNFINISHED) {
                log_tail();
                fail_msg("the exporter ended with %d", WEXITSTATUS(status));
            }
        }
        test_org_faults_clear(&org);
        if (!done) log_tail();
        assert_true(done);
        check("out", form);
        remove_all("out", form);
        assert_int_equal(unlink(path("journal")), 0);
    }
}

static void test_export__each_allocation_fails(void **state)
{
    (void)state;
    for (int form = 0; form <= 2 * FORMS; form++) { /* of the others one each */
        if ((form < FORMS && form >= forms) || (form > FORMS && form < 2 * FORMS)) continue;
        sf_status rc = SF_ERR_MEMORY;
        long n = 0;
        for (; rc != SF_OK; n++) {
            sf_bulk_export_options o = { .soql = soql, .path = path("m"), .page_rows = 900, .poll_min_ms = 10 };
            set_form(&o, form);
            test_allocations_limit(n);
            rc = sf_bulk_export(sf, &o, NULL, &err);
            test_allocations_limit(-1);
            if (rc != SF_OK && rc != SF_ERR_MEMORY)
                fail_msg("allocation %ld: %s %s", n, sf_status_name(rc), err.message);
            if (access(path(is_split(form) ? "m-0001.part" : "m.part"), F_OK) == 0)
                fail_msg("allocation %ld of form %d: a part is left", n, form);
            assert_true(n < 5000);
        }
        print_message("  form %d: %ld allocations\n", form, n);
        assert_true(n > 20);
        check("m", form);
        remove_all("m", form);
    }
}

int main(int argc, char **argv)
{
    if (argc == 9 && strcmp(argv[1], "export") == 0) return be_exporter(argv + 2);
    test_allocator_install();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_export__killed_at_random_instants),
                                        cmocka_unit_test(test_export__each_allocation_fails) };
    return cmocka_run_group_tests_name("export", tests, start, stop);
}
