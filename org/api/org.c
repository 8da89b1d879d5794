/* org.c: see api.h. sfo_org_handle is the one way in: it asks the faults, sends the call through its door, and adds the
 * headers that every answer has. */
#include "api/actions.h"
#include "api/apex.h"
#include "api/channel_filter.h"
#include "api/monitor.h"
#include "api/reports.h"
#include "api/settings.h"
#include "api/streams.h"
#include "api/topics.h"

enum {
    TIMEOUT_DEFAULT_S = 7200,
    API_MAX_DEFAULT = 1000000,
    CLIENT_ID_LEN = 80,
    CLIENT_SECRET_LEN = 64,
    PASSWORD_LEN = 16,
    KEY_LEN = 40,
    REST_BODY_MAX = 50 << 20
};

static const char no_cache[] = "no-cache,must-revalidate,max-age=0,no-store,private";

/* ---- policy ---- */
sf_status sfo_policy_add(sfo_policy *policy, const char *words, sf_error *err)
{
    const struct {
        const char *word;
        bool *flag;
    } known[] = {
        { "rotate", &policy->rotate },
        { "no-password", &policy->no_password },
        { "no-soap-login", &policy->no_soap_login },
        { "no-client-credentials", &policy->no_client_credentials },
        { "no-api-scope", &policy->no_api_scope },
        { "trusted-network", &policy->trusted_network },
        { "cookies", &policy->cookies },
    };
    for (const char *at = words; *at != '\0';) { /* each round takes a word away */
        size_t len = strcspn(at, ",");
        bool *flag = NULL;
        for (size_t i = 0; i < SFI_COUNT_OF(known); i++)
            if (sfi_str_is((sf_str){ at, len }, known[i].word)) flag = known[i].flag;
        if (flag == NULL)
            return sfi_fail(err, SF_ERR_USAGE,
                            "unknown policy '%.*s'; use rotate, no-password, no-soap-login, "
                            "no-client-credentials, no-api-scope, cookies or trusted-network",
                            (int)len, at);
        *flag = true;
        at += len + (at[len] == ',');
    }
    return SF_OK;
}

/* ---- life ---- */
static sf_status load_user(sfo_org *org, sf_error *err)
{
    sfi_arena arena = { 0 };
    sfo_user admin;
    sf_status rc = SF_OK;
    const char *id = sfo_store_admin_id(org->store);
    if (!sfo_user_load(org, &arena, id, &admin) || admin.username == NULL)
        rc = sfi_fail(err, SF_ERR_IO, "data file: the administrator %s is missing; start with a new file", id);
    else if ((org->username = sfi_strdup(admin.username)) == NULL)
        rc = sfi_fail_memory(err, "the login");
    sfi_arena_free(&arena);
    return rc;
}

static sf_status load_password(sfo_org *org, sf_error *err)
{
    sf_status rc = SF_OK;
    if (org->options.password != NULL) rc = sfo_settings_set(org->store, "password", org->options.password, err);
    if (rc == SF_OK) rc = sfo_settings_secret(org->store, "password", "", PASSWORD_LEN, &org->password, err);
    if (rc != SF_OK) return rc;
    sf_id user;
    bool active;
    if (sfo_user_check_password(org->store, sfi_str(org->username), sfi_str(org->password), &user, &active))
        return SF_OK;
    sfo_fault fault = { 0 };
    if (!sfo_user_set_password(org->store, sfo_store_admin_id(org->store), sfi_str(org->password), &fault))
        rc = sfi_fail(err, SF_ERR_IO, "cannot set the administrator's password: %s",
                      fault.message != NULL ? fault.message : fault.code);
    sfo_fault_clear(&fault);
    return rc;
}

static sf_status load_credentials(sfo_org *org, sf_error *err)
{
    sf_status rc = load_user(org, err);
    if (rc == SF_OK) rc = load_password(org, err);
    if (rc == SF_OK) rc = sfo_settings_secret(org->store, "token_key", "", KEY_LEN, &org->token_key, err);
    if (rc == SF_OK) rc = sfo_settings_secret(org->store, "client_id", "3MVG9", CLIENT_ID_LEN, &org->client_id, err);
    if (rc == SF_OK)
        rc = sfo_settings_secret(org->store, "client_secret", "", CLIENT_SECRET_LEN, &org->client_secret, err);
    if (rc != SF_OK) return rc;
    char token[32];
    sfo_user_security_token(org, sfo_store_admin_id(org->store), token);
    org->security_token = sfi_strdup(token);
    return org->security_token != NULL ? SF_OK : sfi_fail_memory(err, "the login");
}

static uint32_t mix(uint32_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * 16777619u; /* FNV-1a */
    return (hash ^ 0xFF) * 16777619u;
}

/* One number for all that describe tells, so that a restart with the same definitions keeps «not modified» true. */
static uint32_t metadata_hash(const sfo_schema *schema)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sfo_schema_count(schema); i++) {
        const sfo_object *o = sfo_schema_at(schema, i);
        hash = mix(mix(hash, o->name), o->label);
        for (size_t j = 0; j < o->field_count; j++) {
            const sfo_field *f = &o->fields[j];
            hash = mix(mix(mix(hash, f->name), f->type_name), f->label);
            hash = (hash ^ (uint32_t)f->length) * 16777619u;
            for (size_t k = 0; k < f->picklist_count; k++)
                hash = mix(mix(hash, f->picklist[k].value), f->picklist[k].valid_for);
        }
        for (size_t j = 0; j < o->record_type_count; j++)
            hash = mix(mix(hash, o->record_types[j].id), o->record_types[j].name);
    }
    return hash;
}

static sf_status load_metadata_state(sfo_org *org, sf_error *err)
{
    char *kept = NULL;
    char *since = NULL;
    int64_t ms = 0;
    snprintf(org->metadata_etag, sizeof org->metadata_etag, "\"%08x\"", metadata_hash(org->schema));
    org->metadata_modified_ms = sfi_wall_ms() / 1000 * 1000; /* HTTP dates know whole seconds */
    sf_status rc = sfo_settings_get(org->store, "metadata_etag", &kept, err);
    if (rc == SF_OK) rc = sfo_settings_get(org->store, "metadata_modified_ms", &since, err);
    if (rc == SF_OK && kept != NULL && since != NULL && strcmp(kept, org->metadata_etag) == 0 &&
        sfi_parse_int(sfi_str(since), &ms)) {
        org->metadata_modified_ms = ms;
    } else if (rc == SF_OK) {
        char text[32];
        snprintf(text, sizeof text, "%lld", (long long)org->metadata_modified_ms);
        rc = sfo_settings_set(org->store, "metadata_etag", org->metadata_etag, err);
        if (rc == SF_OK) rc = sfo_settings_set(org->store, "metadata_modified_ms", text, err);
    }
    sfi_free(kept);
    sfi_free(since);
    return rc;
}

extern const char sfo_actions[], sfo_actions_end[];

/* The built-in definitions of actions and approvals, with those of the --schema file. */
static sf_status load_actions(sfo_org *org, sf_error *err)
{
    sfi_json *doc = NULL;
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_json_parse(doc, (sf_str){ sfo_actions, (size_t)(sfo_actions_end - sfo_actions) }, err);
    if (rc == SF_OK) {
        sf_value standard = sfi_json_root(doc);
        rc = sfo_approvals_load(org->store, sf_get(standard, "approvalProcesses"), sf_get(standard, "processRules"),
                                sfo_schema_extra(org->schema, "approvalProcesses"),
                                sfo_schema_extra(org->schema, "processRules"), &org->approvals, err);
        if (rc == SF_OK)
            rc = sfo_actions_load(org->schema, sf_get(standard, "quickActions"), sf_get(standard, "invocableActions"),
                                  sfo_schema_extra(org->schema, "quickActions"),
                                  sfo_schema_extra(org->schema, "invocableActions"), &org->actions, err);
    }
    if (rc == SF_ERR_USAGE) sfi_error_prefix(err, "the --schema file"); /* ours are right */
    sfi_json_free(doc);
    return rc;
}

extern const char sfo_apex[], sfo_apex_end[]; /* org/data/apex.json */

static sf_status load_apex(sfo_org *org, sf_error *err)
{
    sfi_json *doc = NULL;
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_json_parse(doc, (sf_str){ sfo_apex, (size_t)(sfo_apex_end - sfo_apex) }, err);
    if (rc == SF_OK)
        rc = sfo_apex_load(sf_get(sfi_json_root(doc), "apexRest"), sfo_schema_extra(org->schema, "apexRest"),
                           &org->apex, err);
    sfi_json_free(doc);
    return rc;
}

/* Asked before each row of a bulk job. */
static bool row_is_locked(void *user)
{
    sfo_org *org = user;
    return sfo_faults_strike_kind(org->faults, SFO_FAULT_LOCK_ROW, "POST", "/bulk/row");
}

sf_status sfo_org_new(const sfo_org_options *options, sfo_org **out, sf_error *err)
{
    *out = NULL;
    sfo_org *org = sfi_calloc(sizeof *org);
    if (org == NULL) return sfi_fail_memory(err, "the org");
    org->options = *options;
    if (org->options.session_timeout_s == 0) org->options.session_timeout_s = TIMEOUT_DEFAULT_S;
    if (org->options.api_max == 0) org->options.api_max = API_MAX_DEFAULT;
    org->store = options->store;
    org->schema = sfo_store_schema(options->store);
    org->faults = sfo_faults_new();
    org->stats = sfo_stats_new();
    org->recents = sfo_recents_new();
    org->streams = sfo_streams_new(org->store);
    org->topics = sfo_topics_new(org->store);
    bool ok = org->topics != NULL && org->faults != NULL && org->stats != NULL && org->recents != NULL &&
              org->streams != NULL;
    sf_status rc = ok ? SF_OK : sfi_fail_memory(err, "the org");
    if (rc == SF_OK) rc = sfo_settings_open(org->store, err);
    if (rc == SF_OK) rc = load_credentials(org, err);
    if (rc == SF_OK) rc = load_metadata_state(org, err);
    if (rc == SF_OK) rc = load_actions(org, err);
    if (rc == SF_OK) rc = load_apex(org, err);
    if (rc == SF_OK) rc = sfo_monitor_new(org->schema, &org->monitor, err);
    if (rc == SF_OK) rc = sfo_channel_filters_new(org->store, &org->filters, err);
    if (rc == SF_OK) rc = sfo_sessions_new(org->store, org->options.session_timeout_s * 1000, &org->sessions, err);
    sfo_bulk_options bulk = { .store = org->store,
                              .row_is_locked = row_is_locked,
                              .user = org,
                              .batches_max = org->options.bulk_max,
                              .query_jobs_max = org->options.bulk_max };
    if (rc == SF_OK) rc = sfo_bulk_open(&bulk, &org->bulk, err);
    if (rc == SF_OK) rc = sfo_reports_new(org->store, &org->reports, err);
    if (rc == SF_OK) {
        *out = org;
        org = NULL;
    }
    sfo_org_free(org);
    return rc;
}

void sfo_org_free(sfo_org *org)
{
    if (org == NULL) return;
    sfo_bulk_close(org->bulk); /* first: its thread uses the others */
    sfo_streams_free(org->streams);
    sfo_topics_free(org->topics);
    sfo_reports_free(org->reports);
    sfo_sessions_free(org->sessions);
    sfo_faults_free(org->faults);
    sfo_stats_free(org->stats);
    sfo_recents_free(org->recents);
    sfo_approvals_free(org->approvals);
    sfo_actions_free(org->actions);
    sfo_apex_free(org->apex);
    sfo_monitor_free(org->monitor);
    sfo_channel_filters_free(org->filters);
    sfi_free(org->username);
    sfi_free(org->client_id);
    sfi_free_secret(org->password);
    sfi_free_secret(org->token_key);
    sfi_free_secret(org->security_token);
    sfi_free_secret(org->client_secret);
    sfi_free(org);
}

void sfo_org_credentials(const sfo_org *org, sfo_credentials *out)
{
    *out = (sfo_credentials){ .username = org->username,
                              .password = org->password,
                              .security_token = org->security_token,
                              .client_id = org->client_id,
                              .client_secret = org->client_secret };
}

bool sfo_org_access_token(sfo_org *org, char token[160])
{
    _Static_assert(SFO_TOKEN_SIZE == 160, "api.h says it without session.h");
    return sfo_session_open(org->sessions, sfo_store_admin_id(org->store), 0, token);
}

sf_status sfo_org_add_fault(sfo_org *org, const char *spec, sf_error *err)
{
    return sfo_faults_add(org->faults, spec, NULL, err);
}

/* ---- a request ---- */
/* .json at the end of a path only says what comes back anyway; .xml asks for what this org does not write. */
static bool take_format_suffix(sfo_call *call)
{
    sf_str *last = &call->segments[call->segment_count - 1];
    bool xml = sfi_ends_with(*last, ".xml");
    if (sfi_ends_with(*last, ".json")) last->len -= 5;
    const char *accept = sfo_call_header(call, "Accept");
    if (accept != NULL && strstr(accept, "xml") != NULL && strstr(accept, "json") == NULL &&
        strstr(accept, "*/*") == NULL)
        xml = true;
    if (xml) sfo_answer_error(call, 406, "NOT_ACCEPTABLE", "This org answers application/json only; ask for that");
    return !xml;
}

/* Everything below /services/data/vXX.X: version, session, allowance, then the routes. */
static void data_call(sfo_call *call)
{
    if (!sfo_call_set_version(call, call->segments[2])) return;
    if (!sfo_call_authenticate(call)) return;
    if (!sfo_stats_api_call(call->org->stats, call->org->options.api_max)) {
        sfo_answer_error(call, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
        return;
    }
    sfo_call_set_context(call);
    if (take_format_suffix(call)) sfo_rest_dispatch(call);
}

static bool segment_is(const sfo_call *call, size_t i, const char *text)
{
    return i < call->segment_count && sfi_str_is_nocase(call->segments[i], text);
}

static void dispatch(sfo_call *call)
{
    bool is_service = segment_is(call, 0, "services");
    if (segment_is(call, 0, "__org")) {
        sfo_control_dispatch(call);
    } else if (segment_is(call, 0, "cometd")) {
        sfo_cometd_dispatch(call);
    } else if (segment_is(call, 0, "id") && call->segment_count == 3) {
        sfo_identity(call);
    } else if (is_service && segment_is(call, 1, "data") && call->segment_count == 2) {
        sfo_versions(call);
    } else if (is_service && segment_is(call, 1, "data")) {
        data_call(call);
    } else if (is_service && segment_is(call, 1, "oauth2") && call->segment_count == 3) {
        sfo_oauth_dispatch(call);
    } else if (is_service && segment_is(call, 1, "apexrest")) {
        sfo_apex_dispatch(call);
    } else if (is_service && segment_is(call, 1, "Soap")) {
        sfo_soap_dispatch(call);
    } else if (is_service && segment_is(call, 1, "async")) {
        sfo_bulk1_dispatch(call);
    } else {
        sfo_answer_not_found(call);
    }
}

/* ---- faults ---- */
static const char maintenance_page[] =
    "<html>\n<head><title>Service unavailable</title></head>\n"
    "<body><p>The service is down for maintenance. Please try again shortly.</p></body>\n</html>\n";

static void answer_struck(sfo_call *call, const sfo_fault_rule *rule)
{
    static const struct {
        int status;
        const char *code, *message;
    } texts[] = {
        { 429, "TOO_MANY_REQUESTS", "Too many requests; try again later" },
        { 500, "UNKNOWN_EXCEPTION",
          "An unexpected error occurred. Please include this ErrorId if you contact support: 1-1 (1)" },
        { 503, "SERVER_UNAVAILABLE", "The server is temporarily unavailable; try again later" },
    };
    const char *code = "UNKNOWN_EXCEPTION";
    const char *message = "A fault was asked for";
    for (size_t i = 0; i < SFI_COUNT_OF(texts); i++) {
        if (texts[i].status != rule->status) continue;
        code = texts[i].code;
        message = texts[i].message;
    }
    sfo_response *r = call->response;
    sfo_response_clear(r);
    if (rule->kind == SFO_FAULT_LIMIT) {
        if (!sfo_soap_struck(call, 500, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.") &&
            !sfo_bulk1_struck(call, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
            sfo_answer_error(call, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
    } else if (rule->body == SFO_FAULT_BODY_JSON) {
        if (!sfo_soap_struck(call, rule->status, code, message) &&
            !sfo_bulk1_struck(call, rule->status, code, message) && !sfo_cometd_struck(call, rule->status, message))
            sfo_answer_error(call, rule->status, code, "%s", message);
    } else {
        r->status = rule->status;
        r->content_type = rule->body == SFO_FAULT_BODY_HTML ? "text/html;charset=UTF-8" : NULL;
        if (rule->body == SFO_FAULT_BODY_HTML) sfi_buf_add_str(&r->body, maintenance_page);
    }
    if (rule->retry_after >= 0) sfo_response_header(r, "Retry-After", "%lld", (long long)rule->retry_after);
}

static void set_wire_fault(sfo_response *r, const sfo_strike *strike)
{
    sfo_wire_fault *f = &r->fault;
    if (strike->has_lost || strike->has_wire || strike->has_truncate)
        (void)sfo_response_load(r); /* else the server answers 500 */
    if (strike->has_lost) {
        f->reset_after = 0;
    } else if (strike->has_wire && strike->wire.kind == SFO_FAULT_HALF_OPEN) {
        f->stall_after = 0;
        f->stall_ms = INT32_MAX; /* until the org ends */
    } else if (strike->has_wire && strike->wire.kind == SFO_FAULT_RESET) {
        f->reset_after = strike->wire.after >= 0 ? strike->wire.after : 0;
    } else if (strike->has_wire) {
        f->stall_after = strike->wire.after >= 0 ? strike->wire.after : 0;
        f->stall_ms = strike->wire.ms;
    }
    if (!strike->has_truncate || r->body.len == 0) return;
    f->truncate_after = strike->truncate.after >= 0 ? strike->truncate.after : (int64_t)(r->body.len / 2);
    f->keep_content_length = strike->truncate.wrong_length;
}

/* ---- what every answer has ---- */
/* The allowance stands on REST's answers but those that no session or a broken server gave. SOAP's tell it in the envelope. */
static bool has_limit_info(const sfo_call *call)
{
    int status = call->response->status;
    return segment_is(call, 1, "data") && call->version[0] != '\0' && call->user.text[0] != '\0' && status != 401 &&
           status != 403 && status < 500;
}

static void add_headers(sfo_call *call)
{
    sfo_response *r = call->response;
    uint8_t random[16];
    char id[33];
    sfi_random_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) snprintf(id + 2 * i, 3, "%02x", random[i]);
    sfo_response_header(r, "X-SFDC-Request-Id", "%s", id);
    sfo_response_header(r, "X-Request-Id", "%s", id);
    sfo_response_header(r, "X-Robots-Tag", "none");
    sfo_response_header(r, "Server", "sforce-org/%d.%d.%d", SF_VERSION_MAJOR, SF_VERSION_MINOR, SF_VERSION_PATCH);
    if (sfo_response_get_header(r, "Cache-Control") == NULL) sfo_response_header(r, "Cache-Control", "%s", no_cache);
    if (!r->no_body && r->body.len > 0) sfo_response_header(r, "Vary", "Accept-Encoding");
    if (has_limit_info(call))
        sfo_response_header(r, "Sforce-Limit-Info", "api-usage=%lld/%lld",
                            (long long)sfo_stats_api_used(call->org->stats), (long long)call->org->options.api_max);
}

static void log_request(const sfo_org *org, const sfo_request *request, const sfo_response *response, int64_t began_ms)
{
    if (org->options.log == NULL) return;
    char line[512]; /* without the query: it may hold a token */
    snprintf(line, sizeof line, "%s %.300s %d %zu bytes %lld ms", request->method, request->path, response->status,
             response->body.len, (long long)(sfi_now_ms() - began_ms));
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F) *c = ' ';
    sfi_redact(line);
    org->options.log(line);
}

size_t sfo_org_body_limit(const char *uri)
{
    sf_str path = { uri, strcspn(uri, "?") };
    while (path.len > 0 && path.ptr[path.len - 1] == '/') path.len--;
    bool is_rest = sfi_starts_with_nocase(path, "/services/data/");
    bool is_bulk = strstr(uri, "/jobs/ingest/") != NULL && sfi_ends_with(path, "/batches");
    return is_rest && !is_bulk ? REST_BODY_MAX : SFO_BODY_MAX;
}

void sfo_org_handle(void *user, const sfo_request *request, sfo_response *response)
{
    sfo_org *org = user;
    int64_t began = sfi_now_ms();
    sfo_call call;
    sfo_strike strike = { 0 };
    bool is_control = strncmp(request->path, "/__org", 6) == 0;
    if (sfo_call_begin(&call, org, request, response)) {
        if (!is_control) sfo_faults_strike(org->faults, request->method, request->path, &strike);
        if (!strike.has_answer || strike.answer.has_effect) dispatch(&call);
        if (strike.has_answer) answer_struck(&call, &strike.answer);
    }
    add_headers(&call);
    set_wire_fault(response, &strike);
    if (!is_control) sfo_stats_request(org->stats, request->method, request->path, response->status);
    log_request(org, request, response, began);
    sfo_call_end(&call);
}
