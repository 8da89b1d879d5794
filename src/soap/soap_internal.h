/*
 * soap_internal.h: what the files of this room share: an operation's body goes in, its checked answer comes out. Called by
 * leads.c, records.c, email.c, sessions.c.
 * Threads: plain functions, safe from any thread.
 */
#ifndef SFI_SOAP_INTERNAL_H
#define SFI_SOAP_INTERNAL_H
#include <salesforce/soap.h>
#include "client/client_internal.h"
#include "xml/xml_internal.h"

typedef struct sfi_soap_operation {
    const char *name; /* "convertLead": the answer's element is convertLeadResponse */
    sf_str body;      /* borrowed */
    bool is_repeatable;
    bool no_renew; /* a dead session is the answer */
} sfi_soap_operation;

/* ---- envelope.c ---- */
/* What can be refused before anything is written. */
sf_status sfi_soap_check(const sf_client *sf, const sf_soap_options *options, bool any_api, sf_error *err);
/* Send and read. @param out owned by the caller. The answer holds an element of the right name. */
sf_status sfi_soap_run(sf_client *sf, const sfi_soap_operation *op, const sf_soap_options *options, sf_xml **out,
                       sf_error *err);
/* The same with what a writer holds; writer is freed, also on failure. */
sf_status sfi_soap_run_writer(sf_client *sf, const char *name, sf_xml_writer *w, bool is_repeatable,
                              const sf_soap_options *options, sf_xml **out, sf_error *err);
bool sfi_soap_is_id(const char *id); /* 15 or 18 letters and digits */

/* An element, unless text is NULL. */
static inline void sfi_soap_add_text(sf_xml_writer *w, const char *name, const char *text)
{
    if (text != NULL) (void)sf_xml_add(w, name, text); /* a failure stays in the writer */
}

/* The part without I/O. @param out owned by the caller; NULL on failure. */
sf_status sfi_soap_read(int status, sf_str type, sf_str text, const sfi_soap_operation *op, sf_xml **out,
                        sf_error *err);

/* ---- results.c ---- */
/* The result elements of an answer. @param doc transferred, also on failure. count: as many must be there. */
sf_status sfi_soap_results_take(sf_xml *doc, const char *name, size_t count, sf_soap_results **out, sf_error *err);
/* sfi_soap_run_writer for a call that writes and has count results. */
sf_status sfi_soap_run_rows(sf_client *sf, const char *name, sf_xml_writer *w, size_t count,
                            const sf_soap_options *options, sf_soap_results **out, sf_error *err);

/* ---- record.c ---- */
typedef struct sfi_soap_sobject {
    const char *id;      /* NULL: the record's own, if it sets one */
    const char *element; /* "urn:sObjects" */
} sfi_soap_sobject;
sf_status sfi_soap_add_sobject(sf_xml_writer *w, const sfi_soap_sobject *s, const sf_record *r, sf_soap_api api,
                               sf_error *err);
#endif
