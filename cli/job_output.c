/* job_output.c: results of jobs to the sink: see jobs.h. Header lines of pages behind the first are left out, and records are
 * counted, since a stream that stopped early looks like one that is whole. */
#include "jobs.h"

/* Records of what is written, its header line among them. */
static void count_lines(cli_job_output *o, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"') o->is_quoted = !o->is_quoted;
        o->is_open = o->is_quoted || data[i] != '\n';
        o->lines += !o->is_open;
    }
    o->bytes += (int64_t)len;
    if (len > 0) o->last = data[len - 1];
}

sf_status cli_job_write(void *user, const char *data, size_t len, sf_error *err)
{
    cli_job_output *o = user;
    while (o->skip_header && len > 0) { /* up to the line end that stands outside quotes */
        if (*data == '"') o->in_quote = !o->in_quote;
        o->skip_header = o->in_quote || *data != '\n';
        data++;
        len--;
    }
    count_lines(o, data, len);
    cli_out_add(&o->c->out, data, len);
    if (o->c->out.error != 0 || o->c->out.broken_pipe) return sfi_fail(err, SF_ERR_IO, "nobody takes the output");
    return SF_OK;
}
