/*
 * outcome.c: what the end of a transfer means for the caller: answered, never sent, or lost on the way; and the one line
 * that says so with the host and the way out. The whole judgement stands on one fact that receive.c collects: whether
 * libcurl began to send the request, and whether a byte of it went out.
 */
#include "http/engine_internal.h"

static const char *curl_says(const sfi_transfer *t, CURLcode code)
{
    if (t->curl_text[0] != '\0') return t->curl_text;
    return code != CURLE_OK ? curl_easy_strerror(code) : "the connection ended amid its headers";
}

static const char *advice(const sfi_transfer *t, CURLcode code)
{
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "check the host's name and the name server";
    case CURLE_COULDNT_RESOLVE_PROXY: return "check the proxy's name (option proxy, HTTPS_PROXY)";
    case CURLE_COULDNT_CONNECT: return "check host and port, the network, and whether a proxy is needed";
    case CURLE_OPERATION_TIMEDOUT: return "check the network and whether a proxy is needed";
    case CURLE_PEER_FAILED_VERIFICATION:
        if (strstr(t->curl_text, "subject name") != NULL)
            return "the host's name is not in its certificate: check the URL";
        return "its certificate is not trusted: if a company's proxy or own CA signs it, name that CA with ca_file";
    case CURLE_SSL_CONNECT_ERROR:
        return "the TLS handshake failed: check tls_min and whether a client certificate is wanted";
    case CURLE_SSL_CERTPROBLEM: return "check client_cert_file, client_key_file and client_key_password";
    case CURLE_SSL_CACERT_BADFILE: return "check ca_file and ca_path";
    case CURLE_PROXY: return "check the proxy option";
    default: return "check the network";
    }
}

/* A repeat will not help before somebody changes something. */
static bool is_lasting(const sfi_transfer *t, CURLcode code)
{
    switch ((int)code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_COULDNT_RESOLVE_PROXY: return true;
    case CURLE_COULDNT_RESOLVE_HOST: /* was it ever found, then the name is right and the name server is not */
        return !sfi_http_host_was_reached(t->http, t->origin.text);
    default: return false;
    }
}

static void describe_not_sent(sfi_transfer *t, CURLcode code, const char *timeout_name)
{
    sf_error *err = &t->response.error;
    long connect_code = 0;
    if (t->easy != NULL) (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect_code); /* stays 0 */
    if (timeout_name != NULL) {
        (void)sfi_fail(err, SF_ERR_TIMEOUT, "%s: no connection within %s; %s", t->origin.text, timeout_name,
                       advice(t, CURLE_OPERATION_TIMEDOUT));
        err->retryable = true;
    } else if (code == CURLE_OUT_OF_MEMORY) {
        (void)sfi_fail_memory(err, "a connection");
    } else if (connect_code >= 300) {
        bool is_login = connect_code == 407;
        (void)sfi_fail(
            err, SF_ERR_NETWORK, "%s: the proxy refuses the way there (%ld); %s", t->origin.text, connect_code,
            is_login ? "check proxy_user and proxy_password" : "check the proxy option and the proxy's rules");
        err->retryable = connect_code >= 500;
    } else {
        (void)sfi_fail(err, code == CURLE_OPERATION_TIMEDOUT ? SF_ERR_TIMEOUT : SF_ERR_NETWORK,
                       "%s: no connection: %s; %s", t->origin.text, curl_says(t, code), advice(t, code));
        err->retryable = !is_lasting(t, code);
    }
}

bool sfi_encoding_of(const sfi_http_response *r, int *out)
{
    sf_str name = sfi_header_get(r, "Content-Encoding");
    *out = SFI_ENCODING_IDENTITY;
    if (name.len == 0 || sfi_str_is_nocase(name, "identity")) return true;
    if (sfi_str_is_nocase(name, "gzip") || sfi_str_is_nocase(name, "x-gzip"))
        *out = SFI_ENCODING_GZIP;
    else if (sfi_str_is_nocase(name, "deflate"))
        *out = SFI_ENCODING_DEFLATE;
    else
        return false;
    return true;
}

static void describe_encoding(sfi_transfer *t)
{
    sfi_http_response *r = &t->response;
    sf_str name = sfi_header_get(r, "Content-Encoding");
    (void)sfi_fail(&r->error, SF_ERR_PROTOCOL, "%s %s: the answer has Content-Encoding %.*s, which was not asked for",
                   t->method, t->origin.text, (int)(name.len < 40 ? name.len : 40), name.ptr);
    r->error.http_status = r->status;
}

/* The answer is whole; can its body be read? */
static bool set_encoding(sfi_transfer *t)
{
    sfi_http_response *r = &t->response;
    r->encoding = SFI_ENCODING_IDENTITY;
    if (r->body_len == 0 || sfi_encoding_of(r, &r->encoding)) return true;
    describe_encoding(t);
    return false;
}

static void describe_limit(sfi_transfer *t)
{
    sf_error *err = &t->response.error;
    if (t->in.failure == SF_ERR_MEMORY)
        (void)sfi_fail_memory(err, "an answer");
    else if (!t->in.head.is_done)
        (void)sfi_fail(err, SF_ERR_LIMIT, "%s %s: the answer's headers are longer than %d bytes", t->method,
                       t->origin.text, SFI_HTTP_HEADERS_MAX);
    else
        (void)sfi_fail(err, SF_ERR_LIMIT, "%s %s: the answer is longer than %zu bytes (response_max)", t->method,
                       t->origin.text, t->in.max);
}

static void describe_lost(sfi_transfer *t, CURLcode code, const char *timeout_name)
{
    sfi_http_response *r = &t->response;
    sf_error *err = &r->error;
    if (t->in.failure == SF_ERR_PROTOCOL) {
        describe_encoding(t);
    } else if (t->in.failure != SF_OK) {
        describe_limit(t);
    } else if (timeout_name != NULL) {
        (void)sfi_fail(err, SF_ERR_TIMEOUT, "%s %s: no whole answer within %s", t->method, t->origin.text,
                       timeout_name);
    } else if (r->truncated && t->in.expected >= 0) {
        (void)sfi_fail(err, SF_ERR_TRUNCATED, "%s %s: the answer (%d) ended after %lld of %lld bytes: %s", t->method,
                       t->origin.text, r->status, (long long)t->in.total, (long long)t->in.expected,
                       curl_says(t, code));
    } else if (r->truncated) {
        (void)sfi_fail(err, SF_ERR_TRUNCATED, "%s %s: the answer (%d) was cut after %lld bytes: %s", t->method,
                       t->origin.text, r->status, (long long)t->in.total, curl_says(t, code));
    } else if (t->resend_refused) {
        (void)sfi_fail(err, SF_ERR_NETWORK,
                       "%s %s: the connection ended after the request was sent and before an answer came", t->method,
                       t->origin.text);
    } else {
        (void)sfi_fail(err, code == CURLE_OUT_OF_MEMORY ? SF_ERR_MEMORY : SF_ERR_NETWORK,
                       "%s %s: the answer was lost: %s", t->method, t->origin.text, curl_says(t, code));
    }
    err->http_status = r->status;
    err->retryable = sfi_method_is_idempotent(t->method) && err->status != SF_ERR_LIMIT &&
                     err->status != SF_ERR_MEMORY && err->status != SF_ERR_PROTOCOL;
}

static int version_of(CURL *easy)
{
    long version = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version); /* stays 0 */
    switch (version) {
    case CURL_HTTP_VERSION_1_0: return 10;
    case CURL_HTTP_VERSION_1_1: return 11;
    case CURL_HTTP_VERSION_2_0: return 20;
    default: return version != 0 ? 30 : 0;
    }
}

void sfi_outcome_classify(sfi_transfer *t, CURLcode code, const char *timeout_name)
{
    sfi_http_response *r = &t->response;
    long status = 0, request_bytes = 0;
    if (t->easy != NULL) {
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status); /* both stay 0 */
        (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
        r->http_version = version_of(t->easy);
    }
    bool was_sent = t->sends > 0 && !(code == CURLE_SEND_ERROR && request_bytes == 0);
    r->status = was_sent && status >= 200 ? (int)status : 0; /* a 1xx is no answer */
    if (atomic_load(&t->cancelled)) {
        r->outcome = SFI_HTTP_CANCELLED;
        (void)sfi_fail(&r->error, SF_ERR_CANCELLED, "%s %s: cancelled%s", t->method, t->origin.text,
                       was_sent ? " after the request was sent" : "");
    } else if (!was_sent) {
        r->outcome = SFI_HTTP_NOT_SENT;
        describe_not_sent(t, code, timeout_name);
    } else if (code != CURLE_OK || timeout_name != NULL || t->in.failure != SF_OK || status < 200 ||
               !t->in.head.is_done) {
        /* libcurl is content with headers that end before their blank line; a Content-Length may have been among the rest */
        r->outcome = SFI_HTTP_LOST;
        r->truncated = t->in.head.is_done && status >= 200;
        describe_lost(t, code, timeout_name);
    } else {
        r->outcome = set_encoding(t) ? SFI_HTTP_ANSWERED : SFI_HTTP_LOST;
    }
}
