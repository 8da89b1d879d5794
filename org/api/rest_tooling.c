/* rest_tooling.c: /tooling: anonymous Apex (the part of it that anonymous.h runs), queries and objects of the org's code as
 * far as it has them. The answers are REST's own with what the Tooling API adds. */
#include "api/anonymous.h"
#include "api/rest.h"

/* What the Tooling API knows of what this org has. */
static const char *const objects[] = { "ApexClass",     "EntityDefinition", "Group",      "Organization",
                                       "PermissionSet", "Profile",          "RecordType", "User" };

static const sfo_object *tooling_object(const sfo_call *call, sf_str name)
{
    for (size_t i = 0; i < SFI_COUNT_OF(objects); i++)
        if (sfi_str_is_nocase(name, objects[i])) return sfo_schema_object(call->org->schema, name);
    return NULL;
}

/* Is args[0] one of them? false: the response is the 404. */
static bool is_known(sfo_call *call)
{
    if (tooling_object(call, call->args[0]) != NULL) return true;
    sfo_answer_not_found(call);
    return false;
}

/* ---- what there is ---- */

void sfo_rest_tooling(sfo_call *call)
{
    static const char *const names[] = {
        "sobjects", "query", "search", "completions", "executeAnonymous", "runTestsSynchronous", "runTestsAsynchronous"
    };
    char url[80];
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        snprintf(url, sizeof url, "/services/data/v%s/tooling/%s", call->version, names[i]);
        sfi_json_key(&w, names[i]);
        sfi_json_string(&w, url);
    }
    sfi_json_end_object(&w);
}

/* Records and objects of the Tooling API have addresses of their own. */
static void move_urls(sfo_call *call, const char *what)
{
    char from[80], to[80];
    sfi_buf *body = &call->response->body, moved = { 0 };
    snprintf(from, sizeof from, "\"/services/data/v%s/%s", call->version, what);
    snprintf(to, sizeof to, "\"/services/data/v%s/tooling/%s", call->version, what);
    const char *at = body->data, *end = body->data + body->len;
    for (const char *hit; at != NULL && (hit = strstr(at, from)) != NULL; at = hit + strlen(from)) {
        bool is_url =
            hit - body->data >= 2 && hit[-1] == ':' && hit[-2] == '"'; /* a member's value, no text inside one */
        sfi_buf_add(&moved, at, (size_t)(hit - at));
        sfi_buf_add_str(&moved, is_url ? to : from);
    }
    if (at != NULL) sfi_buf_add(&moved, at, (size_t)(end - at));
    if (!moved.failed) {
        sfi_buf swap = *body;
        *body = moved;
        moved = swap;
    }
    sfi_buf_free(&moved);
}

void sfo_rest_tooling_objects(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "encoding");
    sfi_json_string(&w, "UTF-8");
    sfi_json_key(&w, "maxBatchSize");
    sfi_json_int(&w, SFO_BATCH_MAX);
    sfi_json_key(&w, "sobjects");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(objects); i++) {
        const sfo_object *o = tooling_object(call, sfi_str(objects[i]));
        if (o != NULL) sfo_describe_entry(o, call->version, &w);
    }
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    move_urls(call, "sobjects/");
}

void sfo_rest_tooling_describe(sfo_call *call)
{
    if (!is_known(call)) return;
    (void)sfo_answer_json(call, 200);
    sfo_describe_object(call->org->schema, tooling_object(call, call->args[0]), call->version, sfo_call_base_url(call),
                        &call->response->body);
    move_urls(call, "sobjects/");
}

void sfo_rest_tooling_get(sfo_call *call)
{
    if (!is_known(call)) return;
    sfo_rest_get(call);
    move_urls(call, "sobjects/");
}

void sfo_rest_tooling_create(sfo_call *call)
{
    if (is_known(call)) sfo_rest_create(call);
}

void sfo_rest_tooling_update(sfo_call *call)
{
    if (is_known(call)) sfo_rest_update(call);
}

void sfo_rest_tooling_delete(sfo_call *call)
{
    if (is_known(call)) sfo_rest_delete(call);
}

/* ---- query: REST's answer with size, queryLocator and entityTypeName ---- */

/* The word behind the outermost FROM; parentheses hold child queries. */
static sf_str object_of(sf_str soql)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i + 5 < soql.len; i++) {
        char c = soql.ptr[i];
        if (c == '\\' && quoted) i++;
        if (c == '\'') quoted = !quoted;
        if (quoted) continue;
        depth += (c == '(') - (c == ')');
        sf_str rest = { soql.ptr + i + 1, soql.len - i - 1 };
        bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ')';
        if (depth > 0 || !blank || !sfi_starts_with_nocase(rest, "from") || strchr(" \t\r\n", rest.ptr[4]) == NULL)
            continue;
        sf_str name = sfi_trim((sf_str){ rest.ptr + 4, rest.len - 4 });
        size_t n = 0;
        while (n < name.len && strchr(" \t\r\n,(", name.ptr[n]) == NULL) n++;
        return (sf_str){ name.ptr, n };
    }
    return (sf_str){ NULL, 0 };
}

/* {"totalSize":…,"done":…,"records":[…]} becomes {"size":…,"totalSize":…,"done":…,"queryLocator":null,"entityTypeName":…,…} */
static void add_members(sfo_call *call, const char *entity)
{
    sfi_buf *body = &call->response->body, out = { 0 };
    sf_document *doc = NULL;
    if (call->response->status != 200 || sf_document_parse(body->data, body->len, &doc, NULL) != SF_OK) return;
    sf_value root = sf_document_root(doc), records = sf_get(root, "records");
    size_t size = sf_value_count(records);
    sfi_json_writer w = sfi_json_write_to(&out);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "size");
    sfi_json_int(&w, (int64_t)size);
    sfi_json_key(&w, "totalSize");
    sfi_json_write_value(&w, sf_get(root, "totalSize"));
    sfi_json_key(&w, "done");
    sfi_json_write_value(&w, sf_get(root, "done"));
    if (sf_get(root, "nextRecordsUrl").type == SF_STRING) {
        sfi_json_key(&w, "nextRecordsUrl");
        sfi_json_write_value(&w, sf_get(root, "nextRecordsUrl"));
    }
    sfi_json_key(&w, "queryLocator");
    sfi_json_null(&w);
    sfi_json_key(&w, "entityTypeName");
    sfi_json_string(&w, size > 0 ? entity : NULL);
    sfi_json_key(&w, "records");
    sfi_json_write_value(&w, records);
    sfi_json_end_object(&w);
    sf_document_free(doc);
    if (!out.failed) {
        sfi_buf swap = *body;
        *body = out;
        out = swap;
    }
    sfi_buf_free(&out);
    move_urls(call, "sobjects/");
    move_urls(call, "query/");
}

void sfo_rest_tooling_query(sfo_call *call)
{
    sf_str soql = sfo_params_get(&call->query, "q"), name = object_of(soql);
    const sfo_object *o = tooling_object(call, name);
    if (o == NULL && name.len > 0) {
        sfo_answer_error(
            call, 400, "INVALID_TYPE",
            "sObject type '%.*s' is not supported. If you are attempting to use a custom object, be sure to append "
            "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate "
            "names.",
            (int)(name.len < 100 ? name.len : 100), name.ptr);
        return;
    }
    sfo_rest_query(call);
    bool plain =
        sfo_params_get(&call->query, "explain").ptr == NULL && sfo_params_get(&call->query, "columns").ptr == NULL;
    if (plain) add_members(call, o != NULL ? o->name : NULL);
}

void sfo_rest_tooling_query_more(sfo_call *call)
{
    sfo_rest_query_more(call);
    sf_document *doc = NULL;
    char entity[100] = "";
    if (call->response->status == 200 &&
        sf_document_parse(call->response->body.data, call->response->body.len, &doc, NULL) == SF_OK) {
        const char *type = sf_get_str(sf_document_root(doc), "records.0.attributes.type");
        snprintf(entity, sizeof entity, "%s", type != NULL ? type : "");
    }
    sf_document_free(doc);
    add_members(call, entity);
}

/* ---- Apex ---- */

void sfo_rest_execute_anonymous(sfo_call *call)
{
    sf_str apex = sfo_params_get(&call->query, "anonymousBody");
    sfo_anonymous_result r;
    if (apex.ptr == NULL) {
        sfo_answer_error(call, 400, "MISSING_ARGUMENT", "The anonymousBody parameter is required");
        return;
    }
    if (!sfo_anonymous_run(call, apex, &r)) {
        sfo_answer_error(call, 503, "SERVER_UNAVAILABLE", "no memory for the Apex");
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "line");
    sfi_json_int(&w, r.line);
    sfi_json_key(&w, "column");
    sfi_json_int(&w, r.column);
    sfi_json_key(&w, "compiled");
    sfi_json_bool(&w, r.compiled);
    sfi_json_key(&w, "success");
    sfi_json_bool(&w, r.success);
    sfi_json_key(&w, "compileProblem");
    sfi_json_string(&w, r.problem);
    sfi_json_key(&w, "exceptionStackTrace");
    sfi_json_string(&w, r.trace);
    sfi_json_key(&w, "exceptionMessage");
    sfi_json_string(&w, r.exception);
    sfi_json_end_object(&w);
}

void sfo_rest_completions(sfo_call *call)
{
    sf_str type = sfo_params_get(&call->query, "type");
    if (!sfi_str_is_nocase(type, "apex") && !sfi_str_is_nocase(type, "visualforce")) {
        sfo_answer_error(call, 400, "INVALID_PARAMETER", "The type of completions must be apex or visualforce");
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "publicDeclarations");
    sfi_json_begin_object(&w);
    sfi_json_end_object(&w);
    sfi_json_end_object(&w);
}

/* No class here has test methods. */
void sfo_rest_run_tests(sfo_call *call)
{
    sf_value body;
    if (!sfo_call_body(call, &body)) return;
    const char *name = sf_get_str(body, "classNames");
    if (name == NULL) name = sf_get_str(body, "classids");
    if (name == NULL) name = sf_get_str(body, "tests.0.className");
    if (name == NULL) name = sf_get_str(body, "tests.0.classId");
    sfo_answer_error(
        call, 400, "INVALID_INPUT",
        "This class name's value is invalid: %.200s. Provide the name of an Apex class that has test methods.",
        name != NULL ? name : "null");
}
