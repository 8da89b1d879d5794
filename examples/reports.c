/*
 * reports.c: a report's rows in their groups, the total of each group, another filter for one run, and a run in the
 * background. Usage: example_reports [REPORT NAME]. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

/* The id of a report by its name: reports are rows of the object Report. */
static sf_status find(sf_client *sf, const char *name, sf_id *id, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_query_open(sf, "SELECT Id FROM Report WHERE Name = :name",
                                 &(sf_query_options){ .binds = SF_BINDS({ "name", sf_bind_str(name) }) }, &q, err);
    if (rc == SF_OK) rc = sf_query_next(q, &row, err);
    if (rc == SF_ROW) snprintf(id->text, sizeof id->text, "%s", sf_get_str(row, "Id"));
    sf_query_close(q);
    return rc;
}

static sf_status show_rows(sf_report_result *r, sf_error *err)
{
    sf_report_row row;
    sf_status rc;
    while ((rc = sf_report_next(r, &row, err)) == SF_ROW) {
        for (size_t i = 0; i < row.down_count; i++) printf("%s | ", row.down[i].label);
        for (size_t i = 0; i < row.cell_count; i++) printf("%s%s", i > 0 ? ", " : "", row.cells[i].label);
        putchar('\n');
    }
    return rc; /* SF_DONE: these were all; SF_ERR_TRUNCATED: the org left rows out */
}

static sf_status show_totals(sf_report_result *r, sf_error *err)
{
    sf_report_fact fact;
    for (size_t i = 0; i < sf_report_fact_count(r); i++) {
        sf_status rc = sf_report_fact_at(r, i, &fact, err);
        if (rc < 0) return rc;
        printf("%s:", fact.down_count > 0 ? fact.down[fact.down_count - 1].label : "all");
        for (size_t k = 0; k < fact.aggregate_count; k++)
            printf(" %s %s", sf_report_column_at(r, SF_REPORT_AGGREGATES, k).label, fact.aggregates[k].label);
        putchar('\n');
    }
    return SF_OK;
}

static sf_status run_in_background(sf_client *sf, const char *id, sf_error *err)
{
    sf_report_instance run;
    sf_report_result *r = NULL;
    sf_status rc = sf_report_run_async(sf, id, NULL, &run, err);
    if (rc == SF_OK)
        rc = sf_report_wait(sf, id, run.id.text,
                            &(sf_report_wait_options){ .call = &(sf_call_options){ .timeout_ms = 60000 } }, &r, err);
    if (rc == SF_OK) printf("the run %s has ended\n", run.id.text);
    sf_report_close(r);
    return rc;
}

int main(int argc, char **argv)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_report_result *r = NULL;
    sf_id id = { "" };
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = find(sf, argc > 1 ? argv[1] : "Accounts by Type", &id, &err);
    if (rc == SF_DONE) fputs("no report has that name\n", stderr);
    if (rc == SF_ROW) {
        const sf_report_filter filters[] = { { .column = "TYPE", .op = "notEqual", .value = "Other" },
                                             { .column = "SALES", .op = "greaterThan", .value = "100000000" } };
        rc = sf_report_run(sf, id.text, &(sf_report_options){ .filters = filters, .filter_count = 2 }, &r, &err);
        if (rc == SF_OK) rc = show_rows(r, &err);
        if (rc == SF_DONE) rc = show_totals(r, &err);
        if (rc == SF_OK) rc = run_in_background(sf, id.text, &err);
    }
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_report_close(r);
    sf_client_close(sf);
    return rc != SF_OK;
}
