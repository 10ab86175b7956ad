/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures for people: an upright 8-bit RGB copy of a frame, the few drawing operations that an
 * overlay needs, and PNG. The invariant: drawing is clipped to the picture, whatever the
 * coordinates, and coordinates that are not finite draw nothing.
 */
#ifndef QA_PICTURE_H
#define QA_PICTURE_H

#include "plumbline/frame.h"
#include "qa/text.h"

typedef struct qa_picture {
    int32_t width, height;
    uint8_t *rgb; /* dense */
} qa_picture;

typedef struct qa_color {
    uint8_t r, g, b;
    float alpha; /* 0..1 */
} qa_color;

/* The whole of `frame`, which is not JPEG, upright; the region of interest is not applied. A
 * picture whose longer side is over `longest` is made smaller; 0: never. `picture` is released
 * with qa_picture_release and empty on an error. */
PLUMB_NODISCARD plumb_status qa_picture_from_frame(const plumb_frame *frame, int32_t longest,
                                                   qa_picture *picture, plumb_diag *diag);
void qa_picture_release(qa_picture *picture);

/* A whole PNG file. PLUMB_E_DISABLED without libpng. */
PLUMB_NODISCARD plumb_status qa_picture_png(const qa_picture *picture, qa_text *file,
                                            plumb_diag *diag);

/* A whole JPEG file of good quality. PLUMB_E_DISABLED without libjpeg. */
PLUMB_NODISCARD plumb_status qa_picture_jpeg(const qa_picture *picture, qa_text *file,
                                             plumb_diag *diag);

void qa_fill_rect(qa_picture *picture, plumb_rect rect, qa_color color);

/* A line of `width` pixels with smooth edges. `dash` 0 draws it whole, else strokes and gaps of
 * that many pixels. */
void qa_draw_line(qa_picture *picture, plumb_point from, plumb_point to, double width, double dash,
                  qa_color color);
void qa_draw_polygon(qa_picture *picture, const plumb_point *points, size_t count, double width,
                     double dash, qa_color color);

/* Diagonal stripes of `width` pixels, one each `period` pixels, even-odd. */
void qa_hatch_polygon(qa_picture *picture, const plumb_point *points, size_t count, double period,
                      double width, qa_color color);
void qa_draw_disc(qa_picture *picture, plumb_point center, double radius, qa_color color);

/* ASCII; other code points are shown as '?'. The height of a line is QA_TEXT_HEIGHT * scale. */
#define QA_TEXT_HEIGHT 9
int32_t qa_text_width(const char *string, int32_t scale);
void qa_draw_text(qa_picture *picture, int32_t x, int32_t y, int32_t scale, const char *string,
                  qa_color color);

#endif
