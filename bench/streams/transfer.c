/* transfer.c: bench/streams through the public API: one body to a file, or a file as a body; prints its peak memory.
 * usage: transfer get|put URL PATH FILE */
#include <fcntl.h>
#include <salesforce.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 5) return 2;
    bool is_get = strcmp(argv[1], "get") == 0;
    sf_error err = { 0 };
    sf_client *sf = NULL;
    sf_source source;
    sf_sink sink;
    sf_response answer = { 0 };
    int fd =
        is_get ? open(argv[4], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : open(argv[4], O_RDONLY | O_CLOEXEC);
    sf_status rc = is_get ? sf_sink_of_fd(fd, &sink, &err) : sf_source_of_fd(fd, &source, &err);
    if (rc == SF_OK)
        rc =
            sf_client_open(&(sf_client_options){ .instance_url = argv[2],
                                                 .api_version = "62.0",
                                                 .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dbench!token" } },
                           &sf, &err);
    if (rc == SF_OK)
        rc = sf_client_request(sf,
                               &(sf_request){ .method = is_get ? "GET" : "PUT",
                                              .path = argv[3],
                                              .content_type = "application/octet-stream",
                                              .source = is_get ? NULL : &source,
                                              .sink = is_get ? &sink : NULL },
                               &answer, &err);
    sf_response_clear(&answer);
    sf_client_close(sf);
    if (rc != SF_OK) fprintf(stderr, "%s\n", err.message);
    FILE *status = fopen("/proc/self/status", "r"); /* getrusage would count what the parent was before exec */
    char line[200];
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) fputs(line, stdout);
    if (status != NULL) fclose(status);
    return rc != SF_OK;
}
