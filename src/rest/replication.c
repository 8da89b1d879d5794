/* replication.c: the calls of replication.h. Called by programs; a cursor owns the one answer that has all changes, so
 * that going through them waits for nothing. The one idea: what the org would refuse or misread is refused here with the
 * reason, since the next run builds on this one's times. */
#include <salesforce/replication.h>
#include "rest/rest_internal.h"

enum { MINUTE_MS = 60000, DAY_MS = 86400000 };

struct sf_changes {
    sf_document *doc;
    sf_iter rows;
    size_t count, delivered;
    bool is_deleted;
    int64_t latest_ms, earliest_ms;
    sf_status end; /* SF_DONE or an error: sticky; SF_OK: goes on */
};

/* ---- the request ---- */

/* start=2024-11-01T00:00:00+00:00, encoded. */
static bool add_time(sfi_buf *path, const char *name, int64_t ms)
{
    char text[32];
    sfi_time_format(ms, text);
    if (text[0] == '\0') return false;
    memcpy(text + strlen("2024-11-01T00:00:00"), "+00:00", sizeof "+00:00");
    sfi_buf_add_str(path, name);
    return sfi_buf_add_urlencoded(path, sfi_str(text));
}

static sf_status check_span(const char *object, const sf_changes_options *o, int64_t end_ms, sf_error *err)
{
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_changes_options: reserved is not zero");
    if (!sfi_rest_is_name(object))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object != NULL ? object : "(NULL)");
    if (o->start_ms < 1 || end_ms < 1)
        return sfi_fail(err, SF_ERR_USAGE, "changes of %s: start_ms is not set, or a time lies before 1970", object);
    if (end_ms - o->start_ms < MINUTE_MS)
        return sfi_fail(err, SF_ERR_USAGE, "changes of %s: the end lies less than a minute after the start", object);
    if (end_ms - o->start_ms > (int64_t)SF_CHANGES_DAYS_MAX * DAY_MS)
        return sfi_fail(err, SF_ERR_USAGE,
                        "changes of %s: the span is longer than %d days, and the org answers for no longer ago: query "
                        "SystemModstamp instead (deleted rows with all_rows)",
                        object, SF_CHANGES_DAYS_MAX);
    return SF_OK;
}

/* ---- the answer ---- */

static sf_status read_answer(sf_changes *c, const char *what, sf_error *err)
{
    sf_value root = sf_document_root(c->doc);
    sf_value list = sf_get(root, c->is_deleted ? "deletedRecords" : "ids");
    if (sf_value_type(list) != SF_ARRAY)
        return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org's answer has no \"%s\"", what,
                        c->is_deleted ? "deletedRecords" : "ids");
    if (!sf_get_time_ms(root, "latestDateCovered", &c->latest_ms))
        return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org's answer does not say up to when it is complete", what);
    if (!sf_get_time_ms(root, "earliestDateAvailable", &c->earliest_ms)) c->earliest_ms = 0; /* not said */
    c->count = sf_value_count(list);
    c->rows = sf_iter_begin(list);
    return SF_OK;
}

static sf_status open_changes(sf_client *sf, const char *object, bool is_deleted, const sf_changes_options *o,
                              sf_changes **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || o == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf or options is NULL");
    int64_t end_ms = o->end_ms != 0 ? o->end_ms : sfi_wall_ms();
    sf_status rc = check_span(object, o, end_ms, err);
    if (rc != SF_OK) return rc;
    char what[SFI_REST_NAME_MAX + 16];
    snprintf(what, sizeof what, "%s %s", is_deleted ? "deleted" : "updated", object);
    sfi_buf path = { 0 };
    sfi_buf_addf(&path, "sobjects/%s/%s/?", object, is_deleted ? "deleted" : "updated");
    bool fits = add_time(&path, "start=", o->start_ms) && add_time(&path, "&end=", end_ms);
    rc = sfi_buf_status(&path, err, "the path");
    if (rc == SF_OK && !fits) rc = sfi_fail(err, SF_ERR_USAGE, "%s: a time lies beyond the year 9999", what);
    sf_changes *c = rc == SF_OK ? sfi_calloc(sizeof *c) : NULL;
    if (rc == SF_OK && c == NULL) rc = sfi_fail_memory(err, "changes");
    const sfi_call_request request = { .method = "GET", .path = path.data, .options = o->call, .what = what };
    if (rc == SF_OK) {
        c->is_deleted = is_deleted;
        rc = sfi_call_document(sf, &request, &c->doc, err);
    }
    if (rc == SF_OK) rc = read_answer(c, what, err);
    if (rc == SF_OK) {
        *out = c;
        c = NULL;
    }
    sf_changes_close(c);
    sfi_buf_free(&path);
    return rc;
}

sf_status sf_deleted_open(sf_client *sf, const char *object, const sf_changes_options *options, sf_changes **out,
                          sf_error *err)
{
    return open_changes(sf, object, true, options, out, err);
}

sf_status sf_updated_open(sf_client *sf, const char *object, const sf_changes_options *options, sf_changes **out,
                          sf_error *err)
{
    return open_changes(sf, object, false, options, out, err);
}

/* ---- the cursor ---- */

sf_status sf_changes_next(sf_changes *c, sf_change *out, sf_error *err)
{
    if (c == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "the cursor or out is NULL");
    sf_value row;
    sf_change next = { .deleted_ms = 0 };
    if (c->end == SF_OK && !sf_iter_next(&c->rows, NULL, &row)) c->end = SF_DONE;
    if (c->end == SF_OK) {
        next.id = sfi_id_make(sf_get_text(row, c->is_deleted ? "id" : NULL));
        if (!c->is_deleted || !sf_get_time_ms(row, "deletedDate", &next.deleted_ms)) next.deleted_ms = 0; /* not said */
        if (next.id.text[0] == '\0') c->end = SF_ERR_PROTOCOL;
    }
    if (c->end == SF_ERR_PROTOCOL)
        return sfi_fail(err, SF_ERR_PROTOCOL, "changes: element %zu of the answer is no record's id", c->delivered + 1);
    if (c->end != SF_OK) return c->end;
    c->delivered++;
    *out = next;
    return SF_ROW;
}

size_t sf_changes_count(const sf_changes *c)
{
    return c != NULL ? c->count : 0;
}

int64_t sf_changes_latest_covered_ms(const sf_changes *c)
{
    return c != NULL ? c->latest_ms : 0;
}

int64_t sf_changes_earliest_available_ms(const sf_changes *c)
{
    return c != NULL ? c->earliest_ms : 0;
}

void sf_changes_close(sf_changes *c)
{
    if (c == NULL) return;
    sf_document_free(c->doc);
    sfi_free(c);
}
