/* commands.c: the list of commands. Each row stands at the end of the file that runs it; here is their order in the overview. */
#include "command.h"

/* Rows of a table read better as they are. */
/* clang-format off */
const cli_flag cli_common_flags[] = {
    { "org", 'o', "NAME", "the login to use (see sforce orgs)", CLI_WORDS_ORG, "target-org", false },
    { "format", 'r', "FORMAT", "table, csv, json or ndjson", CLI_WORDS_FORMAT, "result-format", false },
    { "output", 'O', "FILE", "write to FILE: beside it first, renamed when all is there; its ending chooses the format", CLI_WORDS_FILE,
      "output-file", false },
    { "json", 0, NULL, "one JSON object, with the result or the error", CLI_WORDS_NONE, NULL, false },
    { "api-version", 0, "VERSION", "such as 62.0; otherwise the org's newest", CLI_WORDS_NONE, NULL, false },
    { "timeout", 0, "TIME", "give up after so long: 30s, 10m, 2h", CLI_WORDS_NONE, NULL, false },
    { "max-calls", 0, "N", "stop before the run makes more than N API requests", CLI_WORDS_NONE, NULL, false },
    { "verbose", 'v', NULL, "log to stderr; -vv logs more. Secrets are never logged", CLI_WORDS_NONE, NULL, true },
    { "trace", 0, "FILE", "log everything to FILE", CLI_WORDS_FILE, NULL, false },
    { "quiet", 0, NULL, "no notes on stderr, only errors", CLI_WORDS_NONE, NULL, false },
    { "no-progress", 0, NULL, "no progress line on stderr", CLI_WORDS_NONE, NULL, false },
    { "yes", 0, NULL, "answer yes to every question", CLI_WORDS_NONE, NULL, false },
    { "help", 'h', NULL, "say what a command does, with examples", CLI_WORDS_NONE, NULL, false },
    { "version", 0, NULL, "print the version and what this build has", CLI_WORDS_NONE, NULL, false },
    { 0 },
};

const cli_command *const cli_commands[] = {
    &cli_command_login,
    &cli_command_logout,
    &cli_command_orgs,
    &cli_command_org,
    &cli_command_whoami,
    &cli_command_query,
    &cli_command_search,
    &cli_command_get,
    &cli_command_create,
    &cli_command_update,
    &cli_command_upsert,
    &cli_command_delete,
    &cli_command_batch,
    &cli_command_composite,
    &cli_command_graph,
    &cli_command_tree,
    &cli_command_describe,
    &cli_command_limits,
    &cli_command_versions,
    &cli_command_api,
    &cli_command_local,
    &cli_command_completion,
    &cli_command_man,
    &cli_command_help,
    &cli_command_complete,
    NULL,
};
