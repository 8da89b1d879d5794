/*
 * derive.c: computed values of activities, products, campaign members and files. See compute.c.
 */
#include "store/derive.h"

/* Copies columns of one row of another table into fields. sql selects them by ?1. */
static bool copy_from(sfo_store *s, const char *sql, sf_str id, sfo_row *row, const char *const *fields, size_t count,
                      sfo_fault *f)
{
    if (id.len == 0) return true;
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    sfo_bind_text(stmt, 1, id);
    int rc = sqlite3_step(stmt);
    for (size_t i = 0; rc == SQLITE_ROW && i < count; i++) {
        int type = sqlite3_column_type(stmt, (int)i);
        sf_str text = { (const char *)sqlite3_column_text(stmt, (int)i), (size_t)sqlite3_column_bytes(stmt, (int)i) };
        if (type == SQLITE_TEXT)
            sfo_row_set_text(row, fields[i], sfo_scratch_text(s, text));
        else if (type == SQLITE_FLOAT)
            sfo_row_set_real(row, fields[i], sqlite3_column_double(stmt, (int)i));
        else if (type == SQLITE_INTEGER)
            sfo_row_set_int(row, fields[i], sqlite3_column_int64(stmt, (int)i));
        else
            sfo_row_set_null(row, fields[i]);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

static bool is_null(const sfo_row *row, const char *field)
{
    return sfo_row_get(row, field)->kind == SFO_CELL_NULL;
}

/* ---- activities ---- */

/* The account that an activity belongs to: what it is about, else where its person works. */
static bool set_activity_account(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    static const char *const account[] = { "AccountId" };
    if (!sfo_row_changed(row, "WhatId") && !sfo_row_changed(row, "WhoId")) return true;
    sf_str what = sfo_row_text(row, "WhatId"), who = sfo_row_text(row, "WhoId");
    const sfo_object *about = sfo_schema_object_of_id(s->schema, what),
                     *person = sfo_schema_object_of_id(s->schema, who);
    sfo_row_set_null(row, "AccountId");
    if (about != NULL && strcmp(about->name, "Account") == 0) {
        sfo_row_set_text(row, "AccountId", what);
    } else if (about != NULL && sfo_object_field(about, SFI_STR("AccountId")) != NULL) {
        char sql[160];
        (void)snprintf(sql, sizeof sql, "SELECT AccountId FROM \"%s\" WHERE Id=?1", about->name); /* names end at 80 */
        if (!copy_from(s, sql, what, row, account, 1, f)) return false;
    }
    if (!is_null(row, "AccountId") || person == NULL || strcmp(person->name, "Contact") != 0) return true;
    return copy_from(s, "SELECT AccountId FROM Contact WHERE Id=?1", who, row, account, 1, f);
}

static void set_counts(sfo_row *row)
{
    sfo_row_set_int(row, "WhoCount", is_null(row, "WhoId") ? 0 : 1);
    sfo_row_set_int(row, "WhatCount", is_null(row, "WhatId") ? 0 : 1);
}

bool sfo_before_task(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    bool closed = sfi_str_is_nocase(sfo_row_text(row, "Status"), "Completed");
    bool was_closed = row->old != NULL && sfo_row_get(row, "IsClosed")->number != 0;
    set_counts(row);
    sfo_row_set_int(row, "IsClosed", closed);
    sfo_row_set_int(row, "IsHighPriority", sfi_str_is_nocase(sfo_row_text(row, "Priority"), "High"));
    if (closed && !was_closed && is_null(row, "CompletedDateTime"))
        sfo_row_set_int(row, "CompletedDateTime", sfo_context_now(c));
    if (!closed) sfo_row_set_null(row, "CompletedDateTime");
    return set_activity_account(s, row, f);
}

static bool set_date_of(sfo_store *s, sfo_row *row, const char *field, int64_t ms, sfo_fault *f)
{
    char *text = sfo_scratch(s, 16);
    if (text == NULL) return sfo_fault_memory(f);
    sfi_date_format(ms, text);
    sfo_row_set_text(row, field, sfi_str(text));
    return true;
}

/* Start, end, duration and day of an event say the same thing in several ways: what is given sets the rest. */
bool sfo_before_event(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)c;
    int64_t ms;
    char kind;
    set_counts(row);
    bool all_day = sfo_row_get(row, "IsAllDayEvent")->number != 0;
    if (sfo_row_changed(row, "ActivityDateTime") && !sfo_row_changed(row, "StartDateTime") &&
        !is_null(row, "ActivityDateTime"))
        sfo_row_set_int(row, "StartDateTime", sfo_row_get(row, "ActivityDateTime")->number);
    if (is_null(row, "StartDateTime") && !is_null(row, "ActivityDate") &&
        sfi_time_parse(sfo_row_text(row, "ActivityDate"), &ms, &kind))
        sfo_row_set_int(row, "StartDateTime", ms);
    if (is_null(row, "StartDateTime"))
        return sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING",
                             "Required fields are missing: [ActivityDateTime, DurationInMinutes]");
    int64_t start = sfo_row_get(row, "StartDateTime")->number;
    if (sfo_row_changed(row, "EndDateTime") && !is_null(row, "EndDateTime"))
        sfo_row_set_int(row, "DurationInMinutes", (sfo_row_get(row, "EndDateTime")->number - start) / 60000);
    if (is_null(row, "DurationInMinutes")) {
        if (!all_day)
            return sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [DurationInMinutes]");
        sfo_row_set_int(row, "DurationInMinutes", 1440);
    }
    int64_t minutes = sfo_row_get(row, "DurationInMinutes")->number;
    if (minutes < 0) {
        (void)sfo_fault_set(f, 400, "FIELD_INTEGRITY_EXCEPTION",
                            "The event duration cannot be negative: DurationInMinutes");
        sfo_fault_add_field(f, "DurationInMinutes");
        return false;
    }
    int64_t end = start + minutes * 60000;
    sfo_row_set_int(row, "EndDateTime", end);
    if (all_day)
        sfo_row_set_null(row, "ActivityDateTime");
    else
        sfo_row_set_int(row, "ActivityDateTime", start);
    return set_date_of(s, row, "ActivityDate", start, f) && set_date_of(s, row, "EndDate", end, f) &&
           set_activity_account(s, row, f);
}

/* ---- products ---- */

static void set_total(sfo_row *row)
{
    const sfo_cell *quantity = sfo_row_get(row, "Quantity"), *price = sfo_row_get(row, "UnitPrice");
    if (quantity->kind == SFO_CELL_REAL && price->kind == SFO_CELL_REAL)
        sfo_row_set_real(row, "TotalPrice", quantity->real * price->real);
}

bool sfo_before_line_item(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    static const char *const entry[] = { "ListPrice", "Product2Id", "ProductCode" };
    static const char *const price[] = { "UnitPrice" };
    (void)c;
    sf_str id = sfo_row_text(row, "PricebookEntryId");
    if (sfo_row_changed(row, "PricebookEntryId") &&
        !copy_from(s, "SELECT UnitPrice, Product2Id, ProductCode FROM PricebookEntry WHERE Id=?1", id, row, entry, 3,
                   f))
        return false;
    const sfo_cell *total = sfo_row_get(row, "TotalPrice"), *quantity = sfo_row_get(row, "Quantity");
    if (total->given && total->kind == SFO_CELL_REAL && !sfo_row_get(row, "UnitPrice")->given &&
        quantity->kind == SFO_CELL_REAL && quantity->real != 0)
        sfo_row_set_real(row, "UnitPrice", total->real / quantity->real);
    if (is_null(row, "UnitPrice") &&
        !copy_from(s, "SELECT UnitPrice FROM PricebookEntry WHERE Id=?1", id, row, price, 1, f))
        return false;
    set_total(row);
    if (row->old != NULL) return true;
    static const char *const name[] = { "Name" };
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "SELECT substr(o.Name || ' ' || coalesce((SELECT Name FROM Product2 WHERE Id='%.18s'), ''), 1, 376) "
                   "FROM Opportunity o WHERE o.Id=?1",
                   sfo_row_text(row, "Product2Id").len == 18 ? sfo_row_text(row, "Product2Id").ptr : ""); /* an id */
    return copy_from(s, sql, sfo_row_text(row, "OpportunityId"), row, name, 1, f);
}

/* The amount of an opportunity with products is their sum. */
bool sfo_after_line_item(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(
        s,
        "UPDATE Opportunity SET HasOpportunityLineItem=1, Amount=x.total, TotalOpportunityQuantity=x.quantity, "
        "ExpectedRevenue=round(x.total*Probability/100, 2) FROM (SELECT sum(TotalPrice) total, sum(Quantity) quantity "
        "FROM OpportunityLineItem WHERE OpportunityId=?1 AND IsDeleted=0) x WHERE Id=?1",
        f);
    if (stmt == NULL) return false;
    char id[19];
    sf_str opportunity = sfo_row_text(row, "OpportunityId");
    (void)snprintf(id, sizeof id, "%.*s", (int)opportunity.len, opportunity.ptr); /* an id */
    sfo_bind_id(stmt, 1, id);
    return sfo_statement_run(s, stmt, f) && sfo_change_note_id(s, c, sfo_table_named(s, "Opportunity"), id,
                                                               SFO_CHANGE_UPDATE, "Amount", f);
}

bool sfo_before_pricebook_entry(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    static const char *const fields[] = { "Name", "ProductCode" };
    (void)c;
    if (!sfo_row_changed(row, "Product2Id")) return true;
    return copy_from(s, "SELECT Name, ProductCode FROM Product2 WHERE Id=?1", sfo_row_text(row, "Product2Id"), row,
                     fields, 2, f);
}

bool sfo_before_order_item(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    static const char *const fields[] = { "ListPrice", "Product2Id" };
    (void)c;
    if (sfo_row_changed(row, "PricebookEntryId") &&
        !copy_from(s, "SELECT UnitPrice, Product2Id FROM PricebookEntry WHERE Id=?1",
                   sfo_row_text(row, "PricebookEntryId"), row, fields, 2, f))
        return false;
    if (is_null(row, "UnitPrice") && !is_null(row, "ListPrice"))
        sfo_row_set_real(row, "UnitPrice", sfo_row_get(row, "ListPrice")->real);
    set_total(row);
    return true;
}

/* ---- campaign members ---- */

bool sfo_before_campaign_member(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    static const char *const fields[] = {
        "Name",       "Salutation",           "FirstName",       "LastName", "Title", "Email", "Phone", "MobilePhone",
        "LeadSource", "LeadOrContactOwnerId", "CompanyOrAccount"
    };
    (void)c;
    sf_str lead = sfo_row_text(row, "LeadId"), contact = sfo_row_text(row, "ContactId");
    if (lead.len == 0 && contact.len == 0) {
        (void)sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LeadId, ContactId]");
        sfo_fault_add_field(f, "LeadId");
        sfo_fault_add_field(f, "ContactId");
        return false;
    }
    sfo_row_set_int(row, "HasResponded", sfi_str_is_nocase(sfo_row_text(row, "Status"), "Responded"));
    if (row->old != NULL && !sfo_row_changed(row, "LeadId") && !sfo_row_changed(row, "ContactId")) return true;
    sfo_row_set_text(row, "LeadOrContactId", contact.len > 0 ? contact : lead);
    sfo_row_set_text(row, "Type", contact.len > 0 ? SFI_STR("Contact") : SFI_STR("Lead"));
    if (contact.len > 0)
        return copy_from(s,
                         "SELECT p.Name, p.Salutation, p.FirstName, p.LastName, p.Title, p.Email, p.Phone, "
                         "p.MobilePhone, p.LeadSource, "
                         "p.OwnerId, a.Name FROM Contact p LEFT JOIN Account a ON a.Id=p.AccountId WHERE p.Id=?1",
                         contact, row, fields, SFI_COUNT_OF(fields), f);
    return copy_from(
        s,
        "SELECT Name, Salutation, FirstName, LastName, Title, Email, Phone, MobilePhone, LeadSource, OwnerId, Company "
        "FROM Lead WHERE Id=?1",
        lead, row, fields, SFI_COUNT_OF(fields), f);
}
