/* tree.c: records to create with their children. Called by programs; a tree owns its records' JSON. One thread at a
 * time. The one idea: records are kept flat, each with the place of its parent, and written nested when they are sent;
 * a tree that came as text is walked the same way, so that the limits hold for both. */
#include "rest/composite_internal.h"

typedef struct node {
    char *ref, *relationship, *object; /* owned; relationship NULL: uppermost */
    char *json;                        /* owned: the record's object */
    size_t parent;                     /* index; its own: none */
    int depth;
} node;

struct sf_tree {
    char *object;
    node *nodes;
    size_t count, cap;
    sf_error failure; /* the first one; status SF_OK: none */
};

sf_tree *sf_tree_new(const char *object)
{
    if (!sfi_rest_is_name(object)) return NULL;
    sf_tree *t = sfi_calloc(sizeof *t);
    if (t == NULL) return NULL;
    t->object = sfi_strdup(object);
    if (t->object == NULL) {
        sfi_free(t);
        return NULL;
    }
    return t;
}

static void clear_node(node *n)
{
    sfi_free(n->ref);
    sfi_free(n->relationship);
    sfi_free(n->object);
    sfi_free(n->json);
}

void sf_tree_free(sf_tree *t)
{
    if (t == NULL) return;
    for (size_t i = 0; i < t->count; i++) clear_node(&t->nodes[i]);
    sfi_free(t->nodes);
    sfi_free(t->object);
    sfi_free(t);
}

size_t sf_tree_count(const sf_tree *t)
{
    return t != NULL ? t->count : 0;
}

/* ---- adding ---- */

static sf_status find_parent(sf_tree *t, const char *parent_ref, node *n, sf_error *err)
{
    n->parent = t->count;
    n->depth = 1;
    if (parent_ref == NULL) return SF_OK;
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->nodes[i].ref, parent_ref) != 0) continue;
        n->parent = i;
        n->depth = t->nodes[i].depth + 1;
        if (n->depth > SF_TREE_DEPTH_MAX)
            return sfi_fail(err, SF_ERR_LIMIT, "record %zu: a tree has at most %d levels", t->count + 1,
                            SF_TREE_DEPTH_MAX);
        return SF_OK;
    }
    return sfi_fail(err, SF_ERR_USAGE, "record %zu: no record \"%.60s\" was added before it", t->count + 1, parent_ref);
}

/* Objects of the tree once this one is in it. */
static size_t count_types(const sf_tree *t, const char *object)
{
    size_t types = 1;
    for (size_t i = 0; i < t->count; i++) {
        bool is_first = !sfi_eq_nocase(t->nodes[i].object, object);
        for (size_t k = 0; k < i && is_first; k++) is_first = !sfi_eq_nocase(t->nodes[k].object, t->nodes[i].object);
        types += is_first;
    }
    return types;
}

static sf_status check_node(const sf_tree *t, const char *ref, const char *parent_ref, const char *relationship,
                            const sf_record *r, sf_error *err)
{
    size_t number = t->count + 1;
    sf_status rc = sfi_record_check(r, err);
    if (rc != SF_OK) {
        sfi_error_prefix(err, "record %zu", number);
        return rc;
    }
    if (ref == NULL || !sfi_is_reference_id(sfi_str(ref)))
        return sfi_fail(
            err, SF_ERR_USAGE,
            "record %zu: reference id \"%.60s\": want a letter or digit, then letters, digits and _, at most "
            "%d",
            number, ref != NULL ? ref : "(NULL)", SFI_REFERENCE_MAX);
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->nodes[i].ref, ref) == 0)
            return sfi_fail(err, SF_ERR_USAGE, "record %zu: another record has the reference id \"%s\"", number, ref);
    if ((parent_ref == NULL) != (relationship == NULL) || (relationship != NULL && !sfi_rest_is_name(relationship)))
        return sfi_fail(err, SF_ERR_USAGE,
                        "record %zu: a child needs both its parent's reference and the relationship's name, such as "
                        "Contacts; an uppermost record neither",
                        number);
    if (parent_ref == NULL && !sfi_eq_nocase(sf_record_object(r), t->object))
        return sfi_fail(err, SF_ERR_USAGE, "record %zu: the uppermost records of this tree are of %s, not %s", number,
                        t->object, sf_record_object(r));
    if (t->count >= SF_TREE_RECORDS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a tree holds at most %d records", SF_TREE_RECORDS_MAX);
    if (count_types(t, sf_record_object(r)) > SF_TREE_TYPES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "record %zu: a tree holds at most %d different objects", number,
                        SF_TREE_TYPES_MAX);
    return SF_OK;
}

static bool grow(sf_tree *t)
{
    node *nodes = sfi_grow(t->nodes, t->count, &t->cap, 8, sizeof *nodes);
    if (nodes != NULL) t->nodes = nodes;
    return nodes != NULL;
}

sf_status sf_tree_add(sf_tree *t, const char *ref, const char *parent_ref, const char *relationship, const sf_record *r)
{
    if (t == NULL) return SF_ERR_USAGE;
    sf_error failure;
    node n = { 0 };
    sf_status rc = check_node(t, ref, parent_ref, relationship, r, &failure);
    if (rc == SF_OK) rc = find_parent(t, parent_ref, &n, &failure);
    if (rc == SF_OK) rc = sf_record_to_json(r, &n.json, &failure);
    if (rc == SF_OK) {
        n.ref = sfi_strdup(ref);
        n.relationship = sfi_strdup(relationship);
        n.object = sfi_strdup(sf_record_object(r));
        bool fine = n.ref != NULL && n.object != NULL && (relationship == NULL || n.relationship != NULL) && grow(t);
        if (!fine) rc = sfi_fail_memory(&failure, "a tree's record");
    }
    if (rc == SF_OK) {
        t->nodes[t->count++] = n;
        return SF_OK;
    }
    clear_node(&n);
    return sfi_error_keep(&t->failure, &failure);
}

/* ---- writing ---- */

static void write_children(sfi_json_writer *w, const sf_tree *t, size_t parent);

static void write_node(sfi_json_writer *w, const sf_tree *t, size_t i)
{
    const node *n = &t->nodes[i];
    size_t len = strlen(n->json);
    sfi_json_begin_object(w);
    sfi_json_key(w, "attributes");
    sfi_json_begin_object(w);
    sfi_json_key(w, "type");
    sfi_json_string(w, n->object);
    sfi_json_key(w, "referenceId");
    sfi_json_string(w, n->ref);
    sfi_json_end_object(w);
    if (len > 2) { /* the members of "{…}" */
        sfi_buf_add_char(w->out, ',');
        sfi_buf_add(w->out, n->json + 1, len - 2);
    }
    write_children(w, t, i);
    sfi_json_end_object(w);
}

/* At most SF_TREE_DEPTH_MAX deep. */
static void write_children(sfi_json_writer *w, const sf_tree *t, size_t parent)
{
    for (size_t i = parent + 1; i < t->count; i++) {
        if (t->nodes[i].parent != parent) continue;
        const char *relationship = t->nodes[i].relationship;
        bool is_first = true; /* of its relationship */
        for (size_t k = parent + 1; k < i && is_first; k++)
            is_first = t->nodes[k].parent != parent || strcmp(t->nodes[k].relationship, relationship) != 0;
        if (!is_first) continue;
        sfi_json_key(w, relationship);
        sfi_json_begin_object(w);
        sfi_json_key(w, "records");
        sfi_json_begin_array(w);
        for (size_t k = i; k < t->count; k++)
            if (t->nodes[k].parent == parent && strcmp(t->nodes[k].relationship, relationship) == 0)
                write_node(w, t, k);
        sfi_json_end_array(w);
        sfi_json_end_object(w);
    }
}

/* ---- sending ---- */

/* Records of a text at any level. false: deeper than a tree may be. */
static bool count_records(sf_value list, int depth, size_t *count)
{
    sf_value record, member;
    if (sf_value_type(list) == SF_ARRAY && depth > SF_TREE_DEPTH_MAX) return false;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &record);) {
        if (sf_value_type(record) != SF_OBJECT) continue;
        ++*count;
        for (sf_iter members = sf_iter_begin(record); sf_iter_next(&members, NULL, &member);) {
            if (sf_value_type(member) != SF_OBJECT || sf_value_type(sf_get(member, "records")) != SF_ARRAY) continue;
            if (!count_records(sf_get(member, "records"), depth + 1, count)) return false;
        }
    }
    return true;
}

/* 201, or 400 with the records that are at fault; any other answer is an error of the whole. */
static sf_status read_answer(sf_client *sf, sfi_answer *answer, size_t expected, sf_parts **out, sf_error *err)
{
    sfi_json *doc = NULL;
    char *text = NULL;
    size_t len = 0;
    int status = answer->status;
    sf_str type = sfi_answer_header(answer, "Content-Type");
    sf_status rc = sfi_json_new(&doc, err);
    if (rc != SF_OK) return rc;
    rc = sfi_answer_json(sf, answer, doc, true, err);
    sf_value root = sfi_json_root(doc);
    bool is_result = rc == SF_OK && sf_value_type(sf_get(root, "results")) == SF_ARRAY;
    if (is_result) {
        rc = sfi_parts_make(doc, SFI_PARTS_TREE, status, expected, out, err);
        doc = NULL; /* transferred */
    } else if (status >= 300 && rc != SF_ERR_MEMORY) {
        rc = rc == SF_OK ? sf_value_to_json(root, &text, &len, err) : SF_OK;
        if (rc == SF_OK) rc = sfi_error_from_answer(status, type, (sf_str){ text, len }, "tree", err);
    } else if (rc == SF_OK) {
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "the org's answer has no \"results\"");
    }
    sfi_free(text);
    sfi_json_free(doc);
    return rc;
}

static sf_status send_text(sf_client *sf, const char *object, sf_str json, size_t records, const sf_call_options *call,
                           sf_parts **out, sf_error *err)
{
    char path[SFI_REST_NAME_MAX + 32];
    snprintf(path, sizeof path, "composite/tree/%s", object);
    sfi_call_request request = {
        .method = "POST", .path = path, .body = json, .any_status = true, .options = call, .what = "tree"
    };
    sfi_answer answer = { 0 };
    sf_status rc = sfi_call_run(sf, &request, &answer, err);
    if (rc != SF_OK) return rc;
    int status = answer.status;
    rc = read_answer(sf, &answer, records, out, err);
    sfi_answer_clear(&answer);
    return rc != SF_OK && status < 300 ? sfi_fail_unread("tree", status, err) : rc;
}

sf_status sf_tree_send(sf_client *sf, const sf_tree *t, const sf_call_options *call, sf_parts **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || t == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the tree is NULL");
    if (t->failure.status != SF_OK) {
        if (err != NULL) *err = t->failure;
        return t->failure.status;
    }
    if (t->count == 0) return sfi_fail(err, SF_ERR_USAGE, "the tree has no records");
    sfi_buf text = { .max = SFI_COMPOSITE_BYTES_MAX };
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "records");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i].parent == i) write_node(&w, t, i);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    sf_status rc = sfi_buf_status(&text, err, "a tree's body");
    if (rc == SF_OK) rc = send_text(sf, t->object, sfi_buf_str(&text), t->count, call, out, err);
    sfi_buf_free(&text);
    return rc;
}

sf_status sf_tree_send_json(sf_client *sf, const char *object, sf_str json, const sf_call_options *call, sf_parts **out,
                            sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || json.ptr == NULL || json.len == 0)
        return sfi_fail(err, SF_ERR_USAGE, "the client is NULL, or the tree has no text");
    if (!sfi_rest_is_name(object)) return sfi_fail(err, SF_ERR_USAGE, "tree: the object's name is none");
    sf_document *doc = NULL;
    size_t records = 0;
    sf_status rc = sfi_rest_parse("the tree is not JSON", json, &doc, err);
    sf_value list = sf_get(sf_document_root(doc), "records");
    if (rc == SF_OK && !count_records(list, 1, &records))
        rc = sfi_fail(err, SF_ERR_LIMIT, "tree: records are nested deeper than %d levels", SF_TREE_DEPTH_MAX);
    if (rc == SF_OK && records == 0)
        rc = sfi_fail(err, SF_ERR_USAGE, "tree: want {\"records\":[…]} with at least one record");
    if (rc == SF_OK && records > SF_TREE_RECORDS_MAX)
        rc = sfi_fail(err, SF_ERR_LIMIT, "tree: %zu records, and a request takes %d at most", records,
                      SF_TREE_RECORDS_MAX);
    sf_document_free(doc);
    return rc == SF_OK ? send_text(sf, object, json, records, call, out, err) : rc;
}
