/* load_hands_test.c: a stretch scanned by two threads is what one scan finds, wherever it is parted: characters of several
 * bytes, line ends in values, values that look like records; what is unusual is left alone. */
#define SFI_MAY_ALLOCATE
#include <fcntl.h>
#include <unistd.h>
#include "bulk/load_internal.h"
#include "support/csv_scans.h"
#include "support/support.h"

enum { PIECE_MAX = 4096 };

static sfi_load_input input_of(const char *text, size_t len)
{
    char name[] = "/tmp/sf-load-hands-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    (void)unlink(name);
    assert_int_equal(write(fd, text, len), len);
    return (sfi_load_input){ .name = "rows.csv", .fd = fd, .size = (int64_t)len };
}

typedef struct hands {
    sfi_load_input in;
    sfi_load_hands h;
    char buffers[2][PIECE_MAX];
} hands;

static void hands_open(hands *t, const char *text, size_t len, int64_t base, size_t piece)
{
    t->in = input_of(text, len);
    t->h = (sfi_load_hands){ .in = &t->in, .base = base, .piece = piece, .buffers = { t->buffers[0], t->buffers[1] } };
}

static sfi_csv_scan scan_of(const char *text, int64_t len)
{
    sfi_csv_scan s;
    sfi_csv_scan_init(&s, ',');
    s.columns = 3;
    assert_int_equal(sfi_csv_scan_feed(&s, text, (size_t)len, NULL), SF_OK);
    return s;
}

static size_t make_text(char *out, size_t size, unsigned kind)
{
    static const char *const rows[] = {
        "1,Anna,Bern\n",
        "2,M\xC3\xBCller,\xE2\x82\xAC 5\r\n",
        "\n",
        "\"3\",\"one \"\"word\"\"\",\xF0\x9F\x98\x80\xF0\x9F\x98\x80\n",
        "4,\"two\nlines, \xC3\xA9\",x\n",
        "5,\"looks like\na,b,c\nd,e,f\nrecords\",y\n",
    };
    static const size_t of_kind[] = { 1, 3, 4, 5, 6 };
    size_t len = 0;
    for (unsigned i = kind; len < size - 64; i++) {
        const char *row = rows[(i * 5 + i / 7) % of_kind[kind]];
        memcpy(out + len, row, strlen(row));
        len += strlen(row);
    }
    return len;
}

/* From the beginning to the end, a stretch after the other; where there is no way on, the test goes on a few bytes. */
static void check_all(const char *text, size_t len, int64_t base, size_t piece, size_t stretch, size_t *wide)
{
    hands t;
    hands_open(&t, text, len, base, piece);
    sfi_csv_scan scan = scan_of("", 0);
    while (base + scan.offset < (int64_t)len) { /* each round goes on */
        int64_t at = base + scan.offset,
                end = at + (int64_t)stretch < (int64_t)len ? at + (int64_t)stretch : (int64_t)len;
        sfi_csv_scan was = scan;
        if (sfi_load_scan_with_two_hands(&t.h, end, &scan)) {
            assert_true(base + scan.offset > at && base + scan.offset <= end);
            if (base + scan.offset >= end - 3) (*wide)++;
        } else {
            assert_true(csv_scans_are_equal(&scan, &was));
            int64_t n = (int64_t)len - at < 97 ? (int64_t)len - at : 97;
            n -= (int64_t)sfi_load_cut_character(text + at, (size_t)n);
            assert_int_equal(sfi_csv_scan_feed(&scan, text + at, (size_t)n, NULL), SF_OK);
        }
        sfi_csv_scan want = scan_of(text + base, scan.offset);
        assert_true(csv_scans_are_equal(&scan, &want));
    }
    assert_int_equal(base + scan.offset, len);
    close(t.in.fd);
}

static void test_hands__find_what_one_scan_finds(void **state)
{
    (void)state;
    static const size_t pieces[] = { 64, 100, 257, PIECE_MAX };
    static const size_t stretches[] = { 200, 1001, 5000, 40000 };
    char *text = malloc(40000);
    assert_non_null(text);
    for (unsigned kind = 0; kind < 5; kind++) {
        size_t len = make_text(text, 40000, kind), wide = 0;
        for (size_t i = 0; i < COUNT_OF(pieces); i++)
            for (size_t k = 0; k < COUNT_OF(stretches); k++)
                for (int64_t base = 0; base < 13; base += 12) /* the first rows of each kind have 12 bytes */
                    check_all(text, len, kind == 0 ? base : 0, pieces[i], stretches[k], &wide);
        assert_true(wide > 100);
    }
    free(text);
}

static void test_hands__begun_within_a_value_nothing_counts(void **state)
{
    (void)state;
    static const char line[] = "a,b,c\n"; /* one value, and all lines of it look like records */
    char text[4000] = "1,\"";
    size_t len = 3;
    for (; len < 3900; len += sizeof line - 1) memcpy(text + len, line, sizeof line - 1);
    memcpy(text + len, "\",3\n", 4);
    len += 4;
    hands t;
    hands_open(&t, text, len, 0, 256);
    sfi_csv_scan scan = scan_of("", 0);
    int64_t end = (int64_t)len - 10;
    assert_true(sfi_load_scan_with_two_hands(&t.h, end, &scan));
    sfi_csv_scan want = scan_of(text, scan.offset);
    assert_true(csv_scans_are_equal(&scan, &want));
    assert_true(scan.offset < end / 2 + 256 && scan.records == 0);
    close(t.in.fd);
}

static void test_hands__what_is_unusual_is_left_alone(void **state)
{
    (void)state;
    static const char bad[] = { '\0', '"', '\r', (char)0xE4, (char)0xC3, ',' };
    char text[4096];
    size_t len = make_text(text, sizeof text, 0), whole = 0, half = 0, none = 0;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        for (size_t at = 5; at < len; at += 389) {
            char was = text[at];
            hands t;
            text[at] = bad[i];
            hands_open(&t, text, len, 0, 300);
            sfi_csv_scan scan = scan_of("", 0), before = scan;
            if (sfi_load_scan_with_two_hands(&t.h, (int64_t)len, &scan)) { /* up to what is wrong in the part behind */
                sfi_csv_scan want = scan_of(text, scan.offset);
                assert_true(csv_scans_are_equal(&scan, &want) && want.nul == 0);
                assert_true(sfi_json_text_is_utf8(text, (size_t)scan.offset));
                whole += scan.offset == (int64_t)len;
                half += scan.offset != (int64_t)len;
            } else {
                assert_true(at < len / 2 + 300 && csv_scans_are_equal(&scan, &before));
                none++;
            }
            text[at] = was;
            close(t.in.fd);
        }
    assert_true(whole > 0 && half > whole && none > whole); /* a CR before an LF and the like are fine */
}

static void test_hands__a_file_that_is_none_any_more(void **state)
{
    (void)state;
    char text[4096];
    size_t len = make_text(text, sizeof text, 0);
    hands t;
    hands_open(&t, text, len, 0, 128);
    sfi_csv_scan scan = scan_of("", 0), none = scan;
    assert_int_equal(ftruncate(t.in.fd, 1000), 0); /* it became shorter */
    assert_false(sfi_load_scan_with_two_hands(&t.h, (int64_t)len, &scan));
    assert_int_equal(ftruncate(t.in.fd, 3000), 0);
    assert_true(sfi_load_scan_with_two_hands(&t.h, 1000, &scan));
    close(t.in.fd);
    scan = none;
    t.in.fd = open("/", O_RDONLY | O_DIRECTORY); /* it cannot be read */
    assert_false(sfi_load_scan_with_two_hands(&t.h, (int64_t)len, &scan));
    assert_true(csv_scans_are_equal(&scan, &none));
    close(t.in.fd);
}

static void test_hands__characters_are_cut_where_they_begin(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t want;
    } cases[] = {
        { "", 0 },
        { "a", 0 },
        { "a\xC3", 1 },
        { "a\xC3\xBC", 0 },
        { "\xE2", 1 },
        { "x\xE2\x82", 2 },
        { "\xE2\x82\xAC", 0 },
        { "\xF0\x9F\x98", 3 },
        { "a\xF0\x9F\x98\x80", 0 },
        { "\x80\x80\x80\x80", 0 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(sfi_load_cut_character(cases[i].text, strlen(cases[i].text)), cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hands__find_what_one_scan_finds),
        cmocka_unit_test(test_hands__begun_within_a_value_nothing_counts),
        cmocka_unit_test(test_hands__what_is_unusual_is_left_alone),
        cmocka_unit_test(test_hands__a_file_that_is_none_any_more),
        cmocka_unit_test(test_hands__characters_are_cut_where_they_begin),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("bulk.load_hands", tests, NULL, NULL);
}
