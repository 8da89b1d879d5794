/* masks_internal.h: a block of 64 bytes as masks, a bit a byte: where its special bytes are. One kernel a processor. */
#ifndef SFI_CSV_MASKS_INTERNAL_H
#define SFI_CSV_MASKS_INTERNAL_H
#include "csv/csv_internal.h"

typedef struct sfi_csv_masks {
    uint64_t quotes, delimiters, feeds, returns; /* wherever they stand */
    uint64_t nul;                                /* not 0: a byte of 0 */
    uint64_t quoted; /* from each opening quote up to the byte before the closing one; as if none were open before */
} sfi_csv_masks;

/* The structural bytes of a block, and what is wrong with it. */
typedef struct sfi_csv_found {
    uint64_t ends;        /* delimiters and line feeds that end a field, those of blank lines too */
    uint64_t record_ends; /* of these, the line feeds that end a record */
    uint64_t delimiters;
    uint64_t feeds;       /* all line feeds */
    uint64_t returns;     /* outside quotes */
    uint64_t bad_quotes;  /* quotes in a bare field */
    uint64_t bad_texts;   /* bytes behind a closing quote */
    uint64_t bad_returns; /* bytes behind a CR that is none of a line end */
} sfi_csv_found;

/* All quotes from bit i on flip the bits from i on. */
static inline uint64_t sfi_csv_prefix_xor(uint64_t bits)
{
    for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
    return bits;
}

/* The grammar as arithmetic on masks: n bytes (1 to 64) that stand after *state, which moves behind them. */
static inline __attribute__((always_inline)) sfi_csv_found sfi_csv_judge(const sfi_csv_masks *m, size_t n,
                                                                         sfi_csv_state *state)
{
    uint64_t quoted = m->quoted ^ state->in_quote;
    uint64_t outside = ~quoted;
    uint64_t opens = m->quotes & quoted;
    uint64_t closes = m->quotes & outside;
    uint64_t delimiters = m->delimiters & outside;
    uint64_t feeds = m->feeds & outside;
    uint64_t returns = m->returns & outside;
    uint64_t starts = (delimiters | feeds) << 1 | state->at_field_start;
    uint64_t after_close = closes << 1 | state->after_close;
    uint64_t after_return = returns << 1 | state->after_cr;
    uint64_t valid = ~UINT64_C(0) >> (64 - n);

    sfi_csv_found found;
    found.bad_quotes = opens & ~(starts | after_close) & valid;
    found.bad_texts = after_close & ~(delimiters | feeds | returns | opens) & valid;
    found.bad_returns = after_return & ~feeds & valid;
    /* A line is blank up to here when it began here, or began with the CR that stands before. */
    uint64_t line_starts = feeds << 1 | (state->line_is_blank & ~state->after_cr);
    uint64_t blank = feeds & (line_starts | (line_starts & returns) << 1 | (state->line_is_blank & state->after_cr));
    found.feeds = m->feeds & valid;
    found.returns = returns & valid;
    found.delimiters = delimiters & valid;
    found.ends = (delimiters | feeds) & valid;
    found.record_ends = feeds & ~blank & valid;

    size_t last = n - 1;
    uint64_t is_blank = line_starts & returns; /* a CR that begins a line */
    state->line_is_blank = (feeds >> last & 1) | (is_blank >> last & 1);
    state->in_quote = UINT64_C(0) - (quoted >> last & 1);
    state->at_field_start = (delimiters | feeds) >> last & 1;
    state->after_close = closes >> last & 1;
    state->after_cr = returns >> last & 1;
    return found;
}

/* Counts what ended in a block. false: something in it is wrong; *s is as it was, and sfi_csv_scan_fault says what. */
static inline __attribute__((always_inline)) bool sfi_csv_tally(sfi_csv_scan *s, const sfi_csv_masks *m, size_t n)
{
    sfi_csv_state state = s->state;
    sfi_csv_found f = sfi_csv_judge(m, n, &state);
    if (__builtin_expect((f.bad_quotes | f.bad_texts | f.bad_returns) != 0, 0)) return false;
    s->nul |= m->nul;
    int64_t open = s->delimiters;
    uint64_t delimiters = f.delimiters;
    for (uint64_t ends = f.record_ends; ends != 0; ends &= ends - 1) { /* each round takes one off */
        uint64_t upto = ends ^ (ends - 1);
        int64_t columns = open + __builtin_popcountll(delimiters & upto) + 1;
        if (__builtin_expect(columns != s->columns, 0)) {
            if (s->columns != 0 && !s->any_columns) return false;
            if (s->columns == 0) s->columns = columns;
        }
        delimiters &= ~upto;
        open = 0;
    }
    if (f.record_ends != 0) {
        s->records += __builtin_popcountll(f.record_ends);
        s->record_end = s->offset + 64 - __builtin_clzll(f.record_ends);
    }
    uint64_t line_ends = f.ends & ~f.delimiters;
    if (f.returns != 0) s->returns += __builtin_popcountll(f.returns);
    if (line_ends != 0) {
        s->line_ends += __builtin_popcountll(line_ends);
        uint64_t upto = ~UINT64_C(0) >> __builtin_clzll(line_ends);
        s->record_line = s->lines + __builtin_popcountll(f.feeds & upto) + 1;
    }
    s->delimiters = open + __builtin_popcountll(delimiters);
    s->lines += __builtin_popcountll(f.feeds);
    s->offset += (int64_t)n;
    s->state = state;
    return true;
}

/* Writes where fields end, base + place in the block; room for 64. @return how many, or -1: something is wrong. */
static inline __attribute__((always_inline)) int sfi_csv_list(sfi_csv_state *state, const sfi_csv_masks *m, size_t n,
                                                              uint32_t base, uint32_t *out)
{
    sfi_csv_state next = *state;
    sfi_csv_found f = sfi_csv_judge(m, n, &next);
    if (__builtin_expect((f.bad_quotes | f.bad_texts | f.bad_returns) != 0, 0)) return -1;
    int count = 0;
    for (uint64_t ends = f.ends; ends != 0; ends &= ends - 1) out[count++] = base + (uint32_t)__builtin_ctzll(ends);
    *state = next;
    return count;
}

/* ---- kernels: whole blocks, until one is wrong; @return how many were right ---- */
typedef struct sfi_csv_kernel_fns {
    const char *name;
    bool (*fits)(void); /* this processor */
    size_t (*tally)(sfi_csv_scan *s, const char *data, size_t blocks);
    /* ends: room for 64 a block; *count grows */
    size_t (*list)(sfi_csv_state *state, char delimiter, const char *data, size_t blocks, uint32_t base, uint32_t *ends,
                   size_t *count);
} sfi_csv_kernel_fns;
extern const sfi_csv_kernel_fns sfi_csv_portable;
#if defined(__x86_64__)
#define SFI_CSV_FOR_X86_64 1
extern const sfi_csv_kernel_fns sfi_csv_avx2, sfi_csv_avx512;
#endif
const sfi_csv_kernel_fns *sfi_csv_best(void);
sfi_csv_masks sfi_csv_masks_of(const char *block, char delimiter); /* 64 bytes, portably */

/* ---- the last bytes that fill no block (scan.c) ---- */
sfi_csv_masks sfi_csv_masks_of_tail(const char *data, size_t len, char delimiter); /* len < 64 */
/* What is wrong with a block that tally refused (n bytes at data, *s before them). */
sf_status sfi_csv_scan_fault(const sfi_csv_scan *s, const char *data, size_t n, sf_error *err);
#endif
