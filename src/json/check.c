/* check.c: the grammar of JSON over the index' tokens. Called by document.c and rows.c. The check goes forwards once,
 * in steps: a streamed page is checked row by row while its text is in the cache, and never twice. Most tokens of a page
 * are fields of objects with plain values, so those have a loop of their own that knows what comes next and has nothing
 * to look up; backslashes are searched for a whole part at once, and only strings that hold one are read through. */
#include "json/document_internal.h"
#include <assert.h>

/* ---- scalars ---- */

const char *sfi_json_number_end(const char *s, const char *end)
{
    if (s < end && *s == '-') s++;
    if (s == end || *s < '0' || *s > '9') return NULL;
    if (*s == '0')
        s++;
    else
        while (s < end && *s >= '0' && *s <= '9') s++;
    if (s < end && *s == '.') {
        const char *digits = ++s;
        while (s < end && *s >= '0' && *s <= '9') s++;
        if (s == digits) return NULL;
    }
    if (s < end && (*s == 'e' || *s == 'E')) {
        s++;
        if (s < end && (*s == '+' || *s == '-')) s++;
        const char *digits = s;
        while (s < end && *s >= '0' && *s <= '9') s++;
        if (s == digits) return NULL;
    }
    return s;
}

/* A number or literal may be followed by these only, or by the end of the text. */
static inline bool ends_scalar(char c)
{
    return c == ',' || c == '}' || c == ']' || c == ':' || c == '{' || c == '[' || sfi_json_is_blank(c);
}

/* The byte behind the digits at s, in text that has padding: eight at a time, as most numbers end within eight. */
static inline const char *digits_end(const char *s)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (;;) { /* ends: the padding holds no digits */
        const uint64_t ones = 0x0101010101010101;
        uint64_t word;
        memcpy(&word, s, sizeof word);
        word ^= ones * '0';                                                            /* digits become 0..9 */
        uint64_t others = (((word & ones * 0x7F) + ones * 0x76) | word) & ones * 0x80; /* what is 10 or more */
        if (others != 0) return s + __builtin_ctzll(others) / 8;
        s += sizeof word;
    }
#else
    while (*s >= '0' && *s <= '9') s++;
    return s;
#endif
}

/* sfi_json_number_end for text that has padding. */
static inline const char *padded_number_end(const char *s)
{
    s += *s == '-' ? 1 : 0;
    const char *digits = s;
    s = digits_end(s);
    if (s == digits || (*digits == '0' && s - digits > 1)) return NULL;
    if (*s == '.') {
        digits = ++s;
        s = digits_end(s);
        if (s == digits) return NULL;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-' ? 1 : 0;
        digits = s;
        s = digits_end(s);
        if (s == digits) return NULL;
    }
    return s;
}

/* The text has padding, so comparing may look a few bytes past its end. */
static inline bool is_scalar(const char *s, const char *end)
{
    const char *behind = NULL;
    switch (*s) {
    case 'n': behind = memcmp(s, "null", 4) == 0 ? s + 4 : NULL; break;
    case 't': behind = memcmp(s, "true", 4) == 0 ? s + 4 : NULL; break;
    case 'f': behind = memcmp(s, "false", 5) == 0 ? s + 5 : NULL; break;
    default: behind = padded_number_end(s); break;
    }
    return behind != NULL && (behind == end || ends_scalar(*behind));
}

/* ---- errors ---- */

static sf_status fail_at(const sfi_json *doc, size_t at, const char *what, sf_error *err)
{
    if (at >= doc->len)
        return sfi_fail(err, SF_ERR_PROTOCOL, "JSON ends at byte %zu, before it is complete: expected %s", doc->len,
                        what);
    unsigned char c = (unsigned char)doc->text[at];
    if (c > ' ' && c < 0x7F)
        return sfi_fail(err, SF_ERR_PROTOCOL, "JSON is wrong at byte %zu: expected %s, found '%c'", at, what, c);
    return sfi_fail(err, SF_ERR_PROTOCOL, "JSON is wrong at byte %zu: expected %s, found byte 0x%02x", at, what, c);
}

sf_status sfi_check_text_error(const sfi_json *doc, sf_error *err)
{
    size_t open = SIZE_MAX; /* where the string began that we are in */
    for (size_t i = 0; i < doc->len;) {
        size_t n = sfi_utf8_sequence(doc->text + i, doc->len - i);
        unsigned char c = (unsigned char)doc->text[i];
        if (n == 0) return sfi_fail(err, SF_ERR_PROTOCOL, "JSON is not UTF-8 at byte %zu (0x%02x)", i, c);
        if (open != SIZE_MAX && c < 0x20)
            return sfi_fail(err, SF_ERR_PROTOCOL, "JSON has a control character (0x%02x) in a string at byte %zu", c,
                            i);
        if (c == '\\' && open == SIZE_MAX) return fail_at(doc, i, "no backslash outside a string", err);
        if (c == '\\' && i + 1 < doc->len && (unsigned char)doc->text[i + 1] >= 0x20 && doc->text[i + 1] > 0) n = 2;
        if (c == '"') open = open == SIZE_MAX ? i : SIZE_MAX;
        i += n;
    }
    if (open == SIZE_MAX) return fail_at(doc, doc->len, "the rest of it", err);
    return sfi_fail(err, SF_ERR_PROTOCOL, "JSON ends at byte %zu, inside the string that begins at byte %zu", doc->len,
                    open);
}

/* ---- the walk ---- */

typedef struct walk {
    const sfi_json *doc;
    sfi_json_check c;
    const char *want;      /* set when it went wrong: what should stand at c.at */
    size_t wrong_at;       /* byte */
    uint32_t *fields;      /* where keys are noted */
    uint32_t fields_depth; /* of the keys that are noted; 0: none */
    uint32_t field_count;
    uint32_t *notes; /* see document_internal.h; NULL: nothing is noted */
    uint32_t *open;  /* with notes: token of the bracket that opened each depth */
} walk;

static inline unsigned char byte_at(const walk *w, uint32_t token)
{
    return sfi_token_byte(w->doc, token);
}

static bool wrong(walk *w, uint32_t token, const char *want)
{
    w->want = want;
    w->wrong_at = w->doc->positions[token];
    return false;
}

/* What is open at a depth: an object or an array. */
static inline void mark(sfi_json_check *c, uint32_t depth, bool is_object)
{
    uint64_t bit = (uint64_t)1 << (depth % 64);
    uint64_t *word = &c->is_object[depth / 64];
    *word = is_object ? *word | bit : *word & ~bit;
}

static inline bool is_object_at(const sfi_json_check *c, uint32_t depth)
{
    return (c->is_object[(depth - 1) / 64] >> ((depth - 1) % 64) & 1) != 0;
}

/* The token that closes an array of nothing but strings; 0: the array is another. */
static inline uint32_t texts_end(const char *text, const uint32_t *positions, uint32_t open)
{
    uint32_t t = open + 1;
    while (text[positions[t]] == '"' && text[positions[t + 1]] == ',') t += 2;
    return text[positions[t]] == '"' && text[positions[t + 1]] == ']' ? t + 1 : 0;
}

/* Fields from a key on, in this object, in objects inside it and in those around it: until an array comes or ends, or
 * something that is not right. It is the loop in which a page's time goes, so it keeps all it needs in variables. */
static bool walk_fields(walk *w, uint32_t base)
{
    const char *text = w->doc->text;
    const char *end = text + w->doc->len;
    const uint32_t *positions = w->doc->positions;
    const uint32_t noted_depth = w->fields_depth;
    uint32_t *notes = w->notes;
    uint32_t count = w->field_count;
    uint32_t depth = w->c.depth;
    uint32_t t = w->c.at;
    w->c.next = SFI_CHECK_AFTER;
    for (;;) { /* ends: goes on by tokens or leaves, and behind the last token stands a NUL, which nobody wants */
        if (text[positions[t]] != '"') return wrong(w, t, "a field's name in quotes");
        if (text[positions[t + 1]] != ':') return wrong(w, t + 1, "':'");
        if (depth == noted_depth) {
            assert(w->fields != NULL);
            if (count < SFI_JSON_ROW_FIELDS) w->fields[count] = t;
            count++;
        }
        const char *value = text + positions[t + 2];
        if (*value == '{' && text[positions[t + 3]] == '"' && depth > base && depth < SFI_JSON_DEPTH_MAX) {
            if (notes != NULL) w->open[depth] = t + 2;
            mark(&w->c, depth++, true);
            t += 3;
            continue;
        }
        uint32_t last = t + 2;
        if (*value == '[' && notes != NULL && depth < SFI_JSON_DEPTH_MAX)
            notes[t + 2] = last = texts_end(text, positions, t + 2);
        if (*value == '{' || (*value == '[' && last <= t + 2)) {
            t += 2;
            w->c.next = SFI_CHECK_VALUE;
            break;
        }
        if (*value != '"' && *value != '[' && !is_scalar(value, end)) return wrong(w, t + 2, "a value");
        t = last + 1;
        char behind = text[positions[t]];
        while (behind == '}') {
            depth--;
            if (notes != NULL) notes[w->open[depth]] = t;
            t++;
            if (depth <= base || !is_object_at(&w->c, depth)) break;
            behind = text[positions[t]];
        }
        if (behind != ',') break;
        t++;
    }
    w->field_count = count;
    w->c.depth = depth;
    w->c.at = t;
    return true;
}

static bool walk_value(walk *w)
{
    const char *value = w->doc->text + w->doc->positions[w->c.at];
    bool opens = *value == '{' || *value == '[';
    if (opens) {
        if (w->notes != NULL) w->open[w->c.depth] = w->c.at;
        mark(&w->c, w->c.depth++, *value == '{');
        w->c.next = *value == '[' ? SFI_CHECK_FIRST : SFI_CHECK_FIELDS;
        if (*value == '{' && byte_at(w, w->c.at + 1) == '}') w->c.next = SFI_CHECK_AFTER; /* which closes it */
    } else {
        if (*value != '"' && !is_scalar(value, w->doc->text + w->doc->len)) return wrong(w, w->c.at, "a value");
        w->c.next = SFI_CHECK_AFTER;
    }
    w->c.at++;
    return true;
}

/* Behind a value: a comma, or the end of what it stands in. */
static bool walk_after(walk *w)
{
    unsigned char c = byte_at(w, w->c.at);
    if (w->c.depth == 0) {
        if (w->c.at < w->doc->count) return wrong(w, w->c.at, "nothing more");
        w->c.next = SFI_CHECK_END;
        return true;
    }
    bool is_object = is_object_at(&w->c, w->c.depth);
    if (c == ',') {
        w->c.next = is_object ? SFI_CHECK_FIELDS : SFI_CHECK_VALUE;
    } else if (c == (is_object ? '}' : ']')) {
        w->c.depth--;
        if (w->notes != NULL) w->notes[w->open[w->c.depth]] = w->c.at;
    } else {
        return wrong(w, w->c.at, is_object ? "',' or '}'" : "',' or ']'");
    }
    w->c.at++;
    return true;
}

/* One step at a time until the walk stands where it was asked to stop. */
static bool walk_until(walk *w, sfi_check_stop stop, uint32_t token)
{
    uint32_t base = w->c.depth;
    uint32_t no_base = stop == SFI_STOP_NESTED ? UINT32_MAX : 0;
    while (w->c.next != SFI_CHECK_END) { /* ends: each step takes a token or changes next towards one that does */
        bool ok = true;
        switch (w->c.next) {
        case SFI_CHECK_FIRST:
            if (stop == SFI_STOP_INSIDE && w->c.at == token + 1) return true;
            if (stop == SFI_STOP_NESTED) return true;
            w->c.next = byte_at(w, w->c.at) == ']' ? SFI_CHECK_AFTER : SFI_CHECK_VALUE;
            break;
        case SFI_CHECK_VALUE: {
            unsigned char c = byte_at(w, w->c.at);
            bool opens = c == '{' || c == '[';
            if (opens && stop == SFI_STOP_NESTED && w->c.depth > 0) return true;
            if (opens && w->c.depth == SFI_JSON_DEPTH_MAX) return wrong(w, w->c.at, NULL);
            ok = walk_value(w);
            break;
        }
        case SFI_CHECK_FIELDS: ok = walk_fields(w, stop == SFI_STOP_ROW ? base : no_base); break;
        case SFI_CHECK_AFTER:
            if (stop == SFI_STOP_ROW && w->c.depth == base) return true;
            ok = walk_after(w);
            break;
        case SFI_CHECK_END: break;
        }
        if (!ok) return false;
    }
    return true;
}

/* Tokens begin..end are right but for the escapes in their strings. *first gets where the first backslash is. */
static bool check_escapes(const sfi_json *doc, uint32_t begin, uint32_t end, size_t *first, size_t *wrong_at)
{
    size_t stop = doc->positions[end];
    size_t from = doc->positions[begin];
    const char *found = memchr(doc->text + from, '\\', stop - from);
    *first = found != NULL ? (size_t)(found - doc->text) : SIZE_MAX;
    uint32_t token = begin;
    while (found != NULL) { /* ends: each turn begins behind the string of the last */
        size_t at = (size_t)(found - doc->text);
        while (token + 1 < end && doc->positions[token + 1] <= at) token++;
        assert(doc->text[doc->positions[token]] == '"'); /* numbers and literals were found free of backslashes */
        unsigned char state;
        size_t len = sfi_string_len(doc, token, &state);
        size_t string = (size_t)doc->positions[token] + 1;
        size_t right = state == '"' ? sfi_string_check(doc->text + string, len) : len; /* else it was read already */
        *wrong_at = string + right;
        if (right < len) return false;
        if (doc->has_notes) doc->notes[token] = SFI_NOTE_ESCAPE;
        found = memchr(doc->text + string + len, '\\', stop - string - len);
    }
    return true;
}

/* The next element of an array: past the comma, and its keys are noted when it is an object. */
static bool begin_row(walk *w, sfi_json *doc)
{
    if (w->c.next == SFI_CHECK_AFTER && !walk_after(w)) return false;
    w->c.next = SFI_CHECK_VALUE;
    w->fields = doc->row_fields;
    w->fields_depth = byte_at(w, w->c.at) == '{' ? w->c.depth + 1 : 0;
    return true;
}

sf_status sfi_check_run(sfi_json *doc, sfi_check_stop stop, uint32_t token, sf_error *err)
{
    uint32_t open[SFI_JSON_DEPTH_MAX]; /* without a value until a bracket opens */
    walk w = { .doc = doc, .c = doc->check, .notes = doc->has_notes ? doc->notes : NULL, .open = open };
    doc->row_count = 0;
    bool ok = stop != SFI_STOP_ROW || begin_row(&w, doc);
    uint32_t begin = w.c.at;
    ok = ok && walk_until(&w, stop, token);
    if (!ok && w.want == NULL)
        return sfi_fail(err, SF_ERR_LIMIT, "JSON is nested deeper than %d at byte %zu", SFI_JSON_DEPTH_MAX, w.wrong_at);
    if (!ok) return fail_at(doc, w.wrong_at, w.want, err);
    size_t escape = SIZE_MAX;
    size_t wrong_at = 0;
    if (!check_escapes(doc, begin, w.c.at, &escape, &wrong_at)) return fail_at(doc, wrong_at, "an escape of JSON", err);
    doc->part = (sfi_json_part){ .begin = begin, .end = w.c.at, .escape = escape };
    doc->check = w.c;
    doc->row = begin;
    if (w.field_count <= SFI_JSON_ROW_FIELDS) doc->row_count = w.field_count;
    return SF_OK;
}
