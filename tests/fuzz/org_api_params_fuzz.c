/* org_api_params_fuzz.c: whatever comes as a query string, form, multipart body, Basic header or fault SPEC is read or
 * refused, never read past its end. Property: parameters that were read, written as a form and read again, are the same. */
#include "api/faults.h"
#include "api/params.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(sfi_arena *arena, const sfo_params *p)
{
    static sfo_params again;
    sfi_buf form = { 0 };
    for (size_t i = 0; i < p->count; i++) {
        sfi_buf_add_urlencoded(&form, p->items[i].name);
        sfi_buf_add_char(&form, '=');
        sfi_buf_add_urlencoded(&form, p->items[i].value);
        sfi_buf_add_char(&form, '&');
    }
    if (!sfo_params_parse(arena, sfi_buf_str(&form), &again) || again.count != p->count) abort();
    for (size_t i = 0; i < p->count; i++)
        if (!sfi_str_eq(again.items[i].name, p->items[i].name) || !sfi_str_eq(again.items[i].value, p->items[i].value))
            abort();
    sfi_buf_free(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sfo_params p;
    sfi_arena arena = { 0 };
    sf_str text = { (const char *)data, size };
    sf_str user;
    sf_str password;
    sfo_fault_rule rule;
    if (sfo_params_parse(&arena, text, &p)) check_round_trip(&arena, &p);
    (void)sfo_params_parse_multipart(&arena, "multipart/form-data; boundary=b", text, &p);
    char *copy = sfi_arena_strndup(&arena, text.ptr, text.len);
    if (copy != NULL) {
        (void)sfo_basic_credentials(&arena, copy, &user, &password);
        (void)sfo_header_attribute(copy, "name");
        if (sfo_fault_parse(copy, &rule, NULL) == SF_OK)
            (void)sfo_fault_matches(&rule, "GET", "/services/data/v62.0/query");
    }
    sfi_arena_free(&arena);
    return 0;
}
