/* help.c: see command.h. --help from the table of commands. Called by main and `sforce help`. */
#include "command.h"

enum { WIDTH = 96 };

static const char *bold(bool color)
{
    return color ? "\033[1m" : "";
}

static const char *plain(bool color)
{
    return color ? "\033[0m" : "";
}

/* Text broken at blanks to lines that start at an indent; the first line starts where the caller is. */
static void add_wrapped(sfi_buf *out, const char *text, size_t indent, size_t column)
{
    size_t at = column;
    while (*text != 0) {
        size_t len = strcspn(text, " ");
        if (at + len > WIDTH && at > indent) {
            if (out->data != NULL && out->data[out->len - 1] == ' ') out->len--;
            sfi_buf_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        }
        sfi_buf_add(out, text, len);
        at += len;
        text += len;
        if (*text == ' ') {
            sfi_buf_add_char(out, ' ');
            at++;
            text++;
        }
    }
    while (out->len > 0 && out->data != NULL && out->data[out->len - 1] == ' ') out->data[--out->len] = 0;
    sfi_buf_add_char(out, '\n');
}

/* Paragraphs with a blank line between; lines that begin with two blanks stay as they are. */
static void add_text(sfi_buf *out, const char *text)
{
    while (*text != 0) {
        size_t len = strcspn(text, "\n");
        if (len == 0 || strncmp(text, "  ", 2) == 0) {
            sfi_buf_add(out, text, len);
            sfi_buf_add_char(out, '\n');
        } else {
            char line[2048];
            size_t n = len < sizeof line - 1 ? len : sizeof line - 1;
            memcpy(line, text, n);
            line[n] = 0;
            add_wrapped(out, line, 0, 0);
        }
        text += len;
        if (*text == '\n') text++;
    }
}

static void add_flags(sfi_buf *out, const cli_flag *flags, bool color)
{
    for (const cli_flag *f = flags; f != NULL && f->name != NULL; f++) {
        char left[96];
        char letter[8] = "    ";
        if (f->letter != 0) snprintf(letter, sizeof letter, "-%c, ", f->letter);
        int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, f->name, f->value != NULL ? " " : "",
                         f->value != NULL ? f->value : "");
        size_t used = n > 0 ? (size_t)n : 0;
        sfi_buf_addf(out, "%s%s%s", bold(color), left, plain(color));
        if (used > 30) {
            sfi_buf_addf(out, "\n%32s", "");
        } else {
            sfi_buf_addf(out, "%*s", (int)(32 - used), "");
        }
        add_wrapped(out, f->help, 32, 32);
    }
}

static void add_examples(sfi_buf *out, const cli_example *examples)
{
    for (const cli_example *e = examples; e->line != NULL; e++) {
        sfi_buf_addf(out, "  # %s\n  %s\n", e->what, e->line);
        if (e[1].line != NULL) sfi_buf_add_char(out, '\n');
    }
}

void cli_help_command(sfi_buf *out, const cli_command *command, bool color)
{
    sfi_buf_addf(out, "%s%s%s\n\n", bold(color), command->summary, plain(color));
    sfi_buf_addf(out, "Usage: sforce %s %s\n", command->name, command->usage);
    if (command->text != NULL) {
        sfi_buf_add_char(out, '\n');
        add_text(out, command->text);
    }
    if (command->verbs != NULL) {
        sfi_buf_addf(out, "\n%sVerbs%s\n", bold(color), plain(color));
        for (const cli_verb *v = command->verbs; v->name != NULL; v++)
            sfi_buf_addf(out, "  %s%-10s%s%s\n", bold(color), v->name, plain(color), v->help);
    }
    sfi_buf_addf(out, "\n%sExamples%s\n", bold(color), plain(color));
    add_examples(out, command->examples);
    if (command->flags != NULL) {
        sfi_buf_addf(out, "\n%sFlags%s\n", bold(color), plain(color));
        add_flags(out, command->flags, color);
    }
    sfi_buf_addf(out, "\n%sFlags of every command%s\n", bold(color), plain(color));
    add_flags(out, cli_common_flags, color);
    sfi_buf_addf(out, "\nAll of it: sforce man %s\n", command->name);
}

static int name_width(void)
{
    size_t width = 0;
    for (size_t i = 0; cli_commands[i] != NULL; i++)
        if (cli_commands[i]->group != NULL && strlen(cli_commands[i]->name) > width)
            width = strlen(cli_commands[i]->name);
    return (int)width + 2;
}

void cli_help_overview(sfi_buf *out, bool color)
{
    int width = name_width();
    sfi_buf_addf(out, "%ssforce%s talks to Salesforce from the command line.\n\n", bold(color), plain(color));
    sfi_buf_add_str(out,
                    "Usage: sforce COMMAND [WORDS] [FLAGS]\n\nStart here, without credentials: sforce local start\n");
    const char *group = "";
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        const cli_command *m = cli_commands[i];
        if (m->group == NULL) continue;
        if (strcmp(group, m->group) != 0) {
            group = m->group;
            sfi_buf_addf(out, "\n%s%s%s\n", bold(color), group, plain(color));
        }
        sfi_buf_addf(out, "  %s%-*s%s%s\n", bold(color), width, m->name, plain(color), m->summary);
    }
    sfi_buf_addf(out, "\n%sFlags of every command%s\n", bold(color), plain(color));
    add_flags(out, cli_common_flags, color);
    sfi_buf_add_str(
        out, "\nMore: sforce COMMAND --help, sforce man [COMMAND]. Completion: sforce completion bash|zsh|fish.\n");
}
