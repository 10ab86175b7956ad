/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse the .npy file FILE, print type, shape and every element, and write it again to OUT.
 */
#include <stdio.h>
#include <stdlib.h>

#include "plumbline/tensor.h"

static int show(unsigned char *data, size_t size, FILE *out)
{
    plumb_tensor tensor;
    plumb_diag diag = { 0 };
    if (plumb_npy_parse(data, size, &tensor, &diag)) {
        printf("error %d %s: %s\n", (int)diag.status, diag.field, diag.message);
        return 0;
    }
    printf("%s", plumb_dtype_name(tensor.dtype));
    for (int32_t i = 0; i < tensor.rank; i++)
        printf(" %lld", (long long)tensor.shape[i]);
    printf("\n");
    int64_t count = plumb_tensor_elements(&tensor);
    for (int64_t i = 0; i < count; i++)
        printf("%a\n",
               (double)plumb_tensor_load(&tensor, i * (int64_t)plumb_dtype_size(tensor.dtype)));
    unsigned char header[512];
    size_t length;
    if (plumb_npy_header(&tensor, header, sizeof(header), &length))
        return 1;
    return fwrite(header, 1, length, out) != length ||
           fwrite(tensor.data, 1, tensor.size, out) != tensor.size;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    unsigned char *data = malloc(1 << 20);
    if (!in || !out || !data)
        return 2;
    size_t size = fread(data, 1, 1 << 20, in);
    int result = show(data, size, out);
    free(data);
    fclose(in);
    return fclose(out) != 0 || result;
}
