/* server_test.c: a real server on a free port, spoken to over plain sockets. The handler echoes what it saw. */
#include "http/server.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>
#include "http/wire.h"
#include "support/support.h"

static sfo_server *server;

static void echo(void *user, const sfo_request *request, sfo_response *response)
{
    (void)user;
    const char *extra = sfo_request_header(request, "X-Extra");
    response->content_type = "text/plain";
    sfi_buf_addf(&response->body, "%s|%s|%s|%s|%.*s|%s\n", request->method, request->path, request->query,
                 extra != NULL ? extra : "-", (int)request->body.len, request->body.ptr,
                 request->loopback ? "local" : "far");
    if (strcmp(request->path, "/big") == 0)
        for (int i = 0; i < 20000; i++) sfi_buf_add_str(&response->body, "lorem ipsum ");
    if (strcmp(request->path, "/tagged") == 0) {
        sfo_response_header(response, "ETag", "\"abc\"");
        for (int i = 0; i < 200; i++) sfi_buf_add_str(&response->body, "0123456789");
    }
    if (strcmp(request->path, "/none") == 0) {
        response->status = 204;
        response->no_body = true;
        response->content_type = NULL;
        sfi_buf_clear(&response->body);
    }
    if (strcmp(request->path, "/reset") == 0) response->fault.reset_after = 20;
    if (strcmp(request->path, "/cut") == 0) response->fault = (sfo_wire_fault){ -1, -1, 0, 5, true };
    if (strcmp(request->path, "/short") == 0) response->fault = (sfo_wire_fault){ -1, -1, 0, 5, false };
    if (strcmp(request->path, "/stall") == 0) response->fault = (sfo_wire_fault){ -1, 10, 600000, -1, false };
}

static int dial_port(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval patience = { .tv_sec = 20 };
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static int dial(void)
{
    return dial_port(sfo_server_port(server));
}

/* Sends a request, reads to the end. @return what came, NUL-terminated; *reset: it ended in one. */
static char *ask(const char *request, size_t len, bool *reset)
{
    static char answer[400000];
    size_t got = 0;
    ssize_t n;
    int fd = dial();
    while (len > 0) {
        n = send(fd, request, len, MSG_NOSIGNAL);
        if (n <= 0) break;
        request += n;
        len -= (size_t)n;
    }
    while ((n = recv(fd, answer + got, sizeof answer - 1 - got, 0)) > 0) got += (size_t)n;
    if (reset != NULL) *reset = n < 0;
    answer[got] = '\0';
    close(fd);
    return answer;
}

static char *ask_text(const char *request)
{
    return ask(request, strlen(request), NULL);
}

static void test_server__hands_over_the_whole_request(void **state)
{
    (void)state;
    char *answer = ask_text("POST /a%2Fb/c?x=1+2&y=%20 HTTP/1.1\r\nHost: h\r\nx-eXtra: yes\r\nContent-Length: "
                            "4\r\nConnection: close\r\n\r\nbody");
    assert_true(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0);
    assert_non_null(strstr(answer, "\r\n\r\nPOST|/a%2Fb/c|x=1+2&y=%20|yes|body|local\n"));
}

static void test_server__folds_leading_slashes(void **state)
{
    (void)state;
    assert_non_null(
        strstr(ask_text("GET ///a//b/?x=//y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "GET|/a//b/|x=//y|"));
    assert_non_null(strstr(ask_text("GET // HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "GET|/||"));
}

static void test_server__takes_chunked_bodies(void **state)
{
    (void)state;
    char *answer = ask_text("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: "
                            "close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_non_null(strstr(answer, "POST|/c||-|abcde|local"));
}

static void test_server__overrides_the_method_of_a_post(void **state)
{
    (void)state;
    assert_non_null(strstr(
        ask_text("POST /c?a=b&_HttpMethod=PATCH HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        "\r\n\r\nPATCH|"));
    assert_non_null(
        strstr(ask_text("GET /c?_HttpMethod=DELETE HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "\r\n\r\nGET|"));
    assert_non_null(strstr(
        ask_text("POST /c?_HttpMethod=BREW HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        "\r\n\r\nPOST|"));
}

static void test_server__keeps_the_connection(void **state)
{
    (void)state;
    char *answer =
        ask_text("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, "GET|/1|"));
    assert_non_null(strstr(answer, "GET|/2|"));
}

static void test_server__sends_no_body_for_head_and_204(void **state)
{
    (void)state;
    char *answer = ask_text("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Length: 18\r\n"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    answer = ask_text("GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_true(strncmp(answer, "HTTP/1.1 204 ", 13) == 0);
    assert_null(strstr(answer, "Content-Type"));
}

static void test_server__compresses_when_asked(void **state)
{
    (void)state;
    char *answer = ask_text("GET /tagged HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Encoding: gzip\r\n"));
    assert_non_null(strstr(answer, "ETag: \"abc--gzip\"\r\n"));
    answer = ask_text("GET /tagged HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_null(strstr(answer, "Content-Encoding"));
    assert_non_null(strstr(answer, "ETag: \"abc\"\r\n"));
}

static void test_server__inflates_bodies(void **state)
{
    (void)state;
    sfi_buf packed = { 0 };
    sfi_buf request = { 0 };
    sfi_buf_add_str(&packed, "inflate me");
    assert_true(sfo_gzip(&packed));
    sfi_buf_addf(
        &request,
        "POST /z HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
        packed.len);
    sfi_buf_add(&request, packed.data, packed.len);
    assert_non_null(strstr(ask(request.data, request.len, NULL), "POST|/z||-|inflate me|"));
    request.data[request.len - 9] = (char)(request.data[request.len - 9] ^ 0x55);
    assert_true(strncmp(ask(request.data, request.len, NULL), "HTTP/1.1 400 ", 13) == 0);
    sfi_buf_free(&packed);
    sfi_buf_free(&request);
}

static void test_server__takes_an_encoding_of_no_body(void **state)
{
    (void)state;
    static const char *const encodings[] = { "gzip", "deflate" };
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        char request[160];
        snprintf(request, sizeof request,
                 "GET /z HTTP/1.1\r\nHost: h\r\nContent-Encoding: %s\r\nConnection: close\r\n\r\n", encodings[i]);
        assert_non_null(strstr(ask_text(request), "GET|/z||"));
    }
}

static void test_server__refuses_what_is_too_large(void **state)
{
    (void)state;
    sfi_buf request = { 0 };
    sfi_buf_add_str(&request, "GET /");
    for (int i = 0; i < 17000; i++) sfi_buf_add_char(&request, 'a');
    sfi_buf_add_str(&request, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_true(strncmp(ask(request.data, request.len, NULL), "HTTP/1.1 414 ", 13) == 0);
    sfi_buf_clear(&request);
    sfi_buf_add_str(&request, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Long: ");
    for (int i = 0; i < 17000; i++) sfi_buf_add_char(&request, 'a');
    sfi_buf_add_str(&request, "\r\n\r\n");
    assert_true(strncmp(ask(request.data, request.len, NULL), "HTTP/1.1 431 ", 13) == 0);
    sfi_buf_free(&request);
    assert_true(strncmp(ask_text("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\nConnection: close\r\n\r\n"),
                        "HTTP/1.1 413 ", 13) == 0);
}

static void test_server__breaks_answers(void **state)
{
    (void)state;
    bool reset;
    const char *get_reset = "GET /reset HTTP/1.1\r\nHost: h\r\n\r\n";
    char *answer = ask(get_reset, strlen(get_reset), &reset);
    assert_true(reset);
    assert_int_equal(strlen(answer), 20);
    answer = ask_text("GET /cut HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Length: 19\r\n"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\nGET|/");
    answer = ask_text("GET /short HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\nGET|/");
}

static void test_server__answers_others_while_one_stalls_and_stops_at_once(void **state)
{
    (void)state;
    const char *get_stall = "GET /stall HTTP/1.1\r\nHost: h\r\n\r\n";
    char first[64];
    int fds[8];
    for (size_t i = 0; i < COUNT_OF(fds); i++) { /* more than there are threads */
        fds[i] = dial();
        assert_int_equal(send(fds[i], get_stall, strlen(get_stall), 0), (ssize_t)strlen(get_stall));
        assert_int_equal(recv(fds[i], first, sizeof first, 0), 10);
    }
    int half = dial();
    assert_true(send(half, "POST /half HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab", 51, 0) > 0);
    assert_non_null(strstr(ask_text("GET /ok HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "GET|/ok|"));
    int64_t before = sfi_now_ms();
    sfo_server_stop(server);
    server = NULL;
    assert_true(sfi_now_ms() - before < 3000);
    close(half);
    for (size_t i = 0; i < COUNT_OF(fds); i++) close(fds[i]);
}

/* ---- a stop under load ---- */

typedef struct load {
    atomic_int done, told; /* requests that the handler saw; answers that came back */
} load;

typedef struct asker {
    load *load;
    int fd;
} asker;

static void do_work(void *user, const sfo_request *request, sfo_response *response)
{
    (void)request;
    atomic_fetch_add(&((load *)user)->done, 1);
    response->content_type = "text/plain";
    sfi_buf_add_str(&response->body, "done");
}

/* One request after the other on one connection, until it ends. */
static void *keep_asking(void *user)
{
    static const char post[] = "POST /work HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
    load *l = ((asker *)user)->load;
    int fd = ((asker *)user)->fd;
    char text[1024];
    for (bool goes_on = true; goes_on;) {
        size_t got = 0;
        goes_on = send(fd, post, sizeof post - 1, MSG_NOSIGNAL) == (ssize_t)sizeof post - 1;
        for (ssize_t n; goes_on; got += (size_t)n) {
            n = recv(fd, text + got, sizeof text - 1 - got, 0);
            goes_on = n > 0;
            if (n <= 0) break;
            text[got + (size_t)n] = '\0';
            if (strstr(text, "\r\n\r\ndone") == NULL) continue;
            atomic_fetch_add(&l->told, 1);
            break;
        }
    }
    close(fd);
    return NULL;
}

static void test_server__stops_without_losing_the_answer_to_what_was_done(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        load l = { 0 };
        pthread_t threads[4];
        asker askers[COUNT_OF(threads)];
        sfo_server *loaded = NULL;
        assert_int_equal(sfo_server_start(&(sfo_server_options){ .handle = do_work, .user = &l }, &loaded, NULL),
                         SF_OK);
        for (size_t i = 0; i < COUNT_OF(threads); i++) {
            askers[i] = (asker){ &l, dial_port(sfo_server_port(loaded)) };
            assert_int_equal(pthread_create(&threads[i], NULL, keep_asking, &askers[i]), 0);
        }
        while (atomic_load(&l.told) < 40) sched_yield();
        sfo_server_stop(loaded);
        for (size_t i = 0; i < COUNT_OF(threads); i++) pthread_join(threads[i], NULL);
        assert_int_equal(atomic_load(&l.told), atomic_load(&l.done));
    }
}

static void test_start__says_why_not(void **state)
{
    (void)state;
    sf_error err;
    sfo_server *other = NULL;
    sfo_server_options o = { .handle = echo, .port = sfo_server_port(server) };
    assert_int_equal(sfo_server_start(&o, &other, &err), SF_ERR_IO);
    assert_null(other);
    assert_non_null(strstr(err.message, "another program has it"));
    o.host = "example.invalid";
    assert_int_equal(sfo_server_start(&o, &other, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "example.invalid"));
}

/* With 0, 1, 2 … allocations left: the connection is dropped, the answer says 5xx, or it is the whole one. */
static void test_server__survives_each_failed_allocation(void **state)
{
    static const char *const requests[] = {
        "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody",
        "GET /tagged HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
        "GET /short HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    };
    char want[4096];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const char *head_end = strstr(ask_text(requests[i]), "\r\n\r\n");
        assert_non_null(head_end);
        snprintf(want, sizeof want, "%s", head_end);
        bool whole = false;
        for (long n = 0; !whole; n++) {
            assert_true(n < 100);
            test_allocations_limit(n);
            const char *answer = ask_text(requests[i]);
            test_allocations_limit(-1);
            const char *body = strstr(answer, "\r\n\r\n");
            if (answer[0] == '\0') continue; /* dropped */
            assert_non_null(body);
            if (strncmp(answer, "HTTP/1.1 5", 10) == 0) continue;
            assert_true(strncmp(answer, "HTTP/1.1 200 ", 13) == 0);
            bool packed = strstr(answer, "Content-Encoding: gzip") != NULL;
            whole = i != 1 || packed; /* no memory to compress: sent as it is */
            if (whole) assert_string_equal(body, want);
            if (!whole) assert_true(strlen(body) > 2000);
        }
    }
}

static void test_start__survives_each_failed_allocation(void **state)
{
    (void)state;
    sfo_server_options o = { .handle = echo };
    sf_status rc = SF_ERR_MEMORY;
    for (long n = 0; rc != SF_OK; n++) {
        sfo_server *other = NULL;
        test_allocations_limit(n);
        rc = sfo_server_start(&o, &other, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && other == NULL));
        sfo_server_stop(other);
    }
}

static int begin(void **state)
{
    (void)state;
    sf_error err;
    sfo_server_options o = { .handle = echo, .body_max = 100000 };
    if (sfo_server_start(&o, &server, &err) == SF_OK) return 0;
    print_error("%s\n", err.message);
    return -1;
}

static int end(void **state)
{
    (void)state;
    sfo_server_stop(server);
    return test_allocations_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__hands_over_the_whole_request),
        cmocka_unit_test(test_server__folds_leading_slashes),
        cmocka_unit_test(test_server__takes_chunked_bodies),
        cmocka_unit_test(test_server__overrides_the_method_of_a_post),
        cmocka_unit_test(test_server__keeps_the_connection),
        cmocka_unit_test(test_server__sends_no_body_for_head_and_204),
        cmocka_unit_test(test_server__compresses_when_asked),
        cmocka_unit_test(test_server__inflates_bodies),
        cmocka_unit_test(test_server__takes_an_encoding_of_no_body),
        cmocka_unit_test(test_server__refuses_what_is_too_large),
        cmocka_unit_test(test_server__breaks_answers),
        cmocka_unit_test(test_server__survives_each_failed_allocation),
        cmocka_unit_test(test_server__stops_without_losing_the_answer_to_what_was_done),
        cmocka_unit_test(test_start__says_why_not),
        cmocka_unit_test(test_start__survives_each_failed_allocation),
        cmocka_unit_test(test_server__answers_others_while_one_stalls_and_stops_at_once),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_http server", tests, begin, end);
}
