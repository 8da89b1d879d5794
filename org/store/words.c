/*
 * words.c: text into words, for the index and for what is looked up in it: one function for both, given to FTS5 as its
 * tokenizer, so that they cannot disagree. Letters are folded as in comparisons; where letters meet digits a word ends.
 * A field's end is a word of its own (U+001F), so that no phrase reaches from one field into the next.
 * Threads: the classes of characters are made once; reading is free.
 */
#include <locale.h>
#include <pthread.h>
#include <wctype.h>
#include "store/search.h"
#include "store/store_internal.h"

enum { CLASS_TABLE = 0x10000, FIELD_END = 0x1F };
typedef enum char_class { CLASS_NONE, CLASS_LETTER, CLASS_DIGIT, CLASS_END } char_class;

static uint8_t classes[CLASS_TABLE];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

static bool is_combining(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36F) || (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE00 && c <= 0xFE0F);
}

static void fill(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (locale == (locale_t)0) return;
    for (uint32_t c = 0; c < CLASS_TABLE; c++) {
        bool letter = iswalpha_l((wint_t)c, locale) != 0 || is_combining(c);
        classes[c] = c >= '0' && c <= '9' ? CLASS_DIGIT : c == FIELD_END ? CLASS_END : letter ? CLASS_LETTER : 0;
    }
    freelocale(locale);
    ready = true;
}

static char_class class_of(uint32_t c)
{
    if (c < CLASS_TABLE) return (char_class)classes[c];
    return c >= 0x1F000 && c <= 0x1FAFF ? CLASS_NONE : CLASS_LETTER; /* pictures, or the scripts of the planes above */
}

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)((0xF00u >> n) | c); /* n ones, then a zero */
    return n;
}

bool sfo_word_next(sf_str text, size_t *at, bool wildcards, sfo_word *out)
{
    const char *p = text.ptr + *at, *end = text.ptr + text.len;
    char_class before = CLASS_NONE; /* of the last letter or digit; a wildcard is neither */
    bool open = false, full = false;
    out->len = 0;
    while (p < end) {
        const char *start = p;
        uint32_t c = sfo_utf8_next(&p, end);
        bool wild = wildcards && (c == '*' || c == '?');
        char_class now = wild ? before : class_of(c);
        bool ends = !wild && (now == CLASS_NONE || now == CLASS_END || (before != CLASS_NONE && now != before));
        if (open && ends) {
            p = start;
            break;
        }
        if (!wild && now == CLASS_NONE) continue;
        if (!open) out->from = (size_t)(start - text.ptr);
        open = true;
        if (!wild) before = now;
        char bytes[4];
        size_t n = put_utf8(sfo_fold_char(c), bytes);
        full = full || out->len + n > SFO_WORD_MAX;
        if (!full) memcpy(out->text + out->len, bytes, n);
        if (!full) out->len += n;
        if (now == CLASS_END) break;
    }
    *at = out->to = (size_t)(p - text.ptr);
    out->text[out->len] = '\0';
    return open;
}

bool sfo_word_fits(const char *pattern, const char *word)
{
    const char *star = NULL, *retry = NULL, *end = word + strlen(word);
    while (*word != '\0') { /* ends: each turn moves word or retry forward */
        if (*pattern == '*') {
            star = ++pattern;
            retry = word;
        } else if (*pattern == '?') {
            pattern++;
            (void)sfo_utf8_next(&word, end); /* any one character */
        } else if (*pattern == *word) {
            pattern++;
            word++;
        } else if (star != NULL) {
            pattern = star;
            (void)sfo_utf8_next(&retry, end);
            word = retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return *pattern == '\0';
}

/* ---- for FTS5 ---- */

static int create(void *context, const char **args, int count, Fts5Tokenizer **out)
{
    static char nothing; /* it has no state */
    (void)context;
    (void)args;
    (void)count;
    *out = (Fts5Tokenizer *)(void *)&nothing;
    return SQLITE_OK;
}

static void destroy(Fts5Tokenizer *tokenizer)
{
    (void)tokenizer;
}

static int tokenize(Fts5Tokenizer *tokenizer, void *context, int flags, const char *text, int len,
                    int (*take)(void *, int, const char *, int, int, int))
{
    (void)tokenizer;
    (void)flags;
    sf_str whole = { text, len > 0 ? (size_t)len : 0 };
    sfo_word word;
    int rc = SQLITE_OK;
    for (size_t at = 0; rc == SQLITE_OK && sfo_word_next(whole, &at, false, &word);)
        rc = take(context, 0, word.text, (int)word.len, (int)word.from, (int)word.to);
    return rc;
}

bool sfo_words_register(sqlite3 *db)
{
    static fts5_tokenizer ours = { create, destroy, tokenize };
    fts5_api *api = NULL;
    sqlite3_stmt *stmt = NULL;
    if (pthread_once(&once, fill) != 0 || !ready) return false;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_bind_pointer(stmt, 1, (void *)&api, "fts5_api_ptr", NULL) == SQLITE_OK)
        (void)sqlite3_step(stmt); /* api stays NULL when it fails */
    (void)sqlite3_finalize(stmt);
    return api != NULL && api->xCreateTokenizer(api, "sfo_words", NULL, &ours, NULL) == SQLITE_OK;
}
