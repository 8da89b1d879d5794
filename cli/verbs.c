/* verbs.c: commands of two words, such as «report run»: which verb is meant. */
#include "cli.h"

enum { VERBS_MAX = 16 };

static int refuse(cli *c, const cli_verb *verbs, const char *word)
{
    const char *names[VERBS_MAX];
    size_t count = 0;
    sfi_buf list = { 0 };
    for (const cli_verb *v = verbs; v->name != NULL && count < VERBS_MAX; v++) {
        sfi_buf_addf(&list, "%s%s", count == 0 ? "" : v[1].name != NULL ? ", " : " or ", v->name);
        names[count++] = v->name;
    }
    const char *near = cli_nearest(word, names, count);
    int code =
        cli_usage(c, "%s: want %s, not %.40s%s%s%s", c->args.command->name, list.data != NULL ? list.data : "", word,
                  near != NULL ? " (did you mean " : "", near != NULL ? near : "", near != NULL ? "?)" : "");
    sfi_buf_free(&list);
    return code;
}

int cli_run_verb(cli *c)
{
    const cli_verb *verbs = c->args.command->verbs;
    if (c->args.count == 0) return verbs->run(c);
    for (const cli_verb *v = verbs; v->name != NULL; v++)
        if (strcmp(c->args.words[0], v->name) == 0) return v->run(c);
    return refuse(c, verbs, c->args.words[0]);
}
