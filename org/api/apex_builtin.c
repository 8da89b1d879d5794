/* apex_builtin.c: the Apex REST classes that are code: one that tells what it was sent, one that sends it back as it was,
 * and the vendor's well-known sample over cases (apex_cases.c). See apex.h. */
#include "api/apex.h"

/* ---- echo ---- */
static void write_header(void *user, const char *name, const char *value)
{
    sfi_json_writer *w = user;
    if (sfi_header_is_secret(sfi_str(name))) return; /* a class does not see the session either */
    sfi_json_key(w, name);
    sfi_json_string(w, value);
}

static void echo(sfo_call *call, const sfo_apex_class *c, sf_str rest)
{
    (void)c;
    sf_str body = call->request->body;
    bool is_text = sfi_utf8_valid(body.ptr, body.len) && memchr(body.ptr, '\0', body.len) == NULL;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "method");
    sfi_json_string(&w, call->request->method);
    sfi_json_key(&w, "path");
    sfi_json_string_n(&w, rest);
    sfi_json_key(&w, "params");
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < call->query.count; i++) {
        sfi_json_key_n(&w, call->query.items[i].name);
        sfi_json_string_n(&w, call->query.items[i].value);
    }
    sfi_json_end_object(&w);
    sfi_json_key(&w, "headers");
    sfi_json_begin_object(&w);
    if (call->request->each_header != NULL) call->request->each_header(call->request->connection, write_header, &w);
    sfi_json_end_object(&w);
    sfi_json_key(&w, "bodyLength");
    sfi_json_int(&w, (int64_t)body.len);
    sfi_json_key(&w, is_text ? "body" : "bodyBase64");
    if (is_text) {
        sfi_json_string_n(&w, body);
    } else {
        sfi_buf base64 = { 0 };
        (void)sfi_buf_add_base64(&base64, body.ptr, body.len); /* a failure is the response's */
        sfi_json_string_n(&w, sfi_buf_str(&base64));
        call->response->body.failed = call->response->body.failed || base64.failed;
        sfi_buf_free(&base64);
    }
    sfi_json_end_object(&w);
}

/* ---- mirror ---- */
static void mirror(sfo_call *call, const sfo_apex_class *c, sf_str rest)
{
    (void)c;
    (void)rest;
    const char *type = sfo_call_header(call, "Content-Type");
    call->response->status = 200;
    if (call->request->body.len == 0) return; /* as a void method */
    sfo_response_header(call->response, "Content-Type", "%s", type != NULL ? type : "application/octet-stream");
    (void)sfi_buf_add(&call->response->body, call->request->body.ptr, call->request->body.len); /* the server checks */
}

bool sfo_apex_builtin(const char *name, sfo_apex_class *c)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
    void (*const cases[])(sfo_call * call, const sfo_apex_class *class,
                          sf_str rest) = { sfo_apex_case_get, sfo_apex_case_create, sfo_apex_case_upsert,
                                           sfo_apex_case_update, sfo_apex_case_delete };
    bool is_echo = strcmp(name, "echo") == 0, is_mirror = strcmp(name, "mirror") == 0;
    if (!is_echo && !is_mirror && strcmp(name, "cases") != 0) return false;
    for (size_t i = 0; i < SFI_COUNT_OF(methods); i++)
        c->methods[i] = (sfo_apex_method){ .name = methods[i],
                                           .run = is_echo     ? echo
                                                  : is_mirror ? mirror
                                                              : cases[i],
                                           .status = 200 };
    c->method_count = SFI_COUNT_OF(methods);
    return true;
}
