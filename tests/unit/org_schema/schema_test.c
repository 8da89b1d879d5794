/* schema_test.c: the standard objects, --schema files that add to them, what such a file may leave out, and its mistakes. */
#include "schema/schema.h"
#include <stdlib.h>
#include <unistd.h>
#include "support/support.h"

/* ---- files ---- */

static char path[256];

static const char *write_file(const char *text)
{
    snprintf(path, sizeof path, "/tmp/sfo_schema_test_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static sfo_schema *load(const char *text)
{
    sfo_schema *s = NULL;
    sf_error err;
    sf_status rc = sfo_schema_load(text != NULL ? write_file(text) : NULL, &s, &err);
    if (text != NULL) unlink(path);
    if (rc != SF_OK) fail_msg("%s", err.message);
    return s;
}

static const sfo_object *object(const sfo_schema *s, const char *name)
{
    const sfo_object *o = sfo_schema_object(s, sfi_str(name));
    assert_non_null(o);
    return o;
}

static const sfo_field *field(const sfo_object *o, const char *name)
{
    const sfo_field *f = sfo_object_field(o, sfi_str(name));
    if (f == NULL) fail_msg("%s has no %s", o->name, name);
    return f;
}

/* ---- the standard objects ---- */

static void test_schema__finds_names_in_any_case(void **state)
{
    (void)state;
    sfo_schema *s = load(NULL);
    const sfo_object *o = object(s, "aCCount");
    assert_string_equal(o->name, "Account");
    assert_string_equal(o->key_prefix, "001");
    assert_ptr_equal(field(o, "ANNUALREVENUE"), field(o, "AnnualRevenue"));
    assert_string_equal(sfo_object_relationship(o, SFI_STR("owner"))->name, "OwnerId");
    assert_string_equal(sfo_object_child(o, SFI_STR("contacts"))->child_object, "Contact");
    assert_string_equal(sfo_object_name_field(object(s, "Case"))->name, "CaseNumber");
    assert_string_equal(sfo_schema_object_of_id(s, SFI_STR("0035j0000A00001"))->name, "Contact");
    assert_null(sfo_schema_object(s, SFI_STR("Acount")));
    assert_null(sfo_schema_object(s, SFI_STR("")));
    assert_null(sfo_object_field(o, SFI_STR("Nam")));
    assert_null(sfo_object_child(o, SFI_STR("Accounts")));
    assert_null(sfo_schema_object_of_id(s, SFI_STR("zzz5j0000A00001")));
    assert_null(sfo_schema_object_of_id(s, SFI_STR("00")));
    assert_true(field(object(s, "Contact"), "Name")->is_name_compound);
    assert_false(field(o, "Name")->is_name_compound);
    assert_false(field(o, "BillingAddress")->stored);
    sfo_schema_free(s);
}

static void test_schema__stands_in_the_order_of_the_describe(void **state)
{
    (void)state;
    sfo_schema *s = load(NULL);
    for (size_t i = 1; i < sfo_schema_count(s); i++)
        assert_true(strcmp(sfo_schema_at(s, i - 1)->name, sfo_schema_at(s, i)->name) < 0);
    assert_null(sfo_schema_at(s, sfo_schema_count(s)));
    for (size_t i = 0; i < sfo_schema_count(s); i++) {
        const sfo_object *o = sfo_schema_at(s, i);
        assert_int_equal(o->index, i);
        for (size_t k = 0; k < o->field_count; k++) assert_ptr_equal(o->fields[k].object, o);
        for (size_t k = 1; k < o->child_count; k++)
            assert_true(strcmp(o->children[k - 1].child_object, o->children[k].child_object) <= 0);
    }
    sfo_schema_free(s);
}

/* ---- what a file may leave out ---- */

static const char invoice[] =
    "{\"sobjects\":[{\"name\":\"Line__c\",\"fields\":["
    "{\"name\":\"Name\",\"type\":\"string\",\"autoNumber\":true},"
    "{\"name\":\"Invoice__c\",\"type\":\"reference\",\"referenceTo\":[\"Invoice__c\"],\"cascadeDelete\":true,"
    "\"nillable\":false}]},"
    "{\"name\":\"Invoice__c\",\"fields\":["
    "{\"name\":\"Account__c\",\"type\":\"reference\",\"referenceTo\":[\"Account\"]},"
    "{\"name\":\"Payer__c\",\"type\":\"reference\",\"referenceTo\":[\"Account\"]},"
    "{\"name\":\"Checked_By__c\",\"type\":\"reference\",\"referenceTo\":[\"Contact\"],\"childRelationshipName\":"
    "\"Checks\"},"
    "{\"name\":\"Note__c\",\"type\":\"textarea\",\"length\":32000},"
    "{\"name\":\"Place__c\",\"type\":\"location\",\"scale\":5},"
    "{\"name\":\"Ext__c\",\"type\":\"string\",\"length\":20,\"externalId\":true,\"unique\":true}]},"
    "{\"name\":\"Account\",\"fields\":[{\"name\":\"Level__c\",\"type\":\"picklist\",\"picklistValues\":[\"A\",{"
    "\"value\":\"B\",\"label\":\"Bee\"}]}]}]}";

static void test_schema__completes_custom_objects(void **state)
{
    static const char *const system_fields[] = {
        "Id",          "OwnerId",          "IsDeleted",        "Name",          "CreatedDate",
        "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"
    };
    (void)state;
    sfo_schema *s = load(invoice);
    const sfo_object *o = object(s, "Invoice__c");
    for (size_t i = 0; i < COUNT_OF(system_fields); i++) assert_string_equal(o->fields[i].name, system_fields[i]);
    assert_true(o->custom && o->createable && o->queryable && !o->is_event);
    assert_string_equal(o->label, "Invoice");
    assert_string_equal(o->label_plural, "Invoices");
    assert_string_equal(object(s, "Line__c")->key_prefix, "a00");
    assert_string_equal(o->key_prefix, "a01");
    assert_string_equal(field(o, "Account__c")->relationship_name, "Account__r");
    assert_string_equal(field(o, "Ext__c")->soap_type, "xsd:string");
    assert_int_equal(field(o, "Ext__c")->byte_length, 60);
    assert_true(field(o, "Ext__c")->id_lookup && field(o, "Ext__c")->custom && field(o, "Ext__c")->createable);
    assert_false(field(o, "Note__c")->filterable);
    assert_int_equal(field(o, "Place__Latitude__s")->scale, 5);
    assert_string_equal(field(o, "Place__Longitude__s")->compound_name, "Place__c");
    assert_null(sfo_object_field(object(s, "Line__c"), SFI_STR("OwnerId"))); /* a detail has its master's owner */
    assert_true(field(object(s, "Line__c"), "Name")->auto_number && !field(object(s, "Line__c"), "Name")->createable);
    sfo_schema_free(s);
}

static void test_schema__adds_to_known_objects(void **state)
{
    (void)state;
    sfo_schema *s = load(invoice);
    const sfo_object *account = object(s, "Account");
    const sfo_field *level = field(account, "Level__c");
    assert_int_equal(level->picklist_count, 2);
    assert_string_equal(level->picklist[0].label, "A");
    assert_string_equal(level->picklist[1].label, "Bee");
    assert_true(level->picklist[0].active && !level->restricted_picklist);
    assert_string_equal(sfo_object_child(account, SFI_STR("Invoices__r"))->field, "Account__c");
    assert_string_equal(sfo_object_child(account, SFI_STR("Invoices1__r"))->field, "Payer__c");
    assert_string_equal(sfo_object_child(object(s, "Contact"), SFI_STR("Checks__r"))->field, "Checked_By__c");
    assert_true(sfo_object_child(object(s, "Invoice__c"), SFI_STR("Lines__r"))->cascade_delete);
    assert_string_equal(account->label, "Account"); /* what it was stays */
    sfo_schema_free(s);
}

/* ---- mistakes ---- */

static void test_schema__names_file_object_and_field_of_a_mistake(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "{\"sobjects\":{}}", "want {\"sobjects\":[…]}" },
        { "[]", "want {\"sobjects\":[…]}" },
        { "{\"sobjects\":[{}]}", "sobjects: an entry has no name" },
        { "{\"sobjects\":[{\"name\":\"A b\"}]}", "A b: the name is not an identifier" },
        { "{\"sobjects\":[{\"name\":\"AEvent\",\"isEvent\":true}]}", "AEvent: isEvent is for the org's own events" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"creatable\":true}]}", "A__c: unknown key creatable" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"createable\":1}]}", "A__c: want true or false for createable" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"keyPrefix\":\"0\"}]}",
          "A__c: keyPrefix is not three letters or digits" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"keyPrefix\":\"001\"}]}", "A__c: another object has the keyPrefix 001" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"type\":\"string\"}]}]}", "A__c: a field has no name" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"x\"}]}]}", "A__c.x: the field has no type" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"x\",\"type\":\"text\"}]}]}",
          "A__c.x: unknown type text" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"x\",\"type\":\"string\",\"length\":-1}]}]}",
          "A__c.x: want a whole number from 0 for length" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"x\",\"type\":\"reference\"}]}]}",
          "A__c.x: a reference without referenceTo" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"x\",\"type\":\"reference\",\"referenceTo\":[\"B__"
          "c\"]}]}]}",
          "A__c.x: referenceTo names the unknown object B__c" },
        { "{\"sobjects\":[{\"name\":\"Account\",\"fields\":[{\"name\":\"name\",\"type\":\"string\"}]}]}",
          "Account.name: the object has this field already" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"x\",\"type\":\"picklist\",\"picklistValues\":[{}]}"
          "]}]}",
          "A__c.x: a picklist value has no \"value\"" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":7}]}", "A__c: fields is not an array" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"recordTypeInfos\":7}]}", "A__c: recordTypeInfos: want a list" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"recordTypeInfos\":[{\"name\":\"x\"}]}]}",
          "A__c: recordTypeInfos: an entry has no developerName" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"recordTypeInfos\":[{\"developerName\":\"x\",\"nme\":1}]}]}",
          "recordTypeInfos: unknown key nme" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"recordTypeInfos\":[{\"developerName\":\"x\",\"recordTypeId\":"
          "\"001000000000001\"}]}]}",
          "no record type's id: 001000000000001" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"recordTypeInfos\":[{\"developerName\":\"x\"},{\"developerName\":\"X\"}]}"
          "]}",
          "there are two of X" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"recordTypeInfos\":[{\"developerName\":\"x\",\"picklists\":{\"F\":1}}]}]"
          "}",
          "want a list of values" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"x\",\"type\":\"picklist\",\"controllerName\":"
          "\"y\"}]}]}",
          "A__c.x: controllerName names the unknown field y" },
        { "{\"sobjects\":[{\"name\":\"A__c\",\"fields\":[{\"name\":\"y\",\"type\":\"boolean\"},{\"name\":\"x\","
          "\"type\":\"picklist\",\"controllerName\":"
          "\"y\",\"picklistValues\":[{\"value\":\"a\",\"validFor\":[\"maybe\"]}]}]}]}",
          "A__c.x: validFor of a names maybe, which y does not have" },
        { "{\"sobjects\":", "" }, /* the words are the parser's */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfo_schema *s = NULL;
        sf_error err;
        print_message("  %s\n", cases[i].text);
        sf_status rc = sfo_schema_load(write_file(cases[i].text), &s, &err);
        unlink(path);
        assert_int_equal(rc, SF_ERR_USAGE);
        assert_null(s);
        assert_non_null(strstr(err.message, path));
        if (strstr(err.message, cases[i].want) == NULL) fail_msg("%s", err.message);
    }
}

static const char drinks[] =
    "{\"sobjects\":[{\"name\":\"Drink__c\",\"fields\":[{\"name\":\"Kind__c\",\"type\":\"picklist\",\"picklistValues\":["
    "\"Hot\","
    "\"Cold\"]},{\"name\":\"Name__c\",\"type\":\"picklist\",\"controllerName\":\"kind__c\",\"picklistValues\":[{"
    "\"value\":\"Tea\","
    "\"validFor\":[\"Hot\"]},{\"value\":\"Cola\",\"validFor\":[\"Cold\"]},{\"value\":\"Raw\",\"validFor\":\"wA==\"}]}],"
    "\"recordTypeInfos\":[{\"developerName\":\"House\",\"defaultRecordTypeMapping\":true,\"picklists\":{\"Kind__c\":["
    "\"Hot\"]}},"
    "{\"developerName\":\"Master\",\"master\":true},{\"developerName\":\"Guest\",\"name\":\"For "
    "guests\",\"recordTypeId\":"
    "\"012000000000777\"}]},{\"name\":\"Account\",\"recordTypeInfos\":[{\"developerName\":\"House\"}]}]}";

static void test_schema__record_types_and_dependencies(void **state)
{
    (void)state;
    sfo_schema *s = load(drinks), *again = load(drinks);
    const sfo_object *o = object(s, "Drink__c");
    assert_int_equal(o->record_type_count, 2); /* the master is there anyway */
    const sfo_record_type *house = &o->record_types[0];
    assert_string_equal(house->name, "House");
    assert_true(house->is_default && house->active && house->available);
    assert_int_equal(strlen(house->id), 18);
    assert_string_equal(house->id, object(again, "Drink__c")->record_types[0].id); /* the same in every run */
    assert_string_not_equal(house->id, object(s, "Account")->record_types[0].id);
    assert_string_equal(o->record_types[1].id, "012000000000777AAA");
    assert_ptr_equal(sfo_object_record_type(o, SFI_STR("012000000000777")), &o->record_types[1]);
    assert_null(sfo_object_record_type(o, SFI_STR(SFO_MASTER_RECORD_TYPE)));
    assert_non_null(sfo_object_field(o, SFI_STR("RecordTypeId")));
    assert_non_null(sfo_object_field(object(s, "Account"), SFI_STR("recordtypeid")));
    assert_null(sfo_object_field(object(s, "Contact"), SFI_STR("RecordTypeId")));
    const sfo_field *kind = field(o, "Kind__c"), *name = field(o, "Name__c");
    assert_true(sfo_record_type_has(house, kind, "Hot"));
    assert_false(sfo_record_type_has(house, kind, "Cold"));
    assert_true(sfo_record_type_has(house, name, "Cola")); /* not named: all */
    assert_true(sfo_record_type_has(NULL, kind, "Cold"));
    assert_true(name->dependent_picklist);
    assert_false(kind->dependent_picklist);
    assert_string_equal(name->picklist[0].valid_for, "gAAA");
    assert_string_equal(name->picklist[1].valid_for, "QAAA");
    assert_string_equal(name->picklist[2].valid_for, "wA==");
    sfo_schema_free(again);
    sfo_schema_free(s);
}

static void test_schema__names_a_file_that_is_not_there(void **state)
{
    (void)state;
    sfo_schema *s = NULL;
    sf_error err;
    assert_int_equal(sfo_schema_load("/nowhere/objects.json", &s, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "/nowhere/objects.json"));
}

static void test_schema__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    const char *file = write_file(invoice);
    for (long n = 0; rc != SF_OK; n++) {
        sfo_schema *s = NULL;
        test_allocations_limit(n);
        rc = sfo_schema_load(file, &s, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && s == NULL));
        if (rc == SF_OK) print_message("  %ld allocations\n", n);
        sfo_schema_free(s);
        assert_int_equal(test_allocations_live(), 0);
    }
    unlink(path);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema__finds_names_in_any_case),
        cmocka_unit_test(test_schema__stands_in_the_order_of_the_describe),
        cmocka_unit_test(test_schema__completes_custom_objects),
        cmocka_unit_test(test_schema__adds_to_known_objects),
        cmocka_unit_test(test_schema__names_file_object_and_field_of_a_mistake),
        cmocka_unit_test(test_schema__record_types_and_dependencies),
        cmocka_unit_test(test_schema__names_a_file_that_is_not_there),
        cmocka_unit_test(test_schema__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("org.schema", tests, NULL, NULL);
}
