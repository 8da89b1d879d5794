/* org_api_cometd_fuzz.c: whatever comes as the body of a CometD request is answered, and so is whatever comes as the filter of a
 * PushTopic's channel (first byte 'f'). The word CLIENT in it becomes a client that the org knows. Properties: the answer is an
 * array of JSON with the status 200, 400 or 413; of 200, each message of the request has an answer, also a connect that waits
 * when its time is up; a filter that passes an event is one that was taken. */
#include "api/api.h"
#include "api/topics.h"
#include "json/json_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sfo_store *store;
static sfo_org *org;
static char authorization[200];
static char client[64];

static const char *header(void *connection, const char *name)
{
    (void)connection;
    if (sfi_eq_nocase(name, "Authorization")) return authorization;
    return sfi_eq_nocase(name, "Content-Type") ? "application/json" : NULL;
}

/* The answer stays in response; what waits is told that time is up. */
static void ask(const char *method, const char *path, sf_str body, sfo_response *response)
{
    sfo_request request = {
        .method = method, .path = path, .query = "", .body = body, .host = "h:1", .loopback = true, .header = header
    };
    sfo_response_init(response);
    sfo_org_handle(org, &request, response);
    if (response->wait.park == NULL) return;
    if (!response->wait.finish(response->wait.user, true, false, response)) abort();
    sfo_park_release(response->wait.park);
}

static void say(const char *path, const char *body, int status)
{
    sfo_response response;
    ask("POST", path, sfi_str(body), &response);
    if (response.status != status) abort();
    sfo_response_clear(&response);
}

static void set_up(void)
{
    sfo_schema *schema = NULL;
    sf_error err;
    char token[160];
    if (sfo_schema_load(NULL, &schema, &err) != SF_OK || sfo_store_open(":memory:", schema, &store, &err) != SF_OK ||
        sfo_org_new(&(sfo_org_options){ .store = store, .api_max = 1000000000000 }, &org, &err) != SF_OK ||
        !sfo_org_access_token(org, token))
        abort();
    (void)snprintf(authorization, sizeof authorization, "Bearer %s", token);
    say("/services/data/v62.0/sobjects/PushTopic",
        "{\"Name\":\"T\",\"Query\":\"SELECT Id, Name FROM Account\",\"ApiVersion\":62}", 201);
    say("/services/data/v62.0/sobjects/StreamingChannel", "{\"Name\":\"/u/c\"}", 201);
    say("/services/data/v62.0/sobjects/Account", "{\"Name\":\"A\"}", 201);
}

/* A client of its own for each input: what one does is not seen by the next. */
static void shake_hands(void)
{
    sfo_response response;
    sfi_json *doc = NULL;
    ask("POST", "/cometd/62.0", SFI_STR("[{\"channel\":\"/meta/handshake\",\"version\":\"1.0\"}]"), &response);
    if (sfi_json_new(&doc, NULL) != SF_OK || sfi_json_parse(doc, sfi_buf_str(&response.body), NULL) != SF_OK) abort();
    sf_value first = { 0 };
    sf_iter it = sf_iter_begin(sfi_json_root(doc));
    if (!sf_iter_next(&it, NULL, &first) || sf_get_str(first, "clientId") == NULL) abort();
    (void)snprintf(client, sizeof client, "%s", sf_get_str(first, "clientId"));
    sfi_json_free(doc);
    sfo_response_clear(&response);
}

static void write_body(const uint8_t *data, size_t size, sfi_buf *out)
{
    static const char word[] = "CLIENT";
    for (size_t at = 0; at < size;) {
        bool found = at + sizeof word - 1 <= size && memcmp(data + at, word, sizeof word - 1) == 0;
        if (found)
            sfi_buf_add_str(out, client);
        else
            sfi_buf_add(out, data + at, 1);
        at += found ? sizeof word - 1 : 1;
    }
}

static size_t messages_of(sf_str text)
{
    sfi_json *doc = NULL;
    size_t count = 0;
    if (sfi_json_new(&doc, NULL) != SF_OK) abort();
    if (sfi_json_parse(doc, text, NULL) == SF_OK) {
        sf_value root = sfi_json_root(doc);
        count = sf_value_type(root) == SF_ARRAY ? sf_value_count(root) : 1;
    }
    sfi_json_free(doc);
    return count;
}

static void check_filter(const uint8_t *data, size_t size)
{
    static const char event[] =
        "{\"event\":{\"replayId\":1},\"sobject\":{\"Id\":\"1\",\"Name\":\"A\",\"N\":1.5,\"E\":null,\"B\":true}}";
    sf_str filter = { (const char *)data, size };
    bool no_memory = false;
    if (!sfo_topic_filter_is_valid(filter)) return;
    sfo_topic_filter *f = sfo_topic_filter_new(filter);
    if (f == NULL) abort();
    (void)sfo_topic_filter_passes(f, sfi_str(event), &no_memory); /* either is right */
    if (no_memory) abort();
    sfo_topic_filter_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfi_buf body = { 0 };
    sfo_response response;
    if (org == NULL) set_up();
    if (size > 0 && data[0] == 'f') {
        check_filter(data + 1, size - 1);
        return 0;
    }
    shake_hands();
    write_body(data, size, &body);
    ask("POST", "/cometd/62.0", sfi_buf_str(&body), &response);
    if (response.status != 200 && response.status != 400 && response.status != 413) abort();
    if (response.body.len < 2 || response.body.data[0] != '[') abort();
    size_t asked = messages_of(sfi_buf_str(&body)), told = messages_of(sfi_buf_str(&response.body));
    if (response.status == 200 && told < asked) abort();
    if (response.status != 200 && told != 1) abort();
    sfo_response_clear(&response);
    ask("DELETE", "/__org/streaming", SFI_STR(""), &response); /* handshakes of the input too */
    sfo_response_clear(&response);
    sfi_buf_free(&body);
    return 0;
}
