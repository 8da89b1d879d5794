/*
 * scan.c: how fast src/csv goes through a file: records found and columns counted, by each kernel, and whole fields given
 * out by the reader; beside them memcpy of the same bytes. One core, the file mapped and warm, the best of several rounds.
 * usage: bench_csv_scan FILE [ROUNDS]; one line a way: name, GB/s, records, columns
 */
#include "csv/csv_internal.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct result {
    long long records, columns;
} result;

static result scan(const char *data, size_t len)
{
    sfi_csv_scan s;
    sf_error err;
    sf_status rc = SF_OK;
    sfi_csv_scan_init(&s, ',');
    for (size_t at = 0; rc == SF_OK && at < len; at += CHUNK)
        rc = sfi_csv_scan_feed(&s, data + at, len - at < CHUNK ? len - at : CHUNK, &err);
    if (rc == SF_OK) rc = sfi_csv_scan_finish(&s, &err);
    if (rc != SF_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return (result){ s.records, s.columns };
}

static result fields(const char *data, size_t len)
{
    sfi_csv_reader *r = NULL;
    sfi_csv_record record;
    result found = { 0, 0 };
    sf_status rc = sfi_csv_reader_new(NULL, &r, NULL);
    size_t at = 0, size;
    char *room;
    bool ended = false;
    while (rc >= 0 && ((rc = sfi_csv_reader_next(r, &record, NULL)) == SF_ROW || (rc == SF_DONE && !ended))) {
        if (rc == SF_ROW) {
            found.records++;
            found.columns = (long long)record.count;
        } else if (at < len) {
            size_t n = len - at < CHUNK ? len - at : CHUNK;
            rc = sfi_csv_reader_room(r, n, &room, &size, NULL);
            if (rc < 0) break;
            memcpy(room, data + at, n);
            sfi_csv_reader_added(r, n);
            at += n;
        } else {
            sfi_csv_reader_end(r);
            ended = true;
        }
    }
    if (rc < 0) exit(1);
    sfi_csv_reader_free(r);
    return found;
}

static char *copy_to;
static result copy(const char *data, size_t len)
{
    memcpy(copy_to, data, len);
    return (result){ copy_to[len / 2] == data[len / 2], 0 };
}

static void measure(const char *name, result (*way)(const char *data, size_t len), const char *data, size_t len,
                    int rounds)
{
    double best = 1e9;
    result r = { 0, 0 };
    for (int i = 0; i < rounds; i++) {
        double start = now();
        r = way(data, len);
        double took = now() - start;
        if (took < best) best = took;
    }
    printf("%s\t%.2f\t%lld\t%lld\n", name, (double)len / best / 1e9, r.records, r.columns);
}

int main(int argc, char **argv)
{
    struct stat st;
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 7;
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
        fprintf(stderr, "usage: bench_csv_scan FILE [ROUNDS]\n");
        return 2;
    }
    size_t len = (size_t)st.st_size;
    const char *data = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    copy_to = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (data == MAP_FAILED || copy_to == MAP_FAILED) return 1;
    measure("memcpy", copy, data, len, rounds);
    for (int kernel = 0; sfi_csv_kernel(kernel) != NULL; kernel++) {
        char name[64];
        sfi_csv_use_kernel(kernel);
        snprintf(name, sizeof name, "scan (%s)", sfi_csv_kernel(kernel));
        measure(name, scan, data, len, rounds);
        snprintf(name, sizeof name, "fields (%s)", sfi_csv_kernel(kernel));
        measure(name, fields, data, len, rounds);
    }
    return 0;
}
