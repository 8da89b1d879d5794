/*
 * cmd_publish.c: `sforce publish`: platform events out: one from words, or any number from a file or pipe through the
 * library's publisher. What became of each event is told in the order of the input; one that is not even sent (no JSON, no
 * object) waits until those before it are told. What waits in a publisher goes out when the pipe has nothing more to give.
 */
#include "jobs.h"
#include "sent_rows.h"
#include <unistd.h>

typedef struct run {
    cli *c;
    const char *event;
    cli_json_rows in;
    sf_publisher *publisher;
    cli_format format;
    cli_csv csv;
    cli_table *table;
    cli_progress progress;
    bool failed_only;

    cli_sent_rows rows;

    int64_t told, refused; /* results told; events not fit to be sent */
    bool is_held;          /* the first result is not printed yet: it may be the only one */
    int64_t held_line;
    sf_publish_result held;
} run;

static const char *const names[] = { "line", "eventUuid", "success", "code", "message", "fields" };
static const char *const columns[] = { "LINE", "UUID", "CODE", "MESSAGE" };

/* ---- one result ---- */

/* {"line":2,"eventUuid":"…","id":"…","success":true}; line 0: left out. */
static void add_result(sfi_buf *text, int64_t line, const sf_publish_result *r)
{
    sfi_buf_add_char(text, '{');
    if (line > 0) sfi_buf_addf(text, "\"line\":%lld", (long long)line);
    cli_json_add_member(text, "eventUuid", r->uuid[0] != 0 ? r->uuid : NULL);
    cli_json_add_member(text, "id", r->id.text[0] != 0 ? r->id.text : NULL);
    sfi_buf_addf(text, "%s\"success\":%s", text->data[text->len - 1] != '{' ? "," : "", r->success ? "true" : "false");
    if (!r->success) {
        sfi_buf_add_str(text, ",\"error\":{");
        cli_error_members(text, &r->error, NULL);
        sfi_buf_add_char(text, '}');
    }
    sfi_buf_add_char(text, '}');
    if (text->failed || text->data == NULL) cli_no_memory();
}

static void print_json(run *r, int64_t line, const sf_publish_result *result)
{
    sfi_buf text = { 0 };
    if (r->format == CLI_FORMAT_JSON) sfi_buf_add_str(&text, r->told > 0 ? ",\n" : "\n");
    add_result(&text, line, result);
    if (r->format == CLI_FORMAT_NDJSON) sfi_buf_add_char(&text, '\n');
    cli_out_add(&r->c->out, text.data, text.len);
    sfi_buf_free(&text);
}

static sf_str text_or_null(const char *text)
{
    return text != NULL && text[0] != 0 ? sfi_str(text) : (sf_str){ NULL, 0 };
}

static void print_row(run *r, int64_t line, const sf_publish_result *result)
{
    char number[24];
    const sf_error *e = result->success ? NULL : &result->error;
    snprintf(number, sizeof number, "%lld", (long long)line);
    const char *code = e == NULL ? NULL : e->code[0] != 0 ? e->code : sf_status_name(e->status);
    if (r->table != NULL) {
        const sf_str cells[] = { sfi_str(number), text_or_null(result->uuid), text_or_null(code),
                                 text_or_null(e != NULL ? cli_error_message(e) : NULL) };
        (void)cli_table_add(r->table, cells, NULL); /* its failure is the sink's */
        return;
    }
    const sf_str cells[] = { sfi_str(number),
                             text_or_null(result->uuid),
                             sfi_str(result->success ? "true" : "false"),
                             text_or_null(code),
                             text_or_null(e != NULL ? cli_error_message(e) : NULL),
                             text_or_null(e != NULL ? e->fields : NULL) };
    for (size_t i = 0; i < SFI_COUNT_OF(cells); i++) {
        if (i > 0) cli_out_add_char(&r->c->out, r->csv.delimiter);
        if (cells[i].ptr != NULL)
            cli_csv_cell(&r->c->out, &r->csv, cells[i]);
        else
            cli_csv_null(&r->c->out, &r->csv);
    }
    cli_csv_end_row(&r->c->out, &r->csv);
}

/* What stands before the first of several results. */
static void begin(run *r)
{
    static const bool right[] = { true, false, false, false };
    cli *c = r->c;
    if (r->format == CLI_FORMAT_CSV) cli_csv_header(&c->out, &r->csv, names, SFI_COUNT_OF(names));
    if (r->format == CLI_FORMAT_JSON) cli_out_add_str(&c->out, c->json ? "{\"result\":{\"results\":[" : "[");
    if (r->format != CLI_FORMAT_TABLE) return;
    const cli_table_options options = { .terminal = c->out.terminal,
                                        .color = c->color && c->out.terminal,
                                        .right = right };
    if (cli_table_new(&c->out, columns, SFI_COUNT_OF(columns), &options, &r->table, NULL) != SF_OK) cli_no_memory();
}

static void print(run *r, int64_t line, const sf_publish_result *result)
{
    if (r->format == CLI_FORMAT_JSON || r->format == CLI_FORMAT_NDJSON)
        print_json(r, line, result);
    else
        print_row(r, line, result);
    r->told++;
    if (r->told == 1 || (r->told & 15) == 0) cli_out_flush_stale(&r->c->out);
}

static void print_held(run *r)
{
    if (!r->is_held) return;
    r->is_held = false;
    begin(r);
    print(r, r->held_line, &r->held);
}

static void tell(run *r, int64_t line, const sf_publish_result *result)
{
    if (result->success && r->failed_only) return;
    bool may_be_alone = r->told == 0 && !r->is_held && result->success && !r->in.is_array && !r->failed_only;
    if (may_be_alone && (r->format == CLI_FORMAT_TABLE || r->format == CLI_FORMAT_JSON)) {
        r->is_held = true;
        r->held = *result;
        r->held_line = line;
        return;
    }
    print_held(r);
    if (r->told == 0) begin(r);
    print(r, line, result);
}

static void tell_unsent(void *user, int64_t line, const sf_error *why)
{
    const sf_publish_result result = { .error = *why };
    tell(user, line, &result);
}

static bool on_result(void *user, const sf_publish_result *result)
{
    run *r = user;
    cli_sent_rows_tell(&r->rows, result->row);
    tell(r, cli_sent_rows_line(&r->rows, result->row), result);
    if (!result->success) cli_sent_rows_keep(&r->rows, result->row);
    return r->c->out.error == 0; /* nobody reads what becomes of the events: no more are sent */
}

/* ---- events in ---- */

static void show_progress(run *r)
{
    int64_t now = sfi_now_ms();
    if ((r->rows.sent & 255) != 0 || r->c->out.terminal || !cli_progress_is_due(&r->progress, now)) return;
    sf_publish_counts n;
    sf_publisher_get_counts(r->publisher, &n);
    char line[120];
    snprintf(line, sizeof line, "%lld events published, %lld failed", (long long)n.published,
             (long long)n.failed + n.unknown + r->refused);
    cli_progress_show(&r->progress, now, line);
}

/* @return what stops the run; an event that is not fit to be sent does not. */
static sf_status add_event(run *r, sf_str text, int64_t line, sf_error *err)
{
    sf_error e;
    cli_sent_rows_note(&r->rows, text, line);
    sf_status rc = sf_publisher_add_json(r->publisher, text, &e);
    if (rc == SF_OK) {
        r->rows.sent++;
        return SF_OK;
    }
    sf_publish_counts n;
    sf_publisher_get_counts(r->publisher, &n);
    if (n.stopped || (rc != SF_ERR_USAGE && rc != SF_ERR_LIMIT)) { /* it was not taken */
        cli_sent_rows_keep_text(&r->rows, text);
        *err = e;
        return rc;
    }
    r->refused++;
    cli_sent_rows_keep_text(&r->rows, text);
    if (r->rows.unsent_count == CLI_UNSENT_MAX) {
        rc = sf_publisher_flush(r->publisher, err); /* failed events are told, and go on */
        sf_publisher_get_counts(r->publisher, &n);
        if (n.stopped) return rc;
        cli_sent_rows_tell(&r->rows, r->rows.sent);
    }
    cli_sent_rows_refuse(&r->rows, &e);
    return SF_OK;
}

/* Nothing can be read at the moment: what is gathered goes out. */
static sf_status on_idle(void *user, sf_error *err)
{
    run *r = user;
    sf_publish_counts n;
    sf_status rc = sf_publisher_flush(r->publisher, err); /* failures are told, and it goes on */
    sf_publisher_get_counts(r->publisher, &n);
    cli_sent_rows_tell(&r->rows, r->rows.sent);
    if (!r->is_held) cli_out_flush(&r->c->out);
    return n.stopped ? rc : SF_OK;
}

static sf_status pump(run *r, sf_error *err)
{
    sf_str text;
    int64_t line;
    sf_status rc;
    r->in.idle = on_idle;
    r->in.idle_user = r;
    while ((rc = cli_json_rows_next(&r->in, &text, &line, err)) == SF_ROW) {
        rc = add_event(r, text, line, err);
        if (rc == SF_OK && cli_signal != 0) rc = sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
        if (rc < 0) break;
        show_progress(r);
    }
    return rc == SF_DONE ? SF_OK : rc;
}

/* After a stop: the events that were not read go to --failed too, so that it holds all that are not published. */
static void keep_rest(run *r)
{
    sf_str text;
    int64_t line;
    sf_error ignored;
    r->in.idle = NULL;
    if (r->rows.failed.fd < 0 || r->in.fd == STDIN_FILENO) return; /* whoever writes a pipe may never end */
    while (cli_json_rows_next(&r->in, &text, &line, &ignored) == SF_ROW) cli_sent_rows_keep_text(&r->rows, text);
}

/* ---- the end ---- */

/* The one event that there was, as for words. */
static int print_one(cli *c, const sf_publish_result *result)
{
    cli_note(c, "Published %s.", c->args.words[0]);
    sf_error err;
    if (c->out.fd < 0 && cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
    if (!c->json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE)) {
        cli_out_add_str(&c->out, result->uuid[0] != 0 ? result->uuid : result->id.text);
        cli_out_add_char(&c->out, '\n');
        return cli_finish_output(c);
    }
    if (c->format == CLI_FORMAT_CSV && !c->json) {
        const char *cells[] = { "eventUuid", "id", "success" };
        const cli_csv csv = { .delimiter = ',', .null_text = "" };
        cli_csv_header(&c->out, &csv, cells, SFI_COUNT_OF(cells));
        cli_csv_cell(&c->out, &csv, sfi_str(result->uuid));
        cli_out_add_str(&c->out, ",");
        cli_csv_cell(&c->out, &csv, sfi_str(result->id.text));
        cli_out_add_str(&c->out, ",true");
        cli_csv_end_row(&c->out, &csv);
        return cli_finish_output(c);
    }
    sfi_buf text = { 0 };
    if (c->json) sfi_buf_add_str(&text, "{\"status\":0,\"result\":");
    add_result(&text, 0, result);
    sfi_buf_add_str(&text, c->json ? "}\n" : "\n");
    cli_out_add(&c->out, text.data, text.len);
    sfi_buf_free(&text);
    return cli_finish_output(c);
}

static void end_format(run *r, int code, const sf_publish_counts *n, const sf_error *stop)
{
    cli *c = r->c;
    if (r->told == 0) begin(r);
    if (r->table != NULL) (void)cli_table_end(r->table, NULL);
    if (r->format != CLI_FORMAT_JSON) return;
    if (!c->json) {
        cli_out_add_str(&c->out, r->told > 0 ? "\n]\n" : "]\n");
        return;
    }
    sfi_buf text = { 0 };
    sfi_buf_addf(&text, "],\"events\":%lld,\"published\":%lld,\"failed\":%lld,\"unknown\":%lld},\"status\":%d",
                 (long long)n->events + r->refused, (long long)n->published, (long long)n->failed + r->refused,
                 (long long)n->unknown, code);
    if (stop != NULL) {
        sfi_buf_add_str(&text, ",\"error\":{");
        cli_error_members(&text, stop, NULL);
        sfi_buf_add_char(&text, '}');
    }
    sfi_buf_add_str(&text, "}\n");
    if (text.failed || text.data == NULL) cli_no_memory();
    cli_out_add(&c->out, text.data, text.len);
    sfi_buf_free(&text);
}

static void note_counts(const run *r, const sf_publish_counts *n, bool stopped)
{
    cli *c = r->c;
    int64_t failed = n->failed + r->refused, events = n->events + r->refused;
    cli_note(c, "%s of %s event%s published%s%s.", cli_group_digits(c, n->published), cli_group_digits(c, events),
             events == 1 ? "" : "s", failed == 0 ? "" : cli_textf(c, ", %s failed", cli_group_digits(c, failed)),
             n->unknown == 0 ? "" : cli_textf(c, ", of %s it is not known", cli_group_digits(c, n->unknown)));
    const char *file = cli_args_value(&c->args, "failed");
    if (file != NULL && failed + n->unknown > 0)
        cli_note(c, "Those that failed%s are in %s.", n->unknown > 0 ? ", and those of which it is not known," : "",
                 file);
    else if (stopped && file == NULL)
        cli_note(c, "Read up to line %lld; what follows was not sent.", (long long)r->rows.last_line);
}

static int exit_code(const run *r, const sf_publish_counts *n, const sf_error *stop)
{
    int code = n->unknown > 0 ? CLI_UNKNOWN : n->failed + r->refused > 0 ? CLI_ROWS : CLI_OK;
    if (stop == NULL) return code;
    if (stop->status == SF_ERR_USAGE && n->events + r->refused > 0) /* the input cannot be read on */
        return code == CLI_OK ? CLI_FAILED : code;
    if (stop->status == SF_ERR_LIMIT) return code == CLI_OK ? CLI_ROWS : code; /* --max-failures */
    return (int)cli_exit_of(stop);
}

/* An event that the org does not know has a way out of its own. */
static int fail_event(cli *c, const sf_error *err)
{
    bool is_unknown = err->status == SF_ERR_NOT_FOUND || sfi_eq_nocase(err->code, "INVALID_TYPE");
    return is_unknown ? cli_fail_hint(c, err, CLI_HINT_EVENTS) : cli_fail_error(c, err);
}

/* stop NULL: all events were read and told. */
static int finish(run *r, const sf_publish_counts *n, const sf_error *stop)
{
    cli *c = r->c;
    sf_error err;
    int code = exit_code(r, n, stop);
    bool is_input = stop != NULL && stop->status == SF_ERR_USAGE;
    cli_progress_end(&r->progress);
    if (cli_out_close(&r->rows.failed, true, &err) != SF_OK) return cli_fail_error(c, &err);
    if (r->is_held && stop == NULL && r->refused == 0) return print_one(c, &r->held);
    cli_sent_rows_tell(&r->rows, INT64_MAX);
    print_held(r);
    end_format(r, code, n, stop);
    int closed = cli_finish_output(c);
    if (closed != CLI_OK) return closed;
    if (stop == NULL || n->events + r->refused > 0) note_counts(r, n, stop != NULL && !is_input);
    if (stop == NULL || c->json) return code;
    if (stop->status == SF_ERR_LIMIT)
        (void)cli_fail(c, CLI_ROWS, NULL, "no more events were sent: --max-failures %s is reached",
                       cli_args_value(&c->args, "max-failures"));
    else if (!is_input && n->published > 0)
        (void)cli_fail_hint(c, stop, "some events are out: --failed FILE keeps the others, to be sent again");
    else
        (void)fail_event(c, stop);
    return code;
}

/* ---- the command ---- */

static sf_status open_output(run *r, sf_error *err)
{
    cli *c = r->c;
    const char *failed = cli_args_value(&c->args, "failed");
    r->format = c->json ? CLI_FORMAT_JSON : c->format != CLI_FORMAT_AUTO ? c->format : CLI_FORMAT_TABLE;
    r->csv = (cli_csv){ .delimiter = ',', .null_text = "" };
    sf_status rc = SF_OK;
    if (failed != NULL && strcmp(failed, "-") == 0) return sfi_fail(err, SF_ERR_USAGE, "--failed wants a file");
    if (failed != NULL) rc = cli_out_open(&r->rows.failed, failed, err);
    if (rc == SF_OK) rc = cli_out_open(&c->out, c->output, err);
    cli_progress_begin(c, &r->progress);
    return rc;
}

static void free_run(run *r)
{
    cli_json_rows_close(&r->in);
    cli_table_free(r->table);
    cli_sent_rows_free(&r->rows);
}

static int publish_many(cli *c, const char *event, const char *path)
{
    sf_error err, stop;
    int64_t parallel = 1, batch = 0;
    run *r = cli_alloc(c, sizeof *r);
    *r = (run){ .c = c, .event = event, .rows = { .tell = tell_unsent, .user = r } };
    r->in.fd = r->rows.failed.fd = -1;
    r->failed_only = cli_args_times(&c->args, "failed-only") > 0;
    sf_publisher_options o = { .event = event, .on_result = on_result, .user = r, .call = &c->call };
    o.way = cli_args_times(&c->args, "soap") > 0 ? SF_PUBLISH_SOAP : SF_PUBLISH_REST;
    o.all_or_none = cli_args_times(&c->args, "all-or-none") > 0;
    sf_status rc = cli_take_number(c, "parallel", 1, SF_WRITER_PARALLEL_MAX, &parallel, &err);
    if (rc == SF_OK && parallel > 1 && o.way == SF_PUBLISH_SOAP)
        rc = sfi_fail(&err, SF_ERR_USAGE, "--parallel %lld: by SOAP one request is under way at a time",
                      (long long)parallel);
    if (rc == SF_OK) rc = cli_take_number(c, "batch", 1, SF_PUBLISH_MAX, &batch, &err);
    if (rc == SF_OK) rc = cli_take_number(c, "max-failures", 1, INT64_MAX, &o.failures_max, &err);
    o.parallel = (int32_t)parallel;
    o.batch_events = (int32_t)batch;
    if (rc == SF_OK) rc = cli_json_rows_open(&r->in, path, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_publisher_open(c->sf, &o, &r->publisher, &err);
    if (rc == SF_OK) rc = open_output(r, &err);
    if (rc != SF_OK) {
        sf_publisher_abort(r->publisher);
        free_run(r);
        return cli_fail_error(c, &err);
    }
    cli_sent_rows_begin(&r->rows, c, ((size_t)parallel + 1) * SF_PUBLISH_MAX + 1);
    rc = pump(r, &stop);
    sf_publish_counts counts;
    sf_status closed = sf_publisher_close(r->publisher, &counts, &err);
    if (rc == SF_OK && counts.stopped) { /* by the last events */
        rc = closed;
        stop = err;
    }
    if (rc != SF_OK && stop.status != SF_ERR_USAGE) keep_rest(r);
    int code = finish(r, &counts, rc == SF_OK ? NULL : &stop);
    free_run(r);
    return code;
}

static int publish_words(cli *c, const char *event)
{
    sf_error err;
    sf_publish_result result = { 0 };
    sf_record *r = sf_record_new(event);
    const sf_publish_options o = { .way = cli_args_times(&c->args, "soap") > 0 ? SF_PUBLISH_SOAP : SF_PUBLISH_REST,
                                   .call = &c->call };
    sf_status rc = r != NULL ? SF_OK : sfi_fail(&err, SF_ERR_USAGE, "%.80s is not an event's name", event);
    if (rc == SF_OK) rc = cli_fields_from_words(c, r, 1, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_publish(c->sf, r, &o, &result, &err);
    sf_record_free(r);
    if (rc == SF_OK) return print_one(c, &result);
    return rc == SF_ERR_UNKNOWN_OUTCOME ? cli_fail_hint(c, &err, "a subscriber sees it if it is out")
                                        : fail_event(c, &err);
}

static int run_publish(cli *c)
{
    static const char *const of_many[] = {
        "parallel", "batch", "max-failures", "failed", "failed-only", "all-or-none"
    };
    const char *event = c->args.words[0], *file = cli_args_value(&c->args, "file");
    if (sfi_starts_with(sfi_str(event), "/event/")) event += strlen("/event/");
    if (sfi_ends_with(sfi_str(event), "EventStream"))
        return cli_fail(c, CLI_USAGE, cli_textf(c, "sforce listen %.80s shows its events", event),
                        "publish: %.80s is published by the org alone", event);
    if (!sfi_ends_with(sfi_str(event), "__e") && !sfi_ends_with(sfi_str(event), "Event"))
        return cli_usage(c, "publish: %.80s is not a platform event's name, such as Low_Ink__e", event);
    if (file != NULL && c->args.count > 1) return cli_usage(c, "publish: want FIELD=VALUE words, or --file, not both");
    if (c->args.count == 2 && strcmp(c->args.words[1], "-") == 0) file = "-";
    if (file == NULL && c->args.count < 2)
        return cli_usage(c, "publish: nothing to publish: want FIELD=VALUE words, - (stdin) or -f FILE");
    if (file != NULL) return publish_many(c, event, file);
    for (size_t i = 0; i < SFI_COUNT_OF(of_many); i++)
        if (cli_args_times(&c->args, of_many[i]) > 0)
            return cli_usage(c, "publish: --%s is for many events: - (stdin) or -f FILE", of_many[i]);
    if (c->args.count == 2 && access(c->args.words[1], R_OK) == 0 && strchr(c->args.words[1], '=') == NULL)
        return cli_usage(c, "publish: %.200s is not FIELD=VALUE; to publish what is in it: -f %.200s", c->args.words[1],
                         c->args.words[1]);
    return publish_words(c, event);
}

/* clang-format off */
static const cli_flag publish_flags[] = {
    { "file", 'f', "FILE", "publish the events in FILE; - is stdin", CLI_WORDS_FILE, NULL, false },
    { "soap", 0, NULL, "publish by SOAP instead of REST", CLI_WORDS_NONE, NULL, false },
    { "batch", 0, "N", "events of a request, 1 to 200; default 200", CLI_WORDS_NONE, NULL, false },
    { "parallel", 0, "N", "requests under way at once, 1 to 16; default 1, which keeps the events in order", CLI_WORDS_NONE, NULL, false },
    { "all-or-none", 0, NULL, "one refused event holds back the others of its request (of events that are published after commit)", CLI_WORDS_NONE, NULL, false },
    { "max-failures", 0, "N", "send no more after N failed events", CLI_WORDS_NONE, NULL, false },
    { "failed", 0, "FILE", "write the events that failed, and those of which it is not known, to FILE, one a line", CLI_WORDS_FILE, NULL, false },
    { "failed-only", 0, NULL, "tell of failed events only, in every format", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example publish_examples[] = {
    { "sforce publish Low_Ink__e Model__c=XZ-5 Level__c:=12", "One event from words; prints its UUID" },
    { "echo '{\"Model__c\":\"XZ-5\"}' | sforce publish Low_Ink__e -", "Its fields as JSON" },
    { "sforce publish Low_Ink__e -f events.ndjson -r ndjson --failed again.ndjson", "An event of each line, what became of each, and those that failed, to be sent again" },
    { "tail -F printer.ndjson | sforce publish Low_Ink__e - --quiet > /dev/null", "As they are written" },
    { 0 },
};
const cli_command cli_command_publish = {
    .name = "publish", .usage = "EVENT FIELD=VALUE…|-|-f FILE", .summary = "publish platform events",
    .text = "Values are written as in create: F=v is a text, F:=json anything else. Of one event the UUID is printed, which subscribers find as EventUuid.\n\n"
            "FILE, or stdin for -, has a JSON object a line, objects over several lines, or one array of objects, of any number. They go out in their order, 200 in a "
            "request, and earlier when stdin has nothing more to give. What became of each is printed in that order, with the line in which it begins; of a single "
            "object as for words. One that is no JSON object has failed. Exit code 4: some failed, the others are out.\n\n"
            "An event whose answer is lost is never sent again by itself: it is out or not (exit code 7).",
    .flags = publish_flags, .examples = publish_examples, .words_min = 1, .words_max = -1,
    .words = { CLI_WORDS_EVENT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_FIELD_VALUE }, .run = run_publish, .group = "Events",
};
/* clang-format on */
