/*
 * topics.c: PushTopic and StreamingChannel as records: what they are checked for when they are written, and the way by which a
 * transaction's changes reach whoever makes events of PushTopics (a watcher, see events.h: what their queries mean is
 * known above this room). Called by compute.c's table, changes.c and store.c. Threads: under the store's lock.
 */
#include "store/derive.h"
#include "store/events.h"

bool sfo_topics_open(sfo_store *s, sfo_fault *f)
{
    sfo_changes *g = &s->changes;
    g->topics = sfo_table_named(s, "PushTopic");
    sqlite3_stmt *stmt = g->topics != NULL ? sfo_statement_get(s, "SELECT 1 FROM PushTopic LIMIT 1", f) : NULL;
    if (stmt == NULL) return g->topics == NULL;
    g->watches = sqlite3_step(stmt) == SQLITE_ROW;
    sfo_statement_done(stmt);
    return true;
}

void sfo_store_watch(sfo_store *s, const sfo_watcher *watcher)
{
    sfo_store_lock(s);
    s->changes.watcher = watcher;
    sfo_store_unlock(s);
}

bool sfo_topics_tell(sfo_store *s, const sfo_note *note, sfo_fault *f)
{
    static const sfo_happened happened[] = {
        [SFO_CHANGE_CREATE] = SFO_CREATED,
        [SFO_CHANGE_UPDATE] = SFO_UPDATED,
        [SFO_CHANGE_DELETE] = SFO_DELETED,
        [SFO_CHANGE_UNDELETE] = SFO_UNDELETED,
    };
    const sfo_changes *g = &s->changes;
    if (!g->watches || g->watcher == NULL || note->table == g->topics) return true;
    bool is_update = note->change == SFO_CHANGE_UPDATE;
    const sfo_changed changed = { .object = note->table->object,
                                  .id = note->id,
                                  .what = happened[note->change],
                                  .bits = is_update ? (const unsigned char *)g->data.data + note->at : NULL };
    return g->watcher->changed(g->watcher->user, &changed, g->topics_version, f);
}

bool sfo_changed_has(const sfo_changed *c, size_t field)
{
    return c->bits != NULL && (c->bits[field / 8] >> (field % 8) & 1) != 0;
}

bool sfo_event_tell(sfo_store *s, const char *topic, sf_str head, const char *tail, sfo_fault *f)
{
    return sfo_event_append(s, topic, SFO_EVENT_OTHER, head, tail, f);
}

/* ---- what the records are checked for ---- */

bool sfo_before_push_topic(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)c;
    const sfo_cell *version = sfo_row_get(row, "ApiVersion");
    double number = version->kind == SFO_CELL_REAL ? version->real : (double)version->number;
    const sfo_watcher *w = s->changes.watcher;
    if (version->kind != SFO_CELL_NULL && (number <= 20 || number > SFO_VERSION_MAX)) {
        (void)sfo_fault_set(f, 400, "INVALID_FIELD", "%.1f is not a supported API version", number);
        sfo_fault_add_field(f, "ApiVersion");
        return false;
    }
    if (w == NULL || w->judge(w->user, sfo_row_text(row, "Query"), f)) return true;
    sfo_fault_add_field(f, "Query");
    return false;
}

bool sfo_before_streaming_channel(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)s;
    (void)c;
    sf_str name = sfo_row_text(row, "Name");
    bool ok = sfi_starts_with(name, "/u/") && name.len > 3 && name.ptr[name.len - 1] != '/';
    for (size_t i = 3; ok && i < name.len; i++) {
        char ch = name.ptr[i];
        bool is_plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
        ok = is_plain || memchr("/_-.!~()$@", ch, 10) != NULL;
    }
    if (ok) return true;
    (void)sfo_fault_set(f, 400, "INVALID_FIELD",
                        "Invalid channel name: it begins with /u/, followed by letters, digits and _-.!~()$@/");
    sfo_fault_add_field(f, "Name");
    return false;
}
