/*
 * apex.h: calling Apex REST classes, the web services that an org's own developers write: any method, any content type in
 * and out, bodies in memory, as values or as streams. What a class answers is up to its author: an empty body, text and
 * any status are answers like others here.
 * Wire: Apex REST (/services/apexrest/). Threads: safe from any thread.
 */
#ifndef SALESFORCE_APEX_H
#define SALESFORCE_APEX_H
#include <salesforce/client.h>
#include <salesforce/stream.h>

#define SF_APEX_PATH_MAX 8192   /* bytes of a path with its query, encoded */

typedef struct sf_apex_param {  /* one of the query; name=value, encoded here */
    const char *name;           /* UTF-8, not empty */
    const char *value;          /* UTF-8; NULL: the name alone */
} sf_apex_param;

typedef struct sf_apex_options { /* borrowed for the call */
    const sf_apex_param *params; /* in this order, behind what the path has already */
    size_t param_count;
    sf_str body;                /* one of body, json and source, of POST, PUT and PATCH; ptr NULL: not this one */
    sf_value json;              /* a value to send as JSON; a missing one: not this one */
    const sf_source *source;
    const char *content_type;   /* of the body; NULL: application/json; charset=UTF-8 */
    const sf_sink *sink;        /* takes the body of an answer of 200..299; NULL: sf_response.body does */
    bool repeatable;            /* doing it twice is harmless: a POST or PATCH whose answer is lost is sent again */
    const sf_call_options *call; /* more headers (Accept …), time limit, cancel; NULL: defaults */
    uint64_t reserved[8];       /* zero */
} sf_apex_options;

/** Call a class. @param method "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE". @param path as its urlMapping has it:
 *  "/Cases/500…" or "/namespace/Cases/…", with or without /services/apexrest before it and a query behind it. What a URL
 *  cannot hold is percent-encoded; %XX stays as it is. @param options NULL: no body, defaults.
 *  @param out status, headers and body, also of an error answer; what it held is not freed; ends with sf_response_clear.
 *  @return SF_OK (200 to 299, 304); SF_ERR_USAGE; SF_ERR_LIMIT (SF_APEX_PATH_MAX); SF_ERR_NOT_FOUND (no class is mapped
 *  there, or the class says 404); SF_ERR_ORG (err.code APEX_ERROR: an exception in the class; or what the class itself
 *  answered, its message where it can be told); SF_ERR_UNKNOWN_OUTCOME (a write was sent whole, and no answer came, or
 *  one of 5xx that does not say what happened); and what stands at sf_client_request. */
SF_API sf_status sf_apex_request(sf_client *sf, const char *method, const char *path, const sf_apex_options *options,
                                 sf_response *out, sf_error *err);

/** The same where the answer is JSON. @param out owned by the caller, ends with sf_document_free; NULL when there is
 *  none. @return SF_OK; SF_DONE (the answer is empty: 204, a void method, HEAD); SF_ERR_PROTOCOL (it is not JSON);
 *  SF_ERR_USAGE (a sink); and what sf_apex_request answers. */
SF_API sf_status sf_apex_json(sf_client *sf, const char *method, const char *path, const sf_apex_options *options,
                              sf_document **out, sf_error *err);
#endif
