/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Set where a detection is missing, extra or changed. */
static bool is_marked(const qa_comparison *comparison, ptrdiff_t index, bool expected)
{
    for (size_t i = 0; comparison && i < comparison->count; i++)
        if ((expected ? comparison->items[i].expected : comparison->items[i].got) == index)
            return true;
    return false;
}

/* Each box is a group whose title the browser shows under the pointer. */
static void add_boxes(qa_text *text, const qa_frame *frame, const qa_comparison *comparison,
                      bool expected, double font)
{
    qa_text_format(text, "<g class=\"%s\">", expected ? "expected" : "got");
    for (size_t i = 0; frame && i < frame->count; i++) {
        const qa_detection *d = &frame->items[i];
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
        add_rect(text, &d->box, d->angle);
        qa_text_add(text, "<text x=\"");
        add_coordinate(text, d->box.x0 + font * 0.2);
        qa_text_add(text, "\" y=\"");
        /* Over the box for what is expected, inside it for what was got; never off the picture. */
        double y = expected ? d->box.y0 - font * 0.3 : d->box.y0 + font;
        add_coordinate(text, fmax(y, font));
        qa_text_format(text, "\" font-size=\"%.1f\">", font);
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
        qa_text_format(text, "\" font-size=\"%.1f\">", font * 0.9);
        qa_add_escaped(text, region->name);
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

static void add_notes(qa_text *text, const qa_outcome *outcome)
{
    if (outcome->note_count == 0)
        return;
    qa_text_add(text, "<ul>");
    for (size_t i = 0; i < outcome->note_count; i++) {
        qa_text_add(text, "<li>");
        qa_add_escaped(text, outcome->notes[i]);
        qa_text_add(text, "</li>");
    }
    qa_text_add(text, "</ul>");
}

void qa_report_add_frame(qa_text *text, const qa_report_frame *f)
{
    const qa_frame *shown = f->got ? f->got : f->expected;
    double longer = fmax(shown->size.width, shown->size.height), font = fmax(longer / 45.0, 8.0);
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
}

static int worst_first(const void *a, const void *b)
{
    const qa_outcome *first = &((const qa_report_entry *)a)->outcome;
    const qa_outcome *second = &((const qa_report_entry *)b)->outcome;
    if (first->verdict != second->verdict)
        return (int)second->verdict - (int)first->verdict;
    if (first->badness != second->badness)
        return first->badness > second->badness ? -1 : 1;
    int order = strcmp(first->suite, second->suite);
    return order ? order : strcmp(first->frame, second->frame);
}

static const char page_style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--line:#8884;--bad:#d3362c;--good:#2a8f4d}\n"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1.2rem}\n"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:0 0 .4rem}\n"
    ".sum{margin:.3rem 0 1rem}.sum b{font-size:1.15rem}.bad{color:var(--bad)}.good{color:"
    "var(--good)}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left}\n"
    "td.n,th.n{text-align:right}a{color:inherit}\n"
    "nav{position:sticky;top:0;z-index:1;background:Canvas;border-bottom:1px solid var(--line);"
    "padding:.5rem 0;margin:1rem 0;display:flex;gap:1.1rem;flex-wrap:wrap}\n"
    "nav label{cursor:pointer;display:flex;gap:.35rem;align-items:center}\n"
    "i{display:inline-block;width:1.5rem;height:0;border-top:3px solid}\n"
    ".ie{border-top-style:dashed;color:#1fc16b}.ig{color:#2f8cff}.ir{color:#f0b400}"
    ".id{border-top-style:dotted;color:#999}\n"
    "section{margin:0 0 2rem;scroll-margin-top:3.5rem}\n"
    "svg{width:100%;max-height:85vh;background:#222;display:block}\n"
    "svg rect,svg polygon{fill:none;stroke-width:2.5;vector-effect:non-scaling-stroke;"
    "pointer-events:all}\n"
    "svg text{paint-order:stroke;stroke:#000;stroke-width:3px;stroke-linejoin:round;fill:#fff}\n"
    "g.expected rect{stroke:#1fc16b;stroke-dasharray:9 6}g.expected text{fill:#8ff0b8}\n"
    "g.got rect{stroke:#2f8cff}g.got text{fill:#b5d7ff}\n"
    "g.expected g.off rect{stroke:#ff9d1f;stroke-width:4}g.got g.off rect{stroke:#ff4b3e;"
    "stroke-width:4}\n"
    "g.expected g.off text{fill:#ffc98a}g.got g.off text{fill:#ffa69f}\n"
    "g.regions polygon{stroke:#f0b400;fill:#f0b40033}g.regions text{fill:#ffe08a}\n"
    "g.dropped rect{stroke:#ddd;stroke-width:1.2;stroke-dasharray:2 4}"
    "g.dropped g.off rect{stroke:#ff7a6b;stroke-width:2}\n"
    "body.no-e g.expected,body.no-g g.got,body.no-r g.regions,body.no-d g.dropped"
    "{display:none}\n"
    "ul{margin:.5rem 0}li{font-family:ui-monospace,monospace;font-size:.85rem}\n"
    "</style>\n";

static const char page_toggles[] =
    "<nav>"
    "<label><input type=\"checkbox\" checked data-c=\"no-e\"><i class=\"ie\"></i>expected</label>"
    "<label><input type=\"checkbox\" checked data-c=\"no-g\"><i class=\"ig\"></i>got</label>"
    "<label><input type=\"checkbox\" checked data-c=\"no-r\"><i class=\"ir\"></i>regions</label>"
    "<label><input type=\"checkbox\" checked data-c=\"no-d\"><i class=\"id\"></i>dropped</label>"
    "<span>changed boxes are thick: orange expected, red got</span></nav>\n";

static const char page_script[] = "<script>\n"
                                  "for(const box of document.querySelectorAll('nav input'))\n"
                                  "  box.addEventListener('change',()=>"
                                  "document.body.classList.toggle(box.dataset.c,!box.checked));\n"
                                  "</script>\n";

static void add_summary(qa_text *text, const char *title, const qa_report_entry *entries,
                        size_t count)
{
    size_t counts[3] = { 0 };
    for (size_t i = 0; i < count; i++)
        counts[entries[i].outcome.verdict]++;
    qa_text_add(text, "<h1>");
    qa_add_escaped(text, title);
    qa_text_format(text,
                   "</h1>\n<p class=\"sum\"><b class=\"%s\">%zu of %zu frames as expected</b>, "
                   "%zu different, %zu failed</p>\n",
                   counts[QA_SAME] == count ? "good" : "bad", counts[QA_SAME], count,
                   counts[QA_DIFFERENT], counts[QA_FAILED]);
}

static void add_table(qa_text *text, const qa_report_entry *entries, size_t count)
{
    qa_text_add(text, "<table><thead><tr><th>frame</th><th>suite</th><th>result</th>"
                      "<th class=\"n\">expected</th><th class=\"n\">got</th>"
                      "<th class=\"n\">worst IoU</th><th class=\"n\">worst score change</th>"
                      "<th class=\"n\">badness</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < count; i++) {
        const qa_outcome *o = &entries[i].outcome;
        qa_text_format(text, "<tr><td><a href=\"#f%zu\">", i);
        qa_add_escaped(text, o->frame);
        qa_text_add(text, "</a></td><td>");
        qa_add_escaped(text, o->suite);
        qa_text_format(text,
                       "</td><td class=\"%s\">%s</td><td class=\"n\">%zu</td><td "
                       "class=\"n\">%zu</td><td class=\"n\">%.4f</td><td class=\"n\">%.4f</td>"
                       "<td class=\"n\">%.3f</td></tr>\n",
                       o->verdict == QA_SAME ? "good" : "bad", qa_verdict_name(o->verdict),
                       o->expected, o->got, o->worst_iou, o->worst_score, o->badness);
    }
    qa_text_add(text, "</tbody></table>\n");
}

void qa_report_write(qa_text *text, const char *title, qa_report_entry *entries, size_t count)
{
    if (count > 0)
        qsort(entries, count, sizeof(*entries), worst_first);
    qa_text_add(text, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    qa_add_escaped(text, title);
    qa_text_add(text, "</title>\n");
    qa_text_add(text, page_style);
    qa_text_add(text, "</head><body>\n");
    add_summary(text, title, entries, count);
    add_table(text, entries, count);
    qa_text_add(text, page_toggles);
    for (size_t i = 0; i < count; i++) {
        const qa_outcome *o = &entries[i].outcome;
        qa_text_format(text, "<section id=\"f%zu\"><h2>", i);
        qa_add_escaped(text, o->suite);
        qa_text_add(text, "/");
        qa_add_escaped(text, o->frame);
        qa_text_format(text, " <span class=\"%s\">%s</span></h2>",
                       o->verdict == QA_SAME ? "good" : "bad", qa_verdict_name(o->verdict));
        if (entries[i].figure)
            qa_text_add(text, entries[i].figure);
        add_notes(text, o);
        qa_text_add(text, "</section>\n");
    }
    qa_text_add(text, page_script);
    qa_text_add(text, "</body></html>\n");
}
