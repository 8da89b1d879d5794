/* support.c: see support.h. The allocator's counters are atomic; everything else is for a test's one thread. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include <stdatomic.h>
#include <sys/stat.h>

static atomic_long allocations_left = -1;
static atomic_long allocations_live;

static void *counting_fn(void *user, void *ptr, size_t size)
{
    (void)user;
    if (size == 0) {
        if (ptr != NULL) atomic_fetch_sub(&allocations_live, 1);
        free(ptr);
        return NULL;
    }
    long left = atomic_load(&allocations_left);
    while (left >= 0) {
        if (left == 0) return NULL;
        if (atomic_compare_exchange_weak(&allocations_left, &left, left - 1)) break;
    }
    void *got = realloc(ptr, size);
    if (ptr == NULL && got != NULL) atomic_fetch_add(&allocations_live, 1);
    return got;
}

void test_allocator_install(void)
{
    sf_status rc = sf_set_allocator(&(sf_allocator){ .fn = counting_fn }, NULL);
    if (rc != SF_OK) abort();
}

void test_allocations_limit(long left)
{
    atomic_store(&allocations_left, left);
}

long test_allocations_live(void)
{
    return atomic_load(&allocations_live);
}

char *test_read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    char *data = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        data = size >= 0 ? malloc((size_t)size + 1) : NULL;
        if (data != NULL) {
            size_t got = fread(data, 1, (size_t)size, file);
            data[got] = '\0';
            if (len != NULL) *len = got;
        }
    }
    fclose(file);
    return data;
}

char *test_unzstd(const char *path, size_t *len)
{
    enum { MAX = 1 << 22 };
    char command[400], *out = malloc(MAX);
    assert_non_null(out);
    snprintf(command, sizeof command, "zstd -dqc '%s'", path);
    FILE *program = popen(command, "r");
    assert_non_null(program);
    *len = fread(out, 1, MAX - 1, program);
    out[*len] = '\0';
    if (pclose(program) != 0) fail_msg("zstd refuses %s", path);
    return out;
}

bool test_has_zstd(void)
{
    return strstr(sf_features(), "zstd") != NULL && system("command -v zstd >/dev/null") == 0;
}

const char *test_shared_dir(void)
{
    static const char *const places[] = { SF_SOURCE_DIR "/../shared", SF_SOURCE_DIR "/shared" };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct stat st;
        if (stat(places[i], &st) == 0 && S_ISDIR(st.st_mode)) return places[i];
    }
    return NULL;
}
