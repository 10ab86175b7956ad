/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "qa/detections_io.h"

static void add_box(qa_text *text, const plumb_box *box)
{
    qa_text_add(text, "[");
    qa_text_float(text, box->x0);
    qa_text_add(text, ",");
    qa_text_float(text, box->y0);
    qa_text_add(text, ",");
    qa_text_extent(text, box->x0, box->x1);
    qa_text_add(text, ",");
    qa_text_extent(text, box->y0, box->y1);
    qa_text_add(text, "]");
}

/* [x,y,score] for each point, or one flat list as COCO has it. */
static void add_keypoints(qa_text *text, const qa_detection *d, bool flat)
{
    qa_text_add(text, ",\"keypoints\":[");
    for (size_t i = 0; i < d->keypoint_count; i++) {
        qa_text_add(text, i ? "," : "");
        qa_text_add(text, flat ? "" : "[");
        qa_text_float(text, d->keypoints[i].x);
        qa_text_add(text, ",");
        qa_text_float(text, d->keypoints[i].y);
        qa_text_add(text, ",");
        qa_text_float(text, d->keypoints[i].score);
        qa_text_add(text, flat ? "" : "]");
    }
    qa_text_add(text, "]");
}

static void add_detection(qa_text *text, const qa_detection *d, bool has_angle)
{
    qa_text_format(text, "{\"class\":%d,\"label\":", (int)d->class_id);
    qa_text_json(text, d->label);
    qa_text_add(text, ",\"score\":");
    qa_text_float(text, d->score);
    qa_text_add(text, ",\"box\":");
    add_box(text, &d->box);
    qa_text_format(text, ",\"row\":%d", (int)d->row);
    if (d->keypoint_count > 0)
        add_keypoints(text, d, false);
    if (has_angle) {
        qa_text_add(text, ",\"angle\":");
        qa_text_float(text, d->angle);
    }
    if (d->region_count > 0) {
        qa_text_add(text, ",\"regions\":[");
        for (size_t i = 0; i < d->region_count; i++) {
            if (i > 0)
                qa_text_add(text, ",");
            qa_text_json(text, d->regions[i]);
        }
        qa_text_add(text, "]");
    }
    qa_text_add(text, "}");
}

void qa_write_ndjson(qa_text *text, const qa_frame *frame)
{
    qa_text_add(text, "{\"frame\":");
    qa_text_json(text, frame->name);
    qa_text_format(text, ",\"width\":%d,\"height\":%d,\"orientation\":%d,\"space\":\"%s\"",
                   (int)frame->size.width, (int)frame->size.height, (int)frame->orientation,
                   plumb_space_name(frame->space));
    qa_text_add(text, ",\"detections\":[");
    for (size_t i = 0; i < frame->count; i++) {
        if (i > 0)
            qa_text_add(text, ",");
        add_detection(text, &frame->items[i], frame->has_angle);
    }
    qa_text_add(text, "]}\n");
}

void qa_write_yolo(qa_text *text, const qa_frame *frame)
{
    for (size_t i = 0; i < frame->count; i++) {
        const qa_detection *d = &frame->items[i];
        plumb_rect r = { d->box.x0, d->box.y0, (double)d->box.x1 - d->box.x0,
                         (double)d->box.y1 - d->box.y0 };
        r = plumb_normalized_from_pixels_rect(r, frame->size);
        float numbers[5] = { (float)(r.x + r.width / 2.0), (float)(r.y + r.height / 2.0),
                             (float)r.width, (float)r.height, d->score };
        qa_text_format(text, "%d", (int)d->class_id);
        for (int k = 0; k < 5; k++) {
            qa_text_add(text, " ");
            qa_text_float(text, numbers[k]);
        }
        qa_text_add(text, "\n");
    }
}

/* "000000397133.jpg" is image 397133 of COCO. */
static bool number_of_name(const char *name, unsigned long long *number)
{
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || digits > 15 || (name[digits] != '\0' && name[digits] != '.') ||
        strchr(name, '#'))
        return false;
    *number = 0;
    for (size_t i = 0; i < digits; i++)
        *number = *number * 10 + (unsigned)(name[i] - '0');
    return true;
}

void qa_write_coco(qa_text *text, const qa_frame *frame, size_t position, size_t *written)
{
    unsigned long long id;
    if (!number_of_name(frame->name, &id))
        id = (unsigned long long)position + 1;
    for (size_t i = 0; i < frame->count; i++, ++*written) {
        const qa_detection *d = &frame->items[i];
        qa_text_add(text, *written ? ",\n" : "\n");
        qa_text_format(text, "{\"image_id\":%llu,\"category_id\":%d,\"bbox\":", id,
                       (int)d->class_id);
        add_box(text, &d->box);
        qa_text_add(text, ",\"score\":");
        qa_text_float(text, d->score);
        if (d->keypoint_count > 0)
            add_keypoints(text, d, true);
        qa_text_add(text, ",\"file_name\":");
        qa_text_json(text, frame->name);
        qa_text_add(text, "}");
    }
}

/* Columns on a screen of a UTF-8 text: code points are counted, which is right for labels. */
static int columns_of(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* What rounds to zero is shown without a sign. */
static double shown(double value, bool pixels)
{
    return fabs(value) < (pixels ? 0.05 : 0.00005) ? 0.0 : value;
}

void qa_write_table(qa_text *text, const qa_frame *frame)
{
    bool pixels = frame->space != PLUMB_SPACE_NORMALIZED && frame->space != PLUMB_SPACE_VISION;
    int decimals = pixels ? 1 : 4;
    int label_width = 5;
    for (size_t i = 0; i < frame->count; i++) {
        int width = frame->items[i].label ? columns_of(frame->items[i].label) : 0;
        label_width = width > label_width ? width : label_width;
    }
    qa_text_format(text, "%s  %dx%d, orientation %d, %s, %zu detection%s\n", frame->name,
                   (int)frame->size.width, (int)frame->size.height, (int)frame->orientation,
                   plumb_space_name(frame->space), frame->count, frame->count == 1 ? "" : "s");
    if (frame->count == 0)
        return;
    qa_text_format(text, "  %5s  %-*s  %6s  %9s %9s %9s %9s  %7s%s\n", "class", label_width,
                   "label", "score", "x", "y", "w", "h", "row", "  regions");
    for (size_t i = 0; i < frame->count; i++) {
        const qa_detection *d = &frame->items[i];
        const char *label = d->label ? d->label : "-";
        qa_text_format(text, "  %5d  %s%*s  %6.4f  %9.*f %9.*f %9.*f %9.*f  %7d", (int)d->class_id,
                       label, label_width - columns_of(label), "", d->score, decimals,
                       shown(d->box.x0, pixels), decimals, shown(d->box.y0, pixels), decimals,
                       d->box.x1 - d->box.x0, decimals, d->box.y1 - d->box.y0, (int)d->row);
        for (size_t r = 0; r < d->region_count; r++)
            qa_text_format(text, "%s%s", r ? ", " : "  ", d->regions[r]);
        qa_text_add(text, "\n");
    }
}
