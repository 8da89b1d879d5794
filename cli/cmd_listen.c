/*
 * cmd_listen.c: `sforce listen` and `publish`: events as lines, and platform events on their way. A line is written out
 * before its event counts as handled; positions that are kept lie below the state folder, a file for each channel.
 */
#include <unistd.h>
#include "cli.h"

enum { FIRST_ATTEMPTS_MAX = 5 }; /* without a session, before it is given up: a wrong host does not mend itself */

typedef struct listening {
    cli *c;
    sf_listener *l;
    bool lines; /* for people */
    int64_t events;
    int64_t last_ms; /* when the last event came, or it began */
    bool was_up, is_idle;
    int attempts;
    sf_error early; /* why it never came up */
} listening;

/* ---- lines ---- */

static void add_time(sfi_buf *out, int64_t ms)
{
    char text[32];
    if (ms < 0) ms = sfi_wall_ms();
    sfi_time_format(ms, text);
    sfi_buf_addf(out, "%s  ", text);
}

static bool add_value(sfi_buf *out, const char *name, sf_value v)
{
    char *json = NULL;
    size_t len = 0;
    if (sf_value_type(v) == SF_MISSING) return true;
    if (sf_value_to_json(v, &json, &len, NULL) != SF_OK) return false;
    if (name != NULL) sfi_buf_addf(out, ",\"%s\":", name);
    sfi_buf_add(out, json, len);
    sf_free(json);
    return true;
}

/* 2025-11-23T12:00:07.000Z  UPDATE Account 0015g000003LmQpAAK  Industry,Phone */
static bool add_change_line(sfi_buf *out, const sf_event *e)
{
    sf_value header = sf_get(e->payload, "ChangeEventHeader");
    const char *type = sf_get_str(header, "changeType"), *entity = sf_get_str(header, "entityName");
    add_time(out, e->created_ms);
    sfi_buf_addf(out, "%s %s", type != NULL ? type : "?", entity != NULL ? entity : "?");
    static const char *const lists[] = { "recordIds", "changedFields" };
    for (size_t i = 0; i < SFI_COUNT_OF(lists); i++) {
        sf_iter it = sf_iter_begin(sf_get(header, lists[i]));
        sf_value one;
        for (size_t n = 0; sf_iter_next(&it, NULL, &one); n++) {
            const char *text = sf_get_str(one, NULL);
            if (text != NULL) sfi_buf_addf(out, "%s%s", n > 0 ? "," : i == 0 ? " " : "  ", text);
        }
    }
    return true;
}

static bool add_line(sfi_buf *out, const sf_event *e)
{
    if (sf_value_type(sf_get(e->payload, "ChangeEventHeader")) == SF_OBJECT) return add_change_line(out, e);
    add_time(out, e->created_ms);
    sfi_buf_addf(out, "%s%s%s ", e->channel, e->type != NULL ? " " : "", e->type != NULL ? e->type : "");
    return add_value(out, NULL, e->payload);
}

/* {"channel":…,"replayId":…,"schema":…,"event":{…},"payload":{…}} */
static bool add_json(sfi_buf *out, const sf_event *e)
{
    sfi_buf_add_str(out, "{\"channel\":");
    cli_json_add_string(out, sfi_str(e->channel));
    if (e->replay_id >= 0) sfi_buf_addf(out, ",\"replayId\":%lld", (long long)e->replay_id);
    cli_json_add_member(out, "schema", e->schema);
    bool ok = add_value(out, "event", e->header) && add_value(out, "payload", e->payload);
    sfi_buf_add_char(out, '}');
    return ok;
}

static sf_status on_message(void *user, const sf_event *e)
{
    listening *run = user;
    cli *c = run->c;
    sfi_buf line = { 0 };
    bool ok = run->lines ? add_line(&line, e) : add_json(&line, e);
    sfi_buf_add_char(&line, '\n');
    if (!ok || line.failed) cli_no_memory();
    cli_out_add(&c->out, line.data, line.len);
    cli_out_flush(&c->out);
    sfi_buf_free(&line);
    if (c->out.error != 0) return SF_ERR_IO; /* it is not out: not handled */
    run->events++;
    run->last_ms = sfi_now_ms();
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

static void on_state(void *user, sf_listener_state state, const sf_error *why)
{
    listening *run = user;
    if (state == SF_LISTENER_UP) {
        if (!run->was_up)
            cli_note(run->c, "Listening; Ctrl-C ends it.");
        else
            cli_note(run->c, "Listening again.");
        run->was_up = true;
    } else if (state == SF_LISTENER_DOWN && why != NULL) {
        if (run->was_up) cli_note(run->c, "The session ended: %s", why->message);
        if (run->was_up || ++run->attempts < FIRST_ATTEMPTS_MAX) return;
        run->early = *why;
        sf_listener_stop(run->l);
    }
}

/* ---- positions: a file for each channel, its text the replay id ---- */

static void add_file_name(sfi_buf *name, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        bool is_plain =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' || *p == '-';
        if (is_plain)
            sfi_buf_add_char(name, *p);
        else
            sfi_buf_addf(name, "%%%02x", (unsigned)(unsigned char)*p);
    }
    if (name->failed) cli_no_memory();
}

static const char *position_folder(cli *c)
{
    sfi_buf name = { 0 };
    add_file_name(&name, c->login.name != NULL ? c->login.name : "login");
    const char *path = cli_textf(c, "%s/replay/%s", cli_state_dir(c), name.len > 0 ? name.data : "_");
    sfi_buf_free(&name);
    return path;
}

typedef struct positions {
    cli *c;
    const char *folder;
} positions;

/* Cleared by the caller: a run may store positions for months, and what the arena takes stays. */
static sfi_buf position_path(const positions *p, const char *channel)
{
    sfi_buf path = { 0 };
    sfi_buf_addf(&path, "%s/", p->folder);
    add_file_name(&path, channel);
    return path;
}

static sf_status get_position(void *user, const char *channel, void (*found)(void *ctx, const char *position),
                              void *ctx, sf_error *err)
{
    const positions *p = user;
    sf_str text;
    sfi_buf path = position_path(p, channel);
    sf_status rc = access(path.data, F_OK) == 0 ? cli_read_file(p->c, path.data, 4096, &text, err) : SF_DONE;
    if (rc == SF_OK) text = sfi_trim(text);
    if (rc == SF_OK && text.len == 0) /* to begin with new events would leave some out in silence */
        rc = sfi_fail(err, SF_ERR_IO, "%s is damaged: it is empty, and the position is lost; remove it to begin anew",
                      path.data);
    if (rc == SF_OK) found(ctx, cli_strndup(p->c, text.ptr, text.len));
    sfi_buf_free(&path);
    return rc;
}

static sf_status set_position(void *user, const char *channel, const char *position, sf_error *err)
{
    char text[80];
    int len = snprintf(text, sizeof text, "%s\n", position);
    sfi_buf path = position_path(user, channel);
    sf_status rc = cli_write_file(path.data, (sf_str){ text, (size_t)len }, 0600, err);
    sfi_buf_free(&path);
    return rc;
}

/* ---- the command ---- */

static sf_status take_replay(cli *c, sf_attach_options *o, sf_error *err)
{
    const char *text = cli_args_value(&c->args, "replay");
    int64_t id;
    if (text == NULL || strcmp(text, "latest") == 0) return SF_OK;
    if (strcmp(text, "earliest") == 0) {
        o->replay = SF_REPLAY_EARLIEST;
    } else if (strcmp(text, "stored") == 0) {
        o->replay = SF_REPLAY_STORED;
    } else if (sfi_parse_int(sfi_str(text), &id) && id >= 0) {
        o->replay = SF_REPLAY_ID;
        o->replay_id = id;
    } else {
        return sfi_fail(err, SF_ERR_USAGE, "--replay %.60s: want latest, earliest, stored or a replay id", text);
    }
    return SF_OK;
}

static sf_status attach_all(listening *run, const sf_attach_options *from, sf_error *err)
{
    const sf_event_service service = { .user = run, .on_message = on_message, .on_error = on_error };
    sf_status rc = SF_OK;
    for (size_t i = 0; rc == SF_OK && i < run->c->args.count; i++) {
        const char *word = run->c->args.words[i];
        bool is_change = word[0] != '/' && sfi_ends_with(sfi_str(word), "ChangeEvent");
        if (word[0] != '/' && (is_change || strcmp(word, "ChangeEvents") == 0))
            word = cli_textf(run->c, "/data/%s", word);
        rc = sf_listener_attach_events(run->l, word, &service, from, err);
    }
    return rc;
}

static sf_status listen_on(listening *run, int64_t max_idle_ms, sf_error *err)
{
    sf_status rc = SF_OK;
    run->last_ms = sfi_now_ms();
    while (rc == SF_OK) { /* ends: a signal, an error, or nothing came for too long */
        int64_t left = max_idle_ms > 0 ? run->last_ms + max_idle_ms - sfi_now_ms() : -1;
        if (max_idle_ms > 0 && left <= 0) {
            run->is_idle = true;
            sf_listener_stop(run->l);
            left = -1;
        }
        rc = sf_listener_poll(run->l, left, err);
    }
    if (rc == SF_DONE && run->early.status < 0) {
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
    int code = c->out.data != NULL ? cli_finish_output(c) : CLI_OK;
    cli_note(c, "%s %s.", cli_group_digits(c, run->events), run->events == 1 ? "event" : "events");
    if (is_cut || (code != CLI_OK && code != CLI_FAILED)) return code;
    if (rc == SF_ERR_CANCELLED) return (int)cli_exit_of(err);
    if (rc == SF_ERR_TRUNCATED)
        return cli_fail(c, CLI_EVENTS, "--replay earliest takes all that the org still has", "%s", err->message);
    if (rc < 0) return cli_fail_error(c, err);
    if (run->is_idle)
        return cli_fail(c, CLI_EVENTS, NULL, "no event came for %lld s (--max-idle)", (long long)(max_idle_ms / 1000));
    return code;
}

static int run_listen(cli *c)
{
    static const sf_checkpoints_ops ops = { .get = get_position, .set = set_position };
    sf_error err = { 0 };
    int64_t max_idle_ms = 0;
    sf_attach_options from = { 0 };
    listening run = { .c = c };
    positions kept = { .c = c };
    sf_checkpoints *store = NULL;
    const char *idle = cli_args_value(&c->args, "max-idle");
    if (c->output != NULL) return cli_usage(c, "listen: events go to standard output; use > FILE");
    if (c->timeout_ms > 0)
        return cli_usage(c, "listen: it runs until it is ended; --max-idle TIME ends it when nothing comes");
    if (c->json || c->format == CLI_FORMAT_CSV || c->format == CLI_FORMAT_JSON)
        return cli_usage(c, "listen: events are lines: -r table or -r ndjson");
    if (idle != NULL && (!cli_parse_duration(idle, &max_idle_ms) || max_idle_ms <= 0))
        return cli_usage(c, "--max-idle %.60s: want a time such as 30s, 10m, 2h", idle);
    sf_status rc = take_replay(c, &from, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK && from.replay == SF_REPLAY_STORED) {
        kept.folder = position_folder(c);
        rc = cli_make_dirs(kept.folder, 0700, &err);
        if (rc == SF_OK) rc = sf_checkpoints_custom(&ops, &kept, &store, &err);
    }
    const sf_listener_options options = {
        .checkpoints = store, .handler_retries = SF_NONE, .on_state = on_state, .state_user = &run, .call = &c->call
    };
    if (rc == SF_OK) rc = sf_listener_open(c->sf, &options, &run.l, &err);
    if (rc == SF_OK) rc = attach_all(&run, &from, &err);
    if (rc == SF_OK) rc = cli_out_open(&c->out, NULL, &err);
    run.lines = c->format == CLI_FORMAT_TABLE || (c->format == CLI_FORMAT_AUTO && c->out.terminal);
    if (rc == SF_OK) rc = listen_on(&run, max_idle_ms, &err);
    sf_listener_close(run.l);
    sf_checkpoints_close(store);
    return finish(&run, rc, max_idle_ms, &err);
}

/* clang-format off */
static const cli_flag listen_flags[] = {
    { "replay", 0, "FROM", "latest (otherwise), earliest, stored, or a replay id: where to begin", CLI_WORDS_NONE, NULL, false },
    { "max-idle", 0, "TIME", "end with exit code 8 when no event came for so long", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example listen_examples[] = {
    { "sforce listen /data/ChangeEvents", "Changes of all selected objects" },
    { "sforce listen /event/Low_Ink__e --replay stored | while read -r line; do …; done", "Going on where the last run ended" },
    { "sforce listen /data/AccountChangeEvent --replay earliest --max-idle 30s | jq .payload", "What the org has kept" },
    { 0 },
};
const cli_command cli_command_listen = {
    .name = "listen", .usage = "CHANNEL…", .summary = "print changes of records and platform events as they happen",
    .text =
    "A channel is /data/ChangeEvents, /data/AccountChangeEvent, /event/Name__e, /topic/NAME or /u/NAME; the prefix of changes and platform events "
    "may be left out. On a terminal an event is a line for people; in a pipe, or with -r ndjson, it is a JSON object with channel, replayId, event and "
    "payload. Lost connections and ended sessions are mended, and nothing that the org still has is left out.\n\n"
    "With --replay stored the position of each channel is kept in the state folder, below replay/: the next run goes on after the last "
    "line that was written (the first begins with new events). After a crash some lines can come twice. When the org no longer has a position, the "
    "run ends with exit code 8.",
    .flags = listen_flags, .examples = listen_examples, .words_min = 1, .words_max = -1,
    .words = { CLI_WORDS_NONE }, .run = run_listen, .group = "Events",
};
/* clang-format on */
