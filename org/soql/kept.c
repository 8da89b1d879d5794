/*
 * kept.c: a statement about one record, kept for others: see soql.h. It is parsed, compiled and prepared once; for each
 * further record only the id is bound anew, which is the last parameter that holds it.
 */
#include "soql/position.h"
#include "soql/runner.h"

struct sfo_soql_kept {
    sfo_runner r;
    sfo_query_options options;
    int id_bind; /* from 1 */
};

static int find_id(const sfo_sql *s, sf_str id)
{
    for (size_t i = s->bind_count; i-- > 0;)
        if (s->binds[i].kind == 't' && sfi_str_eq(s->binds[i].t, id)) return (int)i + 1;
    return 0;
}

void sfo_soql_kept_free(sfo_soql_kept *k)
{
    sfo_fault ignored = { 0 };
    sfi_buf out = { 0 };
    if (k == NULL) return;
    sfo_store_lock(k->r.c.store);
    k->r.c.fault = &ignored;
    k->r.out = &out;
    (void)sfo_runner_end(&k->r, true); /* unlocks */
    sfo_fault_clear(&ignored);
    sfi_buf_free(&out);
    sfi_free(k);
}

sfo_soql_kept *sfo_soql_keep(sfo_store *s, const sfo_context *c, sf_str soql, sf_str id, bool all_rows)
{
    sfo_fault fault = { 0 };
    sfi_buf out = { 0 };
    sfo_soql_kept *k = sfi_calloc(sizeof *k);
    if (k == NULL) return NULL;
    k->options.all_rows = all_rows;
    sfo_runner_begin(&k->r, s, c, &k->options, &out, &fault);
    char *text = sfi_arena_strndup(&k->r.arena, soql.ptr, soql.len); /* the plan holds pieces of it */
    bool fine = text != NULL && sfo_runner_compile(&k->r, (sf_str){ text, soql.len }) && !k->r.root->count_all &&
                !k->r.root->grouped;
    if (fine) k->id_bind = find_id(&k->r.root->ids, id);
    sfo_store_unlock(s);
    sfo_fault_clear(&fault);
    /* What depends on the day, or on the user's time zone, is another statement tomorrow. */
    if (fine && k->id_bind > 0 && !k->r.c.zone_known && k->r.root->child_count == 0) return k;
    sfo_soql_kept_free(k);
    return NULL;
}

bool sfo_soql_kept_rows(sfo_soql_kept *k, sf_str id, sfi_buf *out, sfo_fault *f)
{
    sfo_runner *r = &k->r;
    sfo_plan *plan = r->root;
    int64_t count = 0;
    size_t before = out->len;
    sfo_store_lock(r->c.store);
    r->c.fault = f;
    r->out = out;
    r->w = sfi_json_write_to(out);
    if (plan->ids_statement == NULL) plan->ids_statement = sfo_prepare(&plan->ids, plan->ids_text);
    bool fine = plan->ids_statement != NULL;
    if (fine) sqlite3_bind_text(plan->ids_statement, k->id_bind, id.ptr, (int)id.len, SQLITE_TRANSIENT);
    sfi_json_begin_array(&r->w);
    fine = fine && sfo_run_rows(r, plan, 1, &count);
    sfi_json_end_array(&r->w);
    if (fine && out->failed) fine = sfo_soql_memory_fault(f);
    if (!fine && out->data != NULL) {
        out->len = before;
        out->data[before] = '\0';
    }
    sfo_store_unlock(r->c.store);
    return fine;
}
