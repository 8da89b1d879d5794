/* email.c: sendEmail. Called by programs. Owns nothing. The one idea: elements of the base type first, then those of the
 * message's own, each in the order of the schema and only when it is set. */
#include "soap/soap_internal.h"

enum { FILES_MAX = 100, LIST_MAX = 500 };

static bool is_list(sf_soap_texts list)
{
    bool ok = list.count <= LIST_MAX && (list.count == 0 || list.items != NULL);
    for (size_t i = 0; ok && i < list.count; i++) ok = list.items[i] != NULL;
    return ok;
}

static sf_status check_email(const sf_soap_email *m, size_t i, sf_error *err)
{
    bool lists = is_list(m->to) && is_list(m->cc) && is_list(m->bcc) && is_list(m->document_ids) &&
                 is_list(m->entity_ids) && is_list(m->target_object_ids) && is_list(m->what_ids);
    if (!sfi_is_zero(m->reserved, sizeof m->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sendEmail: reserved of message %zu is not zero", i);
    if (!lists)
        return sfi_fail(err, SF_ERR_USAGE, "sendEmail: a list of message %zu holds NULL, or more than %d", i, LIST_MAX);
    if (m->file_count > FILES_MAX || (m->file_count > 0 && m->files == NULL))
        return sfi_fail(err, SF_ERR_USAGE, "sendEmail: files of message %zu is NULL, or more than %d", i, FILES_MAX);
    for (size_t k = 0; k < m->file_count; k++)
        if (m->files[k].name == NULL || (m->files[k].bytes == NULL && m->files[k].len > 0) ||
            !sfi_is_zero(m->files[k].reserved, sizeof m->files[k].reserved))
            return sfi_fail(err, SF_ERR_USAGE,
                            "sendEmail: file %zu of message %zu has no name or bytes, or reserved is "
                            "not zero",
                            k, i);
    if (m->is_mass && (m->template_id == NULL || m->target_object_ids.count == 0))
        return sfi_fail(err, SF_ERR_USAGE,
                        "sendEmail: message %zu goes to many and wants template_id and "
                        "target_object_ids",
                        i);
    bool has_single = m->to.count + m->cc.count + m->bcc.count + m->file_count > 0 || m->html_body != NULL ||
                      m->plain_text_body != NULL || m->target_object_id != NULL || m->what_id != NULL;
    bool has_mass = m->target_object_ids.count + m->what_ids.count > 0 || m->description != NULL;
    if (m->is_mass ? has_single : has_mass)
        return sfi_fail(err, SF_ERR_USAGE, "sendEmail: message %zu has members of the other kind (is_mass)", i);
    return SF_OK;
}

static void add_list(sf_xml_writer *w, const char *name, sf_soap_texts list)
{
    for (size_t i = 0; i < list.count; i++) (void)sf_xml_add(w, name, list.items[i]);
}

static void add_base(sf_xml_writer *w, const sf_soap_email *m)
{
    sfi_soap_add_text(w, "urn:bccSender", m->bcc_sender ? "true" : NULL);
    sfi_soap_add_text(w, "urn:emailPriority", m->priority);
    sfi_soap_add_text(w, "urn:replyTo", m->reply_to);
    sfi_soap_add_text(w, "urn:saveAsActivity", m->no_activity ? "false" : NULL);
    sfi_soap_add_text(w, "urn:senderDisplayName", m->sender_display_name);
    sfi_soap_add_text(w, "urn:subject", m->subject);
    sfi_soap_add_text(w, "urn:useSignature", m->no_signature ? "false" : NULL);
}

static void add_file(sf_xml_writer *w, const sf_soap_email_file *f)
{
    (void)sf_xml_begin(w, "urn:fileAttachments");
    (void)sf_xml_add_base64(w, "urn:body", f->bytes, f->len);
    sfi_soap_add_text(w, "urn:contentType", f->content_type);
    (void)sf_xml_add(w, "urn:fileName", f->name);
    sfi_soap_add_text(w, "urn:id", f->content_id);
    sfi_soap_add_text(w, "urn:inline", f->is_inline ? "true" : NULL);
    (void)sf_xml_end(w);
}

static void add_single(sf_xml_writer *w, const sf_soap_email *m)
{
    add_list(w, "urn:bccAddresses", m->bcc);
    add_list(w, "urn:ccAddresses", m->cc);
    sfi_soap_add_text(w, "urn:charset", m->charset);
    add_list(w, "urn:documentAttachments", m->document_ids);
    add_list(w, "urn:entityAttachments", m->entity_ids);
    for (size_t i = 0; i < m->file_count; i++) add_file(w, &m->files[i]);
    sfi_soap_add_text(w, "urn:htmlBody", m->html_body);
    sfi_soap_add_text(w, "urn:inReplyTo", m->in_reply_to);
    sfi_soap_add_text(w, "urn:optOutPolicy", m->opt_out_policy);
    sfi_soap_add_text(w, "urn:orgWideEmailAddressId", m->org_wide_email_address_id);
    sfi_soap_add_text(w, "urn:plainTextBody", m->plain_text_body);
    sfi_soap_add_text(w, "urn:references", m->references);
    sfi_soap_add_text(w, "urn:targetObjectId", m->target_object_id);
    sfi_soap_add_text(w, "urn:templateId", m->template_id);
    sfi_soap_add_text(w, "urn:templateName", m->template_name);
    add_list(w, "urn:toAddresses", m->to);
    sfi_soap_add_text(w, "urn:treatBodiesAsTemplate", m->bodies_are_templates ? "true" : NULL);
    sfi_soap_add_text(w, "urn:treatTargetObjectAsRecipient", m->not_to_target ? "false" : NULL);
    sfi_soap_add_text(w, "urn:whatId", m->what_id);
}

static void add_mass(sf_xml_writer *w, const sf_soap_email *m)
{
    sfi_soap_add_text(w, "urn:description", m->description);
    add_list(w, "urn:targetObjectIds", m->target_object_ids);
    sfi_soap_add_text(w, "urn:templateId", m->template_id);
    add_list(w, "urn:whatIds", m->what_ids);
}

sf_status sf_soap_send_email(sf_client *sf, const sf_soap_email *emails, size_t count, const sf_soap_options *options,
                             sf_soap_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK && (emails == NULL || count == 0 || count > SF_SOAP_EMAILS_MAX))
        rc = sfi_fail(err, SF_ERR_USAGE, "sendEmail: %zu messages; want 1 to %d a call (SF_SOAP_EMAILS_MAX)", count,
                      SF_SOAP_EMAILS_MAX);
    for (size_t i = 0; rc == SF_OK && i < count; i++) rc = check_email(&emails[i], i, err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:sendEmail");
    for (size_t i = 0; i < count; i++) {
        (void)sf_xml_begin(w, "urn:messages");
        (void)sf_xml_add_attribute(w, "xsi:type",
                                   emails[i].is_mass ? "urn:MassEmailMessage" : "urn:SingleEmailMessage");
        add_base(w, &emails[i]);
        if (emails[i].is_mass)
            add_mass(w, &emails[i]);
        else
            add_single(w, &emails[i]);
        (void)sf_xml_end(w);
    }
    (void)sf_xml_end(w);
    return sfi_soap_run_rows(sf, "sendEmail", w, count, options, out, err);
}
