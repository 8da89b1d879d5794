/* kernel_internal.h: the loops of a kernel, made anew for each processor. Whoever includes it has defined TARGET and
 * sfi_csv_masks masks_of(const char *block, char delimiter). */
#include "csv/masks_internal.h"

/* Blocks of plain text, as nearly all blocks of nearly all files are: no blank line, nothing wrong, the columns of the
 * records before; with crlf, a CR before a line end. It stops at one that is none, or that it cannot be sure of;
 * sfi_csv_tally says what that is. What goes from block to block is little enough for the registers: whole masks, of
 * which the next block wants the last bit, and the block where the last record ended, for the line to be found behind
 * the loop. @return how many blocks were plain; *s is behind them. */
TARGET static inline __attribute__((always_inline)) size_t tally_plain(sfi_csv_scan *s, const char *data, size_t blocks,
                                                                       const bool crlf)
{
    const uint64_t in_each = (uint64_t)s->columns - 1; /* delimiters of a record */
    uint64_t in_quote = s->state.in_quote, last_ends = s->state.at_field_start << 63;
    uint64_t last_closes = s->state.after_close << 63, last_feeds = s->state.line_is_blank << 63;
    uint64_t last_returns = s->state.after_cr << 63, nul = 0;
    uint64_t open = (uint64_t)s->delimiters;
    uint64_t end_feeds = 0, end_all_feeds = 0; /* of the last block where a record ended */
    int64_t lines = s->lines, records = 0, returned = 0, end_lines = 0;
    size_t k = 0, end_block = 0;
    for (; k < blocks; k++) {
        sfi_csv_masks m = masks_of(data + k * SFI_CSV_BLOCK, s->delimiter);
        uint64_t quoted = m.quoted ^ in_quote, outside = ~quoted;
        uint64_t opens = m.quotes & quoted, closes = m.quotes & outside;
        uint64_t feeds = m.feeds & outside, rest = m.delimiters & outside, ends = rest | feeds;
        uint64_t returns = crlf ? m.returns & outside : 0, after_return = returns << 1 | last_returns >> 63;
        uint64_t after_close = closes << 1 | last_closes >> 63;
        uint64_t starts = ends << 1 | last_ends >> 63;
        uint64_t not_plain = (opens & ~(starts | after_close)) | (after_close & ~(ends | returns | opens)) |
                             (after_return & ~feeds) | ((feeds | returns) & (feeds << 1 | last_feeds >> 63));
        if (!crlf) not_plain |= m.returns;
        uint64_t next_open = open;
        for (uint64_t left = feeds; left != 0; left &= left - 1) { /* each round takes one off */
            uint64_t upto = left ^ (left - 1);
            not_plain |= (next_open + (uint64_t)__builtin_popcountll(rest & upto)) ^ in_each;
            rest &= ~upto;
            next_open = 0;
        }
        if (__builtin_expect(not_plain != 0, 0)) break;
        if (feeds != 0) {
            end_block = k;
            end_lines = lines;
            end_feeds = feeds;
            end_all_feeds = m.feeds;
            records += __builtin_popcountll(feeds);
        }
        open = next_open + (uint64_t)__builtin_popcountll(rest);
        lines += __builtin_popcountll(m.feeds);
        returned += __builtin_popcountll(returns);
        nul |= m.nul;
        in_quote = UINT64_C(0) - (quoted >> 63);
        last_ends = ends;
        last_closes = closes;
        last_feeds = feeds;
        last_returns = returns;
    }
    if (end_feeds != 0) {
        int behind = __builtin_clzll(end_feeds);
        s->record_end = s->offset + (int64_t)(end_block + 1) * SFI_CSV_BLOCK - behind;
        s->record_line = end_lines + __builtin_popcountll(end_all_feeds << behind) + 1;
    }
    s->records += records;
    s->line_ends += records;
    s->returns += returned;
    s->lines = lines;
    s->delimiters = (int64_t)open;
    s->offset += (int64_t)k * SFI_CSV_BLOCK;
    s->nul |= nul;
    s->state.in_quote = in_quote;
    s->state.at_field_start = last_ends >> 63;
    s->state.after_close = last_closes >> 63;
    s->state.line_is_blank = last_feeds >> 63;
    s->state.after_cr = last_returns >> 63;
    return k;
}

TARGET static size_t tally(sfi_csv_scan *s, const char *data, size_t blocks)
{
    size_t k = 0;
    while (k < blocks) { /* each round takes one at least */
        k += s->returns != 0 ? tally_plain(s, data + k * SFI_CSV_BLOCK, blocks - k, true)
                             : tally_plain(s, data + k * SFI_CSV_BLOCK, blocks - k, false);
        if (k == blocks) break;
        sfi_csv_masks m = masks_of(data + k * SFI_CSV_BLOCK, s->delimiter);
        if (!sfi_csv_tally(s, &m, SFI_CSV_BLOCK)) break;
        k++;
    }
    return k;
}

TARGET static size_t list(sfi_csv_state *state, char delimiter, const char *data, size_t blocks, uint32_t base,
                          uint32_t *ends, size_t *count)
{
    sfi_csv_state here = *state;
    size_t n = *count, k = 0;
    for (; k < blocks; k++, data += SFI_CSV_BLOCK, base += SFI_CSV_BLOCK) {
        sfi_csv_masks m = masks_of(data, delimiter);
        int found = sfi_csv_list(&here, &m, SFI_CSV_BLOCK, base, ends + n);
        if (found < 0) break;
        n += (size_t)found;
    }
    *state = here;
    *count = n;
    return k;
}
