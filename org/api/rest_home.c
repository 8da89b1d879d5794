/*
 * rest_home.c: what a user interface begins with: tabs, theme, app menus, and the records that the user had last. Tabs and
 * themes are made from the objects that have layouts; icons are named as in an org, and lead nowhere.
 */
#include "api/rest.h"

enum { RECENT_DEFAULT = 200, RECENT_SHOWN_MAX = 200 };

/* ---- icons and colours ---- */
static const char *const colors[] = { "5867E8", "FF538A", "F96B3B", "FCB95B", "3C97DD", "00B2A9", "9050E9", "4A154B" };

static const char *color_of(const sfo_object *o)
{
    return colors[o->index % SFI_COUNT_OF(colors)];
}

static void write_colors(sfi_json_writer *w, const sfo_object *o)
{
    sfi_json_key(w, "colors");
    sfi_json_begin_array(w);
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "color", color_of(o));
    sfi_json_put_string(w, "context", "primary");
    sfi_json_put_string(w, "theme", "theme4");
    sfi_json_end_object(w);
    sfi_json_end_array(w);
}

static void icon_url(sfo_call *call, const sfo_object *o, int size, char out[400])
{
    char name[96];
    size_t n = 0;
    for (const char *c = o->custom ? "custom1" : o->name; *c != '\0' && n < sizeof name - 1; c++)
        name[n++] = (char)sfi_ascii_lower((unsigned char)*c);
    name[n] = '\0';
    snprintf(out, 400, "%.200s/img/icon/t4v35/standard/%s_%d.png", sfo_call_base_url(call), name, size);
}

static void write_icons(sfo_call *call, sfi_json_writer *w, const sfo_object *o)
{
    static const int sizes[] = { 60, 120 };
    char url[400];
    sfi_json_key(w, "icons");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < SFI_COUNT_OF(sizes); i++) {
        icon_url(call, o, sizes[i], url);
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "contentType", "image/png");
        sfi_json_key(w, "height");
        sfi_json_int(w, sizes[i]);
        sfi_json_put_string(w, "theme", "theme4");
        sfi_json_put_string(w, "url", url);
        sfi_json_key(w, "width");
        sfi_json_int(w, sizes[i]);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static bool has_tab(const sfo_object *o)
{
    return o->layoutable && o->mru_enabled && o->key_prefix != NULL;
}

/* ---- tabs and theme ---- */
static void write_tab(sfo_call *call, sfi_json_writer *w, const sfo_object *o)
{
    char name[128], url[400];
    sfi_json_begin_object(w);
    write_colors(w, o);
    sfi_json_key(w, "custom");
    sfi_json_bool(w, o->custom);
    icon_url(call, o, 32, url);
    sfi_json_put_string(w, "iconUrl", url);
    write_icons(call, w, o);
    sfi_json_put_string(w, "label", o->label_plural);
    icon_url(call, o, 16, url);
    sfi_json_put_string(w, "miniIconUrl", url);
    snprintf(name, sizeof name, "%s%.80s", o->custom ? "" : "standard-", o->name);
    sfi_json_put_string(w, "name", name);
    sfi_json_put_string(w, "sobjectName", o->name);
    snprintf(url, sizeof url, "%.200s/%s/o", sfo_call_base_url(call), o->key_prefix);
    sfi_json_put_string(w, "url", url);
    sfi_json_end_object(w);
}

void sfo_rest_tabs(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < sfo_schema_count(call->org->schema); i++)
        if (has_tab(sfo_schema_at(call->org->schema, i))) write_tab(call, &w, sfo_schema_at(call->org->schema, i));
    sfi_json_end_array(&w);
}

void sfo_rest_theme(sfo_call *call)
{
    if (sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "themeItems");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < sfo_schema_count(call->org->schema); i++) {
        const sfo_object *o = sfo_schema_at(call->org->schema, i);
        if (!o->layoutable) continue;
        sfi_json_begin_object(&w);
        write_colors(&w, o);
        write_icons(call, &w, o);
        sfi_json_put_string(&w, "name", o->name);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

/* ---- app menus ---- */
typedef struct menu_item {
    const char *type, *name, *label, *url;
} menu_item;

static const char *const menus[] = { "AppSwitcher", "NetworkTabs", "Salesforce1" };

void sfo_rest_app_menus(sfo_call *call)
{
    char path[96];
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(menus); i++) {
        snprintf(path, sizeof path, "/services/data/v%s/appMenu/%s", call->version, menus[i]);
        sfi_json_put_string(&w, menus[i], path);
    }
    sfi_json_end_object(&w);
}

static void write_item(sfi_json_writer *w, const menu_item *item)
{
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "type", item->type);
    sfi_json_put_null(w, "content");
    sfi_json_put_null(w, "icons");
    sfi_json_put_null(w, "colors");
    sfi_json_put_null(w, "themes");
    sfi_json_put_string(w, "name", item->name);
    sfi_json_put_string(w, "label", item->label);
    sfi_json_put_string(w, "url", item->url);
    sfi_json_end_object(w);
}

void sfo_rest_app_menu(sfo_call *call)
{
    static const menu_item apps[] = {
        { "Tabset", "Sales", "Sales", "/home/home.jsp?tsid=sales" },
        { "Tabset", "Service", "Service", "/home/home.jsp?tsid=service" },
        { "Tabset", "Marketing", "Marketing", "/home/home.jsp?tsid=marketing" },
    };
    static const menu_item mobile[] = {
        { "Standard.Search", "SmartSearchItems", "Smart Search Items", "/search" },
        { "Standard.MyDay", "MyDay", "Today", "/myDay" },
        { "Standard.Tasks", "Tasks", "Tasks", "/tasks" },
        { "Standard.Dashboards", "Dashboards", "Dashboards", "/dashboards" },
        { "Standard.Feed", "Feed", "Feed", "/feed" },
    };
    const menu_item *items = NULL;
    size_t count = 0;
    if (sfi_str_is_nocase(call->args[0], "AppSwitcher")) {
        items = apps;
        count = SFI_COUNT_OF(apps);
    } else if (sfi_str_is_nocase(call->args[0], "Salesforce1")) {
        items = mobile;
        count = SFI_COUNT_OF(mobile);
    } else if (!sfi_str_is_nocase(call->args[0], "NetworkTabs")) { /* this org has no communities: an empty one */
        sfo_answer_not_found(call);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "appMenuItems");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < count; i++) write_item(&w, &items[i]);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

/* ---- recently used ---- */
/* Writes {"attributes","Id","Name"}; a record that is gone is left out. false: it was left out. */
static bool write_record(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const char *id)
{
    const sfo_field *name = sfo_object_name_field(o);
    sqlite3_stmt *stmt = NULL;
    char *sql = sqlite3_mprintf("SELECT \"%w\" FROM \"%w\" WHERE Id = ? AND IsDeleted = 0",
                                name != NULL ? name->name : "Id", o->name);
    bool found = sql != NULL && sqlite3_prepare_v2(sfo_store_db(call->org->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
                 sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
    if (found) {
        sfi_json_begin_object(w);
        sfo_write_attributes(w, o->name, o, call->version, id);
        sfi_json_put_string(w, "Id", id);
        if (name != NULL) sfi_json_put_string(w, name->name, (const char *)sqlite3_column_text(stmt, 0));
        sfi_json_end_object(w);
    }
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return found;
}

size_t sfo_write_recent(sfo_call *call, sfi_json_writer *w, const sfo_object *only, size_t max)
{
    sf_id ids[RECENT_SHOWN_MAX];
    size_t count = sfo_recents_get(call->org->recents, call->user.text, ids, RECENT_SHOWN_MAX), written = 0;
    sfo_store_lock(call->org->store);
    for (size_t i = 0; i < count && written < max; i++) {
        const sfo_object *o = sfo_schema_object_of_id(call->org->schema, sfi_str(ids[i].text));
        if (o != NULL && (only == NULL || only == o) && write_record(call, w, o, ids[i].text)) written++;
    }
    sfo_store_unlock(call->org->store);
    return written;
}

void sfo_rest_recent(sfo_call *call)
{
    int64_t limit = RECENT_DEFAULT;
    sf_str given = sfo_params_get(&call->query, "limit");
    if (given.ptr != NULL && (!sfi_parse_int(given, &limit) || limit < 1)) {
        sfo_answer_error(call, 400, "INVALID_QUERY_SCOPE", "limit is not a number from 1 on: %.40s", given.ptr);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    (void)sfo_write_recent(call, &w, NULL, (size_t)limit);
    sfi_json_end_array(&w);
}

void sfo_call_touch(sfo_call *call, const char *id)
{
    sf_str wish = sfo_header_attribute(sfo_call_header(call, "Sforce-Mru"), "updateMru");
    if (wish.ptr != NULL && !sfi_str_is_nocase(wish, "true")) return;
    sfo_recents_touch(call->org->recents, call->user.text, id);
}
