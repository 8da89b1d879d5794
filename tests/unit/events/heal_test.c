/* heal_test.c: healing against answers that the local org does not give: an object of which changes tell no field, and an
 * answer that is too large for all records at once. Everything else of it: tests/integration/heal_test.c. */
#include <salesforce.h>
#include "events/listener_internal.h"
#include "support/support.h"
#include "support/wire_server.h"

enum { PAGE_MAX = 1000 };

static sf_error err;

#define DO(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != SF_OK) fail_msg("%s", err.message);                                                              \
    } while (0)

#define FIRST "0015g000003LmQpAAK"
#define SECOND "0015g000003LmQqAAK"

typedef struct org {
    char description[600], both[2 * PAGE_MAX], one[300]; /* whole answers */
} org;

typedef struct seen {
    int updates, dead;
    size_t changed;
    sf_error why;
} seen;

static void answer(char *out, size_t size, const char *json)
{
    int len = snprintf(out, size, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen(json), json);
    assert_in_range(len, 1, size - 1);
}

static wire_reply reply(void *user, const char *request)
{
    const org *o = user;
    const char *text = strstr(request, "/describe") != NULL                                ? o->description
                       : strstr(request, FIRST) != NULL && strstr(request, SECOND) != NULL ? o->both
                                                                                           : o->one;
    return (wire_reply){ .data = text, .len = strlen(text), .then = WIRE_OP_AGAIN };
}

static sf_status on_update(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    s->updates++;
    s->changed = e->changed_count;
    assert_true(e->is_healed);
    return SF_OK;
}

static sf_status on_update_fail(void *user, const sf_cdc_event *e)
{
    (void)on_update(user, e);
    return SF_ERR_IO;
}

static sf_status on_dead_letter(void *user, const sf_event *event, const sf_error *why)
{
    seen *s = user;
    (void)event;
    s->dead++;
    s->why = *why;
    return SF_OK;
}

static void heal(org *o, sf_cdc_fn fn, seen *s)
{
    static const char gap[] =
        "[{\"data\":{\"payload\":{\"ChangeEventHeader\":{\"entityName\":\"Account\",\"changeType\":\"GAP_UPDATE\","
        "\"commitTimestamp\":1763899207000,\"recordIds\":[\"" FIRST "\",\"" SECOND
        "\"]}},\"event\":{\"replayId\":77}},\"channel\":\"/data/ChangeEvents\"}]";
    sf_client *sf = NULL;
    sf_listener *l = NULL;
    wire_server *server = wire_start_replies(reply, o);
    DO(sf_client_open(&(sf_client_options){ .instance_url = wire_url(server, ""),
                                            .api_version = "64.0",
                                            .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D!x" } },
                      &sf, &err));
    DO(sf_listener_open(sf,
                        &(sf_listener_options){ .handler_retries = SF_NONE,
                                                .handler_pause_ms = 1,
                                                .page_max = PAGE_MAX,
                                                .on_dead_letter = on_dead_letter,
                                                .dead_letter_user = s },
                        &l, &err));
    DO(sf_listener_attach_cdc(l, "ChangeEvents", &(sf_cdc_service){ .user = s, .on_update = fn, .heal_gaps = true },
                              NULL, &err));
    sfi_page *p = &l->lanes[0].page;
    DO(sfi_json_new(&p->doc, &err));
    DO(sfi_json_parse(p->doc, sfi_str(gap), &err));
    sfi_page_open(l, p, sfi_json_root(p->doc));
    while (sfi_dispatch_has_events(l)) DO(sfi_dispatch(l, &err));
    sf_listener_close(l);
    sf_client_close(sf);
    wire_stop(server);
}

static void test_heal__an_object_of_which_no_field_is_told(void **state)
{
    static const char *const fields[] = { "[]", "[{\"name\":\"Id\",\"type\":\"id\"}]",
                                          "[{\"name\":\"SystemModstamp\",\"type\":\"datetime\"}]" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        char description[300];
        seen s = { 0 };
        org o = { .one = "" };
        snprintf(description, sizeof description, "{\"name\":\"Account\",\"fields\":%s}", fields[i]);
        answer(o.description, sizeof o.description, description);
        answer(o.both, sizeof o.both, "[{\"Id\":\"" FIRST "\"},{\"Id\":\"" SECOND "\"}]");
        heal(&o, on_update, &s);
        assert_int_equal(s.updates, 2);
        assert_int_equal(s.changed, 0);
    }
}

/* What was too large at first was read in the end: it is the handler that failed. */
static void test_heal__says_who_failed(void **state)
{
    char both[PAGE_MAX + 400];
    seen s = { 0 };
    org o;
    (void)state;
    snprintf(both, sizeof both, "[{\"Id\":\"" FIRST "\",\"Name\":\"%0*d\"},{\"Id\":\"" SECOND "\"}]", PAGE_MAX, 1);
    answer(o.description, sizeof o.description,
           "{\"name\":\"Account\",\"fields\":[{\"name\":\"Name\",\"type\":\"string\"}]}");
    answer(o.both, sizeof o.both, both);
    answer(o.one, sizeof o.one, "[{\"Id\":\"" FIRST "\",\"Name\":\"A\"}]");
    heal(&o, on_update_fail, &s);
    assert_int_equal(s.dead, 1);
    assert_non_null(strstr(s.why.message, "the handler failed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_heal__an_object_of_which_no_field_is_told),
                                        cmocka_unit_test(test_heal__says_who_failed) };
    return cmocka_run_group_tests_name("heal", tests, NULL, NULL);
}
