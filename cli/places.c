/* places.c: where files are (XDG), made with the right modes, and written so that nobody sees half of one. */
#include "cli.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *place(cli *c, const char *own, const char *xdg, const char *below_home)
{
    const char *dir = own != NULL ? getenv(own) : NULL;
    if (dir != NULL && dir[0] != 0) return cli_strdup(c, dir);
    dir = getenv(xdg);
    if (dir != NULL && dir[0] == '/')
        return cli_textf(c, "%s/sforce", dir); /* the specification ignores relative ones */
    const char *home = getenv("HOME");
    return cli_textf(c, "%s/%s/sforce", home != NULL && home[0] != 0 ? home : ".", below_home);
}

const char *cli_config_dir(cli *c)
{
    return place(c, "SFORCE_CONFIG_DIR", "XDG_CONFIG_HOME", ".config");
}

const char *cli_data_dir(cli *c)
{
    return place(c, NULL, "XDG_DATA_HOME", ".local/share");
}

const char *cli_cache_dir(cli *c)
{
    return place(c, NULL, "XDG_CACHE_HOME", ".cache");
}

const char *cli_state_dir(cli *c)
{
    return place(c, NULL, "XDG_STATE_HOME", ".local/state");
}

sf_status cli_make_dirs(const char *path, unsigned mode, sf_error *err)
{
    sfi_buf part = { 0 };
    sf_status rc = SF_OK;
    for (const char *p = path; rc == SF_OK && *p != 0;) {
        size_t len = strcspn(p + 1, "/") + 1;
        if (!sfi_buf_add(&part, p, len)) {
            rc = sfi_fail_memory(err, "a path");
        } else if (mkdir(part.data, mode) != 0 && errno != EEXIST) {
            int why = errno;
            struct stat st; /* a folder that is there may also refuse with EROFS or EACCES */
            if (stat(part.data, &st) != 0 || !S_ISDIR(st.st_mode))
                rc = sfi_fail(err, SF_ERR_IO, "cannot make the folder %s: %s", part.data, strerror(why));
        }
        p += len;
    }
    sfi_buf_free(&part);
    return rc;
}

sf_status cli_write_file(const char *path, sf_str bytes, unsigned mode, sf_error *err)
{
    return sfi_file_replace(path, NULL, mode, bytes, "", err);
}
