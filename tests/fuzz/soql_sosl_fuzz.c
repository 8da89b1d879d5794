/* soql_sosl_fuzz.c: any bytes into the SOSL parser. Property: what was refused has an error code and a message; what was accepted
 * has something to find and a limit. A text that is escaped is one phrase, whatever it holds. */
#include "soql/sosl_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfi_arena arena = { .max = SFO_SOQL_ARENA_MAX };
    sfo_fault fault = { 0 };
    sfo_sosl sosl = { 0 };
    sfi_buf text = { 0 };
    sf_str given = { (const char *)data, size };
    if (sfo_sosl_parse(given, &arena, &sosl, &fault))
        must(sosl.find != NULL && sosl.limit >= 0);
    else
        must(fault.code[0] != '\0' && fault.message != NULL && fault.message[0] != '\0');
    sfo_fault_clear(&fault);
    sfi_arena_reset(&arena);
    sfi_buf_add_str(&text, "FIND {");
    sfo_sosl_escape(given, &text);
    sfi_buf_add_str(&text, "} RETURNING Account");
    sosl = (sfo_sosl){ 0 };
    if (sfi_utf8_valid(given.ptr, given.len) && sfo_sosl_parse(sfi_buf_str(&text), &arena, &sosl, &fault))
        must(sosl.spec_count == 1);
    sfo_fault_clear(&fault);
    sfi_buf_free(&text);
    sfi_arena_free(&arena);
    return 0;
}
