/* blobs_test.c: bytes of records against a real local org: up from a file, a pipe, memory; down to a sink, a file, a pipe;
 * what the org refuses, sessions that end, answers that are cut, writes whose answer is lost. */
#include "support/org_process.h"
#include "support/support.h"
#include <fcntl.h>
#include <pthread.h>
#include <salesforce.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 5 * 1024 * 1024 + 17 };

static test_org org;
static sf_client *sf;
static sf_error err;
static char dir[64];
static char *large; /* LARGE bytes that no compressor likes, with every byte in them */

static sf_client *open_client(void)
{
    sf_client *client = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = org.url,
                                                        .api_version = "62.0",
                                                        .retry = { .retries_max = 3, .pause_ms = 1 },
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = org.client_id,
                                                                  .client_secret = org.client_secret } },
                                  &client, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    return client;
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    snprintf(dir, sizeof dir, "/tmp/blobs-test-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    large = malloc(LARGE);
    uint32_t x = 1;
    for (size_t i = 0; i < LARGE; i++) large[i] = (char)((x = x * 1664525u + 1013904223u) >> 24);
    sf = open_client();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    free(large);
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command) + test_org_stop(&org);
}

static const char *in_dir(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *data, size_t len)
{
    FILE *f = fopen(in_dir(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
}

static sf_record *new_version(const char *path)
{
    sf_record *r = sf_record_new("ContentVersion");
    assert_int_equal(sf_record_set_str(r, "PathOnClient", path), SF_OK);
    return r;
}

static sf_id create(sf_record *r, const sf_blob_data *data)
{
    sf_id id = { "" };
    sf_status rc = sf_blob_create(sf, r, data, NULL, &id, &err);
    if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
    sf_record_free(r);
    return id;
}

/* ---- a sink in memory ---- */
typedef struct kept {
    char *data;
    size_t len;
    int restarts;
    bool refuses;
} kept;

static sf_status keep(void *user, const char *data, size_t len, sf_error *e)
{
    kept *k = user;
    if (k->refuses) return e->status = SF_ERR_LIMIT, snprintf(e->message, sizeof e->message, "enough"), SF_ERR_LIMIT;
    k->data = realloc(k->data, k->len + len);
    memcpy(k->data + k->len, data, len);
    k->len += len;
    return SF_OK;
}

static sf_status restart(void *user, sf_error *e)
{
    kept *k = user;
    (void)e;
    k->len = 0;
    k->restarts++;
    return SF_OK;
}

static void assert_blob(const char *object, sf_id id, const char *want, size_t len)
{
    kept k = { 0 };
    sf_blob_info info;
    sf_status rc = sf_blob_get(sf, object, id.text, NULL, &(sf_sink){ .write = keep, .user = &k }, NULL, &info, &err);
    if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
    assert_int_equal(info.bytes, len);
    assert_int_equal(k.len, len);
    if (len > 0) assert_memory_equal(k.data, want, len);
    free(k.data);
}

static sf_document *get(const char *object, sf_id id)
{
    sf_document *doc = NULL;
    if (sf_record_get(sf, object, id.text, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    return doc;
}

/* ---- tests ---- */
static void test_blobs__of_all_sizes_come_back(void **state)
{
    static const size_t sizes[] = { 0, 1, 255, 65536, 262144, 262145, 1048576, 1048577, LARGE };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        print_message("  %zu\n", sizes[i]);
        sf_id id =
            create(new_version("C:\\files\\some \"file\".v2.pdf"), &(sf_blob_data){ .bytes = { large, sizes[i] } });
        if (sizes[i] > 0) assert_blob("ContentVersion", id, large, sizes[i]);
        sf_document *doc = get("ContentVersion", id);
        sf_value row = sf_document_root(doc);
        assert_int_equal(sf_get_int(row, "ContentSize", -1), sizes[i]);
        assert_string_equal(sf_get_str(row, "FileExtension"), "pdf");
        assert_string_equal(sf_get_str(row, "FileType"), "PDF");
        assert_string_equal(sf_get_str(row, "Title"), "some \"file\".v2");
        if (sizes[i] == 1) assert_string_equal(sf_get_str(row, "Checksum"), "524a50782178998021a88b8cd4c8dcd8");
        sf_document_free(doc);
    }
}

static void test_blobs__files_go_up_and_come_down(void **state)
{
    (void)state;
    write_file("up.bin", large, LARGE);
    sf_id id = create(new_version("up.bin"), &(sf_blob_data){ .path = in_dir("up.bin"), .content_type = "image/png" });
    write_file("down.bin", "old", 3);
    assert_int_equal(chmod(in_dir("down.bin"), 0640), 0);
    assert_int_equal(symlink("down.bin", in_dir("link")), 0);
    sf_blob_info info;
    char link[200];
    snprintf(link, sizeof link, "%s", in_dir("link"));
    sf_status rc = sf_blob_get_file(sf, "ContentVersion", id.text, "VersionData", link, NULL, &info, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(info.bytes, LARGE);
    assert_string_equal(info.content_type, "application/octet-stream");
    size_t len;
    char *got = test_read_file(in_dir("down.bin"), &len); /* where the link points, with its mode */
    assert_int_equal(len, LARGE);
    assert_memory_equal(got, large, LARGE);
    free(got);
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(link, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void *feed(void *user)
{
    int fd = *(int *)user;
    for (size_t at = 0; at < LARGE;) {
        ssize_t n = write(fd, large + at, LARGE - at < 3001 ? LARGE - at : 3001);
        if (n <= 0) break;
        at += (size_t)n;
    }
    close(fd);
    return NULL;
}

static void test_blobs__a_pipe_is_a_source(void **state)
{
    (void)state;
    int ends[2];
    pthread_t thread;
    sf_source source;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pthread_create(&thread, NULL, feed, &ends[1]), 0);
    assert_int_equal(sf_source_of_fd(ends[0], &source, &err), SF_OK);
    sf_id id =
        create(new_version("from-a-pipe"), &(sf_blob_data){ .source = &source, .file_name = "Grüße; \"x\"\n.txt" });
    pthread_join(thread, NULL);
    close(ends[0]);
    assert_blob("ContentVersion", id, large, LARGE);
}

static void test_blobs__versions_follow_each_other(void **state)
{
    (void)state;
    sf_record *account = sf_record_new("Account");
    sf_id place, first, second;
    sf_record_set_str(account, "Name", "With a file");
    assert_int_equal(sf_record_create(sf, account, NULL, &place, &err), SF_OK);
    sf_record_free(account);
    sf_record *r = new_version("plan.docx");
    sf_record_set_str(r, "FirstPublishLocationId", place.text);
    first = create(r, &(sf_blob_data){ .bytes = { "one", 3 } });
    sf_document *doc = get("ContentVersion", first);
    char document[19];
    snprintf(document, sizeof document, "%s", sf_get_str(sf_document_root(doc), "ContentDocumentId"));
    assert_string_equal(sf_get_str(sf_document_root(doc), "FileType"), "WORD_X");
    sf_document_free(doc);
    r = new_version("plan.docx");
    sf_record_set_str(r, "ContentDocumentId", document);
    second = create(r, &(sf_blob_data){ .bytes = { "two!", 4 } });
    doc = get("ContentVersion", second);
    assert_string_equal(sf_get_str(sf_document_root(doc), "VersionNumber"), "2");
    sf_document_free(doc);
    doc = get("ContentVersion", first);
    assert_false(sf_get_bool(sf_document_root(doc), "IsLatest", true));
    sf_document_free(doc);
    int64_t n = 0;
    sf_binds binds = SF_BINDS({ "d", sf_bind_str(document) }, { "a", sf_bind_str(place.text) });
    assert_int_equal(sf_query_count(sf,
                                    "SELECT COUNT() FROM ContentDocumentLink WHERE ContentDocumentId = :d AND "
                                    "LinkedEntityId = :a AND ShareType = 'V'",
                                    &(sf_query_options){ .binds = binds }, &n, &err),
                     SF_OK);
    assert_int_equal(n, 1);
    assert_blob("ContentVersion", first, "one", 3);
    assert_blob("ContentVersion", second, "two!", 4);
}

static void test_blobs__attachments_are_replaced(void **state)
{
    (void)state;
    sf_record *account = sf_record_new("Account");
    sf_id parent;
    sf_record_set_str(account, "Name", "With an attachment");
    assert_int_equal(sf_record_create(sf, account, NULL, &parent, &err), SF_OK);
    sf_record_free(account);
    sf_record *r = sf_record_new("Attachment");
    sf_record_set_str(r, "Name", "a.txt");
    sf_record_set_str(r, "ParentId", parent.text);
    sf_record_set_str(r, "ContentType", "text/plain");
    sf_id id = create(r, &(sf_blob_data){ .bytes = { large, LARGE } });
    r = sf_record_new("Attachment");
    sf_record_set_str(r, "Name", "b.txt");
    sf_status rc = sf_blob_update(sf, r, id.text, &(sf_blob_data){ .bytes = { "short", 5 } }, NULL, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    sf_record_clear(r);
    assert_blob("Attachment", id, "short", 5);
    rc = sf_blob_update(sf, r, id.text, &(sf_blob_data){ .bytes = { large, LARGE }, .field = "body" }, NULL, &err);
    if (rc != SF_OK) fail_msg("%s", err.message); /* no field beside the bytes */
    sf_record_free(r);
    assert_blob("attachment", id, large, LARGE);
    sf_document *doc = get("Attachment", id);
    assert_string_equal(sf_get_str(sf_document_root(doc), "Name"), "b.txt");
    assert_int_equal(sf_get_int(sf_document_root(doc), "BodyLength", 0), LARGE);
    kept k = { 0 };
    sf_blob_info info;
    rc = sf_blob_get_url(sf, sf_get_str(sf_document_root(doc), "Body"), &(sf_sink){ .write = keep, .user = &k }, NULL,
                         &info, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_string_equal(info.content_type, "text/plain");
    assert_int_equal(k.len, LARGE);
    free(k.data);
    sf_document_free(doc);
    assert_int_equal(sf_record_delete(sf, "Attachment", id.text, NULL, &err), SF_OK);
}

static void test_blobs__what_the_org_refuses_is_told(void **state)
{
    (void)state;
    kept k = { 0 };
    const sf_sink sink = { .write = keep, .user = &k };
    sf_record *r = sf_record_new("ContentVersion");
    sf_id id;
    assert_int_equal(sf_blob_create(sf, r, &(sf_blob_data){ .bytes = { "x", 1 } }, NULL, &id, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
    assert_string_equal(err.fields, "PathOnClient");
    assert_int_equal(sf_blob_get(sf, "ContentVersion", "0685j0000A0ZZZZAQA", NULL, &sink, NULL, NULL, &err),
                     SF_ERR_NOT_FOUND);
    assert_int_equal(sf_blob_get(sf, "Account", "0015j0000A0ZZZZAQA", "Name", &sink, NULL, NULL, &err),
                     SF_ERR_NOT_FOUND);
    assert_int_equal(k.len, 0); /* what the org said is in err, not in the sink */
    write_file("stays", "as it was", 9);
    assert_int_equal(
        sf_blob_get_file(sf, "ContentVersion", "0685j0000A0ZZZZAQA", NULL, in_dir("stays"), NULL, NULL, &err),
        SF_ERR_NOT_FOUND);
    char *text = test_read_file(in_dir("stays"), NULL);
    assert_string_equal(text, "as it was");
    free(text);
    char command[200];
    snprintf(command, sizeof command, "! ls %s | grep -q part-", dir); /* nothing is left behind */
    assert_int_equal(system(command), 0);
    sf_record_free(r);
}

static void test_blobs__wrong_arguments_send_nothing(void **state)
{
    (void)state;
    const sf_sink sink = { .write = keep };
    const char *id = "0685j0000A0ZZZZAQA";
    sf_client_stats before, after;
    sf_record *r = new_version("x"), *own = sf_record_new("Thing__c");
    sf_record *double_set = new_version("x");
    sf_record_set_base64(double_set, "VersionData", "x", 1);
    sf_client_get_stats(sf, &before);
    assert_int_equal(sf_blob_get(NULL, "Attachment", id, NULL, &sink, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get(sf, "Attach/ment", id, NULL, &sink, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get(sf, "Attachment", "nope", NULL, &sink, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get(sf, "Account", id, NULL, &sink, NULL, NULL, &err), SF_ERR_USAGE); /* which field? */
    assert_int_equal(sf_blob_get(sf, "Attachment", id, "../x", &sink, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get(sf, "Attachment", id, NULL, NULL, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get_url(sf, "https://elsewhere.example/x", &sink, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get_url(sf, "//elsewhere.example/x", &sink, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get_file(sf, "Attachment", id, NULL, "", NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_get_file(sf, "Attachment", id, NULL, dir, NULL, NULL, &err), SF_ERR_IO);
    assert_int_equal(sf_blob_get_file(sf, "Attachment", id, NULL, "/nowhere/x", NULL, NULL, &err), SF_ERR_IO);
    assert_int_equal(sf_blob_create(sf, NULL, &(sf_blob_data){ .bytes = { "x", 1 } }, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_create(sf, r, NULL, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_create(sf, r, &(sf_blob_data){ 0 }, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_create(sf, r, &(sf_blob_data){ .bytes = { "x", 1 }, .path = "/x" }, NULL, NULL, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_blob_create(sf, r, &(sf_blob_data){ .path = "/nowhere/x" }, NULL, NULL, &err), SF_ERR_IO);
    assert_int_equal(sf_blob_create(sf, r, &(sf_blob_data){ .path = dir }, NULL, NULL, &err), SF_ERR_IO);
    assert_int_equal(
        sf_blob_create(sf, r, &(sf_blob_data){ .bytes = { "x", 1 }, .content_type = "a\nb" }, NULL, NULL, &err),
        SF_ERR_USAGE);
    assert_int_equal(sf_blob_create(sf, own, &(sf_blob_data){ .bytes = { "x", 1 } }, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_blob_create(sf, double_set, &(sf_blob_data){ .bytes = { "x", 1 } }, NULL, NULL, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_blob_update(sf, r, "nope", &(sf_blob_data){ .bytes = { "x", 1 } }, NULL, &err), SF_ERR_USAGE);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests, before.requests);
    sf_record_free(double_set);
    sf_record_free(own);
    sf_record_free(r);
}

static void test_blobs__a_session_that_ends_is_renewed(void **state)
{
    (void)state;
    sf_id id = create(new_version("a.bin"), &(sf_blob_data){ .bytes = { large, LARGE } });
    assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
    assert_blob("ContentVersion", id, large, LARGE);
    assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
    id = create(new_version("b.bin"), &(sf_blob_data){ .bytes = { large, LARGE } });
    assert_blob("ContentVersion", id, large, LARGE);
}

static void test_blobs__cut_answers_begin_again_or_are_told(void **state)
{
    (void)state;
    sf_id id = create(new_version("a.bin"), &(sf_blob_data){ .bytes = { large, LARGE } });
    test_org_fault(&org, "truncate:length=wrong,after=3000000,path=/sobjects/ContentVersion,times=1");
    kept k = { 0 };
    sf_status rc = sf_blob_get(sf, "ContentVersion", id.text, NULL,
                               &(sf_sink){ .write = keep, .restart = restart, .user = &k }, NULL, NULL, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(k.restarts, 1);
    assert_int_equal(k.len, LARGE);
    assert_memory_equal(k.data, large, LARGE);
    test_org_faults_clear(&org);

    test_org_fault(&org, "reset:after=3000000,path=/sobjects/ContentVersion,times=1");
    k.len = 0;
    rc = sf_blob_get(sf, "ContentVersion", id.text, NULL, &(sf_sink){ .write = keep, .user = &k }, NULL, NULL, &err);
    assert_int_equal(rc, SF_ERR_TRUNCATED);
    assert_true(k.len > 0);
    assert_memory_equal(k.data, large, k.len);
    test_org_faults_clear(&org);

    test_org_fault(&org, "503:times=1,path=/sobjects/ContentVersion");
    assert_int_equal(sf_blob_get_file(sf, "ContentVersion", id.text, NULL, in_dir("after-503"), NULL, NULL, &err),
                     SF_OK);
    test_org_faults_clear(&org);

    k.refuses = true;
    rc = sf_blob_get(sf, "ContentVersion", id.text, NULL, &(sf_sink){ .write = keep, .user = &k }, NULL, NULL, &err);
    assert_int_equal(rc, SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "enough"));
    free(k.data);
}

static void test_blobs__a_lost_answer_of_a_create_is_told(void **state)
{
    (void)state;
    sf_id id;
    sf_record *r = new_version("lost.bin");
    test_org_fault(&org, "lost:path=/sobjects/ContentVersion,times=1");
    assert_int_equal(sf_blob_create(sf, r, &(sf_blob_data){ .bytes = { large, 1000000 } }, NULL, &id, &err),
                     SF_ERR_UNKNOWN_OUTCOME);
    test_org_faults_clear(&org);
    int64_t n = 0;
    assert_int_equal(
        sf_query_count(sf, "SELECT COUNT() FROM ContentVersion WHERE PathOnClient = 'lost.bin'", NULL, &n, &err),
        SF_OK);
    assert_int_equal(n, 1); /* it was done, once */
    sf_record_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blobs__of_all_sizes_come_back),
        cmocka_unit_test(test_blobs__files_go_up_and_come_down),
        cmocka_unit_test(test_blobs__a_pipe_is_a_source),
        cmocka_unit_test(test_blobs__versions_follow_each_other),
        cmocka_unit_test(test_blobs__attachments_are_replaced),
        cmocka_unit_test(test_blobs__what_the_org_refuses_is_told),
        cmocka_unit_test(test_blobs__wrong_arguments_send_nothing),
        cmocka_unit_test(test_blobs__a_session_that_ends_is_renewed),
        cmocka_unit_test(test_blobs__cut_answers_begin_again_or_are_told),
        cmocka_unit_test(test_blobs__a_lost_answer_of_a_create_is_told),
    };
    return cmocka_run_group_tests_name("blobs", tests, start, stop);
}
