/*
 * rest_search.c: SOSL over REST: search, parameterized search (whose parameters, from URL or body, become SOSL), the
 * objects that are searched by default, and suggestions by the beginning of a name.
 */
#include "api/rest.h"
#include "soql/sosl.h"
#include "store/search.h"

enum { BARE_ARRAY_UNTIL = 36, SUGGESTIONS = 5, SUGGESTIONS_MAX = 50, SEARCHED_MAX = 50 };

/* ---- search ---- */

static void answer_search(sfo_call *call, sf_str sosl)
{
    sfo_fault fault = { 0 };
    sfi_buf records = { 0 };
    if (!sfo_sosl_search(call->org->store, &call->context, sosl, &records, NULL, &fault)) {
        sfo_answer_fault(call, &fault);
    } else {
        (void)sfo_answer_json(call, 200);
        sfi_buf *out = &call->response->body;
        bool bare = call->version_number <= BARE_ARRAY_UNTIL;
        if (!bare) sfi_buf_add_str(out, "{\"searchRecords\":");
        sfi_buf_add(out, records.data, records.len);
        if (!bare) sfi_buf_add_char(out, '}');
    }
    sfi_buf_free(&records);
}

void sfo_rest_search(sfo_call *call)
{
    sf_str sosl = sfo_params_get(&call->query, "q");
    if (sosl.ptr == NULL)
        sfo_answer_error(call, 400, "MALFORMED_SEARCH",
                         "No search term found. The search term must be enclosed in braces.");
    else
        answer_search(call, sosl);
}

/* ---- parameterized search ---- */

typedef struct searched { /* one object of a parameterized search; ptr NULL: not said */
    sf_str name, fields, where, order, limit;
} searched;

typedef struct parameters {
    sf_str q, group, fields, overall_limit, default_limit, offset;
    searched objects[SEARCHED_MAX];
    size_t count;
} parameters;

static sf_str of_object(const sfo_call *call, sf_str object, const char *what)
{
    char name[160];
    (void)snprintf(name, sizeof name, "%.*s.%s", (int)(object.len < 100 ? object.len : 100), object.ptr, what);
    return sfo_params_get(&call->query, name);
}

static bool too_many(sfo_call *call)
{
    sfo_answer_error(call, 400, "INVALID_SEARCH", "a search names %d objects at most", SEARCHED_MAX);
    return false;
}

static bool read_url(sfo_call *call, parameters *out)
{
    *out = (parameters){ .q = sfo_params_get(&call->query, "q"),
                         .group = sfo_params_get(&call->query, "in"),
                         .fields = sfo_params_get(&call->query, "fields"),
                         .overall_limit = sfo_params_get(&call->query, "overallLimit"),
                         .default_limit = sfo_params_get(&call->query, "defaultLimit"),
                         .offset = sfo_params_get(&call->query, "offset") };
    for (size_t i = 0; i < call->query.count; i++) {
        if (!sfi_str_is(call->query.items[i].name, "sobject")) continue;
        sf_str name = call->query.items[i].value;
        if (out->count == SEARCHED_MAX) return too_many(call);
        out->objects[out->count++] = (searched){ .name = name,
                                                 .fields = of_object(call, name, "fields"),
                                                 .where = of_object(call, name, "where"),
                                                 .order = of_object(call, name, "orderBy"),
                                                 .limit = of_object(call, name, "limit") };
    }
    return true;
}

/* A member as text, in the call's arena; ptr NULL: not there. A list gets commas. */
static sf_str member(sfo_call *call, sf_value object, const char *name)
{
    sf_value v = sf_get(object, name), item;
    sfi_buf text = { 0 };
    if (v.type == SF_ARRAY) {
        for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, NULL, &item);) {
            if (text.len > 0) sfi_buf_add_char(&text, ',');
            sf_str one = sf_get_text(item, NULL);
            sfi_buf_add(&text, one.ptr, one.len);
        }
    } else if (v.type == SF_STRING || v.type == SF_NUMBER) {
        sf_str one = sf_get_text(v, NULL);
        sfi_buf_add(&text, one.ptr, one.len);
    }
    char *kept = text.len > 0 && !text.failed ? sfi_arena_alloc(&call->arena, text.len) : NULL;
    if (kept != NULL) memcpy(kept, text.data, text.len);
    sf_str out = { kept, kept != NULL ? text.len : 0 };
    sfi_buf_free(&text);
    return out;
}

static bool read_body(sfo_call *call, parameters *out)
{
    sf_value body, entry;
    if (!sfo_call_body(call, &body)) return false;
    *out = (parameters){ .q = member(call, body, "q"),
                         .group = member(call, body, "in"),
                         .fields = member(call, body, "fields"),
                         .overall_limit = member(call, body, "overallLimit"),
                         .default_limit = member(call, body, "defaultLimit"),
                         .offset = member(call, body, "offset") };
    for (sf_iter it = sf_iter_begin(sf_get(body, "sobjects")); sf_iter_next(&it, NULL, &entry);) {
        if (out->count == SEARCHED_MAX) return too_many(call);
        out->objects[out->count++] = (searched){ .name = member(call, entry, "name"),
                                                 .fields = member(call, entry, "fields"),
                                                 .where = member(call, entry, "where"),
                                                 .order = member(call, entry, "orderBy"),
                                                 .limit = member(call, entry, "limit") };
    }
    return true;
}

static void add_clause(sfi_buf *out, const char *word, sf_str text)
{
    if (text.len > 0) sfi_buf_addf(out, " %s %.*s", word, (int)text.len, text.ptr);
}

static void add_object(sfi_buf *out, const parameters *p, const searched *o)
{
    sf_str fields = o->fields.len > 0 ? o->fields : p->fields.len > 0 ? p->fields : SFI_STR("Id");
    sfi_buf_addf(out, "%.*s(%.*s", (int)o->name.len, o->name.ptr, (int)fields.len, fields.ptr);
    add_clause(out, "WHERE", o->where);
    add_clause(out, "ORDER BY", o->order);
    add_clause(out, "LIMIT", o->limit.len > 0 ? o->limit : p->default_limit);
    if (!sfi_str_is(p->offset, "0")) add_clause(out, "OFFSET", p->offset);
    sfi_buf_add_char(out, ')');
}

static void answer_parameterized(sfo_call *call, const parameters *p)
{
    if (sfi_trim(p->q).len == 0) {
        sfo_answer_error(call, 400, "MALFORMED_SEARCH", "Search term is missing: say it in the parameter q");
        return;
    }
    sfi_buf sosl = { 0 };
    sfi_buf_add_str(&sosl, "FIND {");
    sfo_sosl_escape(p->q, &sosl);
    sfi_buf_add_char(&sosl, '}');
    if (p->group.len > 0) sfi_buf_addf(&sosl, " IN %.*s FIELDS", (int)p->group.len, p->group.ptr);
    for (size_t i = 0; i < p->count; i++) {
        sfi_buf_add_str(&sosl, i == 0 ? " RETURNING " : ", ");
        add_object(&sosl, p, &p->objects[i]);
    }
    add_clause(&sosl, "LIMIT", p->overall_limit);
    answer_search(call, sfi_buf_str(&sosl));
    sfi_buf_free(&sosl);
}

void sfo_rest_parameterized_search(sfo_call *call)
{
    parameters p;
    if (strcmp(call->request->method, "POST") == 0 ? read_body(call, &p) : read_url(call, &p))
        answer_parameterized(call, &p);
}

/* ---- around it ---- */

void sfo_rest_search_scope(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < sfo_schema_count(call->org->schema); i++) {
        const sfo_object *o = sfo_schema_at(call->org->schema, i);
        char url[192];
        if (!o->queryable || !sfo_search_has_text(o)) continue;
        (void)snprintf(url, sizeof url, "/services/data/v%s/sobjects/%.100s/describe", call->version, o->name);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "type");
        sfi_json_string(&w, o->name);
        sfi_json_key(&w, "url");
        sfi_json_string(&w, url);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
}

static void answer_suggestions(sfo_call *call, sf_str q, const sfo_object *o, int64_t limit)
{
    sfo_fault fault = { 0 };
    sfi_buf sosl = { 0 }, records = { 0 }, all = { 0 };
    const sfo_field *name = sfo_object_name_field(o);
    const char *field = name != NULL ? name->name : "Id";
    sfi_buf_add_str(&sosl, "FIND {");
    sfo_sosl_escape(q, &sosl);
    sfi_buf_addf(&sosl, "*} IN NAME FIELDS RETURNING %s(Id%s%s ORDER BY %s) LIMIT ", o->name, name != NULL ? ", " : "",
                 name != NULL ? field : "", field);
    size_t len = sosl.len;
    int64_t more = 0;
    sfi_buf_addf(&sosl, "%lld", (long long)limit + 1);
    bool ok = sfo_sosl_search(call->org->store, &call->context, sfi_buf_str(&sosl), &all, &more, &fault);
    if (ok && more > limit) {
        sosl.len = len; /* the same again without the one too many */
        sfi_buf_addf(&sosl, "%lld", (long long)limit);
        ok = sfo_sosl_search(call->org->store, &call->context, sfi_buf_str(&sosl), &records, NULL, &fault);
    }
    if (!ok) {
        sfo_answer_fault(call, &fault);
    } else {
        const sfi_buf *shown = more > limit ? &records : &all;
        (void)sfo_answer_json(call, 200);
        sfi_buf_addf(&call->response->body, "{\"autoSuggestResults\":%s,\"hasMoreResults\":%s}", shown->data,
                     more > limit ? "true" : "false");
    }
    sfi_buf_free(&sosl);
    sfi_buf_free(&records);
    sfi_buf_free(&all);
}

void sfo_rest_search_suggestions(sfo_call *call)
{
    sf_str q = sfi_trim(sfo_params_get(&call->query, "q")), type = sfo_params_get(&call->query, "sobject"),
           limit_text = sfo_params_get(&call->query, "limit");
    int64_t limit = SUGGESTIONS;
    const sfo_object *o = type.ptr != NULL ? sfo_schema_object(call->org->schema, type) : NULL;
    if (q.len == 0 || type.len == 0)
        sfo_answer_error(call, 400, "MISSING_ARGUMENT", "The parameters q and sobject are required");
    else if (o == NULL || !o->queryable || !sfo_search_has_text(o))
        sfo_answer_error(call, 400, "INVALID_TYPE", "entity type %.*s does not support search",
                         (int)(type.len < 100 ? type.len : 100), type.ptr);
    else if (limit_text.ptr != NULL && (!sfi_parse_int(limit_text, &limit) || limit < 1 || limit > SUGGESTIONS_MAX))
        sfo_answer_error(call, 400, "NUMBER_OUTSIDE_VALID_RANGE", "limit: want a number from 1 to %d", SUGGESTIONS_MAX);
    else
        answer_suggestions(call, q, o, limit);
}
