/*
 * redis_internal.h: a small Redis client: one connection that mends itself, commands and scripts with a time limit, replies
 * of bounded size. Called by the stores beside it. hiredis writes the commands and reads the replies; sockets and TLS are
 * ours, so that every wait has an end.
 * Threads: an sfi_redis is safe from all threads (one command at a time); a socket, a reader and an answer belong to one.
 */
#ifndef SFI_REDIS_INTERNAL_H
#define SFI_REDIS_INTERNAL_H
#include <salesforce/redis.h>
#include "base/wait_internal.h"

enum {
    SFI_REDIS_REPLY_MAX = 1024 * 1024, /* bytes of one reply; what we store is far smaller */
    SFI_REDIS_ITEMS_MAX = 1024,        /* of one list in it */
    SFI_REDIS_WORDS_MAX = 64,          /* of one command */
    SFI_REDIS_TIMEOUT_MS = 2000,
    SFI_REDIS_TIMEOUT_MAX_MS = 3600000,
    SFI_REDIS_PREFIX_MAX = 200,
    SFI_REDIS_TEXT_MAX = 4096, /* bytes of an option */
    SFI_REDIS_NAME_SIZE = 33,  /* of a random name: 16 bytes as hex digits */
    SFI_REDIS_NUMBER_SIZE = 24
};

/* ---- where and who (settings.c) ---- */
typedef struct sfi_redis_settings {
    bool is_tls;
    char *host; /* NULL: a unix socket */
    char *path; /* of it */
    char port[8];
    int64_t db;
    char *username, *password; /* NULL: none */
    char *ca_file;
    char *prefix;
    int64_t timeout_ms;
    char name[160]; /* "redis HOST:PORT", for messages */
} sfi_redis_settings;
/* @return SF_OK, SF_ERR_USAGE (no word of the URL is in the message), SF_ERR_MEMORY. */
sf_status sfi_redis_settings_read(const sf_redis_options *options, sfi_redis_settings *out, sf_error *err);
void sfi_redis_settings_clear(sfi_redis_settings *s);

/* ---- a connected socket, with TLS or without (socket.c). Deadlines are sfi_now_ms'; errors are SF_ERR_NETWORK ---- */
typedef struct sfi_redis_socket sfi_redis_socket;
typedef struct sfi_redis_tls sfi_redis_tls; /* what TLS connections of one server share: made once */
sf_status sfi_redis_tls_new(const sfi_redis_settings *s, sfi_redis_tls **out, sf_error *err);
void sfi_redis_tls_free(sfi_redis_tls *tls);
sf_status sfi_redis_socket_open(const sfi_redis_settings *s, sfi_redis_tls *tls, int64_t deadline_ms,
                                sfi_redis_socket **out, sf_error *err);
void sfi_redis_socket_close(sfi_redis_socket *s); /* NULL is fine */
sf_status sfi_redis_socket_send(sfi_redis_socket *s, const char *data, size_t len, int64_t deadline_ms, sf_error *err);
/* At least one byte. SF_DONE: the server has closed. */
sf_status sfi_redis_socket_receive(sfi_redis_socket *s, char *data, size_t size, int64_t deadline_ms, size_t *got,
                                   sf_error *err);
bool sfi_redis_socket_is_idle(sfi_redis_socket *s); /* nothing to read, not closed: fit for a new command */

/* ---- replies (reply.c): bytes in, values out, no I/O ---- */
typedef enum sfi_redis_type {
    SFI_REDIS_NIL,
    SFI_REDIS_NUMBER,
    SFI_REDIS_TEXT,
    SFI_REDIS_STATUS, /* +OK */
    SFI_REDIS_ERROR,
    SFI_REDIS_LIST
} sfi_redis_type;
typedef struct sfi_redis_reply {
    sfi_redis_type type;
    int64_t number;
    sf_str text; /* NUL-terminated; of texts, statuses and errors */
    size_t count;
    struct sfi_redis_reply **items; /* of a list: count of them */
} sfi_redis_reply;
typedef struct sfi_redis_reader sfi_redis_reader;
sf_status sfi_redis_reader_new(sfi_redis_reader **out, sf_error *err);
void sfi_redis_reader_free(sfi_redis_reader *r); /* wipes; NULL is fine */
/* SF_ROW: *out is the whole reply, borrowed until the reader ends. SF_OK: more bytes are needed. SF_ERR_PROTOCOL (no
 * RESP, or bytes behind the reply), SF_ERR_LIMIT, SF_ERR_MEMORY: the connection is worth nothing any more. */
sf_status sfi_redis_reader_feed(sfi_redis_reader *r, const char *data, size_t len, const sfi_redis_reply **out,
                                sf_error *err);

/* ---- a connection (connection.c) ---- */
typedef struct sfi_redis sfi_redis;
/* Nothing is sent. @param settings borrowed until the close. */
sf_status sfi_redis_open(const sfi_redis_settings *settings, sfi_redis **out, sf_error *err);
void sfi_redis_close(sfi_redis *r); /* NULL is fine */
/* One command. It may be sent twice, over a new connection, when a connection that had been kept turns out to be dead:
 * every command of ours may be. @param more_ms that the server may take beyond the time limit (BLPOP). @param out ends
 * with sfi_redis_reader_free; NULL on failure.
 * @return SF_OK; SF_ERR_NETWORK (not reached, or no answer in time), SF_ERR_UNAVAILABLE (the server says that it cannot
 * now), SF_ERR_AUTH (it refuses user or password), SF_ERR_IO (any other error of its), SF_ERR_PROTOCOL, SF_ERR_LIMIT,
 * SF_ERR_MEMORY. No error repeats a word of the command, nor user or password. */
sf_status sfi_redis_command(sfi_redis *r, const sf_str *words, size_t count, int64_t more_ms, sfi_redis_reader **out,
                            const sfi_redis_reply **reply, sf_error *err);
/* A Lua script by its hash, or whole when the server does not know it yet; otherwise as a command. */
sf_status sfi_redis_script(sfi_redis *r, const char *script, const sf_str *keys, size_t key_count, const sf_str *args,
                           size_t arg_count, sfi_redis_reader **out, const sfi_redis_reply **reply, sf_error *err);
/* A position from a hash, for coordination and checkpoints: as their get. */
sf_status sfi_redis_position(sfi_redis *r, sf_str key, const char *channel,
                             void (*found)(void *ctx, const char *position), void *ctx, sf_error *err);
/* What to remove so that it is gone; for messages. */
void sfi_redis_where(const sfi_redis_settings *s, const char *key, const char *channel, char *text, size_t size);
void sfi_redis_random_name(char out[SFI_REDIS_NAME_SIZE]);
sf_str sfi_redis_number(int64_t n, char out[SFI_REDIS_NUMBER_SIZE]); /* as a word of a command, in out */
/* The reply is not of the form that was asked for: SF_ERR_PROTOCOL. */
sf_status sfi_redis_fail_form(const sfi_redis *r, const char *what, sf_error *err);
#endif
