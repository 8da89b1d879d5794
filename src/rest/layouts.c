/* layouts.c: the calls of layouts.h that ask the org; picklist.c reads what picklists answer. Called by programs, safe
 * from any thread; owns nothing between calls. Each call is a path made of checked names. */
#include <salesforce/layouts.h>
#include "rest/rest_internal.h"

/* sobjects/{object}/describe/{kind}[/{tail}]; the tail is encoded, whatever it holds. */
static sf_status get_of_object(sf_client *sf, const char *object, const char *kind, const char *tail,
                               const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (!sfi_rest_is_name(object))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object != NULL ? object : "(NULL)");
    if (tail != NULL && (*tail == '\0' || strnlen(tail, SFI_REST_NAME_MAX + 1) > SFI_REST_NAME_MAX))
        return sfi_fail(err, SF_ERR_USAGE, "%s of %s: a name has 1 to %d bytes", kind, object, SFI_REST_NAME_MAX);
    char what[SFI_REST_NAME_MAX + 64];
    snprintf(what, sizeof what, "%s of %s", kind, object);
    sfi_buf path = { 0 };
    sfi_buf_addf(&path, "sobjects/%s/describe/%s", object, kind);
    if (tail != NULL) {
        sfi_buf_add_char(&path, '/');
        (void)sfi_rest_add_value(&path, tail); /* a failure stays in the buffer */
    }
    sf_status rc = sfi_buf_status(&path, err, "the path");
    if (rc == SF_OK) rc = sfi_rest_get(sf, path.data, what, call, out, err);
    sfi_buf_free(&path);
    return rc;
}

static sf_status check_record_type(const char *record_type, sf_error *err)
{
    if (record_type == NULL || sfi_rest_is_id(record_type)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a record type's id (15 or 18 letters and digits)",
                    record_type);
}

/* ---- layouts ---- */

sf_status sf_describe_layouts(sf_client *sf, const char *object, const char *record_type, const sf_call_options *call,
                              sf_document **out, sf_error *err)
{
    if (out != NULL) *out = NULL;
    sf_status rc = check_record_type(record_type, err);
    return rc == SF_OK ? get_of_object(sf, object, "layouts", record_type, call, out, err) : rc;
}

sf_status sf_describe_named_layouts(sf_client *sf, const char *object, const char *name, const sf_call_options *call,
                                    sf_document **out, sf_error *err)
{
    if (out != NULL) *out = NULL;
    if (name == NULL) return sfi_fail(err, SF_ERR_USAGE, "the layout's name is NULL");
    return get_of_object(sf, object, "namedLayouts", name, call, out, err);
}

sf_status sf_describe_approval_layouts(sf_client *sf, const char *object, const char *process,
                                       const sf_call_options *call, sf_document **out, sf_error *err)
{
    return get_of_object(sf, object, "approvalLayouts", process, call, out, err);
}

sf_status sf_describe_compact_layouts(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                                      sf_error *err)
{
    return get_of_object(sf, object, "compactLayouts", NULL, call, out, err);
}

sf_status sf_describe_primary_compact_layout(sf_client *sf, const char *object, const sf_call_options *call,
                                             sf_document **out, sf_error *err)
{
    return get_of_object(sf, object, "compactLayouts", "primary", call, out, err);
}

sf_status sf_get_compact_layouts(sf_client *sf, const char *const *objects, const sf_call_options *call,
                                 sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (objects == NULL) return sfi_fail(err, SF_ERR_USAGE, "the list of objects is NULL");
    sfi_buf path = { 0 };
    sfi_buf_add_str(&path, "compactLayouts");
    sf_status rc = sfi_rest_add_objects(&path, "?q=", objects, SF_LAYOUT_OBJECTS_MAX, err);
    if (rc == SF_OK) rc = sfi_rest_get(sf, path.data, "compact layouts", call, out, err);
    sfi_buf_free(&path);
    return rc;
}

/* ---- tabs, theme, menus ---- */

sf_status sf_get_tabs(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sfi_rest_get(sf, "tabs", "tabs", call, out, err);
}

sf_status sf_get_theme(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sfi_rest_get(sf, "theme", "theme", call, out, err);
}

sf_status sf_get_app_menu(sf_client *sf, const char *menu, const sf_call_options *call, sf_document **out,
                          sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (menu != NULL && !sfi_rest_is_name(menu))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a menu's name", menu);
    char path[SFI_REST_NAME_MAX + 16];
    snprintf(path, sizeof path, "appMenu%s%s", menu != NULL ? "/" : "", menu != NULL ? menu : "");
    return sfi_rest_get(sf, path, "app menu", call, out, err);
}

/* ---- picklists ---- */

sf_status sf_get_picklist_values(sf_client *sf, const char *object, const char *record_type, const char *field,
                                 const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = check_record_type(record_type, err);
    if (rc != SF_OK) return rc;
    if (!sfi_rest_is_name(object) || (field != NULL && !sfi_rest_is_name(field)))
        return sfi_fail(err, SF_ERR_USAGE, "picklist values: \"%.80s\" is not the name of an object or field",
                        !sfi_rest_is_name(object) ? object != NULL ? object : "(NULL)" : field);
    char path[2 * SFI_REST_NAME_MAX + 96], what[SFI_REST_NAME_MAX + 32];
    snprintf(path, sizeof path, "ui-api/object-info/%s/picklist-values/%s%s%s", object,
             record_type != NULL ? record_type : SF_RECORD_TYPE_MASTER, field != NULL ? "/" : "",
             field != NULL ? field : "");
    snprintf(what, sizeof what, "picklist values of %s", object);
    return sfi_rest_get(sf, path, what, call, out, err);
}
