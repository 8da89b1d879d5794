/* events_bayeux_fuzz.c: any answers to a listener's messages, split at NUL bytes, on either lane: the machine stays one that
 * either has something to send, waits for an answer, or has ended; each event in them can be read. */
#include "events/listener_internal.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t position(void *user, size_t channel)
{
    (void)user;
    return (int64_t)channel - 2;
}

static void note(void *user, sfi_bayeux_event event, size_t channel, const sf_error *why)
{
    int *lost = user;
    (void)why;
    if (channel >= SF_CHANNELS_MAX) abort();
    *lost += event == SFI_BAYEUX_LOST;
}

static void read_events(sf_value messages)
{
    static const sfi_attachment a = { .channel = "/data/ChangeEvents", .is_cdc = true };
    sfi_arena arena = { .max = SFI_MIB };
    sf_iter it = sf_iter_begin(messages);
    sf_value message;
    while (sf_value_type(messages) == SF_ARRAY && sf_iter_next(&it, NULL, &message)) {
        sf_event event;
        sf_cdc_event change;
        sfi_event_read(&a, message, &event);
        if (sfi_cdc_read(&arena, &event, &change, NULL) != SF_OK) continue;
        if (change.record_id_count == 0 || change.type == SF_CHANGE_UNKNOWN) abort();
        for (size_t i = 0; i < change.record_id_count; i++)
            if (strlen(change.record_ids[i]) > 1024 * 1024) abort();
    }
    sfi_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int lost = 0;
    size_t slot;
    int64_t now = 1, timeout;
    sfi_buf body = { .max = 64 * SFI_KIB };
    sfi_bayeux *b = NULL;
    const sfi_bayeux_settings settings = { .pause_ms = 10, .pause_max_ms = 1000, .slack_ms = 10 };
    const sfi_bayeux_owner owner = { .user = &lost, .position = position, .note = note };
    if (sfi_bayeux_new(&settings, &owner, &b, NULL) != SF_OK) return 0;
    if (sfi_bayeux_add(b, "/data/ChangeEvents", &slot, NULL) != SF_OK ||
        sfi_bayeux_add(b, "/topic/T?a=b", &slot, NULL) != SF_OK)
        abort();
    while (size > 0 && sfi_bayeux_status(b, NULL) == SF_OK) { /* ends: each turn takes an answer */
        const uint8_t *nul = memchr(data, 0, size);
        size_t len = nul != NULL ? (size_t)(nul - data) : size;
        bool busy[SFI_LANES];
        for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) busy[i] = sfi_bayeux_next(b, i, now, &body, &timeout);
        if (body.failed) abort();
        if (sfi_bayeux_wants_login(b)) sfi_bayeux_logged_in(b, now);
        sf_document *doc = NULL;
        sf_value root = { 0 };
        if (sf_document_parse((const char *)data, len, &doc, NULL) == SF_OK) root = sf_document_root(doc);
        sfi_bayeux_lane lane = busy[SFI_LANE_COMMAND] ? SFI_LANE_COMMAND : SFI_LANE_CONNECT;
        sfi_bayeux_answer(b, lane, now, 200, root);
        read_events(root);
        sf_document_free(doc);
        for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++)
            if (sfi_bayeux_is_stale(b, i)) sfi_bayeux_abandoned(b, i);
        int64_t due = sfi_bayeux_due_ms(b);
        if (due != INT64_MAX && due > now) now = due;
        data += nul != NULL ? len + 1 : len;
        size -= nul != NULL ? len + 1 : len;
    }
    sfi_buf_free(&body);
    sfi_bayeux_free(b);
    return 0;
}
