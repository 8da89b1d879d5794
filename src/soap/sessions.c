/* sessions.c: who and when, passwords, the ends of sessions. Called by programs. Owns nothing; what holds a password is
 * wiped by the writer, the client and the answer that held it. */
#include "soap/soap_internal.h"

/* A call whose body is one element without content. */
static sf_xml_writer *empty_body(const char *name)
{
    char element[64];
    (void)snprintf(element, sizeof element, "urn:%s", name);
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, element);
    (void)sf_xml_end(w);
    return w;
}

sf_status sf_soap_get_user_info(sf_client *sf, const sf_soap_options *options, sf_xml **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc != SF_OK) return rc;
    return sfi_soap_run_writer(sf, "getUserInfo", empty_body("getUserInfo"), true, options, out, err);
}

sf_status sf_soap_get_server_timestamp(sf_client *sf, const sf_soap_options *options, int64_t *ms, sf_error *err)
{
    if (ms == NULL) return sfi_fail(err, SF_ERR_USAGE, "ms is NULL");
    sf_xml *doc = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc != SF_OK) return rc;
    rc = sfi_soap_run_writer(sf, "getServerTimestamp", empty_body("getServerTimestamp"), true, options, &doc, err);
    if (rc == SF_OK && !sf_xml_get_time_ms(sf_soap_body(doc), "result.timestamp", ms))
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "getServerTimestamp: the answer has no timestamp");
    sf_xml_free(doc);
    return rc;
}

/* ---- passwords ---- */

static sf_status check_user(const char *what, const char *user_id, sf_error *err)
{
    if (sfi_soap_is_id(user_id)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s: user_id \"%.40s\" is no id (15 or 18 letters and digits)", what,
                    user_id != NULL ? user_id : "(NULL)");
}

sf_status sf_soap_set_password(sf_client *sf, const char *user_id, const char *password, const sf_soap_options *options,
                               sf_error *err)
{
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK) rc = check_user("setPassword", user_id, err);
    if (rc == SF_OK && (password == NULL || password[0] == '\0'))
        rc = sfi_fail(err, SF_ERR_USAGE, "setPassword: the password is missing");
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:setPassword");
    (void)sf_xml_add(w, "urn:userId", user_id);
    (void)sf_xml_add(w, "urn:password", password);
    (void)sf_xml_end(w);
    rc = sfi_soap_run_writer(sf, "setPassword", w, false, options, NULL, err);
    if (rc != SF_OK) sfi_error_blot_out(err, password);
    return rc;
}

sf_status sf_soap_reset_password(sf_client *sf, const char *user_id, const sf_soap_options *options, char **password,
                                 sf_error *err)
{
    if (password != NULL) *password = NULL;
    sf_xml *doc = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK) rc = check_user("resetPassword", user_id, err);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:resetPassword");
    (void)sf_xml_add(w, "urn:userId", user_id);
    (void)sf_xml_end(w);
    rc = sfi_soap_run_writer(sf, "resetPassword", w, false, options, &doc, err);
    if (rc == SF_OK && password != NULL) {
        const char *text = sf_xml_get_str(sf_soap_body(doc), "result.password");
        *password = sfi_strdup(text);
        if (*password == NULL)
            rc =
                sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                         "resetPassword: it was done, but the answer has no password that can be read; reset it again");
    }
    sf_xml_free(doc);
    return rc;
}

sf_status sf_soap_change_own_password(sf_client *sf, const char *old_password, const char *new_password,
                                      const sf_soap_options *options, sf_error *err)
{
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK && (old_password == NULL || new_password == NULL || new_password[0] == '\0'))
        rc = sfi_fail(err, SF_ERR_USAGE, "changeOwnPassword: a password is missing");
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:changeOwnPassword");
    (void)sf_xml_add(w, "urn:oldPassword", old_password);
    (void)sf_xml_add(w, "urn:newPassword", new_password);
    (void)sf_xml_end(w);
    rc = sfi_soap_run_writer(sf, "changeOwnPassword", w, false, options, NULL, err);
    if (rc != SF_OK) sfi_error_blot_out(err, old_password);
    if (rc != SF_OK) sfi_error_blot_out(err, new_password);
    return rc;
}

/* ---- ends of sessions ---- */

sf_status sf_soap_invalidate_sessions(sf_client *sf, const char *const *ids, size_t count,
                                      const sf_soap_options *options, sf_soap_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_soap_check(sf, options, false, err);
    if (rc == SF_OK && (ids == NULL || count == 0 || count > SF_SOAP_ROWS_MAX))
        rc = sfi_fail(err, SF_ERR_USAGE, "invalidateSessions: %zu given; want 1 to %d a call", count, SF_SOAP_ROWS_MAX);
    for (size_t i = 0; rc == SF_OK && i < count; i++)
        if (ids[i] == NULL || ids[i][0] == '\0')
            rc = sfi_fail(err, SF_ERR_USAGE, "invalidateSessions: session id %zu is empty", i);
    if (rc != SF_OK) return rc;
    sf_xml_writer *w = sf_xml_writer_new();
    (void)sf_xml_begin(w, "urn:invalidateSessions");
    for (size_t i = 0; i < count; i++) (void)sf_xml_add(w, "urn:sessionIds", ids[i]);
    (void)sf_xml_end(w);
    return sfi_soap_run_rows(sf, "invalidateSessions", w, count, options, out, err);
}

sf_status sf_soap_logout(sf_client *sf, const sf_soap_options *options, sf_error *err)
{
    sf_error cause = { 0 };
    const sfi_soap_operation op = { .name = "logout",
                                    .body = SFI_STR("<urn:logout/>"),
                                    .is_repeatable = true, /* what is out stays out */
                                    .no_renew = true };
    sf_status rc = sfi_soap_check(sf, options, false, &cause);
    if (rc == SF_OK) rc = sfi_soap_run(sf, &op, options, NULL, &cause);
    if (rc != SF_OK && strcmp(cause.code, "INVALID_SESSION_ID") == 0) rc = SF_OK; /* it is out */
    if (rc != SF_OK && err != NULL) *err = cause;
    return rc;
}
