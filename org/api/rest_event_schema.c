/* rest_event_schema.c: the schema of a platform event, by its name or by the id that stands in its messages: the form of a message
 * (EXPANDED), or the Avro record of its payload (COMPACT), which is all there was before 43.0. */
#include "api/rest.h"
#include "store/events.h"

enum { EXPANDED_MIN = 43 }; /* the API version that knows both */

/* Of what follows CreatedDate and CreatedById: what the header of a message has, and Id, is no part of the payload. */
static bool is_told(const sfo_field *f)
{
    static const char *const never[] = { "Id", "ReplayId", "EventUuid", "CreatedDate", "CreatedById" };
    for (size_t i = 0; i < SFI_COUNT_OF(never); i++)
        if (strcmp(f->name, never[i]) == 0) return false;
    return true;
}

static const char *avro_type(const sfo_field *f, bool is_compact)
{
    switch (f->type) {
    case SFO_BOOLEAN: return "boolean";
    case SFO_INT: return "int";
    case SFO_LONG: return "long";
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return "double";
    case SFO_DATE:
    case SFO_DATETIME: return is_compact ? "long" : "string";
    default: return "string";
    }
}

/* The type as the org calls it among its own. */
static const char *doc_type(const sfo_field *f)
{
    switch (f->type) {
    case SFO_BOOLEAN: return "Boolean";
    case SFO_INT:
    case SFO_LONG: return "Integer";
    case SFO_DOUBLE: return "Double";
    case SFO_CURRENCY: return "Currency";
    case SFO_PERCENT: return "Percent";
    case SFO_DATE: return "DateOnly";
    case SFO_DATETIME: return "DateTime";
    case SFO_TIME: return "TimeOnly";
    case SFO_PHONE: return "Phone";
    case SFO_URL: return "Url";
    case SFO_EMAIL: return "Email";
    case SFO_ID:
    case SFO_REFERENCE: return "EntityId";
    case SFO_PICKLIST: return f->custom ? "DynamicEnum" : "StaticEnum";
    case SFO_TEXTAREA: return f->length > 255 ? "StringPlusClob" : "Text";
    default: return "Text";
    }
}

static void write_plain(sfi_json_writer *w, const char *name, const char *type, const char *doc)
{
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "name", name);
    sfi_json_put_string(w, "type", type);
    sfi_json_put_string_if(w, "doc", doc);
    sfi_json_end_object(w);
}

static void write_field(sfi_json_writer *w, const sfo_field *f, bool is_compact)
{
    char doc[64];
    sf_id id = sfo_id_of_names("00N", f->object->name, f->name);
    (void)snprintf(doc, sizeof doc, "Data:%s%s%.15s", doc_type(f), f->custom ? ":" : "", f->custom ? id.text : "");
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "name", f->name);
    sfi_json_key(w, "type");
    sfi_json_begin_array(w);
    sfi_json_string(w, "null");
    sfi_json_string(w, avro_type(f, is_compact));
    sfi_json_end_array(w);
    sfi_json_put_string(w, "doc", doc);
    sfi_json_put_null(w, "default");
    sfi_json_end_object(w);
}

static void write_payload_fields(sfi_json_writer *w, const sfo_object *o, bool is_compact)
{
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
    write_plain(w, "CreatedDate", is_compact ? "long" : "string", "CreatedDate:DateTime");
    write_plain(w, "CreatedById", "string", "CreatedBy:EntityId");
    for (size_t i = 0; i < o->field_count; i++)
        if (is_told(&o->fields[i])) write_field(w, &o->fields[i], is_compact);
    sfi_json_end_array(w);
}

static void begin_record(sfi_json_writer *w, const char *name)
{
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "name", name);
    sfi_json_key(w, "type");
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "type", "record");
}

static void end_record(sfi_json_writer *w)
{
    sfi_json_end_object(w);
    sfi_json_end_object(w);
}

static void begin_fields(sfi_json_writer *w)
{
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
}

/* {"data":{"schema","payload","event"},"channel"}: a message as CometD has it. */
static void write_message_fields(sfi_json_writer *w, const sfo_object *o)
{
    begin_fields(w);
    begin_record(w, "data");
    sfi_json_put_string(w, "name", "Data");
    sfi_json_put_string(w, "namespace", "");
    begin_fields(w);
    write_plain(w, "schema", "string", NULL);
    begin_record(w, "payload");
    sfi_json_put_string(w, "name", "Payload");
    sfi_json_put_string(w, "doc", "");
    write_payload_fields(w, o, false);
    end_record(w);
    begin_record(w, "event");
    sfi_json_put_string(w, "name", "Event");
    begin_fields(w);
    write_plain(w, "replayId", "long", NULL);
    sfi_json_end_array(w);
    end_record(w);
    sfi_json_end_array(w);
    end_record(w);
    write_plain(w, "channel", "string", NULL);
    sfi_json_end_array(w);
}

static void answer_schema(sfo_call *call, const sfo_object *o)
{
    sf_str format = sfo_params_get(&call->query, "payloadFormat");
    bool knows = call->version_number >= EXPANDED_MIN;
    bool is_compact = !knows || sfi_str_is(format, "COMPACT");
    if (format.ptr != NULL && (!knows || (!is_compact && !sfi_str_is(format, "EXPANDED")))) {
        sfo_answer_error(call, 400, "BAD_REQUEST",
                         knows ? "payloadFormat is EXPANDED or COMPACT" : "payloadFormat is a parameter from 43.0 on");
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "name", o->name);
    sfi_json_put_string(&w, "namespace", "com.sforce.eventbus");
    sfi_json_put_string(&w, "type", is_compact ? "record" : "expanded-record");
    if (is_compact) {
        write_payload_fields(&w, o, true);
        sfi_json_put_string(&w, "uuid", sfo_event_schema_id(call->org->store, o));
    } else {
        write_message_fields(&w, o);
    }
    sfi_json_end_object(&w);
}

void sfo_rest_event_schema(sfo_call *call)
{
    const sfo_object *o = sfo_call_object(call);
    if (o != NULL && o->is_event)
        answer_schema(call, o);
    else if (o != NULL)
        sfo_answer_not_found(call);
}

void sfo_rest_event_schema_of_id(sfo_call *call)
{
    const sfo_schema *schema = call->org->schema;
    for (size_t i = 0; i < sfo_schema_count(schema); i++) {
        const sfo_object *o = sfo_schema_at(schema, i);
        if (!o->is_event || !sfi_str_is(call->args[0], sfo_event_schema_id(call->org->store, o))) continue;
        answer_schema(call, o);
        return;
    }
    sfo_answer_not_found(call);
}
