/* curl.c: the floor of bench/events: libcurl alone speaks the same protocol by canned requests and only receives the bytes.
 * usage: bench_events_curl URL EVENTS (prints the bytes) */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t pass(char *data, size_t size, size_t n, void *user)
{
    (void)data;
    *(size_t *)user += size * n;
    return size * n;
}

static void post(CURL *curl, const char *body)
{
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    CURLcode rc = curl_easy_perform(curl);
    if (rc == CURLE_OK) return;
    fprintf(stderr, "%s\n", curl_easy_strerror(rc));
    exit(1);
}

int main(int argc, char **argv)
{
    static const char connect[] =
        "[{\"channel\":\"/meta/connect\",\"clientId\":\"x\",\"connectionType\":\"long-polling\",\"id\":\"9\"}]";
    if (argc < 3) return 2;
    char url[256];
    size_t bytes = 0;
    long pages = (strtol(argv[2], NULL, 10) + 499) / 500;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    if (curl == NULL) return 1;
    snprintf(url, sizeof url, "%s/cometd/64.0", argv[1]);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, pass);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &bytes);
    curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 128L * 1024);
    post(curl, "[{\"channel\":\"/meta/"
               "handshake\",\"id\":\"1\",\"version\":\"1.0\",\"supportedConnectionTypes\":[\"long-polling\"]}]");
    post(curl, connect);
    post(curl,
         "[{\"channel\":\"/meta/subscribe\",\"id\":\"3\",\"clientId\":\"x\",\"subscription\":\"/data/ChangeEvents\"}]");
    for (long i = 0; i < pages; i++) post(curl, connect);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    printf("%zu\n", bytes);
    return 0;
}
