/*
 * soap.c: what only SOAP can do: any call with a body of one's own, converting leads, merging, undeleting. Leaves two
 * accounts, a contact and an opportunity behind. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

/* Two leads in one call of a body of our own. @param ids gets theirs. */
static sf_status create_leads(sf_client *sf, sf_id ids[2], sf_error *err)
{
    static const char *const companies[] = { "Smith & Wesson \"<AG>\"", "שלום 😀" };
    sf_xml_writer *w = sf_xml_writer_new();
    sf_xml_begin(w, "urn:create");
    for (int i = 0; i < 2; i++) {
        sf_record *lead = sf_record_new("Lead");
        sf_record_set_str(lead, "LastName", "Lovelace");
        sf_record_set_str(lead, "Company", companies[i]); /* escaped by the writer, and only there */
        sf_soap_add_record(w, "urn:sObjects", lead, SF_SOAP_PARTNER);
        sf_record_free(lead);
    }
    sf_xml_end(w);
    sf_str body;
    sf_xml *answer = NULL;
    sf_status rc = sf_xml_writer_text(w, &body, err); /* what went wrong on the way comes back here */
    if (rc == SF_OK) rc = sf_soap_call(sf, body, NULL, &answer, err);
    sf_xml_element row = sf_xml_child(sf_soap_body(answer), "result");
    for (int i = 0; i < 2 && sf_xml_exists(row); i++, row = sf_xml_next(row, "result")) {
        const char *id = sf_xml_get_str(row, "id");
        snprintf(ids[i].text, sizeof ids[i].text, "%.18s", id != NULL ? id : "");
        if (id == NULL) printf("not created: %s\n", sf_xml_get_str(row, "errors.message"));
    }
    sf_xml_free(answer);
    sf_xml_writer_free(w);
    return rc;
}

/* @param accounts gets what the leads became. */
static sf_status convert(sf_client *sf, const sf_id ids[2], sf_id accounts[2], sf_error *err)
{
    const sf_soap_lead leads[] = {
        { .lead_id = ids[0].text, .converted_status = "Closed - Converted", .opportunity_name = "First deal" },
        { .lead_id = ids[1].text, .converted_status = "Closed - Converted", .do_not_create_opportunity = true },
        { .lead_id = ids[1].text, .converted_status = "Closed - Converted" }, /* a second time: refused */
    };
    sf_soap_results *rows = NULL;
    sf_status rc = sf_soap_convert_leads(sf, leads, 3, NULL, &rows, err);
    for (size_t i = 0; i < sf_soap_results_count(rows); i++) {
        const sf_soap_result *row = sf_soap_results_at(rows, i);
        sf_error why;
        if (sf_soap_result_error(row, &why) == SF_OK)
            printf("converted: account %s, contact %s, opportunity %s\n", row->account_id.text, row->contact_id.text,
                   row->opportunity_id.text[0] != '\0' ? row->opportunity_id.text : "none");
        else
            printf("not converted: %s\n", why.code);
        if (i < 2) accounts[i] = row->account_id;
    }
    sf_soap_results_free(rows);
    return rc;
}

static sf_status merge_and_take_back(sf_client *sf, const sf_id accounts[2], sf_error *err)
{
    const char *gone = accounts[1].text;
    sf_soap_results *rows = NULL;
    sf_record *master = sf_record_new("Account");
    sf_record_set_str(master, "Phone", "+44 20 7946 0018");
    sf_status rc = sf_soap_merge(
        sf, &(sf_soap_merge_request){ .master = master, .master_id = accounts[0].text, .ids = &gone, .id_count = 1 }, 1,
        NULL, &rows, err);
    if (rc == SF_OK) printf("merged: %zu failed\n", sf_soap_results_failed(rows));
    sf_soap_results_free(rows);
    sf_record_free(master);
    rows = NULL;
    if (rc == SF_OK) rc = sf_soap_undelete(sf, &gone, 1, NULL, &rows, err);
    if (rc == SF_OK) printf("taken back: %zu failed\n", sf_soap_results_failed(rows));
    sf_soap_results_free(rows);
    return rc;
}

/* A query by SOAP: a call that only reads, so it is repeated when its answer is lost. */
static sf_status count_contacts(sf_client *sf, sf_error *err)
{
    static const char query[] = "<urn:query><urn:queryString>SELECT Name FROM Contact WHERE LastName = 'Lovelace' "
                                "ORDER BY Id</urn:queryString></urn:query>";
    sf_xml *answer = NULL;
    sf_status rc = sf_soap_call(sf, (sf_str){ query, sizeof query - 1 }, NULL, &answer, err);
    sf_xml_element result = sf_xml_child(sf_soap_body(answer), "result");
    if (rc == SF_OK)
        printf("%lld contacts, the first is %s\n", (long long)sf_xml_get_int(result, "size", 0),
               sf_xml_get_str(result, "records.Name"));
    sf_xml_free(answer);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_xml *me = NULL;
    sf_id leads[2] = { { "" } }, accounts[2] = { { "" } };
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = sf_soap_get_user_info(sf, NULL, &me, &err);
    if (rc == SF_OK) printf("logged in as %s\n", sf_xml_get_str(sf_soap_body(me), "result.userFullName"));
    if (rc == SF_OK) rc = create_leads(sf, leads, &err);
    if (rc == SF_OK) rc = convert(sf, leads, accounts, &err);
    if (rc == SF_OK) rc = merge_and_take_back(sf, accounts, &err);
    if (rc == SF_OK) rc = count_contacts(sf, &err);
    if (rc < 0) fprintf(stderr, "%s: %s\n", sf_status_name(rc), err.message);
    sf_xml_free(me);
    sf_client_close(sf);
    return rc < 0;
}
