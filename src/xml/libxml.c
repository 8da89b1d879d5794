/* libxml.c: see libxml.h. Owns the addresses, written once under pthread_once and only read afterwards; the library stays
 * loaded, since libxml2 does not like to be taken away from under running threads. */
#include "xml/libxml.h"
#include <pthread.h>
#include "base/base_internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sfi_libxml lib;
static bool is_loaded;

static void load(void)
{
    static const sfi_library_symbol symbols[] = { { "xmlInitParser", &lib.init },
                                                  { "xmlCreateMemoryParserCtxt", &lib.new_memory_parser },
                                                  { "xmlCtxtUseOptions", &lib.use_options },
                                                  { "xmlParseDocument", &lib.parse },
                                                  { "xmlStopParser", &lib.stop },
                                                  { "xmlFreeParserCtxt", &lib.free_parser },
                                                  { "xmlDocGetRootElement", &lib.root },
                                                  { "xmlFreeDoc", &lib.free_doc } };
    is_loaded = sfi_library_load("libxml2.so.2", symbols, SFI_COUNT_OF(symbols));
    if (is_loaded) lib.init();
}

const sfi_libxml *sfi_libxml_get(void)
{
    (void)pthread_once(&once, load);
    return is_loaded ? &lib : NULL;
}
