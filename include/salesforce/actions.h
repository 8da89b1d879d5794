/*
 * actions.h: what an org can do on command: quick actions (a form over one record: create, update, log a call, send an
 * email) and invocable actions (standard ones such as emailSimple, flows, Apex methods, email alerts, quick actions), up
 * to 200 inputs in one call. Of an invocation in which some inputs failed, the others stay done: each input has a result.
 * Wire: REST Quick Actions, sObject Quick Actions, Invocable Actions. Threads: the calls are safe from any thread; results
 * belong to one thread at a time.
 */
#ifndef SALESFORCE_ACTIONS_H
#define SALESFORCE_ACTIONS_H
#include <salesforce/records.h>

#define SF_ACTION_INPUTS_MAX 200 /* of one invocation */

/* All calls below: @param call NULL: defaults. @return SF_OK; SF_ERR_USAGE (nothing was sent: a name or id is none);
 * SF_ERR_NOT_FOUND (no such action or object); SF_ERR_ORG (err.code, err.fields); and what stands at sf_client_request. */

/* ---- quick actions ---- */

/** The actions that users see. @param object NULL: the global ones; else those of the object, with the global ones.
 *  @param out an array of {"actionEnumOrId","label","name","type","urls"}; owned by the caller, ends with
 *  sf_document_free. */
SF_API sf_status sf_quick_action_list(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                                      sf_error *err);

/** What an action takes: layout, targetSobjectType, defaultValues. @param object NULL: a global action. @param action its
 *  name, as "NewTask". @param out as above. */
SF_API sf_status sf_quick_action_describe(sf_client *sf, const char *object, const char *action,
                                          const sf_call_options *call, sf_document **out, sf_error *err);

/** The values with which its form begins. @param object NULL: a global action. @param context_id NULL, or the record that
 *  the action starts from. @param out {"attributes":{"type":"Task"},"Subject":null,…}; as above. */
SF_API sf_status sf_quick_action_defaults(sf_client *sf, const char *object, const char *action, const char *context_id,
                                          const sf_call_options *call, sf_document **out, sf_error *err);

typedef struct sf_quick_action_result {
    sf_id id;           /* of the record that was created or changed; "": none was */
    sf_id context_id;   /* as it was given; "": none */
    sf_id feed_item_id; /* of the post that tells of it; "": none */
    bool created;       /* the record is new */
    char message[512];  /* the success message of the action; "": it has none */
    uint64_t reserved[4];
} sf_quick_action_result;

/** Do it. @param object NULL: a global action. @param context_id NULL, or the record that the action starts from: the
 *  account that gets a contact, the record to update. @param record the form's fields; NULL: none. Its object's name plays
 *  no part. @param out NULL: not wanted. @return also SF_ERR_UNKNOWN_OUTCOME: the answer was lost, it may be done. */
SF_API sf_status sf_quick_action_run(sf_client *sf, const char *object, const char *action, const char *context_id,
                                     const sf_record *record, const sf_call_options *call, sf_quick_action_result *out,
                                     sf_error *err);

/* ---- invocable actions ---- */

/** What there is. @param context NULL: {"standard":url,"custom":url}; "standard" and "custom/flow" or "custom/apex":
 *  {"actions":[{"label","name","type","url"}]}; "custom": its kinds; "custom/quickAction" and "custom/emailAlert": the
 *  objects that have some, "custom/quickAction/Account" those. @param out as above. */
SF_API sf_status sf_action_list(sf_client *sf, const char *context, const sf_call_options *call, sf_document **out,
                                sf_error *err);

/** Inputs and outputs of one. @param action "standard/emailSimple", "custom/flow/Open_Case",
 *  "custom/quickAction/Account/NewContact". @param out {"inputs":[…],"outputs":[…],…}; as above. */
SF_API sf_status sf_action_describe(sf_client *sf, const char *action, const sf_call_options *call, sf_document **out,
                                    sf_error *err);

typedef struct sf_action_results sf_action_results; /* one result an input, in their order */

typedef struct sf_action_result { /* a view; good until the results are freed */
    size_t index;                 /* of the input, from 0 */
    bool failed;                  /* sf_action_result_check says why */
    sf_value outputs;             /* outputValues: an object, or null */
    sf_value body;                /* the whole result as the org sent it */
    uint64_t reserved[4];
} sf_action_result;

/** Invoke an action once for each input. @param action as in sf_action_describe. @param inputs count of them, 1 to
 *  SF_ACTION_INPUTS_MAX; the fields of a record are an input's values (sf_record_set_json for lists and objects), its
 *  object's name plays no part. @param out also when inputs failed, even all: look at sf_action_results_failed. Owned by
 *  the caller, ends with sf_action_results_free; NULL on failure. @return SF_OK: each input has its result. Else nothing
 *  is known to be done, as the org refused the call as a whole; SF_ERR_UNKNOWN_OUTCOME: the answer was lost or damaged,
 *  and inputs may be done; never repeated by itself. */
SF_API sf_status sf_action_run(sf_client *sf, const char *action, const sf_record *const *inputs, size_t count,
                               const sf_call_options *call, sf_action_results **out, sf_error *err);
/** The same with the inputs as JSON: an array of objects. */
SF_API sf_status sf_action_run_json(sf_client *sf, const char *action, sf_str inputs, const sf_call_options *call,
                                    sf_action_results **out, sf_error *err);

SF_EXTERN size_t sf_action_results_count(const sf_action_results *r);  /**< as many as inputs; 0 for NULL */
SF_EXTERN size_t sf_action_results_failed(const sf_action_results *r); /**< of these; 0 for NULL */
/** @return false: there is none of that index; out untouched. */
SF_API bool sf_action_results_get(const sf_action_results *r, size_t index, sf_action_result *out);
/** All results as the org sent them: an array. Missing for NULL. Borrowed until sf_action_results_free. */
SF_EXTERN sf_value sf_action_results_body(const sf_action_results *r);
/** @return SF_OK when the input was done; else what the org said of it (SF_ERR_ORG mostly), with code and fields. */
SF_API sf_status sf_action_result_check(const sf_action_result *result, sf_error *err);
SF_EXTERN void sf_action_results_free(sf_action_results *r); /**< NULL is fine. Values of it are dead then. */
#endif
