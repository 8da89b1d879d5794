/* arena.c: many small pieces that end together. An arena owns its blocks; pieces are never freed one by one. Blocks
 * double in size, and a reset keeps the newest, so that steady work settles on one block and allocates no more. */
#include "base/base_internal.h"

enum { ALIGNMENT = 16, FIRST_BLOCK_BYTES = 4096, KEPT_BLOCK_MAX = 1 << 20 };

typedef struct sfi_arena_block {
    struct sfi_arena_block *next;
    size_t size; /* bytes of data */
    size_t used; /* of them given out */
    size_t spare;
    char data[];
} sfi_arena_block;
_Static_assert(sizeof(sfi_arena_block) % ALIGNMENT == 0, "data begins aligned");

static sfi_arena_block *add_block(sfi_arena *a, size_t need)
{
    size_t size = a->blocks != NULL ? a->blocks->size : FIRST_BLOCK_BYTES / 2;
    size = size < KEPT_BLOCK_MAX ? size * 2 : KEPT_BLOCK_MAX;
    if (size < need) size = need;
    size_t bytes;
    if (!sfi_add(size, sizeof(sfi_arena_block), &bytes)) return NULL;
    sfi_arena_block *block = sfi_alloc(bytes);
    if (block == NULL) return NULL;
    *block = (sfi_arena_block){ .next = a->blocks, .size = size };
    a->blocks = block;
    return block;
}

void *sfi_arena_alloc(sfi_arena *a, size_t size)
{
    size_t need;
    if (!sfi_add(size > 0 ? size : 1, ALIGNMENT - 1, &need)) return NULL;
    need &= ~(size_t)(ALIGNMENT - 1);
    size_t max = a->max > 0 ? a->max : SFI_BUF_MAX;
    if (a->used > max || need > max - a->used) return NULL;
    sfi_arena_block *block = a->blocks;
    if (block == NULL || need > block->size - block->used) block = add_block(a, need);
    if (block == NULL) return NULL;
    char *piece = block->data + block->used;
    block->used += need;
    a->used += need;
    return piece;
}

char *sfi_arena_strndup(sfi_arena *a, const char *s, size_t len)
{
    size_t bytes;
    char *copy = sfi_add(len, 1, &bytes) ? sfi_arena_alloc(a, bytes) : NULL;
    if (copy == NULL) return NULL;
    if (len > 0) memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

static void free_blocks(sfi_arena_block *block)
{
    while (block != NULL) {
        sfi_arena_block *next = block->next;
        sfi_free(block);
        block = next;
    }
}

void sfi_arena_wipe(sfi_arena *a)
{
    for (sfi_arena_block *block = a->blocks; block != NULL; block = block->next) sfi_wipe(block->data, block->used);
}

void sfi_arena_reset(sfi_arena *a)
{
    a->used = 0;
    if (a->blocks == NULL) return;
    bool is_kept = a->blocks->size <= KEPT_BLOCK_MAX; /* one huge piece is not held for ever */
    free_blocks(is_kept ? a->blocks->next : a->blocks);
    a->blocks = is_kept ? a->blocks : NULL;
    if (a->blocks != NULL) a->blocks->next = NULL;
    if (a->blocks != NULL) a->blocks->used = 0;
}

void sfi_arena_free(sfi_arena *a)
{
    free_blocks(a->blocks);
    *a = (sfi_arena){ .max = a->max };
}
