/*
 * approvals.h: approval processes (submit a record, approve, reject or remove what waits) and process rules (workflow
 * rules, run by hand). Up to 200 requests in one call; of those that fail the others stay done.
 * Wire: REST Process Approvals, Process Rules. Threads: the calls are safe from any thread; results belong to one thread at
 * a time.
 */
#ifndef SALESFORCE_APPROVALS_H
#define SALESFORCE_APPROVALS_H
#include <salesforce/client.h>

#define SF_APPROVAL_REQUESTS_MAX 200 /* of one call; the same for records of sf_process_rule_trigger */

/* All calls below: @param call NULL: defaults. @return SF_OK; SF_ERR_USAGE (nothing was sent); SF_ERR_ORG (err.code,
 * err.fields); and what stands at sf_client_request. */

/** The processes of the org. @param out {"approvals":{"Account":[{"description","id","name","object","sortOrder"}]}};
 *  owned by the caller, ends with sf_document_free. */
SF_API sf_status sf_approval_list(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);

typedef enum sf_approval_action {
    SF_APPROVAL_SUBMIT = 0,  /* a record */
    SF_APPROVAL_APPROVE = 1, /* a work item (04i…), as are the next two */
    SF_APPROVAL_REJECT = 2,
    SF_APPROVAL_REMOVE = 3 /* recall: the process ends as Removed */
} sf_approval_action;

typedef struct sf_approval_request { /* texts borrowed for the call; NULL: not said */
    sf_approval_action action;
    const char *context_id;               /* SUBMIT: the record; else the work item; 15 or 18 characters */
    const char *comments;                 /* for the history of the process */
    const char *actor_id;                 /* SUBMIT: the user who submits; NULL: who is logged in */
    const char *process;                  /* SUBMIT: name or id of the process; NULL: the first that applies */
    bool skip_entry_criteria;             /* with a process: submit though its entry criteria do not hold */
    const char *const *next_approver_ids; /* users who shall approve next, NULL at the end; NULL: the process says it */
    uint64_t reserved[4];                 /* zero */
} sf_approval_request;

typedef struct sf_approval_results sf_approval_results; /* one result a request, in their order */

typedef struct sf_approval_result { /* a view; good until the results are freed */
    size_t index;                   /* of the request, from 0 */
    bool failed;                    /* sf_approval_result_check says why */
    sf_id entity_id;                /* the record; "": not said, as in all of these where the request failed */
    sf_id instance_id;              /* the ProcessInstance, 04g… */
    const char *status;             /* "Pending", "Approved", "Rejected", "Removed"; NULL: not said */
    sf_id workitem_id;              /* the first of the new work items, to be approved next; "": none */
    sf_id actor_id;                 /* the first of the users who may do that */
    sf_value workitem_ids;          /* all of them: arrays */
    sf_value actor_ids;
    sf_value body; /* the whole result as the org sent it */
    uint64_t reserved[4];
} sf_approval_result;

/** Send requests. @param requests count of them, 1 to SF_APPROVAL_REQUESTS_MAX; borrowed for the call. @param out also when
 *  requests failed, even all: look at sf_approval_results_failed. Owned by the caller, ends with
 *  sf_approval_results_free; NULL on failure. @return SF_OK: each request has its result. SF_ERR_UNKNOWN_OUTCOME: the
 *  answer was lost or damaged, and requests may be done; never repeated by itself. */
SF_API sf_status sf_approval_run(sf_client *sf, const sf_approval_request *requests, size_t count,
                                 const sf_call_options *call, sf_approval_results **out, sf_error *err);

SF_EXTERN size_t sf_approval_results_count(const sf_approval_results *r);  /**< as many as requests; 0 for NULL */
SF_EXTERN size_t sf_approval_results_failed(const sf_approval_results *r); /**< of these; 0 for NULL */
/** @return false: there is none of that index; out untouched. */
SF_API bool sf_approval_results_get(const sf_approval_results *r, size_t index, sf_approval_result *out);
/** All results as the org sent them: an array. Missing for NULL. Borrowed until sf_approval_results_free. */
SF_EXTERN sf_value sf_approval_results_body(const sf_approval_results *r);
/** @return SF_OK when the request was done; else what the org said (NO_APPLICABLE_PROCESS, ALREADY_IN_PROCESS …). */
SF_API sf_status sf_approval_result_check(const sf_approval_result *result, sf_error *err);
SF_EXTERN void sf_approval_results_free(sf_approval_results *r); /**< NULL is fine. Values of it are dead then. */

/* ---- process rules ---- */

/** @param object NULL: of all objects. @param out {"rules":{"Lead":[{"actions","description","id","name","object"}]}};
 *  owned by the caller, ends with sf_document_free. */
SF_API sf_status sf_process_rule_list(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                                      sf_error *err);
/** Run the active rules of the records' objects on them. @param ids count of record ids, 1 to SF_APPROVAL_REQUESTS_MAX.
 *  @return also SF_ERR_UNKNOWN_OUTCOME: the answer was lost, the rules may have run. */
SF_API sf_status sf_process_rule_trigger(sf_client *sf, const char *const *ids, size_t count,
                                         const sf_call_options *call, sf_error *err);
#endif
