/*
 * monitor.h: the standard platform events that the org raises itself, as Event Monitoring does: which there are and what each says
 * stands in data/standard-events.json; here a cause is told with its facts. They go into the log of all events.
 * Called by org.c, oauth.c, soap_session.c and control.c. Threads: read only once made; telling from any thread.
 */
#ifndef SFO_MONITOR_H
#define SFO_MONITOR_H
#include "api/call.h"

typedef struct sfo_monitor sfo_monitor;
sf_status sfo_monitor_new(const sfo_schema *schema, sfo_monitor **out, sf_error *err);
void sfo_monitor_free(sfo_monitor *m); /* NULL is fine */

typedef struct sfo_login_told {
    const char *user_id; /* whose login it is; "": of a name that nobody has, no org is told of that */
    const char *soap;    /* the API of SOAP login(); NULL: OAuth */
    int soap_version;    /* of SOAP */
    sfo_login outcome;
} sfo_login_told;
/* A login, or the failure of one. It costs the login nothing but time: what cannot be told is not. */
void sfo_monitor_login(sfo_call *call, const sfo_login_told *login);
#endif
