/*
 * load_join.c: small files share jobs. An org counts jobs and batches by the day, so that a thousand files of a hundred rows must not
 * be a thousand jobs: the rows of files that are small beside a job are written one after another into a temporary file,
 * as they go up, and beside it where each came from, which is just what a retry is (load_results.c). The same files
 * give the same file again, so that a journal need not know of it.
 */
#include <unistd.h>
#include "bulk/load_internal.h"

enum {
    SMALL_SHARE = 16,     /* this part of a job's bytes, */
    SMALL_MAX = 4 << 20,  /* and no more: what is larger is worth a job, and not worth a copy */
    JOINED_MAX = 1 << 30, /* bytes of all that are joined; files behind them have jobs of their own */
    FLUSH_BYTES = 256 * 1024
};

void sfi_load_mark_small(sfi_load *l)
{
    int64_t job = l->options->job_bytes != 0 ? l->options->job_bytes : SFI_LOAD_JOB_BYTES;
    int64_t most = job / SMALL_SHARE < SMALL_MAX ? job / SMALL_SHARE : SMALL_MAX, sum = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < l->base_count; i++) {
        sfi_load_input *in = &l->inputs[i];
        in->is_small = in->size - in->body <= most && sum + in->size <= JOINED_MAX;
        if (!in->is_small) continue;
        sum += in->size;
        count++;
    }
    for (int32_t i = 0; count < 2 && i < l->base_count; i++) l->inputs[i].is_small = false;
}

typedef struct joining {
    sfi_load *l;
    int fd, origins_fd;
    sfi_buf rows, origins;
    int64_t count;
} joining;

static sf_status flush(joining *j, bool all, sf_error *err)
{
    static const char what[] = "rows of small files";
    if (j->rows.failed || j->origins.failed) return sfi_fail_memory(err, what);
    if (!all && j->rows.len < FLUSH_BYTES && j->origins.len < FLUSH_BYTES) return SF_OK;
    sf_status rc = sfi_load_write(j->fd, j->rows.data, j->rows.len, what, err);
    if (rc == SF_OK && j->origins.len > 0)
        rc = sfi_load_write(j->origins_fd, j->origins.data, j->origins.len, what, err);
    sfi_buf_clear(&j->rows);
    sfi_buf_clear(&j->origins);
    return rc;
}

static sf_status join_unit(joining *j, const sfi_load_unit *u, sf_error *err)
{
    sfi_load_rows *rows = NULL;
    sfi_csv_record row;
    sf_status rc = sfi_load_rows_open(j->l, u, true, &rows, err);
    while (rc == SF_OK && (rc = sfi_load_rows_next(rows, &row, err)) == SF_ROW) { /* each round takes a row */
        const sfi_load_origin origin = {
            .offset = row.offset, .line = row.line, .len = (int32_t)row.raw.len, .input = u->input
        };
        sfi_load_add_sent(j->l, &row, true, &j->rows);
        sfi_buf_add(&j->origins, &origin, sizeof origin);
        j->count++;
        rc = flush(j, false, err);
    }
    sfi_load_rows_close(rows);
    return rc == SF_DONE ? SF_OK : rc;
}

sf_status sfi_load_join(sfi_load *l, const sfi_load_unit *units, int32_t count, sf_error *err)
{
    joining j = { .l = l, .fd = sfi_load_temporary(err), .origins_fd = -1 };
    if (j.fd >= 0) j.origins_fd = sfi_load_temporary(err);
    sf_status rc = j.origins_fd >= 0 ? SF_OK : SF_ERR_IO;
    sfi_buf_add(&j.rows, l->header.data, l->header.len);
    for (int32_t i = 0; rc == SF_OK && i < count; i++) {
        rc = join_unit(&j, &units[i], err);
        if (rc == SF_OK) rc = sfi_load_check_unchanged(&l->inputs[units[i].input], err);
        if (rc == SF_OK) rc = sfi_wait_check(&l->wait, "joining small files", err);
    }
    if (rc == SF_OK) rc = flush(&j, true, err);
    sfi_buf_free(&j.rows);
    sfi_buf_free(&j.origins);
    if (rc == SF_OK) {
        l->origins_fd = j.origins_fd;
        return sfi_load_add_made_input(l, "the small files", j.fd, j.count, l->options->job_rows, err);
    }
    if (j.fd >= 0) (void)close(j.fd); /* temporary: what was written is gone with them */
    if (j.origins_fd >= 0) (void)close(j.origins_fd);
    return rc;
}
