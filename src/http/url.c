/*
 * url.c: what this room must know of a URL: whether it can be asked for at all, and its origin, which decides where a
 * token may go. libcurl's own parser reads it, so that what is checked is what is connected to. No state.
 */
#include "http/engine_internal.h"

static sf_status check_bytes(const char *url, sf_error *err)
{
    size_t len = strnlen(url, SFI_HTTP_URL_MAX + 1);
    if (len > SFI_HTTP_URL_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "the URL is longer than %d bytes; send what is long as a body",
                        SFI_HTTP_URL_MAX);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)url[i];
        if (c <= ' ' || c >= 0x7f)
            return sfi_fail(err, SF_ERR_USAGE, "byte %zu of the URL (0x%02x) must be percent-encoded", i, c);
    }
    return SF_OK;
}

static sf_status make_origin(CURLU *u, sfi_origin *out, sf_error *err)
{
    sf_status rc = SF_ERR_USAGE;
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL, *password = NULL;
    sfi_buf text = { .max = SFI_HTTP_URL_MAX };
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        (void)sfi_fail(err, rc, "the URL has no host");
        goto done;
    }
    bool is_https = sfi_eq_nocase(scheme, "https");
    if (!is_https && !sfi_eq_nocase(scheme, "http")) {
        (void)sfi_fail(err, rc, "cannot speak %s; want a https:// or http:// URL", scheme);
        goto done;
    }
    (void)curl_url_get(u, CURLUPART_USER, &user, 0); /* not there: stays NULL */
    (void)curl_url_get(u, CURLUPART_PASSWORD, &password, 0);
    if (user != NULL || password != NULL) {
        (void)sfi_fail(err, rc, "the URL of %s carries a user name or password; give them as options instead", host);
        goto done;
    }
    (void)sfi_buf_addf(&text, "%s://%s:%s", scheme, host, port);
    for (size_t i = 0; !text.failed && i < text.len; i++) text.data[i] = (char)sfi_ascii_lower(text.data[i]);
    out->text = sfi_buf_take(&text);
    out->is_https = is_https;
    rc = out->text != NULL ? SF_OK : sfi_fail_memory(err, "a URL");
done:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_free(password);
    sfi_buf_free(&text);
    return rc;
}

sf_status sfi_origin_parse(const char *url, sfi_origin *out, sf_error *err)
{
    if (url == NULL) return sfi_fail(err, SF_ERR_USAGE, "the URL is NULL");
    sf_status rc = check_bytes(url, err);
    if (rc != SF_OK) return rc;
    CURLU *u = curl_url();
    if (u == NULL) return sfi_fail_memory(err, "a URL");
    CURLUcode code = curl_url_set(u, CURLUPART_URL, url, 0);
    if (code == CURLUE_OUT_OF_MEMORY)
        rc = sfi_fail_memory(err, "a URL");
    else if (code == CURLUE_UNSUPPORTED_SCHEME)
        rc = sfi_fail(err, SF_ERR_USAGE, "want a https:// or http:// URL");
    else if (code != CURLUE_OK)
        rc = sfi_fail(err, SF_ERR_USAGE, "not a URL: %s", curl_url_strerror(code));
    else
        rc = make_origin(u, out, err);
    curl_url_cleanup(u);
    return rc;
}
