/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading .npy files: every element is inside the file, and writing the header again and reading
 * that gives the same tensor.
 */
#include "fuzz.h"

#include "plumbline/tensor.h"

static void round_trip(const plumb_tensor *tensor, size_t bytes)
{
    uint8_t header[4096];
    size_t size = 0;
    FUZZ_REQUIRE(plumb_npy_header(tensor, header, sizeof(header), &size) == PLUMB_OK);
    FUZZ_REQUIRE(size <= sizeof(header) && size % 64 == 0);
    uint8_t *file = malloc(size + bytes);
    FUZZ_REQUIRE(file);
    memcpy(file, header, size);
    memcpy(file + size, tensor->data, bytes);
    plumb_tensor again;
    FUZZ_REQUIRE(plumb_npy_parse(file, size + bytes, &again, NULL) == PLUMB_OK);
    FUZZ_REQUIRE(again.dtype == tensor->dtype && again.rank == tensor->rank);
    FUZZ_REQUIRE(
        memcmp(again.shape, tensor->shape, (size_t)tensor->rank * sizeof(tensor->shape[0])) == 0);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plumb_tensor tensor;
    plumb_diag diag = { 0 };
    plumb_status status = plumb_npy_parse(data, size, &tensor, &diag);
    if (status != PLUMB_OK) {
        FUZZ_REQUIRE(diag.status == status);
        return 0;
    }
    FUZZ_REQUIRE(plumb_tensor_validate(&tensor, NULL) == PLUMB_OK);
    FUZZ_REQUIRE(plumb_tensor_is_dense(&tensor));
    int64_t elements = plumb_tensor_elements(&tensor);
    size_t element = plumb_dtype_size(tensor.dtype);
    FUZZ_REQUIRE(elements >= 0);
    const uint8_t *first = tensor.data;
    size_t bytes = (size_t)elements * element;
    FUZZ_REQUIRE(first > data && first + bytes <= data + size);
    (void)plumb_tensor_load(&tensor, (elements - 1) * (int64_t)element);
    (void)fuzz_read_all(first, bytes);
    round_trip(&tensor, bytes);
    return 0;
}
