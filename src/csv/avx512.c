/* avx512.c: the kernel for x86-64 with AVX-512: a whole block a comparison, whose answer is the mask. VBMI2 is not used;
 * it tells the processors that do not become slower by wide registers. */
#if defined(__x86_64__)
#include <immintrin.h> /* before ours: it uses words that base/banned.h bans */
#endif
#include "csv/masks_internal.h"
#ifdef SFI_CSV_FOR_X86_64
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,pclmul,popcnt,bmi,bmi2")))

TARGET static inline sfi_csv_masks masks_of(const char *block, char delimiter)
{
    __m512i bytes = _mm512_loadu_si512(block);
    sfi_csv_masks m;
    m.nul = _mm512_testn_epi8_mask(bytes, bytes);
    m.quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"'));
    m.delimiters = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(delimiter));
    m.feeds = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    m.returns = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\r'));
    /* Times all ones without carries: bit i is the exclusive or of the quotes up to i. */
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)m.quotes), _mm_set1_epi8((char)0xff), 0);
    m.quoted = (uint64_t)_mm_cvtsi128_si64(product);
    return m;
}

#include "csv/kernel_internal.h"

static bool fits(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

const sfi_csv_kernel_fns sfi_csv_avx512 = { "avx512", fits, tally, list };
#endif
