/* cmd_query.c: `sforce query`: a cursor into rows.c, with what surrounds it: where the statement comes from, COUNT(), the plan, the
 * progress line, and an end that tells a failure from a result. */
#include "rows.h"
#include <unistd.h>

enum { STATEMENT_MAX = 16 * 1024 * 1024 }; /* the library knows the API's limit and names it */

static sf_status take_statement(cli *c, const char **out, sf_error *err)
{
    const char *typed = c->args.count > 0 ? c->args.words[0] : NULL, *flag = cli_args_value(&c->args, "query"),
               *file = cli_args_value(&c->args, "file");
    int ways = (typed != NULL) + (flag != NULL) + (file != NULL);
    if (ways == 0)
        return sfi_fail(err, SF_ERR_USAGE, "query: the statement is missing: give SOQL, -f FILE, or - for stdin");
    if (ways > 1) return sfi_fail(err, SF_ERR_USAGE, "query: two statements; a text with blanks wants quotes");
    if (typed == NULL) typed = flag;
    if (typed != NULL && strcmp(typed, "-") == 0) file = "-";
    sf_str text = sfi_str(typed);
    if (file != NULL) {
        sf_status rc = cli_read_file(c, file, STATEMENT_MAX, &text, err);
        if (rc != SF_OK) return rc;
        if (memchr(text.ptr, 0, text.len) != NULL)
            return sfi_fail(err, SF_ERR_USAGE, "%s holds a NUL byte: it is not a text file",
                            strcmp(file, "-") == 0 ? "stdin" : file);
        if (sfi_starts_with(text, "\xEF\xBB\xBF")) text = (sf_str){ text.ptr + 3, text.len - 3 };
    }
    text = sfi_trim(text);
    while (text.len > 0 && text.ptr[text.len - 1] == ';') text = sfi_trim((sf_str){ text.ptr, text.len - 1 });
    if (text.len == 0) return sfi_fail(err, SF_ERR_USAGE, "query: the statement is empty");
    *out = cli_strndup(c, text.ptr, text.len);
    return SF_OK;
}

static bool is_count_query(const char *soql)
{
    sf_str rest = sfi_str(soql);
    static const char *const words[] = { "select", "count", "(", ")" };
    for (size_t i = 0; i < SFI_COUNT_OF(words); i++) {
        rest = sfi_trim(rest);
        if (!sfi_starts_with_nocase(rest, words[i])) return false;
        rest.ptr += strlen(words[i]);
        rest.len -= strlen(words[i]);
    }
    return sfi_starts_with_nocase(sfi_trim(rest), "from");
}

static sf_status csv_options(cli *c, cli_rows *rows, sf_error *err)
{
    const char *delimiter = cli_args_value(&c->args, "delimiter"), *null_text = cli_args_value(&c->args, "null"),
               *how = cli_args_value(&c->args, "children");
    static const char *const hows[] = { "", "join", "json", "files" };
    rows->csv.crlf = cli_args_times(&c->args, "crlf") > 0;
    rows->csv.bom = cli_args_times(&c->args, "bom") > 0;
    if (null_text != NULL) rows->csv.null_text = null_text;
    rows->csv.null_len = strlen(rows->csv.null_text);
    if (delimiter != NULL && !cli_csv_delimiter(delimiter, &rows->csv.delimiter))
        return sfi_fail(err, SF_ERR_USAGE,
                        "--delimiter %.20s: want one character, or comma, semicolon, tab, pipe, caret, space",
                        delimiter);
    for (size_t i = 1; how != NULL && i < SFI_COUNT_OF(hows); i++)
        if (strcmp(how, hows[i]) == 0) rows->children = (cli_children)i;
    if (how != NULL && rows->children == CLI_CHILDREN_AUTO)
        return sfi_fail(err, SF_ERR_USAGE, "--children %.20s: want join, json or files", how);
    if (rows->children == CLI_CHILDREN_FILES && (rows->format != CLI_FORMAT_CSV || c->output == NULL))
        return sfi_fail(err, SF_ERR_USAGE, "--children files writes beside a csv: give -O FILE.csv");
    return SF_OK;
}

/* ---- the plan ---- */

static int explain(cli *c, const char *soql, const sf_query_options *options)
{
    static const char *const names[] = { "cost", "operation", "object", "rows", "rows_of_object", "index_fields" };
    static const bool right[] = { true, false, false, true, true, false };
    sf_error err;
    sf_document *doc = NULL;
    if (sf_query_explain(c->sf, soql, options, &doc, &err) < 0) return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .right = right };
    sf_value plan;
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "plans")); sf_iter_next(&it, NULL, &plan);) {
        sfi_buf fields = { 0 };
        sf_value field;
        for (sf_iter f = sf_iter_begin(sf_get(plan, "fields")); sf_iter_next(&f, NULL, &field);)
            sfi_buf_addf(&fields, "%s%s", fields.len > 0 ? "," : "", sf_get_str(field, NULL));
        const char *cells[] = { cli_strdup(c, sf_get_str(plan, "relativeCost")),
                                cli_strdup(c, sf_get_str(plan, "leadingOperationType")),
                                cli_strdup(c, sf_get_str(plan, "sobjectType")),
                                cli_strdup(c, sf_get_str(plan, "cardinality")),
                                cli_strdup(c, sf_get_str(plan, "sobjectCardinality")),
                                cli_strdup(c, fields.data != NULL ? fields.data : "") };
        sfi_buf_free(&fields);
        cli_grid_add(c, &grid, cells);
    }
    int code = cli_finish_grid_value(c, &grid, sf_document_root(doc));
    sf_document_free(doc);
    return code;
}

/* ---- the run ---- */

typedef struct progress {
    bool shown; /* there is a line to wipe */
    bool wanted;
    int64_t next_ms;
} progress;

static void show_progress(progress *p, cli *c, const sf_query *q)
{
    if (!p->wanted || (sf_query_delivered(q) & 255) != 0 || sfi_now_ms() < p->next_ms) return;
    fprintf(stderr, "\r%s of %s rows\033[K", cli_group_digits(c, sf_query_delivered(q)),
            cli_group_digits(c, sf_query_total(q)));
    p->next_ms = sfi_now_ms() + 500;
    p->shown = true;
}

static void end_progress(progress *p)
{
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = false;
}

static sf_status pump(cli_rows *rows, sf_error *err)
{
    cli *c = rows->c;
    progress p = { .wanted = !c->no_progress && !c->quiet && !c->json && !c->out.terminal && isatty(STDERR_FILENO) == 1,
                   .next_ms = sfi_now_ms() + 1000 };
    sf_value row;
    sf_status rc;
    while ((rc = sf_query_next(rows->query, &row, err)) == SF_ROW) {
        rc = cli_rows_add(rows, row, err);
        if (rc == SF_OK && cli_signal != 0)
            rc = sfi_fail(err, SF_ERR_CANCELLED, "interrupted after %lld rows", (long long)rows->written);
        if (rc < 0) break;
        show_progress(&p, c, rows->query);
    }
    end_progress(&p);
    if (rc < 0) return rc;
    rc = cli_rows_end(rows, err);
    return rc == SF_OK ? cli_children_files_end(rows, true, err) : rc;
}

static int print_count(cli *c, int64_t total)
{
    const char *text = cli_textf(c, "%lld", (long long)total);
    static const char *const names[] = { "count" };
    static const bool right[] = { true };
    cli_grid grid = { .names = names, .columns = 1, .right = right };
    cli_grid_add(c, &grid, &text);
    return cli_finish_grid(c, &grid, sfi_str(cli_textf(c, "{\"totalSize\":%s,\"done\":true,\"records\":[]}", text)));
}

/* The envelope's end. Its status comes last, so that what failed on the way is told in the same object. */
static int end_envelope(cli *c, const cli_rows *rows, sf_status rc, const sf_error *err)
{
    cli_exit code = rc < 0 ? cli_exit_of(err) : CLI_OK;
    sfi_buf text = { 0 };
    sfi_buf_addf(&text, "],\"totalSize\":%lld,\"done\":%s},\"status\":%d", (long long)sf_query_total(rows->query),
                 rc < 0 ? "false" : "true", (int)code);
    if (rc < 0) {
        sfi_buf_add_str(&text, ",\"error\":{");
        cli_error_members(&text, err, NULL);
        sfi_buf_add_char(&text, '}');
    }
    sfi_buf_add_str(&text, "}\n");
    if (text.data == NULL) cli_no_memory();
    cli_out_add(&c->out, text.data, text.len);
    sfi_buf_free(&text);
    if (rc < 0 && c->output != NULL)
        return cli_fail_error(c, err); /* the file is not kept; the error goes to stdout alone */
    int finished = cli_finish_output(c);
    return code != CLI_OK ? (int)code : finished;
}

int cli_rows_run(cli_rows *rows)
{
    cli *c = rows->c;
    sf_error err;
    if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
    sf_status rc = pump(rows, &err);
    int code;
    if (c->json && rows->begun) {
        code = end_envelope(c, rows, rc, &err);
    } else if (rc < 0) {
        code = cli_fail_error(c, &err);
    } else {
        bool told = c->output != NULL || (c->out.terminal && rows->format == CLI_FORMAT_TABLE);
        code = cli_finish_output(c);
        if (code == CLI_OK && told)
            cli_note(c, "%s row%s%s%s", cli_group_digits(c, rows->written), rows->written == 1 ? "" : "s",
                     c->output != NULL ? " to " : "", c->output != NULL ? c->output : "");
    }
    cli_rows_clear(rows, rc >= 0);
    return code;
}

static sf_status query_options(cli *c, sf_query_options *options, sf_error *err)
{
    int64_t n = 0;
    *options = (sf_query_options){ .all_rows = cli_args_times(&c->args, "all-rows") > 0,
                                   .tooling = cli_args_times(&c->args, "tooling") > 0,
                                   .call = &c->call };
    sf_status rc = cli_take_number(c, "page-rows", 200, 2000, &n, err);
    options->page_rows = (int32_t)n;
    return rc == SF_OK ? cli_binds_parse(c, &options->binds, err) : rc;
}

static int run_query(cli *c)
{
    sf_error err;
    const char *soql = NULL;
    sf_query_options options;
    cli_rows rows;
    if (c->json) c->format = CLI_FORMAT_JSON;
    cli_rows_init(&rows, c, NULL, c->format);
    sf_status rc = take_statement(c, &soql, &err);
    if (rc == SF_OK) rc = query_options(c, &options, &err);
    if (rc == SF_OK) rc = csv_options(c, &rows, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    if (cli_args_times(&c->args, "explain") > 0) return explain(c, soql, &options);
    if (is_count_query(soql)) {
        int64_t total = 0;
        rc = sf_query_count(c->sf, soql, &options, &total, &err);
        return rc < 0 ? cli_fail_error(c, &err) : print_count(c, total);
    }
    rc = sf_query_open(c->sf, soql, &options, &rows.query, &err);
    if (rc < 0) return cli_fail_error(c, &err);
    int code = cli_rows_run(&rows);
    sf_query_close(rows.query);
    return code;
}

/* clang-format off */
static const cli_flag query_flags[] = {
    { "query", 'q', "SOQL", "the statement, as sf spells it", CLI_WORDS_SOQL, NULL, false },
    { "file", 'f', "FILE", "read the statement from FILE", CLI_WORDS_FILE, NULL, false },
    { "param", 'p', "NAME[:TYPE]=VALUE", "put VALUE, quoted, where the statement says :NAME", CLI_WORDS_NONE, NULL, true },
    { "all-rows", 'A', NULL, "deleted and archived records too", CLI_WORDS_NONE, NULL, false },
    { "tooling", 't', NULL, "ask the Tooling API", CLI_WORDS_NONE, "use-tooling-api", false },
    { "explain", 0, NULL, "print the query plan instead", CLI_WORDS_NONE, NULL, false },
    { "page-rows", 0, "N", "wish for N rows a page, 200 to 2000", CLI_WORDS_NONE, NULL, false },
    { "children", 0, "HOW", "child rows in table and csv: join (in a cell), json (in a cell), files (a csv each beside -O FILE)", CLI_WORDS_CHILDREN, NULL, false },
    { "null", 0, "TEXT", "what a null is in csv, such as #N/A; otherwise nothing, and an empty text is \"\"", CLI_WORDS_NONE, NULL, false },
    { "delimiter", 0, "CHAR", "between the values of csv: a character, or comma, semicolon, tab, pipe", CLI_WORDS_NONE, "column-delimiter", false },
    { "crlf", 0, NULL, "csv lines end in CR LF", CLI_WORDS_NONE, NULL, false },
    { "bom", 0, NULL, "csv begins with a byte-order mark, which Excel likes", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example query_examples[] = {
    { "sforce query \"SELECT Id, Name, Owner.Name FROM Account LIMIT 10\"", "Ten accounts" },
    { "sforce query \"SELECT Id FROM Contact WHERE Email = :mail\" -p \"mail=o'hara@acme.com\"", "A value of any kind, quoted as it must be" },
    { "sforce query \"SELECT Name FROM Account WHERE Industry IN :in\" -p in=Energy -p in=Media", "A list: the parameter several times" },
    { "sforce query \"SELECT Id, Name FROM Account\" -O accounts.csv", "Everything, to a file; memory stays flat" },
    { "sforce query -f big.soql -r ndjson | jq -r .Name", "The statement from a file, a JSON object a line" },
    { "sforce query \"SELECT Name, (SELECT LastName FROM Contacts) FROM Account\" --children files -O acc.csv", "Child rows in acc.Contacts.csv" },
    { 0 },
};
const cli_command cli_command_query = {
    .name = "query", .usage = "SOQL | -f FILE | -", .summary = "run a SOQL query",
    .text = "Rows are printed while they come; a million of them need no more memory than a thousand. Columns stand in the order of the "
            "statement, parents as Owner.Name. A result that ends before the org said so is an error.\n\n"
            "Formats: table, csv (RFC 4180, lines end in LF), json (an array), ndjson (an object a line). In csv a null is nothing and "
            "an empty text is \"\"; --null gives nulls a text of their own. json and ndjson are the rows as the org sent them.\n\n"
            "Parameters: -p NAME=VALUE replaces :NAME by a quoted text. Other types are named: -p n:int=3, and likewise decimal, bool, date, "
            "datetime, literal (TODAY, LAST_N_DAYS:30), null. A list for IN :NAME is the parameter several times, "
            "-p in:list=a,b,c, or -p in:file=FILE with a value a line; thousands are fine.",
    .flags = query_flags, .examples = query_examples, .words_max = 1, .words = { CLI_WORDS_SOQL }, .run = run_query, .group = "Records",
};
/* clang-format on */
