/*
 * standard.c: the rows that every org has from its first minute: the organization, licenses, profiles, the
 * administrator, stages and statuses, the standard price book; and those that a --schema file brings. Each object's rows
 * are inserted once in the life of a database. Called when a store is opened.
 */
#include "store/store_internal.h"

static bool get_meta(sfo_store *s, const char *key, char *out, size_t size, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT value FROM sfo_meta WHERE key=?1", f);
    out[0] = '\0';
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, key);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        (void)snprintf(out, size, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* ids, flags */
    sfo_statement_done(stmt);
    return true;
}

static bool set_meta(sfo_store *s, const char *key, const char *value, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "INSERT OR REPLACE INTO sfo_meta(key, value) VALUES(?1, ?2)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, key);
    sfo_bind_id(stmt, 2, value);
    return sfo_statement_run(s, stmt, f);
}

/* ---- rows of the definition files ---- */

static bool first_id_of(sfo_store *s, const char *sql, char id[19], sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    id[0] = '\0';
    if (sqlite3_step(stmt) == SQLITE_ROW)
        (void)snprintf(id, 19, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* an id */
    sfo_statement_done(stmt);
    return true;
}

static bool insert_rows(sfo_store *s, const sfo_context *c, sfo_table *t, sf_value rows, sfo_fault *f)
{
    char license[19] = "";
    bool profile = strcmp(t->object->name, "Profile") == 0;
    if (profile && !first_id_of(s, "SELECT Id FROM UserLicense", license, f)) return false;
    sf_iter it = sf_iter_begin(rows);
    sf_value v;
    bool ok = true;
    while (ok && sf_iter_next(&it, NULL, &v)) {
        sfo_row row;
        sfo_scratch_begin(s);
        ok = sfo_row_init(s, t, &row, f) && sfo_row_from_json(s, c, SFO_CREATING, v, &row, f);
        if (ok && profile) sfo_row_set_text(&row, "UserLicenseId", sfi_str(license));
        if (ok && sfo_row_get(&row, "UserType")->kind == SFO_CELL_NULL && profile)
            sfo_row_set_text(&row, "UserType", SFI_STR("Standard"));
        sf_str id = ok ? sfo_row_text(&row, "Id") : (sf_str){ NULL, 0 };
        if (id.len == 18) memcpy(row.id, id.ptr, 18); /* a row may bring its id; row.id is zeroed behind it */
        ok = ok && sfo_row_create(s, c, &row, f);
        sfo_scratch_end(s);
    }
    return ok;
}

/* Which rows the fault is about. */
static bool name_rows(const sfo_object *o, sfo_fault *f)
{
    char *message = f != NULL ? f->message : NULL;
    if (message == NULL) return false;
    f->message = NULL;
    (void)sfo_fault_set(f, 400, "INVALID_SEED_ROWS", "seedRows of %s: %s", o->name, message);
    sfi_free(message);
    return false;
}

static bool insert_all(sfo_store *s, const sfo_context *c, sf_value seed, const char *only, sfo_fault *f)
{
    sf_iter it = sf_iter_begin(seed);
    sf_str key;
    sf_value rows;
    while (sf_iter_next(&it, &key, &rows)) {
        const sfo_object *o = sfo_schema_object(s->schema, key);
        char mark[128], done[8];
        if (o == NULL)
            return sfo_fault_set(f, 400, "INVALID_TYPE", "seedRows name the unknown object %.*s", (int)key.len,
                                 key.ptr);
        if (only != NULL && strcmp(only, o->name) != 0) continue;
        (void)snprintf(mark, sizeof mark, "rows:%s", o->name); /* names end at 80 */
        if (!get_meta(s, mark, done, sizeof done, f)) return false;
        if (done[0] != '\0') continue;
        if (!insert_rows(s, c, sfo_table_of(s, o), rows, f)) return name_rows(o, f);
        if (!set_meta(s, mark, "1", f)) return false;
    }
    return true;
}

/* ---- the organization and its administrator ---- */

typedef struct text_value {
    const char *field, *value;
} text_value;

static bool create_from(sfo_store *s, const sfo_context *c, const char *object, const char *id,
                        const text_value *values, size_t count, sfo_fault *f)
{
    sfo_row row;
    sfo_scratch_begin(s);
    bool ok = sfo_row_init(s, sfo_table_named(s, object), &row, f);
    if (ok) memcpy(row.id, id, sizeof row.id);
    for (size_t i = 0; ok && i < count; i++) {
        const sfo_field *field = sfo_object_field(row.table->object, sfi_str(values[i].field));
        if (field != NULL)
            ok = sfo_cell_from_text(s, field, sfi_str(values[i].value), &row.cells[field - row.table->object->fields]);
    }
    ok = ok && sfo_row_create(s, c, &row, f);
    sfo_scratch_end(s);
    return ok;
}

static bool create_organization(sfo_store *s, const sfo_context *c, sfo_fault *f)
{
    static const text_value values[] = {
        { "Name", "Local Org" },
        { "Country", "US" },
        { "PrimaryContact", "Local Admin" },
        { "DefaultLocaleSidKey", "en_US" },
        { "TimeZoneSidKey", "GMT" },
        { "LanguageLocaleKey", "en_US" },
        { "FiscalYearStartMonth", "1" },
        { "OrganizationType", "Developer Edition" },
        { "InstanceName", "LOCAL" },
        { "IsSandbox", "false" },
        { "DefaultAccountAccess", "Edit" },
        { "DefaultContactAccess", "ControlledByParent" },
        { "DefaultOpportunityAccess", "Edit" },
        { "DefaultLeadAccess", "ReadEditTransfer" },
        { "DefaultCaseAccess", "ReadEditTransfer" },
    };
    return create_from(s, c, "Organization", s->org_id, values, SFI_COUNT_OF(values), f);
}

static bool create_admin(sfo_store *s, const sfo_context *c, sfo_fault *f)
{
    char profile[19];
    if (!first_id_of(s, "SELECT Id FROM Profile WHERE Name='System Administrator'", profile, f)) return false;
    const text_value values[] = {
        { "Username", "admin@local.example" },
        { "Email", "admin@local.example" },
        { "FirstName", "Local" },
        { "LastName", "Admin" },
        { "Alias", "admin" },
        { "CommunityNickname", "admin" },
        { "IsActive", "true" },
        { "TimeZoneSidKey", "GMT" },
        { "LocaleSidKey", "en_US" },
        { "EmailEncodingKey", "UTF-8" },
        { "LanguageLocaleKey", "en_US" },
        { "ProfileId", profile },
        { "UserType", "Standard" },
        { "UserPermissionsMarketingUser", "true" },
        { "UserPermissionsSFContentUser", "true" },
        { "ForecastEnabled", "true" },
        { "UserPreferencesLightningExperiencePreferred", "true" },
    };
    return create_from(s, c, "User", s->admin_id, values, SFI_COUNT_OF(values), f);
}

static bool make_identity(sfo_store *s, sfo_fault *f)
{
    static const char *const keys[] = { "org", "admin" }, *const objects[] = { "Organization", "User" };
    char *ids[] = { s->org_id, s->admin_id };
    for (size_t i = 0; i < 2; i++) {
        if (!get_meta(s, keys[i], ids[i], 19, f)) return false;
        if (ids[i][0] != '\0') continue;
        sf_id id = sfo_id_next(s, sfo_schema_object(s->schema, sfi_str(objects[i])));
        memcpy(ids[i], id.text, 19);
        if (!set_meta(s, keys[i], ids[i], f)) return false;
    }
    return true;
}

static bool insert_standard(sfo_store *s, const sfo_context *c, sfo_fault *f)
{
    char done[8];
    if (!get_meta(s, "standard", done, sizeof done, f)) return false;
    if (done[0] == '\0' && !create_organization(s, c, f)) return false;
    /* Profiles point to a license, the administrator to a profile. */
    sf_value seed = sfo_schema_seed_rows(s->schema);
    if (!insert_all(s, c, seed, "UserLicense", f) || !insert_all(s, c, seed, "Profile", f)) return false;
    if (done[0] == '\0' && !create_admin(s, c, f)) return false;
    return insert_all(s, c, seed, NULL, f) && insert_all(s, c, sfo_schema_extra(s->schema, "seedRows"), NULL, f) &&
           set_meta(s, "standard", "1", f);
}

/* ---- EntityDefinition: the schema as rows, made anew at each open ---- */

static bool insert_definition(sfo_store *s, const sfo_context *c, const sfo_object *o, sfo_fault *f)
{
    sf_id id = sfo_id_next(s, sfo_schema_object(s->schema, SFI_STR("EntityDefinition")));
    sf_str stem = sfi_str(o->name);
    if (o->custom && stem.len > 3) stem.len -= sfi_ends_with(stem, "__mdt") ? 5 : 3;
    char developer[96];
    (void)snprintf(developer, sizeof developer, "%.*s", (int)stem.len, stem.ptr); /* names end at 80 */
    const struct {
        const char *field;
        bool flag;
    } flags[] = {
        { "IsQueryable", o->queryable },
        { "IsSearchable", o->searchable },
        { "IsRetrieveable", o->retrieveable },
        { "IsReplicateable", o->replicateable },
        { "IsTriggerable", o->triggerable },
        { "IsApexTriggerable", o->triggerable },
        { "IsEverCreatable", o->createable },
        { "IsEverUpdatable", o->updateable },
        { "IsEverDeletable", o->deletable },
        { "IsFeedEnabled", o->feed_enabled },
        { "IsMruEnabled", o->mru_enabled },
        { "IsCustomSetting", o->custom_setting },
        { "IsCustomizable", o->layoutable },
        { "IsWorkflowEnabled", o->layoutable },
        { "IsProcessEnabled", o->layoutable },
        { "IsCompactLayoutable", o->compact_layoutable },
        { "IsSearchLayoutable", o->search_layoutable },
        { "IsIdEnabled", true },
    };
    text_value values[32] = {
        { "DurableId", o->name },
        { "QualifiedApiName", o->name },
        { "DeveloperName", developer },
        { "MasterLabel", o->label },
        { "Label", o->label },
        { "PluralLabel", o->label_plural },
        { "KeyPrefix", o->key_prefix != NULL ? o->key_prefix : "" },
        { "InternalSharingModel", "ReadWrite" },
        { "ExternalSharingModel", "Private" },
    };
    size_t n = 9;
    for (size_t i = 0; i < SFI_COUNT_OF(flags); i++)
        values[n++] = (text_value){ flags[i].field, flags[i].flag ? "true" : "false" };
    return create_from(s, c, "EntityDefinition", id.text, values, n, f);
}

/* Tells one schema from another as far as its rows here go. */
static uint64_t fingerprint(const sfo_schema *schema)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < sfo_schema_count(schema); i++) {
        const sfo_object *o = sfo_schema_at(schema, i);
        const char *const texts[] = { o->name, o->label, o->label_plural, o->key_prefix != NULL ? o->key_prefix : "" };
        for (size_t k = 0; k < SFI_COUNT_OF(texts); k++) {
            for (const char *c = texts[k]; *c != '\0'; c++) h = (h ^ (unsigned char)*c) * 1099511628211u;
            h = (h ^ 0xFF) * 1099511628211u;
        }
    }
    return h;
}

static bool insert_definitions(sfo_store *s, const sfo_context *c, sfo_fault *f)
{
    char before[32], now[32];
    (void)snprintf(now, sizeof now, "%016llx", (unsigned long long)fingerprint(s->schema)); /* fits */
    if (sfo_table_named(s, "EntityDefinition") == NULL) return true;
    if (!get_meta(s, "definitions", before, sizeof before, f)) return false;
    if (strcmp(before, now) == 0) return true;
    if (!sfo_sql_run(s, "DELETE FROM EntityDefinition", f)) return false;
    for (size_t i = 0; i < sfo_schema_count(s->schema); i++)
        if (!insert_definition(s, c, sfo_schema_at(s->schema, i), f)) return false;
    return set_meta(s, "definitions", now, f);
}

/* ---- RecordType: a row for each record type of the definitions ---- */

static bool insert_record_type(sfo_store *s, const sfo_context *c, const sfo_object *o, const sfo_record_type *t,
                               sfo_fault *f)
{
    const text_value values[] = {
        { "Name", t->name },
        { "DeveloperName", t->developer_name },
        { "SobjectType", o->name },
        { "IsActive", t->active ? "true" : "false" },
    };
    char id[19];
    if (sfo_row_state(s, sfo_table_named(s, "RecordType"), t->id, f) == 1) return true;
    (void)snprintf(id, sizeof id, "%s", t->id); /* an id */
    return create_from(s, c, "RecordType", id, values, SFI_COUNT_OF(values), f);
}

static bool insert_record_types(sfo_store *s, const sfo_context *c, sfo_fault *f)
{
    for (size_t i = 0; i < sfo_schema_count(s->schema); i++) {
        const sfo_object *o = sfo_schema_at(s->schema, i);
        for (size_t k = 0; k < o->record_type_count; k++)
            if (!insert_record_type(s, c, o, &o->record_types[k], f)) return false;
    }
    return true;
}

bool sfo_standard_rows(sfo_store *s, sfo_fault *f)
{
    sfo_context c = { .user_id = s->admin_id, .version = "62.0", .version_number = 62.0 };
    if (!make_identity(s, f)) return false;
    s->system_writes = true;
    bool ok = insert_standard(s, &c, f) && insert_record_types(s, &c, f) && insert_definitions(s, &c, f);
    s->system_writes = false;
    return ok;
}
