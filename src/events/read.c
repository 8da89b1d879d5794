/* read.c: a message of the org as an event. Called by dispatch.c, for each event that comes: so every object of it is walked
 * once, and all that is wanted of it is picked on the way. Owns nothing; one thread at a time. */
#include "events/listener_internal.h"

enum { PICK_DATA, PICK_EVENT, PICK_HEADER }; /* kinds of objects, for sfi_json_pick */

void sfi_event_read(const sfi_attachment *a, sf_value message, sf_event *out)
{
    enum { SCHEMA, PAYLOAD, EVENT, SOBJECT, DATA_NAMES };
    enum { REPLAY, UUID, NAME, TYPE, CREATED, EVENT_NAMES };
    static const sf_str data_names[] = { [SCHEMA] = SFI_STR("schema"),
                                         [PAYLOAD] = SFI_STR("payload"),
                                         [EVENT] = SFI_STR("event"),
                                         [SOBJECT] = SFI_STR("sobject") };
    static const sf_str event_names[] = { [REPLAY] = SFI_STR("replayId"),
                                          [UUID] = SFI_STR("EventUuid"),
                                          [NAME] = SFI_STR("EventApiName"),
                                          [TYPE] = SFI_STR("type"),
                                          [CREATED] = SFI_STR("createdDate") };
    sf_value data[DATA_NAMES], event[EVENT_NAMES];
    sfi_json_pick(sfi_json_member(message, SFI_STR("data")), PICK_DATA, data_names, DATA_NAMES, data);
    sfi_json_pick(data[EVENT], PICK_EVENT, event_names, EVENT_NAMES, event);
    sf_value payload = sf_value_type(data[PAYLOAD]) != SF_MISSING ? data[PAYLOAD] : data[SOBJECT];
    *out = (sf_event){ .channel = a->channel,
                       .replay_id = sf_get_int(event[REPLAY], NULL, -1),
                       .payload = payload,
                       .header = data[EVENT],
                       .message = message,
                       .uuid = sf_get_str(event[UUID], NULL),
                       .name = sf_get_str(event[NAME], NULL),
                       .schema = sf_get_str(data[SCHEMA], NULL),
                       .type = sf_get_str(event[TYPE], NULL),
                       .created_ms = -1 };
    if (sf_get_time_ms(event[CREATED], NULL, &out->created_ms)) return;
    sf_value change =
        sfi_json_member(payload, SFI_STR("ChangeEventHeader")); /* first: a record's CreatedDate may be years ago */
    if (sf_value_type(change) == SF_OBJECT)
        out->created_ms = sf_get_int(sfi_json_member(change, SFI_STR("commitTimestamp")), NULL, -1);
    else if (!sf_get_time_ms(payload, "CreatedDate", &out->created_ms))
        out->created_ms = -1;
}

static const struct {
    const char *name;
    sf_change_type type;
} change_types[] = { { "CREATE", SF_CHANGE_CREATE },
                     { "UPDATE", SF_CHANGE_UPDATE },
                     { "DELETE", SF_CHANGE_DELETE },
                     { "UNDELETE", SF_CHANGE_UNDELETE },
                     { "GAP_CREATE", SF_CHANGE_GAP_CREATE },
                     { "GAP_UPDATE", SF_CHANGE_GAP_UPDATE },
                     { "GAP_DELETE", SF_CHANGE_GAP_DELETE },
                     { "GAP_UNDELETE", SF_CHANGE_GAP_UNDELETE },
                     { "GAP_OVERFLOW", SF_CHANGE_GAP_OVERFLOW } };

static sf_change_type change_type_of(sf_str name)
{
    for (size_t i = 0; i < SFI_COUNT_OF(change_types); i++)
        if (sfi_str_is(name, change_types[i].name)) return change_types[i].type;
    return SF_CHANGE_UNKNOWN;
}

static sf_status read_list(sfi_arena *arena, sf_value list, const char *const **out, size_t *count, sf_error *err)
{
    sf_status rc = sfi_json_texts(list, SFI_EVENT_IDS_MAX, arena, out, count);
    if (rc == SF_ERR_LIMIT) return sfi_fail(err, rc, "an event names more than %d", SFI_EVENT_IDS_MAX);
    if (rc == SF_ERR_MEMORY) return sfi_fail_memory(err, "an event");
    return rc == SF_OK ? rc : sfi_fail(err, rc, "a list in an event's header holds what is no text");
}

static const char *text_or_empty(sf_value v)
{
    const char *text = sf_get_str(v, NULL);
    return text != NULL ? text : "";
}

/* An event relay that splits merged events says recordId. */
static sf_status read_only_id(sfi_arena *arena, sf_value header, sf_cdc_event *out, sf_error *err)
{
    const char *id = sf_get_str(header, "recordId");
    if (id == NULL || *id == '\0') return sfi_fail(err, SF_ERR_PROTOCOL, "the event's header has no recordIds");
    const char **ids = sfi_arena_alloc(arena, sizeof *ids);
    if (ids == NULL) return sfi_fail_memory(err, "an event");
    *ids = id;
    out->record_ids = ids;
    out->record_id_count = 1;
    return SF_OK;
}

sf_status sfi_cdc_read(sfi_arena *arena, const sf_event *event, sf_cdc_event *out, sf_error *err)
{
    enum { IDS, CHANGED, NULLED, DIFF, ENTITY, TYPE, TIMESTAMP, NUMBER, SEQUENCE, USER, KEY, ORIGIN, NAMES };
    static const sf_str names[] = { [IDS] = SFI_STR("recordIds"),
                                    [CHANGED] = SFI_STR("changedFields"),
                                    [NULLED] = SFI_STR("nulledFields"),
                                    [DIFF] = SFI_STR("diffFields"),
                                    [ENTITY] = SFI_STR("entityName"),
                                    [TYPE] = SFI_STR("changeType"),
                                    [TIMESTAMP] = SFI_STR("commitTimestamp"),
                                    [NUMBER] = SFI_STR("commitNumber"),
                                    [SEQUENCE] = SFI_STR("sequenceNumber"),
                                    [USER] = SFI_STR("commitUser"),
                                    [KEY] = SFI_STR("transactionKey"),
                                    [ORIGIN] = SFI_STR("changeOrigin") };
    sf_value h = sfi_json_member(event->payload, SFI_STR("ChangeEventHeader")), in[NAMES];
    sfi_json_pick(h, PICK_HEADER, names, NAMES, in);
    *out = (sf_cdc_event){ .event = *event,
                           .entity = text_or_empty(in[ENTITY]),
                           .type = change_type_of(sf_get_text(in[TYPE], NULL)),
                           .commit_ms = sf_get_int(in[TIMESTAMP], NULL, -1),
                           .commit_number = sf_get_int(in[NUMBER], NULL, -1),
                           .sequence = sf_get_int(in[SEQUENCE], NULL, -1),
                           .commit_user = text_or_empty(in[USER]),
                           .transaction_key = text_or_empty(in[KEY]),
                           .origin = text_or_empty(in[ORIGIN]) };
    if (sf_value_type(h) != SF_OBJECT) return sfi_fail(err, SF_ERR_PROTOCOL, "the event has no ChangeEventHeader");
    sf_status rc = read_list(arena, in[IDS], &out->record_ids, &out->record_id_count, err);
    if (rc == SF_OK) rc = read_list(arena, in[CHANGED], &out->changed_fields, &out->changed_count, err);
    if (rc == SF_OK) rc = read_list(arena, in[NULLED], &out->nulled_fields, &out->nulled_count, err);
    if (rc == SF_OK) rc = read_list(arena, in[DIFF], &out->diff_fields, &out->diff_count, err);
    if (rc != SF_OK) return rc;
    if (out->entity[0] == '\0') return sfi_fail(err, SF_ERR_PROTOCOL, "the event's header has no entityName");
    if (out->type == SF_CHANGE_UNKNOWN)
        return sfi_fail(err, SF_ERR_PROTOCOL, "changeType %.40s is none that is known", text_or_empty(in[TYPE]));
    return out->record_id_count > 0 ? SF_OK : read_only_id(arena, h, out, err);
}
