/* cmd_search.c: `sforce search`: the records that a SOSL statement finds. They are of several objects with fields of their own, so the
 * columns of a table are the object's name and then every field in the order in which it first comes; JSON has them as the org sent
 * them. All of them are in one answer, so they are in memory. */
#include "cli.h"

typedef struct columns {
    const char **names; /* paths such as Owner.Name; the first is "type" */
    bool *right;        /* has numbers only */
    size_t count, cap;
} columns;

static size_t column_of(cli *c, columns *all, const char *path)
{
    for (size_t i = 1; i < all->count; i++) /* a field may be called type too */
        if (strcmp(all->names[i], path) == 0) return i;
    if (all->count == all->cap) {
        size_t cap = all->cap * 2;
        const char **names = cli_alloc(c, cap * sizeof *names);
        bool *right = cli_alloc(c, cap * sizeof *right);
        memcpy(names, all->names, all->count * sizeof *names);
        memcpy(right, all->right, all->count * sizeof *right);
        *all = (columns){ .names = names, .right = right, .count = all->count, .cap = cap };
    }
    all->names[all->count] = cli_strdup(c, path);
    all->right[all->count] = true;
    return all->count++;
}

/* A parent record is told by its attributes; other objects (addresses) are values. */
static bool is_parent(sf_value v)
{
    return v.type == SF_OBJECT && sf_get(v, "attributes").type == SF_OBJECT;
}

static void take_columns(cli *c, columns *all, sf_value record, const char *before)
{
    sf_str key;
    sf_value v;
    for (sf_iter it = sf_iter_begin(record); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is(key, "attributes")) continue;
        const char *path = cli_textf(c, "%s%.*s", before, (int)key.len, key.ptr);
        if (is_parent(v)) {
            take_columns(c, all, v, cli_textf(c, "%s.", path));
            continue;
        }
        size_t i = column_of(c, all, path);
        if (v.type != SF_NUMBER && v.type != SF_NULL) all->right[i] = false;
    }
}

static void fill(cli *c, const sf_search *found, const columns *all, cli_grid *grid)
{
    sf_value record;
    const char **cells = cli_alloc(c, all->count * sizeof *cells);
    for (sf_iter it = sf_iter_begin(sf_search_records(found)); sf_iter_next(&it, NULL, &record);) {
        cells[0] = cli_strdup(c, sf_get_str(record, "attributes.type"));
        for (size_t i = 1; i < all->count; i++) cells[i] = cli_cell(c, sf_get(record, all->names[i]));
        cli_grid_add(c, grid, cells);
    }
}

static int print_rows(cli *c, const sf_search *found)
{
    sf_value record;
    columns all = { .cap = 32, .count = 1 };
    all.names = cli_alloc(c, all.cap * sizeof *all.names);
    all.right = cli_alloc(c, all.cap * sizeof *all.right);
    all.names[0] = "type";
    for (sf_iter it = sf_iter_begin(sf_search_records(found)); sf_iter_next(&it, NULL, &record);)
        take_columns(c, &all, record, "");
    cli_grid grid = { .names = all.names, .columns = all.count, .right = all.right };
    fill(c, found, &all, &grid);
    return cli_finish_grid(c, &grid, (sf_str){ NULL, 0 });
}

/* As the org sent them: an array (in the envelope where sf has it), or a record a line. */
static int print_json(cli *c, const sf_search *found)
{
    sf_error err;
    sf_status rc = SF_OK;
    sf_value record;
    bool lines = !c->json && c->format == CLI_FORMAT_NDJSON;
    size_t count = 0;
    sfi_buf text = { 0 };
    if (!lines) sfi_buf_add_str(&text, c->json ? "{\"searchRecords\":[" : "[");
    for (sf_iter it = sf_iter_begin(sf_search_records(found)); rc == SF_OK && sf_iter_next(&it, NULL, &record);) {
        char *json = NULL;
        size_t len = 0;
        rc = sf_value_to_json(record, &json, &len, &err);
        if (count++ > 0 && !lines) sfi_buf_add_str(&text, ",\n");
        if (rc == SF_OK) sfi_buf_add(&text, json, len);
        if (lines) sfi_buf_add_char(&text, '\n');
        sf_free(json);
    }
    if (!lines) sfi_buf_add_str(&text, c->json ? "]}" : "]");
    if (rc == SF_OK) rc = sfi_buf_status(&text, &err, "output");
    int code;
    if (rc == SF_OK && !lines) {
        code = cli_finish_json(c, sfi_buf_str(&text));
    } else if (rc == SF_OK && cli_out_open(&c->out, c->output, &err) == SF_OK) {
        if (text.len > 0) cli_out_add(&c->out, text.data, text.len);
        code = cli_finish_output(c);
    } else {
        code = cli_fail_error(c, &err);
    }
    sfi_buf_free(&text);
    return code;
}

static int run_search(cli *c)
{
    sf_error err;
    sf_search *found = NULL;
    sf_search_options options = { .call = &c->call };
    const char *typed = c->args.count > 0 ? c->args.words[0] : NULL, *flag = cli_args_value(&c->args, "query");
    if ((typed != NULL) == (flag != NULL))
        return cli_usage(c, "search: want one SOSL statement; a text with blanks wants quotes");
    sf_status rc = cli_binds_parse(c, &options.binds, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_search_open(c->sf, typed != NULL ? typed : flag, &options, &found, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code = cli_wants_json(c) ? print_json(c, found) : print_rows(c, found);
    sf_search_close(found);
    return code;
}

/* clang-format off */
static const cli_flag search_flags[] = {
    { "query", 'q', "SOSL", "the statement, as sf spells it", CLI_WORDS_NONE, NULL, false },
    { "param", 'p', "NAME[:TYPE]=VALUE", "put VALUE, escaped or quoted, where the statement says :NAME", CLI_WORDS_NONE, NULL, true },
    { 0 },
};
static const cli_example search_examples[] = {
    { "sforce search \"FIND {Acme*} IN NAME FIELDS RETURNING Account(Id, Name), Contact(Id, Name, Email)\"", "In names, of two objects" },
    { "sforce search \"FIND {:text} RETURNING Lead(Name WHERE Status = 'Open' ORDER BY Name LIMIT 5)\" -p \"text=O'Hara (Bonn)\"", "Any text, escaped as it must be" },
    { 0 },
};
const cli_command cli_command_search = {
    .name = "search", .usage = "SOSL", .summary = "search text in many objects (SOSL)",
    .text = "The records found, 2,000 at most. In table and csv the first column is the record's object, the others are all fields in the "
            "order in which they first come; json and ndjson are the records as the org sent them.\n\n"
            "Parameters: -p NAME=VALUE replaces :NAME. Between the braces every character of VALUE stands for itself and :NAME* finds what begins "
            "with it; behind them it is a value as in query.",
    .flags = search_flags, .examples = search_examples, .words_max = 1, .run = run_search, .group = "Records",
};
/* clang-format on */
