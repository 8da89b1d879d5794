/*
 * tree.h: what `sforce tree import` and `tree export` share: files of records with their children, as sf reads and
 * writes them. Threads: one.
 */
#ifndef CLI_TREE_H
#define CLI_TREE_H
#include "parts.h"

enum { CLI_TREE_FILE_MAX = 200 * 1024 * 1024 };

int cli_tree_import(cli *c);
int cli_tree_export(cli *c);

/* A member that holds child records: {"records":[…]}. */
static inline bool cli_is_children(sf_value v)
{
    return sf_value_type(v) == SF_OBJECT && sf_value_type(sf_get(v, "records")) == SF_ARRAY;
}
#endif
