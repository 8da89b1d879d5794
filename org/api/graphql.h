/*
 * graphql.h: GraphQL over the org's records: text → tree (graphql_parse.c), the fields of a selection with fragments and
 * variables put in (graphql_fields.c), a plan and one SOQL statement a connection (graphql_plan.c, graphql_where.c), and its
 * rows in the form of the plan (rest_graphql.c). Everything lives in the call's arena. Threads: as a call, one at a time.
 */
#ifndef SFO_GRAPHQL_H
#define SFO_GRAPHQL_H
#include "api/rest.h"

enum {
    SFO_GQL_TEXT_MAX = 500000,    /* bytes of a document */
    SFO_GQL_DEPTH_MAX = 64,       /* nested selections, lists and objects; and fragments in fragments */
    SFO_GQL_ARENA_MAX = 32 << 20, /* bytes of a tree */
    SFO_GQL_FIELDS_MAX = 10000    /* selections that a document comes to once its fragments are put in */
};

/* ---- the tree ---- */
typedef enum sfo_gql_kind {
    SFO_GQL_NULL,
    SFO_GQL_INT,
    SFO_GQL_FLOAT,
    SFO_GQL_STRING,
    SFO_GQL_BOOL,
    SFO_GQL_ENUM,
    SFO_GQL_VARIABLE,
    SFO_GQL_LIST,
    SFO_GQL_OBJECT
} sfo_gql_kind;

typedef struct sfo_gql_value {
    sfo_gql_kind kind;
    sf_str text;                 /* of scalars; STRING: unescaped; VARIABLE: its name */
    struct sfo_gql_arg *members; /* LIST: without names */
    size_t count;
} sfo_gql_value;

typedef struct sfo_gql_arg {
    sf_str name;
    sfo_gql_value value;
} sfo_gql_arg;

typedef struct sfo_gql_directive {
    sf_str name;
    sfo_gql_arg *args;
    size_t arg_count;
} sfo_gql_directive;

typedef struct sfo_gql_selection sfo_gql_selection;
typedef struct sfo_gql_set {
    sfo_gql_selection *items;
    size_t count;
} sfo_gql_set;

typedef enum sfo_gql_what { SFO_GQL_FIELD, SFO_GQL_INLINE, SFO_GQL_SPREAD } sfo_gql_what;
struct sfo_gql_selection {
    sfo_gql_what what;
    sf_str key;  /* of the answer: the alias, or the name */
    sf_str name; /* of the field, or of the fragment; INLINE: its type, or len 0 */
    sfo_gql_arg *args;
    size_t arg_count;
    sfo_gql_directive *directives;
    size_t directive_count;
    sfo_gql_set set; /* count 0: none */
    int line, column;
};

typedef struct sfo_gql_variable {
    sf_str name;
    bool required, has_default;
    sfo_gql_value otherwise;
} sfo_gql_variable;

typedef struct sfo_gql_operation {
    sf_str kind, name; /* "query", "mutation", "subscription" */
    sfo_gql_variable *variables;
    size_t variable_count;
    sfo_gql_set set;
    int line, column;
} sfo_gql_operation;

typedef struct sfo_gql_fragment {
    sf_str name, type;
    sfo_gql_set set;
} sfo_gql_fragment;

typedef struct sfo_gql_document {
    sfo_gql_operation *operations;
    size_t operation_count;
    sfo_gql_fragment *fragments;
    size_t fragment_count;
} sfo_gql_document;

/* ---- what goes wrong ---- */
typedef struct sfo_gql_error {
    const char *type; /* "InvalidSyntax", "ValidationError", "DataFetchingException"; NULL: nothing is wrong */
    char message[1024];
    int line, column; /* 0: no place */
    char path[512];   /* of the answer, / between; "": none */
    bool no_memory;
} sfo_gql_error;
/* Answers false, so that «return sfo_gql_fail(…)» reads well. The first error stays. */
bool sfo_gql_fail(sfo_gql_error *e, const char *type, int line, int column, const char *format, ...) SFI_PRINTF(5, 6);

/* Reads a document. false: e says what is wrong, and where. */
bool sfo_gql_parse(sf_str text, sfi_arena *arena, sfo_gql_document *out, sfo_gql_error *e);

/* ---- fields (graphql_fields.c) ---- */
typedef struct sfo_gql {
    sfo_call *call;
    sfi_arena *arena;
    const sfo_gql_document *document;
    const sfo_gql_operation *operation;
    sf_value variables; /* of the request */
    sfo_gql_error error;
    char path[512]; /* of the field at hand, / between */
    size_t fields;  /* selections walked so far */
} sfo_gql;

typedef struct sfo_gql_field { /* the same key twice is one field with the selections of both */
    const sfo_gql_selection *at;
    const sfo_gql_set **sets;
    size_t set_count;
} sfo_gql_field;

typedef struct sfo_gql_fields {
    sfo_gql_field *list;
    size_t count;
} sfo_gql_fields;

/* The fields of some selections of one type, fragments put in. type NULL: fragments of any type count. */
bool sfo_gql_collect(sfo_gql *g, const sfo_gql_set *const *sets, size_t set_count, const char *type,
                     sfo_gql_fields *out);
bool sfo_gql_collect_below(sfo_gql *g, const sfo_gql_field *field, const char *type, sfo_gql_fields *out);
/* The types that fragments right below a field name; at most max. */
size_t sfo_gql_types_below(const sfo_gql *g, const sfo_gql_field *field, sf_str *types, size_t max);
/* An argument with variables put in at any depth. kind NULL: it was not given. false: a variable has no value. */
bool sfo_gql_argument(sfo_gql *g, const sfo_gql_field *field, const char *name, sfo_gql_value *out);
const sfo_gql_value *sfo_gql_member(const sfo_gql_value *object, const char *name); /* NULL: not there */

/* Going down and up the path that errors tell; answers the length to go back to. */
size_t sfo_gql_enter(sfo_gql *g, sf_str key);
void sfo_gql_leave(sfo_gql *g, size_t before);
/* "Validation error of type FieldUndefined: …" and its kin, at a field. */
bool sfo_gql_invalid(sfo_gql *g, const sfo_gql_field *field, const char *kind, const char *format, ...)
    SFI_PRINTF(4, 5);

/* ---- the plan (graphql_plan.c): what the answer is made of, checked whole before anything runs ---- */
enum { SFO_GQL_FIRST = 10, SFO_GQL_FIRST_MAX = 2000 };

typedef enum sfo_gql_part_kind {
    SFO_GQL_TYPENAME, /* text */
    SFO_GQL_ID,       /* the record's id */
    SFO_GQL_VALUE,    /* {value, displayValue …} of column */
    SFO_GQL_RAW,      /* in a VALUE */
    SFO_GQL_DISPLAY,
    SFO_GQL_PARENT,     /* a record below column: its parts are TYPEs */
    SFO_GQL_TYPE,       /* the parts of records of text (NULL: of any type) */
    SFO_GQL_CONNECTION, /* child rows below column, or rows of the query */
    SFO_GQL_EDGES,
    SFO_GQL_NODE,
    SFO_GQL_CURSOR,
    SFO_GQL_PAGE_INFO,
    SFO_GQL_HAS_NEXT,
    SFO_GQL_HAS_PREVIOUS,
    SFO_GQL_START,
    SFO_GQL_END,
    SFO_GQL_TOTAL,
    SFO_GQL_PAGE_COUNT
} sfo_gql_part_kind;

typedef struct sfo_gql_part {
    sfo_gql_part_kind kind;
    sf_str key;
    const char *text;       /* see above */
    const char *column;     /* the member of the row */
    const sfo_field *field; /* of a VALUE */
    int64_t first, after;   /* of a CONNECTION: rows wanted, rows before them */
    bool needs_total;       /* of a CONNECTION */
    struct sfo_gql_part *parts;
    size_t count;
} sfo_gql_part;

/* A connection of the query into *out, and its statement; count: SELECT COUNT() of the same rows. */
bool sfo_gql_plan(sfo_gql *g, const sfo_object *o, const sfo_gql_field *connection, sfo_gql_part *out, sfi_buf *soql,
                  sfi_buf *count);

/* ---- where and orderBy (graphql_where.c) ---- */
/* " WHERE …", " ORDER BY …"; nothing where the argument was not given. */
bool sfo_gql_where(sfo_gql *g, const sfo_object *o, const sfo_gql_field *connection, sfi_buf *out);
bool sfo_gql_order(sfo_gql *g, const sfo_object *o, const sfo_gql_field *connection, sfi_buf *out);
/* Names compare with case here, as GraphQL does. NULL: none. */
const sfo_field *sfo_gql_field_of(const sfo_object *o, sf_str name);
const sfo_field *sfo_gql_relationship(const sfo_object *o, sf_str name); /* the reference behind it */
const sfo_child *sfo_gql_children(const sfo_object *o, sf_str name);
/* The object that a reference leads to when it is only one; NULL: several. */
const sfo_object *sfo_gql_parent(sfo_gql *g, const sfo_field *reference);
#endif
