/*
 * soap.h: the partner and enterprise SOAP APIs. A request is an envelope (soap_envelope.c reads it, and writes answers and
 * faults); its operation is a row of the table in soap.c; operations live in files by subject (soap_session.c,
 * soap_records.c, soap_query.c, soap_lead.c, soap_duplicates.c, soap_process.c, soap_email.c, soap_describe.c). Records go in as the JSON that the store takes
 * (soap_record_in.c) and come out of the JSON that it gives (soap_record_out.c): rules, types and their texts stand in one
 * place for REST and SOAP.
 * Called by org.c through sfo_soap_dispatch. Threads: a call belongs to one thread.
 */
#ifndef SFO_SOAP_H
#define SFO_SOAP_H
#include "api/call.h"
#include "xml/xml_internal.h"

enum {
    SFO_SOAP_BODY_MAX = 50 * 1024 * 1024,
    SFO_SOAP_IDS_MAX = 2000, /* of one retrieve */
    SFO_SOAP_CHUNKS_MAX = 10 /* runs of records of one type in one create */
};

typedef struct sfo_soap {
    sfo_call *call;
    bool enterprise, apex;
    const char *version; /* "62.0" */
    int version_number;
    sfi_xml *doc;
    sfi_xml_element *root, *operation; /* operation: the first element of the body */
    const char *session;               /* of the SessionHeader; NULL: none */
    sfo_user user;                     /* of the session, once it is known */
    bool authenticated;
    bool all_or_none, truncate_fields; /* of the headers, as the next two */
    bool allow_duplicates, duplicate_details;
    sf_str client; /* of CallOptions: who the caller says it is */
    int batch_size; /* of QueryOptions; 0: not said */
    sfi_json *json; /* record at work */
    sfi_buf text;   /* its text */
} sfo_soap;

/* ---- the envelope (soap_envelope.c) ---- */
/* Body and headers into s. false: the response is the fault. */
bool sfo_soap_read(sfo_soap *s);
/* Every child of e is one of the names (NULL-ended). false: the response is the fault. */
bool sfo_soap_expect(sfo_soap *s, const sfi_xml_element *e, const char *const *names);
/* Text of a child, blanks at both ends cut; ptr NULL: not there, or nil; of several the last that says something. */
sf_str sfo_soap_text(const sfo_soap *s, const sfi_xml_element *e, const char *name);
bool sfo_soap_bool(const sfo_soap *s, const sfi_xml_element *e, const char *name);
size_t sfo_soap_count(const sfi_xml_element *e, const char *name); /* children of that name, NULL: all */
/* sfi_time_parse for what XML Schema allows besides: a dateTime without a zone, which is UTC. */
bool sfo_soap_time_parse(sf_str text, int64_t *ms, char *kind);

typedef enum sfo_soap_names { SFO_SOAP_PLAIN, SFO_SOAP_TYPED, SFO_SOAP_RECORDS, SFO_SOAP_AGGREGATES } sfo_soap_names;
/* Opens <soapenv:Envelope>…<soapenv:Body><{operation}Response> with the prefixes declared that its content takes: sf for
 * records, xsd for values whose type is told, which those of aggregates are too. */
sfi_buf *sfo_soap_begin(sfo_soap *s, sfo_soap_names names);
void sfo_soap_end(sfo_soap *s);
void sfo_soap_element(sfi_buf *out, const char *name, const char *text); /* text NULL: nil */
void sfo_soap_element_bool(sfi_buf *out, const char *name, bool yes);
void sfo_soap_element_time(sfi_buf *out, const char *name, int64_t ms);

/* HTTP 500. detail: the fault's type, such as "UnexpectedErrorFault"; NULL: a fault of the envelope, which has none. */
void sfo_soap_fault(sfo_soap *s, const char *code, const char *message, const char *detail);
void sfo_soap_faultf(sfo_soap *s, const char *code, const char *detail, const char *format, ...) SFI_PRINTF(4, 5);
/* Of the whole call, as the store said it; picks the type; clears f. */
void sfo_soap_store_fault(sfo_soap *s, sfo_fault *f);
void sfo_soap_write_errors(sfo_soap *s, sfi_buf *out, const sfo_fault *f); /* <errors>…</errors> */
void sfo_soap_write_error(sfi_buf *out, const sfo_fault *f);               /* the content alone */

/* ---- records (soap_record_in.c, soap_record_out.c) ---- */
typedef struct sfo_soap_record {
    const sfo_object *object;
    sf_str id; /* as it was sent; ptr NULL: none */
    sfi_xml_element *element;
} sfo_soap_record;
/* Type and field names. false: the response is the fault. */
bool sfo_soap_record_look(sfo_soap *s, sfi_xml_element *e, sfo_soap_record *out);
/* Its fields as the store's JSON, until the next call. false: f. */
bool sfo_soap_record_body(sfo_soap *s, const sfo_soap_record *record, sf_value *out, sfo_fault *f);
/* The text of one of its fields, any case; ptr NULL: not there. */
sf_str sfo_soap_record_field(const sfo_soap *s, const sfo_soap_record *record, const char *field);

typedef enum sfo_soap_id { SFO_SOAP_ID_TWICE, SFO_SOAP_ID_ONCE } sfo_soap_id;
/* A record of the store's JSON as <element xsi:type="sf:…">. Partner queries say the id twice, retrieve once. */
void sfo_soap_write_record(sfo_soap *s, sfi_buf *out, const char *element, sf_value record, sfo_soap_id ids);
/* {"totalSize":…,"records":[…]} as the content of a QueryResult. */
void sfo_soap_write_result(sfo_soap *s, sfi_buf *out, sf_value result);

/* ---- operations ---- */
void sfo_soap_apex(sfo_soap *s); /* soap_apex.c: any operation of the Apex API, at /services/Soap/s/ */
bool sfo_soap_authenticate(sfo_soap *s); /* soap_session.c. false: the response is the fault */
bool sfo_set_password(sfo_org *org, const char *user_id, sf_str password, sfo_fault *f); /* rest_users.c */
enum { SFO_PASSWORD_MIN = 8, SFO_PASSWORD_RESET_LEN = 12 };
void sfo_random_password(char out[SFO_PASSWORD_RESET_LEN + 1]); /* rest_users.c: one that the rules accept */

/* soap_session.c */
void sfo_soap_login(sfo_soap *s);
void sfo_soap_logout(sfo_soap *s);
void sfo_soap_get_user_info(sfo_soap *s);
void sfo_soap_get_server_timestamp(sfo_soap *s);
void sfo_soap_invalidate_sessions(sfo_soap *s);
void sfo_soap_set_password(sfo_soap *s);
void sfo_soap_reset_password(sfo_soap *s);
void sfo_soap_change_own_password(sfo_soap *s);
/* soap_records.c */
void sfo_soap_create(sfo_soap *s);
void sfo_soap_update(sfo_soap *s);
void sfo_soap_upsert(sfo_soap *s);
void sfo_soap_delete(sfo_soap *s);
void sfo_soap_undelete(sfo_soap *s);
void sfo_soap_empty_recycle_bin(sfo_soap *s);
/* soap_query.c */
void sfo_soap_retrieve(sfo_soap *s);
void sfo_soap_query(sfo_soap *s);
void sfo_soap_query_all(sfo_soap *s);
void sfo_soap_query_more(sfo_soap *s);
void sfo_soap_search(sfo_soap *s);
void sfo_soap_get_deleted(sfo_soap *s);
void sfo_soap_get_updated(sfo_soap *s);
/* soap_lead.c */
void sfo_soap_merge(sfo_soap *s);
void sfo_soap_convert_lead(sfo_soap *s);
/* soap_duplicates.c */
void sfo_soap_find_duplicates(sfo_soap *s);
/* {"allowSave":…,"matchResults":[…]} of a fault as <element>…</element>. */
void sfo_soap_write_duplicates(sfo_soap *s, sfi_buf *out, const char *element, const char *json);
/* soap_process.c, soap_email.c */
void sfo_soap_process(sfo_soap *s);
void sfo_soap_send_email(sfo_soap *s);
/* soap_describe.c */
void sfo_soap_describe_global(sfo_soap *s);
void sfo_soap_describe_object(sfo_soap *s);
void sfo_soap_describe_objects(sfo_soap *s);
void sfo_soap_describe_tabs(sfo_soap *s);

/* One row after another with AllOrNone or without (soap_records.c): run does row i and fills f when it fails, write
 * writes its <result>; a row that was rolled back with others is told so by its fault. */
typedef struct sfo_soap_rows {
    size_t count;
    bool (*run)(sfo_soap *s, void *user, size_t i, sfo_fault *f);
    void (*write)(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out); /* f NULL: it went well */
    void *user;
    sfo_event event; /* counted for each that went well; SFO_EVENT_COUNT: none */
} sfo_soap_rows;
void sfo_soap_run_rows(sfo_soap *s, const sfo_soap_rows *rows);
#endif
