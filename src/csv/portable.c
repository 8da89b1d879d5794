/* portable.c: the kernel for any processor: eight bytes at a time in one register, where a byte that equals another is a
 * zero byte of their exclusive or. */
#include "csv/masks_internal.h"

#define ONES UINT64_C(0x0101010101010101)
#define LOWS UINT64_C(0x7f7f7f7f7f7f7f7f)

/* A bit for each of the eight bytes that is zero. Exact: the sum of a byte's lower seven bits and 0x7f never carries. */
static inline uint64_t zero_bytes(uint64_t x)
{
    uint64_t nonzero = ((x & LOWS) + LOWS) | x | LOWS; /* a byte is 0xff, or 0x7f where it was zero */
    return (~nonzero >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline uint64_t load(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

sfi_csv_masks sfi_csv_masks_of(const char *block, char delimiter)
{
    sfi_csv_masks m = { .quotes = 0 };
    uint64_t delim = ONES * (unsigned char)delimiter;
    for (int i = 0; i < SFI_CSV_BLOCK; i += 8) {
        uint64_t x = load(block + i);
        m.nul |= (x - ONES) & ~x; /* the high bit of a byte that is 0; a borrow may say so of others behind one */
        m.quotes |= zero_bytes(x ^ (ONES * '"')) << i;
        m.delimiters |= zero_bytes(x ^ delim) << i;
        m.feeds |= zero_bytes(x ^ (ONES * '\n')) << i;
        m.returns |= zero_bytes(x ^ (ONES * '\r')) << i;
    }
    m.nul &= ~LOWS;
    m.quoted = m.quotes; /* all quotes from a bit on flip the bits from there on */
    for (int shift = 1; shift < SFI_CSV_BLOCK; shift *= 2) m.quoted ^= m.quoted << shift;
    return m;
}

#define TARGET
#define masks_of sfi_csv_masks_of
#include "csv/kernel_internal.h"

static bool fits(void)
{
    return true;
}

const sfi_csv_kernel_fns sfi_csv_portable = { "portable", fits, tally, list };
