/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <png.h>

#include "canvas.h"

#define CIRCLE_CORNERS 48
#define TEXT_HEIGHT    13.0

static const struct pen counted = { { 0, 200, 83 }, 2.5, 1.0 };
static const struct pen uncertain = { { 255, 145, 0 }, 2.5, 1.0 };
static const struct pen dropped = { { 229, 57, 53 }, 2.0, 0.9 };
static const struct pen region = { { 41, 121, 255 }, 1.5, 0.75 };
static const struct pen plate = { { 16, 20, 24 }, 0, 0.78 };

/* The frame as upright RGB, through the preprocessor: one output pixel for each pixel. */
static plumb_status turn_upright(const plumb_frame *frame, struct canvas *canvas, plumb_diag *diag)
{
    plumb_preprocess_spec spec = PLUMB_PREPROCESS_SPEC_INIT;
    spec.mapping.input = canvas->size = plumb_frame_upright_size(frame);
    spec.mapping.mode = PLUMB_CROP_SCALE_FILL;
    spec.resample = PLUMB_RESAMPLE_OPENCV_NEAREST;
    spec.channels = PLUMB_CHANNELS_RGB;
    spec.layout = PLUMB_LAYOUT_NHWC;
    spec.dtype = PLUMB_DTYPE_UINT8;

    plumb_preprocess_plan *plan = NULL;
    plumb_status status = plumb_preprocess_plan_create(NULL, &spec, frame, &plan, diag);
    if (status)
        return status;
    size_t scratch_size = (plumb_preprocess_plan_scratch(plan) + 63) / 64 * 64;
    size_t size = 3 * (size_t)canvas->size.width * (size_t)canvas->size.height;
    void *scratch = aligned_alloc(64, scratch_size ? scratch_size : 64);
    canvas->pixels = malloc(size);
    plumb_tensor_info info = plumb_preprocess_tensor_info(&spec);
    plumb_tensor tensor = {
        .data = canvas->pixels, .size = size, .dtype = info.dtype, .rank = info.rank
    };
    for (int i = 0; i < info.rank; i++)
        tensor.shape[i] = info.shape[i];
    status = scratch && canvas->pixels
                 ? plumb_preprocess_run(plan, frame, &tensor, scratch, scratch_size, diag)
                 : PLUMB_E_NOMEM;
    free(scratch);
    plumb_preprocess_plan_destroy(&plan);
    return status;
}

static void draw_regions(struct canvas *canvas, const struct picture_input *input)
{
    for (size_t i = 0; input->regions && i < plumb_regions_count(input->regions); i++) {
        plumb_point outline[128];
        size_t count = plumb_regions_outline(input->regions, i, input->result->mapping,
                                             input->upright_from_plane, outline, 128);
        if (count >= 3 && count <= 128)
            canvas_line(canvas, outline, count, true, &region);
    }
}

/* A red cross where a region took a detection out. */
static void draw_dropped(struct canvas *canvas, const plumb_ledger *ledger)
{
    for (size_t i = 0; i < ledger->entry_count; i++) {
        const plumb_trace_entry *entry = &ledger->entries[i];
        if (entry->space != PLUMB_SPACE_UPRIGHT ||
            (entry->fate != PLUMB_FATE_REGION && entry->fate != PLUMB_FATE_REGION_PENALTY))
            continue;
        const plumb_box *box = &entry->box;
        plumb_point falling[2] = { { box->x0, box->y0 }, { box->x1, box->y1 } };
        plumb_point rising[2] = { { box->x0, box->y1 }, { box->x1, box->y0 } };
        canvas_line(canvas, falling, 2, false, &dropped);
        canvas_line(canvas, rising, 2, false, &dropped);
    }
}

/* The outline of the hole as it lies on the card, seen by the camera. Returns its extent. */
static plumb_rect draw_hole(struct canvas *canvas, const struct shot *shot,
                            const plumb_homography *upright_from_plane)
{
    const double pi = 3.14159265358979323846;
    plumb_point circle[CIRCLE_CORNERS], low = { INFINITY, INFINITY }, high = { 0, 0 };
    for (int i = 0; i < CIRCLE_CORNERS; i++) {
        double angle = 2 * pi * i / CIRCLE_CORNERS, radius = PELLET_MM / 2 + 0.35;
        plumb_point at = { shot->center.x + radius * cos(angle),
                           shot->center.y + radius * sin(angle) };
        circle[i] = plumb_homography_point(upright_from_plane, at);
        low = (plumb_point){ fmin(low.x, circle[i].x), fmin(low.y, circle[i].y) };
        high = (plumb_point){ fmax(high.x, circle[i].x), fmax(high.y, circle[i].y) };
    }
    canvas_line(canvas, circle, CIRCLE_CORNERS, true, shot->touches ? &uncertain : &counted);
    return (plumb_rect){ low.x, low.y, high.x - low.x, high.y - low.y };
}

/* From a shot to its nearest neighbour; to the lower left, out of the way, where none is near. */
static plumb_point towards_neighbour(const struct tally *tally, const struct shot *shot)
{
    plumb_point towards = { -1, 1 };
    double nearest = 3 * PELLET_MM;
    for (const struct shot *other = tally->shots; other < tally->shots + tally->count; other++) {
        double dx = other->center.x - shot->center.x, dy = other->center.y - shot->center.y;
        if (other != shot && hypot(dx, dy) < nearest) {
            nearest = hypot(dx, dy);
            towards = (plumb_point){ dx, dy };
        }
    }
    return towards;
}

/* The decimal score, on the side that faces away from the nearest other hole. */
static void write_score(struct canvas *canvas, const struct shot *shot, plumb_rect hole,
                        plumb_point neighbour)
{
    struct pen ink = shot->touches ? uncertain : counted;
    char text[16];
    snprintf(text, sizeof(text), "%d.%d", shot->score.tenths / 10, shot->score.tenths % 10);
    double width = canvas_number(NULL, text, (plumb_point){ 0, 0 }, TEXT_HEIGHT, &ink);
    plumb_point at = { neighbour.x > 0 ? hole.x - width - 5 : hole.x + hole.width + 5,
                       neighbour.y > 0 ? hole.y - 6 : hole.y + hole.height - TEXT_HEIGHT + 6 };
    plumb_rect behind = { at.x - 5, at.y - 5, width + 10, TEXT_HEIGHT + 10 };
    ink.width = 2.0;
    canvas_fill(canvas, behind, &plate);
    canvas_number(canvas, text, at, TEXT_HEIGHT, &ink);
}

static void draw_shots(struct canvas *canvas, const struct tally *tally,
                       const plumb_homography *upright_from_plane)
{
    for (size_t i = 0; i < tally->count; i++) {
        const struct shot *shot = &tally->shots[i];
        plumb_rect hole = draw_hole(canvas, shot, upright_from_plane);
        write_score(canvas, shot, hole, towards_neighbour(tally, shot));
    }
}

/* The sum, large, in the corner. */
static void draw_total(struct canvas *canvas, const struct tally *tally)
{
    char text[32];
    struct pen ink = tally->needs_human ? uncertain : counted;
    double height = 3 * TEXT_HEIGHT;
    plumb_point at = { 20, canvas->size.height - height - 20 };
    ink.width = 5;
    snprintf(text, sizeof(text), "%d.%d", tally->tenths / 10, tally->tenths % 10);
    double width = canvas_number(NULL, text, at, height, &ink);
    plumb_rect behind = { at.x - 12, at.y - 12, width + 24, height + 24 };
    canvas_fill(canvas, behind, &plate);
    canvas_number(canvas, text, at, height, &ink);
}

static bool write_png(const struct canvas *canvas, const char *path)
{
    png_image image = { .version = PNG_IMAGE_VERSION,
                        .width = (png_uint_32)canvas->size.width,
                        .height = (png_uint_32)canvas->size.height,
                        .format = PNG_FORMAT_RGB };
    bool fine = png_image_write_to_file(&image, path, 0, canvas->pixels, 0, NULL) != 0;
    if (!fine)
        fprintf(stderr, "%s: %s\n", path, image.message);
    return fine;
}

bool picture_write(const struct picture_input *input, const char *path)
{
    struct canvas canvas = { NULL, { 0, 0 } };
    plumb_diag diag = { 0 };
    bool fine = turn_upright(input->frame, &canvas, &diag) == PLUMB_OK;
    if (fine) {
        draw_regions(&canvas, input);
        draw_dropped(&canvas, input->result->ledger);
        draw_shots(&canvas, input->tally, input->upright_from_plane);
        draw_total(&canvas, input->tally);
        fine = write_png(&canvas, path);
    } else {
        fprintf(stderr, "%s: %s\n", path, diag.message);
    }
    free(canvas.pixels);
    return fine;
}
