/* soap_envelope.c: see soap.h. Elements are found by local name whatever their prefix; a name that does not belong is a
 * fault, an order that differs from the schema's is not. Answers look as the real ones do: prefix soapenv, the API's
 * namespace as the default one, sf for records. */
#include "api/soap.h"

static const char envelope_namespace[] = "http://schemas.xmlsoap.org/soap/envelope/";

static const char *kind_name(const sfo_soap *s)
{
    return s->enterprise ? "enterprise" : "partner";
}

/* ---- answers ---- */

static sfi_buf *begin_envelope(sfo_soap *s, int status)
{
    sfo_response *r = s->call->response;
    sfi_buf_clear(&r->body);
    r->status = status;
    r->content_type = "text/xml; charset=utf-8";
    sfi_xml_declaration(&r->body);
    sfi_buf_addf(&r->body, "<soapenv:Envelope xmlns:soapenv=\"%s\"", envelope_namespace);
    return &r->body;
}

static void write_limits(const sfo_soap *s, sfi_buf *out)
{
    sfi_buf_addf(out,
                 "<soapenv:Header><LimitInfoHeader><limitInfo><current>%lld</current><limit>%lld</limit>"
                 "<type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header>",
                 (long long)sfo_stats_api_used(s->call->org->stats), (long long)s->call->org->options.api_max);
}

sfi_buf *sfo_soap_begin(sfo_soap *s, sfo_soap_names names)
{
    const char *kind = kind_name(s);
    sfi_buf *out = begin_envelope(s, 200);
    sfi_buf_addf(out, " xmlns=\"urn:%s.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"",
                 kind);
    if (names >= SFO_SOAP_RECORDS) sfi_buf_addf(out, " xmlns:sf=\"urn:sobject.%s.soap.sforce.com\"", kind);
    if (names == SFO_SOAP_AGGREGATES || names == SFO_SOAP_TYPED)
        sfi_buf_add_str(out, " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"");
    sfi_buf_add_char(out, '>');
    if (s->authenticated) write_limits(s, out);
    sfi_buf_addf(out, "<soapenv:Body><%sResponse>", sfi_xml_name(s->operation)); /* a name of the table */
    return out;
}

void sfo_soap_end(sfo_soap *s)
{
    char tag[128];
    sfi_buf *out = &s->call->response->body;
    int len = snprintf(tag, sizeof tag, "<%sResponse>", sfi_xml_name(s->operation)); /* a name of the table */
    bool is_empty = out->len >= (size_t)len && memcmp(out->data + out->len - len, tag, (size_t)len) == 0;
    if (is_empty) {
        out->len--; /* the > comes again */
        sfi_buf_add_str(out, "/>");
    } else {
        sfi_buf_addf(out, "</%s", tag + 1);
    }
    sfi_buf_add_str(out, "</soapenv:Body></soapenv:Envelope>");
}

void sfo_soap_element(sfi_buf *out, const char *name, const char *text)
{
    sfi_xml_element_text(out, name, text != NULL ? sfi_str(text) : (sf_str){ NULL, 0 });
}

void sfo_soap_element_bool(sfi_buf *out, const char *name, bool yes)
{
    sfo_soap_element(out, name, yes ? "true" : "false");
}

void sfo_soap_element_time(sfi_buf *out, const char *name, int64_t ms)
{
    char text[32];
    sfi_time_format(ms, text);
    sfo_soap_element(out, name, text);
}

/* ---- faults ---- */

/* Faults about a place in a statement tell it: row and column, -1 where there is none. */
static bool has_place(const char *detail)
{
    static const char *const types[] = { "InvalidFieldFault", "InvalidSObjectFault", "MalformedQueryFault",
                                         "MalformedSearchFault" };
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++)
        if (strcmp(detail, types[i]) == 0) return true;
    return false;
}

static void write_place(sfi_buf *out, const char *message)
{
    int64_t row = -1, column = -1;
    const char *at = strstr(message, "ERROR at Row:");
    sf_str rest = at != NULL ? sfi_str(at + strlen("ERROR at Row:")) : (sf_str){ NULL, 0 };
    if (at == NULL || !sfi_take_int(&rest, 1000000000, &row) || !sfi_take_text(&rest, ":Column:") ||
        !sfi_take_int(&rest, 1000000000, &column))
        row = column = -1;
    sfi_buf_addf(out, "<sf:row>%lld</sf:row><sf:column>%lld</sf:column>", (long long)row, (long long)column);
}

/* prefix: of the code in faultcode. */
static void write_fault(sfo_soap *s, const char *prefix, const char *code, const char *message, const char *detail)
{
    sfi_buf *out = begin_envelope(s, 500);
    sfi_buf_addf(out,
                 " xmlns:sf=\"urn:fault.%s.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
                 "<soapenv:Body><soapenv:Fault><faultcode>%s%s</faultcode><faultstring>",
                 kind_name(s), prefix, code);
    if (detail != NULL) sfi_buf_addf(out, "%s: ", code);
    sfi_xml_escape(out, sfi_str(message));
    sfi_buf_add_str(out, "</faultstring>");
    if (detail != NULL) {
        sfi_buf_addf(out, "<detail><sf:%s xsi:type=\"sf:%s\">", detail, detail);
        sfo_soap_element(out, "sf:exceptionCode", code);
        sfo_soap_element(out, "sf:exceptionMessage", message);
        if (has_place(detail)) write_place(out, message);
        sfi_buf_addf(out, "</sf:%s></detail>", detail);
    }
    sfi_buf_add_str(out, "</soapenv:Fault></soapenv:Body></soapenv:Envelope>");
}

void sfo_soap_fault(sfo_soap *s, const char *code, const char *message, const char *detail)
{
    write_fault(s, detail != NULL ? "sf:" : "", code, message, detail);
}

void sfo_soap_faultf(sfo_soap *s, const char *code, const char *detail, const char *format, ...)
{
    char message[600];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sfo_soap_fault(s, code, len < 0 ? "" : message, detail);
}

static const char *detail_of(const char *code)
{
    static const struct {
        const char *code, *detail;
    } rows[] = {
        { "INVALID_FIELD", "InvalidFieldFault" },
        { "INVALID_TYPE", "InvalidSObjectFault" },
        { "MALFORMED_QUERY", "MalformedQueryFault" },
        { "INVALID_QUERY_FILTER_OPERATOR", "MalformedQueryFault" },
        { "MALFORMED_SEARCH", "MalformedSearchFault" },
        { "INVALID_SEARCH", "MalformedSearchFault" },
        { "INVALID_QUERY_LOCATOR", "InvalidQueryLocatorFault" },
        { "MALFORMED_ID", "InvalidIdFault" },
        { "INVALID_ID_FIELD", "InvalidIdFault" },
        { "INVALID_NEW_PASSWORD", "InvalidNewPasswordFault" },
        { "INVALID_LOGIN", "LoginFault" },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(rows); i++)
        if (strcmp(code, rows[i].code) == 0) return rows[i].detail;
    return "UnexpectedErrorFault";
}

void sfo_soap_store_fault(sfo_soap *s, sfo_fault *f)
{
    sfo_soap_fault(s, f->code, f->message != NULL ? f->message : "no memory", detail_of(f->code));
    sfo_fault_clear(f);
}

/* ---- reading ---- */

sf_str sfo_soap_text(const sfo_soap *s, const sfi_xml_element *e, const char *name)
{
    sf_str out = { NULL, 0 };
    for (sfi_xml_element *c = sfi_xml_child(e, name); c != NULL; c = sfi_xml_next(c, name)) {
        const char *text = sfi_xml_is_nil(s->doc, c) ? NULL : sfi_xml_text(s->doc, c);
        sf_str trimmed = text != NULL ? sfi_trim(sfi_str(text)) : (sf_str){ NULL, 0 };
        if (out.ptr == NULL || trimmed.len > 0) out = trimmed.ptr != NULL ? trimmed : out;
    }
    return out;
}

bool sfo_soap_bool(const sfo_soap *s, const sfi_xml_element *e, const char *name)
{
    sf_str text = sfo_soap_text(s, e, name);
    return sfi_str_is_nocase(text, "true") || sfi_str_is(text, "1");
}

size_t sfo_soap_count(const sfi_xml_element *e, const char *name)
{
    size_t n = 0;
    for (sfi_xml_element *c = sfi_xml_child(e, name); c != NULL; c = sfi_xml_next(c, name)) n++;
    return n;
}

bool sfo_soap_time_parse(sf_str text, int64_t *ms, char *kind)
{
    char zoned[64];
    if (sfi_time_parse(text, ms, kind)) return true;
    if (text.len < sizeof "2024-11-23T" || text.len > sizeof zoned - 2 || text.ptr[10] != 'T') return false;
    memcpy(zoned, text.ptr, text.len);
    zoned[text.len] = 'Z';
    return sfi_time_parse((sf_str){ zoned, text.len + 1 }, ms, kind);
}

bool sfo_soap_expect(sfo_soap *s, const sfi_xml_element *e, const char *const *names)
{
    for (sfi_xml_element *c = sfi_xml_child(e, NULL); c != NULL; c = sfi_xml_next(c, NULL)) {
        bool known = false;
        for (const char *const *n = names; !known && *n != NULL; n++) known = strcmp(sfi_xml_name(c), *n) == 0;
        if (known) continue;
        sfo_soap_faultf(s, "soapenv:Client", NULL, "Element {%.200s}%.200s invalid at this location",
                        sfi_xml_namespace(c), sfi_xml_name(c));
        return false;
    }
    return true;
}

static bool read_headers(sfo_soap *s)
{
    static const char *const known[] = {
        "SessionHeader",
        "CallOptions",
        "QueryOptions",
        "AllOrNoneHeader",
        "AssignmentRuleHeader",
        "DuplicateRuleHeader",
        "EmailHeader",
        "OwnerChangeOptions",
        "AllowFieldTruncationHeader",
        "DisableFeedTrackingHeader",
        "MruHeader",
        "LocaleOptions",
        "LoginScopeHeader",
        "UserTerritoryDeleteHeader",
        "DebuggingHeader",
        "PackageVersionHeader",
        "StreamingEnabledHeader",
    };
    const sfi_xml_element *header = sfi_xml_child(s->root, "Header");
    int64_t batch = 0;
    for (sfi_xml_element *c = sfi_xml_child(header, NULL); c != NULL; c = sfi_xml_next(c, NULL)) {
        const char *must = sfi_xml_attribute(s->doc, c, "mustUnderstand");
        bool is_known = false;
        for (size_t i = 0; !is_known && i < SFI_COUNT_OF(known); i++) is_known = strcmp(sfi_xml_name(c), known[i]) == 0;
        if (is_known || must == NULL || strcmp(must, "1") != 0) continue;
        sfo_soap_faultf(s, "soapenv:MustUnderstand", NULL, "Header {%.200s}%.200s must be understood, and is not",
                        sfi_xml_namespace(c), sfi_xml_name(c));
        return false;
    }
    s->session = sfi_xml_get(s->doc, header, "SessionHeader/sessionId");
    s->all_or_none = sfo_soap_bool(s, sfi_xml_child(header, "AllOrNoneHeader"), "allOrNone");
    s->truncate_fields = sfo_soap_bool(s, sfi_xml_child(header, "AllowFieldTruncationHeader"), "allowFieldTruncation");
    const sfi_xml_element *duplicates = sfi_xml_child(header, "DuplicateRuleHeader");
    s->allow_duplicates = sfo_soap_bool(s, duplicates, "allowSave");
    s->duplicate_details = sfo_soap_bool(s, duplicates, "includeRecordDetails");
    s->client = sfo_soap_text(s, sfi_xml_child(header, "CallOptions"), "client");
    sf_str size = sfo_soap_text(s, sfi_xml_child(header, "QueryOptions"), "batchSize");
    if (size.ptr != NULL && sfi_parse_int(size, &batch) && batch > 0 && batch < 1000000) s->batch_size = (int)batch;
    return true;
}

bool sfo_soap_read(sfo_soap *s)
{
    const sfo_request *request = s->call->request;
    sf_error err;
    const char *type = sfo_call_header(s->call, "Content-Type");
    if (type != NULL && strncasecmp(type, "application/soap+xml", 20) == 0) {
        sfo_soap_fault(s, "soapenv:Client", "Content type 'application/soap+xml' is not supported; use text/xml", NULL);
        s->call->response->status = 415;
        return false;
    }
    if (sfo_call_header(s->call, "SOAPAction") == NULL) {
        sfo_soap_fault(s, "soapenv:Client", "SOAPAction HTTP header missing", NULL);
        return false;
    }
    if (request->body.len > SFO_SOAP_BODY_MAX) {
        sfo_soap_fault(s, "EXCEEDED_MAX_SIZE_REQUEST", "The request is too large", "UnexpectedErrorFault");
        return false;
    }
    if (sfi_xml_parse(request->body, &s->doc, &err) != SF_OK) {
        /* As recorded: what is wrong before the envelope is read has no prefix. */
        write_fault(s, "", "UNKNOWN_EXCEPTION", err.message, "UnexpectedErrorFault");
        return false;
    }
    s->root = sfi_xml_root(s->doc);
    s->operation = sfi_xml_child(sfi_xml_child(s->root, "Body"), NULL);
    bool is_envelope = strcmp(sfi_xml_name(s->root), "Envelope") == 0 && s->operation != NULL;
    if (is_envelope && strcmp(sfi_xml_namespace(s->root), envelope_namespace) == 0) return read_headers(s);
    if (is_envelope)
        sfo_soap_fault(s, "soapenv:VersionMismatch", "The envelope is not one of SOAP 1.1", NULL);
    else
        sfo_soap_fault(s, "soapenv:Client", "The request is not a SOAP envelope with one operation in its body", NULL);
    return false;
}

/* ---- errors of rows ---- */

void sfo_soap_write_error(sfi_buf *out, const sfo_fault *f)
{
    for (const char *at = f->fields; *at != '\0';) {
        size_t len = strcspn(at, ",");
        sfi_xml_element_text(out, "fields", (sf_str){ at, len });
        at += len + (at[len] == ',' ? 1 : 0);
    }
    sfo_soap_element(out, "message", f->message != NULL ? f->message : "");
    sfo_soap_element(out, "statusCode", f->code);
}

void sfo_soap_write_errors(sfo_soap *s, sfi_buf *out, const sfo_fault *f)
{
    sfi_xml_open(out, f->duplicates != NULL ? "errors xsi:type=\"DuplicateError\"" : "errors");
    sfo_soap_write_error(out, f);
    if (f->duplicates != NULL) sfo_soap_write_duplicates(s, out, "duplicateResult", f->duplicates);
    sfi_xml_close(out, "errors");
}
