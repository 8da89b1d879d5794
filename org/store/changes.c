/* changes.c: see changes.h. Notes are only appended while a transaction runs, so that a savepoint's are cut off by a count;
 * what they come to together is worked out at its end (change_events.c). */
#include "store/changes.h"
#include "store/events.h"
#include "store/store_internal.h"

/* ---- notes ---- */

static bool is_selected(sfo_store *s, const sfo_table *t)
{
    sfo_changes *g = &s->changes;
    if (!g->is_open || s->system_writes) return false; /* the sample is there from ever */
    if (t == g->topics) {
        g->topics_version++;
        g->watches = true;
    }
    return g->watches || sfo_change_is_selected(s, t);
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

static bool add_fields(sfo_store *s, sfo_note *n, const sfo_row *row, sfo_fault *f)
{
    sfi_buf *data = &s->changes.data;
    sfo_change_write_fields(row, NULL, data);
    n->len = data->len - n->at;
    return !data->failed || sfo_fault_memory(f);
}

bool sfo_change_note(sfo_store *s, const sfo_context *c, const sfo_row *row, sfo_change change, sfo_fault *f)
{
    if (!is_selected(s, row->table)) return true;
    sfo_note *n = add_note(s, c, row->table, row->id, change, f);
    if (n != NULL && change == SFO_CHANGE_CREATE && sfo_change_is_selected(s, row->table))
        return add_fields(s, n, row, f);
    if (n == NULL || change != SFO_CHANGE_UPDATE) return n != NULL;
    unsigned char *bits = add_bits(s, n, f);
    if (bits != NULL) sfo_change_bits(row, bits);
    return bits != NULL;
}

void sfo_change_reread(sfo_store *s, const sfo_table *t)
{
    for (size_t i = 0; i < s->changes.count; i++)
        if (s->changes.notes[i].table == t && s->changes.notes[i].change == SFO_CHANGE_CREATE)
            s->changes.notes[i].len = 0;
}

bool sfo_change_note_id(sfo_store *s, const sfo_context *c, sfo_table *t, const char *id, sfo_change change,
                        const char *field, sfo_fault *f)
{
    if (!is_selected(s, t)) return true;
    int at = field != NULL ? sfo_field_at(t->object, field) : SFO_NO_FIELD;
    if (at >= 0 && !t->told[at]) return true; /* nobody is told of it */
    sfo_note *n = add_note(s, c, t, id, change, f);
    if (n == NULL || change != SFO_CHANGE_UPDATE) return n != NULL;
    unsigned char *bits = add_bits(s, n, f);
    if (bits != NULL && at >= 0) bits[at / 8] |= (unsigned char)(1u << at % 8);
    return bits != NULL;
}

/* Told whatever becomes of the transaction. */
static bool publish_now(sfo_store *s, const sfo_context *c, const sfo_row *row, sfo_fault *f)
{
    sfi_buf payload = { 0 };
    sfo_urgent u = { .table = row->table };
    sfo_change_write_published(row, c->user_id != NULL ? c->user_id : s->admin_id, sfi_wall_ms(), &payload);
    u.len = payload.len;
    memcpy(u.id, row->id, sizeof u.id);
    bool ok = !payload.failed && sfi_buf_reserve(&s->changes.urgent, sizeof u + payload.len) &&
              sfi_buf_add(&s->changes.urgent, (const char *)&u, sizeof u) &&
              sfi_buf_add(&s->changes.urgent, payload.data, payload.len);
    sfi_buf_free(&payload);
    return ok || sfo_fault_memory(f);
}

bool sfo_change_publish(sfo_store *s, const sfo_context *c, const sfo_row *row, sfo_fault *f)
{
    sfi_buf *data = &s->changes.data;
    if (row->table->object->publish_immediately) return publish_now(s, c, row, f);
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
    if (s->depth == 1) s->changes.told_bits = 0;
    if (s->depth <= SFO_MARKS_MAX) s->changes.marks[s->depth - 1] = s->changes.count;
}

void sfo_changes_rolled_back(sfo_store *s)
{
    s->changes.last_replay = -1;
    s->changes.topics_version++;
    if (s->depth <= SFO_MARKS_MAX) forget_from(&s->changes, s->changes.marks[s->depth - 1]);
}

uint64_t sfo_changes_committed(sfo_store *s)
{
    uint64_t bits = s->changes.told_bits;
    s->changes.told_bits = 0;
    sfi_buf_clear(&s->changes.urgent);
    forget_from(&s->changes, 0);
    if (s->changes.data.cap > (1 << 20)) sfi_buf_free(&s->changes.data);
    return bits;
}

void sfo_changes_close(sfo_store *s)
{
    sfi_free(s->changes.notes);
    sfi_buf_free(&s->changes.data);
    sfi_buf_free(&s->changes.urgent);
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
        if (first->change == SFO_CHANGE_UPDATE)
            join_bits(g, first, next);
        else
            first->len = 0;
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

bool sfo_changes_join(sfo_changes *g, sfo_fault *f)
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
