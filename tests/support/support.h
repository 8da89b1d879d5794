/* support.h: what every test includes: cmocka, an allocator that fails on command, and real processes to talk to. */
#ifndef SF_TEST_SUPPORT_H
#define SF_TEST_SUPPORT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <salesforce/base.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(*(a)))

/* Installs the counting allocator (call first in main). Allocations left before each further one fails; -1: no limit.
 * Atomic: any thread may allocate. */
void test_allocator_install(void);
void test_allocations_limit(long left);
long test_allocations_live(void); /* blocks handed out and not yet freed */

/* A whole file, NUL-terminated, freed by the caller with free(); NULL: not there. */
char *test_read_file(const char *path, size_t *len);

/* What a zstd file holds, by the program of that name; a file that it refuses ends the test. free() it. */
char *test_unzstd(const char *path, size_t *len);
bool test_has_zstd(void); /* this build and this machine can */

/* Where ../shared lies beside the checkout, or NULL: tests that need it then skip (exit 77). */
const char *test_shared_dir(void);
#endif
