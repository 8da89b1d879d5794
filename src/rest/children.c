/* children.c: a cursor over a child query's rows. Called by programs; its first rows lie in the parent's page, which it
 * borrows, further pages are its own. The one idea: a child result has the form of a page, so a child cursor is a cursor
 * whose first page is already there; its own children work the same way, to any depth. */
#include "rest/query_internal.h"

/* The column of the parent that this value is, found by where it stands in the row. */
static const sfi_column *column_of(const sf_query *parent, sf_value children)
{
    for (size_t i = 0; i < parent->columns.count; i++) {
        const sfi_column *column = &parent->columns.list[i];
        if (!column->is_children) continue;
        sf_value at = sf_get(parent->row, column->path);
        if (at.type == children.type && at.doc == children.doc && at.token == children.token) return column;
    }
    return NULL;
}

static sf_query *new_child(const sf_query *parent)
{
    sf_query *q = sfi_calloc(sizeof *q);
    if (q == NULL) return NULL;
    q->sf = parent->sf;
    q->call = parent->call;
    q->resource = parent->resource;
    q->no_prefetch = parent->no_prefetch;
    memcpy(q->batch, parent->batch, sizeof q->batch);
    q->counts_rows = true;
    return q;
}

sf_status sf_query_children(sf_query *parent, sf_value children, sf_query **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (parent == NULL) return sfi_fail(err, SF_ERR_USAGE, "the parent cursor is NULL");
    if (children.type != SF_NULL && children.type != SF_OBJECT)
        return sfi_fail(err, SF_ERR_USAGE, "the value is no child query's result: no such relationship in this row?");
    if (parent->end != SF_OK || parent->row.doc != children.doc)
        return sfi_fail(err, SF_ERR_USAGE, "the value is not of the row that the parent cursor stands on");
    sf_query *q = new_child(parent);
    if (q == NULL) return sfi_fail_memory(err, "a child cursor");
    sf_status rc = SF_OK;
    const sfi_column *column = column_of(parent, children);
    if (column != NULL && column->child.ptr != NULL) rc = sfi_columns_read(&q->columns, column->child, err);
    if (rc == SF_OK && children.type == SF_NULL) {
        q->end = SF_DONE;
    } else if (rc == SF_OK) {
        rc = sfi_query_read_page(q, children, err);
        if (rc == SF_OK) rc = sfi_query_settle_columns(q, sf_get(children, "records"), err);
        if (rc == SF_OK) sfi_query_fetch_ahead(q);
    }
    if (rc == SF_OK) {
        *out = q;
        q = NULL;
    }
    sf_query_close(q);
    return rc;
}
