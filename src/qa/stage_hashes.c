/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/stages.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/names.h"

static const plumb_name names[] = {
    { QA_STAGE_FILE, "decode" },
    { QA_STAGE_COLOR, "colour" },
    { QA_STAGE_ORIENTATION, "orientation" },
    { QA_STAGE_CROP, "crop" },
    { QA_STAGE_RESAMPLE, "resample" },
    { QA_STAGE_NORMALISE, "normalise" },
    { QA_STAGE_PACK, "pack" },
    { QA_STAGE_HEAD, "head" },
    { QA_STAGE_UNMAP, "unmap" },
    { QA_STAGE_THRESHOLD, "threshold" },
    { QA_STAGE_NMS, "nms" },
    { QA_STAGE_REGIONS, "regions" },
};

static const plumb_name hints[] = {
    { QA_STAGE_FILE, "the file of the frame, or the library that decodes it" },
    { QA_STAGE_COLOR, "matrix and range of the frame" },
    { QA_STAGE_ORIENTATION, "the orientation of the frame" },
    { QA_STAGE_CROP, "preprocess.width, height, mode, rule; the frame's region of interest" },
    { QA_STAGE_RESAMPLE, "preprocess.resample, channels, pad" },
    { QA_STAGE_NORMALISE, "preprocess.divide, scale, mean, std" },
    { QA_STAGE_PACK, "preprocess.layout, dtype, quantization" },
    { QA_STAGE_HEAD, "head and its labels, or the recorded outputs" },
    { QA_STAGE_UNMAP, "head.space, origin and units; preprocess.mode and rule" },
    { QA_STAGE_THRESHOLD, "postprocess.confidence, confidence_per_class, classes" },
    { QA_STAGE_NMS, "postprocess.nms" },
    { QA_STAGE_REGIONS,
      "regions and their names, postprocess.regions_when, clip, nms.max_detections" },
};

const char *qa_stage_name(qa_stage stage)
{
    return plumb_name_of(names, sizeof(names) / sizeof(names[0]), (int)stage);
}

const char *qa_stage_hint(qa_stage stage)
{
    return plumb_name_of(hints, sizeof(hints) / sizeof(hints[0]), (int)stage);
}

qa_stage qa_stages_compare(const qa_stage_hashes *a, const qa_stage_hashes *b)
{
    int stage = 0;
    while (stage < QA_STAGE_COUNT &&
           (a->hash[stage] == b->hash[stage] || a->hash[stage] == 0 || b->hash[stage] == 0))
        stage++;
    return (qa_stage)stage;
}

void qa_stages_add_line(qa_text *text, const qa_stage_hashes *hashes, const char *frame)
{
    for (int i = 0; i < QA_STAGE_COUNT; i++)
        qa_text_format(text, "%016" PRIx64 " ", hashes->hash[i]);
    qa_text_format(text, "%s\n", frame);
}

bool qa_stages_read_line(char *line, qa_stage_hashes *hashes, const char **frame)
{
    for (int i = 0; i < QA_STAGE_COUNT; i++) {
        char *end;
        hashes->hash[i] = strtoull(line, &end, 16);
        if (end != line + 16 || *end != ' ')
            return false;
        line = end + 1;
    }
    *frame = line;
    return line[0] != '\0';
}
