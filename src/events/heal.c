/*
 * heal.c: gaps. The org says that records have changed and not how; with heal_gaps they are read again, at most 200 in a
 * request, and each is handed out as the event that the org would have sent. Called by dispatch.c.
 * The idea: the event is written as JSON in the org's form, around the record that was read, and then takes the way of any
 * other. Which records are done is kept while the gap is at hand, so that a handler that failed goes on at its record.
 */
#include <salesforce/describe.h>
#include "events/listener_internal.h"
#include "rest/collection_internal.h"

enum {
    BATCH_MAX = 200,
    FIELDS_MAX = 4000,
    PLAN_MS = 300 * 1000 /* how long the fields of an object are taken to stay the same */
};

typedef struct heal_field {
    const char *name;
    const char *compound; /* NULL: it is no part */
    const char *part;     /* its name in the compound */
    bool is_datetime;
} heal_field;

struct sfi_heal {
    /* which fields the object at hand has */
    sfi_arena names;
    char *entity; /* in names; NULL: none yet */
    int64_t until_ms;
    heal_field *fields;
    const char **list; /* their names, NULL at the end */
    size_t field_count;
    /* where the gap at hand stands */
    size_t at;            /* records before it were handed out */
    size_t begin, count;  /* the records that were read: ids begin .. begin + count */
    size_t batch;         /* how many the next request is for */
    sf_document *records; /* of them; NULL: none */
    /* the event that is handed out */
    sfi_buf text;
    sfi_json *doc;
    sfi_arena lists;
};

sf_status sfi_heal_new(sf_listener *l, sf_error *err)
{
    if (l->heal != NULL) return SF_OK;
    sfi_heal *h = sfi_calloc(sizeof *h);
    sf_status rc = h != NULL ? sfi_json_new(&h->doc, err) : sfi_fail_memory(err, "a listener");
    if (rc != SF_OK) {
        sfi_free(h);
        return rc;
    }
    h->text.max = SF_EVENTS_PAGE_MAX;
    h->lists.max = h->names.max = 16 * SFI_MIB;
    l->heal = h;
    return SF_OK;
}

void sfi_heal_reset(sf_listener *l)
{
    sfi_heal *h = l->heal;
    if (h == NULL) return;
    sf_document_free(h->records);
    h->records = NULL;
    h->at = h->begin = h->count = 0;
    h->batch = BATCH_MAX;
}

void sfi_heal_free(sf_listener *l)
{
    sfi_heal *h = l->heal;
    if (h == NULL) return;
    sfi_heal_reset(l);
    sfi_json_free(h->doc);
    sfi_buf_free(&h->text);
    sfi_arena_free(&h->lists);
    sfi_arena_free(&h->names);
    sfi_free(h);
    l->heal = NULL;
}

bool sfi_heal_can(const sf_cdc_event *gap)
{
    if (gap->type < SF_CHANGE_GAP_CREATE || gap->type > SF_CHANGE_GAP_UNDELETE) return false;
    for (size_t i = 0; i < gap->record_id_count; i++)
        if (sfi_id_make(sfi_str(gap->record_ids[i])).text[0] == '\0') return false; /* "001*" */
    return true;
}

/* ---- which fields an object has ---- */

/* What no change tells: it is in the header, it differs by user, or it is computed. Sums over children are told. */
static bool is_told(sf_value field)
{
    static const char *const never[] = { "Id",
                                         "IsDeleted",
                                         "SystemModstamp",
                                         "LastActivityDate",
                                         "LastViewedDate",
                                         "LastReferencedDate",
                                         "MasterRecordId",
                                         "PhotoUrl",
                                         "IsEmailBounced",
                                         "HasOpportunityLineItem",
                                         "HasOpenActivity",
                                         "HasOverdueTask",
                                         "Fiscal",
                                         "FiscalQuarter",
                                         "FiscalYear" };
    sf_str name = sf_get_text(field, "name"), type = sf_get_text(field, "type");
    for (size_t i = 0; i < SFI_COUNT_OF(never); i++)
        if (sfi_str_is(name, never[i])) return false;
    if (sfi_str_is(type, "base64") || sfi_str_is(type, "address") || sfi_str_is(type, "location")) return false;
    bool is_formula =
        sf_get_bool(field, "calculated", false) && sf_value_type(sf_get(field, "calculatedFormula")) == SF_STRING;
    return name.len > 0 && !is_formula && !sf_get_bool(field, "deprecatedAndHidden", false);
}

/* BillingCity of BillingAddress is City; Place__City__s of Place__c is City; LastName of Name is itself. */
static sf_str part_of(sf_str name, sf_str compound)
{
    sf_str part = name;
    size_t stem = compound.len;
    if (sfi_ends_with(compound, "__c"))
        stem -= 1; /* the two underscores stay in front of the part */
    else if (sfi_ends_with(compound, "Address"))
        stem -= strlen("Address");
    if (part.len > stem && memcmp(part.ptr, compound.ptr, stem) == 0 && !sfi_str_is(compound, "Name"))
        part = (sf_str){ part.ptr + stem, part.len - stem };
    if (sfi_ends_with(part, "__s")) part.len -= 3;
    return part;
}

/* A field that is named as the compound of others, as Name of a contact is: they are told in its place. */
static bool is_compound(sf_value fields, sf_str name)
{
    sf_iter it = sf_iter_begin(fields);
    sf_value one;
    while (sf_iter_next(&it, NULL, &one))
        if (sfi_str_eq(sf_get_text(one, "compoundFieldName"), name) && !sfi_str_eq(sf_get_text(one, "name"), name))
            return true;
    return false;
}

static sf_status add_field(sfi_heal *h, sf_value fields, sf_value field, sf_error *err)
{
    sf_str name = sf_get_text(field, "name"), compound = sf_get_text(field, "compoundFieldName");
    if (sfi_str_is(name, "Name") && is_compound(fields, name)) return SF_OK;
    heal_field *f = &h->fields[h->field_count];
    *f = (heal_field){ .name = sfi_arena_strndup(&h->names, name.ptr, name.len),
                       .is_datetime = sfi_str_is(sf_get_text(field, "type"), "datetime") };
    if (f->name == NULL) return sfi_fail_memory(err, "the fields of an object");
    if (compound.len > 0 && !sfi_str_eq(compound, name)) {
        sf_str part = part_of(name, compound);
        f->compound = sfi_arena_strndup(&h->names, compound.ptr, compound.len);
        f->part = sfi_arena_strndup(&h->names, part.ptr, part.len);
        if (f->compound == NULL || f->part == NULL) return sfi_fail_memory(err, "the fields of an object");
    }
    h->list[h->field_count++] = f->name;
    return SF_OK;
}

static sf_status take_fields(sfi_heal *h, const char *entity, sf_value fields, sf_error *err)
{
    size_t most = sf_value_count(fields);
    sf_iter it = sf_iter_begin(fields);
    sf_value field;
    sf_status rc = SF_OK;
    if (sf_value_type(fields) != SF_ARRAY || most > FIELDS_MAX)
        return sfi_fail(err, SF_ERR_PROTOCOL, "the description of %s has no fields, or %zu of them", entity, most);
    h->field_count = 0;
    h->fields = sfi_arena_alloc(&h->names, (most + 1) * sizeof *h->fields);
    h->list = sfi_arena_alloc(&h->names, (most + 2) * sizeof *h->list);
    char *name = sfi_arena_strndup(&h->names, entity, strlen(entity));
    if (h->fields == NULL || h->list == NULL || name == NULL) return sfi_fail_memory(err, "the fields of an object");
    while (rc == SF_OK && sf_iter_next(&it, NULL, &field))
        if (is_told(field)) rc = add_field(h, fields, field, err);
    if (rc != SF_OK) return rc;
    if (h->field_count == 0) { /* no field is told: that it is there can be asked */
        h->fields[0] = (heal_field){ .name = "Id" };
        h->list[h->field_count++] = "Id";
    }
    h->list[h->field_count] = NULL;
    h->entity = name;
    return SF_OK;
}

static sf_status learn_fields(sf_listener *l, const char *entity, const sf_call_options *call, sf_error *err)
{
    sfi_heal *h = l->heal;
    int64_t now = sfi_now_ms();
    if (h->entity != NULL && strcmp(h->entity, entity) == 0 && now < h->until_ms) return SF_OK;
    sf_document *doc = NULL;
    sf_describe_options options = { .call = call };
    h->entity = NULL;
    sfi_arena_reset(&h->names);
    sf_status rc = sf_describe_object(l->sf, entity, &options, &doc, err);
    if (rc == SF_OK) rc = take_fields(h, entity, sf_get(sf_document_root(doc), "fields"), err);
    h->until_ms = now + PLAN_MS;
    sf_document_free(doc);
    return rc;
}

/* ---- reading records ---- */

static sf_status read_batch(sf_listener *l, const sf_cdc_event *gap, sf_error *err)
{
    sfi_heal *h = l->heal;
    sf_status rc;
    if (h->records != NULL && h->at < h->begin + h->count) return SF_OK;
    sf_call_options call = { .cancel = l->at_work };
    sf_document_free(h->records);
    h->records = NULL;
    rc = learn_fields(l, gap->entity, &call, err);
    if (rc != SF_OK) return rc;
    do { /* ends: each turn halves the batch, down to one */
        size_t left = gap->record_id_count - h->at;
        h->begin = h->at;
        h->count = left < h->batch ? left : h->batch;
        rc = sfi_collection_get(l->sf, gap->entity, gap->record_ids + h->begin, h->count, h->list, l->options.page_max,
                                &call, &h->records, err);
        h->batch = h->count / 2;
    } while (rc == SF_ERR_LIMIT && h->count > 1);
    if (rc == SF_OK) err->status = SF_OK; /* that it was too large at first says nothing any more */
    h->batch = rc == SF_OK ? h->count : BATCH_MAX;
    if (rc != SF_OK) h->until_ms = 0; /* a field may have gone */
    return rc;
}

/* ---- the event ---- */

static const char *name_of(sf_change_type type)
{
    return type == SF_CHANGE_CREATE   ? "CREATE"
           : type == SF_CHANGE_UPDATE ? "UPDATE"
           : type == SF_CHANGE_DELETE ? "DELETE"
                                      : "UNDELETE";
}

static void write_value(sfi_json_writer *w, const heal_field *f, sf_value v)
{
    int64_t ms;
    char text[32];
    if (sf_value_type(v) == SF_MISSING) {
        sfi_json_null(w);
    } else if (f->is_datetime && sf_get_time_ms(v, NULL, &ms)) {
        sfi_time_format(ms, text);
        sfi_json_string(w, text);
    } else {
        sfi_json_write_value(w, v);
    }
}

/* Has an earlier field written the compound of field at? */
static bool is_written(const sfi_heal *h, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (h->fields[i].compound != NULL && strcmp(h->fields[i].compound, h->fields[at].compound) == 0) return true;
    return false;
}

static void write_compound(const sfi_heal *h, sfi_json_writer *w, size_t first, sf_value record, bool with_nulls)
{
    const char *compound = h->fields[first].compound;
    bool is_open = false;
    for (size_t i = first; i < h->field_count; i++) {
        const heal_field *f = &h->fields[i];
        if (f->compound == NULL || strcmp(f->compound, compound) != 0) continue;
        sf_value v = sf_get(record, f->name);
        if (sf_value_type(v) <= SF_NULL && !with_nulls) continue;
        if (!is_open) sfi_json_put_object(w, compound);
        is_open = true;
        sfi_json_key(w, f->part);
        write_value(w, f, v);
    }
    if (is_open) sfi_json_end_object(w);
}

static void write_fields(const sfi_heal *h, sfi_json_writer *w, sf_value record, bool with_nulls)
{
    for (size_t i = 0; i < h->field_count; i++) {
        const heal_field *f = &h->fields[i];
        if (strcmp(f->name, "Id") == 0) continue;
        if (f->compound != NULL) {
            if (!is_written(h, i)) write_compound(h, w, i, record, with_nulls);
            continue;
        }
        sf_value v = sf_get(record, f->name);
        if (sf_value_type(v) <= SF_NULL && !with_nulls) continue;
        sfi_json_key(w, f->name);
        write_value(w, f, v);
    }
}

static void write_names(const sfi_heal *h, sfi_json_writer *w, bool are_told)
{
    char text[256];
    sfi_json_put_array(w, "changedFields");
    for (size_t i = 0; are_told && i < h->field_count; i++) {
        const heal_field *f = &h->fields[i];
        if (strcmp(f->name, "Id") == 0) continue;
        (void)snprintf(text, sizeof text, "%s%s%s", f->compound != NULL ? f->compound : "",
                       f->compound != NULL ? "." : "", f->compound != NULL ? f->part : f->name); /* names end at 80 */
        sfi_json_string(w, text);
    }
    sfi_json_end_array(w);
}

/* The gap's header, for some of its records and another kind of change. */
static void write_header(const sfi_heal *h, sfi_json_writer *w, const sf_cdc_event *gap, sf_change_type type,
                         size_t first, size_t count)
{
    sf_iter it = sf_iter_begin(sf_get(gap->event.payload, "ChangeEventHeader"));
    sf_str key;
    sf_value value;
    sfi_json_put_object(w, "ChangeEventHeader");
    while (sf_iter_next(&it, &key, &value)) {
        if (sfi_str_is(key, "changedFields") || sfi_str_is(key, "nulledFields") || sfi_str_is(key, "diffFields"))
            continue;
        sfi_json_key_n(w, key);
        if (sfi_str_is(key, "changeType")) {
            sfi_json_string(w, name_of(type));
        } else if (sfi_str_is(key, "recordIds")) {
            sfi_json_begin_array(w);
            for (size_t i = 0; i < count; i++) sfi_json_string(w, gap->record_ids[first + i]);
            sfi_json_end_array(w);
        } else {
            sfi_json_write_value(w, value);
        }
    }
    write_names(h, w, type == SF_CHANGE_UPDATE);
    sfi_json_end_object(w);
}

/* The members of an object but one, which the caller writes. */
static void write_others(sfi_json_writer *w, sf_value object, const char *but)
{
    sf_iter it = sf_iter_begin(object);
    sf_str key;
    sf_value value;
    while (sf_iter_next(&it, &key, &value)) {
        if (sfi_str_is(key, but)) continue;
        sfi_json_key_n(w, key);
        sfi_json_write_value(w, value);
    }
}

/* record missing: of a deletion. */
static sf_status write_event(sfi_heal *h, const sf_cdc_event *gap, sf_change_type type, size_t first, size_t count,
                             sf_value record, sf_error *err)
{
    sfi_buf_clear(&h->text);
    sfi_json_writer w = sfi_json_write_to(&h->text);
    sfi_json_begin_object(&w);
    sfi_json_put_object(&w, "data");
    sfi_json_put_object(&w, "payload");
    write_header(h, &w, gap, type, first, count);
    if (sf_value_type(record) == SF_OBJECT) write_fields(h, &w, record, type == SF_CHANGE_UPDATE);
    sfi_json_end_object(&w);
    write_others(&w, sf_get(gap->event.message, "data"), "payload");
    sfi_json_end_object(&w);
    write_others(&w, gap->event.message, "data");
    sfi_json_end_object(&w);
    sf_status rc = sfi_buf_status(&h->text, err, "the event of a record");
    return rc == SF_OK ? sfi_json_parse(h->doc, sfi_buf_str(&h->text), err) : rc;
}

static sf_status hand_on(sf_listener *l, const sfi_attachment *a, const sf_cdc_event *gap, sf_change_type type,
                         size_t count, sf_value record)
{
    sfi_heal *h = l->heal;
    sf_cdc_fn fn = sfi_dispatch_handler(&a->cdc, type);
    sf_event event;
    sf_cdc_event change;
    if (fn != NULL) {
        sf_status rc = write_event(h, gap, type, h->at, count, record, &l->why);
        sfi_arena_reset(&h->lists);
        if (rc == SF_OK) {
            sfi_event_read(a, sfi_json_root(h->doc), &event);
            rc = sfi_cdc_read(&h->lists, &event, &change, &l->why);
        }
        if (rc != SF_OK) return rc;
        change.is_healed = true;
        rc = fn(a->cdc.user, &change);
        if (rc < 0) return rc;
    }
    h->at += count;
    l->stats.healed += (int64_t)count;
    return SF_OK;
}

sf_status sfi_heal_gap(sf_listener *l, sfi_attachment *a, const sf_cdc_event *gap)
{
    sfi_heal *h = l->heal;
    int64_t serial = a->serial;
    sf_value none = { 0 };
    if (gap->type == SF_CHANGE_GAP_DELETE) return hand_on(l, a, gap, SF_CHANGE_DELETE, gap->record_id_count, none);
    sf_change_type type = gap->type == SF_CHANGE_GAP_CREATE   ? SF_CHANGE_CREATE
                          : gap->type == SF_CHANGE_GAP_UPDATE ? SF_CHANGE_UPDATE
                                                              : SF_CHANGE_UNDELETE;
    if (sfi_dispatch_handler(&a->cdc, type) == NULL) return SF_OK; /* nobody wants to know */
    while (h->at < gap->record_id_count && a->serial == serial) {  /* until a handler detaches the channel */
        if (!sfi_dispatch_may_go_on(l)) return SF_ROW;
        char index[24];
        sf_status rc = read_batch(l, gap, &l->why);
        if (rc == SF_ERR_CANCELLED && !sfi_dispatch_may_go_on(l)) return SF_ROW;
        if (rc != SF_OK) return rc;
        (void)snprintf(index, sizeof index, "%zu", h->at - h->begin);
        sf_value record = sf_get(sf_document_root(h->records), index);
        bool is_there = sf_value_type(record) == SF_OBJECT;
        rc = hand_on(l, a, gap, is_there ? type : SF_CHANGE_DELETE, 1, record);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}
