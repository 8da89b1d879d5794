/* rest_composite.c: /composite and /composite/graph: parts that refer to earlier answers, all or nothing where asked.
 * The one idea: a list of parts is checked whole, then run; a graph is such a list in a transaction of its own. */
#include "api/composite.h"

enum {
    QUERIES_MAX = 5,
    GRAPHS_MAX = 75,
    NODES_MAX = 500,
    DEPTH_MAX = 15,
    KINDS_MAX = 15, /* different objects, versions counted apart */
    FAILED_GRAPHS_MAX = 14,
    GRAPH_FROM = 50, /* the first version that has graphs */
    STRICT_REFERENCES_FROM = 52
};

static const char rolled_back[] =
    "The transaction was rolled back since another operation in the same transaction failed.";

/* ---- checks ---- */

typedef struct check {
    sfo_call *call;
    sf_value *specs; /* of the list at hand, in the call's arena; NODES_MAX of them */
    int *depths;     /* longest chain of references that ends at each */
    size_t count;    /* in this list */
    size_t total;    /* in all lists */
    size_t queries;
    bool is_graph;
    char kinds[KINDS_MAX][96]; /* "v62.0/sobjects/account" */
    size_t kind_count;
} check;

static bool refuse(check *k, size_t at, const char *what)
{
    sfo_answer_error(k->call, 400, "INVALID_BATCH_REQUEST", "Part %zu of compositeRequest: %s", at, what);
    return false;
}

static bool check_reference_id(check *k, size_t at, sf_str id)
{
    if (id.ptr == NULL) return refuse(k, at, "referenceId is missing");
    for (size_t i = 0; i < at; i++)
        if (sfi_str_eq(sf_get_text(k->specs[i], "referenceId"), id)) return refuse(k, at, "referenceId must be unique");
    if (k->call->version_number < STRICT_REFERENCES_FROM || sfo_is_reference_id(id)) return true;
    sfo_answer_error(k->call, 400, "JSON_PARSER_ERROR",
                     "Provided referenceId ('%.200s') must start with a letter or a number, and it can contain only "
                     "letters, numbers and underscores ('_').",
                     id.ptr);
    return false;
}

static bool check_headers(check *k, size_t at, sf_value headers)
{
    static const char *const refused[] = { "Accept", "Authorization", "Content-Type" };
    sf_str key;
    sf_value value;
    for (sf_iter it = sf_iter_begin(headers); sf_iter_next(&it, &key, &value);)
        for (size_t i = 0; i < SFI_COUNT_OF(refused); i++)
            if (sfi_str_is_nocase(key, refused[i]))
                return refuse(k, at, "httpHeaders may not hold Accept, Authorization or Content-Type");
    return true;
}

/* What follows /services/data/vNN.N/ in a URL; ptr NULL: it is no such URL. version gets "vNN.N". */
static sf_str resource_of(sf_str url, sf_str *version)
{
    sf_str rest = url;
    if (!sfi_take_text(&rest, "/services/data/")) return (sf_str){ NULL, 0 };
    const char *slash = memchr(rest.ptr, '/', rest.len);
    if (slash == NULL) return (sf_str){ NULL, 0 };
    *version = (sf_str){ rest.ptr, (size_t)(slash - rest.ptr) };
    return (sf_str){ slash + 1, rest.len - version->len - 1 };
}

static bool check_node(check *k, size_t at, sf_str resource, sf_str version)
{
    sf_str rest = resource;
    const char *method = sfo_part_method(sf_get_str(k->specs[at], "method"));
    if (rest.ptr == NULL || !sfi_starts_with_nocase(rest, "sobjects/"))
        return refuse(k, at, "a graph takes records only: /services/data/vXX.X/sobjects/…");
    if (strcmp(method, "PUT") == 0 || strcmp(method, "HEAD") == 0)
        return refuse(k, at, "method must be DELETE, GET, PATCH or POST");
    sf_str number = version;
    int64_t major = 0;
    if (!sfi_take_text(&number, "v") || !sfi_take_int(&number, 999, &major) || major < GRAPH_FROM)
        return refuse(k, at, "a graph's parts are of version 50.0 or later");
    rest = (sf_str){ rest.ptr + sizeof "sobjects", rest.len - sizeof "sobjects" };
    size_t len = 0;
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?') len++;
    char name[96];
    (void)snprintf(name, sizeof name, "%.*s/%.*s", (int)(version.len < 8 ? version.len : 8), version.ptr,
                   (int)(len < 80 ? len : 80), rest.ptr);
    for (size_t i = 0; i < k->kind_count; i++)
        if (sfi_eq_nocase(k->kinds[i], name)) return true;
    if (k->kind_count == KINDS_MAX) {
        sfo_answer_error(k->call, 400, "LIMIT_EXCEEDED", "A request takes at most %d different nodes", KINDS_MAX);
        return false;
    }
    memcpy(k->kinds[k->kind_count++], name, sizeof name);
    return true;
}

/* Each reference of the part adds one to the depth of the part that it names. */
static bool check_depth(check *k, size_t at)
{
    sfi_buf text = { 0 };
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_write_value(&w, k->specs[at]);
    sf_str before;
    sf_str name;
    sf_str rest = text.failed ? (sf_str){ NULL, 0 } : sfi_buf_str(&text);
    k->depths[at] = 1;
    while (sfo_next_reference(rest, &before, &name, &rest)) { /* each round cuts one off */
        size_t len = 0;
        while (len < name.len && name.ptr[len] != '.' && name.ptr[len] != '[') len++;
        for (size_t i = 0; i < at; i++)
            if (sfi_str_eq(sf_get_text(k->specs[i], "referenceId"), (sf_str){ name.ptr, len }) &&
                k->depths[i] >= k->depths[at])
                k->depths[at] = k->depths[i] + 1;
    }
    bool ok = k->depths[at] <= DEPTH_MAX;
    if (!ok) sfo_answer_error(k->call, 400, "LIMIT_EXCEEDED", "A graph is at most %d nodes deep", DEPTH_MAX);
    sfi_buf_free(&text);
    return ok;
}

static bool check_part(check *k, size_t at)
{
    sf_value spec = k->specs[at];
    sf_str version = { NULL, 0 };
    sf_str url = sf_get_text(spec, "url");
    if (!check_reference_id(k, at, sf_get_text(spec, "referenceId"))) return false;
    if (sfo_part_method(sf_get_str(spec, "method")) == NULL)
        return refuse(k, at, "method must be GET, POST, PATCH, PUT, DELETE or HEAD");
    if (url.len == 0) return refuse(k, at, "url is missing");
    if (!check_headers(k, at, sf_get(spec, "httpHeaders"))) return false;
    sf_str resource = resource_of(url, &version);
    k->queries += sfi_starts_with_nocase(resource, "query") || sfi_starts_with_nocase(resource, "composite/sobjects");
    return !k->is_graph || (check_node(k, at, resource, version) && check_depth(k, at));
}

/* The whole list is looked at before anything runs. false: the response says what is wrong. */
static bool check_list(check *k, sf_value list)
{
    size_t most = k->is_graph ? NODES_MAX : SFO_PARTS_MAX;
    size_t count = sf_value_type(list) == SF_ARRAY ? sf_value_count(list) : 0;
    if (count == 0 || k->total + count > most) {
        sfo_answer_error(k->call, 400, count == 0 ? "JSON_PARSER_ERROR" : "LIMIT_EXCEEDED",
                         "compositeRequest must be an array of 1 to %zu parts, not %zu", most, k->total + count);
        return false;
    }
    sf_value spec;
    k->count = 0;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &spec);) k->specs[k->count++] = spec;
    k->total += k->count;
    for (size_t i = 0; i < k->count; i++)
        if (!check_part(k, i)) return false;
    if (k->is_graph || k->queries <= QUERIES_MAX) return true;
    sfo_answer_error(k->call, 400, "LIMIT_EXCEEDED",
                     "A composite takes at most %d queries and collections, and this one has %zu", QUERIES_MAX,
                     k->queries);
    return false;
}

static bool begin_check(check *k, sfo_call *call, bool is_graph)
{
    *k = (check){ .call = call, .is_graph = is_graph };
    size_t most = is_graph ? NODES_MAX : SFO_PARTS_MAX;
    k->specs = sfi_arena_alloc(&call->arena, most * sizeof *k->specs);
    k->depths = sfi_arena_alloc(&call->arena, most * sizeof *k->depths);
    if (k->specs != NULL && k->depths != NULL) return true;
    call->response->body.failed = true;
    return false;
}

/* ---- running ---- */

static void run_list(sfo_parts *p, sf_value list, bool all_or_none)
{
    sf_value spec;
    for (sf_iter it = sf_iter_begin(list); p->count < p->cap && sf_iter_next(&it, NULL, &spec);) {
        size_t before = p->count;
        if (all_or_none && p->failed)
            sfo_parts_skip(p, spec, rolled_back);
        else
            sfo_parts_run(p, spec);
        if (p->count == before) return; /* no memory; the answer says so */
        /* The collection says itself how its rows fared, and goes back with all others. */
        if (all_or_none && sfo_part_has_failed_rows(&p->list[before])) p->failed = true;
    }
}

/* The first failure keeps its answer: it is the cause of the others. */
static void halt_all_but_cause(sfo_parts *p)
{
    bool cause_seen = false;
    for (size_t i = 0; i < p->count; i++) {
        int status = p->list[i].response->status;
        bool is_failed = (status >= 300 && status != 304) || sfo_part_has_failed_rows(&p->list[i]);
        if (!cause_seen && is_failed)
            cause_seen = true;
        else
            sfo_part_halt(&p->list[i], rolled_back);
    }
}

/* One transaction. false: it could not begin, and the response says so. */
static bool run_transaction(sfo_parts *p, sf_value list)
{
    int64_t pending[SFO_EVENT_COUNT] = { 0 };
    sfo_call *call = p->call;
    sfo_fault fault = { 0 };
    sfo_store_lock(call->org->store);
    if (!sfo_store_begin(call->org->store, &fault)) {
        sfo_answer_fault(call, &fault);
        sfo_store_unlock(call->org->store);
        return false;
    }
    call->pending = pending;
    run_list(p, list, true);
    call->pending = NULL;
    if (p->failed)
        sfo_store_rollback(call->org->store);
    else if (!sfo_store_commit(call->org->store, &fault))
        p->failed = true;
    sfo_store_unlock(call->org->store);
    sfo_fault_clear(&fault);
    for (int i = 0; i < SFO_EVENT_COUNT && !p->failed; i++)
        if (pending[i] > 0) sfo_stats_event(call->org->stats, (sfo_event)i, pending[i]);
    if (p->failed) halt_all_but_cause(p);
    return true;
}

/* "compositeResponse":[…] */
static void write_parts(sfi_json_writer *w, const sfo_parts *p)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "compositeResponse");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < p->count; i++) sfo_part_write(w, &p->list[i]);
    sfi_json_end_array(w);
    sfi_json_end_object(w);
}

void sfo_rest_composite(sfo_call *call)
{
    sf_value body;
    check k;
    sfo_parts p;
    if (!sfo_call_body(call, &body) || !begin_check(&k, call, false)) return;
    sf_value list = sf_get(body, "compositeRequest");
    if (!check_list(&k, list) || !sfo_parts_init(&p, call, k.count)) return;
    bool ran = true;
    if (sf_get_bool(body, "allOrNone", false))
        ran = run_transaction(&p, list);
    else
        run_list(&p, list, false);
    if (ran) {
        sfi_json_writer w = sfo_answer_json(call, 200);
        write_parts(&w, &p);
    }
    if (ran && p.count < k.count) call->response->body.failed = true;
    sfo_parts_clear(&p);
}

/* ---- /composite/graph ---- */

static bool check_graphs(sfo_call *call, check *k, sf_value graphs)
{
    sf_value graph;
    sf_value other;
    size_t count = sf_value_type(graphs) == SF_ARRAY ? sf_value_count(graphs) : 0;
    if (count == 0 || count > GRAPHS_MAX) {
        sfo_answer_error(call, 400, count == 0 ? "JSON_PARSER_ERROR" : "LIMIT_EXCEEDED",
                         "graphs must be an array of 1 to %d graphs, not %zu", GRAPHS_MAX, count);
        return false;
    }
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(graphs); sf_iter_next(&it, NULL, &graph); i++) {
        sf_str id = sf_get_text(graph, "graphId");
        bool repeated = false;
        sf_iter before = sf_iter_begin(graphs);
        for (size_t n = 0; n < i && sf_iter_next(&before, NULL, &other); n++)
            repeated = repeated || sfi_str_eq(sf_get_text(other, "graphId"), id);
        if (id.len == 0 || repeated) {
            sfo_answer_error(call, 400, "INVALID_BATCH_REQUEST", "Graph %zu: graphId %s", i,
                             repeated ? "must be unique" : "is missing");
            return false;
        }
        if (!check_list(k, sf_get(graph, "compositeRequest"))) return false;
    }
    return true;
}

/* Once too many have failed, the rest is not tried. */
static void skip_list(sfo_parts *p, sf_value list)
{
    sf_value spec;
    for (sf_iter it = sf_iter_begin(list); p->count < p->cap && sf_iter_next(&it, NULL, &spec);) {
        size_t before = p->count;
        sfo_parts_skip(p, spec, "Too many graphs of the request failed, so the others were not processed.");
        if (p->count == before) return;
    }
}

static void run_graph(sfo_call *call, sf_value graph, int *failures, sfi_json_writer *w)
{
    sfo_parts p;
    sf_value list = sf_get(graph, "compositeRequest");
    if (!sfo_parts_init(&p, call, sf_value_count(list))) return;
    if (*failures >= FAILED_GRAPHS_MAX || !run_transaction(&p, list)) skip_list(&p, list);
    *failures += p.failed;
    sfi_json_begin_object(w);
    sfi_json_key(w, "graphId");
    sfi_json_string(w, sf_get_str(graph, "graphId"));
    sfi_json_key(w, "graphResponse");
    write_parts(w, &p);
    sfi_json_key(w, "isSuccessful");
    sfi_json_bool(w, !p.failed);
    sfi_json_end_object(w);
    if (p.count < p.cap) w->out->failed = true;
    sfo_parts_clear(&p);
}

void sfo_rest_graph(sfo_call *call)
{
    sf_value body;
    sf_value graph;
    check k;
    if (call->version_number < GRAPH_FROM) {
        sfo_answer_not_found(call);
        return;
    }
    if (!sfo_call_body(call, &body) || !begin_check(&k, call, true)) return;
    sf_value graphs = sf_get(body, "graphs");
    if (!check_graphs(call, &k, graphs)) return;
    int failures = 0;
    sfi_buf out = { 0 };
    sfi_json_writer w = sfi_json_write_to(&out);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "graphs");
    sfi_json_begin_array(&w);
    for (sf_iter it = sf_iter_begin(graphs); sf_iter_next(&it, NULL, &graph);) run_graph(call, graph, &failures, &w);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    bool failed = out.failed || call->response->body.failed;
    w = sfo_answer_json(call, 200);
    sfi_json_raw_text(&w, sfi_buf_str(&out));
    if (failed) call->response->body.failed = true;
    sfi_buf_free(&out);
}

/* ---- GET /composite ---- */

void sfo_rest_composite_resources(sfo_call *call)
{
    static const struct {
        const char *name;
        int from; /* the first version that has it */
    } resources[] = { { "tree", 34 }, { "batch", 34 }, { "sobjects", 42 }, { "graph", GRAPH_FROM } };
    char path[64];
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(resources); i++) {
        if (call->version_number < resources[i].from) continue;
        snprintf(path, sizeof path, "/services/data/v%s/composite/%s", call->version, resources[i].name);
        sfi_json_key(&w, resources[i].name);
        sfi_json_string(&w, path);
    }
    sfi_json_end_object(&w);
}
