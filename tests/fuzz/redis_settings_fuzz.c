/* redis_settings_fuzz.c: any text as the URL of a server: taken or refused, and no message repeats the password in it. */
#include <stdint.h>
#include <stdlib.h>
#include "redis/redis_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char planted[] = "PLANTED";
    char *url = sfi_strndup((const char *)data, size);
    sfi_redis_settings s;
    sf_error err = { .message = "" };
    if (url == NULL) abort();
    sf_status rc = sfi_redis_settings_read(&(sf_redis_options){ .url = url }, &s, &err);
    if (rc != SF_OK && rc != SF_ERR_USAGE) abort();
    if (strstr(err.message, planted) != NULL) abort();
    if (rc == SF_OK && s.host == NULL && s.path == NULL) abort();
    if (rc == SF_OK && s.username != NULL && s.password == NULL) abort();
    if (rc == SF_OK && s.password != NULL && strstr(s.password, planted) != NULL && strstr(s.name, planted) != NULL &&
        strstr(s.host, planted) == NULL)
        abort();
    sfi_redis_settings_clear(&s);
    sfi_free(url);
    return 0;
}
