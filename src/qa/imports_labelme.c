/* SPDX-License-Identifier: Apache-2.0
 *
 * LabelMe, one document a picture. Origin and unit: points in pixels of the picture from the top
 * left. A rectangle has two opposite corners in any order; other shapes give their bounding box.
 */
#include <math.h>

#include "base/diag.h"
#include "qa/imports_json.h"

static bool bounds(const json_t *points, plumb_rect *rect)
{
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *x = json_array_get(json_array_get(points, i), 0);
        const json_t *y = json_array_get(json_array_get(points, i), 1);
        if (!json_is_number(x) || !json_is_number(y))
            return false;
        x0 = fmin(x0, json_number_value(x));
        x1 = fmax(x1, json_number_value(x));
        y0 = fmin(y0, json_number_value(y));
        y1 = fmax(y1, json_number_value(y));
    }
    *rect = (plumb_rect){ x0, y0, x1 - x0, y1 - y0 };
    return json_array_size(points) >= 2;
}

static plumb_status read_document(const json_t *root, const char *name, qa_import *import,
                                  plumb_diag *diag)
{
    const json_t *shapes = json_object_get(root, "shapes");
    const char *picture = json_string_value(json_object_get(root, "imagePath"));
    if (!json_is_array(shapes))
        return plumb_fail(diag, PLUMB_E_VALUE, "shapes",
                          "a LabelMe document needs a list of shapes");
    qa_import_frame *frame =
        qa_import_add_frame(import, picture && *picture ? picture : name, diag);
    if (!frame)
        return PLUMB_E_NOMEM;
    plumb_status status = qa_json_size(root, "imageWidth", "imageHeight", &frame->size, diag);
    for (size_t i = 0; i < json_array_size(shapes) && !status; i++) {
        const json_t *shape = json_array_get(shapes, i);
        const char *label = json_string_value(json_object_get(shape, "label"));
        plumb_rect r;
        if (!bounds(json_object_get(shape, "points"), &r))
            status = plumb_fail_at(diag, PLUMB_E_VALUE, "shapes", i, "points",
                                   "has to be two or more points [x, y]");
        else if (!qa_import_add_box(import, frame, r, NAN, QA_NO_CLASS, label ? label : "", diag))
            status = PLUMB_E_NOMEM;
    }
    return status;
}

plumb_status qa_import_labelme(const char *data, size_t size, const char *name, qa_import *import,
                               plumb_diag *diag)
{
    json_t *root;
    plumb_status status = qa_json_open(data, size, &root, diag);
    if (status)
        return status;
    import->complete = true;
    status = read_document(root, name, import, diag);
    json_decref(root);
    return status;
}
