/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/doctor.h"

#include "base/names.h"

static const plumb_name codes[] = {
    { QA_DOCTOR_FLIP_Y, "flip-y" },
    { QA_DOCTOR_FLIP_X, "flip-x" },
    { QA_DOCTOR_ROTATE_90, "rotate-90" },
    { QA_DOCTOR_ROTATE_180, "rotate-180" },
    { QA_DOCTOR_ROTATE_270, "rotate-270" },
    { QA_DOCTOR_XY_SWAPPED, "xy-swapped" },
    { QA_DOCTOR_CENTER_AS_CORNER, "center-as-corner" },
    { QA_DOCTOR_CORNER_AS_CENTER, "corner-as-center" },
    { QA_DOCTOR_CORNERS_AS_SIZE, "corners-as-size" },
    { QA_DOCTOR_NORMALIZED_AS_PIXELS, "normalized-as-pixels" },
    { QA_DOCTOR_PIXELS_AS_NORMALIZED, "pixels-as-normalized" },
    { QA_DOCTOR_INPUT_SPACE_NOT_UNMAPPED, "input-space-not-unmapped" },
    { QA_DOCTOR_UNMAPPED_TWICE, "unmapped-twice" },
    { QA_DOCTOR_PAD_PLACEMENT, "pad-placement" },
    { QA_DOCTOR_WRONG_CROP_MODE, "wrong-crop-mode" },
    { QA_DOCTOR_ROI_NOT_APPLIED, "roi-not-applied" },
    { QA_DOCTOR_WRONG_IMAGE_SIZE, "wrong-image-size" },
    { QA_DOCTOR_CLASS_OFFSET, "class-offset" },
    { QA_DOCTOR_THRESHOLD_MISSING, "threshold-missing" },
    { QA_DOCTOR_NMS_MISSING, "nms-missing" },
    { QA_DOCTOR_REGION_MISSING, "region-missing" },
    { QA_DOCTOR_SIGMOID_MISSING, "sigmoid-missing" },
    { QA_DOCTOR_SIGMOID_TWICE, "sigmoid-twice" },
};

static const plumb_name verdicts[] = {
    { QA_DOCTOR_HEALTHY, "healthy" },
    { QA_DOCTOR_PLUMBING, "plumbing" },
    { QA_DOCTOR_MODEL, "model" },
    { QA_DOCTOR_UNKNOWN, "unknown" },
};

PLUMB_DEFINE_NAMES(qa_doctor_code, qa_doctor_code, codes)

const char *qa_doctor_verdict_name(qa_doctor_verdict verdict)
{
    return plumb_name_of(verdicts, sizeof(verdicts) / sizeof(verdicts[0]), (int)verdict);
}
