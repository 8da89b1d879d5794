/*
 * parts.h: the answers of batch, composite, graph and tree as lines of a table.
 * Threads: one.
 */
#ifndef CLI_PARTS_H
#define CLI_PARTS_H
#include "cli.h"

/* "REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]"; NULL: the part has not failed. Arena. */
const char *cli_part_error(cli *c, const sf_part *part);
#endif
