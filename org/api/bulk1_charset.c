/* bulk1_charset.c: data of Bulk API 1.0 whose Content-Type names another charset than UTF-8 is made UTF-8 when it comes in, so
 * that everything behind it knows one encoding. Called by bulk1_batches.c, keeps nothing. */
#include "api/bulk1.h"
#include "api/params.h"
#include <errno.h>
#include <iconv.h>

enum { NAME_MAX_LEN = 40 };

/* The charset that a Content-Type names; ptr NULL: none, or one that UTF-8 contains. */
static sf_str find_charset(const char *type)
{
    static const char *const same[] = { "UTF-8", "UTF8", "US-ASCII", "ASCII" };
    sf_str charset = type != NULL ? sfo_header_attribute(type, "charset") : (sf_str){ NULL, 0 };
    for (size_t i = 0; i < SFI_COUNT_OF(same); i++)
        if (sfi_str_is_nocase(charset, same[i])) return (sf_str){ NULL, 0 };
    return charset;
}

/* A name of letters, digits and -_.: only: others mean more to iconv. */
static iconv_t open_charset(sf_str charset)
{
    char name[NAME_MAX_LEN + 1];
    if (charset.len == 0 || charset.len > NAME_MAX_LEN) return (iconv_t)-1;
    for (size_t i = 0; i < charset.len; i++) {
        char c = charset.ptr[i];
        bool fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                    c == '_' || c == '.' || c == ':';
        if (!fine) return (iconv_t)-1;
        name[i] = c;
    }
    name[charset.len] = '\0';
    return iconv_open("UTF-8", name);
}

/* Bytes that are no character of the charset become U+FFFD, as Java's readers do it. */
static void convert(iconv_t cd, sf_str data, sfi_buf *out)
{
    static const char unknown[] = "\xEF\xBF\xBD";
    char *in = (char *)(uintptr_t)data.ptr; /* iconv's prototype; it only reads */
    size_t left = data.len;
    while (left > 0 && !out->failed) { /* each round takes bytes, or fills the whole piece */
        char piece[4096], *to = piece;
        size_t room = sizeof piece;
        size_t rc = iconv(cd, &in, &left, &to, &room);
        int why = rc == (size_t)-1 ? errno : 0;
        (void)sfi_buf_add(out, piece, sizeof piece - room);
        if (why == 0 || why == E2BIG) continue;
        (void)sfi_buf_add(out, unknown, 3);
        if (why != EILSEQ) break; /* it ends within a character */
        in++;
        left--;
    }
}

bool sfo_bulk1_to_utf8(sfo_bulk1 *b, const char *content_type, sf_str *data, sfi_buf *room)
{
    sf_str charset = find_charset(content_type);
    if (charset.ptr == NULL) return true;
    iconv_t cd = open_charset(charset);
    if (cd == (iconv_t)-1)
        return sfo_bulk1_fail(b, 400, "UnsupportedContentType", "Unsupported content type: %.200s", content_type);
    convert(cd, *data, room);
    iconv_close(cd);
    *data = room->data != NULL ? sfi_buf_str(room) : SFI_STR("");
    return !room->failed || sfo_bulk1_fail(b, 500, "Unknown", "no memory for the batch");
}
