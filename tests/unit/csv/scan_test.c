/* scan_test.c: the published edge cases of CSV, what is refused and where, with every kernel and every chunking; random
 * texts against the plain parser; allocations that fail. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include "csv/csv_internal.h"
#include "support/csv_reference.h"
#include "support/csv_scans.h"

/* Fields with | between, records with / behind; or "!" and the error. */
static void read_all(const char *text, size_t len, char delimiter, size_t chunk, char *out, size_t size)
{
    sfi_csv_reader *r;
    sfi_csv_record record;
    sf_error err;
    sf_status rc;
    size_t at = 0, used = 0, room_size;
    char *room;
    bool ended = false;
    assert_int_equal(sfi_csv_reader_new(&(sfi_csv_reader_options){ .delimiter = delimiter }, &r, NULL), SF_OK);
    while ((rc = sfi_csv_reader_next(r, &record, &err)) == SF_ROW || (rc == SF_DONE && !ended)) {
        if (rc == SF_ROW) {
            for (size_t i = 0; i < record.count; i++)
                used += (size_t)snprintf(out + used, size - used, "%s%.*s", i > 0 ? "|" : "", (int)record.fields[i].len,
                                         record.fields[i].ptr);
            used += (size_t)snprintf(out + used, size - used, "/");
        } else if (at < len) {
            size_t n = len - at < chunk ? len - at : chunk;
            assert_int_equal(sfi_csv_reader_room(r, n, &room, &room_size, NULL), SF_OK);
            memcpy(room, text + at, n);
            sfi_csv_reader_added(r, n);
            at += n;
        } else {
            sfi_csv_reader_end(r);
            ended = true;
        }
    }
    if (rc < 0) snprintf(out, size, "!%.200s", err.message);
    if (used == 0 && rc >= 0) out[0] = '\0';
    sfi_csv_reader_free(r);
}

static void scan_all(const char *text, size_t len, char delimiter, size_t chunk, sfi_csv_scan *s, char *message)
{
    sf_error err = { .message = "" };
    sf_status rc = SF_OK;
    sfi_csv_scan_init(s, delimiter);
    for (size_t at = 0; rc == SF_OK && at < len; at += chunk)
        rc = sfi_csv_scan_feed(s, text + at, len - at < chunk ? len - at : chunk, &err);
    if (rc == SF_OK) rc = sfi_csv_scan_finish(s, &err);
    snprintf(message, 800, "%s", rc == SF_OK ? "" : err.message);
}

static void test_csv__edge_cases(void **state)
{
    static const struct {
        const char *text, *want;
        int records;
    } cases[] = {
        { "", "", 0 },
        { "a,b\n", "a|b/", 1 },
        { "a,b", "a|b/", 1 },
        { "a,b\r\n1,2\r\n", "a|b/1|2/", 2 },
        { "a,b\r\n1,2\r", "a|b/1|2/", 2 }, /* the end may cut a line end in half */
        { "a,b\n\n1,2\n\n\n", "a|b/1|2/", 2 },
        { "\r\na,b\r\n\r\n1,2\r\n", "a|b/1|2/", 2 },
        { "\"a\",\"b\"\n", "a|b/", 1 },
        { "\"a\r\nb\",c\r\n", "a\r\nb|c/", 1 },
        { "\"a,b\",c\n", "a,b|c/", 1 },
        { "\"a\"\"b\",\"\"\"\"\n", "a\"b|\"/", 1 },
        { "\"\",\"\"\n", "|/", 1 },
        { "\"\"\n", "/", 1 }, /* an empty value is a record, a blank line is none */
        { ",\n", "|/", 1 },
        { "a\n\"\"", "a//", 2 },
        { " a , b \n", " a | b /", 1 },
        { "a;b,c\n", "a;b|c/", 1 },
        { "Grüße,日本\n\"😀\",x\n", "Grüße|日本/😀|x/", 2 },
        { "a\"b,c\n",
          "!line 1, column 1: a quote within a value that does not begin with one; quote the whole value and "
          "double the quotes in it",
          -1 },
        { "x,y\n1, \"2\"\n",
          "!line 2, column 2: a quote within a value that does not begin with one; quote the whole "
          "value and double the quotes in it",
          -1 },
        { "x,y\n\"1\" ,2\n", "!line 2, column 1: text behind the closing quote of a value; double the quotes in it",
          -1 },
        { "x,y\n1,\"2", "!line 2: the record that begins here has a quote that is never closed", -1 },
        { "x,y\r1,2\r", "!line 1, column 2: a carriage return outside quotes that no line feed follows", -1 },
        { "x,y\n\"a\nb\",1\n1,2,3\n", "!line 4: the record has 3 columns, and the first one has 2", -1 },
        { "x,y\n1\n", "!line 2: the record has 1 column, and the first one has 2", -1 },
        { "x,y\n\n\n1", "!line 4: the record has 1 column, and the first one has 2", -1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len = strlen(cases[i].text);
        for (int kernel = 0; sfi_csv_kernel(kernel) != NULL; kernel++) {
            sfi_csv_use_kernel(kernel);
            for (size_t chunk = 1; chunk <= len + 1; chunk++) {
                char got[256], message[800];
                sfi_csv_scan s;
                print_message("  case %zu, chunks of %zu\n", i, chunk);
                read_all(cases[i].text, len, ',', chunk, got, sizeof got);
                assert_string_equal(got, cases[i].want);
                scan_all(cases[i].text, len, ',', chunk, &s, message);
                if (cases[i].records < 0)
                    assert_string_equal(message, cases[i].want + 1);
                else
                    assert_int_equal(s.records, cases[i].records);
            }
        }
    }
    sfi_csv_use_kernel(0);
}

static void test_csv__nul_and_bom_are_bytes_of_a_value(void **state)
{
    static const char text[] = "\xEF\xBB\xBF"
                               "a,b\n\0,\"\0\"\n";
    (void)state;
    sfi_csv_scan s;
    char message[800];
    assert_int_equal(sfi_csv_bom(text, sizeof text - 1), 3);
    assert_int_equal(sfi_csv_bom(text, 2), 0);
    scan_all(text + 3, sizeof text - 4, ',', 5, &s, message);
    assert_string_equal(message, "");
    assert_int_equal(s.records, 2);
    assert_int_equal(s.columns, 2);
}

static void test_csv__random_texts_are_read_as_a_plain_parser_does(void **state)
{
    static const char pieces[][8] = { "a", ",", "\"", "\n", "\r\n", "\"\"", "xyz", "\",\"", "\r", "\"\n", ",\"", "é" };
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < 3000; round++) {
        char text[700];
        size_t len = 0;
        bool tame = round % 2 == 0; /* half of them are mostly well-formed */
        while (len < sizeof text - 16) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            size_t k = (seed >> 33) % COUNT_OF(pieces);
            const char *piece = tame && (k == 2 || k > 7) ? (k % 2 == 0 ? "\"q,\n\"\"q\"," : "long text ") : pieces[k];
            size_t n = strlen(piece);
            memcpy(text + len, piece, n);
            len += n;
            if ((seed >> 50) % 97 == 0) break;
        }
        csv_reference want = csv_reference_read(text, len, ',', true);
        for (int kernel = 0; sfi_csv_kernel(kernel) != NULL; kernel++) {
            sfi_csv_use_kernel(kernel);
            sfi_csv_scan s;
            sf_status rc = SF_OK;
            sfi_csv_scan_init(&s, ',');
            s.any_columns = true;
            size_t chunk = 1 + (seed >> 20) % 200;
            for (size_t at = 0; rc == SF_OK && at < len; at += chunk)
                rc = sfi_csv_scan_feed(&s, text + at, len - at < chunk ? len - at : chunk, NULL);
            if (rc == SF_OK) rc = sfi_csv_scan_finish(&s, NULL);
            assert_int_equal(rc == SF_OK, want.ok);
            if (rc == SF_OK) assert_int_equal(s.records, want.records);
        }
        free(want.text);
    }
    sfi_csv_use_kernel(0);
}

static void test_csv__what_two_scans_found_is_joined(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,2\r\n\n\r\n\"x\ny,z\nv\",4\n\"\",6\n7,\"8\n\"\n9,10";
    enum { LEN = sizeof text - 1 };
    sfi_csv_scan whole, before, behind;
    size_t joined = 0, refused = 0;
    sfi_csv_scan_init(&whole, ',');
    assert_int_equal(sfi_csv_scan_feed(&whole, text, LEN, NULL), SF_OK);
    for (size_t at = 1; at <= LEN; at++) {
        if (text[at - 1] != '\n') continue;
        sfi_csv_scan_init(&before, ',');
        assert_int_equal(sfi_csv_scan_feed(&before, text, at, NULL), SF_OK);
        sfi_csv_scan_init(&behind, ',');
        behind.columns = 2;
        if (sfi_csv_scan_feed(&behind, text + at, LEN - at, NULL) == SF_OK && sfi_csv_scan_join(&before, &behind)) {
            assert_true(csv_scans_are_equal(&before, &whole));
            joined++;
        } else {
            refused++;
        }
    }
    assert_int_equal(joined, 7);
    assert_int_equal(refused, 3);                         /* within values */
    static const char within[] = "a,b\n\"c\nd,e\n\",f\n"; /* a line end in a value, and what follows is well-formed */
    sfi_csv_scan_init(&before, ',');
    assert_int_equal(sfi_csv_scan_feed(&before, within, 7, NULL), SF_OK);
    whole = before;
    sfi_csv_scan_init(&behind, ',');
    behind.columns = 2;
    assert_int_equal(sfi_csv_scan_feed(&behind, within + 7, 4, NULL), SF_OK);
    assert_false(sfi_csv_scan_join(&before, &behind));
    assert_true(csv_scans_are_equal(&before, &whole));
    behind.columns = 3; /* nor one with other columns */
    assert_int_equal(sfi_csv_scan_feed(&before, within + 7, sizeof within - 8, NULL), SF_OK);
    assert_false(sfi_csv_scan_join(&before, &behind));
}

static void test_csv__limits(void **state)
{
    (void)state;
    sfi_csv_reader *r;
    sfi_csv_record record;
    sf_error err;
    char *room;
    size_t size;
    assert_int_equal(sfi_csv_reader_new(&(sfi_csv_reader_options){ .record_max = 100 }, &r, NULL), SF_OK);
    assert_int_equal(sfi_csv_reader_room(r, 100, &room, &size, &err), SF_OK);
    memset(room, 'x', 100);
    sfi_csv_reader_added(r, 100);
    assert_int_equal(sfi_csv_reader_next(r, &record, &err), SF_DONE);
    assert_int_equal(sfi_csv_reader_room(r, 1, &room, &size, &err), SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "longer than 100 bytes"));
    sfi_csv_reader_free(r);

    assert_int_equal(sfi_csv_reader_new(NULL, &r, NULL), SF_OK);
    assert_int_equal(sfi_csv_reader_room(r, SFI_CSV_COLUMNS_MAX + 1, &room, &size, &err), SF_OK);
    memset(room, ',', SFI_CSV_COLUMNS_MAX + 1);
    sfi_csv_reader_added(r, SFI_CSV_COLUMNS_MAX + 1);
    sfi_csv_reader_end(r);
    assert_int_equal(sfi_csv_reader_next(r, &record, &err), SF_ERR_LIMIT);
    sfi_csv_reader_free(r);
}

static void test_csv__delimiters_are_guessed(void **state)
{
    static const struct {
        const char *text;
        char want;
    } cases[] = {
        { "a,b,c\n1,2,3\n", ',' }, { "a;b;c\n1;2,5;3\n", ';' },
        { "a\tb\n1\t2\n", '\t' },  { "a|b\n\"1|2\"|3\n", '|' },
        { "a^b^c\n", '^' },        { "a`b\nc`d\n", '`' },
        { "Id\n001\n", ',' },      { "", ',' },
        { "a;b\n1,2\n", ',' },     { "Name;Text\n\"x\";\"a,b,c\"\n", ';' },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  case %zu\n", i);
        assert_int_equal(sfi_csv_guess_delimiter(cases[i].text, strlen(cases[i].text)), cases[i].want);
    }
}

static void test_csv__fields_are_quoted_where_needed(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = { { "", "" },         { "a b", "a b" },   { "a,b", "\"a,b\"" }, { "a\"b", "\"a\"\"b\"" },
                  { "\n", "\"\n\"" }, { "\r", "\"\r\"" }, { "\"", "\"\"\"\"" }, { "a;b", "a;b" } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf out = { 0 };
        assert_true(sfi_csv_add_field(&out, sfi_str(cases[i].text), ',', false));
        assert_string_equal(out.data != NULL ? out.data : "", cases[i].want);
        sfi_buf_free(&out);
    }
    sfi_buf out = { 0 };
    assert_true(sfi_csv_add_field(&out, SFI_STR("a"), ',', true));
    assert_string_equal(out.data, "\"a\"");
    sfi_buf_free(&out);
}

static void test_csv__reader_survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) { /* 0, 1, 2 … allocations succeed, until all gets through */
        sfi_csv_reader *r = NULL;
        sfi_csv_record record;
        char *room;
        size_t size;
        test_allocations_limit(n);
        rc = sfi_csv_reader_new(&(sfi_csv_reader_options){ .keep_raw = true }, &r, NULL);
        if (rc == SF_OK) rc = sfi_csv_reader_room(r, 4, &room, &size, NULL);
        if (rc == SF_OK) {
            memcpy(room, "a,b\n", 4);
            sfi_csv_reader_added(r, 4);
            sfi_csv_reader_end(r);
            rc = sfi_csv_reader_next(r, &record, NULL);
            if (rc == SF_ROW) rc = SF_OK;
        }
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sfi_csv_reader_free(r);
        assert_int_equal(test_allocations_live(), 0);
    }
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__edge_cases),
        cmocka_unit_test(test_csv__nul_and_bom_are_bytes_of_a_value),
        cmocka_unit_test(test_csv__random_texts_are_read_as_a_plain_parser_does),
        cmocka_unit_test(test_csv__what_two_scans_found_is_joined),
        cmocka_unit_test(test_csv__limits),
        cmocka_unit_test(test_csv__delimiters_are_guessed),
        cmocka_unit_test(test_csv__fields_are_quoted_where_needed),
        cmocka_unit_test(test_csv__reader_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
