/*
 * bulk.c: a CSV file into the org, with the lines of the rows that failed; and the rows of a query into a file, which goes on
 * where it stood when it was interrupted. Usage: example_bulk [FOLDER]: where the files go. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Three rows, of which one cannot be written. */
static bool make_input(const char *path)
{
    FILE *f = fopen(path, "w");
    if (f == NULL) return false;
    fputs("LastName,Email\nBulk One,one@example.com\nBulk Two,nowhere\n\"Bulk, Three\",\n", f);
    return fclose(f) == 0;
}

static sf_status load(sf_client *sf, const char *csv, const char *errors, sf_error *err)
{
    sf_load_report report;
    sf_status rc = sf_bulk_load(
        sf,
        &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .csv_path = csv, .errors_path = errors },
        &report, err);
    if (rc < 0) return rc; /* nothing was sent (SF_ERR_USAGE), or it was interrupted: see bulk.md */
    printf("%lld rows, %lld written\n", (long long)report.rows, (long long)report.succeeded);
    for (size_t i = 0; i < report.reason_count; i++) /* SF_DONE: some rows failed */
        printf("%lld times, first in line %lld: %s\n", (long long)report.reasons[i].rows,
               (long long)report.reasons[i].line, report.reasons[i].message);
    return SF_OK;
}

static bool show(void *user, const sf_export_progress *p)
{
    (void)user;
    if (p->rows_total >= 0) /* else the org is still at work */
        fprintf(stderr, "%lld of %lld rows\n", (long long)p->rows, (long long)p->rows_total);
    return true; /* false would end it; the journal then knows how far it came */
}

static sf_status export(sf_client *sf, const char *path, const char *journal, sf_error *err)
{
    sf_export_report report;
    sf_status rc = sf_bulk_export(sf,
                                  &(sf_bulk_export_options){ .soql = "SELECT Id, LastName, Account.Name FROM Contact",
                                                             .path = path,
                                                             .journal_path = journal,
                                                             .progress = show },
                                  &report, err);
    if (rc == SF_OK) printf("exported %lld rows, %lld bytes\n", (long long)report.rows, (long long)report.bytes);
    return rc;
}

/* The same by hand: a job, its pages. */
static sf_status count_rows(sf_client *sf, const char *soql, FILE *out, sf_error *err)
{
    sf_bulk2_job job;
    sf_sink sink;
    sf_bulk2_page page = { 0 };
    sf_status rc = sf_bulk2_create_query(sf, soql, NULL, &job, err);
    if (rc == SF_OK) rc = sf_bulk2_wait(sf, SF_JOB_QUERY, job.id.text, NULL, &job, err);
    if (rc == SF_OK && job.state != SF_JOB_COMPLETE) {
        fprintf(stderr, "job %s: %s %s\n", job.id.text, job.state_name, job.error_message);
        return SF_OK;
    }
    if (rc == SF_OK) rc = sf_sink_of_fd(fileno(out), &sink, err);
    for (bool first = true; rc == SF_OK && (first || page.locator[0] != '\0'); first = false) {
        sf_bulk2_page_options options = { .locator = page.locator, .rows_max = 1000 };
        rc = sf_bulk2_get_page(sf, job.id.text, &options, &sink, &page, err); /* each with the header line */
        if (rc == SF_OK) printf("a page of %lld rows\n", (long long)page.rows);
    }
    return rc;
}

int main(int argc, char **argv)
{
    char csv[512], errors[512], rows[512], journal[512];
    const char *folder = argc > 1 ? argv[1] : ".";
    snprintf(csv, sizeof csv, "%s/contacts.csv", folder);
    snprintf(errors, sizeof errors, "%s/contacts.errors.csv", folder);
    snprintf(rows, sizeof rows, "%s/export.csv", folder);
    snprintf(journal, sizeof journal, "%s/export.journal", folder);
    sf_error err = { 0 };
    sf_client *sf = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK && !make_input(csv)) fprintf(stderr, "%s cannot be written\n", csv);
    if (rc == SF_OK) rc = load(sf, csv, errors, &err);
    if (rc == SF_OK) rc = export(sf, rows, journal, &err);
    FILE *out = rc == SF_OK ? fopen("/dev/null", "w") : NULL;
    if (out != NULL) rc = count_rows(sf, "SELECT Id FROM Contact WHERE LastName LIKE 'Bulk%'", out, &err);
    if (out != NULL) fclose(out);
    if (rc == SF_OK) (void)remove(journal); /* all is done: it is not needed any more */
    sf_client_close(sf);
    if (rc >= 0) return 0;
    fprintf(stderr, "%s: %s\n", sf_status_name(rc), err.message);
    return 1;
}
