/* bulk_journal_fuzz.c: any bytes as a journal. Property: the file is refused and left as it was, or what was read of it is
 * read once more after a line is added, and that line with it. */
#include <fcntl.h>
#include <unistd.h>
#include "bulk/journal_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sf_status count(void *user, sf_value line, sf_error *err)
{
    (void)line;
    (void)err;
    ++*(int *)user;
    return SF_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/sf-journal-fuzz-XXXXXX";
    const sf_str head = SFI_STR("{\"journal\":1}");
    sf_error err;
    sfi_journal *j = NULL;
    bool resumed;
    int before = 0, after = 0;
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    if (sfi_journal_open(path, head, count, &before, &j, &resumed, &err) == SF_OK) {
        if (sfi_journal_add(j, SFI_STR("{}"), &err) != SF_OK) abort();
        sfi_journal_close(j);
        if (sfi_journal_open(path, head, count, &after, &j, &resumed, &err) != SF_OK || !resumed) abort();
        if (after != before + 1) abort();
        sfi_journal_close(j);
    } else if (lseek(fd, 0, SEEK_END) != (off_t)size) {
        abort();
    }
    close(fd);
    unlink(path);
    return 0;
}
