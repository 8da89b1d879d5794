/* graphql.c: the calls of graphql.h. Called by programs; a cursor owns its text, its variables and the page at hand. The
 * one idea: the first request is the caller's own; for a further page the cursor says only where to go on, in the text or
 * in the variables, and a result ends only where the org said that no page follows. */
#include <salesforce/graphql.h>
#include "rest/graphql_internal.h"
#include "rest/rest_internal.h"

enum { TEXT_MAX = 1024 * 1024, PAGES_MAX = 1000000 };

struct sf_graphql {
    sf_client *sf;                      /* borrowed */
    const sf_call_options *call;        /* borrowed until the close */
    char *text, *operation, *variables; /* owned; operation and variables may be NULL */
    char *path;                         /* owned: the connection's keys, dots between */
    sf_str steps[SFI_GRAPHQL_PATH_MAX];
    size_t step_count;
    sf_document *page;
    sf_value connection;
    sf_iter edges;
    int64_t total;
    int64_t pages;
    sf_status end; /* SF_DONE or an error: sticky; SF_OK: goes on */
    sf_error failure;
};

static const sf_graphql_options no_options;

/* ---- requests ---- */

static sf_status check(const char *text, const sf_graphql_options *o, sf_error *err)
{
    if (text == NULL || sfi_trim(sfi_str(text)).len == 0)
        return sfi_fail(err, SF_ERR_USAGE, "the GraphQL text is empty");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_graphql_options: reserved is not zero");
    size_t len = strlen(text);
    if (len > TEXT_MAX) return sfi_fail(err, SF_ERR_LIMIT, "the GraphQL text is longer than %d bytes", TEXT_MAX);
    if (!sfi_utf8_valid(text, len)) return sfi_fail(err, SF_ERR_USAGE, "the GraphQL text is not valid UTF-8");
    if (o->operation != NULL && !sfi_utf8_valid(o->operation, strlen(o->operation)))
        return sfi_fail(err, SF_ERR_USAGE, "the operation's name is not valid UTF-8");
    if (o->variables == NULL) return SF_OK;
    sf_document *doc = NULL;
    sf_status rc = sf_document_parse(o->variables, strlen(o->variables), &doc, err);
    bool is_object = sf_value_type(sf_document_root(doc)) == SF_OBJECT;
    sf_document_free(doc);
    if (rc == SF_ERR_MEMORY) return rc;
    if (rc != SF_OK || !is_object)
        return sfi_fail(err, SF_ERR_USAGE, "the variables are no JSON object, such as {\"name\":\"Acme\"}");
    return SF_OK;
}

/* {"query":…,"operationName":…,"variables":{…}} */
static sf_status post(sf_client *sf, const char *text, const char *operation, const char *variables,
                      const sf_call_options *call, sf_document **out, sf_error *err)
{
    sfi_buf body = { 0 };
    sfi_json_writer w = sfi_json_write_to(&body);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "query");
    sfi_json_string(&w, text);
    if (operation != NULL) {
        sfi_json_key(&w, "operationName");
        sfi_json_string(&w, operation);
    }
    if (variables != NULL) {
        sfi_json_key(&w, "variables");
        sfi_json_raw_text(&w, sfi_str(variables));
    }
    sfi_json_end_object(&w);
    sf_status rc = sfi_buf_status(&body, err, "a GraphQL request");
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "POST",
                                     .path = "graphql",
                                     .body = sfi_buf_str(&body),
                                     .repeatable = !sfi_graphql_writes(text),
                                     .options = call,
                                     .what = "graphql" };
        rc = sfi_call_document(sf, &request, out, err);
    }
    sfi_buf_free(&body);
    return rc;
}

/* ---- errors, which come with HTTP 200 ---- */

static sf_status fail_of(sf_value errors, sf_error *err)
{
    sf_value first = sf_get(errors, "0");
    sf_str message = sf_get_text(first, "message");
    sf_str code = sf_get_text(first, "extensions.ErrorType");
    if (code.ptr == NULL) code = sf_get_text(first, "extensions.errorType");
    int64_t line = sf_get_int(first, "locations.0.line", 0), column = sf_get_int(first, "locations.0.column", 0);
    size_t more = sf_value_count(errors) - 1;
    char place[80] = "", others[40] = "";
    message = sfi_trim(message);
    if (line > 0) snprintf(place, sizeof place, " (line %lld, column %lld)", (long long)line, (long long)column);
    if (more > 0) snprintf(others, sizeof others, " (and %zu more)", more);
    sf_status rc = sfi_fail(err, SF_ERR_ORG, "graphql: %.*s%s%s", (int)(message.len < 600 ? message.len : 600),
                            message.ptr != NULL ? message.ptr : "an error without a message", place, others);
    if (code.ptr != NULL) sfi_error_set_code(err, code);
    if (err != NULL) err->http_status = 200;
    return rc;
}

static bool has_errors(sf_value root)
{
    sf_value errors = sf_get(root, "errors");
    return sf_value_type(errors) == SF_ARRAY && sf_value_count(errors) > 0;
}

/* SF_OK: an answer with data, and without errors unless they are kept. */
static sf_status judge(sf_document *doc, bool keep_errors, sf_error *err)
{
    sf_value root = sf_document_root(doc);
    if (has_errors(root)) return keep_errors ? SF_OK : fail_of(sf_get(root, "errors"), err);
    if (sf_value_type(sf_get(root, "data")) == SF_OBJECT) return SF_OK;
    return sfi_fail(err, SF_ERR_PROTOCOL, "graphql: the org's answer has neither data nor errors");
}

sf_status sf_graphql_run(sf_client *sf, const char *text, const sf_graphql_options *options, sf_document **out,
                         sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    const sf_graphql_options *o = options != NULL ? options : &no_options;
    sf_status rc = check(text, o, err);
    if (rc == SF_OK && o->connection != NULL)
        rc = sfi_fail(err, SF_ERR_USAGE, "sf_graphql_options: connection is for sf_graphql_open");
    sf_document *doc = NULL;
    if (rc == SF_OK) rc = post(sf, text, o->operation, o->variables, o->call, &doc, err);
    if (rc == SF_OK) rc = judge(doc, o->keep_errors, err);
    if (rc == SF_OK) {
        *out = doc;
        doc = NULL;
    }
    sf_document_free(doc);
    return rc;
}

/* ---- the connection ---- */

/* Cuts "uiapi.query.Account" into its steps. */
static sf_status take_path(sf_graphql *g, const char *path, sf_error *err)
{
    g->path = sfi_strdup(path);
    if (g->path == NULL) return sfi_fail_memory(err, "a connection's path");
    for (const char *at = g->path;;) {
        size_t len = strcspn(at, ".");
        if (len == 0 || g->step_count == SFI_GRAPHQL_PATH_MAX)
            return sfi_fail(err, SF_ERR_USAGE, "connection \"%.100s\": want keys with dots between, at most %d", path,
                            SFI_GRAPHQL_PATH_MAX);
        g->steps[g->step_count++] = (sf_str){ at, len };
        if (at[len] == '\0') return SF_OK;
        at += len + 1;
    }
}

static bool is_connection(sf_value v)
{
    return sf_value_type(sf_get(v, "edges")) == SF_ARRAY;
}

/* The only connection of uiapi.query. */
static sf_status find_connection(sf_graphql *g, sf_error *err)
{
    sf_str key;
    sf_value v;
    char path[SFI_REST_NAME_MAX + 16] = "";
    size_t found = 0;
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(g->page), "data.uiapi.query"));
         sf_iter_next(&it, &key, &v);) {
        if (!is_connection(v) || key.len > SFI_REST_NAME_MAX) continue;
        found++;
        snprintf(path, sizeof path, "uiapi.query.%.*s", (int)key.len, key.ptr);
    }
    if (found == 1) return take_path(g, path, err);
    return sfi_fail(err, SF_ERR_USAGE,
                    found == 0
                        ? "graphql: the query has no edges below uiapi.query: ask for Account { edges { node { … } } } "
                          "and the like, or name the connection"
                        : "graphql: the query has several connections: name the one to read, such as %s",
                    path);
}

/* The page's edges. */
static sf_status enter_page(sf_graphql *g, sf_error *err)
{
    sf_status rc = judge(g->page, false, err);
    if (rc == SF_OK && g->path == NULL) rc = find_connection(g, err);
    if (rc != SF_OK) return rc;
    sf_value v = sf_get(sf_document_root(g->page), "data");
    for (size_t i = 0; i < g->step_count; i++) {
        char key[SFI_REST_NAME_MAX + 1];
        snprintf(key, sizeof key, "%.*s", (int)g->steps[i].len, g->steps[i].ptr);
        v = sf_get(v, key);
    }
    g->connection = v;
    if (!is_connection(v))
        return sfi_fail(err, SF_ERR_USAGE, "graphql: the answer has no edges at %s: ask for edges { node { … } } there",
                        g->path);
    if (sf_value_type(sf_get(v, "pageInfo.hasNextPage")) != SF_BOOL)
        return sfi_fail(
            err, SF_ERR_USAGE,
            "graphql: ask for pageInfo { hasNextPage endCursor } at %s, else nobody knows where the rows end", g->path);
    g->edges = sf_iter_begin(sf_get(v, "edges"));
    g->total = sf_get_int(v, "totalCount", -1);
    return SF_OK;
}

/* ---- pages ---- */

/* The variables with name set to cursor. */
static sf_status set_variable(sf_graphql *g, sf_str name, const char *cursor, sf_error *err)
{
    sfi_buf text = { 0 };
    sfi_json_writer w = sfi_json_write_to(&text);
    sf_document *doc = NULL;
    sf_str key;
    sf_value v;
    sf_status rc = SF_OK;
    if (g->variables != NULL) rc = sf_document_parse(g->variables, strlen(g->variables), &doc, err);
    sfi_json_begin_object(&w);
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); rc == SF_OK && sf_iter_next(&it, &key, &v);) {
        if (sfi_str_eq(key, name)) continue;
        sfi_json_key_n(&w, key);
        sfi_json_write_value(&w, v);
    }
    sfi_json_key_n(&w, name);
    sfi_json_string(&w, cursor);
    sfi_json_end_object(&w);
    sf_document_free(doc);
    if (rc == SF_OK) rc = sfi_buf_status(&text, err, "the variables");
    char *next = rc == SF_OK ? sfi_buf_take(&text) : NULL;
    sfi_buf_free(&text);
    if (rc == SF_OK && next == NULL) rc = sfi_fail_memory(err, "the variables");
    if (rc != SF_OK) return rc;
    sfi_free(g->variables);
    g->variables = next;
    return SF_OK;
}

/* Text or variables for the page behind cursor. */
static sf_status go_behind(sf_graphql *g, const char *cursor, sf_error *err)
{
    sfi_buf text = { 0 };
    sf_str variable = { NULL, 0 };
    sf_status rc = SF_OK;
    switch (sfi_graphql_set_after(g->text, g->operation, g->steps, g->step_count, cursor, &text, &variable)) {
    case SFI_GRAPHQL_IN_VARIABLE: rc = set_variable(g, variable, cursor, err); break;
    case SFI_GRAPHQL_IN_TEXT:
        rc = sfi_buf_status(&text, err, "a GraphQL text");
        char *next = rc == SF_OK ? sfi_buf_take(&text) : NULL;
        if (rc == SF_OK && next == NULL) rc = sfi_fail_memory(err, "a GraphQL text");
        if (rc != SF_OK) break;
        sfi_free(g->text);
        g->text = next;
        break;
    default:
        rc = sfi_fail(
            err, SF_ERR_USAGE,
            "graphql: %s has more pages, and stands in a fragment of its own: write it into the query, or give it "
            "after: $name",
            g->path);
        break;
    }
    sfi_buf_free(&text);
    return rc;
}

static sf_status fetch(sf_graphql *g, sf_error *err)
{
    sf_document *page = NULL;
    sf_status rc = post(g->sf, g->text, g->operation, g->variables, g->call, &page, err);
    if (rc != SF_OK) return rc;
    sf_document_free(g->page);
    g->page = page;
    g->pages++;
    return enter_page(g, err);
}

/* SF_OK: the next page is there; SF_DONE: there is none. */
static sf_status turn_page(sf_graphql *g, sf_error *err)
{
    if (!sf_get_bool(g->connection, "pageInfo.hasNextPage", false)) return SF_DONE;
    const char *cursor = sf_get_str(g->connection, "pageInfo.endCursor");
    if (cursor == NULL || *cursor == '\0')
        return sfi_fail(err, SF_ERR_PROTOCOL, "graphql: %s has more pages, but no pageInfo.endCursor: ask for it",
                        g->path);
    if (g->pages >= PAGES_MAX)
        return sfi_fail(err, SF_ERR_PROTOCOL, "graphql: more than %d pages: the org leads us in circles", PAGES_MAX);
    char *last = sfi_strdup(cursor); /* it ends with the page */
    if (last == NULL) return sfi_fail_memory(err, "a cursor");
    sf_status rc = go_behind(g, last, err);
    if (rc == SF_OK) rc = fetch(g, err);
    const char *now = rc == SF_OK ? sf_get_str(g->connection, "pageInfo.endCursor") : NULL;
    if (now != NULL && strcmp(now, last) == 0 && sf_get_bool(g->connection, "pageInfo.hasNextPage", false))
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "graphql: the page behind %.40s ends where the one before it did", last);
    sfi_free(last);
    return rc;
}

sf_status sf_graphql_open(sf_client *sf, const char *text, const sf_graphql_options *options, sf_graphql **out,
                          sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    const sf_graphql_options *o = options != NULL ? options : &no_options;
    sf_status rc = check(text, o, err);
    if (rc == SF_OK && o->keep_errors)
        rc = sfi_fail(err, SF_ERR_USAGE, "sf_graphql_options: keep_errors is for sf_graphql_run");
    if (rc == SF_OK && sfi_graphql_writes(text))
        rc = sfi_fail(err, SF_ERR_USAGE, "a cursor reads: send a mutation with sf_graphql_run");
    if (rc != SF_OK) return rc;
    sf_graphql *g = sfi_calloc(sizeof *g);
    if (g == NULL) return sfi_fail_memory(err, "a GraphQL cursor");
    g->sf = sf;
    g->call = o->call;
    g->total = -1;
    g->text = sfi_strdup(text);
    g->operation = sfi_strdup(o->operation);
    g->variables = sfi_strdup(o->variables);
    if (g->text == NULL || (o->operation != NULL && g->operation == NULL) ||
        (o->variables != NULL && g->variables == NULL))
        rc = sfi_fail_memory(err, "a GraphQL cursor");
    if (rc == SF_OK && o->connection != NULL) rc = take_path(g, o->connection, err);
    if (rc == SF_OK) rc = fetch(g, err);
    if (rc == SF_OK) {
        *out = g;
        g = NULL;
    }
    sf_graphql_close(g);
    return rc;
}

static sf_status read_next(sf_graphql *g, sf_value *node, sf_error *err)
{
    sf_value edge;
    while (!sf_iter_next(&g->edges, NULL, &edge)) { /* ends: each page counts, and the last one says so */
        sf_status rc = turn_page(g, err);
        if (rc != SF_OK) return rc;
    }
    *node = sf_get(edge, "node");
    if (sf_value_type(*node) == SF_OBJECT) return SF_ROW;
    return sfi_fail(err, SF_ERR_USAGE, "graphql: an edge of %s has no node: ask for edges { node { … } }", g->path);
}

sf_status sf_graphql_next(sf_graphql *g, sf_value *node, sf_error *err)
{
    if (g == NULL || node == NULL) return sfi_fail(err, SF_ERR_USAGE, "the cursor or node is NULL");
    if (g->end == SF_OK) {
        sf_status rc = read_next(g, node, &g->failure);
        if (rc == SF_ROW) return rc;
        g->end = rc;
    }
    if (g->end < 0 && err != NULL) *err = g->failure;
    return g->end;
}

int64_t sf_graphql_total(const sf_graphql *g)
{
    return g != NULL ? g->total : -1;
}

const char *sf_graphql_end_cursor(const sf_graphql *g)
{
    return g != NULL ? sf_get_str(g->connection, "pageInfo.endCursor") : NULL;
}

void sf_graphql_close(sf_graphql *g)
{
    if (g == NULL) return;
    sf_document_free(g->page);
    sfi_free(g->text);
    sfi_free(g->operation);
    sfi_free(g->variables);
    sfi_free(g->path);
    sfi_free(g);
}
