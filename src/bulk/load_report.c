/* load_report.c: what is told of a load: progress now and then, and failed rows by their reason. */
#include "bulk/load_internal.h"

bool sfi_load_tell(sfi_load *l)
{
    return l->options->progress == NULL || l->options->progress(l->options->user, &l->progress);
}

bool sfi_load_is_passing(sf_str code)
{
    static const char *const passing[] = { "UNABLE_TO_LOCK_ROW", "API_TEMPORARILY_UNAVAILABLE", "SERVER_UNAVAILABLE",
                                           "REQUEST_RUNNING_TOO_LONG" };
    for (size_t i = 0; i < SFI_COUNT_OF(passing); i++)
        if (sfi_str_is(code, passing[i])) return true;
    return false;
}

sf_str sfi_load_code_of(sf_str error)
{
    const char *colon = error.len > 0 ? memchr(error.ptr, ':', error.len) : NULL;
    size_t len = colon != NULL ? (size_t)(colon - error.ptr) : 0;
    for (size_t i = 0; i < len; i++) {
        char c = error.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return (sf_str){ error.ptr, 0 };
    }
    return (sf_str){ error.ptr, len };
}

/* Behind the last colon: the fields. Reasons are told apart by code and fields, since messages name records. */
static sf_str fields_of(sf_str error)
{
    for (size_t i = error.len; i-- > 0;)
        if (error.ptr[i] == ':') return (sf_str){ error.ptr + i + 1, error.len - i - 1 };
    return (sf_str){ error.ptr, 0 };
}

/* Cut to fit, between characters. */
static void copy(char *out, size_t size, sf_str text)
{
    size_t len = text.len < size ? text.len : size - 1;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80) len--;
    if (len > 0) memcpy(out, text.ptr, len);
    out[len] = '\0';
}

void sfi_load_note_reason(sf_load_report *r, sf_str error, int32_t file, int64_t line, sf_str row)
{
    sf_str code = sfi_load_code_of(error), fields = fields_of(error);
    size_t at = 0;
    for (; at < r->reason_count; at++) {
        sf_load_reason *known = &r->reasons[at];
        sf_str message = sfi_str(known->message);
        bool whole = message.len + 1 < sizeof known->message; /* a cut one has lost its fields */
        if (sfi_str_is(code, known->code) && (!whole || code.len == 0 || sfi_str_eq(fields, fields_of(message)))) break;
    }
    if (at == SF_LOAD_REASONS_MAX) at--; /* what is left over counts with the last */
    if (at == r->reason_count) {
        r->reason_count++;
        r->reasons[at] = (sf_load_reason){ .line = line, .file = file };
        copy(r->reasons[at].row, sizeof r->reasons[at].row, row);
        copy(r->reasons[at].code, sizeof r->reasons[at].code, code);
        copy(r->reasons[at].message, sizeof r->reasons[at].message, error);
    }
    r->reasons[at].rows++;
    sf_load_reason *why = &r->reasons[at];
    bool is_earlier = file != why->file ? file < why->file : line < why->line;
    if (line > 0 && (why->line == 0 || is_earlier)) {
        why->line = line;
        why->file = file;
        copy(why->row, sizeof why->row, row);
    }
    while (at > 0 && r->reasons[at].rows > r->reasons[at - 1].rows) { /* the most frequent first */
        sf_load_reason other = r->reasons[at];
        r->reasons[at] = r->reasons[at - 1];
        r->reasons[--at] = other;
    }
}

/* Data that arrived twice, as when an upload is refused after it was taken and so sent again: the job cannot be closed. */
bool sfi_load_is_spoilt(sf_status rc, const sf_error *err)
{
    return rc == SF_ERR_ORG && strstr(err->message, "contents for job") != NULL;
}

/* A job that was never closed has written nothing, whatever became of its upload. */
sf_status sfi_load_give_up(sf_status rc, int tries, sf_error *err)
{
    if (rc != SF_ERR_UNKNOWN_OUTCOME) return rc;
    char why[sizeof err->message] = "";
    const char *begin = strchr(err->message, '('), *end = begin != NULL ? strstr(begin, "); ") : NULL;
    if (begin != NULL && end == NULL) end = strrchr(begin, ')');
    if (begin != NULL && end > begin) snprintf(why, sizeof why, "%.*s", (int)(end - begin - 1), begin + 1);
    return sfi_fail(err, SF_ERR_NETWORK,
                    "the answers of %d uploads were lost; their jobs were not closed, so that nothing of them is "
                    "written: %.500s",
                    tries, why);
}
