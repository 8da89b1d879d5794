/* cmd_action.c: `sforce action`: quick actions and invocable actions under one spelling: a name without a slash is a quick action
 * (Account.NewContact is the object's), one that begins with standard/ or custom/ an invocable one. What an input answered is a
 * row; of many inputs those that failed are told on stderr, with exit code 4. */
#include <salesforce/actions.h>
#include "cli.h"

enum { INPUT_MAX = 50 * 1024 * 1024 };

typedef struct action_name {
    bool is_invocable;
    const char *object; /* of a quick action; NULL: global */
    const char *name;   /* of a quick action; else the path */
} action_name;

static sf_status take_name(cli *c, const char *word, action_name *out, sf_error *err)
{
    *out = (action_name){ .name = word };
    if (strchr(word, '/') != NULL) {
        out->is_invocable = true;
        if (sfi_starts_with(sfi_str(word), "standard/") || sfi_starts_with(sfi_str(word), "custom/")) return SF_OK;
        return sfi_fail(err, SF_ERR_USAGE, "%.80s: an invocable action is standard/NAME or custom/KIND/NAME", word);
    }
    const char *dot = strchr(word, '.');
    if (dot == NULL || sfi_starts_with(sfi_str(word), "FeedItem.")) return SF_OK;
    const char *object = cli_strndup(c, word, (size_t)(dot - word));
    if (!sfi_eq_nocase(object, "Global")) out->object = object;
    out->name = dot + 1;
    return SF_OK;
}

/* The members of an object as rows of two columns. */
static int print_members(cli *c, sf_value object, const char *name, const char *value)
{
    const char *names[] = { name, value };
    cli_grid grid = { .names = names, .columns = 2 };
    sf_str key;
    sf_value v;
    for (sf_iter it = sf_iter_begin(object); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is(key, "attributes")) continue;
        const char *cells[] = { cli_strndup(c, key.ptr, key.len), cli_cell(c, v) };
        cli_grid_add(c, &grid, cells);
    }
    return cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
}

/* Entries of an array with these members as columns. */
static int print_list(cli *c, sf_value list, const char *const *names, size_t count)
{
    cli_grid grid = { .names = names, .columns = count };
    const char **cells = cli_alloc(c, count * sizeof *cells);
    sf_value v;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        for (size_t i = 0; i < count; i++) cells[i] = cli_cell(c, sf_get(v, names[i]));
        cli_grid_add(c, &grid, cells);
    }
    return cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
}

/* ---- list ---- */

static int run_list(cli *c)
{
    static const char *const quick[] = { "name", "type", "label" };
    static const char *const invocable[] = { "name", "type", "label" };
    sf_error err;
    sf_document *doc = NULL;
    const char *what = c->args.count > 1 ? c->args.words[1] : NULL;
    bool is_path = what != NULL && (strcmp(what, "standard") == 0 || strcmp(what, "custom") == 0 ||
                                    sfi_starts_with(sfi_str(what), "custom/"));
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = is_path ? sf_action_list(c->sf, what, &c->call, &doc, &err)
                     : sf_quick_action_list(c->sf, what, &c->call, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    sf_value root = sf_document_root(doc), actions = sf_get(root, "actions");
    int code;
    if (cli_wants_json(c) && (!is_path || (c->format == CLI_FORMAT_NDJSON && sf_value_type(actions) == SF_ARRAY)))
        code = cli_finish_list(c, is_path ? actions : root);
    else if (cli_wants_json(c))
        code = cli_finish_value(c, root);
    else if (!is_path)
        code = print_list(c, root, quick, SFI_COUNT_OF(quick));
    else if (sf_value_type(actions) == SF_ARRAY)
        code = print_list(c, actions, invocable, SFI_COUNT_OF(invocable));
    else
        code = print_members(c, root, "name", "url");
    sf_document_free(doc);
    return code;
}

/* ---- describe ---- */

static void add_inputs(cli *c, cli_grid *grid, sf_value list, const char *direction)
{
    sf_value v;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        const char *cells[] = { direction, cli_cell(c, sf_get(v, "name")), cli_cell(c, sf_get(v, "type")),
                                sf_get_bool(v, "required", false) ? "required" : NULL,
                                cli_cell(c, sf_get(v, "label")) };
        cli_grid_add(c, grid, cells);
    }
}

static void add_fields(cli *c, cli_grid *grid, sf_value layout)
{
    sf_value row, item, part;
    for (sf_iter rows = sf_iter_begin(sf_get(layout, "layoutRows")); sf_iter_next(&rows, NULL, &row);)
        for (sf_iter items = sf_iter_begin(sf_get(row, "layoutItems")); sf_iter_next(&items, NULL, &item);)
            for (sf_iter parts = sf_iter_begin(sf_get(item, "layoutComponents")); sf_iter_next(&parts, NULL, &part);) {
                const char *cells[] = { "input", cli_cell(c, sf_get(part, "value")), cli_cell(c, sf_get(part, "type")),
                                        sf_get_bool(item, "required", false) ? "required" : NULL,
                                        cli_cell(c, sf_get(item, "label")) };
                cli_grid_add(c, grid, cells);
            }
}

static int run_describe(cli *c)
{
    static const char *const names[] = { "direction", "name", "type", "required", "label" };
    sf_error err;
    action_name a;
    sf_document *doc = NULL;
    if (c->args.count != 2) return cli_usage(c, "action describe: want one action");
    sf_status rc = take_name(c, c->args.words[1], &a, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = a.is_invocable ? sf_action_describe(c->sf, a.name, &c->call, &doc, &err)
                            : sf_quick_action_describe(c->sf, a.object, a.name, &c->call, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    sf_value root = sf_document_root(doc);
    int code;
    if (cli_wants_json(c)) {
        code = cli_finish_value(c, root);
    } else {
        cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
        add_inputs(c, &grid, sf_get(root, "inputs"), "input");
        add_fields(c, &grid, sf_get(root, "layout"));
        add_inputs(c, &grid, sf_get(root, "outputs"), "output");
        code = cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
    }
    sf_document_free(doc);
    return code;
}

/* ---- defaults ---- */

static int run_defaults(cli *c)
{
    sf_error err;
    action_name a;
    sf_document *doc = NULL;
    if (c->args.count != 2) return cli_usage(c, "action defaults: want one quick action; --record ID names the record");
    sf_status rc = take_name(c, c->args.words[1], &a, &err);
    if (rc == SF_OK && a.is_invocable)
        rc = sfi_fail(&err, SF_ERR_USAGE, "%.80s is an invocable action, and only quick actions have default values",
                      a.name);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc =
            sf_quick_action_defaults(c->sf, a.object, a.name, cli_args_value(&c->args, "record"), &c->call, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code = cli_wants_json(c) ? cli_finish_value(c, sf_document_root(doc))
                                 : print_members(c, sf_document_root(doc), "field", "value");
    sf_document_free(doc);
    return code;
}

/* ---- run: a quick action ---- */

static int print_done(cli *c, const action_name *a, const sf_quick_action_result *result)
{
    static const char *const names[] = { "id", "success", "created", "message" };
    static const bool bare[] = { false, true, true, false };
    cli_note(c, "%s: %s%s%s.", a->name, result->created ? "created " : "done, ",
             result->id.text[0] ? result->id.text : "",
             result->message[0] ? cli_textf(c, " (%s)", result->message) : "");
    if (!cli_wants_json(c) && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE)) {
        sf_error err;
        if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
        if (result->id.text[0] != '\0') {
            cli_out_add_str(&c->out, result->id.text);
            cli_out_add_char(&c->out, '\n');
        }
        return cli_finish_output(c);
    }
    const char *cells[] = { result->id.text[0] ? result->id.text : NULL, "true", result->created ? "true" : "false",
                            result->message[0] ? result->message : NULL };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true, .right = bare };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
}

static int run_quick(cli *c, const action_name *a)
{
    sf_error err;
    sf_quick_action_result result;
    sf_record *r = sf_record_new("Record");
    if (r == NULL) cli_no_memory();
    sf_status rc = cli_fields_from_words(c, r, 2, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = sf_quick_action_run(c->sf, a->object, a->name, cli_args_value(&c->args, "record"), r, &c->call, &result,
                                 &err);
    sf_record_free(r);
    return rc == SF_OK ? print_done(c, a, &result) : cli_fail_error(c, &err);
}

/* ---- run: an invocable action ---- */

/* One input from the words, or from stdin an object, or an array of them. */
static sf_status read_inputs(cli *c, sf_str *json, sf_error *err)
{
    if (c->args.count == 3 && strcmp(c->args.words[2], "-") == 0) {
        sf_document *doc = NULL;
        sf_str text;
        sf_status rc = cli_read_file(c, "-", INPUT_MAX, &text, err);
        if (rc == SF_OK && sf_document_parse(text.ptr, text.len, &doc, err) != SF_OK) {
            sfi_error_prefix(err, "stdin is not JSON");
            rc = err->status = SF_ERR_USAGE;
        }
        sf_value root = sf_document_root(doc);
        sf_value inputs = sf_get(root, "inputs"); /* a whole body, as the API takes it */
        if (rc == SF_OK && sf_value_type(inputs) == SF_ARRAY && sf_value_count(root) == 1) root = inputs;
        bool is_one = sf_value_type(root) == SF_OBJECT;
        char *out = NULL;
        if (rc == SF_OK) rc = sf_value_to_json(root, &out, NULL, err);
        if (rc == SF_OK) *json = sfi_str(is_one ? cli_textf(c, "[%s]", out) : cli_strdup(c, out));
        sf_free(out);
        sf_document_free(doc);
        return rc;
    }
    sf_record *r = sf_record_new("Input");
    if (r == NULL) cli_no_memory();
    char *out = NULL;
    sf_status rc = cli_fields_from_words(c, r, 2, err);
    if (rc == SF_OK) rc = sf_record_to_json(r, &out, err);
    if (rc == SF_OK) *json = sfi_str(cli_textf(c, "[%s]", out));
    sf_free(out);
    sf_record_free(r);
    return rc;
}

static void add_result(cli *c, cli_grid *grid, const sf_action_result *r)
{
    sf_error err;
    bool failed = sf_action_result_check(r, &err) != SF_OK;
    sf_str message = sf_get_text(r->body, "errors.0.message");
    const char *cells[] = { cli_textf(c, "%zu", r->index + 1), failed ? "false" : "true",
                            sf_value_type(r->outputs) == SF_OBJECT ? cli_cell(c, r->outputs) : NULL,
                            failed ? cli_strdup(c, err.code) : NULL,
                            failed && message.ptr != NULL ? cli_strndup(c, message.ptr, message.len) : NULL };
    cli_grid_add(c, grid, cells);
}

/* One input's outputs are printed as they are; one of several fails with what the org says. */
static int print_results(cli *c, const sf_action_results *results)
{
    static const char *const names[] = { "input", "success", "outputs", "errorCode", "error" };
    static const bool bare[] = { true, true, false, false, false };
    sf_error err;
    sf_action_result r;
    size_t count = sf_action_results_count(results), failed = sf_action_results_failed(results);
    if (count == 1 && sf_action_results_get(results, 0, &r) && sf_action_result_check(&r, &err) != SF_OK)
        return cli_fail_error(c, &err);
    int code;
    if (failed > 0) c->ended = CLI_ROWS;
    if (cli_wants_json(c)) {
        code = cli_finish_list(c, sf_action_results_body(results));
    } else if (count == 1 && sf_action_results_get(results, 0, &r) && c->format != CLI_FORMAT_CSV) {
        code = print_members(c, r.outputs, "output", "value");
    } else {
        cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .right = bare };
        for (size_t i = 0; i < count; i++)
            if (sf_action_results_get(results, i, &r)) add_result(c, &grid, &r);
        code = cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
    }
    if (failed == 0 || code != CLI_ROWS) return code;
    for (size_t i = 0; i < count; i++)
        if (sf_action_results_get(results, i, &r) && sf_action_result_check(&r, &err) != SF_OK)
            cli_note(c, "%s", err.message);
    cli_warn(c, "%zu of %zu inputs failed; the others are done: repeat only those that failed", failed, count);
    return CLI_ROWS;
}

static int run_invocable(cli *c, const action_name *a)
{
    sf_error err;
    sf_str json = { NULL, 0 };
    sf_action_results *results = NULL;
    if (cli_args_value(&c->args, "record") != NULL)
        return cli_usage(c, "--record is for quick actions; give an invocable action its inputs as NAME=VALUE");
    sf_status rc = read_inputs(c, &json, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_action_run_json(c->sf, a->name, json, &c->call, &results, &err);
    int code = rc == SF_OK ? print_results(c, results) : cli_fail_error(c, &err);
    sf_action_results_free(results);
    return code;
}

static int run_run(cli *c)
{
    sf_error err;
    action_name a;
    if (c->args.count < 2) return cli_usage(c, "action run: want an action");
    if (take_name(c, c->args.words[1], &a, &err) != SF_OK) return cli_fail_error(c, &err);
    return a.is_invocable ? run_invocable(c, &a) : run_quick(c, &a);
}

/* clang-format off */
static const cli_flag action_flags[] = {
    { "record", 0, "ID", "quick actions: the record that the action starts from or updates", CLI_WORDS_NONE, "context-id", false },
    { 0 },
};
static const cli_example action_examples[] = {
    { "sforce action list Account", "Quick actions of accounts, and the global ones" },
    { "sforce action run Account.NewContact --record 001000000000001AAA LastName=Hopper", "A quick action on one account; the new id is printed" },
    { "sforce action run LogACall Subject=\"Asked for a quote\"", "A global one" },
    { "sforce action defaults Account.NewOpportunity --record 001000000000001AAA", "The values with which its form begins" },
    { "sforce action list custom/flow", "Flows; also standard, custom, custom/apex, custom/quickAction/Account" },
    { "sforce action describe standard/emailSimple", "Inputs and outputs" },
    { "sforce action run standard/emailSimple emailSubject=Hi emailBody=Hello emailAddresses=ada@acme.example", "One input from the command line" },
    { "echo '[{\"subject\":\"one\"},{\"subject\":\"two\"}]' | sforce action run custom/flow/Open_Case -", "Several from JSON, in one call" },
    { 0 },
};
static const cli_verb action_verbs[] = {
    { "list", "the actions of an object or a kind, and the global ones", run_list, CLI_WORDS_OBJECT },
    { "describe", "what an action takes and gives", run_describe, CLI_WORDS_NONE },
    { "defaults", "the values with which a quick action begins", run_defaults, CLI_WORDS_NONE },
    { "run", "do it", run_run, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_action = {
    .name = "action", .usage = "list [OBJECT|CONTEXT] | describe ACTION | defaults ACTION | run ACTION FIELD=VALUE...|-",
    .summary = "list, describe and run quick actions and invocable actions",
    .text = "A quick action is NAME (global) or OBJECT.NAME; an invocable action is standard/NAME or custom/KIND/NAME, such as custom/flow/Open_Case, "
            "custom/apex/LeadScorer or custom/quickAction/Account/NewContact.\n\n"
            "run takes FIELD=VALUE as create does (FIELD:=JSON, FIELD=@FILE), or - for JSON on stdin: of an invocable action an object, or an array of "
            "up to 200, which go in one call. Of several inputs those that fail do not stop the others: the exit code is 4, each failure is told, and "
            "only these may be repeated.",
    .verbs = action_verbs,
    .flags = action_flags, .examples = action_examples, .words_min = 1, .words_max = -1, .run = cli_run_verb, .group = "Actions",
};
/* clang-format on */
