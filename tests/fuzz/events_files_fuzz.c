/*
 * events_files_fuzz.c: any bytes as the file of a checkpoint store, or, when the first is 'c', as the newest version of a
 * coordinator's. Property: it is refused as damaged, and left as it was; or a position that is kept is there when the file
 * is read again, and a term is later than what stood in it.
 */
#include <fcntl.h>
#include <unistd.h>
#include "events/checkpoints_internal.h"
#include "events/coordinator_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static const char *path(const char *name)
{
    static char paths[4][128];
    static int next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

static void put(const char *name, const uint8_t *data, size_t size)
{
    int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0) abort();
}

static void must_hold(const char *name, const uint8_t *data, size_t size)
{
    size_t len;
    char *text = test_read_file(path(name), &len);
    if (text == NULL || len != size || memcmp(text, data, size) != 0) abort();
    free(text);
}

static void check_store(const uint8_t *data, size_t size)
{
    sf_checkpoints *store = NULL;
    char position[SFI_POSITION_BYTES_MAX];
    sf_error err = { 0 };
    put("p", data, size);
    if (sf_checkpoints_file(path("p"), &store, &err) != SF_OK) {
        if (err.status != SF_ERR_IO || store != NULL) abort();
        must_hold("p", data, size);
        return;
    }
    sf_status rc = sfi_checkpoints_set(store, "/data/FuzzChange", "17", &err);
    sf_checkpoints_close(store);
    if (rc == SF_ERR_LIMIT) return; /* it is full */
    if (rc != SF_OK || sf_checkpoints_file(path("p"), &store, &err) != SF_OK) abort();
    if (sfi_checkpoints_get(store, "/data/FuzzChange", position, &err) != SF_OK || strcmp(position, "17") != 0) abort();
    sf_checkpoints_close(store);
}

static void check_position(sf_coordinator *c)
{
    char position[SFI_POSITION_BYTES_MAX];
    sf_error err = { 0 };
    if (sfi_coordinator_get(c, "g", "/event/F__e", position, NULL, &err) != SF_OK || strcmp(position, "17") != 0)
        abort();
}

static void check_coordinator(const uint8_t *data, size_t size)
{
    sf_coordinator *c = NULL;
    int64_t first = 0, second = 0;
    sf_error err = { 0 };
    if (access(path("c"), F_OK) != 0) { /* made, so that the folder is as it wants it */
        if (sf_coordinator_file(path("c"), &c, &err) != SF_OK) abort();
        sf_coordinator_close(c);
    }
    for (int i = 2; i < 9; i++) {
        char name[24];
        snprintf(name, sizeof name, "c/state-%d", i);
        (void)unlink(path(name));
    }
    put("c/state-1", data, size);
    if (sf_coordinator_file(path("c"), &c, &err) != SF_OK) {
        if (err.status != SF_ERR_IO || c != NULL) abort();
        must_hold("c/state-1", data, size);
        return;
    }
    sf_status rc = sfi_coordinator_attempt(c, "g", "fuzz", 60000, &first, &err);
    if (rc == SF_OK) {
        if (first <= 0) abort();
        if (sfi_coordinator_attempt(c, "g", "fuzz", 60000, &second, &err) != SF_OK || second != first) abort();
        rc = sfi_coordinator_save(c, "g", first, "/event/F__e", "17", &err);
        if (rc == SF_OK) check_position(c);
    }
    sf_coordinator_close(c);
    if (rc != SF_OK && rc != SF_ERR_LIMIT && rc != SF_ERR_IO) abort();
    if (rc != SF_OK) return; /* it is full, or its numbers are */
    if (sf_coordinator_file(path("c"), &c, &err) != SF_OK) abort();
    check_position(c);
    if (sfi_coordinator_attempt(c, "g", "another", 60000, &second, &err) != SF_OK || second <= first) abort();
    sf_coordinator_close(c);
}

static void sweep(void)
{
    static const char *const names[] = { "p", "p.lock", "p.new", "c/lock" };
    for (size_t i = 0; i < COUNT_OF(names); i++) (void)unlink(path(names[i]));
    for (int i = 1; i < 9; i++) {
        char name[24];
        snprintf(name, sizeof name, "c/state-%d", i);
        (void)unlink(path(name));
    }
    (void)rmdir(path("c"));
    (void)rmdir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (dir[0] == '\0') {
        snprintf(dir, sizeof dir, "%s/sf-files-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (mkdtemp(dir) == NULL || atexit(sweep) != 0) abort();
    }
    if (size > 0 && data[0] == 'c')
        check_coordinator(data + 1, size - 1);
    else
        check_store(data, size);
    return 0;
}
