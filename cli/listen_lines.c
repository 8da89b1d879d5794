/* listen_lines.c: an event as a line, for people or programs: see listen.h. */
#include "listen.h"

static void add_time(sfi_buf *out, int64_t ms)
{
    char text[32];
    if (ms < 0) ms = sfi_wall_ms();
    sfi_time_format(ms, text);
    sfi_buf_addf(out, "%s  ", text);
}

static bool add_value(sfi_buf *out, const char *name, sf_value v)
{
    char *json = NULL;
    size_t len = 0;
    if (sf_value_type(v) == SF_MISSING) return true;
    if (name != NULL) sfi_buf_addf(out, ",\"%s\":", name);
    sf_str raw = sf_value_raw_json(v);
    if (raw.ptr != NULL) {
        sfi_buf_add(out, raw.ptr, raw.len);
        return true;
    }
    if (sf_value_to_json(v, &json, &len, NULL) != SF_OK) return false;
    sfi_buf_add(out, json, len);
    sf_free(json);
    return true;
}

/* 2025-11-23T12:00:07.000Z  UPDATE Account 0015g000003LmQpAAK  Industry,Phone */
static bool add_change_line(sfi_buf *out, const sf_event *e)
{
    sf_value header = sf_get(e->payload, "ChangeEventHeader");
    const char *type = sf_get_str(header, "changeType"), *entity = sf_get_str(header, "entityName");
    add_time(out, e->created_ms);
    sfi_buf_addf(out, "%s %s", type != NULL ? type : "?", entity != NULL ? entity : "?");
    static const char *const lists[] = { "recordIds", "changedFields" };
    for (size_t i = 0; i < SFI_COUNT_OF(lists); i++) {
        sf_iter it = sf_iter_begin(sf_get(header, lists[i]));
        sf_value one;
        for (size_t n = 0; sf_iter_next(&it, NULL, &one); n++) {
            const char *text = sf_get_str(one, NULL);
            if (text != NULL) sfi_buf_addf(out, "%s%s", n > 0 ? "," : i == 0 ? " " : "  ", text);
        }
    }
    return true;
}

bool cli_event_line(sfi_buf *out, const sf_event *e)
{
    if (sf_value_type(sf_get(e->payload, "ChangeEventHeader")) == SF_OBJECT) return add_change_line(out, e);
    add_time(out, e->created_ms);
    sfi_buf_addf(out, "%s%s%s ", e->channel, e->type != NULL ? " " : "", e->type != NULL ? e->type : "");
    return add_value(out, NULL, e->payload);
}

bool cli_event_json(sfi_buf *out, const sf_event *e)
{
    sfi_buf_add_str(out, "{\"channel\":");
    cli_json_add_string(out, sfi_str(e->channel));
    if (e->replay_id >= 0) sfi_buf_addf(out, ",\"replayId\":%lld", (long long)e->replay_id);
    cli_json_add_member(out, "schema", e->schema);
    bool ok = add_value(out, "event", e->header) && add_value(out, "payload", e->payload);
    sfi_buf_add_char(out, '}');
    return ok;
}
