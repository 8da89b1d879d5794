/*
 * element.c: the views of xml.h over the tree of read.c. Called by programs and by soap. Owns nothing: an element is its
 * document and a node in it.
 */
#include <salesforce/xml.h>
#include "xml/xml_internal.h"

enum { NAME_MAX_BYTES = 128 };

static sf_xml_element view(sf_xml *doc, const sfi_xml_element *node)
{
    return node != NULL ? (sf_xml_element){ doc, node } : (sf_xml_element){ 0 };
}

sf_status sf_xml_parse(const char *text, size_t len, sf_xml **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (text == NULL && len > 0) return sfi_fail(err, SF_ERR_USAGE, "the text is NULL");
    return sfi_xml_parse((sf_str){ text, len }, out, err);
}

void sf_xml_free(sf_xml *doc)
{
    sfi_xml_free_secret(doc);
}

sf_xml_element sf_xml_root(sf_xml *doc)
{
    return doc != NULL ? view(doc, sfi_xml_root(doc)) : (sf_xml_element){ 0 };
}

bool sf_xml_exists(sf_xml_element e)
{
    return e.node != NULL;
}

const char *sf_xml_name(sf_xml_element e)
{
    return e.node != NULL ? sfi_xml_name(e.node) : NULL;
}

const char *sf_xml_namespace(sf_xml_element e)
{
    return e.node != NULL ? sfi_xml_namespace(e.node) : NULL;
}

sf_xml_element sf_xml_child(sf_xml_element e, const char *name)
{
    return view(e.doc, sfi_xml_child(e.node, name));
}

sf_xml_element sf_xml_next(sf_xml_element e, const char *name)
{
    return view(e.doc, sfi_xml_next(e.node, name));
}

size_t sf_xml_count(sf_xml_element e, const char *name)
{
    size_t n = 0;
    for (const sfi_xml_element *c = sfi_xml_child(e.node, name); c != NULL; c = sfi_xml_next(c, name)) n++;
    return n;
}

/* The one that stands index places behind e among its siblings of the same name. */
static const sfi_xml_element *skip(const sfi_xml_element *e, const char *digits)
{
    int64_t index;
    if (!sfi_parse_int(sfi_str(digits), &index) || index < 0) return NULL;
    const char *name = e != NULL ? sfi_xml_name(e) : NULL;
    for (; e != NULL && index > 0; index--) e = sfi_xml_next(e, name);
    return e;
}

sf_xml_element sf_xml_get(sf_xml_element e, const char *path)
{
    const sfi_xml_element *at = e.node;
    char step[NAME_MAX_BYTES];
    for (const char *rest = path != NULL ? path : ""; at != NULL && *rest != '\0';) {
        size_t len = strcspn(rest, ".");
        if (len == 0 || len >= sizeof step) return (sf_xml_element){ 0 };
        memcpy(step, rest, len);
        step[len] = '\0';
        at = step[0] >= '0' && step[0] <= '9' ? skip(at, step) : sfi_xml_child(at, step);
        rest += len + (rest[len] == '.' ? 1 : 0);
    }
    return view(e.doc, at);
}

const char *sf_xml_get_str(sf_xml_element e, const char *path)
{
    sf_xml_element at = sf_xml_get(e, path);
    return at.node == NULL || sfi_xml_is_nil(at.doc, at.node) ? NULL : sfi_xml_text(at.doc, at.node);
}

int64_t sf_xml_get_int(sf_xml_element e, const char *path, int64_t otherwise)
{
    const char *text = sf_xml_get_str(e, path);
    int64_t n;
    return text != NULL && sfi_parse_int(sfi_trim(sfi_str(text)), &n) ? n : otherwise;
}

bool sf_xml_get_bool(sf_xml_element e, const char *path, bool otherwise)
{
    const char *text = sf_xml_get_str(e, path);
    sf_str s = sfi_trim(sfi_str(text != NULL ? text : ""));
    if (sfi_str_is(s, "true") || sfi_str_is(s, "1")) return true;
    return sfi_str_is(s, "false") || sfi_str_is(s, "0") ? false : otherwise;
}

bool sf_xml_get_time_ms(sf_xml_element e, const char *path, int64_t *out)
{
    const char *text = sf_xml_get_str(e, path);
    char kind;
    return text != NULL && out != NULL && sfi_time_parse(sfi_trim(sfi_str(text)), out, &kind);
}

bool sf_xml_is_nil(sf_xml_element e, const char *path)
{
    sf_xml_element at = sf_xml_get(e, path);
    return at.node != NULL && sfi_xml_is_nil(at.doc, at.node);
}

const char *sf_xml_attribute(sf_xml_element e, const char *name)
{
    return e.node != NULL && name != NULL ? sfi_xml_attribute(e.doc, e.node, name) : NULL;
}

sf_status sf_xml_to_text(sf_xml_element e, bool indent, char **out, size_t *len, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (e.node == NULL) return sfi_fail(err, SF_ERR_USAGE, "there is no such element");
    sfi_buf text = { 0 };
    sfi_xml_serialize(e.node, indent, &text);
    sf_status rc = sfi_buf_status(&text, err, "an element's text");
    if (rc == SF_OK && len != NULL) *len = text.len;
    if (rc == SF_OK) *out = sfi_buf_take(&text);
    sfi_buf_free(&text);
    return rc;
}
