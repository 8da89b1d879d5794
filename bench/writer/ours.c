/* ours.c: bench/writer through the public API: rows created through sf_writer, results counted and their ids added up. */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sum {
    long ok;
    unsigned long ids; /* of the ids' bytes: that each was read */
} sum;

static bool take(void *user, const sf_row_result *r)
{
    sum *s = user;
    s->ok += r->success && r->created;
    for (int i = 0; i < 18; i++) s->ids += (unsigned char)r->id.text[i];
    return r->success;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "", *token = argc > 3 ? argv[3] : "00Dbench!token";
    long rows = argc > 2 ? strtol(argv[2], NULL, 10) : 100000;
    sf_error err;
    sf_client *sf = NULL;
    sf_writer *w = NULL;
    sum s = { 0 };
    sf_writer_counts counts = { 0 };
    sf_status rc = sf_client_open(&(sf_client_options){ .instance_url = url,
                                                        .api_version = "62.0",
                                                        .auth = { .flow = SF_AUTH_BEARER, .access_token = token } },
                                  &sf, &err);
    if (rc == SF_OK)
        rc = sf_writer_open(
            sf, &(sf_writer_options){ .operation = SF_INSERT, .object = "Account", .on_result = take, .user = &s }, &w,
            &err);
    for (long i = 0; rc == SF_OK && i < rows; i++) {
        char name[64], phone[32];
        snprintf(name, sizeof name, "Company %ld Müller & Söhne", i);
        snprintf(phone, sizeof phone, "+41 44 %07ld", i);
        rc = sf_writer_add_fields(
            w,
            SF_BINDS({ "Name", sf_bind_str(name) }, { "Phone", sf_bind_str(phone) },
                     { "Industry", sf_bind_str("Energy") }, { "BillingCity", sf_bind_str("Zürich") },
                     { "NumberOfEmployees", sf_bind_int(i % 5000) },
                     { "AnnualRevenue", sf_bind_double((double)i * 1000.5) },
                     { "Description", sf_bind_str("Makes \"things\" of many kinds,\nand sells them everywhere.") }),
            &err);
    }
    sf_status ended = sf_writer_close(w, &counts, &err);
    if (rc == SF_OK) rc = ended;
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    printf("%ld %lu\n", s.ok, s.ids);
    return rc < 0 || counts.succeeded != rows;
}
