/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/imports_json.h"

#include <math.h>

#include "base/diag.h"

plumb_status qa_json_open(const char *data, size_t size, json_t **root, plumb_diag *diag)
{
    json_error_t error;
    *root = json_loadb(data, size, 0, &error);
    if (*root)
        return PLUMB_OK;
    plumb_status status = plumb_fail(diag, PLUMB_E_SYNTAX, "", "%s", error.text);
    diag->line = error.line > 0 ? (uint32_t)error.line : 0;
    diag->column = error.column > 0 ? (uint32_t)error.column : 0;
    return status;
}

bool qa_json_rect(const json_t *array, plumb_rect *rect)
{
    double numbers[4];
    if (!json_is_array(array) || json_array_size(array) != 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_number(value))
            return false;
        numbers[i] = json_number_value(value);
    }
    *rect = (plumb_rect){ numbers[0], numbers[1], numbers[2], numbers[3] };
    return true;
}

bool qa_json_number(const json_t *object, const char *key, double missing, double *number)
{
    const json_t *value = json_object_get(object, key);
    *number = missing;
    if (!value || json_is_null(value))
        return true;
    *number = json_number_value(value);
    return json_is_number(value);
}

bool qa_json_int32(const json_t *object, const char *key, int32_t missing, int32_t *number)
{
    double value;
    if (!qa_json_number(object, key, missing, &value) || value != floor(value) || fabs(value) > 1e9)
        return false;
    *number = (int32_t)value;
    return true;
}

plumb_status qa_json_size(const json_t *object, const char *width, const char *height,
                          plumb_size *size, plumb_diag *diag)
{
    if (!qa_json_int32(object, width, 0, &size->width) || size->width < 1 ||
        size->width > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_VALUE, width, "has to be 1..%d pixels", PLUMB_MAX_SIDE);
    if (!qa_json_int32(object, height, 0, &size->height) || size->height < 1 ||
        size->height > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_VALUE, height, "has to be 1..%d pixels", PLUMB_MAX_SIDE);
    return PLUMB_OK;
}
