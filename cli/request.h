/* request.h: what commands share that send a request of one's own: method, headers, and an answer as it came. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H
#include "cli.h"

enum { CLI_HEADERS_MAX = 64 };

/* A method in capitals; arena. false: it cannot be one. */
bool cli_method_parse(cli *c, const char *word, const char **out);
/* All -H of the run, NULL at the end; Content-Type is taken out of them. */
sf_status cli_take_headers(cli *c, const char **headers, const char **content_type, sf_error *err);
/* Body, with status and headers above it when --include is given. In the envelope the body is JSON where it is JSON, else a
 * text. @return exit code. */
int cli_print_answer(cli *c, const sf_response *response);
#endif
