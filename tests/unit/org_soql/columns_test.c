/* columns_test.c: what a query would answer, told without its rows: one table of statements and the columns they have. */
#include "fixture.h"

static char *columns(const char *soql)
{
    sfi_buf out = { 0 };
    sfo_fault fault = { 0 };
    if (!sfo_soql_columns(org.store, &org.context, sfi_str(soql), &out, &fault)) {
        assert_int_equal(out.len, 0);
        sfi_buf_addf(&out, "%s", fault.code);
    }
    sfo_fault_clear(&fault);
    char *text = sfi_buf_take(&out);
    assert_non_null(text);
    return text;
}

/* name|text|type of a column, an asterisk when it is an aggregate, those behind it in parentheses. */
static void add_column(sfi_buf *out, sf_value column)
{
    sf_value joined;
    if (out->len > 0 && out->data[out->len - 1] != '(') sfi_buf_add_str(out, " ");
    sfi_buf_addf(out, "%s|%s|%s%s", sf_get_str(column, "columnName"), sf_get_str(column, "displayName"),
                 sf_get_str(column, "apexType"), sf_get_bool(column, "aggregate", false) ? "*" : "");
    sf_iter inside = sf_iter_begin(sf_get(column, "joinColumns"));
    for (bool first = true; sf_iter_next(&inside, NULL, &joined); first = false) {
        if (first) sfi_buf_add_str(out, "(");
        add_column(out, joined);
    }
    if (sf_value_count(sf_get(column, "joinColumns")) > 0) sfi_buf_add_str(out, ")");
}

static void test_columns__tell_what_the_rows_hold(void **state)
{
    static const struct {
        const char *soql, *want;
        bool group_by, id_selected;
    } cases[] = {
        { "SELECT Id, name FROM Account", "Id|Id|Id Name|Name|String", false, true },
        { "SELECT Score__c, Open__c, Day__c, Moment__c, Money__c FROM Place__c",
          "Score__c|Score__c|Double Open__c|Open__c|Boolean Day__c|Day__c|Date Moment__c|Moment__c|Datetime "
          "Money__c|Money__c|Decimal",
          false, false },
        { "SELECT Account.Name, LastName FROM Contact",
          "Account|Account|Account(Name|Name|String) LastName|LastName|String", false, false },
        { "SELECT Name, (SELECT LastName FROM Contacts) FROM Account",
          "Name|Name|String Contacts|Contacts|List*(LastName|LastName|String)", false, false },
        { "SELECT Industry, COUNT(Id) n, MAX(Name) FROM Account GROUP BY Industry",
          "Industry|Industry|String n|n|Integer* expr0|MAX(Name)|String*", true, false },
        { "SELECT COUNT() FROM Account", "", false, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = columns(cases[i].soql);
        sf_document *doc = NULL;
        sf_error err;
        sf_value column;
        sfi_buf got = { 0 };
        if (sf_document_parse(text, strlen(text), &doc, &err) != SF_OK) fail_msg("%s: %s", cases[i].soql, text);
        sf_value root = sf_document_root(doc);
        sf_iter all = sf_iter_begin(sf_get(root, "columnMetadata"));
        while (sf_iter_next(&all, NULL, &column)) add_column(&got, column);
        assert_string_equal(got.len > 0 ? got.data : "", cases[i].want);
        assert_int_equal(sf_get_bool(root, "groupBy", !cases[i].group_by), cases[i].group_by);
        assert_int_equal(sf_get_bool(root, "idSelected", !cases[i].id_selected), cases[i].id_selected);
        sfi_buf_free(&got);
        sf_document_free(doc);
        sfi_free(text);
    }
}

static void test_columns__refuse_what_the_query_would(void **state)
{
    (void)state;
    char *text = columns("SELECT Nope FROM Contact");
    assert_string_equal(text, "INVALID_FIELD");
    sfi_free(text);
    text = columns("SELECT");
    assert_string_equal(text, "MALFORMED_QUERY");
    sfi_free(text);
}

static void test_columns__survive_each_failed_allocation(void **state)
{
    bool fine = false;
    (void)state;
    for (int n = 0; !fine; n++) {
        sfi_buf out = { 0 };
        sfo_fault fault = { 0 };
        test_allocations_limit(n);
        fine = sfo_soql_columns(org.store, &org.context, SFI_STR("SELECT Name, MAX(Id) FROM Account GROUP BY Name"),
                                &out, &fault);
        test_allocations_limit(-1);
        assert_true(fine ? strstr(out.data, "\"MAX(Id)\"") != NULL : fault.http_status == 500 && out.len == 0);
        sfo_fault_clear(&fault);
        sfi_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns__tell_what_the_rows_hold),
        cmocka_unit_test(test_columns__refuse_what_the_query_would),
        cmocka_unit_test(test_columns__survive_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("soql columns", tests, open_org, close_org);
}
