/*
 * compute.c: values that follow from others when a row is written: full names, what an opportunity's stage and a case's
 * status mean, fiscal periods. A table here says which objects compute what; activities, products and files are in
 * derive.c. Called by records.c.
 */
#include "store/derive.h"

/* ---- facts: what stages and statuses mean ---- */

static const char *keep_column(sfo_store *s, sqlite3_stmt *stmt, int column)
{
    sf_str text = sfo_column_text(stmt, column);
    return text.ptr != NULL ? sfi_arena_strndup(&s->facts, text.ptr, text.len) : "";
}

enum { STAGES_MAX = 200 };

/* Rows of name, closed, won, category, category name, probability. */
static bool load_stages(sfo_store *s, const char *sql, sfo_stage **out, size_t *count, sfo_fault *f)
{
    sfo_stage *rows = sfi_arena_alloc(&s->facts, STAGES_MAX * sizeof *rows);
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (rows == NULL) return sfo_fault_memory(f);
    if (stmt == NULL) return false;
    int rc;
    for (*count = 0; (rc = sqlite3_step(stmt)) == SQLITE_ROW && *count < STAGES_MAX; ++*count)
        rows[*count] = (sfo_stage){ .name = keep_column(s, stmt, 0),
                                    .closed = sqlite3_column_int(stmt, 1) != 0,
                                    .won = sqlite3_column_int(stmt, 2) != 0,
                                    .category = keep_column(s, stmt, 3),
                                    .category_name = keep_column(s, stmt, 4),
                                    .probability = sqlite3_column_double(stmt, 5) };
    sfo_statement_done(stmt);
    for (size_t i = 0; i < *count; i++)
        if (rows[i].name == NULL || rows[i].category == NULL || rows[i].category_name == NULL)
            return sfo_fault_memory(f);
    *out = rows;
    return rc == SQLITE_ROW || rc == SQLITE_DONE || sfo_fault_sql(s, f);
}

bool sfo_facts_load(sfo_store *s, sfo_fault *f)
{
    return load_stages(s,
                       "SELECT ApiName, IsClosed, IsWon, ForecastCategory, ForecastCategoryName, DefaultProbability "
                       "FROM OpportunityStage ORDER BY SortOrder",
                       &s->stages, &s->stage_count, f) &&
           load_stages(s, "SELECT ApiName, IsClosed, 0, '', '', 0 FROM CaseStatus ORDER BY SortOrder",
                       &s->case_statuses, &s->case_status_count, f) &&
           load_stages(s, "SELECT ApiName, IsConverted, 0, '', '', 0 FROM LeadStatus ORDER BY SortOrder",
                       &s->lead_statuses, &s->lead_status_count, f);
}

static const sfo_stage *find_stage(const sfo_stage *stages, size_t count, sf_str name)
{
    for (size_t i = 0; i < count; i++)
        if (sfo_text_compare(sfi_str(stages[i].name), name) == 0) return &stages[i];
    return NULL;
}

/* ---- names ---- */

/* Name from its parts. */
static bool join_name(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    static const char *const parts[] = { "FirstName", "MiddleName", "LastName", "Suffix" };
    size_t room = 1, len = 0;
    bool changed = false;
    for (size_t i = 0; i < SFI_COUNT_OF(parts); i++) {
        room += sfo_row_text(row, parts[i]).len + 1;
        changed = changed || sfo_row_changed(row, parts[i]);
    }
    if (!changed) return true;
    char *name = sfo_scratch(s, room);
    if (name == NULL) return sfo_fault_memory(f);
    for (size_t i = 0; i < SFI_COUNT_OF(parts); i++) {
        sf_str part = sfo_row_text(row, parts[i]);
        if (part.len == 0) continue;
        if (len > 0) name[len++] = ' ';
        memcpy(name + len, part.ptr, part.len);
        len += part.len;
    }
    sfo_row_set_text(row, "Name", (sf_str){ name, len });
    return true;
}

static bool set_photo(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    if (row->old != NULL) return true;
    char *url = sfo_scratch(s, 48);
    if (url == NULL) return sfo_fault_memory(f);
    (void)snprintf(url, 48, "/services/images/photo/%s", row->id); /* fits */
    sfo_row_set_text(row, "PhotoUrl", sfi_str(url));
    return true;
}

static bool before_account(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)c;
    return set_photo(s, row, f);
}

static bool before_contact(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)c;
    return join_name(s, row, f) && set_photo(s, row, f);
}

static bool before_lead(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)c;
    const sfo_stage *status = find_stage(s->lead_statuses, s->lead_status_count, sfo_row_text(row, "Status"));
    bool converted = sfo_row_get(row, "IsConverted")->number != 0;
    if (sfo_row_changed(row, "Status") && status != NULL && status->closed && !converted) {
        (void)sfo_fault_set(f, 400, "INVALID_STATUS", "invalid status: %s",
                            status->name); /* that of converted leads only */
        sfo_fault_add_field(f, "Status");
        return false;
    }
    return join_name(s, row, f) && set_photo(s, row, f);
}

static bool before_user(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    (void)c;
    if (row->old == NULL && sfo_row_get(row, "CommunityNickname")->kind == SFO_CELL_NULL) {
        sf_str name = sfo_row_text(row, "Username"), nick = name;
        const char *at = name.ptr != NULL ? memchr(name.ptr, '@', name.len) : NULL;
        if (at != NULL) nick.len = (size_t)(at - name.ptr);
        char *made = sfo_scratch(s, 64);
        if (made == NULL) return sfo_fault_memory(f);
        (void)snprintf(made, 41, "%.*s%.9s", (int)(nick.len < 20 ? nick.len : 20), nick.ptr != NULL ? nick.ptr : "User",
                       row->id + 6);
        sfo_row_set_text(row, "CommunityNickname", sfi_str(made));
    }
    if (row->old == NULL && sfo_row_get(row, "UserType")->kind == SFO_CELL_NULL)
        sfo_row_set_text(row, "UserType", SFI_STR("Standard"));
    return join_name(s, row, f);
}

/* ---- opportunities ---- */

static const struct {
    const char *name, *category;
} categories[] = {
    /* ForecastCategoryName to ForecastCategory */
    { "Omitted", "Omitted" },        { "Pipeline", "Pipeline" }, { "Best Case", "BestCase" },
    { "Most Likely", "MostLikely" }, { "Commit", "Forecast" },   { "Closed", "Closed" },
};

static void set_category(sfo_row *row)
{
    sf_str name = sfo_row_text(row, "ForecastCategoryName");
    for (size_t i = 0; i < SFI_COUNT_OF(categories); i++)
        if (sfi_str_is_nocase(name, categories[i].name))
            sfo_row_set_text(row, "ForecastCategory", sfi_str(categories[i].category));
}

static void set_stage(const sfo_store *s, const sfo_context *c, sfo_row *row)
{
    const sfo_stage *stage = find_stage(s->stages, s->stage_count, sfo_row_text(row, "StageName"));
    bool probability_given =
        sfo_row_get(row, "Probability")->given && sfo_row_get(row, "Probability")->kind != SFO_CELL_NULL;
    bool category_given = sfo_row_get(row, "ForecastCategoryName")->given &&
                          sfo_row_get(row, "ForecastCategoryName")->kind != SFO_CELL_NULL;
    sfo_row_set_int(row, "IsClosed", stage != NULL && stage->closed);
    sfo_row_set_int(row, "IsWon", stage != NULL && stage->won);
    if (!probability_given) sfo_row_set_real(row, "Probability", stage != NULL ? stage->probability : 0);
    if (!category_given)
        sfo_row_set_text(row, "ForecastCategoryName", sfi_str(stage != NULL ? stage->category_name : "Pipeline"));
    if (row->old != NULL) sfo_row_set_int(row, "LastStageChangeDate", sfo_context_now(c));
}

/* From CloseDate. */
static bool set_fiscal(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    int64_t ms;
    char kind, *text = sfo_scratch(s, 32);
    sf_str close = sfo_row_text(row, "CloseDate");
    if (text == NULL) return sfo_fault_memory(f);
    if (close.ptr == NULL || !sfi_time_parse(close, &ms, &kind)) return true;
    int64_t year, days = ms / 86400000 - (ms % 86400000 < 0 ? 1 : 0);
    int month, day;
    sfi_civil_from_days(days, &year, &month, &day);
    int quarter = (month - 1) / 3 + 1;
    (void)snprintf(text, 32, "%04lld %d", (long long)year, quarter); /* fits */
    sfo_row_set_text(row, "Fiscal", sfi_str(text));
    sfo_row_set_int(row, "FiscalYear", year);
    sfo_row_set_int(row, "FiscalQuarter", quarter);
    return true;
}

static bool before_opportunity(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    if (row->old == NULL || sfo_row_changed(row, "StageName")) set_stage(s, c, row);
    if (sfo_row_changed(row, "ForecastCategoryName")) set_category(row);
    if (sfo_row_changed(row, "CloseDate") && !set_fiscal(s, row, f)) return false;
    const sfo_cell *amount = sfo_row_get(row, "Amount"), *probability = sfo_row_get(row, "Probability");
    if (sfo_row_changed(row, "Amount") || sfo_row_changed(row, "Probability")) {
        if (amount->kind == SFO_CELL_REAL && probability->kind == SFO_CELL_REAL)
            sfo_row_set_real(row, "ExpectedRevenue", (double)(int64_t)(amount->real * probability->real + 0.5) / 100.0);
        else
            sfo_row_set_null(row, "ExpectedRevenue");
    }
    return true;
}

/* ---- cases ---- */

static bool copy_contact(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    static const char *const to[] = { "ContactPhone", "ContactMobile", "ContactEmail", "ContactFax" };
    if (!sfo_row_changed(row, "ContactId")) return true;
    sf_str id = sfo_row_text(row, "ContactId");
    for (size_t i = 0; i < SFI_COUNT_OF(to); i++) sfo_row_set_null(row, to[i]);
    if (id.len == 0) return true;
    sqlite3_stmt *stmt =
        sfo_statement_get(s, "SELECT Phone, MobilePhone, Email, Fax, AccountId FROM Contact WHERE Id=?1", f);
    if (stmt == NULL) return false;
    sfo_bind_text(stmt, 1, id);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < (int)SFI_COUNT_OF(to); i++)
            sfo_row_set_text(row, to[i], sfo_scratch_text(s, sfo_column_text(stmt, i)));
        if (sfo_row_get(row, "AccountId")->kind == SFO_CELL_NULL && !sfo_row_get(row, "AccountId")->given)
            sfo_row_set_text(row, "AccountId", sfo_scratch_text(s, sfo_column_text(stmt, 4)));
    }
    sfo_statement_done(stmt);
    return true;
}

static bool before_case(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    if (row->old == NULL || sfo_row_changed(row, "Status")) {
        const sfo_stage *status = find_stage(s->case_statuses, s->case_status_count, sfo_row_text(row, "Status"));
        bool closed = status != NULL && status->closed;
        bool was_closed = row->old != NULL && sfo_row_get(row, "IsClosed")->number != 0;
        sfo_row_set_int(row, "IsClosed", closed);
        if (closed && !was_closed && !sfo_row_get(row, "ClosedDate")->given)
            sfo_row_set_int(row, "ClosedDate", sfo_context_now(c));
        if (!closed) sfo_row_set_null(row, "ClosedDate");
    }
    return copy_contact(s, row, f);
}

/* ---- who computes what ---- */

void sfo_compute_attach(sfo_table *t)
{
    static const struct {
        const char *object;
        sfo_compute before, after;
    } rows[] = {
        { "Account", before_account, NULL },
        { "Contact", before_contact, NULL },
        { "Lead", before_lead, NULL },
        { "User", before_user, NULL },
        { "Opportunity", before_opportunity, NULL },
        { "Case", before_case, NULL },
        { "Task", sfo_before_task, NULL },
        { "Event", sfo_before_event, NULL },
        { "OpportunityLineItem", sfo_before_line_item, sfo_after_line_item },
        { "PricebookEntry", sfo_before_pricebook_entry, NULL },
        { "OrderItem", sfo_before_order_item, NULL },
        { "CampaignMember", sfo_before_campaign_member, NULL },
        { "Attachment", sfo_before_attachment, NULL },
        { "Document", sfo_before_attachment, NULL },
        { "PushTopic", sfo_before_push_topic, NULL },
        { "StreamingChannel", sfo_before_streaming_channel, NULL },
        { "ContentVersion", sfo_before_content_version, sfo_after_content_version },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(rows); i++)
        if (strcmp(rows[i].object, t->object->name) == 0) {
            t->before = rows[i].before;
            t->after = rows[i].after;
        }
}
