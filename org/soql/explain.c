/*
 * explain.c: the plan of a query, from what SQLite says it would do. The leading operation is the driving table's;
 * cardinalities are counted, not guessed.
 */
#include "soql/runner.h"

#define S(x) (int)(x).len, (x).ptr

typedef struct leading { /* what SQLite does with the driving table */
    bool index;
    char fields[256]; /* of the index, comma between */
} leading;

static bool sql_fault(sfo_runner *r)
{
    return sfo_fault_set(r->c.fault, 500, "UNKNOWN_EXCEPTION", "the query cannot be explained: %s",
                         sqlite3_errmsg(sfo_store_db(r->c.store)));
}

/* «SEARCH t0 USING INDEX ix_Account_OwnerId (OwnerId=? AND …)»: the names before the comparisons. */
static void read_detail(const char *detail, leading *out)
{
    const char *at = strrchr(detail, '(');
    out->index = strncmp(detail, "SEARCH", 6) == 0;
    if (!out->index || at == NULL) return;
    size_t n = 0;
    bool in_name = true;
    for (at++; *at != '\0' && n + 2 < sizeof out->fields; at++) {
        bool letter =
            (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '_';
        if (strncmp(at, " AND ", 5) == 0) {
            out->fields[n++] = ',';
            in_name = true;
            at += 4;
        } else if (letter && in_name) {
            out->fields[n++] = *at;
        } else {
            in_name = false;
        }
    }
    out->fields[n] = '\0';
}

static bool find_leading(sfo_runner *r, sfo_sql *sql, sf_str text, leading *out)
{
    *out = (leading){ 0 };
    sqlite3_stmt *stmt = sfo_prepare(sql, sfo_textf(&r->c, "EXPLAIN QUERY PLAN %.*s", S(text)));
    if (stmt == NULL) return false;
    char table[24];
    snprintf(table, sizeof table, " t%d", sql->joins[0].table);
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(stmt, 3);
        const char *found = detail != NULL ? strstr(detail, table) : NULL;
        if (found == NULL || (found[strlen(table)] != '\0' && found[strlen(table)] != ' ')) continue;
        read_detail(detail, out);
        break;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE || sql_fault(r);
}

static bool count_rows(sfo_runner *r, sfo_sql *sql, sf_str text, int64_t *out)
{
    sqlite3_stmt *stmt = sfo_prepare(sql, sfo_textf(&r->c, "SELECT COUNT(*) FROM (%.*s)", S(text)));
    if (stmt == NULL) return false;
    bool fine = sqlite3_step(stmt) == SQLITE_ROW;
    if (fine) *out = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return fine || sql_fault(r);
}

static void write_plan(sfo_runner *r, bool index, const char *fields, int64_t rows, int64_t all, double cost)
{
    sfi_json_writer *w = &r->w;
    const char *object = r->root->object->name;
    sfi_json_begin_object(w);
    sfi_json_key(w, "cardinality");
    sfi_json_int(w, rows);
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
    for (sf_str rest = sfi_str(index ? fields : ""); rest.len > 0;) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        size_t n = comma != NULL ? (size_t)(comma - rest.ptr) : rest.len;
        sfi_json_string_n(w, (sf_str){ rest.ptr, n });
        n += comma != NULL;
        rest = (sf_str){ rest.ptr + n, rest.len - n };
    }
    sfi_json_end_array(w);
    sfi_json_key(w, "leadingOperationType");
    sfi_json_string(w, index ? "Index" : "TableScan");
    sfi_json_key(w, "notes");
    sfi_json_begin_array(w);
    if (!r->c.all_rows && sfo_object_field(r->root->object, SFI_STR("IsDeleted")) != NULL) {
        sfi_json_begin_object(w);
        sfi_json_key(w, "description");
        sfi_json_string(w, "Not considering filter for optimization because unindexed");
        sfi_json_key(w, "fields");
        sfi_json_begin_array(w);
        sfi_json_string(w, "IsDeleted");
        sfi_json_end_array(w);
        sfi_json_key(w, "tableEnumOrId");
        sfi_json_string(w, object);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_key(w, "relativeCost");
    sfi_json_double(w, cost);
    sfi_json_key(w, "sobjectCardinality");
    sfi_json_int(w, all);
    sfi_json_key(w, "sobjectType");
    sfi_json_string(w, object);
    sfi_json_end_object(w);
}

static double rounded(double d)
{
    return (double)(int64_t)(d * 1000 + 0.5) / 1000;
}

static bool explain(sfo_runner *r, sf_str soql)
{
    sfo_plan *plan = r->root;
    bool by_ids = !plan->count_all && !plan->grouped;
    sfo_sql *sql = by_ids ? &plan->ids : &plan->rows, everything;
    sf_str text = by_ids ? plan->ids_text : plan->rows_text;
    int64_t rows = 0, all = 0;
    leading lead;
    sfo_sql_init(&everything, &r->c, &plan->scope);
    sf_str visible = sfo_visible_text(&everything);
    sf_str all_text = sfo_textf(&r->c, "SELECT 1 FROM \"%s\" t%d WHERE %.*s", plan->object->name,
                                everything.joins != NULL ? everything.joins[0].table : 0, S(visible));
    if (!find_leading(r, sql, text, &lead) || !count_rows(r, sql, text, &rows) ||
        !count_rows(r, &everything, all_text, &all))
        return false;
    double share = all > 0 ? (double)rows / (double)all : 0;
    sfi_json_begin_object(&r->w);
    sfi_json_key(&r->w, "plans");
    sfi_json_begin_array(&r->w);
    if (lead.index) write_plan(r, true, lead.fields, rows, all, rounded(share / 3));
    write_plan(r, false, "", rows, all, rounded(0.3 + share));
    sfi_json_end_array(&r->w);
    sfi_json_key(&r->w, "sourceQuery");
    sfi_json_string_n(&r->w, soql);
    sfi_json_end_object(&r->w);
    return true;
}

bool sfo_soql_explain(sfo_store *s, const sfo_context *c, sf_str soql, sfi_buf *out, sfo_fault *f)
{
    sfo_runner r;
    sfo_runner_begin(&r, s, c, NULL, out, f);
    bool fine = sfo_runner_compile(&r, soql) && explain(&r, soql);
    return sfo_runner_end(&r, fine);
}
