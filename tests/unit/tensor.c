/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensor views, half precision over all its values, and .npy headers that lie. Files made by numpy
 * are compared in npy_numpy.py.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plumbline/tensor.h"
#include "random.h"

/* --- half precision --- */

/* IEEE 754 binary16 from its definition, in double precision. */
static double half_value(uint16_t half)
{
    int exponent = (half >> 10) & 31, mantissa = half & 1023;
    double sign = half & 0x8000 ? -1.0 : 1.0;
    if (exponent == 31)
        return mantissa ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0)
        return sign * ldexp(mantissa, -24);
    return sign * ldexp(1024 + mantissa, exponent - 25);
}

static void test_half_to_float(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float got = plumb_float_from_half((uint16_t)h);
        double want = half_value((uint16_t)h);
        if (isnan(want)) {
            assert_true(isnan(got));
            assert_int_equal(plumb_half_from_float(got) & 0x7c00, 0x7c00);
            assert_int_not_equal(plumb_half_from_float(got) & 0x3ff, 0);
        } else {
            assert_true((double)got == want && !signbit(got) == !signbit(want));
            assert_int_equal(plumb_half_from_float(got), h);
        }
    }
}

/* Between two neighbours the nearer wins, and in the middle the one with an even last bit. */
static void test_float_to_half(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7bff; h++) {
        double low = half_value((uint16_t)h), high = half_value((uint16_t)(h + 1));
        float middle = (float)((low + high) / 2.0); /* exact in float32 */
        uint32_t even = h % 2 ? h + 1 : h;
        assert_int_equal(plumb_half_from_float(middle), even);
        assert_int_equal(plumb_half_from_float(-middle), even | 0x8000);
        assert_int_equal(plumb_half_from_float(nextafterf(middle, 0.0f)), h);
        assert_int_equal(plumb_half_from_float(nextafterf(middle, INFINITY)), h + 1);
    }
    assert_int_equal(plumb_half_from_float(65504.0f), 0x7bff);
    assert_int_equal(plumb_half_from_float(65519.996f), 0x7bff);
    assert_int_equal(plumb_half_from_float(65520.0f), 0x7c00);
    assert_int_equal(plumb_half_from_float(1e30f), 0x7c00);
    assert_int_equal(plumb_half_from_float(-INFINITY), 0xfc00);
    assert_int_equal(plumb_half_from_float(1e-30f), 0);
    assert_int_equal(plumb_half_from_float(-0.0f), 0x8000);
}

/* --- views --- */

static plumb_tensor view(void *data, size_t size, plumb_dtype dtype, int32_t rank, int64_t a,
                         int64_t b)
{
    plumb_tensor t = { 0 };
    t.data = data;
    t.size = size;
    t.dtype = dtype;
    t.rank = rank;
    t.shape[0] = a;
    t.shape[1] = b;
    return t;
}

static void refuse(plumb_tensor t, plumb_status status, const char *field)
{
    plumb_diag diag = { 0 };
    assert_int_equal(plumb_tensor_validate(&t, &diag), status);
    assert_string_equal(diag.field, field);
    assert_int_not_equal(diag.message[0], 0);
}

static void test_validate(void **state)
{
    (void)state;
    float data[12] = { 0 };
    plumb_tensor good = view(data, sizeof(data), PLUMB_DTYPE_FLOAT32, 2, 3, 4), t = good;
    assert_int_equal(plumb_tensor_validate(&t, NULL), PLUMB_OK);
    assert_int_equal(t.strides[0], 16);
    assert_int_equal(t.strides[1], 4);
    assert_true(plumb_tensor_is_dense(&t));
    t = good;
    t.strides[0] = 4; /* a transposed view of [4,3] data */
    t.strides[1] = 12;
    assert_int_equal(plumb_tensor_validate(&t, NULL), PLUMB_OK);
    assert_false(plumb_tensor_is_dense(&t));
    t.size = 4 * 11; /* its last element ends at (2*4 + 3*12) + 4 = 48 */
    refuse(t, PLUMB_E_BUFFER, "size");
    t = good;
    t.size--;
    refuse(t, PLUMB_E_BUFFER, "size");
    t = good;
    t.data = NULL;
    refuse(t, PLUMB_E_ARGUMENT, "data");
    t = good;
    t.rank = 0;
    refuse(t, PLUMB_E_SHAPE, "rank");
    t.rank = 7;
    refuse(t, PLUMB_E_SHAPE, "rank");
    t = good;
    t.shape[1] = -4;
    refuse(t, PLUMB_E_SHAPE, "shape[1]");
    t.shape[1] = (int64_t)1 << 40;
    refuse(t, PLUMB_E_LIMIT, "shape");
    t.shape[0] = t.shape[1] = INT64_MAX;
    refuse(t, PLUMB_E_LIMIT, "shape");
    t = good;
    t.strides[1] = -4;
    refuse(t, PLUMB_E_STRIDE, "strides[1]");
    t.strides[1] = INT64_MAX / 2;
    refuse(t, PLUMB_E_STRIDE, "strides[1]");
    t = good;
    t.dtype = PLUMB_DTYPE_UNSET;
    refuse(t, PLUMB_E_DTYPE, "dtype");
    t = good;
    t.quantization.scale = -1.0f;
    refuse(t, PLUMB_E_VALUE, "quantization.scale");
    t.quantization.scale = INFINITY;
    refuse(t, PLUMB_E_VALUE, "quantization.scale");
    assert_int_equal(plumb_tensor_validate(NULL, NULL), PLUMB_E_ARGUMENT);
}

/* What a network with its own suppression gives for a picture with nothing in it. */
static void test_empty(void **state)
{
    (void)state;
    plumb_tensor t = view(NULL, 0, PLUMB_DTYPE_FLOAT32, 2, 0, 6);
    assert_int_equal(plumb_tensor_validate(&t, NULL), PLUMB_OK);
    assert_int_equal(plumb_tensor_elements(&t), 0);
    assert_int_equal(t.strides[1], 4);
    t = view(NULL, 0, PLUMB_DTYPE_FLOAT32, 2, 6, 0);
    assert_int_equal(plumb_tensor_validate(&t, NULL), PLUMB_OK);
    t.shape[0] = -1;
    refuse(t, PLUMB_E_SHAPE, "shape[0]");
    t = view(NULL, 0, PLUMB_DTYPE_FLOAT32, 2, 0, 6);
    t.strides[0] = -4;
    refuse(t, PLUMB_E_STRIDE, "strides[0]");
}

/* A broadcast axis: a stride of one element less than the row is allowed, views may overlap. */
static void test_single_side(void **state)
{
    (void)state;
    float data[4] = { 0 };
    plumb_tensor t = view(data, sizeof(data), PLUMB_DTYPE_FLOAT32, 2, 1, 4);
    t.strides[0] = 999; /* never stepped */
    assert_int_equal(plumb_tensor_validate(&t, NULL), PLUMB_OK);
    assert_true(plumb_tensor_is_dense(&t));
    assert_int_equal(plumb_tensor_elements(&t), 4);
    t.shape[0] = -1;
    assert_int_equal(plumb_tensor_elements(&t), -1);
}

static void test_load(void **state)
{
    (void)state;
    const int8_t i8[2] = { -128, 127 };
    const uint8_t u8[2] = { 0, 255 };
    const int32_t i32 = -16777217; /* not a float32: rounds to even */
    const int64_t i64 = 9007199254740993;
    const double f64 = 0.1;
    const uint16_t f16 = 0x3555;
    plumb_tensor t = view((void *)(uintptr_t)i8, 2, PLUMB_DTYPE_INT8, 1, 2, 0);
    t.quantization.scale = 0.5f;
    t.quantization.zero_point = -8;
    assert_float_equal(plumb_tensor_load(&t, 0), -60.0f, 0);
    assert_float_equal(plumb_tensor_load(&t, 1), 67.5f, 0);
    t = view((void *)(uintptr_t)u8, 2, PLUMB_DTYPE_UINT8, 1, 2, 0);
    assert_float_equal(plumb_tensor_load(&t, 1), 255.0f, 0);
    t = view((void *)(uintptr_t)&i32, 4, PLUMB_DTYPE_INT32, 1, 1, 0);
    assert_float_equal(plumb_tensor_load(&t, 0), -16777216.0f, 0);
    t = view((void *)(uintptr_t)&i64, 8, PLUMB_DTYPE_INT64, 1, 1, 0);
    assert_float_equal(plumb_tensor_load(&t, 0), 9007199254740992.0f, 0);
    t = view((void *)(uintptr_t)&f64, 8, PLUMB_DTYPE_FLOAT64, 1, 1, 0);
    assert_float_equal(plumb_tensor_load(&t, 0), 0.1f, 0);
    t = view((void *)(uintptr_t)&f16, 2, PLUMB_DTYPE_FLOAT16, 1, 1, 0);
    assert_float_equal(plumb_tensor_load(&t, 0), 0.333251953125f, 0);
}

/* --- .npy --- */

static size_t npy(unsigned char *out, int version, const char *header, size_t data)
{
    size_t length = strlen(header), at = 8;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (unsigned char)version;
    out[7] = 0;
    out[at++] = (unsigned char)(length & 255);
    out[at++] = (unsigned char)(length >> 8);
    if (version > 1) {
        out[at++] = 0;
        out[at++] = 0;
    }
    memcpy(out + at, header, length);
    memset(out + at + length, 1, data);
    return at + length + data;
}

static plumb_status parse(int version, const char *header, size_t data, plumb_tensor *tensor)
{
    unsigned char bytes[512];
    size_t size = npy(bytes, version, header, data);
    unsigned char *exact = malloc(size); /* so that a sanitizer sees the first byte too many */
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    plumb_diag diag = { 0 };
    plumb_status status = plumb_npy_parse(exact, size, tensor, &diag);
    assert_int_equal(diag.status, status);
    free(exact);
    return status;
}

static void test_npy_headers(void **state)
{
    (void)state;
    const struct {
        const char *header;
        size_t data;
        plumb_status status;
    } cases[] = {
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24, PLUMB_OK },
        { "{\"shape\":(6),\"fortran_order\":False,\"descr\":\"<f4\"}", 24, PLUMB_OK },
        { "{'descr': '|u1', 'fortran_order': False, 'shape': (1,2,3,1,1,1)}", 6, PLUMB_OK },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 23, PLUMB_E_TRUNCATED },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 25, PLUMB_E_CORRUPT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 4, PLUMB_E_SHAPE },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n", 0, PLUMB_OK },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n", 4, PLUMB_E_CORRUPT },
        { "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", 24, PLUMB_E_UNSUPPORTED },
        { "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24,
          PLUMB_E_UNSUPPORTED },
        { "{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }\n", 48, PLUMB_E_DTYPE },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }\n", 48, PLUMB_E_DTYPE },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'shape': (2, 3), }\n", 24, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, }\n", 24, PLUMB_E_SYNTAX },
        { "{'fortran_order': False, 'shape': (2, 3), }\n", 24, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4,
          PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", 4, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 4, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1)}", 4, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 4,
          PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}", 4,
          PLUMB_E_LIMIT },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", 4, PLUMB_E_SYNTAX },
        { "{'descr': '<f4", 0, PLUMB_E_SYNTAX },
        { "{'descr': '<f4f4f4f4f4f4f4f4f4f4f4f4f4', 'fortran_order': False}", 0, PLUMB_E_SYNTAX },
        { "", 0, PLUMB_E_SYNTAX },
        { "{}", 0, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", 4, PLUMB_E_SYNTAX },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", 24, PLUMB_E_SYNTAX },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int version = 1; version <= 3; version++) {
            plumb_tensor t = { 0 };
            plumb_status status = parse(version, cases[i].header, cases[i].data, &t);
            if (status != cases[i].status)
                fail_msg("%s: %d, expected %d", cases[i].header, status, cases[i].status);
            if (status)
                assert_null(t.data);
        }
    }
    plumb_tensor t;
    assert_int_equal(parse(0, cases[0].header, 24, &t), PLUMB_E_SYNTAX);
    assert_int_equal(parse(4, cases[0].header, 24, &t), PLUMB_E_SYNTAX);
    assert_int_equal(plumb_npy_parse(NULL, 0, &t, NULL), PLUMB_E_ARGUMENT);
}

/* Every single damaged byte and every cut of a valid file: no crash, no read past the end. */
static void test_npy_damage(void **state)
{
    (void)state;
    unsigned char bytes[256];
    size_t size =
        npy(bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24);
    random_state r = { 3 };
    for (size_t at = 0; at < size; at++) {
        for (int k = 0; k < 16; k++) {
            unsigned char *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, bytes, size);
            copy[at] = (unsigned char)random_u32(&r);
            plumb_tensor t = { 0 };
            if (plumb_npy_parse(copy, size, &t, NULL) == PLUMB_OK) {
                const unsigned char *data = t.data;
                assert_true(data >= copy && data + t.size == copy + size);
            }
            free(copy);
        }
        unsigned char *cut = malloc(at + 1);
        assert_non_null(cut);
        memcpy(cut + 1, bytes, at);
        plumb_tensor t;
        assert_int_not_equal(plumb_npy_parse(cut + 1, at, &t, NULL), PLUMB_OK);
        free(cut);
    }
}

static void test_npy_header_errors(void **state)
{
    (void)state;
    size_t none;
    assert_int_equal(plumb_npy_header(NULL, NULL, 0, &none), PLUMB_E_ARGUMENT);
    float data[2] = { 0 };
    plumb_tensor t = view(data, sizeof(data), PLUMB_DTYPE_FLOAT32, 1, 2, 0);
    unsigned char header[256];
    size_t size = 0;
    assert_int_equal(plumb_npy_header(&t, header, 0, &size), PLUMB_E_CAPACITY);
    assert_int_equal(size % 64, 0);
    assert_int_equal(plumb_npy_header(&t, header, size - 1, &size), PLUMB_E_CAPACITY);
    assert_int_equal(plumb_npy_header(&t, header, size, &size), PLUMB_OK);
    t.dtype = PLUMB_DTYPE_UNSET;
    assert_int_equal(plumb_npy_header(&t, header, sizeof(header), &size), PLUMB_E_DTYPE);
    t.dtype = PLUMB_DTYPE_FLOAT32;
    t.rank = 0;
    assert_int_equal(plumb_npy_header(&t, header, sizeof(header), &size), PLUMB_E_SHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_to_float),     cmocka_unit_test(test_float_to_half),
        cmocka_unit_test(test_validate),          cmocka_unit_test(test_empty),
        cmocka_unit_test(test_single_side),       cmocka_unit_test(test_load),
        cmocka_unit_test(test_npy_headers),       cmocka_unit_test(test_npy_damage),
        cmocka_unit_test(test_npy_header_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
