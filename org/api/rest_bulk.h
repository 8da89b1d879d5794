/* rest_bulk.h: what the handlers of Bulk API 2.0 share: ingest jobs (rest_bulk_ingest.c) and query jobs (rest_bulk_query.c). */
#ifndef SFO_REST_BULK_H
#define SFO_REST_BULK_H
#include "api/rest.h"
#include "bulk/bulk.h"

typedef enum sfo_job_form { SFO_JOB_CREATED, SFO_JOB_CHANGED, SFO_JOB_INFO, SFO_JOB_LISTED } sfo_job_form;

/* The job of args[0] of this kind (query or ingest). false: the response is the 404. */
bool sfo_bulk_job_of(sfo_call *call, bool is_query, sfo_bulk_job *out);
void sfo_answer_job(sfo_call *call, const sfo_bulk_job *job, sfo_job_form form);
/* contentType, lineEnding, columnDelimiter of a new job's body, with their defaults. false: the response is the 400. */
bool sfo_bulk_read_csv_options(sfo_call *call, sf_value body, sfo_bulk_job *job);
/* A text member into out; what does not fit is refused. false: the response is the 400. */
bool sfo_bulk_read_text(sfo_call *call, sf_value body, const char *name, char *out, size_t size);
void sfo_bulk_answer_list(sfo_call *call, bool is_query);
void sfo_bulk_answer_deleted(sfo_call *call, const sfo_bulk_job *job);
void sfo_answer_csv(sfo_call *call, int status);
/* The job as it is at its start: who, when, which version. */
void sfo_bulk_job_init(sfo_call *call, sfo_bulk_job *job);
#endif
