/* index.cpp: the door to simdjson, the only file that knows it. Called by document.c. The parser owns its positions. We
 * run simdjson's first stage alone, which finds the structure of a text at memory speed with the best instructions of
 * the machine that it runs on; its second stage would build a tree that nobody here needs. */
#include "json/index_internal.h"
#include <memory>
#include <simdjson.h>

using parser = simdjson::internal::dom_parser_implementation;

static parser *parser_of(sfi_index *index)
{
    return reinterpret_cast<parser *>(index);
}

extern "C" {

const char *sfi_features_json(void);

sfi_index *sfi_index_new(void)
{
    std::unique_ptr<parser> made;
    simdjson::error_code rc = simdjson::get_active_implementation()->create_dom_parser_implementation(0, 1, made);
    return rc == simdjson::SUCCESS ? reinterpret_cast<sfi_index *>(made.release()) : nullptr;
}

void sfi_index_free(sfi_index *index)
{
    delete parser_of(index);
}

sfi_index_result sfi_index_run(sfi_index *index, const char *text, size_t len, const uint32_t **positions,
                               uint32_t *count)
{
    parser *p = parser_of(index);
    if (len == 0) return SFI_INDEX_EMPTY;
    if (p->capacity() < len) { /* an eighth more, so that pages of nearly one size settle on one list */
        size_t capacity = len + len / 8 + 4096;
        if (p->set_capacity(capacity) != simdjson::SUCCESS) return SFI_INDEX_MEMORY;
    }
    simdjson::error_code rc = p->stage1(reinterpret_cast<const uint8_t *>(text), len, simdjson::stage1_mode::regular);
    if (rc == simdjson::EMPTY) return SFI_INDEX_EMPTY;
    if (rc != simdjson::SUCCESS) return SFI_INDEX_BAD_TEXT;
    *positions = p->structural_indexes.get();
    *count = p->n_structural_indexes;
    return SFI_INDEX_OK;
}

const char *sfi_features_json(void)
{
    static const struct {
        const char *simdjson;
        const char *feature;
    } names[] = {
        { "icelake", "simdjson-icelake" }, { "haswell", "simdjson-haswell" }, { "westmere", "simdjson-westmere" },
        { "arm64", "simdjson-arm64" },     { "ppc64", "simdjson-ppc64" },
    };
    for (const auto &n : names)
        if (simdjson::get_active_implementation()->name() == n.simdjson) return n.feature;
    return "simdjson-fallback";
}
}

bool sfi_index_is_utf8(const char *text, size_t len)
{
    return simdjson::validate_utf8(text, len);
}
