/*
 * auth_internal.h: how the client gets, keeps and renews its session. oauth.c and soap_login.c make one token request,
 * store*.c keep tokens, token.c decides who asks when. Called by client.
 * Threads: sfi_auth is safe from all threads; a session is immutable and counted; an answer belongs to one thread.
 */
#ifndef SFI_AUTH_INTERNAL_H
#define SFI_AUTH_INTERNAL_H
#include <salesforce/auth.h>
#include "base/wait_internal.h"
#include "http/http_internal.h"

enum {
    SFI_TOKEN_BYTES_MAX = 16 * 1024, /* one token, URL or answer member; more is no token */
    SFI_AUTH_ANSWER_MAX = 256 * 1024 /* bytes of a login's answer */
};
#define SFI_GENERATION_MAX (INT64_MAX / 2) /* of a token store; more is no count of logins */
#define SFI_LOGIN_URL_DEFAULT "https://login.salesforce.com"

/* ---- a token of ours: sf_token's strings owned and wiped (session.c) ---- */
typedef struct sfi_token {
    char *access_token, *refresh_token, *instance_url, *identity_url; /* NULL: none */
    int64_t issued_at_ms, expires_at_ms, generation;
    int64_t begun_ms; /* of a refresh that somebody has begun; 0: none */
} sfi_token;
void sfi_token_clear(sfi_token *t);
bool sfi_token_copy(sfi_token *to, const sf_token *from); /* false: no memory, to is empty */
sf_token sfi_token_view(const sfi_token *t);              /* borrowed */
bool sfi_secret_eq(const char *a, const char *b);         /* constant time for equal lengths; NULL equals only NULL */

/* What calls carry: immutable, counted, wiped with the last. */
typedef struct sfi_session sfi_session;
sfi_session *sfi_session_new(const sfi_token *token, sf_error *err);
sfi_session *sfi_session_ref(sfi_session *s);
void sfi_session_release(sfi_session *s); /* NULL is fine */
const char *sfi_session_token(const sfi_session *s);
const char *sfi_session_instance(const sfi_session *s);
/* Wall clock; 0: unknown. The lifetime runs from the moment it was issued or adopted. */
int64_t sfi_session_expires_ms(const sfi_session *s);
int64_t sfi_session_issued_ms(const sfi_session *s);
void sfi_session_ids(const sfi_session *s, sf_id *org, sf_id *user);

/* ---- URLs (url.c) ---- */
bool sfi_url_is_loopback(const char *url);

/* ---- one login (oauth.c, soap_login.c). Nothing is kept, nothing repeated. ---- */
typedef struct sfi_login {
    const sf_auth *auth;       /* credentials; flow says which request */
    const char *refresh_token; /* in place of auth's, for SF_AUTH_REFRESH_TOKEN */
    const char *login_url;     /* normalized */
    const char *user_agent;
    sfi_http *http;
    const sfi_log *log;
    int64_t linger_ms;       /* an answer is awaited so much longer than wait says: it may hold the only refresh token */
    void (*tick)(void *ctx); /* called every few seconds while the answer is awaited; NULL: not */
    void *tick_ctx;
} sfi_login;
/* What a failed login means for the next one. */
typedef enum sfi_login_failure {
    SFI_LOGIN_REFUSED,   /* permanent: these credentials will not do */
    SFI_LOGIN_TRANSIENT, /* the server did not act: may be tried again */
    SFI_LOGIN_LOST,      /* sent and not answered: a rotating refresh token may be used up */
    SFI_LOGIN_ENDED      /* cancelled, out of memory, out of time: our own doing */
} sfi_login_failure;
sf_status sfi_login_oauth(const sfi_login *login, const sfi_wait *wait, sfi_token *out, sfi_login_failure *why,
                          sf_error *err);
sf_status sfi_login_soap(const sfi_login *login, const sfi_wait *wait, sfi_token *out, sfi_login_failure *why,
                         sf_error *err);
/* Sends a login's request and gives the whole plain answer: shared by the two. body_len bytes of *body are wiped by the
 * caller with sfi_wipe. A redirect, an HTML page, 429 and 5xx without a body of their own are errors here. */
typedef struct sfi_login_answer {
    int status;
    char *body; /* inflated, NUL-terminated, ends with sfi_login_answer_clear */
    size_t body_len, body_cap;
} sfi_login_answer;
sf_status sfi_login_send(const sfi_login *login, const char *path, const char *content_type, sf_str body,
                         const sfi_wait *wait, sfi_login_answer *out, sfi_login_failure *why, sf_error *err);
void sfi_login_answer_clear(sfi_login_answer *a); /* wipes */
/* The answers read, without I/O: what the tests and the fuzzer reach. */
sf_status sfi_oauth_read(const char *host, const sf_auth *auth, int status, sf_str body, sfi_token *out,
                         sfi_login_failure *why, sf_error *err);
sf_status sfi_soap_login_read(const char *host, int status, sf_str body, sfi_token *out, sfi_login_failure *why,
                              sf_error *err);

/* ---- stores (store.c): the ops behind sf_token_store; store_file.c has the file's ---- */
sf_status sfi_store_new(const sf_token_store_ops *ops, void *user, const char *(*take_warning)(void *user),
                        sf_token_store **out, sf_error *err);
sf_status sfi_store_lock(sf_token_store *s, int64_t timeout_ms, sf_error *err);
void sfi_store_release(sf_token_store *s);
/* SF_OK, SF_DONE: empty but for begun_ms; out is cleared first. */
sf_status sfi_store_get(sf_token_store *s, sfi_token *out, sf_error *err);
/* SF_DONE of the next three: not done, since the lock was lost. */
sf_status sfi_store_set(sf_token_store *s, const sfi_token *token, sf_error *err);
sf_status sfi_store_clear(sf_token_store *s, sf_error *err);
sf_status sfi_store_begin(sf_token_store *s, int64_t begun_ms, sf_error *err); /* SF_OK also when it keeps no such thing */
bool sfi_store_is_shared(const sf_token_store *s);
const char *sfi_store_take_warning(sf_token_store *s); /* what a user should know of the file, once; NULL: nothing */

/* ---- the token manager (token.c) ---- */
typedef struct sfi_auth sfi_auth;
typedef struct sfi_auth_options {
    const sf_auth *auth;      /* copied */
    const char *login_url;    /* normalized; copied */
    const char *instance_url; /* normalized, NULL: none; copied */
    const char *user_agent;   /* copied */
    sf_token_store *store;    /* borrowed; NULL: one of our own, in memory */
    sfi_http *http;           /* borrowed */
    const sfi_log *log;       /* borrowed */
    int32_t retries_max;      /* repeats of a login that failed in passing */
    int64_t pause_ms, pause_max_ms;
} sfi_auth_options;
typedef struct sfi_auth_counts {
    int64_t logins, refreshes;
} sfi_auth_counts;
/* @return SF_OK, SF_ERR_USAGE (what the flow lacks), SF_ERR_MEMORY. */
sf_status sfi_auth_open(const sfi_auth_options *options, sfi_auth **out, sf_error *err);
void sfi_auth_close(sfi_auth *auth); /* NULL is fine */
bool sfi_auth_is_anonymous(const sfi_auth *auth);
/* The session to use, made or renewed if need be. @param out released by the caller. */
sf_status sfi_auth_get(sfi_auth *auth, const sfi_wait *wait, sfi_session **out, sf_error *err);
/* The org refused failed: a newer one, from whoever has it first. Many may ask at once; one request is made. */
sf_status sfi_auth_renew(sfi_auth *auth, sfi_session *failed, const sfi_wait *wait, sfi_session **out, sf_error *err);
/* Log in anew whatever is at hand, even after a permanent refusal. */
sf_status sfi_auth_login(sfi_auth *auth, const sfi_wait *wait, sfi_session **out, sf_error *err);
/* The session at hand, without any request; NULL: none. Released by the caller. */
sfi_session *sfi_auth_peek(sfi_auth *auth);
/* The session that the token store has from an earlier program, unchecked: to know who is meant, not to send it. */
sfi_session *sfi_auth_peek_stored(sfi_auth *auth);
void sfi_auth_get_counts(sfi_auth *auth, sfi_auth_counts *out);
#endif
