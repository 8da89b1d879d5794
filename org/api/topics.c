/*
 * topics.c: see topics.h. A topic's query, narrowed to one record, is asked of the org itself when that record changed: whether
 * it matches, and with which values, is then what SOQL says. Queries are parsed when a PushTopic may have changed, not at
 * each record.
 */
#include "api/topics.h"
#include "json/json_internal.h"
#include "soql/ast.h"
#include <strings.h>

enum { ARENA_MAX = 1 << 20 };

typedef enum notify { NOTIFY_REFERENCED, NOTIFY_SELECT, NOTIFY_WHERE, NOTIFY_ALL } notify;

typedef struct topic {
    char *name, *head, *where; /* owned; head: the query up to WHERE; where: the condition, NULL: none */
    const sfo_object *object;
    unsigned char *selected, *referenced; /* a bit a field: in SELECT, in WHERE */
    notify notify;
    bool wants[4]; /* by sfo_happened */
    struct {
        sfo_soql_kept *query; /* NULL: not yet, or it cannot be kept */
        bool was_tried;
    } kept[2]; /* of records that are there, and of deleted ones too */
} topic;

struct sfo_topics {
    sfo_store *store;
    sfo_context context;
    sfo_watcher watcher;
    topic *topics; /* as of version; all below under the store's lock */
    size_t count;
    int64_t version;
    bool is_known;
};

/* ---- queries ---- */

static bool refuse(sfo_fault *f, const char *why)
{
    return sfo_fault_set(f, 400, "INVALID_FIELD", "%s", why);
}

static bool has_dot(sf_str path, sf_str from)
{
    sf_str rest = path; /* Account.Name FROM Account is the field itself */
    if (rest.len > from.len && rest.ptr[from.len] == '.' && strncasecmp(rest.ptr, from.ptr, from.len) == 0) {
        rest.ptr += from.len + 1;
        rest.len -= from.len + 1;
    }
    return memchr(rest.ptr, '.', rest.len) != NULL;
}

/* Ends: the parser bounds the depth. */
static bool judge_where(const sfo_ast_cond *c, sf_str from, sfo_fault *f)
{
    if (c == NULL) return true;
    if (c->kind == SFO_COND_NOT) return refuse(f, "'NOT' is not supported");
    for (size_t i = 0; i < c->child_count; i++)
        if (!judge_where(c->children[i], from, f)) return false;
    if (c->kind != SFO_COND_COMPARE) return true;
    if (c->semi != NULL) return refuse(f, "semi/anti join sub-selects are not supported");
    if (c->operand->kind == SFO_EXPR_PATH && has_dot(c->operand->name.text, from))
        return refuse(f, "relationships are not supported");
    return true;
}

static bool is_supported(const sfo_object *o)
{
    static const char *const standard[] = { "Account",          "Campaign",    "Case",          "Contact",
                                            "ContractLineItem", "Entitlement", "Lead",          "LiveChatTranscript",
                                            "Opportunity",      "Quote",       "QuoteLineItem", "ServiceAppointment",
                                            "ServiceContract",  "Task",        "WorkOrder",     "WorkOrderLineItem" };
    if (o->is_event || o->custom_setting) return false;
    if (o->custom) return true;
    for (size_t i = 0; i < SFI_COUNT_OF(standard); i++)
        if (strcmp(standard[i], o->name) == 0) return true;
    return false;
}

static bool judge_items(const sfo_ast_query *q, sf_str from, sfo_fault *f)
{
    bool has_id = false;
    for (size_t i = 0; i < q->item_count; i++) {
        const sfo_ast_item *item = &q->items[i];
        if (item->kind == SFO_ITEM_CHILD) return refuse(f, "relationships are not supported");
        if (item->kind == SFO_ITEM_TYPEOF) return refuse(f, "'TYPEOF' clause is not supported");
        if (item->kind != SFO_ITEM_EXPR) return refuse(f, "FIELDS function is not supported");
        if (item->expr->kind != SFO_EXPR_PATH) return refuse(f, "Aggregate queries are not supported");
        if (has_dot(item->expr->name.text, from)) return refuse(f, "relationships are not supported");
        has_id = has_id || sfi_str_is_nocase(item->expr->name.text, "Id");
    }
    return has_id || refuse(f, "'Id' must be among the fields of the SELECT clause");
}

static bool judge_tree(sfo_topics *t, const sfo_ast_query *q, sfo_fault *f)
{
    if (q->from_count != 1) return refuse(f, "relationships are not supported");
    sf_str from = q->from[0].path.text;
    if (q->count_all || q->group_count > 0 || q->having != NULL)
        return refuse(f, "Aggregate queries are not supported");
    if (q->order_count > 0) return refuse(f, "'ORDER BY' clause is not allowed");
    if (q->limit >= 0) return refuse(f, "'LIMIT' is not allowed");
    if (q->offset_rows >= 0) return refuse(f, "'OFFSET' clause is not allowed");
    if (q->with_count > 0 || q->scope.text.ptr != NULL) return refuse(f, "'WITH' and 'USING' clauses are not allowed");
    if (q->for_view || q->for_reference || q->for_update || q->all_rows || q->update_tracking || q->update_viewstat)
        return refuse(f, "'FOR', 'ALL ROWS' and 'UPDATE' clauses are not allowed");
    if (!judge_items(q, from, f) || !judge_where(q->where, from, f)) return false;
    const sfo_object *o = sfo_schema_object(sfo_store_schema(t->store), from);
    return o == NULL || is_supported(o) ||
           sfo_fault_set(f, 400, "INVALID_FIELD", "sObject type '%s' is not supported", o->name);
}

static bool judge(void *user, sf_str query, sfo_fault *f)
{
    sfo_topics *t = user;
    sfi_arena arena = { .max = ARENA_MAX };
    sfo_ast_query *q = NULL;
    sfi_buf out = { 0 };
    const sfo_context context = { .user_id = sfo_store_admin_id(t->store), .version = "62.0", .version_number = 62 };
    bool ok = sfo_soql_parse(query, &arena, &q, f) && judge_tree(t, q, f) &&
              sfo_soql_columns(t->store, &context, query, &out, f); /* names and types */
    sfi_buf_free(&out);
    sfi_arena_free(&arena);
    return ok;
}

/* ---- the topics there are ---- */

static void free_topics(sfo_topics *t)
{
    for (size_t i = 0; i < t->count; i++) {
        topic *p = &t->topics[i];
        for (size_t k = 0; k < SFI_COUNT_OF(p->kept); k++) sfo_soql_kept_free(p->kept[k].query);
        sfi_free(p->name);
        sfi_free(p->head);
        sfi_free(p->where);
        sfi_free(p->selected);
        sfi_free(p->referenced);
    }
    sfi_free(t->topics);
    t->topics = NULL;
    t->count = 0;
    t->is_known = false;
}

/* The field of that name, and the parts of a compound. */
static void mark(const sfo_object *o, sf_str path, unsigned char *bits)
{
    sf_str name = path;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '.') name = (sf_str){ path.ptr + i + 1, path.len - i - 1 };
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *f = &o->fields[i];
        bool is_it =
            sfi_str_is_nocase(name, f->name) || (f->compound_name != NULL && sfi_str_is_nocase(name, f->compound_name));
        if (is_it) bits[i / 8] |= (unsigned char)(1u << i % 8);
    }
}

static void mark_where(const sfo_object *o, const sfo_ast_cond *c, unsigned char *bits)
{
    if (c == NULL) return;
    for (size_t i = 0; i < c->child_count; i++) mark_where(o, c->children[i], bits);
    if (c->kind == SFO_COND_COMPARE && c->operand->kind == SFO_EXPR_PATH) mark(o, c->operand->name.text, bits);
}

/* Where the word WHERE stands, outside of strings: there is one at most. */
static size_t find_where(sf_str query)
{
    bool in_string = false;
    for (size_t i = 0; i + 5 < query.len; i++) {
        char c = query.ptr[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '\'')
            in_string = !in_string;
        else if (!in_string && i > 0 && (unsigned char)query.ptr[i - 1] <= ' ' &&
                 sfi_starts_with_nocase((sf_str){ query.ptr + i, query.len - i }, "where") &&
                 !sfi_is_word_char(query.ptr[i + 5]))
            return i;
    }
    return query.len;
}

/* false: no memory. A query that is none any more (an object is gone) is left out. */
static bool keep(sfo_topics *t, sf_str name, sf_str query, sf_str fields, const bool *wants)
{
    static const char *const words[] = { "Referenced", "Select", "Where", "All" };
    sfi_arena arena = { .max = ARENA_MAX };
    sfo_ast_query *q = NULL;
    topic p = { .name = NULL };
    sfo_fault why = { 0 };
    bool is_query = sfo_soql_parse(query, &arena, &q, &why);
    bool ok = is_query || (why.http_status > 0 && why.http_status < 500); /* else there is no memory */
    sfo_fault_clear(&why);
    if (!is_query || q->from_count != 1) goto done;
    p.object = sfo_schema_object(sfo_store_schema(t->store), q->from[0].path.text);
    if (p.object == NULL) goto done;
    size_t at = find_where(query), bytes = (p.object->field_count + 7) / 8;
    sf_str where = { query.ptr + at, query.len - at };
    for (size_t i = 0; i < SFI_COUNT_OF(words); i++)
        if (sfi_str_is(fields, words[i])) p.notify = (notify)i;
    memcpy(p.wants, wants, sizeof p.wants);
    p.name = sfi_strndup(name.ptr, name.len);
    p.head = sfi_strndup(query.ptr, at);
    if (where.len > 5) p.where = sfi_strndup(where.ptr + 5, where.len - 5);
    p.selected = sfi_calloc(bytes);
    p.referenced = sfi_calloc(bytes);
    topic *more = sfi_realloc(t->topics, (t->count + 1) * sizeof *more);
    if (more != NULL) t->topics = more;
    ok = more != NULL && p.name != NULL && p.head != NULL && (where.len <= 5 || p.where != NULL) &&
         p.selected != NULL && p.referenced != NULL;
    if (!ok) goto done;
    for (size_t i = 0; i < q->item_count; i++) mark(p.object, q->items[i].expr->name.text, p.selected);
    mark_where(p.object, q->where, p.referenced);
    t->topics[t->count++] = p;
    p = (topic){ .name = NULL };
done:
    sfi_free(p.name);
    sfi_free(p.head);
    sfi_free(p.where);
    sfi_free(p.selected);
    sfi_free(p.referenced);
    sfi_arena_free(&arena);
    return ok;
}

static bool load(sfo_topics *t, const sfo_context *c, sfo_fault *f)
{
    static const char soql[] = "SELECT Name, Query, NotifyForFields, NotifyForOperationCreate, "
                               "NotifyForOperationUpdate, NotifyForOperationDelete, "
                               "NotifyForOperationUndelete FROM PushTopic WHERE IsActive = true ORDER BY Name";
    sfi_json *doc = NULL;
    sfi_buf rows = { 0 };
    sf_value row = { 0 };
    bool ok = sfo_soql_rows(t->store, c, sfi_str(soql), NULL, INT32_MAX, &rows, f);
    if (ok && (sfi_json_new(&doc, NULL) != SF_OK || sfi_json_parse(doc, sfi_buf_str(&rows), NULL) != SF_OK))
        ok = sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for PushTopics");
    free_topics(t);
    sf_iter it = { 0 };
    if (ok) it = sf_iter_begin(sfi_json_root(doc));
    while (ok && sf_iter_next(&it, NULL, &row)) {
        const bool wants[4] = { [SFO_CREATED] = sf_get_bool(row, "NotifyForOperationCreate", true),
                                [SFO_UPDATED] = sf_get_bool(row, "NotifyForOperationUpdate", true),
                                [SFO_DELETED] = sf_get_bool(row, "NotifyForOperationDelete", true),
                                [SFO_UNDELETED] = sf_get_bool(row, "NotifyForOperationUndelete", true) };
        ok = keep(t, sf_get_text(row, "Name"), sf_get_text(row, "Query"), sf_get_text(row, "NotifyForFields"), wants) ||
             sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for PushTopics");
    }
    sfi_json_free(doc);
    sfi_buf_free(&rows);
    t->is_known = ok;
    return ok;
}

/* ---- events ---- */

static bool is_concerned(const topic *p, const sfo_changed *c)
{
    if (p->object != c->object || !p->wants[c->what]) return false;
    if (c->what != SFO_UPDATED) return true;
    for (size_t i = 0; i < p->object->field_count; i++) {
        unsigned char bit = (unsigned char)(1u << i % 8);
        bool in_select = (p->selected[i / 8] & bit) != 0, in_where = (p->referenced[i / 8] & bit) != 0;
        const char *name = p->object->fields[i].name;
        if (!sfo_changed_has(c, i) || strcmp(name, "LastModifiedDate") == 0 || strcmp(name, "SystemModstamp") == 0)
            continue; /* what the org stamps is no change */
        if (p->notify == NOTIFY_ALL || (in_select && p->notify != NOTIFY_WHERE) ||
            (in_where && p->notify != NOTIFY_SELECT))
            return true;
    }
    return false;
}

/* 2025-11-23T12:00:07.000+0000 of REST is …Z here. */
static void write_plain(sfi_json_writer *w, sf_value value)
{
    sf_str text = sf_value_type(value) == SF_STRING ? sf_get_text(value, NULL) : (sf_str){ NULL, 0 };
    if (text.len == 28 && text.ptr[10] == 'T' && memcmp(text.ptr + 23, "+0000", 5) == 0) {
        char time[32];
        (void)snprintf(time, sizeof time, "%.23sZ", text.ptr);
        sfi_json_string(w, time);
    } else {
        sfi_json_write_value(w, value);
    }
}

/* The parts of a compound carry its prefix: ShippingAddress {"city":…} is {"ShippingCity":…}. */
static void write_compound(sfi_json_writer *w, sf_str name, sf_value value)
{
    size_t stem = sfi_ends_with(name, "Address") ? name.len - strlen("Address") : 0;
    sf_str key;
    sf_value part;
    sf_iter it = sf_iter_begin(value);
    sfi_json_begin_object(w);
    while (sf_iter_next(&it, &key, &part)) {
        char full[160];
        bool upper = key.len > 0 && key.ptr[0] >= 'a' && key.ptr[0] <= 'z';
        (void)snprintf(full, sizeof full, "%.*s%c%.*s", (int)stem, name.ptr,
                       upper ? key.ptr[0] - 'a' + 'A' : key.ptr[0], (int)(key.len - 1),
                       key.ptr + 1); /* names end at 80 */
        sfi_json_key(w, full);
        write_plain(w, part);
    }
    sfi_json_end_object(w);
}

static void write_record(sfi_json_writer *w, sf_value row, bool only_id)
{
    sf_str key;
    sf_value value;
    sf_iter it = sf_iter_begin(row);
    sfi_json_begin_object(w);
    while (sf_iter_next(&it, &key, &value)) {
        if (sfi_str_is(key, "attributes") || (only_id && !sfi_str_is(key, "Id"))) continue;
        sfi_json_key_n(w, key);
        if (sf_value_type(value) == SF_OBJECT)
            write_compound(w, key, value);
        else
            write_plain(w, value);
    }
    sfi_json_end_object(w);
}

static bool tell(sfo_topics *t, const topic *p, const sfo_changed *c, sf_value row, sfo_fault *f)
{
    static const char *const types[] = { "created", "updated", "deleted", "undeleted" };
    char time[32], channel[64];
    sfi_buf head = { 0 }, tail = { 0 };
    sfi_time_format(sfi_wall_ms(), time);
    (void)sfi_buf_addf(&head, "{\"event\":{\"createdDate\":\"%s\",\"replayId\":", time); /* checked below */
    (void)sfi_buf_addf(&tail, ",\"type\":\"%s\"},\"sobject\":", types[c->what]);
    sfi_json_writer w = sfi_json_write_to(&tail);
    write_record(&w, row, c->what == SFO_DELETED);
    (void)sfi_buf_add_char(&tail, '}');
    (void)snprintf(channel, sizeof channel, "/topic/%s", p->name); /* 25 characters */
    bool ok = head.failed || tail.failed ? sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for an event")
                                         : sfo_event_tell(t->store, channel, sfi_buf_str(&head), tail.data, f);
    sfi_buf_free(&head);
    sfi_buf_free(&tail);
    return ok;
}

/* The record by the topic's own query, which is kept for the next one where that can be. */
static bool find_row(sfo_topics *t, topic *p, const sfo_changed *c, sfi_buf *rows, sfo_fault *why)
{
    bool all_rows = c->what == SFO_DELETED;
    sfi_buf soql = { 0 };
    if (p->kept[all_rows].query != NULL) return sfo_soql_kept_rows(p->kept[all_rows].query, sfi_str(c->id), rows, why);
    if (p->where != NULL)
        (void)sfi_buf_addf(&soql, "%s WHERE (%s) AND Id = '%s'", p->head, p->where, c->id); /* checked below */
    else
        (void)sfi_buf_addf(&soql, "%s WHERE Id = '%s'", p->head, c->id);
    const sfo_query_options options = { .all_rows = all_rows };
    bool fine = !soql.failed || sfo_fault_set(why, 500, "UNKNOWN_EXCEPTION", "no memory for a PushTopic");
    fine = fine && sfo_soql_rows(t->store, &t->context, sfi_buf_str(&soql), &options, 1, rows, why);
    if (fine && !p->kept[all_rows].was_tried) {
        p->kept[all_rows].was_tried = true;
        p->kept[all_rows].query = sfo_soql_keep(t->store, &t->context, sfi_buf_str(&soql), sfi_str(c->id), all_rows);
    }
    sfi_buf_free(&soql);
    return fine;
}

/* A query that has become wrong (a field is gone) tells nothing; it must not make writes fail. */
static bool ask(sfo_topics *t, topic *p, const sfo_changed *c, sfo_fault *f)
{
    sfi_json *doc = NULL;
    sfi_buf rows = { 0 };
    sf_value row = { 0 };
    sfo_fault why = { 0 };
    bool ok = true, has_rows = find_row(t, p, c, &rows, &why);
    bool is_read =
        has_rows && sfi_json_new(&doc, NULL) == SF_OK && sfi_json_parse(doc, sfi_buf_str(&rows), NULL) == SF_OK;
    if (!is_read && (has_rows || why.http_status == 0 || why.http_status >= 500))
        ok = sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for a PushTopic");
    if (is_read) {
        sf_iter it = sf_iter_begin(sfi_json_root(doc));
        if (sf_iter_next(&it, NULL, &row)) ok = tell(t, p, c, row, f);
    }
    sfo_fault_clear(&why);
    sfi_json_free(doc);
    sfi_buf_free(&rows);
    return ok;
}

static bool changed(void *user, const sfo_changed *c, int64_t version, sfo_fault *f)
{
    sfo_topics *t = user;
    if (!t->is_known || t->version != version) {
        if (!load(t, &t->context, f)) return false;
        t->version = version;
    }
    for (size_t i = 0; i < t->count; i++)
        if (is_concerned(&t->topics[i], c) && !ask(t, &t->topics[i], c, f)) return false;
    return true;
}

/* ---- life ---- */

sfo_topics *sfo_topics_new(sfo_store *store)
{
    sfo_topics *t = sfi_calloc(sizeof *t);
    if (t == NULL) return NULL;
    t->store = store;
    t->context = (sfo_context){ .user_id = sfo_store_admin_id(store), .version = "62.0", .version_number = 62 };
    t->watcher = (sfo_watcher){ .changed = changed, .judge = judge, .user = t };
    sfo_store_watch(store, &t->watcher);
    return t;
}

void sfo_topics_free(sfo_topics *t)
{
    if (t == NULL) return;
    sfo_store_watch(t->store, NULL);
    free_topics(t);
    sfi_free(t);
}
