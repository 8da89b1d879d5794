/* rest_push.c: /sobjects/StreamingChannel/{id}/push: events of a generic channel, for all who listen or for some users, and who of
 * them listens now. */
#include "api/rest.h"
#include "api/streams.h"

enum { PAYLOAD_MAX = 3000, PUSHES_MAX = 200 };

/* The channel's name. false: the response says why not. */
static bool find_channel(sfo_call *call, char name[256])
{
    sfo_store *store = call->org->store;
    sf_id id = sfi_id_make(call->args[0]);
    bool found = false;
    if (id.text[0] != '\0') {
        sfo_store_lock(store);
        sqlite3_stmt *stmt = NULL;
        static const char sql[] = "SELECT Name FROM StreamingChannel WHERE Id=?1 AND IsDeleted=0";
        if (sqlite3_prepare_v2(sfo_store_db(store), sql, -1, &stmt, NULL) == SQLITE_OK) {
            (void)sqlite3_bind_text(stmt, 1, id.text, -1, SQLITE_STATIC); /* the place is right */
            found = sqlite3_step(stmt) == SQLITE_ROW;
            if (found) snprintf(name, 256, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* ends at 80 */
        }
        (void)sqlite3_finalize(stmt); /* what went wrong was seen in its steps */
        sfo_store_unlock(store);
    }
    if (!found) sfo_answer_error(call, 404, "NOT_FOUND", "The requested resource does not exist");
    return found;
}

static bool tell(sfo_call *call, const char *topic, sf_str payload, sfo_fault *f)
{
    char time[32];
    sfi_buf head = { 0 }, tail = { 0 };
    sfi_time_format(sfi_wall_ms(), time);
    sfi_buf_addf(&head, "{\"event\":{\"createdDate\":\"%s\",\"replayId\":", time);
    sfi_buf_add_str(&tail, "},\"payload\":");
    sfi_json_escape(&tail, payload);
    sfi_buf_add_char(&tail, '}');
    bool ok = head.failed || tail.failed ? sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for an event")
                                         : sfo_event_tell(call->org->store, topic, sfi_buf_str(&head), tail.data, f);
    sfi_buf_free(&head);
    sfi_buf_free(&tail);
    return ok;
}

/* One of pushEvents: told, and its part of the answer. */
static bool push_one(sfo_call *call, const char *name, sf_value event, sfi_json_writer *w, sfo_fault *f)
{
    sf_value payload = sf_get(event, "payload"), users = sf_get(event, "userIds"), user;
    sf_str text = sf_get_text(payload, NULL);
    size_t count = sf_value_type(users) == SF_ARRAY ? sf_value_count(users) : 0, online = 0;
    if (sf_value_type(payload) != SF_STRING) return sfo_fault_set(f, 400, "INVALID_FIELD", "payload must be a string");
    if (sfo_utf16_length(text) > PAYLOAD_MAX)
        return sfo_fault_set(f, 400, "STRING_TOO_LONG", "payload: data value too large (max length=%d)", PAYLOAD_MAX);
    if (count == 0 && !tell(call, name, text, f)) return false;
    sfi_buf status = { 0 };
    sfi_json_writer s = sfi_json_write_to(&status);
    sf_iter it = sf_iter_begin(users);
    bool ok = true;
    sfi_json_begin_object(&s);
    while (ok && count > 0 && sf_iter_next(&it, NULL, &user)) {
        sf_id id = sfi_id_make(sf_get_text(user, NULL));
        char topic[300];
        if (id.text[0] == '\0') {
            ok = sfo_fault_set(f, 400, "MALFORMED_ID", "malformed id %.40s",
                               sf_get_str(user, NULL) != NULL ? sf_get_str(user, NULL) : "");
            break;
        }
        bool is_online = sfo_streams_is_listening(call->org->streams, id.text, name);
        online += is_online;
        sfi_json_key(&s, id.text);
        sfi_json_bool(&s, is_online);
        snprintf(topic, sizeof topic, "%s %s", name, id.text);
        ok = tell(call, topic, text, f);
    }
    sfi_json_end_object(&s);
    sfi_json_begin_object(w);
    sfi_json_key(w, "fanoutCount");
    sfi_json_int(w, count > 0 ? (int64_t)online : -1);
    sfi_json_key(w, "userOnlineStatus");
    sfi_json_raw_text(w, sfi_buf_str(&status));
    sfi_json_end_object(w);
    if (status.failed && ok) ok = sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for the answer");
    sfi_buf_free(&status);
    return ok;
}

void sfo_rest_push(sfo_call *call)
{
    char name[256];
    sf_value body, event;
    sfo_fault fault = { 0 };
    if (!find_channel(call, name) || !sfo_call_body(call, &body)) return;
    sf_value events = sf_get(body, "pushEvents");
    if (sf_value_type(events) != SF_ARRAY || sf_value_count(events) == 0 || sf_value_count(events) > PUSHES_MAX) {
        sfo_answer_error(call, 400, "INVALID_FIELD", "pushEvents is an array of 1 to %d events", PUSHES_MAX);
        return;
    }
    if (!sfo_store_begin(call->org->store, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sf_iter it = sf_iter_begin(events);
    bool ok = true;
    sfi_json_begin_array(&w);
    while (ok && sf_iter_next(&it, NULL, &event)) ok = push_one(call, name, event, &w, &fault);
    sfi_json_end_array(&w);
    if (!ok)
        sfo_store_rollback(call->org->store);
    else
        ok = sfo_store_commit(call->org->store, &fault);
    if (!ok) sfo_answer_fault(call, &fault);
}

void sfo_rest_push_state(sfo_call *call)
{
    char name[256];
    if (!find_channel(call, name)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "OnlineUserIds");
    sfi_json_begin_array(&w);
    if (sfo_streams_is_listening(call->org->streams, call->user.text, name)) sfi_json_string(&w, call->user.text);
    sfi_json_end_array(&w);
    sfi_json_key(&w, "ChannelName");
    sfi_json_string(&w, name);
    sfi_json_end_object(&w);
}
