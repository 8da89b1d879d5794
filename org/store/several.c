/* several.c: a row that comes with others, by collections, SOAP or a bulk upload: what the store says of one record by its
 * path is said in the words that rows have. */
#include "store/store_internal.h"

bool sfo_several_id(const sfo_schema *schema, const sfo_object **o, sf_str text, const char *no_id, sf_id *out,
                    sfo_fault *f)
{
    int len = (int)(text.len < 100 ? text.len : 100);
    if (!sfo_id_normalize(text, out)) {
        out->text[0] = '\0';
        return sfo_fault_set(f, 400, "MALFORMED_ID", "%s %.*s", no_id, len, text.ptr);
    }
    if (*o == NULL) {
        *o = sfo_schema_object_of_id(schema, sfi_str(out->text));
        return *o != NULL || sfo_fault_set(f, 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    }
    if ((*o)->key_prefix == NULL || strncmp(out->text, (*o)->key_prefix, 3) == 0) return true;
    (void)sfo_fault_set(f, 400, "MALFORMED_ID", "%s ID: id value of incorrect type: %.*s", (*o)->label, len, text.ptr);
    if (f != NULL) snprintf(f->fields, sizeof f->fields, "Id");
    return false;
}

bool sfo_several_upsert(sfo_store *s, const sfo_context *c, const sfo_object *o, const sfo_field *field, sf_str value,
                        sf_value body, sf_id *id, bool *created, sfo_fault *f)
{
    sf_id found[2] = { { "" }, { "" } };
    if (sfo_record_upsert(s, c, o, field, value, body, false, id, created, f)) return true;
    if (f->http_status != 300) return false;
    (void)sfo_record_find(s, o, field, value, found, 2, NULL); /* found before */
    (void)sfo_fault_set(f, 400, "DUPLICATE_EXTERNAL_ID",
                        "%s: more than one record found for external id field: [%s, %s]", field->name, found[0].text,
                        found[1].text);
    snprintf(f->fields, sizeof f->fields, "%s", field->name);
    return false;
}

void sfo_several_reword(sfo_fault *f)
{
    if (strcmp(f->code, "NOT_FOUND") == 0)
        (void)sfo_fault_set(f, 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
}

void sfo_several_rolled_back(sfo_fault *f)
{
    (void)sfo_fault_set(
        f, 400, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header");
}
