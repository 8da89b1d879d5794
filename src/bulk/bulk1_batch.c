/* bulk1_batch.c: batches of Bulk API 1.0: added, looked at, listed, given back; see bulk1.h. */
#include <salesforce/bulk1.h>
#include "bulk/bulk1_internal.h"

static sf_status run_batch(sf_client *sf, const sfi_call_request *request, sf_bulk1_batch *out, sf_error *err)
{
    sfi_bulk1_answer answer;
    sf_bulk1_batch batch;
    sf_status rc = sfi_bulk1_run(sf, request, &answer, NULL, err);
    if (rc != SF_OK) return rc;
    sfi_bulk1_node root = sfi_bulk1_root(&answer);
    rc = sfi_bulk1_read_batch(&root, &batch, err);
    if (rc == SF_OK && out != NULL) *out = batch;
    sfi_bulk1_answer_clear(&answer);
    return rc;
}

/* ---- adding ---- */
static sf_status add(sf_client *sf, const char *job, sf_bulk1_format format, const sf_source *source, sf_str text,
                     const sf_call_options *call, sf_bulk1_batch *out, sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    const char *type = sfi_bulk1_content_type(format);
    sf_status rc = sfi_bulk1_path(sf, job, NULL, "/batch", path, err);
    if (rc != SF_OK) return rc;
    if (type == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "format is %d; want SF_BULK1_CSV to SF_BULK1_ZIP_XML", (int)format);
    int64_t length = source != NULL ? source->length : (int64_t)text.len;
    if (length > SF_BULK1_BATCH_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a batch of %lld bytes: at most %d; split it", (long long)length,
                        SF_BULK1_BATCH_MAX);
    const sfi_call_request request = { .method = "POST",
                                       .path = path,
                                       .source = source,
                                       .body = text,
                                       .content_type = type,
                                       .once = true,
                                       .options = call,
                                       .what = "add a batch to a bulk job" };
    rc = run_batch(sf, &request, out, err);
    bool is_damaged = rc == SF_ERR_PROTOCOL || rc == SF_ERR_TRUNCATED || rc == SF_ERR_MEMORY;
    if (is_damaged && err != NULL && err->http_status >= 200 && err->http_status < 300) {
        sfi_error_prefix(err, "the batch was added, but the answer that names it cannot be read");
        rc = err->status = SF_ERR_UNKNOWN_OUTCOME;
    }
    return rc;
}

sf_status sf_bulk1_add_batch(sf_client *sf, const char *job, sf_bulk1_format format, const sf_source *data,
                             const sf_call_options *call, sf_bulk1_batch *out, sf_error *err)
{
    if (data == NULL || data->read == NULL) return sfi_fail(err, SF_ERR_USAGE, "data has no read");
    return add(sf, job, format, data, (sf_str){ NULL, 0 }, call, out, err);
}

sf_status sf_bulk1_add_batch_text(sf_client *sf, const char *job, sf_bulk1_format format, sf_str data,
                                  const sf_call_options *call, sf_bulk1_batch *out, sf_error *err)
{
    if (data.ptr == NULL) return sfi_fail(err, SF_ERR_USAGE, "data is NULL");
    return add(sf, job, format, NULL, data, call, out, err);
}

/* ---- looking ---- */
sf_status sf_bulk1_get_batch(sf_client *sf, const char *job, const char *batch, const sf_call_options *call,
                             sf_bulk1_batch *out, sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    sf_status rc = sfi_bulk1_path(sf, job, batch != NULL ? batch : "", "", path, err);
    const sfi_call_request request = { .method = "GET", .path = path, .options = call, .what = "get a batch" };
    return rc == SF_OK ? run_batch(sf, &request, out, err) : rc;
}

struct sf_bulk1_batches {
    sfi_bulk1_answer answer;
    sf_iter at;
    sfi_xml_element *element; /* the next one */
    sf_status end;            /* SF_OK while it goes on; then an error, which is sticky */
    sf_error err;
};

static sf_status begin_list(sf_bulk1_batches *b, sf_error *err)
{
    sfi_bulk1_node root = sfi_bulk1_root(&b->answer);
    if (root.element != NULL) {
        b->element = sfi_xml_child(root.element, "batchInfo");
        if (strcmp(sfi_xml_name(root.element), "batchInfoList") == 0) return SF_OK;
    } else {
        sf_value list = sf_get(root.value, "batchInfo");
        b->at = sf_iter_begin(list);
        if (sf_value_type(list) == SF_ARRAY) return SF_OK;
    }
    return sfi_fail(err, SF_ERR_PROTOCOL, "list the batches of a bulk job: the org's answer is no list of batches");
}

sf_status sf_bulk1_batches_open(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_batches **out,
                                sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_bulk1_path(sf, job, NULL, "/batch", path, err);
    if (rc != SF_OK) return rc;
    sf_bulk1_batches *b = sfi_calloc(sizeof *b);
    if (b == NULL) return sfi_fail_memory(err, "a list of batches");
    const sfi_call_request request = {
        .method = "GET", .path = path, .options = call, .what = "list the batches of a bulk job"
    };
    rc = sfi_bulk1_run(sf, &request, &b->answer, NULL, err);
    if (rc == SF_OK) rc = begin_list(b, err);
    if (rc == SF_OK)
        *out = b;
    else
        sf_bulk1_batches_close(b);
    return rc;
}

sf_status sf_bulk1_batches_next(sf_bulk1_batches *b, sf_bulk1_batch *out, sf_error *err)
{
    sf_bulk1_batch batch;
    if (b == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "%s is NULL", b == NULL ? "b" : "out");
    sfi_bulk1_node node = { .answer = &b->answer, .element = b->element };
    if (b->end == SF_OK) {
        if (b->answer.xml != NULL ? b->element == NULL : !sf_iter_next(&b->at, NULL, &node.value)) return SF_DONE;
        if (b->element != NULL) b->element = sfi_xml_next(b->element, "batchInfo");
        b->end = sfi_bulk1_read_batch(&node, &batch, &b->err);
        if (b->end == SF_OK) {
            *out = batch;
            return SF_ROW;
        }
    }
    if (err != NULL) *err = b->err;
    return b->end;
}

void sf_bulk1_batches_close(sf_bulk1_batches *b)
{
    if (b == NULL) return;
    sfi_bulk1_answer_clear(&b->answer);
    sfi_free(b);
}

/* ---- giving back ---- */
static sf_status download(sf_client *sf, const char *path, const sf_sink *sink, const char *what,
                          const sf_call_options *call, sf_error *err)
{
    sfi_answer answer = { 0 };
    if (sink == NULL || sink->write == NULL) return sfi_fail(err, SF_ERR_USAGE, "sink has no write");
    const sfi_call_request request = { .method = "GET",
                                       .path = path,
                                       .sink = sink,
                                       .headers = { { SFI_STR("Accept"), SFI_STR("*/*") } },
                                       .header_count = 1,
                                       .session_header = true,
                                       .options = call,
                                       .what = what };
    sf_status rc = sfi_call_run(sf, &request, &answer, err);
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_bulk1_get_batch_request(sf_client *sf, const char *job, const char *batch, const sf_sink *sink,
                                     const sf_call_options *call, sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    sf_status rc = sfi_bulk1_path(sf, job, batch != NULL ? batch : "", "/request", path, err);
    return rc == SF_OK ? download(sf, path, sink, "get the request of a batch", call, err) : rc;
}

sf_status sf_bulk1_get_batch_result(sf_client *sf, const char *job, const char *batch, const sf_sink *sink,
                                    const sf_call_options *call, sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    sf_status rc = sfi_bulk1_path(sf, job, batch != NULL ? batch : "", "/result", path, err);
    return rc == SF_OK ? download(sf, path, sink, "get the results of a batch", call, err) : rc;
}

/* ---- rows of a query; a sentence instead of CSV without rows is held back until it is known to be none ---- */
static const char no_rows[] = "Records not found for this query";

typedef struct filter {
    const sf_sink *sink;
    char held[64];
    size_t len;
    bool is_open; /* it is no such sentence: everything goes on */
} filter;

static bool may_be_sentence(const filter *f)
{
    sf_str text = sfi_trim((sf_str){ f->held, f->len });
    return text.len < sizeof no_rows && memcmp(text.ptr, no_rows, text.len) == 0;
}

static sf_status write_filtered(void *user, const char *data, size_t len, sf_error *err)
{
    filter *f = user;
    sf_status rc = SF_OK;
    if (!f->is_open && len <= sizeof f->held - f->len) {
        memcpy(f->held + f->len, data, len);
        f->len += len;
        if (may_be_sentence(f)) return SF_OK;
        len = 0;
    }
    if (f->len > 0) rc = f->sink->write(f->sink->user, f->held, f->len, err);
    f->len = 0;
    f->is_open = true;
    return rc == SF_OK && len > 0 ? f->sink->write(f->sink->user, data, len, err) : rc;
}

static sf_status restart_filtered(void *user, sf_error *err)
{
    filter *f = user;
    bool was_open = f->is_open;
    f->len = 0;
    f->is_open = false;
    return was_open ? f->sink->restart(f->sink->user, err) : SF_OK;
}

sf_status sf_bulk1_get_query_result(sf_client *sf, const char *job, const char *batch, const char *result,
                                    const sf_sink *sink, const sf_call_options *call, sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES], tail[64];
    filter f = { .sink = sink };
    if (sink == NULL || sink->write == NULL) return sfi_fail(err, SF_ERR_USAGE, "sink has no write");
    if (result == NULL || sfi_id_make(sfi_str(result)).text[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a result's id (15 or 18 letters and digits)",
                        result != NULL ? result : "(NULL)");
    snprintf(tail, sizeof tail, "/result/%s", result);
    sf_status rc = sfi_bulk1_path(sf, job, batch != NULL ? batch : "", tail, path, err);
    if (rc != SF_OK) return rc;
    const sf_sink filtered = { .write = write_filtered,
                               .restart = sink->restart != NULL ? restart_filtered : NULL,
                               .user = &f };
    rc = download(sf, path, &filtered, "get the result of a bulk query", call, err);
    bool is_sentence = sfi_str_is(sfi_trim((sf_str){ f.held, f.len }), no_rows);
    if (rc == SF_OK && f.len > 0 && !is_sentence) rc = sink->write(sink->user, f.held, f.len, err);
    return rc;
}
