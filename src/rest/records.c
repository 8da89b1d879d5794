/* records.c: the calls on single records of records.h, and those on a parent of related.h. Called by programs; owns nothing between calls, safe from any
 * thread. The one idea: each call says whether a repeat is harmless. Writes by id or external id are, so they go on
 * after a lost answer; a plain create is not, nor is a write under a condition that its own first attempt may have
 * ended, so these end as SF_ERR_UNKNOWN_OUTCOME. */
#include <salesforce/related.h>
#include "rest/rest_internal.h"

/* One row of the API, by id or by external id, and the options that most calls share. */
typedef struct target {
    const char *object;
    const char *field; /* NULL: value is a record id */
    const char *value;
    const char *relationship; /* with an id: the row that this leads to; NULL: the row itself */
} target;

enum { WHAT_BYTES = 2 * SFI_REST_NAME_MAX + 160 }; /* "get Account 0015j…", as errors begin */

static void name_call(char what[WHAT_BYTES], const char *verb, const target *t)
{
    snprintf(what, WHAT_BYTES, "%s %s %s%s%.40s%s%.60s", verb, t->object, t->field != NULL ? t->field : "",
             t->field != NULL ? "=" : "", t->value, t->relationship != NULL ? "/" : "",
             t->relationship != NULL ? t->relationship : "");
}

static const sf_write_options no_write_options;
static const sf_read_options no_read_options;

/* ---- checks and paths ---- */

/* The org cuts these off the end of a path, also when they come as %2E. */
static bool ends_as_format(const char *value, size_t len)
{
    static const char *const formats[] = { ".json", ".xml", ".inc" };
    for (size_t i = 0; i < SFI_COUNT_OF(formats); i++) {
        size_t n = strlen(formats[i]);
        if (len >= n && sfi_eq_nocase(value + len - n, formats[i])) return true;
    }
    return false;
}

static sf_status check_target(const target *t, sf_error *err)
{
    if (!sfi_rest_is_name(t->object))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name",
                        t->object != NULL ? t->object : "(NULL)");
    if (t->relationship != NULL && !sfi_rest_is_name(t->relationship))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a relationship's name", t->relationship);
    if (t->field == NULL) {
        if (sfi_rest_is_id(t->value)) return SF_OK;
        return sfi_fail(err, SF_ERR_USAGE, "%s: \"%.40s\" is not a record id (15 or 18 letters and digits)", t->object,
                        t->value != NULL ? t->value : "(NULL)");
    }
    if (!sfi_rest_is_name(t->field)) return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a field name", t->field);
    if (t->value == NULL || *t->value == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "%s.%s: the external id is empty", t->object, t->field);
    size_t len = strnlen(t->value, SFI_REST_VALUE_MAX + 1);
    if (len > SFI_REST_VALUE_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "%s.%s: the external id is longer than %d bytes", t->object, t->field,
                        SFI_REST_VALUE_MAX);
    if (!sfi_utf8_valid(t->value, len))
        return sfi_fail(err, SF_ERR_USAGE, "%s.%s: the external id is not UTF-8", t->object, t->field);
    if (ends_as_format(t->value, len))
        return sfi_fail(
            err, SF_ERR_USAGE,
            "%s.%s: the org takes the end of \"%.80s\" for a file format, however it is encoded, and would use "
            "another value: find the record by a query, and write it by its id",
            t->object, t->field, t->value);
    return SF_OK;
}

static void add_target(sfi_buf *path, const target *t)
{
    sfi_buf_addf(path, "sobjects/%s/", t->object);
    if (t->field != NULL) sfi_buf_addf(path, "%s/", t->field);
    (void)sfi_rest_add_value(path, t->value); /* a failure stays in the buffer */
    if (t->relationship != NULL) sfi_buf_addf(path, "/%s", t->relationship);
}

/* What the options of a write turn into. */
typedef struct write_call {
    sfi_buf path, body;
    char unmodified_since[32], duplicate_rule[80];
    sfi_call_request request;
    sf_document **refusal; /* NULL: not wanted */
} write_call;

static void write_call_clear(write_call *w)
{
    sfi_buf_free(&w->path);
    sfi_buf_free(&w->body);
}

static void add_header(sfi_call_request *request, const char *name, const char *value)
{
    request->headers[request->header_count++] = (sfi_header){ sfi_str(name), sfi_str(value) };
}

static bool has_condition(const sf_write_options *o)
{
    return o->if_match != NULL || o->if_unmodified_since_ms != 0;
}

static sf_status add_write_options(write_call *w, const sf_write_options *o, sf_error *err)
{
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_write_options: reserved is not zero");
    if (o->assignment_rule != NULL && !sfi_rest_is_header_value(o->assignment_rule))
        return sfi_fail(err, SF_ERR_USAGE, "sf_write_options: assignment_rule is TRUE, FALSE or a rule's id");
    if (o->if_match != NULL && !sfi_rest_is_header_value(o->if_match))
        return sfi_fail(err, SF_ERR_USAGE, "sf_write_options: if_match is not an ETag");
    if (o->if_unmodified_since_ms < 0)
        return sfi_fail(err, SF_ERR_USAGE, "sf_write_options: if_unmodified_since_ms lies before 1970");
    sfi_call_request *request = &w->request;
    w->refusal = o->refusal;
    if (o->refusal != NULL) *o->refusal = NULL;
    if (o->assignment_rule != NULL) add_header(request, "Sforce-Auto-Assign", o->assignment_rule);
    if (o->allow_duplicates || o->duplicate_details || o->duplicates_as_user) {
        snprintf(w->duplicate_rule, sizeof w->duplicate_rule,
                 "allowSave=%s; includeRecordDetails=%s; runAsCurrentUser=%s", o->allow_duplicates ? "true" : "false",
                 o->duplicate_details ? "true" : "false", o->duplicates_as_user ? "true" : "false");
        add_header(request, "Sforce-Duplicate-Rule-Header", w->duplicate_rule);
    }
    if (o->update_mru) add_header(request, "Sforce-Mru", "updateMru=true");
    if (o->if_match != NULL) add_header(request, "If-Match", o->if_match);
    if (o->if_unmodified_since_ms != 0) {
        sfi_http_date_format(o->if_unmodified_since_ms, w->unmodified_since);
        add_header(request, "If-Unmodified-Since", w->unmodified_since);
    }
    request->options = o->call;
    return SF_OK;
}

/* Runs a prepared write. */
static sf_status run_write(sf_client *sf, write_call *w, const char *method, const char *what, sfi_answer *answer,
                           sf_error *err)
{
    sf_status rc = sfi_buf_status(&w->path, err, "the path");
    if (rc != SF_OK) return rc;
    w->request.method = method;
    w->request.path = w->path.data;
    if (w->body.len > 0) w->request.body = sfi_buf_str(&w->body);
    w->request.what = what;
    sfi_call *call;
    rc = sfi_call_begin(sf, &w->request, &call, err);
    if (rc == SF_OK) rc = sfi_call_finish_full(call, answer, err);
    w->request.what = NULL; /* the caller's text ends before w does */
    if (rc != SF_OK && answer->status >= 300 && answer->body_len > 0 && w->refusal != NULL)
        (void)sfi_answer_document(sf, answer, w->refusal, NULL); /* that it cannot be had is no further failure */
    if (rc != SF_OK) sfi_answer_clear(answer);
    return rc;
}

/* ---- answers ---- */

/* The id at the end of a Location header: "/services/data/v62.0/sobjects/Account/001…". */
static sf_id id_of_location(const sfi_answer *answer)
{
    sf_str location = sfi_answer_header(answer, "Location");
    size_t at = location.len;
    while (at > 0 && location.ptr[at - 1] != '/') at--;
    return sfi_id_make((sf_str){ location.ptr != NULL ? location.ptr + at : NULL, location.len - at });
}

/* The body {"id","success","errors","created"} into *out. */
static sf_status read_save_result(sf_value root, const sfi_answer *answer, const char *what, sf_upsert_result *out,
                                  sf_error *err)
{
    sf_id id = sfi_id_make(sf_get_text(root, "id"));
    if (!sf_get_bool(root, "success", true)) return sfi_error_from_value(answer->status, root, what, err);
    if (id.text[0] == '\0' && out->id.text[0] == '\0') {
        (void)sfi_fail(err, SF_ERR_PROTOCOL, "it has no id of the record");
        return sfi_fail_unread(what, answer->status, err);
    }
    if (id.text[0] != '\0') out->id = id;
    out->created = sf_get_bool(root, "created", out->created);
    return SF_OK;
}

/* What a create or upsert answered: 200 and 201 with a body, 204 without (versions up to 45.0). A 201 means that the
 * record is there; when its body came damaged, the Location header still says which one it is. */
sf_status sfi_rest_read_saved(sf_client *sf, sfi_answer *answer, const char *what, sf_document **refusal,
                              sf_upsert_result *out, sf_error *err)
{
    *out = (sf_upsert_result){ .id = id_of_location(answer), .created = answer->status == 201 };
    if (answer->status == 204) return SF_OK;
    sf_document *doc = NULL;
    sf_status rc = sfi_answer_document(sf, answer, &doc, err);
    if (rc == SF_OK)
        rc = read_save_result(sf_document_root(doc), answer, what, out, err);
    else
        rc = answer->status == 201 && out->id.text[0] != '\0' ? SF_OK : sfi_fail_unread(what, answer->status, err);
    if (rc == SF_ERR_ORG && refusal != NULL) {
        *refusal = doc; /* transferred */
        doc = NULL;
    }
    sf_document_free(doc);
    return rc;
}

/* ---- create ---- */

/* The text of an external-id field that the record sets. @param keep holds the text; ends with sf_document_free. */
static sf_status external_value(const sf_record *r, const char *field, sf_document **keep, const char **out,
                                sf_error *err)
{
    sf_str json = sfi_record_field_json(r, field);
    if (json.ptr == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the record does not set %s, which external_id names", field);
    sf_status rc = sf_document_parse(json.ptr, json.len, keep, err);
    if (rc != SF_OK) return rc;
    sf_value value = sf_document_root(*keep);
    sf_type type = sf_value_type(value);
    if (type == SF_STRING) {
        *out = sf_get_str(value, NULL);
        return SF_OK;
    }
    if (type != SF_NUMBER) return sfi_fail(err, SF_ERR_USAGE, "%s: an external id is a text or a number", field);
    *out = json.ptr; /* a number as it was set, NUL-terminated */
    return SF_OK;
}

static sf_status create_plain(sf_client *sf, const sf_record *r, const sf_write_options *o, write_call *w,
                              sf_upsert_result *saved, sf_error *err)
{
    char what[SFI_REST_NAME_MAX + 16];
    snprintf(what, sizeof what, "create %s", sf_record_object(r));
    sfi_answer answer = { 0 };
    sfi_buf_addf(&w->path, "sobjects/%s", sf_record_object(r));
    sf_status rc = sfi_record_write(r, NULL, &w->body, err);
    if (rc == SF_OK) rc = add_write_options(w, o, err);
    if (rc == SF_OK) rc = run_write(sf, w, "POST", what, &answer, err);
    if (rc == SF_OK) rc = sfi_rest_read_saved(sf, &answer, what, w->refusal, saved, err);
    sfi_answer_clear(&answer);
    return rc;
}

/* Sends a record by an external id: upsert, and create with external_id. */
static sf_status send_upsert(sf_client *sf, const sf_record *r, const target *t, const char *without,
                             const sf_write_options *o, write_call *w, sf_upsert_result *saved, sf_error *err)
{
    sfi_answer answer = { 0 };
    sf_status rc = check_target(t, err);
    if (rc != SF_OK) return rc;
    char what[WHAT_BYTES];
    name_call(what, "upsert", t);
    add_target(&w->path, t);
    if (o->update_only) sfi_buf_add_str(&w->path, "?updateOnly=true");
    rc = sfi_record_write(r, without, &w->body, err);
    if (rc == SF_OK) rc = add_write_options(w, o, err);
    w->request.repeatable = !has_condition(o);
    if (rc == SF_OK) rc = run_write(sf, w, "PATCH", what, &answer, err);
    if (rc == SF_OK) rc = sfi_rest_read_saved(sf, &answer, what, w->refusal, saved, err);
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_record_create(sf_client *sf, const sf_record *r, const sf_write_options *options, sf_id *id, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_write_options *o = options != NULL ? options : &no_write_options;
    sf_status rc = sfi_record_check(r, err);
    if (rc != SF_OK) return rc;
    if (o->update_only || has_condition(o))
        return sfi_fail(err, SF_ERR_USAGE, "a create takes no update_only, if_match or if_unmodified_since_ms");
    write_call w = { 0 };
    sf_document *keep = NULL;
    sf_upsert_result saved = { 0 };
    if (o->external_id == NULL) {
        rc = create_plain(sf, r, o, &w, &saved, err);
    } else {
        target t = { sf_record_object(r), o->external_id, NULL, NULL };
        rc = external_value(r, o->external_id, &keep, &t.value, err);
        if (rc == SF_OK) rc = send_upsert(sf, r, &t, o->external_id, o, &w, &saved, err);
    }
    if (rc == SF_OK && id != NULL) *id = saved.id;
    sf_document_free(keep);
    write_call_clear(&w);
    return rc;
}

sf_status sf_record_upsert(sf_client *sf, const sf_record *r, const char *field, const char *value,
                           const sf_write_options *options, sf_upsert_result *out, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (field == NULL) return sfi_fail(err, SF_ERR_USAGE, "upsert: the external-id field is NULL");
    const sf_write_options *o = options != NULL ? options : &no_write_options;
    sf_status rc = sfi_record_check(r, err);
    if (rc != SF_OK) return rc;
    if (o->external_id != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "external_id is for creates; an upsert names its field");
    if (sfi_record_field_json(r, field).ptr != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "upsert by %s: the record may not set that field too", field);
    write_call w = { 0 };
    sf_upsert_result saved = { 0 };
    target t = { sf_record_object(r), field, value, NULL };
    rc = send_upsert(sf, r, &t, NULL, o, &w, &saved, err);
    if (rc == SF_OK && out != NULL) *out = saved;
    write_call_clear(&w);
    return rc;
}

/* ---- update ---- */

static sf_status update_target(sf_client *sf, const sf_record *r, const target *t, const sf_write_options *options,
                               sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_write_options *o = options != NULL ? options : &no_write_options;
    sf_status rc = sfi_record_check(r, err);
    if (rc != SF_OK) return rc;
    if (o->external_id != NULL || o->update_only)
        return sfi_fail(err, SF_ERR_USAGE, "an update by id takes no external_id or update_only");
    rc = check_target(t, err);
    if (rc != SF_OK) return rc;
    char what[WHAT_BYTES];
    name_call(what, "update", t);
    write_call w = { 0 };
    sfi_answer answer = { 0 };
    sf_upsert_result saved;
    add_target(&w.path, t);
    rc = sfi_record_write(r, NULL, &w.body, err);
    if (rc == SF_OK) rc = add_write_options(&w, o, err);
    w.request.repeatable = !has_condition(o);
    if (rc == SF_OK) rc = run_write(sf, &w, "PATCH", what, &answer, err);
    if (rc == SF_OK && answer.status != 204 && answer.body_len > 0)
        rc = sfi_rest_read_saved(sf, &answer, what, w.refusal, &saved, err);
    sfi_answer_clear(&answer);
    write_call_clear(&w);
    return rc;
}

sf_status sf_record_update(sf_client *sf, const sf_record *r, const char *id, const sf_write_options *options,
                           sf_error *err)
{
    return update_target(sf, r, &(target){ sf_record_object(r), NULL, id, NULL }, options, err);
}

/* ---- delete ---- */

static sf_status delete_target(sf_client *sf, const target *t, const sf_write_options *options, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_write_options *o = options != NULL ? options : &no_write_options;
    sf_status rc = check_target(t, err);
    if (rc != SF_OK) return rc;
    if (o->external_id != NULL || o->update_only || has_condition(o))
        return sfi_fail(err, SF_ERR_USAGE, "a delete takes no external_id, update_only or condition");
    char what[WHAT_BYTES];
    name_call(what, "delete", t);
    write_call w = { 0 };
    sfi_answer answer = { 0 };
    add_target(&w.path, t);
    rc = add_write_options(&w, o, err);
    if (rc == SF_OK)
        rc = run_write(sf, &w, "DELETE", what, &answer, err); /* a repeat that finds nothing is done too: see call.c */
    sfi_answer_clear(&answer);
    write_call_clear(&w);
    return rc;
}

sf_status sf_record_delete(sf_client *sf, const char *object, const char *id, const sf_write_options *options,
                           sf_error *err)
{
    return delete_target(sf, &(target){ object, NULL, id, NULL }, options, err);
}

sf_status sf_record_delete_by_external_id(sf_client *sf, const char *object, const char *field, const char *value,
                                          const sf_write_options *options, sf_error *err)
{
    if (field == NULL) return sfi_fail(err, SF_ERR_USAGE, "delete: the external-id field is NULL");
    return delete_target(sf, &(target){ object, field, value, NULL }, options, err);
}

/* ---- get ---- */

static sf_status read_row(sf_client *sf, sfi_answer *answer, const target *t, sf_document **out, sf_error *err)
{
    sf_document *doc = NULL;
    sf_status rc = sfi_answer_document(sf, answer, &doc, err);
    if (rc == SF_OK && sf_value_type(sf_document_root(doc)) != SF_OBJECT)
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "get %s: the org's answer is not a record", t->object);
    if (rc == SF_OK) {
        *out = doc; /* transferred */
        doc = NULL;
    }
    sf_document_free(doc);
    return rc;
}

/* Which state of the row the answer's headers tell. */
static void read_state(const sfi_answer *answer, sf_record_state *state)
{
    sf_record_state next = { .last_modified_ms = 0 };
    sf_str etag = sfi_answer_header(answer, "ETag"), modified = sfi_answer_header(answer, "Last-Modified");
    if (etag.ptr != NULL && etag.len < sizeof next.etag) memcpy(next.etag, etag.ptr, etag.len);
    if (modified.ptr != NULL) (void)sfi_http_date_parse(modified, &next.last_modified_ms); /* else it stays 0 */
    *state = next;
}

/* Ask for a row; one that comes damaged is asked for once more. */
static sf_status run_get(sf_client *sf, const sfi_call_request *request, const target *t, sf_record_state *state,
                         sf_document **out, sf_error *err)
{
    bool no_retry = request->options != NULL && request->options->no_retry;
    for (int attempt = 0;; attempt++) {
        sfi_answer answer = { 0 };
        sf_status rc = sfi_call_run(sf, request, &answer, err);
        bool came = rc == SF_OK;
        if (came && state != NULL) read_state(&answer, state);
        if (came) rc = answer.status == 304 ? SF_DONE : read_row(sf, &answer, t, out, err);
        sfi_answer_clear(&answer);
        bool is_damaged = came && (rc == SF_ERR_TRUNCATED || rc == SF_ERR_PROTOCOL);
        if (!is_damaged || attempt > 0 || no_retry) return rc;
    }
}

static sf_status check_read_options(const sf_read_options *o, sf_error *err)
{
    if (!sfi_is_zero(o->reserved, sizeof o->reserved) || o->if_modified_since_ms < 0 || o->if_unmodified_since_ms < 0)
        return sfi_fail(err, SF_ERR_USAGE, "sf_read_options: a date before 1970, or reserved not zero");
    if ((o->if_none_match != NULL && !sfi_rest_is_header_value(o->if_none_match)) ||
        (o->if_match != NULL && !sfi_rest_is_header_value(o->if_match)))
        return sfi_fail(err, SF_ERR_USAGE, "sf_read_options: if_match or if_none_match is not an ETag");
    return SF_OK;
}

/* dates: room for their texts until the call has begun. */
static void add_read_options(sfi_call_request *request, const sf_read_options *o, char dates[2][32])
{
    if (o->if_none_match != NULL) add_header(request, "If-None-Match", o->if_none_match);
    if (o->if_match != NULL) add_header(request, "If-Match", o->if_match);
    if (o->if_modified_since_ms != 0) {
        sfi_http_date_format(o->if_modified_since_ms, dates[0]);
        add_header(request, "If-Modified-Since", dates[0]);
    }
    if (o->if_unmodified_since_ms != 0) {
        sfi_http_date_format(o->if_unmodified_since_ms, dates[1]);
        add_header(request, "If-Unmodified-Since", dates[1]);
    }
    if (o->update_mru) add_header(request, "Sforce-Mru", "updateMru=true");
    request->not_modified_is_ok = o->if_none_match != NULL || o->if_modified_since_ms != 0;
}

static sf_status get_target(sf_client *sf, const target *t, const sf_read_options *options, sf_document **out,
                            sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_read_options *o = options != NULL ? options : &no_read_options;
    sf_status rc = check_read_options(o, err);
    if (rc == SF_OK) rc = check_target(t, err);
    if (rc != SF_OK) return rc;

    char what[WHAT_BYTES], dates[2][32];
    name_call(what, "get", t);
    sfi_buf path = { 0 };
    add_target(&path, t);
    rc = sfi_rest_add_fields(&path, o->fields, err);
    if (rc == SF_OK) rc = sfi_buf_status(&path, err, "the path");
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "GET", .path = path.data, .options = o->call, .what = what };
        add_read_options(&request, o, dates);
        rc = run_get(sf, &request, t, o->state, out, err);
    }
    sfi_buf_free(&path);
    return rc;
}

sf_status sf_record_get(sf_client *sf, const char *object, const char *id, const sf_read_options *options,
                        sf_document **out, sf_error *err)
{
    return get_target(sf, &(target){ object, NULL, id, NULL }, options, out, err);
}

sf_status sf_record_get_by_external_id(sf_client *sf, const char *object, const char *field, const char *value,
                                       const sf_read_options *options, sf_document **out, sf_error *err)
{
    if (field == NULL && out != NULL) *out = NULL;
    if (field == NULL) return sfi_fail(err, SF_ERR_USAGE, "get: the external-id field is NULL");
    return get_target(sf, &(target){ object, field, value, NULL }, options, out, err);
}

/* ---- a parent, along a relationship ---- */

static sf_status check_related(const sf_related *at, sf_error *err)
{
    if (at == NULL) return sfi_fail(err, SF_ERR_USAGE, "at is NULL");
    if (!sfi_is_zero(at->reserved, sizeof at->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_related: reserved is not zero");
    return at->relationship != NULL ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "sf_related: the relationship is NULL");
}

sf_status sf_related_get(sf_client *sf, const sf_related *at, const sf_read_options *options, sf_document **out,
                         sf_error *err)
{
    if (out != NULL) *out = NULL;
    sf_status rc = check_related(at, err);
    if (rc != SF_OK) return rc;
    return get_target(sf, &(target){ at->object, NULL, at->id, at->relationship }, options, out, err);
}

sf_status sf_related_update(sf_client *sf, const sf_related *at, const sf_record *r, const sf_write_options *options,
                            sf_error *err)
{
    sf_status rc = check_related(at, err);
    if (rc != SF_OK) return rc;
    return update_target(sf, r, &(target){ at->object, NULL, at->id, at->relationship }, options, err);
}

sf_status sf_related_delete(sf_client *sf, const sf_related *at, const sf_write_options *options, sf_error *err)
{
    sf_status rc = check_related(at, err);
    if (rc != SF_OK) return rc;
    return delete_target(sf, &(target){ at->object, NULL, at->id, at->relationship }, options, err);
}
