/* SPDX-License-Identifier: Apache-2.0
 *
 * YOLO text, one file a picture, one box a line: class cx cy w h [score]. Origin and unit: centre
 * and size, normalized 0..1 to the picture, from the top left. The picture's size is not in the
 * file: it comes from the other side or from --size.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "qa/imports.h"

/* Numbers of one line; returns how many, -1 for anything that is none. */
static int read_numbers(const char *line, const char *end, double numbers[6])
{
    int count = 0;
    while (line < end) {
        size_t blank = strspn(line, " \t\r");
        line += blank;
        if (line >= end || *line == '\n')
            break;
        char *after;
        double number = strtod(line, &after);
        if (after == line || after > end || count == 6)
            return -1;
        numbers[count++] = number;
        line = after;
    }
    return count;
}

static plumb_status read_line(const char *line, const char *end, qa_import *import,
                              qa_import_frame *frame, plumb_diag *diag)
{
    double n[6];
    int count = read_numbers(line, end, n);
    if (count == 0)
        return PLUMB_OK;
    if (count < 5 || !(fabs(n[0]) < 1e9) || n[0] != floor(n[0]))
        return plumb_fail(diag, PLUMB_E_SYNTAX, "",
                          "a line has to be: class cx cy w h, and a score where there is one");
    plumb_rect r = { n[1] - n[3] / 2.0, n[2] - n[4] / 2.0, n[3], n[4] };
    return qa_import_add_box(import, frame, r, count == 6 ? n[5] : NAN, (int32_t)n[0], NULL, diag)
               ? PLUMB_OK
               : PLUMB_E_NOMEM;
}

plumb_status qa_import_yolo(const char *data, size_t size, const char *name, qa_import *import,
                            plumb_diag *diag)
{
    qa_import_frame *frame = qa_import_add_frame(import, name, diag);
    if (!frame)
        return PLUMB_E_NOMEM;
    frame->normalized = true;
    const char *end = data + size;
    for (uint32_t line = 1; data < end; line++) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *stop = newline ? newline : end;
        plumb_status status = read_line(data, stop, import, frame, diag);
        if (status) {
            diag->line = line;
            return status;
        }
        data = newline ? newline + 1 : end;
    }
    return PLUMB_OK;
}
