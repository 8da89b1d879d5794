/*
 * position.h: the message of a SOQL error, which quotes a window of the statement and points into it
 * (wire/soql.md 12.1). Called by parser, resolver and compiler. Threads: plain functions.
 */
#ifndef SFO_SOQL_POSITION_H
#define SFO_SOQL_POSITION_H
#include "store/store.h"

/* Names and types: the column is 1-based. Answers false. */
bool sfo_soql_fault_at(sfo_fault *f, sf_str soql, uint32_t offset, const char *code, const char *format, ...)
    SFI_PRINTF(5, 6);
/* The parser's own: MALFORMED_QUERY, the column is 0-based, so the caret stands one to the left, and at the very first
 * column there is no window at all. Answers false. */
bool sfo_soql_syntax_fault(sfo_fault *f, sf_str soql, uint32_t offset, const char *format, ...) SFI_PRINTF(4, 5);
/* The same position under another code, for checks that speak in the parser's columns. */
bool sfo_soql_fault_left_of(sfo_fault *f, sf_str soql, uint32_t offset, const char *code, const char *format, ...)
    SFI_PRINTF(5, 6);
#ifdef __clang_analyzer__ /* it sees one file at a time: what position.c answers must be told */
#define sfo_soql_fault_at(f, ...) ((void)(sfo_soql_fault_at)(f, __VA_ARGS__), false)
#define sfo_soql_syntax_fault(f, ...) ((void)(sfo_soql_syntax_fault)(f, __VA_ARGS__), false)
#define sfo_soql_fault_left_of(f, ...) ((void)(sfo_soql_fault_left_of)(f, __VA_ARGS__), false)
#endif
/* Line (1-based) and column (0-based, UTF-16 units) of an offset. */
void sfo_soql_position(sf_str soql, uint32_t offset, size_t *row, size_t *column);
bool sfo_soql_memory_fault(sfo_fault *f);
#endif
