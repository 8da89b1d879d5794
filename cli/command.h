/*
 * command.h: what a command is. One list of these (commands.c) drives parsing, --help, completion and the man pages, so
 * that none of them can say what another does not.
 * Threads: the tables are read-only.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H
#include "base/base_internal.h"

typedef struct cli cli;

/* What a word or a flag's value can be completed to. */
typedef enum cli_words {
    CLI_WORDS_NONE = 0,
    CLI_WORDS_FILE,
    CLI_WORDS_ORG,          /* names of logins */
    CLI_WORDS_OBJECT,       /* objects, from the describe cache */
    CLI_WORDS_OBJECT_FIELD, /* OBJECT or OBJECT.FIELD */
    CLI_WORDS_FIELD_VALUE,  /* FIELD= of the object that stands before */
    CLI_WORDS_SOQL,         /* objects after FROM, else fields of the object that FROM names */
    CLI_WORDS_COMMAND,
    CLI_WORDS_FORMAT,
    CLI_WORDS_CHILDREN,
    CLI_WORDS_METHOD,
    CLI_WORDS_SHELL,
    CLI_WORDS_FOLDER,
    CLI_WORDS_CHANNEL, /* of events, from the describe cache */
    CLI_WORDS_EVENT,   /* platform events, from the describe cache */
    CLI_WORDS_REPLAY
} cli_words;

typedef struct cli_flag {
    const char *name;  /* "all-rows"; NULL ends a list */
    char letter;       /* 0: none */
    const char *value; /* "FILE"; NULL: a switch */
    const char *help;  /* one line, no full stop */
    cli_words words;
    const char *synonym; /* another long name, as other tools spell it; NULL: none */
    bool repeats;        /* may be given several times, each counts */
} cli_flag;

typedef struct cli_example {
    const char *line;
    const char *what;
} cli_example;

/* What a command does, named by its first word: «report run». */
typedef struct cli_verb {
    const char *name; /* NULL ends a list */
    const char *help; /* one line, no full stop */
    int (*run)(cli *c);
    cli_words words; /* what those after it are */
} cli_verb;

enum { CLI_WORDS_MAX = 3 };

typedef struct cli_command {
    const char *name;
    const char *usage;     /* what follows the name */
    const char *summary;   /* one line for the overview */
    const char *text;      /* paragraphs, a blank line between; a line that starts with two blanks stays as it is */
    const cli_verb *verbs; /* its sub-verbs; NULL: none. Without a word (words_min 0) it is the first */
    const cli_flag *flags; /* its own; NULL: none */
    const cli_example *examples;    /* at least one */
    int words_min, words_max;       /* words after the name; words_max -1: any number */
    cli_words words[CLI_WORDS_MAX]; /* what each word is; the last goes on for those that follow */
    int (*run)(cli *c);             /* answers the exit code; cli_run_verb: the verb does */
    const char *group;              /* heading in the overview; NULL: hidden */
} cli_command;

extern const cli_command *const cli_commands[]; /* NULL ends it */
extern const cli_flag cli_common_flags[];

const cli_command *cli_command_find(const char *name); /* NULL: none */
/* The own or common flag of that long name or synonym (len bytes); command NULL: common ones only. NULL: none. */
const cli_flag *cli_flag_find(const cli_command *command, sf_str name);
const cli_flag *cli_flag_find_letter(const cli_command *command, char letter);

/* ---- what was typed (args.c) ---- */
typedef struct cli_given {
    const cli_flag *flag;
    const char *value; /* NULL for a switch */
} cli_given;

typedef struct cli_args {
    const cli_command *command; /* NULL: none was named */
    const char **words;         /* those that are neither the command, nor flags, nor their values */
    size_t count;
    cli_given *given; /* in the order they were typed */
    size_t given_count;
} cli_args;

/* Sort argv[1..] into args; memory from arena. "--" ends the flags; "-" alone is a word. args.command may be set although
 * the call fails. @return SF_OK, SF_ERR_USAGE (message names the word, with the nearest spelling), SF_ERR_MEMORY. */
sf_status cli_args_parse(int argc, char *const *argv, sfi_arena *arena, cli_args *args, sf_error *err);
const char *cli_args_value(const cli_args *args, const char *flag); /* the last one given; NULL: none */
size_t cli_args_times(const cli_args *args, const char *flag);

/* The name in the list (its count entries, NULL skipped) that is nearest to what was typed, when it is near; else NULL. */
const char *cli_nearest(const char *typed, const char *const *names, size_t count);

/* Runs the verb that the first word names; a word that is none is wrong usage (verbs.c). */
int cli_run_verb(cli *c);

/* ---- how sf spells it (sfstyle.c) ---- */
/* Rewrite an sf command line ("data query -q …") into ours when it means exactly one thing. @return true: *out_argv (arena,
 * NULL at the end) and *out_argc hold it; false: it is none of these. */
bool cli_sf_rewrite(int argc, char *const *argv, sfi_arena *arena, int *out_argc, char ***out_argv);

const char *
cli_sf_spelling(int argc, char *const *argv); /* our command for sf's words, though the flags do not fit; NULL: none */

/* ---- what is printed of the table (help.c, manpage.c, complete.c) ---- */
void cli_help_overview(sfi_buf *out, bool color);
void cli_help_command(sfi_buf *out, const cli_command *command, bool color);
void cli_man_page(sfi_buf *out, const cli_command *command); /* NULL: sforce(1) itself */

/* ---- the commands: each row stands at the end of its file, commands.c lists them ---- */
extern const cli_command cli_command_action;
extern const cli_command cli_command_api;
extern const cli_command cli_command_apex;
extern const cli_command cli_command_batch;
extern const cli_command cli_command_approval;
extern const cli_command cli_command_blob;
extern const cli_command cli_command_complete;
extern const cli_command cli_command_completion;
extern const cli_command cli_command_composite;
extern const cli_command cli_command_convert_lead;
extern const cli_command cli_command_counts;
extern const cli_command cli_command_create;
extern const cli_command cli_command_delete;
extern const cli_command cli_command_deleted;
extern const cli_command cli_command_describe;
extern const cli_command cli_command_export;
extern const cli_command cli_command_get;
extern const cli_command cli_command_graph;
extern const cli_command cli_command_graphql;
extern const cli_command cli_command_help;
extern const cli_command cli_command_limits;
extern const cli_command cli_command_listen;
extern const cli_command cli_command_jobs;
extern const cli_command cli_command_load;
extern const cli_command cli_command_local;
extern const cli_command cli_command_login;
extern const cli_command cli_command_logout;
extern const cli_command cli_command_man;
extern const cli_command cli_command_merge;
extern const cli_command cli_command_org;
extern const cli_command cli_command_orgs;
extern const cli_command cli_command_password;
extern const cli_command cli_command_publish;
extern const cli_command cli_command_query;
extern const cli_command cli_command_recent;
extern const cli_command cli_command_recycle_bin;
extern const cli_command cli_command_related;
extern const cli_command cli_command_report;
extern const cli_command cli_command_rules;
extern const cli_command cli_command_search;
extern const cli_command cli_command_soap;
extern const cli_command cli_command_tree;
extern const cli_command cli_command_undelete;
extern const cli_command cli_command_update;
extern const cli_command cli_command_updated;
extern const cli_command cli_command_upsert;
extern const cli_command cli_command_versions;
extern const cli_command cli_command_whoami;
extern const cli_command cli_command_write;
#endif
