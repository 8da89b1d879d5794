/*
 * url.c: sf_url_normalize: the API or login host behind any URL that a user pastes. Called by programs and by client.
 * No state. The one idea: Salesforce's hosts are told by their endings, so a table of endings says what stands in for
 * each; a host that no row knows (a proxy, a local org) is taken as it is.
 */
#include "auth/auth_internal.h"

enum {
    URL_BYTES_MAX = 16 * 1024,
    HOST_BYTES_MAX = 253, /* of DNS */
    LABEL_BYTES_MAX = 63
};

typedef struct parts {
    bool is_http;
    sf_str host; /* without trailing dot; with brackets when it is an IPv6 address */
    sf_str port; /* digits; len 0: none */
    sf_str path; /* from the first slash on, without query */
} parts;

/* What the ending of a host becomes. */
static const struct {
    const char *ending;
    const char *becomes;
} endings[] = {
    { ".lightning.force.com", ".my.salesforce.com" },
    { ".lightning.crmforce.mil", ".my.salesforce.mil" },
    { ".my.salesforce-setup.com", ".my.salesforce.com" },
    { ".my.salesforce-setup.mil", ".my.salesforce.mil" },
};

/* NAME--PACKAGE or NAME--SANDBOX--PACKAGE before these endings: the last part names the package, file kind or "c". */
static const struct {
    const char *ending;
    const char *becomes;
} content_endings[] = {
    { ".vf.force.com", ".my.salesforce.com" },        { ".visualforce.com", ".my.salesforce.com" },
    { ".visual.force.com", ".my.salesforce.com" },    { ".file.force.com", ".my.salesforce.com" },
    { ".documentforce.com", ".my.salesforce.com" },   { ".content.force.com", ".my.salesforce.com" },
    { ".container.force.com", ".my.salesforce.com" }, { ".container.lightning.com", ".my.salesforce.com" },
};

/* Words between the name and ".my.salesforce.com" of partitioned domains. */
static const char *const partitions[] = { "sandbox", "develop", "scratch", "demo", "patch", "trailblaze",
                                          "free",    "stm",     "pc",      "wrk",  "dev",   "stage" };

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_ipv4_text(sf_str host)
{
    for (size_t i = 0; i < host.len; i++)
        if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9')) return false;
    return host.len > 0;
}

static bool is_loopback_host(sf_str host)
{
    if (sfi_str_is(host, "localhost") || sfi_ends_with(host, ".localhost") || sfi_str_is(host, "[::1]")) return true;
    if (!sfi_starts_with(host, "127.") || !is_ipv4_text(host)) return false;
    size_t dots = 0;
    for (size_t i = 0; i < host.len; i++) dots += host.ptr[i] == '.' ? 1 : 0;
    return dots == 3;
}

/* host is lower case. */
static sf_status check_host(sf_str host, sf_error *err)
{
    if (host.len == 0) return sfi_fail(err, SF_ERR_USAGE, "the URL has no host; want https://NAME.my.salesforce.com");
    if (host.ptr[0] == '[') {
        bool ok = host.len > 3 && host.ptr[host.len - 1] == ']';
        for (size_t i = 1; ok && i + 1 < host.len; i++)
            ok = host.ptr[i] == ':' || host.ptr[i] == '.' || (host.ptr[i] >= '0' && host.ptr[i] <= '9') ||
                 (host.ptr[i] >= 'a' && host.ptr[i] <= 'f');
        return ok ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "the URL's IPv6 address is not one");
    }
    if (host.len > HOST_BYTES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "the URL's host is longer than %d characters", HOST_BYTES_MAX);
    size_t label = 0;
    for (size_t i = 0; i <= host.len; i++) {
        char c = i < host.len ? host.ptr[i] : '.';
        if ((unsigned char)c >= 0x80)
            return sfi_fail(err, SF_ERR_USAGE,
                            "the URL's host has a character outside ASCII (byte %zu); Salesforce hosts have none",
                            i + 1);
        if (c == '.') {
            if (label == 0 || label > LABEL_BYTES_MAX || host.ptr[i - 1] == '-')
                return sfi_fail(err, SF_ERR_USAGE, "the URL's host \"%.*s\" is not a host name", (int)host.len,
                                host.ptr);
            label = 0;
            continue;
        }
        if (!is_alnum(c) && c != '_' && (c != '-' || label == 0))
            return sfi_fail(err, SF_ERR_USAGE, "the URL's host \"%.*s\" is not a host name (character %zu)",
                            (int)host.len, host.ptr, i + 1);
        label++;
    }
    for (sf_str rest = host; rest.len >= 4;) { /* ends: a label shorter each time */
        if (sfi_starts_with(rest, "xn--"))
            return sfi_fail(err, SF_ERR_USAGE,
                            "the URL's host \"%.*s\" is an internationalized name; Salesforce has none", (int)host.len,
                            host.ptr);
        const char *dot = memchr(rest.ptr, '.', rest.len);
        if (dot == NULL) break;
        rest = (sf_str){ dot + 1, rest.len - (size_t)(dot + 1 - rest.ptr) };
    }
    return SF_OK;
}

static sf_status split_port(sf_str authority, parts *out, sf_error *err)
{
    const char *colon = NULL;
    const char *end = authority.ptr + authority.len;
    for (const char *c = end; c > authority.ptr && c[-1] != ']'; c--)
        if (c[-1] == ':') colon = c - 1;
    out->host = authority;
    if (colon != NULL) {
        out->host.len = (size_t)(colon - authority.ptr);
        out->port = (sf_str){ colon + 1, (size_t)(end - colon - 1) };
        sf_str digits = out->port;
        int64_t port = 0;
        if (out->port.len > 0 && (!sfi_take_int(&digits, 65535, &port) || digits.len > 0 || port == 0))
            return sfi_fail(err, SF_ERR_USAGE, "the URL's port \"%.*s\" is not one (1 to 65535)",
                            (int)(out->port.len < 32 ? out->port.len : 32), out->port.ptr);
    }
    if (out->host.len > 1 && out->host.ptr[out->host.len - 1] == '.') out->host.len--; /* the DNS root, written out */
    return SF_OK;
}

/* url is trimmed and its scheme and authority are in lower case. */
static sf_status split(sf_str url, parts *out, sf_error *err)
{
    *out = (parts){ 0 };
    sf_str rest = url;
    out->is_http = sfi_take_text(&rest, "http://");
    if (!out->is_http && !sfi_take_text(&rest, "https://")) {
        size_t word = 0;
        while (word < rest.len &&
               (is_alnum(rest.ptr[word]) || rest.ptr[word] == '+' || rest.ptr[word] == '-' || rest.ptr[word] == '.'))
            word++;
        if (word + 3 <= rest.len && memcmp(rest.ptr + word, "://", 3) == 0)
            return sfi_fail(err, SF_ERR_USAGE, "the URL's scheme is \"%.*s\"; want https://NAME.my.salesforce.com",
                            (int)(word < 32 ? word : 32), rest.ptr);
        if (rest.len >= 2 && memcmp(rest.ptr, "//", 2) == 0) rest = (sf_str){ rest.ptr + 2, rest.len - 2 };
    }
    size_t authority = 0;
    while (authority < rest.len && strchr("/?#\\", rest.ptr[authority]) == NULL) authority++;
    if (memchr(rest.ptr, '@', authority) != NULL)
        return sfi_fail(err, SF_ERR_USAGE,
                        "the URL carries a user name or password before an @; give them as options of their own");
    sf_status rc = split_port((sf_str){ rest.ptr, authority }, out, err);
    if (rc == SF_OK) rc = check_host(out->host, err);
    out->path = (sf_str){ rest.ptr + authority, rest.len - authority };
    for (size_t i = 0; i < out->path.len; i++)
        if (out->path.ptr[i] == '?' || out->path.ptr[i] == '#') out->path.len = i;
    return rc;
}

static bool is_partition(sf_str word)
{
    for (size_t i = 0; i < SFI_COUNT_OF(partitions); i++)
        if (sfi_str_is(word, partitions[i])) return true;
    return false;
}

/* "acme--uat--c.sandbox" or "acme--c.na99": the My Domain before its package is cut off, the old instance label too. */
static void add_content_host(sfi_buf *out, sf_str name)
{
    const char *dot = memchr(name.ptr, '.', name.len);
    sf_str first = dot != NULL ? (sf_str){ name.ptr, (size_t)(dot - name.ptr) } : name;
    sf_str rest = dot != NULL ? (sf_str){ dot + 1, name.len - first.len - 1 } : (sf_str){ NULL, 0 };
    for (size_t i = first.len; i >= 2; i--) {
        if (first.ptr[i - 1] != '-' || first.ptr[i - 2] != '-') continue;
        first.len = i - 2;
        break;
    }
    (void)sfi_buf_add(out, first.ptr, first.len);
    if (rest.len > 0 && is_partition(rest)) {
        (void)sfi_buf_add_char(out, '.');
        (void)sfi_buf_add(out, rest.ptr, rest.len);
    }
}

static bool add_mapped(sfi_buf *out, sf_str host)
{
    for (size_t i = 0; i < SFI_COUNT_OF(endings); i++) {
        if (!sfi_ends_with(host, endings[i].ending)) continue;
        (void)sfi_buf_add(out, host.ptr, host.len - strlen(endings[i].ending));
        return sfi_buf_add_str(out, endings[i].becomes);
    }
    for (size_t i = 0; i < SFI_COUNT_OF(content_endings); i++) {
        if (!sfi_ends_with(host, content_endings[i].ending)) continue;
        sf_str name = { host.ptr, host.len - strlen(content_endings[i].ending) };
        add_content_host(out, name);
        return sfi_buf_add_str(out, content_endings[i].becomes);
    }
    return false;
}

/* Lightning on the host lightning.com: acme.lightning.com, and the pages of a Developer Edition. */
static bool add_lightning_com(sfi_buf *out, sf_str host)
{
    if (!sfi_ends_with(host, ".lightning.com") || sfi_str_is(host, "www.lightning.com")) return false;
    (void)sfi_buf_add(out, host.ptr, host.len - strlen(".lightning.com"));
    return sfi_buf_add_str(out, ".my.salesforce.com");
}

/* Sites have their OAuth endpoints below a path: "/portal/s/detail" keeps "/portal". */
static void add_site_path(sfi_buf *out, sf_str host, sf_str path)
{
    static const char *const not_prefixes[] = {
        "s", "login", "services", "secur", "apex", "sfsites", "id", "vforcesite"
    };
    if (!sfi_ends_with(host, ".my.site.com") || path.len < 2 || path.ptr[0] != '/') return;
    size_t len = 1;
    while (len < path.len && path.ptr[len] != '/') len++;
    sf_str first = { path.ptr + 1, len - 1 };
    for (size_t i = 0; i < SFI_COUNT_OF(not_prefixes); i++)
        if (sfi_str_is(first, not_prefixes[i])) return;
    for (size_t i = 0; i < first.len; i++)
        if (!is_alnum((char)sfi_ascii_lower((unsigned char)first.ptr[i])) && first.ptr[i] != '-' && first.ptr[i] != '_')
            return;
    if (first.len > 0) (void)sfi_buf_add(out, path.ptr, len);
}

static sf_status write_url(const parts *p, sfi_buf *out, sf_error *err)
{
    bool is_loopback = is_loopback_host(p->host);
    if (p->is_http && !is_loopback)
        return sfi_fail(err, SF_ERR_USAGE, "the URL is http://%.*s; a token would travel in the clear, use https://",
                        (int)p->host.len, p->host.ptr);
    if (sfi_str_is(p->host, "salesforce.com") || sfi_str_is(p->host, "www.salesforce.com") ||
        sfi_str_is(p->host, "lightning.force.com"))
        return sfi_fail(err, SF_ERR_USAGE,
                        "%.*s is not an org's address; want https://NAME.my.salesforce.com, or "
                        "https://login.salesforce.com",
                        (int)p->host.len, p->host.ptr);
    (void)sfi_buf_add_str(out, p->is_http ? "http://" : "https://");
    bool is_mapped = add_mapped(out, p->host) || add_lightning_com(out, p->host);
    if (!is_mapped) (void)sfi_buf_add(out, p->host.ptr, p->host.len);
    bool is_default = sfi_str_is(p->port, p->is_http ? "80" : "443");
    if (!is_mapped && p->port.len > 0 && !is_default) {
        (void)sfi_buf_add_char(out, ':');
        (void)sfi_buf_add(out, p->port.ptr, p->port.len);
    }
    add_site_path(out, p->host, p->path);
    return sfi_buf_status(out, err, "a URL");
}

/* A copy whose scheme and authority are in lower case; the path stays as it is. */
static char *lower_copy(sf_str url)
{
    char *copy = sfi_strndup(url.ptr, url.len);
    if (copy == NULL) return NULL;
    char *scheme = strstr(copy, "://");
    char *end = (scheme != NULL ? scheme + 3 : copy);
    if (scheme == NULL && strncmp(copy, "//", 2) == 0) end += 2;
    end += strcspn(end, "/?#\\");
    for (char *c = copy; c < end; c++) *c = (char)sfi_ascii_lower((unsigned char)*c);
    return copy;
}

sf_status sf_url_normalize(const char *pasted, char **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (pasted == NULL) return sfi_fail(err, SF_ERR_USAGE, "the URL is NULL");
    if (strnlen(pasted, URL_BYTES_MAX + 1) > URL_BYTES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "the URL is longer than %d bytes", URL_BYTES_MAX);
    sf_str url = sfi_trim(sfi_str(pasted));
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= ' ' || url.ptr[i] == 0x7f)
            return sfi_fail(err, SF_ERR_USAGE, "the URL has a blank or control character in it (byte %zu)", i + 1);
    char *copy = lower_copy(url);
    if (copy == NULL) return sfi_fail_memory(err, "a URL");
    parts p;
    sfi_buf text = { 0 };
    sf_status rc = split(sfi_str(copy), &p, err);
    if (rc == SF_OK) rc = write_url(&p, &text, err);
    if (rc == SF_OK && (*out = sfi_buf_take(&text)) == NULL) rc = sfi_fail_memory(err, "a URL");
    sfi_buf_free(&text);
    sfi_free(copy);
    return rc;
}

bool sfi_url_is_loopback(const char *url)
{
    sf_str rest = sfi_str(url);
    if (!sfi_take_text(&rest, "https://") && !sfi_take_text(&rest, "http://")) return false;
    parts p = { 0 };
    return split_port((sf_str){ rest.ptr, strcspn(rest.ptr, "/?#") }, &p, NULL) == SF_OK && is_loopback_host(p.host);
}
