/* soap.c: see soap.h. From the path and the name of the operation to the function that answers it. Operations other than
 * login need a session and count against the allowance; what the table does not know is answered as an unknown operation. */
#include "api/soap.h"

typedef struct operation {
    const char *name;
    void (*run)(sfo_soap *s);
    bool is_free;            /* needs no session */
    const char *children[6]; /* what its element may hold */
} operation;

static const operation operations[] = {
    { "login", sfo_soap_login, true, { "username", "password" } },
    { "logout", sfo_soap_logout, false, { NULL } },
    { "getUserInfo", sfo_soap_get_user_info, false, { NULL } },
    { "getServerTimestamp", sfo_soap_get_server_timestamp, false, { NULL } },
    { "invalidateSessions", sfo_soap_invalidate_sessions, false, { "sessionIds" } },
    { "setPassword", sfo_soap_set_password, false, { "userId", "password" } },
    { "resetPassword", sfo_soap_reset_password, false, { "userId" } },
    { "changeOwnPassword", sfo_soap_change_own_password, false, { "oldPassword", "newPassword" } },
    { "create", sfo_soap_create, false, { "sObjects" } },
    { "update", sfo_soap_update, false, { "sObjects" } },
    { "upsert", sfo_soap_upsert, false, { "externalIDFieldName", "sObjects" } },
    { "delete", sfo_soap_delete, false, { "ids", "id" } }, /* clients of beatbox's family say "id" */
    { "undelete", sfo_soap_undelete, false, { "ids", "id" } },
    { "emptyRecycleBin", sfo_soap_empty_recycle_bin, false, { "ids" } },
    { "retrieve", sfo_soap_retrieve, false, { "fieldList", "sObjectType", "ids" } },
    { "query", sfo_soap_query, false, { "queryString" } },
    { "queryAll", sfo_soap_query_all, false, { "queryString" } },
    { "queryMore", sfo_soap_query_more, false, { "queryLocator" } },
    { "search", sfo_soap_search, false, { "searchString" } },
    { "getDeleted", sfo_soap_get_deleted, false, { "sObjectType", "startDate", "endDate" } },
    { "getUpdated", sfo_soap_get_updated, false, { "sObjectType", "startDate", "endDate" } },
    { "merge", sfo_soap_merge, false, { "request", "mergeRequests" } }, /* a client that works says the second */
    { "convertLead", sfo_soap_convert_lead, false, { "leadConverts" } },
    { "process", sfo_soap_process, false, { "actions" } },
    { "sendEmail", sfo_soap_send_email, false, { "messages" } },
    { "findDuplicates", sfo_soap_find_duplicates, false, { "sObjects" } },
    { "describeGlobal", sfo_soap_describe_global, false, { NULL } },
    { "describeSObject", sfo_soap_describe_object, false, { "sObjectType" } },
    { "describeSObjects", sfo_soap_describe_objects, false, { "sObjectType" } },
    { "describeTabs", sfo_soap_describe_tabs, false, { NULL } },
};

static void unknown_operation(sfo_soap *s)
{
    sfo_soap_faultf(s, "soapenv:Client", NULL,
                    "No operation available for request {%.120s}%.120s, please check the WSDL for the service.",
                    sfi_xml_namespace(s->operation), sfi_xml_name(s->operation));
}

/* Either API's namespace is taken at both addresses: a session does not care through which it is ended. */
static const operation *find_operation(const sfo_soap *s)
{
    const char *name = sfi_xml_name(s->operation), *space = sfi_xml_namespace(s->operation);
    if (strcmp(space, "urn:enterprise.soap.sforce.com") != 0 && strcmp(space, "urn:partner.soap.sforce.com") != 0)
        return NULL;
    for (size_t i = 0; i < SFI_COUNT_OF(operations); i++)
        if (strcmp(name, operations[i].name) == 0) return &operations[i];
    return NULL;
}

static void run_operation(sfo_soap *s)
{
    if (s->apex) {
        sfo_soap_apex(s);
        return;
    }
    const operation *o = find_operation(s);
    if (o == NULL || (o->run == sfo_soap_login && s->version_number > SFO_SOAP_LOGIN_VERSION_MAX)) {
        unknown_operation(s);
        return;
    }
    if (!o->is_free && !sfo_soap_authenticate(s)) return;
    if (!sfo_soap_expect(s, s->operation, o->children)) return;
    o->run(s);
}

static void answer_post_only(sfo_call *call)
{
    sfo_response *r = call->response;
    sfi_buf_clear(&r->body);
    r->status = 405;
    r->content_type = "text/html;charset=utf-8";
    sfo_response_header(r, "Allow", "POST");
    sfi_buf_addf(&r->body,
                 "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n"
                 "<title>Error 405 Only POST allowed</title>\n</head>\n<body><h2>HTTP ERROR 405</h2>\n"
                 "<p>Problem accessing this page. Reason:\n<pre>    Only POST allowed</pre></p>\n</body>\n</html>\n");
}

/* /services/Soap/u/62.0[/org]: which API and version. false: the response says why not. */
static bool read_path(sfo_soap *s)
{
    sfo_call *call = s->call;
    int64_t major = 0;
    int64_t minor = 0;
    sf_str letter = call->segment_count >= 4 ? call->segments[2] : SFI_STR("");
    s->enterprise = sfi_str_is(letter, "c");
    s->apex = sfi_str_is(letter, "s");
    if (!s->enterprise && !s->apex && !sfi_str_is(letter, "u")) {
        sfo_answer_not_found(call);
        return false;
    }
    if (strcmp(call->request->method, "POST") != 0) {
        answer_post_only(call);
        return false;
    }
    sf_str rest = call->segments[3];
    s->version = call->segments[3].ptr;
    bool whole = sfi_take_int(&rest, 999, &major) &&
                 (rest.len == 0 || (sfi_take_text(&rest, ".") && sfi_take_int(&rest, 0, &minor) && rest.len == 0));
    s->version_number = (int)major;
    if (whole && major >= SFO_VERSION_MIN && major <= SFO_VERSION_MAX) return true;
    sfo_soap_fault(s, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", "UnexpectedErrorFault");
    return false;
}

void sfo_soap_dispatch(sfo_call *call)
{
    sfo_soap s = { .call = call };
    if (read_path(&s) && sfo_soap_read(&s)) run_operation(&s);
    sfi_json_free(s.json);
    sfi_buf_free(&s.text);
    sfi_xml_free_secret(s.doc);
}

bool sfo_soap_struck(sfo_call *call, int status, const char *code, const char *message)
{
    sfo_soap s = { .call = call };
    if (call->segment_count < 4 || !sfi_str_is_nocase(call->segments[1], "Soap")) return false;
    s.enterprise = sfi_str_is(call->segments[2], "c");
    if (!s.enterprise && !sfi_str_is(call->segments[2], "u")) return false;
    sfo_soap_fault(&s, code, message, "UnexpectedErrorFault");
    call->response->status = status;
    return true;
}
