/*
 * file_test.c: files that are replaced whole: what they hold, their modes, what was left by others, and each step failing in
 * turn. The steps are this file's own calls in libc's place, so that one can be told to fail.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/base_internal.h"
#include "support/support.h"

/* ---- steps that fail ---- */
typedef enum step { NO_STEP, WRITE, SHORT_WRITES, INTERRUPTED, SYNC, SYNC_FOLDER, CLOSE, RENAME, CHMOD } step;
static step failing;
static int failing_with;

static bool fails(step s)
{
    if (failing != s) return false;
    errno = failing_with;
    return true;
}

static bool is_folder(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

#define AS_IN_LIBC __attribute__((visibility("default")))

AS_IN_LIBC ssize_t write(int fd, const void *data, size_t len)
{
    static int round;
    if (fd > 2 && fails(WRITE)) return -1;
    if (fd > 2 && failing == INTERRUPTED && round++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return syscall(SYS_write, fd, data, fd > 2 && failing == SHORT_WRITES && len > 3 ? 3 : len);
}

AS_IN_LIBC int fsync(int fd)
{
    if (fails(is_folder(fd) ? SYNC_FOLDER : SYNC)) return -1;
    return (int)syscall(SYS_fsync, fd);
}

AS_IN_LIBC int close(int fd)
{
    bool is_file = fd > 2 && !is_folder(fd);
    int rc = (int)syscall(SYS_close, fd);
    return is_file && fails(CLOSE) ? -1 : rc;
}

AS_IN_LIBC int rename(const char *from, const char *to)
{
    return fails(RENAME) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

AS_IN_LIBC int fchmod(int fd, mode_t mode)
{
    return fails(CHMOD) ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

/* ---- a folder of our own ---- */
static char dir[64];

static const char *path(const char *name)
{
    static char paths[4][128];
    static int next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

static int set_up(void **state)
{
    (void)state;
    failing = NO_STEP;
    snprintf(dir, sizeof dir, "/tmp/file-test-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int count_entries(void)
{
    DIR *d = opendir(dir);
    int count = -2; /* . and .. */
    assert_non_null(d);
    while (readdir(d) != NULL) count++; /* ends with the folder */
    closedir(d);
    return count;
}

static int tear_down(void **state)
{
    (void)state;
    failing = NO_STEP;
    (void)unlink(path("f"));
    (void)unlink(path("other"));
    (void)unlink(path("f.new"));
    return rmdir(dir);
}

static void put(const char *name, const char *text, mode_t mode)
{
    int fd = open(path(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void assert_holds(const char *name, const char *want)
{
    size_t len;
    char *text = test_read_file(path(name), &len);
    assert_non_null(text);
    assert_string_equal(text, want);
    assert_int_equal(len, strlen(want));
    free(text);
}

static unsigned mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(lstat(path(name), &st), 0);
    assert_true(S_ISREG(st.st_mode));
    return st.st_mode & 07777;
}

static sf_status replace(const char *text, unsigned mode, sf_error *err)
{
    return sfi_file_replace(path("f"), path("f.new"), mode, sfi_str(text), "a store", err);
}

/* ---- the cases ---- */
static void test_file__is_made_or_replaced_with_its_mode(void **state)
{
    (void)state;
    mode_t mask = umask(077);
    assert_int_equal(replace("one", 0600, NULL), SF_OK);
    assert_holds("f", "one");
    assert_int_equal(mode_of("f"), 0600);
    assert_int_equal(replace("", 0644, NULL), SF_OK);
    assert_holds("f", "");
    assert_int_equal(mode_of("f"), 0644); /* whatever the umask says */
    assert_int_equal(replace("three", 0600, NULL), SF_OK);
    assert_int_equal(mode_of("f"), 0600); /* a looser one does not stay */
    umask(mask);
    assert_int_equal(sfi_file_replace(path("f"), NULL, 0600, sfi_str("four"), "", NULL), SF_OK);
    assert_holds("f", "four");
    assert_int_equal(count_entries(), 1);
}

static void test_file__goes_into_the_folder_that_we_are_in(void **state)
{
    (void)state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(sfi_file_replace("f", "f.new", 0600, sfi_str("here"), "", NULL), SF_OK);
    assert_int_equal(chdir(before), 0);
    assert_holds("f", "here");
    assert_int_equal(sfi_sync_folder_of("/f", "", NULL), SF_OK);
}

static void test_file__what_a_killed_process_left_is_taken_away(void **state)
{
    (void)state;
    put("f", "old", 0600);
    put("f.new", "half of something longer", 0444);
    assert_int_equal(replace("new", 0600, NULL), SF_OK);
    assert_holds("f", "new");
    assert_int_equal(mode_of("f"), 0600);
    put("other", "not ours", 0600);
    assert_int_equal(symlink(path("other"), path("f.new")), 0);
    assert_int_equal(replace("newer", 0600, NULL), SF_OK);
    assert_holds("f", "newer");
    assert_holds("other", "not ours");
    assert_int_equal(count_entries(), 2);
}

static void test_file__what_cannot_be_taken_away_is_told(void **state)
{
    (void)state;
    sf_error err = { 0 };
    put("f", "old", 0600);
    assert_int_equal(mkdir(path("f.new"), 0700), 0);
    assert_int_equal(replace("new", 0600, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "f: cannot be made: File exists"));
    assert_holds("f", "old");
    assert_int_equal(rmdir(path("f.new")), 0);
    assert_int_equal(sfi_file_replace(path("none/f"), NULL, 0600, sfi_str("new"), "", &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "none/f: cannot be made: No such file"));
    assert_int_equal(sfi_sync_folder_of(path("none/f"), "", &err), SF_ERR_IO);
}

static void test_file__any_step_may_fail(void **state)
{
    (void)state;
    static const struct {
        step step;
        int code;
        const char *message; /* NULL: it works all the same */
        bool is_new;
    } cases[] = { { WRITE, ENOSPC, "f: cannot be written: No space left on device", false },
                  { SHORT_WRITES, 0, NULL, true },
                  { INTERRUPTED, 0, NULL, true },
                  { SYNC, EIO, "f: cannot be synced: Input/output error", false },
                  { SYNC, EINVAL, NULL, true },
                  { CLOSE, EDQUOT, "f: cannot be closed: Disk quota exceeded", false },
                  { RENAME, EACCES, "f: cannot be replaced: Permission denied", false },
                  { CHMOD, EPERM, "f: cannot get its mode: Operation not permitted", false },
                  { SYNC_FOLDER, EIO, ": cannot be synced: Input/output error", true },
                  { SYNC_FOLDER, EINVAL, NULL, true } };
    put("f", "old", 0600);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err = { 0 };
        failing = NO_STEP;
        assert_int_equal(replace("old", 0600, NULL), SF_OK);
        failing = cases[i].step;
        failing_with = cases[i].code;
        sf_status rc = replace("something new", 0640, &err);
        failing = NO_STEP;
        assert_int_equal(rc, cases[i].message == NULL ? SF_OK : SF_ERR_IO);
        assert_holds("f", cases[i].is_new ? "something new" : "old");
        assert_int_equal(count_entries(), 1); /* the temporary is gone */
        if (cases[i].message == NULL) continue;
        assert_int_equal(strncmp(err.message, "a store /tmp/", 13), 0);
        assert_non_null(strstr(err.message, cases[i].message));
    }
}

static void test_file__any_allocation_may_fail(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    put("f", "old", 0600);
    long live = test_allocations_live(), n = 0;
    for (; n < 20 && rc == SF_ERR_MEMORY; n++) {
        sf_error err = { 0 };
        test_allocations_limit(n);
        rc = sfi_file_replace(path("f"), NULL, 0600, sfi_str("new"), "", &err);
        test_allocations_limit(-1);
        assert_int_equal(rc, err.status);
        assert_int_equal(test_allocations_live(), live);
        assert_int_equal(count_entries(), 1);
    }
    assert_int_equal(rc, SF_OK);
    assert_true(n > 1);
    assert_holds("f", "new");
}

static void test_library__gives_all_symbols_or_says_no(void **state)
{
    (void)state;
    int (*known)(const char *) = NULL, (*unknown)(void) = NULL;
    const sfi_library_symbol symbols[] = { { "atoi", &known }, { "there_is_no_such_symbol", &unknown } };
    assert_true(sfi_library_load("libc.so.6", symbols, 1));
    assert_int_equal(known("17"), 17);
    assert_false(sfi_library_load("libc.so.6", symbols, 2));
    assert_null(unknown);
    assert_false(sfi_library_load("libthere-is-none.so.9", symbols, 1));
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file__is_made_or_replaced_with_its_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file__goes_into_the_folder_that_we_are_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file__what_a_killed_process_left_is_taken_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file__what_cannot_be_taken_away_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file__any_step_may_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file__any_allocation_may_fail, set_up, tear_down),
        cmocka_unit_test(test_library__gives_all_symbols_or_says_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
