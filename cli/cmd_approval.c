/* cmd_approval.c: `sforce approval`: approval processes: what there is, and submit, approve, reject, remove; and `sforce rules`,
 * which lists process rules and runs them on records. */
#include <salesforce/approvals.h>
#include "cli.h"

enum { NEXT_MAX = 25 };

/* {"Account":[{…}]}: the entries of all objects, or of one, with these members as columns. */
static int print_entries(cli *c, sf_value by_object, const char *only, const char *const *names, size_t count)
{
    cli_grid grid = { .names = names, .columns = count };
    const char **cells = cli_alloc(c, count * sizeof *cells);
    sf_str key;
    sf_value list, v;
    for (sf_iter it = sf_iter_begin(by_object); sf_iter_next(&it, &key, &list);) {
        if (only != NULL && !sfi_str_is_nocase(key, only)) continue;
        for (sf_iter entries = sf_iter_begin(list); sf_iter_next(&entries, NULL, &v);) {
            for (size_t i = 0; i < count; i++) {
                sf_str text = sf_get_text(v, names[i]);
                cells[i] = text.ptr != NULL ? cli_strndup(c, text.ptr, text.len) : NULL;
            }
            cli_grid_add(c, &grid, cells);
        }
    }
    return cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
}

/* ---- approvals ---- */

static int run_list(cli *c)
{
    static const char *const names[] = { "object", "name", "id", "description" };
    sf_error err;
    sf_document *doc = NULL;
    if (c->args.count > 2) return cli_usage(c, "approval list: want an object or nothing");
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_approval_list(c->sf, &c->call, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code = cli_wants_json(c)
                   ? cli_finish_value(c, sf_document_root(doc))
                   : print_entries(c, sf_get(sf_document_root(doc), "approvals"),
                                   c->args.count > 1 ? c->args.words[1] : NULL, names, SFI_COUNT_OF(names));
    sf_document_free(doc);
    return code;
}

static void add_result(cli *c, cli_grid *grid, const sf_approval_result *r, const char *word)
{
    sf_error err;
    bool failed = sf_approval_result_check(r, &err) != SF_OK;
    sf_str message = sf_get_text(r->body, "errors.0.message");
    const char *cells[] = { word,
                            failed ? "false" : "true",
                            r->status != NULL ? cli_strdup(c, r->status) : NULL,
                            r->workitem_id.text[0] != '\0' ? cli_strdup(c, r->workitem_id.text) : NULL,
                            r->actor_id.text[0] != '\0' ? cli_strdup(c, r->actor_id.text) : NULL,
                            failed ? cli_strdup(c, err.code) : NULL,
                            failed && message.ptr != NULL ? cli_strndup(c, message.ptr, message.len) : NULL };
    cli_grid_add(c, grid, cells);
}

static int print_results(cli *c, const sf_approval_results *results)
{
    static const char *const names[] = { "id", "success", "status", "workItem", "approver", "errorCode", "error" };
    static const bool bare[] = { false, true, false, false, false, false, false };
    sf_error err;
    sf_approval_result r;
    size_t count = sf_approval_results_count(results), failed = sf_approval_results_failed(results);
    if (count == 1 && sf_approval_results_get(results, 0, &r) && sf_approval_result_check(&r, &err) != SF_OK)
        return cli_fail_error(c, &err);
    int code;
    if (failed > 0) c->ended = CLI_ROWS;
    if (cli_wants_json(c)) {
        code = cli_finish_list(c, sf_approval_results_body(results));
    } else {
        cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .right = bare };
        for (size_t i = 0; i < count; i++)
            if (sf_approval_results_get(results, i, &r)) add_result(c, &grid, &r, c->args.words[i + 1]);
        code = cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
    }
    if (failed == 0 || code != CLI_ROWS) return code;
    for (size_t i = 0; i < count; i++)
        if (sf_approval_results_get(results, i, &r) && sf_approval_result_check(&r, &err) != SF_OK)
            cli_note(c, "%s: %s", c->args.words[i + 1], err.message);
    cli_warn(c, "%zu of %zu requests failed; the others are done", failed, count);
    return CLI_ROWS;
}

static const char *const *next_approvers(cli *c)
{
    const char **list = cli_alloc(c, (NEXT_MAX + 1) * sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < c->args.given_count; i++)
        if (strcmp(c->args.given[i].flag->name, "next") == 0 && n < NEXT_MAX) list[n++] = c->args.given[i].value;
    return n > 0 ? list : NULL;
}

static int run_requests(cli *c, sf_approval_action action)
{
    sf_error err;
    sf_approval_results *results = NULL;
    size_t count = c->args.count - 1;
    if (count == 0)
        return cli_usage(c, "approval %s: want %s", c->args.words[0],
                         action == SF_APPROVAL_SUBMIT ? "the id of a record" : "the id of a work item (04i…)");
    if (cli_args_times(&c->args, "next") > NEXT_MAX) return cli_usage(c, "more than %d --next", NEXT_MAX);
    sf_approval_request *requests = cli_alloc(c, count * sizeof *requests);
    for (size_t i = 0; i < count; i++)
        requests[i] = (sf_approval_request){ .action = action,
                                             .context_id = c->args.words[i + 1],
                                             .comments = cli_args_value(&c->args, "comments"),
                                             .process = cli_args_value(&c->args, "process"),
                                             .skip_entry_criteria = cli_args_times(&c->args, "skip-criteria") > 0,
                                             .next_approver_ids = next_approvers(c) };
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_approval_run(c->sf, requests, count, &c->call, &results, &err);
    int code = rc == SF_OK ? print_results(c, results) : cli_fail_error(c, &err);
    sf_approval_results_free(results);
    return code;
}

static int run_submit(cli *c)
{
    return run_requests(c, SF_APPROVAL_SUBMIT);
}

static int run_approve(cli *c)
{
    return run_requests(c, SF_APPROVAL_APPROVE);
}

static int run_reject(cli *c)
{
    return run_requests(c, SF_APPROVAL_REJECT);
}

static int run_remove(cli *c)
{
    return run_requests(c, SF_APPROVAL_REMOVE);
}

/* ---- process rules ---- */

static int list_rules(cli *c)
{
    static const char *const names[] = { "object", "name", "id", "description" };
    sf_error err;
    sf_document *doc = NULL;
    if (c->args.count > 2) return cli_usage(c, "rules list: want an object or nothing");
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = sf_process_rule_list(c->sf, c->args.count > 1 ? c->args.words[1] : NULL, &c->call, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code = cli_wants_json(c)
                   ? cli_finish_value(c, sf_document_root(doc))
                   : print_entries(c, sf_get(sf_document_root(doc), "rules"), NULL, names, SFI_COUNT_OF(names));
    sf_document_free(doc);
    return code;
}

static int trigger_rules(cli *c)
{
    sf_error err;
    if (c->args.count < 2) return cli_usage(c, "rules run: want the ids of records");
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = sf_process_rule_trigger(c->sf, (const char *const *)c->args.words + 1, c->args.count - 1, &c->call, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "The rules ran on %zu record%s.", c->args.count - 1, c->args.count == 2 ? "" : "s");
    return c->json ? cli_finish_json(c, SFI_STR("{\"success\":true}")) : CLI_OK;
}

/* clang-format off */
static const cli_flag approval_flags[] = {
    { "comments", 'c', "TEXT", "for the history of the process", CLI_WORDS_NONE, NULL, false },
    { "process", 0, "NAME|ID", "submit: this process instead of the first that applies", CLI_WORDS_NONE, NULL, false },
    { "skip-criteria", 0, NULL, "submit, with --process: though its entry criteria do not hold", CLI_WORDS_NONE, NULL, false },
    { "next", 0, "USER_ID", "who shall approve next; repeatable", CLI_WORDS_NONE, NULL, true },
    { 0 },
};
static const cli_example approval_examples[] = {
    { "sforce approval list", "The processes of the org" },
    { "sforce approval submit 001000000000001AAA -c \"please look\"", "Submit a record; the work item is printed" },
    { "sforce approval approve 04i000000000001AAA", "Approve a work item" },
    { "sforce query \"SELECT Id, ProcessInstance.TargetObjectId, ActorId FROM ProcessInstanceWorkitem\"", "What waits for approval" },
    { 0 },
};
static const cli_verb approval_verbs[] = {
    { "list", "the approval processes, or those of an object", run_list, CLI_WORDS_OBJECT },
    { "submit", "submit records for approval", run_submit, CLI_WORDS_NONE },
    { "approve", "approve work items", run_approve, CLI_WORDS_NONE },
    { "reject", "reject work items", run_reject, CLI_WORDS_NONE },
    { "remove", "take records back from approval", run_remove, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_approval = {
    .name = "approval", .usage = "list [OBJECT] | submit ID... | approve|reject|remove WORKITEM...",
    .summary = "submit records for approval, approve and reject them",
    .text = "submit takes record ids, the others ids of work items (04i…), up to 200 in one call. Of several those that fail do not stop the others: "
            "the exit code is 4.",
    .verbs = approval_verbs,
    .flags = approval_flags, .examples = approval_examples, .words_min = 1, .words_max = -1, .run = cli_run_verb, .group = "Actions",
};

static const cli_example rules_examples[] = {
    { "sforce rules list Lead", "The process rules of an object" },
    { "sforce rules run 00Q000000000001AAA", "Run the rules of its object on a record" },
    { 0 },
};
static const cli_verb rules_verbs[] = {
    { "list", "the rules, or those of an object", list_rules, CLI_WORDS_OBJECT },
    { "run", "run the rules of their objects on records", trigger_rules, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_rules = {
    .name = "rules", .usage = "list [OBJECT] | run ID...", .summary = "list process (workflow) rules and run them on records",
    .text = "run lets all active rules of the records' objects look at them, up to 200 records in one call, all or nothing.",
    .verbs = rules_verbs,
    .examples = rules_examples, .words_min = 1, .words_max = -1, .run = cli_run_verb, .group = "Actions",
};
/* clang-format on */
