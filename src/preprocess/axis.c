/* SPDX-License-Identifier: Apache-2.0 */
#include "preprocess/axis.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/checked.h"

/* Positions outside the picture that a peer's replicated border can ask for. */
#define BORDER 4

static bool is_one_sample(plumb_filter filter, const plumb_axis_request *r, double unit,
                          double *weights)
{
    for (int32_t i = r->begin; i < r->begin + r->count; i++) {
        int32_t first, n = plumb_filter_taps(filter, r, i, &first, weights), nonzero = 0;
        for (int32_t j = 0; j < n; j++)
            nonzero += weights[j] != 0.0;
        if (nonzero != 1 || (weights[0] != unit && weights[n - 1] != unit))
            return false;
    }
    return true;
}

/* The weight that copies a sample through both steps of a filter; 0 where there is none. */
static double unit_of(plumb_filter filter)
{
    switch (filter) {
    case PLUMB_FILTER_NEAREST:
    case PLUMB_FILTER_NEAREST_EXACT:
    case PLUMB_FILTER_PILLOW_BOX:
    case PLUMB_FILTER_PILLOW_BILINEAR:
    case PLUMB_FILTER_PILLOW_BICUBIC:
    case PLUMB_FILTER_PILLOW_LANCZOS:
        return 1 << 22;
    case PLUMB_FILTER_CV_LINEAR:
    case PLUMB_FILTER_CV_AREA_LINEAR:
        return 2048;
    case PLUMB_FILTER_CV_LINEAR_EXACT:
        return 256;
    default:
        return 0;
    }
}

static void set_steps(plumb_arithmetic *a, const plumb_axis_request *x, const plumb_axis_request *y)
{
    a->factor = 1.0f;
    switch (a->filter) {
    case PLUMB_FILTER_CV_LINEAR:
    case PLUMB_FILTER_CV_AREA_LINEAR:
        a->first = PLUMB_STEP_LINEAR_FIRST;
        a->second = PLUMB_STEP_LINEAR_SECOND;
        break;
    case PLUMB_FILTER_CV_LINEAR_EXACT:
    case PLUMB_FILTER_CV_HALF:
        a->first = PLUMB_STEP_EXACT_FIRST;
        a->second = PLUMB_STEP_EXACT_SECOND;
        break;
    case PLUMB_FILTER_FAST:
        a->first = a->second = PLUMB_STEP_MEAN;
        break;
    case PLUMB_FILTER_CV_AREA_WHOLE:
        a->factor = 1.0f / (float)(nearbyint(1.0 / x->inverse) * nearbyint(1.0 / y->inverse));
        /* fall through */
    case PLUMB_FILTER_CV_AREA:
    case PLUMB_FILTER_CV_CUBIC:
        a->first = PLUMB_STEP_FLOAT_FIRST;
        a->second = PLUMB_STEP_FLOAT_ROUND;
        break;
    case PLUMB_FILTER_TORCH:
    case PLUMB_FILTER_TORCH_AA:
    case PLUMB_FILTER_TORCH_CORNERS:
    case PLUMB_FILTER_TF2:
    case PLUMB_FILTER_TF1:
        a->first = PLUMB_STEP_FLOAT_FIRST;
        a->second = PLUMB_STEP_FLOAT_SECOND;
        break;
    default:
        a->first = a->second = PLUMB_STEP_PILLOW;
    }
}

plumb_status plumb_arithmetic_select(const plumb_context *context, plumb_resampler resampler,
                                     const plumb_axis_request *x, const plumb_axis_request *y,
                                     plumb_arithmetic *arithmetic)
{
    plumb_arithmetic a = { plumb_filter_select(resampler, x, y), PLUMB_STEP_PILLOW,
                           PLUMB_STEP_PILLOW, 1.0f };
    set_steps(&a, x, y);
    double unit = unit_of(a.filter);
    if (unit != 0.0) {
        int32_t nx = plumb_filter_capacity(a.filter, x), ny = plumb_filter_capacity(a.filter, y);
        double *weights = plumb_alloc_array(context, (size_t)(nx > ny ? nx : ny), sizeof(*weights));
        if (!weights)
            return PLUMB_E_NOMEM;
        if (is_one_sample(a.filter, x, unit, weights) && is_one_sample(a.filter, y, unit, weights))
            a.first = a.second = PLUMB_STEP_PICK;
        plumb_release(context, weights);
    }
    *arithmetic = a;
    return PLUMB_OK;
}

/* Contributions of every output before they become tables. */
typedef struct contributions {
    int32_t capacity;
    int32_t *first, *count; /* per output; positions, not slots */
    double *weights;        /* capacity per output */
    int32_t *slot;          /* per position from -BORDER, -1 where no output needs it */
    int32_t positions, slots;
} contributions;

static double *weights_of(const contributions *c, int32_t i)
{
    return c->weights + (size_t)i * (size_t)c->capacity;
}

/* Leave out taps of weight 0 at both ends, but never begin behind `limit`: windows that only move
 * forward let a ring of rows serve them. */
static void trim(contributions *c, int32_t i, int32_t limit)
{
    double *w = weights_of(c, i);
    int32_t begin = 0, end = c->count[i];
    while (end - begin > 1 && w[end - 1] == 0.0)
        end--;
    while (end - begin > 1 && w[begin] == 0.0 && c->first[i] + begin < limit)
        begin++;
    memmove(w, w + begin, (size_t)(end - begin) * sizeof(*w));
    c->first[i] += begin;
    c->count[i] = end - begin;
}

/* False where a tap lies further outside the picture than any replicated border. */
static bool collect(contributions *c, const plumb_axis_request *r, plumb_filter filter)
{
    for (int32_t i = 0; i < r->count; i++)
        c->count[i] = plumb_filter_taps(filter, r, r->begin + i, &c->first[i], weights_of(c, i));
    for (int32_t i = r->count - 1; i >= 0; i--) {
        trim(c, i, i + 1 < r->count ? c->first[i + 1] : INT32_MAX);
        if (c->first[i] < -BORDER || c->first[i] + c->count[i] > r->side + BORDER)
            return false;
        const double *w = weights_of(c, i);
        for (int32_t j = 0; j < c->count[i]; j++)
            if (j == 0 || w[j] != 0.0) /* the first keeps the windows moving forward */
                c->slot[c->first[i] + j + BORDER] = 0;
    }
    return true;
}

/* Converting a sample costs about an eighth of picking one out of a row. */
#define DENSE_FROM 8

/* Number the slots; all between the outermost needed ones where that is cheaper. */
static bool number_slots(contributions *c, bool along)
{
    int32_t low = c->positions, high = -1, needed = 0;
    for (int32_t p = 0; p < c->positions; p++) {
        if (c->slot[p] < 0)
            continue;
        low = low < p ? low : p;
        high = p;
        needed++;
    }
    bool dense = along && needed > (high - low + 1) / DENSE_FROM;
    c->slots = 0;
    for (int32_t p = low; p <= high; p++)
        if (dense || c->slot[p] >= 0)
            c->slot[p] = c->slots++;
    return dense;
}

/* Slots from the first to the last of output i. */
static int32_t span_of(const contributions *c, int32_t i)
{
    const double *w = weights_of(c, i);
    int32_t last = c->count[i] - 1;
    while (last > 0 && w[last] == 0.0)
        last--;
    return c->slot[c->first[i] + last + BORDER] - c->slot[c->first[i] + BORDER] + 1;
}

static void fill_sources(const contributions *c, const plumb_axis_request *r, plumb_axis *axis)
{
    for (int32_t p = 0; p < c->positions; p++) {
        int32_t position = p - BORDER, slot = c->slot[p];
        if (slot < 0)
            continue;
        axis->lead += position < 0;
        axis->trail += position > r->side - 1;
        axis->source[slot] = position < 0 ? 0 : position > r->side - 1 ? r->side - 1 : position;
    }
}

/* Tables are rectangular: weights of 0 go before the taps where no slots exist behind them. */
static void fill_weights(const contributions *c, const plumb_axis_request *r, int32_t taps,
                         int32_t *first, int32_t *integer, float *real)
{
    for (int32_t i = 0; i < r->count; i++) {
        const double *w = weights_of(c, i);
        int32_t begin = c->slot[c->first[i] + BORDER];
        first[i] = begin + taps > c->slots ? c->slots - taps : begin;
        size_t row = (size_t)i * (size_t)taps;
        for (int32_t j = 0; j < c->count[i]; j++) {
            if (w[j] == 0.0)
                continue;
            size_t at = row + (size_t)(c->slot[c->first[i] + j + BORDER] - first[i]);
            if (real)
                real[at] = (float)w[j];
            else
                integer[at] = (int32_t)w[j];
        }
    }
}

static plumb_status fill(const plumb_context *context, const plumb_axis_request *r,
                         const contributions *c, bool real, plumb_axis *axis)
{
    int32_t taps = 1;
    for (int32_t i = 0; i < r->count; i++)
        taps = span_of(c, i) > taps ? span_of(c, i) : taps;
    size_t outputs = (size_t)r->count, bytes, rows = (size_t)taps + 1;
    if (!plumb_mul_size(outputs * sizeof(int32_t), rows, &bytes) ||
        !plumb_add_size(bytes, (size_t)c->slots * sizeof(int32_t), &bytes))
        return PLUMB_E_NOMEM;
    int32_t *memory = plumb_alloc_zeroed(context, bytes, 1);
    if (!memory)
        return PLUMB_E_NOMEM;
    int32_t *integer = memory + outputs;
    float *floats = real ? (float *)(void *)integer : NULL;
    axis->memory = memory;
    axis->source = integer + outputs * (size_t)taps;
    fill_sources(c, r, axis);
    fill_weights(c, r, taps, memory, integer, floats);
    plumb_taps t = { r->count, taps, c->slots, memory, real ? NULL : integer, floats, 1.0f, NULL };
    axis->taps = t;
    return PLUMB_OK;
}

static plumb_status add_program(const plumb_context *context, const plumb_kernels *kernels,
                                plumb_step step, plumb_axis *axis)
{
    size_t size = kernels->program[step].size(step, &axis->taps);
    if (size == 0)
        return PLUMB_OK;
    axis->program = plumb_alloc_zeroed(context, size, 1);
    if (!axis->program)
        return PLUMB_E_NOMEM;
    kernels->program[step].make(step, &axis->taps, axis->program);
    axis->taps.program = axis->program;
    return PLUMB_OK;
}

plumb_status plumb_axis_build(const plumb_context *context, const plumb_kernels *kernels,
                              const plumb_axis_request *r, const plumb_arithmetic *arithmetic,
                              plumb_step step, bool along, plumb_axis *axis)
{
    contributions c = {
        plumb_filter_capacity(arithmetic->filter, r), NULL, NULL, NULL, NULL, 0, 0
    };
    size_t outputs = (size_t)r->count, cells;
    plumb_status status = PLUMB_E_NOMEM;
    c.positions = r->side + 2 * BORDER;
    if (!plumb_mul_size(outputs, (size_t)c.capacity, &cells))
        return status;
    c.first = plumb_alloc_array(context, outputs, sizeof(*c.first));
    c.count = plumb_alloc_array(context, outputs, sizeof(*c.count));
    c.weights = plumb_alloc_array(context, cells, sizeof(*c.weights));
    c.slot = plumb_alloc_array(context, (size_t)c.positions, sizeof(*c.slot));
    if (c.first && c.count && c.weights && c.slot) {
        memset(c.slot, 0xff, (size_t)c.positions * sizeof(*c.slot));
        status = PLUMB_E_LIMIT;
        if (collect(&c, r, arithmetic->filter)) {
            axis->dense = number_slots(&c, along);
            status = fill(context, r, &c, plumb_step_is_float(step), axis);
        }
        axis->taps.factor = arithmetic->factor;
    }
    plumb_release(context, c.slot);
    plumb_release(context, c.weights);
    plumb_release(context, c.count);
    plumb_release(context, c.first);
    if (status == PLUMB_OK && along)
        status = add_program(context, kernels, step, axis);
    if (status)
        plumb_axis_release(context, axis);
    return status;
}

plumb_status plumb_axis_pick(const plumb_context *context, const plumb_kernels *kernels,
                             const int32_t *positions, int32_t count, bool along, plumb_axis *axis)
{
    int32_t begin = positions[0], slots = positions[count - 1] - begin + 1;
    size_t cells = (size_t)count + (size_t)(along ? slots : count);
    int32_t *memory = plumb_alloc_array(context, cells, sizeof(*memory));
    if (!memory)
        return PLUMB_E_NOMEM;
    axis->memory = memory;
    axis->source = memory + count;
    axis->dense = along;
    for (int32_t s = 0; along && s < slots; s++)
        axis->source[s] = begin + s;
    int32_t used = 0;
    for (int32_t i = 0; i < count; i++) {
        if (!along && (i == 0 || positions[i] != positions[i - 1]))
            axis->source[used++] = positions[i];
        memory[i] = along ? positions[i] - begin : used - 1;
    }
    plumb_taps taps = { count, 1, along ? slots : used, memory, NULL, NULL, 1.0f, NULL };
    axis->taps = taps;
    return along ? add_program(context, kernels, PLUMB_STEP_PICK, axis) : PLUMB_OK;
}

void plumb_axis_release(const plumb_context *context, plumb_axis *axis)
{
    plumb_release(context, axis->program);
    plumb_release(context, axis->memory);
    axis->memory = axis->program = NULL;
}
