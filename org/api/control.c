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
 *   POST   /__org/streaming         {"timeout":MS}: how long a connect waits   DELETE: every streaming client is forgotten
 *   GET    /__org/health            {"status":"ok"} */
#include "api/call.h"
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

static void set_streaming(sfo_call *call)
{
    sf_value body;
    if (!sfo_call_body(call, &body)) return;
    int64_t ms = sf_get_int(body, "timeout", -1);
    if (ms < 0 || ms > 600000) {
        sfo_answer_error(call, 400, "INVALID_TIMEOUT", "timeout is a number of milliseconds from 0 to 600000");
        return;
    }
    sfo_streams_set_timeout(call->org->streams, ms);
    events(call);
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
