/* SPDX-License-Identifier: Apache-2.0
 *
 * One frame of the report: its picture under layers of SVG.
 */
#include "qa/report.h"

#include <math.h>
#include <string.h>

#define MOST_SHOWN 32 /* characters of a name on the picture */

static void add_base64(qa_text *text, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char group[4];
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)data[i] << 16;
        if (i + 1 < size)
            bits |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < size)
            bits |= data[i + 2];
        for (int k = 0; k < 4; k++)
            group[k] = digits[bits >> (18 - 6 * k) & 63];
        if (i + 1 >= size)
            group[2] = '=';
        if (i + 2 >= size)
            group[3] = '=';
        qa_text_bytes(text, group, 4);
    }
}

/* A number for SVG: a tenth of a pixel is enough to look at. */
static void add_coordinate(qa_text *text, double value)
{
    qa_text_format(text, "%.1f", isfinite(value) ? fmin(fmax(value, -1e5), 1e5) : 0.0);
}

static void add_rect(qa_text *text, const plumb_box *box, double angle)
{
    double cx = ((double)box->x0 + box->x1) / 2.0, cy = ((double)box->y0 + box->y1) / 2.0;
    qa_text_add(text, "<rect x=\"");
    add_coordinate(text, box->x0);
    qa_text_add(text, "\" y=\"");
    add_coordinate(text, box->y0);
    qa_text_add(text, "\" width=\"");
    add_coordinate(text, (double)box->x1 - box->x0);
    qa_text_add(text, "\" height=\"");
    add_coordinate(text, (double)box->y1 - box->y0);
    if (angle != 0.0)
        qa_text_format(text, "\" transform=\"rotate(%.3f %.1f %.1f)", angle * 57.295779513082320877,
                       cx, cy);
    qa_text_add(text, "\"/>");
}

static void add_label(qa_text *text, const qa_detection *d)
{
    if (d->label)
        qa_add_escaped(text, d->label);
    else
        qa_text_format(text, "class %d", (int)d->class_id);
}

/* A name on the picture: its title has the whole. */
static void add_short(qa_text *text, const char *name)
{
    char cut[MOST_SHOWN * 4 + 1];
    size_t used = 0, shown = 0;
    for (; name[used] && shown < MOST_SHOWN; shown++) {
        size_t length = qa_utf8_length((const unsigned char *)name + used);
        length = length ? length : 1;
        memcpy(cut + used, name + used, length);
        used += length;
    }
    cut[used] = '\0';
    qa_add_escaped(text, cut);
    if (name[used])
        qa_text_add(text, "\xe2\x80\xa6");
}

/* Set where a detection is missing, extra or changed. */
static bool is_marked(const qa_comparison *comparison, ptrdiff_t index, bool expected)
{
    for (size_t i = 0; comparison && i < comparison->count; i++)
        if ((expected ? comparison->items[i].expected : comparison->items[i].got) == index)
            return true;
    return false;
}

/* The box in upright pixels; false for spaces that only a mapping leads out of. */
static bool upright_box(const qa_frame *frame, const plumb_box *box, plumb_box *upright)
{
    float w = (float)frame->size.width, h = (float)frame->size.height;
    *upright = *box;
    if (frame->space == PLUMB_SPACE_UPRIGHT)
        return true;
    if (frame->space != PLUMB_SPACE_NORMALIZED && frame->space != PLUMB_SPACE_VISION)
        return false;
    bool lower = frame->space == PLUMB_SPACE_VISION;
    upright->x0 = box->x0 * w;
    upright->x1 = box->x1 * w;
    upright->y0 = (lower ? 1.0f - box->y1 : box->y0) * h;
    upright->y1 = (lower ? 1.0f - box->y0 : box->y1) * h;
    return true;
}

/* Each box is a group whose title the browser shows under the pointer. */
static void add_boxes(qa_text *text, const qa_frame *frame, const qa_comparison *comparison,
                      bool expected, double font)
{
    qa_text_format(text, "<g class=\"%s\">", expected ? "expected" : "got");
    for (size_t i = 0; frame && i < frame->count; i++) {
        const qa_detection *d = &frame->items[i];
        plumb_box box;
        if (!upright_box(frame, &d->box, &box))
            continue;
        bool marked = is_marked(comparison, (ptrdiff_t)i, expected);
        qa_text_format(text, "<g%s><title>%s: ", marked ? " class=\"off\"" : "",
                       expected ? "expected" : "got");
        add_label(text, d);
        qa_text_format(text, " %.4f, row %d", (double)d->score, (int)d->row);
        for (size_t r = 0; r < d->region_count; r++) {
            qa_text_add(text, ", region ");
            qa_add_escaped(text, d->regions[r]);
        }
        qa_text_add(text, "</title>");
        add_rect(text, &box, d->angle);
        qa_text_add(text, "<text x=\"");
        add_coordinate(text, box.x0 + font * 0.2);
        qa_text_add(text, "\" y=\"");
        /* Over the box for what is expected, inside it for what was got; never off the picture. */
        double y = expected ? box.y0 - font * 0.3 : box.y0 + font;
        add_coordinate(text, fmax(y, font));
        qa_text_format(text, "\" font-size=\"%.3g\">", font);
        if (d->label)
            add_short(text, d->label);
        else
            add_label(text, d);
        qa_text_format(text, " %.2f</text></g>", (double)d->score);
    }
    qa_text_add(text, "</g>\n");
}

static void add_regions(qa_text *text, const qa_report_frame *f, double font)
{
    qa_text_add(text, "<g class=\"regions\">");
    for (size_t i = 0; i < f->region_count; i++) {
        const qa_overlay_region *region = &f->regions[i];
        if (region->count < 3)
            continue;
        qa_text_add(text, "<g><title>region ");
        qa_add_escaped(text, region->name);
        qa_text_add(text, "</title><polygon points=\"");
        for (size_t k = 0; k < region->count; k++) {
            add_coordinate(text, region->outline[k].x);
            qa_text_add(text, ",");
            add_coordinate(text, region->outline[k].y);
            qa_text_add(text, " ");
        }
        qa_text_add(text, "\"/><text x=\"");
        add_coordinate(text, region->outline[0].x);
        qa_text_add(text, "\" y=\"");
        add_coordinate(text, fmax(region->outline[0].y, font));
        qa_text_format(text, "\" font-size=\"%.3g\">", font * 0.9);
        add_short(text, region->name);
        qa_text_add(text, "</text></g>");
    }
    qa_text_add(text, "</g>\n");
}

static void add_drops(qa_text *text, const qa_report_frame *f)
{
    qa_text_add(text, "<g class=\"dropped\">");
    for (size_t i = 0; i < f->drop_count; i++) {
        const qa_overlay_drop *drop = &f->drops[i];
        qa_text_format(text, "<g%s><title>%s, score %.4f", drop->region ? " class=\"off\"" : "",
                       plumb_fate_name(drop->fate), (double)drop->score);
        if (drop->region) {
            qa_text_add(text, ", region ");
            qa_add_escaped(text, drop->region);
        }
        qa_text_add(text, "</title>");
        add_rect(text, &drop->box, 0.0);
        qa_text_add(text, "</g>");
    }
    qa_text_add(text, "</g>\n");
}

/* How many were dropped for which reason, in words under the picture. */
static void add_reasons(qa_text *text, const qa_report_frame *f)
{
    size_t counts[PLUMB_FATE_COUNT] = { 0 };
    for (size_t i = 0; i < f->drop_count; i++)
        counts[f->drops[i].fate]++;
    qa_text_add(text, "<p class=\"dropped\">dropped:");
    const char *comma = " ";
    for (int fate = 0; fate < PLUMB_FATE_COUNT; fate++) {
        if (counts[fate] == 0)
            continue;
        qa_text_format(text, "%s%zu %s", comma, counts[fate], plumb_fate_name((plumb_fate)fate));
        comma = ", ";
    }
    qa_text_add(text, "</p>\n");
}

void qa_report_add_frame(qa_text *text, const qa_report_frame *f)
{
    const qa_frame *shown = f->got ? f->got : f->expected;
    if (shown->size.width < 1 || shown->size.height < 1)
        return;
    double longer = fmax(shown->size.width, shown->size.height), font = longer / 45.0;
    qa_text_format(text, "<svg viewBox=\"0 0 %d %d\" style=\"aspect-ratio:%d/%d\">",
                   (int)shown->size.width, (int)shown->size.height, (int)shown->size.width,
                   (int)shown->size.height);
    if (f->picture) {
        qa_text_format(text,
                       "<image width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" "
                       "href=\"data:image/%s;base64,",
                       (int)shown->size.width, (int)shown->size.height,
                       f->picture_is_png ? "png" : "jpeg");
        add_base64(text, f->picture, f->picture_size);
        qa_text_add(text, "\"/>\n");
    }
    add_regions(text, f, font);
    add_drops(text, f);
    add_boxes(text, f->expected, f->comparison, true, font);
    add_boxes(text, f->got, f->comparison, false, font);
    qa_text_add(text, "</svg>");
    if (f->drop_count > 0)
        add_reasons(text, f);
}
