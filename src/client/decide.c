/*
 * decide.c: what follows from one attempt: plain functions without state, so that the table of tests is the policy. Called
 * by call.c. The one idea: repeat where the server cannot have acted, or where acting twice is harmless; everything else
 * that ended without an answer is told as an unknown outcome.
 */
#include "client/state_internal.h"

static bool is_one_of(const char *code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(code, codes[i]) == 0) return true;
    return false;
}

bool sfi_limit_is_concurrent(const char *message)
{
    return strstr(message, "Concurrent") != NULL; /* "ConcurrentRequests (Concurrent API Requests) Limit exceeded." */
}

bool sfi_session_is_unfit(const char *message)
{
    return strstr(message, "This session is not valid for use with") != NULL;
}

static sfi_verdict decide_unanswered(const sfi_attempt *a)
{
    if (a->outcome == SFI_HTTP_CANCELLED) return SFI_VERDICT_FAIL;
    if (a->cause == SF_ERR_USAGE) return SFI_VERDICT_FAIL;
    if (a->outcome == SFI_HTTP_NOT_SENT)
        return a->is_lasting || a->cause == SF_ERR_MEMORY || a->cause == SF_ERR_UNAVAILABLE ? SFI_VERDICT_FAIL
                                                                                            : SFI_VERDICT_REPEAT;
    if (!a->is_repeatable) return SFI_VERDICT_UNKNOWN;
    return a->cause == SF_ERR_LIMIT || a->cause == SF_ERR_MEMORY || a->cause == SF_ERR_PROTOCOL ? SFI_VERDICT_FAIL
                                                                                                : SFI_VERDICT_REPEAT;
}

static bool is_dead_session(const sfi_attempt *a)
{
    if (a->status == 401) return !sfi_session_is_unfit(a->message);
    if (a->status == 500) /* a SOAP fault */
        return strcmp(a->code, "INVALID_SESSION_ID") == 0 && !sfi_session_is_unfit(a->message);
    if (a->status == 400) return strcmp(a->code, "InvalidSessionId") == 0; /* Bulk API 1.0 */
    if (a->status == 403) return strcmp(a->code, "Bad_OAuth_Token") == 0;  /* userinfo and identity */
    return false;
}

/* 500: an org that names what failed has rolled it back; one that does not know may have saved first. */
static sfi_verdict decide_server_failure(const sfi_attempt *a)
{
    static const char *const unsure[] = { "", "UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "InternalServerError" };
    static const char *const slow[] = { "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG" };
    if (a->status == 500 && is_one_of(a->code, slow, SFI_COUNT_OF(slow)))
        return a->is_repeatable ? SFI_VERDICT_REPEAT : SFI_VERDICT_FAIL;
    if (a->status == 500 && !is_one_of(a->code, unsure, SFI_COUNT_OF(unsure))) return SFI_VERDICT_FAIL;
    return a->is_repeatable ? SFI_VERDICT_REPEAT : SFI_VERDICT_UNKNOWN;
}

sfi_verdict sfi_decide(const sfi_attempt *a)
{
    if (a->outcome != SFI_HTTP_ANSWERED) return decide_unanswered(a);
    if (is_dead_session(a))
        return a->can_renew ? SFI_VERDICT_RENEW : a->is_accepted ? SFI_VERDICT_DONE : SFI_VERDICT_FAIL;
    if (a->status == 429) return SFI_VERDICT_REPEAT;
    if (a->status == 503) return a->is_repeatable || !a->is_proxy_text ? SFI_VERDICT_REPEAT : SFI_VERDICT_UNKNOWN;
    /* SOAP says with 500 what REST says with 400 and 403 */
    if ((a->status == 400 || a->status == 500) && strcmp(a->code, "UNABLE_TO_LOCK_ROW") == 0)
        return SFI_VERDICT_REPEAT; /* rolled back */
    if (strcmp(a->code, "REQUEST_LIMIT_EXCEEDED") == 0)
        return sfi_limit_is_concurrent(a->message) ? SFI_VERDICT_REPEAT : SFI_VERDICT_FAIL;
    if (a->status == 500 || a->status == 502 || a->status == 504) return decide_server_failure(a);
    if ((a->status >= 200 && a->status < 300) || a->is_accepted) return SFI_VERDICT_DONE;
    return SFI_VERDICT_FAIL;
}

/* 503 comes from in front of the org, which was not asked; what a proxy says when it lost the org is another 503. */
bool sfi_attempt_may_be_done(const sfi_attempt *a)
{
    if (a->outcome != SFI_HTTP_ANSWERED) return a->outcome == SFI_HTTP_LOST;
    return a->status >= 500 && (a->status != 503 || a->is_proxy_text);
}

bool sfi_path_runs_code(const char *path)
{
    size_t len = path != NULL ? strcspn(path, "?") : 0;
    for (size_t i = 0; i < len; i++)
        if (sfi_starts_with_nocase((sf_str){ path + i, len - i }, "executeAnonymous")) return true;
    return false;
}

bool sfi_request_is_repeatable(const sfi_call_request *r, const sfi_header *headers, size_t count)
{
    if (r->once) return false;
    if (strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0) return !sfi_path_runs_code(r->path);
    for (size_t i = 0; i < count; i++)
        if (sfi_str_is_nocase(headers[i].name, "If-Match") || sfi_str_is_nocase(headers[i].name, "If-Unmodified-Since"))
            return false;
    return r->repeatable || sfi_method_is_idempotent(r->method);
}
