/* SPDX-License-Identifier: Apache-2.0
 *
 * True and observed boxes in the formats people have them in. The invariant: what comes out is in
 * upright pixels with the origin at the top left and x, y the corner with the smaller coordinates,
 * as the file means it; faults of who wrote the file are kept, not mended, since finding them is
 * what the doctor is for.
 *
 *     format    file                               origin and unit in the file
 *     ndjson    one object a line, as `run` gives  by its "space": upright pixels or normalized from
 *                                                  the top left; vision: normalized, lower left
 *     coco      instances, or an array of results  x, y, w, h in pixels, top left
 *     yolo      .txt, or a folder of them          class cx cy w h [score], normalized, top left
 *     labelme   .json, or a folder of them         corner points in pixels, top left
 *     cvat      .xml (images 1.1)                  xtl ytl xbr ybr in pixels, top left
 */
#ifndef QA_IMPORTS_H
#define QA_IMPORTS_H

#include "plumbline/geometry.h"
#include "qa/doctor.h"
#include "qa/pool.h"

typedef enum qa_import_format {
    QA_IMPORT_AUTO = 0,
    QA_IMPORT_NDJSON,
    QA_IMPORT_COCO,
    QA_IMPORT_YOLO,
    QA_IMPORT_LABELME,
    QA_IMPORT_CVAT,
} qa_import_format;

const char *qa_import_format_name(qa_import_format format);
bool qa_import_format_parse(const char *name, qa_import_format *format);

typedef struct qa_import_box {
    plumb_rect rect;
    double score;      /* NaN where the file has none */
    int32_t class_id;  /* QA_NO_CLASS where the file has names only */
    const char *label; /* NULL where the file has none */
} qa_import_box;

typedef struct qa_import_frame {
    const char *name; /* of the picture; may carry a folder and an ending */
    int64_t id;       /* COCO image id, -1 elsewhere */
    plumb_size size;  /* upright; 0x0 where the file does not say */
    bool normalized;  /* rectangles are in 0..1 until the size is known */
    qa_import_box *boxes;
    size_t count, capacity;
} qa_import_frame;

typedef struct qa_import {
    qa_import_format format;
    bool complete; /* frames without boxes are listed too */
    qa_import_frame *frames;
    size_t count, capacity;
    qa_pool pool; /* of the texts */
} qa_import;

/* Read a file or a folder. Errors name the file, the line where there is one, and what was
 * expected: PLUMB_E_IO, PLUMB_E_SYNTAX, PLUMB_E_VALUE (also for a file without any frame),
 * PLUMB_E_SPACE, PLUMB_E_LIMIT, PLUMB_E_NOMEM. On an error `import` is empty. */
PLUMB_NODISCARD plumb_status qa_import_read(const char *path, qa_import_format format,
                                            qa_import *import, plumb_diag *diag);
void qa_import_release(qa_import *import);

/* --- for the readers of each format; `data` is the whole file and ends with a zero byte --- */

PLUMB_NODISCARD plumb_status qa_import_ndjson(const char *data, size_t size, qa_import *import,
                                              plumb_diag *diag);
PLUMB_NODISCARD plumb_status qa_import_coco(const char *data, size_t size, qa_import *import,
                                            plumb_diag *diag);
PLUMB_NODISCARD plumb_status qa_import_labelme(const char *data, size_t size, const char *name,
                                               qa_import *import, plumb_diag *diag);
PLUMB_NODISCARD plumb_status qa_import_yolo(const char *data, size_t size, const char *name,
                                            qa_import *import, plumb_diag *diag);
PLUMB_NODISCARD plumb_status qa_import_cvat(const char *data, size_t size, qa_import *import,
                                            plumb_diag *diag);

/* A new frame with a copy of `name`; NULL after PLUMB_E_NOMEM in `diag`. It stays in place until
 * the next one is added. */
qa_import_frame *qa_import_add_frame(qa_import *import, const char *name, plumb_diag *diag);

/* False after PLUMB_E_NOMEM. `label` is copied, NULL is kept. */
bool qa_import_add_box(qa_import *import, qa_import_frame *frame, plumb_rect rect, double score,
                       int32_t class_id, const char *label, plumb_diag *diag);

#endif
