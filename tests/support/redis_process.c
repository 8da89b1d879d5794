/* redis_process.c: see redis_process.h. One thread. The child dies with the test (PR_SET_PDEATHSIG). */
#define SFI_MAY_ALLOCATE
#include "support/redis_process.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_TRIES = 3000, READY_LOOK_MS = 10 };

bool test_redis_is_there(void)
{
    return strstr(sf_features(), "redis") != NULL && system("command -v redis-server >/dev/null") == 0;
}

/* One that the system has free now; redis-server cannot pick one itself. */
static int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static int connect_to(const test_redis *r)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)r->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

static void run(test_redis *r)
{
    char port[16], tls[16], args[sizeof r->args];
    const char *argv[64] = {
        "redis-server", "--port",       port,      "--bind",    "127.0.0.1", "--dir",         r->folder, "--unixsocket",
        r->socket,      "--appendonly", "yes",     "--save",    "",          "--appendfsync", "always",  "--daemonize",
        "no",           "--loglevel",   "warning", "--logfile", "log",       "--tls-port",    tls
    };
    int n = 23;
    snprintf(port, sizeof port, "%d", r->port);
    snprintf(tls, sizeof tls, "%d", r->tls_port);
    snprintf(args, sizeof args, "%s", r->args);
    char *rest = args;
    for (char *word = strtok_r(args, " ", &rest); word != NULL && n < 63; word = strtok_r(NULL, " ", &rest))
        argv[n++] = word;
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* false: it ended, or did not answer. */
static bool is_ready(test_redis *r)
{
    for (int i = 0; i < READY_TRIES; i++) { /* ends: it answers, it ends, or half a minute */
        int status;
        if (waitpid(r->pid, &status, WNOHANG) == r->pid) return false;
        int fd = connect_to(r);
        char reply[128] = "";
        if (fd >= 0) {
            struct pollfd p = { .fd = fd, .events = POLLIN };
            ssize_t got = send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && poll(&p, 1, 1000) == 1
                              ? recv(fd, reply, sizeof reply - 1, 0)
                              : 0;
            reply[got > 0 ? got : 0] = '\0';
            close(fd);
        }
        if (strncmp(reply, "+PONG", 5) == 0 || strncmp(reply, "-NOAUTH", 7) == 0) return true;
        (void)poll(NULL, 0, READY_LOOK_MS);
    }
    return false;
}

void test_redis_start(test_redis *r, const char *args)
{
    char folder[sizeof r->folder];
    snprintf(folder, sizeof folder, "%s", r->folder);
    if (folder[0] == '\0') { /* else a test has put something there already */
        snprintf(folder, sizeof folder, "/tmp/sf-redis-test-XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    bool wants_tls = args != NULL && strstr(args, "--tls-cert-file") != NULL;
    for (int i = 0; i < 5; i++) { /* somebody else may take the port meanwhile */
        *r = (test_redis){ .port = free_port(), .tls_port = wants_tls ? free_port() : 0 };
        snprintf(r->folder, sizeof r->folder, "%s", folder);
        snprintf(r->socket, sizeof r->socket, "%s/s", folder);
        snprintf(r->url, sizeof r->url, "redis://127.0.0.1:%d", r->port);
        snprintf(r->args, sizeof r->args, "%s", args != NULL ? args : "");
        run(r);
        if (is_ready(r)) return;
    }
    fail_msg("redis-server does not start");
}

void test_redis_halt(test_redis *r, int signal)
{
    int status;
    if (r->pid <= 0) return;
    kill(r->pid, signal);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    r->pid = 0;
}

void test_redis_resume(test_redis *r)
{
    run(r);
    if (!is_ready(r)) fail_msg("redis-server does not start again");
}

void test_redis_stop(test_redis *r)
{
    char command[128];
    test_redis_halt(r, SIGKILL);
    snprintf(command, sizeof command, "rm -rf '%s'", r->folder);
    assert_int_equal(system(command), 0);
}

const char *test_redis_ask(test_redis *r, const char *command)
{
    static char reply[8192];
    char line[1024];
    int fd = connect_to(r);
    assert_true(fd >= 0);
    int len = snprintf(line, sizeof line, "%s\r\nQUIT\r\n", command);
    assert_int_equal(send(fd, line, (size_t)len, MSG_NOSIGNAL), len);
    size_t have = 0;
    for (ssize_t got; have < sizeof reply - 1; have += (size_t)got) /* QUIT closes */
        if ((got = recv(fd, reply + have, sizeof reply - 1 - have, 0)) <= 0) break;
    reply[have] = '\0';
    char *quit = have >= 5 && strcmp(reply + have - 5, "+OK\r\n") == 0 ? reply + have - 5 : NULL;
    if (quit != NULL) *quit = '\0';
    close(fd);
    return reply;
}
