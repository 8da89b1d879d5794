/* url_test.c: sf_url_normalize with every kind of address that people paste, and with every allocation failing in turn. */
#include <salesforce/auth.h>
#include "support/support.h"

static const struct {
    const char *pasted, *want; /* want NULL: refused */
} cases[] = {
    { "https://login.salesforce.com", "https://login.salesforce.com" },
    { "login.salesforce.com/", "https://login.salesforce.com" },
    { "https://test.salesforce.com/?locale=de", "https://test.salesforce.com" },
    { "https://acme.my.salesforce.com", "https://acme.my.salesforce.com" },
    { "HTTPS://Acme.MY.salesforce.com:443/services/data/v62.0/", "https://acme.my.salesforce.com" },
    { "  acme.my.salesforce.com\n", "https://acme.my.salesforce.com" },
    { "acme.my.salesforce.com.", "https://acme.my.salesforce.com" },
    { "//acme.my.salesforce.com/x", "https://acme.my.salesforce.com" },
    { "https://acme.lightning.force.com/lightning/page/home", "https://acme.my.salesforce.com" },
    { "https://acme--uat.sandbox.lightning.force.com/lightning/setup/SetupOneHome/home",
      "https://acme--uat.sandbox.my.salesforce.com" },
    { "https://acme-dev-ed.develop.lightning.force.com", "https://acme-dev-ed.develop.my.salesforce.com" },
    { "https://acme-ab12.scratch.lightning.force.com", "https://acme-ab12.scratch.my.salesforce.com" },
    { "https://acme.my.salesforce-setup.com/lightning/setup/x", "https://acme.my.salesforce.com" },
    { "https://acme--uat.sandbox.my.salesforce-setup.com", "https://acme--uat.sandbox.my.salesforce.com" },
    { "https://acme.lightning.com/x", "https://acme.my.salesforce.com" },
    { "https://acme--c.vf.force.com/apex/Page", "https://acme.my.salesforce.com" },
    { "https://acme--uat--c.sandbox.vf.force.com/apex/Page", "https://acme--uat.sandbox.my.salesforce.com" },
    { "https://acme--c.na99.visual.force.com/apex/Page", "https://acme.my.salesforce.com" },
    { "https://acme--c.visualforce.com", "https://acme.my.salesforce.com" },
    { "https://acme.file.force.com/servlet/x", "https://acme.my.salesforce.com" },
    { "https://acme--c.documentforce.com", "https://acme.my.salesforce.com" },
    { "https://acme--ns.container.force.com", "https://acme.my.salesforce.com" },
    { "https://acme--uat.cs12.my.salesforce.com", "https://acme--uat.cs12.my.salesforce.com" },
    { "https://na139.salesforce.com/001", "https://na139.salesforce.com" },
    { "https://acme.my.site.com/portal/s/article", "https://acme.my.site.com/portal" },
    { "https://acme.my.site.com/s/", "https://acme.my.site.com" },
    { "https://acme.my.site.com", "https://acme.my.site.com" },
    { "http://127.0.0.1:8080/x", "http://127.0.0.1:8080" },
    { "http://localhost:80", "http://localhost" },
    { "http://[::1]:9/", "http://[::1]:9" },
    { "https://proxy.example:8443/", "https://proxy.example:8443" },
    { "http://acme.my.salesforce.com", NULL },
    { "http://127.0.0.1.evil.example", NULL },
    { "ftp://acme.my.salesforce.com", NULL },
    { "https://user:secret@acme.my.salesforce.com", NULL },
    { "https://acme.my.salesforce.com:99999", NULL },
    { "https://acme.my.salesforce.com:8a", NULL },
    { "https://acm\xC3\xA9.my.salesforce.com", NULL },
    { "https://xn--acm-dma.my.salesforce.com", NULL },
    { "https://acme my.salesforce.com", NULL },
    { "https://-acme.my.salesforce.com", NULL },
    { "https://acme..salesforce.com", NULL },
    { "https://", NULL },
    { "", NULL },
    { "https://www.salesforce.com", NULL },
    { "https://lightning.force.com", NULL },
};

static void test_url__every_kind_of_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *got;
        sf_error err = { .message = "" };
        print_message("  %s\n", cases[i].pasted);
        sf_status rc = sf_url_normalize(cases[i].pasted, &got, &err);
        if (cases[i].want == NULL) {
            assert_int_equal(rc, SF_ERR_USAGE);
            assert_null(got);
            assert_true(strlen(err.message) > 20);
            assert_null(strstr(err.message, "secret"));
            continue;
        }
        if (rc != SF_OK) fail_msg("%s", err.message);
        assert_string_equal(got, cases[i].want);
        char *again; /* what came out stays as it is */
        assert_int_equal(sf_url_normalize(got, &again, NULL), SF_OK);
        assert_string_equal(again, got);
        sf_free(again);
        sf_free(got);
    }
    assert_int_equal(sf_url_normalize(NULL, NULL, NULL), SF_ERR_USAGE);
}

static void test_url__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        char *got;
        test_allocations_limit(n);
        rc = sf_url_normalize("https://acme--uat--c.sandbox.vf.force.com/apex/Page", &got, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && got == NULL));
        sf_free(got);
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url__every_kind_of_address),
        cmocka_unit_test(test_url__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
