/* SPDX-License-Identifier: Apache-2.0 */
#include "blobs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "marks.h"

#define DISC_RADIUS   7.8  /* input pixels: a little more than the grey inside of a hole */
#define RING_INNER    10.0 /* around it there should be paper or print, but not grey */
#define RING_OUTER    13.0
#define RING_WEIGHT   0.20
#define MARGIN        24 /* pixels at the border where no hole is looked for */
#define WINDOW        8  /* radius in which the grey of one hole is measured */
#define CERTAIN       200
#define LEAST_INSIDE  24
#define HALF_BOX      9.2
#define HOLE_LEVEL    0.51 /* of paper: what shows through a hole */
#define FULL_WITHIN   0.09 /* of HOLE_LEVEL: certainly grey */
#define NONE_BEYOND   0.30
#define LOWEST_SCORE  0.12
#define ROWS_IN_SHAPE (2 * MARGIN + 1)

/* A disc or ring as one run of pixels per row: half-widths, -1 where the row is empty. */
struct disc {
    int half_width[ROWS_IN_SHAPE];
    int pixels;
};

struct blobs {
    int width, height;
    int32_t *sums; /* running sums of greyness along each row, width + 1 per row */
    float *scores; /* one for each pixel */
    float *rows;   /* the output */
    struct disc disc, ring_inner, ring_outer;
};

static struct disc make_disc(double radius)
{
    struct disc disc = { { 0 }, 0 };
    for (int dy = -MARGIN; dy <= MARGIN; dy++) {
        double square = radius * radius - (double)dy * dy;
        int half_width = square < 0 ? -1 : (int)sqrt(square);
        disc.half_width[dy + MARGIN] = half_width;
        disc.pixels += 2 * half_width + 1 > 0 ? 2 * half_width + 1 : 0;
    }
    return disc;
}

static plumb_status prepare(void *user, const plumb_tensor_info *inputs, size_t count)
{
    struct blobs *blobs = user;
    if (count != 1 || inputs[0].dtype != PLUMB_DTYPE_UINT8 || inputs[0].rank != 4 ||
        inputs[0].shape[1] != 1 || inputs[0].shape[2] <= ROWS_IN_SHAPE ||
        inputs[0].shape[3] <= ROWS_IN_SHAPE)
        return PLUMB_E_SHAPE;
    blobs->height = (int)inputs[0].shape[2];
    blobs->width = (int)inputs[0].shape[3];
    size_t pixels = (size_t)blobs->width * (size_t)blobs->height;
    blobs->sums = malloc((pixels + (size_t)blobs->height) * sizeof(*blobs->sums));
    blobs->scores = malloc(pixels * sizeof(*blobs->scores));
    blobs->rows = malloc(BLOBS_ROWS * 6 * sizeof(*blobs->rows));
    if (!blobs->sums || !blobs->scores || !blobs->rows)
        return PLUMB_E_NOMEM;
    blobs->disc = make_disc(DISC_RADIUS);
    blobs->ring_inner = make_disc(RING_INNER);
    blobs->ring_outer = make_disc(RING_OUTER);
    return PLUMB_OK;
}

/* How sure a pixel is neither paper nor print, 0..255, for each level. */
static void make_greyness(int paper, uint8_t greyness[256])
{
    for (int level = 0; level < 256; level++) {
        double off = fabs((double)level / paper - HOLE_LEVEL);
        double sure = (NONE_BEYOND - off) / (NONE_BEYOND - FULL_WITHIN);
        greyness[level] = (uint8_t)(255 * (sure < 0 ? 0 : sure > 1 ? 1 : sure));
    }
}

static void sum_rows(struct blobs *blobs, const uint8_t *pixels, const uint8_t greyness[256])
{
    for (int y = 0; y < blobs->height; y++) {
        const uint8_t *row = pixels + (size_t)y * (size_t)blobs->width;
        int32_t *sums = blobs->sums + (size_t)y * ((size_t)blobs->width + 1);
        sums[0] = 0;
        for (int x = 0; x < blobs->width; x++)
            sums[x + 1] = sums[x] + greyness[row[x]];
    }
}

static double sum_disc(const struct blobs *blobs, const struct disc *disc, int x, int y)
{
    int32_t sum = 0;
    for (int dy = -MARGIN; dy <= MARGIN; dy++) {
        int half_width = disc->half_width[dy + MARGIN];
        const int32_t *sums = blobs->sums + (size_t)(y + dy) * ((size_t)blobs->width + 1);
        if (half_width >= 0)
            sum += sums[x + half_width + 1] - sums[x - half_width];
    }
    return sum / 255.0;
}

static void score_pixels(struct blobs *blobs)
{
    const struct disc *inner = &blobs->ring_inner, *outer = &blobs->ring_outer;
    memset(blobs->scores, 0, (size_t)blobs->width * (size_t)blobs->height * sizeof(float));
    for (int y = MARGIN; y < blobs->height - MARGIN; y++) {
        float *scores = blobs->scores + (size_t)y * (size_t)blobs->width;
        for (int x = MARGIN; x < blobs->width - MARGIN; x++) {
            double score = sum_disc(blobs, &blobs->disc, x, y) / blobs->disc.pixels;
            if (score < LOWEST_SCORE)
                continue;
            double ring = sum_disc(blobs, outer, x, y) - sum_disc(blobs, inner, x, y);
            score -= RING_WEIGHT * ring / (outer->pixels - inner->pixels);
            scores[x] = (float)(score < 0 ? 0 : score);
        }
    }
}

/* Not below any neighbour, and above those that come earlier, so that a plateau has one peak. */
static bool is_peak(const struct blobs *blobs, int x, int y)
{
    const float *at = blobs->scores + (size_t)y * (size_t)blobs->width + x;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            float other = at[dy * blobs->width + dx];
            bool earlier = dy < 0 || (dy == 0 && dx < 0);
            if (other > *at || (earlier && other == *at))
                return false;
        }
    }
    return *at >= (float)LOWEST_SCORE;
}

/* Certainly grey with all its neighbours: the edges of print are thinner than that. */
static bool is_inside(const struct blobs *blobs, int x, int y)
{
    for (int dy = -1; dy <= 1; dy++) {
        const int32_t *sums = blobs->sums + (size_t)(y + dy) * ((size_t)blobs->width + 1) + x;
        if (sums[2] - sums[-1] < 3 * CERTAIN)
            return false;
    }
    return true;
}

/* The middle of the grey around a point, finer than a pixel. False where there is too little. */
static bool center_grey(const struct blobs *blobs, plumb_point *center)
{
    int from_x = (int)center->x, from_y = (int)center->y, count = 0;
    double sum_x = 0, sum_y = 0;
    for (int y = from_y - WINDOW; y <= from_y + WINDOW; y++) {
        for (int x = from_x - WINDOW; x <= from_x + WINDOW; x++) {
            double dx = x + 0.5 - center->x, dy = y + 0.5 - center->y;
            if (dx * dx + dy * dy > WINDOW * WINDOW || !is_inside(blobs, x, y))
                continue;
            sum_x += dx;
            sum_y += dy;
            count++;
        }
    }
    if (count < LEAST_INSIDE)
        return false;
    center->x += sum_x / count;
    center->y += sum_y / count;
    return true;
}

static void write_row(const struct blobs *blobs, int x, int y, float *row)
{
    float score = blobs->scores[(size_t)y * (size_t)blobs->width + (size_t)x];
    plumb_point center = { x + 0.5, y + 0.5 };
    for (int i = 0; i < 3 && center_grey(blobs, &center); i++)
        continue;
    row[0] = (float)(center.x - HALF_BOX);
    row[1] = (float)(center.y - HALF_BOX);
    row[2] = (float)(center.x + HALF_BOX);
    row[3] = (float)(center.y + HALF_BOX);
    row[4] = score > 1.0f ? 1.0f : score;
    row[5] = 0.0f;
}

static plumb_status infer(void *user, const plumb_tensor *inputs, size_t input_count,
                          plumb_outputs *outputs)
{
    struct blobs *blobs = user;
    (void)input_count;
    uint8_t greyness[256];
    make_greyness(marks_paper_level(&inputs[0]), greyness);
    sum_rows(blobs, inputs[0].data, greyness);
    score_pixels(blobs);

    size_t count = 0;
    memset(blobs->rows, 0, BLOBS_ROWS * 6 * sizeof(*blobs->rows));
    for (int y = MARGIN; y < blobs->height - MARGIN; y++) {
        for (int x = MARGIN; x < blobs->width - MARGIN && count < BLOBS_ROWS; x++) {
            if (is_peak(blobs, x, y))
                write_row(blobs, x, y, blobs->rows + 6 * count++);
        }
    }
    outputs->count = 1;
    outputs->tensors[0] = (plumb_tensor){ .name = "holes",
                                          .data = blobs->rows,
                                          .size = BLOBS_ROWS * 6 * sizeof(*blobs->rows),
                                          .dtype = PLUMB_DTYPE_FLOAT32,
                                          .rank = 2,
                                          .shape = { BLOBS_ROWS, 6 } };
    return PLUMB_OK;
}

static void release(void *user)
{
    struct blobs *blobs = user;
    free(blobs->sums);
    free(blobs->scores);
    free(blobs->rows);
    free(blobs);
}

plumb_status blobs_open(plumb_detector *detector)
{
    struct blobs *blobs = calloc(1, sizeof(*blobs));
    if (!blobs)
        return PLUMB_E_NOMEM;
    *detector = (plumb_detector)PLUMB_DETECTOR_INIT;
    detector->user = blobs;
    detector->prepare = prepare;
    detector->infer = infer;
    detector->release = release;
    return PLUMB_OK;
}
