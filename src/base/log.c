/* log.c: one way out, which redacts. Every log line of the library passes sfi_logf. Owns nothing; any thread. The one
 * idea: a line is read once from left to right, and at each place where a word may begin the matchers below say how many
 * bytes from there are secret. Where they are in doubt they take too much: a log that says less is no leak. */
#include "base/base_internal.h"

enum {
    LINE_BYTES = 2048,
    TOKEN_BYTES_MIN = 20 /* shorter words that merely look like a token's beginning are left alone */
};

/* How the value of a secret name may be written. */
typedef enum name_kind {
    NAME_ANY,    /* name=value, name: value, "name":"value", <name>value */
    NAME_STRICT, /* an everyday word: only name=value and "name":"value" */
    NAME_HEADER  /* as NAME_ANY; after a colon all the rest of the line is secret */
} name_kind;

static const struct {
    const char *name;
    name_kind kind;
} names[] = {
    { "access_token", NAME_ANY },     { "refresh_token", NAME_ANY },    { "id_token", NAME_ANY },
    { "security_token", NAME_ANY },   { "client_secret", NAME_ANY },    { "consumer_secret", NAME_ANY },
    { "client_assertion", NAME_ANY }, { "assertion", NAME_ANY },        { "code_verifier", NAME_ANY },
    { "password", NAME_ANY },         { "newPassword", NAME_ANY },      { "passphrase", NAME_ANY },
    { "private_key", NAME_ANY },      { "sessionId", NAME_ANY },        { "session_id", NAME_ANY },
    { "signature", NAME_STRICT },     { "sid", NAME_STRICT },           { "code", NAME_STRICT },
    { "token", NAME_STRICT },         { "authorization", NAME_HEADER }, { "proxy-authorization", NAME_HEADER },
    { "cookie", NAME_HEADER },        { "set-cookie", NAME_HEADER },    { "x-sfdc-session", NAME_HEADER },
};

bool sfi_header_is_secret(sf_str name)
{
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (names[i].kind == NAME_HEADER && sfi_str_is_nocase(name, names[i].name)) return true;
    return false;
}

static bool is_alnum(char c)
{
    int lower = sfi_ascii_lower((unsigned char)c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(char c)
{
    return is_alnum(c) || c == '_';
}

static size_t token_len(const char *s)
{
    size_t n = 0;
    while (is_word(s[n]) || (s[n] != '\0' && strchr(".-+/=~!%", s[n]) != NULL)) n++;
    return n;
}

/* Bytes of a value that begins at s: to the end of its quotes, its element, or its word. */
static size_t value_len(const char *s, bool is_element)
{
    if (is_element) return strcspn(s, "<");
    return strcspn(s, " \t\r\n&,;\"'<>()[]{}");
}

/* Bytes up to the quote that closes a string; an escaped quote does not. */
static size_t quoted_len(const char *s, char quote)
{
    size_t n = 0;
    while (s[n] != '\0' && s[n] != quote) n += s[n] == '\\' && s[n + 1] != '\0' ? 2 : 1;
    return n;
}

/* Where a value stands behind a secret name: *skip bytes on, *secret bytes long. */
static bool find_value(const char *s, size_t name_len, name_kind kind, bool is_quoted_name, size_t *skip,
                       size_t *secret)
{
    size_t at = name_len;
    bool is_element = s[at] == '>';
    while (s[at] == '\\' || s[at] == '"' || s[at] == '\'') at++; /* the end of a quoted name, maybe in quoted JSON */
    while (s[at] == ' ') at++;
    char sign = s[at];
    if (sign != '=' && sign != ':' && !is_element) return false;
    if (kind == NAME_STRICT && sign == ':' && !is_quoted_name) return false;
    at++;
    while (!is_element && s[at] == ' ') at++;
    if (kind == NAME_HEADER && sign == ':' && !is_quoted_name) {
        *skip = at;
        *secret = strcspn(s + at, "\r\n");
        return *secret > 0;
    }
    bool is_nested = s[at] == '\\'; /* JSON inside a string: its quotes are \" */
    if (is_nested) at++;
    bool is_quoted = !is_element && (s[at] == '"' || s[at] == '\'');
    *skip = is_quoted ? at + 1 : at;
    *secret = !is_quoted  ? value_len(s + *skip, is_element)
              : is_nested ? strcspn(s + *skip, "\"")
                          : quoted_len(s + *skip, s[at]);
    return *secret > 0;
}

static bool match_name(const char *s, bool is_quoted_name, size_t *skip, size_t *secret)
{
    sf_str rest = sfi_str(s);
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        if (!sfi_starts_with_nocase(rest, names[i].name)) continue;
        size_t len = strlen(names[i].name);
        if (find_value(s, len, names[i].kind, is_quoted_name, skip, secret)) return true;
    }
    return false;
}

/* Tokens that are known by their look: session ids, JSON web tokens, refresh tokens, and what follows Bearer or Basic. */
static bool match_token(const char *s, size_t *skip, size_t *secret)
{
    static const char *const schemes[] = { "Bearer ", "Basic ", "OAuth " };
    sf_str rest = sfi_str(s);
    *skip = 0;
    for (size_t i = 0; i < SFI_COUNT_OF(schemes); i++) {
        if (!sfi_starts_with_nocase(rest, schemes[i])) continue;
        *skip = strlen(schemes[i]);
        *secret = token_len(s + *skip);
        return *secret > 0;
    }
    *secret = token_len(s);
    if (sfi_starts_with(rest, "00D")) {
        size_t id = 0;
        while (is_alnum(s[id])) id++;
        return (id == 15 || id == 18) && (s[id] == '!' || sfi_starts_with_nocase(sfi_str(s + id), "%21"));
    }
    return *secret >= TOKEN_BYTES_MIN && (sfi_starts_with(rest, "eyJ") || sfi_starts_with(rest, "5Aep"));
}

/* https://user:password@host */
static bool match_userinfo(const char *s, size_t *skip, size_t *secret)
{
    if (!sfi_starts_with(sfi_str(s), "://")) return false;
    size_t authority = 3 + strcspn(s + 3, "/?# \t\"'<>");
    size_t at = authority;
    while (at > 3 && s[at - 1] != '@') at--; /* the last one: a password may hold the sign too */
    *skip = 3;
    *secret = at > 4 ? at - 1 - 3 : 0;
    return *secret > 0;
}

void sfi_redact(char *line)
{
    char *to = line;
    const char *from = line;
    char before = ' ';
    while (*from != '\0') {
        size_t skip = 0;
        size_t secret = 0;
        bool begins = !is_word(before);
        bool is_quoted_name = before == '"' || before == '\'';
        bool hit =
            (begins && (match_token(from, &skip, &secret) || match_name(from, is_quoted_name, &skip, &secret))) ||
            match_userinfo(from, &skip, &secret);
        size_t copied = hit ? skip : 1;
        before = hit ? '*' : *from;
        memmove(to, from, copied);
        to += copied;
        from += copied;
        if (!hit) continue;
        size_t stars = secret < 3 ? secret : 3; /* never longer than what it hides: the line is changed in place */
        memset(to, '*', stars);
        to += stars;
        from += secret;
    }
    *to = '\0';
}

void sfi_logf(const sfi_log *log, int level, const char *format, ...)
{
    if (!sfi_log_wants(log, level)) return;
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0) return; /* an encoding error of the C library: there is nothing to say */
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = ' ';
    sfi_redact(line);
    log->fn(log->user, level, line);
}
