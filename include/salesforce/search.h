/*
 * search.h: searching text in many objects at once: SOSL statements, searches put together from parts, suggestions
 * while somebody types. All rows of a search come in one answer (2,000 at most), so a search is one request.
 * Wire: REST Search, Parameterized Search, Search Suggested Records.
 * Threads: a search and its rows belong to one thread at a time.
 */
#ifndef SALESFORCE_SEARCH_H
#define SALESFORCE_SEARCH_H
#include <salesforce/query.h>

#define SF_SEARCH_OBJECTS_MAX 50

typedef struct sf_search sf_search;

typedef struct sf_search_options {
    sf_binds binds;              /* borrowed for the open */
    const sf_call_options *call; /* borrowed for the open */
    uint64_t reserved[8];        /* zero */
} sf_search_options;

/** Send a SOSL statement. @param sosl UTF-8, such as FIND {:text} IN NAME FIELDS RETURNING Account(Id, Name WHERE
 *  Industry = :in). Between the braces :name takes a text, of which every character stands for itself (reserved ones
 *  are escaped, AND, OR and NOT are words; {:name*} finds what begins with it); behind them it takes any bind, as in a
 *  query. @param options NULL: defaults. @param out owned by the caller, ends with sf_search_close; NULL on failure.
 *  @return SF_OK, SF_ERR_USAGE (a bind without value, a value without bind, a type that does not fit), SF_ERR_LIMIT
 *  (too long for a URL), SF_ERR_ORG (MALFORMED_SEARCH, INVALID_FIELD…). */
SF_API sf_status sf_search_open(sf_client *sf, const char *sosl, const sf_search_options *options, sf_search **out,
                                sf_error *err);

/** The next record, of any of the objects: "attributes.type" says which. @param row borrowed until the close.
 *  @return SF_ROW, SF_DONE, both sticky; SF_ERR_PROTOCOL: an element is no record. */
SF_API sf_status sf_search_next(sf_search *s, sf_value *row, sf_error *err);

/** All records, as an array; a missing value when s is NULL. Borrowed until the close. */
SF_EXTERN sf_value sf_search_records(const sf_search *s);

/** End a search; NULL is fine. Its rows are dead then. */
SF_EXTERN void sf_search_close(sf_search *s);

/** A statement with its binds put in: what sf_search_open would send. @param out owned by the caller, ends with
 *  sf_free. */
SF_API sf_status sf_search_format(const char *sosl, sf_binds binds, char **out, sf_error *err);

/* ---- from parts ---- */

typedef struct sf_search_object { /* strings borrowed for the open; NULL: not said */
    const char *name;             /* API name */
    const char *fields;           /* "Id,Name"; NULL: those of the options */
    const char *where;            /* a SOQL condition without WHERE */
    const char *order_by;         /* "Name DESC" */
    int64_t limit;                /* rows of this object; 0: not said */
    uint64_t reserved[4];         /* zero */
} sf_search_object;

typedef struct sf_search_parts {
    const char *in;                  /* "ALL", "NAME", "EMAIL", "PHONE" or "SIDEBAR"; NULL: the org's choice */
    const char *fields;              /* of objects that do not say theirs: "Id,Name"; NULL: the Id */
    const sf_search_object *objects; /* borrowed for the open; none: every object that can be searched */
    size_t object_count;             /* at most SF_SEARCH_OBJECTS_MAX */
    int64_t overall_limit;           /* rows in all; 0: 2,000 */
    int64_t default_limit;           /* rows of an object that does not say; 0: not said */
    bool no_spell_correction;
    const sf_call_options *call; /* borrowed for the open */
    uint64_t reserved[8];        /* zero */
} sf_search_parts;

/** Search for a text as a person typed it, without SOSL (parameterized search). @param text 2 characters or more.
 *  @param parts NULL: everywhere. @param out as sf_search_open. @return as sf_search_open. */
SF_API sf_status sf_search_text(sf_client *sf, const char *text, const sf_search_parts *parts, sf_search **out,
                                sf_error *err);

/** Records whose name begins like text, for a list under an input field. @param limit rows; 0: the org's choice.
 *  @param out {"autoSuggestResults":[…],"hasMoreResults":…}; owned by the caller, ends with sf_document_free. */
SF_API sf_status sf_search_suggest(sf_client *sf, const char *text, const char *object, int64_t limit,
                                   const sf_call_options *call, sf_document **out, sf_error *err);
#endif
