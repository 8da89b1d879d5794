/* cmd_bin.c: `sforce merge`, `undelete` and `recycle-bin`: records that become one, come back, or go for good. */
#include "soap_rows.h"

enum { MERGE_CALL_MAX = 2 };

static sf_soap_options options_of(cli *c)
{
    return (sf_soap_options){ .all_or_none = cli_args_times(&c->args, "all-or-none") > 0,
                              .allow_duplicates = cli_args_times(&c->args, "allow-duplicates") > 0,
                              .call = &c->call };
}

/* ---- merge ---- */

typedef struct merging {
    sf_record *master, *later; /* fields go with the first call only */
    const char *master_id;
    size_t calls;
} merging;

static sf_status send_merge(cli *c, void *ctx, const char *const *ids, size_t count, sf_soap_results **out,
                            sf_error *err)
{
    merging *m = ctx;
    sf_soap_options options = options_of(c);
    const sf_soap_merge_request request = {
        .master = m->calls++ == 0 ? m->master : m->later, .master_id = m->master_id, .ids = ids, .id_count = count
    };
    return sf_soap_merge(c->sf, &request, 1, &options, out, err);
}

static const char *join(cli *c, const sf_id *ids, size_t count)
{
    const char *text = NULL;
    for (size_t i = 0; i < count; i++)
        text = cli_textf(c, "%s%s%s", text != NULL ? text : "", text != NULL ? "," : "", ids[i].text);
    return text;
}

static void fill_merge(cli *c, const sf_soap_result *row, const char **cells)
{
    cells[2] = join(c, row->merged_ids, row->merged_count);
    cells[3] = join(c, row->updated_related_ids, row->updated_related_count);
}

static int run_merge(cli *c)
{
    static const char *const names[] = { "id", "success", "mergedRecordIds", "updatedRelatedIds", "error" };
    sf_error err = { 0 };
    size_t ids = 1;
    while (ids < c->args.count && strchr(c->args.words[ids], '=') == NULL) ids++;
    merging m = { .master = sf_record_new(c->args.words[0]), .later = sf_record_new(c->args.words[0]) };
    sf_status rc = SF_OK;
    if (m.master == NULL)
        rc = sfi_fail(&err, SF_ERR_USAGE, "%.80s is not an object's name, such as Account", c->args.words[0]);
    if (rc == SF_OK && ids < 3)
        rc = sfi_fail(&err, SF_ERR_USAGE, "merge: want OBJECT, the master's id, and ids to merge into it");
    for (size_t i = 1; rc == SF_OK && i < ids; i++)
        if (sfi_id_make(sfi_str(c->args.words[i])).text[0] == 0)
            rc = sfi_fail(&err, SF_ERR_USAGE, "%.80s is no record id (15 or 18 letters and digits)", c->args.words[i]);
    for (size_t i = ids; rc == SF_OK && i < c->args.count; i++) {
        err = (sf_error){ 0 };
        rc = cli_field_apply(c, m.master, c->args.words[i], &err);
    }
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) m.master_id = c->args.words[1];
    const cli_soap_job job = { .ids = c->args.words + 2,
                               .count = ids - 2,
                               .chunk = MERGE_CALL_MAX,
                               .one_row = true,
                               .names = names,
                               .columns = SFI_COUNT_OF(names),
                               .send = send_merge,
                               .fill = fill_merge,
                               .ctx = &m,
                               .done = "Made",
                               .thing = "merge" };
    int code = rc == SF_OK ? cli_soap_run(c, &job) : cli_fail_error(c, &err);
    sf_record_free(m.master);
    sf_record_free(m.later);
    return code;
}

/* ---- undelete ---- */

static const char *const id_names[] = { "id", "success", "error" };

static sf_status send_undelete(cli *c, void *ctx, const char *const *ids, size_t count, sf_soap_results **out,
                               sf_error *err)
{
    (void)ctx;
    sf_soap_options options = options_of(c);
    return sf_soap_undelete(c->sf, ids, count, &options, out, err);
}

/* The first word is an object's name when it cannot be an id: ids hold a digit. */
static bool is_object(const char *word)
{
    return sfi_id_make(sfi_str(word)).text[0] == 0 || strpbrk(word, "0123456789") == NULL;
}

static int run_undelete(cli *c)
{
    sf_error err;
    size_t first = c->args.count > 1 && is_object(c->args.words[0]) ? 1 : 0;
    cli_soap_job job = { .chunk = SF_SOAP_ROWS_MAX,
                         .names = id_names,
                         .columns = SFI_COUNT_OF(id_names),
                         .send = send_undelete,
                         .done = "Took back",
                         .thing = "record" };
    sf_status rc = cli_soap_ids(c, first, &job.ids, &job.count, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    return rc == SF_OK ? cli_soap_run(c, &job) : cli_fail_error(c, &err);
}

/* ---- recycle-bin ---- */

static sf_status send_empty(cli *c, void *ctx, const char *const *ids, size_t count, sf_soap_results **out,
                            sf_error *err)
{
    (void)ctx;
    sf_soap_options options = options_of(c);
    return sf_soap_empty_recycle_bin(c->sf, ids, count, &options, out, err);
}

static int empty_bin(cli *c)
{
    sf_error err;
    cli_soap_job job = { .chunk = SF_SOAP_ROWS_MAX,
                         .names = id_names,
                         .columns = SFI_COUNT_OF(id_names),
                         .send = send_empty,
                         .done = "Removed",
                         .thing = "record" };
    sf_status rc = cli_soap_ids(c, 1, &job.ids, &job.count, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    return rc == SF_OK ? cli_soap_run(c, &job) : cli_fail_error(c, &err);
}

static const struct {
    const char *object, *name; /* the field that says which record it is */
} listed[] = { { "Account", "Name" },    { "Contact", "Name" }, { "Lead", "Name" },     { "Opportunity", "Name" },
               { "Case", "CaseNumber" }, { "Task", "Subject" }, { "Event", "Subject" }, { "Campaign", "Name" } };

static const char *name_field(const char *object)
{
    for (size_t i = 0; i < SFI_COUNT_OF(listed); i++)
        if (sfi_eq_nocase(listed[i].object, object)) return listed[i].name;
    return "Name";
}

static sf_status list_object(cli *c, const char *object, cli_grid *grid, sf_error *err)
{
    const char *name = name_field(object);
    const char *soql =
        cli_textf(c, "SELECT Id, %s, LastModifiedDate FROM %s WHERE IsDeleted = true ORDER BY LastModifiedDate DESC",
                  name, object);
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_query_open(c->sf, soql, &(sf_query_options){ .all_rows = true, .call = &c->call }, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) {
        const char *cells[] = { object, cli_strdup(c, sf_get_str(row, "Id")), cli_strdup(c, sf_get_str(row, name)),
                                cli_strdup(c, sf_get_str(row, "LastModifiedDate")) };
        cli_grid_add(c, grid, cells);
    }
    sf_query_close(q);
    return rc < 0 ? rc : SF_OK;
}

static int list_bin(cli *c)
{
    static const char *const names[] = { "object", "id", "name", "deleted" };
    sf_error err;
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sf_status rc = SF_OK;
    for (size_t i = 1; rc == SF_OK && i < c->args.count; i++)
        if (c->args.words[i][strspn(c->args.words[i],
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] != 0)
            rc = sfi_fail(&err, SF_ERR_USAGE, "%.80s is not an object's name", c->args.words[i]);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    for (size_t i = 1; rc == SF_OK && i < c->args.count; i++) rc = list_object(c, c->args.words[i], &grid, &err);
    for (size_t i = 0; rc == SF_OK && c->args.count < 2 && i < SFI_COUNT_OF(listed); i++)
        rc = list_object(c, listed[i].object, &grid, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "%zu deleted record%s.", grid.rows, grid.rows == 1 ? "" : "s");
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

/* clang-format off */
#define ALL_OR_NONE { "all-or-none", 0, NULL, "do none of a call when one cannot be done", CLI_WORDS_NONE, NULL, false }
static const cli_flag merge_flags[] = {
    { "allow-duplicates", 0, NULL, "save in spite of a duplicate rule that warns", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example merge_examples[] = {
    { "sforce merge Account 001000000000001AAA 001000000000002AAA 001000000000003AAA", "Two accounts go into the first" },
    { "sforce merge Contact 003000000000001AAA 003000000000002AAA Phone=\"+41 44 123 45 67\"", "The one that stays gets a number" },
    { 0 },
};
const cli_command cli_command_merge = {
    .name = "merge", .usage = "OBJECT MASTER ID... [FIELD=VALUE...]", .summary = "merge records into one",
    .text = "Account, Contact, Lead, Case or Individual. The records named by ID are deleted, their children and files move to MASTER, which gets the "
            "fields. The API merges two records into the master at a time: each call is a row, in order.",
    .flags = merge_flags, .examples = merge_examples, .words_min = 3, .words_max = -1,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_NONE, CLI_WORDS_FIELD_VALUE }, .run = run_merge, .group = "Records",
};

static const cli_flag undelete_flags[] = { ALL_OR_NONE, { 0 } };
static const cli_example undelete_examples[] = {
    { "sforce undelete Account 001000000000001AAA", "Back from the recycle bin" },
    { "sforce undelete 001000000000001AAA 003000000000001AAA --json", "Several, of any object" },
    { 0 },
};
const cli_command cli_command_undelete = {
    .name = "undelete", .usage = "[OBJECT] ID...", .summary = "take records back from the recycle bin",
    .text = "A row for each record. Ids go to the org 200 at a time. Exit code 4: some did not come back. OBJECT may be named for the reader; ids say "
            "by themselves what they are.",
    .flags = undelete_flags, .examples = undelete_examples, .words_min = 1, .words_max = -1,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_NONE, CLI_WORDS_NONE }, .run = run_undelete, .group = "Records",
};

static const cli_flag bin_flags[] = { ALL_OR_NONE, { 0 } };
static const cli_example bin_examples[] = {
    { "sforce recycle-bin", "Deleted records of the objects that most orgs use" },
    { "sforce recycle-bin list Invoice__c -r csv", "Of one object" },
    { "sforce recycle-bin empty 001000000000001AAA", "Gone for good" },
    { 0 },
};
static const cli_verb recycle_bin_verbs[] = {
    { "list", "the deleted records, the latest first", list_bin, CLI_WORDS_OBJECT },
    { "empty", "remove deleted records for good", empty_bin, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_recycle_bin = {
    .name = "recycle-bin", .usage = "[list [OBJECT...] | empty ID...]", .summary = "list deleted records, or remove them for good",
    .text = "list shows deleted records, the latest first; without OBJECT those of Account, Contact, Lead, Opportunity, Case, Task, Event and Campaign. "
            "empty removes records from the bin, which nobody can undo. Exit code 4: some were not removed.",
    .verbs = recycle_bin_verbs,
    .flags = bin_flags, .examples = bin_examples, .words_min = 0, .words_max = -1, .run = cli_run_verb, .group = "Records",
};
/* clang-format on */
