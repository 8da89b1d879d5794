/* data_test.c: what jobs keep is read to its end or not at all: a read that SQLite breaks off is a fault, never a shorter upload
 * or result. */
#include "bulk/bulk_internal.h"
#include "../org_store/org.h"

static int breaks_off(void *user)
{
    int *left = user;
    return (*left)-- <= 0;
}

typedef struct reading {
    sfo_bulk *bulk;
    sfi_buf out;
    int64_t rows, piece;
    bool more;
    sfo_fault fault;
} reading;

static bool read_all(reading *r)
{
    return sfo_bulk_data_read(r->bulk, "owner", SFO_BULK_GOOD, &r->out, &r->fault);
}

static bool read_rows(reading *r)
{
    return sfo_bulk_rows_read(r->bulk, "owner", SFO_BULK_GOOD, ',', 0, 1000, &r->out, &r->rows, &r->more, &r->fault);
}

static bool read_pieces(reading *r)
{
    sfi_buf piece = { 0 };
    bool fine = true;
    for (int64_t at = 0; fine && at >= 0;) {
        fine = sfo_bulk_piece_read(r->bulk, "owner", SFO_BULK_GOOD, &at, &piece, &r->fault);
        if (fine && at >= 0) (void)sfi_buf_add(&r->out, piece.data, piece.len);
    }
    sfi_buf_free(&piece);
    return fine;
}

/* Broken off after 0, 1, 2 … steps of the machine: all of it, or false. */
static void check(sfo_bulk *bulk, sqlite3 *db, bool (*read)(reading *r), const char *want)
{
    bool fine = false;
    int broken = 0;
    for (int steps = 0; !fine; steps++) {
        int left = steps;
        reading r = { .bulk = bulk };
        sqlite3_progress_handler(db, 1, breaks_off, &left);
        fine = read(&r);
        sqlite3_progress_handler(db, 0, NULL, NULL);
        assert_int_equal(r.fault.http_status, fine ? 0 : 500);
        if (fine) assert_string_equal(r.out.data, want);
        broken += !fine;
        sfo_fault_clear(&r.fault);
        sfi_buf_free(&r.out);
    }
    assert_in_range(broken, 10, 10000);
}

static void test_data__a_read_that_is_broken_off_is_no_end(void **state)
{
    (void)state;
    test_org org;
    sfo_bulk *bulk;
    sf_error err;
    org_open(&org);
    assert_int_equal(sfo_bulk_open(&(sfo_bulk_options){ .store = org.store }, &bulk, &err), SF_OK);
    for (int i = 0; i < 3; i++)
        assert_true(sfo_bulk_data_add(bulk, "owner", SFO_BULK_GOOD, SFI_STR("a,b\nc,d\n"), 2, NULL));
    static const char want[] = "a,b\nc,d\na,b\nc,d\na,b\nc,d\n";
    sqlite3 *db = sfo_store_db(org.store);
    check(bulk, db, read_all, want);
    check(bulk, db, read_rows, want);
    check(bulk, db, read_pieces, want);
    sfo_bulk_close(bulk);
    org_close(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data__a_read_that_is_broken_off_is_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
