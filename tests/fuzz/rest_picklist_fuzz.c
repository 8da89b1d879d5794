/*
 * rest_picklist_fuzz.c: any JSON as what tells the values of a picklist, for the fields "A" and "B". What is read must
 * be read the same from an answer of the UI API that is made of it: values, controlling values, and every single validity.
 */
#include "support/support.h"
#include "json/json_internal.h"
#include <salesforce/layouts.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what) ((what) ? (void)0 : broken(#what, __LINE__))

static void broken(const char *what, int line)
{
    fprintf(stderr, "line %d: does not hold: %s\n", line, what);
    abort();
}

static bool has_twins(const sf_picklist *p)
{
    for (size_t i = 0; i < sf_picklist_controlling_count(p); i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(sf_picklist_controlling_at(p, i), sf_picklist_controlling_at(p, k)) == 0) return true;
    return false;
}

/* The same picklist as the UI API tells it. */
static void write_ui(const sf_picklist *p, sfi_buf *out)
{
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "controllerValues");
    sfi_json_begin_object(&w);
    for (size_t k = 0; k < sf_picklist_controlling_count(p); k++) {
        sfi_json_key(&w, sf_picklist_controlling_at(p, k));
        sfi_json_int(&w, (int64_t)k);
    }
    sfi_json_end_object(&w);
    sfi_json_key(&w, "values");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < sf_picklist_count(p); i++) {
        sf_picklist_value v = sf_picklist_at(p, i);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "value");
        sfi_json_string(&w, v.value);
        sfi_json_key(&w, "label");
        sfi_json_string(&w, v.label);
        sfi_json_key(&w, "validFor");
        sfi_json_begin_array(&w);
        for (size_t k = 0; k < sf_picklist_controlling_count(p); k++)
            if (sf_picklist_is_valid_at(p, i, sf_picklist_controlling_at(p, k))) sfi_json_int(&w, (int64_t)k);
        sfi_json_end_array(&w);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

static void check_again(const sf_picklist *p)
{
    sfi_buf text = { 0 };
    sf_document *doc = NULL;
    sf_picklist *again = NULL;
    sf_error err;
    write_ui(p, &text);
    REQUIRE(!text.failed);
    REQUIRE(sf_document_parse(text.data, text.len, &doc, &err) == SF_OK);
    REQUIRE(sf_picklist_read(sf_document_root(doc), NULL, &again, &err) == SF_OK);
    REQUIRE(sf_picklist_count(again) == sf_picklist_count(p));
    REQUIRE(sf_picklist_controlling_count(again) == sf_picklist_controlling_count(p));
    for (size_t i = 0; i < sf_picklist_count(p); i++) {
        REQUIRE(strcmp(sf_picklist_at(again, i).value, sf_picklist_at(p, i).value) == 0);
        for (size_t k = 0; k < sf_picklist_controlling_count(p); k++) {
            const char *controlling = sf_picklist_controlling_at(p, k);
            REQUIRE(sf_picklist_is_valid_at(again, i, controlling) == sf_picklist_is_valid_at(p, i, controlling));
        }
    }
    sf_picklist_free(again);
    sf_document_free(doc);
    sfi_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const fields[] = { "A", "B" };
    sf_document *doc = NULL;
    if (size > 20000 || sf_document_parse((const char *)data, size, &doc, NULL) != SF_OK) return 0;
    for (size_t f = 0; f < COUNT_OF(fields); f++) {
        sf_picklist *p = NULL;
        sf_error err = { 0 };
        sf_status rc = sf_picklist_read(sf_document_root(doc), fields[f], &p, &err);
        REQUIRE((rc == SF_OK) == (p != NULL));
        REQUIRE(rc == SF_OK || (rc == err.status && err.message[0] != '\0'));
        if (p != NULL && !has_twins(p) && (!sf_picklist_is_dependent(p) || sf_picklist_controlling_count(p) > 0))
            check_again(p);
        sf_picklist_free(p);
    }
    sf_document_free(doc);
    return 0;
}
