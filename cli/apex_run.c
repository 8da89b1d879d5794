/* apex_run.c: `sforce apex run`: anonymous Apex from a file or stdin. A problem is told with file, line and column. */
#include "cli.h"

enum { APEX_MAX = 1 << 20 };

/* The org's own answer where JSON is wanted; else a word. */
static int finish_run(cli *c, const sf_tooling_result *r)
{
    if (cli_wants_json(c)) return cli_finish_value(c, sf_document_root(r->document));
    cli_note(c, "It compiled and ran to its end.");
    return CLI_OK;
}

static int fail_run(cli *c, const sf_tooling_result *r, const char *name)
{
    if (!r->compiled)
        return cli_fail(c, CLI_FAILED, NULL, "%s:%d:%d: %s", name, (int)r->line, (int)r->column,
                        r->compile_problem != NULL ? r->compile_problem : "it does not compile");
    return cli_fail(c, CLI_FAILED, "what it wrote is undone", "%s:%d: %s", name, (int)r->line,
                    r->exception_message != NULL ? r->exception_message : "an exception without message");
}

int cli_apex_run(cli *c)
{
    sf_error err;
    sf_str text;
    sf_tooling_result r = { 0 };
    const char *flag = cli_args_value(&c->args, "file"), *word = c->args.count > 1 ? c->args.words[1] : NULL;
    if (c->args.count > 2 || (flag != NULL) == (word != NULL))
        return cli_usage(c, "apex run: want one file of Apex, or - for stdin");
    const char *path = word != NULL ? word : flag, *name = strcmp(path, "-") == 0 ? "stdin" : path;
    sf_status rc = cli_read_file(c, path, APEX_MAX, &text, &err);
    if (rc == SF_OK && strlen(text.ptr) != text.len) rc = sfi_fail(&err, SF_ERR_USAGE, "%s: holds a NUL byte", name);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_tooling_run(c->sf, text.ptr, &(sf_tooling_run_options){ .call = &c->call }, &r, &err);
    int code = rc != SF_OK               ? cli_fail_error(c, &err)
               : r.compiled && r.success ? finish_run(c, &r)
                                         : fail_run(c, &r, name);
    sf_tooling_result_clear(&r);
    return code;
}
