/*
 * rest_collections_fuzz.c: the two things from outside that collections read.
 *  - Any bytes as the answer to some rows: it is taken only when it is an array of as many objects that each say success;
 *    then every row has a result, which is the same when read again, and a failed one has a code's status and a message.
 *  - Any bytes as a row of JSON: one that is taken makes the request longer by one record, which is the same JSON with the
 *    writer's attributes or its own; one that is refused leaves the request as it was.
 * The first byte is the number of rows and the operation.
 */
#include "rest/writer_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what) ((what) ? (void)0 : broken(#what, __LINE__))

static void broken(const char *what, int line)
{
    fprintf(stderr, "line %d: does not hold: %s\n", line, what);
    abort();
}

static void check_answer(sf_str text, size_t rows, sf_operation operation)
{
    sfi_json *doc = NULL;
    sf_value row;
    const sfi_collection c = { .operation = operation };
    REQUIRE(sfi_json_new(&doc, NULL) == SF_OK);
    sfi_answer answer = {
        .status = 200, .body = sfi_alloc(text.len + 64), .body_len = text.len, .body_cap = text.len + 64
    };
    if (text.len > 0) memcpy(answer.body, text.ptr, text.len);
    memset(answer.body + text.len, 0, 64);
    sf_error err = { 0 };
    sf_status rc = sfi_collection_read(NULL, &answer, doc, rows, "test", &err);
    REQUIRE(rc == SF_OK || err.message[0] != '\0');
    size_t count = 0;
    sf_iter it = sf_iter_begin(sfi_json_root(doc));
    while (rc == SF_OK && sf_iter_next(&it, NULL, &row)) {
        static sf_row_result one, again;
        sfi_collection_result(&c, row, count % 2 == 0, &one);
        sfi_collection_result(&c, row, count % 2 == 0, &again);
        REQUIRE(one.success == again.success && one.created == again.created);
        REQUIRE(strcmp(one.id.text, again.id.text) == 0);
        REQUIRE(!one.created || one.success);
        if (!one.success) {
            REQUIRE(one.error.status == SF_ERR_ORG && one.error.message[0] != '\0');
            REQUIRE(strcmp(one.error.message, again.error.message) == 0);
            REQUIRE(sfi_utf8_valid(one.error.message, strlen(one.error.message)));
        }
        count++;
    }
    REQUIRE(rc != SF_OK || count == rows);
    sfi_answer_clear(&answer);
    sfi_json_free(doc);
}

/* The rows of a request that is ended, as JSON. */
static size_t records(const sfi_rows *rows, sf_value *last, sfi_json *doc)
{
    sfi_buf whole = { 0 };
    sfi_buf_add(&whole, rows->text.data, rows->text.len);
    sfi_buf_add_str(&whole, "]}");
    REQUIRE(sfi_json_parse(doc, sfi_buf_str(&whole), NULL) == SF_OK);
    sfi_buf_free(&whole);
    sf_value list = sf_get(sfi_json_root(doc), "records"), row = { 0 };
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &row)) *last = row;
    return sf_value_count(list);
}

static void check_row(sf_client *sf, sf_str text)
{
    sf_writer *w = NULL;
    sfi_json *doc = NULL;
    sf_value last = { 0 };
    REQUIRE(sfi_json_new(&doc, NULL) == SF_OK);
    const sf_writer_options o = { .operation = SF_INSERT, .object = "Account" };
    REQUIRE(sf_writer_open(sf, &o, &w, NULL) == SF_OK);
    REQUIRE(sf_writer_add_json(w, SFI_STR("{\"Name\":\"first\"}"), NULL) == SF_OK);
    const sfi_rows *rows = &sfi_writer_filling(w)->rows;
    size_t before = rows->text.len;
    sf_status rc = sf_writer_add_json(w, text, NULL);
    REQUIRE(rc == SF_OK || rc == SF_ERR_USAGE || rc == SF_ERR_LIMIT);
    REQUIRE(records(rows, &last, doc) == (rc == SF_OK ? 2U : 1U));
    REQUIRE(rc == SF_OK || rows->text.len == before);
    if (rc == SF_OK) {
        const char *type = sf_get_str(last, "attributes.type");
        REQUIRE(type != NULL && sfi_rest_is_name(type));
    }
    sf_writer_abort(w);
    sfi_json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sf_client *sf; /* it sends nothing; made once */
    if (size == 0 || size > 64 * SFI_KIB) return 0;
    const sf_client_options options = { .instance_url = "http://127.0.0.1:9",
                                        .api_version = "62.0",
                                        .auth = { .flow = SF_AUTH_NONE } };
    if (sf == NULL) REQUIRE(sf_client_open(&options, &sf, NULL) == SF_OK);
    sf_str text = { (const char *)data + 1, size - 1 };
    check_answer(text, data[0] % 4, (sf_operation)(data[0] / 4 % 4 + 1));
    check_row(sf, text);
    return 0;
}
