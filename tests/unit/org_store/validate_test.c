/* validate_test.c: what bodies are refused, each with its exact status, code, words and fields; and what is taken. */
#include "../org_store/org.h"

static const char schema_text[] =
    "{\"sobjects\":[{\"name\":\"Thing__c\",\"label\":\"Thing\",\"fields\":["
    "{\"name\":\"Ext__c\",\"label\":\"Ext\",\"type\":\"string\",\"length\":20,\"externalId\":true,\"unique\":true},"
    "{\"name\":\"Loose__c\",\"label\":\"Loose\",\"type\":\"string\",\"length\":20,\"externalId\":true},"
    "{\"name\":\"Exact__c\",\"label\":\"Exact\",\"type\":\"string\",\"length\":20,\"unique\":true,\"caseSensitive\":"
    "true},"
    "{\"name\":\"Colors__c\",\"label\":\"Colors\",\"type\":\"multipicklist\",\"restrictedPicklist\":true,"
    "\"picklistValues\":[\"Red\",\"Green\",\"Blue\"]},"
    "{\"name\":\"Free__c\",\"label\":\"Free\",\"type\":\"multipicklist\",\"picklistValues\":[\"One\",\"Two\"]},"
    "{\"name\":\"Size__c\",\"label\":\"Size\",\"type\":\"picklist\",\"restrictedPicklist\":true,\"picklistValues\":["
    "\"S\",{\"value\":\"M\",\"defaultValue\":true},{\"value\":\"L\",\"active\":false}]},"
    "{\"name\":\"Price__c\",\"label\":\"Price\",\"type\":\"currency\",\"precision\":6,\"scale\":2},"
    "{\"name\":\"Count__c\",\"label\":\"Count\",\"type\":\"int\",\"digits\":4},"
    "{\"name\":\"Day__c\",\"label\":\"Day\",\"type\":\"date\"},{\"name\":\"Moment__c\",\"label\":\"Moment\",\"type\":"
    "\"datetime\"},"
    "{\"name\":\"Clock__c\",\"label\":\"Clock\",\"type\":\"time\"},{\"name\":\"Flag__c\",\"label\":\"Flag\",\"type\":"
    "\"boolean\"},"
    "{\"name\":\"Data__c\",\"label\":\"Data\",\"type\":\"base64\"},{\"name\":\"Must__c\",\"label\":\"Must\",\"type\":"
    "\"string\",\"nillable\":false,\"defaultValue\":\"x\"},"
    "{\"name\":\"Place__c\",\"label\":\"Place\",\"type\":\"location\"},"
    "{\"name\":\"Account__c\",\"label\":\"Account\",\"type\":\"reference\",\"referenceTo\":[\"Account\"]}]}]}";

static int set_up(void **state)
{
    static test_org org;
    char path[64];
    org_open_with(&org, ":memory:", org_temp_file(path, schema_text));
    unlink(path);
    *state = &org;
    return 0;
}

static int tear_down(void **state)
{
    org_close(*state);
    return 0;
}

typedef struct refusal {
    const char *object, *body, *code, *message, *fields;
} refusal;

static void test_validate__refuses_in_the_orgs_words(void **state)
{
    static const refusal cases[] = {
        { "Account", "{}", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", "Name" },
        { "Account", "{\"Name\":\"  \"}", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", "Name" },
        { "Opportunity", "{\"Amount\":1}", "REQUIRED_FIELD_MISSING",
          "Required fields are missing: [Name, StageName, CloseDate]", "Name,StageName,CloseDate" },
        { "Lead", "{\"FirstName\":\"A\"}", "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName, Company]",
          "LastName,Company" },
        { "Account", "{\"Name\":\"A\",\"Naem\":1}", "INVALID_FIELD", "No such column 'Naem' on sobject of type Account",
          "" },
        { "Account", "{\"Name\":\"A\",\"Id\":\"0015j0000A00001AAA\"}", "INVALID_FIELD",
          "The Id field should not be specified in the sobject data.", "" },
        { "Account", "{\"Name\":\"A\",\"CreatedDate\":\"2024-01-01T00:00:00Z\",\"IsDeleted\":true}",
          "INVALID_FIELD_FOR_INSERT_UPDATE",
          "Unable to create/update fields: CreatedDate, IsDeleted. Please check the security settings of this field "
          "and verify that it is "
          "read/write for your profile or permission set.",
          "CreatedDate,IsDeleted" },
        { "Contact", "{\"LastName\":\"A\",\"Name\":\"B\"}", "INVALID_FIELD_FOR_INSERT_UPDATE",
          "Unable to create/update fields: Name. Please check the security settings of this field and verify that it "
          "is read/write for your "
          "profile or permission set.",
          "Name" },
        { "Account", "{\"Name\":\"A\",\"BillingAddress\":null}", "INVALID_FIELD_FOR_INSERT_UPDATE",
          "Unable to create/update fields: BillingAddress. Please check the security settings of this field and verify "
          "that it is read/write "
          "for your profile or permission set.",
          "BillingAddress" },
        { "Account", "{\"Name\":\"A\",\"BillingCity\":\"ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ\"}",
          "STRING_TOO_LONG",
          "Billing City: data value too large: ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ (max length=40)",
          "BillingCity" },
        { "Contact", "{\"LastName\":\"A\",\"Email\":\"nobody\"}", "INVALID_EMAIL_ADDRESS",
          "Email: invalid email address: nobody", "Email" },
        { "Contact", "{\"LastName\":\"A\",\"Email\":\"a b@c.de\"}", "INVALID_EMAIL_ADDRESS",
          "Email: invalid email address: a b@c.de", "Email" },
        { "Contact", "{\"LastName\":\"A\",\"Email\":\"a@b\"}", "INVALID_EMAIL_ADDRESS",
          "Email: invalid email address: a@b", "Email" },
        { "Contact", "{\"LastName\":\"A\",\"Email\":\"a@b@c.de\"}", "INVALID_EMAIL_ADDRESS",
          "Email: invalid email address: a@b@c.de", "Email" },
        { "Contact", "{\"LastName\":\"A\",\"AccountId\":\"nonsense\"}", "MALFORMED_ID",
          "Account ID: id value of incorrect type: nonsense", "AccountId" },
        { "Contact", "{\"LastName\":\"A\",\"AccountId\":\"0055j0000A00001\"}", "MALFORMED_ID",
          "Account ID: id value of incorrect type: 0055j0000A00001", "AccountId" },
        { "Contact", "{\"LastName\":\"A\",\"AccountId\":\"001000000000000zzz\"}", "MALFORMED_ID",
          "malformed id 001000000000000zzz", "" },
        { "Contact", "{\"LastName\":\"A\",\"AccountId\":\"0015j0000Zzzzzz\"}", "INVALID_CROSS_REFERENCE_KEY",
          "invalid cross reference id", "AccountId" },
        { "Thing__c", "{\"Size__c\":\"XL\"}", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
          "Size: bad value for restricted picklist field: XL", "Size__c" },
        { "Thing__c", "{\"Size__c\":\"L\"}", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
          "Size: bad value for restricted picklist field: L", "Size__c" },
        { "Thing__c", "{\"Colors__c\":\"Red;Pink\"}", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
          "Colors: bad value for restricted picklist field: Pink", "Colors__c" },
        { "Thing__c", "{\"Price__c\":10000}", "NUMBER_OUTSIDE_VALID_RANGE",
          "Price: value outside of valid range on numeric field: 10000", "Price__c" },
        { "Thing__c", "{\"Price__c\":9999.995}", "NUMBER_OUTSIDE_VALID_RANGE",
          "Price: value outside of valid range on numeric field: 9999.995", "Price__c" },
        { "Thing__c", "{\"Count__c\":-10000}", "NUMBER_OUTSIDE_VALID_RANGE",
          "Count: value outside of valid range on numeric field: -10000", "Count__c" },
        { "Thing__c", "{\"Day__c\":\"4001-01-01\"}", "NUMBER_OUTSIDE_VALID_RANGE", "Day: invalid date: 4001-01-01",
          "Day__c" },
        { "Thing__c", "{\"Day__c\":\"1699-12-31\"}", "NUMBER_OUTSIDE_VALID_RANGE", "Day: invalid date: 1699-12-31",
          "Day__c" },
        { "Thing__c", "{\"Price__c\":\"x\"}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of currency from VALUE_STRING value x or request may be missing a required "
          "field at [line:1, column:14]",
          "" },
        { "Thing__c", "{\"Count__c\":1.5}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of int from VALUE_NUMBER_FLOAT value 1.5 or request may be missing a required "
          "field at [line:1, column:16]",
          "" },
        { "Thing__c", "{\"Flag__c\":\"yes\"}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of boolean from VALUE_STRING value yes or request may be missing a required "
          "field at [line:1, column:13]",
          "" },
        { "Thing__c", "{\"Flag__c\":1}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of boolean from VALUE_NUMBER_INT value 1 or request may be missing a required "
          "field at [line:1, column:13]",
          "" },
        { "Thing__c", "{\n\"Day__c\":\"2024-02-30\"}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of date from VALUE_STRING value 2024-02-30 or request may be missing a required "
          "field at [line:2, column:11]",
          "" },
        { "Thing__c", "{\"Moment__c\":\"2024-02-03 10:00:00\"}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of datetime from VALUE_STRING value 2024-02-03 10:00:00 or request may be "
          "missing a required field at "
          "[line:1, column:15]",
          "" },
        { "Thing__c", "{\"Moment__c\":\"9999-12-31T23:59:59-12:00\"}", "JSON_PARSER_ERROR", /* in the year 10000 */
          "Cannot deserialize instance of datetime from VALUE_STRING value 9999-12-31T23:59:59-12:00 or request may be "
          "missing a required field at "
          "[line:1, column:15]",
          "" },
        { "Thing__c", "{\"Ext__c\":5}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of string from VALUE_NUMBER_INT value 5 or request may be missing a required "
          "field at [line:1, column:12]",
          "" },
        { "Thing__c", "{\"Ext__c\":true}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of string from VALUE_TRUE value true or request may be missing a required field "
          "at [line:1, column:15]",
          "" },
        { "Thing__c", "{\"Ext__c\":{}}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of string from START_OBJECT value { or request may be missing a required field "
          "at [line:1, column:12]",
          "" },
        { "Thing__c", "{\"Colors__c\":[\"Red\"]}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of multipicklist from START_ARRAY value [line:1, column:15]", "" },
        { "Thing__c", "{\"Data__c\":\"!!\"}", "JSON_PARSER_ERROR",
          "Cannot deserialize instance of base64 from VALUE_STRING value !! or request may be missing a required field "
          "at [line:1, column:13]",
          "" },
        { "Thing__c", "{\"Account__r\":{\"Name\":\"A\"}}", "INVALID_FIELD",
          "The field name provided, Name is not an External ID or indexed field for Account", "" },
        { "Thing__c", "{\"Account__r\":{}}", "INVALID_FIELD",
          "External foreign key reference does not reference a valid entity: Account__r", "" },
        { "Thing__c", "{\"Account__r\":5}", "JSON_PARSER_ERROR",
          "The value provided for foreign key reference Account__r is not a nested SObject", "" },
        { "Task", "{\"Subject\":\"A\",\"Who\":{\"Email\":\"a@b.de\",\"attributes\":{\"type\":\"Lead\"}}}",
          "JSON_PARSER_ERROR",
          "Nested object for polymorphic foreign key must have an attributes field before any other fields.", "" },
        { "Thing__c", "[]", "JSON_PARSER_ERROR", "The body is not a JSON object: a record is {\"Field\":value, …}",
          "" },
        { "OpportunityStage", "{\"MasterLabel\":\"A\"}", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
          "entity type cannot be inserted: Opportunity Stage", "" },
    };
    test_org *org = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfo_fault f = { 0 };
        sf_id id;
        print_message("  %s %s\n", cases[i].object, cases[i].body);
        assert_false(org_create(org, cases[i].object, cases[i].body, &id, &f));
        org_assert_fault(&f, 400, cases[i].code, cases[i].message, cases[i].fields);
    }
    assert_int_equal(
        org_number(
            org,
            "SELECT (SELECT count(*) FROM Account)+(SELECT count(*) FROM Contact)+(SELECT count(*) FROM Thing__c)"),
        0);
}

static void test_validate__takes_values_as_they_are_written(void **state)
{
    static const struct {
        const char *body, *field, *want;
    } cases[] = {
        { "{\"Colors__c\":\"Blue;red;Blue\"}", "Colors__c", "\"Red;Blue\"" },
        { "{\"Free__c\":\"Three;Two;One\"}", "Free__c", "\"One;Two;Three\"" },
        { "{\"Free__c\":\";;\"}", "Free__c", "null" },
        { "{\"Size__c\":\"s\"}", "Size__c", "\"S\"" },
        { "{}", "Size__c", "\"M\"" },
        { "{\"Size__c\":null}", "Size__c", "null" },
        { "{}", "Must__c", "\"x\"" },
        { "{}", "Flag__c", "false" },
        { "{\"Flag__c\":\"TRUE\"}", "Flag__c", "true" },
        { "{\"Flag__c\":null}", "Flag__c", "false" },
        { "{\"Price__c\":1.005}", "Price__c", "1.0" },
        { "{\"Price__c\":\"12.345\"}", "Price__c", "12.35" },
        { "{\"Price__c\":-0.001}", "Price__c", "0.0" },
        { "{\"Count__c\":12.0}", "Count__c", "12" },
        { "{\"Count__c\":\"-7\"}", "Count__c", "-7" },
        { "{\"Day__c\":\"2024-02-29\"}", "Day__c", "\"2024-02-29\"" },
        { "{\"Day__c\":\"2024-02-29T23:59:59.000Z\"}", "Day__c", "\"2024-02-29\"" },
        { "{\"Moment__c\":\"2024-11-23T22:10:05.789+0100\"}", "Moment__c", "\"2024-11-23T21:10:05.000+0000\"" },
        { "{\"Moment__c\":\"1969-12-31T23:59:59.500Z\"}", "Moment__c", "\"1969-12-31T23:59:59.000+0000\"" },
        { "{\"Moment__c\":\"2024-11-23\"}", "Moment__c", "\"2024-11-23T00:00:00.000+0000\"" },
        { "{\"Clock__c\":\"22:10:05.120Z\"}", "Clock__c", "\"22:10:05.120Z\"" },
        { "{\"Clock__c\":\"02:10:05Z\"}", "Clock__c", "\"02:10:05.000Z\"" },
        { "{\"Ext__c\":\" a b\\t\"}", "Ext__c", "\"a b\"" },
        { "{\"Place__Latitude__s\":52.5,\"Place__Longitude__s\":13.4}", "Place__c",
          "{\"latitude\":52.5,\"longitude\":13.4}" },
        { "{\"ext__C\":\"first\",\"Ext__c\":\"last\"}", "Ext__c", "\"last\"" },
    };
    test_org *org = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].body);
        sf_id id = org_must_create(org, "Thing__c", cases[i].body);
        org_assert_field(org, "Thing__c", id.text, cases[i].field, cases[i].want);
    }
}

static void test_validate__custom_rows_are_named_by_their_id(void **state)
{
    char want[32];
    sf_id id = org_must_create(*state, "Thing__c", "{}");
    snprintf(want, sizeof want, "\"%s\"", id.text);
    org_assert_field(*state, "Thing__c", id.text, "Name", want);
}

static void test_validate__blobs_are_written_as_paths(void **state)
{
    char want[128];
    sf_id id = org_must_create(*state, "Thing__c", "{\"Data__c\":\"aGVsbG8=\"}");
    snprintf(want, sizeof want, "\"/services/data/v62.0/sobjects/Thing__c/%s/Data__c\"", id.text);
    org_assert_field(*state, "Thing__c", id.text, "Data__c", want);
    assert_int_equal(org_number(*state, "SELECT count(*) FROM Thing__c WHERE Data__c = x'68656c6c6f'"), 1);
}

static void test_validate__unique_values_name_the_other_record(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    char want[128];
    sf_id first = org_must_create(org, "Thing__c", "{\"Ext__c\":\"Straße\",\"Exact__c\":\"a\"}"), id;
    assert_false(org_create(org, "Thing__c", "{\"Ext__c\":\"STRAßE\"}", &id, &f));
    snprintf(want, sizeof want, "duplicate value found: Ext__c duplicates value on record with id: %.15s", first.text);
    assert_true(f.has_fields);
    org_assert_fault(&f, 400, "DUPLICATE_VALUE", want, "");
    (void)org_must_create(org, "Thing__c", "{\"Exact__c\":\"A\"}"); /* with case */
    assert_false(org_create(org, "Thing__c", "{\"Exact__c\":\"a\"}", &id, &f));
    sfo_fault_clear(&f);
    assert_true(org_update(org, "Thing__c", first.text, "{\"Ext__c\":\"straße\"}", &f)); /* its own value */
    assert_true(org_delete(org, "Thing__c", first.text, &f));
    (void)org_must_create(org, "Thing__c", "{\"Ext__c\":\"straße\"}"); /* the bin does not count */
}

static void test_validate__references_by_external_id(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sf_id id;
    char want[32];
    sf_id user = org_must_create(org, "Contact", "{\"LastName\":\"Findme\",\"Email\":\"find@me.example\"}");
    id = org_must_create(
        org, "Task",
        "{\"Subject\":\"A\",\"Who\":{\"attributes\":{\"type\":\"Contact\"},\"Email\":\"FIND@me.example\"}}");
    snprintf(want, sizeof want, "\"%s\"", user.text);
    org_assert_field(org, "Task", id.text, "WhoId", want);
    assert_false(org_create(
        org, "Task", "{\"Subject\":\"A\",\"Who\":{\"attributes\":{\"type\":\"Contact\"},\"Email\":\"no@me.example\"}}",
        &id, &f));
    org_assert_fault(&f, 400, "INVALID_FIELD",
                     "Foreign key external ID: no@me.example not found for field Email in entity Contact", "");
    (void)org_must_create(org, "Contact", "{\"LastName\":\"Findme\",\"Email\":\"find@me.example\"}");
    assert_false(org_create(
        org, "Task",
        "{\"Subject\":\"A\",\"Who\":{\"attributes\":{\"type\":\"Contact\"},\"Email\":\"find@me.example\"}}", &id, &f));
    assert_string_equal(f.code, "DUPLICATE_EXTERNAL_ID");
    sfo_fault_clear(&f);
    assert_true(
        org_update(org, "Task", org_must_create(org, "Task", "{\"Subject\":\"B\"}").text, "{\"Who\":null}", &f));
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_validate__refuses_in_the_orgs_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__takes_values_as_they_are_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__custom_rows_are_named_by_their_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__blobs_are_written_as_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__unique_values_name_the_other_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__references_by_external_id, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("org.validate", tests, NULL, NULL);
}
