/* report_result.c: a report's result as columns, rows and facts. Called by reports.c (new) and programs. Owns the answer's
 * document and an arena for the lists made from it. The one idea: the groups of each side are put into the order of the
 * report once (a group after what is in it, the total last), every fact is sorted by its two places there, and the rows
 * are then those of one fact after the other. */
#include <salesforce/reports.h>
#include "json/json_internal.h"
#include "rest/reports_internal.h"

enum {
    LEVELS_MAX = 16,      /* groupings of one side; the product has three */
    COLUMNS_MAX = 2000,   /* of one part; the product takes 100 */
    GROUPS_MAX = 1000000, /* of one side */
    KEY_MAX = 200,        /* bytes of a fact's key in messages */
    PARTS = SF_REPORT_ACROSS + 1
};

typedef struct node { /* a group, or the total of its side */
    const char *key;  /* "0_1"; "T" */
    const sf_report_group *groups;
    size_t depth;
    uint32_t place; /* in the order of the report */
} node;

typedef struct side {
    node *nodes; /* sorted by key */
    size_t count;
} side;

typedef struct fact {
    const char *key;
    const node *down, *across;
    sf_value value;
    sf_report_cell *aggregates; /* NULL: not read yet */
    size_t aggregate_count;
    int64_t rows;
} fact;

struct sf_report_result {
    sf_document *doc;
    sf_value root;
    sfi_arena arena;
    sf_report_info info;
    bool is_joined;
    bool columns_known; /* the answer says which detail columns there are */
    sf_report_column *columns[PARTS];
    size_t column_count[PARTS];
    fact *facts;
    size_t fact_count;
    size_t at; /* the fact whose rows are read */
    bool at_begun;
    sf_iter rows;
    sf_report_cell *cells;
    sf_status end; /* SF_OK: goes on */
};

static void *take(sf_report_result *r, size_t count, size_t size)
{
    size_t bytes;
    void *p = sfi_mul(count > 0 ? count : 1, size, &bytes) ? sfi_arena_alloc(&r->arena, bytes) : NULL;
    if (p != NULL) memset(p, 0, bytes);
    return p;
}

static sf_status no_memory(sf_error *err)
{
    return sfi_fail_memory(err, "a report's result");
}

/* ---- columns ---- */

/* A member by its whole name: those of columns have dots. */
static sf_value member(sf_value object, const char *name)
{
    sf_str key;
    sf_value v;
    for (sf_iter it = sf_iter_begin(object); sf_iter_next(&it, &key, &v);)
        if (sfi_str_is(key, name)) return v;
    return (sf_value){ 0 };
}

/* names: of texts, or of objects with a "name". */
static sf_status read_columns(sf_report_result *r, sf_report_part part, sf_value names, sf_value infos, sf_error *err)
{
    size_t count = names.type == SF_ARRAY ? sf_value_count(names) : 0;
    if (count > COLUMNS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a report's result has more than %d columns", COLUMNS_MAX);
    sf_report_column *columns = take(r, count, sizeof *columns);
    if (columns == NULL) return no_memory(err);
    size_t i = 0;
    sf_value v;
    for (sf_iter it = sf_iter_begin(names); i < count && sf_iter_next(&it, NULL, &v); i++) {
        const char *name = v.type == SF_OBJECT ? sf_get_str(v, "name") : sf_get_str(v, NULL);
        if (name == NULL) return sfi_fail(err, SF_ERR_PROTOCOL, "a report's result has a column without name");
        sf_value info = member(infos, name);
        const char *label = sf_get_str(info, "label"), *type = sf_get_str(info, "dataType");
        columns[i] =
            (sf_report_column){ .name = name, .label = label != NULL ? label : name, .type = type != NULL ? type : "" };
    }
    r->columns[part] = columns;
    r->column_count[part] = count;
    return SF_OK;
}

static sf_status read_all_columns(sf_report_result *r, sf_error *err)
{
    static const struct {
        const char *names, *infos;
    } paths[PARTS] = {
        { "reportMetadata.detailColumns", "reportExtendedMetadata.detailColumnInfo" },
        { "reportMetadata.aggregates", "reportExtendedMetadata.aggregateColumnInfo" },
        { "reportMetadata.groupingsDown", "reportExtendedMetadata.groupingColumnInfo" },
        { "reportMetadata.groupingsAcross", "reportExtendedMetadata.groupingColumnInfo" },
    };
    r->columns_known = sf_get(r->root, paths[SF_REPORT_DETAILS].names).type == SF_ARRAY;
    sf_status rc = SF_OK;
    for (size_t i = 0; i < PARTS && rc == SF_OK; i++)
        rc = read_columns(r, (sf_report_part)i, sf_get(r->root, paths[i].names), sf_get(r->root, paths[i].infos), err);
    return rc;
}

/* ---- groups ---- */

typedef struct walk {
    sf_report_result *r;
    side *side;
    size_t cap;
    sf_report_group path[LEVELS_MAX];
    sf_error *err;
} walk;

static sf_status add_node(walk *w, const char *key, size_t depth)
{
    if (w->side->count == w->cap) {
        if (w->cap >= GROUPS_MAX)
            return sfi_fail(w->err, SF_ERR_LIMIT, "a report's result has more than %d groups", GROUPS_MAX);
        size_t cap = w->cap > 0 ? w->cap * 2 : 32;
        node *bigger = take(w->r, cap, sizeof *bigger);
        if (bigger == NULL) return no_memory(w->err);
        if (w->side->count > 0) memcpy(bigger, w->side->nodes, w->side->count * sizeof *bigger);
        w->side->nodes = bigger;
        w->cap = cap;
    }
    sf_report_group *groups = take(w->r, depth, sizeof *groups);
    if (groups == NULL) return no_memory(w->err);
    if (depth > 0) memcpy(groups, w->path, depth * sizeof *groups);
    w->side->nodes[w->side->count] =
        (node){ .key = key, .groups = groups, .depth = depth, .place = (uint32_t)w->side->count };
    w->side->count++;
    return SF_OK;
}

/* Depth is bounded by LEVELS_MAX. */
static sf_status walk_groups(walk *w, sf_value groups, size_t depth)
{
    sf_value v;
    for (sf_iter it = sf_iter_begin(groups); sf_iter_next(&it, NULL, &v);) {
        if (depth == LEVELS_MAX)
            return sfi_fail(w->err, SF_ERR_LIMIT, "a report's result has groups more than %d deep", LEVELS_MAX);
        const char *key = sf_get_str(v, "key");
        if (key == NULL) return sfi_fail(w->err, SF_ERR_PROTOCOL, "a report's result has a group without key");
        w->path[depth] = (sf_report_group){ .key = key, .label = sf_get_str(v, "label"), .value = sf_get(v, "value") };
        sf_status rc = walk_groups(w, sf_get(v, "groupings"), depth + 1);
        if (rc == SF_OK) rc = add_node(w, key, depth + 1);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const node *)a)->key, ((const node *)b)->key);
}

static sf_status read_side(sf_report_result *r, const char *path, side *out, sf_error *err)
{
    walk w = { .r = r, .side = out, .err = err };
    sf_status rc = walk_groups(&w, sf_get(r->root, path), 0);
    if (rc == SF_OK) rc = add_node(&w, "T", 0);
    if (rc != SF_OK) return rc;
    qsort(out->nodes, out->count, sizeof *out->nodes, by_key);
    for (size_t i = 1; i < out->count; i++)
        if (strcmp(out->nodes[i - 1].key, out->nodes[i].key) == 0)
            return sfi_fail(err, SF_ERR_PROTOCOL, "a report's result has two groups with the key %.*s", KEY_MAX,
                            out->nodes[i].key);
    return SF_OK;
}

static const node *find_node(const side *s, const char *key)
{
    node wanted = { .key = key };
    return bsearch(&wanted, s->nodes, s->count, sizeof *s->nodes, by_key);
}

/* ---- facts ---- */

static int by_place(const void *a, const void *b)
{
    const fact *x = a, *y = b;
    if (x->down->place != y->down->place) return x->down->place < y->down->place ? -1 : 1;
    if (x->across->place != y->across->place) return x->across->place < y->across->place ? -1 : 1;
    return 0;
}

/* "0_1!T" into the two groups it means. */
static sf_status place_fact(sf_report_result *r, const side *down, const side *across, const char *key, fact *out,
                            sf_error *err)
{
    const char *mark = strchr(key, '!');
    char *first = mark != NULL ? sfi_arena_strndup(&r->arena, key, (size_t)(mark - key)) : NULL;
    if (mark != NULL && first == NULL) return no_memory(err);
    out->key = key;
    out->down = first != NULL ? find_node(down, first) : NULL;
    out->across = mark != NULL ? find_node(across, mark + 1) : NULL;
    if (out->down != NULL && out->across != NULL) return SF_OK;
    return sfi_fail(err, SF_ERR_PROTOCOL, "a report's result: the fact \"%.*s\" belongs to no group", KEY_MAX, key);
}

static sf_status read_facts(sf_report_result *r, sf_error *err)
{
    side down = { 0 }, across = { 0 };
    sf_value map = sf_get(r->root, "factMap");
    if (map.type != SF_OBJECT) return sfi_fail(err, SF_ERR_PROTOCOL, "a report's result has no \"factMap\"");
    sf_status rc = read_side(r, "groupingsDown.groupings", &down, err);
    if (rc == SF_OK) rc = read_side(r, "groupingsAcross.groupings", &across, err);
    if (rc != SF_OK) return rc;
    size_t count = sf_value_count(map);
    fact *facts = take(r, count, sizeof *facts);
    if (facts == NULL) return no_memory(err);
    sf_str key;
    sf_value v;
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(map); i < count && sf_iter_next(&it, &key, &v); i++) {
        rc = place_fact(r, &down, &across, key.ptr, &facts[i], err);
        if (rc != SF_OK) return rc;
        facts[i].value = v;
        facts[i].rows = (int64_t)sf_value_count(sf_get(v, "rows"));
        facts[i].aggregate_count = sf_value_count(sf_get(v, "aggregates"));
        if (r->columns_known && facts[i].aggregate_count != r->column_count[SF_REPORT_AGGREGATES])
            return sfi_fail(err, SF_ERR_PROTOCOL, "a report's result: the fact \"%.*s\" does not have %zu aggregates",
                            KEY_MAX, key.ptr, r->column_count[SF_REPORT_AGGREGATES]);
        r->info.rows += facts[i].rows;
    }
    qsort(facts, count, sizeof *facts, by_place);
    r->facts = facts;
    r->fact_count = count;
    return SF_OK;
}

/* ---- making one ---- */

static void read_info(sf_report_result *r)
{
    sf_report_info *info = &r->info;
    bool is_instance =
        strcmp(sf_get_str(r->root, "attributes.type") != NULL ? sf_get_str(r->root, "attributes.type") : "",
               "ReportInstance") == 0;
    info->report_id = sf_get_str(r->root, "attributes.reportId");
    info->name = sf_get_str(r->root, "attributes.reportName");
    if (info->name == NULL) info->name = sf_get_str(r->root, "reportMetadata.name");
    info->format = sf_get_str(r->root, "reportMetadata.reportFormat");
    info->error = sf_get_str(r->root, "attributes.errorMessage");
    info->state = is_instance ? sfi_report_state_of(sf_get_str(r->root, "attributes.status")) : SF_REPORT_SUCCESS;
    info->all_data = sf_get_bool(r->root, "allData", true);
    info->row_limit_exceeded = sf_get_bool(r->root, "hasExceededTabularRowLimit", false);
    r->is_joined = info->format != NULL && strcmp(info->format, "MULTI_BLOCK") == 0;
}

static sf_status read_result(sf_report_result *r, sf_error *err)
{
    if (r->root.type != SF_OBJECT) return sfi_fail(err, SF_ERR_PROTOCOL, "a report's result is no JSON object");
    read_info(r);
    if (r->info.state != SF_REPORT_SUCCESS) return SF_OK;
    sf_status rc = read_all_columns(r, err);
    if (rc == SF_OK && !r->is_joined) rc = read_facts(r, err);
    if (rc == SF_OK) {
        r->info.has_details = sf_get_bool(r->root, "hasDetailRows", r->info.rows > 0);
        r->cells = take(r, r->column_count[SF_REPORT_DETAILS], sizeof *r->cells);
        if (r->cells == NULL) rc = no_memory(err);
    }
    return rc;
}

sf_status sfi_report_result_new(sf_document *doc, sf_report_result **out, sf_error *err)
{
    *out = NULL;
    sf_report_result *r = sfi_calloc(sizeof *r);
    if (r == NULL) {
        sf_document_free(doc);
        return no_memory(err);
    }
    r->doc = doc;
    r->root = sf_document_root(doc);
    sf_status rc = read_result(r, err);
    if (rc == SF_OK) {
        *out = r;
        r = NULL;
    }
    sf_report_close(r);
    return rc;
}

void sf_report_close(sf_report_result *r)
{
    if (r == NULL) return;
    sf_document_free(r->doc);
    sfi_arena_free(&r->arena);
    sfi_free(r);
}

/* ---- reading ---- */

void sf_report_get_info(const sf_report_result *r, sf_report_info *out)
{
    if (out != NULL) *out = r != NULL ? r->info : (sf_report_info){ 0 };
}

size_t sf_report_column_count(const sf_report_result *r, sf_report_part part)
{
    return r != NULL && (unsigned)part < PARTS ? r->column_count[part] : 0;
}

sf_report_column sf_report_column_at(const sf_report_result *r, sf_report_part part, size_t i)
{
    return i < sf_report_column_count(r, part) ? r->columns[part][i] : (sf_report_column){ 0 };
}

sf_value sf_report_document(const sf_report_result *r)
{
    return r != NULL ? r->root : (sf_value){ 0 };
}

static sf_report_cell cell_of(sf_value v)
{
    return (sf_report_cell){ .label = sf_get_str(v, "label"), .value = sf_get(v, "value") };
}

/* Why there are no rows to read; SF_OK: there are, or there were. */
static sf_status why_not(const sf_report_result *r, sf_error *err)
{
    if (r->is_joined)
        return sfi_fail(err, SF_ERR_UNSUPPORTED, "a joined report cannot be read as rows: read its document");
    if (r->info.state == SF_REPORT_ERROR)
        return sfi_fail(err, SF_ERR_USAGE, "the report's run failed: %s",
                        r->info.error != NULL ? r->info.error : "the org says no more");
    if (r->info.state != SF_REPORT_SUCCESS)
        return sfi_fail(err, SF_ERR_USAGE, "the report's run has not ended: wait for it");
    return SF_OK;
}

/* What stands behind the last row. */
static sf_status finish(sf_report_result *r, sf_error *err)
{
    if (r->end == SF_OK) r->end = r->info.has_details && !r->info.all_data ? SF_ERR_TRUNCATED : SF_DONE;
    if (r->end == SF_ERR_PROTOCOL)
        return sfi_fail(err, SF_ERR_PROTOCOL, "a report's result: a row of \"%.*s\" does not have %zu cells", KEY_MAX,
                        r->facts[r->at].key, r->column_count[SF_REPORT_DETAILS]);
    if (r->end == SF_ERR_TRUNCATED)
        return sfi_fail(
            err, SF_ERR_TRUNCATED,
            "the org put %lld rows of the report into its answer and left others out: narrow it by a filter",
            (long long)r->info.rows);
    return r->end;
}

static bool next_value(sf_report_result *r, sf_value *row)
{
    for (;;) { /* ends: at rises to fact_count */
        if (r->at == r->fact_count) return false;
        if (!r->at_begun) {
            r->rows = sf_iter_begin(sf_get(r->facts[r->at].value, "rows"));
            r->at_begun = true;
        }
        if (sf_iter_next(&r->rows, NULL, row)) return true;
        r->at++;
        r->at_begun = false;
    }
}

sf_status sf_report_next(sf_report_result *r, sf_report_row *row, sf_error *err)
{
    sf_value v, cell;
    if (r == NULL || row == NULL) return sfi_fail(err, SF_ERR_USAGE, "the result or row is NULL");
    sf_status rc = why_not(r, err);
    if (rc != SF_OK) return rc;
    if (r->end != SF_OK || !next_value(r, &v)) return finish(r, err);
    size_t count = 0, most = r->column_count[SF_REPORT_DETAILS];
    for (sf_iter it = sf_iter_begin(sf_get(v, "dataCells")); sf_iter_next(&it, NULL, &cell); count++)
        if (count < most) r->cells[count] = cell_of(cell);
    if (count != most && r->columns_known) {
        r->end = SF_ERR_PROTOCOL;
        return finish(r, err);
    }
    const fact *f = &r->facts[r->at];
    *row = (sf_report_row){ .key = f->key,
                            .down = f->down->groups,
                            .down_count = f->down->depth,
                            .across = f->across->groups,
                            .across_count = f->across->depth,
                            .cells = r->cells,
                            .cell_count = count < most ? count : most };
    return SF_ROW;
}

/* ---- facts ---- */

size_t sf_report_fact_count(const sf_report_result *r)
{
    return r != NULL ? r->fact_count : 0;
}

static sf_status read_aggregates(sf_report_result *r, fact *f, sf_error *err)
{
    sf_value v;
    size_t i = 0;
    if (f->aggregates != NULL) return SF_OK;
    sf_report_cell *cells = take(r, f->aggregate_count, sizeof *cells);
    if (cells == NULL) return no_memory(err);
    for (sf_iter it = sf_iter_begin(sf_get(f->value, "aggregates"));
         sf_iter_next(&it, NULL, &v) && i < f->aggregate_count;)
        cells[i++] = cell_of(v);
    f->aggregates = cells;
    return SF_OK;
}

sf_status sf_report_fact_at(sf_report_result *r, size_t i, sf_report_fact *out, sf_error *err)
{
    if (r == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "the result or out is NULL");
    if (i >= r->fact_count) return SF_DONE;
    fact *f = &r->facts[i];
    sf_status rc = read_aggregates(r, f, err);
    if (rc != SF_OK) return rc;
    *out = (sf_report_fact){ .key = f->key,
                             .down = f->down->groups,
                             .down_count = f->down->depth,
                             .across = f->across->groups,
                             .across_count = f->across->depth,
                             .aggregates = f->aggregates,
                             .aggregate_count = f->aggregate_count,
                             .rows = f->rows };
    return SF_ROW;
}

sf_status sf_report_fact_find(sf_report_result *r, const char *key, sf_report_fact *out, sf_error *err)
{
    if (r == NULL || key == NULL || out == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the result, the key or out is NULL");
    for (size_t i = 0; i < r->fact_count; i++)
        if (strcmp(r->facts[i].key, key) == 0) return sf_report_fact_at(r, i, out, err);
    return SF_DONE;
}
