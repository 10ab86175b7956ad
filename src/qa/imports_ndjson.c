/* SPDX-License-Identifier: Apache-2.0
 *
 * NDJSON, one frame a line. Origin and unit: by "space", upright pixels from the top left where it
 * is left out; "normalized" 0..1 from the top left; "vision" 0..1 from the LOWER left, y the lower
 * edge. Unlike qa_parse_frames this takes what a faulty app writes: classes below 0, sizes below 0,
 * no scores.
 */
#include <math.h>
#include <string.h>

#include "base/diag.h"
#include "qa/imports_json.h"

static plumb_status read_box(const json_t *object, size_t index, plumb_space space,
                             qa_import *import, qa_import_frame *frame, plumb_diag *diag)
{
    plumb_rect r;
    double score;
    int32_t class_id;
    const char *field = NULL;
    if (!qa_json_rect(json_object_get(object, "box"), &r))
        field = "box";
    else if (!qa_json_number(object, "score", NAN, &score))
        field = "score";
    else if (!qa_json_int32(object, "class", QA_NO_CLASS, &class_id))
        field = "class";
    if (field)
        return plumb_fail_at(diag, PLUMB_E_VALUE, "detections", index, field,
                             strcmp(field, "box") == 0 ? "has to be four numbers x, y, w, h"
                                                       : "has to be a number");
    if (space == PLUMB_SPACE_VISION)
        r.y = 1.0 - (r.y + r.height);
    const char *label = json_string_value(json_object_get(object, "label"));
    return qa_import_add_box(import, frame, r, score, class_id, label, diag) ? PLUMB_OK
                                                                             : PLUMB_E_NOMEM;
}

static plumb_status read_frame(const json_t *object, qa_import *import, plumb_diag *diag)
{
    const char *name = json_string_value(json_object_get(object, "frame"));
    const json_t *list = json_object_get(object, "detections");
    const json_t *named = json_object_get(object, "space");
    plumb_space space = PLUMB_SPACE_UPRIGHT;
    if (!name || !*name)
        return plumb_fail(diag, PLUMB_E_VALUE, "frame", "has to be the name of a frame");
    if (!json_is_array(list))
        return plumb_fail(diag, PLUMB_E_VALUE, "detections", "has to be a list");
    if (named && !plumb_space_parse(json_string_value(named), &space))
        return plumb_fail(diag, PLUMB_E_VALUE, "space", "has to be upright, normalized or vision");
    if (space != PLUMB_SPACE_UPRIGHT && space != PLUMB_SPACE_NORMALIZED &&
        space != PLUMB_SPACE_VISION)
        return plumb_fail(diag, PLUMB_E_SPACE, "space",
                          "boxes in %s space cannot be compared with the truth; give upright, "
                          "normalized or vision",
                          plumb_space_name(space));
    qa_import_frame *frame = qa_import_add_frame(import, name, diag);
    if (!frame)
        return PLUMB_E_NOMEM;
    frame->normalized = space != PLUMB_SPACE_UPRIGHT;
    plumb_status status = qa_json_size(object, "width", "height", &frame->size, diag);
    for (size_t i = 0; i < json_array_size(list) && !status; i++)
        status = read_box(json_array_get(list, i), i, space, import, frame, diag);
    return status;
}

plumb_status qa_import_ndjson(const char *data, size_t size, qa_import *import, plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    import->complete = true;
    for (uint32_t line = 1; size > 0 && !status; line++) {
        const char *newline = memchr(data, '\n', size);
        size_t length = newline ? (size_t)(newline - data) : size;
        if (strspn(data, " \t\r") < length) {
            json_t *object;
            status = qa_json_open(data, length, &object, diag);
            if (!status) {
                status = read_frame(object, import, diag);
                json_decref(object);
            }
            if (status)
                diag->line = line;
        }
        length += newline != NULL;
        data += length;
        size -= length;
    }
    return status;
}
