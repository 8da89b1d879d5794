/*
 * soap_test.c: the SOAP calls against a real sforce-org, partner and enterprise: what they do is looked up by REST.
 */
#include <salesforce.h>
#include "support/org_process.h"

static test_org org;
static sf_client *sf;

static void must(sf_status rc, const sf_error *err)
{
    if (rc < 0) fail_msg("%s: %s", sf_status_name(rc), err->message);
}

static sf_client *open_client(void)
{
    sf_client *client = NULL;
    sf_error err;
    must(sf_client_open(&(sf_client_options){ .login_url = org.url,
                                              .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                        .client_id = org.client_id,
                                                        .client_secret = org.client_secret } },
                        &client, &err),
         &err);
    return client;
}

static sf_id create(const char *object, const char *const *fields)
{
    sf_error err;
    sf_id id;
    sf_record *r = sf_record_new(object);
    for (; fields[0] != NULL; fields += 2) sf_record_set_str(r, fields[0], fields[1]);
    must(sf_record_create(sf, r, NULL, &id, &err), &err);
    sf_record_free(r);
    return id;
}
#define CREATE(object, ...) create(object, (const char *const[]){ __VA_ARGS__, NULL })

/* A field of a record, by REST; free with sf_document_free(*doc). */
static const char *field_of(const char *object, const char *id, const char *field, sf_document **doc)
{
    sf_error err;
    must(sf_record_get(sf, object, id, &(sf_read_options){ .fields = (const char *const[]){ field, NULL } }, doc, &err),
         &err);
    return sf_get_str(sf_document_root(*doc), field);
}

static void assert_field(const char *object, sf_id id, const char *field, const char *want)
{
    sf_document *doc = NULL;
    const char *is = field_of(object, id.text, field, &doc);
    if (want == NULL ? is != NULL : is == NULL || strcmp(is, want) != 0)
        fail_msg("%s.%s is %s, want %s", object, field, is != NULL ? is : "null", want != NULL ? want : "null");
    sf_document_free(doc);
}

static const char odd[] = "<&>\"' \xF0\x9F\x98\x80 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D ]]> \t&amp;";

static void test_soap__texts_survive_both_ways(void **state)
{
    (void)state;
    for (int api = SF_SOAP_PARTNER; api <= SF_SOAP_ENTERPRISE; api++) {
        sf_error err;
        sf_str body;
        sf_xml *doc = NULL;
        sf_xml_writer *w = sf_xml_writer_new();
        sf_record *r = sf_record_new("Account");
        sf_record_set_str(r, "Name", odd);
        sf_record_set_str(r, "Description", "one\ntwo\n\nthree");
        sf_record_set_decimal(r, "AnnualRevenue", "12345678.9");
        sf_xml_begin(w, "urn:create");
        sf_soap_add_record(w, "urn:sObjects", r, (sf_soap_api)api);
        sf_xml_end(w);
        sf_record_free(r);
        const sf_soap_options o = { .api = (sf_soap_api)api };
        must(sf_xml_writer_text(w, &body, &err), &err);
        must(sf_soap_call(sf, body, &o, &doc, &err), &err);
        sf_id id;
        const char *text = sf_xml_get_str(sf_soap_body(doc), "result.id");
        assert_non_null(text);
        snprintf(id.text, sizeof id.text, "%s", text);
        sf_xml_free(doc);
        sf_xml_writer_free(w);
        assert_field("Account", id, "Name", odd);
        assert_field("Account", id, "Description", "one\ntwo\n\nthree");

        char query[300];
        int n = snprintf(
            query, sizeof query,
            "<query><queryString>SELECT Name, Description FROM Account WHERE Id = '%s'</queryString></query>", id.text);
        must(sf_soap_call(sf, (sf_str){ query, (size_t)n }, &o, &doc, &err), &err);
        assert_string_equal(sf_xml_get_str(sf_soap_body(doc), "result.records.Name"), odd);
        assert_string_equal(sf_xml_get_str(sf_soap_body(doc), "result.records.Description"), "one\ntwo\n\nthree");
        sf_xml_free(doc);
    }
}

static void test_soap__leads_become_what_they_should(void **state)
{
    (void)state;
    for (int api = SF_SOAP_PARTNER; api <= SF_SOAP_ENTERPRISE; api++) {
        sf_error err;
        sf_soap_results *rows = NULL;
        sf_id a = CREATE("Lead", "LastName", "Adler", "FirstName", "Ada", "Company", odd, "Email", "ada@example.com");
        sf_id b = CREATE("Lead", "LastName", "Berg", "Company", "B");
        sf_id account = CREATE("Account", "Name", "There");
        sf_record *extra = sf_record_new("Account"), *contact = sf_record_new("Contact"),
                  *deal = sf_record_new("Opportunity");
        sf_record_set_str(extra, "Website", "https://example.com/?a=1&b=2");
        sf_record_set_str(contact, "Title", "CTO <x>");
        sf_record_set_str(deal, "NextStep", "call & write");
        const sf_soap_lead leads[] = {
            { .lead_id = a.text,
              .converted_status = "Closed - Converted",
              .opportunity_name = odd,
              .account_record = extra,
              .contact_record = contact,
              .opportunity_record = deal },
            { .lead_id = b.text,
              .converted_status = "Closed - Converted",
              .account_id = account.text,
              .do_not_create_opportunity = true },
            { .lead_id = b.text, .converted_status = "Closed - Converted" },
            { .lead_id = "00Q000000000009AAA", .converted_status = "Closed - Converted" },
        };
        must(sf_soap_convert_leads(sf, leads, 4, &(sf_soap_options){ .api = (sf_soap_api)api }, &rows, &err), &err);
        const sf_soap_result *first = sf_soap_results_at(rows, 0), *second = sf_soap_results_at(rows, 1);
        if (!first->success) fail_msg("%s: %s", first->errors[0].code, first->errors[0].message);
        assert_true(second->success);
        assert_field("Account", first->account_id, "Name", odd);
        assert_field("Account", first->account_id, "Website", "https://example.com/?a=1&b=2");
        assert_field("Contact", first->contact_id, "Title", "CTO <x>");
        assert_field("Contact", first->contact_id, "Email", "ada@example.com");
        assert_field("Contact", first->contact_id, "AccountId", first->account_id.text);
        assert_field("Opportunity", first->opportunity_id, "Name", odd);
        assert_field("Opportunity", first->opportunity_id, "NextStep", "call & write");
        assert_field("Lead", a, "ConvertedOpportunityId", first->opportunity_id.text);
        assert_field("Lead", a, "Status", "Closed - Converted");
        assert_string_equal(second->account_id.text, account.text);
        assert_string_equal(second->opportunity_id.text, "");
        assert_int_equal(sf_soap_results_failed(rows), 2);
        assert_int_equal(sf_soap_result_error(sf_soap_results_at(rows, 2), &err), SF_ERR_ORG);
        assert_string_equal(err.code, "CANNOT_UPDATE_CONVERTED_LEAD");
        assert_true(sf_soap_result_error(sf_soap_results_at(rows, 3), &err) < 0);
        assert_true(err.code[0] != '\0');
        sf_soap_results_free(rows);
        sf_record_free(extra);
        sf_record_free(contact);
        sf_record_free(deal);
    }
}

static void test_soap__all_or_none_undoes_the_good_ones(void **state)
{
    (void)state;
    sf_error err;
    sf_soap_results *rows = NULL;
    sf_id a = CREATE("Lead", "LastName", "Alone", "Company", "Alone");
    const sf_soap_lead leads[] = { { .lead_id = a.text, .converted_status = "Closed - Converted" },
                                   { .lead_id = a.text, .converted_status = "No such status" } };
    must(sf_soap_convert_leads(sf, leads, 2, &(sf_soap_options){ .all_or_none = true }, &rows, &err), &err);
    assert_int_equal(sf_soap_results_failed(rows), 2);
    sf_soap_results_free(rows);
    assert_field("Lead", a, "IsConverted", "false");
}

static void test_soap__merge_undelete_and_the_bin(void **state)
{
    (void)state;
    sf_error err;
    sf_soap_results *rows = NULL;
    sf_id one = CREATE("Account", "Name", "One"), two = CREATE("Account", "Name", "Two"),
          three = CREATE("Account", "Name", "Three");
    sf_id child = CREATE("Contact", "LastName", "Child", "AccountId", two.text);
    const char *losers[] = { two.text, three.text };
    sf_record *master = sf_record_new("Account");
    sf_record_set_str(master, "Phone", "1 & 2");
    must(sf_soap_merge(
             sf, &(sf_soap_merge_request){ .master = master, .master_id = one.text, .ids = losers, .id_count = 2 }, 1,
             NULL, &rows, &err),
         &err);
    const sf_soap_result *row = sf_soap_results_at(rows, 0);
    assert_true(row->success);
    assert_string_equal(row->id.text, one.text);
    assert_int_equal(row->merged_count, 2);
    assert_string_equal(row->updated_related_ids[0].text, child.text);
    sf_soap_results_free(rows);
    sf_record_free(master);
    assert_field("Account", one, "Phone", "1 & 2");
    assert_field("Contact", child, "AccountId", one.text);

    must(sf_soap_undelete(sf, losers, 2, NULL, &rows, &err), &err);
    assert_int_equal(sf_soap_results_failed(rows), 0);
    sf_soap_results_free(rows);
    assert_field("Account", two, "Name", "Two");
    must(sf_soap_undelete(sf, losers, 1, NULL, &rows, &err), &err);
    assert_int_equal(sf_soap_results_failed(rows), 1);
    assert_string_equal(sf_soap_results_at(rows, 0)->errors[0].code, "UNDELETE_FAILED");
    sf_soap_results_free(rows);

    must(sf_record_delete(sf, "Account", two.text, NULL, &err), &err);
    must(sf_soap_empty_recycle_bin(sf, losers, 2, NULL, &rows, &err), &err);
    assert_true(sf_soap_results_at(rows, 0)->success);
    assert_false(sf_soap_results_at(rows, 1)->success); /* it is not in the bin */
    sf_soap_results_free(rows);
}

static void test_soap__the_same_as_rest_says(void **state)
{
    (void)state;
    sf_error err;
    sf_xml *me = NULL;
    sf_client_info info;
    int64_t ms = 0;
    must(sf_client_get_info(sf, &info, &err), &err);
    must(sf_soap_get_user_info(sf, &(sf_soap_options){ .api = SF_SOAP_ENTERPRISE }, &me, &err), &err);
    assert_string_equal(sf_xml_get_str(sf_soap_body(me), "result.userId"), info.user_id.text);
    assert_string_equal(sf_xml_get_str(sf_soap_body(me), "result.organizationId"), info.org_id.text);
    assert_string_equal(sf_xml_namespace(sf_soap_body(me)), "urn:enterprise.soap.sforce.com");
    sf_xml_free(me);
    must(sf_soap_get_server_timestamp(sf, NULL, &ms, &err), &err);
    assert_true(ms > 1700000000000);
    sf_api_usage usage;
    assert_int_equal(sf_client_get_api_usage(sf, &usage), SF_ROW);
    assert_true(usage.used > 0 && usage.max > usage.used);
}

static void test_soap__approvals(void **state)
{
    (void)state;
    sf_error err;
    sf_soap_results *rows = NULL;
    sf_id account = CREATE("Account", "Name", "To approve");
    const sf_soap_process_request submit = { .object_id = account.text, .comments = "please <now> & here" };
    must(sf_soap_process(sf, &submit, 1, NULL, &rows, &err), &err);
    const sf_soap_result *row = sf_soap_results_at(rows, 0);
    if (!row->success) fail_msg("%s: %s", row->errors[0].code, row->errors[0].message);
    assert_string_equal(row->id.text, account.text);
    assert_string_equal(row->instance_status, "Pending");
    assert_int_equal(row->actor_count, 1);
    assert_int_equal(row->new_workitem_count, 1);
    sf_id item = row->new_workitem_ids[0];
    sf_soap_results_free(rows);
    must(sf_soap_process(sf, &submit, 1, NULL, &rows, &err), &err); /* a second time: refused */
    assert_int_equal(sf_soap_results_failed(rows), 1);
    assert_string_equal(sf_soap_results_at(rows, 0)->errors[0].code, "ALREADY_IN_PROCESS");
    sf_soap_results_free(rows);
    const sf_soap_process_request approve = { .workitem_id = item.text, .action = "Approve", .comments = "yes" };
    must(sf_soap_process(sf, &approve, 1, NULL, &rows, &err), &err);
    assert_true(sf_soap_results_at(rows, 0)->success);
    assert_string_equal(sf_soap_results_at(rows, 0)->instance_status, "Approved");
    sf_soap_results_free(rows);
}

static void test_soap__mail_is_sent_or_refused_by_row(void **state)
{
    (void)state;
    sf_error err;
    sf_soap_results *rows = NULL;
    const sf_soap_email_file file = { .name = "a & b.txt", .content_type = "text/plain", .bytes = "\0\1\2", .len = 3 };
    const sf_soap_email mails[] = {
        { .to = { (const char *const[]){ "ada@example.com" }, 1 },
          .subject = odd,
          .plain_text_body = "Hello",
          .files = &file,
          .file_count = 1 },
        { .to = { (const char *const[]){ "no address" }, 1 }, .subject = "S", .html_body = "<b>x</b>" },
    };
    sf_status rc = sf_soap_send_email(sf, mails, 2, NULL, &rows, &err);
    must(rc, &err);
    assert_int_equal(sf_soap_results_count(rows), 2);
    assert_true(sf_soap_results_at(rows, 0)->success);
    assert_false(sf_soap_results_at(rows, 1)->success);
    assert_string_equal(sf_soap_results_at(rows, 1)->errors[0].code, "INVALID_EMAIL_ADDRESS");
    sf_soap_results_free(rows);
}

static void test_soap__faults_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code, *says;
    } cases[] = {
        { "<query><queryString>SELECT Nonsense FROM Account</queryString></query>", "INVALID_FIELD", "Nonsense" },
        { "<query><queryString>SELECT Id FROM</queryString></query>", "MALFORMED_QUERY", "" },
        { "<query><queryString>SELECT Id FROM Nowhere__c</queryString></query>", "INVALID_TYPE", "Nowhere__c" },
        { "<queryMore><queryLocator>01g000000000001-1</queryLocator></queryMore>", "INVALID_QUERY_LOCATOR", "" },
        { "<frobnicate/>", "Client", "frobnicate" },
        { "<convertLead><leadConverts><nothing/></leadConverts></convertLead>", "Client", "nothing" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        sf_status rc = sf_soap_call(sf, (sf_str){ cases[i].body, strlen(cases[i].body) }, NULL, NULL, &err);
        print_message("  %s: %s\n", sf_status_name(rc), rc < 0 ? err.message : "");
        assert_int_equal(rc, SF_ERR_ORG);
        assert_int_equal(err.http_status, 500);
        assert_string_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.message, cases[i].says));
    }
}

static void test_soap__passwords_and_ends_of_sessions(void **state)
{
    (void)state;
    sf_error err;
    sf_xml *me = NULL;
    char *password = NULL, *token = NULL;
    sf_client *other = open_client(); /* its sessions end here, and those of the others stay */
    sf_client_info info;
    must(sf_client_get_info(other, &info, &err), &err);
    assert_int_equal(sf_soap_set_password(other, "005000000000009AAA", "x", NULL, &err), SF_ERR_ORG);
    must(sf_soap_set_password(other, info.user_id.text, "N3w-pass<word>&1", NULL, &err), &err);
    must(sf_soap_reset_password(other, info.user_id.text, NULL, &password, &err), &err);
    assert_true(strlen(password) >= 8);
    must(sf_soap_change_own_password(other, password, "An0ther&one!", NULL, &err), &err);
    assert_int_equal(sf_soap_change_own_password(other, password, "An0ther&two!", NULL, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_OLD_PASSWORD");
    sf_free(password);

    must(sf_soap_logout(other, NULL, &err), &err);
    must(sf_soap_logout(other, NULL, &err), &err); /* out already */
    sf_client_stats stats;
    sf_client_get_stats(other, &stats);
    assert_int_equal(stats.refreshes, 0); /* nobody logs in to log out */
    must(sf_soap_get_user_info(other, NULL, &me, &err), &err);
    sf_client_get_stats(other, &stats);
    assert_int_equal(stats.refreshes, 1);
    sf_xml_free(me);

    must(sf_client_get_access_token(other, &token, &err), &err);
    sf_soap_results *rows = NULL;
    must(sf_soap_invalidate_sessions(sf, (const char *const[]){ token }, 1, NULL, &rows, &err), &err);
    assert_int_equal(sf_soap_results_failed(rows), 0);
    sf_soap_results_free(rows);
    assert_int_equal(test_org_http(&org, "GET", "/services/data/v62.0/limits", token, NULL), 401);
    sf_free(token);
    sf_client_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_soap__texts_survive_both_ways),
        cmocka_unit_test(test_soap__leads_become_what_they_should),
        cmocka_unit_test(test_soap__all_or_none_undoes_the_good_ones),
        cmocka_unit_test(test_soap__merge_undelete_and_the_bin),
        cmocka_unit_test(test_soap__the_same_as_rest_says),
        cmocka_unit_test(test_soap__approvals),
        cmocka_unit_test(test_soap__mail_is_sent_or_refused_by_row),
        cmocka_unit_test(test_soap__faults_say_what_is_wrong),
        cmocka_unit_test(test_soap__passwords_and_ends_of_sessions),
    };
    test_org_start(&org, (const char *const[]){ "--data", ":memory:", "--seed", "empty", NULL });
    sf = open_client();
    int rc = cmocka_run_group_tests_name("soap", tests, NULL, NULL);
    sf_client_close(sf);
    int stopped = test_org_stop(&org);
    return rc != 0 ? rc : stopped;
}
