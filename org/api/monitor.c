/* monitor.c: see monitor.h. What an event says is a template in the order of the wire; the facts of its cause are put in as JSON. */
#include "api/monitor.h"
#include "api/actions.h"
#include "api/settings.h"
#include "store/events.h"

enum { EVENTS_MAX = 16, KEY_LEN = 16 };

typedef struct own_event {
    const sfo_object *object;
    sf_str cause, payload; /* in the arena; payload: a template, as JSON */
} own_event;

struct sfo_monitor {
    own_event events[EVENTS_MAX];
    size_t count;
    sfi_arena arena;
};

extern const char sfo_standard_events[], sfo_standard_events_end[];

/* ---- what there is ---- */

static bool keep(sfo_monitor *m, sf_str text, sf_str *out)
{
    char *kept = text.ptr != NULL ? sfi_arena_strndup(&m->arena, text.ptr, text.len) : NULL;
    *out = (sf_str){ kept, text.len };
    return kept != NULL;
}

static sf_status read_event(sfo_monitor *m, const sfo_schema *schema, sf_value v, sf_error *err)
{
    sfi_buf json = { 0 };
    sfi_json_writer w = sfi_json_write_to(&json);
    own_event e = { .object = sfo_schema_object(schema, sf_get_text(v, "event")) };
    sf_status rc = SF_OK;
    sfi_json_write_value(&w, sf_get(v, "payload"));
    if (e.object == NULL || m->count >= EVENTS_MAX)
        rc = sfi_fail(err, SF_ERR_USAGE, "standard events: an event without an object, or too many of them");
    else if (json.failed || !keep(m, sf_get_text(v, "on"), &e.cause) || !keep(m, sfi_buf_str(&json), &e.payload))
        rc = sfi_fail_memory(err, "standard events");
    else
        m->events[m->count++] = e;
    sfi_buf_free(&json);
    return rc;
}

sf_status sfo_monitor_new(const sfo_schema *schema, sfo_monitor **out, sf_error *err)
{
    *out = NULL;
    sfi_json *doc = NULL;
    sfo_monitor *m = sfi_calloc(sizeof *m);
    if (m == NULL) return sfi_fail_memory(err, "standard events");
    sf_str text = { sfo_standard_events, (size_t)(sfo_standard_events_end - sfo_standard_events) };
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_json_parse(doc, text, err);
    sf_iter it = { 0 };
    sf_value v;
    if (rc == SF_OK) it = sf_iter_begin(sf_get(sfi_json_root(doc), "events"));
    while (rc == SF_OK && sf_iter_next(&it, NULL, &v)) rc = read_event(m, schema, v, err);
    if (rc == SF_OK) {
        *out = m;
        m = NULL;
    }
    sfi_json_free(doc);
    sfo_monitor_free(m);
    return rc;
}

void sfo_monitor_free(sfo_monitor *m)
{
    if (m == NULL) return;
    sfi_arena_free(&m->arena);
    sfi_free(m);
}

/* ---- telling ---- */

static void tell(sfo_org *org, const char *cause, sf_str facts, const char *uuid)
{
    sf_document *doc = NULL;
    if (sf_document_parse(facts.ptr, facts.len, &doc, NULL) != SF_OK) return; /* no memory: see monitor.h */
    const sfo_scope scope = { .values = sf_document_root(doc) };
    for (size_t i = 0; i < org->monitor->count; i++) {
        const own_event *e = &org->monitor->events[i];
        sfi_buf payload = { 0 };
        if (sfi_str_is(e->cause, cause) && sfo_template_write(&scope, e->payload, &payload))
            (void)sfo_event_publish(org->store, e->object, uuid, sfi_buf_str(&payload), NULL); /* see monitor.h */
        sfi_buf_free(&payload);
    }
    sf_document_free(doc);
}

static const char *status_text(sfo_login outcome)
{
    switch (outcome) {
    case SFO_LOGIN_OK: return "Success";
    case SFO_LOGIN_WRONG: return "Invalid Password";
    case SFO_LOGIN_NEEDS_TOKEN: return "Failed: API security token required";
    case SFO_LOGIN_INACTIVE: return "User is Inactive";
    }
    return NULL;
}

/* The members that templates of logins name. */
static void write_login(sfo_call *call, const sfo_login_told *login, const char *username, const char *identifier,
                        sfi_json_writer *w)
{
    char time[32], version[16], key[KEY_LEN + 1], peer[SFO_PEER_SIZE];
    bool is_in = login->outcome == SFO_LOGIN_OK;
    sf_id history = sfo_id_of_names("0Ya", identifier, "");
    sfi_time_format(sfi_wall_ms(), time);
    (void)snprintf(time + 19, sizeof time - 19, "Z"); /* whole seconds */
    (void)snprintf(version, sizeof version, "%d.0", login->soap_version);
    sfo_random_text(key, KEY_LEN);
    sfo_request_peer(call->request, peer);
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "date", time);
    sfi_json_put_string(w, "identifier", identifier);
    sfi_json_put_string(w, "history", history.text);
    sfi_json_put_string(w, "admin", sfo_store_admin_id(call->org->store));
    sfi_json_put_string(w, "userId", login->user_id);
    sfi_json_put_string(w, "username", username);
    sfi_json_put_string(w, "status", status_text(login->outcome));
    sfi_json_put_string(w, "loginType", login->soap != NULL ? "Other Apex API" : "Remote Access 2.0");
    sfi_json_put_string(w, "apiType", login->soap != NULL ? login->soap : "N/A");
    sfi_json_put_string(w, "apiVersion", login->soap != NULL ? version : "N/A");
    sfi_json_put_string(w, "application", login->soap != NULL ? "N/A" : "Local Org App");
    sfi_json_put_string(w, "host", call->request->host);
    sfi_json_put_string(w, "ip", peer);
    sfi_json_put_string(w, "key", is_in ? key : NULL); /* a failed login begins no session */
    sfi_json_put_string(w, "level", is_in ? "STANDARD" : NULL);
    sfi_json_end_object(w);
}

void sfo_monitor_login(sfo_call *call, const sfo_login_told *login)
{
    char random[25], identifier[37], uuid[37], username[SFO_USERNAME_SIZE];
    sfi_buf facts = { 0 };
    if (login->user_id[0] == '\0' || !sfo_user_name(call->org->store, login->user_id, username)) return;
    sfo_random_text(random, sizeof random - 1);
    sfo_event_uuid(random, identifier);
    sfo_event_uuid(identifier, uuid);
    sfi_json_writer w = sfi_json_write_to(&facts);
    write_login(call, login, username, identifier, &w);
    if (!facts.failed) tell(call->org, "login", sfi_buf_str(&facts), uuid);
    sfi_buf_free(&facts);
}
