/*
 * version.c: which API version the client speaks: the given one, or the newest that the org offers, asked once for all
 * threads. Called by call.c for every path below /services/data/vXX.X/. The gate guards the text; who asks releases it.
 */
#include "client/state_internal.h"

enum { VERSION_MAX = 999 };

static bool take_version(sf_str *s, int64_t *major, int64_t *minor)
{
    *minor = 0;
    if (!sfi_take_int(s, VERSION_MAX, major) || *major == 0) return false;
    return !sfi_take_text(s, ".") || sfi_take_int(s, 9, minor);
}

bool sfi_version_parse(sf_str text, char out[SFI_VERSION_BYTES])
{
    int64_t major, minor;
    if (!sfi_take_text(&text, "v")) (void)sfi_take_text(&text, "V");
    if (!take_version(&text, &major, &minor) || text.len > 0) return false;
    (void)snprintf(out, SFI_VERSION_BYTES, "%d.%d", (int)major, (int)minor);
    return true;
}

bool sfi_version_newest(sf_value versions, char out[SFI_VERSION_BYTES])
{
    int64_t best = -1;
    sf_value v;
    for (sf_iter it = sf_iter_begin(versions); sf_iter_next(&it, NULL, &v);) {
        sf_str text = sf_get_text(v, "version");
        char one[SFI_VERSION_BYTES];
        int64_t major, minor;
        if (text.ptr == NULL || !sfi_version_parse(text, one)) continue;
        sf_str rest = sfi_str(one);
        if (!take_version(&rest, &major, &minor) || major * 10 + minor <= best) continue;
        best = major * 10 + minor;
        memcpy(out, one, sizeof one);
    }
    return best >= 0;
}

/* The rest of the time of the call that needs it. */
static sf_status ask(sf_client *sf, const sfi_wait *wait, char out[SFI_VERSION_BYTES], sf_error *err)
{
    int64_t left = wait->deadline_ms > 0 ? wait->deadline_ms - sfi_now_ms() : SF_NONE;
    sf_status rc = sfi_wait_check(wait, "asking for API versions", err);
    sfi_session *session = NULL; /* the login tells which host to ask */
    if (rc == SF_OK && !sfi_auth_is_anonymous(sf->auth)) rc = sfi_auth_get(sf->auth, wait, &session, err);
    sfi_session_release(session);
    if (rc != SF_OK) return rc;
    const sf_call_options options = { .timeout_ms = left == 0 ? 1 : left, .cancel = wait->cancel };
    const sfi_call_request request = { .method = "GET",
                                       .path = "/services/data/",
                                       .anonymous = true,
                                       .options = &options,
                                       .what = "asking for API versions" };
    sf_document *doc = NULL;
    rc = sfi_call_document(sf, &request, &doc, err);
    if (rc == SF_OK && !sfi_version_newest(sf_document_root(doc), out))
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "asking for API versions: the answer has none in it; set api_version");
    sf_document_free(doc);
    return rc;
}

sf_status sfi_version_get(sf_client *sf, const sfi_wait *wait, const char **out, sf_error *err)
{
    sfi_cancel_watcher watcher;
    sf_status rc = sfi_gate_enter(&sf->version_gate, wait, &watcher, err);
    if (rc != SF_OK) return rc;
    while (rc == SF_OK && sf->version[0] == '\0' && sf->version_gate.is_busy) /* ends: the asking does, or the wait */
        rc = sfi_gate_wait(&sf->version_gate, wait, "asking for API versions", err);
    if (rc == SF_OK && sf->version[0] == '\0') {
        char newest[SFI_VERSION_BYTES] = "";
        sfi_gate_begin_work(&sf->version_gate);
        rc = ask(sf, wait, newest, err);
        sfi_gate_end_work(&sf->version_gate);
        if (rc == SF_OK) {
            memcpy(sf->version, newest, sizeof newest); /* from here on it never changes */
            sfi_logf(&sf->log, SFI_LOG_DEBUG, "client: API version %s", sf->version);
        }
    }
    sfi_gate_leave(&sf->version_gate, &watcher);
    if (rc == SF_OK) *out = sf->version;
    return rc;
}

sf_status sfi_client_version(sf_client *sf, const char **out, sf_error *err)
{
    const sfi_wait wait = { .deadline_ms = sf->call_timeout_ms > 0 ? sfi_now_ms() + sf->call_timeout_ms : 0 };
    return sfi_version_get(sf, &wait, out, err);
}
