/* approval_internal.h: what approval.c and approval_load.c share. Threads: as approval.h. */
#ifndef SFO_APPROVAL_INTERNAL_H
#define SFO_APPROVAL_INTERNAL_H
#include "store/approval.h"
#include "store/store_internal.h"

struct sfo_approvals {
    sfi_arena arena;
    sfo_approval_process *processes;
    size_t count;
    sfo_rule *rules;
    size_t rule_count;
};

typedef struct sfo_value {
    const char *field;
    sf_str text; /* empty: null */
} sfo_value;

/* A row of an object that callers may not write, in a transaction of its own or inside the open one. */
bool sfo_process_insert(sfo_store *s, const sfo_context *c, const char *object, const sfo_value *values, size_t count,
                        sf_id *id, sfo_fault *f);
#endif
