/*
 * xml.h: reading XML that came from the org, and writing some for it: what the SOAP calls (soap.h) take and give.
 * An element is a small view, passed by value, that borrows from its document: good until sf_xml_free. Elements are
 * found by their local name; which prefix a server chose plays no part. Reading does no I/O and never fails: what is not
 * there is answered as each comment says, so a zeroed view may be read too.
 * Documents with a DTD are refused, so there are no entities but the five of XML itself, and nothing is fetched.
 * Threads: a document with its elements, and a writer, belong to one thread at a time.
 */
#ifndef SALESFORCE_XML_H
#define SALESFORCE_XML_H
#include <salesforce/base.h>

#define SF_XML_BYTES_MAX ((size_t)64 << 20) /* bytes of a document that is read */
#define SF_XML_WRITE_MAX ((size_t)50 << 20) /* bytes that a writer takes, as the API allows a request */
#define SF_XML_DEPTH_MAX 128                /* elements inside one another, read or written */
#define SF_XML_ELEMENTS_MAX 4000000         /* elements of a document that is read */
#define SF_XML_TAG_BYTES_MAX 8192           /* bytes of one start tag with its attributes */

struct sfi_xml;
typedef struct sfi_xml sf_xml;  /* owns a document's tree */

typedef struct sf_xml_element { /* a view: copy it freely; a zeroed one is «not there»; finished */
    struct sfi_xml *doc;        /* ours */
    const void *node;           /* ours; NULL: there is no such element */
} sf_xml_element;

/** Read a document. @param text UTF-8, borrowed for the call. @param out owned by the caller, ends with sf_xml_free;
 *  NULL on failure. @return SF_OK, SF_ERR_PROTOCOL (not well-formed: line and column; or a DTD), SF_ERR_LIMIT (one of
 *  the limits above), SF_ERR_UNSUPPORTED (libxml2 is not on this machine), SF_ERR_USAGE, SF_ERR_MEMORY. */
SF_API sf_status sf_xml_parse(const char *text, size_t len, sf_xml **out, sf_error *err);
/** Overwrites all text first, which may hold a secret. All elements of it are dead then. NULL is fine. */
SF_EXTERN void sf_xml_free(sf_xml *doc);

SF_EXTERN sf_xml_element sf_xml_root(sf_xml *doc);                   /**< not there for NULL */
SF_EXTERN bool sf_xml_exists(sf_xml_element e);
SF_EXTERN const char *sf_xml_name(sf_xml_element e);                 /**< local name; borrowed; NULL: not there */
SF_EXTERN const char *sf_xml_namespace(sf_xml_element e);            /**< its URI, "" for none; borrowed; NULL: not there */
/** The first child, and the next sibling, of that local name. @param name NULL: of any name. */
SF_EXTERN sf_xml_element sf_xml_child(sf_xml_element e, const char *name);
SF_EXTERN sf_xml_element sf_xml_next(sf_xml_element e, const char *name);
SF_EXTERN size_t sf_xml_count(sf_xml_element e, const char *name);   /**< children of that name; NULL: all */

/** The element at a dotted path of local names, the first of each: "result.errors.message". A number picks among those
 *  of the name before it: "result.records.2" is the third. @param path NULL or "": e itself. */
SF_EXTERN sf_xml_element sf_xml_get(sf_xml_element e, const char *path);
/** All text below the element at path, decoded; NUL-terminated UTF-8, borrowed from the document; "" when it is empty.
 *  @return NULL: not there, xsi:nil, or no memory for text in several pieces. */
SF_EXTERN const char *sf_xml_get_str(sf_xml_element e, const char *path);
/** @return otherwise unless the text, without blanks around it, is a whole number that fits. */
SF_EXTERN int64_t sf_xml_get_int(sf_xml_element e, const char *path, int64_t otherwise);
/** @return otherwise unless the text, without blanks around it, is true, false, 1 or 0. */
SF_EXTERN bool sf_xml_get_bool(sf_xml_element e, const char *path, bool otherwise);
/** A dateTime, date or time, as sf_get_time_ms reads it. @return false, out untouched, when it is none. */
SF_API bool sf_xml_get_time_ms(sf_xml_element e, const char *path, int64_t *out);
SF_EXTERN bool sf_xml_is_nil(sf_xml_element e, const char *path);    /**< there, with xsi:nil="true" */
/** Value of an attribute by its local name, such as "type"; borrowed. @return NULL: not there, or no memory. */
SF_EXTERN const char *sf_xml_attribute(sf_xml_element e, const char *name);

/** An element as XML text, with the namespaces it needs declared on it. @param indent each element that holds no text on
 *  a line of its own. @param out owned by the caller, ends with sf_free; NUL-terminated. @param len NULL, or gets its
 *  bytes. @return SF_OK, SF_ERR_USAGE (not there), SF_ERR_MEMORY. */
SF_API sf_status sf_xml_to_text(sf_xml_element e, bool indent, char **out, size_t *len, sf_error *err);

/* ---- writing ---- */

typedef struct sf_xml_writer sf_xml_writer;
/** An empty writer. @return owned by the caller, ends with sf_xml_writer_free. NULL: no memory; all calls below take
 *  that and answer SF_ERR_USAGE. */
SF_EXTERN sf_xml_writer *sf_xml_writer_new(void);
SF_EXTERN void sf_xml_writer_free(sf_xml_writer *w); /**< Overwrites what was written. NULL is fine. */

/* The first failure is kept and comes back from sf_xml_writer_text, so the answers of the others need not be read one by
 * one. Names: "name" or "prefix:name" in ASCII. Texts: UTF-8, escaped here and nowhere else; characters that XML 1.0
 * cannot carry (U+0000 to U+001F but TAB, LF, CR; U+FFFE, U+FFFF) are refused, naming the element.
 * @return SF_OK, SF_ERR_USAGE (no name, no UTF-8, no such character, not the place for it), SF_ERR_LIMIT
 * (SF_XML_WRITE_MAX, SF_XML_DEPTH_MAX), SF_ERR_MEMORY. */
SF_EXTERN sf_status sf_xml_begin(sf_xml_writer *w, const char *name);               /**< <name> */
SF_EXTERN sf_status sf_xml_add_attribute(sf_xml_writer *w, const char *name, const char *value); /**< right after begin */
SF_EXTERN sf_status sf_xml_add_text(sf_xml_writer *w, sf_str text);                 /**< content of the element */
SF_EXTERN sf_status sf_xml_end(sf_xml_writer *w);                                   /**< closes the innermost element */
/** A whole element with text. @param text NULL: <name xsi:nil="true"/>. */
SF_EXTERN sf_status sf_xml_add(sf_xml_writer *w, const char *name, const char *text);
SF_EXTERN sf_status sf_xml_add_int(sf_xml_writer *w, const char *name, int64_t value);
SF_EXTERN sf_status sf_xml_add_bool(sf_xml_writer *w, const char *name, bool value);
/** Bytes as base64. */
SF_EXTERN sf_status sf_xml_add_base64(sf_xml_writer *w, const char *name, const void *bytes, size_t len);
/** What was written. @param out borrowed until the next call on the writer.
 *  @return SF_OK, SF_ERR_USAGE (an element is still open), or the failure that was kept. */
SF_API sf_status sf_xml_writer_text(sf_xml_writer *w, sf_str *out, sf_error *err);
#endif
