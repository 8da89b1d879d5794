/*
 * reports_internal.h: between the calls of reports.h (reports.c) and what reads their results (report_result.c).
 * Threads: plain functions.
 */
#ifndef SFI_REPORTS_INTERNAL_H
#define SFI_REPORTS_INTERNAL_H
#include <salesforce/reports.h>

/* Makes a result of an answer. @param doc transferred, also when this fails. */
sf_status sfi_report_result_new(sf_document *doc, sf_report_result **out, sf_error *err);
/* "New" …; NULL and other words: SF_REPORT_UNKNOWN. */
sf_report_state sfi_report_state_of(const char *word);
#endif
