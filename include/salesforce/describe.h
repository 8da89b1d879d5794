/*
 * describe.h: what the org is made of: API versions, resources, limits, objects and fields.
 * Describe answers are kept per client (and in sf_client_options.cache_dir) and asked again with If-Modified-Since, so
 * an unchanged one costs an empty answer. What a user may see differs by user: one cache_dir is for one user of an org.
 * Wire: REST Versions, Resources, Limits, Describe Global, sObject Describe.
 * Threads: safe from any thread; each call hands out a document of its own.
 */
#ifndef SALESFORCE_DESCRIBE_H
#define SALESFORCE_DESCRIBE_H
#include <salesforce/client.h>

typedef struct sf_describe_options {
    bool no_cache;              /* ask anew, whatever is kept */
    bool cache_only;            /* no network: what is kept, or SF_DONE with *out NULL */
    const sf_call_options *call;
    uint64_t reserved[4];       /* zero */
} sf_describe_options;

/* In all of these: @param options NULL: defaults. @param out owned by the caller, ends with sf_document_free; NULL on failure. */

/** All objects: {"encoding","maxBatchSize","sobjects":[…]}. Ballerina: getOrganizationMetaData. */
SF_API sf_status sf_describe_global(sf_client *sf, const sf_describe_options *options, sf_document **out, sf_error *err);
/** One object with fields, child relationships, record types. Ballerina: describe. SF_ERR_NOT_FOUND: no such object. */
SF_API sf_status sf_describe_object(sf_client *sf, const char *object, const sf_describe_options *options, sf_document **out, sf_error *err);
/** {"objectDescribe","recentItems"}. Ballerina: getBasicInfo. */
SF_API sf_status sf_describe_basic(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out, sf_error *err);
/** [{"label","url","version"}], ascending; needs no login. Ballerina: getApiVersions. */
SF_API sf_status sf_get_versions(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** {"sobjects":"/services/data/v62.0/sobjects",…}. Ballerina: getResources. */
SF_API sf_status sf_get_resources(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** {"DailyApiRequests":{"Max","Remaining"},…}: a map whose names differ by release. Ballerina: getLimits. */
SF_API sf_status sf_get_limits(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
#endif
