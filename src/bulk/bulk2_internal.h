/* bulk2_internal.h: what the files of Bulk API 2.0 share: checks, a job's JSON, its path. */
#ifndef SFI_BULK2_INTERNAL_H
#define SFI_BULK2_INTERNAL_H
#include <salesforce/bulk2.h>
#include "base/wait_internal.h"
#include "client/client_internal.h"

enum { SFI_BULK2_PATH_BYTES = 320 };

/* "jobs/ingest/ID/tail", tail "" for the job itself. @return SF_OK, SF_ERR_USAGE (no client, no id). */
sf_status sfi_bulk2_path(sf_client *sf, sf_job_kind kind, const char *job, const char *tail,
                         char out[SFI_BULK2_PATH_BYTES], sf_error *err);
/* @return SF_ERR_PROTOCOL: it is no job. */
sf_status sfi_bulk2_read_job(sf_value v, sf_bulk2_job *out, sf_error *err);
const char *sfi_bulk2_delimiter_name(char delimiter); /* "COMMA"; NULL: none that the org takes */
bool sfi_bulk2_has_ended(const sf_bulk2_job *job);
/* One page in two steps, so that several can be on their way: its sink (borrowed until the end) is called in finish only.
 * A call that is not wanted any more ends with sfi_call_cancel. */
sf_status sfi_bulk2_page_begin(sf_client *sf, const char *job, const sf_bulk2_page_options *options,
                               const sf_sink *sink, sfi_call **out, sf_error *err);
sf_status sfi_bulk2_page_finish(sfi_call *call, sf_bulk2_page *out, sf_error *err);
/* sf_bulk2_upload of a source whose bytes are mostly at hand. */
sf_status sfi_bulk2_upload_direct(sf_client *sf, const char *job, const sf_source *csv, const sfi_direct *direct,
                                  const sf_call_options *call, sf_error *err);
#endif
