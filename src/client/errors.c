/*
 * errors.c: what an org's error answer says, in whatever dialect it says it, as one sf_error. Called by call.c, rest and
 * the tests. No state. The one idea: every dialect is brought down to a code, a message and fields; one table says which
 * status they are, and one function writes the line.
 */
#include <salesforce/records.h>
#include "client/state_internal.h"
#include "xml/xml_internal.h"

enum {
    TEXT_SHOWN_MAX = 200, /* bytes of a body that is no error of the API */
    PATHS_SHOWN_MAX = 5,
    DUPLICATES_SHOWN_MAX = 5
};

/* What an answer says, borrowed from it. */
typedef struct said {
    sf_str code, message;
    sf_str detail;       /* put before the message: where an error of a batch stands */
    sf_value duplicates; /* what a duplicate rule found; missing: no such rule spoke */
    size_t more;         /* further errors that are not shown */
} said;

static const struct {
    const char *code;
    sf_status status;
    bool is_retryable;
    const char *remedy; /* NULL: the message says it all */
} codes[] = {
    { "REQUEST_LIMIT_EXCEEDED", SF_ERR_API_LIMIT, false, NULL },
    { "LOGIN_RATE_EXCEEDED", SF_ERR_API_LIMIT, false, "keep sessions in a token store" },
    { "INVALID_SESSION_ID", SF_ERR_AUTH, false, NULL },
    { "InvalidSessionId", SF_ERR_AUTH, false, NULL }, /* of Bulk API 1.0, to TooManyLockFailure */
    { "ExceededQuota", SF_ERR_API_LIMIT, false, NULL },
    { "EXCEEDEDQUOTA", SF_ERR_API_LIMIT, false, NULL }, /* of Bulk API 2.0 */
    { "Timeout", SF_ERR_ORG, true, "try again" },
    { "TooManyLockFailure", SF_ERR_ORG, true, "try again, in serial mode" },
    { "INVALID_AUTH_HEADER", SF_ERR_AUTH, false, NULL },
    { "Bad_OAuth_Token", SF_ERR_AUTH, false, "log in again" },
    { "Missing_OAuth_Token", SF_ERR_AUTH, false, "log in" },
    { "Wrong_Org", SF_ERR_AUTH, false, "the session belongs to another org" },
    { "API_DISABLED_FOR_ORG", SF_ERR_AUTH, false, "the API is not part of this org's edition" },
    { "API_CURRENTLY_DISABLED", SF_ERR_AUTH, false, "the user needs the permission API Enabled" },
    { "NOT_FOUND", SF_ERR_NOT_FOUND, false, NULL },
    { "ENTITY_IS_DELETED", SF_ERR_NOT_FOUND, false, NULL },
    { "UNABLE_TO_LOCK_ROW", SF_ERR_ORG, true, "try again" },
    { "SERVER_UNAVAILABLE", SF_ERR_UNAVAILABLE, true, "try again later" },
    { "API_TEMPORARILY_UNAVAILABLE", SF_ERR_UNAVAILABLE, true, "try again later" },
    { "URL_NOT_RESET", SF_ERR_ORG, false,
      "the call went to the login host; give the org's own address as instance_url" },
    { "UNSUPPORTED_API_VERSION", SF_ERR_ORG, false, "ask the org for its API versions" },
    { "INVALID_LOGIN", SF_ERR_AUTH, false, NULL },
    { "QUERY_TIMEOUT", SF_ERR_ORG, true, "ask for less at once, or try again" },
    { "REQUEST_RUNNING_TOO_LONG", SF_ERR_ORG, true, "ask for less at once, or try again" },
};

/* ---- writing the line ---- */

/* "\nSELECT …\n       ^\nERROR at Row:1:Column:8\nNo such column …": what follows the place, and the place itself. */
static bool split_query_message(sf_str message, sf_str *place, sf_str *text)
{
    static const char mark[] = "ERROR at Row:";
    for (size_t i = 0; i + sizeof mark - 1 <= message.len; i++) {
        if (memcmp(message.ptr + i, mark, sizeof mark - 1) != 0) continue;
        sf_str rest = { message.ptr + i + strlen("ERROR at "), message.len - i - strlen("ERROR at ") };
        const char *end = memchr(rest.ptr, '\n', rest.len);
        if (end == NULL) return false;
        *place = sfi_trim((sf_str){ rest.ptr, (size_t)(end - rest.ptr) });
        *text = sfi_trim((sf_str){ end, rest.len - (size_t)(end - rest.ptr) });
        return place->len > 0 && text->len > 0;
    }
    return false;
}

/* Row:1:Column:8 as row 1, column 8. */
static void add_place(sfi_buf *out, sf_str place)
{
    int64_t row = 0, column = 0;
    sf_str s = place;
    if (sfi_take_text(&s, "Row:") && sfi_take_int(&s, INT32_MAX, &row) && sfi_take_text(&s, ":Column:") &&
        sfi_take_int(&s, INT32_MAX, &column))
        (void)sfi_buf_addf(out, " (row %lld, column %lld)", (long long)row, (long long)column);
    else
        (void)sfi_buf_addf(out, " (%.*s)", (int)place.len, place.ptr);
}

/* Runs of blanks and line ends become one blank. */
static void add_line(sfi_buf *out, sf_str text)
{
    bool pending = false;
    text = sfi_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c == 0x7f) {
            pending = true;
            continue;
        }
        if (pending) (void)sfi_buf_add_char(out, ' ');
        pending = false;
        (void)sfi_buf_add_char(out, (char)c);
    }
}

/* A text of any length: of one that no message could hold, the beginning and the end, where the reason stands. */
static void add_shortened(sfi_buf *out, sf_str text)
{
    enum { WHOLE_MAX = 16 * 1024, END_SHOWN = 4 * 1024 };
    if (text.len <= WHOLE_MAX) {
        add_line(out, text);
        return;
    }
    add_line(out, (sf_str){ text.ptr, END_SHOWN });
    (void)sfi_buf_add_str(out, " … ");
    add_line(out, (sf_str){ text.ptr + text.len - END_SHOWN, END_SHOWN });
}

/* The rule that objects, and the records that it found. */
static void add_duplicates(sfi_buf *out, sf_value found)
{
    sf_str rule = sf_get_text(found, "duplicateRule");
    size_t shown = 0, more = 0;
    sf_value result, match;
    if (rule.len > 0) (void)sfi_buf_addf(out, " (rule %.*s", (int)rule.len, rule.ptr);
    for (sf_iter it = sf_iter_begin(sf_get(found, "matchResults")); sf_iter_next(&it, NULL, &result);)
        for (sf_iter each = sf_iter_begin(sf_get(result, "matchRecords")); sf_iter_next(&each, NULL, &match);) {
            sf_str id = sf_get_text(match, "record.Id");
            if (id.ptr == NULL || shown == DUPLICATES_SHOWN_MAX) {
                more++;
                continue;
            }
            (void)sfi_buf_addf(out, "%s%.*s",
                               shown > 0      ? ", "
                               : rule.len > 0 ? ", found "
                                              : " (found ",
                               (int)id.len, id.ptr);
            shown++;
        }
    if (more > 0 && shown > 0) (void)sfi_buf_addf(out, " and %zu more", more);
    if (rule.len > 0 || shown > 0) (void)sfi_buf_add_char(out, ')');
}

static const char *reason_of(int status)
{
    switch (status) {
    case 300: return "several records match";
    case 400: return "the request is wrong";
    case 401: return "the session is not valid";
    case 403: return "not allowed";
    case 404: return "there is no such thing";
    case 405: return "the method is not allowed here";
    case 409: return "a conflict with another change";
    case 410: return "it is gone";
    case 412: return "the condition of the request does not hold: the record was changed meanwhile";
    case 413: return "the request is too large";
    case 414:
    case 431: return "URL or headers are too long";
    case 415: return "the content type is not supported";
    case 420: return "the site is not available";
    case 429: return "too many requests";
    case 500: return "the server failed";
    case 502:
    case 504: return "the server did not answer in time";
    case 503: return "the server takes no requests now";
    default: return status >= 300 && status < 400 ? "a redirect, which is not followed" : "an error";
    }
}

static sf_status status_of(int status, const char *code, bool *is_retryable, const char **remedy)
{
    *remedy = NULL;
    *is_retryable = false;
    for (size_t i = 0; i < SFI_COUNT_OF(codes); i++) {
        if (strcmp(codes[i].code, code) != 0) continue;
        *remedy = codes[i].remedy;
        *is_retryable = codes[i].is_retryable;
        return codes[i].status;
    }
    if (status == 401) return SF_ERR_AUTH;
    if (status == 404) return SF_ERR_NOT_FOUND;
    if (status == 429 || status == 503 || status == 502 || status == 504 || status == 420 ||
        (status >= 500 && *code == '\0')) {
        *is_retryable = status == 429 || status == 503;
        *remedy = "try again later";
        return SF_ERR_UNAVAILABLE;
    }
    if (status >= 300 && status < 400 && status != 300) return SF_ERR_PROTOCOL;
    return SF_ERR_ORG;
}

static sf_status fill(sf_error *err, int status, const char *what, const said *s)
{
    char code[sizeof err->code];
    (void)snprintf(code, sizeof code, "%.*s", (int)(s->code.len < sizeof code ? s->code.len : sizeof code - 1),
                   s->code.ptr);
    const char *remedy;
    bool is_retryable;
    sf_status rc = status_of(status, code, &is_retryable, &remedy);
    sf_str place, text;
    sfi_buf line = { .max = 64 * SFI_KIB };
    (void)sfi_buf_addf(&line, "%s: ", what);
    if (s->detail.len > 0) (void)sfi_buf_addf(&line, "%.*s: ", (int)s->detail.len, s->detail.ptr);
    bool is_query = split_query_message(s->message, &place, &text);
    add_shortened(&line, is_query ? text : s->message);
    if (is_query) add_place(&line, place);
    if (code[0] != '\0' && !sfi_str_is(s->message, code)) (void)sfi_buf_addf(&line, " [%s]", code);
    if (s->more > 0) (void)sfi_buf_addf(&line, " (and %zu more)", s->more);
    add_duplicates(&line, s->duplicates);
    if (strcmp(code, "DUPLICATES_DETECTED") == 0 && sf_get_bool(s->duplicates, "allowSave", false))
        remedy = "it can be saved all the same: allow_duplicates";
    if (strcmp(code, "REQUEST_LIMIT_EXCEEDED") == 0) {
        is_retryable = line.data != NULL && sfi_limit_is_concurrent(line.data);
        remedy = is_retryable ? "too many long calls at once; try again later"
                              : "the requests of the last 24 hours are used up; wait, or buy more";
    } else if (line.data != NULL && sfi_session_is_unfit(line.data)) {
        remedy = "a new session does not help: the app lacks the scope api, or a policy of the org forbids it";
    }
    if (remedy != NULL) (void)sfi_buf_addf(&line, "; %s", remedy);
    if (line.failed && !line.over_max) {
        sfi_buf_free(&line);
        return sfi_fail_memory(err, "an error message");
    }
    sfi_redact(line.data);
    char fields[sizeof err->fields] = ""; /* sfi_fail clears what was collected */
    if (err != NULL) memcpy(fields, err->fields, sizeof fields);
    (void)sfi_fail_text(err, rc, sfi_buf_str(&line)); /* its end is the reason: see base/error.c */
    sfi_error_set_code(err, sfi_str(code));
    if (err != NULL) {
        memcpy(err->fields, fields, sizeof fields);
        err->http_status = status;
        err->retryable = is_retryable;
    }
    sfi_buf_free(&line);
    return rc;
}

/* ---- JSON ---- */

static sf_str first_text(sf_value v, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sf_value member = sf_get(v, names[i]);
        sf_str text = sf_get_text(member, NULL);
        if (text.ptr != NULL && text.len > 0) return text;
    }
    return (sf_str){ "", 0 };
}

static void collect_fields(sf_value error, sf_error *err)
{
    sf_value fields = sf_get(error, "fields");
    sf_value field;
    for (sf_iter it = sf_iter_begin(fields); sf_iter_next(&it, NULL, &field);) {
        sf_str name = sf_get_text(field, NULL);
        if (name.ptr != NULL) sfi_error_add_field(err, name);
    }
}

/* The org misspells the name, in most versions. */
static sf_value duplicates_of(sf_value error)
{
    static const char *const names[] = { "duplicateResut", "duplicateResult" };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        sf_value found = sf_get(error, names[i]);
        if (sf_value_type(found) == SF_OBJECT) return found;
    }
    return (sf_value){ 0 };
}

sf_value sf_record_duplicates(sf_value answer)
{
    sf_value list = sf_value_type(answer) == SF_ARRAY ? answer : sf_get(answer, "errors"), v;
    sf_value found = duplicates_of(answer);
    for (sf_iter it = sf_iter_begin(list); sf_value_type(found) != SF_OBJECT && sf_iter_next(&it, NULL, &v);)
        found = duplicates_of(v);
    return found;
}

/* One error object of any kind; false: it is none. */
static bool read_object(sf_value v, said *s, sf_error *err)
{
    static const char *const code_names[] = { "errorCode", "statusCode", "exceptionCode", "error", "code" };
    static const char *const message_names[] = { "message", "exceptionMessage", "error_description", "errorMessage",
                                                 "description" };
    if (sf_value_type(v) != SF_OBJECT) return false;
    s->code = first_text(v, code_names, SFI_COUNT_OF(code_names));
    s->message = first_text(v, message_names, SFI_COUNT_OF(message_names));
    s->duplicates = duplicates_of(v);
    if (s->message.len == 0) s->message = first_text(s->duplicates, message_names, SFI_COUNT_OF(message_names));
    if (s->code.len == 0 && s->message.len == 0) return false;
    if (s->message.len == 0) s->message = s->code;
    collect_fields(v, err);
    return true;
}

/* Fields of the other elements: each failed validation rule is one. */
static void collect_all_fields(sf_value errors, sf_error *err)
{
    sf_value v;
    *err->fields = '\0';
    for (sf_iter it = sf_iter_begin(errors); sf_iter_next(&it, NULL, &v);) collect_fields(v, err);
}

/* The element to show: the first, but not one that only reports what another caused. */
static sf_value pick(sf_value errors)
{
    sf_value first = { 0 }, v;
    for (sf_iter it = sf_iter_begin(errors); sf_iter_next(&it, NULL, &v);) {
        if (sf_value_type(first) == SF_MISSING) first = v;
        sf_str code = sf_get_text(v, "errorCode");
        if (code.ptr != NULL && !sfi_str_is(code, "PROCESSING_HALTED") &&
            !sfi_str_is(code, "ALL_OR_NONE_OPERATION_ROLLED_BACK"))
            return v;
    }
    return first;
}

/* 300: an array of paths of the records that match. */
static sf_status fill_paths(sf_value paths, int status, const char *what, sf_error *err)
{
    sfi_buf text = { .max = 4 * SFI_KIB };
    (void)sfi_buf_addf(&text, "%zu records match, and only one may:", sf_value_count(paths));
    size_t shown = 0;
    sf_value v;
    for (sf_iter it = sf_iter_begin(paths); shown < PATHS_SHOWN_MAX && sf_iter_next(&it, NULL, &v); shown++) {
        sf_str path = sf_get_text(v, NULL);
        if (path.ptr != NULL) (void)sfi_buf_addf(&text, " %.*s", (int)path.len, path.ptr);
    }
    if (sf_value_count(paths) > shown) (void)sfi_buf_add_str(&text, " …");
    sf_status rc = sfi_buf_status(&text, err, "an error message");
    if (rc != SF_ERR_MEMORY)
        rc =
            fill(err, status, what, &(said){ .code = SFI_STR("DUPLICATE_EXTERNAL_ID"), .message = sfi_buf_str(&text) });
    sfi_buf_free(&text);
    return rc;
}

static sf_status read_value(sf_value root, int status, const char *what, sf_error *err, bool *is_known)
{
    said s = { 0 };
    *is_known = true;
    if (sf_value_type(root) == SF_ARRAY) {
        sf_value first = pick(root);
        if (sf_value_type(first) == SF_STRING) return fill_paths(root, status, what, err);
        if (read_object(first, &s, err)) {
            s.more = sf_value_count(root) - 1;
            collect_all_fields(root, err);
            return fill(err, status, what, &s);
        }
    }
    sf_value nested = pick(sf_get(root, "errors")); /* {"success":false,"errors":[…]} */
    if (sf_value_type(nested) != SF_MISSING && read_object(nested, &s, err)) {
        s.more = sf_value_count(sf_get(root, "errors")) - 1;
        collect_all_fields(sf_get(root, "errors"), err);
        return fill(err, status, what, &s);
    }
    if (read_object(root, &s, err)) return fill(err, status, what, &s);
    *is_known = false;
    return SF_OK;
}

sf_status sfi_error_from_value(int status, sf_value answer, const char *what, sf_error *err)
{
    sf_error local;
    bool is_known = false;
    if (err == NULL) err = &local;
    *err = (sf_error){ 0 };
    sf_status rc = read_value(answer, status, what, err, &is_known);
    if (is_known) return rc;
    return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org refused, but its answer says no reason", what);
}

/* ---- XML and pages ---- */

/* A SOAP fault: its detail names code and text apart; without one (schema errors, the metadata API) the faultcode, whose
 * prefix is any, and the faultstring. */
static void read_fault(sfi_xml *doc, const sfi_xml_element *fault, const char **code, const char **message)
{
    const sfi_xml_element *detail = sfi_xml_child(sfi_xml_child(fault, "detail"), NULL);
    *code = sfi_xml_get(doc, detail, "exceptionCode");
    *message = sfi_xml_get(doc, detail, "exceptionMessage");
    if (*message == NULL || **message == '\0') *message = sfi_xml_get(doc, fault, "faultstring");
    if (*code != NULL && **code != '\0') return;
    *code = sfi_xml_get(doc, fault, "faultcode");
    const char *colon = *code != NULL ? strchr(*code, ':') : NULL; /* sf:INVALID_LOGIN */
    if (colon != NULL) *code = colon + 1;
}

static sf_status read_xml(sfi_xml *doc, int status, const char *what, sf_error *err, bool *is_known)
{
    const sfi_xml_element *root = sfi_xml_root(doc);
    const sfi_xml_element *fault = sfi_xml_search(root, "Fault");
    const char *code, *message;
    if (fault != NULL) {
        read_fault(doc, fault, &code, &message);
    } else {
        bool is_bulk = sfi_xml_child(root, "exceptionCode") != NULL;
        const sfi_xml_element *error = is_bulk ? root : sfi_xml_search(root, "Error");
        code = sfi_xml_get(doc, error, is_bulk ? "exceptionCode" : "errorCode");
        message = sfi_xml_get(doc, error, is_bulk ? "exceptionMessage" : "message");
    }
    *is_known = code != NULL || message != NULL;
    if (!*is_known) return SF_OK;
    said s = { .code = sfi_trim(sfi_str(code != NULL ? code : "")),
               .message = sfi_str(message != NULL ? message : code) };
    char prefix[80];
    (void)snprintf(prefix, sizeof prefix, "%.*s: ", (int)(s.code.len < 70 ? s.code.len : 70), s.code.ptr);
    s.message = sfi_trim(s.message);
    (void)sfi_take_text(&s.message, prefix); /* faultstring repeats the code */
    return fill(err, status, what, &s);
}

/* The visible words of a page; styles, scripts and tags are left out. */
static void add_page_text(sfi_buf *out, sf_str page)
{
    for (size_t i = 0; i < page.len && out->len < TEXT_SHOWN_MAX;) {
        sf_str rest = { page.ptr + i, page.len - i };
        if (page.ptr[i] != '<') {
            (void)sfi_buf_add_char(out, page.ptr[i++]);
            continue;
        }
        const char *end_tag = sfi_starts_with_nocase(rest, "<style")    ? "</style"
                              : sfi_starts_with_nocase(rest, "<script") ? "</script"
                              : sfi_starts_with_nocase(rest, "<!--")    ? "--"
                                                                        : NULL;
        if (end_tag != NULL) i++;
        while (end_tag != NULL && i < page.len &&
               !sfi_starts_with_nocase((sf_str){ page.ptr + i, page.len - i }, end_tag))
            i++;
        while (i < page.len && page.ptr[i] != '>') i++;
        i += i < page.len ? 1 : 0;
        (void)sfi_buf_add_char(out, ' ');
    }
}

static sf_status fill_page(sf_str page, int status, const char *what, sf_error *err)
{
    sfi_buf text = { .max = 2 * SFI_KIB };
    bool is_wrong_host = status < 400 || status == 404 || status == 405;
    (void)sfi_buf_addf(&text, "HTTP %d with a web page, %s: ", status,
                       is_wrong_host ? "so this host is no API host (use the org's https://NAME.my.salesforce.com)"
                                     : reason_of(status));
    add_page_text(&text, page);
    sf_status rc = sfi_buf_status(&text, err, "an error message");
    if (rc != SF_ERR_MEMORY) rc = fill(err, status, what, &(said){ .code = { "", 0 }, .message = sfi_buf_str(&text) });
    sfi_buf_free(&text);
    if (is_wrong_host && rc != SF_ERR_MEMORY) {
        rc = SF_ERR_PROTOCOL;
        if (err != NULL) err->status = rc;
    }
    return rc;
}

/* Bad_OAuth_Token and its like: one word of plain text. */
static bool is_word(sf_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)sfi_ascii_lower((unsigned char)text.ptr[i]);
        if (c != '_' && (c < 'a' || c > 'z')) return false;
    }
    return text.len > 0 && text.len < sizeof((sf_error *)0)->code;
}

static sf_status fill_text(sf_str text, int status, const char *what, sf_error *err)
{
    sfi_buf line = { .max = 2 * SFI_KIB };
    said s = { .code = { "", 0 } };
    if (is_word(text)) s.code = s.message = text;
    if (s.code.len == 0) {
        (void)sfi_buf_addf(&line, "HTTP %d, %s", status, reason_of(status));
        size_t shown = text.len < TEXT_SHOWN_MAX ? text.len : TEXT_SHOWN_MAX;
        if (shown > 0) (void)sfi_buf_addf(&line, ": %.*s", (int)shown, text.ptr);
        s.message = line.data != NULL ? sfi_buf_str(&line) : (sf_str){ "", 0 };
        if (status == 412) s.code = SFI_STR("PRECONDITION_FAILED"); /* comes without a body */
    }
    sf_status rc = line.failed ? sfi_fail_memory(err, "an error message") : fill(err, status, what, &s);
    sfi_buf_free(&line);
    return rc;
}

sf_status sfi_error_from_code(int status, sf_str code, sf_str message, const char *what, sf_error *err)
{
    if (err != NULL) *err = (sf_error){ 0 };
    return fill(err, status, what, &(said){ .code = code, .message = message.len > 0 ? message : code });
}

sf_status sfi_error_from_answer(int status, sf_str content_type, sf_str body, const char *what, sf_error *err)
{
    sf_error local; /* fields are collected in it before the line is written */
    if (err == NULL) err = &local;
    *err = (sf_error){ 0 };
    sf_str text = sfi_trim(body);
    bool is_known = false;
    sf_status rc = SF_OK;
    if (text.len > 0 && (text.ptr[0] == '[' || text.ptr[0] == '{')) {
        sfi_json *doc = NULL;
        rc = sfi_json_new(&doc, NULL);
        if (rc == SF_OK) rc = sfi_json_parse(doc, text, NULL);
        if (rc == SF_OK) rc = read_value(sfi_json_root(doc), status, what, err, &is_known);
        sfi_json_free(doc);
    } else if (text.len > 0 && text.ptr[0] == '<') {
        sfi_xml *doc = NULL;
        bool is_page = sfi_content_type_is(content_type, "text/html") || sfi_starts_with_nocase(text, "<html") ||
                       sfi_starts_with_nocase(text, "<!doctype");
        if (!is_page) rc = sfi_xml_parse(text, &doc, NULL);
        if (rc == SF_OK && doc != NULL) rc = read_xml(doc, status, what, err, &is_known);
        sfi_xml_free(doc);
        if (!is_known && rc != SF_ERR_MEMORY) return fill_page(text, status, what, err);
    }
    if (is_known) return rc;
    if (rc == SF_ERR_MEMORY) return sfi_fail_memory(err, "an error answer");
    *err = (sf_error){ 0 };
    return fill_text(text, status, what, err);
}

bool sfi_error_is_lasting(const sf_error *e)
{
    switch (e->status) {
    case SF_ERR_USAGE:
    case SF_ERR_NETWORK:
    case SF_ERR_TIMEOUT:
    case SF_ERR_CANCELLED:
    case SF_ERR_AUTH:
    case SF_ERR_API_LIMIT:
    case SF_ERR_NOT_FOUND:
    case SF_ERR_UNAVAILABLE:
    case SF_ERR_UNSUPPORTED: return true;
    default: return e->status == SF_ERR_ORG && strcmp(e->code, "INVALID_TYPE") == 0; /* an object that is not there */
    }
}
