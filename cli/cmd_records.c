/* cmd_records.c: `sforce get`, `create`, `update`, `upsert` and `delete`: one record at a time. An id goes to stdout where there is a
 * new one to know; what was done is said on stderr. */
#include "cli.h"

enum { FIELDS_MAX = 2000 };

/* The second word: an id, or FIELD=VALUE of an external id. */
typedef struct target {
    const char *object;
    const char *id; /* NULL: by external id */
    const char *field, *value;
} target;

static sf_status take_target(cli *c, target *t, bool id_allowed, sf_error *err)
{
    const char *word = c->args.words[1];
    *t = (target){ .object = c->args.words[0] };
    if (cli_split_pair(c, word, &t->field, &t->value)) {
        if (t->value[0] == 0) return sfi_fail(err, SF_ERR_USAGE, "%.80s: the external id has no value", word);
        return SF_OK;
    }
    if (!id_allowed)
        return sfi_fail(err, SF_ERR_USAGE, "upsert: want EXTERNAL_ID=VALUE after the object, not %.80s", word);
    if (sfi_id_make(sfi_str(word)).text[0] == 0)
        return sfi_fail(err, SF_ERR_USAGE, "%.80s is no record id (15 or 18 letters and digits) and no FIELD=VALUE",
                        word);
    t->id = word;
    return SF_OK;
}

static sf_status write_options(cli *c, sf_write_options *out, sf_error *err)
{
    *out = (sf_write_options){ .external_id = cli_args_value(&c->args, "external-id"),
                               .assignment_rule = cli_args_value(&c->args, "assignment-rule"),
                               .allow_duplicates = cli_args_times(&c->args, "allow-duplicates") > 0,
                               .update_only = cli_args_times(&c->args, "update-only") > 0,
                               .if_match = cli_args_value(&c->args, "if-match"),
                               .call = &c->call };
    const char *since = cli_args_value(&c->args, "if-unmodified-since");
    char kind;
    if (since == NULL || (sfi_time_parse(sfi_str(since), &out->if_unmodified_since_ms, &kind) && kind != 't'))
        return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "--if-unmodified-since %.60s: want a time such as 2026-03-01T12:00:00Z", since);
}

/* ---- get ---- */

const char *const *cli_field_list(cli *c)
{
    const char *text = cli_args_value(&c->args, "fields");
    if (text == NULL) return NULL;
    const char **list = cli_alloc(c, (FIELDS_MAX + 1) * sizeof *list);
    size_t n = 0;
    while (*text != 0 && n < FIELDS_MAX) {
        size_t len = strcspn(text, ",");
        sf_str name = sfi_trim((sf_str){ text, len });
        if (name.len > 0) list[n++] = cli_strndup(c, name.ptr, name.len);
        text += len + (text[len] == ',');
    }
    return list;
}

int cli_print_record(cli *c, sf_value record)
{
    size_t n = sf_value_count(record), k = 0;
    sf_str key;
    sf_value value;
    if (cli_wants_json(c)) return cli_finish_value(c, record);
    const char **names = cli_alloc(c, (n + 1) * sizeof *names), **cells = cli_alloc(c, (n + 1) * sizeof *cells);
    for (sf_iter it = sf_iter_begin(record); k < n && sf_iter_next(&it, &key, &value);) {
        if (sfi_str_is(key, "attributes")) continue;
        names[k] = cli_strndup(c, key.ptr, key.len);
        cells[k++] = cli_cell(c, value);
    }
    cli_grid grid = { .names = names, .columns = k, .record = true };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static int run_get(cli *c)
{
    sf_error err;
    target t;
    sf_document *doc = NULL;
    sf_read_options options = { .fields = cli_field_list(c), .call = &c->call };
    sf_status rc = take_target(c, &t, true, &err);
    if (rc == SF_OK && options.fields != NULL && options.fields[0] == NULL)
        rc = sfi_fail(&err, SF_ERR_USAGE, "--fields names no field");
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = t.id != NULL ? sf_record_get(c->sf, t.object, t.id, &options, &doc, &err)
                          : sf_record_get_by_external_id(c->sf, t.object, t.field, t.value, &options, &doc, &err);
    int code = rc == SF_OK ? cli_print_record(c, sf_document_root(doc)) : cli_fail_error(c, &err);
    sf_document_free(doc);
    return code;
}

/* ---- the writes ---- */

/* {"id":…,"success":true,"created":…}, an id, or nothing but a note. */
static int print_written(cli *c, const char *id, bool show_id, bool created)
{
    static const char *const names[] = { "id", "success", "created" };
    static const bool bare[] = { false, true, true };
    bool table = !c->json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE);
    if (table) {
        sf_error err;
        if (!show_id) return CLI_OK;
        if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
        cli_out_add_str(&c->out, id);
        cli_out_add_char(&c->out, '\n');
        return cli_finish_output(c);
    }
    const char *cells[] = { id, "true", created ? "true" : "false" };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true, .right = bare };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static sf_status new_record(cli *c, sf_record **out, size_t first_field, sf_error *err)
{
    *out = sf_record_new(c->args.words[0]);
    if (*out == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "%.80s is not an object's name, such as Account or Invoice__c",
                        c->args.words[0]);
    return cli_fields_from_words(c, *out, first_field, err);
}

static int run_create(cli *c)
{
    sf_error err;
    sf_record *r = NULL;
    sf_write_options options;
    sf_id id = { 0 };
    sf_status rc = new_record(c, &r, 1, &err);
    if (rc == SF_OK) rc = write_options(c, &options, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_record_create(c->sf, r, &options, &id, &err);
    sf_record_free(r);
    if (rc < 0) return cli_fail_error(c, &err);
    cli_note(c, "Created %s.", c->args.words[0]);
    return print_written(c, id.text, true, true);
}

/* Writes by external id that the API knows only as an upsert never create here. */
static int run_update(cli *c)
{
    sf_error err;
    target t;
    sf_record *r = NULL;
    sf_write_options options;
    sf_upsert_result result = { 0 };
    sf_status rc = take_target(c, &t, true, &err);
    if (rc == SF_OK) rc = new_record(c, &r, 2, &err);
    if (rc == SF_OK) rc = write_options(c, &options, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK && t.id != NULL) rc = sf_record_update(c->sf, r, t.id, &options, &err);
    if (rc == SF_OK && t.id == NULL) {
        options.update_only = true;
        rc = sf_record_upsert(c->sf, r, t.field, t.value, &options, &result, &err);
    }
    sf_record_free(r);
    if (rc < 0) return cli_fail_error(c, &err);
    cli_note(c, "Updated %s %s.", t.object, c->args.words[1]);
    return print_written(c, t.id != NULL ? t.id : result.id.text, false, false);
}

static int run_upsert(cli *c)
{
    sf_error err;
    target t;
    sf_record *r = NULL;
    sf_write_options options;
    sf_upsert_result result = { 0 };
    sf_status rc = take_target(c, &t, false, &err);
    if (rc == SF_OK) rc = new_record(c, &r, 2, &err);
    if (rc == SF_OK) rc = write_options(c, &options, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_record_upsert(c->sf, r, t.field, t.value, &options, &result, &err);
    sf_record_free(r);
    if (rc < 0) return cli_fail_error(c, &err);
    cli_note(c, "%s %s.", result.created ? "Created" : "Updated", t.object);
    return print_written(c, result.id.text, true, result.created);
}

static int run_delete(cli *c)
{
    sf_error err;
    target t;
    sf_write_options options;
    sf_status rc = take_target(c, &t, true, &err);
    if (rc == SF_OK) rc = write_options(c, &options, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK)
        rc = t.id != NULL ? sf_record_delete(c->sf, t.object, t.id, &options, &err)
                          : sf_record_delete_by_external_id(c->sf, t.object, t.field, t.value, &options, &err);
    if (rc < 0) return cli_fail_error(c, &err);
    cli_note(c, "Deleted %s %s.", t.object, c->args.words[1]);
    return print_written(c, t.id, false, false);
}

/* clang-format off */
static const char assignments[] =
    "FIELD=VALUE sets a text, number, date or anything else that the org reads from text; FIELD= clears the field. FIELD:=JSON takes "
    "the JSON as it is (FIELD:=12, FIELD:=true, FIELD:=null). FIELD=@FILE takes a file's text, FIELD@=FILE its bytes as base64. "
    "PARENT.EXT__C=VALUE points to a parent by its external id. A single - reads a JSON object from stdin.";

#define WRITE_FLAGS \
    { "assignment-rule", 0, "RULE", "TRUE, FALSE or a rule's id (Lead and Case)", CLI_WORDS_NONE, NULL, false }, \
    { "allow-duplicates", 0, NULL, "save in spite of a duplicate rule that warns", CLI_WORDS_NONE, NULL, false }
static const cli_flag get_flags[] = {
    { "fields", 'F', "A,B,...", "only these fields", CLI_WORDS_FIELD_VALUE, NULL, false },
    { 0 },
};
static const cli_example get_examples[] = {
    { "sforce get Account 001000000000001AAA", "One record, all readable fields" },
    { "sforce get Contact Email__c=ada@acme.com --fields Id,Name", "By an external id, two fields" },
    { 0 },
};
const cli_command cli_command_get = {
    .name = "get", .usage = "OBJECT ID|FIELD=VALUE", .summary = "read one record",
    .text = "FIELD=VALUE names the record by an external-id field.",
    .flags = get_flags, .examples = get_examples, .words_min = 2, .words_max = 2, .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_NONE },
    .run = run_get, .group = "Records",
};

static const cli_flag create_flags[] = {
    { "external-id", 0, "FIELD", "send it as an upsert by this field, which is safe to repeat when an answer is lost", CLI_WORDS_NONE, NULL, false },
    WRITE_FLAGS,
    { 0 },
};
static const cli_example create_examples[] = {
    { "sforce create Account Name=\"Acme AG\" Industry=Energy", "A record; its id is printed" },
    { "sforce create Contact LastName=Hopper Account.Ext__c=A-17", "The parent by its external id" },
    { "echo '{\"Name\":\"Acme\",\"NumberOfEmployees\":12}' | sforce create Account -", "From JSON" },
    { "sforce create Attachment ParentId=001000000000001AAA Name=a.pdf Body@=a.pdf", "A file, as base64" },
    { 0 },
};
const cli_command cli_command_create = {
    .name = "create", .usage = "OBJECT FIELD=VALUE... | -", .summary = "create a record and print its id",
    .text = assignments, .flags = create_flags, .examples = create_examples, .words_min = 2, .words_max = -1,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_FIELD_VALUE }, .run = run_create, .group = "Records",
};

static const cli_flag update_flags[] = {
    { "if-match", 0, "ETAG", "only if the record still has this ETag (Account)", CLI_WORDS_NONE, NULL, false },
    { "if-unmodified-since", 0, "TIME", "only if nobody changed it since, such as 2026-03-01T12:00:00Z", CLI_WORDS_NONE, NULL, false },
    WRITE_FLAGS,
    { 0 },
};
static const cli_example update_examples[] = {
    { "sforce update Account 001000000000001AAA Phone=\"+41 44 123 45 67\" Website=", "Set one field, clear another" },
    { "sforce update Account Ext__c=A-17 NumberOfEmployees:=250", "By external id; := takes JSON" },
    { 0 },
};
const cli_command cli_command_update = {
    .name = "update", .usage = "OBJECT ID|FIELD=VALUE FIELD=VALUE... | -", .summary = "change fields of a record",
    .text = assignments, .flags = update_flags, .examples = update_examples, .words_min = 3, .words_max = -1,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_FIELD_VALUE }, .run = run_update, .group = "Records",
};

static const cli_flag upsert_flags[] = {
    { "update-only", 0, NULL, "an error instead of a new record", CLI_WORDS_NONE, NULL, false },
    WRITE_FLAGS,
    { 0 },
};
static const cli_example upsert_examples[] = {
    { "sforce upsert Account Ext__c=A-17 Name=\"Acme AG\"", "Update the account with that external id, or create it" },
    { 0 },
};
const cli_command cli_command_upsert = {
    .name = "upsert", .usage = "OBJECT EXTERNAL_ID=VALUE FIELD=VALUE... | -", .summary = "update the record with that external id, or create it",
    .text = assignments, .flags = upsert_flags, .examples = upsert_examples, .words_min = 2, .words_max = -1,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_FIELD_VALUE }, .run = run_upsert, .group = "Records",
};

static const cli_example delete_examples[] = {
    { "sforce delete Account 001000000000001AAA", "To the recycle bin" },
    { "sforce delete Account Ext__c=A-17", "By external id" },
    { 0 },
};
const cli_command cli_command_delete = {
    .name = "delete", .usage = "OBJECT ID|FIELD=VALUE", .summary = "delete a record",
    .text = "It goes to the recycle bin. FIELD=VALUE names the record by an external-id field.",
    .examples = delete_examples, .words_min = 2, .words_max = 2, .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_NONE },
    .run = run_delete, .group = "Records",
};
/* clang-format on */
