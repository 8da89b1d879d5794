/*
 * base_internal.h: what every room stands on: memory through the one hook, growing buffers with a bound, arenas,
 * errors, text helpers, clocks, secrets and the log. Knows nothing of HTTP or JSON.
 * Threads: plain functions are safe from any thread; an object (buffer, arena) belongs to one thread at a time.
 */
#ifndef SFI_BASE_INTERNAL_H
#define SFI_BASE_INTERNAL_H
#include <salesforce/base.h>
#include <stdarg.h>
#include <string.h>
#include "base/banned.h"

#define SFI_PRINTF(fmt, args) __attribute__((format(__printf__, fmt, args))) /* the plain word is banned */
#define SFI_COUNT_OF(a) (sizeof(a) / sizeof(*(a)))
#define SFI_KIB ((size_t)1024)
#define SFI_MIB ((size_t)1024 * 1024)

/* ---- memory (alloc.c): the only place that calls malloc ---- */
void *sfi_alloc(size_t size);                  /* size > 0; NULL: no memory; not cleared */
void *sfi_calloc(size_t size);                 /* cleared */
/* Room for one more in a list that doubles, from first on: the list, perhaps elsewhere and *cap larger; NULL: no memory, and
 * it stays as it is. */
void *sfi_grow(void *list, size_t count, size_t *cap, size_t first, size_t size);
void *sfi_calloc_n(size_t n, size_t size);     /* cleared; NULL also when n * size overflows */
void *sfi_realloc(void *ptr, size_t size);     /* ptr NULL allocates; on NULL the old block lives on */
void sfi_free(void *ptr);
char *sfi_strdup(const char *s);               /* NULL in, NULL out */
char *sfi_strndup(const char *s, size_t len);  /* len bytes and a NUL */
void sfi_wipe(void *ptr, size_t len);          /* overwrites, and the compiler keeps it */
void sfi_free_secret(char *s);                 /* wipes up to the NUL, then frees; NULL is fine */

static inline bool sfi_add(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool sfi_mul(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }

/* ---- errors (error.c) ---- */
/* Fills all of *err (NULL is fine) with status and text, control characters made blanks, cut to fit on a UTF-8
 * boundary; answers status, so that «return sfi_fail(…)» reads well. */
sf_status sfi_fail(sf_error *err, sf_status status, const char *format, ...) SFI_PRINTF(3, 4);
/* The same with a text of any length: one that does not fit keeps both its ends, with an ellipsis between. */
sf_status sfi_fail_text(sf_error *err, sf_status status, sf_str text);
sf_status sfi_fail_memory(sf_error *err, const char *what); /* SF_ERR_MEMORY, "no memory for <what>" */
/* first keeps the first failure; answers failure's status. */
sf_status sfi_error_keep(sf_error *first, const sf_error *failure);
/* Puts "context: " before the message that is there. */
void sfi_error_prefix(sf_error *err, const char *format, ...) SFI_PRINTF(2, 3);
/* Stars for a secret that the org's words in err's message and code may repeat. err NULL is fine. */
void sfi_error_blot_out(sf_error *err, const char *secret);
void sfi_error_set_code(sf_error *err, sf_str code);     /* cut to fit; NULL err is fine */
void sfi_error_add_field(sf_error *err, sf_str field);   /* appended with a comma where it fits */
bool sfi_is_zero(const void *ptr, size_t len);           /* for reserved words */
#ifdef __clang_analyzer__ /* it sees one file at a time: what error.c answers must be told */
#define sfi_fail(err, status, ...) ((void)(sfi_fail)(err, status, __VA_ARGS__), (status))
#define sfi_fail_memory(err, what) ((void)(sfi_fail_memory)(err, what), SF_ERR_MEMORY)
#endif

/* ---- text (text.c) ---- */
static inline sf_str sfi_str(const char *s) { return (sf_str){ s, s != NULL ? strlen(s) : 0 }; }
#define SFI_STR(literal) ((sf_str){ "" literal, sizeof(literal) - 1 })
bool sfi_str_eq(sf_str a, sf_str b);
bool sfi_str_is(sf_str a, const char *b);               /* same bytes */
bool sfi_str_is_nocase(sf_str a, const char *b);        /* ASCII letters without case */
bool sfi_eq_nocase(const char *a, const char *b);       /* the same for two C strings; NULL equals only NULL */
bool sfi_starts_with(sf_str s, const char *prefix);
bool sfi_starts_with_nocase(sf_str s, const char *prefix);
bool sfi_ends_with(sf_str s, const char *suffix);
sf_str sfi_trim(sf_str s);                               /* blanks, tabs, CR, LF at both ends */
bool sfi_take_text(sf_str *s, const char *text);         /* true: it stood first and is now cut off */
bool sfi_take_int(sf_str *s, int64_t max, int64_t *out); /* decimal digits 0..max; false leaves s alone */
bool sfi_parse_int(sf_str s, int64_t *out);              /* the whole text, optional minus; false: not one, or too big */
bool sfi_utf8_valid(const char *s, size_t len);
size_t sfi_utf8_sequence(const char *s, size_t len);     /* bytes of the well-formed character that s begins with; 0: none */
size_t sfi_utf8_put(uint32_t c, char out[4]);            /* a code point as UTF-8; 1 to 4 bytes; half a surrogate pair is U+FFFD */
int sfi_ascii_lower(int c);
int sfi_hex_digit(char c);                               /* its value; -1: it is none */
bool sfi_is_word_char(char c);                           /* an ASCII letter or digit, or _ */
sf_id sfi_id_make(sf_str id);                            /* 15 or 18 characters of [A-Za-z0-9] to 18; else "" */

/* ---- growing bytes with a bound (buf.c). A zeroed one with max set is empty and ready ---- */
typedef struct sfi_buf {
    char *data;   /* after any successful append, data[len] is NUL */
    size_t len;
    size_t cap;
    size_t max;   /* most bytes it may hold; 0: SFI_BUF_MAX */
    bool failed;   /* an append did not fit or found no memory: check once at the end with sfi_buf_status */
    bool over_max; /* failed, because it did not fit */
} sfi_buf;
#define SFI_BUF_MAX ((size_t)1 << 30)
bool sfi_buf_reserve(sfi_buf *b, size_t more);           /* room for more bytes (and a NUL) without moving */
bool sfi_buf_add(sfi_buf *b, const void *data, size_t len);
bool sfi_buf_add_str(sfi_buf *b, const char *s);
bool sfi_buf_add_char_slowly(sfi_buf *b, char c);        /* when there is no room for it yet */
static inline bool sfi_buf_add_char(sfi_buf *b, char c)
{
    size_t max = b->max > 0 ? b->max : SFI_BUF_MAX;
#ifdef __clang_analyzer__ /* it does not know that what has room has memory */
    if (b->data == NULL) return sfi_buf_add_char_slowly(b, c);
#endif
    if (b->failed || b->cap - b->len < 2 || b->len >= max) return sfi_buf_add_char_slowly(b, c);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
    return true;
}
bool sfi_buf_addf(sfi_buf *b, const char *format, ...) SFI_PRINTF(2, 3);
bool sfi_buf_add_urlencoded(sfi_buf *b, sf_str s);       /* all but A-Z a-z 0-9 - . _ ~ becomes %XX */
bool sfi_buf_add_base64(sfi_buf *b, const void *data, size_t len);
void sfi_buf_clear(sfi_buf *b);                          /* len 0, memory kept */
void sfi_buf_free(sfi_buf *b);                           /* memory given back; may be used again */
char *sfi_buf_take(sfi_buf *b);                          /* the bytes, NUL-terminated, now the caller's (sfi_free); NULL when failed or no memory */
sf_status sfi_buf_status(const sfi_buf *b, sf_error *err, const char *what); /* SF_OK, SF_ERR_LIMIT, SF_ERR_MEMORY */
static inline sf_str sfi_buf_str(const sfi_buf *b) { return (sf_str){ b->data, b->len }; }

/* ---- arenas (arena.c): many small pieces that end together ---- */
typedef struct sfi_arena {
    struct sfi_arena_block *blocks; /* newest first */
    size_t used;                    /* bytes given out */
    size_t max;                     /* 0: SFI_BUF_MAX */
} sfi_arena;
void *sfi_arena_alloc(sfi_arena *a, size_t size);        /* 16-byte aligned; NULL: no memory or over max */
char *sfi_arena_strndup(sfi_arena *a, const char *s, size_t len);
void sfi_arena_reset(sfi_arena *a);                      /* all pieces dead, the newest block kept for re-use */
void sfi_arena_wipe(sfi_arena *a);                       /* overwrites all pieces; they stay where they are */
void sfi_arena_free(sfi_arena *a);

/* ---- clocks and time text (clock.c) ---- */
int64_t sfi_now_ms(void);                                /* monotonic; for deadlines */
int64_t sfi_wall_ms(void);                               /* since 1970, UTC */
int64_t sfi_now_coarse_ms(void);                         /* the same two, up to 10 ms late, at a fifth of the cost */
int64_t sfi_wall_coarse_ms(void);
/* 2024-11-23T22:10:05.000+0000 and its forms (see sf_get_time_ms); kind gets 'D' dateTime, 'd' date, 't' time */
bool sfi_time_parse(sf_str s, int64_t *ms, char *kind);
void sfi_time_format(int64_t ms, char out[32]);          /* 2024-11-23T22:10:05.000Z; "" outside the years 0..9999, here and below */
void sfi_date_format(int64_t ms, char out[16]);          /* 2024-11-23 */
int64_t sfi_days_from_civil(int64_t y, int m, int d);    /* days since 1970-01-01, proleptic Gregorian */
void sfi_civil_from_days(int64_t days, int64_t *y, int *m, int *d);
bool sfi_http_date_parse(sf_str s, int64_t *ms);         /* Sat, 23 Mar 2024 10:00:00 GMT; day without leading zero too */
void sfi_http_date_format(int64_t ms, char out[32]);
enum { SFI_BOOT_BYTES = 40 };
void sfi_boot_id(char out[SFI_BOOT_BYTES]);              /* of the machine; another after each boot; "": it does not say */
uint64_t sfi_random(void);                               /* from the system; for jitter, trace ids, not for keys */
void sfi_random_bytes(void *out, size_t len);            /* getrandom; fit for keys */
/* For the mains of programs: 0, 1 and 2 are open from here on. false: the system refused. */
bool sfi_keep_standard_fds(void);

/* ---- files on the disk (file.c). of: whose file it is, as in "token store"; it begins the message, "" leaves it out ---- */
sf_status sfi_fail_io(sf_error *err, const char *of, const char *path, const char *what, int code); /* code: an errno */
bool sfi_write_all(int fd, sf_str bytes);                /* false: errno says why */
bool sfi_sync(int fd);                                   /* the same; true where a file system has no such thing */
/* A new file, whole and synced, its mode whatever the umask says; what has the name goes first. On failure nothing has it. */
sf_status sfi_file_make(const char *path, unsigned mode, sf_str bytes, const char *of, sf_error *err);
/* path holds what it did or all of bytes, whatever happens when; after SF_OK it outlives a loss of power.
 * @param temporary a name in the same folder, for callers that hold a lock: one that was left there is taken away. NULL: a
 *        name of its own, which stays when the process is killed. */
sf_status sfi_file_replace(const char *path, const char *temporary, unsigned mode, sf_str bytes, const char *of,
                           sf_error *err);
sf_status sfi_sync_folder_of(const char *path, const char *of, sf_error *err); /* so that its name stays, or its absence */

/* ---- libraries that are loaded on first use (library.c) ---- */
typedef struct sfi_library_symbol {
    const char *name;
    void *out; /* the pointer to a function that gets its address */
} sfi_library_symbol;
bool sfi_library_load(const char *file, const sfi_library_symbol *symbols, size_t count); /* false: it, or a symbol, is not there */

/* ---- the log (log.c): one way out, which redacts ---- */
typedef enum sfi_log_level { SFI_LOG_ERROR = 1, SFI_LOG_WARN = 2, SFI_LOG_INFO = 3, SFI_LOG_DEBUG = 4, SFI_LOG_TRACE = 5 } sfi_log_level;
typedef struct sfi_log {
    void (*fn)(void *user, int level, const char *line); /* NULL: no log. Any thread, one line without LF */
    void *user;
    int level;                                           /* the most talkative level that is wanted; 0: none */
} sfi_log;
static inline bool sfi_log_wants(const sfi_log *log, int level) { return log != NULL && log->fn != NULL && level <= log->level; }
/* Formats, redacts (sfi_redact), cuts at 2 KiB and hands out. */
void sfi_logf(const sfi_log *log, int level, const char *format, ...) SFI_PRINTF(3, 4);
/* In place: session ids (00D…!…), bearer tokens, and the values of secret parameters, headers and members
 * (access_token, refresh_token, client_secret, password, assertion, code, sessionId, Authorization, Cookie…) become ***. */
void sfi_redact(char *line);
bool sfi_header_is_secret(sf_str name);

/* ---- what this build has (version.c). A room with an optional part defines its hook, which names the parts with blanks
 * between; a program that was linked without the room lacks them. Weak, so that base needs nobody. ---- */
const char *sfi_features_http(void) __attribute__((weak)); /* such as "http2 libdeflate" */
const char *sfi_features_json(void) __attribute__((weak)); /* such as "simdjson-haswell" */
const char *sfi_features_bulk(void) __attribute__((weak)); /* such as "sqlite zstd" */
const char *sfi_features_redis(void) __attribute__((weak)); /* "redis" or "" */
#endif
