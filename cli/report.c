/* report.c: how a run fails and finishes: one line that names the thing and the way out, and the exit code that scripts
 * read. With --json the same goes to stdout as one object. */
#include "cli.h"
#include <unistd.h>
#undef cli_usage /* a macro when the analyzer reads */

static bool code_is(const sf_error *err, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sfi_eq_nocase(err->code, codes[i])) return true;
    return false;
}

static bool is_access_code(const sf_error *err)
{
    static const char *const codes[] = { "INVALID_SESSION_ID",     "API_DISABLED_FOR_ORG",
                                         "API_CURRENTLY_DISABLED", "INVALID_AUTH_HEADER",
                                         "INVALID_LOGIN",          "invalid_grant",
                                         "invalid_client",         "invalid_client_id",
                                         "OAUTH_APP_BLOCKED",      "CLIENT_NOT_ACCESSIBLE_FOR_USER" };
    return code_is(err, codes, SFI_COUNT_OF(codes));
}

cli_exit cli_exit_of(const sf_error *err)
{
    switch (err->status) {
    case SF_ERR_USAGE: return CLI_USAGE;
    case SF_ERR_LIMIT:
        return err->http_status == 0 ? CLI_USAGE : CLI_FAILED; /* what was typed is too long; or what came */
    case SF_ERR_NETWORK:
    case SF_ERR_TIMEOUT:
    case SF_ERR_TRUNCATED:
    case SF_ERR_UNAVAILABLE: return CLI_NETWORK;
    case SF_ERR_UNKNOWN_OUTCOME: return CLI_UNKNOWN;
    case SF_ERR_AUTH: return CLI_LOGIN;
    case SF_ERR_API_LIMIT: return CLI_LIMIT;
    case SF_ERR_CANCELLED: return cli_signal == SIGTERM ? CLI_TERMINATED : CLI_INTERRUPTED;
    case SF_ERR_ORG:
        if (is_access_code(err)) return CLI_LOGIN;
        if (sfi_eq_nocase(err->code, "REQUEST_LIMIT_EXCEEDED")) return CLI_LIMIT;
        return err->http_status >= 500 && err->retryable ? CLI_NETWORK : CLI_FAILED;
    default: return CLI_FAILED;
    }
}

static const char *hint_of_code(const char *code)
{
    static const struct {
        const char *code, *hint;
    } hints[] = {
        { "INVALID_FIELD", "sforce describe OBJECT lists its fields" },
        { "INVALID_FIELD_FOR_INSERT_UPDATE", "sforce describe OBJECT.FIELD says whether it can be written" },
        { "INVALID_TYPE", "sforce describe lists the objects that this user sees" },
        { "MALFORMED_ID", "ids have 15 or 18 characters; sforce query finds them" },
        { "MALFORMED_QUERY", "check the statement at the place named; values go in safely with -p name=value" },
        { "REQUIRED_FIELD_MISSING", "add FIELD=VALUE for each field named" },
        { "DUPLICATES_DETECTED", "look at the records named, or save anyway with --allow-duplicates" },
        { "ENTITY_IS_DELETED", "the record is in the recycle bin" },
        { "UNABLE_TO_LOCK_ROW", "somebody else writes it at the moment: try again" },
        { "REQUEST_LIMIT_EXCEEDED", "sforce limits shows the allowance, which is counted over the last 24 hours" },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(hints); i++)
        if (sfi_eq_nocase(code, hints[i].code)) return hints[i].hint;
    return NULL;
}

static const char *hint_of(cli *c, const sf_error *err)
{
    if (err->status == SF_ERR_CANCELLED) return NULL;
    if (err->retry_after_ms > 0)
        return cli_textf(c, "the server says: try again in %lld s", (long long)((err->retry_after_ms + 999) / 1000));
    const char *hint = hint_of_code(err->code);
    if (hint != NULL) return hint;
    switch (cli_exit_of(err)) {
    case CLI_LOGIN:
        return c->login.name != NULL && c->login.path != NULL
                   ? cli_textf(c, "log in again: sforce login %s -a %s",
                               c->login.login_url != NULL ? c->login.login_url : "URL", c->login.name)
                   : "sforce login --help shows the ways to log in; sforce local start needs no credentials";
    case CLI_NETWORK:
        return c->login.path != NULL && sfi_eq_nocase(c->login.flow, "client-credentials") &&
                       c->login.instance_url != NULL && strstr(c->login.instance_url, "//127.0.0.1") != NULL
                   ? "is the local org running? sforce local start"
                   : "nothing was changed: it is safe to run the command again";
    case CLI_UNKNOWN:
        return "the write may or may not have taken effect: look for the record (sforce query) before you repeat it";
    case CLI_FAILED:
        return err->status == SF_ERR_NOT_FOUND
                   ? "sforce describe lists objects, sforce query finds ids, sforce versions lists API versions"
                   : NULL;
    case CLI_LIMIT:
        return c->max_calls > 0 ? "raise --max-calls, or see sforce limits" : "sforce limits shows what is left";
    case CLI_USAGE:
        return c->args.command != NULL ? cli_textf(c, "sforce %s --help shows how", c->args.command->name)
                                       : "sforce --help lists the commands";
    default: return NULL;
    }
}

void cli_error_members(sfi_buf *out, const sf_error *err, const char *hint)
{
    sfi_buf_addf(out, "\"name\":\"%s\"", sf_status_name(err->status));
    if (err->code[0] != 0) cli_json_add_member(out, "code", err->code);
    cli_json_add_member(out, "message", err->message);
    if (err->fields[0] != 0) {
        sfi_buf_add_str(out, ",\"fields\":[");
        for (const char *p = err->fields; *p != 0;) {
            size_t len = strcspn(p, ",");
            if (p != err->fields) sfi_buf_add_char(out, ',');
            cli_json_add_string(out, sfi_trim((sf_str){ p, len }));
            p += len + (p[len] == ',');
        }
        sfi_buf_add_char(out, ']');
    }
    if (err->http_status != 0) sfi_buf_addf(out, ",\"httpStatus\":%d", (int)err->http_status);
    sfi_buf_addf(out, ",\"retryable\":%s", err->retryable ? "true" : "false");
    if (err->retry_after_ms > 0) sfi_buf_addf(out, ",\"retryAfterMs\":%lld", (long long)err->retry_after_ms);
    cli_json_add_member(out, "hint", hint);
}

static int report(cli *c, cli_exit code, const sf_error *err, const char *hint)
{
    sf_error ignored;
    if (c->out.broken_pipe) return (int)code; /* the reader left: nobody wants to know, main ends the run quietly */
    if (c->out.fd >= 0) (void)cli_out_close(&c->out, false, &ignored); /* this failure is the one to tell */
    if (c->json) {
        sfi_buf text = { 0 };
        sfi_buf_addf(&text, "{\"status\":%d,\"error\":{", (int)code);
        cli_error_members(&text, err, hint);
        sfi_buf_add_str(&text, "}}\n");
        if (text.data == NULL) cli_no_memory();
        fwrite(text.data, 1, text.len, stdout);
        fflush(stdout);
        sfi_buf_free(&text);
        return (int)code;
    }
    const char *red = c->color ? "\033[31m" : "", *dim = c->color ? "\033[2m" : "", *end = c->color ? "\033[0m" : "";
    bool named = err->code[0] != 0 && strstr(err->message, err->code) == NULL;
    size_t len = strlen(err->message);
    if (hint != NULL && len > 0 && err->message[len - 1] == '.') len--;
    fprintf(stderr, "%ssforce:%s %s%s%.*s", red, end, named ? err->code : "", named ? ": " : "", (int)len,
            err->message);
    if (hint != NULL) fprintf(stderr, "%s; hint: %s%s", dim, hint, end);
    fputc('\n', stderr);
    return (int)code;
}

int cli_fail(cli *c, cli_exit code, const char *hint, const char *format, ...)
{
    static const struct {
        cli_exit code;
        sf_status status;
    } names[] = { { CLI_USAGE, SF_ERR_USAGE },
                  { CLI_LOGIN, SF_ERR_AUTH },
                  { CLI_NETWORK, SF_ERR_NETWORK },
                  { CLI_FAILED, SF_ERR_IO } };
    sf_status status = SF_ERR_IO;
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (names[i].code == code) status = names[i].status;
    char text[sizeof(((sf_error *)0)->message)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sf_error err;
    (void)sfi_fail(&err, status, "%s", text); /* fills err; the code is the caller's */
    return report(c, code, &err, hint);
}

int cli_fail_error(cli *c, const sf_error *err)
{
    return report(c, cli_exit_of(err), err, hint_of(c, err));
}

int cli_fail_hint(cli *c, const sf_error *err, const char *hint)
{
    return report(c, cli_exit_of(err), err, hint);
}

int cli_fail_as(cli *c, cli_exit code, const sf_error *err, const char *hint)
{
    return report(c, code, err, hint != NULL ? hint : hint_of(c, err));
}

int cli_usage(cli *c, const char *format, ...)
{
    char text[sizeof(((sf_error *)0)->message)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sf_error err;
    (void)sfi_fail(&err, SF_ERR_USAGE, "%s", text); /* fills err */
    return cli_fail_error(c, &err);
}

void cli_note(const cli *c, const char *format, ...)
{
    if (c->quiet || c->json) return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void cli_warn(const cli *c, const char *format, ...)
{
    va_list args;
    fputs(c->color ? "\033[33msforce:\033[0m warning: " : "sforce: warning: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

int cli_finish_output(cli *c)
{
    sf_error err;
    if (cli_out_close(&c->out, true, &err) != SF_OK) return cli_fail_error(c, &err);
    return (int)c->ended;
}

int cli_finish_json(cli *c, sf_str result)
{
    sf_error err;
    if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
    if (c->json) cli_out_add_str(&c->out, cli_textf(c, "{\"status\":%d,\"result\":", (int)c->ended));
    cli_out_add(&c->out, result.ptr, result.len);
    if (c->json) cli_out_add_char(&c->out, '}');
    cli_out_add_char(&c->out, '\n');
    return cli_finish_output(c);
}

bool cli_wants_json(const cli *c)
{
    return c->json || c->format == CLI_FORMAT_JSON || c->format == CLI_FORMAT_NDJSON;
}

int cli_finish_value(cli *c, sf_value value)
{
    sf_error err;
    char *json = NULL;
    size_t len = 0;
    if (sf_value_to_json(value, &json, &len, &err) != SF_OK) return cli_fail_error(c, &err);
    int code = cli_finish_json(c, (sf_str){ json, len });
    sf_free(json);
    return code;
}

int cli_finish_grid_value(cli *c, const cli_grid *grid, sf_value raw)
{
    sf_error err;
    char *json = NULL;
    size_t len = 0;
    if ((c->json || c->format == CLI_FORMAT_JSON) && sf_value_to_json(raw, &json, &len, &err) != SF_OK)
        return cli_fail_error(c, &err);
    int code = cli_finish_grid(c, grid, (sf_str){ json, len });
    sf_free(json);
    return code;
}

const char *cli_cell(cli *c, sf_value v)
{
    sf_str text = sf_get_text(v, NULL);
    if (sf_value_type(v) != SF_OBJECT && sf_value_type(v) != SF_ARRAY)
        return text.ptr != NULL ? cli_strndup(c, text.ptr, text.len) : NULL;
    char *json = NULL;
    size_t len = 0;
    if (sf_value_to_json(v, &json, &len, NULL) != SF_OK) cli_no_memory(); /* the org's own values are JSON */
    const char *kept = cli_strndup(c, json, len);
    sf_free(json);
    return kept;
}

int cli_finish_list(cli *c, sf_value list)
{
    sf_error err;
    sf_value v;
    bool lines = !c->json && c->format == CLI_FORMAT_NDJSON;
    sfi_buf text = { 0 };
    sf_status rc = SF_OK;
    size_t count = 0;
    if (!lines) sfi_buf_add_char(&text, '[');
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && sf_iter_next(&it, NULL, &v);) {
        char *json = NULL;
        size_t len = 0;
        rc = sf_value_to_json(v, &json, &len, &err);
        if (count++ > 0) sfi_buf_add_str(&text, lines ? "\n" : ",\n");
        if (rc == SF_OK) sfi_buf_add(&text, json, len);
        sf_free(json);
    }
    if (!lines) sfi_buf_add_char(&text, ']');
    if (rc == SF_OK) rc = sfi_buf_status(&text, &err, "output");
    int code = rc != SF_OK ? cli_fail_error(c, &err) : CLI_OK;
    if (rc == SF_OK && lines && count == 0) { /* nothing is no line */
        code = cli_out_open(&c->out, c->output, &err) == SF_OK ? cli_finish_output(c) : cli_fail_error(c, &err);
    } else if (rc == SF_OK) {
        code = cli_finish_json(c, sfi_buf_str(&text));
    }
    sfi_buf_free(&text);
    return code;
}

int cli_finish_grid(cli *c, const cli_grid *grid, sf_str raw)
{
    sf_error err;
    bool whole = c->json || c->format == CLI_FORMAT_JSON;
    if (!whole) {
        if (cli_out_open(&c->out, c->output, &err) != SF_OK || cli_grid_print(c, grid, &err) != SF_OK)
            return cli_fail_error(c, &err);
        return cli_finish_output(c);
    }
    if (raw.ptr != NULL) return cli_finish_json(c, raw);
    sfi_buf text = { 0 };
    cli_grid_json(grid, &text, false);
    if (text.data == NULL) cli_no_memory();
    int code = cli_finish_json(c, sfi_buf_str(&text));
    sfi_buf_free(&text);
    return (int)code;
}

const char *cli_error_message(const sf_error *err)
{
    size_t len = strlen(err->code);
    bool repeats = len > 0 && strncmp(err->message, err->code, len) == 0 && err->message[len] == ':';
    return repeats ? err->message + len + 2 : err->message;
}
