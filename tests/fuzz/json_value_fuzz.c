/*
 * json_value_fuzz.c: any bytes as JSON. A tiny, slow reader of our own (the grammar of RFC 8259, byte by byte) says
 * whether the text is right and what it means, and the library must agree, in every way of reading:
 *  - the whole text is accepted exactly when the reference accepts it, and too deep is told from wrong;
 *  - written out again it is the reference's canonical text, and that text parses to itself;
 *  - what a value says depends neither on the order of reading nor on how often it is read, nor on how it was found;
 *  - read as a streamed page, the last row is only reached when the whole text was right, with the same rows;
 *  - on unchecked parts anything may be answered, but no memory is touched that is not the document's.
 */
#include "support/support.h"
#include "json/json_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what) ((what) ? (void)0 : broken(#what, __LINE__))

static void broken(const char *what, int line)
{
    fprintf(stderr, "line %d: does not hold: %s\n", line, what);
    abort();
}

/* ---- the reference: one function a rule of the grammar; canonical text goes to out ---- */

typedef struct reference {
    const unsigned char *at, *end;
    sfi_buf out;
    size_t depth_max;
} reference;

static void blanks(reference *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

static bool take(reference *r, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0) return false;
    r->at += len;
    return true;
}

static bool take_hex(reference *r, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        if (r->at == r->end || strchr("0123456789abcdefABCDEF", *r->at) == NULL || *r->at == '\0') return false;
        unsigned c = *r->at;
        *code = *code * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return true;
}

static void add_code(sfi_buf *text, unsigned c)
{
    char s[4] = { 0 };
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = n; i-- > 1; c >>= 6) s[i] = (char)(0x80 | (c & 0x3F));
    s[0] = (char)(lead[n] | c);
    (void)sfi_buf_add(text, s, n);
}

static bool take_escape(reference *r, sfi_buf *text)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end || *r->at == '\0') return false;
    const char *simple = strchr(names, *r->at);
    if (simple != NULL) {
        r->at++;
        return sfi_buf_add(text, &bytes[simple - names], 1);
    }
    unsigned code, low;
    if (!take(r, "u") || !take_hex(r, &code)) return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
        const unsigned char *before = r->at;
        if (take(r, "\\u")) {
            if (!take_hex(r, &low)) return false;
            if (low >= 0xDC00 && low <= 0xDFFF) {
                add_code(text, 0x10000 + (code - 0xD800) * 1024 + (low - 0xDC00));
                return true;
            }
        }
        r->at = before;
    }
    add_code(text, code >= 0xD800 && code <= 0xDFFF ? 0xFFFD : code);
    return true;
}

static bool string(reference *r)
{
    sfi_buf text = { 0 };
    bool ok = take(r, "\"");
    while (ok && r->at < r->end && *r->at != '"') {
        if (*r->at < 0x20)
            ok = false;
        else if (take(r, "\\"))
            ok = take_escape(r, &text);
        else
            (void)sfi_buf_add(&text, r->at++, 1);
    }
    ok = ok && take(r, "\"") && sfi_utf8_valid(text.data != NULL ? text.data : "", text.len);
    if (ok) sfi_json_escape(&r->out, sfi_buf_str(&text));
    sfi_buf_free(&text);
    return ok;
}

static bool digits(reference *r)
{
    const unsigned char *before = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return r->at > before;
}

static bool scalar(reference *r)
{
    if (r->at < r->end && *r->at == '"') return string(r);
    const unsigned char *before = r->at;
    bool ok = take(r, "null") || take(r, "true") || take(r, "false");
    if (!ok) {
        (void)take(r, "-");
        ok = take(r, "0") || digits(r);
        if (ok && take(r, ".")) ok = digits(r);
        if (ok && (take(r, "e") || take(r, "E"))) {
            if (!take(r, "+")) (void)take(r, "-");
            ok = digits(r);
        }
    }
    return ok && sfi_buf_add(&r->out, before, (size_t)(r->at - before));
}

static bool copy(reference *r, const char *text)
{
    blanks(r);
    return take(r, text) && sfi_buf_add_str(&r->out, text);
}

static bool key(reference *r)
{
    blanks(r);
    return string(r) && copy(r, ":");
}

/* A value with all that is in it; the open brackets are kept in a list, as depth has no bound here. */
static bool value(reference *r)
{
    sfi_buf open = { 0 };
    bool ok = true;
    do {
        blanks(r);
        bool is_closed = true; /* a value just ended */
        if (copy(r, "{")) {
            (void)sfi_buf_add_char(&open, '}');
            is_closed = copy(r, "}");
            if (is_closed)
                open.len--;
            else
                ok = key(r);
            if (open.len + (is_closed ? 1 : 0) > r->depth_max) r->depth_max = open.len + (is_closed ? 1 : 0);
        } else if (copy(r, "[")) {
            (void)sfi_buf_add_char(&open, ']');
            if (open.len > r->depth_max) r->depth_max = open.len;
            is_closed = copy(r, "]");
            if (is_closed) open.len--;
        } else {
            ok = scalar(r);
        }
        while (ok && is_closed && open.len > 0) {
            bool is_object = open.data[open.len - 1] == '}';
            if (copy(r, ",")) {
                ok = !is_object || key(r);
                break;
            }
            ok = copy(r, is_object ? "}" : "]");
            open.len--;
        }
    } while (ok && open.len > 0);
    sfi_buf_free(&open);
    return ok;
}

/* ---- the same value read twice, and in two documents ---- */

static void same_text(sf_str a, sf_str b)
{
    REQUIRE((a.ptr == NULL) == (b.ptr == NULL));
    REQUIRE(sfi_str_eq(a, b));
}

static void same_scalar(sf_value a, sf_value b)
{
    int64_t ms_a = -1, ms_b = -1;
    REQUIRE(sf_value_type(a) == sf_value_type(b));
    sf_str first = sf_get_text(a, NULL);
    same_text(first, sf_get_text(b, NULL));
    same_text(first, sf_get_text(a, NULL));
    const char *str = sf_get_str(a, NULL);
    REQUIRE((str == NULL) == (first.ptr == NULL));
    REQUIRE(str == NULL || (memcmp(str, first.ptr, first.len) == 0 && str[first.len] == '\0'));
    REQUIRE(sf_get_str(a, NULL) == str);
    REQUIRE(sf_get_int(a, NULL, -7) == sf_get_int(b, NULL, -7));
    double x = sf_get_double(a, NULL, -7), y = sf_get_double(b, NULL, -7);
    REQUIRE(memcmp(&x, &y, sizeof x) == 0);
    int64_t whole = sf_get_int(a, NULL, INT64_MIN);
    REQUIRE(whole == INT64_MIN || (double)whole == x);
    REQUIRE(sf_get_bool(a, NULL, true) == sf_get_bool(b, NULL, true));
    REQUIRE(sf_get_time_ms(a, NULL, &ms_a) == sf_get_time_ms(b, NULL, &ms_b));
    REQUIRE(ms_a == ms_b);
    REQUIRE(sf_is_null(a, NULL) == (sf_value_type(a) == SF_NULL));
}

typedef struct list { /* every value of a document with its parent and key, none of it decoded */
    sf_value *values, *parents;
    size_t count, cap;
} list;

static void collect(list *l, sf_value v, sf_value parent)
{
    if (l->count == l->cap) {
        l->cap = l->cap > 0 ? l->cap * 2 : 64;
        l->values = sfi_realloc(l->values, l->cap * sizeof *l->values);
        l->parents = sfi_realloc(l->parents, l->cap * sizeof *l->parents);
        if (l->values == NULL || l->parents == NULL) abort();
    }
    l->values[l->count] = v;
    l->parents[l->count++] = parent;
    sf_iter it = sf_iter_begin(v);
    sf_value child;
    size_t n = 0;
    while (sf_iter_next(&it, NULL, &child)) {
        collect(l, child, v);
        n++;
    }
    REQUIRE(sf_value_count(v) == n);
}

/* A member is found by its name, when the name stands once in its object and can be a step of a path. */
static void found_by_name(sf_value object)
{
    sf_iter it = sf_iter_begin(object);
    sf_str name;
    sf_value member;
    while (sf_iter_next(&it, &name, &member)) {
        if (name.len == 0 || memchr(name.ptr, '.', name.len) != NULL || memchr(name.ptr, '\0', name.len) != NULL)
            continue;
        int same = 0;
        sf_iter again = sf_iter_begin(object);
        sf_str other;
        while (sf_iter_next(&again, &other, NULL)) same += sfi_str_eq(name, other) ? 1 : 0;
        sf_value found = sf_get(object, name.ptr);
        REQUIRE(sf_value_type(found) != SF_MISSING);
        REQUIRE(same > 1 || found.token == member.token);
    }
    REQUIRE(sf_value_type(sf_get(object, "no such name")) == SF_MISSING || sf_value_count(object) > 0);
}

static void orders_agree(sfi_json *doc, sfi_json *other, uint64_t seed)
{
    list a = { 0 }, b = { 0 };
    collect(&a, sfi_json_root(doc), (sf_value){ 0 });
    collect(&b, sfi_json_root(other), (sf_value){ 0 });
    REQUIRE(a.count == b.count);
    size_t *order = sfi_alloc(a.count * sizeof *order);
    if (order == NULL) abort();
    for (size_t i = 0; i < a.count; i++) order[i] = i;
    for (size_t i = a.count; i-- > 1;) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        size_t k = (size_t)(seed >> 33) % (i + 1), swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
    for (size_t i = 0; i < a.count; i++) { /* b in order first, then a against it in disorder */
        if (seed & 1) same_scalar(b.values[i], b.values[i]);
        if (b.count <= 64 && sf_value_type(b.values[i]) == SF_OBJECT) found_by_name(b.values[i]);
    }
    for (size_t i = 0; i < a.count; i++) {
        same_scalar(a.values[order[i]], b.values[order[i]]);
        if (a.count <= 64 && sf_value_type(a.values[order[i]]) == SF_OBJECT) found_by_name(a.values[order[i]]);
    }
    sfi_free(order);
    sfi_free(a.values);
    sfi_free(a.parents);
    sfi_free(b.values);
    sfi_free(b.parents);
}

/* ---- the ways of reading ---- */

static sfi_json *new_document(void)
{
    sfi_json *doc;
    if (sfi_json_new(&doc, NULL) != SF_OK) abort();
    return doc;
}

static void writes(sf_value v, sf_str want)
{
    char *text;
    size_t len;
    if (sf_value_to_json(v, &text, &len, NULL) != SF_OK) abort();
    REQUIRE(sfi_str_eq((sf_str){ text, len }, want));
    sf_free(text);
}

/* Anything may stand in an unchecked part; only memory matters. */
static void touch(sf_value v, int depth)
{
    sf_iter it = sf_iter_begin(v);
    sf_str name;
    sf_value child;
    for (int n = 0; n < 200 && sf_iter_next(&it, &name, &child); n++) {
        (void)sf_get_str(child, NULL);
        (void)sf_get_int(child, NULL, 0);
        (void)sf_get_double(child, NULL, 0);
        (void)sf_get(v, "a.b.0");
        (void)sf_get(v, "1.x");
        (void)sfi_json_raw(child);
        if (depth > 0) touch(child, depth - 1);
    }
}

static sf_value first_array(sf_value root)
{
    sf_iter it = sf_iter_begin(root);
    sf_value v = root;
    while (sf_value_type(v) != SF_ARRAY)
        if (!sf_iter_next(&it, NULL, &v)) return (sf_value){ 0 };
    return v;
}

static void as_page(sf_str text, bool is_valid, sfi_json *whole, uint64_t seed)
{
    sfi_json *doc = new_document();
    char *buffer = sfi_json_buffer(doc, text.len);
    if (buffer == NULL) abort();
    if (text.len > 0) memcpy(buffer, text.ptr, text.len);
    sf_status rc = sfi_json_index(doc, text.len, false, NULL);
    REQUIRE(rc == SF_OK || !is_valid);
    if (rc == SF_OK && (seed & 2)) touch(sfi_json_root(doc), 3);
    if (rc == SF_OK && (seed & 4)) {
        char *out;
        if (sf_value_to_json(sfi_json_root(doc), &out, NULL, NULL) == SF_OK) sf_free(out);
    }
    sf_value array = rc == SF_OK ? first_array(sfi_json_root(doc)) : (sf_value){ 0 };
    sfi_json_rows rows;
    if (sf_value_type(array) == SF_ARRAY) {
        sf_value row;
        sf_value twin_array = is_valid ? first_array(sfi_json_root(whole)) : (sf_value){ 0 };
        sf_iter twins = sf_iter_begin(twin_array);
        rc = sfi_json_rows_begin(array, &rows, NULL);
        if (rc == SF_OK) {
            while ((rc = sfi_json_row_next(&rows, &row, NULL)) == SF_ROW) {
                sf_value twin = { 0 };
                if (is_valid) REQUIRE(sf_iter_next(&twins, NULL, &twin));
                if (is_valid) same_scalar(row, twin);
                sf_str raw = sfi_json_raw(row);
                REQUIRE(raw.ptr == NULL || raw.len > 0);
                if (is_valid && sf_value_type(row) == SF_OBJECT) found_by_name(row);
                char *out;
                if (is_valid && sf_value_to_json(twin, &out, NULL, NULL) == SF_OK) {
                    writes(row, sfi_str(out));
                    sf_free(out);
                }
            }
            REQUIRE(sfi_json_row_next(&rows, &row, NULL) == rc); /* the end and errors stay */
        }
        REQUIRE((rc == SF_DONE) == is_valid);
        if (rc == SF_DONE) touch(sfi_json_root(doc), 3);
    }
    sfi_json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 16) return 0;
    uint64_t seed = size;
    for (size_t i = 0; i < size; i++) seed = (seed ^ data[i]) * 1099511628211U;
    sf_str text = { (const char *)data, size };
    reference r = { .at = data, .end = data + size };
    bool is_json = value(&r);
    blanks(&r);
    is_json = is_json && r.at == r.end;
    bool is_valid = is_json && r.depth_max <= SFI_JSON_DEPTH_MAX;

    sf_error err = { 0 };
    sfi_json *doc = new_document();
    sf_status rc = sfi_json_parse(doc, text, &err);
    REQUIRE((rc == SF_OK) == is_valid);
    REQUIRE(rc == SF_OK || err.status == rc);
    REQUIRE(!is_json || is_valid || rc == SF_ERR_LIMIT);
    REQUIRE(sfi_utf8_valid(err.message, strlen(err.message)));
    sfi_json *other = new_document();
    if (is_valid) {
        REQUIRE(sfi_json_parse(other, text, NULL) == SF_OK);
        orders_agree(doc, other, seed);
        writes(sfi_json_root(doc), sfi_buf_str(&r.out));
        REQUIRE(sfi_json_parse(doc, sfi_buf_str(&r.out), NULL) == SF_OK);
        orders_agree(doc, other, seed + 1);
        writes(sfi_json_root(doc), sfi_buf_str(&r.out));
    }
    as_page(text, is_valid, other, seed);
    sfi_json_free(doc);
    sfi_json_free(other);
    sfi_buf_free(&r.out);
    return 0;
}
