/*
 * anonymous.h: a small part of Apex, run as one transaction: variables, records made by new and their fields, insert, update,
 * delete, System.debug, assertions, throw. What is beyond it is answered as a compile problem that says so; it is never
 * run half. anonymous_parse.c makes statements of text, anonymous_run.c runs them.
 * Called by rest_tooling.c and soap_apex.c. Threads: a run belongs to its call.
 */
#ifndef SFO_ANONYMOUS_H
#define SFO_ANONYMOUS_H
#include "api/call.h"

typedef struct sfo_anonymous_result { /* texts in the call's arena */
    bool compiled, success;
    int line, column; /* -1: none */
    const char *problem, *exception, *trace;
    const char *log; /* lines of System.debug, as a debug log has them */
} sfo_anonymous_result;

/* false: no memory. */
bool sfo_anonymous_run(sfo_call *call, sf_str apex, sfo_anonymous_result *out);

/* ---- between the two files ---- */
enum { SFO_APEX_VARIABLES_MAX = 200, SFO_APEX_DEPTH_MAX = 100, SFO_APEX_EXPRS_MAX = 2000, SFO_APEX_FIELDS_MAX = 200 };

typedef enum sfo_apex_kind {
    SFO_APEX_NULL,
    SFO_APEX_BOOLEAN,
    SFO_APEX_INTEGER,
    SFO_APEX_LONG,
    SFO_APEX_DECIMAL,
    SFO_APEX_STRING,
    SFO_APEX_RECORD,
    SFO_APEX_OBJECT, /* anything */
    SFO_APEX_OTHER   /* dates and the like: fields that can only be null */
} sfo_apex_kind;

typedef struct sfo_apex_type {
    sfo_apex_kind kind;
    const sfo_object *object; /* of RECORD; NULL: SObject */
} sfo_apex_type;

typedef enum sfo_apex_op { /* of expressions */
                           SFO_APEX_LITERAL,
                           SFO_APEX_VARIABLE,
                           SFO_APEX_FIELD,
                           SFO_APEX_NEW,
                           SFO_APEX_NOT,
                           SFO_APEX_MINUS,
                           SFO_APEX_BINARY
} sfo_apex_op;

typedef struct sfo_apex_expr {
    sfo_apex_op op;
    sfo_apex_type type;
    int line, column;
    bool boolean; /* literals */
    int64_t integer;
    double decimal;
    sf_str text;                        /* of a string; of BINARY the operator */
    int variable;                       /* VARIABLE */
    const sfo_field *field;             /* FIELD */
    struct sfo_apex_expr *left, *right; /* FIELD: left is the record */
    const sfo_field **fields;           /* NEW: fields and their values */
    struct sfo_apex_expr **values;
    size_t count;
} sfo_apex_expr;

typedef enum sfo_apex_verb {
    SFO_APEX_ASSIGN,       /* variable = a; a declaration too */
    SFO_APEX_ASSIGN_FIELD, /* target.field = a */
    SFO_APEX_EVALUATE,     /* a, for nothing */
    SFO_APEX_DEBUG,        /* a */
    SFO_APEX_ASSERT,       /* a is true; message b */
    SFO_APEX_ASSERT_FALSE,
    SFO_APEX_ASSERT_EQUAL, /* a, b; message c */
    SFO_APEX_ASSERT_DIFFERENT,
    SFO_APEX_INSERT, /* a */
    SFO_APEX_UPDATE,
    SFO_APEX_DELETE,
    SFO_APEX_THROW /* text: the exception's type; message a */
} sfo_apex_verb;

typedef struct sfo_apex_statement {
    sfo_apex_verb verb;
    int line, column;
    int variable;
    const sfo_field *field;
    sfo_apex_expr *target, *a, *b, *c;
    const char *text;
    struct sfo_apex_statement *next;
} sfo_apex_statement;

typedef struct sfo_apex_code {
    sfo_apex_statement *first;
    int variables;
} sfo_apex_code;

/* false: result has problem, line and column (problem NULL: no memory). */
bool sfo_apex_parse(const sfo_schema *schema, sfi_arena *arena, sf_str text, sfo_apex_code *code,
                    sfo_anonymous_result *result);
#endif
