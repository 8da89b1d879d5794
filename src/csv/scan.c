/* scan.c: the checker: whole blocks through the kernel, the last bytes of a chunk as a short block, and the message when a
 * block is wrong. The kernel is chosen when asked for, by what the processor can do; no state is kept for it but the
 * switch of the tests. */
#include "csv/masks_internal.h"
#include <assert.h>
#include <stdatomic.h>

static const sfi_csv_kernel_fns *const kernels[] = {
#ifdef SFI_CSV_FOR_X86_64
    &sfi_csv_avx512,
    &sfi_csv_avx2,
#endif
    &sfi_csv_portable,
};
static atomic_int wanted; /* of those that fit; for tests and benchmarks */

static const sfi_csv_kernel_fns *nth_that_fits(int nth)
{
    for (size_t i = 0; i < SFI_COUNT_OF(kernels); i++)
        if (kernels[i]->fits() && nth-- == 0) return kernels[i];
    return NULL;
}

const char *sfi_csv_kernel(int nth)
{
    const sfi_csv_kernel_fns *found = nth_that_fits(nth);
    return found != NULL ? found->name : NULL;
}

void sfi_csv_use_kernel(int nth)
{
    atomic_store_explicit(&wanted, nth, memory_order_relaxed);
}

const sfi_csv_kernel_fns *sfi_csv_best(void)
{
    const sfi_csv_kernel_fns *found = nth_that_fits(atomic_load_explicit(&wanted, memory_order_relaxed));
    return found != NULL ? found : &sfi_csv_portable;
}

void sfi_csv_scan_init(sfi_csv_scan *s, char delimiter)
{
    assert(delimiter != '"' && delimiter != '\r' && delimiter != '\n' && delimiter != '\0');
    *s = (sfi_csv_scan){ .delimiter = delimiter,
                         .record_line = 1,
                         .state = { .at_field_start = 1, .line_is_blank = 1 } };
}

sfi_csv_masks sfi_csv_masks_of_tail(const char *data, size_t len, char delimiter)
{
    char block[SFI_CSV_BLOCK];
    memcpy(block, data, len);
    memset(block + len, delimiter == ' ' ? 'x' : ' ', sizeof block - len);
    return sfi_csv_masks_of(block, delimiter);
}

static sf_status fail_columns(int64_t line, int64_t columns, int64_t want, sf_error *err)
{
    return sfi_fail(err, SF_ERR_USAGE, "line %lld: the record has %lld column%s, and the first one has %lld",
                    (long long)line, (long long)columns, columns == 1 ? "" : "s", (long long)want);
}

sf_status sfi_csv_scan_fault(const sfi_csv_scan *s, const char *data, size_t n, sf_error *err)
{
    sfi_csv_state state = s->state;
    sfi_csv_masks m = sfi_csv_masks_of_tail(data, n < SFI_CSV_BLOCK ? n : 0, s->delimiter);
    if (n == SFI_CSV_BLOCK) m = sfi_csv_masks_of(data, s->delimiter);
    sfi_csv_found f = sfi_csv_judge(&m, n, &state);
    uint64_t bad = f.bad_quotes | f.bad_texts | f.bad_returns;
    uint64_t before = bad != 0 ? (bad ^ (bad - 1)) >> 1 : ~UINT64_C(0); /* the bytes before the first bad one */
    int64_t line = s->record_line, columns = s->columns, open = s->delimiters;
    uint64_t delimiters = f.delimiters & before;
    for (uint64_t ends = f.ends & ~f.delimiters & before; ends != 0; ends &= ends - 1) {
        uint64_t upto = ends ^ (ends - 1);
        if ((f.record_ends & upto & ~(upto >> 1)) != 0) {
            int64_t here = open + __builtin_popcountll(delimiters & upto) + 1;
            if (columns == 0) columns = here;
            if (here != columns && !s->any_columns) return fail_columns(line, here, columns, err);
        }
        delimiters &= ~upto;
        open = 0;
        line = s->lines + __builtin_popcountll(f.feeds & upto) + 1;
    }
    assert(bad != 0); /* else the kernel would have gone on */
    uint64_t at = bad & ~(bad - 1);
    long long at_line = s->lines + __builtin_popcountll(f.feeds & before) + 1;
    long long column = open + __builtin_popcountll(delimiters) + 1;
    if ((f.bad_quotes & at) != 0)
        return sfi_fail(err, SF_ERR_USAGE,
                        "line %lld, column %lld: a quote within a value that does not begin with one; quote the whole "
                        "value and double the quotes in it",
                        at_line, column);
    if ((f.bad_texts & at) != 0)
        return sfi_fail(err, SF_ERR_USAGE,
                        "line %lld, column %lld: text behind the closing quote of a value; double the quotes in it",
                        at_line, column);
    return sfi_fail(err, SF_ERR_USAGE,
                    "line %lld, column %lld: a carriage return outside quotes that no line feed follows", at_line,
                    column);
}

sf_status sfi_csv_scan_feed(sfi_csv_scan *s, const char *data, size_t len, sf_error *err)
{
    size_t blocks = len / SFI_CSV_BLOCK, rest = len % SFI_CSV_BLOCK;
    size_t done = sfi_csv_best()->tally(s, data, blocks);
    if (done < blocks) return sfi_csv_scan_fault(s, data + done * SFI_CSV_BLOCK, SFI_CSV_BLOCK, err);
    if (rest == 0) return SF_OK;
    const char *tail = data + blocks * SFI_CSV_BLOCK;
    sfi_csv_masks m = sfi_csv_masks_of_tail(tail, rest, s->delimiter);
    return sfi_csv_tally(s, &m, rest) ? SF_OK : sfi_csv_scan_fault(s, tail, rest, err);
}

bool sfi_csv_scan_join(sfi_csv_scan *s, const sfi_csv_scan *next)
{
    const sfi_csv_state *state = &s->state;
    if (state->in_quote != 0 || state->after_close != 0 || state->after_cr != 0 || state->line_is_blank == 0 ||
        next->columns != s->columns)
        return false;
    s->state = next->state;
    s->record_line = s->lines + next->record_line;
    if (next->records > 0) s->record_end = s->offset + next->record_end;
    s->delimiters = next->delimiters;
    s->records += next->records;
    s->lines += next->lines;
    s->line_ends += next->line_ends;
    s->returns += next->returns;
    s->offset += next->offset;
    s->nul |= next->nul;
    return true;
}

sf_status sfi_csv_scan_finish(sfi_csv_scan *s, sf_error *err)
{
    if (s->state.in_quote != 0)
        return sfi_fail(err, SF_ERR_USAGE, "line %lld: the record that begins here has a quote that is never closed",
                        (long long)s->record_line);
    bool is_open = s->offset > s->record_end && !s->state.line_is_blank;
    if (!is_open) return SF_OK;
    int64_t columns = s->delimiters + 1;
    if (s->columns != 0 && columns != s->columns && !s->any_columns)
        return fail_columns(s->record_line, columns, s->columns, err);
    if (s->columns == 0) s->columns = columns;
    s->records++;
    s->delimiters = 0;
    s->record_end = s->offset;
    return SF_OK;
}

size_t sfi_csv_bom(const char *data, size_t len)
{
    return len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* ---- guessing ---- */
/* How many columns the records at the beginning of a text agree on with this delimiter; 0: they do not. */
static int64_t columns_with(const char *data, size_t len, char delimiter)
{
    enum { RECORDS = 16 };
    int64_t columns = 0;
    sfi_csv_scan s;
    sfi_csv_scan_init(&s, delimiter);
    for (size_t i = 0; i < len && s.records < RECORDS; i++) /* byte by byte: a guess looks at a few lines */
        if (sfi_csv_scan_feed(&s, data + i, 1, NULL) != SF_OK) return 0;
    if (s.records == 0 && sfi_csv_scan_finish(&s, NULL) != SF_OK) return 0;
    columns = s.columns;
    return columns;
}

char sfi_csv_guess_delimiter(const char *data, size_t len)
{
    static const char candidates[] = { ',', ';', '\t', '|', '^', '`' };
    char best = ',';
    int64_t most = 1;
    for (size_t i = 0; i < sizeof candidates; i++) {
        int64_t columns = columns_with(data, len, candidates[i]);
        if (columns > most) {
            most = columns;
            best = candidates[i];
        }
    }
    return best;
}
