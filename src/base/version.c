/* version.c: names of things: the version, the parts that are in, the statuses. Any thread. The features are put
 * together at the first question, once for the process, and never change afterwards. */
#include <pthread.h>
#include "base/base_internal.h"

#define TEXT_OF(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *sf_version(void)
{
    return VERSION_TEXT(SF_VERSION_MAJOR, SF_VERSION_MINOR, SF_VERSION_PATCH);
}

static char features[128];
static pthread_once_t features_once = PTHREAD_ONCE_INIT;

static void add_features(const char *(*hook)(void))
{
    const char *names = hook != NULL ? hook() : "";
    size_t len = strlen(features);
    (void)snprintf(features + len, sizeof features - len, "%s%s", len > 0 && *names != '\0' ? " " : "", names);
}

static void make_features(void)
{
    add_features(sfi_features_http);
    add_features(sfi_features_json);
    add_features(sfi_features_bulk);
    add_features(sfi_features_redis);
}

const char *sf_features(void)
{
    (void)pthread_once(&features_once, make_features); /* cannot fail with a proper once word */
    return features;
}

const char *sf_status_name(sf_status status)
{
    switch (status) {
    case SF_OK: return "SF_OK";
    case SF_ROW: return "SF_ROW";
    case SF_DONE: return "SF_DONE";
    case SF_ERR_USAGE: return "SF_ERR_USAGE";
    case SF_ERR_MEMORY: return "SF_ERR_MEMORY";
    case SF_ERR_LIMIT: return "SF_ERR_LIMIT";
    case SF_ERR_PROTOCOL: return "SF_ERR_PROTOCOL";
    case SF_ERR_IO: return "SF_ERR_IO";
    case SF_ERR_NETWORK: return "SF_ERR_NETWORK";
    case SF_ERR_TIMEOUT: return "SF_ERR_TIMEOUT";
    case SF_ERR_CANCELLED: return "SF_ERR_CANCELLED";
    case SF_ERR_UNKNOWN_OUTCOME: return "SF_ERR_UNKNOWN_OUTCOME";
    case SF_ERR_ORG: return "SF_ERR_ORG";
    case SF_ERR_AUTH: return "SF_ERR_AUTH";
    case SF_ERR_API_LIMIT: return "SF_ERR_API_LIMIT";
    case SF_ERR_NOT_FOUND: return "SF_ERR_NOT_FOUND";
    case SF_ERR_TRUNCATED: return "SF_ERR_TRUNCATED";
    case SF_ERR_UNAVAILABLE: return "SF_ERR_UNAVAILABLE";
    case SF_ERR_UNSUPPORTED: return "SF_ERR_UNSUPPORTED";
    }
    return "SF_?";
}
