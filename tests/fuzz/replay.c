/* replay.c: runs a fuzz target over the files of its corpus folders, so that each find stays a test without a fuzzer. */
#include "support/support.h"
#include <dirent.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **names;
        int n = scandir(argv[i], &names, NULL, alphasort);
        for (int k = 0; k < n; k++) {
            char path[4096];
            size_t len;
            snprintf(path, sizeof path, "%s/%s", argv[i], names[k]->d_name);
            char *data = names[k]->d_name[0] != '.' ? test_read_file(path, &len) : NULL;
            if (data != NULL) {
                LLVMFuzzerTestOneInput((const uint8_t *)data, len);
                free(data);
                count++;
            }
            free(names[k]);
        }
        if (n >= 0) free(names);
    }
    fprintf(stderr, "%d corpus files replayed\n", count);
    return count > 0 ? 0 : 1;
}
