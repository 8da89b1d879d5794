/*
 * publish_soap.c: a publisher by SOAP: see publish_internal.h. The one idea: each event becomes its sObject element when it
 * is added, and a request is a create around those that are gathered; so nothing of an event is kept but its text.
 */
#include <salesforce/soap.h>
#include "client/client_internal.h"
#include "events/publish_internal.h"

enum { BATCH_BYTES = 4 << 20 }; /* of a request; a larger event goes alone */

static sf_status answer_stopped(const sf_publisher *p, sf_error *err)
{
    if (err != NULL && p->stopped.status != SF_OK) *err = p->stopped;
    return p->stopped.status;
}

static void stop(sf_publisher *p, const sf_error *e)
{
    if (p->stopped.status == SF_OK) p->stopped = *e;
    p->counts.stopped = true;
}

/* ---- telling a result ---- */

/* p->result is filled, but its row. */
static void tell(sf_publisher *p, int64_t row, bool is_unknown)
{
    sf_publish_result *r = &p->result;
    sf_error e;
    r->row = row;
    p->counts.published += r->success;
    p->counts.unknown += !r->success && is_unknown;
    p->counts.failed += !r->success && !is_unknown;
    if (!r->success && p->failure.status == SF_OK) {
        p->failure = r->error;
        p->failure_row = row;
    }
    if (p->options.on_result != NULL && !p->is_muted && !(r->success && p->options.failures_only)) {
        p->is_inside = true;
        p->is_muted = !p->options.on_result(p->options.user, r);
        p->is_inside = false;
        if (p->is_muted && sfi_fail(&e, SF_ERR_CANCELLED, "the publisher was stopped by its on_result") < 0)
            stop(p, &e);
    }
    if (!r->success && p->options.failures_max > 0 && p->counts.failed + p->counts.unknown == p->options.failures_max) {
        (void)sfi_fail(&e, SF_ERR_LIMIT, "%lld events failed (failures_max), the last of them event %lld: %.500s",
                       (long long)p->options.failures_max, (long long)row, r->error.message);
        stop(p, &e);
    }
}

static void tell_all(sf_publisher *p, const sf_error *why)
{
    bool is_unknown = why->status == SF_ERR_UNKNOWN_OUTCOME || why->status == SF_ERR_CANCELLED;
    int64_t first = p->counts.events - p->row_count;
    for (int32_t i = 0; i < p->row_count; i++) {
        p->result = (sf_publish_result){ 0 };
        sfi_publish_fail(&p->result, why);
        tell(p, first + i, is_unknown);
    }
}

/* <result><errors><message>uuid</message><statusCode>OPERATION_ENQUEUED</statusCode></errors><id>…</id>… */
static void read_result(sf_xml_element e, sf_publish_result *out)
{
    const char *id = sf_xml_get_str(e, "id"), *code = sf_xml_get_str(e, "errors.statusCode");
    const char *message = sf_xml_get_str(e, "errors.message");
    *out = (sf_publish_result){ .success = sf_xml_get_bool(e, "success", false) };
    if (id != NULL) out->id = sfi_id_make(sfi_trim(sfi_str(id)));
    if (out->success) {
        if (code != NULL && message != NULL && strcmp(code, "OPERATION_ENQUEUED") == 0)
            snprintf(out->uuid, sizeof out->uuid, "%s", message);
        return;
    }
    if (message == NULL) message = "the org did not take the event, and gave no reason";
    (void)sfi_fail(&out->error, SF_ERR_ORG, "%s%s%s", code != NULL ? code : "", code != NULL ? ": " : "", message);
    if (code != NULL) sfi_error_set_code(&out->error, sfi_str(code));
    out->error.http_status = 200;
    sf_xml_element field = sf_xml_child(sf_xml_child(e, "errors"), "fields");
    for (; sf_xml_exists(field); field = sf_xml_next(field, "fields")) {
        const char *name = sf_xml_get_str(field, NULL);
        if (name != NULL) sfi_error_add_field(&out->error, sfi_str(name));
    }
}

static void tell_answer(sf_publisher *p, sf_xml *answer)
{
    sf_error e;
    int64_t first = p->counts.events - p->row_count;
    size_t count = sf_xml_count(sf_soap_body(answer), NULL) > 0 ? sf_xml_count(sf_soap_body(answer), "result") : 0;
    if (count != (size_t)p->row_count) {
        (void)sfi_fail(&e, SF_ERR_UNKNOWN_OUTCOME, "the org answered with %zu results to %d events", count,
                       (int)p->row_count);
        tell_all(p, &e);
        return;
    }
    sf_xml_element one = sf_xml_child(sf_soap_body(answer), "result");
    for (int32_t i = 0; i < p->row_count; i++, one = sf_xml_next(one, "result")) {
        read_result(one, &p->result);
        tell(p, first + i, false);
    }
}

/* ---- out ---- */

static sf_status send_rows(sf_publisher *p, sf_error *err)
{
    sf_error e;
    sf_xml *answer = NULL;
    if (p->row_count > 0) {
        const sf_soap_options options = { .all_or_none = p->options.all_or_none, .call = p->options.call };
        sf_status rc = SF_ERR_MEMORY;
        if (sfi_buf_add_str(&p->rows, "</urn:create>"))
            rc = sf_soap_call(p->sf, sfi_buf_str(&p->rows), &options, &answer, &e);
        else
            rc = sfi_fail_memory(&e, "a request");
        p->counts.requests++;
        if (rc == SF_OK) {
            tell_answer(p, answer);
        } else {
            if (sfi_error_is_lasting(&e)) stop(p, &e);
            tell_all(p, &e);
        }
        sf_xml_free(answer);
        p->row_count = 0;
    }
    sfi_buf_clear(&p->rows);
    p->rows.failed = p->rows.over_max = false;
    return answer_stopped(p, err);
}

static sf_status check(const sf_publisher *p, sf_error *err)
{
    if (p->is_inside) return sfi_fail(err, SF_ERR_USAGE, "a publisher may not be used inside its own on_result");
    return answer_stopped(p, err);
}

sf_status sfi_publish_soap_add(sf_publisher *p, const sf_record *event, sf_error *err)
{
    sf_str text;
    sf_status rc = check(p, err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    if (w == NULL) return sfi_fail_memory(err, "an event");
    (void)sf_soap_add_record(w, "urn:sObjects", event, SF_SOAP_PARTNER); /* its failure is the text's */
    rc = sf_xml_writer_text(w, &text, err);
    if (rc == SF_OK && p->row_count > 0 && p->rows.len + text.len > BATCH_BYTES) rc = send_rows(p, err);
    if (rc == SF_OK) {
        size_t before = p->rows.len;
        if (p->row_count == 0) sfi_buf_add_str(&p->rows, "<urn:create>");
        if (!sfi_buf_add(&p->rows, text.ptr, text.len)) {
            p->rows.failed = p->rows.over_max = false;
            p->rows.len = before;
            rc = sfi_fail_memory(err, "an event");
        }
    }
    sf_xml_writer_free(w);
    if (rc != SF_OK) return rc;
    p->counts.events++;
    if (++p->row_count == p->options.batch_events) (void)send_rows(p, NULL); /* the next call says what is wrong */
    return SF_OK;
}

sf_status sfi_publish_soap_flush(sf_publisher *p, sf_error *err)
{
    if (p->is_inside) return check(p, err);
    sf_status rc = send_rows(p, err);
    const sf_publish_counts *n = &p->counts;
    if (rc != SF_OK || n->failed + n->unknown == 0) return rc;
    sf_error e = p->failure;
    if (n->unknown == 0)
        sfi_error_prefix(&e, "%lld of %lld events failed, the first of them event %lld (from 0)", (long long)n->failed,
                         (long long)n->events, (long long)p->failure_row);
    else
        sfi_error_prefix(
            &e,
            "of %lld events it is not known whether they were published, %lld failed; the first of both is "
            "event %lld (from 0)",
            (long long)n->unknown, (long long)n->failed, (long long)p->failure_row);
    if (n->unknown > 0) e.status = SF_ERR_UNKNOWN_OUTCOME;
    if (n->unknown > 0) e.retryable = false;
    if (err != NULL) *err = e;
    return e.status;
}
