/*
 * envelope.c: one SOAP call from an operation's body to its checked answer. Called by programs (sf_soap_call) and by the
 * files of this room. The one idea: an envelope is three texts, of which the first holds the session: the client calls
 * write_envelope before each attempt, so that a renewed session is in the repeat, and wipes what was written.
 */
#include "soap/soap_internal.h"

#define SOAP_NAMESPACE "http://schemas.xmlsoap.org/soap/envelope/"

enum {
    LIST_MAX = 50,        /* of each list of the options */
    NAME_BYTES_MAX = 256, /* of an operation */
    PATH_BYTES_MAX = 512,
    BODY_SHOWN_MAX = 200 * 1024 /* of an answer that is no envelope */
};

static const sf_soap_options no_options;

static const struct {
    const char *path, *name_space, *sobject;
} apis[] = {
    [SF_SOAP_PARTNER] = { "Soap/u", "urn:partner.soap.sforce.com", "urn:sobject.partner.soap.sforce.com" },
    [SF_SOAP_ENTERPRISE] = { "Soap/c", "urn:enterprise.soap.sforce.com", "urn:sobject.enterprise.soap.sforce.com" },
    [SF_SOAP_METADATA] = { "Soap/m", "http://soap.sforce.com/2006/04/metadata", NULL },
    [SF_SOAP_TOOLING] = { "Soap/T", "urn:tooling.soap.sforce.com", "urn:sobject.tooling.soap.sforce.com" },
    [SF_SOAP_APEX] = { "Soap/s", "http://soap.sforce.com/2006/08/apex", NULL },
};

/* ---- options ---- */

bool sfi_soap_is_id(const char *id)
{
    return id != NULL && sfi_id_make(sfi_str(id)).text[0] != '\0';
}

static bool is_zero_lists(const sf_soap_options *o)
{
    bool ok = true;
    for (size_t i = 0; i < o->owner_change_count; i++)
        ok &= o->owner_changes[i].type != NULL &&
              sfi_is_zero(o->owner_changes[i].reserved, sizeof o->owner_changes[i].reserved);
    for (size_t i = 0; i < o->package_version_count; i++)
        ok &= o->package_versions[i].name_space != NULL &&
              sfi_is_zero(o->package_versions[i].reserved, sizeof o->package_versions[i].reserved);
    for (size_t i = 0; i < o->debug_category_count; i++)
        ok &= o->debug_categories[i].category != NULL && o->debug_categories[i].level != NULL &&
              sfi_is_zero(o->debug_categories[i].reserved, sizeof o->debug_categories[i].reserved);
    return ok;
}

static bool is_local_path(const char *path)
{
    size_t len = strlen(path);
    if (len < 2 || len > PATH_BYTES_MAX || path[0] != '/' || path[1] == '/') return false;
    for (size_t i = 0; i < len; i++)
        if (path[i] <= ' ' || path[i] >= 0x7f || path[i] == '\\' || path[i] == '#') return false;
    return true;
}

sf_status sfi_soap_check(const sf_client *sf, const sf_soap_options *options, bool any_api, sf_error *err)
{
    const sf_soap_options *o = options != NULL ? options : &no_options;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_soap_options: reserved is not zero");
    if ((unsigned)o->api > (any_api ? SF_SOAP_APEX : SF_SOAP_ENTERPRISE))
        return sfi_fail(err, SF_ERR_USAGE, "sf_soap_options: this call has no api %d", (int)o->api);
    if ((o->path != NULL) != (o->name_space != NULL) || (o->path != NULL && (!any_api || !is_local_path(o->path))))
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_soap_options: path wants to be \"/services/Soap/class/NAME\", with name_space, and in "
                        "sf_soap_call only");
    if (o->owner_change_count > LIST_MAX || o->package_version_count > LIST_MAX || o->debug_category_count > LIST_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "sf_soap_options: a list has more than %d entries", LIST_MAX);
    if ((o->owner_change_count > 0 && o->owner_changes == NULL) ||
        (o->package_version_count > 0 && o->package_versions == NULL) ||
        (o->debug_category_count > 0 && o->debug_categories == NULL) || !is_zero_lists(o))
        return sfi_fail(err, SF_ERR_USAGE, "sf_soap_options: a list or a name in it is NULL, or reserved is not zero");
    if (o->batch_size != 0 && (o->batch_size < 200 || o->batch_size > 2000))
        return sfi_fail(err, SF_ERR_USAGE, "sf_soap_options: batch_size is %d; want 200 to 2000", (int)o->batch_size);
    const char *rule = o->assignment_rule;
    if (rule != NULL && !sfi_eq_nocase(rule, "TRUE") && !sfi_eq_nocase(rule, "FALSE") && !sfi_soap_is_id(rule))
        return sfi_fail(err, SF_ERR_USAGE, "sf_soap_options: assignment_rule \"%.40s\": want TRUE, FALSE or an id",
                        rule);
    return sfi_xml_available(err); /* before anything is sent: a write whose answer nobody can read must not be */
}

/* ---- headers ---- */

static void add_header(sf_xml_writer *w, const char *header, const char *name, const char *text)
{
    if (text == NULL) return;
    (void)sf_xml_begin(w, header);
    (void)sf_xml_add(w, name, text);
    (void)sf_xml_end(w);
}

static void add_rules(sf_xml_writer *w, const sf_soap_options *o)
{
    if (o->assignment_rule != NULL) {
        bool is_id = sfi_soap_is_id(o->assignment_rule);
        char flag[8] = "";
        for (size_t i = 0; !is_id && i < sizeof flag - 1 && o->assignment_rule[i] != '\0'; i++)
            flag[i] = (char)sfi_ascii_lower((unsigned char)o->assignment_rule[i]);
        add_header(w, "urn:AssignmentRuleHeader", is_id ? "urn:assignmentRuleId" : "urn:useDefaultRule",
                   is_id ? o->assignment_rule : flag);
    }
    if (o->allow_duplicates || o->include_duplicate_details || o->duplicates_as_current_user) {
        (void)sf_xml_begin(w, "urn:DuplicateRuleHeader");
        (void)sf_xml_add_bool(w, "urn:allowSave", o->allow_duplicates);
        (void)sf_xml_add_bool(w, "urn:includeRecordDetails", o->include_duplicate_details);
        (void)sf_xml_add_bool(w, "urn:runAsCurrentUser", o->duplicates_as_current_user);
        (void)sf_xml_end(w);
    }
    if (o->email_auto_response || o->email_others || o->email_user) {
        (void)sf_xml_begin(w, "urn:EmailHeader");
        (void)sf_xml_add_bool(w, "urn:triggerAutoResponseEmail", o->email_auto_response);
        (void)sf_xml_add_bool(w, "urn:triggerOtherEmail", o->email_others);
        (void)sf_xml_add_bool(w, "urn:triggerUserEmail", o->email_user);
        (void)sf_xml_end(w);
    }
}

static void add_lists(sf_xml_writer *w, const sf_soap_options *o)
{
    if (o->owner_change_count > 0) (void)sf_xml_begin(w, "urn:OwnerChangeOptions");
    for (size_t i = 0; i < o->owner_change_count; i++) {
        (void)sf_xml_begin(w, "urn:options");
        (void)sf_xml_add(w, "urn:type", o->owner_changes[i].type);
        (void)sf_xml_add_bool(w, "urn:execute", o->owner_changes[i].execute);
        (void)sf_xml_end(w);
    }
    if (o->owner_change_count > 0) (void)sf_xml_end(w);
    if (o->package_version_count > 0) (void)sf_xml_begin(w, "urn:PackageVersionHeader");
    for (size_t i = 0; i < o->package_version_count; i++) {
        (void)sf_xml_begin(w, "urn:packageVersions");
        (void)sf_xml_add_int(w, "urn:majorNumber", o->package_versions[i].major);
        (void)sf_xml_add_int(w, "urn:minorNumber", o->package_versions[i].minor);
        (void)sf_xml_add(w, "urn:namespace", o->package_versions[i].name_space);
        (void)sf_xml_end(w);
    }
    if (o->package_version_count > 0) (void)sf_xml_end(w);
    if (o->debug_level == NULL && o->debug_category_count == 0) return;
    (void)sf_xml_begin(w, "urn:DebuggingHeader");
    for (size_t i = 0; i < o->debug_category_count; i++) {
        (void)sf_xml_begin(w, "urn:categories");
        (void)sf_xml_add(w, "urn:category", o->debug_categories[i].category);
        (void)sf_xml_add(w, "urn:level", o->debug_categories[i].level);
        (void)sf_xml_end(w);
    }
    (void)sf_xml_add(w, "urn:debugLevel", o->debug_level != NULL ? o->debug_level : "None");
    (void)sf_xml_end(w);
}

/* All headers but the session's and headers_xml. */
static void add_headers(sf_xml_writer *w, const sf_client *sf, const sf_soap_options *o)
{
    char size[16];
    const char *client = sfi_client_name(sf);
    if (client != NULL || o->default_namespace != NULL) {
        (void)sf_xml_begin(w, "urn:CallOptions");
        sfi_soap_add_text(w, "urn:client", client);
        sfi_soap_add_text(w, "urn:defaultNamespace", o->default_namespace);
        (void)sf_xml_end(w);
    }
    (void)snprintf(size, sizeof size, "%d", (int)o->batch_size);
    add_header(w, "urn:QueryOptions", "urn:batchSize", o->batch_size != 0 ? size : NULL);
    add_header(w, "urn:AllOrNoneHeader", "urn:allOrNone", o->all_or_none ? "true" : NULL);
    add_rules(w, o);
    add_header(w, "urn:AllowFieldTruncationHeader", "urn:allowFieldTruncation",
               o->allow_field_truncation ? "true" : NULL);
    add_header(w, "urn:DisableFeedTrackingHeader", "urn:disableFeedTracking", o->disable_feed_tracking ? "true" : NULL);
    add_header(w, "urn:MruHeader", "urn:updateMru", o->update_mru ? "true" : NULL);
    if (o->language != NULL || o->localize_errors) {
        (void)sf_xml_begin(w, "urn:LocaleOptions");
        sfi_soap_add_text(w, "urn:language", o->language);
        sfi_soap_add_text(w, "urn:localizeErrors", o->localize_errors ? "true" : NULL);
        (void)sf_xml_end(w);
    }
    add_header(w, "urn:UserTerritoryDeleteHeader", "urn:transferToUserId", o->transfer_to_user_id);
    add_lists(w, o);
}

/* ---- the envelope ---- */

typedef struct envelope {
    sfi_buf start;  /* up to the open Header */
    sf_str headers; /* borrowed from a writer; without the session's */
    sf_str more;    /* headers_xml */
    sf_str body;
} envelope;

static void open_envelope(sfi_buf *out, const sf_soap_options *o)
{
    (void)sfi_buf_add_str(out, "<soapenv:Envelope xmlns:soapenv=\"" SOAP_NAMESPACE "\" xmlns=\"");
    const char *name_space = o->path != NULL ? o->name_space : apis[o->api].name_space;
    sfi_xml_escape(out, sfi_str(name_space));
    (void)sfi_buf_add_str(out, "\" xmlns:urn=\"");
    sfi_xml_escape(out, sfi_str(name_space));
    const char *sobject = o->path == NULL ? apis[o->api].sobject : NULL;
    if (sobject != NULL) (void)sfi_buf_addf(out, "\" xmlns:so=\"%s", sobject);
    (void)sfi_buf_add_str(out, "\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
                               "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
}

static sf_status write_envelope(void *user, const char *session, sfi_buf *out, sf_error *err)
{
    enum { FRAME = 400, ENTITY = 6 };
    (void)err; /* the buffer's state says it all */
    const envelope *e = user;
    size_t secret = session != NULL ? strlen(session) * ENTITY : 0;
    /* at once, so that growing leaves no copy of the session behind */
    (void)sfi_buf_reserve(out, e->start.len + e->headers.len + e->more.len + e->body.len + secret + FRAME);
    sfi_xml_declaration(out);
    (void)sfi_buf_add(out, e->start.data, e->start.len);
    (void)sfi_buf_add_str(out, "<soapenv:Header>");
    if (session != NULL) {
        (void)sfi_buf_add_str(out, "<urn:SessionHeader><urn:sessionId>");
        sfi_xml_escape(out, sfi_str(session));
        (void)sfi_buf_add_str(out, "</urn:sessionId></urn:SessionHeader>");
    }
    if (e->headers.len > 0) (void)sfi_buf_add(out, e->headers.ptr, e->headers.len);
    if (e->more.len > 0) (void)sfi_buf_add(out, e->more.ptr, e->more.len);
    (void)sfi_buf_add_str(out, "</soapenv:Header><soapenv:Body>");
    (void)sfi_buf_add(out, e->body.ptr, e->body.len);
    (void)sfi_buf_add_str(out, "</soapenv:Body></soapenv:Envelope>");
    return SF_OK;
}

/* XML of the caller's own, as it will stand in the envelope: well-formed, with prefixes that are declared there. */
static sf_status check_fragment(const char *what, sf_str text, const sf_soap_options *o, size_t *elements,
                                sf_error *err)
{
    sfi_buf whole = { .max = SF_XML_BYTES_MAX };
    open_envelope(&whole, o);
    (void)sfi_buf_add_char(&whole, '\n'); /* which is line 0 */
    (void)sfi_buf_add(&whole, text.ptr, text.len);
    (void)sfi_buf_add_str(&whole, "</soapenv:Envelope>");
    sf_status rc = sfi_buf_status(&whole, err, what);
    if (rc == SF_OK) rc = sfi_xml_check(sfi_buf_str(&whole), 0, elements, err);
    if (rc == SF_ERR_PROTOCOL) {
        rc = SF_ERR_USAGE; /* the text is the caller's, not the org's */
        if (err != NULL) err->status = rc;
        sfi_error_prefix(err, "%s", what);
    }
    sfi_wipe(whole.data, whole.data != NULL ? whole.cap : 0);
    sfi_buf_free(&whole);
    return rc;
}

/* ---- the answer ---- */

sf_xml_element sf_soap_body(sf_xml *answer)
{
    return sf_xml_child(sf_xml_child(sf_xml_root(answer), "Body"), NULL);
}

sf_xml_element sf_soap_header(sf_xml *answer, const char *name)
{
    return sf_xml_child(sf_xml_child(sf_xml_root(answer), "Header"), name);
}

static void note_limits(sf_client *sf, sf_xml *doc)
{
    sf_xml_element info = sf_xml_child(sf_soap_header(doc, "LimitInfoHeader"), "limitInfo");
    for (; sf_xml_exists(info); info = sf_xml_next(info, "limitInfo")) {
        const char *type = sf_xml_get_str(info, "type");
        sf_api_usage usage = { .used = sf_xml_get_int(info, "current", -1), .max = sf_xml_get_int(info, "limit", 0) };
        if (type != NULL && strcmp(type, "API REQUESTS") == 0 && usage.used >= 0 && usage.max > 0)
            sfi_client_note_usage(sf, &usage);
    }
}

/* SF_OK: an envelope with an element in its body that is no fault. */
static sf_status check_answer(const char *name, int status, sf_str type, sf_str text, sf_xml *doc, sf_error *err)
{
    sf_xml_element root = sf_xml_root(doc), body = sf_soap_body(doc);
    sf_str shown = { text.ptr, text.len < BODY_SHOWN_MAX ? text.len : BODY_SHOWN_MAX };
    if (!sfi_eq_nocase(sf_xml_name(root), "Envelope") || strcmp(sf_xml_namespace(root), SOAP_NAMESPACE) != 0)
        return sfi_error_from_answer(status, type, shown, name, err);
    const char *element = sf_xml_name(body);
    if (element == NULL) return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the envelope of the answer is empty", name);
    if (strcmp(element, "Fault") == 0) return sfi_error_from_answer(status, type, text, name, err);
    size_t len = strlen(name);
    if (strncmp(element, name, len) != 0 || strcmp(element + len, "Response") != 0)
        return sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org answered with a %.80s", name, element);
    return SF_OK;
}

/* A page instead of an answer comes from a proxy or a wrong host, where the call never arrived. */
static bool is_page(sf_str type, sf_str text)
{
    sf_str start = sfi_trim(text);
    return sfi_content_type_is(type, "text/html") || sfi_starts_with_nocase(start, "<html") ||
           sfi_starts_with_nocase(start, "<!doctype html");
}

sf_status sfi_soap_read(int status, sf_str type, sf_str text, const sfi_soap_operation *op, sf_xml **out, sf_error *err)
{
    *out = NULL;
    text = sfi_trim(text);
    if (is_page(type, text)) return sfi_error_from_answer(status, type, text, op->name, err);
    sf_xml *doc = NULL;
    sf_status rc = sfi_xml_parse(text, &doc, err);
    if (rc != SF_OK) sfi_error_prefix(err, "%s: the answer", op->name);
    if (rc == SF_OK) rc = check_answer(op->name, status, type, text, doc, err);
    bool is_damaged = rc == SF_ERR_PROTOCOL || rc == SF_ERR_TRUNCATED || rc == SF_ERR_LIMIT || rc == SF_ERR_MEMORY;
    if (is_damaged && !op->is_repeatable) rc = sfi_fail_unread(op->name, status, err);
    if (rc == SF_OK) {
        *out = doc;
        doc = NULL;
    }
    sf_xml_free(doc);
    return rc;
}

static sf_status read_answer(sf_client *sf, sfi_answer *answer, const sfi_soap_operation *op, sf_xml **out,
                             sf_error *err)
{
    char *text = NULL;
    size_t len = 0;
    sf_status rc = sfi_answer_text(sf, answer, &text, &len, err);
    if (rc != SF_OK && !op->is_repeatable) /* too large, or its gzip is broken */
        rc = sfi_fail_unread(op->name, answer->status, err);
    else if (rc == SF_OK)
        rc = sfi_soap_read(answer->status, sfi_answer_header(answer, "Content-Type"), (sf_str){ text, len }, op, out,
                           err);
    if (rc == SF_OK) note_limits(sf, *out);
    if (rc != SF_OK && err != NULL && err->http_status == 0) err->http_status = answer->status;
    if (text != NULL) sfi_wipe(text, len); /* a session, or a new password */
    sfi_free(text);
    return rc;
}

/* ---- the call ---- */

/* A SOAPAction of the caller's own goes out instead of the empty one. */
static bool has_action(const sf_call_options *call)
{
    bool found = false;
    for (size_t i = 0; call != NULL && call->headers != NULL && call->headers[i] != NULL; i++)
        found |= sfi_starts_with_nocase(sfi_str(call->headers[i]), "SOAPAction:");
    return found;
}

static sf_status send_and_read(sf_client *sf, const sfi_soap_operation *op, const sf_soap_options *o, envelope *e,
                               sf_xml **out, sf_error *err)
{
    const sfi_call_request request = { .method = "POST",
                                       .path = o->path != NULL ? o->path : apis[o->api].path,
                                       .write_body = write_envelope,
                                       .write_user = e,
                                       .content_type = "text/xml; charset=UTF-8",
                                       .headers = { { SFI_STR("Accept"), SFI_STR("text/xml") },
                                                    { SFI_STR("SOAPAction"), SFI_STR("\"\"") } },
                                       .header_count = has_action(o->call) ? 1 : 2,
                                       .repeatable = op->is_repeatable,
                                       .no_renew = op->no_renew,
                                       .response_max = SF_XML_BYTES_MAX,
                                       .options = o->call,
                                       .what = op->name };
    sf_status rc = SF_OK;
    for (int attempt = 0; attempt < 2; attempt++) { /* a damaged answer of a call that may be done twice: once more */
        sfi_answer answer = { 0 };
        rc = sfi_call_run(sf, &request, &answer, err);
        if (rc != SF_OK) return rc;
        rc = read_answer(sf, &answer, op, out, err);
        sfi_answer_clear(&answer);
        bool is_damaged = rc == SF_ERR_TRUNCATED || rc == SF_ERR_PROTOCOL;
        if (!is_damaged || !op->is_repeatable || (o->call != NULL && o->call->no_retry)) break;
    }
    return rc;
}

sf_status sfi_soap_run(sf_client *sf, const sfi_soap_operation *op, const sf_soap_options *options, sf_xml **out,
                       sf_error *err)
{
    const sf_soap_options *o = options != NULL ? options : &no_options;
    envelope e = { .start = { .max = 64 * SFI_KIB }, .more = sfi_str(o->headers_xml), .body = op->body };
    sf_xml *doc = NULL;
    sf_xml_writer *w = sf_xml_writer_new();
    if (w == NULL) return sfi_fail_memory(err, "a SOAP call");
    add_headers(w, sf, o);
    open_envelope(&e.start, o);
    sf_status rc = sfi_buf_status(&e.start, err, "a SOAP call");
    if (rc == SF_OK) rc = sf_xml_writer_text(w, &e.headers, err);
    if (rc == SF_OK && o->headers_xml != NULL) rc = check_fragment("headers_xml", e.more, o, NULL, err);
    if (rc == SF_OK) rc = send_and_read(sf, op, o, &e, &doc, err);
    if (rc == SF_OK && out != NULL) {
        *out = doc;
        doc = NULL;
    }
    sf_xml_free(doc);
    sf_xml_writer_free(w);
    sfi_buf_free(&e.start);
    return rc;
}

sf_status sfi_soap_run_writer(sf_client *sf, const char *name, sf_xml_writer *w, bool is_repeatable,
                              const sf_soap_options *options, sf_xml **out, sf_error *err)
{
    sfi_soap_operation op = { .name = name, .is_repeatable = is_repeatable };
    sf_status rc = w != NULL ? sf_xml_writer_text(w, &op.body, err) : sfi_fail_memory(err, "a SOAP call");
    if (rc != SF_OK) sfi_error_prefix(err, "%s", name);
    if (rc == SF_OK) rc = sfi_soap_run(sf, &op, options, out, err);
    sf_xml_writer_free(w);
    return rc;
}

/* Calls that change nothing. What an Apex web service does is not known by its name. */
static bool only_reads(const sf_soap_options *o, const char *name)
{
    static const char *const data[] = { "query",
                                        "queryAll",
                                        "queryMore",
                                        "search",
                                        "retrieve",
                                        "getDeleted",
                                        "getUpdated",
                                        "getUserInfo",
                                        "findDuplicates",
                                        "findDuplicatesByIds",
                                        "getServerTimestamp",
                                        NULL };
    static const char *const metadata[] = { "listMetadata", "readMetadata", "checkDeployStatus", "checkRetrieveStatus",
                                            NULL };
    if (o->path != NULL || o->api == SF_SOAP_APEX) return false;
    const char *const *reads = o->api == SF_SOAP_METADATA ? metadata : data;
    for (size_t i = 0; reads[i] != NULL; i++)
        if (strcmp(reads[i], name) == 0) return true;
    return sfi_starts_with(sfi_str(name), "describe");
}

/* The local name of the first element of a text that is well-formed. */
static bool name_of(sf_str body, char out[NAME_BYTES_MAX])
{
    const char *p = body.ptr, *end = body.ptr + body.len;
    while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) { /* ends: p moves on */
        p++;
        if (p == end) return false;
        if (*p != '!' && *p != '?') break;
        const char *close = *p == '?' ? "?>" : "-->";
        for (; p < end && !sfi_starts_with((sf_str){ p, (size_t)(end - p) }, close);) p++;
    }
    if (p == NULL) return false;
    size_t n = 0;
    for (; p < end && strchr(" \t\r\n/>", *p) == NULL; p++) {
        if (*p == ':')
            n = 0;
        else if (n < NAME_BYTES_MAX - 1)
            out[n++] = *p;
    }
    out[n] = '\0';
    return n > 0;
}

sf_status sf_soap_call(sf_client *sf, sf_str body, const sf_soap_options *options, sf_xml **out, sf_error *err)
{
    if (out != NULL) *out = NULL;
    const sf_soap_options *o = options != NULL ? options : &no_options;
    sf_status rc = sfi_soap_check(sf, o, true, err);
    if (rc != SF_OK) return rc;
    if (body.ptr == NULL || body.len > SF_XML_WRITE_MAX)
        return sfi_fail(err, body.ptr == NULL ? SF_ERR_USAGE : SF_ERR_LIMIT,
                        "the body is NULL, or over %zu bytes (SF_XML_WRITE_MAX)", SF_XML_WRITE_MAX);
    char name[NAME_BYTES_MAX];
    size_t elements = 0;
    if (memchr(body.ptr, '\0', body.len) != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the body holds a NUL byte, which XML cannot carry");
    rc = check_fragment("the body", body, o, &elements, err);
    if (rc == SF_OK && !name_of(body, name)) rc = sfi_fail(err, SF_ERR_USAGE, "the body has no element");
    if (rc == SF_OK && elements > 1) /* one call might read, and the other write */
        rc = sfi_fail(err, SF_ERR_USAGE, "the body has %zu elements; want the one of an operation", elements);
    if (rc == SF_OK && strcmp(name, "Envelope") == 0)
        rc = sfi_fail(err, SF_ERR_USAGE, "give what stands inside soapenv:Body; the envelope is added");
    if (rc != SF_OK) return rc;
    const sfi_soap_operation op = { .name = name, .body = body, .is_repeatable = o->repeatable || only_reads(o, name) };
    return sfi_soap_run(sf, &op, o, out, err);
}
