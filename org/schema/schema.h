/*
 * schema.h: the objects and fields that the org knows: the standard ones (data/standard-objects.json, inside the
 * program) and those of a --schema file of the same shape, which adds objects and adds fields to known ones.
 * Called by store, soql and api. Owns all names; everything it hands out lives until sfo_schema_free.
 * Threads: read only after loading, so any thread may read.
 */
#ifndef SFO_SCHEMA_H
#define SFO_SCHEMA_H
#include "base/base_internal.h"
#include "json/json_internal.h"

typedef enum sfo_type {
    SFO_ID,
    SFO_REFERENCE,
    SFO_STRING,
    SFO_TEXTAREA,
    SFO_PICKLIST,
    SFO_MULTIPICKLIST,
    SFO_COMBOBOX,
    SFO_PHONE,
    SFO_URL,
    SFO_EMAIL,
    SFO_ENCRYPTEDSTRING,
    SFO_BOOLEAN,
    SFO_INT,
    SFO_LONG,
    SFO_DOUBLE,
    SFO_CURRENCY,
    SFO_PERCENT,
    SFO_DATE,
    SFO_DATETIME,
    SFO_TIME,
    SFO_BASE64,
    SFO_ADDRESS,
    SFO_LOCATION,
    SFO_ANYTYPE,
    SFO_COMPLEXVALUE,
    SFO_DATACATEGORYGROUPREFERENCE
} sfo_type;

typedef struct sfo_picklist_value {
    const char *value, *label;
    const char *valid_for;          /* base64 bitmap over the controlling field's values; NULL: none */
    const char *const *valid_names; /* the same as a definition may have it: texts of those values; NULL: not so */
    size_t valid_count;
    bool active, is_default;
} sfo_picklist_value;

typedef struct sfo_object sfo_object;

typedef struct sfo_field {
    const char *name, *label;
    sfo_type type;
    const char *type_name, *soap_type; /* as describe writes them */
    int32_t length, byte_length, precision, scale, digits;
    bool nillable, createable, updateable, defaulted_on_create, filterable, sortable, groupable, aggregatable;
    bool unique, case_sensitive, external_id, id_lookup, auto_number, calculated, name_field, name_pointing;
    bool restricted_picklist, html_formatted, encrypted, custom, cascade_delete, restricted_delete;
    const char *default_value;     /* text; NULL: none */
    const char *relationship_name; /* NULL: none */
    const char *compound_name;     /* the address, location or name this is a part of; NULL */
    const char *extra_type_info;
    const char *const *reference_to; /* object names */
    size_t reference_count;
    const sfo_picklist_value *picklist;
    size_t picklist_count;
    bool stored;           /* has a column of its name; false: computed on read (address, location compounds) */
    bool is_name_compound; /* Name of Contact, Lead, User: stored, but written by the store from its parts */
    const sfo_object *object;
    /* What only the describe tells. */
    bool permissionable, search_prefilterable, query_by_distance, polymorphic, dependent_picklist;
    bool display_location_in_decimal, high_scale_number, write_requires_master_read;
    int32_t relationship_order;                                                             /* -1: null */
    const char *controller_name, *help_text, *formula, *default_formula, *mask, *mask_type; /* NULL: none */
    const char *child_relationship_name; /* what the definition calls the other end; NULL: not said */
} sfo_field;

typedef struct sfo_type_values { /* the values of a picklist that a record type offers */
    const char *field;
    const char *const *values;
    size_t count;
} sfo_type_values;

typedef struct sfo_record_type {
    const char *id, *name, *developer_name; /* id: 18 characters */
    bool active, available, is_default;
    const sfo_type_values *picklists; /* fields that are not named have all their values */
    size_t picklist_count;
} sfo_record_type;

#define SFO_MASTER_RECORD_TYPE "012000000000000AAA" /* every object has it; it has no row */

typedef struct sfo_child {         /* one child relationship, seen from the parent */
    const char *relationship_name; /* NULL: not queryable */
    const char *child_object, *field;
    bool cascade_delete, restricted_delete;
} sfo_child;

struct sfo_object {
    const char *name, *label, *label_plural, *key_prefix; /* key_prefix NULL: none */
    bool custom, custom_setting, createable, updateable, deletable, queryable, searchable, undeletable, retrieveable;
    bool replicateable, triggerable, layoutable, mergeable, mru_enabled, feed_enabled;
    bool is_event;            /* name ends in __e, or one of the org's own (data/standard-events.json) */
    bool publish_immediately; /* of an event: it is told even when its transaction is undone */
    const char *publish_behavior; /* as it was given; NULL: after the commit */
    const char *change_event; /* NULL: none */
    const sfo_field *fields;  /* in the order of the describe */
    size_t field_count;
    const sfo_child *children; /* completed from all objects' references, custom ones too */
    size_t child_count;
    /* What only the describe tells. */
    bool deep_cloneable, compact_layoutable, search_layoutable;
    const char *associate_entity_type, *associate_parent_entity; /* NULL: none */
    const sfo_record_type *record_types;                         /* without the master */
    size_t record_type_count;
    size_t index;                  /* its place in sfo_schema_at */
    const struct sfo_names *names; /* ours: the hashed names of fields, relationships and children */
};

typedef struct sfo_schema sfo_schema;
/* @param extra_path a --schema file, or NULL. */
sf_status sfo_schema_load(const char *extra_path, sfo_schema **out, sf_error *err);
void sfo_schema_free(sfo_schema *s);
size_t sfo_schema_count(const sfo_schema *s);
const sfo_object *sfo_schema_at(const sfo_schema *s, size_t i);             /* in the order of the describe (by name) */
const sfo_object *sfo_schema_object(const sfo_schema *s, sf_str name);      /* any case; NULL: unknown */
const sfo_object *sfo_schema_object_of_id(const sfo_schema *s, sf_str id);  /* by key prefix; NULL: unknown */
const sfo_field *sfo_object_field(const sfo_object *o, sf_str name);        /* any case; hashed */
const sfo_field *sfo_object_relationship(const sfo_object *o, sf_str name); /* the reference field behind "Owner" */
const sfo_child *sfo_object_child(const sfo_object *o, sf_str name);        /* "Contacts" */
const sfo_field *sfo_object_name_field(const sfo_object *o);                /* NULL: none */
/* By id, 15 or 18 characters; NULL: none of the object's own (the master has no entry). */
const sfo_record_type *sfo_object_record_type(const sfo_object *o, sf_str id);
/* An id that follows from its prefix and two names, the same in every run: of layouts, tabs and their like, which are no
 * rows. */
sf_id sfo_id_of_names(const char *prefix, const char *a, const char *b);
/* Does that record type (NULL: the master) offer that value of the field? */
bool sfo_record_type_has(const sfo_record_type *t, const sfo_field *field, const char *value);
/* The "seedRows" member of the standard definitions, for the store to insert at first; and any member of the --schema
 * file (missing when there is none), for the services that find their own definitions there ("seedRows", "reports" …).
 * Reading decodes in place: one thread at a time, so services read it once, while the org starts. */
sf_value sfo_schema_seed_rows(const sfo_schema *s);
sf_value sfo_schema_extra(const sfo_schema *s, const char *member);

/* describe.c: the JSON of GET /sobjects, /sobjects/X and /sobjects/X/describe, all keys present (wire/rest.md 3). */
void sfo_describe_global(const sfo_schema *s, const char *version, sfi_buf *out);
void sfo_describe_entry(const sfo_object *o, const char *version, sfi_json_writer *w); /* the 26 flags and urls */
void sfo_describe_field(const sfo_field *f, sfi_json_writer *w);
void sfo_describe_object(const sfo_schema *s, const sfo_object *o, const char *version,
                         const char *base /* of the web pages */, sfi_buf *out);
#endif
