/* rest_collections.c: /composite/sobjects: up to 200 rows in one call, each with a result of its own, in their order. The
 * whole is one transaction; a row that fails is undone by its savepoint, or takes all others along (allOrNone). What is
 * wrong with the request itself (no rows, too many, no type) is a 400 before anything is written; what is wrong with a
 * row, its JSON included, is that row's result. */
#include "api/rest.h"

enum {
    RETRIEVE_MAX = 2000,
    RUNS_MAX = 10, /* changes of object from one row to the next, and one */
    FIELDS_MAX = 1000,
    FROM_VERSION = 42,
    UPSERT_FROM_VERSION = 46
};

typedef enum operation { CREATE, UPDATE, UPSERT, DELETE } operation;

typedef struct row {
    const sfo_object *object;
    sf_value body; /* not of a delete */
    sf_str key;    /* the id, or the value of the upsert's field; ptr NULL: the row names none */
    sf_id id;
    bool ok, created;
    sfo_fault fault; /* unless ok */
} row;

typedef struct collection {
    sfo_call *call;
    operation op;
    const sfo_field *key; /* of an upsert */
    bool all_or_none;
    row *rows;
    size_t count;
} collection;

/* ---- the request ---- */
static bool is_there(sfo_call *call, int from)
{
    if (call->version_number < from) sfo_answer_not_found(call);
    return call->version_number >= from;
}

/* false: the response says why. */
static bool check_count(sfo_call *call, size_t count, int max)
{
    if (count == 0)
        sfo_answer_error(call, 400, "REQUIRED_FIELD_MISSING", "At least 1 record is required");
    else if (count > (size_t)max)
        sfo_answer_error(call, 400, "EXCEEDED_ID_LIMIT",
                         "record limit reached. cannot submit more than %d records into this call", max);
    return count > 0 && count <= (size_t)max;
}

/* Rows are worked on in runs of one object. */
static bool check_runs(sfo_call *call, const row *rows, size_t count)
{
    int runs = 1;
    for (size_t i = 1; i < count; i++) runs += rows[i].object != rows[i - 1].object;
    if (runs <= RUNS_MAX) return true;
    sfo_answer_error(call, 400, "LIMIT_EXCEEDED",
                     "Cannot have more than %d chunks in a single operation. Please rearrange the data to reduce "
                     "chunking.",
                     (int)RUNS_MAX);
    return false;
}

/* A member whatever the case of its name; the last one counts. */
static sf_value member(sf_value object, const char *name)
{
    sf_value found = { 0 };
    sf_value value;
    sf_str key;
    sf_iter it = sf_iter_begin(object);
    while (sf_iter_next(&it, &key, &value))
        if (sfi_str_is_nocase(key, name)) found = value;
    return found;
}

static bool read_row(collection *c, sf_value body, row *out)
{
    sfo_call *call = c->call;
    if (sf_value_type(body) != SF_OBJECT) {
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR",
                         "Cannot deserialize a record: each element of records must be an object");
        return false;
    }
    sf_str type = sf_get_text(body, "attributes.type");
    if (type.len == 0) {
        sfo_answer_error(call, 400, "INVALID_TYPE",
                         "Missing entity type information. sObject requires a separate 'type' field be sent.");
        return false;
    }
    out->body = body;
    out->object = sfo_schema_object(call->org->schema, type);
    if (out->object == NULL) {
        sfo_answer_error(call, 400, "INVALID_TYPE", "sObject type '%.*s' is not supported.",
                         (int)(type.len < 255 ? type.len : 255), type.ptr);
        return false;
    }
    if (c->key != NULL && c->key->object != out->object) {
        sfo_answer_error(call, 400, "INVALID_TYPE", "All records of an upsert must be of the type %s",
                         c->key->object->name);
        return false;
    }
    if (c->op == CREATE) return true;
    out->key = sf_get_text(member(body, c->op == UPSERT ? c->key->name : "Id"), NULL);
    if (out->key.len == 0) out->key.ptr = NULL;
    return true;
}

/* The rows of the body. false: the response says what is wrong. */
static bool read_rows(collection *c)
{
    sf_value body;
    sf_value value;
    if (!sfo_call_body(c->call, &body)) return false;
    sf_value list = sf_get(body, "records");
    size_t count = sf_value_type(list) == SF_ARRAY ? sf_value_count(list) : 0;
    if (!check_count(c->call, count, SFO_BATCH_MAX)) return false;
    c->all_or_none = sf_get_bool(body, "allOrNone", false);
    c->rows = sfi_calloc_n(count, sizeof *c->rows);
    if (c->rows == NULL) {
        c->call->response->body.failed = true;
        return false;
    }
    sf_iter it = sf_iter_begin(list);
    while (c->count < count && sf_iter_next(&it, NULL, &value))
        if (!read_row(c, value, &c->rows[c->count++])) return false;
    return check_runs(c->call, c->rows, c->count);
}

/* Cuts the next piece off a list with commas. */
static bool next_piece(sf_str *list, sf_str *out)
{
    if (list->ptr == NULL) return false;
    const char *comma = list->len > 0 ? memchr(list->ptr, ',', list->len) : NULL;
    size_t len = comma != NULL ? (size_t)(comma - list->ptr) : list->len;
    *out = sfi_trim((sf_str){ list->ptr, len });
    *list = comma != NULL ? (sf_str){ comma + 1, list->len - len - 1 } : (sf_str){ NULL, 0 };
    return true;
}

static size_t count_pieces(sf_str list)
{
    size_t n = 0;
    sf_str piece;
    if (sfi_trim(list).len == 0) return 0;
    while (next_piece(&list, &piece)) n++;
    return n;
}

/* ---- one row ---- */
/* An id to its 18 characters, which must belong to the row's object (of a delete: it says which). */
static bool resolve_id(const collection *c, row *r)
{
    return sfo_several_id(c->call->org->schema, &r->object, r->key, "malformed id", &r->id, &r->fault);
}

static bool update_row(const collection *c, const sfo_context *context, row *r)
{
    if (r->key.ptr == NULL)
        return sfo_fault_set(&r->fault, 400, "MISSING_ARGUMENT", "Id not specified in an update call");
    return resolve_id(c, r) &&
           sfo_record_update(c->call->org->store, context, r->object, r->id.text, r->body, &r->fault);
}

/* The same value twice in one request: none of the rows with it is written. */
static bool refuse_twin(const collection *c, row *r)
{
    for (size_t i = 0; i < c->count; i++)
        if (&c->rows[i] != r && c->rows[i].key.ptr != NULL && sfi_str_eq(c->rows[i].key, r->key)) {
            (void)sfo_fault_set(&r->fault, 400, "DUPLICATE_VALUE", "Duplicate external id specified: %.*s",
                                (int)(r->key.len < 255 ? r->key.len : 255), r->key.ptr);
            snprintf(r->fault.fields, sizeof r->fault.fields, "%s", c->key->name);
            return false;
        }
    return true;
}

static bool upsert_row(const collection *c, const sfo_context *context, row *r)
{
    sfo_store *store = c->call->org->store;
    if (r->key.ptr == NULL && c->key->type != SFO_ID)
        return sfo_fault_set(&r->fault, 400, "MISSING_ARGUMENT", "%s not specified", c->key->name);
    r->created = r->key.ptr == NULL;
    if (r->created) return sfo_record_create(store, context, r->object, r->body, &r->id, &r->fault);
    if (!refuse_twin(c, r)) return false;
    if (c->key->type == SFO_ID)
        return resolve_id(c, r) && sfo_record_update(store, context, r->object, r->id.text, r->body, &r->fault);
    return sfo_several_upsert(store, context, r->object, c->key, r->key, r->body, &r->id, &r->created, &r->fault);
}

static void run_row(const collection *c, const sfo_context *context, row *r)
{
    sfo_store *store = c->call->org->store;
    switch (c->op) {
    case CREATE:
        r->created = true;
        r->ok = sfo_record_create(store, context, r->object, r->body, &r->id, &r->fault);
        break;
    case UPDATE: r->ok = update_row(c, context, r); break;
    case UPSERT: r->ok = upsert_row(c, context, r); break;
    case DELETE: r->ok = resolve_id(c, r) && sfo_record_delete(store, context, r->object, r->id.text, &r->fault); break;
    }
    if (!r->ok) sfo_several_reword(&r->fault);
}

/* ---- all rows ---- */
static void count_events(const collection *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const row *r = &c->rows[i];
        if (!r->ok) continue;
        sfo_call_event(c->call, c->op == DELETE ? SFO_EVENT_DELETED
                                : r->created    ? SFO_EVENT_CREATED
                                                : SFO_EVENT_UPDATED);
    }
}

static void roll_back_others(collection *c)
{
    for (size_t i = 0; i < c->count; i++) {
        row *r = &c->rows[i];
        if (!r->ok || r->object->publish_immediately) continue; /* what was told stays so */
        r->ok = false;
        sfo_several_rolled_back(&r->fault);
    }
}

/* false: the response says why nothing was written. */
static bool run_rows(collection *c)
{
    sfo_store *store = c->call->org->store;
    sfo_fault fault = { 0 };
    bool failed = false;
    sfo_context context = c->call->context;
    context.id_in_body = true;
    context.now_ms = sfi_wall_ms(); /* the same for all rows */
    if (!sfo_store_begin(store, &fault)) {
        sfo_answer_fault(c->call, &fault);
        return false;
    }
    for (size_t i = 0; i < c->count; i++) {
        run_row(c, &context, &c->rows[i]);
        failed = failed || !c->rows[i].ok;
    }
    if (failed && c->all_or_none) {
        sfo_store_rollback(store);
        roll_back_others(c);
    } else if (!sfo_store_commit(store, &fault)) {
        sfo_answer_fault(c->call, &fault);
        return false;
    }
    count_events(c);
    return true;
}

static void write_fault(sfi_json_writer *w, const sfo_fault *f)
{
    sfi_json_begin_object(w);
    if (f->duplicates != NULL) {
        sfi_json_key(w, "duplicateResult");
        sfi_json_raw_text(w, sfi_str(f->duplicates));
    }
    sfo_fault_write_members(f, w);
    sfi_json_end_object(w);
}

static void write_results(const collection *c)
{
    sfi_json_writer w = sfo_answer_json(c->call, 200);
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < c->count; i++) {
        const row *r = &c->rows[i];
        sfi_json_begin_object(&w);
        if (r->ok) {
            sfi_json_key(&w, "id");
            sfi_json_string(&w, r->id.text);
        }
        sfi_json_key(&w, "success");
        sfi_json_bool(&w, r->ok);
        sfi_json_key(&w, "errors");
        sfi_json_begin_array(&w);
        if (!r->ok) write_fault(&w, &r->fault);
        if (r->ok && r->object->is_event) sfo_write_enqueued(&w, r->id.text);
        sfi_json_end_array(&w);
        if (c->op == UPSERT) {
            sfi_json_key(&w, "created");
            sfi_json_bool(&w, r->ok && r->created);
        }
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
}

static void finish(collection *c, bool is_read)
{
    if (is_read && run_rows(c)) write_results(c);
    for (size_t i = 0; i < c->count; i++) sfo_fault_clear(&c->rows[i].fault);
    sfi_free(c->rows);
}

/* ---- the routes of writes ---- */
void sfo_rest_collection_create(sfo_call *call)
{
    collection c = { .call = call, .op = CREATE };
    if (is_there(call, FROM_VERSION)) finish(&c, read_rows(&c));
}

void sfo_rest_collection_update(sfo_call *call)
{
    collection c = { .call = call, .op = UPDATE };
    if (is_there(call, FROM_VERSION)) finish(&c, read_rows(&c));
}

void sfo_rest_collection_upsert(sfo_call *call)
{
    collection c = { .call = call, .op = UPSERT };
    const sfo_object *o = is_there(call, UPSERT_FROM_VERSION) ? sfo_call_object(call) : NULL;
    if (o == NULL) return;
    c.key = sfo_object_field(o, call->args[1]);
    if (c.key != NULL && (c.key->type == SFO_ID || c.key->external_id || c.key->id_lookup)) {
        finish(&c, read_rows(&c));
        return;
    }
    sfo_answer_error(call, 404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s",
                     call->args[1].ptr);
}

void sfo_rest_collection_delete(sfo_call *call)
{
    collection c = { .call = call, .op = DELETE };
    sf_str ids = sfo_params_get(&call->query, "ids");
    sf_str piece;
    size_t count = count_pieces(ids);
    if (!is_there(call, FROM_VERSION) || !check_count(call, count, SFO_BATCH_MAX)) return;
    c.all_or_none = sfi_str_is_nocase(sfo_params_get(&call->query, "allOrNone"), "true");
    c.rows = sfi_calloc_n(count, sizeof *c.rows);
    if (c.rows == NULL) {
        call->response->body.failed = true;
        return;
    }
    while (c.count < count && next_piece(&ids, &piece)) {
        row *r = &c.rows[c.count++];
        r->key = piece;
        r->object = sfo_schema_object_of_id(call->org->schema, piece);
    }
    finish(&c, check_runs(call, c.rows, c.count));
}

/* ---- retrieve ---- */
typedef struct retrieval {
    const sfo_object *object;
    const sfo_field *fields[FIELDS_MAX];
    size_t field_count;
    sf_id *ids; /* in the call's arena */
    size_t id_count;
} retrieval;

static bool add_field(sfo_call *call, retrieval *r, sf_str name)
{
    const sfo_field *field = sfo_object_field(r->object, name);
    if (field == NULL || r->field_count == FIELDS_MAX) {
        sfo_answer_error(call, 400, "INVALID_FIELD", "No such column '%.*s' on sobject of type %s",
                         (int)(name.len < 255 ? name.len : 255), name.len > 0 ? name.ptr : "", r->object->name);
        return false;
    }
    r->fields[r->field_count++] = field;
    return true;
}

static bool add_id(sfo_call *call, retrieval *r, sf_str text)
{
    if (sfo_id_normalize(text, &r->ids[r->id_count])) {
        r->id_count++;
        return true;
    }
    sfo_answer_error(call, 400, "MALFORMED_ID", "malformed id %.*s", (int)(text.len < 80 ? text.len : 80),
                     text.len > 0 ? text.ptr : "");
    return false;
}

static bool make_room(sfo_call *call, retrieval *r, size_t ids, size_t fields)
{
    if (!check_count(call, ids, RETRIEVE_MAX)) return false;
    if (fields == 0) {
        sfo_answer_error(call, 400, "REQUIRED_FIELD_MISSING", "At least 1 field is required");
        return false;
    }
    r->ids = sfi_arena_alloc(&call->arena, ids * sizeof *r->ids);
    if (r->ids == NULL) call->response->body.failed = true;
    return r->ids != NULL;
}

static bool read_from_url(sfo_call *call, retrieval *r)
{
    sf_str ids = sfo_params_get(&call->query, "ids");
    sf_str names = sfo_params_get(&call->query, "fields");
    sf_str piece;
    if (!make_room(call, r, count_pieces(ids), count_pieces(names))) return false;
    while (next_piece(&names, &piece))
        if (!add_field(call, r, piece)) return false;
    while (next_piece(&ids, &piece))
        if (!add_id(call, r, piece)) return false;
    return true;
}

static bool read_from_body(sfo_call *call, retrieval *r)
{
    sf_value body;
    sf_value value;
    if (!sfo_call_body(call, &body)) return false;
    sf_value ids = sf_get(body, "ids");
    sf_value names = sf_get(body, "fields");
    if (!make_room(call, r, sf_value_type(ids) == SF_ARRAY ? sf_value_count(ids) : 0,
                   sf_value_type(names) == SF_ARRAY ? sf_value_count(names) : 0))
        return false;
    sf_iter it = sf_iter_begin(names);
    while (sf_iter_next(&it, NULL, &value))
        if (!add_field(call, r, sf_get_text(value, NULL))) return false;
    it = sf_iter_begin(ids);
    while (sf_iter_next(&it, NULL, &value))
        if (!add_id(call, r, sf_get_text(value, NULL))) return false;
    return true;
}

static void answer_rows(sfo_call *call, const retrieval *r)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_buf *out = &call->response->body;
    sfi_json_begin_array(&w);
    sfo_store_lock(call->org->store); /* all rows from the same moment */
    for (size_t i = 0; i < r->id_count; i++) {
        sfo_fault fault = { 0 };
        if (i > 0) sfi_buf_add_char(out, ',');
        if (!sfo_record_read(call->org->store, &call->context, r->object, r->ids[i].text, r->fields, r->field_count,
                             out, NULL, &fault)) {
            if (fault.http_status >= 500) out->failed = true;
            sfi_buf_add_str(out, "null");
        }
        sfo_fault_clear(&fault);
    }
    sfo_store_unlock(call->org->store);
    sfi_json_end_array(&w);
}

void sfo_rest_collection_get(sfo_call *call)
{
    const sfo_object *o = is_there(call, FROM_VERSION) ? sfo_call_object(call) : NULL;
    if (o == NULL) return;
    retrieval *r = sfi_arena_alloc(&call->arena, sizeof *r);
    if (r == NULL) {
        call->response->body.failed = true;
        return;
    }
    *r = (retrieval){ .object = o };
    bool is_post = strcmp(call->request->method, "POST") == 0;
    if (is_post ? read_from_body(call, r) : read_from_url(call, r)) answer_rows(call, r);
}
