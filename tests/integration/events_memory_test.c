/* events_memory_test.c: however many events come, a listener needs no more memory for them: a million, 500 of 770 bytes in
 * an answer, from a server in a process of its own. With a sanitizer, which keeps what is freed
 * for a while, 50,000 and a wider bound. */
#include <salesforce.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/support.h"
#include "support/wire_server.h"

enum {
    PAGE_EVENTS = 500,
    EVENT_BYTES = 770,
    MOST_KIB = 24 * 1024,
    GROWTH_MOST_KIB = 2 * 1024,
    SANITIZED_MOST_KIB = 96 * 1024
};

/* The sanitizer keeps freed memory for a while, which is not the program's doing. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: "

static char page[PAGE_EVENTS * (EVENT_BYTES + 2) + 512];
static size_t page_len;

/* ---- the server's process ---- */

static void write_page(void)
{
    static char body[sizeof page - 256];
    size_t len = 0;
    body[len++] = '[';
    for (int i = 0; i < PAGE_EVENTS; i++) {
        char event[EVENT_BYTES + 1];
        int used = snprintf(
            event, sizeof event,
            "{\"data\":{\"schema\":\"q9RkZ2vT4mXw7Lb1cN0sPA\",\"payload\":{\"ChangeEventHeader\":{\"entityName\":"
            "\"Account\","
            "\"recordIds\":[\"0015g000003LmQpAAK\"],\"changeType\":\"UPDATE\",\"changeOrigin\":\"\",\"transactionKey\":"
            "\"0004a1c2-7719-9e1b-53d0-a6c1e0f97702\",\"sequenceNumber\":1,\"commitTimestamp\":1763899207000,"
            "\"commitNumber\":11873400000471,\"commitUser\":\"0055g00000AbCdEAAV\",\"changedFields\":[\"Description\"]}"
            ","
            "\"Name\":\"Account %d\",\"Description\":\"",
            i);
        static const char tail[] = "\"},\"event\":{\"replayId\":4000017}},\"channel\":\"/data/ChangeEvents\"}";
        memset(event + used, 'x', sizeof event - 1 - (size_t)used - (sizeof tail - 1));
        memcpy(event + sizeof event - sizeof tail, tail, sizeof tail);
        memcpy(body + len, event, EVENT_BYTES);
        len += EVENT_BYTES;
        body[len++] = ',';
    }
    int tail = snprintf(body + len, sizeof body - len,
                        "{\"clientId\":\"c1\",\"channel\":\"/meta/connect\",\"successful\":true}]");
    page_len = (size_t)snprintf(page, sizeof page, HEAD "%zu\r\n\r\n%s", len + (size_t)tail, body);
}

static char shaken[256], subscribed[256], gone[256];

static void write_answer(char out[256], const char *body)
{
    snprintf(out, 256, HEAD "%zu\r\n\r\n%s", strlen(body), body);
}

static void write_answers(void)
{
    write_page();
    write_answer(shaken, "[{\"ext\":{\"replay\":true},\"clientId\":\"c1\",\"channel\":\"/meta/handshake\","
                         "\"successful\":true}]");
    write_answer(subscribed,
                 "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/data/ChangeEvents\",\"successful\":true}]");
    write_answer(gone, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
}

static wire_reply reply(void *user, const char *request)
{
    (void)user;
    const char *text = strstr(request, "/meta/handshake") != NULL    ? shaken
                       : strstr(request, "/meta/subscribe") != NULL  ? subscribed
                       : strstr(request, "/meta/disconnect") != NULL ? gone
                                                                     : NULL;
    if (text != NULL) return (wire_reply){ .data = text, .len = strlen(text), .then = WIRE_OP_AGAIN };
    return (wire_reply){ .data = page, .len = page_len, .then = WIRE_OP_AGAIN };
}

static int start_server(pid_t *pid)
{
    int ready[2], port = 0;
    assert_int_equal(pipe(ready), 0);
    *pid = fork();
    assert_true(*pid >= 0);
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        write_answers();
        wire_server *server = wire_start_replies(reply, NULL);
        port = server != NULL ? wire_port(server) : 0;
        if (write(ready[1], &port, sizeof port) != sizeof port) _exit(1);
        for (;;) pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &port, sizeof port), sizeof port);
    close(ready[0]);
    assert_true(port > 0);
    return port;
}

/* ---- the listener's ---- */

static long peak_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *in = fopen("/proc/self/status", "re");
    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) kib = strtol(line + 6, NULL, 10);
    fclose(in);
    return kib;
}

typedef struct tally {
    sf_listener *l;
    long count, wanted, early_kib;
} tally;

static sf_status on_update(void *user, const sf_cdc_event *e)
{
    tally *t = user;
    if (e->record_id_count != 1 || sf_get_str(e->event.payload, "Name") == NULL) return SF_ERR_PROTOCOL;
    if (++t->count == t->wanted / 10) t->early_kib = peak_kib();
    if (t->count == t->wanted) sf_listener_stop(t->l);
    return SF_OK;
}

static void test_events_memory__a_million_events_need_no_more_than_some(void **state)
{
    pid_t server;
    char url[64];
    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", start_server(&server));
    sf_error err = { 0 };
    sf_client *sf = NULL;
    tally t = { .wanted = is_sanitized ? 50000 : 1000000 };
    sf_cdc_service service = { .user = &t, .on_update = on_update };
    assert_int_equal(sf_client_open(&(sf_client_options){ .instance_url = url,
                                                          .api_version = "64.0",
                                                          .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D!x" } },
                                    &sf, &err),
                     SF_OK);
    assert_int_equal(sf_listener_open(sf, &(sf_listener_options){ .slack_ms = 1000 }, &t.l, &err), SF_OK);
    assert_int_equal(sf_listener_attach_cdc(t.l, "ChangeEvents", &service, NULL, &err), SF_OK);
    if (sf_listener_run(t.l, &err) != SF_OK) fail_msg("%s", err.message);
    long end_kib = peak_kib();
    assert_int_equal(t.count, t.wanted);
    assert_true(t.early_kib > 0);
    sf_listener_stats stats;
    sf_listener_get_stats(t.l, &stats);
    assert_int_equal(stats.handled, t.wanted);
    assert_int_equal(stats.handshakes, 1);
    print_message("  %ld events, peak %ld KiB, %ld KiB after a tenth\n", t.count, end_kib, t.early_kib);
    assert_in_range(end_kib, 1, is_sanitized ? SANITIZED_MOST_KIB : MOST_KIB);
    if (!is_sanitized) assert_true(end_kib <= t.early_kib + GROWTH_MOST_KIB);
    sf_listener_close(t.l);
    sf_client_close(sf);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_memory__a_million_events_need_no_more_than_some),
    };
    return cmocka_run_group_tests_name("events memory", tests, NULL, NULL);
}
