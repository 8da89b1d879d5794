/* fault.c: sfo_fault: what an org says when it refuses. See store.h. */
#include "store/store_internal.h"
#undef sfo_fault_set /* macros when the analyzer reads */
#undef sfo_fault_memory

bool sfo_fault_set(sfo_fault *f, int http_status, const char *code, const char *format, ...)
{
    if (f == NULL) return false;
    sfo_fault_clear(f);
    f->http_status = http_status;
    (void)snprintf(f->code, sizeof f->code, "%s", code); /* codes are short constants */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || (f->message = sfi_alloc((size_t)len + 1)) == NULL) return false; /* written as "" */
    va_start(args, format);
    (void)vsnprintf(f->message, (size_t)len + 1, format, args); /* measured above */
    va_end(args);
    return false;
}

void sfo_fault_clear(sfo_fault *f)
{
    if (f == NULL) return;
    sfi_free(f->message);
    sfi_free(f->duplicates);
    *f = (sfo_fault){ 0 };
}

void sfo_fault_add_field(sfo_fault *f, const char *field)
{
    if (f == NULL) return;
    f->has_fields = true;
    size_t used = strlen(f->fields), more = strlen(field);
    if (used + more + 2 > sizeof f->fields) return; /* the message names them all */
    (void)snprintf(f->fields + used, sizeof f->fields - used, "%s%s", used > 0 ? "," : "", field);
}

bool sfo_fault_sql(sfo_store *s, sfo_fault *f)
{
    int code = sqlite3_errcode(s->db);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return sfo_fault_set(f, 400, "UNABLE_TO_LOCK_ROW",
                             "unable to obtain exclusive access to this record or 1 records");
    if (code == SQLITE_FULL) return sfo_fault_set(f, 400, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded");
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: %s", sqlite3_errmsg(s->db));
}

bool sfo_fault_memory(sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
}

bool sfo_fault_not_found(sfo_fault *f)
{
    return sfo_fault_set(f, 404, "NOT_FOUND", "The requested resource does not exist");
}

bool sfo_fault_deleted(sfo_fault *f)
{
    (void)sfo_fault_set(f, 404, "ENTITY_IS_DELETED", "entity is deleted");
    if (f != NULL) f->has_fields = true;
    return false;
}

bool sfo_fault_converted(sfo_fault *f)
{
    (void)sfo_fault_set(f, 400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead");
    if (f != NULL) f->has_fields = true;
    return false;
}

static void write_fields(const sfo_fault *f, sfi_json_writer *w)
{
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
    for (const char *at = f->fields; *at != '\0';) { /* each round takes a name away */
        size_t len = strcspn(at, ",");
        sfi_json_string_n(w, (sf_str){ at, len });
        at += len + (at[len] == ',' ? 1 : 0);
    }
    sfi_json_end_array(w);
}

void sfo_fault_write_members(const sfo_fault *f, sfi_json_writer *w)
{
    sfi_json_key(w, "statusCode");
    sfi_json_string(w, f->code);
    sfi_json_key(w, "message");
    sfi_json_string(w, f->message != NULL ? f->message : "");
    write_fields(f, w);
}

void sfo_fault_write_json(const sfo_fault *f, sfi_buf *out)
{
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_array(&w);
    sfi_json_begin_object(&w);
    if (f->duplicates != NULL) {
        sfi_json_key(&w, "duplicateResut"); /* as real orgs spell it */
        sfi_json_raw_text(&w, sfi_str(f->duplicates));
    }
    sfi_json_key(&w, "message");
    sfi_json_string(&w, f->message != NULL ? f->message : "");
    sfi_json_key(&w, "errorCode");
    sfi_json_string(&w, f->code);
    if (f->has_fields || f->fields[0] != '\0') write_fields(f, &w);
    sfi_json_end_object(&w);
    sfi_json_end_array(&w);
}
