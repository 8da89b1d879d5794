/* redis_process.h: a real redis-server process for a test: in a folder of its own, appendonly, ended by its own id. */
#ifndef SF_TEST_REDIS_PROCESS_H
#define SF_TEST_REDIS_PROCESS_H
#include <sys/types.h>
#include "support/support.h"

typedef struct test_redis {
    pid_t pid;
    int port, tls_port; /* tls_port 0: none */
    char folder[64];    /* the socket, the data and what else a test puts there */
    char url[64];       /* redis://127.0.0.1:PORT */
    char socket[96];    /* path of the unix socket */
    char args[1024];    /* given at the start, blanks between; also for the next ones */
} test_redis;

bool test_redis_is_there(void); /* false: no redis-server on this machine; skip */
/* Start it on a free port and wait until it answers. args: options, blanks between; may be NULL. */
void test_redis_start(test_redis *r, const char *args);
void test_redis_halt(test_redis *r, int signal); /* the data stays */
void test_redis_resume(test_redis *r);           /* on the same port, with the same data */
void test_redis_stop(test_redis *r);             /* and remove its folder */
/* One command, words without blanks, outside the library under test: its reply as it came over the wire. */
const char *test_redis_ask(test_redis *r, const char *command);
#endif
