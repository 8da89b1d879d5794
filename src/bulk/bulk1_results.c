/*
 * bulk1_results.c: what came of the rows of a batch of Bulk API 1.0, row for row in their order, from CSV, JSON or XML; and
 * the ids of a query's results; see bulk1.h. A batch has 10,000 rows at most, so that its results are read whole.
 */
#include <salesforce/bulk1.h>
#include "bulk/bulk1_internal.h"
#include "csv/csv_internal.h"

enum { COLUMNS = 4 };

struct sf_bulk1_results {
    sfi_bulk1_answer answer; /* JSON and XML */
    sf_iter at;
    sfi_xml_element *element; /* the next one */
    sfi_csv_reader *csv;      /* instead of them */
    size_t columns[COLUMNS];  /* where Id, Success, Created, Error stand; SIZE_MAX: nowhere */
    sfi_buf fields;           /* of the row, with commas */
    int64_t row;
    sf_status end; /* SF_OK while it goes on; then SF_DONE or an error, which is sticky */
    sf_error err;
};

static sf_status no_results(sf_error *err)
{
    return sfi_fail(err, SF_ERR_PROTOCOL, "results of a batch: the org's answer holds no results of rows");
}

/* ---- beginning ---- */
static sf_status begin_csv(sf_bulk1_results *r, char *text, size_t len, sf_error *err)
{
    static const char *const names[COLUMNS] = { "Id", "Success", "Created", "Error" };
    static const sfi_csv_reader_options options = { .delimiter =
                                                        ',' }; /* a row with fewer columns is a row that was cut */
    sfi_csv_record head;
    char *room;
    size_t size;
    sf_status rc = sfi_csv_reader_new(&options, &r->csv, err);
    if (rc == SF_OK) rc = sfi_csv_reader_room(r->csv, len + 1, &room, &size, err);
    if (rc == SF_OK) {
        memcpy(room, text, len);
        sfi_csv_reader_added(r->csv, len);
        sfi_csv_reader_end(r->csv);
        rc = sfi_csv_reader_next(r->csv, &head, err);
        if (rc != SF_ROW) return no_results(err);
        rc = SF_OK;
    }
    for (size_t k = 0; rc == SF_OK && k < COLUMNS; k++) {
        r->columns[k] = SIZE_MAX;
        for (size_t i = 0; i < head.count; i++)
            if (sfi_str_is_nocase(sfi_trim(head.fields[i]), names[k])) r->columns[k] = i;
    }
    return rc == SF_OK && r->columns[1] == SIZE_MAX ? no_results(err) : rc;
}

static sf_status begin(sf_bulk1_results *r, sf_error *err)
{
    sfi_bulk1_node root = sfi_bulk1_root(&r->answer);
    r->at = sf_iter_begin(root.value);
    if (root.element == NULL) return sf_value_type(root.value) == SF_ARRAY ? SF_OK : no_results(err);
    r->element = sfi_xml_child(root.element, "result");
    return strcmp(sfi_xml_name(root.element), "results") == 0 ? SF_OK : no_results(err);
}

sf_status sfi_bulk1_results_take(char *text, size_t len, sf_bulk1_results **out, sf_error *err)
{
    sf_bulk1_results *r = sfi_calloc(sizeof *r);
    sf_str body = sfi_trim((sf_str){ text, len });
    sf_status rc;
    *out = NULL;
    if (r == NULL) {
        sfi_free(text);
        return sfi_fail_memory(err, "results of a batch");
    }
    if (body.len > 0 && (body.ptr[0] == '<' || body.ptr[0] == '[' || body.ptr[0] == '{')) {
        rc = sfi_bulk1_parse(text, len, "results of a batch", &r->answer, err);
        if (rc == SF_OK) rc = begin(r, err);
    } else {
        rc = begin_csv(r, text, len, err);
        sfi_free(text);
    }
    if (rc == SF_OK)
        *out = r;
    else
        sf_bulk1_results_close(r);
    return rc;
}

static sf_status fetch(sf_client *sf, const char *job, const char *batch, const sf_call_options *call, char **text,
                       size_t *len, sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    sfi_answer answer = { 0 };
    sf_status rc = sfi_bulk1_path(sf, job, batch != NULL ? batch : "", "/result", path, err);
    if (rc != SF_OK) return rc;
    const sfi_call_request request = { .method = "GET",
                                       .path = path,
                                       .headers = { { SFI_STR("Accept"), SFI_STR("*/*") } },
                                       .header_count = 1,
                                       .session_header = true,
                                       .options = call,
                                       .what = "get the results of a batch" };
    rc = sfi_call_run(sf, &request, &answer, err);
    if (rc == SF_OK) rc = sfi_answer_text(sf, &answer, text, len, err);
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_bulk1_results_open(sf_client *sf, const char *job, const char *batch, const sf_call_options *call,
                                sf_bulk1_results **out, sf_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = fetch(sf, job, batch, call, &text, &len, err);
    return rc == SF_OK ? sfi_bulk1_results_take(text, len, out, err) : rc;
}

/* ---- a row ---- */
/* "CODE:message:FIELD,FIELD --"; the message may hold colons. What has another form is all message. */
static void split_error(sf_str text, sf_bulk1_result *out)
{
    sf_str rest = sfi_trim(text);
    out->message = rest;
    size_t code = 0;
    while (code < rest.len && ((rest.ptr[code] >= 'A' && rest.ptr[code] <= 'Z') || rest.ptr[code] == '_' ||
                               (code > 0 && rest.ptr[code] >= '0' && rest.ptr[code] <= '9')))
        code++;
    if (code == 0 || code == rest.len || rest.ptr[code] != ':') return;
    out->code = (sf_str){ rest.ptr, code };
    rest = (sf_str){ rest.ptr + code + 1, rest.len - code - 1 };
    out->message = sfi_trim(rest);
    if (rest.len < 2 || memcmp(rest.ptr + rest.len - 2, "--", 2) != 0) return;
    size_t last = rest.len;
    while (last > 0 && rest.ptr[last - 1] != ':') last--;
    if (last == 0) return;
    out->message = sfi_trim((sf_str){ rest.ptr, last - 1 });
    out->fields = sfi_trim((sf_str){ rest.ptr + last, rest.len - 2 - last });
}

static sf_status next_csv(sf_bulk1_results *r, sf_bulk1_result *out, sf_error *err)
{
    sfi_csv_record record;
    sf_status rc = sfi_csv_reader_next(r->csv, &record, err);
    if (rc == SF_ERR_USAGE) { /* the text is the org's, not the caller's */
        sfi_error_prefix(err, "results of a batch");
        if (err != NULL) err->status = SF_ERR_PROTOCOL;
        return SF_ERR_PROTOCOL;
    }
    if (rc != SF_ROW) return rc;
    sf_str cells[COLUMNS];
    for (size_t k = 0; k < COLUMNS; k++)
        cells[k] = r->columns[k] < record.count ? record.fields[r->columns[k]] : (sf_str){ "", 0 };
    out->id = sfi_id_make(cells[0]);
    out->success = sfi_str_is_nocase(cells[1], "true");
    out->created = sfi_str_is_nocase(cells[2], "true");
    if (out->success || cells[3].len == 0) return SF_ROW;
    out->errors = 1;
    split_error(cells[3], out);
    return SF_ROW;
}

static void add_field(sf_bulk1_results *r, sf_str name)
{
    if (r->fields.len > 0) sfi_buf_add_char(&r->fields, ',');
    (void)sfi_buf_add(&r->fields, name.ptr, name.len);
}

static void json_errors(sf_bulk1_results *r, sf_value row, sf_bulk1_result *out)
{
    sf_value errors = sf_get(row, "errors"), first = sf_get(errors, "0"), field;
    out->errors = (int64_t)sf_value_count(errors);
    out->code = sf_get_text(first, "statusCode");
    out->message = sf_get_text(first, "message");
    for (sf_iter it = sf_iter_begin(sf_get(first, "fields")); sf_iter_next(&it, NULL, &field);)
        add_field(r, sf_get_text(field, NULL));
}

static void xml_errors(sf_bulk1_results *r, const sfi_xml_element *row, sf_bulk1_result *out)
{
    sfi_xml *doc = r->answer.xml;
    sfi_xml_element *first = sfi_xml_child(row, "errors");
    for (sfi_xml_element *e = first; e != NULL; e = sfi_xml_next(e, "errors")) out->errors++;
    if (first == NULL) return;
    sfi_bulk1_node node = { .answer = &r->answer, .element = first };
    out->code = sfi_trim(sfi_bulk1_text(&node, "statusCode"));
    out->message = sfi_trim(sfi_bulk1_text(&node, "message"));
    for (sfi_xml_element *e = sfi_xml_child(first, "fields"); e != NULL; e = sfi_xml_next(e, "fields"))
        add_field(r, sfi_trim(sfi_str(sfi_xml_text(doc, e))));
}

static sf_status next_parsed(sf_bulk1_results *r, sf_bulk1_result *out, sf_error *err)
{
    sfi_bulk1_node node = { .answer = &r->answer, .element = r->element };
    if (r->answer.xml != NULL ? r->element == NULL : !sf_iter_next(&r->at, NULL, &node.value)) return SF_DONE;
    sf_str success = sfi_trim(sfi_bulk1_text(&node, "success")), id = sfi_trim(sfi_bulk1_text(&node, "id"));
    if (success.len == 0) return no_results(err);
    out->success = sfi_str_is(success, "true");
    out->created = sfi_str_is(sfi_trim(sfi_bulk1_text(&node, "created")), "true");
    if (id.len > 0) out->id = sfi_id_make(id);
    sfi_buf_clear(&r->fields);
    if (r->element != NULL) {
        xml_errors(r, r->element, out);
        r->element = sfi_xml_next(r->element, "result");
    } else {
        json_errors(r, node.value, out);
    }
    if (r->fields.failed) return sfi_fail_memory(err, "results of a batch");
    if (r->fields.len > 0) out->fields = sfi_buf_str(&r->fields);
    return SF_ROW;
}

sf_status sf_bulk1_results_next(sf_bulk1_results *r, sf_bulk1_result *out, sf_error *err)
{
    static const sf_str nothing = { "", 0 };
    if (r == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "%s is NULL", r == NULL ? "r" : "out");
    if (r->end == SF_OK) {
        sf_bulk1_result row = { .row = r->row + 1, .code = nothing, .message = nothing, .fields = nothing };
        sf_status rc = r->csv != NULL ? next_csv(r, &row, &r->err) : next_parsed(r, &row, &r->err);
        if (rc == SF_ROW) {
            if (row.code.ptr == NULL) row.code = nothing;
            if (row.message.ptr == NULL) row.message = nothing;
            r->row++;
            *out = row;
            return SF_ROW;
        }
        r->end = rc;
    }
    if (r->end < 0 && err != NULL) *err = r->err;
    return r->end;
}

void sf_bulk1_results_close(sf_bulk1_results *r)
{
    if (r == NULL) return;
    sfi_bulk1_answer_clear(&r->answer);
    sfi_csv_reader_free(r->csv);
    sfi_buf_free(&r->fields);
    sfi_free(r);
}

/* ---- results of a query ---- */
struct sf_bulk1_query_results {
    sfi_bulk1_answer answer;
    sf_iter at;
    sfi_xml_element *element; /* the next one */
    char id[32];
};

sf_status sf_bulk1_query_results_open(sf_client *sf, const char *job, const char *batch, const sf_call_options *call,
                                      sf_bulk1_query_results **out, sf_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = fetch(sf, job, batch, call, &text, &len, err);
    if (rc != SF_OK) return rc;
    sf_bulk1_query_results *r = sfi_calloc(sizeof *r);
    if (r == NULL) {
        sfi_free(text);
        return sfi_fail_memory(err, "the results of a query");
    }
    rc = sfi_bulk1_parse(text, len, "the results of a query", &r->answer, err);
    if (rc == SF_OK) {
        sfi_bulk1_node root = sfi_bulk1_root(&r->answer);
        r->at = sf_iter_begin(root.value);
        r->element = sfi_xml_child(root.element, "result");
        bool is_list = root.element != NULL ? strcmp(sfi_xml_name(root.element), "result-list") == 0
                                            : sf_value_type(root.value) == SF_ARRAY;
        if (!is_list)
            rc = sfi_fail(err, SF_ERR_PROTOCOL, "the results of a query: the org's answer is no list of results");
    }
    if (rc == SF_OK)
        *out = r;
    else
        sf_bulk1_query_results_close(r);
    return rc;
}

sf_status sf_bulk1_query_results_next(sf_bulk1_query_results *r, const char **id, sf_error *err)
{
    sf_value v = { 0 };
    if (r == NULL || id == NULL) return sfi_fail(err, SF_ERR_USAGE, "%s is NULL", r == NULL ? "r" : "id");
    sf_str text = { NULL, 0 };
    if (r->answer.xml != NULL) {
        if (r->element == NULL) return SF_DONE;
        text = sfi_trim(sfi_str(sfi_xml_text(r->answer.xml, r->element)));
        r->element = sfi_xml_next(r->element, "result");
    } else {
        if (!sf_iter_next(&r->at, NULL, &v)) return SF_DONE;
        text = sf_get_text(v, NULL);
    }
    if (text.ptr == NULL || text.len == 0 || text.len >= sizeof r->id)
        return sfi_fail(err, SF_ERR_PROTOCOL, "the results of a query: what should be an id is none");
    memcpy(r->id, text.ptr, text.len);
    r->id[text.len] = '\0';
    *id = r->id;
    return SF_ROW;
}

void sf_bulk1_query_results_close(sf_bulk1_query_results *r)
{
    if (r == NULL) return;
    sfi_bulk1_answer_clear(&r->answer);
    sfi_free(r);
}
