/*
 * soap_login.c: login() of the partner API, for orgs that still allow it: user name, password with the security token
 * glued on, a session id back. Called by token.c. Wire: POST /services/Soap/u/64.0, because 65.0 and later have no login.
 * It is the only login that tells how long a session lives without use (sessionSecondsValid).
 */
#include "auth/auth_internal.h"
#include "xml/xml_internal.h"

#define SOAP_PATH "/services/Soap/u/64.0"

enum { ENVELOPE_BYTES_MAX = 8 * SFI_TOKEN_BYTES_MAX, SESSION_SECONDS_MAX = 7 * 24 * 3600 };

static const struct {
    const char *code;
    sfi_login_failure why;
    sf_status status;
    const char *remedy;
} faults[] = {
    { "INVALID_LOGIN", SFI_LOGIN_REFUSED, SF_ERR_AUTH,
      "check user name, password and security token (it changes with the password), and the login URL (sandboxes: "
      "https://test.salesforce.com or their My Domain)" },
    { "LOGIN_MUST_USE_SECURITY_TOKEN", SFI_LOGIN_REFUSED, SF_ERR_AUTH,
      "give the user's security token, or trust this machine's address in the org" },
    { "PASSWORD_LOCKOUT", SFI_LOGIN_REFUSED, SF_ERR_AUTH,
      "the user is locked out after wrong passwords; wait, or ask an admin" },
    { "INVALID_OPERATION", SFI_LOGIN_REFUSED, SF_ERR_AUTH,
      "the org has SOAP login() switched off; use OAuth (client credentials)" },
    { "UNSUPPORTED_API_VERSION", SFI_LOGIN_REFUSED, SF_ERR_AUTH,
      "the org has no SOAP login() any more; use OAuth (client credentials)" },
    { "API_DISABLED_FOR_ORG", SFI_LOGIN_REFUSED, SF_ERR_AUTH, "the API is not part of this org's edition" },
    { "API_CURRENTLY_DISABLED", SFI_LOGIN_REFUSED, SF_ERR_AUTH, "the user lacks the permission API Enabled" },
    { "INACTIVE_OWNER_OR_USER", SFI_LOGIN_REFUSED, SF_ERR_AUTH, "the user is not active" },
    { "ORG_LOCKED", SFI_LOGIN_REFUSED, SF_ERR_AUTH, "the org is locked" },
    { "INVALID_LOGIN_HOURS", SFI_LOGIN_REFUSED, SF_ERR_AUTH, "the profile's login hours do not allow a login now" },
    { "LOGIN_DURING_RESTRICTED_TIME", SFI_LOGIN_REFUSED, SF_ERR_AUTH,
      "the profile's login hours do not allow a login now" },
    { "LOGIN_DURING_RESTRICTED_DOMAIN", SFI_LOGIN_REFUSED, SF_ERR_AUTH,
      "this machine's address is outside the profile's IP ranges" },
    { "LOGIN_RATE_EXCEEDED", SFI_LOGIN_ENDED, SF_ERR_API_LIMIT,
      "too many logins in an hour; keep sessions in a token store" },
    { "REQUEST_LIMIT_EXCEEDED", SFI_LOGIN_ENDED, SF_ERR_API_LIMIT, "the org's daily requests are used up" },
    { "SERVER_UNAVAILABLE", SFI_LOGIN_TRANSIENT, SF_ERR_UNAVAILABLE, "try again later" },
};

static sf_status read_fault(const char *host, int status, sfi_xml *doc, const sfi_xml_element *fault,
                            sfi_login_failure *why, sf_error *err)
{
    const char *code = sfi_xml_get(doc, fault, "faultcode");
    const char *text = sfi_xml_get(doc, fault, "faultstring");
    if (code == NULL) code = "";
    if (text == NULL) text = "";
    const char *colon = strchr(code, ':'); /* sf:INVALID_LOGIN; some come without prefix */
    if (colon != NULL) code = colon + 1;
    *why = SFI_LOGIN_ENDED; /* UNKNOWN_EXCEPTION and the like: another attempt will fare no better */
    sf_status rc = SF_ERR_AUTH;
    const char *remedy = "see the login history in the org's setup for the reason";
    for (size_t i = 0; i < SFI_COUNT_OF(faults); i++) {
        if (strcmp(faults[i].code, code) != 0) continue;
        *why = faults[i].why;
        rc = faults[i].status;
        remedy = faults[i].remedy;
    }
    (void)sfi_fail(err, rc, "login to %s refused: %.200s; %s", host, text, remedy);
    sfi_error_set_code(err, sfi_str(code));
    if (err != NULL) {
        sfi_redact(err->message);
        err->http_status = status;
        err->retryable = rc == SF_ERR_UNAVAILABLE;
    }
    return rc;
}

static bool copy_text(const char *text, char **out)
{
    if (text == NULL || *text == '\0') return true;
    *out = sfi_strdup(text);
    return *out != NULL;
}

static sf_status read_result(const char *host, sfi_xml *doc, const sfi_xml_element *result, sfi_token *out,
                             sfi_login_failure *why, sf_error *err)
{
    const char *session = sfi_xml_get(doc, result, "sessionId");
    const char *server = sfi_xml_get(doc, result, "serverUrl");
    const char *expired = sfi_xml_get(doc, result, "passwordExpired");
    if (expired != NULL && strcmp(expired, "true") == 0) {
        *why = SFI_LOGIN_REFUSED;
        return sfi_fail(err, SF_ERR_AUTH, "login to %s: the password has expired; set a new one in the browser", host);
    }
    if (session == NULL || *session == '\0' || server == NULL || *server == '\0')
        return sfi_fail(err, SF_ERR_PROTOCOL, "login to %s: the answer has no %s", host,
                        server == NULL || *server == '\0' ? "serverUrl" : "sessionId");
    if (!copy_text(session, &out->access_token)) return sfi_fail_memory(err, "a session");
    sf_status rc = sf_url_normalize(server, &out->instance_url, err);
    if (rc == SF_ERR_USAGE) {
        sfi_error_prefix(err, "login to %s: serverUrl of the answer", host);
        rc = SF_ERR_PROTOCOL;
        if (err != NULL) err->status = rc;
    }
    if (rc != SF_OK) return rc;

    const char *org = sfi_xml_get(doc, result, "userInfo/organizationId");
    const char *user = sfi_xml_get(doc, result, "userId");
    if (org != NULL && user != NULL && *org != '\0') {
        sfi_buf identity = { 0 };
        (void)sfi_buf_addf(&identity, "%s/id/%.18s/%.18s", host, org, user);
        out->identity_url = sfi_buf_take(&identity);
        sfi_buf_free(&identity);
        if (out->identity_url == NULL) return sfi_fail_memory(err, "a session");
    }
    out->issued_at_ms = sfi_wall_ms();
    int64_t seconds = 0;
    const char *valid = sfi_xml_get(doc, result, "userInfo/sessionSecondsValid");
    if (valid != NULL && sfi_parse_int(sfi_str(valid), &seconds) && seconds > 0 && seconds <= SESSION_SECONDS_MAX)
        out->expires_at_ms = out->issued_at_ms + seconds * 1000;
    return SF_OK;
}

sf_status sfi_soap_login_read(const char *host, int status, sf_str body, sfi_token *out, sfi_login_failure *why,
                              sf_error *err)
{
    *out = (sfi_token){ 0 };
    *why = SFI_LOGIN_ENDED;
    sfi_xml *doc = NULL;
    sf_status rc = sfi_xml_parse(body, &doc, err);
    if (rc != SF_OK) {
        if (rc == SF_ERR_PROTOCOL) {
            *why = SFI_LOGIN_LOST; /* a whole answer would be XML: harmless, a login can be repeated */
            sfi_error_prefix(err, "login to %s (HTTP %d)", host, status);
        }
        return rc;
    }
    const sfi_xml_element *root = sfi_xml_root(doc);
    const sfi_xml_element *fault = sfi_xml_find(root, "Body/Fault");
    const sfi_xml_element *result = sfi_xml_find(root, "Body/loginResponse/result");
    if (fault != NULL)
        rc = read_fault(host, status, doc, fault, why, err);
    else if (result != NULL)
        rc = read_result(host, doc, result, out, why, err);
    else
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "login to %s: the answer (HTTP %d) is no SOAP login's; check the login URL",
                      host, status);
    sfi_xml_free_secret(doc);
    if (rc != SF_OK) sfi_token_clear(out);
    return rc;
}

static sf_status write_envelope(const sf_auth *auth, sfi_buf *out, sf_error *err)
{
    sf_str texts[] = { sfi_str(auth->username), sfi_str(auth->password), sfi_str(auth->security_token) };
    for (size_t i = 0; i < SFI_COUNT_OF(texts); i++)
        if (texts[i].ptr != NULL && !sfi_xml_can_carry(texts[i]))
            return sfi_fail(err, SF_ERR_USAGE,
                            "user name, password or security token holds a character that SOAP cannot carry");
    (void)sfi_buf_reserve(out, ENVELOPE_BYTES_MAX - 1); /* at once, so that growing leaves no secrets behind */
    sfi_xml_declaration(out);
    sfi_xml_open(
        out,
        "se:Envelope xmlns:se=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:urn=\"urn:partner.soap.sforce.com\"");
    sfi_xml_open(out, "se:Body");
    sfi_xml_open(out, "urn:login");
    sfi_xml_element_text(out, "urn:username", texts[0]);
    sfi_xml_open(out, "urn:password");
    sfi_xml_escape(out, texts[1]);
    if (texts[2].ptr != NULL) sfi_xml_escape(out, texts[2]); /* glued on */
    sfi_xml_close(out, "urn:password");
    sfi_xml_close(out, "urn:login");
    sfi_xml_close(out, "se:Body");
    sfi_xml_close(out, "se:Envelope");
    return sfi_buf_status(out, err, "a login request");
}

sf_status sfi_login_soap(const sfi_login *login, const sfi_wait *wait, sfi_token *out, sfi_login_failure *why,
                         sf_error *err)
{
    *out = (sfi_token){ 0 };
    *why = SFI_LOGIN_ENDED;
    sfi_buf envelope = { .max = ENVELOPE_BYTES_MAX };
    sfi_login_answer answer = { 0 };
    sf_status rc = write_envelope(login->auth, &envelope, err);
    if (rc == SF_OK)
        rc = sfi_login_send(login, SOAP_PATH, "text/xml; charset=UTF-8", sfi_buf_str(&envelope), wait, &answer, why,
                            err);
    if (rc == SF_OK)
        rc = sfi_soap_login_read(login->login_url, answer.status, (sf_str){ answer.body, answer.body_len }, out, why,
                                 err);
    sfi_login_answer_clear(&answer);
    if (envelope.data != NULL) sfi_wipe(envelope.data, envelope.cap);
    sfi_buf_free(&envelope);
    return rc;
}
