/* auth_answers_fuzz.c: any bytes as the answer to a login: of OAuth, or, when the first byte is odd, of SOAP login(); the second
 * byte chooses the status. Property: a session with a token and an address, or an error with a message and no session. */
#include "auth/auth_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 400, 401, 403, 500, 503 };
    if (size < 2) return 0;
    const sf_auth auth = { .flow = SF_AUTH_REFRESH_TOKEN, .client_id = "c", .refresh_token = "r" };
    int status = statuses[data[1] % COUNT_OF(statuses)];
    sfi_login_failure why;
    sfi_token token = { 0 };
    sf_error err = { 0 };
    /* with the NUL that the real one has behind it */
    char *body = sfi_strndup((const char *)data + 2, size - 2);
    if (body == NULL) abort();
    sf_str text = { body, size - 2 };
    sf_status rc = data[0] % 2 == 0 ? sfi_oauth_read("login.example", &auth, status, text, &token, &why, &err)
                                    : sfi_soap_login_read("login.example", status, text, &token, &why, &err);
    sf_token view = sfi_token_view(&token);
    if (rc == SF_OK) {
        if (view.access_token == NULL || view.access_token[0] == '\0' || view.instance_url == NULL) abort();
    } else {
        if (rc > 0 || err.status != rc || err.message[0] == '\0' || view.access_token != NULL) abort();
    }
    sfi_token_clear(&token);
    sfi_free(body);
    return 0;
}
