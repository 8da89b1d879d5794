/* cmd_complete.c: `sforce completion` prints a shell's script; it calls `sforce __complete -- WORDS`, which answers from the table of
 * commands, the logins and what describe kept. Nothing is sent, and a failure is an empty answer: a shell's line is no place for errors.
 * Each line is a value, a tab and its description; ":files" alone asks the shell for file names. */
#include "cli.h"

static const char bash_script[] = "# bash completion of sforce. In ~/.bashrc: source <(sforce completion bash)\n"
                                  "_sforce() {\n"
                                  "    local current=${COMP_WORDS[COMP_CWORD]} line cut=''\n"
                                  "    local -a words=()\n"
                                  "    # = and : break words in bash; bash-completion puts them together again\n"
                                  "    if declare -F _get_comp_words_by_ref >/dev/null; then\n"
                                  "        local cur words_ref cword\n"
                                  "        _get_comp_words_by_ref -n =: -c cur -w words_ref -i cword\n"
                                  "        words=(\"${words_ref[@]:1:cword}\")\n"
                                  "        current=$cur\n"
                                  "    else\n"
                                  "        words=(\"${COMP_WORDS[@]:1:COMP_CWORD}\")\n"
                                  "    fi\n"
                                  "    [[ $current == *[=:]* ]] && cut=${current%\"${current##*[=:]}\"}\n"
                                  "    COMPREPLY=()\n"
                                  "    while IFS= read -r line; do\n"
                                  "        if [[ $line == :files ]]; then compopt -o default 2>/dev/null; return; fi\n"
                                  "        line=${line%%$'\\t'*}\n"
                                  "        [[ $line == *= ]] && compopt -o nospace 2>/dev/null\n"
                                  "        COMPREPLY+=(\"${line#\"$cut\"}\")\n"
                                  "    done < <(sforce __complete -- \"${words[@]}\" 2>/dev/null)\n"
                                  "}\n"
                                  "complete -F _sforce sforce\n";

static const char zsh_script[] =
    "#compdef sforce\n"
    "# zsh completion of sforce. sforce completion zsh > \"${fpath[1]}/_sforce\"\n"
    "_sforce() {\n"
    "    local line\n"
    "    local -a values\n"
    "    while IFS= read -r line; do\n"
    "        if [[ $line == :files ]]; then _files; return; fi\n"
    "        values+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
    "    done < <(sforce __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
    "    if [[ $values[1] == *=:* ]]; then _describe -t values sforce values -S ''; else _describe -t values sforce "
    "values; fi\n"
    "}\n"
    "if [[ $funcstack[1] == _sforce ]]; then _sforce \"$@\"; else compdef _sforce sforce; fi\n";

static const char fish_script[] =
    "# fish completion of sforce. sforce completion fish > ~/.config/fish/completions/sforce.fish\n"
    "function __sforce_complete\n"
    "    set -l words (commandline -opc)\n"
    "    set -l answer (sforce __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)\n"
    "    if test \"$answer[1]\" = :files\n"
    "        __fish_complete_path (commandline -ct)\n"
    "    else\n"
    "        printf '%s\\n' $answer\n"
    "    end\n"
    "end\n"
    "complete -c sforce -f -a '(__sforce_complete)'\n";

static int run_completion(cli *c)
{
    static const struct {
        const char *shell, *script;
    } scripts[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };
    sf_error err;
    for (size_t i = 0; i < SFI_COUNT_OF(scripts); i++) {
        if (strcmp(c->args.words[0], scripts[i].shell) != 0) continue;
        if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
        cli_out_add_str(&c->out, scripts[i].script);
        return cli_finish_output(c);
    }
    return cli_usage(c, "completion: %.40s: there are scripts for bash, zsh and fish", c->args.words[0]);
}

/* ---- what may stand where the last word is ---- */

typedef struct line {
    const cli_command *command;
    const cli_flag *pending; /* its value is the last word */
    size_t words;            /* after the command, before the last */
    const char *object;      /* the first of these */
    const char *org;         /* -o's value */
    const char *current;     /* the last word */
} line;

static void offer(cli *c, const line *l, const char *value, const char *description)
{
    if (strncmp(value, l->current, strlen(l->current)) != 0) return;
    cli_out_add_str(&c->out, value);
    cli_out_add_char(&c->out, '\t');
    for (const char *p = description != NULL ? description : ""; *p != 0; p++)
        cli_out_add_char(&c->out, *p == '\n' || *p == '\t' ? ' ' : *p);
    cli_out_add_char(&c->out, '\n');
}

static const cli_flag *flag_of(const cli_command *command, const char *word)
{
    if (word[1] == '-') return strchr(word, '=') == NULL ? cli_flag_find(command, sfi_str(word + 2)) : NULL;
    return word[2] == 0 ? cli_flag_find_letter(command, word[1]) : NULL; /* in "-rcsv" the value is there already */
}

static line read_line(const cli *c)
{
    line l = { .current = c->args.count > 0 ? c->args.words[c->args.count - 1] : "" };
    for (size_t i = 0; i + 1 < c->args.count; i++) {
        const char *word = c->args.words[i];
        if (l.pending != NULL) {
            if (strcmp(l.pending->name, "org") == 0) l.org = word;
            l.pending = NULL;
        } else if (word[0] == '-' && word[1] != 0) {
            const cli_flag *flag = flag_of(l.command, word);
            if (flag != NULL && flag->value != NULL) l.pending = flag;
        } else if (l.command == NULL) {
            l.command = cli_command_find(word);
            if (l.command == NULL) break;
        } else if (l.words++ == 0) {
            l.object = word;
        }
    }
    return l;
}

static void offer_flags(cli *c, const line *l)
{
    const cli_flag *lists[] = { l->command != NULL ? l->command->flags : NULL, cli_common_flags };
    for (size_t k = 0; k < SFI_COUNT_OF(lists); k++)
        for (const cli_flag *f = lists[k]; f != NULL && f->name != NULL; f++)
            offer(c, l, cli_textf(c, "--%s", f->name), f->help);
}

static void offer_list(cli *c, const line *l, const char *const *values)
{
    for (; *values != NULL; values++) offer(c, l, *values, NULL);
}

static void offer_orgs(cli *c, const line *l)
{
    const char *const *names = NULL;
    size_t count = 0;
    if (cli_login_names(c, &names, &count, NULL) != SF_OK) return;
    for (size_t i = 0; i < count; i++) {
        cli_login login;
        if (cli_login_load(c, names[i], &login, NULL) == SF_OK)
            offer(c, l, names[i], login.username != NULL ? login.username : login.instance_url);
    }
}

/* A client that sends nothing, for the describe cache of the org that is meant. */
static bool open_cache(cli *c, const line *l)
{
    cli_login login;
    if (c->sf != NULL) return true;
    if (cli_settings_load(c, NULL) != SF_OK) return false;
    bool found = (l->org != NULL ? cli_login_load(c, l->org, &login, NULL) : cli_org_choose(c, &login, NULL)) == SF_OK;
    if (!found) return false;
    if (login.api_version == NULL) login.api_version = cli_remembered_version(c, &login, true);
    if (login.api_version == NULL) return false;
    c->keep_describes = true;
    return cli_connect_login(c, &login, NULL) == SF_OK;
}

static const sf_describe_options cached = { .cache_only = true };

static sf_document *cached_object(cli *c, const line *l, const char *object)
{
    sf_document *doc = NULL;
    return object != NULL && open_cache(c, l) && sf_describe_object(c->sf, object, &cached, &doc, NULL) == SF_OK ? doc
                                                                                                                 : NULL;
}

static void offer_objects(cli *c, const line *l, const char *before)
{
    sf_document *doc = NULL;
    if (!open_cache(c, l) || sf_describe_global(c->sf, &cached, &doc, NULL) != SF_OK || doc == NULL) return;
    sf_value object;
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "sobjects")); sf_iter_next(&it, NULL, &object);) {
        const char *name = sf_get_str(object, "name");
        if (name != NULL) offer(c, l, cli_textf(c, "%s%s", before, name), sf_get_str(object, "label"));
    }
    sf_document_free(doc);
}

/* Low_Ink__e, and of channels /event/Low_Ink__e, /data/AccountChangeEvent; the prefix only where it was begun. */
static void offer_events(cli *c, const line *l, bool is_channel)
{
    sf_document *doc = NULL;
    bool with_prefix = is_channel && l->current[0] == '/';
    if (is_channel) offer(c, l, with_prefix ? "/data/ChangeEvents" : "ChangeEvents", "changes of all selected objects");
    if (!open_cache(c, l) || sf_describe_global(c->sf, &cached, &doc, NULL) != SF_OK || doc == NULL) return;
    sf_value object;
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "sobjects")); sf_iter_next(&it, NULL, &object);) {
        const char *name = sf_get_str(object, "name");
        bool is_event = name != NULL && sfi_ends_with(sfi_str(name), "__e");
        bool is_change = name != NULL && is_channel && sfi_ends_with(sfi_str(name), "ChangeEvent");
        if (!is_event && !is_change) continue;
        const char *prefix = !with_prefix ? "" : is_event ? "/event/" : "/data/";
        offer(c, l, cli_textf(c, "%s%s", prefix, name), sf_get_str(object, "label"));
    }
    sf_document_free(doc);
}

static void offer_fields(cli *c, const line *l, const char *object, const char *before, const char *after)
{
    sf_document *doc = cached_object(c, l, object);
    sf_value field;
    for (sf_iter it = sf_iter_begin(doc != NULL ? sf_get(sf_document_root(doc), "fields") : (sf_value){ 0 });
         sf_iter_next(&it, NULL, &field);) {
        const char *name = sf_get_str(field, "name");
        if (name != NULL) offer(c, l, cli_textf(c, "%s%s%s", before, name, after), sf_get_str(field, "label"));
    }
    sf_document_free(doc);
}

/* FIELD= of the object, then a picklist's values. */
static void offer_pairs(cli *c, const line *l)
{
    const char *name, *value;
    if (!cli_split_pair(c, l->current, &name, &value)) {
        offer_fields(c, l, l->object, "", "=");
        return;
    }
    sf_document *doc = cached_object(c, l, l->object);
    sf_value field, choice;
    for (sf_iter it = sf_iter_begin(doc != NULL ? sf_get(sf_document_root(doc), "fields") : (sf_value){ 0 });
         sf_iter_next(&it, NULL, &field);) {
        if (!sfi_eq_nocase(sf_get_str(field, "name"), name)) continue;
        for (sf_iter k = sf_iter_begin(sf_get(field, "picklistValues")); sf_iter_next(&k, NULL, &choice);)
            if (sf_get_bool(choice, "active", true))
                offer(c, l, cli_textf(c, "%s=%s", name, sf_get_str(choice, "value")), sf_get_str(choice, "label"));
    }
    sf_document_free(doc);
}

/* After FROM an object, elsewhere a field of the object that FROM names. The whole statement is one word of the shell. */
static void offer_soql(cli *c, const line *l)
{
    const char *text = l->current, *start = text + strlen(text), *object = NULL;
    size_t quote = text[0] == '"' || text[0] == '\''; /* bash hands an open quote on */
    while (start > text && (start[-1] == '_' || strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                                                       start[-1]) != NULL))
        start--;
    sf_str ahead = sfi_trim((sf_str){ text, (size_t)(start - text) });
    for (const char *p = text; *p != 0; p++) {
        bool word = p == text || p[-1] == ' ' || p[-1] == '\n';
        if (!word || !sfi_starts_with_nocase(sfi_str(p), "from ")) continue;
        const char *name = p + 5 + strspn(p + 5, " ");
        object = cli_strndup(c, name, strcspn(name, " \n)"));
    }
    line rest = *l;
    rest.current = text + quote;
    const char *before = cli_strndup(c, rest.current, (size_t)(start - rest.current));
    bool after_from = ahead.len >= 4 && sfi_str_is_nocase((sf_str){ ahead.ptr + ahead.len - 4, 4 }, "from");
    if (after_from)
        offer_objects(c, &rest, before);
    else
        offer_fields(c, &rest, object, before, "");
}

static void offer_commands(cli *c, const line *l)
{
    for (size_t i = 0; cli_commands[i] != NULL; i++)
        if (cli_commands[i]->group != NULL) offer(c, l, cli_commands[i]->name, cli_commands[i]->summary);
}

static void offer_words(cli *c, const line *l, cli_words words)
{
    const char *dot;
    switch (words) {
    case CLI_WORDS_FILE:
    case CLI_WORDS_FOLDER: cli_out_add_str(&c->out, ":files\n"); break;
    case CLI_WORDS_ORG: offer_orgs(c, l); break;
    case CLI_WORDS_OBJECT: offer_objects(c, l, ""); break;
    case CLI_WORDS_OBJECT_FIELD:
        dot = strchr(l->current, '.');
        if (dot == NULL)
            offer_objects(c, l, "");
        else
            offer_fields(c, l, cli_strndup(c, l->current, (size_t)(dot - l->current)),
                         cli_strndup(c, l->current, (size_t)(dot - l->current) + 1), "");
        break;
    case CLI_WORDS_FIELD_VALUE: offer_pairs(c, l); break;
    case CLI_WORDS_SOQL: offer_soql(c, l); break;
    case CLI_WORDS_COMMAND: offer_commands(c, l); break;
    case CLI_WORDS_FORMAT: offer_list(c, l, (const char *const[]){ "table", "csv", "json", "ndjson", NULL }); break;
    case CLI_WORDS_CHILDREN: offer_list(c, l, (const char *const[]){ "join", "json", "files", NULL }); break;
    case CLI_WORDS_METHOD:
        offer_list(c, l, (const char *const[]){ "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", NULL });
        break;
    case CLI_WORDS_SHELL: offer_list(c, l, (const char *const[]){ "bash", "zsh", "fish", NULL }); break;
    case CLI_WORDS_CHANNEL: offer_events(c, l, true); break;
    case CLI_WORDS_EVENT: offer_events(c, l, false); break;
    case CLI_WORDS_REPLAY: offer_list(c, l, (const char *const[]){ "latest", "earliest", "stored", NULL }); break;
    case CLI_WORDS_NONE: break;
    }
}

/* The first word is a verb; what follows is what that verb takes. */
static void offer_verb_words(cli *c, const line *l)
{
    for (const cli_verb *v = l->command->verbs; v->name != NULL; v++)
        if (l->words == 0)
            offer(c, l, v->name, v->help);
        else if (strcmp(v->name, l->object) == 0)
            offer_words(c, l, v->words);
}

static void offer_field_list(cli *c, const line *l) /* A,B,C: the last of them */
{
    const char *comma = strrchr(l->current, ',');
    const char *before = comma != NULL ? cli_strndup(c, l->current, (size_t)(comma - l->current) + 1) : "";
    offer_fields(c, l, l->object, before, "");
}

static int run_complete(cli *c)
{
    sf_error err;
    if (cli_out_open(&c->out, NULL, &err) != SF_OK) return CLI_FAILED;
    line l = read_line(c);
    if (l.pending != NULL && strcmp(l.pending->name, "fields") == 0)
        offer_field_list(c, &l);
    else if (l.pending != NULL)
        offer_words(c, &l, l.pending->words);
    else if (l.current[0] == '-')
        offer_flags(c, &l);
    else if (l.command == NULL)
        offer_commands(c, &l);
    else if (l.command->verbs != NULL)
        offer_verb_words(c, &l);
    else
        offer_words(c, &l, l.command->words[l.words < CLI_WORDS_MAX ? l.words : CLI_WORDS_MAX - 1]);
    return cli_finish_output(c);
}

/* clang-format off */
static const cli_example completion_examples[] = {
    { "source <(sforce completion bash)", "In ~/.bashrc" },
    { "sforce completion zsh > \"${fpath[1]}/_sforce\"", "For zsh" },
    { "sforce completion fish > ~/.config/fish/completions/sforce.fish", "For fish" },
    { 0 },
};
const cli_command cli_command_completion = {
    .name = "completion", .usage = "bash|zsh|fish", .summary = "print a completion script for your shell",
    .text = "It completes commands, flags, logins, and, from what describe kept, objects, fields and picklist values. It never sends anything.",
    .examples = completion_examples, .words_min = 1, .words_max = 1, .words = { CLI_WORDS_SHELL, CLI_WORDS_NONE }, .run = run_completion, .group = "Around it",
};

static const cli_example complete_examples[] = {
    { "sforce __complete -- query -r ''", "What may stand where the last word is: a value and its description a line" },
    { 0 },
};
const cli_command cli_command_complete = {
    .name = "__complete", .usage = "-- WORDS", .summary = "what may stand where the last word is", .examples = complete_examples,
    .words_max = -1, .run = run_complete,
};
/* clang-format on */
