/* org_api_multipart_fuzz.c: whatever comes as a multipart body or as an Apex path is taken apart or refused. Properties: the
 * data of a part lies in the body, parts come in order and do not overlap; what the last star of a mapping took is the end of
 * the path. */
#include "api/apex.h"
#include "api/multipart.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const mappings[] = { "/a/*", "/a/*/b", "/*", "/a" };
    sfi_arena arena = { 0 };
    sfo_part parts[SFO_PARTS_MAX];
    sf_str body = { (const char *)data, size }, rest;
    int count = sfo_multipart_parse(&arena, "multipart/form-data; boundary=b", body, parts);
    const char *from = body.ptr;
    for (int i = 0; i < count; i++) {
        const sfo_part *p = &parts[i];
        if (p->data.ptr < from || p->data.len > size || p->data.ptr + p->data.len > body.ptr + size) abort();
        from = p->data.ptr + p->data.len;
    }
    for (size_t i = 0; i < COUNT_OF(mappings); i++)
        if (sfo_apex_fits(mappings[i], body, &rest) && rest.len > 0 && rest.ptr + rest.len != body.ptr + size) abort();
    sfi_arena_free(&arena);
    return 0;
}
