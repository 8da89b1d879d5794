/*
 * names.c: hashed names, see schema_internal.h. Open addressing at most half full; built once, then only read, so any
 * thread may look up.
 */
#include "schema/schema_internal.h"

static uint32_t hash_name(const char *name, size_t len, bool exact)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)name[i];
        h = (h ^ (uint32_t)(exact ? c : sfi_ascii_lower(c))) * 16777619u;
    }
    return h;
}

bool sfo_names_init(sfo_name_index *index, sfi_arena *arena, size_t count, bool exact)
{
    size_t slots = 4;
    while (slots < count * 2) slots *= 2;
    index->slots = sfi_arena_alloc(arena, slots * sizeof *index->slots);
    if (index->slots == NULL) return false;
    memset(index->slots, 0, slots * sizeof *index->slots);
    index->mask = (uint32_t)slots - 1;
    index->exact = exact;
    return true;
}

static sfo_name_slot *find_slot(const sfo_name_index *index, sf_str name)
{
    uint32_t at = hash_name(name.ptr, name.len, index->exact) & index->mask;
    for (;; at = (at + 1) & index->mask) { /* ends: half of the slots are free */
        sfo_name_slot *slot = &index->slots[at];
        if (slot->name == NULL) return slot;
        if (index->exact ? sfi_str_is(name, slot->name) : sfi_str_is_nocase(name, slot->name)) return slot;
    }
}

bool sfo_names_add(sfo_name_index *index, const char *name, size_t place)
{
    sfo_name_slot *slot = find_slot(index, sfi_str(name));
    if (slot->name != NULL) return false;
    *slot = (sfo_name_slot){ .name = name, .place = (uint32_t)place };
    return true;
}

int64_t sfo_names_find(const sfo_name_index *index, sf_str name)
{
    if (name.len == 0) return -1;
    const sfo_name_slot *slot = find_slot(index, name);
    return slot->name != NULL ? (int64_t)slot->place : -1;
}
