/* sfstyle.c: command lines as sf spells them. Each row names the words of sf and says how its flags become our words; a line
 * is rewritten only when every flag of it has a place, so what is run is what was meant. Called by main when the first word
 * is no command of ours, or when the words after it make it one of sf's. */
#include "command.h"

typedef struct sf_form {
    const char *words; /* "data get record", blank between; ':' stands for a blank too */
    const char *ours;  /* our command, with its words: %s object, %i id or -w pair, %q nothing */
    const char *wants; /* letters of the flags that must be there */
    const char *
        order; /* letters whose values become words, in this order: s object, i id, w pair, v fields, X method, F file, j job, p the word, P all words */
    const char *first; /* what stands first after our command, such as "import"; NULL: nothing */
} sf_form;

static const sf_form forms[] = {
    { "data query", "query", "", "", NULL },
    { "data get record", "get", "s", "sx", NULL },
    { "data create record", "create", "sv", "sv", NULL },
    { "data update record", "update", "sv", "sxv", NULL },
    { "data delete record", "delete", "s", "sx", NULL },
    { "sobject describe", "describe", "s", "s", NULL },
    { "sobject list", "describe", "", "", NULL },
    { "org list limits", "limits", "", "", NULL },
    { "limits api display", "limits", "", "", NULL },
    { "org list", "orgs", "", "", NULL },
    { "org display user", "whoami", "", "", NULL },
    { "org display", "whoami", "", "", NULL },
    { "org logout", "logout", "", "", NULL },
    { "api request rest", "api", "", "Xp", NULL },
    { "api request graphql", "graphql", "b", "b", NULL },
    { "data import tree", "tree", "", "", "import" },
    { "data export tree", "tree", "", "", "export" },
    { "data export bulk", "export", "", "", NULL },
    { "data import bulk", "load", "sF", "sF", "--insert" },
    { "data update bulk", "load", "sF", "sF", "--update" },
    { "data upsert bulk", "load", "sF", "sF", NULL },
    { "data delete bulk", "load", "sF", "sF", "--delete" },
    { "bulk export", "export", "", "P", NULL },
    { "bulk load", "load", "", "P", NULL },
    { "bulk jobs", "jobs", "", "P", NULL },
    { "bulk list", "jobs", "", "P", "list" },
    { "bulk status", "jobs", "", "P", "status" },
    { "bulk results", "jobs", "", "P", "results" },
    { "bulk wait", "jobs", "", "P", "wait" },
    { "bulk abort", "jobs", "", "P", "abort" },
    { "bulk delete", "jobs", "", "P", "delete" },
    { "bulk resume", "jobs", "", "P", "resume" },
    { "bulk insert", "load", "", "P", "--insert" }, /* here and below: as another tool has it */
    { "bulk update", "load", "", "P", "--update" },
    { "bulk upsert", "load", "", "P", NULL },
    { "bulk query", "export", "", "P", NULL },
    { "bulk2 insert", "load", "", "P", "--insert" },
    { "bulk2 update", "load", "", "P", "--update" },
    { "bulk2 upsert", "load", "", "P", NULL },
    { "bulk2 delete", "load", "", "P", "--delete" },
    { "bulk2 hardDelete", "load", "", "P", "--hard-delete" },
    { "bulk2 query", "export", "", "P", NULL },
    { "bulk2 jobs", "jobs", "", "P", NULL },
    { "bulk2 job", "jobs", "", "P", "status" },
    { "bulk2 results", "jobs", "", "P", "results" },
    { "bulk2 abort", "jobs", "", "P", "abort" },
    { "bulk2 delete-job", "jobs", "", "P", "delete" },
    { "data bulk results", "jobs", "", "j", "results" },
    { "data export resume", "jobs", "j", "j", "results" },
    { "data import resume", "jobs", "", "j", "wait" },
    { "data update resume", "jobs", "", "j", "wait" },
    { "data upsert resume", "jobs", "", "j", "wait" },
    { "data delete resume", "jobs", "", "j", "wait" },
    { "force data tree import", "tree", "", "", "import" },
    { "force data tree export", "tree", "", "", "export" },
    { "force data soql query", "query", "", "", NULL },
    { "force data record get", "get", "s", "sx", NULL },
    { "force data record create", "create", "sv", "sv", NULL },
    { "force data record update", "update", "sv", "sxv", NULL },
    { "force data record delete", "delete", "s", "sx", NULL },
    { "force org list", "orgs", "", "", NULL },
    { "force org display", "whoami", "", "", NULL },
    { "force schema sobject describe", "describe", "s", "s", NULL },
};

typedef struct sf_flag {
    const char *name;
    char letter;
    char role; /* one of sf_form's letters; '=' passed on as it is; '-' a switch passed on; ',' a word each; 'm' minutes
                         passed on; 'e' a line ending, of which CRLF is ours; '0' what we do anyway: left out */
    const char *ours; /* how we spell it where it is passed on */
    const char *only; /* our command, or sf_form's first; NULL: any */
} sf_flag;

static const sf_flag flags[] = {
    { "sobject", 's', 's', NULL, NULL },
    { "record-id", 'i', 'i', NULL, NULL },
    { "where", 'w', 'w', NULL, NULL },
    { "values", 'v', 'v', NULL, NULL },
    { "method", 'X', 'X', NULL, "api" },
    { "query", 'q', '=', "--query", "query" },
    { "file", 'f', '=', "--file", "query" },
    { "use-tooling-api", 't', '-', "--tooling", "query" },
    { "all-rows", 0, '-', "--all-rows", "query" },
    { "result-format", 'r', '=', "--format", NULL },
    { "output-file", 0, '=', "--output", NULL },
    { "body", 'b', '=', "--body", "api" },
    { "body", 0, 'b', NULL, "graphql" },
    { "query-file", 0, '=', "--file", "export" },
    { "wait", 'w', 'm', "--wait", "export" },
    { "column-delimiter", 0, '=', "--delimiter", "export" },
    { "line-ending", 0, 'e', "--crlf", "export" },
    { "all-rows", 0, '-', "--all-rows", "export" },
    { "file", 'f', 'F', NULL, "load" },
    { "external-id", 'i', '=', "--upsert", "load" },
    { "wait", 'w', '0', NULL, "load" },
    { "column-delimiter", 0, '=', "--delimiter", "load" },
    { "line-ending", 0, '0', NULL, "load" },
    { "job-id", 'i', 'j', NULL, "jobs" },
    { "use-most-recent", 0, '-', "--last", "jobs" },
    { "wait", 'w', 'm', "--timeout", "jobs" },
    { "files", 'f', ',', NULL, "import" },
    { "sobjecttreefiles", 0, ',', NULL, "import" },
    { "plan", 'p', '=', "--plan-file", "import" },
    { "query", 'q', '=', "--query", "export" },
    { "plan", 'p', '-', "--plan", "export" },
    { "prefix", 'x', '=', "--prefix", "export" },
    { "output-dir", 'd', '=', "--output-dir", "export" },
    { "outputdir", 0, '=', "--output-dir", "export" },
    { "header", 'H', '=', "--header", "api" },
    { "include", 'i', '-', "--include", "api" },
    { "stream-to-file", 'S', '=', "--output", "api" },
    { "stream-to-file", 'S', '=', "--output", "graphql" },
    { "target-org", 'o', '=', "--org", NULL },
    { "targetusername", 'u', '=', "--org", NULL },
    { "api-version", 0, '=', "--api-version", NULL },
    { "json", 0, '-', "--json", NULL },
    { "no-prompt", 'p', '-', "--yes", "logout" },
    { "all", 'a', '-', "--all", "logout" },
};

typedef struct rewrite {
    sfi_arena *arena;
    const sf_form *form;
    char **out;
    int count;
    char *value[128]; /* by role */
    bool failed;
} rewrite;

static char *copy(rewrite *r, const char *s, size_t len)
{
    char *p = sfi_arena_strndup(r->arena, s, len);
    if (p == NULL) r->failed = true;
    return p;
}

static void push(rewrite *r, const char *s)
{
    r->out[r->count++] = copy(r, s, strlen(s));
}

/* How many of argv's leading words the form's words take; 0: they differ. */
static int match_words(const sf_form *form, int argc, char *const *argv)
{
    const char *p = form->words;
    int i = 1;
    while (*p != 0) {
        if (i >= argc) return 0;
        for (const char *a = argv[i]; *a != 0; a++) { /* "force:data:soql:query" is one word to the shell */
            if (*a == ':' ? *p != ' ' : *p != *a) return 0;
            p++;
        }
        if (*p == ' ') {
            p++;
        } else if (*p != 0) {
            return 0;
        }
        i++;
    }
    return i - 1;
}

static const sf_flag *find_flag(const rewrite *r, const char *word)
{
    bool is_long = word[1] == '-';
    const char *equals = strchr(word, '=');
    size_t len = is_long ? (equals != NULL ? (size_t)(equals - word) - 2 : strlen(word) - 2) : 1;
    for (size_t i = 0; i < SFI_COUNT_OF(flags); i++) {
        const sf_flag *f = &flags[i];
        bool same = is_long ? strlen(f->name) == len && strncmp(f->name, word + 2, len) == 0
                            : f->letter == word[1] && f->letter != 0;
        bool fits = f->only == NULL || strcmp(f->only, r->form->ours) == 0 ||
                    (r->form->first != NULL && strcmp(f->only, r->form->first) == 0);
        if (!same || !fits) continue;
        bool positional = strchr("=-,me0", f->role) == NULL;
        bool wanted = strchr(r->form->order, f->role) != NULL ||
                      ((f->role == 'i' || f->role == 'w') && strchr(r->form->order, 'x') != NULL);
        if (!positional || wanted) return f;
    }
    return NULL;
}

/* "Name='x y' Phone=1" into words of ours; single and double quotes group. */
static void push_values(rewrite *r, const char *text)
{
    while (!r->failed) {
        while (*text == ' ') text++;
        if (*text == 0) return;
        char *word = copy(r, text, strlen(text));
        if (word == NULL) return;
        size_t n = 0;
        char quote = 0;
        for (; *text != 0 && (quote != 0 || *text != ' '); text++) {
            if (quote == 0 && (*text == '\'' || *text == '"'))
                quote = *text;
            else if (quote != 0 && *text == quote)
                quote = 0;
            else
                word[n++] = *text;
        }
        word[n] = 0;
        r->out[r->count++] = word;
    }
}

/* "a.json,b.json" into words of ours. */
static void push_list(rewrite *r, const char *text)
{
    while (!r->failed && *text != 0) {
        size_t len = strcspn(text, ",");
        char *word = len > 0 ? copy(r, text, len) : NULL;
        if (word != NULL) r->out[r->count++] = word;
        text += len + (text[len] == ',');
    }
}

/* "10" into "10m". */
static void push_minutes(rewrite *r, const char *text)
{
    size_t len = strlen(text);
    char *word = sfi_arena_alloc(r->arena, len + 2);
    if (word == NULL) {
        r->failed = true;
        return;
    }
    memcpy(word, text, len);
    memcpy(word + len, "m", 2);
    r->out[r->count++] = word;
}

/* One word of sf's line after the command's; *i moves over a flag's value. */
static bool take_word(rewrite *r, int argc, char *const *argv, int *i)
{
    char *word = argv[*i];
    if (word[0] != '-' || word[1] == 0) {
        if (strchr(r->form->order, 'p') == NULL || r->value['p'] != NULL) return false;
        r->value['p'] = word;
        return true;
    }
    const sf_flag *f = find_flag(r, word);
    if (f == NULL) { /* one of ours, which the parser knows: only what stands in one word can be passed on unseen */
        const cli_command *command = cli_command_find(r->form->ours);
        const cli_flag *own = word[1] == '-' ? cli_flag_find(command, sfi_str(word + 2))
                              : word[2] == 0 ? cli_flag_find_letter(command, word[1])
                                             : NULL;
        if (own == NULL || own->value != NULL) return false;
        push(r, word);
        return true;
    }
    if (f->role == '-') {
        push(r, f->ours);
        return true;
    }
    char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    char *value = equals != NULL ? equals + 1 : word[1] != '-' && word[2] != 0 ? word + 2 : NULL;
    if (value == NULL) {
        if (*i + 1 >= argc) return false;
        value = argv[++*i];
    }
    if (f->role == '=') {
        push(r, f->ours);
        push(r, value);
    } else if (f->role == 'm') {
        push(r, f->ours);
        push_minutes(r, value);
    } else if (f->role == 'e') {
        if (!sfi_eq_nocase(value, "CRLF") && !sfi_eq_nocase(value, "LF")) return false;
        if (sfi_eq_nocase(value, "CRLF")) push(r, f->ours);
    } else if (f->role == '0') {
        return true;
    } else if (f->role == ',') {
        push_list(r, value);
    } else {
        r->value[(unsigned char)f->role] = value;
    }
    return true;
}

/* The values that become words, in our order, after "--" so that none is taken for a flag. */
static bool push_words(rewrite *r)
{
    if (r->form->order[0] != 0) push(r, "--");
    for (const char *p = r->form->order; *p != 0; p++) {
        const char *value = r->value[(unsigned char)*p];
        if (*p == 'x') {
            bool both = r->value['i'] != NULL && r->value['w'] != NULL;
            value = r->value['i'] != NULL ? r->value['i'] : r->value['w'];
            if (both || value == NULL || strchr(value, ' ') != NULL)
                return false; /* several conditions: not one of our words */
        }
        if (*p == 'X' && value == NULL) value = "GET";
        if (*p == 'j' && value == NULL) continue; /* --last instead, or the command says what it wants */
        if (value == NULL) return false;
        if (*p == 'v')
            push_values(r, value);
        else
            push(r, value);
    }
    return !r->failed;
}

static bool try_form(rewrite *r, int argc, char *const *argv, int taken)
{
    push(r, argv[0]);
    push(r, r->form->ours);
    if (r->form->order[0] == 'P' && r->form->first != NULL) push(r, r->form->first);
    for (int i = 1 + taken; r->form->order[0] == 'P' && i < argc; i++) push(r, argv[i]); /* ours by another name */
    if (r->form->order[0] == 'P') {
        r->out[r->count] = NULL;
        return !r->failed;
    }
    if (r->form->first != NULL) push(r, r->form->first);
    if (r->form->first != NULL && strcmp(r->form->first, "export") == 0) push(r, "--output-dir=."); /* as sf does */
    for (int i = 1 + taken; i < argc; i++)
        if (!take_word(r, argc, argv, &i)) return false;
    for (const char *p = r->form->wants; *p != 0; p++)
        if (r->value[(unsigned char)*p] == NULL) return false;
    if (!push_words(r)) return false;
    r->out[r->count] = NULL;
    return !r->failed;
}

bool cli_sf_rewrite(int argc, char *const *argv, sfi_arena *arena, int *out_argc, char ***out_argv)
{
    size_t words = 16;
    for (int i = 0; i < argc; i++) words += 2 + strlen(argv[i]) / 2; /* -v may hold a word every second byte */
    for (size_t i = 0; i < SFI_COUNT_OF(forms); i++) {
        int taken = match_words(&forms[i], argc, argv);
        if (taken == 0) continue;
        rewrite r = { .arena = arena, .form = &forms[i], .out = sfi_arena_alloc(arena, words * sizeof(char *)) };
        if (r.out == NULL || !try_form(&r, argc, argv, taken)) return false;
        *out_argc = r.count;
        *out_argv = r.out;
        return true;
    }
    return false;
}

const char *cli_sf_spelling(int argc, char *const *argv)
{
    for (size_t i = 0; i < SFI_COUNT_OF(forms); i++)
        if (match_words(&forms[i], argc, argv) != 0) return forms[i].ours;
    return NULL;
}
