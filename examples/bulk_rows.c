/*
 * bulk_rows.c: rows that a program makes, twenty thousand of them, into the org through bulk jobs. Usage: example_bulk_rows
 * [JOURNAL]: with a journal the next call goes on where this one was interrupted. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 20000 };

/* Where the rows come from: here a counter, elsewhere a cursor of a database. */
typedef struct maker {
    int made;
    char last_name[40];
} maker;

static sf_status next_row(void *user, sf_str *fields, sf_error *err)
{
    maker *m = user;
    (void)err;
    if (m->made == ROWS) return SF_DONE;
    snprintf(m->last_name, sizeof m->last_name, "Row, %d", ++m->made);
    fields[0] = (sf_str){ m->last_name, strlen(m->last_name) };
    if (m->made % 2 == 0) fields[1] = (sf_str){ "Engineer", 8 }; /* else it stays null, which clears the field */
    return SF_ROW;
}

static sf_status load_rows(sf_client *sf, const char *journal, sf_error *err)
{
    static const char *const names[] = { "LastName", "Title" };
    sf_load_report report;
    maker m = { 0 };
    const sf_load_rows rows = { .names = names, .column_count = 2, .next = next_row, .user = &m };
    sf_status rc = sf_bulk_load(
        sf,
        &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .rows = &rows, .journal_path = journal },
        &report, err);
    if (rc >= 0) printf("%lld rows, %lld written\n", (long long)report.rows, (long long)report.succeeded);
    return rc;
}

int main(int argc, char **argv)
{
    sf_error err = { 0 };
    sf_client *sf = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = load_rows(sf, argc > 1 ? argv[1] : NULL, &err);
    if (rc >= 0 && argc > 1) (void)remove(argv[1]); /* all is done: it is not needed any more */
    sf_client_close(sf);
    if (rc >= 0) return 0;
    fprintf(stderr, "%s: %s\n", sf_status_name(rc), err.message);
    return 1;
}
