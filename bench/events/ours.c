/* ours.c: bench/events through the public API: a change service that reads the header and two fields of each event, with checkpoints in
 * a file, until so many have come. usage: bench_events_ours URL EVENTS CHECKPOINTS [memory: not in the file] (prints count, sum and the last replay id; on
 * stderr the peak of memory, KiB, when a tenth was handled and at the end) */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
    sf_listener *listener;
    long count, wanted;
    double sum;
    int64_t last;
    long peak_early;
} tally;

static long peak_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *in = fopen("/proc/self/status", "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) kib = strtol(line + 6, NULL, 10);
    if (in != NULL) fclose(in);
    return kib;
}

static sf_status take(void *user, const sf_cdc_event *e)
{
    tally *t = user;
    const char *name = sf_get_str(e->event.payload, "Name");
    if (e->event.replay_id <= t->last || name == NULL) return SF_ERR_PROTOCOL;
    t->last = e->event.replay_id;
    t->sum += sf_get_double(e->event.payload, "AnnualRevenue", 0) + (unsigned char)name[11] +
              (unsigned char)e->record_ids[0][14] + (double)e->sequence + (unsigned char)e->entity[0] +
              (e->type == SF_CHANGE_CREATE ? 'C' : 'U') + (double)e->changed_count;
    if (++t->count == t->wanted / 10) t->peak_early = peak_kib();
    if (t->count == t->wanted) sf_listener_stop(t->listener);
    return SF_OK;
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    sf_error err;
    sf_client *sf = NULL;
    sf_checkpoints *store = NULL;
    sf_listener *l = NULL;
    tally t = { .wanted = strtol(argv[2], NULL, 10) };
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = argv[1],
                                             .api_version = "64.0",
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dbench!token" } },
                       &sf, &err);
    if (rc == SF_OK) rc = argc > 4 ? sf_checkpoints_memory(&store, &err) : sf_checkpoints_file(argv[3], &store, &err);
    if (rc == SF_OK) rc = sf_listener_open(sf, &(sf_listener_options){ .checkpoints = store }, &l, &err);
    t.listener = l;
    if (rc == SF_OK)
        rc = sf_listener_attach_cdc(
            l, "/data/ChangeEvents", &(sf_cdc_service){ .on_create = take, .on_update = take, .user = &t },
            &(sf_attach_options){ .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_EARLIEST }, &err);
    if (rc == SF_OK) rc = sf_listener_run(l, &err);
    sf_listener_close(l);
    sf_checkpoints_close(store);
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    printf("%ld %.1f %lld\n", t.count, t.sum, (long long)t.last);
    if (rc == SF_OK) fprintf(stderr, "%ld %ld\n", t.peak_early, peak_kib());
    return rc < 0 || t.count != t.wanted;
}
