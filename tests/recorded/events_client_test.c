/* events_client_test.c: what real orgs once sent to listeners, given to ours: messages of the protocol to its machine, events
 * to a listener's dispatch. The files lie beside the checkout (shared/recorded); without them the test is skipped. */
#include <salesforce.h>
#include "events/listener_internal.h"
#include "support/replay.h"

static sf_error err;

#define DO(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != SF_OK) fail_msg("%s", err.message);                                                              \
    } while (0)

/* ---- the protocol ---- */

typedef enum at { AT_HANDSHAKE, AT_FIRST, AT_CONNECT, AT_SUBSCRIBE } at; /* what it is the answer to */
typedef enum then {
    THEN_CONNECTS,
    THEN_SHAKES,  /* another handshake, without a new token */
    THEN_LOGS_IN, /* a new token first */
    THEN_LOST,    /* the position is told to be lost, and the channel subscribed again */
    THEN_REFUSED
} then;

typedef struct told {
    int ups, downs, refused, lost;
    int64_t position;
} told;

static int64_t position(void *user, size_t channel)
{
    const told *t = user;
    (void)channel;
    return t->position;
}

static void note(void *user, sfi_bayeux_event event, size_t channel, const sf_error *why)
{
    told *t = user;
    (void)channel;
    t->ups += event == SFI_BAYEUX_UP;
    t->downs += event == SFI_BAYEUX_DOWN;
    t->refused += event == SFI_BAYEUX_REFUSED;
    t->lost += event == SFI_BAYEUX_LOST;
    if (event == SFI_BAYEUX_LOST) t->position = -2;
    if (event != SFI_BAYEUX_UP) assert_true(why->message[0] != '\0');
}

static bool due(sfi_bayeux *b, sfi_bayeux_lane lane, const char *channel, sfi_buf *body)
{
    int64_t timeout_ms;
    bool is_due = sfi_bayeux_next(b, lane, 1000000, body, &timeout_ms);
    return is_due && strstr(body->data, channel) != NULL;
}

static void answer(sfi_bayeux *b, sfi_bayeux_lane lane, const char *name)
{
    sfi_json *doc = NULL;
    recorded_file file = recorded_read(name);
    DO(sfi_json_new(&doc, &err));
    DO(sfi_json_parse(doc, file.body, &err));
    sfi_bayeux_answer(b, lane, 1000000, 200, sfi_json_root(doc));
    sfi_json_free(doc);
    free(file.text);
}

/* A recorded subscribe has the id that its own client gave. */
static void answer_subscribe(sfi_bayeux *b, const char *name, const sfi_buf *body)
{
    sfi_json *doc = NULL;
    sfi_buf text = { 0 };
    recorded_file file = recorded_read(name);
    char *id = strstr(file.body.ptr, "\"id\":\"27\"");
    const char *ours = strstr(body->data, "\"id\":\"");
    assert_non_null(ours);
    if (id != NULL) {
        (void)sfi_buf_add(&text, file.body.ptr, (size_t)(id - file.body.ptr));
        (void)sfi_buf_add(&text, ours, (size_t)(strchr(ours + 6, '"') + 1 - ours));
        (void)sfi_buf_add_str(&text, id + 9);
    } else {
        (void)sfi_buf_add_str(&text, file.body.ptr);
    }
    DO(sfi_json_new(&doc, &err));
    DO(sfi_json_parse(doc, sfi_buf_str(&text), &err));
    sfi_bayeux_answer(b, SFI_LANE_COMMAND, 1000000, 200, sfi_json_root(doc));
    sfi_json_free(doc);
    sfi_buf_free(&text);
    free(file.text);
}

static void test_recorded__each_message_of_the_protocol(void **state)
{
    static const struct {
        const char *name;
        at asked;
        then want;
    } cases[] = {
        { "bayeux/handshake-ok.json", AT_HANDSHAKE, THEN_CONNECTS },
        { "more/bayeux/handshake-ok-2026.json", AT_HANDSHAKE, THEN_CONNECTS },
        { "bayeux/handshake-401-authentication-invalid.json", AT_HANDSHAKE, THEN_LOGS_IN },
        { "bayeux/connect-first-advice.json", AT_FIRST, THEN_CONNECTS },
        { "more/bayeux/connect-later-no-advice.json", AT_CONNECT, THEN_CONNECTS },
        { "bayeux/connect-403-unknown-client.json", AT_CONNECT, THEN_SHAKES },
        { "bayeux/connect-403-unknown-client-reconnect-none.json", AT_CONNECT, THEN_SHAKES },
        { "more/bayeux/connect-403-unknown-client-2017.json", AT_CONNECT, THEN_SHAKES },
        { "more/bayeux/connect-403-java-log.json", AT_CONNECT, THEN_SHAKES },
        { "bayeux/login-event-delivery.json", AT_CONNECT, THEN_CONNECTS }, /* events and no message of the protocol */
        { "bayeux/subscribe-400-replay-id-invalid.json", AT_SUBSCRIBE, THEN_LOST },
        { "bayeux/subscribe-400-replay-map-wrong.json", AT_SUBSCRIBE, THEN_REFUSED },
        { "more/bayeux/subscribe-400-replay-map-filter.json", AT_SUBSCRIBE, THEN_REFUSED }, /* names no channel */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        told t = { .position = 82 };
        const sfi_bayeux_settings settings = { .pause_ms = 1, .pause_max_ms = 2, .slack_ms = 10 };
        const sfi_bayeux_owner owner = { .user = &t, .position = position, .note = note };
        sfi_bayeux *b = NULL;
        sfi_buf body = { .max = 65536 };
        size_t slot;
        print_message("  %s\n", cases[i].name);
        DO(sfi_bayeux_new(&settings, &owner, &b, &err));
        DO(sfi_bayeux_add(b, "/topic/topicName", &slot, &err));
        assert_true(due(b, SFI_LANE_CONNECT, "/meta/handshake", &body));
        answer(b, SFI_LANE_CONNECT, cases[i].asked == AT_HANDSHAKE ? cases[i].name : "bayeux/handshake-ok.json");
        if (cases[i].asked >= AT_FIRST) {
            assert_true(due(b, SFI_LANE_CONNECT, "/meta/connect", &body));
            assert_non_null(strstr(body.data, "1cyu4thyxh3fgv1nqwcvebt3o9x"));
            answer(b, SFI_LANE_CONNECT,
                   cases[i].asked == AT_FIRST ? cases[i].name : "bayeux/connect-first-advice.json");
            assert_int_equal(t.ups, 1);
        }
        if (cases[i].asked == AT_CONNECT) {
            assert_true(due(b, SFI_LANE_CONNECT, "/meta/connect", &body));
            answer(b, SFI_LANE_CONNECT, cases[i].name);
        }
        if (cases[i].asked == AT_SUBSCRIBE) {
            assert_true(due(b, SFI_LANE_COMMAND, "{\"/topic/topicName\":82}", &body));
            answer_subscribe(b, cases[i].name, &body);
        }
        assert_int_equal(t.lost, cases[i].want == THEN_LOST);
        assert_int_equal(t.refused, cases[i].want == THEN_REFUSED);
        assert_int_equal(sfi_bayeux_wants_login(b), cases[i].want == THEN_LOGS_IN);
        if (cases[i].want == THEN_LOST) assert_true(due(b, SFI_LANE_COMMAND, "{\"/topic/topicName\":-2}", &body));
        if (cases[i].want == THEN_SHAKES) assert_true(due(b, SFI_LANE_CONNECT, "/meta/handshake", &body));
        if (cases[i].want == THEN_CONNECTS) assert_true(due(b, SFI_LANE_CONNECT, "/meta/connect", &body));
        assert_int_equal(t.downs, cases[i].want == THEN_SHAKES || cases[i].want == THEN_LOGS_IN);
        sfi_buf_free(&body);
        sfi_bayeux_free(b);
    }
}

/* ---- events ---- */

typedef struct seen {
    int changes, messages;
    int64_t replay_id, created_ms, commit_number;
    sf_change_type type;
    size_t changed;
    char entity[40], id[40], value[80], kind[16];
    const char *path;
} seen;

static void take(seen *s, const sf_event *e)
{
    s->replay_id = e->replay_id;
    s->created_ms = e->created_ms;
    const char *text = sf_get_str(e->payload, s->path);
    snprintf(s->value, sizeof s->value, "%s", text != NULL ? text : "");
    snprintf(s->kind, sizeof s->kind, "%s", e->type != NULL ? e->type : "");
}

static sf_status on_change(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    s->changes++;
    take(s, &e->event);
    s->type = e->type;
    s->commit_number = e->commit_number;
    s->changed = e->changed_count;
    snprintf(s->entity, sizeof s->entity, "%s", e->entity);
    snprintf(s->id, sizeof s->id, "%s", e->record_ids[0]);
    return SF_OK;
}

static sf_status on_message(void *user, const sf_event *e)
{
    seen *s = user;
    s->messages++;
    take(s, e);
    return SF_OK;
}

typedef enum form { FORM_DATA, FORM_PAYLOAD, FORM_ANSWER } form; /* of the file: a data member, its payload, all */

/* As a connect's answer that holds it. */
static void hand_out(sf_listener *l, const char *name, form kind, const char *channel)
{
    recorded_file file = recorded_read(name);
    sfi_buf text = { 0 };
    if (kind == FORM_ANSWER)
        (void)sfi_buf_add(&text, file.body.ptr, file.body.len);
    else
        (void)sfi_buf_addf(&text, "[{\"data\":%s%s%s,\"channel\":\"%s\"}]", kind == FORM_PAYLOAD ? "{\"payload\":" : "",
                           file.body.ptr, kind == FORM_PAYLOAD ? ",\"event\":{\"replayId\":7}}" : "", channel);
    sfi_page *p = &l->lanes[0].page;
    if (p->doc == NULL) DO(sfi_json_new(&p->doc, &err));
    DO(sfi_json_parse(p->doc, sfi_buf_str(&text), &err));
    sfi_page_open(l, p, sfi_json_root(p->doc));
    DO(sfi_dispatch(l, &err));
    sfi_buf_free(&text);
    free(file.text);
}

static void test_recorded__each_event(void **state)
{
    static const struct {
        const char *name, *channel;
        form as;
        sf_change_type type; /* SF_CHANGE_UNKNOWN: no change */
        const char *entity, *id, *kind, *path, *value;
        int64_t replay_id, created_ms, commit_number;
        size_t changed;
    } cases[] = {
        { "events/cdc-box-update-empty-origin.json", "/data/Box__ChangeEvent", FORM_DATA, SF_CHANGE_UPDATE, "Box__c",
          "a005i000004XJGIAA4", "", "ChangeEventHeader.changeOrigin", "", 8407465, 1655997704000, 286001238094, 2 },
        { "events/cdc-employee-create.json", "/data/Employee__ChangeEvent", FORM_DATA, SF_CHANGE_CREATE, "Employee__c",
          "a097F00000XpKo9QAF", "", "ChangeEventHeader.commitUser", "0057F000001eSTfQAM", 1480821, 1596694939000,
          10915705508285, 0 },
        { "events/cdc-employee-update.json", "/data/Employee__ChangeEvent", FORM_DATA, SF_CHANGE_UPDATE, "Employee__c",
          "a097F00000XpKo9QAF", "", "", "", 1480822, 1596695083000, 10915706370983, 2 },
        { "events/cdc-employee-delete.json", "/data/ChangeEvents", FORM_DATA, SF_CHANGE_DELETE, "Employee__c",
          "a097F00000XpKo9QAF", "", "", "", 1480823, 1596695156000, 10915706812874, 0 },
        { "more/events/cdc-employee-undelete.json", "/data/ChangeEvents", FORM_DATA, SF_CHANGE_UNDELETE, "Employee__c",
          "a097F00000XpKo9QAF", "", "", "", 1480824, 1596695198000, 10915707071000, 0 },
        { "more/events/cdc-distributor-create-2024.json", "/data/ChangeEvents", FORM_DATA, SF_CHANGE_CREATE,
          "Distributor__c", "a02Hs0000179WYrIAM", "", "", "", 15529385, 1708828037000, 11640258965714, 0 },
        { "events/cdc-account-create.json", "/data/AccountChangeEvent", FORM_PAYLOAD, SF_CHANGE_CREATE, "Account", NULL,
          "", "BillingAddress", "", 7, 1712693965000, -1, 0 },
        { "events/cdc-contact-update.json", "/data/ContactChangeEvent", FORM_PAYLOAD, SF_CHANGE_UPDATE, "Contact", NULL,
          "", "", "", 7, -1, -1, SIZE_MAX },
        { "events/cdc-contact-update-address-parts.json", "/data/ContactChangeEvent", FORM_PAYLOAD, SF_CHANGE_UPDATE,
          "Contact", NULL, "", "", "", 7, -1, 1778192987716501506, SIZE_MAX },
        { "more/events/cdc-lead-update-address.json", "/data/ChangeEvents", FORM_PAYLOAD, SF_CHANGE_UPDATE, "Lead",
          NULL, "", "", "", 7, -1, -1, SIZE_MAX },
        { "more/events/cdc-user-update.json", "/data/ChangeEvents", FORM_PAYLOAD, SF_CHANGE_UPDATE, "User",
          "005ak00000GGsRRAA1", "", "Name.FirstName", "BUTTERBALL", 7, 1745433814000, 1745433814682845200, 3 },
        { "events/platform-event-2021.json", "/event/Status__e", FORM_DATA, SF_CHANGE_UNKNOWN, "", NULL, "", "", "",
          2259041, -1, -1, 0 },
        { "more/events/login-event-stream-payload.json", "/event/LoginEventStream", FORM_PAYLOAD, SF_CHANGE_UNKNOWN, "",
          NULL, "", "PostalCode", "395007", 7, -1, -1, 0 },
        { "bayeux/login-event-delivery.json", "/event/LoginEventStream", FORM_ANSWER, SF_CHANGE_UNKNOWN, "", NULL, "",
          "PostalCode", "388123", 14369030, -1, -1, 0 },
        { "events/pushtopic-created.json", "/topic/Invoices", FORM_DATA, SF_CHANGE_UNKNOWN, "", NULL, "created", "Name",
          "INV-0004", 5, 1539874413777, -1, 0 },
        { "more/events/pushtopic-updated.json", "/topic/Invoices", FORM_DATA, SF_CHANGE_UNKNOWN, "", NULL, "updated",
          "", "", 6, 1539874422068, -1, 0 },
        { "events/pushtopic-deleted.json", "/topic/Invoices", FORM_DATA, SF_CHANGE_UNKNOWN, "", NULL, "deleted", "Id",
          "a001t000002SlMpAAK", 7, 1539874428101, -1, 0 },
        { "events/pushtopic-compound-address.json", "/topic/Accounts", FORM_DATA, SF_CHANGE_UNKNOWN, "", NULL,
          "created", "", "", 4, 1612507580483, -1, 0 },
    };
    (void)state;
    sf_client *sf = NULL;
    DO(sf_client_open(&(sf_client_options){ .instance_url = "http://127.0.0.1:9",
                                            .api_version = "64.0",
                                            .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D!x" } },
                      &sf, &err));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        seen s = { .path = cases[i].path };
        sf_listener *l = NULL;
        sf_cdc_service changes = {
            .user = &s, .on_create = on_change, .on_update = on_change, .on_delete = on_change, .on_restore = on_change
        };
        sf_event_service events = { .user = &s, .on_message = on_message };
        bool is_change = cases[i].type != SF_CHANGE_UNKNOWN;
        print_message("  %s\n", cases[i].name);
        DO(sf_listener_open(sf, NULL, &l, &err));
        if (is_change)
            DO(sf_listener_attach_cdc(l, cases[i].channel, &changes, NULL, &err));
        else
            DO(sf_listener_attach_events(l, cases[i].channel, &events, NULL, &err));
        hand_out(l, cases[i].name, cases[i].as, cases[i].channel);
        assert_int_equal(s.changes, is_change);
        assert_int_equal(s.messages, !is_change);
        assert_int_equal(s.type, cases[i].type);
        assert_string_equal(s.entity, cases[i].entity);
        assert_string_equal(s.kind, cases[i].kind);
        assert_int_equal(s.replay_id, cases[i].replay_id);
        assert_true(s.created_ms > 0);
        if (cases[i].id != NULL) assert_string_equal(s.id, cases[i].id);
        if (cases[i].id == NULL && is_change) assert_int_equal(strlen(s.id), 18);
        if (cases[i].path[0] != '\0') assert_string_equal(s.value, cases[i].value);
        if (cases[i].created_ms > 0) assert_int_equal(s.created_ms, cases[i].created_ms);
        if (cases[i].commit_number > 0) assert_int_equal(s.commit_number, cases[i].commit_number);
        if (cases[i].changed == SIZE_MAX)
            assert_true(s.changed > 0);
        else
            assert_int_equal(s.changed, cases[i].changed);
        assert_int_equal(l->attachments[0].position, cases[i].replay_id);
        sf_listener_close(l);
    }
    sf_client_close(sf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__each_message_of_the_protocol),
        cmocka_unit_test(test_recorded__each_event),
    };
    return REPLAY_RUN("recorded events", tests);
}
