/*
 * criteria.h: conditions that a definition sets on a record: entry criteria of approval processes, criteria of process
 * rules. All of a list must hold. Read once from the definitions, then held against stored rows.
 * Threads: read only after reading; sfo_criteria_hold takes the store's lock.
 */
#ifndef SFO_CRITERIA_H
#define SFO_CRITERIA_H
#include "store/store.h"

typedef struct sfo_criterion {
    const sfo_field *field;
    int op;
    sf_str value; /* ptr NULL: null */
} sfo_criterion;

typedef struct sfo_criteria {
    const sfo_criterion *items;
    size_t count;
} sfo_criteria;

/* [{"field","op","value"}]; op: equals (the default), notEqual, lessThan, greaterThan, lessOrEqual, greaterOrEqual,
 * contains, startsWith. A missing list holds always. Texts live in arena. @param what begins messages. */
sf_status sfo_criteria_read(const sfo_object *o, sf_value list, sfi_arena *arena, const char *what, sfo_criteria *out,
                            sf_error *err);
/* false: a fault (the record is not there, or the database failed); else *holds says it. */
bool sfo_criteria_hold(sfo_store *s, const sfo_criteria *list, const sfo_object *o, const char *id, bool *holds,
                       sfo_fault *f);
/* The same comparison for two texts: numbers where both are, else text without case. */
bool sfo_criterion_texts(int op, sf_str left, sf_str right);
int sfo_criterion_op(sf_str name); /* -1: unknown; a missing name is equals */
#endif
