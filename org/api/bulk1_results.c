/*
 * bulk1_results.c: what came of a batch of Bulk API 1.0. A row of an ingest is kept as a line of JSON, and written here as
 * the job's format has it; the result of a query is kept as it goes out.
 */
#include "api/bulk1.h"
#include "csv/csv_internal.h"

enum { RESULT_ID_LENGTH = 15 };

static sfi_buf *begin_data(sfo_bulk1 *b)
{
    sfi_buf *out = sfo_bulk1_begin(b, 200);
    b->call->response->content_type = sfo_bulk1_content_type(b->job.content_type, false);
    return out;
}

void sfo_bulk1_batch_request(sfo_bulk1 *b)
{
    sfo_fault fault = { 0 };
    sfi_buf *out = sfo_bulk1_begin(b, 200);
    b->call->response->content_type = sfo_bulk1_content_type(b->job.content_type, true);
    if (!sfo_bulk_data_read(b->call->org->bulk, b->batch.id, SFO_BULK_UPLOAD, out, &fault))
        (void)sfo_bulk1_fault(b, &fault);
}

static bool is_done(sfo_bulk1 *b)
{
    const char *state = b->batch.state;
    if (strcmp(state, "Completed") == 0 || (strcmp(state, "Failed") == 0 && b->batch.processed > 0)) return true;
    if (strcmp(state, "Failed") == 0 || strcmp(state, "NotProcessed") == 0)
        return sfo_bulk1_fail(b, 400, "InvalidBatch", "Records not processed");
    return sfo_bulk1_fail(b, 400, "InvalidBatch", "Batch not completed");
}

/* ---- rows of an ingest ---- */
static const char *word(bool yes)
{
    return yes ? "true" : "false";
}

static void csv_row(sfi_buf *out, sf_value row)
{
    sfi_buf error = { 0 };
    sf_str fields = sf_get_text(row, "fields"), code = sf_get_text(row, "code"), text = sf_get_text(row, "message");
    if (code.ptr != NULL)
        sfi_buf_addf(&error, "%.*s:%.*s:%.*s%s--", (int)code.len, code.ptr, (int)text.len, text.ptr, (int)fields.len,
                     fields.ptr, fields.len > 0 ? " " : "");
    (void)sfi_csv_add_field(out, sf_get_text(row, "id"), ',', true);
    sfi_buf_addf(out, ",\"%s\",\"%s\",", word(sf_get_bool(row, "success", false)),
                 word(sf_get_bool(row, "created", false)));
    (void)sfi_csv_add_field(out, error.len > 0 ? sfi_buf_str(&error) : SFI_STR(""), ',', true);
    sfi_buf_add_char(out, '\n');
    if (error.failed) out->failed = true;
    sfi_buf_free(&error);
}

static void xml_row(sfi_buf *out, sf_value row)
{
    sf_str id = sf_get_text(row, "id"), code = sf_get_text(row, "code"), fields = sf_get_text(row, "fields");
    sfi_buf_add_str(out, "<result>");
    if (code.ptr != NULL) {
        sfi_buf_add_str(out, "<errors>");
        for (size_t at = 0; at < fields.len;) {
            size_t len = 0;
            while (at + len < fields.len && fields.ptr[at + len] != ',') len++;
            sfi_xml_element_text(out, "fields", sfi_trim((sf_str){ fields.ptr + at, len }));
            at += len + 1;
        }
        sfi_xml_element_text(out, "message", sf_get_text(row, "message"));
        sfi_xml_element_text(out, "statusCode", code);
        sfi_buf_add_str(out, "</errors>");
    }
    if (id.len == 0) id.ptr = NULL;
    sfi_xml_element_text(out, "id", id);
    sfi_xml_element_text(out, "success", sfi_str(word(sf_get_bool(row, "success", false))));
    sfi_xml_element_text(out, "created", sfi_str(word(sf_get_bool(row, "created", false))));
    sfi_buf_add_str(out, "</result>");
}

static void json_error(sfi_json_writer *w, sf_value row)
{
    sf_str fields = sf_get_text(row, "fields");
    sfi_json_begin_object(w);
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
    for (size_t at = 0; at < fields.len;) {
        size_t len = 0;
        while (at + len < fields.len && fields.ptr[at + len] != ',') len++;
        sfi_json_string_n(w, sfi_trim((sf_str){ fields.ptr + at, len }));
        at += len + 1;
    }
    sfi_json_end_array(w);
    sfi_json_key(w, "message");
    sfi_json_string_n(w, sf_get_text(row, "message"));
    sfi_json_key(w, "statusCode");
    sfi_json_string_n(w, sf_get_text(row, "code"));
    sfi_json_key(w, "extendedErrorDetails");
    sfi_json_null(w);
    sfi_json_end_object(w);
}

static void json_row(sfi_json_writer *w, sf_value row)
{
    sf_str id = sf_get_text(row, "id");
    sfi_json_begin_object(w);
    sfi_json_key(w, "success");
    sfi_json_bool(w, sf_get_bool(row, "success", false));
    sfi_json_key(w, "created");
    sfi_json_bool(w, sf_get_bool(row, "created", false));
    sfi_json_key(w, "id");
    if (id.len > 0)
        sfi_json_string_n(w, id);
    else
        sfi_json_null(w);
    sfi_json_key(w, "errors");
    sfi_json_begin_array(w);
    if (sf_get_text(row, "code").ptr != NULL) json_error(w, row);
    sfi_json_end_array(w);
    sfi_json_end_object(w);
}

/* Every line of what is kept, as a row. false: the kept lines are broken, or there is no memory. */
static bool write_rows(const sfo_bulk1 *b, sf_str lines, sfi_buf *out)
{
    bool is_csv = strcmp(sfo_bulk1_content_type(b->job.content_type, false), "text/csv") == 0;
    sfi_json *doc = NULL;
    sfi_json_writer w = sfi_json_write_to(out);
    bool fine = sfi_json_new(&doc, NULL) == SF_OK;
    if (is_csv) {
        sfi_buf_add_str(out, "\"Id\",\"Success\",\"Created\",\"Error\"\n");
    } else if (b->json) {
        sfi_json_begin_array(&w);
    } else {
        sfi_xml_declaration(out);
        sfi_buf_addf(out, "<results xmlns=\"%s\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">",
                     SFO_BULK1_NAMESPACE);
    }
    for (const char *at = lines.ptr, *end = lines.ptr + lines.len; fine && at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL) stop = end;
        fine = sfi_json_parse(doc, (sf_str){ at, (size_t)(stop - at) }, NULL) == SF_OK;
        at = stop + 1;
        if (!fine) break;
        if (is_csv)
            csv_row(out, sfi_json_root(doc));
        else if (b->json)
            json_row(&w, sfi_json_root(doc));
        else
            xml_row(out, sfi_json_root(doc));
    }
    if (b->json && !is_csv) sfi_json_end_array(&w);
    if (!b->json && !is_csv) sfi_buf_add_str(out, "</results>");
    sfi_json_free(doc);
    return fine;
}

static void answer_rows(sfo_bulk1 *b)
{
    sfo_fault fault = { 0 };
    sfi_buf lines = { 0 };
    if (!sfo_bulk_data_read(b->call->org->bulk, b->batch.id, SFO_BULK_RESULT, &lines, &fault))
        (void)sfo_bulk1_fault(b, &fault);
    else if (!write_rows(b, sfi_buf_str(&lines), begin_data(b)))
        (void)sfo_bulk1_fail(b, 500, "InternalServerError", "The results of the batch cannot be read");
    sfi_buf_free(&lines);
}

/* ---- results of a query: a batch has one ---- */
static void result_id(const sfo_bulk1 *b, char out[RESULT_ID_LENGTH + 1])
{
    snprintf(out, RESULT_ID_LENGTH + 1, "752%.12s", b->batch.id + 3);
}

static void answer_list(sfo_bulk1 *b)
{
    char id[RESULT_ID_LENGTH + 1];
    result_id(b, id);
    sfi_buf *out = sfo_bulk1_begin(b, 200);
    if (b->json) {
        sfi_buf_addf(out, "[\"%s\"]", id);
    } else {
        sfi_xml_declaration(out);
        sfi_buf_addf(out, "<result-list xmlns=\"%s\"><result>%s</result></result-list>", SFO_BULK1_NAMESPACE, id);
    }
}

void sfo_bulk1_batch_result(sfo_bulk1 *b)
{
    if (!is_done(b)) return;
    if (b->job.is_query)
        answer_list(b);
    else
        answer_rows(b);
}

void sfo_bulk1_query_result(sfo_bulk1 *b, sf_str id)
{
    char own[RESULT_ID_LENGTH + 1];
    sfo_fault fault = { 0 };
    sfo_bulk *bulk = b->call->org->bulk;
    result_id(b, own);
    if (!b->job.is_query || id.len < RESULT_ID_LENGTH || memcmp(id.ptr, own, RESULT_ID_LENGTH) != 0) {
        (void)sfo_bulk1_fail(b, 400, "InvalidBatch", "Invalid result id: %.*s", (int)(id.len < 40 ? id.len : 40),
                             id.ptr);
        return;
    }
    if (!is_done(b)) return;
    sfi_buf *out = begin_data(b);
    bool fine = true, is_csv = strcmp(b->job.content_type, "CSV") == 0;
    if (is_csv && b->batch.processed == 0) {
        sfi_buf_add_str(out, "Records not found for this query\n");
        return;
    }
    if (is_csv) {
        fine = sfo_bulk_data_read(bulk, b->batch.id, SFO_BULK_HEADER, out, &fault);
        sfi_buf_add_char(out, '\n');
    }
    if (!fine || !sfo_bulk_data_read(bulk, b->batch.id, SFO_BULK_RESULT, out, &fault)) (void)sfo_bulk1_fault(b, &fault);
}
