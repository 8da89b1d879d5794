/* picklist.c: the values of a picklist and when each is valid, out of either answer that tells it: a describe (a bitmap in
 * base64 over the controlling field's values, most significant bit first) or the UI API (lists of numbers). Called by
 * programs and no I/O; a picklist owns copies of all its texts. The one idea: both become one bitmap of a row a value and
 * a column a controlling value, so that asking is looking up a bit. */
#include <salesforce/layouts.h>
#include "rest/rest_internal.h"

enum {
    VALUES_MAX = 10000, /* of one field, and of its controlling field */
    BITS_MAX = 1 << 24  /* values × controlling values */
};

struct sf_picklist {
    sfi_arena arena; /* all below */
    sf_picklist_value *values;
    size_t count;
    const char **controlling;
    size_t controlling_count;
    const char *controller; /* NULL: not told, or none */
    bool is_dependent;
    unsigned char *valid; /* count × controlling_count bits; NULL: not dependent */
};

static sf_status fail_memory(sf_error *err)
{
    return sfi_fail_memory(err, "a picklist");
}

static const char *keep(sf_picklist *p, sf_str text)
{
    return sfi_arena_strndup(&p->arena, text.ptr != NULL ? text.ptr : "", text.len);
}

static void set_valid(sf_picklist *p, size_t value, size_t controlling)
{
    size_t bit = value * p->controlling_count + controlling;
    p->valid[bit / 8] |= (unsigned char)(1u << (bit % 8));
}

static sf_status make_bitmap(sf_picklist *p, sf_error *err)
{
    if (p->count > 0 && p->controlling_count > BITS_MAX / p->count)
        return sfi_fail(err, SF_ERR_LIMIT, "picklist: %zu values for %zu controlling ones are more than fit", p->count,
                        p->controlling_count);
    size_t size = p->count * p->controlling_count / 8 + 1;
    p->valid = sfi_arena_alloc(&p->arena, size);
    if (p->valid == NULL) return fail_memory(err);
    memset(p->valid, 0, size);
    p->is_dependent = true;
    return SF_OK;
}

/* The member's values with their texts; what else a value says differs between the two answers. */
static sf_status read_values(sf_picklist *p, sf_value list, sf_error *err)
{
    size_t n = sf_value_count(list);
    if (sf_value_type(list) != SF_ARRAY || n > VALUES_MAX)
        return sfi_fail(err, SF_ERR_PROTOCOL, "picklist: its values are no list of at most %d", VALUES_MAX);
    p->values = sfi_arena_alloc(&p->arena, (n + 1) * sizeof *p->values);
    if (p->values == NULL) return fail_memory(err);
    sf_value v;
    for (sf_iter it = sf_iter_begin(list); p->count < n && sf_iter_next(&it, NULL, &v);) {
        sf_str value = sf_get_text(v, "value"), label = sf_get_text(v, "label");
        if (value.ptr == NULL) return sfi_fail(err, SF_ERR_PROTOCOL, "picklist: value %zu has no text", p->count + 1);
        sf_picklist_value *out = &p->values[p->count];
        *out = (sf_picklist_value){ .value = keep(p, value),
                                    .label = keep(p, label.ptr != NULL ? label : value),
                                    .is_active = sf_get_bool(v, "active", true),
                                    .is_default = sf_get_bool(v, "defaultValue", false) };
        if (out->value == NULL || out->label == NULL) return fail_memory(err);
        p->count++;
    }
    return SF_OK;
}

static bool same_name(sf_value v, const char *path, const char *name)
{
    return sfi_str_is_nocase(sf_get_text(v, path), name);
}

/* ---- a describe ---- */

static sf_value field_named(sf_value object, const char *name)
{
    sf_value field;
    for (sf_iter it = sf_iter_begin(sf_get(object, "fields")); sf_iter_next(&it, NULL, &field);)
        if (same_name(field, "name", name)) return field;
    return (sf_value){ 0 };
}

static sf_status read_controlling(sf_picklist *p, sf_value controller, sf_error *err)
{
    sf_str type = sf_get_text(controller, "type");
    bool is_checkbox = sfi_str_is(type, "boolean");
    sf_value list = sf_get(controller, "picklistValues"), v;
    size_t n = is_checkbox ? 2 : sf_value_count(list);
    if (n > VALUES_MAX) return sfi_fail(err, SF_ERR_PROTOCOL, "picklist: the controlling field has too many values");
    p->controlling = sfi_arena_alloc(&p->arena, (n + 1) * sizeof *p->controlling);
    if (p->controlling == NULL) return fail_memory(err);
    if (is_checkbox) {
        p->controlling[0] = "false";
        p->controlling[1] = "true";
        p->controlling_count = 2;
    }
    for (sf_iter it = sf_iter_begin(list); !is_checkbox && p->controlling_count < n && sf_iter_next(&it, NULL, &v);) {
        const char *text = keep(p, sf_get_text(v, "value"));
        if (text == NULL) return fail_memory(err);
        p->controlling[p->controlling_count++] = text;
    }
    return SF_OK;
}

static int base64_value(char c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(letters, c) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

/* Bit i of the text is bit 5 - i % 6 of its character i / 6: no need to decode it first. false: not base64. */
static bool read_valid_for(sf_picklist *p, size_t value, sf_str text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == '=') text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int six = base64_value(text.ptr[i]);
        if (six < 0) return false;
        for (size_t k = 0; k < 6; k++)
            if ((six >> (5 - k) & 1) != 0 && i * 6 + k < p->controlling_count) set_valid(p, value, i * 6 + k);
    }
    return true;
}

static sf_status read_described(sf_picklist *p, sf_value object, const char *name, sf_error *err)
{
    sf_value field = field_named(object, name);
    if (sf_value_count(sf_get(field, "picklistValues")) == 0)
        return sfi_fail(err, SF_ERR_NOT_FOUND, "picklist: %.80s is no field with values", name);
    sf_value list = sf_get(field, "picklistValues"), v;
    sf_str controller = sf_get_text(field, "controllerName");
    sf_status rc = read_values(p, list, err);
    if (rc != SF_OK || controller.len == 0) return rc;
    p->controller = keep(p, controller);
    if (p->controller == NULL) return fail_memory(err);
    sf_value controlling = field_named(object, p->controller);
    if (sf_value_type(controlling) != SF_OBJECT)
        return sfi_fail(err, SF_ERR_PROTOCOL, "picklist: %.80s depends on %.80s, which the describe does not have",
                        name, p->controller);
    rc = read_controlling(p, controlling, err);
    if (rc == SF_OK) rc = make_bitmap(p, err);
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && i < p->count && sf_iter_next(&it, NULL, &v); i++) {
        sf_str text = sf_get_text(v, "validFor");
        if (text.ptr != NULL && !read_valid_for(p, i, text))
            rc = sfi_fail(err, SF_ERR_PROTOCOL, "picklist: validFor of %.80s in %.80s is not base64",
                          p->values[i].value, name);
    }
    return rc;
}

/* ---- the UI API ---- */

/* {"Web":0,"Phone":1}: names in the order of their numbers. */
static sf_status read_controller_values(sf_picklist *p, sf_value map, sf_error *err)
{
    size_t n = sf_value_count(map);
    sf_str key;
    sf_value number;
    if (n > VALUES_MAX) return sfi_fail(err, SF_ERR_PROTOCOL, "picklist: too many controlling values");
    p->controlling = sfi_arena_alloc(&p->arena, (n + 1) * sizeof *p->controlling);
    if (p->controlling == NULL) return fail_memory(err);
    for (size_t i = 0; i < n; i++) p->controlling[i] = NULL;
    for (sf_iter it = sf_iter_begin(map); sf_iter_next(&it, &key, &number);) {
        int64_t at = sf_get_int(number, NULL, -1);
        if (at < 0 || at >= (int64_t)n || p->controlling[at] != NULL)
            return sfi_fail(err, SF_ERR_PROTOCOL, "picklist: the numbers of controllerValues are not 0 to %zu", n - 1);
        if ((p->controlling[at] = keep(p, key)) == NULL) return fail_memory(err);
    }
    p->controlling_count = n;
    return SF_OK;
}

static sf_status read_ui(sf_picklist *p, sf_value field, sf_error *err)
{
    sf_value list = sf_get(field, "values"), map = sf_get(field, "controllerValues"), v, number;
    sf_str preset = sf_get_text(field, "defaultValue.value");
    sf_status rc = read_values(p, list, err);
    for (size_t i = 0; rc == SF_OK && i < p->count; i++)
        p->values[i].is_default = preset.ptr != NULL && sfi_str_is(preset, p->values[i].value);
    if (rc != SF_OK || sf_value_count(map) == 0) return rc;
    rc = read_controller_values(p, map, err);
    if (rc == SF_OK) rc = make_bitmap(p, err);
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && i < p->count && sf_iter_next(&it, NULL, &v); i++)
        for (sf_iter each = sf_iter_begin(sf_get(v, "validFor")); rc == SF_OK && sf_iter_next(&each, NULL, &number);) {
            int64_t at = sf_get_int(number, NULL, -1);
            if (at < 0 || at >= (int64_t)p->controlling_count)
                rc = sfi_fail(err, SF_ERR_PROTOCOL, "picklist: validFor of %.80s has a number without a value",
                              p->values[i].value);
            else
                set_valid(p, i, (size_t)at);
        }
    return rc;
}

static sf_status read_ui_all(sf_picklist *p, sf_value all, const char *name, sf_error *err)
{
    sf_str key;
    sf_value field;
    for (sf_iter it = sf_iter_begin(all); sf_iter_next(&it, &key, &field);)
        if (sfi_str_is_nocase(key, name)) return read_ui(p, field, err);
    return sfi_fail(err, SF_ERR_NOT_FOUND, "picklist: %.80s is no field with values", name);
}

/* ---- the public calls ---- */

sf_status sf_picklist_read(sf_value answer, const char *field, sf_picklist **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_value all = sf_get(answer, "picklistFieldValues");
    bool is_one = sf_value_type(sf_get(answer, "values")) == SF_ARRAY;
    if (!is_one && !sfi_rest_is_name(field)) return sfi_fail(err, SF_ERR_USAGE, "picklist: want a field's name");
    sf_picklist *p = sfi_calloc(sizeof *p);
    if (p == NULL) return fail_memory(err);
    sf_status rc;
    if (is_one)
        rc = read_ui(p, answer, err);
    else if (sf_value_type(all) == SF_OBJECT)
        rc = read_ui_all(p, all, field, err);
    else if (sf_value_type(sf_get(answer, "fields")) == SF_ARRAY)
        rc = read_described(p, answer, field, err);
    else
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "picklist: this is neither a describe nor an answer with picklist values");
    if (rc == SF_OK) {
        *out = p;
        p = NULL;
    }
    sf_picklist_free(p);
    return rc;
}

size_t sf_picklist_count(const sf_picklist *p)
{
    return p != NULL ? p->count : 0;
}

sf_picklist_value sf_picklist_at(const sf_picklist *p, size_t i)
{
    return p != NULL && i < p->count ? p->values[i] : (sf_picklist_value){ 0 };
}

bool sf_picklist_is_dependent(const sf_picklist *p)
{
    return p != NULL && p->is_dependent;
}

const char *sf_picklist_controller(const sf_picklist *p)
{
    return p != NULL ? p->controller : NULL;
}

size_t sf_picklist_controlling_count(const sf_picklist *p)
{
    return p != NULL ? p->controlling_count : 0;
}

const char *sf_picklist_controlling_at(const sf_picklist *p, size_t i)
{
    return p != NULL && i < p->controlling_count ? p->controlling[i] : NULL;
}

bool sf_picklist_is_valid_at(const sf_picklist *p, size_t i, const char *controlling)
{
    if (p == NULL || i >= p->count) return false;
    if (!p->is_dependent) return true;
    for (size_t k = 0; controlling != NULL && k < p->controlling_count; k++) {
        size_t bit = i * p->controlling_count + k;
        if (strcmp(p->controlling[k], controlling) == 0) return (p->valid[bit / 8] >> (bit % 8) & 1) != 0;
    }
    return false;
}

bool sf_picklist_is_valid(const sf_picklist *p, const char *value, const char *controlling)
{
    for (size_t i = 0; value != NULL && i < sf_picklist_count(p); i++)
        if (strcmp(p->values[i].value, value) == 0) return sf_picklist_is_valid_at(p, i, controlling);
    return false;
}

void sf_picklist_free(sf_picklist *p)
{
    if (p == NULL) return;
    sfi_arena_free(&p->arena);
    sfi_free(p);
}
