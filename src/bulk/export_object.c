/* export_object.c: the statement that exports an object: every field that describe tells of and a bulk query can give. */
#include <salesforce/describe.h>
#include "bulk/export_internal.h"

sf_status sfi_export_soql(sf_client *sf, const char *object, const sf_call_options *call, sfi_buf *out, sf_error *err)
{
    static const char *const left_out[] = { "address", "location", "base64", "complexvalue", "json" };
    sf_document *doc = NULL;
    sf_status rc = sf_describe_object(sf, object, &(sf_describe_options){ .call = call }, &doc, err);
    if (rc != SF_OK) return rc;
    sf_value root = sf_document_root(doc), field;
    size_t count = 0;
    sfi_buf_add_str(out, "SELECT ");
    for (sf_iter it = sf_iter_begin(sf_get(root, "fields")); sf_iter_next(&it, NULL, &field);) {
        sf_str name = sf_get_text(field, "name"), type = sf_get_text(field, "type");
        bool fits = name.len > 0;
        for (size_t i = 0; i < SFI_COUNT_OF(left_out); i++) fits = fits && !sfi_str_is_nocase(type, left_out[i]);
        if (!fits) continue;
        if (count++ > 0) sfi_buf_add_char(out, ',');
        sfi_buf_add(out, name.ptr, name.len);
    }
    sf_str name = sf_get_text(root, "name");
    sfi_buf_addf(out, " FROM %.*s", (int)name.len, name.len > 0 ? name.ptr : "");
    rc = sfi_buf_status(out, err, "the statement of an export");
    if (rc == SF_OK && (count == 0 || name.len == 0))
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "the describe of %.80s names no fields", object);
    if (rc == SF_OK && !sf_get_bool(root, "queryable", true))
        rc = sfi_fail(err, SF_ERR_USAGE, "%.80s cannot be queried", object);
    sf_document_free(doc);
    return rc;
}
