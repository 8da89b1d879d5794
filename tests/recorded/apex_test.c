/* apex_test.c: what Apex REST classes of real orgs once answered, taken by the client: rows, numbers as they were written,
 * empty bodies, errors. The files lie beside the checkout (shared/recorded, see its INDEX.md); without them the test says
 * so and is skipped. */
#include "support/replay.h"
#include <salesforce.h>

typedef struct taken {
    sf_status rc;
    sf_response answer;
    sf_document *doc; /* NULL: not JSON, or an error */
    sf_error err;
} taken;

static taken take(const char *name, const char *method)
{
    replay r;
    taken t = { .rc = SF_OK };
    replay_start(&r, name, 403, NULL);
    t.rc = sf_apex_request(r.sf, method, "/x", NULL, &t.answer, &t.err);
    sf_document *doc = NULL;
    sf_error err;
    sf_status rc = sf_apex_json(r.sf, method, "/x", NULL, &doc, &err);
    if (t.rc == SF_OK)
        assert_int_equal(rc, t.answer.body_len == 0 ? SF_DONE : SF_OK);
    else
        assert_int_equal(rc, t.rc);
    t.doc = doc;
    replay_stop(&r);
    return t;
}

static void end(taken *t)
{
    sf_response_clear(&t->answer);
    sf_document_free(t->doc);
}

static void test_recorded__values_stay_as_they_were_written(void **state)
{
    static const struct {
        const char *file, *path, *text;
    } cases[] = {
        { "misc/apexrest-eligibility-object.http", "incomeEligibilityResult", "Too Low" },
        { "misc/apexrest-listing-2016.http", "0.unitSummary.0.minRentalMinIncome", "2500.00" },
        { "misc/apexrest-listing-browse.http", "0.unitSummaries.general.0.minRentalMinIncome", "2477.50" },
        { "misc/apexrest-listing-unicode.http", "0.unitSummaries.general.0.absoluteMaxIncome", "8079" },
        { "misc/apexrest-lottery-buckets.http", "lotteryDate", "2023-11-28T20:00:00.000Z" },
        { "misc/apexrest-preferences-sobjects.http", "0.name", "LP-09774" },
        { "misc/apexrest-units.http", "0.Price_Without_Parking__c", "320000" },
        { "more/misc/apexrest-listing-2017.http", NULL, NULL },
        { "more/misc/apexrest-lottery-ranking.http", NULL, NULL },
        { "misc/apexrest-empty-array.http", NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        taken t = take(cases[i].file, "GET");
        if (t.rc != SF_OK) fail_msg("%s", t.err.message);
        assert_int_equal(t.answer.status, 200);
        sf_value root = sf_document_root(t.doc);
        char *json = NULL;
        size_t len = 0;
        assert_int_equal(sf_value_to_json(root, &json, &len, &t.err), SF_OK);
        assert_string_equal(json, t.answer.body); /* byte for byte: it was written without blanks */
        sf_free(json);
        if (cases[i].path != NULL) assert_string_equal(sf_get_str(root, cases[i].path), cases[i].text);
        end(&t);
    }
}

static void test_recorded__empty_answers_and_errors(void **state)
{
    static const struct {
        const char *file, *method;
        int status;
        sf_status rc;
        const char *code, *message;
    } cases[] = {
        { "misc/apexrest-delete-200-empty.http", "DELETE", 200, SF_OK, NULL, NULL },
        { "errors/apexrest-400-empty-body.http", "GET", 400, SF_ERR_ORG, "", "HTTP 400" },
        { "more/errors/apexrest-400-empty-body-2.http", "GET", 400, SF_ERR_ORG, "", "HTTP 400" },
        { "errors/apexrest-404-no-match.http", "GET", 404, SF_ERR_NOT_FOUND, "NOT_FOUND",
          "Could not find a match for URL /v1.0/EucDemoRestService/EUC" },
        { "errors/apexrest-500-apex-error.http", "GET", 500, SF_ERR_ORG, "APEX_ERROR",
          "Method does not exist or incorrect signature" },
        { "errors/apex-class-forbidden-403.json", "GET", 403, SF_ERR_ORG, "FORBIDDEN", "LeanDataAPI" },
        { "more/errors/invalid-session-401-apexrest-2015.http", "GET", 401, SF_ERR_AUTH, "INVALID_SESSION_ID",
          "Session expired or invalid" },
        { "more/errors/invalid-auth-header-401-on-delete.http", "DELETE", 401, SF_ERR_AUTH, "INVALID_AUTH_HEADER", "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        taken t = take(cases[i].file, cases[i].method);
        if (t.rc != cases[i].rc) fail_msg("%s: %s", sf_status_name(t.rc), t.err.message);
        assert_int_equal(t.answer.status, cases[i].status);
        assert_null(t.doc);
        if (cases[i].code != NULL) assert_string_equal(t.err.code, cases[i].code);
        if (cases[i].message != NULL && strstr(t.err.message, cases[i].message) == NULL) fail_msg("%s", t.err.message);
        if (t.rc != SF_OK) assert_int_equal(t.err.http_status, cases[i].status);
        end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__values_stay_as_they_were_written),
        cmocka_unit_test(test_recorded__empty_answers_and_errors),
    };
    return REPLAY_RUN("recorded.apex", tests);
}
