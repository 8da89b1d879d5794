/* libxml.h: the few functions of libxml2 that we call, loaded on first use. Called by read.c. Threads: any. */
#ifndef SFI_LIBXML_H
#define SFI_LIBXML_H
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>

typedef struct sfi_libxml { /* of the types that the headers give them */
    __typeof__(xmlInitParser) *init;
    __typeof__(xmlCreateMemoryParserCtxt) *new_memory_parser;
    __typeof__(xmlCtxtUseOptions) *use_options;
    __typeof__(xmlParseDocument) *parse;
    __typeof__(xmlStopParser) *stop;
    __typeof__(xmlFreeParserCtxt) *free_parser;
    __typeof__(xmlDocGetRootElement) *root;
    __typeof__(xmlFreeDoc) *free_doc;
} sfi_libxml;

/* Good until the process ends; NULL: the library is not on this machine. */
const sfi_libxml *sfi_libxml_get(void);
#endif
