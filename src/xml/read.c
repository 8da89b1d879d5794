/*
 * read.c: see xml_internal.h. A tree made by libxml2 under rules of ours. The one idea: what makes XML dangerous is the
 * DTD, so the parser is stopped at the first sign of one, before it can define or fetch anything; elements open, elements
 * in all and the bytes of a start tag are counted (attributes cost libxml2 time by their square), so that bombs of nesting,
 * of elements and of attributes end there as well.
 * libxml2 is loaded when the first XML comes (libxml.h): with ICU behind it, it would cost every program a good part of its
 * start, and most programs never meet SOAP.
 */
#include "xml/xml_internal.h"
#include "xml/libxml.h"
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <limits.h>

struct sfi_xml {
    const sfi_libxml *lib;
    xmlDocPtr tree;
    sfi_arena arena; /* texts that were put together from pieces, attribute values */
};

typedef struct refusal { /* reached from the parser as _private */
    const sfi_libxml *lib;
    bool has_dtd;
    bool is_deep;
    int open;                     /* elements, when no tree is made */
    size_t children;              /* of the root, when no tree is made */
    startElementNsSAX2Func start; /* NULL: no tree is made */
    char why[200];                /* the first error: those after it mostly follow from it; "": none */
    int line, column;
} refusal;

static void note_error(void *ctx, xmlErrorPtr error)
{
    xmlParserCtxtPtr parser = ctx;
    refusal *refused = parser->_private;
    if (refused->why[0] != '\0' || error->level < XML_ERR_ERROR) return;
    sf_str text = sfi_trim(sfi_str(error->message != NULL ? error->message : "an error"));
    (void)snprintf(refused->why, sizeof refused->why, "%.*s", (int)(text.len < 190 ? text.len : 190), text.ptr);
    refused->line = error->line;
    refused->column = error->int2;
}

static void refuse_dtd(void *ctx, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
    (void)name;
    (void)external_id;
    (void)system_id;
    xmlParserCtxtPtr parser = ctx;
    refusal *refused = parser->_private;
    refused->has_dtd = true;
    refused->lib->stop(parser);
}

static void start_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int ns_count,
                          const xmlChar **ns, int count, int defaulted, const xmlChar **attributes)
{
    xmlParserCtxtPtr parser = ctx;
    refusal *refused = parser->_private;
    int depth = refused->start != NULL ? parser->nodeNr : refused->open++;
    refused->children += depth == 1 ? 1 : 0;
    refused->is_deep |= depth >= SFI_XML_DEPTH_MAX;
    if (refused->is_deep)
        refused->lib->stop(parser);
    else if (refused->start != NULL)
        refused->start(ctx, name, prefix, uri, ns_count, ns, count, defaulted, attributes);
}

static void end_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)name;
    (void)prefix;
    (void)uri;
    xmlParserCtxtPtr parser = ctx;
    refusal *refused = parser->_private;
    refused->open--;
}

typedef struct tags {
    size_t count, longest; /* start tags, and bytes of the longest */
} tags;

/* A look over the text before libxml2 takes memory for it. Quoted values may hold '>'; comments and CDATA may be counted. */
static tags scan_tags(sf_str text)
{
    tags found = { 0 };
    const char *end = text.ptr + text.len;
    for (const char *p = text.ptr; (p = memchr(p, '<', (size_t)(end - p))) != NULL && ++p < end;) {
        if (*p == '!' || *p == '?' || *p == '/') continue;
        const char *from = p;
        for (char quote = 0; p < end && (quote != 0 || *p != '>'); p++) {
            if (*p == '<') break; /* not well-formed, or the rest of a comment */
            if (quote == 0 && (*p == '"' || *p == '\''))
                quote = *p;
            else if (*p == quote)
                quote = 0;
        }
        found.count++;
        if ((size_t)(p - from) > found.longest) found.longest = (size_t)(p - from);
    }
    return found;
}

static sf_status explain(const xmlParserCtxt *parser, const refusal *refused, sf_error *err)
{
    if (refused->has_dtd) return sfi_fail(err, SF_ERR_PROTOCOL, "XML with a DOCTYPE is refused");
    if (refused->is_deep)
        return sfi_fail(err, SF_ERR_LIMIT, "XML is nested deeper than %d elements (SF_XML_DEPTH_MAX)",
                        SFI_XML_DEPTH_MAX);
    if (parser->lastError.code == XML_ERR_NO_MEMORY) return sfi_fail_memory(err, "an XML document");
    return sfi_fail(err, SF_ERR_PROTOCOL, "not well-formed XML, line %d column %d: %s", refused->line, refused->column,
                    refused->why);
}

sf_status sfi_xml_available(sf_error *err)
{
    if (sfi_libxml_get() != NULL) return SF_OK;
    return sfi_fail(err, SF_ERR_UNSUPPORTED,
                    "SOAP needs the library libxml2, which is not on this machine: install Debian's package libxml2");
}

static sf_status check_text(sf_str text, sf_error *err)
{
    if (text.ptr == NULL || text.len == 0) return sfi_fail(err, SF_ERR_PROTOCOL, "XML expected, but there is nothing");
    if (text.len > SFI_XML_BYTES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "XML of %zu bytes is over %zu (SF_XML_BYTES_MAX)", text.len,
                        SFI_XML_BYTES_MAX);
    _Static_assert(SFI_XML_BYTES_MAX < INT_MAX, "libxml2 takes an int");
    tags found = scan_tags(text);
    if (found.longest > SF_XML_TAG_BYTES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "XML with a start tag of %zu bytes is over %d (SF_XML_TAG_BYTES_MAX)",
                        found.longest, SF_XML_TAG_BYTES_MAX);
    if (found.count > SF_XML_ELEMENTS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "XML of %zu elements is over %d (SF_XML_ELEMENTS_MAX)", found.count,
                        SF_XML_ELEMENTS_MAX);
    return sfi_xml_available(err);
}

/* No XML_PARSE_NOENT, no DTD, no network, no HUGE: libxml2's own bounds hold too. */
static xmlParserCtxtPtr new_parser(const sfi_libxml *lib, sf_str text, refusal *refused)
{
    xmlParserCtxtPtr parser = lib->new_memory_parser(text.ptr, (int)text.len);
    if (parser == NULL) return NULL;
    (void)lib->use_options(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
                                       XML_PARSE_COMPACT);
    refused->lib = lib;
    refused->start = parser->sax->startElementNs;
    parser->_private = refused;
    parser->sax->internalSubset = refuse_dtd;
    parser->sax->startElementNs = start_element;
    parser->sax->serror = note_error;
    return parser;
}

static bool is_good(const xmlParserCtxt *parser, const refusal *refused)
{
    return parser->wellFormed && !refused->has_dtd && !refused->is_deep;
}

static void free_parser(const sfi_libxml *lib, xmlParserCtxtPtr parser)
{
    if (parser == NULL) return;
    lib->free_doc(parser->myDoc);
    parser->myDoc = NULL;
    lib->free_parser(parser);
}

sf_status sfi_xml_check(sf_str text, int first_line, size_t *children, sf_error *err)
{
    sf_status rc = check_text(text, err);
    if (rc != SF_OK) return rc;
    const sfi_libxml *lib = sfi_libxml_get();
    refusal refused = { 0 };
    xmlParserCtxtPtr parser = new_parser(lib, text, &refused);
    if (parser == NULL) return sfi_fail_memory(err, "an XML document");
    refused.start = NULL;
    parser->sax->endElementNs = end_element;
    parser->sax->characters = NULL;
    parser->sax->cdataBlock = NULL;
    parser->sax->ignorableWhitespace = NULL;
    parser->sax->comment = NULL;
    parser->sax->processingInstruction = NULL;
    parser->sax->reference = NULL;
    if (parser->input != NULL) parser->input->line = first_line;
    if (lib->parse(parser) != 0 || !is_good(parser, &refused) ||
        !parser->nsWellFormed) /* a prefix that nobody declares */
        rc = explain(parser, &refused, err);
    if (children != NULL) *children = refused.children;
    free_parser(lib, parser);
    return rc;
}

sf_status sfi_xml_parse(sf_str text, sfi_xml **out, sf_error *err)
{
    *out = NULL;
    sf_status rc = check_text(text, err);
    if (rc != SF_OK) return rc;
    const sfi_libxml *lib = sfi_libxml_get();
    rc = SF_ERR_MEMORY;
    refusal refused = { 0 };
    sfi_xml *doc = sfi_calloc(sizeof *doc);
    xmlParserCtxtPtr parser = new_parser(lib, text, &refused);
    if (doc == NULL || parser == NULL) {
        (void)sfi_fail_memory(err, "an XML document");
        goto done;
    }
    if (lib->parse(parser) != 0 || !is_good(parser, &refused) || lib->root(parser->myDoc) == NULL) {
        rc = explain(parser, &refused, err);
        goto done;
    }
    doc->lib = lib;
    doc->tree = parser->myDoc;
    parser->myDoc = NULL;
    *out = doc;
    doc = NULL;
    rc = SF_OK;
done:
    free_parser(lib, parser);
    sfi_free(doc);
    return rc;
}

void sfi_xml_free(sfi_xml *doc)
{
    if (doc == NULL) return;
    doc->lib->free_doc(doc->tree);
    sfi_arena_free(&doc->arena);
    sfi_free(doc);
}

/* The node after n in document order, inside root: children first, then siblings, then those of the parents. */
static xmlNode *following(const xmlNode *n, const xmlNode *root)
{
    if (n->children != NULL && n->type != XML_ENTITY_REF_NODE) return n->children;
    while (n != root && n->next == NULL) n = n->parent; /* ends: root is above every node that is walked */
    return n == root ? NULL : n->next;
}

void sfi_xml_free_secret(sfi_xml *doc)
{
    if (doc == NULL) return;
    const xmlNode *root = doc->lib->root(doc->tree);
    for (xmlNode *n = root->children; n != NULL; n = following(n, root))
        if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && n->content != NULL)
            sfi_wipe(n->content, strlen((const char *)n->content));
    sfi_xml_free(doc);
}

static sfi_xml_element *as_element(xmlNode *n)
{
    return (sfi_xml_element *)n;
}

static xmlNode *as_node(const sfi_xml_element *e)
{
    return (xmlNode *)(uintptr_t)e; /* libxml2's readers do not say const everywhere; nothing here changes a node */
}

sfi_xml_element *sfi_xml_root(const sfi_xml *doc)
{
    return as_element(doc->lib->root(doc->tree));
}

const char *sfi_xml_name(const sfi_xml_element *e)
{
    return (const char *)as_node(e)->name;
}

const char *sfi_xml_namespace(const sfi_xml_element *e)
{
    const xmlNode *n = as_node(e);
    return n->ns != NULL && n->ns->href != NULL ? (const char *)n->ns->href : "";
}

static sfi_xml_element *first_named(xmlNode *n, const char *name)
{
    for (; n != NULL; n = n->next)
        if (n->type == XML_ELEMENT_NODE && (name == NULL || strcmp((const char *)n->name, name) == 0)) break;
    return as_element(n);
}

sfi_xml_element *sfi_xml_child(const sfi_xml_element *e, const char *name)
{
    return e == NULL ? NULL : first_named(as_node(e)->children, name);
}

sfi_xml_element *sfi_xml_next(const sfi_xml_element *e, const char *name)
{
    return e == NULL ? NULL : first_named(as_node(e)->next, name);
}

sfi_xml_element *sfi_xml_find(const sfi_xml_element *e, const char *path)
{
    char name[128];
    while (e != NULL && *path != '\0') {
        size_t len = strcspn(path, "/");
        if (len >= sizeof name) return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        e = sfi_xml_child(e, name);
        path += len;
        path += *path == '/' ? 1 : 0;
    }
    return as_element(as_node(e));
}

sfi_xml_element *sfi_xml_search(const sfi_xml_element *e, const char *name)
{
    if (e == NULL) return NULL;
    const xmlNode *root = as_node(e);
    for (xmlNode *n = root->children; n != NULL; n = following(n, root))
        if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0) return as_element(n);
    return NULL;
}

/* All text of a list of siblings and what is below them; one piece is borrowed, several are put together. */
static const char *collect(sfi_xml *doc, const xmlNode *parent)
{
    const xmlNode *first = parent->children;
    if (first == NULL) return "";
    bool is_single = first->next == NULL && first->type == XML_TEXT_NODE;
    if (is_single) return first->content != NULL ? (const char *)first->content : "";
    size_t len = 0;
    for (const xmlNode *n = first; n != NULL; n = following(n, parent))
        if (n->type == XML_TEXT_NODE && n->content != NULL) len += strlen((const char *)n->content);
    char *text = sfi_arena_alloc(&doc->arena, len + 1);
    if (text == NULL) return NULL;
    size_t at = 0;
    for (const xmlNode *n = first; n != NULL; n = following(n, parent)) {
        if (n->type != XML_TEXT_NODE || n->content == NULL) continue;
        size_t piece = strlen((const char *)n->content);
        memcpy(text + at, n->content, piece);
        at += piece;
    }
    text[at] = '\0';
    return text;
}

const char *sfi_xml_attribute(sfi_xml *doc, const sfi_xml_element *e, const char *name)
{
    if (e == NULL) return NULL;
    for (const xmlAttr *a = as_node(e)->properties; a != NULL; a = a->next)
        if (strcmp((const char *)a->name, name) == 0) return collect(doc, (const xmlNode *)a);
    return NULL;
}

bool sfi_xml_is_nil(sfi_xml *doc, const sfi_xml_element *e)
{
    const char *nil = sfi_xml_attribute(doc, e, "nil");
    return nil != NULL && (strcmp(nil, "true") == 0 || strcmp(nil, "1") == 0);
}

const char *sfi_xml_text(sfi_xml *doc, const sfi_xml_element *e)
{
    return e == NULL ? NULL : collect(doc, as_node(e));
}

const char *sfi_xml_get(sfi_xml *doc, const sfi_xml_element *e, const char *path)
{
    return sfi_xml_text(doc, sfi_xml_find(e, path));
}

/* ---- writing a tree ---- */

static void add_name(sfi_buf *out, const xmlNs *ns, const xmlChar *name)
{
    if (ns != NULL && ns->prefix != NULL) (void)sfi_buf_addf(out, "%s:", (const char *)ns->prefix);
    (void)sfi_buf_add_str(out, (const char *)name);
}

static void add_declaration(sfi_buf *out, const xmlNs *ns)
{
    if (ns->prefix != NULL)
        (void)sfi_buf_addf(out, " xmlns:%s=\"", (const char *)ns->prefix);
    else
        (void)sfi_buf_add_str(out, " xmlns=\"");
    sfi_xml_escape(out, sfi_str(ns->href != NULL ? (const char *)ns->href : ""));
    (void)sfi_buf_add_char(out, '"');
}

static bool has_prefix(const xmlNs *list, const xmlNs *end, const xmlChar *prefix)
{
    for (; list != end; list = list->next) {
        bool both = list->prefix != NULL && prefix != NULL;
        if (both ? strcmp((const char *)list->prefix, (const char *)prefix) == 0 : list->prefix == prefix) return true;
    }
    return false;
}

/* Is a prefix declared between n and the element above it, so that the latter's is hidden? */
static bool is_hidden(const xmlNode *n, const xmlNode *above, const xmlChar *prefix)
{
    for (; n != above; n = n->parent)
        if (has_prefix(n->nsDef, NULL, prefix)) return true;
    return false;
}

static void add_start(sfi_buf *out, const xmlNode *n, bool is_first)
{
    (void)sfi_buf_add_char(out, '<');
    add_name(out, n->ns, n->name);
    for (const xmlNs *ns = n->nsDef; ns != NULL; ns = ns->next) add_declaration(out, ns);
    for (const xmlNode *up = n->parent; is_first && up != NULL && up->type == XML_ELEMENT_NODE; up = up->parent)
        for (const xmlNs *ns = up->nsDef; ns != NULL; ns = ns->next)
            if (!is_hidden(n, up, ns->prefix)) add_declaration(out, ns);
    for (const xmlAttr *a = n->properties; a != NULL; a = a->next) {
        (void)sfi_buf_add_char(out, ' ');
        add_name(out, a->ns, a->name);
        (void)sfi_buf_add_str(out, "=\"");
        for (const xmlNode *t = a->children; t != NULL; t = t->next)
            if (t->content != NULL) sfi_xml_escape(out, sfi_str((const char *)t->content));
        (void)sfi_buf_add_char(out, '"');
    }
}

static bool is_blank(const xmlNode *n)
{
    return n->type == XML_TEXT_NODE && (n->content == NULL || sfi_trim(sfi_str((const char *)n->content)).len == 0);
}

/* Holds elements and between them nothing but blanks. */
static bool is_structure(const xmlNode *n)
{
    bool has_element = false;
    for (const xmlNode *c = n->children; c != NULL; c = c->next) {
        has_element |= c->type == XML_ELEMENT_NODE;
        if (c->type == XML_TEXT_NODE && !is_blank(c)) return false;
    }
    return has_element;
}

static void add_line_end(sfi_buf *out, int depth)
{
    (void)sfi_buf_add_char(out, '\n');
    for (int i = 0; i < depth; i++) (void)sfi_buf_add_str(out, "  ");
}

static void add_end(sfi_buf *out, const xmlNode *n)
{
    (void)sfi_buf_add_str(out, "</");
    add_name(out, n->ns, n->name);
    (void)sfi_buf_add_char(out, '>');
}

/* Without recursion: down to the first child, on to the next sibling, up to the parent. Ends at the root it began with. */
void sfi_xml_serialize(const sfi_xml_element *e, bool indent, sfi_buf *out)
{
    const xmlNode *root = as_node(e), *n = root;
    int depth = 0;
    while (!out->failed) {
        bool goes_down = false;
        if (n->type == XML_ELEMENT_NODE) {
            if (indent && n != root && is_structure(n->parent)) add_line_end(out, depth);
            add_start(out, n, n == root);
            goes_down = n->children != NULL;
            (void)sfi_buf_add_str(out, goes_down ? ">" : "/>");
        } else if (n->type == XML_TEXT_NODE && n->content != NULL &&
                   !(indent && is_blank(n) && is_structure(n->parent))) {
            sfi_xml_escape(out, sfi_str((const char *)n->content));
        }
        if (goes_down) {
            depth++;
            n = n->children;
            continue;
        }
        while (n != root && n->next == NULL) {
            n = n->parent;
            depth--;
            if (indent && is_structure(n)) add_line_end(out, depth);
            add_end(out, n);
        }
        if (n == root) return;
        n = n->next;
    }
}
