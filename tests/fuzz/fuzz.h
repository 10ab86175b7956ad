/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzz targets share: a reader that turns input bytes into numbers, memory that ends at
 * an unreadable page, and the check that stops a run. A target is a file with
 * LLVMFuzzerTestOneInput; it links either libFuzzer or main.c of this folder.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that holds for every input. */
#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

typedef struct fuzz_input {
    const uint8_t *data;
    size_t size;
} fuzz_input;

/* Zeros behind the end, so that short inputs are valid too. */
static inline uint8_t fuzz_byte(fuzz_input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static inline uint32_t fuzz_u32(fuzz_input *in)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | fuzz_byte(in);
    return value;
}

/* low <= x <= high; one byte where that is enough. */
static inline int32_t fuzz_between(fuzz_input *in, int32_t low, int32_t high)
{
    uint32_t span = (uint32_t)(high - low) + 1;
    uint32_t value = span <= 256 ? fuzz_byte(in) : fuzz_u32(in);
    return low + (int32_t)(value % span);
}

static inline bool fuzz_bool(fuzz_input *in)
{
    return fuzz_byte(in) & 1;
}

/* Any float at all, with the interesting ones often. */
static inline float fuzz_float(fuzz_input *in)
{
    static const float special[] = { 0.0f,  -0.0f, 1.0f,   0.5f,  -1.0f, 1e-38f,
                                     1e38f, 1e-3f, 100.0f, 1e10f, -1e10f };
    uint8_t kind = fuzz_byte(in);
    if (kind < sizeof(special) / sizeof(special[0]))
        return special[kind];
    uint32_t bits = fuzz_u32(in);
    float value;
    if (kind & 1) /* a plausible number */
        return (float)(int32_t)bits / 4194304.0f;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* A sum of all bytes, so that a checker of uninitialised memory looks at each of them. */
static inline uint64_t fuzz_read_all(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

/* Memory whose last byte is the last of its page; behind it lies one that cannot be touched. */
typedef struct fuzz_guarded {
    uint8_t *data;
    size_t size;
    void *map;
    size_t map_size;
} fuzz_guarded;

static inline fuzz_guarded fuzz_guard(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    fuzz_guarded g = { .size = size, .map_size = (size + page - 1) / page * page + page };
    g.map = mmap(NULL, g.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.map == MAP_FAILED)
        exit(1);
    FUZZ_REQUIRE(mprotect((uint8_t *)g.map + g.map_size - page, page, PROT_NONE) == 0);
    g.data = (uint8_t *)g.map + g.map_size - page - size;
    return g;
}

static inline void fuzz_unguard(fuzz_guarded *g)
{
    (void)munmap(g->map, g->map_size);
}

#endif
