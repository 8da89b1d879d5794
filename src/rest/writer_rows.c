/* writer_rows.c: rows into a writer, in the forms of writer.h. The one idea: a row is written straight into the body of the
 * batch that is filled; one that does not fit is taken out again, the batch is sent, and the row is written into the next,
 * so that a row costs its bytes and no memory of its own. */
#include "rest/writer_internal.h"

/* One form of a row: writes it into the batch between sfi_rows_open and sfi_rows_close. */
typedef struct row_form {
    sf_status (*write)(sf_writer *w, const void *row, sfi_rows *rows, sf_error *err);
    const char *object; /* whose attributes are written; NULL: the row brings its own */
    sf_str kind;
} row_form;

static sf_status add_row(sf_writer *w, const row_form *form, const void *row, sf_error *err)
{
    for (;;) { /* ends: the batch is full, then empty, then as large as can be */
        sfi_rows *rows = &sfi_writer_filling(w)->rows;
        if (rows->text.len == 0) sfi_writer_start_rows(w, rows); /* what a request begins with found no memory */
        sf_status rc = form->write(w, row, rows, err);
        if (rc != SF_OK) {
            sfi_rows_undo(rows);
            return rc;
        }
        rc = sfi_rows_close(rows, form->object, form->kind, (size_t)w->options.batch_rows);
        if (rc == SF_ERR_MEMORY) return sfi_fail_memory(err, "a row");
        if (rc == SF_OK) {
            w->counts.rows++;
            bool is_full = rows->count == (size_t)w->options.batch_rows || rows->text.len >= w->options.batch_bytes;
            if (is_full) (void)sfi_writer_send(w, NULL); /* the next call says what is wrong */
            return SF_OK;
        }
        if (rows->count > 0) {
            rc = sfi_writer_send(w, err);
            if (rc != SF_OK) return rc;
        } else if (rows->text.max < SF_WRITER_BYTES_MAX) {
            rows->text.max = SF_WRITER_BYTES_MAX; /* it goes alone: nothing else fits beside it */
        } else {
            sfi_writer_start_rows(w, rows);
            return sfi_fail(err, SF_ERR_LIMIT, "the row is larger than a request may be: SF_WRITER_BYTES_MAX (%d MiB)",
                            (int)(SF_WRITER_BYTES_MAX >> 20));
        }
    }
}

/* ---- ids ---- */

static sf_status write_id(sf_writer *w, const void *row, sfi_rows *rows, sf_error *err)
{
    const sf_str *id = row;
    (void)w;
    (void)err;
    (void)sfi_rows_open(rows, NULL);
    sfi_buf_add(&rows->text, id->ptr, id->len);
    return SF_OK;
}

static sf_status add_id(sf_writer *w, sf_str id, sf_error *err)
{
    if (sfi_id_make(id).text[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "\"%.*s\" is not a record id (15 or 18 letters and digits)",
                        (int)(id.len < 40 ? id.len : 40), id.ptr != NULL ? id.ptr : "");
    const row_form form = { write_id, NULL, { id.ptr, 3 } };
    return add_row(w, &form, &id, err);
}

sf_status sf_writer_add_id(sf_writer *w, const char *id, sf_error *err)
{
    sf_status rc = sfi_writer_check(w, err);
    if (rc != SF_OK) return rc;
    if (w->c.operation != SF_DELETE) return sfi_fail(err, SF_ERR_USAGE, "an id alone is a row of a delete only");
    return add_id(w, sfi_str(id), err);
}

/* An id as JSON, of a delete's row. */
static sf_status add_quoted_id(sf_writer *w, sf_str json, sf_error *err)
{
    if (json.ptr == NULL) return sfi_fail(err, SF_ERR_USAGE, "the row sets no Id, which a delete needs");
    if (json.len < 2 || json.ptr[0] != '"') return add_id(w, json, err);
    return add_id(w, (sf_str){ json.ptr + 1, json.len - 2 }, err);
}

/* ---- records ---- */

/* The object may be the options' or the row's own. */
static sf_status check_object(const sf_writer *w, sf_str object, sf_error *err)
{
    if (w->c.operation != SF_UPSERT || sfi_str_is_nocase(object, w->c.object)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "the row is of %.*s, and this upsert of %s", (int)object.len, object.ptr,
                    w->c.object);
}

static sf_status write_record(sf_writer *w, const void *row, sfi_rows *rows, sf_error *err)
{
    const sf_record *r = row;
    (void)w;
    (void)err;
    sfi_json_writer json = sfi_rows_open(rows, sf_record_object(r));
    sfi_record_write_members(r, NULL, &json);
    return SF_OK;
}

sf_status sf_writer_add(sf_writer *w, const sf_record *record, sf_error *err)
{
    sf_status rc = sfi_writer_check(w, err);
    if (rc == SF_OK) rc = sfi_record_check(record, err);
    if (rc != SF_OK) return rc;
    if (w->c.operation == SF_DELETE) return add_quoted_id(w, sfi_record_field_json(record, "Id"), err);
    sf_str object = sfi_str(sf_record_object(record));
    rc = check_object(w, object, err);
    if (rc != SF_OK) return rc;
    const row_form form = { write_record, object.ptr, object };
    return add_row(w, &form, record, err);
}

/* ---- fields ---- */

static sf_status write_text(sfi_json_writer *json, const sf_bind *field, sf_error *err)
{
    if (sfi_json_utf8(json, sfi_str(field->value.as.str))) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s: the text is not UTF-8", field->name);
}

/* "Red;Green" */
static sf_status write_choices(sfi_json_writer *json, const sf_bind *field, sf_error *err)
{
    sfi_buf *out = json->out;
    sfi_json_raw_text(json, SFI_STR("\""));
    for (size_t i = 0; i < field->value.count; i++) {
        const char *choice = field->value.as.strs != NULL ? field->value.as.strs[i] : NULL;
        if (choice == NULL || *choice == '\0' || strchr(choice, ';') != NULL || !sfi_utf8_valid(choice, strlen(choice)))
            return sfi_fail(err, SF_ERR_USAGE, "%s: value %zu is empty, not UTF-8, or holds a ';'", field->name, i);
        if (i > 0) sfi_buf_add_char(out, ';');
        size_t at = out->len; /* the quotes of its own become the text's */
        sfi_json_escape(out, sfi_str(choice));
        if (out->failed) break;
        out->len -= 2;
        memmove(out->data + at, out->data + at + 1, out->len - at);
    }
    sfi_buf_add_char(out, '"');
    return SF_OK;
}

static sf_status write_time(sfi_json_writer *json, const sf_bind *field, sf_error *err)
{
    char text[32] = "";
    int64_t ms = field->value.as.number;
    const int64_t first = sfi_days_from_civil(1, 1, 1) * 86400000, end = sfi_days_from_civil(10000, 1, 1) * 86400000;
    if (ms < first || ms >= end)
        return sfi_fail(err, SF_ERR_USAGE, "%s: %lld ms since 1970 is outside the years 1 to 9999", field->name,
                        (long long)ms);
    sfi_time_format(ms, text);
    sfi_json_string(json, text);
    return SF_OK;
}

static sf_status write_date(sfi_json_writer *json, const sf_bind *field, sf_error *err)
{
    int64_t ms;
    char kind = 0;
    if (!sfi_time_parse(sfi_str(field->value.as.str), &ms, &kind) || kind != 'd')
        return sfi_fail(err, SF_ERR_USAGE, "%s: \"%.40s\" is not a date such as 2024-02-29", field->name,
                        field->value.as.str);
    sfi_json_string(json, field->value.as.str);
    return SF_OK;
}

static sf_status write_number(sfi_json_writer *json, const sf_bind *field, sf_error *err)
{
    if (field->value.type == SF_BIND_DOUBLE) {
        if (!__builtin_isfinite(field->value.as.real))
            return sfi_fail(err, SF_ERR_USAGE, "%s: not a finite number", field->name);
        sfi_json_double(json, field->value.as.real);
        return SF_OK;
    }
    if (!sfi_rest_is_number(field->value.as.str))
        return sfi_fail(err, SF_ERR_USAGE, "%s: \"%.40s\" is not a decimal number such as -12.50", field->name,
                        field->value.as.str);
    sfi_json_raw_text(json, sfi_str(field->value.as.str));
    return SF_OK;
}

static sf_status write_value(sfi_json_writer *json, const sf_bind *field, sf_error *err)
{
    const sf_bind_value *v = &field->value;
    bool has_text = v->type == SF_BIND_STR || v->type == SF_BIND_DECIMAL || v->type == SF_BIND_DATE;
    if (v->type == SF_BIND_NULL || (has_text && v->as.str == NULL) || (v->type == SF_BIND_STR_LIST && v->count == 0)) {
        sfi_json_null(json);
        return SF_OK;
    }
    switch (v->type) {
    case SF_BIND_STR: return write_text(json, field, err);
    case SF_BIND_INT: sfi_json_int(json, v->as.number); return SF_OK;
    case SF_BIND_BOOL: sfi_json_bool(json, v->as.number != 0); return SF_OK;
    case SF_BIND_DOUBLE:
    case SF_BIND_DECIMAL: return write_number(json, field, err);
    case SF_BIND_DATE: return write_date(json, field, err);
    case SF_BIND_DATETIME: return write_time(json, field, err);
    case SF_BIND_STR_LIST: return write_choices(json, field, err);
    default: return sfi_fail(err, SF_ERR_USAGE, "%s: a literal or a list is no field's value", field->name);
    }
}

/* A field, or a parent by its external id: "Account.Ext__c". */
static sf_status write_field(sfi_json_writer *json, const sf_bind *field, sf_error *err)
{
    const char *name = field->name != NULL ? field->name : "";
    size_t len = sfi_rest_name_length(name), more = 0;
    if (len > 0 && name[len] == '.') more = sfi_rest_name_length(name + len + 1);
    if (len == 0 || len > SFI_REST_NAME_MAX || more > SFI_REST_NAME_MAX ||
        name[len + (more > 0 ? more + 1 : 0)] != '\0')
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a field name",
                        field->name != NULL ? field->name : "(NULL)");
    sfi_json_plain_key(json, (sf_str){ name, len });
    if (more == 0) return write_value(json, field, err);
    sfi_json_begin_object(json);
    sfi_json_plain_key(json, (sf_str){ name + len + 1, more });
    sf_status rc = write_value(json, field, err);
    sfi_json_end_object(json);
    return rc;
}

static sf_status write_fields(sf_writer *w, const void *row, sfi_rows *rows, sf_error *err)
{
    const sf_binds *fields = row;
    sf_status rc = SF_OK;
    sfi_json_writer json = sfi_rows_open(rows, w->c.object);
    for (size_t i = 0; rc == SF_OK && i < fields->count; i++) rc = write_field(&json, &fields->list[i], err);
    return rc;
}

sf_status sf_writer_add_fields(sf_writer *w, sf_binds fields, sf_error *err)
{
    sf_status rc = sfi_writer_check(w, err);
    if (rc != SF_OK) return rc;
    if (fields.list == NULL && fields.count > 0) return sfi_fail(err, SF_ERR_USAGE, "fields.list is NULL");
    if (w->c.operation == SF_DELETE) {
        for (size_t i = 0; i < fields.count; i++)
            if (sfi_eq_nocase(fields.list[i].name, "Id") && fields.list[i].value.type == SF_BIND_STR)
                return add_id(w, sfi_str(fields.list[i].value.as.str), err);
        return sfi_fail(err, SF_ERR_USAGE, "the row sets no Id, which a delete needs");
    }
    if (w->c.object == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "sf_writer_options: object is needed for rows that do not say theirs");
    const row_form form = { write_fields, w->c.object, sfi_str(w->c.object) };
    return add_row(w, &form, &fields, err);
}

/* ---- JSON ---- */

/* text is an object without blanks around it. */
static sf_status write_json(sf_writer *w, const void *row, sfi_rows *rows, sf_error *err)
{
    const sf_str *text = row;
    (void)w;
    (void)err;
    (void)sfi_rows_open(rows, NULL);
    sfi_buf_add(&rows->text, text->ptr, text->len);
    return SF_OK;
}

/* The same, with attributes put before its members; close adds the bracket. */
static sf_status write_members(sf_writer *w, const void *row, sfi_rows *rows, sf_error *err)
{
    const sf_str *text = row;
    (void)err;
    (void)sfi_rows_open(rows, w->c.object);
    sf_str members = sfi_trim((sf_str){ text->ptr + 1, text->len - 2 });
    if (members.len > 0) sfi_buf_add_char(&rows->text, ',');
    sfi_buf_add(&rows->text, members.ptr, members.len);
    return SF_OK;
}

static sf_status parse_row(sf_writer *w, sf_str json, sf_value *out, sf_error *err)
{
    sf_status rc = w->given == NULL ? sfi_json_new(&w->given, err) : SF_OK;
    if (rc == SF_OK && json.len == 0) return sfi_fail(err, SF_ERR_USAGE, "the row is empty");
    if (rc == SF_OK) rc = sfi_json_parse(w->given, json, err);
    if (rc == SF_ERR_PROTOCOL) { /* the text is the caller's, not the org's */
        rc = SF_ERR_USAGE;
        if (err != NULL) err->status = rc;
    }
    if (rc != SF_OK) return rc;
    *out = sfi_json_root(w->given);
    return sf_value_type(*out) == SF_OBJECT ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "the row is not a JSON object");
}

static sf_status add_json_id(sf_writer *w, sf_value row, sf_error *err)
{
    sf_str key;
    sf_value value;
    sf_iter it = sf_iter_begin(row);
    while (sf_iter_next(&it, &key, &value))
        if (sfi_str_is_nocase(key, "Id")) return add_id(w, sf_get_text(value, NULL), err);
    return sfi_fail(err, SF_ERR_USAGE, "the row sets no Id, which a delete needs");
}

sf_status sf_writer_add_json(sf_writer *w, sf_str json, sf_error *err)
{
    sf_value row;
    sf_status rc = sfi_writer_check(w, err);
    sf_str text = sfi_trim(json);
    if (rc == SF_OK) rc = parse_row(w, text, &row, err);
    if (rc != SF_OK) return rc;
    if (w->c.operation == SF_DELETE) return add_json_id(w, row, err);
    sf_value attributes = sf_get(row, "attributes");
    if (sf_value_type(attributes) == SF_MISSING) {
        if (w->c.object == NULL)
            return sfi_fail(err, SF_ERR_USAGE,
                            "the row says no object: it has no attributes.type, nor the options one");
        const row_form form = { write_members, w->c.object, sfi_str(w->c.object) };
        return add_row(w, &form, &text, err);
    }
    const char *type = sf_get_str(attributes, "type");
    if (!sfi_rest_is_name(type))
        return sfi_fail(err, SF_ERR_USAGE, "the row's attributes have no type, such as {\"type\":\"Account\"}");
    rc = check_object(w, sfi_str(type), err);
    if (rc != SF_OK) return rc;
    const row_form form = { write_json, NULL, sfi_str(type) };
    return add_row(w, &form, &text, err);
}
