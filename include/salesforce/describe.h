/*
 * describe.h: what the org is made of: API versions, resources, limits, objects and fields.
 * Describe answers are kept per client (64 MiB at most; and in sf_client_options.cache_dir) and asked again with
 * If-Modified-Since, so an unchanged one costs an empty answer. What a user may see differs by user: answers are kept
 * by instance and user id, and where the login does not tell the user (bearer token), one cache_dir is for one user.
 * Wire: REST Versions, Resources by Version, Limits, Record Count, Recently Viewed Items, Describe Global, sObject Basic
 * Information, sObject Describe. Layouts, tabs and picklists by record type: layouts.h.
 * Threads: safe from any thread; each call hands out a document of its own.
 */
#ifndef SALESFORCE_DESCRIBE_H
#define SALESFORCE_DESCRIBE_H
#include <salesforce/client.h>

#define SF_COUNT_OBJECTS_MAX 200 /* objects that one sf_get_record_counts may name */
#define SF_RECENT_MAX 2000

typedef struct sf_describe_options {
    bool no_cache;              /* ask anew, whatever is kept */
    bool cache_only;            /* no network: what is kept, or SF_DONE with *out NULL; not together with no_cache */
    const sf_call_options *call; /* NULL: defaults */
    uint64_t reserved[4];       /* zero */
} sf_describe_options;

/* In all of these: @param object an API name, such as "Account" or "Order__c". @param options, call NULL: defaults.
 * @param out owned by the caller, ends with sf_document_free; NULL on failure. @return SF_OK, SF_ERR_USAGE (not an
 * object's name, an option is wrong), and what stands at sf_client_request. An answer that comes damaged is asked for
 * once more. */

/** All objects that the user sees: {"encoding","maxBatchSize","sobjects":[…]}. REST: Describe Global. Ballerina:
 *  getOrganizationMetaData. @return also SF_DONE: cache_only, and nothing is kept. */
SF_API sf_status sf_describe_global(sf_client *sf, const sf_describe_options *options, sf_document **out,
                                    sf_error *err);
/** One object with fields, child relationships, record types. REST: sObject Describe. Ballerina: describe.
 *  @return also SF_DONE (cache_only, and nothing is kept), SF_ERR_NOT_FOUND (no such object, or the user may not see
 *  it). */
SF_API sf_status sf_describe_object(sf_client *sf, const char *object, const sf_describe_options *options,
                                    sf_document **out, sf_error *err);
/** {"objectDescribe","recentItems"}; never from the cache. REST: sObject Basic Information. Ballerina: getBasicInfo.
 *  @return also SF_ERR_NOT_FOUND. */
SF_API sf_status sf_describe_basic(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                                   sf_error *err);
/** [{"label","url","version"}] as the org orders them; needs no login. REST: Versions. Ballerina: getApiVersions. */
SF_API sf_status sf_get_versions(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** {"sobjects":"/services/data/v62.0/sobjects",…}. REST: Resources by Version. Ballerina: getResources. */
SF_API sf_status sf_get_resources(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** {"DailyApiRequests":{"Max","Remaining"},…}: the names differ by release. REST: Limits. Ballerina: getLimits. */
SF_API sf_status sf_get_limits(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** {"sObjects":[{"count","name"}]}: about how many records there are, deleted ones not counted. REST: Record Count.
 *  @param objects API names, NULL at the end, at most SF_COUNT_OBJECTS_MAX; NULL: all objects. Objects that the org does
 *  not know are left out of the answer, in older versions also those without records. */
SF_API sf_status sf_get_record_counts(sf_client *sf, const char *const *objects, const sf_call_options *call,
                                      sf_document **out, sf_error *err);
/** [{"attributes","Id","Name"}]: what the user looked at or changed last, newest first. REST: Recently Viewed Items.
 *  @param limit 1..SF_RECENT_MAX; 0: the org's choice. */
SF_API sf_status sf_get_recent(sf_client *sf, int64_t limit, const sf_call_options *call, sf_document **out,
                               sf_error *err);
/** {"objectDescribe","recentItems"} of PlatformAction: the actions that user interfaces show, whose rows a query of
 *  PlatformAction gives. REST: Platform Action. Ballerina: getPlatformAction. */
SF_API sf_status sf_get_platform_action(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
#endif
