/*
 * abi.h: for the abi_test.c of each room: what programs that are already compiled rely on, the size of every public struct,
 * the place of every member and the number of every public constant. A test that fails here means that a released program
 * would read the wrong bytes: give the new field a reserved word, the new constant a new number. Holds for LP64; skipped
 * elsewhere.
 */
#ifndef SF_TEST_ABI_H
#define SF_TEST_ABI_H
#include "support/support.h"

typedef struct abi_pin {
    const char *name;
    long long is, want;
} abi_pin;

#define SIZE(type, bytes)                                                                                              \
    {                                                                                                                  \
        "sizeof(" #type ")", (long long)sizeof(type), bytes                                                            \
    }
#define AT(type, member, offset)                                                                                       \
    {                                                                                                                  \
#type "." #member, (long long)offsetof(type, member), offset                                                   \
    }
#define NUMBER(constant, number)                                                                                       \
    {                                                                                                                  \
#constant, (long long)(constant), number                                                                       \
    }

static inline void abi_assert(void **state, const abi_pin *pins, size_t count)
{
    int failed = 0;
    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (pins[i].is == pins[i].want) continue;
        print_error("%s is %lld, and was released as %lld\n", pins[i].name, pins[i].is, pins[i].want);
        failed++;
    }
    assert_int_equal(failed, 0);
}

#define ABI_ASSERT(state, pins) abi_assert(state, pins, COUNT_OF(pins))
/* What main returns: 77 is skipped. */
#define ABI_RUN(name, tests)                                                                                           \
    (sizeof(void *) == 8 && sizeof(long) == 8 ? cmocka_run_group_tests_name(name, tests, NULL, NULL)                   \
                                              : (print_message("sizes and offsets are pinned for LP64 only\n"), 77))
#endif
