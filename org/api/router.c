/* router.c: from method and path to a handler. The first pattern that fits decides what the resource is; all rows of
 * the same pattern are its methods, so that a wrong one is 405 and an unknown path 404. */
#include "api/call.h"

static bool next_piece(const char **pattern, sf_str *piece)
{
    if (**pattern == '\0') return false;
    size_t len = strcspn(*pattern, "/");
    *piece = (sf_str){ *pattern, len };
    *pattern += len + ((*pattern)[len] == '/');
    return true;
}

static bool same_nocase(sf_str a, sf_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (sfi_ascii_lower((unsigned char)a.ptr[i]) != sfi_ascii_lower((unsigned char)b.ptr[i])) return false;
    return true;
}

static bool fits(sfo_call *call, const char *pattern, size_t first)
{
    size_t args = 0;
    sf_str piece;
    for (size_t i = first; i < call->segment_count; i++) {
        if (!next_piece(&pattern, &piece)) return false;
        if (!sfi_str_is(piece, "*")) {
            if (!same_nocase(piece, call->segments[i])) return false;
        } else if (call->segments[i].len == 0 || args == SFO_ARGS_MAX) {
            return false;
        } else {
            call->args[args++] = call->segments[i];
        }
    }
    return *pattern == '\0';
}

static void answer_not_allowed(sfo_call *call, const sfo_route *routes, size_t count, const char *pattern)
{
    static const char *const in_order[] = { "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT" };
    char allowed[64] = "";
    for (size_t m = 0; m < SFI_COUNT_OF(in_order); m++) {
        const char *wanted = strcmp(in_order[m], "HEAD") == 0 ? "GET" : in_order[m];
        for (size_t i = 0; i < count; i++) {
            if (strcmp(routes[i].pattern, pattern) != 0 || strcmp(routes[i].method, wanted) != 0) continue;
            size_t len = strlen(allowed);
            snprintf(allowed + len, sizeof allowed - len, "%s%s", len > 0 ? "," : "", in_order[m]);
            break;
        }
    }
    sfo_response_header(call->response, "Allow", "%s", allowed);
    sfo_answer_error(call, 405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are %s",
                     call->request->method, allowed);
}

void sfo_route_call(sfo_call *call, const sfo_route *routes, size_t count, size_t first)
{
    const char *method = call->request->method;
    if (strcmp(method, "HEAD") == 0) method = "GET";
    const char *pattern = NULL;
    for (size_t i = 0; i < count; i++) {
        if (pattern == NULL && fits(call, routes[i].pattern, first)) pattern = routes[i].pattern;
        if (pattern == NULL || strcmp(routes[i].pattern, pattern) != 0 || strcmp(routes[i].method, method) != 0)
            continue;
        routes[i].handle(call);
        return;
    }
    if (pattern == NULL)
        sfo_answer_not_found(call);
    else
        answer_not_allowed(call, routes, count, pattern);
}
