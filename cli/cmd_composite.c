/* cmd_composite.c: `sforce batch`, `composite` and `graph`: a request file as the API takes it, or the array of its parts
 * alone. A line a part; JSON is the org's answer. Some failed parts are exit code 4, so that scripts see them. */
#include "parts.h"

enum { REQUEST_MAX = 50 * 1024 * 1024 };

const char *cli_part_error(cli *c, const sf_part *part)
{
    sf_error err;
    if (!part->failed || sf_part_check(part, &err) == SF_OK) return NULL;
    sf_str message = sf_get_text(part->body, "0.message");
    if (err.code[0] != 0 && message.len > 0) {
        message = sfi_trim(message);
        return cli_textf(c, "%s: %.*s", err.code, (int)(message.len < 2000 ? message.len : 2000), message.ptr);
    }
    return cli_strdup(c, err.message);
}

/* What a part that went well has to say: an id, how many rows, nothing. */
static const char *result_of(cli *c, const sf_part *part)
{
    if (part->id.text[0] != 0) return cli_strdup(c, part->id.text);
    sf_value rows = sf_get(part->body, "records");
    if (sf_value_type(rows) == SF_ARRAY) {
        bool more = !sf_get_bool(part->body, "done", true);
        return cli_textf(c, "%zu row%s%s", sf_value_count(rows), sf_value_count(rows) == 1 ? "" : "s",
                         more ? ", and more" : "");
    }
    const char *id = sf_get_str(part->body, "Id");
    return id != NULL ? cli_strdup(c, id) : "";
}

static int print_lines(cli *c, const sf_parts *parts, sf_composite_kind kind)
{
    static const char *const names[] = { "graph", "part", "status", "result", "error" };
    static const bool right[] = { false, false, true, false, false };
    size_t skip = kind == SF_COMPOSITE_GRAPH ? 0 : 1;
    cli_grid grid = { .names = names + skip, .columns = SFI_COUNT_OF(names) - skip, .right = right + skip };
    sf_part part;
    for (size_t i = 0; sf_parts_get(parts, i, &part); i++) {
        const char *cells[] = { part.graph_id,
                                part.reference_id != NULL ? part.reference_id : cli_textf(c, "%zu", i + 1),
                                cli_textf(c, "%d", (int)part.http_status), part.failed ? "" : result_of(c, &part),
                                part.failed ? cli_part_error(c, &part) : "" };
        cli_grid_add(c, &grid, cells + skip);
    }
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static int print_json(cli *c, const sf_parts *parts)
{
    sf_error err;
    char *text = NULL;
    size_t len = 0;
    if (sf_value_to_json(sf_parts_body(parts), &text, &len, &err) != SF_OK) return cli_fail_error(c, &err);
    int code = cli_finish_json(c, (sf_str){ text, len });
    sf_free(text);
    return code;
}

static void tell_failures(cli *c, const sf_parts *parts, bool all_or_none)
{
    size_t failed = sf_parts_failed(parts);
    if (failed == 0) return;
    c->ended = CLI_ROWS;
    if (all_or_none)
        cli_note(c, "Nothing was done: it is all or nothing, and a part failed.");
    else
        cli_note(c, "%zu of %zu parts failed.", failed, sf_parts_count(parts));
}

static int run_kind(cli *c, sf_composite_kind kind)
{
    sf_error err;
    sf_document *doc = NULL;
    sf_parts *parts = NULL;
    sf_str text;
    sf_composite_options options = { .all_or_none = cli_args_times(&c->args, "all-or-none") > 0,
                                     .no_collate = cli_args_times(&c->args, "no-collate") > 0,
                                     .halt_on_error = cli_args_times(&c->args, "halt-on-error") > 0,
                                     .call = &c->call };
    const char *file = c->args.words[0];
    sf_status rc = cli_read_json(c, file, REQUEST_MAX, &text, &doc, &err);
    bool all_or_none = options.all_or_none || sf_get_bool(sf_document_root(doc), "allOrNone", false);
    sf_document_free(doc);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) {
        rc = sf_composite_send_json(c->sf, kind, text, &options, &parts, &err);
        if (rc == SF_ERR_USAGE || (rc == SF_ERR_LIMIT && err.http_status == 0))
            sfi_error_prefix(&err, "%s", strcmp(file, "-") == 0 ? "stdin" : file);
    }
    if (rc != SF_OK) return cli_fail_error(c, &err);
    tell_failures(c, parts, all_or_none);
    int code = c->json || c->format == CLI_FORMAT_JSON ? print_json(c, parts) : print_lines(c, parts, kind);
    sf_parts_free(parts);
    return code;
}

static int run_batch(cli *c)
{
    return run_kind(c, SF_COMPOSITE_BATCH);
}

static int run_composite(cli *c)
{
    return run_kind(c, SF_COMPOSITE);
}

static int run_graph(cli *c)
{
    return run_kind(c, SF_COMPOSITE_GRAPH);
}

/* clang-format off */
static const char common_text[] =
    "A line a part: its name (a batch numbers them), HTTP status, what came of it (an id, a number of rows) and its error. With -r json the "
    "org's answer as it came. Exit code 4: some parts failed. A request whose parts all read is repeated after a lost answer, any other "
    "never: then look in the org first.";
static const cli_flag batch_flags[] = {
    { "halt-on-error", 0, NULL, "do not try the parts after the first failed one (an array of parts only)", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example batch_examples[] = {
    { "sforce batch request.json", "{\"batchRequests\":[{\"method\":\"GET\",\"url\":\"v62.0/limits\"},...]}, or the array alone" },
    { "echo '[{\"method\":\"GET\",\"url\":\"v62.0/limits\"}]' | sforce batch - -r json", "From stdin, the whole answer" },
    { 0 },
};
const cli_command cli_command_batch = {
    .name = "batch", .usage = "FILE|-", .summary = "send up to 25 independent requests in one call",
    .text = common_text, .flags = batch_flags, .examples = batch_examples, .words_min = 1, .words_max = 1,
    .words = { CLI_WORDS_FILE, CLI_WORDS_NONE }, .run = run_batch, .group = "Many at once",
};

static const cli_flag composite_flags[] = {
    { "all-or-none", 0, NULL, "one part fails, nothing is done (an array of parts only)", CLI_WORDS_NONE, NULL, false },
    { "no-collate", 0, NULL, "parts strictly one after another (an array of parts only)", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example composite_examples[] = {
    { "sforce composite request.json", "{\"allOrNone\":true,\"compositeRequest\":[...]}" },
    { "sforce composite parts.json --all-or-none", "The array of parts alone; the flags say the rest" },
    { 0 },
};
const cli_command cli_command_composite = {
    .name = "composite", .usage = "FILE|-", .summary = "send up to 25 requests that use each other's answers",
    .text = common_text, .flags = composite_flags, .examples = composite_examples, .words_min = 1, .words_max = 1,
    .words = { CLI_WORDS_FILE, CLI_WORDS_NONE }, .run = run_composite, .group = "Many at once",
};

static const cli_example graph_examples[] = {
    { "sforce graph graphs.json", "{\"graphs\":[{\"graphId\":\"1\",\"compositeRequest\":[...]}]}" },
    { "sforce graph graphs.json -r csv", "One line a part, for other programs" },
    { 0 },
};
const cli_command cli_command_graph = {
    .name = "graph", .usage = "FILE|-", .summary = "send graphs of up to 500 requests, each graph all or nothing",
    .text = common_text, .examples = graph_examples, .words_min = 1, .words_max = 1, .words = { CLI_WORDS_FILE, CLI_WORDS_NONE },
    .run = run_graph, .group = "Many at once",
};
/* clang-format on */
