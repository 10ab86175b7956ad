/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/fit_parts.h"

#include <stdlib.h>
#include <string.h>

/* Odd sizes, which common ones hide behind: wide, tall, nearly square, small. */
static const plumb_size sizes[] = { { 1366, 768 }, { 1000, 667 },  { 427, 640 },  { 1013, 1009 },
                                    { 333, 500 },  { 1921, 1081 }, { 719, 1279 }, { 97, 61 } };

/* Noise with structure at every scale, the same each time. */
static void fill(uint8_t *pixels, plumb_size size)
{
    uint32_t state = 12345;
    for (size_t i = 0; i < (size_t)size.width * (size_t)size.height * 3; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)((state >> 24) / 2 + (i / 97 % 2) * 100);
    }
}

static bool differ(const fit_target *target, const fit_trial *a, const fit_trial *b,
                   plumb_size size, float *tensors)
{
    size_t count =
        (size_t)target->size.width * (size_t)target->size.height * (size_t)target->channels;
    size_t bytes = (size_t)size.width * (size_t)size.height * 3;
    uint8_t *pixels = malloc(bytes);
    if (!pixels)
        return false;
    fill(pixels, size);
    plumb_frame frame = PLUMB_FRAME_INIT;
    frame.format = PLUMB_FORMAT_RGB24;
    frame.width = size.width;
    frame.height = size.height;
    frame.planes[0].data = pixels;
    frame.planes[0].size = bytes;
    plumb_preprocess_spec first = fit_plain_spec(target, a), second = fit_plain_spec(target, b);
    fit_source source = { &frame, NULL, false };
    plumb_status one = fit_run(&first, &source, tensors, NULL, NULL);
    plumb_status two = fit_run(&second, &source, tensors + count, NULL, NULL);
    free(pixels);
    if (one != PLUMB_OK || two != PLUMB_OK)
        return false;
    return memcmp(tensors, tensors + count, count * sizeof(float)) != 0;
}

/* Rules that round alike nearly always: the sizes that place the picture differently. */
static bool placed_alike(const fit_trial *a, const fit_trial *b, plumb_size size)
{
    qa_fit_pair pair = { .frame = PLUMB_FRAME_INIT };
    pair.frame.width = size.width;
    pair.frame.height = size.height;
    fit_search search = { .pairs = &pair, .pair_count = 1 };
    return fit_same_geometry(&search, a, b);
}

static plumb_size sweep(const fit_target *target, const fit_trial *a, const fit_trial *b,
                        float *tensors)
{
    plumb_size none = { 0, 0 };
    for (int32_t side = 401; side < 1400; side += 2) {
        const plumb_size both[] = { { side, 499 }, { 499, side } };
        for (int i = 0; i < 2; i++)
            if (!placed_alike(a, b, both[i]) && differ(target, a, b, both[i], tensors))
                return both[i];
    }
    return none;
}

plumb_size fit_deciding_size(const fit_target *target, const fit_trial *a, const fit_trial *b)
{
    plumb_size found = { 0, 0 };
    size_t count =
        (size_t)target->size.width * (size_t)target->size.height * (size_t)target->channels;
    float *tensors = malloc(2 * count * sizeof(float));
    if (!tensors)
        return found;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && found.width == 0; i++)
        if (differ(target, a, b, sizes[i], tensors))
            found = sizes[i];
    if (found.width == 0)
        found = sweep(target, a, b, tensors);
    free(tensors);
    return found;
}
