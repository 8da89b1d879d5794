/*
 * columns.c: what a query would answer, without its rows: …/query?q=…&columns=true, which the sf CLI asks for before it
 * prints a table. Read from the plan, so that it names what run.c writes; only the wording of functions is the text's.
 */
#include "soql/runner.h"

typedef struct column { /* one member of a record, as the answer tells it */
    const char *key;
    sf_str display;
    const char *apex_type, *foreign_key; /* foreign_key NULL: none */
    const sfo_field *field;              /* NULL: computed */
    bool aggregate, number, text;
} column;

static const char *apex_type(sfo_type type)
{
    switch (type) {
    case SFO_ID:
    case SFO_REFERENCE: return "Id";
    case SFO_BOOLEAN: return "Boolean";
    case SFO_INT: return "Integer";
    case SFO_LONG: return "Long";
    case SFO_DOUBLE:
    case SFO_PERCENT: return "Double";
    case SFO_CURRENCY: return "Decimal";
    case SFO_DATE: return "Date";
    case SFO_DATETIME: return "Datetime";
    case SFO_TIME: return "Time";
    case SFO_BASE64: return "Blob";
    case SFO_ADDRESS: return "Address";
    case SFO_LOCATION: return "Location";
    default: return "String";
    }
}

static bool is_number(sfo_type type)
{
    return type == SFO_INT || type == SFO_LONG || type == SFO_DOUBLE || type == SFO_CURRENCY || type == SFO_PERCENT;
}

/* A function as it was written: COUNT(Id), CALENDAR_YEAR(convertTimezone(CreatedDate)). */
static void write_expr(sfi_buf *out, const sfo_ast_expr *e)
{
    sfi_buf_add(out, e->name.text.ptr, e->name.text.len);
    if (e->kind == SFO_EXPR_PATH) return;
    sfi_buf_add_str(out, "(");
    for (size_t i = 0; i < e->arg_count; i++) {
        if (i > 0) sfi_buf_add_str(out, ", ");
        write_expr(out, e->args[i]);
    }
    sfi_buf_add_str(out, ")");
}

/* Up to the columns behind it, which the caller writes. */
static void begin_column(sfi_json_writer *w, const column *c)
{
    const sfo_field *f = c->field;
    sfi_json_begin_object(w);
    sfi_json_key(w, "aggregate");
    sfi_json_bool(w, c->aggregate);
    sfi_json_key(w, "apexType");
    sfi_json_string(w, c->apex_type);
    sfi_json_key(w, "booleanType");
    sfi_json_bool(w, f != NULL && f->type == SFO_BOOLEAN);
    sfi_json_key(w, "columnName");
    sfi_json_string(w, c->key);
    sfi_json_key(w, "custom");
    sfi_json_bool(w, f != NULL && f->custom);
    sfi_json_key(w, "displayName");
    sfi_json_string_n(w, c->display);
    sfi_json_key(w, "foreignKeyName");
    if (c->foreign_key != NULL)
        sfi_json_string(w, c->foreign_key);
    else
        sfi_json_null(w);
    sfi_json_key(w, "insertable");
    sfi_json_bool(w, f != NULL && !c->aggregate && f->createable);
    sfi_json_key(w, "joinColumns");
    sfi_json_begin_array(w);
}

static void end_column(sfi_json_writer *w, const column *c)
{
    sfi_json_end_array(w);
    sfi_json_key(w, "numberType");
    sfi_json_bool(w, c->number);
    sfi_json_key(w, "textType");
    sfi_json_bool(w, c->text);
    sfi_json_key(w, "updatable");
    sfi_json_bool(w, c->field != NULL && !c->aggregate && c->field->updateable);
    sfi_json_end_object(w);
}

/* item: the text of a column of a grouped query; NULL: the column is named by its key. */
static column describe(sfo_runner *r, const sfo_plan *plan, const sfo_out *out, const sfo_ast_item *item)
{
    column c = { .key = out->key, .display = sfi_str(out->key), .field = out->field, .apex_type = "String" };
    if (out->field != NULL) {
        sfo_type type = out->field->type;
        c.apex_type = apex_type(type);
        c.number = is_number(type);
        c.text = sfo_is_text_type(type) && type != SFO_ID && type != SFO_REFERENCE;
    } else if (out->kind == SFO_OUT_INT || out->kind == SFO_OUT_DOUBLE) {
        c.apex_type = out->kind == SFO_OUT_INT ? "Integer" : "Double";
        c.number = true;
    }
    if (out->kind == SFO_OUT_CHILD) {
        c.aggregate = true;
        c.apex_type = "List";
    } else if (out->kind == SFO_OUT_PARENT || out->kind == SFO_OUT_TYPEOF) {
        const sfo_field *ref = out->parent != NULL ? plan->rows.joins[out->parent->join].ref : NULL;
        c.apex_type = out->parent != NULL ? out->parent->object->name : "SObject";
        c.foreign_key = ref != NULL ? ref->name : NULL;
    }
    if (item == NULL || item->kind != SFO_ITEM_EXPR || item->expr->kind == SFO_EXPR_PATH) return c;
    c.aggregate = true;
    if (item->alias.text.ptr != NULL) return c; /* clients find the value of a row by this text */
    sfi_buf text = { 0 };
    write_expr(&text, item->expr);
    const char *kept = text.failed ? NULL : sfi_arena_strndup(&r->arena, text.data, text.len);
    if (kept != NULL)
        c.display = (sf_str){ kept, text.len };
    else
        r->c.no_memory = true;
    sfi_buf_free(&text);
    return c;
}

/* Ends: shapes nest as deep as the statement, which the parser bounds. */
static void write_columns(sfo_runner *r, const sfo_plan *plan, const sfo_shape *shape, const sfo_ast_query *q)
{
    bool by_item = q != NULL && plan->grouped && q->item_count == shape->out_count;
    for (size_t i = 0; i < shape->out_count; i++) {
        const sfo_out *out = &shape->outs[i];
        column c = describe(r, plan, out, by_item ? &q->items[i] : NULL);
        begin_column(&r->w, &c);
        if (out->kind == SFO_OUT_CHILD)
            write_columns(r, out->child, out->child->record, NULL);
        else if (out->parent != NULL)
            write_columns(r, plan, out->parent, NULL);
        end_column(&r->w, &c);
    }
}

static bool has_id(const sfo_shape *shape)
{
    for (size_t i = 0; i < shape->out_count; i++)
        if (shape->outs[i].kind == SFO_OUT_FIELD && shape->outs[i].field->type == SFO_ID) return true;
    return false;
}

static void write_answer(sfo_runner *r, const sfo_ast_query *q)
{
    const sfo_plan *plan = r->root;
    sfi_json_begin_object(&r->w);
    sfi_json_key(&r->w, "columnMetadata");
    sfi_json_begin_array(&r->w);
    if (!plan->count_all) write_columns(r, plan, plan->record, q);
    sfi_json_end_array(&r->w);
    sfi_json_key(&r->w, "entityName");
    sfi_json_string(&r->w, plan->object->name);
    sfi_json_key(&r->w, "groupBy");
    sfi_json_bool(&r->w, q->group_count > 0);
    sfi_json_key(&r->w, "idSelected");
    sfi_json_bool(&r->w, !plan->count_all && !plan->grouped && has_id(plan->record));
    sfi_json_key(&r->w, "keyPrefix");
    if (plan->object->key_prefix != NULL)
        sfi_json_string(&r->w, plan->object->key_prefix);
    else
        sfi_json_null(&r->w);
    sfi_json_end_object(&r->w);
}

bool sfo_soql_columns(sfo_store *s, const sfo_context *c, sf_str soql, sfi_buf *out, sfo_fault *f)
{
    sfo_runner r;
    sfo_ast_query *q;
    sfo_runner_begin(&r, s, c, NULL, out, f);
    r.c.text = soql;
    bool fine = sfo_soql_parse(soql, &r.arena, &q, f) && sfo_compile_query(&r.c, q, &r.plans, &r.root);
    if (fine) write_answer(&r, q);
    if (fine && (r.c.no_memory || out->failed)) fine = sfo_compile_memory_fault(&r.c);
    return sfo_runner_end(&r, fine);
}
