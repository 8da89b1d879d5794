/*
 * results.c: the result elements of an answer as rows. Called by the calls that have some. Results own the answer and what
 * was put together from it; rows are views into both.
 */
#include "soap/soap_internal.h"

struct sf_soap_results {
    sf_xml *doc;
    sfi_arena arena;
    sf_soap_result *rows;
    size_t count, failed;
};

static sf_id id_at(sf_xml_element e, const char *name)
{
    const char *text = sf_xml_get_str(e, name);
    return sfi_id_make(sfi_trim(sfi_str(text != NULL ? text : "")));
}

/* All elements of one name as ids; false: no memory. */
static bool take_ids(sf_soap_results *r, sf_xml_element row, const char *name, const sf_id **out, size_t *count)
{
    size_t n = sf_xml_count(row, name), k = 0;
    if (n == 0) return true;
    sf_id *ids = sfi_arena_alloc(&r->arena, n * sizeof *ids);
    if (ids == NULL) return false;
    for (sf_xml_element e = sf_xml_child(row, name); k < n; e = sf_xml_next(e, name)) {
        sf_id id = id_at(e, NULL);
        if (id.text[0] != '\0')
            ids[k++] = id;
        else
            n--; /* nil: an empty list is written so, too */
    }
    *out = k > 0 ? ids : NULL;
    *count = k;
    return true;
}

/* "Name,Email" of an error; NULL: no memory. */
static const char *join_fields(sf_soap_results *r, sf_xml_element error)
{
    sfi_buf text = { .max = 16 * SFI_KIB };
    for (sf_xml_element e = sf_xml_child(error, "fields"); sf_xml_exists(e); e = sf_xml_next(e, "fields")) {
        const char *field = sf_xml_get_str(e, NULL);
        if (field == NULL || *field == '\0') continue;
        if (text.len > 0) (void)sfi_buf_add_char(&text, ',');
        (void)sfi_buf_add_str(&text, field);
    }
    bool ok = !text.failed || text.over_max; /* too long: cut */
    const char *copy = ok ? sfi_arena_strndup(&r->arena, text.len > 0 ? text.data : "", text.len) : NULL;
    sfi_buf_free(&text);
    return copy;
}

static bool take_errors(sf_soap_results *r, sf_xml_element row, sf_soap_result *out)
{
    size_t n = sf_xml_count(row, "errors"), k = 0;
    if (n == 0) return true;
    sf_soap_error *errors = sfi_arena_alloc(&r->arena, n * sizeof *errors);
    if (errors == NULL) return false;
    for (sf_xml_element e = sf_xml_child(row, "errors"); sf_xml_exists(e); e = sf_xml_next(e, "errors")) {
        const char *code = sf_xml_get_str(e, "statusCode"), *message = sf_xml_get_str(e, "message");
        if (code == NULL && message == NULL) continue; /* nil */
        errors[k] = (sf_soap_error){ .code = code != NULL ? code : "",
                                     .message = message != NULL ? message : "",
                                     .fields = join_fields(r, e) };
        if (errors[k++].fields == NULL) return false;
    }
    out->errors = errors;
    out->error_count = k;
    return true;
}

static bool take_row(sf_soap_results *r, sf_xml_element e, sf_soap_result *out)
{
    *out = (sf_soap_result){ .element = e,
                             .success = sf_xml_get_bool(e, "success", false),
                             .created = sf_xml_get_bool(e, "created", false),
                             .account_id = id_at(e, "accountId"),
                             .contact_id = id_at(e, "contactId"),
                             .opportunity_id = id_at(e, "opportunityId"),
                             .related_person_account_id = id_at(e, "relatedPersonAccountId"),
                             .instance_id = id_at(e, "instanceId"),
                             .instance_status = sf_xml_get_str(e, "instanceStatus") };
    static const char *const names[] = { "id", "leadId", "entityId" };
    for (size_t i = 0; i < SFI_COUNT_OF(names) && out->id.text[0] == '\0'; i++) out->id = id_at(e, names[i]);
    return take_errors(r, e, out) && take_ids(r, e, "mergedRecordIds", &out->merged_ids, &out->merged_count) &&
           take_ids(r, e, "updatedRelatedIds", &out->updated_related_ids, &out->updated_related_count) &&
           take_ids(r, e, "actorIds", &out->actor_ids, &out->actor_count) &&
           take_ids(r, e, "newWorkitemIds", &out->new_workitem_ids, &out->new_workitem_count);
}

sf_status sfi_soap_results_take(sf_xml *doc, const char *name, size_t count, sf_soap_results **out, sf_error *err)
{
    sf_status rc = SF_ERR_MEMORY;
    sf_soap_results *r = sfi_calloc(sizeof *r);
    if (r == NULL) goto done;
    r->doc = doc;
    doc = NULL;
    sf_xml_element e = sf_xml_child(sf_soap_body(r->doc), "result");
    size_t n = sf_xml_count(sf_soap_body(r->doc), "result");
    if (n != count) {
        (void)sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                       "%s: the org answered with %zu results to %zu requests, so which of them were done is not known",
                       name, n, count);
        rc = SF_ERR_UNKNOWN_OUTCOME;
        goto done;
    }
    r->rows = sfi_calloc_n(n, sizeof *r->rows);
    if (r->rows == NULL) goto done;
    for (; r->count < n; e = sf_xml_next(e, "result")) {
        if (!take_row(r, e, &r->rows[r->count])) goto done;
        r->failed += r->rows[r->count++].success ? 0 : 1;
    }
    *out = r;
    r = NULL;
    rc = SF_OK;
done:
    sf_soap_results_free(r);
    sf_xml_free(doc);
    if (rc == SF_ERR_MEMORY)
        return sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME, "%s was done, but there is no memory for its results", name);
    return rc;
}

sf_status sfi_soap_run_rows(sf_client *sf, const char *name, sf_xml_writer *w, size_t count,
                            const sf_soap_options *options, sf_soap_results **out, sf_error *err)
{
    sf_xml *doc = NULL;
    sf_status rc = sfi_soap_run_writer(sf, name, w, false, options, &doc, err);
    return rc == SF_OK ? sfi_soap_results_take(doc, name, count, out, err) : rc;
}

size_t sf_soap_results_count(const sf_soap_results *results)
{
    return results != NULL ? results->count : 0;
}

size_t sf_soap_results_failed(const sf_soap_results *results)
{
    return results != NULL ? results->failed : 0;
}

const sf_soap_result *sf_soap_results_at(const sf_soap_results *results, size_t i)
{
    return results != NULL && i < results->count ? &results->rows[i] : NULL;
}

sf_xml *sf_soap_results_answer(const sf_soap_results *results)
{
    return results != NULL ? results->doc : NULL;
}

void sf_soap_results_free(sf_soap_results *results)
{
    if (results == NULL) return;
    sf_xml_free(results->doc);
    sfi_arena_free(&results->arena);
    sfi_free(results->rows);
    sfi_free(results);
}

sf_status sf_soap_result_error(const sf_soap_result *result, sf_error *err)
{
    enum { HTTP_OK = 200 };
    if (result == NULL) return sfi_fail(err, SF_ERR_USAGE, "the result is NULL");
    if (result->success) return SF_OK;
    const char *what = result->id.text[0] != '\0' ? result->id.text : "refused";
    if (result->error_count == 0) return sfi_fail(err, SF_ERR_ORG, "%s: no success, and no reason was given", what);
    const sf_soap_error *e = &result->errors[0];
    sf_status rc = sfi_error_from_code(HTTP_OK, sfi_str(e->code), sfi_str(e->message), what, err);
    if (err == NULL) return rc;
    for (const char *field = e->fields; *field != '\0';) {
        size_t len = strcspn(field, ",");
        sfi_error_add_field(err, (sf_str){ field, len });
        field += len + (field[len] == ',' ? 1 : 0);
    }
    return rc;
}
