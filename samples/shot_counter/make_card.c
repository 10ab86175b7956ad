/* SPDX-License-Identifier: Apache-2.0
 *
 * usage: make_card > card.json
 *
 * Prints the card of the shot counter. Its regions, one for each printed numeral, are not drawn
 * by hand: they follow from the geometry of the target, in millimetres.
 */
#include <stdio.h>

#include "target.h"

#define REGION_MARGIN_MM 0.8 /* around a numeral, for the box that a detector puts on it */

static const char head[] =
    "{\n"
    "  \"plumbline\": 1,\n"
    "  \"name\": \"10 m air pistol, shot counter\",\n"
    "  \"preprocess\": {\n"
    "    \"width\": 1024, \"height\": 1024, \"mode\": \"scale_fit\", \"rule\": \"ultralytics\",\n"
    "    \"resample\": \"pillow-bilinear\", \"pad\": [32],\n"
    "    \"channels\": \"gray\", \"layout\": \"nchw\", \"dtype\": \"uint8\"\n"
    "  },\n"
    "  \"head\": {\n"
    "    \"type\": \"boxes\", \"labels\": [\"hole\"], \"outputs\": [\"holes\"],\n"
    "    \"columns\": { \"box\": 0, \"score\": 4, \"class\": 5 },\n"
    "    \"format\": \"xyxy\", \"units\": \"pixels\", \"origin\": \"top_left\", \"space\": "
    "\"input\"\n"
    "  },\n"
    "  \"postprocess\": {\n"
    "    \"confidence\": 0.33,\n"
    "    \"nms\": { \"method\": \"center-distance\", \"distance\": 1.5, \"distance_in_plane\": "
    "true,\n"
    "             \"max_candidates\": 4096, \"max_detections\": 1000 }\n"
    "  },\n"
    "  \"regions\": [\n";

static const char tail[] = "  ]\n}\n";

int main(void)
{
    static const char *const arms[4] = { "top", "right", "bottom", "left" };
    double width = NUMERAL_WIDTH_MM + NUMERAL_STROKE_MM + 2 * REGION_MARGIN_MM;
    double height = NUMERAL_HEIGHT_MM + NUMERAL_STROKE_MM + 2 * REGION_MARGIN_MM;
    fputs(head, stdout);
    for (size_t i = 0; i < TARGET_NUMERALS; i++) {
        struct target_numeral numeral = target_numeral(i);
        printf("    { \"name\": \"numeral %d, %s\", \"space\": \"plane\",\n"
               "      \"shape\": { \"rect\": [%.2f, %.2f, %.2f, %.2f] },\n"
               "      \"measure\": \"fraction_of_box\", \"at_least\": 0.5,\n"
               "      \"effect\": \"scale\", \"factor\": 0.6 }%s\n",
               numeral.value, arms[i % 4], numeral.center.x - width / 2,
               numeral.center.y - height / 2, width, height, i + 1 < TARGET_NUMERALS ? "," : "");
    }
    fputs(tail, stdout);
    return ferror(stdout) ? 3 : 0;
}
