/*
 * composite.h: several requests in one call of the API. A composite's parts may use the answers of those before them,
 * and may be all or nothing; a batch's parts stand alone; a graph is a composite of up to 500 parts in which each graph
 * is a transaction. A tree creates records with their child records. Each part's answer is kept apart, its error too.
 * Wire: REST Composite, Composite Batch, Composite Graph, sObject Tree.
 *
 * A reference @{ref.path} in a part's path, in a statement or in a record's text stands for a value that an earlier part
 * of the same request answered: @{acme.id} of a create, @{found.records[0].Id} of a query (case counts; a created row
 * says id, a fetched one Id). The org puts it in; so text of strangers that holds @{ should not be sent through a
 * composite or graph. Binds of a query and external ids always stand for themselves.
 *
 * Threads: a composite, a tree and an answer belong to one thread at a time.
 */
#ifndef SALESFORCE_COMPOSITE_H
#define SALESFORCE_COMPOSITE_H
#include <salesforce/query.h>
#include <salesforce/records.h>

#define SF_COMPOSITE_PARTS_MAX 25   /* parts of a composite, and of a batch */
#define SF_COMPOSITE_QUERIES_MAX 5  /* of a composite's parts: queries and collections */
#define SF_GRAPH_PARTS_MAX 500      /* parts of all graphs of a request */
#define SF_GRAPHS_MAX 75            /* graphs of a request */
#define SF_TREE_RECORDS_MAX 200     /* records of a tree */
#define SF_TREE_DEPTH_MAX 5         /* levels of a tree */
#define SF_TREE_TYPES_MAX 5         /* different objects in a tree */

typedef struct sf_composite sf_composite; /* parts that will be sent together */
typedef struct sf_parts sf_parts;         /* what came back */
typedef struct sf_tree sf_tree;           /* records to create, with their children */

typedef enum sf_composite_kind {
    SF_COMPOSITE = 0,       /* in order; later parts may refer to earlier ones; all or nothing when asked */
    SF_COMPOSITE_BATCH = 1, /* each alone; parts have no reference ids */
    SF_COMPOSITE_GRAPH = 2  /* graphs, each of them all or nothing; parts are records only */
} sf_composite_kind;

/* ---- what is sent ---- */

/** A new one without parts. @return owned by the caller, ends with sf_composite_free; NULL: no memory, or no such kind;
 *  the calls below take NULL and answer SF_ERR_USAGE. */
SF_EXTERN sf_composite *sf_composite_new(sf_composite_kind kind);
SF_EXTERN void sf_composite_free(sf_composite *c); /**< NULL is fine. */
SF_EXTERN void sf_composite_clear(sf_composite *c); /**< Forget all parts and a kept failure. NULL is fine. */
SF_EXTERN size_t sf_composite_count(const sf_composite *c); /**< parts added so far; 0 for NULL */

/* Adding parts. Everything is copied. ref: the part's name, a letter or digit and then letters, digits and _, at most
 * 40, unlike all others of its composite or graph; NULL in a batch. An id may be a reference such as @{acme.id}.
 * @return SF_OK; SF_ERR_USAGE, SF_ERR_LIMIT or SF_ERR_MEMORY: the first failure is kept and comes back from
 * sf_composite_send, so the answers need not be read one by one. */

/** Parts added from now on belong to this graph. @param graph_id any short text, unlike other graphs' */
SF_EXTERN sf_status sf_composite_add_graph(sf_composite *c, const char *graph_id);
/** Any request. @param method GET, POST, PATCH, PUT, DELETE or HEAD. @param path below /services/data/vXX.X/, or from
 *  /services/data/ on; percent-encoded. @param body JSON; ptr NULL: none. */
SF_EXTERN sf_status sf_composite_add(sf_composite *c, const char *ref, const char *method, const char *path,
                                     sf_str body);
SF_EXTERN sf_status sf_composite_add_create(sf_composite *c, const char *ref, const sf_record *r);
SF_EXTERN sf_status sf_composite_add_update(sf_composite *c, const char *ref, const sf_record *r, const char *id);
/** Update by external id, or create. The record may not set that field too. */
SF_EXTERN sf_status sf_composite_add_upsert(sf_composite *c, const char *ref, const sf_record *r, const char *field,
                                            const char *value);
SF_EXTERN sf_status sf_composite_add_delete(sf_composite *c, const char *ref, const char *object, const char *id);
/** @param fields names with a NULL at the end; NULL: all fields. */
SF_EXTERN sf_status sf_composite_add_get(sf_composite *c, const char *ref, const char *object, const char *id,
                                         const char *const *fields);
/** The first page of a query; its nextRecordsUrl can be followed by sf_query_options.resume. Not in a graph. */
SF_EXTERN sf_status sf_composite_add_query(sf_composite *c, const char *ref, const char *soql, sf_binds binds);
/** Give the part added last a header, such as If-Modified-Since. Not in a batch; not Accept, Authorization and
 *  Content-Type, which the parts have from the request around them. */
SF_EXTERN sf_status sf_composite_add_header(sf_composite *c, const char *name, const char *value);

typedef struct sf_composite_options { /* borrowed for the call */
    bool all_or_none;            /* SF_COMPOSITE: one part fails, none is done (graphs are so anyway) */
    bool no_collate;             /* SF_COMPOSITE: parts strictly one after another */
    bool halt_on_error;          /* SF_COMPOSITE_BATCH: parts after the first failed one are not tried */
    const sf_call_options *call; /* NULL: defaults */
    uint64_t reserved[8];        /* zero */
} sf_composite_options;

/** Send the parts. Repeated after a lost answer when all of them are GETs, else never. @param options NULL: defaults.
 *  @param out owned by the caller, ends with sf_parts_free; NULL on failure.
 *  @return SF_OK: the org answered part by part: **parts may have failed**, see sf_parts_check; SF_ERR_USAGE,
 *  SF_ERR_LIMIT (too many parts, queries, graphs: nothing was sent), SF_ERR_ORG (the request as a whole was refused),
 *  SF_ERR_UNKNOWN_OUTCOME (the answer was lost, or does not say how each part fared), and what stands at
 *  sf_client_request. */
SF_API sf_status sf_composite_send(sf_client *sf, const sf_composite *c, const sf_composite_options *options,
                                   sf_parts **out, sf_error *err);

/** The same for a request that is JSON text already. @param json the body as the API takes it ({"compositeRequest":[…]},
 *  {"batchRequests":[…]}, {"graphs":[…]}), borrowed; or the array in it alone, then the options say the rest.
 *  @return as sf_composite_send; SF_ERR_USAGE also: not JSON, or not such a request (the message says where). */
SF_API sf_status sf_composite_send_json(sf_client *sf, sf_composite_kind kind, sf_str json,
                                        const sf_composite_options *options, sf_parts **out, sf_error *err);

/* ---- what comes back ---- */

typedef struct sf_part {      /* one part's answer; what it points to is borrowed until sf_parts_free */
    const char *reference_id; /* NULL in a batch */
    const char *graph_id;     /* NULL outside graphs */
    size_t index;             /* its place in the answer; a batch answers in the order of the request */
    int32_t http_status;
    bool failed;              /* sf_part_check says why */
    bool halted;              /* failed because of another part, or because that one's answer was needed */
    sf_id id;                 /* of the record that was created or upserted; "": none */
    sf_value body;            /* null where there is none */
    sf_value headers;         /* an object: Location, ETag …; missing in a batch and a tree */
    uint64_t reserved[4];
} sf_part;

SF_EXTERN size_t sf_parts_count(const sf_parts *p); /**< 0 for NULL */
SF_EXTERN size_t sf_parts_failed(const sf_parts *p); /**< how many of them failed; 0 for NULL */
/** Part i of the answer. @return false, out untouched: there is none. */
SF_EXTERN bool sf_parts_get(const sf_parts *p, size_t i, sf_part *out);
/** The part of that name. @param graph_id NULL: of any graph, the first that has it. @return false: there is none. */
SF_EXTERN bool sf_parts_find(const sf_parts *p, const char *graph_id, const char *ref, sf_part *out);
/** How a part fared. @return SF_OK (304 too), or its error: code, message, fields and http_status are the part's; the
 *  message begins with its name. */
SF_API sf_status sf_part_check(const sf_part *part, sf_error *err);
/** How all fared. @return SF_OK: none failed. Else the error of the part that is the cause: where a transaction was
 *  rolled back, its other parts only say so (PROCESSING_HALTED), and may stand before it. A collection whose rows failed
 *  is a part that went well, but for a transaction that this rolled back: then it is the error of its row. */
SF_API sf_status sf_parts_check(const sf_parts *p, sf_error *err);
/** The whole answer, as it came. Missing for NULL. */
SF_EXTERN sf_value sf_parts_body(const sf_parts *p);
SF_EXTERN void sf_parts_free(sf_parts *p); /**< NULL is fine. */

/* ---- trees ---- */

/** A tree whose uppermost records are of this object. @return as sf_composite_new. */
SF_EXTERN sf_tree *sf_tree_new(const char *object);
SF_EXTERN void sf_tree_free(sf_tree *t); /**< NULL is fine. */
SF_EXTERN size_t sf_tree_count(const sf_tree *t); /**< records so far; 0 for NULL */
/** Add a record. Failures are kept, as those of sf_composite_add. @param ref its name in the answer, unlike all others.
 *  @param parent_ref the record, added before, that it is a child of; NULL: an uppermost one. @param relationship the
 *  name of the child relationship, such as "Contacts"; NULL for an uppermost one. @param r copied. */
SF_EXTERN sf_status sf_tree_add(sf_tree *t, const char *ref, const char *parent_ref, const char *relationship,
                                const sf_record *r);
/** Create all records, or none. Never repeated after a lost answer. @param call NULL: defaults. @param out as
 *  sf_composite_send: a part a record with its reference_id and id; when the tree was refused, a part for each record
 *  that is at fault, and nothing was saved. @return as sf_composite_send. */
SF_API sf_status sf_tree_send(sf_client *sf, const sf_tree *t, const sf_call_options *call, sf_parts **out,
                              sf_error *err);
/** The same for {"records":[…]} that is JSON text already. @param json borrowed; may hold at most SF_TREE_RECORDS_MAX
 *  records. */
SF_API sf_status sf_tree_send_json(sf_client *sf, const char *object, sf_str json, const sf_call_options *call,
                                   sf_parts **out, sf_error *err);
#endif
