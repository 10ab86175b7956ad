/* SPDX-License-Identifier: Apache-2.0
 *
 * The doctor, boxes side: from true and observed boxes alone it names the plumbing faults between
 * them. The invariant: a fault is named only when undoing it explains the observed boxes better
 * than every other explanation by a margin; when two explanations tie, the verdict is unknown and
 * says which frame would tell them apart.
 */
#ifndef QA_DOCTOR_H
#define QA_DOCTOR_H

#include "plumbline/geometry.h"

typedef enum qa_doctor_code {
    QA_DOCTOR_FLIP_Y = 0,
    QA_DOCTOR_FLIP_X,
    QA_DOCTOR_ROTATE_90,
    QA_DOCTOR_ROTATE_180,
    QA_DOCTOR_ROTATE_270,
    QA_DOCTOR_XY_SWAPPED,
    QA_DOCTOR_CENTER_AS_CORNER,
    QA_DOCTOR_CORNER_AS_CENTER,
    QA_DOCTOR_CORNERS_AS_SIZE,
    QA_DOCTOR_NORMALIZED_AS_PIXELS,
    QA_DOCTOR_PIXELS_AS_NORMALIZED,
    QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED,
    QA_DOCTOR_UNMAPPED_TWICE,
    QA_DOCTOR_PAD_PLACEMENT,
    QA_DOCTOR_WRONG_CROP_MODE,
    QA_DOCTOR_ROI_NOT_APPLIED,
    QA_DOCTOR_WRONG_IMAGE_SIZE,
    QA_DOCTOR_CLASS_OFFSET,
    QA_DOCTOR_THRESHOLD_MISSING,
    QA_DOCTOR_NMS_MISSING,
    QA_DOCTOR_REGION_MISSING,
    QA_DOCTOR_SIGMOID_MISSING,
    QA_DOCTOR_SIGMOID_TWICE,
    QA_DOCTOR_CODE_COUNT
} qa_doctor_code;

const char *qa_doctor_code_name(qa_doctor_code code); /* "flip-y" */
bool qa_doctor_code_parse(const char *name, qa_doctor_code *code);

typedef enum qa_doctor_verdict {
    QA_DOCTOR_HEALTHY = 0,
    QA_DOCTOR_PLUMBING,
    QA_DOCTOR_MODEL,   /* the error has no shape that plumbing makes */
    QA_DOCTOR_UNKNOWN, /* explanations tie, or there is too little to go by */
} qa_doctor_verdict;

const char *qa_doctor_verdict_name(qa_doctor_verdict verdict);

/* Below every id: one off by one may well be below zero. */
#define QA_NO_CLASS (-1000000000)

typedef struct qa_doctor_box {
    plumb_rect rect;  /* as it was given: with a fault in it, "width" may be anything */
    double score;     /* NaN where there is none */
    int32_t class_id; /* QA_NO_CLASS where there is none */
} qa_doctor_box;

/* One frame, both lists in what is believed to be upright pixels. Borrowed for the call. */
typedef struct qa_doctor_frame {
    const char *name;
    plumb_size image; /* upright */
    const qa_doctor_box *truth;
    size_t truth_count;
    const qa_doctor_box *observed;
    size_t observed_count;
} qa_doctor_frame;

/* What a card tells. Without one the doctor tries the usual input sizes, modes and rules. */
typedef struct qa_doctor_options {
    const plumb_mapping_spec *mapping; /* NULL: not known */
    double confidence;                 /* threshold of the card; NaN: not known */
} qa_doctor_options;

/* A fault with its evidence. */
typedef struct qa_doctor_fault {
    qa_doctor_code code;
    double confidence;    /* 0..1 */
    size_t count;         /* boxes that show it: matched pairs, or surplus boxes of its kind */
    double before, after; /* the quantity named by `measure`, as observed and after the fix */
    const char
        *measure;     /* "mean_iou", "class_agreement", "surplus_per_true_box", "scores_in_0_1" */
    char detail[160]; /* parameters found, e.g. "input 416x416, scale_fit, top left" */
    char edit[400];   /* the fix as a JSON merge patch of the card */
    char fix[200];    /* the fix as one line of prose */
} qa_doctor_fault;

#define QA_DOCTOR_MAX_FAULTS 8
#define QA_DOCTOR_MAX_RIVALS 4

/* Another explanation. `score` is in nats, on the same scale as that of the report. */
typedef struct qa_doctor_rival {
    uint32_t codes; /* bit i: qa_doctor_code i; 0: no geometric fault at all */
    double score;
    double mean_iou;
} qa_doctor_rival;

typedef struct qa_doctor_report {
    qa_doctor_verdict verdict;
    qa_doctor_fault faults[QA_DOCTOR_MAX_FAULTS]; /* in the order they were made */
    size_t fault_count;
    qa_doctor_rival rivals[QA_DOCTOR_MAX_RIVALS]; /* best first, the chosen one left out */
    size_t rival_count;
    size_t frame_count, truth_count, observed_count;
    size_t matched;                         /* true boxes found again after the fix */
    double mean_iou_before, mean_iou_after; /* of those pairs */
    double
        score; /* log-likelihood ratio of the chosen explanation against chance, less its price */
    char reason[320]; /* one line */
    char settle[240]; /* unknown: the frame that would tell; else empty */
} qa_doctor_report;

#define QA_DOCTOR_MAX_BOXES 65536 /* per frame and list */

/* Examine. Boxes that are not finite are left out. Errors: PLUMB_E_ARGUMENT (no frames, or a
 * list without boxes over all frames), PLUMB_E_SIZE, PLUMB_E_LIMIT, PLUMB_E_NOMEM. The result
 * depends on nothing but the arguments. Thread-safe. */
PLUMB_NODISCARD plumb_status qa_doctor_examine(const plumb_context *context,
                                               const qa_doctor_frame *frames, size_t count,
                                               const qa_doctor_options *options,
                                               qa_doctor_report *report, plumb_diag *diag);

#endif
