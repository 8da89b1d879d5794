/* export_sqlite.c: a table. */
#include "bulk/export_internal.h"
static sf_status sq_open(sfi_export *x, sf_error *err)
{
    (void)x;
    return sfi_fail(err, SF_ERR_UNSUPPORTED, "this build has no SQLite");
}
static sf_status sq_any(sfi_export *x, sf_error *err)
{
    (void)x;
    (void)err;
    return SF_OK;
}
static void sq_close(sfi_export *x)
{
    (void)x;
}
const sfi_export_form sfi_export_sqlite = { .open = sq_open, .back = sq_any, .clear = sq_any, .close = sq_close };
