/* report_run.c: a report's rows as groups and facts: see reports.h. All rows come from one SOQL statement; each side's
 * groups are found by sorting the rows by their values; then every row counts in the fact of each pair of groups around
 * it, totals included, and is shown in the innermost one. */
#include "api/reports.h"
#include "json/json_internal.h"
#include "soql/soql.h"
#include <math.h>

enum {
    ROWS_MAX = 1000000, /* that are read; far more than a local org has */
    FACTS_MAX = 200000  /* groups down times groups across */
};

typedef struct row {
    sf_value record;
    const sfo_report_text *down, *across; /* one a grouping */
    uint32_t down_node, across_node;      /* the innermost group; 0: the total */
    struct row *next;                     /* in the same fact */
} row;

typedef struct node {               /* node 0 is the total of its side */
    uint32_t parent, level, number; /* number: place among its siblings */
    const sfo_report_text *text;
    char key[48];
} node;

typedef struct side {
    const sfo_report_grouping *groupings;
    size_t levels;
    node *nodes;
    size_t count;
} side;

typedef struct tally {
    double sum, min, max;
    int64_t count; /* values that are there */
} tally;

typedef struct fact {
    int64_t rows;
    tally *tallies; /* one an aggregate */
    row *first, *last;
} fact;

typedef struct run {
    const sfo_report *report;
    const char *zone;
    sfi_arena arena;
    sfo_fault *f;
    bool details;
    sf_document *doc;
    row *rows;
    size_t row_count;
    side down, across;
    fact *facts; /* down.count * across.count */
    sfi_json_writer w;
    int64_t shown; /* detail rows so far */
} run;

static void *take(run *r, size_t count, size_t size)
{
    size_t bytes;
    void *p = sfi_mul(count > 0 ? count : 1, size, &bytes) ? sfi_arena_alloc(&r->arena, bytes) : NULL;
    if (p != NULL) memset(p, 0, bytes);
    return p;
}

static bool no_memory(const run *r)
{
    return sfo_fault_set(r->f, 503, "SERVER_UNAVAILABLE", "no memory for the report");
}

/* ---- the statement ---- */

static void add_path(sfi_buf *soql, const char *path)
{
    /* a path may stand only once in a SELECT; Id is there already */
    char wanted[256];
    snprintf(wanted, sizeof wanted, " %s,", path);
    if (!sfi_buf_add_char(soql, ',')) return; /* so that the last one is found too */
    bool known = strstr(soql->data, wanted) != NULL;
    soql->data[--soql->len] = '\0';
    if (!known) sfi_buf_addf(soql, ", %s", path);
}

static void add_column(sfi_buf *soql, const sfo_report_column *c)
{
    add_path(soql, c->path);
    if (c->id_path != NULL) add_path(soql, c->id_path);
}

static bool build(run *r, const char *user_id, sfi_buf *soql)
{
    const sfo_report *d = r->report;
    sfi_buf_add_str(soql, "SELECT Id");
    for (size_t i = 0; i < d->column_count && !soql->failed; i++) add_column(soql, d->columns[i]);
    for (size_t i = 0; i < d->down_count && !soql->failed; i++) add_column(soql, d->down[i].column);
    for (size_t i = 0; i < d->across_count && !soql->failed; i++) add_column(soql, d->across[i].column);
    for (size_t i = 0; i < d->aggregate_count && !soql->failed; i++)
        if (d->aggregates[i].column != NULL) add_column(soql, d->aggregates[i].column);
    sfi_buf_addf(soql, " FROM %s", d->type->object->name);
    if (!sfo_report_where(d, user_id, r->zone, soql, r->f)) return false;
    sfi_buf_add_str(soql, " ORDER BY ");
    if (d->sort_column != NULL)
        sfi_buf_addf(soql, "%s %s NULLS %s, ", d->sort_column->path, d->sort_descending ? "DESC" : "ASC",
                     d->sort_descending ? "LAST" : "FIRST");
    sfi_buf_add_str(soql, "Id");
    return !soql->failed || no_memory(r);
}

/* What SOQL says of a statement that we made is about the report. */
static bool reword(const run *r)
{
    char message[400];
    const char *last = r->f->message != NULL ? strrchr(r->f->message, '\n') : NULL;
    if (r->f->http_status != 400) return false;
    snprintf(message, sizeof message, "%.300s", last != NULL ? last + 1 : r->f->message != NULL ? r->f->message : "");
    sfo_fault_clear(r->f);
    return sfo_report_bad(r->f, "We ran into an error when running this report: %s", message);
}

static bool read_rows(run *r, sfo_store *store, const sfo_context *context)
{
    sfi_buf soql = { 0 }, json = { 0 };
    bool ok = build(r, context->user_id, &soql);
    if (ok && !sfo_soql_rows(store, context, sfi_buf_str(&soql), NULL, ROWS_MAX, &json, r->f)) {
        (void)reword(r);
        ok = false;
    }
    if (ok && sf_document_parse(json.data, json.len, &r->doc, NULL) != SF_OK) ok = no_memory(r);
    sfi_buf_free(&soql);
    sfi_buf_free(&json);
    return ok;
}

static sfo_report_text *texts_of(run *r, sf_value record, const sfo_report_grouping *groupings, size_t count)
{
    sfo_report_text *texts = take(r, count, sizeof *texts);
    for (size_t i = 0; texts != NULL && i < count; i++) {
        const sfo_report_column *c = groupings[i].column;
        bool fine = sfo_report_text_of(c, record, r->zone, &r->arena, &texts[i]);
        if (fine && sfo_report_is_date(c) && !texts[i].is_null)
            fine = sfo_report_granularity(groupings[i].granularity, &r->arena, &texts[i]);
        if (!fine) return NULL;
    }
    return texts;
}

static bool collect(run *r)
{
    sf_value root = sf_document_root(r->doc), v;
    r->row_count = sf_value_count(root);
    r->rows = take(r, r->row_count, sizeof *r->rows);
    if (r->rows == NULL) return no_memory(r);
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(root); sf_iter_next(&it, NULL, &v); i++) {
        r->rows[i] = (row){ .record = v,
                            .down = texts_of(r, v, r->down.groupings, r->down.levels),
                            .across = texts_of(r, v, r->across.groupings, r->across.levels) };
        if (r->rows[i].down == NULL || r->rows[i].across == NULL) return no_memory(r);
    }
    return true;
}

/* ---- groups ---- */

static int compare_texts(const sfo_report_text *a, const sfo_report_text *b)
{
    if (a->is_null != b->is_null) return a->is_null ? -1 : 1;
    if (a->is_null) return 0;
    if (a->order < b->order) return -1;
    if (a->order > b->order) return 1;
    int by_label = sfo_text_compare(sfi_str(a->label), sfi_str(b->label));
    return by_label != 0 ? by_label : strcmp(a->value, b->value); /* two records of one name are two groups */
}

typedef struct placed {
    const sfo_report_text *texts;
    const side *side;
    row *row;
} placed;

static int by_groups(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    for (size_t i = 0; i < x->side->levels; i++) {
        int order = compare_texts(&x->texts[i], &y->texts[i]);
        if (order != 0) return x->side->groupings[i].descending ? -order : order;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static bool add_node(run *r, side *s, size_t *cap, uint32_t parent, uint32_t level, const sfo_report_text *text)
{
    if (s->count == *cap) {
        size_t more = *cap * 2;
        node *bigger = take(r, more, sizeof *bigger);
        if (bigger == NULL) return no_memory(r);
        memcpy(bigger, s->nodes, s->count * sizeof *bigger);
        s->nodes = bigger;
        *cap = more;
    }
    uint32_t number = 0;
    for (size_t i = s->count; i-- > 1;) /* the last sibling stands near the end */
        if (s->nodes[i].parent == parent && s->nodes[i].level == level) {
            number = s->nodes[i].number + 1;
            break;
        } else if (s->nodes[i].level < level) {
            break;
        }
    node *n = &s->nodes[s->count++];
    *n = (node){ .parent = parent, .level = level, .number = number, .text = text };
    char above[sizeof n->key] = "";
    if (parent != 0) snprintf(above, sizeof above, "%.30s_", s->nodes[parent].key);
    snprintf(n->key, sizeof n->key, "%.31s%u", above, (unsigned)number);
    return true;
}

/* The groups of one side, each before what is in it, and each row's innermost one. */
static bool make_side(run *r, side *s, bool is_down)
{
    size_t cap = 64;
    uint32_t open[SFO_REPORT_LEVELS_MAX + 1] = { 0 }; /* the group at hand of each level */
    placed *order = take(r, r->row_count, sizeof *order);
    s->nodes = take(r, cap, sizeof *s->nodes);
    if (order == NULL || s->nodes == NULL) return no_memory(r);
    s->count = 1;
    snprintf(s->nodes[0].key, sizeof s->nodes[0].key, "T");
    for (size_t i = 0; i < r->row_count; i++)
        order[i] = (placed){ is_down ? r->rows[i].down : r->rows[i].across, s, &r->rows[i] };
    if (s->levels > 0) qsort(order, r->row_count, sizeof *order, by_groups);
    for (size_t i = 0; i < r->row_count; i++) {
        size_t same = 0;
        while (i > 0 && same < s->levels && compare_texts(&order[i - 1].texts[same], &order[i].texts[same]) == 0)
            same++;
        for (size_t level = same; level < s->levels; level++) {
            if (!add_node(r, s, &cap, open[level], (uint32_t)level + 1, &order[i].texts[level])) return false;
            open[level + 1] = (uint32_t)s->count - 1;
        }
        *(is_down ? &order[i].row->down_node : &order[i].row->across_node) = open[s->levels];
    }
    return true;
}

/* ---- facts ---- */

static void count_value(tally *t, double d)
{
    if (t->count == 0 || d < t->min) t->min = d;
    if (t->count == 0 || d > t->max) t->max = d;
    t->sum += d;
    t->count++;
}

static void count_row(run *r, fact *f, const row *at)
{
    f->rows++;
    for (size_t i = 0; i < r->report->aggregate_count; i++) {
        const sfo_report_column *c = r->report->aggregates[i].column;
        if (c == NULL) continue;
        sf_value v = sf_get(at->record, c->path);
        if (v.type == SF_NUMBER) count_value(&f->tallies[i], sf_get_double(v, NULL, 0));
    }
}

static bool make_facts(run *r)
{
    size_t count;
    if (!sfi_mul(r->down.count, r->across.count, &count) || count > FACTS_MAX)
        return sfo_report_bad(r->f, "The report has too many groups: %zu down and %zu across. Use filters.",
                              r->down.count, r->across.count);
    r->facts = take(r, count, sizeof *r->facts);
    tally *tallies = take(r, count * (r->report->aggregate_count + 1), sizeof *tallies);
    if (r->facts == NULL || tallies == NULL) return no_memory(r);
    for (size_t i = 0; i < count; i++) r->facts[i].tallies = tallies + i * r->report->aggregate_count;
    for (size_t i = 0; i < r->row_count; i++) {
        row *at = &r->rows[i];
        fact *inner = &r->facts[at->down_node * r->across.count + at->across_node];
        if (inner->last != NULL)
            inner->last->next = at;
        else
            inner->first = at;
        inner->last = at;
        for (uint32_t d = at->down_node;; d = r->down.nodes[d].parent) { /* up to the total, which is 0 */
            for (uint32_t a = at->across_node;; a = r->across.nodes[a].parent) {
                count_row(r, &r->facts[d * r->across.count + a], at);
                if (a == 0) break;
            }
            if (d == 0) break;
        }
    }
    return true;
}

/* ---- writing ---- */

static void cell(sfi_json_writer *w, const char *label, const char *value)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "label");
    sfi_json_string(w, label);
    sfi_json_key(w, "value");
    if (value != NULL)
        sfi_json_raw_text(w, sfi_str(value));
    else
        sfi_json_null(w);
    sfi_json_end_object(w);
}

/* Sums of decimals as decimals: to the scale of the field. */
static double rounded(const sfo_report_column *c, double d)
{
    double power = pow(10, c->field->scale > 0 && c->field->scale < 9 ? c->field->scale
                           : c->field->type == SFO_DOUBLE             ? 6
                                                                      : 2);
    return fabs(d) < 1e15 / power ? round(d * power) / power : d;
}

static void write_aggregate(run *r, const sfo_report_aggregate *a, const fact *f, const tally *t)
{
    sfi_json_writer *w = &r->w;
    char label[400];
    double d = (double)f->rows;
    bool is_int =
        a->kind == 'R' || ((a->column->field->type == SFO_INT || a->column->field->type == SFO_LONG) && a->kind != 'a');
    if (a->kind == 's') d = rounded(a->column, t->sum);
    if (a->kind == 'a' && t->count > 0) d = t->sum / (double)t->count;
    if (a->kind == 'm') d = t->min;
    if (a->kind == 'x') d = t->max;
    if (a->kind != 's' && a->kind != 'R' && t->count == 0) {
        cell(w, "-", NULL);
        return;
    }
    sfo_report_number_label(a->column, d, label, sizeof label);
    sfi_json_begin_object(w);
    sfi_json_key(w, "label");
    sfi_json_string(w, label);
    sfi_json_key(w, "value");
    if (is_int)
        sfi_json_int(w, (int64_t)d);
    else
        sfi_json_double(w, d);
    sfi_json_end_object(w);
}

static bool write_row(run *r, const row *at)
{
    sfi_json_begin_object(&r->w);
    sfi_json_key(&r->w, "dataCells");
    sfi_json_begin_array(&r->w);
    for (size_t i = 0; i < r->report->column_count; i++) {
        sfo_report_text text;
        sfi_arena scratch = { 0 };
        bool fine = sfo_report_text_of(r->report->columns[i], at->record, r->zone, &scratch, &text);
        if (fine) cell(&r->w, text.label, text.value);
        sfi_arena_free(&scratch);
        if (!fine) return no_memory(r);
    }
    sfi_json_end_array(&r->w);
    sfi_json_end_object(&r->w);
    return true;
}

static bool write_fact(run *r, size_t d, size_t a)
{
    const fact *f = &r->facts[d * r->across.count + a];
    char key[100];
    snprintf(key, sizeof key, "%s!%s", r->down.nodes[d].key, r->across.nodes[a].key);
    sfi_json_key(&r->w, key);
    sfi_json_begin_object(&r->w);
    sfi_json_key(&r->w, "aggregates");
    sfi_json_begin_array(&r->w);
    for (size_t i = 0; i < r->report->aggregate_count; i++)
        write_aggregate(r, &r->report->aggregates[i], f, &f->tallies[i]);
    sfi_json_end_array(&r->w);
    bool fine = true;
    if (r->details) {
        sfi_json_key(&r->w, "rows");
        sfi_json_begin_array(&r->w);
        for (const row *at = f->first; fine && at != NULL && r->shown < SFO_REPORT_DETAILS_MAX; at = at->next) {
            fine = write_row(r, at);
            r->shown++;
        }
        sfi_json_end_array(&r->w);
    }
    sfi_json_end_object(&r->w);
    return fine;
}

/* Nodes stand before what is in them, so the groups inside one follow it. */
static void write_groups(sfi_json_writer *w, const side *s, uint32_t parent)
{
    sfi_json_key(w, "groupings");
    sfi_json_begin_array(w);
    uint32_t level = parent == 0 ? 1 : s->nodes[parent].level + 1;
    for (uint32_t i = parent + 1; level <= s->levels && i < s->count && s->nodes[i].level >= level; i++) {
        const node *n = &s->nodes[i];
        if (n->level != level) continue;
        sfi_json_begin_object(w);
        write_groups(w, s, i);
        sfi_json_key(w, "key");
        sfi_json_string(w, n->key);
        sfi_json_key(w, "label");
        sfi_json_string(w, n->text->label);
        sfi_json_key(w, "value");
        if (n->text->value != NULL && s->groupings[level - 1].column->field->type == SFO_CURRENCY)
            sfi_json_double(w, n->text->number);
        else if (n->text->value != NULL)
            sfi_json_raw_text(w, sfi_str(n->text->value));
        else
            sfi_json_null(w);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static bool write_result(run *r, sfi_buf *out)
{
    bool all = r->row_count <= SFO_REPORT_DETAILS_MAX, fine = true;
    sfi_buf_add_str(out, "\"allData\":");
    sfi_buf_add_str(out, all ? "true" : "false");
    sfi_buf_add_char(out, ',');
    r->w = sfi_json_write_to(out);
    sfi_json_writer *w = &r->w;
    sfi_json_key(w, "factMap");
    sfi_json_begin_object(w);
    for (size_t d = 0; fine && d < r->down.count; d++)
        for (size_t a = 0; fine && a < r->across.count; a++) fine = write_fact(r, d, a);
    sfi_json_end_object(w);
    sfi_json_key(w, "groupingsAcross");
    sfi_json_begin_object(w);
    write_groups(w, &r->across, 0);
    sfi_json_end_object(w);
    sfi_json_key(w, "groupingsDown");
    sfi_json_begin_object(w);
    write_groups(w, &r->down, 0);
    sfi_json_end_object(w);
    sfi_json_key(w, "hasDetailRows");
    sfi_json_bool(w, r->details);
    sfi_json_key(w, "hasExceededTabularRowLimit");
    sfi_json_bool(w, !all && r->report->format == SFO_TABULAR);
    sfi_json_key(w, "reportExtendedMetadata");
    sfo_report_write_extended(r->report, w);
    sfi_json_key(w, "reportMetadata");
    sfo_report_write_metadata(r->report, r->details, w);
    sfi_buf_add_char(out, '}');
    return fine && (!out->failed || no_memory(r));
}

static const char *user_zone(sfo_store *store, const char *user_id, char zone[64])
{
    sqlite3_stmt *stmt = NULL;
    zone[0] = '\0';
    sfo_store_lock(store);
    if (sqlite3_prepare_v2(sfo_store_db(store), "SELECT TimeZoneSidKey FROM User WHERE Id = ?1", -1, &stmt, NULL) ==
            SQLITE_OK &&
        sqlite3_bind_text(stmt, 1, user_id, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW &&
        sqlite3_column_text(stmt, 0) != NULL)
        snprintf(zone, 64, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sfo_store_unlock(store);
    return zone;
}

bool sfo_report_run(sfo_store *store, const sfo_context *context, const sfo_report *report, bool details, sfi_buf *out,
                    sfo_fault *f)
{
    char zone[64];
    run r = { .report = report,
              .f = f,
              .details = details,
              .zone = user_zone(store, context->user_id, zone),
              .down = { .groupings = report->down, .levels = report->down_count },
              .across = { .groupings = report->across, .levels = report->across_count } };
    bool fine = read_rows(&r, store, context) && collect(&r) && make_side(&r, &r.down, true) &&
                make_side(&r, &r.across, false) && make_facts(&r) && write_result(&r, out);
    sf_document_free(r.doc);
    sfi_arena_free(&r.arena);
    return fine;
}

bool sfo_report_soql(sfo_store *store, const sfo_context *context, const sfo_report *report, sfi_buf *out, sfo_fault *f)
{
    char zone[64];
    run r = { .report = report, .f = f, .zone = user_zone(store, context->user_id, zone) };
    return build(&r, context->user_id, out);
}
