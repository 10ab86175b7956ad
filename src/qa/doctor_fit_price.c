/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "qa/doctor_catalogue.h"
#include "qa/doctor_fit.h"

/* Nats for a region over a whole side, for one that begins on the border while its size does not
 * show, for an end of one on the border or at a twentieth of the picture, and for one in the
 * middle; and how near is there. */
#define WHOLE_PRICE   3.0
#define UNMOVED_PRICE 6.0
#define BORDER_PRICE  3.0
#define ROUND_PRICE   3.8
#define MIDDLE_PRICE  9.0
#define NEAR_SHARE    0.003
/* Nobody sets a region of interest smaller than this share of a side. */
#define SMALLEST_ROI 0.05

static bool near(double a, double b)
{
    return fabs(a - b) < NEAR_SHARE;
}

/* One constant of a region, as a share of the side. */
static double share_price(double share, double border, double fine)
{
    if (near(share, border))
        return fmin(fine, BORDER_PRICE);
    return near(share, round(share * 20.0) / 20.0) ? fmin(fine, ROUND_PRICE) : fine;
}

/* A region of interest on one axis: people draw it from border to border, in the middle or at
 * round shares more often than anywhere else. What the boxes do not show costs nothing. */
static double roi_price(const qa_doctor_step *step, int axis, double fine)
{
    double start = -step->shift[axis] / step->scale[axis], length = 1.0 / step->scale[axis];
    if (step->shape != QA_FREE_AFFINE)
        return near(start, 0.0) ? fmin(fine, UNMOVED_PRICE) : share_price(start, 0.0, fine);
    if (near(start, 0.0) && near(length, 1.0))
        return WHOLE_PRICE;
    if (near(start, (1.0 - length) / 2.0))
        return share_price(length, 1.0, fine) + WHOLE_PRICE;
    return share_price(start, 0.0, fine) + share_price(start + length, 1.0, fine);
}

/* In the middle of the picture, of as many shares of its width as of its height. */
static bool in_the_middle(const qa_doctor_step *step)
{
    double length = 1.0 / step->scale[0], start = (1.0 - length) / 2.0;
    return step->shape == QA_FREE_AFFINE && near(1.0 / step->scale[1], length) &&
           near(-step->shift[0] / step->scale[0], start) &&
           near(-step->shift[1] / step->scale[1], start);
}

double qa_fit_price(const qa_doctor_step *step, size_t matched)
{
    /* A constant costs what it takes to write it down as finely as the boxes fix it. */
    static const struct {
        double constants, each;
    } shapes[] = { [QA_FREE_SHIFT] = { 2.0, 4.5 },
                   [QA_FREE_UNIFORM] = { 1.0, 6.5 },
                   [QA_FREE_SCALE] = { 2.0, 4.5 },
                   [QA_FREE_AFFINE] = { 4.0, 3.5 } };
    double each = shapes[step->shape].each + 0.5 * log(matched > 1 ? (double)matched : 1.0);
    if (step->code == QA_DOCTOR_ROI_NOT_APPLIED && step->units == QA_FREE_NORMALIZED)
        return QA_DOCTOR_BASE_PRICE + (in_the_middle(step)
                                           ? MIDDLE_PRICE
                                           : roi_price(step, 0, each) + roi_price(step, 1, each));
    return QA_DOCTOR_BASE_PRICE + shapes[step->shape].constants * each;
}

/* A region of interest lies in the image, and not all around it. */
static bool sensible_roi(const qa_doctor_step *step, plumb_size image)
{
    bool moved = false;
    for (int axis = 0; axis < 2; axis++) {
        double side = axis ? image.height : image.width, slack = 0.015;
        double scale = step->scale[axis], shift = step->shift[axis];
        if (step->units == QA_FREE_PIXELS)
            shift /= side;
        if (step->units == QA_FREE_TO_FRACTION)
            scale *= side;
        double start = -shift / scale, length = 1.0 / scale;
        if (start < -slack || start >= 1.0 || length < SMALLEST_ROI)
            return false;
        if (step->shape == QA_FREE_AFFINE && (length > 1.0 + slack || start + length > 1.0 + slack))
            return false;
        moved = moved || start > slack || length < 1.0 - slack;
    }
    return moved;
}

bool qa_fit_sensible(const qa_doctor_step *step, plumb_size image)
{
    if (step->code == QA_DOCTOR_ROI_NOT_APPLIED)
        return sensible_roi(step, image);
    double factor_x = step->scale[0], factor_y = step->scale[1];
    if (step->units == QA_FREE_FROM_FRACTION) {
        factor_x /= image.width;
        factor_y /= image.height;
    }
    bool changed = fabs(factor_x - 1.0) > 0.01 || fabs(factor_y - 1.0) > 0.01;
    return changed && factor_x > 0.01 && factor_y > 0.01 && factor_x < 100.0 && factor_y < 100.0;
}
