/*
 * library.c: shared libraries that are loaded on first use. Called under a pthread_once by the one door that each has. A
 * library stays loaded: some do not like to be taken away from under running threads. Threads: any.
 */
#include <dlfcn.h>
#include "base/base_internal.h"

bool sfi_library_load(const char *file, const sfi_library_symbol *symbols, size_t count)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    bool ok = library != NULL;
    for (size_t i = 0; i < count && ok; i++) {
        void *address = dlsym(library, symbols[i].name);
        /* ISO C has no cast from an object's pointer to a function's; POSIX promises that this works */
        memcpy(symbols[i].out, &address, sizeof address);
        ok = address != NULL;
    }
    return ok;
}
