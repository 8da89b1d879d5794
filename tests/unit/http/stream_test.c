/* stream_test.c: bodies from a source and to a sink: whole, cut, compressed, refused, slow, failing, cancelled. */
#include <libdeflate.h>
#include <pthread.h>
#include <stdatomic.h>
#include "http_fixture.h"

#define HEAD_OK "HTTP/1.1 200 OK\r\n"

enum { LARGE = 5 * 1024 * 1024 + 123 };

/* ---- a sink that keeps, a source that counts ---- */
typedef struct kept {
    char *data;
    size_t len, fail_at; /* fail_at: with the byte of this number; 0: never */
    int writes;
    sfi_transfer *cancel; /* cancelled by the first write */
} kept;

static sf_status keep(void *user, const char *data, size_t len, sf_error *err)
{
    kept *k = user;
    assert_true(len > 0);
    k->data = realloc(k->data, k->len + len + 1);
    memcpy(k->data + k->len, data, len);
    k->len += len;
    k->data[k->len] = '\0';
    k->writes++;
    if (k->cancel != NULL) sfi_transfer_cancel(k->cancel);
    if (k->fail_at > 0 && k->len >= k->fail_at) return sfi_fail(err, SF_ERR_IO, "the disk is full");
    return SF_OK;
}

typedef struct given {
    size_t len, at, piece; /* piece: bytes a read gives at most */
    size_t fail_at;        /* the read that would pass this fails; 0: never */
    int reads;
} given;

static char byte_at(size_t i)
{
    return (char)('a' + i % 23 + i / 1000 % 3);
}

static sf_status give(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    given *g = user;
    size_t n = g->len - g->at;
    if (n > cap) n = cap;
    if (g->piece > 0 && n > g->piece) n = g->piece;
    g->reads++;
    if (g->fail_at > 0 && g->at + n > g->fail_at) return err->status = SF_ERR_IO; /* without a message */
    for (size_t i = 0; i < n; i++) data[i] = byte_at(g->at + i);
    g->at += n;
    *len = n;
    return SF_OK;
}

static sfi_transfer *run_stream(sfi_http *http, const char *method, const char *url, const sf_source *source,
                                const sf_sink *sink)
{
    sfi_transfer *t =
        start_request(http, &(sfi_http_request){ .method = method, .url = url, .source = source, .sink = sink });
    sfi_transfer_run(t);
    return t;
}

/* ---- answers to a sink ---- */
static void test_stream__a_good_answer_goes_to_the_sink_and_no_other_does(void **state)
{
    static const struct {
        const char *answer;
        int status;
        const char *sunk, *body;
        sfi_http_outcome outcome;
        sf_status error;
    } cases[] = {
        { HEAD_OK "Content-Length: 5\r\n\r\nhello", 200, "hello", "", SFI_HTTP_ANSWERED, SF_OK },
        { HEAD_OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 200, "hello", "",
          SFI_HTTP_ANSWERED, SF_OK },
        { HEAD_OK "Content-Length: 0\r\n\r\n", 200, "", "", SFI_HTTP_ANSWERED, SF_OK },
        { "HTTP/1.1 204 No Content\r\n\r\n", 204, "", "", SFI_HTTP_ANSWERED, SF_OK },
        { "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\nnone", 404, "", "none", SFI_HTTP_ANSWERED, SF_OK },
        { "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfail\r\n0\r\n\r\n", 500, "", "fail",
          SFI_HTTP_ANSWERED, SF_OK },
        { "HTTP/1.1 100 Continue\r\n\r\n" HEAD_OK "Content-Length: 2\r\n\r\nok", 200, "ok", "", SFI_HTTP_ANSWERED,
          SF_OK },
        { HEAD_OK "Content-Length: 9\r\n\r\nhello", 200, NULL, "", SFI_HTTP_LOST, SF_ERR_TRUNCATED },
        { HEAD_OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nl", 200, NULL, "", SFI_HTTP_LOST,
          SF_ERR_TRUNCATED },
        { HEAD_OK "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello", 200, "", "", SFI_HTTP_LOST,
          SF_ERR_PROTOCOL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %zu: %.40s\n", i, cases[i].answer);
        const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(cases[i].answer, strlen(cases[i].answer)), WIRE_END };
        wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
        sfi_http *http = open_http((sf_transport_options){ 0 });
        kept k = { 0 };
        sfi_transfer *t = run_stream(http, "GET", wire_url(server, "/"), NULL, &(sf_sink){ .write = keep, .user = &k });
        const sfi_http_response *r = sfi_transfer_response(t);
        assert_outcome(t, cases[i].outcome, cases[i].error);
        assert_int_equal(r->status, cases[i].status);
        assert_int_equal(r->sink_bytes, k.len);
        if (cases[i].sunk != NULL) assert_string_equal(k.data != NULL ? k.data : "", cases[i].sunk);
        assert_int_equal(r->body_len, strlen(cases[i].body));
        if (r->body_len > 0) assert_memory_equal(r->body, cases[i].body, r->body_len);
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
        free(k.data);
    }
}

static char *make_bytes(size_t len)
{
    char *data = malloc(len);
    for (size_t i = 0; i < len; i++) data[i] = byte_at(i);
    return data;
}

/* Five rings full, to a sink that gets what libcurl had to wait with. */
static void test_stream__a_large_answer_comes_in_order(void **state)
{
    (void)state;
    char *data = make_bytes(LARGE);
    char head[100];
    snprintf(head, sizeof head, HEAD_OK "Content-Length: %d\r\n\r\n", LARGE);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(head, strlen(head)), WIRE_BYTES(data, LARGE), WIRE_AGAIN };
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ .response_max = 1000 }); /* does not count for sinks */
    for (int round = 0; round < 2; round++) {
        kept k = { 0 };
        sfi_transfer *t = run_stream(http, "GET", wire_url(server, "/"), NULL, &(sf_sink){ .write = keep, .user = &k });
        assert_outcome(t, SFI_HTTP_ANSWERED, SF_OK);
        assert_int_equal(k.len, LARGE);
        assert_memory_equal(k.data, data, LARGE);
        assert_int_equal(sfi_transfer_response(t)->sink_bytes, LARGE);
        sfi_transfer_free(t);
        free(k.data);
    }
    assert_int_equal(wire_connections(server), 1); /* kept, although it was paused */
    sfi_http_close(http);
    wire_stop(server);
    free(data);
}

static size_t pack(bool gzip, const char *data, size_t len, char *out, size_t cap)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t n =
        gzip ? libdeflate_gzip_compress(c, data, len, out, cap) : libdeflate_zlib_compress(c, data, len, out, cap);
    libdeflate_free_compressor(c);
    return n;
}

static void run_packed(const char *encoding, const char *packed, size_t len, kept *k, sfi_http_outcome outcome,
                       sf_status status)
{
    char head[200];
    snprintf(head, sizeof head, HEAD_OK "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", encoding, len);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(head, strlen(head)), WIRE_BYTES(packed, len), WIRE_END };
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_stream(http, "GET", wire_url(server, "/"), NULL, &(sf_sink){ .write = keep, .user = k });
    assert_outcome(t, outcome, status);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_stream__compressed_answers_are_inflated(void **state)
{
    static const char *const encodings[] = { "gzip", "deflate", "x-gzip" };
    (void)state;
    char *data = make_bytes(LARGE);
    char *packed = malloc(LARGE);
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        kept k = { 0 };
        size_t len = pack(i != 1, data, LARGE, packed, LARGE);
        run_packed(encodings[i], packed, len, &k, SFI_HTTP_ANSWERED, SF_OK);
        assert_int_equal(k.len, LARGE);
        assert_memory_equal(k.data, data, LARGE);
        free(k.data);
    }
    free(packed);
    free(data);
}

static void test_stream__a_damaged_compressed_answer_is_truncated(void **state)
{
    char packed[300];
    (void)state;
    size_t one = pack(true, "hello hello hello", 17, packed, sizeof packed);
    size_t both = one + pack(true, " and more", 9, packed + one, sizeof packed - one);
    kept k = { 0 };
    run_packed("gzip", packed, both, &k, SFI_HTTP_ANSWERED, SF_OK); /* two members */
    assert_string_equal(k.data, "hello hello hello and more");
    free(k.data);
    for (size_t len = 1; len < both; len += len == one - 1 ? 2 : 1) { /* whole members are whole */
        k = (kept){ 0 };
        run_packed("gzip", packed, len, &k, SFI_HTTP_LOST, SF_ERR_TRUNCATED);
        free(k.data);
    }
    for (size_t at = 0; at < one; at++) { /* the header's time, flags and system may be anything */
        if (at >= 3 && at < 10) continue;
        k = (kept){ 0 };
        packed[at] = (char)(packed[at] ^ 0x55);
        run_packed("gzip", packed, one, &k, SFI_HTTP_LOST, SF_ERR_TRUNCATED);
        packed[at] = (char)(packed[at] ^ 0x55);
        free(k.data);
    }
    k = (kept){ 0 };
    run_packed("gzip", "plain text", 10, &k, SFI_HTTP_LOST, SF_ERR_TRUNCATED);
    assert_int_equal(k.len, 0);
}

static void test_stream__a_failing_sink_ends_the_transfer(void **state)
{
    (void)state;
    char *data = make_bytes(LARGE);
    char head[100];
    snprintf(head, sizeof head, HEAD_OK "Content-Length: %d\r\n\r\n", LARGE);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(head, strlen(head)), WIRE_BYTES(data, LARGE), WIRE_STALL,
                                 WIRE_END };
    for (size_t at = 1; at <= LARGE; at += LARGE - 1) { /* with the first byte, and with the last */
        wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
        sfi_http *http = open_http((sf_transport_options){ 0 });
        kept k = { .fail_at = at };
        sfi_transfer *t = run_stream(http, "GET", wire_url(server, "/"), NULL, &(sf_sink){ .write = keep, .user = &k });
        assert_outcome(t, SFI_HTTP_CANCELLED, SF_ERR_IO);
        assert_non_null(strstr(sfi_transfer_response(t)->error.message, "the disk is full"));
        assert_true(sfi_transfer_response(t)->sink_bytes >= (int64_t)at);
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
        free(k.data);
    }
    free(data);
}

static void test_stream__is_cancelled_from_the_callback(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(HEAD_OK "Content-Length: 9\r\n\r\nhello"), WIRE_STALL,
                                        WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    kept k = { 0 };
    const sf_sink sink = { .write = keep, .user = &k };
    sfi_transfer *t =
        start_request(http, &(sfi_http_request){ .method = "GET", .url = wire_url(server, "/"), .sink = &sink });
    k.cancel = t;
    sfi_transfer_run(t);
    assert_outcome(t, SFI_HTTP_CANCELLED, SF_ERR_CANCELLED);
    assert_string_equal(k.data, "hello");
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
    free(k.data);
}

static void test_stream__redirects_lead_to_the_sink(void **state)
{
    static const wire_step script[] = {
        WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 302 F\r\nLocation: /there\r\nContent-Length: 5\r\n\r\nmoved"), WIRE_REQUEST,
        WIRE_TEXT(OK_TEXT("hello", "5")), WIRE_END
    };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    kept k = { 0 };
    sfi_transfer *t = run_stream(http, "GET", wire_url(server, "/"), NULL, &(sf_sink){ .write = keep, .user = &k });
    assert_outcome(t, SFI_HTTP_ANSWERED, SF_OK);
    assert_string_equal(k.data, "hello");
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
    free(k.data);
}

/* ---- bodies from a source ---- */
static sf_status again(void *user, sf_error *err)
{
    (void)err;
    ((given *)user)->at = 0;
    return SF_OK;
}

/* The body of a recorded request, chunks joined. @return its bytes. */
static size_t body_of(char *request, char **body)
{
    char *at = strstr(request, "\r\n\r\n");
    assert_non_null(at);
    bool is_chunked = strstr(request, "Transfer-Encoding: chunked") != NULL;
    const char *length = strstr(request, "Content-Length: ");
    *body = at += 4;
    if (!is_chunked) return length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    size_t len = 0;
    for (size_t size; (size = strtoul(at, &at, 16)) > 0;) { /* ends: at the chunk of no bytes */
        memmove(*body + len, at + 2, size);
        len += size;
        at += 2 + size + 2;
    }
    return len;
}

static void test_stream__sources_are_sent_whole(void **state)
{
    static const struct {
        const char *method;
        size_t len, piece;
        bool is_known;
    } cases[] = {
        { "POST", 5, 0, true },          { "PUT", 5, 1, false },       { "PATCH", 0, 0, true },
        { "POST", 0, 0, false },         { "POST", 3000000, 0, true }, { "PUT", 3000000, 0, false },
        { "PATCH", 3000000, 777, true }, { "POST", 1 << 20, 0, true },
    };
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("ok", "2")), WIRE_AGAIN };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        given g = { .len = cases[i].len, .piece = cases[i].piece };
        const sf_source source = {
            .read = give, .rewind = again, .user = &g, .length = cases[i].is_known ? (int64_t)g.len : SF_NONE
        };
        print_message("  %s %zu\n", cases[i].method, cases[i].len);
        sfi_transfer *t = run_stream(http, cases[i].method, wire_url(server, "/"), &source, NULL);
        assert_answer(t, 200, "ok");
        assert_int_equal(sfi_transfer_response(t)->source_bytes, g.len);
        assert_false(sfi_transfer_response(t)->is_cut_upload);
        char *body, *request = wire_request(server, (int)i);
        assert_int_equal(strncmp(request, cases[i].method, strlen(cases[i].method)), 0);
        assert_null(strstr(request, "Expect:"));
        assert_int_equal(body_of(request, &body), g.len);
        for (size_t at = 0; at < g.len; at++)
            if (body[at] != byte_at(at)) fail_msg("byte %zu", at);
        free(request);
        sfi_transfer_free(t);
    }
    assert_int_equal(wire_connections(server), 1);
    sfi_http_close(http);
    wire_stop(server);
}

/* ---- a source that gives to the I/O thread what it has at hand ---- */
typedef struct direct {
    given g;          /* first: its read and rewind are the source's */
    size_t at_hand;   /* bytes; those behind must be waited for */
    size_t broken_at; /* the byte that cannot be read now; 0: none */
    pthread_t asker;  /* whoever called read_now last */
    atomic_int ticks;
    bool stops; /* the first tick ends it */
} direct;

static sf_status give_now(void *user, char *data, size_t cap, size_t *len, sf_error *why)
{
    direct *d = user;
    d->asker = pthread_self();
    *len = 0;
    if (d->broken_at > 0 && d->g.at >= d->broken_at) return sfi_fail(why, SF_ERR_IO, "the disk is gone");
    if (d->g.at >= d->at_hand) return SF_OK;
    if (cap > d->at_hand - d->g.at) cap = d->at_hand - d->g.at;
    return give(&d->g, data, cap, len, why);
}

static sf_status tick(void *user, sf_error *why)
{
    direct *d = user;
    atomic_fetch_add(&d->ticks, 1);
    return d->stops ? sfi_fail(why, SF_ERR_CANCELLED, "enough") : SF_OK;
}

static const sfi_direct directly = { .read_now = give_now, .tick = tick };

static void test_stream__what_is_at_hand_goes_past_the_ring(void **state)
{
    static const struct {
        size_t len, at_hand, piece;
    } cases[] = {
        { 0, 0, 0 },
        { 5, 5, 1 },
        { 5, 0, 0 },
        { 5, 3, 0 },
        { LARGE, LARGE, 0 },
        { LARGE, LARGE, 777 },
        { LARGE, LARGE / 2, 0 },
        { LARGE, 1, 0 },
        { LARGE, LARGE - 1, 0 },
        { LARGE, 600000, 60000 },
    };
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("ok", "2")), WIRE_AGAIN };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        direct d = { .g = { .len = cases[i].len, .piece = cases[i].piece }, .at_hand = cases[i].at_hand };
        const sf_source source = { .read = give, .rewind = again, .user = &d, .length = (int64_t)d.g.len };
        print_message("  %zu of %zu\n", cases[i].at_hand, cases[i].len);
        sfi_transfer *t = start_request(
            http, &(sfi_http_request){
                      .method = "PUT", .url = wire_url(server, "/"), .source = &source, .direct = &directly });
        sfi_transfer_run(t);
        assert_answer(t, 200, "ok");
        assert_int_equal(sfi_transfer_response(t)->source_bytes, d.g.len);
        assert_false(sfi_transfer_response(t)->is_cut_upload);
        if (d.g.len > 0) assert_false(pthread_equal(d.asker, pthread_self()));
        char *body, *request = wire_request(server, (int)i);
        assert_int_equal(body_of(request, &body), d.g.len);
        for (size_t at = 0; at < d.g.len; at++)
            if (body[at] != byte_at(at)) fail_msg("byte %zu", at);
        free(request);
        sfi_transfer_free(t);
    }
    sfi_http_close(http);
    wire_stop(server);
}

static void test_stream__what_cannot_be_read_now_ends_it(void **state)
{
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("ok", "2")), WIRE_AGAIN };
    static const size_t places[] = { 1, 300000, 5200000 };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        sfi_http *http = open_http((sf_transport_options){ 0 });
        direct d = { .g = { .len = LARGE, .piece = 100000 }, .at_hand = LARGE, .broken_at = places[i] };
        const sf_source source = { .read = give, .rewind = again, .user = &d, .length = LARGE };
        sfi_transfer *t = start_request(
            http, &(sfi_http_request){
                      .method = "PUT", .url = wire_url(server, "/"), .source = &source, .direct = &directly });
        sfi_transfer_run(t);
        const sfi_http_response *r = sfi_transfer_response(t);
        assert_int_equal(r->outcome, SFI_HTTP_CANCELLED);
        assert_int_equal(r->error.status, SF_ERR_IO);
        assert_string_equal(r->error.message, "the disk is gone");
        assert_true(r->is_cut_upload);
        assert_true(r->source_bytes < LARGE);
        sfi_transfer_free(t);
        sfi_http_close(http);
    }
    wire_stop(server);
}

/* The server takes no byte of the body, so that only the ticks go on. */
static void test_stream__ticks_come_meanwhile_and_may_end_it(void **state)
{
    static const wire_step script[] = { WIRE_STALL, WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    direct d = { .g = { .len = 64 * 1024 * 1024 }, .at_hand = 64 * 1024 * 1024, .stops = true };
    const sf_source source = { .read = give, .rewind = again, .user = &d, .length = (int64_t)d.g.len };
    sfi_transfer *t = start_request(
        http,
        &(sfi_http_request){ .method = "PUT", .url = wire_url(server, "/"), .source = &source, .direct = &directly });
    sfi_transfer_run(t);
    assert_int_equal(sfi_transfer_response(t)->outcome, SFI_HTTP_CANCELLED);
    assert_int_equal(sfi_transfer_response(t)->error.status, SF_ERR_CANCELLED);
    assert_string_equal(sfi_transfer_response(t)->error.message, "enough");
    assert_int_equal(atomic_load(&d.ticks), 1);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_stream__a_source_that_is_read_once_waits_for_the_word(void **state)
{
    static const wire_step refused[] = { WIRE_READ(150), WIRE_TEXT("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"),
                                         WIRE_STALL, WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ refused }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    given g = { .len = 100000 };
    const sf_source source = { .read = give, .user = &g, .length = SF_NONE };
    sfi_transfer *t =
        run_stream(http, "POST", wire_url(server, "/somewhere-that-is-long-enough-for-150"), &source, NULL);
    assert_answer(t, 401, "");
    assert_int_equal(g.reads, 0);
    assert_int_equal(sfi_transfer_response(t)->source_bytes, 0);
    assert_true(sfi_transfer_response(t)->is_cut_upload);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_stream__what_a_source_does_wrong_is_told(void **state)
{
    static const struct {
        given g;
        int64_t length;
        sf_status status;
        const char *text;
    } cases[] = {
        { { .len = 50000 }, 60000, SF_ERR_IO, "ended after 50000 of its 60000 bytes" },
        { { .len = 50000, .piece = 1000, .fail_at = 20000 }, 50000, SF_ERR_IO, "does not say why" },
        { { .len = 50000, .piece = 1000, .fail_at = 20000 }, SF_NONE, SF_ERR_IO, "does not say why" },
    };
    static const wire_step script[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("ok", "2")), WIRE_AGAIN };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
        sfi_http *http = open_http((sf_transport_options){ 0 });
        given g = cases[i].g;
        const sf_source source = { .read = give, .rewind = again, .user = &g, .length = cases[i].length };
        sfi_transfer *t = run_stream(http, "POST", wire_url(server, "/"), &source, NULL);
        assert_outcome(t, SFI_HTTP_CANCELLED, cases[i].status);
        assert_non_null(strstr(sfi_transfer_response(t)->error.message, cases[i].text));
        assert_true(sfi_transfer_response(t)->is_cut_upload);
        sfi_transfer_free(t);
        sfi_http_close(http);
        assert_int_equal(wire_requests(server), 0); /* none was whole */
        wire_stop(server);
    }
}

static void test_stream__an_upload_that_was_cut_is_known_as_such(void **state)
{
    static const wire_step reset[] = { WIRE_READ(100000), WIRE_RESET, WIRE_END };
    static const wire_step silent[] = { WIRE_REQUEST, WIRE_RESET, WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ reset, silent }, 2);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    given g = { .len = 64 << 20 };
    const sf_source source = { .read = give, .rewind = again, .user = &g, .length = 64 << 20 };
    sfi_transfer *t = run_stream(http, "POST", wire_url(server, "/"), &source, NULL);
    assert_outcome(t, SFI_HTTP_LOST, SF_ERR_NETWORK);
    assert_true(sfi_transfer_response(t)->is_cut_upload);
    sfi_transfer_free(t);
    g = (given){ .len = 1000 };
    const sf_source small = { .read = give, .rewind = again, .user = &g, .length = 1000 };
    t = run_stream(http, "POST", wire_url(server, "/"), &small, NULL);
    assert_outcome(t, SFI_HTTP_LOST, SF_ERR_NETWORK);
    assert_false(sfi_transfer_response(t)->is_cut_upload); /* it was whole: the server may have acted */
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_stream__what_cannot_be_is_refused(void **state)
{
    given g = { .len = 5 };
    const sf_source good = { .read = give, .user = &g, .length = 5 };
    const sf_source no_read = { .user = &g }, short_of = { .read = give, .length = -2 };
    const sf_source marked = { .read = give, .reserved = { 1 } };
    const sf_sink no_write = { 0 }, marked_sink = { .write = keep, .reserved = { 0, 0, 0, 1 } };
    const sfi_http_request cases[] = {
        { .method = "GET", .source = &good },      { .method = "DELETE", .source = &good },
        { .method = "POST", .source = &no_read },  { .method = "POST", .source = &short_of },
        { .method = "POST", .source = &marked },   { .method = "GET", .sink = &no_write },
        { .method = "GET", .sink = &marked_sink }, { .method = "POST", .source = &good, .body = SFI_STR("x") },
    };
    (void)state;
    sfi_http *http = open_http((sf_transport_options){ 0 });
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_http_request r = cases[i];
        sfi_transfer *t;
        sf_error err;
        r.url = "http://127.0.0.1:9/";
        assert_int_equal(sfi_http_start(http, &r, &t, &err), SF_ERR_USAGE);
        assert_null(t);
    }
    sfi_http_close(http);
}

/* A sink that is slower than the time limit of silence, which is the network's. */
static sf_status doze(void *user, const char *data, size_t len, sf_error *err)
{
    int64_t until = sfi_now_ms() + 100;
    kept *k = user;
    if (k->writes == 0)
        while (sfi_now_ms() < until) continue;
    return keep(user, data, len, err);
}

static void test_stream__a_slow_sink_is_no_silent_network(void **state)
{
    (void)state;
    char *data = make_bytes(LARGE);
    char head[100];
    snprintf(head, sizeof head, HEAD_OK "Content-Length: %d\r\n\r\n", LARGE);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(head, strlen(head)), WIRE_BYTES(data, LARGE), WIRE_END };
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ .idle_timeout_ms = 30 });
    kept k = { 0 };
    sfi_transfer *t = run_stream(http, "GET", wire_url(server, "/"), NULL, &(sf_sink){ .write = doze, .user = &k });
    assert_outcome(t, SFI_HTTP_ANSWERED, SF_OK);
    assert_int_equal(k.len, LARGE);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
    free(k.data);
    free(data);
}

/* ---- memory ---- */
static void test_stream__survives_each_failed_allocation(void **state)
{
    char packed[100], answer[300];
    (void)state;
    size_t packed_len = pack(true, "hello", 5, packed, sizeof packed);
    int len =
        snprintf(answer, sizeof answer, HEAD_OK "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", packed_len);
    memcpy(answer + len, packed, packed_len);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(answer, (size_t)len + packed_len), WIRE_AGAIN };
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    long live = test_allocations_live();
    bool through = false;
    for (long n = 0; !through; n++) {
        given g = { .len = 100 };
        kept k = { 0 };
        const sf_source source = { .read = give, .rewind = again, .user = &g, .length = 100 };
        const sf_sink sink = { .write = keep, .user = &k };
        sfi_http *http = NULL;
        sfi_transfer *t = NULL;
        sf_error err;
        assert_true(n < 300);
        test_allocations_limit(n);
        sf_status rc = sfi_http_open(&(sf_transport_options){ .proxy = "", .no_proxy = "*" }, NULL, &http, &err);
        if (rc == SF_OK)
            rc = sfi_http_start(
                http,
                &(sfi_http_request){ .method = "POST", .url = wire_url(server, "/"), .source = &source, .sink = &sink },
                &t, &err);
        if (rc == SF_OK) sfi_transfer_run(t);
        test_allocations_limit(-1);
        if (rc == SF_OK) {
            const sfi_http_response *r = sfi_transfer_response(t);
            through = r->outcome == SFI_HTTP_ANSWERED;
            if (through) assert_string_equal(k.data, "hello");
            if (!through && r->error.status != SF_ERR_MEMORY) fail_msg("allocation %ld: %s", n, r->error.message);
        } else {
            assert_int_equal(rc, SF_ERR_MEMORY);
        }
        sfi_transfer_free(t);
        sfi_http_close(http);
        free(k.data);
        assert_int_equal(test_allocations_live(), live);
    }
    wire_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__a_good_answer_goes_to_the_sink_and_no_other_does),
        cmocka_unit_test(test_stream__a_large_answer_comes_in_order),
        cmocka_unit_test(test_stream__compressed_answers_are_inflated),
        cmocka_unit_test(test_stream__a_damaged_compressed_answer_is_truncated),
        cmocka_unit_test(test_stream__a_failing_sink_ends_the_transfer),
        cmocka_unit_test(test_stream__is_cancelled_from_the_callback),
        cmocka_unit_test(test_stream__redirects_lead_to_the_sink),
        cmocka_unit_test(test_stream__sources_are_sent_whole),
        cmocka_unit_test(test_stream__what_is_at_hand_goes_past_the_ring),
        cmocka_unit_test(test_stream__what_cannot_be_read_now_ends_it),
        cmocka_unit_test(test_stream__ticks_come_meanwhile_and_may_end_it),
        cmocka_unit_test(test_stream__a_source_that_is_read_once_waits_for_the_word),
        cmocka_unit_test(test_stream__what_a_source_does_wrong_is_told),
        cmocka_unit_test(test_stream__an_upload_that_was_cut_is_known_as_such),
        cmocka_unit_test(test_stream__what_cannot_be_is_refused),
        cmocka_unit_test(test_stream__a_slow_sink_is_no_silent_network),
        cmocka_unit_test(test_stream__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("http.stream", tests, NULL, NULL);
}
