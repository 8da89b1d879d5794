/* auth.c: from an Authorization header to a user, or to the 401 that REST answers. */
#include "api/call.h"
#include "api/streams.h"

sf_str sfo_bearer_token(const char *authorization)
{
    if (authorization == NULL) return (sf_str){ NULL, 0 };
    sf_str value = sfi_trim(sfi_str(authorization));
    static const char *const schemes[] = { "Bearer ", "OAuth " };
    for (size_t i = 0; i < SFI_COUNT_OF(schemes); i++) {
        if (!sfi_starts_with_nocase(value, schemes[i])) continue;
        size_t len = strlen(schemes[i]);
        sf_str token = sfi_trim((sf_str){ value.ptr + len, value.len - len });
        for (size_t j = 0; j < token.len; j++)
            if (token.ptr[j] == ' ' || (unsigned char)token.ptr[j] >= 0x7F) return SFI_STR("");
        return token;
    }
    return SFI_STR("");
}

static void answer_401(sfo_call *call, const char *code, const char *message)
{
    sfo_response_header(call->response, "WWW-Authenticate", "Token");
    sfo_answer_error(call, 401, code, "%s", message);
}

bool sfo_org_revoke(sfo_org *org, sf_str token)
{
    bool was_alive = sfo_session_revoke(org->sessions, token);
    if (was_alive) sfo_streams_wake(org->streams); /* a connect that waits hears of it */
    return was_alive;
}

bool sfo_call_use_session(sfo_call *call, sf_str token)
{
    sfo_session_facts facts;
    if (token.len == 0 || !sfo_session_use(call->org->sessions, token, &facts)) return false;
    if (sfo_faults_session_dies(call->org->faults, facts.requests - 1, call->request->method, call->request->path)) {
        (void)sfo_org_revoke(call->org, token); /* it was alive a moment ago; gone is gone */
        return false;
    }
    call->user = facts.user;
    return true;
}

bool sfo_call_authenticate(sfo_call *call)
{
    sf_str token = sfo_bearer_token(sfo_call_header(call, "Authorization"));
    if (token.ptr != NULL && token.len == 0) {
        answer_401(call, "INVALID_AUTH_HEADER", "INVALID_AUTH_HEADER");
        return false;
    }
    if (!sfo_call_use_session(call, token)) {
        answer_401(call, "INVALID_SESSION_ID", "Session expired or invalid");
        return false;
    }
    if (call->org->options.policy.no_api_scope) {
        sfo_answer_error(call, 401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API");
        return false;
    }
    return true;
}
