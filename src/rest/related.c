/* related.c: the cursor over children of related.h; the calls on a parent are with their kin in records.c. Called by
 * programs; owns nothing but the cursor that it hands out. The one idea: the answer is a query's page, so the query's
 * cursor reads it; only where it begins is a path instead of a statement. */
#include <salesforce/related.h>
#include "rest/query_internal.h"

static const sf_query_options no_options;

static sf_status check(const sf_client *sf, const sf_related *at, const sf_query_options *o, sf_error *err)
{
    if (sf == NULL || at == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf or at is NULL");
    if (!sfi_is_zero(at->reserved, sizeof at->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_related: reserved is not zero");
    if (!sfi_rest_is_name(at->object) || !sfi_rest_is_name(at->relationship))
        return sfi_fail(err, SF_ERR_USAGE, "sf_related: \"%.80s\" is not the name of an object or relationship",
                        sfi_rest_is_name(at->object) ? at->relationship != NULL ? at->relationship : "(NULL)"
                        : at->object != NULL         ? at->object
                                                     : "(NULL)");
    if (!sfi_rest_is_id(at->id))
        return sfi_fail(err, SF_ERR_USAGE, "%s: \"%.40s\" is not a record id (15 or 18 letters and digits)", at->object,
                        at->id != NULL ? at->id : "(NULL)");
    if (o->binds.count > 0 || o->all_rows || o->tooling || o->resume != NULL || o->resume_delivered != 0)
        return sfi_fail(err, SF_ERR_USAGE, "sf_query_options: children take page_rows, no_prefetch and call only");
    return SF_OK;
}

/* A SELECT list for the columns' names; without fields they are the first row's. */
static void add_columns(sfi_buf *out, const char *const *fields)
{
    sfi_buf_add_str(out, "SELECT ");
    if (fields == NULL) sfi_buf_add_str(out, "FIELDS(ALL)");
    for (size_t i = 0; fields != NULL && fields[i] != NULL; i++)
        sfi_buf_addf(out, "%s%s", i > 0 ? ", " : "", fields[i]);
    sfi_buf_add_str(out, " FROM X");
}

sf_status sf_related_open(sf_client *sf, const sf_related *at, const char *const *fields,
                          const sf_query_options *options, sf_query **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    const sf_query_options *o = options != NULL ? options : &no_options;
    sf_status rc = check(sf, at, o, err);
    if (rc != SF_OK) return rc;
    sf_error failure = { 0 };
    sfi_buf path = { 0 }, columns = { 0 };
    sfi_buf_addf(&path, "sobjects/%s/%s/%s", at->object, at->id, at->relationship);
    rc = sfi_rest_add_fields(&path, fields, &failure);
    if (rc == SF_OK) rc = sfi_buf_status(&path, &failure, "the path");
    add_columns(&columns, rc == SF_OK ? fields : NULL);
    if (rc == SF_OK) rc = sfi_buf_status(&columns, &failure, "the columns");
    if (rc == SF_OK) rc = sfi_query_open_path(sf, path.data, columns.data, o, out, &failure);
    if (rc != SF_OK && rc != SF_ERR_USAGE)
        sfi_error_prefix(&failure, "%s of %s %.18s%s", at->relationship, at->object, at->id,
                         rc == SF_ERR_PROTOCOL ? " (a parent is read with sf_related_get)" : "");
    if (rc != SF_OK && err != NULL) *err = failure;
    sfi_buf_free(&path);
    sfi_buf_free(&columns);
    return rc;
}
