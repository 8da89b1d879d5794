/* template.c: definitions speak of what comes with the call as {!name}; see actions.h. The template is JSON, so what is put
 * in is written as JSON and can never be taken for structure. */
#include "api/actions.h"

/* What a name stands for: a value of the input, or text. false: nothing. */
static bool look_up(const sfo_scope *scope, sf_str name, sf_value *value, sf_str *text)
{
    char path[128];
    *value = (sf_value){ 0 };
    *text = (sf_str){ NULL, 0 };
    if (name.len == 0 || name.len >= sizeof path) return false;
    if (sfi_str_is(name, "$user")) {
        *text = sfi_str(scope->user_id);
        return text->len > 0;
    }
    for (size_t i = 0; i < scope->count; i++) {
        const sfo_variable *v = &scope->variables[i];
        size_t len = strlen(v->name);
        if (name.len <= len || memcmp(name.ptr, v->name, len) != 0 || name.ptr[len] != '.') continue;
        sf_str member = { name.ptr + len + 1, name.len - len - 1 };
        *text = sfi_str(sfi_str_is(member, "id") ? v->id.text : sfi_str_is(member, "status") ? v->status : NULL);
        return text->len > 0;
    }
    memcpy(path, name.ptr, name.len);
    path[name.len] = '\0';
    *value = sf_get(scope->values, path);
    return sf_value_type(*value) != SF_MISSING;
}

/* The next {!name}: what stands before it, the name, the rest. */
static bool next_name(sf_str text, sf_str *before, sf_str *name, sf_str *rest)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] != '{' || text.ptr[i + 1] != '!') continue;
        const char *end = memchr(text.ptr + i, '}', text.len - i);
        if (end == NULL) return false;
        *before = (sf_str){ text.ptr, i };
        *name = (sf_str){ text.ptr + i + 2, (size_t)(end - text.ptr) - i - 2 };
        *rest = (sf_str){ end + 1, text.len - (size_t)(end - text.ptr) - 1 };
        return true;
    }
    return false;
}

/* Is the whole text one name? */
static bool is_name(sf_str text, sf_str *name)
{
    sf_str before, rest;
    return next_name(text, &before, name, &rest) && before.len == 0 && rest.len == 0;
}

static bool stands_for_nothing(const sfo_scope *scope, sf_value v)
{
    sf_str name, text;
    sf_value value;
    return sf_value_type(v) == SF_STRING && is_name(sf_get_text(v, NULL), &name) &&
           !look_up(scope, name, &value, &text);
}

static void write_text(const sfo_scope *scope, sf_str text, sfi_json_writer *w)
{
    sf_str before, name, rest, found;
    sf_value value;
    sfi_buf out = { 0 };
    while (next_name(text, &before, &name, &rest)) { /* each round cuts one off */
        sfi_buf_add(&out, before.ptr, before.len);
        if (look_up(scope, name, &value, &found)) {
            if (found.ptr == NULL) found = sf_get_text(value, NULL);
            sfi_buf_add(&out, found.ptr, found.len);
        }
        text = rest;
    }
    sfi_buf_add(&out, text.ptr, text.len);
    if (out.failed)
        w->out->failed = true;
    else
        sfi_json_string_n(w, sfi_buf_str(&out));
    sfi_buf_free(&out);
}

static void write_string(const sfo_scope *scope, sf_str text, sfi_json_writer *w)
{
    sf_str name, found;
    sf_value value;
    if (!is_name(text, &name))
        write_text(scope, text, w);
    else if (!look_up(scope, name, &value, &found))
        sfi_json_null(w);
    else if (found.ptr != NULL)
        sfi_json_string_n(w, found);
    else
        sfi_json_write_value(w, value);
}

/* As deep as the definition's JSON, which SFI_JSON_DEPTH_MAX bounds. */
static void write_value(const sfo_scope *scope, sf_value v, sfi_json_writer *w)
{
    sf_str key;
    sf_value member;
    sf_type type = sf_value_type(v);
    if (type == SF_OBJECT) {
        sfi_json_begin_object(w);
        for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, &key, &member);) {
            if (stands_for_nothing(scope, member)) continue;
            sfi_json_key_n(w, key);
            write_value(scope, member, w);
        }
        sfi_json_end_object(w);
    } else if (type == SF_ARRAY) {
        sfi_json_begin_array(w);
        for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, NULL, &member);) write_value(scope, member, w);
        sfi_json_end_array(w);
    } else if (type == SF_STRING) {
        write_string(scope, sf_get_text(v, NULL), w);
    } else {
        sfi_json_write_value(w, v);
    }
}

const char *sfo_keep_text(sfi_arena *arena, sf_value v, const char *member, bool *failed)
{
    sf_str text = sf_get_text(v, member);
    if (text.ptr == NULL) return NULL;
    char *kept = sfi_arena_strndup(arena, text.ptr, text.len);
    *failed = *failed || kept == NULL;
    return kept;
}

sf_str sfo_keep_json(sfi_arena *arena, sf_value v, const char *member, bool *failed)
{
    char *json = NULL, *kept = NULL;
    size_t len = 0;
    sf_value value = sf_get(v, member);
    if (sf_value_type(value) == SF_MISSING) return (sf_str){ NULL, 0 };
    if (sf_value_to_json(value, &json, &len, NULL) == SF_OK) kept = sfi_arena_strndup(arena, json, len);
    sf_free(json);
    *failed = *failed || kept == NULL;
    return (sf_str){ kept, kept != NULL ? len : 0 };
}

bool sfo_template_write(const sfo_scope *scope, sf_str json, sfi_buf *out)
{
    sf_document *doc = NULL;
    sfi_json_writer w = sfi_json_write_to(out);
    if (sf_document_parse(json.ptr, json.len, &doc, NULL) != SF_OK) return false;
    write_value(scope, sf_document_root(doc), &w);
    sf_document_free(doc);
    return !out->failed;
}

sf_str sfo_template_text(const sfo_scope *scope, sf_str json, sfi_arena *arena)
{
    sfi_buf out = { 0 };
    sf_document *doc = NULL;
    sf_str text = { NULL, 0 };
    if (json.ptr != NULL && sfo_template_write(scope, json, &out) &&
        sf_document_parse(out.data, out.len, &doc, NULL) == SF_OK) {
        sf_str found = sf_get_text(sf_document_root(doc), NULL);
        char *kept = found.ptr != NULL ? sfi_arena_strndup(arena, found.ptr, found.len) : NULL;
        if (kept != NULL) text = (sf_str){ kept, found.len };
    }
    sf_document_free(doc);
    sfi_buf_free(&out);
    return text;
}
