/* http_fixture.h: what the tests of the http room share: one transport with a log that is kept, and one-line requests. */
#ifndef SF_TEST_HTTP_FIXTURE_H
#define SF_TEST_HTTP_FIXTURE_H
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include "support/support.h"
#include "support/wire_server.h"
#include "http/http_internal.h"

#define OK_TEXT(body, length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

static char logged[256 * 1024];
static size_t logged_len;
static pthread_mutex_t logged_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void keep_log(void *user, int level, const char *line)
{
    (void)user, (void)level;
    pthread_mutex_lock(&logged_lock);
    int n = snprintf(logged + logged_len, sizeof logged - logged_len, "%s\n", line);
    if (n > 0 && (size_t)n < sizeof logged - logged_len) logged_len += (size_t)n;
    pthread_mutex_unlock(&logged_lock);
}

static inline bool was_logged(const char *text)
{
    pthread_mutex_lock(&logged_lock);
    bool found = strstr(logged, text) != NULL;
    pthread_mutex_unlock(&logged_lock);
    return found;
}

/* Proxies of the environment must not get between a test and its server. */
static inline sfi_http *open_http(sf_transport_options options)
{
    sf_error err = { 0 };
    sfi_http *http = NULL;
    sfi_log log = { keep_log, NULL, SFI_LOG_TRACE };
    if (options.proxy == NULL) options.proxy = "";
    if (sfi_http_open(&options, &log, &http, &err) != SF_OK) fail_msg("%s", err.message);
    return http;
}

static inline sfi_transfer *start_request(sfi_http *http, const sfi_http_request *request)
{
    sf_error err = { 0 };
    sfi_transfer *t = NULL;
    if (sfi_http_start(http, request, &t, &err) != SF_OK) fail_msg("%s", err.message);
    return t;
}

static inline sfi_transfer *start_simple(sfi_http *http, const char *method, const char *url)
{
    return start_request(http, &(sfi_http_request){ .method = method, .url = url });
}

/* Started and ended; the transfer is the test's to free. */
static inline sfi_transfer *run_request(sfi_http *http, const sfi_http_request *request)
{
    sfi_transfer *t = start_request(http, request);
    assert_true(sfi_transfer_wait(t, sfi_now_ms() + 20000));
    return t;
}

static inline sfi_transfer *run_simple(sfi_http *http, const char *method, const char *url)
{
    return run_request(http, &(sfi_http_request){ .method = method, .url = url });
}

static inline void assert_answer(sfi_transfer *t, int status, const char *body)
{
    const sfi_http_response *r = sfi_transfer_response(t);
    if (r->outcome != SFI_HTTP_ANSWERED) fail_msg("outcome %d: %s", r->outcome, r->error.message);
    assert_int_equal(r->status, status);
    assert_int_equal(r->body_len, strlen(body));
    if (r->body_len > 0) assert_memory_equal(r->body, body, r->body_len);
}

static inline void assert_outcome(sfi_transfer *t, sfi_http_outcome outcome, sf_status status)
{
    const sfi_http_response *r = sfi_transfer_response(t);
    if (r->outcome != outcome || r->error.status != status)
        fail_msg("outcome %d, want %d; %s, want %s: %s", r->outcome, outcome, sf_status_name(r->error.status),
                 sf_status_name(status), r->error.message);
    assert_true(r->error.message[0] != '\0' || outcome == SFI_HTTP_ANSWERED);
}
#endif
