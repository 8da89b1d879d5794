/* value.c: values: what they are, how they are found, what they say. Called by users and by all rooms to the right. A
 * value owns nothing: it is a token of a document. Finding walks over tokens and begins where the last find ended, so
 * that fields that are read in their order cost one walk in all. Memory is safe on unchecked parts too: no walk leaves
 * the tokens, whatever stands there. */
#include "json/document_internal.h"

/* ---- what stands at a token ---- */

/* Not inlined: its answer comes in two registers and is stored as two words. Inlined, token and type are stored apart, and
 * whoever loads them as one word waits until both stores have left the processor, which cost a quarter of a CSV's time. */
__attribute__((noinline)) sf_value sfi_value_at(sfi_json *doc, uint32_t token)
{
    sf_type type = SF_MISSING;
    switch (sfi_token_byte(doc, token)) {
    case '"': type = SF_STRING; break;
    case '{': type = SF_OBJECT; break;
    case '[': type = SF_ARRAY; break;
    case 'n': type = SF_NULL; break;
    case 't':
    case 'f': type = SF_BOOL; break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': type = SF_NUMBER; break;
    default: return (sf_value){ 0 };
    }
    return (sf_value){ .doc = doc, .token = token, .type = type };
}

uint32_t sfi_value_walk(const sfi_json *doc, uint32_t token)
{
    uint32_t depth = 0;
    for (uint32_t t = token; t < doc->count; t++) {
        unsigned char c = sfi_token_byte(doc, t);
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && depth > 0) depth--;
        if (depth == 0) return t + 1;
    }
    return doc->count;
}

sf_str sfi_scalar_text(const sfi_json *doc, uint32_t token)
{
    const char *begin = doc->text + doc->positions[token];
    const char *end = doc->text + doc->positions[token + 1];
    while (end > begin && sfi_json_is_blank(end[-1])) end--;
    return (sf_str){ begin, (size_t)(end - begin) };
}

void sfi_json_forget_read(sfi_json *doc)
{
    if (doc->scratch.used > 0) sfi_arena_reset(&doc->scratch);
    doc->numbers = NULL;
    doc->number_cap = doc->number_count = 0;
    doc->read_min = SIZE_MAX;
    doc->read_max = 0;
}

/* ---- finding ---- */

typedef struct name {
    const char *ptr;
    size_t len;
    bool is_plain; /* not empty, without the characters that JSON escapes: it may be compared as it is */
} name;

/* White space behind the key, an escape in it, or an unusual name: compare what the key says. */
__attribute__((noinline)) static bool key_reads(sfi_json *doc, uint32_t key, const name *n)
{
    sf_str text = sfi_string_read(doc, key);
    return text.ptr != NULL && text.len == n->len && memcmp(text.ptr, n->ptr, n->len) == 0;
}

static inline bool key_is(sfi_json *doc, uint32_t key, const name *n)
{
    const char *text = doc->text + doc->positions[key] + 1;
    size_t room = doc->positions[key + 1] - doc->positions[key]; /* to the colon */
    if (room < n->len + 2) return false;                         /* escapes and blanks only make it longer */
    if (!n->is_plain) return key_reads(doc, key, n);
    if (*text != *n->ptr && *text != '\\') return false;
    char behind = text[n->len];
    if (room == n->len + 2 && (behind == '"' || behind == '\0')) return memcmp(text, n->ptr, n->len) == 0;
    return key_reads(doc, key, n);
}

/* The key among tokens first..end of an object, first being a key; UINT32_MAX: not there. */
static uint32_t find_key(sfi_json *doc, uint32_t first, uint32_t end, const name *n)
{
    uint32_t t = first;
    while (t < end && sfi_token_byte(doc, t) == '"' && sfi_token_byte(doc, t + 1) == ':') {
        if (key_is(doc, t, n)) return t;
        t = sfi_value_skip(doc, t + 2);
        if (sfi_token_byte(doc, t) != ',') break;
        t++;
    }
    return UINT32_MAX;
}

/* The same among the keys of the row at hand, which the grammar check has noted. Rows are alike, so a name mostly stands
 * where it stood in the last row: that place is looked at first, and then all from the last find on. */
static uint32_t find_row_key(sfi_json *doc, const name *n)
{
    size_t mix = n->len > 0 ? n->len * 37 + (unsigned char)n->ptr[0] * 5U + (unsigned char)n->ptr[n->len - 1] : 0;
    uint16_t *guess = &doc->row_guesses[mix % SFI_JSON_ROW_GUESSES];
    if (*guess < doc->row_count && key_is(doc, doc->row_fields[*guess], n)) return doc->row_fields[*guess];
    for (uint32_t i = 0, k = *guess; i < doc->row_count; i++, k++) {
        if (k >= doc->row_count) k = 0;
        if (!key_is(doc, doc->row_fields[k], n)) continue;
        *guess = (uint16_t)k;
        return doc->row_fields[k];
    }
    return UINT32_MAX;
}

static sfi_json_hint *hint_of(sfi_json *doc, uint32_t container)
{
    sfi_json_hint *hint = &doc->hints[container % SFI_JSON_HINTS];
    if (hint->container != container) *hint = (sfi_json_hint){ .container = container, .token = container + 1 };
    return hint;
}

static sf_value get_field(sf_value v, const name *n)
{
    sfi_json *doc = v.doc;
    uint32_t key;
    if (v.token == doc->row && doc->row_count > 0) {
        key = find_row_key(doc, n);
    } else {
        sfi_json_hint *hint = hint_of(doc, v.token);
        key = find_key(doc, hint->token, doc->count, n);
        if (key == UINT32_MAX && hint->token != v.token + 1) key = find_key(doc, v.token + 1, hint->token, n);
        if (key != UINT32_MAX) hint->token = key;
    }
    return key != UINT32_MAX ? sfi_value_at(doc, key + 2) : (sf_value){ 0 };
}

static sf_value get_element(sf_value v, const name *n)
{
    sfi_json *doc = v.doc;
    sf_str digits = { n->ptr, n->len };
    int64_t index;
    bool is_index = sfi_take_int(&digits, UINT32_MAX, &index) && digits.len == 0 && (n->len == 1 || n->ptr[0] != '0');
    if (!is_index) return (sf_value){ 0 };
    sfi_json_hint *hint = hint_of(doc, v.token);
    if (index < hint->index) *hint = (sfi_json_hint){ .container = v.token, .token = v.token + 1 };
    while (hint->index < index) {
        uint32_t t = sfi_value_skip(doc, hint->token);
        if (sfi_token_byte(doc, hint->token) == ']' || sfi_token_byte(doc, t) != ',') return (sf_value){ 0 };
        hint->token = t + 1;
        hint->index++;
    }
    return sfi_value_at(doc, hint->token);
}

sf_value sfi_json_member(sf_value object, sf_str name_)
{
    return object.type == SF_OBJECT ? get_field(object, &(name){ name_.ptr, name_.len, true }) : (sf_value){ 0 };
}

void sfi_json_pick(sf_value object, unsigned kind, const sf_str *names, size_t count, sf_value *found)
{
    sfi_json *doc = object.doc;
    uint32_t t = object.token + 1;
    size_t left = count;
    for (size_t i = 0; i < count; i++) found[i] = (sf_value){ 0 };
    if (object.type != SF_OBJECT) return;
    for (size_t field = 0; left > 0; field++) { /* ends: each turn takes a member */
        if (sfi_token_byte(doc, t) != '"' || sfi_token_byte(doc, t + 1) != ':') return;
        uint8_t *guess = &doc->pick_guesses[kind][field % SFI_JSON_PICK_GUESSES];
        size_t i = *guess;
        if (i >= count || !key_is(doc, t, &(name){ names[i].ptr, names[i].len, true })) {
            for (i = 0; i < count; i++)
                if (key_is(doc, t, &(name){ names[i].ptr, names[i].len, true })) break;
            *guess = (uint8_t)i;
        }
        if (i < count && found[i].type == SF_MISSING) {
            found[i] = sfi_value_at(doc, t + 2);
            left--;
        }
        t = sfi_value_skip(doc, t + 2);
        if (sfi_token_byte(doc, t) != ',') return;
        t++;
    }
}

sf_value sf_get(sf_value v, const char *path)
{
    if (path == NULL || *path == '\0') return v;
    for (;;) { /* ends: each turn takes a step of the path */
        name n = { .ptr = path, .is_plain = true };
        while (*path != '\0' && *path != '.') {
            if (*path == '\\' || *path == '"') n.is_plain = false;
            path++;
        }
        n.len = (size_t)(path - n.ptr);
        if (n.len == 0) n.is_plain = false;
        if (v.type == SF_OBJECT)
            v = get_field(v, &n);
        else
            v = v.type == SF_ARRAY ? get_element(v, &n) : (sf_value){ 0 };
        if (*path == '\0' || v.type == SF_MISSING || v.type == SF_NULL) return v;
        path++;
    }
}

static inline sf_value at_path(sf_value v, const char *path)
{
    return path == NULL ? v : sf_get(v, path);
}

/* ---- what a value says ---- */

sf_type sf_value_type(sf_value v)
{
    return (sf_type)v.type;
}

bool sf_is_null(sf_value v, const char *path)
{
    return sf_get(v, path).type == SF_NULL;
}

/* Find a token's place in the table of number texts, or a free one. The table is never full. */
static sfi_json_number *number_place(sfi_json_number *numbers, uint32_t cap, uint32_t token)
{
    uint32_t at = (token * UINT32_C(2654435761)) & (cap - 1);
    while (numbers[at].text != NULL && numbers[at].token != token) at = (at + 1) & (cap - 1);
    return &numbers[at];
}

static bool grow_numbers(sfi_json *doc)
{
    uint32_t cap = doc->number_cap > 0 ? doc->number_cap * 2 : 16;
    sfi_json_number *numbers = sfi_arena_alloc(&doc->scratch, cap * sizeof *numbers);
    if (numbers == NULL) return false;
    memset(numbers, 0, cap * sizeof *numbers);
    for (uint32_t i = 0; i < doc->number_cap; i++)
        if (doc->numbers[i].text != NULL) *number_place(numbers, cap, doc->numbers[i].token) = doc->numbers[i];
    doc->numbers = numbers;
    doc->number_cap = cap;
    return true;
}

/* A number has no room for a NUL in the page, so its text is copied, once. */
static const char *number_text(sfi_json *doc, uint32_t token)
{
    if (doc->number_count * 2 >= doc->number_cap && !grow_numbers(doc)) return NULL;
    sfi_json_number *place = number_place(doc->numbers, doc->number_cap, token);
    if (place->text != NULL) return place->text;
    sf_str text = sfi_scalar_text(doc, token);
    place->token = token;
    place->text = sfi_arena_strndup(&doc->scratch, text.ptr, text.len);
    if (place->text != NULL) doc->number_count++;
    return place->text;
}

static sf_str text_of(sf_value v)
{
    switch ((sf_type)v.type) {
    case SF_STRING: return sfi_string_read(v.doc, v.token);
    case SF_NUMBER: return sfi_scalar_text(v.doc, v.token);
    case SF_BOOL: return sfi_token_byte(v.doc, v.token) == 't' ? SFI_STR("true") : SFI_STR("false");
    case SF_MISSING:
    case SF_NULL:
    case SF_OBJECT:
    case SF_ARRAY: break;
    }
    return (sf_str){ NULL, 0 };
}

const char *sf_get_str(sf_value v, const char *path)
{
    sf_value found = at_path(v, path);
    return found.type == SF_NUMBER ? number_text(found.doc, found.token) : text_of(found).ptr;
}

sf_str sf_get_text(sf_value v, const char *path)
{
    return text_of(at_path(v, path));
}

int64_t sf_get_int(sf_value v, const char *path, int64_t otherwise)
{
    sf_value found = at_path(v, path);
    int64_t value;
    if (found.type != SF_NUMBER && found.type != SF_STRING) return otherwise;
    return sfi_parse_whole(text_of(found), &value) ? value : otherwise;
}

double sf_get_double(sf_value v, const char *path, double otherwise)
{
    sf_value found = at_path(v, path);
    double value;
    if (found.type != SF_NUMBER && found.type != SF_STRING) return otherwise;
    return sfi_parse_double(text_of(found), &value) ? value : otherwise;
}

bool sf_get_bool(sf_value v, const char *path, bool otherwise)
{
    sf_value found = at_path(v, path);
    if (found.type != SF_BOOL && found.type != SF_STRING) return otherwise;
    sf_str text = text_of(found);
    if (sfi_str_is(text, "true")) return true;
    return sfi_str_is(text, "false") ? false : otherwise;
}

/* The text of a string without a NUL behind, so that it stands as it came, where that needs no unescaping. */
static sf_str glance(sf_value v)
{
    const sfi_json *doc = v.doc;
    unsigned char state;
    size_t len = sfi_string_len(doc, v.token, &state);
    const char *text = doc->text + doc->positions[v.token] + 1;
    return state == '"' && memchr(text, '\\', len) == NULL ? (sf_str){ text, len } : text_of(v);
}

bool sf_get_time_ms(sf_value v, const char *path, int64_t *out)
{
    sf_value found = at_path(v, path);
    return found.type == SF_STRING && out != NULL && sfi_time_parse(glance(found), out, NULL);
}

/* ---- walking ---- */

sf_iter sf_iter_begin(sf_value v)
{
    return (sf_iter){ .of = v, .next = v.token + 1 };
}

/* The next value without its key, which stands two tokens before it in an object. */
static bool next_value(sf_iter *it, sf_value *value)
{
    sfi_json *doc = it->of.doc;
    if (it->of.type != SF_OBJECT && it->of.type != SF_ARRAY) return false;
    uint32_t t = it->next;
    if (it->of.type == SF_OBJECT) {
        if (sfi_token_byte(doc, t) != '"' || sfi_token_byte(doc, t + 1) != ':') return false;
        t += 2;
    }
    sf_value found = sfi_value_at(doc, t);
    if (found.type == SF_MISSING) return false; /* the closing bracket */
    t = sfi_value_skip(doc, t);
    it->next = sfi_token_byte(doc, t) == ',' ? t + 1 : t;
    it->index++;
    *value = found;
    return true;
}

bool sf_iter_next(sf_iter *it, sf_str *key, sf_value *value)
{
    sf_value found;
    if (!next_value(it, &found)) return false;
    if (key != NULL)
        *key = it->of.type == SF_OBJECT ? sfi_string_read(it->of.doc, found.token - 2) : (sf_str){ NULL, 0 };
    if (value != NULL) *value = found;
    return true;
}

sf_status sfi_json_texts(sf_value array, size_t max, sfi_arena *arena, const char *const **out, size_t *count)
{
    sfi_json *doc = array.doc;
    uint32_t t = array.token + 1;
    *out = NULL;
    *count = 0;
    if (array.type != SF_ARRAY || sfi_token_byte(doc, t) == ']') return SF_OK;
    size_t room = (sfi_value_skip(doc, array.token) - array.token) / 2; /* a text and what stands behind it */
    if (room > max) return SF_ERR_LIMIT;
    const char **texts = sfi_arena_alloc(arena, room * sizeof *texts);
    if (texts == NULL) return SF_ERR_MEMORY;
    for (size_t n = 0; n < room; t++) { /* a nested value, of more tokens, ends it */
        texts[n] = sfi_token_byte(doc, t) == '"' ? sfi_string_read(doc, t).ptr : sf_get_str(sfi_value_at(doc, t), NULL);
        if (texts[n++] == NULL) return SF_ERR_PROTOCOL;
        *count = n;
        if (sfi_token_byte(doc, ++t) != ',') break;
    }
    *out = texts;
    return SF_OK;
}

size_t sf_value_count(sf_value v)
{
    sf_iter it = sf_iter_begin(v);
    sf_value found;
    while (next_value(&it, &found)) { /* counted by the iterator */
    }
    return it.index;
}

sf_str sfi_json_raw(sf_value v)
{
    sf_str none = { NULL, 0 };
    sfi_json *doc = v.doc;
    if (v.type == SF_MISSING) return none;
    if (v.type != SF_OBJECT && v.type != SF_ARRAY) {
        sf_str text = sfi_scalar_text(doc, v.token); /* of a string too: to its closing quote, when it still has one */
        return v.type != SF_STRING || text.ptr[text.len - 1] == '"' ? text : none;
    }
    bool is_row = v.token == doc->part.begin && doc->part.end > doc->part.begin && doc->check.next != SFI_CHECK_END;
    uint32_t last = (is_row ? doc->part.end : sfi_value_skip(doc, v.token)) - 1;
    size_t begin = doc->positions[v.token];
    size_t end = (size_t)doc->positions[last] + 1;
    bool may_be_read =
        doc->read_min < end && doc->read_max > begin; /* something before it and something behind it was */
    if (may_be_read && memchr(doc->text + begin, '\0', end - begin) != NULL) return none;
    if (doc->lines == SFI_LINES_UNKNOWN)
        doc->lines = memchr(doc->text, '\n', doc->len) != NULL ? SFI_LINES_MANY : SFI_LINES_ONE;
    if (doc->lines == SFI_LINES_MANY && memchr(doc->text + begin, '\n', end - begin) != NULL) return none;
    return (sf_str){ doc->text + begin, end - begin };
}

sf_str sf_value_raw_json(sf_value v)
{
    return sfi_json_raw(v);
}
