/*
 * composite_internal.h: what composite.c (building), composite_send.c (checking, sending), parts.c (answers) and tree.c
 * share. Threads: plain functions; an object belongs to one thread at a time.
 */
#ifndef SFI_COMPOSITE_INTERNAL_H
#define SFI_COMPOSITE_INTERNAL_H
#include <salesforce/composite.h>
#include "rest/rest_internal.h"

enum {
    SFI_REFERENCE_MAX = 40,                    /* bytes of a reference id */
    SFI_COMPOSITE_BYTES_MAX = 50 * 1024 * 1024 /* of a request's body */
};

/* A letter or digit, then letters, digits and _. */
bool sfi_is_reference_id(sf_str s);

/* Check a request that is JSON text (an object, or the bare array with options), and send it. */
sf_status sfi_composite_send_text(sf_client *sf, sf_composite_kind kind, sf_str json, const sf_composite_options *o,
                                  sf_parts **out, sf_error *err);

/* ---- parts.c ---- */
typedef enum sfi_parts_form { SFI_PARTS_COMPOSITE, SFI_PARTS_BATCH, SFI_PARTS_GRAPH, SFI_PARTS_TREE } sfi_parts_form;
/* Take an answer apart. @param doc transferred, also on failure. @param expected how many parts it must have (a tree
 * that was refused may have fewer). @return SF_OK, SF_ERR_PROTOCOL (not such an answer, or parts are missing),
 * SF_ERR_MEMORY. */
sf_status sfi_parts_make(sfi_json *doc, sfi_parts_form form, int http_status, size_t expected, sf_parts **out,
                         sf_error *err);
#endif
