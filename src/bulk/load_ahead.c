/*
 * load_ahead.c: the input of a check, piece by piece, read by a thread of its own while the piece before is looked at: to
 * read a file out of the system's memory takes as long as to check its form. The thread sees to it that pieces hold whole
 * characters. Whether they are UTF-8 finds out who has the time: the thread when a piece waits already, else who asks. It
 * fills slots in turn; the lock is taken twice a piece. A small input, and one for which no thread can be had, is read by
 * whoever asks for it. Nothing is mapped: a file that became shorter meanwhile would end the process.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum { PIECE = 512 * 1024, SLOTS = 4 };

typedef struct slot {
    char *data;
    sfi_load_piece piece;
    bool is_judged; /* piece.is_utf8 is known */
    sf_status rc;
    sf_error err;
} slot;

struct sfi_load_ahead {
    const sfi_load_input *in;
    int64_t at;   /* behind what was read */
    char kept[4]; /* the beginning of a character that the next piece gets */
    size_t kept_len;
    slot slots[SLOTS];
    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned filled;     /* lock: pieces so far */
    unsigned given_out;  /* lock: pieces so far; the caller's thread alone writes it */
    unsigned given_back; /* lock: pieces that may be overwritten */
    bool is_over;        /* lock: no more pieces come, or are wanted */
};

/* How many bytes at the end begin a character that is not whole. */
static size_t cut_character(const char *data, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char b = (unsigned char)data[len - back];
        if ((b & 0xC0) == 0x80) continue;
        size_t need = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

static void judge(slot *s)
{
    s->piece.is_utf8 = sfi_json_text_is_utf8(s->piece.data, s->piece.len);
    s->is_judged = true;
}

static void fill(sfi_load_ahead *a, slot *s)
{
    size_t len = a->kept_len;
    bool is_end = false;
    memcpy(s->data, a->kept, a->kept_len);
    s->rc = SF_OK;
    while (!is_end && len < PIECE) { /* until it is full or the file ends */
        ssize_t n = pread(a->in->fd, s->data + len, PIECE - len, (off_t)a->at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            s->rc = sfi_fail(&s->err, SF_ERR_IO, "%.300s: cannot read: %s", a->in->name, strerror(errno));
            return;
        }
        is_end = n == 0;
        len += (size_t)n;
        a->at += n;
    }
    a->kept_len = is_end ? 0 : cut_character(s->data, len); /* at the end it will never be whole */
    len -= a->kept_len;
    memcpy(a->kept, s->data + len, a->kept_len);
    s->piece = (sfi_load_piece){ .data = s->data, .len = len };
    s->is_judged = false;
}

static void *run(void *user)
{
    sfi_load_ahead *a = user;
    pthread_mutex_lock(&a->lock);
    while (!a->is_over) { /* ends: at the end of the file, on an error, or when nobody wants more */
        if (a->filled - a->given_back == SLOTS) {
            pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        slot *s = &a->slots[a->filled % SLOTS];
        bool has_time = a->filled > a->given_out;
        pthread_mutex_unlock(&a->lock);
        fill(a, s);
        if (has_time && s->rc == SF_OK) judge(s);
        pthread_mutex_lock(&a->lock);
        a->filled++;
        if (s->rc != SF_OK || s->piece.len == 0) a->is_over = true;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static void start_thread(sfi_load_ahead *a)
{
    sigset_t all, old;
    if (a->in->size - a->at <= PIECE) return;
    sigfillset(&all); /* the program's signals are for its own threads */
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) return;
    a->has_thread = pthread_create(&a->thread, NULL, run, a) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL); /* what was valid before */
}

sf_status sfi_load_ahead_open(const sfi_load_input *in, sfi_load_ahead **out, sf_error *err)
{
    *out = NULL;
    sfi_load_ahead *a = sfi_calloc(sizeof *a);
    if (a == NULL) return sfi_fail_memory(err, "checking the input");
    a->in = in;
    a->at = in->body;
    bool has_lock = pthread_mutex_init(&a->lock, NULL) == 0;
    if (!has_lock || pthread_cond_init(&a->changed, NULL) != 0) {
        if (has_lock) pthread_mutex_destroy(&a->lock);
        sfi_free(a);
        return sfi_fail_memory(err, "checking the input");
    }
    size_t slots = in->size - in->body <= PIECE ? 1 : SLOTS;
    bool ok = true;
    for (size_t i = 0; i < slots; i++) ok = (a->slots[i].data = sfi_alloc(PIECE)) != NULL && ok;
    if (!ok) {
        sfi_load_ahead_close(a);
        return sfi_fail_memory(err, "checking the input");
    }
    start_thread(a);
    *out = a;
    return SF_OK;
}

sf_status sfi_load_ahead_next(sfi_load_ahead *a, sfi_load_piece *out, sf_error *err)
{
    slot *s = a->has_thread ? &a->slots[a->given_out % SLOTS] : &a->slots[0];
    if (!a->has_thread) {
        fill(a, s);
    } else {
        pthread_mutex_lock(&a->lock);
        if (a->given_back < a->given_out) { /* the one given out before */
            a->given_back = a->given_out;
            pthread_cond_signal(&a->changed);
        }
        while (a->filled == a->given_out)
            pthread_cond_wait(&a->changed, &a->lock); /* ends: the thread fills, or fails */
        a->given_out++;
        pthread_mutex_unlock(&a->lock);
    }
    if (s->rc != SF_OK) {
        if (err != NULL) *err = s->err;
        return s->rc;
    }
    if (!s->is_judged) judge(s);
    *out = s->piece;
    return SF_OK;
}

void sfi_load_ahead_close(sfi_load_ahead *a)
{
    if (a == NULL) return;
    if (a->has_thread) {
        pthread_mutex_lock(&a->lock);
        a->is_over = true;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    for (size_t i = 0; i < SLOTS; i++) sfi_free(a->slots[i].data);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    sfi_free(a);
}
