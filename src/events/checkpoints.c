/*
 * checkpoints.c: the stores of positions. A store that cannot be locked is in use: two listeners that move each other's
 * positions would lose events.
 */
#include "events/checkpoints_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1024 * 1024 };

static const char of_store[] = "checkpoints";

typedef struct entry {
    char *channel;
    char position[SFI_POSITION_BYTES_MAX];
} entry;

struct sf_checkpoints {
    sf_checkpoints_ops ops;
    void *user;
    /* of our own stores */
    entry *entries;
    size_t count;
    char *path, *new_path; /* NULL: in memory */
    int lock_fd;
};

/* ---- in memory ---- */

static entry *find(sf_checkpoints *s, const char *channel)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->entries[i].channel, channel) == 0) return &s->entries[i];
    return NULL;
}

static sf_status keep(sf_checkpoints *s, const char *channel, const char *position, sf_error *err)
{
    if (strlen(position) >= SFI_POSITION_BYTES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a position is longer than %d bytes", SFI_POSITION_BYTES_MAX - 1);
    entry *e = find(s, channel);
    if (e == NULL) {
        if (s->count == SFI_CHECKPOINTS_MAX)
            return sfi_fail(err, SF_ERR_LIMIT, "a checkpoint store has at most %d channels", SFI_CHECKPOINTS_MAX);
        entry *more = sfi_realloc(s->entries, (s->count + 1) * sizeof *more);
        if (more == NULL) return sfi_fail_memory(err, "checkpoints");
        s->entries = more;
        e = &more[s->count];
        *e = (entry){ .channel = sfi_strdup(channel) };
        if (e->channel == NULL) return sfi_fail_memory(err, "checkpoints");
        s->count++;
    }
    (void)snprintf(e->position, sizeof e->position, "%s", position);
    return SF_OK;
}

static sf_status memory_get(void *user, const char *channel, void (*found)(void *ctx, const char *position), void *ctx,
                            sf_error *err)
{
    (void)err; /* it cannot fail */
    entry *e = find(user, channel);
    if (e == NULL) return SF_DONE;
    found(ctx, e->position);
    return SF_OK;
}

static sf_status memory_set(void *user, const char *channel, const char *position, sf_error *err)
{
    return keep(user, channel, position, err);
}

static void memory_where(void *user, const char *channel, char *text, size_t size)
{
    const sf_checkpoints *s = user;
    if (s->path == NULL)
        (void)snprintf(text, size, "the position of this store"); /* of the program: it has put it there */
    else
        (void)snprintf(text, size, "%s from %.300s", channel, s->path);
}

/* ---- in a file ---- */

static sf_status save(const sf_checkpoints *s, sf_error *err)
{
    sfi_buf text = { .max = FILE_BYTES_MAX };
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < s->count; i++) {
        sfi_json_key(&w, s->entries[i].channel);
        sfi_json_string(&w, s->entries[i].position);
    }
    sfi_json_end_object(&w);
    (void)sfi_buf_add_char(&text, '\n');
    sf_status rc = sfi_buf_status(&text, err, "checkpoints");
    if (rc == SF_OK) rc = sfi_file_replace(s->path, s->new_path, 0600, sfi_buf_str(&text), of_store, err);
    sfi_buf_free(&text);
    return rc;
}

static sf_status file_set(void *user, const char *channel, const char *position, sf_error *err)
{
    sf_status rc = keep(user, channel, position, err);
    return rc == SF_OK ? save(user, err) : rc;
}

static sf_status read_entries(sf_checkpoints *s, sf_value root, sf_error *err)
{
    sf_iter it = sf_iter_begin(root);
    sf_str key;
    sf_value value;
    if (sf_value_type(root) != SF_OBJECT) return sfi_fail(err, SF_ERR_IO, "not an object of channels and positions");
    while (sf_iter_next(&it, &key, &value)) {
        const char *position = sf_get_str(value, NULL);
        if (position == NULL || position[0] == '\0' || key.ptr == NULL)
            return sfi_fail(err, SF_ERR_IO, "the position of %.*s is no text", (int)key.len, key.ptr);
        sf_status rc = keep(s, key.ptr, position, err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status take_file(sf_checkpoints *s, const sfi_buf *text, sf_error *err)
{
    sf_document *doc = NULL;
    if (text->len == 0) return sfi_fail(err, SF_ERR_IO, "it is empty; remove it to begin anew");
    sf_status rc = sf_document_parse(text->data, text->len, &doc, err);
    if (rc == SF_OK) rc = read_entries(s, sf_document_root(doc), err);
    sf_document_free(doc);
    return rc;
}

static sf_status load(sf_checkpoints *s, sf_error *err)
{
    char piece[4096];
    sfi_buf text = { .max = FILE_BYTES_MAX };
    sf_status rc = SF_OK;
    ssize_t got = 0;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return SF_OK;
    if (fd < 0) return sfi_fail_io(err, of_store, s->path, "cannot open", errno);
    while ((got = read(fd, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR)) /* ends: the buffer's maximum */
        if (got > 0 && !sfi_buf_add(&text, piece, (size_t)got)) break;
    if (got < 0) rc = sfi_fail_io(err, of_store, s->path, "cannot read", errno);
    (void)close(fd); /* nothing was written */
    if (rc == SF_OK) {
        rc = sfi_buf_status(&text, err, "its text");
        if (rc == SF_OK) rc = take_file(s, &text, err);
        if (rc != SF_OK) sfi_error_prefix(err, "checkpoints %.300s", s->path);
        if (rc != SF_OK && rc != SF_ERR_MEMORY) rc = SF_ERR_IO; /* it is damaged, whatever is wrong with it */
        if (rc != SF_OK && err != NULL) err->status = rc;
    }
    sfi_buf_free(&text);
    return rc;
}

static sf_status lock(sf_checkpoints *s, sf_error *err)
{
    sfi_buf path = { 0 };
    (void)sfi_buf_addf(&path, "%s.lock", s->path);
    sf_status rc = sfi_buf_status(&path, err, "a path");
    if (rc == SF_OK) {
        s->lock_fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
        if (s->lock_fd < 0) rc = sfi_fail_io(err, of_store, path.data, "cannot open", errno);
    }
    if (rc == SF_OK && flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        rc = errno == EWOULDBLOCK
                 ? sfi_fail(err, SF_ERR_IO, "checkpoints %s: another listener uses them; give each its own", s->path)
                 : sfi_fail_io(err, of_store, path.data, "cannot lock", errno);
    sfi_buf_free(&path);
    return rc;
}

/* ---- the public calls ---- */

static sf_checkpoints *make(const sf_checkpoints_ops *ops, void *user)
{
    sf_checkpoints *s = sfi_calloc(sizeof *s);
    if (s == NULL) return NULL;
    s->ops = *ops;
    s->user = user != NULL ? user : s;
    s->lock_fd = -1;
    return s;
}

sf_status sf_checkpoints_memory(sf_checkpoints **out, sf_error *err)
{
    static const sf_checkpoints_ops ops = { .get = memory_get, .set = memory_set, .where = memory_where };
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = make(&ops, NULL);
    return *out != NULL ? SF_OK : sfi_fail_memory(err, "checkpoints");
}

sf_status sf_checkpoints_file(const char *path, sf_checkpoints **out, sf_error *err)
{
    static const sf_checkpoints_ops ops = { .get = memory_get, .set = file_set, .where = memory_where };
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (path == NULL || path[0] == '\0') return sfi_fail(err, SF_ERR_USAGE, "the path of the checkpoints is empty");
    sfi_buf beside = { 0 };
    sf_checkpoints *s = make(&ops, NULL);
    sf_status rc = SF_OK;
    (void)sfi_buf_addf(&beside, "%s.new", path);
    if (s != NULL) s->path = sfi_strdup(path);
    if (s != NULL) s->new_path = sfi_buf_take(&beside);
    if (s == NULL || s->path == NULL || s->new_path == NULL) rc = sfi_fail_memory(err, "checkpoints");
    if (rc == SF_OK) rc = lock(s, err);
    if (rc == SF_OK) rc = load(s, err);
    if (rc == SF_OK) {
        *out = s;
        s = NULL;
    }
    sfi_buf_free(&beside);
    sf_checkpoints_close(s);
    return rc;
}

sf_status sf_checkpoints_custom(const sf_checkpoints_ops *ops, void *user, sf_checkpoints **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (ops == NULL || ops->get == NULL || ops->set == NULL || !sfi_is_zero(ops->reserved, sizeof ops->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_checkpoints_ops: get or set is missing, or reserved not zero");
    sf_checkpoints *s = make(ops, NULL);
    if (s == NULL) return sfi_fail_memory(err, "checkpoints");
    s->user = user;
    *out = s;
    return SF_OK;
}

void sf_checkpoints_close(sf_checkpoints *store)
{
    if (store == NULL) return;
    if (store->ops.close != NULL) store->ops.close(store->user);
    for (size_t i = 0; i < store->count; i++) sfi_free(store->entries[i].channel);
    sfi_free(store->entries);
    if (store->lock_fd >= 0) (void)close(store->lock_fd); /* closing releases; nothing was written to it */
    sfi_free(store->path);
    sfi_free(store->new_path);
    sfi_free(store);
}

/* ---- for the listener ---- */

typedef struct found_position {
    char *out;
    bool is_found, is_too_long;
} found_position;

static void take_position(void *ctx, const char *position)
{
    found_position *f = ctx;
    size_t len = position != NULL ? strlen(position) : 0;
    f->is_found = len > 0;
    f->is_too_long = len >= SFI_POSITION_BYTES_MAX;
    if (f->is_found && !f->is_too_long) memcpy(f->out, position, len + 1);
}

static sf_status name_failure(sf_status rc, sf_error *err)
{
    if (err != NULL && err->message[0] == '\0')
        return sfi_fail(err, SF_ERR_IO, "the checkpoint store failed, and does not say why");
    if (err != NULL) err->status = rc;
    return rc;
}

sf_status sfi_position_fail(sf_status status, const char *text, const char *where, sf_error *err)
{
    if (text == NULL) return sfi_fail(err, status, "it is too long; remove %.400s to begin anew", where);
    return sfi_fail(err, status, "\"%s\" is no replay id; remove %.400s to begin anew", text, where);
}

sf_status sfi_checkpoints_fail(const sf_checkpoints *store, const char *channel, const char *text, sf_error *err)
{
    char where[SFI_WHERE_BYTES] = "it from the store";
    if (store->ops.where != NULL) store->ops.where(store->user, channel, where, sizeof where);
    where[sizeof where - 1] = '\0';
    sf_status rc = sfi_position_fail(SF_ERR_IO, text, where, err);
    sfi_error_prefix(err, "checkpoint of %s", channel);
    return rc;
}

sf_status sfi_checkpoints_get(sf_checkpoints *store, const char *channel, char out[SFI_POSITION_BYTES_MAX],
                              sf_error *err)
{
    found_position f = { .out = out };
    if (err != NULL) *err = (sf_error){ 0 };
    sf_status rc = store->ops.get(store->user, channel, take_position, &f, err);
    if (rc < 0) return name_failure(rc, err);
    if (f.is_too_long) return sfi_checkpoints_fail(store, channel, NULL, err);
    return rc == SF_OK && f.is_found ? SF_OK : SF_DONE;
}

sf_status sfi_checkpoints_set(sf_checkpoints *store, const char *channel, const char *position, sf_error *err)
{
    if (err != NULL) *err = (sf_error){ 0 };
    sf_status rc = store->ops.set(store->user, channel, position, err);
    return rc < 0 ? name_failure(rc, err) : SF_OK;
}
