/*
 * rest_listviews.c: the list views of an object: all rows, one's own, and what came this week. They follow from the schema
 * and are the same in every run; what one of them shows is the SOQL that its describe tells.
 */
#include "api/rest.h"

enum { VIEWS = 3, COLUMNS_MAX = 10, CHOSEN_MAX = 4, LIMIT_DEFAULT = 25, LIMIT_MAX = 2000 };

typedef struct list_view {
    const sfo_object *object;
    const char *kind, *scope, *condition; /* kind: "All"; scope and condition NULL: none */
    char name[128], label[160];
    sf_id id;
} list_view;

typedef struct column {
    const sfo_field *field;
    const char *path, *label;
    bool hidden;
} column;

typedef struct column_list {
    column items[COLUMNS_MAX];
    size_t count;
} column_list;

/* ---- which views, and what they show ---- */
static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_views(const sfo_object *o)
{
    return o->layoutable && o->mru_enabled;
}

/* false: the object has no such view. */
static bool view_at(const sfo_object *o, size_t i, list_view *out)
{
    static const struct {
        const char *kind, *words, *scope, *condition; /* the object's name follows, unless there is a condition */
    } kinds[VIEWS] = {
        { "All", "All", NULL, NULL },
        { "My", "My", "mine", NULL },
        { "NewThisWeek", "New This Week", NULL, "CreatedDate" },
    };
    if (kinds[i].scope != NULL && sfo_object_field(o, SFI_STR("OwnerId")) == NULL) return false;
    if (kinds[i].condition != NULL && sfo_object_field(o, sfi_str(kinds[i].condition)) == NULL) return false;
    *out = (list_view){ .object = o, .kind = kinds[i].kind, .scope = kinds[i].scope, .condition = kinds[i].condition };
    size_t n = (size_t)snprintf(out->name, sizeof out->name, "%s", kinds[i].kind);
    for (const char *c = out->condition != NULL ? "" : o->label_plural; *c != '\0' && n < sizeof out->name - 1; c++)
        if (is_alnum(*c)) out->name[n++] = *c;
    out->name[n] = '\0';
    bool is_plain = out->condition != NULL;
    snprintf(out->label, sizeof out->label, "%s%s%s", kinds[i].words, is_plain ? "" : " ",
             is_plain ? "" : o->label_plural);
    out->id = sfo_id_of_names("00B", o->name, kinds[i].kind);
    return true;
}

static bool view_of_id(const sfo_object *o, sf_str id, list_view *out)
{
    sf_id full = sfi_id_make(id);
    for (size_t i = 0; i < VIEWS; i++)
        if (view_at(o, i, out) && strcmp(out->id.text, full.text) == 0) return true;
    return false;
}

static void add(column_list *l, const sfo_object *o, const char *name, bool hidden)
{
    const sfo_field *f = sfo_object_field(o, sfi_str(name));
    if (f != NULL && l->count < COLUMNS_MAX) l->items[l->count++] = (column){ f, f->name, f->label, hidden };
}

static bool is_chosen(const sfo_field *f)
{
    bool is_plain = f->type == SFO_STRING || f->type == SFO_PICKLIST || f->type == SFO_PHONE || f->type == SFO_EMAIL ||
                    f->type == SFO_CURRENCY || f->type == SFO_DATE;
    return is_plain && f->compound_name == NULL && f->updateable;
}

/* The name, a few fields, the owner; then those that nobody sees. */
static void find_columns(const sfo_object *o, column_list *l)
{
    const sfo_field *name = sfo_object_name_field(o), *owner = sfo_object_field(o, SFI_STR("OwnerId"));
    l->count = 0;
    if (name != NULL) add(l, o, name->name, false);
    size_t chosen = 0;
    for (size_t i = 0; i < o->field_count && chosen < CHOSEN_MAX; i++)
        if (&o->fields[i] != name && is_chosen(&o->fields[i])) {
            add(l, o, o->fields[i].name, false);
            chosen++;
        }
    if (owner != NULL && owner->relationship_name != NULL)
        l->items[l->count++] = (column){ owner, "Owner.Alias", "Owner Alias", false };
    static const char *const hidden[] = { "Id", "CreatedDate", "LastModifiedDate", "SystemModstamp" };
    for (size_t i = 0; i < SFI_COUNT_OF(hidden); i++) add(l, o, hidden[i], true);
}

static bool is_owner(const column *c)
{
    return c->path != c->field->name;
}

static void select_item(const column *c, char out[160])
{
    snprintf(out, 160, c->field->type == SFO_PICKLIST ? "toLabel(%s)" : "%s", c->path);
}

static const char *order_of(const sfo_object *o)
{
    const sfo_field *name = sfo_object_name_field(o);
    return name != NULL && name->sortable ? name->name : "Id";
}

/* The view as a statement, without a limit. */
static void write_soql(const list_view *v, const column_list *l, sfi_buf *out)
{
    const char *order = order_of(v->object);
    char item[160];
    for (size_t i = 0; i < l->count; i++) {
        select_item(&l->items[i], item);
        sfi_buf_addf(out, "%s%s", i == 0 ? "SELECT " : ", ", item);
    }
    sfi_buf_addf(out, " FROM %s", v->object->name);
    if (v->scope != NULL) sfi_buf_addf(out, " USING SCOPE %s", v->scope);
    if (v->condition != NULL) sfi_buf_addf(out, " WHERE %s = THIS_WEEK", v->condition);
    sfi_buf_addf(out, " ORDER BY %s ASC NULLS FIRST", order);
    if (strcmp(order, "Id") != 0) sfi_buf_add_str(out, ", Id ASC NULLS FIRST");
}

/* ---- answers ---- */
static void write_entry(sfo_call *call, sfi_json_writer *w, const list_view *v)
{
    char url[240];
    int len = snprintf(url, sizeof url, "/services/data/v%s/sobjects/%.80s/listviews/%s", call->version,
                       v->object->name, v->id.text);
    sfi_json_begin_object(w);
    snprintf(url + len, sizeof url - (size_t)len, "/describe");
    sfi_json_put_string(w, "describeUrl", url);
    sfi_json_put_string(w, "developerName", v->name);
    sfi_json_put_string(w, "id", v->id.text);
    sfi_json_put_string(w, "label", v->label);
    snprintf(url + len, sizeof url - (size_t)len, "/results");
    sfi_json_put_string(w, "resultsUrl", url);
    sfi_json_put_bool(w, "soqlCompatible", true);
    url[len] = '\0';
    sfi_json_put_string(w, "url", url);
    sfi_json_end_object(w);
}

static void write_column(sfi_json_writer *w, const list_view *v, const column *c)
{
    static const struct {
        sfo_type type;
        const char *up, *down;
    } words[] = {
        { SFO_STRING, "Z-A", "A-Z" },   { SFO_EMAIL, "Z-A", "A-Z" },
        { SFO_PHONE, "9-0", "0-9" },    { SFO_PICKLIST, "Low to High", "High to Low" },
        { SFO_CURRENCY, "9-0", "0-9" }, { SFO_DATE, "New to Old", "Old to New" },
    };
    bool is_order = !c->hidden && strcmp(c->path, order_of(v->object)) == 0;
    sfo_type type = is_owner(c) ? SFO_STRING : c->field->type;
    const char *up = NULL, *down = NULL;
    char item[160];
    for (size_t i = 0; i < SFI_COUNT_OF(words) && !c->hidden; i++)
        if (words[i].type == type) {
            up = words[i].up;
            down = words[i].down;
        }
    select_item(c, item);
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "ascendingLabel", up);
    sfi_json_put_string(w, "descendingLabel", down);
    sfi_json_put_string(w, "fieldNameOrPath", c->path);
    sfi_json_put_bool(w, "hidden", c->hidden);
    sfi_json_put_string(w, "label", c->label);
    sfi_json_put_string(w, "selectListItem", item);
    sfi_json_put_string(w, "sortDirection", is_order ? "ascending" : NULL);
    sfi_json_key(w, "sortIndex");
    if (is_order)
        sfi_json_int(w, 0);
    else
        sfi_json_null(w);
    sfi_json_put_bool(w, "sortable", !c->hidden && (is_owner(c) || c->field->sortable));
    sfi_json_put_string(w, "type", is_owner(c) ? "string" : c->field->type_name);
    sfi_json_end_object(w);
}

static void write_columns(sfi_json_writer *w, const list_view *v, const column_list *l)
{
    sfi_json_key(w, "columns");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < l->count; i++) write_column(w, v, &l->items[i]);
    sfi_json_end_array(w);
}

static void write_order(sfi_json_writer *w, const char *path)
{
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "fieldNameOrPath", path);
    sfi_json_put_string(w, "nullsPosition", "first");
    sfi_json_put_string(w, "sortDirection", "ascending");
    sfi_json_end_object(w);
}

/* The object of the path, when it has list views; NULL: the response is the 404. */
static const sfo_object *listed_object(sfo_call *call)
{
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || has_views(o)) return o;
    sfo_answer_not_found(call);
    return NULL;
}

static bool find_view(sfo_call *call, list_view *out)
{
    const sfo_object *o = listed_object(call);
    if (o == NULL) return false;
    if (view_of_id(o, call->args[1], out)) return true;
    sfo_answer_not_found(call);
    return false;
}

void sfo_rest_list_views(sfo_call *call)
{
    const sfo_object *o = listed_object(call);
    list_view v;
    int64_t count = 0;
    if (o == NULL) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_bool(&w, "done", true);
    sfi_json_key(&w, "listviews");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < VIEWS; i++)
        if (view_at(o, i, &v)) {
            write_entry(call, &w, &v);
            count++;
        }
    sfi_json_end_array(&w);
    sfi_json_put_string(&w, "nextRecordsUrl", NULL);
    sfi_json_put_int(&w, "size", count);
    sfi_json_put_string(&w, "sobjectType", o->name);
    sfi_json_end_object(&w);
}

void sfo_rest_list_view(sfo_call *call)
{
    list_view v;
    if (!find_view(call, &v)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    write_entry(call, &w, &v);
}

static void write_condition(sfi_json_writer *w, const list_view *v)
{
    sfi_json_key(w, "whereCondition");
    sfi_json_begin_object(w);
    if (v->condition != NULL) {
        sfi_json_put_string(w, "field", v->condition);
        sfi_json_put_string(w, "operator", "equals");
        sfi_json_key(w, "values");
        sfi_json_begin_array(w);
        sfi_json_string(w, "THIS_WEEK");
        sfi_json_end_array(w);
    } else {
        sfi_json_key(w, "conditions");
        sfi_json_begin_array(w);
        sfi_json_end_array(w);
        sfi_json_put_string(w, "conjunction", "and");
    }
    sfi_json_end_object(w);
}

void sfo_rest_list_view_describe(sfo_call *call)
{
    list_view v;
    column_list columns;
    sfi_buf soql = { 0 };
    if (!find_view(call, &v)) return;
    find_columns(v.object, &columns);
    write_soql(&v, &columns, &soql);
    const char *order = order_of(v.object);
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    write_columns(&w, &v, &columns);
    sfi_json_put_string(&w, "id", v.id.text);
    sfi_json_key(&w, "orderBy");
    sfi_json_begin_array(&w);
    write_order(&w, order);
    if (strcmp(order, "Id") != 0) write_order(&w, "Id");
    sfi_json_end_array(&w);
    sfi_json_key(&w, "query");
    sfi_json_string_n(&w, sfi_buf_str(&soql));
    sfi_json_put_string(&w, "scope", v.scope);
    sfi_json_put_string(&w, "sobjectType", v.object->name);
    write_condition(&w, &v);
    sfi_json_end_object(&w);
    if (soql.failed) call->response->body.failed = true;
    sfi_buf_free(&soql);
}

/* A value as a list view shows it: a text, a point of time in words. */
static void write_value(sfi_json_writer *w, const column *c, sf_value record)
{
    char words[64];
    int64_t ms;
    const char *value = sf_get_str(record, c->path);
    if (c->field->type == SFO_DATETIME && sf_get_time_ms(record, c->path, &ms)) {
        struct tm tm;
        time_t seconds = (time_t)(ms / 1000);
        (void)gmtime_r(&seconds, &tm);
        strftime(words, sizeof words, "%a %b %d %H:%M:%S GMT %Y", &tm);
        value = words;
    }
    sfi_json_put_string(w, "value", value);
}

static void write_record(sfi_json_writer *w, const column_list *l, sf_value record)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "columns");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < l->count; i++) {
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "fieldNameOrPath", l->items[i].path);
        write_value(w, &l->items[i], record);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_end_object(w);
}

/* A number of the query between the bounds; false: the response says what is wrong. */
static bool take_number(sfo_call *call, const char *name, int64_t least, int64_t *out)
{
    sf_str given = sfo_params_get(&call->query, name);
    if (given.ptr == NULL) return true;
    if (sfi_parse_int(given, out) && *out >= least && *out <= LIMIT_MAX) return true;
    sfo_answer_error(call, 400, "INVALID_QUERY_LOCATOR", "%s must be a number from %d to %d", name, (int)least,
                     LIMIT_MAX);
    return false;
}

static void write_results(sfo_call *call, const list_view *v, const column_list *columns, sf_value rows)
{
    sf_value record;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    write_columns(&w, v, columns);
    sfi_json_put_string(&w, "developerName", v->name);
    sfi_json_put_bool(&w, "done", true);
    sfi_json_put_string(&w, "id", v->id.text);
    sfi_json_put_string(&w, "label", v->label);
    sfi_json_key(&w, "records");
    sfi_json_begin_array(&w);
    for (sf_iter it = sf_iter_begin(rows); sf_iter_next(&it, NULL, &record);) write_record(&w, columns, record);
    sfi_json_end_array(&w);
    sfi_json_put_int(&w, "size", (int64_t)sf_value_count(rows));
    sfi_json_end_object(&w);
}

void sfo_rest_list_view_results(sfo_call *call)
{
    list_view v;
    column_list columns;
    sfo_fault fault = { 0 };
    sfi_buf soql = { 0 }, json = { 0 };
    sf_document *doc = NULL;
    int64_t limit = LIMIT_DEFAULT, offset = 0;
    if (!find_view(call, &v) || !take_number(call, "limit", 1, &limit) || !take_number(call, "offset", 0, &offset))
        return;
    find_columns(v.object, &columns);
    write_soql(&v, &columns, &soql);
    sfi_buf_addf(&soql, " LIMIT %lld OFFSET %lld", (long long)limit, (long long)offset);
    if (soql.failed) (void)sfo_fault_set(&fault, 503, "SERVER_UNAVAILABLE", "no memory for the list view");
    if (soql.failed ||
        !sfo_soql_rows(call->org->store, &call->context, sfi_buf_str(&soql), NULL, LIMIT_MAX, &json, &fault))
        sfo_answer_fault(call, &fault);
    else if (sf_document_parse(json.data, json.len, &doc, NULL) != SF_OK)
        sfo_answer_error(call, 503, "SERVER_UNAVAILABLE", "no memory for the list view");
    else
        write_results(call, &v, &columns, sf_document_root(doc));
    sf_document_free(doc);
    sfi_buf_free(&soql);
    sfi_buf_free(&json);
}

bool sfo_list_view_soql(const sfo_schema *schema, sf_str id, sfi_buf *out)
{
    list_view v;
    column_list columns;
    for (size_t i = 0; i < sfo_schema_count(schema); i++) {
        const sfo_object *o = sfo_schema_at(schema, i);
        if (!has_views(o) || !view_of_id(o, id, &v)) continue;
        find_columns(o, &columns);
        write_soql(&v, &columns, out);
        return true;
    }
    return false;
}
