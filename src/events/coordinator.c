/*
 * coordinator.c: see salesforce/coordination.h and coordinator_internal.h: the coordinator as an object, the one in memory
 * and the user's own. One lock a coordinator makes its operations one at a time, so that an implementation needs none;
 * it is the only lock that is held while something of the user's is called.
 */
#include "events/checkpoints_internal.h"
#include "events/coordinator_internal.h"
#include <pthread.h>

struct sf_coordinator {
    sf_coordinator_ops ops;
    void *user;
    pthread_mutex_t lock; /* one operation at a time */
    sfi_groups groups;    /* of the one in memory */
};

/* ---- in memory ---- */

static sf_status memory_attempt(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                                sf_error *err)
{
    sfi_group *g;
    sf_status rc = sfi_groups_take(user, group, &g, err);
    return rc == SF_OK ? sfi_group_attempt(g, node, liveness_ms, epoch, err) : rc;
}

static sf_status memory_renew(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                              sf_error *err)
{
    sfi_group *g = sfi_groups_find(user, group);
    (void)err; /* it cannot fail */
    if (g == NULL || !sfi_group_is_led_by(g, node, epoch)) return SF_DONE;
    g->until_ms = sfi_boot_ms() + liveness_ms;
    return SF_OK;
}

static sf_status memory_relinquish(void *user, const char *group, const char *node, int64_t epoch, sf_error *err)
{
    sfi_group *g = sfi_groups_find(user, group);
    (void)err; /* it cannot fail */
    if (g == NULL || !sfi_group_is_led_by(g, node, epoch)) return SF_OK;
    sfi_free(g->node);
    g->node = NULL;
    return SF_OK;
}

static sf_status memory_save(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                             sf_error *err)
{
    sfi_group *g;
    sf_status rc = sfi_groups_take(user, group, &g, err);
    return rc == SF_OK ? sfi_group_save(g, epoch, channel, position, err) : rc;
}

static sf_status memory_get(void *user, const char *group, const char *channel,
                            void (*found)(void *ctx, const char *position), void *ctx, sf_error *err)
{
    const sfi_group *g = sfi_groups_find(user, group);
    const char *position = g != NULL ? sfi_group_position(g, channel) : NULL;
    (void)err; /* it cannot fail */
    if (position == NULL) return SF_DONE;
    found(ctx, position);
    return SF_OK;
}

/* ---- the public calls ---- */

static sf_coordinator *make(const sf_coordinator_ops *ops, void *user)
{
    sf_coordinator *c = sfi_calloc(sizeof *c);
    if (c == NULL) return NULL;
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        sfi_free(c);
        return NULL;
    }
    c->ops = *ops;
    c->user = user;
    return c;
}

sf_status sf_coordinator_memory(sf_coordinator **out, sf_error *err)
{
    static const sf_coordinator_ops ops = { .attempt = memory_attempt,
                                            .renew = memory_renew,
                                            .relinquish = memory_relinquish,
                                            .save = memory_save,
                                            .get = memory_get };
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = make(&ops, NULL);
    if (*out == NULL) return sfi_fail_memory(err, "a coordinator");
    (*out)->user = &(*out)->groups;
    return SF_OK;
}

sf_status sf_coordinator_custom(const sf_coordinator_ops *ops, void *user, sf_coordinator **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (ops == NULL || ops->attempt == NULL || ops->renew == NULL || ops->relinquish == NULL || ops->save == NULL ||
        ops->get == NULL || !sfi_is_zero(ops->reserved, sizeof ops->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_coordinator_ops: an operation is missing, or reserved not zero");
    *out = make(ops, user);
    return *out != NULL ? SF_OK : sfi_fail_memory(err, "a coordinator");
}

void sf_coordinator_close(sf_coordinator *c)
{
    if (c == NULL) return;
    if (c->ops.close != NULL) c->ops.close(c->user);
    sfi_groups_clear(&c->groups);
    (void)pthread_mutex_destroy(&c->lock);
    sfi_free(c);
}

/* ---- for the listener ---- */

/* The lock is released here. An answer that is neither SF_OK nor an error is «no»: the careful side. */
static sf_status leave(sf_coordinator *c, sf_status rc, const char *what, sf_error *err)
{
    (void)pthread_mutex_unlock(&c->lock);
    if (rc == SF_OK) return rc;
    if (rc > 0) return SF_DONE;
    if (err != NULL && err->message[0] == '\0')
        return sfi_fail(err, rc, "the coordinator failed to %s, and does not say why", what);
    if (err != NULL) err->status = rc;
    return rc;
}

static void enter(sf_coordinator *c, sf_error *err)
{
    if (err != NULL) *err = (sf_error){ 0 };
    (void)pthread_mutex_lock(&c->lock);
}

sf_status sfi_coordinator_attempt(sf_coordinator *c, const char *group, const char *node, int64_t liveness_ms,
                                  int64_t *epoch, sf_error *err)
{
    int64_t term = 0;
    enter(c, err);
    sf_status rc = leave(c, c->ops.attempt(c->user, group, node, liveness_ms, &term, err), "attempt", err);
    if (rc == SF_OK && term < 1)
        return sfi_fail(err, SF_ERR_USAGE, "the coordinator's attempt gave the epoch %lld", (long long)term);
    if (rc == SF_OK) *epoch = term;
    return rc;
}

sf_status sfi_coordinator_renew(sf_coordinator *c, const char *group, const char *node, int64_t epoch,
                                int64_t liveness_ms, sf_error *err)
{
    enter(c, err);
    return leave(c, c->ops.renew(c->user, group, node, epoch, liveness_ms, err), "renew", err);
}

sf_status sfi_coordinator_relinquish(sf_coordinator *c, const char *group, const char *node, int64_t epoch,
                                     sf_error *err)
{
    enter(c, err);
    return leave(c, c->ops.relinquish(c->user, group, node, epoch, err), "relinquish", err);
}

sf_status sfi_coordinator_save(sf_coordinator *c, const char *group, int64_t epoch, const char *channel,
                               const char *position, sf_error *err)
{
    enter(c, err);
    return leave(c, c->ops.save(c->user, group, epoch, channel, position, err), "save", err);
}

typedef struct found_position {
    char *out;
    bool is_found, is_too_long;
} found_position;

static void take_position(void *ctx, const char *position)
{
    found_position *f = ctx;
    size_t len = position != NULL ? strlen(position) : 0;
    f->is_found = len > 0;
    f->is_too_long = len > SF_POSITION_BYTES_MAX;
    if (f->is_found && !f->is_too_long) memcpy(f->out, position, len + 1);
}

sf_status sfi_coordinator_fail_position(const sf_coordinator *c, const char *group, const char *channel,
                                        const char *text, sf_error *err)
{
    char where[SFI_WHERE_BYTES] = "it from the coordinator";
    if (c->ops.where != NULL) c->ops.where(c->user, group, channel, where, sizeof where);
    where[sizeof where - 1] = '\0';
    sf_status rc = sfi_position_fail(text != NULL ? SF_ERR_IO : SF_ERR_LIMIT, text, where, err);
    sfi_error_prefix(err, "group %.100s, position of %s", group, channel);
    return rc;
}

sf_status sfi_coordinator_get(sf_coordinator *c, const char *group, const char *channel,
                              char out[SF_POSITION_BYTES_MAX + 1], bool *is_too_long, sf_error *err)
{
    found_position f = { .out = out };
    enter(c, err);
    sf_status rc = leave(c, c->ops.get(c->user, group, channel, take_position, &f, err), "get", err);
    if (rc != SF_OK) return rc;
    if (is_too_long != NULL) *is_too_long = f.is_too_long;
    if (f.is_too_long) return sfi_coordinator_fail_position(c, group, channel, NULL, err);
    return f.is_found ? SF_OK : SF_DONE;
}
