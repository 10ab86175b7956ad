/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/overlay.h"

#include <math.h>
#include <stdio.h>

#define MOST_PLATES 512

/* Sizes that follow the picture, and the plates so far, so that no plate hides another. */
typedef struct brush {
    qa_picture *picture;
    double stroke;   /* of a box */
    int32_t scale;   /* of text */
    int32_t padding; /* around text */
    plumb_rect plates[MOST_PLATES];
    size_t plate_count;
} brush;

static const qa_color white = { 255, 255, 255, 1.0f };
static const qa_color black = { 0, 0, 0, 1.0f };
static const qa_color region_color = { 255, 196, 0, 0.9f };
static const qa_color region_drop_color = { 255, 80, 60, 0.95f };
static const qa_color drop_color = { 235, 235, 235, 0.75f };

static qa_color with_alpha(qa_color color, float alpha)
{
    color.alpha = alpha;
    return color;
}

qa_color qa_class_color(int32_t class_id)
{
    /* Steps of the golden angle never come close to an earlier hue for long; when they do, the
     * shade is another one. */
    static const struct {
        double gray, bright;
    } shades[] = { { 0.12, 1.0 }, { 0.10, 0.78 }, { 0.48, 1.0 } };
    double hue = fmod(0.36 + (double)class_id * 0.618033988749895, 1.0) * 6.0;
    double pure[3] = { fabs(hue - 3.0) - 1.0, 2.0 - fabs(hue - 2.0), 2.0 - fabs(hue - 4.0) };
    size_t shade = (uint32_t)class_id % 3;
    uint8_t rgb[3];
    for (int i = 0; i < 3; i++) {
        double value = fmin(fmax(pure[i], 0.0), 1.0);
        value = shades[shade].gray + (1.0 - shades[shade].gray) * value;
        rgb[i] = (uint8_t)(255.0 * shades[shade].bright * value);
    }
    qa_color color = { rgb[0], rgb[1], rgb[2], 1.0f };
    return color;
}

static qa_color readable_on(qa_color color)
{
    double luma = 0.299 * color.r + 0.587 * color.g + 0.114 * color.b;
    return luma > 130.0 ? black : white;
}

static bool meets(const plumb_rect *a, const plumb_rect *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

static bool is_free(const brush *b, const plumb_rect *plate)
{
    if (plate->y < 0.0 || plate->y + plate->height > b->picture->height)
        return false;
    for (size_t i = 0; i < b->plate_count; i++)
        if (meets(plate, &b->plates[i]))
            return false;
    return true;
}

/* Over the box, inside its top, inside its bottom, under it; then wherever there is room below. */
static plumb_rect place_plate(const brush *b, const plumb_box *box, double width, double height)
{
    double half = b->stroke / 2.0;
    double tries[] = { box->y0 - half - height, box->y0 + half, box->y1 - half - height,
                       box->y1 + half };
    plumb_rect plate = { box->x0 - half, tries[0], width, height };
    plate.x = fmax(fmin(plate.x, b->picture->width - width), 0.0);
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        plate.y = tries[i];
        if (is_free(b, &plate))
            return plate;
    }
    plate.y = fmin(fmax(tries[0], 0.0), fmax(b->picture->height - height, 0.0));
    for (plumb_rect lower = plate; lower.y + height <= b->picture->height; lower.y += height)
        if (is_free(b, &lower))
            return lower;
    return plate;
}

static void draw_plate(brush *b, const plumb_box *box, const char *text, qa_color color,
                       int32_t scale)
{
    double width = qa_text_width(text, scale) + 2.0 * b->padding;
    double height = (double)QA_TEXT_HEIGHT * scale + b->padding;
    plumb_rect plate = place_plate(b, box, round(width), round(height));
    plate.x = round(plate.x);
    plate.y = round(plate.y);
    qa_fill_rect(b->picture, plate, color);
    /* The font's letters begin one row down and g, p, q reach two below the line. */
    qa_draw_text(b->picture, (int32_t)plate.x + b->padding,
                 (int32_t)plate.y + b->padding / 2 + (scale + 1) / 2, scale, text,
                 readable_on(color));
    if (b->plate_count < MOST_PLATES)
        b->plates[b->plate_count++] = plate;
}

static void corners_of(const plumb_box *box, double angle, plumb_point corners[4])
{
    double cx = ((double)box->x0 + box->x1) / 2.0, cy = ((double)box->y0 + box->y1) / 2.0;
    double w = ((double)box->x1 - box->x0) / 2.0, h = ((double)box->y1 - box->y0) / 2.0;
    double c = cos(angle), s = sin(angle);
    static const int signs[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 } };
    for (int i = 0; i < 4; i++) {
        double x = signs[i][0] * w, y = signs[i][1] * h;
        corners[i].x = cx + x * c - y * s;
        corners[i].y = cy + x * s + y * c;
    }
}

static void draw_outline(brush *b, const plumb_box *box, double angle, double width, double dash,
                         qa_color color)
{
    plumb_point corners[4];
    corners_of(box, angle, corners);
    qa_draw_polygon(b->picture, corners, 4, width, dash, color);
}

static void draw_detection_box(brush *b, const qa_detection *d)
{
    qa_color color = qa_class_color(d->class_id);
    /* A dark rim keeps the colour apart from any picture under it. */
    draw_outline(b, &d->box, d->angle, b->stroke + 2.0, 0.0, with_alpha(black, 0.35f));
    draw_outline(b, &d->box, d->angle, b->stroke, 0.0, color);
    for (size_t i = 0; i < d->keypoint_count; i++) {
        plumb_point p = { d->keypoints[i].x, d->keypoints[i].y };
        qa_draw_disc(b->picture, p, b->stroke * 1.5 + 1.0, with_alpha(black, 0.5f));
        qa_draw_disc(b->picture, p, b->stroke * 1.5, color);
    }
}

static void draw_detection_plate(brush *b, const qa_detection *d)
{
    char text[160];
    int used = d->label ? snprintf(text, sizeof(text), "%.96s", d->label)
                        : snprintf(text, sizeof(text), "%d", (int)d->class_id);
    snprintf(text + used, sizeof(text) - (size_t)used, " %.2f%s", (double)d->score,
             d->region_count > 0 ? " *" : "");
    draw_plate(b, &d->box, text, with_alpha(qa_class_color(d->class_id), 0.92f), b->scale);
}

static plumb_box bounds_of(const plumb_point *points, size_t count)
{
    plumb_box box = { (float)points[0].x, (float)points[0].y, (float)points[0].x,
                      (float)points[0].y };
    for (size_t i = 1; i < count; i++) {
        box.x0 = fminf(box.x0, (float)points[i].x);
        box.y0 = fminf(box.y0, (float)points[i].y);
        box.x1 = fmaxf(box.x1, (float)points[i].x);
        box.y1 = fmaxf(box.y1, (float)points[i].y);
    }
    return box;
}

static void draw_region(brush *b, const qa_overlay_region *region)
{
    if (region->count < 3)
        return;
    qa_hatch_polygon(b->picture, region->outline, region->count, b->stroke * 5.0, b->stroke * 0.7,
                     with_alpha(region_color, 0.5f));
    qa_draw_polygon(b->picture, region->outline, region->count, b->stroke + 1.5, 0.0,
                    with_alpha(black, 0.4f));
    qa_draw_polygon(b->picture, region->outline, region->count, b->stroke * 0.8, 0.0, region_color);
}

static void draw_drop(brush *b, const qa_overlay_drop *drop)
{
    qa_color color = drop->region ? region_drop_color : drop_color;
    draw_outline(b, &drop->box, 0.0, fmax(1.0, b->stroke * 0.5), b->stroke * 3.0, color);
}

static void draw_drop_plate(brush *b, const qa_overlay_drop *drop)
{
    char text[160];
    if (!drop->region)
        return;
    snprintf(text, sizeof(text), "%s %.2f: %.80s", plumb_fate_name(drop->fate), (double)drop->score,
             drop->region);
    draw_plate(b, &drop->box, text, with_alpha(region_drop_color, 0.85f),
               b->scale > 1 ? b->scale - 1 : 1);
}

void qa_overlay_draw(qa_picture *picture, const qa_overlay *overlay)
{
    double longer = fmax(picture->width, picture->height);
    brush b = { .picture = picture };
    b.stroke = fmin(fmax(round(longer / 300.0), 2.0), 24.0);
    b.scale = (int32_t)fmin(fmax(round(longer / 400.0), 1.0), 16.0);
    b.padding = 2 * b.scale + 1;
    const qa_frame *frame = overlay->frame;
    for (size_t i = 0; i < overlay->region_count; i++)
        draw_region(&b, &overlay->regions[i]);
    for (size_t i = 0; i < overlay->drop_count; i++)
        draw_drop(&b, &overlay->drops[i]);
    /* The best is drawn last and lies on top, but chooses the place of its plate first. */
    for (size_t i = frame->count; i-- > 0;)
        draw_detection_box(&b, &frame->items[i]);
    for (size_t i = 0; i < frame->count; i++)
        draw_detection_plate(&b, &frame->items[i]);
    for (size_t i = 0; i < overlay->drop_count; i++)
        draw_drop_plate(&b, &overlay->drops[i]);
    for (size_t i = 0; i < overlay->region_count; i++) {
        const qa_overlay_region *region = &overlay->regions[i];
        if (region->count < 3)
            continue;
        plumb_box box = bounds_of(region->outline, region->count);
        draw_plate(&b, &box, region->name, with_alpha(region_color, 0.85f),
                   b.scale > 1 ? b.scale - 1 : 1);
    }
}
