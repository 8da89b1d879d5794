/* libxml.c: see libxml.h. Owns the addresses, written once under pthread_once and only read afterwards; the library stays
 * loaded, since libxml2 does not like to be taken away from under running threads. */
#include "xml/libxml.h"
#include <dlfcn.h>
#include <pthread.h>
#include "base/base_internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sfi_libxml lib;
static bool is_loaded;

static bool find(void *handle, const char *name, void *out)
{
    void *address = dlsym(handle, name);
    /* ISO C has no cast from an object's pointer to a function's; POSIX promises that this works */
    memcpy(out, &address, sizeof address);
    return address != NULL;
}

static void load(void)
{
    void *handle = dlopen("libxml2.so.2", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL) return;
    is_loaded = find(handle, "xmlInitParser", &lib.init) &&
                find(handle, "xmlCreateMemoryParserCtxt", &lib.new_memory_parser) &&
                find(handle, "xmlCtxtUseOptions", &lib.use_options) && find(handle, "xmlParseDocument", &lib.parse) &&
                find(handle, "xmlStopParser", &lib.stop) && find(handle, "xmlFreeParserCtxt", &lib.free_parser) &&
                find(handle, "xmlDocGetRootElement", &lib.root) && find(handle, "xmlFreeDoc", &lib.free_doc);
    if (is_loaded) lib.init();
}

const sfi_libxml *sfi_libxml_get(void)
{
    (void)pthread_once(&once, load);
    return is_loaded ? &lib : NULL;
}
