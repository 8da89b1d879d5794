/*
 * actions.h: what the org can do on command: quick actions (a form over one record) and invocable actions (standard ones,
 * flows, Apex methods …). Their definitions come from org/data/actions.json and the members "quickActions" and
 * "invocableActions" of the --schema file. Called by rest_quick.c and rest_actions.c.
 * Threads: definitions are read only after loading; running belongs to the call.
 */
#ifndef SFO_ACTIONS_H
#define SFO_ACTIONS_H
#include "api/call.h"

enum {
    SFO_INPUTS_MAX = 200,   /* inputs of one invocation */
    SFO_PARAMETERS_MAX = 60 /* of one action */
};

typedef struct sfo_quick_action {
    char id[16];                     /* 09D…, 15 characters; "": it is called by its name */
    const char *name, *label, *type; /* "Create", "Update", "LogACall", "SendEmail", "Post" */
    const sfo_object *context;       /* NULL: global */
    const sfo_object *target;        /* NULL: none (Post) */
    const char *parent;              /* field of target that gets the context's id; NULL: none */
    const sfo_field *const *fields;  /* of its form */
    size_t field_count;
    sf_str defaults;             /* JSON object of values, templates in them; ptr NULL: none */
    const char *success_message; /* NULL: none */
} sfo_quick_action;

typedef struct sfo_parameter {
    const char *name, *label, *description, *type, *sobject_type; /* type "STRING"; NULL: not said */
    bool required;
    int64_t occurs_max;
} sfo_parameter;

typedef enum sfo_effect_kind {
    SFO_EFFECT_CREATE,
    SFO_EFFECT_UPDATE,
    SFO_EFFECT_DELETE,
    SFO_EFFECT_EMAIL,
    SFO_EFFECT_POST,
    SFO_EFFECT_SUBMIT
} sfo_effect_kind;

typedef struct sfo_effect {
    sfo_effect_kind kind;
    const sfo_object *object; /* NULL: the id says it */
    const char *as;           /* the name under which templates find its id; NULL: none */
    sf_str id, set;           /* JSON, templates in it: a text, an object */
} sfo_effect;

typedef struct sfo_failure { /* declared: when the input is so, the call fails so */
    const char *input;
    int op;
    sf_str value; /* ptr NULL: null */
    const char *code, *message;
    bool late; /* after the effects, which are then undone */
} sfo_failure;

typedef struct sfo_action {
    const char *name, *label, *description, *category;
    const char *kind;         /* "standard", "flow", "apex", "emailAlert" … as in the path */
    const char *type;         /* "EMAILSIMPLE", "FLOW" … as in answers */
    const sfo_object *object; /* emailAlert: of which object; NULL: none */
    const sfo_parameter *inputs, *outputs;
    size_t input_count, output_count;
    const sfo_effect *effects;
    size_t effect_count;
    const sfo_failure *failures;
    size_t failure_count;
    sf_str returns; /* JSON object, templates in it; ptr NULL: none */
} sfo_action;

typedef struct sfo_action_set {
    sfi_arena arena;
    sfo_quick_action *quick;
    size_t quick_count;
    sfo_action *actions;
    size_t count;
} sfo_action_set;

/* Each of the four is a list, or missing. @return SF_OK, SF_ERR_USAGE (message: which definition, and why). */
sf_status sfo_actions_load(const sfo_schema *schema, sf_value standard_quick, sf_value standard_invocable,
                           sf_value quick, sf_value invocable, sfo_action_set **out, sf_error *err);
void sfo_actions_free(sfo_action_set *set);

/* ---- templates (template.c): "{!name}" in a text is what the name stands for; alone it keeps its type ---- */
typedef struct sfo_variable {
    const char *name; /* "case": "{!case.id}" and "{!case.status}" */
    sf_id id;
    const char *status; /* NULL: none */
} sfo_variable;

typedef struct sfo_scope {
    sf_value values; /* members by name */
    const char *user_id;
    sfo_variable variables[16];
    size_t count;
} sfo_scope;

/* Of a definition, into the arena its templates live in; *failed: there is no memory. A text; NULL: the member is none. */
const char *sfo_keep_text(sfi_arena *arena, sf_value v, const char *member, bool *failed);
/* Any value as JSON; ptr NULL: the member is missing. */
sf_str sfo_keep_json(sfi_arena *arena, sf_value v, const char *member, bool *failed);
/* json with its names replaced. Members whose whole value is a name that stands for nothing are left out. */
bool sfo_template_write(const sfo_scope *scope, sf_str json, sfi_buf *out);
/* The same for one text; ptr NULL: nothing. Lives in arena. */
sf_str sfo_template_text(const sfo_scope *scope, sf_str json, sfi_arena *arena);

/* ---- running ---- */
/* One input of an invocable action in one transaction. outputs gets the JSON object. false: the fault says why. */
bool sfo_action_run(sfo_call *call, const sfo_action *action, sf_value input, sfi_buf *outputs, sfo_fault *f);
/* A quick action. *id gets what was written; created says whether it is new. */
bool sfo_quick_run(sfo_call *call, const sfo_quick_action *q, sf_str context_id, sf_value record, sf_id *id,
                   bool *created, sfo_fault *f);
const sfo_quick_action *sfo_quick_find(const sfo_call *call, const sfo_object *context, sf_str name);
/* Its form with values: {"attributes":…,"Subject":null,…}. context_id ptr NULL: without a record. */
bool sfo_quick_defaults(sfo_call *call, const sfo_quick_action *q, sf_str context_id, sfi_json_writer *w, sfo_fault *f);

/* A mail into the outbox: message {"to":[…],…}; addresses are looked at. false: INVALID_EMAIL_ADDRESS. */
bool sfo_send_mail(sfo_call *call, sf_str message, sfo_fault *f);
#endif
