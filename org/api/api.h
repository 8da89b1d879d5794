/*
 * api.h: the org as clients see it: REST, OAuth and SOAP login over the store, with the sessions, the daily allowance,
 * the faults that tests ask for and the control endpoint. main.c makes one and gives sfo_org_handle to the server.
 * Owns sessions, faults and counters; borrows the store and its schema. Threads: sfo_org_handle from any thread.
 */
#ifndef SFO_API_H
#define SFO_API_H
#include "http/server.h"
#include "store/store.h"

/* How strict an org it is: words of --policy. */
typedef struct sfo_policy {
    bool rotate;                /* each refresh gives a new refresh token; using an old one kills the family */
    bool no_password;           /* the OAuth username-password flow is blocked */
    bool no_soap_login;         /* SOAP login() is switched off */
    bool no_client_credentials; /* the app has no run-as user */
    bool no_api_scope;          /* tokens are given, but are not valid for REST: 401 that a refresh does not cure */
    bool cookies;               /* streaming clients must send back the cookies of their handshake */
    bool trusted_network;       /* no security token is needed behind the password */
} sfo_policy;
/* One word, or several with commas between. @return SF_OK, SF_ERR_USAGE (message: the word, and those known). */
sf_status sfo_policy_add(sfo_policy *policy, const char *words, sf_error *err);

typedef struct sfo_org_options {
    sfo_store *store; /* borrowed until sfo_org_free */
    sfo_policy policy;
    int64_t session_timeout_s;     /* of inactivity; 0: 7200 */
    int64_t api_max;               /* requests in 24 hours; 0: 1,000,000 */
    int64_t bulk_max;              /* bulk batches, and bulk query jobs, in 24 hours; 0: 15,000 and 10,000 */
    const char *password;          /* for the administrator; NULL: the one kept in the data file, or a new random one */
    void (*log)(const char *line); /* one line a request, without secrets; NULL: none */
} sfo_org_options;
typedef struct sfo_org sfo_org;
/* Loads, or at first makes, what the data file keeps: credentials, sessions, refresh tokens. */
sf_status sfo_org_new(const sfo_org_options *options, sfo_org **out, sf_error *err);
/* Writes back when sessions were last used. NULL is fine. No request may still run. */
void sfo_org_free(sfo_org *org);

/* A ready login; the texts live as long as the org. */
typedef struct sfo_credentials {
    const char *username, *password, *security_token, *client_id, *client_secret;
} sfo_credentials;
void sfo_org_credentials(const sfo_org *org, sfo_credentials *out);
/* A session for the administrator. false: no memory. */
bool sfo_org_access_token(sfo_org *org, char token[160]);

/* A --fault SPEC (grammar: faults.h). @return SF_OK, SF_ERR_USAGE, SF_ERR_MEMORY. */
sf_status sfo_org_add_fault(sfo_org *org, const char *spec, sf_error *err);

/* The server's handler; user is the sfo_org. */
void sfo_org_handle(void *user, const sfo_request *request, sfo_response *response);
/* Bytes that a request may have in its body: 50 MB for REST, more for data of a bulk job. For the server. */
size_t sfo_org_body_limit(const char *uri);
#endif
