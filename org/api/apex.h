/*
 * apex.h: the org's Apex REST classes: what is mapped where, and what it answers. Definitions come from org/data/apex.json
 * and the member "apexRest" of the --schema file; a few are built in because they do more than answer.
 * Threads: definitions are read only after loading; answering belongs to the call.
 */
#ifndef SFO_APEX_H
#define SFO_APEX_H
#include "api/call.h"

enum { SFO_APEX_METHODS = 5, SFO_APEX_HEADERS_MAX = 8, SFO_APEX_MAPPING_MAX = 255 };

typedef struct sfo_apex_class sfo_apex_class;

typedef struct sfo_apex_method {
    const char *name;                                                  /* "GET", "POST", "PUT", "PATCH", "DELETE" */
    void (*run)(sfo_call *call, const sfo_apex_class *c, sf_str rest); /* a built-in one; NULL: declared, as follows */
    int status;                                                        /* 200 when not said */
    const char *content_type;                                          /* NULL: JSON's, or text's */
    struct {
        const char *name, *value;
    } headers[SFO_APEX_HEADERS_MAX];
    size_t header_count;
    sf_str body, text;         /* templates as JSON text; ptr NULL: not this one; neither: void */
    const char *raises;        /* an exception; NULL: none */
    const char *const *params; /* names that a JSON body may have; NULL: any body at all */
    size_t param_count;
} sfo_apex_method;

struct sfo_apex_class {
    const char *name;
    const char *mapping; /* with its namespace before it: "/Cases/" and a star */
    bool is_forbidden;
    sfo_apex_method methods[SFO_APEX_METHODS];
    size_t method_count;
};

typedef struct sfo_apex_set {
    sfi_arena arena;
    sfo_apex_class *classes;
    size_t count;
} sfo_apex_set;

/* Built-in definitions and those of the --schema file (a missing value: none), which stand in for built-in ones of the
 * same mapping. @return SF_OK, SF_ERR_USAGE (which class, and what is wrong), SF_ERR_MEMORY. */
sf_status sfo_apex_load(sf_value standard, sf_value extra, sfo_apex_set **out, sf_error *err);
void sfo_apex_free(sfo_apex_set *apex); /* NULL is fine */

/* Does path (behind /services/apexrest, as sent) fit the mapping? *rest: what its last star took. */
bool sfo_apex_fits(const char *mapping, sf_str path, sf_str *rest);

/* The 500 of an exception that a class does not catch. */
void sfo_apex_raise(sfo_call *call, const sfo_apex_class *c, const char *exception);
/* The JSON object in the body, with no other names than these. false: the response is the 400. */
bool sfo_apex_params(sfo_call *call, const char *const *names, size_t count, sf_value *out);

/* apex_builtin.c: sets the methods of the built-in class of this name; false: there is none. */
bool sfo_apex_builtin(const char *name, sfo_apex_class *c);
/* apex_cases.c */
void sfo_apex_case_get(sfo_call *call, const sfo_apex_class *c, sf_str rest);
void sfo_apex_case_create(sfo_call *call, const sfo_apex_class *c, sf_str rest);
void sfo_apex_case_upsert(sfo_call *call, const sfo_apex_class *c, sf_str rest);
void sfo_apex_case_update(sfo_call *call, const sfo_apex_class *c, sf_str rest);
void sfo_apex_case_delete(sfo_call *call, const sfo_apex_class *c, sf_str rest);

void sfo_apex_dispatch(sfo_call *call); /* apex.c: /services/apexrest/… */
#endif
