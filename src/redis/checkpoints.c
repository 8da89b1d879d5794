/*
 * checkpoints.c: the positions of a listener in one hash of Redis: see redis.h. Called through the listener's checkpoint
 * store, by one thread at a time. The one idea: a position that comes late, over a connection that broke, is known by its
 * number and does not move a later one back.
 */
#include "redis/redis_internal.h"

typedef struct redis_checkpoints {
    sfi_redis_settings settings;
    sfi_redis *redis;
    char *key, *order_key;
    char writer[SFI_REDIS_NAME_SIZE]; /* this program */
    int64_t writes;
} redis_checkpoints;

sf_status sfi_redis_position(sfi_redis *r, sf_str key, const char *channel,
                             void (*found)(void *ctx, const char *position), void *ctx, sf_error *err)
{
    const sf_str words[] = { SFI_STR("HGET"), key, sfi_str(channel) };
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply;
    sf_status rc = sfi_redis_command(r, words, SFI_COUNT_OF(words), 0, &reader, &reply, err);
    if (rc != SF_OK) return rc;
    if (reply->type == SFI_REDIS_NIL)
        rc = SF_DONE;
    else if (reply->type == SFI_REDIS_TEXT && strlen(reply->text.ptr) == reply->text.len)
        found(ctx, reply->text.ptr);
    else
        rc = sfi_redis_fail_form(r, "a position", err);
    sfi_redis_reader_free(reader);
    return rc;
}

void sfi_redis_where(const sfi_redis_settings *s, const char *key, const char *channel, char *text, size_t size)
{
    (void)snprintf(text, size, "%s from the hash %.250s (%s)", channel, key, s->name);
}

static void redis_where(void *user, const char *channel, char *text, size_t size)
{
    const redis_checkpoints *c = user;
    sfi_redis_where(&c->settings, c->key, channel, text, size);
}

static sf_status redis_get(void *user, const char *channel, void (*found)(void *ctx, const char *position), void *ctx,
                           sf_error *err)
{
    redis_checkpoints *c = user;
    return sfi_redis_position(c->redis, sfi_str(c->key), channel, found, ctx, err);
}

/* ARGV: channel, position, name of the writing program, number of this write. */
static const char set_script[] =
    "local writer, last = string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^(%x+):(%d+)$')\n"
    "if writer == ARGV[3] and tonumber(last) >= tonumber(ARGV[4]) then return 1 end\n"
    "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])\n"
    "redis.call('HSET', KEYS[2], ARGV[1], ARGV[3] .. ':' .. ARGV[4])\n"
    "return 1\n";

static sf_status redis_set(void *user, const char *channel, const char *position, sf_error *err)
{
    redis_checkpoints *c = user;
    char write[SFI_REDIS_NUMBER_SIZE];
    const sf_str keys[] = { sfi_str(c->key), sfi_str(c->order_key) };
    const sf_str args[] = { sfi_str(channel), sfi_str(position), sfi_str(c->writer),
                            sfi_redis_number(++c->writes, write) };
    sfi_redis_reader *reader;
    const sfi_redis_reply *reply;
    sf_status rc = sfi_redis_script(c->redis, set_script, keys, SFI_COUNT_OF(keys), args, SFI_COUNT_OF(args), &reader,
                                    &reply, err);
    if (rc != SF_OK) return rc;
    if (reply->type != SFI_REDIS_NUMBER) rc = sfi_redis_fail_form(c->redis, "a position", err);
    sfi_redis_reader_free(reader);
    return rc;
}

static void redis_close(void *user)
{
    redis_checkpoints *c = user;
    sfi_redis_close(c->redis);
    sfi_redis_settings_clear(&c->settings);
    sfi_free(c->key);
    sfi_free(c->order_key);
    sfi_free(c);
}

static char *make_key(const char *prefix, const char *ending)
{
    sfi_buf key = { 0 };
    (void)sfi_buf_addf(&key, "%s{checkpoints}%s", prefix, ending);
    char *text = sfi_buf_take(&key);
    sfi_buf_free(&key);
    return text;
}

sf_status sf_checkpoints_redis(const sf_redis_options *options, sf_checkpoints **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    static const sf_checkpoints_ops ops = {
        .get = redis_get, .set = redis_set, .close = redis_close, .where = redis_where
    };
    redis_checkpoints *c = sfi_calloc(sizeof *c);
    if (c == NULL) return sfi_fail_memory(err, "checkpoints");
    sfi_redis_random_name(c->writer);
    sf_status rc = sfi_redis_settings_read(options, &c->settings, err);
    if (rc == SF_OK) {
        c->key = make_key(c->settings.prefix, "");
        c->order_key = make_key(c->settings.prefix, ":order");
        if (c->key == NULL || c->order_key == NULL) rc = sfi_fail_memory(err, "checkpoints");
    }
    if (rc == SF_OK) rc = sfi_redis_open(&c->settings, &c->redis, err);
    if (rc == SF_OK) rc = sf_checkpoints_custom(&ops, c, out, err);
    if (rc != SF_OK) redis_close(c);
    return rc;
}
