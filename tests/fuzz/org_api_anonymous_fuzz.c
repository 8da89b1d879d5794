/* org_api_anonymous_fuzz.c: any bytes as anonymous Apex. Property: statements, or a problem with its place. */
#include "api/anonymous.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sfo_schema *schema;
    sf_error err;
    if (schema == NULL && sfo_schema_load(NULL, &schema, &err) != SF_OK) abort();
    sfi_arena arena = { .max = 16 * SFI_MIB };
    sfo_apex_code code = { 0 };
    sfo_anonymous_result result = { 0 };
    if (sfo_apex_parse(schema, &arena, (sf_str){ (const char *)data, size }, &code, &result)) {
        if (result.problem != NULL || code.variables < 0 || code.variables > SFO_APEX_VARIABLES_MAX) abort();
    } else if (result.problem != NULL && (result.problem[0] == '\0' || result.line < 1 || result.column < 1)) {
        abort();
    }
    sfi_arena_free(&arena);
    return 0;
}
