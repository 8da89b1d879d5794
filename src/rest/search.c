/* search.c: the calls of search.h. Called by programs; a search owns the one answer that holds all its rows, so that its
 * cursor never waits. The one idea: the answer is the bare array of records up to API 36.0, and an object around it since;
 * both are read. */
#include <salesforce/search.h>
#include "rest/rest_internal.h"
#include "rest/sosl_internal.h"

enum { URL_BYTES_MAX = 15000 /* of a path with its statement */ };

struct sf_search {
    sf_document *doc;
    sf_value records;
    sf_iter rows;
    int64_t delivered;
    sf_status end; /* SF_DONE or an error: sticky; SF_OK: goes on */
};

static const sf_search_options no_options;
static const sf_search_parts no_parts;

/* ---- the answer ---- */

static sf_status run(sf_client *sf, const sfi_call_request *request, sf_search **out, sf_error *err)
{
    sf_search *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "a search");
    sf_status rc = sfi_call_document(sf, request, &s->doc, err);
    if (rc == SF_OK) {
        sf_value root = sf_document_root(s->doc);
        s->records = root.type == SF_ARRAY ? root : sf_get(root, "searchRecords");
        s->rows = sf_iter_begin(s->records);
        if (s->records.type != SF_ARRAY)
            rc = sfi_fail(err, SF_ERR_PROTOCOL, "search: the org's answer has no \"searchRecords\"");
    }
    if (rc == SF_OK) {
        *out = s;
        s = NULL;
    }
    sf_search_close(s);
    return rc;
}

sf_status sf_search_next(sf_search *s, sf_value *row, sf_error *err)
{
    if (s == NULL || row == NULL) return sfi_fail(err, SF_ERR_USAGE, "the search or row is NULL");
    sf_value next;
    if (s->end == SF_OK && !sf_iter_next(&s->rows, NULL, &next)) s->end = SF_DONE;
    if (s->end == SF_OK && next.type != SF_OBJECT) s->end = SF_ERR_PROTOCOL;
    if (s->end == SF_ERR_PROTOCOL)
        return sfi_fail(err, SF_ERR_PROTOCOL, "search: element %lld of the answer is no record",
                        (long long)s->delivered + 1);
    if (s->end != SF_OK) return s->end;
    s->delivered++;
    *row = next;
    return SF_ROW;
}

sf_value sf_search_records(const sf_search *s)
{
    return s != NULL ? s->records : (sf_value){ 0 };
}

void sf_search_close(sf_search *s)
{
    if (s == NULL) return;
    sf_document_free(s->doc);
    sfi_free(s);
}

/* ---- by statement ---- */

sf_status sf_search_format(const char *sosl, sf_binds binds, char **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sosl == NULL) return sfi_fail(err, SF_ERR_USAGE, "the search is NULL");
    sfi_buf text = { 0 };
    sf_status rc = sfi_sosl_bind(sosl, binds, &text, err);
    if (rc == SF_OK) *out = sfi_buf_take(&text);
    if (rc == SF_OK && *out == NULL) rc = sfi_fail_memory(err, "a search");
    sfi_buf_free(&text);
    return rc;
}

sf_status sf_search_open(sf_client *sf, const char *sosl, const sf_search_options *options, sf_search **out,
                         sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || sosl == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the search is NULL");
    const sf_search_options *o = options != NULL ? options : &no_options;
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_search_options: reserved is not zero");
    sfi_buf text = { 0 }, path = { 0 };
    sf_status rc = sfi_sosl_bind(sosl, o->binds, &text, err);
    if (rc == SF_OK && !sfi_utf8_valid(text.data, text.len))
        rc = sfi_fail(err, SF_ERR_USAGE, "the search is not valid UTF-8");
    if (rc == SF_OK) {
        sfi_buf_add_str(&path, "search?q=");
        sfi_buf_add_urlencoded(&path, sfi_buf_str(&text));
        rc = sfi_buf_status(&path, err, "a search's URL");
    }
    if (rc == SF_OK && path.len > URL_BYTES_MAX)
        rc = sfi_fail(err, SF_ERR_LIMIT, "the search is too long: %zu bytes, and %d fit into a URL", path.len,
                      URL_BYTES_MAX);
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "GET", .path = path.data, .options = o->call, .what = "search" };
        rc = run(sf, &request, out, err);
    }
    sfi_buf_free(&path);
    sfi_buf_free(&text);
    return rc;
}

/* ---- from parts ---- */

static void add_limit(sfi_json_writer *w, const char *key, int64_t limit)
{
    if (limit == 0) return;
    sfi_json_key(w, key);
    sfi_json_int(w, limit);
}

/* "Id, Name" as a list. */
static void add_fields(sfi_json_writer *w, const char *fields)
{
    if (fields == NULL) return;
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
    for (const char *at = fields; *at != '\0';) {
        size_t len = strcspn(at, ",");
        sf_str field = sfi_trim((sf_str){ at, len });
        if (field.len > 0) sfi_json_string_n(w, field);
        at += len + (at[len] == ',');
    }
    sfi_json_end_array(w);
}

static void write_parts(sfi_json_writer *w, const char *text, const sf_search_parts *p)
{
    sfi_json_begin_object(w);
    sfi_json_put_string_if(w, "q", text);
    sfi_json_put_string_if(w, "in", p->in);
    add_fields(w, p->fields);
    add_limit(w, "overallLimit", p->overall_limit);
    add_limit(w, "defaultLimit", p->default_limit);
    if (p->no_spell_correction) {
        sfi_json_key(w, "spellCorrection");
        sfi_json_bool(w, false);
    }
    if (p->object_count > 0) {
        sfi_json_key(w, "sobjects");
        sfi_json_begin_array(w);
        for (size_t i = 0; i < p->object_count; i++) {
            const sf_search_object *o = &p->objects[i];
            sfi_json_begin_object(w);
            sfi_json_put_string_if(w, "name", o->name);
            add_fields(w, o->fields);
            sfi_json_put_string_if(w, "where", o->where);
            sfi_json_put_string_if(w, "orderBy", o->order_by);
            add_limit(w, "limit", o->limit);
            sfi_json_end_object(w);
        }
        sfi_json_end_array(w);
    }
    sfi_json_end_object(w);
}

static bool is_text(const char *s)
{
    return s == NULL || sfi_utf8_valid(s, strlen(s));
}

static sf_status check_parts(const char *text, const sf_search_parts *p, sf_error *err)
{
    if (!sfi_is_zero(p->reserved, sizeof p->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_search_parts: reserved is not zero");
    if (p->object_count > SF_SEARCH_OBJECTS_MAX || (p->object_count > 0 && p->objects == NULL))
        return sfi_fail(err, SF_ERR_USAGE, "sf_search_parts: objects is NULL, or more than %d", SF_SEARCH_OBJECTS_MAX);
    if (p->overall_limit < 0 || p->default_limit < 0)
        return sfi_fail(err, SF_ERR_USAGE, "sf_search_parts: a limit is negative");
    bool valid = is_text(text) && is_text(p->in) && is_text(p->fields);
    for (size_t i = 0; i < p->object_count; i++) {
        const sf_search_object *o = &p->objects[i];
        if (!sfi_is_zero(o->reserved, sizeof o->reserved) || o->limit < 0)
            return sfi_fail(err, SF_ERR_USAGE, "sf_search_object: limit is negative, or reserved not zero");
        if (!sfi_rest_is_name(o->name))
            return sfi_fail(err, SF_ERR_USAGE, "sf_search_object: name is no object's name");
        valid = valid && is_text(o->fields) && is_text(o->where) && is_text(o->order_by);
    }
    return valid ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "the search is not valid UTF-8");
}

sf_status sf_search_text(sf_client *sf, const char *text, const sf_search_parts *parts, sf_search **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || text == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the text is NULL");
    const sf_search_parts *p = parts != NULL ? parts : &no_parts;
    sf_status rc = check_parts(text, p, err);
    if (rc != SF_OK) return rc;
    sfi_buf body = { 0 };
    sfi_json_writer w = sfi_json_write_to(&body);
    write_parts(&w, text, p);
    rc = sfi_buf_status(&body, err, "a search's body");
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "POST",
                                     .path = "parameterizedSearch",
                                     .body = sfi_buf_str(&body),
                                     .repeatable = true, /* it reads, whatever the method */
                                     .options = p->call,
                                     .what = "search" };
        rc = run(sf, &request, out, err);
    }
    sfi_buf_free(&body);
    return rc;
}

/* ---- while somebody types ---- */

sf_status sf_search_suggest(sf_client *sf, const char *text, const char *object, int64_t limit,
                            const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || text == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the text is NULL");
    if (!sfi_rest_is_name(object)) return sfi_fail(err, SF_ERR_USAGE, "the object's name is none");
    if (limit < 0 || !is_text(text)) return sfi_fail(err, SF_ERR_USAGE, "limit is negative, or the text is not UTF-8");
    sfi_buf path = { 0 };
    sfi_buf_add_str(&path, "search/suggestions?q=");
    sfi_buf_add_urlencoded(&path, sfi_str(text));
    sfi_buf_addf(&path, "&sobject=%s", object);
    if (limit > 0) sfi_buf_addf(&path, "&limit=%lld", (long long)limit);
    sf_status rc = sfi_buf_status(&path, err, "a URL");
    if (rc == SF_OK && path.len > URL_BYTES_MAX) rc = sfi_fail(err, SF_ERR_LIMIT, "the text is too long for a URL");
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "GET", .path = path.data, .options = call, .what = "suggestions" };
        rc = sfi_call_document(sf, &request, out, err);
    }
    sfi_buf_free(&path);
    return rc;
}
