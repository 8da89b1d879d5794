/* commands.c: the table of commands: what command.h says is printed, parsed and completed from these rows. */
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

static const cli_flag login_flags[] = {
    { "client-credentials", 0, NULL, "log in as an app: asks for client id and secret", CLI_WORDS_NONE, NULL, false },
    { "token", 0, "-|FILE", "take an access token from stdin or FILE; URL is then the org's instance", CLI_WORDS_FILE, NULL, false },
    { "refresh-token", 0, "-|FILE", "take a refresh token from stdin or FILE; needs --client-id", CLI_WORDS_FILE, NULL, false },
    { "sfdx-url", 0, "-|FILE", "take an sfdx auth URL (force://...) from stdin or FILE", CLI_WORDS_FILE, "sfdx-url-file", false },
    { "password", 0, NULL, "OAuth username-password flow (being retired by Salesforce)", CLI_WORDS_NONE, NULL, false },
    { "soap", 0, NULL, "SOAP login with username, password and security token (being retired)", CLI_WORDS_NONE, NULL, false },
    { "username", 'u', "NAME", "for --password and --soap", CLI_WORDS_NONE, NULL, false },
    { "client-id", 0, "ID", "the connected app's consumer key; not a secret", CLI_WORDS_NONE, NULL, false },
    { "alias", 'a', "NAME", "the name of this login", CLI_WORDS_NONE, "name", false },
    { "default", 'd', NULL, "make it the default org", CLI_WORDS_NONE, "set-default", false },
    { 0 },
};
static const cli_example login_examples[] = {
    { "sforce login https://acme.my.salesforce.com --client-credentials -a acme", "As an app; id and secret are asked for, or taken from SFORCE_CLIENT_ID and SFORCE_CLIENT_SECRET" },
    { "sf org auth show-sfdx-auth-url -o acme --json | jq -r .result.sfdxAuthUrl | sforce login --sfdx-url - -a acme", "With a login of the sf CLI" },
    { "printf %s \"$TOKEN\" | sforce login https://acme.my.salesforce.com --token -", "With a session that something else made" },
    { "sforce login https://test.salesforce.com --soap -u me@acme.com.uat -a uat", "With a user's password; it is asked for, and never stored" },
    { 0 },
};

static const cli_flag logout_flags[] = {
    { "all", 0, NULL, "forget every login", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example logout_examples[] = {
    { "sforce logout acme", "Forget one" },
    { "sforce logout --all --yes", "Forget all, without a question" },
    { 0 },
};
static const cli_example orgs_examples[] = {
    { "sforce orgs", "Which logins are there, and which is the default" },
    { "sforce orgs -r csv", "The same for a script" },
    { 0 },
};
static const cli_example org_examples[] = {
    { "sforce org acme", "From now on, commands without -o go to acme" },
    { "sforce org", "Which one is it now, and why" },
    { 0 },
};
static const cli_example whoami_examples[] = {
    { "sforce whoami", "User, org and API version of the default login" },
    { "sforce whoami -o acme --json", "For a script" },
    { 0 },
};

static const cli_flag query_flags[] = {
    { "query", 'q', "SOQL", "the statement, as sf spells it", CLI_WORDS_SOQL, NULL, false },
    { "file", 'f', "FILE", "read the statement from FILE", CLI_WORDS_FILE, NULL, false },
    { "param", 'p', "NAME[:TYPE]=VALUE", "put VALUE, quoted, where the statement says :NAME", CLI_WORDS_NONE, NULL, true },
    { "all-rows", 'A', NULL, "deleted and archived records too", CLI_WORDS_NONE, NULL, false },
    { "tooling", 't', NULL, "ask the Tooling API", CLI_WORDS_NONE, "use-tooling-api", false },
    { "explain", 0, NULL, "print the query plan instead", CLI_WORDS_NONE, NULL, false },
    { "page-rows", 0, "N", "wish for N rows a page, 200 to 2000", CLI_WORDS_NONE, NULL, false },
    { "children", 0, "HOW", "child rows in table and csv: join (in a cell), json (in a cell), files (a csv each beside -O FILE)", CLI_WORDS_CHILDREN, NULL, false },
    { "null", 0, "TEXT", "what a null is in csv, such as #N/A; otherwise nothing, and an empty text is \"\"", CLI_WORDS_NONE, NULL, false },
    { "delimiter", 0, "CHAR", "between the values of csv: a character, or comma, semicolon, tab, pipe", CLI_WORDS_NONE, "column-delimiter", false },
    { "crlf", 0, NULL, "csv lines end in CR LF", CLI_WORDS_NONE, NULL, false },
    { "bom", 0, NULL, "csv begins with a byte-order mark, which Excel likes", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example query_examples[] = {
    { "sforce query \"SELECT Id, Name, Owner.Name FROM Account LIMIT 10\"", "Ten accounts" },
    { "sforce query \"SELECT Id FROM Contact WHERE Email = :mail\" -p \"mail=o'hara@acme.com\"", "A value of any kind, quoted as it must be" },
    { "sforce query \"SELECT Name FROM Account WHERE Industry IN :in\" -p in=Energy -p in=Media", "A list: the parameter several times" },
    { "sforce query \"SELECT Id, Name FROM Account\" -O accounts.csv", "Everything, to a file; memory stays flat" },
    { "sforce query -f big.soql -r ndjson | jq -r .Name", "The statement from a file, a JSON object a line" },
    { "sforce query \"SELECT Name, (SELECT LastName FROM Contacts) FROM Account\" --children files -O acc.csv", "Child rows in acc.Contacts.csv" },
    { 0 },
};

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

static const cli_flag get_flags[] = {
    { "fields", 'F', "A,B,...", "only these fields", CLI_WORDS_FIELD_VALUE, NULL, false },
    { 0 },
};
static const cli_example get_examples[] = {
    { "sforce get Account 001000000000001AAA", "One record, all readable fields" },
    { "sforce get Contact Email__c=ada@acme.com --fields Id,Name", "By an external id, two fields" },
    { 0 },
};

#define WRITE_FLAGS \
    { "assignment-rule", 0, "RULE", "TRUE, FALSE or a rule's id (Lead and Case)", CLI_WORDS_NONE, NULL, false }, \
    { "allow-duplicates", 0, NULL, "save in spite of a duplicate rule that warns", CLI_WORDS_NONE, NULL, false }
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
static const cli_flag upsert_flags[] = {
    { "update-only", 0, NULL, "an error instead of a new record", CLI_WORDS_NONE, NULL, false },
    WRITE_FLAGS,
    { 0 },
};
static const cli_example upsert_examples[] = {
    { "sforce upsert Account Ext__c=A-17 Name=\"Acme AG\"", "Update the account with that external id, or create it" },
    { 0 },
};
static const cli_example delete_examples[] = {
    { "sforce delete Account 001000000000001AAA", "To the recycle bin" },
    { "sforce delete Account Ext__c=A-17", "By external id" },
    { 0 },
};

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
static const cli_example limits_examples[] = {
    { "sforce limits", "What is left of each allowance" },
    { "sforce limits -r json | jq .DailyApiRequests", "One of them" },
    { 0 },
};
static const cli_example versions_examples[] = {
    { "sforce versions", "The API versions of the org" },
    { 0 },
};

static const cli_flag api_flags[] = {
    { "body", 'b', "BODY|@FILE|-", "what to send: the text itself, a file's bytes, or stdin", CLI_WORDS_NONE, NULL, false },
    { "header", 'H', "NAME: VALUE", "add a header", CLI_WORDS_NONE, NULL, true },
    { "include", 'i', NULL, "print status and headers of the answer too", CLI_WORDS_NONE, NULL, false },
    { "repeatable", 0, NULL, "doing it twice is harmless: it may be retried", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example api_examples[] = {
    { "sforce api GET limits", "Below /services/data/vXX.X/" },
    { "sforce api GET /services/data/", "Or any path of the instance" },
    { "sforce api PATCH sobjects/Account/001000000000001AAA -b '{\"Name\":\"Acme\"}'", "With a body" },
    { "sforce api POST composite -b @request.json -i", "From a file, with the answer's headers" },
    { 0 },
};

static const cli_flag local_flags[] = {
    { "name", 'a', "NAME", "of the local org and its login; local when not given", CLI_WORDS_NONE, "alias", false },
    { "port", 0, "N", "of 127.0.0.1; otherwise the port it had before, or any free one", CLI_WORDS_NONE, NULL, false },
    { "data", 0, "FILE|:memory:", "where its records are; otherwise a file of its own", CLI_WORDS_FILE, NULL, false },
    { "seed", 0, "sample|empty", "what a new one holds", CLI_WORDS_NONE, NULL, false },
    { "records", 0, "N", "fill a new one with N records", CLI_WORDS_NONE, NULL, false },
    { "schema", 0, "FILE", "custom objects and fields", CLI_WORDS_FILE, NULL, false },
    { "fault", 0, "SPEC", "failures to play (see sforce-org --help)", CLI_WORDS_NONE, NULL, true },
    { 0 },
};
static const cli_example local_examples[] = {
    { "sforce local start", "An org with sample data, and a login named local" },
    { "sforce local start --data :memory: --records 100000", "A large one that is gone afterwards" },
    { "eval \"$(sforce local env)\"", "SFORCE_URL, SFORCE_CLIENT_ID and SFORCE_CLIENT_SECRET for a program of yours" },
    { "sforce local stop", "End it; its data stays" },
    { 0 },
};

static const cli_example completion_examples[] = {
    { "source <(sforce completion bash)", "In ~/.bashrc" },
    { "sforce completion zsh > \"${fpath[1]}/_sforce\"", "For zsh" },
    { "sforce completion fish > ~/.config/fish/completions/sforce.fish", "For fish" },
    { 0 },
};
static const cli_flag man_flags[] = {
    { "all", 0, "DIR", "write every page into DIR: sforce.1, sforce-query.1, ...", CLI_WORDS_FOLDER, NULL, false },
    { 0 },
};
static const cli_example man_examples[] = {
    { "sforce man query | man -l -", "Read a page" },
    { "sforce man --all /usr/local/share/man/man1", "Install them" },
    { 0 },
};
static const cli_example help_examples[] = {
    { "sforce help query", "The same as sforce query --help" },
    { 0 },
};
static const cli_example complete_examples[] = {
    { "sforce __complete -- query -r ''", "What may stand where the last word is: a value and its description a line" },
    { 0 },
};

static const char assignments[] =
    "FIELD=VALUE sets a text, number, date or anything else that the org reads from text; FIELD= clears the field. FIELD:=JSON takes "
    "the JSON as it is (FIELD:=12, FIELD:=true, FIELD:=null). FIELD=@FILE takes a file's text, FIELD@=FILE its bytes as base64. "
    "PARENT.EXT__C=VALUE points to a parent by its external id. A single - reads a JSON object from stdin.";

const cli_command cli_commands[] = {
    { .name = "login", .usage = "[URL] [--client-credentials | --token - | --refresh-token - | --sfdx-url - | --password | --soap] [-a NAME]",
      .summary = "log in to an org and remember it",
      .text = "URL is any address of the org that you have at hand: My Domain, Lightning, Setup, https://login.salesforce.com (the default) "
              "or https://test.salesforce.com. Without a flow, a terminal gets the client-credentials flow.\n\n"
              "Secrets never stand on the command line, where every user of the machine could read them: they are taken from the "
              "environment (SFORCE_CLIENT_ID, SFORCE_CLIENT_SECRET, SFORCE_USERNAME, SFORCE_PASSWORD, SFORCE_SECURITY_TOKEN), asked for without echo, or read "
              "from stdin, one a line. The first login becomes the default org.",
      .flags = login_flags, .examples = login_examples, .words_max = 1, .run = cli_run_login, .group = "Logins" },
    { .name = "logout", .usage = "[NAME | --all]", .summary = "forget a login",
      .text = "Removes the login's file, and with it session and tokens, from this machine. Without NAME it is the default org.",
      .flags = logout_flags, .examples = logout_examples, .words_max = 1, .words = { CLI_WORDS_ORG }, .run = cli_run_logout, .group = "Logins" },
    { .name = "orgs", .usage = "", .summary = "list the logins",
      .text = "The default is marked with a star. Nothing is sent.",
      .examples = orgs_examples, .run = cli_run_orgs, .group = "Logins" },
    { .name = "org", .usage = "[NAME]", .summary = "choose the default org",
      .text = "Without NAME it says which org is used here and what chose it. Nothing is sent.",
      .examples = org_examples, .words_max = 1, .words = { CLI_WORDS_ORG }, .run = cli_run_org, .group = "Logins" },
    { .name = "whoami", .usage = "", .summary = "show user, org and API version of the login",
      .examples = whoami_examples, .run = cli_run_whoami, .group = "Logins" },

    { .name = "query", .usage = "SOQL | -f FILE | -", .summary = "run a SOQL query",
      .text = "Rows are printed while they come; a million of them need no more memory than a thousand. Columns stand in the order of the "
              "statement, parents as Owner.Name. A result that ends before the org said so is an error.\n\n"
              "Formats: table, csv (RFC 4180, lines end in LF), json (an array), ndjson (an object a line). In csv a null is nothing and "
              "an empty text is \"\"; --null gives nulls a text of their own. json and ndjson are the rows as the org sent them.\n\n"
              "Parameters: -p NAME=VALUE replaces :NAME by a quoted text. Other types are named: -p n:int=3, and likewise decimal, bool, date, "
              "datetime, literal (TODAY, LAST_N_DAYS:30), null. A list for IN :NAME is the parameter several times, "
              "-p in:list=a,b,c, or -p in:file=FILE with a value a line; thousands are fine.",
      .flags = query_flags, .examples = query_examples, .words_max = 1, .words = { CLI_WORDS_SOQL }, .run = cli_run_query, .group = "Records" },
    { .name = "search", .usage = "SOSL", .summary = "search text in many objects (SOSL)",
      .text = "The records found, 2,000 at most. In table and csv the first column is the record's object, the others are all fields in the "
              "order in which they first come; json and ndjson are the records as the org sent them.\n\n"
              "Parameters: -p NAME=VALUE replaces :NAME. Between the braces every character of VALUE stands for itself and :NAME* finds what begins "
              "with it; behind them it is a value as in query.",
      .flags = search_flags, .examples = search_examples, .words_max = 1, .run = cli_run_search, .group = "Records" },
    { .name = "get", .usage = "OBJECT ID|FIELD=VALUE", .summary = "read one record",
      .text = "FIELD=VALUE names the record by an external-id field.",
      .flags = get_flags, .examples = get_examples, .words_min = 2, .words_max = 2, .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_NONE },
      .run = cli_run_get, .group = "Records" },
    { .name = "create", .usage = "OBJECT FIELD=VALUE... | -", .summary = "create a record and print its id",
      .text = assignments, .flags = create_flags, .examples = create_examples, .words_min = 2, .words_max = -1,
      .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_FIELD_VALUE }, .run = cli_run_create, .group = "Records" },
    { .name = "update", .usage = "OBJECT ID|FIELD=VALUE FIELD=VALUE... | -", .summary = "change fields of a record",
      .text = assignments, .flags = update_flags, .examples = update_examples, .words_min = 3, .words_max = -1,
      .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_FIELD_VALUE }, .run = cli_run_update, .group = "Records" },
    { .name = "upsert", .usage = "OBJECT EXTERNAL_ID=VALUE FIELD=VALUE... | -", .summary = "update the record with that external id, or create it",
      .text = assignments, .flags = upsert_flags, .examples = upsert_examples, .words_min = 2, .words_max = -1,
      .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_FIELD_VALUE }, .run = cli_run_upsert, .group = "Records" },
    { .name = "delete", .usage = "OBJECT ID|FIELD=VALUE", .summary = "delete a record",
      .text = "It goes to the recycle bin. FIELD=VALUE names the record by an external-id field.",
      .examples = delete_examples, .words_min = 2, .words_max = 2, .words = { CLI_WORDS_OBJECT, CLI_WORDS_FIELD_VALUE, CLI_WORDS_NONE },
      .run = cli_run_delete, .group = "Records" },

    { .name = "describe", .usage = "[OBJECT[.FIELD]]", .summary = "show objects, fields and picklist values",
      .text = "Answers are kept and asked for again only when they changed; completion uses them.",
      .flags = describe_flags, .examples = describe_examples, .words_max = 1, .words = { CLI_WORDS_OBJECT_FIELD, CLI_WORDS_NONE },
      .run = cli_run_describe, .group = "The org" },
    { .name = "limits", .usage = "", .summary = "show what is left of the org's limits",
      .examples = limits_examples, .run = cli_run_limits, .group = "The org" },
    { .name = "versions", .usage = "", .summary = "list the org's API versions",
      .examples = versions_examples, .run = cli_run_versions, .group = "The org" },
    { .name = "api", .usage = "METHOD PATH [-b BODY]", .summary = "send any request with the login's session",
      .text = "PATH is below /services/data/vXX.X/ unless it starts with a slash. The answer's body is printed as it came; an answer of 400 and "
              "above is an error, its body is printed all the same. GET, HEAD, PUT and DELETE are repeated after a lost answer, POST and PATCH "
              "only with --repeatable.",
      .flags = api_flags, .examples = api_examples, .words_min = 2, .words_max = 2, .words = { CLI_WORDS_METHOD, CLI_WORDS_NONE },
      .run = cli_run_api, .group = "The org" },

    { .name = "local", .usage = "start|stop|env", .summary = "run a Salesforce-compatible org on this machine",
      .text = "start runs sforce-org in the background, registers its login, and prints its address; stop ends it. Its data stays in "
              "$XDG_DATA_HOME/sforce/local/NAME.db from one start to the next. env prints its URL, client id and client secret as lines "
              "for a shell, for programs that log in by themselves.",
      .flags = local_flags, .examples = local_examples, .words_min = 1, .words_max = 1, .words = { CLI_WORDS_LOCAL, CLI_WORDS_NONE }, .run = cli_run_local, .group = "Around it" },
    { .name = "completion", .usage = "bash|zsh|fish", .summary = "print a completion script for your shell",
      .text = "It completes commands, flags, logins, and, from what describe kept, objects, fields and picklist values. It never sends anything.",
      .examples = completion_examples, .words_min = 1, .words_max = 1, .words = { CLI_WORDS_SHELL, CLI_WORDS_NONE }, .run = cli_run_completion, .group = "Around it" },
    { .name = "man", .usage = "[COMMAND]", .summary = "print a man page",
      .flags = man_flags, .examples = man_examples, .words_max = 1, .words = { CLI_WORDS_COMMAND, CLI_WORDS_NONE }, .run = cli_run_man, .group = "Around it" },
    { .name = "help", .usage = "[COMMAND]", .summary = "say what a command does",
      .examples = help_examples, .words_max = 1, .words = { CLI_WORDS_COMMAND, CLI_WORDS_NONE }, .run = cli_run_help, .group = "Around it" },
    { .name = "__complete", .usage = "-- WORDS", .summary = "what may stand where the last word is", .examples = complete_examples,
      .words_max = -1, .run = cli_run_complete },
    { 0 },
};
