/* cmd_recent.c: `sforce recent` and `counts`: what the user had last, and how many records there are. */
#include "cli.h"

/* The one member that is neither attributes nor Id is the name, whatever it is called. */
static const char *name_of(cli *c, sf_value record)
{
    sf_str key;
    sf_value value;
    for (sf_iter it = sf_iter_begin(record); sf_iter_next(&it, &key, &value);)
        if (!sfi_str_is(key, "attributes") && !sfi_str_is(key, "Id")) return cli_strdup(c, sf_get_str(value, NULL));
    return NULL;
}

static int run_recent(cli *c)
{
    static const char *const names[] = { "type", "id", "name" };
    int64_t limit = 0;
    sf_error err;
    sf_document *doc = NULL;
    if (cli_take_number(c, "limit", 1, SF_RECENT_MAX, &limit, &err) != SF_OK || cli_connect(c, &err) != SF_OK ||
        sf_get_recent(c->sf, limit, &c->call, &doc, &err) != SF_OK)
        return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sf_value record;
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &record);) {
        const char *cells[] = { cli_strdup(c, sf_get_str(record, "attributes.type")),
                                cli_strdup(c, sf_get_str(record, "Id")), name_of(c, record) };
        cli_grid_add(c, &grid, cells);
    }
    int code = cli_finish_grid_value(c, &grid, sf_document_root(doc));
    sf_document_free(doc);
    return code;
}

static int run_counts(cli *c)
{
    static const char *const names[] = { "object", "count" };
    static const bool right[] = { false, true };
    sf_error err;
    sf_document *doc = NULL;
    const size_t wanted = c->args.count; /* 0: all */
    const char **objects = wanted > 0 ? cli_alloc(c, (wanted + 1) * sizeof *objects) : NULL;
    for (size_t i = 0; i < wanted; i++) objects[i] = c->args.words[i];
    if (cli_connect(c, &err) != SF_OK || sf_get_record_counts(c->sf, objects, &c->call, &doc, &err) != SF_OK)
        return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .right = right };
    sf_value one, list = sf_get(sf_document_root(doc), "sObjects");
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &one);) {
        const char *cells[] = { cli_strdup(c, sf_get_str(one, "name")), cli_strdup(c, sf_get_str(one, "count")) };
        cli_grid_add(c, &grid, cells);
    }
    int code = cli_finish_grid_value(c, &grid, list);
    for (size_t i = 0; code == CLI_OK && i < wanted; i++) {
        bool found = false;
        for (size_t k = 0; k < grid.rows; k++) found = found || sfi_eq_nocase(grid.cells[k * 2], objects[i]);
        if (!found)
            cli_warn(c, "%s is not in the answer: the org does not know it, or counts nothing there", objects[i]);
    }
    sf_document_free(doc);
    return code;
}

/* clang-format off */
static const cli_flag recent_flags[] = {
    { "limit", 0, "N", "at most N", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example recent_examples[] = {
    { "sforce recent", "Newest first" },
    { "sforce recent --limit 5 -r json", "As the org sent them" },
    { 0 },
};
const cli_command cli_command_recent = {
    .name = "recent", .usage = "", .summary = "list the records that the user had last",
    .flags = recent_flags, .examples = recent_examples, .run = run_recent, .group = "Records",
};

static const cli_example counts_examples[] = {
    { "sforce counts Account Contact", "Of two objects, in one request" },
    { "sforce counts -r csv", "Of all objects" },
    { 0 },
};
const cli_command cli_command_counts = {
    .name = "counts", .usage = "[OBJECT...]", .summary = "show about how many records there are",
    .text = "The org counts from time to time: a query with COUNT() is exact.",
    .examples = counts_examples, .words_max = -1, .words = { CLI_WORDS_OBJECT, CLI_WORDS_OBJECT, CLI_WORDS_OBJECT },
    .run = run_counts, .group = "The org",
};
/* clang-format on */
