/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: names the plumbing fault between true and observed boxes.
 */
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/doctor_suite.h"
#include "cli/doctor_tensor.h"
#include "cli/verbs.h"
#include "qa/doctor_report.h"
#include "qa/pairing.h"

typedef struct choice {
    const char *truth, *observed, *card;
    qa_import_format truth_format, observed_format;
    plumb_size size;
    bool json;
} choice;

static const cli_option box_options[] = {
    { "truth", "FILE", "true boxes; required" },
    { "observed", "FILE", "boxes as the app gave them; required" },
    { "card", "CARD",
      "the card of the model: its input size, mode, rule, threshold and\n"
      "labels narrow the search" },
    { "size", "WxH", "of the upright frames, where neither file says (YOLO)" },
    { "truth-format", "NAME",
      "ndjson, coco, yolo, labelme or cvat; found out where it is left\n"
      "out" },
    { "observed-format", "NAME", "the same for the observed boxes" },
    { "json", NULL, "one JSON object instead of text" },
};

static int set_format(const char *name, const char *value, qa_import_format *format)
{
    if (qa_import_format_parse(value, format))
        return CLI_OK;
    return cli_usage_error("doctor",
                           "doctor: --%s '%s' has to be ndjson, coco, yolo, labelme or "
                           "cvat",
                           name, value);
}

static int set_choice(void *user, const char *name, const char *value)
{
    choice *c = user;
    if (strcmp(name, "truth-format") == 0)
        return set_format(name, value, &c->truth_format);
    if (strcmp(name, "observed-format") == 0)
        return set_format(name, value, &c->observed_format);
    if (strcmp(name, "size") == 0)
        return cli_parse_size("doctor", name, value, &c->size) ? CLI_OK : CLI_USAGE;
    if (strcmp(name, "truth") == 0)
        c->truth = value;
    else if (strcmp(name, "observed") == 0)
        c->observed = value;
    else if (strcmp(name, "card") == 0)
        c->card = value;
    else
        c->json = true;
    return CLI_OK;
}

static int give(const choice *c, const qa_doctor_report *report)
{
    qa_text text = { 0 };
    if (c->json)
        qa_doctor_report_json(&text, report);
    else
        qa_doctor_report_text(&text, report);
    int code = report->verdict == QA_DOCTOR_HEALTHY ? CLI_OK : CLI_DIFFERENT;
    if (text.failed) {
        cli_message("no memory for the report");
        code = CLI_RESOURCE;
    } else if (!cli_write_stdout(text.data, text.size)) {
        code = CLI_RESOURCE;
    }
    qa_text_release(&text);
    return code;
}

static int examine(const choice *c, const qa_import *truth, const qa_import *observed,
                   const plumb_card *card)
{
    qa_pairing pairing;
    plumb_diag diag = { 0 };
    plumb_status status = qa_pair(truth, observed, c->size, card, &pairing, &diag);
    if (status)
        return cli_report(NULL, status, &diag);
    if (pairing.truth_alone > 0 || pairing.observed_alone > 0)
        cli_message("%zu true and %zu observed frames have no partner and are left out",
                    pairing.truth_alone, pairing.observed_alone);
    qa_doctor_options options = { NULL, NAN };
    if (card) {
        options.mapping = &plumb_card_spec(card)->preprocess.mapping;
        options.confidence = (double)plumb_card_spec(card)->threshold.confidence;
    }
    qa_doctor_report report;
    status = qa_doctor_examine(NULL, pairing.frames, pairing.count, &options, &report, &diag);
    int code = status ? cli_report(NULL, status, &diag) : give(c, &report);
    qa_pairing_release(&pairing);
    return code;
}

static int read_and_examine(const choice *c, const plumb_card *card)
{
    qa_import truth, observed;
    plumb_diag diag = { 0 };
    plumb_status status = qa_import_read(c->truth, c->truth_format, &truth, &diag);
    if (status)
        return cli_report(NULL, status, &diag);
    int code;
    status = qa_import_read(c->observed, c->observed_format, &observed, &diag);
    if (status) {
        code = cli_report(NULL, status, &diag);
    } else {
        code = examine(c, &truth, &observed, card);
        qa_import_release(&observed);
    }
    qa_import_release(&truth);
    return code;
}

int cli_verb_doctor(int argc, char **argv)
{
    choice c = { 0 };
    cli_tensor_pairs tensors = { 0 };
    cli_group groups[] = {
        { "Boxes", box_options, sizeof(box_options) / sizeof(box_options[0]), set_choice, &c },
        cli_tensor_group(&tensors),
    };
    cli_command command = {
        "doctor",
        "(SUITE | --truth FILE --observed FILE [--card CARD] |\n"
        "        --card CARD --frame FRAME --tensor T.npy ...) [--json]",
        "Names the plumbing faults between true and observed boxes: flips and turns, box formats,\n"
        "units, mappings that were not undone or undone twice, classes, scores, and a missing\n"
        "threshold, NMS or region. No model and no pictures are needed.\n\n"
        "Of a recorded suite it runs every stage again, from the decoding of the file to the\n"
        "regions, and says which one is the first to give something else than was recorded.\n\n"
        "Of frames, the card and the tensors that an app really fed to its network it names the\n"
        "faults in front of the network: channel order, value range, mean and std, matrix and\n"
        "range of YUV, orientation, mode, padding, resampler, layout and the JPEG decoder.",
        groups,
        sizeof(groups) / sizeof(groups[0]),
        "Formats: NDJSON as `run` writes it (a score may be missing in the truth), COCO instances "
        "and\n"
        "results, YOLO text, LabelMe, CVAT for images; a folder of YOLO or LabelMe files is one "
        "list.\n"
        "Frames are matched by name, with or without folder and ending.\n"
        "Exit code: 0 healthy, 1 anything else (the verdict says what), 3 bad input.\n",
    };
    cli_arguments arguments;
    int code;
    if (!cli_parse(&command, argc, argv, &arguments, &code))
        return code;
    bool suite = arguments.count == 1 && !c.truth && !c.observed && !c.card;
    if (arguments.count == 0 && !c.truth && !c.observed &&
        tensors.frame_count + tensors.tensor_count > 0)
        return cli_doctor_tensor(c.card, &tensors, c.json);
    if (arguments.count > 0 && !suite)
        return cli_usage_error("doctor", "doctor: '%s' is one argument too many",
                               arguments.items[0]);
    if (suite)
        return cli_doctor_suite(arguments.items[0], c.json);
    if (!c.truth || !c.observed)
        return cli_usage_error("doctor", "doctor needs --truth and --observed");
    plumb_card *card = NULL;
    if (c.card) {
        plumb_diag diag = { 0 };
        plumb_status status = plumb_card_open(NULL, c.card, &card, &diag);
        if (status)
            return cli_report(c.card, status, &diag);
    }
    code = read_and_examine(&c, card);
    plumb_card_destroy(&card);
    return code;
}
