/* rest_graphql.c: POST /graphql: queries of records (uiapi.query). The document is checked whole, then each connection is
 * one SOQL statement, whose rows are written as its plan says: see graphql.h. Errors come with status 200, beside what
 * could be answered. */
#include "api/graphql.h"

enum { CONNECTIONS_MAX = 50 };

typedef struct planned { /* a connection of the query */
    sfo_gql_part part;
    sfi_buf soql, count;
    int line, column;
    char path[512];
} planned;

typedef struct answer {
    sfo_call *call;
    sfo_gql g;
    planned *list;
    size_t planned, written;
    sfi_json **docs; /* of pages; values point into them until the answer is written */
    size_t doc_count, doc_cap;
    sfi_json_writer w;
    sfi_buf errors; /* objects, comma between */
    bool no_memory;
} answer;

/* ---- errors ---- */
static void add_error(answer *a, const sfo_gql_error *e)
{
    sfi_json_writer w = sfi_json_write_to(&a->errors);
    if (a->errors.len > 0) sfi_buf_add_char(&a->errors, ',');
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "message");
    sfi_json_string(&w, e->message);
    sfi_json_key(&w, "locations");
    sfi_json_begin_array(&w);
    if (e->line > 0) {
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "line");
        sfi_json_int(&w, e->line);
        sfi_json_key(&w, "column");
        sfi_json_int(&w, e->column);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
    sfi_json_key(&w, "paths");
    sfi_json_begin_array(&w);
    for (const char *at = e->path; *at != '\0';) {
        size_t len = strcspn(at, "/");
        sfi_json_string_n(&w, (sf_str){ at, len });
        at += len + (at[len] == '/');
    }
    sfi_json_end_array(&w);
    sfi_json_key(&w, "extensions");
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "ErrorType");
    sfi_json_string(&w, e->type);
    sfi_json_end_object(&w);
    sfi_json_end_object(&w);
}

/* ---- rows ---- */

/* A page's document, kept until the end. */
static bool keep_page(answer *a, sf_str text, sf_value *out)
{
    if (a->doc_count == a->doc_cap) {
        size_t cap = a->doc_cap == 0 ? 8 : a->doc_cap * 2;
        sfi_json **docs = sfi_realloc(a->docs, cap * sizeof(sfi_json *));
        if (docs == NULL) return false;
        a->docs = docs;
        a->doc_cap = cap;
    }
    sfi_json *doc = NULL;
    if (sfi_json_new(&doc, NULL) != SF_OK) return false;
    a->docs[a->doc_count++] = doc;
    if (sfi_json_parse(doc, text, NULL) != SF_OK) return false;
    *out = sfi_json_root(doc);
    return true;
}

typedef struct rows { /* those of one page of a connection */
    sf_value *list;
    size_t count;
} rows;

/* The page that follows one; false: there is none, or no memory. */
static bool next_page(answer *a, sf_value page, sf_value *out)
{
    sf_str url = sf_get_text(page, "nextRecordsUrl");
    size_t at = url.len;
    sfi_buf text = { 0 };
    sfo_fault fault = { 0 };
    if (url.ptr == NULL) return false;
    while (at > 0 && url.ptr[at - 1] != '/') at--;
    bool ok = sfo_soql_more(a->call->org->store, &a->call->context, (sf_str){ url.ptr + at, url.len - at }, NULL, &text,
                            &fault);
    if (ok && !keep_page(a, sfi_buf_str(&text), out)) a->no_memory = true;
    ok = ok && !a->no_memory;
    sfo_fault_clear(&fault);
    sfi_buf_free(&text);
    return ok;
}

/* first rows after skip of them, from however many pages. */
static bool take_rows(answer *a, sf_value page, int64_t skip, int64_t first, rows *out)
{
    sf_value row;
    *out = (rows){ .list = sfi_calloc_n((size_t)first + 1, sizeof *out->list) };
    if (out->list == NULL) {
        a->no_memory = true;
        return false;
    }
    do {
        for (sf_iter it = sf_iter_begin(sf_get(page, "records"));
             (int64_t)out->count < first && sf_iter_next(&it, NULL, &row);) {
            if (skip > 0)
                skip--;
            else
                out->list[out->count++] = row;
        }
    } while ((int64_t)out->count < first && next_page(a, page, &page));
    return !a->no_memory;
}

/* ---- writing ---- */
static void write_cursor(sfi_json_writer *w, int64_t place)
{
    char digits[24];
    sfi_buf text = { 0 };
    int len = snprintf(digits, sizeof digits, "%lld", (long long)place);
    sfi_buf_add_base64(&text, digits, (size_t)len);
    sfi_json_string_n(w, sfi_buf_str(&text));
    sfi_buf_free(&text);
}

/* A dateTime ends in Z here. */
static void write_raw(answer *a, const sfo_field *f, sf_value v)
{
    char text[40];
    sf_str s = sf_value_type(v) == SF_STRING ? sf_get_text(v, NULL) : (sf_str){ NULL, 0 };
    if (f->type == SFO_DATETIME && s.len > 5 && s.len < sizeof text && sfi_ends_with(s, "+0000")) {
        (void)snprintf(text, sizeof text, "%.*sZ", (int)s.len - 5, s.ptr);
        sfi_json_string(&a->w, text);
    } else if (sf_value_type(v) == SF_MISSING) {
        sfi_json_null(&a->w);
    } else {
        sfi_json_write_value(&a->w, v);
    }
}

/* What a person in the United States would be shown; null where that is the value itself. */
static void write_display(answer *a, const sfo_field *f, sf_value v)
{
    int64_t ms;
    int64_t y;
    int m;
    int d;
    char text[64];
    sf_str s = sf_get_text(v, NULL);
    bool is_day = (f->type == SFO_DATE || f->type == SFO_DATETIME) && sf_get_time_ms(v, NULL, &ms);
    if (is_day) {
        int64_t days = ms >= 0 ? ms / 86400000 : -((-ms + 86399999) / 86400000);
        int minute = (int)((ms - days * 86400000) / 60000);
        int hour = minute / 60;
        sfi_civil_from_days(days, &y, &m, &d);
        int len = snprintf(text, sizeof text, "%d/%d/%lld", m, d, (long long)y);
        if (f->type == SFO_DATETIME)
            (void)snprintf(text + len, sizeof text - (size_t)len, ", %d:%02d %s", hour % 12 == 0 ? 12 : hour % 12,
                           minute % 60, hour < 12 ? "AM" : "PM");
        sfi_json_string(&a->w, text);
    } else if (s.ptr != NULL && (f->type == SFO_PICKLIST || f->type == SFO_MULTIPICKLIST)) {
        const char *label = NULL;
        for (size_t i = 0; i < f->picklist_count; i++)
            if (sfi_str_is(s, f->picklist[i].value)) label = f->picklist[i].label;
        sfi_json_string_n(&a->w, label != NULL ? sfi_str(label) : s);
    } else if (s.ptr != NULL && sf_value_type(v) == SF_NUMBER) {
        sfi_json_string_n(&a->w, s);
    } else {
        sfi_json_null(&a->w);
    }
}

static void write_connection(answer *a, const sfo_gql_part *p, sf_value page, int64_t total, bool is_child);
static void write_record(answer *a, const sfo_gql_part *p, sf_value row);

static void write_parent(answer *a, const sfo_gql_part *p, sf_value row)
{
    const char *type = sf_get_str(row, "attributes.type");
    const sfo_gql_part *chosen = NULL;
    for (size_t i = 0; i < p->count && chosen == NULL; i++)
        if (p->parts[i].text == NULL || (type != NULL && strcmp(p->parts[i].text, type) == 0)) chosen = &p->parts[i];
    if (sf_value_type(row) != SF_OBJECT || chosen == NULL)
        sfi_json_null(&a->w);
    else
        write_record(a, chosen, row);
}

static void write_value(answer *a, const sfo_gql_part *p, sf_value v)
{
    sfi_json_begin_object(&a->w);
    for (size_t i = 0; i < p->count; i++) {
        const sfo_gql_part *member = &p->parts[i];
        sfi_json_key_n(&a->w, member->key);
        if (member->kind == SFO_GQL_RAW)
            write_raw(a, p->field, v);
        else if (member->kind == SFO_GQL_DISPLAY)
            write_display(a, p->field, v);
        else
            sfi_json_string(&a->w, member->text);
    }
    sfi_json_end_object(&a->w);
}

/* As deep as the plan. */
static void write_record(answer *a, const sfo_gql_part *p, sf_value row)
{
    sfi_json_begin_object(&a->w);
    for (size_t i = 0; i < p->count; i++) {
        const sfo_gql_part *member = &p->parts[i];
        sfi_json_key_n(&a->w, member->key);
        switch (member->kind) {
        case SFO_GQL_ID: sfi_json_string(&a->w, sf_get_str(row, "Id")); break;
        case SFO_GQL_VALUE: write_value(a, member, sf_get(row, member->column)); break;
        case SFO_GQL_PARENT: write_parent(a, member, sf_get(row, member->column)); break;
        case SFO_GQL_CONNECTION: {
            sf_value children = sf_get(row, member->column);
            write_connection(a, member, children, sf_get_int(children, "totalSize", 0), true);
            break;
        }
        default:
            sfi_json_string(&a->w, member->text != NULL ? member->text : sf_get_str(row, "attributes.type"));
            break;
        }
    }
    sfi_json_end_object(&a->w);
}

static void write_edges(answer *a, const sfo_gql_part *edges, const sfo_gql_part *connection, const rows *page)
{
    sfi_json_begin_array(&a->w);
    for (size_t i = 0; i < page->count; i++) {
        sfi_json_begin_object(&a->w);
        for (size_t k = 0; k < edges->count; k++) {
            const sfo_gql_part *member = &edges->parts[k];
            sfi_json_key_n(&a->w, member->key);
            if (member->kind == SFO_GQL_NODE)
                write_record(a, member, page->list[i]);
            else if (member->kind == SFO_GQL_CURSOR)
                write_cursor(&a->w, connection->after + (int64_t)i + 1);
            else
                sfi_json_string(&a->w, member->text);
        }
        sfi_json_end_object(&a->w);
    }
    sfi_json_end_array(&a->w);
}

static void write_page_info(answer *a, const sfo_gql_part *info, int64_t after, int64_t count, int64_t total)
{
    sfi_json_begin_object(&a->w);
    for (size_t i = 0; i < info->count; i++) {
        const sfo_gql_part *member = &info->parts[i];
        sfi_json_key_n(&a->w, member->key);
        switch (member->kind) {
        case SFO_GQL_HAS_NEXT: sfi_json_bool(&a->w, after + count < total); break;
        case SFO_GQL_HAS_PREVIOUS: sfi_json_bool(&a->w, after > 0 && total > 0); break;
        case SFO_GQL_START:
        case SFO_GQL_END:
            if (count == 0)
                sfi_json_null(&a->w);
            else
                write_cursor(&a->w, member->kind == SFO_GQL_END ? after + count : after + 1);
            break;
        default: sfi_json_string(&a->w, member->text); break;
        }
    }
    sfi_json_end_object(&a->w);
}

/* page: the first one of the result, or null for children that there are none of. */
static void write_connection(answer *a, const sfo_gql_part *p, sf_value page, int64_t total, bool is_child)
{
    enum { OFFSET_MAX = 2000 }; /* the statement itself leaves out so many */
    int64_t skip = is_child ? p->after : p->after > OFFSET_MAX ? p->after - OFFSET_MAX : 0;
    rows found;
    if (take_rows(a, page, skip, p->first, &found)) {
        sfi_json_begin_object(&a->w);
        for (size_t i = 0; i < p->count; i++) {
            const sfo_gql_part *member = &p->parts[i];
            sfi_json_key_n(&a->w, member->key);
            switch (member->kind) {
            case SFO_GQL_EDGES: write_edges(a, member, p, &found); break;
            case SFO_GQL_PAGE_INFO: write_page_info(a, member, p->after, (int64_t)found.count, total); break;
            case SFO_GQL_TOTAL: sfi_json_int(&a->w, total); break;
            case SFO_GQL_PAGE_COUNT: sfi_json_int(&a->w, (int64_t)found.count); break;
            default: sfi_json_string(&a->w, member->text); break;
            }
        }
        sfi_json_end_object(&a->w);
    }
    sfi_free(found.list);
}

/* ---- running ---- */

/* A statement's first page. false: *fault says why, or there is no memory. */
static bool query(answer *a, const sfi_buf *soql, sf_value *out, sfo_fault *fault)
{
    sfi_buf text = { 0 };
    bool ok = sfo_soql_query(a->call->org->store, &a->call->context, sfi_buf_str(soql), NULL, &text, fault);
    if (ok && !keep_page(a, sfi_buf_str(&text), out)) a->no_memory = true;
    sfi_buf_free(&text);
    return ok && !a->no_memory;
}

static void run_connection(answer *a, const planned *p)
{
    sfo_fault fault = { 0 };
    sf_value page;
    sf_value count = { 0 };
    sfo_store_lock(a->call->org->store); /* rows and their number from the same moment */
    bool ok = query(a, &p->soql, &page, &fault) && (!p->part.needs_total || query(a, &p->count, &count, &fault));
    sfi_json_key_n(&a->w, p->part.key);
    if (fault.http_status >= 500) a->no_memory = true; /* the org's own trouble is no answer */
    if (ok) {
        write_connection(a, &p->part, page, sf_get_int(count, "totalSize", 0), false);
    } else {
        sfo_gql_error e = { 0 };
        (void)sfo_gql_fail(&e, "DataFetchingException", p->line, p->column, "%s: %.900s", fault.code,
                           fault.message != NULL ? fault.message : "");
        memcpy(e.path, p->path, sizeof e.path);
        add_error(a, &e);
        sfi_json_null(&a->w);
    }
    sfo_store_unlock(a->call->org->store);
    sfo_fault_clear(&fault);
}

/* ---- the levels above: Query { uiapi { query { … } } } ---- */
typedef struct level {
    const char *type, *field; /* field NULL: the objects stand here */
} level;

static const level levels[] = { { "Query", "uiapi" }, { "UIAPI", "query" }, { "RecordQuery", NULL } };

static bool plan_object(answer *a, const sfo_gql_field *f)
{
    sfo_gql *g = &a->g;
    sf_str name = f->at->name;
    const sfo_object *o = sfo_schema_object(a->call->org->schema, name);
    if (o == NULL || !sfi_str_is(name, o->name) || !o->queryable)
        return sfo_gql_invalid(g, f, "FieldUndefined", "Field '%.*s' in type 'RecordQuery' is undefined", (int)name.len,
                               name.ptr);
    if (a->planned == CONNECTIONS_MAX)
        return sfo_gql_invalid(g, f, "TooManyFields", "a query asks for at most %d connections", CONNECTIONS_MAX);
    planned *p = &a->list[a->planned++];
    p->line = f->at->line;
    p->column = f->at->column;
    memcpy(p->path, g->path, sizeof p->path);
    return sfo_gql_plan(g, o, f, &p->part, &p->soql, &p->count);
}

/* run false: everything is checked and planned; true: the same walk again, writing. */
static bool walk(answer *a, const sfo_gql_set *const *sets, size_t set_count, size_t depth, bool run)
{
    sfo_gql *g = &a->g;
    sfo_gql_fields fields;
    const level *l = &levels[depth];
    if (!sfo_gql_collect(g, sets, set_count, l->type, &fields)) return false;
    if (run) sfi_json_begin_object(&a->w);
    for (size_t i = 0; i < fields.count; i++) {
        const sfo_gql_field *f = &fields.list[i];
        sf_str name = f->at->name;
        size_t before = sfo_gql_enter(g, f->at->key);
        bool ok = true;
        if (sfi_str_is(name, "__typename")) {
            if (run) sfi_json_key_n(&a->w, f->at->key);
            if (run) sfi_json_string(&a->w, l->type);
        } else if (l->field == NULL) {
            if (run)
                run_connection(a, &a->list[a->written++]);
            else
                ok = plan_object(a, f);
        } else if (!sfi_str_is(name, l->field)) {
            ok = sfo_gql_invalid(g, f, "FieldUndefined", "Field '%.*s' in type '%s' is undefined%s", (int)name.len,
                                 name.ptr, l->type, depth == 1 ? " (the local org answers uiapi.query only)" : "");
        } else if (f->set_count == 0) {
            ok = sfo_gql_invalid(g, f, "SubSelectionRequired", "Sub selection required for type %s of field %s",
                                 levels[depth + 1].type, l->field);
        } else {
            if (run) sfi_json_key_n(&a->w, f->at->key);
            ok = walk(a, f->sets, f->set_count, depth + 1, run);
        }
        if (!ok) return false;
        sfo_gql_leave(g, before);
    }
    if (run) sfi_json_end_object(&a->w);
    return true;
}

/* The operation of that name, or the only one. */
static bool choose_operation(answer *a, const sfo_gql_document *doc, sf_str name)
{
    sfo_gql_error *e = &a->g.error;
    for (size_t i = 0; i < doc->operation_count; i++)
        if (name.len == 0 ? doc->operation_count == 1 : sfi_str_eq(doc->operations[i].name, name))
            a->g.operation = &doc->operations[i];
    if (a->g.operation == NULL)
        return sfo_gql_fail(e, "ValidationError", 0, 0,
                            name.len > 0 ? "Unknown operation named '%.*s'."
                                         : "Must provide operation name if query contains multiple operations.%.*s",
                            (int)name.len, name.ptr);
    if (sfi_str_is(a->g.operation->kind, "query")) return true;
    return sfo_gql_fail(e, "ValidationError", a->g.operation->line, a->g.operation->column,
                        "The local org answers queries only, not a %.*s", (int)a->g.operation->kind.len,
                        a->g.operation->kind.ptr);
}

static void write_answer(answer *a, bool fine)
{
    sfo_call *call = a->call;
    a->w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&a->w);
    sfi_json_key(&a->w, "data");
    const sfo_gql_set *root = fine ? &a->g.operation->set : NULL;
    if (!fine || !walk(a, &root, 1, 0, true)) {
        if (!a->g.error.no_memory) add_error(a, &a->g.error);
        sfi_json_raw_text(&a->w, SFI_STR("{}"));
    }
    sfi_json_key(&a->w, "errors");
    sfi_json_begin_array(&a->w);
    if (a->errors.len > 0) sfi_json_raw_text(&a->w, sfi_buf_str(&a->errors));
    sfi_json_end_array(&a->w);
    sfi_json_end_object(&a->w);
    if (a->no_memory || a->g.error.no_memory || a->errors.failed) call->response->body.failed = true;
}

void sfo_rest_graphql(sfo_call *call)
{
    sf_value body;
    sfo_gql_document doc;
    sfi_arena arena = { .max = SFO_GQL_ARENA_MAX };
    if (!sfo_call_body(call, &body)) return;
    sf_str text = sf_get_text(body, "query");
    if (text.ptr == NULL) {
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR", "The body needs a member query with the GraphQL text");
        return;
    }
    answer a = { .call = call, .list = sfi_calloc_n(CONNECTIONS_MAX, sizeof *a.list) };
    a.g = (sfo_gql){ .call = call, .arena = &arena, .document = &doc, .variables = sf_get(body, "variables") };
    if (a.list == NULL) {
        call->response->body.failed = true;
        return;
    }
    bool fine =
        sfo_gql_parse(text, &arena, &doc, &a.g.error) && choose_operation(&a, &doc, sf_get_text(body, "operationName"));
    const sfo_gql_set *root = fine ? &a.g.operation->set : NULL;
    fine = fine && walk(&a, &root, 1, 0, false);
    a.g.path[0] = '\0';
    a.g.fields = 0;
    write_answer(&a, fine);
    for (size_t i = 0; i < a.doc_count; i++) sfi_json_free(a.docs[i]);
    for (size_t i = 0; i < a.planned; i++) {
        sfi_buf_free(&a.list[i].soql);
        sfi_buf_free(&a.list[i].count);
    }
    sfi_free(a.docs);
    sfi_free(a.list);
    sfi_buf_free(&a.errors);
    sfi_arena_free(&arena);
}
