/*
 * soql_parse_fuzz.c: any bytes into the SOQL parser. Property: what was accepted, printed from its tree, is accepted
 * again and prints the same; what was refused has an error code and a message.
 */
#include "soql/soql.h"
#include "soql_printer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfi_arena arena = { .max = SFO_SOQL_ARENA_MAX };
    sfo_fault fault = { 0 };
    sfo_ast_query *first, *second;
    sfi_buf printed = { 0 }, again = { 0 };
    if (!sfo_soql_parse((sf_str){ (const char *)data, size }, &arena, &first, &fault)) {
        must(first == NULL && fault.code[0] != '\0' && fault.message != NULL && fault.message[0] != '\0');
    } else {
        print_query(&printed, first);
        must(!printed.failed);
        if (printed.len <= SFO_SOQL_TEXT_MAX) { /* printing adds blanks and parentheses */
            must(sfo_soql_parse(sfi_buf_str(&printed), &arena, &second, &fault));
            print_query(&again, second);
            must(sfi_str_eq(sfi_buf_str(&printed), sfi_buf_str(&again)));
        }
    }
    sfo_fault_clear(&fault);
    sfi_buf_free(&printed);
    sfi_buf_free(&again);
    sfi_arena_free(&arena);
    return 0;
}
