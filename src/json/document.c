/* document.c: the life of a document: its buffer, its index, and the public document around it. Called by client, rest
 * and org. A document owns text, index and scratch memory and re-uses them, so that page after page costs no memory. */
#include "json/document_internal.h"
#include <assert.h>

struct sf_document {
    sfi_json *json;
};

sf_status sfi_json_new(sfi_json **out, sf_error *err)
{
    *out = NULL;
    sfi_json *doc = sfi_calloc(sizeof *doc);
    if (doc == NULL) return sfi_fail_memory(err, "a JSON document");
    doc->index = sfi_index_new();
    if (doc->index == NULL) {
        sfi_free(doc);
        return sfi_fail_memory(err, "the index of a JSON document");
    }
    *out = doc;
    return SF_OK;
}

void sfi_json_free(sfi_json *doc)
{
    if (doc == NULL) return;
    sfi_index_free(doc->index);
    sfi_arena_free(&doc->scratch);
    sfi_free(doc->notes);
    sfi_free(doc->text);
    sfi_free(doc);
}

void sfi_json_free_wiped(sfi_json *doc)
{
    char *text = NULL;
    size_t cap = 0;
    if (doc == NULL) return;
    sfi_json_swap_buffer(doc, &text, &cap);
    if (text != NULL) sfi_wipe(text, cap);
    sfi_free(text);
    sfi_json_free(doc);
}

char *sfi_json_buffer(sfi_json *doc, size_t size)
{
    doc->count = 0; /* what was read before is dead */
    doc->has_notes = false;
    if (size > SFI_JSON_TEXT_MAX) return NULL;
    if (doc->text == NULL || size > doc->cap - SFI_JSON_PADDING) {
        char *text = sfi_realloc(doc->text, size + SFI_JSON_PADDING);
        if (text == NULL) return NULL;
        doc->text = text;
        doc->cap = size + SFI_JSON_PADDING;
    }
    return doc->text;
}

size_t sfi_json_buffer_size(const sfi_json *doc)
{
    return doc->cap > SFI_JSON_PADDING ? doc->cap - SFI_JSON_PADDING : 0;
}

void sfi_json_swap_buffer(sfi_json *doc, char **data, size_t *cap)
{
    assert(*data == NULL || *cap >= SFI_JSON_PADDING);
    char *old = doc->text;
    size_t old_cap = doc->cap;
    doc->count = 0;
    doc->has_notes = false;
    doc->text = *data;
    doc->cap = *data != NULL ? *cap : 0;
    *data = old;
    *cap = old_cap;
}

/* Everything that belongs to one text. */
static void forget(sfi_json *doc)
{
    doc->count = 0;
    doc->has_notes = false;
    doc->check = (sfi_json_check){ .next = SFI_CHECK_VALUE };
    doc->part = (sfi_json_part){ 0 };
    doc->row_count = 0;
    doc->lines = SFI_LINES_UNKNOWN;
    for (size_t i = 0; i < SFI_JSON_HINTS; i++) doc->hints[i].container = UINT32_MAX;
    sfi_json_forget_read(doc);
}

/* Room for the notes of this text; without memory reading is slower, and that is all. */
static bool ready_notes(sfi_json *doc)
{
    size_t want = (size_t)doc->count + 1;
    if (doc->note_cap < want) { /* an eighth more, as the index has */
        size_t cap = want + want / 8;
        sfi_free(doc->notes);
        doc->notes = sfi_alloc(cap * sizeof *doc->notes);
        doc->note_cap = doc->notes != NULL ? cap : 0;
        if (doc->notes == NULL) return false;
    }
    memset(doc->notes, 0, want * sizeof *doc->notes);
    return true;
}

sf_status sfi_json_index(sfi_json *doc, size_t len, bool whole, sf_error *err)
{
    assert(doc->text != NULL);
    assert(len <= sfi_json_buffer_size(doc));
    forget(doc);
    if (len > SFI_JSON_TEXT_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "JSON text is larger than %d bytes", SFI_JSON_TEXT_MAX);
    memset(doc->text + len, 0, SFI_JSON_PADDING);
    doc->len = len;
    switch (sfi_index_run(doc->index, doc->text, len, &doc->positions, &doc->count)) {
    case SFI_INDEX_OK: break;
    case SFI_INDEX_MEMORY: return sfi_fail_memory(err, "the index of a JSON document");
    case SFI_INDEX_EMPTY: return sfi_fail(err, SF_ERR_PROTOCOL, "JSON is empty: %zu bytes, none but white space", len);
    case SFI_INDEX_BAD_TEXT: return sfi_check_text_error(doc, err);
    }
    doc->has_notes = whole && ready_notes(doc);
    sf_status rc = sfi_check_run(doc, whole ? SFI_STOP_NEVER : SFI_STOP_NESTED, 0, err);
    if (rc != SF_OK) { /* nothing can be read from it */
        doc->count = 0;
        doc->has_notes = false;
    }
    return rc;
}

sf_value sfi_json_root(sfi_json *doc)
{
    return doc->count > 0 ? sfi_value_at(doc, 0) : (sf_value){ 0 };
}

bool sfi_json_is_closed(const sfi_json *doc)
{
    if (doc->count == 0) return false;
    unsigned char first = sfi_token_byte(doc, 0), last = sfi_token_byte(doc, doc->count - 1);
    if (first == '{') return last == '}';
    return first != '[' || last == ']';
}

bool sfi_json_is_cut(const sfi_json *doc)
{
    size_t depth = 0;
    for (uint32_t t = 0; t < doc->count; t++) {
        unsigned char c = sfi_token_byte(doc, t);
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && depth > 0) depth--;
    }
    return doc->count == 0 || depth > 0;
}

sf_status sfi_json_parse(sfi_json *doc, sf_str text, sf_error *err)
{
    if (text.len > SFI_JSON_TEXT_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "JSON text of %zu bytes is larger than %d", text.len, SFI_JSON_TEXT_MAX);
    char *buffer = sfi_json_buffer(doc, text.len);
    if (buffer == NULL) return sfi_fail_memory(err, "JSON text");
    if (text.len > 0) memcpy(buffer, text.ptr, text.len);
    return sfi_json_index(doc, text.len, true, err);
}

/* ---- the public document ---- */

sf_document *sfi_document_wrap(sfi_json *doc)
{
    sf_document *out = sfi_alloc(sizeof *out);
    if (out == NULL) {
        sfi_json_free(doc);
        return NULL;
    }
    out->json = doc;
    return out;
}

sf_status sf_document_parse(const char *json, size_t len, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf_document_parse: out is NULL");
    *out = NULL;
    if (json == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf_document_parse: json is NULL");
    sfi_json *doc = NULL;
    sf_status rc = sfi_json_new(&doc, err);
    if (rc != SF_OK) goto done;
    rc = sfi_json_parse(doc, (sf_str){ json, len }, err);
    if (rc != SF_OK) goto done;
    *out = sfi_document_wrap(doc);
    doc = NULL;
    if (*out == NULL) rc = sfi_fail_memory(err, "a JSON document");
done:
    sfi_json_free(doc);
    return rc;
}

sf_status sf_value_dup(sf_value v, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf_value_dup: out is NULL");
    *out = NULL;
    if (v.type == SF_MISSING) return sfi_fail(err, SF_ERR_USAGE, "sf_value_dup: the value is missing");
    sfi_buf text = { 0 };
    sfi_json *doc = NULL;
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_write_value(&w, v);
    size_t len = text.len;
    (void)sfi_buf_reserve(&text, SFI_JSON_PADDING); /* a failure is found by the next line */
    sf_status rc = sfi_buf_status(&text, err, "the copy of a JSON value");
    if (rc != SF_OK) goto done;
    rc = sfi_json_new(&doc, err);
    if (rc != SF_OK) goto done;
    sfi_json_swap_buffer(doc, &text.data, &text.cap);
    rc = sfi_json_index(doc, len, true, err);
    if (rc != SF_OK) goto done;
    *out = sfi_document_wrap(doc);
    doc = NULL;
    if (*out == NULL) rc = sfi_fail_memory(err, "a JSON document");
done:
    sfi_buf_free(&text);
    sfi_json_free(doc);
    return rc;
}

sf_value sf_document_root(const sf_document *doc)
{
    return doc != NULL ? sfi_json_root(doc->json) : (sf_value){ 0 };
}

void sf_document_free(sf_document *doc)
{
    if (doc == NULL) return;
    sfi_json_free(doc->json);
    sfi_free(doc);
}
