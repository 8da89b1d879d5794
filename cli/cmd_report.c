/* cmd_report.c: `sforce report`: list, describe, run, and the runs in the background. A report is named by its id or its name. */
#include "reports.h"

enum { METADATA_MAX = 1 << 20 };

/* ---- which report ---- */

static bool is_id(const char *word)
{
    size_t len = strlen(word);
    return (len == 15 || len == 18) && strncmp(word, "00O", 3) == 0 &&
           strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == len;
}

/* By its name or developer name. Connected already. */
static sf_status find_by_name(cli *c, const char *name, const char **out, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row = { 0 };
    sf_query_options options = { .binds = SF_BINDS({ "name", sf_bind_str(name) }),
                                 .call = &c->call,
                                 .no_prefetch = true };
    sf_status rc = sf_query_open(c->sf, "SELECT Id FROM Report WHERE Name = :name OR DeveloperName = :name LIMIT 2",
                                 &options, &q, err);
    if (rc == SF_OK) rc = sf_query_next(q, &row, err);
    if (rc == SF_ROW) {
        *out = cli_strdup(c, sf_get_str(row, "Id"));
        rc = sf_query_next(q, &row, err);
        if (rc == SF_ROW)
            rc = sfi_fail(err, SF_ERR_USAGE,
                          "report: several reports are called %.80s: say the id (sforce report list)", name);
    } else if (rc == SF_DONE) {
        rc = sfi_fail(err, SF_ERR_USAGE,
                      "report: no report is called %.80s: sforce report list shows those viewed last", name);
    }
    sf_query_close(q);
    return rc == SF_DONE ? SF_OK : rc;
}

/* The word that names the report, as an id; the client is open afterwards. */
static sf_status connect_to(cli *c, const char *word, const char **id, sf_error *err)
{
    sf_status rc = cli_connect(c, err);
    *id = word;
    return rc != SF_OK || is_id(word) ? rc : find_by_name(c, word, id, err);
}

/* ---- filters ---- */

static sf_status take_filters(cli *c, sf_report_options *options, sf_error *err)
{
    sf_report_filter *filters = cli_alloc(c, (SF_REPORT_FILTERS_MAX + 1) * sizeof *filters);
    for (size_t i = 0; i < c->args.given_count; i++) {
        const cli_given *g = &c->args.given[i];
        if (strcmp(g->flag->name, "filter") != 0) continue;
        const char *first = strchr(g->value, ':'), *second = first != NULL ? strchr(first + 1, ':') : NULL;
        if (second == NULL || first == g->value || second == first + 1)
            return sfi_fail(err, SF_ERR_USAGE,
                            "--filter %.80s: want COLUMN:OPERATOR:VALUE, such as AMOUNT:greaterThan:1000", g->value);
        if (options->filter_count == SF_REPORT_FILTERS_MAX)
            return sfi_fail(err, SF_ERR_USAGE, "--filter: more than %d", SF_REPORT_FILTERS_MAX);
        filters[options->filter_count++] =
            (sf_report_filter){ .column = cli_strndup(c, g->value, (size_t)(first - g->value)),
                                .op = cli_strndup(c, first + 1, (size_t)(second - first - 1)),
                                .value = second + 1 };
    }
    options->filters = filters;
    return SF_OK;
}

static sf_status take_options(cli *c, sf_report_options *options, sf_error *err)
{
    const char *file = cli_args_value(&c->args, "file");
    sf_str text;
    *options = (sf_report_options){ .boolean_filter = cli_args_value(&c->args, "logic"),
                                    .no_filters = cli_args_times(&c->args, "no-filters") > 0,
                                    .no_details = cli_args_times(&c->args, "no-details") > 0,
                                    .call = &c->call };
    sf_status rc = take_filters(c, options, err);
    if (rc != SF_OK || file == NULL) return rc;
    rc = cli_read_file(c, file, METADATA_MAX, &text, err);
    options->metadata = text.ptr;
    if (rc != SF_OK) return rc;
    sf_document *doc = NULL;
    rc = sf_document_parse(text.ptr, text.len, &doc, err);
    if (rc != SF_OK) sfi_error_prefix(err, "%s", file);
    if (rc == SF_ERR_PROTOCOL) err->status = rc = SF_ERR_USAGE;
    sf_document_free(doc);
    return rc;
}

static cli_report_print print_options(cli *c)
{
    return (cli_report_print){ .labels = cli_args_times(&c->args, "labels") > 0,
                               .totals = cli_args_times(&c->args, "totals") > 0,
                               .raw = cli_args_times(&c->args, "raw") > 0 };
}

/* ---- list, describe ---- */

static int finish_document(cli *c, const cli_grid *grid, sf_document *doc)
{
    int code = cli_finish_grid_value(c, grid, sf_document_root(doc));
    sf_document_free(doc);
    return code;
}

static int report_list(cli *c)
{
    static const char *const names[] = { "id", "name" };
    sf_error err;
    sf_document *doc = NULL;
    sf_value v;
    if (c->args.count != 1) return cli_usage(c, "report list: takes no more words");
    if (cli_connect(c, &err) != SF_OK || sf_report_list(c->sf, &c->call, &doc, &err) != SF_OK)
        return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &v);) {
        const char *cells[] = { cli_strdup(c, sf_get_str(v, "id")), cli_strdup(c, sf_get_str(v, "name")) };
        cli_grid_add(c, &grid, cells);
    }
    return finish_document(c, &grid, doc);
}

/* The columns that the report has and those that it could have: what filters may name. */
static void describe_columns(cli *c, sf_value root, cli_grid *grid)
{
    static const struct {
        const char *path, *use;
    } parts[] = { { "reportExtendedMetadata.groupingColumnInfo", "grouping" },
                  { "reportExtendedMetadata.detailColumnInfo", "column" },
                  { "reportExtendedMetadata.aggregateColumnInfo", "total" } };
    sf_str key;
    sf_value v, category;
    for (size_t i = 0; i < SFI_COUNT_OF(parts); i++)
        for (sf_iter it = sf_iter_begin(sf_get(root, parts[i].path)); sf_iter_next(&it, &key, &v);) {
            const char *cells[] = { cli_strndup(c, key.ptr, key.len), cli_strdup(c, sf_get_str(v, "label")),
                                    cli_strdup(c, sf_get_str(v, "dataType")), parts[i].use };
            cli_grid_add(c, grid, cells);
        }
    for (sf_iter it = sf_iter_begin(sf_get(root, "reportTypeMetadata.categories")); sf_iter_next(&it, NULL, &category);)
        for (sf_iter in = sf_iter_begin(sf_get(category, "columns")); sf_iter_next(&in, &key, &v);) {
            const char *cells[] = { cli_strndup(c, key.ptr, key.len), cli_strdup(c, sf_get_str(v, "label")),
                                    cli_strdup(c, sf_get_str(v, "dataType")),
                                    sf_get_bool(v, "filterable", true) ? "filter" : NULL };
            cli_grid_add(c, grid, cells);
        }
}

static int report_describe(cli *c)
{
    static const char *const names[] = { "name", "label", "type", "use" };
    sf_error err;
    const char *id = NULL;
    sf_document *doc = NULL;
    if (c->args.count != 2) return cli_usage(c, "report describe: want one report, by id or name");
    sf_status rc = connect_to(c, c->args.words[1], &id, &err);
    if (rc == SF_OK) rc = sf_report_describe(c->sf, id, &c->call, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sf_value root = sf_document_root(doc);
    describe_columns(c, root, &grid);
    cli_note(c, "%s: %s, of the type %s", sf_get_str(root, "reportMetadata.name"),
             sf_get_str(root, "reportMetadata.reportFormat"), sf_get_str(root, "reportMetadata.reportType.type"));
    return finish_document(c, &grid, doc);
}

/* ---- runs ---- */

static const char *state_word(sf_report_state state)
{
    static const char *const words[] = { "?", "New", "Running", "Success", "Error" };
    return words[(unsigned)state < SFI_COUNT_OF(words) ? state : 0];
}

static const char *time_text(cli *c, int64_t ms)
{
    char text[32];
    if (ms == SF_NONE) return NULL;
    sfi_time_format(ms, text);
    return cli_strdup(c, text);
}

static const char *const run_names[] = { "id", "status", "requested", "completed", "details", "owner" };

static void add_run(cli *c, cli_grid *grid, const sf_report_instance *run)
{
    const char *cells[] = {
        cli_strdup(c, run->id.text),     state_word(run->state),
        time_text(c, run->requested_ms), time_text(c, run->completed_ms),
        run->has_details ? "yes" : "no", run->owner_id.text[0] != '\0' ? cli_strdup(c, run->owner_id.text) : NULL
    };
    cli_grid_add(c, grid, cells);
}

static int start_run(cli *c, const char *id, const sf_report_options *options)
{
    sf_error err;
    sf_report_instance run;
    if (sf_report_run_async(c->sf, id, options, &run, &err) != SF_OK) return cli_fail_error(c, &err);
    cli_grid grid = { .names = run_names, .columns = SFI_COUNT_OF(run_names), .record = true };
    add_run(c, &grid, &run);
    cli_note(c, "It runs in the org; sforce report result %s %s waits for its result.", id, run.id.text);
    return cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
}

static int report_run(cli *c)
{
    sf_error err;
    const char *id = NULL;
    sf_report_options options;
    sf_report_result *r = NULL;
    cli_report_print how = print_options(c);
    bool async = cli_args_times(&c->args, "async") > 0, saved = c->args.count == 2;
    sf_status rc = take_options(c, &options, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    if (!saved && (c->args.count > 2 || options.metadata == NULL))
        return cli_usage(
            c, "report run: want one report, by id or name, or -f FILE with the metadata of one that is not saved");
    if (!saved && async) return cli_usage(c, "report run: a report that is not saved does not run with --async");
    if (options.no_filters && (options.filter_count > 0 || options.boolean_filter != NULL))
        return cli_usage(c, "report run: --no-filters stands together with --filter or --logic");
    if (options.boolean_filter != NULL && options.filter_count == 0 && options.metadata == NULL)
        return cli_usage(c, "report run: --logic combines this run's filters: give them with --filter");
    rc = saved ? connect_to(c, c->args.words[1], &id, &err) : cli_connect(c, &err);
    if (rc == SF_OK && async) return start_run(c, id, &options);
    if (rc == SF_OK)
        rc = saved ? sf_report_run(c->sf, id, &options, &r, &err) : sf_report_query(c->sf, &options, &r, &err);
    int code = rc == SF_OK ? cli_report_finish(c, r, &how) : cli_fail_error(c, &err);
    sf_report_close(r);
    return code;
}

static int report_runs(cli *c)
{
    sf_error err;
    const char *id = NULL;
    sf_document *doc = NULL;
    sf_report_instance run;
    sf_value v;
    if (c->args.count != 2) return cli_usage(c, "report runs: want one report, by id or name");
    sf_status rc = connect_to(c, c->args.words[1], &id, &err);
    if (rc == SF_OK) rc = sf_report_instances(c->sf, id, &c->call, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_grid grid = { .names = run_names, .columns = SFI_COUNT_OF(run_names) };
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &v);)
        if (sf_report_read_instance(v, &run)) add_run(c, &grid, &run);
    return finish_document(c, &grid, doc);
}

static int report_result(cli *c)
{
    sf_error err;
    const char *id = NULL;
    sf_report_result *r = NULL;
    sf_report_info info;
    cli_report_print how = print_options(c);
    bool no_wait = cli_args_times(&c->args, "async") > 0;
    if (c->args.count != 3)
        return cli_usage(c, "report result: want a report and the id of its run (sforce report runs REPORT)");
    sf_status rc = connect_to(c, c->args.words[1], &id, &err);
    sf_report_wait_options wait = { .call = &c->call };
    if (rc == SF_OK && no_wait)
        rc = sf_report_get_result(c->sf, id, c->args.words[2], &c->call, &r, &err);
    else if (rc == SF_OK)
        rc = sf_report_wait(c->sf, id, c->args.words[2], &wait, &r, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code;
    sf_report_get_info(r, &info);
    if (info.state == SF_REPORT_SUCCESS)
        code = cli_report_finish(c, r, &how);
    else if (info.state == SF_REPORT_ERROR)
        code = cli_fail(c, CLI_FAILED, NULL, "the report's run failed: %s",
                        info.error != NULL ? info.error : "the org says no more");
    else
        code =
            cli_fail(c, CLI_UNFINISHED, "leave --async away to wait for it", "the run is %s", state_word(info.state));
    sf_report_close(r);
    return code;
}

static int report_delete(cli *c)
{
    sf_error err;
    const char *id = NULL;
    if (c->args.count < 2)
        return cli_usage(c, "report delete: want a report, by id or name, and perhaps one of its runs");
    const char *run = c->args.count == 3 ? c->args.words[2] : NULL;
    sf_status rc = connect_to(c, c->args.words[1], &id, &err);
    if (rc == SF_OK)
        rc = run != NULL ? sf_report_delete_instance(c->sf, id, run, &c->call, &err)
                         : sf_report_delete(c->sf, id, &c->call, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "Deleted the %s %s.", run != NULL ? "run" : "report", run != NULL ? run : id);
    return c->json ? cli_finish_json(c, sfi_str("{\"deleted\":true}")) : CLI_OK;
}

/* clang-format off */
static const cli_flag report_flags[] = {
    { "filter", 0, "COLUMN:OPERATOR:VALUE", "run: filter this run, instead of the report's own filters", CLI_WORDS_NONE, NULL, true },
    { "logic", 0, "LOGIC", "run: how the filters combine, such as \"1 AND (2 OR 3)\"", CLI_WORDS_NONE, NULL, false },
    { "no-filters", 0, NULL, "run: without the report's own filters", CLI_WORDS_NONE, NULL, false },
    { "no-details", 0, NULL, "run: totals only", CLI_WORDS_NONE, NULL, false },
    { "file", 'f', "FILE|-", "run: members of reportMetadata that differ; without a report, all of one that is not saved", CLI_WORDS_FILE, NULL, false },
    { "async", 0, NULL, "run: start it and leave; result: look once and do not wait", CLI_WORDS_NONE, NULL, false },
    { "totals", 0, NULL, "csv and ndjson: the groups' totals instead of the rows", CLI_WORDS_NONE, NULL, false },
    { "labels", 0, NULL, "csv and json: values as a reader of the report sees them, such as $1,500", CLI_WORDS_NONE, NULL, false },
    { "raw", 0, NULL, "the JSON of the org, as it is", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example report_examples[] = {
    { "sforce report list", "The reports viewed last" },
    { "sforce report run \"Open Opportunities by Stage\" --filter AMOUNT:greaterThan:100000", "Rows and totals, with another filter" },
    { "sforce report run 00O5j0000A00003EQA -r csv --totals -O pipeline.csv", "A line a group" },
    { "sforce report run 00O5j0000A00003EQA --async", "Start it; sforce report result waits for it" },
    { "sforce report describe \"Accounts by Type\"", "What columns there are, and what can be filtered" },
    { 0 },
};
static const cli_verb report_verbs[] = {
    { "list", "the reports that there are", report_list, CLI_WORDS_NONE },
    { "describe", "columns, groupings and filters of a report", report_describe, CLI_WORDS_NONE },
    { "run", "run a report and print its result", report_run, CLI_WORDS_NONE },
    { "runs", "the runs in the background of a report", report_runs, CLI_WORDS_NONE },
    { "result", "the result of such a run", report_result, CLI_WORDS_NONE },
    { "delete", "delete a report, or one of its runs", report_delete, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_report = {
    .name = "report", .usage = "list|describe|run|runs|result|delete [REPORT [RUN]]", .summary = "run reports and read their results",
    .text = "REPORT is an id or the report's name. run waits for the result and prints the rows with their groups, then the totals of each group; "
            "--async starts the run and leaves, result waits for it (the org keeps results for 24 hours), runs lists them. delete takes a report or "
            "one run away.\n\n"
            "csv and ndjson have the rows (--totals, --no-details: the totals) under the API names of the columns: numbers and dates as they are, "
            "names instead of ids, nothing where the report shows -. json has report, rows and totals in one object.\n\n"
            "An org puts 2,000 rows at most into a result. When it left rows out, the exit code is 6 and a warning says so; the totals still count "
            "them. Operators of filters: equals, notEqual, lessThan, greaterThan, lessOrEqual, greaterOrEqual, contains, notContain, startsWith, "
            "includes, excludes.",
    .verbs = report_verbs,
    .flags = report_flags, .examples = report_examples, .words_min = 1, .words_max = 3,
    .run = cli_run_verb, .group = "Records",
};
/* clang-format on */
