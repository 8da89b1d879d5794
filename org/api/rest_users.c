/* rest_users.c: passwords of users: is it expired, set it, reset it. */
#include "api/rest.h"
#include "api/settings.h"
#include "api/soap.h"

/* The user of args[0]. false: the response says why not. */
static bool find_user(sfo_call *call, sf_id *out)
{
    const sfo_object *o = sfo_schema_object(call->org->schema, SFI_STR("User"));
    sfo_user user;
    if (o == NULL || !sfo_call_record_id(call, o, call->args[0], out)) return false;
    if (sfo_user_load(call->org, &call->arena, out->text, &user)) return true;
    sfo_answer_not_found(call);
    return false;
}

void sfo_rest_password_state(sfo_call *call)
{
    sf_id user;
    if (!find_user(call, &user)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "isExpired");
    sfi_json_bool(&w, false);
    sfi_json_end_object(&w);
}

/* The administrator's password is kept for the login that the program prints; it follows. */
bool sfo_set_password(sfo_org *org, const char *user_id, sf_str password, sfo_fault *f)
{
    sf_error err;
    if (!sfo_user_change_password(org->store, user_id, password, f)) return false;
    if (strcmp(user_id, sfo_store_admin_id(org->store)) != 0) return true;
    if (sfo_settings_set(org->store, "password", password.ptr, &err) == SF_OK) return true;
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "%s", err.message);
}

void sfo_random_password(char out[SFO_PASSWORD_RESET_LEN + 1])
{
    sfo_random_text(out, SFO_PASSWORD_RESET_LEN);
    out[0] = 'k'; /* letters and a digit, whatever came */
    out[SFO_PASSWORD_RESET_LEN - 1] = '7';
}

static bool set_password(sfo_call *call, const char *user_id, sf_str password)
{
    sfo_fault fault = { 0 };
    if (sfo_set_password(call->org, user_id, password, &fault)) return true;
    sfo_answer_fault(call, &fault);
    return false;
}

void sfo_rest_password_set(sfo_call *call)
{
    sf_id user;
    sf_value body;
    if (!find_user(call, &user) || !sfo_call_body(call, &body)) return;
    sf_str password = sf_get_text(body, "NewPassword");
    if (password.ptr == NULL || strlen(password.ptr) != password.len) {
        sfo_answer_error(call, 400, "INVALID_NEW_PASSWORD", "The body is {\"NewPassword\":\"…\"}, without NUL.");
        return;
    }
    if (set_password(call, user.text, password)) sfo_answer_empty(call, 204);
}

void sfo_rest_password_reset(sfo_call *call)
{
    sf_id user;
    char made[SFO_PASSWORD_RESET_LEN + 1];
    if (!find_user(call, &user)) return;
    sfo_random_password(made);
    if (!set_password(call, user.text, sfi_str(made))) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "NewPassword");
    sfi_json_string(&w, made);
    sfi_json_end_object(&w);
    sfi_wipe(made, sizeof made);
}
