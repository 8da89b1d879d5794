/* replay.c: see replay.h. */
#define SFI_MAY_ALLOCATE
#include "support/replay.h"
#include <dirent.h>

static void path_of(const char *name, char path[1024])
{
    snprintf(path, 1024, "%s/recorded/%s", test_shared_dir(), name);
}

recorded_file recorded_read(const char *name)
{
    char path[1024];
    size_t len = 0;
    path_of(name, path);
    recorded_file f = { .text = test_read_file(path, &len) };
    if (f.text == NULL) fail_msg("%s is not there", path);
    f.body = (sf_str){ f.text, len };
    if (strncmp(f.text, "HTTP/", 5) != 0) return f;
    const char *end = strstr(f.text, "\r\n\r\n");
    if (end == NULL) fail_msg("%s has no end of its headers", path);
    f.head = (sf_str){ f.text, (size_t)(end - f.text) };
    f.body = (sf_str){ end + 4, len - f.head.len - 4 };
    return f;
}

void recorded_assert_named(const char *folder, bool (*is_named)(const char *name))
{
    char path[1024], name[600];
    path_of(folder, path);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (!is_named(name)) fail_msg("%s has no case", name);
    }
    closedir(dir);
}

void replay_start_text(replay *r, sf_str head, sf_str body)
{
    sf_error err = { 0 };
    memset(r, 0, sizeof *r);
    r->answer = malloc(head.len + body.len + 64);
    assert_non_null(r->answer);
    memcpy(r->answer, head.ptr, head.len);
    size_t at = head.len;
    if (strncmp(head.ptr, "HTTP/1.1 204", 12) == 0)
        at += (size_t)snprintf(r->answer + at, 63, "\r\n\r\n");
    else
        at += (size_t)snprintf(r->answer + at, 63, "\r\nContent-Length: %zu\r\n\r\n", body.len);
    if (body.len > 0) memcpy(r->answer + at, body.ptr, body.len);
    r->answer[at + body.len] = '\0';
    r->body = (sf_str){ r->answer + at, body.len };
    r->steps[0] = (wire_step)WIRE_REQUEST;
    r->steps[1] = (wire_step)WIRE_BYTES(r->answer, at + body.len);
    r->steps[2] = (wire_step)WIRE_AGAIN;
    r->script = r->steps;
    r->server = wire_start(&r->script, 1);
    assert_non_null(r->server);
    if (sf_client_open(&(sf_client_options){ .instance_url = wire_url(r->server, ""),
                                             .api_version = "62.0",
                                             .retry = { .retries_max = SF_NONE, .breaker_failures = SF_NONE },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
                       &r->sf, &err) != SF_OK)
        fail_msg("%s", err.message);
}

#define JSON "application/json;charset=UTF-8"

/* The head that an answer lacks. */
static sf_str head_of(char head[512], int status, const char *type)
{
    int len = snprintf(head, 512, "HTTP/1.1 %d X\r\nContent-Type: %s", status, type);
    assert_in_range(len, 1, 511);
    return (sf_str){ head, (size_t)len };
}

void replay_start_json(replay *r, int status, const char *body, size_t len)
{
    char head[512];
    replay_start_text(r, head_of(head, status, JSON), (sf_str){ body, len });
}

void replay_start(replay *r, const char *name, int status, const char *type)
{
    char head[512];
    print_message("  %s\n", name);
    recorded_file f = recorded_read(name);
    replay_start_text(r, f.head.len > 0 ? f.head : head_of(head, status, type != NULL ? type : JSON), f.body);
    free(f.text);
}

void replay_stop(replay *r)
{
    sf_client_close(r->sf);
    wire_stop(r->server);
    free(r->answer);
}
