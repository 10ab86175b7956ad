/* SPDX-License-Identifier: Apache-2.0
 *
 * Which recipe made these tensors? From pairs of a frame and the tensor that a notebook made of it,
 * find mode, rule, resampler, pad, channel order, layout, type and values, and the colour matrix of
 * YUV frames. The invariant: what is reported was run again on every pair, and its residual is that
 * of the run, so a residual of 0 means every element, bit for bit.
 */
#ifndef QA_FIT_H
#define QA_FIT_H

#include "plumbline/preprocess.h"
#include "qa/text.h"

#define QA_FIT_MAX_PAIRS        16
#define QA_FIT_MAX_ALTERNATIVES 64

/* Pixels or a JPEG file, and a tensor of rank 3 or 4: [1,]C,H,W or [1,]H,W,C with 1 or 3 channels. All
 * tensors have one type and shape. Both are borrowed. */
typedef struct qa_fit_pair {
    plumb_frame frame;
    plumb_tensor tensor;
} qa_fit_pair;

/* A recipe, and how far its tensors are from those given. */
typedef struct qa_fit_recipe {
    plumb_preprocess_spec spec;
    plumb_matrix matrix; /* of YUV frames, else UNSET */
    plumb_range range;
    plumb_orientation orientation; /* what the frame was taken for; 0: what it says itself */
    double rms; /* of the search, in 8-bit levels; the values are fitted freely */
} qa_fit_recipe;

/* What the pairs cannot decide: `also` fits them as well. */
typedef struct qa_fit_alternative {
    qa_fit_recipe also;
    plumb_size frame; /* a frame of this size would tell; 0x0: none of the usual sizes does */
} qa_fit_alternative;

/* How far the best recipe is to be trusted. */
typedef enum qa_fit_verdict {
    QA_FIT_EXACT,    /* every element, bit for bit */
    QA_FIT_ROUNDING, /* within what another build or another order of the operations leaves */
    QA_FIT_NEAREST,  /* not how the tensors were made: the nearest that is known */
} qa_fit_verdict;

typedef struct qa_fit_result {
    qa_fit_recipe best;
    qa_fit_verdict verdict;
    uint64_t elements, differing; /* of all pairs; differing in any bit */
    double max_error, mean_error; /* in 8-bit levels */
    bool pad_seen;                /* some input pixels show no picture */
    bool pad_exact;               /* and hold a value that a pad level gives */
    bool color_seen;              /* the order of the channels shows */
    qa_fit_alternative alternatives[QA_FIT_MAX_ALTERNATIVES];
    size_t alternative_count;
} qa_fit_result;

/* `progress` (may be NULL) is told how many trials are done.
 *
 * Errors: PLUMB_E_ARGUMENT (no pairs, more than QA_FIT_MAX_PAIRS), PLUMB_E_SHAPE, PLUMB_E_DTYPE (the
 * tensors are no pictures, or not alike), PLUMB_E_NONFINITE, PLUMB_E_VALUE (a tensor or a frame
 * without any structure), those of the frames and of decoding them, PLUMB_E_NOMEM. Cost: some hundred
 * runs of the preprocessor for each pair. */
PLUMB_NODISCARD plumb_status qa_fit(const qa_fit_pair *pairs, size_t count,
                                    void (*progress)(void *user, size_t done), void *user,
                                    qa_fit_result *result, plumb_diag *diag);

/* The recipe as the "preprocess" object of a card, `indent` spaces in. */
void qa_fit_write_card(qa_text *text, const qa_fit_recipe *recipe, int indent);

/* For people: the card fields, the residual, what is undecided and what would decide it. */
void qa_fit_write_text(qa_text *text, const qa_fit_result *result);

/* {"verdict":"exact|rounding|nearest","preprocess":{...},"matrix":..,"range":..,
 *  "orientation_ignored":..,"residual":{"elements":..,"differing":..,"max":..,"mean":..},
 *  "pad_seen":..,"pad_exact":..,"color_seen":..,"undecided":[{"field":..,"also":..,"frame":[w,h]}]}
 * Errors are in 8-bit levels. */
void qa_fit_write_json(qa_text *text, const qa_fit_result *result);

#endif
