/* org_api_soap_fuzz.c: whatever comes as the body of a SOAP request is answered, by the partner API or (first byte 'c') by the
 * enterprise API. The word SESSION in it becomes a session that lives. Property: the answer is well-formed XML with status 200
 * or 500, and nothing that was done outlives the transaction around it. */
#include "api/api.h"
#include "support/support.h"
#include "xml/xml_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sfo_store *store;
static sfo_org *org;
static char token[160];

static const char *header(void *connection, const char *name)
{
    (void)connection;
    if (sfi_eq_nocase(name, "SOAPAction")) return "\"\"";
    return sfi_eq_nocase(name, "Content-Type") ? "text/xml" : NULL;
}

static void set_up(void)
{
    sfo_schema *schema = NULL;
    sf_error err;
    if (sfo_schema_load(NULL, &schema, &err) != SF_OK || sfo_store_open(":memory:", schema, &store, &err) != SF_OK ||
        sfo_org_new(&(sfo_org_options){ .store = store, .api_max = 1000000000000 }, &org, &err) != SF_OK ||
        !sfo_org_access_token(org, token))
        abort();
}

static void write_body(const uint8_t *data, size_t size, sfi_buf *out)
{
    static const char word[] = "SESSION";
    size_t at = 0;
    while (at + sizeof word - 1 <= size && memcmp(data + at, word, sizeof word - 1) != 0) at++;
    bool found = at + sizeof word - 1 <= size;
    sfi_buf_add(out, data, found ? at : size);
    if (found) sfi_buf_add_str(out, token);
    if (found) sfi_buf_add(out, data + at + sizeof word - 1, size - at - (sizeof word - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfi_buf body = { 0 };
    sfi_xml *doc = NULL;
    sf_error err;
    sfo_response response;
    if (org == NULL) set_up();
    bool enterprise = size > 0 && data[0] == 'c';
    write_body(data + (enterprise ? 1 : 0), size - (enterprise ? 1 : 0), &body);
    sfo_request request = { .method = "POST",
                            .path = enterprise ? "/services/Soap/c/62.0" : "/services/Soap/u/62.0",
                            .query = "",
                            .body = sfi_buf_str(&body),
                            .host = "h:1",
                            .loopback = true,
                            .header = header };
    sfo_response_init(&response);
    if (!sfo_store_begin(store, NULL)) abort();
    sfo_org_handle(org, &request, &response);
    sfo_store_rollback(store);
    if (response.status != 200 && response.status != 500) abort();
    if (sfi_xml_parse(sfi_buf_str(&response.body), &doc, &err) != SF_OK) abort();
    sfi_xml_free(doc);
    sfo_response_clear(&response);
    sfi_buf_free(&body);
    return 0;
}
