/* listen_group.c: what members of a group agree through: see listen.h. */
#include <salesforce/redis.h>
#include "listen.h"

static bool is_redis(sf_str text)
{
    return sfi_starts_with(text, "redis://") || sfi_starts_with(text, "rediss://") || sfi_starts_with(text, "unix://");
}

/* user:password@: the command line is there for everybody on this machine to read. */
static bool has_password(const char *url)
{
    const char *from = strstr(url, "://"), *at = from != NULL ? strchr(from, '@') : NULL;
    return at != NULL && memchr(from + 3, ':', (size_t)(at - from - 3)) != NULL;
}

static sf_status open_redis(const char *url, sf_coordinator **out, sf_error *err)
{
    const char *ca_file = getenv("SSL_CERT_FILE");
    if (ca_file != NULL && ca_file[0] == 0) ca_file = NULL;
    return sf_coordinator_redis(&(sf_redis_options){ .url = url, .ca_file = ca_file }, out, err);
}

static sf_status open_file(cli *c, const char *path, sf_coordinator **out, sf_error *err)
{
    char *folder = cli_strdup(c, path), *slash = strrchr(folder, '/');
    if (path[0] == 0) return sfi_fail(err, SF_ERR_USAGE, "file: wants a path, such as file:/var/lib/sforce/group");
    if (slash != NULL && slash != folder) {
        *slash = 0;
        sf_status rc = cli_make_dirs(folder, 0700, err);
        if (rc != SF_OK) return rc;
    }
    return sf_coordinator_file(path, out, err);
}

sf_status cli_coordinator_open(cli *c, const char *group, sf_coordinator **out, sf_error *err)
{
    const char *flag = cli_args_value(&c->args, "coordinator"), *where = flag;
    if (where == NULL) where = getenv("SFORCE_COORDINATOR");
    if (where == NULL || where[0] == 0)
        return open_file(c, cli_textf(c, "%s/coordinator", cli_replay_folder(c, group)), out, err);
    if (flag != NULL && has_password(flag))
        cli_warn(
            c, "a password on the command line is seen by everybody on this machine; SFORCE_COORDINATOR takes it too");
    if (is_redis(sfi_str(where))) return open_redis(where, out, err);
    if (sfi_starts_with(sfi_str(where), "file:")) return open_file(c, where + strlen("file:"), out, err);
    return sfi_fail(err, SF_ERR_USAGE, "%s%s%.100s: want redis://HOST:PORT/DB or file:PATH",
                    flag != NULL ? "--coordinator" : "SFORCE_COORDINATOR", strchr(where, '@') == NULL ? " " : "",
                    strchr(where, '@') == NULL ? where : ""); /* else it may hold a password */
}
