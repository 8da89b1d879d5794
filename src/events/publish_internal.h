/*
 * publish_internal.h: the insides of a publisher, shared by publish.c (the calls, REST) and publish_soap.c (create).
 * Threads: one at a time.
 */
#ifndef SFI_PUBLISH_INTERNAL_H
#define SFI_PUBLISH_INTERNAL_H
#include <salesforce/publish.h>
#include "base/base_internal.h"

struct sf_publisher {
    sf_client *sf;
    sf_publisher_options options;
    char *event;
    sf_writer *writer; /* REST: gathers, sends and counts; NULL: SOAP, and what follows is used */

    sfi_buf rows; /* sObjects of the request that is filled */
    int32_t row_count;
    sf_publish_counts counts;
    sf_error stopped; /* sticky; status SF_OK: it goes on */
    sf_error failure; /* of the first failed or unknown event, and its number */
    int64_t failure_row;
    bool is_inside, is_muted; /* a callback runs; it answered false: no more calls */

    sf_publish_result result; /* the one that is told; large, so it is here once */
};

/* The result of an event that failed as its request did, or as the org said. */
void sfi_publish_fail(sf_publish_result *out, const sf_error *why);
bool sfi_publish_is_event(const char *name); /* Low_Ink__e, or a standard one, …Event */
/* {"Model__c":…} as a record. @param name where it has no attributes.type; NULL: then it is needed. @param out owned by the
 * caller. SF_ERR_USAGE: not such an object. */
sf_status sfi_publish_read_json(sf_str json, const char *name, sf_record **out, sf_error *err);

/* ---- publish_soap.c: as the public calls of the same names, for a publisher without a writer ---- */
sf_status sfi_publish_soap_add(sf_publisher *p, const sf_record *event, sf_error *err);
sf_status sfi_publish_soap_flush(sf_publisher *p, sf_error *err);
#endif
