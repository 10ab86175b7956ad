/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz target without a fuzzer, as an ordinary test: every file of its seed folder, then
 * mutations of them that are the same on every machine. Reports in TAP.
 *
 * usage: TARGET SEED-FOLDER MUTATIONS, or TARGET FILE... to reproduce.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#include "random.h"

#define MAX_SEEDS 512
#define LONGEST   65536

typedef struct seed {
    char *path;
    uint8_t *data;
    size_t size;
} seed;

static seed seeds[MAX_SEEDS];
static size_t seed_count;

static void read_seed(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || seed_count == MAX_SEEDS)
        exit(99);
    seed *s = &seeds[seed_count++];
    s->path = strdup(path);
    s->data = malloc(LONGEST);
    s->size = fread(s->data, 1, LONGEST, file);
    (void)fclose(file);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const seed *)a)->path, ((const seed *)b)->path);
}

static void read_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    if (!directory)
        return;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        read_seed(path);
    }
    (void)closedir(directory);
    qsort(seeds, seed_count, sizeof(seeds[0]), by_path);
}

/* The target gets a copy without a byte to spare. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t mutate_once(random_state *random, uint8_t *data, size_t size)
{
    static const uint8_t interesting[] = {
        0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, '"', '[', '{', '-', ' '
    };
    size_t at = size ? random_u32(random) % size : 0;
    switch (random_u32(random) % 7) {
    case 0: /* a bit */
        if (size)
            data[at] ^= (uint8_t)(1 << random_u32(random) % 8);
        return size;
    case 1:
        if (size)
            data[at] = (uint8_t)random_u32(random);
        return size;
    case 2:
        if (size)
            data[at] = interesting[random_u32(random) % sizeof(interesting)];
        return size;
    case 3: /* cut off */
        return at;
    case 4: { /* take out */
        size_t count = size - at < 8 ? size - at : 1 + random_u32(random) % 8;
        memmove(data + at, data + at + count, size - at - count);
        return size - count;
    }
    case 5: { /* double */
        size_t count = size - at < 64 ? size - at : 1 + random_u32(random) % 64;
        if (size + count > LONGEST)
            return size;
        memmove(data + at + count, data + at, size - at);
        return size + count;
    }
    default: { /* a piece of another seed */
        const seed *other = &seeds[random_u32(random) % seed_count];
        size_t from = other->size ? random_u32(random) % other->size : 0;
        size_t count = other->size - from;
        if (count > 32)
            count = 32;
        if (at + count > LONGEST)
            return size;
        memcpy(data + at, other->data + from, count);
        return at + count > size ? at + count : size;
    }
    }
}

static void mutate(unsigned long count)
{
    random_state random = { 0x9e3779b97f4a7c15u };
    uint8_t *data = malloc(LONGEST);
    for (unsigned long i = 0; i < count; i++) {
        const seed *from = &seeds[random_u32(&random) % seed_count];
        size_t size = from->size;
        memcpy(data, from->data, size);
        for (uint32_t n = 1 + random_u32(&random) % 6; n > 0; n--)
            size = mutate_once(&random, data, size);
        run(data, size);
    }
    free(data);
}

int main(int argc, char **argv)
{
    struct stat facts;
    bool folder = argc > 2 && (stat(argv[1], &facts) != 0 || S_ISDIR(facts.st_mode));
    if (folder)
        read_folder(argv[1]);
    else
        for (int i = 1; i < argc; i++)
            read_seed(argv[i]);
    run((const uint8_t *)"", 0);
    for (size_t i = 0; i < seed_count; i++)
        run(seeds[i].data, seeds[i].size);
    if (seed_count == 0)
        printf("not ok 1 - no seeds in %s\n", argc > 1 ? argv[1] : "nothing");
    else
        printf("ok 1 - %zu seeds\n", seed_count);
    if (folder && seed_count > 0) {
        mutate(strtoul(argv[2], NULL, 10));
        printf("ok 2 - %s mutations\n", argv[2]);
    }
    printf("1..%d\n", folder && seed_count > 0 ? 2 : 1);
    for (size_t i = 0; i < seed_count; i++) {
        free(seeds[i].path);
        free(seeds[i].data);
    }
    return 0;
}
