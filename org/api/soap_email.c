/* soap_email.c: sendEmail: mail goes to the org's outbox (GET /__org/outbox), never out. A mail to a lead or a contact leaves a
 * finished task with it, unless saveAsActivity says no. */
#include "api/actions.h"
#include "api/soap.h"

enum { MESSAGES_MAX = 10, TARGETS_MAX = 100 };

typedef struct mail_row {
    sfi_xml_element *element;
    bool is_mass;
} mail_row;

static const char *const single_names[] = {
    "bccSender",
    "emailPriority",
    "replyTo",
    "saveAsActivity",
    "senderDisplayName",
    "subject",
    "useSignature",
    "bccAddresses",
    "ccAddresses",
    "charset",
    "documentAttachments",
    "entityAttachments",
    "fileAttachments",
    "htmlBody",
    "inReplyTo",
    "oneClickPost",
    "optOutPolicy",
    "orgWideEmailAddressId",
    "plainTextBody",
    "references",
    "targetObjectId",
    "templateId",
    "templateName",
    "toAddresses",
    "treatBodiesAsTemplate",
    "treatTargetObjectAsRecipient",
    "unsubscribeComment",
    "unsubscribeUrls",
    "whatId",
    NULL,
};
static const char *const mass_names[] = {
    "bccSender",    "emailPriority", "replyTo",         "saveAsActivity", "senderDisplayName", "subject",
    "useSignature", "description",   "targetObjectIds", "templateId",     "whatIds",           NULL,
};

static bool missing(sfo_fault *f, const char *field, const char *message)
{
    (void)sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "%s", message);
    snprintf(f->fields, sizeof f->fields, "%s", field); /* fits */
    return false;
}

/* ---- who gets it ---- */

/* Id and address of a contact, lead or user. */
static bool find_target(sfo_soap *s, sf_str text, sf_id *id, char address[256], sfo_fault *f)
{
    static const char *const people[] = { "Contact", "Lead", "User" };
    sqlite3_stmt *stmt = NULL;
    bool is_person = false;
    const sfo_object *o =
        sfo_id_normalize(text, id) ? sfo_schema_object_of_id(s->call->org->schema, sfi_str(id->text)) : NULL;
    for (size_t i = 0; o != NULL && i < SFI_COUNT_OF(people); i++)
        is_person = is_person || strcmp(o->name, people[i]) == 0;
    if (!is_person) {
        (void)sfo_fault_set(f, 400, "INVALID_ID_FIELD", "Only contacts, leads and users can be mailed: %.*s",
                            (int)(text.len < 100 ? text.len : 100), text.ptr);
        snprintf(f->fields, sizeof f->fields, "targetObjectId");
        return false;
    }
    char *sql = sqlite3_mprintf("SELECT Email FROM \"%w\" WHERE Id = ? AND IsDeleted = 0", o->name);
    address[0] = '\0';
    int rc = SQLITE_NOMEM;
    if (sql != NULL && sqlite3_prepare_v2(sfo_store_db(s->call->org->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_bind_text(stmt, 1, id->text, -1, SQLITE_STATIC) == SQLITE_OK &&
        (rc = sqlite3_step(stmt)) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL)
        snprintf(address, 256, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* an address has 80 at most */
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    if (rc != SQLITE_ROW) return sfo_fault_set(f, 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    return address[0] != '\0' || missing(f, "targetObjectId", "The target record has no email address.");
}

static void add_list(const sfo_soap *s, sfi_json_writer *w, const sfi_xml_element *e, const char *name,
                     const char *member, const char *more)
{
    if (sfi_xml_child(e, name) == NULL && more == NULL) return;
    sfi_json_key(w, member);
    sfi_json_begin_array(w);
    for (sfi_xml_element *c = sfi_xml_child(e, name); c != NULL; c = sfi_xml_next(c, name)) {
        const char *text = sfi_xml_is_nil(s->doc, c) ? NULL : sfi_xml_text(s->doc, c);
        if (text != NULL && text[0] != '\0') sfi_json_string(w, text);
    }
    if (more != NULL) sfi_json_string(w, more);
    sfi_json_end_array(w);
}

/* ---- one mail ---- */

static void write_mail(const sfo_soap *s, sfi_json_writer *w, const sfi_xml_element *e, const char *target,
                       const char *address)
{
    static const char *const members[][2] = {
        { "subject", "subject" }, { "plainTextBody", "text" },           { "htmlBody", "html" },
        { "replyTo", "replyTo" }, { "senderDisplayName", "senderName" }, { "templateId", "templateId" },
        { "whatId", "whatId" },
    };
    sfi_json_begin_object(w);
    add_list(s, w, e, "toAddresses", "to", address);
    add_list(s, w, e, "ccAddresses", "cc", NULL);
    add_list(s, w, e, "bccAddresses", "bcc", NULL);
    for (size_t i = 0; i < SFI_COUNT_OF(members); i++) {
        const char *text = sfi_xml_get(s->doc, e, members[i][0]);
        if (text == NULL || text[0] == '\0') continue;
        sfi_json_key(w, members[i][1]);
        sfi_json_string(w, text);
    }
    if (target != NULL) {
        sfi_json_key(w, "targetObjectId");
        sfi_json_string(w, target);
    }
    sfi_json_end_object(w);
}

static void write_task(const sfo_soap *s, sfi_json_writer *w, const sfi_xml_element *e, const char *target)
{
    char subject[256];
    sf_str given = sfo_soap_text(s, e, "subject"), what = sfo_soap_text(s, e, "whatId");
    size_t most = given.len < 200 ? given.len : 200;
    while (most > 0 && most < given.len && ((unsigned char)given.ptr[most] & 0xC0) == 0x80)
        most--; /* whole characters */
    (void)snprintf(subject, sizeof subject, "Email: %.*s", (int)most, given.ptr != NULL ? given.ptr : ""); /* fits */
    const char *const texts[][2] = {
        { "Subject", subject }, { "Status", "Completed" }, { "TaskSubtype", "Email" }, { "WhoId", target }
    };
    sfi_json_begin_object(w);
    for (size_t i = 0; i < SFI_COUNT_OF(texts); i++) {
        sfi_json_key(w, texts[i][0]);
        sfi_json_string(w, texts[i][1]);
    }
    if (what.len > 0) {
        sfi_json_key(w, "WhatId");
        sfi_json_string_n(w, what);
    }
    sfi_json_end_object(w);
}

static bool save_activity(sfo_soap *s, const sfi_xml_element *e, const char *target, sfo_fault *f)
{
    const sfo_object *task = sfo_schema_object(s->call->org->schema, SFI_STR("Task"));
    sf_str save = sfo_soap_text(s, e, "saveAsActivity");
    sf_id id;
    sf_document *doc = NULL;
    sfi_buf text = { 0 };
    if (task == NULL || sfi_str_is_nocase(save, "false") || sfi_str_is(save, "0") || strncmp(target, "005", 3) == 0)
        return true;
    sfi_json_writer w = sfi_json_write_to(&text);
    write_task(s, &w, e, target);
    bool ok = !text.failed && sf_document_parse(text.data, text.len, &doc, NULL) == SF_OK;
    if (!ok) (void)sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    ok = ok && sfo_record_create(s->call->org->store, &s->call->context, task, sf_document_root(doc), &id, f);
    sf_document_free(doc);
    sfi_buf_free(&text);
    return ok;
}

/* target: text of a targetObjectId; len 0: to the addresses alone. */
static bool send(sfo_soap *s, const sfi_xml_element *e, sf_str target, sfo_fault *f)
{
    sf_id id;
    char address[256];
    sfi_buf text = { 0 };
    bool has_target = target.len > 0;
    if (has_target && !find_target(s, target, &id, address, f)) return false;
    sfi_json_writer w = sfi_json_write_to(&text);
    write_mail(s, &w, e, has_target ? id.text : NULL, has_target ? address : NULL);
    bool ok = !text.failed || sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    ok = ok && sfo_send_mail(s->call, sfi_buf_str(&text), f) && (!has_target || save_activity(s, e, id.text, f));
    sfi_buf_free(&text);
    return ok;
}

static bool send_mass(sfo_soap *s, const sfi_xml_element *e, sfo_fault *f)
{
    static const char name[] = "targetObjectIds";
    size_t count = sfo_soap_count(e, name);
    if (sfo_soap_text(s, e, "templateId").len == 0)
        return missing(f, "templateId", "Required fields are missing: [templateId]");
    if (count == 0) return missing(f, name, "Required fields are missing: [targetObjectIds]");
    if (count > TARGETS_MAX)
        return sfo_fault_set(f, 400, "LIMIT_EXCEEDED", "a mass email has %d recipients at most", (int)TARGETS_MAX);
    for (sfi_xml_element *c = sfi_xml_child(e, name); c != NULL; c = sfi_xml_next(c, name)) {
        const char *text = sfi_xml_text(s->doc, c);
        if (!send(s, e, sfi_trim(sfi_str(text != NULL ? text : "-")), f)) return false;
    }
    return true;
}

static bool send_single(sfo_soap *s, const sfi_xml_element *e, sfo_fault *f)
{
    bool has_body = sfo_soap_text(s, e, "plainTextBody").len > 0 || sfo_soap_text(s, e, "htmlBody").len > 0 ||
                    sfo_soap_text(s, e, "templateId").len > 0 || sfo_soap_text(s, e, "templateName").len > 0;
    if (!has_body) return missing(f, "plainTextBody", "Missing body, need at least one of html or plainText");
    return send(s, e, sfo_soap_text(s, e, "targetObjectId"), f);
}

static bool send_one(sfo_soap *s, void *user, size_t i, sfo_fault *f)
{
    const mail_row *row = (mail_row *)user + i;
    sfo_store *store = s->call->org->store;
    if (!sfo_store_begin(store, f)) return false; /* mail and task, or neither */
    bool ok = row->is_mass ? send_mass(s, row->element, f) : send_single(s, row->element, f);
    if (ok) return sfo_store_commit(store, f);
    sfo_store_rollback(store);
    return false;
}

static void write_sent(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out)
{
    const mail_row *row = (mail_row *)user + i;
    if (f != NULL) {
        sf_str target = sfo_soap_text(s, row->element, "targetObjectId");
        sfi_xml_open(out, "errors");
        sfo_soap_write_error(out, f);
        sfi_xml_element_text(out, "targetObjectId", target.len > 0 ? target : (sf_str){ NULL, 0 });
        sfi_xml_close(out, "errors");
    }
    sfo_soap_element_bool(out, "success", f == NULL);
}

static bool look(sfo_soap *s, sfi_xml_element *e, mail_row *out)
{
    const char *type = sfi_xml_attribute(s->doc, e, "type");
    const char *colon = type != NULL ? strrchr(type, ':') : NULL;
    const char *name = colon != NULL ? colon + 1 : type;
    out->element = e;
    out->is_mass = name != NULL && strcmp(name, "MassEmailMessage") == 0;
    if (!out->is_mass && (name == NULL || strcmp(name, "SingleEmailMessage") != 0)) {
        sfo_soap_fault(s, "soapenv:Client",
                       "messages must say what they are: xsi:type SingleEmailMessage or MassEmailMessage", NULL);
        return false;
    }
    return sfo_soap_expect(s, e, out->is_mass ? mass_names : single_names);
}

void sfo_soap_send_email(sfo_soap *s)
{
    static const char name[] = "messages";
    mail_row rows[MESSAGES_MAX];
    size_t count = sfo_soap_count(s->operation, name), i = 0;
    if (count > MESSAGES_MAX) {
        sfo_soap_faultf(s, "LIMIT_EXCEEDED", "UnexpectedErrorFault", "a call sends %d messages at most",
                        (int)MESSAGES_MAX);
        return;
    }
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); e != NULL && i < count; e = sfi_xml_next(e, name))
        if (!look(s, e, &rows[i++])) return;
    sfo_soap_run_rows(
        s, &(sfo_soap_rows){
               .count = count, .run = send_one, .write = write_sent, .user = rows, .event = SFO_EVENT_COUNT });
}
