/* park.c: places where answers wait, see server.h. */
#include "http/park.h"
#include <pthread.h>

struct sfo_park {
    pthread_mutex_t lock;
    int references;
    struct MHD_Connection *suspended; /* NULL: nobody sleeps here */
    bool is_woken;                    /* and has not been asked since */
};

sfo_park *sfo_park_new(void)
{
    sfo_park *p = sfi_calloc(sizeof *p);
    if (p == NULL) return NULL;
    p->references = 1;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

sfo_park *sfo_park_keep(sfo_park *p)
{
    pthread_mutex_lock(&p->lock);
    p->references++;
    pthread_mutex_unlock(&p->lock);
    return p;
}

void sfo_park_release(sfo_park *p)
{
    if (p == NULL) return;
    pthread_mutex_lock(&p->lock);
    bool is_last = --p->references == 0;
    pthread_mutex_unlock(&p->lock);
    if (!is_last) return;
    pthread_mutex_destroy(&p->lock);
    sfi_free(p);
}

void sfo_park_wake(sfo_park *p)
{
    pthread_mutex_lock(&p->lock);
    struct MHD_Connection *sleeper = p->suspended;
    p->is_woken = true;
    p->suspended = NULL;
    if (sleeper != NULL) MHD_resume_connection(sleeper); /* with the lock: it cannot end before */
    pthread_mutex_unlock(&p->lock);
}

void sfo_park_suspend(sfo_park *p, struct MHD_Connection *connection)
{
    pthread_mutex_lock(&p->lock);
    MHD_suspend_connection(connection);
    if (p->is_woken)
        MHD_resume_connection(connection);
    else
        p->suspended = connection;
    pthread_mutex_unlock(&p->lock);
}

void sfo_park_ask(sfo_park *p)
{
    pthread_mutex_lock(&p->lock);
    p->is_woken = false;
    pthread_mutex_unlock(&p->lock);
}
