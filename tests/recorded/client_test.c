/* client_test.c: answers that real orgs once gave, replayed through the client. The files lie beside the checkout
 * (shared/recorded, see its INDEX.md); without them the test says so and is skipped. What is here is what they must yield. */
#include "support/replay.h"
#include <salesforce.h>

/* Rows of a cursor and of all its child queries. */
static sf_status read_rows(sf_query *q, int64_t *rows, int64_t *children, sf_error *err)
{
    sf_value row, child_row;
    sf_status rc;
    *rows = *children = 0;
    while ((rc = sf_query_next(q, &row, err)) == SF_ROW) {
        (*rows)++;
        const char *id = sf_get_str(row, "Id");
        assert_true(id == NULL || strlen(id) == 18);
        for (size_t i = 0; i < sf_query_column_count(q); i++) {
            sf_column column = sf_query_column(q, i);
            sf_query *child = NULL;
            if (!column.is_children) continue;
            if (sf_query_children(q, sf_get(row, column.path), &child, err) != SF_OK) fail_msg("%s", err->message);
            while ((rc = sf_query_next(child, &child_row, err)) == SF_ROW) (*children)++;
            assert_int_equal(rc, SF_DONE);
            sf_query_close(child);
        }
    }
    return rc;
}

static void test_recorded__queries_give_their_rows(void **state)
{
    static const struct {
        const char *file, *soql; /* soql NULL: a further page, by its URL */
        int64_t rows, total, children;
        sf_status end;
    } cases[] = {
        { "query/account-105-rows-v42.http", "SELECT Id FROM Account", 105, 105, 0, SF_DONE },
        { "query/account-many-fields-pretty.json", "SELECT Id FROM Account", 6, 6, 0, SF_DONE },
        { "query/account-rows-v62-pretty.json", "SELECT Id FROM Account", 10, 10, 0, SF_DONE },
        { "query/aggregate-count-id-pretty.json", "SELECT COUNT(Id) FROM Account", 1, 1, 0, SF_DONE },
        { "query/aggregate-count-id-v51.http", "SELECT COUNT(Id) FROM Account", 1, 1, 0, SF_DONE },
        { "query/aggregate-double-and-int.json", "SELECT CampaignId, SUM(Amount) FROM Opportunity GROUP BY CampaignId",
          3, 3, 0, SF_DONE },
        { "query/aggregate-groups-aliases.json",
          "SELECT WhatId, ActivityDate, Status, COUNT(Id) MyCount FROM Task GROUP BY WhatId, ActivityDate, Status", 7,
          7, 0, SF_DONE },
        { "query/case-rows-subquery-v59.http", "SELECT Id FROM Case", 26, 26, 0, SF_DONE },
        { "query/case-rows-v62.http", "SELECT Id FROM Case", 26, 26, 0, SF_DONE },
        { "query/contact-rows-compound-v59.http", "SELECT Id FROM Contact", 213, 213, 0, SF_DONE },
        { "query/contact-three-rows-v37.http", "SELECT Id FROM Contact", 3, 3, 0, SF_DONE },
        { "query/contact-with-parent-account-v51.http", "SELECT Id, Account.Name FROM Contact", 2, 2, 0, SF_DONE },
        { "query/contacts-rows-v59.json", "SELECT Id FROM Contact", 20, 20, 0, SF_DONE },
        { "query/custom-object-rows-nulls-v37.http", "SELECT Id FROM Book__c", 3, 3, 0, SF_DONE },
        { "query/empty-result-v42.http", "SELECT Id FROM Contact", 0, 0, 0, SF_DONE },
        { "query/empty-result-v51.http", "SELECT Id FROM Contact", 0, 0, 0, SF_DONE },
        { "query/five-accounts-v63.http", "SELECT Id FROM Account", 5, 5, 0, SF_DONE },
        { "query/large-page-1243-rows-one-response.http", "SELECT Id FROM Account", 1243, 1243, 0, SF_DONE },
        { "query/opportunity-parent-account-v60.json", "SELECT Id FROM Opportunity", 2, 2, 0, SF_DONE },
        { "query/opportunity-subquery-v60.json", "SELECT Id, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity",
          1, 1, 2, SF_DONE },
        { "query/subquery-null-and-rows.json", "SELECT Id, (SELECT Id FROM Opportunities) FROM Account", 17, 17, 2,
          SF_DONE },
        { "query/tooling-query-apextestresult.json", "SELECT Id, (SELECT Id FROM ApexTestResults) FROM ApexTestResult",
          3, 3, 2, SF_DONE },
        { "query/tooling-query-installed-package.json", "SELECT SubscriberPackage.Name FROM InstalledSubscriberPackage",
          1, 1, 0, SF_DONE },
        { "query/typeof-who-event-v62.json", "SELECT Id, TYPEOF Who WHEN Contact THEN LastName ELSE Id END FROM Event",
          3, 3, 0, SF_DONE },
        { "query/user-rows-v59.http", "SELECT Id FROM User", 8, 8, 0, SF_DONE },
        { "query/page1-2000-of-2086-v59.http", "SELECT Id FROM Account", 60, 2086, 0,
          SF_ERR_PROTOCOL }, /* its own next page each time */
        { "query/page2-last-86-v59.http", NULL, 86, 2086, 0, SF_DONE },
        { "query/page2-last-86-v59.http", "SELECT Id FROM Account", 86, 2086, 0,
          SF_ERR_TRUNCATED }, /* as a first page it is short */
        { "query/querymore-last-page-v37.json", NULL, 21, 4021, 0, SF_DONE },
        { "more/query/leads-fields-all.json", "SELECT FIELDS(ALL) FROM Lead LIMIT 200", 8, 8, 0, SF_DONE },
        { "more/query/opportunity-rows-v59.http", "SELECT Id FROM Opportunity", 31, 31, 0, SF_DONE },
        { "more/query/contacts-16-rows-pretty.json", "SELECT FirstName FROM Contact", 16, 16, 0, SF_DONE },
        { "more/query/queryall-five-accounts-v60.http", "SELECT Id, Name FROM Account", 5, 5, 0, SF_DONE },
        { "more/query/querymore-v60.http", NULL, 86, 2086, 0, SF_DONE },
        { "more/query/tooling-query-coverage.json", "SELECT ApexClassOrTrigger.Name FROM ApexCodeCoverageAggregate", 4,
          4, 0, SF_DONE },
        { "more/query/tooling-query-empty.json", "SELECT Id FROM ApexTestQueueItem", 0, 0, 0, SF_DONE },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_error err = { 0 };
        sf_query *q = NULL;
        int64_t rows, children;
        replay_start(&r, cases[i].file, 200, NULL);
        sf_query_options o = { .no_prefetch = true,
                               .resume = cases[i].soql == NULL ? "/services/data/v59.0/query/0r8x-2000" : NULL };
        if (sf_query_open(r.sf, cases[i].soql, &o, &q, &err) != SF_OK) fail_msg("%s", err.message);
        sf_status rc = read_rows(q, &rows, &children, &err);
        if (rc != cases[i].end) fail_msg("%s %s", sf_status_name(rc), err.message);
        assert_true(cases[i].rows == 0 ? rows == 0
                                       : rows % cases[i].rows == 0); /* circles repeat the page once before they show */
        if (rc == SF_DONE) assert_int_equal(rows, cases[i].rows);
        assert_int_equal(children, cases[i].children);
        assert_int_equal(sf_query_total(q), cases[i].total);
        assert_true(cases[i].rows == 0 || sf_query_column_count(q) > 0);
        sf_query_close(q);
        replay_stop(&r);
    }
}

static void test_recorded__describes_have_their_fields(void **state)
{
    static const struct {
        const char *file, *object;
        size_t fields, children;
    } cases[] = {
        { "describe/account-v42-2021.http", "Account", 70, 69 },
        { "describe/account-v58.http", "Account", 70, 137 },
        { "describe/contact-indented.json", "Contact", 59, 95 },
        { "describe/event-compact.json", "Event", 48, 27 },
        { "describe/lead-compact.json", "Lead", 54, 57 },
        { "describe/lead-v42.http", "Lead", 59, 40 },
        { "describe/opportunity-pretty.json", "Opportunity", 40, 49 },
        { "describe/topic-v42.http", "Topic", 7, 12 },
        { "describe/whizbang-custom-object-v20.json", "Whizbang", 30, 12 },
        { "more/describe/campaign-v42.http", "Campaign", 33, 36 },
        { "more/describe/case-v-old.json", "Case", 35, 49 },
        { "more/describe/contact-v42.http", "Contact", 77, 65 },
        { "more/describe/opportunitycontactrole.json", "OpportunityContactRole", 11, 2 },
    };
    (void)state;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    replay r;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay_start(&r, cases[i].file, 200, NULL);
        if (sf_describe_object(r.sf, cases[i].object, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        sf_value root = sf_document_root(doc);
        assert_string_equal(sf_get_str(root, "name"), cases[i].object);
        assert_int_equal(sf_value_count(sf_get(root, "fields")), cases[i].fields);
        assert_int_equal(sf_value_count(sf_get(root, "childRelationships")), cases[i].children);
        sf_document_free(doc);
        replay_stop(&r);
    }
    static const struct {
        const char *file;
        size_t objects;
    } globals[] = { { "describe/global-v59-first-200.http", 200 }, { "more/describe/global-subset.json", 110 } };
    for (size_t i = 0; i < COUNT_OF(globals); i++) {
        replay_start(&r, globals[i].file, 200, NULL);
        if (sf_describe_global(r.sf, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(sf_value_count(sf_get(sf_document_root(doc), "sobjects")), globals[i].objects);
        sf_document_free(doc);
        replay_stop(&r);
    }
    replay_start(&r, "describe/basic-info-account-v63.http", 200, NULL);
    assert_int_equal(sf_describe_basic(r.sf, "Account", NULL, &doc, &err), SF_OK);
    assert_int_equal(sf_value_count(sf_document_root(doc)), 2);
    sf_document_free(doc);
    replay_stop(&r);
}

static void test_recorded__records_are_read_and_written(void **state)
{
    static const char *const creates[] = {
        "records/create-201-account-v59.http",
        "records/create-201-lead-v51.http",
        "records/create-201-pretty.json",
        "records/create-201-topic-v42.http",
        "records/create-201-user-v28.http",
        "more/records/create-201-campaign-v42.http",
        "more/records/create-201-custom-object-v37.http",
    };
    static const struct {
        const char *file;
        size_t members;
    } gets[] = {
        { "records/get-account-all-fields-v62.http", 71 },
        { "records/get-account-v42.http", 68 },
        { "records/get-account-v53.json", 72 },
        { "records/get-lead-v42.http", 60 },
        { "records/get-organization.json", 56 },
        { "records/get-user-by-id-field-v60.http", 184 },
        { "more/records/get-contact-v42.http", 76 },
    };
    static const char *const updates[] = {
        "records/update-204-user-v28.http", "records/update-204-v37.http",
        "records/update-204-v63.http",      "more/records/update-204-v37-campaignmember.http",
        "more/records/update-204-v51.http",
    };
    static const char *const deletes[] = { "records/delete-204-v37.http", "records/delete-204-v63.http" };
    (void)state;
    static const char any[] = "001000000000000AAA";
    sf_error err = { 0 };
    sf_record *record = sf_record_new("Account");
    assert_int_equal(sf_record_set_str(record, "Name", "n"), SF_OK);
    replay r;
    for (size_t i = 0; i < COUNT_OF(creates); i++) {
        sf_id id = { "" };
        replay_start(&r, creates[i], 201, NULL);
        if (sf_record_create(r.sf, record, NULL, &id, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(strlen(id.text), 18);
        replay_stop(&r);
    }
    for (size_t i = 0; i < COUNT_OF(gets); i++) {
        sf_document *doc = NULL;
        replay_start(&r, gets[i].file, 200, NULL);
        if (sf_record_get(r.sf, "Account", any, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(sf_value_count(sf_document_root(doc)), gets[i].members);
        assert_int_equal(strlen(sf_get_str(sf_document_root(doc), "Id")), 18);
        sf_document_free(doc);
        replay_stop(&r);
    }
    for (size_t i = 0; i < COUNT_OF(updates); i++) {
        replay_start(&r, updates[i], 204, NULL);
        if (sf_record_update(r.sf, record, any, NULL, &err) != SF_OK) fail_msg("%s", err.message);
        replay_stop(&r);
    }
    for (size_t i = 0; i < COUNT_OF(deletes); i++) {
        replay_start(&r, deletes[i], 204, NULL);
        if (sf_record_delete(r.sf, "Account", any, NULL, &err) != SF_OK) fail_msg("%s", err.message);
        replay_stop(&r);
    }
    for (int created = 0; created < 2; created++) {
        sf_upsert_result saved = { 0 };
        replay_start(&r, created ? "records/upsert-201-created-v60.http" : "records/patch-by-external-id-200-v59.http",
                     200, NULL);
        if (sf_record_upsert(r.sf, record, "Ext__c", "v", NULL, &saved, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(saved.created, created != 0);
        assert_int_equal(strlen(saved.id.text), 18);
        replay_stop(&r);
    }
    sf_record_free(record);
}

static void test_recorded__errors_keep_code_and_status(void **state)
{
    static const struct {
        const char *file;
        int status;
        sf_status want;
        const char *code, *fields, *word;
    } cases[] = {
        { "errors/apex-class-forbidden-403.json", 403, SF_ERR_ORG, "FORBIDDEN", "", "Apex" },
        { "errors/apexrest-400-empty-body.http", 400, SF_ERR_ORG, "", "", "400" },
        { "errors/apexrest-404-no-match.http", 404, SF_ERR_NOT_FOUND, "NOT_FOUND", "", "Could not find a match" },
        { "errors/attachment-400-required-body.json", 400, SF_ERR_ORG, "REQUIRED_FIELD_MISSING", "Body", "Body" },
        { "errors/collections-400-no-records.json", 400, SF_ERR_ORG, "REQUIRED_FIELD_MISSING", "", "1 record" },
        { "errors/create-400-insufficient-access-cross-reference.http", 400, SF_ERR_ORG,
          "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", "" },
        { "errors/get-404-not-found-v42.http", 404, SF_ERR_NOT_FOUND, "NOT_FOUND", "", "does not exist" },
        { "errors/invalid-auth-header-401.http", 401, SF_ERR_AUTH, "INVALID_AUTH_HEADER", "", "" },
        { "errors/invalid-session-401-2017.http", 401, SF_ERR_AUTH, "INVALID_SESSION_ID", "", "" },
        { "errors/invalid-session-scope-missing-401.json", 401, SF_ERR_AUTH, "INVALID_SESSION_ID", "", "" },
        { "errors/maintenance-html-503.http", 503, SF_ERR_UNAVAILABLE, "", "", "503" },
        { "errors/patch-400-invalid-field-for-insert-update.json", 400, SF_ERR_ORG, "INVALID_FIELD_FOR_INSERT_UPDATE",
          "MasterRecordId", "" },
        { "errors/query-400-invalid-query-filter-operator.http", 400, SF_ERR_ORG, "INVALID_QUERY_FILTER_OPERATOR", "",
          "column 258" },
        { "errors/query-400-invalid-type.json", 400, SF_ERR_ORG, "INVALID_TYPE", "", "not supported" },
        { "errors/unable-to-lock-row-400.json", 400, SF_ERR_ORG, "UNABLE_TO_LOCK_ROW", "", "" },
        { "errors/upsert-300-multiple.json", 300, SF_ERR_ORG, "", "", "records match" },
        { "errors/url-not-reset-400.json", 400, SF_ERR_ORG, "URL_NOT_RESET", "", "" },
        { "errors/soap-405-only-post-allowed.http", 405, SF_ERR_PROTOCOL, "", "", "no API host" },
        { "more/errors/apexrest-400-empty-body-2.http", 400, SF_ERR_ORG, "", "", "400" },
        { "more/errors/create-400-unknown-field.json", 400, SF_ERR_ORG, "INVALID_FIELD", "", "" },
        { "more/errors/delete-404.json", 404, SF_ERR_NOT_FOUND, "ENTITY_IS_DELETED", "", "" },
        { "more/errors/unable-to-lock-row-with-id-400.json", 400, SF_ERR_ORG, "UNABLE_TO_LOCK_ROW", "", "" },
        { "more/errors/upsert-404-no-external-id-field.json", 404, SF_ERR_NOT_FOUND, "NOT_FOUND", "",
          "external ID field" },
        { "errors/save-result-success-false.json", 200, SF_ERR_ORG, "MALFORMED_ID", "", "malformed id" },
        { "errors/unknown-exception-500.json", 500, SF_ERR_UNKNOWN_OUTCOME, "", "", "may have taken effect" },
    };
    (void)state;
    sf_record *record = sf_record_new("Account");
    assert_int_equal(sf_record_set_str(record, "Name", "n"), SF_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_error err = { 0 };
        replay_start(&r, cases[i].file, cases[i].status, NULL);
        sf_status rc = sf_record_create(r.sf, record, NULL, NULL, &err);
        if (rc != cases[i].want) fail_msg("%s %s", sf_status_name(rc), err.message);
        if (cases[i].code[0] != '\0') assert_string_equal(err.code, cases[i].code);
        assert_string_equal(err.fields, cases[i].fields);
        if (cases[i].status >= 300) assert_int_equal(err.http_status, cases[i].status);
        if (strstr(err.message, cases[i].word) == NULL) fail_msg("\"%s\" is not in: %s", cases[i].word, err.message);
        assert_null(strchr(err.message, '\n'));
        replay_stop(&r);
    }
    sf_record_free(record);
}

static void test_recorded__limits_and_versions_are_read(void **state)
{
    static const struct {
        const char *file;
        size_t count;
        const char *path;
        double want;
    } cases[] = {
        { "limits/limits-v60.http", 71, "DailyApiRequests.Remaining", 14976 },
        { "more/limits/limits-v53.json", 48, "DailyApiRequests.Remaining", 14953 },
        { "limits/versions-21-to-54.json", 34, "33.version", 54 },
        { "limits/versions-31-to-66.http", 36, "35.version", 66 },
        { "more/limits/resources-or-versions.http", 36, "35.version", 66 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_error err = { 0 };
        sf_document *doc = NULL;
        bool is_limits = strstr(cases[i].file, "limits-v") != NULL;
        replay_start(&r, cases[i].file, 200, NULL);
        sf_status rc = is_limits ? sf_get_limits(r.sf, NULL, &doc, &err) : sf_get_versions(r.sf, NULL, &doc, &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(sf_value_count(sf_document_root(doc)), cases[i].count);
        assert_true(sf_get_double(sf_document_root(doc), cases[i].path, 0) == cases[i].want);
        sf_document_free(doc);
        replay_stop(&r);
    }
}

static void test_recorded__token_answers_are_understood(void **state)
{
    static const struct {
        const char *file;
        int status;
        sf_status want;
        const char *word;
    } cases[] = {
        { "oauth/token-password-2015.http", 200, SF_OK, "" },
        { "oauth/token-password-sandbox-2024.http", 200, SF_OK, "" },
        { "more/oauth/token-password-2015-key-order.http", 200, SF_OK, "" },
        { "more/oauth/token-password-production-2024.http", 200, SF_OK, "" },
        { "more/oauth/token-ok-old.json", 200, SF_OK, "" },
        { "oauth/token-error-invalid-grant-2015.http", 400, SF_ERR_AUTH, "invalid_grant" },
        { "oauth/token-error-invalid-grant.json", 400, SF_ERR_AUTH, "invalid_grant" },
        { "oauth/token-error-refresh.json", 400, SF_ERR_AUTH, "invalid_grant" },
        { "oauth/token-error-unsupported-grant-type.http", 400, SF_ERR_AUTH, "unsupported_grant_type" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_error err = { 0 };
        sf_client *sf = NULL;
        replay_start(&r, cases[i].file, cases[i].status, NULL);
        const sf_auth auth = { .flow = SF_AUTH_PASSWORD,
                               .client_id = "id",
                               .client_secret = "secret",
                               .username = "user",
                               .password = "word" };
        sf_status rc = sf_client_open(&(sf_client_options){ .login_url = wire_url(r.server, ""),
                                                            .retry = { .retries_max = SF_NONE },
                                                            .auth = auth },
                                      &sf, &err);
        if (rc == SF_OK) rc = sf_client_login(sf, NULL, &err);
        if (rc != cases[i].want) fail_msg("%s %s", sf_status_name(rc), err.message);
        if (strstr(err.message, cases[i].word) == NULL && strcmp(err.code, cases[i].word) != 0)
            fail_msg("%s", err.message);
        sf_client_close(sf);
        replay_stop(&r);
    }
}

static void test_recorded__searches_give_their_rows(void **state)
{
    static const struct {
        const char *file;
        int status;
        int64_t rows;
        const char *code; /* NULL: an answer */
    } cases[] = {
        { "query/search-mixed.json", 200, 6, NULL },
        { "query/parameterized-search-empty-v59.http", 200, 0, NULL },
        { "errors/search-400-malformed.json", 400, 0, "MALFORMED_SEARCH" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_error err;
        sf_search *s = NULL;
        sf_value row;
        int64_t rows = 0;
        replay_start(&r, cases[i].file, cases[i].status, NULL);
        sf_status rc = sf_search_open(r.sf, "FIND {any text}", NULL, &s, &err);
        while (rc >= 0 && (rc = sf_search_next(s, &row, &err)) == SF_ROW) {
            assert_non_null(sf_get_str(row, "attributes.type"));
            rows++;
        }
        assert_int_equal(rc, cases[i].code != NULL ? SF_ERR_ORG : SF_DONE);
        if (cases[i].code != NULL) assert_string_equal(err.code, cases[i].code);
        assert_int_equal(rows, cases[i].rows);
        sf_search_close(s);
        replay_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__queries_give_their_rows),
        cmocka_unit_test(test_recorded__searches_give_their_rows),
        cmocka_unit_test(test_recorded__describes_have_their_fields),
        cmocka_unit_test(test_recorded__records_are_read_and_written),
        cmocka_unit_test(test_recorded__errors_keep_code_and_status),
        cmocka_unit_test(test_recorded__limits_and_versions_are_read),
        cmocka_unit_test(test_recorded__token_answers_are_understood),
    };
    test_allocator_install();
    return REPLAY_RUN("recorded", tests);
}
