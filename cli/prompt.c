/* prompt.c: getting what must not stand in argv: from the environment, from a terminal without echo, or a line of stdin. */
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

/* One line without its end, byte by byte so that the next line stays for the next question. @return length; -1: no line. */
static int read_line(int fd, char *line, int size)
{
    int n = 0;
    for (;;) { /* ends: the line, the input or the space does */
        char ch;
        ssize_t got = read(fd, &ch, 1);
        if (got < 0 && errno == EINTR && cli_signal == 0) continue;
        if (got < 0 || (got == 0 && n == 0)) return -1;
        if (got == 0 || ch == '\n') break;
        if (n == size - 1) return -1;
        line[n++] = ch;
    }
    if (n > 0 && line[n - 1] == '\r') n--;
    line[n] = 0;
    return n;
}

static int ask_terminal(int tty, const char *what, bool secret, char *line, int size)
{
    struct termios old, quiet;
    bool hidden = secret && tcgetattr(tty, &old) == 0;
    dprintf(tty, "%s: ", what);
    if (hidden) {
        quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(tty, TCSADRAIN, &quiet); /* not FLUSH: what was pasted ahead, the next answers, stays */
    }
    int n = read_line(tty, line, size);
    if (hidden) {
        tcsetattr(tty, TCSADRAIN, &old);
        dprintf(tty, "\n");
    }
    return n;
}

sf_status cli_ask(cli *c, const char *what, const char *name, bool secret, const char **out, sf_error *err)
{
    const char *value = name != NULL ? getenv(name) : NULL;
    if (value != NULL && value[0] != 0) {
        *out = cli_strdup(c, value);
        return SF_OK;
    }
    char *line = cli_alloc(c, LINE_MAX_BYTES);
    int n;
    if (isatty(STDIN_FILENO) == 1) {
        int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        n = ask_terminal(tty >= 0 ? tty : STDIN_FILENO, what, secret, line, LINE_MAX_BYTES);
        if (tty >= 0) close(tty);
    } else {
        n = read_line(STDIN_FILENO, line, LINE_MAX_BYTES);
    }
    if (cli_signal != 0) return sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
    if (n > 0) {
        *out = cli_strndup(c, line, (size_t)n);
        sfi_wipe(line, LINE_MAX_BYTES);
        return SF_OK;
    }
    return sfi_fail(err, SF_ERR_USAGE, "%s is missing: set %s, or give it as a line on stdin", what,
                    name != NULL ? name : "it");
}

bool cli_confirm(cli *c, const char *question)
{
    if (c->yes) return true;
    if (isatty(STDIN_FILENO) != 1) return false;
    char answer[16];
    int n = ask_terminal(STDIN_FILENO, question, false, answer, sizeof answer);
    return n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}
