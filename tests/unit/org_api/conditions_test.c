/* conditions_test.c: ETag lists and the conditional headers of reads and writes, as a table of headers and outcomes. */
#include "api/rest.h"
#include "support/support.h"

static void test_etag__is_found_in_lists_whatever_its_suffix(void **state)
{
    static const struct {
        const char *list;
        bool want;
    } cases[] = {
        { "\"abc\"", true },
        { "\"abc--gzip\"", true },
        { "\"abc-gzip\"", true },
        { "W/\"abc\"", true },
        { "*", true },
        { "\"x\", \"abc\"", true },
        { "\"x\",\"abc--gzip\" ", true },
        { "\"ab\"", false },
        { "\"abcd\"", false },
        { "abc", false },
        { "", false },
        { "\"x\"", false },
        { ",,", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].list);
        assert_int_equal(sfo_etag_in(cases[i].list, "\"abc\""), cases[i].want);
    }
}

typedef struct headers {
    const char *match, *none_match, *modified, *unmodified;
} headers;

static const char *header(void *connection, const char *name)
{
    const headers *h = connection;
    if (sfi_eq_nocase(name, "If-Match")) return h->match;
    if (sfi_eq_nocase(name, "If-None-Match")) return h->none_match;
    if (sfi_eq_nocase(name, "If-Modified-Since")) return h->modified;
    return sfi_eq_nocase(name, "If-Unmodified-Since") ? h->unmodified : NULL;
}

#define BEFORE "Fri, 22 Nov 2024 10:00:00 GMT"
#define EXACT "Sat, 23 Nov 2024 10:00:00 GMT"
#define AFTER "Sun, 24 Nov 2024 10:00:00 GMT"

/* A row with the tag "abc", last changed at EXACT and a half second. */
static void test_conditions__decide_reads_and_writes(void **state)
{
    static const struct {
        headers h;
        int read, write;
    } cases[] = {
        /* status; 200: goes on */
        { { NULL, NULL, NULL, NULL }, 200, 200 },
        { { "\"abc\"", NULL, NULL, NULL }, 200, 200 },
        { { "\"x\"", NULL, NULL, NULL }, 412, 412 },
        { { NULL, "\"abc\"", NULL, NULL }, 304, 412 },
        { { NULL, "\"x\"", NULL, NULL }, 200, 200 },
        { { NULL, NULL, EXACT, NULL }, 304, 412 },
        { { NULL, NULL, AFTER, NULL }, 304, 412 },
        { { NULL, NULL, BEFORE, NULL }, 200, 200 },
        { { NULL, NULL, NULL, EXACT }, 200, 200 },
        { { NULL, NULL, NULL, AFTER }, 200, 200 },
        { { NULL, NULL, NULL, BEFORE }, 412, 412 },
        { { NULL, "\"x\"", AFTER, NULL }, 200, 200 }, /* the tag outranks the date on both */
        { { NULL, NULL, "soon", NULL }, 200, 400 },
        { { NULL, NULL, NULL, "soon" }, 200, 400 },
    };
    (void)state;
    static sfo_response response;
    sfo_row_state row = { .etag = "\"abc\"" };
    assert_true(sfi_http_date_parse(SFI_STR(EXACT), &row.modified_ms));
    row.modified_ms += 500;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        headers h = cases[i].h;
        sfo_request request = {
            .method = "GET", .path = "/", .query = "", .host = "h", .header = header, .connection = &h
        };
        sfo_call call = { .request = &request, .response = &response };
        print_message("  case %zu\n", i);
        sfo_response_init(&response);
        int read = sfo_not_modified(&call, row.etag, row.modified_ms) ? 304 : 200;
        if (!sfo_precondition_holds(&call, &row, true)) read = response.status;
        assert_int_equal(read, cases[i].read);
        sfo_response_clear(&response);
        int write = sfo_precondition_holds(&call, &row, false) ? 200 : response.status;
        assert_int_equal(write, cases[i].write);
        sfo_response_clear(&response);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_etag__is_found_in_lists_whatever_its_suffix),
        cmocka_unit_test(test_conditions__decide_reads_and_writes),
    };
    return cmocka_run_group_tests_name("org_api conditions", tests, NULL, NULL);
}
