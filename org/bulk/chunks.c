/* chunks.c: see chunks.h. A batch that is a chunk is known by its content type, which nobody sees. */
#include "bulk/chunks.h"
#include "bulk/bulk_internal.h"
#include "soql/table.h"

static const char chunk_mark[] = "chunk";

bool sfo_bulk_is_original(const sfo_bulk_job *job, const sfo_bulk_batch *batch)
{
    return job->api == 1 && job->chunk_size > 0 && strcmp(batch->content_type, chunk_mark) != 0;
}

/* ---- the statement of a chunk ---- */
static bool is_name_char(char c)
{
    char lower = (char)sfi_ascii_lower((unsigned char)c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* The first of some words outside parentheses and quotes; at its length: none. */
static size_t find_word(sf_str soql, const char *const *words, size_t count, size_t *word_len)
{
    int depth = 0;
    for (size_t i = 0; i < soql.len; i++) {
        char c = soql.ptr[i];
        if (c == '\'') {
            for (i++; i < soql.len && soql.ptr[i] != '\''; i++)
                if (soql.ptr[i] == '\\') i++;
        } else if (c == '(' || c == ')') {
            depth += c == '(' ? 1 : -1;
        } else if (is_name_char(c)) {
            size_t begin = i;
            while (i + 1 < soql.len && is_name_char(soql.ptr[i + 1])) i++;
            sf_str word = { soql.ptr + begin, i + 1 - begin };
            for (size_t k = 0; depth == 0 && k < count; k++) {
                if (!sfi_str_is_nocase(word, words[k])) continue;
                *word_len = word.len;
                return begin;
            }
        }
    }
    return soql.len;
}

static void add_range(sfi_buf *out, const char *from, const char *to)
{
    if (from[0] != '\0') sfi_buf_addf(out, "Id >= '%s'", from);
    if (from[0] != '\0' && to[0] != '\0') sfi_buf_add_str(out, " AND ");
    if (to[0] != '\0') sfi_buf_addf(out, "Id < '%s'", to);
}

static void add_statement(sfi_buf *out, sf_str soql, const char *from, const char *to)
{
    static const char *const where[] = { "WHERE" };
    static const char *const behind[] = { "WITH", "FOR", "ALL" };
    size_t len = 0, ignored;
    size_t at = find_word(soql, where, 1, &len);
    size_t end = find_word(soql, behind, SFI_COUNT_OF(behind), &ignored);
    if (from[0] == '\0' && to[0] == '\0') {
        (void)sfi_buf_add(out, soql.ptr, soql.len);
        return;
    }
    size_t stop = at < end ? at : end;
    (void)sfi_buf_add(out, soql.ptr, stop);
    if (at < end) {
        sfi_buf_add_str(out, "WHERE (");
        sf_str condition = sfi_trim((sf_str){ soql.ptr + at + len, end - at - len });
        (void)sfi_buf_add(out, condition.ptr, condition.len);
        sfi_buf_add_str(out, ") AND ");
    } else {
        sfi_buf_add_str(out, stop > 0 && soql.ptr[stop - 1] == ' ' ? "WHERE " : " WHERE ");
    }
    add_range(out, from, to);
    if (end < soql.len) {
        sfi_buf_add_char(out, ' ');
        (void)sfi_buf_add(out, soql.ptr + end, soql.len - end);
    }
}

/* ---- the ranges ---- */
typedef struct cut {
    int64_t size, seen;
    sfi_buf firsts; /* 19 bytes each: the id that a chunk behind the first begins with */
} cut;

static bool take_head(void *user, const sf_str *names, size_t count)
{
    (void)user;
    (void)names;
    return count == 1;
}

static bool take_id(void *user, const sf_str *cells, size_t count)
{
    cut *c = user;
    char id[19] = "";
    (void)count;
    if (c->seen++ % c->size != 0 || c->seen == 1) return true;
    snprintf(id, sizeof id, "%.*s", (int)cells[0].len, cells[0].ptr);
    return sfi_buf_add(&c->firsts, id, sizeof id);
}

static bool make_batches(sfo_bulk *b, const sfo_bulk_job *job, const cut *c, sf_str soql, sfo_fault *f)
{
    size_t count = c->firsts.len / 19;
    bool fine = true;
    for (size_t i = 0; fine && i <= count; i++) {
        sfo_bulk_batch chunk = { .state = "Queued" };
        sfi_buf statement = { 0 };
        memcpy(chunk.job, job->id, sizeof chunk.job);
        memcpy(chunk.content_type, chunk_mark, sizeof chunk_mark);
        add_statement(&statement, soql, i > 0 ? c->firsts.data + (i - 1) * 19 : job->start_row,
                      i < count ? c->firsts.data + i * 19 : "");
        fine = !statement.failed ? sfo_bulk_batch_new(b, &chunk, sfi_buf_str(&statement), f)
                                 : sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for a batch");
        sfi_buf_free(&statement);
    }
    return fine;
}

bool sfo_bulk_cut(sfo_bulk *b, const sfo_bulk_job *job, sfo_bulk_batch *batch, const sfo_context *c, sf_str soql,
                  sfo_fault *f)
{
    static const char *const refused[] = { "ORDER", "LIMIT", "OFFSET", "GROUP" };
    char ids[200], from[48] = "";
    size_t len;
    cut parts = { .size = job->chunk_size };
    if (find_word(soql, refused, SFI_COUNT_OF(refused), &len) < soql.len)
        return sfo_fault_set(f, 400, "FEATURENOTENABLED", "ORDER BY and LIMIT are not supported with PK chunking");
    sfo_table_reader reader = { take_head, take_id, &parts };
    if (job->start_row[0] != '\0') snprintf(from, sizeof from, "WHERE Id >= '%s' ", job->start_row);
    snprintf(ids, sizeof ids, "SELECT Id FROM %s %sORDER BY Id", job->object, from);
    bool fine = sfo_soql_table(b->store, c, sfi_str(ids), true, &reader, f);
    if (!fine && f->http_status == 0) (void)sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for chunks");
    if (fine && sfo_store_begin(b->store, f)) {
        snprintf(batch->state, sizeof batch->state, "NotProcessed");
        fine = make_batches(b, job, &parts, soql, f) && sfo_bulk_batch_save(b, batch, f);
        if (!fine)
            sfo_store_rollback(b->store);
        else
            fine = sfo_store_commit(b->store, f);
    } else {
        fine = false;
    }
    sfi_buf_free(&parts.firsts);
    return fine;
}
