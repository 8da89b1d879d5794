/*
 * coordinator.c: leases and positions of groups in Redis: see redis.h and coordination.h. Called through the coordinator,
 * never twice at once. The one idea: each operation is one script, so that the server alone decides, by its own clock,
 * and each may come twice: what was done already is answered as done.
 * Keys of a group, in one slot of a cluster: lease (the leader's name; it expires), term (a hash: node and epoch of the
 * newest), positions (a hash by channel), order (a hash by channel: which write of which term it is from).
 */
#include "redis/redis_internal.h"

enum { KEY_LEASE, KEY_TERM, KEY_POSITIONS, KEY_ORDER, KEY_COUNT };
static const char *const key_names[KEY_COUNT] = { "lease", "term", "positions", "order" };

typedef struct redis_coordinator {
    sfi_redis_settings settings;
    sfi_redis *redis;
    char writer[SFI_REDIS_NAME_SIZE]; /* this program, of all that may lead in one term */
    int64_t writes;                   /* positions saved: of two, the server keeps the later */
} redis_coordinator;

/* A group's name between the braces must not hold one. */
static sf_status make_keys(const redis_coordinator *c, const char *group, sfi_buf texts[KEY_COUNT],
                           sf_str keys[KEY_COUNT], sf_error *err)
{
    sf_status rc = SF_OK;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        texts[i] = (sfi_buf){ 0 };
        (void)sfi_buf_addf(&texts[i], "%sgroup:{", c->settings.prefix);
        for (const char *p = group; *p != '\0'; p++) {
            if (*p == '{' || *p == '}' || *p == '%')
                (void)sfi_buf_addf(&texts[i], "%%%02X", (unsigned)(unsigned char)*p);
            else
                (void)sfi_buf_add_char(&texts[i], *p);
        }
        (void)sfi_buf_addf(&texts[i], "}:%s", key_names[i]);
        if (rc == SF_OK) rc = sfi_buf_status(&texts[i], err, "a key");
        keys[i] = sfi_buf_str(&texts[i]);
    }
    return rc;
}

static void free_keys(sfi_buf texts[KEY_COUNT])
{
    for (size_t i = 0; i < KEY_COUNT; i++) sfi_buf_free(&texts[i]);
}

/* A script that answers a number as text (an epoch is more than a double's digits would keep in Lua's own), "0" for «no». */
static sf_status ask(redis_coordinator *c, const char *group, const char *script, const char *what, const sf_str *args,
                     size_t count, int64_t *answer, sf_error *err)
{
    sfi_buf texts[KEY_COUNT];
    sf_str keys[KEY_COUNT];
    sfi_redis_reader *reader = NULL;
    const sfi_redis_reply *reply = NULL;
    sf_status rc = make_keys(c, group, texts, keys, err);
    if (rc == SF_OK) rc = sfi_redis_script(c->redis, script, keys, KEY_COUNT, args, count, &reader, &reply, err);
    if (rc == SF_OK && !(reply->type == SFI_REDIS_TEXT && sfi_parse_int(reply->text, answer) && *answer >= 0))
        rc = sfi_redis_fail_form(c->redis, what, err);
    sfi_redis_reader_free(reader);
    free_keys(texts);
    return rc;
}

/* ARGV: node, liveness. Who led last leads on, in the same term, also when its lease has run out and nobody else came. A
 * new term is never smaller than the server's clock in milliseconds. */
static const char attempt_script[] =
    "if redis.replicate_commands then redis.replicate_commands() end\n" /* before Redis 7: TIME, then writes */
    "local term = redis.call('HMGET', KEYS[2], 'node', 'epoch')\n"
    "local epoch = term[2]\n"
    "if not epoch or term[1] ~= ARGV[1] then\n"
    "  if redis.call('EXISTS', KEYS[1]) == 1 then return '0' end\n"
    "  local t = redis.call('TIME')\n"
    "  local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)\n"
    "  epoch = string.format('%.0f', math.max((tonumber(epoch or '0') or 0) + 1, now))\n"
    "  redis.call('HSET', KEYS[2], 'node', ARGV[1], 'epoch', epoch)\n"
    "end\n"
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
    "return epoch\n";

static sf_status redis_attempt(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                               sf_error *err)
{
    char liveness[SFI_REDIS_NUMBER_SIZE];
    int64_t answer = 0;
    const sf_str args[] = { sfi_str(node), sfi_redis_number(liveness_ms, liveness) };
    sf_status rc = ask(user, group, attempt_script, "an attempt to lead", args, SFI_COUNT_OF(args), &answer, err);
    if (rc != SF_OK) return rc;
    if (answer == 0) return SF_DONE;
    *epoch = answer;
    return SF_OK;
}

/* ARGV: node, epoch, liveness. A lease that ran out and that nobody took since is node's still, and so is one that the
 * server has forgotten altogether. */
static const char renew_script[] =
    "local term = redis.call('HMGET', KEYS[2], 'node', 'epoch')\n"
    "if term[2] and (term[1] ~= ARGV[1] or term[2] ~= ARGV[2]) then return '0' end\n"
    "if not term[2] then redis.call('HSET', KEYS[2], 'node', ARGV[1], 'epoch', ARGV[2]) end\n"
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])\n"
    "return '1'\n";

static sf_status redis_renew(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                             sf_error *err)
{
    char term[SFI_REDIS_NUMBER_SIZE];
    char liveness[SFI_REDIS_NUMBER_SIZE];
    int64_t answer = 0;
    const sf_str args[] = { sfi_str(node), sfi_redis_number(epoch, term), sfi_redis_number(liveness_ms, liveness) };
    sf_status rc = ask(user, group, renew_script, "a renewal", args, SFI_COUNT_OF(args), &answer, err);
    return rc == SF_OK && answer != 1 ? SF_DONE : rc;
}

static const char relinquish_script[] = "local term = redis.call('HMGET', KEYS[2], 'node', 'epoch')\n"
                                        "if term[1] == ARGV[1] and term[2] == ARGV[2] then\n"
                                        "  redis.call('DEL', KEYS[1])\n"
                                        "  redis.call('HDEL', KEYS[2], 'node')\n"
                                        "end\n"
                                        "return '1'\n";

static sf_status redis_relinquish(void *user, const char *group, const char *node, int64_t epoch, sf_error *err)
{
    char term[SFI_REDIS_NUMBER_SIZE];
    int64_t answer = 0;
    const sf_str args[] = { sfi_str(node), sfi_redis_number(epoch, term) };
    return ask(user, group, relinquish_script, "the end of a lease", args, SFI_COUNT_OF(args), &answer, err);
}

/* ARGV: epoch, channel, position, name of the writing program, number of this write. One that comes late, over a connection
 * that broke, does not move the position of a later one back. Terms are compared as numbers: they are far below 2^53. */
static const char save_script[] =
    "local epoch = tonumber(ARGV[1])\n"
    "local newest = tonumber(redis.call('HGET', KEYS[2], 'epoch') or '0') or 0\n"
    "if epoch < newest then return '0' end\n"
    "if epoch > newest then\n" /* ours was forgotten, and nobody leads in a term that is not its own */
    "  redis.call('HSET', KEYS[2], 'epoch', ARGV[1])\n"
    "  redis.call('HDEL', KEYS[2], 'node')\n"
    "end\n"
    "local order = redis.call('HGET', KEYS[4], ARGV[2]) or ''\n"
    "local term, writer, write = string.match(order, '^(%d+):(%x+):(%d+)$')\n"
    "if term and tonumber(term) > epoch then return '0' end\n"
    "if term and tonumber(term) == epoch and writer == ARGV[4] and tonumber(write) >= "
    "tonumber(ARGV[5]) then return '1' end\n"
    "redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])\n"
    "redis.call('HSET', KEYS[4], ARGV[2], ARGV[1] .. ':' .. ARGV[4] .. ':' .. ARGV[5])\n"
    "return '1'\n";

static sf_status redis_save(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                            sf_error *err)
{
    redis_coordinator *c = user;
    char term[SFI_REDIS_NUMBER_SIZE];
    char write[SFI_REDIS_NUMBER_SIZE];
    int64_t answer = 0;
    const sf_str args[] = { sfi_redis_number(epoch, term), sfi_str(channel), sfi_str(position), sfi_str(c->writer),
                            sfi_redis_number(++c->writes, write) };
    sf_status rc = ask(c, group, save_script, "a position", args, SFI_COUNT_OF(args), &answer, err);
    return rc == SF_OK && answer != 1 ? SF_DONE : rc;
}

static sf_status redis_get(void *user, const char *group, const char *channel,
                           void (*found)(void *ctx, const char *position), void *ctx, sf_error *err)
{
    redis_coordinator *c = user;
    sfi_buf texts[KEY_COUNT];
    sf_str keys[KEY_COUNT];
    sf_status rc = make_keys(c, group, texts, keys, err);
    if (rc == SF_OK) rc = sfi_redis_position(c->redis, keys[KEY_POSITIONS], channel, found, ctx, err);
    free_keys(texts);
    return rc;
}

static void redis_where(void *user, const char *group, const char *channel, char *text, size_t size)
{
    const redis_coordinator *c = user;
    sfi_buf texts[KEY_COUNT];
    sf_str keys[KEY_COUNT];
    if (make_keys(c, group, texts, keys, NULL) == SF_OK)
        sfi_redis_where(&c->settings, keys[KEY_POSITIONS].ptr, channel, text, size);
    free_keys(texts);
}

static void redis_close(void *user)
{
    redis_coordinator *c = user;
    sfi_redis_close(c->redis);
    sfi_redis_settings_clear(&c->settings);
    sfi_free(c);
}

sf_status sf_coordinator_redis(const sf_redis_options *options, sf_coordinator **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    static const sf_coordinator_ops ops = { .attempt = redis_attempt,
                                            .renew = redis_renew,
                                            .relinquish = redis_relinquish,
                                            .save = redis_save,
                                            .get = redis_get,
                                            .close = redis_close,
                                            .where = redis_where };
    redis_coordinator *c = sfi_calloc(sizeof *c);
    if (c == NULL) return sfi_fail_memory(err, "a coordinator");
    sfi_redis_random_name(c->writer);
    sf_status rc = sfi_redis_settings_read(options, &c->settings, err);
    if (rc == SF_OK) rc = sfi_redis_open(&c->settings, &c->redis, err);
    if (rc == SF_OK) rc = sf_coordinator_custom(&ops, c, out, err);
    if (rc != SF_OK) redis_close(c);
    return rc;
}
