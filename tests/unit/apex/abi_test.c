/* abi_test.c: what compiled programs rely on in apex.h: see support/abi.h. */
#include "support/abi.h"
#include <salesforce/apex.h>

static void test_abi__apex(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_apex_param, 16),         AT(sf_apex_param, name, 0),
        AT(sf_apex_param, value, 8),     SIZE(sf_apex_options, 152),
        AT(sf_apex_options, params, 0),  AT(sf_apex_options, param_count, 8),
        AT(sf_apex_options, body, 16),   AT(sf_apex_options, json, 32),
        AT(sf_apex_options, source, 48), AT(sf_apex_options, content_type, 56),
        AT(sf_apex_options, sink, 64),   AT(sf_apex_options, repeatable, 72),
        AT(sf_apex_options, call, 80),   AT(sf_apex_options, reserved, 88),
    };
    ABI_ASSERT(state, pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__apex),
    };
    return ABI_RUN("abi of apex", tests);
}
