/* collection.c: see collection_internal.h. Called by collections.c and the writer; owns nothing. The one idea: a request is
 * one text that grows row by row, and each row's place in it is known, so that a row that does not fit is cut off again and
 * some rows can be sent once more without being written again. */
#include "rest/collection_internal.h"

/* ---- what all requests have in common ---- */

sf_status sfi_collection_check(const sfi_collection *c, sf_error *err)
{
    if (c->operation < SF_INSERT || c->operation > SF_DELETE)
        return sfi_fail(err, SF_ERR_USAGE, "operation is %d; want SF_INSERT, SF_UPDATE, SF_UPSERT or SF_DELETE",
                        (int)c->operation);
    if (c->object != NULL && !sfi_rest_is_name(c->object))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", c->object);
    if ((c->operation == SF_UPSERT) != (c->external_id != NULL))
        return sfi_fail(err, SF_ERR_USAGE, "external_id is the field of an upsert: %s",
                        c->external_id != NULL ? "nothing else takes it" : "it is missing");
    if (c->external_id != NULL && !sfi_rest_is_name(c->external_id))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a field name", c->external_id);
    if (c->operation == SF_UPSERT && c->object == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "an upsert needs the object of its rows");
    if (c->assignment_rule != NULL && !sfi_rest_is_header_value(c->assignment_rule))
        return sfi_fail(err, SF_ERR_USAGE, "assignment_rule is TRUE, FALSE or a rule's id");
    if (c->operation == SF_DELETE && (c->assignment_rule != NULL || c->allow_duplicates))
        return sfi_fail(err, SF_ERR_USAGE, "a delete takes no assignment_rule and no allow_duplicates");
    return SF_OK;
}

/* ---- rows ---- */

void sfi_rows_start(sfi_rows *rows, const sfi_collection *c)
{
    sfi_buf_clear(&rows->text);
    rows->text.failed = rows->text.over_max = false;
    rows->count = 0;
    rows->runs = 0;
    rows->kind[0] = '\0';
    if (c->operation == SF_DELETE)
        sfi_buf_addf(&rows->text, "composite/sobjects?allOrNone=%s&ids=", c->all_or_none ? "true" : "false");
    else
        sfi_buf_addf(&rows->text, "{\"allOrNone\":%s,\"records\":[", c->all_or_none ? "true" : "false");
}

void sfi_rows_free(sfi_rows *rows)
{
    sfi_buf_free(&rows->text);
}

sfi_json_writer sfi_rows_open(sfi_rows *rows, const char *object)
{
    sfi_json_writer w = sfi_json_write_to(&rows->text);
    rows->mark = rows->text.len;
    if (rows->count > 0) sfi_buf_add_char(&rows->text, ',');
    if (rows->count < SF_COLLECTION_MAX) rows->begin[rows->count] = (uint32_t)rows->text.len;
    if (object == NULL) return w;
    sfi_buf_add(&rows->text, "{\"attributes\":{\"type\":\"", 23);
    sfi_buf_add_str(&rows->text, object); /* a name needs no escapes */
    sfi_buf_add(&rows->text, "\"}", 2);
    w.need_comma = true;
    return w;
}

void sfi_rows_undo(sfi_rows *rows)
{
    rows->text.failed = rows->text.over_max = false;
    rows->text.len = rows->mark;
    if (rows->text.data != NULL) rows->text.data[rows->mark] = '\0';
}

sf_status sfi_rows_close(sfi_rows *rows, const char *object, sf_str kind, size_t most)
{
    if (object != NULL) sfi_buf_add_char(&rows->text, '}');
    sfi_buf_reserve(&rows->text, 2); /* for what ends the request */
    bool is_run = !sfi_str_is_nocase(kind, rows->kind);
    sf_status rc = SF_OK;
    if (rows->text.failed) rc = rows->text.over_max ? SF_ERR_LIMIT : SF_ERR_MEMORY;
    if (rc == SF_OK && (rows->count >= most || rows->runs + (is_run ? 1 : 0) > SF_COLLECTION_RUNS_MAX))
        rc = SF_ERR_LIMIT;
    if (rc != SF_OK) {
        sfi_rows_undo(rows);
        return rc;
    }
    if (is_run) {
        rows->runs++;
        memcpy(rows->kind, kind.ptr, kind.len);
        rows->kind[kind.len] = '\0';
    }
    rows->end[rows->count++] = (uint32_t)rows->text.len;
    return SF_OK;
}

void sfi_rows_end(sfi_rows *rows, const sfi_collection *c)
{
    if (c->operation != SF_DELETE) sfi_buf_add(&rows->text, "]}", 2); /* reserved for the last row */
}

sf_status sfi_rows_pick(sfi_rows *to, const sfi_rows *from, const sfi_collection *c, const bool *wanted)
{
    to->text.max = from->text.max;
    sfi_rows_start(to, c);
    for (size_t i = 0; i < from->count; i++) {
        if (!wanted[i]) continue;
        (void)sfi_rows_open(to, NULL);
        sfi_buf_add(&to->text, from->text.data + from->begin[i], from->end[i] - from->begin[i]);
        sf_status rc = sfi_rows_close(to, NULL, SFI_STR("same"), SF_COLLECTION_MAX);
        if (rc != SF_OK) return rc;
    }
    sfi_rows_end(to, c);
    return SF_OK;
}

/* ---- the request ---- */

sfi_call_request sfi_collection_request(const sfi_collection *c, const sfi_rows *rows, sfi_collection_texts *texts)
{
    static const char *const methods[] = { "", "POST", "PATCH", "PATCH", "DELETE" };
    static const char *const verbs[] = { "", "create", "update", "upsert", "delete" };
    sfi_call_request request = { .method = methods[c->operation],
                                 .path = texts->path,
                                 .body = sfi_buf_str(&rows->text),
                                 .repeatable = c->operation != SF_INSERT,
                                 .options = c->call,
                                 .what = texts->what };
    snprintf(texts->path, sizeof texts->path, "composite/sobjects");
    if (c->operation == SF_UPSERT)
        snprintf(texts->path, sizeof texts->path, "composite/sobjects/%s/%s", c->object, c->external_id);
    if (c->operation == SF_DELETE) {
        request.path = rows->text.data;
        request.body = (sf_str){ NULL, 0 };
    }
    snprintf(texts->what, sizeof texts->what, "%s %zu %s%srows", verbs[c->operation], rows->count,
             c->object != NULL ? c->object : "", c->object != NULL ? " " : "");
    if (c->assignment_rule != NULL)
        request.headers[request.header_count++] =
            (sfi_header){ SFI_STR("Sforce-Auto-Assign"), sfi_str(c->assignment_rule) };
    if (c->allow_duplicates)
        request.headers[request.header_count++] =
            (sfi_header){ SFI_STR("Sforce-Duplicate-Rule-Header"), SFI_STR("allowSave=true") };
    return request;
}

/* ---- the answer ---- */

sf_status sfi_collection_read(sf_client *sf, sfi_answer *answer, sfi_json *doc, size_t rows, const char *what,
                              sf_error *err)
{
    sf_status rc = sfi_answer_json(sf, answer, doc, true, err);
    if (rc != SF_OK) return rc;
    sf_value array = sfi_json_root(doc);
    sf_value row;
    size_t count = 0;
    if (sf_value_type(array) != SF_ARRAY)
        return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org's answer is not an array of results", what);
    sf_iter it = sf_iter_begin(array);
    while (sf_iter_next(&it, NULL, &row)) {
        if (sf_value_type(sf_get(row, "success")) != SF_BOOL)
            return sfi_fail(err, SF_ERR_PROTOCOL, "%s: element %zu of the org's answer is not a result", what, count);
        count++;
    }
    if (count == rows) return SF_OK;
    return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org answered with %zu results", what, count);
}

/* An answer of the right status that cannot be read: of inserts nobody knows what it said. */
static sf_status fail_unread(const sfi_collection *c, const char *what, sf_error *err)
{
    if (c->operation != SF_INSERT) return err->status;
    int32_t http_status = err->http_status;
    char why[sizeof err->message];
    memcpy(why, err->message, sizeof why);
    (void)sfi_fail(
        err, SF_ERR_UNKNOWN_OUTCOME,
        "%s: the org answered what cannot be read (%.400s), so the rows may be there or not; look in the org "
        "before sending them again, or write by external id (upsert), which can be repeated",
        what, why);
    err->http_status = http_status;
    return SF_ERR_UNKNOWN_OUTCOME;
}

/* As much of it as fits. */
static void add_cut(sfi_buf *text, sf_str s)
{
    size_t room = text->max - text->len;
    sfi_buf_add(text, s.ptr, s.len < room ? s.len : room);
}

/* "CODE: message", of each error, with "; " between. */
static void add_row_error(sf_value error, sfi_buf *text, sf_error *out, bool is_first)
{
    sf_str code = sf_get_text(error, "statusCode");
    sf_value field;
    if (code.ptr == NULL) code = sf_get_text(error, "errorCode");
    sf_str message = sf_get_text(error, "message");
    if (is_first && code.ptr != NULL) sfi_error_set_code(out, code);
    if (!is_first) add_cut(text, SFI_STR("; "));
    add_cut(text, code);
    if (code.len > 0 && message.len > 0) add_cut(text, SFI_STR(": "));
    add_cut(text, message);
    sf_iter it = sf_iter_begin(sf_get(error, "fields"));
    while (sf_iter_next(&it, NULL, &field)) sfi_error_add_field(out, sf_get_text(field, NULL));
}

static void read_errors(sf_value answer, sf_error *out)
{
    char room[sizeof out->message];
    sfi_buf text = { .data = room, .cap = sizeof room, .max = sizeof room - 1 }; /* never grows: what is over is cut */
    sf_error fields = { 0 };
    sf_value error;
    bool is_first = true;
    room[0] = '\0';
    sf_iter it = sf_iter_begin(sf_get(answer, "errors"));
    while (sf_iter_next(&it, NULL, &error)) {
        add_row_error(error, &text, &fields, is_first);
        is_first = false;
    }
    (void)sfi_fail(out, SF_ERR_ORG, "%.*s", (int)text.len, text.len > 0 ? room : "");
    if (text.len == 0) (void)sfi_fail(out, SF_ERR_ORG, "the org answered success:false without saying why");
    memcpy(out->code, fields.code, sizeof out->code);
    memcpy(out->fields, fields.fields, sizeof out->fields);
    out->http_status = 200;
    out->retryable = strcmp(out->code, "UNABLE_TO_LOCK_ROW") == 0;
}

bool sfi_collection_has_code(sf_value answer, const char *code)
{
    sf_value error;
    sf_iter it = sf_iter_begin(sf_get(answer, "errors"));
    while (sf_iter_next(&it, NULL, &error))
        if (sfi_str_is(sf_get_text(error, "statusCode"), code)) return true;
    return false;
}

/* Every row of a delete says that it is deleted already: so an earlier attempt has done it, all or none. */
static bool is_done(sf_value array)
{
    sf_value row;
    sf_iter it = sf_iter_begin(array);
    while (sf_iter_next(&it, NULL, &row))
        if (!sfi_collection_has_code(row, "ENTITY_IS_DELETED")) return false;
    return true;
}

sf_status sfi_collection_finish(sf_client *sf, const sfi_collection *c, const sfi_rows *rows, sfi_call *call,
                                sfi_json **doc, sfi_collection_end *end, sf_error *err)
{
    sfi_collection_texts texts;
    sfi_call_request request = sfi_collection_request(c, rows, &texts);
    bool may_repeat = c->operation != SF_INSERT && (c->call == NULL || !c->call->no_retry);
    *end = (sfi_collection_end){ 0 };
    for (int attempt = 0;; attempt++) { /* ends: the second one is the last */
        sfi_answer answer = { 0 };
        sf_status rc = attempt == 0 ? sfi_call_finish(call, &answer, err) : sfi_call_run(sf, &request, &answer, err);
        bool came = rc == SF_OK;
        end->repeated |= answer.may_be_done || attempt > 0;
        if (came && *doc == NULL) rc = sfi_json_new(doc, err);
        if (came && rc == SF_OK) rc = sfi_collection_read(sf, &answer, *doc, rows->count, texts.what, err);
        sfi_answer_clear(&answer);
        if (rc == SF_OK) {
            if (c->all_or_none && end->repeated) end->repeated = is_done(sfi_json_root(*doc));
            return rc;
        }
        if (came && rc != SF_ERR_MEMORY && attempt == 0 && may_repeat) continue;
        end->may_be_done = came || end->repeated || rc == SF_ERR_UNKNOWN_OUTCOME || rc == SF_ERR_CANCELLED;
        return came ? fail_unread(c, texts.what, err) : rc;
    }
}

void sfi_collection_result(const sfi_collection *c, sf_value answer, bool repeated, sf_row_result *out)
{
    out->answer = answer;
    out->success = sf_get_bool(answer, "success", false);
    if (!out->success && repeated && c->operation == SF_DELETE && sfi_collection_has_code(answer, "ENTITY_IS_DELETED"))
        out->success = true;
    out->created = out->success && (c->operation == SF_INSERT || sf_get_bool(answer, "created", false));
    out->id = sfi_id_make(sf_get_text(answer, "id"));
    if (!out->success) read_errors(answer, &out->error);
}
