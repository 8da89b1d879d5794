/* oauth.c: /services/oauth2/…: token, revoke, introspect, userinfo. Each grant ends in grant_session or in fail; both
 * write a list of names and values in the format that was asked for. */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include "api/monitor.h"
#include "xml/xml_internal.h"

typedef struct pair {
    const char *name, *value; /* value NULL: left out */
} pair;

typedef enum format { FORMAT_JSON, FORMAT_FORM, FORMAT_XML } format;

/* ---- answers ---- */
static format wanted_format(const sfo_call *call, const sfo_params *form)
{
    sf_str text = sfo_params_get(form, "format");
    if (text.ptr == NULL) text = sfo_params_get(&call->query, "format");
    const char *accept = sfo_call_header(call, "Accept");
    if (text.ptr == NULL && accept != NULL) {
        if (strstr(accept, "json") != NULL || strstr(accept, "*/*") != NULL) return FORMAT_JSON;
        if (strstr(accept, "x-www-form-urlencoded") != NULL) return FORMAT_FORM;
        return strstr(accept, "xml") != NULL ? FORMAT_XML : FORMAT_JSON;
    }
    if (text.ptr != NULL && sfi_str_is(text, "urlencoded")) return FORMAT_FORM;
    return text.ptr != NULL && sfi_str_is(text, "xml") ? FORMAT_XML : FORMAT_JSON;
}

static void answer(sfo_call *call, const sfo_params *form, int status, const pair *pairs, size_t count)
{
    sfo_response *r = call->response;
    format f = wanted_format(call, form);
    sfi_json_writer w = sfo_answer_json(call, status);
    sfo_response_header(r, "Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
    sfo_response_header(r, "X-ReadonlyMode", "false");
    if (f == FORMAT_JSON) sfi_json_begin_object(&w);
    if (f == FORMAT_FORM) r->content_type = "application/x-www-form-urlencoded;charset=UTF-8";
    if (f == FORMAT_XML) {
        r->content_type = "application/xml;charset=UTF-8";
        sfi_xml_declaration(&r->body);
        sfi_xml_open(&r->body, "OAuth");
    }
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].value == NULL) continue;
        if (f == FORMAT_JSON) {
            sfi_json_key(&w, pairs[i].name);
            sfi_json_string(&w, pairs[i].value);
        } else if (f == FORMAT_FORM) {
            sfi_buf_addf(&r->body, "%s%s=", r->body.len > 0 ? "&" : "", pairs[i].name);
            sfi_buf_add_urlencoded(&r->body, sfi_str(pairs[i].value));
        } else {
            sfi_xml_element_text(&r->body, pairs[i].name, sfi_str(pairs[i].value));
        }
    }
    if (f == FORMAT_JSON) sfi_json_end_object(&w);
    if (f == FORMAT_XML) sfi_xml_close(&r->body, "OAuth");
}

static void fail(sfo_call *call, const sfo_params *form, const char *error, const char *description)
{
    const pair pairs[] = { { "error", error }, { "error_description", description } };
    answer(call, form, 400, pairs, SFI_COUNT_OF(pairs));
}

/* base64 of HMAC-SHA256 over id and time with the client's secret. */
static const char *sign(sfo_call *call, const char *id, const char *issued_at)
{
    unsigned char mac[SHA256_DIGEST_LENGTH];
    unsigned len = sizeof mac;
    const char *secret = call->org->client_secret;
    sfi_buf text = { 0 };
    sfi_buf signature = { 0 };
    const char *out = NULL;
    sfi_buf_addf(&text, "%s%s", id, issued_at);
    if (!text.failed &&
        HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text.data, text.len, mac, &len) !=
            NULL &&
        sfi_buf_add_base64(&signature, mac, len))
        out = sfi_arena_strndup(&call->arena, signature.data, signature.len);
    sfi_buf_free(&text);
    sfi_buf_free(&signature);
    return out;
}

static void answer_no_memory(sfo_call *call)
{
    sfo_answer_error(call, 503, "SERVER_UNAVAILABLE", "no memory for a session");
}

/* A new session for the user as the token endpoint says it. scope, refresh: NULL leaves the member out. */
static void grant_session(sfo_call *call, const sfo_params *form, const char *user_id, int64_t family,
                          const char *scope, const char *refresh)
{
    char token[SFO_TOKEN_SIZE];
    char id[256];
    char issued_at[32];
    const char *base = sfo_call_base_url(call);
    if (!sfo_session_open(call->org->sessions, user_id, family, token)) {
        answer_no_memory(call);
        return;
    }
    snprintf(id, sizeof id, "%.150s/id/%s/%s", base, sfo_store_org_id(call->org->store), user_id);
    snprintf(issued_at, sizeof issued_at, "%lld", (long long)sfi_wall_ms());
    const pair pairs[] = {
        { "access_token", token },
        { "refresh_token", refresh != NULL && refresh[0] != '\0' ? refresh : NULL },
        { "signature", sign(call, id, issued_at) },
        { "scope", scope },
        { "instance_url", base },
        { "id", id },
        { "token_type", "Bearer" },
        { "issued_at", issued_at },
    };
    answer(call, form, 200, pairs, SFI_COUNT_OF(pairs));
    sfi_wipe(token, sizeof token);
    sfo_monitor_login(call, &(sfo_login_told){ .user_id = user_id, .outcome = SFO_LOGIN_OK });
}

/* ---- who asks ---- */
static bool same_secret(sf_str given, const char *secret)
{
    size_t len = strlen(secret);
    return given.len == len && CRYPTO_memcmp(given.ptr, secret, len) == 0;
}

/* Checks client_id and client_secret, from the body or Basic. false: the response is the error. */
static bool check_client(sfo_call *call, const sfo_params *form, bool secret_required)
{
    sf_str id = sfo_params_get(form, "client_id");
    sf_str secret = sfo_params_get(form, "client_secret");
    sf_str basic_id;
    sf_str basic_secret;
    if (sfo_basic_credentials(&call->arena, sfo_call_header(call, "Authorization"), &basic_id, &basic_secret)) {
        if (id.ptr == NULL) id = basic_id;
        if (secret.ptr == NULL) secret = basic_secret;
    }
    if (id.ptr == NULL || !same_secret(id, call->org->client_id)) {
        fail(call, form, "invalid_client_id", "client identifier invalid");
        return false;
    }
    if (secret.len == 0 && secret_required) {
        fail(call, form, "invalid_client", "client secret required");
        return false;
    }
    if (secret.len > 0 && !same_secret(secret, call->org->client_secret)) {
        fail(call, form, "invalid_client", "invalid client credentials");
        return false;
    }
    return true;
}

/* ---- the grants ---- */
static void grant_password(sfo_call *call, const sfo_params *form)
{
    sf_id user = { "" };
    if (!check_client(call, form, true)) return;
    sf_str username = sfo_params_get(form, "username");
    sf_str password = sfo_params_get(form, "password");
    if (call->org->options.policy.no_password || username.len == 0 || password.len == 0) {
        fail(call, form, "invalid_grant", "authentication failure");
        return;
    }
    sfo_login outcome = sfo_user_login(call->org, username, password, &user);
    if (outcome == SFO_LOGIN_OK) {
        sfo_stats_event(call->org->stats, SFO_EVENT_LOGIN, 1);
        grant_session(call, form, user.text, 0, NULL, NULL);
        return;
    }
    if (outcome == SFO_LOGIN_INACTIVE)
        fail(call, form, "inactive_user", "user is inactive");
    else
        fail(call, form, "invalid_grant", "authentication failure");
    sfo_monitor_login(call, &(sfo_login_told){ .user_id = user.text, .outcome = outcome });
}

static void grant_client_credentials(sfo_call *call, const sfo_params *form)
{
    if (!check_client(call, form, true)) return;
    if (call->org->options.policy.no_client_credentials) {
        fail(call, form, "invalid_grant", "no client credentials user enabled");
        return;
    }
    sfo_stats_event(call->org->stats, SFO_EVENT_LOGIN, 1);
    grant_session(call, form, sfo_store_admin_id(call->org->store), 0, "api", NULL);
}

static void grant_refresh(sfo_call *call, const sfo_params *form)
{
    sfo_org *org = call->org;
    const char *method = call->request->method;
    const char *path = call->request->path;
    if (!check_client(call, form, false)) return;
    char next[SFO_TOKEN_SIZE];
    sfo_session_facts facts;
    bool refused = sfo_faults_strike_kind(org->faults, SFO_FAULT_REFUSE_REFRESH, method, path);
    bool rotate = org->options.policy.rotate || sfo_faults_strike_kind(org->faults, SFO_FAULT_ROTATE, method, path);
    sfo_refresh used =
        refused ? SFO_REFRESH_UNKNOWN
                : sfo_refresh_use(org->sessions, sfo_params_get(form, "refresh_token"), rotate, next, &facts);
    if (used == SFO_REFRESH_REUSED) sfo_stats_event(org->stats, SFO_EVENT_REUSE, 1);
    if (used != SFO_REFRESH_OK) {
        fail(call, form, "invalid_grant", "expired access/refresh token");
        return;
    }
    sfo_stats_event(org->stats, SFO_EVENT_REFRESH, 1);
    grant_session(call, form, facts.user.text, facts.family, "refresh_token api", next);
    sfi_wipe(next, sizeof next);
}

/* The form of a POST. false: the response is the error. */
static bool read_form(sfo_call *call, sfo_params *form)
{
    const char *type = sfo_call_header(call, "Content-Type");
    form->count = 0;
    if (strcmp(call->request->method, "POST") != 0) {
        fail(call, form, "invalid_request", "must use HTTP POST");
        return false;
    }
    bool multipart = type != NULL && strncasecmp(type, "multipart/form-data", 19) == 0;
    bool ok = multipart ? sfo_params_parse_multipart(&call->arena, type, call->request->body, form)
                        : sfo_params_parse(&call->arena, call->request->body, form);
    if (!ok) {
        form->count = 0;
        fail(call, form, "invalid_request", "the request's body is not a form that can be read");
    }
    return ok;
}

static void token(sfo_call *call)
{
    static const struct {
        const char *name;
        void (*grant)(sfo_call *call, const sfo_params *form);
    } grants[] = {
        { "password", grant_password },
        { "client_credentials", grant_client_credentials },
        { "refresh_token", grant_refresh },
        { "hybrid_refresh", grant_refresh },
    };
    sfo_params form;
    if (!read_form(call, &form)) return;
    sf_str grant = sfo_params_get(&form, "grant_type");
    for (size_t i = 0; i < SFI_COUNT_OF(grants); i++) {
        if (!sfi_str_is(grant, grants[i].name)) continue;
        grants[i].grant(call, &form);
        return;
    }
    fail(call, &form, "unsupported_grant_type", "grant type not supported");
}

/* ---- revoke, introspect ---- */
static void revoke(sfo_call *call)
{
    sfo_params form = { .count = 0 };
    sf_str dead = sfo_params_get(&call->query, "token");
    if (strcmp(call->request->method, "GET") != 0) {
        if (!read_form(call, &form)) return;
        dead = sfo_params_get(&form, "token");
    }
    if (dead.ptr == NULL || !sfo_org_revoke(call->org, dead)) {
        fail(call, &form, "invalid_token", "invalid token");
        return;
    }
    (void)sfo_answer_json(call, 200);
    call->response->content_type = NULL;
}

static void introspect(sfo_call *call)
{
    sfo_params form;
    sfo_session_facts facts;
    if (!read_form(call, &form) || !check_client(call, &form, true)) return;
    sf_str looked_at = sfo_params_get(&form, "token");
    bool alive = looked_at.ptr != NULL && sfo_session_peek(call->org->sessions, looked_at, &facts);
    sfo_user user = { 0 };
    alive = alive && sfo_user_load(call->org, &call->arena, facts.user.text, &user);
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "active");
    sfi_json_bool(&w, alive);
    if (alive) {
        char sub[256];
        snprintf(sub, sizeof sub, "%.150s/id/%s/%s", sfo_call_base_url(call), sfo_store_org_id(call->org->store),
                 facts.user.text);
        const pair pairs[] = {
            { "scope", facts.family != 0 ? "api refresh_token" : "api" },
            { "client_id", call->org->client_id },
            { "username", user.username },
            { "sub", sub },
            { "token_type", facts.is_refresh ? "refresh_token" : "access_token" },
        };
        for (size_t i = 0; i < SFI_COUNT_OF(pairs); i++) {
            sfi_json_key(&w, pairs[i].name);
            sfi_json_string(&w, pairs[i].value);
        }
        if (facts.expires_ms > 0) {
            sfi_json_key(&w, "exp");
            sfi_json_int(&w, facts.expires_ms / 1000);
        }
        sfi_json_key(&w, "iat");
        sfi_json_int(&w, facts.issued_ms / 1000);
        sfi_json_key(&w, "nbf");
        sfi_json_int(&w, facts.issued_ms / 1000);
    }
    sfi_json_end_object(&w);
}

void sfo_oauth_dispatch(sfo_call *call)
{
    static const struct {
        const char *name;
        void (*handle)(sfo_call *call);
    } doors[] = {
        { "token", token },
        { "revoke", revoke },
        { "introspect", introspect },
        { "userinfo", sfo_identity },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(doors); i++) {
        if (!sfi_str_is_nocase(call->segments[2], doors[i].name)) continue;
        doors[i].handle(call);
        return;
    }
    sfo_answer_not_found(call);
}
