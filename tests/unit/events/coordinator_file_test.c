/* coordinator_file_test.c: the coordinator in a file: two that share it, processes that are killed or hang, files that are
 * damaged, swept away or of an earlier boot. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <salesforce.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>
#include <unistd.h>
#include "events/checkpoints_internal.h"
#include "support/coordination.h"
#include "support/support.h"

static char folder[64], path[80];
static sf_error err;

static int make_folder(void **state)
{
    (void)state;
    bool is_memory = access("/dev/shm", W_OK) == 0; /* where a sync costs nothing */
    snprintf(folder, sizeof folder, "%s/sf_coordinator_XXXXXX", is_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/group", folder);
    return 0;
}

/* The n-th newest version: 0, 1; false: there is none. */
static bool version_path(int n, char out[400])
{
    long best[2] = { 0, 0 };
    const struct dirent *entry;
    DIR *d = opendir(path);
    if (d == NULL) return false;
    while ((entry = readdir(d)) != NULL) {
        if (strncmp(entry->d_name, "state-", 6) != 0) continue;
        long v = strtol(entry->d_name + 6, NULL, 10);
        if (v > best[0]) {
            best[1] = best[0];
            best[0] = v;
        } else if (v > best[1]) {
            best[1] = v;
        }
    }
    closedir(d);
    snprintf(out, 400, "%s/state-%ld", path, best[n]);
    return best[n] > 0;
}

static int count_files(const char *prefix)
{
    int count = 0;
    const struct dirent *entry;
    DIR *d = opendir(path);
    while (d != NULL && (entry = readdir(d)) != NULL) count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    if (d != NULL) closedir(d);
    return count;
}

static void remove_versions(void)
{
    char one[400];
    while (version_path(0, one)) assert_int_equal(unlink(one), 0);
}

static int drop_folder(void **state)
{
    (void)state;
    const struct dirent *entry;
    DIR *d = opendir(path);
    while (d != NULL && (entry = readdir(d)) != NULL) (void)unlinkat(dirfd(d), entry->d_name, 0);
    if (d != NULL) closedir(d);
    (void)rmdir(path);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left there */
    return 0;
}

static sf_coordinator *open_file(void)
{
    sf_coordinator *c = NULL;
    if (sf_coordinator_file(path, &c, &err) != SF_OK) fail_msg("%s", err.message);
    return c;
}

static void write_file(const char *name, const char *text, size_t len)
{
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static int64_t lead(sf_coordinator *c, const char *node)
{
    int64_t epoch = 0;
    if (sfi_coordinator_attempt(c, "g", node, LEASE_LONG_MS, &epoch, &err) != SF_OK) fail_msg("%s", err.message);
    return epoch;
}

static void expect_position(sf_coordinator *c, const char *want)
{
    char position[SF_POSITION_BYTES_MAX + 1];
    assert_int_equal(sfi_coordinator_get(c, "g", "/c", position, NULL, &err), SF_OK);
    assert_string_equal(position, want);
}

static void test_coordinator_file__does_what_it_should(void **state)
{
    (void)state;
    sf_coordinator *a = open_file(), *b = open_file();
    check_coordination(a, b, "orders");
    check_coordination(a, a, "a \"group\" of 北");
    sf_coordinator_close(a);
    char position[SF_POSITION_BYTES_MAX + 1];
    assert_int_equal(sfi_coordinator_get(b, "orders", "/event/A__e", position, NULL, &err), SF_OK);
    assert_string_equal(position, "22");
    sf_coordinator_close(b);
    struct stat st;
    char file[400];
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(version_path(0, file));
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_files("state-"), 2);
    assert_int_equal(count_files("new-"), 0);
}

static void test_coordinator_file__says_what_to_remove(void **state)
{
    char want[300], file[128];
    (void)state;
    sf_coordinator *c = open_file();
    snprintf(want, sizeof want, "group g, position of /c: \"abc\" is no replay id; remove the folder %s to begin anew",
             path);
    assert_int_equal(sfi_coordinator_fail_position(c, "g", "/c", "abc", &err), SF_ERR_IO);
    assert_string_equal(err.message, want);
    sf_coordinator_close(c);
    sf_checkpoints *store = NULL;
    snprintf(file, sizeof file, "%s/positions.json", folder);
    assert_int_equal(sf_checkpoints_file(file, &store, &err), SF_OK);
    snprintf(want, sizeof want, "checkpoint of /c: \"abc\" is no replay id; remove /c from %s to begin anew", file);
    assert_int_equal(sfi_checkpoints_fail(store, "/c", "abc", &err), SF_ERR_IO);
    assert_string_equal(err.message, want);
    sf_checkpoints_close(store);
    snprintf(want, sizeof want, "%s.lock", file);
    assert_int_equal(unlink(want), 0);
}

static void test_coordinator_file__who_is_gone_is_replaced_at_once(void **state)
{
    (void)state;
    int64_t epoch;
    sf_coordinator *a = open_file(), *b = open_file();
    int64_t first = lead(a, "a");
    assert_int_equal(sfi_coordinator_attempt(b, "g", "b", LEASE_LONG_MS, &epoch, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_attempt(b, "g", "a", LEASE_LONG_MS, &epoch, &err),
                     SF_DONE); /* a name is not enough */
    sf_coordinator_close(a);
    int64_t second = lead(b, "a"); /* the same node, started again: its lease is still running, its term is over */
    assert_true(second > first);
    sf_coordinator_close(b);
}

/* ---- other processes ---- */

typedef struct child {
    pid_t pid;
    int says; /* lines of the child */
} child;

/* work runs in another process and never returns to here. */
static child begin(void (*work)(int says))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        work(ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    return (child){ .pid = pid, .says = ends[0] };
}

static char hear(const child *c)
{
    char one = 0;
    ssize_t got;
    do got = read(c->says, &one, 1);
    while (got < 0 && errno == EINTR);
    assert_int_equal(got, 1);
    return one;
}

static int end(child *c, int signal)
{
    int status = 0;
    if (signal != 0) assert_int_equal(kill(c->pid, signal), 0);
    while (waitpid(c->pid, &status, 0) < 0) assert_int_equal(errno, EINTR);
    (void)close(c->says);
    return status;
}

static void tell(int says, char what)
{
    if (write(says, &what, 1) != 1) _exit(9);
}

static void lead_and_wait(int says)
{
    sf_coordinator *c = NULL;
    int64_t epoch;
    sf_status rc = sf_coordinator_file(path, &c, NULL);
    if (rc == SF_OK) rc = sfi_coordinator_attempt(c, "g", "child", LEASE_LONG_MS, &epoch, NULL);
    tell(says, rc == SF_OK ? 'L' : '?');
    for (;;) (void)pause(); /* ends: by a signal */
}

static void test_coordinator_file__a_killed_leader_is_replaced_at_once(void **state)
{
    (void)state;
    int64_t epoch = 0;
    sf_coordinator *c = open_file();
    for (int i = 0; i < 3; i++) {
        child one = begin(lead_and_wait);
        assert_int_equal(hear(&one), 'L');
        assert_int_equal(sfi_coordinator_attempt(c, "g", "here", LEASE_LONG_MS, &epoch, &err), SF_DONE);
        assert_int_equal(WTERMSIG(end(&one, SIGKILL)), SIGKILL);
        int64_t term = lead(c, "here");
        assert_true(term > epoch);
        epoch = term;
        assert_int_equal(sfi_coordinator_relinquish(c, "g", "here", term, &err), SF_OK);
    }
    sf_coordinator_close(c);
}

static void lead_and_hang(int says)
{
    sf_coordinator *c = NULL;
    int64_t epoch = 0;
    sf_status rc = sf_coordinator_file(path, &c, NULL);
    if (rc == SF_OK) rc = sfi_coordinator_attempt(c, "g", "child", 1, &epoch, NULL);
    if (rc == SF_OK) rc = sfi_coordinator_save(c, "g", epoch, "/c", "1", NULL);
    tell(says, rc == SF_OK ? 'L' : '?');
    (void)raise(SIGSTOP);
    tell(says, sfi_coordinator_save(c, "g", epoch, "/c", "2", NULL) == SF_DONE ? 'D' : '?');
    tell(says, sfi_coordinator_renew(c, "g", "child", epoch, 1, NULL) == SF_DONE ? 'D' : '?');
    _exit(0);
}

static void test_coordinator_file__a_hung_leader_is_replaced_after_its_lease(void **state)
{
    (void)state;
    int64_t epoch = 0;
    int status;
    sf_coordinator *c = open_file();
    child one = begin(lead_and_hang);
    assert_int_equal(hear(&one), 'L');
    assert_int_equal(waitpid(one.pid, &status, WUNTRACED), one.pid);
    assert_true(WIFSTOPPED(status));
    sf_status rc;
    do rc = sfi_coordinator_attempt(c, "g", "here", LEASE_LONG_MS, &epoch, &err);
    while (rc == SF_DONE); /* ends: its lease does */
    assert_int_equal(rc, SF_OK);
    assert_int_equal(kill(one.pid, SIGCONT), 0);
    assert_int_equal(hear(&one), 'D'); /* too late, both */
    assert_int_equal(hear(&one), 'D');
    assert_int_equal(end(&one, 0), 0);
    expect_position(c, "1");
    sf_coordinator_close(c);
}

static void save_for_ever(int says)
{
    sf_coordinator *c = NULL;
    int64_t epoch = 0;
    char position[SF_POSITION_BYTES_MAX + 1] = "0";
    sf_status rc = sf_coordinator_file(path, &c, NULL);
    if (rc == SF_OK) rc = sfi_coordinator_attempt(c, "g", "child", LEASE_LONG_MS, &epoch, NULL);
    if (rc == SF_OK && sfi_coordinator_get(c, "g", "/c", position, NULL, NULL) < 0) rc = SF_ERR_IO;
    for (long n = strtol(position, NULL, 10) + 1; rc == SF_OK; n++) {
        snprintf(position, sizeof position, "%ld", n);
        rc = sfi_coordinator_save(c, "g", epoch, "/c", position, NULL);
        if (rc == SF_OK) rc = sfi_coordinator_renew(c, "g", "child", epoch, LEASE_LONG_MS, NULL);
        if (rc == SF_OK && write(says, &n, sizeof n) != sizeof n) rc = SF_ERR_IO;
    }
    _exit(1);
}

/* Killed wherever it just is, what it was told to be kept is kept, and the next one goes on. */
static void test_coordinator_file__killed_at_any_instant_it_keeps_what_it_kept(void **state)
{
    (void)state;
    long told = 0;
    for (int i = 0; i < 40; i++) {
        child one = begin(save_for_ever);
        long n = 0;
        for (int k = 0; k < 1 + i % 5; k++) {
            assert_int_equal(read(one.says, &n, sizeof n), sizeof n);
            assert_true(n > told);
            told = n;
        }
        struct pollfd none = { .fd = -1 };
        (void)poll(&none, 0, i % 4); /* somewhere in an operation */
        assert_int_equal(kill(one.pid, SIGKILL), 0);
        while (read(one.says, &n, sizeof n) == sizeof n) told = n;
        assert_int_equal(WTERMSIG(end(&one, 0)), SIGKILL);
        sf_coordinator *c = open_file();
        char position[SF_POSITION_BYTES_MAX + 1];
        assert_int_equal(sfi_coordinator_get(c, "g", "/c", position, NULL, &err), SF_OK);
        long kept = strtol(position, NULL, 10);
        assert_true(kept == told || kept == told + 1); /* the last may have been kept before it was told */
        sf_coordinator_close(c);
    }
    assert_true(told >= 100);
}

/* ---- files ---- */

/* A state with one position in the version before, "1", and another now, "2". */
static int64_t fill(void)
{
    sf_coordinator *c = open_file();
    int64_t epoch = lead(c, "a");
    assert_int_equal(sfi_coordinator_save(c, "g", epoch, "/c", "1", &err), SF_OK);
    assert_int_equal(sfi_coordinator_save(c, "g", epoch, "/c", "2", &err), SF_OK);
    sf_coordinator_close(c);
    return epoch;
}

static void test_coordinator_file__a_damaged_file_gives_way_to_the_one_before(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"boot\":\"\",\"mark\":1,\"groups\":[]}",
        "{\"boot\":\"\",\"mark\":-1,\"groups\":{}}",
        "{\"boot\":\"\",\"mark\":1,\"groups\":{\"g\":{\"positions\":{}}}}",
        "{\"boot\":\"\",\"mark\":1,\"groups\":{\"g\":{\"epoch\":-2,\"positions\":{}}}}",
        "{\"boot\":\"\",\"mark\":1,\"groups\":{\"g\":{\"epoch\":1}}}",
        "{\"boot\":\"\",\"mark\":1,\"groups\":{\"g\":{\"epoch\":1,\"mark\":2,\"positions\":{}}}}",
        "{\"boot\":\"\",\"mark\":1,\"groups\":{\"g\":{\"epoch\":1,\"positions\":{\"/c\":null}}}}",
        "{\"boot\":\"\",\"mark\":1,\"groups\":{\"g\":{\"epoch\":1,\"positions\":{\"/c\":\"\"}}}}",
        ("{\"boot\":\"\",\"mark\":1,\"groups\":{\"g\":{\"epoch\":1,\"positions\":{\"/c\":"
         "\"1234567890123456789012345678901234567890123456789012345678901234\"}}}}"),
    };
    (void)state;
    int64_t first = fill(), late;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sf_coordinator *a = open_file();
        late = lead(a, "a");
        assert_int_equal(sfi_coordinator_save(a, "g", late, "/c", "1", &err), SF_OK);
        assert_int_equal(sfi_coordinator_save(a, "g", late, "/c", "2", &err), SF_OK);
        char file[400];
        assert_true(version_path(0, file));
        write_file(file, texts[i], strlen(texts[i]));
        sf_coordinator *b = open_file();
        expect_position(b, "1");
        assert_int_equal(sfi_coordinator_save(a, "g", late, "/c", "3", &err), SF_DONE); /* no term of before counts */
        assert_int_equal(sfi_coordinator_renew(a, "g", "a", late, LEASE_LONG_MS, &err), SF_DONE);
        int64_t next = lead(b, "b");
        assert_true(next > late && late >= first);
        assert_int_equal(sfi_coordinator_save(b, "g", next, "/c", "1", &err), SF_OK);
        expect_position(a, "1");
        sf_coordinator_close(a);
        sf_coordinator_close(b);
    }
}

static void test_coordinator_file__cut_short_at_every_byte(void **state)
{
    (void)state;
    (void)fill();
    size_t len;
    char file[400];
    assert_true(version_path(0, file));
    char *text = test_read_file(file, &len);
    assert_non_null(text);
    for (size_t cut = 0; cut + 1 < len; cut++) { /* the last byte is a line feed, without which it is whole */
        write_file(file, text, cut);
        sf_coordinator *c = open_file();
        expect_position(c, "1");
        sf_coordinator_close(c);
    }
    write_file(file, text, len - 1);
    sf_coordinator *c = open_file();
    expect_position(c, "2");
    sf_coordinator_close(c);
    free(text);
}

static void test_coordinator_file__without_any_whole_file_it_says_so(void **state)
{
    (void)state;
    (void)fill();
    char file[400], before[400];
    sf_coordinator *c = open_file(), *other = NULL;
    assert_true(version_path(0, file) && version_path(1, before));
    write_file(file, "{", 1);
    write_file(before, "{", 1);
    int64_t epoch;
    assert_int_equal(sfi_coordinator_attempt(c, "g", "n", 1, &epoch, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, path));
    assert_non_null(strstr(err.message, "remove the folder to begin anew"));
    assert_int_equal(sf_coordinator_file(path, &other, &err), SF_ERR_IO);
    assert_null(other);
    char *text = test_read_file(file, NULL);
    assert_string_equal(text, "{"); /* left for people to look at */
    free(text);
    remove_versions();
    assert_int_equal(lead(c, "n"), 1);
    sf_coordinator_close(c);
}

static void test_coordinator_file__leases_of_an_earlier_boot_are_void(void **state)
{
    static const char text[] =
        "{\"boot\":\"00000000-0000-0000-0000-000000000000\",\"mark\":7,\"groups\":{\"g\":{\"epoch\":5,"
        "\"node\":\"a\",\"until\":9000000000000000000,\"mark\":7,\"positions\":{\"/c\":\"11\"}}}}\n";
    (void)state;
    char file[400];
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(file, sizeof file, "%s/state-12", path);
    write_file(file, text, sizeof text - 1);
    sf_coordinator *c = open_file();
    assert_int_equal(lead(c, "b"), 6);
    expect_position(c, "11");
    sf_coordinator_close(c);
}

static void test_coordinator_file__numbers_that_none_can_follow_are_damage(void **state)
{
    static const char *const texts[] = {
        "{\"boot\":\"b\",\"mark\":9223372036854775807,\"groups\":{}}",
        "{\"boot\":\"b\",\"mark\":1,\"groups\":{\"g\":{\"epoch\":9223372036854775807,\"positions\":{}}}}",
    };
    (void)state;
    char file[400];
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(file, sizeof file, "%s/state-1", path);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sf_coordinator *c = NULL;
        write_file(file, texts[i], strlen(texts[i]));
        assert_int_equal(sf_coordinator_file(path, &c, &err), SF_ERR_IO);
        assert_null(c);
    }
    remove_versions();
    snprintf(file, sizeof file, "%s/state-9223372036854775807", path); /* no version of ours */
    write_file(file, "x", 1);
    sf_coordinator *c = open_file();
    assert_int_equal(lead(c, "a"), 1);
    sf_coordinator_close(c);
    assert_int_equal(unlink(file), 0);
}

static void test_coordinator_file__files_that_are_swept_away(void **state)
{
    (void)state;
    char one[400];
    int64_t epoch;
    sf_coordinator *a = open_file(), *b = open_file();
    int64_t first = lead(a, "a");
    snprintf(one, sizeof one, "%s/lock", path);
    assert_int_equal(unlink(one), 0);
    int64_t second = lead(b, "b"); /* nobody can tell that a is alive; the term is what counts */
    assert_true(second > first);
    assert_int_equal(sfi_coordinator_save(a, "g", first, "/c", "1", &err), SF_DONE);
    assert_int_equal(sfi_coordinator_attempt(a, "g", "a", LEASE_LONG_MS, &epoch, &err), SF_DONE);
    remove_versions();
    assert_int_equal(sfi_coordinator_renew(b, "g", "b", second, LEASE_LONG_MS, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_save(b, "g", second, "/c", "9", &err), SF_OK); /* better than to lose it */
    assert_true(lead(a, "a") > second);
    expect_position(a, "9");
    sf_coordinator_close(a);
    sf_coordinator_close(b);
}

static void test_coordinator_file__a_path_that_will_not_do(void **state)
{
    (void)state;
    sf_coordinator *c = NULL;
    assert_int_equal(sf_coordinator_file("", &c, &err), SF_ERR_USAGE);
    assert_int_equal(sf_coordinator_file(NULL, &c, &err), SF_ERR_USAGE);
    assert_int_equal(sf_coordinator_file(path, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_coordinator_file("/nowhere/at/all.json", &c, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "/nowhere/at/all.json"));
    char lock[400];
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(lock, sizeof lock, "%s/lock", path);
    assert_int_equal(symlink("/tmp/elsewhere", lock), 0);
    assert_int_equal(sf_coordinator_file(path, &c, &err), SF_ERR_IO);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(rmdir(path), 0);
    write_file(path, "", 0);
    assert_int_equal(sf_coordinator_file(path, &c, &err), SF_ERR_IO); /* it wants a folder */
    assert_int_equal(unlink(path), 0);
    assert_null(c);
}

static void test_coordinator_file__survives_each_failed_allocation(void **state)
{
    bool is_through = false;
    (void)state;
    long before = test_allocations_live();
    int64_t last = 0;
    for (long n = 0; !is_through; n++) { /* ends: the calls need a bounded number of blocks */
        sf_coordinator *c = NULL;
        int64_t epoch = 0;
        char position[SF_POSITION_BYTES_MAX + 1];
        test_allocations_limit(n);
        sf_status rc = sf_coordinator_file(path, &c, NULL);
        if (rc == SF_OK) rc = sfi_coordinator_attempt(c, "g", "n", LEASE_LONG_MS, &epoch, NULL);
        if (rc == SF_OK) rc = sfi_coordinator_renew(c, "g", "n", epoch, LEASE_LONG_MS, NULL);
        if (rc == SF_OK) rc = sfi_coordinator_save(c, "g", epoch, "/c", "1", NULL);
        if (rc == SF_OK) rc = sfi_coordinator_get(c, "g", "/c", position, NULL, NULL);
        if (rc == SF_OK) rc = sfi_coordinator_relinquish(c, "g", "n", epoch, NULL);
        test_allocations_limit(-1);
        is_through = rc == SF_OK;
        if (!is_through) assert_int_equal(rc, SF_ERR_MEMORY);
        assert_true(epoch == 0 || epoch > last);
        if (epoch > 0) last = epoch;
        sf_coordinator_close(c);
    }
    assert_int_equal(test_allocations_live(), before);
}

/* A process that was stopped with the next version in its hand wakes up when many others have come and gone. */
static void test_coordinator_file__a_late_version_does_not_count(void **state)
{
    (void)state;
    char file[400], late[420];
    sf_coordinator *a = open_file();
    int64_t epoch = lead(a, "a");
    assert_true(version_path(0, file));
    char *old = test_read_file(file, NULL);
    for (int i = 0; i < 5; i++) assert_int_equal(sfi_coordinator_save(a, "g", epoch, "/c", "8", &err), SF_OK);
    snprintf(late, sizeof late, "%s/state-2", path);
    write_file(late, old, strlen(old));
    free(old);
    expect_position(a, "8");
    snprintf(late, sizeof late, "%s/new-0123456789abcdef", path);
    write_file(late, "x", 1);
    assert_int_equal(sfi_coordinator_save(a, "g", epoch, "/c", "9", &err), SF_OK);
    assert_int_equal(count_files("state-"), 2); /* it is swept away */
    assert_int_equal(count_files("new-"), 1);   /* somebody may be writing it */
    assert_int_equal(utime(late, &(struct utimbuf){ 1, 1 }), 0);
    assert_int_equal(sfi_coordinator_save(a, "g", epoch, "/c", "10", &err), SF_OK);
    assert_int_equal(count_files("new-"), 0); /* nobody is, any more */
    expect_position(a, "10");
    sf_coordinator_close(a);
}

static void count_to(int says)
{
    enum { SAVES = 30 };
    sf_coordinator *c = NULL;
    int64_t epoch = 0;
    char name[32];
    snprintf(name, sizeof name, "g%d", (int)getpid());
    sf_status rc = sf_coordinator_file(path, &c, NULL);
    if (rc == SF_OK) rc = sfi_coordinator_attempt(c, name, "n", LEASE_LONG_MS, &epoch, NULL);
    for (int i = 1; rc == SF_OK && i <= SAVES; i++) {
        char position[16];
        snprintf(position, sizeof position, "%d", i);
        rc = sfi_coordinator_save(c, name, epoch, "/c", position, NULL);
    }
    char last[SF_POSITION_BYTES_MAX + 1] = "";
    if (rc == SF_OK) rc = sfi_coordinator_get(c, name, "/c", last, NULL, NULL);
    tell(says, rc == SF_OK && epoch == 1 && strcmp(last, "30") == 0 ? 'K' : '?');
    _exit(0);
}

/* What one writes is not lost to another who writes at the same time. */
static void test_coordinator_file__many_write_at_once(void **state)
{
    (void)state;
    child all[6];
    for (size_t i = 0; i < COUNT_OF(all); i++) all[i] = begin(count_to);
    for (size_t i = 0; i < COUNT_OF(all); i++) assert_int_equal(hear(&all[i]), 'K');
    for (size_t i = 0; i < COUNT_OF(all); i++) assert_int_equal(end(&all[i], 0), 0);
    sf_coordinator *c = open_file();
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        char name[32], position[SF_POSITION_BYTES_MAX + 1];
        snprintf(name, sizeof name, "g%d", (int)all[i].pid);
        assert_int_equal(sfi_coordinator_get(c, name, "/c", position, NULL, &err), SF_OK);
        assert_string_equal(position, "30");
    }
    sf_coordinator_close(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_coordinator_file__##name, make_folder, drop_folder)
    const struct CMUnitTest tests[] = {
        TEST(does_what_it_should),
        TEST(says_what_to_remove),
        TEST(who_is_gone_is_replaced_at_once),
        TEST(a_killed_leader_is_replaced_at_once),
        TEST(a_hung_leader_is_replaced_after_its_lease),
        TEST(killed_at_any_instant_it_keeps_what_it_kept),
        TEST(a_damaged_file_gives_way_to_the_one_before),
        TEST(numbers_that_none_can_follow_are_damage),
        TEST(cut_short_at_every_byte),
        TEST(without_any_whole_file_it_says_so),
        TEST(leases_of_an_earlier_boot_are_void),
        TEST(files_that_are_swept_away),
        TEST(a_late_version_does_not_count),
        TEST(many_write_at_once),
        TEST(a_path_that_will_not_do),
        TEST(survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("coordinator_file", tests, NULL, NULL);
}
