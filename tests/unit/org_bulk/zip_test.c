/* zip_test.c: zips of batches: stored and deflated files, damaged ones, cut short and with every byte changed. */
#define SFI_MAY_ALLOCATE
#include "bulk/zip.h"
#include <libdeflate.h>
#include "support/support.h"

/* ---- a zip of our own making ---- */
static char zip[8192];
static size_t len, starts[8], directory;
static struct {
    char entry[46], name[64];
    size_t name_len;
} entries[8];
static int count;

static void put(char *at, uint32_t n, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (char)(n >> (8 * i) & 0xff);
}

static void add_file(const char *name, const char *data, size_t size, bool deflated)
{
    char packed[2048];
    size_t packed_len = size;
    memcpy(packed, data, size);
    if (deflated) {
        struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
        packed_len = libdeflate_deflate_compress(c, data, size, packed, sizeof packed);
        libdeflate_free_compressor(c);
        assert_true(packed_len > 0);
    }
    starts[count] = len;
    char *head = zip + len, *entry = entries[count].entry;
    memset(head, 0, 30);
    memset(entry, 0, 46);
    memcpy(head, "PK\3\4", 4);
    memcpy(entry, "PK\1\2", 4);
    put(entry + 10, deflated ? 8 : 0, 2);
    put(entry + 16, libdeflate_crc32(0, data, size), 4);
    put(entry + 20, (uint32_t)packed_len, 4);
    put(entry + 24, (uint32_t)size, 4);
    put(entry + 28, (uint32_t)strlen(name), 2);
    put(entry + 42, (uint32_t)len, 4);
    put(head + 26, (uint32_t)strlen(name), 2);
    entries[count].name_len = strlen(name);
    memcpy(entries[count++].name, name, strlen(name));
    memcpy(zip + len + 30, name, strlen(name));
    memcpy(zip + len + 30 + strlen(name), packed, packed_len);
    len += 30 + strlen(name) + packed_len;
}

static void finish(void)
{
    directory = len;
    for (int i = 0; i < count; i++) {
        memcpy(zip + len, entries[i].entry, 46);
        memcpy(zip + len + 46, entries[i].name, entries[i].name_len);
        len += 46 + entries[i].name_len;
    }
    memset(zip + len, 0, 22);
    memcpy(zip + len, "PK\5\6", 4);
    put(zip + len + 10, (uint32_t)count, 2);
    put(zip + len + 12, (uint32_t)(len - directory), 4);
    put(zip + len + 16, (uint32_t)directory, 4);
    len += 22;
}

static const char rows[] = "Name,Body\na,#photos/a.png\na,#photos/a.png\na,#photos/a.png\n";

static int make(void **state)
{
    (void)state;
    len = 0;
    count = 0;
    add_file("request.txt", rows, sizeof rows - 1, true);
    add_file("photos/a.png", "\0\1\2", 3, false);
    add_file("empty", "", 0, false);
    finish();
    return 0;
}

static bool is_file(const sfo_zip *z, const char *name, const char *want, size_t size)
{
    sf_str got = sfo_zip_find(z, sfi_str(name));
    return got.ptr != NULL && got.len == size && memcmp(got.ptr, want, size) == 0;
}

static void refused(sf_str data, const char *says)
{
    sfo_zip *z = (sfo_zip *)&z;
    sfo_fault fault = { 0 };
    assert_false(sfo_zip_new(data, &z, &fault));
    assert_null(z);
    assert_string_equal(fault.code, "InvalidBatch");
    if (says != NULL && strstr(fault.message, says) == NULL) fail_msg("%s", fault.message);
    sfo_fault_clear(&fault);
}

static void test_zip__files_are_found(void **state)
{
    (void)state;
    sfo_zip *z;
    sfo_fault fault = { 0 };
    assert_true(sfo_zip_new((sf_str){ zip, len }, &z, &fault));
    assert_true(is_file(z, "request.txt", rows, sizeof rows - 1));
    assert_true(is_file(z, "photos/a.png", "\0\1\2", 3));
    assert_true(is_file(z, "empty", "", 0));
    assert_null(sfo_zip_find(z, SFI_STR("Request.txt")).ptr);
    assert_null(sfo_zip_find(z, SFI_STR("photos")).ptr);
    sfo_zip_free(z);
}

static void test_zip__cut_at_every_byte_is_no_zip(void **state)
{
    (void)state;
    for (size_t n = 0; n < len; n++) {
        char *exact = malloc(n + 1); /* so that one byte too many is seen */
        memcpy(exact, zip, n);
        refused((sf_str){ exact, n }, "it is no zip");
        free(exact);
    }
}

static void test_zip__every_byte_changed(void **state)
{
    (void)state;
    static const unsigned char changes[] = { 0x01, 0x80, 0xff };
    int broken = 0;
    for (size_t n = 0; n < len; n++)
        for (size_t k = 0; k < COUNT_OF(changes); k++) {
            sfo_zip *z;
            sfo_fault fault = { 0 };
            zip[n] = (char)(zip[n] ^ changes[k]);
            if (sfo_zip_new((sf_str){ zip, len }, &z, &fault)) {
                sf_str file = sfo_zip_find(z, SFI_STR("request.txt")); /* what is given out is what was put in */
                assert_true(file.ptr == NULL || is_file(z, "request.txt", rows, sizeof rows - 1));
                sfo_zip_free(z);
            } else {
                broken++;
                assert_string_equal(fault.code, "InvalidBatch");
                sfo_fault_clear(&fault);
            }
            zip[n] = (char)(zip[n] ^ changes[k]);
        }
    assert_true(broken > 100);
}

static void test_zip__limits(void **state)
{
    (void)state;
    char *entry = zip + directory;
    put(entry + 24, 10 * 1024 * 1024 + 1, 4); /* it says that it is large */
    refused((sf_str){ zip, len }, "too large");
    make(NULL);
    put(zip + directory + 8, 1, 2);
    refused((sf_str){ zip, len }, "encrypted");
    make(NULL);
    put(zip + len - 22 + 10, 1001, 2);
    refused((sf_str){ zip, len }, "more than 1000 files");
}

static void test_zip__each_failed_allocation_is_survived(void **state)
{
    (void)state;
    bool fine = false;
    long before = test_allocations_live();
    for (int n = 0; !fine && n < 100; n++) {
        sfo_zip *z;
        sfo_fault fault = { 0 };
        test_allocations_limit(n);
        fine = sfo_zip_new((sf_str){ zip, len }, &z, &fault);
        test_allocations_limit(-1);
        sfo_zip_free(z);
        sfo_fault_clear(&fault);
        assert_int_equal(test_allocations_live(), before);
    }
    assert_true(fine);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_zip__files_are_found, make),
        cmocka_unit_test_setup(test_zip__cut_at_every_byte_is_no_zip, make),
        cmocka_unit_test_setup(test_zip__every_byte_changed, make),
        cmocka_unit_test_setup(test_zip__limits, make),
        cmocka_unit_test_setup(test_zip__each_failed_allocation_is_survived, make),
    };
    return cmocka_run_group_tests_name("zips of batches", tests, NULL, NULL);
}
