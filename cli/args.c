/* args.c: see command.h. The words of a command line become a command, its flags and the rest. Flags may stand anywhere; the
 * first word that is neither a flag nor a flag's value names the command, so the line is walked twice: a flag's
 * meaning can depend on a command that comes after it. Called by main and by the completion. */
#include "command.h"

/* Letters that must change to make one word of the other, at most 64 each; case does not count. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t na = strlen(a), nb = strlen(b), row[LONGEST + 1];
    if (na > LONGEST || nb > LONGEST) return LONGEST;
    for (size_t j = 0; j <= nb; j++) row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t above = row[j];
            bool same = sfi_ascii_lower((unsigned char)a[i - 1]) == sfi_ascii_lower((unsigned char)b[j - 1]);
            size_t best = diagonal + (same ? 0 : 1);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[nb];
}

const char *cli_nearest(const char *typed, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t len = strlen(typed), least = len < 4 ? 2 : len / 3 + 2; /* nearer than this, or it is another word */
    for (size_t i = 0; i < count; i++) {
        if (names[i] == NULL) continue;
        size_t d = distance(typed, names[i]);
        if (len >= 3 && strncmp(names[i], typed, len) == 0) d = 1;
        if (d < least && d < strlen(names[i])) {
            least = d;
            best = names[i];
        }
    }
    return best;
}

const cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; cli_commands[i] != NULL; i++)
        if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
    return NULL;
}

static const cli_flag *find_in(const cli_flag *flags, sf_str name, char letter)
{
    for (const cli_flag *f = flags; f != NULL && f->name != NULL; f++) {
        if (letter != 0 ? f->letter == letter
                        : sfi_str_is(name, f->name) || (f->synonym != NULL && sfi_str_is(name, f->synonym)))
            return f;
    }
    return NULL;
}

const cli_flag *cli_flag_find(const cli_command *command, sf_str name)
{
    const cli_flag *own = command != NULL ? find_in(command->flags, name, 0) : NULL;
    return own != NULL ? own : find_in(cli_common_flags, name, 0);
}

const cli_flag *cli_flag_find_letter(const cli_command *command, char letter)
{
    const cli_flag *own = command != NULL ? find_in(command->flags, (sf_str){ 0 }, letter) : NULL;
    return own != NULL ? own : find_in(cli_common_flags, (sf_str){ 0 }, letter);
}

const char *cli_args_value(const cli_args *args, const char *flag)
{
    for (size_t i = args->given_count; i-- > 0;)
        if (strcmp(args->given[i].flag->name, flag) == 0) return args->given[i].value;
    return NULL;
}

size_t cli_args_times(const cli_args *args, const char *flag)
{
    size_t n = 0;
    for (size_t i = 0; i < args->given_count; i++) n += strcmp(args->given[i].flag->name, flag) == 0;
    return n;
}

/* ---- walking the line ---- */

typedef struct walk {
    int argc, i;
    char *const *argv;
    const cli_command *command; /* NULL while it is looked for */
    const char *name;           /* the word that should be one */
    cli_args *args;             /* NULL: only the command is looked for, mistakes do not matter */
    sf_error *err;
} walk;

static void keep(walk *w, const cli_flag *flag, const char *value)
{
    if (w->args != NULL) w->args->given[w->args->given_count++] = (cli_given){ flag, value };
}

static const char *command_name(const walk *w)
{
    return w->command != NULL ? w->command->name : "";
}

/* Without its value, which may be a secret that was meant for a flag there is not. */
static sf_status unknown_flag(const walk *w, const char *word)
{
    const char *names[128];
    char typed[81];
    size_t n = 0;
    (void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word, "="), word); /* cut, if long */
    for (const cli_flag *f = w->command != NULL ? w->command->flags : NULL; f != NULL && f->name != NULL && n < 126;
         f++)
        names[n++] = f->name;
    for (const cli_flag *f = cli_common_flags; f->name != NULL && n < 126; f++) names[n++] = f->name;
    const char *near = strncmp(typed, "--", 2) == 0 ? cli_nearest(typed + 2, names, n) : NULL;
    return sfi_fail(w->err, SF_ERR_USAGE, "%s%sunknown flag %s%s%s%s", command_name(w), w->command != NULL ? ": " : "",
                    typed, near != NULL ? " (did you mean --" : "", near != NULL ? near : "", near != NULL ? "?)" : "");
}

/* The value of a flag that wants one: the rest of its word, else the next word. */
static sf_status take_value(walk *w, const cli_flag *flag, const char *typed, const char *rest)
{
    if (rest == NULL && w->i + 1 >= w->argc)
        return w->args == NULL ? SF_OK : sfi_fail(w->err, SF_ERR_USAGE, "%s wants a value: %s", typed, flag->value);
    keep(w, flag, rest != NULL ? rest : w->argv[++w->i]);
    return SF_OK;
}

static sf_status take_long(walk *w, const char *word)
{
    const char *equals = strchr(word, '=');
    sf_str name = { word + 2, equals != NULL ? (size_t)(equals - word) - 2 : strlen(word) - 2 };
    const cli_flag *flag = cli_flag_find(w->command, name);
    if (flag == NULL) return w->args == NULL ? SF_OK : unknown_flag(w, word);
    if (flag->value != NULL) return take_value(w, flag, word, equals != NULL ? equals + 1 : NULL);
    if (equals != NULL && w->args != NULL)
        return sfi_fail(w->err, SF_ERR_USAGE, "--%s takes no value, but was given one after the =", flag->name);
    keep(w, flag, NULL);
    return SF_OK;
}

/* "-vv", "-rcsv", "-r csv", "-r=csv". */
static sf_status take_letters(walk *w, const char *word)
{
    for (const char *p = word + 1; *p != 0; p++) {
        const char letter[] = { '-', *p, 0 };
        const cli_flag *flag = cli_flag_find_letter(w->command, *p);
        if (flag == NULL) return w->args == NULL ? SF_OK : unknown_flag(w, (unsigned char)*p < 0x80 ? letter : "-");
        if (flag->value == NULL) {
            keep(w, flag, NULL);
            continue;
        }
        const char *rest = p[1] == '=' ? p + 2 : p[1] != 0 ? p + 1 : NULL;
        return take_value(w, flag, word, rest);
    }
    return SF_OK;
}

static sf_status walk_line(walk *w)
{
    bool flags_ended = false;
    for (w->i = 1; w->i < w->argc; w->i++) {
        const char *word = w->argv[w->i];
        sf_status rc = SF_OK;
        if (flags_ended || word[0] != '-' || word[1] == 0) {
            if (w->args == NULL) { /* this is the command, and that is all we want to know */
                w->command = cli_command_find(w->name = word);
                return SF_OK;
            }
            w->args->words[w->args->count++] = word;
        } else if (strcmp(word, "--") == 0) {
            flags_ended = true;
        } else {
            rc = word[1] == '-' ? take_long(w, word) : take_letters(w, word);
        }
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status unknown_command(const char *word, sf_error *err)
{
    const char *names[96];
    size_t n = 0;
    for (size_t i = 0; cli_commands[i] != NULL && n < SFI_COUNT_OF(names); i++)
        if (cli_commands[i]->group != NULL) names[n++] = cli_commands[i]->name;
    const char *near = cli_nearest(word, names, n);
    return sfi_fail(err, SF_ERR_USAGE, "unknown command %.80s%s%s%s", word, near != NULL ? " (did you mean " : "",
                    near != NULL ? near : "", near != NULL ? "?)" : "");
}

sf_status cli_args_parse(int argc, char *const *argv, sfi_arena *arena, cli_args *args, sf_error *err)
{
    *args = (cli_args){ 0 };
    size_t most = argc > 0 ? (size_t)argc : 1, letters = 1;
    for (int i = 1; i < argc; i++) letters += strlen(argv[i]); /* "-vvv" is three */
    args->words = sfi_arena_alloc(arena, most * sizeof *args->words);
    args->given = sfi_arena_alloc(arena, letters * sizeof *args->given);
    if (args->words == NULL || args->given == NULL) return sfi_fail_memory(err, "the command line");

    walk first = { .argc = argc, .argv = argv };
    sf_status rc = walk_line(&first);
    if (rc != SF_OK) return rc;
    if (first.name != NULL && first.command == NULL) return unknown_command(first.name, err);
    walk second = { .argc = argc, .argv = argv, .command = first.command, .args = args, .err = err };
    args->command = first.command;
    rc = walk_line(&second);
    if (rc != SF_OK) return rc;
    if (args->count == 0) return SF_OK;
    args->words++; /* the command's own name */
    args->count--;
    return SF_OK;
}
