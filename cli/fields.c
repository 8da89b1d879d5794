/* fields.c: FIELD=VALUE words and JSON objects into the fields of a record. */
#include "cli.h"

enum { STDIN_MAX = 50 * 1024 * 1024 };

bool cli_split_pair(cli *c, const char *word, const char **name, const char **value)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word) return false;
    *name = cli_strndup(c, word, (size_t)(equals - word));
    *value = equals + 1;
    return true;
}

/* FIELD:=JSON */
static sf_status apply_json(sf_record *r, const char *field, const char *json, sf_error *err)
{
    sf_document *doc = NULL;
    sf_status rc = sf_document_parse(json, strlen(json), &doc, err);
    sf_document_free(doc);
    if (rc != SF_OK)
        return sfi_fail(err, SF_ERR_USAGE, "%s:=%.100s is not JSON (a text wants quotes; %s=TEXT needs none)", field,
                        json, field);
    return sf_record_set_json(r, field, sfi_str(json));
}

static sf_status apply_file(cli *c, sf_record *r, const char *field, const char *path, bool bytes, sf_error *err)
{
    sf_str text;
    sf_status rc = cli_read_file(c, path, STDIN_MAX, &text, err);
    if (rc != SF_OK) return rc;
    if (bytes) return sf_record_set_base64(r, field, text.ptr, text.len);
    if (!sfi_utf8_valid(text.ptr, text.len))
        return sfi_fail(err, SF_ERR_USAGE, "%s is not UTF-8 text: %s@=%s sends its bytes as base64", path, field, path);
    return sf_record_set_text(r, field, text);
}

/* PARENT.EXT__C=VALUE */
static sf_status apply_reference(cli *c, sf_record *r, const char *name, const char *value, sf_error *err)
{
    const char *dot = strchr(name, '.');
    const char *parent = cli_strndup(c, name, (size_t)(dot - name));
    if (strchr(dot + 1, '.') != NULL) return sfi_fail(err, SF_ERR_USAGE, "%s: want PARENT.EXTERNAL_ID, one dot", name);
    return sf_record_set_reference(r, parent, NULL, dot + 1, value);
}

sf_status cli_field_apply(cli *c, sf_record *r, const char *word, sf_error *err)
{
    const char *name, *value;
    if (!cli_split_pair(c, word, &name, &value)) return sfi_fail(err, SF_ERR_USAGE, "%.100s is not FIELD=VALUE", word);
    size_t len = strlen(name);
    char last = name[len - 1];
    const char *field = last == ':' || last == '@' ? cli_strndup(c, name, len - 1) : name;
    sf_status rc;
    if (last == ':')
        rc = apply_json(r, field, value, err);
    else if (last == '@')
        rc = apply_file(c, r, field, value, true, err);
    else if (value[0] == '@' && value[1] != 0)
        rc = apply_file(c, r, field, value + 1, false, err);
    else if (strchr(field, '.') != NULL)
        rc = apply_reference(c, r, field, value, err);
    else
        rc = value[0] != 0 ? sf_record_set_str(r, field, value) : sf_record_set_null(r, field);
    if (rc == SF_OK || rc == SF_ERR_MEMORY) return rc;
    if (err->status != rc || err->message[0] == 0) { /* the setters keep their reason; the record's JSON has it */
        char *json = NULL;
        if (sf_record_to_json(r, &json, err) == SF_OK)
            sfi_free(json), (void)sfi_fail(err, rc, "%.100s cannot be set", word);
    }
    return rc;
}

sf_status cli_fields_apply_json(cli *c, sf_record *r, sf_value object, sf_error *err)
{
    if (sf_value_type(object) != SF_OBJECT)
        return sfi_fail(err, SF_ERR_USAGE, "want one JSON object with the fields, such as {\"Name\":\"Acme\"}");
    sf_str key;
    sf_value value;
    for (sf_iter it = sf_iter_begin(object); sf_iter_next(&it, &key, &value);) {
        const char *field = cli_strndup(c, key.ptr, key.len);
        if (strcmp(field, "attributes") == 0) continue; /* a record as a query gives it */
        char *json = NULL;
        size_t len = 0;
        sf_status rc = sf_value_to_json(value, &json, &len, err);
        if (rc == SF_OK) rc = sf_record_set_json(r, field, (sf_str){ json, len });
        sf_free(json);
        if (rc != SF_OK) return rc == SF_ERR_USAGE ? sfi_fail(err, rc, "%.100s is not a field's name", field) : rc;
    }
    return SF_OK;
}

sf_status cli_fields_from_words(cli *c, sf_record *r, size_t first, sf_error *err)
{
    if (c->args.count == first + 1 && strcmp(c->args.words[first], "-") == 0) {
        sf_str text;
        sf_document *doc = NULL;
        sf_status rc = cli_read_file(c, "-", STDIN_MAX, &text, err);
        if (rc == SF_OK && sf_document_parse(text.ptr, text.len, &doc, err) != SF_OK) {
            sfi_error_prefix(err, "stdin is not JSON");
            rc = err->status = SF_ERR_USAGE;
        }
        if (rc == SF_OK) rc = cli_fields_apply_json(c, r, sf_document_root(doc), err);
        sf_document_free(doc);
        return rc;
    }
    for (size_t i = first; i < c->args.count; i++) {
        *err = (sf_error){ 0 };
        sf_status rc = cli_field_apply(c, r, c->args.words[i], err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}
