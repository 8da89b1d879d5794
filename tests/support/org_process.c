/* org_process.c: see org_process.h. One thread. The child dies with the test (PR_SET_PDEATHSIG). */
#define SFI_MAY_ALLOCATE
#include "support/org_process.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void take_member(const char *json, const char *name, char *out, size_t size)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *start = strstr(json, key);
    if (start == NULL) fail_msg("sforce-org --json printed no %s", name);
    start += strlen(key);
    const char *end = strchr(start, '"');
    if (end == NULL || (size_t)(end - start) >= size) fail_msg("sforce-org --json: %s is too long", name);
    memcpy(out, start, (size_t)(end - start));
    out[end - start] = '\0';
}

void test_org_start(test_org *org, const char *const *args)
{
    memset(org, 0, sizeof *org);
    const char *argv[40] = { getenv("SFORCE_ORG_BIN"), "--port", "0", "--json" };
    if (argv[0] == NULL) argv[0] = SF_BINARY_DIR "/bin/sforce-org";
    for (int n = 4; args != NULL && *args != NULL && n < 39; args++) argv[n++] = *args;
    int out[2];
    assert_int_equal(pipe(out), 0);
    org->pid = fork();
    assert_true(org->pid >= 0);
    if (org->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(out[1]);
    char line[4096];
    size_t len = 0;
    while (len < sizeof line - 1 && (len == 0 || line[len - 1] != '\n')) {
        struct pollfd p = { .fd = out[0], .events = POLLIN };
        ssize_t got = poll(&p, 1, 60000) == 1 ? read(out[0], line + len, sizeof line - 1 - len) : 0;
        if (got <= 0) fail_msg("%s did not print its line (is it built?)", argv[0]);
        len += (size_t)got;
    }
    line[len] = '\0';
    close(out[0]);
    take_member(line, "url", org->url, sizeof org->url);
    take_member(line, "username", org->username, sizeof org->username);
    take_member(line, "password", org->password, sizeof org->password);
    take_member(line, "security_token", org->security_token, sizeof org->security_token);
    take_member(line, "client_id", org->client_id, sizeof org->client_id);
    take_member(line, "client_secret", org->client_secret, sizeof org->client_secret);
    take_member(line, "access_token", org->access_token, sizeof org->access_token);
    const char *colon = strrchr(org->url, ':');
    org->port = colon != NULL ? (int)strtol(colon + 1, NULL, 10) : 0;
    assert_true(org->port > 0);
}

int test_org_stop(test_org *org)
{
    int status = -1;
    if (org->pid > 0) {
        kill(org->pid, SIGTERM);
        if (waitpid(org->pid, &status, 0) == org->pid)
            status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    free(org->reply);
    org->reply = NULL;
    org->pid = 0;
    return status;
}

static char *exchange(int port, const char *request, size_t len)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    char *answer = NULL;
    size_t have = 0;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && send(fd, request, len, MSG_NOSIGNAL) == (ssize_t)len) {
        ssize_t got;
        do {
            answer = realloc(answer, have + 65537);
            assert_non_null(answer);
            got = recv(fd, answer + have, 65536, 0);
            if (got > 0) have += (size_t)got;
        } while (got > 0);
        answer[have] = '\0';
    }
    close(fd);
    return answer;
}

int test_org_http(test_org *org, const char *method, const char *path, const char *bearer, const char *body)
{
    size_t size = strlen(path) + (bearer != NULL ? strlen(bearer) : 0) + (body != NULL ? strlen(body) : 0) + 512;
    char *request = malloc(size);
    assert_non_null(request);
    int len =
        snprintf(request, size,
                 "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s",
                 method, path, org->port, bearer != NULL ? "Authorization: Bearer " : "", bearer != NULL ? bearer : "",
                 bearer != NULL ? "\r\n" : "", body != NULL ? "Content-Type: application/json\r\n" : "",
                 body != NULL ? strlen(body) : (size_t)0, body != NULL ? body : "");
    char *answer = exchange(org->port, request, (size_t)len);
    free(request);
    free(org->reply);
    org->reply = NULL;
    int status = answer != NULL && strncmp(answer, "HTTP/1.", 7) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
    char *start = answer != NULL ? strstr(answer, "\r\n\r\n") : NULL;
    if (start != NULL) {
        size_t n = strlen(start + 4) + 1;
        org->reply = malloc(n);
        assert_non_null(org->reply);
        memcpy(org->reply, start + 4, n);
    }
    free(answer);
    return status;
}

void test_org_fault(test_org *org, const char *spec)
{
    char body[512];
    snprintf(body, sizeof body, "{\"spec\":\"%s\"}", spec);
    int status = test_org_http(org, "POST", "/__org/faults", NULL, body);
    if (status < 200 || status > 299)
        fail_msg("fault %s: status %d %s", spec, status, org->reply != NULL ? org->reply : "");
}

void test_org_faults_clear(test_org *org)
{
    int status = test_org_http(org, "DELETE", "/__org/faults", NULL, NULL);
    assert_in_range(status, 200, 299);
}

void test_org_expect_fault(test_org *org, int matched, int struck)
{
    char want[64];
    snprintf(want, sizeof want, "\"matched\":%d,\"struck\":%d}]", matched, struck);
    assert_int_equal(test_org_http(org, "GET", "/__org/faults", NULL, NULL), 200);
    if (org->reply == NULL || strstr(org->reply, want) == NULL)
        fail_msg("the fault is %s and not %s", org->reply != NULL ? org->reply : "gone", want);
}
