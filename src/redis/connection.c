/*
 * connection.c: commands to one Redis server: connected when first needed, logged in, and connected again when what had
 * been kept turns out to be dead. Called by the stores beside it. The one idea: whatever goes wrong between a command and
 * its whole reply ends the connection, so that replies and commands never get out of step. No command's words reach an
 * error: they are tokens and passwords.
 */
#include <hiredis/hiredis.h>
#include <openssl/evp.h>
#include "redis/redis_internal.h"

enum { CHUNK = 16 * 1024, SHA1_HEX = 41 };

struct sfi_redis {
    const sfi_redis_settings *settings;
    sfi_gate gate; /* is_busy: a command is under way; who has it owns the rest */
    sfi_redis_tls *tls;
    sfi_redis_socket *socket; /* NULL: not connected */
    char *chunk;              /* where replies arrive; wiped after each */
};

sf_status sfi_redis_open(const sfi_redis_settings *settings, sfi_redis **out, sf_error *err)
{
    *out = NULL;
    sfi_redis *r = sfi_calloc(sizeof *r);
    if (r == NULL) return sfi_fail_memory(err, "a connection");
    r->settings = settings;
    r->chunk = sfi_alloc(CHUNK);
    sf_status rc = r->chunk != NULL ? sfi_gate_init(&r->gate, err) : sfi_fail_memory(err, "a connection");
    if (rc == SF_OK) {
        *out = r;
        r = NULL;
    }
    sfi_redis_close(r);
    return rc;
}

void sfi_redis_close(sfi_redis *r)
{
    if (r == NULL) return;
    sfi_redis_socket_close(r->socket);
    sfi_redis_tls_free(r->tls);
    sfi_gate_destroy(&r->gate);
    sfi_free(r->chunk);
    sfi_free(r);
}

sf_status sfi_redis_fail_form(const sfi_redis *r, const char *what, sf_error *err)
{
    return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the reply to %s is not of the form that Redis gives", r->settings->name,
                    what);
}

sf_str sfi_redis_number(int64_t n, char out[SFI_REDIS_NUMBER_SIZE])
{
    (void)snprintf(out, SFI_REDIS_NUMBER_SIZE, "%lld", (long long)n);
    return sfi_str(out);
}

void sfi_redis_random_name(char out[SFI_REDIS_NAME_SIZE])
{
    unsigned char bytes[(SFI_REDIS_NAME_SIZE - 1) / 2];
    sfi_random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* ---- one exchange ---- */

static void disconnect(sfi_redis *r)
{
    sfi_redis_socket_close(r->socket);
    r->socket = NULL;
}

static sf_status receive(sfi_redis *r, int64_t deadline_ms, sfi_redis_reader *reader, const sfi_redis_reply **reply,
                         sf_error *err)
{
    size_t got = 0;
    for (;;) { /* ends: the whole reply, more than SFI_REDIS_REPLY_MAX, broken, or the deadline */
        sf_status rc = sfi_redis_socket_receive(r->socket, r->chunk, CHUNK, deadline_ms, &got, err);
        if (rc == SF_DONE)
            return sfi_fail(err, SF_ERR_NETWORK, "%s: the server has closed the connection", r->settings->name);
        if (rc != SF_OK) return rc;
        rc = sfi_redis_reader_feed(reader, r->chunk, got, reply, err);
        sfi_wipe(r->chunk, got);
        if (rc < 0) sfi_error_prefix(err, "%s", r->settings->name);
        if (rc != SF_OK) return rc == SF_ROW ? SF_OK : rc;
    }
}

/* On a connection that stands; it does not any more when this fails. The reply may be an error of the server's. */
static sf_status exchange(sfi_redis *r, const sf_str *words, size_t count, int64_t deadline_ms, sfi_redis_reader **out,
                          const sfi_redis_reply **reply, sf_error *err)
{
    const char *texts[SFI_REDIS_WORDS_MAX];
    size_t lens[SFI_REDIS_WORDS_MAX];
    *out = NULL;
    if (count > SFI_REDIS_WORDS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a command of more than %d words", SFI_REDIS_WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].ptr != NULL ? words[i].ptr : "";
        lens[i] = words[i].len;
    }
    sfi_redis_reader *reader = NULL;
    char *line = NULL;
    sf_status rc = sfi_redis_reader_new(&reader, err);
    if (rc != SF_OK) return rc;
    long long len = redisFormatCommandArgv(&line, (int)count, texts, lens);
    if (len < 0 || line == NULL) {
        rc = sfi_fail_memory(err, "a command");
        goto done;
    }
    rc = sfi_redis_socket_send(r->socket, line, (size_t)len, deadline_ms, err);
    if (rc == SF_OK) rc = receive(r, deadline_ms, reader, reply, err);
    if (rc != SF_OK) disconnect(r);
    sfi_wipe(line, (size_t)len);
done:
    redisFreeCommand(line);
    if (rc == SF_OK) {
        *out = reader;
        reader = NULL;
    }
    sfi_redis_reader_free(reader);
    return rc;
}

/* ---- the server's own errors ---- */

/* «unknown command …, with args beginning with: …» repeats what was sent; nothing behind it is told. */
static sf_str without_words(sf_str text)
{
    const char *at = strstr(text.ptr, "with args beginning with"); /* replies end with a NUL */
    return at != NULL ? (sf_str){ text.ptr, (size_t)(at - text.ptr) } : text;
}

/* What the server cannot do now, or to us. */
static const struct {
    const char *code;
    sf_status status;
    const char *remedy;
} known[] = {
    { "LOADING", SF_ERR_UNAVAILABLE, "" },
    { "BUSY", SF_ERR_UNAVAILABLE, "" },
    { "TRYAGAIN", SF_ERR_UNAVAILABLE, "" },
    { "CLUSTERDOWN", SF_ERR_UNAVAILABLE, "" },
    { "MASTERDOWN", SF_ERR_UNAVAILABLE, "" },
    { "READONLY", SF_ERR_UNAVAILABLE, "; this is a replica, name the master" },
    { "MISCONF", SF_ERR_UNAVAILABLE, "" },
    { "OOM", SF_ERR_UNAVAILABLE, "" },
    { "NOREPLICAS", SF_ERR_UNAVAILABLE, "" },
    { "MOVED", SF_ERR_UNAVAILABLE, "; name that node of the cluster in the URL" },
    { "ASK", SF_ERR_UNAVAILABLE, "" },
    { "NOAUTH", SF_ERR_AUTH, "; give the password" },
    { "WRONGPASS", SF_ERR_AUTH, "; check user and password" },
    { "NOPERM", SF_ERR_AUTH, "; docs/redis.md has what the user needs" },
};

/* The place in known; SFI_COUNT_OF(known): any other error. */
static size_t find_known(sf_str text)
{
    sf_str code = { text.ptr, 0 };
    while (code.len < text.len && text.ptr[code.len] != ' ') code.len++;
    /* Redis 7.0 says it without a code of its own where a script does what the user may not. */
    if (sfi_str_is(code, "ERR") && strstr(text.ptr, "user executing the script can't") != NULL)
        code = SFI_STR("NOPERM");
    for (size_t i = 0; i < SFI_COUNT_OF(known); i++)
        if (sfi_str_is(code, known[i].code)) return i;
    return SFI_COUNT_OF(known);
}

static sf_status fail_server(const sfi_redis *r, sf_str text, sf_error *err)
{
    sf_str told = without_words(text);
    size_t place = find_known(told);
    sf_status status = place < SFI_COUNT_OF(known) ? known[place].status : SF_ERR_IO;
    const char *remedy = place < SFI_COUNT_OF(known) ? known[place].remedy : "";
    (void)sfi_fail(err, status, "%s: the server says: %.*s%s", r->settings->name, told.len < 300 ? (int)told.len : 300,
                   told.ptr, remedy);
    if (err != NULL && r->settings->password != NULL) sfi_error_blot_out(err, r->settings->password);
    if (err != NULL) err->retryable = status == SF_ERR_UNAVAILABLE;
    return status;
}

/* ---- connecting ---- */

/* A command of the greeting, whose answer must be +OK. */
static sf_status greet(sfi_redis *r, const sf_str *words, size_t count, int64_t deadline_ms, sf_error *err)
{
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply = NULL;
    sf_status rc = exchange(r, words, count, deadline_ms, &reader, &reply, err);
    if (rc != SF_OK) return rc;
    if (reply->type == SFI_REDIS_ERROR) {
        rc = fail_server(r, reply->text, err);
        if (rc == SF_ERR_IO && sfi_str_is(words[0], "AUTH")) rc = SF_ERR_AUTH; /* «ERR AUTH called without …» */
        if (err != NULL) err->status = rc;
    } else if (reply->type != SFI_REDIS_STATUS) {
        rc = sfi_redis_fail_form(r, "the greeting", err);
    }
    sfi_redis_reader_free(reader);
    if (rc != SF_OK) disconnect(r);
    return rc;
}

static sf_status connect_now(sfi_redis *r, sf_error *err)
{
    const sfi_redis_settings *s = r->settings;
    int64_t deadline_ms = sfi_now_ms() + s->timeout_ms;
    sf_status rc = SF_OK;
    if (s->is_tls && r->tls == NULL) rc = sfi_redis_tls_new(s, &r->tls, err);
    if (rc == SF_OK) rc = sfi_redis_socket_open(s, r->tls, deadline_ms, &r->socket, err);
    if (rc == SF_OK && s->password != NULL) {
        const sf_str words[] = { SFI_STR("AUTH"), sfi_str(s->username), sfi_str(s->password) };
        const sf_str old[] = { SFI_STR("AUTH"), sfi_str(s->password) };
        rc = s->username != NULL ? greet(r, words, 3, deadline_ms, err) : greet(r, old, 2, deadline_ms, err);
    }
    if (rc == SF_OK && s->db > 0) {
        char db[24];
        (void)snprintf(db, sizeof db, "%lld", (long long)s->db);
        const sf_str words[] = { SFI_STR("SELECT"), sfi_str(db) };
        rc = greet(r, words, 2, deadline_ms, err);
    }
    return rc;
}

/* ---- commands ---- */

/* Ours alone meanwhile. */
static sf_status command(sfi_redis *r, const sf_str *words, size_t count, int64_t more_ms, sfi_redis_reader **out,
                         const sfi_redis_reply **reply, sf_error *err)
{
    if (r->socket != NULL && !sfi_redis_socket_is_idle(r->socket)) disconnect(r); /* closed, or it speaks unasked */
    bool was_kept = r->socket != NULL;
    int64_t begun = sfi_now_ms();
    sf_status rc = was_kept ? SF_OK : connect_now(r, err);
    if (rc == SF_OK) rc = exchange(r, words, count, sfi_now_ms() + r->settings->timeout_ms + more_ms, out, reply, err);
    bool was_slow = sfi_now_ms() - begun >= r->settings->timeout_ms; /* it hangs: a second try would hang as well */
    if (rc != SF_ERR_NETWORK || !was_kept || was_slow) return rc;
    rc = connect_now(r, err);
    if (rc == SF_OK) rc = exchange(r, words, count, sfi_now_ms() + r->settings->timeout_ms + more_ms, out, reply, err);
    return rc;
}

/* A server that is another's replica by now, or asks for a password that it did not want before: the next command finds
 * out anew who is behind the name. */
static void leave_unfit(sfi_redis *r, const sfi_redis_reply *reply)
{
    if (reply->type == SFI_REDIS_ERROR && find_known(reply->text) < SFI_COUNT_OF(known)) disconnect(r);
}

/* Waits for its turn, then as above; an error of the server's is a reply here. */
static sf_status take_turn(sfi_redis *r, const sf_str *words, size_t count, int64_t more_ms, sfi_redis_reader **out,
                           const sfi_redis_reply **reply, sf_error *err)
{
    const sfi_wait wait = { .deadline_ms = 0 }; /* every command ends by itself */
    sfi_cancel_watcher watcher;
    *out = NULL;
    sf_status rc = sfi_gate_enter(&r->gate, &wait, &watcher, err);
    if (rc != SF_OK) return rc;
    while (rc == SF_OK && r->gate.is_busy) rc = sfi_gate_wait(&r->gate, &wait, "redis", err);
    if (rc == SF_OK) {
        sfi_gate_begin_work(&r->gate);
        rc = command(r, words, count, more_ms, out, reply, err);
        if (rc == SF_OK) leave_unfit(r, *reply);
        sfi_gate_end_work(&r->gate);
    }
    sfi_gate_leave(&r->gate, &watcher);
    if (rc == SF_ERR_NETWORK && err != NULL) err->retryable = true;
    return rc;
}

static sf_status end_if_error(const sfi_redis *r, sfi_redis_reader **out, const sfi_redis_reply *reply, sf_error *err)
{
    if (reply->type != SFI_REDIS_ERROR) return SF_OK;
    sf_status rc = fail_server(r, reply->text, err);
    sfi_redis_reader_free(*out);
    *out = NULL;
    return rc;
}

sf_status sfi_redis_command(sfi_redis *r, const sf_str *words, size_t count, int64_t more_ms, sfi_redis_reader **out,
                            const sfi_redis_reply **reply, sf_error *err)
{
    sf_status rc = take_turn(r, words, count, more_ms, out, reply, err);
    return rc == SF_OK ? end_if_error(r, out, *reply, err) : rc;
}

static bool hash_of(const char *script, char out[SHA1_HEX])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(script, strlen(script), sum, &len, EVP_sha1(), NULL) != 1 || len != 20) return false;
    for (unsigned i = 0; i < len; i++) (void)snprintf(out + (size_t)2 * i, 3, "%02x", sum[i]);
    return true;
}

sf_status sfi_redis_script(sfi_redis *r, const char *script, const sf_str *keys, size_t key_count, const sf_str *args,
                           size_t arg_count, sfi_redis_reader **out, const sfi_redis_reply **reply, sf_error *err)
{
    sf_str words[SFI_REDIS_WORDS_MAX];
    char hash[SHA1_HEX];
    char keys_text[24];
    *out = NULL;
    if (key_count > SFI_REDIS_WORDS_MAX - 3 || arg_count > SFI_REDIS_WORDS_MAX - 3 - key_count)
        return sfi_fail(err, SF_ERR_LIMIT, "a script of more than %d words", SFI_REDIS_WORDS_MAX);
    (void)snprintf(keys_text, sizeof keys_text, "%zu", key_count);
    words[2] = sfi_str(keys_text);
    for (size_t i = 0; i < key_count; i++) words[3 + i] = keys[i];
    for (size_t i = 0; i < arg_count; i++) words[3 + key_count + i] = args[i];
    size_t count = 3 + key_count + arg_count;
    bool has_hash = hash_of(script, hash);
    if (has_hash) {
        words[0] = SFI_STR("EVALSHA");
        words[1] = sfi_str(hash);
        sf_status rc = take_turn(r, words, count, 0, out, reply, err);
        if (rc != SF_OK) return rc;
        bool is_unknown = (*reply)->type == SFI_REDIS_ERROR && sfi_starts_with((*reply)->text, "NOSCRIPT");
        if (!is_unknown) return end_if_error(r, out, *reply, err);
        sfi_redis_reader_free(*out);
    }
    words[0] = SFI_STR("EVAL");
    words[1] = sfi_str(script);
    return sfi_redis_command(r, words, count, 0, out, reply, err);
}
