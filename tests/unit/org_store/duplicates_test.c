/* duplicates_test.c: duplicate rules: what they find, when they warn and forbid, wrong ones; and the rules and the memory of
 * passwords that people set. */
#include "org.h"

static char path[] = "/tmp/sfo-duplicates-XXXXXX";

static const char *write_file(const char *text)
{
    snprintf(path, sizeof path, "/tmp/sfo-duplicates-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static const char rules[] =
    "{\"sobjects\":[],\"duplicateRules\":[{\"object\":\"contact\",\"name\":\"Soft\",\"fields\":[\"email\"],"
    "\"allowSave\":true,"
    "\"message\":\"Look "
    "twice\"},{\"object\":\"Lead\",\"name\":\"Hard\",\"fields\":[\"LastName\",\"Company\"],\"onUpdate\":false}]}";

static bool refused(test_org *org, bool ok, sfo_fault *f, const char *id)
{
    (void)org;
    bool is_duplicate = !ok && strcmp(f->code, "DUPLICATES_DETECTED") == 0;
    if (!ok && !is_duplicate) fail_msg("%s", f->message);
    if (is_duplicate) {
        sf_document *found = org_json(f->duplicates);
        assert_string_equal(sf_get_str(sf_document_root(found), "matchResults.0.matchRecords.0.record.Id"), id);
        sf_document_free(found);
    }
    sfo_fault_clear(f);
    assert_null(f->duplicates);
    return is_duplicate;
}

static void test_duplicates__warn_or_forbid(void **state)
{
    (void)state;
    test_org org;
    sf_id id;
    sfo_fault f = { 0 };
    org_open_with(&org, ":memory:", write_file(rules));
    unlink(path);
    sf_id first = org_must_create(&org, "Contact", "{\"LastName\":\"A\",\"Email\":\"a@x.example\"}");
    (void)org_must_create(&org, "Contact", "{\"LastName\":\"A\"}"); /* an empty field is like no other */
    (void)org_must_create(&org, "Contact", "{\"LastName\":\"A\",\"Email\":null}");
    assert_true(refused(&org, org_create(&org, "Contact", "{\"LastName\":\"B\",\"Email\":\"A@X.example\"}", &id, &f),
                        &f, first.text));
    sf_id other = org_must_create(&org, "Contact", "{\"LastName\":\"B\",\"Email\":\"b@x.example\"}");
    assert_true(
        refused(&org, org_update(&org, "Contact", other.text, "{\"Email\":\"a@x.example\"}", &f), &f, first.text));
    assert_true(org_update(&org, "Contact", first.text, "{\"Email\":\"a@x.example\"}", &f)); /* itself is no twin */
    org.context.allow_duplicates = true;
    assert_true(org_update(&org, "Contact", other.text, "{\"Email\":\"a@x.example\"}", &f));
    org.context.allow_duplicates = false;
    assert_true(org_update(&org, "Contact", other.text, "{\"Title\":\"Dr\"}", &f)); /* the rule's field stays */

    sf_id lead = org_must_create(&org, "Lead", "{\"LastName\":\"L\",\"Company\":\"C\"}");
    org.context.allow_duplicates = true; /* this rule does not only warn */
    assert_true(
        refused(&org, org_create(&org, "Lead", "{\"LastName\":\"l\",\"Company\":\"c\"}", &id, &f), &f, lead.text));
    sf_id second = org_must_create(&org, "Lead", "{\"LastName\":\"L\",\"Company\":\"D\"}");
    assert_true(org_update(&org, "Lead", second.text, "{\"Company\":\"C\"}", &f)); /* onUpdate false */
    org_close(&org);
}

static void test_duplicates__wrong_rules_are_refused(void **state)
{
    static const struct {
        const char *rule, *says;
    } cases[] = {
        { "{\"object\":\"Nothing__c\",\"name\":\"R\",\"fields\":[\"Name\"]}", "unknown object Nothing__c" },
        { "{\"object\":\"Account\",\"fields\":[\"Name\"]}", "a rule has no name" },
        { "{\"object\":\"Account\",\"name\":\"R\",\"fields\":[\"Nope\"]}", "no such field" },
        { "{\"object\":\"Account\",\"name\":\"R\",\"fields\":[]}", "no fields in rule R" },
        { "{\"object\":\"Account\",\"name\":\"R\",\"fields\":[\"Name\"],\"allowsave\":true}", "unknown key allowsave" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[400];
        sfo_schema *schema = NULL;
        sfo_store *store = NULL;
        sf_error err = { 0 };
        snprintf(text, sizeof text, "{\"sobjects\":[],\"duplicateRules\":[%s]}", cases[i].rule);
        print_message("  %s\n", cases[i].rule);
        assert_int_equal(sfo_schema_load(write_file(text), &schema, &err), SF_OK);
        unlink(path);
        assert_true(sfo_store_open(":memory:", schema, &store, &err) < 0);
        assert_null(store);
        if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
        sfo_schema_free(schema);
    }
}

static void test_duplicates__passwords_are_remembered(void **state)
{
    static const struct {
        const char *password;
        bool good;
    } turns[] = {
        { "sh0rt", false },      { "onlyletters", false }, { "1234567890", false }, { "admin@local.example1", false },
        { "first 0001", true },  { "first 0001", false },  { "second 0002", true }, { "third 0003", true },
        { "first 0001", false }, { "fourth 0004", true },  { "first 0001", true },  { "fourth 0004", false },
        { "Größe123", true },
    };
    (void)state;
    test_org org;
    org_open(&org);
    const char *admin = sfo_store_admin_id(org.store);
    for (size_t i = 0; i < COUNT_OF(turns); i++) {
        sfo_fault f = { 0 };
        sf_id user;
        bool active;
        print_message("  %s\n", turns[i].password);
        bool ok = sfo_user_change_password(org.store, admin, sfi_str(turns[i].password), &f);
        assert_int_equal(ok, turns[i].good);
        if (!ok) assert_string_equal(f.code, "INVALID_NEW_PASSWORD");
        sfo_fault_clear(&f);
        if (ok)
            assert_true(sfo_user_check_password(org.store, SFI_STR("admin@local.example"), sfi_str(turns[i].password),
                                                &user, &active));
    }
    sfo_fault f = { 0 };
    assert_false(sfo_user_change_password(org.store, "0055j0000Zzzzzz", SFI_STR("good 0001"), &f));
    assert_int_equal(f.http_status, 404);
    sfo_fault_clear(&f);
    org_close(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicates__warn_or_forbid),
        cmocka_unit_test(test_duplicates__wrong_rules_are_refused),
        cmocka_unit_test(test_duplicates__passwords_are_remembered),
    };
    return cmocka_run_group_tests_name("org.duplicates", tests, NULL, NULL);
}
