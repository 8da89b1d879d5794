/*
 * related.h: from a record to its parent or its children along a relationship, without a query of one's own.
 * Wire: REST sObject Relationships (/sobjects/Account/001…/Contacts, /sobjects/Contact/003…/Account).
 * Threads: a cursor belongs to one thread at a time; the other calls are safe from any thread.
 */
#ifndef SALESFORCE_RELATED_H
#define SALESFORCE_RELATED_H
#include <salesforce/query.h>
#include <salesforce/records.h>

typedef struct sf_related {   /* borrowed for the call */
    const char *object;       /* API name of the record's object: "Account" */
    const char *id;           /* the record: 15 or 18 characters */
    const char *relationship; /* "Contacts", "Owner", "Lines__r": a relationship's name, not a field's */
    uint64_t reserved[4];     /* zero */
} sf_related;

/* In all of these: @param at where to go. @param options NULL: defaults. @return SF_OK, SF_ERR_USAGE (nothing was
 * sent), SF_ERR_NOT_FOUND (no such record or relationship; a parent: the reference is empty), SF_ERR_ORG, and what
 * stands at sf_client_request. */

/** The children, page by page, as the rows of a query: read them with sf_query_next, end with sf_query_close.
 *  @param fields names of the children's fields, NULL at the end; NULL: all readable ones. @param options page_rows,
 *  no_prefetch and call count; anything else is SF_ERR_USAGE. @param out owned by the caller, ends with
 *  sf_query_close; NULL on failure. @return also SF_ERR_PROTOCOL: the relationship leads to a parent. */
SF_API sf_status sf_related_open(sf_client *sf, const sf_related *at, const char *const *fields,
                                 const sf_query_options *options, sf_query **out, sf_error *err);

/** The parent, as sf_record_get gives it. @param out owned by the caller, ends with sf_document_free.
 *  @return also SF_DONE: a condition of options says that it is not modified. */
SF_API sf_status sf_related_get(sf_client *sf, const sf_related *at, const sf_read_options *options, sf_document **out,
                                sf_error *err);
/** Change the parent, as sf_record_update does. @param r the fields to set; its object's name plays no part. */
SF_API sf_status sf_related_update(sf_client *sf, const sf_related *at, const sf_record *r,
                                   const sf_write_options *options, sf_error *err);
/** Delete the parent, as sf_record_delete does. Not repeated when an answer is lost: the first attempt may have emptied
 *  the reference (SF_ERR_UNKNOWN_OUTCOME). */
SF_API sf_status sf_related_delete(sf_client *sf, const sf_related *at, const sf_write_options *options, sf_error *err);
#endif
