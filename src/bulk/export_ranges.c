/*
 * export_ranges.c: where the ranges of an export begin. Ids are numbers of base 62; those of an object lie in clusters, far from
 * each other, since they begin with the place that made them. So a stretch of numbers is halved where it is widest, and both
 * halves are drawn in to the ids that are there: what is empty falls out after a few questions, and the rest is shared out
 * evenly. A guess that is off makes ranges uneven, never wrong: the first has no lower end, the last no upper one.
 */
#include <salesforce/describe.h>
#include <salesforce/query.h>
#include "bulk/export_ranges_internal.h"

enum { ID_CHARS = 15, BASE = 62, STRETCHES_MAX = 64, GAP = 16 };

/* ---- numbers ---- */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    if (c >= 'a' && c <= 'z') return c - 'a' + 36;
    return -1;
}

bool sfi_id_to_number(sf_str id, sfi_id_number *out)
{
    sfi_id_number n = 0;
    if (id.len != ID_CHARS && id.len != 18) return false;
    for (size_t i = 0; i < ID_CHARS; i++) { /* what is behind says which of these are capitals */
        int digit = digit_of(id.ptr[i]);
        if (digit < 0) return false;
        n = n * BASE + (unsigned)digit;
    }
    *out = n;
    return true;
}

void sfi_id_from_number(sfi_id_number n, char out[SFI_BOUND_BYTES])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int i = ID_CHARS - 1; i >= 0; i--) {
        out[i] = digits[n % BASE];
        n /= BASE;
    }
    out[ID_CHARS] = '\0';
}

/* ---- stretches ---- */
typedef struct stretch {
    sfi_id_number first, last; /* ids that are there, or were when we looked */
} stretch;

typedef struct stretches {
    stretch list[STRETCHES_MAX]; /* ascending */
    int32_t count;
} stretches;

static int32_t find_widest(const stretches *s)
{
    int32_t widest = 0;
    for (int32_t i = 1; i < s->count; i++)
        if (s->list[i].last - s->list[i].first > s->list[widest].last - s->list[widest].first) widest = i;
    return widest;
}

/* Two of one. @return SF_OK, SF_DONE: nothing is to be gained any more. */
static sf_status halve(stretches *s, sfi_ranges_probe *probe, void *user, sf_error *err)
{
    int32_t at = find_widest(s);
    stretch *all = &s->list[at];
    sfi_id_number width = all->last - all->first, middle = all->first + width / 2 + 1, id;
    if (width < GAP) return SF_DONE;
    sf_status rc = probe(user, middle, false, &id, err);
    if (rc < 0) return rc;
    if (rc == SF_DONE || id > all->last) id = all->last; /* it was deleted meanwhile */
    stretch left = { all->first, middle - 1 }, right = { id, all->last };
    if (right.first - middle > width / GAP) { /* in a gap: where does it begin? */
        rc = probe(user, middle, true, &id, err);
        if (rc < 0) return rc;
        left.last = rc == SF_ROW && id >= left.first && id < middle ? id : left.first;
    }
    for (int32_t i = s->count; i > at + 1; i--) s->list[i] = s->list[i - 1];
    s->list[at] = left;
    s->list[at + 1] = right;
    s->count++;
    return SF_OK;
}

/* The n-th number that lies in a stretch. */
static sfi_id_number number_at(const stretches *s, sfi_id_number n)
{
    for (int32_t i = 0; i < s->count; i++) {
        sfi_id_number size = s->list[i].last - s->list[i].first + 1;
        if (n < size) return s->list[i].first + n;
        n -= size;
    }
    return s->list[s->count - 1].last;
}

sf_status sfi_ranges_find(int32_t count, sfi_ranges_probe *probe, void *user, char (*bounds)[SFI_BOUND_BYTES],
                          int32_t *found, sf_error *err)
{
    stretches s = { .count = 1 };
    sfi_id_number above = 1, total = 0, before;
    int32_t most = count < STRETCHES_MAX / 2 ? count * 2 : STRETCHES_MAX;
    *found = 0;
    for (int i = 0; i < ID_CHARS; i++) above *= BASE;
    sf_status rc = probe(user, 0, false, &s.list[0].first, err);
    if (rc == SF_ROW) rc = probe(user, above, true, &s.list[0].last, err);
    if (rc != SF_ROW) return rc == SF_DONE ? SF_OK : rc;
    if (s.list[0].last < s.list[0].first) s.list[0].last = s.list[0].first;
    for (rc = SF_OK; rc == SF_OK && s.count < most;) rc = halve(&s, probe, user, err);
    if (rc < 0) return rc;
    for (int32_t i = 0; i < s.count; i++) total += s.list[i].last - s.list[i].first + 1;
    before = s.list[0].first;
    for (int32_t i = 1; i < count; i++) { /* total < 62^15, and i is small: it fits */
        sfi_id_number n = number_at(&s, total * (unsigned)i / (unsigned)count);
        if (n <= before) continue;
        sfi_id_from_number(n, bounds[(*found)++]);
        before = n;
    }
    return SF_OK;
}

/* ---- of an org ---- */
static bool is_slow(sf_status rc, const sf_error *why)
{
    return rc == SF_ERR_TIMEOUT || (rc == SF_ERR_ORG && strcmp(why->code, "QUERY_TIMEOUT") == 0);
}

typedef struct asker {
    sf_client *sf;
    const sfi_statement *st;
    const sf_bulk_export_options *o;
    bool is_bare; /* the user's condition takes the org too long: without it */
} asker;

static void write_question(const asker *a, sfi_id_number n, bool down, sfi_buf *out)
{
    char id[SFI_BOUND_BYTES];
    sfi_id_number limit = 1;
    for (int i = 0; i < ID_CHARS; i++) limit *= BASE;
    bool is_open = down ? n >= limit : n == 0, has_where = a->st->where.len > 0 && !a->is_bare;
    sfi_buf_addf(out, "SELECT Id FROM %.*s", (int)a->st->from.len, a->st->from.ptr);
    if (has_where) sfi_buf_addf(out, " WHERE (%.*s)", (int)a->st->where.len, a->st->where.ptr);
    if (!is_open) {
        sfi_id_from_number(n, id);
        sfi_buf_addf(out, " %s Id %s '%s'", has_where ? "AND" : "WHERE", down ? "<" : ">=", id);
    }
    if (a->st->tail.len > 0) sfi_buf_addf(out, " %.*s", (int)a->st->tail.len, a->st->tail.ptr);
    sfi_buf_addf(out, " ORDER BY Id %s LIMIT 1", down ? "DESC" : "ASC");
}

static sf_status ask_once(const asker *a, sfi_id_number n, bool down, sfi_id_number *out, sf_error *err)
{
    sfi_buf soql = { 0 };
    sf_query *q = NULL;
    sf_value row = { 0 };
    write_question(a, n, down, &soql);
    sf_status rc = sfi_buf_status(&soql, err, "a question for ids");
    const sf_query_options options = { .all_rows = a->o->all_rows, .no_prefetch = true, .call = a->o->call };
    if (rc == SF_OK) rc = sf_query_open(a->sf, soql.data, &options, &q, err);
    if (rc == SF_OK) rc = sf_query_next(q, &row, err);
    if (rc == SF_ROW && !sfi_id_to_number(sf_get_text(row, "Id"), out))
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "an export in partitions: the org's answer has no Id");
    sf_query_close(q);
    sfi_buf_free(&soql);
    return rc;
}

static sf_status ask(void *user, sfi_id_number n, bool down, sfi_id_number *out, sf_error *err)
{
    asker *a = user;
    sf_error why;
    sf_status rc = ask_once(a, n, down, out, &why);
    if (is_slow(rc, &why) && !a->is_bare && a->st->where.len > 0) {
        a->is_bare = true;
        rc = ask_once(a, n, down, out, &why);
    }
    if (rc < 0 && err != NULL) *err = why;
    return rc;
}

sf_status sfi_ranges_ask(sf_client *sf, const sfi_statement *st, const sf_bulk_export_options *o, int32_t count,
                         char (*bounds)[SFI_BOUND_BYTES], int32_t *found, sf_error *err)
{
    asker a = { .sf = sf, .st = st, .o = o };
    return sfi_ranges_find(count, ask, &a, bounds, found, err);
}

/* ---- how many ---- */
/* About, and without the condition; it costs the org nothing. */
static sf_status count_all(sf_client *sf, const sfi_statement *st, const sf_call_options *call, int64_t *out,
                           sf_error *err)
{
    char name[128];
    size_t len = 0;
    sf_document *doc = NULL;
    while (len < st->from.len && st->from.ptr[len] > ' ') len++; /* an alias may follow */
    if (len >= sizeof name) return sfi_fail(err, SF_ERR_USAGE, "the object's name is too long");
    memcpy(name, st->from.ptr, len);
    name[len] = '\0';
    sf_status rc = sf_get_record_counts(sf, (const char *const[]){ name, NULL }, call, &doc, err);
    if (rc == SF_OK) *out = sf_get_int(sf_document_root(doc), "sObjects.0.count", 0);
    sf_document_free(doc);
    return rc;
}

sf_status sfi_ranges_count(sf_client *sf, const sfi_statement *st, const sf_bulk_export_options *o, int32_t *out,
                           sf_error *err)
{
    sfi_buf soql = { 0 };
    sf_error why;
    int64_t rows = 0;
    sfi_buf_addf(&soql, "SELECT COUNT() FROM %.*s", (int)st->from.len, st->from.ptr);
    if (st->where.len > 0) sfi_buf_addf(&soql, " WHERE (%.*s)", (int)st->where.len, st->where.ptr);
    if (st->tail.len > 0) sfi_buf_addf(&soql, " %.*s", (int)st->tail.len, st->tail.ptr);
    sf_status rc = sfi_buf_status(&soql, err, "a question for the rows of an export");
    if (rc == SF_OK) {
        const sf_query_options options = { .all_rows = o->all_rows, .call = o->call };
        rc = sf_query_count(sf, soql.data, &options, &rows, &why);
        if (is_slow(rc, &why)) rc = count_all(sf, st, o->call, &rows, &why);
        if (rc < 0 && err != NULL) *err = why;
    }
    sfi_buf_free(&soql);
    if (rc < 0) return rc;
    int64_t ranges = rows / o->range_rows + (rows % o->range_rows > 0);
    if (ranges > SF_EXPORT_PARTITIONS_MAX)
        return sfi_fail(err, SF_ERR_USAGE,
                        "%lld rows make %lld ranges of %lld, and there are at most %d: take ranges of %lld",
                        (long long)rows, (long long)ranges, (long long)o->range_rows, SF_EXPORT_PARTITIONS_MAX,
                        (long long)((rows + SF_EXPORT_PARTITIONS_MAX - 1) / SF_EXPORT_PARTITIONS_MAX));
    *out = ranges > 1 ? (int32_t)ranges : 1;
    return SF_OK;
}
