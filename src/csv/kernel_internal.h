/* kernel_internal.h: the loops of a kernel, made anew for each processor. Whoever includes it has defined TARGET and
 * sfi_csv_masks masks_of(const char *block, char delimiter). */
#include "csv/masks_internal.h"

TARGET static size_t tally(sfi_csv_scan *s, const char *data, size_t blocks)
{
    sfi_csv_scan here = *s; /* in registers */
    size_t k = 0;
    for (; k < blocks; k++, data += SFI_CSV_BLOCK) {
        sfi_csv_masks m = masks_of(data, here.delimiter);
        if (!sfi_csv_tally_plain(&here, &m) && !sfi_csv_tally(&here, &m, SFI_CSV_BLOCK)) break;
    }
    *s = here;
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
