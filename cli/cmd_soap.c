/* cmd_soap.c: `sforce soap`: any SOAP call. The body comes from a file or stdin, the element of the answer goes out as XML. */
#include "cli.h"

static const struct {
    const char *name;
    sf_soap_api api;
} apis[] = { { "partner", SF_SOAP_PARTNER },
             { "enterprise", SF_SOAP_ENTERPRISE },
             { "metadata", SF_SOAP_METADATA },
             { "tooling", SF_SOAP_TOOLING },
             { "apex", SF_SOAP_APEX } };

static sf_status take_options(cli *c, sf_soap_options *out, sf_error *err)
{
    *out = (sf_soap_options){ .path = cli_args_value(&c->args, "path"),
                              .name_space = cli_args_value(&c->args, "namespace"),
                              .all_or_none = cli_args_times(&c->args, "all-or-none") > 0,
                              .repeatable = cli_args_times(&c->args, "repeatable") > 0,
                              .call = &c->call };
    const char *name = cli_args_value(&c->args, "api"), *headers = cli_args_value(&c->args, "headers");
    if (headers != NULL) {
        sf_str text;
        sf_status rc = cli_read_file(c, headers, SF_XML_WRITE_MAX, &text, err);
        if (rc != SF_OK) return rc;
        out->headers_xml = text.ptr; /* NUL-terminated */
    }
    if (name == NULL) return SF_OK;
    for (size_t i = 0; i < SFI_COUNT_OF(apis); i++) {
        if (strcmp(apis[i].name, name) != 0) continue;
        out->api = apis[i].api;
        return SF_OK;
    }
    return sfi_fail(err, SF_ERR_USAGE, "--api %.40s: want partner, enterprise, metadata, tooling or apex", name);
}

/* An XML declaration is for the envelope, which has one. */
static sf_str without_declaration(sf_str text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    if (sfi_starts_with(text, mark)) text = (sf_str){ text.ptr + 3, text.len - 3 };
    sf_str rest = text;
    if (!sfi_take_text(&rest, "<?xml ")) return text;
    for (; rest.len > 1; rest.ptr++, rest.len--)
        if (rest.ptr[0] == '?' && rest.ptr[1] == '>') return (sf_str){ rest.ptr + 2, rest.len - 2 };
    return text;
}

static int print_answer(cli *c, sf_xml *answer)
{
    sf_error err;
    char *text = NULL;
    size_t len = 0;
    bool whole = cli_args_times(&c->args, "envelope") > 0;
    sf_xml_element e = whole ? sf_xml_root(answer) : sf_soap_body(answer);
    if (sf_xml_to_text(e, true, &text, &len, &err) != SF_OK) return cli_fail_error(c, &err);
    int code;
    if (cli_wants_json(c)) {
        sfi_buf quoted = { 0 };
        cli_json_add_string(&quoted, (sf_str){ text, len });
        code = cli_finish_json(c, sfi_buf_str(&quoted));
        sfi_buf_free(&quoted);
    } else if (cli_out_open(&c->out, c->output, &err) == SF_OK) {
        cli_out_add(&c->out, text, len);
        cli_out_add_char(&c->out, '\n');
        code = cli_finish_output(c);
    } else {
        code = cli_fail_error(c, &err);
    }
    sf_free(text);
    return code;
}

static int run_soap(cli *c)
{
    sf_error err;
    sf_str body;
    sf_soap_options options;
    sf_xml *answer = NULL;
    const char *file = c->args.words[0];
    sf_status rc = take_options(c, &options, &err);
    if (rc == SF_OK) rc = cli_read_file(c, file, SF_XML_WRITE_MAX, &body, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) {
        rc = sf_soap_call(c->sf, without_declaration(body), &options, &answer, &err);
        if (rc == SF_ERR_USAGE) sfi_error_prefix(&err, "%s", strcmp(file, "-") == 0 ? "stdin" : file);
    }
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code = print_answer(c, answer);
    sf_xml_free(answer);
    return code;
}

/* clang-format off */
static const cli_flag soap_flags[] = {
    { "api", 0, "API", "partner (default), enterprise, metadata, tooling or apex", CLI_WORDS_NONE, NULL, false },
    { "path", 0, "PATH", "of an Apex web service: /services/Soap/class/NAME, with --namespace", CLI_WORDS_NONE, NULL, false },
    { "namespace", 0, "URI", "of that service: http://soap.sforce.com/schemas/class/NAME", CLI_WORDS_NONE, NULL, false },
    { "headers", 0, "FILE", "more elements for soapenv:Header", CLI_WORDS_FILE, NULL, false },
    { "all-or-none", 0, NULL, "one row that fails undoes all", CLI_WORDS_NONE, NULL, false },
    { "repeatable", 0, NULL, "the call may be made twice when an answer is lost", CLI_WORDS_NONE, NULL, false },
    { "envelope", 0, NULL, "print the whole answer, with its headers", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example soap_examples[] = {
    { "echo '<getUserInfo/>' | sforce soap -", "Who the session belongs to" },
    { "sforce soap body.xml --api metadata", "A call of the Metadata API" },
    { "sforce soap call.xml --path /services/Soap/class/Invoices --namespace http://soap.sforce.com/schemas/class/Invoices", "An Apex web service" },
    { 0 },
};
const cli_command cli_command_soap = {
    .name = "soap", .usage = "FILE|-", .summary = "make any SOAP call and print its answer",
    .text = "FILE holds what stands inside soapenv:Body: one element, such as <query><queryString>...</queryString></query>. Envelope, session and "
            "headers are added. Prefixes that may be used: none and urn (the API), so (its sObjects), xsi, xsd. The body is checked to be well-formed before "
            "it is sent. The element of the answer is printed as XML; with --json or -r json as a JSON string.",
    .flags = soap_flags, .examples = soap_examples, .words_min = 1, .words_max = 1, .words = { CLI_WORDS_FILE, CLI_WORDS_NONE, CLI_WORDS_NONE },
    .run = run_soap, .group = "The org",
};
/* clang-format on */
