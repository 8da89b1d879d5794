/*
 * session.h: access tokens and refresh tokens: who holds one, when it dies. Only hashes are kept, in memory and in the
 * data file, so that tokens outlive a restart. A refresh token and the access tokens made from it are a family: with
 * rotation, a refresh token that comes a second time kills its whole family.
 * Called by org.c, oauth.c, soap_login.c and control.c. Threads: any; a lock guards the list.
 */
#ifndef SFO_SESSION_H
#define SFO_SESSION_H
#include "store/store.h"

enum {
    SFO_TOKEN_SIZE = 160,   /* room for any token and its NUL */
    SFO_TOKENS_MAX = 20000, /* sessions and refresh tokens; beyond, the one unused for longest goes */
    SFO_APPROVALS_MAX = 5   /* refresh tokens of one user; a sixth revokes the oldest */
};

typedef struct sfo_session_facts {
    sf_id user;
    int64_t family;                /* 0: made without a refresh token */
    int64_t issued_ms, expires_ms; /* expires 0: by nothing but revocation (refresh tokens) */
    int64_t requests;              /* made with it, this one included */
    bool is_refresh;
} sfo_session_facts;

typedef struct sfo_sessions sfo_sessions;
sf_status sfo_sessions_new(sfo_store *store, int64_t timeout_ms, sfo_sessions **out, sf_error *err);
void sfo_sessions_free(sfo_sessions *s); /* writes back when each was last used */
int64_t sfo_sessions_timeout_ms(const sfo_sessions *s);

/* A new access token. family: 0, or that of the refresh token it comes from. false: no memory, data file broken. */
bool sfo_session_open(sfo_sessions *s, const char *user_id, int64_t family, char token[SFO_TOKEN_SIZE]);
/* Is the token alive? Counts a request and prolongs it; facts may be NULL. */
bool sfo_session_use(sfo_sessions *s, sf_str token, sfo_session_facts *facts);
/* Looks at either kind without using it. false: unknown or dead. */
bool sfo_session_peek(sfo_sessions *s, sf_str token, sfo_session_facts *facts);
/* Either kind; a refresh token takes its family with it. false: it was dead already. */
bool sfo_session_revoke(sfo_sessions *s, sf_str token);
size_t sfo_sessions_expire_all(sfo_sessions *s);     /* access tokens; @return how many */
size_t sfo_sessions_revoke_refresh(sfo_sessions *s); /* refresh tokens with their families */

/* The first refresh token of a new family. */
bool sfo_refresh_open(sfo_sessions *s, const char *user_id, char token[SFO_TOKEN_SIZE], int64_t *family);
typedef enum sfo_refresh { SFO_REFRESH_OK, SFO_REFRESH_UNKNOWN, SFO_REFRESH_REUSED } sfo_refresh;
/* Takes a refresh token; with rotate it dies and next gets its successor (else next becomes ""). */
sfo_refresh sfo_refresh_use(sfo_sessions *s, sf_str token, bool rotate, char next[SFO_TOKEN_SIZE],
                            sfo_session_facts *facts);
#endif
