/* sent_rows.c: see sent_rows.h. */
#include "sent_rows.h"

void cli_sent_rows_begin(cli_sent_rows *s, cli *c, size_t places)
{
    s->places = places;
    s->lines = cli_alloc(c, places * sizeof *s->lines);
    if (s->failed.fd >= 0) s->texts = cli_alloc(c, places * sizeof *s->texts);
}

void cli_sent_rows_note(cli_sent_rows *s, sf_str text, int64_t line)
{
    size_t at = (size_t)s->sent % s->places;
    s->lines[at] = s->last_line = line;
    if (s->texts == NULL) return;
    sfi_buf_clear(&s->texts[at]);
    if (!sfi_buf_add(&s->texts[at], text.ptr, text.len)) cli_no_memory();
}

void cli_sent_rows_tell(cli_sent_rows *s, int64_t row)
{
    size_t done = 0;
    while (done < s->unsent_count && s->unsent[done].before <= row) {
        sf_error why;
        (void)sfi_fail(&why, SF_ERR_USAGE, "%s", s->unsent[done].message);
        s->tell(s->user, s->unsent[done].line, &why);
        sfi_free(s->unsent[done++].message);
    }
    memmove(s->unsent, s->unsent + done, (s->unsent_count - done) * sizeof *s->unsent);
    s->unsent_count -= done;
}

void cli_sent_rows_keep(cli_sent_rows *s, int64_t row)
{
    if (s->texts != NULL) cli_sent_rows_keep_text(s, sfi_buf_str(&s->texts[(size_t)row % s->places]));
}

void cli_sent_rows_keep_text(cli_sent_rows *s, sf_str text)
{
    if (s->failed.fd >= 0) cli_json_rows_keep(&s->failed, text);
}

void cli_sent_rows_refuse(cli_sent_rows *s, const sf_error *why)
{
    s->unsent[s->unsent_count] =
        (cli_unsent){ .before = s->sent, .line = s->last_line, .message = sfi_strdup(why->message) };
    if (s->unsent[s->unsent_count++].message == NULL) cli_no_memory();
}

int64_t cli_sent_rows_line(const cli_sent_rows *s, int64_t row)
{
    return s->lines[(size_t)row % s->places];
}

void cli_sent_rows_free(cli_sent_rows *s)
{
    for (size_t i = 0; s->texts != NULL && i < s->places; i++) sfi_buf_free(&s->texts[i]);
    for (size_t i = 0; i < s->unsent_count; i++) sfi_free(s->unsent[i].message);
    if (s->failed.fd >= 0) (void)cli_out_close(&s->failed, false, NULL); /* the run failed before */
}
