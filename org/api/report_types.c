/* report_types.c: what reports can be made of: see reports.h. Types with the product's own column names come from
 * org/data/reports.json; every other object is a type that is named as it is, with columns such as Invoice__c.Total__c. */
#include "api/reports.h"
#include <pthread.h>

enum { HOUR_MS = 3600 * 1000, NAME_BYTES = 200 };

extern const char sfo_reports[], sfo_reports_end[]; /* org/data/reports.json */

typedef struct hour { /* when the last runs were: a ring */
    int64_t *times;
    size_t max, next;
} hour;

struct sfo_report_types {
    sfi_arena arena;
    sfo_report_type *types;
    size_t count;
    pthread_mutex_t lock; /* guards the two rings */
    bool has_lock;
    hour sync, async;
    int64_t sync_times[SFO_REPORT_SYNC_HOUR], async_times[SFO_REPORT_ASYNC_HOUR];
};

/* ---- limits of an hour ---- */

bool sfo_reports_count_run(sfo_report_types *r, bool async)
{
    hour *h = async ? &r->async : &r->sync;
    int64_t now = sfi_now_ms();
    pthread_mutex_lock(&r->lock);
    bool fits = h->times[h->next] == 0 || now - h->times[h->next] >= HOUR_MS;
    if (fits) {
        h->times[h->next] = now > 0 ? now : 1;
        h->next = (h->next + 1) % h->max;
    }
    pthread_mutex_unlock(&r->lock);
    return fits;
}

int64_t sfo_reports_runs_left(sfo_report_types *r, bool async)
{
    hour *h = async ? &r->async : &r->sync;
    int64_t now = sfi_now_ms(), left = 0;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < h->max; i++) left += h->times[i] == 0 || now - h->times[i] >= HOUR_MS;
    pthread_mutex_unlock(&r->lock);
    return left;
}

/* ---- columns ---- */

const char *sfo_report_data_type(const sfo_report_column *c)
{
    switch (c->field->type) {
    case SFO_BOOLEAN: return "boolean";
    case SFO_INT:
    case SFO_LONG: return "int";
    case SFO_DOUBLE: return "double";
    case SFO_CURRENCY: return "currency";
    case SFO_PERCENT: return "percent";
    case SFO_DATE: return "date";
    case SFO_DATETIME: return "datetime";
    case SFO_TIME: return "time";
    case SFO_PICKLIST: return "picklist";
    case SFO_MULTIPICKLIST: return "multipicklist";
    case SFO_EMAIL: return "email";
    case SFO_PHONE: return "phone";
    case SFO_URL: return "url";
    case SFO_ID: return "id";
    case SFO_REFERENCE: return "reference";
    case SFO_TEXTAREA: return "textarea";
    default: return "string";
    }
}

bool sfo_report_is_number(const sfo_report_column *c)
{
    sfo_type t = c->field->type;
    return t == SFO_INT || t == SFO_LONG || t == SFO_DOUBLE || t == SFO_CURRENCY || t == SFO_PERCENT;
}

bool sfo_report_is_date(const sfo_report_column *c)
{
    return c->field->type == SFO_DATE || c->field->type == SFO_DATETIME;
}

const sfo_report_column *sfo_report_column_find(const sfo_report_type *type, sf_str name, bool or_path)
{
    for (size_t i = 0; i < type->count; i++)
        if (sfi_str_is_nocase(name, type->columns[i].name)) return &type->columns[i];
    for (size_t i = 0; or_path && i < type->count; i++)
        if (sfi_str_is_nocase(name, type->columns[i].path)) return &type->columns[i];
    return NULL;
}

static char *textf(sfo_report_types *r, const char *format, ...) SFI_PRINTF(2, 3);
static char *textf(sfo_report_types *r, const char *format, ...)
{
    char text[2 * NAME_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sfi_arena_strndup(&r->arena, text, strlen(text));
}

/* The field at the end of a path; *prefix: bytes before its name. NULL: there is none. */
static const sfo_field *walk(const sfo_schema *schema, const sfo_object *o, const char *path, size_t *prefix)
{
    const char *at = path;
    for (;;) { /* each round takes a step of the path */
        size_t len = strcspn(at, ".");
        if (at[len] == '\0') {
            *prefix = (size_t)(at - path);
            return sfo_object_field(o, sfi_str(at));
        }
        const sfo_field *ref = sfo_object_relationship(o, (sf_str){ at, len });
        if (ref == NULL || ref->reference_count == 0) return NULL;
        o = sfo_schema_object(schema, sfi_str(ref->reference_to[ref->reference_count - 1])); /* User, not Group */
        if (o == NULL) return NULL;
        at += len + 1;
    }
}

/* A name stands for its record: its value is the id. */
static bool is_name(const sfo_field *f)
{
    if (f->name_field) return f->type == SFO_STRING && !f->auto_number;
    const sfo_field *whole = sfo_object_name_field(f->object);
    return whole != NULL && whole->is_name_compound &&
           (strcmp(f->name, "FirstName") == 0 || strcmp(f->name, "LastName") == 0);
}

static bool add_column(sfo_report_types *r, const sfo_schema *schema, sfo_report_type *type, const char *name,
                       const char *label, const char *path, bool date_only)
{
    size_t prefix = 0;
    const sfo_field *f = walk(schema, type->object, path, &prefix);
    if (f == NULL || name == NULL) return false;
    sfo_report_column *c = &type->columns[type->count];
    *c = (sfo_report_column){ .name = sfi_arena_strndup(&r->arena, name, strlen(name)),
                              .label = label != NULL ? sfi_arena_strndup(&r->arena, label, strlen(label)) : f->label,
                              .path = sfi_arena_strndup(&r->arena, path, strlen(path)),
                              .field = f,
                              .date_only = date_only };
    if (is_name(f)) {
        c->id_path = textf(r, "%.*sId", (int)prefix, path);
        if (c->id_path == NULL) return false;
    }
    type->count++;
    return c->name != NULL && c->label != NULL && c->path != NULL;
}

/* CloseDate as CLOSE_DATE. */
static void upper_snake(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; name[i] != '\0' && n + 3 < size; i++) {
        bool upper = name[i] >= 'A' && name[i] <= 'Z', was_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
        if (upper && was_lower) out[n++] = '_';
        out[n++] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
    }
    out[n] = '\0';
}

static bool has_path(const sfo_report_type *type, const char *path)
{
    for (size_t i = 0; i < type->count; i++)
        if (sfi_eq_nocase(type->columns[i].path, path)) return true;
    return false;
}

/* The columns that no definition names: every field that is a plain value, and the names of parents. */
static bool add_fields(sfo_report_types *r, const sfo_schema *schema, sfo_report_type *type, bool is_standard)
{
    const sfo_object *o = type->object;
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *f = &o->fields[i];
        char name[NAME_BYTES], path[NAME_BYTES], label[NAME_BYTES];
        bool plain = f->stored && f->type != SFO_BASE64 && f->type != SFO_ANYTYPE && f->type != SFO_COMPLEXVALUE;
        if (plain && !has_path(type, f->name)) {
            if (is_standard && !f->custom)
                upper_snake(f->name, name, sizeof name);
            else
                snprintf(name, sizeof name, "%.90s.%.90s", o->name, f->name);
            bool taken = sfo_report_column_find(type, sfi_str(name), false) != NULL;
            if (!taken && !add_column(r, schema, type, name, NULL, f->name, false)) return false;
        }
        if (f->type != SFO_REFERENCE || f->relationship_name == NULL) continue;
        snprintf(path, sizeof path, "%.90s.Name", f->relationship_name);
        size_t prefix;
        if (has_path(type, path) || walk(schema, o, path, &prefix) == NULL) continue;
        if (is_standard && !f->custom) {
            upper_snake(f->relationship_name, name, sizeof name - 6);
            strncat(name, "_NAME", 6);
        } else {
            snprintf(name, sizeof name, "%.80s.%.100s", o->name, path);
        }
        sf_str stem = sfi_str(f->label);
        if (sfi_ends_with(stem, " ID")) stem.len -= 3;
        snprintf(label, sizeof label, "%.*s%s", (int)(stem.len < 150 ? stem.len : 150), stem.ptr,
                 f->custom ? "" : " Name");
        if (sfo_report_column_find(type, sfi_str(name), false) == NULL &&
            !add_column(r, schema, type, name, label, path, false))
            return false;
    }
    return true;
}

/* ---- types ---- */

static bool begin_type(sfo_report_types *r, const sfo_object *o, size_t more)
{
    sfo_report_type *type = &r->types[r->count];
    size_t size = (2 * o->field_count + more) * sizeof *type->columns;
    *type = (sfo_report_type){ .object = o };
    type->columns = sfi_arena_alloc(&r->arena, size);
    return type->columns != NULL;
}

static bool is_reportable(const sfo_object *o)
{
    return o->queryable && !o->is_event && !o->custom_setting && sfo_object_field(o, SFI_STR("CreatedDate")) != NULL;
}

static char *copy(sfo_report_types *r, sf_value v, const char *member)
{
    sf_str text = sf_get_text(v, member);
    return text.ptr != NULL ? sfi_arena_strndup(&r->arena, text.ptr, text.len) : NULL;
}

static bool read_type(sfo_report_types *r, const sfo_schema *schema, sf_value v)
{
    const sfo_object *o = sfo_schema_object(schema, sf_get_text(v, "object"));
    sf_value columns = sf_get(v, "columns"), c;
    if (o == NULL || !begin_type(r, o, sf_value_count(columns))) return false;
    sfo_report_type *type = &r->types[r->count];
    type->name = copy(r, v, "type");
    type->label = copy(r, v, "label");
    type->category = copy(r, v, "category");
    if (type->name == NULL || type->label == NULL || type->category == NULL) return false;
    for (sf_iter it = sf_iter_begin(columns); sf_iter_next(&it, NULL, &c);) {
        const char *path = sf_get_str(c, "field");
        if (path == NULL || !add_column(r, schema, type, sf_get_str(c, "name"), sf_get_str(c, "label"), path,
                                        sf_get_bool(c, "dateOnly", false)))
            return false;
    }
    r->count++;
    return add_fields(r, schema, type, true);
}

static bool read_types(sfo_report_types *r, const sfo_schema *schema, sf_value list)
{
    sf_value v;
    r->types = sfi_arena_alloc(&r->arena, (sf_value_count(list) + sfo_schema_count(schema)) * sizeof *r->types);
    if (r->types == NULL) return false;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);)
        if (!read_type(r, schema, v)) return false;
    size_t named = r->count;
    for (size_t i = 0; i < sfo_schema_count(schema); i++) {
        const sfo_object *o = sfo_schema_at(schema, i);
        bool known = false;
        for (size_t k = 0; k < named; k++) known = known || r->types[k].object == o;
        if (known || !is_reportable(o)) continue;
        if (!begin_type(r, o, 0)) return false;
        sfo_report_type *type = &r->types[r->count++];
        type->name = o->name;
        type->label = o->label_plural;
        type->category = "Other Reports";
        if (!add_fields(r, schema, type, false)) return false;
    }
    return true;
}

size_t sfo_report_type_count(const sfo_report_types *r)
{
    return r->count;
}

const sfo_report_type *sfo_report_type_at(const sfo_report_types *r, size_t i)
{
    return &r->types[i];
}

const sfo_report_type *sfo_report_type_find(const sfo_report_types *r, sf_str name)
{
    for (size_t i = 0; i < r->count; i++)
        if (sfi_str_is_nocase(name, r->types[i].name)) return &r->types[i];
    for (size_t i = 0; i < r->count; i++)
        if (sfi_str_is_nocase(name, r->types[i].object->name)) return &r->types[i];
    return NULL;
}

/* ---- the reports of the definition files ---- */

static bool insert_report(sfo_report_types *r, sfo_store *store, const sfo_report *report, sfo_fault *f)
{
    sfi_buf text = { 0 };
    sf_id id;
    sfi_json_writer w = sfi_json_write_to(&text);
    sfo_report_write_metadata(report, true, &w);
    sfo_context c = { .user_id = sfo_store_admin_id(store), .version = "62.0", .version_number = 62.0 };
    char format[16];
    snprintf(format, sizeof format, "%s",
             report->format == SFO_MATRIX    ? "Matrix"
             : report->format == SFO_SUMMARY ? "Summary"
                                             : "Tabular");
    sfo_report_row row = { .name = report->name,
                           .developer_name = report->developer_name,
                           .description = report->description,
                           .format = format,
                           .folder_id = sfo_store_org_id(store),
                           .folder_name = "Public Reports",
                           .metadata = text.data };
    bool ok = !text.failed && sfo_report_insert(store, &c, &row, &id, f);
    (void)r;
    sfi_buf_free(&text);
    return ok;
}

static bool define(sfo_report_types *r, sfo_store *store, sf_value v, sfo_fault *f)
{
    sfi_arena arena = { 0 };
    sfo_report report = { 0 };
    bool ok = sfo_report_read(r, v, true, &arena, &report, f) && sfo_report_check(&report, f);
    int known = ok ? sfo_report_was_defined(store, report.developer_name, f) : -1;
    if (known == 0) ok = insert_report(r, store, &report, f);
    sfi_arena_free(&arena);
    return ok && known >= 0;
}

static sf_status define_all(sfo_report_types *r, sfo_store *store, sf_value list, const char *file, sf_error *err)
{
    sf_value v;
    int n = 0;
    sf_type type = sf_value_type(list);
    if (type != SF_MISSING && type != SF_ARRAY) return sfi_fail(err, SF_ERR_USAGE, "%s: \"reports\" is no array", file);
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        sfo_fault f = { 0 };
        const char *name = sf_get_str(v, "name");
        n++;
        if (define(r, store, v, &f)) continue;
        sf_status rc = sfi_fail(err, SF_ERR_USAGE, "%s: report %d (%s): %s", file, n, name != NULL ? name : "no name",
                                f.message != NULL ? f.message : "no memory");
        sfo_fault_clear(&f);
        return rc;
    }
    return SF_OK;
}

sf_status sfo_reports_new(sfo_store *store, sfo_report_types **out, sf_error *err)
{
    *out = NULL;
    sf_document *doc = NULL;
    sfo_report_types *r = sfi_calloc(sizeof *r);
    if (r == NULL) return sfi_fail_memory(err, "the reports");
    r->sync = (hour){ .times = r->sync_times, .max = SFO_REPORT_SYNC_HOUR };
    r->async = (hour){ .times = r->async_times, .max = SFO_REPORT_ASYNC_HOUR };
    r->has_lock = pthread_mutex_init(&r->lock, NULL) == 0;
    const sfo_schema *schema = sfo_store_schema(store);
    sf_status rc = r->has_lock ? sf_document_parse(sfo_reports, (size_t)(sfo_reports_end - sfo_reports), &doc, err)
                               : sfi_fail_memory(err, "the reports");
    if (rc == SF_OK && !read_types(r, schema, sf_get(sf_document_root(doc), "types")))
        rc = sfi_fail(err, SF_ERR_USAGE,
                      "org/data/reports.json: a type whose object or field is not there, or no memory");
    if (rc == SF_OK) rc = define_all(r, store, sf_get(sf_document_root(doc), "reports"), "org/data/reports.json", err);
    if (rc == SF_OK) rc = define_all(r, store, sfo_schema_extra(schema, "reports"), "the --schema file", err);
    sf_document_free(doc);
    if (rc == SF_OK) {
        *out = r;
        r = NULL;
    }
    sfo_reports_free(r);
    return rc;
}

void sfo_reports_free(sfo_report_types *r)
{
    if (r == NULL) return;
    if (r->has_lock) pthread_mutex_destroy(&r->lock);
    sfi_arena_free(&r->arena);
    sfi_free(r);
}
