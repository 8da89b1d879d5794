/* org_process.h: a real sforce-org process for a test: started on a free port, ended by its own id. */
#ifndef SF_TEST_ORG_PROCESS_H
#define SF_TEST_ORG_PROCESS_H
#include "support/support.h"
#include <sys/types.h>

typedef struct test_org {
    pid_t pid;
    int port;
    char url[64]; /* http://127.0.0.1:PORT */
    char username[128], password[128], security_token[64], client_id[128], client_secret[128], access_token[512];
    char *reply;  /* of the last test_org_http; freed by the next one and by test_org_stop */
} test_org;

/* Starts $SFORCE_ORG_BIN (else bin/sforce-org of this build) with --port 0 --json and args (NULL at the end; may be
 * NULL) and waits for its line. Fails the test when it does not come. */
void test_org_start(test_org *org, const char *const *args);
/* SIGTERM, waits; answers the exit status (0: clean). */
int test_org_stop(test_org *org);
/* One plain HTTP request outside the library under test; bearer NULL: none, body NULL: none. Answers the status, the body stands in
 * org->reply. 0: no answer came. */
int test_org_http(test_org *org, const char *method, const char *path, const char *bearer, const char *body);
/* Faults of the org (see org/api/faults.h): add one SPEC, take all away. */
void test_org_fault(test_org *org, const char *spec);
void test_org_faults_clear(test_org *org);
/* The org's only fault has looked at so many requests and struck so many of them; otherwise the test fails. With times=1,
 * matched 2 says that the request which was struck was sent again, however much of its answer had come by then. */
void test_org_expect_fault(test_org *org, int matched, int struck);
#endif
