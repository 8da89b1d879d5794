/*
 * apex.c: see apex.h. Called by programs; owns nothing between calls. A path is made of what people type, so it is encoded
 * here, and may not climb out of /services/apexrest/; the rest is sf_client_request's, whose loop and errors are the same
 * for all.
 */
#include <salesforce/apex.h>
#include "client/client_internal.h"

static const char root[] = "/services/apexrest/";

/* ---- the URL ---- */

/* What stands for itself in a path or query as it was typed; % because encoded pieces stay. */
static bool stands_for_itself(char c)
{
    static const char others[] = "-._~/%:@!$&'()*+,;=?";
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(others, c) != NULL);
}

/* "." and "..", also as %2e: whoever resolves them, we or a proxy, would be in another place. */
static bool is_dots(sf_str step)
{
    size_t dots = 0;
    for (size_t i = 0; i < step.len; dots++) {
        sf_str rest = { step.ptr + i, step.len - i };
        if (rest.ptr[0] == '.')
            i++;
        else if (sfi_starts_with_nocase(rest, "%2e"))
            i += 3;
        else
            return false;
    }
    return dots == 1 || dots == 2;
}

static bool climbs(const char *path)
{
    size_t end = strcspn(path, "?");
    for (size_t i = 0; i < end;) { /* ends: i moves on */
        size_t len = 0;
        while (i + len < end && path[i + len] != '/' && path[i + len] != '\\') len++;
        if (is_dots((sf_str){ path + i, len })) return true;
        i += len + 1;
    }
    return false;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static sf_status check_path(const char *path, sf_error *err)
{
    size_t len = path != NULL ? strnlen(path, SF_APEX_PATH_MAX + 1) : 0;
    if (len == 0 || path[0] == '?')
        return sfi_fail(err, SF_ERR_USAGE, "the path is empty; want a class's mapping, such as /Cases/500…");
    if (len > SF_APEX_PATH_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "the path is longer than %d bytes", SF_APEX_PATH_MAX);
    if (!sfi_utf8_valid(path, len)) return sfi_fail(err, SF_ERR_USAGE, "the path is not UTF-8");
    if (strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0)
        return sfi_fail(err, SF_ERR_USAGE, "path \"%.100s\" is a whole URL; give what follows the host", path);
    if (climbs(path)) return sfi_fail(err, SF_ERR_USAGE, "path \"%.100s\" has a step \".\" or \"..\"", path);
    for (const char *c = path; *c != '\0'; c++)
        if (*c == '%' && !(is_hex(c[1]) && is_hex(c[2])))
            return sfi_fail(err, SF_ERR_USAGE, "path: a %% at byte %zu begins no %%XX; write %%25 for it",
                            (size_t)(c - path) + 1);
    return SF_OK;
}

static void add_path(sfi_buf *url, const char *path)
{
    sf_str rest = sfi_str(path);
    while (sfi_take_text(&rest, "/")) continue; /* ends: each turn takes a byte */
    if (sfi_starts_with(rest, root + 1)) rest = (sf_str){ rest.ptr + sizeof root - 2, rest.len - (sizeof root - 2) };
    (void)sfi_buf_add_str(url, root); /* a failure stays in the buffer */
    for (size_t i = 0; i < rest.len; i++) {
        if (stands_for_itself(rest.ptr[i]))
            (void)sfi_buf_add_char(url, rest.ptr[i]);
        else
            (void)sfi_buf_add_urlencoded(url, (sf_str){ rest.ptr + i, 1 });
    }
}

static sf_status add_params(sfi_buf *url, const sf_apex_options *o, bool has_query, sf_error *err)
{
    if (o->params == NULL && o->param_count > 0)
        return sfi_fail(err, SF_ERR_USAGE, "sf_apex_options: params is NULL, and param_count is not 0");
    for (size_t i = 0; i < o->param_count; i++) {
        const sf_apex_param *p = &o->params[i];
        if (p->name == NULL || *p->name == '\0')
            return sfi_fail(err, SF_ERR_USAGE, "parameter %zu of the query has no name", i + 1);
        if (!sfi_utf8_valid(p->name, strlen(p->name)) ||
            (p->value != NULL && !sfi_utf8_valid(p->value, strlen(p->value))))
            return sfi_fail(err, SF_ERR_USAGE, "parameter %.80s is not UTF-8", p->name);
        (void)sfi_buf_add_char(url, has_query || i > 0 ? '&' : '?'); /* a failure stays in the buffer */
        (void)sfi_buf_add_urlencoded(url, sfi_str(p->name));
        if (p->value == NULL) continue;
        (void)sfi_buf_add_char(url, '=');
        (void)sfi_buf_add_urlencoded(url, sfi_str(p->value));
    }
    return SF_OK;
}

static sf_status make_url(sfi_buf *url, const char *path, const sf_apex_options *o, sf_error *err)
{
    sf_status rc = check_path(path, err);
    if (rc != SF_OK) return rc;
    add_path(url, path);
    rc = add_params(url, o, strchr(path, '?') != NULL, err);
    return rc == SF_OK ? sfi_buf_status(url, err, "the path and query (SF_APEX_PATH_MAX)") : rc;
}

/* ---- the call ---- */
static sf_status check(const char *method, const sf_apex_options *o, sf_error *err)
{
    bool has_json = sf_value_type(o->json) != SF_MISSING;
    int bodies = (o->body.ptr != NULL) + has_json + (o->source != NULL);
    if (method == NULL) return sfi_fail(err, SF_ERR_USAGE, "the method is NULL");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_apex_options: reserved is not zero");
    if (bodies > 1) return sfi_fail(err, SF_ERR_USAGE, "sf_apex_options: want one of body, json and source");
    bool takes_body = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
    if (bodies > 0 && !takes_body)
        return sfi_fail(err, SF_ERR_USAGE, "%.20s takes no body; POST, PUT and PATCH do", method);
    return SF_OK;
}

sf_status sf_apex_request(sf_client *sf, const char *method, const char *path, const sf_apex_options *options,
                          sf_response *out, sf_error *err)
{
    static const sf_apex_options none;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = (sf_response){ 0 };
    const sf_apex_options *o = options != NULL ? options : &none;
    sfi_buf url = { .max = SF_APEX_PATH_MAX };
    char *json = NULL;
    sf_str body = o->body;
    sf_status rc = check(method, o, err);
    if (rc == SF_OK) rc = make_url(&url, path, o, err);
    if (rc == SF_OK && sf_value_type(o->json) != SF_MISSING) {
        size_t len = 0;
        rc = sf_value_to_json(o->json, &json, &len, err);
        if (rc == SF_OK) body = (sf_str){ json, len };
    }
    if (rc == SF_OK)
        rc = sf_client_request(sf,
                               &(sf_request){ .method = method,
                                              .path = url.data,
                                              .body = body,
                                              .source = o->source,
                                              .sink = o->sink,
                                              .content_type = o->content_type,
                                              .repeatable = o->repeatable,
                                              .call = o->call },
                               out, err);
    sf_free(json);
    sfi_buf_free(&url);
    return rc;
}

sf_status sf_apex_json(sf_client *sf, const char *method, const char *path, const sf_apex_options *options,
                       sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (options != NULL && options->sink != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "sf_apex_json reads the answer itself; use sf_apex_request with a sink");
    sf_response answer;
    sf_status rc = sf_apex_request(sf, method, path, options, &answer, err);
    if (rc == SF_OK && sfi_trim((sf_str){ answer.body, answer.body_len }).len == 0) {
        rc = SF_DONE;
    } else if (rc == SF_OK) {
        rc = sf_document_parse(answer.body, answer.body_len, out, err);
        sf_str type = sf_response_header(&answer, "Content-Type");
        if (rc == SF_ERR_PROTOCOL || rc == SF_ERR_TRUNCATED)
            sfi_error_prefix(err,
                             "%s %.200s: the answer (HTTP %d, %.*s) is not JSON; sf_apex_request gives it as it is",
                             method, path, answer.status, (int)(type.len < 60 ? type.len : 60),
                             type.ptr != NULL ? type.ptr : "without a Content-Type");
        if (rc == SF_ERR_TRUNCATED && err != NULL) err->status = SF_ERR_PROTOCOL;
        if (rc == SF_ERR_TRUNCATED) rc = SF_ERR_PROTOCOL;
    }
    sf_response_clear(&answer);
    return rc;
}
