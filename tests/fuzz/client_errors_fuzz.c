/* client_errors_fuzz.c: any bytes as the body of an answer that is no success (the first two bytes choose its status and content
 * type). Property: it is an error with a status, its texts are UTF-8 of one line, and nothing beyond them is set. */
#include "client/client_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    if (len == size || !sfi_utf8_valid(text, len)) abort();
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 400, 401, 403, 404, 405, 409, 412, 413, 415, 420, 429, 500, 502, 503, 300, 200 };
    static const char *const types[] = { "application/json",    "application/json;charset=UTF-8",
                                         "application/xml",     "text/xml; charset=utf-8",
                                         "text/html",           "text/plain",
                                         "multipart/form-data", "" };
    if (size < 2) return 0;
    int status = statuses[data[0] % COUNT_OF(statuses)];
    sf_error err;
    memset(&err, 0x55, sizeof err);
    sf_status rc = sfi_error_from_answer(status, sfi_str(types[data[1] % COUNT_OF(types)]),
                                         (sf_str){ (const char *)data + 2, size - 2 }, "the call", &err);
    if (rc >= 0 || err.status != rc || err.http_status != status || err.message[0] == '\0') abort();
    check_text(err.message, sizeof err.message);
    check_text(err.code, sizeof err.code);
    check_text(err.fields, sizeof err.fields);
    if (!sfi_is_zero(err.reserved, sizeof err.reserved)) abort();
    (void)sfi_error_is_lasting(&err);
    return 0;
}
