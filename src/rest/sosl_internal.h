/* sosl_internal.h: SOSL as far as a client must understand it: where its binds are. Called by search.c. Threads: plain
 * functions. */
#ifndef SFI_SOSL_INTERNAL_H
#define SFI_SOSL_INTERNAL_H
#include <salesforce/search.h>
#include "rest/soql_internal.h"

/* The statement with its binds put in, appended to out. @return SF_OK, SF_ERR_USAGE, SF_ERR_LIMIT, SF_ERR_MEMORY. */
sf_status sfi_sosl_bind(const char *sosl, sf_binds binds, sfi_buf *out, sf_error *err);
#endif
