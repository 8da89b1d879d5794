/*
 * zone.c: the running user's time zone and what day it is there. Most statements have no date literal, so the user's
 * row is read when one asks first.
 */
#include "soql/compile_internal.h"

/* What the user's row says; "" when it says nothing. */
static void read_zone(sfo_compile *c)
{
    sqlite3_stmt *stmt = NULL;
    static const char sql[] = "SELECT \"TimeZoneSidKey\" FROM \"User\" WHERE \"Id\"=?1";
    if (sqlite3_prepare_v2(sfo_store_db(c->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_bind_text(stmt, 1, c->context->user_id, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_TEXT)
        snprintf(c->zone, sizeof c->zone, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* cut: unknown, so UTC */
    sqlite3_finalize(stmt);
}

const char *sfo_user_zone(sfo_compile *c)
{
    if (!c->zone_known) {
        c->zone_known = true;
        if (c->context->time_zone != NULL)
            snprintf(c->zone, sizeof c->zone, "%s", c->context->time_zone);
        else
            read_zone(c);
    }
    return c->zone[0] != '\0' ? c->zone : NULL;
}

int64_t sfo_user_today(sfo_compile *c)
{
    int64_t now = c->context->now_ms != 0 ? c->context->now_ms : sfi_wall_ms();
    now += (int64_t)sfo_zone_offset(sfo_user_zone(c), now) * 60000;
    return now / 86400000 - (now % 86400000 < 0);
}
