/* SPDX-License-Identifier: Apache-2.0
 *
 * An allocator that counts, and that fails at a chosen call. The invariant: after everything made
 * with it was destroyed `live` is 0, or something leaked. Not for several threads.
 */
#ifndef TESTS_SUPPORT_TEST_ALLOCATOR_H
#define TESTS_SUPPORT_TEST_ALLOCATOR_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plumbline/base.h"

typedef struct test_allocator {
    uint64_t calls;   /* so far */
    uint64_t fail_at; /* this call and all later ones give NULL; 0: none */
    bool fail_once;   /* only this call */
    size_t largest;   /* bytes of the largest request */
    int64_t live;     /* allocations not yet released */
} test_allocator;

/* New memory is filled, so that nobody relies on zeros. */
static inline void *test_allocate(void *user, size_t size, size_t alignment)
{
    test_allocator *a = user;
    a->calls++;
    if (size > a->largest)
        a->largest = size;
    void *memory = NULL;
    bool fails = a->fail_at > 0 && (a->fail_once ? a->calls == a->fail_at : a->calls >= a->fail_at);
    if (fails || posix_memalign(&memory, alignment, size) != 0)
        return NULL;
    memset(memory, 0xa5, size);
    a->live++;
    return memory;
}

static inline void test_release(void *user, void *memory)
{
    test_allocator *a = user;
    if (memory)
        a->live--;
    free(memory);
}

static inline plumb_context test_context(test_allocator *a)
{
    plumb_context context = PLUMB_CONTEXT_INIT;
    context.allocator.user = a;
    context.allocator.allocate = test_allocate;
    context.allocator.release = test_release;
    return context;
}

#endif
