/*
 * listen_exec.c: events for a program, in batches: see listen.h. Called by cmd_listen.c; owns both batches, the program that
 * runs and the file of dead letters. The one idea: there are two batches; one is the standard input of a run of the program,
 * the other takes what comes meanwhile, and when both are full the handler waits, which holds up the org. A batch is a
 * file in memory that is whole before the program begins, so a program sees all of it or nothing, whatever happens here.
 * Only a run that ends with 0 moves the positions.
 */
#define _GNU_SOURCE /* memfd_create, environ */
#include "listen.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BATCH_BYTES = 8 << 20, /* a batch with so much is full */
    PAUSE_MS = 500,        /* before the first repeat, doubled each time */
    PAUSE_MAX_MS = 30000,
    SHELL_NOT_RUN = 126, /* what sh answers when there is no such program, or it cannot be run */
    SHELL_NOT_FOUND = 127
};

typedef struct in_hand {
    size_t begin, end; /* of its line in the text, line end and all */
    size_t channel;
    int64_t replay_id;
} in_hand;

typedef struct batch {
    sfi_buf text;
    in_hand *events; /* count of them, room for options.batch */
    size_t count;
    int64_t began_ms; /* when its first event came */
} batch;

typedef struct channel {
    char name[SF_CHANNEL_BYTES_MAX + 1];
    int64_t acked;       /* replay id of the last event that was handled; -1: none */
    bool may_come_again; /* a session began anew, and no event has come since that is not in hand */
} channel;

struct cli_exec {
    cli *c;
    cli_exec_options options;
    int64_t *events;
    sf_error failure; /* of a handler, or what ends the listening; status SF_OK: none */
    batch batches[2];
    batch *given, *next;
    channel channels[SF_CHANNELS_MAX];
    size_t channel_count;

    pid_t pid; /* 0: no program runs */
    int pidfd;
    size_t from, to;    /* of the events given: those that this run has, or the next one will have */
    int failures;       /* of this range */
    bool is_one_by_one; /* the batch has failed too often as a whole */
    bool is_dropped;    /* what the program has is not ours any more */
    bool is_finishing;  /* no batch begins any more */
    bool is_last;       /* what is gathered does not wait for more */
    int64_t retry_ms;   /* when the next run may begin */
    int64_t aside;      /* events in dead_letters */
    int dead_letters;   /* -1: none */
};

/* ---- open and close ---- */

static sf_status open_dead_letters(cli_exec *x, sf_error *err)
{
    const char *path = x->options.dead_letters;
    if (path == NULL) return SF_OK;
    x->dead_letters = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return x->dead_letters >= 0 ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "cannot write %s: %s", path, strerror(errno));
}

sf_status cli_exec_open(cli *c, const cli_exec_options *options, int64_t *events, cli_exec **out, sf_error *err)
{
    *out = NULL;
    cli_exec *x = cli_alloc(c, sizeof *x);
    *x = (cli_exec){ .c = c, .options = *options, .events = events, .pidfd = -1, .dead_letters = -1 };
    for (size_t i = 0; i < SFI_COUNT_OF(x->batches); i++)
        x->batches[i].events = cli_alloc(c, (size_t)options->batch * sizeof *x->batches[i].events);
    x->given = &x->batches[0];
    x->next = &x->batches[1];
    sf_status rc = open_dead_letters(x, err);
    if (rc == SF_OK) *out = x;
    return rc;
}

void cli_exec_close(cli_exec *x)
{
    if (x == NULL) return;
    while (x->pid != 0 && waitpid(x->pid, NULL, 0) < 0 && errno == EINTR) continue;
    x->pid = 0;
    if (x->pidfd >= 0) close(x->pidfd);
    if (x->dead_letters >= 0) close(x->dead_letters);
    for (size_t i = 0; i < SFI_COUNT_OF(x->batches); i++) sfi_buf_free(&x->batches[i].text);
}

/* ---- taking events ---- */

static void start_batch(batch *b)
{
    if (b->text.cap > 2 * BATCH_BYTES) sfi_buf_free(&b->text); /* of one large event */
    sfi_buf_clear(&b->text);
    b->count = 0;
}

static bool is_full(const cli_exec *x, const batch *b)
{
    return b->count == (size_t)x->options.batch || b->text.len >= BATCH_BYTES;
}

static size_t channel_of(cli_exec *x, const char *name)
{
    for (size_t i = 0; i < x->channel_count; i++)
        if (strcmp(x->channels[i].name, name) == 0) return i;
    channel *ch = &x->channels[x->channel_count]; /* a listener has no more of them */
    *ch = (channel){ .acked = -1 };
    snprintf(ch->name, sizeof ch->name, "%s", name);
    return x->channel_count++;
}

static bool holds(const batch *b, size_t first, size_t ch, int64_t replay_id)
{
    for (size_t i = first; i < b->count; i++)
        if (b->events[i].channel == ch && b->events[i].replay_id == replay_id) return true;
    return false;
}

/* After a new session the org sends again what is not acknowledged, in the same order. */
static bool is_in_hand(cli_exec *x, size_t ch, int64_t replay_id)
{
    channel *known = &x->channels[ch];
    if (!known->may_come_again || replay_id < 0) return false;
    if (replay_id == known->acked || holds(x->given, x->from, ch, replay_id) || holds(x->next, 0, ch, replay_id))
        return true;
    known->may_come_again = false;
    return false;
}

static void keep_failure(cli_exec *x, const sf_error *why)
{
    if (x->failure.status == SF_OK) x->failure = *why;
    x->is_finishing = true;
}

static sf_status look_after(cli_exec *x, sf_listener *l, sf_error *err);

/* Until the program has ended, its pause is over, or a signal came. */
static void wait_for_program(const cli_exec *x)
{
    enum { LOOK_MS = 500 }; /* a signal may have come just before */
    struct pollfd end = { .fd = x->pidfd, .events = POLLIN };
    int64_t left = cli_exec_due_ms(x) - sfi_now_ms();
    (void)poll(&end, x->pidfd >= 0 ? 1 : 0, left < 0 ? 0 : left < LOOK_MS ? (int)left : LOOK_MS);
}

bool cli_exec_take(cli_exec *x, sf_listener *l, const sf_event *e)
{
    sf_error err = { 0 };
    size_t ch = channel_of(x, e->channel);
    if (is_in_hand(x, ch, e->replay_id)) return false;
    while (!x->is_finishing && is_full(x, x->next)) { /* ends: the program does, or a signal */
        if (look_after(x, l, &err) != SF_OK) keep_failure(x, &err);
        if (cli_signal != 0) x->is_finishing = true;
        if (!x->is_finishing && is_full(x, x->next)) wait_for_program(x);
    }
    if (x->is_finishing) return true; /* not acknowledged: it comes again */
    batch *b = x->next;
    in_hand *h = &b->events[b->count];
    *h = (in_hand){ .begin = b->text.len, .channel = ch, .replay_id = e->replay_id };
    bool ok = cli_event_json(&b->text, e);
    sfi_buf_add_char(&b->text, '\n');
    if (!ok || b->text.failed) cli_no_memory();
    h->end = b->text.len;
    if (b->count++ == 0) b->began_ms = sfi_now_ms();
    return true;
}

/* ---- the program ---- */

static void write_range(int fd, const char *data, size_t len, int *why)
{
    while (len > 0 && *why == 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) *why = errno;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

static char **environment(cli_exec *x)
{
    static const char *const ours[] = { "SFORCE_EVENTS=", "SFORCE_ATTEMPT=" };
    size_t n = 0, kept = 0;
    while (environ[n] != NULL) n++;
    char **all = sfi_calloc_n(n + SFI_COUNT_OF(ours) + 1, sizeof *all);
    if (all == NULL) cli_no_memory();
    for (size_t i = 0; i < n; i++) {
        bool is_ours = false;
        for (size_t k = 0; k < SFI_COUNT_OF(ours); k++) is_ours |= sfi_starts_with(sfi_str(environ[i]), ours[k]);
        if (!is_ours) all[kept++] = environ[i];
    }
    static char texts[SFI_COUNT_OF(ours)][48];
    snprintf(texts[0], sizeof texts[0], "%s%zu", ours[0], x->to - x->from);
    snprintf(texts[1], sizeof texts[1], "%s%d", ours[1], x->failures + 1);
    for (size_t k = 0; k < SFI_COUNT_OF(ours); k++) all[kept++] = texts[k];
    return all;
}

/* @param input becomes its standard input. */
static int spawn(cli_exec *x, int input)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    char *words[] = { "sh", "-c", (char *)(uintptr_t)x->options.command, NULL };
    sigemptyset(&defaults); /* ignored here, but not by whom it runs */
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    int why = posix_spawn_file_actions_init(&actions);
    if (why != 0) return why;
    why = posix_spawnattr_init(&attributes);
    if (why == 0) {
        char **all = environment(x);
        why = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        if (why == 0) why = posix_spawnattr_setsigdefault(&attributes, &defaults);
        if (why == 0) why = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        if (why == 0) why = posix_spawn(&x->pid, "/bin/sh", &actions, &attributes, words, all);
        if (why != 0) x->pid = 0;
        sfi_free(all);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return why;
}

/* Run it on the events from..to. */
static sf_status run_program(cli_exec *x, sf_error *err)
{
    const batch *b = x->given;
    size_t begin = b->events[x->from].begin, end = b->events[x->to - 1].end;
    int why = 0, input = memfd_create("events", MFD_CLOEXEC);
    if (input < 0) why = errno;
    if (why == 0) write_range(input, b->text.data + begin, end - begin, &why);
    if (why == 0 && lseek(input, 0, SEEK_SET) != 0) why = errno;
    if (why == 0) why = spawn(x, input);
    if (input >= 0) close(input);
    if (why != 0) return sfi_fail(err, SF_ERR_IO, "--exec: the program cannot be started: %s", strerror(why));
    x->pidfd = (int)syscall(SYS_pidfd_open, x->pid, 0); /* -1, on an old system: it is looked at now and then */
    if (x->pidfd >= 0) (void)fcntl(x->pidfd, F_SETFD, FD_CLOEXEC);
    return SF_OK;
}

/* ---- what follows from its end ---- */

static sf_status acknowledge(cli_exec *x, sf_listener *l, sf_error *err)
{
    sf_status rc = SF_OK;
    for (size_t ch = 0; rc == SF_OK && ch < x->channel_count; ch++) {
        int64_t last = -1;
        for (size_t i = x->from; i < x->to; i++)
            if (x->given->events[i].channel == ch && x->given->events[i].replay_id >= 0)
                last = x->given->events[i].replay_id;
        if (last < 0) continue;
        rc = sf_event_ack(l, x->channels[ch].name, last, err);
        if (rc == SF_ERR_NOT_FOUND) rc = SF_OK; /* refused by the org since */
        if (rc == SF_OK) x->channels[ch].acked = last;
    }
    if (rc == SF_OK) *x->events += (int64_t)(x->to - x->from);
    return rc;
}

/* The range is done: on to the next, or to the end of the batch. */
static void next_range(cli_exec *x)
{
    x->failures = 0;
    x->retry_ms = 0;
    x->from = x->to;
    x->to = x->is_one_by_one && x->from < x->given->count ? x->from + 1 : x->given->count;
    if (x->from < x->given->count) return;
    start_batch(x->given);
    x->from = x->to = 0;
    x->is_one_by_one = false;
}

/* {…,"error":"exit code 3","failedDate":…}: the event as it was, with two members more; on the disk when this returns. */
static sf_status set_aside(cli_exec *x, const char *reason, sf_error *err)
{
    char time[32];
    sfi_buf text = { 0 };
    int why = 0;
    sfi_time_format(sfi_wall_ms(), time);
    for (size_t i = x->from; i < x->to; i++) {
        const in_hand *h = &x->given->events[i];
        sfi_buf_add(&text, x->given->text.data + h->begin, h->end - h->begin - strlen("}\n"));
        cli_json_add_member(&text, "error", reason);
        cli_json_add_member(&text, "failedDate", time);
        sfi_buf_add_str(&text, "}\n");
    }
    if (text.failed || text.data == NULL) cli_no_memory();
    off_t before = lseek(x->dead_letters, 0, SEEK_END);
    write_range(x->dead_letters, text.data, text.len, &why);
    if (why == 0 && fdatasync(x->dead_letters) != 0 && errno != EINVAL && errno != EROFS) why = errno;
    if (why != 0 && before >= 0 && ftruncate(x->dead_letters, before) != 0) why = errno; /* no half line stays */
    sfi_buf_free(&text);
    if (why == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_IO, "cannot write %s: %s", x->options.dead_letters, strerror(why));
}

static const char *end_text(int status, char out[48])
{
    if (WIFSIGNALED(status))
        snprintf(out, 48, "signal %d", WTERMSIG(status));
    else
        snprintf(out, 48, "exit code %d", WEXITSTATUS(status));
    return out;
}

/* Of one event: several are handed over one by one before. */
static sf_status give_up(const cli_exec *x, const char *reason, sf_error *err)
{
    const in_hand *h = &x->given->events[x->from];
    return sfi_fail(err, SF_ERR_IO,
                    "--exec: the program ended with %s%s on the event with replay id %lld of %s; the position stands "
                    "before it",
                    reason, x->failures > 1 ? " again and again" : "", (long long)h->replay_id,
                    x->channels[h->channel].name);
}

/* A run has failed: again after a pause, then one by one, then aside. */
static sf_status after_failure(cli_exec *x, sf_listener *l, int status, sf_error *err)
{
    char room[48];
    const char *reason = end_text(status, room);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    x->failures++;
    if (x->is_finishing) return SF_OK;
    if (code == SHELL_NOT_RUN || code == SHELL_NOT_FOUND) /* no repeat helps, and no event is to blame */
        return sfi_fail(err, SF_ERR_IO, "--exec: exit code %d: the program is not there, or cannot be run", code);
    if (x->failures <= (x->is_one_by_one ? 0 : x->options.retries)) {
        int64_t pause = PAUSE_MS;
        for (int i = 1; i < x->failures && pause < PAUSE_MAX_MS; i++) pause *= 2;
        if (pause > PAUSE_MAX_MS) pause = PAUSE_MAX_MS;
        x->retry_ms = sfi_now_ms() + pause;
        cli_note(x->c, "The program ended with %s; again in %lld.%lld s.", reason, (long long)(pause / 1000),
                 (long long)(pause % 1000 / 100));
        return SF_OK;
    }
    if (x->to - x->from > 1) { /* which of them is it? */
        cli_note(x->c, "The program ended with %s; its %zu events are handed over one by one.", reason,
                 x->to - x->from);
        x->is_one_by_one = true;
        x->failures = 0;
        x->to = x->from + 1;
        return SF_OK;
    }
    if (x->dead_letters < 0) return give_up(x, reason, err);
    sf_status rc = set_aside(x, reason, err);
    if (rc != SF_OK) return rc;
    cli_warn(x->c, "an event is set aside in %s: %s, replay id %lld: %s", x->options.dead_letters,
             x->channels[x->given->events[x->from].channel].name, (long long)x->given->events[x->from].replay_id,
             reason);
    rc = acknowledge(x, l, err);
    x->aside += rc == SF_OK;
    if (rc == SF_OK) next_range(x);
    return rc;
}

/* @return SF_ROW: it has ended. */
static sf_status reap(cli_exec *x, int *status)
{
    pid_t got = waitpid(x->pid, status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return SF_OK;
    if (got < 0) *status = 0xff00; /* taken by nobody knows whom: not known to have succeeded */
    x->pid = 0;
    if (x->pidfd >= 0) close(x->pidfd);
    x->pidfd = -1;
    return SF_ROW;
}

static bool is_ready(const cli_exec *x, const batch *b)
{
    if (b->count == 0) return false;
    return is_full(x, b) || x->is_last || sfi_now_ms() - b->began_ms >= x->options.wait_ms;
}

static sf_status look_after(cli_exec *x, sf_listener *l, sf_error *err)
{
    int status;
    if (x->pid != 0) {
        if (reap(x, &status) == SF_OK) return SF_OK;
        sf_status rc = SF_OK;
        if (x->is_dropped) {
            start_batch(x->given);
            x->from = x->to = 0;
            x->is_one_by_one = x->is_dropped = false;
            x->failures = 0;
        } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            rc = acknowledge(x, l, err);
            if (rc == SF_OK) next_range(x);
        } else {
            rc = after_failure(x, l, status, err);
        }
        if (rc == SF_DONE) { /* another leads by now, and hands them out again */
            cli_exec_drop(x);
            return SF_OK;
        }
        if (rc != SF_OK) return rc;
    }
    if (x->is_finishing) return SF_OK;
    if (x->given->count == 0 && is_ready(x, x->next)) {
        batch *b = x->given;
        x->given = x->next;
        x->next = b;
        x->from = 0;
        x->to = x->given->count;
        x->retry_ms = 0;
    }
    if (x->given->count == 0 || sfi_now_ms() < x->retry_ms) return SF_OK;
    return run_program(x, err);
}

sf_status cli_exec_step(cli_exec *x, sf_listener *l, bool is_last, sf_error *err)
{
    x->is_last = is_last;
    sf_status rc = x->failure.status == SF_OK ? look_after(x, l, err) : x->failure.status;
    if (x->failure.status != SF_OK) *err = x->failure;
    return rc;
}

bool cli_exec_has_work(const cli_exec *x)
{
    if (x->is_finishing) return x->pid != 0;
    return x->pid != 0 || x->given->count > 0 || x->next->count > 0;
}

int cli_exec_fd(const cli_exec *x)
{
    return x->pidfd;
}

int64_t cli_exec_due_ms(const cli_exec *x)
{
    enum { WITHOUT_PIDFD_MS = 20 };
    if (x->pid != 0) return x->pidfd >= 0 ? INT64_MAX : sfi_now_ms() + WITHOUT_PIDFD_MS;
    if (x->is_finishing) return INT64_MAX;
    if (x->given->count > 0) return x->retry_ms;
    if (x->next->count == 0) return INT64_MAX;
    return is_ready(x, x->next) ? 0 : x->next->began_ms + x->options.wait_ms;
}

int64_t cli_exec_set_aside(const cli_exec *x)
{
    return x->aside;
}

bool cli_exec_has_done(const cli_exec *x, const char *name)
{
    for (size_t i = 0; i < x->channel_count; i++)
        if (strcmp(x->channels[i].name, name) == 0) return x->channels[i].acked >= 0;
    return false;
}

void cli_exec_renew(cli_exec *x)
{
    for (size_t i = 0; i < x->channel_count; i++) x->channels[i].may_come_again = true;
}

void cli_exec_drop(cli_exec *x)
{
    start_batch(x->next);
    if (x->pid != 0) {
        x->is_dropped = true;
    } else {
        start_batch(x->given);
        x->from = x->to = 0;
        x->is_one_by_one = false;
        x->failures = 0;
    }
    for (size_t i = 0; i < x->channel_count; i++) {
        x->channels[i].acked = -1;
        x->channels[i].may_come_again = false;
    }
}

void cli_exec_finish(cli_exec *x)
{
    x->is_finishing = true;
}
