/* sosl.c: values in place of :name in a SOSL statement. Called by search.c; text in, text out. The one idea: what stands
 * between the braces has a language of its own, in which values are escaped character by character; what follows is
 * SOQL's, and is left to SOQL's binds. */
#include "rest/sosl_internal.h"

enum { TEXT_BYTES_MAX = 16 << 20 };

static const char reserved[] = "&|!{}[]()^~*:\\\"'+-?";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_operator(sf_str word)
{
    return sfi_str_is_nocase(word, "and") || sfi_str_is_nocase(word, "or") || sfi_str_is_nocase(word, "not");
}

/* A value of which every character stands for itself. Within quotes the operators are words already. */
static void add_text(sfi_buf *out, const char *value, bool quoted)
{
    while (*value != '\0') {
        size_t len = strcspn(value, " \t\r\n");
        bool quotes = !quoted && is_operator((sf_str){ value, len });
        if (quotes) sfi_buf_add_char(out, '"');
        for (; len > 0; len--, value++) {
            if (strchr(reserved, *value) != NULL) sfi_buf_add_char(out, '\\');
            sfi_buf_add_char(out, *value);
        }
        if (quotes) sfi_buf_add_char(out, '"');
        for (; is_blank(*value); value++) sfi_buf_add_char(out, ' ');
    }
}

static sf_status add_bind(sfi_buf *out, sf_binds binds, sf_str name, bool quoted, bool *used, sf_error *err)
{
    for (size_t i = 0; i < binds.count; i++) {
        const sf_bind *bind = &binds.list[i];
        if (bind->name == NULL || !sfi_str_is(name, bind->name)) continue;
        if (bind->value.type != SF_BIND_STR || bind->value.as.str == NULL)
            return sfi_fail(err, SF_ERR_USAGE, "bind :%s stands within FIND {…}, which takes a text only", bind->name);
        used[i] = true;
        add_text(out, bind->value.as.str, quoted);
        return SF_OK;
    }
    return sfi_fail(err, SF_ERR_USAGE, "bind :%.*s within FIND {…} has no value", (int)(name.len < 60 ? name.len : 60),
                    name.ptr);
}

/* From behind the opening brace to the closing one, which is not taken; *at moves there, or to the end. */
static sf_status add_head(sfi_buf *out, const char **at, sf_binds binds, bool *used, sf_error *err)
{
    bool quoted = false;
    const char *s = *at;
    for (; *s != '\0' && *s != '}'; s++) {
        if (*s == '"') quoted = !quoted;
        if (*s == '\\' && s[1] != '\0') {
            sfi_buf_add_char(out, *s++);
        } else if (*s == ':' && binds.count > 0) {
            size_t len = 0;
            while (sfi_is_word_char(s[1 + len])) len++;
            sf_status rc = add_bind(out, binds, (sf_str){ s + 1, len }, quoted, used, err);
            if (rc != SF_OK) return rc;
            s += len;
            continue;
        }
        sfi_buf_add_char(out, *s);
    }
    *at = s;
    return SF_OK;
}

static bool tail_has(const char *tail, const char *name)
{
    sf_str rest = sfi_str(tail);
    for (;;) {
        sfi_soql_token t = sfi_soql_next(&rest);
        if (t.kind == SFI_SOQL_END || t.kind == SFI_SOQL_OPEN) return false;
        if (t.kind == SFI_SOQL_BIND && sfi_str_is(t.text, name)) return true;
    }
}

/* What follows the braces, with the binds that are meant for it: those of the text alone would be missed there. */
static sf_status add_tail(sfi_buf *out, const char *tail, sf_binds binds, const bool *used, sf_error *err)
{
    sf_bind *list = sfi_calloc_n(binds.count + 1, sizeof *list);
    if (list == NULL) return sfi_fail_memory(err, "binds");
    sf_binds ours = { .list = list };
    for (size_t i = 0; i < binds.count; i++)
        if (!used[i] || tail_has(tail, binds.list[i].name)) list[ours.count++] = binds.list[i];
    sfi_buf text = { 0 };
    sf_status rc = sfi_soql_bind(*tail != '\0' ? tail : " ", ours, &text, err); /* nothing left is no error here */
    if (rc == SF_OK) sfi_buf_add(out, text.data, text.len);
    sfi_buf_free(&text);
    sfi_free(list);
    return rc;
}

sf_status sfi_sosl_bind(const char *sosl, sf_binds binds, sfi_buf *out, sf_error *err)
{
    bool used[SF_BINDS_MAX] = { false };
    if (binds.count > SF_BINDS_MAX || (binds.count > 0 && binds.list == NULL))
        return sfi_fail(err, SF_ERR_USAGE, "more than %d binds, or none where some are said to be", SF_BINDS_MAX);
    out->max = TEXT_BYTES_MAX;
    const char *brace = strchr(sosl, '{'), *at = sosl;
    sf_status rc = SF_OK;
    if (brace != NULL) {
        at = brace + 1;
        sfi_buf_add(out, sosl, (size_t)(at - sosl));
        rc = add_head(out, &at, binds, used, err);
    }
    if (rc == SF_OK) rc = add_tail(out, at, binds, used, err);
    return rc == SF_OK ? sfi_buf_status(out, err, "the search") : rc;
}
