/* abi_test.c: what compiled programs rely on in auth.h: see support/abi.h. */
#include "support/abi.h"
#include <salesforce/auth.h>

static void test_abi__auth(void **state)
{
    static const abi_pin pins[] = {
        SIZE(sf_auth, 152),
        AT(sf_auth, flow, 0),
        AT(sf_auth, access_token, 8),
        AT(sf_auth, refresh_token, 16),
        AT(sf_auth, client_id, 24),
        AT(sf_auth, client_secret, 32),
        AT(sf_auth, username, 40),
        AT(sf_auth, password, 48),
        AT(sf_auth, security_token, 56),
        AT(sf_auth, scope, 64),
        AT(sf_auth, lifetime_ms, 72),
        AT(sf_auth, refresh_ahead_ms, 80),
        AT(sf_auth, reserved, 88),
        SIZE(sf_token, 88),
        AT(sf_token, access_token, 0),
        AT(sf_token, refresh_token, 8),
        AT(sf_token, instance_url, 16),
        AT(sf_token, identity_url, 24),
        AT(sf_token, issued_at_ms, 32),
        AT(sf_token, expires_at_ms, 40),
        AT(sf_token, generation, 48),
        AT(sf_token, begun_ms, 56),
        AT(sf_token, reserved, 64),
        SIZE(sf_token_store_ops, 80),
        AT(sf_token_store_ops, lock, 0),
        AT(sf_token_store_ops, release, 8),
        AT(sf_token_store_ops, get, 16),
        AT(sf_token_store_ops, set, 24),
        AT(sf_token_store_ops, clear, 32),
        AT(sf_token_store_ops, close, 40),
        AT(sf_token_store_ops, begin, 48),
        AT(sf_token_store_ops, is_shared, 56),
        AT(sf_token_store_ops, reserved, 64),
        SIZE(sf_auth_flow, 4),
        NUMBER(SF_AUTH_NONE, 0),
        NUMBER(SF_AUTH_BEARER, 1),
        NUMBER(SF_AUTH_CLIENT_CREDENTIALS, 2),
        NUMBER(SF_AUTH_REFRESH_TOKEN, 3),
        NUMBER(SF_AUTH_PASSWORD, 4),
        NUMBER(SF_AUTH_SOAP, 5),
    };
    ABI_ASSERT(state, pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abi__auth),
    };
    return ABI_RUN("abi of auth", tests);
}
