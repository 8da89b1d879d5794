/* answers_test.c: every form of an answer on the wire, whole, cut at every byte, reset, too long, and what we send. */
#include "unit/http/http_fixture.h"
#include <libdeflate.h>

static void test_answers__each_form_is_read(void **state)
{
    static const struct {
        const char *name, *wire;
        int status;
        const char *body;
    } cases[] = {
        { "length", OK_TEXT("hello", "5"), 200, "hello" },
        { "empty", OK_TEXT("", "0"), 200, "" },
        { "chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n",
          200, "abcdefg" },
        { "trailers",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: first\r\n\r\n1\r\nx\r\n0\r\nX-A: late\r\n\r\n", 200,
          "x" },
        { "204", "HTTP/1.1 204 No Content\r\n\r\n", 204, "" },
        { "304", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", 304, "" },
        { "error", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n[]", 404, "[]" },
        { "1xx first", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\ny",
          201, "y" },
        { "folded and odd lines",
          "HTTP/1.1 200 OK\r\nX-A: fir\r\n st\r\nHTTP/9.9: no status\r\nContent-Length: 1\r\n\r\nz", 200, "z" },
        { "late status line",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHTTP/1.1 500 Trailer: x\r\n\r\n", 200, "" },
        { "until close", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nto the end", 200, "to the end" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].name);
        const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(cases[i].wire, strlen(cases[i].wire)), WIRE_END };
        wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
        sfi_http *http = open_http((sf_transport_options){ 0 });
        sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/x"));
        assert_answer(t, cases[i].status, cases[i].body);
        const sfi_http_response *r = sfi_transfer_response(t);
        assert_ptr_equal(sfi_header_get(r, "Link").ptr, NULL); /* of the 103, not of the answer */
        if (strcmp(cases[i].name, "trailers") == 0) assert_true(sfi_str_is(sfi_header_get(r, "x-a"), "first"));
        if (strcmp(cases[i].name, "folded and odd lines") == 0)
            assert_true(sfi_str_is(sfi_header_get(r, "X-A"), "fir  st") && sfi_header_get(r, "HTTP/9.9").len > 0);
        if (r->body_len > 0)
            for (size_t k = 0; k < 64; k++) assert_int_equal(r->body[r->body_len + k], 0);
        assert_true(r->bytes_sent > 40 && r->bytes_received >= (int64_t)r->body_len + 15);
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
    }
}

static void test_answers__head_has_headers_only(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST,
                                        WIRE_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-A: 1\r\n\r\n"),
                                        WIRE_REQUEST, WIRE_TEXT(OK_TEXT("b", "1")), WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_simple(http, "HEAD", wire_url(server, "/"));
    assert_answer(t, 200, "");
    assert_true(sfi_str_is(sfi_header_get(sfi_transfer_response(t), "X-A"), "1"));
    sfi_transfer_free(t);
    t = run_simple(http, "GET", wire_url(server, "/")); /* the connection is still good */
    assert_answer(t, 200, "b");
    assert_int_equal(wire_connections(server), 1);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_answers__connection_is_kept(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("hello", "5")), WIRE_AGAIN };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    for (int i = 0; i < 20; i++) {
        sfi_transfer *t = run_simple(http, i % 2 == 0 ? "GET" : "POST", wire_url(server, "/"));
        assert_answer(t, 200, "hello");
        sfi_transfer_free(t);
    }
    assert_int_equal(wire_connections(server), 1);
    sfi_http_close(http);
    wire_stop(server);

    server = wire_start((const wire_step *const[]){ script }, 1);
    http = open_http((sf_transport_options){ .connections_idle_max = SF_NONE });
    for (int i = 0; i < 3; i++) sfi_transfer_free(run_simple(http, "GET", wire_url(server, "/")));
    assert_int_equal(wire_connections(server), 3);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_answers__a_cut_at_every_byte_is_never_whole(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n[1,2,3]",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1,2\r\n3\r\n,3]\r\n0\r\n\r\n",
    };
    (void)state;
    for (size_t a = 0; a < COUNT_OF(answers); a++) {
        size_t whole = strlen(answers[a]);
        for (size_t cut = 0; cut < whole; cut++) {
            for (int reset = 0; reset < 2; reset++) {
                const wire_step script[] = { WIRE_REQUEST,
                                             WIRE_BYTES(answers[a], cut),
                                             { reset ? WIRE_OP_RESET : WIRE_OP_END, NULL, 0 } };
                wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
                sfi_http *http = open_http((sf_transport_options){ 0 });
                sfi_transfer *t = run_simple(http, "POST", wire_url(server, "/"));
                const sfi_http_response *r = sfi_transfer_response(t);
                /* Only the line end after the last chunk may be missing: then all of the body is there and known to be. */
                if (r->outcome == SFI_HTTP_ANSWERED && a == 1 && cut == whole - 1)
                    assert_answer(t, 200, "[1,2,3]");
                else if (r->outcome != SFI_HTTP_LOST)
                    fail_msg("answer %zu cut at %zu: outcome %d", a, cut, r->outcome);
                size_t head = (size_t)(strstr(answers[a], "\r\n\r\n") - answers[a]) + 4;
                if (!reset && r->outcome == SFI_HTTP_LOST) assert_int_equal(r->truncated, cut >= head);
                if (strstr(r->error.message, "No error") != NULL) fail_msg("cut at %zu: %s", cut, r->error.message);
                /* A reset may overtake what was sent before it, and then less has come. */
                assert_false(r->error.retryable); /* a POST */
                assert_int_equal(wire_requests(server), 1);
                sfi_transfer_free(t);
                sfi_http_close(http);
                wire_stop(server);
            }
        }
    }
}

static void test_answers__over_the_bound_is_a_limit(void **state)
{
    static const struct {
        const char *name, *wire;
        size_t max;
        sf_status want;
    } cases[] = {
        { "length over", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890", 10, SF_ERR_LIMIT },
        { "length just", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 10, SF_OK },
        { "chunked over", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n", 10,
          SF_ERR_LIMIT },
        { "huge length", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n0", 0, SF_ERR_LIMIT },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].name);
        const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(cases[i].wire, strlen(cases[i].wire)), WIRE_END };
        wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
        sfi_http *http = open_http((sf_transport_options){ 0 });
        sfi_transfer *t = run_request(
            http, &(sfi_http_request){ .method = "GET", .url = wire_url(server, "/"), .response_max = cases[i].max });
        assert_outcome(t, cases[i].want == SF_OK ? SFI_HTTP_ANSWERED : SFI_HTTP_LOST, cases[i].want);
        assert_int_equal(sfi_transfer_response(t)->status, 200);
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
    }
}

static void test_answers__headers_are_bounded(void **state)
{
    static const size_t line_len = 2000, lines = 160;
    (void)state;
    sfi_buf wire = { 0 };
    sfi_buf_add_str(&wire, "HTTP/1.1 200 OK\r\n");
    for (size_t i = 0; i < lines; i++) {
        sfi_buf_addf(&wire, "X-%zu: ", i);
        for (size_t k = 0; k < line_len; k++) sfi_buf_add_char(&wire, 'a');
        sfi_buf_add_str(&wire, "\r\n");
    }
    sfi_buf_add_str(&wire, "Content-Length: 0\r\n\r\n");
    assert_false(wire.failed);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(wire.data, wire.len), WIRE_END };
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
    assert_outcome(t, SFI_HTTP_LOST, SF_ERR_LIMIT);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
    sfi_buf_free(&wire);
}

/* ---- gzip over the wire ---- */
static void test_answers__gzip_stays_compressed_until_inflated(void **state)
{
    static const char text[] = "[{\"Id\":\"001000000000001AAA\"},{\"Id\":\"001000000000002AAA\"}]";
    char packed[512], wire[1024];
    (void)state;
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t n = libdeflate_gzip_compress(c, text, sizeof text - 1, packed, sizeof packed);
    libdeflate_free_compressor(c);
    int head =
        snprintf(wire, sizeof wire, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", n);
    memcpy(wire + head, packed, n);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(wire, (size_t)head + n), WIRE_AGAIN };
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
    sfi_http_response *r = sfi_transfer_response(t);
    assert_int_equal(r->outcome, SFI_HTTP_ANSWERED);
    assert_int_equal(r->encoding, SFI_ENCODING_GZIP);
    assert_int_equal(r->body_len, n);
    char *out = NULL, *sent = wire_request(server, 0);
    size_t cap = 0, len = 0;
    assert_int_equal(sfi_inflate(r->body, r->body_len, r->encoding, 1000, &out, &cap, &len, NULL), SF_OK);
    assert_int_equal(len, sizeof text - 1);
    assert_memory_equal(out, text, len);
    assert_non_null(strstr(sent, "Accept-Encoding: gzip"));
    free(sent);
    sfi_free(out);
    sfi_transfer_free(t);
    t = run_request(http, &(sfi_http_request){ .method = "GET", .url = wire_url(server, "/"), .no_gzip = true });
    sent = wire_request(server, 1);
    assert_null(strstr(sent, "Accept-Encoding"));
    assert_int_equal(sfi_transfer_response(t)->encoding, SFI_ENCODING_GZIP); /* it came all the same */
    free(sent);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_answers__unknown_encoding_is_refused(void **state)
{
    static const wire_step script[] = {
        WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx"), WIRE_END
    };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
    assert_outcome(t, SFI_HTTP_LOST, SF_ERR_PROTOCOL);
    assert_non_null(strstr(sfi_transfer_response(t)->error.message, "br"));
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

/* ---- what goes out ---- */
static void test_answers__requests_say_what_was_asked(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("", "0")), WIRE_AGAIN };
    static const struct {
        const char *method, *body, *line, *length;
    } cases[] = {
        { "GET", NULL, "GET /a?b=%20 HTTP/1.1\r\n", NULL },
        { "POST", "{}", "POST /a?b=%20 HTTP/1.1\r\n", "Content-Length: 2\r\n" },
        { "POST", NULL, "POST /a?b=%20 HTTP/1.1\r\n", "Content-Length: 0\r\n" },
        { "PATCH", "{\"a\":1}", "PATCH /a?b=%20 HTTP/1.1\r\n", "Content-Length: 7\r\n" },
        { "PUT", "x", "PUT /a?b=%20 HTTP/1.1\r\n", "Content-Length: 1\r\n" },
        { "DELETE", NULL, "DELETE /a?b=%20 HTTP/1.1\r\n", NULL },
        { "DELETE", "y", "DELETE /a?b=%20 HTTP/1.1\r\n", "Content-Length: 1\r\n" },
        { "GET", "z", "GET /a?b=%20 HTTP/1.1\r\n", "Content-Length: 1\r\n" },
    };
    static const sfi_header headers[] = { { { "X-One", 5 }, { "  padded ", 9 } },
                                          { { "X-Empty", 7 }, { "", 0 } },
                                          { { "SOAPAction", 10 }, { "\"\"", 2 } } };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_transfer *t = run_request(http, &(sfi_http_request){ .method = cases[i].method,
                                                                 .url = wire_url(server, "/a?b=%20"),
                                                                 .headers = headers,
                                                                 .header_count = COUNT_OF(headers),
                                                                 .bearer = "00D!secret",
                                                                 .body = sfi_str(cases[i].body),
                                                                 .body_is_borrowed = i % 2 == 0 });
        assert_answer(t, 200, "");
        char *sent = wire_request(server, (int)i);
        assert_true(sfi_starts_with(sfi_str(sent), cases[i].line));
        assert_non_null(strstr(sent, "\r\nX-One: padded\r\n"));
        assert_non_null(strstr(sent, "\r\nX-Empty:"));
        assert_non_null(strstr(sent, "\r\nSOAPAction: \"\"\r\n"));
        assert_non_null(strstr(sent, "\r\nAuthorization: Bearer 00D!secret\r\n"));
        assert_null(strstr(sent, "Expect:"));
        assert_null(strstr(sent, "form-urlencoded"));
        if (cases[i].length != NULL)
            assert_non_null(strstr(sent, cases[i].length));
        else
            assert_null(strstr(sent, "Content-Length"));
        if (cases[i].body != NULL) assert_true(sfi_ends_with(sfi_str(sent), cases[i].body));
        assert_int_equal(sfi_transfer_response(t)->bytes_sent, strlen(sent));
        free(sent);
        sfi_transfer_free(t);
    }
    sfi_http_close(http);
    wire_stop(server);
    assert_true(was_logged("DELETE http://127.0.0.1"));
    assert_true(was_logged("X-One: padded"));
    assert_true(was_logged("Authorization"));
    assert_false(was_logged("secret"));
}

static void test_answers__secrets_of_a_url_are_not_logged(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("", "0")), WIRE_AGAIN };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t =
        run_simple(http, "GET", wire_url(server, "/logged?access_token=planted1&a=b&client_secret=planted2"));
    assert_answer(t, 200, "");
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
    assert_true(was_logged("/logged:"));
    assert_false(was_logged("planted"));
    assert_false(was_logged("a=b")); /* a statement may be as confidential as what it finds */
}

static void test_answers__large_bodies_go_out_whole(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("", "0")), WIRE_AGAIN };
    (void)state;
    size_t len = 3 * 1024 * 1024 + 17;
    char *body = malloc(len);
    for (size_t i = 0; i < len; i++) body[i] = (char)('a' + i % 23);
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_request(
        http, &(sfi_http_request){
                  .method = "POST", .url = wire_url(server, "/"), .body = { body, len }, .body_is_borrowed = true });
    assert_answer(t, 200, "");
    char *sent = wire_request(server, 0);
    assert_memory_equal(strstr(sent, "\r\n\r\n") + 4, body, len);
    assert_int_equal(sfi_transfer_response(t)->bytes_sent, strlen(sent));
    free(sent);
    free(body);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_answers__injection_and_nonsense_are_refused(void **state)
{
    static const char nul_value[] = "a\0b";
    static const struct {
        const char *method, *url, *name;
        sf_str value;
        const char *bearer;
    } cases[] = {
        { "GET", "http://h/\r\nX: y", NULL, { 0 }, NULL },
        { "GET", "http://h/a b", NULL, { 0 }, NULL },
        { "GET", "http://h/\xc3\xa4", NULL, { 0 }, NULL },
        { "GET", "http://user:pw@h/", NULL, { 0 }, NULL },
        { "GET", "file:///etc/passwd", NULL, { 0 }, NULL },
        { "GET", "gopher://h/", NULL, { 0 }, NULL },
        { "GET", "h/path", NULL, { 0 }, NULL },
        { "GET", "", NULL, { 0 }, NULL },
        { "GET", NULL, NULL, { 0 }, NULL },
        { "GET /x HTTP/1.1\r\nA:", "http://h/", NULL, { 0 }, NULL },
        { "", "http://h/", NULL, { 0 }, NULL },
        { NULL, "http://h/", NULL, { 0 }, NULL },
        { "CONNECT", "http://h/", NULL, { 0 }, NULL },
        { "GET", "http://h/", "X-A", { "a\r\nX-B: c", 9 }, NULL },
        { "GET", "http://h/", "X-A", { "a\nb", 3 }, NULL },
        { "GET", "http://h/", "X-A", { nul_value, 3 }, NULL },
        { "GET", "http://h/", "X A", { "a", 1 }, NULL },
        { "GET", "http://h/", "X:A", { "a", 1 }, NULL },
        { "GET", "http://h/", "", { "a", 1 }, NULL },
        { "GET", "http://h/", "Content-Length", { "1", 1 }, NULL },
        { "GET", "http://h/", "transfer-encoding", { "chunked", 7 }, NULL },
        { "GET", "http://h/", "Host", { "other", 5 }, NULL },
        { "GET", "http://h/", "Authorization", { "x", 1 }, "token" },
        { "GET", "http://h/", NULL, { 0 }, "tok\r\nX: y" },
        { "GET", "http://h/", NULL, { 0 }, "" },
    };
    (void)state;
    sfi_http *http = open_http((sf_transport_options){ 0 });
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err = { 0 };
        sfi_transfer *t = NULL;
        sfi_header header = { sfi_str(cases[i].name), cases[i].value };
        sf_status rc = sfi_http_start(http,
                                      &(sfi_http_request){ .method = cases[i].method,
                                                           .url = cases[i].url,
                                                           .headers = &header,
                                                           .header_count = cases[i].name != NULL,
                                                           .bearer = cases[i].bearer },
                                      &t, &err);
        if (rc == SF_OK) fail_msg("case %zu was let through", i);
        assert_null(t);
        assert_true(rc == SF_ERR_USAGE && err.status == SF_ERR_USAGE && err.message[0] != '\0');
        assert_null(strstr(err.message, "pw"));
    }
    sfi_http_close(http);
}

static void test_answers__what_is_too_long_to_send_is_a_limit(void **state)
{
    enum { LONG = 70000 };
    (void)state;
    char *text = malloc(LONG + 1);
    memset(text, 'a', LONG);
    text[LONG] = '\0';
    memcpy(text, "http://h/", 9);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    const sfi_header header = { SFI_STR("X-Long"), { text, LONG } };
    const sfi_http_request requests[] = {
        { .method = "GET", .url = text },
        { .method = "GET", .url = "http://h/", .bearer = text },
        { .method = "GET", .url = "http://h/", .headers = &header, .header_count = 1 },
        { .method = "GET", .url = "http://h/", .headers = &header, .header_count = 1000 },
    };
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        sfi_transfer *t = NULL;
        sf_error err = { 0 };
        assert_int_equal(sfi_http_start(http, &requests[i], &t, &err), SF_ERR_LIMIT);
        assert_null(t);
        assert_int_equal(err.status, SF_ERR_LIMIT);
    }
    sfi_http_close(http);
    free(text);
}

/* ---- redirects ---- */
static void test_answers__redirects_stay_on_the_host(void **state)
{
    static const wire_step other_script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("stolen", "6")), WIRE_END };
    (void)state;
    wire_server *other = wire_start((const wire_step *const[]){ other_script }, 1);
    char to_other[256];
    snprintf(to_other, sizeof to_other,
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/x\r\nContent-Length: 3\r\n\r\nabc", wire_port(other));
    const struct {
        const char *method, *first;
        bool follows;
        sf_status want;
        const char *says, *second_line;
    } cases[] = {
        { "GET", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 3\r\n\r\nabc", true, SF_OK, NULL, "GET /b " },
        { "GET", "HTTP/1.1 301 Moved\r\nLocation: b?c=d\r\nContent-Length: 0\r\n\r\n", true, SF_OK, NULL,
          "GET /b?c=d " },
        { "POST", "HTTP/1.1 307 Temporary\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", true, SF_OK, NULL,
          "POST /b " },
        { "POST", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", false, SF_ERR_PROTOCOL, "GET",
          NULL },
        { "POST", "HTTP/1.1 303 See Other\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", false, SF_ERR_PROTOCOL, "GET",
          NULL },
        { "GET", to_other, false, SF_ERR_PROTOCOL, "another host, http://127.0.0.1:", NULL },
        { "GET", "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", false,
          SF_ERR_PROTOCOL, "https://127.0.0.1:443", NULL },
        { "GET", "HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", false,
          SF_ERR_PROTOCOL, "ftp", NULL },
        { "GET", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", false, SF_OK, "", NULL },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %zu\n", i);
        const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(cases[i].first, strlen(cases[i].first)), WIRE_REQUEST,
                                     WIRE_TEXT(OK_TEXT("there", "5")), WIRE_END };
        wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
        sfi_http *http = open_http((sf_transport_options){ 0 });
        sfi_transfer *t = run_request(http, &(sfi_http_request){ .method = cases[i].method,
                                                                 .url = wire_url(server, "/a"),
                                                                 .bearer = "tok",
                                                                 .body = sfi_str("body") });
        if (cases[i].follows) {
            assert_answer(t, 200, "there");
            char *sent = wire_request(server, 1);
            assert_true(sfi_starts_with(sfi_str(sent), cases[i].second_line));
            assert_true(sfi_ends_with(sfi_str(sent), "body"));
            free(sent);
        } else {
            assert_outcome(t, SFI_HTTP_ANSWERED, cases[i].want);
            const sfi_http_response *r = sfi_transfer_response(t);
            assert_int_equal(r->status / 100, 3);
            assert_non_null(strstr(r->error.message, cases[i].says));
            assert_int_equal(wire_requests(server), 1);
        }
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
    }
    assert_int_equal(wire_connections(other), 0);
    wire_stop(other);
}

static void test_answers__redirects_come_to_an_end(void **state)
{
    static const wire_step script[] = {
        WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"), WIRE_AGAIN
    };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
    assert_outcome(t, SFI_HTTP_ANSWERED, SF_ERR_PROTOCOL);
    assert_int_equal(wire_requests(server), 6);
    assert_int_equal(wire_connections(server), 1);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_answers__ipv6_hosts_work(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("six", "3")), WIRE_END };
    (void)state;
    wire_server *server = wire_start_ipv6((const wire_step *const[]){ script }, 1);
    if (server == NULL) {
        print_message("  this machine has no ::1\n");
        skip();
    }
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
    assert_answer(t, 200, "six");
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers__each_form_is_read),
        cmocka_unit_test(test_answers__head_has_headers_only),
        cmocka_unit_test(test_answers__connection_is_kept),
        cmocka_unit_test(test_answers__a_cut_at_every_byte_is_never_whole),
        cmocka_unit_test(test_answers__over_the_bound_is_a_limit),
        cmocka_unit_test(test_answers__headers_are_bounded),
        cmocka_unit_test(test_answers__gzip_stays_compressed_until_inflated),
        cmocka_unit_test(test_answers__unknown_encoding_is_refused),
        cmocka_unit_test(test_answers__requests_say_what_was_asked),
        cmocka_unit_test(test_answers__secrets_of_a_url_are_not_logged),
        cmocka_unit_test(test_answers__large_bodies_go_out_whole),
        cmocka_unit_test(test_answers__injection_and_nonsense_are_refused),
        cmocka_unit_test(test_answers__what_is_too_long_to_send_is_a_limit),
        cmocka_unit_test(test_answers__redirects_stay_on_the_host),
        cmocka_unit_test(test_answers__redirects_come_to_an_end),
        cmocka_unit_test(test_answers__ipv6_hosts_work),
    };
    return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
