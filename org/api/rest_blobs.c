/*
 * rest_blobs.c: the bytes of records: read, and written beside the record's other fields as multipart/form-data. Large
 * ones go from the file in which the server put the request straight into the store's pieces, and from there straight to
 * the socket.
 */
#include "api/multipart.h"
#include "api/rest.h"
#include "store/blobs.h"

/* ---- reading ---- */
typedef struct sending {
    sfo_store *store;
    sfo_blob blob;
} sending;

static int64_t read_pieces(void *user, int64_t at, char *out, size_t cap)
{
    sending *s = user;
    return sfo_blob_read(s->store, &s->blob, at, out, cap);
}

/* Under the store's lock: the column to the response. */
static void answer_column(sfo_call *call, sf_str column)
{
    sfo_response *r = call->response;
    sfo_blob blob = sfo_blob_of(column);
    if (blob.number == 0) {
        sfi_buf_add(&r->body, column.ptr, column.len);
        return;
    }
    sending *s = sfi_alloc(sizeof *s);
    if (s == NULL) {
        r->body.failed = true; /* the server answers 500 */
        return;
    }
    *s = (sending){ .store = call->org->store, .blob = blob };
    r->stream = (sfo_body_stream){ .len = blob.len, .read = read_pieces, .end = sfi_free, .user = s };
}

void sfo_answer_blob(sfo_call *call, const sfo_object *o, const char *id, const sfo_field *field)
{
    bool has_type = sfo_object_field(o, SFI_STR("ContentType")) != NULL;
    char *sql = sqlite3_mprintf("SELECT \"%w\"%s FROM \"%w\" WHERE Id = ?", field->name,
                                has_type ? ", ContentType" : ", NULL", o->name);
    sqlite3_stmt *stmt = NULL;
    sfo_store_lock(call->org->store);
    bool found = sql != NULL && sqlite3_prepare_v2(sfo_store_db(call->org->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
                 sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
    if (found) {
        const char *type = (const char *)sqlite3_column_text(stmt, 1);
        const void *data = sqlite3_column_blob(stmt, 0);
        sfo_response_clear(call->response);
        call->response->status = 200;
        sfo_response_header(call->response, "Content-Type", "%s", type != NULL ? type : "application/octet-stream");
        answer_column(call, (sf_str){ data, (size_t)sqlite3_column_bytes(stmt, 0) });
    }
    sqlite3_finalize(stmt);
    sfo_store_unlock(call->org->store);
    sqlite3_free(sql);
    if (!found) sfo_answer_not_found(call);
}

/* ---- writing ---- */
static bool refuse(sfo_call *call, const char *message)
{
    sfo_answer_error(call, 400, "INVALID_MULTIPART_REQUEST", "%s", message);
    return false;
}

/* The part with the fields and the part with the bytes, which is the one that is a file. false: the response says why. */
static bool choose_parts(sfo_call *call, const sfo_part *parts, int count, const sfo_part **fields,
                         const sfo_part **bytes)
{
    *fields = *bytes = NULL;
    for (int i = 0; i < count; i++) {
        bool is_binary = parts[i].file_name.ptr != NULL;
        const sfo_part **place = is_binary ? bytes : fields;
        if (*place != NULL)
            return refuse(call, is_binary ? "Cannot include more than one binary part"
                                          : "Cannot include more than one non-binary part");
        *place = &parts[i];
    }
    if (*fields == NULL) return refuse(call, "Multipart message must include a non-binary part");
    return true;
}

/* The field that the bytes are for. false: the response says why not. */
static bool choose_field(sfo_call *call, const sfo_object *o, const sfo_part *bytes)
{
    if (bytes == NULL) return true; /* fields alone are a record too */
    const sfo_field *field = bytes->name.ptr != NULL ? sfo_object_field(o, bytes->name) : NULL;
    if (field == NULL || field->type != SFO_BASE64) {
        sfo_answer_error(call, 400, "INVALID_FIELD", "No such column '%.*s' on sobject of type %s",
                         (int)(bytes->name.len < 100 ? bytes->name.len : 100),
                         bytes->name.ptr != NULL ? bytes->name.ptr : "", o->name);
        return false;
    }
    call->context.bytes_field = field;
    call->context.bytes = bytes->data;
    return true;
}

bool sfo_call_record(sfo_call *call, const sfo_object *o, sf_value *out)
{
    const char *type = sfo_call_header(call, "Content-Type");
    sfo_part parts[SFO_PARTS_MAX];
    const sfo_part *fields, *bytes;
    call->context.bytes_field = NULL;
    if (type == NULL || !sfi_str_is_nocase(sfi_trim((sf_str){ type, strcspn(type, ";") }), "multipart/form-data"))
        return sfo_call_body(call, out);
    int count = sfo_multipart_parse(&call->arena, type, call->request->body, parts);
    if (count < 0) return refuse(call, "The multipart message is not well formed");
    return choose_parts(call, parts, count, &fields, &bytes) && choose_field(call, o, bytes) &&
           sfo_call_body_text(call, fields->data, out);
}
