/*
 * wire.h: what stands between the handler's response and the socket: gzip in both directions, and the answers that are
 * broken on purpose, which are written by hand because libmicrohttpd only sends whole ones.
 * Called by server.c only. Owns nothing. Threads: plain functions.
 */
#ifndef SFO_WIRE_H
#define SFO_WIRE_H
#include "http/server.h"

/* Does the value of an Accept-Encoding header (NULL: none) allow gzip? */
bool sfo_accepts_gzip(const char *accept_encoding);
/* Compress body in place (level 1). false: no memory, body as it was. */
bool sfo_gzip(sfi_buf *body);
/* Inflate gzip text (one or several members) into out, whose max bounds it.
 * @return SF_OK, SF_ERR_PROTOCOL, SF_ERR_LIMIT, SF_ERR_MEMORY. */
sf_status sfo_gunzip(sf_str in, sfi_buf *out);
/* Turn an ETag's value into that of the compressed form: "x" becomes "x--gzip". */
void sfo_etag_for_gzip(char *value, size_t size);

bool sfo_wire_fault_is_set(const sfo_wire_fault *f);
/* Status line, headers and body as they would go over the wire, with Connection: close. */
void sfo_wire_compose(const sfo_response *r, bool head_only, sfi_buf *out);
/* Send bytes through the fault. is_stopping is asked every moment and ends stalls. The socket is reset or left to be
 * closed by its owner. */
void sfo_wire_send(int fd, sf_str bytes, const sfo_wire_fault *f, bool (*is_stopping)(void *user), void *user);
#endif
