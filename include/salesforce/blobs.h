/*
 * blobs.h: the bytes of files: attachments, documents, versions of files (ContentVersion), static resources, event log
 * files. They go through a source or a sink (stream.h), never whole in memory, up to the org's own limits: 2 GB for a
 * ContentVersion, 500 MB for the others.
 * Wire: REST sObject Blob Get, Insert or Update Blob Data (multipart). Threads: safe from any thread.
 */
#ifndef SALESFORCE_BLOBS_H
#define SALESFORCE_BLOBS_H
#include <salesforce/records.h>
#include <salesforce/stream.h>

typedef struct sf_blob_options {
    const sf_call_options *call; /* borrowed for the call; NULL: defaults */
    uint64_t reserved[8];        /* zero */
} sf_blob_options;

typedef struct sf_blob_info {
    char content_type[128];      /* as the org says it; "": it does not */
    int64_t bytes;               /* handed over */
    uint64_t reserved[4];
} sf_blob_info;

/* ---- reading. @return of all three: SF_OK; SF_ERR_USAGE; SF_ERR_NOT_FOUND (no such record or field); SF_ERR_TRUNCATED
 * (cut, and the sink has no restart); what the sink's write answers; and what stands at sf_client_request ---- */

/** Read a blob. @param object API name. @param id 15 or 18 characters. @param field API name; NULL: the object's own, as
 *  VersionData of ContentVersion, Body of Attachment, Document, StaticResource and ApexLog, LogFile of EventLogFile.
 *  @param sink borrowed for the call. @param options NULL: defaults. @param info NULL: not wanted. */
SF_API sf_status sf_blob_get(sf_client *sf, const char *object, const char *id, const char *field, const sf_sink *sink,
                             const sf_blob_options *options, sf_blob_info *info, sf_error *err);

/** Read a blob by the URL that a record carries in the field's place, which also serves for what has no field of its own
 *  (images in rich text). @param url "/services/data/v62.0/sobjects/Attachment/00P…/Body": what follows the host. */
SF_API sf_status sf_blob_get_url(sf_client *sf, const char *url, const sf_sink *sink, const sf_blob_options *options,
                                 sf_blob_info *info, sf_error *err);

/** Read a blob into a file. It is written beside the path (PATH.part-…) and renamed when it is whole; until then, and
 *  after a failure, what stood there stands. What is no regular file (a pipe, /dev/stdout) is written directly.
 *  @param path of the file; a file that is there is replaced and keeps its mode. @return also SF_ERR_IO (the file). */
SF_API sf_status sf_blob_get_file(sf_client *sf, const char *object, const char *id, const char *field,
                                  const char *path, const sf_blob_options *options, sf_blob_info *info, sf_error *err);

/* ---- writing ---- */
typedef struct sf_blob_data {    /* one of path, source and bytes; borrowed for the call */
    const char *field;           /* API name; NULL: the object's own, as in sf_blob_get */
    const char *path;            /* a file to send */
    const sf_source *source;     /* where the bytes come from */
    sf_str bytes;                /* in memory */
    const char *file_name;       /* UTF-8, told to the org with the bytes; NULL: the last part of path, else "file" */
    const char *content_type;    /* told likewise; NULL: application/octet-stream */
    uint64_t reserved[4];        /* zero */
} sf_blob_data;

/** Insert a record together with its bytes. The record sets the other fields: PathOnClient of a ContentVersion (with
 *  ContentDocumentId it is a new version of that file, with FirstPublishLocationId it is shown there), Name and ParentId
 *  of an Attachment, Name and FolderId of a Document. An upload that is cut before its end is made again if the source
 *  can; one whose answer is lost is not.
 *  @param id gets the new id; NULL: not wanted. @return SF_OK; SF_ERR_ORG (err.code, err.fields);
 *  SF_ERR_UNKNOWN_OUTCOME (sent whole, and no answer came); SF_ERR_IO (the file); what the source's read answers; and what
 *  stands at sf_client_request. */
SF_API sf_status sf_blob_create(sf_client *sf, const sf_record *r, const sf_blob_data *data,
                                const sf_blob_options *options, sf_id *id, sf_error *err);

/** Replace the bytes of an Attachment or Document, and the fields that the record sets (none is fine). A ContentVersion
 *  does not change: make a new version. Repeated when an answer is lost, which is safe.
 *  @param id 15 or 18 characters. @return as sf_blob_create, and SF_ERR_NOT_FOUND. */
SF_API sf_status sf_blob_update(sf_client *sf, const sf_record *r, const char *id, const sf_blob_data *data,
                                const sf_blob_options *options, sf_error *err);
#endif
