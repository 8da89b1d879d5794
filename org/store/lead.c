/*
 * lead.c: a lead becomes an account, a contact and, unless unwanted, an opportunity; or its values fill the empty fields of
 * those that the caller names. What hung on the lead moves to them, the lead stays as a converted one. One transaction.
 * The idea: each target is one row in memory, filled by a table of field pairs, then by the caller's own record.
 */
#include <assert.h>
#include "store/store_internal.h"

typedef struct pair {
    const char *lead, *target;
} pair;

static const pair account_fields[] = {
    { "Company", "Name" },
    { "Street", "BillingStreet" },
    { "City", "BillingCity" },
    { "State", "BillingState" },
    { "StateCode", "BillingStateCode" },
    { "PostalCode", "BillingPostalCode" },
    { "Country", "BillingCountry" },
    { "CountryCode", "BillingCountryCode" },
    { "Latitude", "BillingLatitude" },
    { "Longitude", "BillingLongitude" },
    { "GeocodeAccuracy", "BillingGeocodeAccuracy" },
    { "Phone", "Phone" },
    { "Fax", "Fax" },
    { "Website", "Website" },
    { "Industry", "Industry" },
    { "Rating", "Rating" },
    { "AnnualRevenue", "AnnualRevenue" },
    { "NumberOfEmployees", "NumberOfEmployees" },
    { "LeadSource", "AccountSource" },
    { "CompanyDunsNumber", "DunsNumber" },
    { "DandbCompanyId", "DandbCompanyId" },
};

static const pair contact_fields[] = {
    { "Salutation", "Salutation" },
    { "FirstName", "FirstName" },
    { "MiddleName", "MiddleName" },
    { "LastName", "LastName" },
    { "Suffix", "Suffix" },
    { "Title", "Title" },
    { "Email", "Email" },
    { "Phone", "Phone" },
    { "MobilePhone", "MobilePhone" },
    { "Fax", "Fax" },
    { "Street", "MailingStreet" },
    { "City", "MailingCity" },
    { "State", "MailingState" },
    { "StateCode", "MailingStateCode" },
    { "PostalCode", "MailingPostalCode" },
    { "Country", "MailingCountry" },
    { "CountryCode", "MailingCountryCode" },
    { "Latitude", "MailingLatitude" },
    { "Longitude", "MailingLongitude" },
    { "GeocodeAccuracy", "MailingGeocodeAccuracy" },
    { "LeadSource", "LeadSource" },
    { "Description", "Description" },
    { "IndividualId", "IndividualId" },
};

static const pair opportunity_fields[] = {
    { "LeadSource", "LeadSource" },
    { "Company", "Name" },
};

typedef struct conversion {
    sfo_store *s;
    const sfo_context *c;
    const sfo_lead_convert *ask;
    sfo_fault *f;
    sfo_row lead;
    sf_id account_id, contact_id, opportunity_id, owner_id; /* as asked for, 18 characters; "": not named */
    const char *status;                                     /* as its row spells it */
    char owner[19];                                         /* of what is made */
    sfo_lead_converted *out;
} conversion;

bool sfo_row_is_converted_lead(const sfo_row *row)
{
    int at = strcmp(row->table->object->name, "Lead") == 0 ? sfo_field_at(row->table->object, "IsConverted") : -1;
    return at >= 0 && row->old != NULL && row->old[at].number != 0;
}

/* ---- what is asked for ---- */

static bool refuse(sfo_fault *f, const char *code, const char *field, const char *message)
{
    (void)sfo_fault_set(f, 400, code, "%s", message);
    if (field != NULL) sfo_fault_add_field(f, field);
    return false;
}

/* An id of the request: "" stays "". field names it in the fault. */
static bool read_id(const conversion *k, const char *text, const char *object, const char *field, sf_id *out)
{
    out->text[0] = '\0';
    if (text == NULL || text[0] == '\0') return true;
    if (!sfo_id_normalize(sfi_str(text), out)) {
        (void)sfo_fault_set(k->f, 400, "MALFORMED_ID", "bad id %s", text);
        if (k->f != NULL) k->f->has_fields = true;
        return false;
    }
    const sfo_object *o = sfo_schema_object_of_id(k->s->schema, sfi_str(out->text));
    if (o != NULL && strcmp(o->name, object) == 0) return true;
    return refuse(k->f, "INVALID_CROSS_REFERENCE_KEY", field, "invalid cross reference id");
}

static bool load(const conversion *k, const char *object, const char *id, const char *field, sfo_row *row)
{
    sfo_table *t = sfo_table_named(k->s, object);
    if (t == NULL) return sfo_fault_set(k->f, 400, "INVALID_TYPE", "this org has no object %s", object);
    int state = sfo_row_state(k->s, t, id, k->f);
    if (state == 1) return sfo_row_load(k->s, t, id, row, k->f);
    if (state == 0) return refuse(k->f, "ENTITY_IS_DELETED", NULL, "entity is deleted");
    if (k->f != NULL && k->f->http_status != 0) return false;
    return refuse(k->f, "INVALID_CROSS_REFERENCE_KEY", field, "invalid cross reference id");
}

static bool check_status(conversion *k)
{
    const sfo_store *s = k->s;
    if (k->ask->status.len == 0)
        return refuse(k->f, "REQUIRED_FIELD_MISSING", "ConvertedStatus",
                      "Required fields are missing: [ConvertedStatus]");
    for (size_t i = 0; i < s->lead_status_count; i++)
        if (s->lead_statuses[i].closed && sfo_text_compare(sfi_str(s->lead_statuses[i].name), k->ask->status) == 0)
            k->status = s->lead_statuses[i].name;
    if (k->status != NULL) return true;
    (void)sfo_fault_set(k->f, 400, "INVALID_STATUS", "invalid convertedStatus: %.*s", (int)k->ask->status.len,
                        k->ask->status.ptr);
    sfo_fault_add_field(k->f, "Status");
    return false;
}

/* Who owns what is made: the one asked for, else the lead's owner, who must be a user. */
static bool choose_owner(conversion *k)
{
    sfo_row user;
    sf_str owner = k->owner_id.text[0] != '\0' ? sfi_str(k->owner_id.text) : sfo_row_text(&k->lead, "OwnerId");
    const sfo_object *o = sfo_schema_object_of_id(k->s->schema, owner);
    if (o == NULL || strcmp(o->name, "User") != 0)
        return sfo_fault_set(k->f, 400, "UNKNOWN_EXCEPTION",
                             "Converted objects can only be owned by users.  If the lead is not owned by a user, you "
                             "must specify a user for the Owner field.");
    (void)snprintf(k->owner, sizeof k->owner, "%.*s", (int)owner.len, owner.ptr); /* an id */
    if (!load(k, "User", k->owner, "OwnerId", &user)) return false;
    if (sfo_row_get(&user, "IsActive")->number != 0) return true;
    return refuse(k->f, "INACTIVE_OWNER_OR_USER", "OwnerId",
                  "operation performed with inactive user as owner: choose an active one");
}

static bool check_request(conversion *k)
{
    const sfo_lead_convert *ask = k->ask;
    sf_id lead;
    if (ask->lead_id == NULL || ask->lead_id[0] == '\0')
        return refuse(k->f, "REQUIRED_FIELD_MISSING", "LeadId", "Required fields are missing: [LeadId]");
    if (!read_id(k, ask->lead_id, "Lead", "LeadId", &lead) ||
        !read_id(k, ask->account_id, "Account", "AccountId", &k->account_id) ||
        !read_id(k, ask->contact_id, "Contact", "ContactId", &k->contact_id) ||
        !read_id(k, ask->opportunity_id, "Opportunity", "OpportunityId", &k->opportunity_id) ||
        !read_id(k, ask->owner_id, "User", "OwnerId", &k->owner_id))
        return false;
    if (!load(k, "Lead", lead.text, "LeadId", &k->lead)) return false;
    k->out->lead = lead;
    if (sfo_row_is_converted_lead(&k->lead)) return sfo_fault_converted(k->f);
    if (!sfo_lock_check(k->s, lead.text, k->f)) return false;
    if (!check_status(k) || !choose_owner(k)) return false;
    if (k->contact_id.text[0] != '\0' && k->account_id.text[0] == '\0')
        return refuse(k->f, "REQUIRED_FIELD_MISSING", "AccountId",
                      "an account must be named where a contact is: set accountId too");
    if (k->opportunity_id.text[0] != '\0' && ask->no_opportunity)
        return refuse(k->f, "INVALID_CROSS_REFERENCE_KEY", "OpportunityId",
                      "doNotCreateOpportunity and opportunityId exclude each other");
    bool record_and_id = (k->account_id.text[0] != '\0' && sf_value_type(ask->account_record) == SF_OBJECT) ||
                         (k->contact_id.text[0] != '\0' && sf_value_type(ask->contact_record) == SF_OBJECT) ||
                         (k->opportunity_id.text[0] != '\0' && sf_value_type(ask->opportunity_record) == SF_OBJECT);
    if (!record_and_id) return true;
    return refuse(k->f, "FIELD_INTEGRITY_EXCEPTION", NULL,
                  "a record to create and the id of one that exists exclude each other: set one of them");
}

/* ---- targets ---- */

/* The lead's values into the target's empty fields. */
static void copy_fields(const conversion *k, const pair *pairs, size_t count, sfo_row *target)
{
    assert(k->lead.table != NULL); /* loaded */
    assert(target->table != NULL); /* begun */
    for (size_t i = 0; i < count; i++) {
        int from = sfo_field_at(k->lead.table->object, pairs[i].lead);
        int to = sfo_field_at(target->table->object, pairs[i].target);
        if (from < 0 || to < 0 || !target->table->object->fields[to].stored) continue;
        const sfo_cell *cell = &k->lead.cells[from];
        if (cell->kind == SFO_CELL_NULL || target->cells[to].kind != SFO_CELL_NULL) continue;
        target->cells[to] = *cell;
        target->cells[to].set = true;
    }
}

/* Longer text than the target takes is cut, as converting does in a real org. */
static void cut_texts(sfo_row *row)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < o->field_count; i++) {
        sfo_cell *cell = &row->cells[i];
        if (!cell->set || cell->kind != SFO_CELL_TEXT || o->fields[i].length <= 0) continue;
        while (sfo_utf16_length(cell->text) > (size_t)o->fields[i].length) {
            size_t len = cell->text.len - 1;
            while (len > 0 && ((unsigned char)cell->text.ptr[len] & 0xC0) == 0x80) len--;
            cell->text.len = len; /* ends: one character fewer each time */
        }
    }
}

/* A row in memory for what is to be made or filled. id "": made. */
static bool begin_target(const conversion *k, const char *object, const char *id, const char *field, sfo_row *row)
{
    if (id[0] != '\0') return load(k, object, id, field, row);
    sfo_table *t = sfo_table_named(k->s, object);
    if (t == NULL) return sfo_fault_set(k->f, 400, "INVALID_TYPE", "this org has no object %s", object);
    return sfo_row_init(k->s, t, row, k->f);
}

/* The caller's own record over what the lead gave; then made, or written. */
static bool finish_target(const conversion *k, sf_value record, bool bypass, sfo_row *row, sf_id *out)
{
    bool made = row->old == NULL;
    sfo_context context = *k->c;
    context.id_in_body = true;
    context.allow_duplicates = context.allow_duplicates || bypass;
    cut_texts(row);
    if (sf_value_type(record) == SF_OBJECT && !sfo_row_from_json(k->s, &context, SFO_CREATING, record, row, k->f))
        return false;
    if (made && sfo_row_get(row, "OwnerId")->kind == SFO_CELL_NULL) sfo_row_set_text(row, "OwnerId", sfi_str(k->owner));
    if (made ? !sfo_row_create(k->s, &context, row, k->f) : !sfo_row_save(k->s, &context, row, k->f)) return false;
    (void)snprintf(out->text, sizeof out->text, "%s", row->id); /* an id */
    return true;
}

static bool make_account(const conversion *k)
{
    sfo_row row = { .table = NULL };
    if (!begin_target(k, "Account", k->account_id.text, "AccountId", &row)) return false;
    copy_fields(k, account_fields, SFI_COUNT_OF(account_fields), &row);
    return finish_target(k, k->ask->account_record, k->ask->bypass_account_rules, &row, &k->out->account);
}

static bool make_contact(const conversion *k)
{
    sfo_row row = { .table = NULL };
    if (!begin_target(k, "Contact", k->contact_id.text, "ContactId", &row)) return false;
    sf_str account = sfo_row_text(&row, "AccountId");
    if (row.old != NULL && account.len > 0 && !sfi_str_is(account, k->out->account.text))
        return refuse(k->f, "INVALID_CROSS_REFERENCE_KEY", "ContactId",
                      "invalid cross reference id: the contact belongs to another account");
    if (account.len == 0) sfo_row_set_text(&row, "AccountId", sfi_str(k->out->account.text));
    if (row.old != NULL && k->ask->overwrite_lead_source && sfo_row_get(&k->lead, "LeadSource")->kind != SFO_CELL_NULL)
        sfo_row_set_text(&row, "LeadSource", sfo_row_text(&k->lead, "LeadSource"));
    copy_fields(k, contact_fields, SFI_COUNT_OF(contact_fields), &row);
    return finish_target(k, k->ask->contact_record, k->ask->bypass_contact_rules, &row, &k->out->contact);
}

/* The campaign that the lead joined last is what brought the opportunity. */
static bool set_campaign(const conversion *k, sfo_row *row)
{
    sqlite3_stmt *stmt = sfo_statement_get(k->s,
                                           "SELECT CampaignId FROM CampaignMember WHERE LeadId=?1 AND IsDeleted=0 "
                                           "ORDER BY CreatedDate DESC, Id DESC LIMIT 1",
                                           k->f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, k->lead.id);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        sf_str id = { (const char *)sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0) };
        sfo_row_set_text(row, "CampaignId", sfo_scratch_text(k->s, id));
    }
    sfo_statement_done(stmt);
    return true;
}

/* The last day of the running quarter. */
static bool set_close_date(const conversion *k, sfo_row *row)
{
    int64_t year;
    int month, day;
    char *text = sfo_scratch(k->s, 16);
    if (text == NULL) return sfo_fault_memory(k->f);
    sfi_civil_from_days(sfo_context_now(k->c) / 86400000, &year, &month, &day);
    int next = (month - 1) / 3 * 3 + 4; /* the month after the quarter */
    int64_t last = sfi_days_from_civil(next > 12 ? year + 1 : year, next > 12 ? next - 12 : next, 1) - 1;
    sfi_date_format(last * 86400000, text);
    sfo_row_set_text(row, "CloseDate", sfi_str(text));
    return true;
}

static const char *first_open_stage(const sfo_store *s)
{
    for (size_t i = 0; i < s->stage_count; i++)
        if (!s->stages[i].closed) return s->stages[i].name;
    return "Prospecting";
}

static bool make_contact_role(const conversion *k)
{
    sfo_table *t = sfo_table_named(k->s, "OpportunityContactRole");
    bool exists = false;
    sfo_row row;
    if (t == NULL) return true; /* a schema without roles */
    if (!sfo_pair_exists(k->s, t->object, "OpportunityId", sfi_str(k->out->opportunity.text), "ContactId",
                         k->out->contact.text, &exists, k->f))
        return false;
    if (exists) return true;
    if (!sfo_row_init(k->s, t, &row, k->f)) return false;
    sfo_row_set_text(&row, "OpportunityId", sfi_str(k->out->opportunity.text));
    sfo_row_set_text(&row, "ContactId", sfi_str(k->out->contact.text));
    sfo_row_set_int(&row, "IsPrimary", k->opportunity_id.text[0] == '\0');
    return sfo_row_create(k->s, k->c, &row, k->f);
}

static bool make_opportunity(const conversion *k)
{
    sfo_row row = { .table = NULL };
    if (k->ask->no_opportunity) return true;
    if (!begin_target(k, "Opportunity", k->opportunity_id.text, "OpportunityId", &row)) return false;
    sf_str account = sfo_row_text(&row, "AccountId");
    if (row.old != NULL && account.len > 0 && !sfi_str_is(account, k->out->account.text))
        return refuse(k->f, "INVALID_CROSS_REFERENCE_KEY", "OpportunityId",
                      "invalid cross reference id: the opportunity belongs to another account");
    if (account.len == 0) sfo_row_set_text(&row, "AccountId", sfi_str(k->out->account.text));
    if (row.old == NULL) {
        if (k->ask->opportunity_name.len > 0) sfo_row_set_text(&row, "Name", k->ask->opportunity_name);
        sfo_row_set_text(&row, "StageName", sfi_str(first_open_stage(k->s)));
        sfo_row_set_text(&row, "ContactId", sfi_str(k->out->contact.text));
        if (!set_close_date(k, &row) || !set_campaign(k, &row)) return false;
    }
    copy_fields(k, opportunity_fields, SFI_COUNT_OF(opportunity_fields), &row);
    return finish_target(k, k->ask->opportunity_record, false, &row, &k->out->opportunity);
}

/* ---- what hung on the lead ---- */

/* An activity without a subject of its own is about the opportunity, where there is none about the account. */
static bool set_subject(const conversion *k, const sfo_object *o, const char *id)
{
    sfo_row row;
    const char *what = k->out->opportunity.text[0] != '\0' ? k->out->opportunity.text : k->out->account.text;
    if (!sfo_row_load(k->s, sfo_table_of(k->s, o), id, &row, k->f)) return false;
    return sfo_row_text(&row, "WhatId").len > 0 || sfo_row_repoint(k->s, k->c, o, id, "WhatId", what, k->f);
}

static bool move_one(const conversion *k, const sfo_object *o, const char *id, const char *field, const char *partner)
{
    sfo_row row;
    bool doubled = false;
    if (partner != NULL) {
        if (!sfo_row_load(k->s, sfo_table_of(k->s, o), id, &row, k->f) ||
            !sfo_pair_exists(k->s, o, partner, sfo_row_text(&row, partner), field, k->out->contact.text, &doubled,
                             k->f))
            return false;
        if (doubled) return sfo_row_mark_deleted(k->s, k->c, sfo_table_of(k->s, o), id, k->f);
    }
    return sfo_row_repoint(k->s, k->c, o, id, field, k->out->contact.text, k->f) &&
           (strcmp(field, "WhoId") != 0 || set_subject(k, o, id));
}

static bool move_all(const conversion *k)
{
    static const struct {
        const char *object, *from, *to, *partner; /* partner: with it the new value may be there once */
    } moves[] = {
        { "Task", "WhoId", "WhoId", NULL },
        { "Event", "WhoId", "WhoId", NULL },
        { "Note", "ParentId", "ParentId", NULL },
        { "Attachment", "ParentId", "ParentId", NULL },
        { "EmailMessageRelation", "RelationId", "RelationId", NULL },
        { "CampaignMember", "LeadId", "ContactId", "CampaignId" }, /* it keeps its lead, and gets the contact */
        { "ContentDocumentLink", "LinkedEntityId", "LinkedEntityId", "ContentDocumentId" },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(moves); i++) {
        const sfo_object *o = sfo_schema_object(k->s->schema, sfi_str(moves[i].object));
        const sfo_field *from = o != NULL ? sfo_object_field(o, sfi_str(moves[i].from)) : NULL;
        sfo_id_list list;
        if (from == NULL || !from->stored || sfo_field_at(o, moves[i].to) < 0) continue;
        if (!sfo_find_children(k->s, o, moves[i].from, k->lead.id, &list, k->f)) return false;
        for (size_t n = 0; n < list.count; n++)
            if (!move_one(k, o, list.ids[n].text, moves[i].to, moves[i].partner)) return false;
    }
    return true;
}

/* ---- the lead itself ---- */

static bool mark_converted(const conversion *k)
{
    sfo_row row;
    char *today = sfo_scratch(k->s, 16);
    if (today == NULL) return sfo_fault_memory(k->f);
    sfi_date_format(sfo_context_now(k->c), today);
    if (!sfo_row_load(k->s, k->lead.table, k->lead.id, &row, k->f)) return false;
    sfo_row_set_int(&row, "IsConverted", 1);
    sfo_row_set_text(&row, "Status", sfi_str(k->status));
    sfo_row_set_text(&row, "ConvertedDate", sfi_str(today));
    sfo_row_set_text(&row, "ConvertedAccountId", sfi_str(k->out->account.text));
    sfo_row_set_text(&row, "ConvertedContactId", sfi_str(k->out->contact.text));
    sfo_row_set_text(&row, "ConvertedOpportunityId", sfi_str(k->out->opportunity.text));
    sfo_row_set_int(&row, "IsUnreadByOwner", 0);
    return sfo_row_save(k->s, k->c, &row, k->f);
}

static bool convert(conversion *k)
{
    return check_request(k) && make_account(k) && make_contact(k) && make_opportunity(k) && move_all(k) &&
           mark_converted(k) && (k->ask->no_opportunity || make_contact_role(k));
}

bool sfo_lead_convert_one(sfo_store *s, const sfo_context *c, const sfo_lead_convert *ask, sfo_lead_converted *out,
                          sfo_fault *f)
{
    conversion k = { .s = s, .c = c, .ask = ask, .f = f, .out = out };
    *out = (sfo_lead_converted){ 0 };
    return sfo_write_begin(s, f) && sfo_write_end(s, convert(&k), f);
}
