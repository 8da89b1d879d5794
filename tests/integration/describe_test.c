/* describe_test.c: against a real local org: changed and deleted records, passwords, relationships, conditions, counts,
 * recent items. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static sf_id account;

#define OK(call) ok((call), __LINE__)

static void ok(sf_status rc, int line)
{
    if (rc != SF_OK) fail_msg("line %d: %s: %s", line, sf_status_name(rc), err.message);
}

static sf_id create(const char *object, const char *field, const char *value, const char *field2, const char *value2)
{
    sf_id id = { "" };
    sf_record *r = sf_record_new(object);
    OK(sf_record_set_str(r, field, value));
    if (field2 != NULL) OK(sf_record_set_str(r, field2, value2));
    OK(sf_record_create(sf, r, NULL, &id, &err));
    sf_record_free(r);
    return id;
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema",
                                                SF_SOURCE_DIR "/tests/integration/data/describe_schema.json", NULL });
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &sf, &err);
    if (rc == SF_OK) account = create("Account", "Name", "Acme", NULL, NULL);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

/* ---- relationships ---- */

static void test_describe__children_come_in_pages(void **state)
{
    static const char *const fields[] = { "LastName", "Email", NULL };
    enum { COUNT = 450 };
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "Child %04d", i);
        (void)create("Contact", "LastName", name, "AccountId", account.text);
    }
    sf_query *q = NULL;
    sf_value row;
    sf_status rc;
    int64_t rows = 0;
    const sf_related at = { .object = "Account", .id = account.text, .relationship = "Contacts" };
    OK(sf_related_open(sf, &at, fields, &(sf_query_options){ .page_rows = 200 }, &q, &err));
    assert_int_equal(sf_query_total(q), COUNT);
    assert_int_equal(sf_query_column_count(q), 2);
    assert_string_equal(sf_query_column(q, 1).path, "Email");
    while ((rc = sf_query_next(q, &row, &err)) == SF_ROW) {
        assert_int_equal(strncmp(sf_get_str(row, "LastName"), "Child ", 6), 0);
        assert_string_equal(sf_get_str(row, "attributes.type"), "Contact");
        rows++;
    }
    assert_int_equal(rc, SF_DONE);
    assert_int_equal(rows, COUNT);
    sf_query_close(q);

    OK(sf_related_open(sf, &at, NULL, NULL, &q, &err)); /* all fields: the columns are the row's */
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    assert_true(sf_query_column_count(q) > 40);
    assert_string_equal(sf_get_str(row, "AccountId"), account.text);
    sf_query_close(q);

    const sf_related cases = { .object = "Account", .id = account.text, .relationship = "Cases" };
    assert_int_equal(sf_related_open(sf, &cases, fields + 1, NULL, &q, &err), SF_ERR_ORG); /* Case has no Email */
    assert_string_equal(err.code, "INVALID_FIELD");
    assert_null(q);
    OK(sf_related_open(sf, &cases, NULL, NULL, &q, &err));
    assert_int_equal(sf_query_next(q, &row, &err), SF_DONE); /* no rows are no error */
    sf_query_close(q);
}

static void test_describe__parents_are_read_and_written(void **state)
{
    static const char *const fields[] = { "Name", "Phone", NULL };
    (void)state;
    sf_document *doc = NULL;
    sf_id contact = create("Contact", "LastName", "Leaf", "AccountId", account.text);
    sf_id orphan = create("Contact", "LastName", "Orphan", NULL, NULL);
    const sf_related at = { .object = "Contact", .id = contact.text, .relationship = "Account" };
    sf_record *r = sf_record_new("Account");
    OK(sf_record_set_str(r, "Phone", "+49 1"));
    OK(sf_related_update(sf, &at, r, NULL, &err));
    sf_record_free(r);
    OK(sf_related_get(sf, &at, &(sf_read_options){ .fields = fields }, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "Id"), account.text);
    assert_string_equal(sf_get_str(sf_document_root(doc), "Phone"), "+49 1");
    sf_document_free(doc);
    sf_query *q = NULL;
    assert_int_equal(sf_related_open(sf, &at, NULL, NULL, &q, &err), SF_ERR_PROTOCOL);
    assert_non_null(strstr(err.message, "sf_related_get"));
    assert_int_equal(sf_related_get(sf, &(sf_related){ "Contact", orphan.text, "Account", { 0 } }, NULL, &doc, &err),
                     SF_ERR_NOT_FOUND);
    assert_null(doc);
    assert_int_equal(sf_related_get(sf, &(sf_related){ "Contact", orphan.text, "Nothing__r", { 0 } }, NULL, &doc, &err),
                     SF_ERR_NOT_FOUND);
    sf_id parent = create("Account", "Name", "Short-lived", NULL, NULL);
    sf_id child = create("Contact", "LastName", "Of it", "AccountId", parent.text);
    OK(sf_related_delete(sf, &(sf_related){ "Contact", child.text, "Account", { 0 } }, NULL, &err));
    assert_int_equal(sf_record_get(sf, "Account", parent.text, NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_string_equal(err.code, "ENTITY_IS_DELETED");
    static const sf_related wrong[] = { { "Con tact", "003000000000001AAA", "Account", { 0 } },
                                        { "Contact", "003", "Account", { 0 } },
                                        { "Contact", "003000000000001AAA", "a/b", { 0 } },
                                        { "Contact", "003000000000001AAA", NULL, { 0 } },
                                        { "Contact", "003000000000001AAA", "Account", { 1 } } };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(sf_related_get(sf, &wrong[i], NULL, &doc, &err), SF_ERR_USAGE);
        assert_int_equal(sf_related_open(sf, &wrong[i], NULL, NULL, &q, &err), SF_ERR_USAGE);
    }
    assert_int_equal(sf_related_open(sf, &at, NULL, &(sf_query_options){ .all_rows = true }, &q, &err), SF_ERR_USAGE);
}

/* ---- replication ---- */

static int64_t now_ms(void)
{
    sf_document *doc = NULL; /* the org's clock is this machine's */
    int64_t ms = 0;
    OK(sf_record_get(sf, "Account", account.text, NULL, &doc, &err));
    assert_true(sf_get_time_ms(sf_document_root(doc), "SystemModstamp", &ms));
    sf_document_free(doc);
    return ms;
}

static bool has_change(sf_changes *c, const char *id, int64_t *deleted_ms)
{
    sf_change change;
    sf_status rc;
    bool found = false;
    size_t n = 0;
    while ((rc = sf_changes_next(c, &change, &err)) == SF_ROW) {
        n++;
        if (strcmp(change.id.text, id) != 0) continue;
        found = true;
        *deleted_ms = change.deleted_ms;
    }
    assert_int_equal(rc, SF_DONE);
    assert_int_equal(sf_changes_next(c, &change, &err), SF_DONE);
    assert_int_equal(n, sf_changes_count(c));
    return found;
}

static void test_describe__changes_are_told_by_kind_and_time(void **state)
{
    enum { DAY = 86400000, HOUR = 3600000 };
    (void)state;
    sf_id gone = create("Account", "Name", "Gone", NULL, NULL), kept = create("Account", "Name", "Kept", NULL, NULL);
    OK(sf_record_delete(sf, "Account", gone.text, NULL, &err));
    int64_t now = now_ms(), at = 0;
    const sf_changes_options day = { .start_ms = now - DAY, .end_ms = now + HOUR };
    sf_changes *c = NULL;
    OK(sf_deleted_open(sf, "Account", &day, &c, &err));
    assert_true(has_change(c, gone.text, &at));
    assert_true(at >= now - HOUR && at <= now + HOUR);
    assert_true(sf_changes_latest_covered_ms(c) > now - DAY && sf_changes_latest_covered_ms(c) <= now + 2 * HOUR);
    assert_true(sf_changes_earliest_available_ms(c) > 0);
    sf_changes_close(c);
    OK(sf_deleted_open(sf, "account", &day, &c, &err));
    assert_false(has_change(c, kept.text, &at));
    sf_changes_close(c);
    OK(sf_updated_open(sf, "Account", &day, &c, &err));
    at = -1;
    assert_true(has_change(c, kept.text, &at));
    assert_int_equal(at, 0);
    assert_int_equal(sf_changes_earliest_available_ms(c), 0);
    sf_changes_close(c);
    OK(sf_updated_open(sf, "Account", &(sf_changes_options){ .start_ms = now - DAY, .end_ms = now - HOUR }, &c, &err));
    assert_int_equal(sf_changes_count(c), 0);
    sf_changes_close(c);
    OK(sf_updated_open(sf, "Account", &(sf_changes_options){ .start_ms = now - DAY }, &c, &err)); /* to now */
    sf_changes_close(c);
}

static void test_describe__spans_that_cannot_be_are_refused(void **state)
{
    static const int64_t day = 86400000;
    (void)state;
    int64_t now = now_ms();
    sf_changes *c = NULL;
    const struct {
        int64_t start, end;
        const char *object, *says;
    } wrong[] = {
        { 0, now, "Account", "not set" },
        { now, now - 1, "Account", "less than a minute" },
        { now - 59999, now, "Account", "less than a minute" },
        { now - 30 * day - 1, now, "Account", "30 days" },
        { now - day, now, "No such", "not an object's name" },
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const sf_changes_options o = { .start_ms = wrong[i].start, .end_ms = wrong[i].end };
        assert_int_equal(sf_deleted_open(sf, wrong[i].object, &o, &c, &err), SF_ERR_USAGE);
        if (strstr(err.message, wrong[i].says) == NULL) fail_msg("%s", err.message);
        assert_null(c);
    }
    assert_int_equal(sf_updated_open(sf, "Account", NULL, &c, &err), SF_ERR_USAGE);
    const sf_changes_options early = { .start_ms = now - 60 * day, .end_ms = now - 40 * day };
    assert_int_equal(sf_updated_open(sf, "Account", &early, &c, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_REPLICATION_DATE");
    const sf_changes_options good = { .start_ms = now - day, .end_ms = now };
    assert_int_equal(sf_updated_open(sf, "Nothing__c", &good, &c, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_changes_next(NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_changes_latest_covered_ms(NULL), 0);
}

/* ---- passwords ---- */

static const char *user_id(void)
{
    static sf_client_info info;
    OK(sf_client_get_info(sf, &info, &err));
    static char id[19];
    sf_query *q = NULL;
    sf_value row;
    OK(sf_query_open(sf, "SELECT Id FROM User WHERE Username = :u",
                     &(sf_query_options){ .binds = SF_BINDS({ "u", sf_bind_str(org.username) }) }, &q, &err));
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    snprintf(id, sizeof id, "%s", sf_get_str(row, "Id"));
    sf_query_close(q);
    return id;
}

static bool logs_in(const char *password)
{
    sf_client *other = NULL;
    OK(sf_client_open(&(sf_client_options){ .login_url = org.url,
                                            .auth = { .flow = SF_AUTH_PASSWORD,
                                                      .client_id = org.client_id,
                                                      .client_secret = org.client_secret,
                                                      .username = org.username,
                                                      .password = password,
                                                      .security_token = org.security_token } },
                      &other, &err));
    sf_status rc = sf_client_login(other, NULL, &err);
    sf_client_close(other);
    return rc == SF_OK;
}

static void test_describe__passwords_are_set_and_reset(void **state)
{
    (void)state;
    const char *id = user_id();
    bool expired = true;
    char *made = NULL;
    OK(sf_password_is_expired(sf, id, NULL, &expired, &err));
    assert_false(expired);
    OK(sf_password_set(sf, id, "Corr3ct \"horse\" Zürich", NULL, &err));
    assert_true(logs_in("Corr3ct \"horse\" Zürich"));
    OK(sf_password_reset(sf, id, NULL, &made, &err));
    assert_true(strlen(made) >= 8);
    assert_false(logs_in("Corr3ct \"horse\" Zürich"));
    assert_true(logs_in(made));
    sf_secret_free(made);
    assert_int_equal(sf_password_set(sf, id, "short1", NULL, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_NEW_PASSWORD");
    assert_null(strstr(err.message, "short1"));
    assert_non_null(strstr(err.message, ": Your password must be at least 8 characters long."));
    assert_int_equal(sf_password_set(sf, id, "", NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_password_set(sf, id, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_password_set(sf, id, "bad \xff", NULL, &err), SF_ERR_USAGE);
    char longer[SF_PASSWORD_MAX + 2];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(sf_password_set(sf, id, longer, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_password_is_expired(sf, "nobody", NULL, &expired, &err), SF_ERR_USAGE);
    assert_int_equal(sf_password_is_expired(sf, "005000000000999AAA", NULL, &expired, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_password_reset(sf, "005000000000999AAA", NULL, &made, &err), SF_ERR_NOT_FOUND);
    assert_null(made);
}

/* ---- conditions ---- */

static void test_describe__conditions_hold_or_not(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_record_state first, second;
    OK(sf_record_get(sf, "Account", account.text, &(sf_read_options){ .state = &first }, &doc, &err));
    sf_document_free(doc);
    assert_true(first.etag[0] == '"' && first.last_modified_ms > 0);
    assert_int_equal(sf_record_get(sf, "Account", account.text,
                                   &(sf_read_options){ .if_none_match = first.etag, .state = &second }, &doc, &err),
                     SF_DONE);
    assert_null(doc);
    sf_record *r = sf_record_new("Account");
    OK(sf_record_set_str(r, "Fax", "1"));
    OK(sf_record_update(sf, r, account.text, &(sf_write_options){ .if_match = first.etag }, &err));
    assert_int_equal(sf_record_update(sf, r, account.text, &(sf_write_options){ .if_match = first.etag }, &err),
                     SF_ERR_ORG);
    assert_int_equal(err.http_status, 412);
    sf_record_free(r);
    OK(sf_record_get(sf, "Account", account.text, &(sf_read_options){ .if_none_match = first.etag }, &doc, &err));
    sf_document_free(doc);
    assert_int_equal(
        sf_record_get(sf, "Account", account.text, &(sf_read_options){ .if_match = first.etag }, &doc, &err),
        SF_ERR_ORG);
    assert_int_equal(err.http_status, 412);
    assert_int_equal(sf_record_get(sf, "Account", account.text,
                                   &(sf_read_options){ .if_unmodified_since_ms = first.last_modified_ms - 3600000 },
                                   &doc, &err),
                     SF_ERR_ORG);
    assert_int_equal(err.http_status, 412);
    assert_null(doc);
}

/* ---- counts ---- */

static void test_describe__counts_are_those_of_queries(void **state)
{
    static const char *const objects[] = { "Account", "Contact", "Nothing__c", NULL };
    (void)state;
    sf_document *doc = NULL;
    sf_value one;
    int seen = 0;
    OK(sf_get_record_counts(sf, objects, NULL, &doc, &err));
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "sObjects")); sf_iter_next(&it, NULL, &one); seen++) {
        char soql[64];
        int64_t want = 0;
        snprintf(soql, sizeof soql, "SELECT COUNT() FROM %s", sf_get_str(one, "name"));
        OK(sf_query_count(sf, soql, NULL, &want, &err));
        assert_int_equal(sf_get_int(one, "count", -1), want);
    }
    assert_int_equal(seen, 2);
    sf_document_free(doc);
    OK(sf_get_record_counts(sf, NULL, NULL, &doc, &err));
    assert_true(sf_value_count(sf_get(sf_document_root(doc), "sObjects")) > 20);
    sf_document_free(doc);
    static const char *const wrong[] = { "Account", "a b", NULL }, *const none[] = { NULL };
    assert_int_equal(sf_get_record_counts(sf, wrong, NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_get_record_counts(sf, none, NULL, &doc, &err), SF_ERR_USAGE);
    assert_null(doc);
}

/* ---- recent items ---- */

static bool recent_is(int64_t limit, const char *first, const char *second)
{
    sf_document *doc = NULL;
    OK(sf_get_recent(sf, limit, NULL, &doc, &err));
    sf_value root = sf_document_root(doc);
    const char *a = sf_get_str(root, "0.Id"), *b = sf_get_str(root, "1.Id");
    bool same = a != NULL && strcmp(a, first) == 0 && (second == NULL || (b != NULL && strcmp(b, second) == 0));
    if (limit > 0) assert_true(sf_value_count(root) <= (size_t)limit);
    sf_document_free(doc);
    return same;
}

static void test_describe__recent_items_follow_reads_and_writes(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_id one = create("Account", "Name", "One", NULL, NULL), two = create("Account", "Name", "Two", NULL, NULL);
    assert_true(recent_is(2, two.text, one.text));
    OK(sf_record_get(sf, "Account", one.text, NULL, &doc, &err));
    sf_document_free(doc);
    assert_true(recent_is(0, one.text, two.text));
    static const char *const quiet[] = { "Sforce-Mru: updateMru=false", NULL };
    const sf_call_options call = { .headers = quiet };
    OK(sf_record_get(sf, "Account", two.text, &(sf_read_options){ .call = &call }, &doc, &err));
    sf_document_free(doc);
    assert_true(recent_is(0, one.text, two.text));
    OK(sf_record_delete(sf, "Account", one.text, NULL, &err));
    assert_true(recent_is(0, two.text, NULL)); /* what is gone is not recent */
    OK(sf_describe_basic(sf, "Account", NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "recentItems.0.Id"), two.text);
    sf_document_free(doc);
    assert_int_equal(sf_get_recent(sf, -1, NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_get_recent(sf, SF_RECENT_MAX + 1, NULL, &doc, &err), SF_ERR_USAGE);
}

/* ---- duplicates ---- */

static void test_describe__a_duplicate_rule_warns_or_forbids(void **state)
{
    (void)state;
    sf_id first = create("Contact", "LastName", "Twin", "Email", "twin@x.example"), id;
    sf_document *refusal = NULL;
    sf_record *r = sf_record_new("Contact");
    OK(sf_record_set_str(r, "LastName", "Second"));
    OK(sf_record_set_str(r, "Email", "TWIN@x.example"));
    assert_int_equal(
        sf_record_create(sf, r, &(sf_write_options){ .refusal = &refusal, .duplicate_details = true }, &id, &err),
        SF_ERR_ORG);
    assert_string_equal(err.code, "DUPLICATES_DETECTED");
    if (strstr(err.message, "Use one of these records?") == NULL || strstr(err.message, first.text) == NULL ||
        strstr(err.message, "allow_duplicates") == NULL)
        fail_msg("%s", err.message);
    sf_value found = sf_record_duplicates(sf_document_root(refusal));
    assert_string_equal(sf_get_str(found, "duplicateRule"), "Contacts_DR");
    assert_string_equal(sf_get_str(found, "matchResults.0.matchRecords.0.record.Id"), first.text);
    assert_string_equal(sf_get_str(found, "matchResults.0.matchRecords.0.record.Email"), "twin@x.example");
    sf_document_free(refusal);
    OK(sf_record_create(sf, r, &(sf_write_options){ .allow_duplicates = true, .refusal = &refusal }, &id, &err));
    assert_null(refusal);
    sf_record_clear(r);
    OK(sf_record_set_str(r, "Title", "Dr")); /* a change that does not touch the rule */
    OK(sf_record_update(sf, r, id.text, NULL, &err));
    sf_record_free(r);

    (void)create("Lead", "LastName", "Hard", "Company", "Acme");
    r = sf_record_new("Lead");
    OK(sf_record_set_str(r, "LastName", "hard"));
    OK(sf_record_set_str(r, "Company", "ACME"));
    assert_int_equal(sf_record_create(sf, r, &(sf_write_options){ .allow_duplicates = true }, &id, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "DUPLICATES_DETECTED");
    assert_null(strstr(err.message, "allow_duplicates"));
    sf_record_free(r);
}

/* ---- layouts and picklists ---- */

static const char *record_type(const char *name)
{
    static char id[19];
    sf_document *doc = NULL;
    sf_value t;
    OK(sf_describe_object(sf, "Drink__c", NULL, &doc, &err));
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "recordTypeInfos")); sf_iter_next(&it, NULL, &t);)
        if (strcmp(sf_get_str(t, "developerName"), name) == 0)
            snprintf(id, sizeof id, "%s", sf_get_str(t, "recordTypeId"));
    sf_document_free(doc);
    return id;
}

static void test_describe__layouts_are_told(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    OK(sf_describe_layouts(sf, "Drink__c", NULL, NULL, &doc, &err));
    sf_value root = sf_document_root(doc);
    assert_int_equal(sf_value_count(sf_get(root, "layouts")), 1);
    assert_int_equal(sf_value_count(sf_get(root, "recordTypeMappings")), 3);
    assert_true(sf_get_bool(root, "recordTypeSelectorRequired.0", false));
    assert_string_equal(sf_get_str(root, "layouts.0.id"), sf_get_str(root, "recordTypeMappings.0.layoutId"));
    assert_string_equal(sf_get_str(root, "layouts.0.detailLayoutSections.0.heading"), "Drink Information");
    sf_document_free(doc);
    OK(sf_describe_layouts(sf, "Drink__c", record_type("House"), NULL, &doc, &err));
    assert_true(sf_value_count(sf_get(sf_document_root(doc), "editLayoutSections")) > 0);
    sf_document_free(doc);
    OK(sf_describe_layouts(sf, "Global", NULL, NULL, &doc, &err));
    assert_int_equal(sf_value_count(sf_document_root(doc)), 3);
    sf_document_free(doc);
    OK(sf_describe_named_layouts(sf, "User", "UserAlt", NULL, &doc, &err));
    assert_int_equal(sf_value_count(sf_get(sf_document_root(doc), "layouts")), 1);
    sf_document_free(doc);
    OK(sf_describe_approval_layouts(sf, "Account", NULL, NULL, &doc, &err));
    assert_int_equal(sf_value_type(sf_get(sf_document_root(doc), "approvalLayouts")), SF_ARRAY);
    sf_document_free(doc);
    OK(sf_describe_compact_layouts(sf, "Account", NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "compactLayouts.0.objectType"), "Account");
    sf_document_free(doc);
    OK(sf_describe_primary_compact_layout(sf, "Account", NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "name"), "SYSTEM");
    sf_document_free(doc);
    static const char *const two[] = { "Account", "Contact", NULL };
    OK(sf_get_compact_layouts(sf, two, NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "Contact.objectType"), "Contact");
    sf_document_free(doc);
    assert_int_equal(sf_describe_layouts(sf, "Drink__c", "nothing", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_describe_layouts(sf, "Drink__c", "012000000000999AAA", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_describe_layouts(sf, "RecordType", NULL, NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_describe_named_layouts(sf, "User", "Nothing", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_describe_named_layouts(sf, "User", NULL, NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_describe_approval_layouts(sf, "Account", "a/../b", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_get_compact_layouts(sf, NULL, NULL, &doc, &err), SF_ERR_USAGE);
    assert_null(doc);
}

static void test_describe__tabs_theme_menus_and_actions_are_told(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_value tab;
    bool found = false;
    OK(sf_get_tabs(sf, NULL, &doc, &err));
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &tab);)
        found = found || strcmp(sf_get_str(tab, "sobjectName"), "Drink__c") == 0;
    assert_true(found);
    sf_document_free(doc);
    OK(sf_get_theme(sf, NULL, &doc, &err));
    assert_true(sf_value_count(sf_get(sf_document_root(doc), "themeItems")) > 5);
    sf_document_free(doc);
    OK(sf_get_app_menu(sf, NULL, NULL, &doc, &err));
    assert_non_null(sf_get_str(sf_document_root(doc), "AppSwitcher"));
    sf_document_free(doc);
    OK(sf_get_app_menu(sf, "AppSwitcher", NULL, &doc, &err));
    assert_true(sf_value_count(sf_get(sf_document_root(doc), "appMenuItems")) > 0);
    sf_document_free(doc);
    OK(sf_get_platform_action(sf, NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "objectDescribe.name"), "PlatformAction");
    sf_document_free(doc);
    assert_int_equal(sf_get_app_menu(sf, "Nothing", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_get_app_menu(sf, "a/b", NULL, &doc, &err), SF_ERR_USAGE);
}

/* By the describe and by the UI API, for the master: the same. */
static void test_describe__picklists_depend_as_the_org_says(void **state)
{
    static const char *const kinds[] = { "Hot", "Cold", "Other" };
    static const bool want[4][3] = { { true, false, false }, { false, true, false }, { true, true, false }, { false } };
    (void)state;
    sf_document *described = NULL, *all = NULL, *one = NULL;
    OK(sf_describe_object(sf, "Drink__c", NULL, &described, &err));
    OK(sf_get_picklist_values(sf, "Drink__c", NULL, NULL, NULL, &all, &err));
    OK(sf_get_picklist_values(sf, "drink__c", NULL, "name__c", NULL, &one, &err));
    sf_document *const answers[] = { described, all, one };
    for (size_t a = 0; a < COUNT_OF(answers); a++) {
        sf_picklist *p = NULL;
        OK(sf_picklist_read(sf_document_root(answers[a]), "Name__c", &p, &err));
        assert_int_equal(sf_picklist_count(p), 4);
        for (size_t i = 0; i < 4; i++)
            for (size_t k = 0; k < 3; k++) assert_int_equal(sf_picklist_is_valid_at(p, i, kinds[k]), want[i][k]);
        assert_true(sf_picklist_at(p, 0).is_default);
        sf_picklist_free(p);
        sf_document_free(answers[a]);
    }
    sf_picklist *house = NULL;
    OK(sf_get_picklist_values(sf, "Drink__c", record_type("House"), NULL, NULL, &all, &err));
    OK(sf_picklist_read(sf_document_root(all), "Name__c", &house, &err));
    assert_int_equal(sf_picklist_count(house), 2); /* Cola, Coffee */
    assert_int_equal(sf_picklist_controlling_count(house), 1);
    assert_true(sf_picklist_is_valid(house, "Coffee", "Cold"));
    assert_false(sf_picklist_is_valid(house, "Coffee", "Hot"));
    sf_picklist_free(house);
    sf_document_free(all);
    assert_int_equal(sf_get_picklist_values(sf, "Drink__c", "x", NULL, NULL, &all, &err), SF_ERR_USAGE);
    assert_int_equal(sf_get_picklist_values(sf, "Drink__c", NULL, "Ice__c", NULL, &all, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_FIELD");
}

static void test_describe__a_new_row_has_the_default_record_type(void **state)
{
    static const char *const fields[] = { "RecordTypeId", NULL };
    (void)state;
    sf_document *doc = NULL;
    sf_id id = create("Drink__c", "Kind__c", "Cold", NULL, NULL);
    OK(sf_record_get(sf, "Drink__c", id.text, &(sf_read_options){ .fields = fields }, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "RecordTypeId"), record_type("House"));
    sf_document_free(doc);
    int64_t types = 0;
    OK(sf_query_count(sf, "SELECT COUNT() FROM RecordType WHERE SobjectType = 'Drink__c'", NULL, &types, &err));
    assert_int_equal(types, 2);
}

static void test_describe__passwords_keep_the_rules(void **state)
{
    static const struct {
        const char *password, *says;
    } wrong[] = { { "abcdefgh", "letters and numbers" }, { "12345678", "letters and numbers" }, { "a1b2c3", "8" } };
    (void)state;
    const char *id = user_id();
    char named[160];
    snprintf(named, sizeof named, "1x%s", org.username);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(sf_password_set(sf, id, wrong[i].password, NULL, &err), SF_ERR_ORG);
        assert_string_equal(err.code, "INVALID_NEW_PASSWORD");
        if (strstr(err.message, wrong[i].says) == NULL) fail_msg("%s", err.message);
    }
    assert_int_equal(sf_password_set(sf, id, named, NULL, &err), SF_ERR_ORG);
    static const char *const turn[] = { "first0001", "second002", "third0003" };
    for (size_t i = 0; i < COUNT_OF(turn); i++) OK(sf_password_set(sf, id, turn[i], NULL, &err));
    for (size_t i = 0; i < COUNT_OF(turn); i++) {
        assert_int_equal(sf_password_set(sf, id, turn[i], NULL, &err), SF_ERR_ORG);
        if (strstr(err.message, "repeated") == NULL) fail_msg("%s", err.message);
    }
    OK(sf_password_set(sf, id, "fourth0004", NULL, &err));
    OK(sf_password_set(sf, id, "first0001", NULL, &err)); /* long enough ago */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe__children_come_in_pages),
        cmocka_unit_test(test_describe__parents_are_read_and_written),
        cmocka_unit_test(test_describe__changes_are_told_by_kind_and_time),
        cmocka_unit_test(test_describe__spans_that_cannot_be_are_refused),
        cmocka_unit_test(test_describe__passwords_are_set_and_reset),
        cmocka_unit_test(test_describe__conditions_hold_or_not),
        cmocka_unit_test(test_describe__counts_are_those_of_queries),
        cmocka_unit_test(test_describe__recent_items_follow_reads_and_writes),
        cmocka_unit_test(test_describe__a_duplicate_rule_warns_or_forbids),
        cmocka_unit_test(test_describe__layouts_are_told),
        cmocka_unit_test(test_describe__tabs_theme_menus_and_actions_are_told),
        cmocka_unit_test(test_describe__picklists_depend_as_the_org_says),
        cmocka_unit_test(test_describe__a_new_row_has_the_default_record_type),
        cmocka_unit_test(test_describe__passwords_keep_the_rules),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("describe", tests, start, stop);
}
