/* types.c: the field types: their names in describe, their SOAP types, and what a field of a type is when its definition
 * does not say. */
#include "schema/schema_internal.h"

typedef struct type_row {
    const char *name, *soap;
    int32_t length;           /* of text when not given */
    int32_t precision, scale; /* of numbers */
    bool filterable, sortable, groupable, aggregatable;
} type_row;

static const type_row types[] = {
    [SFO_ID] = { "id", "tns:ID", 18, 0, 0, true, true, true, true },
    [SFO_REFERENCE] = { "reference", "tns:ID", 18, 0, 0, true, true, true, true },
    [SFO_STRING] = { "string", "xsd:string", 255, 0, 0, true, true, true, true },
    [SFO_TEXTAREA] = { "textarea", "xsd:string", 255, 0, 0, true, true, true, true },
    [SFO_PICKLIST] = { "picklist", "xsd:string", 255, 0, 0, true, true, true, true },
    [SFO_MULTIPICKLIST] = { "multipicklist", "xsd:string", 4099, 0, 0, true, false, false, false },
    [SFO_COMBOBOX] = { "combobox", "xsd:string", 255, 0, 0, true, true, true, true },
    [SFO_PHONE] = { "phone", "xsd:string", 40, 0, 0, true, true, true, true },
    [SFO_URL] = { "url", "xsd:string", 255, 0, 0, true, true, true, true },
    [SFO_EMAIL] = { "email", "xsd:string", 80, 0, 0, true, true, true, true },
    [SFO_ENCRYPTEDSTRING] = { "encryptedstring", "xsd:string", 175, 0, 0, false, false, false, false },
    [SFO_BOOLEAN] = { "boolean", "xsd:boolean", 0, 0, 0, true, true, true, false },
    [SFO_INT] = { "int", "xsd:int", 0, 0, 0, true, true, true, true },
    [SFO_LONG] = { "long", "xsd:long", 0, 0, 0, true, true, true, true },
    [SFO_DOUBLE] = { "double", "xsd:double", 0, 18, 0, true, true, false, true },
    [SFO_CURRENCY] = { "currency", "xsd:double", 0, 18, 2, true, true, false, true },
    [SFO_PERCENT] = { "percent", "xsd:double", 0, 18, 2, true, true, false, true },
    [SFO_DATE] = { "date", "xsd:date", 0, 0, 0, true, true, true, true },
    [SFO_DATETIME] = { "datetime", "xsd:dateTime", 0, 0, 0, true, true, false, true },
    [SFO_TIME] = { "time", "xsd:time", 0, 0, 0, true, true, true, false },
    [SFO_BASE64] = { "base64", "xsd:base64Binary", 0, 0, 0, false, false, false, false },
    [SFO_ADDRESS] = { "address", "urn:address", 0, 0, 0, true, false, false, false },
    [SFO_LOCATION] = { "location", "urn:location", 0, 0, 0, true, false, false, false },
    [SFO_ANYTYPE] = { "anyType", "xsd:anyType", 255, 0, 0, false, false, false, false },
    [SFO_COMPLEXVALUE] = { "complexvalue", "xsd:anyType", 0, 0, 0, false, false, false, false },
    [SFO_DATACATEGORYGROUPREFERENCE] = { "datacategorygroupreference", "xsd:string", 255, 0, 0, true, true, true,
                                         true },
};

bool sfo_type_parse(sf_str name, sfo_type *out)
{
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++)
        if (sfi_str_is(name, types[i].name)) {
            *out = (sfo_type)i;
            return true;
        }
    return false;
}

const char *sfo_type_text(sfo_type type)
{
    return types[type].name;
}

/* What a file inside the program leaves out is false or 0, as its "about" says: only the type's own facts are set. */
static void complete_always(sfo_field *f, uint64_t given)
{
    if (f->label == NULL) f->label = f->name;
    if (!sfo_given(given, SFO_GIVEN_SOAP_TYPE)) f->soap_type = types[f->type].soap;
    f->stored = f->type != SFO_ADDRESS && f->type != SFO_LOCATION && f->type != SFO_COMPLEXVALUE;
}

static void complete_searching(sfo_field *f, uint64_t given)
{
    const type_row *t = &types[f->type];
    bool is_long = (f->type == SFO_TEXTAREA && f->length > 255) || f->html_formatted; /* long text cannot be filtered */
    if (!sfo_given(given, SFO_GIVEN_FILTERABLE)) f->filterable = t->filterable && !is_long;
    if (!sfo_given(given, SFO_GIVEN_SORTABLE)) f->sortable = t->sortable && !is_long;
    if (!sfo_given(given, SFO_GIVEN_GROUPABLE)) f->groupable = t->groupable && !is_long;
    if (!sfo_given(given, SFO_GIVEN_AGGREGATABLE)) f->aggregatable = t->aggregatable && !is_long;
}

void sfo_field_complete(sfo_field *f, uint64_t given, bool standard)
{
    complete_always(f, given);
    if (standard) return;
    const type_row *t = &types[f->type];
    bool computed = f->auto_number || f->calculated || !f->stored;
    if (!sfo_given(given, SFO_GIVEN_LENGTH)) f->length = t->length;
    if (!sfo_given(given, SFO_GIVEN_BYTE_LENGTH))
        f->byte_length = f->type == SFO_ID || f->type == SFO_REFERENCE ? f->length : f->length * 3;
    if (!sfo_given(given, SFO_GIVEN_PRECISION)) f->precision = t->precision;
    if (!sfo_given(given, SFO_GIVEN_SCALE)) f->scale = t->scale;
    if (!sfo_given(given, SFO_GIVEN_DIGITS)) f->digits = f->type == SFO_INT ? 9 : f->type == SFO_LONG ? 18 : 0;
    if (!sfo_given(given, SFO_GIVEN_NILLABLE)) f->nillable = f->type != SFO_BOOLEAN && !f->auto_number;
    if (!sfo_given(given, SFO_GIVEN_CREATEABLE)) f->createable = !computed;
    if (!sfo_given(given, SFO_GIVEN_UPDATEABLE)) f->updateable = !computed;
    if (!sfo_given(given, SFO_GIVEN_ID_LOOKUP)) f->id_lookup = f->external_id;
    if (!sfo_given(given, SFO_GIVEN_PERMISSIONABLE)) f->permissionable = f->nillable;
    if (!sfo_given(given, SFO_GIVEN_CUSTOM))
        f->custom = sfi_ends_with(sfi_str(f->name), "__c") || sfi_ends_with(sfi_str(f->name), "__s");
    if (f->type == SFO_BOOLEAN && f->default_value == NULL) f->default_value = "false";
    if (f->default_value != NULL || f->auto_number) f->defaulted_on_create = true;
    complete_searching(f, given);
}
