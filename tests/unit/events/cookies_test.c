/* cookies_test.c: the jar of a listener: values as they came, replaced, expired, and never more than a request may hold. */
#include "events/listener_internal.h"
#include "support/support.h"

static sf_listener jar;

static void take(const char *set_cookie)
{
    sfi_cookie_take(&jar, sfi_str(set_cookie));
}

static void expect(const char *want)
{
    sfi_buf out = { .max = SFI_COOKIES_BYTES_MAX };
    assert_int_equal(sfi_cookies_write(&jar, &out, NULL), SF_OK);
    assert_string_equal(out.len > 0 ? out.data : "", want);
    sfi_buf_free(&out);
}

static int empty(void **state)
{
    (void)state;
    sfi_lanes_close(&jar);
    return 0;
}

static void test_cookies__go_back_as_they_came(void **state)
{
    (void)state;
    expect("");
    take("sfdc-stream=!a/+=%20; path=/; SameSite=None; Secure");
    take("BAYEUX_BROWSER=1a-b==;path=/");
    expect("sfdc-stream=!a/+=%20; BAYEUX_BROWSER=1a-b==");
    take("sfdc-stream=!b");
    take(" spaced = x y ; Path=/");
    expect("sfdc-stream=!b; BAYEUX_BROWSER=1a-b==; spaced = x y");
    take("sfdc-stream=; Max-Age=0");
    take("BAYEUX_BROWSER=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    expect("spaced = x y");
    take("");
    take("=nameless");
    take("no value");
    expect("spaced = x y");
}

static void test_cookies__too_many_are_left_out(void **state)
{
    enum { BIG = 3000 };
    (void)state;
    char text[BIG + 16];
    for (int i = 0; i < 2 * SFI_COOKIES_MAX; i++) {
        int len = snprintf(text, sizeof text, "big%02d=", i);
        memset(text + len, 'x', BIG);
        text[len + BIG] = '\0';
        take(text);
    }
    take("small=1");
    sfi_buf out = { .max = SFI_COOKIES_BYTES_MAX };
    assert_int_equal(sfi_cookies_write(&jar, &out, NULL), SF_OK);
    assert_true(out.len > SFI_COOKIES_BYTES_MAX - BIG - 100);
    assert_non_null(strstr(out.data, "; small=1"));
    sfi_buf_free(&out);
    take("big00=short"); /* makes room */
    take("later=2");
    assert_int_equal(sfi_cookies_write(&jar, &out, NULL), SF_OK);
    assert_non_null(strstr(out.data, "big00=short"));
    assert_non_null(strstr(out.data, "; later=2"));
    sfi_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_cookies__go_back_as_they_came, empty),
        cmocka_unit_test_teardown(test_cookies__too_many_are_left_out, empty),
    };
    return cmocka_run_group_tests_name("cookies", tests, NULL, NULL);
}
