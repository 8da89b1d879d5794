/*
 * soap.h: the SOAP API: what REST does not have (converting leads, merging, undeleting, approvals, e-mail, sessions), and
 * any other call with a body of one's own. The session goes into the SOAP header by itself and is renewed as in REST.
 * Wire: SOAP API (partner WSDL; enterprise by option). Threads: the calls on a client are safe from any thread; results
 * and documents belong to one thread at a time.
 */
#ifndef SALESFORCE_SOAP_H
#define SALESFORCE_SOAP_H
#include <salesforce/records.h>
#include <salesforce/xml.h>

#define SF_SOAP_LEADS_MAX 100   /* leads of one sf_soap_convert_leads */
#define SF_SOAP_ROWS_MAX 200    /* ids, merges, sessions of one call */
#define SF_SOAP_EMAILS_MAX 10   /* messages of one sf_soap_send_email */
#define SF_SOAP_DUPLICATES_MAX 50 /* records of one sf_soap_find_duplicates */

/** Which API: its path and namespaces. The functions with a name of their own know the first two. */
typedef enum sf_soap_api {
    SF_SOAP_PARTNER = 0,        /* /services/Soap/u/62.0, urn:partner.soap.sforce.com */
    SF_SOAP_ENTERPRISE = 1,     /* …/c/…, urn:enterprise.soap.sforce.com */
    SF_SOAP_METADATA = 2,       /* …/m/…, http://soap.sforce.com/2006/04/metadata */
    SF_SOAP_TOOLING = 3,        /* …/T/…, urn:tooling.soap.sforce.com */
    SF_SOAP_APEX = 4            /* …/s/…, http://soap.sforce.com/2006/08/apex */
} sf_soap_api;

typedef struct sf_soap_owner_change { /* one of OwnerChangeOptions */
    const char *type;           /* "TransferOpenActivities", "KeepAccountTeam" … */
    bool execute;
    uint64_t reserved[2];       /* zero */
} sf_soap_owner_change;
typedef struct sf_soap_package_version {
    const char *name_space;
    int32_t major, minor;
    uint64_t reserved[2];       /* zero */
} sf_soap_package_version;
typedef struct sf_soap_debug_category {
    const char *category;       /* "Db", "Apex_code", "All" … */
    const char *level;          /* "Fine", "Debug" … */
    uint64_t reserved[2];       /* zero */
} sf_soap_debug_category;

/** Which API, and the SOAP headers of a call. Zero is the default everywhere; strings and arrays are borrowed for the
 *  call. A header is sent when one of its members is set. */
typedef struct sf_soap_options {
    sf_soap_api api;
    const char *path;           /* "/services/Soap/class/Name" of an Apex web service, with its name_space; sf_soap_call
                                   only; NULL: the api's */
    const char *name_space;
    bool all_or_none;           /* AllOrNoneHeader: one failed row undoes all */
    const char *assignment_rule; /* AssignmentRuleHeader: "TRUE" or "FALSE" (useDefaultRule), or a rule's id */
    bool allow_duplicates;      /* DuplicateRuleHeader.allowSave */
    bool include_duplicate_details; /* .includeRecordDetails */
    bool duplicates_as_current_user; /* .runAsCurrentUser */
    bool email_auto_response;   /* EmailHeader.triggerAutoResponseEmail */
    bool email_others;          /* .triggerOtherEmail */
    bool email_user;            /* .triggerUserEmail */
    const sf_soap_owner_change *owner_changes; /* OwnerChangeOptions */
    size_t owner_change_count;  /* up to 50 */
    bool allow_field_truncation; /* AllowFieldTruncationHeader */
    bool disable_feed_tracking; /* DisableFeedTrackingHeader */
    bool update_mru;            /* MruHeader */
    const char *language;       /* LocaleOptions: "de_DE" */
    bool localize_errors;       /* LocaleOptions.localizeErrors */
    const sf_soap_package_version *package_versions; /* PackageVersionHeader */
    size_t package_version_count; /* up to 50 */
    const char *default_namespace; /* CallOptions.defaultNamespace; .client is the client's client_name */
    const char *transfer_to_user_id; /* UserTerritoryDeleteHeader */
    const char *debug_level;    /* DebuggingHeader: "None", "Debugonly", "Db", "Profiling" …; the log comes as
                                   sf_soap_header(answer, "DebuggingInfo") */
    const sf_soap_debug_category *debug_categories;
    size_t debug_category_count; /* up to 50 */
    int32_t batch_size;         /* QueryOptions.batchSize, 200..2000; 0: the org's */
    const char *headers_xml;    /* more header elements, as XML with the prefixes that sf_soap_call names */
    bool repeatable;            /* sf_soap_call: the call may be made twice; calls that only read are known */
    const sf_call_options *call; /* NULL: defaults */
    uint64_t reserved[8];       /* zero */
} sf_soap_options;

/* All calls below: @param options NULL: defaults. @return SF_OK; SF_ERR_USAGE (nothing was sent); a fault: SF_ERR_ORG,
 * SF_ERR_AUTH, SF_ERR_API_LIMIT or SF_ERR_UNAVAILABLE with err.code (exceptionCode without prefix, "Client" for a body that
 * does not fit the schema), err.message and http_status 500; SF_ERR_UNKNOWN_OUTCOME: something that writes was sent and
 * its answer was lost, damaged or too large; SF_ERR_LIMIT (SF_XML_BYTES_MAX, SF_XML_WRITE_MAX); SF_ERR_UNSUPPORTED
 * (libxml2 is not on this machine; nothing was sent); and what stands at sf_client_request. INVALID_SESSION_ID renews
 * the session once and repeats the call, as a 401 does in REST. Calls that only read are repeated where that helps. */

/** Any call. @param body XML of the operation, what stands inside soapenv:Body: one element. Prefixes that may be used:
 *  urn and none (the API's namespace), so (its sObject namespace, partner and enterprise), xsi, xsd. Checked to be
 *  well-formed before it is sent (SF_ERR_USAGE names line and column); write values with an sf_xml_writer, which escapes.
 *  Example: "<urn:query><urn:queryString>SELECT Id FROM Account</urn:queryString></urn:query>".
 *  @param out the whole answer, owned by the caller, ends with sf_xml_free; NULL: not wanted. */
SF_API sf_status sf_soap_call(sf_client *sf, sf_str body, const sf_soap_options *options, sf_xml **out, sf_error *err);
/** The element inside soapenv:Body of an answer, such as queryResponse; sf_xml_get(…, "result.size") leads on. */
SF_EXTERN sf_xml_element sf_soap_body(sf_xml *answer);
/** The element of that local name inside soapenv:Header, such as "LimitInfoHeader" or "DebuggingInfo". */
SF_EXTERN sf_xml_element sf_soap_header(sf_xml *answer, const char *name);
/** Write a record as the API wants an sObject: type, fieldsToNull (nulls and empty texts), Id, fields. Parents by external
 *  id need their type (sf_record_set_reference). @param element such as "urn:sObjects".
 *  @return as the calls of a writer; the failure is kept there. */
SF_EXTERN sf_status sf_soap_add_record(sf_xml_writer *w, const char *element, const sf_record *r, sf_soap_api api);

/* ---- results: one row for each thing that was asked for, in that order ---- */

typedef struct sf_soap_error {  /* borrowed from its results */
    const char *code;           /* statusCode, such as "INVALID_STATUS" */
    const char *message;
    const char *fields;         /* comma between; "": none */
    uint64_t reserved[2];
} sf_soap_error;

typedef struct sf_soap_result { /* borrowed from its results; ids are "" where there is none */
    bool success;
    bool created;               /* upsert */
    sf_id id;                   /* the record; convertLead: the lead; merge: the master; process: the record */
    const sf_soap_error *errors;
    size_t error_count;
    sf_id account_id, contact_id, opportunity_id, related_person_account_id; /* convertLead */
    const sf_id *merged_ids;    /* merge: those that are gone */
    size_t merged_count;
    const sf_id *updated_related_ids; /* merge: children that were moved */
    size_t updated_related_count;
    sf_id instance_id;          /* process */
    const char *instance_status; /* process: "Pending", "Approved", "Rejected", "Removed"; NULL: none */
    const sf_id *actor_ids;     /* process: who has to act now */
    size_t actor_count;
    const sf_id *new_workitem_ids; /* process */
    size_t new_workitem_count;
    sf_xml_element element;     /* the row as it came */
    uint64_t reserved[8];
} sf_soap_result;

typedef struct sf_soap_results sf_soap_results;
SF_EXTERN size_t sf_soap_results_count(const sf_soap_results *results);   /**< 0 for NULL */
SF_EXTERN size_t sf_soap_results_failed(const sf_soap_results *results);  /**< rows without success */
/** Row i; borrowed until sf_soap_results_free. NULL: there is none. */
SF_EXTERN const sf_soap_result *sf_soap_results_at(const sf_soap_results *results, size_t i);
/** The whole answer, for its headers; borrowed; NULL for NULL. */
SF_EXTERN sf_xml *sf_soap_results_answer(const sf_soap_results *results);
SF_EXTERN void sf_soap_results_free(sf_soap_results *results);            /**< NULL is fine */
/** A row's first error as an error of the library: status, code, fields, message.
 *  @return SF_OK when the row succeeded, else the error's status (SF_ERR_ORG, SF_ERR_NOT_FOUND …). */
SF_EXTERN sf_status sf_soap_result_error(const sf_soap_result *result, sf_error *err);

/* ---- leads ---- */

typedef struct sf_soap_lead {   /* borrowed for the call; NULL: left out. Ids have 15 or 18 characters */
    const char *lead_id;        /* must be given */
    const char *converted_status; /* must be given: a LeadStatus with IsConverted = true */
    const char *account_id;     /* convert into this account; NULL: make one, of the lead's company */
    const char *contact_id;     /* convert into this contact, which belongs to account_id */
    const char *opportunity_id; /* an opportunity that is there */
    const char *opportunity_name; /* of the new one; NULL: the company's name */
    bool do_not_create_opportunity;
    const char *owner_id;       /* owner of what is made; NULL: the lead's; must be given when a queue owns the lead */
    bool overwrite_lead_source; /* of contact_id */
    bool send_notification_email; /* to the owner */
    bool bypass_account_dedupe_check;
    bool bypass_contact_dedupe_check;
    const char *related_person_account_id;
    const sf_record *account_record; /* fields of what is made; objects Account, Contact, Opportunity, Account */
    const sf_record *contact_record;
    const sf_record *opportunity_record;
    const sf_record *related_person_account_record;
    uint64_t reserved[8];       /* zero */
} sf_soap_lead;
/** Convert leads into accounts, contacts and opportunities. SOAP: convertLead. A lead that cannot be converted is a row
 *  without success, not a failure of the call. @param count 1..SF_SOAP_LEADS_MAX. @param out owned by the caller, ends
 *  with sf_soap_results_free; NULL on failure. */
SF_API sf_status sf_soap_convert_leads(sf_client *sf, const sf_soap_lead *leads, size_t count,
                                       const sf_soap_options *options, sf_soap_results **out, sf_error *err);

/* ---- records ---- */

typedef struct sf_soap_merge_request {
    const sf_record *master;    /* its object, and fields that the master shall get; borrowed for the call */
    const char *master_id;
    const char *const *ids;     /* of the records that go into it, and are deleted */
    size_t id_count;            /* 1 or 2 */
    uint64_t reserved[4];       /* zero */
} sf_soap_merge_request;
/** Merge up to three accounts, contacts, leads, cases or individuals into one. SOAP: merge.
 *  @param count 1..SF_SOAP_ROWS_MAX. @param out as sf_soap_convert_leads. */
SF_API sf_status sf_soap_merge(sf_client *sf, const sf_soap_merge_request *merges, size_t count,
                               const sf_soap_options *options, sf_soap_results **out, sf_error *err);
/** Take records back from the recycle bin. SOAP: undelete. @param count 1..SF_SOAP_ROWS_MAX. */
SF_API sf_status sf_soap_undelete(sf_client *sf, const char *const *ids, size_t count, const sf_soap_options *options,
                                  sf_soap_results **out, sf_error *err);
/** Remove deleted records from the recycle bin for good. SOAP: emptyRecycleBin. @param count 1..SF_SOAP_ROWS_MAX. */
SF_API sf_status sf_soap_empty_recycle_bin(sf_client *sf, const char *const *ids, size_t count,
                                           const sf_soap_options *options, sf_soap_results **out, sf_error *err);
/** Records like these that are there, by the org's duplicate rules. SOAP: findDuplicates.
 *  @param count 1..SF_SOAP_DUPLICATES_MAX. @param out the whole answer, owned by the caller, ends with sf_xml_free. */
SF_API sf_status sf_soap_find_duplicates(sf_client *sf, const sf_record *const *records, size_t count,
                                         const sf_soap_options *options, sf_xml **out, sf_error *err);

/* ---- approvals ---- */

typedef struct sf_soap_process_request { /* object_id: submit a record; workitem_id: act on a request */
    const char *object_id;
    const char *submitter_id;   /* NULL: the current user */
    const char *process;        /* name or id of the approval process; NULL: the org chooses */
    bool skip_entry_criteria;
    const char *workitem_id;
    const char *action;         /* "Approve", "Reject" or "Removed" */
    const char *comments;
    const char *const *next_approver_ids;
    size_t next_approver_count; /* at most 200 */
    uint64_t reserved[4];       /* zero */
} sf_soap_process_request;
/** Submit records for approval, or approve, reject and remove requests. SOAP: process. @param count 1..SF_SOAP_ROWS_MAX. */
SF_API sf_status sf_soap_process(sf_client *sf, const sf_soap_process_request *requests, size_t count,
                                 const sf_soap_options *options, sf_soap_results **out, sf_error *err);

/* ---- e-mail ---- */

typedef struct sf_soap_texts {  /* a list of strings; finished */
    const char *const *items;
    size_t count;
} sf_soap_texts;
typedef struct sf_soap_email_file {
    const char *name;
    const char *content_type;   /* NULL: the org's guess */
    const void *bytes;
    size_t len;
    const char *content_id;     /* NULL: none */
    bool is_inline;
    uint64_t reserved[2];       /* zero */
} sf_soap_email_file;
typedef struct sf_soap_email {  /* borrowed for the call; NULL and empty lists are left out */
    bool is_mass;               /* MassEmailMessage: the last four, and those for both */
    /* for both */
    bool bcc_sender;
    const char *priority;       /* "Highest", "High", "Normal", "Low", "Lowest" */
    const char *reply_to;
    bool no_activity;           /* saveAsActivity=false */
    const char *sender_display_name;
    const char *subject;
    bool no_signature;          /* useSignature=false */
    /* SingleEmailMessage */
    sf_soap_texts to, cc, bcc;  /* addresses, or ids of people */
    const char *charset;
    sf_soap_texts document_ids, entity_ids; /* attachments that are in the org */
    const sf_soap_email_file *files;
    size_t file_count;          /* up to 100 */
    const char *html_body, *plain_text_body;
    const char *in_reply_to, *references; /* Message-Ids */
    const char *opt_out_policy; /* "SEND", "FILTER", "REJECT" */
    const char *org_wide_email_address_id;
    const char *target_object_id; /* contact, lead or user to whom it goes */
    bool not_to_target;         /* treatTargetObjectAsRecipient=false */
    const char *template_name;
    bool bodies_are_templates;  /* treatBodiesAsTemplate */
    const char *what_id;        /* record for the template's merge fields */
    /* for both */
    const char *template_id;    /* a mass e-mail must have one */
    /* MassEmailMessage */
    const char *description;
    sf_soap_texts target_object_ids, what_ids;
    uint64_t reserved[8];       /* zero */
} sf_soap_email;
/** Send e-mails. SOAP: sendEmail. @param count 1..SF_SOAP_EMAILS_MAX. */
SF_API sf_status sf_soap_send_email(sf_client *sf, const sf_soap_email *emails, size_t count,
                                    const sf_soap_options *options, sf_soap_results **out, sf_error *err);

/* ---- users and sessions ---- */

/** Who the session belongs to. SOAP: getUserInfo. @param out the whole answer, owned by the caller, ends with sf_xml_free;
 *  sf_xml_get_str(sf_soap_body(out), "result.userFullName") and so on. */
SF_API sf_status sf_soap_get_user_info(sf_client *sf, const sf_soap_options *options, sf_xml **out, sf_error *err);
/** The org's clock. SOAP: getServerTimestamp. @param ms since 1970. */
SF_API sf_status sf_soap_get_server_timestamp(sf_client *sf, const sf_soap_options *options, int64_t *ms, sf_error *err);
/** Give a user a password. SOAP: setPassword. @return also SF_ERR_ORG with INVALID_NEW_PASSWORD. */
SF_API sf_status sf_soap_set_password(sf_client *sf, const char *user_id, const char *password,
                                      const sf_soap_options *options, sf_error *err);
/** Give a user a password that the org makes. SOAP: resetPassword. @param password NULL: not wanted; owned by the caller,
 *  ends with sf_free; a secret: wipe it after use. */
SF_API sf_status sf_soap_reset_password(sf_client *sf, const char *user_id, const sf_soap_options *options,
                                        char **password, sf_error *err);
/** Change the password of the session's user. SOAP: changeOwnPassword. @return also SF_ERR_ORG with INVALID_OLD_PASSWORD
 *  or INVALID_NEW_PASSWORD. */
SF_API sf_status sf_soap_change_own_password(sf_client *sf, const char *old_password, const char *new_password,
                                             const sf_soap_options *options, sf_error *err);
/** End sessions, one row each. SOAP: invalidateSessions. @param ids session ids, which are secrets.
 *  @param count 1..SF_SOAP_ROWS_MAX. */
SF_API sf_status sf_soap_invalidate_sessions(sf_client *sf, const char *const *ids, size_t count,
                                             const sf_soap_options *options, sf_soap_results **out, sf_error *err);
/** End the client's own session, for REST too; one that is dead already counts as done. A later call logs in anew, where
 *  the flow can. SOAP: logout. */
SF_API sf_status sf_soap_logout(sf_client *sf, const sf_soap_options *options, sf_error *err);
#endif
