/* cmd_apex.c: `sforce apex`: Apex REST classes. Bodies stream both ways: what is sent comes from a file or stdin as it is read,
 * what is answered goes out as it comes, unless it is looked at first (--json, --include). */
#include "request.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PARAMS_MAX = 64 };

/* ---- the answer, as it comes ---- */
typedef struct printing {
    cli *c;
    bool is_open;
    char last; /* byte that was printed */
} printing;

/* The file is not touched before there is something to write, so that an error leaves it alone. */
static sf_status print_piece(void *user, const char *data, size_t len, sf_error *err)
{
    printing *p = user;
    cli *c = p->c;
    if (!p->is_open) {
        sf_status rc = cli_out_open(&c->out, c->output, err);
        if (rc != SF_OK) return rc;
        p->is_open = true;
    }
    cli_out_add(&c->out, data, len);
    cli_out_flush_stale(&c->out);
    p->last = data[len - 1];
    if (c->out.error == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_IO, "the answer cannot be written: %s", strerror(c->out.error));
}

static int finish_printing(cli *c, printing *p, sf_status rc, const sf_error *cause)
{
    sf_error err;
    if (!p->is_open && rc == SF_OK) { /* an empty answer is an empty file */
        if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
        return cli_finish_output(c);
    }
    if (rc != SF_OK && (!p->is_open || c->out.error == 0)) {
        if (p->is_open) (void)cli_out_close(&c->out, false, NULL); /* cut: what came is no answer */
        return cli_fail_error(c, cause);
    }
    if (c->out.terminal && p->last != '\n') cli_out_add_char(&c->out, '\n');
    return cli_finish_output(c);
}

/* ---- the request ---- */
static sf_status take_params(cli *c, sf_apex_options *o, sf_error *err)
{
    sf_apex_param *params = cli_alloc(c, PARAMS_MAX * sizeof *params);
    o->params = params;
    for (size_t i = 0; i < c->args.given_count; i++) {
        const cli_given *g = &c->args.given[i];
        if (strcmp(g->flag->name, "query-param") != 0) continue;
        if (o->param_count == PARAMS_MAX) return sfi_fail(err, SF_ERR_USAGE, "-q: more than %d parameters", PARAMS_MAX);
        sf_apex_param *p = &params[o->param_count++];
        if (strchr(g->value, '=') == NULL)
            p->name = g->value;
        else if (!cli_split_pair(c, g->value, &p->name, &p->value) || *p->name == 0)
            return sfi_fail(err, SF_ERR_USAGE, "-q %.60s: want NAME=VALUE", g->value);
    }
    return SF_OK;
}

/* The text itself, or a file or stdin as a source. *fd gets what has to be closed. */
static sf_status take_body(cli *c, sf_apex_options *o, sf_source *source, int *fd, sf_error *err)
{
    const char *text = cli_args_value(&c->args, "body");
    if (text == NULL) return SF_OK;
    bool is_stdin = strcmp(text, "-") == 0 || strcmp(text, "@-") == 0;
    if (!is_stdin && text[0] != '@') {
        o->body = sfi_str(text);
        return SF_OK;
    }
    int from = is_stdin ? STDIN_FILENO : open(text + 1, O_RDONLY | O_CLOEXEC);
    if (!is_stdin) *fd = from;
    if (from < 0) return sfi_fail(err, SF_ERR_USAGE, "cannot read %s: %s", text + 1, strerror(errno));
    o->source = source;
    sf_status rc = sf_source_of_fd(from, source, err);
    if (rc == SF_OK) return SF_OK;
    sfi_error_prefix(err, "%s", is_stdin ? "stdin" : text + 1);
    return err->status = SF_ERR_USAGE; /* a folder */
}

static int call_class(cli *c, const char *method, const char *path)
{
    sf_error err = { 0 };
    const char *headers[CLI_HEADERS_MAX + 1] = { 0 };
    sf_apex_options o = { .call = &c->call, .repeatable = cli_args_times(&c->args, "repeatable") > 0 };
    sf_response response = { 0 };
    sf_source source;
    printing p = { .c = c };
    const sf_sink sink = { .write = print_piece, .user = &p };
    bool is_looked_at = c->json || cli_args_times(&c->args, "include") > 0;
    int fd = -1;
    if (!is_looked_at) o.sink = &sink;
    sf_status rc = cli_take_headers(c, headers, &o.content_type, &err);
    if (rc == SF_OK) rc = take_params(c, &o, &err);
    if (rc == SF_OK) rc = take_body(c, &o, &source, &fd, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc != SF_OK) {
        if (fd >= 0) close(fd);
        return cli_fail_error(c, &err);
    }
    c->call.headers = headers[0] != NULL ? headers : NULL;
    rc = sf_apex_request(c->sf, method, path, &o, &response, &err);
    if (fd >= 0) close(fd);
    int code = CLI_OK;
    if (o.sink != NULL && (rc == SF_OK || response.body_len == 0 || p.is_open)) {
        code = finish_printing(c, &p, rc, &err);
    } else {
        if (rc == SF_OK || !c->json) code = cli_print_answer(c, &response);
        if (rc != SF_OK) code = cli_fail_error(c, &err);
    }
    sf_response_clear(&response);
    return code;
}

static int run_apex(cli *c)
{
    /* A first word that is no method is a sub-verb of its own. */
    if (strcmp(c->args.words[0], "run") == 0) return cli_apex_run(c);
    const char *method = NULL;
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
    (void)cli_method_parse(c, c->args.words[0], &method);
    for (size_t i = 0; i < SFI_COUNT_OF(methods); i++) {
        if (strcmp(method, methods[i]) != 0) continue;
        if (c->args.count != 2) return cli_usage(c, "apex: want METHOD and PATH");
        if (strstr(c->args.words[1], "://") != NULL)
            return cli_usage(c, "apex: %.80s: want a path; the session goes to its own instance only",
                             c->args.words[1]);
        return call_class(c, method, c->args.words[1]);
    }
    return cli_usage(c, "apex: %.40s is neither run nor a method; want GET, HEAD, POST, PUT, PATCH or DELETE",
                     c->args.words[0]);
}

/* clang-format off */
static const cli_flag apex_flags[] = {
    { "body", 'b', "BODY|@FILE|-", "what to send: the text itself, a file's bytes, or stdin; the last two are read as they are sent", CLI_WORDS_NONE, NULL, false },
    { "header", 'H', "NAME: VALUE", "add a header; Content-Type is application/json without it", CLI_WORDS_NONE, NULL, true },
    { "query-param", 'q', "NAME=VALUE", "add a parameter to the URL, encoded", CLI_WORDS_NONE, NULL, true },
    { "include", 'i', NULL, "print status and headers of the answer too", CLI_WORDS_NONE, NULL, false },
    { "repeatable", 0, NULL, "doing it twice is harmless: it may be retried", CLI_WORDS_NONE, NULL, false },
    { "file", 'f', "FILE|-", "run: the Apex, as sf spells it", CLI_WORDS_FILE, NULL, false },
    { 0 },
};
static const cli_example apex_examples[] = {
    { "sforce apex GET /Cases/500000000000001AAA", "A class that is mapped to /Cases/*" },
    { "sforce apex POST /Cases -b '{\"subject\":\"Smoke\",\"priority\":\"High\"}'", "With a body" },
    { "sforce apex PUT /orders/import -b @orders.csv -H 'Content-Type: text/csv' -O report.csv", "A file up, another one down" },
    { "sforce apex run fix.apex", "Anonymous Apex; - reads it from stdin" },
    { "sforce apex GET /stock -q 'item=chair & table' -q color=red -i", "Parameters, and the answer's headers" },
    { 0 },
};
static const cli_verb apex_verbs[] = {
    { "GET", "read", NULL, CLI_WORDS_NONE },
    { "HEAD", "only the headers", NULL, CLI_WORDS_NONE },
    { "POST", "create, or call", NULL, CLI_WORDS_NONE },
    { "PUT", "create or replace", NULL, CLI_WORDS_NONE },
    { "PATCH", "change", NULL, CLI_WORDS_NONE },
    { "DELETE", "delete", NULL, CLI_WORDS_NONE },
    { "run", "run a file of anonymous Apex", cli_apex_run, CLI_WORDS_FILE },
    { 0 },
};
const cli_command cli_command_apex = {
    .name = "apex", .usage = "METHOD PATH [-b BODY] | run FILE", .summary = "call an Apex REST class, run Apex",
    .text = "PATH is what the class is mapped to, below /services/apexrest, with its namespace before it if it has one; what a URL cannot hold is "
            "encoded. The answer's body is printed as it came, whatever it is, and may be empty; an answer of 400 and above is an error, its body "
            "is printed all the same. GET, HEAD, PUT and DELETE are repeated after a lost answer, POST and PATCH only with --repeatable.\n\n"
            "run sends a file of anonymous Apex, 15,000 bytes at most once it is encoded for a URL. A compile problem or an exception is an error "
            "with file, line and column; what was written before an exception is undone. It is sent once: a lost answer is exit code 7.",
    .verbs = apex_verbs,
    .flags = apex_flags, .examples = apex_examples, .words_min = 1, .words_max = 2,
    .run = run_apex, .group = "The org",
};
/* clang-format on */
