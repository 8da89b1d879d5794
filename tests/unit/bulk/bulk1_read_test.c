/* bulk1_read_test.c: answers of Bulk API 1.0 without a server: jobs and batches of both formats, results of rows of all three,
 * cut short at every byte, and read while memory fails, each allocation in turn. */
#include "bulk/bulk1_internal.h"
#include "support/support.h"

static const char job_xml[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><jobInfo\n   xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">\n"
    " <id>7505g00000XyZ03</id>\n <operation>upsert</operation>\n <object>Contact</object>\n"
    " <createdById>0055g00000AbCdEAAV</createdById>\n <createdDate>2024-11-23T22:20:00.000Z</createdDate>\n"
    " <systemModstamp>2024-11-23T22:20:01.000Z</systemModstamp>\n <state>Closed</state>\n"
    " <externalIdFieldName>Ext__c</externalIdFieldName>\n <concurrencyMode>Serial</concurrencyMode>\n"
    " <contentType>ZIP_XML</contentType>\n <numberBatchesTotal>3</numberBatchesTotal>\n"
    " <numberRecordsProcessed>16</numberRecordsProcessed>\n <apiVersion>62.0</apiVersion>\n"
    " <numberRecordsFailed>2</numberRecordsFailed>\n</jobInfo>";
static const char job_json[] =
    "{\"apiVersion\":62.0,\"assignmentRuleId\":null,\"concurrencyMode\":\"Serial\",\"contentType\":\"ZIP_XML\","
    "\"createdById\":\"0055g00000AbCdEAAV\",\"createdDate\":\"2024-11-23T22:20:00.000+0000\","
    "\"externalIdFieldName\":\"Ext__c\",\"fastPathEnabled\":false,\"id\":\"7505g00000XyZ03\",\"numberBatchesTotal\":3,"
    "\"numberRecordsFailed\":2,\"numberRecordsProcessed\":16,\"object\":\"Contact\",\"operation\":\"upsert\","
    "\"state\":\"Closed\",\"systemModstamp\":\"2024-11-23T22:20:01.000+0000\"}";

static char *copy(const char *text, size_t len)
{
    char *out = sfi_alloc(len + 65); /* as answers come: with room behind */
    if (out == NULL) return NULL;
    memcpy(out, text, len);
    memset(out + len, 0, 65);
    return out;
}

static sf_status read_job(const char *text, size_t len, sf_bulk1_job *out, sf_error *err)
{
    sfi_bulk1_answer answer;
    char *own = copy(text, len);
    if (own == NULL) return SF_ERR_MEMORY;
    sf_status rc = sfi_bulk1_parse(own, len, "test", &answer, err);
    if (rc != SF_OK) return rc;
    sfi_bulk1_node root = sfi_bulk1_root(&answer);
    rc = sfi_bulk1_read_job(&root, out, err);
    sfi_bulk1_answer_clear(&answer);
    return rc;
}

static void check_job(const sf_bulk1_job *job)
{
    assert_int_equal(strncmp(job->id.text, "7505g00000XyZ03", 15), 0);
    assert_int_equal(strlen(job->id.text), 18);
    assert_int_equal(job->state, SF_BULK1_JOB_CLOSED);
    assert_int_equal(job->format, SF_BULK1_ZIP_XML);
    assert_string_equal(job->operation, "upsert");
    assert_string_equal(job->external_id, "Ext__c");
    assert_string_equal(job->concurrency, "Serial");
    assert_string_equal(job->api_version, "62.0");
    assert_int_equal(job->created_ms, 1732400400000);
    assert_int_equal(job->modified_ms, 1732400401000);
    assert_true(job->batches == 3 && job->processed == 16 && job->failed == 2 && job->retries == -1);
}

static void test_bulk1_read__a_job_of_either_format(void **state)
{
    (void)state;
    sf_bulk1_job job;
    assert_int_equal(read_job(job_xml, sizeof job_xml - 1, &job, NULL), SF_OK);
    check_job(&job);
    assert_int_equal(read_job(job_json, sizeof job_json - 1, &job, NULL), SF_OK);
    check_job(&job);
}

static void test_bulk1_read__cut_at_every_byte_is_no_job(void **state)
{
    (void)state;
    sf_bulk1_job job;
    sf_error err;
    for (size_t n = 0; n < sizeof job_xml - 1; n++) assert_int_equal(read_job(job_xml, n, &job, &err), SF_ERR_PROTOCOL);
    for (size_t n = 0; n < sizeof job_json - 1; n++) assert_true(read_job(job_json, n, &job, &err) < 0);
}

/* ---- results of rows ---- */
typedef struct row {
    const char *id, *code, *message, *fields;
    bool success, created;
    int errors;
} row;

static void check_rows(const char *text, const row *want, size_t count)
{
    sf_bulk1_results *r;
    sf_bulk1_result got;
    sf_error err;
    size_t len = strlen(text);
    if (sfi_bulk1_results_take(copy(text, len), len, &r, &err) != SF_OK) fail_msg("%s: %s", text, err.message);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(sf_bulk1_results_next(r, &got, &err), SF_ROW);
        assert_int_equal(got.row, i + 1);
        assert_int_equal(strncmp(got.id.text, want[i].id, 15), 0);
        assert_true(got.success == want[i].success && got.created == want[i].created && got.errors == want[i].errors);
        if (!sfi_str_is(got.code, want[i].code) || !sfi_str_is(got.message, want[i].message) ||
            !sfi_str_is(got.fields, want[i].fields))
            fail_msg("row %zu: %.*s|%.*s|%.*s", i, (int)got.code.len, got.code.ptr, (int)got.message.len,
                     got.message.ptr, (int)got.fields.len, got.fields.ptr);
    }
    assert_int_equal(sf_bulk1_results_next(r, &got, &err), SF_DONE);
    sf_bulk1_results_close(r);
}

static void test_bulk1_read__rows_of_csv(void **state)
{
    (void)state;
    check_rows(
        "\"Id\",\"Success\",\"Created\",\"Error\"\n"
        "\"0035g00000Q1w2EAAR\",\"true\",\"true\",\"\"\n"
        "\"\",\"false\",\"false\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [A, B__c]:A,B__c --\"\n"
        "\"0035g00000Q1w3EAAR\",\"false\",\"false\",\"UNABLE_TO_LOCK_ROW:a: \"\"b\"\"\nand: c:--\"\n"
        "\"0035g00000Q1w3EAAR\",\"false\",\"false\",\"Error message with <b>HTML</b>\"\n"
        "\"\",\"false\",\"false\",\"See: below\"\n"
        "\"\",\"false\",\"false\",\"STRANGE_CODE:no end\"\n",
        (const row[]){
            { "0035g00000Q1w2EAAR", "", "", "", true, true, 0 },
            { "", "REQUIRED_FIELD_MISSING", "Required fields are missing: [A, B__c]", "A,B__c", false, false, 1 },
            { "0035g00000Q1w3EAAR", "UNABLE_TO_LOCK_ROW", "a: \"b\"\nand: c", "", false, false, 1 },
            { "0035g00000Q1w3EAAR", "", "Error message with <b>HTML</b>", "", false, false, 1 },
            { "", "", "See: below", "", false, false, 1 },
            { "", "STRANGE_CODE", "no end", "", false, false, 1 },
        },
        6);
    check_rows("Id,Success,Created,Error\r\n", NULL, 0);
    check_rows("Error,Created,Success,Id\n,false,true,0035g00000Q1w2EAAR\n", /* columns are found by their names */
               (const row[]){ { "0035g00000Q1w2EAAR", "", "", "", true, false, 0 } }, 1);
}

#define RESULTS_XML(rows)                                                                                              \
    "<results xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\" "                                               \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">" rows "</results>"

static void test_bulk1_read__rows_of_xml_and_json(void **state)
{
    (void)state;
    static const row want[] = {
        { "0035g00000Q1w2EAAR", "", "", "", true, true, 0 },
        { "", "DUPLICATES_DETECTED", "You are creating a \"duplicate\".", "A,B__c", false, true, 2 },
    };
    check_rows(RESULTS_XML("<result><id>0035g00000Q1w2EAAR</id><success>true</success><created>true</created></result>"
                           "<result>\n<errors><fields>A</fields><fields>B__c</fields>\n<message>\nYou are creating a "
                           "&quot;duplicate&quot;.\n</message><statusCode>DUPLICATES_DETECTED</statusCode></errors>"
                           "<errors><message>x</message><statusCode>Y</statusCode></errors><id xsi:nil=\"true\"/>"
                           "<success>false</success><created>true</created></result>"),
               want, 2);
    check_rows("[{\"success\":true,\"created\":true,\"id\":\"0035g00000Q1w2EAAR\",\"errors\":[]},"
               "{\"success\":false,\"created\":true,\"id\":null,\"errors\":[{\"fields\":[\"A\",\"B__c\"],\"message\":"
               "\"You are creating a \\\"duplicate\\\".\",\"statusCode\":\"DUPLICATES_DETECTED\","
               "\"extendedErrorDetails\":null},{\"message\":\"x\",\"statusCode\":\"Y\",\"fields\":[]}]}]",
               want, 2);
    check_rows("[]", NULL, 0);
    check_rows("<results xmlns=\"x\"/>", NULL, 0);
}

static void test_bulk1_read__what_is_no_result(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",     "Records not found",  "{}",
        "<a/>", "[{\"id\":\"x\"}]",   "<results><result><id>a</id></result></results>",
        "[",    "\"Id\",\"Success\n", "Id,Success,Created,Error\n0035g00000Q1w2EAAR,true"
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sf_bulk1_results *r = NULL;
        sf_bulk1_result got;
        sf_error err;
        size_t len = strlen(texts[i]);
        sf_status rc = sfi_bulk1_results_take(copy(texts[i], len), len, &r, &err);
        if (rc == SF_OK) rc = sf_bulk1_results_next(r, &got, &err);
        assert_true(rc == SF_ERR_PROTOCOL || rc == SF_ERR_TRUNCATED);
        if (r != NULL) assert_int_equal(sf_bulk1_results_next(r, &got, &err), rc); /* and stays so */
        sf_bulk1_results_close(r);
    }
}

static void test_bulk1_read__each_failed_allocation_is_survived(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Id,Success,Created,Error\n,false,false,CODE:m:F --\n",
        "[{\"success\":false,\"created\":false,\"id\":null,\"errors\":[{\"fields\":[\"F\"],\"message\":\"m\","
        "\"statusCode\":\"CODE\"}]}]",
        RESULTS_XML("<result><errors><fields>F</fields><message>m</message><statusCode>CODE</statusCode></errors>"
                    "<success>false</success></result>"),
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sf_status rc = SF_ERR_MEMORY;
        long before = test_allocations_live();
        for (int n = 0; rc != SF_ROW && n < 500; n++) {
            sf_bulk1_results *r = NULL;
            sf_bulk1_result got;
            sf_error err;
            size_t len = strlen(texts[i]);
            char *own = copy(texts[i], len);
            test_allocations_limit(n);
            rc = sfi_bulk1_results_take(own, len, &r, &err);
            if (rc == SF_OK) rc = sf_bulk1_results_next(r, &got, &err);
            test_allocations_limit(-1);
            if (rc == SF_ROW) assert_true(sfi_str_is(got.fields, "F") && sfi_str_is(got.message, "m"));
            sf_bulk1_results_close(r);
            assert_int_equal(test_allocations_live(), before);
        }
        assert_int_equal(rc, SF_ROW);
    }
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bulk1_read__a_job_of_either_format),
        cmocka_unit_test(test_bulk1_read__cut_at_every_byte_is_no_job),
        cmocka_unit_test(test_bulk1_read__rows_of_csv),
        cmocka_unit_test(test_bulk1_read__rows_of_xml_and_json),
        cmocka_unit_test(test_bulk1_read__what_is_no_result),
        cmocka_unit_test(test_bulk1_read__each_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests_name("answers of Bulk API 1.0", tests, NULL, NULL);
}
