/* publish_test.c: publishing against scripted answers: what is sent by REST and by SOAP, what each answer comes to, lost ones
 * too, what stops a publisher, and each allocation failing in turn. */
#include <salesforce.h>
#include "support/support.h"
#include "support/wire_server.h"

#define UUID "5b7a0c1e-3d7e-4a35-9b51-0f0c53c1a9d4"
#define TAKEN                                                                                                          \
    "{\"id\":\"e015g0000000001AAA\",\"success\":true,\"errors\":[{\"statusCode\":\"OPERATION_ENQUEUED\","              \
    "\"message\":\"" UUID "\",\"fields\":[]}]}"
#define REFUSED                                                                                                        \
    "{\"success\":false,\"errors\":[{\"statusCode\":\"REQUIRED_FIELD_MISSING\",\"message\":\"Required fields are "     \
    "missing: [Model__c]\",\"fields\":[\"Model__c\"]}]}"
#define OLD "{\"id\":\"e00xx000000000BAAA\",\"success\":true,\"errors\":[]}" /* before API version 52.0 */
#define BAD_REQUEST                                                                                                    \
    "HTTP/1.1 400 B\r\nContent-Type: application/json\r\nContent-Length: 76\r\n\r\n"                                   \
    "[{\"message\":\"m\",\"errorCode\":\"REQUIRED_FIELD_MISSING\",\"fields\":[\"Model__c\"]}]"
#define CUT "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n["

#define XML_TAKEN                                                                                                      \
    "<result><errors><message>" UUID "</message><statusCode>OPERATION_ENQUEUED</statusCode></errors>"                  \
    "<id>e015g0000000001AAA</id><success>true</success></result>"
#define XML_REFUSED                                                                                                    \
    "<result><errors><fields>Model__c</fields><message>Required fields are missing: [Model__c]</message><statusCode>"  \
    "REQUIRED_FIELD_MISSING</statusCode></errors><id xsi:nil=\"true\"/><success>false</success></result>"

enum { ANSWERS_MAX = 6, FATES_MAX = 512 };

typedef struct talk {
    char answers[ANSWERS_MAX][4096];
    wire_step steps[2 * ANSWERS_MAX + 1];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
    sf_publisher *p;
    char fates[FATES_MAX]; /* of each event: p, f, u */
    int told;
    sf_publish_result last;
    int stop_at; /* on_result answers false then; 0: never */
} talk;

static bool note(void *user, const sf_publish_result *r)
{
    talk *t = user;
    assert_in_range(t->told, 0, FATES_MAX - 2);
    t->fates[t->told++] = r->success ? 'p' : r->error.status == SF_ERR_UNKNOWN_OUTCOME ? 'u' : 'f';
    t->last = *r;
    return t->told != t->stop_at;
}

/* answers: NULL at the end; each request gets the next. One that begins with < is the inside of a SOAP body. */
static void talk_start(talk *t, const char *const *answers)
{
    static const char soap[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
                               "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                               "xmlns=\"urn:partner.soap.sforce.com\" "
                               "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body><createResponse>"
                               "%s</createResponse></soapenv:Body></soapenv:Envelope>";
    *t = (talk){ .told = 0 };
    int n = 0;
    for (; answers[n] != NULL; n++) {
        char body[3500];
        bool is_xml = answers[n][0] == '<';
        snprintf(body, sizeof body, is_xml ? soap : "%s", answers[n]);
        int len = strncmp(answers[n], "HTTP/", 5) == 0
                      ? snprintf(t->answers[n], sizeof t->answers[n], "%s", answers[n])
                      : snprintf(t->answers[n], sizeof t->answers[n],
                                 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                                 is_xml ? "text/xml" : "application/json", strlen(body), body);
        assert_in_range(len, 1, sizeof t->answers[n] - 1);
        t->steps[2 * n] = (wire_step)WIRE_REQUEST;
        t->steps[2 * n + 1] = (wire_step)WIRE_BYTES(t->answers[n], (size_t)len);
    }
    t->steps[2 * n] = (wire_step)WIRE_END;
    t->script = t->steps;
    t->server = wire_start(&t->script, 1);
    assert_non_null(t->server);
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(t->server, ""),
                                             .api_version = "62.0",
                                             .transport = { .no_gzip = true },
                                             .retry = { .retries_max = 1, .pause_ms = 1, .pause_max_ms = 1 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dt!t" } },
                       &t->sf, NULL),
        SF_OK);
}

static void talk_open(talk *t, const char *const *answers, sf_publisher_options o)
{
    sf_error err;
    talk_start(t, answers);
    o.event = "Low_Ink__e";
    o.on_result = note;
    o.user = t;
    if (sf_publisher_open(t->sf, &o, &t->p, &err) != SF_OK) fail_msg("%s", err.message);
}

static void talk_stop(talk *t)
{
    sf_client_close(t->sf);
    wire_stop(t->server);
}

static void assert_request(talk *t, int i, const char *first_line, const char *part)
{
    char *sent = wire_request(t->server, i);
    assert_non_null(sent);
    if (strncmp(sent, first_line, strlen(first_line)) != 0 || strstr(sent, part) == NULL)
        fail_msg("request %d is %s\nwant %s … %s", i, sent, first_line, part);
    free(sent);
}

static sf_record *low_ink(const char *model)
{
    sf_record *r = sf_record_new("Low_Ink__e");
    (void)sf_record_set_str(r, "Model__c", model);
    (void)sf_record_set_int(r, "Level__c", 12);
    return r;
}

/* ---- one event ---- */

static void test_publish__one(void **state)
{
    (void)state;
    static const struct {
        sf_publish_way way;
        const char *answer;
        sf_status want;
        const char *uuid, *code, *message;
    } cases[] = {
        { SF_PUBLISH_REST, TAKEN, SF_OK, UUID, "", "" },
        { SF_PUBLISH_REST, OLD, SF_OK, "", "", "" },
        { SF_PUBLISH_REST, REFUSED, SF_ERR_ORG, NULL, "REQUIRED_FIELD_MISSING", "Required fields are missing" },
        { SF_PUBLISH_REST, "{\"success\":false,\"errors\":[]}", SF_ERR_ORG, NULL, "", "gave no reason" },
        { SF_PUBLISH_REST, BAD_REQUEST, SF_ERR_ORG, NULL, "REQUIRED_FIELD_MISSING", "m" },
        { SF_PUBLISH_REST, "[]", SF_ERR_UNKNOWN_OUTCOME, NULL, "", "may have been published or not" },
        { SF_PUBLISH_REST, "{", SF_ERR_UNKNOWN_OUTCOME, NULL, "", "may have been published or not" },
        { SF_PUBLISH_REST, CUT, SF_ERR_UNKNOWN_OUTCOME, NULL, "", "was not sent again" },
        { SF_PUBLISH_SOAP, XML_TAKEN, SF_OK, UUID, "", "" },
        { SF_PUBLISH_SOAP, XML_REFUSED, SF_ERR_ORG, NULL, "REQUIRED_FIELD_MISSING", "Required fields are missing" },
        { SF_PUBLISH_SOAP, "<result/><result/>", SF_ERR_UNKNOWN_OUTCOME, NULL, "", "2 results to 1 events" },
        { SF_PUBLISH_SOAP, CUT, SF_ERR_UNKNOWN_OUTCOME, NULL, "", "was not sent again" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static talk t;
        sf_error err = { 0 };
        sf_publish_result result = { .row = -7 };
        const char *const answers[] = { cases[i].answer, NULL };
        sf_record *event = low_ink("XZ-5");
        print_message("  %zu: %s\n", i, cases[i].answer);
        talk_start(&t, answers);
        assert_int_equal(sf_publish(t.sf, event, &(sf_publish_options){ .way = cases[i].way }, &result, &err),
                         cases[i].want);
        if (cases[i].want == SF_OK) {
            assert_true(result.success);
            assert_int_equal(result.row, 0);
            assert_string_equal(result.uuid, cases[i].uuid);
            assert_int_equal(strlen(result.id.text), 18);
        } else {
            assert_int_equal(result.row, -7); /* untouched */
            assert_int_equal(err.status, cases[i].want);
            assert_string_equal(err.code, cases[i].code);
            if (strstr(err.message, cases[i].message) == NULL) fail_msg("%s", err.message);
            assert_null(strstr(err.message, "upsert"));
            if (err.code[0] != 0) assert_string_equal(err.fields, "Model__c");
        }
        if (cases[i].way == SF_PUBLISH_REST)
            assert_request(&t, 0, "POST /services/data/v62.0/sobjects/Low_Ink__e ",
                           "\r\n\r\n{\"Model__c\":\"XZ-5\",\"Level__c\":12}");
        else
            assert_request(&t, 0, "POST /services/Soap/u/62.0",
                           "<urn:create><urn:sObjects><so:type>Low_Ink__e</so:type><so:Model__c>XZ-5</so:Model__c>"
                           "<so:Level__c>12</so:Level__c></urn:sObjects></urn:create>");
        assert_int_equal(wire_requests(t.server), 1); /* whatever happened, nothing is repeated */
        sf_record_free(event);
        talk_stop(&t);
    }
}

/* ---- several ---- */

static void test_publish__many_in_one_request(void **state)
{
    (void)state;
    static const struct {
        sf_publish_way way;
        const char *answer, *line, *body;
    } cases[] = {
        { SF_PUBLISH_REST, "[" TAKEN "," REFUSED "," OLD "]", "POST /services/data/v62.0/composite/sobjects ",
          "{\"allOrNone\":true,\"records\":[{\"attributes\":{\"type\":\"Low_Ink__e\"},\"Model__c\":\"a\",\"Level__c\":"
          "12},"
          "{\"attributes\":{\"type\":\"Low_Ink__e\"},\"Model__c\":null,\"Level__c\":12},{\"attributes\":{\"type\":"
          "\"Low_Ink__e\"},\"Model__c\":\"<c>\",\"Level__c\":12}]}" },
        { SF_PUBLISH_SOAP, XML_TAKEN XML_REFUSED "<result><id>e00xx000000000BAAA</id><success>true</success></result>",
          "POST /services/Soap/u/62.0", "<so:Model__c>&lt;c&gt;</so:Model__c>" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static talk t;
        sf_error err;
        sf_publish_result results[3];
        const char *const answers[] = { cases[i].answer, NULL };
        sf_record *events[] = { low_ink("a"), low_ink(NULL), low_ink("<c>") };
        talk_start(&t, answers);
        const sf_publish_options o = { .way = cases[i].way, .all_or_none = true };
        assert_int_equal(sf_publish_many(t.sf, (const sf_record *const *)events, 3, &o, results, &err), SF_ERR_ORG);
        assert_non_null(strstr(err.message, "1 of 3"));
        assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
        for (int k = 0; k < 3; k++) {
            assert_int_equal(results[k].row, k);
            assert_int_equal(results[k].success, k != 1);
            assert_string_equal(results[k].uuid, k == 0 ? UUID : "");
            sf_record_free(events[k]);
        }
        assert_int_equal(results[1].error.status, SF_ERR_ORG);
        assert_string_equal(results[1].error.code, "REQUIRED_FIELD_MISSING");
        assert_string_equal(results[1].error.fields, "Model__c");
        assert_request(&t, 0, cases[i].line, cases[i].body);
        talk_stop(&t);
    }
}

/* What was not sent says so; nothing is left without a result. */
static void test_publish__many_ends_when_the_org_is_gone(void **state)
{
    (void)state;
    wire_server *nobody = wire_start_refusing();
    sf_client *sf = NULL;
    sf_error err;
    enum { COUNT = 450 };
    static sf_publish_result results[COUNT];
    static const sf_record *events[COUNT];
    sf_record *event = low_ink("a");
    for (int i = 0; i < COUNT; i++) events[i] = event;
    assert_int_equal(sf_client_open(&(sf_client_options){ .instance_url = wire_url(nobody, ""),
                                                          .api_version = "62.0",
                                                          .retry = { .retries_max = SF_NONE },
                                                          .auth = { .flow = SF_AUTH_BEARER, .access_token = "t" } },
                                    &sf, NULL),
                     SF_OK);
    for (int way = SF_PUBLISH_REST; way <= SF_PUBLISH_SOAP; way++) {
        memset(results, 0, sizeof results);
        const sf_publish_options o = { .way = (sf_publish_way)way };
        assert_int_equal(sf_publish_many(sf, events, COUNT, &o, results, &err), SF_ERR_NETWORK);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(results[i].row, i);
            assert_false(results[i].success);
            assert_int_equal(results[i].error.status, SF_ERR_NETWORK);
        }
    }
    sf_record_free(event);
    sf_client_close(sf);
    wire_stop(nobody);
}

/* ---- a publisher ---- */

static void test_publish__lost_answers_are_told_and_never_repeated(void **state)
{
    (void)state;
    static const struct {
        sf_publish_way way;
        const char *answers[3], *fates;
    } cases[] = {
        { SF_PUBLISH_REST, { "[" TAKEN "," TAKEN "]", CUT, NULL }, "ppuu" },
        { SF_PUBLISH_REST, { "[" TAKEN "]", "[" TAKEN "," TAKEN "]", NULL }, "uupp" },
        { SF_PUBLISH_SOAP, { XML_TAKEN XML_TAKEN, CUT, NULL }, "ppuu" },
        { SF_PUBLISH_SOAP, { XML_TAKEN, XML_REFUSED XML_TAKEN, NULL }, "uufp" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static talk t;
        sf_error err;
        sf_publish_counts n;
        talk_open(&t, cases[i].answers, (sf_publisher_options){ .way = cases[i].way, .batch_events = 2 });
        for (int k = 0; k < 4; k++)
            assert_int_equal(sf_publisher_add_json(t.p, (sf_str){ "{\"Model__c\":\"a\"}", 16 }, NULL), SF_OK);
        assert_int_equal(sf_publisher_flush(t.p, NULL), SF_ERR_UNKNOWN_OUTCOME);
        assert_int_equal(sf_publisher_close(t.p, &n, &err), SF_ERR_UNKNOWN_OUTCOME);
        assert_null(strstr(err.message, "upsert"));
        assert_string_equal(t.fates, cases[i].fates);
        assert_int_equal(n.unknown, 2);
        assert_int_equal(n.events, 4);
        assert_int_equal(n.published + n.failed, 2);
        assert_int_equal(n.requests, 2);
        assert_int_equal(wire_requests(t.server), 2);
        talk_stop(&t);
    }
}

static void test_publish__what_stops_a_publisher(void **state)
{
    (void)state;
    static const struct {
        sf_publish_way way;
        int stop_at, failures_max;
        sf_status want;
        const char *answer, *fates;
    } cases[] = {
        { SF_PUBLISH_REST, 1, 0, SF_ERR_CANCELLED, "[" TAKEN "," TAKEN "]", "p" },
        { SF_PUBLISH_SOAP, 1, 0, SF_ERR_CANCELLED, XML_TAKEN XML_TAKEN, "p" },
        { SF_PUBLISH_REST, 0, 1, SF_ERR_LIMIT, "[" REFUSED "," TAKEN "]", "fp" },
        { SF_PUBLISH_SOAP, 0, 1, SF_ERR_LIMIT, XML_REFUSED XML_TAKEN, "fp" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static talk t;
        sf_publish_counts n;
        const char *const answers[] = { cases[i].answer, NULL };
        sf_status rc = SF_OK;
        int added = 0;
        talk_open(
            &t, answers,
            (sf_publisher_options){ .way = cases[i].way, .batch_events = 2, .failures_max = cases[i].failures_max });
        t.stop_at = cases[i].stop_at;
        while (rc == SF_OK && added < 20) {
            rc = sf_publisher_add_json(t.p, (sf_str){ "{\"Model__c\":\"a\"}", 16 }, NULL);
            added += rc == SF_OK;
        }
        assert_int_equal(rc, cases[i].want);
        assert_int_equal(sf_publisher_flush(t.p, NULL), cases[i].want); /* sticky */
        assert_int_equal(sf_publisher_close(t.p, &n, NULL), cases[i].want);
        assert_int_equal(strncmp(t.fates, cases[i].fates, strlen(cases[i].fates)), 0);
        assert_true(n.stopped);
        assert_int_equal(n.events, added);
        assert_int_equal(n.published + n.failed + n.unknown, added);
        assert_int_equal(wire_requests(t.server), 1);
        talk_stop(&t);
    }
}

static bool use_inside(void *user, const sf_publish_result *r)
{
    talk *t = user;
    (void)r;
    t->told++;
    assert_int_equal(sf_publisher_add_json(t->p, (sf_str){ "{}", 2 }, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publisher_flush(t->p, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publisher_close(t->p, NULL, NULL), SF_ERR_USAGE);
    sf_publisher_abort(t->p);
    return true;
}

static void test_publish__a_callback_may_not_use_its_publisher(void **state)
{
    (void)state;
    for (int way = SF_PUBLISH_REST; way <= SF_PUBLISH_SOAP; way++) {
        static talk t;
        const char *const answers[] = { way == SF_PUBLISH_REST ? "[" TAKEN "]" : XML_TAKEN, NULL };
        talk_start(&t, answers);
        assert_int_equal(sf_publisher_open(t.sf,
                                           &(sf_publisher_options){ .event = "Low_Ink__e",
                                                                    .way = (sf_publish_way)way,
                                                                    .on_result = use_inside,
                                                                    .user = &t },
                                           &t.p, NULL),
                         SF_OK);
        assert_int_equal(sf_publisher_add_json(t.p, (sf_str){ "{}", 2 }, NULL), SF_OK);
        assert_int_equal(sf_publisher_close(t.p, NULL, NULL), SF_OK);
        assert_int_equal(t.told, 1);
        talk_stop(&t);
    }
}

/* ---- what is refused before anything is sent ---- */

static void test_publish__wrong_use(void **state)
{
    (void)state;
    static talk t;
    sf_error err;
    sf_publish_result result;
    sf_publisher *p = (sf_publisher *)&t;
    const char *const answers[] = { NULL };
    talk_start(&t, answers);
    sf_record *account = sf_record_new("Account"), *calendar = sf_record_new("Event");
    sf_record *standard = sf_record_new("Order_Summary_Event"), *broken = sf_record_new("Low_Ink__e");
    (void)sf_record_set_str(broken, "not a name", "x");
    const sf_record *both[] = { standard, account };
    const sf_publish_options bad_way = { .way = (sf_publish_way)7 };
    sf_publish_options reserved = { 0 };
    reserved.reserved[3] = 1;

    assert_int_equal(sf_publish(t.sf, account, NULL, NULL, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "Account is not a platform event"));
    assert_int_equal(sf_publish(t.sf, calendar, NULL, NULL, NULL), SF_ERR_USAGE); /* a meeting is none */
    assert_int_equal(sf_publish(t.sf, NULL, NULL, NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publish(NULL, standard, NULL, NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publish(t.sf, broken, NULL, NULL, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "not a name"));
    assert_int_equal(sf_publish(t.sf, standard, &bad_way, NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publish(t.sf, standard, &reserved, NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publish_many(t.sf, both, 2, NULL, &result, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "event 1"));
    assert_int_equal(sf_publish_many(t.sf, both, 0, NULL, &result, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publish_many(t.sf, both, 1, NULL, NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publish_many(t.sf, NULL, 1, NULL, &result, NULL), SF_ERR_USAGE);

    static const sf_publisher_options bad[] = {
        { .event = "Account" },       { .batch_events = 201 }, { .batch_events = -1 },
        { .parallel = 17 },           { .parallel = -1 },      { .way = SF_PUBLISH_SOAP, .parallel = 2 },
        { .way = (sf_publish_way)2 }, { .failures_max = -1 },  { .reserved = { 0, 1 } },
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(sf_publisher_open(t.sf, &bad[i], &p, NULL), SF_ERR_USAGE);
        assert_null(p);
    }
    assert_int_equal(sf_publisher_open(t.sf, NULL, NULL, NULL), SF_ERR_USAGE);
    static const char *const rows[] = { "",
                                        "{",
                                        "[]",
                                        "7",
                                        "{}",
                                        "{\"attributes\":{\"type\":\"Account\"}}",
                                        "{\"\\u0061ttributes\":{\"type\":\"Account\"}}",
                                        "{\"attributes\":{\"type\":7}}",
                                        "{} {}" };
    for (int way = SF_PUBLISH_REST; way <= SF_PUBLISH_SOAP; way++) { /* no name of an event in the options */
        assert_int_equal(sf_publisher_open(t.sf, &(sf_publisher_options){ .way = (sf_publish_way)way }, &p, NULL),
                         SF_OK);
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            if (sf_publisher_add_json(p, (sf_str){ rows[i], strlen(rows[i]) }, NULL) != SF_ERR_USAGE)
                fail_msg("way %d took %s", way, rows[i]);
        assert_int_equal(sf_publisher_add_json(p, (sf_str){ NULL, 0 }, NULL), SF_ERR_USAGE);
        assert_int_equal(sf_publisher_add(p, account, NULL), SF_ERR_USAGE);
        assert_int_equal(sf_publisher_add(p, NULL, NULL), SF_ERR_USAGE);
        sf_publish_counts n = { .events = 7 };
        assert_int_equal(sf_publisher_close(p, &n, NULL), SF_OK);
        assert_int_equal(n.events, 0);
    }
    assert_int_equal(sf_publisher_add(NULL, standard, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publisher_flush(NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_publisher_close(NULL, NULL, NULL), SF_OK);
    sf_publisher_abort(NULL);
    assert_int_equal(wire_requests(t.server), 0);
    sf_record_free(account);
    sf_record_free(calendar);
    sf_record_free(standard);
    sf_record_free(broken);
    talk_stop(&t);
}

/* ---- memory ---- */

/* Whatever allocation fails, each event that was taken gets one result, and none is sent twice. */
static void test_publish__survives_each_failed_allocation(void **state)
{
    (void)state;
    static const struct {
        sf_publish_way way;
        const char *answers[4];
    } cases[] = {
        { SF_PUBLISH_REST, { "[" TAKEN "," TAKEN "]", "[" TAKEN "]", NULL } },
        { SF_PUBLISH_SOAP, { XML_TAKEN XML_TAKEN, XML_TAKEN, NULL } },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_status rc = SF_ERR_MEMORY;
        for (int n = 0; rc != SF_OK; n++) {
            static talk t;
            sf_publish_counts counts = { 0 };
            sf_record *event = low_ink("a");
            talk_open(&t, cases[i].answers, (sf_publisher_options){ .way = cases[i].way, .batch_events = 2 });
            int taken = 0;
            test_allocations_limit(n);
            for (int k = 0; k < 3; k++)
                taken += (k == 1 ? sf_publisher_add(t.p, event, NULL)
                                 : sf_publisher_add_json(t.p, (sf_str){ "{\"A__c\":1}", 10 }, NULL)) == SF_OK;
            rc = sf_publisher_flush(t.p, NULL);
            test_allocations_limit(-1);
            sf_status closed = sf_publisher_close(t.p, &counts, NULL);
            if (taken < 3) rc = SF_ERR_MEMORY;
            assert_true(closed == SF_OK || rc != SF_OK);
            assert_int_equal(counts.events, taken);
            assert_int_equal(t.told, taken);
            assert_int_equal(counts.published + counts.failed + counts.unknown, taken);
            assert_in_range(wire_requests(t.server), 0, 2);
            sf_record_free(event);
            talk_stop(&t);
            assert_true(n < 4000);
        }
    }
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish__one),
        cmocka_unit_test(test_publish__many_in_one_request),
        cmocka_unit_test(test_publish__many_ends_when_the_org_is_gone),
        cmocka_unit_test(test_publish__lost_answers_are_told_and_never_repeated),
        cmocka_unit_test(test_publish__what_stops_a_publisher),
        cmocka_unit_test(test_publish__a_callback_may_not_use_its_publisher),
        cmocka_unit_test(test_publish__wrong_use),
        cmocka_unit_test(test_publish__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
