/* absent.c: what a build without hiredis has in place of the other files here: functions that say so. Any thread. */
#include <salesforce/redis.h>
#include "base/base_internal.h"

const char *sfi_features_redis(void)
{
    return "";
}

static sf_status fail_absent(sf_error *err)
{
    return sfi_fail(err, SF_ERR_UNSUPPORTED, "this build of libsalesforce has no Redis; build it with libhiredis-dev");
}

sf_status sf_token_store_redis(const sf_redis_options *options, const char *login, sf_token_store **out, sf_error *err)
{
    (void)options;
    (void)login;
    if (out != NULL) *out = NULL;
    return fail_absent(err);
}

sf_status sf_coordinator_redis(const sf_redis_options *options, sf_coordinator **out, sf_error *err)
{
    (void)options;
    if (out != NULL) *out = NULL;
    return fail_absent(err);
}

sf_status sf_checkpoints_redis(const sf_redis_options *options, sf_checkpoints **out, sf_error *err)
{
    (void)options;
    if (out != NULL) *out = NULL;
    return fail_absent(err);
}
