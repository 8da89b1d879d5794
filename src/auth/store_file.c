/*
 * store_file.c: tokens in a JSON file of mode 0600, shared by threads and processes. Called through store.c. Who
 * refreshes holds flock on PATH.lock, which the system releases when the holder dies. Members that are no token's stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "auth/auth_internal.h"
#include "json/json_internal.h"

enum {
    FILE_BYTES_MAX = 1024 * 1024,
    LOCK_LOOK_MS = 20, /* between two looks at a lock that another process has: flock itself knows no time limit */
    WARNING_BYTES = 512
};

typedef struct file_store {
    char *path, *lock_path, *new_path;
    sfi_gate gate; /* is_busy: a thread of this process holds the store's lock; guards lock_fd and the warning */
    int lock_fd;
    bool has_warned;
    char warning[WARNING_BYTES]; /* "": none to tell */
    char told[WARNING_BYTES];
} file_store;

static const char of_store[] = "token store";
static const char *const members[] = { "access_token", "refresh_token", "instance_url", "identity_url",
                                       "issued_at_ms", "expires_at_ms", "generation" };

static bool is_member(sf_str key)
{
    for (size_t i = 0; i < SFI_COUNT_OF(members); i++)
        if (sfi_str_is(key, members[i])) return true;
    return false;
}

/* ---- the lock ---- */

static sf_status lock_file(file_store *f, int64_t deadline_ms, sf_error *err)
{
    int fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (fd < 0) return sfi_fail_io(err, of_store, f->lock_path, "cannot open", errno);
    const sfi_wait wait = { .deadline_ms = deadline_ms };
    sf_status rc = SF_OK;
    while (rc == SF_OK && flock(fd, LOCK_EX | LOCK_NB) != 0) { /* ends: the deadline */
        if (errno != EWOULDBLOCK && errno != EINTR)
            rc = sfi_fail_io(err, of_store, f->lock_path, "cannot lock", errno);
        else
            rc = sfi_wait_pause(&wait, LOCK_LOOK_MS, "the token store's lock", err);
    }
    if (rc == SF_OK)
        f->lock_fd = fd;
    else
        (void)close(fd); /* nothing was written */
    return rc;
}

static sf_status file_lock(void *user, int64_t timeout_ms, sf_error *err)
{
    file_store *f = user;
    const sfi_wait wait = { .deadline_ms = sfi_now_ms() + timeout_ms };
    sfi_cancel_watcher watcher;
    sf_status rc = sfi_gate_enter(&f->gate, &wait, &watcher, err);
    if (rc != SF_OK) return rc;
    while (rc == SF_OK && f->gate.is_busy)
        rc = sfi_gate_wait(&f->gate, &wait, "the token store's lock", err); /* ends: deadline */
    if (rc == SF_OK) {
        sfi_gate_begin_work(&f->gate);
        rc = lock_file(f, wait.deadline_ms, err);
        sfi_gate_end_work(&f->gate);
        f->gate.is_busy = rc == SF_OK; /* ours until release */
    }
    sfi_gate_leave(&f->gate, &watcher);
    return rc;
}

static void file_release(void *user)
{
    file_store *f = user;
    sfi_gate_end_work(&f->gate);
    if (f->lock_fd >= 0) (void)close(f->lock_fd); /* closing releases; nothing was written to it */
    f->lock_fd = -1;
    pthread_mutex_unlock(&f->gate.lock);
}

/* ---- reading ---- */

static void note_mode(file_store *f, const struct stat *st)
{
    if ((st->st_mode & 077) == 0 && st->st_uid == geteuid()) return;
    pthread_mutex_lock(&f->gate.lock);
    if (!f->has_warned) {
        f->has_warned = true;
        (void)snprintf(
            f->warning, sizeof f->warning,
            "token store %s can be read by others (mode %03o%s); it will be made 0600 when it is written next", f->path,
            (unsigned)(st->st_mode & 0777), st->st_uid == geteuid() ? "" : ", another owner");
    }
    pthread_mutex_unlock(&f->gate.lock);
}

static sf_status read_all(const file_store *f, int fd, char *text, size_t size, sf_error *err)
{
    size_t at = 0;
    while (at < size) {
        ssize_t got = read(fd, text + at, size - at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return sfi_fail_io(err, of_store, f->path, "cannot read", errno);
        if (got == 0) return sfi_fail(err, SF_ERR_IO, "token store %s: it became shorter while it was read", f->path);
        at += (size_t)got;
    }
    return SF_OK;
}

/* *out ends with sfi_json_free_wiped. SF_DONE: there is no such file, or it is empty. */
static sf_status read_json(file_store *f, sfi_json **out, sf_error *err)
{
    *out = NULL;
    struct stat st;
    char *text = NULL;
    size_t cap = 0;
    sf_status rc = SF_OK;
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return SF_DONE;
    if (fd < 0 && errno == ELOOP)
        return sfi_fail(err, SF_ERR_IO, "token store %s is a symbolic link; name the file itself", f->path);
    if (fd < 0) return sfi_fail_io(err, of_store, f->path, "cannot open", errno);
    if (fstat(fd, &st) != 0)
        rc = sfi_fail_io(err, of_store, f->path, "cannot look at", errno);
    else if (!S_ISREG(st.st_mode))
        rc = sfi_fail(err, SF_ERR_IO, "token store %s is not a regular file", f->path);
    else if (st.st_size > FILE_BYTES_MAX)
        rc = sfi_fail(err, SF_ERR_LIMIT, "token store %s is larger than %d bytes", f->path, FILE_BYTES_MAX);
    else if (st.st_size == 0)
        rc = SF_DONE;
    if (rc != SF_OK) goto done;
    note_mode(f, &st);

    cap = (size_t)st.st_size + SFI_JSON_PADDING;
    text = sfi_calloc(cap);
    rc = text != NULL ? read_all(f, fd, text, (size_t)st.st_size, err) : sfi_fail_memory(err, "a token file");
    if (rc == SF_OK) rc = sfi_json_new(out, err);
    if (rc != SF_OK) goto done;
    sfi_json_swap_buffer(*out, &text, &cap);
    rc = sfi_json_index(*out, (size_t)st.st_size, true, err);
    if (rc != SF_OK)
        sfi_error_prefix(err, "token store %s", f->path);
    else if (sf_value_type(sfi_json_root(*out)) != SF_OBJECT)
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "token store %s does not hold a JSON object", f->path);
done:
    if (text != NULL) sfi_wipe(text, cap);
    sfi_free(text);
    (void)close(fd); /* it was only read */
    return rc;
}

static sf_token token_of(sf_value root)
{
    return (sf_token){ .access_token = sf_get_str(root, "access_token"),
                       .refresh_token = sf_get_str(root, "refresh_token"),
                       .instance_url = sf_get_str(root, "instance_url"),
                       .identity_url = sf_get_str(root, "identity_url"),
                       .issued_at_ms = sf_get_int(root, "issued_at_ms", 0),
                       .expires_at_ms = sf_get_int(root, "expires_at_ms", 0),
                       .generation = sf_get_int(root, "generation", 0) };
}

static sf_status file_get(void *user, void (*found)(void *ctx, const sf_token *token), void *ctx, sf_error *err)
{
    sfi_json *doc;
    sf_status rc = read_json(user, &doc, err);
    if (rc == SF_OK) {
        sf_token token = token_of(sfi_json_root(doc));
        if (token.access_token != NULL || token.refresh_token != NULL)
            found(ctx, &token);
        else
            rc = SF_DONE;
    }
    sfi_json_free_wiped(doc);
    return rc;
}

/* ---- writing ---- */

/* The members of the old file that are no token's; answers how many. */
static size_t write_others(sfi_json_writer *w, sf_value root)
{
    size_t count = 0;
    sf_str key;
    sf_value value;
    for (sf_iter it = sf_iter_begin(root); sf_iter_next(&it, &key, &value);) {
        if (is_member(key)) continue;
        sfi_json_key_n(w, key);
        sfi_json_write_value(w, value);
        count++;
    }
    return count;
}

static void write_number(sfi_json_writer *w, const char *key, int64_t n)
{
    if (n == 0) return;
    sfi_json_key(w, key);
    sfi_json_int(w, n);
}

static void write_token(sfi_json_writer *w, const sf_token *t, int64_t generation)
{
    sfi_json_put_string_if(w, "access_token", t->access_token);
    sfi_json_put_string_if(w, "refresh_token", t->refresh_token);
    sfi_json_put_string_if(w, "instance_url", t->instance_url);
    sfi_json_put_string_if(w, "identity_url", t->identity_url);
    write_number(w, "issued_at_ms", t->issued_at_ms);
    write_number(w, "expires_at_ms", t->expires_at_ms);
    write_number(w, "generation", generation);
}

/* token NULL: take the token out. */
static sf_status rewrite(file_store *f, const sf_token *token, sf_error *err)
{
    sfi_json *doc = NULL;
    sf_status rc = read_json(f, &doc, err);
    if (rc == SF_ERR_MEMORY || rc == SF_ERR_IO || rc == SF_ERR_LIMIT) goto end;
    /* Missing, empty or not JSON: nothing in it to keep. A new token must be kept all the same. */
    sf_value root = rc == SF_OK ? sfi_json_root(doc) : (sf_value){ 0 };
    sfi_buf text = { .max = 2 * FILE_BYTES_MAX };
    (void)sfi_buf_reserve(&text, 4 * SFI_TOKEN_BYTES_MAX); /* mostly enough, so that growing leaves no secrets behind */
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_begin_object(&w);
    int64_t generation = sf_get_int(root, "generation", 0);
    if (generation < 0 || generation >= SFI_GENERATION_MAX) generation = 0; /* somebody wrote nonsense */
    if (token != NULL) write_token(&w, token, generation + 1);
    size_t others = write_others(&w, root);
    sfi_json_end_object(&w);
    (void)sfi_buf_add_char(&text, '\n');
    rc = sfi_buf_status(&text, err, "a token file");
    if (rc == SF_OK && token == NULL && others == 0) {
        if (unlink(f->path) != 0 && errno != ENOENT)
            rc = sfi_fail_io(err, of_store, f->path, "cannot remove", errno);
        else
            rc = sfi_sync_folder_of(f->path, of_store, err);
    } else if (rc == SF_OK) {
        rc = sfi_file_replace(f->path, f->new_path, 0600, sfi_buf_str(&text), of_store, err);
    }
    if (text.data != NULL) sfi_wipe(text.data, text.cap);
    sfi_buf_free(&text);
end:
    sfi_json_free_wiped(doc);
    return rc;
}

static sf_status file_set(void *user, const sf_token *token, sf_error *err)
{
    return rewrite(user, token, err);
}

static sf_status file_clear(void *user, sf_error *err)
{
    return rewrite(user, NULL, err);
}

/* ---- making and ending ---- */

static const char *file_take_warning(void *user)
{
    file_store *f = user;
    pthread_mutex_lock(&f->gate.lock);
    bool is_there = f->warning[0] != '\0';
    if (is_there) memcpy(f->told, f->warning, sizeof f->told);
    f->warning[0] = '\0';
    pthread_mutex_unlock(&f->gate.lock);
    return is_there ? f->told : NULL;
}

static void file_close(void *user)
{
    file_store *f = user;
    if (f->lock_fd >= 0) (void)close(f->lock_fd);
    sfi_gate_destroy(&f->gate);
    sfi_free(f->path);
    sfi_free(f->lock_path);
    sfi_free(f->new_path);
    sfi_free(f);
}

static char *join(const char *path, const char *ending)
{
    sfi_buf text = { 0 };
    (void)sfi_buf_addf(&text, "%s%s", path, ending);
    char *joined = sfi_buf_take(&text);
    sfi_buf_free(&text);
    return joined;
}

sf_status sf_token_store_file(const char *path, sf_token_store **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (path == NULL || *path == '\0') return sfi_fail(err, SF_ERR_USAGE, "the token file's path is empty");
    static const sf_token_store_ops ops = { .lock = file_lock,
                                            .release = file_release,
                                            .get = file_get,
                                            .set = file_set,
                                            .clear = file_clear,
                                            .close = file_close };
    file_store *f = sfi_calloc(sizeof *f);
    if (f == NULL) return sfi_fail_memory(err, "a token store");
    f->lock_fd = -1;
    f->path = sfi_strdup(path);
    f->lock_path = join(path, ".lock");
    f->new_path = join(path, ".new");
    sf_status rc = f->path != NULL && f->lock_path != NULL && f->new_path != NULL
                       ? sfi_gate_init(&f->gate, err)
                       : sfi_fail_memory(err, "a token store");
    if (rc == SF_OK) rc = sfi_store_new(&ops, f, file_take_warning, out, err);
    if (rc != SF_OK) file_close(f);
    return rc;
}
