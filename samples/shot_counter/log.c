/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

bool log_frame(FILE *file, const char *name, plumb_size upright, const plumb_detections *detections)
{
    fprintf(file,
            "{\"frame\":\"%s\",\"width\":%d,\"height\":%d,\"space\":\"upright\",\"detections\":[",
            name, (int)upright.width, (int)upright.height);
    for (size_t i = 0; i < detections->count; i++) {
        const plumb_detection *d = &detections->items[i];
        fprintf(file, "%s{\"class\":%d,\"score\":%.4f,\"box\":[%.2f,%.2f,%.2f,%.2f],\"row\":%d}",
                i ? "," : "", (int)d->class_id, (double)d->score, (double)d->box.x0,
                (double)d->box.y0, (double)d->box.x1 - (double)d->box.x0,
                (double)d->box.y1 - (double)d->box.y0, (int)d->row);
    }
    return fputs("]}\n", file) >= 0 && !ferror(file);
}
