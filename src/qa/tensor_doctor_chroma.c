/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoders of JPEG files differ in how they bring chroma to full size and in how they round, and
 * encoding again costs chroma most. Scaling, blurring, sharpening and tone do to a picture what they
 * do to its luma. So what a recipe leaves over is a decoder's when chroma has much more of it than
 * its share in the picture's own fine detail.
 */
#include <math.h>

#include "qa/tensor_doctor_parts.h"

#define SHARE   0.5 /* of the root mean square of luma */
#define CLEARLY 1.6 /* times the share in the picture's detail */

typedef struct energy {
    double luma, chroma;
} energy;

static void add_color(const double rgb[3], energy *e)
{
    double luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    e->luma += luma * luma;
    for (int c = 0; c < 3; c++)
        e->chroma += (rgb[c] - luma) * (rgb[c] - luma) / 3.0;
}

static double share_of(const energy *e)
{
    return e->luma > 0.0 ? sqrt(e->chroma / e->luma) : INFINITY;
}

static void add_pair(const tensor_exam *exam, const fit_trial *t, const plumb_irect *r,
                     const float *values, energy *rest, energy *detail)
{
    const fit_target *target = &exam->search.target;
    size_t width = (size_t)target->size.width, area = width * (size_t)target->size.height;
    for (int32_t y = r->y + 1; y < r->y + r->height - 1; y++)
        for (int32_t x = r->x + 1; x < r->x + r->width - 1; x++) {
            double left[3], fine[3];
            for (size_t c = 0; c < 3; c++) { /* R, G, B; the tensor's channel is `from` */
                size_t at = c * area + (size_t)y * width + (size_t)x,
                       from = t->reversed ? 2 - c : c;
                const float *p = exam->search.picture + at;
                double value = (double)values[from * area + (at - c * area)];
                left[c] = (value - t->offset[from]) / t->gain[from] - (double)*p;
                fine[c] = 4.0 * (double)*p - (double)p[-1] - (double)p[1] - (double)*(p - width) -
                          (double)p[width];
            }
            add_color(left, rest);
            add_color(fine, detail);
        }
}

bool tensor_is_redecoded(tensor_exam *exam, const tensor_explanation *e)
{
    const fit_target *target = &exam->targets[e->order];
    energy rest = { 0 }, detail = { 0 };
    if (!exam->pictures.jpeg || target->channels != 3)
        return false;
    tensor_use(exam, e->order, e->decoder);
    for (size_t i = 0; i < exam->count; i++) {
        plumb_mapping m;
        if (fit_render(&exam->search, &e->trial, i, &m, NULL) == PLUMB_OK)
            add_pair(exam, &e->trial, &m.placed, target->values[i], &rest, &detail);
    }
    double share = share_of(&rest);
    return share > SHARE && share > CLEARLY * share_of(&detail);
}
