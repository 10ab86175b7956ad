/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>

#include "base/checked.h"
#include "card/parts.h"
#include "plumbline/image.h"

PLUMB_DEFINE_CHOICES(spaces, plumb_space, plumb_space)
PLUMB_DEFINE_CHOICES(measures, plumb_region_measure, plumb_region_measure)
PLUMB_DEFINE_CHOICES(effects, plumb_region_effect, plumb_region_effect)

#define MAX_POINTS 1024
#define FAR        1e9 /* coordinates beyond this are typing errors in every space */

static plumb_status set_shape(plumb_reader *reader, plumb_region_spec *spec,
                              plumb_region_shape shape)
{
    if (spec->shape != PLUMB_SHAPE_UNSET)
        return plumb_reader_fail(reader, PLUMB_E_KEY, "a region has one shape");
    spec->shape = shape;
    return PLUMB_OK;
}

static plumb_status read_rect_value(plumb_reader *reader, json_t *value, plumb_rect *rect)
{
    double n[4];
    plumb_status status = plumb_reader_numbers(reader, value, 4, -FAR, FAR, n);
    if (status)
        return status;
    if (!(n[2] > 0.0 && n[3] > 0.0))
        return plumb_reader_fail(reader, PLUMB_E_VALUE,
                                 "[x, y, width, height] with a width and height over 0 is "
                                 "expected, not %g x %g",
                                 n[2], n[3]);
    plumb_rect read = { n[0], n[1], n[2], n[3] };
    *rect = read;
    return PLUMB_OK;
}

static plumb_status read_rect(plumb_reader *reader, json_t *value, void *target)
{
    plumb_region_spec *spec = target;
    plumb_status status = set_shape(reader, spec, PLUMB_SHAPE_RECT);
    return status ? status : read_rect_value(reader, value, &spec->rect);
}

static plumb_status read_point(plumb_reader *reader, json_t *value, void *target)
{
    double n[2];
    plumb_status status = plumb_reader_numbers(reader, value, 2, -FAR, FAR, n);
    if (status)
        return status;
    plumb_point point = { n[0], n[1] };
    *(plumb_point *)target = point;
    return PLUMB_OK;
}

static plumb_status read_polygon(plumb_reader *reader, json_t *value, void *target)
{
    plumb_region_spec *spec = target;
    plumb_status status = set_shape(reader, spec, PLUMB_SHAPE_POLYGON);
    if (status)
        return status;
    void *points = NULL;
    status = plumb_reader_array(reader, value, 3, MAX_POINTS, sizeof(plumb_point), read_point,
                                &points, &spec->point_count);
    spec->points = points;
    return status;
}

static plumb_status read_center(plumb_reader *reader, json_t *value, void *target)
{
    return read_point(reader, value, &((plumb_region_spec *)target)->center);
}

/* One radius of a circle, or two. */
static plumb_status read_radius(plumb_reader *reader, json_t *value, void *target)
{
    plumb_region_spec *spec = target;
    double n[2] = { 0.0, 0.0 };
    plumb_status status;
    if (json_is_number(value)) {
        status = plumb_reader_number(reader, value, 0.0, FAR, &n[0]);
        n[1] = n[0];
    } else {
        status = plumb_reader_numbers(reader, value, 2, 0.0, FAR, n);
    }
    spec->radius_x = n[0];
    spec->radius_y = n[1];
    return status;
}

static const plumb_field ellipse_fields[] = {
    { PLUMB_READ_CUSTOM("center", read_center), .required = true },
    { PLUMB_READ_CUSTOM("radius", read_radius), .required = true },
    { PLUMB_READ_RANGE(plumb_region_spec, "angle", PLUMB_FIELD_DOUBLE, angle, -1e3, 1e3) },
};

static plumb_status read_ellipse(plumb_reader *reader, json_t *value, void *target)
{
    plumb_region_spec *spec = target;
    plumb_status status = set_shape(reader, spec, PLUMB_SHAPE_ELLIPSE);
    if (status)
        return status;
    return plumb_reader_object(reader, value, ellipse_fields,
                               sizeof(ellipse_fields) / sizeof(ellipse_fields[0]), spec);
}

/* Gray values of a decoded picture; colours would have no meaning here. */
static plumb_status copy_mask(plumb_reader *reader, plumb_region_spec *spec,
                              const plumb_frame *picture)
{
    size_t step = picture->format == PLUMB_FORMAT_RGB24 ? 3 : 1;
    size_t width = (size_t)picture->width, height = (size_t)picture->height, pixels;
    if ((step == 1 && picture->format != PLUMB_FORMAT_GRAY8) ||
        picture->orientation != PLUMB_ORIENTATION_UP || !plumb_mul_size(width, height, &pixels))
        return plumb_reader_fail(reader, PLUMB_E_VALUE,
                                 "an upright 8-bit gray picture is expected");
    uint8_t *mask = plumb_arena_array(reader->arena, pixels, 1);
    if (!mask)
        return plumb_reader_no_memory(reader);
    size_t stride =
        picture->planes[0].row_stride > 0 ? (size_t)picture->planes[0].row_stride : width * step;
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = picture->planes[0].data + y * stride;
        for (size_t x = 0; x < width; x++) {
            const uint8_t *p = row + x * step;
            if (step == 3 && (p[0] != p[1] || p[0] != p[2]))
                return plumb_reader_fail(reader, PLUMB_E_VALUE,
                                         "the picture is coloured at %zu,%zu; gray is expected", x,
                                         y);
            mask[y * width + x] = p[0];
        }
    }
    spec->mask = mask;
    spec->mask_width = picture->width;
    spec->mask_height = picture->height;
    spec->mask_stride = 0;
    return PLUMB_OK;
}

static plumb_status use_mask(plumb_reader *reader, const void *data, size_t size, void *target)
{
    plumb_image_decoder *decoder = NULL;
    plumb_diag inner = { 0 };
    plumb_frame picture = PLUMB_FRAME_INIT;
    plumb_status status = plumb_image_decoder_create(&reader->arena->context, &decoder, &inner);
    if (status == PLUMB_OK)
        status = plumb_image_decode(decoder, data, size, &picture, &inner);
    if (status)
        plumb_reader_fail(reader, status, "the mask: %s", inner.message);
    else
        status = copy_mask(reader, target, &picture);
    plumb_image_decoder_destroy(&decoder);
    return status;
}

static plumb_status read_mask_file(plumb_reader *reader, json_t *value, void *target)
{
    return plumb_reader_file(reader, value, "the name of a PNG, BMP or JPEG file", use_mask,
                             target);
}

static plumb_status read_mask_rect(plumb_reader *reader, json_t *value, void *target)
{
    return read_rect_value(reader, value, &((plumb_region_spec *)target)->rect);
}

static const plumb_field mask_fields[] = {
    { PLUMB_READ_CUSTOM("file", read_mask_file), .required = true },
    { PLUMB_READ_CUSTOM("rect", read_mask_rect) },
};

static plumb_status read_mask(plumb_reader *reader, json_t *value, void *target)
{
    plumb_region_spec *spec = target;
    plumb_status status = set_shape(reader, spec, PLUMB_SHAPE_MASK);
    if (status)
        return status;
    return plumb_reader_object(reader, value, mask_fields,
                               sizeof(mask_fields) / sizeof(mask_fields[0]), spec);
}

static const plumb_field shape_fields[] = {
    { PLUMB_READ_CUSTOM("rect", read_rect) },
    { PLUMB_READ_CUSTOM("polygon", read_polygon) },
    { PLUMB_READ_CUSTOM("ellipse", read_ellipse) },
    { PLUMB_READ_CUSTOM("mask", read_mask) },
};

static plumb_status read_shape(plumb_reader *reader, json_t *value, void *target)
{
    const plumb_region_spec *spec = target;
    plumb_status status = plumb_reader_object(
        reader, value, shape_fields, sizeof(shape_fields) / sizeof(shape_fields[0]), target);
    if (status == PLUMB_OK && spec->shape == PLUMB_SHAPE_UNSET)
        return plumb_reader_expected(reader, value, "one of rect, polygon, ellipse, mask");
    return status;
}

static plumb_status read_classes(plumb_reader *reader, json_t *value, void *target)
{
    plumb_region_spec *spec = target;
    return plumb_card_read_classes(reader, value, &spec->classes, &spec->class_count);
}

static const plumb_field region_fields[] = {
    { PLUMB_READ(plumb_region_spec, "name", PLUMB_FIELD_TEXT, name), .required = true },
    { PLUMB_READ_CHOICE(plumb_region_spec, "space", space, spaces), .required = true },
    { PLUMB_READ_CUSTOM("shape", read_shape), .required = true },
    { PLUMB_READ_CUSTOM("classes", read_classes) },
    { PLUMB_READ_CHOICE(plumb_region_spec, "measure", measure, measures), .required = true },
    { PLUMB_READ_RANGE(plumb_region_spec, "at_least", PLUMB_FIELD_FLOAT, at_least, 0.0, 1.0) },
    { PLUMB_READ_CHOICE(plumb_region_spec, "effect", effect, effects), .required = true },
    { PLUMB_READ_RANGE(plumb_region_spec, "factor", PLUMB_FIELD_FLOAT, factor, 0.0, 1.0) },
};

/* A factor that is left out would silently be 1, and one that is not used would mislead. */
static plumb_status check_factor(plumb_reader *reader, json_t *value, const plumb_region_spec *spec)
{
    bool scales =
        spec->effect == PLUMB_EFFECT_SCALE || spec->effect == PLUMB_EFFECT_SCALE_BY_OVERLAP;
    bool given = json_object_get(value, "factor") != NULL;
    if (scales && !given)
        return plumb_reader_missing(reader, "factor", "a number in 0..1");
    if (given && !scales) {
        plumb_reader_enter_key(reader, "factor");
        return plumb_reader_fail(reader, PLUMB_E_KEY, "effect %s does not use a factor",
                                 plumb_region_effect_name(spec->effect));
    }
    return PLUMB_OK;
}

static plumb_status read_region(plumb_reader *reader, json_t *value, void *target)
{
    const plumb_region_spec initial = PLUMB_REGION_SPEC_INIT;
    *(plumb_region_spec *)target = initial;
    plumb_status status = plumb_reader_object(
        reader, value, region_fields, sizeof(region_fields) / sizeof(region_fields[0]), target);
    return status ? status : check_factor(reader, value, target);
}

plumb_status plumb_card_read_regions(plumb_reader *reader, json_t *value, void *target)
{
    plumb_pipeline_spec *spec = &((plumb_card *)target)->spec;
    void *regions = NULL;
    plumb_status status =
        plumb_reader_array(reader, value, 0, PLUMB_MAX_REGIONS, sizeof(plumb_region_spec),
                           read_region, &regions, &spec->region_count);
    spec->regions = regions;
    return status;
}
