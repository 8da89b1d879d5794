/*
 * blobs.c: a file goes up as the first version of a document shown at an account, comes back into another file, and into a
 * function that sees it piece by piece. Usage: example_blobs FILE COPY. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sf_status make_account(sf_client *sf, sf_id *id, sf_error *err)
{
    sf_record *r = sf_record_new("Account");
    sf_record_set_str(r, "Name", "Nordic Pumps");
    sf_status rc = sf_record_create(sf, r, NULL, id, err);
    sf_record_free(r);
    return rc;
}

static sf_status upload(sf_client *sf, const char *path, const char *account, sf_id *id, sf_error *err)
{
    sf_record *r = sf_record_new("ContentVersion");
    sf_record_set_str(r, "PathOnClient", path);
    sf_record_set_str(r, "FirstPublishLocationId", account);
    sf_status rc = sf_blob_create(sf, r, &(sf_blob_data){ .path = path }, NULL, id, err);
    sf_record_free(r);
    return rc;
}

/* ---- a sink of one's own ---- */
typedef struct lines {
    int64_t count, bytes;
} lines;

static sf_status count_lines(void *user, const char *data, size_t len, sf_error *err)
{
    lines *l = user;
    (void)err; /* filled by who answers something else than SF_OK, which ends the call */
    for (size_t i = 0; i < len; i++) l->count += data[i] == '\n';
    l->bytes += (int64_t)len;
    return SF_OK;
}

static sf_status count_again(void *user, sf_error *err)
{
    (void)err;
    *(lines *)user = (lines){ 0 }; /* the answer was cut, and comes once more */
    return SF_OK;
}

int main(int argc, char **argv)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_id account, version;
    sf_blob_info info;
    if (argc != 3) return fputs("usage: example_blobs FILE COPY\n", stderr), 2;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = make_account(sf, &account, &err);
    if (rc == SF_OK) rc = upload(sf, argv[1], account.text, &version, &err);
    if (rc == SF_OK) printf("version %s\n", version.text);
    if (rc == SF_OK) rc = sf_blob_get_file(sf, "ContentVersion", version.text, NULL, argv[2], NULL, &info, &err);
    if (rc == SF_OK) printf("%lld bytes to %s\n", (long long)info.bytes, argv[2]);
    lines counted = { 0 };
    const sf_sink sink = { .write = count_lines, .restart = count_again, .user = &counted };
    if (rc == SF_OK) rc = sf_blob_get(sf, "ContentVersion", version.text, NULL, &sink, NULL, NULL, &err);
    if (rc == SF_OK) printf("%lld lines\n", (long long)counted.count);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_client_close(sf);
    return rc < 0;
}
