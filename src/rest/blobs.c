/*
 * blobs.c: see blobs.h. Called by programs; owns nothing between calls, safe from any thread. Bytes are asked for as they
 * are, not compressed: most files are that already, and what is not is still read (the transport inflates it).
 */
#include <salesforce/blobs.h>
#include <fcntl.h>
#include <errno.h>
#include <unistd.h>
#include "rest/blob_internal.h"
#include "rest/rest_internal.h"

enum { WHAT_BYTES = SFI_REST_NAME_MAX + 80 };

static const sf_blob_options no_options;

/* What objects call their bytes, and the multipart message the rest of their fields. */
typedef struct blob_kind {
    const char *object, *field, *part;
} blob_kind;

static const blob_kind *kind_of(const char *object)
{
    static const blob_kind kinds[] = {
        { "Attachment", "Body", "entity_attachment" },
        { "Document", "Body", "entity_document" },
        { "ContentVersion", "VersionData", "entity_content" },
        { "StaticResource", "Body", "entity_content" },
        { "ApexLog", "Body", "entity_content" },
        { "EventLogFile", "LogFile", "entity_content" },
        { "ContentNote", "Content", "entity_content" },
        { "QuoteDocument", "Document", "entity_content" },
        { "", NULL, "entity_content" }, /* all others */
    };
    size_t i = 0;
    while (i + 1 < SFI_COUNT_OF(kinds) && !sfi_eq_nocase(object, kinds[i].object)) i++;
    return &kinds[i];
}

static sf_status check_options(const sf_blob_options *o, sf_error *err)
{
    if (sfi_is_zero(o->reserved, sizeof o->reserved)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "sf_blob_options: reserved is not zero");
}

static sf_status check_id(const char *object, const char *id, sf_error *err)
{
    if (sfi_rest_is_id(id)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s: \"%.40s\" is not a record id (15 or 18 letters and digits)", object,
                    id != NULL ? id : "(NULL)");
}

/* The field that was named, or the object's own. */
static sf_status choose_field(const char *object, const char **field, sf_error *err)
{
    if (*field == NULL) *field = kind_of(object)->field;
    if (*field == NULL) return sfi_fail(err, SF_ERR_USAGE, "%s: name the field that holds the bytes", object);
    if (sfi_rest_is_name(*field)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a field name", *field);
}

/* ---- reading ---- */
static sf_status read_blob(sf_client *sf, const char *path, const char *what, const sf_sink *sink,
                           const sf_blob_options *o, sf_blob_info *info, sf_error *err)
{
    if (sink == NULL || sink->write == NULL) return sfi_fail(err, SF_ERR_USAGE, "%s: there is no sink", what);
    sfi_answer answer = { 0 };
    sfi_call_request request = { .method = "GET",
                                 .path = path,
                                 .sink = sink,
                                 .headers = { { SFI_STR("Accept"), SFI_STR("*/*") } },
                                 .header_count = 1,
                                 .no_gzip = true,
                                 .options = o->call,
                                 .what = what };
    sf_status rc = sfi_call_run(sf, &request, &answer, err);
    if (rc == SF_OK && info != NULL) {
        sf_str type = sfi_answer_header(&answer, "Content-Type");
        *info = (sf_blob_info){ .bytes = answer.sink_bytes };
        size_t len = type.len < sizeof info->content_type ? type.len : sizeof info->content_type - 1;
        if (len > 0) memcpy(info->content_type, type.ptr, len);
    }
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_blob_get(sf_client *sf, const char *object, const char *id, const char *field, const sf_sink *sink,
                      const sf_blob_options *options, sf_blob_info *info, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_blob_options *o = options != NULL ? options : &no_options;
    sf_status rc = check_options(o, err);
    if (rc == SF_OK && !sfi_rest_is_name(object))
        rc = sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object != NULL ? object : "(NULL)");
    if (rc == SF_OK) rc = check_id(object, id, err);
    if (rc == SF_OK) rc = choose_field(object, &field, err);
    if (rc != SF_OK) return rc;
    char what[WHAT_BYTES];
    char path[3 * SFI_REST_NAME_MAX]; /* two names and an id */
    (void)snprintf(what, sizeof what, "read %.80s of %s %.18s", field, object, id);
    (void)snprintf(path, sizeof path, "sobjects/%s/%s/%s", object, id, field);
    return read_blob(sf, path, what, sink, o, info, err);
}

sf_status sf_blob_get_url(sf_client *sf, const char *url, const sf_sink *sink, const sf_blob_options *options,
                          sf_blob_info *info, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_blob_options *o = options != NULL ? options : &no_options;
    sf_status rc = check_options(o, err);
    if (rc != SF_OK) return rc;
    if (url == NULL || !sfi_rest_is_local_path(sfi_str(url)))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.100s\": want the URL's path, such as /services/data/v62.0/sobjects/…",
                        url != NULL ? url : "(NULL)");
    char what[WHAT_BYTES];
    (void)snprintf(what, sizeof what, "read %.*s", (int)(strcspn(url, "?") < 250 ? strcspn(url, "?") : 250), url);
    return read_blob(sf, url, what, sink, o, info, err);
}

sf_status sf_blob_get_file(sf_client *sf, const char *object, const char *id, const char *field, const char *path,
                           const sf_blob_options *options, sf_blob_info *info, sf_error *err)
{
    if (path == NULL || *path == '\0') return sfi_fail(err, SF_ERR_USAGE, "the file's name is empty");
    sfi_part_file *file;
    sf_status rc = sfi_part_file_open(path, &file, err);
    if (rc == SF_OK) rc = sf_blob_get(sf, object, id, field, sfi_part_file_sink(file), options, info, err);
    if (rc == SF_OK) rc = sfi_part_file_commit(file, err);
    sfi_part_file_close(file);
    return rc;
}

/* ---- writing ---- */
static sf_status check_data(const sf_blob_data *d, sf_error *err)
{
    if (d == NULL) return sfi_fail(err, SF_ERR_USAGE, "there are no bytes: data is NULL");
    if (!sfi_is_zero(d->reserved, sizeof d->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_blob_data: reserved is not zero");
    if ((d->path != NULL) + (d->source != NULL) + (d->bytes.ptr != NULL) != 1)
        return sfi_fail(err, SF_ERR_USAGE, "sf_blob_data: want one of path, source and bytes");
    if (d->source != NULL && (d->source->read == NULL || d->source->length < SF_NONE))
        return sfi_fail(err, SF_ERR_USAGE, "sf_source: want a read function, and a length of 0 or more or SF_NONE");
    if (d->source != NULL && !sfi_is_zero(d->source->reserved, sizeof d->source->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_source: reserved is not zero");
    if (d->content_type != NULL && !sfi_rest_is_header_value(d->content_type))
        return sfi_fail(err, SF_ERR_USAGE, "sf_blob_data: content_type is empty or has a control character");
    if (d->file_name != NULL && *d->file_name == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "sf_blob_data: file_name is empty; NULL takes the default");
    return SF_OK;
}

static const char *name_of(const sf_blob_data *d)
{
    if (d->file_name != NULL) return d->file_name;
    const char *slash = d->path != NULL ? strrchr(d->path, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : d->path;
    return name != NULL && *name != '\0' ? name : "file";
}

typedef struct upload { /* what a write owns while it runs */
    int fd;
    sf_source source;
    sfi_memory_source memory;
    sfi_buf json;
    sfi_multipart multipart;
} upload;

static sf_status open_bytes(upload *u, const sf_blob_data *d, sf_error *err)
{
    if (d->source != NULL) u->source = *d->source;
    if (d->bytes.ptr != NULL) {
        sfi_memory_source_init(&u->memory, d->bytes);
        u->source = u->memory.source;
    }
    if (d->path == NULL) return SF_OK;
    u->fd = open(d->path, O_RDONLY | O_CLOEXEC);
    if (u->fd < 0) return sfi_fail(err, SF_ERR_IO, "cannot read %.300s: %s", d->path, strerror(errno));
    sf_status rc = sf_source_of_fd(u->fd, &u->source, err);
    if (rc != SF_OK) sfi_error_prefix(err, "%.300s", d->path);
    return rc;
}

static sf_status prepare(upload *u, const sf_record *r, const sf_blob_data *d, sf_error *err)
{
    const char *object = sf_record_object(r);
    const char *field = d->field;
    sf_status rc = choose_field(object, &field, err);
    if (rc == SF_OK && sfi_record_field_json(r, field).ptr != NULL)
        rc = sfi_fail(err, SF_ERR_USAGE, "the record sets %s, which the bytes are for", field);
    if (rc == SF_OK) rc = open_bytes(u, d, err);
    if (rc == SF_OK) rc = sfi_record_write(r, NULL, &u->json, err);
    const sfi_multipart_parts parts = {
        .json_name = kind_of(object)->part,
        .json = sfi_buf_str(&u->json),
        .bytes_name = field,
        .file_name = name_of(d),
        .content_type = d->content_type != NULL ? d->content_type : "application/octet-stream",
        .bytes = &u->source,
    };
    return rc == SF_OK ? sfi_multipart_init(&u->multipart, &parts, err) : rc;
}

/* @param id NULL: an insert. @param saved of an insert. */
static sf_status write_blob(sf_client *sf, const sf_record *r, const char *id, const sf_blob_data *data,
                            const sf_blob_options *options, sf_upsert_result *saved, sf_error *err)
{
    const sf_blob_options *o = options != NULL ? options : &no_options;
    sf_status rc = check_options(o, err);
    if (rc == SF_OK) rc = check_data(data, err);
    if (rc != SF_OK) return rc;
    const char *object = sf_record_object(r);
    char what[WHAT_BYTES];
    char path[2 * SFI_REST_NAME_MAX]; /* a name and an id */
    (void)snprintf(what, sizeof what, "%s %s%s%.18s with its bytes", id == NULL ? "create" : "update", object,
                   id == NULL ? "" : " ", id == NULL ? "" : id);
    (void)snprintf(path, sizeof path, "sobjects/%s%s%s", object, id == NULL ? "" : "/", id == NULL ? "" : id);
    upload u = { .fd = -1 };
    sfi_answer answer = { 0 };
    rc = prepare(&u, r, data, err);
    const sfi_call_request request = { .method = id == NULL ? "POST" : "PATCH",
                                       .path = path,
                                       .source = &u.multipart.source,
                                       .content_type = u.multipart.content_type,
                                       .repeatable = id != NULL,
                                       .options = o->call,
                                       .what = what };
    if (rc == SF_OK) rc = sfi_call_run(sf, &request, &answer, err);
    if (rc == SF_OK && (id == NULL || (answer.status != 204 && answer.body_len > 0)))
        rc = sfi_rest_read_saved(sf, &answer, what, NULL, saved, err);
    sfi_answer_clear(&answer);
    sfi_multipart_clear(&u.multipart);
    sfi_buf_free(&u.json);
    if (u.fd >= 0) (void)close(u.fd); /* only read from */
    return rc;
}

sf_status sf_blob_create(sf_client *sf, const sf_record *r, const sf_blob_data *data, const sf_blob_options *options,
                         sf_id *id, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    sf_upsert_result saved;
    sf_status rc = sfi_record_check(r, err);
    if (rc == SF_OK) rc = write_blob(sf, r, NULL, data, options, &saved, err);
    if (rc == SF_OK && id != NULL) *id = saved.id;
    return rc;
}

sf_status sf_blob_update(sf_client *sf, const sf_record *r, const char *id, const sf_blob_data *data,
                         const sf_blob_options *options, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    sf_upsert_result saved;
    sf_status rc = sfi_record_check(r, err);
    if (rc == SF_OK) rc = check_id(sf_record_object(r), id, err);
    return rc == SF_OK ? write_blob(sf, r, id, data, options, &saved, err) : rc;
}
