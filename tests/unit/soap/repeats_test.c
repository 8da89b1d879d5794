/*
 * repeats_test.c: sessions that die, answers that are lost, damaged, too large or hostile, and failing memory: what is repeated,
 * what is told as an unknown outcome, and what is refused.
 */
#include "soap_server.h"
#include <libdeflate.h>

/* ---- sessions, repeats, lost answers ---- */

static sf_status undelete_one(sf_client *sf, sf_error *err)
{
    sf_soap_results *rows = NULL;
    sf_status rc = sf_soap_undelete(sf, (const char *const[]){ "001000000000001" }, 1, NULL, &rows, err);
    sf_soap_results_free(rows);
    return rc;
}

static const char undeleted[] = "<undeleteResponse><result><success>true</success></result></undeleteResponse>";

static void test_repeats__a_dead_session_is_renewed_once_and_the_body_has_the_new_one(void **state)
{
    (void)state;
    server s;
    sf_error err;
    wire_step steps[9] = { 0 };
    const wire_step *script = steps;
    memset(&s, 0, sizeof s);
    s.wire = wire_start(&script, 1);
    assert_non_null(s.wire);
    char login[400], again[400]; /* the script is read when a client connects: until then it may be filled */
    const char form[] = "{\"access_token\":\"00D000000000001!%s\",\"token_type\":\"Bearer\",\"instance_url\":\"%s\"}";
    snprintf(login, sizeof login, form, "one", wire_url(s.wire, ""));
    snprintf(again, sizeof again, form, "two", wire_url(s.wire, ""));
    char *answers[] = { http(200, "application/json", login), fault("INVALID_SESSION_ID"),
                        http(200, "application/json", again), answer(undeleted) };
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        steps[2 * i] = (wire_step)WIRE_REQUEST;
        steps[2 * i + 1] = (wire_step){ WIRE_OP_SEND, answers[i], strlen(answers[i]) };
    }
    sf_client_options o = { .login_url = wire_url(s.wire, ""),
                            .instance_url = wire_url(s.wire, ""),
                            .api_version = "62.0",
                            .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = "c", .client_secret = "s" } };
    assert_int_equal(sf_client_open(&o, &s.sf, &err), SF_OK);
    if (undelete_one(s.sf, &err) != SF_OK) fail_msg("%s", err.message);
    char *first = wire_request(s.wire, 1), *second = wire_request(s.wire, 3);
    assert_holds(first, "<urn:sessionId>00D000000000001!one</urn:sessionId>");
    assert_holds(second, "<urn:sessionId>00D000000000001!two</urn:sessionId>");
    assert_holds(second, "<urn:undelete>");
    free(first);
    free(second);
    sf_client_stats stats;
    sf_client_get_stats(s.sf, &stats);
    assert_int_equal(stats.requests, 2);
    assert_int_equal(stats.refreshes, 1);
    sf_client_close(s.sf);
    wire_stop(s.wire);
    for (size_t i = 0; i < COUNT_OF(answers); i++) free(answers[i]);
}

static void test_repeats__reads_are_repeated_and_writes_are_not(void **state)
{
    (void)state;
    const char damaged[] = "<undeleteResponse><result><success>tr";
    const struct {
        const char *what;
        char *first;
        sf_status write, read;
        int write_requests, read_requests;
    } cases[] = {
        { "unknown exception", fault("UNKNOWN_EXCEPTION"), SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "too slow", fault("REQUEST_RUNNING_TOO_LONG"), SF_ERR_ORG, SF_OK, 1, 2 },
        { "locked row", fault("UNABLE_TO_LOCK_ROW"), SF_OK, SF_OK, 2, 2 },
        { "limit", fault("REQUEST_LIMIT_EXCEEDED"), SF_ERR_API_LIMIT, SF_ERR_API_LIMIT, 1, 1 },
        { "schema", fault("Client"), SF_ERR_ORG, SF_ERR_ORG, 1, 1 },
        { "503", http(503, "text/html", "<html>later</html>"), SF_OK, SF_OK, 2, 2 },
        { "502", http(502, "text/html", "<html>lost</html>"), SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "empty", http(200, "text/xml", ""), SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "cut", http(200, "text/xml", damaged), SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "broken", http(200, "text/xml", ENVELOPE "><soapenv:Body><a></b></soapenv:Body></soapenv:Envelope>"),
          SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "a bomb",
          http(200, "text/xml",
               "<!DOCTYPE a [<!ENTITY x \"xxxx\"><!ENTITY y \"&x;&x;\">]>" ENVELOPE
               "><soapenv:Body>&y;</soapenv:Body></soapenv:Envelope>"),
          SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "a page", http(200, "text/html", "<html><body>Log in to the hotel</body></html>"), SF_ERR_PROTOCOL, SF_OK, 1,
          2 },
        { "another answer", answer("<otherResponse/>"), SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "no answer in it", answer(""), SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "not its results", answer("<undeleteResponse/>"), SF_ERR_UNKNOWN_OUTCOME, SF_OK, 1, 2 },
        { "fault with 200",
          http(200, "text/xml",
               ENVELOPE "><soapenv:Body><soapenv:Fault><faultcode>x:INVALID_TYPE</faultcode><faultstring>no</"
                        "faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>"),
          SF_ERR_ORG, SF_ERR_ORG, 1, 1 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        server s;
        sf_error err;
        int64_t ms;
        print_message("  %s\n", cases[i].what);
        start(&s, NULL, strdup(cases[i].first), answer(undeleted), NULL);
        sf_status rc = undelete_one(s.sf, &err);
        if (rc != cases[i].write) fail_msg("write: %s: %s", sf_status_name(rc), err.message);
        assert_int_equal(wire_requests(s.wire), cases[i].write_requests);
        stop(&s);
        start(&s, NULL, strdup(cases[i].first),
              answer("<getServerTimestampResponse><result><timestamp>2024-11-23T22:10:05.000Z</timestamp></result>"
                     "</getServerTimestampResponse>"),
              NULL);
        rc = sf_soap_get_server_timestamp(s.sf, NULL, &ms, &err);
        if (rc != cases[i].read) fail_msg("read: %s: %s", sf_status_name(rc), err.message);
        assert_int_equal(wire_requests(s.wire), cases[i].read_requests);
        stop(&s);
        free(cases[i].first);
    }
}

/* ---- sizes ---- */

static int __attribute__((format(__printf__, 2, 3))) sprintf_at(char *at, const char *format, ...)
{
    enum { PIECE_MAX = 200 };
    va_list args;
    va_start(args, format);
    int n = vsnprintf(at, PIECE_MAX, format, args);
    va_end(args);
    assert_true(n > 0 && n < PIECE_MAX);
    return n;
}

/* One connection that plays these steps, a client to it; as the other tests, without repeats. */
static void play(server *s, const wire_step *steps)
{
    memset(s, 0, sizeof *s);
    s->script = steps;
    s->wire = wire_start(&s->script, 1);
    assert_non_null(s->wire);
    sf_error err;
    if (sf_client_open(&(sf_client_options){ .instance_url = wire_url(s->wire, ""),
                                             .api_version = "62.0",
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D!x" },
                                             .transport = { .idle_timeout_ms = 60000 },
                                             .retry = { .retries_max = SF_NONE } },
                       &s->sf, &err) != SF_OK)
        fail_msg("%s", err.message);
}

static void expect_limit(const char *what, const wire_step *steps)
{
    server s;
    sf_error err;
    int64_t ms;
    print_message("  %s\n", what);
    play(&s, steps);
    sf_status rc = sf_soap_get_server_timestamp(s.sf, NULL, &ms, &err);
    if (rc != SF_ERR_LIMIT) fail_msg("read: %s: %s", sf_status_name(rc), err.message);
    stop(&s);
    play(&s, steps);
    rc = undelete_one(s.sf, &err);
    if (rc != SF_ERR_UNKNOWN_OUTCOME) fail_msg("write: %s: %s", sf_status_name(rc), err.message);
    stop(&s);
}

static void test_repeats__an_answer_of_100_mb_is_refused_before_it_is_read(void **state)
{
    (void)state;
    /* the server never sends the body: who waited for it would wait for the idle timeout */
    static const wire_step announced[] = { WIRE_REQUEST,
                                           WIRE_TEXT("HTTP/1.1 200 X\r\nContent-Type: text/xml\r\nContent-Length: "
                                                     "104857600\r\n\r\n<"),
                                           WIRE_STALL, WIRE_END };
    expect_limit("100 MB, announced", announced);

    enum { PIECE = 1 << 20, PIECES = 66 };
    char *piece = malloc(PIECE);
    memset(piece, 'x', PIECE);
    wire_step steps[PIECES + 3] = { WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 200 X\r\nContent-Type: text/xml\r\n"
                                                            "Connection: close\r\n\r\n<a>") };
    for (size_t i = 0; i < PIECES; i++) steps[i + 2] = (wire_step){ WIRE_OP_SEND, piece, PIECE };
    expect_limit("66 MiB, not announced", steps);
    free(piece);
}

static void test_repeats__a_gzip_bomb_is_refused(void **state)
{
    (void)state;
    enum { INFLATED = 80 << 20, HEAD = 200 };
    char *plain = malloc(INFLATED);
    memset(plain, ' ', INFLATED);
    struct libdeflate_compressor *z = libdeflate_alloc_compressor(9);
    char *packed = malloc(HEAD + (1 << 20));
    size_t len = libdeflate_gzip_compress(z, plain, INFLATED, packed + HEAD, 1 << 20);
    assert_true(len > 0 && len < 200000);
    free(plain);
    libdeflate_free_compressor(z);
    char head[HEAD];
    int n = snprintf(
        head, sizeof head,
        "HTTP/1.1 200 X\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", len);
    memcpy(packed + HEAD - n, head, (size_t)n);
    const wire_step steps[] = { WIRE_REQUEST, { WIRE_OP_SEND, packed + HEAD - n, len + (size_t)n }, WIRE_END };
    print_message("  %zu bytes that are %d\n", len, INFLATED);
    expect_limit("gzip", steps);
    free(packed);
}

/* A large answer that is within the limits is read whole. */
static void test_repeats__an_answer_of_many_rows_is_read(void **state)
{
    (void)state;
    enum { ROWS = 2000, ROW = 1200 };
    char *inner = malloc(ROWS * ROW + 300), *at = inner;
    at += sprintf_at(
        at, "<queryResponse><result xsi:type=\"QueryResult\"><done>true</done><queryLocator xsi:nil=\"true\"/>");
    for (int i = 0; i < ROWS; i++) {
        at += sprintf_at(at, "<records><type>Account</type><Id>0015g00000AaA%03d%02dAA</Id>", i % 1000, i / 1000);
        for (int f = 0; f < 20; f++) at += sprintf_at(at, "<F%d__c>value &amp; %d</F%d__c>", f, i, f);
        at += sprintf_at(at, "</records>");
    }
    at += sprintf_at(at, "<size>2000</size></result></queryResponse>");
    server s;
    sf_error err;
    sf_xml *doc = NULL;
    start(&s, NULL, answer(inner), NULL, NULL);
    free(inner);
    static const char query[] = "<urn:query><urn:queryString>SELECT Id FROM Account</urn:queryString></urn:query>";
    if (sf_soap_call(s.sf, (sf_str){ query, sizeof query - 1 }, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    sf_xml_element result = sf_xml_child(sf_soap_body(doc), "result");
    assert_int_equal(sf_xml_count(result, "records"), ROWS);
    assert_string_equal(sf_xml_get_str(result, "records.1999.F19__c"), "value & 1999");
    sf_xml_free(doc);
    stop(&s);
}

/* Which calls are taken for reads, by their name and their API. */
static void test_repeats__a_name_says_whether_a_call_only_reads(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sf_soap_options o;
        bool reads;
    } cases[] = {
        { "query", { 0 }, true },
        { "describeSObjects", { .api = SF_SOAP_ENTERPRISE }, true },
        { "queryMore", { .api = SF_SOAP_TOOLING }, true },
        { "update", { 0 }, false },
        { "queryNothing", { 0 }, false },
        { "update", { .repeatable = true }, true },
        { "listMetadata", { .api = SF_SOAP_METADATA }, true },
        { "retrieve", { .api = SF_SOAP_METADATA }, false },
        { "describeMetadata", { .api = SF_SOAP_METADATA }, true },
        { "describeIt", { .api = SF_SOAP_APEX }, false },
        { "query",
          { .path = "/services/Soap/class/X", .name_space = "http://soap.sforce.com/schemas/class/X" },
          false },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        server s;
        sf_error err;
        char body[100], good[100];
        snprintf(body, sizeof body, "<!-- x --><urn:%s a=\"1\"><b/></urn:%s>", cases[i].name, cases[i].name);
        snprintf(good, sizeof good, "<%sResponse/>", cases[i].name);
        start(&s, NULL, fault("UNKNOWN_EXCEPTION"), answer(good), NULL);
        sf_status rc = sf_soap_call(s.sf, (sf_str){ body, strlen(body) }, &cases[i].o, NULL, &err);
        if (rc != (cases[i].reads ? SF_OK : SF_ERR_UNKNOWN_OUTCOME)) fail_msg("%zu: %s", i, sf_status_name(rc));
        stop(&s);
    }
}

static void test_repeats__an_action_of_ones_own_goes_out_alone(void **state)
{
    (void)state;
    server s;
    sf_error err;
    start(&s, NULL, answer("<logoutResponse/>"), NULL, NULL);
    const sf_call_options call = { .headers = (const char *const[]){ "soapaction: \"mine\"", NULL } };
    assert_int_equal(sf_soap_logout(s.sf, &(sf_soap_options){ .call = &call }, &err), SF_OK);
    char *request = wire_request(s.wire, 0);
    assert_holds(request, "\r\nsoapaction: \"mine\"\r\n");
    assert_null(strstr(request, "SOAPAction"));
    free(request);
    stop(&s);
}

static void test_repeats__limits_of_the_answer_are_noted(void **state)
{
    (void)state;
    server s;
    sf_error err;
    int64_t ms;
    sf_api_usage usage;
    start(&s, NULL,
          http(200, "text/xml; charset=utf-8",
               ENVELOPE " xmlns=\"urn:partner.soap.sforce.com\"><soapenv:Header><LimitInfoHeader><limitInfo><current>12"
                        "</current><limit>15000</limit><type>API REQUESTS</type></limitInfo></LimitInfoHeader>"
                        "</soapenv:Header><soapenv:Body><getServerTimestampResponse><result><timestamp>"
                        "2024-11-23T22:10:05.000Z</timestamp></result></getServerTimestampResponse></soapenv:Body>"
                        "</soapenv:Envelope>\n<!-- done -->\n"),
          NULL, NULL);
    assert_int_equal(sf_client_get_api_usage(s.sf, &usage), SF_DONE);
    assert_int_equal(sf_soap_get_server_timestamp(s.sf, NULL, &ms, &err), SF_OK);
    assert_int_equal(sf_client_get_api_usage(s.sf, &usage), SF_ROW);
    assert_int_equal(usage.used, 12);
    assert_int_equal(usage.max, 15000);
    stop(&s);
}

static void test_repeats__options_out_of_range_are_refused(void **state)
{
    (void)state;
    const sf_soap_options cases[] = {
        { .api = 5 },
        { .api = SF_SOAP_METADATA },
        { .path = "/x", .name_space = "y" },
        { .batch_size = 199 },
        { .batch_size = 2001 },
        { .assignment_rule = "maybe" },
        { .owner_change_count = 1 },
        { .package_version_count = 51 },
        { .debug_category_count = 1, .debug_categories = &(sf_soap_debug_category){ 0 } },
        { .reserved = { 1 } },
        { .language = "\x01" },
    };
    server s;
    int64_t ms;
    start(&s, NULL, answer("<getServerTimestampResponse/>"), NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        assert_int_equal(sf_soap_get_server_timestamp(s.sf, &cases[i], &ms, &err), SF_ERR_USAGE);
        assert_true(strlen(err.message) > 10);
    }
    assert_int_equal(wire_requests(s.wire), 0);
    stop(&s);
}

/* ---- memory ---- */

static void test_repeats__each_failed_allocation_is_survived(void **state)
{
    (void)state;
    server s;
    sf_record *account = sf_record_new("Account");
    sf_record_set_str(account, "Name", "A");
    const sf_soap_lead lead = { .lead_id = "00Q000000000001", .converted_status = "X", .account_record = account };
    start(
        &s, NULL,
        answer(
            "<convertLeadResponse><result><accountId>001000000000009AAA</accountId><errors><fields>A</fields><message>m"
            "</message><statusCode>C</statusCode></errors><success>false</success></result></convertLeadResponse>"),
        NULL, NULL);
    sf_status rc = SF_ERR_MEMORY;
    sf_soap_results *rows = NULL;
    sf_error err;
    assert_int_equal(sf_soap_convert_leads(s.sf, &lead, 1, NULL, &rows, &err), SF_OK); /* logged in and connected */
    sf_soap_results_free(rows);
    int n = 0, failures = 0;
    for (; rc != SF_OK && n < 2000; n++) {
        rows = NULL;
        test_allocations_limit(n);
        rc = sf_soap_convert_leads(s.sf, &lead, 1, NULL, &rows, &err);
        test_allocations_limit(-1);
        if (rc != SF_OK) {
            failures++;
            assert_null(rows);
            assert_true(err.status == rc && err.message[0] != '\0');
            if (rc != SF_ERR_MEMORY && rc != SF_ERR_UNKNOWN_OUTCOME && rc != SF_ERR_NETWORK)
                fail_msg("%s", err.message);
        }
    }
    print_message("  %d allocations failed in turn\n", failures);
    assert_int_equal(rc, SF_OK);
    assert_true(failures > 10);
    sf_soap_results_free(rows);
    stop(&s);
    sf_record_free(account);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeats__a_dead_session_is_renewed_once_and_the_body_has_the_new_one),
        cmocka_unit_test(test_repeats__reads_are_repeated_and_writes_are_not),
        cmocka_unit_test(test_repeats__an_answer_of_100_mb_is_refused_before_it_is_read),
        cmocka_unit_test(test_repeats__a_gzip_bomb_is_refused),
        cmocka_unit_test(test_repeats__an_answer_of_many_rows_is_read),
        cmocka_unit_test(test_repeats__a_name_says_whether_a_call_only_reads),
        cmocka_unit_test(test_repeats__an_action_of_ones_own_goes_out_alone),
        cmocka_unit_test(test_repeats__limits_of_the_answer_are_noted),
        cmocka_unit_test(test_repeats__options_out_of_range_are_refused),
        cmocka_unit_test(test_repeats__each_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests_name("soap repeats", tests, NULL, NULL);
}
