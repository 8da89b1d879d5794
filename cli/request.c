/* request.c: what commands that send a request of one's own share: api and apex. See request.h. */
#include "request.h"

bool cli_method_parse(cli *c, const char *word, const char **out)
{
    char *method = cli_strdup(c, word);
    for (char *p = method; *p != 0; p++)
        if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
    size_t len = strlen(method);
    *out = method;
    return len >= 1 && len <= 20 && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

sf_status cli_take_headers(cli *c, const char **headers, const char **content_type, sf_error *err)
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
        if (n == CLI_HEADERS_MAX) return sfi_fail(err, SF_ERR_USAGE, "-H: more than %d headers", CLI_HEADERS_MAX);
        headers[n++] = g->value;
    }
    return SF_OK;
}

int cli_print_answer(cli *c, const sf_response *response)
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
