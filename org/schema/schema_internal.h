/*
 * schema_internal.h: what the files of org/schema share: drafts of objects while definitions are read, and the hashed
 * names of finished ones.
 */
#ifndef SFO_SCHEMA_INTERNAL_H
#define SFO_SCHEMA_INTERNAL_H
#include "schema/schema.h"

/* ---- hashed names (names.c) ---- */
typedef struct sfo_name_slot {
    const char *name; /* NULL: free */
    uint32_t place;
} sfo_name_slot;

typedef struct sfo_name_index {
    sfo_name_slot *slots;
    uint32_t mask; /* slots - 1 */
    bool exact;    /* with case (key prefixes); else ASCII letters without */
} sfo_name_index;

struct sfo_names {
    sfo_name_index fields, relationships, children;
};

/* Room for count names. @return false: no memory. */
bool sfo_names_init(sfo_name_index *index, sfi_arena *arena, size_t count, bool exact);
/* @return false when the name was there already (then nothing changes). */
bool sfo_names_add(sfo_name_index *index, const char *name, size_t place);
/* @return the place, or -1. */
int64_t sfo_names_find(const sfo_name_index *index, sf_str name);

/* ---- drafts: objects while they grow ---- */
typedef struct sfo_draft {
    sfo_object object;
    sfo_field *fields;
    size_t field_count, field_cap;
    sfo_child *children;
    size_t child_count, child_cap;
    uint64_t given; /* bit per key of the object that its definition has */
    bool standard;  /* from the definitions inside the program */
} sfo_draft;

typedef struct sfo_loader {
    sfi_arena *arena; /* of the schema: holds all that the drafts point to */
    sfo_draft *drafts;
    size_t count, cap;
    const char *file; /* for messages */
    bool standard;    /* reading the definitions inside the program */
    sf_error *err;
} sfo_loader;

/* definition.c: read one "sobjects" array into drafts. */
sf_status sfo_definitions_read(sfo_loader *l, sf_value root);
void sfo_loader_clear(sfo_loader *l);
sfo_draft *sfo_loader_find(const sfo_loader *l, sf_str name);
sf_status sfo_draft_add_field(sfo_loader *l, sfo_draft *d, const sfo_field *field);
sf_status sfo_draft_add_child(sfo_loader *l, sfo_draft *d, const sfo_child *child);
const sfo_field *sfo_draft_field(const sfo_draft *d, sf_str name);

/* recordtypes.c: the "recordTypeInfos" of a definition, and dependent picklists. */
sf_status sfo_record_types_read(sfo_loader *l, sfo_draft *d, sf_value list);
/* validFor as texts into bitmaps. @return SF_ERR_USAGE: it names what is not there. */
sf_status sfo_draft_complete_dependencies(sfo_loader *l, sfo_draft *d);

/* defaults.c: what a definition may leave out. */
/* Facts of a field that follow from its type. given: bit per key of definition.c's table, named below. */
void sfo_field_complete(sfo_field *f, uint64_t given, bool standard);
const char *sfo_soap_type(sfo_type type);
bool sfo_type_parse(sf_str name, sfo_type *out);
const char *sfo_type_text(sfo_type type);
/* System fields, key prefixes, relationship names of objects from a --schema file. */
sf_status sfo_drafts_complete(sfo_loader *l);

enum { /* bits of given that defaults.c asks for */
       SFO_GIVEN_LABEL,
       SFO_GIVEN_LENGTH,
       SFO_GIVEN_BYTE_LENGTH,
       SFO_GIVEN_SOAP_TYPE,
       SFO_GIVEN_NILLABLE,
       SFO_GIVEN_CREATEABLE,
       SFO_GIVEN_UPDATEABLE,
       SFO_GIVEN_FILTERABLE,
       SFO_GIVEN_SORTABLE,
       SFO_GIVEN_GROUPABLE,
       SFO_GIVEN_AGGREGATABLE,
       SFO_GIVEN_PRECISION,
       SFO_GIVEN_SCALE,
       SFO_GIVEN_DIGITS,
       SFO_GIVEN_ID_LOOKUP,
       SFO_GIVEN_PERMISSIONABLE,
       SFO_GIVEN_CUSTOM,
       SFO_GIVEN_OTHER
};
enum { /* the same for objects */
       SFO_OBJECT_CREATEABLE,
       SFO_OBJECT_UPDATEABLE,
       SFO_OBJECT_DELETABLE,
       SFO_OBJECT_QUERYABLE,
       SFO_OBJECT_SEARCHABLE,
       SFO_OBJECT_UNDELETABLE,
       SFO_OBJECT_RETRIEVEABLE,
       SFO_OBJECT_REPLICATEABLE,
       SFO_OBJECT_TRIGGERABLE,
       SFO_OBJECT_LAYOUTABLE,
       SFO_OBJECT_MRU_ENABLED,
       SFO_OBJECT_COMPACT_LAYOUTABLE,
       SFO_OBJECT_SEARCH_LAYOUTABLE,
       SFO_OBJECT_CHANGE_EVENT,
       SFO_OBJECT_OTHER
};
static inline bool sfo_given(uint64_t given, int bit)
{
    return (given >> bit & 1) != 0;
}
#endif
