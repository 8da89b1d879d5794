/* describe.c: the calls of describe.h. Called by programs, safe from any thread; what is kept belongs to the client
 * (cache.c). The one idea: the org is asked each time, but with the date of what we have, so that an unchanged answer
 * costs a round trip without a body and a changed one is never missed. */
#include <salesforce/describe.h>
#include "rest/cache_internal.h"
#include "rest/rest_internal.h"

static const sf_describe_options no_options;

enum { SCOPE_BYTES = 320 };

/* What tells the answers of one user in one org from those of others. Asking for it may log in, unless only what is
 * known without network counts. */
static sf_status read_scope(sf_client *sf, bool no_network, char scope[SCOPE_BYTES], char version[8], sf_error *err)
{
    sf_client_info info;
    if (no_network) {
        if (!sfi_client_peek_info(sf, &info)) return SF_DONE;
    } else {
        sf_status rc = sf_client_get_info(sf, &info, err);
        if (rc != SF_OK) return rc;
    }
    snprintf(scope, SCOPE_BYTES, "%s %s", info.instance_url, info.user_id.text);
    memcpy(version, info.api_version, sizeof info.api_version);
    return SF_OK;
}

static sf_status document_of_text(const sfi_cached *kept, sf_document **out, sf_error *err)
{
    return sf_document_parse(kept->text, kept->len, out, err);
}

/* The answer as a document, and kept for the next time. */
static sf_status take_answer(sf_client *sf, sfi_answer *answer, const char *scope, const char *key, sf_document **out,
                             sf_error *err)
{
    sfi_json *doc = NULL;
    char since[40] = "";
    sf_str modified = sfi_answer_header(answer, "Last-Modified");
    if (modified.ptr != NULL && modified.len < sizeof since) memcpy(since, modified.ptr, modified.len);
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_answer_json(sf, answer, doc, true, err);
    if (rc == SF_OK && sf_value_type(sfi_json_root(doc)) != SF_OBJECT)
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "describe: the org's answer is no JSON object");
    if (rc == SF_OK && since[0] != '\0') {
        char *text = NULL;
        size_t len = 0;
        if (sf_value_to_json(sfi_json_root(doc), &text, &len, NULL) == SF_OK) /* else it is not kept, that is all */
            sfi_cache_put(sf, scope, key, (sf_str){ text, len }, sfi_str(since));
        sf_free(text);
    }
    if (rc == SF_OK) {
        *out = sfi_document_wrap(doc);
        doc = NULL;
        if (*out == NULL) rc = sfi_fail_memory(err, "a describe answer");
    }
    sfi_json_free(doc);
    return rc;
}

/* Ask, with the date of what is kept. */
static sf_status ask(sf_client *sf, const char *path, const char *what, const sf_describe_options *o, const char *scope,
                     const char *key, const sfi_cached *kept, sf_document **out, sf_error *err)
{
    sfi_answer answer = { 0 };
    sfi_call_request request = { .method = "GET", .path = path, .options = o->call, .what = what };
    if (kept->text != NULL) {
        request.headers[request.header_count++] = (sfi_header){ SFI_STR("If-Modified-Since"), sfi_str(kept->since) };
        request.not_modified_is_ok = true;
    }
    for (int attempt = 0;; attempt++) { /* an answer that comes damaged is asked for once more */
        sf_status rc = sfi_call_run(sf, &request, &answer, err);
        bool came = rc == SF_OK, is_kept = came && answer.status == 304;
        if (came) rc = is_kept ? document_of_text(kept, out, err) : take_answer(sf, &answer, scope, key, out, err);
        sfi_answer_clear(&answer);
        bool is_damaged = came && (rc == SF_ERR_TRUNCATED || rc == SF_ERR_PROTOCOL);
        if (!is_damaged || attempt > 0 || (!is_kept && o->call != NULL && o->call->no_retry)) return rc;
        request.header_count = 0; /* without the date: what was kept may be the damaged one */
        request.not_modified_is_ok = false;
    }
}

static sf_status describe(sf_client *sf, const char *path, const char *what, const sf_describe_options *options,
                          sf_document **out, sf_error *err)
{
    const sf_describe_options *o = options != NULL ? options : &no_options;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved) || (o->no_cache && o->cache_only))
        return sfi_fail(err, SF_ERR_USAGE, "sf_describe_options: no_cache with cache_only, or reserved not zero");
    char scope[SCOPE_BYTES], version[8];
    sf_status rc = read_scope(sf, o->cache_only, scope, version, err);
    if (rc != SF_OK) return rc;
    char key[SFI_REST_NAME_MAX + 64];
    snprintf(key, sizeof key, "%s %s", version, path);
    sfi_cached kept = { 0 };
    if (!o->no_cache) rc = sfi_cache_get(sf, scope, key, &kept, err);
    if (rc == SF_ROW && o->cache_only)
        rc = document_of_text(&kept, out, err) == SF_ERR_MEMORY ? SF_ERR_MEMORY : *out != NULL ? SF_OK : SF_DONE;
    else if (rc >= 0 && !o->cache_only)
        rc = ask(sf, path, what, o, scope, key, &kept, out, err);
    sfi_cached_clear(&kept);
    return rc;
}

static sf_status check_object(const char *object, sf_error *err)
{
    if (sfi_rest_is_name(object)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object != NULL ? object : "(NULL)");
}

sf_status sf_describe_global(sf_client *sf, const sf_describe_options *options, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    return describe(sf, "sobjects", "describe", options, out, err);
}

sf_status sf_describe_object(sf_client *sf, const char *object, const sf_describe_options *options, sf_document **out,
                             sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = check_object(object, err);
    if (rc != SF_OK) return rc;
    char path[SFI_REST_NAME_MAX + 32], what[SFI_REST_NAME_MAX + 16];
    snprintf(path, sizeof path, "sobjects/%s/describe", object);
    snprintf(what, sizeof what, "describe %s", object);
    return describe(sf, path, what, options, out, err);
}

/* ---- asked anew each time ---- */

sf_status sf_describe_basic(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                            sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = check_object(object, err);
    if (rc != SF_OK) return rc;
    char path[SFI_REST_NAME_MAX + 32], what[SFI_REST_NAME_MAX + 16];
    snprintf(path, sizeof path, "sobjects/%s", object);
    snprintf(what, sizeof what, "describe %s", object);
    return sfi_rest_get(sf, path, what, call, out, err);
}

sf_status sf_get_versions(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sfi_call_request request = {
        .method = "GET", .path = "/services/data/", .anonymous = true, .options = call, .what = "versions"
    };
    return sfi_call_document(sf, &request, out, err);
}

sf_status sf_get_resources(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const char *version;
    sf_status rc = sfi_client_version(sf, &version, err);
    if (rc != SF_OK) return rc;
    char path[64];
    snprintf(path, sizeof path, "/services/data/v%s/", version);
    return sfi_rest_get(sf, path, "resources", call, out, err);
}

sf_status sf_get_limits(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sfi_rest_get(sf, "limits", "limits", call, out, err);
}

/* ---- counts and recent items ---- */

sf_status sf_get_record_counts(sf_client *sf, const char *const *objects, const sf_call_options *call,
                               sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sfi_buf path = { 0 };
    sfi_buf_add_str(&path, "limits/recordCount");
    sf_status rc = sfi_rest_add_objects(&path, "?sObjects=", objects, SF_COUNT_OBJECTS_MAX, err);
    if (rc == SF_OK) rc = sfi_rest_get(sf, path.data, "record counts", call, out, err);
    sfi_buf_free(&path);
    return rc;
}

sf_status sf_get_recent(sf_client *sf, int64_t limit, const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (limit < 0 || limit > SF_RECENT_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "recent: limit %lld is not within 1 to %d", (long long)limit, SF_RECENT_MAX);
    char path[48] = "recent";
    if (limit > 0) snprintf(path, sizeof path, "recent?limit=%lld", (long long)limit);
    return sfi_rest_get(sf, path, "recent", call, out, err);
}

sf_status sf_get_platform_action(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sf_describe_basic(sf, "PlatformAction", call, out, err);
}
