/* bulk1.c: see bulk1.h. From a path to the call it means, and errors in the format that the caller reads. */
#include "api/bulk1.h"
#include <stdarg.h>

/* ---- formats ---- */
bool sfo_bulk1_type_is(const char *content_type, const char *type)
{
    if (content_type == NULL) return false;
    return sfi_str_is_nocase(sfi_trim((sf_str){ content_type, strcspn(content_type, ";") }), type);
}

static bool is_json_job(const sfo_bulk_job *job)
{
    return strcmp(job->content_type, "JSON") == 0 || strcmp(job->content_type, "ZIP_JSON") == 0;
}

const char *sfo_bulk1_content_type(const char *job_type, bool of_data)
{
    static const char *const types[][3] = {
        { "CSV", "text/csv", "text/csv" },
        { "XML", "application/xml", "application/xml" },
        { "JSON", "application/json", "application/json" },
        { "ZIP_CSV", "zip/csv", "text/csv" },
        { "ZIP_XML", "zip/xml", "application/xml" },
        { "ZIP_JSON", "zip/json", "application/json" },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++)
        if (strcmp(job_type, types[i][0]) == 0) return types[i][of_data ? 1 : 2];
    return "application/xml";
}

sfi_buf *sfo_bulk1_begin(sfo_bulk1 *b, int status)
{
    sfo_response *r = b->call->response;
    sfi_buf_clear(&r->body);
    r->status = status;
    r->content_type = b->json ? "application/json" : "application/xml";
    return &r->body;
}

/* ---- errors ---- */
bool sfo_bulk1_fail(sfo_bulk1 *b, int status, const char *code, const char *format, ...)
{
    char message[1400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sfi_buf *out = sfo_bulk1_begin(b, status);
    if (b->json) {
        sfi_json_writer w = sfi_json_write_to(out);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "exceptionCode");
        sfi_json_string(&w, code);
        sfi_json_key(&w, "exceptionMessage");
        sfi_json_string(&w, message);
        sfi_json_end_object(&w);
    } else {
        sfi_xml_declaration(out);
        sfi_buf_addf(out, "<error\n   xmlns=\"%s\">\n <exceptionCode>%s</exceptionCode>\n <exceptionMessage>",
                     SFO_BULK1_NAMESPACE, code);
        sfi_xml_escape(out, sfi_str(message));
        sfi_buf_add_str(out, "</exceptionMessage>\n</error>");
    }
    return false;
}

/* The engine's words are those of API 2.0: its codes are upper case, and 1.0's own stands before the message. */
bool sfo_bulk1_fault(sfo_bulk1 *b, sfo_fault *f)
{
    static const char *const codes[][2] = {
        { "INVALIDJOB", "InvalidJob" },
        { "INVALIDBATCH", "InvalidBatch" },
        { "API_ERROR", "InvalidJob" },
        { "INVALIDENTITY", "InvalidEntity" },
        { "FEATURENOTENABLED", "FeatureNotEnabled" },
        { "EXCEEDEDQUOTA", "ExceededQuota" },
        { "UNKNOWN_EXCEPTION", "InternalServerError" },
    };
    const char *code = f->code;
    sf_str message = sfi_str(f->message != NULL ? f->message : "");
    for (size_t i = 0; i < SFI_COUNT_OF(codes); i++)
        if (strcmp(f->code, codes[i][0]) == 0) code = codes[i][1];
    char prefix[80];
    snprintf(prefix, sizeof prefix, "%s : ", code);
    (void)sfi_take_text(&message, prefix);
    bool is_kept = f->http_status == 500 || f->http_status == 403;
    (void)sfo_bulk1_fail(b, is_kept ? f->http_status : 400, code, "%.*s",
                         (int)(message.len < 1300 ? message.len : 1300), message.ptr);
    sfo_fault_clear(f);
    return false;
}

bool sfo_bulk1_struck(sfo_call *call, int status, const char *code, const char *message)
{
    static const char *const codes[][2] = { { "REQUEST_LIMIT_EXCEEDED", "ExceededQuota" },
                                            { "UNKNOWN_EXCEPTION", "InternalServerError" },
                                            { "SERVER_UNAVAILABLE", "InternalServerError" } };
    sfo_bulk1 b = { .call = call };
    if (call->segment_count < 3 || !sfi_str_is_nocase(call->segments[0], "services") ||
        !sfi_str_is_nocase(call->segments[1], "async"))
        return false;
    b.json = sfo_bulk1_type_is(sfo_call_header(call, "Content-Type"), "application/json");
    for (size_t i = 0; i < SFI_COUNT_OF(codes); i++)
        if (strcmp(code, codes[i][0]) == 0) code = codes[i][1];
    (void)sfo_bulk1_fail(&b, status, code, "%s", message);
    return true;
}

/* ---- descriptions ---- */
void sfo_bulk1_text(sfo_bulk1_member *m, const char *name, const char *text)
{
    *m = (sfo_bulk1_member){ .name = name, .kind = text[0] != '\0' ? SFO_BULK1_TEXT : SFO_BULK1_NOTHING };
    snprintf(m->text, sizeof m->text, "%s", text);
}

void sfo_bulk1_number(sfo_bulk1_member *m, const char *name, int64_t n)
{
    *m = (sfo_bulk1_member){ .name = name, .kind = SFO_BULK1_NUMBER };
    snprintf(m->text, sizeof m->text, "%lld", (long long)n);
}

void sfo_bulk1_time(const sfo_bulk1 *b, int64_t ms, char out[40])
{
    if (b->json)
        sfo_time_text(ms, out);
    else
        sfi_time_format(ms, out);
}

static int by_name(const void *a, const void *b)
{
    const sfo_bulk1_member *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void sfo_bulk1_write(const sfo_bulk1 *b, sfi_buf *out, const sfo_bulk1_member *members, size_t count, int indent)
{
    enum { MEMBERS_MAX = 32 };
    const sfo_bulk1_member *sorted[MEMBERS_MAX];
    if (!b->json) {
        for (size_t i = 0; i < count; i++) {
            if (members[i].kind == SFO_BULK1_NOTHING || members[i].kind == SFO_BULK1_JSON_ONLY) continue;
            sfi_buf_addf(out, "%*s", indent, "");
            sfi_xml_element_text(out, members[i].name, sfi_str(members[i].text));
            sfi_buf_add_char(out, '\n');
        }
        return;
    }
    for (size_t i = 0; i < count && i < MEMBERS_MAX; i++) sorted[i] = &members[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < count; i++) {
        sfi_json_key(&w, sorted[i]->name);
        if (sorted[i]->kind == SFO_BULK1_NOTHING)
            sfi_json_null(&w);
        else if (sorted[i]->kind == SFO_BULK1_TEXT)
            sfi_json_string(&w, sorted[i]->text);
        else
            sfi_json_raw_text(&w, sfi_str(sorted[i]->text));
    }
    sfi_json_end_object(&w);
}

/* ---- paths ---- */
static bool session(sfo_bulk1 *b)
{
    sfo_call *call = b->call;
    const char *header = sfo_call_header(call, "X-SFDC-Session");
    sf_str token =
        header != NULL ? sfi_trim(sfi_str(header)) : sfo_bearer_token(sfo_call_header(call, "Authorization"));
    if (!sfo_call_use_session(call, token)) return sfo_bulk1_fail(b, 400, "InvalidSessionId", "Invalid session id");
    if (call->org->options.policy.no_api_scope)
        return sfo_bulk1_fail(b, 403, "FeatureNotEnabled", "This session is not valid for use with the Bulk API");
    if (!sfo_stats_api_call(call->org->stats, call->org->options.api_max))
        return sfo_bulk1_fail(b, 403, "ExceededQuota", "TotalRequests Limit exceeded.");
    return true;
}

/* "62.0", with or without its .0 */
static bool version(sfo_bulk1 *b)
{
    sfo_call *call = b->call;
    int64_t major = 0, minor = 0;
    sf_str text = call->segment_count > 2 ? call->segments[2] : (sf_str){ "", 0 }, rest = text;
    bool fine = sfi_take_int(&rest, 999, &major) &&
                (rest.len == 0 || (sfi_take_text(&rest, ".") && sfi_take_int(&rest, 0, &minor) && rest.len == 0));
    if (!fine || major < SFO_VERSION_MIN || major > SFO_VERSION_MAX)
        return sfo_bulk1_fail(b, 400, "InvalidVersion", "Unsupported API version: %.*s",
                              (int)(text.len < 20 ? text.len : 20), text.ptr);
    call->version_number = (int)major;
    snprintf(call->version, sizeof call->version, "%d.0", (int)major);
    sfo_call_set_context(call);
    return true;
}

static bool find_job(sfo_bulk1 *b)
{
    sfo_fault fault = { 0 };
    sf_str id = b->call->segments[4];
    if (!sfo_bulk_job_get(b->call->org->bulk, id.ptr, &b->job, &fault)) {
        bool is_missing = fault.http_status == 404;
        if (!is_missing) return sfo_bulk1_fault(b, &fault);
        sfo_fault_clear(&fault);
    } else if (b->job.api == 1) {
        b->json = is_json_job(&b->job);
        return true;
    }
    return sfo_bulk1_fail(b, 400, "InvalidJob", "Invalid job id: %.*s", (int)(id.len < 40 ? id.len : 40), id.ptr);
}

static bool find_batch(sfo_bulk1 *b)
{
    sfo_fault fault = { 0 };
    sf_str id = b->call->segments[6];
    if (sfo_bulk_batch_get(b->call->org->bulk, b->job.id, id.ptr, &b->batch, &fault)) return true;
    if (fault.http_status != 404) return sfo_bulk1_fault(b, &fault);
    sfo_fault_clear(&fault);
    return sfo_bulk1_fail(b, 400, "InvalidBatch", "Invalid batch id: %.*s", (int)(id.len < 40 ? id.len : 40), id.ptr);
}

static bool piece_is(const sfo_bulk1 *b, size_t i, const char *text)
{
    return i < b->call->segment_count && sfi_str_is_nocase(b->call->segments[i], text);
}

static void route_batch(sfo_bulk1 *b)
{
    size_t count = b->call->segment_count;
    if (!find_batch(b)) return;
    if (count == 7)
        sfo_bulk1_batch_info(b);
    else if (count == 8 && piece_is(b, 7, "request"))
        sfo_bulk1_batch_request(b);
    else if (count == 8 && piece_is(b, 7, "result"))
        sfo_bulk1_batch_result(b);
    else if (count == 9 && piece_is(b, 7, "result"))
        sfo_bulk1_query_result(b, b->call->segments[8]);
    else
        (void)sfo_bulk1_fail(b, 404, "InvalidUrl", "Invalid URL");
}

static void route(sfo_bulk1 *b)
{
    size_t count = b->call->segment_count;
    bool is_post = strcmp(b->call->request->method, "POST") == 0;
    bool is_get = strcmp(b->call->request->method, "GET") == 0;
    bool is_spec = count == 6 && piece_is(b, 5, "spec");
    bool takes_post = count == 4 || count == 5 || (count == 6 && piece_is(b, 5, "batch")) || is_spec;
    if (!piece_is(b, 3, "job") || (count > 5 && !piece_is(b, 5, "batch") && !is_spec) || count > 9)
        (void)sfo_bulk1_fail(b, 404, "InvalidUrl", "Invalid URL");
    else if ((!is_post || !takes_post) && (!is_get || count == 4 || is_spec))
        (void)sfo_bulk1_fail(b, 405, "InvalidOperation", "HTTP method '%s' not allowed here", b->call->request->method);
    else if (count == 4)
        sfo_bulk1_job_create(b);
    else if (!find_job(b))
        return;
    else if (count == 5 && is_post)
        sfo_bulk1_job_change(b);
    else if (count == 5)
        sfo_bulk1_job_info(b);
    else if (is_spec)
        sfo_bulk1_spec_set(b);
    else if (count == 6 && is_post)
        sfo_bulk1_batch_add(b);
    else if (count == 6)
        sfo_bulk1_batch_list(b);
    else
        route_batch(b);
}

void sfo_bulk1_dispatch(sfo_call *call)
{
    sfo_bulk1 b = { .call = call,
                    .json = sfo_bulk1_type_is(sfo_call_header(call, "Content-Type"), "application/json") };
    if (version(&b) && session(&b)) route(&b);
}
