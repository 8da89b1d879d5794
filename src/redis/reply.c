/*
 * reply.c: one reply of the server, from bytes. Called by connection.c, the tests and the fuzzer. hiredis knows the grammar;
 * what it makes lies in an arena of ours, so that a server that promises a billion items gets an error and no memory.
 * The one idea: a reader serves one reply. What cannot be read, or is followed by more, ends the connection with it, so
 * that no command ever reads the answer of another.
 */
#include <hiredis/read.h>
#include <hiredis/sds.h>
#include "redis/redis_internal.h"

enum { ARENA_MAX = 4 * SFI_REDIS_REPLY_MAX, NUMBER_TEXT = 24 };

struct sfi_redis_reader {
    redisReader *parser;
    sfi_arena arena;
    size_t fed;
    bool over_limit; /* more items than we take */
};

/* ---- what hiredis calls for each value; NULL stops it ---- */

static void *place(const redisReadTask *task, sfi_redis_type type)
{
    sfi_redis_reader *r = task->privdata;
    sfi_redis_reply *v = sfi_arena_alloc(&r->arena, sizeof *v);
    if (v == NULL) return NULL;
    *v = (sfi_redis_reply){ .type = type };
    if (task->parent != NULL) { /* a list, whose items are counted: createArray made room for idx */
        sfi_redis_reply *list = task->parent->obj;
        list->items[task->idx] = v;
    }
    return v;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    sfi_redis_reader *r = task->privdata;
    sfi_redis_reply *v = place(task, task->type == REDIS_REPLY_ERROR    ? SFI_REDIS_ERROR
                                     : task->type == REDIS_REPLY_STATUS ? SFI_REDIS_STATUS
                                                                        : SFI_REDIS_TEXT);
    if (v != NULL) v->text = (sf_str){ sfi_arena_strndup(&r->arena, text, len), len };
    return v != NULL && v->text.ptr != NULL ? v : NULL;
}

static void *create_list(const redisReadTask *task, int count)
{
    sfi_redis_reader *r = task->privdata;
    if (count > SFI_REDIS_ITEMS_MAX) {
        r->over_limit = true;
        return NULL;
    }
    sfi_redis_reply *v = place(task, SFI_REDIS_LIST);
    if (v == NULL || count <= 0) return v;
    v->items = sfi_arena_alloc(&r->arena, (size_t)count * sizeof *v->items);
    if (v->items == NULL) return NULL;
    memset(v->items, 0, (size_t)count * sizeof *v->items);
    v->count = (size_t)count;
    return v;
}

static void *create_number(const redisReadTask *task, long long number)
{
    sfi_redis_reply *v = place(task, SFI_REDIS_NUMBER);
    if (v != NULL) v->number = number;
    return v;
}

static void *create_nil(const redisReadTask *task)
{
    return place(task, SFI_REDIS_NIL);
}

static void free_nothing(void *value)
{
    (void)value; /* the arena has it */
}

static redisReplyObjectFunctions functions = { .createString = create_string,
                                               .createArray = create_list,
                                               .createInteger = create_number,
                                               .createNil = create_nil,
                                               .freeObject = free_nothing };

/* ---- a reader ---- */

sf_status sfi_redis_reader_new(sfi_redis_reader **out, sf_error *err)
{
    *out = NULL;
    sfi_redis_reader *r = sfi_calloc(sizeof *r);
    if (r == NULL) return sfi_fail_memory(err, "a reply of redis");
    r->arena.max = ARENA_MAX;
    r->parser = redisReaderCreateWithFunctions(&functions);
    if (r->parser == NULL) {
        sfi_free(r);
        return sfi_fail_memory(err, "a reply of redis");
    }
    r->parser->privdata = r;
    *out = r;
    return SF_OK;
}

void sfi_redis_reader_free(sfi_redis_reader *r)
{
    if (r == NULL) return;
    if (r->parser->buf != NULL) sfi_wipe(r->parser->buf, sdsalloc(r->parser->buf));
    redisReaderFree(r->parser);
    sfi_arena_wipe(&r->arena);
    sfi_arena_free(&r->arena);
    sfi_free(r);
}

static sf_status fail_parser(const sfi_redis_reader *r, sf_error *err)
{
    if (r->over_limit)
        return sfi_fail(err, SF_ERR_LIMIT, "the reply has a list of more than %d items", SFI_REDIS_ITEMS_MAX);
    if (r->parser->err == REDIS_ERR_OOM) return sfi_fail_memory(err, "a reply of redis");
    return sfi_fail(err, SF_ERR_PROTOCOL, "the reply is none of a Redis server (%.60s)", r->parser->errstr);
}

sf_status sfi_redis_reader_feed(sfi_redis_reader *r, const char *data, size_t len, const sfi_redis_reply **out,
                                sf_error *err)
{
    void *reply = NULL;
    if (len > SFI_REDIS_REPLY_MAX - r->fed)
        return sfi_fail(err, SF_ERR_LIMIT, "the reply is longer than %d bytes", SFI_REDIS_REPLY_MAX);
    r->fed += len;
    if (redisReaderFeed(r->parser, data, len) != REDIS_OK || redisReaderGetReply(r->parser, &reply) != REDIS_OK)
        return fail_parser(r, err);
    if (reply == NULL) return SF_OK;
    if (r->parser->pos < r->parser->len)
        return sfi_fail(err, SF_ERR_PROTOCOL, "bytes follow the reply that nobody asked for");
    *out = reply;
    return SF_ROW;
}
