/* collections.c: the calls of collections.h: one request each. Called by programs; owns the results that it hands out. The
 * one idea: everything but an insert may be sent again when its answer is lost or cannot be read; of an insert that is told
 * as an unknown outcome, since the rows may be there. */
#include "rest/collection_internal.h"

struct sf_row_results {
    sfi_json *doc;
    sfi_collection c; /* its texts are dead: only the operation counts */
    sfi_collection_end end;
    size_t count, failed;
    sf_value rows[SF_COLLECTION_MAX];
};

static const sf_collection_options no_options;

/* ---- results ---- */

size_t sf_row_results_count(const sf_row_results *r)
{
    return r != NULL ? r->count : 0;
}

size_t sf_row_results_failed(const sf_row_results *r)
{
    return r != NULL ? r->failed : 0;
}

bool sf_row_results_get(const sf_row_results *r, size_t row, sf_row_result *out)
{
    if (r == NULL || out == NULL || row >= r->count) return false;
    out->row = (int64_t)row;
    memset(out->reserved, 0, sizeof out->reserved);
    sfi_collection_result(&r->c, r->rows[row], r->end.repeated, out);
    return true;
}

void sf_row_results_free(sf_row_results *r)
{
    if (r == NULL) return;
    sfi_json_free(r->doc);
    sfi_free(r);
}

static void note_rows(sf_row_results *r)
{
    sf_value row;
    sf_row_result result;
    sf_value array = sfi_json_root(r->doc);
    sf_iter it = sf_iter_begin(array);
    while (r->count < SF_COLLECTION_MAX && sf_iter_next(&it, NULL, &row)) {
        r->rows[r->count++] = row;
        sfi_collection_result(&r->c, row, r->end.repeated, &result);
        if (!result.success) r->failed++;
    }
}

/* ---- one request ---- */

/* Sends rows that were ended. */
static sf_status run(sf_client *sf, const sfi_collection *c, const sfi_rows *rows, sf_row_results *r, sf_error *err)
{
    sf_error own;
    sf_error *e = err != NULL ? err : &own;
    sfi_collection_texts texts;
    sfi_call *call;
    sfi_call_request request = sfi_collection_request(c, rows, &texts);
    sf_status rc = sfi_call_begin(sf, &request, &call, e);
    return rc == SF_OK ? sfi_collection_finish(sf, c, rows, call, &r->doc, &r->end, e) : rc;
}

static sf_status send_rows(sf_client *sf, const sfi_collection *c, sfi_rows *rows, sf_row_results **out, sf_error *err)
{
    sf_row_results *r = sfi_calloc(sizeof *r);
    if (r == NULL) return sfi_fail_memory(err, "results");
    r->c = *c;
    sfi_rows_end(rows, c);
    sf_status rc = sfi_json_new(&r->doc, err);
    if (rc == SF_OK) rc = run(sf, c, rows, r, err);
    if (rc == SF_OK) {
        note_rows(r);
        *out = r; /* transferred */
        r = NULL;
    }
    sf_row_results_free(r);
    return rc;
}

/* What all writes check first. */
static sf_status check(sf_client *sf, const sfi_collection *c, const void *given, size_t count,
                       const sf_collection_options *options, sf_row_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (given == NULL || count == 0) return sfi_fail(err, SF_ERR_USAGE, "no rows are given: at least one is needed");
    if (count > SF_COLLECTION_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "%zu rows are more than SF_COLLECTION_MAX (%d): use a writer", count,
                        SF_COLLECTION_MAX);
    if (options != NULL && !sfi_is_zero(options->reserved, sizeof options->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_collection_options: reserved is not zero");
    return sfi_collection_check(c, err);
}

static sfi_collection collection_of(sf_operation operation, const sf_collection_options *options)
{
    const sf_collection_options *o = options != NULL ? options : &no_options;
    return (sfi_collection){ .operation = operation,
                             .all_or_none = o->all_or_none,
                             .allow_duplicates = o->allow_duplicates,
                             .assignment_rule = o->assignment_rule,
                             .call = o->call };
}

static sf_status explain_unfit(sf_status rc, const sfi_rows *rows, size_t row, sf_error *err)
{
    if (rc == SF_ERR_MEMORY) return sfi_fail_memory(err, "a request's rows");
    if (rows->runs == SF_COLLECTION_RUNS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT,
                        "row %zu begins run %d of rows of one object, and the org takes %d in one request: sort the "
                        "rows by object",
                        row, rows->runs + 1, SF_COLLECTION_RUNS_MAX);
    return sfi_fail(err, SF_ERR_LIMIT, "row %zu: the request would pass SF_RECORD_BYTES_MAX (50 MB)", row);
}

/* ---- writes of records ---- */

static sf_status add_record(sfi_rows *rows, const sfi_collection *c, const sf_record *r, const char *id, size_t row,
                            sf_error *err)
{
    sf_status rc = sfi_record_check(r, err);
    if (rc != SF_OK) {
        sfi_error_prefix(err, "row %zu", row);
        return rc;
    }
    const char *object = sf_record_object(r);
    if (c->object != NULL && !sfi_eq_nocase(object, c->object))
        return sfi_fail(err, SF_ERR_USAGE, "row %zu is of %s, the others of %s: an upsert takes rows of one object",
                        row, object, c->object);
    if (id != NULL && sfi_record_field_json(r, "Id").ptr != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "row %zu sets its Id, and ids names one too", row);
    sfi_json_writer w = sfi_rows_open(rows, object);
    if (id != NULL) {
        sfi_json_key(&w, "Id");
        sfi_json_string(&w, id);
    }
    sfi_record_write_members(r, NULL, &w);
    rc = sfi_rows_close(rows, object, sfi_str(object), SF_COLLECTION_MAX);
    return rc == SF_OK ? rc : explain_unfit(rc, rows, row, err);
}

static sf_status write_records(sf_client *sf, const sfi_collection *c, const sf_record *const *records,
                               const char *const *ids, size_t count, sf_row_results **out, sf_error *err)
{
    sf_status rc = SF_OK;
    sfi_rows rows = { .text = { .max = SF_RECORD_BYTES_MAX } };
    sfi_rows_start(&rows, c);
    for (size_t i = 0; rc == SF_OK && i < count; i++) {
        if (ids != NULL && !sfi_rest_is_id(ids[i]))
            rc = sfi_fail(err, SF_ERR_USAGE, "row %zu: \"%.40s\" is not a record id (15 or 18 letters and digits)", i,
                          ids[i] != NULL ? ids[i] : "(NULL)");
        else
            rc = add_record(&rows, c, records[i], ids != NULL ? ids[i] : NULL, i, err);
    }
    if (rc == SF_OK) rc = send_rows(sf, c, &rows, out, err);
    sfi_rows_free(&rows);
    return rc;
}

sf_status sf_collection_create(sf_client *sf, const sf_record *const *records, size_t count,
                               const sf_collection_options *options, sf_row_results **out, sf_error *err)
{
    sfi_collection c = collection_of(SF_INSERT, options);
    sf_status rc = check(sf, &c, records, count, options, out, err);
    return rc == SF_OK ? write_records(sf, &c, records, NULL, count, out, err) : rc;
}

sf_status sf_collection_update(sf_client *sf, const sf_record *const *records, const char *const *ids, size_t count,
                               const sf_collection_options *options, sf_row_results **out, sf_error *err)
{
    sfi_collection c = collection_of(SF_UPDATE, options);
    sf_status rc = check(sf, &c, records, count, options, out, err);
    return rc == SF_OK ? write_records(sf, &c, records, ids, count, out, err) : rc;
}

sf_status sf_collection_upsert(sf_client *sf, const char *field, const sf_record *const *records, size_t count,
                               const sf_collection_options *options, sf_row_results **out, sf_error *err)
{
    sfi_collection c = collection_of(SF_UPSERT, options);
    c.external_id = field;
    c.object = records != NULL && count > 0 ? sf_record_object(records[0]) : "none"; /* both are refused below */
    if (c.object == NULL) c.object = "none";
    sf_status rc = check(sf, &c, records, count, options, out, err);
    return rc == SF_OK ? write_records(sf, &c, records, NULL, count, out, err) : rc;
}

sf_status sf_collection_delete(sf_client *sf, const char *const *ids, size_t count,
                               const sf_collection_options *options, sf_row_results **out, sf_error *err)
{
    sfi_collection c = collection_of(SF_DELETE, options);
    sf_status rc = check(sf, &c, ids, count, options, out, err);
    if (rc != SF_OK) return rc;
    sfi_rows rows = { 0 };
    sfi_rows_start(&rows, &c);
    for (size_t i = 0; rc == SF_OK && i < count; i++) {
        if (!sfi_rest_is_id(ids[i])) {
            rc = sfi_fail(err, SF_ERR_USAGE, "row %zu: \"%.40s\" is not a record id (15 or 18 letters and digits)", i,
                          ids[i] != NULL ? ids[i] : "(NULL)");
            break;
        }
        (void)sfi_rows_open(&rows, NULL);
        sfi_buf_add_str(&rows.text, ids[i]);
        rc = sfi_rows_close(&rows, NULL, (sf_str){ ids[i], 3 }, SF_COLLECTION_MAX);
        if (rc != SF_OK) rc = explain_unfit(rc, &rows, i, err);
    }
    if (rc == SF_OK) rc = send_rows(sf, &c, &rows, out, err);
    sfi_rows_free(&rows);
    return rc;
}

/* ---- reading ---- */

static sf_status check_get(sf_client *sf, const char *object, const char *const *ids, size_t count,
                           const char *const *fields, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (!sfi_rest_is_name(object))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object != NULL ? object : "(NULL)");
    if (ids == NULL || count == 0) return sfi_fail(err, SF_ERR_USAGE, "no ids are given: at least one is needed");
    if (count > SF_COLLECTION_GET_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "%zu ids are more than SF_COLLECTION_GET_MAX (%d)", count,
                        SF_COLLECTION_GET_MAX);
    if (fields == NULL || fields[0] == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "no fields are given: at least one is needed");
    for (size_t i = 0; i < count; i++)
        if (!sfi_rest_is_id(ids[i]))
            return sfi_fail(err, SF_ERR_USAGE, "id %zu: \"%.40s\" is not a record id (15 or 18 letters and digits)", i,
                            ids[i] != NULL ? ids[i] : "(NULL)");
    for (size_t i = 0; fields[i] != NULL; i++)
        if (!sfi_rest_is_path(fields[i]))
            return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a field name", fields[i]);
    return SF_OK;
}

static void add_list(sfi_buf *url, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) sfi_buf_add_char(url, ',');
        sfi_buf_add_str(url, list[i]);
    }
}

static void add_json_list(sfi_json_writer *w, const char *name, const char *const *list, size_t count)
{
    sfi_json_key(w, name);
    sfi_json_begin_array(w);
    for (size_t i = 0; i < count; i++) sfi_json_string(w, list[i]);
    sfi_json_end_array(w);
}

sf_status sf_collection_get(sf_client *sf, const char *object, const char *const *ids, size_t count,
                            const char *const *fields, const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    return sfi_collection_get(sf, object, ids, count, fields, 0, call, out, err);
}

sf_status sfi_collection_get(sf_client *sf, const char *object, const char *const *ids, size_t count,
                             const char *const *fields, size_t response_max, const sf_call_options *call,
                             sf_document **out, sf_error *err)
{
    sf_status rc = check_get(sf, object, ids, count, fields, err);
    if (rc != SF_OK) return rc;
    size_t field_count = 0;
    while (fields[field_count] != NULL) field_count++;
    char what[SFI_REST_NAME_MAX + 64], path[SFI_REST_NAME_MAX + 32];
    snprintf(what, sizeof what, "get %zu %s records", count, object);
    snprintf(path, sizeof path, "composite/sobjects/%s", object);
    sfi_buf url = { 0 }, body = { 0 };
    sfi_buf_addf(&url, "%s?fields=", path);
    add_list(&url, fields, field_count);
    sfi_buf_add_str(&url, "&ids=");
    add_list(&url, ids, count);
    sfi_call_request request = { .method = "GET",
                                 .path = url.data,
                                 .repeatable = true,
                                 .response_max = response_max,
                                 .options = call,
                                 .what = what };
    if (url.len > SFI_REST_FIELDS_TEXT_MAX) {
        sfi_json_writer w = sfi_json_write_to(&body);
        sfi_json_begin_object(&w);
        add_json_list(&w, "ids", ids, count);
        add_json_list(&w, "fields", fields, field_count);
        sfi_json_end_object(&w);
        request.method = "POST";
        request.path = path;
        request.body = sfi_buf_str(&body);
    }
    rc = sfi_buf_status(&url, err, "the path");
    if (rc == SF_OK) rc = sfi_buf_status(&body, err, "the request");
    if (rc == SF_OK) rc = sfi_call_document(sf, &request, out, err);
    if (rc == SF_OK &&
        (sf_value_type(sf_document_root(*out)) != SF_ARRAY || sf_value_count(sf_document_root(*out)) != count)) {
        sf_document_free(*out);
        *out = NULL;
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org's answer is not an array of as many records", what);
    }
    sfi_buf_free(&url);
    sfi_buf_free(&body);
    return rc;
}
