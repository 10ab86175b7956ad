/* SPDX-License-Identifier: Apache-2.0
 *
 * The fault-injection benchmark: for every fault, in every way it is made and at every size class,
 * how often exactly its code is named.
 *
 *   confusion [RUNS [SEED [card] [-v] [CODE | pairs | runs]]]   prints the matrix, or a part
 *   confusion --check                     a small run with the required rates asserted, as TAP
 *
 * Three columns, and no more: exactly the code and nothing else was named; the doctor said that two
 * explanations tie, the right one among them; anything else is wrong. Scenes that another fault of
 * the table explains as well, by the true boxes alone, are counted in columns of their own.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"

typedef struct tally {
    const char *name;
    int runs, named, tied;
    int twin_runs, twin_named, twin_tied, twin_other; /* _other: the twin was named */
    int healthy;                                      /* called that, where it was not */
    uint32_t wrong[5];                                /* the first few wrong sets of codes */
    int wrong_count;
} tally;

typedef struct expectation {
    uint32_t codes;
    qa_doctor_verdict verdict;
    bool twin;
    qa_doctor_code twin_code;
} expectation;

static scene world;
static bool verbose, with_card;
static const char *only; /* one code, or "pairs" or "runs" */

static uint32_t named(const qa_doctor_report *r)
{
    uint32_t codes = 0;
    for (size_t i = 0; i < r->fault_count; i++)
        codes |= 1u << r->faults[i].code;
    return codes;
}

static void print_codes(uint32_t codes)
{
    if (codes == 0)
        printf("-");
    for (int i = 0; i < QA_DOCTOR_CODE_COUNT; i++)
        if (codes >> i & 1)
            printf("%s%s", qa_doctor_code_name((qa_doctor_code)i), codes >> i > 1 ? "+" : "");
}

static void describe(const tally *t, const expectation *e, const qa_doctor_report *r)
{
    printf("#     %s: %s, %s;", t->name, qa_doctor_verdict_name(r->verdict), r->reason);
    for (size_t i = 0; i < r->rival_count && r->verdict == QA_DOCTOR_UNKNOWN; i++)
        printf(" %.1f", r->rivals[i].score);
    for (size_t i = 0; i < r->fault_count; i++)
        printf(" [%s %s]", qa_doctor_code_name(r->faults[i].code), r->faults[i].detail);
    printf(" (%zu frames, %zu true, %zu seen, %dx%d, input %dx%d mode %d%s)\n", r->frame_count,
           r->truth_count, r->observed_count, (int)world.frames[0].image.width,
           (int)world.frames[0].image.height, (int)world.spec.input.width,
           (int)world.spec.input.height, (int)world.spec.mode, e->twin ? ", twin" : "");
}

static void examine(tally *t, const expectation *e)
{
    qa_doctor_frame frames[SCENE_FRAMES];
    qa_doctor_report r;
    plumb_diag diag = { 0 };
    qa_doctor_options options = { with_card ? &world.spec : NULL, NAN };
    scene_frames(&world, frames);
    if (qa_doctor_examine(NULL, frames, world.frame_count, &options, &r, &diag)) {
        printf("# error: %s %s\n", diag.field, diag.message);
        return;
    }
    uint32_t codes = named(&r);
    bool right = r.verdict == e->verdict && codes == e->codes;
    bool tied = r.verdict == QA_DOCTOR_UNKNOWN && r.fault_count == 0 && r.rival_count >= 2 &&
                (r.rivals[0].codes == e->codes || r.rivals[1].codes == e->codes);
    bool other =
        e->twin && (e->twin_code < QA_DOCTOR_CODE_COUNT ? codes == 1u << e->twin_code : codes == 0);
    t->runs += !e->twin;
    t->named += right && !e->twin;
    t->tied += tied && !e->twin;
    t->twin_runs += e->twin;
    t->twin_named += right && e->twin;
    t->twin_tied += tied && e->twin;
    t->twin_other += other && !right && !tied;
    t->healthy += !right && r.verdict == QA_DOCTOR_HEALTHY;
    if (right)
        return;
    if (!tied && !other && t->wrong_count < 5)
        t->wrong[t->wrong_count++] = codes;
    if (verbose)
        describe(t, e, &r);
}

static void print_head(const char *title)
{
    printf("#\n# %-44s %6s %6s %5s %5s %9s   %s\n", title, "runs", "named", "tied", "wrong",
           "named", "twins: runs named tied twin");
}

static void print_tally(const tally *t)
{
    if (t->runs + t->twin_runs == 0)
        return;
    printf("# %-44s %6d %6d %5d %5d %7.2f %%", t->name, t->runs, t->named, t->tied,
           t->runs - t->named - t->tied, 100.0 * t->named / (t->runs ? t->runs : 1));
    if (t->twin_runs)
        printf("   %11d %5d %4d %4d", t->twin_runs, t->twin_named, t->twin_tied, t->twin_other);
    for (int i = 0; i < t->wrong_count; i++) {
        printf("  ");
        print_codes(t->wrong[i]);
    }
    printf("\n");
    fflush(stdout);
}

static void add_up(tally *sum, const tally *t)
{
    sum->runs += t->runs;
    sum->named += t->named;
    sum->tied += t->tied;
    sum->twin_runs += t->twin_runs;
    sum->twin_named += t->twin_named;
    sum->twin_tied += t->twin_tied;
    sum->twin_other += t->twin_other;
    sum->healthy += t->healthy;
}

/* At least so many true boxes that were found, and anything seen at all. */
static bool observable(size_t least)
{
    size_t found = 0, seen = 0;
    for (size_t f = 0; f < world.frame_count; f++) {
        for (size_t i = 0; i < world.frames[f].truth_count; i++)
            found += world.frames[f].found[i];
        seen += world.frames[f].seen_count;
    }
    return found >= least && seen > 0;
}

static void begin(dice *d, int kind, size_t frames)
{
    do {
        scene_make(&world, d, kind, frames, frames == 1 ? 3 : 1, 3 + dice_below(d, 6));
        scene_observe(&world, d, &usual_noise);
    } while (!observable(frames == 1 ? 2 : 3));
}

/* One fault, at every size class and in every way in turn. */
static tally singles(dice *d, qa_doctor_code code, int runs, size_t frames)
{
    tally t = { .name = qa_doctor_code_name(code) };
    int variants = fault_variants(code);
    for (int i = 0; i < runs; i++) {
        expectation e = { .codes = 1u << code, .verdict = QA_DOCTOR_PLUMBING };
        begin(d, i % SCENE_KINDS, frames);
        fault f = fault_variant(code, (i / SCENE_KINDS + 5 * i) % variants);
        e.twin = scene_twin(&world, &f, &e.twin_code);
        if (scene_break(&world, d, &f))
            examine(&t, &e);
    }
    return t;
}

static tally all_singles(dice *d, int runs, size_t frames)
{
    tally sum = { .name = frames == 1 ? "all single faults, one frame" : "all single faults" };
    print_head(frames == 1 ? "one frame" : "eight frames");
    for (int c = 0; c < QA_DOCTOR_CODE_COUNT; c++) {
        /* Places cannot come back in one frame. */
        if ((frames == 1 && c == QA_DOCTOR_REGION_MISSING) ||
            (only && strcmp(only, qa_doctor_code_name((qa_doctor_code)c)) != 0))
            continue;
        tally t = singles(d, (qa_doctor_code)c, runs, frames);
        print_tally(&t);
        add_up(&sum, &t);
    }
    print_tally(&sum);
    return sum;
}

/* Two turns are one turn; two faults about the mapping leave nothing to tell them by. */
static bool pair_makes_sense(int a, int b)
{
    bool turn_a = a <= QA_DOCTOR_XY_SWAPPED, turn_b = b <= QA_DOCTOR_XY_SWAPPED;
    bool map_a = a >= QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED && a <= QA_DOCTOR_WRONG_IMAGE_SIZE;
    bool map_b = b >= QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED && b <= QA_DOCTOR_WRONG_IMAGE_SIZE;
    bool opposite = (a == QA_DOCTOR_CENTER_AS_CORNER && b == QA_DOCTOR_CORNER_AS_CENTER) ||
                    (a == QA_DOCTOR_NORMALIZED_AS_PIXELS && b == QA_DOCTOR_PIXELS_AS_NORMALIZED) ||
                    (a == QA_DOCTOR_SIGMOID_MISSING && b == QA_DOCTOR_SIGMOID_TWICE);
    return !(turn_a && turn_b) && !(map_a && map_b) && !opposite;
}

/* Blown up or shrunk first, a shift by pixels no longer shows; the table order of a half turn and
 * a corner fault is one of two that come to the same; scores go through the sigmoid last. */
static bool order_is_free(int a, int b)
{
    bool units = a == QA_DOCTOR_NORMALIZED_AS_PIXELS || a == QA_DOCTOR_PIXELS_AS_NORMALIZED;
    bool half_turn = a == QA_DOCTOR_ROTATE_180;
    bool scores = b >= QA_DOCTOR_SIGMOID_MISSING;
    return !units && !scores && !(half_turn && b <= QA_DOCTOR_CORNER_AS_CENTER);
}

/* With a quarter turn a turned mode is another mode that is not: two names for one thing. */
static fault part_of_pair(dice *d, int code)
{
    fault f;
    do
        f = fault_variant((qa_doctor_code)code,
                          dice_below(d, fault_variants((qa_doctor_code)code)));
    while (code == QA_DOCTOR_WRONG_CROP_MODE &&
           (f.made.mode > PLUMB_CROP_SCALE_FILL || f.read.mode > PLUMB_CROP_SCALE_FILL));
    return f;
}

static void try_pair(tally *t, dice *d, int a, int b, int kind)
{
    expectation e = { .codes = 1u << a | 1u << b, .verdict = QA_DOCTOR_PLUMBING };
    begin(d, kind, 8);
    /* Geometry in either order; what is added to the boxes comes before or after. */
    bool units = a == QA_DOCTOR_NORMALIZED_AS_PIXELS || a == QA_DOCTOR_PIXELS_AS_NORMALIZED;
    bool swap = order_is_free(a, b) ? dice_below(d, 2) == 1 : units;
    fault first = part_of_pair(d, swap ? b : a), second = part_of_pair(d, swap ? a : b);
    qa_doctor_code twin;
    e.twin = scene_twin(&world, &first, &twin) || scene_twin(&world, &second, &twin);
    e.twin_code = QA_DOCTOR_CODE_COUNT;
    bool shows = scene_break(&world, d, &first);
    if (scene_break(&world, d, &second) && shows)
        examine(t, &e);
}

static tally all_pairs(dice *d, int runs)
{
    tally sum = { .name = "all pairs" };
    print_head("pairs, eight frames (those with slips)");
    for (int a = 0; a < QA_DOCTOR_CODE_COUNT; a++) {
        for (int b = a + 1; b < QA_DOCTOR_CODE_COUNT; b++) {
            char name[80];
            tally t = { .name = name };
            if (!pair_makes_sense(a, b))
                continue;
            /* A third of the pairs is enough for a quick look. */
            if (runs == 1 && (a + b) % 3 != 0)
                continue;
            snprintf(name, sizeof(name), "%s + %s", qa_doctor_code_name((qa_doctor_code)a),
                     qa_doctor_code_name((qa_doctor_code)b));
            for (int i = 0; i < runs; i++)
                try_pair(&t, d, a, b, (i + a + b) % SCENE_KINDS);
            if (t.named < t.runs)
                print_tally(&t);
            add_up(&sum, &t);
        }
    }
    print_tally(&sum);
    return sum;
}

static tally healthy(dice *d, int runs)
{
    tally t = { .name = "healthy" };
    const expectation e = { .verdict = QA_DOCTOR_HEALTHY };
    for (int i = 0; i < runs; i++) {
        do {
            scene_make(&world, d, i % SCENE_KINDS, i % 4 == 0 ? 1 : 2 + (size_t)dice_below(d, 12),
                       i % 4 == 0 ? 3 : 1, 3 + dice_below(d, 6));
            scene_observe(&world, d, &usual_noise);
        } while (!observable(1));
        examine(&t, &e);
    }
    print_tally(&t);
    return t;
}

static tally bad(dice *d, bad_model how, int runs, size_t frames, int most)
{
    char name[80];
    tally t = { .name = name };
    snprintf(name, sizeof(name), "%s, %zu frame%s of up to %d", bad_model_name(how), frames,
             frames > 1 ? "s" : "", most);
    const expectation e = { .verdict = QA_DOCTOR_MODEL };
    for (int i = 0; i < runs; i++) {
        do {
            scene_make(&world, d, i % SCENE_KINDS, frames, frames == 1 ? 3 : 1, most);
            scene_spoil(&world, d, how);
        } while (!observable(0) || (how == BAD_CLASSES && world.classes < 4));
        examine(&t, &e);
    }
    print_tally(&t);
    t.name = how == BAD_RANDOM_BOXES ? "random boxes" : "all of these";
    return t;
}

static int failures, cases;

static void require(const tally *t, double rate)
{
    bool good = t->named >= rate * t->runs;
    printf("%s %d - %s: %d of %d exactly named, %.1f %% required\n", good ? "ok" : "not ok",
           ++cases, t->name, t->named, t->runs, 100.0 * rate);
    failures += !good;
}

int main(int argc, char **argv)
{
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    int runs = check || argc < 2 ? 6 : atoi(argv[1]);
    dice d = { argc > 2 ? strtoull(argv[2], NULL, 10) : 20261121 };
    for (int i = 3; i < argc; i++) {
        verbose = verbose || strcmp(argv[i], "-v") == 0;
        with_card = with_card || strcmp(argv[i], "card") == 0;
        qa_doctor_code code;
        if (qa_doctor_code_parse(argv[i], &code) || strcmp(argv[i], "pairs") == 0 ||
            strcmp(argv[i], "runs") == 0)
            only = argv[i];
    }
    tally eight = all_singles(&d, runs, 8), one = all_singles(&d, runs, 1), two = { 0 };
    if (!only || strcmp(only, "pairs") == 0)
        two = all_pairs(&d, check ? 1 : runs / 6 + 1);
    if (only && strcmp(only, "runs") != 0)
        return 0;
    print_head("whole runs");
    tally fine = healthy(&d, check ? 60 : runs * 10);
    tally random = bad(&d, BAD_RANDOM_BOXES, check ? 18 : runs * 3, 8, 8);
    tally every = bad(&d, BAD_ALL, check ? 18 : runs * 3, 8, 8);
    if (!check) {
        for (int how = 0; how < BAD_COUNT; how++) {
            (void)bad(&d, (bad_model)how, runs, 1, 8);
            (void)bad(&d, (bad_model)how, runs, 8, 8);
            (void)bad(&d, (bad_model)how, runs, 32, 8);
        }
        return 0;
    }
    require(&eight, 0.995);
    require(&one, 0.97);
    require(&two, 0.95);
    require(&fine, 1.0);
    require(&random, 0.99);
    require(&every, 0.99);
    printf("1..%d\n", cases);
    return failures ? 1 : 0;
}
