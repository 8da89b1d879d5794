/*
 * ids.c: record ids and counters. An id is key prefix, the org's part "5j0", a counter of nine base-62 digits, and the
 * three characters that tell its case. The digits rise in ASCII order, so ids sort by age. Numbers are reserved in the
 * database a block at a time: an id is never given twice, whatever happens to the process.
 */
#include "store/store_internal.h"

enum { ID_DIGITS = 9, ID_BLOCK = 1024 };

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char org_part[] = "5j0";
static const int64_t first_id = (int64_t)10 * 916132832; /* 10 * 62^5: ids then read …000A00001… */

/* ---- the suffix ---- */

static void write_suffix(const char *id15, char out[3])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    for (int group = 0; group < 3; group++) {
        unsigned bits = 0;
        for (int i = 0; i < 5; i++) {
            char c = id15[group * 5 + i];
            if (c >= 'A' && c <= 'Z') bits |= 1u << i;
        }
        out[group] = alphabet[bits];
    }
}

/* An 18-character id in any case: the suffix says which letters are capitals. false: not a suffix. */
static bool restore_case(char *id15, const char *suffix)
{
    for (int group = 0; group < 3; group++) {
        int c = sfi_ascii_lower((unsigned char)suffix[group]);
        int bits = c >= 'a' && c <= 'z' ? c - 'a' : c >= '0' && c <= '5' ? c - '0' + 26 : -1;
        if (bits < 0) return false;
        for (int i = 0; i < 5; i++) {
            char *at = &id15[group * 5 + i];
            int lower = sfi_ascii_lower((unsigned char)*at);
            bool letter = lower >= 'a' && lower <= 'z', capital = (bits >> i & 1) != 0;
            if (capital && !letter) return false;
            if (letter) *at = (char)(capital ? lower - 32 : lower);
        }
    }
    return true;
}

bool sfo_id_normalize(sf_str in, sf_id *out)
{
    if (in.len != 15 && in.len != 18) return false;
    for (size_t i = 0; i < in.len; i++) {
        int c = sfi_ascii_lower((unsigned char)in.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return false;
    }
    memcpy(out->text, in.ptr, 15);
    if (in.len == 18 && !restore_case(out->text, in.ptr + 15)) return false;
    write_suffix(out->text, out->text + 15);
    out->text[18] = '\0';
    return true;
}

/* ---- counters ---- */

static bool read_counter(sfo_store *s, const char *name, int64_t first, int64_t *out, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT next FROM sfo_counter WHERE name = ?1", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, name);
    int rc = sqlite3_step(stmt);
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : first;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

static bool write_counter(sfo_store *s, const char *name, int64_t next, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "INSERT OR REPLACE INTO sfo_counter(name, next) VALUES(?1, ?2)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, name);
    (void)sqlite3_bind_int64(stmt, 2, next); /* the place is right */
    return sfo_statement_run(s, stmt, f);
}

bool sfo_counter_next(sfo_store *s, const char *name, int64_t first, int64_t *out, sfo_fault *f)
{
    return read_counter(s, name, first, out, f) && write_counter(s, name, *out + 1, f);
}

bool sfo_ids_open(sfo_store *s, sfo_fault *f)
{
    if (!sfo_sql_run(
            s, "CREATE TABLE IF NOT EXISTS sfo_counter(name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID", f))
        return false;
    for (size_t i = 0; i < s->table_count; i++) {
        sfo_table *t = &s->tables[i];
        if (!read_counter(s, t->object->name, first_id + 1, &t->next_id, f)) return false;
        t->reserved_id = t->next_id;
    }
    return true;
}

void sfo_ids_close(sfo_store *s)
{
    for (size_t i = 0; i < s->table_count; i++) {
        sfo_table *t = &s->tables[i];
        if (t->reserved_id > t->next_id)
            (void)write_counter(s, t->object->name, t->next_id, NULL); /* else ids have a gap */
    }
}

void sfo_ids_rolled_back(sfo_store *s)
{
    for (size_t i = 0; i < s->table_count; i++) s->tables[i].reserved_id = s->tables[i].next_id;
}

static void format_id(const char *prefix, int64_t n, sf_id *out)
{
    memcpy(out->text, prefix, 3);
    memcpy(out->text + 3, org_part, 3);
    for (int i = ID_DIGITS - 1; i >= 0; i--, n /= 62) out->text[6 + i] = digits[n % 62];
    write_suffix(out->text, out->text + 15);
    out->text[18] = '\0';
}

sf_id sfo_id_next(sfo_store *s, const sfo_object *o)
{
    sf_id id = { "" };
    sfo_store_lock(s);
    sfo_table *t = sfo_table_of(s, o);
    bool ok = true;
    if (t->next_id >= t->reserved_id) {
        ok = write_counter(s, o->name, t->next_id + ID_BLOCK, NULL);
        if (ok) t->reserved_id = t->next_id + ID_BLOCK;
    }
    if (ok)
        format_id(o->key_prefix != NULL ? o->key_prefix : "01J", t->next_id++,
                  &id); /* CaseStatus has the one of its kin */
    sfo_store_unlock(s);
    return id;
}

void sfo_id_format(const sfo_object *o, int64_t n, sf_id *out)
{
    format_id(o->key_prefix != NULL ? o->key_prefix : "01J", n, out);
}
