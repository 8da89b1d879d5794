/*
 * sosl.c: a search from its tree to records. The index of every object that is asked for is brought up to date, the text
 * becomes one expression of FTS5, and each object's query runs over the ids that it finds: WHERE, ORDER BY and LIMIT are
 * SQLite's work over those.
 */
#include "soql/sosl.h"
#include "soql/position.h"
#include "soql/runner.h"
#include "soql/sosl_internal.h"
#include "store/search.h"

#define S(x) (int)(x).len, (x).ptr

typedef struct search {
    sfo_runner r;
    sfo_sosl sosl;
    sfi_buf match; /* empty: nothing can match */
    sfo_search_range *ranges;
    int64_t left; /* rows that may still come */
} search;

/* Without RETURNING: every object that has text. */
static bool take_all_objects(search *x, sfo_parser *p)
{
    for (size_t i = 0; i < sfo_schema_count(x->r.c.schema); i++) {
        const sfo_object *o = sfo_schema_at(x->r.c.schema, i);
        if (!o->queryable || !sfo_search_has_text(o)) continue;
        sfo_ast_query q = { .limit = -1, .offset_rows = -1, .from_count = 1, .from = sfo_new(p, sizeof *q.from) };
        x->sosl.specs = q.from != NULL ? sfo_list_grow(p, x->sosl.specs, x->sosl.spec_count, sizeof q) : NULL;
        if (x->sosl.specs == NULL) return false;
        q.from->path.text = sfi_str(o->name);
        x->sosl.specs[x->sosl.spec_count++] = q;
    }
    return true;
}

static bool take_id_only(sfo_parser *p, sfo_ast_query *q)
{
    sfo_ast_expr *id = sfo_new(p, sizeof *id);
    if (id == NULL || (q->items = sfo_new(p, sizeof *q->items)) == NULL) return false;
    id->name.text = SFI_STR("Id");
    q->items[0] = (sfo_ast_item){ .expr = id };
    q->item_count = 1;
    return true;
}

/* The object of an entry, its index up to date. */
static bool prepare_spec(search *x, sfo_parser *p, size_t i)
{
    sfo_ast_query *q = &x->sosl.specs[i];
    const sfo_object *o;
    if (!sfo_resolve_object(&x->r.c, &q->from[0].path, &o)) return false;
    if (!sfo_search_has_text(o))
        return sfo_soql_fault_at(p->fault, p->text, q->from[0].path.offset, "INVALID_TYPE",
                                 "entity type %s does not support search", o->name);
    if (q->item_count == 0 && !take_id_only(p, q)) return false;
    return sfo_search_refresh(x->r.c.store, o, &x->ranges[i], p->fault);
}

static bool compile_ids(search *x, const sfo_ast_query *q, sfo_plan *plan, sfo_search_range range)
{
    sfo_compile *c = &x->r.c;
    sfo_sql *s = &plan->ids;
    sfo_sql_init(s, c, &plan->scope);
    if (s->joins == NULL) return sfo_compile_memory_fault(c);
    sf_str where, order;
    if (!sfo_compile_where(s, q, &where) || !sfo_compile_order(s, q, &order)) return false;
    sf_str match = sfo_param_text(s, sfi_buf_str(&x->match)), from = sfo_from_text(s), limit = sfo_limit_text(c, q);
    int table = s->joins[0].table;
    plan->ids_text = sfo_textf(c,
                               "SELECT t%d.\"Id\"%.*s WHERE t%d.\"Id\" IN (SELECT id FROM sfo_search WHERE sfo_search "
                               "MATCH %.*s AND rowid BETWEEN %lld AND %lld) AND %.*s ORDER BY %.*s%.*s",
                               table, S(from), table, S(match), (long long)range.from, (long long)range.to, S(where),
                               S(order), S(limit));
    plan->one_page = true;
    return !c->no_memory || sfo_compile_memory_fault(c);
}

static bool compile_spec(search *x, const sfo_ast_query *q, sfo_search_range range, sfo_plan **out)
{
    sfo_compile *c = &x->r.c;
    sfo_plan *plan = sfo_plan_new(c, &x->r.plans);
    if (plan == NULL || !sfo_resolve_object(c, &q->from[0].path, &plan->object) ||
        !sfo_scope_init(c, &plan->scope, plan->object, q->from, q->from_count))
        return false;
    plan->limit = q->limit;
    *out = plan;
    return sfo_compile_select(c, q, 1, &x->r.plans, plan) && compile_ids(x, q, plan, range) &&
           sfo_check_clauses(c, q, plan->object);
}

static bool run_spec(search *x, size_t i)
{
    sfo_plan *plan;
    int64_t count = 0;
    if (!compile_spec(x, &x->sosl.specs[i], x->ranges[i], &plan)) return false; /* errors come before «nothing found» */
    if (x->match.len == 0 || x->left == 0) return true;
    if (!sfo_run_rows(&x->r, plan, x->left, &count)) return false;
    x->left -= count;
    return true;
}

static bool run(search *x, sf_str sosl)
{
    sfo_parser p = { .text = sosl, .arena = &x->r.arena, .fault = x->r.c.fault };
    x->r.c.text = sosl;
    if (!sfo_sosl_parse(sosl, &x->r.arena, &x->sosl, x->r.c.fault)) return false;
    if (!x->sosl.has_returning && !take_all_objects(x, &p)) return false;
    if ((x->ranges = sfo_new(&p, (x->sosl.spec_count + 1) * sizeof *x->ranges)) == NULL) return false;
    for (size_t i = 0; i < x->sosl.spec_count; i++)
        if (!prepare_spec(x, &p, i)) return false;
    if (!sfo_find_write(x->r.c.store, &p, &x->sosl, &x->match)) return false;
    x->left = x->sosl.limit;
    sfi_json_begin_array(&x->r.w);
    for (size_t i = 0; i < x->sosl.spec_count; i++)
        if (!run_spec(x, i)) return false;
    sfi_json_end_array(&x->r.w);
    return !x->r.out->failed || sfo_soql_memory_fault(x->r.c.fault);
}

bool sfo_sosl_search(sfo_store *s, const sfo_context *c, sf_str sosl, sfi_buf *out, int64_t *count, sfo_fault *f)
{
    search x = { .left = 0 };
    sfo_runner_begin(&x.r, s, c, NULL, out, f);
    bool fine = run(&x, sosl);
    if (fine && count != NULL) *count = x.sosl.limit - x.left;
    fine = sfo_runner_end(&x.r, fine);
    sfi_buf_free(&x.match);
    if (!fine && f != NULL && strcmp(f->code, "MALFORMED_QUERY") == 0) /* SOQL's parsers speak of a query */
        (void)snprintf(f->code, sizeof f->code, "MALFORMED_SEARCH");
    return fine;
}
