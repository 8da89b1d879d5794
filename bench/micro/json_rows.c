/*
 * json_rows.c: how fast a result page is read: 2,000 records of 20 fields, three of them read in each record. Prints, as
 * the median of many rounds, the time and speed of the index alone, of index and rows, and of index, rows and fields.
 * Usage: bench_micro_json_rows [ROUNDS]. The page is made anew in each round, as reading changes it; copying is not timed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "json/json_internal.h"

enum { RECORDS = 2000, ROUNDS = 200, ROUNDS_MAX = 100000 };

static void add_record(sfi_buf *b, int n)
{
    static const char *const cities[] = {
        "Berlin", "Z\xc3\xbcrich", "S\xc3\xa3o Paulo", "Tokyo", "Nairobi", "New York"
    };
    (void)sfi_buf_addf(
        b, "%s{\"attributes\":{\"type\":\"Account\",\"url\":\"/services/data/v62.0/sobjects/Account/001xx%08dAAA\"},",
        n > 0 ? "," : "", n);
    (void)sfi_buf_addf(
        b, "\"Id\":\"001xx%08dAAA\",\"Name\":\"Customer Number %d Incorporated\",\"AccountNumber\":\"CN-%07d\",", n, n,
        n * 7);
    (void)sfi_buf_addf(b, "\"AnnualRevenue\":%d.0,\"NumberOfEmployees\":%d,\"Phone\":\"+49 30 %07d\",\"Fax\":null,",
                       n * 1000, n % 977, n);
    (void)sfi_buf_addf(b, "\"Website\":\"https://www.customer-%d.example.com/start\",\"Industry\":\"Manufacturing\",",
                       n);
    (void)sfi_buf_addf(
        b, "\"BillingStreet\":\"%d Long Road, Building %d\",\"BillingCity\":\"%s\",\"BillingPostalCode\":\"%05d\",", n,
        n % 13, cities[(size_t)n % SFI_COUNT_OF(cities)], n % 99999);
    (void)sfi_buf_addf(
        b, "\"BillingCountry\":\"Germany\",\"IsDeleted\":false,\"CreatedDate\":\"2024-0%d-11T09:22:%02d.000+0000\",",
        n % 9 + 1, n % 60);
    (void)sfi_buf_addf(b,
                       "\"LastModifiedDate\":\"2024-11-2%dT22:10:05.000+0000\",\"OwnerId\":\"005xx0000012Q9zAAC\","
                       "\"Rating\":\"Warm\",",
                       n % 10);
    (void)sfi_buf_addf(b,
                       "\"Description\":\"An account that was made for measuring, with a sentence of the usual length "
                       "in it, number %d\",",
                       n);
    (void)sfi_buf_addf(b, "\"Score__c\":%d.%02d,\"ParentId\":null}", n % 100, n % 89);
}

static char *make_page(size_t *len)
{
    sfi_buf b = { 0 };
    (void)sfi_buf_addf(&b, "{\"totalSize\":200000,\"done\":false,\"nextRecordsUrl\":\"/services/data/v62.0/query/"
                           "01gxx-2000\",\"records\":[");
    for (int n = 0; n < RECORDS; n++) add_record(&b, n);
    (void)sfi_buf_add_str(&b, "]}");
    *len = b.len;
    return sfi_buf_take(&b);
}

static double now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

typedef enum work { INDEX, ROWS, FIELDS, ALL_FIELDS, WHOLE } work;

/* One page; the sum is of what was read, so that it is read and can be checked. */
static bool read_page(sfi_json *doc, size_t len, work what, double *sum)
{
    if (sfi_json_index(doc, len, what == WHOLE, NULL) != SF_OK) return false;
    if (what == INDEX || what == WHOLE) return true;
    sfi_json_rows rows;
    sf_value row;
    sf_status rc = sfi_json_rows_begin(sf_get(sfi_json_root(doc), "records"), &rows, NULL);
    while (rc >= SF_OK && (rc = sfi_json_row_next(&rows, &row, NULL)) == SF_ROW) {
        if (what == FIELDS) {
            const char *id = sf_get_str(row, "Id");
            const char *name = sf_get_str(row, "Name");
            if (id == NULL || name == NULL) return false;
            *sum += sf_get_double(row, "AnnualRevenue", 0) + (double)(id[5] + name[0]);
        } else if (what == ALL_FIELDS) {
            sf_iter it = sf_iter_begin(row);
            sf_str key;
            sf_value v;
            while (sf_iter_next(&it, &key, &v)) *sum += (double)(sf_get_text(v, NULL).len + key.len);
        }
    }
    return rc == SF_DONE;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "index", "index+rows", "index+rows+3 fields", "index+rows+all fields",
                                         "index, whole" };
    int64_t rounds = ROUNDS;
    if (argc > 1 && (!sfi_parse_int(sfi_str(argv[1]), &rounds) || rounds < 1 || rounds > ROUNDS_MAX)) return 2;
    size_t len;
    char *page = make_page(&len);
    double *times = sfi_calloc_n((size_t)rounds, sizeof *times);
    sfi_json *doc;
    if (page == NULL || times == NULL || sfi_json_new(&doc, NULL) != SF_OK) return 1;
    printf("%d records, %zu bytes, %s, %d rounds\n", RECORDS, len, sf_features(), (int)rounds);
    for (work what = INDEX; what <= WHOLE; what++) {
        double sum = 0;
        for (int64_t i = 0; i < rounds; i++) {
            char *buffer = sfi_json_buffer(doc, len);
            if (buffer == NULL) return 1;
            memcpy(buffer, page, len);
            double begin = now_us();
            if (!read_page(doc, len, what, &sum)) return 1;
            times[i] = now_us() - begin;
        }
        qsort(times, (size_t)rounds, sizeof *times, by_size);
        double median = times[rounds / 2];
        printf("%-22s %7.1f us  (%.1f .. %.1f)  %5.2f GB/s  sum %.0f\n", names[what], median, times[rounds / 10],
               times[rounds * 9 / 10], (double)len / median / 1e3, sum / (double)rounds);
    }
    sfi_json_free(doc);
    sfi_free(times);
    sfi_free(page);
    return 0;
}
