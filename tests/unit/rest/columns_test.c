/* columns_test.c: the columns of statements, alone and with a row that says how the org spells them. */
#include "support/support.h"
#include "rest/columns_internal.h"

/* "Id,Owner.Name,Contacts*": a star marks a child query. */
static void expect(const char *soql, const char *row, const char *want)
{
    sfi_columns c = { 0 };
    sf_error err = { 0 };
    if (sfi_columns_read(&c, sfi_str(soql), &err) != SF_OK) fail_msg("%s: %s", soql, err.message);
    if (row != NULL) {
        sf_document *doc;
        assert_int_equal(sf_document_parse(row, strlen(row), &doc, NULL), SF_OK);
        assert_int_equal(sfi_columns_settle(&c, sf_document_root(doc), NULL), SF_OK);
        sf_document_free(doc);
    }
    sfi_buf got = { 0 };
    for (size_t i = 0; i < c.count; i++)
        sfi_buf_addf(&got, "%s%s%s", i > 0 ? "," : "", c.list[i].path, c.list[i].is_children ? "*" : "");
    if (!sfi_str_is(sfi_buf_str(&got), want)) fail_msg("%s: got %s, want %s", soql, got.data, want);
    sfi_buf_free(&got);
    sfi_columns_clear(&c);
}

static void test_columns__follow_the_statement(void **state)
{
    (void)state;
    expect("SELECT Id, Name FROM Account", NULL, "Id,Name");
    expect("select Id,Owner.Name from Account where Name = 'a, b FROM c'", NULL, "Id,Owner.Name");
    expect("SELECT Contact.FirstName, Contact.Account.Name FROM Contact", NULL, "FirstName,Account.Name");
    expect("SELECT c.FirstName, a.Name, o.Name FROM Contact c, c.Account a, a.Owner AS o", NULL,
           "FirstName,Account.Name,Account.Owner.Name");
    expect("SELECT Id FROM Order ORDER BY Id", NULL, "Id");
    expect("SELECT Id, (SELECT Id, (SELECT Id FROM Cases) FROM Account.Contacts WHERE x IN ('a)')) FROM Account", NULL,
           "Id,Contacts*");
    expect("SELECT toLabel(Status), FORMAT(Amount) amt, FORMAT(convertCurrency(Amount)) FROM Case", NULL,
           "Status,amt,Amount");
    expect("SELECT COUNT() FROM Account", NULL, "");
    expect("SELECT COUNT(Id), MAX(Amount) m, SUM(Amount) FROM Opportunity", NULL, "expr0,m,expr1");
    expect("SELECT Account.Name, COUNT(Id) n FROM Contact GROUP BY Account.Name", NULL, "Name,n");
    expect("SELECT CALENDAR_YEAR(CreatedDate), COUNT(Id) FROM Lead GROUP BY CALENDAR_YEAR(CreatedDate)", NULL,
           "expr0,expr1");
    expect("SELECT Id, TYPEOF What WHEN Account THEN Phone, Name WHEN Opportunity THEN Amount, Name ELSE Id END FROM "
           "Event",
           NULL, "Id,What.Phone,What.Name,What.Amount,What.Id");
    expect("SELECT DISTANCE(Location__c, GEOLOCATION(1,2), 'km') d, Id FROM Account", NULL, "d,Id");
    expect("this is no statement", NULL, "");
    expect("SELECT", NULL, "");
    expect("SELECT Id FROM", NULL, "Id");
    expect("SELECT (SELECT Id FROM Contacts", NULL, "");
}

static void test_columns__take_the_rows_spelling(void **state)
{
    (void)state;
    expect("select id, owner.name from account",
           "{\"attributes\":{},\"Id\":\"1\",\"Owner\":{\"attributes\":{},\"Name\":\"x\"}}", "Id,Owner.Name");
    expect("select id, owner.name from account", "{\"attributes\":{},\"Id\":\"1\",\"Owner\":null}", "Id,Owner.name");
    expect("select (select id from contacts) from account", "{\"Contacts\":null}", "Contacts*");
    expect("SELECT toLabel(Status), COUNT(Id) FROM Case GROUP BY Status",
           "{\"attributes\":{\"type\":\"AggregateResult\"},\"Status\":\"New\",\"expr0\":3}", "Status,expr0");
}

static void test_columns__expand_fields_from_a_row(void **state)
{
    static const char row[] =
        "{\"attributes\":{},\"Id\":\"1\",\"Name\":\"n\",\"BillingAddress\":{\"city\":\"x\"},\"Phone\":null}";
    (void)state;
    expect("SELECT FIELDS(ALL), (SELECT Id FROM Contacts) FROM Account LIMIT 1",
           "{\"attributes\":{},\"Id\":\"1\",\"Name\":\"n\",\"Contacts\":null}", "Id,Name,Contacts*");
    expect("SELECT Phone, FIELDS(STANDARD) FROM Account", row, "Phone,Id,Name,BillingAddress");
    expect("", row, "Id,Name,BillingAddress,Phone");
    expect("",
           "{\"Id\":\"1\",\"Owner\":{\"attributes\":{},\"Name\":\"n\",\"Manager\":{\"attributes\":{},\"Id\":\"2\"}},"
           "\"Cs\":{\"totalSize\":0,\"done\":true,\"records\":[]}}",
           "Id,Owner.Name,Owner.Manager.Id,Cs*");
}

static void test_columns__survive_each_failed_allocation(void **state)
{
    static const char row[] = "{\"attributes\":{},\"Id\":\"1\",\"Name\":\"n\",\"Owner\":{\"Name\":\"x\"}}";
    (void)state;
    sf_document *doc;
    assert_int_equal(sf_document_parse(row, strlen(row), &doc, NULL), SF_OK);
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sfi_columns c = { 0 };
        test_allocations_limit(n);
        rc = sfi_columns_read(&c, SFI_STR("select FIELDS(ALL), owner.name, (select id from cases) from account"), NULL);
        if (rc == SF_OK) rc = sfi_columns_settle(&c, sf_document_root(doc), NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sfi_columns_clear(&c);
    }
    sf_document_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns__follow_the_statement),
        cmocka_unit_test(test_columns__take_the_rows_spelling),
        cmocka_unit_test(test_columns__expand_fields_from_a_row),
        cmocka_unit_test(test_columns__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
