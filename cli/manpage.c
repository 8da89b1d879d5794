/* manpage.c: see command.h. Man pages in roff from the table of commands, with what scripts must know (exit codes, environment,
 * files) said once, here. Called by `sforce man`. */
#include "command.h"

/* Text with what roff would take for itself made harmless. */
static void add_escaped(sfi_buf *out, const char *s, bool line_start)
{
    for (; *s != 0; s++) {
        if (line_start && (*s == '.' || *s == '\'')) sfi_buf_add_str(out, "\\&");
        line_start = *s == '\n';
        switch (*s) {
        case '\\': sfi_buf_add_str(out, "\\e"); break;
        case '-': sfi_buf_add_str(out, "\\-"); break;
        case '\'': sfi_buf_add_str(out, "\\(aq"); break;
        case '`': sfi_buf_add_str(out, "\\(ga"); break;
        case '^': sfi_buf_add_str(out, "\\(ha"); break;
        case '~': sfi_buf_add_str(out, "\\(ti"); break;
        default: sfi_buf_add_char(out, *s);
        }
    }
}

static void add_line(sfi_buf *out, const char *macro, const char *text)
{
    sfi_buf_add_str(out, macro);
    add_escaped(out, text, macro[0] == 0);
    sfi_buf_add_char(out, '\n');
}

static void add_text(sfi_buf *out, const char *text)
{
    bool verbatim = false;
    while (*text != 0) {
        size_t len = strcspn(text, "\n");
        char line[2048];
        size_t n = len < sizeof line - 1 ? len : sizeof line - 1;
        memcpy(line, text, n);
        line[n] = 0;
        bool indented = strncmp(line, "  ", 2) == 0;
        if (indented != verbatim) sfi_buf_add_str(out, indented ? ".RS\n.nf\n" : ".fi\n.RE\n");
        verbatim = indented;
        if (n == 0)
            sfi_buf_add_str(out, ".PP\n");
        else
            add_line(out, "", indented ? line + 2 : line);
        text += len;
        if (*text == '\n') text++;
    }
    if (verbatim) sfi_buf_add_str(out, ".fi\n.RE\n");
}

static void add_flags(sfi_buf *out, const cli_flag *flags)
{
    for (const cli_flag *f = flags; f != NULL && f->name != NULL; f++) {
        sfi_buf_add_str(out, ".TP\n");
        if (f->letter != 0) sfi_buf_addf(out, "\\fB\\-%c\\fR, ", f->letter);
        sfi_buf_add_str(out, "\\fB\\-\\-");
        add_escaped(out, f->name, false);
        sfi_buf_add_str(out, "\\fR");
        if (f->value != NULL) {
            sfi_buf_add_str(out, " \\fI");
            add_escaped(out, f->value, false);
            sfi_buf_add_str(out, "\\fR");
        }
        sfi_buf_add_char(out, '\n');
        add_escaped(out, f->help, true);
        sfi_buf_add_str(out, ".");
        if (f->synonym != NULL) {
            sfi_buf_add_str(out, " Also spelt \\-\\-");
            add_escaped(out, f->synonym, false);
            sfi_buf_add_str(out, ".");
        }
        if (f->repeats) sfi_buf_add_str(out, " May be given several times.");
        sfi_buf_add_char(out, '\n');
    }
}

typedef struct entry {
    const char *name, *text;
} entry;

static void add_entries(sfi_buf *out, const entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sfi_buf_add_str(out, ".TP\n");
        add_line(out, ".B ", entries[i].name);
        add_line(out, "", entries[i].text);
    }
}

static const entry exits[] = {
    { "0", "All done." },
    { "1", "The org refused, or something inside failed. The message names the errorCode." },
    { "2", "Wrong usage or a bad input file. Nothing was sent." },
    { "3", "Not logged in, or the session or the app is not allowed." },
    { "4", "Finished, and some rows failed: they are listed." },
    { "5", "Network, timeout, or 5xx after retries. It is safe to repeat." },
    { "6", "A limit was reached: the org's request limit, or --max-calls." },
    { "7", "The outcome is unknown: a write was sent and its answer was lost." },
    { "8", "Listening: the org no longer has the position, or no event came for --max-idle." },
    { "75", "A bulk load, a job or a report's run has not ended yet; a load goes on with sforce jobs resume." },
    { "130, 143", "Interrupted by SIGINT or SIGTERM." },
};

static const entry variables[] = {
    { "SFORCE_ORG, SF_TARGET_ORG", "The login to use where --org is not given." },
    { "SF_ACCESS_TOKEN with SF_ORG_INSTANCE_URL", "A session for CI: used by every command instead of a login." },
    { "SF_ORG_API_VERSION", "The API version where --api-version is not given." },
    { "SFDX_DEFAULTUSERNAME, SFDX_ACCESS_TOKEN, SFDX_INSTANCE_URL, SFDX_API_VERSION", "The older names of these." },
    { "SFORCE_FORMAT", "The format where --format is not given: table, csv, json or ndjson." },
    { "SFORCE_CLIENT_ID, SFORCE_CLIENT_SECRET, SFORCE_USERNAME, SFORCE_PASSWORD, SFORCE_SECURITY_TOKEN",
      "What sforce login would ask for." },
    { "SFORCE_NEW_PASSWORD", "What sforce password set would ask for." },
    { "SFORCE_CONFIG_DIR", "The folder of config.toml." },
    { "SFORCE_TOKEN_STORE", "Where sessions are kept: file, the default, or a Redis server that machines share: redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], rediss://... or unix://[[USER]:PASSWORD@]/PATH." },
    { "SFORCE_LOG", "error, warn, info, debug or trace: what is logged to stderr." },
    { "HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE", "As everywhere." },
    { "NO_COLOR", "No colours, when it is set and not empty." },
};

static const entry files[] = {
    { "$XDG_CONFIG_HOME/sforce/config.toml",
      "Settings: org, format, api_version, one NAME = \"VALUE\" a line. `sforce org NAME' writes org." },
    { ".sforce.toml", "The same for a project, looked for in the current folder and those above it." },
    { "$XDG_DATA_HOME/sforce/orgs/NAME.json", "A login, mode 0600 in a folder of mode 0700." },
    { "$XDG_CACHE_HOME/sforce/ORGID/", "Describe answers and the org's newest version." },
    { "$XDG_DATA_HOME/sforce/local/NAME.db", "The data of a local org." },
};

static void add_overview(sfi_buf *out)
{
    sfi_buf_add_str(out, ".SH NAME\nsforce \\- talk to Salesforce from the command line\n.SH SYNOPSIS\n.B sforce\n"
                         ".I COMMAND\n[\\fIWORDS\\fR] [\\fIFLAGS\\fR]\n.SH DESCRIPTION\n");
    add_text(out, "sforce logs in to a Salesforce org, queries it, and reads and writes its records. Data goes to "
                  "stdout and everything else "
                  "to stderr; the exit code says what kind of failure it was, so scripts need not read messages.\n\n"
                  "Values are printed as the org sent them: numbers are never rounded, dates never shifted, columns "
                  "stand in the order of "
                  "the query. A result that ended early is an error, never a short result.\n\n"
                  "No credentials yet? `sforce local start' runs an org on this machine.");
    sfi_buf_add_str(out, ".SH COMMANDS\n");
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        const cli_command *m = cli_commands[i];
        if (m->group == NULL) continue;
        sfi_buf_addf(out, ".TP\n.BR sforce\\-%s (1)\n", m->name);
        add_line(out, "", m->summary);
    }
    sfi_buf_add_str(out, ".SH OPTIONS\n");
    add_flags(out, cli_common_flags);
    sfi_buf_add_str(out, ".SH EXIT STATUS\n");
    add_entries(out, exits, SFI_COUNT_OF(exits));
    sfi_buf_add_str(out, ".SH ENVIRONMENT\n");
    add_entries(out, variables, SFI_COUNT_OF(variables));
    add_text(out, "\nThe order is: flag, own variable, sf's variable, .sforce.toml, config.toml.");
    sfi_buf_add_str(out, ".SH FILES\n");
    add_entries(out, files, SFI_COUNT_OF(files));
}

static void add_command(sfi_buf *out, const cli_command *command)
{
    sfi_buf_addf(out, ".SH NAME\nsforce\\-%s \\- ", command->name);
    add_escaped(out, command->summary, false);
    sfi_buf_addf(out, "\n.SH SYNOPSIS\n.B sforce %s\n", command->name);
    add_line(out, "", command->usage);
    if (command->text != NULL) {
        sfi_buf_add_str(out, ".SH DESCRIPTION\n");
        add_text(out, command->text);
    }
    if (command->verbs != NULL) sfi_buf_add_str(out, ".SH VERBS\n");
    for (const cli_verb *v = command->verbs; v != NULL && v->name != NULL; v++) {
        sfi_buf_add_str(out, ".TP\n");
        add_line(out, ".B ", v->name);
        add_escaped(out, v->help, true);
        sfi_buf_add_str(out, v->help[strlen(v->help) - 1] == '?' ? "\n" : ".\n");
    }
    if (command->flags != NULL) {
        sfi_buf_add_str(out, ".SH OPTIONS\n");
        add_flags(out, command->flags);
        sfi_buf_add_str(out, ".PP\nThe flags of every command are in\n.BR sforce (1).\n");
    }
    sfi_buf_add_str(out, ".SH EXAMPLES\n");
    for (const cli_example *e = command->examples; e->line != NULL; e++) {
        sfi_buf_add_str(out, ".PP\n");
        add_line(out, "", e->what);
        sfi_buf_add_str(out, ".RS\n.nf\n");
        add_line(out, "", e->line);
        sfi_buf_add_str(out, ".fi\n.RE\n");
    }
    sfi_buf_add_str(out, ".SH EXIT STATUS\nSee\n.BR sforce (1).\n.SH SEE ALSO\n.BR sforce (1)\n");
}

void cli_man_page(sfi_buf *out, const cli_command *command)
{
    char upper[64] = "SFORCE";
    if (command != NULL) {
        snprintf(upper, sizeof upper, "SFORCE-%s", command->name);
        for (char *p = upper; *p != 0; p++)
            if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
    }
    sfi_buf_addf(out, ".TH \"%s\" 1 \"\" \"sforce %s\" \"sforce\"\n", upper, sf_version());
    if (command == NULL)
        add_overview(out);
    else
        add_command(out, command);
}
