/*
 * soap_server.h: a server on 127.0.0.1 that keeps SOAP requests and plays answers, with a client to it: shared by the tests of
 * this folder. Threads: the test's one.
 */
#ifndef SF_TEST_SOAP_SERVER_H
#define SF_TEST_SOAP_SERVER_H
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

#define ENVELOPE "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
#define XSI " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""

enum { ANSWERS_MAX = 3 };

typedef struct server {
    char *answers[ANSWERS_MAX];
    wire_step steps[2 * ANSWERS_MAX + 1];
    const wire_step *script;
    wire_server *wire;
    sf_client *sf;
} server;

static inline char *http(int status, const char *type, const char *body)
{
    char *text = malloc(strlen(body) + 300);
    snprintf(text, strlen(body) + 300, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status,
             type, strlen(body), body);
    return text;
}

static inline char *answer(const char *inner)
{
    char *body = malloc(strlen(inner) + 400);
    snprintf(body, strlen(inner) + 400,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" ENVELOPE " xmlns=\"urn:partner.soap.sforce.com\"" XSI
             "><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>",
             inner);
    char *text = http(200, "text/xml; charset=utf-8", body);
    free(body);
    return text;
}

static inline char *fault(const char *code)
{
    char body[600];
    snprintf(body, sizeof body,
             ENVELOPE " xmlns:sf=\"urn:fault.partner.soap.sforce.com\"><soapenv:Body><soapenv:Fault><faultcode>sf:%s"
                      "</faultcode><faultstring>%s: so it is</faultstring></soapenv:Fault></soapenv:Body>"
                      "</soapenv:Envelope>",
             code, code);
    return http(500, "text/xml; charset=utf-8", body);
}

/* A server that gives these answers (freed by stop) in turn, on one connection. */
static inline void start(server *s, const sf_client_options *extra, char *first, char *second, char *third)
{
    memset(s, 0, sizeof *s);
    char *all[] = { first, second, third };
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(all) && all[i] != NULL; i++) {
        s->answers[i] = all[i];
        s->steps[n++] = (wire_step)WIRE_REQUEST;
        s->steps[n++] = (wire_step){ WIRE_OP_SEND, all[i], strlen(all[i]) };
    }
    s->steps[n] = (wire_step)WIRE_AGAIN;
    s->script = s->steps;
    s->wire = wire_start(&s->script, 1);
    assert_non_null(s->wire);
    sf_error err;
    sf_client_options o = extra != NULL ? *extra : (sf_client_options){ 0 };
    o.instance_url = wire_url(s->wire, "");
    o.api_version = "62.0";
    o.retry = (sf_retry_options){ .retries_max = 2, .pause_ms = 1, .pause_max_ms = 2 };
    if (o.auth.flow == 0) o.auth = (sf_auth){ .flow = SF_AUTH_BEARER, .access_token = "00D<&>!token" };
    if (sf_client_open(&o, &s->sf, &err) != SF_OK) fail_msg("%s", err.message);
}

static inline void stop(server *s)
{
    sf_client_close(s->sf);
    wire_stop(s->wire);
    for (size_t i = 0; i < ANSWERS_MAX; i++) free(s->answers[i]);
}

static inline void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fail_msg("no %s\nin %s", part, text);
}

/* The request number i has this body inside soapenv:Body. */
static inline void assert_sent(server *s, int i, const char *body)
{
    char *request = wire_request(s->wire, i);
    assert_non_null(request);
    size_t len = strlen(body) + 100;
    char *whole = malloc(len);
    snprintf(whole, len, "<soapenv:Body>%s</soapenv:Body></soapenv:Envelope>", body);
    assert_holds(request, whole);
    free(whole);
    free(request);
}

static inline void assert_header(server *s, const char *part)
{
    char *request = wire_request(s->wire, 0);
    assert_non_null(request);
    assert_holds(request, part);
    free(request);
}
#endif
