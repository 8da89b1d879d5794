/* banned.h: calls that have no place in the library become compile errors. Included by base_internal.h, last. */
#ifndef SFI_BANNED_H
#define SFI_BANNED_H
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifndef SFI_MAY_ALLOCATE /* base/alloc.c */
#pragma GCC poison malloc calloc realloc
#endif
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof gets
#ifndef SFI_MAY_STRTOD /* locale: use sfi_parse_double of json */
#pragma GCC poison strtod
#endif
#pragma GCC poison gmtime localtime
#ifndef SFI_PROGRAM /* cli/, org/, tests/ may print, read the environment and exit */
#pragma GCC poison getenv printf puts exit
#endif
#endif
