/* cmd_tree.c: `sforce tree import` and `tree export`: see tree_import.c and tree_export.c. */
#include "tree.h"

/* clang-format off */
static const cli_flag tree_flags[] = {
    { "plan", 0, NULL, "export: a file an object, and a plan that says in which order they are imported", CLI_WORDS_NONE, NULL, false },
    { "plan-file", 'p', "FILE", "import: the plan, as sf spells it", CLI_WORDS_FILE, NULL, false },
    { "query", 'q', "SOQL", "export: the statement, as sf spells it", CLI_WORDS_SOQL, NULL, true },
    { "output-dir", 'd', "DIR", "export: write files into DIR, named by their objects", CLI_WORDS_FOLDER, NULL, false },
    { "prefix", 'x', "TEXT", "export: put TEXT- before the names of the files", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example tree_examples[] = {
    { "sforce tree export \"SELECT Id, Name, (SELECT LastName FROM Contacts) FROM Account\" -O accounts.json", "Accounts with their people" },
    { "sforce tree import accounts.json", "And into another org" },
    { "sforce tree export \"SELECT Id, Name, (SELECT LastName FROM Contacts) FROM Account\" --plan -d data", "A file an object, and a plan" },
    { "sforce tree import data/Account-Contact-plan.json", "In the order of the plan" },
    { 0 },
};
static const cli_verb tree_verbs[] = {
    { "import", "create the records of files", cli_tree_import, CLI_WORDS_FILE },
    { "export", "write what a query finds to files", cli_tree_export, CLI_WORDS_SOQL },
    { 0 },
};
const cli_command cli_command_tree = {
    .name = "tree", .usage = "import [OBJECT] FILE... | export SOQL", .summary = "records with their children, from and to files",
    .text = "Import creates the records of {\"records\":[...]} files, which name each record ({\"attributes\":{\"type\":\"Account\",\"referenceId\":\"AccountRef1\"},"
            "\"Name\":\"Acme\"}) and hold children inside ({\"Contacts\":{\"records\":[...]}}), or of the files that a plan names "
            "([{\"sobject\":\"Account\",\"files\":[\"Account.json\"]}]). A text @AccountRef1 becomes the id of that record, in whatever file it stands. "
            "200 records go in one request, which is all or nothing; the first one that fails ends the run: exit code 4 when others were created, else 1.\n\n"
            "Export writes what a query finds in that form; parents that were exported too become references, and fields that cannot be written are "
            "left out. Without -O or -d it goes to stdout. The forms are those of sf data import tree and sf data export tree.",
    .verbs = tree_verbs,
    .flags = tree_flags, .examples = tree_examples, .words_min = 1, .words_max = -1,
    .run = cli_run_verb, .group = "Many at once",
};
/* clang-format on */
