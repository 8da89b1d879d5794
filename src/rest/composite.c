/* composite.c: the builder of composite.h. Called by programs; owns each part's pieces. One thread at a time. The one
 * idea: a part is kept as what the request needs of it, finished, but for the API version in its URL, which is known
 * only when it is sent; the request is then JSON text, and is checked and sent as any other (composite_send.c). */
#include "rest/composite_internal.h"
#include "rest/soql_internal.h"

enum { PATH_BYTES_MAX = 400000, GRAPH_ID_MAX = 255 };

static const char data_root[] = "/services/data/";

typedef struct part {
    const char *method; /* a constant */
    char *ref;          /* owned; NULL: none */
    char *path;         /* owned; below the version, or from /services/data/ on */
    char *body;         /* owned JSON; NULL: none */
    size_t body_len;
    sfi_buf headers; /* members of an object, comma between */
    size_t graph;    /* index of its graph */
} part;

struct sf_composite {
    sf_composite_kind kind;
    part *parts;
    size_t count, cap;
    char **graphs;
    size_t graph_count, graph_cap;
    sf_error failure; /* the first one since new or clear; status SF_OK: none */
};

sf_composite *sf_composite_new(sf_composite_kind kind)
{
    if (kind != SF_COMPOSITE && kind != SF_COMPOSITE_BATCH && kind != SF_COMPOSITE_GRAPH) return NULL;
    sf_composite *c = sfi_calloc(sizeof *c);
    if (c != NULL) c->kind = kind;
    return c;
}

static void clear_part(part *p)
{
    sfi_free(p->ref);
    sfi_free(p->path);
    sfi_free(p->body);
    sfi_buf_free(&p->headers);
}

void sf_composite_clear(sf_composite *c)
{
    if (c == NULL) return;
    for (size_t i = 0; i < c->count; i++) clear_part(&c->parts[i]);
    for (size_t i = 0; i < c->graph_count; i++) sfi_free(c->graphs[i]);
    c->count = c->graph_count = 0;
    c->failure = (sf_error){ 0 };
}

void sf_composite_free(sf_composite *c)
{
    if (c == NULL) return;
    sf_composite_clear(c);
    sfi_free(c->parts);
    sfi_free(c->graphs);
    sfi_free(c);
}

size_t sf_composite_count(const sf_composite *c)
{
    return c != NULL ? c->count : 0;
}

/* ---- names and references ---- */

bool sfi_is_reference_id(sf_str s)
{
    if (s.len == 0 || s.len > SFI_REFERENCE_MAX || s.ptr[0] == '_') return false;
    for (size_t i = 0; i < s.len; i++)
        if (!sfi_is_word_char(s.ptr[i])) return false;
    return true;
}

/* What stands between @{ and } at the begin of s, those included; 0: no reference begins there. */
static size_t reference_length(sf_str s)
{
    if (s.len < 4 || s.ptr[0] != '@' || s.ptr[1] != '{') return 0;
    for (size_t i = 2; i < s.len; i++) {
        if (s.ptr[i] == '}') return i > 2 ? i + 1 : 0;
        if (!sfi_is_word_char(s.ptr[i]) && strchr(".[]", s.ptr[i]) == NULL) return 0;
    }
    return 0;
}

static bool is_id(const char *id)
{
    if (id == NULL) return false;
    size_t len = strlen(id);
    return sfi_rest_is_id(id) || (len > 0 && reference_length((sf_str){ id, len }) == len);
}

static const char *known_method(const char *method)
{
    static const char *const methods[] = { "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD" };
    for (size_t i = 0; method != NULL && i < SFI_COUNT_OF(methods); i++)
        if (strcmp(method, methods[i]) == 0) return methods[i];
    return NULL;
}

/* ---- failures ---- */

static sf_status SFI_PRINTF(3, 4) refuse(sf_composite *c, sf_status status, const char *format, ...)
{
    sf_error failure;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)sfi_fail(&failure, status, "part %zu: %s", c->count + 1, text); /* kept, and answered below */
    return sfi_error_keep(&c->failure, &failure);
}

static sf_status refuse_memory(sf_composite *c)
{
    sf_error failure;
    (void)sfi_fail_memory(&failure, "a composite's part");
    return sfi_error_keep(&c->failure, &failure);
}

/* ---- adding ---- */

static sf_status check_ref(sf_composite *c, const char *ref)
{
    if (c->kind == SF_COMPOSITE_BATCH)
        return ref == NULL ? SF_OK : refuse(c, SF_ERR_USAGE, "a batch's parts have no reference ids: ref must be NULL");
    if (ref == NULL || !sfi_is_reference_id(sfi_str(ref)))
        return refuse(c, SF_ERR_USAGE,
                      "reference id \"%.60s\": want a letter or digit, then letters, digits and _, at most %d",
                      ref != NULL ? ref : "(NULL)", SFI_REFERENCE_MAX);
    if (c->kind == SF_COMPOSITE_GRAPH && c->graph_count == 0)
        return refuse(c, SF_ERR_USAGE, "no graph was begun: call sf_composite_add_graph first");
    return SF_OK;
}

static bool grow(sf_composite *c)
{
    part *parts = sfi_grow(c->parts, c->count, &c->cap, 8, sizeof *parts);
    if (parts != NULL) c->parts = parts;
    return parts != NULL;
}

/* path and body are used up, also on failure. */
static sf_status add_part(sf_composite *c, const char *ref, const char *method, sfi_buf *path, sfi_buf *body)
{
    sf_error failure;
    part p = { .method = method, .graph = c->graph_count > 0 ? c->graph_count - 1 : 0 };
    int most = c->kind == SF_COMPOSITE_GRAPH ? SF_GRAPH_PARTS_MAX : SF_COMPOSITE_PARTS_MAX;
    sf_status rc = check_ref(c, ref);
    if (rc == SF_OK && c->count >= (size_t)most) rc = refuse(c, SF_ERR_LIMIT, "a request holds at most %d parts", most);
    if (rc == SF_OK && (rc = sfi_buf_status(path, &failure, "a part's path")) != SF_OK)
        (void)sfi_error_keep(&c->failure, &failure);
    if (rc == SF_OK && (rc = sfi_buf_status(body, &failure, "a part's body")) != SF_OK)
        (void)sfi_error_keep(&c->failure, &failure);
    if (rc == SF_OK) {
        p.body_len = body->len;
        p.ref = sfi_strdup(ref);
        p.path = sfi_buf_take(path);
        if (p.body_len > 0) p.body = sfi_buf_take(body);
        bool fine = (ref == NULL || p.ref != NULL) && p.path != NULL && (p.body_len == 0 || p.body != NULL) && grow(c);
        if (!fine) rc = refuse_memory(c);
    }
    if (rc == SF_OK)
        c->parts[c->count++] = p;
    else
        clear_part(&p);
    sfi_buf_free(path);
    sfi_buf_free(body);
    return rc;
}

sf_status sf_composite_add_graph(sf_composite *c, const char *graph_id)
{
    if (c == NULL) return SF_ERR_USAGE;
    if (c->kind != SF_COMPOSITE_GRAPH) return refuse(c, SF_ERR_USAGE, "this composite has no graphs");
    size_t len = graph_id != NULL ? strnlen(graph_id, GRAPH_ID_MAX + 1) : 0;
    if (len == 0 || len > GRAPH_ID_MAX || !sfi_utf8_valid(graph_id, len))
        return refuse(c, SF_ERR_USAGE, "a graph's id is a text of 1 to %d bytes", GRAPH_ID_MAX);
    if (c->graph_count >= SF_GRAPHS_MAX)
        return refuse(c, SF_ERR_LIMIT, "a request holds at most %d graphs", SF_GRAPHS_MAX);
    if (c->graph_count == c->graph_cap) {
        size_t cap = c->graph_cap == 0 ? 4 : c->graph_cap * 2;
        char **graphs = sfi_realloc(c->graphs, cap * sizeof *graphs);
        if (graphs == NULL) return refuse_memory(c);
        c->graphs = graphs;
        c->graph_cap = cap;
    }
    char *copy = sfi_strdup(graph_id);
    if (copy == NULL) return refuse_memory(c);
    c->graphs[c->graph_count++] = copy;
    return SF_OK;
}

/* Percent-encoded, below the version or from /services/data/vNN.N/ on. */
static sf_status check_path(sf_composite *c, const char *path)
{
    if (path == NULL || *path == '\0') return refuse(c, SF_ERR_USAGE, "the path is NULL or empty");
    if (strnlen(path, PATH_BYTES_MAX + 1) > PATH_BYTES_MAX)
        return refuse(c, SF_ERR_LIMIT, "the path is longer than %d bytes", PATH_BYTES_MAX);
    for (const char *p = path; *p != '\0'; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '\\' || *p == '#')
            return refuse(c, SF_ERR_USAGE, "byte %zu (0x%02x) of the path must be percent-encoded",
                          (size_t)(p - path) + 1, (unsigned char)*p);
    if (path[0] == '/' && (strncmp(path, data_root, sizeof data_root - 1) != 0 || path[sizeof data_root - 1] != 'v'))
        return refuse(c, SF_ERR_USAGE, "path \"%.80s\": want one below /services/data/vXX.X/", path);
    return SF_OK;
}

sf_status sf_composite_add(sf_composite *c, const char *ref, const char *method, const char *path, sf_str body)
{
    if (c == NULL) return SF_ERR_USAGE;
    sfi_buf url = { 0 }, copy = { .max = SFI_COMPOSITE_BYTES_MAX };
    const char *known = known_method(method);
    if (known == NULL) return refuse(c, SF_ERR_USAGE, "method \"%.20s\" is none", method != NULL ? method : "(NULL)");
    sf_status rc = check_path(c, path);
    if (rc == SF_OK && body.ptr != NULL) {
        sf_error failure;
        sf_document *doc = NULL;
        rc = sf_document_parse(body.ptr, body.len, &doc, &failure);
        sf_document_free(doc);
        if (rc == SF_ERR_MEMORY) return refuse_memory(c);
        if (rc != SF_OK) return refuse(c, SF_ERR_USAGE, "the body is not JSON: %s", failure.message);
        sfi_buf_add(&copy, body.ptr, body.len);
    }
    if (rc != SF_OK) return rc;
    sfi_buf_add_str(&url, path);
    return add_part(c, ref, known, &url, &copy);
}

/* The body of a record. */
static sf_status write_record(sf_composite *c, const sf_record *r, sfi_buf *body)
{
    sf_error failure;
    sf_status rc = sfi_record_check(r, &failure);
    if (rc == SF_OK) rc = sfi_record_write(r, NULL, body, &failure);
    if (rc == SF_OK) return rc;
    sfi_error_prefix(&failure, "part %zu", c->count + 1);
    return sfi_error_keep(&c->failure, &failure);
}

static sf_status check_row(sf_composite *c, const char *object, const char *id)
{
    if (!sfi_rest_is_name(object))
        return refuse(c, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object != NULL ? object : "(NULL)");
    if (!is_id(id))
        return refuse(c, SF_ERR_USAGE, "%s: \"%.60s\" is no record id and no reference such as @{ref.id}", object,
                      id != NULL ? id : "(NULL)");
    return SF_OK;
}

sf_status sf_composite_add_create(sf_composite *c, const char *ref, const sf_record *r)
{
    if (c == NULL) return SF_ERR_USAGE;
    sfi_buf path = { 0 }, body = { 0 };
    sf_status rc = write_record(c, r, &body);
    if (rc == SF_OK) {
        sfi_buf_addf(&path, "sobjects/%s", sf_record_object(r));
        return add_part(c, ref, "POST", &path, &body);
    }
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_composite_add_update(sf_composite *c, const char *ref, const sf_record *r, const char *id)
{
    if (c == NULL) return SF_ERR_USAGE;
    sfi_buf path = { 0 }, body = { 0 };
    sf_status rc = write_record(c, r, &body);
    if (rc == SF_OK) rc = check_row(c, sf_record_object(r), id);
    if (rc == SF_OK) {
        sfi_buf_addf(&path, "sobjects/%s/%s", sf_record_object(r), id);
        return add_part(c, ref, "PATCH", &path, &body);
    }
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_composite_add_upsert(sf_composite *c, const char *ref, const sf_record *r, const char *field,
                                  const char *value)
{
    if (c == NULL) return SF_ERR_USAGE;
    sfi_buf path = { 0 }, body = { 0 };
    sf_status rc = write_record(c, r, &body);
    if (rc == SF_OK && !sfi_rest_is_name(field))
        rc = refuse(c, SF_ERR_USAGE, "\"%.80s\" is not a field name", field != NULL ? field : "(NULL)");
    if (rc == SF_OK && sfi_record_field_json(r, field).ptr != NULL)
        rc = refuse(c, SF_ERR_USAGE, "upsert by %s: the record may not set that field too", field);
    size_t len = value != NULL ? strnlen(value, SFI_REST_VALUE_MAX + 1) : 0;
    if (rc == SF_OK && (len == 0 || len > SFI_REST_VALUE_MAX || !sfi_utf8_valid(value, len)))
        rc = refuse(c, SF_ERR_USAGE, "%s: the external id is empty, not UTF-8, or longer than %d bytes", field,
                    SFI_REST_VALUE_MAX);
    if (rc == SF_OK) {
        sfi_buf_addf(&path, "sobjects/%s/%s/", sf_record_object(r), field);
        (void)sfi_rest_add_value(&path, value); /* a failure stays in the buffer */
        return add_part(c, ref, "PATCH", &path, &body);
    }
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_composite_add_delete(sf_composite *c, const char *ref, const char *object, const char *id)
{
    if (c == NULL) return SF_ERR_USAGE;
    sfi_buf path = { 0 }, body = { 0 };
    sf_status rc = check_row(c, object, id);
    if (rc != SF_OK) return rc;
    sfi_buf_addf(&path, "sobjects/%s/%s", object, id);
    return add_part(c, ref, "DELETE", &path, &body);
}

sf_status sf_composite_add_get(sf_composite *c, const char *ref, const char *object, const char *id,
                               const char *const *fields)
{
    if (c == NULL) return SF_ERR_USAGE;
    sfi_buf path = { .max = PATH_BYTES_MAX }, body = { 0 };
    sf_status rc = check_row(c, object, id);
    if (rc == SF_OK && fields != NULL && fields[0] == NULL)
        rc = refuse(c, SF_ERR_USAGE, "the field list is empty; NULL asks for all fields");
    for (size_t i = 0; rc == SF_OK && fields != NULL && fields[i] != NULL; i++)
        if (!sfi_rest_is_path(fields[i])) rc = refuse(c, SF_ERR_USAGE, "\"%.80s\" is not a field name", fields[i]);
    if (rc != SF_OK) return rc;
    sfi_buf_addf(&path, "sobjects/%s/%s", object, id);
    for (size_t i = 0; fields != NULL && fields[i] != NULL; i++) {
        sfi_buf_add_str(&path, i == 0 ? "?fields=" : ",");
        sfi_buf_add_str(&path, fields[i]);
    }
    return add_part(c, ref, "GET", &path, &body);
}

/* ---- queries ---- */

/* Does the statement, as it was given, hold this reference? */
static bool holds(const char *soql, sf_str reference)
{
    for (const char *at = soql; (at = strstr(at, "@{")) != NULL; at += 2)
        if (strncmp(at, reference.ptr, reference.len) == 0) return true;
    return false;
}

/* Encoded, but for the references of the statement itself: those in a bind's value are text. */
static void add_statement(sfi_buf *path, const char *soql, sf_str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t len = reference_length((sf_str){ text.ptr + i, text.len - i });
        if (len == 0 || !holds(soql, (sf_str){ text.ptr + i, len })) continue;
        sfi_buf_add_urlencoded(path, (sf_str){ text.ptr + from, i - from });
        sfi_buf_add(path, text.ptr + i, len);
        from = i + len;
        i = from - 1;
    }
    sfi_buf_add_urlencoded(path, (sf_str){ text.ptr + from, text.len - from });
}

static sf_status bind_statement(const char *soql, sf_binds binds, sfi_buf *out, sf_error *err)
{
    sfi_buf text = { 0 };
    sfi_soql_plan plan;
    if (soql == NULL) return sfi_fail(err, SF_ERR_USAGE, "the statement is NULL");
    sf_status rc = sfi_soql_bind(soql, binds, &text, err);
    if (rc == SF_OK && !sfi_utf8_valid(text.data, text.len))
        rc = sfi_fail(err, SF_ERR_USAGE, "the statement is not valid UTF-8");
    char *owned = rc == SF_OK ? sfi_buf_take(&text) : NULL;
    sfi_buf_free(&text);
    if (rc == SF_OK && owned == NULL) rc = sfi_fail_memory(err, "a statement");
    if (rc != SF_OK) return rc;
    rc = sfi_soql_plan_make(owned, SF_QUERY_TEXT_MAX, &plan, err);
    if (rc != SF_OK) return rc;
    if (plan.count > 1)
        rc = sfi_fail(err, SF_ERR_LIMIT,
                      "the IN list is too long for one statement: use sf_query_open, which splits it");
    else
        sfi_soql_plan_statement(&plan, 0, out);
    sfi_soql_plan_clear(&plan);
    return rc == SF_OK ? sfi_buf_status(out, err, "a statement") : rc;
}

sf_status sf_composite_add_query(sf_composite *c, const char *ref, const char *soql, sf_binds binds)
{
    if (c == NULL) return SF_ERR_USAGE;
    if (c->kind == SF_COMPOSITE_GRAPH) return refuse(c, SF_ERR_USAGE, "a graph takes no queries");
    sf_error failure;
    sfi_buf text = { 0 }, path = { .max = PATH_BYTES_MAX }, body = { 0 };
    sf_status rc = bind_statement(soql, binds, &text, &failure);
    if (rc != SF_OK) {
        sfi_error_prefix(&failure, "part %zu", c->count + 1);
        (void)sfi_error_keep(&c->failure, &failure);
    } else {
        sfi_buf_add_str(&path, "query?q=");
        add_statement(&path, soql, sfi_buf_str(&text));
        rc = add_part(c, ref, "GET", &path, &body);
    }
    sfi_buf_free(&text);
    return rc;
}

sf_status sf_composite_add_header(sf_composite *c, const char *name, const char *value)
{
    if (c == NULL) return SF_ERR_USAGE;
    if (c->count == 0 || c->kind == SF_COMPOSITE_BATCH)
        return refuse(c, SF_ERR_USAGE, "a header needs a part before it, which is not a batch's");
    size_t len = name != NULL ? strlen(name) : 0;
    bool is_token = len > 0 && len < 128;
    for (size_t i = 0; is_token && i < len; i++) is_token = sfi_is_word_char(name[i]) || name[i] == '-';
    if (!is_token || !sfi_rest_is_header_value(value) || !sfi_utf8_valid(value, strlen(value)))
        return refuse(c, SF_ERR_USAGE, "header \"%.60s\": name or value does not fit", name != NULL ? name : "(NULL)");
    sfi_buf *headers = &c->parts[c->count - 1].headers;
    if (headers->len > 0) sfi_buf_add_char(headers, ',');
    sfi_json_escape(headers, sfi_str(name));
    sfi_buf_add_char(headers, ':');
    sfi_json_escape(headers, sfi_str(value));
    return headers->failed ? refuse_memory(c) : SF_OK;
}

/* ---- the request ---- */

/* v62.0/sobjects/… in a batch, /services/data/v62.0/sobjects/… elsewhere. */
static void write_url(sfi_json_writer *w, const sf_composite *c, const part *p, const char *version)
{
    sfi_buf url = { 0 };
    bool is_whole = p->path[0] == '/';
    if (c->kind != SF_COMPOSITE_BATCH) sfi_buf_add_str(&url, is_whole ? "" : data_root);
    if (!is_whole) sfi_buf_addf(&url, "v%s/", version);
    sfi_buf_add_str(&url, is_whole && c->kind == SF_COMPOSITE_BATCH ? p->path + sizeof data_root - 1 : p->path);
    sfi_json_key(w, "url");
    sfi_json_string_n(w, sfi_buf_str(&url));
    if (url.failed) w->out->failed = true;
    sfi_buf_free(&url);
}

static void write_part(sfi_json_writer *w, const sf_composite *c, const part *p, const char *version)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "method");
    sfi_json_string(w, p->method);
    write_url(w, c, p, version);
    if (p->ref != NULL) {
        sfi_json_key(w, "referenceId");
        sfi_json_string(w, p->ref);
    }
    if (p->headers.len > 0) {
        sfi_json_key(w, "httpHeaders");
        sfi_json_begin_object(w);
        sfi_json_raw_text(w, sfi_buf_str(&p->headers));
        sfi_json_end_object(w);
    }
    if (p->body != NULL) {
        sfi_json_key(w, c->kind == SF_COMPOSITE_BATCH ? "richInput" : "body");
        sfi_json_raw_text(w, (sf_str){ p->body, p->body_len });
    }
    sfi_json_end_object(w);
}

static void write_graphs(sfi_json_writer *w, const sf_composite *c, const char *version)
{
    for (size_t g = 0; g < c->graph_count; g++) {
        sfi_json_begin_object(w);
        sfi_json_key(w, "graphId");
        sfi_json_string(w, c->graphs[g]);
        sfi_json_key(w, "compositeRequest");
        sfi_json_begin_array(w);
        for (size_t i = 0; i < c->count; i++)
            if (c->parts[i].graph == g) write_part(w, c, &c->parts[i], version);
        sfi_json_end_array(w);
        sfi_json_end_object(w);
    }
}

sf_status sf_composite_send(sf_client *sf, const sf_composite *c, const sf_composite_options *options, sf_parts **out,
                            sf_error *err)
{
    static const sf_composite_options no_options;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || c == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the composite is NULL");
    if (c->failure.status != SF_OK) {
        if (err != NULL) *err = c->failure;
        return c->failure.status;
    }
    if (c->count == 0) return sfi_fail(err, SF_ERR_USAGE, "the composite has no parts");
    const char *version;
    sf_status rc = sfi_client_version(sf, &version, err);
    if (rc != SF_OK) return rc;
    sfi_buf text = { .max = SFI_COMPOSITE_BYTES_MAX };
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_begin_array(&w);
    if (c->kind == SF_COMPOSITE_GRAPH)
        write_graphs(&w, c, version);
    else
        for (size_t i = 0; i < c->count; i++) write_part(&w, c, &c->parts[i], version);
    sfi_json_end_array(&w);
    rc = sfi_buf_status(&text, err, "a composite's body");
    if (rc == SF_OK)
        rc =
            sfi_composite_send_text(sf, c->kind, sfi_buf_str(&text), options != NULL ? options : &no_options, out, err);
    sfi_buf_free(&text);
    return rc;
}
