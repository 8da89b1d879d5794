/*
 * session.c: tokens that are owned and wiped, and the session that calls carry: see auth_internal.h. The one idea: a
 * session never changes, so whoever has a reference reads it without a lock; a renewal makes another one.
 */
#include <stdatomic.h>
#include "auth/auth_internal.h"

void sfi_token_clear(sfi_token *t)
{
    sfi_free_secret(t->access_token);
    sfi_free_secret(t->refresh_token);
    sfi_free(t->instance_url);
    sfi_free(t->identity_url);
    *t = (sfi_token){ 0 };
}

/* An empty text is no text: a store of a user's own may write either. false: no memory. */
static bool copy_text(const char *from, char **to)
{
    *to = NULL;
    if (from == NULL || *from == '\0') return true;
    *to = sfi_strdup(from);
    return *to != NULL;
}

bool sfi_token_copy(sfi_token *to, const sf_token *from)
{
    *to = (sfi_token){ .issued_at_ms = from->issued_at_ms,
                       .expires_at_ms = from->expires_at_ms,
                       .generation = from->generation,
                       .begun_ms = from->begun_ms };
    bool ok = copy_text(from->access_token, &to->access_token) && copy_text(from->refresh_token, &to->refresh_token) &&
              copy_text(from->instance_url, &to->instance_url) && copy_text(from->identity_url, &to->identity_url);
    if (!ok) sfi_token_clear(to);
    return ok;
}

sf_token sfi_token_view(const sfi_token *t)
{
    return (sf_token){ .access_token = t->access_token,
                       .refresh_token = t->refresh_token,
                       .instance_url = t->instance_url,
                       .identity_url = t->identity_url,
                       .issued_at_ms = t->issued_at_ms,
                       .expires_at_ms = t->expires_at_ms,
                       .generation = t->generation };
}

bool sfi_secret_eq(const char *a, const char *b)
{
    if (a == NULL || b == NULL) return a == b;
    size_t len = strlen(a);
    if (len != strlen(b)) return false;
    unsigned char diff = 0;
    for (size_t i = 0; i < len; i++) diff |= (unsigned char)(a[i] ^ b[i]);
    return diff == 0;
}

struct sfi_session {
    atomic_int refs;
    sfi_token token;
};

sfi_session *sfi_session_new(const sfi_token *token, sf_error *err)
{
    sf_token view = sfi_token_view(token);
    view.refresh_token = NULL; /* calls do not need it */
    sfi_session *s = sfi_calloc(sizeof *s);
    if (s == NULL || !sfi_token_copy(&s->token, &view)) {
        sfi_free(s);
        (void)sfi_fail_memory(err, "a session");
        return NULL;
    }
    atomic_init(&s->refs, 1);
    return s;
}

sfi_session *sfi_session_ref(sfi_session *s)
{
    if (s != NULL) atomic_fetch_add(&s->refs, 1);
    return s;
}

void sfi_session_release(sfi_session *s)
{
    if (s == NULL || atomic_fetch_sub(&s->refs, 1) > 1) return;
    sfi_token_clear(&s->token);
    sfi_free(s);
}

const char *sfi_session_token(const sfi_session *s)
{
    return s->token.access_token;
}

const char *sfi_session_instance(const sfi_session *s)
{
    return s->token.instance_url;
}

int64_t sfi_session_expires_ms(const sfi_session *s)
{
    return s->token.expires_at_ms;
}

int64_t sfi_session_issued_ms(const sfi_session *s)
{
    return s->token.issued_at_ms;
}

/* …/id/ORGID/USERID; a bearer token alone tells its org before the exclamation mark. */
void sfi_session_ids(const sfi_session *s, sf_id *org, sf_id *user)
{
    *org = *user = (sf_id){ "" };
    const char *identity = s->token.identity_url != NULL ? strstr(s->token.identity_url, "/id/") : NULL;
    if (identity != NULL) {
        const char *org_text = identity + strlen("/id/");
        size_t org_len = strcspn(org_text, "/?");
        *org = sfi_id_make((sf_str){ org_text, org_len });
        if (org_text[org_len] == '/') {
            const char *user_text = org_text + org_len + 1;
            *user = sfi_id_make((sf_str){ user_text, strcspn(user_text, "/?") });
        }
    }
    const char *mark = s->token.access_token != NULL ? strchr(s->token.access_token, '!') : NULL;
    if (org->text[0] == '\0' && mark != NULL && strncmp(s->token.access_token, "00D", 3) == 0)
        *org = sfi_id_make((sf_str){ s->token.access_token, (size_t)(mark - s->token.access_token) });
}
