/*
 * redis.h: what programs on several machines share, kept in a Redis server (6.0 or newer, or one that speaks as it does):
 * the session and its refresh token, the positions of a listener, and who of several listeners listens. docs/redis.md has the keys, what the server must be set to, and what an outage does.
 * Threads: a store may be shared by clients and threads; it has one connection for talking and one for waiting. Opening
 * sends nothing: an unreachable server shows when it is used. A build without Redis answers SF_ERR_UNSUPPORTED
 * (sf_features() lacks "redis").
 */
#ifndef SALESFORCE_REDIS_H
#define SALESFORCE_REDIS_H
#include <salesforce/auth.h>
#include <salesforce/coordination.h>
#include <salesforce/events.h>

typedef struct sf_redis_options { /* strings are copied */
    const char *url;              /* redis://[[USER]:PASSWORD@]HOST[:PORT][/DB] (port 6379, db 0), rediss:// the same
                                     with TLS, unix://[[USER]:PASSWORD@]/PATH[?db=N]. What is special in user,
                                     password or path: as %XX */
    const char *username;         /* of an ACL; goes before the URL's; NULL: the URL's */
    const char *password;         /* the same. It is in no error and no log line */
    const char *ca_file;  /* PEM, for rediss: who may have signed the server's certificate; NULL: the system's */
    const char *prefix;   /* of all keys, without braces, at most 200 bytes; NULL: "sforce:" */
    int64_t timeout_ms;   /* of a connect (name, TCP, TLS, login), and of each command; default 2000 */
    uint64_t reserved[8]; /* zero */
} sf_redis_options;

/** Tokens of one login, for all programs that open it with the same server, db, prefix and login. One of them refreshes
 *  at a time, under a lock that runs out 10 s after its holder died; a holder whose lock ran out and went to another
 *  cannot write any more. A refresh token that the org may have replaced is not used without the lock, so that no two
 *  programs use one: while the server is away, requests go on with the session at hand, and a renewal that cannot be
 *  put off waits for the server until its call's deadline. The tokens lie there in plain text: give the server a
 *  password and TLS, and appendonly, or a restart may lose the login.
 *  @param login names the key, by its SHA-256: the same for all who share it, such as client id and login URL.
 *  @param out owned by the caller, ends with sf_token_store_close.
 *  @return SF_OK, SF_ERR_USAGE (the URL is none, or login is empty), SF_ERR_UNSUPPORTED, SF_ERR_MEMORY. */
SF_API sf_status sf_token_store_redis(const sf_redis_options *options, const char *login, sf_token_store **out,
                                      sf_error *err);

/** Who of several listeners listens: a lease that runs out by the server's clock, a term (epoch) that only goes up, also
 *  when the server forgot everything, and the positions, which no older term can move. Keys: PREFIX group:{GROUP}:…
 *  @param out owned by the caller, ends with sf_coordinator_close. @return as above. */
SF_API sf_status sf_coordinator_redis(const sf_redis_options *options, sf_coordinator **out, sf_error *err);

/** The positions of one listener, in a hash PREFIX checkpoints: give listeners of different purposes prefixes of their
 *  own. Two that run at once move each other's positions: use a coordinator. @param out owned by the caller, ends with
 *  sf_checkpoints_close. @return as above. */
SF_API sf_status sf_checkpoints_redis(const sf_redis_options *options, sf_checkpoints **out, sf_error *err);
#endif
