/* parts.c: the answer of a composite, batch, graph or tree, part by part. Called by composite_send.c, tree.c and
 * programs; owns the answer. One thread at a time. The one idea: four forms of answers become one list of parts, and of
 * those that failed the cause is told, not those that only report its consequences. */
#include "rest/composite_internal.h"

typedef struct answer {
    sf_value reference_id, graph_id, body, headers; /* missing: it has none */
    int status;
    bool failed, halted;
} answer;

struct sf_parts {
    sf_document *doc;
    sfi_parts_form form;
    answer *list;
    size_t count, cap, failed;
};

/* ---- taking apart ---- */

static sf_str first_code(sf_value body)
{
    sf_value error = sf_get(body, "0"); /* missing where it is no array */
    sf_str code = sf_get_text(error, "errorCode");
    return code.ptr != NULL ? code : sf_get_text(error, "statusCode");
}

static bool is_consequence(sf_value body)
{
    static const char *const codes[] = { "PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                                         "BATCH_PROCESSING_HALTED" };
    sf_str code = first_code(body);
    for (size_t i = 0; i < SFI_COUNT_OF(codes); i++)
        if (sfi_str_is(code, codes[i])) return true;
    return false;
}

static bool add(sf_parts *p, answer a)
{
    if (p->count == p->cap) {
        size_t cap = p->cap == 0 ? 25 : p->cap * 2;
        answer *list = sfi_realloc(p->list, cap * sizeof *list);
        if (list == NULL) return false;
        p->list = list;
        p->cap = cap;
    }
    a.halted = a.failed && is_consequence(a.body);
    p->failed += a.failed;
    p->list[p->count++] = a;
    return true;
}

/* @return SF_OK, SF_ERR_MEMORY, SF_ERR_PROTOCOL. */
static sf_status take_composite(sf_parts *p, sf_value list, sf_value graph_id)
{
    sf_value v;
    if (sf_value_type(list) != SF_ARRAY) return SF_ERR_PROTOCOL;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        answer a = { .reference_id = sf_get(v, "referenceId"),
                     .graph_id = graph_id,
                     .body = sf_get(v, "body"),
                     .headers = sf_get(v, "httpHeaders"),
                     .status = (int)sf_get_int(v, "httpStatusCode", 0) };
        if (a.status < 100 || a.status > 599 || sf_get_str(a.reference_id, NULL) == NULL) return SF_ERR_PROTOCOL;
        a.failed = a.status >= 300 && a.status != 304;
        if (!add(p, a)) return SF_ERR_MEMORY;
    }
    return SF_OK;
}

static sf_status take_graphs(sf_parts *p, sf_value list)
{
    sf_value v;
    sf_status rc = sf_value_type(list) == SF_ARRAY ? SF_OK : SF_ERR_PROTOCOL;
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && sf_iter_next(&it, NULL, &v);) {
        sf_value id = sf_get(v, "graphId");
        rc = sf_get_str(id, NULL) != NULL ? take_composite(p, sf_get(v, "graphResponse.compositeResponse"), id)
                                          : SF_ERR_PROTOCOL;
    }
    return rc;
}

static sf_status take_batch(sf_parts *p, sf_value list)
{
    sf_value v;
    if (sf_value_type(list) != SF_ARRAY) return SF_ERR_PROTOCOL;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        answer a = { .body = sf_get(v, "result"), .status = (int)sf_get_int(v, "statusCode", 0) };
        if (a.status < 100 || a.status > 599) return SF_ERR_PROTOCOL;
        a.failed = a.status >= 300 && a.status != 304;
        if (!add(p, a)) return SF_ERR_MEMORY;
    }
    return SF_OK;
}

/* A record's entry has an id or errors; the body of one at fault is the list of its errors. */
static sf_status take_tree(sf_parts *p, sf_value list, int status)
{
    sf_value v;
    if (sf_value_type(list) != SF_ARRAY) return SF_ERR_PROTOCOL;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        sf_value errors = sf_get(v, "errors");
        bool failed = sf_value_type(errors) == SF_ARRAY && sf_value_count(errors) > 0;
        answer a = { .reference_id = sf_get(v, "referenceId"),
                     .body = failed ? errors : v,
                     .status = failed && status < 300 ? 400 : status,
                     .failed = failed };
        if (sf_value_type(v) != SF_OBJECT) return SF_ERR_PROTOCOL;
        if (!add(p, a)) return SF_ERR_MEMORY;
    }
    return SF_OK;
}

static sf_status take(sf_parts *p, int http_status)
{
    sf_value root = sf_document_root(p->doc);
    switch (p->form) {
    case SFI_PARTS_BATCH: return take_batch(p, sf_get(root, "results"));
    case SFI_PARTS_GRAPH: return take_graphs(p, sf_get(root, "graphs"));
    case SFI_PARTS_TREE: return take_tree(p, sf_get(root, "results"), http_status);
    default: return take_composite(p, sf_get(root, "compositeResponse"), (sf_value){ 0 });
    }
}

sf_status sfi_parts_make(sfi_json *doc, sfi_parts_form form, int http_status, size_t expected, sf_parts **out,
                         sf_error *err)
{
    sf_document *owned = sfi_document_wrap(doc); /* frees doc when it fails */
    sf_parts *p = owned != NULL ? sfi_calloc(sizeof *p) : NULL;
    if (p == NULL) {
        sf_document_free(owned);
        return sfi_fail_memory(err, "an answer");
    }
    p->doc = owned;
    p->form = form;
    sf_status rc = take(p, http_status);
    bool is_refused_tree = form == SFI_PARTS_TREE && p->failed > 0;
    if (rc == SF_ERR_MEMORY)
        rc = sfi_fail_memory(err, "an answer");
    else if (rc != SF_OK)
        rc = sfi_fail(err, rc, "the org's answer does not say how each part fared");
    else if (p->count != expected && !is_refused_tree)
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "%zu parts were sent, and the org's answer has %zu", expected, p->count);
    if (rc == SF_OK) {
        *out = p;
        p = NULL;
    }
    sf_parts_free(p);
    return rc;
}

/* ---- reading ---- */

size_t sf_parts_count(const sf_parts *p)
{
    return p != NULL ? p->count : 0;
}

size_t sf_parts_failed(const sf_parts *p)
{
    return p != NULL ? p->failed : 0;
}

sf_value sf_parts_body(const sf_parts *p)
{
    return p != NULL ? sf_document_root(p->doc) : (sf_value){ 0 };
}

bool sf_parts_get(const sf_parts *p, size_t i, sf_part *out)
{
    if (p == NULL || out == NULL || i >= p->count) return false;
    const answer *a = &p->list[i];
    *out = (sf_part){ .reference_id = sf_get_str(a->reference_id, NULL),
                      .graph_id = sf_get_str(a->graph_id, NULL),
                      .index = i,
                      .http_status = a->status,
                      .failed = a->failed,
                      .halted = a->halted,
                      .body = a->body,
                      .headers = a->headers };
    if (!a->failed && sf_value_type(a->body) == SF_OBJECT) out->id = sfi_id_make(sf_get_text(a->body, "id"));
    return true;
}

bool sf_parts_find(const sf_parts *p, const char *graph_id, const char *ref, sf_part *out)
{
    if (p == NULL || ref == NULL) return false;
    for (size_t i = 0; i < p->count; i++) {
        const answer *a = &p->list[i];
        if (!sfi_str_is(sf_get_text(a->reference_id, NULL), ref)) continue;
        if (graph_id != NULL && !sfi_str_is(sf_get_text(a->graph_id, NULL), graph_id)) continue;
        return sf_parts_get(p, i, out);
    }
    return false;
}

void sf_parts_free(sf_parts *p)
{
    if (p == NULL) return;
    sf_document_free(p->doc);
    sfi_free(p->list);
    sfi_free(p);
}

/* ---- errors ---- */

sf_status sf_part_check(const sf_part *part, sf_error *err)
{
    if (part == NULL) return sfi_fail(err, SF_ERR_USAGE, "the part is NULL");
    if (!part->failed) return SF_OK;
    char what[200];
    if (part->graph_id != NULL)
        snprintf(what, sizeof what, "graph %.60s, part %.60s", part->graph_id,
                 part->reference_id != NULL ? part->reference_id : "?");
    else if (part->reference_id != NULL)
        snprintf(what, sizeof what, "part %.100s", part->reference_id);
    else
        snprintf(what, sizeof what, "part %zu", part->index + 1);
    char *text = NULL;
    size_t len = 0;
    sf_type type = sf_value_type(part->body);
    if (type == SF_OBJECT || type == SF_ARRAY) {
        sf_status rc = sf_value_to_json(part->body, &text, &len, err);
        if (rc != SF_OK) return rc;
    }
    sf_status rc =
        sfi_error_from_answer(part->http_status, SFI_STR("application/json"), (sf_str){ text, len }, what, err);
    sfi_free(text);
    return rc;
}

/* "Invalid reference specified…": a part that asked for what another did not answer; nearer to the cause than one that
 * was rolled back. */
static bool is_missing_reference(const answer *a)
{
    return a->halted && sfi_starts_with(sf_get_text(a->body, "0.message"), "Invalid reference");
}

/* The first row of a collection that failed; missing: there is none. */
static sf_value failed_row(const answer *a)
{
    sf_value row;
    if (a->failed || sf_value_type(a->body) != SF_ARRAY) return (sf_value){ 0 };
    for (sf_iter it = sf_iter_begin(a->body); sf_iter_next(&it, NULL, &row);)
        if (!sf_get_bool(row, "success", true)) return row;
    return (sf_value){ 0 };
}

/* How near a part is to the cause of what failed. */
static int rank_of(const answer *a)
{
    if (a->failed && !a->halted) return 3;
    if (sf_value_type(failed_row(a)) != SF_MISSING) return 2; /* its row took the transaction along */
    if (is_missing_reference(a)) return 1;
    return a->failed ? 0 : -1;
}

sf_status sf_parts_check(const sf_parts *p, sf_error *err)
{
    if (p == NULL) return sfi_fail(err, SF_ERR_USAGE, "parts is NULL");
    if (p->failed == 0) return SF_OK;
    size_t cause = 0;
    int best = -1;
    for (size_t i = 0; i < p->count; i++) {
        int rank = rank_of(&p->list[i]);
        if (rank <= best) continue;
        best = rank;
        cause = i;
    }
    sf_part part = { 0 };
    (void)sf_parts_get(p, cause, &part); /* it is there */
    if (!part.failed) {
        part.failed = true;
        part.body = failed_row(&p->list[cause]);
    }
    return sf_part_check(&part, err);
}
