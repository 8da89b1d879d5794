/*
 * layouts.h: how the org shows objects: page layouts, compact layouts, tabs, apps; and which values a picklist offers
 * by record type and by the value of the field that controls it.
 * Wire: REST sObject Layouts, Named Layouts, Approval Layouts, Compact Layouts; Tabs, Theme, App Menu; UI API
 * picklist-values. Threads: the calls are safe from any thread; a picklist only reads once it is made, so any thread may
 * ask it.
 */
#ifndef SALESFORCE_LAYOUTS_H
#define SALESFORCE_LAYOUTS_H
#include <salesforce/client.h>

#define SF_RECORD_TYPE_MASTER "012000000000000AAA" /* the record type that every object has */
#define SF_LAYOUT_OBJECTS_MAX 100                  /* objects that one sf_get_compact_layouts may name */

/* In all of these: @param object an API name, such as "Account". @param call NULL: defaults. @param out owned by the
 * caller, ends with sf_document_free; NULL on failure. @return SF_OK, SF_ERR_USAGE (not a name or id), SF_ERR_NOT_FOUND
 * (no such object, or it has no layouts), and what stands at sf_client_request. */

/** {"layouts","recordTypeMappings","recordTypeSelectorRequired"} of an object, or one layout. REST: sObject Layouts.
 *  @param object "Global" too: the publisher's layouts. @param record_type an id: that one's layout alone; NULL: all. */
SF_API sf_status sf_describe_layouts(sf_client *sf, const char *object, const char *record_type,
                                     const sf_call_options *call, sf_document **out, sf_error *err);
/** {"layouts":[…]} of a layout that has a name, as "UserAlt" of User. REST: sObject Named Layouts. Ballerina:
 *  getNamedLayouts. @param name one of namedLayoutInfos in the object's describe. */
SF_API sf_status sf_describe_named_layouts(sf_client *sf, const char *object, const char *name,
                                           const sf_call_options *call, sf_document **out, sf_error *err);
/** {"approvalLayouts":[…]}. REST: sObject Approval Layouts. @param process an approval process's name; NULL: all. */
SF_API sf_status sf_describe_approval_layouts(sf_client *sf, const char *object, const char *process,
                                              const sf_call_options *call, sf_document **out, sf_error *err);
/** {"compactLayouts","defaultCompactLayoutId","recordTypeCompactLayoutMappings","urls"}. REST: sObject Compact Layouts. */
SF_API sf_status sf_describe_compact_layouts(sf_client *sf, const char *object, const sf_call_options *call,
                                             sf_document **out, sf_error *err);
/** The compact layout in use. REST: sObject Compact Layouts (primary). */
SF_API sf_status sf_describe_primary_compact_layout(sf_client *sf, const char *object, const sf_call_options *call,
                                                    sf_document **out, sf_error *err);
/** {"Account":{compact layout},…} of several objects. REST: Compact Layouts. @param objects API names, NULL at the end;
 *  1..SF_LAYOUT_OBJECTS_MAX. */
SF_API sf_status sf_get_compact_layouts(sf_client *sf, const char *const *objects, const sf_call_options *call,
                                        sf_document **out, sf_error *err);
/** [{"label","name","sobjectName","url","icons",…}]: the tabs that the user sees. REST: Tabs. */
SF_API sf_status sf_get_tabs(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** {"themeItems":[{"name","colors","icons"}]}. REST: Themes. */
SF_API sf_status sf_get_theme(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** {"appMenuItems":[…]} of a menu. REST: App Menu. @param menu "AppSwitcher", "Salesforce1" or "NetworkTabs"; NULL: which
 *  menus there are, with their paths. */
SF_API sf_status sf_get_app_menu(sf_client *sf, const char *menu, const sf_call_options *call, sf_document **out,
                                 sf_error *err);

/* ---- picklists ---- */

/** The values of all picklists of an object for a record type, or of one field: {"picklistFieldValues":{"Industry":{…}}},
 *  or {"controllerValues","defaultValue","values"}. UI API: picklist-values. @param record_type an id; NULL: the master's,
 *  SF_RECORD_TYPE_MASTER. @param field NULL: all fields. */
SF_API sf_status sf_get_picklist_values(sf_client *sf, const char *object, const char *record_type, const char *field,
                                        const sf_call_options *call, sf_document **out, sf_error *err);

typedef struct sf_picklist sf_picklist; /* the values of one field, and when each is valid */

typedef struct sf_picklist_value { /* texts borrowed from the picklist */
    const char *value, *label;
    bool is_active;
    bool is_default;
    uint64_t reserved[2];
} sf_picklist_value;

/** Read one field's values. @param answer the root of an object's describe (sf_describe_object), of all picklists of a
 *  record type, or of one (sf_get_picklist_values): borrowed for the call, everything is copied. @param field its name,
 *  any case; of the answer for one field it plays no part and may be NULL. @param out owned by the caller, ends with
 *  sf_picklist_free; NULL on failure. @return SF_OK, SF_ERR_NOT_FOUND (no such field, or it has no values),
 *  SF_ERR_PROTOCOL (not such an answer, or a validFor that cannot be read), SF_ERR_MEMORY, SF_ERR_USAGE. */
SF_API sf_status sf_picklist_read(sf_value answer, const char *field, sf_picklist **out, sf_error *err);
SF_EXTERN size_t sf_picklist_count(const sf_picklist *p);                   /**< values; 0 for NULL */
SF_EXTERN sf_picklist_value sf_picklist_at(const sf_picklist *p, size_t i); /**< zeroed when i is out of range */
/** Does another field decide which values are valid? */
SF_EXTERN bool sf_picklist_is_dependent(const sf_picklist *p);
/** The name of that field, where the answer tells it (a describe does); NULL: none, or not told. Borrowed. */
SF_EXTERN const char *sf_picklist_controller(const sf_picklist *p);
SF_EXTERN size_t sf_picklist_controlling_count(const sf_picklist *p); /**< values of the controlling field */
/** The controlling field's value number i ("true" and "false" of a checkbox); NULL: out of range. Borrowed. */
SF_EXTERN const char *sf_picklist_controlling_at(const sf_picklist *p, size_t i);
/** May the value number i be chosen while the controlling field holds that text? A field without controller: always.
 *  @param controlling NULL or "": the controlling field is empty; then none is valid. Case counts. false as well when i is
 *  out of range or the controlling field has no such value. */
SF_EXTERN bool sf_picklist_is_valid_at(const sf_picklist *p, size_t i, const char *controlling);
/** The same by a value's text; false when the field has no such value. */
SF_EXTERN bool sf_picklist_is_valid(const sf_picklist *p, const char *value, const char *controlling);
SF_EXTERN void sf_picklist_free(sf_picklist *p); /**< NULL is fine. */
#endif
