/* abi_test.c: what compiled programs rely on in value.h: see support/abi.h. */
#include "support/abi.h"
#include <salesforce/value.h>

static void test_abi__value(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_value, 16),   AT(sf_value, doc, 0),  AT(sf_value, token, 8), AT(sf_value, type, 12),
        SIZE(sf_iter, 24),    AT(sf_iter, of, 0),    AT(sf_iter, next, 16),  AT(sf_iter, index, 20),
        SIZE(sf_type, 4),     NUMBER(SF_MISSING, 0), NUMBER(SF_NULL, 1),     NUMBER(SF_BOOL, 2),
        NUMBER(SF_NUMBER, 3), NUMBER(SF_STRING, 4),  NUMBER(SF_OBJECT, 5),   NUMBER(SF_ARRAY, 6),
    };
    ABI_ASSERT(state, pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__value),
    };
    return ABI_RUN("abi of json", tests);
}
