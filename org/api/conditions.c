/* conditions.c: If-Match and its family, on rows and on describes; see rest.h. Dates have whole seconds. */
#include "api/rest.h"

/* "x--gzip" and the older "x-gzip" mean "x". */
static sf_str without_gzip(sf_str tag)
{
    static const char *const suffixes[] = { "--gzip\"", "-gzip\"" };
    for (size_t i = 0; i < SFI_COUNT_OF(suffixes); i++)
        if (sfi_ends_with(tag, suffixes[i])) return (sf_str){ tag.ptr, tag.len - strlen(suffixes[i]) };
    if (sfi_ends_with(tag, "\"")) tag.len--;
    return tag;
}

bool sfo_etag_in(const char *list, const char *etag)
{
    sf_str wanted = without_gzip(sfi_str(etag));
    sf_str rest = sfi_str(list);
    sf_str tag;
    while (sfo_next_piece(&rest, &tag)) {
        (void)sfi_take_text(&tag, "W/"); /* a weak tag compares by its text */
        if (sfi_str_is(tag, "*") || sfi_str_eq(without_gzip(tag), wanted)) return true;
    }
    return false;
}

/* Header name as a date. @return 1 it is one, 0 it is not there, -1 it is something else. */
static int date_header(const sfo_call *call, const char *name, int64_t *ms)
{
    char gmt[40];
    const char *value = sfo_call_header(call, name);
    if (value == NULL) return 0;
    sf_str date = sfi_trim(sfi_str(value));
    if (sfi_ends_with(date, " UTC") &&
        date.len < sizeof gmt) { /* what Java's formatter calls it, which the vendor names */
        snprintf(gmt, sizeof gmt, "%.*sGMT", (int)date.len - 3, date.ptr);
        date = sfi_str(gmt);
    }
    return sfi_http_date_parse(date, ms) ? 1 : -1;
}

bool sfo_not_modified(sfo_call *call, const char *etag, int64_t modified_ms)
{
    const char *none_match = sfo_call_header(call, "If-None-Match");
    if (none_match != NULL && etag[0] != '\0') return sfo_etag_in(none_match, etag); /* it outranks the date */
    int64_t since = 0;
    return date_header(call, "If-Modified-Since", &since) == 1 && modified_ms / 1000 <= since / 1000;
}

bool sfo_has_precondition(const sfo_call *call)
{
    static const char *const names[] = { "If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since" };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (sfo_call_header(call, names[i]) != NULL) return true;
    return false;
}

bool sfo_precondition_holds(sfo_call *call, const sfo_row_state *row, bool is_read)
{
    static const char *const dates[] = { "If-Unmodified-Since", "If-Modified-Since" };
    int64_t ms[2] = { 0, 0 };
    int got[2];
    for (size_t i = 0; i < 2; i++) {
        got[i] = date_header(call, dates[i], &ms[i]);
        if (got[i] >= 0 || is_read) continue;
        sfo_answer_error(call, 400, "BAD_REQUEST", "Invalid date in header %s", dates[i]);
        return false;
    }
    const char *match = sfo_call_header(call, "If-Match");
    const char *none_match = sfo_call_header(call, "If-None-Match");
    bool holds = true;
    if (match != NULL && row->etag[0] != '\0')
        holds = sfo_etag_in(match, row->etag);
    else if (got[0] == 1)
        holds = row->modified_ms / 1000 <= ms[0] / 1000;
    bool is_write = !is_read; /* what is 412 before a write is 304 on a read: sfo_not_modified */
    if (is_write && holds && none_match != NULL && row->etag[0] != '\0')
        holds = !sfo_etag_in(none_match, row->etag);
    else if (is_write && holds && got[1] == 1)
        holds = row->modified_ms / 1000 > ms[1] / 1000;
    if (!holds)
        sfo_answer_error(call, 412, "PRECONDITION_FAILED",
                         "The record does not meet the conditions of the request's headers");
    return holds;
}
