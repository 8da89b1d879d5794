/* records.c: merge, undelete, emptyRecycleBin, findDuplicates, process. Called by programs. Owns nothing. */
#include "soap/soap_internal.h"

enum { NEXT_APPROVERS_MAX = 200, MERGED_MAX = 2 };

static sf_soap_api api_of(const sf_soap_options *options)
{
    return options != NULL ? options->api : SF_SOAP_PARTNER;
}

static sf_status check_count(const char *what, const void *items, size_t count, size_t max, sf_error *err)
{
    if (items != NULL && count >= 1 && count <= max) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s: %zu given; want 1 to %zu a call", what, count, max);
}

static sf_status check_id(const char *what, size_t i, const char *name, const char *id, sf_error *err)
{
    if (sfi_soap_is_id(id)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s: %s of %zu: \"%.40s\" is no id (15 or 18 letters and digits)", what, name, i,
                    id != NULL ? id : "(NULL)");
}

/* ---- lists of ids ---- */

static sf_status run_ids(sf_client *sf, const char *name, const char *const *ids, size_t count,
                         const sf_soap_options *options, sf_soap_results **out, sf_error *err)
{
    char element[64];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK) rc = check_count(name, ids, count, SF_SOAP_ROWS_MAX, err);
    for (size_t i = 0; rc == SF_OK && i < count; i++) rc = check_id(name, i, "id", ids[i], err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)snprintf(element, sizeof element, "urn:%s", name);
    (void)sf_xml_begin(w, element);
    for (size_t i = 0; i < count; i++) (void)sf_xml_add(w, "urn:ids", ids[i]);
    (void)sf_xml_end(w);
    return sfi_soap_run_rows(sf, name, w, count, options, out, err);
}

sf_status sf_soap_undelete(sf_client *sf, const char *const *ids, size_t count, const sf_soap_options *options,
                           sf_soap_results **out, sf_error *err)
{
    return run_ids(sf, "undelete", ids, count, options, out, err);
}

sf_status sf_soap_empty_recycle_bin(sf_client *sf, const char *const *ids, size_t count, const sf_soap_options *options,
                                    sf_soap_results **out, sf_error *err)
{
    return run_ids(sf, "emptyRecycleBin", ids, count, options, out, err);
}

/* ---- merge ---- */

static sf_status add_merge(sf_xml_writer *w, const sf_soap_merge_request *m, size_t i, sf_soap_api api, sf_error *err)
{
    if (!sfi_is_zero(m->reserved, sizeof m->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "merge: reserved of %zu is not zero", i);
    sf_status rc = check_id("merge", i, "master_id", m->master_id, err);
    if (rc == SF_OK) rc = check_count("merge: records", m->ids, m->id_count, MERGED_MAX, err);
    for (size_t k = 0; rc == SF_OK && k < m->id_count; k++) rc = check_id("merge", i, "ids", m->ids[k], err);
    if (rc != SF_OK) return rc;
    (void)sf_xml_begin(w, "urn:request");
    rc = sfi_soap_add_sobject(w, &(sfi_soap_sobject){ .id = m->master_id, .element = "urn:masterRecord" }, m->master,
                              api, err);
    for (size_t k = 0; k < m->id_count; k++) (void)sf_xml_add(w, "urn:recordToMergeIds", m->ids[k]);
    (void)sf_xml_end(w);
    return rc;
}

sf_status sf_soap_merge(sf_client *sf, const sf_soap_merge_request *merges, size_t count,
                        const sf_soap_options *options, sf_soap_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK) rc = check_count("merge", merges, count, SF_SOAP_ROWS_MAX, err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:merge");
    for (size_t i = 0; rc == SF_OK && i < count; i++) rc = add_merge(w, &merges[i], i, api_of(options), err);
    (void)sf_xml_end(w);
    if (rc == SF_OK) return sfi_soap_run_rows(sf, "merge", w, count, options, out, err);
    sf_xml_writer_free(w);
    return rc;
}

/* ---- duplicates ---- */

sf_status sf_soap_find_duplicates(sf_client *sf, const sf_record *const *records, size_t count,
                                  const sf_soap_options *options, sf_xml **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK) rc = check_count("findDuplicates", records, count, SF_SOAP_DUPLICATES_MAX, err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:findDuplicates");
    const sfi_soap_sobject s = { .element = "urn:sObjects" };
    for (size_t i = 0; rc == SF_OK && i < count; i++)
        rc = sfi_soap_add_sobject(w, &s, records[i], api_of(options), err);
    (void)sf_xml_end(w);
    if (rc == SF_OK) return sfi_soap_run_writer(sf, "findDuplicates", w, true, options, out, err);
    sf_xml_writer_free(w);
    return rc;
}

/* ---- approvals ---- */

static sf_status check_process(const sf_soap_process_request *p, size_t i, sf_error *err)
{
    static const char *const actions[] = { "Approve", "Reject", "Removed" };
    bool is_known = false;
    if (!sfi_is_zero(p->reserved, sizeof p->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "process: reserved of %zu is not zero", i);
    if ((p->object_id != NULL) == (p->workitem_id != NULL))
        return sfi_fail(err, SF_ERR_USAGE, "process: request %zu wants an object_id or a workitem_id", i);
    for (size_t k = 0; p->action != NULL && k < SFI_COUNT_OF(actions); k++)
        is_known |= strcmp(p->action, actions[k]) == 0;
    if (p->workitem_id != NULL && !is_known)
        return sfi_fail(err, SF_ERR_USAGE, "process: action of %zu is \"%.20s\"; want Approve, Reject or Removed", i,
                        p->action != NULL ? p->action : "(NULL)");
    if (p->workitem_id == NULL && p->action != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "process: request %zu submits a record, and so has no action", i);
    if (p->workitem_id != NULL && (p->submitter_id != NULL || p->process != NULL || p->skip_entry_criteria))
        return sfi_fail(err, SF_ERR_USAGE,
                        "process: submitter_id, process and skip_entry_criteria of %zu are for a record that is "
                        "submitted",
                        i);
    if (p->next_approver_count > NEXT_APPROVERS_MAX || (p->next_approver_count > 0 && p->next_approver_ids == NULL))
        return sfi_fail(err, SF_ERR_USAGE, "process: next_approver_ids of %zu is NULL, or more than %d", i,
                        NEXT_APPROVERS_MAX);
    sf_status rc =
        check_id("process", i, "object_id or workitem_id", p->object_id != NULL ? p->object_id : p->workitem_id, err);
    if (rc == SF_OK && p->submitter_id != NULL) rc = check_id("process", i, "submitter_id", p->submitter_id, err);
    for (size_t k = 0; rc == SF_OK && k < p->next_approver_count; k++)
        rc = check_id("process", i, "next_approver_ids", p->next_approver_ids[k], err);
    return rc;
}

static void add_process(sf_xml_writer *w, const sf_soap_process_request *p)
{
    (void)sf_xml_begin(w, "urn:actions");
    (void)sf_xml_add_attribute(w, "xsi:type",
                               p->object_id != NULL ? "urn:ProcessSubmitRequest" : "urn:ProcessWorkitemRequest");
    sfi_soap_add_text(w, "urn:comments", p->comments);
    for (size_t k = 0; k < p->next_approver_count; k++)
        (void)sf_xml_add(w, "urn:nextApproverIds", p->next_approver_ids[k]);
    if (p->object_id != NULL) {
        (void)sf_xml_add(w, "urn:objectId", p->object_id);
        sfi_soap_add_text(w, "urn:submitterId", p->submitter_id);
        sfi_soap_add_text(w, "urn:processDefinitionNameOrId", p->process);
        if (p->skip_entry_criteria) (void)sf_xml_add_bool(w, "urn:skipEntryCriteria", true);
    } else {
        (void)sf_xml_add(w, "urn:action", p->action);
        (void)sf_xml_add(w, "urn:workitemId", p->workitem_id);
    }
    (void)sf_xml_end(w);
}

sf_status sf_soap_process(sf_client *sf, const sf_soap_process_request *requests, size_t count,
                          const sf_soap_options *options, sf_soap_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK) rc = check_count("process", requests, count, SF_SOAP_ROWS_MAX, err);
    for (size_t i = 0; rc == SF_OK && i < count; i++) rc = check_process(&requests[i], i, err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:process");
    for (size_t i = 0; i < count; i++) add_process(w, &requests[i]);
    (void)sf_xml_end(w);
    return sfi_soap_run_rows(sf, "process", w, count, options, out, err);
}
