/*
 * write.c: see xml_internal.h. Escaping is done here and nowhere else; the same form serves content and attributes.
 */
#include "xml/xml_internal.h"

/* XML 1.0 Char: tab, LF, CR and all from U+0020 but U+FFFE and U+FFFF; s is one well-formed UTF-8 sequence. */
static bool is_xml_char(const char *s, size_t len)
{
    unsigned char c = (unsigned char)s[0];
    if (len == 1) return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    return !(len == 3 && memcmp(s, "\xEF\xBF", 2) == 0 && ((unsigned char)s[2] == 0xBE || (unsigned char)s[2] == 0xBF));
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;"; /* "]]>" may not stand in content */
    case '"': return "&quot;";
    case '\'': return "&apos;";
    case '\r': return "&#13;"; /* a bare one would be read as LF */
    case '\n': return "&#10;"; /* in an attribute it would be read as a blank */
    case '\t': return "&#9;";
    default: return NULL;
    }
}

static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"' && c != '\'';
}

void sfi_xml_escape(sfi_buf *out, sf_str text)
{
    for (size_t i = 0; i < text.len && !out->failed;) {
        size_t plain = i; /* most text needs nothing: it goes as a run */
        while (plain < text.len && is_plain(text.ptr[plain])) plain++;
        if (plain > i) (void)sfi_buf_add(out, text.ptr + i, plain - i);
        i = plain;
        if (i == text.len) break;
        size_t len = sfi_utf8_sequence(text.ptr + i, text.len - i);
        const char *entity = len == 1 ? entity_of(text.ptr[i]) : NULL;
        if (len == 0 || !is_xml_char(text.ptr + i, len))
            (void)sfi_buf_add_str(out, "\xEF\xBF\xBD");
        else if (entity != NULL)
            (void)sfi_buf_add_str(out, entity);
        else
            (void)sfi_buf_add(out, text.ptr + i, len);
        i += len > 0 ? len : 1;
    }
}

bool sfi_xml_can_carry(sf_str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = sfi_utf8_sequence(text.ptr + i, text.len - i);
        if (len == 0 || !is_xml_char(text.ptr + i, len)) return false;
        i += len;
    }
    return true;
}

static size_t name_len(const char *s)
{
    size_t n = 0;
    for (;; n++) {
        char c = (char)sfi_ascii_lower((unsigned char)s[n]);
        bool starts = (c >= 'a' && c <= 'z') || c == '_';
        if (!starts && (n == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.'))) return n;
    }
}

bool sfi_xml_is_qname(const char *name)
{
    if (name == NULL) return false;
    size_t n = name_len(name);
    if (n == 0) return false;
    if (name[n] == ':') {
        size_t local = name_len(name + n + 1);
        if (local == 0) return false;
        n += 1 + local;
    }
    return name[n] == '\0' && n < 128;
}

/* Failures of the buffer stay in it: whoever made it looks once at the end. */
void sfi_xml_declaration(sfi_buf *out)
{
    (void)sfi_buf_add_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
}

void sfi_xml_open(sfi_buf *out, const char *name)
{
    (void)sfi_buf_addf(out, "<%s>", name);
}

void sfi_xml_close(sfi_buf *out, const char *name)
{
    (void)sfi_buf_addf(out, "</%.*s>", (int)strcspn(name, " "), name);
}

void sfi_xml_element_text(sfi_buf *out, const char *name, sf_str text)
{
    if (text.ptr == NULL) {
        (void)sfi_buf_addf(out, "<%s xsi:nil=\"true\"/>", name);
        return;
    }
    sfi_xml_open(out, name);
    sfi_xml_escape(out, text);
    sfi_xml_close(out, name);
}
