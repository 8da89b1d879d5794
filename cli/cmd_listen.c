/*
 * cmd_listen.c: `sforce listen`: events as lines, or handed to a program in batches (listen_exec.c). A line is written out
 * before its event counts as handled; positions that are kept lie below the state folder, a file for each channel, or with
 * a coordinator, which members of a group share.
 */
#include "listen.h"
#include <poll.h>
#include <unistd.h>

enum {
    FIRST_ATTEMPTS_MAX = 5, /* without a session, before it is given up: a wrong host does not mend itself */
    STANDBY_NOTE_MS = 1000, /* a member that is alone leads sooner, and has nothing to say of standing by */
    LOOK_MS = 500,          /* a signal may come between a look at it and a wait */
    BATCH_DEFAULT = 100,
    BATCH_WAIT_MS = 1000,
    RETRIES_DEFAULT = 5
};

typedef struct heard { /* a channel, as far as it matters to what a crash would lose */
    const char *name;
    bool has_position; /* it is known where to go on, should this run be killed */
    bool is_latest;    /* it began with new events: until one is acknowledged, so does every session */
    int64_t first_ms;  /* when its first event was made, while it has no position; 0: none came */
} heard;

typedef struct listening {
    cli *c;
    sf_listener *l;
    cli_exec *exec; /* NULL: lines on stdout */
    sf_attach_options from;
    cli_positions positions; /* folder NULL: none are kept here */
    heard *channels;
    const char *group; /* NULL: none */
    int64_t liveness_ms;
    sf_coordinator *coordinator;
    bool lines; /* for people */
    int64_t events;
    int64_t last_ms;                              /* when the last event came, or it began */
    bool was_up, was_lost, is_down_told, is_idle; /* is_down_told: of this outage */
    int attempts;
    sf_error early;     /* why it never came up */
    sf_error first_why; /* of the first attempt, until it is told: an end tells it itself */
    int64_t standby_ms; /* since when it stands by; 0: it does not */
    bool is_standby_told;
} listening;

/* ---- events ---- */

/* Before an event of a channel without a position is handled: where the next run would have to begin. */
static sf_status note_first(listening *run, const sf_event *e, sf_error *err)
{
    for (size_t i = 0; i < run->c->args.count; i++) {
        heard *h = &run->channels[i];
        if (strcmp(h->name, e->channel) != 0) continue;
        if (h->first_ms == 0 && e->created_ms > 0) h->first_ms = e->created_ms;
        if (h->has_position || e->created_ms <= 0 || run->positions.folder == NULL) return SF_OK;
        h->has_position = true;
        return cli_positions_begin(&run->positions, e->channel, e->created_ms, err);
    }
    return SF_OK;
}

static sf_status on_message(void *user, const sf_event *e)
{
    listening *run = user;
    cli *c = run->c;
    sf_error err;
    run->last_ms = sfi_now_ms();
    if (note_first(run, e, &err) != SF_OK) {
        run->early = err;
        return err.status;
    }
    if (run->exec != NULL) {
        (void)cli_exec_take(run->exec, run->l, e);
        run->last_ms = sfi_now_ms(); /* that the program was at work is no silence */
        return SF_OK;                /* acknowledged when the program has done it */
    }
    sfi_buf line = { 0 };
    bool ok = run->lines ? cli_event_line(&line, e) : cli_event_json(&line, e);
    sfi_buf_add_char(&line, '\n');
    if (!ok || line.failed) cli_no_memory();
    cli_out_add(&c->out, line.data, line.len);
    cli_out_flush(&c->out);
    sfi_buf_free(&line);
    if (c->out.error != 0) return SF_ERR_IO; /* it is not out: not handled */
    run->events++;
    return SF_OK;
}

static sf_status on_error(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                          const sf_error *why)
{
    const listening *run = user;
    (void)channel;
    (void)event;
    if (trouble != SF_TROUBLE_REFUSED) return SF_ERR_ORG;
    cli_warn(run->c, "%s", why->message);
    run->c->ended = CLI_FAILED; /* the other channels go on */
    return SF_OK;
}

/* ---- states ---- */

static void on_standby(listening *run, const sf_error *why)
{
    if (run->exec != NULL) cli_exec_drop(run->exec); /* who leads now has it again */
    if (run->standby_ms == 0) run->standby_ms = sfi_wall_ms();
    if (why == NULL) return;
    cli_note(run->c, "Standing by in group %s: %s", run->group, why->message);
    run->is_standby_told = true;
}

static void on_state(void *user, sf_listener_state state, const sf_error *why)
{
    listening *run = user;
    if (state == SF_LISTENER_STANDBY) {
        on_standby(run, why);
        return;
    }
    if (run->group != NULL && state == SF_LISTENER_DOWN && run->standby_ms != 0)
        cli_note(run->c, "Leading group %s.", run->group);
    if (state != SF_LISTENER_STOPPED) run->standby_ms = 0;
    run->is_standby_told = false;
    if (state == SF_LISTENER_UP) {
        if (!run->was_up)
            cli_note(run->c, "Listening; Ctrl-C ends it.");
        else
            cli_note(run->c, "Listening again.");
        if (!run->was_up) run->last_ms = sfi_now_ms(); /* from now on something may come */
        run->was_up = true;
        run->is_down_told = false;
        if (run->exec != NULL) cli_exec_renew(run->exec);
    } else if (state == SF_LISTENER_DOWN && why != NULL) {
        run->was_lost = true;
        if (run->was_up && !run->is_down_told) cli_note(run->c, "The session ended: %s", why->message);
        run->is_down_told = true;
        if (run->was_up) return;
        if (++run->attempts == 1) run->first_why = *why;
        if (run->group != NULL || run->attempts < FIRST_ATTEMPTS_MAX) return;
        run->early = *why;
        sf_listener_stop(run->l);
    }
}

/* ---- channels ---- */

static const char *channel_name(cli *c, const char *word)
{
    if (word[0] == '/') return word;
    bool is_change = sfi_ends_with(sfi_str(word), "ChangeEvent") || strcmp(word, "ChangeEvents") == 0;
    return cli_textf(c, "/%s/%s", is_change ? "data" : "event", word);
}

static sf_status attach(listening *run, const heard *h, const sf_attach_options *from, sf_error *err)
{
    const sf_event_service service = { .user = run, .on_message = on_message, .on_error = on_error };
    return sf_listener_attach_events(run->l, h->name, &service, from, err);
}

static sf_status attach_all(listening *run, sf_error *err)
{
    cli *c = run->c;
    sf_status rc = SF_OK;
    run->channels = cli_alloc(c, c->args.count * sizeof *run->channels);
    for (size_t i = 0; rc == SF_OK && i < c->args.count; i++) {
        heard *h = &run->channels[i];
        sf_attach_options from = run->from;
        int64_t since_ms = 0;
        h->name = channel_name(c, c->args.words[i]);
        if (run->positions.folder != NULL) {
            rc = cli_positions_look(&run->positions, h->name, &since_ms, err);
            h->has_position = rc == SF_OK;
            if (rc == SF_DONE) rc = SF_OK;
        }
        if (since_ms > 0 && from.replay == SF_REPLAY_STORED) {
            from.otherwise = SF_REPLAY_TIME;
            from.replay_time_ms = since_ms;
        } else if (since_ms > 0 && run->group != NULL && from.replay == SF_REPLAY_LATEST) {
            from.replay = SF_REPLAY_TIME;
            from.replay_time_ms = since_ms;
        }
        h->is_latest = from.replay == SF_REPLAY_LATEST || (from.replay == SF_REPLAY_STORED && !h->has_position);
        if (rc == SF_OK) rc = attach(run, h, &from, err);
    }
    return rc;
}

/* Begin a channel anew at a time: what happened since is not passed over, though there is no position. */
static sf_status attach_since(listening *run, heard *h, int64_t since_ms, sf_error *err)
{
    sf_attach_options from = run->from;
    from.replay = SF_REPLAY_TIME;
    from.replay_time_ms = since_ms;
    h->is_latest = false;
    return sf_listener_detach(run->l, h->name, err) == SF_OK ? attach(run, h, &from, err)
                                                             : SF_OK; /* refused: stays so */
}

/* Outside of handlers: what states ask for. */
static sf_status follow_states(listening *run, sf_error *err)
{
    sf_status rc = SF_OK;
    int64_t standby_ms = run->standby_ms;
    bool is_standby = standby_ms != 0 && !run->is_standby_told && sfi_wall_ms() - standby_ms >= STANDBY_NOTE_MS;
    if (is_standby) cli_note(run->c, "Standing by in group %s.", run->group);
    run->is_standby_told |= is_standby;
    if (run->first_why.status < 0) cli_note(run->c, "No session yet: %s", run->first_why.message);
    run->first_why.status = SF_OK;
    for (size_t i = 0; rc == SF_OK && i < run->c->args.count; i++) {
        heard *h = &run->channels[i];
        if (!h->is_latest) continue;
        if (is_standby) /* who leads may die before it has kept a position */
            rc = attach_since(run, h, standby_ms, err);
        else if (run->was_lost && run->exec != NULL && h->first_ms > 0 && !cli_exec_has_done(run->exec, h->name))
            rc = attach_since(run, h, h->first_ms, err);
    }
    run->was_lost = false;
    return rc;
}

/* ---- the loop ---- */

/* How long nothing has to happen; -1: no end. */
static int64_t time_left(const listening *run, int64_t max_idle_ms)
{
    int64_t left = max_idle_ms > 0 ? run->last_ms + max_idle_ms - sfi_now_ms() : -1;
    if (max_idle_ms > 0 && left < 0) left = 0;
    if (run->standby_ms != 0 && !run->is_standby_told && (left < 0 || left > STANDBY_NOTE_MS)) left = STANDBY_NOTE_MS;
    return left;
}

static bool is_idle(listening *run, int64_t max_idle_ms)
{
    if (run->standby_ms != 0 || !run->was_up) run->last_ms = sfi_now_ms(); /* nothing comes to who has no session yet */
    return max_idle_ms > 0 && sfi_now_ms() - run->last_ms >= max_idle_ms;
}

static sf_status listen_for_lines(listening *run, int64_t max_idle_ms, sf_error *err)
{
    sf_status rc = SF_OK;
    while (rc == SF_OK) { /* ends: a signal, an error, or nothing came for too long */
        rc = follow_states(run, err);
        if (rc == SF_OK && is_idle(run, max_idle_ms)) {
            run->is_idle = true;
            sf_listener_stop(run->l);
        }
        if (rc == SF_OK) rc = sf_listener_poll(run->l, run->is_idle ? -1 : time_left(run, max_idle_ms), err);
    }
    return rc;
}

/* Until the org has something, the program has ended, or a batch is due. */
static void wait_for_exec(const listening *run, bool has_ended, int64_t left)
{
    struct pollfd fds[] = { { .fd = has_ended ? -1 : sf_listener_fd(run->l), .events = POLLIN },
                            { .fd = cli_exec_fd(run->exec), .events = POLLIN } };
    int64_t due = cli_exec_due_ms(run->exec);
    if (due != INT64_MAX) due -= sfi_now_ms();
    if (due < 0) due = 0;
    if (left < 0 || left > due) left = due;
    (void)poll(fds, fds[1].fd >= 0 ? 2 : 1, left < LOOK_MS ? (int)left : LOOK_MS);
}

/* A signal lets the program that runs do its batch; what is idle hands over what it has gathered. */
static sf_status listen_for_exec(listening *run, int64_t max_idle_ms, sf_error *err)
{
    sf_error ended = { 0 }; /* why the listener did */
    sf_status listening_rc = SF_OK, rc = SF_OK;
    bool is_stopping = false;
    while (rc == SF_OK) { /* ends: as for lines, or the program has failed for the last time */
        if (cli_signal != 0) cli_exec_finish(run->exec);
        if (listening_rc == SF_OK) rc = follow_states(run, err);
        if (rc == SF_OK) rc = cli_exec_step(run->exec, run->l, run->is_idle, err);
        bool is_over = cli_signal != 0 || run->is_idle || listening_rc != SF_OK;
        if (rc != SF_OK || (is_over && !cli_exec_has_work(run->exec))) {
            is_stopping = true;
            break;
        }
        wait_for_exec(run, listening_rc != SF_OK, is_over ? -1 : time_left(run, max_idle_ms));
        if (listening_rc != SF_OK) continue;
        listening_rc = sf_listener_poll(run->l, 0, &ended);
        if (listening_rc != SF_OK) cli_exec_finish(run->exec);
        if (is_idle(run, max_idle_ms)) run->is_idle = true;
    }
    if (is_stopping) sf_listener_stop(run->l);
    while (listening_rc == SF_OK) listening_rc = sf_listener_poll(run->l, -1, &ended);
    if (rc != SF_OK) return rc;
    if (listening_rc < 0) *err = ended;
    if (listening_rc >= 0 && cli_signal != 0) return sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
    return listening_rc;
}

static sf_status listen_on(listening *run, int64_t max_idle_ms, sf_error *err)
{
    run->last_ms = sfi_now_ms();
    sf_status rc = run->exec != NULL ? listen_for_exec(run, max_idle_ms, err) : listen_for_lines(run, max_idle_ms, err);
    if (run->early.status < 0 && rc != SF_ERR_CANCELLED) {
        *err = run->early;
        return err->status;
    }
    return rc == SF_DONE ? SF_OK : rc;
}

/* Everything is out already: what ended it is what there is to say. */
static int finish(listening *run, sf_status rc, int64_t max_idle_ms, const sf_error *err)
{
    cli *c = run->c;
    bool is_cut = c->out.error != 0; /* the sink says why, or the pipe's reader left */
    int code = c->out.data != NULL ? cli_finish_output(c) : (int)c->ended;
    int64_t aside = run->exec != NULL ? cli_exec_set_aside(run->exec) : 0;
    if (run->was_up)
        cli_note(c, "%s event%s%s.", cli_group_digits(c, run->events), run->events == 1 ? "" : "s",
                 aside > 0 ? cli_textf(c, ", %s of them set aside", cli_group_digits(c, aside)) : "");
    if (is_cut || (code != CLI_OK && code != CLI_FAILED)) return code;
    if (rc == SF_ERR_CANCELLED) return (int)cli_exit_of(err);
    if (rc == SF_ERR_TRUNCATED)
        return cli_fail(c, CLI_EVENTS, "--replay earliest takes all that the org still has", "%s", err->message);
    bool has_failed = rc == SF_ERR_IO && strstr(err->message, "the program ended with") != NULL;
    if (has_failed && run->exec != NULL)
        return cli_fail_hint(c, err, "mend the program and run this again; --dead-letters FILE sets such events aside");
    if (rc == SF_ERR_LIMIT) return cli_fail(c, CLI_FAILED, NULL, "%s", err->message); /* not what was typed */
    bool is_unknown = rc < 0 && strstr(err->message, "requested to subscribe to does not exist {/event/") != NULL;
    if (is_unknown) return cli_fail_hint(c, err, CLI_HINT_EVENTS);
    if (rc < 0) return cli_fail_error(c, err);
    if (run->is_idle)
        return cli_fail(c, CLI_EVENTS, NULL, "no event came for %lld %s (--max-idle)",
                        (long long)(max_idle_ms % 1000 == 0 ? max_idle_ms / 1000 : max_idle_ms),
                        max_idle_ms % 1000 == 0 ? "s" : "ms");
    return code;
}

/* ---- what was typed ---- */

/* 2026-11-30T12:00:00Z, 2026-11-30, -2h. */
static bool take_time(const char *text, int64_t *ms)
{
    char kind;
    int64_t ago;
    if (sfi_time_parse(sfi_str(text), ms, &kind)) return kind != 't' && *ms >= 0;
    if (text[0] != '-' || strchr("0123456789", text[strlen(text) - 1]) != NULL) return false; /* -5: of what? */
    sf_str days = sfi_str(text + 1);
    if (sfi_take_int(&days, 30, &ago) && sfi_str_is(days, "d"))
        ago *= 86400000;
    else if (!cli_parse_duration(text + 1, &ago))
        return false;
    *ms = sfi_wall_ms() - ago;
    return true;
}

static sf_status take_replay(cli *c, sf_attach_options *o, sf_error *err)
{
    const char *text = cli_args_value(&c->args, "replay");
    int64_t id;
    if (text == NULL || strcmp(text, "latest") == 0 || strcmp(text, "-1") == 0) return SF_OK;
    if (strcmp(text, "earliest") == 0 || strcmp(text, "-2") == 0) {
        o->replay = SF_REPLAY_EARLIEST;
    } else if (strcmp(text, "stored") == 0) {
        o->replay = SF_REPLAY_STORED;
    } else if (sfi_parse_int(sfi_str(text), &id) && id >= 0) {
        o->replay = SF_REPLAY_ID;
        o->replay_id = id;
    } else if (take_time(text, &o->replay_time_ms)) {
        o->replay = SF_REPLAY_TIME;
        if (o->replay_time_ms > sfi_wall_ms())
            return sfi_fail(err, SF_ERR_USAGE, "--replay %.60s: that time is still to come", text);
    } else {
        return sfi_fail(err, SF_ERR_USAGE,
                        "--replay %.60s: want latest, earliest, stored, a replay id, a time such as "
                        "2026-11-30T12:00:00Z, or how long ago, such as -2h",
                        text);
    }
    return SF_OK;
}

static sf_status take_exec(cli *c, cli_exec_options *o, sf_error *err)
{
    static const char *const its[] = { "batch", "batch-wait", "retries", "dead-letters" };
    *o = (cli_exec_options){ .command = cli_args_value(&c->args, "exec"),
                             .batch = BATCH_DEFAULT,
                             .wait_ms = BATCH_WAIT_MS,
                             .retries = RETRIES_DEFAULT,
                             .dead_letters = cli_args_value(&c->args, "dead-letters") };
    const char *wait = cli_args_value(&c->args, "batch-wait");
    for (size_t i = 0; o->command == NULL && i < SFI_COUNT_OF(its); i++)
        if (cli_args_times(&c->args, its[i]) > 0)
            return sfi_fail(err, SF_ERR_USAGE, "--%s is for --exec COMMAND", its[i]);
    if (o->command == NULL) return SF_OK;
    if (o->command[strspn(o->command, " \t\n")] == 0)
        return sfi_fail(err, SF_ERR_USAGE, "--exec wants a command, such as --exec './load.sh'");
    if (c->format == CLI_FORMAT_TABLE)
        return sfi_fail(err, SF_ERR_USAGE, "--exec: the program gets a JSON object a line, not -r table");
    if (wait != NULL && strcmp(wait, "0") == 0)
        o->wait_ms = 0;
    else if (wait != NULL && !cli_parse_duration(wait, &o->wait_ms))
        return sfi_fail(err, SF_ERR_USAGE, "--batch-wait %.60s: want a time such as 500ms, 5s, 1m, or 0", wait);
    sf_status rc = cli_take_number(c, "batch", 1, CLI_BATCH_MAX, &o->batch, err);
    return rc == SF_OK ? cli_take_number(c, "retries", 0, 1000, &o->retries, err) : rc;
}

static int check_flags(cli *c, int64_t *max_idle_ms)
{
    const char *idle = cli_args_value(&c->args, "max-idle");
    if (c->output != NULL) return cli_usage(c, "listen: events go to standard output; use > FILE");
    if (c->timeout_ms > 0)
        return cli_usage(c, "listen: it runs until it is ended; --max-idle TIME ends it when nothing comes");
    if (c->json || c->format == CLI_FORMAT_CSV || c->format == CLI_FORMAT_JSON)
        return cli_usage(c, "listen: events are lines: -r table or -r ndjson");
    if (idle != NULL && (!cli_parse_duration(idle, max_idle_ms) || *max_idle_ms <= 0))
        return cli_usage(c, "--max-idle %.60s: want a time such as 30s, 10m, 2h", idle);
    return CLI_OK;
}

static sf_status take_group(listening *run, sf_error *err)
{
    cli *c = run->c;
    const char *liveness = cli_args_value(&c->args, "liveness");
    run->group = cli_args_value(&c->args, "group");
    if (run->group == NULL && (liveness != NULL || cli_args_times(&c->args, "coordinator") > 0))
        return sfi_fail(err, SF_ERR_USAGE, "--%s is for members of a group: --group NAME",
                        liveness != NULL ? "liveness" : "coordinator");
    if (run->group != NULL && (run->group[0] == 0 || strlen(run->group) > SF_GROUP_BYTES_MAX))
        return sfi_fail(err, SF_ERR_USAGE, "--group wants a name of 1 to %d bytes", SF_GROUP_BYTES_MAX);
    if (liveness != NULL && !cli_parse_duration(liveness, &run->liveness_ms))
        return sfi_fail(err, SF_ERR_USAGE, "--liveness %.60s: want a time such as 10s, 1m", liveness);
    return SF_OK;
}

/* ---- the command ---- */

/* Where positions are kept, and where listening begins. */
static sf_status open_positions(listening *run, sf_error *err)
{
    bool is_stored = run->from.replay == SF_REPLAY_STORED;
    if (run->group != NULL) { /* the coordinator has them; what is kept here is when the first event came */
        run->positions.c = run->c;
        run->positions.folder = cli_replay_folder(run->c, run->group);
        if (is_stored) run->from.replay = SF_REPLAY_LATEST;
        sf_status rc = cli_make_dirs(run->positions.folder, 0700, err);
        return rc == SF_OK ? cli_coordinator_open(run->c, run->group, &run->coordinator, err) : rc;
    }
    if (!is_stored && cli_args_value(&run->c->args, "exec") == NULL) return SF_OK;
    return cli_positions_open(run->c, cli_replay_folder(run->c, NULL), &run->positions, err);
}

static sf_status open_listener(listening *run, const sf_call_options *call, sf_error *err)
{
    const sf_listener_options options = { .checkpoints = run->positions.store,
                                          .handler_retries = SF_NONE,
                                          .page_max = SF_EVENTS_PAGE_MAX,
                                          .on_state = on_state,
                                          .state_user = run,
                                          .coordinator = run->coordinator,
                                          .group = run->group,
                                          .liveness_ms = run->liveness_ms,
                                          .call = call };
    return sf_listener_open(run->c->sf, &options, &run->l, err);
}

static int run_listen(cli *c)
{
    sf_error err = { 0 };
    int64_t max_idle_ms = 0;
    cli_exec_options exec;
    listening *run = cli_alloc(c, sizeof *run);
    run->c = c;
    int code = check_flags(c, &max_idle_ms);
    if (code != CLI_OK) return code;
    sf_status rc = take_replay(c, &run->from, &err);
    if (rc == SF_OK) rc = take_exec(c, &exec, &err);
    if (rc == SF_OK) rc = take_group(run, &err);
    bool is_exec = rc == SF_OK && exec.command != NULL;
    if (is_exec && cli_args_value(&c->args, "replay") == NULL) run->from.replay = SF_REPLAY_STORED;
    run->from.manual_ack = is_exec;
    sf_call_options call = c->call;
    if (is_exec) call.cancel = NULL; /* the program may do its batch first */
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = open_positions(run, &err);
    if (rc == SF_OK && is_exec) rc = cli_exec_open(c, &exec, &run->events, &run->exec, &err);
    if (rc == SF_OK) rc = open_listener(run, &call, &err);
    if (rc == SF_OK) rc = attach_all(run, &err);
    if (rc == SF_OK && !is_exec) rc = cli_out_open(&c->out, NULL, &err);
    run->lines = c->format == CLI_FORMAT_TABLE || (c->format == CLI_FORMAT_AUTO && c->out.terminal);
    if (rc == SF_OK) rc = listen_on(run, max_idle_ms, &err);
    sf_listener_close(run->l);
    cli_exec_close(run->exec);
    cli_positions_close(&run->positions);
    sf_coordinator_close(run->coordinator);
    return finish(run, rc, max_idle_ms, &err);
}

/* clang-format off */
static const cli_flag listen_flags[] = {
    { "replay", 0, "FROM", "where to begin: latest (otherwise), earliest, stored, a replay id, a time, or how long ago (-2h)", CLI_WORDS_REPLAY, NULL, false },
    { "max-idle", 0, "TIME", "end with exit code 8 when no event came for so long", CLI_WORDS_NONE, NULL, false },
    { "group", 0, "NAME", "be one of a group: one member listens, the others stand by and go on where it ended", CLI_WORDS_NONE, NULL, false },
    { "coordinator", 0, "WHERE", "what the group agrees through: redis://HOST:PORT/DB, or file:PATH; otherwise a folder in the state folder", CLI_WORDS_NONE, NULL, false },
    { "liveness", 0, "TIME", "a member that is silent for so long leads no more; default 30s", CLI_WORDS_NONE, NULL, false },
    { "exec", 0, "COMMAND", "run COMMAND (by sh) with a batch of events as its standard input; exit code 0: they are handled", CLI_WORDS_NONE, NULL, false },
    { "batch", 0, "N", "exec: most events of a batch, 1 to 10000; default 100", CLI_WORDS_NONE, NULL, false },
    { "batch-wait", 0, "TIME", "exec: how long the first event of a batch waits for others; default 1s", CLI_WORDS_NONE, NULL, false },
    { "retries", 0, "N", "exec: how often a batch that failed is tried again, with growing pauses; default 5", CLI_WORDS_NONE, NULL, false },
    { "dead-letters", 0, "FILE", "exec: append events that fail at last to FILE, and go on", CLI_WORDS_FILE, NULL, false },
    { 0 },
};
static const cli_example listen_examples[] = {
    { "sforce listen /data/ChangeEvents", "Changes of all selected objects" },
    { "sforce listen /event/Low_Ink__e --replay stored | while read -r line; do …; done", "Going on where the last run ended" },
    { "sforce listen /data/AccountChangeEvent --replay earliest --max-idle 30s | jq .payload", "What the org has kept" },
    { "sforce listen Low_Ink__e --replay 2026-11-30T12:00:00Z", "What was published since then; -2h: in the last two hours" },
    { "sforce listen Low_Ink__e --exec './order-ink.sh' --dead-letters failed.ndjson", "Batches for a program; none is lost, whatever is killed" },
    { "sforce listen Low_Ink__e --group ink --coordinator redis://redis.example.com:6379/0", "On two machines: one listens, the other takes over" },
    { 0 },
};
const cli_command cli_command_listen = {
    .name = "listen", .usage = "CHANNEL…", .summary = "print changes of records and platform events as they happen, or hand them to a program",
    .text =
    "A channel is /data/ChangeEvents, /data/AccountChangeEvent, /event/Name__e, /topic/NAME or /u/NAME; the prefix of changes and platform events "
    "may be left out. On a terminal an event is a line for people; in a pipe, or with -r ndjson, it is a JSON object with channel, replayId, event and "
    "payload. Lost connections and ended sessions are mended, and nothing that the org still has is left out.\n\n"
    "With --replay stored the position of each channel is kept in the state folder, below replay/: the next run goes on after the last "
    "line that was written (the first begins with new events). After a crash some lines can come twice. When the org no longer has a position, the "
    "run ends with exit code 8.\n\n"
    "Members of one --group, with the same channels and the same coordinator, stand by for each other: one leads and listens, and when it ends or is silent for --liveness another goes on "
    "from the group's position, which the coordinator keeps; --replay then says where the group begins. Without --coordinator and SFORCE_COORDINATOR it is files in the state folder, for the processes of one "
    "machine. A group is of one org.\n\n"
    "With --exec the program gets each batch whole, a JSON object a line, and SFORCE_EVENTS and SFORCE_ATTEMPT say how many and for which time. Its batch is "
    "handled when it exits 0; only then the positions move, and without --replay listening begins at them. A batch that fails is tried again, then event by event; "
    "what fails then goes to --dead-letters, with its error, or the run ends with exit code 1 and the position before it. While the program is at work the next batch "
    "is gathered. Ctrl-C and SIGTERM let it do its batch. After kill -9 a batch can come twice, and none is left out.",
    .flags = listen_flags, .examples = listen_examples, .words_min = 1, .words_max = -1,
    .words = { CLI_WORDS_CHANNEL, CLI_WORDS_CHANNEL, CLI_WORDS_CHANNEL }, .run = run_listen, .group = "Events",
};
/* clang-format on */
