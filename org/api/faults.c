/* faults.c: see faults.h. The settings are one table: name, which kinds take it, where it goes. */
#include "api/faults.h"
#include <fnmatch.h>
#include <pthread.h>

enum { SETTING_MAX = 1000000000 };

struct sfo_faults {
    pthread_mutex_t lock; /* guards all below */
    sfo_fault_rule rules[SFO_FAULTS_MAX];
    size_t count;
    int64_t next_id, struck;
};

#define ONLY(kind) (1u << (kind))
#define ANY_KIND (~0u)

static const struct {
    const char *name;
    sfo_fault_kind kind;
} kinds[] = {
    { "reset", SFO_FAULT_RESET },
    { "stall", SFO_FAULT_STALL },
    { "truncate", SFO_FAULT_TRUNCATE },
    { "lost", SFO_FAULT_LOST },
    { "limit", SFO_FAULT_LIMIT },
    { "expire", SFO_FAULT_EXPIRE },
    { "refuse-refresh", SFO_FAULT_REFUSE_REFRESH },
    { "rotate", SFO_FAULT_ROTATE },
    { "lock-row", SFO_FAULT_LOCK_ROW },
    { "half-open", SFO_FAULT_HALF_OPEN },
    { "deny-handshake", SFO_FAULT_DENY_HANDSHAKE },
    { "busy", SFO_FAULT_BUSY },
    { "forget", SFO_FAULT_FORGET },
    { "lose-replay", SFO_FAULT_LOSE_REPLAY },
    { "duplicate", SFO_FAULT_DUPLICATE },
    { "events-only", SFO_FAULT_EVENTS_ONLY },
    { "connect-first", SFO_FAULT_CONNECT_FIRST },
    { "empty-answer", SFO_FAULT_EMPTY_ANSWER },
    { "events-on-subscribe", SFO_FAULT_EVENTS_ON_SUBSCRIBE },
};

/* ---- reading a SPEC ---- */
typedef enum form { NUMBER, TEXT, WORD } form;
static const struct setting {
    const char *name;
    unsigned kinds; /* which take it */
    form form;
    size_t offset, size;  /* of the rule's member; size for TEXT */
    const char *words[3]; /* WORD: the member becomes the index */
} settings[] = {
    { "path", ANY_KIND, TEXT, offsetof(sfo_fault_rule, path), sizeof((sfo_fault_rule *)0)->path, { NULL } },
    { "method", ANY_KIND, TEXT, offsetof(sfo_fault_rule, method), sizeof((sfo_fault_rule *)0)->method, { NULL } },
    { "skip", ANY_KIND, NUMBER, offsetof(sfo_fault_rule, skip), 0, { NULL } },
    { "times", ANY_KIND, NUMBER, offsetof(sfo_fault_rule, times), 0, { NULL } },
    { "every", ANY_KIND, NUMBER, offsetof(sfo_fault_rule, every), 0, { NULL } },
    { "after",
      ONLY(SFO_FAULT_RESET) | ONLY(SFO_FAULT_STALL) | ONLY(SFO_FAULT_TRUNCATE),
      NUMBER,
      offsetof(sfo_fault_rule, after),
      0,
      { NULL } },
    { "ms", ONLY(SFO_FAULT_STALL), NUMBER, offsetof(sfo_fault_rule, ms), 0, { NULL } },
    { "requests", ONLY(SFO_FAULT_EXPIRE), NUMBER, offsetof(sfo_fault_rule, requests), 0, { NULL } },
    { "retry_after",
      ONLY(SFO_FAULT_STATUS) | ONLY(SFO_FAULT_LIMIT),
      NUMBER,
      offsetof(sfo_fault_rule, retry_after),
      0,
      { NULL } },
    { "length",
      ONLY(SFO_FAULT_TRUNCATE),
      WORD,
      offsetof(sfo_fault_rule, wrong_length),
      sizeof(bool),
      { "right", "wrong" } },
    { "advice",
      ONLY(SFO_FAULT_FORGET),
      WORD,
      offsetof(sfo_fault_rule, no_reconnect),
      sizeof(bool),
      { "handshake", "none" } },
    { "effect", ONLY(SFO_FAULT_STATUS), WORD, offsetof(sfo_fault_rule, has_effect), sizeof(bool), { "no", "yes" } },
    { "body",
      ONLY(SFO_FAULT_STATUS),
      WORD,
      offsetof(sfo_fault_rule, body),
      sizeof(sfo_fault_body),
      { "json", "html", "empty" } },
};

static bool set_word(sfo_fault_rule *rule, const struct setting *s, sf_str value)
{
    for (size_t i = 0; i < SFI_COUNT_OF(s->words) && s->words[i] != NULL; i++) {
        if (!sfi_str_is(value, s->words[i])) continue;
        void *member = (char *)rule + s->offset;
        if (s->size == sizeof(bool))
            *(bool *)member = i == 1;
        else
            *(sfo_fault_body *)member = (sfo_fault_body)i;
        return true;
    }
    return false;
}

static sf_status set(sfo_fault_rule *rule, const char *spec, sf_str name, sf_str value, sf_error *err)
{
    for (size_t i = 0; i < SFI_COUNT_OF(settings); i++) {
        const struct setting *s = &settings[i];
        if (!sfi_str_is(name, s->name)) continue;
        if ((s->kinds & ONLY(rule->kind)) == 0)
            return sfi_fail(err, SF_ERR_USAGE, "fault '%s': this kind does not take '%s'", spec, s->name);
        char *member = (char *)rule + s->offset;
        sf_str rest = value;
        bool fits = false;
        if (s->form == NUMBER)
            fits = sfi_take_int(&rest, SETTING_MAX, (int64_t *)(void *)member) && rest.len == 0;
        else if (s->form == WORD)
            fits = set_word(rule, s, value);
        else if ((fits = value.len > 0 && value.len < s->size))
            snprintf(member, s->size, "%.*s", (int)value.len, value.ptr);
        if (fits) return SF_OK;
        return sfi_fail(err, SF_ERR_USAGE, "fault '%s': '%.*s' is not a value for '%s'%s%s%s%s%s%s", spec,
                        (int)value.len, value.ptr, s->name, s->form == NUMBER ? ", which takes a number" : "",
                        s->words[0] != NULL ? "; it takes " : "", s->words[0] != NULL ? s->words[0] : "",
                        s->words[0] != NULL ? " or " : "", s->words[1] != NULL ? s->words[1] : "",
                        s->words[2] != NULL ? " or empty" : "");
    }
    return sfi_fail(err, SF_ERR_USAGE, "fault '%s': unknown setting '%.*s'; see sforce-org --help", spec, (int)name.len,
                    name.ptr);
}

static sf_status set_kind(sfo_fault_rule *rule, const char *spec, sf_str name, sf_error *err)
{
    for (size_t i = 0; i < SFI_COUNT_OF(kinds); i++) {
        if (!sfi_str_is(name, kinds[i].name)) continue;
        rule->kind = kinds[i].kind;
        return SF_OK;
    }
    int64_t status = 0;
    if (sfi_parse_int(name, &status) && status >= 400 && status <= 599) {
        rule->kind = SFO_FAULT_STATUS;
        rule->status = (int)status;
        return SF_OK;
    }
    return sfi_fail(
        err, SF_ERR_USAGE,
        "fault '%s': unknown kind '%.*s'; use reset, stall, truncate, lost, half-open, limit, expire, "
        "refuse-refresh, rotate, lock-row, deny-handshake, busy, forget, lose-replay, duplicate, events-only, "
        "connect-first, empty-answer, events-on-subscribe or a status from 400 to 599",
        spec, (int)name.len, name.ptr);
}

sf_status sfo_fault_parse(const char *spec, sfo_fault_rule *out, sf_error *err)
{
    *out = (sfo_fault_rule){ .after = -1, .ms = 5000, .requests = 1, .retry_after = -1, .every = 1 };
    if (strlen(spec) >= sizeof out->spec)
        return sfi_fail(err, SF_ERR_USAGE, "fault '%.40s…': longer than %d bytes", spec, SFO_FAULT_SPEC_MAX - 1);
    snprintf(out->spec, sizeof out->spec, "%s", spec);
    sf_str rest = sfi_str(spec);
    sf_str kind = { spec, strcspn(spec, ":") };
    sf_status rc = set_kind(out, spec, kind, err);
    rest.ptr += kind.len;
    rest.len -= kind.len;
    if (rc == SF_OK && sfi_take_text(&rest, ":") && rest.len == 0)
        return sfi_fail(err, SF_ERR_USAGE, "fault '%s': settings missing after ':'", spec);
    while (rc == SF_OK && rest.len > 0) { /* each round takes a setting away */
        sf_str item = { rest.ptr, strcspn(rest.ptr, ",") };
        size_t name_len = strcspn(item.ptr, "=,");
        if (name_len >= item.len)
            return sfi_fail(err, SF_ERR_USAGE, "fault '%s': '%.*s' needs '=value'", spec, (int)item.len, item.ptr);
        rc = set(out, spec, (sf_str){ item.ptr, name_len },
                 (sf_str){ item.ptr + name_len + 1, item.len - name_len - 1 }, err);
        rest.ptr += item.len;
        rest.len -= item.len;
        if (rc == SF_OK && sfi_take_text(&rest, ",") && rest.len == 0)
            rc = sfi_fail(err, SF_ERR_USAGE, "fault '%s': setting missing after the last ','", spec);
    }
    if (rc == SF_OK && out->every == 0) rc = sfi_fail(err, SF_ERR_USAGE, "fault '%s': 'every' is at least 1", spec);
    return rc;
}

/* ---- matching and counting ---- */
/* What follows /services/data/vNN.N, or the path itself. */
static const char *resource_of(const char *path)
{
    sf_str rest = sfi_str(path);
    int64_t number = 0;
    if (!sfi_take_text(&rest, "/services/data/v") || !sfi_take_int(&rest, 999, &number)) return path;
    if (!sfi_take_text(&rest, ".") || !sfi_take_int(&rest, 9, &number)) return path;
    return rest.ptr;
}

static bool path_matches(const char *pattern, const char *path)
{
    if (pattern[0] == '\0') return true;
    const char *resource = resource_of(path);
    if (strpbrk(pattern, "*?[") != NULL) return fnmatch(pattern, path, 0) == 0 || fnmatch(pattern, resource, 0) == 0;
    return strncmp(path, pattern, strlen(pattern)) == 0 || strncmp(resource, pattern, strlen(pattern)) == 0;
}

bool sfo_fault_matches(const sfo_fault_rule *rule, const char *method, const char *path)
{
    bool is_write = strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
    if (rule->kind == SFO_FAULT_LOST && rule->method[0] == '\0' && !is_write) return false;
    if (rule->method[0] != '\0' && !sfi_eq_nocase(rule->method, method)) return false;
    return path_matches(rule->path, path);
}

/* With the lock held: one more matching request; does the rule strike it? */
static bool count(sfo_faults *f, sfo_fault_rule *rule)
{
    rule->matched++;
    int64_t since = rule->matched - rule->skip - 1; /* 0: the first that does not pass */
    bool strikes = since >= 0 && since % rule->every == 0 && (rule->times == 0 || rule->struck < rule->times);
    if (strikes) {
        rule->struck++;
        f->struck++;
    }
    return strikes;
}

void sfo_faults_strike(sfo_faults *f, const char *method, const char *path, sfo_strike *out)
{
    *out = (sfo_strike){ 0 };
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->count; i++) {
        sfo_fault_rule *rule = &f->rules[i];
        bool *has = NULL;
        sfo_fault_rule *where = NULL;
        switch (rule->kind) {
        case SFO_FAULT_RESET:
        case SFO_FAULT_STALL:
        case SFO_FAULT_HALF_OPEN:
            has = &out->has_wire;
            where = &out->wire;
            break;
        case SFO_FAULT_LIMIT:
        case SFO_FAULT_STATUS:
            has = &out->has_answer;
            where = &out->answer;
            break;
        case SFO_FAULT_TRUNCATE:
            has = &out->has_truncate;
            where = &out->truncate;
            break;
        case SFO_FAULT_LOST: has = &out->has_lost; break;
        case SFO_FAULT_EXPIRE:
        case SFO_FAULT_REFUSE_REFRESH:
        case SFO_FAULT_ROTATE:
        case SFO_FAULT_LOCK_ROW:
        case SFO_FAULT_DENY_HANDSHAKE:
        case SFO_FAULT_BUSY:
        case SFO_FAULT_FORGET:
        case SFO_FAULT_LOSE_REPLAY:
        case SFO_FAULT_DUPLICATE:
        case SFO_FAULT_EVENTS_ONLY:
        case SFO_FAULT_CONNECT_FIRST:
        case SFO_FAULT_EMPTY_ANSWER:
        case SFO_FAULT_EVENTS_ON_SUBSCRIBE: break; /* asked for by name */
        }
        if (has == NULL || *has || !sfo_fault_matches(rule, method, path) || !count(f, rule)) continue;
        *has = true;
        if (where != NULL) *where = *rule;
    }
    pthread_mutex_unlock(&f->lock);
}

bool sfo_faults_strike_rule(sfo_faults *f, sfo_fault_kind kind, const char *method, const char *path,
                            sfo_fault_rule *rule)
{
    bool strikes = false;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->count && !strikes; i++) {
        sfo_fault_rule *r = &f->rules[i];
        strikes = r->kind == kind && sfo_fault_matches(r, method, path) && count(f, r);
        if (strikes && rule != NULL) *rule = *r;
    }
    pthread_mutex_unlock(&f->lock);
    return strikes;
}

bool sfo_faults_strike_kind(sfo_faults *f, sfo_fault_kind kind, const char *method, const char *path)
{
    return sfo_faults_strike_rule(f, kind, method, path, NULL);
}

bool sfo_faults_session_dies(sfo_faults *f, int64_t used, const char *method, const char *path)
{
    bool dies = false;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->count && !dies; i++) {
        sfo_fault_rule *rule = &f->rules[i];
        dies = rule->kind == SFO_FAULT_EXPIRE && used >= rule->requests && sfo_fault_matches(rule, method, path) &&
               count(f, rule);
    }
    pthread_mutex_unlock(&f->lock);
    return dies;
}

/* ---- the list ---- */
sfo_faults *sfo_faults_new(void)
{
    sfo_faults *f = sfi_calloc(sizeof *f);
    if (f != NULL) pthread_mutex_init(&f->lock, NULL);
    return f;
}

void sfo_faults_free(sfo_faults *f)
{
    if (f == NULL) return;
    pthread_mutex_destroy(&f->lock);
    sfi_free(f);
}

sf_status sfo_faults_add(sfo_faults *f, const char *spec, int64_t *id, sf_error *err)
{
    sfo_fault_rule rule;
    sf_status rc = sfo_fault_parse(spec, &rule, err);
    if (rc != SF_OK) return rc;
    pthread_mutex_lock(&f->lock);
    if (f->count < SFO_FAULTS_MAX) {
        rule.id = ++f->next_id;
        f->rules[f->count++] = rule;
        if (id != NULL) *id = rule.id;
    } else {
        rc = sfi_fail(err, SF_ERR_LIMIT, "more than %d faults; remove some first", SFO_FAULTS_MAX);
    }
    pthread_mutex_unlock(&f->lock);
    return rc;
}

size_t sfo_faults_remove(sfo_faults *f, int64_t id)
{
    pthread_mutex_lock(&f->lock);
    size_t kept = 0;
    size_t before = f->count;
    for (size_t i = 0; i < before; i++)
        if (id != 0 && f->rules[i].id != id) f->rules[kept++] = f->rules[i];
    f->count = kept;
    pthread_mutex_unlock(&f->lock);
    return before - kept;
}

void sfo_faults_write_json(sfo_faults *f, sfi_json_writer *w)
{
    pthread_mutex_lock(&f->lock);
    sfi_json_begin_array(w);
    for (size_t i = 0; i < f->count; i++) {
        sfi_json_begin_object(w);
        sfi_json_key(w, "id");
        sfi_json_int(w, f->rules[i].id);
        sfi_json_key(w, "spec");
        sfi_json_string(w, f->rules[i].spec);
        sfi_json_key(w, "matched");
        sfi_json_int(w, f->rules[i].matched);
        sfi_json_key(w, "struck");
        sfi_json_int(w, f->rules[i].struck);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    pthread_mutex_unlock(&f->lock);
}

int64_t sfo_faults_struck(sfo_faults *f)
{
    pthread_mutex_lock(&f->lock);
    int64_t struck = f->struck;
    pthread_mutex_unlock(&f->lock);
    return struck;
}
