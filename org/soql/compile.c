/*
 * compile.c: a statement's parts become SQL text, its parameters are bound. Parameters are numbered as they come
 * («?7»), so the parts can be compiled in the order in which errors count and put together in the order of SQL.
 */
#include "soql/compile_internal.h"
#include "soql/position.h"

bool sfo_too_complicated(sfo_fault *f)
{
    return sfo_fault_set(f, 400, "QUERY_TOO_COMPLICATED",
                         "Query is either selecting too many fields or the filter conditions are too complicated.");
}

/* A statement that fills the arena is too long for us, not the machine too small. */
bool sfo_compile_memory_fault(sfo_compile *c)
{
    return c->arena->used > c->arena->max / 2 ? sfo_too_complicated(c->fault) : sfo_soql_memory_fault(c->fault);
}

sf_str sfo_textf(sfo_compile *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : sfi_arena_alloc(c->arena, (size_t)len + 1);
    if (text == NULL) {
        c->no_memory = true;
        return SFI_STR("");
    }
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return (sf_str){ text, (size_t)len };
}

void *sfo_compile_grow(sfo_compile *c, void *items, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0) return items; /* room until the next power of two */
    size_t bytes = size * (count == 0 ? 1 : count * 2);
    void *bigger = sfi_arena_alloc(c->arena, bytes);
    if (bigger == NULL) {
        c->no_memory = true;
        return NULL;
    }
    memset(bigger, 0, bytes);
    if (count > 0) memcpy(bigger, items, count * size);
    return bigger;
}

void sfo_sql_init(sfo_sql *s, sfo_compile *c, const sfo_scope *scope)
{
    *s = (sfo_sql){ .c = c, .scope = scope };
    s->joins = sfo_compile_grow(c, NULL, 0, sizeof(sfo_join));
    if (s->joins == NULL) return;
    s->joins[0] = (sfo_join){ .parent = -1, .object = scope->object, .table = c->next_table++ };
    s->join_count = 1;
}

static sf_str add_bind(sfo_sql *s, sfo_bind bind)
{
    sfo_bind *binds = sfo_compile_grow(s->c, s->binds, s->bind_count, sizeof bind);
    if (binds == NULL) return SFI_STR("NULL");
    s->binds = binds;
    s->binds[s->bind_count++] = bind;
    return sfo_textf(s->c, "?%zu", s->bind_count);
}

sf_str sfo_param_int(sfo_sql *s, int64_t value)
{
    return add_bind(s, (sfo_bind){ .kind = 'i', .i = value });
}
sf_str sfo_param_double(sfo_sql *s, double value)
{
    return add_bind(s, (sfo_bind){ .kind = 'd', .d = value });
}
sf_str sfo_param_text(sfo_sql *s, sf_str value)
{
    return add_bind(s, (sfo_bind){ .kind = 't', .t = value });
}

int sfo_add_column(sfo_sql *s, sf_str sql)
{
    sf_str *columns = sfo_compile_grow(s->c, s->columns, s->column_count, sizeof sql);
    if (columns == NULL) return 0;
    s->columns = columns;
    s->columns[s->column_count] = sql;
    return (int)s->column_count++;
}

/* A buffer's bytes into the arena. */
static sf_str keep(sfo_compile *c, sfi_buf *b)
{
    char *text = b->failed ? NULL : sfi_arena_strndup(c->arena, b->len > 0 ? b->data : "", b->len);
    sf_str out = { text, b->len };
    sfi_buf_free(b);
    if (text != NULL) return out;
    c->no_memory = true;
    return SFI_STR("");
}

sf_str sfo_columns_text(sfo_sql *s)
{
    sfi_buf b = { 0 };
    for (size_t i = 0; i < s->column_count; i++) {
        if (i > 0) sfi_buf_add_char(&b, ',');
        sfi_buf_add(&b, s->columns[i].ptr, s->columns[i].len);
    }
    return keep(s->c, &b);
}

sf_str sfo_from_text(sfo_sql *s)
{
    sfi_buf b = { 0 };
    sfi_buf_addf(&b, " FROM \"%s\" t%d", s->joins[0].object->name, s->joins[0].table);
    for (size_t i = 1; i < s->join_count; i++) {
        const sfo_join *j = &s->joins[i];
        if (j->polymorphic) continue;
        sfi_buf_addf(&b, " LEFT JOIN \"%s\" t%d ON t%d.\"Id\"=%.*s", j->object->name, j->table, j->table,
                     (int)j->ref_sql.len, j->ref_sql.ptr);
    }
    return keep(s->c, &b);
}

sf_str sfo_visible_text(sfo_sql *s)
{
    if (s->c->all_rows || sfo_object_field(s->joins[0].object, SFI_STR("IsDeleted")) == NULL) return SFI_STR("1");
    return sfo_textf(s->c, "t%d.\"IsDeleted\"=0", s->joins[0].table);
}

static int bind_one(sqlite3_stmt *stmt, int at, const sfo_bind *b)
{
    if (b->kind == 'i') return sqlite3_bind_int64(stmt, at, b->i);
    if (b->kind == 'd') return sqlite3_bind_double(stmt, at, b->d);
    return sqlite3_bind_text(stmt, at, b->t.len > 0 ? b->t.ptr : "", (int)b->t.len, SQLITE_STATIC);
}

sqlite3_stmt *sfo_prepare(sfo_sql *s, sf_str sql)
{
    if (s->c->no_memory) {
        sfo_compile_memory_fault(s->c);
        return NULL;
    }
    if (s->bind_count > SFO_BINDS_MAX || s->column_count > SFO_COLUMNS_MAX) {
        sfo_too_complicated(s->c->fault);
        return NULL;
    }
    sqlite3 *db = sfo_store_db(s->c->store);
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql.ptr, (int)sql.len, &stmt, NULL);
    for (size_t i = 0; rc == SQLITE_OK && i < s->bind_count; i++) {
        rc = bind_one(stmt, (int)i + 1, &s->binds[i]);
        if (rc == SQLITE_RANGE) rc = SQLITE_OK; /* a parameter of a part that this text left out */
    }
    if (rc == SQLITE_OK) return stmt;
    if (rc == SQLITE_NOMEM)
        sfo_compile_memory_fault(s->c);
    else if (rc == SQLITE_TOOBIG || strstr(sqlite3_errmsg(db), "too ") != NULL) /* «at most 64 tables», depth, … */
        sfo_too_complicated(s->c->fault);
    else
        sfo_fault_set(s->c->fault, 500, "UNKNOWN_EXCEPTION", "the compiled query does not run: %s", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    return NULL;
}

sfo_plan *sfo_plan_new(sfo_compile *c, sfo_plans *all)
{
    sfo_plan *plan = sfo_compile_grow(c, NULL, 0, sizeof *plan);
    if (plan == NULL) {
        sfo_compile_memory_fault(c);
        return NULL;
    }
    plan->path = "";
    plan->next = all->first;
    all->first = plan;
    return plan;
}

void sfo_plans_close(sfo_plans *all)
{
    for (sfo_plan *p = all->first; p != NULL; p = p->next) {
        sqlite3_finalize(p->ids_statement);
        sqlite3_finalize(p->rows_statement);
    }
    all->first = NULL;
}
