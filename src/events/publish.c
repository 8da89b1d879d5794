/*
 * publish.c: see publish.h. Called by programs; owns the event name and the writer of each publisher. The one idea: a
 * platform event is published as a record is created, so a writer does the work; what is different is how its answer
 * reads: the UUID stands in a list named errors, and what was lost cannot be looked up.
 */
#define _GNU_SOURCE /* memmem */
#include <salesforce/publish.h>
#include <salesforce/soap.h>
#include "events/publish_internal.h"
#include "rest/rest_internal.h"

static const sf_publish_options no_options;

bool sfi_publish_is_event(const char *name)
{
    sf_str s = sfi_str(name);
    return sfi_ends_with(s, "__e") || (s.len > strlen("Event") && sfi_ends_with(s, "Event"));
}

static sf_status check_event(const sf_record *event, sf_error *err)
{
    if (event == NULL) return sfi_fail(err, SF_ERR_USAGE, "the event is NULL");
    if (!sfi_publish_is_event(sf_record_object(event)))
        return sfi_fail(err, SF_ERR_USAGE, "%s is not a platform event, such as Low_Ink__e", sf_record_object(event));
    return sfi_record_check(event, err);
}

/* ---- answers ---- */

void sfi_publish_fail(sf_publish_result *out, const sf_error *why)
{
    out->error = *why;
    if (why->status != SF_ERR_UNKNOWN_OUTCOME) return;
    const char *advice = strstr(why->message, "; look in the org"); /* an event can be looked up nowhere */
    size_t len = advice != NULL ? (size_t)(advice - why->message) : strlen(why->message);
    (void)sfi_fail(&out->error, SF_ERR_UNKNOWN_OUTCOME,
                   "the event may have been published or not, and was not sent again (%.*s)", (int)len, why->message);
    out->error.http_status = why->http_status;
    memcpy(out->error.code, why->code, sizeof out->error.code);
}

static void take_uuid(sf_value answer, sf_publish_result *out)
{
    sf_value one;
    for (sf_iter it = sf_iter_begin(sf_get(answer, "errors")); sf_iter_next(&it, NULL, &one);) {
        const char *code = sf_get_str(one, "statusCode"), *uuid = sf_get_str(one, "message");
        if (code != NULL && uuid != NULL && strcmp(code, "OPERATION_ENQUEUED") == 0)
            snprintf(out->uuid, sizeof out->uuid, "%s", uuid);
    }
}

/* ---- one event ---- */

/* success:false in an answer of a good status: the reason is its first error. */
static sf_status refuse(sf_value answer, sf_error *err)
{
    sf_str code = sf_get_text(answer, "errors.0.statusCode"), why = sf_get_text(answer, "errors.0.message");
    sf_value field;
    if (code.ptr == NULL) code = SFI_STR("");
    if (why.ptr == NULL) why = SFI_STR("the org did not take the event, and gave no reason");
    (void)sfi_fail(err, SF_ERR_ORG, "%.*s%s%.*s", (int)code.len, code.ptr, code.len > 0 ? ": " : "", (int)why.len,
                   why.ptr);
    sfi_error_set_code(err, code);
    sf_iter it = sf_iter_begin(sf_get(answer, "errors.0.fields"));
    while (sf_iter_next(&it, NULL, &field)) sfi_error_add_field(err, sf_get_text(field, NULL));
    return SF_ERR_ORG;
}

static sf_status read_one(const sf_response *response, sf_publish_result *out, sf_error *err)
{
    sf_error why;
    sf_document *doc = NULL;
    sf_status rc = sf_document_parse(response->body, response->body_len, &doc, &why);
    sf_value answer = sf_document_root(doc);
    if (rc == SF_OK && sf_value_type(sf_get(answer, "success")) != SF_BOOL)
        rc = sfi_fail(&why, SF_ERR_PROTOCOL, "it does not say success");
    if (rc != SF_OK) { /* of the right status, and unreadable: nobody knows what it said */
        rc = sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                      "the event may have been published or not: the org answered what cannot be read (%.400s)",
                      why.message);
        if (err != NULL) err->http_status = response->status;
    } else if (!sf_get_bool(answer, "success", false)) {
        rc = refuse(answer, err);
        if (err != NULL) err->http_status = response->status;
    } else {
        out->success = true;
        out->id = sfi_id_make(sf_get_text(answer, "id"));
        take_uuid(answer, out);
    }
    sf_document_free(doc);
    return rc;
}

static sf_status publish_rest(sf_client *sf, const sf_record *event, const sf_publish_options *o,
                              sf_publish_result *out, sf_error *err)
{
    char *json = NULL, path[320];
    sf_error why;
    sf_response response = { 0 };
    snprintf(path, sizeof path, "sobjects/%s", sf_record_object(event));
    sf_status rc = sf_record_to_json(event, &json, err);
    if (rc != SF_OK) return rc;
    const sf_request request = { .method = "POST", .path = path, .body = sfi_str(json), .call = o->call };
    rc = sf_client_request(sf, &request, &response, &why);
    if (rc == SF_OK) {
        rc = read_one(&response, out, err);
    } else if (err != NULL) {
        sfi_publish_fail(out, &why);
        *err = out->error;
    }
    sf_response_clear(&response);
    sf_free(json);
    return rc;
}

static sf_status check_options(sf_client *sf, const sf_publish_options *o, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (o->way != SF_PUBLISH_REST && o->way != SF_PUBLISH_SOAP)
        return sfi_fail(err, SF_ERR_USAGE, "sf_publish_options: way is %d; want SF_PUBLISH_REST or SF_PUBLISH_SOAP",
                        (int)o->way);
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_publish_options: reserved is not zero");
    return SF_OK;
}

sf_status sf_publish(sf_client *sf, const sf_record *event, const sf_publish_options *options, sf_publish_result *out,
                     sf_error *err)
{
    const sf_publish_options *o = options != NULL ? options : &no_options;
    sf_status rc = check_options(sf, o, err);
    if (rc == SF_OK) rc = check_event(event, err);
    if (rc != SF_OK) return rc;
    sf_publish_result result = { 0 };
    if (o->way == SF_PUBLISH_SOAP) {
        rc = sf_publish_many(sf, &event, 1, o, &result, err);
        if (rc != SF_OK && err != NULL && result.error.status == rc) *err = result.error; /* without «1 of 1» */
    } else {
        rc = publish_rest(sf, event, o, &result, err);
    }
    if (rc == SF_OK && out != NULL) *out = result;
    return rc;
}

/* ---- several ---- */

static bool keep_result(void *user, const sf_publish_result *result)
{
    sf_publish_result *out = user;
    out[result->row] = *result;
    return true;
}

sf_status sf_publish_many(sf_client *sf, const sf_record *const *events, size_t count,
                          const sf_publish_options *options, sf_publish_result *out, sf_error *err)
{
    const sf_publish_options *o = options != NULL ? options : &no_options;
    sf_publisher *p = NULL;
    sf_error why = { 0 };
    size_t added = 0;
    sf_status rc = check_options(sf, o, err);
    if (rc == SF_OK && (events == NULL || out == NULL || count == 0))
        rc = sfi_fail(err, SF_ERR_USAGE, "events or out is NULL, or count is 0");
    for (size_t i = 0; rc == SF_OK && i < count; i++) {
        rc = check_event(events[i], err);
        if (rc != SF_OK) sfi_error_prefix(err, "event %zu", i);
    }
    if (rc == SF_OK)
        rc = sf_publisher_open(
            sf,
            &(sf_publisher_options){
                .way = o->way, .all_or_none = o->all_or_none, .on_result = keep_result, .user = out, .call = o->call },
            &p, err);
    if (rc != SF_OK) return rc;
    for (; rc == SF_OK && added < count; added += rc == SF_OK) rc = sf_publisher_add(p, events[added], &why);
    for (size_t i = added; i < count; i++) {
        out[i] = (sf_publish_result){ .row = (int64_t)i, .error = why };
        sfi_error_prefix(&out[i].error, "not sent");
    }
    sf_status end = sf_publisher_close(p, NULL, err);
    if (end != SF_OK || rc == SF_OK) return end;
    if (err != NULL) *err = why;
    return rc;
}

/* ---- a publisher ---- */

static bool on_row(void *user, const sf_row_result *row)
{
    sf_publisher *p = user;
    sf_publish_result *r = &p->result;
    *r = (sf_publish_result){ .row = row->row, .success = row->success, .id = row->id };
    if (row->success)
        take_uuid(row->answer, r);
    else
        sfi_publish_fail(r, &row->error);
    p->is_inside = true;
    bool goes_on = p->options.on_result(p->options.user, r);
    p->is_inside = false;
    return goes_on;
}

static sf_status open_writer(sf_publisher *p, sf_error *err)
{
    const sf_publisher_options *o = &p->options;
    return sf_writer_open(p->sf,
                          &(sf_writer_options){ .operation = SF_INSERT,
                                                .object = p->event,
                                                .parallel = o->parallel > 0 ? o->parallel : 1,
                                                .batch_rows = o->batch_events,
                                                .all_or_none = o->all_or_none,
                                                .lock_retries_max = SF_NONE,
                                                .failures_max = o->failures_max,
                                                .failures_only = o->failures_only,
                                                .on_result = o->on_result != NULL ? on_row : NULL,
                                                .user = p,
                                                .call = o->call },
                          &p->writer, err);
}

static sf_status check_publisher(sf_client *sf, const sf_publisher_options *o, sf_error *err)
{
    const sf_publish_options ways = { .way = o->way };
    if (o->event != NULL && !sfi_publish_is_event(o->event))
        return sfi_fail(err, SF_ERR_USAGE, "%.80s is not a platform event, such as Low_Ink__e", o->event);
    if (o->batch_events < 0 || o->batch_events > SF_PUBLISH_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "sf_publisher_options: batch_events is %d; want 1 to %d", o->batch_events,
                        SF_PUBLISH_MAX);
    int32_t parallel_max = o->way == SF_PUBLISH_SOAP ? 1 : SF_WRITER_PARALLEL_MAX;
    if (o->parallel < 0 || o->parallel > parallel_max)
        return sfi_fail(err, SF_ERR_USAGE, "sf_publisher_options: parallel is %d; want 1 to %d", o->parallel,
                        parallel_max);
    if (o->failures_max < 0)
        return sfi_fail(err, SF_ERR_USAGE, "sf_publisher_options: failures_max is negative; 0 is no limit");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_publisher_options: reserved is not zero");
    return check_options(sf, &ways, err);
}

static void free_publisher(sf_publisher *p)
{
    if (p == NULL) return;
    sf_writer_abort(p->writer);
    sfi_buf_free(&p->rows);
    sfi_free(p->event);
    sfi_free(p);
}

sf_status sf_publisher_open(sf_client *sf, const sf_publisher_options *options, sf_publisher **out, sf_error *err)
{
    static const sf_publisher_options none;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    const sf_publisher_options *o = options != NULL ? options : &none;
    sf_status rc = check_publisher(sf, o, err);
    if (rc != SF_OK) return rc;
    sf_publisher *p = sfi_calloc(sizeof *p);
    if (p == NULL) return sfi_fail_memory(err, "a publisher");
    p->sf = sf;
    p->options = *o;
    p->event = sfi_strdup(o->event);
    if (p->options.batch_events == 0) p->options.batch_events = SF_PUBLISH_MAX;
    if (o->event != NULL && p->event == NULL) rc = sfi_fail_memory(err, "a publisher");
    p->options.event = p->event;
    if (rc == SF_OK && o->way == SF_PUBLISH_REST) rc = open_writer(p, err);
    if (rc == SF_OK)
        *out = p; /* transferred */
    else
        free_publisher(p);
    return rc;
}

sf_status sfi_publish_read_json(sf_str json, const char *name, sf_record **out, sf_error *err)
{
    sf_document *doc = NULL;
    sf_record *r = NULL;
    sf_str key;
    sf_value value;
    sf_status rc = json.ptr != NULL ? sf_document_parse(json.ptr, json.len, &doc, err)
                                    : sfi_fail(err, SF_ERR_USAGE, "the event is NULL");
    if (rc == SF_ERR_PROTOCOL) { /* the text is the caller's, not the org's */
        rc = SF_ERR_USAGE;
        if (err != NULL) err->status = rc;
    }
    sf_value object = sf_document_root(doc);
    if (rc == SF_OK && sf_value_type(object) != SF_OBJECT)
        rc = sfi_fail(err, SF_ERR_USAGE, "the event is not a JSON object");
    if (rc != SF_OK) goto done;
    const char *type = sf_get_str(object, "attributes.type");
    if (type == NULL) type = name;
    r = type != NULL ? sf_record_new(type) : NULL;
    if (r == NULL) {
        rc = sfi_fail(err, SF_ERR_USAGE, "the event says no name: it has no attributes.type, nor the options one");
        goto done;
    }
    for (sf_iter it = sf_iter_begin(object); rc == SF_OK && sf_iter_next(&it, &key, &value);) {
        char field[256], *text = NULL;
        size_t len = 0;
        if (sfi_str_is(key, "attributes")) continue;
        if (key.len >= sizeof field) {
            rc = sfi_fail(err, SF_ERR_USAGE, "\"%.80s…\" is not a field name", key.ptr);
            break;
        }
        snprintf(field, sizeof field, "%.*s", (int)key.len, key.ptr);
        if (strlen(field) != key.len) rc = sfi_fail(err, SF_ERR_USAGE, "a field name holds U+0000");
        if (rc == SF_OK) rc = sf_value_to_json(value, &text, &len, err);
        if (rc == SF_OK) rc = sf_record_set_json(r, field, (sf_str){ text, len });
        sf_free(text);
        text = NULL;
        if (rc < 0) (void)sfi_record_check(r, err); /* the setter's reason */
    }
    if (rc == SF_OK) {
        *out = r;
        r = NULL;
    }
done:
    sf_record_free(r);
    sf_document_free(doc);
    return rc;
}

sf_status sf_publisher_add(sf_publisher *p, const sf_record *event, sf_error *err)
{
    if (p == NULL) return sfi_fail(err, SF_ERR_USAGE, "the publisher is NULL");
    sf_status rc = check_event(event, err);
    if (rc != SF_OK) return rc;
    return p->writer != NULL ? sf_writer_add(p->writer, event, err) : sfi_publish_soap_add(p, event, err);
}

static bool contains(sf_str text, const char *word)
{
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* {"attributes":{"type":"Low_Ink__e"},…}: false when it names what is not an event. */
static bool names_event(sf_str json)
{
    bool is_event = true;
    sf_document *doc = NULL;
    if (json.ptr == NULL || (!contains(json, "\"attributes\"") && !contains(json, "\\u"))) return true;
    if (sf_document_parse(json.ptr, json.len, &doc, NULL) != SF_OK) return true; /* told by the writer */
    const char *type = sf_get_str(sf_document_root(doc), "attributes.type");
    if (type != NULL) is_event = sfi_publish_is_event(type);
    sf_document_free(doc);
    return is_event;
}

sf_status sf_publisher_add_json(sf_publisher *p, sf_str json, sf_error *err)
{
    if (p == NULL) return sfi_fail(err, SF_ERR_USAGE, "the publisher is NULL");
    if (!names_event(json))
        return sfi_fail(err, SF_ERR_USAGE, "attributes.type does not name a platform event, such as Low_Ink__e");
    if (p->writer != NULL) return sf_writer_add_json(p->writer, json, err);
    sf_record *event = NULL;
    sf_status rc = sfi_publish_read_json(json, p->event, &event, err);
    if (rc == SF_OK) rc = sfi_publish_soap_add(p, event, err);
    sf_record_free(event);
    return rc;
}

/* What a writer says of its rows, of events. */
static sf_status end_as_writer(sf_status rc, sf_error *err)
{
    if (rc != SF_ERR_UNKNOWN_OUTCOME || err == NULL) return rc;
    sf_publish_result r = { 0 };
    sfi_publish_fail(&r, err);
    *err = r.error;
    return rc;
}

sf_status sf_publisher_flush(sf_publisher *p, sf_error *err)
{
    if (p == NULL) return sfi_fail(err, SF_ERR_USAGE, "the publisher is NULL");
    return p->writer != NULL ? end_as_writer(sf_writer_flush(p->writer, err), err) : sfi_publish_soap_flush(p, err);
}

static sf_publish_counts counts_of(const sf_writer_counts *n)
{
    return (sf_publish_counts){ .events = n->rows,
                                .published = n->succeeded,
                                .failed = n->failed,
                                .unknown = n->unknown,
                                .requests = n->batches,
                                .stopped = n->stopped };
}

void sf_publisher_get_counts(const sf_publisher *p, sf_publish_counts *out)
{
    if (out == NULL) return;
    *out = (sf_publish_counts){ 0 };
    if (p == NULL) return;
    sf_writer_counts n;
    sf_writer_get_counts(p->writer, &n);
    *out = p->writer != NULL ? counts_of(&n) : p->counts;
}

sf_status sf_publisher_close(sf_publisher *p, sf_publish_counts *counts, sf_error *err)
{
    sf_status rc = SF_OK;
    if (p != NULL && p->is_inside)
        return sfi_fail(err, SF_ERR_USAGE, "a publisher may not be closed inside its own on_result");
    if (p != NULL && p->writer != NULL) {
        sf_writer_counts n;
        rc = end_as_writer(sf_writer_close(p->writer, &n, err), err);
        p->writer = NULL;
        p->counts = counts_of(&n);
    } else if (p != NULL) {
        rc = sfi_publish_soap_flush(p, err);
    }
    sf_publisher_get_counts(p, counts);
    free_publisher(p);
    return rc;
}

void sf_publisher_abort(sf_publisher *p)
{
    if (p != NULL && !p->is_inside) free_publisher(p);
}
