/* xml_read_fuzz.c: any bytes as XML: refused, or a tree whose texts and attributes, written again, read back the same. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include "xml/xml_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    if (text == NULL) abort(); /* there is memory */
    sfi_buf out = { 0 };
    sfi_xml *doc;
    (void)sfi_buf_add_str(&out, "<t a=\"");
    sfi_xml_escape(&out, sfi_str(text));
    bool is_long = out.len >= SF_XML_TAG_BYTES_MAX; /* with what quotes become it is longer than it was */
    if (is_long) out.len = sizeof "<t a=\"" - 1;
    (void)sfi_buf_add_str(&out, "\">");
    sfi_xml_escape(&out, sfi_str(text));
    (void)sfi_buf_add_str(&out, "</t>");
    if (!sfi_xml_can_carry(sfi_str(text)) || sfi_xml_parse(sfi_buf_str(&out), &doc, NULL) != SF_OK) abort();
    if (strcmp(sfi_xml_text(doc, sfi_xml_root(doc)), text) != 0) abort();
    if (strcmp(sfi_xml_attribute(doc, sfi_xml_root(doc), "a"), is_long ? "" : text) != 0) abort();
    sfi_xml_free(doc);
    sfi_buf_free(&out);
}

static void walk(sfi_xml *doc, const sfi_xml_element *e, int depth)
{
    if (depth > SFI_XML_DEPTH_MAX || sfi_xml_name(e)[0] == '\0' || sfi_xml_namespace(e) == NULL) abort();
    (void)sfi_xml_is_nil(doc, e);
    for (const sfi_xml_element *c = sfi_xml_child(e, NULL); c != NULL; c = sfi_xml_next(c, NULL))
        walk(doc, c, depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfi_xml *doc;
    sf_error err;
    sf_status rc = sfi_xml_parse((sf_str){ (const char *)data, size }, &doc, &err);
    if ((rc == SF_OK) != (doc != NULL)) abort();
    if (rc != SF_OK) {
        if (err.status != rc || err.message[0] == '\0') abort();
        return 0;
    }
    walk(doc, sfi_xml_root(doc), 1);
    check_text(sfi_xml_text(doc, sfi_xml_root(doc)));
    sfi_xml_free_secret(doc);
    return 0;
}
