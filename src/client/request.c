/*
 * request.c: sf_client_request: any request through the same loop as all calls, for what has no function of its own.
 * Called by programs. A response belongs to one thread at a time.
 */
#include "client/state_internal.h"

void sf_response_clear(sf_response *response)
{
    if (response == NULL) return;
    sfi_free(response->headers);
    sfi_free(response->body);
    *response = (sf_response){ 0 };
}

sf_str sf_response_header(const sf_response *response, const char *name)
{
    if (response == NULL || name == NULL) return (sf_str){ NULL, 0 };
    return sfi_header_find(response->headers, name);
}

static sf_status check(const sf_request *request, sf_error *err)
{
    static const char *const methods[] = { "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD" };
    if (request == NULL || request->method == NULL || request->path == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "a request needs a method and a path");
    bool is_known = false;
    for (size_t i = 0; i < SFI_COUNT_OF(methods); i++) is_known |= strcmp(methods[i], request->method) == 0;
    if (!is_known)
        return sfi_fail(err, SF_ERR_USAGE, "method \"%.20s\": want GET, POST, PATCH, PUT, DELETE or HEAD",
                        request->method);
    if (!sfi_is_zero(request->reserved, sizeof request->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_request: reserved is not zero");
    if (request->path[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "the path is empty; want \"limits\" or \"/services/…\"");
    if (strstr(request->path, "://") != NULL &&
        strcspn(request->path, "?") > (size_t)(strstr(request->path, "://") - request->path))
        return sfi_fail(err, SF_ERR_USAGE, "path \"%.100s\" is a whole URL; give what follows the host", request->path);
    for (const char *c = request->path; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return sfi_fail(err, SF_ERR_USAGE, "path: byte %zu (0x%02x) must be percent-encoded",
                            (size_t)(c - request->path) + 1, (unsigned char)*c);
    for (const char *c = request->content_type != NULL ? request->content_type : ""; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return sfi_fail(err, SF_ERR_USAGE, "content_type has a control character in it");
    return SF_OK;
}

static sf_status fill(sf_client *sf, sfi_answer *a, sf_response *out, sf_error *err)
{
    sf_response next = { .status = a->status };
    sf_status rc = sfi_answer_text(sf, a, &next.body, &next.body_len, err);
    next.headers = a->headers != NULL ? a->headers : sfi_strdup("");
    a->headers = NULL;
    if (rc == SF_OK && next.headers == NULL) rc = sfi_fail_memory(err, "an answer");
    if (rc == SF_OK)
        *out = next;
    else
        sf_response_clear(&next);
    return rc;
}

sf_status sf_client_request(sf_client *sf, const sf_request *request, sf_response *out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = (sf_response){ 0 };
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    sf_status rc = check(request, err);
    if (rc != SF_OK) return rc;
    char what[120];
    (void)snprintf(what, sizeof what, "%s %.*s", request->method,
                   (int)(strcspn(request->path, "?") < 90 ? strcspn(request->path, "?") : 90), request->path);
    const sfi_call_request call_request = { .method = request->method,
                                            .path = request->path,
                                            .body = request->body,
                                            .source = request->source,
                                            .sink = request->sink,
                                            .content_type = request->content_type,
                                            .repeatable = request->repeatable,
                                            .not_modified_is_ok = true,
                                            .options = request->call,
                                            .what = what };
    sfi_call *call;
    sfi_answer answer = { 0 };
    rc = sfi_call_begin(sf, &call_request, &call, err);
    if (rc == SF_OK) rc = sfi_call_finish_full(call, &answer, err);
    if (rc == SF_OK)
        rc = fill(sf, &answer, out, err);
    else if (answer.status > 0)
        (void)fill(sf, &answer, out, NULL); /* the error stands; its body is an extra */
    sfi_answer_clear(&answer);
    return rc;
}
