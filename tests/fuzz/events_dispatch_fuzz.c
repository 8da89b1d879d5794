/* events_dispatch_fuzz.c: any answer of an org, handed to a listener's dispatch: it reads no byte that is not there, and every
 * message of a channel that is attached is handled once, or told to be unreadable. */
#define SFI_MAY_ALLOCATE
#include <assert.h>
#include <salesforce.h>
#include <stdlib.h>
#include "events/listener_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct seen {
    int64_t handled, troubles;
    size_t bytes; /* so that all is read */
} seen;

static sf_status on_message(void *user, const sf_event *e)
{
    seen *s = user;
    char *json = NULL;
    size_t len = 0;
    s->handled++;
    if (sf_value_to_json(e->message, &json, &len, NULL) == SF_OK) s->bytes += len;
    sf_free(json);
    if (e->uuid != NULL) s->bytes += strlen(e->uuid);
    if (e->name != NULL) s->bytes += strlen(e->name);
    if (e->type != NULL) s->bytes += strlen(e->type);
    if (e->schema != NULL) s->bytes += strlen(e->schema);
    return SF_OK;
}

static sf_status on_change(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    for (size_t i = 0; i < e->record_id_count; i++) s->bytes += strlen(e->record_ids[i]);
    for (size_t i = 0; i < e->changed_count; i++) {
        const char *text = sf_get_str(e->event.payload, e->changed_fields[i]);
        s->bytes += text != NULL ? strlen(text) : 0;
    }
    s->bytes += strlen(e->entity) + strlen(e->commit_user) + strlen(e->transaction_key) + strlen(e->origin);
    return on_message(user, &e->event);
}

static sf_status on_error(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                          const sf_error *why)
{
    seen *s = user;
    assert(channel[0] == '/' && why->message[0] != '\0' && event != NULL);
    (void)channel, (void)trouble, (void)event, (void)why; /* without assert */
    s->troubles++;
    return SF_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sf_client *sf;
    seen s = { 0 };
    sf_listener *l = NULL;
    sfi_json *doc = NULL;
    sf_error err;
    const sf_cdc_service changes = { .user = &s,
                                     .on_create = on_change,
                                     .on_update = on_change,
                                     .on_delete = on_change,
                                     .on_restore = on_change,
                                     .on_gap = on_change,
                                     .on_overflow = on_change,
                                     .on_error = on_error };
    const sf_event_service events = { .user = &s, .on_message = on_message, .on_error = on_error };
    if (sf == NULL && sf_client_open(&(sf_client_options){ .instance_url = "http://127.0.0.1:9",
                                                           .api_version = "64.0",
                                                           .auth = { .flow = SF_AUTH_BEARER, .access_token = "x" } },
                                     &sf, NULL) != SF_OK)
        abort();
    if (sf_listener_open(sf, NULL, &l, NULL) != SF_OK ||
        sf_listener_attach_cdc(l, "/data/ChangeEvents", &changes, NULL, NULL) != SF_OK ||
        sf_listener_attach_events(l, "/event/A__e", &events, NULL, NULL) != SF_OK || sfi_json_new(&doc, NULL) != SF_OK)
        abort();
    l->lanes[0].page.doc = doc; /* the listener's now */
    if (sfi_json_parse(doc, (sf_str){ (const char *)data, size }, NULL) == SF_OK) {
        sfi_page_open(l, &l->lanes[0].page, sfi_json_root(doc));
        sf_status rc = SF_OK;
        while (rc == SF_OK && sfi_dispatch_has_events(l)) rc = sfi_dispatch(l, &err);
        sf_listener_stats stats;
        sf_listener_get_stats(l, &stats);
        assert(rc == SF_OK && stats.handled == stats.events && s.handled + s.troubles == stats.events);
        (void)stats, (void)rc;
    }
    sf_listener_close(l);
    return 0;
}
