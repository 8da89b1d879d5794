/*
 * soap_answer_fuzz.c: any bytes as the answer to a convertLead and to a query: an error of the right kind, or a tree whose
 * rows and texts can be read, and which, written as text and read again, is written the same.
 */
#define SFI_MAY_ALLOCATE
#include "soap/soap_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(sf_xml_element e, int depth)
{
    if (depth > SF_XML_DEPTH_MAX || sf_xml_name(e)[0] == '\0') abort();
    const char *text = sf_xml_get_str(e, NULL);
    if ((text == NULL) != sf_xml_is_nil(e, NULL)) abort();
    (void)sf_xml_attribute(e, "type");
    (void)sf_xml_get_int(e, "size", 0);
    for (sf_xml_element c = sf_xml_child(e, NULL); sf_xml_exists(c); c = sf_xml_next(c, NULL)) read_all(c, depth + 1);
}

/* write ∘ read is the same again. */
static void check_text(sf_xml *doc)
{
    char *once = NULL, *twice = NULL, *indented = NULL;
    size_t len = 0;
    sf_xml *again = NULL;
    if (sf_xml_to_text(sf_xml_root(doc), false, &once, &len, NULL) != SF_OK) abort();
    if (sf_xml_to_text(sf_xml_root(doc), true, &indented, NULL, NULL) != SF_OK) abort();
    sf_status rc = sf_xml_parse(once, len, &again, NULL);
    if (rc != SF_OK && rc != SF_ERR_LIMIT) abort(); /* escaped, a tag may be longer than what may be read */
    if (rc == SF_OK) {
        if (sf_xml_to_text(sf_xml_root(again), false, &twice, NULL, NULL) != SF_OK || strcmp(once, twice) != 0) abort();
        sf_xml_free(again);
    }
    sf_free(once);
    sf_free(twice);
    sf_free(indented);
}

static void check_rows(sf_xml *doc, size_t count)
{
    sf_soap_results *rows = NULL;
    sf_error err;
    if (sfi_soap_results_take(doc, "convertLead", count, &rows, &err) != SF_OK) abort();
    for (size_t i = 0; i < count; i++) {
        const sf_soap_result *row = sf_soap_results_at(rows, i);
        if ((sf_soap_result_error(row, &err) == SF_OK) != row->success) abort();
        for (size_t k = 0; k < row->error_count; k++)
            if (row->errors[k].code == NULL || row->errors[k].message == NULL || row->errors[k].fields == NULL) abort();
        for (size_t k = 0; k < row->merged_count; k++)
            if (strlen(row->merged_ids[k].text) != 18) abort();
    }
    sf_soap_results_free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const sfi_soap_operation operations[] = { { .name = "convertLead" },
                                                     { .name = "query", .is_repeatable = true } };
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        sf_xml *doc;
        sf_error err = { 0 };
        sf_str text = { (const char *)data, size };
        sf_status rc = sfi_soap_read(200, SFI_STR("text/xml"), text, &operations[i], &doc, &err);
        if ((rc == SF_OK) != (doc != NULL)) abort();
        if (rc != SF_OK) {
            if (rc >= 0 || err.status != rc || err.message[0] == '\0') abort();
            if (operations[i].is_repeatable && rc == SF_ERR_UNKNOWN_OUTCOME) abort();
            continue;
        }
        read_all(sf_xml_root(doc), 1);
        check_text(doc);
        size_t count = sf_xml_count(sf_soap_body(doc), "result");
        if (i == 0 && count > 0)
            check_rows(doc, count); /* transferred */
        else
            sf_xml_free(doc);
    }
    return 0;
}
