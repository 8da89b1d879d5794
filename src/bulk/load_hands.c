/*
 * load_hands.c: a stretch of an input scanned with two hands, for the form of a file is looked at as fast as memory gives
 * it, and one processor alone does not get all of that. The stretch is parted at a line end in its middle; a thread scans
 * the part behind it as if a record began there. Whether one does, the scan of the part before it says at its end, and
 * only then what the thread has found counts. What is unusual (a wrong byte, a lone quote, a file that ended) is not told
 * here but left to whoever goes through it piece by piece. Nothing is mapped: a file that became shorter meanwhile would
 * end the process.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum { GUESS_BYTES = 64 * 1024, GUESSES_MAX = 8 };

typedef struct part {
    const sfi_load_input *in;
    int64_t at, end; /* what is to be scanned yet */
    sfi_csv_scan scan;
    char *buffer;
    size_t piece;
    bool is_fine;
} part;

size_t sfi_load_cut_character(const char *data, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char b = (unsigned char)data[len - back];
        if ((b & 0xC0) == 0x80) continue;
        size_t need = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

/* Up to the end, or so near that what is left begins a character which the stretch cuts. */
static bool scan_part(part *p)
{
    while (p->at < p->end) { /* each round goes on by a piece */
        size_t want = p->end - p->at < (int64_t)p->piece ? (size_t)(p->end - p->at) : p->piece, len = 0;
        if (sfi_load_read_at(p->in, p->at, p->buffer, want, &len, NULL) != SF_OK || len < want) return false;
        len -= sfi_load_cut_character(p->buffer, len);
        if (len == 0) return true;
        if (!sfi_json_text_is_utf8(p->buffer, len)) return false;
        if (sfi_csv_scan_feed(&p->scan, p->buffer, len, NULL) != SF_OK || p->scan.nul != 0) return false;
        p->at += (int64_t)len;
    }
    return true;
}

static void *run(void *user)
{
    part *p = user;
    p->is_fine = scan_part(p);
    return NULL;
}

/* The part behind begins at the first line end past its middle after which records have the right columns. */
static bool find_start(part *behind, const sfi_csv_scan *whole)
{
    size_t want = behind->end - behind->at < GUESS_BYTES ? (size_t)(behind->end - behind->at) : GUESS_BYTES, len = 0;
    if (want > behind->piece) want = behind->piece;
    if (sfi_load_read_at(behind->in, behind->at, behind->buffer, want, &len, NULL) != SF_OK) return false;
    const char *at = behind->buffer, *end = at + len;
    for (int i = 0; i < GUESSES_MAX; i++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        if (feed == NULL) return false;
        at = feed + 1;
        sfi_csv_scan_init(&behind->scan, whole->delimiter);
        behind->scan.columns = whole->columns;
        sfi_csv_scan guess = behind->scan;
        if (sfi_csv_scan_feed(&guess, at, (size_t)(end - at), NULL) == SF_OK && guess.records > 0) {
            behind->at += at - behind->buffer;
            return true;
        }
    }
    return false;
}

static bool start(part *p, pthread_t *thread)
{
    sigset_t all, old;
    sigfillset(&all); /* the program's signals are for its own threads */
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) return false;
    bool ok = pthread_create(thread, NULL, run, p) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL); /* what was valid before */
    return ok;
}

bool sfi_load_scan_with_two_hands(const sfi_load_hands *h, int64_t end, sfi_csv_scan *scan)
{
    int64_t at = h->base + scan->offset;
    pthread_t thread;
    part behind = { .in = h->in, .at = at + (end - at) / 2, .end = end, .buffer = h->buffers[1], .piece = h->piece };
    part before = { .in = h->in, .at = at, .scan = *scan, .buffer = h->buffers[0], .piece = h->piece };
    if (!find_start(&behind, scan)) return false;
    before.end = behind.at;
    if (!start(&behind, &thread)) return false;
    before.is_fine = scan_part(&before) && before.at == before.end;
    pthread_join(thread, NULL);
    if (!before.is_fine) return false;
    *scan = before.scan;
    if (behind.is_fine) (void)sfi_csv_scan_join(scan, &behind.scan); /* false: it began within a value */
    return true;
}
