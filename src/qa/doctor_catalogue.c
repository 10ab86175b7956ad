/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor_catalogue.h"

#include <math.h>

#include "base/allocator.h"
#include "base/diag.h"

#define CAPACITY 2048

static void add(qa_doctor_catalogue *c, qa_doctor_step step, double price)
{
    if (c->count == c->capacity)
        return;
    step.price = QA_DOCTOR_BASE_PRICE + price;
    c->steps[c->count++] = step;
}

static qa_doctor_step plain(qa_doctor_code code, qa_step_kind kind)
{
    plumb_mapping_spec none = PLUMB_MAPPING_SPEC_INIT;
    qa_doctor_step step = { .code = code, .kind = kind };
    step.made.spec = step.read.spec = none;
    return step;
}

static void add_turn(qa_doctor_catalogue *c, qa_doctor_code code, plumb_orientation turn)
{
    qa_doctor_step step = plain(code, QA_STEP_TURN);
    step.orientation = turn;
    add(c, step, 0.0);
}

static void add_plain(qa_doctor_catalogue *c)
{
    add_turn(c, QA_DOCTOR_FLIP_Y, PLUMB_ORIENTATION_DOWN_MIRRORED);
    add_turn(c, QA_DOCTOR_FLIP_X, PLUMB_ORIENTATION_UP_MIRRORED);
    add_turn(c, QA_DOCTOR_ROTATE_90, PLUMB_ORIENTATION_RIGHT);
    add_turn(c, QA_DOCTOR_ROTATE_180, PLUMB_ORIENTATION_DOWN);
    add_turn(c, QA_DOCTOR_ROTATE_270, PLUMB_ORIENTATION_LEFT);
    add_turn(c, QA_DOCTOR_XY_SWAPPED, PLUMB_ORIENTATION_LEFT_MIRRORED);
    add(c, plain(QA_DOCTOR_XY_SWAPPED, QA_STEP_SWAP_PIXELS), 0.0);
    add(c, plain(QA_DOCTOR_CENTER_AS_CORNER, QA_STEP_CENTER), 0.0);
    add(c, plain(QA_DOCTOR_CORNER_AS_CENTER, QA_STEP_CORNER), 0.0);
    add(c, plain(QA_DOCTOR_CORNERS_AS_SIZE, QA_STEP_CORNERS), 0.0);
    add(c, plain(QA_DOCTOR_NORMALIZED_AS_PIXELS, QA_STEP_NORMALIZE), 0.0);
    add(c, plain(QA_DOCTOR_PIXELS_AS_NORMALIZED, QA_STEP_DENORMALIZE), 0.0);
    c->plain = c->count;
}

static qa_layout_guess layout(plumb_size input, plumb_crop_mode mode, qa_anchor anchor)
{
    plumb_mapping_spec spec = PLUMB_MAPPING_SPEC_INIT;
    spec.input = input;
    spec.mode = mode;
    spec.rule = PLUMB_RULE_EXACT;
    qa_layout_guess guess = { spec, anchor };
    return guess;
}

/* The ways a picture is usually put into an input; the last two only on phones. */
typedef struct fitting {
    plumb_crop_mode mode;
    qa_anchor anchor;
} fitting;

static const fitting fittings[] = {
    { PLUMB_CROP_SCALE_FIT, QA_ANCHOR_CENTER },
    { PLUMB_CROP_SCALE_FILL, QA_ANCHOR_RULE },
    { PLUMB_CROP_CENTER, QA_ANCHOR_RULE },
    { PLUMB_CROP_SCALE_FIT, QA_ANCHOR_TOP_LEFT },
    { PLUMB_CROP_SCALE_FIT_ROTATE_90_CCW, QA_ANCHOR_CENTER },
    { PLUMB_CROP_SCALE_FILL_ROTATE_90_CCW, QA_ANCHOR_RULE },
};

enum { UPRIGHT_FITTINGS = 4, FITTINGS = 6 };

static void add_input_faults(qa_doctor_catalogue *c, qa_layout_guess guess, double price)
{
    qa_doctor_step step = plain(QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED, QA_STEP_TO_INPUT);
    step.made = guess;
    add(c, step, price);
    step.code = QA_DOCTOR_UNMAPPED_TWICE;
    step.kind = QA_STEP_FROM_INPUT;
    add(c, step, price + 0.5);
}

static void add_input_size(qa_doctor_catalogue *c, plumb_size input, double price)
{
    for (int i = 0; i < UPRIGHT_FITTINGS; i++) {
        /* Top left belongs to a few families of models. */
        double rarer = fittings[i].anchor == QA_ANCHOR_TOP_LEFT ? 1.5 : 0.0;
        add_input_faults(c, layout(input, fittings[i].mode, fittings[i].anchor), price + rarer);
    }
}

static void add_other_inverse(qa_doctor_catalogue *c, qa_doctor_code code, qa_layout_guess made,
                              qa_layout_guess read, double price)
{
    qa_doctor_step step = plain(code, QA_STEP_OTHER_INVERSE);
    step.made = made;
    step.read = read;
    add(c, step, price);
}

/* Nearly everybody pads around the picture or after it; before it hardly anybody does. */
static void add_pad_faults(qa_doctor_catalogue *c, qa_layout_guess guess, double price)
{
    static const qa_anchor anchors[] = { QA_ANCHOR_CENTER, QA_ANCHOR_TOP_LEFT,
                                         QA_ANCHOR_BOTTOM_RIGHT };
    for (int made = 0; made < 3; made++) {
        for (int read = 0; read < 3; read++) {
            if (made == read)
                continue;
            qa_layout_guess a = guess, b = guess;
            a.anchor = anchors[made];
            b.anchor = anchors[read];
            bool rare = made == 2 || read == 2;
            add_other_inverse(c, QA_DOCTOR_PAD_PLACEMENT, a, b, price + (rare ? 2.0 : 0.0));
        }
    }
}

/* What a pair of fittings costs: three are in everybody's hands, the top left belongs to a few
 * families of models, turned ones to phones. */
static double pair_price(int made, int read)
{
    if (made >= UPRIGHT_FITTINGS || read >= UPRIGHT_FITTINGS)
        return 4.0;
    bool corner =
        fittings[made].anchor == QA_ANCHOR_TOP_LEFT || fittings[read].anchor == QA_ANCHOR_TOP_LEFT;
    return corner ? 3.0 : 1.5;
}

/* Only the aspect of the input matters once a picture goes in one way and out another. */
static void add_aspect(qa_doctor_catalogue *c, plumb_size input, double price)
{
    /* A letterbox in an input of an unusual shape is hardly needed. */
    double odd = price > 4.0 ? 2.5 : 0.5;
    add_pad_faults(c, layout(input, PLUMB_CROP_SCALE_FIT, QA_ANCHOR_CENTER), price + odd);
    for (int made = 0; made < FITTINGS; made++) {
        for (int read = 0; read < FITTINGS; read++) {
            if (fittings[made].mode == fittings[read].mode)
                continue;
            add_other_inverse(c, QA_DOCTOR_WRONG_CROP_MODE,
                              layout(input, fittings[made].mode, fittings[made].anchor),
                              layout(input, fittings[read].mode, fittings[read].anchor),
                              price + pair_price(made, read));
        }
    }
}

static bool listed(const int *sides, size_t count, int side)
{
    for (size_t i = 0; i < count; i++)
        if (sides[i] == side)
            return true;
    return false;
}

/* Prices follow how many models have such an input. */
static void add_usual_inputs(qa_doctor_catalogue *c)
{
    static const int common[] = { 224, 256, 300, 320, 416, 512, 640 };
    static const int known[] = { 96, 128, 192, 299, 352, 384, 608, 800, 1024, 1280 };
    static const int rare[] = { 227, 380, 400, 456, 513, 600, 1000 };
    static const struct {
        plumb_size input;
        double price;
    } oblong[] = {
        { { 320, 240 }, 1.0 },  { { 640, 480 }, 2.5 },  { { 640, 384 }, 2.5 },
        { { 640, 352 }, 5.0 },  { { 640, 360 }, 4.0 },  { { 512, 288 }, 5.0 },
        { { 416, 256 }, 5.0 },  { { 672, 384 }, 5.0 },  { { 960, 544 }, 5.0 },
        { { 1280, 736 }, 5.0 }, { { 1280, 720 }, 4.0 }, { { 300, 225 }, 5.0 },
        { { 512, 384 }, 5.0 },  { { 160, 120 }, 5.0 },  { { 320, 192 }, 5.0 },
        { { 640, 320 }, 5.0 },
    };
    const size_t commons = sizeof(common) / sizeof(common[0]);
    const size_t knowns = sizeof(known) / sizeof(known[0]);
    for (size_t i = 0; i < commons; i++)
        add_input_size(c, (plumb_size){ common[i], common[i] }, 1.0);
    for (size_t i = 0; i < knowns; i++)
        add_input_size(c, (plumb_size){ known[i], known[i] }, 2.5);
    for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
        add_input_size(c, (plumb_size){ rare[i], rare[i] }, 5.0);
    for (int side = 96; side <= 1536; side += 32)
        if (!listed(common, commons, side) && !listed(known, knowns, side))
            add_input_size(c, (plumb_size){ side, side }, 4.5);
    for (size_t i = 0; i < sizeof(oblong) / sizeof(oblong[0]); i++) {
        plumb_size input = oblong[i].input;
        add_input_size(c, input, oblong[i].price);
        add_input_size(c, (plumb_size){ input.height, input.width }, fmax(oblong[i].price, 4.0));
    }
}

static void add_usual_aspects(qa_doctor_catalogue *c)
{
    static const struct {
        plumb_size input;
        double price;
    } oblong[] = { { { 640, 480 }, 3.0 }, { { 640, 360 }, 3.5 }, { { 640, 384 }, 3.5 },
                   { { 600, 400 }, 5.0 }, { { 640, 352 }, 5.0 }, { { 640, 400 }, 5.0 },
                   { { 640, 512 }, 5.0 }, { { 640, 320 }, 5.0 } };
    add_aspect(c, (plumb_size){ 640, 640 }, 0.5);
    for (size_t i = 0; i < sizeof(oblong) / sizeof(oblong[0]); i++) {
        plumb_size size = oblong[i].input;
        add_aspect(c, size, oblong[i].price);
        add_aspect(c, (plumb_size){ size.height, size.width }, oblong[i].price);
    }
}

/* Previews, views and simple factors that boxes are often scaled by. Any other size is fitted. */
static void add_usual_views(qa_doctor_catalogue *c)
{
    static const plumb_size views[] = {
        { 640, 480 }, { 1280, 720 }, { 1920, 1080 }, { 960, 540 }, { 667, 375 },
        { 844, 390 }, { 896, 414 },  { 852, 393 },   { 731, 411 }, { 800, 360 },
    };
    /* A half or a quarter as of a preview or a smaller JPEG, 2 and 3 as of points and pixels. */
    static const struct {
        double factor, price;
    } factors[] = { { 0.5, 0.5 },  { 2.0, 0.5 },       { 1.0 / 3.0, 1.5 }, { 3.0, 1.5 },
                    { 0.25, 2.0 }, { 4.0, 2.0 },       { 2.0 / 3.0, 3.0 }, { 1.5, 3.0 },
                    { 0.75, 3.0 }, { 4.0 / 3.0, 3.0 }, { 0.125, 3.0 },     { 8.0, 3.0 } };
    qa_doctor_step step = plain(QA_DOCTOR_WRONG_IMAGE_SIZE, QA_STEP_FREE);
    step.units = QA_FREE_FROM_FRACTION;
    step.shape = QA_FREE_SCALE;
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        for (int upright = 0; upright < 2; upright++) {
            step.scale[upright] = views[i].width;
            step.scale[1 - upright] = views[i].height;
            add(c, step, 2.5);
        }
    }
    step.units = QA_FREE_PIXELS;
    step.shape = QA_FREE_UNIFORM;
    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        step.scale[0] = step.scale[1] = factors[i].factor;
        add(c, step, factors[i].price);
    }
}

/* One side of every pair is what the card says. */
static void add_card(qa_doctor_catalogue *c, const plumb_mapping_spec *spec)
{
    qa_layout_guess own = { *spec, QA_ANCHOR_RULE };
    add_input_faults(c, own, 0.0);
    if (spec->mode == PLUMB_CROP_SCALE_FIT)
        add_pad_faults(c, own, 0.5);
    for (int i = 0; i < FITTINGS; i++) {
        if (fittings[i].mode == spec->mode)
            continue;
        qa_layout_guess other = layout(spec->input, fittings[i].mode, fittings[i].anchor);
        double price = i >= UPRIGHT_FITTINGS ? 3.5 : 0.5;
        add_other_inverse(c, QA_DOCTOR_WRONG_CROP_MODE, own, other, price);
        add_other_inverse(c, QA_DOCTOR_WRONG_CROP_MODE, other, own, price);
    }
}

plumb_status qa_doctor_catalogue_make(const plumb_context *context,
                                      const qa_doctor_options *options,
                                      qa_doctor_catalogue *catalogue, plumb_diag *diag)
{
    qa_doctor_catalogue c = { NULL, 0, 0, CAPACITY };
    c.steps = plumb_alloc_array(context, c.capacity, sizeof(*c.steps));
    if (!c.steps)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the faults to try");
    add_plain(&c);
    add_usual_views(&c);
    if (options && options->mapping) {
        add_card(&c, options->mapping);
    } else {
        add_usual_inputs(&c);
        add_usual_aspects(&c);
    }
    *catalogue = c;
    return PLUMB_OK;
}

void qa_doctor_catalogue_release(const plumb_context *context, qa_doctor_catalogue *catalogue)
{
    plumb_release(context, catalogue->steps);
    catalogue->steps = NULL;
    catalogue->count = 0;
}
