/*
 * worker.c: the thread that works batches off, oldest first. It sleeps until somebody says that there is work; while the
 * store fails it stops trying until the next word, so that a full disk is no busy loop.
 */
#include "bulk/bulk_internal.h"

void sfo_bulk_context(const sfo_bulk_job *job, sfo_context *out)
{
    int64_t major = 0;
    sf_str version = sfi_str(job->version);
    (void)sfi_take_int(&version, 1000, &major);
    *out = (sfo_context){
        .user_id = job->created_by, .version = job->version, .version_number = (double)major, .id_in_body = true, .api = "bulkapi"
    };
}

/* @return false: nothing more can be done now. */
static bool work_off(sfo_bulk *b)
{
    sfo_fault fault = { 0 };
    sfo_bulk_batch batch = { .id = "" };
    sfo_bulk_job job;
    bool fine = sfo_bulk_batch_next(b, &batch, &fault) == 1 && sfo_bulk_job_get(b, batch.job, &job, &fault);
    sfo_fault_clear(&fault);
    if (!fine) return false;
    return job.is_query ? sfo_bulk_extract(b, &job, &batch) : sfo_bulk_ingest(b, &job, &batch);
}

static void *run(void *user)
{
    sfo_bulk *b = user;
    while (!atomic_load(&b->stopping)) {
        pthread_mutex_lock(&b->lock);
        while (!b->wanted && !atomic_load(&b->stopping)) pthread_cond_wait(&b->work, &b->lock);
        b->wanted = false;
        pthread_mutex_unlock(&b->lock);
        while (!atomic_load(&b->stopping) && work_off(b)) {
        } /* each round ends a batch */
    }
    return NULL;
}

void sfo_bulk_wake(sfo_bulk *b)
{
    pthread_mutex_lock(&b->lock);
    if (!b->has_thread) b->has_thread = pthread_create(&b->thread, NULL, run, b) == 0;
    b->wanted = true;
    pthread_cond_signal(&b->work);
    pthread_mutex_unlock(&b->lock);
}

sf_status sfo_bulk_open(const sfo_bulk_options *options, sfo_bulk **out, sf_error *err)
{
    *out = NULL;
    sfo_bulk *b = sfi_calloc(sizeof *b);
    if (b == NULL) return sfi_fail_memory(err, "bulk jobs");
    b->options = *options;
    if (b->options.batches_max == 0) b->options.batches_max = SFO_BULK_BATCHES_DAILY;
    if (b->options.query_jobs_max == 0) b->options.query_jobs_max = SFO_BULK_QUERY_JOBS_DAILY;
    b->store = options->store;
    b->has_lock = pthread_mutex_init(&b->lock, NULL) == 0;
    if (b->has_lock && pthread_cond_init(&b->work, NULL) != 0) {
        pthread_mutex_destroy(&b->lock);
        b->has_lock = false;
    }
    sf_status rc = b->has_lock ? sfo_bulk_tables_open(b, err) : sfi_fail_memory(err, "bulk jobs");
    if (rc != SF_OK) {
        sfo_bulk_close(b);
        return rc;
    }
    sfo_bulk_batch waiting;
    if (sfo_bulk_batch_next(b, &waiting, NULL) == 1) sfo_bulk_wake(b); /* what the last run left */
    *out = b;
    return SF_OK;
}

void sfo_bulk_close(sfo_bulk *b)
{
    if (b == NULL) return;
    atomic_store(&b->stopping, true);
    if (b->has_thread) {
        pthread_mutex_lock(&b->lock);
        pthread_cond_signal(&b->work);
        pthread_mutex_unlock(&b->lock);
        pthread_join(b->thread, NULL);
    }
    if (b->has_lock) {
        pthread_cond_destroy(&b->work);
        pthread_mutex_destroy(&b->lock);
    }
    sfi_free(b);
}
