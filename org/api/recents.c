/*
 * recents.c: which records each user looked at or wrote last, for /recent and the recent items of an object. In memory:
 * it is a convenience that ends with the process, and reading a record writes nothing to the database. A list is a ring
 * of the newest ids without repeats. See call.h.
 */
#include <pthread.h>
#include "api/call.h"

enum { KEPT = 200 /* of a user */, USERS_MAX = 1000 };

typedef struct user_list {
    char user[19];
    size_t count;
    sf_id ids[KEPT]; /* newest first */
} user_list;

struct sfo_recents {
    pthread_mutex_t lock; /* guards all below */
    user_list **users;
    size_t count;
};

sfo_recents *sfo_recents_new(void)
{
    sfo_recents *r = sfi_calloc(sizeof *r);
    if (r != NULL) pthread_mutex_init(&r->lock, NULL);
    return r;
}

void sfo_recents_free(sfo_recents *r)
{
    if (r == NULL) return;
    for (size_t i = 0; i < r->count; i++) sfi_free(r->users[i]);
    sfi_free(r->users);
    pthread_mutex_destroy(&r->lock);
    sfi_free(r);
}

/* With the lock held. NULL: none yet, and none was asked for, or no room. */
static user_list *list_of(sfo_recents *r, const char *user, bool make)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->users[i]->user, user) == 0) return r->users[i];
    if (!make || r->count == USERS_MAX) return NULL;
    user_list **more = sfi_realloc(r->users, (r->count + 1) * sizeof *more);
    if (more == NULL) return NULL;
    r->users = more;
    user_list *list = sfi_calloc(sizeof *list);
    if (list == NULL) return NULL;
    snprintf(list->user, sizeof list->user, "%s", user);
    r->users[r->count++] = list;
    return list;
}

void sfo_recents_touch(sfo_recents *r, const char *user, const char *id)
{
    pthread_mutex_lock(&r->lock);
    user_list *list = list_of(r, user, true);
    if (list != NULL) {
        size_t at = 0;
        while (at < list->count && strcmp(list->ids[at].text, id) != 0) at++;
        if (at == list->count && list->count < KEPT) list->count++;
        if (at == KEPT) at--;
        memmove(&list->ids[1], &list->ids[0], at * sizeof list->ids[0]);
        list->ids[0] = (sf_id){ "" };
        snprintf(list->ids[0].text, sizeof list->ids[0].text, "%s", id);
    }
    pthread_mutex_unlock(&r->lock);
}

size_t sfo_recents_get(sfo_recents *r, const char *user, sf_id *out, size_t max)
{
    pthread_mutex_lock(&r->lock);
    const user_list *list = list_of(r, user, false);
    size_t count = list != NULL ? (list->count < max ? list->count : max) : 0;
    if (count > 0) memcpy(out, list->ids, count * sizeof *out);
    pthread_mutex_unlock(&r->lock);
    return count;
}
