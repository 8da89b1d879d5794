/* cmd_changes.c: `sforce deleted` and `updated`: which records of an object changed in a span of time, for who keeps a copy. */
#include "cli.h"

/* A time, a date, or how long ago: 2026-03-01T12:00:00Z, 2026-03-01, 90m, 24h, 7d. */
static sf_status take_time(cli *c, const char *flag, int64_t *out, sf_error *err)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "m", 60000 }, { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    const char *text = cli_args_value(&c->args, flag);
    char kind;
    int64_t n;
    if (text == NULL) return SF_OK;
    if (sfi_time_parse(sfi_str(text), out, &kind) && kind != 't') return SF_OK;
    sf_str rest = sfi_str(text);
    if (sfi_take_int(&rest, 100000, &n))
        for (size_t i = 0; i < SFI_COUNT_OF(units); i++) {
            if (!sfi_str_is(rest, units[i].unit)) continue;
            *out = sfi_wall_ms() - n * units[i].ms;
            return SF_OK;
        }
    return sfi_fail(err, SF_ERR_USAGE, "--%s %.60s: want a time such as 2026-03-01T12:00:00Z, a date, or 24h, 7d ago",
                    flag, text);
}

static const char *time_text(cli *c, int64_t ms)
{
    char text[32];
    if (ms == 0) return NULL;
    sfi_time_format(ms, text);
    return cli_strdup(c, text);
}

/* {"deletedRecords":[…],"earliestDateAvailable":…,"latestDateCovered":…}, as the org has it; {"ids":[…]…} */
static void add_json(cli *c, const cli_grid *grid, bool deleted, const sf_changes *changes, sfi_buf *out)
{
    sfi_buf_addf(out, "{\"%s\":[", deleted ? "deletedRecords" : "ids");
    for (size_t i = 0; i < grid->rows; i++) {
        const char *const *cells = &grid->cells[i * grid->columns];
        sfi_buf_add_str(out, i > 0 ? ",\n" : "");
        if (deleted) sfi_buf_add_char(out, '{');
        if (deleted)
            cli_json_add_member(out, "id", cells[0]);
        else
            cli_json_add_string(out, sfi_str(cells[0]));
        if (deleted) cli_json_add_member(out, "deletedDate", cells[1]);
        if (deleted) sfi_buf_add_char(out, '}');
    }
    sfi_buf_add_char(out, ']');
    cli_json_add_member(out, "earliestDateAvailable", time_text(c, sf_changes_earliest_available_ms(changes)));
    cli_json_add_member(out, "latestDateCovered", time_text(c, sf_changes_latest_covered_ms(changes)));
    sfi_buf_add_char(out, '}');
}

static int print_changes(cli *c, sf_changes *changes, bool deleted)
{
    static const char *const names[] = { "id", "deletedDate" };
    cli_grid grid = { .names = names, .columns = deleted ? 2 : 1 };
    sf_change change;
    sf_error err;
    sf_status rc;
    while ((rc = sf_changes_next(changes, &change, &err)) == SF_ROW) {
        const char *cells[] = { cli_strdup(c, change.id.text), time_text(c, change.deleted_ms) };
        cli_grid_add(c, &grid, cells);
    }
    if (rc < 0) return cli_fail_error(c, &err);
    const char *covered = time_text(c, sf_changes_latest_covered_ms(changes));
    int code;
    if (c->json || c->format == CLI_FORMAT_JSON) {
        sfi_buf json = { 0 };
        add_json(c, &grid, deleted, changes, &json);
        if (json.failed) cli_no_memory();
        code = cli_finish_json(c, sfi_buf_str(&json));
        sfi_buf_free(&json);
    } else {
        code = cli_finish_grid(c, &grid, (sf_str){ 0 });
    }
    if (code == CLI_OK)
        cli_note(c, "%s %s %s; complete up to %s, the --since of the next run.",
                 cli_group_digits(c, (int64_t)grid.rows), grid.rows == 1 ? "record was" : "records were",
                 deleted ? "deleted" : "created or changed", covered);
    return code;
}

static int run(cli *c, bool deleted)
{
    sf_error err;
    sf_changes *changes = NULL;
    sf_changes_options options = { .call = &c->call };
    if (cli_args_value(&c->args, "since") == NULL)
        return cli_usage(c, "%s: want --since TIME", deleted ? "deleted" : "updated");
    sf_status rc = take_time(c, "since", &options.start_ms, &err);
    if (rc == SF_OK) rc = take_time(c, "until", &options.end_ms, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = deleted ? sf_deleted_open(c->sf, c->args.words[0], &options, &changes, &err)
                     : sf_updated_open(c->sf, c->args.words[0], &options, &changes, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code = print_changes(c, changes, deleted);
    sf_changes_close(changes);
    return code;
}

static int run_deleted(cli *c)
{
    return run(c, true);
}

static int run_updated(cli *c)
{
    return run(c, false);
}

/* clang-format off */
static const cli_flag changes_flags[] = {
    { "since", 0, "TIME", "from when: 2026-03-01T12:00:00Z, 2026-03-01, or 24h, 7d ago; at most 30 days", CLI_WORDS_NONE, NULL, false },
    { "until", 0, "TIME", "up to when; otherwise now", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const char changes_text[] =
    "The org keeps what it needs for 30 days, and looks at whole minutes. The note at the end says up to when the answer is complete: give that "
    "as --since next time, and no change is missed.";
static const cli_example deleted_examples[] = {
    { "sforce deleted Account --since 7d", "Ids and times of the last week" },
    { "sforce deleted Contact --since 48h --until 24h -r csv", "Of one day" },
    { 0 },
};
const cli_command cli_command_deleted = {
    .name = "deleted", .usage = "OBJECT --since TIME", .summary = "list the records that were deleted since a time",
    .text = changes_text, .flags = changes_flags, .examples = deleted_examples, .words_min = 1, .words_max = 1,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_NONE }, .run = run_deleted, .group = "Records",
};

static const cli_example updated_examples[] = {
    { "sforce updated Account --since 24h", "Ids of what was created or changed" },
    { "sforce updated Contact --since 7d -r json | jq -r .latestDateCovered", "Where the next run begins" },
    { 0 },
};
const cli_command cli_command_updated = {
    .name = "updated", .usage = "OBJECT --since TIME", .summary = "list the records that were created or changed since a time",
    .text = changes_text, .flags = changes_flags, .examples = updated_examples, .words_min = 1, .words_max = 1,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_NONE }, .run = run_updated, .group = "Records",
};
/* clang-format on */
