/* changes.c: see changes.h. Notes are only appended while a transaction runs, so that a savepoint's are cut off by a count;
 * what they come to together is worked out at its end. */
#include "store/changes.h"
#include "store/events.h"
#include "store/store_internal.h"

enum { NOTES_PER_EVENT_MAX = 2000 }; /* ids that one event may name */

/* ---- notes ---- */

static bool is_selected(sfo_store *s, const sfo_table *t)
{
    sfo_changes *g = &s->changes;
    if (!g->is_open || s->system_writes) return false; /* the sample is there from ever */
    if (t == g->topics) {
        g->topics_version++;
        g->watches = true;
    }
    return t->object->change_event != NULL || g->watches;
}

/* Who and by which API: of the first write of a transaction. */
static void note_origin(sfo_store *s, const sfo_context *c)
{
    sfo_changes *g = &s->changes;
    if (g->count > 0 || c == NULL) return;
    (void)snprintf(g->user, sizeof g->user, "%s", c->user_id != NULL ? c->user_id : s->admin_id); /* 18 characters */
    g->origin[0] = '\0';
    if (c->version == NULL) return;
    (void)snprintf(g->origin, sizeof g->origin, "com/salesforce/api/%s/%s%s%.*s", c->api != NULL ? c->api : "rest",
                   c->version, c->client.len > 0 ? ";client=" : "", (int)(c->client.len < 100 ? c->client.len : 100),
                   c->client.len > 0 ? c->client.ptr : ""); /* cut, if long */
}

static sfo_note *add_note(sfo_store *s, const sfo_context *c, sfo_table *t, const char *id, sfo_change change,
                          sfo_fault *f)
{
    sfo_changes *g = &s->changes;
    note_origin(s, c);
    if (g->count == g->cap) {
        size_t cap = g->cap == 0 ? 64 : g->cap * 2;
        sfo_note *more = sfi_realloc(g->notes, cap * sizeof *more);
        if (more == NULL) {
            (void)sfo_fault_memory(f);
            return NULL;
        }
        g->notes = more;
        g->cap = cap;
    }
    sfo_note *n = &g->notes[g->count++];
    *n = (sfo_note){ .table = t, .change = change, .at = g->data.len };
    (void)snprintf(n->id, sizeof n->id, "%s", id); /* 18 characters */
    return n;
}

/* Zeroed bits for an update. NULL: no memory. */
static unsigned char *add_bits(sfo_store *s, sfo_note *n, sfo_fault *f)
{
    sfi_buf *data = &s->changes.data;
    n->len = sfo_change_bits_size(n->table);
    if (!sfi_buf_reserve(data, n->len)) {
        s->changes.count--;
        (void)sfo_fault_memory(f);
        return NULL;
    }
    unsigned char *bits = (unsigned char *)data->data + data->len;
    memset(bits, 0, n->len);
    data->len += n->len;
    return bits;
}

bool sfo_change_note(sfo_store *s, const sfo_context *c, const sfo_row *row, sfo_change change, sfo_fault *f)
{
    if (!is_selected(s, row->table)) return true;
    sfo_note *n = add_note(s, c, row->table, row->id, change, f);
    if (n == NULL || change != SFO_CHANGE_UPDATE) return n != NULL;
    unsigned char *bits = add_bits(s, n, f);
    if (bits != NULL) sfo_change_bits(row, bits);
    return bits != NULL;
}

bool sfo_change_note_id(sfo_store *s, const sfo_context *c, sfo_table *t, const char *id, sfo_change change,
                        const char *field, sfo_fault *f)
{
    if (!is_selected(s, t)) return true;
    sfo_note *n = add_note(s, c, t, id, change, f);
    if (n == NULL || change != SFO_CHANGE_UPDATE) return n != NULL;
    unsigned char *bits = add_bits(s, n, f);
    int at = field != NULL ? sfo_field_at(t->object, field) : SFO_NO_FIELD;
    if (bits != NULL && at >= 0) bits[at / 8] |= (unsigned char)(1u << at % 8);
    return bits != NULL;
}

bool sfo_change_publish(sfo_store *s, const sfo_context *c, const sfo_row *row, sfo_fault *f)
{
    sfi_buf *data = &s->changes.data;
    sfo_note *n = add_note(s, c, row->table, row->id, SFO_CHANGE_PUBLISH, f);
    if (n == NULL) return false;
    sfo_change_write_published(row, c->user_id != NULL ? c->user_id : s->admin_id, sfi_wall_ms(), data);
    n->len = data->len - n->at;
    return !data->failed || sfo_fault_memory(f);
}

/* ---- transactions ---- */

static void forget_from(sfo_changes *g, size_t count)
{
    g->data.failed = g->data.over_max = false; /* a failed write's, which was rolled back */
    if (count >= g->count) return;
    g->data.len = g->notes[count].at;
    g->count = count;
}

void sfo_changes_begin(sfo_store *s)
{
    if (s->depth == 1) forget_from(&s->changes, 0);
    if (s->depth <= SFO_MARKS_MAX) s->changes.marks[s->depth - 1] = s->changes.count;
}

void sfo_changes_rolled_back(sfo_store *s)
{
    s->changes.last_replay = -1;
    s->changes.topics_version++;
    if (s->depth <= SFO_MARKS_MAX) forget_from(&s->changes, s->changes.marks[s->depth - 1]);
}

bool sfo_changes_committed(sfo_store *s)
{
    bool any = s->changes.count > 0;
    forget_from(&s->changes, 0);
    if (s->changes.data.cap > (1 << 20)) sfi_buf_free(&s->changes.data);
    return any;
}

void sfo_changes_close(sfo_store *s)
{
    sfi_free(s->changes.notes);
    sfi_buf_free(&s->changes.data);
}

/* ---- the notes of one record become one ---- */

static void join_bits(sfo_changes *g, const sfo_note *into, const sfo_note *from)
{
    for (size_t i = 0; i < into->len && i < from->len; i++)
        g->data.data[into->at + i] =
            (char)((unsigned char)g->data.data[into->at + i] | (unsigned char)g->data.data[from->at + i]);
}

static void join(sfo_changes *g, sfo_note *first, sfo_note *next)
{
    bool is_new = first->change == SFO_CHANGE_CREATE || first->change == SFO_CHANGE_UNDELETE;
    if (first->change == SFO_CHANGE_NONE) {
        *first = *next;
    } else if (next->change == SFO_CHANGE_UPDATE) {
        if (first->change == SFO_CHANGE_UPDATE) join_bits(g, first, next);
    } else if (next->change == SFO_CHANGE_DELETE) {
        first->change = is_new ? SFO_CHANGE_NONE : SFO_CHANGE_DELETE;
    } else if (first->change == SFO_CHANGE_DELETE) {
        first->change = SFO_CHANGE_NONE; /* gone and back */
    }
    next->change = SFO_CHANGE_NONE;
}

static size_t slot_of(const uint32_t *slots, size_t mask, const sfo_note *notes, const char *id)
{
    size_t at = 2166136261u;
    for (const char *c = id; *c != '\0'; c++) at = (at ^ (unsigned char)*c) * 16777619u;
    for (at &= mask; slots[at] != 0 && strcmp(notes[slots[at] - 1].id, id) != 0;) at = (at + 1) & mask;
    return at;
}

static bool join_all(sfo_changes *g, sfo_fault *f)
{
    size_t room = 4;
    if (g->count < 2) return true;
    while (room < g->count * 2) room *= 2;
    uint32_t *slots = sfi_calloc_n(room, sizeof *slots);
    if (slots == NULL) return sfo_fault_memory(f);
    for (size_t i = 0; i < g->count; i++) {
        if (g->notes[i].change == SFO_CHANGE_PUBLISH) continue;
        size_t at = slot_of(slots, room - 1, g->notes, g->notes[i].id);
        if (slots[at] == 0)
            slots[at] = (uint32_t)i + 1;
        else
            join(g, &g->notes[slots[at] - 1], &g->notes[i]);
    }
    sfi_free(slots);
    return true;
}

/* ---- events ---- */

typedef struct writing {
    sfo_store *s;
    sfo_fault *f;
    int sequence;
    char key[40]; /* of the transaction */
    int64_t now_ms, commit;
    sfi_buf fields, next, names, ids, head; /* fields: of the event that is open; next: of the note at hand */
    const sfo_note *open;                   /* NULL: none */
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
    sfi_buf *all[] = { &w->fields, &w->next, &w->names, &w->ids, &w->head };
    for (size_t i = 0; i < SFI_COUNT_OF(all); i++) sfi_buf_free(all[i]);
}

static const unsigned char *bits_of(const sfo_store *s, const sfo_note *n)
{
    return n->change == SFO_CHANGE_UPDATE ? (const unsigned char *)s->changes.data.data + n->at : NULL;
}

static void write_header(writing *w, sfi_buf *out)
{
    static const char *const words[] = { "CREATE", "UPDATE", "DELETE", "UNDELETE" };
    sfi_json_writer j = sfi_json_write_to(out);
    const sfo_changes *g = &w->s->changes;
    sfi_json_key(&j, "ChangeEventHeader");
    sfi_json_begin_object(&j);
    sfi_json_key(&j, "commitNumber");
    sfi_json_int(&j, w->commit);
    sfi_json_key(&j, "commitUser");
    sfi_json_string(&j, g->user);
    sfi_json_key(&j, "sequenceNumber");
    sfi_json_int(&j, ++w->sequence);
    sfi_json_key(&j, "entityName");
    sfi_json_string(&j, w->open->table->object->name);
    sfi_json_key(&j, "changeType");
    sfi_json_string(&j, words[w->open->change]);
    sfi_json_key(&j, "changedFields");
    sfi_json_raw_text(&j, sfi_buf_str(&w->names));
    sfi_json_key(&j, "changeOrigin");
    sfi_json_string(&j, g->origin);
    sfi_json_key(&j, "transactionKey");
    sfi_json_string(&j, w->key);
    sfi_json_key(&j, "commitTimestamp");
    sfi_json_int(&j, w->now_ms);
    sfi_json_key(&j, "recordIds");
    (void)sfi_buf_addf(out, "[%s]", w->ids.data); /* the caller looks once, at the end */
    sfi_json_end_object(&j);
}

/* The event that is open goes into the log. */
static bool close_event(writing *w)
{
    if (w->open == NULL) return true;
    sfi_buf_clear(&w->head);
    (void)sfi_buf_addf(&w->head, "{\"schema\":\"%s\",\"payload\":{", w->open->table->schema_id); /* checked below */
    (void)sfi_buf_add(&w->head, w->fields.data, w->fields.len);
    write_header(w, &w->head);
    (void)sfi_buf_add_str(&w->head, "},\"event\":{\"replayId\":");
    if (w->head.failed || w->ids.failed || w->names.failed || w->fields.failed) return sfo_fault_memory(w->f);
    const char *topic = w->open->table->object->change_event;
    w->open = NULL;
    return sfo_event_append(w->s, topic, true, sfi_buf_str(&w->head), "}}", w->f);
}

static bool append_published(writing *w, const sfo_note *n)
{
    char uuid[37];
    const char *name = n->table->object->name;
    sfi_buf tail = { 0 };
    if (!close_event(w)) return false;
    sfo_event_uuid(n->id, uuid);
    sfi_buf_clear(&w->head);
    (void)sfi_buf_addf(&w->head, "{\"schema\":\"%s\",\"payload\":%.*s,\"event\":{\"EventUuid\":\"%s\",\"replayId\":",
                       n->table->schema_id, (int)n->len, w->s->changes.data.data + n->at, uuid); /* checked below */
    (void)sfi_buf_addf(&tail, ",\"EventApiName\":\"%s\"}}", name);
    bool ok = !w->head.failed && !tail.failed;
    ok = ok ? sfo_event_append(w->s, name, false, sfi_buf_str(&w->head), tail.data, w->f) : sfo_fault_memory(w->f);
    sfi_buf_free(&tail);
    return ok;
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
    if (n->change != SFO_CHANGE_DELETE) {
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

bool sfo_changes_flush(sfo_store *s, sfo_fault *f)
{
    sfo_changes *g = &s->changes;
    writing w = { .s = s, .f = f };
    if (g->count == 0) return true;
    bool ok = join_all(g, f);
    begin_writing(&w);
    sfo_scratch_begin(s);
    for (size_t i = 0; ok && i < g->count; i++) {
        const sfo_note *n = &g->notes[i];
        if (n->change == SFO_CHANGE_NONE) continue;
        if (n->change != SFO_CHANGE_PUBLISH) ok = sfo_topics_tell(s, n, f);
        if (ok && n->change == SFO_CHANGE_PUBLISH)
            ok = append_published(&w, n);
        else if (ok && n->table->object->change_event != NULL)
            ok = append_change(&w, n);
    }
    ok = ok && close_event(&w);
    sfo_scratch_end(s);
    end_writing(&w);
    return ok;
}
