/*
 * answer.c: the body of an answer as JSON or text. Called by rest and request.c. The one idea: pages are large and many,
 * so their memory goes round: a body is swapped into the document or inflated into its buffer, and what is left over
 * goes back to the transport for the next page. An answer belongs to one thread at a time.
 */
#include "client/state_internal.h"

sf_str sfi_header_find(const char *headers, const char *name)
{
    const sfi_http_response view = { .headers = (char *)(uintptr_t)headers }; /* only read */
    return headers != NULL ? sfi_header_get(&view, name) : (sf_str){ NULL, 0 };
}

sf_str sfi_answer_header(const sfi_answer *a, const char *name)
{
    return sfi_header_find(a->headers, name);
}

void sfi_answer_clear(sfi_answer *a)
{
    if (a == NULL) return;
    sfi_free(a->headers);
    sfi_free(a->body);
    *a = (sfi_answer){ 0 };
}

/* Text or page where JSON was expected: a proxy's or a wrong host's. */
static sf_status explain_not_json(const sfi_answer *a, sf_str text, const sf_error *cause, sf_error *err)
{
    sf_str type = sfi_answer_header(a, "Content-Type");
    sf_str start = sfi_trim(text);
    if (sfi_content_type_is(type, "text/html") || (start.len > 0 && start.ptr[0] == '<'))
        return sfi_error_from_answer(a->status, type, text, "the answer", err);
    if (err != NULL) *err = *cause;
    return cause->status;
}

static sf_status inflate_into(sf_client *sf, sfi_answer *a, sfi_json *doc, size_t *len, sf_error *err)
{
    char *text = NULL;
    size_t cap = 0;
    sfi_json_swap_buffer(doc, &text, &cap); /* the document's own buffer, to be filled again */
    size_t max = a->max > 0 ? a->max : sf != NULL ? sf->response_max : SF_RESPONSE_MAX;
    sf_status rc = sfi_inflate(a->body, a->body_len, a->encoding, max, &text, &cap, len, err);
    sfi_json_swap_buffer(doc, &text, &cap);
    sfi_free(text); /* NULL: the document had none meanwhile */
    return rc;
}

sf_status sfi_answer_json(sf_client *sf, sfi_answer *a, sfi_json *doc, bool whole, sf_error *err)
{
    size_t len = a->body_len;
    sf_status rc = SF_OK;
    if (a->body == NULL || len == 0)
        return sfi_fail(err, SF_ERR_TRUNCATED, "the answer (HTTP %d) is empty where JSON was expected", a->status);
    if (a->encoding != SFI_ENCODING_IDENTITY)
        rc = inflate_into(sf, a, doc, &len, err);
    else
        sfi_json_swap_buffer(doc, &a->body, &a->body_cap);
    if (rc != SF_OK) return rc;
    if (a->body != NULL && sf != NULL)
        sfi_http_give_buffer(sf->http, a->body, a->body_cap);
    else
        sfi_free(a->body);
    a->body = NULL;
    a->body_len = a->body_cap = 0;

    sf_error cause;
    rc = sfi_json_index(doc, len, whole, &cause);
    if (rc == SF_OK) return rc;
    char *text = sfi_json_buffer(doc, len);
    return explain_not_json(a, (sf_str){ text, text != NULL ? len : 0 }, &cause, err);
}

sf_status sfi_answer_document(sf_client *sf, sfi_answer *a, sf_document **out, sf_error *err)
{
    sfi_json *doc = NULL;
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_answer_json(sf, a, doc, true, err);
    if (rc != SF_OK) {
        sfi_json_free(doc);
        return rc;
    }
    sf_document *document = sfi_document_wrap(doc); /* transferred */
    if (document == NULL) return sfi_fail_memory(err, "a document");
    *out = document;
    return SF_OK;
}

sf_status sfi_answer_text(const sf_client *sf, sfi_answer *a, char **out, size_t *len, sf_error *err)
{
    *out = NULL;
    *len = 0;
    if (a->body != NULL && a->encoding == SFI_ENCODING_IDENTITY) {
        a->body[a->body_len] = '\0'; /* of the spare bytes */
        *out = a->body;
        *len = a->body_len;
        a->body = NULL;
        return SF_OK;
    }
    if (a->body == NULL || a->body_len == 0) {
        *out = sfi_strdup("");
        return *out != NULL ? SF_OK : sfi_fail_memory(err, "an answer");
    }
    size_t cap = 0;
    sf_status rc =
        sfi_inflate(a->body, a->body_len, a->encoding, a->max > 0 ? a->max : sf->response_max, out, &cap, len, err);
    if (rc == SF_OK) (*out)[*len] = '\0'; /* of the spare bytes */
    if (rc != SF_OK) {
        sfi_free(*out);
        *out = NULL;
    }
    return rc;
}

sf_status sfi_fail_unread(const char *what, int http_status, sf_error *err)
{
    sfi_error_prefix(err, "%s: the org answered %d, so it may be done, but what came with it cannot be read", what,
                     http_status);
    if (err != NULL) {
        err->status = SF_ERR_UNKNOWN_OUTCOME;
        err->http_status = http_status;
        err->retryable = false;
    }
    return SF_ERR_UNKNOWN_OUTCOME;
}

sf_status sfi_call_document(sf_client *sf, const sfi_call_request *request, sf_document **out, sf_error *err)
{
    *out = NULL;
    bool is_repeatable = sfi_request_is_repeatable(request, request->headers, request->header_count);
    bool no_retry = request->options != NULL && request->options->no_retry;
    for (int attempt = 0;; attempt++) {
        sfi_answer answer = { 0 };
        sf_status rc = sfi_call_run(sf, request, &answer, err);
        if (rc != SF_OK) return rc;
        int http_status = answer.status;
        rc = sfi_answer_document(sf, &answer, out, err);
        sfi_answer_clear(&answer);
        if (rc == SF_OK) return rc;
        if (!is_repeatable) return sfi_fail_unread(request->what, http_status, err);
        bool is_cut = rc == SF_ERR_TRUNCATED || rc == SF_ERR_PROTOCOL;
        if (!is_cut || attempt > 0 || no_retry) return rc;
    }
}
