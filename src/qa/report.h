/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTML report of a replay or a comparison: one file that needs no network and no other file. Each frame is
 * its picture with layers of SVG over it: expected, got, regions, dropped with the reason. The
 * invariant: names and labels are data, whatever characters they hold.
 */
#ifndef QA_REPORT_H
#define QA_REPORT_H

#include "qa/compare.h"
#include "qa/outcome.h"
#include "qa/overlay.h"

typedef struct qa_report_frame {
    const qa_frame *expected, *got;  /* one may be NULL; UPRIGHT, NORMALIZED or VISION space */
    const qa_comparison *comparison; /* NULL where one is */
    const qa_overlay_region *regions;
    size_t region_count;
    const qa_overlay_drop *drops;
    size_t drop_count;
    const void *picture; /* a JPEG or PNG file of the upright frame; NULL: none */
    size_t picture_size;
    bool picture_is_png;
} qa_report_frame;

/* The figure of one frame; nothing for a frame whose size is not known. */
void qa_report_add_frame(qa_text *text, const qa_report_frame *frame);

typedef struct qa_report_entry {
    qa_outcome outcome;
    const char *figure; /* from qa_report_add_frame; NULL: only a line in the table */
} qa_report_entry;

/* The whole page. Sorts `entries`, the worst first. */
void qa_report_write(qa_text *text, const char *title, qa_report_entry *entries, size_t count);

#endif
