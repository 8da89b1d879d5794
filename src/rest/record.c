/* record.c: the builder of records.h. Called by programs and by records.c; owns each field's name and finished JSON.
 * One thread at a time. The one idea: a value becomes JSON when it is set, so that what cannot be sent is found there,
 * and the body is the fields' texts one after another. */
#include "rest/rest_internal.h"

typedef struct field {
    char *name; /* owned */
    char *json; /* owned: a finished value */
    size_t len; /* of json */
} field;

struct sf_record {
    char *object;
    field *fields;
    size_t count, cap;
    size_t bytes;     /* of all names and values, with what JSON puts between */
    sf_error failure; /* the first one since new or clear; status SF_OK: none */
};

enum { FIELD_OVERHEAD = 4 }; /* quotes, colon, comma */

sf_record *sf_record_new(const char *object)
{
    if (!sfi_rest_is_name(object)) return NULL;
    sf_record *r = sfi_calloc(sizeof *r);
    if (r == NULL) return NULL;
    r->object = sfi_strdup(object);
    if (r->object == NULL) {
        sfi_free(r);
        return NULL;
    }
    return r;
}

void sf_record_clear(sf_record *r)
{
    if (r == NULL) return;
    for (size_t i = 0; i < r->count; i++) {
        sfi_free(r->fields[i].name);
        sfi_free(r->fields[i].json);
    }
    r->count = 0;
    r->bytes = 0;
    r->failure = (sf_error){ 0 };
}

void sf_record_free(sf_record *r)
{
    if (r == NULL) return;
    sf_record_clear(r);
    sfi_free(r->fields);
    sfi_free(r->object);
    sfi_free(r);
}

const char *sf_record_object(const sf_record *r)
{
    return r != NULL ? r->object : NULL;
}

size_t sf_record_field_count(const sf_record *r)
{
    return r != NULL ? r->count : 0;
}

/* ---- storing ---- */

static sf_status SFI_PRINTF(3, 4) refuse(sf_record *r, sf_status status, const char *format, ...)
{
    sf_error failure;
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)sfi_fail(&failure, status, "%s", text); /* kept, and answered below */
    return sfi_error_keep(&r->failure, &failure);
}

static field *find(const sf_record *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (sfi_eq_nocase(r->fields[i].name, name)) return &r->fields[i];
    return NULL;
}

static sf_status check_name(sf_record *r, const char *name)
{
    if (r == NULL) return SF_ERR_USAGE;
    if (!sfi_rest_is_name(name))
        return refuse(r, SF_ERR_USAGE, "%s: \"%.80s\" is not a field name", r->object, name != NULL ? name : "(NULL)");
    return SF_OK;
}

/* Makes room for one more field. */
static bool grow(sf_record *r)
{
    field *fields = sfi_grow(r->fields, r->count, &r->cap, 16, sizeof *fields);
    if (fields != NULL) r->fields = fields;
    return fields != NULL;
}

/* Puts a finished value into a field; value is used up, also on failure. */
static sf_status put(sf_record *r, const char *name, sfi_buf *value)
{
    sf_error failure;
    sf_status rc = sfi_buf_status(value, &failure, "a field's value");
    size_t len = value->len;
    char *json = rc == SF_OK ? sfi_buf_take(value) : NULL;
    sfi_buf_free(value);
    field *old = find(r, name);
    size_t others = r->bytes - (old != NULL ? old->len + strlen(old->name) + FIELD_OVERHEAD : 0);
    if (rc == SF_OK && json == NULL) rc = sfi_fail_memory(&failure, "a field's value");
    if (rc == SF_OK && len + strlen(name) + FIELD_OVERHEAD > SF_RECORD_BYTES_MAX - others)
        rc = sfi_fail(&failure, SF_ERR_LIMIT, "%s.%s: the record would pass SF_RECORD_BYTES_MAX (50 MB)", r->object,
                      name);
    if (rc == SF_OK && old == NULL && r->count >= SF_RECORD_FIELDS_MAX)
        rc = sfi_fail(&failure, SF_ERR_LIMIT, "%s.%s: a record holds at most SF_RECORD_FIELDS_MAX (%d) fields",
                      r->object, name, SF_RECORD_FIELDS_MAX);
    char *copy = rc == SF_OK && old == NULL ? sfi_strdup(name) : NULL;
    if (rc == SF_OK && old == NULL && (copy == NULL || !grow(r))) rc = sfi_fail_memory(&failure, "a record's field");
    if (rc != SF_OK) {
        sfi_free(copy);
        sfi_free(json);
        return sfi_error_keep(&r->failure, &failure);
    }
    if (old == NULL) {
        old = &r->fields[r->count++];
        *old = (field){ .name = copy };
    }
    sfi_free(old->json);
    old->json = json;
    old->len = len;
    r->bytes = others + len + strlen(old->name) + FIELD_OVERHEAD;
    return SF_OK;
}

static sf_status put_literal(sf_record *r, const char *name, const char *json)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    sfi_buf b = { .max = SF_RECORD_BYTES_MAX };
    sfi_buf_add_str(&b, json);
    return put(r, name, &b);
}

static sf_status put_string(sf_record *r, const char *name, sf_str value)
{
    sfi_buf b = { .max = SF_RECORD_BYTES_MAX };
    sfi_json_escape(&b, value);
    return put(r, name, &b);
}

/* ---- setters ---- */

sf_status sf_record_set_null(sf_record *r, const char *name)
{
    return put_literal(r, name, "null");
}

sf_status sf_record_set_text(sf_record *r, const char *name, sf_str value)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (value.ptr == NULL) return sf_record_set_null(r, name);
    if (!sfi_utf8_valid(value.ptr, value.len))
        return refuse(r, SF_ERR_USAGE, "%s.%s: the text is not UTF-8", r->object, name);
    if (memchr(value.ptr, '\0', value.len) != NULL)
        return refuse(r, SF_ERR_USAGE, "%s.%s: the text holds a NUL byte, which no field can keep", r->object, name);
    return put_string(r, name, value);
}

sf_status sf_record_set_str(sf_record *r, const char *name, const char *value)
{
    return sf_record_set_text(r, name, sfi_str(value));
}

sf_status sf_record_set_int(sf_record *r, const char *name, int64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    return put_literal(r, name, digits);
}

sf_status sf_record_set_double(sf_record *r, const char *name, double value)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (!__builtin_isfinite(value)) return refuse(r, SF_ERR_USAGE, "%s.%s: not a finite number", r->object, name);
    sfi_buf b = { .max = SF_RECORD_BYTES_MAX };
    sfi_json_writer w = sfi_json_write_to(&b);
    sfi_json_double(&w, value);
    return put(r, name, &b);
}

sf_status sf_record_set_decimal(sf_record *r, const char *name, const char *digits)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (!sfi_rest_is_number(digits))
        return refuse(r, SF_ERR_USAGE, "%s.%s: \"%.40s\" is not a decimal number such as -12.50", r->object, name,
                      digits != NULL ? digits : "(NULL)");
    return put_literal(r, name, digits);
}

sf_status sf_record_set_bool(sf_record *r, const char *name, bool value)
{
    return put_literal(r, name, value ? "true" : "false");
}

static bool is_date(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

sf_status sf_record_set_date(sf_record *r, const char *name, int year, int month, int day)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (!is_date(year, month, day))
        return refuse(r, SF_ERR_USAGE, "%s.%s: there is no date %d-%02d-%02d", r->object, name, year, month, day);
    char text[48];
    snprintf(text, sizeof text, "\"%04d-%02d-%02d\"", year, month, day);
    return put_literal(r, name, text);
}

sf_status sf_record_set_datetime(sf_record *r, const char *name, int64_t ms)
{
    const int64_t first = sfi_days_from_civil(1, 1, 1) * 86400000;
    const int64_t end = sfi_days_from_civil(10000, 1, 1) * 86400000;
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (ms < first || ms >= end)
        return refuse(r, SF_ERR_USAGE, "%s.%s: %lld ms since 1970 is outside the years 1 to 9999", r->object, name,
                      (long long)ms);
    char when[32], text[40];
    sfi_time_format(ms, when);
    snprintf(text, sizeof text, "\"%s\"", when);
    return put_literal(r, name, text);
}

sf_status sf_record_set_time(sf_record *r, const char *name, int64_t ms)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (ms < 0 || ms > 86399999)
        return refuse(r, SF_ERR_USAGE, "%s.%s: %lld is not a time of day in ms (0..86399999)", r->object, name,
                      (long long)ms);
    int s = (int)(ms / 1000);
    char text[48];
    snprintf(text, sizeof text, "\"%02d:%02d:%02d.%03dZ\"", s / 3600, s / 60 % 60, s % 60, (int)(ms % 1000));
    return put_literal(r, name, text);
}

sf_status sf_record_set_base64(sf_record *r, const char *name, const void *bytes, size_t len)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (bytes == NULL && len > 0) return refuse(r, SF_ERR_USAGE, "%s.%s: bytes is NULL", r->object, name);
    sfi_buf b = { .max = SF_RECORD_BYTES_MAX };
    sfi_buf_add_char(&b, '"');
    if (len > 0) sfi_buf_add_base64(&b, bytes, len);
    sfi_buf_add_char(&b, '"');
    return put(r, name, &b);
}

sf_status sf_record_set_multipicklist(sf_record *r, const char *name, const char *const *values, size_t count)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    if (count == 0) return sf_record_set_null(r, name);
    sfi_buf joined = { .max = SF_RECORD_BYTES_MAX };
    for (size_t i = 0; i < count; i++) {
        const char *value = values != NULL ? values[i] : NULL;
        if (value == NULL || *value == '\0' || strchr(value, ';') != NULL || !sfi_utf8_valid(value, strlen(value))) {
            sfi_buf_free(&joined);
            return refuse(r, SF_ERR_USAGE, "%s.%s: value %zu is empty, not UTF-8, or holds a ';'", r->object, name, i);
        }
        if (i > 0) sfi_buf_add_char(&joined, ';');
        sfi_buf_add_str(&joined, value);
    }
    sf_error failure;
    rc = sfi_buf_status(&joined, &failure, "a multi-select picklist");
    rc = rc == SF_OK ? put_string(r, name, sfi_buf_str(&joined)) : sfi_error_keep(&r->failure, &failure);
    sfi_buf_free(&joined);
    return rc;
}

sf_status sf_record_set_reference(sf_record *r, const char *relationship, const char *type,
                                  const char *external_id_field, const char *value)
{
    sf_status rc = check_name(r, relationship);
    if (rc != SF_OK) return rc;
    if (!sfi_rest_is_name(external_id_field) || (type != NULL && !sfi_rest_is_name(type)))
        return refuse(r, SF_ERR_USAGE, "%s.%s: the parent's type or external-id field is not a name", r->object,
                      relationship);
    if (value == NULL || *value == '\0' || !sfi_utf8_valid(value, strlen(value)))
        return refuse(r, SF_ERR_USAGE, "%s.%s: the external id is empty or not UTF-8", r->object, relationship);
    sfi_buf b = { .max = SF_RECORD_BYTES_MAX };
    sfi_json_writer w = sfi_json_write_to(&b);
    sfi_json_begin_object(&w);
    if (type != NULL) { /* the org wants it before any other member */
        sfi_json_key(&w, "attributes");
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "type");
        sfi_json_string(&w, type);
        sfi_json_end_object(&w);
    }
    sfi_json_key(&w, external_id_field);
    sfi_json_string(&w, value);
    sfi_json_end_object(&w);
    return put(r, relationship, &b);
}

sf_status sf_record_set_json(sf_record *r, const char *name, sf_str json)
{
    sf_status rc = check_name(r, name);
    if (rc != SF_OK) return rc;
    sf_error failure;
    sf_document *doc = NULL;
    if (json.ptr == NULL || json.len == 0)
        rc = sfi_fail(&failure, SF_ERR_USAGE, "no JSON text");
    else
        rc = sf_document_parse(json.ptr, json.len, &doc, &failure);
    sf_document_free(doc);
    if (rc != SF_OK) {
        if (rc == SF_ERR_PROTOCOL) failure.status = SF_ERR_USAGE; /* the text is the caller's, not the org's */
        sfi_error_prefix(&failure, "%s.%s", r->object, name);
        return sfi_error_keep(&r->failure, &failure);
    }
    sfi_buf b = { .max = SF_RECORD_BYTES_MAX };
    sfi_buf_add(&b, json.ptr, json.len);
    return put(r, name, &b);
}

/* ---- sending ---- */

sf_status sfi_record_check(const sf_record *r, sf_error *err)
{
    if (r == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the record is NULL: its object was not a name, or there was no memory");
    if (r->failure.status == SF_OK) return SF_OK;
    if (err != NULL) *err = r->failure;
    return r->failure.status;
}

sf_str sfi_record_field_json(const sf_record *r, const char *name)
{
    const field *f = find(r, name);
    return f != NULL ? (sf_str){ f->json, f->len } : (sf_str){ NULL, 0 };
}

void sfi_record_write_members(const sf_record *r, const char *without, sfi_json_writer *w)
{
    for (size_t i = 0; i < r->count; i++) {
        const field *f = &r->fields[i];
        if (without != NULL && sfi_eq_nocase(f->name, without)) continue;
        sfi_json_key(w, f->name);
        sfi_json_raw_text(w, (sf_str){ f->json, f->len });
    }
}

sf_status sfi_record_write(const sf_record *r, const char *without, sfi_buf *out, sf_error *err)
{
    out->max = SF_RECORD_BYTES_MAX + SFI_KIB;
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    sfi_record_write_members(r, without, &w);
    sfi_json_end_object(&w);
    if (without != NULL && find(r, without) == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the record does not set %s, its external id", without);
    return sfi_buf_status(out, err, "the record's body");
}

sf_status sf_record_to_json(const sf_record *r, char **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_record_check(r, err);
    if (rc != SF_OK) return rc;
    sfi_buf body = { 0 };
    rc = sfi_record_write(r, NULL, &body, err);
    if (rc == SF_OK) *out = sfi_buf_take(&body);
    if (rc == SF_OK && *out == NULL) rc = sfi_fail_memory(err, "the record's body");
    sfi_buf_free(&body);
    return rc;
}
