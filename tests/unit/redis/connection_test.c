/*
 * connection_test.c: commands to a real redis-server (TCP, unix socket, TLS with a CA of our own, ACL users, databases, scripts,
 * restarts), and to servers that cut, stall and lie. Skipped where there is no redis-server.
 */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "redis/redis_internal.h"
#include "support/redis_process.h"
#include "support/wire_server.h"

#define PING "*1\r\n$4\r\nPING\r\n"

typedef struct talk {
    sfi_redis_settings settings;
    sfi_redis *redis;
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply;
    sf_error err;
} talk;

static void open_talk(talk *t, const sf_redis_options *o)
{
    *t = (talk){ 0 };
    if (sfi_redis_settings_read(o, &t->settings, &t->err) != SF_OK) fail_msg("%s", t->err.message);
    assert_int_equal(sfi_redis_open(&t->settings, &t->redis, &t->err), SF_OK);
}

static void close_talk(talk *t)
{
    sfi_redis_reader_free(t->reader);
    sfi_redis_close(t->redis);
    sfi_redis_settings_clear(&t->settings);
}

/* A command of words with blanks between. */
static sf_status say(talk *t, const char *line)
{
    char text[512];
    sf_str words[16];
    size_t count = 0;
    snprintf(text, sizeof text, "%s", line);
    char *rest = text;
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        words[count++] = sfi_str(word);
    sfi_redis_reader_free(t->reader);
    t->reply = NULL;
    t->err = (sf_error){ .message = "" };
    return sfi_redis_command(t->redis, words, count, 0, &t->reader, &t->reply, &t->err);
}

static void must_say(talk *t, const char *line, const char *text)
{
    if (say(t, line) != SF_OK) fail_msg("%s: %s", line, t->err.message);
    if (t->reply->type == SFI_REDIS_NUMBER)
        assert_int_equal(t->reply->number, strtol(text, NULL, 10));
    else
        assert_string_equal(t->reply->text.ptr, text);
}

/* ---- a real server ---- */

static void test_connection__tcp_unix_and_databases(void **state)
{
    test_redis *r = *state;
    char url[256];
    talk a, b, c;
    open_talk(&a, &(sf_redis_options){ .url = r->url });
    must_say(&a, "PING", "PONG");
    must_say(&a, "SET k v", "OK");
    snprintf(url, sizeof url, "unix://%s", r->socket);
    open_talk(&b, &(sf_redis_options){ .url = url });
    must_say(&b, "GET k", "v");
    snprintf(url, sizeof url, "%s/5", r->url);
    open_talk(&c, &(sf_redis_options){ .url = url });
    assert_int_equal(say(&c, "GET k"), SF_OK);
    assert_int_equal(c.reply->type, SFI_REDIS_NIL);
    must_say(&c, "SET k five", "OK");
    must_say(&a, "GET k", "v");
    snprintf(url, sizeof url, "redis://localhost:%d/5", r->port); /* a name, looked up */
    close_talk(&b);
    open_talk(&b, &(sf_redis_options){ .url = url });
    must_say(&b, "GET k", "five");
    close_talk(&a);
    close_talk(&b);
    snprintf(url, sizeof url, "%s/99", r->url);
    close_talk(&c);
    open_talk(&c, &(sf_redis_options){ .url = url });
    assert_int_equal(say(&c, "PING"), SF_ERR_IO);
    assert_non_null(strstr(c.err.message, "DB index"));
    close_talk(&c);
}

static void test_connection__scripts_go_by_their_hash(void **state)
{
    test_redis *r = *state;
    talk t;
    static const char script[] = "return ARGV[1] .. KEYS[1]";
    const sf_str keys[] = { SFI_STR("k") };
    const sf_str args[] = { { "a\0\r\nb", 5 } };
    open_talk(&t, &(sf_redis_options){ .url = r->url });
    for (int i = 0; i < 4; i++) {
        if (i == 2) must_say(&t, "SCRIPT FLUSH", "OK"); /* as a restart does */
        sfi_redis_reader_free(t.reader);
        assert_int_equal(sfi_redis_script(t.redis, script, keys, 1, args, 1, &t.reader, &t.reply, &t.err), SF_OK);
        assert_int_equal(t.reply->text.len, 6);
        assert_memory_equal(t.reply->text.ptr, "a\0\r\nbk", 6);
    }
    close_talk(&t);
}

static void test_connection__a_kept_one_that_died_is_mended_once(void **state)
{
    test_redis *r = *state;
    talk t;
    open_talk(&t, &(sf_redis_options){ .url = r->url });
    must_say(&t, "SET k v", "OK");
    (void)test_redis_ask(r, "CLIENT KILL TYPE normal");
    must_say(&t, "GET k", "v");
    test_redis_halt(r, SIGKILL);
    assert_int_equal(say(&t, "GET k"), SF_ERR_NETWORK);
    assert_true(t.err.retryable);
    test_redis_resume(r);
    must_say(&t, "GET k", "v"); /* appendonly */
    test_redis_halt(r, SIGTERM);
    test_redis_resume(r);
    must_say(&t, "GET k", "v"); /* not noticed at all */
    close_talk(&t);
}

static void test_connection__users_and_passwords(void **state)
{
    test_redis *r = *state;
    talk t;
    static const struct {
        const char *username, *password;
        sf_status want;
    } cases[] = {
        { NULL, "hunter2", SF_OK },
        { "default", "hunter2", SF_OK },
        { "store", "only-scripts", SF_OK },
        { NULL, "wrong-pass", SF_ERR_AUTH },
        { "store", "wrong-pass", SF_ERR_AUTH },
        { "nobody", "hunter2", SF_ERR_AUTH },
        { NULL, NULL, SF_ERR_AUTH },
    };
    (void)test_redis_ask(r, "ACL SETUSER store on >only-scripts ~* +get +@scripting\r\nCONFIG SET requirepass hunter2");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %zu\n", i);
        open_talk(&t,
                  &(sf_redis_options){ .url = r->url, .username = cases[i].username, .password = cases[i].password });
        sf_status rc = say(&t, "GET k");
        if (rc != cases[i].want) fail_msg("%s: %s", sf_status_name(rc), t.err.message);
        if (cases[i].password != NULL) assert_null(strstr(t.err.message, cases[i].password));
        if (i == 2) { /* what it may not do is told, and what was said is not */
            assert_int_equal(say(&t, "SET k hidden-value"), SF_ERR_AUTH);
            assert_non_null(strstr(t.err.message, "NOPERM"));
            assert_null(strstr(t.err.message, "hidden-value"));
            assert_int_equal(say(&t, "EVAL redis.call('DEL','k') 0"), SF_ERR_AUTH); /* nor in a script */
            assert_non_null(strstr(t.err.message, "docs/redis.md"));
        }
        close_talk(&t);
    }
    open_talk(&t, &(sf_redis_options){ .url = r->url, .password = "hunter2" });
    assert_int_equal(say(&t, "NOSUCHCOMMAND hidden-value"), SF_ERR_IO);
    assert_non_null(strstr(t.err.message, "unknown command"));
    assert_null(strstr(t.err.message, "hidden-value"));
    must_say(&t, "ACL SETUSER default nopass", "OK");
    close_talk(&t);
}

static void shell(const char *format, const char *folder)
{
    char command[2048];
    snprintf(command, sizeof command, format, folder);
    if (system(command) != 0) fail_msg("%s", command);
}

static void test_connection__tls_is_verified(void **state)
{
    test_redis r = { .pid = 0 };
    char url[128], ca[128], other[128], args[512];
    talk t;
    (void)state;
    snprintf(r.folder, sizeof r.folder, "/tmp/sf-redis-test-XXXXXX");
    assert_non_null(mkdtemp(r.folder));
    shell("cd %s && for n in ca other; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
          "$n.key "
          "-out $n.pem -days 2 -subj /CN=$n 2>/dev/null || exit 1; done; openssl req -newkey ec -pkeyopt "
          "ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.csr -subj /CN=redis 2>/dev/null && printf "
          "'subjectAltName=DNS:localhost,IP:127.0.0.1' >ext && openssl x509 -req -in s.csr -CA ca.pem -CAkey ca.key "
          "-CAcreateserial -days 2 -extfile ext -out s.pem 2>/dev/null",
          r.folder);
    snprintf(args, sizeof args,
             "--tls-cert-file %s/s.pem --tls-key-file %s/s.key --tls-ca-cert-file %s/ca.pem "
             "--tls-auth-clients no --bind 127.0.0.1 ::1",
             r.folder, r.folder, r.folder);
    test_redis_start(&r, args);
    snprintf(ca, sizeof ca, "%s/ca.pem", r.folder);
    snprintf(other, sizeof other, "%s/other.pem", r.folder);
    const struct {
        const char *host, *ca, *says;
    } cases[] = {
        { "127.0.0.1", ca, NULL },
        { "localhost", ca, NULL },
        { "127.0.0.1", other, "certificate is refused" },
        { "127.0.0.1", NULL, "certificate is refused" },
        { "[::1]", ca, "certificate is refused: IP address mismatch" },
        { "ip6-localhost", ca, "certificate is refused: hostname mismatch" },
        { "127.0.0.1", "/nonexistent", "ca_file" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        snprintf(url, sizeof url, "rediss://%s:%d", cases[i].host, r.tls_port);
        open_talk(&t, &(sf_redis_options){ .url = url, .ca_file = cases[i].ca });
        sf_status rc = say(&t, "PING");
        print_message("  %s: %s\n", url, t.err.message);
        bool is_unknown_name =
            rc != SF_OK && strstr(t.err.message, "name was not found") != NULL; /* no such host here */
        bool has_no_ipv6 = rc != SF_OK && strstr(t.err.message, "cannot connect") != NULL;
        if (i < 4 || i == 6 || (!is_unknown_name && !has_no_ipv6)) {
            assert_int_equal(rc, cases[i].says == NULL ? SF_OK : SF_ERR_NETWORK);
            if (cases[i].says != NULL) assert_non_null(strstr(t.err.message, cases[i].says));
        }
        if (rc == SF_OK) { /* large replies, and the end of the server */
            static char big[300000];
            memset(big, 'x', sizeof big);
            const sf_str words[] = { SFI_STR("ECHO"), { big, sizeof big } };
            sfi_redis_reader_free(t.reader);
            assert_int_equal(sfi_redis_command(t.redis, words, 2, 0, &t.reader, &t.reply, NULL), SF_OK);
            assert_int_equal(t.reply->text.len, sizeof big);
            test_redis_halt(&r, SIGKILL);
            assert_int_equal(say(&t, "PING"), SF_ERR_NETWORK);
            test_redis_resume(&r);
            must_say(&t, "PING", "PONG");
        }
        close_talk(&t);
    }
    snprintf(url, sizeof url, "rediss://127.0.0.1:%d", r.port); /* no TLS there */
    open_talk(&t, &(sf_redis_options){ .url = url, .ca_file = ca, .timeout_ms = 300 });
    assert_int_equal(say(&t, "PING"), SF_ERR_NETWORK);
    close_talk(&t);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", r.tls_port); /* TLS where none is spoken */
    open_talk(&t, &(sf_redis_options){ .url = url, .timeout_ms = 300 });
    assert_true(say(&t, "PING") < 0);
    close_talk(&t);
    test_redis_stop(&r);
}

static void *ping_often(void *arg)
{
    talk *shared = arg;
    static const sf_str words[] = { { "PING", 4 } };
    for (int i = 0; i < 200; i++) {
        sfi_redis_reader *reader;
        const sfi_redis_reply *reply;
        if (sfi_redis_command(shared->redis, words, 1, 0, &reader, &reply, NULL) != SF_OK) return shared;
        if (strcmp(reply->text.ptr, "PONG") != 0) return shared;
        sfi_redis_reader_free(reader);
    }
    return NULL;
}

static void test_connection__threads_take_turns(void **state)
{
    test_redis *r = *state;
    talk t;
    pthread_t threads[8];
    open_talk(&t, &(sf_redis_options){ .url = r->url });
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ping_often, &t), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    close_talk(&t);
}

/* ---- servers that are none ---- */

static void open_wire(talk *t, wire_server *server, int64_t timeout_ms)
{
    char url[64];
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", wire_port(server));
    open_talk(t, &(sf_redis_options){ .url = url, .timeout_ms = timeout_ms });
}

static void test_connection__a_reply_cut_at_every_byte_is_none(void **state)
{
    static const char reply[] = "*3\r\n:1\r\n$5\r\nabcde\r\n$-1\r\n";
    (void)state;
    for (size_t cut = 0; cut < sizeof reply - 1; cut++) {
        const wire_step script[] = { WIRE_READ(sizeof PING - 1), WIRE_BYTES(reply, cut), WIRE_END };
        const wire_step reset[] = { WIRE_READ(sizeof PING - 1), WIRE_BYTES(reply, cut), WIRE_RESET };
        wire_server *server = wire_start((const wire_step *const[]){ cut % 2 == 0 ? script : reset }, 1);
        talk t;
        assert_non_null(server);
        open_wire(&t, server, 0);
        assert_int_equal(say(&t, "PING"), SF_ERR_NETWORK);
        assert_int_equal(wire_connections(server), 1); /* a new connection that fails is not tried twice */
        close_talk(&t);
        wire_stop(server);
    }
}

static void test_connection__a_server_that_stalls_or_lies_is_left(void **state)
{
    static const wire_step stall[] = { WIRE_READ(sizeof PING - 1), WIRE_TEXT("$100\r\nabc"), WIRE_STALL, WIRE_END };
    static const wire_step wrong[] = { WIRE_READ(sizeof PING - 1), WIRE_TEXT("HTTP/1.1 200 OK\r\n"), WIRE_STALL,
                                       WIRE_END };
    static const wire_step huge[] = { WIRE_READ(sizeof PING - 1), WIRE_TEXT("*2147483647\r\n"), WIRE_STALL, WIRE_END };
    static const wire_step twice[] = { WIRE_READ(sizeof PING - 1), WIRE_TEXT("+PONG\r\n+PONG\r\n"), WIRE_STALL,
                                       WIRE_END };
    static const wire_step late[] = {
        WIRE_READ(sizeof PING - 1), WIRE_TEXT("+ONE\r\n"), WIRE_GATE, WIRE_TEXT("+LATE\r\n+X"), WIRE_STALL, WIRE_END
    };
    static const wire_step fine[] = { WIRE_READ(sizeof PING - 1), WIRE_TEXT("+TWO\r\n"), WIRE_STALL, WIRE_END };
    static const struct {
        const wire_step *script;
        sf_status want;
    } cases[] = {
        { stall, SF_ERR_NETWORK }, { wrong, SF_ERR_PROTOCOL }, { huge, SF_ERR_LIMIT }, { twice, SF_ERR_PROTOCOL }
    };
    talk t;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        wire_server *server = wire_start((const wire_step *const[]){ cases[i].script, fine }, 2);
        assert_non_null(server);
        open_wire(&t, server, i == 0 ? 300 : 5000);
        assert_int_equal(say(&t, "PING"), cases[i].want);
        must_say(&t, "PING", "TWO"); /* over another connection */
        close_talk(&t);
        wire_stop(server);
    }
    wire_server *server = wire_start((const wire_step *const[]){ late, fine }, 2);
    assert_non_null(server);
    open_wire(&t, server, 5000);
    must_say(&t, "PING", "ONE");
    wire_open_gate(server);
    /* Whether it has come already or comes in between: what nobody asked for is never another command's answer. */
    sf_status rc = say(&t, "PING");
    if (rc == SF_OK) assert_string_equal(t.reply->text.ptr, "TWO");
    close_talk(&t);
    wire_stop(server);
}

static void test_connection__a_refusing_port_is_told(void **state)
{
    wire_server *server = wire_start_refusing();
    talk t;
    (void)state;
    assert_non_null(server);
    open_wire(&t, server, 0);
    assert_int_equal(say(&t, "PING"), SF_ERR_NETWORK);
    assert_non_null(strstr(t.err.message, "Connection refused"));
    close_talk(&t);
    wire_stop(server);
    open_talk(&t, &(sf_redis_options){ .url = "redis://no-such-host.invalid" });
    assert_int_equal(say(&t, "PING"), SF_ERR_NETWORK);
    assert_non_null(strstr(t.err.message, "name was not found"));
    close_talk(&t);
    open_talk(&t, &(sf_redis_options){ .url = "unix:///nonexistent/socket" });
    assert_int_equal(say(&t, "PING"), SF_ERR_NETWORK);
    close_talk(&t);
}

static void test_connection__errors_of_the_server_are_told_apart(void **state)
{
    static const struct {
        const char *reply;
        sf_status want;
    } cases[] = {
        { "-LOADING Redis is loading the dataset in memory\r\n", SF_ERR_UNAVAILABLE },
        { "-READONLY You can't write against a read only replica.\r\n", SF_ERR_UNAVAILABLE },
        { "-MOVED 3999 127.0.0.1:6381\r\n", SF_ERR_UNAVAILABLE },
        { "-NOAUTH Authentication required.\r\n", SF_ERR_AUTH },
        { "-ERR unknown command `PING`, with args beginning with: `hidden` \r\n", SF_ERR_IO },
        { "-\r\n", SF_ERR_IO },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const wire_step script[] = { WIRE_READ(sizeof PING - 1), WIRE_BYTES(cases[i].reply, strlen(cases[i].reply)),
                                     WIRE_STALL, WIRE_END };
        static const wire_step other[] = { WIRE_READ(sizeof PING - 1), WIRE_TEXT("+TWO\r\n"), WIRE_STALL, WIRE_END };
        wire_server *server = wire_start((const wire_step *const[]){ script, other }, 2);
        talk t;
        assert_non_null(server);
        open_wire(&t, server, 0);
        assert_int_equal(say(&t, "PING"), cases[i].want);
        assert_int_equal(t.err.status, cases[i].want);
        assert_null(strstr(t.err.message, "hidden"));
        assert_int_equal(t.err.retryable, cases[i].want == SF_ERR_UNAVAILABLE);
        if (cases[i].want != SF_ERR_IO) must_say(&t, "PING", "TWO"); /* it is looked for anew */
        close_talk(&t);
        wire_stop(server);
    }
}

static void test_connection__survives_each_failed_allocation(void **state)
{
    test_redis *r = *state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        talk t;
        open_talk(&t, &(sf_redis_options){ .url = r->url });
        const sf_str words[] = { SFI_STR("PING") };
        test_allocations_limit(n);
        rc = sfi_redis_command(t.redis, words, 1, 0, &t.reader, &t.reply, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        close_talk(&t);
    }
    assert_int_equal(test_allocations_live(), 0);
}

static int start(void **state)
{
    static test_redis r;
    test_redis_start(&r, NULL);
    *state = &r;
    return 0;
}

static int stop(void **state)
{
    test_redis_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connection__tcp_unix_and_databases),
        cmocka_unit_test(test_connection__scripts_go_by_their_hash),
        cmocka_unit_test(test_connection__a_kept_one_that_died_is_mended_once),
        cmocka_unit_test(test_connection__users_and_passwords),
        cmocka_unit_test(test_connection__tls_is_verified),
        cmocka_unit_test(test_connection__threads_take_turns),
        cmocka_unit_test(test_connection__a_reply_cut_at_every_byte_is_none),
        cmocka_unit_test(test_connection__a_server_that_stalls_or_lies_is_left),
        cmocka_unit_test(test_connection__a_refusing_port_is_told),
        cmocka_unit_test(test_connection__errors_of_the_server_are_told_apart),
        cmocka_unit_test(test_connection__survives_each_failed_allocation),
    };
    if (!test_redis_is_there()) return 77;
    test_allocator_install();
    return cmocka_run_group_tests_name("redis connection", tests, start, stop);
}
