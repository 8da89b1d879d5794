/* alloc.c: all memory of the library comes through here. Owns the library's only global, the allocator hook, which
 * sf_set_allocator writes once before other threads exist; from then on it is read only. */
#define SFI_MAY_ALLOCATE
#include "base/base_internal.h"

static void *default_fn(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

static sf_allocator hook = { default_fn, NULL };

sf_status sf_set_allocator(const sf_allocator *allocator, sf_error *err)
{
    if (allocator != NULL && allocator->fn == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "sf_set_allocator: fn is NULL; pass NULL for malloc");
    hook = allocator != NULL ? *allocator : (sf_allocator){ default_fn, NULL };
    return SF_OK;
}

void sf_free(void *ptr)
{
    sfi_free(ptr);
}

void *sfi_alloc(size_t size)
{
    return hook.fn(hook.user, NULL, size > 0 ? size : 1);
}

void *sfi_calloc(size_t size)
{
    void *ptr = sfi_alloc(size);
    if (ptr != NULL) memset(ptr, 0, size);
    return ptr;
}

void *sfi_calloc_n(size_t n, size_t size)
{
    size_t bytes;
    return sfi_mul(n, size, &bytes) ? sfi_calloc(bytes) : NULL;
}

void *sfi_grow(void *list, size_t count, size_t *cap, size_t first, size_t size)
{
    size_t bytes, more = *cap == 0 ? first : *cap;
    if (count < *cap) return list;
    if (*cap != 0 && !sfi_mul(*cap, 2, &more)) return NULL;
    void *bigger = sfi_mul(more, size, &bytes) ? sfi_realloc(list, bytes) : NULL;
    if (bigger != NULL) *cap = more;
    return bigger;
}

void *sfi_realloc(void *ptr, size_t size)
{
    return hook.fn(hook.user, ptr, size > 0 ? size : 1);
}

void sfi_free(void *ptr)
{
    if (ptr != NULL) (void)hook.fn(hook.user, ptr, 0); /* size 0 frees and answers NULL */
}

char *sfi_strndup(const char *s, size_t len)
{
    size_t bytes;
    if (!sfi_add(len, 1, &bytes)) return NULL;
    char *copy = sfi_alloc(bytes);
    if (copy == NULL) return NULL;
    if (len > 0) memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *sfi_strdup(const char *s)
{
    return s != NULL ? sfi_strndup(s, strlen(s)) : NULL;
}

void sfi_wipe(void *ptr, size_t len)
{
    if (ptr == NULL) return;
    memset(ptr, 0, len);
    __asm__ volatile("" : : "r"(ptr) : "memory"); /* the compiler must think that somebody looks at it */
}

void sfi_free_secret(char *s)
{
    if (s == NULL) return;
    sfi_wipe(s, strlen(s));
    sfi_free(s);
}
