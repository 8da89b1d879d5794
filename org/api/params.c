/* params.c: see params.h. Every loop takes text off the front of a view until nothing is left. */
#define _GNU_SOURCE /* memmem */
#include "api/params.h"
#include "api/multipart.h"

bool sfo_percent_decode(sfi_arena *arena, sf_str in, bool plus_is_blank, sf_str *out)
{
    char *text = sfi_arena_alloc(arena, in.len + 1);
    if (text == NULL) return false;
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        char c = in.ptr[i];
        if (c == '%') {
            bool whole = in.len - i >= 3;
            int high = whole ? sfi_hex_digit(in.ptr[i + 1]) : -1;
            int low = whole ? sfi_hex_digit(in.ptr[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        text[len++] = c;
    }
    text[len] = '\0';
    *out = (sf_str){ text, len };
    return true;
}

/* Cuts the text before the first sep off s (all of it when there is none). */
static sf_str take_until(sf_str *s, char sep)
{
    const char *at = s->len > 0 ? memchr(s->ptr, sep, s->len) : NULL;
    sf_str head = { s->ptr, at != NULL ? (size_t)(at - s->ptr) : s->len };
    size_t cut = head.len + (at != NULL);
    s->ptr += cut;
    s->len -= cut;
    return head;
}

bool sfo_params_parse(sfi_arena *arena, sf_str text, sfo_params *out)
{
    out->count = 0;
    while (text.len > 0) {
        sf_str value = take_until(&text, '&');
        if (value.len == 0) continue;
        sf_str name = take_until(&value, '=');
        if (out->count == SFO_PARAMS_MAX) return false;
        sfo_param *p = &out->items[out->count++];
        if (!sfo_percent_decode(arena, name, true, &p->name) || !sfo_percent_decode(arena, value, true, &p->value))
            return false;
    }
    return true;
}

sf_str sfo_params_get(const sfo_params *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (sfi_str_is(p->items[i].name, name)) return p->items[i].value;
    return (sf_str){ NULL, 0 };
}

/* Up to the next semicolon that is not between quotes. */
static sf_str take_item(sf_str *rest)
{
    bool is_quoted = false;
    size_t len = 0;
    for (; len < rest->len && (is_quoted || rest->ptr[len] != ';'); len++) {
        bool is_escaped = is_quoted && len > 0 && rest->ptr[len - 1] == '\\';
        if (rest->ptr[len] == '"' && !is_escaped) is_quoted = !is_quoted;
    }
    sf_str item = { rest->ptr, len };
    size_t used = len < rest->len ? len + 1 : len;
    rest->ptr += used;
    rest->len -= used;
    return item;
}

sf_str sfo_header_attribute(const char *value, const char *key)
{
    sf_str rest = sfi_str(value);
    while (rest.len > 0) {
        sf_str item = take_item(&rest);
        sf_str name = sfi_trim(take_until(&item, '='));
        if (!sfi_str_is_nocase(name, key)) continue;
        item = sfi_trim(item);
        if (item.len >= 2 && item.ptr[0] == '"' && item.ptr[item.len - 1] == '"') {
            item.ptr++;
            item.len -= 2;
        }
        return item;
    }
    return (sf_str){ NULL, 0 };
}

/* Where needle begins in s; s.len: nowhere. */
static size_t find(sf_str s, sf_str needle)
{
    const char *at = needle.len > 0 && s.len >= needle.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return at != NULL ? (size_t)(at - s.ptr) : s.len;
}

static void skip(sf_str *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

bool sfo_params_parse_multipart(sfi_arena *arena, const char *content_type, sf_str body, sfo_params *out)
{
    sfo_part parts[SFO_PARTS_MAX];
    out->count = 0;
    int count = sfo_multipart_parse(arena, content_type, body, parts);
    for (int i = 0; i < count; i++) {
        if (parts[i].name.ptr == NULL) continue;
        sfo_param *p = &out->items[out->count++]; /* as many as parts */
        p->name = parts[i].name;
        p->value = (sf_str){ sfi_arena_strndup(arena, parts[i].data.ptr, parts[i].data.len), parts[i].data.len };
        if (p->value.ptr == NULL) return false;
    }
    return count >= 0;
}
_Static_assert((int)SFO_PARTS_MAX <= (int)SFO_PARAMS_MAX, "each part is a parameter");

bool sfo_next_piece(sf_str *list, sf_str *piece)
{
    if (list->len == 0) return false;
    const char *comma = memchr(list->ptr, ',', list->len);
    size_t len = comma != NULL ? (size_t)(comma - list->ptr) : list->len;
    *piece = sfi_trim((sf_str){ list->ptr, len });
    skip(list, len + (comma != NULL));
    return true;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool sfo_base64_decode(sfi_arena *arena, sf_str in, sf_str *out)
{
    while (in.len > 0 && in.ptr[in.len - 1] == '=') in.len--;
    char *text = sfi_arena_alloc(arena, in.len + 1);
    if (text == NULL || in.len % 4 == 1) return false;
    uint32_t bits = 0;
    int held = 0;
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        int digit = base64_digit(in.ptr[i]);
        if (digit < 0) return false;
        bits = (bits << 6 | (uint32_t)digit) & 0xFFFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            text[len++] = (char)(bits >> held & 0xFF);
        }
    }
    text[len] = '\0';
    *out = (sf_str){ text, len };
    return true;
}

bool sfo_basic_credentials(sfi_arena *arena, const char *authorization, sf_str *user, sf_str *password)
{
    sf_str rest = sfi_str(authorization);
    sf_str text;
    if (!sfi_starts_with_nocase(rest, "Basic ")) return false;
    skip(&rest, 6);
    if (!sfo_base64_decode(arena, sfi_trim(rest), &text)) return false;
    size_t colon = find(text, SFI_STR(":"));
    if (colon == text.len) return false;
    /* RFC 6749 has both parts form-encoded inside; ids and secrets hold nothing that decoding would change. */
    *password = (sf_str){ text.ptr + colon + 1, text.len - colon - 1 };
    *user = (sf_str){ sfi_arena_strndup(arena, text.ptr, colon), colon };
    return user->ptr != NULL;
}
