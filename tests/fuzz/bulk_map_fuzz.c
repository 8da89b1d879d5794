/* bulk_map_fuzz.c: any bytes as a file that maps columns to fields. Property: what is refused has a message that names the
 * file; what was read, written out with everything escaped, is read again and is the same. */
#define SFI_MAY_ALLOCATE
#include "bulk/load_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void escape(sfi_buf *out, const char *s)
{
    static const char plain[] = "\t\n\r\f", letters[] = "tnrf";
    for (; *s != '\0'; s++) {
        const char *at = strchr(plain, *s);
        bool is_word = (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || *s < 0;
        if (!is_word) sfi_buf_add_char(out, '\\');
        sfi_buf_add_char(out, at != NULL ? letters[at - plain] : *s);
    }
}

static sf_status parse(const void *data, size_t size, sfi_load_map *m, sf_error *err)
{
    char *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) abort();
    if (size > 0) memcpy(copy, data, size);
    sf_status rc = sfi_load_map_parse("m.sdl", copy, size, m, err);
    free(copy);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfi_load_map first = { .count = 0 }, second = { .count = 0 };
    sf_error err = { 0 };
    sfi_buf text = { 0 };
    if (parse(data, size, &first, &err) != SF_OK) {
        if (err.status != SF_ERR_USAGE || strncmp(err.message, "map m.sdl: ", 11) != 0) abort();
    } else {
        sfi_buf_add_str(&text, "#\n"); /* a name may begin with what at the begin of a file is its mark */
        for (size_t i = 0; i < first.count; i++) {
            escape(&text, first.columns[i].from);
            sfi_buf_add_char(&text, '=');
            escape(&text, first.columns[i].to);
            sfi_buf_add_char(&text, '\n');
        }
        if (parse(text.data, text.len, &second, &err) != SF_OK || second.count != first.count) abort();
        for (size_t i = 0; i < first.count; i++)
            if (strcmp(first.columns[i].from, second.columns[i].from) != 0 ||
                strcmp(first.columns[i].to, second.columns[i].to) != 0)
                abort();
    }
    sfi_load_map_free(&first);
    sfi_load_map_free(&second);
    sfi_buf_free(&text);
    return 0;
}
