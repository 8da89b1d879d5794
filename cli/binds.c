/* binds.c: -p NAME[:TYPE]=VALUE into the binds of a query. A value is a text unless its type is named: to guess that 007 is a number
 * would be wrong half of the time. The same name given again makes a list. */
#include "cli.h"

enum { FILE_MAX_BYTES = 64 * 1024 * 1024 };

typedef struct list {
    const char *name;
    sf_bind_value *values;
    size_t count, cap;
    bool is_list; /* given as :list or :file, even when it has one value or none */
} list;

static void add_value(cli *c, list *l, sf_bind_value value)
{
    l->values = cli_grow(c, l->values, l->count, &l->cap, sizeof *l->values);
    l->values[l->count++] = value;
}

static void add_pieces(cli *c, list *l, sf_str text, char separator, bool skip_empty)
{
    l->is_list = true;
    while (text.len > 0) {
        const char *end = memchr(text.ptr, separator, text.len);
        size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;
        sf_str piece = { text.ptr, len };
        if (skip_empty) piece = sfi_trim(piece);
        if (piece.len > 0 || !skip_empty) add_value(c, l, sf_bind_str(cli_strndup(c, piece.ptr, piece.len)));
        text.ptr += len + (end != NULL);
        text.len -= len + (end != NULL);
    }
}

static bool typed_value(const char *type, const char *text, sf_bind_value *out, const char **wants)
{
    int64_t n;
    char kind;
    if (strcmp(type, "str") == 0 || strcmp(type, "text") == 0) {
        *out = sf_bind_str(text);
    } else if (strcmp(type, "int") == 0) {
        *wants = "a whole number";
        if (!sfi_parse_int(sfi_str(text), &n)) return false;
        *out = sf_bind_int(n);
    } else if (strcmp(type, "decimal") == 0) {
        *wants = "a number";
        *out = sf_bind_decimal(text);
    } else if (strcmp(type, "bool") == 0) {
        *wants = "true or false";
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) return false;
        *out = sf_bind_bool(text[0] == 't');
    } else if (strcmp(type, "date") == 0) {
        *wants = "a date such as 2026-02-28";
        if (!sfi_time_parse(sfi_str(text), &n, &kind) || kind != 'd') return false;
        *out = sf_bind_date(text);
    } else if (strcmp(type, "datetime") == 0) {
        *wants = "a time such as 2026-02-28T12:00:00Z";
        if (!sfi_time_parse(sfi_str(text), &n, &kind) || kind == 't') return false;
        *out = sf_bind_datetime(n);
    } else if (strcmp(type, "literal") == 0) {
        *wants = "a date literal such as TODAY or LAST_N_DAYS:30";
        if (text[0] == 0) return false;
        *out = sf_bind_literal(text);
    } else if (strcmp(type, "null") == 0) {
        *wants = "nothing after the =";
        if (text[0] != 0) return false;
        *out = sf_bind_null();
    } else {
        *wants = NULL;
        return false;
    }
    return true;
}

static sf_status add_param(cli *c, list *l, const char *type, const char *text, sf_error *err)
{
    if (strcmp(type, "list") == 0) {
        add_pieces(c, l, sfi_str(text), ',', false);
        return SF_OK;
    }
    if (strcmp(type, "file") == 0) {
        sf_str bytes;
        sf_status rc = cli_read_file(c, text, FILE_MAX_BYTES, &bytes, err);
        if (rc == SF_OK) add_pieces(c, l, bytes, '\n', true);
        return rc;
    }
    const char *wants = NULL;
    sf_bind_value value;
    if (typed_value(type, text, &value, &wants)) {
        add_value(c, l, value);
        return SF_OK;
    }
    if (wants != NULL) return sfi_fail(err, SF_ERR_USAGE, "-p %s:%s=%.60s: want %s", l->name, type, text, wants);
    return sfi_fail(err, SF_ERR_USAGE,
                    "-p %s:%.30s: the types are str, int, decimal, bool, date, datetime, literal, null, list and file",
                    l->name, type);
}

static sf_bind_value value_of(cli *c, const list *l)
{
    if (l->count == 1 && !l->is_list) return l->values[0];
    for (size_t i = 0; i < l->count; i++)
        if (l->values[i].type != SF_BIND_STR) return sf_bind_list(l->values, l->count);
    const char **texts = cli_alloc(c, l->count * sizeof *texts);
    for (size_t i = 0; i < l->count; i++) texts[i] = l->values[i].as.str;
    return sf_bind_str_list(texts, l->count);
}

sf_status cli_binds_parse(cli *c, sf_binds *out, sf_error *err)
{
    *out = (sf_binds){ 0 };
    size_t times = cli_args_times(&c->args, "param"), names = 0;
    if (times == 0) return SF_OK;
    list *lists = cli_alloc(c, times * sizeof *lists);
    for (size_t i = 0; i < c->args.given_count; i++) {
        const cli_given *g = &c->args.given[i];
        const char *name, *text, *type = "str";
        if (strcmp(g->flag->name, "param") != 0) continue;
        if (!cli_split_pair(c, g->value, &name, &text))
            return sfi_fail(err, SF_ERR_USAGE, "-p %.80s: want NAME=VALUE or NAME:TYPE=VALUE", g->value);
        char *colon = strchr(name, ':');
        if (colon != NULL) {
            *colon = 0;
            type = colon + 1;
        }
        size_t k = 0;
        while (k < names && strcmp(lists[k].name, name) != 0) k++;
        if (k == names) lists[names++].name = name;
        sf_status rc = add_param(c, &lists[k], type, text, err);
        if (rc != SF_OK) return rc;
    }
    sf_bind *binds = cli_alloc(c, names * sizeof *binds);
    for (size_t k = 0; k < names; k++) binds[k] = (sf_bind){ lists[k].name, value_of(c, &lists[k]) };
    *out = (sf_binds){ binds, names };
    return SF_OK;
}
