/*
 * users.h: passwords of users. New passwords are secrets: what the library holds of them is wiped after the call, and
 * none gets into a log or an error. Wire: REST sObject User Password. Threads: safe from any thread.
 */
#ifndef SALESFORCE_USERS_H
#define SALESFORCE_USERS_H
#include <salesforce/client.h>

#define SF_PASSWORD_MAX 1000 /* bytes of a new one */

/* In all of these: @param user_id of a User, 15 or 18 characters. @param call NULL: defaults. @return SF_OK,
 * SF_ERR_USAGE (nothing was sent), SF_ERR_NOT_FOUND (no such user), SF_ERR_ORG (INSUFFICIENT_ACCESS: no right to do it;
 * INVALID_NEW_PASSWORD: too short, too simple, or used before; the message says which), and what stands at
 * sf_client_request. */

/** Has the password expired? REST: GET. Ballerina: isPasswordExpired. @param out untouched on failure. */
SF_API sf_status sf_password_is_expired(sf_client *sf, const char *user_id, const sf_call_options *call, bool *out,
                                        sf_error *err);
/** Set a password. REST: POST. Ballerina: changePassword. Sessions of the user stay. Not repeated when the answer is
 *  lost (SF_ERR_UNKNOWN_OUTCOME: the new one may hold). @param password UTF-8, 1..SF_PASSWORD_MAX bytes; borrowed; the
 *  org's policy says what it must be. */
SF_API sf_status sf_password_set(sf_client *sf, const char *user_id, const char *password, const sf_call_options *call,
                                 sf_error *err);
/** Let the org make a new password: the old one stops at once, and the user gets a mail. REST: DELETE. Ballerina:
 *  resetPassword. When an answer is lost it is done again, and the password of the last time is the one that holds.
 *  @param out the new password, a secret; owned by the caller, ends with sf_secret_free. NULL on failure. */
SF_API sf_status sf_password_reset(sf_client *sf, const char *user_id, const sf_call_options *call, char **out,
                                   sf_error *err);
/** Wipe a text, and free it. NULL is fine. */
SF_EXTERN void sf_secret_free(char *secret);
#endif
