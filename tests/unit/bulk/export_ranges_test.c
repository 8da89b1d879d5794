/* export_ranges_test.c: a range in any statement; ids as numbers; and ranges of made-up objects, whose ids lie in clusters: each
 * id is in one range, whatever the bounds, and the ranges are about equal. */
#include "bulk/export_ranges_internal.h"
#include "support/support.h"

static sf_error err;

/* ---- statements ---- */
static void test_statement__takes_a_range(void **state)
{
    (void)state;
    static const struct {
        const char *soql, *want; /* with Id >= A AND Id < B */
    } cases[] = {
        { "SELECT Id FROM Contact", "SELECT Id FROM Contact WHERE R" },
        { "  select Id\nfrom Contact  ", "select Id\nfrom Contact WHERE R" },
        { "SELECT Id FROM Contact WHERE Name = 'a' OR Name = 'b'",
          "SELECT Id FROM Contact WHERE (Name = 'a' OR Name = 'b') AND R" },
        { "SELECT Id FROM Contact WHERE Name = 'x ORDER BY y LIMIT 3 WITH ) ( \\' LIMIT 5'",
          "SELECT Id FROM Contact WHERE (Name = 'x ORDER BY y LIMIT 3 WITH ) ( \\' LIMIT 5') AND R" },
        { "SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Name = ')' LIMIT 5)",
          "SELECT Id FROM Contact WHERE (AccountId IN (SELECT Id FROM Account WHERE Name = ')' LIMIT 5)) AND R" },
        { "SELECT Id FROM Contact WITH SECURITY_ENFORCED", "SELECT Id FROM Contact WHERE R WITH SECURITY_ENFORCED" },
        { "SELECT Id FROM Contact where Name like 'a%' with user_mode",
          "SELECT Id FROM Contact WHERE (Name like 'a%') AND R with user_mode" },
        { "SELECT c.Id FROM Contact c WHERE c.Name != null",
          "SELECT c.Id FROM Contact c WHERE (c.Name != null) AND R" },
        { "SELECT Id FROM Contact USING SCOPE mine", "SELECT Id FROM Contact USING SCOPE mine WHERE R" },
        { "SELECT Id FROM Order", "SELECT Id FROM Order WHERE R" },
        { "SELECT Id FROM Group WHERE Type='Queue'", "SELECT Id FROM Group WHERE (Type='Queue') AND R" },
        { "SELECT Id, Order.Name, toLabel(Status), count FROM OrderItem WHERE Order.Status = 'A'",
          "SELECT Id, Order.Name, toLabel(Status), count FROM OrderItem WHERE (Order.Status = 'A') AND R" },
        { "SELECT Id FROM Contact WHERE CreatedDate > 2024-01-01T00:00:00Z AND CloseDate = LAST_N_DAYS:30",
          "SELECT Id FROM Contact WHERE (CreatedDate > 2024-01-01T00:00:00Z AND CloseDate = LAST_N_DAYS:30) AND R" },
        { "SELECT Id FROM X__c WHERE Limit = 3 AND Offset > 2 AND For = 'a'",
          "SELECT Id FROM X__c WHERE (Limit = 3 AND Offset > 2 AND For = 'a') AND R" },
        { "SELECT Id FROM X__c WHERE(A__c=1)", "SELECT Id FROM X__c WHERE ((A__c=1)) AND R" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_statement st;
        sfi_buf got = { 0 };
        char want[400];
        const char *mark = strstr(cases[i].want, " R");
        print_message("  %s\n", cases[i].soql);
        assert_non_null(mark);
        snprintf(want, sizeof want, "%.*s Id >= 'A' AND Id < 'B'%s", (int)(mark - cases[i].want), cases[i].want,
                 mark + 2);
        assert_int_equal(sfi_statement_read(sfi_str(cases[i].soql), &st, &err), SF_OK);
        sfi_statement_add_range(&st, "A", "B", &got);
        assert_string_equal(got.data, want);
        sfi_buf_clear(&got);
        sfi_statement_add_range(&st, "A", "", &got);
        assert_non_null(strstr(got.data, "Id >= 'A'"));
        assert_null(strstr(got.data, "Id < 'B'"));
        sfi_buf_clear(&got);
        sfi_statement_add_range(&st, "", "B", &got);
        assert_non_null(strstr(got.data, "Id < 'B'"));
        assert_null(strstr(got.data, "Id >="));
        sfi_buf_free(&got);
    }
}

static void test_statement__what_cannot_be_cut_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *soql, *says;
    } cases[] = {
        { "SELECT Id FROM Contact ORDER BY Name", "ORDER BY" },
        { "SELECT Id FROM Contact WHERE Name = 'a' order  by Name", "ORDER BY" },
        { "SELECT Id FROM Contact LIMIT 5", "LIMIT" },
        { "SELECT Id FROM Contact WHERE Name = 'a'LIMIT 5", "LIMIT" },
        { "SELECT Id FROM Contact OFFSET 5", "OFFSET" },
        { "SELECT Name FROM Contact GROUP BY Name", "GROUP BY" },
        { "SELECT Name FROM Contact WHERE A = 1 HAVING COUNT(Id) > 1", "HAVING" },
        { "SELECT COUNT() FROM Contact", "aggregates" },
        { "SELECT Name, max (Amount) FROM Contact", "aggregates" },
        { "SELECT Id FROM Contact FOR VIEW", "FOR VIEW" },
        { "SELECT Id FROM Contact WITH USER_MODE FOR UPDATE", "FOR UPDATE" },
        { "SELECT Id FROM Contact UPDATE TRACKING", "UPDATE TRACKING" },
        { "SELECT Id FROM Contact ALL ROWS", "ALL ROWS" },
        { "SELECT Id FROM Account a, a.Contacts c", "second object" },
        { "SELECT Id FROM Contact WHERE (Name = 'a'", "other half" },
        { "SELECT Id FROM Contact WHERE Name = 'a) OR (Id != null", "other half" },
        { "SELECT Id FROM Contact WHERE Name = 'a') OR (Id != null", "other half" },
        { "SELECT Id FROM Contact WHERE Name = '\\", "other half" },
        { "SELECT Id FROM Contact WHERE ", "empty" },
        { "SELECT Id FROM Contact WHERE WITH USER_MODE", "empty" },
        { "SELECT Id", "no FROM" },
        { "SELECT Id FROM", "no object" },
        { "FIND {a} IN ALL FIELDS", "begins with SELECT" },
        { "", "begins with SELECT" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_statement st;
        print_message("  %s\n", cases[i].soql);
        assert_int_equal(sfi_statement_read(sfi_str(cases[i].soql), &st, &err), SF_ERR_USAGE);
        if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
    }
}

/* No byte of a statement is read that is not there, and none is lost. */
static void test_statement__cut_short_at_every_byte(void **state)
{
    (void)state;
    static const char whole[] =
        "SELECT Id, toLabel(A) FROM Contact c WHERE (A = '\\'(' OR B IN ('x', 'y')) WITH USER_MODE";
    for (size_t len = 0; len <= strlen(whole); len++) {
        sfi_statement st;
        char *copy = sfi_alloc(len > 0 ? len : 1); /* exact: what is behind it is not ours */
        assert_non_null(copy);
        memcpy(copy, whole, len);
        sf_status rc = sfi_statement_read((sf_str){ copy, len }, &st, &err);
        if (rc == SF_OK) {
            sfi_buf out = { 0 };
            sfi_statement_add_range(&st, "", "", &out);
            assert_true(out.len + 1 >= len && out.len <= len);
            sfi_buf_free(&out);
        } else {
            assert_int_equal(rc, SF_ERR_USAGE);
        }
        sfi_free(copy);
    }
}

/* ---- ids ---- */
static uint64_t seed = 88172645463325252u;

static uint32_t chance(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}

static void test_ids__are_numbers_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char last[SFI_BOUND_BYTES] = "000000000000000";
    for (int i = 0; i < 20000; i++) {
        char id[SFI_BOUND_BYTES] = "", back[SFI_BOUND_BYTES];
        sfi_id_number n, before;
        uint32_t same = chance(15);
        for (uint32_t k = 0; k < 15; k++) id[k] = k < same ? last[k] : letters[chance(62)];
        assert_true(sfi_id_to_number((sf_str){ id, 15 }, &n));
        assert_true(sfi_id_to_number((sf_str){ last, 15 }, &before));
        assert_int_equal((n > before) - (n < before), (strcmp(id, last) > 0) - (strcmp(id, last) < 0));
        sfi_id_from_number(n, back);
        assert_string_equal(back, id);
        sf_id full = sfi_id_make((sf_str){ id, 15 });
        assert_true(sfi_id_to_number((sf_str){ full.text, 18 }, &before));
        assert_true(before == n);
        memcpy(last, id, sizeof last);
    }
    sfi_id_number n;
    static const char *const wrong[] = { "", "00300000000000", "0030000000000000", "00300000000000!",
                                         "003000000000\303\2510" };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) assert_false(sfi_id_to_number(sfi_str(wrong[i]), &n));
}

/* ---- ranges ---- */
enum { IDS_MAX = 20000 };
static struct {
    sfi_id_number ids[IDS_MAX]; /* ascending */
    int count, asked;
    int fails_at; /* the n-th question; -1: none */
} object;

static sf_status probe(void *user, sfi_id_number n, bool down, sfi_id_number *out, sf_error *e)
{
    (void)user;
    int low = 0, high = object.count;
    if (object.asked++ == object.fails_at) return sfi_fail(e, SF_ERR_NETWORK, "gone");
    while (low < high) { /* how many are less than n */
        int middle = (low + high) / 2;
        if (object.ids[middle] < n)
            low = middle + 1;
        else
            high = middle;
    }
    if (down ? low == 0 : low == object.count) return SF_DONE;
    *out = object.ids[down ? low - 1 : low];
    return SF_ROW;
}

static void add_cluster(const char *first, int count, uint32_t step)
{
    sfi_id_number n;
    assert_true(sfi_id_to_number(sfi_str(first), &n));
    for (int i = 0; i < count; i++, n += 1 + chance(step)) object.ids[object.count++] = n;
}

static int find(int32_t count, char (*bounds)[SFI_BOUND_BYTES], int *largest)
{
    int32_t found = -1;
    int at = 0, sum = 0;
    object.asked = 0;
    assert_int_equal(sfi_ranges_find(count, probe, NULL, bounds, &found, &err), SF_OK);
    assert_true(found >= 0 && found < count);
    *largest = 0;
    for (int32_t i = 0; i <= found; i++) { /* the ids of range i, as the org would tell them */
        int in_range = 0;
        if (i > 0 && i < found) assert_true(strcmp(bounds[i - 1], bounds[i]) < 0);
        for (; at < object.count; at++, in_range++) {
            char id[SFI_BOUND_BYTES];
            sfi_id_from_number(object.ids[at], id);
            if (i < found && strcmp(id, bounds[i]) >= 0) break;
            if (i > 0) assert_true(strcmp(id, bounds[i - 1]) >= 0);
        }
        sum += in_range;
        *largest = in_range > *largest ? in_range : *largest;
    }
    assert_int_equal(sum, object.count);
    return found + 1;
}

static void test_ranges__hold_about_equally_many(void **state)
{
    (void)state;
    char bounds[SF_EXPORT_PARTITIONS_MAX][SFI_BOUND_BYTES];
    int largest;
    object.fails_at = -1;
    object.count = 0;
    add_cluster("0035g00000AAAAA", 10000, 1); /* without a gap */
    assert_int_equal(find(10, bounds, &largest), 10);
    assert_in_range(largest, 1000, 1010);
    assert_true(object.asked < 30);

    object.count = 0; /* three places, far from each other, of different density */
    add_cluster("0031a00000zzZZZ", 3000, 10);
    add_cluster("0035g00000AAAAA", 6000, 10);
    add_cluster("003KZ000009zzzz", 3000, 10);
    assert_int_equal(find(12, bounds, &largest), 12);
    assert_in_range(largest, 1000, 1300);
    print_message("  %d questions, the largest range has %d\n", object.asked, largest);

    object.count = 0; /* a lonely one at each end */
    add_cluster("003000000000001", 1, 1);
    add_cluster("0035g00000AAAAA", 5000, 40);
    add_cluster("003zz0000zzzzzz", 1, 1);
    assert_int_equal(find(5, bounds, &largest), 5);
    assert_in_range(largest, 1000, 1400);
}

static void test_ranges__of_few_ids_and_of_none(void **state)
{
    (void)state;
    char bounds[SF_EXPORT_PARTITIONS_MAX][SFI_BOUND_BYTES];
    int largest;
    object.fails_at = -1;
    object.count = 0;
    assert_int_equal(find(8, bounds, &largest), 1);
    for (int count = 1; count < 12; count++) {
        object.count = 0;
        add_cluster("0035g00000AAAzz", count, 1);
        int ranges = find(8, bounds, &largest);
        assert_int_equal(ranges, count < 8 ? count : 8);
    }
}

static void test_ranges__of_anything(void **state)
{
    (void)state;
    static const char letters[] = "09AZaz5gK";
    char bounds[SF_EXPORT_PARTITIONS_MAX][SFI_BOUND_BYTES];
    int largest;
    object.fails_at = -1;
    for (int round = 0; round < 300; round++) {
        char first[SFI_BOUND_BYTES] = "003000000000000";
        object.count = 0;
        for (uint32_t clusters = 1 + chance(6), i = 0; i < clusters; i++) {
            for (int k = 4 + (int)i; k < 15; k++) first[k] = letters[chance(9)];
            first[3] = letters[i]; /* ascending */
            add_cluster(first, (int)chance(800), 1 + chance(100000));
        }
        (void)find((int32_t)(1 + chance(SF_EXPORT_PARTITIONS_MAX)), bounds, &largest);
    }
    add_cluster("003zz5g000zzzzz", 10, 5);
    for (object.fails_at = 0; object.fails_at < 10; object.fails_at++) { /* each question fails in turn */
        int32_t found;
        object.asked = 0;
        assert_int_equal(sfi_ranges_find(20, probe, NULL, bounds, &found, &err), SF_ERR_NETWORK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statement__takes_a_range),
        cmocka_unit_test(test_statement__what_cannot_be_cut_is_refused),
        cmocka_unit_test(test_statement__cut_short_at_every_byte),
        cmocka_unit_test(test_ids__are_numbers_in_the_order_of_their_bytes),
        cmocka_unit_test(test_ranges__hold_about_equally_many),
        cmocka_unit_test(test_ranges__of_few_ids_and_of_none),
        cmocka_unit_test(test_ranges__of_anything),
    };
    return cmocka_run_group_tests_name("export_ranges", tests, NULL, NULL);
}
