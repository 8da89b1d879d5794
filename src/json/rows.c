/* rows.c: a result page, row by row. Called by client's cursors. A row is checked when it is reached, so that the first
 * rows of a page are there at once and each row's text is still in the cache when its fields are read; at the last row
 * the rest of the page is checked too: whoever reached SF_DONE has seen a page that was right from end to end. */
#include "json/document_internal.h"

sf_status sfi_json_rows_begin(sf_value array, sfi_json_rows *rows, sf_error *err)
{
    *rows = (sfi_json_rows){ .doc = array.doc, .next = array.token + 1 };
    if (array.type != SF_ARRAY)
        return sfi_fail(err, SF_ERR_PROTOCOL, "JSON holds no array of rows where one should be");
    if (array.token < array.doc->check.at) return SF_OK; /* inside a row, or in a document that was checked whole */
    return sfi_check_run(array.doc, SFI_STOP_INSIDE, array.token, err);
}

/* The check stands at the end of the last row: take it one further. */
static sf_status next_unchecked(sfi_json_rows *rows, sf_value *row, sf_error *err)
{
    sfi_json *doc = rows->doc;
    bool closes = sfi_token_byte(doc, rows->next) == ']';
    sfi_json_forget_read(doc);
    sf_status rc = sfi_check_run(doc, closes ? SFI_STOP_NEVER : SFI_STOP_ROW, 0, err);
    if (rc != SF_OK) return rc;
    rows->done = closes;
    if (closes) return SF_DONE;
    *row = sfi_value_at(doc, doc->part.begin);
    rows->next = doc->check.at;
    return SF_ROW;
}

/* The row lies behind the place of the check: another array was begun further on. Should it have been begun inside this
 * very row, the row is not checked to its end, and then all of the text is. */
static sf_status next_checked(sfi_json_rows *rows, sf_value *row, sf_error *err)
{
    sfi_json *doc = rows->doc;
    uint32_t t = rows->next;
    rows->done = sfi_token_byte(doc, t) == ']';
    if (rows->done) return SF_DONE;
    if (rows->started) t++; /* the comma */
    uint32_t end = sfi_value_skip(doc, t);
    if (end > doc->check.at) {
        sf_status rc = sfi_check_run(doc, SFI_STOP_NEVER, 0, err);
        if (rc != SF_OK) return rc;
    }
    *row = sfi_value_at(doc, t);
    rows->next = end;
    return SF_ROW;
}

sf_status sfi_json_row_next(sfi_json_rows *rows, sf_value *row, sf_error *err)
{
    if (rows->done) return SF_DONE;
    const sfi_json_check *check = &rows->doc->check;
    bool is_unchecked = check->next != SFI_CHECK_END && rows->next == check->at;
    sf_status rc = is_unchecked ? next_unchecked(rows, row, err) : next_checked(rows, row, err);
    if (rc == SF_ROW) rows->started = true;
    return rc;
}
