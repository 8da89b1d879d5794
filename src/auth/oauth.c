/*
 * oauth.c: one request to the OAuth token endpoint: client credentials, refresh token, username-password. Called by
 * token.c. Wire: POST /services/oauth2/token, form in, JSON out. The one idea: error texts vary between releases, so what
 * happens next is decided by the error's code, and the text only picks the remedy that is named.
 */
#include "auth/auth_internal.h"
#include "json/json_internal.h"

#define TOKEN_PATH "/services/oauth2/token"
#define FORM_TYPE "application/x-www-form-urlencoded"

enum { FORM_BYTES_MAX = 6 * SFI_TOKEN_BYTES_MAX };

/* What a code of the token endpoint means. The first row that fits counts; hint: part of the description, in lower case. */
static const struct {
    const char *error, *hint;
    sf_auth_flow flow; /* SF_AUTH_NONE: any */
    const char *remedy;
} remedies[] = {
    { "invalid_grant", "no client credentials user", SF_AUTH_NONE,
      "an admin must name a run-as user in the app's policies (Client Credentials Flow)" },
    { "invalid_grant", "not supported on this domain", SF_AUTH_NONE,
      "client credentials work only at the org's own My Domain: use https://NAME.my.salesforce.com" },
    { "invalid_grant", "ip restricted", SF_AUTH_NONE,
      "this machine's address is outside the profile's or app's IP ranges; an admin can relax them" },
    { "invalid_grant", "login hours", SF_AUTH_NONE, "the profile's login hours do not allow a login now" },
    { "invalid_grant", "approved this consumer", SF_AUTH_NONE,
      "the app must be pre-authorized for this user (app policies, permitted users)" },
    { "invalid_grant", "", SF_AUTH_REFRESH_TOKEN,
      "the refresh token is expired, revoked or was replaced by a newer one; log in again" },
    { "invalid_grant", "", SF_AUTH_PASSWORD,
      "check user name, password and security token (it changes with the password), the login URL (sandboxes: "
      "https://test.salesforce.com or their My Domain), and that the org allows OAuth username-password flows" },
    { "invalid_grant", "", SF_AUTH_CLIENT_CREDENTIALS,
      "check that the app has the client credentials flow switched on with a run-as user, and that the login URL is "
      "the org's My Domain" },
    { "invalid_client_id", "", SF_AUTH_NONE,
      "check the client id, and that the app exists in this org; a new app takes up to ten minutes to be known" },
    { "invalid_client", "", SF_AUTH_NONE,
      "check client id and client secret; the app may want a secret that was not given" },
    { "invalid_app_access", "", SF_AUTH_NONE,
      "an admin must install the app and approve the user for it (app policies, permitted users)" },
    { "inactive_user", "", SF_AUTH_NONE, "the user is not active; an admin can activate it" },
    { "inactive_org", "", SF_AUTH_NONE, "the org is not active" },
    { "unsupported_grant_type", "", SF_AUTH_NONE,
      "the org or app does not allow this flow; switch it on in the app, or use another flow" },
    { "invalid_scope", "", SF_AUTH_NONE, "ask for a scope that the app has" },
    { "invalid_request", "", SF_AUTH_NONE, "the app or org does not take this form of login" },
    { "login_rate_exceeded", "", SF_AUTH_NONE, "too many logins in an hour; keep sessions in a token store" },
};

static bool contains_nocase(sf_str text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++)
        if (sfi_starts_with_nocase((sf_str){ text.ptr + i, text.len - i }, part)) return true;
    return false;
}

static const char *remedy_of(const char *error, sf_str description, sf_auth_flow flow)
{
    for (size_t i = 0; i < SFI_COUNT_OF(remedies); i++)
        if (strcmp(remedies[i].error, error) == 0 && contains_nocase(description, remedies[i].hint) &&
            (remedies[i].flow == SF_AUTH_NONE || remedies[i].flow == flow))
            return remedies[i].remedy;
    return "see the login history in the org's setup for the reason";
}

static sfi_login_failure failure_of(const char *error, sf_str description, int status)
{
    static const char *const transient[] = { "rate_limit_exceeded", "server_error", "temporarily_unavailable",
                                             "slow_down" };
    static const char *const refused[] = { "invalid_grant",      "invalid_client_id", "invalid_client",
                                           "invalid_app_access", "inactive_user",     "inactive_org" };
    for (size_t i = 0; i < SFI_COUNT_OF(transient); i++)
        if (strcmp(error, transient[i]) == 0) return SFI_LOGIN_TRANSIENT;
    if (contains_nocase(description, "login rate exceeded") || strcmp(error, "login_rate_exceeded") == 0)
        return SFI_LOGIN_ENDED;
    for (size_t i = 0; i < SFI_COUNT_OF(refused); i++)
        if (strcmp(error, refused[i]) == 0) return SFI_LOGIN_REFUSED;
    if (status >= 500) return SFI_LOGIN_LOST;
    return SFI_LOGIN_ENDED; /* the request is wrong, not the credentials: what is stored stays */
}

/* Our own secrets out of a text of the server's, which might repeat them. In place. */
static void mask(char *text, const sf_auth *auth)
{
    const char *const secrets[] = { auth->client_secret, auth->password, auth->security_token, auth->refresh_token,
                                    auth->access_token };
    for (size_t i = 0; i < SFI_COUNT_OF(secrets); i++) {
        size_t len = secrets[i] != NULL ? strlen(secrets[i]) : 0;
        if (len < 4) continue; /* shorter ones would stand in any text */
        for (char *hit = strstr(text, secrets[i]); hit != NULL; hit = strstr(hit + len, secrets[i]))
            memset(hit, '*', len);
    }
    sfi_redact(text);
}

static sf_status read_error(const char *host, const sf_auth *auth, int status, sf_value root, sfi_login_failure *why,
                            sf_error *err)
{
    const char *error = sf_get_str(root, "error");
    sf_str description = sf_get_text(root, "error_description");
    if (description.ptr == NULL) description = SFI_STR("no description");
    if (error == NULL || *error == '\0') error = "unknown_error";
    *why = failure_of(error, description, status);
    bool is_rate = *why == SFI_LOGIN_ENDED && contains_nocase(description, "login rate exceeded");
    sf_status rc = is_rate                                                 ? SF_ERR_API_LIMIT
                   : *why == SFI_LOGIN_TRANSIENT || *why == SFI_LOGIN_LOST ? SF_ERR_UNAVAILABLE
                                                                           : SF_ERR_AUTH;
    char text[256];
    (void)snprintf(text, sizeof text, "%.*s", (int)(description.len < sizeof text ? description.len : sizeof text - 1),
                   description.ptr);
    mask(text, auth);
    const char *remedy = is_rate                    ? "too many logins in an hour; keep sessions in a token store"
                         : rc == SF_ERR_UNAVAILABLE ? "try again later"
                                                    : remedy_of(error, description, auth->flow);
    (void)sfi_fail(err, rc, "login to %s refused: %.60s: %s; %s", host, error, text, remedy);
    sfi_error_set_code(err, sfi_str(error));
    if (err != NULL) {
        err->http_status = status;
        err->retryable = rc == SF_ERR_UNAVAILABLE;
    }
    return rc;
}

static bool copy_member(sf_value root, const char *name, char **out)
{
    sf_str text = sf_get_text(root, name);
    if (text.ptr == NULL || text.len == 0 || text.len > SFI_TOKEN_BYTES_MAX) return true;
    *out = sfi_strndup(text.ptr, text.len);
    return *out != NULL;
}

static sf_status read_token(const char *host, int status, sf_value root, sfi_token *out, sf_error *err)
{
    const char *instance = sf_get_str(root, "instance_url");
    bool has_instance = sf_value_type(sf_get(root, "instance_url")) == SF_STRING;
    if (has_instance && instance == NULL) return sfi_fail_memory(err, "a token"); /* there, but no room to read it */
    if (sf_get_str(root, "access_token") == NULL || instance == NULL)
        return sfi_fail(err, SF_ERR_PROTOCOL, "login to %s: the answer (HTTP %d) has no %s", host, status,
                        instance == NULL ? "instance_url" : "access_token");
    if (!copy_member(root, "access_token", &out->access_token) ||
        !copy_member(root, "refresh_token", &out->refresh_token) || !copy_member(root, "id", &out->identity_url))
        return sfi_fail_memory(err, "a token");
    if (out->access_token == NULL)
        return sfi_fail(err, SF_ERR_PROTOCOL, "login to %s: the access token is empty or longer than %d bytes", host,
                        SFI_TOKEN_BYTES_MAX);
    sf_status rc = sf_url_normalize(instance, &out->instance_url, err);
    if (rc == SF_ERR_USAGE) {
        sfi_error_prefix(err, "login to %s: instance_url of the answer", host);
        rc = SF_ERR_PROTOCOL;
        if (err != NULL) err->status = rc;
    }
    if (rc != SF_OK) return rc;
    out->issued_at_ms = sf_get_int(root, "issued_at", 0);
    int64_t lifetime_s = sf_get_int(root, "expires_in", 0);
    int64_t now = sfi_wall_ms();
    if (out->issued_at_ms <= 0) out->issued_at_ms = now;
    if (lifetime_s > 0 && lifetime_s < INT64_C(1) << 32) out->expires_at_ms = now + lifetime_s * 1000;
    return SF_OK;
}

/* Indexes a copy of body in doc; the copy is taken back and wiped by sfi_json_free_wiped. */
static sf_status index_copy(sfi_json *doc, sf_str body, sf_error *err)
{
    size_t cap = body.len + SFI_JSON_PADDING;
    char *copy = sfi_calloc(cap);
    if (copy == NULL) return sfi_fail_memory(err, "a login's answer");
    if (body.len > 0) memcpy(copy, body.ptr, body.len);
    sfi_json_swap_buffer(doc, &copy, &cap);
    sfi_free(copy);
    return sfi_json_index(doc, body.len, true, err);
}

sf_status sfi_oauth_read(const char *host, const sf_auth *auth, int status, sf_str body, sfi_token *out,
                         sfi_login_failure *why, sf_error *err)
{
    *out = (sfi_token){ 0 };
    *why = SFI_LOGIN_ENDED;
    sfi_json *doc = NULL;
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = index_copy(doc, body, err);
    if (rc == SF_OK) {
        sf_value root = sfi_json_root(doc);
        bool is_good = status >= 200 && status < 300 && sf_get_str(root, "error") == NULL;
        rc = is_good ? read_token(host, status, root, out, err) : read_error(host, auth, status, root, why, err);
    } else if (rc != SF_ERR_MEMORY) {
        bool is_cut = (status >= 200 && status < 300) || status >= 500;
        *why = is_cut ? SFI_LOGIN_LOST : SFI_LOGIN_ENDED;
        rc = sfi_fail(err, status >= 500 ? SF_ERR_UNAVAILABLE : SF_ERR_PROTOCOL,
                      "login to %s: the answer (HTTP %d, %zu bytes) is not the JSON that a token endpoint sends; check "
                      "the login URL",
                      host, status, body.len);
        if (err != NULL) {
            err->http_status = status;
            err->retryable = is_cut;
        }
    }
    sfi_json_free_wiped(doc);
    if (rc != SF_OK) sfi_token_clear(out);
    return rc;
}

static void add_param(sfi_buf *form, const char *name, const char *value)
{
    if (value == NULL || *value == '\0') return;
    if (form->len > 0) (void)sfi_buf_add_char(form, '&');
    (void)sfi_buf_add_str(form, name);
    (void)sfi_buf_add_char(form, '=');
    (void)sfi_buf_add_urlencoded(form, sfi_str(value));
}

static sf_status write_form(const sfi_login *login, sfi_buf *form, sf_error *err)
{
    const sf_auth *auth = login->auth;
    (void)sfi_buf_reserve(form, FORM_BYTES_MAX - 1); /* at once, so that growing leaves no secrets behind */
    switch (auth->flow) {
    case SF_AUTH_CLIENT_CREDENTIALS: add_param(form, "grant_type", "client_credentials"); break;
    case SF_AUTH_REFRESH_TOKEN:
        add_param(form, "grant_type", "refresh_token");
        add_param(form, "refresh_token", login->refresh_token != NULL ? login->refresh_token : auth->refresh_token);
        break;
    default:
        add_param(form, "grant_type", "password");
        add_param(form, "username", auth->username);
        add_param(form, "password", auth->password);
        if (auth->security_token != NULL)
            (void)sfi_buf_add_urlencoded(form, sfi_str(auth->security_token)); /* glued on */
        break;
    }
    add_param(form, "client_id", auth->client_id);
    add_param(form, "client_secret", auth->client_secret);
    add_param(form, "scope", auth->scope);
    return sfi_buf_status(form, err, "login parameters");
}

sf_status sfi_login_oauth(const sfi_login *login, const sfi_wait *wait, sfi_token *out, sfi_login_failure *why,
                          sf_error *err)
{
    *out = (sfi_token){ 0 };
    *why = SFI_LOGIN_ENDED;
    sfi_buf form = { .max = FORM_BYTES_MAX };
    sfi_login_answer answer = { 0 };
    sf_status rc = write_form(login, &form, err);
    if (rc == SF_OK) rc = sfi_login_send(login, TOKEN_PATH, FORM_TYPE, sfi_buf_str(&form), wait, &answer, why, err);
    if (rc == SF_OK)
        rc = sfi_oauth_read(login->login_url, login->auth, answer.status, (sf_str){ answer.body, answer.body_len }, out,
                            why, err);
    sfi_login_answer_clear(&answer);
    if (form.data != NULL) sfi_wipe(form.data, form.cap);
    sfi_buf_free(&form);
    return rc;
}
