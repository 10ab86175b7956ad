/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/tensor.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"

static const char magic[6] = { '\x93', 'N', 'U', 'M', 'P', 'Y' };

static const struct {
    const char *descr;
    plumb_dtype dtype;
} descrs[] = {
    { "<f4", PLUMB_DTYPE_FLOAT32 }, { "<f2", PLUMB_DTYPE_FLOAT16 }, { "<f8", PLUMB_DTYPE_FLOAT64 },
    { "|u1", PLUMB_DTYPE_UINT8 },   { "|i1", PLUMB_DTYPE_INT8 },    { "<i4", PLUMB_DTYPE_INT32 },
    { "<i8", PLUMB_DTYPE_INT64 },
};

/* The header is a Python dictionary literal; this reads the three keys numpy writes, in any
 * order, and nothing else. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
}

static bool take(cursor *c, char wanted)
{
    skip_space(c);
    if (c->at >= c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, const char *word)
{
    size_t length = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

static bool take_string(cursor *c, char *text, size_t capacity)
{
    skip_space(c);
    if (c->at >= c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    char quote = *c->at++;
    size_t length = 0;
    while (c->at < c->end && *c->at != quote) {
        if (length + 1 >= capacity)
            return false;
        text[length++] = *c->at++;
    }
    text[length] = '\0';
    return take(c, quote);
}

static bool take_shape(cursor *c, plumb_tensor *tensor)
{
    if (!take(c, '('))
        return false;
    tensor->rank = 0;
    while (!take(c, ')')) {
        skip_space(c);
        int64_t side = 0;
        const char *start = c->at;
        while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
            side = side * 10 + (*c->at - '0');
            if (side > PLUMB_MAX_TENSOR_BYTES)
                return false;
            c->at++;
        }
        if (c->at == start || tensor->rank >= PLUMB_MAX_RANK)
            return false;
        tensor->shape[tensor->rank++] = side;
        if (!take(c, ',')) {
            if (!take(c, ')'))
                return false;
            break;
        }
    }
    return true;
}

static plumb_status set_dtype(plumb_tensor *tensor, const char *descr, plumb_diag *diag)
{
    for (size_t i = 0; i < sizeof(descrs) / sizeof(descrs[0]); i++)
        if (strcmp(descrs[i].descr, descr) == 0)
            tensor->dtype = descrs[i].dtype;
    if (tensor->dtype != PLUMB_DTYPE_UNSET)
        return PLUMB_OK;
    if (descr[0] == '>')
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "descr",
                          "'%s' is big-endian; little-endian data is expected", descr);
    return plumb_fail(diag, PLUMB_E_DTYPE, "descr",
                      "'%s' is not one of <f4 <f2 <f8 |u1 |i1 <i4 <i8", descr);
}

static plumb_status parse_header(cursor *c, plumb_tensor *tensor, plumb_diag *diag)
{
    bool has_descr = false, has_order = false, has_shape = false;
    bool ok = take(c, '{');
    while (ok && !take(c, '}')) {
        char key[32], descr[16];
        ok = take_string(c, key, sizeof(key)) && take(c, ':');
        if (ok && strcmp(key, "descr") == 0 && !has_descr) {
            has_descr = ok = take_string(c, descr, sizeof(descr));
            plumb_status status = ok ? set_dtype(tensor, descr, diag) : PLUMB_OK;
            if (status)
                return status;
        } else if (ok && strcmp(key, "fortran_order") == 0 && !has_order) {
            if (take_word(c, "True"))
                return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "fortran_order",
                                  "is True; C order is expected");
            has_order = ok = take_word(c, "False");
        } else if (ok && strcmp(key, "shape") == 0 && !has_shape) {
            has_shape = ok = take_shape(c, tensor);
        } else {
            ok = false;
        }
        if (ok && !take(c, ',')) {
            ok = take(c, '}');
            break;
        }
    }
    skip_space(c);
    if (!ok || !has_descr || !has_order || !has_shape || c->at != c->end)
        return plumb_fail(diag, PLUMB_E_SYNTAX, "header",
                          "is not a .npy header with descr, fortran_order and a shape of at most "
                          "%d sides",
                          PLUMB_MAX_RANK);
    return PLUMB_OK;
}

plumb_status plumb_npy_parse(const void *data, size_t size, plumb_tensor *tensor, plumb_diag *diag)
{
    const unsigned char *bytes = data;
    if (!data || !tensor)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, data ? "tensor" : "data", "is NULL");
    if (size < 10)
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "header", "%zu bytes are no .npy file", size);
    if (memcmp(bytes, magic, sizeof(magic)) != 0)
        return plumb_fail(diag, PLUMB_E_SYNTAX, "magic", "the file does not begin as a .npy file");
    if (bytes[6] < 1 || bytes[6] > 3 || (bytes[6] > 1 && size < 12))
        return plumb_fail(diag, PLUMB_E_SYNTAX, "version", "%u is not a .npy version of 1 to 3",
                          bytes[6]);
    size_t start = bytes[6] == 1 ? 10 : 12;
    size_t length = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - start)
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "header", "its length of %zu passes the end",
                          length);

    plumb_tensor parsed = { 0 };
    cursor c = { (const char *)bytes + start, (const char *)bytes + start + length };
    plumb_status status = parse_header(&c, &parsed, diag);
    if (status)
        return status;
    parsed.data = (void *)(uintptr_t)(bytes + start + length);
    parsed.size = size - start - length;
    status = plumb_tensor_validate(&parsed, diag);
    if (status == PLUMB_E_BUFFER)
        status = PLUMB_E_TRUNCATED;
    if (status) {
        if (diag)
            diag->status = status;
        return status;
    }
    size_t wanted = (size_t)plumb_tensor_elements(&parsed) * plumb_dtype_size(parsed.dtype);
    if (parsed.size != wanted)
        return plumb_fail(diag, PLUMB_E_CORRUPT, "size", "%zu bytes follow the last element",
                          parsed.size - wanted);
    *tensor = parsed;
    return PLUMB_OK;
}

plumb_status plumb_npy_header(const plumb_tensor *tensor, void *header, size_t capacity,
                              size_t *size)
{
    if (!tensor || !size || (!header && capacity > 0))
        return PLUMB_E_ARGUMENT;
    const char *descr = NULL;
    for (size_t i = 0; i < sizeof(descrs) / sizeof(descrs[0]); i++)
        if (descrs[i].dtype == tensor->dtype)
            descr = descrs[i].descr;
    if (!descr)
        return PLUMB_E_DTYPE;
    if (tensor->rank < 1 || tensor->rank > PLUMB_MAX_RANK)
        return PLUMB_E_SHAPE;
    char text[256];
    int used =
        snprintf(text, sizeof(text), "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int32_t i = 0; i < tensor->rank; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%lld", i ? ", " : "",
                         (long long)tensor->shape[i]);
    used +=
        snprintf(text + used, sizeof(text) - (size_t)used, "%s), }", tensor->rank == 1 ? "," : "");
    /* Spaces and a newline make the whole a multiple of 64, so that the data is aligned. */
    size_t total = (10 + (size_t)used + 1 + 63) / 64 * 64;
    *size = total;
    if (capacity < total)
        return PLUMB_E_CAPACITY;
    unsigned char *out = header;
    memcpy(out, magic, sizeof(magic));
    out[6] = 1;
    out[7] = 0;
    out[8] = (unsigned char)((total - 10) & 255);
    out[9] = (unsigned char)((total - 10) >> 8);
    memcpy(out + 10, text, (size_t)used);
    memset(out + 10 + used, ' ', total - 10 - (size_t)used);
    out[total - 1] = '\n';
    return PLUMB_OK;
}
