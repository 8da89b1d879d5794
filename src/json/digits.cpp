/* digits.cpp: doubles from text and back, exactly, without locale, by the C++ library's <charconv>. Called by number.c.
 * Owns nothing; any thread. */
#include "json/index_internal.h"
#include <charconv>

extern "C" {

bool sfi_digits_to_double(const char *text, size_t len, double *out)
{
    return std::from_chars(text, text + len, *out).ec == std::errc();
}

void sfi_digits_of_double(double d, char out[SFI_DIGITS_BYTES])
{
    *std::to_chars(out, out + SFI_DIGITS_BYTES - 1, d, std::chars_format::scientific).ptr = '\0'; /* at most 24 */
}
}
