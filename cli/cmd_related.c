/* cmd_related.c: `sforce related`: from a record to its children, as rows, or to its parent, as a record. */
#include "rows.h"

static int run_related(cli *c)
{
    sf_error err;
    cli_rows rows;
    sf_document *doc = NULL;
    const char *const *fields = cli_field_list(c);
    const sf_related at = { .object = c->args.words[0], .id = c->args.words[1], .relationship = c->args.words[2] };
    if (c->json) c->format = CLI_FORMAT_JSON;
    cli_rows_init(&rows, c, NULL, c->format);
    sf_status rc =
        fields != NULL && fields[0] == NULL ? sfi_fail(&err, SF_ERR_USAGE, "--fields names no field") : SF_OK;
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = sf_related_open(c->sf, &at, fields, &(sf_query_options){ .call = &c->call }, &rows.query, &err);
    if (rc == SF_OK) {
        int code = cli_rows_run(&rows);
        sf_query_close(rows.query);
        return code;
    }
    if (rc == SF_ERR_PROTOCOL) /* it leads to a parent */
        rc = sf_related_get(c->sf, &at, &(sf_read_options){ .fields = fields, .call = &c->call }, &doc, &err);
    int code = rc == SF_OK ? cli_print_record(c, sf_document_root(doc)) : cli_fail_error(c, &err);
    sf_document_free(doc);
    return code;
}

/* clang-format off */
static const cli_flag related_flags[] = {
    { "fields", 'F', "A,B,...", "only these fields", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example related_examples[] = {
    { "sforce related Account 001000000000001AAA Contacts -F Id,Name,Email", "The contacts of an account, all pages" },
    { "sforce related Contact 003000000000001AAA Account", "The account of a contact" },
    { 0 },
};
const cli_command cli_command_related = {
    .name = "related", .usage = "OBJECT ID RELATIONSHIP", .summary = "read the children or the parent of a record",
    .text = "RELATIONSHIP is a name such as Contacts, Owner or Lines__r, not a field's. Children come as the rows of a query do, a parent as "
            "get shows it.",
    .flags = related_flags, .examples = related_examples, .words_min = 3, .words_max = 3,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_NONE, CLI_WORDS_NONE }, .run = run_related, .group = "Records",
};
/* clang-format on */
