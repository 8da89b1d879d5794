/*
 * store.c: token stores: the memory store, and the door to every store's operations, which checks what users' own code
 * answers. Called by token.c. Threads: all of it from any thread; a memory store's gate guards its token and its lock.
 */
#include "auth/auth_internal.h"

#define TIME_MAX_MS INT64_C(253402300799999) /* the end of the year 9999 */

struct sf_token_store {
    sf_token_store_ops ops;
    void *user;
    const char *(*take_warning)(void *user); /* NULL: it never warns */
};

sf_status sfi_store_new(const sf_token_store_ops *ops, void *user, const char *(*take_warning)(void *user),
                        sf_token_store **out, sf_error *err)
{
    sf_token_store *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "a token store");
    *s = (sf_token_store){ .ops = *ops, .user = user, .take_warning = take_warning };
    *out = s;
    return SF_OK;
}

sf_status sf_token_store_custom(const sf_token_store_ops *ops, void *user, sf_token_store **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (ops == NULL || ops->lock == NULL || ops->release == NULL || ops->get == NULL || ops->set == NULL ||
        ops->clear == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "sf_token_store_ops: lock, release, get, set and clear are needed");
    if (!sfi_is_zero(ops->reserved, sizeof ops->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_token_store_ops: reserved is not zero");
    return sfi_store_new(ops, user, NULL, out, err);
}

void sf_token_store_close(sf_token_store *store)
{
    if (store == NULL) return;
    if (store->ops.close != NULL) store->ops.close(store->user);
    sfi_free(store);
}

/* ---- calling a store ---- */

/* A custom store may answer anything; only errors are errors, and those have a text. */
static sf_status checked(sf_status rc, const char *what, sf_error *err)
{
    if (rc < 0 && err != NULL && (err->status != rc || err->message[0] == '\0'))
        (void)sfi_fail(err, rc, "the token store's %s failed", what);
    return rc;
}

sf_status sfi_store_lock(sf_token_store *s, int64_t timeout_ms, sf_error *err)
{
    if (err != NULL) *err = (sf_error){ 0 };
    return checked(s->ops.lock(s->user, timeout_ms, err), "lock", err);
}

void sfi_store_release(sf_token_store *s)
{
    s->ops.release(s->user);
}

/* A store may hold anything: a number that cannot be is as good as none. */
static int64_t within(int64_t n, int64_t max)
{
    return n >= 0 && n <= max ? n : 0;
}

typedef struct found_token {
    sfi_token *out;
    bool was_found, no_memory;
} found_token;

static void take_found(void *ctx, const sf_token *token)
{
    found_token *found = ctx;
    if (found->was_found || token == NULL) return;
    found->was_found = true;
    found->no_memory = !sfi_token_copy(found->out, token);
}

sf_status sfi_store_get(sf_token_store *s, sfi_token *out, sf_error *err)
{
    *out = (sfi_token){ 0 };
    if (err != NULL) *err = (sf_error){ 0 };
    found_token found = { .out = out };
    sf_status rc = checked(s->ops.get(s->user, take_found, &found, err), "get", err);
    if (rc >= 0 && found.no_memory) rc = sfi_fail_memory(err, "a stored token");
    if (rc >= 0) rc = found.was_found && (out->access_token != NULL || out->refresh_token != NULL) ? SF_OK : SF_DONE;
    int64_t begun_ms = rc >= 0 ? within(out->begun_ms, TIME_MAX_MS) : 0;
    if (rc != SF_OK) sfi_token_clear(out);
    out->begun_ms = begun_ms;
    out->issued_at_ms = within(out->issued_at_ms, TIME_MAX_MS);
    out->expires_at_ms = within(out->expires_at_ms, TIME_MAX_MS);
    out->generation = within(out->generation, SFI_GENERATION_MAX);
    return rc;
}

sf_status sfi_store_set(sf_token_store *s, const sfi_token *token, sf_error *err)
{
    sf_token view = sfi_token_view(token);
    if (err != NULL) *err = (sf_error){ 0 };
    return checked(s->ops.set(s->user, &view, err), "set", err);
}

sf_status sfi_store_clear(sf_token_store *s, sf_error *err)
{
    if (err != NULL) *err = (sf_error){ 0 };
    return checked(s->ops.clear(s->user, err), "clear", err);
}

sf_status sfi_store_begin(sf_token_store *s, int64_t begun_ms, sf_error *err)
{
    if (err != NULL) *err = (sf_error){ 0 };
    return s->ops.begin != NULL ? checked(s->ops.begin(s->user, begun_ms, err), "begin", err) : SF_OK;
}

bool sfi_store_is_shared(const sf_token_store *s)
{
    return s->ops.is_shared;
}

const char *sfi_store_take_warning(sf_token_store *s)
{
    return s->take_warning != NULL ? s->take_warning(s->user) : NULL;
}

/* ---- in memory ---- */

typedef struct memory_store {
    sfi_gate gate;   /* guards token; is_busy: somebody holds the store's lock */
    sfi_token token; /* no tokens in it: empty */
} memory_store;

static sf_status memory_lock(void *user, int64_t timeout_ms, sf_error *err)
{
    memory_store *m = user;
    const sfi_wait wait = { .deadline_ms = sfi_now_ms() + timeout_ms };
    sfi_cancel_watcher watcher;
    sf_status rc = sfi_gate_enter(&m->gate, &wait, &watcher, err);
    if (rc != SF_OK) return rc;
    while (rc == SF_OK && m->gate.is_busy)
        rc = sfi_gate_wait(&m->gate, &wait, "the token store's lock", err); /* ends: deadline */
    if (rc == SF_OK) m->gate.is_busy = true;
    sfi_gate_leave(&m->gate, &watcher);
    return rc;
}

static void memory_release(void *user)
{
    memory_store *m = user;
    sfi_gate_end_work(&m->gate);
    pthread_mutex_unlock(&m->gate.lock);
}

static sf_status memory_get(void *user, void (*found)(void *ctx, const sf_token *token), void *ctx, sf_error *err)
{
    memory_store *m = user;
    (void)err; /* nothing can fail */
    pthread_mutex_lock(&m->gate.lock);
    bool is_there = m->token.access_token != NULL || m->token.refresh_token != NULL;
    sf_token view = sfi_token_view(&m->token);
    if (is_there) found(ctx, &view); /* our own function, which copies: sfi_store_get */
    pthread_mutex_unlock(&m->gate.lock);
    return is_there ? SF_OK : SF_DONE;
}

static sf_status memory_set(void *user, const sf_token *token, sf_error *err)
{
    memory_store *m = user;
    sfi_token copy;
    if (!sfi_token_copy(&copy, token)) return sfi_fail_memory(err, "a stored token");
    pthread_mutex_lock(&m->gate.lock);
    copy.generation = m->token.generation + 1;
    sfi_token old = m->token;
    m->token = copy;
    pthread_mutex_unlock(&m->gate.lock);
    sfi_token_clear(&old);
    return SF_OK;
}

static sf_status memory_clear(void *user, sf_error *err)
{
    memory_store *m = user;
    (void)err; /* nothing can fail */
    pthread_mutex_lock(&m->gate.lock);
    sfi_token_clear(&m->token);
    pthread_mutex_unlock(&m->gate.lock);
    return SF_OK;
}

static void memory_close(void *user)
{
    memory_store *m = user;
    sfi_token_clear(&m->token);
    sfi_gate_destroy(&m->gate);
    sfi_free(m);
}

sf_status sf_token_store_memory(sf_token_store **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    static const sf_token_store_ops ops = { .lock = memory_lock,
                                            .release = memory_release,
                                            .get = memory_get,
                                            .set = memory_set,
                                            .clear = memory_clear,
                                            .close = memory_close };
    memory_store *m = sfi_calloc(sizeof *m);
    if (m == NULL) return sfi_fail_memory(err, "a token store");
    sf_status rc = sfi_gate_init(&m->gate, err);
    if (rc == SF_OK) rc = sfi_store_new(&ops, m, NULL, out, err);
    if (rc != SF_OK) memory_close(m);
    return rc;
}
