/* rest_tree.c: /composite/tree/{O}: records with their child records, all created or none. The one idea: the tree is
 * laid out flat, level by level, so that a record's parent stands before it and has its id when the record's turn comes;
 * that is also the order of the answer. */
#include "api/rest.h"

enum { RECORDS_MAX = 200, DEPTH_MAX = 5, TYPES_MAX = 5 };

typedef struct node {
    sf_value record;
    const char *ref; /* NULL: it has none */
    const sfo_object *object;
    const char *parent_field; /* of a child: the reference to its parent */
    size_t parent;            /* index */
    int depth;
    sf_id id;
    sfo_fault fault; /* code "": none */
    bool failed, skipped;
} node;

typedef struct tree {
    sfo_call *call;
    node *nodes; /* RECORDS_MAX of them */
    size_t count;
    const sfo_object *types[TYPES_MAX];
    size_t type_count;
    bool failed;
} tree;

static void refuse(tree *t, node *n, const char *code, const char *message)
{
    if (n->failed) return;
    (void)sfo_fault_set(&n->fault, 400, code, "%s", message); /* answered with all others */
    n->failed = t->failed = true;
}

/* ---- laying out ---- */

static bool is_children(sf_value v)
{
    return sf_value_type(v) == SF_OBJECT && sf_value_type(sf_get(v, "records")) == SF_ARRAY;
}

static void note_type(tree *t, node *n)
{
    for (size_t i = 0; i < t->type_count; i++)
        if (t->types[i] == n->object) return;
    if (t->type_count == TYPES_MAX)
        refuse(t, n, "INVALID_INPUT", "The request holds records of more than 5 different types.");
    else
        t->types[t->type_count++] = n->object;
}

/* wanted: what the URL or the relationship says that the record is. */
static void check_node(tree *t, node *n, const sfo_object *wanted)
{
    sf_str type = sf_get_text(n->record, "attributes.type");
    n->object = sfo_schema_object(t->call->org->schema, type);
    n->ref = sf_get_str(n->record, "attributes.referenceId");
    if (n->ref == NULL || n->ref[0] == '\0')
        refuse(t, n, "INVALID_INPUT", "Include a reference ID for each record in the request.");
    for (node *before = t->nodes; before < n; before++)
        if (n->ref != NULL && before->ref != NULL && strcmp(before->ref, n->ref) == 0)
            refuse(t, n, "INVALID_INPUT", "Duplicate ReferenceId provided in the request.");
    if (type.len == 0)
        refuse(t, n, "INVALID_INPUT", "Include a type for each record in the request.");
    else if (n->object == NULL)
        refuse(t, n, "INVALID_TYPE", "sObject type is not supported.");
    else if (n->object != wanted)
        refuse(t, n, "INVALID_INPUT", "The record's type is not the one that its place in the request asks for.");
    else
        note_type(t, n);
    if (n->depth > DEPTH_MAX) refuse(t, n, "INVALID_INPUT", "The request is nested deeper than 5 levels.");
}

/* false: there are too many records, and the response says so. */
static bool add_list(tree *t, sf_value list, const sfo_object *wanted, const char *parent_field, size_t parent,
                     int depth)
{
    sf_value record;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &record);) {
        if (t->count == RECORDS_MAX) {
            sfo_answer_error(t->call, 400, "INVALID_INPUT", "The request holds more than %d records.", RECORDS_MAX);
            return false;
        }
        node *n = &t->nodes[t->count];
        *n = (node){ .record = record, .parent_field = parent_field, .parent = parent, .depth = depth };
        check_node(t, n, wanted);
        t->count++;
    }
    return true;
}

/* Level by level: what is added goes to the end, where this loop will come to it. */
static bool lay_out(tree *t, sf_value list, const sfo_object *root)
{
    sf_str key;
    sf_value member;
    if (!add_list(t, list, root, NULL, 0, 1)) return false;
    for (size_t i = 0; i < t->count; i++) {
        node *n = &t->nodes[i];
        if (n->object == NULL || n->depth > DEPTH_MAX) continue;
        for (sf_iter it = sf_iter_begin(n->record); sf_iter_next(&it, &key, &member);) {
            const sfo_child *child = is_children(member) ? sfo_object_child(n->object, key) : NULL;
            if (child == NULL) continue; /* the store says that there is no such field */
            const sfo_object *o = sfo_schema_object(t->call->org->schema, sfi_str(child->child_object));
            if (!add_list(t, sf_get(member, "records"), o, child->field, i, n->depth + 1)) return false;
        }
    }
    return true;
}

/* ---- saving ---- */

/* The record without its children and attributes, and with the reference to its parent. */
static bool write_record(const tree *t, const node *n, sfi_buf *out)
{
    sf_str key;
    sf_value member;
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    for (sf_iter it = sf_iter_begin(n->record); sf_iter_next(&it, &key, &member);) {
        if (sfi_str_is(key, "attributes")) continue;
        if (is_children(member) && sfo_object_child(n->object, key) != NULL) continue;
        if (n->parent_field != NULL && sfi_str_is_nocase(key, n->parent_field)) continue;
        sfi_json_key_n(&w, key);
        sfi_json_write_value(&w, member);
    }
    if (n->parent_field != NULL) {
        sfi_json_key(&w, n->parent_field);
        sfi_json_string(&w, t->nodes[n->parent].id.text);
    }
    sfi_json_end_object(&w);
    return !out->failed;
}

/* false: no memory. */
static bool save(tree *t, node *n)
{
    sfi_buf text = { 0 };
    sfi_json *doc = NULL;
    bool ok = write_record(t, n, &text) && sfi_json_new(&doc, NULL) == SF_OK &&
              sfi_json_parse(doc, sfi_buf_str(&text), NULL) == SF_OK;
    if (ok &&
        !sfo_record_create(t->call->org->store, &t->call->context, n->object, sfi_json_root(doc), &n->id, &n->fault))
        n->failed = t->failed = true;
    sfi_json_free(doc);
    sfi_buf_free(&text);
    return ok;
}

/* All records whose parents could be saved are tried, so that all that are at fault can be told. */
static bool save_all(tree *t)
{
    for (size_t i = 0; i < t->count; i++) {
        node *n = &t->nodes[i];
        const node *parent = &t->nodes[n->parent];
        n->skipped = n->parent_field != NULL && (parent->failed || parent->skipped);
        if (!n->skipped && !n->failed && !save(t, n)) return false;
    }
    return true;
}

static void run(tree *t)
{
    sfo_call *call = t->call;
    sfo_fault fault = { 0 };
    sfo_store_lock(call->org->store);
    if (!sfo_store_begin(call->org->store, &fault)) {
        sfo_answer_fault(call, &fault);
        sfo_store_unlock(call->org->store);
        return;
    }
    bool ok = save_all(t);
    if (!ok || t->failed)
        sfo_store_rollback(call->org->store);
    else if (!sfo_store_commit(call->org->store, &fault))
        ok = false;
    sfo_store_unlock(call->org->store);
    for (size_t i = 0; ok && !t->failed && i < t->count; i++) sfo_call_event(call, SFO_EVENT_CREATED);
    if (fault.code[0] != '\0')
        sfo_answer_fault(call, &fault);
    else if (!ok)
        call->response->body.failed = true;
}

/* ---- the answer ---- */

static void write_fault(sfi_json_writer *w, const sfo_fault *f)
{
    sfi_json_begin_object(w);
    sfo_fault_write_members(f, w);
    sfi_json_end_object(w);
}

static void write_result(sfi_json_writer *w, const node *n)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "referenceId");
    sfi_json_string(w, n->ref);
    if (n->failed) {
        sfi_json_key(w, "errors");
        sfi_json_begin_array(w);
        write_fault(w, &n->fault);
        sfi_json_end_array(w);
    } else {
        sfi_json_key(w, "id");
        sfi_json_string(w, n->id.text);
    }
    sfi_json_end_object(w);
}

static void answer(tree *t)
{
    sfi_json_writer w = sfo_answer_json(t->call, t->failed ? 400 : 201);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "hasErrors");
    sfi_json_bool(&w, t->failed);
    sfi_json_key(&w, "results");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i].failed == t->failed) write_result(&w, &t->nodes[i]);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

void sfo_rest_tree(sfo_call *call)
{
    sf_value body;
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || !sfo_call_body(call, &body)) return;
    sf_value list = sf_get(body, "records");
    if (sf_value_type(list) != SF_ARRAY || sf_value_count(list) == 0) {
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR", "records must be an array of 1 to %d records", RECORDS_MAX);
        return;
    }
    tree t = { .call = call, .nodes = sfi_calloc_n(RECORDS_MAX, sizeof *t.nodes) };
    if (t.nodes == NULL) {
        call->response->body.failed = true;
        return;
    }
    if (lay_out(&t, list, o)) {
        int before = call->response->status;
        if (!t.failed) run(&t);
        if (!call->response->body.failed && call->response->status == before) answer(&t);
    }
    for (size_t i = 0; i < t.count; i++) sfo_fault_clear(&t.nodes[i].fault);
    sfi_free(t.nodes);
}
