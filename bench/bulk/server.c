/* server.c: the neutral side of bench/bulk: answers the calls of a Bulk 2.0 ingest job as cheaply as can be, a thread for each
 * connection. Uploads are swallowed and their line feeds counted: so many rows, less the header, the job then tells of, and
 * so many it gives back as its successes. GET /count says "rows bytes" of all uploads that were closed, and counts anew.
 * usage: bench_bulk_server DESCRIBE.json (prints its port) */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { JOBS_MAX = 1 << 16, HEAD_MAX = 64 * 1024, CHUNK = 256 * 1024, BLOCK_ROWS = 1000 };

typedef struct job {
    _Atomic long rows, bytes;
    atomic_bool closed;
} job;

typedef struct connection {
    int fd;
    char *buffer; /* CHUNK bytes */
    size_t len;   /* of it, behind what was taken */
} connection;

static job jobs[JOBS_MAX];
static atomic_int job_count;
static _Atomic long rows_seen, bytes_seen;
static char describe[1 << 20], block[BLOCK_ROWS * 200];
static size_t describe_len, block_len;
static const char result_header[] = "\"sf__Id\",\"sf__Created\",LastName,FirstName,Email,Phone,Title,Department,"
                                    "Description\n";

static const char organization[] =
    "{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{\"type\":\"Organization\"},\"Name\":\"Bench\","
    "\"InstanceName\":"
    "\"B1\",\"IsSandbox\":false,\"TrialExpirationDate\":null,\"NamespacePrefix\":null,\"OrganizationType\":\"Developer "
    "Edition\"}]}";

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool answer(int fd, int status, const char *type, const char *body, size_t len)
{
    char head[256];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d OK\r\nContent-Type: %s\r\nSforce-Limit-Info: api-usage=25/15000\r\nContent-Length: "
                     "%zu\r\n\r\n",
                     status, type, len);
    return send_all(fd, head, (size_t)n) && send_all(fd, body, len);
}

static bool answer_job(int fd, int number, const char *state, long rows)
{
    char body[1024];
    int n =
        snprintf(body, sizeof body,
                 "{\"id\":\"7505e%010dAAA\",\"operation\":\"insert\",\"object\":\"Contact\",\"createdById\":"
                 "\"0055e000001mKpCAAU\",\"createdDate\":\"2026-01-02T03:04:05.000+0000\",\"systemModstamp\":"
                 "\"2026-01-02T03:04:05.000+0000\",\"state\":\"%s\",\"concurrencyMode\":\"Parallel\",\"contentType\":"
                 "\"CSV\",\"apiVersion\":62.0,\"contentUrl\":\"services/data/v62.0/jobs/ingest/7505e%010dAAA/batches\","
                 "\"lineEnding\":\"LF\",\"columnDelimiter\":\"COMMA\",\"jobType\":\"V2Ingest\","
                 "\"numberRecordsProcessed\":%ld,\"numberRecordsFailed\":0,\"retries\":0,\"totalProcessingTime\":1}",
                 number, state, number, rows);
    return answer(fd, 200, "application/json;charset=UTF-8", body, (size_t)n);
}

/* The results: one block of rows again and again. */
static bool answer_rows(int fd, long rows)
{
    char head[256];
    size_t row = block_len / BLOCK_ROWS;
    int n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: %zu\r\n\r\n",
                     sizeof result_header - 1 + (size_t)rows * row);
    if (!send_all(fd, head, (size_t)n) || !send_all(fd, result_header, sizeof result_header - 1)) return false;
    for (; rows > 0; rows -= BLOCK_ROWS)
        if (!send_all(fd, block, rows < BLOCK_ROWS ? (size_t)rows * row : block_len)) return false;
    return true;
}

static long count_feeds(const char *data, size_t len)
{
    long n = 0;
    for (size_t i = 0; i < len; i++) n += data[i] == '\n';
    return n;
}

static bool receive(connection *c)
{
    ssize_t got = recv(c->fd, c->buffer + c->len, CHUNK - c->len, 0);
    if (got <= 0) return false;
    c->len += (size_t)got;
    return true;
}

static void take(connection *c, size_t len)
{
    memmove(c->buffer, c->buffer + len, c->len - len);
    c->len -= len;
}

/* So many bytes of a body; their line feeds and bytes go to the job. */
static bool swallow(connection *c, size_t left, job *to)
{
    for (;;) { /* until all are here */
        size_t n = c->len < left ? c->len : left;
        if (to != NULL) {
            to->rows += count_feeds(c->buffer, n);
            to->bytes += (long)n;
        }
        left -= n;
        take(c, n);
        if (left == 0) return true;
        if (!receive(c)) return false;
    }
}

static bool swallow_chunks(connection *c, job *to)
{
    for (;;) { /* each chunk */
        char *end;
        while ((end = memmem(c->buffer, c->len, "\r\n", 2)) == NULL)
            if (!receive(c)) return false;
        size_t size = strtoul(c->buffer, NULL, 16);
        take(c, (size_t)(end - c->buffer) + 2);
        if (!swallow(c, size, to) || !swallow(c, 2, NULL)) return false;
        if (size == 0) return true;
    }
}

/* One request; false: the connection is at its end. */
static bool serve(connection *c)
{
    char *end;
    while ((end = memmem(c->buffer, c->len < HEAD_MAX ? c->len : HEAD_MAX, "\r\n\r\n", 4)) == NULL)
        if (c->len >= HEAD_MAX || !receive(c)) return false;
    char head[HEAD_MAX + 1];
    size_t len = (size_t)(end - c->buffer) + 2;
    memcpy(head, c->buffer, len);
    head[len] = '\0';
    take(c, len + 2);
    const char *length = strcasestr(head, "\r\nContent-Length:"), *at = strstr(head, "/jobs/ingest");
    bool chunked = strcasestr(head, "\r\nTransfer-Encoding: chunked") != NULL;
    int number = at != NULL && strncmp(at, "/jobs/ingest/7505e", 18) == 0 ? atoi(at + 18) : -1;
    if (number >= JOBS_MAX) return false;
    job *j = number >= 0 ? &jobs[number] : NULL;
    const char *line_end = strstr(head, "\r\n");
    size_t first = (size_t)(line_end - head);
    bool is_put = strncmp(head, "PUT ", 4) == 0;
    if (strcasestr(head, "\r\nExpect:") != NULL && !send_all(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) return false;
    if (is_put && j != NULL) j->rows = j->bytes = 0;
    if (chunked ? !swallow_chunks(c, is_put ? j : NULL)
                : !swallow(c, length != NULL ? strtoul(length + 17, NULL, 10) : 0, is_put ? j : NULL))
        return false;
    if (strncmp(head, "GET /count", 10) == 0) {
        char text[64];
        int n = snprintf(text, sizeof text, "%ld %ld", atomic_exchange(&rows_seen, 0), atomic_exchange(&bytes_seen, 0));
        return answer(c->fd, 200, "text/plain", text, (size_t)n);
    }
    if (strncmp(head, "POST ", 5) == 0 && at != NULL)
        return answer_job(c->fd, atomic_fetch_add(&job_count, 1) % JOBS_MAX, "Open", 0);
    if (is_put && j != NULL) return answer(c->fd, 201, "text/csv", "", 0);
    if (strncmp(head, "PATCH ", 6) == 0 && j != NULL) {
        j->closed = true;
        rows_seen += j->rows - 1;
        bytes_seen += j->bytes;
        return answer_job(c->fd, number, "UploadComplete", 0);
    }
    if (j != NULL && memmem(head, first, "successfulResults", 17) != NULL) return answer_rows(c->fd, j->rows - 1);
    if (j != NULL && memmem(head, first, "Results", 7) != NULL)
        return answer(c->fd, 200, "text/csv", "sf__Id,sf__Error\n", 17);
    if (j != NULL) return answer_job(c->fd, number, j->closed ? "JobComplete" : "Open", j->closed ? j->rows - 1 : 0);
    if (memmem(head, first, "/describe", 9) != NULL)
        return answer(c->fd, 200, "application/json;charset=UTF-8", describe, describe_len);
    if (memmem(head, first, "/query?", 7) != NULL) /* sf asks for the organization first */
        return answer(c->fd, 200, "application/json;charset=UTF-8", organization, sizeof organization - 1);
    return answer(c->fd, 404, "application/json", "[]", 2);
}

static void *run(void *user)
{
    connection c = { .fd = (int)(long)user, .buffer = malloc(CHUNK) };
    while (c.buffer != NULL && serve(&c)) {
    }
    free(c.buffer);
    close(c.fd);
    return NULL;
}

int main(int argc, char **argv)
{
    int on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof address;
    FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (f == NULL) return 2;
    describe_len = fread(describe, 1, sizeof describe, f);
    fclose(f);
    for (int i = 0; i < BLOCK_ROWS; i++)
        block_len += (size_t)snprintf(block + block_len, sizeof block - block_len,
                                      "\"0035e%010dAAA\",\"true\",\"Lastname\",\"First\",\"someone@example.com\","
                                      "\"+41 44 000 0000\",\"Engineer\",\"Sales\",\"made of things, many\"\n",
                                      i);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) { /* until it is killed */
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_t thread;
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pthread_create(&thread, NULL, run, (void *)(long)fd) == 0)
            pthread_detach(thread);
        else
            close(fd);
    }
}
