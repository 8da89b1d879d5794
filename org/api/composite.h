/*
 * composite.h: requests inside a request: what batch, composite and graph share. A part is a call of its own through
 * the same routes; its answer is kept, so that @{ref.path} of a later part is a look into it.
 * Called by rest_composite.c and rest_batch.c. Threads: as a call, one at a time.
 */
#ifndef SFO_COMPOSITE_H
#define SFO_COMPOSITE_H
#include "api/rest.h"

enum { SFO_PARTS_MAX = 25 }; /* of a batch and a composite */

typedef struct sfo_part {
    const char *id;         /* referenceId: in the outer request's document; NULL: a batch's */
    sfo_response *response; /* ours */
    sfi_json *answer;       /* the response's body, read; NULL: it has none */
    sfi_buf body;           /* of its request */
    bool has_answer;
} sfo_part;

typedef struct sfo_parts { /* the parts of one composite or graph */
    sfo_call *call;
    sfo_part *list; /* ours, cap of them */
    size_t count;   /* parts that ran or were refused */
    size_t cap;
    bool failed; /* one of them */
} sfo_parts;

/* Room for cap parts. false: no memory. Ends with sfo_parts_clear, which also passes a memory failure on to the call. */
bool sfo_parts_init(sfo_parts *p, sfo_call *call, size_t cap);
void sfo_parts_clear(sfo_parts *p);

/* Runs a part of a list that was checked, with its references put in. */
void sfo_parts_run(sfo_parts *p, sf_value spec);
/* A collection of which a row failed: its status is 200 all the same. */
bool sfo_part_has_failed_rows(const sfo_part *part);
/* Answers a part with PROCESSING_HALTED. */
void sfo_part_halt(sfo_part *part, const char *message);
/* A part that is not run at all. */
void sfo_parts_skip(sfo_parts *p, sf_value spec, const char *message);
/* {"body":…,"httpHeaders":…,"httpStatusCode":…,"referenceId":…} */
void sfo_part_write(sfi_json_writer *w, const sfo_part *part);
/* The body of an answer, or null. */
void sfo_part_write_body(sfi_json_writer *w, const sfo_response *r);

/* One request inside another. url: a path from the host's root with its query, which is cut at '?'. */
void sfo_part_call(sfo_call *outer, const char *method, char *url, sf_str body, sf_value headers,
                   sfo_response *response);
/* The method's name in capitals; NULL: none that a part may have. */
const char *sfo_part_method(const char *method);
/* The next @{…} in text: *before ends there, *name is what stands inside, *rest follows it. */
bool sfo_next_reference(sf_str text, sf_str *before, sf_str *name, sf_str *rest);
bool sfo_is_reference_id(sf_str id);
#endif
