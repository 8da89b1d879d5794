/*
 * channels.c: channels of the org's own, from the member platformEventChannels of the --schema file: which objects each has, and
 * which fields it adds to their changes. A channel ChangeEvents says what /data/ChangeEvents has; with it, only objects
 * that some channel names have change events at all, as where somebody selected them.
 * Called by store.c, changes.c and events.c. Threads: read only once the store is open.
 */
#include "store/changes.h"
#include "store/events.h"
#include "store/store_internal.h"

enum { CHANNELS_MAX = 100, MEMBERS_MAX = 200, ENRICHED_MAX = 10, EXPRESSION_MAX = 20000 };

const sfo_member *sfo_channel_member(const sfo_own_channel *channel, const sfo_table *t)
{
    for (size_t i = 0; i < channel->member_count; i++)
        if (channel->members[i].table == t) return &channel->members[i];
    return NULL;
}

const sfo_own_channel *sfo_own_channel_find(const sfo_store *s, sf_str topic)
{
    for (size_t i = 0; i < s->changes.channel_count; i++)
        if (sfi_str_is(topic, s->changes.channels[i].topic)) return &s->changes.channels[i];
    return NULL;
}

bool sfo_change_is_selected(const sfo_store *s, const sfo_table *t)
{
    const sfo_changes *g = &s->changes;
    if (t->object->change_event == NULL) return false;
    for (size_t i = 0; g->has_default && i < g->channel_count; i++)
        if (sfo_channel_member(&g->channels[i], t) != NULL) return true;
    return !g->has_default;
}

/* ---- filters ---- */

static bool judge_member(sfo_store *s, const sfo_own_channel *c, sfo_member *m, const sfo_channel_judge *judge,
                         sfo_fault *f)
{
    size_t size = sfo_change_bits_size(m->table);
    unsigned char fields[256] = { 0 }; /* fields end at 2000 */
    sfo_fault why = { 0 };
    m->filter = judge->compile(judge->user, m->table->object, m->expression, fields, &why);
    if (m->filter == NULL) {
        (void)sfo_fault_set(f, why.http_status >= 500 ? 500 : 400, "INVALID_SCHEMA",
                            "platformEventChannels: %s: filterExpression of %s: %s", c->topic, m->table->object->name,
                            why.message != NULL ? why.message : "no memory");
        sfo_fault_clear(&why);
        return false;
    }
    bool any = false;
    for (size_t i = 0; i < size; i++) any = any || fields[i] != 0;
    if (m->enriched == NULL && any) {
        if ((m->enriched = sfi_arena_alloc(&s->facts, size)) == NULL) return sfo_fault_memory(f);
        memset(m->enriched, 0, size);
    }
    for (size_t i = 0; any && i < size; i++) m->enriched[i] |= fields[i];
    return true;
}

bool sfo_channels_judge(sfo_store *s, const sfo_channel_judge *judge, sfo_fault *f)
{
    sfo_changes *g = &s->changes;
    bool ok = true;
    sfo_store_lock(s);
    g->judge = judge;
    for (size_t i = 0; judge != NULL && ok && i < g->channel_count; i++)
        for (size_t k = 0; ok && k < g->channels[i].member_count; k++)
            if (g->channels[i].members[k].expression.len > 0)
                ok = judge_member(s, &g->channels[i], &g->channels[i].members[k], judge, f);
    if (!ok) g->judge = NULL;
    sfo_store_unlock(s);
    return ok;
}

bool sfo_member_passes(const sfo_store *s, const sfo_member *m, sf_str payload, bool *passes, sfo_fault *f)
{
    const sfo_channel_judge *judge = s->changes.judge;
    bool no_memory = false;
    *passes = judge == NULL || m->filter == NULL || judge->passes(judge->user, m->filter, payload, &no_memory);
    return !no_memory || sfo_fault_memory(f);
}

/* ---- reading them ---- */

static bool refuse(sfo_fault *f, sf_str channel, const char *what, sf_str name)
{
    return sfo_fault_set(f, 400, "INVALID_SCHEMA", "platformEventChannels: %.*s: %s: %.*s", (int)channel.len,
                         channel.ptr != NULL ? channel.ptr : "", what, (int)name.len, name.ptr != NULL ? name.ptr : "");
}

/* The table of AccountChangeEvent or Low_Ink__e; NULL: there is none. */
static const sfo_table *table_of_entity(const sfo_store *s, sf_str entity, bool is_data)
{
    for (size_t i = 0; i < s->table_count; i++) {
        const sfo_object *o = s->tables[i].object;
        const char *name = is_data ? o->change_event : o->is_event ? o->name : NULL;
        if (name != NULL && sfi_str_is(entity, name)) return &s->tables[i];
    }
    return NULL;
}

static bool read_enriched(sfo_store *s, sf_str channel, sf_value list, sfo_member *m, sfo_fault *f)
{
    const sfo_object *o = m->table->object;
    sf_iter it = sf_iter_begin(list);
    sf_value v;
    if (sf_value_type(list) == SF_MISSING) return true;
    if (sf_value_type(list) != SF_ARRAY || sf_value_count(list) > ENRICHED_MAX)
        return refuse(f, channel, "enrichedFields is not an array of 10 names at most", (sf_str){ NULL, 0 });
    if ((m->enriched = sfi_arena_alloc(&s->facts, sfo_change_bits_size(m->table))) == NULL) return sfo_fault_memory(f);
    memset(m->enriched, 0, sfo_change_bits_size(m->table));
    while (sf_iter_next(&it, NULL, &v)) {
        sf_str name = sf_get_text(v, NULL);
        bool found = false;
        for (size_t i = 0; i < o->field_count && name.len > 0; i++) {
            const sfo_field *field = &o->fields[i];
            if (!sfi_str_is_nocase(name, field->name) &&
                (field->compound_name == NULL || !sfi_str_is_nocase(name, field->compound_name)))
                continue;
            m->enriched[i / 8] |= (unsigned char)(1u << i % 8);
            found = true;
        }
        if (!found) return refuse(f, channel, "enrichedFields names no field", name);
    }
    return true;
}

static bool read_expression(sfo_store *s, sf_str channel, sf_value v, sfo_member *m, sfo_fault *f)
{
    sf_str text = sf_value_type(v) == SF_STRING ? sfi_trim(sf_get_text(v, NULL)) : (sf_str){ NULL, 0 };
    if (sf_value_type(v) == SF_MISSING || sf_value_type(v) == SF_NULL) return true;
    if (text.len == 0 || text.len > EXPRESSION_MAX)
        return refuse(f, channel, "filterExpression is not a text of 20,000 bytes at most", (sf_str){ NULL, 0 });
    char *kept = sfi_arena_strndup(&s->facts, text.ptr, text.len);
    m->expression = (sf_str){ kept, text.len };
    return kept != NULL || sfo_fault_memory(f);
}

static bool read_members(sfo_store *s, sf_str name, bool is_data, sf_value list, sfo_own_channel *c, sfo_fault *f)
{
    sf_iter it = sf_iter_begin(list);
    sf_value v;
    size_t count = sf_value_type(list) == SF_ARRAY ? sf_value_count(list) : MEMBERS_MAX + 1;
    if (count > MEMBERS_MAX)
        return refuse(f, name, "members is not an array of 200 objects at most", (sf_str){ NULL, 0 });
    c->members = sfi_arena_alloc(&s->facts, (count + 1) * sizeof *c->members);
    if (c->members == NULL) return sfo_fault_memory(f);
    while (sf_iter_next(&it, NULL, &v)) {
        sf_str entity = sf_get_text(v, "selectedEntity");
        sfo_member *m = &c->members[c->member_count];
        *m = (sfo_member){ .table = table_of_entity(s, entity, is_data) };
        if (m->table == NULL) return refuse(f, name, "selectedEntity names no event", entity);
        if (sfo_channel_member(c, m->table) != NULL) return refuse(f, name, "selectedEntity is there twice", entity);
        if (!read_enriched(s, name, sf_get(v, "enrichedFields"), m, f) ||
            !read_expression(s, name, sf_get(v, "filterExpression"), m, f))
            return false;
        c->member_count++;
    }
    return true;
}

static bool read_channel(sfo_store *s, sf_value v, sfo_own_channel *c, sfo_fault *f)
{
    sf_str name = sf_get_text(v, "name"), type = sf_get_text(v, "channelType");
    bool is_data = type.len == 0 || sfi_str_is(type, "data"), is_default = sfi_str_is(name, "ChangeEvents");
    *c = (sfo_own_channel){ .members = NULL };
    if (!is_data && !sfi_str_is(type, "event")) return refuse(f, name, "channelType is data or event, not", type);
    if (name.len == 0 || name.len > 100 || (!sfi_ends_with(name, "__chn") && !(is_default && is_data)))
        return refuse(f, name, "a name ends in __chn, or is ChangeEvents", (sf_str){ NULL, 0 });
    (void)snprintf(c->topic, sizeof c->topic, "/%s/%.*s", is_data ? "data" : "event", (int)name.len, name.ptr);
    if (sfo_own_channel_find(s, sfi_str(c->topic)) != NULL)
        return refuse(f, name, "it is there twice", (sf_str){ NULL, 0 });
    if (is_default) s->changes.has_default = true;
    return read_members(s, name, is_data, sf_get(v, "members"), c, f);
}

bool sfo_own_channels_open(sfo_store *s, sfo_fault *f)
{
    sfo_changes *g = &s->changes;
    sf_value list = sfo_schema_extra(s->schema, "platformEventChannels"), v;
    if (sf_value_type(list) == SF_MISSING) return true;
    size_t count = sf_value_type(list) == SF_ARRAY ? sf_value_count(list) : CHANNELS_MAX + 1;
    if (count > CHANNELS_MAX)
        return sfo_fault_set(f, 400, "INVALID_SCHEMA", "platformEventChannels is not an array of 100 channels at most");
    g->channels = sfi_arena_alloc(&s->facts, (count + 1) * sizeof *g->channels);
    if (g->channels == NULL) return sfo_fault_memory(f);
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &v)) {
        if (!read_channel(s, v, &g->channels[g->channel_count], f)) return false;
        g->channel_count++;
    }
    return true;
}
