/* stream_test.c: calls whose bodies come from a source or go to a sink: when they are made again, and when they cannot. */
#include <salesforce.h>
#include "support/support.h"
#include "support/wire_server.h"

#define JSON_HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define DEAD_SESSION                                                                                                   \
    JSON_HEAD("401 Unauthorized")                                                                                      \
    "Content-Length: 75\r\n\r\n[{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}]"
#define OK_BODY(body, length) JSON_HEAD("200 OK") "Content-Length: " length "\r\n\r\n" body

typedef struct bytes {
    const char *text; /* of a source */
    size_t at;
    char got[100]; /* of a sink */
    size_t len;
    int restarts;
    bool refuses;        /* to begin again */
    wire_server *server; /* may go on when the sink has something; NULL: does not wait */
} bytes;

static sf_status read_some(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    bytes *b = user;
    (void)err;
    *len = strlen(b->text + b->at);
    if (*len > cap) *len = cap;
    memcpy(data, b->text + b->at, *len);
    b->at += *len;
    return SF_OK;
}

static sf_status write_some(void *user, const char *data, size_t len, sf_error *err)
{
    bytes *b = user;
    (void)err;
    assert_true(b->len + len < sizeof b->got);
    memcpy(b->got + b->len, data, len);
    b->len += len;
    b->got[b->len] = '\0';
    if (b->server != NULL) wire_open_gate(b->server);
    return SF_OK;
}

static sf_status begin_again(void *user, sf_error *err)
{
    bytes *b = user;
    (void)err;
    b->at = b->len = 0;
    b->got[0] = '\0';
    b->restarts++;
    return b->refuses ? SF_ERR_LIMIT : SF_OK;
}

static sf_client *open_client(const char *url)
{
    sf_client *sf = NULL;
    sf_error err;
    sf_status rc =
        sf_client_open(&(sf_client_options){ .login_url = url,
                                             .instance_url = url,
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D000000000001!t" },
                                             .api_version = "62.0",
                                             .transport = { .proxy = "" },
                                             .retry = { .retries_max = 1, .pause_ms = 1 } },
                       &sf, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    return sf;
}

static const wire_step good[] = { WIRE_REQUEST, WIRE_TEXT(OK_BODY("{\"a\":1}", "7")), WIRE_END };
static const wire_step cut[] = { WIRE_REQUEST, WIRE_TEXT(OK_BODY("{\"a", "7")), WIRE_GATE, WIRE_END };
static const wire_step empty_cut[] = { WIRE_REQUEST, WIRE_TEXT(OK_BODY("", "7")), WIRE_END };
static const wire_step busy[] = { WIRE_REQUEST, WIRE_TEXT(JSON_HEAD("503 Busy") "Content-Length: 0\r\n\r\n"),
                                  WIRE_END };
static const wire_step no_such[] = {
    WIRE_REQUEST,
    WIRE_TEXT(
        JSON_HEAD("404 No") "Content-Length: 51\r\n\r\n[{\"errorCode\":\"NOT_FOUND\",\"message\":\"none of these\"}]"),
    WIRE_END
};
static const wire_step early_cut[] = { WIRE_READ(40), WIRE_RESET, WIRE_END };
static const wire_step lost[] = { WIRE_REQUEST, WIRE_RESET, WIRE_END };

static void test_stream__a_sink_gets_one_whole_answer_or_an_error(void **state)
{
    static const struct {
        const wire_step *first;
        bool may_restart, refuses;
        sf_status status;
        const char *got;
        int requests, restarts;
    } cases[] = {
        { good, false, false, SF_OK, "{\"a\":1}", 1, 0 },      { busy, false, false, SF_OK, "{\"a\":1}", 2, 0 },
        { empty_cut, false, false, SF_OK, "{\"a\":1}", 2, 0 }, /* nothing was handed over */
        { cut, true, false, SF_OK, "{\"a\":1}", 2, 1 },        { cut, false, false, SF_ERR_TRUNCATED, "{\"a", 1, 0 },
        { cut, true, true, SF_ERR_LIMIT, "", 1, 1 },           { no_such, false, false, SF_ERR_NOT_FOUND, "", 1, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %zu\n", i);
        wire_server *server = wire_start((const wire_step *const[]){ cases[i].first, good }, 2);
        sf_client *sf = open_client(wire_url(server, ""));
        bytes b = { .refuses = cases[i].refuses, .server = server };
        const sf_sink sink = { .write = write_some, .restart = cases[i].may_restart ? begin_again : NULL, .user = &b };
        sf_response answer;
        sf_error err = { 0 };
        sf_status rc =
            sf_client_request(sf, &(sf_request){ .method = "GET", .path = "limits", .sink = &sink }, &answer, &err);
        if (rc != cases[i].status) fail_msg("%s: %s", sf_status_name(rc), err.message);
        assert_string_equal(b.got, cases[i].got);
        assert_int_equal(wire_requests(server), cases[i].requests);
        assert_int_equal(b.restarts, cases[i].restarts);
        if (rc == SF_OK) assert_int_equal(answer.status, 200);
        if (rc == SF_OK) assert_string_equal(answer.body, "");
        if (rc == SF_ERR_TRUNCATED) assert_non_null(strstr(err.message, "cannot take back"));
        if (rc == SF_ERR_TRUNCATED) assert_true(err.retryable);
        if (rc == SF_ERR_NOT_FOUND) assert_non_null(strstr(answer.body, "none of these"));
        sf_response_clear(&answer);
        sf_client_close(sf);
        wire_stop(server);
    }
}

static void test_stream__a_source_is_sent_again_only_where_that_is_safe(void **state)
{
    static const struct {
        const wire_step *first;
        bool may_rewind, repeatable;
        sf_status status;
        int connections, rewinds;
    } cases[] = {
        { good, false, false, SF_OK, 1, 0 },
        { busy, true, false, SF_OK, 2, 1 },
        { busy, false, false, SF_ERR_UNAVAILABLE, 1, 0 },
        { early_cut, true, false, SF_OK, 2, -1 }, /* not whole: the server did not act; read or not by then */
        { lost, true, false, SF_ERR_UNKNOWN_OUTCOME, 1, 0 }, /* whole, and no answer */
        { lost, true, true, SF_OK, 2, 1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %zu\n", i);
        wire_server *server = wire_start((const wire_step *const[]){ cases[i].first, good }, 2);
        sf_client *sf = open_client(wire_url(server, ""));
        char *text = malloc(8 << 20);
        size_t len = cases[i].first == early_cut ? (8 << 20) - 1 : 5;
        memset(text, 'x', len);
        text[len] = '\0';
        bytes b = { .text = text };
        const sf_source source = {
            .read = read_some, .rewind = cases[i].may_rewind ? begin_again : NULL, .user = &b, .length = (int64_t)len
        };
        sf_response answer;
        sf_error err = { 0 };
        sf_status rc = sf_client_request(
            sf, &(sf_request){ .method = "POST", .path = "x", .source = &source, .repeatable = cases[i].repeatable },
            &answer, &err);
        if (rc != cases[i].status) fail_msg("%s: %s", sf_status_name(rc), err.message);
        assert_int_equal(wire_connections(server), cases[i].connections);
        if (cases[i].rewinds >= 0) assert_int_equal(b.restarts, cases[i].rewinds);
        if (rc == SF_OK) assert_string_equal(answer.body, "{\"a\":1}");
        char *request = rc == SF_OK ? wire_request(server, wire_requests(server) - 1) : NULL;
        if (request != NULL) assert_non_null(strstr(request, "Content-Type: application/json"));
        if (request != NULL) assert_string_equal(strstr(request, "\r\n\r\n") + 4, text);
        if (rc == SF_ERR_UNAVAILABLE) assert_non_null(strstr(err.message, "cannot be read again"));
        free(request);
        free(text);
        sf_response_clear(&answer);
        sf_client_close(sf);
        wire_stop(server);
    }
}

/* The refresh of a session: a login that works once more. */
static char login_answer[400];
static wire_step login[] = { WIRE_REQUEST, { WIRE_OP_SEND, login_answer, 0 }, WIRE_END };

static void test_stream__a_session_that_ended_is_renewed(void **state)
{
    static const wire_step dead[] = { WIRE_REQUEST, WIRE_TEXT(DEAD_SESSION), WIRE_END };
    (void)state;
    for (int may_rewind = 0; may_rewind < 2; may_rewind++) {
        wire_server *server = wire_start((const wire_step *const[]){ login, dead, login, good }, 4);
        char body[250], url[64];
        snprintf(url, sizeof url, "%s", wire_url(server, ""));
        snprintf(body, sizeof body,
                 "{\"access_token\":\"00D000000000001!tok\",\"instance_url\":\"%s\",\"token_type\":\"Bearer\"}", url);
        snprintf(login_answer, sizeof login_answer, JSON_HEAD("200 OK") "Content-Length: %zu\r\n\r\n%s", strlen(body),
                 body);
        login[1].len = strlen(login_answer);
        sf_client *sf = NULL;
        sf_error err = { 0 };
        assert_int_equal(sf_client_open(&(sf_client_options){ .login_url = url,
                                                              .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                        .client_id = "id",
                                                                        .client_secret = "s" },
                                                              .api_version = "62.0",
                                                              .transport = { .proxy = "" } },
                                        &sf, &err),
                         SF_OK);
        bytes b = { .text = "hello" };
        const sf_source source = {
            .read = read_some, .rewind = may_rewind ? begin_again : NULL, .user = &b, .length = 5
        };
        sf_response answer;
        sf_status rc =
            sf_client_request(sf, &(sf_request){ .method = "POST", .path = "x", .source = &source }, &answer, &err);
        if (rc != (may_rewind ? SF_OK : SF_ERR_AUTH)) fail_msg("%s: %s", sf_status_name(rc), err.message);
        if (!may_rewind) { /* the session is new: the same call again gets through */
            assert_true(err.retryable);
            assert_non_null(strstr(err.message, "cannot be read again"));
            b.at = 0;
            sf_response_clear(&answer);
            rc =
                sf_client_request(sf, &(sf_request){ .method = "POST", .path = "x", .source = &source }, &answer, &err);
            assert_int_equal(rc, SF_OK);
        }
        assert_int_equal(wire_requests(server), 4);
        sf_response_clear(&answer);
        sf_client_close(sf);
        wire_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__a_sink_gets_one_whole_answer_or_an_error),
        cmocka_unit_test(test_stream__a_source_is_sent_again_only_where_that_is_safe),
        cmocka_unit_test(test_stream__a_session_that_ended_is_renewed),
    };
    return cmocka_run_group_tests_name("client.stream", tests, NULL, NULL);
}
