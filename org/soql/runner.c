/* runner.c: see runner.h. */
#include "soql/runner.h"

enum { PAGE_MAX = 2000, PAGE_MIN = 200 };

void sfo_runner_begin(sfo_runner *r, sfo_store *s, const sfo_context *c, const sfo_query_options *options, sfi_buf *out,
                      sfo_fault *f)
{
    sfo_store_lock(s);
    int64_t batch = options != NULL && options->batch_size != 0 ? options->batch_size : PAGE_MAX;
    *r = (sfo_runner){
        .out = out, .out_len = out->len, .w = sfi_json_write_to(out), .arena = { .max = SFO_SOQL_ARENA_MAX }
    };
    r->options = options;
    r->batch = batch < PAGE_MIN ? PAGE_MIN : batch > PAGE_MAX ? PAGE_MAX : batch;
    r->c = (sfo_compile){ .store = s,
                          .schema = sfo_store_schema(s),
                          .context = c,
                          .arena = &r->arena,
                          .fault = f,
                          .all_rows = options != NULL && options->all_rows };
    r->pages = (sfo_pages){ .store = s, .context = c };
}

bool sfo_runner_compile(sfo_runner *r, sf_str soql)
{
    sfo_ast_query *q;
    r->c.text = soql;
    r->pages.soql = soql;
    r->pages.all_rows = r->c.all_rows;
    return sfo_soql_parse(soql, &r->arena, &q, r->c.fault) && sfo_compile_query(&r->c, q, &r->plans, &r->root);
}

bool sfo_runner_end(sfo_runner *r, bool fine)
{
    sfo_plans_close(&r->plans);
    fine = sfo_pages_end(&r->pages, fine, r->c.fault) && fine;
    if (!fine && r->out->data != NULL) {
        r->out->len = r->out_len;
        r->out->data[r->out_len] = '\0';
    }
    sfi_arena_free(&r->arena);
    sfo_store_unlock(r->c.store);
    return fine;
}
