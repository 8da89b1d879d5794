/* users.c: the calls of users.h. Called by programs, safe from any thread; owns nothing between calls. The one idea: a
 * password lives in as few places as can be, each of which is wiped: our body, the answer as it came and as text, and an
 * error that repeats it. */
#include <salesforce/users.h>
#include "rest/rest_internal.h"

enum {
    PATH_BYTES = 64,
    BODY_BYTES = 7 * SF_PASSWORD_MAX + 64, /* every byte escaped at most, so that the buffer never moves */
    RESPONSE_BYTES = 64 * 1024
};

void sf_secret_free(char *secret)
{
    sfi_free_secret(secret);
}

/* How errors begin. What is logged takes the word behind «password:» for a secret, so there is never one. */
static void name_call(const char *user_id, char what[PATH_BYTES])
{
    snprintf(what, PATH_BYTES, "password of %.18s", user_id);
}

/* The path of a user's password. */
static sf_status make_path(sf_client *sf, const char *user_id, char path[PATH_BYTES], sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (!sfi_rest_is_id(user_id))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a user's id (15 or 18 letters and digits)",
                        user_id != NULL ? user_id : "(NULL)");
    snprintf(path, PATH_BYTES, "sobjects/User/%s/password", user_id);
    return SF_OK;
}

/* ---- state ---- */

sf_status sf_password_is_expired(sf_client *sf, const char *user_id, const sf_call_options *call, bool *out,
                                 sf_error *err)
{
    char path[PATH_BYTES], what[PATH_BYTES];
    sf_document *doc = NULL;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    sf_status rc = make_path(sf, user_id, path, err);
    if (rc != SF_OK) return rc;
    name_call(user_id, what);
    const sfi_call_request request = { .method = "GET", .path = path, .options = call, .what = what };
    rc = sfi_call_document(sf, &request, &doc, err);
    if (rc != SF_OK) return rc;
    sf_value state = sf_get(sf_document_root(doc), "isExpired");
    if (sf_value_type(state) != SF_BOOL)
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "%s: the org's answer has no \"isExpired\"", what);
    else
        *out = sf_get_bool(state, NULL, false);
    sf_document_free(doc);
    return rc;
}

/* ---- set ---- */

sf_status sf_password_set(sf_client *sf, const char *user_id, const char *password, const sf_call_options *call,
                          sf_error *err)
{
    char path[PATH_BYTES], what[PATH_BYTES];
    sf_status rc = make_path(sf, user_id, path, err);
    if (rc != SF_OK) return rc;
    name_call(user_id, what);
    size_t len = password != NULL ? strnlen(password, SF_PASSWORD_MAX + 1) : 0;
    if (len == 0) return sfi_fail(err, SF_ERR_USAGE, "%s: the new one is empty", what);
    if (len > SF_PASSWORD_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "%s: the new one is longer than %d bytes", what, SF_PASSWORD_MAX);
    if (!sfi_utf8_valid(password, len)) return sfi_fail(err, SF_ERR_USAGE, "%s: the new one is not UTF-8", what);
    sfi_buf body = { 0 };
    sfi_answer answer = { 0 };
    (void)sfi_buf_reserve(&body, BODY_BYTES); /* at once, so that growing leaves no copies behind */
    sfi_json_writer w = sfi_json_write_to(&body);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "NewPassword");
    sfi_json_string_n(&w, (sf_str){ password, len });
    sfi_json_end_object(&w);
    rc = sfi_buf_status(&body, err, "a password");
    const sfi_call_request request = {
        .method = "POST", .path = path, .body = sfi_buf_str(&body), .options = call, .what = what
    };
    if (rc == SF_OK) rc = sfi_call_run(sf, &request, &answer, err);
    if (rc != SF_OK) sfi_error_blot_out(err, password);
    sfi_answer_clear(&answer);
    if (body.data != NULL) sfi_wipe(body.data, body.cap);
    sfi_buf_free(&body);
    return rc;
}

/* ---- reset ---- */

/* "NewPassword" of a JSON text. */
static sf_status read_password(sf_str text, char **out, sf_error *err)
{
    sfi_json *doc = NULL;
    char *data = NULL;
    size_t cap = 0;
    sf_status rc = sfi_json_new(&doc, err);
    if (rc == SF_OK) rc = sfi_json_parse(doc, text, NULL);
    if (rc == SF_OK) {
        sf_str password = sf_get_text(sfi_json_root(doc), "NewPassword");
        bool is_there = password.len > 0 && strlen(password.ptr) == password.len;
        *out = is_there ? sfi_strndup(password.ptr, password.len) : NULL;
        if (*out == NULL) rc = is_there ? SF_ERR_MEMORY : SF_ERR_PROTOCOL;
    }
    if (doc != NULL) {
        sfi_json_swap_buffer(doc, &data, &cap); /* the document's copy comes out, to be wiped */
        if (data != NULL) sfi_wipe(data, cap);
        sfi_free(data);
        sfi_json_free(doc);
    }
    if (rc == SF_OK) return rc;
    if (rc == SF_ERR_MEMORY) return sfi_fail_memory(err, "a password");
    return sfi_fail(err, SF_ERR_PROTOCOL, "the password was reset, but the answer holds no new one; reset it again");
}

sf_status sf_password_reset(sf_client *sf, const char *user_id, const sf_call_options *call, char **out, sf_error *err)
{
    char path[PATH_BYTES], what[PATH_BYTES], *text = NULL;
    size_t len = 0;
    sfi_answer answer = { 0 };
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = make_path(sf, user_id, path, err);
    if (rc != SF_OK) return rc;
    name_call(user_id, what);
    const sfi_call_request request = { .method = "DELETE",
                                       .path = path,
                                       .repeatable = true, /* the last one made is the one that holds */
                                       .response_max = RESPONSE_BYTES,
                                       .options = call,
                                       .what = what };
    rc = sfi_call_run(sf, &request, &answer, err);
    if (rc == SF_OK) rc = sfi_answer_text(sf, &answer, &text, &len, err);
    if (rc == SF_OK) rc = read_password((sf_str){ text, len }, out, err);
    if (text != NULL) sfi_wipe(text, len);
    sfi_free(text);
    if (answer.body != NULL) sfi_wipe(answer.body, answer.body_cap); /* it came compressed */
    sfi_answer_clear(&answer);
    return rc;
}
