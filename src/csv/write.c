/* write.c: fields as RFC 4180 wants them. */
#include "csv/csv_internal.h"

/* Does a field of this text need quotes? */
static bool needs_quotes(sf_str text, char delimiter)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == delimiter || c == '"' || c == '\n' || c == '\r') return true;
    }
    return false;
}

bool sfi_csv_add_field(sfi_buf *out, sf_str text, char delimiter, bool always)
{
    if (!always && !needs_quotes(text, delimiter)) return sfi_buf_add(out, text.ptr, text.len);
    (void)sfi_buf_add_char(out, '"');
    while (text.len > 0) { /* each round goes up to a quote, doubles it, or ends */
        const char *quote = memchr(text.ptr, '"', text.len);
        size_t upto = quote != NULL ? (size_t)(quote - text.ptr) + 1 : text.len;
        (void)sfi_buf_add(out, text.ptr, upto);
        if (quote != NULL) (void)sfi_buf_add_char(out, '"');
        text = (sf_str){ text.ptr + upto, text.len - upto };
    }
    return sfi_buf_add_char(out, '"');
}
