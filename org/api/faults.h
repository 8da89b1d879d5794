/*
 * faults.h: what goes wrong on purpose. A rule says what, to which requests and how often.
 *
 *   SPEC      = KIND [":" SETTING {"," SETTING}]
 *   KIND      = "reset"            the socket is reset after `after` bytes of the response, head included (default 0)
 *             | "stall"            silence for `ms` (default 5000) after `after` bytes (default 0), then the rest
 *             | "truncate"         the body ends after `after` bytes (default: half of it); `length=right` (default)
 *                                  says so in Content-Length, `length=wrong` promises the whole body and closes
 *             | "lost"             the request takes effect, then the socket is reset without an answer (writes only,
 *                                  unless `method` says otherwise)
 *             | "limit"            403 REQUEST_LIMIT_EXCEEDED
 *             | "expire"           a session dies after `requests` requests (default 1)
 *             | "refuse-refresh"   a refresh token is answered with invalid_grant
 *             | "rotate"           a refresh gives a new refresh token and the old one dies
 *             | "lock-row"         a row of a bulk upload fails with UNABLE_TO_LOCK_ROW (its path is /bulk/row)
 *             | "half-open"        no answer, and the connection stays open
 *             | of the messages of streaming (a matching request is a matching message here):
 *               "deny-handshake"   a handshake is answered with 401::Authentication invalid as its error
 *               "busy"             a handshake, connect or subscribe is answered with 503::Server is too busy as its
 *                                  reason, and HTTP's 200
 *               "forget"           a connect's client is forgotten; `advice=handshake` (default) or `none`, with which a
 *                                  disconnect stands before the answer
 *               "lose-replay"      a subscribe from an id is told that it is too old
 *               "duplicate"        the events of a connect's answer come twice
 *               "events-only"      a connect's answer with events has no message of its own
 *               "connect-first"    it stands before the events
 *               "empty-answer"     a connect is answered with []
 *               "events-on-subscribe"  the events there are ride on the answer to a subscribe
 *             | CODE               an HTTP status from 400 to 599, such as 503 or 429; `retry_after` (seconds) adds the
 *                                  header; `body=json` (default), `html` or `empty`; `effect=yes`: only after the
 *                                  request took effect
 *   SETTING   = "path=" TEXT       a prefix or a glob (* ? [) of the path, or of what follows /services/data/vNN.N
 *             | "method=" TEXT     GET, POST …
 *             | "skip=" N          the first N matching requests pass (default 0)
 *             | "times=" N         strike N times, then never again (default 0: always)
 *             | "every=" N         strike at each Nth matching request only (default 1)
 *             | what the kind takes (after, ms, length, requests, retry_after, body, effect)
 *
 * Called by org.c, oauth.c and control.c. Threads: any; a lock guards the list.
 */
#ifndef SFO_FAULTS_H
#define SFO_FAULTS_H
#include "http/server.h"
#include "json/json_internal.h"

enum { SFO_FAULTS_MAX = 64, SFO_FAULT_SPEC_MAX = 240 };

typedef enum sfo_fault_kind {
    SFO_FAULT_RESET,
    SFO_FAULT_STALL,
    SFO_FAULT_TRUNCATE,
    SFO_FAULT_LOST,
    SFO_FAULT_LIMIT,
    SFO_FAULT_EXPIRE,
    SFO_FAULT_REFUSE_REFRESH,
    SFO_FAULT_ROTATE,
    SFO_FAULT_LOCK_ROW,
    SFO_FAULT_HALF_OPEN,
    SFO_FAULT_DENY_HANDSHAKE,
    SFO_FAULT_BUSY,
    SFO_FAULT_FORGET,
    SFO_FAULT_LOSE_REPLAY,
    SFO_FAULT_DUPLICATE,
    SFO_FAULT_EVENTS_ONLY,
    SFO_FAULT_CONNECT_FIRST,
    SFO_FAULT_EMPTY_ANSWER,
    SFO_FAULT_EVENTS_ON_SUBSCRIBE,
    SFO_FAULT_STATUS
} sfo_fault_kind;
typedef enum sfo_fault_body { SFO_FAULT_BODY_JSON, SFO_FAULT_BODY_HTML, SFO_FAULT_BODY_EMPTY } sfo_fault_body;

typedef struct sfo_fault_rule {
    sfo_fault_kind kind;
    int status;                        /* SFO_FAULT_STATUS */
    int64_t after;                     /* bytes; -1: the kind's default */
    int64_t ms, requests, retry_after; /* retry_after -1: no header */
    bool wrong_length, has_effect, no_reconnect;
    sfo_fault_body body;
    char path[128], method[12]; /* "": any */
    int64_t skip, times, every;
    char spec[SFO_FAULT_SPEC_MAX]; /* as it was given */
    int64_t id, matched, struck;
} sfo_fault_rule;

/* @return SF_OK, SF_ERR_USAGE (the message names the part that is wrong). */
sf_status sfo_fault_parse(const char *spec, sfo_fault_rule *out, sf_error *err);
/* Does the rule look at this request? path: without the query. */
bool sfo_fault_matches(const sfo_fault_rule *rule, const char *method, const char *path);

typedef struct sfo_faults sfo_faults;
sfo_faults *sfo_faults_new(void); /* NULL: no memory */
void sfo_faults_free(sfo_faults *f);
/* @param id NULL, or gets the rule's number. @return SF_OK, SF_ERR_USAGE, SF_ERR_LIMIT (SFO_FAULTS_MAX rules). */
sf_status sfo_faults_add(sfo_faults *f, const char *spec, int64_t *id, sf_error *err);
/* id 0: all. @return how many went. */
size_t sfo_faults_remove(sfo_faults *f, int64_t id);
void sfo_faults_write_json(sfo_faults *f, sfi_json_writer *w);

/* What strikes one request. Unset: kind not among the struck. */
typedef struct sfo_strike {
    bool has_wire, has_answer, has_lost, has_truncate;
    sfo_fault_rule wire, answer, truncate; /* reset or stall; limit or status; truncate */
} sfo_strike;
/* Counts the request against every rule for answers and picks the first of each sort that strikes. */
void sfo_faults_strike(sfo_faults *f, const char *method, const char *path, sfo_strike *out);
/* For the kinds that are asked for by name (refuse-refresh, rotate, lock-row, those of streaming): counts, and tells whether it
 * strikes now. rule: NULL, or gets the rule that does. */
bool sfo_faults_strike_kind(sfo_faults *f, sfo_fault_kind kind, const char *method, const char *path);
bool sfo_faults_strike_rule(sfo_faults *f, sfo_fault_kind kind, const char *method, const char *path,
                            sfo_fault_rule *rule);
/* After how many requests must a session die that has made used of them? true: now. Counts a strike. */
bool sfo_faults_session_dies(sfo_faults *f, int64_t used, const char *method, const char *path);
int64_t sfo_faults_struck(sfo_faults *f); /* all rules together, removed ones too */
#endif
