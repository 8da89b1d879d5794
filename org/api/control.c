/* control.c: /__org/…, the door for tests and tools: faults, sessions, counters. Only for peers on this machine, and
 * not for pages in a browser (they send Origin).
 *   GET    /__org/stats             what happened so far        DELETE: from zero again
 *   GET    /__org/faults            the rules with their counts
 *   POST   /__org/faults            {"spec":"reset:after=100"} or {"specs":[…]}; answers the rules
 *   DELETE /__org/faults[/{id}]     all of them, or one
 *   POST   /__org/expire-sessions   every access token dies now
 *   POST   /__org/revoke-refresh-tokens
 *   POST   /__org/tokens            {"access_token","refresh_token"} for the administrator, as the web flow gives them
 *   GET    /__org/outbox            mail and posts that were sent: {"messages":[…]}   DELETE: forget them
 *   GET    /__org/events            {"last","clients","waiting","timeout"} of streaming   DELETE: the log is empty, as if all had aged
 *   POST   /__org/events            {"entity","changeType":"GAP_…","recordIds"}: a change event with a header only
 *   POST   /__org/streaming         {"timeout":MS,…}: limits of streaming   DELETE: every streaming client is forgotten
 *   GET    /__org/health            {"status":"ok"} */
#include "api/monitor.h"
#include "api/streams.h"
#include "store/outbox.h"

static void answer_count(sfo_call *call, const char *name, size_t count)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, name);
    sfi_json_int(&w, (int64_t)count);
    sfi_json_end_object(&w);
}

static void health(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "status");
    sfi_json_string(&w, "ok");
    sfi_json_end_object(&w);
}

static void stats(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfo_stats_write_json(call->org->stats, &w);
    sfi_json_key(&w, "api_calls");
    sfi_json_int(&w, sfo_stats_api_used(call->org->stats));
    sfi_json_key(&w, "faults_struck");
    sfi_json_int(&w, sfo_faults_struck(call->org->faults));
    sfi_json_end_object(&w);
}

static void reset_stats(sfo_call *call)
{
    sfo_stats_reset(call->org->stats);
    stats(call);
}

static void list_faults(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfo_faults_write_json(call->org->faults, &w);
}

/* false: the response says what is wrong with it. */
static bool add_fault(sfo_call *call, sf_value spec)
{
    sf_error err;
    const char *text = sf_get_str(spec, NULL);
    sf_status rc = text != NULL && sf_value_type(spec) == SF_STRING
                       ? sfo_faults_add(call->org->faults, text, NULL, &err)
                       : sfi_fail(&err, SF_ERR_USAGE, "spec is not a string");
    if (rc != SF_OK) sfo_answer_error(call, 400, "INVALID_FAULT", "%s", err.message);
    return rc == SF_OK;
}

static void add_faults(sfo_call *call)
{
    sf_value body;
    sf_value spec;
    if (!sfo_call_body(call, &body)) return;
    sf_value list = sf_get(body, "specs");
    if (sf_value_type(list) != SF_ARRAY && !add_fault(call, sf_get(body, "spec"))) return;
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &spec))
        if (!add_fault(call, spec)) return;
    list_faults(call);
    call->response->status = 201;
}

static void remove_faults(sfo_call *call)
{
    answer_count(call, "removed", sfo_faults_remove(call->org->faults, 0));
}

static void remove_fault(sfo_call *call)
{
    int64_t id = 0;
    if (!sfi_parse_int(call->args[0], &id) || id < 1 || sfo_faults_remove(call->org->faults, id) == 0)
        sfo_answer_not_found(call);
    else
        answer_count(call, "removed", 1);
}

static void expire_sessions(sfo_call *call)
{
    answer_count(call, "expired", sfo_sessions_expire_all(call->org->sessions));
    sfo_streams_wake(call->org->streams); /* connects that wait are told so */
}

static void revoke_refresh_tokens(sfo_call *call)
{
    answer_count(call, "revoked", sfo_sessions_revoke_refresh(call->org->sessions));
}

static void tokens(sfo_call *call)
{
    char refresh[SFO_TOKEN_SIZE];
    char access[SFO_TOKEN_SIZE];
    int64_t family = 0;
    const char *user = sfo_store_admin_id(call->org->store);
    if (!sfo_refresh_open(call->org->sessions, user, refresh, &family) ||
        !sfo_session_open(call->org->sessions, user, family, access)) {
        sfo_answer_error(call, 503, "SERVER_UNAVAILABLE", "no memory for tokens");
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 201);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "access_token");
    sfi_json_string(&w, access);
    sfi_json_key(&w, "refresh_token");
    sfi_json_string(&w, refresh);
    sfi_json_end_object(&w);
    sfi_wipe(refresh, sizeof refresh);
    sfi_wipe(access, sizeof access);
    sfo_monitor_login(call, &(sfo_login_told){ .user_id = user, .outcome = SFO_LOGIN_OK });
}

static void outbox(sfo_call *call)
{
    sfo_fault fault = { 0 };
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "messages");
    bool ok = sfo_outbox_write(call->org->store, &w, &fault);
    sfi_json_end_object(&w);
    if (!ok) sfo_answer_fault(call, &fault);
}

static void clear_outbox(sfo_call *call)
{
    int64_t removed = 0;
    sfo_fault fault = { 0 };
    if (sfo_outbox_clear(call->org->store, &removed, &fault))
        answer_count(call, "removed", (size_t)removed);
    else
        sfo_answer_fault(call, &fault);
}

static void events(sfo_call *call)
{
    sfo_fault fault = { 0 };
    int64_t last = sfo_events_last(call->org->store, &fault);
    if (last < 0) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "last");
    sfi_json_int(&w, last);
    sfi_json_key(&w, "clients");
    sfi_json_int(&w, (int64_t)sfo_streams_count(call->org->streams));
    sfi_json_key(&w, "waiting");
    sfi_json_int(&w, (int64_t)sfo_streams_waiting(call->org->streams));
    sfi_json_key(&w, "timeout");
    sfi_json_int(&w, sfo_streams_timeout(call->org->streams));
    sfi_json_end_object(&w);
}

static void clear_events(sfo_call *call)
{
    int64_t removed = 0;
    sfo_fault fault = { 0 };
    if (sfo_events_clear(call->org->store, &removed, &fault))
        answer_count(call, "removed", (size_t)removed);
    else
        sfo_answer_fault(call, &fault);
}

/* A member that is a number from 0 to most. false: it is something else. */
static bool take_number(sf_value body, const char *name, int64_t least, int64_t most, int64_t *out)
{
    if (sf_value_type(sf_get(body, name)) == SF_MISSING) return true;
    *out = sf_get_int(body, name, -1);
    return *out >= least && *out <= most;
}

static void set_streaming(sfo_call *call)
{
    sf_value body;
    sfo_fault fault = { 0 };
    sfo_stream_limits limits = { -1, -1, -1 };
    sfo_event_limits kept = { 0 };
    if (!sfo_call_body(call, &body)) return;
    if (!take_number(body, "timeout", 0, 600000, &limits.timeout_ms) ||
        !take_number(body, "session", 1, 600000, &limits.session_ms) ||
        !take_number(body, "clients", 0, SFO_STREAM_CLIENTS_MAX, &limits.clients) ||
        !take_number(body, "kept", 1, INT32_MAX, &kept.kept) ||
        !take_number(body, "keptHours", 1, 24 * 365, &kept.kept_hours) ||
        !take_number(body, "eventBytes", 1, INT32_MAX, &kept.event_bytes) ||
        !take_number(body, "changes", 1, INT32_MAX, &kept.changes)) {
        sfo_answer_error(call, 400, "INVALID_LIMIT",
                         "timeout and session are milliseconds to 600000, clients a number to %d, kept, keptHours, "
                         "eventBytes and changes numbers from 1 on",
                         SFO_STREAM_CLIENTS_MAX);
        return;
    }
    sfo_streams_set_limits(call->org->streams, &limits);
    if (sfo_events_set_limits(call->org->store, &kept, &fault))
        events(call);
    else
        sfo_answer_fault(call, &fault);
}

/* A gap or an overflow, which no write of a test's size makes. */
static void tell_gap(sfo_call *call)
{
    static const char *const types[] = { "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW" };
    enum { IDS_MAX = 100 };
    sf_value body, v;
    sf_id ids[IDS_MAX];
    size_t count = 0;
    sfo_fault fault = { 0 };
    if (!sfo_call_body(call, &body)) return;
    const sfo_object *o = sfo_schema_object(call->org->schema, sf_get_text(body, "entity"));
    const char *type = NULL;
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++)
        if (sfi_str_is(sf_get_text(body, "changeType"), types[i])) type = types[i];
    bool is_overflow = type != NULL && strcmp(type, "GAP_OVERFLOW") == 0;
    if (is_overflow) ids[count++] = (sf_id){ "000000000000000AAA" };
    sf_iter it = sf_iter_begin(sf_get(body, "recordIds"));
    while (!is_overflow && count < IDS_MAX && sf_iter_next(&it, NULL, &v)) {
        sf_str id = sf_get_text(v, NULL); /* 001* stands for all of an object */
        if (id.len == 4 && id.ptr[3] == '*')
            snprintf(ids[count].text, sizeof ids[count].text, "%.*s", (int)id.len, id.ptr);
        else
            ids[count] = sfi_id_make(id);
        if (ids[count++].text[0] == '\0') type = NULL;
    }
    if (o == NULL || type == NULL || count == 0) {
        sfo_answer_error(call, 400, "INVALID_EVENT",
                         "entity names an object, changeType is GAP_CREATE, GAP_UPDATE, GAP_DELETE, GAP_UNDELETE (with "
                         "recordIds) or GAP_OVERFLOW");
        return;
    }
    const sfo_context context = { .user_id = sfo_store_admin_id(call->org->store) };
    if (!sfo_events_tell_gap(call->org->store, &context, o, type, ids, count, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    events(call);
    call->response->status = 201;
}

static void drop_streams(sfo_call *call)
{
    answer_count(call, "dropped", sfo_streams_drop(call->org->streams));
}

void sfo_control_dispatch(sfo_call *call)
{
    static const sfo_route routes[] = {
        { "GET", "health", health },
        { "GET", "stats", stats },
        { "DELETE", "stats", reset_stats },
        { "GET", "faults", list_faults },
        { "POST", "faults", add_faults },
        { "DELETE", "faults", remove_faults },
        { "DELETE", "faults/*", remove_fault },
        { "POST", "expire-sessions", expire_sessions },
        { "POST", "revoke-refresh-tokens", revoke_refresh_tokens },
        { "POST", "tokens", tokens },
        { "GET", "outbox", outbox },
        { "DELETE", "outbox", clear_outbox },
        { "GET", "events", events },
        { "POST", "events", tell_gap },
        { "DELETE", "events", clear_events },
        { "POST", "streaming", set_streaming },
        { "DELETE", "streaming", drop_streams },
    };
    if (!call->request->loopback || sfo_call_header(call, "Origin") != NULL) {
        sfo_answer_error(call, 403, "FORBIDDEN", "/__org answers programs on the org's own machine only");
        return;
    }
    sfo_route_call(call, routes, SFI_COUNT_OF(routes), 1);
}
