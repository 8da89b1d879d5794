/* soap.c: the part of the partner and enterprise SOAP APIs that logging in takes: login, logout, getUserInfo,
 * getServerTimestamp. Answers are written as the real ones are: prefix soapenv, the API's namespace as the default one.
 * Everything else is answered as an unknown operation. */
#include "api/call.h"
#include "xml/xml_internal.h"

enum { ATTACHMENT_MAX = 26214400, BODY_MAX = 50 * 1024 * 1024 };

typedef struct soap_call {
    sfo_call *call;
    bool enterprise;
    const char *version; /* "62.0" */
    int version_number;
    sfi_xml *doc;
    sfi_xml_element *operation; /* the first element of the body */
    const char *session;        /* of the SessionHeader; NULL: none */
} soap_call;

/* ---- answers ---- */
static const char *kind_name(const soap_call *s)
{
    return s->enterprise ? "enterprise" : "partner";
}

static sfi_buf *begin_answer(const soap_call *s, int status, const char *namespaces)
{
    sfo_response *r = s->call->response;
    sfi_buf_clear(&r->body);
    r->status = status;
    r->content_type = "text/xml; charset=utf-8";
    sfi_xml_declaration(&r->body);
    sfi_buf_addf(&r->body,
                 "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" %s"
                 " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>",
                 namespaces);
    return &r->body;
}

static sfi_buf *begin_result(const soap_call *s)
{
    char namespaces[80];
    snprintf(namespaces, sizeof namespaces, "xmlns=\"urn:%s.soap.sforce.com\"", kind_name(s));
    return begin_answer(s, 200, namespaces);
}

static void end_answer(sfi_buf *out)
{
    sfi_buf_add_str(out, "</soapenv:Body></soapenv:Envelope>");
}

/* detail NULL: a fault of the envelope itself, which has none. */
static void fault(const soap_call *s, const char *code, const char *message, const char *detail)
{
    char text[96];
    snprintf(text, sizeof text, "xmlns:sf=\"urn:fault.%s.soap.sforce.com\"", kind_name(s));
    sfi_buf *out = begin_answer(s, 500, text);
    sfi_buf_add_str(out, "<soapenv:Fault>");
    snprintf(text, sizeof text, "%s%s", detail != NULL ? "sf:" : "", code);
    sfi_xml_element_text(out, "faultcode", sfi_str(text));
    sfi_buf_add_str(out, "<faultstring>");
    if (detail != NULL) sfi_buf_addf(out, "%s: ", code);
    sfi_xml_escape(out, sfi_str(message));
    sfi_buf_add_str(out, "</faultstring>");
    if (detail != NULL) {
        sfi_buf_addf(out, "<detail><sf:%s xsi:type=\"sf:%s\">", detail, detail);
        sfi_xml_element_text(out, "sf:exceptionCode", sfi_str(code));
        sfi_xml_element_text(out, "sf:exceptionMessage", sfi_str(message));
        sfi_buf_addf(out, "</sf:%s></detail>", detail);
    }
    sfi_buf_add_str(out, "</soapenv:Fault>");
    end_answer(out);
}

/* ---- users ---- */
static void text_element(sfi_buf *out, const char *name, const char *text)
{
    sfi_xml_element_text(out, name, text != NULL ? sfi_str(text) : (sf_str){ NULL, 0 });
}

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

static void write_user_info(const soap_call *s, sfi_buf *out, const sfo_user *u)
{
    char number[32];
    text_element(out, "accessibilityMode", "false");
    text_element(out, "chatterExternal", "false");
    text_element(out, "currencySymbol", "$");
    snprintf(number, sizeof number, "%d", ATTACHMENT_MAX);
    text_element(out, "orgAttachmentFileSizeLimit", number);
    text_element(out, "orgDefaultCurrencyIsoCode", "USD");
    text_element(out, "orgDefaultCurrencyLocale", "en_US");
    text_element(out, "orgDisallowHtmlAttachments", "false");
    text_element(out, "orgHasPersonAccounts", "false");
    text_element(out, "organizationId", sfo_store_org_id(s->call->org->store));
    text_element(out, "organizationMultiCurrency", "false");
    text_element(out, "organizationName", organization_name(s->call));
    text_element(out, "profileId", u->profile_id);
    text_element(out, "roleId", u->role_id);
    snprintf(number, sizeof number, "%lld", (long long)(sfo_sessions_timeout_ms(s->call->org->sessions) / 1000));
    text_element(out, "sessionSecondsValid", number);
    text_element(out, "userDefaultCurrencyIsoCode", NULL);
    text_element(out, "userEmail", u->email);
    text_element(out, "userFullName", u->name);
    text_element(out, "userId", u->id.text);
    text_element(out, "userLanguage", u->language);
    text_element(out, "userLocale", u->locale);
    text_element(out, "userName", u->username);
    text_element(out, "userTimeZone", u->time_zone);
    text_element(out, "userType", "Standard");
    text_element(out, "userUiSkin", "Theme3");
}

/* ---- operations ---- */
static void answer_login(const soap_call *s, const sfo_user *user, const char *session)
{
    char url[256];
    const char *base = sfo_call_base_url(s->call);
    const char *org_id = sfo_store_org_id(s->call->org->store);
    sfi_buf *out = begin_result(s);
    sfi_buf_add_str(out, "<loginResponse><result>");
    snprintf(url, sizeof url, "%.150s/services/Soap/m/%s/%.15s", base, s->version, org_id);
    text_element(out, "metadataServerUrl", url);
    text_element(out, "passwordExpired", "false");
    text_element(out, "sandbox", "false");
    snprintf(url, sizeof url, "%.150s/services/Soap/%c/%s/%.15s", base, s->enterprise ? 'c' : 'u', s->version, org_id);
    text_element(out, "serverUrl", url);
    text_element(out, "sessionId", session);
    text_element(out, "userId", user->id.text);
    sfi_xml_open(out, "userInfo");
    write_user_info(s, out, user);
    sfi_xml_close(out, "userInfo");
    sfi_buf_add_str(out, "</result></loginResponse>");
    end_answer(out);
}

static void login(soap_call *s)
{
    sfo_org *org = s->call->org;
    if (s->version_number > SFO_SOAP_LOGIN_VERSION_MAX) {
        fault(s, "soapenv:Client",
              "No operation available for request {urn:partner.soap.sforce.com}login, please check the WSDL for the "
              "service.",
              NULL);
        return;
    }
    if (org->options.policy.no_soap_login) {
        fault(s, "INVALID_OPERATION", "SOAP API login() is disabled by default in this org.", "UnexpectedErrorFault");
        return;
    }
    const char *username = sfi_xml_get(s->doc, s->operation, "username");
    const char *password = sfi_xml_get(s->doc, s->operation, "password");
    char session[SFO_TOKEN_SIZE];
    sf_id id;
    sfo_user user;
    sfo_login result = username != NULL && password != NULL
                           ? sfo_user_login(org, sfi_str(username), sfi_str(password), &id)
                           : SFO_LOGIN_WRONG;
    if (result == SFO_LOGIN_NEEDS_TOKEN) {
        fault(s, "LOGIN_MUST_USE_SECURITY_TOKEN",
              "Invalid username, password, security token; or user locked out. Are you at a new location? "
              "When accessing Salesforce--either via a desktop client or the API--from outside of your company’s "
              "trusted networks, you must "
              "add a security token to your password to log in.",
              "LoginFault");
    } else if (result != SFO_LOGIN_OK) {
        fault(s, "INVALID_LOGIN", "Invalid username, password, security token; or user locked out.", "LoginFault");
    } else if (!sfo_user_load(org, &s->call->arena, id.text, &user) ||
               !sfo_session_open(org->sessions, id.text, 0, session)) {
        fault(s, "SERVER_UNAVAILABLE", "no memory for a session", "UnexpectedErrorFault");
    } else {
        sfo_stats_event(org->stats, SFO_EVENT_LOGIN, 1);
        answer_login(s, &user, session);
        sfi_wipe(session, sizeof session);
    }
}

/* The user of the SessionHeader. false: the response is the fault. */
static bool authenticate(soap_call *s, sfo_user *user)
{
    sfo_session_facts facts;
    sfo_org *org = s->call->org;
    sf_str token = sfi_trim(sfi_str(s->session));
    const sfo_request *request = s->call->request;
    bool alive = token.len > 0 && sfo_session_use(org->sessions, token, &facts);
    if (alive && sfo_faults_session_dies(org->faults, facts.requests - 1, request->method, request->path))
        alive = !sfo_session_revoke(org->sessions, token);
    if (alive && sfo_user_load(org, &s->call->arena, facts.user.text, user)) return true;
    fault(s, "INVALID_SESSION_ID",
          "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key: ",
          "UnexpectedErrorFault");
    return false;
}

static void logout(soap_call *s)
{
    sfo_user user;
    if (!authenticate(s, &user)) return;
    (void)sfo_session_revoke(s->call->org->sessions, sfi_trim(sfi_str(s->session))); /* dead already is as good */
    sfi_buf *out = begin_result(s);
    sfi_buf_add_str(out, "<logoutResponse/>");
    end_answer(out);
}

static void get_user_info(soap_call *s)
{
    sfo_user user;
    if (!authenticate(s, &user)) return;
    sfi_buf *out = begin_result(s);
    sfi_buf_add_str(out, "<getUserInfoResponse><result>");
    write_user_info(s, out, &user);
    sfi_buf_add_str(out, "</result></getUserInfoResponse>");
    end_answer(out);
}

static void get_server_timestamp(soap_call *s)
{
    sfo_user user;
    char now[32];
    if (!authenticate(s, &user)) return;
    sfi_time_format(sfi_wall_ms(), now);
    sfi_buf *out = begin_result(s);
    sfi_buf_addf(out,
                 "<getServerTimestampResponse><result><timestamp>%s</timestamp></result></getServerTimestampResponse>",
                 now);
    end_answer(out);
}

static void run_operation(soap_call *s)
{
    static const struct {
        const char *name;
        void (*run)(soap_call *s);
    } operations[] = {
        { "login", login },
        { "logout", logout },
        { "getUserInfo", get_user_info },
        { "getServerTimestamp", get_server_timestamp },
    };
    const char *name = sfi_xml_name(s->operation);
    for (size_t i = 0; i < SFI_COUNT_OF(operations); i++) {
        if (strcmp(name, operations[i].name) != 0) continue;
        operations[i].run(s);
        return;
    }
    char message[400];
    snprintf(message, sizeof message,
             "No operation available for request {%.120s}%.120s, please check the WSDL for the service.",
             sfi_xml_namespace(s->operation), name);
    fault(s, "soapenv:Client", message, NULL);
}

/* ---- the envelope ---- */
static void answer_post_only(sfo_call *call)
{
    sfo_response *r = call->response;
    sfi_buf_clear(&r->body);
    r->status = 405;
    r->content_type = "text/html;charset=utf-8";
    sfo_response_header(r, "Allow", "POST");
    sfi_buf_addf(&r->body,
                 "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n"
                 "<title>Error 405 Only POST allowed</title>\n</head>\n<body><h2>HTTP ERROR 405</h2>\n"
                 "<p>Problem accessing this page. Reason:\n<pre>    Only POST allowed</pre></p>\n</body>\n</html>\n");
}

/* /services/Soap/u/62.0[/org]: which API and version. false: the response says why not. */
static bool read_path(soap_call *s)
{
    sfo_call *call = s->call;
    int64_t major = 0;
    int64_t minor = 0;
    sf_str letter = call->segment_count >= 4 ? call->segments[2] : SFI_STR("");
    s->enterprise = sfi_str_is(letter, "c");
    if (!s->enterprise && !sfi_str_is(letter, "u")) {
        sfo_answer_not_found(call);
        return false;
    }
    if (strcmp(call->request->method, "POST") != 0) {
        answer_post_only(call);
        return false;
    }
    sf_str rest = call->segments[3];
    s->version = call->segments[3].ptr;
    bool whole = sfi_take_int(&rest, 999, &major) &&
                 (rest.len == 0 || (sfi_take_text(&rest, ".") && sfi_take_int(&rest, 0, &minor) && rest.len == 0));
    s->version_number = (int)major;
    if (whole && major >= SFO_VERSION_MIN && major <= SFO_VERSION_MAX) return true;
    fault(s, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", "UnexpectedErrorFault");
    return false;
}

/* false: the response is the fault. */
static bool read_envelope(soap_call *s)
{
    const sfo_request *request = s->call->request;
    sf_error err;
    const char *type = sfo_call_header(s->call, "Content-Type");
    if (type != NULL && strncasecmp(type, "application/soap+xml", 20) == 0) {
        fault(s, "soapenv:Client", "Content type 'application/soap+xml' is not supported; use text/xml", NULL);
        s->call->response->status = 415;
        return false;
    }
    if (sfo_call_header(s->call, "SOAPAction") == NULL) {
        fault(s, "soapenv:Client", "SOAPAction HTTP header missing", NULL);
        return false;
    }
    if (request->body.len > BODY_MAX) {
        fault(s, "EXCEEDED_MAX_SIZE_REQUEST", "The request is too large", "UnexpectedErrorFault");
        return false;
    }
    sf_status rc = sfi_xml_parse(request->body, &s->doc, &err);
    if (rc != SF_OK) {
        fault(s, "UNKNOWN_EXCEPTION", err.message, "UnexpectedErrorFault");
        return false;
    }
    sfi_xml_element *root = sfi_xml_root(s->doc);
    s->operation = sfi_xml_child(sfi_xml_child(root, "Body"), NULL);
    s->session = sfi_xml_get(s->doc, root, "Header/SessionHeader/sessionId");
    if (strcmp(sfi_xml_name(root), "Envelope") == 0 && s->operation != NULL) return true;
    fault(s, "soapenv:Client", "The request is not a SOAP envelope with one operation in its body", NULL);
    return false;
}

void sfo_soap_dispatch(sfo_call *call)
{
    soap_call s = { .call = call };
    if (read_path(&s) && read_envelope(&s)) run_operation(&s);
    sfi_xml_free_secret(s.doc);
}
