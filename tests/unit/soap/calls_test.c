/*
 * calls_test.c: what the SOAP calls send, byte for byte, and what they make of answers: a server on 127.0.0.1 keeps the request
 * and plays a script.
 */
#include "soap_server.h"

/* ---- the envelope ---- */

static void test_calls__an_envelope_with_the_session_in_its_header(void **state)
{
    (void)state;
    server s;
    sf_xml *doc = NULL;
    sf_error err;
    start(&s, &(sf_client_options){ .client_name = "test/1.0" },
          answer("<getUserInfoResponse><result><userId>005</userId></result></getUserInfoResponse>"), NULL, NULL);
    assert_int_equal(sf_soap_get_user_info(s.sf, NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_xml_get_str(sf_soap_body(doc), "result.userId"), "005");
    sf_xml_free(doc);
    char *request = wire_request(s.wire, 0);
    assert_true(strncmp(request, "POST /services/Soap/u/62.0 HTTP/1.1\r\n", 37) == 0);
    assert_holds(request, "\r\nContent-Type: text/xml; charset=UTF-8\r\n");
    assert_holds(request, "\r\nSOAPAction: \"\"\r\n");
    assert_null(strstr(request, "Authorization"));
    assert_null(strstr(request, "Sforce-Call-Options"));
    assert_holds(request, "\r\n\r\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>" ENVELOPE
                          " xmlns=\"urn:partner.soap.sforce.com\" xmlns:urn=\"urn:partner.soap.sforce.com\" "
                          "xmlns:so=\"urn:sobject.partner.soap.sforce.com\"");
    assert_holds(request, "<soapenv:Header><urn:SessionHeader><urn:sessionId>00D&lt;&amp;&gt;!token</urn:sessionId>"
                          "</urn:SessionHeader><urn:CallOptions><urn:client>test/1.0</urn:client></urn:CallOptions>"
                          "</soapenv:Header><soapenv:Body><urn:getUserInfo/></soapenv:Body></soapenv:Envelope>");
    free(request);
    stop(&s);
}

static void test_calls__every_header(void **state)
{
    (void)state;
    const struct {
        sf_soap_options o;
        const char *want;
    } cases[] = {
        { { .all_or_none = true }, "<urn:AllOrNoneHeader><urn:allOrNone>true</urn:allOrNone></urn:AllOrNoneHeader>" },
        { { .assignment_rule = "TRUE" },
          "<urn:AssignmentRuleHeader><urn:useDefaultRule>true</urn:useDefaultRule></urn:AssignmentRuleHeader>" },
        { { .assignment_rule = "01Q000000000001" },
          "<urn:AssignmentRuleHeader><urn:assignmentRuleId>01Q000000000001</urn:assignmentRuleId>"
          "</urn:AssignmentRuleHeader>" },
        { { .allow_duplicates = true },
          "<urn:DuplicateRuleHeader><urn:allowSave>true</urn:allowSave><urn:includeRecordDetails>false"
          "</urn:includeRecordDetails><urn:runAsCurrentUser>false</urn:runAsCurrentUser></urn:DuplicateRuleHeader>" },
        { { .email_others = true },
          "<urn:EmailHeader><urn:triggerAutoResponseEmail>false</urn:triggerAutoResponseEmail><urn:triggerOtherEmail>"
          "true</urn:triggerOtherEmail><urn:triggerUserEmail>false</urn:triggerUserEmail></urn:EmailHeader>" },
        { { .owner_changes = &(sf_soap_owner_change){ .type = "KeepAccountTeam", .execute = true },
            .owner_change_count = 1 },
          "<urn:OwnerChangeOptions><urn:options><urn:type>KeepAccountTeam</urn:type><urn:execute>true</urn:execute>"
          "</urn:options></urn:OwnerChangeOptions>" },
        { { .allow_field_truncation = true },
          "<urn:AllowFieldTruncationHeader><urn:allowFieldTruncation>true</urn:allowFieldTruncation>"
          "</urn:AllowFieldTruncationHeader>" },
        { { .disable_feed_tracking = true },
          "<urn:DisableFeedTrackingHeader><urn:disableFeedTracking>true</urn:disableFeedTracking>"
          "</urn:DisableFeedTrackingHeader>" },
        { { .update_mru = true }, "<urn:MruHeader><urn:updateMru>true</urn:updateMru></urn:MruHeader>" },
        { { .language = "de", .localize_errors = true },
          "<urn:LocaleOptions><urn:language>de</urn:language><urn:localizeErrors>true</urn:localizeErrors>"
          "</urn:LocaleOptions>" },
        { { .package_versions = &(sf_soap_package_version){ .name_space = "ns", .major = 2, .minor = 1 },
            .package_version_count = 1 },
          "<urn:PackageVersionHeader><urn:packageVersions><urn:majorNumber>2</urn:majorNumber><urn:minorNumber>1"
          "</urn:minorNumber><urn:namespace>ns</urn:namespace></urn:packageVersions></urn:PackageVersionHeader>" },
        { { .default_namespace = "ns" },
          "<urn:CallOptions><urn:defaultNamespace>ns</urn:defaultNamespace></urn:CallOptions>" },
        { { .transfer_to_user_id = "005000000000001" },
          "<urn:UserTerritoryDeleteHeader><urn:transferToUserId>005000000000001</urn:transferToUserId>"
          "</urn:UserTerritoryDeleteHeader>" },
        { { .debug_categories = &(sf_soap_debug_category){ .category = "Db", .level = "Fine" },
            .debug_category_count = 1 },
          "<urn:DebuggingHeader><urn:categories><urn:category>Db</urn:category><urn:level>Fine</urn:level>"
          "</urn:categories><urn:debugLevel>None</urn:debugLevel></urn:DebuggingHeader>" },
        { { .batch_size = 200 }, "<urn:QueryOptions><urn:batchSize>200</urn:batchSize></urn:QueryOptions>" },
        { { .headers_xml = "<urn:StreamingEnabledHeader><urn:streamingEnabled>true</urn:streamingEnabled>"
                           "</urn:StreamingEnabledHeader>" },
          "<urn:StreamingEnabledHeader><urn:streamingEnabled>true</urn:streamingEnabled></urn:StreamingEnabledHeader>"
          "</soapenv:Header>" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        server s;
        sf_error err;
        int64_t ms = 0;
        start(&s, NULL,
              answer("<getServerTimestampResponse><result><timestamp>2024-11-23T22:10:05.000Z</timestamp></result>"
                     "</getServerTimestampResponse>"),
              NULL, NULL);
        if (sf_soap_get_server_timestamp(s.sf, &cases[i].o, &ms, &err) != SF_OK) fail_msg("%s", err.message);
        assert_true(ms == 1732399805000);
        assert_header(&s, cases[i].want);
        stop(&s);
    }
}

static void test_calls__apis_and_paths(void **state)
{
    (void)state;
    static const struct {
        sf_soap_options o;
        const char *line, *name_space;
    } cases[] = {
        { { .api = SF_SOAP_ENTERPRISE },
          "POST /services/Soap/c/62.0 ",
          "xmlns:so=\"urn:sobject.enterprise.soap.sforce.com\"" },
        { { .api = SF_SOAP_METADATA },
          "POST /services/Soap/m/62.0 ",
          "xmlns:urn=\"http://soap.sforce.com/2006/04/metadata\"" },
        { { .api = SF_SOAP_TOOLING }, "POST /services/Soap/T/62.0 ", "xmlns:urn=\"urn:tooling.soap.sforce.com\"" },
        { { .api = SF_SOAP_APEX }, "POST /services/Soap/s/62.0 ", "xmlns:urn=\"http://soap.sforce.com/2006/08/apex\"" },
        { { .path = "/services/Soap/class/My", .name_space = "http://soap.sforce.com/schemas/class/My" },
          "POST /services/Soap/class/My ",
          "xmlns:urn=\"http://soap.sforce.com/schemas/class/My\"" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        server s;
        sf_error err;
        start(&s, NULL, answer("<doItResponse/>"), NULL, NULL);
        if (sf_soap_call(s.sf, (sf_str){ "<urn:doIt/>", 11 }, &cases[i].o, NULL, &err) != SF_OK)
            fail_msg("%s", err.message);
        assert_header(&s, cases[i].line);
        assert_header(&s, cases[i].name_space);
        assert_header(&s, "<urn:SessionHeader><urn:sessionId>");
        stop(&s);
    }
}

/* ---- leads ---- */

static void test_calls__convert_lead_sends_every_element_in_order(void **state)
{
    (void)state;
    server s;
    sf_error err;
    sf_soap_results *rows = NULL;
    sf_record *account = sf_record_new("Account"), *contact = sf_record_new("Contact"),
              *deal = sf_record_new("Opportunity"), *person = sf_record_new("Account");
    sf_record_set_str(account, "Name", "A & B <\"'>");
    sf_record_set_null(account, "Fax");
    sf_record_set_str(account, "Site", "");
    sf_record_set_str(contact, "Title", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xF0\x9F\x98\x80\r\n\tend");
    sf_record_set_reference(contact, "ReportsTo", "Contact", "Ext__c", "C-1");
    sf_record_set_decimal(deal, "Amount", "1234567890123456.78");
    sf_record_set_bool(person, "IsX__c", true);
    const sf_soap_lead leads[] = {
        { .lead_id = "00Q000000000001", .converted_status = "Closed - Converted" },
        { .lead_id = "00Q000000000002AAA",
          .converted_status = "Qualified",
          .account_id = "001000000000001",
          .contact_id = "003000000000001",
          .opportunity_id = "006000000000001",
          .opportunity_name = "\"Big\" <deal>",
          .owner_id = "005000000000001",
          .overwrite_lead_source = true,
          .send_notification_email = true,
          .bypass_account_dedupe_check = true,
          .bypass_contact_dedupe_check = true,
          .related_person_account_id = "001000000000002",
          .account_record = account,
          .contact_record = contact,
          .opportunity_record = deal,
          .related_person_account_record = person },
        { .lead_id = "00Q000000000003", .converted_status = "Qualified", .do_not_create_opportunity = true },
    };
    start(
        &s, NULL,
        answer("<convertLeadResponse><result><accountId>001000000000009AAA</accountId><contactId>003000000000009AAA"
               "</contactId><leadId>00Q000000000001AAA</leadId><opportunityId xsi:nil=\"true\"/><success>true</success>"
               "</result><result><accountId xsi:nil=\"true\"/><errors><fields>ConvertedStatus</fields><fields>Status"
               "</fields><message>invalid convertedStatus: Qualified</message><statusCode>INVALID_STATUS</statusCode>"
               "</errors><errors><message>second</message><statusCode>OTHER</statusCode></errors><leadId>"
               "00Q000000000002AAA</leadId><success>false</success></result><result><errors><message>gone</message>"
               "<statusCode>ENTITY_IS_DELETED</statusCode></errors><success>false</success></result>"
               "</convertLeadResponse>"),
        NULL, NULL);
    if (sf_soap_convert_leads(s.sf, leads, COUNT_OF(leads), NULL, &rows, &err) != SF_OK) fail_msg("%s", err.message);
    assert_sent(
        &s, 0,
        "<urn:convertLead>"
        "<urn:leadConverts><urn:convertedStatus>Closed - Converted</urn:convertedStatus>"
        "<urn:doNotCreateOpportunity>false</urn:doNotCreateOpportunity><urn:leadId>00Q000000000001</urn:leadId>"
        "<urn:overwriteLeadSource>false</urn:overwriteLeadSource><urn:sendNotificationEmail>false"
        "</urn:sendNotificationEmail></urn:leadConverts>"
        "<urn:leadConverts><urn:accountId>001000000000001</urn:accountId>"
        "<urn:accountRecord><so:type>Account</so:type><so:fieldsToNull>Fax</so:fieldsToNull><so:fieldsToNull>Site"
        "</so:fieldsToNull><so:Name>A &amp; B &lt;&quot;&apos;&gt;</so:Name></urn:accountRecord>"
        "<urn:bypassAccountDedupeCheck>true</urn:bypassAccountDedupeCheck>"
        "<urn:bypassContactDedupeCheck>true</urn:bypassContactDedupeCheck>"
        "<urn:contactId>003000000000001</urn:contactId>"
        "<urn:contactRecord><so:type>Contact</so:type><so:Title>\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D "
        "\xF0\x9F\x98\x80&#13;&#10;&#9;end</so:Title><so:ReportsTo><so:type>Contact</so:type><so:Ext__c>C-1"
        "</so:Ext__c></so:ReportsTo></urn:contactRecord>"
        "<urn:convertedStatus>Qualified</urn:convertedStatus>"
        "<urn:doNotCreateOpportunity>false</urn:doNotCreateOpportunity>"
        "<urn:leadId>00Q000000000002AAA</urn:leadId><urn:opportunityId>006000000000001</urn:opportunityId>"
        "<urn:opportunityName>&quot;Big&quot; &lt;deal&gt;</urn:opportunityName>"
        "<urn:opportunityRecord><so:type>Opportunity</so:type><so:Amount>1234567890123456.78</so:Amount>"
        "</urn:opportunityRecord>"
        "<urn:overwriteLeadSource>true</urn:overwriteLeadSource><urn:ownerId>005000000000001</urn:ownerId>"
        "<urn:relatedPersonAccountId>001000000000002</urn:relatedPersonAccountId>"
        "<urn:relatedPersonAccountRecord><so:type>Account</so:type><so:IsX__c>true</so:IsX__c>"
        "</urn:relatedPersonAccountRecord>"
        "<urn:sendNotificationEmail>true</urn:sendNotificationEmail></urn:leadConverts>"
        "<urn:leadConverts><urn:convertedStatus>Qualified</urn:convertedStatus><urn:doNotCreateOpportunity>true"
        "</urn:doNotCreateOpportunity><urn:leadId>00Q000000000003</urn:leadId><urn:overwriteLeadSource>false"
        "</urn:overwriteLeadSource><urn:sendNotificationEmail>false</urn:sendNotificationEmail></urn:leadConverts>"
        "</urn:convertLead>");
    assert_int_equal(sf_soap_results_count(rows), 3);
    assert_int_equal(sf_soap_results_failed(rows), 2);
    const sf_soap_result *row = sf_soap_results_at(rows, 0);
    assert_true(row->success);
    assert_string_equal(row->id.text, "00Q000000000001AAA");
    assert_string_equal(row->account_id.text, "001000000000009AAA");
    assert_string_equal(row->contact_id.text, "003000000000009AAA");
    assert_string_equal(row->opportunity_id.text, "");
    row = sf_soap_results_at(rows, 1);
    assert_false(row->success);
    assert_int_equal(row->error_count, 2);
    assert_string_equal(row->errors[0].code, "INVALID_STATUS");
    assert_string_equal(row->errors[0].fields, "ConvertedStatus,Status");
    assert_int_equal(sf_soap_result_error(row, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_STATUS");
    assert_string_equal(err.fields, "ConvertedStatus,Status");
    assert_holds(err.message, "invalid convertedStatus: Qualified");
    assert_int_equal(sf_soap_result_error(sf_soap_results_at(rows, 2), &err), SF_ERR_NOT_FOUND);
    assert_null(sf_soap_results_at(rows, 3));
    sf_soap_results_free(rows);
    stop(&s);
    sf_record_free(account);
    sf_record_free(contact);
    sf_record_free(deal);
    sf_record_free(person);
}

static void test_calls__enterprise_records_have_their_type_as_attribute(void **state)
{
    (void)state;
    server s;
    sf_error err;
    sf_soap_results *rows = NULL;
    sf_record *account = sf_record_new("Account");
    sf_record_set_str(account, "Name", "A");
    sf_record_set_null(account, "Fax");
    const sf_soap_lead lead = { .lead_id = "00Q000000000001", .converted_status = "X", .account_record = account };
    start(&s, NULL, answer("<convertLeadResponse><result><success>true</success></result></convertLeadResponse>"), NULL,
          NULL);
    assert_int_equal(
        sf_soap_convert_leads(s.sf, &lead, 1, &(sf_soap_options){ .api = SF_SOAP_ENTERPRISE }, &rows, &err), SF_OK);
    assert_header(&s, "<urn:accountRecord xsi:type=\"so:Account\"><so:fieldsToNull>Fax</so:fieldsToNull><so:Name>A"
                      "</so:Name></urn:accountRecord>");
    sf_soap_results_free(rows);
    stop(&s);
    sf_record_free(account);
}

static void test_calls__what_cannot_be_sent_is_refused_by_name(void **state)
{
    (void)state;
    server s;
    sf_record *bad = sf_record_new("Account"), *lone = sf_record_new("Contact"), *other = sf_record_new("Contact");
    sf_record_set_str(bad, "Description", "a\x01z");
    sf_record_set_reference(lone, "Account", NULL, "Ext__c", "1");
    const struct {
        sf_soap_lead lead;
        const char *says;
    } cases[] = {
        { { .converted_status = "X" }, "lead_id" },
        { { .lead_id = "00Q", .converted_status = "X" }, "lead_id \"00Q\"" },
        { { .lead_id = "00Q000000000001" }, "converted_status" },
        { { .lead_id = "00Q000000000001", .converted_status = "X", .account_id = "x" }, "account_id" },
        { { .lead_id = "00Q000000000001", .converted_status = "X", .contact_id = "003000000000001" }, "account_id" },
        { { .lead_id = "00Q000000000001",
            .converted_status = "a\x02"
                                "b" },
          "urn:convertedStatus: the value holds U+0002 (byte 2)" },
        { { .lead_id = "00Q000000000001", .converted_status = "a\xEF\xBF\xBF" }, "U+FFFF" },
        { { .lead_id = "00Q000000000001", .converted_status = "a\xFF" }, "not UTF-8" },
        { { .lead_id = "00Q000000000001", .converted_status = "X", .account_record = bad },
          "so:Description: the value holds U+0001 (byte 2)" },
        { { .lead_id = "00Q000000000001", .converted_status = "X", .contact_record = lone },
          "Contact.Account: SOAP wants the parent's type" },
        { { .lead_id = "00Q000000000001", .converted_status = "X", .account_record = other },
          "accountRecord holds a record of Contact" },
        { { .lead_id = "00Q000000000001",
            .converted_status = "X",
            .do_not_create_opportunity = true,
            .opportunity_name = "x" },
          "do_not_create_opportunity" },
        { { .lead_id = "00Q000000000001", .converted_status = "X", .reserved = { 1 } }, "reserved" },
    };
    start(&s, NULL, answer("<convertLeadResponse/>"), NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_soap_results *rows = (sf_soap_results *)&rows;
        sf_error err;
        assert_int_equal(sf_soap_convert_leads(s.sf, &cases[i].lead, 1, NULL, &rows, &err), SF_ERR_USAGE);
        assert_holds(err.message, cases[i].says);
        assert_null(rows);
    }
    sf_soap_results *rows = NULL;
    assert_int_equal(sf_soap_convert_leads(s.sf, &cases[0].lead, 0, NULL, &rows, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_soap_convert_leads(s.sf, &cases[0].lead, 101, NULL, &rows, NULL), SF_ERR_USAGE);
    assert_int_equal(wire_requests(s.wire), 0);
    stop(&s);
    sf_record_free(bad);
    sf_record_free(lone);
    sf_record_free(other);
}

/* ---- the other calls ---- */

static void test_calls__records_approvals_and_mail(void **state)
{
    (void)state;
    static const char *const ids[] = { "001000000000001", "001000000000002AAA" };
    server s;
    sf_error err;
    sf_soap_results *rows = NULL;
    const char two[] = "<result><id>001000000000001AAA</id><success>true</success></result><result><errors><message>no"
                       "</message><statusCode>UNDELETE_FAILED</statusCode></errors><success>false</success></result>";
    char text[1000];

    snprintf(text, sizeof text, "<undeleteResponse>%s</undeleteResponse>", two);
    start(&s, NULL, answer(text), NULL, NULL);
    assert_int_equal(sf_soap_undelete(s.sf, ids, 2, NULL, &rows, &err), SF_OK);
    assert_sent(&s, 0,
                "<urn:undelete><urn:ids>001000000000001</urn:ids><urn:ids>001000000000002AAA</urn:ids></urn:undelete>");
    assert_int_equal(sf_soap_results_failed(rows), 1);
    sf_soap_results_free(rows);
    stop(&s);

    snprintf(text, sizeof text, "<emptyRecycleBinResponse>%s</emptyRecycleBinResponse>", two);
    start(&s, NULL, answer(text), NULL, NULL);
    assert_int_equal(sf_soap_empty_recycle_bin(s.sf, ids, 2, NULL, &rows, &err), SF_OK);
    assert_sent(&s, 0,
                "<urn:emptyRecycleBin><urn:ids>001000000000001</urn:ids><urn:ids>001000000000002AAA</urn:ids></"
                "urn:emptyRecycleBin>");
    sf_soap_results_free(rows);
    stop(&s);

    sf_record *master = sf_record_new("Account");
    sf_record_set_str(master, "Phone", "1");
    const sf_soap_merge_request merges[] = {
        { .master = master, .master_id = "001000000000003", .ids = ids, .id_count = 2 },
        { .master = master, .master_id = "001000000000004", .ids = ids, .id_count = 1 },
    };
    start(
        &s, NULL,
        answer(
            "<mergeResponse><result><id>001000000000003AAA</id><mergedRecordIds>001000000000001AAA</mergedRecordIds>"
            "<success>true</success><updatedRelatedIds>003000000000001AAA</updatedRelatedIds></result><result><success>"
            "false</success></result></mergeResponse>"),
        NULL, NULL);
    assert_int_equal(sf_soap_merge(s.sf, merges, 2, NULL, &rows, &err), SF_OK);
    assert_sent(
        &s, 0,
        "<urn:merge><urn:request><urn:masterRecord><so:type>Account</so:type><so:Id>001000000000003</so:Id><so:Phone>1"
        "</so:Phone></urn:masterRecord><urn:recordToMergeIds>001000000000001</urn:recordToMergeIds>"
        "<urn:recordToMergeIds>001000000000002AAA</urn:recordToMergeIds></urn:request><urn:request>"
        "<urn:masterRecord><so:type>Account</so:type><so:Id>001000000000004</so:Id><so:Phone>1</so:Phone>"
        "</urn:masterRecord><urn:recordToMergeIds>001000000000001</urn:recordToMergeIds></urn:request></urn:merge>");
    assert_string_equal(sf_soap_results_at(rows, 0)->updated_related_ids[0].text, "003000000000001AAA");
    assert_int_equal(sf_soap_result_error(sf_soap_results_at(rows, 1), &err), SF_ERR_ORG);
    sf_soap_results_free(rows);
    stop(&s);

    start(&s, NULL, answer("<findDuplicatesResponse><result><success>true</success></result></findDuplicatesResponse>"),
          NULL, NULL);
    sf_xml *doc = NULL;
    assert_int_equal(sf_soap_find_duplicates(s.sf, (const sf_record *const[]){ master }, 1, NULL, &doc, &err), SF_OK);
    assert_sent(&s, 0,
                "<urn:findDuplicates><urn:sObjects><so:type>Account</so:type><so:Phone>1</so:Phone></urn:sObjects></"
                "urn:findDuplicates>");
    sf_xml_free(doc);
    stop(&s);
    sf_record_free(master);

    const sf_soap_process_request requests[] = {
        { .object_id = "001000000000001",
          .submitter_id = "005000000000001",
          .process = "P",
          .skip_entry_criteria = true,
          .comments = "please",
          .next_approver_ids = ids,
          .next_approver_count = 1 },
        { .workitem_id = "04i000000000001", .action = "Approve" },
    };
    start(&s, NULL,
          answer("<processResponse><result><success>true</success></result><result><success>true</success></result></"
                 "processResponse>"),
          NULL, NULL);
    assert_int_equal(sf_soap_process(s.sf, requests, 2, NULL, &rows, &err), SF_OK);
    assert_sent(&s, 0,
                "<urn:process><urn:actions xsi:type=\"urn:ProcessSubmitRequest\"><urn:comments>please</urn:comments>"
                "<urn:nextApproverIds>001000000000001</urn:nextApproverIds><urn:objectId>001000000000001</urn:objectId>"
                "<urn:submitterId>005000000000001</urn:submitterId><urn:processDefinitionNameOrId>P"
                "</urn:processDefinitionNameOrId><urn:skipEntryCriteria>true</urn:skipEntryCriteria></urn:actions>"
                "<urn:actions xsi:type=\"urn:ProcessWorkitemRequest\"><urn:action>Approve</urn:action><urn:workitemId>"
                "04i000000000001</urn:workitemId></urn:actions></urn:process>");
    sf_soap_results_free(rows);
    stop(&s);

    const sf_soap_email_file file = { .name = "a.txt", .content_type = "text/plain", .bytes = "hello", .len = 5 };
    const sf_soap_email mails[] = {
        { .to = { (const char *const[]){ "a@b.c", "d@e.f" }, 2 },
          .subject = "S & T",
          .plain_text_body = "Hi",
          .files = &file,
          .file_count = 1,
          .no_signature = true,
          .priority = "High",
          .what_id = "001000000000001" },
        { .is_mass = true, .template_id = "00X000000000001", .target_object_ids = { ids, 2 }, .description = "d" },
    };
    start(&s, NULL,
          answer("<sendEmailResponse><result><success>true</success></result><result><errors><message>m</"
                 "message><statusCode>INVALID_EMAIL_ADDRESS</statusCode><targetObjectId "
                 "xsi:nil=\"true\"/></errors><success>false</success></result></sendEmailResponse>"),
          NULL, NULL);
    assert_int_equal(sf_soap_send_email(s.sf, mails, 2, NULL, &rows, &err), SF_OK);
    assert_sent(
        &s, 0,
        "<urn:sendEmail><urn:messages xsi:type=\"urn:SingleEmailMessage\"><urn:emailPriority>High</urn:emailPriority>"
        "<urn:subject>S &amp; T</urn:subject><urn:useSignature>false</urn:useSignature><urn:fileAttachments><urn:body>"
        "aGVsbG8=</urn:body><urn:contentType>text/plain</urn:contentType><urn:fileName>a.txt</urn:fileName>"
        "</urn:fileAttachments><urn:plainTextBody>Hi</urn:plainTextBody><urn:toAddresses>a@b.c</urn:toAddresses>"
        "<urn:toAddresses>d@e.f</urn:toAddresses><urn:whatId>001000000000001</urn:whatId></urn:messages>"
        "<urn:messages xsi:type=\"urn:MassEmailMessage\"><urn:description>d</urn:description><urn:targetObjectIds>"
        "001000000000001</urn:targetObjectIds><urn:targetObjectIds>001000000000002AAA</urn:targetObjectIds>"
        "<urn:templateId>00X000000000001</urn:templateId></urn:messages></urn:sendEmail>");
    assert_int_equal(sf_soap_results_failed(rows), 1);
    sf_soap_results_free(rows);
    stop(&s);
}

/* The org's words may repeat what was sent; an error that is told to people does not. */
static void test_calls__a_fault_does_not_tell_the_password(void **state)
{
    (void)state;
    server s;
    sf_error err;
    start(&s, NULL, fault("pl4nted-old"), fault("pl4nted-new"), fault("pl4nted-new"));
    assert_int_equal(sf_soap_change_own_password(s.sf, "pl4nted-old", "pl4nted-new", NULL, &err), SF_ERR_ORG);
    assert_null(strstr(err.message, "pl4nted"));
    assert_non_null(strstr(err.message, "so it is"));
    assert_int_equal(sf_soap_change_own_password(s.sf, "pl4nted-old", "pl4nted-new", NULL, &err), SF_ERR_ORG);
    assert_null(strstr(err.message, "pl4nted"));
    assert_int_equal(sf_soap_set_password(s.sf, "005000000000001", "pl4nted-new", NULL, &err), SF_ERR_ORG);
    assert_null(strstr(err.message, "pl4nted"));
    assert_int_equal(sf_soap_set_password(s.sf, "005000000000001", "pl4nted-new", NULL, NULL), SF_ERR_ORG);
    stop(&s);
}

static void test_calls__passwords_and_sessions(void **state)
{
    (void)state;
    server s;
    sf_error err;
    char *password = NULL;
    sf_soap_results *rows = NULL;
    start(&s, NULL, answer("<setPasswordResponse><result/></setPasswordResponse>"),
          answer("<resetPasswordResponse><result><password>N3w&amp;</password></result></resetPasswordResponse>"),
          answer("<changeOwnPasswordResponse><result/></changeOwnPasswordResponse>"));
    assert_int_equal(sf_soap_set_password(s.sf, "005000000000001", "s<cret", NULL, &err), SF_OK);
    assert_int_equal(sf_soap_reset_password(s.sf, "005000000000001", NULL, &password, &err), SF_OK);
    assert_int_equal(sf_soap_change_own_password(s.sf, "old", "new", NULL, &err), SF_OK);
    assert_string_equal(password, "N3w&");
    sf_free(password);
    assert_sent(&s, 0,
                "<urn:setPassword><urn:userId>005000000000001</urn:userId><urn:password>s&lt;cret</urn:password></"
                "urn:setPassword>");
    assert_sent(&s, 1, "<urn:resetPassword><urn:userId>005000000000001</urn:userId></urn:resetPassword>");
    assert_sent(&s, 2,
                "<urn:changeOwnPassword><urn:oldPassword>old</urn:oldPassword><urn:newPassword>new</urn:newPassword></"
                "urn:changeOwnPassword>");
    assert_int_equal(sf_soap_set_password(s.sf, "005", "x", NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_soap_set_password(s.sf, "005000000000001", "", NULL, &err), SF_ERR_USAGE);
    stop(&s);

    start(&s, NULL,
          answer("<invalidateSessionsResponse><result><success>true</success></result></invalidateSessionsResponse>"),
          answer("<logoutResponse/>"), fault("INVALID_SESSION_ID"));
    assert_int_equal(sf_soap_invalidate_sessions(s.sf, (const char *const[]){ "00Dx!y" }, 1, NULL, &rows, &err), SF_OK);
    sf_soap_results_free(rows);
    assert_int_equal(sf_soap_logout(s.sf, NULL, &err), SF_OK);
    assert_int_equal(sf_soap_logout(s.sf, NULL, &err), SF_OK); /* it is out already */
    assert_sent(&s, 1, "<urn:logout/>");
    assert_int_equal(wire_requests(s.wire), 3);
    stop(&s);
}

/* ---- any body ---- */

static void test_calls__a_body_of_ones_own_is_checked_before_it_is_sent(void **state)
{
    (void)state;
    static const struct {
        const char *body, *says;
    } cases[] = {
        { "", "no element" },
        { "text", "no element" },
        { "<urn:query>", "well-formed" },
        { "<urn:query>\n<urn:queryString>a & b</urn:queryString></urn:query>", "line 2" },
        { "<urn:query></urn:query></soapenv:Envelope>", "well-formed" },
        { "<!DOCTYPE x [<!ENTITY e \"y\">]><urn:query>&e;</urn:query>", "well-formed" },
        { "<urn:query>&e;</urn:query>", "well-formed" },
        { "<foo:query/>", "foo" },
        { "<urn:query/> <urn:delete><urn:ids/></urn:delete>", "2 elements" },
        { "<soapenv:Envelope><soapenv:Body/></soapenv:Envelope>", "inside soapenv:Body" },
    };
    server s;
    sf_error err;
    start(&s, NULL, answer("<queryResponse><result><size>1</size></result></queryResponse>"), NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_xml *doc = (sf_xml *)&doc;
        print_message("  %s\n", cases[i].body);
        assert_int_equal(sf_soap_call(s.sf, (sf_str){ cases[i].body, strlen(cases[i].body) }, NULL, &doc, &err),
                         SF_ERR_USAGE);
        assert_holds(err.message, cases[i].says);
        assert_null(doc);
    }
    assert_int_equal(
        sf_soap_call(s.sf, (sf_str){ "<urn:a/>", 8 }, &(sf_soap_options){ .headers_xml = "<x" }, NULL, &err),
        SF_ERR_USAGE);
    assert_holds(err.message, "headers_xml");
    assert_int_equal(sf_soap_call(s.sf, (sf_str){ "<a\0/>", 5 }, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(wire_requests(s.wire), 0);

    sf_xml *doc = NULL;
    sf_xml_writer *w = sf_xml_writer_new();
    sf_str body;
    sf_xml_begin(w, "query");
    sf_xml_add(w, "queryString", "SELECT Id FROM Account WHERE Name = 'A & B'");
    sf_xml_end(w);
    assert_int_equal(sf_xml_writer_text(w, &body, &err), SF_OK);
    assert_int_equal(sf_soap_call(s.sf, body, NULL, &doc, &err), SF_OK);
    assert_int_equal(sf_xml_get_int(sf_soap_body(doc), "result.size", -1), 1);
    assert_sent(&s, 0,
                "<query><queryString>SELECT Id FROM Account WHERE Name = &apos;A &amp; B&apos;</queryString></query>");
    sf_xml_free(doc);
    sf_xml_writer_free(w);
    stop(&s);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls__an_envelope_with_the_session_in_its_header),
        cmocka_unit_test(test_calls__every_header),
        cmocka_unit_test(test_calls__apis_and_paths),
        cmocka_unit_test(test_calls__convert_lead_sends_every_element_in_order),
        cmocka_unit_test(test_calls__enterprise_records_have_their_type_as_attribute),
        cmocka_unit_test(test_calls__what_cannot_be_sent_is_refused_by_name),
        cmocka_unit_test(test_calls__records_approvals_and_mail),
        cmocka_unit_test(test_calls__a_fault_does_not_tell_the_password),
        cmocka_unit_test(test_calls__passwords_and_sessions),
        cmocka_unit_test(test_calls__a_body_of_ones_own_is_checked_before_it_is_sent),
    };
    return cmocka_run_group_tests_name("soap calls", tests, NULL, NULL);
}
