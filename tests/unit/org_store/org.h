/* org.h: a store in memory (or in a file) for the tests of org/store, and one-line calls on it. */
#ifndef TEST_ORG_H
#define TEST_ORG_H
#include "store/store.h"
#include <unistd.h>
#include "support/support.h"

typedef struct test_org {
    sfo_schema *schema;
    sfo_store *store;
    sfo_context context;
} test_org;

static inline void org_open_with(test_org *org, const char *path, const char *schema_path)
{
    sf_error err;
    if (sfo_schema_load(schema_path, &org->schema, &err) != SF_OK) fail_msg("%s", err.message);
    if (sfo_store_open(path, org->schema, &org->store, &err) != SF_OK) fail_msg("%s", err.message);
    org->context =
        (sfo_context){ .user_id = sfo_store_admin_id(org->store), .version = "62.0", .version_number = 62.0 };
}

static inline void org_open(test_org *org)
{
    org_open_with(org, ":memory:", NULL);
}

static inline void org_close(test_org *org)
{
    sfo_store_close(org->store);
    sfo_schema_free(org->schema);
    *org = (test_org){ 0 };
}

static inline const sfo_object *org_object(const test_org *org, const char *name)
{
    const sfo_object *o = sfo_schema_object(org->schema, sfi_str(name));
    assert_non_null(o);
    return o;
}

static inline sf_document *org_json(const char *json)
{
    sf_document *doc = NULL;
    sf_error err;
    if (sf_document_parse(json, strlen(json), &doc, &err) != SF_OK) fail_msg("%s: %s", json, err.message);
    return doc;
}

static inline bool org_create(test_org *org, const char *object, const char *json, sf_id *id, sfo_fault *f)
{
    sf_document *doc = org_json(json);
    bool ok = sfo_record_create(org->store, &org->context, org_object(org, object), sf_document_root(doc), id, f);
    sf_document_free(doc);
    return ok;
}

static inline sf_id org_must_create(test_org *org, const char *object, const char *json)
{
    sfo_fault f = { 0 };
    sf_id id = { "" };
    if (!org_create(org, object, json, &id, &f)) fail_msg("%s %s: %s %s", object, json, f.code, f.message);
    return id;
}

static inline bool org_update(test_org *org, const char *object, const char *id, const char *json, sfo_fault *f)
{
    sf_document *doc = org_json(json);
    bool ok = sfo_record_update(org->store, &org->context, org_object(org, object), id, sf_document_root(doc), f);
    sf_document_free(doc);
    return ok;
}

static inline bool org_delete(test_org *org, const char *object, const char *id, sfo_fault *f)
{
    return sfo_record_delete(org->store, &org->context, org_object(org, object), id, f);
}

static inline bool org_upsert(test_org *org, const char *object, const char *field, const char *value, const char *json,
                              sf_id *id, bool *created, sfo_fault *f)
{
    sf_document *doc = org_json(json);
    const sfo_object *o = org_object(org, object);
    bool ok = sfo_record_upsert(org->store, &org->context, o, sfo_object_field(o, sfi_str(field)), sfi_str(value),
                                sf_document_root(doc), false, id, created, f);
    sf_document_free(doc);
    return ok;
}

/* Writes text to a new file under /tmp and gives its name. */
static inline const char *org_temp_file(char path[64], const char *text)
{
    snprintf(path, 64, "/tmp/sfo_store_test_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* The fault says just this; it is cleared. */
static inline void org_assert_fault(sfo_fault *f, int status, const char *code, const char *message, const char *fields)
{
    if (f->http_status != status || strcmp(f->code, code) != 0 || f->message == NULL ||
        strcmp(f->message, message) != 0 || strcmp(f->fields, fields) != 0)
        fail_msg("got %d %s «%s» [%s]\nwant %d %s «%s» [%s]", f->http_status, f->code, f->message, f->fields, status,
                 code, message, fields);
    sfo_fault_clear(f);
}

/* The record as a document; NULL: fault in f. */
static inline sf_document *org_read(test_org *org, const char *object, const char *id, sfo_fault *f)
{
    sfi_buf out = { 0 };
    sf_document *doc = NULL;
    if (sfo_record_read(org->store, &org->context, org_object(org, object), id, NULL, 0, &out, NULL, f))
        doc = org_json(out.data);
    sfi_buf_free(&out);
    return doc;
}

/* One field of a record as JSON text compares with want. */
static inline void org_assert_field(test_org *org, const char *object, const char *id, const char *field,
                                    const char *want)
{
    sfo_fault f = { 0 };
    char *json = NULL;
    sf_document *doc = org_read(org, object, id, &f);
    if (doc == NULL) fail_msg("%s %s: %s", object, id, f.message);
    sf_value v = sf_get(sf_document_root(doc), field);
    if (sf_value_to_json(v, &json, NULL, NULL) != SF_OK) fail_msg("%s.%s is missing", object, field);
    if (strcmp(json, want) != 0) fail_msg("%s.%s is %s, want %s", object, field, json, want);
    sf_free(json);
    sf_document_free(doc);
}

static inline int64_t org_number(test_org *org, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(sfo_store_db(org->store), sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}
#endif
