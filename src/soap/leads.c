/*
 * leads.c: convertLead. Called by programs. Owns nothing. The one idea: the elements go out in the order of the schema, the
 * three booleans that it requires always, everything else only when it is set.
 */
#include "soap/soap_internal.h"

static sf_status check_lead(const sf_soap_lead *l, size_t i, sf_error *err)
{
    const struct {
        const char *name, *id;
    } ids[] = { { "account_id", l->account_id },
                { "contact_id", l->contact_id },
                { "opportunity_id", l->opportunity_id },
                { "owner_id", l->owner_id },
                { "related_person_account_id", l->related_person_account_id } };
    if (!sfi_is_zero(l->reserved, sizeof l->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "convertLead: lead %zu: reserved is not zero", i);
    if (!sfi_soap_is_id(l->lead_id))
        return sfi_fail(err, SF_ERR_USAGE,
                        "convertLead: lead %zu: lead_id \"%.40s\" is no id (15 or 18 letters and digits)", i,
                        l->lead_id != NULL ? l->lead_id : "(NULL)");
    if (l->converted_status == NULL || l->converted_status[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE,
                        "convertLead: lead %zu: converted_status is missing; SELECT MasterLabel FROM "
                        "LeadStatus WHERE IsConverted = true lists what it can be",
                        i);
    for (size_t k = 0; k < SFI_COUNT_OF(ids); k++)
        if (ids[k].id != NULL && !sfi_soap_is_id(ids[k].id))
            return sfi_fail(err, SF_ERR_USAGE, "convertLead: lead %zu: %s \"%.40s\" is no id", i, ids[k].name,
                            ids[k].id);
    if (l->do_not_create_opportunity &&
        (l->opportunity_name != NULL || l->opportunity_record != NULL || l->opportunity_id != NULL))
        return sfi_fail(
            err, SF_ERR_USAGE,
            "convertLead: lead %zu: do_not_create_opportunity, and yet something of an opportunity is given", i);
    if (l->contact_id != NULL && l->account_id == NULL && l->related_person_account_id == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "convertLead: lead %zu: contact_id needs the account_id it belongs to", i);
    return SF_OK;
}

static sf_status add_record(sf_xml_writer *w, const char *name, const sf_record *r, const char *object, sf_soap_api api,
                            sf_error *err)
{
    if (r == NULL) return SF_OK;
    if (!sfi_eq_nocase(sf_record_object(r), object))
        return sfi_fail(err, SF_ERR_USAGE, "convertLead: %s holds a record of %.80s, not of %s", name + strlen("urn:"),
                        sf_record_object(r), object);
    return sfi_soap_add_sobject(w, &(sfi_soap_sobject){ .element = name }, r, api, err);
}

static sf_status add_lead(sf_xml_writer *w, const sf_soap_lead *l, sf_soap_api api, sf_error *err)
{
    (void)sf_xml_begin(w, "urn:leadConverts");
    sfi_soap_add_text(w, "urn:accountId", l->account_id);
    sf_status rc = add_record(w, "urn:accountRecord", l->account_record, "Account", api, err);
    sfi_soap_add_text(w, "urn:bypassAccountDedupeCheck", l->bypass_account_dedupe_check ? "true" : NULL);
    sfi_soap_add_text(w, "urn:bypassContactDedupeCheck", l->bypass_contact_dedupe_check ? "true" : NULL);
    sfi_soap_add_text(w, "urn:contactId", l->contact_id);
    if (rc == SF_OK) rc = add_record(w, "urn:contactRecord", l->contact_record, "Contact", api, err);
    (void)sf_xml_add(w, "urn:convertedStatus", l->converted_status);
    (void)sf_xml_add_bool(w, "urn:doNotCreateOpportunity", l->do_not_create_opportunity);
    (void)sf_xml_add(w, "urn:leadId", l->lead_id);
    sfi_soap_add_text(w, "urn:opportunityId", l->opportunity_id);
    sfi_soap_add_text(w, "urn:opportunityName", l->opportunity_name);
    if (rc == SF_OK) rc = add_record(w, "urn:opportunityRecord", l->opportunity_record, "Opportunity", api, err);
    (void)sf_xml_add_bool(w, "urn:overwriteLeadSource", l->overwrite_lead_source);
    sfi_soap_add_text(w, "urn:ownerId", l->owner_id);
    sfi_soap_add_text(w, "urn:relatedPersonAccountId", l->related_person_account_id);
    if (rc == SF_OK)
        rc = add_record(w, "urn:relatedPersonAccountRecord", l->related_person_account_record, "Account", api, err);
    (void)sf_xml_add_bool(w, "urn:sendNotificationEmail", l->send_notification_email);
    (void)sf_xml_end(w);
    return rc;
}

sf_status sf_soap_convert_leads(sf_client *sf, const sf_soap_lead *leads, size_t count, const sf_soap_options *options,
                                sf_soap_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK && (leads == NULL || count == 0 || count > SF_SOAP_LEADS_MAX))
        rc = sfi_fail(err, SF_ERR_USAGE, "convertLead: %zu leads; want 1 to %d a call (SF_SOAP_LEADS_MAX)", count,
                      SF_SOAP_LEADS_MAX);
    for (size_t i = 0; rc == SF_OK && i < count; i++) rc = check_lead(&leads[i], i, err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:convertLead");
    for (size_t i = 0; rc == SF_OK && i < count; i++)
        rc = add_lead(w, &leads[i], options != NULL ? options->api : SF_SOAP_PARTNER, err);
    (void)sf_xml_end(w);
    if (rc != SF_OK) {
        sf_xml_writer_free(w);
        return rc;
    }
    return sfi_soap_run_rows(sf, "convertLead", w, count, options, out, err);
}
