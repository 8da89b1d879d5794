/*
 * park.h: the server's side of a place to wait in (server.h has the handlers' side).
 * Called by server.c only. Threads: any.
 */
#ifndef SFO_PARK_H
#define SFO_PARK_H
#include "http/server.h"
#include <microhttpd.h>

/* The connection sleeps, unless somebody woke the park since it was asked last. */
void sfo_park_suspend(sfo_park *p, struct MHD_Connection *connection);
void sfo_park_ask(sfo_park *p); /* what woke it is looked at now */
#endif
