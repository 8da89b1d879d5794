/*
 * coordinator_internal.h: the operations of a coordinator, checked on their way in and out. Called by standby.c and by
 * the tests. Threads: any; one operation of a coordinator at a time, the others wait.
 */
#ifndef SFI_COORDINATOR_INTERNAL_H
#define SFI_COORDINATOR_INTERNAL_H
#include <salesforce/coordination.h>
#include "base/base_internal.h"

enum {
    SFI_GROUPS_MAX = 1000,        /* in a coordinator of ours */
    SFI_GROUP_CHANNELS_MAX = 1000 /* with positions, in a group */
};

/* See sf_coordinator_ops. Each answers SF_OK, SF_DONE or an error that names what failed. */
sf_status sfi_coordinator_attempt(sf_coordinator *c, const char *group, const char *node, int64_t liveness_ms,
                                  int64_t *epoch, sf_error *err);
sf_status sfi_coordinator_renew(sf_coordinator *c, const char *group, const char *node, int64_t epoch,
                                int64_t liveness_ms, sf_error *err);
sf_status sfi_coordinator_relinquish(sf_coordinator *c, const char *group, const char *node, int64_t epoch,
                                     sf_error *err);
sf_status sfi_coordinator_save(sf_coordinator *c, const char *group, int64_t epoch, const char *channel,
                               const char *position, sf_error *err);
/* is_too_long (NULL: not asked): what is kept is no position for its length, and the failure says so. */
sf_status sfi_coordinator_get(sf_coordinator *c, const char *group, const char *channel,
                              char out[SF_POSITION_BYTES_MAX + 1], bool *is_too_long, sf_error *err);
/* What is kept as a position cannot be used: says so, and what to remove. text NULL: it is too long to be shown. */
sf_status sfi_coordinator_fail_position(const sf_coordinator *c, const char *group, const char *channel,
                                        const char *text, sf_error *err);

/* Milliseconds by a clock that all processes of a host share and that goes on while the host sleeps. */
int64_t sfi_boot_ms(void);

/* ---- what our own coordinators keep of a group (groups.c) ---- */
typedef struct sfi_position {
    char *channel;
    char text[SF_POSITION_BYTES_MAX + 1];
} sfi_position;

typedef struct sfi_group {
    char *name;
    char *node;       /* who leads; NULL: nobody */
    int64_t epoch;    /* of the newest term; 0: there was none */
    int64_t until_ms; /* when its lease ends, by sfi_boot_ms */
    int64_t mark;     /* of the file's: where the leader's lock is */
    sfi_position *positions;
    size_t position_count;
} sfi_group;

typedef struct sfi_groups {
    sfi_group *list;
    size_t count;
} sfi_groups;

sfi_group *sfi_groups_find(const sfi_groups *g, const char *name);                          /* NULL: none */
sf_status sfi_groups_take(sfi_groups *g, const char *name, sfi_group **out, sf_error *err); /* made when missing */
/* As ops->save says; and the same without asking for a term. */
sf_status sfi_group_save(sfi_group *g, int64_t epoch, const char *channel, const char *position, sf_error *err);
sf_status sfi_group_keep(sfi_group *g, const char *channel, const char *position, sf_error *err);
const char *sfi_group_position(const sfi_group *g, const char *channel); /* NULL: none */
bool sfi_group_is_led_by(const sfi_group *g, const char *node, int64_t epoch);
/* As ops->attempt says. */
sf_status sfi_group_attempt(sfi_group *g, const char *node, int64_t liveness_ms, int64_t *epoch, sf_error *err);
void sfi_groups_clear(sfi_groups *g);
#endif
