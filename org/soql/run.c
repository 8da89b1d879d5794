/*
 * run.c: plans as JSON. A result is an ordered list of ids first; a page of it is written row by row, each read by its
 * id, with the child results of a row right after it. What does not fit a page is kept by pages.c while the ids are
 * still coming, so memory holds one page and one chunk whatever the size of the result.
 */
#include "soql/format.h"
#include "soql/position.h"
#include "soql/runner.h"

enum { PAGE_MAX = 2000, CHILD_PAGE = 200 };

static bool write_records(sfo_runner *r, sfo_plan *plan, const char *ids, size_t count);
static bool write_shape(sfo_runner *r, sfo_plan *plan, const sfo_shape *shape, const char *id);
static bool write_members(sfo_runner *r, sfo_plan *plan, const sfo_shape *shape, const char *type, const char *id);

static bool sql_fault(sfo_runner *r)
{
    return sfo_fault_set(r->c.fault, 500, "UNKNOWN_EXCEPTION", "the query failed: %s",
                         sqlite3_errmsg(sfo_store_db(r->c.store)));
}

/* ---- a record ---- */

static void write_attributes(sfo_runner *r, const char *type, const sfo_object *object, const char *id)
{
    sfo_write_attributes(&r->w, type, object, r->c.context->version, id);
}

static const char *text_at(const sfo_plan *plan, int column)
{
    return (const char *)sqlite3_column_text(plan->rows_statement, column);
}

static bool write_parent(sfo_runner *r, sfo_plan *plan, const sfo_shape *shape)
{
    const char *id = text_at(plan, shape->id_column);
    if (id == NULL) {
        sfi_json_null(&r->w);
        return true;
    }
    char copy[SFO_ID_LENGTH + 1];
    snprintf(copy, sizeof copy, "%s", id);
    return write_shape(r, plan, shape, copy);
}

/* The branch of the target's type, or ELSE, or nothing but attributes. */
static bool write_typeof(sfo_runner *r, sfo_plan *plan, const sfo_out *out)
{
    const char *found = text_at(plan, out->column);
    if (found == NULL) {
        sfi_json_null(&r->w);
        return true;
    }
    char id[SFO_ID_LENGTH + 1];
    snprintf(id, sizeof id, "%s", found);
    const sfo_object *target = sfo_schema_object_of_id(r->c.schema, sfi_str(id));
    for (size_t i = 0; i < out->branch_count; i++)
        if (out->branches[i].object == target) return write_records(r, out->branches[i].plan, id, 1);
    return write_members(r, plan, out->parent, target != NULL ? target->name : "Name", id);
}

static bool write_child_result(sfo_runner *r, sfo_plan *plan, const char *parent_id);

static bool write_out(sfo_runner *r, sfo_plan *plan, const sfo_shape *shape, const sfo_out *out, const char *id)
{
    sqlite3_stmt *stmt = plan->rows_statement;
    switch (out->kind) {
    case SFO_OUT_PARENT: return write_parent(r, plan, out->parent);
    case SFO_OUT_CHILD: return write_child_result(r, out->child, id);
    case SFO_OUT_TYPEOF: return write_typeof(r, plan, out);
    case SFO_OUT_COMPOUND: sfo_write_compound(&r->w, out->field, out->parts, out->part_count, stmt, out->column); break;
    case SFO_OUT_LABEL: sfo_write_label(&r->w, out->field, stmt, out->column); break;
    case SFO_OUT_FORMAT:
        sfo_write_formatted(&r->w, out->field, out->type, sfo_user_zone(&r->c), stmt, out->column);
        break;
    case SFO_OUT_FIELD:
        sfo_write_column(&r->w, shape->object, out->field, id, r->c.context->version, stmt, out->column);
        break;
    default:
        if (sqlite3_column_type(stmt, out->column) == SQLITE_NULL)
            sfi_json_null(&r->w);
        else if (out->kind == SFO_OUT_INT)
            sfi_json_int(&r->w, sqlite3_column_int64(stmt, out->column));
        else if (out->kind == SFO_OUT_DOUBLE)
            sfi_json_double(&r->w, sqlite3_column_double(stmt, out->column));
        else
            sfi_json_string(&r->w, text_at(plan, out->column));
        break;
    }
    return true;
}

/* type is what attributes say; the url goes by the id when several objects are possible. */
static bool write_members(sfo_runner *r, sfo_plan *plan, const sfo_shape *shape, const char *type, const char *id)
{
    sfi_json_begin_object(&r->w);
    const sfo_object *at = shape->object;
    if (at == &sfo_name_object) at = sfo_schema_object_of_id(r->c.schema, sfi_str(id));
    write_attributes(r, type, at, id);
    for (size_t i = 0; i < shape->out_count; i++) {
        sfi_json_key(&r->w, shape->outs[i].key);
        if (!write_out(r, plan, shape, &shape->outs[i], id)) return false;
    }
    sfi_json_end_object(&r->w);
    return true;
}

static bool write_shape(sfo_runner *r, sfo_plan *plan, const sfo_shape *shape, const char *id)
{
    return write_members(r, plan, shape, shape->object->name, id);
}

static bool write_records(sfo_runner *r, sfo_plan *plan, const char *ids, size_t count)
{
    if (plan->rows_statement == NULL) plan->rows_statement = sfo_prepare(&plan->rows, plan->rows_text);
    sqlite3_stmt *stmt = plan->rows_statement;
    if (stmt == NULL) return false;
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++) {
        char id[SFO_ID_LENGTH + 1];
        memcpy(id, ids + i * SFO_ID_LENGTH, SFO_ID_LENGTH);
        id[SFO_ID_LENGTH] = '\0';
        sqlite3_bind_text(stmt, plan->id_bind, id, SFO_ID_LENGTH, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            fine = write_shape(r, plan, plan->record, id);
        else if (rc != SQLITE_DONE) /* DONE: purged since the result was made */
            fine = sql_fault(r);
        sqlite3_reset(stmt);
        if (r->out->failed) fine = sfo_soql_memory_fault(r->c.fault);
    }
    return fine;
}

/* ---- a result: ids, then its first page ---- */

typedef struct id_list {
    sfi_buf page;  /* ids of the first page */
    sfi_buf spool; /* ids that are not in a chunk yet */
    int64_t total;
    bool is_paged;
    sfo_cursor cursor;
} id_list;

static void id_list_clear(id_list *l)
{
    sfi_buf_free(&l->page);
    sfi_buf_free(&l->spool);
    sfo_cursor_clear(&l->cursor);
}

static bool flush(sfo_runner *r, id_list *l, bool all)
{
    enum { CHUNK = SFO_CHUNK_IDS * SFO_ID_LENGTH };
    size_t done = 0;
    while (l->spool.len - done >= CHUNK || (all && l->spool.len > done)) {
        size_t n = l->spool.len - done < CHUNK ? l->spool.len - done : CHUNK;
        if (!sfo_pages_append(&r->pages, &l->cursor, l->spool.data + done, n / SFO_ID_LENGTH, r->c.fault)) return false;
        done += n;
    }
    if (done > 0) memmove(l->spool.data, l->spool.data + done, l->spool.len - done);
    l->spool.len -= done;
    return true;
}

static bool add_id(sfo_runner *r, const sfo_plan *plan, id_list *l, const char *id, int64_t page_rows)
{
    if (l->total < page_rows) sfi_buf_add(&l->page, id, SFO_ID_LENGTH);
    sfi_buf_add(&l->spool, id, SFO_ID_LENGTH);
    l->total++;
    if (l->page.failed || l->spool.failed) return sfo_soql_memory_fault(r->c.fault);
    if (l->total <= page_rows) return true;
    if (!l->is_paged) {
        if (!sfo_pages_open(&r->pages, plan->path, &l->cursor, r->c.fault)) return false;
        l->is_paged = true;
    }
    return l->spool.len < SFO_CHUNK_IDS * SFO_ID_LENGTH || flush(r, l, false);
}

static bool collect_ids(sfo_runner *r, sfo_plan *plan, const char *parent_id, int64_t page_rows, id_list *l)
{
    if (plan->ids_statement == NULL) plan->ids_statement = sfo_prepare(&plan->ids, plan->ids_text);
    sqlite3_stmt *stmt = plan->ids_statement;
    if (stmt == NULL) return false;
    if (plan->parent_bind > 0) sqlite3_bind_text(stmt, plan->parent_bind, parent_id, SFO_ID_LENGTH, SQLITE_STATIC);
    bool fine = true;
    int rc;
    while (fine && (rc = sqlite3_step(stmt)) != SQLITE_DONE) {
        const char *id = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
        if (rc != SQLITE_ROW)
            fine = sql_fault(r);
        else if (id == NULL || sqlite3_column_bytes(stmt, 0) != SFO_ID_LENGTH)
            fine = sfo_fault_set(r->c.fault, 500, "UNKNOWN_EXCEPTION",
                                 "object %s has a row whose id is not 18 characters", plan->object->name);
        else if (plan->one_page && l->total == page_rows)
            break; /* OFFSET: one page is all there is */
        else
            fine = add_id(r, plan, l, id, page_rows);
    }
    sqlite3_reset(stmt);
    if (fine && l->is_paged) fine = flush(r, l, true) && sfo_pages_finish(&r->pages, &l->cursor, l->total, r->c.fault);
    return fine;
}

static void write_head(sfo_runner *r, int64_t total, bool done, const char *locator, int64_t next)
{
    sfi_json_begin_object(&r->w);
    sfi_json_key(&r->w, "totalSize");
    sfi_json_int(&r->w, total);
    sfi_json_key(&r->w, "done");
    sfi_json_bool(&r->w, done);
    if (!done) {
        char url[128];
        snprintf(url, sizeof url, "/services/data/v%s/query/%s-%lld", r->c.context->version, locator, (long long)next);
        sfi_json_key(&r->w, "nextRecordsUrl");
        sfi_json_string(&r->w, url);
    }
    sfi_json_key(&r->w, "records");
    sfi_json_begin_array(&r->w);
}

static bool write_tail(sfo_runner *r)
{
    sfi_json_end_array(&r->w);
    sfi_json_end_object(&r->w);
    return !r->out->failed || sfo_soql_memory_fault(r->c.fault);
}

static bool write_result(sfo_runner *r, sfo_plan *plan, const id_list *l)
{
    size_t count = l->page.len / SFO_ID_LENGTH;
    write_head(r, l->total, !l->is_paged, l->cursor.locator, (int64_t)count);
    return write_records(r, plan, l->page.data, count) && write_tail(r);
}

bool sfo_run_rows(sfo_runner *r, sfo_plan *plan, int64_t max, int64_t *count)
{
    id_list l = { 0 };
    plan->one_page = true;
    bool fine = collect_ids(r, plan, NULL, max, &l) && write_records(r, plan, l.page.data, (size_t)l.total);
    *count = l.total;
    id_list_clear(&l);
    return fine;
}

static bool write_child_result(sfo_runner *r, sfo_plan *plan, const char *parent_id)
{
    id_list l = { 0 };
    bool fine = collect_ids(r, plan, parent_id, CHILD_PAGE, &l);
    if (fine && l.total == 0)
        sfi_json_null(&r->w);
    else if (fine)
        fine = write_result(r, plan, &l);
    id_list_clear(&l);
    return fine;
}

/* ---- the other kinds of results ---- */

static bool run_count(sfo_runner *r)
{
    sfo_plan *plan = r->root;
    plan->rows_statement = sfo_prepare(&plan->rows, plan->rows_text);
    if (plan->rows_statement == NULL) return false;
    if (sqlite3_step(plan->rows_statement) != SQLITE_ROW) return sql_fault(r);
    write_head(r, sqlite3_column_int64(plan->rows_statement, 0), true, NULL, 0);
    return write_tail(r);
}

static bool write_group(sfo_runner *r, sfo_plan *plan)
{
    sfi_json_begin_object(&r->w);
    write_attributes(r, "AggregateResult", NULL, NULL);
    for (size_t i = 0; i < plan->record->out_count; i++) {
        const sfo_out *out = &plan->record->outs[i];
        sfi_json_key(&r->w, out->key);
        if (sqlite3_column_type(plan->rows_statement, out->column) == SQLITE_NULL)
            sfi_json_null(&r->w); /* rolled up: even a boolean */
        else if (!write_out(r, plan, plan->record, out, ""))
            return false;
    }
    sfi_json_end_object(&r->w);
    return true;
}

/* The number of rows stands before them, so they are written aside first. */
static bool run_grouped(sfo_runner *r)
{
    sfo_plan *plan = r->root;
    plan->rows_statement = sfo_prepare(&plan->rows, plan->rows_text);
    if (plan->rows_statement == NULL) return false;
    plan->record->object = plan->object;
    sfi_buf rows = { 0 };
    sfi_buf *out = r->out;
    r->out = &rows;
    r->w = sfi_json_write_to(&rows);
    int64_t count = 0;
    int rc = SQLITE_ROW;
    bool fine = true;
    while (fine && (rc = sqlite3_step(plan->rows_statement)) == SQLITE_ROW) {
        if (++count > PAGE_MAX)
            fine = sfo_fault_set(r->c.fault, 400, "EXCEEDED_ID_LIMIT",
                                 "Aggregate query does not support queryMore(), use "
                                 "LIMIT to restrict the results to a single batch");
        else
            fine = write_group(r, plan);
    }
    if (fine && rc != SQLITE_DONE) fine = sql_fault(r);
    if (fine && rows.failed) fine = sfo_soql_memory_fault(r->c.fault);
    r->out = out;
    r->w = sfi_json_write_to(out);
    if (fine) {
        write_head(r, count, true, NULL, 0);
        sfi_buf_add(out, rows.data, rows.len);
        fine = write_tail(r);
    }
    sfi_buf_free(&rows);
    return fine;
}

/* The first row ends up as the newest. */
static void tell_viewed(sfo_runner *r, const id_list *l)
{
    if (!r->root->for_view || r->options == NULL || r->options->viewed == NULL) return;
    for (size_t i = l->page.len / SFO_ID_LENGTH; i-- > 0;) {
        char id[SFO_ID_LENGTH + 1];
        memcpy(id, l->page.data + i * SFO_ID_LENGTH, SFO_ID_LENGTH);
        id[SFO_ID_LENGTH] = '\0';
        r->options->viewed(r->options->user, id);
    }
}

static bool run_rows(sfo_runner *r)
{
    id_list l = { 0 };
    bool fine = collect_ids(r, r->root, NULL, r->batch, &l) && write_result(r, r->root, &l);
    if (fine) tell_viewed(r, &l);
    id_list_clear(&l);
    return fine;
}

/* ---- the entries ---- */

bool sfo_soql_query(sfo_store *s, const sfo_context *c, sf_str soql, const sfo_query_options *options, sfi_buf *out,
                    sfo_fault *f)
{
    sfo_runner r;
    sfo_runner_begin(&r, s, c, options, out, f);
    bool fine = sfo_runner_compile(&r, soql);
    if (fine && r.root->count_all)
        fine = run_count(&r);
    else if (fine)
        fine = r.root->grouped ? run_grouped(&r) : run_rows(&r);
    return sfo_runner_end(&r, fine);
}

bool sfo_soql_rows(sfo_store *s, const sfo_context *c, sf_str soql, const sfo_query_options *options, int64_t max,
                   sfi_buf *out, sfo_fault *f)
{
    sfo_runner r;
    int64_t count = 0;
    sfo_runner_begin(&r, s, c, options, out, f);
    bool fine = sfo_runner_compile(&r, soql);
    if (fine && (r.root->count_all || r.root->grouped))
        fine = sfo_fault_set(f, 400, "MALFORMED_QUERY", "a statement that yields rows is wanted here");
    if (fine) {
        sfi_json_begin_array(&r.w);
        fine = sfo_run_rows(&r, r.root, max, &count);
        sfi_json_end_array(&r.w);
    }
    if (fine && out->failed) fine = sfo_soql_memory_fault(f);
    return sfo_runner_end(&r, fine);
}

/* The plan that a cursor's path names: "" is the root, "0.2" a child's child. */
static sfo_plan *plan_at(sfo_plan *plan, const char *path)
{
    sf_str rest = sfi_str(path);
    while (plan != NULL && rest.len > 0) {
        int64_t i;
        if (!sfi_take_int(&rest, SFO_CHILD_QUERIES_MAX, &i) || (size_t)i >= plan->child_count) return NULL;
        plan = plan->children[i];
        (void)sfi_take_text(&rest, "."); /* not there at the end */
    }
    return plan;
}

static bool run_more(sfo_runner *r, const sfo_cursor *cursor, int64_t offset)
{
    sfo_plan *plan = plan_at(r->root, cursor->path);
    if (plan == NULL || plan->record == NULL || plan->grouped)
        return sfo_fault_set(r->c.fault, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    sfi_buf ids = { 0 };
    bool fine = sfo_pages_read(&r->pages, cursor, offset, r->batch, &ids, r->c.fault);
    if (fine) {
        int64_t next = offset + (int64_t)(ids.len / SFO_ID_LENGTH);
        write_head(r, cursor->total, next >= cursor->total, cursor->locator, next);
        fine = write_records(r, plan, ids.data, ids.len / SFO_ID_LENGTH) && write_tail(r);
    }
    sfi_buf_free(&ids);
    return fine;
}

bool sfo_soql_more(sfo_store *s, const sfo_context *c, sf_str locator, const sfo_query_options *options, sfi_buf *out,
                   sfo_fault *f)
{
    sfo_runner r;
    sfo_cursor cursor = { 0 };
    int64_t offset = 0;
    sfo_runner_begin(&r, s, c, options, out, f);
    bool fine = sfo_pages_find(&r.pages, locator, &cursor, &offset, f);
    if (fine) {
        r.c.all_rows = cursor.all_rows;
        fine = sfo_runner_compile(&r, sfi_str(cursor.soql)) && run_more(&r, &cursor, offset);
    }
    fine = sfo_runner_end(&r, fine);
    sfo_cursor_clear(&cursor);
    return fine;
}
