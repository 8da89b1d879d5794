/*
 * standby.c: a listener that is one of a group: one leads and listens, the others wait for it to fall. Start it several
 * times with the same argument, the folder of the group, and kill the one that leads. Ends when nothing came for three
 * seconds. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static time_t last; /* when something came */

static sf_status on_ink(void *user, const sf_event *e)
{
    (void)user;
    last = time(NULL);
    printf("replay id %lld: %s\n", (long long)e->replay_id, sf_get_str(e->payload, "Model__c"));
    return SF_OK;
}

static void on_state(void *user, sf_listener_state state, const sf_error *why)
{
    static const char *const names[] = { "leading, connecting", "leading, connected", "stopped", "standing by" };
    (void)user;
    printf("%s%s%s\n", names[state], why != NULL ? ": " : "", why != NULL ? why->message : "");
}

static sf_status listen_in_turns(sf_client *sf, const char *folder, sf_error *err)
{
    sf_coordinator *coordinator = NULL;
    sf_listener *l = NULL;
    sf_status rc = sf_coordinator_file(folder, &coordinator, err); /* of one host; of several: sf_coordinator_redis */
    if (rc != SF_OK) return rc;
    const sf_listener_options options = {
        .coordinator = coordinator, .group = "acme/low-ink", .on_state = on_state /* and liveness_ms, heartbeat_ms */
    };
    const sf_event_service ink = { .on_message = on_ink };
    const sf_attach_options from = { .replay =
                                         SF_REPLAY_EARLIEST }; /* the group's position goes before, if it has one */
    rc = sf_listener_open(sf, &options, &l, err);
    if (rc == SF_OK) rc = sf_listener_attach_events(l, "Low_Ink__e", &ink, &from, err);
    last = time(NULL);
    while (rc == SF_OK) { /* a program that ends with a signal only calls sf_listener_run instead */
        rc = sf_listener_poll(l, 1000, err);
        if (time(NULL) - last >= 3) sf_listener_stop(l);
    }
    sf_listener_close(l);
    sf_coordinator_close(coordinator);
    return rc == SF_DONE ? SF_OK : rc;
}

int main(int argc, char **argv)
{
    sf_error err = { 0 };
    sf_client *sf = NULL;
    const sf_client_options options = { .login_url = getenv("SFORCE_URL"),
                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } };
    sf_status rc = sf_client_open(&options, &sf, &err);
    if (rc == SF_OK) rc = listen_in_turns(sf, argc > 1 ? argv[1] : "group", &err);
    sf_client_close(sf);
    if (rc != SF_OK) fprintf(stderr, "%s\n", err.message);
    return rc == SF_OK ? 0 : 1;
}
