/*
 * auth.h: how a client gets its session and where tokens are kept. Wire: OAuth 2.0 token endpoint
 * (/services/oauth2/token), SOAP login() (/services/Soap/u/64.0). docs/auth.md has the flows and what goes wrong there.
 * Threads: a token store may be shared by clients and threads; its lock is what makes one of them refresh at a time.
 */
#ifndef SALESFORCE_AUTH_H
#define SALESFORCE_AUTH_H
#include <salesforce/base.h>

typedef enum sf_auth_flow {
    SF_AUTH_NONE = 0,               /* no credentials: only what the org answers to anybody (API versions) */
    SF_AUTH_BEARER = 1,             /* access_token + instance_url (or login_url); cannot be renewed */
    SF_AUTH_CLIENT_CREDENTIALS = 2, /* client_id + client_secret; login_url must be the org's My Domain */
    SF_AUTH_REFRESH_TOKEN = 3,      /* refresh_token + client_id (+ client_secret); rotated tokens are stored first. A
                                       stored token goes before the given one, which is tried when that is refused;
                                       with a token_store the given one may be NULL */
    SF_AUTH_PASSWORD = 4,           /* OAuth username-password: client_id (+ client_secret), username, password
                                       (+ security_token); being retired, warns in the log */
    SF_AUTH_SOAP = 5                /* SOAP login(): username, password (+ security_token); being retired, warns */
} sf_auth_flow;

typedef struct sf_auth {        /* strings borrowed by whoever takes the struct, copied by sf_client_open */
    sf_auth_flow flow;
    const char *access_token;   /* of the flow bearer; with the others, and an instance_url: a session to begin with */
    const char *refresh_token;
    const char *client_id, *client_secret;
    const char *username, *password, *security_token; /* the token is sent behind the password, as the org wants it */
    const char *scope;          /* of the OAuth flows; NULL: the app's default */
    int64_t lifetime_ms;        /* of an access token where the org does not say, up to a hundred years; 0: unknown,
                                   renew only when refused */
    int64_t refresh_ahead_ms;   /* renew so long before expiry (at most half the lifetime) when expiry is known, and by
                                   chance up to a quarter of that earlier, so that programs which share a session do
                                   not all come at once; up to a hundred years; 0: 60 s; SF_NONE: never ahead */
    uint64_t reserved[8];       /* zero */
} sf_auth;

/** What a store keeps for one login. Strings are borrowed, NUL-terminated or NULL. */
typedef struct sf_token {
    const char *access_token;
    const char *refresh_token;
    const char *instance_url;
    const char *identity_url;   /* …/id/ORGID/USERID */
    int64_t issued_at_ms;       /* since 1970; 0: unknown */
    int64_t expires_at_ms;      /* since 1970; 0: unknown */
    int64_t generation;         /* goes up by one with each set; 0: the store is empty */
    int64_t begun_ms;           /* what begin has kept: a refresh whose end is not known; 0: none */
    uint64_t reserved[3];
} sf_token;

typedef struct sf_token_store sf_token_store;

/** A store of your own (as the Ballerina connector's TokenStore). Each call may come from any thread; err is never to
 *  be kept, and filling it is optional. A store that fails does not fail the login: it is told in the log as a warning,
 *  once until it works again, and the session goes on in memory (but see is_shared). set, begin and clear come from
 *  who has the lock; SF_DONE from them says that it was lost meanwhile and nothing is written. */
typedef struct sf_token_store_ops {
    /** Wait at most timeout_ms (250: the library asks again, up to 90 s) for the right to refresh. SF_OK: it is yours
     *  until release. SF_ERR_TIMEOUT: somebody else has it. */
    sf_status (*lock)(void *user, int64_t timeout_ms, sf_error *err);
    void (*release)(void *user);
    /** Hand the kept token to found (call it once, strings borrowed for that call); SF_DONE when there is none. */
    sf_status (*get)(void *user, void (*found)(void *ctx, const sf_token *token), void *ctx, sf_error *err);
    /** Keep it, generation included, durably before answering: a rotated refresh token that is lost ends the login. */
    sf_status (*set)(void *user, const sf_token *token, sf_error *err);
    sf_status (*clear)(void *user, sf_error *err); /**< Forget it: the org refused it for good. SF_OK when empty too. */
    void (*close)(void *user);  /* NULL: nothing to do */
    /** NULL, or: keep begun_ms (since 1970; 0: forget it) beside the token, which stays as it is, and hand it out with
     *  it, also when there is no token; set and clear end it. It comes before a refresh token is sent, again every few
     *  seconds while the answer is awaited (a lock that runs out begins anew), and says to who finds it with the lock
     *  free that the token may be used up, and its successor in a program that cannot reach the store at the moment:
     *  that one is given 15 s to bring it. */
    sf_status (*begin)(void *user, int64_t begun_ms, sf_error *err);
    bool is_shared; /* with programs that refresh as well: a refresh token that the org may replace is not sent without
                       the lock. While that fails otherwise than by SF_ERR_TIMEOUT, requests go on with the session at
                       hand, and a renewal that cannot be put off waits, at most until its call's deadline and 90 s */
    uint64_t reserved[2];
} sf_token_store_ops;

/** In this process' memory. @param out owned by the caller, ends with sf_token_store_close.
 *  @return SF_OK, SF_ERR_USAGE (out is NULL), SF_ERR_MEMORY. */
SF_API sf_status sf_token_store_memory(sf_token_store **out, sf_error *err);

/** In a JSON file of mode 0600 that is replaced by rename and synced; locked by flock on PATH.lock, so processes share
 *  it. Members: access_token, refresh_token, instance_url, identity_url, issued_at_ms, expires_at_ms, generation;
 *  others are kept as they are. A symbolic link is refused, a mode wider than 0600 warned of in the log. Nothing is
 *  opened here: a file that cannot be read or written shows in the log when it is used.
 *  @param path copied; the file is made when it is missing, its folder is not. @param out owned by the caller, ends
 *  with sf_token_store_close. @return SF_OK, SF_ERR_USAGE (the path is empty), SF_ERR_MEMORY. */
SF_API sf_status sf_token_store_file(const char *path, sf_token_store **out, sf_error *err);

/** Your own. @param ops copied; all but close are needed. @param user borrowed until sf_token_store_close; handed to
 *  each of them. @param out owned by the caller, ends with sf_token_store_close.
 *  @return SF_OK, SF_ERR_USAGE (one of ops is missing), SF_ERR_MEMORY. */
SF_API sf_status sf_token_store_custom(const sf_token_store_ops *ops, void *user, sf_token_store **out, sf_error *err);

/** End a store, with ops.close of a custom one; a file stays. NULL is fine. No client may use it any more. */
SF_EXTERN void sf_token_store_close(sf_token_store *store);

/** The API or login host behind any URL that a user pastes: a Lightning, Setup, Visualforce, sandbox or My Domain
 *  address, with or without path and scheme. Any other host is taken as it is. Nothing is sent. Any thread.
 *  @param pasted at most 16 KiB. @param out owned by the caller, ends with sf_free: "https://acme.my.salesforce.com",
 *  no slash at the end (a site at my.site.com keeps its first path part). Plain http is kept for loopback addresses
 *  only. @return SF_OK, SF_ERR_USAGE (not a URL, or not an org's; the message says what is wrong), SF_ERR_MEMORY. */
SF_API sf_status sf_url_normalize(const char *pasted, char **out, sf_error *err);
#endif
