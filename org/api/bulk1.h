/*
 * bulk1.h: what the files of Bulk API 1.0 share: /services/async/XX.0/job…, XML or JSON as the call and its job say.
 * bulk1.c has the paths, the session and the errors; bulk1_jobs.c, bulk1_batches.c, bulk1_results.c the calls; bulk1_charset.c
 * reads other charsets than UTF-8, bulk1_spec.c rows under other names.
 * Threads: a sfo_bulk1 belongs to one call.
 */
#ifndef SFO_BULK1_H
#define SFO_BULK1_H
#include "api/call.h"
#include "xml/xml_internal.h"

#define SFO_BULK1_NAMESPACE "http://www.force.com/2009/06/asyncapi/dataload"

typedef struct sfo_bulk1 {
    sfo_call *call;
    bool json; /* how this call is answered */
    sfo_bulk_job job;
    sfo_bulk_batch batch;
} sfo_bulk1;

/* ---- bulk1.c ---- */
/* Always false, with the error as the answer. */
bool sfo_bulk1_fail(sfo_bulk1 *b, int status, const char *code, const char *format, ...) SFI_PRINTF(4, 5);
bool sfo_bulk1_fault(sfo_bulk1 *b, sfo_fault *f); /* the same of what the engine says; clears it */
/* Begins an answer in this call's format. @return its body. */
sfi_buf *sfo_bulk1_begin(sfo_bulk1 *b, int status);
bool sfo_bulk1_type_is(const char *content_type, const char *type);     /* whatever parameters follow */
const char *sfo_bulk1_content_type(const char *job_type, bool of_data); /* "CSV" to text/csv */

/* A member of a job's or batch's description: of XML in this order, of JSON sorted by name. */
typedef struct sfo_bulk1_member {
    const char *name;
    char text[1100];
    enum { SFO_BULK1_TEXT, SFO_BULK1_NUMBER, SFO_BULK1_NOTHING, SFO_BULK1_JSON_ONLY } kind;
} sfo_bulk1_member;
void sfo_bulk1_text(sfo_bulk1_member *m, const char *name, const char *text); /* "": nothing */
void sfo_bulk1_number(sfo_bulk1_member *m, const char *name, int64_t n);
/* indent: blanks before the elements of XML. */
void sfo_bulk1_write(const sfo_bulk1 *b, sfi_buf *out, const sfo_bulk1_member *members, size_t count, int indent);
/* A time as this call's format has it. */
void sfo_bulk1_time(const sfo_bulk1 *b, int64_t ms, char out[40]);

/* ---- bulk1_jobs.c ---- */
void sfo_bulk1_job_create(sfo_bulk1 *b);
void sfo_bulk1_job_info(sfo_bulk1 *b);
void sfo_bulk1_job_change(sfo_bulk1 *b);

/* ---- bulk1_batches.c ---- */
void sfo_bulk1_batch_add(sfo_bulk1 *b);
void sfo_bulk1_batch_list(sfo_bulk1 *b);
void sfo_bulk1_batch_info(sfo_bulk1 *b);

/* ---- bulk1_spec.c ---- */
void sfo_bulk1_spec_set(sfo_bulk1 *b);
/* Data of a batch as the job's transformation spec has it, if there is one; it stands in room then (zeroed; free it). false:
 * answered. What the spec cannot be applied to makes b->batch one that has failed. */
bool sfo_bulk1_transform(sfo_bulk1 *b, sf_str *data, sfi_buf *room);

/* ---- bulk1_charset.c ---- */
/* Data in the charset that its Content-Type names, as UTF-8, which then stands in room (zeroed; free it). false: answered. */
bool sfo_bulk1_to_utf8(sfo_bulk1 *b, const char *content_type, sf_str *data, sfi_buf *room);

/* ---- bulk1_results.c ---- */
void sfo_bulk1_batch_request(sfo_bulk1 *b);
void sfo_bulk1_batch_result(sfo_bulk1 *b);
void sfo_bulk1_query_result(sfo_bulk1 *b, sf_str id);
#endif
