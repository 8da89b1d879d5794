/*
 * compile_internal.h: from the tree to SQL. A statement under construction (sfo_sql) knows its driving object, the
 * parents it joins, and its parameters; text never gets into SQL except names from the schema. A query becomes a plan:
 * one statement that yields the ordered ids, and one that reads a row by its id, so that a page costs its rows only.
 * Threads: a compilation belongs to one thread, under the store's lock.
 */
#ifndef SFO_SOQL_COMPILE_INTERNAL_H
#define SFO_SOQL_COMPILE_INTERNAL_H
#include "soql/ast.h"
#include "soql/soql.h"

enum {
    SFO_PARENT_LEVELS_MAX = 5, /* relationships in one path */
    SFO_PARENTS_MAX = 55,      /* relationships of one statement */
    SFO_CHILD_QUERIES_MAX = 20,
    SFO_CHILD_LEVELS_MAX = 5, /* the root counts */
    SFO_ORDER_ITEMS_MAX = 32,
    SFO_SEMI_JOINS_MAX = 2,
    SFO_GROUPING_ITEMS_MAX = 3, /* of ROLLUP and CUBE */
    SFO_GROUP_ITEMS_MAX = 100,  /* of a plain GROUP BY: far more than there are reasons */
    SFO_OFFSET_MAX = 2000,
    SFO_BINDS_MAX = 32000,  /* SQLite takes 32766 */
    SFO_COLUMNS_MAX = 1900, /* SQLite takes 2000 */
    SFO_COMPOUND_PARTS_MAX = 16
};

typedef struct sfo_compile {
    sfo_store *store;
    const sfo_schema *schema;
    const sfo_context *context;
    sf_str text; /* the statement, for error positions */
    sfi_arena *arena;
    sfo_fault *fault;
    bool all_rows;
    bool no_memory; /* sticky; checked where a plan is finished */
    int next_table;
    int child_queries;
    char zone[64]; /* sfo_user_zone */
    bool zone_known;
} sfo_compile;

typedef struct sfo_bind {
    char kind; /* 'i', 'd', 't' */
    int64_t i;
    double d;
    sf_str t;
} sfo_bind;

typedef struct sfo_join {
    int parent;               /* the join it hangs on; -1: the driving object itself */
    const sfo_field *ref;     /* NULL: the driving object */
    const sfo_object *object; /* the pseudo object Name for a reference with several targets */
    bool polymorphic;         /* no table of its own: fields are looked up by the id's prefix */
    sf_str ref_sql;           /* the reference's value */
    int table;                /* t<number> */
} sfo_join;

typedef struct sfo_scope { /* how names are read inside one query */
    const sfo_object *object;
    sf_str alias;              /* ptr NULL: none */
    const sfo_ast_from *extra; /* FROM Contact c, c.Account a */
    size_t extra_count;
    bool in_semi; /* inside IN (SELECT …) */
} sfo_scope;

typedef struct sfo_operand { /* a typed SQL expression */
    sf_str sql;
    sfo_type type;
    const sfo_field *field; /* NULL: computed */
    const char *name;       /* for messages and keys */
    uint32_t offset;
    int join;
    bool aggregate; /* SUM(…) and its like */
    bool collate;   /* text whose expression has no collation of its own */
    bool label;     /* toLabel(…) */
} sfo_operand;

typedef struct sfo_group {
    sfo_operand operand;
    bool omitted; /* in the grouping set being written */
} sfo_group;

typedef struct sfo_sql {
    sfo_compile *c;
    const sfo_scope *scope;
    sfo_join *joins;
    size_t join_count;
    sfo_bind *binds;
    size_t bind_count;
    sf_str *columns;
    size_t column_count;
    sfo_group *groups; /* with grouped: what plain fields must be among */
    size_t group_count;
    bool grouped;  /* aggregates may stand where an operand may */
    bool ordering; /* in ORDER BY: another wording */
    sf_str zone;   /* the parameter of the user's time zone; ptr NULL: none yet */
} sfo_sql;

/* ---- compile.c: text, parameters, statements ---- */
sf_str sfo_textf(sfo_compile *c, const char *format, ...) SFI_PRINTF(2, 3);
void *sfo_compile_grow(sfo_compile *c, void *items, size_t count, size_t size); /* NULL: no_memory is set */
void sfo_sql_init(sfo_sql *s, sfo_compile *c, const sfo_scope *scope);
sf_str sfo_param_int(sfo_sql *s, int64_t value); /* «?7» */
sf_str sfo_param_double(sfo_sql *s, double value);
sf_str sfo_param_text(sfo_sql *s, sf_str value); /* the text must live as long as the arena */
int sfo_add_column(sfo_sql *s, sf_str sql);
sf_str sfo_columns_text(sfo_sql *s);
sf_str sfo_from_text(sfo_sql *s);                  /* FROM … LEFT JOIN … */
sf_str sfo_visible_text(sfo_sql *s);               /* "t0"."IsDeleted"=0, or 1 */
sqlite3_stmt *sfo_prepare(sfo_sql *s, sf_str sql); /* parameters bound; NULL: fault. Ends with sqlite3_finalize */
bool sfo_too_complicated(sfo_fault *f);
bool sfo_compile_memory_fault(sfo_compile *c); /* false */

/* ---- zone.c ---- */
const char *sfo_user_zone(sfo_compile *c); /* IANA name; NULL: UTC. Lives as long as c */
int64_t sfo_user_today(sfo_compile *c);    /* days since 1970 */

/* ---- resolve.c: names ---- */
extern const sfo_object sfo_name_object; /* what polymorphic references point to */
bool sfo_resolve_object(sfo_compile *c, const sfo_ast_name *name, const sfo_object **out);
bool sfo_scope_init(sfo_compile *c, sfo_scope *scope, const sfo_object *object, const sfo_ast_from *from, size_t count);
typedef struct sfo_target {
    int join;
    const sfo_field *field;
} sfo_target;
bool sfo_resolve_path(sfo_sql *s, const sfo_ast_name *path, sfo_target *out);
bool sfo_resolve_relationship(sfo_sql *s, int join, sf_str name, uint32_t offset, int *out);
/* The join a path's relationships lead to, and its last segment. */
bool sfo_resolve_prefix(sfo_sql *s, const sfo_ast_name *path, int *join, sf_str *last);
sf_str sfo_column_sql(sfo_sql *s, int join, const sfo_field *field);
sf_str sfo_join_id_sql(sfo_sql *s, int join); /* null when there is no such parent */

/* ---- operand.c: fields and functions as expressions ---- */
bool sfo_compile_path(sfo_sql *s, const sfo_ast_name *path, sfo_operand *out);
bool sfo_compile_operand(sfo_sql *s, const sfo_ast_expr *e, sfo_operand *out);
bool sfo_is_aggregate_call(const sfo_ast_expr *e); /* also inside FORMAT() */
bool sfo_is_date_function(sf_str name);
bool sfo_is_text_type(sfo_type type);
const char *sfo_type_word(sfo_type type);
sf_str sfo_collated(sfo_sql *s, const sfo_operand *o); /* with COLLATE where the expression has none */

/* ---- values.c: literals against types ---- */
bool sfo_compile_value(sfo_sql *s, const sfo_operand *o, const sfo_ast_literal *v, sf_str *out);
bool sfo_compile_range(sfo_sql *s, const sfo_operand *o, const sfo_ast_literal *v, sf_str *from, sf_str *to);
bool sfo_is_null_literal(const sfo_ast_literal *v); /* null or '' */

/* ---- where.c, semi.c ---- */
bool sfo_compile_condition(sfo_sql *s, const sfo_ast_cond *c, sf_str *out);
bool sfo_compile_semi(sfo_sql *s, const sfo_operand *o, const sfo_ast_cond *c, sf_str *out);
bool sfo_check_semi_placement(sfo_compile *c, const sfo_ast_cond *where, bool in_semi, bool having);

/* ---- clauses.c ---- */
/* «a, b DESC NULLS LAST, t0."Id"» */
bool sfo_compile_order(sfo_sql *s, const sfo_ast_query *q, sf_str *out);
bool sfo_check_order(sfo_compile *c, const sfo_ast_query *q); /* not too many items */
/* One item as an expression; its direction is sfo_order_direction's. */
bool sfo_compile_order_item(sfo_sql *s, const sfo_ast_order *item, sf_str *out);
const char *sfo_order_direction(const sfo_ast_order *item);
/* USING SCOPE, added to a condition. */
bool sfo_compile_scope(sfo_sql *s, const sfo_ast_name *scope, sf_str *where);
/* OFFSET, ALL ROWS, WITH: what this org does not do is refused by name. */
bool sfo_check_clauses(sfo_compile *c, const sfo_ast_query *q, const sfo_object *object);
/* « LIMIT 5 OFFSET 2», or nothing. */
sf_str sfo_limit_text(sfo_compile *c, const sfo_ast_query *q);
/* WHERE with scope and visibility: a whole condition. */
bool sfo_compile_where(sfo_sql *s, const sfo_ast_query *q, sf_str *out);

/* ---- plans: select.c, group.c ---- */
typedef struct sfo_plan sfo_plan;
typedef struct sfo_shape sfo_shape;

typedef enum sfo_out_kind {
    SFO_OUT_FIELD,
    SFO_OUT_COMPOUND,
    SFO_OUT_PARENT,
    SFO_OUT_CHILD,
    SFO_OUT_TYPEOF,
    SFO_OUT_LABEL,
    SFO_OUT_FORMAT,
    SFO_OUT_INT,
    SFO_OUT_DOUBLE,
    SFO_OUT_TEXT
} sfo_out_kind;

typedef struct sfo_typeof_branch {
    const sfo_object *object;
    sfo_plan *plan; /* reads the fields of the target by its id */
} sfo_typeof_branch;

typedef struct sfo_out { /* one member of a record */
    sfo_out_kind kind;
    const char *key;
    int column; /* first one, in the row statement */
    const sfo_field *field;
    sfo_type type; /* FORMAT: how */
    const sfo_field *parts[SFO_COMPOUND_PARTS_MAX];
    size_t part_count;
    sfo_shape *parent; /* TYPEOF: what ELSE gives */
    sfo_plan *child;
    sfo_typeof_branch *branches;
    size_t branch_count;
} sfo_out;

struct sfo_shape { /* a row, or a parent in it */
    int join;
    const sfo_object *object; /* the pseudo object Name when polymorphic */
    int id_column;
    sfo_out *outs;
    size_t out_count;
};

struct sfo_plan {
    const sfo_object *object;
    sfo_scope scope;
    sfo_plan *parent; /* of a child query */
    const char *path; /* "": root; "0.2": third child query of the first */
    bool count_all, grouped;
    bool one_page; /* has OFFSET: no locator */
    bool for_view; /* its rows become the ones that the user had last */
    int64_t limit; /* as written; -1: none */
    int id_bind;   /* rows: where the row's id goes */
    sfo_sql ids, rows;
    sf_str ids_text, rows_text;
    int parent_bind; /* ids: where the parent's id goes; 0: none */
    sqlite3_stmt *ids_statement, *rows_statement;
    sfo_shape *record;
    sfo_plan **children; /* its child queries, in the order of the text */
    size_t child_count;
    sfo_plan *next; /* all plans of a statement, for sfo_plans_close */
};

typedef struct sfo_plans {
    sfo_plan *first;
} sfo_plans;

bool sfo_compile_query(sfo_compile *c, const sfo_ast_query *q, sfo_plans *all, sfo_plan **out);
bool sfo_compile_select(sfo_compile *c, const sfo_ast_query *q, int level, sfo_plans *all, sfo_plan *plan);
bool sfo_compile_child(sfo_compile *c, const sfo_ast_query *q, sfo_plan *parent, int level, sfo_plans *all,
                       const char **key, sfo_plan **out);
bool sfo_compile_grouped(sfo_compile *c, const sfo_ast_query *q, sfo_plan *plan);
bool sfo_compile_count(sfo_compile *c, const sfo_ast_query *q, sfo_plan *plan);
bool sfo_query_is_grouped(const sfo_ast_query *q);
sfo_plan *sfo_plan_new(sfo_compile *c, sfo_plans *all);
void sfo_plans_close(sfo_plans *all);
bool sfo_add_typeof(sfo_compile *c, sfo_plan *plan, sfo_plans *all, const sfo_ast_item *item);
sfo_shape *sfo_shape_new(sfo_compile *c, sfo_sql *rows, int join);
bool sfo_add_field(sfo_compile *c, sfo_plan *plan, sfo_out *out, const sfo_target *t); /* its column or columns */
sfo_out *sfo_out_add(sfo_compile *c, sfo_shape *r, const char *key);
sfo_out *sfo_out_find(sfo_shape *r, const char *key);
#endif
