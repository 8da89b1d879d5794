/* store_test.c: files that are opened again, processes that are killed, transactions that nest, ids, users. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include "../org_store/org.h"

static void remove_database(const char *path)
{
    char other[80];
    unlink(path);
    snprintf(other, sizeof other, "%s-wal", path);
    unlink(other);
    snprintf(other, sizeof other, "%s-shm", path);
    unlink(other);
}

/* ---- files ---- */

static void test_store__a_file_keeps_everything(void **state)
{
    (void)state;
    test_org org;
    char path[64], org_id[19], admin[19];
    org_open_with(&org, org_temp_file(path, ""), NULL);
    snprintf(org_id, sizeof org_id, "%s", sfo_store_org_id(org.store));
    snprintf(admin, sizeof admin, "%s", sfo_store_admin_id(org.store));
    assert_memory_equal(org_id, "00D", 3);
    assert_memory_equal(admin, "005", 3);
    assert_true(sfo_user_set_password(org.store, admin, SFI_STR("secret"), NULL));
    sf_id first =
        org_must_create(&org, "Account", "{\"Name\":\"Ümlaut\",\"AnnualRevenue\":12.5,\"Description\":\"a\\nb\"}");
    sf_id one = org_must_create(&org, "Case", "{\"Subject\":\"S\"}");
    org_close(&org);

    org_open_with(&org, path, NULL);
    assert_string_equal(sfo_store_org_id(org.store), org_id);
    assert_string_equal(sfo_store_admin_id(org.store), admin);
    org_assert_field(&org, "Account", first.text, "Name", "\"Ümlaut\"");
    org_assert_field(&org, "Account", first.text, "AnnualRevenue", "13.0"); /* of scale 0 */
    org_assert_field(&org, "Account", first.text, "Description", "\"a\\nb\"");
    sf_id user;
    bool active = false;
    assert_true(sfo_user_check_password(org.store, SFI_STR("ADMIN@local.example"), SFI_STR("secret"), &user, &active));
    assert_true(active);
    sf_id second = org_must_create(&org, "Account", "{\"Name\":\"B\"}");
    assert_true(strcmp(first.text, second.text) < 0);
    sf_id two = org_must_create(&org, "Case", "{\"Subject\":\"S\"}");
    assert_true(strcmp(one.text, two.text) < 0);
    org_assert_field(&org, "Case", two.text, "CaseNumber", "\"00001001\"");
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Profile"), 3); /* standard rows come once */
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Organization"), 1);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM EntityDefinition"), (int64_t)sfo_schema_count(org.schema));
    org_close(&org);
    remove_database(path);
}

static void test_store__later_fields_become_columns(void **state)
{
    (void)state;
    test_org org;
    char path[64], schema[64];
    org_open_with(&org, org_temp_file(path, ""), NULL);
    sf_id id = org_must_create(&org, "Account", "{\"Name\":\"Old\"}");
    org_close(&org);
    org_temp_file(
        schema, "{\"sobjects\":[{\"name\":\"Account\",\"fields\":[{\"name\":\"Level__c\",\"type\":\"string\"},{"
                "\"name\":\"Vip__c\",\"type\":\"boolean\"},"
                "{\"name\":\"Main__c\",\"type\":\"reference\",\"referenceTo\":[\"Shop__c\"]}]},{\"name\":\"Shop__c\"}],"
                "\"seedRows\":{\"Shop__c\":[{\"Name\":\"First shop\"}]}}");
    for (int i = 0; i < 2; i++) {
        org_open_with(&org, path, schema);
        org_assert_field(&org, "Account", id.text, "Vip__c", "false");
        assert_true(org_update(&org, "Account", id.text, "{\"Level__c\":\"Gold\"}", NULL));
        org_assert_field(&org, "Account", id.text, "Level__c", "\"Gold\"");
        assert_int_equal(org_number(&org, "SELECT count(*) FROM Shop__c WHERE Name='First shop'"), 1);
        assert_int_equal(org_number(&org, "SELECT count(*) FROM EntityDefinition WHERE QualifiedApiName='Shop__c'"), 1);
        org_close(&org);
    }
    unlink(schema);
    remove_database(path);
}

static void test_store__seed_rows_may_bring_ids_and_are_named_when_wrong(void **state)
{
    (void)state;
    static const char shop[] =
        "{\"sobjects\":[{\"name\":\"Shop__c\",\"keyPrefix\":\"aZ0\"}],\"seedRows\":{\"Shop__c\":[%s]}}";
    test_org org;
    char path[64], text[300];
    sf_error err;
    sfo_schema *schema;
    sfo_store *store = NULL;
    snprintf(text, sizeof text, shop, "{\"Id\":\"aZ0000000000001\",\"Name\":\"A\"}");
    org_open_with(&org, ":memory:", org_temp_file(path, text));
    org_assert_field(&org, "Shop__c", "aZ0000000000001CAA", "Name", "\"A\"");
    org_close(&org);
    unlink(path);
    snprintf(text, sizeof text, shop, "{\"Nmae\":\"A\"}");
    assert_int_equal(sfo_schema_load(org_temp_file(path, text), &schema, NULL), SF_OK);
    assert_int_equal(sfo_store_open(":memory:", schema, &store, &err), SF_ERR_IO);
    assert_string_equal(err.message, ":memory:: seedRows of Shop__c: No such column 'Nmae' on sobject of type Shop__c");
    sfo_schema_free(schema);
    unlink(path);
}

static void test_store__a_file_that_is_no_database_is_named(void **state)
{
    (void)state;
    char path[64];
    sf_error err;
    sfo_schema *schema;
    sfo_store *store = NULL;
    assert_int_equal(sfo_schema_load(NULL, &schema, NULL), SF_OK);
    org_temp_file(path, "this is not a database, but a text that is long enough to have a header of a hundred bytes, "
                        "so that SQLite reads it");
    assert_int_equal(sfo_store_open(path, schema, &store, &err), SF_ERR_IO);
    assert_null(store);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(sfo_store_open("/nowhere/org.db", schema, &store, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "/nowhere/org.db"));
    sfo_schema_free(schema);
    unlink(path);
}

static void test_store__a_file_belongs_to_one_at_a_time(void **state)
{
    (void)state;
    test_org org;
    char path[64];
    sf_error err;
    sfo_store *second = NULL;
    org_open_with(&org, org_temp_file(path, ""), NULL);
    assert_int_equal(sfo_store_open(path, org.schema, &second, &err), SF_ERR_IO);
    assert_null(second);
    assert_non_null(strstr(err.message, "another sforce-org uses this file"));
    org_close(&org);
    remove_database(path);
}

static void test_store__open_survives_failed_allocations(void **state)
{
    (void)state;
    sfo_schema *schema;
    assert_int_equal(sfo_schema_load(NULL, &schema, NULL), SF_OK);
    long live = test_allocations_live();
    sf_status rc = SF_ERR_MEMORY;
    for (long n = 0; rc != SF_OK; n += n < 16 ? 1 : 61) { /* hundreds of statements: some of each kind */
        sfo_store *store = NULL;
        test_allocations_limit(n);
        rc = sfo_store_open(":memory:", schema, &store, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || store == NULL);
        sfo_store_close(store);
        assert_int_equal(test_allocations_live(), live);
    }
    sfo_schema_free(schema);
}

/* ---- threads ---- */

typedef struct creator {
    test_org *org;
    int number, made;
} creator;

static void *create_in_thread(void *user)
{
    creator *c = user;
    for (int i = 0; i < 50; i++) {
        char json[64];
        sf_document *doc = NULL;
        sf_id id;
        sfo_fault f = { 0 };
        snprintf(json, sizeof json, "{\"Name\":\"Thread %d %d\"}", c->number, i);
        if (sf_document_parse(json, strlen(json), &doc, NULL) == SF_OK &&
            sfo_record_create(c->org->store, &c->org->context, org_object(c->org, "Account"), sf_document_root(doc),
                              &id, &f))
            c->made++;
        sf_document_free(doc);
        sfo_fault_clear(&f);
    }
    return NULL;
}

static void test_store__threads_write_side_by_side(void **state)
{
    (void)state;
    test_org org;
    creator creators[4];
    pthread_t threads[4];
    org_open(&org);
    for (int i = 0; i < 4; i++) {
        creators[i] = (creator){ .org = &org, .number = i };
        assert_int_equal(pthread_create(&threads[i], NULL, create_in_thread, &creators[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(creators[i].made, 50);
    }
    assert_int_equal(org_number(&org, "SELECT count(DISTINCT Id) FROM Account"), 200);
    org_close(&org);
}

/* ---- kill -9 ---- */

/* The child creates accounts in pairs, each pair one transaction, and says so; then it is killed. */
static void write_until_killed(const char *path, int out)
{
    test_org org;
    org_open_with(&org, path, NULL);
    for (int i = 0;; i++) { /* ends with the process */
        char body[64];
        (void)sfo_store_begin(org.store, NULL);
        for (int k = 0; k < 2; k++) {
            snprintf(body, sizeof body, "{\"Name\":\"Pair %d\"}", i);
            (void)org_must_create(&org, "Account", body);
        }
        (void)sfo_store_commit(org.store, NULL);
        if (write(out, &i, sizeof i) != (ssize_t)sizeof i) _exit(1);
    }
}

static void test_store__what_was_committed_survives_a_kill(void **state)
{
    (void)state;
    char path[64];
    int pipes[2], last = -1;
    org_temp_file(path, "");
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) write_until_killed(path, pipes[1]);
    close(pipes[1]);
    while (last < 25) assert_int_equal(read(pipes[0], &last, sizeof last), sizeof last);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int more; read(pipes[0], &more, sizeof more) == sizeof more;) last = more;
    close(pipes[0]);

    test_org org;
    org_open_with(&org, path, NULL);
    assert_true(org_number(&org, "SELECT count(DISTINCT Name) FROM Account") >= last + 1);
    assert_int_equal(
        org_number(&org, "SELECT count(*) FROM (SELECT Name FROM Account GROUP BY Name HAVING count(*) <> 2)"), 0);
    sf_id id = org_must_create(&org, "Account", "{\"Name\":\"After\"}");
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM Account WHERE Id >= '%s'", id.text);
    assert_int_equal(org_number(&org, sql), 1); /* newer than all before */
    org_close(&org);
    remove_database(path);
}

/* ---- transactions ---- */

static void test_store__inner_transactions_undo_alone(void **state)
{
    (void)state;
    test_org org;
    org_open(&org);
    assert_true(sfo_store_begin(org.store, NULL));
    sf_id kept = org_must_create(&org, "Account", "{\"Name\":\"Kept\"}");
    assert_true(sfo_store_begin(org.store, NULL));
    sf_id undone = org_must_create(&org, "Account", "{\"Name\":\"Undone\"}");
    sfo_store_rollback(org.store);
    sf_id after = org_must_create(&org, "Account", "{\"Name\":\"After\"}");
    assert_true(strcmp(undone.text, after.text) < 0); /* an id is never given twice */
    assert_true(sfo_store_commit(org.store, NULL));
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Account"), 2);
    org_assert_field(&org, "Account", kept.text, "Name", "\"Kept\"");
    assert_true(sfo_store_begin(org.store, NULL));
    (void)org_must_create(&org, "Account", "{\"Name\":\"Gone\"}");
    sfo_store_rollback(org.store);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Account"), 2);
    org_close(&org);
}

/* ---- ids ---- */

/* SQLite answers a full disk by taking back all of the transaction, after which there is room again: what comes later may
 * not be written on its own. */
static void test_store__what_a_full_disk_took_back_stays_back(void **state)
{
    (void)state;
    test_org org;
    char sql[64], json[4096];
    sfo_fault f = { 0 };
    sf_id id;
    org_open(&org);
    sqlite3 *db = sfo_store_db(org.store);
    int64_t before = org_number(&org, "SELECT count(*) FROM Account");
    snprintf(sql, sizeof sql, "PRAGMA max_page_count=%lld", (long long)org_number(&org, "PRAGMA page_count") + 4);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    snprintf(json, sizeof json, "{\"Name\":\"Long\",\"Description\":\"%03000d\"}", 7);
    assert_true(sfo_store_begin(org.store, &f));
    int rows = 0;
    while (rows < 100 && org_create(&org, "Account", json, &id, &f)) rows++;
    assert_in_range(rows, 1, 99);
    assert_string_equal(f.code, "STORAGE_LIMIT_EXCEEDED");
    sfo_fault_clear(&f);
    assert_false(org_create(&org, "Account", "{\"Name\":\"Later\"}", &id, &f));
    assert_string_equal(f.code, "UNKNOWN_EXCEPTION");
    sfo_fault_clear(&f);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO sfo_meta VALUES('later', '')", NULL, NULL, NULL), SQLITE_OK);
    assert_false(sfo_store_commit(org.store, &f));
    assert_string_equal(f.code, "UNKNOWN_EXCEPTION");
    sfo_fault_clear(&f);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Account"), before);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM sfo_meta WHERE key='later'"), 0);
    (void)org_must_create(&org, "Account", "{\"Name\":\"Again\"}");
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Account"), before + 1);
    org_close(&org);
}

static void test_store__ids_are_set_right(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        { "0015g00000AaAaA", "0015g00000AaAaAAAV" },
        { "0015g00000AaAaAAAV", "0015g00000AaAaAAAV" },
        { "0015G00000AAAAAAAV", "0015g00000AaAaAAAV" }, /* the suffix knows */
        { "0015g00000aaaaaaav", "0015g00000AaAaAAAV" },
        { "000000000000000", "000000000000000AAA" },
        { "012000000000000AAA", "012000000000000AAA" },
        { "0015g00000AaAaAAA6", NULL },
        { "0015g00000AaAaAAA!", NULL },
        { "0015g00000AaAa", NULL },
        { "0015g00000AaAaAA", NULL },
        { "", NULL },
        { "0015g00000AaA-A", NULL },
        { "001000000000000zzz", NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_id id = { "" };
        print_message("  %s\n", cases[i].in);
        assert_int_equal(sfo_id_normalize(sfi_str(cases[i].in), &id), cases[i].want != NULL);
        if (cases[i].want != NULL) assert_string_equal(id.text, cases[i].want);
    }
}

static void test_store__ids_rise(void **state)
{
    (void)state;
    test_org org;
    org_open(&org);
    sf_id before = { "" };
    for (int i = 0; i < 3000; i++) { /* over the end of a block */
        sf_id id = sfo_id_next(org.store, org_object(&org, "Contact")), same;
        assert_int_equal(strlen(id.text), 18);
        assert_true(strcmp(before.text, id.text) < 0);
        assert_true(sfo_id_normalize(sfi_str(id.text), &same));
        assert_string_equal(id.text, same.text);
        before = id;
    }
    org_close(&org);
}

/* ---- users ---- */

static void test_store__passwords_are_checked(void **state)
{
    (void)state;
    test_org org;
    sf_id user;
    sfo_fault f = { 0 };
    bool active;
    org_open(&org);
    const char *admin = sfo_store_admin_id(org.store);
    assert_false(sfo_user_check_password(org.store, SFI_STR("admin@local.example"), SFI_STR("x"), &user,
                                         &active)); /* none set */
    assert_true(sfo_user_set_password(org.store, admin, SFI_STR("first"), NULL));
    assert_true(sfo_user_set_password(org.store, admin, SFI_STR("sécond"), NULL));
    assert_false(sfo_user_check_password(org.store, SFI_STR("admin@local.example"), SFI_STR("first"), &user, &active));
    assert_false(sfo_user_check_password(org.store, SFI_STR("admin@local.example"), SFI_STR(""), &user, &active));
    assert_false(
        sfo_user_check_password(org.store, SFI_STR("nobody@local.example"), SFI_STR("sécond"), &user, &active));
    assert_true(sfo_user_check_password(org.store, SFI_STR("admin@local.example"), SFI_STR("sécond"), &user, &active));
    assert_string_equal(user.text, admin);
    assert_true(active);
    assert_true(org_update(&org, "User", admin, "{\"IsActive\":false}", NULL));
    assert_true(sfo_user_check_password(org.store, SFI_STR("admin@local.example"), SFI_STR("sécond"), &user, &active));
    assert_false(active);
    assert_false(sfo_user_set_password(org.store, "0055j0000Zzzzzz", SFI_STR("x"), &f));
    assert_int_equal(f.http_status, 404);
    assert_false(sfo_user_set_password(org.store, admin, SFI_STR(""), &f));
    assert_string_equal(f.code, "INVALID_NEW_PASSWORD");
    sfo_fault_clear(&f);
    assert_int_equal(
        org_number(&org, "SELECT count(*) FROM sfo_password WHERE hash LIKE '%cond%' OR salt LIKE '%cond%'"), 0);
    org_close(&org);
}

/* ---- faults ---- */

static void test_store__faults_are_written_as_the_org_writes_them(void **state)
{
    (void)state;
    sfo_fault f = { 0 };
    sfi_buf out = { 0 };
    assert_false(sfo_fault_set(&f, 400, "CODE", "a \"%s\"\nb", "q"));
    sfo_fault_write_json(&f, &out);
    assert_string_equal(out.data, "[{\"message\":\"a \\\"q\\\"\\nb\",\"errorCode\":\"CODE\"}]");
    f.has_fields = true;
    sfi_buf_clear(&out);
    sfo_fault_write_json(&f, &out);
    assert_string_equal(out.data, "[{\"message\":\"a \\\"q\\\"\\nb\",\"errorCode\":\"CODE\",\"fields\":[]}]");
    snprintf(f.fields, sizeof f.fields, "A,B");
    sfi_buf_clear(&out);
    sfo_fault_write_json(&f, &out);
    assert_string_equal(out.data,
                        "[{\"message\":\"a \\\"q\\\"\\nb\",\"errorCode\":\"CODE\",\"fields\":[\"A\",\"B\"]}]");
    sfo_fault_clear(&f);
    sfi_buf_free(&out);
    assert_false(sfo_fault_set(NULL, 400, "CODE", "x"));
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store__a_file_keeps_everything),
        cmocka_unit_test(test_store__later_fields_become_columns),
        cmocka_unit_test(test_store__seed_rows_may_bring_ids_and_are_named_when_wrong),
        cmocka_unit_test(test_store__a_file_that_is_no_database_is_named),
        cmocka_unit_test(test_store__a_file_belongs_to_one_at_a_time),
        cmocka_unit_test(test_store__open_survives_failed_allocations),
        cmocka_unit_test(test_store__threads_write_side_by_side),
        cmocka_unit_test(test_store__what_was_committed_survives_a_kill),
        cmocka_unit_test(test_store__inner_transactions_undo_alone),
        cmocka_unit_test(test_store__what_a_full_disk_took_back_stays_back),
        cmocka_unit_test(test_store__ids_are_set_right),
        cmocka_unit_test(test_store__ids_rise),
        cmocka_unit_test(test_store__passwords_are_checked),
        cmocka_unit_test(test_store__faults_are_written_as_the_org_writes_them),
    };
    return cmocka_run_group_tests_name("org.store", tests, NULL, NULL);
}
