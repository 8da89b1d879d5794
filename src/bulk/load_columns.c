/*
 * load_columns.c: which columns of the input go up, as which fields, and whether the object has those fields: compared with
 * its describe before anything is sent, so that a misspelt column is told with its place and the nearest name.
 */
#include <salesforce/describe.h>
#include <stdio.h>
#include "bulk/load_internal.h"

/* ---- which columns ---- */
static const char *target_of(const sf_load_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i].from != NULL && sfi_eq_nocase(columns[i].from, name)) return columns[i].to;
    return NULL;
}

static sf_status check_map(sfi_load *l, const sf_load_column *columns, size_t count, sf_error *err)
{
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        if (columns[i].from == NULL || columns[i].from[0] == '\0')
            return sfi_fail(err, SF_ERR_USAGE, "columns[%zu] has no from", i);
        for (size_t k = 0; !found && k < l->column_count; k++) found = sfi_eq_nocase(columns[i].from, l->names[k]);
        if (!found)
            return sfi_fail(err, SF_ERR_USAGE, "the mapping names the column \"%.80s\", which %.300s has not",
                            columns[i].from, l->inputs[0].name);
    }
    return SF_OK;
}

/* Of a results file, which is loaded again as it is: what came of the row, no field (a name with two _ ends in c, r, …). */
static bool is_outcome(const char *name)
{
    static const char *const names[] = { "sf__Id", "sf__Created", "sf__Error", "sf__Line", "sf__File" };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static sf_status choose(sfi_load *l, const sf_load_column *columns, size_t count, sf_error *err)
{
    bool deletes = l->options->operation == SF_DELETE || l->options->operation == SF_HARD_DELETE;
    l->sent = sfi_calloc_n(l->column_count, sizeof *l->sent);
    l->fields = sfi_calloc_n(l->column_count, sizeof *l->fields);
    if (l->sent == NULL || l->fields == NULL) return sfi_fail_memory(err, "the columns");
    for (size_t i = 0; i < l->column_count; i++) {
        const char *plain = is_outcome(l->names[i]) ? NULL : l->names[i];
        const char *to = count == 0 ? plain : target_of(columns, count, l->names[i]);
        if (to == NULL || to[0] == '\0') continue;
        if (deletes && !sfi_eq_nocase(to, "Id")) continue; /* the API takes the ids and nothing else */
        char *copy = sfi_strdup(to);
        if (copy == NULL) return sfi_fail_memory(err, "the columns");
        l->sent[l->sent_count] = i;
        l->fields[l->sent_count++] = copy;
    }
    if (l->sent_count == 0)
        return deletes ? sfi_fail(err, SF_ERR_USAGE, "%.300s: a delete needs a column Id", l->inputs[0].name)
                       : sfi_fail(err, SF_ERR_USAGE, "%.300s: no column is left to send", l->inputs[0].name);
    if (l->sent_count < l->column_count) l->projects = true;
    return SF_OK;
}

/* The header line that goes up. */
static sf_status write_header(sfi_load *l, sf_error *err)
{
    sfi_buf_clear(&l->header);
    for (size_t i = 0; i < l->sent_count; i++) {
        if (i > 0) sfi_buf_add_char(&l->header, l->delimiter);
        (void)sfi_csv_add_field(&l->header, sfi_str(l->fields[i]), l->delimiter, false);
    }
    sfi_buf_add_str(&l->header, l->crlf ? "\r\n" : "\n");
    return sfi_buf_status(&l->header, err, "the header line");
}

sf_status sfi_load_map_columns(sfi_load *l, sf_error *err)
{
    const sf_bulk_load_options *o = l->options;
    sfi_load_map m = { .count = 0 };
    const sf_load_column *columns = o->columns;
    size_t count = o->column_count;
    sf_status rc = SF_OK;
    if (o->map_path != NULL) {
        rc = sfi_load_map_read(o->map_path, &m, err);
        columns = m.columns;
        count = m.count;
    }
    if (rc == SF_OK) rc = check_map(l, columns, count, err);
    if (rc == SF_OK) rc = choose(l, columns, count, err);
    l->crlf = l->inputs[0].crlf;
    if (rc == SF_OK) rc = write_header(l, err);
    sfi_load_map_free(&m);
    return rc;
}

/* ---- against describe ---- */
enum { PLACE_MAX = 360 };

/* Of a column that goes up, for messages. */
static const char *place(const sfi_load *l, size_t i, char *out)
{
    snprintf(out, PLACE_MAX, "%.300s: %scolumn %zu", l->inputs[0].name, l->inputs[0].is_rows ? "" : "line 1, ",
             l->sent[i] + 1);
    return out;
}

static sf_value find_named(sf_value list, const char *member, sf_str name)
{
    sf_value item;
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &item)) {
        sf_str text = sf_get_text(item, member);
        if (text.len == name.len && sfi_starts_with_nocase(name, text.ptr)) return item;
    }
    return (sf_value){ 0 };
}

/* How many letters must be changed, put in or taken out; more than 3 are as good as any. */
static size_t distance(sf_str a, sf_str b)
{
    enum { LETTERS = 64, FAR = 99 };
    size_t row[LETTERS + 1];
    if (a.len > LETTERS || b.len > LETTERS) return FAR;
    for (size_t k = 0; k <= b.len; k++) row[k] = k;
    for (size_t i = 0; i < a.len; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < b.len; k++) {
            bool same = sfi_ascii_lower((unsigned char)a.ptr[i]) == sfi_ascii_lower((unsigned char)b.ptr[k]);
            size_t best = corner + !same;
            if (row[k] + 1 < best) best = row[k] + 1;
            if (row[k + 1] + 1 < best) best = row[k + 1] + 1;
            corner = row[k + 1];
            row[k + 1] = best;
        }
    }
    return row[b.len];
}

static sf_str nearest(sf_value list, sf_str name)
{
    sf_str best = { NULL, 0 };
    size_t least = 3;
    sf_value item;
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &item)) {
        sf_str text = sf_get_text(item, "name");
        size_t far = distance(name, text);
        if (far < least || (best.ptr == NULL && far <= 2)) {
            least = far;
            best = text;
        }
    }
    return best;
}

static sf_status fail_column(const sfi_load *l, size_t i, const char *object, sf_str name, sf_value fields,
                             sf_error *err)
{
    char at[PLACE_MAX];
    sf_str near = nearest(fields, name);
    return sfi_fail(err, SF_ERR_USAGE, "%s: %.80s has no field \"%.*s\"%s%.*s%s", place(l, i, at), object,
                    (int)(name.len < 80 ? name.len : 80), name.ptr, near.ptr != NULL ? " (did you mean " : "",
                    (int)near.len, near.ptr != NULL ? near.ptr : "", near.ptr != NULL ? "?)" : "");
}

/* Fields go up as the API spells them: of columns that are spelt otherwise the results come back without values. */
static sf_status spell(sfi_load *l, size_t i, sf_str before, sf_str name, sf_error *err)
{
    sfi_buf text = { 0 };
    sfi_buf_add(&text, before.ptr, before.len);
    sfi_buf_add(&text, name.ptr, name.len);
    char *spelt = sfi_buf_take(&text);
    if (spelt == NULL) return sfi_fail_memory(err, "the columns");
    sfi_free((void *)(uintptr_t)l->fields[i]);
    l->fields[i] = spelt;
    return SF_OK;
}

static sf_status check_parent(sfi_load *l, size_t i, sf_value fields, sf_str name, const char *dot, sf_error *err)
{
    char at[PLACE_MAX];
    const sf_bulk_load_options *o = l->options;
    const char *colon = memchr(name.ptr, ':', (size_t)(dot - name.ptr));
    const char *begin = colon != NULL ? colon + 1 : name.ptr;
    sf_str relationship = { begin, (size_t)(dot - begin) };
    sf_str key = { dot + 1, name.len - (size_t)(dot + 1 - name.ptr) };
    sf_value field = find_named(fields, "relationshipName", relationship);
    if (sf_value_type(field) == SF_MISSING)
        return sfi_fail(err, SF_ERR_USAGE, "%s: %.80s has no relationship \"%.*s\"", place(l, i, at), o->object,
                        (int)(relationship.len < 80 ? relationship.len : 80), relationship.ptr);
    sf_value targets = sf_get(field, "referenceTo");
    if (colon != NULL && sf_value_count(targets) == 1 &&
        sfi_str_is_nocase((sf_str){ name.ptr, (size_t)(colon - name.ptr) }, sf_get_str(targets, "0")))
        colon = NULL; /* what is said anyway is left out */
    if (colon == NULL && sf_get_text(targets, "0").len == 0)
        return sfi_fail(err, SF_ERR_USAGE, "%s: \"%.*s\" points to no object that this user sees", place(l, i, at),
                        (int)(name.len < 80 ? name.len : 80), name.ptr);
    if (colon == NULL && sf_value_count(targets) > 1)
        return sfi_fail(err, SF_ERR_USAGE, "%s: \"%.*s\" may point to several objects: say which, as in %s:%.*s",
                        place(l, i, at), (int)(name.len < 80 ? name.len : 80), name.ptr, sf_get_str(targets, "0"),
                        (int)(name.len < 80 ? name.len : 80), name.ptr);
    char object[96];
    if (colon != NULL)
        snprintf(object, sizeof object, "%.*s", (int)(colon - name.ptr), name.ptr);
    else
        snprintf(object, sizeof object, "%s", sf_get_str(targets, "0"));
    sf_document *parent = NULL;
    sf_describe_options options = { .call = o->call };
    sf_status rc = sf_describe_object(l->sf, object, &options, &parent, err);
    if (rc != SF_OK) return rc;
    sf_value parent_fields = sf_get(sf_document_root(parent), "fields");
    sf_value found = find_named(parent_fields, "name", key);
    if (sf_value_type(found) == SF_MISSING)
        rc = fail_column(l, i, object, key, parent_fields, err);
    else if (!sf_get_bool(found, "externalId", false) && !sf_get_bool(found, "idLookup", false))
        rc = sfi_fail(err, SF_ERR_USAGE, "%s: %s.%.*s is no external id, so no parent can be found by it",
                      place(l, i, at), object, (int)(key.len < 80 ? key.len : 80), key.ptr);
    if (rc == SF_OK) {
        sfi_buf before = { 0 };
        if (colon != NULL) sfi_buf_add(&before, name.ptr, (size_t)(colon - name.ptr) + 1);
        sfi_buf_add_str(&before, sf_get_str(field, "relationshipName"));
        sfi_buf_add_char(&before, '.');
        rc = sfi_buf_status(&before, err, "the columns");
        if (rc == SF_OK) rc = spell(l, i, sfi_buf_str(&before), sf_get_text(found, "name"), err);
        sfi_buf_free(&before);
    }
    sf_document_free(parent);
    return rc;
}

static sf_status check_field(sfi_load *l, size_t i, sf_value fields, bool *has_key, sf_error *err)
{
    char at[PLACE_MAX];
    const sf_bulk_load_options *o = l->options;
    sf_str name = sfi_str(l->fields[i]);
    for (size_t k = 0; k < i; k++)
        if (sfi_eq_nocase(l->fields[k], l->fields[i]))
            return sfi_fail(err, SF_ERR_USAGE, "%s: the field %.80s is there twice", place(l, i, at), l->fields[i]);
    const char *dot = memchr(name.ptr, '.', name.len);
    if (dot != NULL) return check_parent(l, i, fields, name, dot, err);
    sf_value field = find_named(fields, "name", name);
    if (sf_value_type(field) == SF_MISSING) return fail_column(l, i, o->object, name, fields, err);
    sf_status rc = spell(l, i, (sf_str){ NULL, 0 }, sf_get_text(field, "name"), err);
    if (rc != SF_OK) return rc;
    bool is_id = sfi_eq_nocase(l->fields[i], "Id");
    const char *key = o->operation == SF_UPSERT ? o->external_id : o->operation == SF_INSERT ? NULL : "Id";
    if (key != NULL && sfi_eq_nocase(key, l->fields[i])) {
        *has_key = true;
        if (is_id || sf_get_bool(field, "externalId", false) || sf_get_bool(field, "idLookup", false)) return SF_OK;
        return sfi_fail(err, SF_ERR_USAGE, "%s: %.80s.%.80s is no external id, so no record can be found by it",
                        place(l, i, at), o->object, l->fields[i]);
    }
    const char *right = o->operation == SF_INSERT ? "createable" : "updateable";
    bool may = o->operation == SF_UPSERT
                   ? sf_get_bool(field, "createable", false) || sf_get_bool(field, "updateable", false)
                   : sf_get_bool(field, right, false);
    if (may && !is_id) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE,
                    "%s: %.80s cannot be set by this operation; leave the column out (columns, map_path)",
                    place(l, i, at), l->fields[i]);
}

sf_status sfi_load_check_columns(sfi_load *l, sf_error *err)
{
    const sf_bulk_load_options *o = l->options;
    sf_document *doc = NULL;
    bool has_key = o->operation == SF_INSERT;
    if (o->no_describe) return SF_OK;
    sf_describe_options options = { .call = o->call };
    sf_status rc = sf_describe_object(l->sf, o->object, &options, &doc, err);
    sf_value fields = sf_get(rc == SF_OK ? sf_document_root(doc) : (sf_value){ 0 }, "fields");
    for (size_t i = 0; rc == SF_OK && i < l->sent_count; i++) rc = check_field(l, i, fields, &has_key, err);
    if (rc == SF_OK && !has_key)
        rc = sfi_fail(err, SF_ERR_USAGE, "%.300s: %sno column is the %s that this operation needs", l->inputs[0].name,
                      l->inputs[0].is_rows ? "" : "line 1: ", o->operation == SF_UPSERT ? o->external_id : "Id");
    if (rc == SF_OK) rc = write_header(l, err);
    sf_document_free(doc);
    return rc;
}
