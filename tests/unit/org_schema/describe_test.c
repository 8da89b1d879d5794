/* describe_test.c: the describes are well-formed and hold every key that an org writes, in its order. */
#include "schema/schema.h"
#include "support/support.h"

static const char *const global_keys[] = {
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "deletable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
    "urls",
};
static const char *const describe_keys[] = {
    "actionOverrides",
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "childRelationships",
    "compactLayoutable",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "defaultImplementation",
    "deletable",
    "deprecatedAndHidden",
    "extendedBy",
    "extendsInterfaces",
    "feedEnabled",
    "fields",
    "hasSubtypes",
    "implementedBy",
    "implementsInterfaces",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "listviewable",
    "lookupLayoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "namedLayoutInfos",
    "networkScopeFieldName",
    "queryable",
    "recordTypeInfos",
    "replicateable",
    "retrieveable",
    "searchLayoutable",
    "searchable",
    "sobjectDescribeOption",
    "supportedScopes",
    "triggerable",
    "undeletable",
    "updateable",
    "urls",
};
static const char *const field_keys[] = {
    "aggregatable",
    "aiPredictionField",
    "autoNumber",
    "byteLength",
    "calculated",
    "calculatedFormula",
    "cascadeDelete",
    "caseSensitive",
    "compoundFieldName",
    "controllerName",
    "createable",
    "custom",
    "defaultValue",
    "defaultValueFormula",
    "defaultedOnCreate",
    "dependentPicklist",
    "deprecatedAndHidden",
    "digits",
    "displayLocationInDecimal",
    "encrypted",
    "externalId",
    "extraTypeInfo",
    "filterable",
    "filteredLookupInfo",
    "formulaTreatNullNumberAsZero",
    "groupable",
    "highScaleNumber",
    "htmlFormatted",
    "idLookup",
    "inlineHelpText",
    "label",
    "length",
    "mask",
    "maskType",
    "name",
    "nameField",
    "namePointing",
    "nillable",
    "permissionable",
    "picklistValues",
    "polymorphicForeignKey",
    "precision",
    "queryByDistance",
    "referenceTargetField",
    "referenceTo",
    "relationshipName",
    "relationshipOrder",
    "restrictedDelete",
    "restrictedPicklist",
    "scale",
    "searchPrefilterable",
    "soapType",
    "sortable",
    "type",
    "unique",
    "updateable",
    "writeRequiresMasterRead",
};

static void assert_keys(sf_value v, const char *const *want, size_t count)
{
    sf_iter it = sf_iter_begin(v);
    sf_str key;
    sf_value value;
    size_t n = 0;
    while (sf_iter_next(&it, &key, &value)) {
        assert_true(n < count);
        if (!sfi_str_is(key, want[n])) fail_msg("key %zu is %.*s, want %s", n, (int)key.len, key.ptr, want[n]);
        n++;
    }
    assert_int_equal(n, count);
}

static sf_document *parse(sfi_buf *out)
{
    sf_document *doc = NULL;
    sf_error err;
    if (sf_document_parse(out->data, out->len, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    sfi_buf_free(out);
    return doc;
}

static void test_describe__global_entries_have_all_keys(void **state)
{
    (void)state;
    sfo_schema *s;
    sfi_buf out = { 0 };
    assert_int_equal(sfo_schema_load(NULL, &s, NULL), SF_OK);
    sfo_describe_global(s, "62.0", &out);
    sf_document *doc = parse(&out);
    sf_value root = sf_document_root(doc), entry;
    assert_string_equal(sf_get_str(root, "encoding"), "UTF-8");
    assert_int_equal(sf_get_int(root, "maxBatchSize", 0), 200);
    assert_int_equal(sf_value_count(sf_get(root, "sobjects")), sfo_schema_count(s));
    sf_iter it = sf_iter_begin(sf_get(root, "sobjects"));
    while (sf_iter_next(&it, NULL, &entry)) {
        assert_keys(entry, global_keys, COUNT_OF(global_keys));
        assert_non_null(sf_get_str(entry, "urls.sobject"));
        assert_non_null(sf_get_str(entry, "urls.describe"));
        assert_non_null(sf_get_str(entry, "urls.rowTemplate"));
    }
    sf_document_free(doc);
    sfo_schema_free(s);
}

static void test_describe__every_object_and_field_has_all_keys(void **state)
{
    (void)state;
    sfo_schema *s;
    assert_int_equal(sfo_schema_load(NULL, &s, NULL), SF_OK);
    for (size_t i = 0; i < sfo_schema_count(s); i++) {
        sfi_buf out = { 0 };
        sfo_describe_object(s, sfo_schema_at(s, i), "62.0", "http://127.0.0.1:1", &out);
        sf_document *doc = parse(&out);
        sf_value root = sf_document_root(doc), field;
        assert_keys(root, describe_keys, COUNT_OF(describe_keys));
        sf_iter it = sf_iter_begin(sf_get(root, "fields"));
        while (sf_iter_next(&it, NULL, &field)) assert_keys(field, field_keys, COUNT_OF(field_keys));
        sf_document_free(doc);
    }
    sfo_schema_free(s);
}

static void test_describe__says_what_the_definition_says(void **state)
{
    (void)state;
    sfo_schema *s;
    sfi_buf out = { 0 };
    assert_int_equal(sfo_schema_load(NULL, &s, NULL), SF_OK);
    sfo_describe_object(s, sfo_schema_object(s, SFI_STR("Account")), "58.0", "http://127.0.0.1:1", &out);
    sf_document *doc = parse(&out);
    sf_value root = sf_document_root(doc);
    assert_string_equal(sf_get_str(root, "fields.0.name"), "Id");
    assert_string_equal(sf_get_str(root, "fields.1.name"), "IsDeleted");
    assert_int_equal(sf_value_type(sf_get(root, "fields.1.defaultValue")), SF_BOOL);
    assert_true(sf_is_null(root, "fields.0.defaultValue"));
    assert_string_equal(sf_get_str(root, "recordTypeInfos.0.recordTypeId"), "012000000000000AAA");
    assert_string_equal(sf_get_str(root, "urls.rowTemplate"), "/services/data/v58.0/sobjects/Account/{ID}");
    assert_string_equal(sf_get_str(root, "urls.uiEditTemplate"), "http://127.0.0.1:1/{ID}/e");
    assert_string_equal(sf_get_str(root, "supportedScopes.0.label"), "All accounts");
    sf_document_free(doc);
    sfo_schema_free(s);
}

static void test_describe__survives_failed_allocations(void **state)
{
    (void)state;
    sfo_schema *s;
    assert_int_equal(sfo_schema_load(NULL, &s, NULL), SF_OK);
    const sfo_object *o = sfo_schema_object(s, SFI_STR("Account"));
    long live = test_allocations_live();
    for (int global = 0; global < 2; global++) {
        bool whole = false;
        for (long n = 0; !whole; n++) {
            sfi_buf out = { 0 };
            test_allocations_limit(n);
            if (global == 1)
                sfo_describe_global(s, "62.0", &out);
            else
                sfo_describe_object(s, o, "62.0", "http://127.0.0.1:1", &out);
            test_allocations_limit(-1);
            whole = !out.failed;
            if (whole) sf_document_free(parse(&out));
            sfi_buf_free(&out);
            assert_int_equal(test_allocations_live(), live);
        }
    }
    sfo_schema_free(s);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe__global_entries_have_all_keys),
        cmocka_unit_test(test_describe__every_object_and_field_has_all_keys),
        cmocka_unit_test(test_describe__says_what_the_definition_says),
        cmocka_unit_test(test_describe__survives_failed_allocations),
    };
    return cmocka_run_group_tests_name("org.describe", tests, NULL, NULL);
}
