/*
 * bulk_test.c: loads that are killed, cut off, logged out and left by their org, at random instants. Each goes on with its
 * journal until it is done; then what the org holds, the success file and the error file are compared with the input, row
 * by row: every row in exactly one of the two files, every good row in the org once, every bad one told with its line.
 * SF_BULK_KILLS (20) says how many loaders are to be killed, SF_BULK_SEED makes a run that was seen again. Counts and
 * prints what it did. With the word "load" the program is the loader; the calls by which it changes files and talks to the
 * org are this file's own, so that one can be killed at any of them, a write half done.
 */
#define SFI_MAY_ALLOCATE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <salesforce.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/base_internal.h"
#include "csv/csv_internal.h"
#include "support/org_process.h"

enum { ROWS_MAX = 1500, COLUMNS = 4, SEPARATOR = 0x1f, TRIES_MAX = 120, UNFINISHED = 3, WIDE_MAX = 30000 };

static test_org org;
static sf_client *sf;
static char dir[64], data_file[128];
static uint64_t seed;
static struct {
    int loads, kills, resumed, rows, faults, org_kills, expired, cuts;
} counts;

/* ---- calls that end the loader ---- */
static atomic_int calls_left; /* until it kills itself; 0: it does not */
static bool is_torn;          /* its last write is half done, its last send done */

static bool is_last_call(void)
{
    if (atomic_load(&calls_left) == 0) return false;
    return atomic_fetch_sub(&calls_left, 1) == 1;
}

#define AS_IN_LIBC __attribute__((visibility("default")))

AS_IN_LIBC ssize_t write(int fd, const void *data, size_t len)
{
    if (fd > 2 && is_last_call()) {
        if (is_torn) (void)syscall(SYS_write, fd, data, len / 2);
        (void)kill(getpid(), SIGKILL);
    }
    return syscall(SYS_write, fd, data, len);
}

AS_IN_LIBC ssize_t send(int fd, const void *data, size_t len, int flags)
{
    bool is_last = is_last_call();
    if (is_last && !is_torn) (void)kill(getpid(), SIGKILL);
    ssize_t n = syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
    if (is_last) (void)kill(getpid(), SIGKILL);
    return n;
}

AS_IN_LIBC int ftruncate(int fd, off_t size)
{
    if (is_last_call()) (void)kill(getpid(), SIGKILL);
    return (int)syscall(SYS_ftruncate, fd, size);
}

AS_IN_LIBC int fdatasync(int fd)
{
    if (is_last_call()) (void)kill(getpid(), SIGKILL);
    return (int)syscall(SYS_fdatasync, fd);
}

/* ---- chance ---- */
static uint32_t chance(uint32_t n) /* 0..n-1; xorshift64* */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static const char *path(const char *name)
{
    static char paths[8][160];
    static int next;
    char *out = paths[next++ % 8];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

/* ---- the input ---- */
typedef struct input {
    char tag[24], csv[160], success[160], errors[160], journal[160];
    char delimiter;
    bool as_rows; /* given one by one */
    bool is_wide; /* rows of some thousand bytes, so that uploads take many pieces */
    int rows;
    char *values[ROWS_MAX]; /* its fields, with SEPARATOR between them */
    int64_t line[ROWS_MAX];
    bool bad[ROWS_MAX];
} input;

static input in;

static char *joined(const sf_str *fields, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) len += fields[i].len + 1;
    char *out = malloc(len + 1), *at = out;
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) *at++ = SEPARATOR;
        if (fields[i].len > 0) memcpy(at, fields[i].ptr, fields[i].len);
        at += fields[i].len;
    }
    *at = '\0';
    return out;
}

static int feeds(sf_str s)
{
    int n = 0;
    for (size_t i = 0; i < s.len; i++) n += s.ptr[i] == '\n';
    return n;
}

static void add_row(FILE *f, int64_t *line, const char *end)
{
    static const char *const texts[] = {
        "",
        "plain",
        "a \"quoted\" word",
        "two\nlines",
        "three\r\nlines, \"quoted\"\n",
        "Z\xC3\xBCrich; \xE6\x9D\xB1\xE4\xBA\xAC, \xF0\x9F\x9A\x80|x",
        ",;\t|^`",
        "\"",
        "#N/A x",
    };
    char name[40], email[40];
    bool twin = in.rows > 0 && chance(8) == 0; /* the same as the row before */
    if (!twin) {
        snprintf(name, sizeof name, "%s-%d", in.tag, in.rows);
        bool bad = chance(12) == 0;
        if (bad)
            snprintf(email, sizeof email, "bad");
        else if (chance(2) == 0)
            email[0] = 0;
        else
            snprintf(email, sizeof email, "u%d@x.example", in.rows);
        static char wide[WIDE_MAX + 1];
        const char *text = texts[chance(COUNT_OF(texts))];
        size_t len = strlen(text);
        if (in.is_wide) {
            len = 1 + chance(WIDE_MAX);
            for (size_t i = 0; i < len; i++) wide[i] = (char)(i % 97 == 50 ? '\n' : i % 83 == 40 ? '"' : 'a' + i % 26);
            wide[len - 1] = 'z';
            text = wide;
        }
        if (len > 0 && text[len - 1] == '\n') len--; /* the org trims ends */
        const sf_str fields[COLUMNS] = { sfi_str(name), sfi_str(email), { text, len }, sfi_str(in.tag) };
        in.values[in.rows] = joined(fields, COLUMNS);
        in.bad[in.rows] = bad;
    } else {
        in.values[in.rows] = strdup(in.values[in.rows - 1]);
        in.bad[in.rows] = in.bad[in.rows - 1];
    }
    if (chance(40) == 0) { /* a blank line */
        fputs(end, f);
        ++*line;
    }
    in.line[in.rows] = *line;
    sfi_buf row = { 0 };
    const char *at = in.values[in.rows];
    for (int i = 0; i < COLUMNS; i++) {
        const char *stop = strchr(at, SEPARATOR);
        sf_str field = { at, stop != NULL ? (size_t)(stop - at) : strlen(at) };
        if (i > 0) sfi_buf_add_char(&row, in.delimiter);
        (void)sfi_csv_add_field(&row, field, in.delimiter, chance(3) == 0);
        if (stop != NULL) at = stop + 1;
    }
    fwrite(row.data, 1, row.len, f);
    *line += feeds(sfi_buf_str(&row)) + 1;
    fputs(end, f);
    sfi_buf_free(&row);
    in.rows++;
}

static void forget_input(void)
{
    for (int i = 0; i < in.rows; i++) free(in.values[i]);
    in.rows = 0;
}

static void make_input(int rows)
{
    static int number;
    static const char delimiters[] = { ',', ',', ';', '\t' };
    forget_input();
    number++;
    snprintf(in.tag, sizeof in.tag, "Round %d", number);
    snprintf(in.csv, sizeof in.csv, "%s/%d.csv", dir, number);
    snprintf(in.success, sizeof in.success, "%s/%d.success.csv", dir, number);
    snprintf(in.errors, sizeof in.errors, "%s/%d.errors.csv", dir, number);
    snprintf(in.journal, sizeof in.journal, "%s/%d.journal", dir, number);
    in.delimiter = delimiters[chance(COUNT_OF(delimiters))];
    int ends = (int)chance(4); /* 0, 1: LF, 2: CRLF, 3: mixed */
    FILE *f = fopen(in.csv, "wb");
    assert_non_null(f);
    char d = in.delimiter;
    fprintf(f, "LastName%cEmail%cDescription%cDepartment%s", d, d, d, ends == 2 ? "\r\n" : "\n");
    int64_t line = 2;
    in.as_rows = chance(3) == 0;
    for (int i = 0; i < rows; i++) add_row(f, &line, ends == 2 || (ends == 3 && chance(2) == 0) ? "\r\n" : "\n");
    assert_int_equal(fclose(f), 0);
    for (int i = 0; in.as_rows && i < in.rows; i++) in.line[i] = i + 1; /* rows have no lines, but numbers */
}

/* ---- comparing ---- */
typedef struct list {
    char *items[ROWS_MAX + 1];
    int count;
} list;

static void list_add(list *l, char *item)
{
    if (l->count > ROWS_MAX) fail_msg("seed: more rows than there were");
    l->items[l->count++] = item;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_clear(list *l)
{
    for (int i = 0; i < l->count; i++) free(l->items[i]);
    l->count = 0;
}

static void want_equal(list *got, list *want, const char *what)
{
    qsort(got->items, (size_t)got->count, sizeof *got->items, compare);
    qsort(want->items, (size_t)want->count, sizeof *want->items, compare);
    for (int i = 0; i < got->count || i < want->count; i++) {
        const char *g = i < got->count ? got->items[i] : "nothing", *w = i < want->count ? want->items[i] : "nothing";
        if (strcmp(g, w) != 0)
            fail_msg("%s of %s: %d rows instead of %d; row %d is «%s» and not «%s»", what, in.csv, got->count,
                     want->count, i, g, w);
    }
}

/* Each record of a file behind its header to fn. */
static void each_record(const char *file, void (*fn)(const sfi_csv_record *r, list *a, list *b), list *a, list *b)
{
    sf_error err;
    sfi_csv_reader *csv = NULL;
    sfi_csv_record record;
    sfi_csv_reader_options options = { .delimiter = in.delimiter };
    size_t len, size;
    char *text = test_read_file(file, &len), *room;
    if (text == NULL) fail_msg("%s is not there", file);
    assert_int_equal(sfi_csv_reader_new(&options, &csv, &err), SF_OK);
    assert_int_equal(sfi_csv_reader_room(csv, len + 1, &room, &size, &err), SF_OK);
    memcpy(room, text, len);
    sfi_csv_reader_added(csv, len);
    sfi_csv_reader_end(csv);
    sf_status rc;
    for (int n = 0; (rc = sfi_csv_reader_next(csv, &record, &err)) == SF_ROW; n++)
        if (n > 0) fn(&record, a, b);
    if (rc != SF_DONE) fail_msg("%s: %s", file, err.message);
    sfi_csv_reader_free(csv);
    free(text);
}

static void take_success(const sfi_csv_record *r, list *rows, list *ids)
{
    assert_int_equal(r->count, COLUMNS + 2);
    assert_string_equal(r->fields[1].ptr, "true");
    list_add(ids, joined(&r->fields[0], 1));
    list_add(rows, joined(r->fields + 2, COLUMNS));
}

static void take_error(const sfi_csv_record *r, list *rows, list *unused)
{
    (void)unused;
    assert_int_equal(r->count, COLUMNS + 3);
    if (strncmp(r->fields[1].ptr, "INVALID_EMAIL_ADDRESS:", 22) != 0) fail_msg("%s", r->fields[1].ptr);
    const sf_str line_and_row[] = { r->fields[2], r->fields[3], r->fields[4], r->fields[5], r->fields[6] };
    list_add(rows, joined(line_and_row, COUNT_OF(line_and_row)));
}

static void take_org(list *rows, list *ids)
{
    sf_error err;
    sf_query *q = NULL;
    sf_value row;
    char soql[256];
    snprintf(soql, sizeof soql,
             "SELECT Id, LastName, Email, Description, Department FROM Contact WHERE Department = '%s'", in.tag);
    if (sf_query_open(sf, soql, NULL, &q, &err) != SF_OK) fail_msg("%s", err.message);
    sf_status rc;
    while ((rc = sf_query_next(q, &row, &err)) == SF_ROW) {
        const sf_str fields[] = { sf_get_text(row, "LastName"), sf_get_text(row, "Email"),
                                  sf_get_text(row, "Description"), sf_get_text(row, "Department") };
        sf_str id = sf_get_text(row, "Id");
        list_add(rows, joined(fields, COLUMNS));
        list_add(ids, joined(&id, 1));
    }
    if (rc != SF_DONE) fail_msg("%s", err.message);
    sf_query_close(q);
}

static void check_all(void)
{
    static list good, bad, org_rows, org_ids, success_rows, success_ids, errors;
    for (int i = 0; i < in.rows; i++) {
        char line[24];
        snprintf(line, sizeof line, "%lld", (long long)in.line[i]);
        const sf_str line_and_row[] = { sfi_str(line), sfi_str(in.values[i]) };
        if (in.bad[i])
            list_add(&bad, joined(line_and_row, 2));
        else
            list_add(&good, strdup(in.values[i]));
    }
    take_org(&org_rows, &org_ids);
    each_record(in.success, take_success, &success_rows, &success_ids);
    each_record(in.errors, take_error, &errors, NULL);
    want_equal(&org_rows, &good, "the org's table");
    want_equal(&success_rows, &good, "the success file");
    want_equal(&errors, &bad, "the error file");
    want_equal(&success_ids, &org_ids, "the ids");
    list *const all[] = { &good, &bad, &org_rows, &org_ids, &success_rows, &success_ids, &errors };
    for (size_t i = 0; i < COUNT_OF(all); i++) list_clear(all[i]);
    counts.loads++;
    counts.rows += in.rows;
}

/* ---- the loader ---- */
/* The rows of a file, one by one, as a program has them that gives rows. */
static sf_status give_row(void *user, sf_str *fields, sf_error *err)
{
    sfi_csv_record record;
    sf_status rc = sfi_csv_reader_next(user, &record, err);
    for (size_t i = 0; rc == SF_ROW && i < COLUMNS; i++) fields[i] = record.fields[i];
    return rc;
}

static sfi_csv_reader *open_rows(const char *file, char delimiter)
{
    sf_error err;
    sfi_csv_reader *csv = NULL;
    sfi_csv_record header;
    sfi_csv_reader_options options = { .delimiter = delimiter };
    size_t len, size;
    char *text = test_read_file(file, &len), *room;
    if (text == NULL || sfi_csv_reader_new(&options, &csv, &err) != SF_OK ||
        sfi_csv_reader_room(csv, len + 1, &room, &size, &err) != SF_OK)
        _exit(126);
    memcpy(room, text, len);
    free(text);
    sfi_csv_reader_added(csv, len);
    sfi_csv_reader_end(csv);
    if (sfi_csv_reader_next(csv, &header, &err) != SF_ROW) _exit(126);
    return csv;
}

/* load URL CLIENT_ID CLIENT_SECRET CSV SUCCESS ERRORS JOURNAL JOB_ROWS PARALLEL CALLS FORM; CALLS below 0: torn; FORM: the
 * delimiter where the rows are given one by one, else empty */
static int be_loader(char **argv)
{
    static const char *const names[COLUMNS] = { "LastName", "Email", "Description", "Department" };
    sf_client *client = NULL;
    sf_error err = { 0 };
    sf_load_report report;
    const sf_client_options how = {
        .login_url = argv[0],
        .api_version = "62.0",
        .transport = { .idle_timeout_ms = 250 },
        .retry = { .retries_max = 2, .pause_ms = 2, .pause_max_ms = 10, .breaker_failures = SF_NONE },
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = argv[1], .client_secret = argv[2] },
    };
    sf_client_options through = how; /* the proxy, if there is one: a login would lead past it */
    through.login_url = NULL;
    through.instance_url = getenv("SF_TEST_PROXY");
    through.auth.flow = SF_AUTH_BEARER;
    through.auth.access_token = getenv("SF_TEST_TOKEN");
    through.auth.client_id = through.auth.client_secret = NULL;
    char delimiter = argv[10][0];
    sf_load_rows rows = { .names = names, .column_count = COLUMNS, .next = give_row };
    if (delimiter != '\0') rows.user = open_rows(argv[3], delimiter);
    const sf_bulk_load_options options = { .object = "Contact",
                                           .operation = SF_INSERT,
                                           .csv_path = delimiter == '\0' ? argv[3] : NULL,
                                           .rows = delimiter != '\0' ? &rows : NULL,
                                           .delimiter = delimiter,
                                           .success_path = argv[4],
                                           .errors_path = argv[5],
                                           .journal_path = argv[6],
                                           .job_rows = strtol(argv[7], NULL, 10),
                                           .parallel = (int32_t)strtol(argv[8], NULL, 10),
                                           .retries_max = 10 };
    int calls = (int)strtol(argv[9], NULL, 10);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    is_torn = calls < 0;
    atomic_store(&calls_left, calls < 0 ? -calls : calls);
    sf_status rc = sf_client_open(through.instance_url != NULL ? &through : &how, &client, &err);
    if (rc == SF_OK) rc = sf_bulk_load(client, &options, &report, &err);
    sf_client_close(client);
    sfi_csv_reader_free(rows.user);
    if (rc < 0) fprintf(stderr, "loader: %s: %s\n", sf_status_name(rc), err.message);
    return rc == SF_OK ? 0 : rc == SF_DONE ? 4 : rc == SF_ERR_USAGE || rc == SF_ERR_IO ? 2 : UNFINISHED;
}

static pid_t start_loader_for(int job_rows, int parallel, int calls)
{
    char rows[16], jobs[16], number[16], form[2] = { in.as_rows ? in.delimiter : '\0' };
    snprintf(number, sizeof number, "%d", calls);
    snprintf(rows, sizeof rows, "%d", job_rows);
    snprintf(jobs, sizeof jobs, "%d", parallel);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) return pid;
    (void)freopen(path("loader.log"), "a", stderr);
    execl("/proc/self/exe", "bulk_test", "load", org.url, org.client_id, org.client_secret, in.csv, in.success,
          in.errors, in.journal, rows, jobs, number, form, (char *)NULL);
    _exit(127);
}

static pid_t start_loader(int job_rows, int parallel)
{
    return start_loader_for(job_rows, parallel, 0);
}

/* The exit code, or -1 when it was still at work after so many microseconds. */
static int wait_for(pid_t pid, int64_t us)
{
    int status;
    int64_t until = now_us() + us;
    for (;;) { /* until it ends or the time is up */
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (got < 0 && errno != EINTR) fail_msg("no child");
        int64_t left = until - now_us();
        if (left <= 0) return -1;
        struct timespec pause = { .tv_nsec = (left < 2000 ? left : 2000) * 1000 };
        nanosleep(&pause, NULL);
    }
}

static void want_end(int code)
{
    if (code == 0 || code == 4) return;
    char command[256];
    snprintf(command, sizeof command, "tail -5 '%s/loader.log' >&2", dir);
    (void)!system(command);
    fail_msg("the loader of %s ended with %d", in.csv, code);
}

/* Runs until it is done; what the network did may end a run, and the next one goes on. */
static void run_to_end(int job_rows, int parallel)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        int code = wait_for(start_loader(job_rows, parallel), 120000000);
        if (code == UNFINISHED) {
            counts.resumed++;
            continue;
        }
        want_end(code);
        return;
    }
    fail_msg("%s does not come to an end", in.csv);
}

/* ---- the tests ---- */
static void test_killed_loaders(void **state)
{
    (void)state;
    const char *text = getenv("SF_BULK_KILLS");
    int wanted = text != NULL ? (int)strtol(text, NULL, 10) : 20;
    int64_t whole = 400000; /* microseconds that a run takes */
    while (counts.kills < wanted) {
        make_input((int)(60 + chance(400)));
        int job_rows = (int)(15 + chance(80)), parallel = (int)(1 + chance(5));
        char fault[64];
        snprintf(fault, sizeof fault, "lock-row:every=%d,times=%d", (int)(5 + chance(9)), (int)(5 + chance(30)));
        if (chance(2) == 0) test_org_fault(&org, fault);
        int64_t spent = 0;
        for (int tries = 0; tries < TRIES_MAX; tries++) {
            int64_t began = now_us();
            pid_t pid = start_loader(job_rows, parallel);
            int code = wait_for(pid, (int64_t)chance((uint32_t)(whole * 5 / 4)));
            spent += now_us() - began;
            if (code == -1) {
                kill(pid, SIGKILL);
                (void)wait_for(pid, 10000000);
                counts.kills++;
                continue;
            }
            want_end(code);
            if (spent < whole || tries == 0) whole = (whole * 3 + spent) / 4;
            break;
        }
        run_to_end(job_rows, parallel); /* done already, most often: then it only says so again */
        test_org_faults_clear(&org);
        check_all();
    }
}

/* A loader that ends at its 1st, 2nd, 3rd … write, send, sync and cut; all of them when many are to be killed. */
static void test_killed_at_every_step(void **state)
{
    (void)state;
    const char *text = getenv("SF_BULK_KILLS");
    int step = text != NULL && strtol(text, NULL, 10) >= 100 ? 1 : 9, killed = 0;
    for (int calls = 1 + (int)chance((uint32_t)step);; calls += step) {
        make_input(14);
        test_org_fault(&org, "lock-row:every=4,times=4");
        if (chance(2) == 0) test_org_fault(&org, "503:path=/jobs/ingest,method=PUT,effect=yes,every=2,times=2");
        int code = wait_for(start_loader_for(5, 2, chance(2) == 0 ? -calls : calls), 120000000);
        bool is_killed = code == 128 + SIGKILL;
        if (!is_killed) want_end(code);
        killed += is_killed;
        run_to_end(5, 2);
        test_org_faults_clear(&org);
        check_all();
        if (!is_killed) break; /* it has not so many calls */
        assert_true(calls < 2000);
    }
    printf("bulk: killed at %d of its calls\n", killed);
    assert_true(killed > 5);
    counts.kills += killed;
}

static void test_broken_connections(void **state)
{
    (void)state;
    static const char *const methods[] = { "POST", "PUT", "PATCH", "GET" };
    static const char *const kinds[] = { "lost:",
                                         "reset:after=0,",
                                         "reset:after=%d,",
                                         "truncate:after=%d,length=wrong,",
                                         "stall:after=%d,ms=600,",
                                         "503:",
                                         "502:effect=yes,",
                                         "503:effect=yes,", /* sent again, which spoils a job that has its data */
                                         "500:body=html,effect=yes,",
                                         "expire:requests=2," };
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            char kind[64], fault[160];
            if (strncmp(kinds[k], "lost", 4) == 0 && strcmp(methods[m], "GET") == 0) continue;
            snprintf(kind, sizeof kind, kinds[k], (int)chance(400)); /* NOLINT: the formats stand above */
            snprintf(fault, sizeof fault, "%spath=/jobs/ingest,method=%s,every=%d,times=%d", kind, methods[m],
                     (int)(1 + chance(3)), (int)(1 + chance(8)));
            make_input((int)(60 + chance(150)));
            test_org_fault(&org, fault);
            run_to_end((int)(20 + chance(60)), (int)(1 + chance(4)));
            test_org_faults_clear(&org);
            check_all();
            counts.faults++;
        }
}

static void test_sessions_that_end(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        in.is_wide = round > 0; /* in the middle of uploads too */
        make_input((int)(200 + chance(200)));
        int code = UNFINISHED;
        for (int tries = 0; tries < TRIES_MAX && code == UNFINISHED; tries++) {
            pid_t pid = start_loader(25, 3);
            while ((code = wait_for(pid, (int64_t)(20000 + chance(60000)))) == -1) {
                assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}") / 100, 2);
                counts.expired++;
            }
        }
        want_end(code);
        /* the test's own session is gone as well: its client logs in anew */
        check_all();
    }
    in.is_wide = false;
}

/* ---- a wire that is cut now and then, in the middle of what goes up ---- */
static struct {
    int listener, cuts_left;
    _Atomic int64_t until_cut; /* bytes */
    int64_t between;
    pthread_t thread;
} wire;

static void cut(int fd)
{
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void *relay(void *user)
{
    int client = (int)(intptr_t)user, server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)org.port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool ok = connect(server, (struct sockaddr *)&to, sizeof to) == 0;
    while (ok) { /* until either side ends, or it is cut */
        static _Thread_local char data[16384];
        struct pollfd ends[] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
        if (poll(ends, 2, -1) < 0) continue;
        for (int i = 0; ok && i < 2; i++) {
            if (ends[i].revents == 0) continue;
            ssize_t n = recv(ends[i].fd, data, sizeof data, 0);
            ok = n > 0;
            int64_t left = i == 0 && ok ? atomic_fetch_sub(&wire.until_cut, n) - n : 1;
            if (left <= 0 && left + n > 0 && wire.cuts_left > 0) { /* what stands before the cut arrives */
                wire.cuts_left--;
                n += left;
                atomic_store(&wire.until_cut, wire.between);
                ok = false;
            }
            for (ssize_t at = 0, m; at < n; at += m)
                if ((m = send(ends[1 - i].fd, data + at, (size_t)(n - at), MSG_NOSIGNAL)) <= 0) break;
        }
    }
    cut(client);
    cut(server);
    return NULL;
}

static void *relay_all(void *unused)
{
    (void)unused;
    for (;;) { /* until the listener is shut */
        int fd = accept(wire.listener, NULL, NULL);
        pthread_t thread;
        if (fd < 0) return NULL;
        if (pthread_create(&thread, NULL, relay, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
        else
            close(fd);
    }
}

static void test_wires_cut_in_the_middle_of_uploads(void **state)
{
    (void)state;
    const char *text = getenv("SF_BULK_KILLS");
    int rounds = text != NULL ? (int)strtol(text, NULL, 10) / 10 : 3;
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    char url[64];
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(wire.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(wire.listener, 32), 0);
    assert_int_equal(getsockname(wire.listener, (struct sockaddr *)&at, &size), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&wire.thread, NULL, relay_all, NULL), 0);
    setenv("SF_TEST_PROXY", url, 1);
    setenv("SF_TEST_TOKEN", org.access_token, 1);
    in.is_wide = true;
    for (int round = 0; round < rounds; round++) {
        make_input((int)(60 + chance(200)));
        int before = wire.cuts_left = (int)(2 + chance(8));
        wire.between = 1 + (int64_t)chance(1500000);
        atomic_store(&wire.until_cut, 1 + (int64_t)chance(1500000));
        run_to_end((int)(20 + chance(60)), (int)(1 + chance(4)));
        counts.cuts += before - wire.cuts_left;
        wire.cuts_left = 0;
        check_all();
    }
    in.is_wide = false;
    unsetenv("SF_TEST_PROXY");
    unsetenv("SF_TEST_TOKEN");
    (void)shutdown(wire.listener, SHUT_RDWR);
    (void)pthread_join(wire.thread, NULL);
    close(wire.listener);
    assert_true(counts.cuts > 0);
}

static void start_org(int port)
{
    char number[16];
    snprintf(number, sizeof number, "%d", port);
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--data", data_file, "--port", number, NULL });
}

static void test_killed_orgs(void **state)
{
    (void)state;
    const char *text = getenv("SF_BULK_KILLS");
    int rounds = text != NULL ? (int)strtol(text, NULL, 10) / 10 : 3;
    for (int round = 0; round < rounds; round++) {
        make_input((int)(200 + chance(300)));
        int code = -1;
        int before = counts.org_kills;
        for (int tries = 0; tries < TRIES_MAX && code != 0 && code != 4; tries++) {
            pid_t pid = start_loader(30, 3);
            code = -1;
            while (counts.org_kills - before < 4 && (code = wait_for(pid, 60000 + chance(400000))) == -1) {
                int port = org.port;
                free(org.reply);
                org.reply = NULL;
                kill(org.pid, SIGKILL);
                (void)waitpid(org.pid, NULL, 0);
                counts.org_kills++;
                start_org(port);
            }
            if (code == -1) code = wait_for(pid, 120000000);
            if (code != UNFINISHED) want_end(code);
        }
        want_end(code);
        check_all();
    }
}

/* ---- ---- */
static int start(void **state)
{
    (void)state;
    sf_error err;
    const char *text = getenv("SF_BULK_SEED");
    seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)now_us() * 2654435761u + (uint64_t)getpid();
    if (seed == 0) seed = 1;
    printf("bulk: SF_BULK_SEED=%llu\n", (unsigned long long)seed);
    snprintf(dir, sizeof dir, "/tmp/sf-bulk-fault-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    snprintf(data_file, sizeof data_file, "%s/org.db", dir);
    start_org(0);
    const sf_client_options how = {
        .login_url = org.url,
        .api_version = "62.0",
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = org.client_id, .client_secret = org.client_secret }
    };
    return sf_client_open(&how, &sf, &err) == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    char command[128];
    printf("bulk: %d loads of %d rows: %d loaders killed, %d gone on after an error, %d faults, %d sessions ended, %d "
           "orgs killed, %d wires cut\n",
           counts.loads, counts.rows, counts.kills, counts.resumed, counts.faults, counts.expired, counts.org_kills,
           counts.cuts);
    forget_input();
    sf_client_close(sf);
    (void)test_org_stop(&org);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

int main(int argc, char **argv)
{
    if (argc == 13 && strcmp(argv[1], "load") == 0) return be_loader(argv + 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_wires_cut_in_the_middle_of_uploads), /* first: its session is the one that the org began with */
        cmocka_unit_test(test_killed_loaders),
        cmocka_unit_test(test_killed_at_every_step),
        cmocka_unit_test(test_broken_connections),
        cmocka_unit_test(test_sessions_that_end),
        cmocka_unit_test(test_killed_orgs),
    };
    return cmocka_run_group_tests_name("bulk", tests, start, stop);
}
