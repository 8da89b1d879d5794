/*
 * writer.c: the writer of xml.h. Called by programs and by soap. Owns the text that it makes. The one idea: a start tag
 * stays open until content or its end comes, so that attributes can follow, and end tags are copied from the start tags,
 * which still stand in the text.
 */
#include <salesforce/xml.h>
#include "xml/xml_internal.h"

enum { FIRST_BYTES = 4000 }; /* at once: a short text with a password in it never moves and leaves no copy behind */

typedef struct place { /* of an open element's name in the text */
    size_t at, len;
} place;

struct sf_xml_writer {
    sfi_buf text;
    place open[SF_XML_DEPTH_MAX];
    int depth;
    bool in_tag;      /* the innermost start tag has no > yet */
    sf_error failure; /* the first one; status SF_OK: none */
};

sf_xml_writer *sf_xml_writer_new(void)
{
    sf_xml_writer *w = sfi_calloc(sizeof *w);
    if (w == NULL) return NULL;
    w->text.max = SF_XML_WRITE_MAX;
    if (sfi_buf_reserve(&w->text, FIRST_BYTES)) return w;
    sfi_free(w);
    return NULL;
}

void sf_xml_writer_free(sf_xml_writer *w)
{
    if (w == NULL) return;
    if (w->text.data != NULL) sfi_wipe(w->text.data, w->text.cap);
    sfi_buf_free(&w->text);
    sfi_free(w);
}

sf_status sfi_xml_writer_fail(sf_xml_writer *w, const sf_error *failure)
{
    if (failure != NULL && w->failure.status == SF_OK) w->failure = *failure;
    return w->failure.status;
}

static sf_status SFI_PRINTF(3, 4) refuse(sf_xml_writer *w, sf_status status, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sf_error failure;
    (void)sfi_fail(&failure, status, "%s", text); /* kept */
    if (w->failure.status == SF_OK) w->failure = failure;
    return status;
}

/* What the buffer says after something was added. */
static sf_status done(sf_xml_writer *w)
{
    if (w->failure.status != SF_OK) return w->failure.status;
    sf_error failure;
    sf_status rc = sfi_buf_status(&w->text, &failure, "XML");
    if (rc != SF_OK) w->failure = failure;
    return rc;
}

static void close_tag(sf_xml_writer *w)
{
    if (w->in_tag) (void)sfi_buf_add_char(&w->text, '>');
    w->in_tag = false;
}

/* Name of the innermost element, for messages. */
static sf_str here(const sf_xml_writer *w)
{
    if (w->depth == 0 || w->text.data == NULL) return SFI_STR("the text");
    place p = w->open[w->depth - 1];
    return (sf_str){ w->text.data + p.at, p.len };
}

/* A text is looked through before it goes in: the first byte that cannot. */
static sf_status check_text(sf_xml_writer *w, sf_str text)
{
    if (sfi_xml_can_carry(text)) return SF_OK;
    sf_str name = here(w);
    size_t at = 0;
    while (at < text.len) { /* ends: what is before it can be carried */
        size_t len = sfi_utf8_sequence(text.ptr + at, text.len - at);
        if (len == 0)
            return refuse(w, SF_ERR_USAGE, "%.*s: byte %zu of the value is not UTF-8", (int)name.len, name.ptr, at + 1);
        if (!sfi_xml_can_carry((sf_str){ text.ptr + at, len })) break;
        at += len;
    }
    unsigned char c = (unsigned char)text.ptr[at];
    unsigned code = c < 0x80 ? c : (unsigned char)text.ptr[at + 2] == 0xBE ? 0xFFFE : 0xFFFF;
    return refuse(w, SF_ERR_USAGE, "%.*s: the value holds U+%04X (byte %zu), which XML cannot carry", (int)name.len,
                  name.ptr, code, at + 1);
}

sf_status sf_xml_begin(sf_xml_writer *w, const char *name)
{
    if (w == NULL) return SF_ERR_USAGE;
    if (w->failure.status != SF_OK) return w->failure.status;
    if (!sfi_xml_is_qname(name))
        return refuse(w, SF_ERR_USAGE, "\"%.80s\" is no element's name", name != NULL ? name : "(NULL)");
    if (w->depth == SF_XML_DEPTH_MAX)
        return refuse(w, SF_ERR_LIMIT, "XML is nested deeper than %d elements (SF_XML_DEPTH_MAX)", SF_XML_DEPTH_MAX);
    close_tag(w);
    (void)sfi_buf_add_char(&w->text, '<');
    w->open[w->depth++] = (place){ w->text.len, strlen(name) };
    (void)sfi_buf_add_str(&w->text, name);
    w->in_tag = true;
    return done(w);
}

sf_status sf_xml_add_attribute(sf_xml_writer *w, const char *name, const char *value)
{
    if (w == NULL) return SF_ERR_USAGE;
    if (w->failure.status != SF_OK) return w->failure.status;
    if (!w->in_tag) return refuse(w, SF_ERR_USAGE, "an attribute goes right after the beginning of its element");
    if (!sfi_xml_is_qname(name) || value == NULL)
        return refuse(w, SF_ERR_USAGE, "\"%.80s\" is no attribute's name, or has no value",
                      name != NULL ? name : "(NULL)");
    sf_status rc = check_text(w, sfi_str(value));
    if (rc != SF_OK) return rc;
    (void)sfi_buf_addf(&w->text, " %s=\"", name);
    sfi_xml_escape(&w->text, sfi_str(value));
    (void)sfi_buf_add_char(&w->text, '"');
    return done(w);
}

sf_status sf_xml_add_text(sf_xml_writer *w, sf_str text)
{
    if (w == NULL) return SF_ERR_USAGE;
    if (w->failure.status != SF_OK) return w->failure.status;
    if (text.ptr == NULL && text.len > 0) return refuse(w, SF_ERR_USAGE, "the text is NULL");
    if (w->depth == 0) return refuse(w, SF_ERR_USAGE, "text outside of an element");
    if (text.len == 0) return SF_OK;
    sf_status rc = check_text(w, text);
    if (rc != SF_OK) return rc;
    close_tag(w);
    sfi_xml_escape(&w->text, text);
    return done(w);
}

sf_status sf_xml_end(sf_xml_writer *w)
{
    if (w == NULL) return SF_ERR_USAGE;
    if (w->failure.status != SF_OK) return w->failure.status;
    if (w->depth == 0) return refuse(w, SF_ERR_USAGE, "an end without an element that is open");
    place p = w->open[--w->depth];
    if (w->in_tag) {
        (void)sfi_buf_add_str(&w->text, "/>");
        w->in_tag = false;
        return done(w);
    }
    if (sfi_buf_reserve(&w->text, p.len + 3)) { /* the name is copied from the same memory, which must not move */
        (void)sfi_buf_add_str(&w->text, "</");
        (void)sfi_buf_add(&w->text, w->text.data + p.at, p.len);
        (void)sfi_buf_add_char(&w->text, '>');
    }
    return done(w);
}

sf_status sf_xml_add(sf_xml_writer *w, const char *name, const char *text)
{
    sf_status rc = sf_xml_begin(w, name);
    if (rc == SF_OK) rc = text == NULL ? sf_xml_add_attribute(w, "xsi:nil", "true") : sf_xml_add_text(w, sfi_str(text));
    return rc == SF_OK ? sf_xml_end(w) : rc;
}

sf_status sf_xml_add_int(sf_xml_writer *w, const char *name, int64_t value)
{
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)value);
    return sf_xml_add(w, name, digits);
}

sf_status sf_xml_add_bool(sf_xml_writer *w, const char *name, bool value)
{
    return sf_xml_add(w, name, value ? "true" : "false");
}

sf_status sf_xml_add_base64(sf_xml_writer *w, const char *name, const void *bytes, size_t len)
{
    if (w != NULL && w->failure.status == SF_OK && bytes == NULL && len > 0)
        return refuse(w, SF_ERR_USAGE, "%.80s: the bytes are NULL", name != NULL ? name : "(NULL)");
    sf_status rc = sf_xml_begin(w, name);
    if (rc != SF_OK) return rc;
    close_tag(w);
    if (len > 0) (void)sfi_buf_add_base64(&w->text, bytes, len);
    return sf_xml_end(w);
}

sf_status sf_xml_writer_text(sf_xml_writer *w, sf_str *out, sf_error *err)
{
    if (w == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "the writer or out is NULL");
    if (w->failure.status == SF_OK && w->depth > 0) {
        sf_str name = here(w);
        return sfi_fail(err, SF_ERR_USAGE, "element %.*s is still open", (int)name.len, name.ptr);
    }
    if (w->failure.status != SF_OK) {
        if (err != NULL) *err = w->failure;
        return w->failure.status;
    }
    *out = w->text.data != NULL ? sfi_buf_str(&w->text) : (sf_str){ "", 0 };
    return SF_OK;
}
