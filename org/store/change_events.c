/* change_events.c: what the notes of a transaction become at its end, see changes.h: change events, merged where records had
 * the same update or were deleted together; platform events; the same again, enriched, for the org's own channels; and a
 * gap or an overflow in place of what is too large. Called by store.c with the store's lock held, inside the transaction. */
#include "store/changes.h"
#include "store/events.h"
#include "store/store_internal.h"

enum { NOTES_PER_EVENT_MAX = 2000 }; /* ids that one event may name */

typedef struct writing {
    sfo_store *s;
    sfo_fault *f;
    int sequence;
    char key[40]; /* of the transaction */
    int64_t now_ms, commit;
    sfi_buf fields, next, names, ids, head, added; /* fields: of the event that is open; next: of the note at hand */
    const sfo_note *open;                          /* NULL: none */
    const sfo_member *member;                      /* whose filter is asked; NULL: none */
    size_t id_count;
} writing;

static void begin_writing(writing *w)
{
    uint8_t r[16];
    sfi_random_bytes(r, sizeof r);
    (void)snprintf(w->key, sizeof w->key, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", 0,
                   r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
    int64_t now = sfi_wall_ms();
    w->now_ms = now - now % 1000;
    w->commit = now * 1000 > w->s->changes.last_commit ? now * 1000 : w->s->changes.last_commit + 1;
    w->s->changes.last_commit = w->commit;
}

static void end_writing(writing *w)
{
    sfi_buf *all[] = { &w->fields, &w->next, &w->names, &w->ids, &w->head, &w->added };
    for (size_t i = 0; i < SFI_COUNT_OF(all); i++) sfi_buf_free(all[i]);
}

static const unsigned char *bits_of(const sfo_store *s, const sfo_note *n)
{
    return n->change == SFO_CHANGE_UPDATE ? (const unsigned char *)s->changes.data.data + n->at : NULL;
}

typedef struct header {
    const char *entity, *type;
    sf_str changed, ids; /* ["Phone"]; "001…","001…" */
} header;

static void write_header(const writing *w, const header *h, sfi_buf *out)
{
    sfi_json_writer j = sfi_json_write_to(out);
    const sfo_changes *g = &w->s->changes;
    sfi_json_key(&j, "ChangeEventHeader");
    sfi_json_begin_object(&j);
    sfi_json_key(&j, "commitNumber");
    sfi_json_int(&j, w->commit);
    sfi_json_key(&j, "commitUser");
    sfi_json_string(&j, g->user);
    sfi_json_key(&j, "sequenceNumber");
    sfi_json_int(&j, w->sequence);
    sfi_json_key(&j, "entityName");
    sfi_json_string(&j, h->entity);
    sfi_json_key(&j, "changeType");
    sfi_json_string(&j, h->type);
    sfi_json_key(&j, "changedFields");
    sfi_json_raw_text(&j, h->changed);
    sfi_json_key(&j, "changeOrigin");
    sfi_json_string(&j, g->origin);
    sfi_json_key(&j, "transactionKey");
    sfi_json_string(&j, w->key);
    sfi_json_key(&j, "commitTimestamp");
    sfi_json_int(&j, w->now_ms);
    sfi_json_key(&j, "recordIds");
    (void)sfi_buf_addf(out, "[%.*s]", (int)h->ids.len, h->ids.ptr); /* the caller looks once, at the end */
    sfi_json_end_object(&j);
}

/* An event of that object with these fields (each with a comma behind it) into the log, under topic. */
static bool append(writing *w, const sfo_table *t, const char *topic, bool is_own, sf_str fields, sf_str more,
                   const header *h)
{
    sfi_buf_clear(&w->head);
    (void)sfi_buf_addf(&w->head, "{\"schema\":\"%s\",\"payload\":", t->schema_id); /* checked below */
    size_t begin = w->head.len;
    (void)sfi_buf_add_char(&w->head, '{');
    (void)sfi_buf_add(&w->head, fields.ptr, fields.len);
    (void)sfi_buf_add(&w->head, more.ptr, more.len);
    write_header(w, h, &w->head);
    (void)sfi_buf_add_char(&w->head, '}');
    bool passes = true;
    if (w->head.failed) return sfo_fault_memory(w->f);
    sf_str payload = { w->head.data + begin, w->head.len - begin };
    if (w->member != NULL && !sfo_member_passes(w->s, w->member, payload, &passes, w->f)) return false;
    if (!passes) return true;
    (void)sfi_buf_add_str(&w->head, ",\"event\":{\"replayId\":");
    if (w->head.failed) return sfo_fault_memory(w->f);
    int64_t most = w->s->changes.limits.event_bytes;
    if ((int64_t)w->head.len > most && (fields.len > 0 || more.len > 0)) {
        static const char *const gaps[] = { "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE" };
        header gap = *h;
        gap.changed = SFI_STR("[]");
        for (size_t i = 0; i < SFI_COUNT_OF(gaps); i++)
            if (strcmp(gaps[i] + strlen("GAP_"), h->type) == 0) gap.type = gaps[i];
        w->member = NULL;                                                                   /* it passed whole */
        return append(w, t, topic, is_own, (sf_str){ NULL, 0 }, (sf_str){ NULL, 0 }, &gap); /* once: it has no fields */
    }
    return sfo_event_append(w->s, topic, is_own ? SFO_EVENT_OTHER : SFO_EVENT_CHANGE, sfi_buf_str(&w->head), "}}",
                            w->f);
}

/* One record's event with the fields that the channel adds: those that have a value and are not told anyway. */
static bool append_enriched(writing *w, const sfo_own_channel *channel, const sfo_member *member, const sfo_note *n,
                            const char *id, header h)
{
    char ids[24];
    sfo_row row;
    unsigned char bits[256] = { 0 };
    const unsigned char *changed = bits_of(w->s, n);
    size_t size = sfo_change_bits_size(n->table);
    (void)snprintf(ids, sizeof ids, "\"%.18s\"", id);
    h.ids = sfi_str(ids);
    sfi_buf_clear(&w->added);
    bool is_there = size <= sizeof bits && sfo_row_load(w->s, n->table, id, &row, w->f);
    if (!is_there && w->f != NULL && w->f->http_status != 0) return false; /* not read is not gone */
    if (is_there) {
        for (size_t i = 0; i < n->table->object->field_count; i++)
            if (row.cells[i].kind != SFO_CELL_NULL && (changed == NULL || (changed[i / 8] >> (i % 8) & 1) == 0))
                bits[i / 8] |= (unsigned char)(member->enriched[i / 8] & 1u << i % 8);
        sfo_change_write_fields(&row, bits, &w->added);
    }
    if (w->added.failed) return sfo_fault_memory(w->f);
    return append(w, n->table, channel->topic, true, sfi_buf_str(&w->fields), sfi_buf_str(&w->added), &h);
}

/* The event once more for each of the org's own channels that has its object. */
static bool append_to_channels(writing *w, const sfo_note *n, const header *h)
{
    const sfo_changes *g = &w->s->changes;
    for (size_t i = 0; i < g->channel_count; i++) {
        const sfo_own_channel *channel = &g->channels[i];
        const sfo_member *member = sfo_channel_member(channel, n->table);
        bool enrich = member != NULL && member->enriched != NULL &&
                      (n->change == SFO_CHANGE_UPDATE || n->change == SFO_CHANGE_DELETE);
        bool is_gap = strncmp(h->type, "GAP_", 4) == 0; /* has no fields to ask, and is for all */
        bool ok = true;
        if (enrich) {
            for (size_t at = 1; ok && at + 18 < h->ids.len; at += 21) { /* "…","…" */
                w->member = member;
                ok = append_enriched(w, channel, member, n, h->ids.ptr + at, *h);
            }
        } else if (member != NULL) {
            w->member = is_gap ? NULL : member;
            ok = append(w, n->table, channel->topic, true, sfi_buf_str(&w->fields), (sf_str){ NULL, 0 }, h);
        }
        w->member = NULL;
        if (!ok) return false;
    }
    return true;
}

/* The event that is open goes into the log. */
static bool close_event(writing *w)
{
    static const char *const words[] = { "CREATE", "UPDATE", "DELETE", "UNDELETE" };
    const sfo_note *n = w->open;
    if (n == NULL) return true;
    w->open = NULL;
    w->sequence++;
    if (w->ids.failed || w->names.failed || w->fields.failed) return sfo_fault_memory(w->f);
    const header h = { .entity = n->table->object->name,
                       .type = words[n->change],
                       .changed = sfi_buf_str(&w->names),
                       .ids = sfi_buf_str(&w->ids) };
    return append(w, n->table, n->table->object->change_event, false, sfi_buf_str(&w->fields), (sf_str){ NULL, 0 },
                  &h) &&
           append_to_channels(w, n, &h);
}

/* A platform event's JSON up to the number of its replay id, and behind it. */
static bool append_event(sfo_store *s, const sfo_table *t, const char *uuid, sf_str payload, sfo_fault *f)
{
    sfi_buf head = { 0 }, tail = { 0 };
    const sfo_changes *g = &s->changes;
    (void)sfi_buf_addf(&head, "{\"schema\":\"%s\",\"payload\":", t->schema_id); /* checked below */
    (void)sfi_buf_add(&head, payload.ptr, payload.len);
    (void)sfi_buf_addf(&head, ",\"event\":{\"EventUuid\":\"%s\",\"replayId\":", uuid);
    (void)sfi_buf_addf(&tail, ",\"EventApiName\":\"%s\"}}", t->object->name);
    bool ok = !head.failed && !tail.failed;
    sfo_event_kind kind = t->object->custom ? SFO_EVENT_OTHER : SFO_EVENT_OWN;
    ok = ok ? sfo_event_append(s, t->object->name, kind, sfi_buf_str(&head), tail.data, f) : sfo_fault_memory(f);
    for (size_t i = 0; ok && i < g->channel_count; i++) {
        const sfo_member *member = sfo_channel_member(&g->channels[i], t);
        bool passes = false;
        ok = member == NULL || sfo_member_passes(s, member, payload, &passes, f);
        if (ok && passes)
            ok = sfo_event_append(s, g->channels[i].topic, SFO_EVENT_OTHER, sfi_buf_str(&head), tail.data, f);
    }
    sfi_buf_free(&head);
    sfi_buf_free(&tail);
    return ok;
}

static bool append_published(writing *w, const sfo_note *n)
{
    char uuid[37];
    const sf_str payload = { w->s->changes.data.data + n->at, n->len };
    sfo_event_uuid(n->id, uuid);
    return close_event(w) && append_event(w->s, n->table, uuid, payload, w->f);
}

/* May the note's record stand in the event that is open? */
static bool is_same(const writing *w, const sfo_note *n)
{
    const sfo_note *o = w->open;
    if (o == NULL || o->table != n->table || o->change != n->change || w->id_count >= NOTES_PER_EVENT_MAX) return false;
    if (n->change == SFO_CHANGE_DELETE) return true;
    if (n->change != SFO_CHANGE_UPDATE || !sfi_str_eq(sfi_buf_str(&w->fields), sfi_buf_str(&w->next))) return false;
    const char *data = w->s->changes.data.data;
    return memcmp(data + o->at, data + n->at, n->len) == 0;
}

static bool append_change(writing *w, const sfo_note *n)
{
    sfo_row row;
    sfi_buf_clear(&w->next);
    if (n->change == SFO_CHANGE_CREATE && n->len > 0) {
        if (!sfi_buf_add(&w->next, w->s->changes.data.data + n->at, n->len)) return sfo_fault_memory(w->f);
    } else if (n->change != SFO_CHANGE_DELETE) {
        if (!sfo_row_load(w->s, n->table, n->id, &row, w->f))
            return w->f == NULL || w->f->http_status == 0; /* gone for good since */
        sfo_change_write_fields(&row, bits_of(w->s, n), &w->next);
        if (w->next.failed) return sfo_fault_memory(w->f);
    }
    if (is_same(w, n)) {
        (void)sfi_buf_addf(&w->ids, ",\"%s\"", n->id); /* checked when the event is closed */
        w->id_count++;
        return true;
    }
    if (!close_event(w)) return false;
    sfi_buf kept = w->fields;
    w->fields = w->next;
    w->next = kept;
    sfi_buf_clear(&w->names);
    sfi_buf_clear(&w->ids);
    sfo_change_write_names(n->table, bits_of(w->s, n), &w->names);
    (void)sfi_buf_addf(&w->ids, "\"%s\"", n->id);
    w->id_count = 1;
    w->open = n;
    return true;
}

/* Changes that a note counts for: each field of an update is one. */
static int64_t weight_of(const sfo_store *s, const sfo_note *n)
{
    const unsigned char *bits = bits_of(s, n);
    int64_t count = 0;
    for (size_t i = 0; bits != NULL && i < n->table->object->field_count; i++) count += bits[i / 8] >> (i % 8) & 1;
    return count > 1 ? count : 1;
}

/* One event for each object that has changes from this note on: they are too many to tell. */
static bool append_overflow(writing *w, size_t from)
{
    const sfo_changes *g = &w->s->changes;
    bool ok = close_event(w);
    for (size_t t = 0; ok && t < w->s->table_count; t++) {
        const sfo_table *table = &w->s->tables[t];
        bool any = false;
        for (size_t i = from; i < g->count && !any; i++)
            any = g->notes[i].table == table && g->notes[i].change != SFO_CHANGE_NONE &&
                  g->notes[i].change != SFO_CHANGE_PUBLISH && sfo_change_is_selected(w->s, table);
        if (!any) continue;
        w->sequence++;
        const header h = { .entity = table->object->name,
                           .type = "GAP_OVERFLOW",
                           .changed = SFI_STR("[]"),
                           .ids = SFI_STR("\"000000000000000AAA\"") };
        const sfo_note n = { .table = (sfo_table *)table, .change = SFO_CHANGE_CREATE };
        sfi_buf_clear(&w->fields);
        ok = append(w, table, table->object->change_event, false, (sf_str){ NULL, 0 }, (sf_str){ NULL, 0 }, &h) &&
             append_to_channels(w, &n, &h);
    }
    return ok;
}

bool sfo_changes_flush(sfo_store *s, sfo_fault *f)
{
    sfo_changes *g = &s->changes;
    writing w = { .s = s, .f = f };
    int64_t weight = 0;
    size_t overflow = SIZE_MAX;
    if (!sfo_urgent_flush(s, f)) return false;
    if (g->count == 0) return true;
    bool ok = sfo_changes_join(g, f);
    begin_writing(&w);
    sfo_scratch_begin(s);
    for (size_t i = 0; ok && i < g->count; i++) {
        const sfo_note *n = &g->notes[i];
        if (n->change == SFO_CHANGE_NONE) continue;
        if (n->change == SFO_CHANGE_PUBLISH) {
            ok = append_published(&w, n);
            continue;
        }
        ok = sfo_topics_tell(s, n, f);
        if (!ok || !sfo_change_is_selected(s, n->table)) continue;
        weight += weight_of(s, n);
        if (weight > g->limits.changes && overflow == SIZE_MAX) overflow = i;
        if (overflow == SIZE_MAX) ok = append_change(&w, n);
    }
    ok = ok && close_event(&w);
    if (ok && overflow != SIZE_MAX) ok = append_overflow(&w, overflow);
    sfo_scratch_end(s);
    end_writing(&w);
    return ok;
}

/* ---- events that no write makes ---- */

bool sfo_events_tell_gap(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *type, const sf_id *ids,
                         size_t count, sfo_fault *f)
{
    writing w = { .s = s, .f = f };
    const sfo_table *t = sfo_table_of(s, o);
    if (!sfo_store_begin(s, f)) return false;
    bool ok =
        sfo_change_is_selected(s, t) || sfo_fault_set(f, 400, "INVALID_FIELD", "%s has no change events", o->name);
    begin_writing(&w);
    (void)snprintf(s->changes.user, sizeof s->changes.user, "%s", c->user_id); /* 18 characters */
    s->changes.origin[0] = '\0';
    for (size_t i = 0; i < count; i++) (void)sfi_buf_addf(&w.ids, "%s\"%s\"", i > 0 ? "," : "", ids[i].text);
    w.sequence = 1;
    const header h = { .entity = o->name, .type = type, .changed = SFI_STR("[]"), .ids = sfi_buf_str(&w.ids) };
    const sfo_note n = { .table = (sfo_table *)t, .change = SFO_CHANGE_CREATE };
    if (ok && w.ids.failed) ok = sfo_fault_memory(f);
    ok = ok && append(&w, t, o->change_event, false, (sf_str){ NULL, 0 }, (sf_str){ NULL, 0 }, &h) &&
         append_to_channels(&w, &n, &h);
    end_writing(&w);
    if (ok)
        ok = sfo_store_commit(s, f);
    else
        sfo_store_rollback(s);
    return ok;
}

const char *sfo_event_schema_id(const sfo_store *s, const sfo_object *o)
{
    return sfo_table_of(s, o)->schema_id;
}

bool sfo_event_publish(sfo_store *s, const sfo_object *o, const char *uuid, sf_str payload, sfo_fault *f)
{
    if (!sfo_store_begin(s, f)) return false;
    if (append_event(s, sfo_table_of(s, o), uuid, payload, f)) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

/* ---- events that do not wait for their transaction ---- */

bool sfo_urgent_flush(sfo_store *s, sfo_fault *f)
{
    sfo_changes *g = &s->changes;
    sf_str rest = { g->urgent.data, g->urgent.len };
    sfo_urgent u;
    char uuid[37];
    bool ok = true;
    while (ok && rest.len >= sizeof u) { /* each round takes one away */
        memcpy(&u, rest.ptr, sizeof u);
        sfo_event_uuid(u.id, uuid);
        ok = append_event(s, u.table, uuid, (sf_str){ rest.ptr + sizeof u, u.len }, f);
        rest.ptr += sizeof u + u.len;
        rest.len -= sizeof u + u.len;
    }
    return ok;
}
