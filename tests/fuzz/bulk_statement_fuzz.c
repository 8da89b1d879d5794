/* bulk_statement_fuzz.c: any bytes as the statement of an export. Property: one that takes a range takes it once more, with all of
 * its pieces as they were, the first condition in parentheses. */
#include "bulk/export_ranges_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(sf_str a, sf_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char range[] = "Id >= '003000000000001' AND Id < '003000000000002'";
    sf_error err;
    sfi_statement st, again;
    sfi_buf out = { 0 }, where = { 0 };
    if (sfi_statement_read((sf_str){ (const char *)data, size }, &st, &err) != SF_OK) return 0;
    sfi_statement_add_range(&st, "003000000000001", "003000000000002", &out);
    if (st.where.len > 0) {
        sfi_buf_add_char(&where, '(');
        sfi_buf_add(&where, st.where.ptr, st.where.len);
        sfi_buf_add_str(&where, ") AND ");
    }
    sfi_buf_add_str(&where, range);
    if (sfi_statement_read(sfi_buf_str(&out), &again, &err) != SF_OK) abort();
    if (!is_same(st.head, again.head) || !is_same(st.from, again.from) || !is_same(st.tail, again.tail) ||
        !is_same(sfi_buf_str(&where), again.where))
        abort();
    sfi_buf_free(&out);
    sfi_buf_free(&where);
    return 0;
}
