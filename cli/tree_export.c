/* tree_export.c: `sforce tree export`: what queries find, as files that tree import and sf take. The one idea: first every
 * record gets its reference (ContactRef3), children after their parents; then the records are written, nested or a file
 * an object, with each id of a record that was exported too replaced by its reference. */
#include "rows.h"
#include "tree.h"

typedef struct field {
    const char *name;
    bool is_reference, is_writable;
} field;

typedef struct type {
    const char *name;
    sf_document *describe;
    field *fields;
    size_t field_count;
    size_t records;   /* references handed out */
    sfi_buf contents; /* --plan: its records, comma between */
} type;

typedef struct named {
    const char *id, *name;
} named;

typedef struct export
{
    cli *c;
    sf_document **found; /* an array of records a query */
    size_t queries;
    type *types;
    size_t type_count, type_cap;
    named *refs;
    size_t ref_count, ref_cap;
    bool plan;
    bool left_out; /* a value that cannot be written */
}
export;

/* ---- reading ---- */

/* All rows of a statement, their children with all pages, as one array. */
static sf_status run_query(export *e, const char *soql, sf_document **out, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row;
    sfi_buf text = { 0 };
    sf_query_options options = { .call = &e->c->call };
    sf_status rc = sf_query_open(e->c->sf, soql, &options, &q, err);
    sfi_buf_add_char(&text, '[');
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) {
        if (text.len > 1) sfi_buf_add_char(&text, ',');
        rc = cli_children_row_json(NULL, q, row, &text, err);
    }
    sfi_buf_add_char(&text, ']');
    sf_query_close(q);
    if (rc >= 0) rc = sfi_buf_status(&text, err, "the records");
    if (rc == SF_OK) rc = sf_document_parse(text.data, text.len, out, err);
    sfi_buf_free(&text);
    return rc;
}

/* The last step of attributes.url: queries need not select the Id. */
static sf_str id_of(sf_value record)
{
    sf_str url = sf_get_text(record, "attributes.url");
    size_t at = url.len;
    while (at > 0 && url.ptr[at - 1] != '/') at--;
    return (sf_str){ url.ptr + at, url.len - at };
}

static sf_status read_type(export *e, sf_str name, type *t, sf_error *err)
{
    *t = (type){ .name = cli_strndup(e->c, name.ptr, name.len) };
    sf_status rc =
        sf_describe_object(e->c->sf, t->name, &(sf_describe_options){ .call = &e->c->call }, &t->describe, err);
    if (rc != SF_OK) return rc;
    sf_value list = sf_get(sf_document_root(t->describe), "fields"), v;
    t->fields = cli_alloc(e->c, (sf_value_count(list) + 1) * sizeof *t->fields);
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);)
        t->fields[t->field_count++] = (field){ .name = cli_strdup(e->c, sf_get_str(v, "name")),
                                               .is_reference = sfi_str_is(sf_get_text(v, "type"), "reference"),
                                               .is_writable = sf_get_bool(v, "createable", true) };
    return SF_OK;
}

static sf_status find_type(export *e, sf_value record, type **out, sf_error *err)
{
    sf_str name = sf_get_text(record, "attributes.type");
    for (size_t i = 0; i < e->type_count; i++)
        if (sfi_str_is(name, e->types[i].name)) {
            *out = &e->types[i];
            return SF_OK;
        }
    if (name.len == 0 || sfi_str_is(name, "AggregateResult"))
        return sfi_fail(err, SF_ERR_USAGE, "tree export: the statement must find records, not aggregates");
    e->types = cli_grow(e->c, e->types, e->type_count, &e->type_cap, sizeof *e->types);
    *out = &e->types[e->type_count];
    sf_status rc = read_type(e, name, *out, err);
    if (rc == SF_OK)
        e->type_count++;
    else
        sf_document_free((*out)->describe);
    return rc;
}

static const char *reference_name(const export *e, sf_str id)
{
    for (size_t i = 0; i < e->ref_count; i++)
        if (sfi_str_is(id, e->refs[i].id)) return e->refs[i].name;
    return NULL;
}

/* A record, then its children. As deep as a statement's subqueries. */
static sf_status name_records(export *e, sf_value record, sf_error *err)
{
    type *t;
    sf_value member, child;
    sf_str id = id_of(record);
    sf_status rc = find_type(e, record, &t, err);
    if (rc == SF_OK && reference_name(e, id) == NULL) {
        e->refs = cli_grow(e->c, e->refs, e->ref_count, &e->ref_cap, sizeof *e->refs);
        e->refs[e->ref_count++] = (named){ .id = cli_strndup(e->c, id.ptr, id.len),
                                           .name = cli_textf(e->c, "%sRef%zu", t->name, ++t->records) };
    }
    for (sf_iter members = sf_iter_begin(record); rc == SF_OK && sf_iter_next(&members, NULL, &member);) {
        if (!cli_is_children(member)) continue;
        for (sf_iter all = sf_iter_begin(sf_get(member, "records")); rc == SF_OK && sf_iter_next(&all, NULL, &child);)
            rc = name_records(e, child, err);
    }
    return rc;
}

/* ---- writing ---- */

static const field *find_field(const type *t, sf_str name)
{
    for (size_t i = 0; i < t->field_count; i++)
        if (sfi_str_is(name, t->fields[i].name)) return &t->fields[i];
    return NULL;
}

/* The field by which children of that relationship point to their parent; NULL: not told. */
static const char *parent_field(const type *t, sf_str relationship)
{
    sf_value v;
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(t->describe), "childRelationships"));
         sf_iter_next(&it, NULL, &v);)
        if (sfi_str_eq(sf_get_text(v, "relationshipName"), relationship)) return sf_get_str(v, "field");
    return NULL;
}

typedef struct parent { /* NULL field: the record is an uppermost one */
    const char *field, *reference;
} parent;

static sf_status write_record(export *e, sf_value record, parent above, sfi_buf *out, sf_error *err);

static sf_status write_children(export *e, const type *t, sf_str relationship, sf_value children, const char *reference,
                                sfi_buf *out, sf_error *err)
{
    sf_value child;
    sf_status rc = SF_OK;
    bool first = true;
    parent here = { parent_field(t, relationship), reference };
    if (!e->plan) {
        sfi_buf_add_char(out, ',');
        cli_json_add_string(out, relationship);
        sfi_buf_add_str(out, ":{\"records\":[");
    }
    for (sf_iter all = sf_iter_begin(children); rc == SF_OK && sf_iter_next(&all, NULL, &child); first = false) {
        if (!first && !e->plan) sfi_buf_add_char(out, ',');
        rc = write_record(e, child, here, out, err);
    }
    if (!e->plan) sfi_buf_add_str(out, "]}");
    return rc;
}

static sf_status write_field(export *e, const type *t, sf_str key, sf_value v, sfi_buf *out, sf_error *err)
{
    const field *f = find_field(t, key);
    const char *name =
        f != NULL && f->is_reference && sf_value_type(v) == SF_STRING ? reference_name(e, sf_get_text(v, NULL)) : NULL;
    char *json = NULL;
    size_t len = 0;
    bool unfit = sf_value_type(v) == SF_OBJECT || sf_value_type(v) == SF_ARRAY || f == NULL || !f->is_writable;
    e->left_out |= unfit;
    if (unfit) return SF_OK;
    sf_status rc = sf_value_to_json(v, &json, &len, err);
    if (rc != SF_OK) return rc;
    sfi_buf_add_char(out, ',');
    cli_json_add_string(out, key);
    sfi_buf_add_char(out, ':');
    if (name != NULL)
        cli_json_add_string(out, sfi_str(cli_textf(e->c, "@%s", name)));
    else
        sfi_buf_add(out, json, len);
    sf_free(json);
    return SF_OK;
}

/* Nested into out; or, with --plan, to its type's contents, its children after it. */
static sf_status write_record(export *e, sf_value record, parent above, sfi_buf *out, sf_error *err)
{
    sf_str key;
    sf_value v;
    type *t;
    sf_status rc = find_type(e, record, &t, err);
    if (rc != SF_OK) return rc;
    size_t index = (size_t)(t - e->types);
    const char *reference = reference_name(e, id_of(record));
    if (e->plan) {
        out = &t->contents;
        if (out->len > 0) sfi_buf_add_char(out, ',');
    }
    sfi_buf_add_str(out, "{\"attributes\":{\"type\":");
    cli_json_add_string(out, sfi_str(t->name));
    sfi_buf_add_str(out, ",\"referenceId\":");
    cli_json_add_string(out, sfi_str(reference));
    sfi_buf_add_char(out, '}');
    for (sf_iter it = sf_iter_begin(record); rc == SF_OK && sf_iter_next(&it, &key, &v);) {
        bool is_above = above.field != NULL && sfi_str_is(key, above.field);
        if (sfi_str_is(key, "attributes") || sfi_str_is(key, "Id") || sf_value_type(v) == SF_NULL || is_above) continue;
        if (!cli_is_children(v))
            rc = write_field(e, &e->types[index], key, v, out, err);
        else if (!e->plan && sf_value_count(sf_get(v, "records")) > 0)
            rc = write_children(e, &e->types[index], key, sf_get(v, "records"), reference, out, err);
    }
    if (e->plan && above.field != NULL) {
        sfi_buf_add_char(out, ',');
        cli_json_add_string(out, sfi_str(above.field));
        sfi_buf_add_char(out, ':');
        cli_json_add_string(out, sfi_str(cli_textf(e->c, "@%s", above.reference)));
    }
    sfi_buf_add_char(out, '}');
    for (sf_iter it = sf_iter_begin(record); e->plan && rc == SF_OK && sf_iter_next(&it, &key, &v);)
        if (cli_is_children(v))
            rc = write_children(e, &e->types[index], key, sf_get(v, "records"), reference, out, err);
    return rc;
}

/* JSON as people read it, four blanks a level: as sf writes these files. */
static void indent(sf_str json, sfi_buf *out)
{
    static const char blanks[] = "                                                                ";
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.len; i++) {
        char ch = json.ptr[i];
        char next = i + 1 < json.len ? json.ptr[i + 1] : 0;
        bool is_open = !in_string && (ch == '{' || ch == '['), is_close = !in_string && (ch == '}' || ch == ']');
        bool is_empty = is_open && (next == '}' || next == ']');
        if (is_close) {
            depth--;
            bool was_empty = i > 0 && (json.ptr[i - 1] == '{' || json.ptr[i - 1] == '[');
            if (!was_empty) sfi_buf_addf(out, "\n%.*s", depth < 16 ? depth * 4 : 64, blanks);
        }
        sfi_buf_add_char(out, ch);
        if (in_string && ch == '\\') {
            sfi_buf_add_char(out, next);
            i++;
        } else if (ch == '"') {
            in_string = !in_string;
        }
        if (is_open) depth++;
        if ((is_open && !is_empty) || (!in_string && ch == ','))
            sfi_buf_addf(out, "\n%.*s", depth < 16 ? depth * 4 : 64, blanks);
        if (!in_string && ch == ':') sfi_buf_add_char(out, ' ');
    }
}

static sf_status write_file(const char *path, sf_str json, sf_error *err)
{
    sfi_buf text = { 0 };
    indent(json, &text);
    sfi_buf_add_char(&text, '\n');
    sf_status rc = sfi_buf_status(&text, err, path);
    if (rc == SF_OK) rc = cli_write_file(path, sfi_buf_str(&text), 0644, err);
    sfi_buf_free(&text);
    return rc;
}

/* ---- files ---- */

static const char *in_dir(cli *c, const char *name)
{
    const char *dir = cli_args_value(&c->args, "output-dir");
    return dir != NULL ? cli_textf(c, "%s/%s", dir, name) : name;
}

static const char *prefixed(cli *c, const char *name)
{
    const char *prefix = cli_args_value(&c->args, "prefix");
    return prefix != NULL ? cli_textf(c, "%s-%s", prefix, name) : name;
}

/* "Account-Contact" */
static const char *joined_types(const export *e)
{
    const char *text = "";
    for (size_t i = 0; i < e->type_count; i++)
        text = cli_textf(e->c, "%s%s%s", text, i > 0 ? "-" : "", e->types[i].name);
    return text;
}

static sf_status write_all(export *e, size_t query, sfi_buf *out, sf_error *err)
{
    sf_value record;
    sf_status rc = SF_OK;
    size_t n = 0;
    for (sf_iter it = sf_iter_begin(sf_document_root(e->found[query]));
         rc == SF_OK && sf_iter_next(&it, NULL, &record);) {
        if (!e->plan && (n++ > 0 || out->len > sizeof "{\"records\":[" - 1)) sfi_buf_add_char(out, ',');
        rc = write_record(e, record, (parent){ NULL, NULL }, out, err);
    }
    return rc == SF_OK ? sfi_buf_status(out, err, "the records") : rc;
}

static sf_status export_plan(export *e, sfi_buf *result, sf_error *err)
{
    cli *c = e->c;
    sf_status rc = SF_OK;
    for (size_t q = 0; rc == SF_OK && q < e->queries; q++) rc = write_all(e, q, result, err);
    sfi_buf_clear(result);
    sfi_buf_add_char(result, '[');
    for (size_t i = 0; rc == SF_OK && i < e->type_count; i++) {
        type *t = &e->types[i];
        sfi_buf text = { 0 };
        const char *name = prefixed(c, cli_textf(c, "%s.json", t->name));
        sfi_buf_add_str(&text, "{\"records\":[");
        if (t->contents.len > 0) sfi_buf_add(&text, t->contents.data, t->contents.len);
        sfi_buf_add_str(&text, "]}");
        rc = t->contents.failed ? sfi_fail_memory(err, "the records") : sfi_buf_status(&text, err, "the records");
        if (rc == SF_OK) rc = write_file(in_dir(c, name), sfi_buf_str(&text), err);
        if (rc == SF_OK) cli_note(c, "Wrote %zu records to %s.", t->records, in_dir(c, name));
        sfi_buf_free(&text);
        sfi_buf_addf(result, "%s{\"sobject\":", i > 0 ? "," : "");
        cli_json_add_string(result, sfi_str(t->name));
        sfi_buf_add_str(result, ",\"files\":[");
        cli_json_add_string(result, sfi_str(name));
        sfi_buf_add_str(result, "]}");
    }
    sfi_buf_add_char(result, ']');
    const char *name = e->queries > 1
                           ? "plan.json"
                           : prefixed(c, cli_textf(c, "%s%splan.json", joined_types(e), e->type_count ? "-" : ""));
    if (rc == SF_OK) rc = sfi_buf_status(result, err, "the plan");
    if (rc == SF_OK) rc = write_file(in_dir(c, name), sfi_buf_str(result), err);
    if (rc == SF_OK) cli_note(c, "Wrote the plan to %s.", in_dir(c, name));
    return rc;
}

static const char *first_type(const export *e, size_t query)
{
    return sf_get_str(sf_document_root(e->found[query]), "0.attributes.type");
}

/* Files are named by objects: the second of one object would replace the first. */
static sf_status check_names(const export *e, sf_error *err)
{
    for (size_t q = 1; q < e->queries; q++)
        for (size_t k = 0; k < q; k++) {
            const char *name = first_type(e, q), *other = first_type(e, k);
            if (name != NULL && other != NULL && strcmp(name, other) == 0)
                return sfi_fail(err, SF_ERR_USAGE,
                                "tree export: queries %zu and %zu both find %s, and -d has one file for it; use --plan",
                                k + 1, q + 1, name);
        }
    return SF_OK;
}

/* A file a query where a folder was named, else all in one. */
static sf_status export_nested(export *e, sfi_buf *result, sf_error *err)
{
    cli *c = e->c;
    bool to_dir = cli_args_value(&c->args, "output-dir") != NULL;
    sf_status rc = to_dir ? check_names(e, err) : SF_OK;
    sfi_buf_add_str(result, "{\"records\":[");
    for (size_t q = 0; rc == SF_OK && q < e->queries; q++) {
        sfi_buf text = { 0 };
        size_t count = sf_value_count(sf_document_root(e->found[q]));
        const char *type_name = first_type(e, q);
        if (count == 0) cli_warn(c, "query %zu found no records", q + 1);
        if (to_dir && count > 0) {
            const char *name = in_dir(
                c, prefixed(c, cli_textf(c, "%s.json", e->queries > 1 ? cli_strdup(c, type_name) : joined_types(e))));
            sfi_buf_add_str(&text, "{\"records\":[");
            rc = write_all(e, q, &text, err);
            sfi_buf_add_str(&text, "]}");
            if (rc == SF_OK) rc = write_file(name, sfi_buf_str(&text), err);
            if (rc == SF_OK) cli_note(c, "Wrote %zu records to %s.", count, name);
        }
        sfi_buf_free(&text);
        if (rc == SF_OK) rc = write_all(e, q, result, err);
    }
    sfi_buf_add_str(result, "]}");
    if (rc == SF_OK) rc = sfi_buf_status(result, err, "the records");
    if (rc == SF_OK && c->output != NULL) {
        rc = write_file(c->output, sfi_buf_str(result), err);
        if (rc == SF_OK) cli_note(c, "Wrote %zu records to %s.", e->ref_count, c->output);
    }
    return rc;
}

/* @param out arena */
static sf_status take_statements(cli *c, const char ***out, size_t *count, sf_error *err)
{
    const char **list = cli_alloc(c, (c->args.count + c->args.given_count) * sizeof *list);
    *out = list;
    for (size_t i = 1; i < c->args.count; i++) list[(*count)++] = c->args.words[i];
    for (size_t i = 0; i < c->args.given_count; i++)
        if (strcmp(c->args.given[i].flag->name, "query") == 0) list[(*count)++] = c->args.given[i].value;
    if (*count == 0) return sfi_fail(err, SF_ERR_USAGE, "tree export: want a SOQL statement");
    for (size_t i = 0; i < *count; i++) {
        sf_str text;
        if (sfi_starts_with_nocase(sfi_trim(sfi_str(list[i])), "select")) continue;
        sf_status rc = cli_read_file(c, list[i], SF_QUERY_TEXT_MAX, &text, err);
        if (rc != SF_OK)
            return sfi_fail(err, SF_ERR_USAGE, "tree export: %.80s is no SELECT and no file that can be read", list[i]);
        text = sfi_trim(text);
        list[i] = cli_strndup(c, text.ptr, text.len);
    }
    return SF_OK;
}

int cli_tree_export(cli *c)
{
    sf_error err;
    const char **statements = NULL;
    export e = { .c = c, .plan = cli_args_times(&c->args, "plan") > 0 };
    sfi_buf result = { 0 };
    const char *dir = cli_args_value(&c->args, "output-dir");
    sf_status rc = take_statements(c, &statements, &e.queries, &err);
    if (rc == SF_OK && c->output != NULL && (e.plan || dir != NULL))
        rc = sfi_fail(&err, SF_ERR_USAGE,
                      "tree export: -O names one file; --plan and -d write several: give -d DIR alone");
    e.found = cli_alloc(c, (e.queries + 1) * sizeof *e.found);
    c->keep_describes = true;
    if (rc == SF_OK && dir != NULL) rc = cli_make_dirs(dir, 0755, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    for (size_t q = 0; rc == SF_OK && q < e.queries; q++) rc = run_query(&e, statements[q], &e.found[q], &err);
    for (size_t q = 0; rc == SF_OK && q < e.queries; q++) {
        sf_value record;
        for (sf_iter it = sf_iter_begin(sf_document_root(e.found[q])); rc == SF_OK && sf_iter_next(&it, NULL, &record);)
            rc = name_records(&e, record, &err);
    }
    if (rc == SF_OK) rc = e.plan ? export_plan(&e, &result, &err) : export_nested(&e, &result, &err);
    int code = CLI_OK;
    if (rc == SF_OK && e.left_out)
        cli_note(c, "Left out what cannot be written: parents' fields, addresses and fields that the org fills.");
    if (rc != SF_OK)
        code = cli_fail_error(c, &err);
    else if (c->json || (!e.plan && dir == NULL && c->output == NULL))
        code = cli_finish_json(c, sfi_buf_str(&result));
    for (size_t q = 0; q < e.queries; q++) sf_document_free(e.found[q]);
    for (size_t i = 0; i < e.type_count; i++) {
        sf_document_free(e.types[i].describe);
        sfi_buf_free(&e.types[i].contents);
    }
    sfi_buf_free(&result);
    return code;
}
