/* soap_test.c: SOAP requests through sfo_org_handle without a socket: every operation with each allocation failing in turn, and
 * envelopes cut short at every byte. An answer is always well-formed, and says what happened. */
#include "api/api.h"
#include "support/support.h"
#include "xml/xml_internal.h"

static sfo_schema *schema;
static sfo_store *store;
static sfo_org *org;
static char token[160];
static sfo_response response;
static char account[19], contact[19], lead[19];

static const char *header(void *connection, const char *name)
{
    (void)connection;
    if (sfi_eq_nocase(name, "SOAPAction")) return "\"\"";
    return sfi_eq_nocase(name, "Content-Type") ? "text/xml" : NULL;
}

static void ask(const char *path, const char *text, size_t len)
{
    sfo_request request = { .method = "POST",
                            .path = path,
                            .query = "",
                            .body = { text, len },
                            .host = "h:1",
                            .loopback = true,
                            .header = header };
    sfo_response_clear(&response);
    sfo_response_init(&response);
    sfo_org_handle(org, &request, &response);
}

static const char *envelope(const char *body, char *out, size_t size)
{
    int len = snprintf(out, size,
                       "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                       "xmlns=\"urn:partner.soap.sforce.com\" xmlns:so=\"urn:sobject.partner.soap.sforce.com\" "
                       "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><e:Header><SessionHeader><sessionId>%s"
                       "</sessionId></SessionHeader></e:Header><e:Body>%s</e:Body></e:Envelope>",
                       token, body);
    assert_in_range(len, 1, size - 1);
    return out;
}

static void assert_well_formed(void)
{
    sfi_xml *doc = NULL;
    sf_error err;
    if (sfi_xml_parse(sfi_buf_str(&response.body), &doc, &err) != SF_OK)
        fail_msg("%s: %s", err.message, response.body.data);
    sfi_xml_free(doc);
}

static void call(const char *body)
{
    char text[4096];
    envelope(body, text, sizeof text);
    ask("/services/Soap/u/62.0", text, strlen(text));
    assert_well_formed();
}

/* Text of the first element of that name. */
static void element(const char *name, char out[19])
{
    char tag[40];
    (void)snprintf(tag, sizeof tag, "<%s>", name);
    const char *at = response.body.data != NULL ? strstr(response.body.data, tag) : NULL;
    if (at == NULL) fail_msg("no %s in %s", name, response.body.data);
    (void)snprintf(out, 19, "%s", at + strlen(tag));
}

/* Runs a call with 0, 1, 2 … allocations left and undoes what it did, until it says what it should. */
static void starve(const char *body, const char *part)
{
    char text[4096];
    print_message("  %.60s\n", body);
    envelope(body, text, sizeof text);
    for (long n = 0;; n++) {
        if (n > 20000) fail_msg("%d %s", response.status, response.body.data);
        assert_true(sfo_store_begin(store, NULL));
        test_allocations_limit(n);
        ask("/services/Soap/u/62.0", text, strlen(text));
        test_allocations_limit(-1);
        sfo_store_rollback(store);
        if (response.body.failed) continue; /* the server makes a 500 of it */
        assert_true(response.status == 200 || response.status == 500);
        if (response.body.data == NULL) continue;
        assert_well_formed();
        if (response.status == 200 && strstr(response.body.data, part) != NULL) return;
    }
}

static void test_soap__survives_each_failed_allocation(void **state)
{
    char body[1024];
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* undoing a call holds the store's lock around all of it, sessions too, which no request does */
#endif
    starve("<getUserInfo/>", "<userId>005");
    starve("<create><sObjects><so:type>Account</so:type><so:Name>x</so:Name></sObjects></create>",
           "<success>true</success>");
    (void)snprintf(body, sizeof body,
                   "<update><sObjects><so:type>Account</so:type><so:fieldsToNull>Fax</so:fieldsToNull><so:Id>%s</so:Id>"
                   "<so:Phone>1</so:Phone></sObjects></update>",
                   account);
    starve(body, "<success>true</success>");
    (void)snprintf(body, sizeof body,
                   "<upsert><externalIDFieldName>Id</externalIDFieldName><sObjects><so:type>Account</so:type><so:Id>%s"
                   "</so:Id><so:Phone>1</so:Phone></sObjects></upsert>",
                   account);
    starve(body, "<created>false</created>");
    (void)snprintf(body, sizeof body, "<delete><ids>%s</ids><ids>x</ids></delete>", account);
    starve(body, "<success>true</success></result><result><errors><message>bad id x");
    (void)snprintf(body, sizeof body, "<undelete><ids>%s</ids></undelete>", account);
    starve(body, "UNDELETE_FAILED");
    (void)snprintf(body, sizeof body,
                   "<retrieve><fieldList>Id,Name</fieldList><sObjectType>Account</sObjectType><ids>%s</ids></retrieve>",
                   account);
    starve(body, "<sf:Name>Kept</sf:Name>");
    starve("<query><queryString>SELECT Id, Name, BillingAddress, Owner.Name, (SELECT LastName FROM Contacts) FROM "
           "Account</queryString></query>",
           "<sf:LastName>Kept too</sf:LastName>");
    starve("<search><searchString>FIND {Kept} RETURNING Account(Name)</searchString></search>", "<sf:Name>Kept");
    (void)snprintf(body, sizeof body,
                   "<merge><request><masterRecord><so:type>Contact</so:type><so:Id>%s</so:Id></masterRecord>"
                   "<recordToMergeIds>x</recordToMergeIds></request></merge>",
                   contact);
    starve(body, "bad id in recordsToMerge: x");
    (void)snprintf(body, sizeof body,
                   "<convertLead><leadConverts><convertedStatus>Closed - Converted</convertedStatus><leadId>%s</leadId>"
                   "<opportunityRecord><so:type>Opportunity</so:type><so:Amount>1</so:Amount></opportunityRecord>"
                   "</leadConverts></convertLead>",
                   lead);
    starve(body, "<opportunityId>006");
    starve("<sendEmail><messages xsi:type=\"SingleEmailMessage\"><plainTextBody>t</plainTextBody>"
           "<toAddresses>a@b.example</toAddresses></messages></sendEmail>",
           "<success>true</success>");
    (void)snprintf(body, sizeof body,
                   "<process><actions xsi:type=\"ProcessSubmitRequest\"><objectId>%s</objectId></actions></process>",
                   account);
    starve(body, "<instanceStatus>Pending");
    starve("<describeSObject><sObjectType>Note</sObjectType></describeSObject>", "<name>Note</name>");
    starve("<describeGlobal/>", "<name>Account</name>");
}

static void test_soap__an_envelope_cut_short_is_a_fault(void **state)
{
    char text[1024];
    (void)state;
    envelope("<query><queryString>SELECT Id FROM Account</queryString></query>", text, sizeof text);
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        ask("/services/Soap/u/62.0", text, i);
        assert_int_equal(response.status, 500);
        assert_well_formed();
        assert_non_null(strstr(response.body.data, "<faultcode>UNKNOWN_EXCEPTION</faultcode>"));
    }
    ask("/services/Soap/u/62.0", text, len);
    assert_int_equal(response.status, 200);
}

static void test_soap__fields_take_what_their_type_takes(void **state)
{
    static const struct {
        const char *field, *value;
        bool good;
    } cases[] = {
        { "AnnualRevenue", "1e7", true },      { "AnnualRevenue", "12.5", true },
        { "AnnualRevenue", "abc", false },     { "AnnualRevenue", "NaN", false },
        { "NumberOfEmployees", "12", true },   { "NumberOfEmployees", "12.0", true },
        { "NumberOfEmployees", "1.5", false }, { "Name", "12", true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char body[400];
        print_message("  %s %s\n", cases[i].field, cases[i].value);
        (void)snprintf(body, sizeof body,
                       "<create><sObjects><so:type>Account</so:type><so:Name>T</so:Name><so:%s>%s</so:%s></sObjects>"
                       "</create>",
                       cases[i].field, cases[i].value, cases[i].field);
        call(body);
        assert_int_equal(response.status, 200);
        bool refused = strstr(response.body.data, "INVALID_TYPE_ON_FIELD_IN_RECORD") != NULL;
        assert_int_equal(refused, !cases[i].good);
    }
    call("<create><sObjects><so:type>Task</so:type><so:Subject>T</so:Subject><so:IsReminderSet>1</so:IsReminderSet>"
         "<so:ActivityDate>2024-02-30</so:ActivityDate></sObjects></create>");
    assert_non_null(strstr(response.body.data, "<fields>ActivityDate</fields>"));
}

static int begin(void **state)
{
    (void)state;
    sf_error err;
    sfo_response_init(&response);
    sf_status rc = sfo_schema_load(NULL, &schema, &err);
    if (rc == SF_OK) rc = sfo_store_open(":memory:", schema, &store, &err);
    if (rc == SF_OK) rc = sfo_org_new(&(sfo_org_options){ .store = store }, &org, &err);
    if (rc != SF_OK || !sfo_org_access_token(org, token)) return -1;
    char body[300];
    call("<create><sObjects><so:type>Account</so:type><so:Name>Kept</so:Name></sObjects></create>");
    element("id", account);
    (void)snprintf(body, sizeof body,
                   "<create><sObjects><so:type>Contact</so:type><so:LastName>Kept too</so:LastName><so:AccountId>%s"
                   "</so:AccountId></sObjects></create>",
                   account);
    call(body);
    element("id", contact);
    call("<create><sObjects><so:type>Lead</so:type><so:LastName>L</so:LastName><so:Company>C</so:Company></sObjects>"
         "</create>");
    element("id", lead);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sfo_response_clear(&response);
    sfo_org_free(org);
    sfo_store_close(store);
    sfo_schema_free(schema);
    return test_allocations_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_soap__survives_each_failed_allocation),
        cmocka_unit_test(test_soap__an_envelope_cut_short_is_a_fault),
        cmocka_unit_test(test_soap__fields_take_what_their_type_takes),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_api soap", tests, begin, end);
}
