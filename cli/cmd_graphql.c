/* cmd_graphql.c: `sforce graphql`: a query from a file, stdin or the line. As JSON the answer goes out as it came; as table,
 * csv or ndjson it is the rows of a connection, with all pages. */
#include "cli.h"
#include <unistd.h>

enum { TEXT_MAX = 1024 * 1024 };

/* ---- what is sent ---- */

static sf_status take_text(cli *c, const char **out, sf_error *err)
{
    const char *word = c->args.words[0];
    sf_str text = sfi_str(word);
    bool is_file = strcmp(word, "-") == 0 || access(word, F_OK) == 0;
    if (!is_file && strchr(word, '{') == NULL)
        return sfi_fail(err, SF_ERR_USAGE,
                        "graphql: %.100s is no file that can be read, and no query such as \"{ uiapi { query "
                        "{ … } } }\"",
                        word);
    sf_status rc = is_file ? cli_read_file(c, word, TEXT_MAX, &text, err) : SF_OK;
    if (rc != SF_OK) return rc;
    if (memchr(text.ptr, 0, text.len) != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "%s holds a NUL byte: it is not a text file",
                        strcmp(word, "-") == 0 ? "stdin" : word);
    if (sfi_starts_with(text, "\xEF\xBB\xBF")) text = (sf_str){ text.ptr + 3, text.len - 3 };
    *out = cli_strndup(c, text.ptr, text.len);
    return SF_OK;
}

/* -p NAME=TEXT and -p NAME:=JSON into an object. */
static sf_status take_variables(cli *c, const char **out, sf_error *err)
{
    sfi_buf text = { 0 };
    sf_status rc = SF_OK;
    *out = NULL;
    for (size_t i = 0; rc == SF_OK && i < c->args.given_count; i++) {
        const cli_given *g = &c->args.given[i];
        const char *name, *value;
        if (strcmp(g->flag->name, "param") != 0) continue;
        if (!cli_split_pair(c, g->value, &name, &value)) {
            rc = sfi_fail(err, SF_ERR_USAGE, "-p %.80s: want NAME=TEXT, or NAME:=JSON for numbers, lists and the like",
                          g->value);
            break;
        }
        size_t len = strlen(name);
        bool is_json = name[len - 1] == ':';
        sf_document *doc = NULL;
        sfi_buf_add_char(&text, text.len == 0 ? '{' : ',');
        cli_json_add_string(&text, (sf_str){ name, len - is_json });
        sfi_buf_add_char(&text, ':');
        if (is_json && sf_document_parse(value, strlen(value), &doc, err) != SF_OK)
            rc = sfi_fail(err, SF_ERR_USAGE, "-p %.80s: what stands behind := is not JSON", g->value);
        sf_document_free(doc);
        if (is_json)
            sfi_buf_add_str(&text, value);
        else
            cli_json_add_string(&text, sfi_str(value));
    }
    if (rc == SF_OK && text.len > 0) {
        sfi_buf_add_char(&text, '}');
        rc = sfi_buf_status(&text, err, "the variables");
        if (rc == SF_OK) *out = cli_strndup(c, text.data, text.len);
    }
    sfi_buf_free(&text);
    return rc;
}

/* ---- the whole answer ---- */

static int run_whole(cli *c, const char *text, sf_graphql_options *options)
{
    sf_error err;
    sf_document *doc = NULL;
    options->keep_errors = !c->json; /* what could be answered is shown beside them */
    sf_status rc = sf_graphql_run(c->sf, text, options, &doc, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    sf_value error = sf_get(sf_document_root(doc), "errors.0");
    const char *message = cli_strdup(c, sf_get_str(error, "message"));
    int64_t line = sf_get_int(error, "locations.0.line", 0), column = sf_get_int(error, "locations.0.column", 0);
    bool failed = sf_value_type(error) != SF_MISSING;
    int code = cli_finish_value(c, sf_document_root(doc));
    sf_document_free(doc);
    if (code != CLI_OK || !failed) return code;
    const char *place = line > 0 ? cli_textf(c, " (line %lld, column %lld)", (long long)line, (long long)column) : "";
    return cli_fail(c, CLI_FAILED, NULL, "graphql: %s%s", message != NULL ? message : "the answer has errors", place);
}

/* ---- rows ---- */

typedef struct columns {
    const char **names;
    size_t count, cap;
} columns;

static void add_column(cli *c, columns *all, const char *name)
{
    all->names = cli_grow(c, all->names, all->count, &all->cap, sizeof *all->names);
    all->names[all->count++] = cli_strdup(c, name);
}

static bool is_scalar(sf_value v)
{
    return sf_value_type(v) != SF_OBJECT && sf_value_type(v) != SF_ARRAY;
}

/* Name { value } is the column Name, Owner { Name { value } } is Owner.Name; child connections are a cell of JSON. A
 * parent that is null in the first row tells no columns, so the first row that has it adds them. */
static void take_columns(cli *c, columns *all, sf_value node, const char *before)
{
    sf_str key;
    sf_value v;
    for (sf_iter it = sf_iter_begin(node); sf_iter_next(&it, &key, &v);) {
        const char *path = cli_textf(c, "%s%.*s", before, (int)key.len, key.ptr);
        bool is_leaf = is_scalar(v) || sf_value_type(sf_get(v, "edges")) == SF_ARRAY || sf_value_type(v) == SF_ARRAY;
        if (before[0] != 0 && sfi_str_is(key, "value")) path = cli_strndup(c, before, strlen(before) - 1);
        bool known = false;
        for (size_t i = 0; i < all->count; i++) known = known || strcmp(all->names[i], path) == 0;
        if (is_leaf && sf_value_type(v) == SF_NULL && !sfi_str_is(key, "value") && before[0] == 0) continue;
        if (is_leaf && !known) add_column(c, all, path);
        if (!is_leaf) take_columns(c, all, v, cli_textf(c, "%s.", path));
    }
}

/* { value } is its value. */
static const char *cell_of(cli *c, sf_value node, const char *path)
{
    sf_value v = sf_get(node, path);
    return cli_cell(c, sf_value_type(sf_get(v, "value")) != SF_MISSING ? sf_get(v, "value") : v);
}

static int print_grid(cli *c, sf_document **rows, size_t count)
{
    columns all = { 0 };
    for (size_t i = 0; i < count; i++) take_columns(c, &all, sf_document_root(rows[i]), "");
    if (count == 0) add_column(c, &all, "Id");
    cli_grid grid = { .names = all.names, .columns = all.count };
    const char **cells = cli_alloc(c, (all.count + 1) * sizeof *cells);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < all.count; k++) cells[k] = cell_of(c, sf_document_root(rows[i]), all.names[k]);
        cli_grid_add(c, &grid, cells);
    }
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static sf_status keep_row(sf_document ***rows, size_t *count, size_t *cap, sf_value node, sf_error *err)
{
    if (*count == *cap) {
        *cap = *cap == 0 ? 256 : *cap * 2;
        sf_document **bigger = sfi_realloc(*rows, *cap * sizeof(sf_document *));
        if (bigger == NULL) return sfi_fail_memory(err, "the rows");
        *rows = bigger;
    }
    sf_status rc = sf_value_dup(node, &(*rows)[*count], err);
    if (rc == SF_OK) ++*count;
    return rc;
}

static sf_status print_line(cli *c, sf_value node, sf_error *err)
{
    char *json = NULL;
    size_t len = 0;
    sf_status rc = sf_value_to_json(node, &json, &len, err);
    if (rc == SF_OK) cli_out_add(&c->out, json, len);
    if (rc == SF_OK) cli_out_add_char(&c->out, '\n');
    sf_free(json);
    return rc;
}

static int run_rows(cli *c, const char *text, const sf_graphql_options *options)
{
    sf_error err;
    sf_graphql *g = NULL;
    sf_value node;
    sf_document **rows = NULL;
    size_t count = 0, cap = 0;
    bool lines = c->format == CLI_FORMAT_NDJSON;
    sf_status rc = sf_graphql_open(c->sf, text, options, &g, &err);
    if (rc == SF_OK && lines) rc = cli_out_open(&c->out, c->output, &err);
    while (rc >= 0 && (rc = sf_graphql_next(g, &node, &err)) == SF_ROW)
        rc = lines ? print_line(c, node, &err) : keep_row(&rows, &count, &cap, node, &err);
    sf_graphql_close(g);
    int code;
    if (rc < 0)
        code = cli_fail_error(c, &err);
    else
        code = lines ? cli_finish_output(c) : print_grid(c, rows, count);
    for (size_t i = 0; i < count; i++) sf_document_free(rows[i]);
    sfi_free(rows);
    return code;
}

static int run_graphql(cli *c)
{
    sf_error err;
    const char *text = NULL;
    sf_graphql_options options = { .operation = cli_args_value(&c->args, "operation"), .call = &c->call };
    sf_status rc = take_text(c, &text, &err);
    if (rc == SF_OK) rc = take_variables(c, &options.variables, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    const char *connection = cli_args_value(&c->args, "connection");
    bool rows =
        !c->json && (c->format == CLI_FORMAT_TABLE || c->format == CLI_FORMAT_CSV || c->format == CLI_FORMAT_NDJSON);
    if (!rows && connection != NULL) return cli_usage(c, "graphql: --connection is for rows: -r table, csv or ndjson");
    options.connection = connection;
    return rows ? run_rows(c, text, &options) : run_whole(c, text, &options);
}

/* clang-format off */
static const cli_flag graphql_flags[] = {
    { "param", 'p', "NAME[:]=VALUE", "the value of $NAME: a text, or after := any JSON", CLI_WORDS_NONE, NULL, true },
    { "operation", 0, "NAME", "which operation, where the text has several", CLI_WORDS_NONE, NULL, false },
    { "connection", 0, "PATH", "rows: which connection, such as uiapi.query.Account; otherwise the only one", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example graphql_examples[] = {
    { "sforce graphql \"{ uiapi { query { Account(first: 3) { edges { node { Id Name { value } } } } } } }\"", "The answer as JSON" },
    { "sforce graphql accounts.graphql -p industry=Energy -r csv", "The rows of all pages, with a value for $industry" },
    { "sforce graphql accounts.graphql -p ids:='[\"001...\"]' -r ndjson", "A node a line; a list as a value" },
    { 0 },
};
const cli_command cli_command_graphql = {
    .name = "graphql", .usage = "FILE|-|TEXT", .summary = "run a GraphQL query",
    .text = "The answer is printed as it came; one with errors is printed too, and exit code 1 follows. With -r table, csv or ndjson it is the "
            "rows of a connection: the query must ask for edges { node { ... } } and pageInfo { hasNextPage endCursor }, and all pages are read. "
            "Name { value } becomes the column Name, Owner { Name { value } } the column Owner.Name.",
    .flags = graphql_flags, .examples = graphql_examples, .words_min = 1, .words_max = 1, .words = { CLI_WORDS_FILE, CLI_WORDS_NONE },
    .run = run_graphql, .group = "Many at once",
};
/* clang-format on */
