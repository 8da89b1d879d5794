/*
 * outbox.h: what the org would send out (mail, Chatter posts), kept in a table of its own so that tests can read it:
 * GET /__org/outbox. Called by the services that send; nothing leaves the machine. Threads: as store.h.
 */
#ifndef SFO_OUTBOX_H
#define SFO_OUTBOX_H
#include "store/store.h"

/* Keeps one message, inside the open transaction if there is one. @param kind "email", "chatterPost" … @param message
 * its JSON object; of a mail: "to", "cc", "bcc" (arrays of addresses), "subject", "text", "html", "replyTo",
 * "senderName", "templateId", "targetObjectId", "whatId", each only where it was said. */
bool sfo_outbox_add(sfo_store *s, const sfo_context *c, const char *kind, sf_str message, sfo_fault *f);
/* [{"number","kind","userId","time","message"}], oldest first. */
bool sfo_outbox_write(sfo_store *s, sfi_json_writer *w, sfo_fault *f);
bool sfo_outbox_clear(sfo_store *s, int64_t *removed, sfo_fault *f);
#endif
