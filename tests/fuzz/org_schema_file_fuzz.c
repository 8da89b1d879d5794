/* org_schema_file_fuzz.c: any bytes as a --schema file. Property: it is refused with a message, or each object and field of the
 * schema is found by its own name. */
#include <fcntl.h>
#include <unistd.h>
#include "schema/schema.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void sweep(void)
{
    (void)unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfo_schema *schema = NULL;
    sf_error err = { 0 };
    if (path[0] == '\0') {
        snprintf(path, sizeof path, "%s/sf-schema-fuzz-%d", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
                 (int)getpid());
        if (atexit(sweep) != 0) abort();
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0) abort();
    if (sfo_schema_load(path, &schema, &err) != SF_OK) {
        if (schema != NULL || err.status >= 0 || err.message[0] == '\0') abort();
        return 0;
    }
    for (size_t i = 0; i < sfo_schema_count(schema); i++) {
        const sfo_object *o = sfo_schema_at(schema, i);
        if (sfo_schema_object(schema, sfi_str(o->name)) != o) abort();
        for (size_t k = 0; k < o->field_count; k++)
            if (sfo_object_field(o, sfi_str(o->fields[k].name)) != &o->fields[k]) abort();
    }
    sfo_schema_free(schema);
    return 0;
}
