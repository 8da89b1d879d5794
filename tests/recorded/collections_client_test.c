/* collections_client_test.c: what real orgs once answered to collections, replayed through the client: each row's result.
 * The files lie beside the checkout (shared/recorded); without them the test says so and is skipped. */
#include "support/replay.h"
#include <salesforce.h>

typedef struct recording {
    const char *file;
    sf_operation operation;
    size_t rows, failed, created;
    const char *code, *fields; /* of the last failed row */
} recording;

static const recording recordings[] = {
    { "composite/collections-create-v63.http", SF_INSERT, 1, 0, 1, "", "" },
    { "more/composite/collections-create-six.json", SF_INSERT, 6, 0, 6, "", "" },
    { "more/composite/collections-create-v42.http", SF_INSERT, 1, 0, 1, "", "" },
    { "more/composite/collections-create-v62.json", SF_INSERT, 3, 0, 3, "", "" },
    { "composite/collections-create-required-field-missing-v42.http", SF_INSERT, 1, 1, 0, "REQUIRED_FIELD_MISSING",
      "Name" },
    { "composite/collections-all-or-none-rolled-back.json", SF_INSERT, 2, 2, 0, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
      "" },
    { "composite/collections-update-converted-lead-v42.http", SF_UPDATE, 1, 1, 0, "CANNOT_UPDATE_CONVERTED_LEAD", "" },
    { "composite/collections-update-error-v59.http", SF_UPDATE, 1, 1, 0, "INVALID_CROSS_REFERENCE_KEY", "" },
    { "composite/collections-update-missing-argument.json", SF_UPDATE, 2, 2, 0, "MISSING_ARGUMENT", "" },
    { "composite/collections-update-mixed-v42.http", SF_UPDATE, 2, 1, 0, "INVALID_EMAIL_ADDRESS", "email_field__c" },
    { "more/composite/collections-update-all-or-none.json", SF_UPDATE, 2, 2, 0, "INVALID_FIELD", "" },
    { "composite/collections-upsert-by-email.json", SF_UPSERT, 16, 0, 16, "", "" },
    { "more/composite/collections-upsert-by-id.json", SF_UPSERT, 16, 0, 16, "", "" },
    { "composite/collections-upsert-one-created.json", SF_UPSERT, 1, 0, 1, "", "" },
    { "composite/collections-upsert-json-parser-error-v63.http", SF_UPSERT, 1, 1, 0, "JSON_PARSER_ERROR", "" },
    { "composite/collections-delete-three-v42.http", SF_DELETE, 3, 0, 0, "", "" },
    { "composite/collections-delete-v66.http", SF_DELETE, 2, 0, 0, "", "" },
};

static void check_row(const sf_row_result *one, const char **code, const char **fields)
{
    static sf_error last;
    if (one->success) {
        assert_int_equal(strlen(one->id.text), 18);
        return;
    }
    last = one->error;
    *code = last.code;
    *fields = last.fields;
    assert_int_equal(one->error.status, SF_ERR_ORG);
    assert_true(one->error.message[0] != '\0');
    assert_false(one->created);
}

static void test_recorded__collections_give_a_result_a_row(void **state)
{
    (void)state;
    sf_record *record = sf_record_new("Account");
    const sf_record *records[SF_COLLECTION_MAX];
    const char *ids[SF_COLLECTION_MAX];
    for (size_t i = 0; i < SF_COLLECTION_MAX; i++) records[i] = record, ids[i] = "001000000000001AAA";
    for (size_t i = 0; i < COUNT_OF(recordings); i++) {
        const recording *want = &recordings[i];
        replay r;
        sf_error err;
        sf_row_results *results = NULL;
        sf_row_result one;
        const char *code = "", *fields = "";
        size_t created = 0;
        replay_start(&r, want->file, 200, NULL);
        sf_status rc =
            want->operation == SF_INSERT   ? sf_collection_create(r.sf, records, want->rows, NULL, &results, &err)
            : want->operation == SF_UPDATE ? sf_collection_update(r.sf, records, ids, want->rows, NULL, &results, &err)
            : want->operation == SF_UPSERT
                ? sf_collection_upsert(r.sf, "Email", records, want->rows, NULL, &results, &err)
                : sf_collection_delete(r.sf, ids, want->rows, NULL, &results, &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(sf_row_results_count(results), want->rows);
        assert_int_equal(sf_row_results_failed(results), want->failed);
        for (size_t row = 0; row < want->rows; row++) {
            assert_true(sf_row_results_get(results, row, &one));
            check_row(&one, &code, &fields);
            created += one.created;
        }
        assert_int_equal(created, want->created);
        assert_string_equal(code, want->code);
        assert_string_equal(fields, want->fields);
        sf_row_results_free(results);
        replay_stop(&r);
    }
    sf_record_free(record);
}

/* The same answers to a writer: the counts are those of the recording. */
static bool note(void *user, const sf_row_result *one)
{
    const char *code = "", *fields = "";
    (void)user;
    check_row(one, &code, &fields);
    return true;
}

static void test_recorded__a_writer_counts_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(recordings); i++) {
        const recording *want = &recordings[i];
        replay r;
        sf_error err;
        sf_writer *w = NULL;
        sf_writer_counts counts;
        replay_start(&r, want->file, 200, NULL);
        sf_writer_options o = { .operation = want->operation,
                                .object = "Account",
                                .external_id = want->operation == SF_UPSERT ? "Email" : NULL,
                                .on_result = note };
        assert_int_equal(sf_writer_open(r.sf, &o, &w, &err), SF_OK);
        for (size_t row = 0; row < want->rows; row++)
            assert_int_equal(want->operation == SF_DELETE
                                 ? sf_writer_add_id(w, "001000000000001AAA", &err)
                                 : sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("x") }), &err),
                             SF_OK);
        assert_int_equal(sf_writer_close(w, &counts, &err), want->failed > 0 ? SF_ERR_ORG : SF_OK);
        assert_int_equal(counts.succeeded, want->rows - want->failed);
        assert_int_equal(counts.failed, want->failed);
        assert_int_equal(counts.created, want->created);
        replay_stop(&r);
    }
}

static void test_recorded__a_refusal_of_the_whole(void **state)
{
    (void)state;
    replay r;
    sf_error err;
    sf_row_results *results = NULL;
    sf_record *record = sf_record_new("Account");
    replay_start(&r, "errors/collections-400-no-records.json", 400, NULL);
    assert_int_equal(sf_collection_create(r.sf, (const sf_record *[]){ record }, 1, NULL, &results, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
    assert_non_null(strstr(err.message, "At least 1 record is required"));
    assert_null(results);
    sf_record_free(record);
    replay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__collections_give_a_result_a_row),
        cmocka_unit_test(test_recorded__a_writer_counts_them),
        cmocka_unit_test(test_recorded__a_refusal_of_the_whole),
    };
    return REPLAY_RUN("collections_client", tests);
}
