/*
 * events.c: changes of accounts and a platform event, none lost: positions in a file, handlers that fail, gaps that are
 * healed, Ctrl-C. Makes an account and an event, and ends when nothing came for three seconds. Its argument is the file
 * of the positions: the next run goes on where this one ended. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- handlers: SF_OK says that the event need not come again ---- */

static sf_status on_change(void *user, const sf_cdc_event *e)
{
    int *count = user;
    ++*count;
    for (size_t i = 0; i < e->record_id_count; i++)
        printf("%s %s%s by %s\n", e->entity, e->record_ids[i], e->is_healed ? " (read again)" : "", e->origin);
    for (size_t i = 0; i < e->changed_count; i++) {
        const char *now = sf_get_str(e->event.payload, e->changed_fields[i]);
        printf("  %s: %s\n", e->changed_fields[i], now != NULL ? now : "(empty)");
    }
    return SF_OK;
}

static sf_status on_delete(void *user, const sf_cdc_event *e)
{
    int *count = user;
    ++*count;
    for (size_t i = 0; i < e->record_id_count; i++) printf("%s %s is gone\n", e->entity, e->record_ids[i]);
    return SF_OK;
}

static sf_status on_ink(void *user, const sf_event *e)
{
    int *count = user;
    ++*count;
    const char *model = sf_get_str(e->payload, "Model__c");
    if (model == NULL) return SF_ERR_ORG; /* called again, and at last a dead letter */
    printf("%s is at %g %%\n", model, sf_get_double(e->payload, "Level__c", 0));
    return SF_OK;
}

static sf_status on_error(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                          const sf_error *why)
{
    (void)user;
    (void)event;
    fprintf(stderr, "%s: %s\n", channel, why->message);
    return trouble == SF_TROUBLE_LOST ? SF_OK : why->status; /* go on as sf_attach_options.lost says; else stop */
}

static sf_status on_dead_letter(void *user, const sf_event *event, const sf_error *why)
{
    char *json = NULL;
    (void)user;
    sf_status rc = sf_value_to_json(event->message, &json, NULL, NULL);
    if (rc == SF_OK) printf("dead letter: %s: %s\n", why->message, json); /* keep it where somebody looks */
    sf_free(json);
    return rc;
}

/* ---- listening ---- */

static sf_listener *listener; /* for the signal handler */

static void on_signal(int number)
{
    (void)number;
    sf_listener_stop(listener);
}

static sf_status attach(sf_listener *l, int *count, sf_error *err)
{
    const sf_cdc_service changes = { .user = count,
                                     .on_create = on_change,
                                     .on_update = on_change,
                                     .on_restore = on_change,
                                     .on_delete = on_delete,
                                     .on_error = on_error,
                                     .heal_gaps = true };
    const sf_event_service ink = { .user = count, .on_message = on_ink, .on_error = on_error };
    const sf_attach_options from = { .replay = SF_REPLAY_STORED,
                                     .otherwise = SF_REPLAY_EARLIEST,
                                     .lost = SF_LOST_EARLIEST };
    sf_status rc = sf_listener_attach_cdc(l, "/data/AccountChangeEvent", &changes, &from, err);
    if (rc == SF_OK) rc = sf_listener_attach_events(l, "/event/Low_Ink__e", &ink, &from, err);
    return rc;
}

/* A program that ends with Ctrl-C only calls sf_listener_run instead. */
static sf_status listen_until_idle(sf_listener *l, const int *count, sf_error *err)
{
    sf_status rc = SF_OK;
    time_t last = time(NULL);
    while (rc == SF_OK) {
        int before = *count;
        rc = sf_listener_poll(l, 1000, err);
        if (*count > before) last = time(NULL);
        if (time(NULL) - last >= 3) sf_listener_stop(l);
    }
    return rc == SF_DONE ? SF_OK : rc;
}

static sf_status listen_to(sf_client *sf, const char *path, sf_error *err)
{
    int count = 0;
    sf_checkpoints *positions = NULL;
    sf_status rc = sf_checkpoints_file(path, &positions, err);
    if (rc != SF_OK) return rc;
    const sf_listener_options options = {
        .checkpoints = positions, .handler_retries = 2, .handler_pause_ms = 100, .on_dead_letter = on_dead_letter
    };
    rc = sf_listener_open(sf, &options, &listener, err);
    if (rc == SF_OK) rc = attach(listener, &count, err);
    if (rc == SF_OK) {
        signal(SIGINT, on_signal);
        rc = listen_until_idle(listener, &count, err);
        signal(SIGINT, SIG_DFL);
    }
    sf_listener_stats stats;
    sf_listener_get_stats(listener, &stats);
    printf("%lld events, %lld dead letters\n", (long long)stats.handled, (long long)stats.dead_letters);
    sf_listener_close(listener); /* stores what was handled */
    sf_checkpoints_close(positions);
    return rc;
}

/* ---- something to listen to ---- */

static sf_status make_events(sf_client *sf, sf_error *err)
{
    static const char *const models[] = { "XZ-5", NULL }; /* the second has no model, which the handler wants */
    sf_id id;
    sf_record *account = sf_record_new("Account");
    sf_status rc = sf_record_set_str(account, "Name", "Ink and Paper");
    if (rc == SF_OK) rc = sf_record_create(sf, account, NULL, &id, err);
    sf_record_free(account);
    sf_record *change = sf_record_new("Account");
    if (rc == SF_OK) rc = sf_record_set_str(change, "BillingCity", "Aveiro");
    if (rc == SF_OK) rc = sf_record_update(sf, change, id.text, NULL, err);
    sf_record_free(change);
    for (int i = 0; rc == SF_OK && i < 2; i++) {
        sf_record *ink = sf_record_new("Low_Ink__e");
        rc = sf_record_set_int(ink, "Level__c", 12 - i);
        if (rc == SF_OK && models[i] != NULL) rc = sf_record_set_str(ink, "Model__c", models[i]);
        if (rc == SF_OK) rc = sf_publish(sf, ink, NULL, NULL, err);
        sf_record_free(ink);
    }
    return rc;
}

int main(int argc, char **argv)
{
    sf_error err = { 0 };
    sf_client *sf = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: %s POSITIONS.json\n", argv[0]);
        return 2;
    }
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = make_events(sf, &err);
    if (rc == SF_OK) rc = listen_to(sf, argv[1], &err);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_client_close(sf);
    return rc < 0;
}
