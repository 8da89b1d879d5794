/* blob_memory_test.c: a large blob goes up and comes down in little memory: of the client, and of the org that keeps it in
 * a file. SF_BLOB_MB says how large, in MB; 64 when nothing does. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>
#include <unistd.h>

enum {
    CLIENT_MOST_KIB = 24 * 1024,
    GROWTH_MOST_KIB = 8 * 1024,
    SANITIZED_MOST_KIB = 32 * 1024,
    ORG_GROWTH_MOST_KIB = 64 * 1024,
    SMALL = 3 << 20
};

/* The sanitizer keeps freed memory for a while, which is not the program's doing. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool is_sanitized = true;
#else
static const bool is_sanitized = false;
#endif

static test_org org;
static sf_client *sf;
static sf_error err;
static char data_file[64];

static int start(void **state)
{
    (void)state;
    snprintf(data_file, sizeof data_file, "/tmp/blob-memory-XXXXXX");
    int fd = mkstemp(data_file);
    if (fd < 0) return -1;
    close(fd);
    remove(data_file);
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--data", data_file, NULL });
    return sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                                .api_version = "62.0",
                                                .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                          &sf, &err) == SF_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    int code = test_org_stop(&org);
    char command[400];
    snprintf(command, sizeof command, "rm -f %s %s-wal %s-shm %s-journal", data_file, data_file, data_file, data_file);
    return system(command) + code;
}

/* Most memory that a process ever had resident, in KiB. */
static long peak_kib(pid_t pid)
{
    char path[64], line[200];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmHWM: %ld", &kib) == 1) break;
    fclose(f);
    return kib;
}

typedef struct bytes {
    int64_t given, got, len, wrong;
} bytes;

static char byte_at(int64_t i)
{
    return (char)(i * 131 + (i >> 12));
}

static sf_status give(void *user, char *data, size_t cap, size_t *len, sf_error *e)
{
    bytes *b = user;
    (void)e;
    *len = (int64_t)cap < b->len - b->given ? cap : (size_t)(b->len - b->given);
    for (size_t i = 0; i < *len; i++) data[i] = byte_at(b->given + (int64_t)i);
    b->given += (int64_t)*len;
    return SF_OK;
}

static sf_status take(void *user, const char *data, size_t len, sf_error *e)
{
    bytes *b = user;
    (void)e;
    for (size_t i = 0; i < len; i++) b->wrong += data[i] != byte_at(b->got + (int64_t)i);
    b->got += (int64_t)len;
    return SF_OK;
}

static void there_and_back(int64_t len)
{
    bytes b = { .len = len };
    sf_id id;
    sf_blob_info info;
    const sf_source source = { .read = give, .user = &b, .length = len };
    const sf_sink sink = { .write = take, .user = &b };
    sf_record *r = sf_record_new("ContentVersion");
    sf_record_set_str(r, "PathOnClient", "large.bin");
    if (sf_blob_create(sf, r, &(sf_blob_data){ .source = &source }, NULL, &id, &err) != SF_OK)
        fail_msg("%s", err.message);
    if (sf_blob_get(sf, "ContentVersion", id.text, NULL, &sink, NULL, &info, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(b.given, len);
    assert_int_equal(b.got, len);
    assert_int_equal(b.wrong, 0);
    assert_int_equal(info.bytes, len);
    sf_record_free(r);
}

static void test_blob__size_costs_no_memory(void **state)
{
    (void)state;
    const char *said = getenv("SF_BLOB_MB");
    int64_t mb = said != NULL ? strtoll(said, NULL, 10) : 64;
    assert_true(mb > 0);
    there_and_back(SMALL);
    long client = peak_kib(getpid()), server = peak_kib(org.pid);
    there_and_back(mb * 1000000);
    long client_grew = peak_kib(getpid()) - client, server_grew = peak_kib(org.pid) - server;
    print_message("  %lld MB: client %.1f MiB (%.1f more than with 3 MB), org %.1f MiB (%.1f more)\n", (long long)mb,
                  (double)(client + client_grew) / 1024, (double)client_grew / 1024,
                  (double)(server + server_grew) / 1024, (double)server_grew / 1024);
    assert_in_range(client_grew, 0, is_sanitized ? SANITIZED_MOST_KIB : GROWTH_MOST_KIB); /* half of 64 MB at most */
    if (!is_sanitized) assert_in_range(client + client_grew, 0, CLIENT_MOST_KIB);
    /* The org maps the upload's file while it stores it; those pages are the file's and go when they are wanted. */
    if (!is_sanitized) assert_in_range(server_grew, 0, mb * 1000 + ORG_GROWTH_MOST_KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_blob__size_costs_no_memory) };
    return cmocka_run_group_tests_name("blob.memory", tests, start, stop);
}
