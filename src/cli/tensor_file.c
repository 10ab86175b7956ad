/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tensor_file.h"

#include <string.h>

int cli_read_tensor(const char *path, qa_bytes *bytes, plumb_tensor *tensor)
{
    plumb_diag diag = { 0 };
    plumb_status status = qa_read_file(path, QA_MAX_FILE, bytes, &diag);
    if (status)
        return cli_report(NULL, status, &diag);
    status = plumb_npy_parse(bytes->data, bytes->size, tensor, &diag);
    return status ? cli_report(path, status, &diag) : CLI_OK;
}

int cli_output_add(const char *verb, cli_output_list *list, const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value || !equals[1])
        return cli_usage_error(verb, "output '%s' has to be NAME=T.npy", value);
    if (list->count >= PLUMB_MAX_TENSORS)
        return cli_usage_error(verb, "more than %d outputs", PLUMB_MAX_TENSORS);
    list->items[list->count++] = value;
    return CLI_OK;
}

int cli_outputs_load(const char *verb, const cli_output_list *list, cli_outputs *loaded)
{
    memset(loaded, 0, sizeof(*loaded));
    for (size_t i = 0; i < list->count; i++) {
        const char *equals = strchr(list->items[i], '=');
        size_t length = (size_t)(equals - list->items[i]);
        if (length >= sizeof(loaded->names[i]))
            return cli_usage_error(verb, "output '%s': the name is too long", list->items[i]);
        memcpy(loaded->names[i], list->items[i], length);
        plumb_tensor *tensor = &loaded->outputs.tensors[i];
        int code = cli_read_tensor(equals + 1, &loaded->files[i], tensor);
        if (code)
            return code;
        tensor->name = loaded->names[i];
        loaded->outputs.count = i + 1;
    }
    return CLI_OK;
}

void cli_outputs_release(cli_outputs *loaded)
{
    for (size_t i = 0; i < PLUMB_MAX_TENSORS; i++)
        qa_bytes_release(&loaded->files[i]);
    memset(loaded, 0, sizeof(*loaded));
}

int cli_write_tensor(const char *path, const plumb_tensor *tensor)
{
    char header[512];
    size_t header_size;
    size_t data_size = (size_t)plumb_tensor_elements(tensor) * plumb_dtype_size(tensor->dtype);
    plumb_diag diag = { 0 };
    plumb_status status = plumb_npy_header(tensor, header, sizeof(header), &header_size);
    if (status)
        return cli_report(path, status, &diag);
    qa_bytes file = { 0 };
    status = qa_bytes_reserve(&file, header_size + data_size, &diag);
    if (status)
        return cli_report(path, status, &diag);
    memcpy(file.data, header, header_size);
    memcpy(file.data + header_size, tensor->data, data_size);
    int code = cli_write_file(path, file.data, header_size + data_size);
    qa_bytes_release(&file);
    return code;
}
