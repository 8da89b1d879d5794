/* bulk1_read.c: answers of Bulk API 1.0. The org writes them in JSON or XML as it sees fit: they are read alike. */
#include "bulk/bulk1_internal.h"

sf_status sfi_bulk1_parse(char *text, size_t len, const char *what, sfi_bulk1_answer *out, sf_error *err)
{
    *out = (sfi_bulk1_answer){ .text = text, .len = len };
    sf_str body = sfi_trim((sf_str){ text, len });
    sf_status rc;
    if (body.len > 0 && body.ptr[0] == '<') {
        rc = sfi_xml_parse(body, &out->xml, err);
    } else {
        rc = sfi_json_new(&out->json, err);
        if (rc == SF_OK) rc = sfi_json_parse(out->json, body, err);
    }
    if (rc == SF_OK) return SF_OK;
    sfi_error_prefix(err, "%s: the org's answer", what);
    sfi_bulk1_answer_clear(out);
    return rc;
}

void sfi_bulk1_answer_clear(sfi_bulk1_answer *a)
{
    sfi_json_free(a->json);
    sfi_xml_free(a->xml);
    sfi_free(a->text);
    *a = (sfi_bulk1_answer){ 0 };
}

sfi_bulk1_node sfi_bulk1_root(sfi_bulk1_answer *a)
{
    sfi_bulk1_node root = { .answer = a };
    if (a->xml != NULL)
        root.element = sfi_xml_root(a->xml);
    else if (a->json != NULL)
        root.value = sfi_json_root(a->json);
    return root;
}

sf_str sfi_bulk1_text(const sfi_bulk1_node *node, const char *name)
{
    if (node->element == NULL) {
        sf_value v = sf_get(node->value, name);
        sf_type type = sf_value_type(v);
        if (type == SF_STRING) return sf_get_text(v, NULL);
        return type == SF_NULL || type == SF_MISSING ? (sf_str){ NULL, 0 } : sf_value_raw_json(v);
    }
    sfi_xml_element *e = sfi_xml_child(node->element, name);
    if (e == NULL || sfi_xml_is_nil(node->answer->xml, e)) return (sf_str){ NULL, 0 };
    return sfi_str(sfi_xml_text(node->answer->xml, e));
}

/* ---- members ---- */
static void copy_text(const sfi_bulk1_node *node, const char *name, char *out, size_t size)
{
    sf_str text = sfi_trim(sfi_bulk1_text(node, name));
    size_t len = text.len < size ? text.len : size - 1;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80) len--; /* no half character */
    if (len > 0) memcpy(out, text.ptr, len);
    out[len] = '\0';
}

static int64_t number(const sfi_bulk1_node *node, const char *name)
{
    int64_t n;
    sf_str text = sfi_trim(sfi_bulk1_text(node, name));
    return text.ptr != NULL && sfi_parse_int(text, &n) ? n : -1;
}

static int64_t time_ms(const sfi_bulk1_node *node, const char *name)
{
    int64_t ms;
    char kind;
    sf_str text = sfi_trim(sfi_bulk1_text(node, name));
    return text.ptr != NULL && sfi_time_parse(text, &ms, &kind) ? ms : 0;
}

static sf_id id(const sfi_bulk1_node *node, const char *name)
{
    sf_str text = sfi_trim(sfi_bulk1_text(node, name));
    return text.ptr != NULL ? sfi_id_make(text) : (sf_id){ "" };
}

sf_status sfi_bulk1_read_job(const sfi_bulk1_node *node, sf_bulk1_job *out, sf_error *err)
{
    static const char *const states[] = { "", "Open", "Closed", "Aborted", "Failed" };
    static const char *const formats[] = { "CSV", "JSON", "XML", "ZIP_CSV", "ZIP_JSON", "ZIP_XML" };
    char format[16];
    *out = (sf_bulk1_job){ .id = id(node, "id"), .created_by = id(node, "createdById") };
    copy_text(node, "state", out->state_name, sizeof out->state_name);
    if (out->id.text[0] == '\0' || out->state_name[0] == '\0')
        return sfi_fail(err, SF_ERR_PROTOCOL, "the org's answer is no bulk job: it has no id and state");
    copy_text(node, "operation", out->operation, sizeof out->operation);
    copy_text(node, "object", out->object, sizeof out->object);
    copy_text(node, "externalIdFieldName", out->external_id, sizeof out->external_id);
    copy_text(node, "concurrencyMode", out->concurrency, sizeof out->concurrency);
    copy_text(node, "apiVersion", out->api_version, sizeof out->api_version);
    copy_text(node, "contentType", format, sizeof format);
    for (size_t i = 1; i < SFI_COUNT_OF(states); i++)
        if (sfi_eq_nocase(out->state_name, states[i])) out->state = (sf_bulk1_job_state)i;
    for (size_t i = 0; i < SFI_COUNT_OF(formats); i++)
        if (sfi_eq_nocase(format, formats[i])) out->format = (sf_bulk1_format)i;
    out->created_ms = time_ms(node, "createdDate");
    out->modified_ms = time_ms(node, "systemModstamp");
    out->batches_queued = number(node, "numberBatchesQueued");
    out->batches_running = number(node, "numberBatchesInProgress");
    out->batches_completed = number(node, "numberBatchesCompleted");
    out->batches_failed = number(node, "numberBatchesFailed");
    out->batches = number(node, "numberBatchesTotal");
    out->processed = number(node, "numberRecordsProcessed");
    out->failed = number(node, "numberRecordsFailed");
    out->retries = number(node, "numberRetries");
    out->total_ms = number(node, "totalProcessingTime");
    out->active_ms = number(node, "apiActiveProcessingTime");
    out->apex_ms = number(node, "apexProcessingTime");
    return SF_OK;
}

sf_status sfi_bulk1_read_batch(const sfi_bulk1_node *node, sf_bulk1_batch *out, sf_error *err)
{
    static const char *const states[] = { "", "Queued", "InProgress", "Completed", "Failed", "NotProcessed" };
    *out = (sf_bulk1_batch){ .id = id(node, "id"), .job = id(node, "jobId") };
    copy_text(node, "state", out->state_name, sizeof out->state_name);
    if (out->id.text[0] == '\0' || out->state_name[0] == '\0')
        return sfi_fail(err, SF_ERR_PROTOCOL, "the org's answer is no batch: it has no id and state");
    copy_text(node, "stateMessage", out->message, sizeof out->message);
    for (size_t i = 1; i < SFI_COUNT_OF(states); i++)
        if (sfi_eq_nocase(out->state_name, states[i])) out->state = (sf_bulk1_batch_state)i;
    out->created_ms = time_ms(node, "createdDate");
    out->modified_ms = time_ms(node, "systemModstamp");
    out->processed = number(node, "numberRecordsProcessed");
    out->failed = number(node, "numberRecordsFailed");
    out->total_ms = number(node, "totalProcessingTime");
    out->active_ms = number(node, "apiActiveProcessingTime");
    out->apex_ms = number(node, "apexProcessingTime");
    return SF_OK;
}
