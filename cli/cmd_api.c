/* cmd_api.c: `sforce api`: any request with the login's session. The answer's body goes out as it came. */
#include "cli.h"

enum { BODY_MAX = 64 * 1024 * 1024, HEADERS_MAX = 64 };

static bool method_ok(const char *method)
{
    size_t len = strlen(method);
    return len >= 1 && len <= 20 && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

static sf_status take_headers(cli *c, const char **headers, const char **content_type, sf_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < c->args.given_count; i++) {
        const cli_given *g = &c->args.given[i];
        if (strcmp(g->flag->name, "header") != 0) continue;
        const char *colon = strchr(g->value, ':');
        if (colon == NULL || colon == g->value)
            return sfi_fail(err, SF_ERR_USAGE, "-H %.60s: want \"NAME: VALUE\"", g->value);
        sf_str name = { g->value, (size_t)(colon - g->value) };
        if (sfi_header_is_secret(name))
            return sfi_fail(
                err, SF_ERR_USAGE,
                "-H %.*s: the session is added by itself; a secret on the command line is seen by everybody",
                (int)name.len, name.ptr);
        if (sfi_str_is_nocase(name, "content-type")) {
            sf_str value = sfi_trim(sfi_str(colon + 1));
            *content_type = cli_strndup(c, value.ptr, value.len);
            continue;
        }
        if (n == HEADERS_MAX) return sfi_fail(err, SF_ERR_USAGE, "-H: more than %d headers", HEADERS_MAX);
        headers[n++] = g->value;
    }
    return SF_OK;
}

static sf_status take_body(cli *c, sf_str *body, sf_error *err)
{
    const char *text = cli_args_value(&c->args, "body");
    if (text == NULL) return SF_OK;
    if (strcmp(text, "-") == 0) return cli_read_file(c, "-", BODY_MAX, body, err);
    if (text[0] == '@') return cli_read_file(c, text + 1, BODY_MAX, body, err);
    *body = sfi_str(text);
    return SF_OK;
}

/* Body, with status and headers above it when asked. In the envelope the body is JSON where it is JSON, else a text. */
static int print_answer(cli *c, const sf_response *response)
{
    sf_error err;
    if (c->json) {
        sf_document *doc = NULL;
        sfi_buf text = { 0 };
        sfi_buf_addf(&text, "{\"httpStatus\":%d,\"body\":", (int)response->status);
        if (response->body_len == 0)
            sfi_buf_add_str(&text, "null");
        else if (sf_document_parse(response->body, response->body_len, &doc, NULL) == SF_OK)
            sfi_buf_add(&text, response->body, response->body_len);
        else
            cli_json_add_string(&text, (sf_str){ response->body, response->body_len });
        sfi_buf_add_char(&text, '}');
        sf_document_free(doc);
        int code = sfi_buf_status(&text, &err, "the answer") == SF_OK ? cli_finish_json(c, sfi_buf_str(&text))
                                                                      : cli_fail_error(c, &err);
        sfi_buf_free(&text);
        return code;
    }
    if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
    if (cli_args_times(&c->args, "include") > 0) {
        cli_out_add_str(&c->out, cli_textf(c, "HTTP %d\n", (int)response->status));
        if (response->headers != NULL) cli_out_add_str(&c->out, response->headers);
        cli_out_add_char(&c->out, '\n');
    }
    if (response->body_len > 0) {
        cli_out_add(&c->out, response->body, response->body_len);
        if (c->out.terminal && response->body[response->body_len - 1] != '\n') cli_out_add_char(&c->out, '\n');
    }
    return cli_finish_output(c);
}

static int run_api(cli *c)
{
    sf_error err;
    const char *headers[HEADERS_MAX + 1] = { 0 };
    sf_request request = { .method = c->args.words[0],
                           .path = c->args.words[1],
                           .repeatable = cli_args_times(&c->args, "repeatable") > 0 };
    sf_response response = { 0 };
    char *method = cli_strdup(c, request.method);
    for (char *p = method; *p != 0; p++)
        if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
    request.method = method;
    if (!method_ok(method)) return cli_usage(c, "api: %.40s is not a method, such as GET or POST", c->args.words[0]);
    if (strstr(request.path, "://") != NULL)
        return cli_usage(c, "api: %.80s: want a path; the session goes to its own instance only", request.path);
    sf_status rc = take_headers(c, headers, &request.content_type, &err);
    if (rc == SF_OK) rc = take_body(c, &request.body, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    c->call.headers = headers[0] != NULL ? headers : NULL;
    request.call = &c->call;
    rc = sf_client_request(c->sf, &request, &response, &err);
    int code = CLI_OK;
    if (rc >= 0 || (response.body_len > 0 && !c->json)) code = print_answer(c, &response);
    if (rc < 0) code = cli_fail_error(c, &err);
    sf_response_clear(&response);
    return code;
}

/* clang-format off */
static const cli_flag api_flags[] = {
    { "body", 'b', "BODY|@FILE|-", "what to send: the text itself, a file's bytes, or stdin", CLI_WORDS_NONE, NULL, false },
    { "header", 'H', "NAME: VALUE", "add a header", CLI_WORDS_NONE, NULL, true },
    { "include", 'i', NULL, "print status and headers of the answer too", CLI_WORDS_NONE, NULL, false },
    { "repeatable", 0, NULL, "doing it twice is harmless: it may be retried", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example api_examples[] = {
    { "sforce api GET limits", "Below /services/data/vXX.X/" },
    { "sforce api GET /services/data/", "Or any path of the instance" },
    { "sforce api PATCH sobjects/Account/001000000000001AAA -b '{\"Name\":\"Acme\"}'", "With a body" },
    { "sforce api POST composite -b @request.json -i", "From a file, with the answer's headers" },
    { 0 },
};
const cli_command cli_command_api = {
    .name = "api", .usage = "METHOD PATH [-b BODY]", .summary = "send any request with the login's session",
    .text = "PATH is below /services/data/vXX.X/ unless it starts with a slash. The answer's body is printed as it came; an answer of 400 and "
            "above is an error, its body is printed all the same. GET, HEAD, PUT and DELETE are repeated after a lost answer, POST and PATCH "
            "only with --repeatable.",
    .flags = api_flags, .examples = api_examples, .words_min = 2, .words_max = 2, .words = { CLI_WORDS_METHOD, CLI_WORDS_NONE },
    .run = run_api, .group = "The org",
};
/* clang-format on */
