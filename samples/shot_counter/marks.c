/* SPDX-License-Identifier: Apache-2.0 */
#include "marks.h"

#include <stdint.h>
#include <stdlib.h>

#include "target.h"

#define DARK           0.33 /* of the paper level */
#define PAPER_SHARE    0.02 /* of the pixels are brighter than the paper level */
#define MIN_AREA_SHARE 0.00015
#define MAX_AREA_SHARE 0.004
#define MIN_FILL       0.80 /* of its bounding rectangle, for a square seen aslant */
#define MAX_ASPECT     1.35
#define MAX_CANDIDATES 64
#define SURROUND       3 /* pixels around a mark that belong to its soft edge */

struct plane {
    const uint8_t *pixels;
    int width, height;
};

struct patch {
    int x0, y0, x1, y1; /* inclusive */
    int area;
};

static struct plane plane_of(const plumb_tensor *gray)
{
    return (struct plane){ gray->data, (int)gray->shape[3], (int)gray->shape[2] };
}

int marks_paper_level(const plumb_tensor *gray)
{
    struct plane plane = plane_of(gray);
    size_t count = (size_t)plane.width * (size_t)plane.height, histogram[256] = { 0 };
    for (size_t i = 0; i < count; i++)
        histogram[plane.pixels[i]]++;
    size_t brighter = 0;
    int level = 255;
    while (level > 1 && (brighter += histogram[level]) < (size_t)(PAPER_SHARE * (double)count))
        level--;
    return level;
}

/* Takes the patch of ones around `start` out of `dark`. `stack` has room for every pixel. */
static struct patch take_patch(uint8_t *dark, int width, int height, int start, int *stack)
{
    struct patch patch = { start % width, start / width, start % width, start / width, 0 };
    int depth = 0;
    stack[depth++] = start;
    dark[start] = 0;
    while (depth > 0) {
        int at = stack[--depth], x = at % width, y = at / width;
        patch.area++;
        patch.x0 = x < patch.x0 ? x : patch.x0;
        patch.x1 = x > patch.x1 ? x : patch.x1;
        patch.y0 = y < patch.y0 ? y : patch.y0;
        patch.y1 = y > patch.y1 ? y : patch.y1;
        const int next[4] = { x > 0 ? at - 1 : at, x + 1 < width ? at + 1 : at,
                              y > 0 ? at - width : at, y + 1 < height ? at + width : at };
        for (int i = 0; i < 4; i++) {
            if (dark[next[i]]) {
                dark[next[i]] = 0;
                stack[depth++] = next[i];
            }
        }
    }
    return patch;
}

static bool looks_like_mark(const struct patch *patch, double pixels)
{
    double width = patch->x1 - patch->x0 + 1, height = patch->y1 - patch->y0 + 1;
    double aspect = width > height ? width / height : height / width;
    return patch->area >= MIN_AREA_SHARE * pixels && patch->area <= MAX_AREA_SHARE * pixels &&
           patch->area >= MIN_FILL * width * height && aspect <= MAX_ASPECT;
}

/* The centre of darkness of the patch and its soft edge, which is finer than a pixel. */
static plumb_point center_of(const struct plane *plane, const struct patch *patch, int paper)
{
    double sum = 0, sum_x = 0, sum_y = 0;
    for (int y = patch->y0 - SURROUND; y <= patch->y1 + SURROUND; y++) {
        for (int x = patch->x0 - SURROUND; x <= patch->x1 + SURROUND; x++) {
            if (x < 0 || y < 0 || x >= plane->width || y >= plane->height)
                continue;
            double weight =
                0.85 * paper - plane->pixels[(size_t)y * (size_t)plane->width + (size_t)x];
            if (weight <= 0)
                continue;
            sum += weight;
            sum_x += weight * (x + 0.5);
            sum_y += weight * (y + 0.5);
        }
    }
    return (plumb_point){ sum_x / sum, sum_y / sum };
}

static size_t find_candidates(const struct plane *plane, int paper, plumb_point *centers)
{
    int count = plane->width * plane->height;
    uint8_t *dark = malloc((size_t)count);
    int *stack = malloc((size_t)count * sizeof(*stack));
    size_t found = 0;
    for (int i = 0; dark && i < count; i++)
        dark[i] = plane->pixels[i] < DARK * paper;
    for (int i = 0; dark && stack && i < count && found < MAX_CANDIDATES; i++) {
        if (!dark[i])
            continue;
        struct patch patch = take_patch(dark, plane->width, plane->height, i, stack);
        if (looks_like_mark(&patch, count))
            centers[found++] = center_of(plane, &patch, paper);
    }
    free(dark);
    free(stack);
    return found;
}

/* The candidate that lies farthest towards a corner of the picture. */
static size_t farthest(const plumb_point *centers, size_t count, plumb_point direction)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (centers[i].x * direction.x + centers[i].y * direction.y >
            centers[best].x * direction.x + centers[best].y * direction.y)
            best = i;
    }
    return best;
}

bool marks_find_card(const plumb_tensor *gray, const plumb_mapping *mapping,
                     plumb_homography *upright_from_plane)
{
    struct plane plane = plane_of(gray);
    plumb_point centers[MAX_CANDIDATES], card[TARGET_MARKS], picture[TARGET_MARKS];
    size_t count = find_candidates(&plane, marks_paper_level(gray), centers);
    plumb_affine upright_from_input;
    if (count < TARGET_MARKS ||
        plumb_mapping_affine(mapping, PLUMB_SPACE_INPUT, PLUMB_SPACE_UPRIGHT,
                             &upright_from_input) != PLUMB_OK)
        return false;
    for (size_t i = 0; i < TARGET_MARKS; i++) {
        card[i] = target_mark(i);
        picture[i] =
            plumb_affine_point(&upright_from_input, centers[farthest(centers, count, card[i])]);
    }
    return plumb_homography_from_points(card, picture, upright_from_plane) == PLUMB_OK;
}
