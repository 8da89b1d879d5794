/* composite_send.c: a composite request that is JSON text: checked, wrapped, sent. Called by composite.c and programs;
 * owns nothing between calls, safe from any thread. The one idea: whoever made the text, the same limits are looked at
 * before anything is sent, and only a request whose parts all read is sent again when its answer was lost. */
#include "rest/composite_internal.h"

static const sf_composite_options no_options;

/* What differs between the kinds. */
static const struct kind {
    const char *path, *what;
    const char *list;  /* the member that holds the parts */
    const char *outer; /* and the one that holds the graphs */
    sfi_parts_form form;
} kinds[] = {
    [SF_COMPOSITE] = { "composite", "composite", "compositeRequest", NULL, SFI_PARTS_COMPOSITE },
    [SF_COMPOSITE_BATCH] = { "composite/batch", "batch", "batchRequests", NULL, SFI_PARTS_BATCH },
    [SF_COMPOSITE_GRAPH] = { "composite/graph", "graph", "compositeRequest", "graphs", SFI_PARTS_GRAPH },
};

typedef struct checked {
    sf_composite_kind kind;
    sf_value root;
    size_t parts;   /* seen so far */
    size_t queries; /* of these, queries and collections */
    bool writes;    /* not all are GET or HEAD */
} checked;

/* ---- checks ---- */

static bool is_query_or_collection(sf_str url)
{
    sf_str rest = url;
    const char *slash;
    if (!sfi_take_text(&rest, "/services/data/")) return false;
    slash = memchr(rest.ptr, '/', rest.len);
    if (slash == NULL) return false;
    rest = (sf_str){ slash + 1, rest.len - (size_t)(slash + 1 - rest.ptr) };
    return sfi_starts_with_nocase(rest, "query") || sfi_starts_with_nocase(rest, "composite/sobjects");
}

static const char *what_is_wrong(const checked *q, sf_value part)
{
    bool is_batch = q->kind == SF_COMPOSITE_BATCH;
    if (sf_value_type(part) != SF_OBJECT) return "it is no object";
    if (sf_value_type(sf_get(part, "method")) != SF_STRING) return "\"method\" is missing";
    if (sf_value_type(sf_get(part, "url")) != SF_STRING) return "\"url\" is missing";
    if (!is_batch && sf_value_type(sf_get(part, "referenceId")) != SF_STRING) return "\"referenceId\" is missing";
    if (is_batch && sf_value_type(sf_get(part, "body")) != SF_MISSING)
        return "a batch's body is called \"richInput\", not \"body\"";
    if (!is_batch && sf_value_type(sf_get(part, "richInput")) != SF_MISSING)
        return "the body is called \"body\"; \"richInput\" is a batch's";
    return NULL;
}

/* Whether an earlier part of the list has this one's reference id. */
static bool is_repeated(sf_value list, size_t upto, sf_str id)
{
    sf_value part;
    sf_iter it = sf_iter_begin(list);
    for (size_t i = 0; i < upto && sf_iter_next(&it, NULL, &part); i++)
        if (sfi_str_eq(sf_get_text(part, "referenceId"), id)) return true;
    return false;
}

/* where: "", or "graph g1, " for messages. */
static sf_status check_list(checked *q, sf_value list, const char *where, sf_error *err)
{
    const char *name = kinds[q->kind].list;
    sf_value part;
    if (sf_value_type(list) != SF_ARRAY || sf_value_count(list) == 0)
        return sfi_fail(err, SF_ERR_USAGE, "%s%s: want \"%s\":[…] with at least one part", where, kinds[q->kind].what,
                        name);
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &part); i++) {
        const char *wrong = what_is_wrong(q, part);
        if (wrong != NULL) return sfi_fail(err, SF_ERR_USAGE, "%spart %zu of %s: %s", where, i + 1, name, wrong);
        sf_str id = sf_get_text(part, "referenceId");
        if (q->kind != SF_COMPOSITE_BATCH && is_repeated(list, i, id))
            return sfi_fail(err, SF_ERR_USAGE, "%spart %zu of %s: another part has the referenceId \"%.60s\"", where,
                            i + 1, name, id.ptr);
        sf_str method = sf_get_text(part, "method");
        bool reads = sfi_str_is_nocase(method, "GET") || sfi_str_is_nocase(method, "HEAD");
        q->writes |= !reads || sfi_path_runs_code(sf_get_str(part, "url"));
        q->queries += is_query_or_collection(sf_get_text(part, "url"));
    }
    q->parts += i;
    return SF_OK;
}

static sf_status check_graphs(checked *q, sf_value graphs, sf_error *err)
{
    sf_value graph, other;
    size_t count = sf_value_type(graphs) == SF_ARRAY ? sf_value_count(graphs) : 0;
    if (count == 0) return sfi_fail(err, SF_ERR_USAGE, "graph: want \"graphs\":[…] with at least one graph");
    if (count > SF_GRAPHS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "graph: %zu graphs, and a request takes %d at most", count, SF_GRAPHS_MAX);
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(graphs); sf_iter_next(&it, NULL, &graph); i++) {
        sf_str id = sf_get_text(graph, "graphId");
        if (id.len == 0) return sfi_fail(err, SF_ERR_USAGE, "graph %zu: \"graphId\" is missing", i + 1);
        sf_iter before = sf_iter_begin(graphs);
        for (size_t k = 0; k < i && sf_iter_next(&before, NULL, &other); k++)
            if (sfi_str_eq(sf_get_text(other, "graphId"), id))
                return sfi_fail(err, SF_ERR_USAGE, "graph %zu: another graph has the graphId \"%.60s\"", i + 1, id.ptr);
        char where[96];
        snprintf(where, sizeof where, "graph %.60s, ", id.ptr);
        sf_status rc = check_list(q, sf_get(graph, "compositeRequest"), where, err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status check_request(checked *q, sf_error *err)
{
    const struct kind *k = &kinds[q->kind];
    bool is_bare = sf_value_type(q->root) == SF_ARRAY;
    if (!is_bare && sf_value_type(q->root) != SF_OBJECT)
        return sfi_fail(err, SF_ERR_USAGE, "%s: want an object, or the array of its parts", k->what);
    sf_status rc = q->kind == SF_COMPOSITE_GRAPH ? check_graphs(q, is_bare ? q->root : sf_get(q->root, k->outer), err)
                                                 : check_list(q, is_bare ? q->root : sf_get(q->root, k->list), "", err);
    if (rc != SF_OK) return rc;
    size_t most = q->kind == SF_COMPOSITE_GRAPH ? SF_GRAPH_PARTS_MAX : SF_COMPOSITE_PARTS_MAX;
    if (q->parts > most)
        return sfi_fail(err, SF_ERR_LIMIT, "%s: %zu parts, and a request takes %zu at most", k->what, q->parts, most);
    if (q->kind == SF_COMPOSITE && q->queries > SF_COMPOSITE_QUERIES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "composite: %zu queries and collections, and a request takes %d at most",
                        q->queries, SF_COMPOSITE_QUERIES_MAX);
    return SF_OK;
}

static sf_status check_options(sf_composite_kind kind, const sf_composite_options *o, bool is_bare, sf_error *err)
{
    bool sequence = o->all_or_none || o->no_collate;
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_composite_options: reserved is not zero");
    if (sequence && kind != SF_COMPOSITE)
        return sfi_fail(err, SF_ERR_USAGE, "all_or_none and no_collate are for SF_COMPOSITE only");
    if (o->halt_on_error && kind != SF_COMPOSITE_BATCH)
        return sfi_fail(err, SF_ERR_USAGE, "halt_on_error is for SF_COMPOSITE_BATCH only");
    if (!is_bare && (sequence || o->halt_on_error))
        return sfi_fail(
            err, SF_ERR_USAGE,
            "the request says itself whether it is all or nothing and where it halts: give the array of its "
            "parts alone to say so in the options");
    return SF_OK;
}

/* ---- sending ---- */

static void wrap(sfi_buf *body, sf_composite_kind kind, sf_str list, const sf_composite_options *o)
{
    sfi_json_writer w = sfi_json_write_to(body);
    sfi_json_begin_object(&w);
    if (kind == SF_COMPOSITE) {
        sfi_json_key(&w, "allOrNone");
        sfi_json_bool(&w, o->all_or_none);
        if (o->no_collate) {
            sfi_json_key(&w, "collateSubrequests");
            sfi_json_bool(&w, false);
        }
    } else if (kind == SF_COMPOSITE_BATCH) {
        sfi_json_key(&w, "haltOnError");
        sfi_json_bool(&w, o->halt_on_error);
    }
    sfi_json_key(&w, kinds[kind].outer != NULL ? kinds[kind].outer : kinds[kind].list);
    sfi_json_raw_text(&w, list);
    sfi_json_end_object(&w);
}

static sf_status run(sf_client *sf, const checked *q, sf_str body, const sf_call_options *call, sf_parts **out,
                     sf_error *err)
{
    const struct kind *k = &kinds[q->kind];
    sfi_call_request request = {
        .method = "POST", .path = k->path, .body = body, .repeatable = !q->writes, .options = call, .what = k->what
    };
    sfi_answer answer = { 0 };
    sfi_json *doc = NULL;
    sf_status rc = sfi_call_run(sf, &request, &answer, err);
    if (rc != SF_OK) return rc;
    int status = answer.status;
    rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_answer_json(sf, &answer, doc, true, err);
    if (rc == SF_OK) {
        rc = sfi_parts_make(doc, k->form, status, q->parts, out, err);
        doc = NULL; /* transferred */
    }
    sfi_json_free(doc);
    sfi_answer_clear(&answer);
    return rc != SF_OK && q->writes ? sfi_fail_unread(k->what, status, err) : rc;
}

sf_status sfi_composite_send_text(sf_client *sf, sf_composite_kind kind, sf_str json, const sf_composite_options *o,
                                  sf_parts **out, sf_error *err)
{
    sf_document *doc = NULL;
    sfi_buf body = { .max = SFI_COMPOSITE_BYTES_MAX };
    char what[48];
    snprintf(what, sizeof what, "the %s request is not JSON", kinds[kind].what);
    sf_status rc = sfi_rest_parse(what, json, &doc, err);
    checked q = { .kind = kind, .root = sf_document_root(doc) };
    bool is_bare = sf_value_type(q.root) == SF_ARRAY;
    if (rc == SF_OK) rc = check_request(&q, err);
    if (rc == SF_OK) rc = check_options(kind, o, is_bare, err);
    if (rc == SF_OK && is_bare) {
        wrap(&body, kind, json, o);
        rc = sfi_buf_status(&body, err, "a composite's body");
    }
    if (rc == SF_OK) rc = run(sf, &q, is_bare ? sfi_buf_str(&body) : json, o->call, out, err);
    sf_document_free(doc);
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_composite_send_json(sf_client *sf, sf_composite_kind kind, sf_str json,
                                 const sf_composite_options *options, sf_parts **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || json.ptr == NULL || json.len == 0)
        return sfi_fail(err, SF_ERR_USAGE, "the client is NULL, or the request has no text");
    if (kind != SF_COMPOSITE && kind != SF_COMPOSITE_BATCH && kind != SF_COMPOSITE_GRAPH)
        return sfi_fail(err, SF_ERR_USAGE, "there is no such kind of composite");
    return sfi_composite_send_text(sf, kind, json, options != NULL ? options : &no_options, out, err);
}
