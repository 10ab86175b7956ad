/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "qa/frame_name.h"
#include "qa/suite.h"

const char *qa_suite_output_name(const plumb_tensor *output, size_t index, char room[32])
{
    if (output->name && output->name[0])
        return output->name;
    snprintf(room, 32, "output%zu", index);
    return room;
}

void qa_suite_add_output_line(qa_text *text, const plumb_tensor *output, size_t index)
{
    char room[32];
    qa_encode_output_name(text, qa_suite_output_name(output, index, room));
    qa_text_add(text, " ");
    qa_text_float(text, output->quantization.scale);
    qa_text_format(text, " %d\n", (int)output->quantization.zero_point);
}

void qa_suite_add_tensor_line(qa_text *text, uint64_t hash, const char *frame)
{
    qa_text_format(text, "%016" PRIx64 " %s\n", hash, frame);
}

/* Elements in row-major order, whatever the strides. */
static void copy_elements(const plumb_tensor *tensor, uint8_t *to)
{
    size_t size = plumb_dtype_size(tensor->dtype);
    int64_t index[PLUMB_MAX_RANK] = { 0 }, count = plumb_tensor_elements(tensor);
    for (int64_t i = 0; i < count; i++, to += size) {
        int64_t offset = 0;
        for (int32_t axis = 0; axis < tensor->rank; axis++)
            offset += index[axis] * tensor->strides[axis];
        memcpy(to, (const uint8_t *)tensor->data + offset, size);
        for (int32_t axis = tensor->rank - 1; axis >= 0; axis--) {
            if (++index[axis] < tensor->shape[axis])
                break;
            index[axis] = 0;
        }
    }
}

plumb_status qa_tensor_npy(const plumb_tensor *tensor, qa_bytes *file, plumb_diag *diag)
{
    plumb_tensor dense = *tensor;
    plumb_status status = plumb_tensor_validate(&dense, diag);
    if (status)
        return status;
    char header[512];
    size_t header_size, bytes, total;
    status = plumb_npy_header(&dense, header, sizeof(header), &header_size);
    if (status)
        return plumb_fail(diag, status, "tensor", "cannot be written as .npy");
    if (!plumb_mul_size((size_t)plumb_tensor_elements(&dense), plumb_dtype_size(dense.dtype),
                        &bytes) ||
        !plumb_add_size(bytes, header_size, &total))
        return plumb_fail(diag, PLUMB_E_LIMIT, "tensor", "is too large");
    status = qa_bytes_reserve(file, total, diag);
    if (status)
        return status;
    memcpy(file->data, header, header_size);
    if (bytes > 0 && plumb_tensor_is_dense(&dense))
        memcpy(file->data + header_size, dense.data, bytes);
    else
        copy_elements(&dense, file->data + header_size);
    file->size = total;
    return PLUMB_OK;
}
