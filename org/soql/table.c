/*
 * table.c: see table.h. The ids of the result come first, as ever; rows are then read by their ids, some thousand at a time
 * under the lock. A row that was deleted meanwhile is left out, as it is of a page.
 */
#include "soql/table.h"
#include "soql/format.h"
#include "soql/position.h"
#include "soql/runner.h"

enum { ROWS_AT_ONCE = 2000, TABLE_COLUMNS_MAX = SFO_COLUMNS_MAX, ID_LENGTH = 18 };

typedef struct table_column {
    const char *name;
    const sfo_out *out;
    const sfo_shape *shape;
} table_column;

typedef struct table {
    sfo_runner run;
    table_column *columns;
    size_t count;
    sf_str *cells;
    sfi_buf text; /* of the row's cells that SQLite has not as text */
    size_t *at;   /* where in text a cell begins; SIZE_MAX: cells[i] is set */
} table;

static bool refuse(table *t, const char *what)
{
    return sfo_fault_set(t->run.c.fault, 400, "FEATURENOTENABLED", "%s not supported in Bulk Query", what);
}

static bool add_columns(table *t, const sfo_shape *shape, const char *prefix)
{
    for (size_t i = 0; i < shape->out_count; i++) {
        const sfo_out *out = &shape->outs[i];
        sf_str name = sfo_textf(&t->run.c, "%s%s", prefix, out->key);
        if (name.ptr == NULL) return sfo_compile_memory_fault(&t->run.c);
        switch (out->kind) {
        case SFO_OUT_CHILD: return refuse(t, "Aggregate Relationships");
        case SFO_OUT_TYPEOF: return refuse(t, "TYPEOF");
        case SFO_OUT_COMPOUND: return refuse(t, "Selecting compound data");
        case SFO_OUT_PARENT: {
            sf_str deeper = sfo_textf(&t->run.c, "%s.", name.ptr);
            if (deeper.ptr == NULL) return sfo_compile_memory_fault(&t->run.c);
            if (!add_columns(t, out->parent, deeper.ptr)) return false;
            continue;
        }
        default: break;
        }
        if (out->field != NULL && out->field->type == SFO_BASE64) return refuse(t, "Selecting base64 data");
        if (t->count == TABLE_COLUMNS_MAX) return sfo_too_complicated(t->run.c.fault);
        t->columns[t->count++] = (table_column){ name.ptr, out, shape };
    }
    return true;
}

static bool compile(table *t, sfo_store *s, const sfo_context *c, sf_str soql, bool all_rows, sfo_fault *f)
{
    sfo_query_options options = { .all_rows = all_rows };
    sfo_runner_begin(&t->run, s, c, &options, &t->text, f);
    if (!sfo_runner_compile(&t->run, soql)) return false;
    const sfo_plan *plan = t->run.root;
    if (plan->count_all || plan->grouped) return refuse(t, "Aggregate functions and GROUP BY are");
    if (plan->one_page) return refuse(t, "OFFSET is");
    t->columns = sfi_arena_alloc(&t->run.arena, TABLE_COLUMNS_MAX * sizeof *t->columns);
    t->cells = sfi_arena_alloc(&t->run.arena, TABLE_COLUMNS_MAX * sizeof *t->cells);
    t->at = sfi_arena_alloc(&t->run.arena, TABLE_COLUMNS_MAX * sizeof *t->at);
    if (t->columns == NULL || t->cells == NULL || t->at == NULL) return sfo_compile_memory_fault(&t->run.c);
    return add_columns(t, plan->record, "");
}

static bool end(table *t, bool fine)
{
    t->run.out_len = 0;
    fine = sfo_runner_end(&t->run, fine);
    sfi_buf_free(&t->text);
    return fine;
}

/* ---- cells ---- */
static void cell_of_json(table *t, size_t i, const table_column *column, sqlite3_stmt *stmt, const char *id)
{
    t->at[i] = t->text.len;
    sfi_json_writer w = sfi_json_write_to(&t->text);
    const sfo_out *out = column->out;
    if (out->kind == SFO_OUT_LABEL)
        sfo_write_label(&w, out->field, stmt, out->column);
    else if (out->kind == SFO_OUT_FORMAT)
        sfo_write_formatted(&w, out->field, out->type, sfo_user_zone(&t->run.c), stmt, out->column);
    else if (out->kind == SFO_OUT_DOUBLE)
        sfi_json_double(&w, sqlite3_column_double(stmt, out->column));
    else
        sfo_write_column(&w, column->shape->object, out->field, id, t->run.c.context->version, stmt, out->column);
}

/* What stands as JSON in text from start on, as bare text; strings lose their quotes and escapes. */
static sf_str unjson(char *start, size_t len)
{
    if (len == 0 || *start != '"') return (sf_str){ start, len };
    sfi_json *doc = NULL;
    sf_str bare = { start + 1, len - 2 };
    if (memchr(bare.ptr, '\\', bare.len) == NULL) return bare;
    if (sfi_json_new(&doc, NULL) == SF_OK && sfi_json_parse(doc, (sf_str){ start, len }, NULL) == SF_OK) {
        sf_str text = sf_get_text(sfi_json_root(doc), NULL);
        memcpy(start, text.ptr, text.len); /* never longer than it was escaped */
        bare = (sf_str){ start, text.len };
    }
    sfi_json_free(doc);
    return bare;
}

static void read_cell(table *t, size_t i, sqlite3_stmt *stmt, const char *id)
{
    const table_column *column = &t->columns[i];
    const sfo_out *out = column->out;
    char time[32];
    t->at[i] = SIZE_MAX;
    t->cells[i] = SFI_STR("");
    if (sqlite3_column_type(stmt, out->column) == SQLITE_NULL) return;
    sfo_type type = out->field != NULL ? out->field->type : SFO_STRING;
    bool plain = out->kind == SFO_OUT_FIELD || out->kind == SFO_OUT_TEXT || out->kind == SFO_OUT_INT;
    if (out->kind == SFO_OUT_FIELD && type == SFO_DATETIME) {
        sfi_time_format(sqlite3_column_int64(stmt, out->column), time);
        t->at[i] = t->text.len;
        sfi_buf_add_str(&t->text, time);
    } else if (out->kind == SFO_OUT_FIELD && type == SFO_BOOLEAN) {
        t->cells[i] = sqlite3_column_int(stmt, out->column) != 0 ? SFI_STR("true") : SFI_STR("false");
    } else if (plain && type != SFO_DOUBLE && type != SFO_CURRENCY && type != SFO_PERCENT) {
        const char *text = (const char *)sqlite3_column_text(stmt, out->column);
        t->cells[i] = (sf_str){ text, (size_t)sqlite3_column_bytes(stmt, out->column) };
    } else {
        cell_of_json(t, i, column, stmt, id);
    }
}

static bool give_row(table *t, sqlite3_stmt *stmt, const char *id, const sfo_table_reader *reader)
{
    t->text.len = 0;
    for (size_t i = 0; i < t->count; i++) read_cell(t, i, stmt, id);
    if (t->text.failed) return sfo_soql_memory_fault(t->run.c.fault);
    size_t end = t->text.len;
    for (size_t i = t->count; i-- > 0;) { /* backwards: a cell in text ends where the next one begins */
        if (t->at[i] == SIZE_MAX) continue;
        t->cells[i] = unjson(t->text.data + t->at[i], end - t->at[i]);
        end = t->at[i];
    }
    return reader->row(reader->user, t->cells, t->count);
}

/* ---- running ---- */
static bool sql_fault(table *t)
{
    return sfo_fault_set(t->run.c.fault, 500, "UNKNOWN_EXCEPTION", "the query failed: %s",
                         sqlite3_errmsg(sfo_store_db(t->run.c.store)));
}

static bool collect(table *t, sfi_buf *ids)
{
    sfo_plan *plan = t->run.root;
    plan->ids_statement = sfo_prepare(&plan->ids, plan->ids_text);
    if (plan->ids_statement == NULL) return false;
    int rc;
    while ((rc = sqlite3_step(plan->ids_statement)) == SQLITE_ROW) {
        const char *id = (const char *)sqlite3_column_text(plan->ids_statement, 0);
        if (id == NULL || !sfi_buf_add(ids, id, ID_LENGTH)) break;
    }
    bool fine = rc == SQLITE_DONE;
    if (!fine && ids->failed) return sfo_soql_memory_fault(t->run.c.fault);
    sqlite3_reset(plan->ids_statement);
    return fine || sql_fault(t);
}

static bool give_rows(table *t, const sfi_buf *ids, const sfo_table_reader *reader)
{
    sfo_plan *plan = t->run.root;
    sqlite3_stmt *stmt = plan->rows_statement = sfo_prepare(&plan->rows, plan->rows_text);
    bool fine = stmt != NULL;
    for (size_t n = 0; fine && (n + 1) * ID_LENGTH <= ids->len; n++) {
        char id[ID_LENGTH + 1];
        memcpy(id, ids->data + n * ID_LENGTH, ID_LENGTH);
        id[ID_LENGTH] = '\0';
        sqlite3_bind_text(stmt, plan->id_bind, id, ID_LENGTH, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        fine = rc == SQLITE_ROW ? give_row(t, stmt, id, reader) : rc == SQLITE_DONE || sql_fault(t);
        sqlite3_reset(stmt);
        if (fine && n % ROWS_AT_ONCE == ROWS_AT_ONCE - 1) {
            sfo_store_unlock(t->run.c.store);
            sfo_store_lock(t->run.c.store);
        }
    }
    return fine;
}

bool sfo_soql_table_check(sfo_store *s, const sfo_context *c, sf_str soql, const sfo_object **object, sfo_fault *f)
{
    table t = { .count = 0 };
    bool fine = compile(&t, s, c, soql, false, f);
    if (fine) *object = t.run.root->object;
    return end(&t, fine);
}

bool sfo_soql_table(sfo_store *s, const sfo_context *c, sf_str soql, bool all_rows, const sfo_table_reader *reader,
                    sfo_fault *f)
{
    table t = { .count = 0 };
    sfi_buf ids = { 0 };
    bool fine = compile(&t, s, c, soql, all_rows, f);
    for (size_t i = 0; fine && i < t.count; i++) t.cells[i] = sfi_str(t.columns[i].name);
    fine = fine && reader->head(reader->user, t.cells, t.count) && collect(&t, &ids) && give_rows(&t, &ids, reader);
    sfi_buf_free(&ids);
    return end(&t, fine);
}
