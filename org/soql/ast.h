/*
 * ast.h: the tree that the parser makes of a SOQL statement, and the parser's entry. Names are kept as they were
 * written (views into the text) with their offset, because errors quote them and point at them; what they mean is the
 * resolver's business. Everything lives in one arena.
 * Called by parser, resolver, compiler and the printer of the tests. Threads: a tree belongs to one thread at a time.
 */
#ifndef SFO_SOQL_AST_H
#define SFO_SOQL_AST_H
#include "store/store.h"

enum {
    SFO_SOQL_TEXT_MAX = 100000,   /* characters of a statement */
    SFO_SOQL_STRING_MAX = 4000,   /* characters of one string literal */
    SFO_SOQL_DEPTH_MAX = 200,     /* nested parentheses, calls and queries */
    SFO_SOQL_ARENA_MAX = 64 << 20 /* bytes of tree and tokens */
};

typedef struct sfo_ast_query sfo_ast_query;

typedef struct sfo_ast_name { /* an identifier or a dotted path, as written */
    sf_str text;
    uint32_t offset; /* bytes into the statement */
} sfo_ast_name;

typedef enum sfo_expr_kind { SFO_EXPR_PATH, SFO_EXPR_CALL, SFO_EXPR_DISTANCE } sfo_expr_kind;

typedef struct sfo_ast_expr {
    sfo_expr_kind kind;
    sfo_ast_name name;          /* the path, or the function's name */
    struct sfo_ast_expr **args; /* SFO_EXPR_CALL */
    size_t arg_count;
    sfo_ast_name geo;           /* SFO_EXPR_DISTANCE: the first argument */
    sfo_ast_name geo_other;     /* the second one when it is a path; text.ptr NULL: the coordinates below */
    sf_str latitude, longitude; /* as written */
    sf_str unit;                /* 'mi' or 'km', unescaped */
} sfo_ast_expr;

typedef enum sfo_literal_kind {
    SFO_LIT_NULL,
    SFO_LIT_BOOLEAN,
    SFO_LIT_NUMBER,
    SFO_LIT_CURRENCY,
    SFO_LIT_STRING,
    SFO_LIT_DATE,
    SFO_LIT_DATETIME,
    SFO_LIT_TIME,
    SFO_LIT_RANGE
} sfo_literal_kind;

typedef struct sfo_ast_literal {
    sfo_literal_kind kind;
    uint32_t offset;
    sf_str text; /* STRING: unescaped (LIKE patterns keep \_ \% \\); CURRENCY: the number; else as written */
    bool boolean;
    int64_t ms; /* DATE (midnight UTC), DATETIME, TIME (since midnight) */
    int range;  /* RANGE: index into sfo_ranges (dates.h) */
    int64_t n;  /* RANGE: of LAST_N_DAYS:n */
} sfo_ast_literal;

typedef enum sfo_operator {
    SFO_OP_EQ,
    SFO_OP_NE,
    SFO_OP_LT,
    SFO_OP_LE,
    SFO_OP_GT,
    SFO_OP_GE,
    SFO_OP_LIKE,
    SFO_OP_IN,
    SFO_OP_NOT_IN,
    SFO_OP_INCLUDES,
    SFO_OP_EXCLUDES
} sfo_operator;

typedef enum sfo_cond_kind { SFO_COND_AND, SFO_COND_OR, SFO_COND_NOT, SFO_COND_COMPARE } sfo_cond_kind;

typedef struct sfo_ast_cond {
    sfo_cond_kind kind;
    bool in_parentheses; /* written in a pair of its own */
    uint32_t offset;
    struct sfo_ast_cond **children; /* AND, OR: two or more; NOT: one */
    size_t child_count;
    sfo_operator op; /* COMPARE and below */
    sfo_ast_expr *operand;
    sfo_ast_literal *values;
    size_t value_count;
    sfo_ast_query *semi; /* IN (SELECT …); NULL: values */
} sfo_ast_cond;

typedef struct sfo_ast_when {
    sfo_ast_name object;
    sfo_ast_name *paths;
    size_t path_count;
} sfo_ast_when;

typedef struct sfo_ast_typeof {
    sfo_ast_name operand;
    sfo_ast_when *whens;
    size_t when_count;
    sfo_ast_name *otherwise; /* ELSE */
    size_t otherwise_count;
} sfo_ast_typeof;

typedef enum sfo_item_kind { SFO_ITEM_EXPR, SFO_ITEM_FIELDS, SFO_ITEM_TYPEOF, SFO_ITEM_CHILD } sfo_item_kind;
typedef enum sfo_fields_kind { SFO_FIELDS_ALL, SFO_FIELDS_STANDARD, SFO_FIELDS_CUSTOM } sfo_fields_kind;

typedef struct sfo_ast_item {
    sfo_item_kind kind;
    uint32_t offset;
    sfo_ast_name alias; /* text.ptr NULL: none */
    sfo_ast_expr *expr;
    sfo_fields_kind fields;
    sfo_ast_typeof *type_of;
    sfo_ast_query *child;
} sfo_ast_item;

typedef struct sfo_ast_from {
    sfo_ast_name path, alias; /* alias.text.ptr NULL: none */
} sfo_ast_from;

typedef enum sfo_with_kind {
    SFO_WITH_SECURITY,
    SFO_WITH_USER_MODE,
    SFO_WITH_SYSTEM_MODE,
    SFO_WITH_CATEGORY,
    SFO_WITH_OTHER
} sfo_with_kind;

typedef struct sfo_ast_category {
    sfo_ast_name group, selector; /* selector: AT, ABOVE, BELOW, ABOVE_OR_BELOW */
    sfo_ast_name *names;
    size_t name_count;
} sfo_ast_category;

typedef struct sfo_ast_with {
    sfo_with_kind kind;
    sfo_ast_name name; /* OTHER: what stands after WITH */
    sfo_ast_category *categories;
    size_t category_count;
    sfo_ast_name *keys;      /* OTHER with parentheses: name(key = value, …) */
    sfo_ast_literal *values; /* OTHER: the value after «=», or those of the keys */
    size_t value_count;
    bool in_parentheses;
} sfo_ast_with;

typedef struct sfo_ast_order {
    sfo_ast_expr *expr;
    bool descending, has_direction;
    bool nulls_first, has_nulls;
} sfo_ast_order;

typedef enum sfo_group_kind { SFO_GROUP_PLAIN, SFO_GROUP_ROLLUP, SFO_GROUP_CUBE } sfo_group_kind;

struct sfo_ast_query {
    uint32_t offset;
    bool count_all; /* SELECT COUNT() */
    sfo_ast_item *items;
    size_t item_count;
    sfo_ast_from *from;
    size_t from_count;
    sfo_ast_name scope; /* text.ptr NULL: none */
    sfo_ast_cond *where;
    sfo_ast_with *with;
    size_t with_count;
    sfo_group_kind group_kind;
    sfo_ast_expr **groups;
    size_t group_count;
    uint32_t group_offset;
    sfo_ast_cond *having;
    sfo_ast_order *orders;
    size_t order_count;
    int64_t limit, offset_rows; /* -1: none */
    uint32_t limit_offset, offset_offset;
    bool for_view, for_reference, for_update, update_tracking, update_viewstat, all_rows;
    uint32_t all_rows_offset;
};

/* Parses a statement into the arena. False: the fault a parser error gives (wire/soql.md 12). */
bool sfo_soql_parse(sf_str soql, sfi_arena *arena, sfo_ast_query **out, sfo_fault *f);
#endif
