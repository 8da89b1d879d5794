/*
 * apex.c: Apex REST classes: values in and out, an answer that is not JSON, and what a class says when it refuses. The
 * classes are those of a local org. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sf_status open_case(sf_client *sf, char id[19], sf_error *err)
{
    static const char body[] =
        "{\"subject\":\"Pump leaks\",\"status\":\"New\",\"origin\":\"Phone\",\"priority\":\"High\"}";
    sf_document *doc = NULL;
    sf_status rc = sf_apex_json(sf, "POST", "/Cases", &(sf_apex_options){ .body = { body, strlen(body) } }, &doc, err);
    if (rc == SF_OK) snprintf(id, 19, "%s", sf_get_str(sf_document_root(doc), NULL)); /* the class answers a text */
    sf_document_free(doc);
    return rc;
}

static sf_status show_units(sf_client *sf, sf_error *err)
{
    sf_response answer;
    const sf_apex_param params[] = { { "floor", "1 & 2" } };
    sf_status rc = sf_apex_request(sf, "GET", "/csv/units", &(sf_apex_options){ .params = params, .param_count = 1 },
                                   &answer, err);
    if (rc == SF_OK) {
        sf_str type = sf_response_header(&answer, "Content-Type");
        printf("%.*s, %zu bytes\n", (int)type.len, type.ptr, answer.body_len);
    }
    sf_response_clear(&answer);
    return rc;
}

static sf_status order(sf_client *sf, sf_error *err)
{
    static const char body[] = "{\"item\":\"chairs\"}";
    sf_response answer;
    sf_status rc =
        sf_apex_request(sf, "POST", "/refuse", &(sf_apex_options){ .body = { body, strlen(body) } }, &answer, err);
    if (rc == SF_ERR_ORG) { /* err has what can be told of it, answer all of it */
        printf("HTTP %d, %s: %s\n", answer.status, err->code, answer.body);
        rc = SF_OK;
    }
    sf_response_clear(&answer);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_document *doc = NULL;
    char id[19], path[64];
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = open_case(sf, id, &err);
    if (rc == SF_OK) {
        snprintf(path, sizeof path, "/Cases/%s", id);
        rc = sf_apex_json(sf, "GET", path, NULL, &doc, &err);
    }
    if (rc == SF_OK) printf("case %s: %s\n", id, sf_get_str(sf_document_root(doc), "Subject"));
    if (rc == SF_OK) rc = show_units(sf, &err);
    if (rc == SF_OK) rc = order(sf, &err);
    sf_document *nothing = NULL;
    if (rc == SF_OK) rc = sf_apex_json(sf, "DELETE", path, NULL, &nothing, &err);
    if (rc == SF_DONE) puts("deleted"); /* a void method: no answer, which is no failure */
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_document_free(doc);
    sf_client_close(sf);
    return rc < 0;
}
