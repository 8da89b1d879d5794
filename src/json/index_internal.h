/* index_internal.h: the two things that C++ does for this room, seen from C. index.cpp is the door to simdjson, digits.cpp
 * the door to <charconv>. Neither throws; memory of simdjson and of the C++ library is outside our allocator hook. */
#ifndef SFI_INDEX_INTERNAL_H
#define SFI_INDEX_INTERNAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct sfi_index sfi_index; /* simdjson's parser with its list of positions; re-used text after text */

typedef enum sfi_index_result {
    SFI_INDEX_OK,
    SFI_INDEX_MEMORY,
    SFI_INDEX_EMPTY,   /* nothing but white space */
    SFI_INDEX_BAD_TEXT /* not UTF-8, a string left open, or a control character in one */
} sfi_index_result;

sfi_index *sfi_index_new(void); /* NULL: no memory */
void sfi_index_free(sfi_index *index);

/* Find the position of every bracket, comma, colon, opening quote and beginning of a number or literal in len bytes of
 * text. Behind the last of count positions stands one more, len. Good until the next call. */
sfi_index_result sfi_index_run(sfi_index *index, const char *text, size_t len, const uint32_t **positions,
                               uint32_t *count);

/* The nearest double of a well-formed JSON number; false when it is out of range (too large, or nearer to 0). */
bool sfi_digits_to_double(const char *text, size_t len, double *out);

/* The fewest digits that read back as the finite d, as «d.ddde±xx», NUL-terminated. */
enum { SFI_DIGITS_BYTES = 32 };
void sfi_digits_of_double(double d, char out[SFI_DIGITS_BYTES]);

bool sfi_index_is_utf8(const char *text, size_t len);

#ifdef __cplusplus
}
#endif
#endif
