/*
 * schema.c: loading and looking up, see schema.h. Definitions are read into drafts that grow (definition.c), completed
 * (defaults.c), then frozen into one arena with hashed names, so that nothing is allocated or decoded afterwards and any
 * thread may read.
 */
#include "schema/schema.h"
#include <errno.h>
#include "schema/schema_internal.h"

enum { SCHEMA_FILE_MAX = 64 * 1024 * 1024 };

extern const char sfo_standard_objects[], sfo_standard_objects_end[]; /* org/data */
extern const char sfo_standard_events[], sfo_standard_events_end[];

struct sfo_schema {
    sfi_arena arena;     /* all texts and arrays below */
    sfi_json *standard;  /* the definitions inside the program, kept for their seed rows */
    sfi_json *extra;     /* the --schema file; NULL: none */
    sfo_object *objects; /* by name */
    size_t count;
    sfo_name_index names, prefixes;
};

/* ---- reading a file ---- */

static sf_status read_file(const char *path, sfi_buf *out, sf_error *err)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return sfi_fail(err, SF_ERR_IO, "%s: cannot open the schema file: %s", path, strerror(errno));
    out->max = SCHEMA_FILE_MAX;
    bool failed = false;
    for (size_t n = 1; n > 0 && !out->failed;) {
        if (!sfi_buf_reserve(out, 64 * SFI_KIB)) break;
        n = fread(out->data + out->len, 1, 64 * SFI_KIB, file);
        out->len += n;
        failed = ferror(file) != 0;
    }
    (void)fclose(file); /* only read */
    if (failed) return sfi_fail(err, SF_ERR_IO, "%s: cannot read the schema file", path);
    return sfi_buf_status(out, err, path);
}

static sf_status parse(sf_str text, const char *name, sfi_json **out, sf_error *err)
{
    sfi_json *doc = NULL;
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_json_parse(doc, text, err);
    if (rc == SF_ERR_PROTOCOL) {
        if (err != NULL) err->status = SF_ERR_USAGE; /* a file of the user's, not the wire */
        rc = SF_ERR_USAGE;
        sfi_error_prefix(err, "%s", name);
    }
    if (rc == SF_OK) {
        *out = doc;
        doc = NULL;
    }
    sfi_json_free(doc);
    return rc;
}

/* The events that the org raises itself; what they say is read by api (monitor.c). */
static sf_status read_standard_events(sfo_loader *l)
{
    sfi_json *doc = NULL;
    sf_str text = { sfo_standard_events, (size_t)(sfo_standard_events_end - sfo_standard_events) };
    l->file = "standard events";
    sf_status rc = parse(text, l->file, &doc, l->err);
    if (rc == SF_OK) rc = sfo_definitions_read(l, sfi_json_root(doc));
    sfi_json_free(doc);
    return rc;
}

static sf_status read_definitions(sfo_schema *s, sfo_loader *l, const char *extra_path)
{
    sfi_buf text = { 0 };
    sf_str standard = { sfo_standard_objects, (size_t)(sfo_standard_objects_end - sfo_standard_objects) };
    l->file = "standard objects";
    l->standard = true;
    sf_status rc = parse(standard, l->file, &s->standard, l->err);
    if (rc == SF_OK) rc = sfo_definitions_read(l, sfi_json_root(s->standard));
    if (rc == SF_OK) rc = read_standard_events(l);
    if (rc == SF_OK && extra_path != NULL) {
        l->file = extra_path;
        l->standard = false;
        rc = read_file(extra_path, &text, l->err);
        if (rc == SF_OK) rc = parse(sfi_buf_str(&text), extra_path, &s->extra, l->err);
        if (rc == SF_OK) rc = sfo_definitions_read(l, sfi_json_root(s->extra));
    }
    sfi_buf_free(&text);
    return rc == SF_OK ? sfo_drafts_complete(l) : rc;
}

/* ---- freezing ---- */

static int compare_drafts(const void *a, const void *b)
{
    return strcmp(((const sfo_draft *)a)->object.name, ((const sfo_draft *)b)->object.name);
}

/* Children stand by the child's name, and as they came within one: a stable insertion sort, the lists are short. */
static void sort_children(sfo_child *children, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        sfo_child moving = children[i];
        size_t at = i;
        for (; at > 0 && strcmp(children[at - 1].child_object, moving.child_object) > 0; at--)
            children[at] = children[at - 1];
        children[at] = moving;
    }
}

static bool freeze_names(sfi_arena *arena, const sfo_object *o, struct sfo_names *names)
{
    if (!sfo_names_init(&names->fields, arena, o->field_count, false) ||
        !sfo_names_init(&names->relationships, arena, o->field_count, false) ||
        !sfo_names_init(&names->children, arena, o->child_count, false))
        return false;
    for (size_t i = 0; i < o->field_count; i++) {
        (void)sfo_names_add(&names->fields, o->fields[i].name, i); /* twice: refused when read */
        if (o->fields[i].relationship_name != NULL)
            (void)sfo_names_add(&names->relationships, o->fields[i].relationship_name, i); /* twice: the first wins */
    }
    for (size_t i = 0; i < o->child_count; i++)
        if (o->children[i].relationship_name != NULL)
            (void)sfo_names_add(&names->children, o->children[i].relationship_name, i); /* as above */
    return true;
}

static bool freeze_object(sfi_arena *arena, const sfo_draft *d, sfo_object *o)
{
    sfo_field *fields = sfi_arena_alloc(arena, (d->field_count + 1) * sizeof *fields);
    sfo_child *children = sfi_arena_alloc(arena, (d->child_count + 1) * sizeof *children);
    struct sfo_names *names = sfi_arena_alloc(arena, sizeof *names);
    if (fields == NULL || children == NULL || names == NULL) return false;
    if (d->field_count > 0) memcpy(fields, d->fields, d->field_count * sizeof *fields);
    if (d->child_count > 0) memcpy(children, d->children, d->child_count * sizeof *children);
    sort_children(children, d->child_count);
    size_t index = o->index;
    *o = d->object;
    o->index = index;
    for (size_t i = 0; i < d->field_count; i++) fields[i].object = o;
    o->fields = fields;
    o->field_count = d->field_count;
    o->children = children;
    o->child_count = d->child_count;
    o->names = names;
    return freeze_names(arena, o, names);
}

static sf_status freeze(sfo_schema *s, sfo_loader *l)
{
    qsort(l->drafts, l->count, sizeof *l->drafts, compare_drafts);
    s->objects = sfi_arena_alloc(&s->arena, l->count * sizeof *s->objects);
    if (s->objects == NULL || !sfo_names_init(&s->names, &s->arena, l->count, false) ||
        !sfo_names_init(&s->prefixes, &s->arena, l->count, true))
        return sfi_fail_memory(l->err, "the schema");
    for (size_t i = 0; i < l->count; i++) {
        sfo_object *o = &s->objects[i];
        o->index = i;
        if (!freeze_object(&s->arena, &l->drafts[i], o)) return sfi_fail_memory(l->err, "the schema");
        (void)sfo_names_add(&s->names, o->name, i); /* no two drafts have one name */
        if (o->key_prefix != NULL)
            (void)sfo_names_add(&s->prefixes, o->key_prefix, i); /* LeadStatus and OpportunityStage share one */
    }
    s->count = l->count;
    return SF_OK;
}

sf_status sfo_schema_load(const char *extra_path, sfo_schema **out, sf_error *err)
{
    *out = NULL;
    sfo_schema *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "the schema");
    sfo_loader l = { .arena = &s->arena, .err = err };
    sf_status rc = read_definitions(s, &l, extra_path);
    if (rc == SF_OK) rc = freeze(s, &l);
    sfo_loader_clear(&l);
    if (rc == SF_OK) {
        *out = s;
        s = NULL;
    }
    sfo_schema_free(s);
    return rc;
}

void sfo_schema_free(sfo_schema *s)
{
    if (s == NULL) return;
    sfi_json_free(s->standard);
    sfi_json_free(s->extra);
    sfi_arena_free(&s->arena);
    sfi_free(s);
}

/* ---- looking up ---- */

size_t sfo_schema_count(const sfo_schema *s)
{
    return s->count;
}

const sfo_object *sfo_schema_at(const sfo_schema *s, size_t i)
{
    return i < s->count ? &s->objects[i] : NULL;
}

const sfo_object *sfo_schema_object(const sfo_schema *s, sf_str name)
{
    int64_t at = sfo_names_find(&s->names, name);
    return at >= 0 ? &s->objects[at] : NULL;
}

const sfo_object *sfo_schema_object_of_id(const sfo_schema *s, sf_str id)
{
    if (id.len < 3) return NULL;
    int64_t at = sfo_names_find(&s->prefixes, (sf_str){ id.ptr, 3 });
    return at >= 0 ? &s->objects[at] : NULL;
}

const sfo_field *sfo_object_field(const sfo_object *o, sf_str name)
{
    int64_t at = sfo_names_find(&o->names->fields, name);
    return at >= 0 ? &o->fields[at] : NULL;
}

const sfo_field *sfo_object_relationship(const sfo_object *o, sf_str name)
{
    int64_t at = sfo_names_find(&o->names->relationships, name);
    return at >= 0 ? &o->fields[at] : NULL;
}

const sfo_child *sfo_object_child(const sfo_object *o, sf_str name)
{
    int64_t at = sfo_names_find(&o->names->children, name);
    return at >= 0 ? &o->children[at] : NULL;
}

const sfo_field *sfo_object_name_field(const sfo_object *o)
{
    for (size_t i = 0; i < o->field_count; i++)
        if (o->fields[i].name_field) return &o->fields[i];
    return NULL;
}

sf_value sfo_schema_seed_rows(const sfo_schema *s)
{
    return sf_get(sfi_json_root(s->standard), "seedRows");
}

sf_value sfo_schema_extra(const sfo_schema *s, const char *member)
{
    return s->extra != NULL ? sf_get(sfi_json_root(s->extra), member) : (sf_value){ 0 };
}
