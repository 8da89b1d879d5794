/* avx2.c: the kernel for x86-64 with AVX2: 32 bytes a comparison, and one carry-less multiplication for the quotes. */
#if defined(__x86_64__)
#include <immintrin.h> /* before ours: it uses words that base/banned.h bans */
#endif
#include "csv/masks_internal.h"
#ifdef SFI_CSV_FOR_X86_64
#define TARGET __attribute__((target("avx2,pclmul,popcnt,bmi,bmi2")))

TARGET static inline uint64_t equal(__m256i low, __m256i high, __m256i value)
{
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, value));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, value));
    return a | (uint64_t)b << 32;
}

TARGET static inline sfi_csv_masks masks_of(const char *block, char delimiter)
{
    sfi_csv_masks m;
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)block);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(block + 32));
    __m256i least = _mm256_min_epu8(low, high);
    m.nul = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256()));
    m.quotes = equal(low, high, _mm256_set1_epi8('"'));
    m.delimiters = equal(low, high, _mm256_set1_epi8(delimiter));
    m.feeds = equal(low, high, _mm256_set1_epi8('\n'));
    m.returns = equal(low, high, _mm256_set1_epi8('\r'));
    /* Times all ones without carries: bit i is the exclusive or of the quotes up to i. */
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)m.quotes), _mm_set1_epi8((char)0xff), 0);
    m.quoted = (uint64_t)_mm_cvtsi128_si64(product);
    return m;
}

#include "csv/kernel_internal.h"

static bool fits(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

const sfi_csv_kernel_fns sfi_csv_avx2 = { "avx2", fits, tally, list };
#endif
