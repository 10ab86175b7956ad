/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/tensor_doctor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qa/tensor_doctor_parts.h"

#define HARMLESS 0.6  /* levels that another rounding may leave */
#define VISIBLE  5.0  /* levels that no rounding leaves in any pixel */
#define LOST     10.0 /* levels: not this picture */
#define TIE      0.15 /* difference of costs that decides nothing */

/* Half the distance of neighbouring values near the largest one, in levels. */
static double precision_of(const tensor_exam *exam, double gain, double offset)
{
    double largest = fmax(fabs(offset), fabs(offset + 255.0 * gain));
    double bits = exam->targets[exam->expected].dtype == PLUMB_DTYPE_FLOAT16 ? 0x1p-10 : 0x1p-21;
    return fit_is_whole(exam->given[0].tensor.dtype) ? TENSOR_SAME
                                                     : TENSOR_SAME + largest * bits / gain;
}

typedef struct comparison {
    double squares;
    size_t count, equal;
} comparison;

static void compare(tensor_exam *exam, size_t pair, const plumb_tensor *made, comparison *c)
{
    const fit_target *t = &exam->targets[exam->expected];
    const plumb_tensor *given = &exam->given[pair].tensor;
    size_t count = (size_t)plumb_tensor_elements(given), channels = (size_t)t->channels;
    size_t size = plumb_dtype_size(made->dtype), given_size = plumb_dtype_size(given->dtype);
    /* OpenCV's own builds differ by as much. */
    double slack = exam->card->resample == PLUMB_RESAMPLE_OPENCV_CUBIC ? 1.0 : 0.0;
    double gain[3], limit[3];
    for (int k = 0; k < t->channels; k++) {
        double offset;
        tensor_card_values(exam->card, k, &gain[k], &offset);
        limit[k] = slack + precision_of(exam, gain[k], offset);
    }
    for (size_t i = 0; i < count; i++) {
        size_t k = exam->expected == TENSOR_CHW ? i / (count / channels) : i % channels;
        double a = (double)plumb_tensor_load(made, (int64_t)(i * size));
        double b = (double)plumb_tensor_load(given, (int64_t)(i * given_size));
        double error = (a - b) / gain[k];
        c->squares += error * error;
        c->equal += fabs(error) <= limit[k];
    }
    c->count += count;
}

/* What a session of the card makes of every frame, JPEG as it is, held against what was fed. */
static plumb_status compare_all(tensor_exam *exam, plumb_session *session, comparison *c,
                                plumb_diag *diag)
{
    for (size_t i = 0; i < exam->count; i++) {
        plumb_result result;
        plumb_status status =
            plumb_session_preprocess(session, &exam->given[i].frame, &result, diag);
        if (status)
            return status;
        plumb_tensor made = *result.tensor;
        made.quantization = (plumb_quantization){ 0 }; /* values as they are stored */
        compare(exam, i, &made, c);
    }
    return PLUMB_OK;
}

static plumb_status compare_with_card(tensor_exam *exam, const plumb_pipeline_spec *card,
                                      bool *healthy, plumb_diag *diag)
{
    plumb_pipeline *pipeline = NULL;
    plumb_session *session = NULL;
    comparison c = { 0 };
    plumb_status status = plumb_pipeline_create(NULL, card, &pipeline, diag);
    if (!status)
        status = plumb_session_create(pipeline, NULL, &session, diag);
    if (!status)
        status = compare_all(exam, session, &c, diag);
    plumb_session_destroy(&session);
    plumb_pipeline_destroy(&pipeline);
    if (status)
        return status;
    exam->residual_before = sqrt(c.squares / (double)c.count);
    exam->equal_before = (double)c.equal / (double)c.count;
    *healthy = c.equal == c.count && exam->declared == exam->expected;
    return PLUMB_OK;
}

/* --- conclusions --- */

static void list_codes(char *text, size_t capacity, uint32_t codes)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < QA_TENSOR_CODE_COUNT && at < capacity; i++)
        if (codes >> i & 1)
            at += (size_t)snprintf(text + at, capacity - at, "%s%s", at ? " + " : "",
                                   qa_tensor_code_name((qa_tensor_code)i));
    if (codes == 0)
        (void)snprintf(text, capacity, "no fault");
}

static double lowest_cost(const tensor_list *list)
{
    double lowest = INFINITY;
    for (size_t i = 0; i < list->count; i++)
        lowest = fmin(lowest, list->items[i].cost);
    return lowest;
}

/* The cheapest; where what is left is no more than rounding, the one with the fewest faults of those
 * that do about as well. */
static const tensor_explanation *choose(const tensor_list *list)
{
    const double limit = lowest_cost(list) + TIE;
    const tensor_explanation *best = NULL, *fewest = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const tensor_explanation *e = &list->items[i];
        if (!best || e->cost < best->cost)
            best = e;
        if (e->cost < limit && e->trial.rms <= HARMLESS &&
            (!fewest || tensor_count_codes(e->codes) < tensor_count_codes(fewest->codes)))
            fewest = e;
    }
    return fewest && tensor_count_codes(fewest->codes) < tensor_count_codes(best->codes) ? fewest
                                                                                         : best;
}

static const tensor_explanation *find_rival(const tensor_list *list, const tensor_explanation *best)
{
    const double limit = lowest_cost(list) + TIE;
    for (size_t i = 0; i < list->count; i++) {
        const tensor_explanation *e = &list->items[i];
        bool more = tensor_count_codes(e->codes) > tensor_count_codes(best->codes);
        if (e->codes != best->codes && e->cost < limit && !(more && best->trial.rms <= HARMLESS))
            return e;
    }
    return NULL;
}

/* What other decoders leave shows in single pixels where the picture has little colour. */
static bool is_redecoded(tensor_exam *exam, const tensor_explanation *e)
{
    bool shows = e->trial.rms > HARMLESS || e->trial.worst > VISIBLE + 1.0 / e->trial.gain[0];
    return e->decoder == exam->decoder && !e->trial.exact && shows && tensor_is_redecoded(exam, e);
}

/* Explanations with the same faults and more are no rivals. */
static double confidence_of(const tensor_explanation *e, const tensor_list *list)
{
    double next = INFINITY;
    for (size_t i = 0; i < list->count; i++)
        if ((list->items[i].codes & e->codes) != e->codes)
            next = fmin(next, list->items[i].cost);
    double margin = fmin(next - e->cost, 6.0);
    double sure = 1.0 - 0.5 * exp(-2.0 * margin);
    if (!e->values.usual)
        sure *= 0.6;
    return e->trial.exact ? fmin(sure, 0.99) : fmin(sure, 0.95) * exp(-e->trial.rms / 15.0);
}

static void add_faults(const tensor_exam *exam, const tensor_explanation *e,
                       const tensor_list *list, qa_tensor_report *report)
{
    for (int i = 0; i < QA_TENSOR_CODE_COUNT; i++) {
        if (!(e->codes >> i & 1) || report->fault_count == QA_TENSOR_MAX_FAULTS)
            continue;
        qa_tensor_fault *fault = &report->faults[report->fault_count++];
        fault->code = (qa_tensor_code)i;
        fault->confidence = confidence_of(e, list);
        tensor_describe(exam, e, (qa_tensor_code)i, fault);
    }
}

static void say_tie(tensor_exam *exam, const tensor_explanation *best,
                    const tensor_explanation *rival, qa_tensor_report *report)
{
    char one[120], two[120];
    list_codes(one, sizeof(one), best->codes);
    list_codes(two, sizeof(two), rival->codes);
    report->verdict = QA_DOCTOR_UNKNOWN;
    (void)snprintf(report->reason, sizeof(report->reason),
                   "two explanations do equally well: %s, and %s", one, two);
    plumb_size size = fit_deciding_size(&exam->targets[best->order], &best->trial, &rival->trial);
    if (size.width > 0)
        (void)snprintf(report->settle, sizeof(report->settle),
                       "a frame of %dx%d with hard edges and strong colours, and its tensor",
                       (int)size.width, (int)size.height);
    else
        (void)snprintf(report->settle, sizeof(report->settle),
                       "a frame with text or other fine detail in several colours, different on "
                       "every side, and its tensor");
}

static void say_lost(const tensor_exam *exam, qa_tensor_report *report)
{
    report->verdict = QA_DOCTOR_UNKNOWN;
    (void)snprintf(report->reason, sizeof(report->reason),
                   exam->spread[exam->expected] > 0.0
                       ? "the tensor is not made of this frame by any recipe that is known"
                       : "every element of the tensor has the same value");
    (void)snprintf(report->settle, sizeof(report->settle),
                   "make sure that frame and tensor belong together, and that the frame shows "
                   "more than one colour");
}

static bool is_lost(const tensor_exam *exam, const tensor_explanation *e)
{
    return e->trial.rms > LOST ||
           (e->trial.rms > HARMLESS && !tensor_near(exam, &e->trial, e->order) &&
            e->trial.rms * e->trial.gain[0] > 0.4 * exam->spread[e->order]);
}

/* What has no code is harmless when it is small, or another library's form of a colour matrix. */
static void say_no_fault(qa_tensor_report *report)
{
    bool harmless = report->residual_after <= HARMLESS;
    report->verdict = harmless ? QA_DOCTOR_HEALTHY : QA_DOCTOR_UNKNOWN;
    (void)snprintf(report->reason, sizeof(report->reason),
                   harmless ? "%.2g levels from what the card makes, as other builds of the same "
                              "libraries may be"
                            : "%.3g levels from what the card makes, and no fault that is known "
                              "explains the rest",
                   report->residual_before);
    if (!harmless)
        (void)snprintf(report->settle, sizeof(report->settle),
                       "the same tensor of an uncompressed frame (PNG or BMP) of odd size");
}

static void conclude(tensor_exam *exam, const tensor_list *list, qa_tensor_report *report)
{
    const tensor_explanation *best = choose(list);
    if (!best || is_lost(exam, best)) {
        say_lost(exam, report);
        return;
    }
    tensor_residual(exam, best, &report->residual_after, &report->equal_after);
    const tensor_explanation *rival = find_rival(list, best);
    if (rival) {
        say_tie(exam, best, rival, report);
        return;
    }
    tensor_explanation named = *best;
    named.redecoded = is_redecoded(exam, best);
    if (named.redecoded)
        named.codes |= (uint32_t)1 << QA_TENSOR_JPEG_DECODER;
    if (named.codes == 0) {
        say_no_fault(report);
        return;
    }
    add_faults(exam, &named, list, report);
    char names[160];
    list_codes(names, sizeof(names), named.codes);
    report->verdict = QA_DOCTOR_PLUMBING;
    (void)snprintf(report->reason, sizeof(report->reason), "%s explains the tensor%s", names,
                   named.trial.exact ? " exactly" : "");
}

static plumb_status examine(tensor_exam *exam, const plumb_pipeline_spec *card,
                            qa_tensor_report *report, plumb_diag *diag)
{
    bool healthy = false;
    plumb_status status = tensor_exam_open(exam, diag);
    if (!status)
        status = compare_with_card(exam, card, &healthy, diag);
    if (status)
        return status;
    report->residual_before = report->residual_after = exam->residual_before;
    report->equal_before = report->equal_after = exam->equal_before;
    if (healthy) {
        report->verdict = QA_DOCTOR_HEALTHY;
        (void)snprintf(report->reason, sizeof(report->reason),
                       "every element is what the card makes of the frame");
        return PLUMB_OK;
    }
    tensor_list list = { malloc(TENSOR_MAX_EXPLANATIONS * sizeof(tensor_explanation)), 0 };
    if (!list.items)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    status = tensor_search(exam, &list, diag);
    for (size_t i = 0; i < list.count && !status; i++)
        tensor_judge(exam, &list.items[i]);
    if (!status)
        conclude(exam, &list, report);
    free(list.items);
    return status;
}

plumb_status qa_tensor_examine(const plumb_pipeline_spec *card, const qa_fit_pair *pairs,
                               size_t count, void (*progress)(void *user, size_t done), void *user,
                               qa_tensor_report *report, plumb_diag *diag)
{
    if (count < 1 || count > QA_FIT_MAX_PAIRS)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "pairs", "%zu; 1 to %d are expected", count,
                          QA_FIT_MAX_PAIRS);
    tensor_exam *exam = calloc(1, sizeof(*exam));
    if (!exam)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    exam->card = &card->preprocess;
    exam->given = pairs;
    exam->count = count;
    exam->search.progress = progress;
    exam->search.user = user;
    memset(report, 0, sizeof(*report));
    report->frame_count = count;
    plumb_status status = examine(exam, card, report, diag);
    tensor_exam_close(exam);
    free(exam);
    return status;
}
