/*
 * spec.c: see spec.h. A spec is a list of columns that go out; for each, the header line of the data says once where its value
 * stands, and each row is written from that.
 */
#include "bulk/spec.h"
#include <regex.h>
#include "csv/csv_internal.h"

typedef enum column_kind { COLUMN_TEXT, COLUMN_DATE, COLUMN_TIME, COLUMN_TRUTH, COLUMN_NAME } column_kind;

typedef struct column {
    char *field, *header, *value, *hint; /* "": none */
    column_kind kind;
    regex_t truth; /* of COLUMN_TRUTH */
} column;

struct sfo_spec {
    column *columns;
    size_t count, cap;
};

/* ---- reading ---- */

/* All of a text at once. */
static sf_status open_reader(sf_str text, bool any_columns, sfi_csv_reader **out, sf_error *err)
{
    const sfi_csv_reader_options options = { .delimiter = ',', .any_columns = any_columns };
    char *room;
    size_t size, bom = sfi_csv_bom(text.ptr, text.len);
    sf_status rc = sfi_csv_reader_new(&options, out, err);
    if (rc == SF_OK) rc = sfi_csv_reader_room(*out, text.len + 1, &room, &size, err);
    if (rc != SF_OK) return rc;
    if (text.len > bom) memcpy(room, text.ptr + bom, text.len - bom);
    sfi_csv_reader_added(*out, text.len - bom);
    sfi_csv_reader_end(*out);
    return SF_OK;
}

static sf_str cell(const sfi_csv_record *r, size_t i)
{
    return i < r->count ? sfi_trim(r->fields[i]) : SFI_STR("");
}

static sf_status check_head(const sfi_csv_record *head, sf_error *err)
{
    static const char *const names[] = { "Salesforce Field", "Csv Header", "Value", "Hint" };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (!sfi_str_is_nocase(cell(head, i), names[i]))
            return sfi_fail(err, SF_ERR_USAGE,
                            "The transformation spec does not begin with Salesforce Field,Csv Header,Value,Hint");
    return SF_OK;
}

static sf_status fail_line(const sfi_csv_record *r, const char *why, sf_error *err)
{
    return sfi_fail(err, SF_ERR_USAGE, "The transformation spec, line %lld: %s", (long long)r->line, why);
}

static bool compile_truth(column *c)
{
    char whole[SFO_SPEC_HINT_MAX + 8];
    (void)snprintf(whole, sizeof whole, "^(%s)$", c->hint);
    bool ok = strchr(c->hint, '{') == NULL && regcomp(&c->truth, whole, REG_EXTENDED | REG_NOSUB) == 0;
    if (ok) c->kind = COLUMN_TRUTH;
    return ok;
}

/* What the field is says what the hint means. */
static sf_status take_hint(column *c, const sfo_object *object, const sfi_csv_record *r, sf_error *err)
{
    const sfo_field *field = object != NULL ? sfo_object_field(object, sfi_str(c->field)) : NULL;
    bool has_parts = object != NULL && sfo_object_field(object, SFI_STR("FirstName")) != NULL &&
                     sfo_object_field(object, SFI_STR("LastName")) != NULL;
    if (has_parts && sfi_eq_nocase(c->field, "Name")) c->kind = COLUMN_NAME;
    if (c->hint[0] == '\0' || field == NULL) return SF_OK;
    if (strlen(c->hint) > SFO_SPEC_HINT_MAX) return fail_line(r, "the hint is too long", err);
    if (field->type == SFO_BOOLEAN && !compile_truth(c))
        return fail_line(r, "the hint is no regular expression of what is true", err);
    if (field->type != SFO_DATE && field->type != SFO_DATETIME) return SF_OK;
    if (!sfo_spec_date_form_is_known(c->hint)) return fail_line(r, "the hint is no form of a date", err);
    c->kind = field->type == SFO_DATE ? COLUMN_DATE : COLUMN_TIME;
    return SF_OK;
}

static sf_status add_column(sfo_spec *s, const sfo_object *object, const sfi_csv_record *r, sf_error *err)
{
    if (s->count == SFO_SPEC_COLUMNS_MAX) return fail_line(r, "too many columns", err);
    column *more = sfi_grow(s->columns, s->count, &s->cap, 16, sizeof *more);
    if (more == NULL) return sfi_fail_memory(err, "a transformation spec");
    s->columns = more;
    column *c = &more[s->count++];
    *c = (column){ .kind = COLUMN_TEXT };
    char **const texts[] = { &c->field, &c->header, &c->value, &c->hint };
    for (size_t i = 0; i < SFI_COUNT_OF(texts); i++) {
        sf_str text = cell(r, i);
        *texts[i] = sfi_strndup(text.ptr, text.len);
        if (*texts[i] == NULL) return sfi_fail_memory(err, "a transformation spec");
    }
    if (c->field[0] == '\0') return fail_line(r, "it names no Salesforce Field", err);
    if (c->header[0] == '\0' && c->value[0] == '\0') return fail_line(r, "it has no Csv Header and no Value", err);
    return take_hint(c, object, r, err);
}

sf_status sfo_spec_read(sf_str text, const sfo_object *object, sfo_spec **out, sf_error *err)
{
    sfi_csv_reader *reader = NULL;
    sfi_csv_record r;
    sfo_spec *s = sfi_calloc(sizeof *s);
    *out = NULL;
    if (s == NULL) return sfi_fail_memory(err, "a transformation spec");
    sf_status rc = open_reader(text, true, &reader, err);
    if (rc == SF_OK) rc = sfi_csv_reader_next(reader, &r, err);
    if (rc == SF_DONE) rc = sfi_fail(err, SF_ERR_USAGE, "The transformation spec is empty");
    if (rc == SF_ROW) rc = check_head(&r, err);
    while (rc == SF_OK && (rc = sfi_csv_reader_next(reader, &r, err)) == SF_ROW) rc = add_column(s, object, &r, err);
    if (rc == SF_DONE)
        rc = s->count > 0 ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "The transformation spec names no columns");
    sfi_csv_reader_free(reader);
    if (rc == SF_OK)
        *out = s;
    else
        sfo_spec_free(s);
    return rc;
}

void sfo_spec_free(sfo_spec *s)
{
    if (s == NULL) return;
    for (size_t i = 0; i < s->count; i++) {
        column *c = &s->columns[i];
        if (c->kind == COLUMN_TRUTH) regfree(&c->truth);
        sfi_free(c->field);
        sfi_free(c->header);
        sfi_free(c->value);
        sfi_free(c->hint);
    }
    sfi_free(s->columns);
    sfi_free(s);
}

/* ---- applying ---- */

/* "Cat, Tom" and "Tom Cat" are the same: the last name first, then the others. */
static void write_name(sfi_buf *out, sf_str text)
{
    sf_str last = text, first = { "", 0 };
    const char *comma = text.len > 0 ? memchr(text.ptr, ',', text.len) : NULL;
    if (comma != NULL) {
        last.len = (size_t)(comma - text.ptr);
        first = (sf_str){ comma + 1, text.len - last.len - 1 };
    } else {
        size_t at = text.len;
        while (at > 0 && text.ptr[at - 1] != ' ') at--;
        last = (sf_str){ text.ptr + at, text.len - at };
        first.ptr = text.ptr;
        first.len = at;
    }
    (void)sfi_csv_add_field(out, sfi_trim(last), ',', false);
    sfi_buf_add_char(out, ',');
    (void)sfi_csv_add_field(out, sfi_trim(first), ',', false);
}

/* What is not of the hint's form stays as it is: the row fails with it. given is NUL-terminated. */
static void write_value(sfi_buf *out, const column *c, sf_str given, int64_t now_ms)
{
    char date[SFO_SPEC_DATE_BYTES];
    sf_str text = given;
    if (given.len == 0)
        text = sfi_str(c->value);
    else if (c->kind == COLUMN_TRUTH)
        text = regexec(&c->truth, given.ptr, 0, NULL, 0) == 0 ? SFI_STR("true") : SFI_STR("false");
    else if ((c->kind == COLUMN_DATE || c->kind == COLUMN_TIME) &&
             sfo_spec_date(c->hint, given.ptr, c->kind == COLUMN_TIME, now_ms, date))
        text = sfi_str(date);
    if (c->kind == COLUMN_NAME)
        write_name(out, text);
    else
        (void)sfi_csv_add_field(out, text, ',', false);
}

static void write_head(const sfo_spec *s, sfi_buf *out)
{
    for (size_t i = 0; i < s->count; i++) {
        const column *c = &s->columns[i];
        if (i > 0) sfi_buf_add_char(out, ',');
        if (c->kind == COLUMN_NAME)
            sfi_buf_add_str(out, "LastName,FirstName");
        else
            (void)sfi_csv_add_field(out, sfi_str(c->field), ',', false);
    }
    sfi_buf_add_char(out, '\n');
}

/* Where each column's value stands in a row; SIZE_MAX: nowhere. */
static void find_places(const sfo_spec *s, const sfi_csv_record *head, size_t *places)
{
    for (size_t i = 0; i < s->count; i++) {
        places[i] = SIZE_MAX;
        if (s->columns[i].header[0] == '\0') continue;
        for (size_t k = 0; k < head->count && places[i] == SIZE_MAX; k++)
            if (sfi_str_is_nocase(sfi_trim(head->fields[k]), s->columns[i].header)) places[i] = k;
    }
}

sf_status sfo_spec_apply(const sfo_spec *s, sf_str data, sfi_buf *out, sf_error *err)
{
    sfi_csv_reader *reader = NULL;
    sfi_csv_record r;
    int64_t now = sfi_wall_ms();
    size_t *places = sfi_calloc_n(s->count, sizeof *places);
    sf_status rc = places != NULL ? open_reader(data, false, &reader, err) : sfi_fail_memory(err, "a batch");
    if (rc == SF_OK) rc = sfi_csv_reader_next(reader, &r, err);
    if (rc == SF_ROW) {
        find_places(s, &r, places);
        write_head(s, out);
    }
    while (rc == SF_ROW && (rc = sfi_csv_reader_next(reader, &r, err)) == SF_ROW) { /* each round takes a row */
        for (size_t i = 0; i < s->count; i++) {
            if (i > 0) sfi_buf_add_char(out, ',');
            write_value(out, &s->columns[i], places[i] < r.count ? r.fields[places[i]] : SFI_STR(""), now);
        }
        sfi_buf_add_char(out, '\n');
    }
    if (rc == SF_DONE) rc = sfi_buf_status(out, err, "the rows of a batch");
    sfi_csv_reader_free(reader);
    sfi_free(places);
    return rc;
}
