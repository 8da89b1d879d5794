/* bulk1_internal.h: what the files of Bulk API 1.0 share: answers of either format, paths, a call that has one. */
#ifndef SFI_BULK1_INTERNAL_H
#define SFI_BULK1_INTERNAL_H
#include <salesforce/bulk1.h>
#include "base/wait_internal.h"
#include "client/client_internal.h"
#include "xml/xml_internal.h"

enum { SFI_BULK1_PATH_BYTES = 320 };

/* ---- bulk1_read.c ---- */
/* An answer, JSON or XML as its first byte says. Ends with sfi_bulk1_answer_clear. */
typedef struct sfi_bulk1_answer {
    char *text;
    size_t len;
    sfi_json *json; /* one of the two */
    sfi_xml *xml;
} sfi_bulk1_answer;
/* @return SF_ERR_PROTOCOL: neither, or broken. text is taken over, also on failure. */
sf_status sfi_bulk1_parse(char *text, size_t len, const char *what, sfi_bulk1_answer *out, sf_error *err);
void sfi_bulk1_answer_clear(sfi_bulk1_answer *a);

/* A place in an answer. */
typedef struct sfi_bulk1_node {
    sfi_bulk1_answer *answer;
    sf_value value;
    sfi_xml_element *element; /* NULL: value */
} sfi_bulk1_node;
sfi_bulk1_node sfi_bulk1_root(sfi_bulk1_answer *a);
/* A member's text, borrowed; ptr NULL: not there, or null. */
sf_str sfi_bulk1_text(const sfi_bulk1_node *node, const char *name);

/* @return SF_ERR_PROTOCOL: it is none. */
sf_status sfi_bulk1_read_job(const sfi_bulk1_node *node, sf_bulk1_job *out, sf_error *err);
sf_status sfi_bulk1_read_batch(const sfi_bulk1_node *node, sf_bulk1_batch *out, sf_error *err);

/* ---- bulk1_job.c ---- */
/* "async/job/ID/batch/ID/tail", batch NULL for the job itself. @return SF_OK, SF_ERR_USAGE (no client, no id). */
sf_status sfi_bulk1_path(sf_client *sf, const char *job, const char *batch, const char *tail,
                         char out[SFI_BULK1_PATH_BYTES], sf_error *err);
/* Sends it with the session where this API wants it, and reads what comes. @param maybe NULL, or whether an attempt
 * before the last one may have taken effect. */
sf_status sfi_bulk1_run(sf_client *sf, const sfi_call_request *request, sfi_bulk1_answer *out, bool *maybe,
                        sf_error *err);
const char *sfi_bulk1_content_type(sf_bulk1_format format); /* NULL: no such format */

/* ---- bulk1_results.c, without I/O ---- */
/* @param answer the text, taken over, also on failure. */
sf_status sfi_bulk1_results_take(char *text, size_t len, sf_bulk1_results **out, sf_error *err);
#endif
