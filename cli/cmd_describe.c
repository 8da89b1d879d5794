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
    int code = cli_finish_grid_value(c, grid, raw);
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

static const char *const picklist_names[] = {
    "field", "value", "label", "active", "default", "depends on", "valid for"
};

/* Values of the controlling field for which the value number i is valid, with ; between. */
static const char *valid_for(cli *c, const sf_picklist *p, size_t i)
{
    sfi_buf text = { 0 };
    for (size_t k = 0; k < sf_picklist_controlling_count(p); k++) {
        const char *controlling = sf_picklist_controlling_at(p, k);
        if (sf_picklist_is_valid_at(p, i, controlling))
            sfi_buf_addf(&text, "%s%s", text.len > 0 ? ";" : "", controlling);
    }
    const char *copy = cli_strdup(c, text.data);
    sfi_buf_free(&text);
    return copy;
}

/* One field's values out of a describe or out of the values of a record type. */
static sf_status add_picklist(cli *c, cli_grid *grid, sf_value answer, const char *field, const char *controller,
                              sf_error *err)
{
    sf_picklist *p = NULL;
    sf_status rc = sf_picklist_read(answer, field, &p, err);
    if (rc == SF_ERR_NOT_FOUND) return SF_OK; /* no picklist */
    if (rc != SF_OK) return rc;
    for (size_t i = 0; i < sf_picklist_count(p); i++) {
        sf_picklist_value v = sf_picklist_at(p, i);
        const char *cells[] = { field,
                                cli_strdup(c, v.value),
                                cli_strdup(c, v.label),
                                v.is_active ? "yes" : NULL,
                                v.is_default ? "yes" : NULL,
                                sf_picklist_is_dependent(p) ? controller : NULL,
                                valid_for(c, p, i) };
        cli_grid_add(c, grid, cells);
    }
    sf_picklist_free(p);
    return SF_OK;
}

/* All picklists of the object. values: those of a record type; NULL: the describe's own. Ends both documents. */
static int print_picklists(cli *c, sf_document *doc, sf_document *values)
{
    cli_grid grid = { .names = picklist_names, .columns = SFI_COUNT_OF(picklist_names) };
    sf_value field, root = sf_document_root(doc);
    sf_error err;
    sf_status rc = SF_OK;
    for (sf_iter it = sf_iter_begin(sf_get(root, "fields")); rc == SF_OK && sf_iter_next(&it, NULL, &field);)
        rc = add_picklist(c, &grid, values != NULL ? sf_document_root(values) : root, text_of(c, field, "name"),
                          text_of(c, field, "controllerName"), &err);
    int code;
    if (rc != SF_OK) {
        sf_document_free(doc);
        code = cli_fail_error(c, &err);
    } else if (values != NULL) {
        sf_document_free(doc);
        code = finish(c, &grid, values, sf_document_root(values));
        values = NULL; /* ended */
    } else {
        code = finish(c, &grid, doc, sf_get(root, "fields"));
    }
    sf_document_free(values);
    return code;
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
        cells[k++] = cli_cell(c, value);
    }
    cli_grid grid = { .names = names, .columns = k, .record = true };
    cli_grid_add(c, &grid, cells);
    bool table = !c->json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE);
    if (!table || sf_value_count(sf_get(field, "picklistValues")) == 0) return finish(c, &grid, doc, field);

    sf_error err;
    cli_grid values = { .names = picklist_names, .columns = SFI_COUNT_OF(picklist_names) };
    (void)add_picklist(c, &values, sf_document_root(doc), text_of(c, field, "name"),
                       text_of(c, field, "controllerName"), &err); /* at worst the values are not shown below */
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

/* ---- layouts ---- */

static void add_items(cli *c, cli_grid *grid, const char *layout, sf_value section)
{
    sf_value row, item;
    for (sf_iter it = sf_iter_begin(sf_get(section, "layoutRows")); sf_iter_next(&it, NULL, &row);)
        for (sf_iter each = sf_iter_begin(sf_get(row, "layoutItems")); sf_iter_next(&each, NULL, &item);) {
            if (sf_get_bool(item, "placeholder", false)) continue;
            const char *cells[] = { layout,
                                    text_of(c, section, "heading"),
                                    text_of(c, item, "layoutComponents.0.value"),
                                    text_of(c, item, "label"),
                                    yes_no(item, "required"),
                                    yes_no(item, "editableForNew"),
                                    yes_no(item, "editableForUpdate") };
            cli_grid_add(c, grid, cells);
        }
}

static void add_layout(cli *c, cli_grid *grid, sf_value layout)
{
    sf_value section;
    const char *id = text_of(c, layout, "id");
    for (sf_iter it = sf_iter_begin(sf_get(layout, "detailLayoutSections")); sf_iter_next(&it, NULL, &section);)
        add_items(c, grid, id, section);
}

static int print_layouts(cli *c, const char *object, const char *record_type)
{
    static const char *const names[] = { "layout", "section", "field", "label", "required", "create", "update" };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sf_document *doc = NULL;
    sf_error err;
    if (sf_describe_layouts(c->sf, object, record_type, &c->call, &doc, &err) != SF_OK) return cli_fail_error(c, &err);
    sf_value layout, root = sf_document_root(doc), list = sf_get(root, "layouts");
    if (sf_value_type(list) != SF_ARRAY) add_layout(c, &grid, root); /* that of one record type */
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &layout);) add_layout(c, &grid, layout);
    return finish(c, &grid, doc, root);
}

/* ---- record types ---- */

/* An id as it is, else that of the type with the name. NULL: --record-type was not given. */
static sf_status take_record_type(cli *c, sf_value object, const char **out, sf_error *err)
{
    const char *text = cli_args_value(&c->args, "record-type");
    sf_value type;
    sfi_buf known = { 0 };
    *out = NULL;
    if (text == NULL) return SF_OK;
    for (sf_iter it = sf_iter_begin(sf_get(object, "recordTypeInfos"));
         *out == NULL && sf_iter_next(&it, NULL, &type);) {
        const char *id = sf_get_str(type, "recordTypeId"), *developer = sf_get_str(type, "developerName"),
                   *name = sf_get_str(type, "name");
        bool same = (id != NULL && strncmp(id, text, 15) == 0 && strlen(text) >= 15) ||
                    sfi_eq_nocase(developer, text) || sfi_eq_nocase(name, text);
        if (same) *out = cli_strdup(c, id);
        sfi_buf_addf(&known, "%s%s", known.len > 0 ? ", " : "", developer != NULL ? developer : name);
    }
    const char *list = cli_strdup(c, known.data);
    sfi_buf_free(&known);
    if (*out != NULL) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "--record-type %.60s: the object has %s", text, list != NULL ? list : "none");
}

static int describe_types(cli *c, const char *object, sf_document *doc, bool picklists)
{
    const char *type = NULL;
    sf_document *values = NULL;
    sf_error err;
    sf_status rc = take_record_type(c, sf_document_root(doc), &type, &err);
    if (rc == SF_OK && picklists && type != NULL)
        rc = sf_get_picklist_values(c->sf, object, type, NULL, &c->call, &values, &err);
    if (rc == SF_OK && picklists) return print_picklists(c, doc, values);
    sf_document_free(doc);
    return rc == SF_OK ? print_layouts(c, object, type) : cli_fail_error(c, &err);
}

static int run_describe(cli *c)
{
    sf_error err;
    sf_document *doc = NULL;
    bool picklists = cli_args_times(&c->args, "picklists") > 0, layouts = cli_args_times(&c->args, "layouts") > 0;
    c->keep_describes = true;
    if (c->args.count == 0 && (picklists || layouts))
        return cli_usage(c, "describe: --picklists and --layouts want an object");
    if (picklists && layouts) return cli_usage(c, "describe: want --picklists or --layouts, not both");
    if (cli_args_value(&c->args, "record-type") != NULL && !picklists && !layouts)
        return cli_usage(c, "describe: --record-type goes with --picklists or --layouts");
    if (cli_connect(c, &err) != SF_OK) return cli_fail_error(c, &err);
    if (c->args.count == 0) return describe_objects(c);

    const char *word = c->args.words[0], *dot = strchr(word, '.');
    const char *object = dot != NULL ? cli_strndup(c, word, (size_t)(dot - word)) : word;
    sf_describe_options options = describe_options(c);
    sf_status rc = sf_describe_object(c->sf, object, &options, &doc, &err);
    if (rc == SF_ERR_NOT_FOUND) return cli_fail_hint(c, &err, "sforce describe lists the objects that this user sees");
    if (rc < 0) return cli_fail_error(c, &err);
    if (dot != NULL) return describe_field(c, doc, object, dot + 1);
    return picklists || layouts ? describe_types(c, object, doc, picklists) : print_fields(c, doc);
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
    { "picklists", 0, NULL, "the values of all picklist fields, and for which values of another field each is valid", CLI_WORDS_NONE, NULL, false },
    { "layouts", 0, NULL, "the page layouts: sections and fields", CLI_WORDS_NONE, NULL, false },
    { "record-type", 0, "TYPE", "picklists or layout of this record type: its name or id", CLI_WORDS_NONE, NULL, false },
    { "no-cache", 0, NULL, "ask the org anew", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example describe_examples[] = {
    { "sforce describe", "All objects" },
    { "sforce describe Account", "The fields of one" },
    { "sforce describe Account.Industry", "All about one field, with its values" },
    { "sforce describe Account --picklists --record-type Partner", "The values that a record type offers" },
    { "sforce describe Contact --layouts", "Where fields stand on the page" },
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
