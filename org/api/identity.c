/* identity.c: who a session belongs to: /services/oauth2/userinfo and the identity URL, the same facts under two sets
 * of names. Their errors are 403 and 404 with plain text, unlike everything else. */
#include "api/call.h"

/* The URLs of the org's doors; {version} stays unless a version was asked for. */
static void write_urls(sfo_call *call, sfi_json_writer *w, const char *user_id)
{
    static const struct {
        const char *name, *path;
    } urls[] = {
        /* %V version, %O org id of 15 characters, %U user */
        { "enterprise", "/services/Soap/c/%V/%O" },
        { "metadata", "/services/Soap/m/%V/%O" },
        { "partner", "/services/Soap/u/%V/%O" },
        { "rest", "/services/data/v%V/" },
        { "sobjects", "/services/data/v%V/sobjects/" },
        { "search", "/services/data/v%V/search/" },
        { "query", "/services/data/v%V/query/" },
        { "recent", "/services/data/v%V/recent/" },
        { "tooling_soap", "/services/Soap/T/%V/%O" },
        { "tooling_rest", "/services/data/v%V/tooling/" },
        { "profile", "/%U" },
        { "feeds", "/services/data/v%V/chatter/feeds" },
        { "groups", "/services/data/v%V/chatter/groups" },
        { "users", "/services/data/v%V/chatter/users" },
        { "feed_items", "/services/data/v%V/chatter/feed-items" },
        { "feed_elements", "/services/data/v%V/chatter/feed-elements" },
        { "custom_domain", "" },
    };
    char version[16] = "{version}";
    sf_str asked = sfo_params_get(&call->query, "version");
    if (asked.ptr != NULL && sfi_str_is(asked, "latest"))
        snprintf(version, sizeof version, "%d.0", SFO_VERSION_MAX);
    else if (asked.len > 0 && asked.len < 6)
        snprintf(version, sizeof version, "%s", asked.ptr);
    sfi_json_begin_object(w);
    for (size_t i = 0; i < SFI_COUNT_OF(urls); i++) {
        sfi_buf url = { 0 };
        sfi_buf_add_str(&url, sfo_call_base_url(call));
        for (const char *c = urls[i].path; *c != '\0'; c++) {
            if (*c != '%')
                sfi_buf_add_char(&url, *c);
            else if (*++c == 'V')
                sfi_buf_add_str(&url, version);
            else if (*c == 'O')
                sfi_buf_add(&url, sfo_store_org_id(call->org->store), 15);
            else
                sfi_buf_add_str(&url, user_id);
        }
        sfi_json_key(w, urls[i].name);
        sfi_json_string_n(w, sfi_buf_str(&url));
        sfi_buf_free(&url);
    }
    sfi_json_end_object(w);
}

static void write_photos(sfo_call *call, sfi_json_writer *w)
{
    char url[256];
    sfi_json_begin_object(w);
    sfi_json_key(w, "picture");
    snprintf(url, sizeof url, "%.200s/profilephoto/005/F", sfo_call_base_url(call));
    sfi_json_string(w, url);
    sfi_json_key(w, "thumbnail");
    snprintf(url, sizeof url, "%.200s/profilephoto/005/T", sfo_call_base_url(call));
    sfi_json_string(w, url);
    sfi_json_end_object(w);
}

/* 2024-11-23T22:10:05Z: these two answers know no fractions. */
static void member_time(sfi_json_writer *w, const char *name, int64_t ms)
{
    char text[32];
    sfi_time_format(ms, text);
    memcpy(text + 19, "Z", 2);
    sfi_json_put_string(w, name, text);
}

static void write_userinfo_address(sfi_json_writer *w, const sfo_user *u)
{
    const struct {
        const char *name, *value;
    } parts[] = {
        { "street_address", u->street },   { "locality", u->city },   { "region", u->state },
        { "postal_code", u->postal_code }, { "country", u->country },
    };
    sfi_json_key(w, "address");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < SFI_COUNT_OF(parts); i++)
        if (parts[i].value != NULL) sfi_json_put_string(w, parts[i].name, parts[i].value);
    sfi_json_end_object(w);
}

static void answer_userinfo(sfo_call *call, const sfo_user *u, const char *url)
{
    char page[256];
    const char *base = sfo_call_base_url(call);
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "sub", url);
    sfi_json_put_string(&w, "user_id", u->id.text);
    sfi_json_put_string(&w, "organization_id", sfo_store_org_id(call->org->store));
    sfi_json_put_string(&w, "preferred_username", u->username);
    sfi_json_put_string(&w, "nickname", u->nickname);
    sfi_json_put_string(&w, "name", u->name);
    sfi_json_put_string(&w, "email", u->email);
    sfi_json_put_bool(&w, "email_verified", true);
    sfi_json_put_string(&w, "given_name", u->first_name);
    sfi_json_put_string(&w, "family_name", u->last_name);
    sfi_json_put_string(&w, "zoneinfo", u->time_zone);
    sfi_json_key(&w, "photos");
    write_photos(call, &w);
    snprintf(page, sizeof page, "%.200s/%s", base, u->id.text);
    sfi_json_put_string(&w, "profile", page);
    snprintf(page, sizeof page, "%.200s/profilephoto/005/F", base);
    sfi_json_put_string(&w, "picture", page);
    write_userinfo_address(&w, u);
    sfi_json_put_bool(&w, "is_salesforce_integration_user", false);
    sfi_json_key(&w, "urls");
    write_urls(call, &w, u->id.text);
    sfi_json_put_bool(&w, "active", u->active);
    sfi_json_put_string(&w, "user_type", "STANDARD");
    sfi_json_put_string(&w, "language", u->language);
    sfi_json_put_string(&w, "locale", u->locale);
    sfi_json_key(&w, "utcOffset");
    sfi_json_int(&w, 0);
    member_time(&w, "updated_at", u->modified_ms);
    sfi_json_end_object(&w);
}

static void answer_identity(sfo_call *call, const sfo_user *u, const char *url)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "id", url);
    sfi_json_put_bool(&w, "asserted_user", true);
    sfi_json_put_string(&w, "user_id", u->id.text);
    sfi_json_put_string(&w, "organization_id", sfo_store_org_id(call->org->store));
    sfi_json_put_string(&w, "username", u->username);
    sfi_json_put_string(&w, "nick_name", u->nickname);
    sfi_json_put_string(&w, "display_name", u->name);
    sfi_json_put_string(&w, "email", u->email);
    sfi_json_put_bool(&w, "email_verified", true);
    sfi_json_put_string(&w, "first_name", u->first_name);
    sfi_json_put_string(&w, "last_name", u->last_name);
    sfi_json_put_string(&w, "timezone", u->time_zone);
    sfi_json_key(&w, "photos");
    write_photos(call, &w);
    sfi_json_put_string(&w, "addr_street", u->street);
    sfi_json_put_string(&w, "addr_city", u->city);
    sfi_json_put_string(&w, "addr_state", u->state);
    sfi_json_put_string(&w, "addr_country", u->country);
    sfi_json_put_string(&w, "addr_zip", u->postal_code);
    sfi_json_put_string(&w, "mobile_phone", u->mobile_phone);
    sfi_json_put_bool(&w, "mobile_phone_verified", false);
    sfi_json_put_bool(&w, "is_lightning_login_user", false);
    sfi_json_key(&w, "status");
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "created_date", NULL);
    sfi_json_put_string(&w, "body", NULL);
    sfi_json_end_object(&w);
    sfi_json_key(&w, "urls");
    write_urls(call, &w, u->id.text);
    sfi_json_put_bool(&w, "active", u->active);
    sfi_json_put_string(&w, "user_type", "STANDARD");
    sfi_json_put_string(&w, "language", u->language);
    sfi_json_put_string(&w, "locale", u->locale);
    sfi_json_key(&w, "utcOffset");
    sfi_json_int(&w, 0);
    member_time(&w, "last_modified_date", u->modified_ms);
    sfi_json_put_bool(&w, "is_app_installed", true);
    sfi_json_end_object(&w);
}

void sfo_identity(sfo_call *call)
{
    sfo_user user;
    char url[256];
    const char *org_id = sfo_store_org_id(call->org->store);
    bool is_identity = sfi_str_is(call->segments[0], "id");
    sf_str token = sfo_bearer_token(sfo_call_header(call, "Authorization"));
    if (token.len == 0) token = sfo_params_get(&call->query, "oauth_token");
    sfo_session_facts facts;
    if (token.len == 0) {
        sfo_answer_text(call, 403, "Missing_OAuth_Token");
    } else if (!sfo_session_use(call->org->sessions, token, &facts)) {
        sfo_answer_text(call, 403, "Bad_OAuth_Token");
    } else if (is_identity && strncmp(call->segments[1].ptr, org_id, 15) != 0) {
        sfo_answer_text(call, 403, "Wrong_Org");
    } else if (is_identity && strncmp(call->segments[2].ptr, facts.user.text, 15) != 0) {
        sfo_answer_text(call, 404, "Bad_Id");
    } else if (!sfo_user_load(call->org, &call->arena, facts.user.text, &user)) {
        sfo_answer_text(call, 404, "Inactive");
    } else {
        snprintf(url, sizeof url, "%.150s/id/%s/%s", sfo_call_base_url(call), org_id, user.id.text);
        if (is_identity)
            answer_identity(call, &user, url);
        else
            answer_userinfo(call, &user, url);
    }
}
