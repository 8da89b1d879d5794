/* soap_session.c: sessions and passwords over SOAP: login, logout, getUserInfo, getServerTimestamp, invalidateSessions,
 * setPassword, resetPassword, changeOwnPassword. */
#include "api/monitor.h"
#include "api/settings.h"
#include "api/soap.h"

enum { ATTACHMENT_MAX = 26214400, SESSIONS_MAX = 200 };

/* ---- users ---- */

/* @param out from the arena; NULL: there is no such row. */
static const char *organization_name(sfo_call *call)
{
    sqlite3_stmt *stmt = NULL;
    const char *name = NULL;
    sfo_store_lock(call->org->store);
    if (sqlite3_prepare_v2(sfo_store_db(call->org->store), "SELECT Name FROM Organization LIMIT 1", -1, &stmt, NULL) ==
            SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_TEXT)
        name = sfi_arena_strndup(&call->arena, (const char *)sqlite3_column_text(stmt, 0),
                                 (size_t)sqlite3_column_bytes(stmt, 0));
    sqlite3_finalize(stmt);
    sfo_store_unlock(call->org->store);
    return name;
}

static void write_user_info(const sfo_soap *s, sfi_buf *out, const sfo_user *u)
{
    char number[32];
    sfo_soap_element(out, "accessibilityMode", "false");
    sfo_soap_element(out, "chatterExternal", "false");
    sfo_soap_element(out, "currencySymbol", "$");
    snprintf(number, sizeof number, "%d", ATTACHMENT_MAX);
    sfo_soap_element(out, "orgAttachmentFileSizeLimit", number);
    sfo_soap_element(out, "orgDefaultCurrencyIsoCode", "USD");
    sfo_soap_element(out, "orgDefaultCurrencyLocale", "en_US");
    sfo_soap_element(out, "orgDisallowHtmlAttachments", "false");
    sfo_soap_element(out, "orgHasPersonAccounts", "false");
    sfo_soap_element(out, "organizationId", sfo_store_org_id(s->call->org->store));
    sfo_soap_element(out, "organizationMultiCurrency", "false");
    sfo_soap_element(out, "organizationName", organization_name(s->call));
    sfo_soap_element(out, "profileId", u->profile_id);
    sfo_soap_element(out, "roleId", u->role_id);
    snprintf(number, sizeof number, "%lld", (long long)(sfo_sessions_timeout_ms(s->call->org->sessions) / 1000));
    sfo_soap_element(out, "sessionSecondsValid", number);
    sfo_soap_element(out, "userDefaultCurrencyIsoCode", NULL);
    sfo_soap_element(out, "userEmail", u->email);
    sfo_soap_element(out, "userFullName", u->name);
    sfo_soap_element(out, "userId", u->id.text);
    sfo_soap_element(out, "userLanguage", u->language);
    sfo_soap_element(out, "userLocale", u->locale);
    sfo_soap_element(out, "userName", u->username);
    sfo_soap_element(out, "userTimeZone", u->time_zone);
    sfo_soap_element(out, "userType", "Standard");
    sfo_soap_element(out, "userUiSkin", "Theme3");
}

/* ---- login ---- */

static void answer_login(sfo_soap *s, const sfo_user *user, const char *session)
{
    char url[256];
    const char *base = sfo_call_base_url(s->call);
    const char *org_id = sfo_store_org_id(s->call->org->store);
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
    sfi_buf_add_str(out, "<result>");
    snprintf(url, sizeof url, "%.150s/services/Soap/m/%s/%.15s", base, s->version, org_id);
    sfo_soap_element(out, "metadataServerUrl", url);
    sfo_soap_element(out, "passwordExpired", "false");
    sfo_soap_element(out, "sandbox", "false");
    snprintf(url, sizeof url, "%.150s/services/Soap/%c/%s/%.15s", base, s->enterprise ? 'c' : 'u', s->version, org_id);
    sfo_soap_element(out, "serverUrl", url);
    sfo_soap_element(out, "sessionId", session);
    sfo_soap_element(out, "userId", user->id.text);
    sfi_xml_open(out, "userInfo");
    write_user_info(s, out, user);
    sfi_xml_close(out, "userInfo");
    sfi_buf_add_str(out, "</result>");
    sfo_soap_end(s);
}

void sfo_soap_login(sfo_soap *s)
{
    sfo_org *org = s->call->org;
    if (org->options.policy.no_soap_login) {
        sfo_soap_fault(s, "INVALID_OPERATION", "SOAP API login() is disabled by default in this org.",
                       "UnexpectedErrorFault");
        return;
    }
    const char *username = sfi_xml_get(s->doc, s->operation, "username");
    const char *password = sfi_xml_get(s->doc, s->operation, "password");
    char session[SFO_TOKEN_SIZE];
    sf_id id = { "" };
    sfo_user user;
    sfo_login result = username != NULL && password != NULL
                           ? sfo_user_login(org, sfi_str(username), sfi_str(password), &id)
                           : SFO_LOGIN_WRONG;
    if (result == SFO_LOGIN_NEEDS_TOKEN) {
        sfo_soap_fault(s, "LOGIN_MUST_USE_SECURITY_TOKEN",
                       "Invalid username, password, security token; or user locked out. Are you at a new location? "
                       "When accessing Salesforce--either via a desktop client or the API--from outside of your "
                       "company’s trusted networks, you must "
                       "add a security token to your password to log in.",
                       "LoginFault");
    } else if (result != SFO_LOGIN_OK) {
        sfo_soap_fault(s, "INVALID_LOGIN", "Invalid username, password, security token; or user locked out.",
                       "LoginFault");
    } else if (!sfo_user_load(org, &s->call->arena, id.text, &user) ||
               !sfo_session_open(org->sessions, id.text, 0, session)) {
        sfo_soap_fault(s, "SERVER_UNAVAILABLE", "no memory for a session", "UnexpectedErrorFault");
        return;
    } else {
        sfo_stats_event(org->stats, SFO_EVENT_LOGIN, 1);
        answer_login(s, &user, session);
        sfi_wipe(session, sizeof session);
    }
    sfo_monitor_login(s->call, &(sfo_login_told){ .user_id = id.text,
                                                  .soap = s->enterprise ? "SOAP Enterprise" : "SOAP Partner",
                                                  .soap_version = s->version_number,
                                                  .outcome = result });
}

/* ---- sessions ---- */

/* The user of the SessionHeader, and its call off the day's allowance. */
bool sfo_soap_authenticate(sfo_soap *s)
{
    sfo_session_facts facts;
    sfo_org *org = s->call->org;
    sf_str token = sfi_trim(sfi_str(s->session));
    const sfo_request *request = s->call->request;
    bool alive = token.len > 0 && sfo_session_use(org->sessions, token, &facts);
    if (alive && sfo_faults_session_dies(org->faults, facts.requests - 1, request->method, request->path))
        alive = !sfo_org_revoke(org, token);
    if (!alive || !sfo_user_load(org, &s->call->arena, facts.user.text, &s->user)) {
        sfo_soap_fault(s, "INVALID_SESSION_ID",
                       "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session "
                       "key: ",
                       "UnexpectedErrorFault");
        return false;
    }
    if (!sfo_stats_api_call(org->stats, org->options.api_max)) {
        sfo_soap_fault(s, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "UnexpectedErrorFault");
        return false;
    }
    s->authenticated = true;
    s->call->user = facts.user;
    snprintf(s->call->version, sizeof s->call->version, "%d.0", s->version_number);
    s->call->version_number = s->version_number;
    sfo_call_set_context(s->call);
    s->call->context.api = "soap";
    if (s->client.len > 0) s->call->context.client = s->client;
    s->call->context.id_in_body = true;
    s->call->context.allow_duplicates = s->allow_duplicates;
    s->call->context.duplicate_details = s->duplicate_details;
    return true;
}

void sfo_soap_logout(sfo_soap *s)
{
    (void)sfo_org_revoke(s->call->org, sfi_trim(sfi_str(s->session))); /* dead already is as good */
    (void)sfo_soap_begin(s, SFO_SOAP_PLAIN);                           /* empty: it has no result */
    sfo_soap_end(s);
}

void sfo_soap_invalidate_sessions(sfo_soap *s)
{
    if (sfo_soap_count(s->operation, "sessionIds") > SESSIONS_MAX) {
        sfo_soap_fault(s, "EXCEEDED_ID_LIMIT",
                       "record limit reached. cannot submit more than 200 records into this call",
                       "UnexpectedErrorFault");
        return;
    }
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
    const char *name = "sessionIds";
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); e != NULL; e = sfi_xml_next(e, name)) {
        const char *token = sfi_xml_text(s->doc, e);
        sfo_fault f = { 0 };
        sfi_buf_add_str(out, "<result>");
        bool ok = token != NULL && sfo_org_revoke(s->call->org, sfi_trim(sfi_str(token)));
        if (!ok) {
            (void)sfo_fault_set(&f, 400, "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader");
            sfo_soap_write_errors(s, out, &f);
            sfo_fault_clear(&f);
        }
        sfo_soap_element_bool(out, "success", ok);
        sfi_buf_add_str(out, "</result>");
    }
    sfo_soap_end(s);
}

void sfo_soap_get_user_info(sfo_soap *s)
{
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
    sfi_buf_add_str(out, "<result>");
    write_user_info(s, out, &s->user);
    sfi_buf_add_str(out, "</result>");
    sfo_soap_end(s);
}

void sfo_soap_get_server_timestamp(sfo_soap *s)
{
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
    sfi_buf_add_str(out, "<result>");
    sfo_soap_element_time(out, "timestamp", sfi_wall_ms());
    sfi_buf_add_str(out, "</result>");
    sfo_soap_end(s);
}

/* ---- passwords ---- */

static void answer_empty_result(sfo_soap *s)
{
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
    sfi_buf_add_str(out, "<result/>");
    sfo_soap_end(s);
}

/* false: the response is the fault. */
static bool read_user(sfo_soap *s, sf_id *out)
{
    sfo_user user;
    sf_str text = sfo_soap_text(s, s->operation, "userId");
    if (!sfo_id_normalize(text, out)) {
        sfo_soap_faultf(s, "MALFORMED_ID", "InvalidIdFault", "malformed id %.*s",
                        (int)(text.len < 100 ? text.len : 100), text.ptr != NULL ? text.ptr : "");
        return false;
    }
    if (strncmp(out->text, "005", 3) == 0 && sfo_user_load(s->call->org, &s->call->arena, out->text, &user))
        return true;
    sfo_soap_fault(s, "INVALID_ID_FIELD", "invalid cross reference id", "InvalidIdFault");
    return false;
}

static bool set_password(sfo_soap *s, const char *user_id, sf_str password)
{
    sfo_fault f = { 0 };
    if (password.ptr == NULL) password = SFI_STR("");
    if (sfo_set_password(s->call->org, user_id, password, &f)) return true;
    sfo_soap_store_fault(s, &f);
    return false;
}

/* Text as it was sent: blanks belong to a password. */
static sf_str password_text(const sfo_soap *s, const char *name)
{
    return sfi_str(sfi_xml_get(s->doc, s->operation, name));
}

void sfo_soap_set_password(sfo_soap *s)
{
    sf_id user;
    sf_str password = password_text(s, "password");
    if (read_user(s, &user) && set_password(s, user.text, password)) answer_empty_result(s);
}

void sfo_soap_reset_password(sfo_soap *s)
{
    sf_id user;
    char made[SFO_PASSWORD_RESET_LEN + 1];
    if (!read_user(s, &user)) return;
    sfo_random_password(made);
    if (set_password(s, user.text, sfi_str(made))) {
        sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
        sfi_buf_add_str(out, "<result>");
        sfo_soap_element(out, "password", made);
        sfi_buf_add_str(out, "</result>");
        sfo_soap_end(s);
    }
    sfi_wipe(made, sizeof made);
}

void sfo_soap_change_own_password(sfo_soap *s)
{
    sf_id found;
    bool active = false;
    sf_str old = password_text(s, "oldPassword"), password = password_text(s, "newPassword");
    bool right = old.ptr != NULL &&
                 sfo_user_check_password(s->call->org->store, sfi_str(s->user.username), old, &found, &active);
    if (!right) {
        sfo_soap_fault(s, "INVALID_OLD_PASSWORD", "Your old password is invalid.", "UnexpectedErrorFault");
        return;
    }
    if (set_password(s, s->user.id.text, password)) answer_empty_result(s);
}
