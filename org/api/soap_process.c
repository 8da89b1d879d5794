/* soap_process.c: approval requests over SOAP: process. What happens is the store's (approval.c); each action is told its kind by
 * xsi:type. */
#include "api/soap.h"
#include "store/approval.h"

typedef struct process_row {
    sfi_xml_element *element;
    bool is_submit;
    sfo_process_result result;
} process_row;

static bool read_next(const sfo_soap *s, const sfi_xml_element *e, sfo_process_request *r, sfo_fault *f)
{
    static const char name[] = "nextApproverIds";
    for (sfi_xml_element *c = sfi_xml_child(e, name); c != NULL; c = sfi_xml_next(c, name)) {
        const char *text = sfi_xml_is_nil(s->doc, c) ? NULL : sfi_xml_text(s->doc, c);
        if (text == NULL || text[0] == '\0') continue;
        if (r->next_count == SFO_ACTORS_MAX)
            return sfo_fault_set(f, 400, "LIMIT_EXCEEDED", "more than %d nextApproverIds", (int)SFO_ACTORS_MAX);
        r->next[r->next_count++] = sfi_trim(sfi_str(text));
    }
    return true;
}

static bool process_one(sfo_soap *s, void *user, size_t i, sfo_fault *f)
{
    process_row *row = (process_row *)user + i;
    const sfi_xml_element *e = row->element;
    sfo_process_request r = { .action = SFO_SUBMIT,
                              .target = sfo_soap_text(s, e, row->is_submit ? "objectId" : "workitemId"),
                              .comments = sfo_soap_text(s, e, "comments") };
    sf_str action = sfo_soap_text(s, e, "action");
    if (row->is_submit) {
        r.submitter = sfo_soap_text(s, e, "submitterId");
        r.process = sfo_soap_text(s, e, "processDefinitionNameOrId");
        r.skip_criteria = sfo_soap_bool(s, e, "skipEntryCriteria");
    } else if (!sfo_process_action_parse(action, &r.action) || r.action == SFO_SUBMIT) {
        return sfo_fault_set(f, 400, "INVALID_ARGUMENT_TYPE", "action is Approve, Reject or Removed, not '%.*s'",
                             (int)(action.len < 100 ? action.len : 100), action.ptr != NULL ? action.ptr : "");
    }
    if (r.target.len == 0)
        return sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [%s]",
                             row->is_submit ? "objectId" : "workitemId");
    return read_next(s, e, &r, f) &&
           sfo_process(s->call->org->approvals, s->call->org->store, &s->call->context, &r, &row->result, f);
}

static void write_processed(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out)
{
    const process_row *row = (process_row *)user + i;
    const sfo_process_result *r = &row->result;
    (void)s;
    for (size_t k = 0; f == NULL && k < r->count; k++) sfo_soap_element(out, "actorIds", r->actors[k].text);
    sfo_soap_element(out, "entityId", r->entity.text[0] != '\0' ? r->entity.text : NULL);
    if (f != NULL) sfo_soap_write_errors(s, out, f);
    sfo_soap_element(out, "instanceId", f == NULL ? r->instance.text : NULL);
    sfo_soap_element(out, "instanceStatus", f == NULL ? r->status : NULL);
    for (size_t k = 0; f == NULL && k < r->count; k++) sfo_soap_element(out, "newWorkitemIds", r->workitems[k].text);
    sfo_soap_element_bool(out, "success", f == NULL);
}

/* Which of the two it is, and that it holds nothing else. false: the response is the fault. */
static bool look(sfo_soap *s, sfi_xml_element *e, process_row *out)
{
    static const char *const submit[] = { "comments",    "nextApproverIds",           "objectId",
                                          "submitterId", "processDefinitionNameOrId", "skipEntryCriteria",
                                          NULL };
    static const char *const workitem[] = { "comments", "nextApproverIds", "action", "workitemId", NULL };
    const char *type = sfi_xml_attribute(s->doc, e, "type");
    const char *colon = type != NULL ? strrchr(type, ':') : NULL;
    const char *name = colon != NULL ? colon + 1 : type;
    out->element = e;
    out->is_submit = name != NULL && strcmp(name, "ProcessSubmitRequest") == 0;
    if (!out->is_submit && (name == NULL || strcmp(name, "ProcessWorkitemRequest") != 0)) {
        sfo_soap_fault(s, "soapenv:Client",
                       "actions must say what they are: xsi:type ProcessSubmitRequest or ProcessWorkitemRequest", NULL);
        return false;
    }
    return sfo_soap_expect(s, e, out->is_submit ? submit : workitem);
}

void sfo_soap_process(sfo_soap *s)
{
    static const char name[] = "actions";
    size_t count = sfo_soap_count(s->operation, name), i = 0;
    bool ok = true;
    if (count > SFO_BATCH_MAX) {
        sfo_soap_faultf(s, "EXCEEDED_ID_LIMIT", "UnexpectedErrorFault",
                        "record limit reached. cannot submit more than %d records into this call", (int)SFO_BATCH_MAX);
        return;
    }
    process_row *rows = sfi_calloc_n(count + 1, sizeof *rows);
    if (rows == NULL) {
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory", "UnexpectedErrorFault");
        return;
    }
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); ok && e != NULL && i < count;
         e = sfi_xml_next(e, name))
        ok = look(s, e, &rows[i++]);
    if (ok)
        sfo_soap_run_rows(
            s,
            &(sfo_soap_rows){
                .count = count, .run = process_one, .write = write_processed, .user = rows, .event = SFO_EVENT_COUNT });
    sfi_free(rows);
}
