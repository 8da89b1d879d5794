/* org_api_template_fuzz.c: definitions of actions with names in braces, and the values that come with a call. Property: what is
 * JSON stays JSON whatever is put in, and a template without names comes back as it was. */
#include "api/actions.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(sf_str template, sf_value values)
{
    sfi_buf out = { 0 };
    sf_document *doc = NULL;
    sfo_scope scope = { .values = values, .user_id = "005000000000001AAA", .count = 1 };
    scope.variables[0] = (sfo_variable){ .name = "made", .id = { "001000000000001AAA" }, .status = "Pending" };
    if (sfo_template_write(&scope, template, &out) && sf_document_parse(out.data, out.len, &doc, NULL) != SF_OK)
        abort();
    sf_document_free(doc);
    sfi_buf_free(&out);
}

/* The first line is the template, the rest the values. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sf_str text = { (const char *)data, size };
    const char *end = size > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    sf_document *values = NULL, *template = NULL;
    if (end == NULL) return 0;
    sf_str first = { text.ptr, (size_t)(end - text.ptr) };
    if (sf_document_parse(first.ptr, first.len, &template, NULL) == SF_OK &&
        sf_document_parse(end + 1, text.len - first.len - 1, &values, NULL) == SF_OK)
        check(first, sf_document_root(values));
    sf_document_free(template);
    sf_document_free(values);
    return 0;
}
