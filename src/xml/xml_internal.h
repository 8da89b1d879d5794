/*
 * xml_internal.h: XML text in, elements out, and the few functions it takes to write some. Only this room knows libxml2.
 * No I/O and nothing from outside: documents with a DTD are refused, so there are no entities but the five of XML itself.
 * Elements are found by local name, never by prefix. Called by auth (SOAP login), client (error bodies) and the org.
 * Threads: a document belongs to one thread at a time.
 */
#ifndef SFI_XML_INTERNAL_H
#define SFI_XML_INTERNAL_H
#include <salesforce/xml.h>
#include "base/base_internal.h"

enum {
    SFI_XML_DEPTH_MAX = SF_XML_DEPTH_MAX /* elements inside one another */
};
#define SFI_XML_BYTES_MAX SF_XML_BYTES_MAX

/* ---- reading ---- */
typedef struct sfi_xml sfi_xml;
typedef struct sfi_xml_element sfi_xml_element; /* borrowed from its document */

/* @param text borrowed for the call. @param out owned by the caller, ends with sfi_xml_free; NULL on failure.
 * @return SF_OK, SF_ERR_PROTOCOL (not well-formed: line and column; or a DTD), SF_ERR_LIMIT (bytes, depth), SF_ERR_MEMORY. */
sf_status sfi_xml_parse(sf_str text, sfi_xml **out, sf_error *err);
/* The same without making a tree: is it well-formed, and within the limits? @param first_line number of the first line in
 * messages. @param children NULL, or gets how many elements the root has. */
sf_status sfi_xml_check(sf_str text, int first_line, size_t *children, sf_error *err);
/* SF_ERR_UNSUPPORTED when libxml2 is not on this machine. */
sf_status sfi_xml_available(sf_error *err);
void sfi_xml_free(sfi_xml *doc);        /* NULL is fine */
void sfi_xml_free_secret(sfi_xml *doc); /* overwrites all text before */

sfi_xml_element *sfi_xml_root(const sfi_xml *doc);
/* Local name and namespace; "" for no namespace. */
const char *sfi_xml_name(const sfi_xml_element *e);
const char *sfi_xml_namespace(const sfi_xml_element *e);
/* First child element, and the next sibling element, of this local name (NULL: of any). NULL: none. e may be NULL. */
sfi_xml_element *sfi_xml_child(const sfi_xml_element *e, const char *name);
sfi_xml_element *sfi_xml_next(const sfi_xml_element *e, const char *name);
/* "Body/loginResponse/result": local names from child to child, the first of each. */
sfi_xml_element *sfi_xml_find(const sfi_xml_element *e, const char *path);
/* First element of this local name at any depth below e, in document order. */
sfi_xml_element *sfi_xml_search(const sfi_xml_element *e, const char *name);
/* Adds an element as XML text: see sf_xml_to_text. */
void sfi_xml_serialize(const sfi_xml_element *e, bool indent, sfi_buf *out);
/* Value of an attribute by local name, borrowed; NULL: not there, or no memory. */
const char *sfi_xml_attribute(sfi_xml *doc, const sfi_xml_element *e, const char *name);
/* xsi:nil="true" or "1". */
bool sfi_xml_is_nil(sfi_xml *doc, const sfi_xml_element *e);
/* All text below e, decoded, borrowed; "" when empty; NULL: e is NULL, or no memory. */
const char *sfi_xml_text(sfi_xml *doc, const sfi_xml_element *e);
/* The two in one: text of the element at path, NULL when it is not there. */
const char *sfi_xml_get(sfi_xml *doc, const sfi_xml_element *e, const char *path);

/* ---- writing: into a buffer, checked once at its end with sfi_buf_status ---- */
/* Text for content and for attribute values: & < > " ' and CR, LF, TAB where they would be lost are escaped; what XML
 * cannot carry at all (other control characters, U+FFFE, U+FFFF, broken UTF-8) becomes U+FFFD. */
void sfi_xml_escape(sfi_buf *out, sf_str text);
bool sfi_xml_can_carry(sf_str text); /* false: sfi_xml_escape would put U+FFFD somewhere */
bool sfi_xml_is_qname(const char *name); /* "name" or "prefix:name", ASCII */
/* Keeps a failure of the caller's in a writer (the first one stays); failure NULL: only asks. Answers what is kept. */
sf_status sfi_xml_writer_fail(sf_xml_writer *w, const sf_error *failure);
void sfi_xml_declaration(sfi_buf *out);
void sfi_xml_open(sfi_buf *out, const char *name);  /* "<name>"; name may carry literal attributes: "a:b x=\"1\"" */
void sfi_xml_close(sfi_buf *out, const char *name); /* "</name>" */
void sfi_xml_element_text(sfi_buf *out, const char *name, sf_str text); /* <name>escaped</name>; ptr NULL: xsi:nil */
#endif
