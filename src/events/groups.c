/* groups.c: see coordinator_internal.h: leases and positions as plain data, for the coordinators in memory and in a file. */
#include <time.h>
#include "events/coordinator_internal.h"

int64_t sfi_boot_ms(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0) return sfi_now_ms(); /* a kernel older than 2.6.39 */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

sfi_group *sfi_groups_find(const sfi_groups *g, const char *name)
{
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->list[i].name, name) == 0) return &g->list[i];
    return NULL;
}

sf_status sfi_groups_take(sfi_groups *g, const char *name, sfi_group **out, sf_error *err)
{
    *out = sfi_groups_find(g, name);
    if (*out != NULL) return SF_OK;
    if (g->count == SFI_GROUPS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a coordinator has at most %d groups", SFI_GROUPS_MAX);
    sfi_group *more = sfi_realloc(g->list, (g->count + 1) * sizeof *more);
    if (more == NULL) return sfi_fail_memory(err, "a group");
    g->list = more;
    more[g->count] = (sfi_group){ .name = sfi_strdup(name) };
    if (more[g->count].name == NULL) return sfi_fail_memory(err, "a group");
    *out = &more[g->count++];
    return SF_OK;
}

sf_status sfi_group_save(sfi_group *g, int64_t epoch, const char *channel, const char *position, sf_error *err)
{
    if (epoch < g->epoch) return SF_DONE;
    sf_status rc = sfi_group_keep(g, channel, position, err);
    if (rc != SF_OK || epoch == g->epoch) return rc;
    g->epoch = epoch; /* later than ours: what we knew of it was lost, and the next has to be later still */
    sfi_free(g->node);
    g->node = NULL; /* nobody leads in a term that is not its own */
    return SF_OK;
}

sf_status sfi_group_keep(sfi_group *g, const char *channel, const char *position, sf_error *err)
{
    sfi_position *p = NULL;
    if (strlen(position) > SF_POSITION_BYTES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a position is longer than %d bytes", SF_POSITION_BYTES_MAX);
    for (size_t i = 0; i < g->position_count && p == NULL; i++)
        if (strcmp(g->positions[i].channel, channel) == 0) p = &g->positions[i];
    if (p == NULL) {
        if (g->position_count == SFI_GROUP_CHANNELS_MAX)
            return sfi_fail(err, SF_ERR_LIMIT, "a group has at most %d channels", SFI_GROUP_CHANNELS_MAX);
        sfi_position *more = sfi_realloc(g->positions, (g->position_count + 1) * sizeof *more);
        if (more == NULL) return sfi_fail_memory(err, "a position");
        g->positions = more;
        p = &more[g->position_count];
        *p = (sfi_position){ .channel = sfi_strdup(channel) };
        if (p->channel == NULL) return sfi_fail_memory(err, "a position");
        g->position_count++;
    }
    (void)snprintf(p->text, sizeof p->text, "%s", position);
    return SF_OK;
}

const char *sfi_group_position(const sfi_group *g, const char *channel)
{
    for (size_t i = 0; i < g->position_count; i++)
        if (strcmp(g->positions[i].channel, channel) == 0) return g->positions[i].text;
    return NULL;
}

bool sfi_group_is_led_by(const sfi_group *g, const char *node, int64_t epoch)
{
    return g->node != NULL && g->epoch == epoch && strcmp(g->node, node) == 0;
}

sf_status sfi_group_attempt(sfi_group *g, const char *node, int64_t liveness_ms, int64_t *epoch, sf_error *err)
{
    int64_t now = sfi_boot_ms();
    bool is_own = g->node != NULL && strcmp(g->node, node) == 0;
    if (g->node != NULL && !is_own && now < g->until_ms) return SF_DONE;
    if (!is_own) {
        char *name = sfi_strdup(node);
        if (name == NULL) return sfi_fail_memory(err, "a node");
        sfi_free(g->node);
        g->node = name;
        g->epoch++;
    }
    g->until_ms = now + liveness_ms;
    *epoch = g->epoch;
    return SF_OK;
}

void sfi_groups_clear(sfi_groups *g)
{
    for (size_t i = 0; i < g->count; i++) {
        sfi_group *one = &g->list[i];
        for (size_t p = 0; p < one->position_count; p++) sfi_free(one->positions[p].channel);
        sfi_free(one->positions);
        sfi_free(one->name);
        sfi_free(one->node);
    }
    sfi_free(g->list);
    *g = (sfi_groups){ 0 };
}
