/* journal_test.c: what a journal gives back: cut at every byte, damaged at every byte, of another run, no journal at all, in
 * use by somebody else, and with each allocation failing in turn. */
#define SFI_MAY_ALLOCATE
#include <sys/stat.h>
#include <unistd.h>
#include "bulk/journal_internal.h"
#include "support/support.h"

static char path[64];
static sf_error err;
static const char *const lines[] = { "{\"n\":1}", "{\"n\":2,\"text\":\"\\u00e9\\n\"}", "{\"n\":3}", "{\"n\":4}" };

typedef struct seen {
    int64_t numbers[8];
    int count;
    int refuse; /* at this one */
} seen;

static sf_status take(void *user, sf_value line, sf_error *e)
{
    seen *s = user;
    if (s->count == 8) return sfi_fail(e, SF_ERR_LIMIT, "more lines than were written");
    s->numbers[s->count++] = sf_get_int(line, "n", -1);
    return s->count == s->refuse ? sfi_fail(e, SF_ERR_USAGE, "refused") : SF_OK;
}

static sf_status open_with(const char *head, seen *s, sfi_journal **out, bool *resumed)
{
    *s = (seen){ .refuse = s->refuse };
    return sfi_journal_open(path, sfi_str(head), take, s, out, resumed, &err);
}

static void put(const char *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* A journal of a head and all lines; its bytes, to be freed. */
static char *make(size_t *len)
{
    sfi_journal *j = NULL;
    seen s = { 0 };
    bool resumed;
    (void)unlink(path);
    assert_int_equal(open_with("{\"head\":true}", &s, &j, &resumed), SF_OK);
    assert_false(resumed);
    for (size_t i = 0; i < COUNT_OF(lines); i++) assert_int_equal(sfi_journal_add(j, sfi_str(lines[i]), &err), SF_OK);
    sfi_journal_close(j);
    char *text = test_read_file(path, len);
    assert_non_null(text);
    return text;
}

static void test_journal__is_read_back_in_order(void **state)
{
    (void)state;
    size_t len;
    seen s = { 0 };
    sfi_journal *j = NULL;
    bool resumed;
    free(make(&len));
    assert_int_equal(open_with("{\"head\":true}", &s, &j, &resumed), SF_OK);
    assert_true(resumed);
    assert_int_equal(s.count, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(s.numbers[i], i + 1);
    assert_string_equal(sfi_journal_path(j), path);
    sfi_journal_close(j);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600); /* it names the org and its jobs */
    s.refuse = 2;
    assert_int_equal(open_with("{\"head\":true}", &s, &j, &resumed), SF_ERR_USAGE);
    assert_int_equal(s.count, 2);
}

/* Whatever of a line is on disk, what was whole before it counts, and the next line stands behind that. */
static void test_journal__cut_at_every_byte(void **state)
{
    (void)state;
    size_t len;
    char *text = make(&len);
    for (size_t cut = 0; cut <= len; cut++) {
        int whole = -1; /* lines, the head not counted */
        for (size_t i = 0; i < cut; i++) whole += text[i] == '\n';
        seen s = { 0 };
        sfi_journal *j = NULL;
        bool resumed;
        put(text, cut);
        if (open_with("{\"head\":true}", &s, &j, &resumed) != SF_OK) fail_msg("cut at %zu: %s", cut, err.message);
        assert_int_equal(resumed, whole >= 0);
        assert_int_equal(s.count, whole > 0 ? whole : 0);
        assert_int_equal(sfi_journal_add(j, SFI_STR("{\"n\":77}"), &err), SF_OK);
        sfi_journal_close(j);
        int before = s.count;
        assert_int_equal(open_with("{\"head\":true}", &s, &j, &resumed), SF_OK);
        sfi_journal_close(j);
        assert_true(resumed);
        assert_int_equal(s.count, before + 1);
        assert_int_equal(s.numbers[before], 77);
    }
    free(text);
}

/* A byte that changed is never taken for a line that was cut, unless it is the last line's end. */
static void test_journal__damaged_at_every_byte(void **state)
{
    (void)state;
    size_t len;
    char *text = make(&len);
    for (size_t at = 0; at < len; at++) {
        seen s = { 0 };
        sfi_journal *j = NULL;
        bool resumed;
        text[at] ^= 1;
        put(text, len);
        sf_status rc = open_with("{\"head\":true}", &s, &j, &resumed);
        sfi_journal_close(j);
        if (at == len - 1) {
            assert_int_equal(rc, SF_OK);
            assert_int_equal(s.count, 3);
        } else {
            if (rc != SF_ERR_USAGE) fail_msg("byte %zu: %s", at, sf_status_name(rc));
            size_t now;
            char *after = test_read_file(path, &now);
            assert_int_equal(now, len); /* nothing was cut off */
            assert_memory_equal(after, text, len);
            free(after);
        }
        text[at] ^= 1;
    }
    free(text);
}

static void test_journal__what_is_none_is_left_alone(void **state)
{
    (void)state;
    static const char *const files[] = { "x", "LastName,Email", "LastName,Email\nA,b\n", "\n", "{\"head\":true}" };
    seen s = { 0 };
    sfi_journal *j = NULL;
    bool resumed;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        put(files[i], strlen(files[i]));
        assert_int_equal(open_with("{\"head\":true}", &s, &j, &resumed), SF_ERR_USAGE);
        assert_null(j);
        assert_non_null(strstr(err.message, "is no journal"));
        size_t len;
        char *after = test_read_file(path, &len);
        assert_string_equal(after, files[i]);
        free(after);
    }
    size_t len;
    free(make(&len));
    assert_int_equal(open_with("{\"head\":false}", &s, &j, &resumed), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "another run"));
    assert_int_equal(s.count, 0);
    size_t now;
    free(test_read_file(path, &now));
    assert_int_equal(now, len);
}

static void test_journal__belongs_to_one_at_a_time(void **state)
{
    (void)state;
    size_t len;
    seen s = { 0 };
    sfi_journal *one = NULL, *two = NULL;
    bool resumed;
    free(make(&len));
    assert_int_equal(open_with("{\"head\":true}", &s, &one, &resumed), SF_OK);
    assert_int_equal(open_with("{\"head\":true}", &s, &two, &resumed), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "another process"));
    assert_int_equal(s.count, 0);
    sfi_journal_close(one);
    assert_int_equal(open_with("{\"head\":true}", &s, &two, &resumed), SF_OK);
    sfi_journal_close(two);
    sfi_journal_close(NULL);
}

static void test_journal__a_long_head(void **state)
{
    (void)state;
    size_t size = 1 << 20;
    char *head = malloc(size);
    assert_non_null(head);
    memset(head, 'x', size);
    memcpy(head, "{\"columns\":\"", 12);
    memcpy(head + size - 3, "\"}", 3);
    seen s = { 0 };
    sfi_journal *j = NULL;
    bool resumed;
    (void)unlink(path);
    assert_int_equal(open_with(head, &s, &j, &resumed), SF_OK);
    sfi_journal_close(j);
    assert_int_equal(open_with(head, &s, &j, &resumed), SF_OK);
    assert_true(resumed);
    sfi_journal_close(j);
    free(head);
}

static void test_journal__each_allocation_failing(void **state)
{
    (void)state;
    size_t len;
    free(make(&len));
    sf_status rc = SF_ERR_MEMORY;
    for (long left = 0; rc == SF_ERR_MEMORY; left++) {
        seen s = { 0 };
        sfi_journal *j = NULL;
        bool resumed;
        long before = test_allocations_live();
        test_allocations_limit(left);
        rc = open_with("{\"head\":true}", &s, &j, &resumed);
        if (rc == SF_OK) rc = sfi_journal_add(j, SFI_STR("{\"n\":5}"), &err);
        test_allocations_limit(-1);
        sfi_journal_close(j);
        assert_int_equal(test_allocations_live(), before);
        assert_true(left < 1000);
    }
    assert_int_equal(rc, SF_OK);
}

static int start(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/sf-journal-XXXXXX");
    int fd = mkstemp(path);
    return fd >= 0 ? close(fd) : -1;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__is_read_back_in_order),
        cmocka_unit_test(test_journal__cut_at_every_byte),
        cmocka_unit_test(test_journal__damaged_at_every_byte),
        cmocka_unit_test(test_journal__what_is_none_is_left_alone),
        cmocka_unit_test(test_journal__belongs_to_one_at_a_time),
        cmocka_unit_test(test_journal__a_long_head),
        cmocka_unit_test(test_journal__each_allocation_failing),
    };
    return cmocka_run_group_tests_name("journal", tests, start, stop);
}
