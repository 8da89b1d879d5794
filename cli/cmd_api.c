/* cmd_api.c: `sforce api`: any request with the login's session. The answer's body goes out as it came. */
#include "request.h"

enum { BODY_MAX = 64 * 1024 * 1024 };

static sf_status take_body(cli *c, sf_str *body, sf_error *err)
{
    const char *text = cli_args_value(&c->args, "body");
    if (text == NULL) return SF_OK;
    if (strcmp(text, "-") == 0) return cli_read_file(c, "-", BODY_MAX, body, err);
    if (text[0] == '@') return cli_read_file(c, text + 1, BODY_MAX, body, err);
    *body = sfi_str(text);
    return SF_OK;
}

static int run_api(cli *c)
{
    sf_error err;
    const char *headers[CLI_HEADERS_MAX + 1] = { 0 };
    sf_request request = { .path = c->args.words[1], .repeatable = cli_args_times(&c->args, "repeatable") > 0 };
    sf_response response = { 0 };
    if (!cli_method_parse(c, c->args.words[0], &request.method))
        return cli_usage(c, "api: %.40s is not a method, such as GET or POST", c->args.words[0]);
    if (strstr(request.path, "://") != NULL)
        return cli_usage(c, "api: %.80s: want a path; the session goes to its own instance only", request.path);
    sf_status rc = cli_take_headers(c, headers, &request.content_type, &err);
    if (rc == SF_OK) rc = take_body(c, &request.body, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    c->call.headers = headers[0] != NULL ? headers : NULL;
    request.call = &c->call;
    rc = sf_client_request(c->sf, &request, &response, &err);
    int code = CLI_OK;
    if (rc >= 0 || (response.body_len > 0 && !c->json)) code = cli_print_answer(c, &response);
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
