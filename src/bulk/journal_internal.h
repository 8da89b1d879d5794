/*
 * journal_internal.h: what a load or an export has done, one line an event, each in the file before the next step, and on
 * disk where the step cannot be taken back: so that after a crash at any instant it is known which job may have begun. A line that was cut by the crash does not count. The file
 * is locked while it is in use. Called by load.c (and the exporter). Threads: one.
 */
#ifndef SFI_BULK_JOURNAL_INTERNAL_H
#define SFI_BULK_JOURNAL_INTERNAL_H
#include "base/base_internal.h"
#include "json/json_internal.h"

typedef enum sfi_journal_state { /* of a unit, in their order */
                                 SFI_UNIT_PLANNED = 0,
                                 SFI_UNIT_CREATING, /* a job is being made: it may be there, open and without data, which does nothing */
                                 SFI_UNIT_CREATED, /* its id is known; it may have its data; it does nothing until it is closed */
                                 SFI_UNIT_CLOSING, /* its data is there, and it is being closed: from here on it must never be made again */
                                 SFI_UNIT_CLOSED,
                                 SFI_UNIT_GATHERED /* its results are in the files */
} sfi_journal_state;

typedef struct sfi_journal sfi_journal;
/* Opens or makes it, locks it, reads what it holds: each line to fn in their order (before this returns), which may
 * refuse. @param what the head line that a new one gets, and that an old one must have: what was asked for.
 * @return SF_OK; SF_ERR_USAGE (it belongs to something else, in use by another process), SF_ERR_IO, SF_ERR_MEMORY. */
sf_status sfi_journal_open(const char *path, sf_str head, sf_status (*fn)(void *user, sf_value line, sf_error *err),
                           void *user, sfi_journal **out, bool *resumed, sf_error *err);
/* A line, without its end, onto the disk. */
sf_status sfi_journal_add(sfi_journal *j, sf_str line, sf_error *err);
/* The same of a buffer that a line was written into; it is freed here. */
sf_status sfi_journal_add_buf(sfi_journal *j, sfi_buf *line, sf_error *err);
/* The same into the file: it is on the disk when a later one is, or soon. For what does no harm when the machine, not the
 * process, forgets it. */
sf_status sfi_journal_add_soon(sfi_journal *j, sf_str line, sf_error *err);
const char *sfi_journal_path(const sfi_journal *j);
void sfi_journal_close(sfi_journal *j); /* NULL is fine */
#endif
