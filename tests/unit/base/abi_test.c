/* abi_test.c: what compiled programs rely on in base.h and stream.h: see support/abi.h. */
#include "support/abi.h"
#include <salesforce/base.h>
#include <salesforce/stream.h>

static void test_abi__base(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_str, 16),
        AT(sf_str, ptr, 0),
        AT(sf_str, len, 8),
        SIZE(sf_id, 19),
        AT(sf_id, text, 0),
        SIZE(sf_error, 1024),
        AT(sf_error, status, 0),
        AT(sf_error, http_status, 4),
        AT(sf_error, retry_after_ms, 8),
        AT(sf_error, retryable, 16),
        AT(sf_error, code, 17),
        AT(sf_error, fields, 80),
        AT(sf_error, message, 208),
        AT(sf_error, reserved, 992),
        SIZE(sf_allocator, 16),
        AT(sf_allocator, fn, 0),
        AT(sf_allocator, user, 8),
        SIZE(sf_status, 4),
        NUMBER(SF_OK, 0),
        NUMBER(SF_ROW, 1),
        NUMBER(SF_DONE, 2),
        NUMBER(SF_ERR_USAGE, -1),
        NUMBER(SF_ERR_MEMORY, -2),
        NUMBER(SF_ERR_LIMIT, -3),
        NUMBER(SF_ERR_PROTOCOL, -4),
        NUMBER(SF_ERR_IO, -5),
        NUMBER(SF_ERR_NETWORK, -6),
        NUMBER(SF_ERR_TIMEOUT, -7),
        NUMBER(SF_ERR_CANCELLED, -8),
        NUMBER(SF_ERR_UNKNOWN_OUTCOME, -9),
        NUMBER(SF_ERR_ORG, -10),
        NUMBER(SF_ERR_AUTH, -11),
        NUMBER(SF_ERR_API_LIMIT, -12),
        NUMBER(SF_ERR_NOT_FOUND, -13),
        NUMBER(SF_ERR_TRUNCATED, -14),
        NUMBER(SF_ERR_UNAVAILABLE, -15),
        NUMBER(SF_ERR_UNSUPPORTED, -16),
    };
    ABI_ASSERT(state, pins);
}

static void test_abi__stream(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_source, 64),       AT(sf_source, read, 0),      AT(sf_source, rewind, 8),  AT(sf_source, user, 16),
        AT(sf_source, length, 24), AT(sf_source, reserved, 32), SIZE(sf_sink, 56),         AT(sf_sink, write, 0),
        AT(sf_sink, restart, 8),   AT(sf_sink, user, 16),       AT(sf_sink, reserved, 24),
    };
    ABI_ASSERT(state, pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__base),
        cmocka_unit_test(test_abi__stream),
    };
    return ABI_RUN("abi of base", tests);
}
