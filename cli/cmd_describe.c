/* cmd_describe.c: `sforce describe`, `limits` and `versions`: what the org is made of. */
#include "cli.h"

static const char *text_of(cli *c, sf_value v, const char *path)
{
    return cli_strdup(c, sf_get_str(v, path));
}

static const char *yes_no(sf_value v, const char *path)
{
    return sf_get_bool(v, path, false) ? "yes" : NULL;
}

/* Print a grid, or the org's own answer where JSON is wanted; the document ends here. */
static int finish(cli *c, const cli_grid *grid, sf_document *doc, sf_value raw)
{
    sf_error err;
    char *json = NULL;
    size_t len = 0;
    if ((c->json || c->format == CLI_FORMAT_JSON) && sf_value_to_json(raw, &json, &len, &err) != SF_OK) {
        sf_document_free(doc);
        return cli_fail_error(c, &err);
    }
    int code = cli_finish_grid(c, grid, (sf_str){ json, len });
    sf_free(json);
    sf_document_free(doc);
    return code;
}

static sf_describe_options describe_options(const cli *c)
{
    return (sf_describe_options){ .no_cache = cli_args_times(&c->args, "no-cache") > 0, .call = &c->call };
}

static int describe_objects(cli *c)
{
    static const char *const names[] = { "name", "label", "prefix", "custom", "query", "create", "update", "delete" };
    sf_error err;
    sf_document *doc = NULL;
    sf_describe_options options = describe_options(c);
    if (sf_describe_global(c->sf, &options, &doc, &err) < 0) return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sf_value object, root = sf_document_root(doc);
    for (sf_iter it = sf_iter_begin(sf_get(root, "sobjects")); sf_iter_next(&it, NULL, &object);) {
        const char *cells[] = { text_of(c, object, "name"),      text_of(c, object, "label"),
                                text_of(c, object, "keyPrefix"), yes_no(object, "custom"),
                                yes_no(object, "queryable"),     yes_no(object, "createable"),
                                yes_no(object, "updateable"),    yes_no(object, "deletable") };
        cli_grid_add(c, &grid, cells);
    }
    return finish(c, &grid, doc, root);
}

/* "string(255)", "currency(16,2)", "reference(Account,Lead)" */
static const char *type_of(cli *c, sf_value field)
{
    const char *type = sf_get_str(field, "type");
    int64_t length = sf_get_int(field, "length", 0), precision = sf_get_int(field, "precision", 0),
            scale = sf_get_int(field, "scale", 0);
    if (type == NULL) return NULL;
    if (strcmp(type, "reference") == 0) {
        sfi_buf text = { 0 };
        sf_value to;
        bool first = true;
        for (sf_iter it = sf_iter_begin(sf_get(field, "referenceTo")); sf_iter_next(&it, NULL, &to); first = false)
            sfi_buf_addf(&text, "%s%s", first ? "reference(" : ",", sf_get_str(to, NULL));
        sfi_buf_add_str(&text, first ? "reference" : ")");
        const char *copy = cli_strdup(c, text.data);
        sfi_buf_free(&text);
        return copy;
    }
    if (precision > 0 && strcmp(type, "int") != 0)
        return cli_textf(c, "%s(%lld,%lld)", type, (long long)precision, (long long)scale);
    bool is_text = strcmp(type, "string") == 0 || strcmp(type, "textarea") == 0;
    return is_text && length > 0 ? cli_textf(c, "%s(%lld)", type, (long long)length) : cli_strdup(c, type);
}

static const char *remarks_of(cli *c, sf_value field)
{
    static const struct {
        const char *member, *word;
    } flags[] = { { "externalId", "external id" }, { "unique", "unique" },       { "calculated", "formula" },
                  { "autoNumber", "auto number" }, { "encrypted", "encrypted" }, { "nameField", "name" } };
    sfi_buf text = { 0 };
    bool create = sf_get_bool(field, "createable", false), update = sf_get_bool(field, "updateable", false);
    bool required = create && !sf_get_bool(field, "nillable", true) && !sf_get_bool(field, "defaultedOnCreate", false);
    if (required) sfi_buf_add_str(&text, "required");
    if (!create && !update) sfi_buf_addf(&text, "%sread-only", text.len > 0 ? ", " : "");
    for (size_t i = 0; i < SFI_COUNT_OF(flags); i++)
        if (sf_get_bool(field, flags[i].member, false))
            sfi_buf_addf(&text, "%s%s", text.len > 0 ? ", " : "", flags[i].word);
    const char *copy = cli_strdup(c, text.data);
    sfi_buf_free(&text);
    return copy;
}

static int print_fields(cli *c, sf_document *doc)
{
    static const char *const names[] = { "name", "label", "type", "remarks" };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sf_value field, root = sf_document_root(doc);
    for (sf_iter it = sf_iter_begin(sf_get(root, "fields")); sf_iter_next(&it, NULL, &field);) {
        const char *cells[] = { text_of(c, field, "name"), text_of(c, field, "label"), type_of(c, field),
                                remarks_of(c, field) };
        cli_grid_add(c, &grid, cells);
    }
    return finish(c, &grid, doc, root);
}

static void add_picklist(cli *c, cli_grid *grid, sf_value field)
{
    sf_value value;
    for (sf_iter it = sf_iter_begin(sf_get(field, "picklistValues")); sf_iter_next(&it, NULL, &value);) {
        const char *cells[] = { text_of(c, field, "name"), text_of(c, value, "value"), text_of(c, value, "label"),
                                yes_no(value, "active"), yes_no(value, "defaultValue") };
        cli_grid_add(c, grid, cells);
    }
}

static const char *const picklist_names[] = { "field", "value", "label", "active", "default" };

static int print_picklists(cli *c, sf_document *doc)
{
    cli_grid grid = { .names = picklist_names, .columns = SFI_COUNT_OF(picklist_names) };
    sf_value field, root = sf_document_root(doc);
    for (sf_iter it = sf_iter_begin(sf_get(root, "fields")); sf_iter_next(&it, NULL, &field);)
        add_picklist(c, &grid, field);
    return finish(c, &grid, doc, sf_get(root, "fields"));
}

/* Everything that the org says of one field, upright; its picklist values below. */
static int print_field(cli *c, sf_document *doc, sf_value field)
{
    size_t n = sf_value_count(field), k = 0;
    const char **names = cli_alloc(c, (n + 1) * sizeof *names), **cells = cli_alloc(c, (n + 1) * sizeof *cells);
    sf_str key;
    sf_value value;
    for (sf_iter it = sf_iter_begin(field); k < n && sf_iter_next(&it, &key, &value);) {
        sf_type type = sf_value_type(value);
        bool empty = type == SF_NULL || ((type == SF_ARRAY || type == SF_OBJECT) && sf_value_count(value) == 0);
        if (empty || sfi_str_is(key, "picklistValues")) continue;
        names[k] = cli_strndup(c, key.ptr, key.len);
        char *json = NULL;
        if (type == SF_ARRAY || type == SF_OBJECT) {
            if (sf_value_to_json(value, &json, NULL, NULL) == SF_OK) cells[k] = cli_strdup(c, json);
            sf_free(json);
        } else {
            cells[k] = text_of(c, value, NULL);
        }
        k++;
    }
    cli_grid grid = { .names = names, .columns = k, .record = true };
    cli_grid_add(c, &grid, cells);
    bool table = !c->json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE);
    if (!table || sf_value_count(sf_get(field, "picklistValues")) == 0) return finish(c, &grid, doc, field);

    sf_error err;
    cli_grid values = { .names = picklist_names, .columns = SFI_COUNT_OF(picklist_names) };
    add_picklist(c, &values, field);
    sf_status rc = cli_out_open(&c->out, c->output, &err);
    if (rc == SF_OK) rc = cli_grid_print(c, &grid, &err);
    if (rc == SF_OK) {
        cli_out_add_char(&c->out, '\n');
        rc = cli_grid_print(c, &values, &err);
    }
    sf_document_free(doc);
    return rc == SF_OK ? cli_finish_output(c) : cli_fail_error(c, &err);
}

static int describe_field(cli *c, sf_document *doc, const char *object, const char *name)
{
    size_t n = sf_value_count(sf_get(sf_document_root(doc), "fields")), k = 0;
    const char **names = cli_alloc(c, (n + 1) * sizeof *names);
    sf_value field;
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "fields")); sf_iter_next(&it, NULL, &field);) {
        names[k] = text_of(c, field, "name");
        if (sfi_eq_nocase(names[k], name)) return print_field(c, doc, field);
        if (k < n) k++;
    }
    const char *near = cli_nearest(name, names, k);
    sf_document_free(doc);
    sf_error err;
    (void)sfi_fail(&err, SF_ERR_NOT_FOUND, "%s has no field %.80s%s%s%s", object, name,
                   near != NULL ? " (did you mean " : "", near != NULL ? near : "", near != NULL ? "?)" : "");
    return cli_fail_hint(c, &err, cli_textf(c, "sforce describe %s lists its fields", object));
}

static int run_describe(cli *c)
{
    sf_error err;
    sf_document *doc = NULL;
    bool picklists = cli_args_times(&c->args, "picklists") > 0;
    c->keep_describes = true;
    if (c->args.count == 0 && picklists) return cli_usage(c, "describe: --picklists wants an object");
    if (cli_connect(c, &err) != SF_OK) return cli_fail_error(c, &err);
    if (c->args.count == 0) return describe_objects(c);

    const char *word = c->args.words[0], *dot = strchr(word, '.');
    const char *object = dot != NULL ? cli_strndup(c, word, (size_t)(dot - word)) : word;
    sf_describe_options options = describe_options(c);
    sf_status rc = sf_describe_object(c->sf, object, &options, &doc, &err);
    if (rc == SF_ERR_NOT_FOUND) return cli_fail_hint(c, &err, "sforce describe lists the objects that this user sees");
    if (rc < 0) return cli_fail_error(c, &err);
    if (dot != NULL) return describe_field(c, doc, object, dot + 1);
    return picklists ? print_picklists(c, doc) : print_fields(c, doc);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int run_limits(cli *c)
{
    static const char *const names[] = { "limit", "used", "remaining", "max" };
    static const bool right[] = { false, true, true, true };
    sf_error err;
    sf_document *doc = NULL;
    if (cli_connect(c, &err) != SF_OK || sf_get_limits(c->sf, &c->call, &doc, &err) < 0) return cli_fail_error(c, &err);
    sf_value limit, root = sf_document_root(doc);
    sf_str key;
    size_t n = sf_value_count(root), k = 0;
    const char **keys = cli_alloc(c, (n + 1) * sizeof *keys);
    for (sf_iter it = sf_iter_begin(root); k < n && sf_iter_next(&it, &key, &limit);)
        keys[k++] = cli_strndup(c, key.ptr, key.len);
    if (k > 1) qsort(keys, k, sizeof *keys, compare_keys);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .right = right };
    for (size_t i = 0; i < k; i++) {
        limit = sf_get(root, keys[i]);
        int64_t max = sf_get_int(limit, "Max", 0), left = sf_get_int(limit, "Remaining", 0);
        const char *cells[] = { keys[i], cli_textf(c, "%lld", (long long)(max - left)),
                                cli_textf(c, "%lld", (long long)left), cli_textf(c, "%lld", (long long)max) };
        cli_grid_add(c, &grid, cells);
    }
    return finish(c, &grid, doc, root);
}

static int run_versions(cli *c)
{
    static const char *const names[] = { "version", "label", "url" };
    sf_error err;
    sf_document *doc = NULL;
    if (cli_connect(c, &err) != SF_OK || sf_get_versions(c->sf, &c->call, &doc, &err) < 0)
        return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sf_value version, root = sf_document_root(doc);
    for (sf_iter it = sf_iter_begin(root); sf_iter_next(&it, NULL, &version);) {
        const char *cells[] = { text_of(c, version, "version"), text_of(c, version, "label"),
                                text_of(c, version, "url") };
        cli_grid_add(c, &grid, cells);
    }
    return finish(c, &grid, doc, root);
}

/* clang-format off */
static const cli_flag describe_flags[] = {
    { "picklists", 0, NULL, "the values of all picklist fields", CLI_WORDS_NONE, NULL, false },
    { "no-cache", 0, NULL, "ask the org anew", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example describe_examples[] = {
    { "sforce describe", "All objects" },
    { "sforce describe Account", "The fields of one" },
    { "sforce describe Account.Industry", "All about one field, with its values" },
    { "sforce describe Account -r json | jq '.fields[].name'", "The whole answer of the org" },
    { 0 },
};
const cli_command cli_command_describe = {
    .name = "describe", .usage = "[OBJECT[.FIELD]]", .summary = "show objects, fields and picklist values",
    .text = "Answers are kept and asked for again only when they changed; completion uses them.",
    .flags = describe_flags, .examples = describe_examples, .words_max = 1, .words = { CLI_WORDS_OBJECT_FIELD, CLI_WORDS_NONE },
    .run = run_describe, .group = "The org",
};

static const cli_example limits_examples[] = {
    { "sforce limits", "What is left of each allowance" },
    { "sforce limits -r json | jq .DailyApiRequests", "One of them" },
    { 0 },
};
const cli_command cli_command_limits = {
    .name = "limits", .usage = "", .summary = "show what is left of the org's limits",
    .examples = limits_examples, .run = run_limits, .group = "The org",
};

static const cli_example versions_examples[] = {
    { "sforce versions", "The API versions of the org" },
    { 0 },
};
const cli_command cli_command_versions = {
    .name = "versions", .usage = "", .summary = "list the org's API versions",
    .examples = versions_examples, .run = run_versions, .group = "The org",
};
/* clang-format on */
