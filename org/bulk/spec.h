/*
 * spec.h: transformation specs of Bulk API 1.0: rows of CSV under other names and forms become rows that the org takes. Called by
 * api/bulk1_spec.c. Threads: read only after sfo_spec_read.
 */
#ifndef SFO_BULK_SPEC_H
#define SFO_BULK_SPEC_H
#include "schema/schema.h"

enum { SFO_SPEC_COLUMNS_MAX = 1000, SFO_SPEC_HINT_MAX = 100, SFO_SPEC_BYTES_MAX = 1 << 20, SFO_SPEC_DATE_BYTES = 96 };

typedef struct sfo_spec sfo_spec;
/* @param text CSV: Salesforce Field,Csv Header,Value,Hint. @param object NULL: fields have no types.
 * @return SF_OK, SF_ERR_USAGE (the message says which line, and why), SF_ERR_MEMORY. */
sf_status sfo_spec_read(sf_str text, const sfo_object *object, sfo_spec **out, sf_error *err);
void sfo_spec_free(sfo_spec *s); /* NULL is fine */
/* Rows of CSV, header line first, appended to out in the columns of the spec. @return SF_OK, SF_ERR_USAGE (data is no CSV),
 * SF_ERR_LIMIT (more than out->max), SF_ERR_MEMORY. */
sf_status sfo_spec_apply(const sfo_spec *s, sf_str data, sfi_buf *out, sf_error *err);

/* spec_date.c: a text in a form of Java's SimpleDateFormat as a date of ISO 8601, or with is_time as a time of it. now_ms: from
 * which years of two digits are counted (80 before it to 20 behind). false: it is not of that form, or no date. */
bool sfo_spec_date(const char *form, const char *text, bool is_time, int64_t now_ms, char out[SFO_SPEC_DATE_BYTES]);
bool sfo_spec_date_form_is_known(const char *form);
#endif
