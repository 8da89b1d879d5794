/*
 * buffers.c: a few large blocks that callers gave back, for the bodies to come: a query of a hundred pages writes into
 * the same two or three again, and the kernel has no pages to clear. Under sfi_http's lock; memory is asked for and
 * given back outside of it.
 */
#include "http/engine_internal.h"

void sfi_http_give_buffer(sfi_http *http, char *data, size_t cap)
{
    if (data == NULL) return;
    char *spare = data; /* what is left over and freed */
    if (cap <= SFI_HTTP_BUFFER_KEEP_MAX && cap > SFI_HTTP_SPARE) {
        pthread_mutex_lock(&http->lock);
        sfi_buffer *smallest = &http->buffers[0];
        for (size_t i = 1; i < SFI_HTTP_BUFFERS_MAX; i++)
            if (http->buffers[i].cap < smallest->cap) smallest = &http->buffers[i];
        if (cap > smallest->cap && !http->is_closing) {
            spare = smallest->data;
            *smallest = (sfi_buffer){ data, cap };
        }
        pthread_mutex_unlock(&http->lock);
    }
    sfi_free(spare);
}

/* @return the kept buffer that serves best, or NULL. is_exact: need is all that will come, else only the first of it. */
static sfi_buffer *choose_buffer(sfi_http *http, size_t need, bool is_exact)
{
    sfi_buffer *best = NULL;
    size_t largest = is_exact ? (need < 8 * SFI_KIB ? 64 * SFI_KIB : need * 8) : SIZE_MAX;
    for (size_t i = 0; i < SFI_HTTP_BUFFERS_MAX; i++) {
        sfi_buffer *b = &http->buffers[i];
        if (b->data == NULL || b->cap < need || b->cap > largest) continue;
        bool is_better = best == NULL || (is_exact ? b->cap < best->cap : b->cap > best->cap);
        if (is_better) best = b;
    }
    return best;
}

char *sfi_http_take_buffer(sfi_http *http, size_t need, bool is_exact, size_t *cap)
{
    sfi_buffer got = { 0 };
    pthread_mutex_lock(&http->lock);
    sfi_buffer *kept = choose_buffer(http, need, is_exact);
    if (kept != NULL) {
        got = *kept;
        *kept = (sfi_buffer){ 0 };
    }
    pthread_mutex_unlock(&http->lock);
    if (got.data == NULL) {
        got.cap = need > 64 * SFI_KIB ? need + need / 8 : need; /* the next page is a little larger */
        got.data = sfi_alloc(got.cap);
    }
    *cap = got.cap;
    return got.data;
}
