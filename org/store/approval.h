/*
 * approval.h: approval processes: their definitions, and submit, approve, reject and remove over them. What happens is
 * kept in the rows of ProcessInstance, ProcessInstanceStep and ProcessInstanceWorkitem, and a record at work is locked.
 * Called by REST (/process/approvals) and SOAP (process). Also process rules, which are criteria and field updates.
 * Threads: definitions are read only after loading; the calls as in store.h.
 */
#ifndef SFO_APPROVAL_H
#define SFO_APPROVAL_H
#include "store/criteria.h"

enum { SFO_ACTORS_MAX = 25 };

/* Fields that a definition sets: a JSON object as text, for sfo_record_update; ptr NULL: none. */
typedef sf_str sfo_updates;

typedef struct sfo_approval_step {
    const char *name;
    const char *approver; /* "admin", "submitter", "manager", "owner", "choose", a username or a user's id */
} sfo_approval_step;

typedef struct sfo_approval_process {
    sf_id id;                               /* 04a…, of its row in ProcessDefinition */
    const char *name, *label, *description; /* description NULL: none */
    const sfo_object *object;
    sfo_criteria entry;
    const sfo_approval_step *steps;
    size_t step_count;
    bool no_lock;
    sfo_updates submitted, approved, rejected, removed;
    int64_t order; /* among the processes of its object, from 1 */
} sfo_approval_process;

typedef struct sfo_rule {
    sf_id id; /* 01Q… */
    const char *name, *description;
    const sfo_object *object;
    sfo_criteria criteria;
    sf_id action_id; /* 04Y…, of its field update */
    const char *action_name;
    sfo_updates updates;
} sfo_rule;

typedef struct sfo_approvals sfo_approvals;
/* @param standard_…: lists of the built-in definitions; the others those of the --schema file, or missing. A process that
 * is new gets its row in ProcessDefinition. @return SF_OK, SF_ERR_USAGE (message: which definition, and why). */
sf_status sfo_approvals_load(sfo_store *s, sf_value standard_processes, sf_value standard_rules, sf_value processes,
                             sf_value rules, sfo_approvals **out, sf_error *err);
void sfo_approvals_free(sfo_approvals *a);
size_t sfo_approvals_count(const sfo_approvals *a);
const sfo_approval_process *sfo_approvals_at(const sfo_approvals *a, size_t i); /* by object, then order */
size_t sfo_rules_count(const sfo_approvals *a);
const sfo_rule *sfo_rules_at(const sfo_approvals *a, size_t i);

/* ---- acting ---- */
typedef struct sfo_process_result {
    sf_id entity, instance;
    const char *status; /* "Pending", "Approved", "Rejected", "Removed" */
    sf_id actors[SFO_ACTORS_MAX], workitems[SFO_ACTORS_MAX];
    size_t count; /* of both: each actor has a work item */
} sfo_process_result;

typedef enum sfo_process_action { SFO_SUBMIT, SFO_APPROVE, SFO_REJECT, SFO_REMOVE } sfo_process_action;

typedef struct sfo_process_request { /* texts as they came; ptr NULL: not said */
    sfo_process_action action;
    sf_str target;    /* SFO_SUBMIT: the record's id; else the work item's */
    sf_str submitter; /* SFO_SUBMIT: a user's id; else the caller */
    sf_str process;   /* SFO_SUBMIT: name or id of the process; else the first whose criteria hold */
    sf_str comments;
    sf_str next[SFO_ACTORS_MAX]; /* users who shall approve next, in place of the step's own */
    size_t next_count;
    bool skip_criteria; /* counts with a process only */
} sfo_process_request;

/* "Submit", "Approve", "Reject", "Removed" (or "Remove", "Recall"), any case. false: none of these. */
bool sfo_process_action_parse(sf_str text, sfo_process_action *out);
/* One request in one transaction. false: the fault says why, nothing was done; result->entity may be set. */
bool sfo_process(const sfo_approvals *a, sfo_store *s, const sfo_context *c, const sfo_process_request *request,
                 sfo_process_result *result, sfo_fault *f);
/* The process rules of the record's object whose criteria hold, in their order. */
bool sfo_rules_trigger(const sfo_approvals *a, sfo_store *s, const sfo_context *c, sf_str record_id, sfo_fault *f);
#endif
