/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/geometry.h"

static const plumb_rect whole = { 0.0, 0.0, 1.0, 1.0 };

plumb_point plumb_pixels_from_roi_normalized_point(plumb_point normalized, plumb_rect roi,
                                                   plumb_size image)
{
    plumb_point pixels = { (roi.x + normalized.x * roi.width) * image.width,
                           (roi.y + normalized.y * roi.height) * image.height };
    return pixels;
}

plumb_point plumb_roi_normalized_from_pixels_point(plumb_point pixels, plumb_rect roi,
                                                   plumb_size image)
{
    plumb_point normalized = { (pixels.x / image.width - roi.x) / roi.width,
                               (pixels.y / image.height - roi.y) / roi.height };
    return normalized;
}

plumb_rect plumb_pixels_from_roi_normalized_rect(plumb_rect normalized, plumb_rect roi,
                                                 plumb_size image)
{
    plumb_point corner = { normalized.x, normalized.y };
    corner = plumb_pixels_from_roi_normalized_point(corner, roi, image);
    plumb_rect pixels = { corner.x, corner.y, normalized.width * roi.width * image.width,
                          normalized.height * roi.height * image.height };
    return pixels;
}

plumb_rect plumb_roi_normalized_from_pixels_rect(plumb_rect pixels, plumb_rect roi,
                                                 plumb_size image)
{
    plumb_point corner = { pixels.x, pixels.y };
    corner = plumb_roi_normalized_from_pixels_point(corner, roi, image);
    plumb_rect normalized = { corner.x, corner.y, pixels.width / image.width / roi.width,
                              pixels.height / image.height / roi.height };
    return normalized;
}

plumb_point plumb_pixels_from_normalized_point(plumb_point normalized, plumb_size image)
{
    return plumb_pixels_from_roi_normalized_point(normalized, whole, image);
}

plumb_point plumb_normalized_from_pixels_point(plumb_point pixels, plumb_size image)
{
    return plumb_roi_normalized_from_pixels_point(pixels, whole, image);
}

plumb_rect plumb_pixels_from_normalized_rect(plumb_rect normalized, plumb_size image)
{
    return plumb_pixels_from_roi_normalized_rect(normalized, whole, image);
}

plumb_rect plumb_normalized_from_pixels_rect(plumb_rect pixels, plumb_size image)
{
    return plumb_roi_normalized_from_pixels_rect(pixels, whole, image);
}

plumb_rect plumb_rect_flip_y(plumb_rect rect, double height)
{
    rect.y = height - (rect.y + rect.height);
    return rect;
}
