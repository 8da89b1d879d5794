/* soap_duplicates.c: what a duplicate rule found, as SOAP writes it: in the error of a row that it refused, and as the answer of
 * findDuplicates. */
#include "api/soap.h"

enum { RECORDS_MAX = 50 };

static void write_texts(sfi_buf *out, sf_value v, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sf_str text = sf_get_text(sf_get(v, names[i]), NULL);
        if (text.ptr != NULL) sfi_xml_element_text(out, names[i], text);
    }
}

static void write_match(sfo_soap *s, sfi_buf *out, sf_value match)
{
    static const char *const before[] = { "entityType", "matchEngine" };
    static const char *const after[] = { "rule", "size", "success" };
    sf_value v;
    write_texts(out, match, before, SFI_COUNT_OF(before));
    for (sf_iter it = sf_iter_begin(sf_get(match, "matchRecords")); sf_iter_next(&it, NULL, &v);) {
        sfi_xml_open(out, "matchRecords");
        sfi_xml_element_text(out, "matchConfidence", sf_get_text(v, "matchConfidence"));
        if (sf_value_type(sf_get(v, "record")) == SF_OBJECT)
            sfo_soap_write_record(s, out, "record", sf_get(v, "record"), SFO_SOAP_ID_TWICE);
        sfi_xml_close(out, "matchRecords");
    }
    write_texts(out, match, after, SFI_COUNT_OF(after));
}

void sfo_soap_write_duplicates(sfo_soap *s, sfi_buf *out, const char *element, const char *json)
{
    static const char *const texts[] = { "allowSave", "duplicateRule", "duplicateRuleEntityType", "errorMessage" };
    sf_document *doc = NULL;
    sf_value v;
    if (sf_document_parse(json, strlen(json), &doc, NULL) != SF_OK) {
        out->failed = true; /* no memory: the server makes a 500 of it */
        return;
    }
    sfi_xml_open(out, element);
    write_texts(out, sf_document_root(doc), texts, SFI_COUNT_OF(texts));
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "matchResults")); sf_iter_next(&it, NULL, &v);) {
        sfi_xml_open(out, "matchResults");
        write_match(s, out, v);
        sfi_xml_close(out, "matchResults");
    }
    sfi_xml_close(out, element);
    sf_document_free(doc);
}

/* ---- findDuplicates ---- */

static bool find_one(sfo_soap *s, void *user, size_t i, sfo_fault *f)
{
    const sfo_soap_record *record = (sfo_soap_record *)user + i;
    sfo_context context = s->call->context;
    sf_value body;
    context.allow_duplicates = false; /* rules that only warn are told too */
    return sfo_soap_record_body(s, record, &body, f) &&
           sfo_record_look_for_duplicates(s->call->org->store, &context, record->object, body, f);
}

static void write_found(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out)
{
    (void)user;
    (void)i;
    bool found = f != NULL && f->duplicates != NULL;
    if (found)
        sfo_soap_write_duplicates(s, out, "duplicateResults", f->duplicates);
    else if (f != NULL)
        sfo_soap_write_errors(s, out, f);
    sfo_soap_element_bool(out, "success", f == NULL || found);
}

void sfo_soap_find_duplicates(sfo_soap *s)
{
    static const char name[] = "sObjects";
    sfo_soap_record records[RECORDS_MAX];
    size_t count = sfo_soap_count(s->operation, name), i = 0;
    if (count > RECORDS_MAX) {
        sfo_soap_faultf(s, "EXCEEDED_ID_LIMIT", "UnexpectedErrorFault",
                        "record limit reached. cannot submit more than %d records into this call", (int)RECORDS_MAX);
        return;
    }
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); e != NULL && i < count; e = sfi_xml_next(e, name))
        if (!sfo_soap_record_look(s, e, &records[i++])) return;
    s->all_or_none = false; /* nothing is written */
    sfo_soap_run_rows(
        s, &(sfo_soap_rows){
               .count = count, .run = find_one, .write = write_found, .user = records, .event = SFO_EVENT_COUNT });
}
