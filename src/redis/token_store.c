/*
 * token_store.c: a token store in Redis: see redis.h. The one idea: who may write is decided by the server alone, in
 * scripts, by its own clock. The lock is a key with an expiry that holds its owner's random name; each time it is taken,
 * the fencing number goes up. A write must come from the owner, or, when the lock has run out, from the last who had it:
 * its number is still the newest then, so nobody was in between.
 * Keys, all in one slot of a cluster: PREFIX token:{HASH}: and lock (the owner's name), fence (the number), wake (a list
 * that who releases pushes to and who waits blocks on), data (a hash: the token's members).
 */
#include <openssl/evp.h>
#include "redis/redis_internal.h"

enum {
    LOCK_MS = 10000, /* the lock runs out; who still works at a login tells so every few seconds (begin) */
    HASH_HEX = 32,
    PAUSE_MS = 50 /* between two looks at the lock, of a server that cannot block for parts of a second */
};

enum { KEY_LOCK, KEY_FENCE, KEY_WAKE, KEY_DATA, KEY_COUNT };
static const char *const key_names[KEY_COUNT] = { "lock", "fence", "wake", "data" };

typedef struct redis_store {
    sfi_redis_settings settings;
    sfi_redis *talk, *wait; /* the second blocks, so that the first can always write and release */
    char *keys[KEY_COUNT];
    sfi_gate gate; /* is_busy: a thread of this process holds the store's lock; guards owner and fence */
    char owner
        [SFI_REDIS_NAME_SIZE]; /* "": none. Kept when the server could not be told, or did not answer, until it does */
    char fence[SFI_REDIS_NUMBER_SIZE];
} redis_store;

static const char *const members[] = { "access_token", "refresh_token", "instance_url", "identity_url",
                                       "issued_at_ms", "expires_at_ms", "generation",   "begun_ms" };
enum { MEMBER_COUNT = SFI_COUNT_OF(members), TEXT_COUNT = 4 };

/* A script that answers one number. */
static sf_status ask(redis_store *s, const char *script, const char *what, const sf_str *args, size_t count,
                     int64_t *answer, sf_error *err)
{
    sf_str keys[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++) keys[i] = sfi_str(s->keys[i]);
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply;
    sf_status rc = sfi_redis_script(s->talk, script, keys, KEY_COUNT, args, count, &reader, &reply, err);
    if (rc != SF_OK) return rc;
    if (reply->type == SFI_REDIS_NUMBER)
        *answer = reply->number;
    else
        rc = sfi_redis_fail_form(s->talk, what, err);
    sfi_redis_reader_free(reader);
    return rc;
}

/* ---- the lock ---- */

/* {1, fence}: ours (again, if it was). {0, ms}: another's, for so long. The fencing number is never smaller than the
 * server's clock, so that it goes up even when the server has lost everything. */
static const char lock_script[] =
    "if redis.replicate_commands then redis.replicate_commands() end\n" /* before Redis 7: TIME, then writes */
    "local holder = redis.call('GET', KEYS[1])\n"
    "if holder and holder ~= ARGV[1] then return {0, redis.call('PTTL', KEYS[1])} end\n"
    "local fence = redis.call('GET', KEYS[2])\n"
    "if not holder or not fence then\n"
    "  local t = redis.call('TIME')\n"
    "  local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)\n"
    "  fence = string.format('%.0f', math.max((tonumber(fence or '0') or 0) + 1, now))\n"
    "  redis.call('SET', KEYS[2], fence)\n"
    "end\n"
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
    "redis.call('DEL', KEYS[3])\n"
    "return {1, fence}\n";

/* SF_OK: ours. SF_DONE: another's; *ms says for how long at most. */
static sf_status try_lock(redis_store *s, int64_t *ms, sf_error *err)
{
    char ttl[SFI_REDIS_NUMBER_SIZE];
    sf_str keys[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++) keys[i] = sfi_str(s->keys[i]);
    const sf_str args[] = { sfi_str(s->owner), sfi_redis_number(LOCK_MS, ttl) };
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply;
    sf_status rc =
        sfi_redis_script(s->talk, lock_script, keys, KEY_COUNT, args, SFI_COUNT_OF(args), &reader, &reply, err);
    if (rc != SF_OK) return rc;
    bool is_pair = reply->type == SFI_REDIS_LIST && reply->count == 2 && reply->items[0]->type == SFI_REDIS_NUMBER;
    const sfi_redis_reply *second = is_pair ? reply->items[1] : NULL;
    if (is_pair && reply->items[0]->number == 1 && second->type == SFI_REDIS_TEXT &&
        second->text.len < SFI_REDIS_NUMBER_SIZE) {
        memcpy(s->fence, second->text.ptr, second->text.len + 1);
    } else if (is_pair && reply->items[0]->number == 0 && second->type == SFI_REDIS_NUMBER) {
        *ms = second->number > 0 ? second->number : 1;
        rc = SF_DONE;
    } else {
        rc = sfi_redis_fail_form(s->talk, "a lock", err);
    }
    sfi_redis_reader_free(reader);
    return rc;
}

/* Until somebody releases, at most ms. What comes of it shows in the next try. */
static sf_status await_release(redis_store *s, int64_t ms, sf_error *err)
{
    char seconds[SFI_REDIS_NUMBER_SIZE];
    (void)snprintf(seconds, sizeof seconds, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
    const sf_str words[] = { SFI_STR("BLPOP"), sfi_str(s->keys[KEY_WAKE]), sfi_str(seconds) };
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply;
    sf_status rc = sfi_redis_command(s->wait, words, SFI_COUNT_OF(words), ms, &reader, &reply, err);
    sfi_redis_reader_free(reader);
    if (rc != SF_ERR_IO) return rc;
    const sfi_wait none = { .deadline_ms =
                                0 }; /* a server that knows whole seconds only, or lists of another kind there */
    return sfi_wait_pause(&none, ms < PAUSE_MS ? ms : PAUSE_MS, "the token store's lock", err);
}

static sf_status lock_server(redis_store *s, int64_t deadline_ms, sf_error *err)
{
    if (s->owner[0] == '\0')
        sfi_redis_random_name(s->owner); /* else the server was not told, or its answer did not come */
    for (;;) {                           /* ends: locked, broken, or the deadline */
        int64_t ms = 0;
        sf_status rc = try_lock(s, &ms, err);
        if (rc != SF_DONE) return rc;
        int64_t left = deadline_ms - sfi_now_ms();
        if (left <= 0) {
            s->owner[0] = '\0';
            return sfi_fail(err, SF_ERR_TIMEOUT, "%s: another program holds the token store's lock", s->settings.name);
        }
        rc = await_release(s, left < ms ? left : ms, err);
        if (rc != SF_OK) return rc;
    }
}

static sf_status redis_lock(void *user, int64_t timeout_ms, sf_error *err)
{
    redis_store *s = user;
    const sfi_wait wait = { .deadline_ms = sfi_now_ms() + timeout_ms };
    sfi_cancel_watcher watcher;
    sf_status rc = sfi_gate_enter(&s->gate, &wait, &watcher, err);
    if (rc != SF_OK) return rc;
    while (rc == SF_OK && s->gate.is_busy)
        rc = sfi_gate_wait(&s->gate, &wait, "the token store's lock", err); /* ends: deadline */
    if (rc == SF_OK) {
        sfi_gate_begin_work(&s->gate);
        rc = lock_server(s, wait.deadline_ms, err);
        sfi_gate_end_work(&s->gate);
        s->gate.is_busy = rc == SF_OK; /* ours until release */
    }
    sfi_gate_leave(&s->gate, &watcher);
    return rc;
}

static const char release_script[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                                     "redis.call('DEL', KEYS[1], KEYS[3])\n"
                                     "redis.call('LPUSH', KEYS[3], '1')\n"
                                     "redis.call('PEXPIRE', KEYS[3], ARGV[2])\n"
                                     "return 1\n";

/* The owner's name stays when the server did not hear of it: who locks next here has the lock still. */
static void release_server(redis_store *s)
{
    char ttl[SFI_REDIS_NUMBER_SIZE];
    int64_t answer;
    const sf_str args[] = { sfi_str(s->owner), sfi_redis_number(LOCK_MS, ttl) };
    if (ask(s, release_script, "a release", args, SFI_COUNT_OF(args), &answer, NULL) == SF_OK) s->owner[0] = '\0';
}

static void redis_release(void *user)
{
    redis_store *s = user; /* is_busy is ours */
    release_server(s);
    sfi_gate_end_work(&s->gate);
    pthread_mutex_unlock(&s->gate.lock);
}

/* ---- the token ---- */

static int64_t number_of(const sfi_redis_reply *item)
{
    int64_t n = 0;
    return item->type == SFI_REDIS_TEXT && sfi_parse_int(item->text, &n) ? n : 0;
}

static const char *text_of(const sfi_redis_reply *item)
{
    bool is_text = item->type == SFI_REDIS_TEXT && item->text.len > 0 && strlen(item->text.ptr) == item->text.len;
    return is_text ? item->text.ptr : NULL;
}

static sf_status redis_get(void *user, void (*found)(void *ctx, const sf_token *token), void *ctx, sf_error *err)
{
    redis_store *s = user;
    sf_str words[2 + MEMBER_COUNT] = { SFI_STR("HMGET"), sfi_str(s->keys[KEY_DATA]) };
    for (size_t i = 0; i < MEMBER_COUNT; i++) words[2 + i] = sfi_str(members[i]);
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply;
    sf_status rc = sfi_redis_command(s->talk, words, SFI_COUNT_OF(words), 0, &reader, &reply, err);
    if (rc != SF_OK) return rc;
    if (reply->type == SFI_REDIS_LIST && reply->count == MEMBER_COUNT) {
        sfi_redis_reply *const *item = reply->items;
        const sf_token token = { .access_token = text_of(item[0]),
                                 .refresh_token = text_of(item[1]),
                                 .instance_url = text_of(item[2]),
                                 .identity_url = text_of(item[3]),
                                 .issued_at_ms = number_of(item[4]),
                                 .expires_at_ms = number_of(item[5]),
                                 .generation = number_of(item[6]),
                                 .begun_ms = number_of(item[7]) };
        bool is_there = token.access_token != NULL || token.refresh_token != NULL || token.begun_ms != 0;
        if (is_there) found(ctx, &token);
        if (!is_there) rc = SF_DONE;
    } else {
        rc = sfi_redis_fail_form(s->talk, "a token's members", err);
    }
    sfi_redis_reader_free(reader);
    return rc;
}

/* What a script that writes begins with: 0 is «another has the lock, or had it since». The lock is ours anew. */
#define OWNED                                                                                                          \
    "local holder = redis.call('GET', KEYS[1])\n"                                                                      \
    "local fence = redis.call('GET', KEYS[2])\n"                                                                       \
    "if (holder and holder ~= ARGV[1]) or (fence and fence ~= ARGV[2]) then return 0 end\n"                            \
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])\n"                                                             \
    "redis.call('SET', KEYS[2], ARGV[2])\n"

/* ARGV[4] names this write: one that comes a second time, because its answer was lost, is done already. From ARGV[5]:
 * names and values. */
static const char set_script[] =
    OWNED "local data = KEYS[4]\n"
          "if redis.call('HGET', data, 'write') == ARGV[4] then return 1 end\n"
          "local generation = tonumber(redis.call('HGET', data, 'generation') or '0') or 0\n"
          "if not (generation >= 0 and generation < 9007199254740000) then generation = 0 end\n"
          "redis.call('DEL', data)\n"
          "redis.call('HSET', data, 'write', ARGV[4], 'generation', string.format('%.0f', generation + 1))\n"
          "for i = 5, #ARGV, 2 do redis.call('HSET', data, ARGV[i], ARGV[i + 1]) end\n"
          "return 1\n";

/* ARGV[4]: "0" ends it. */
static const char begin_script[] = OWNED "if ARGV[4] == '0' then redis.call('HDEL', KEYS[4], 'begun_ms')\n"
                                         "else redis.call('HSET', KEYS[4], 'begun_ms', ARGV[4]) end\n"
                                         "return 1\n";

static const char clear_script[] = OWNED "redis.call('DEL', KEYS[4])\n"
                                         "return 1\n";

/* The arguments that OWNED takes. */
typedef struct own_args {
    char ttl[SFI_REDIS_NUMBER_SIZE];
    sf_str words[3];
} own_args;

static void fill_own(const redis_store *s, own_args *own)
{
    own->words[0] = sfi_str(s->owner);
    own->words[1] = sfi_str(s->fence);
    own->words[2] = sfi_redis_number(LOCK_MS, own->ttl);
}

static sf_status write_owned(redis_store *s, const char *script, const char *what, const sf_str *args, size_t count,
                             sf_error *err)
{
    int64_t answer = 0;
    if (s->owner[0] == '\0') return SF_DONE; /* nobody has locked it here */
    sf_status rc = ask(s, script, what, args, count, &answer, err);
    return rc == SF_OK && answer != 1 ? SF_DONE : rc;
}

static sf_status redis_set(void *user, const sf_token *token, sf_error *err)
{
    redis_store *s = user;
    const char *const texts[TEXT_COUNT] = { token->access_token, token->refresh_token, token->instance_url,
                                            token->identity_url };
    const int64_t numbers[] = { token->issued_at_ms, token->expires_at_ms };
    char number_texts[SFI_COUNT_OF(numbers)][SFI_REDIS_NUMBER_SIZE];
    char write[SFI_REDIS_NAME_SIZE];
    own_args own;
    sf_str args[4 + 2 * (TEXT_COUNT + SFI_COUNT_OF(numbers))];
    sfi_redis_random_name(write);
    fill_own(s, &own);
    memcpy(args, own.words, sizeof own.words);
    args[3] = sfi_str(write);
    size_t count = 4;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (texts[i] == NULL) continue;
        args[count++] = sfi_str(members[i]);
        args[count++] = sfi_str(texts[i]);
    }
    for (size_t i = 0; i < SFI_COUNT_OF(numbers); i++) {
        if (numbers[i] == 0) continue;
        args[count++] = sfi_str(members[TEXT_COUNT + i]);
        args[count++] = sfi_redis_number(numbers[i], number_texts[i]);
    }
    return write_owned(s, set_script, "a write", args, count, err);
}

static sf_status redis_begin(void *user, int64_t begun_ms, sf_error *err)
{
    redis_store *s = user;
    char number[SFI_REDIS_NUMBER_SIZE];
    own_args own;
    fill_own(s, &own);
    const sf_str args[] = { own.words[0], own.words[1], own.words[2], sfi_redis_number(begun_ms, number) };
    return write_owned(s, begin_script, "a write", args, SFI_COUNT_OF(args), err);
}

static sf_status redis_clear(void *user, sf_error *err)
{
    redis_store *s = user;
    own_args own;
    fill_own(s, &own);
    return write_owned(s, clear_script, "a write", own.words, SFI_COUNT_OF(own.words), err);
}

/* ---- making and ending ---- */

static void redis_close(void *user)
{
    redis_store *s = user;
    if (s->owner[0] != '\0') release_server(s); /* the server was away when it was to be told */
    sfi_redis_close(s->talk);
    sfi_redis_close(s->wait);
    for (size_t i = 0; i < KEY_COUNT; i++) sfi_free(s->keys[i]);
    sfi_gate_destroy(&s->gate);
    sfi_redis_settings_clear(&s->settings);
    sfi_wipe(s->owner, sizeof s->owner);
    sfi_free(s);
}

static sf_status make_keys(redis_store *s, const char *login, sf_error *err)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char hash[HASH_HEX + 1] = "";
    if (EVP_Digest(login, strlen(login), sum, &len, EVP_sha256(), NULL) != 1 || len < HASH_HEX / 2)
        return sfi_fail_memory(err, "a hash");
    for (size_t i = 0; i < HASH_HEX / 2; i++) (void)snprintf(hash + 2 * i, 3, "%02x", sum[i]);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        sfi_buf key = { 0 };
        (void)sfi_buf_addf(&key, "%stoken:{%s}:%s", s->settings.prefix, hash, key_names[i]);
        s->keys[i] = sfi_buf_take(&key);
        sfi_buf_free(&key);
        if (s->keys[i] == NULL) return sfi_fail_memory(err, "a key");
    }
    return SF_OK;
}

sf_status sf_token_store_redis(const sf_redis_options *options, const char *login, sf_token_store **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (login == NULL || *login == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "login, which names the token's key, is empty");
    static const sf_token_store_ops ops = { .lock = redis_lock,
                                            .release = redis_release,
                                            .get = redis_get,
                                            .set = redis_set,
                                            .clear = redis_clear,
                                            .close = redis_close,
                                            .begin = redis_begin,
                                            .is_shared = true };
    redis_store *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "a token store");
    sf_status rc = sfi_redis_settings_read(options, &s->settings, err);
    if (rc == SF_OK) rc = make_keys(s, login, err);
    if (rc == SF_OK) rc = sfi_redis_open(&s->settings, &s->talk, err);
    if (rc == SF_OK) rc = sfi_redis_open(&s->settings, &s->wait, err);
    if (rc == SF_OK) rc = sfi_gate_init(&s->gate, err);
    if (rc == SF_OK) rc = sf_token_store_custom(&ops, s, out, err);
    if (rc != SF_OK) redis_close(s);
    return rc;
}
