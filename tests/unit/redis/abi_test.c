/* abi_test.c: what compiled programs rely on in redis.h: see support/abi.h. */
#include "support/abi.h"
#include <salesforce/redis.h>

static void test_abi__redis(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_redis_options, 112),          AT(sf_redis_options, url, 0),       AT(sf_redis_options, username, 8),
        AT(sf_redis_options, password, 16),   AT(sf_redis_options, ca_file, 24),  AT(sf_redis_options, prefix, 32),
        AT(sf_redis_options, timeout_ms, 40), AT(sf_redis_options, reserved, 48),
    };
    ABI_ASSERT(state, pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__redis),
    };
    return ABI_RUN("abi of redis", tests);
}
