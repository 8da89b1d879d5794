/* soap_lead.c: merge and convertLead. The work is the store's (merge.c, lead.c); here are the forms of requests
 * and answers. An empty id, or one given twice, says no more than a missing or a single one. */
#include "api/soap.h"

enum { CONVERTS_MAX = 100 };

static bool no_memory(sfo_soap *s)
{
    sfo_soap_fault(s, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory", "UnexpectedErrorFault");
    return false;
}

/* ---- merge ---- */

typedef struct merge_row {
    sfo_soap_record master;
    sf_str losers[SFO_MERGE_MAX + 1]; /* one more shows that there are too many */
    size_t loser_count;
    sf_id master_id;
    sfo_merged merged;
} merge_row;

static bool merge_one(sfo_soap *s, void *user, size_t i, sfo_fault *f)
{
    merge_row *row = (merge_row *)user + i;
    sf_value body;
    sfo_context context = s->call->context;
    if (row->master.id.len == 0)
        return sfo_fault_set(f, 400, "MISSING_ARGUMENT", "Id not specified in the masterRecord of a merge call");
    sf_id id;
    if (!sfo_id_normalize(row->master.id, &id))
        return sfo_fault_set(f, 400, "MALFORMED_ID", "bad id in masterRecord: %.*s",
                             (int)(row->master.id.len < 100 ? row->master.id.len : 100), row->master.id.ptr);
    row->master_id = id;
    return sfo_soap_record_body(s, &row->master, &body, f) &&
           sfo_record_merge(s->call->org->store, &context, row->master.object, row->master_id.text, body, row->losers,
                            row->loser_count, &row->merged, f);
}

static void write_merged(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out)
{
    const merge_row *row = (merge_row *)user + i;
    (void)s;
    if (f != NULL) sfo_soap_write_errors(s, out, f);
    sfo_soap_element(out, "id", row->master_id.text[0] != '\0' ? row->master_id.text : NULL);
    for (size_t k = 0; f == NULL && k < row->merged.loser_count; k++)
        sfo_soap_element(out, "mergedRecordIds", row->merged.losers[k].text);
    sfo_soap_element_bool(out, "success", f == NULL);
    sf_str rest = f == NULL ? sfi_buf_str(&row->merged.updated) : (sf_str){ NULL, 0 };
    while (rest.len >= 18) {
        sfi_xml_element_text(out, "updatedRelatedIds", (sf_str){ rest.ptr, 18 });
        size_t step = rest.len > 18 ? 19 : 18; /* the comma */
        rest = (sf_str){ rest.ptr + step, rest.len - step };
    }
}

static bool read_merge(sfo_soap *s, sfi_xml_element *e, merge_row *out)
{
    static const char *const names[] = { "additionalInformationMap", "masterRecord", "recordToMergeIds", NULL };
    sfi_xml_element *master = sfi_xml_child(e, "masterRecord");
    if (!sfo_soap_expect(s, e, names)) return false;
    if (master == NULL) {
        sfo_soap_fault(s, "MISSING_ARGUMENT", "masterRecord not specified in a merge call", "UnexpectedErrorFault");
        return false;
    }
    if (!sfo_soap_record_look(s, master, &out->master)) return false;
    const char *name = "recordToMergeIds";
    for (sfi_xml_element *c = sfi_xml_child(e, name); c != NULL; c = sfi_xml_next(c, name)) {
        const char *text = sfi_xml_text(s->doc, c);
        if (text == NULL) return no_memory(s);
        if (sfi_xml_is_nil(s->doc, c) || out->loser_count > SFO_MERGE_MAX) continue;
        out->losers[out->loser_count++] = sfi_trim(sfi_str(text));
    }
    return true;
}

void sfo_soap_merge(sfo_soap *s)
{
    const char *name = sfi_xml_child(s->operation, "request") != NULL ? "request" : "mergeRequests";
    size_t count = sfo_soap_count(s->operation, name), i = 0;
    bool ok = true;
    if (count > SFO_BATCH_MAX) {
        sfo_soap_faultf(s, "EXCEEDED_ID_LIMIT", "UnexpectedErrorFault",
                        "record limit reached. cannot submit more than %d records into this call", (int)SFO_BATCH_MAX);
        return;
    }
    merge_row *rows = sfi_calloc_n(count + 1, sizeof *rows);
    if (rows == NULL) {
        (void)no_memory(s);
        return;
    }
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); ok && e != NULL && i < count;
         e = sfi_xml_next(e, name))
        ok = read_merge(s, e, &rows[i++]);
    if (ok)
        sfo_soap_run_rows(
            s, &(sfo_soap_rows){
                   .count = count, .run = merge_one, .write = write_merged, .user = rows, .event = SFO_EVENT_UPDATED });
    for (i = 0; i < count; i++) sfi_buf_free(&rows[i].merged.updated);
    sfi_free(rows);
}

/* ---- convertLead ---- */

typedef struct convert_row {
    sfi_xml_element *element;
    sfo_lead_converted converted;
} convert_row;

/* A NUL-ended copy; NULL: not there or empty. */
static const char *convert_text(sfo_soap *s, const sfi_xml_element *e, const char *name, bool *ok)
{
    sf_str text = sfo_soap_text(s, e, name);
    if (text.len == 0) return NULL;
    const char *copy = sfi_arena_strndup(&s->call->arena, text.ptr, text.len);
    *ok = *ok && copy != NULL;
    return copy;
}

/* accountRecord and its kin: each needs a document of its own, since all are looked at together. */
static bool read_extra(sfo_soap *s, const sfi_xml_element *e, const char *name, const char *type, sfi_json **doc,
                       sf_value *out, sfo_fault *f)
{
    sfi_xml_element *child = sfi_xml_child(e, name);
    sfo_soap_record record;
    *out = (sf_value){ 0 };
    if (child == NULL || sfi_xml_is_nil(s->doc, child) || sfi_xml_child(child, NULL) == NULL) return true;
    record = (sfo_soap_record){ .object = sfo_schema_object(s->call->org->schema, sfi_str(type)), .element = child };
    if (record.object == NULL || !sfo_soap_record_body(s, &record, out, f)) return false;
    *doc = s->json; /* kept until the lead is converted */
    s->json = NULL;
    return true;
}

static bool convert_one(sfo_soap *s, void *user, size_t i, sfo_fault *f)
{
    convert_row *row = (convert_row *)user + i;
    const sfi_xml_element *e = row->element;
    sfi_json *docs[3] = { NULL, NULL, NULL };
    bool ok = true;
    sfo_lead_convert ask = { .lead_id = convert_text(s, e, "leadId", &ok),
                             .account_id = convert_text(s, e, "accountId", &ok),
                             .contact_id = convert_text(s, e, "contactId", &ok),
                             .opportunity_id = convert_text(s, e, "opportunityId", &ok),
                             .owner_id = convert_text(s, e, "ownerId", &ok),
                             .status = sfo_soap_text(s, e, "convertedStatus"),
                             .opportunity_name = sfo_soap_text(s, e, "opportunityName"),
                             .no_opportunity = sfo_soap_bool(s, e, "doNotCreateOpportunity"),
                             .overwrite_lead_source = sfo_soap_bool(s, e, "overwriteLeadSource"),
                             .bypass_account_rules = sfo_soap_bool(s, e, "bypassAccountDedupeCheck"),
                             .bypass_contact_rules = sfo_soap_bool(s, e, "bypassContactDedupeCheck") };
    if (!ok) (void)sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    ok = ok && read_extra(s, e, "accountRecord", "Account", &docs[0], &ask.account_record, f) &&
         read_extra(s, e, "contactRecord", "Contact", &docs[1], &ask.contact_record, f) &&
         read_extra(s, e, "opportunityRecord", "Opportunity", &docs[2], &ask.opportunity_record, f);
    ok = ok && sfo_lead_convert_one(s->call->org->store, &s->call->context, &ask, &row->converted, f);
    for (size_t k = 0; k < SFI_COUNT_OF(docs); k++) sfi_json_free(docs[k]);
    return ok;
}

static void write_converted(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out)
{
    const convert_row *row = (convert_row *)user + i;
    const sfo_lead_converted *c = &row->converted;
    sf_str lead = sfo_soap_text(s, row->element, "leadId");
    sf_id id;
    bool has_lead = sfo_id_normalize(lead, &id);
    sfo_soap_element(out, "accountId", f == NULL ? c->account.text : NULL);
    sfo_soap_element(out, "contactId", f == NULL ? c->contact.text : NULL);
    if (f != NULL) sfo_soap_write_errors(s, out, f);
    sfo_soap_element(out, "leadId", has_lead ? id.text : NULL);
    sfo_soap_element(out, "opportunityId", f == NULL && c->opportunity.text[0] != '\0' ? c->opportunity.text : NULL);
    sfo_soap_element_bool(out, "success", f == NULL);
}

/* Names and types of everything, before any lead is converted. */
static bool look_at_convert(sfo_soap *s, const sfi_xml_element *e)
{
    static const char *const names[] = { "accountId",
                                         "accountRecord",
                                         "bypassAccountDedupeCheck",
                                         "bypassContactDedupeCheck",
                                         "contactId",
                                         "contactRecord",
                                         "convertedStatus",
                                         "doNotCreateOpportunity",
                                         "leadId",
                                         "opportunityId",
                                         "opportunityName",
                                         "opportunityRecord",
                                         "overwriteLeadSource",
                                         "ownerId",
                                         "relatedPersonAccountId",
                                         "relatedPersonAccountRecord",
                                         "sendNotificationEmail",
                                         NULL };
    static const struct {
        const char *name, *type;
    } records[] = { { "accountRecord", "Account" },
                    { "contactRecord", "Contact" },
                    { "opportunityRecord", "Opportunity" } };
    if (!sfo_soap_expect(s, e, names)) return false;
    for (size_t i = 0; i < SFI_COUNT_OF(records); i++) {
        sfi_xml_element *child = sfi_xml_child(e, records[i].name);
        sfo_soap_record record;
        if (child == NULL || sfi_xml_is_nil(s->doc, child) || sfi_xml_child(child, NULL) == NULL) continue;
        if (!sfo_soap_record_look(s, child, &record)) return false;
        if (strcmp(record.object->name, records[i].type) == 0) continue;
        sfo_soap_faultf(s, "INVALID_TYPE", "InvalidSObjectFault", "%s takes a record of type %s, not %s",
                        records[i].name, records[i].type, record.object->name);
        return false;
    }
    return true;
}

void sfo_soap_convert_lead(sfo_soap *s)
{
    static const char name[] = "leadConverts";
    size_t count = sfo_soap_count(s->operation, name), i = 0;
    bool ok = true;
    if (count > CONVERTS_MAX) {
        sfo_soap_faultf(s, "EXCEEDED_LEAD_CONVERT_LIMIT", "UnexpectedErrorFault",
                        "cannot convert more than %d leads in one call", (int)CONVERTS_MAX);
        return;
    }
    convert_row *rows = sfi_calloc_n(count + 1, sizeof *rows);
    if (rows == NULL) {
        (void)no_memory(s);
        return;
    }
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); ok && e != NULL && i < count;
         e = sfi_xml_next(e, name)) {
        rows[i++].element = e;
        ok = look_at_convert(s, e);
    }
    if (ok)
        sfo_soap_run_rows(s, &(sfo_soap_rows){ .count = count,
                                               .run = convert_one,
                                               .write = write_converted,
                                               .user = rows,
                                               .event = SFO_EVENT_UPDATED });
    sfi_free(rows);
}
