/* load_map_test.c: the files that map columns to fields, as people write them and as Data Loader does. */
#define SFI_MAY_ALLOCATE
#include "bulk/load_internal.h"
#include "support/support.h"

static sf_status parse(const char *text, size_t len, sfi_load_map *m, sf_error *err)
{
    char *copy = malloc(len + 1); /* of the exact size, so that a byte too many is seen */
    assert_non_null(copy);
    memcpy(copy, text, len);
    *m = (sfi_load_map){ .count = 0 };
    sf_status rc = sfi_load_map_parse("m.sdl", copy, len, m, err);
    free(copy);
    return rc;
}

static void test_load_map__lines_are_columns_and_fields(void **state)
{
    (void)state;
    static const struct {
        const char *line, *from, *to;
    } cases[] = {
        { "NAME=Name", "NAME", "Name" },
        { "  family name = LastName \r", "family name", "LastName" },
        { "Account\\ Name=Name", "Account Name", "Name" },
        { "a:b", "a", "b" },
        { "mail=", "mail", "" },
        { "a\\=b\\:c\\#d\\!e\\\\f=Name", "a=b:c#d!e\\f", "Name" },
        { "a=b=c", "a", "b=c" },
        { "\\u00c4rger\\u20AC\\ud83d\\ude00=Name", "\xc3\x84rger\xe2\x82\xac\xf0\x9f\x98\x80", "Name" },
        { "a\\ud83dx=Name", "a\xef\xbf\xbdx", "Name" }, /* half a pair */
        { "\\u12=\\u", "u12", "u" },
        { "tab\\there=x\\", "tab\there", "x\\" },
        { "Stra\xc3\x9f"
          "e=Street",
          "Stra\xc3\x9f"
          "e",
          "Street" },
        { "\"half=Name", "\"half", "Name" },
        { "PARENT=Parent\\:Account-Oracle_Id__c", "PARENT", "Account:Parent.Oracle_Id__c" },
        { "Who\\:Contact-Email=Who\\:Contact-Email", "Who:Contact-Email", "Contact:Who.Email" },
        { "PARENT=pArent:oRaClE_Id__c", "PARENT", "pArent.oRaClE_Id__c" },
        { "p= Parent : Account - Ext__c ", "p", "Account:Parent.Ext__c" },
        { "p=Parent.Ext__c", "p", "Parent.Ext__c" },
        { "p=Lead:Who.Ext__c", "p", "Lead:Who.Ext__c" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_load_map m;
        assert_int_equal(parse(cases[i].line, strlen(cases[i].line), &m, NULL), SF_OK);
        assert_int_equal(m.count, 1);
        assert_string_equal(m.columns[0].from, cases[i].from);
        assert_string_equal(m.columns[0].to, cases[i].to);
        sfi_load_map_free(&m);
    }
}

static void test_load_map__what_is_no_mapping_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "map m.sdl: it maps no column" },
        { "# a\n! b\n\n", "map m.sdl: it maps no column" },
        { "# a\nName\n", "map m.sdl: line 2: want CSV-COLUMN=FIELD" },
        { "a=b\na\\=\n", "map m.sdl: line 2: want CSV-COLUMN=FIELD" }, /* the = belongs to the name */
        { "=Name", "map m.sdl: line 1: want CSV-COLUMN=FIELD" },
        { "\"Canada\"=BillingCountry",
          "map m.sdl: line 1: \"Canada\" is a constant; put it into the file as a column" },
        { "State=BillingState, ShippingState",
          "map m.sdl: line 1: a column goes to one field; repeat the column in the file for another" },
        { "a=\\u0000", "map m.sdl: line 1: it holds a NUL" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_load_map m;
        sf_error err = { 0 };
        assert_int_equal(parse(cases[i].text, strlen(cases[i].text), &m, &err), SF_ERR_USAGE);
        assert_string_equal(err.message, cases[i].message);
        sfi_load_map_free(&m);
    }
}

static const char whole[] = "\xef\xbb\xbf#Mapping values\n#Tue Jun 20 18:59:17 PDT 2006\n\nNAME=Name\r\n"
                            "PARENT=Parent\\:Account-Ext__c\n\\u00c4=Other\\:Lead-X__c";

static void test_load_map__is_read_cut_anywhere(void **state)
{
    (void)state;
    sfi_load_map m;
    assert_int_equal(parse(whole, sizeof whole - 1, &m, NULL), SF_OK);
    assert_int_equal(m.count, 3);
    assert_string_equal(m.columns[2].to, "Lead:Other.X__c");
    sfi_load_map_free(&m);
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        sf_status rc = parse(whole, len, &m, NULL);
        assert_true(rc == SF_OK || rc == SF_ERR_USAGE);
        sfi_load_map_free(&m);
    }
}

static void test_load_map__any_allocation_may_fail(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    long live = test_allocations_live(), n = 0;
    for (; n < 50 && rc == SF_ERR_MEMORY; n++) {
        sfi_load_map m;
        sf_error err = { 0 };
        test_allocations_limit(n);
        rc = parse(whole, sizeof whole - 1, &m, &err);
        test_allocations_limit(-1);
        assert_int_equal(rc, err.status);
        sfi_load_map_free(&m);
        assert_int_equal(test_allocations_live(), live);
    }
    assert_int_equal(rc, SF_OK);
    assert_true(n > 3);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_map__lines_are_columns_and_fields),
        cmocka_unit_test(test_load_map__what_is_no_mapping_is_told_with_its_line),
        cmocka_unit_test(test_load_map__is_read_cut_anywhere),
        cmocka_unit_test(test_load_map__any_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("load_map", tests, NULL, NULL);
}
