/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts and scores the holes in 10 m air-pistol cards: from camera frame to score with nothing
 * but the public headers of Plumbline. Read run_frame first; it is what an app does per frame.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "frames.h"
#include "log.h"
#include "marks.h"
#include "picture.h"
#include "shots.h"

static const char usage[] =
    "usage: shot_counter [OPTION]... CARD FRAME...\n"
    "\n"
    "Counts and scores the holes in photographs of 10 m air-pistol cards. FRAME is a JPEG file or\n"
    "a .frame.json beside raw planes.\n"
    "\n"
    "  --truth FILE      compare with the lines of FILE; exit code 1 where they differ\n"
    "  --overlay FOLDER  write a picture of each frame\n"
    "  --log FILE        write the detections, one line a frame, as plumbline doctor reads them\n"
    "  --no-regions      leave the card's regions out: printed numerals count as shots\n"
    "  --no-threshold    set the card's confidence to 0: everything counts as a shot\n"
    "  --help            print this text\n";

enum { EXIT_FINE = 0, EXIT_DIFFERS = 1, EXIT_USAGE = 2, EXIT_INPUT = 3 };

struct options {
    const char *truth, *overlay, *log;
    bool no_regions, no_threshold;
};

struct counter {
    const struct options *options;
    plumb_pipeline *pipeline;
    plumb_session *session;
    struct frame_reader reader;
    FILE *log;
    struct tally tally, truth;
    size_t frames, right;
    size_t shots, true_shots;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int report(const char *what, plumb_status status, const plumb_diag *diag)
{
    fprintf(stderr, "%s: %s: %s%s%s\n", what, plumb_status_text(status), diag->field,
            diag->field[0] ? ": " : "", diag->message);
    return EXIT_INPUT;
}

/* Card to session. The switches of the demonstration change the spec between the two. */
static plumb_status open_session(struct counter *counter, const char *path, plumb_diag *diag)
{
    plumb_card *card = NULL;
    plumb_status status = plumb_card_open(NULL, path, &card, diag);
    if (status)
        return status;
    plumb_pipeline_spec spec = *plumb_card_spec(card);
    if (counter->options->no_regions)
        spec.region_count = 0;
    if (counter->options->no_threshold)
        spec.threshold.confidence = 0.0f;

    status = plumb_pipeline_create(NULL, &spec, &counter->pipeline, diag);
    plumb_card_destroy(&card);
    plumb_detector detector;
    if (status == PLUMB_OK)
        status = blobs_open(&detector);
    if (status)
        return status;
    status = plumb_session_create(counter->pipeline, &detector, &counter->session, diag);
    if (status)
        detector.release(detector.user);
    return status;
}

/* One frame, from camera buffer to score. The tensor that the detector will see also shows the
 * corner marks, and with them where the card lies; then the whole pipeline runs, with regions and
 * suppression measured on the card. */
static plumb_status run_frame(struct counter *counter, const plumb_frame *frame,
                              plumb_homography *upright_from_plane, plumb_result *result,
                              plumb_diag *diag)
{
    plumb_status status = plumb_session_preprocess(counter->session, frame, result, diag);
    if (status)
        return status;
    if (!marks_find_card(result->tensor, result->mapping, upright_from_plane)) {
        snprintf(diag->message, sizeof(diag->message),
                 "the four corner marks are not all in sight");
        return PLUMB_E_VALUE;
    }
    plumb_run_options run = PLUMB_RUN_OPTIONS_INIT;
    run.upright_from_plane = upright_from_plane;
    run.trace = true; /* only for the crosses in the picture */
    status = plumb_session_run(counter->session, frame, &run, result, diag);
    if (status == PLUMB_OK && !tally_shots(result->detections, upright_from_plane, &counter->tally))
        status = PLUMB_E_VALUE;
    return status;
}

static void print_heading(void)
{
    printf("%-34s %9s %11s %15s %8s\n", "frame", "shots", "rings", "score", "off by");
}

static void print_tally(const char *name, const struct tally *tally)
{
    printf("%-34s %9zu %11d %13d.%d %8s%s\n", name, tally->count, tally->rings, tally->tenths / 10,
           tally->tenths % 10, "", tally->needs_human ? "  needs a human: holes touch" : "");
}

static void print_compared(const char *name, const struct tally *tally, const struct tally *truth,
                           bool right)
{
    char shots[32], rings[32], score[48], worst[32] = "";
    snprintf(shots, sizeof(shots), "%zu of %zu", tally->count, truth->count);
    snprintf(rings, sizeof(rings), "%d of %d", tally->rings, truth->rings);
    snprintf(score, sizeof(score), "%d.%d of %d.%d", tally->tenths / 10, tally->tenths % 10,
             truth->tenths / 10, truth->tenths % 10);
    double error = tally_worst_error(tally, truth);
    if (error >= 0)
        snprintf(worst, sizeof(worst), "%.2f mm", error);
    printf("%-34s %9s %11s %15s %8s%s%s\n", name, shots, rings, score, worst,
           right ? "" : "  WRONG", tally->needs_human ? "  needs a human: holes touch" : "");
}

static void count_frame(struct counter *counter, const char *path)
{
    const char *name = base_name(path);
    struct tally *tally = &counter->tally, *truth = &counter->truth;
    counter->shots += tally->count;
    if (!counter->options->truth || !truth_read(counter->options->truth, name, truth)) {
        print_tally(name, tally);
        return;
    }
    bool right = tally->count == truth->count && tally->rings == truth->rings &&
                 tally->tenths == truth->tenths && tally->inner_tens == truth->inner_tens &&
                 tally->needs_human == truth->needs_human;
    counter->right += right;
    counter->true_shots += truth->count;
    print_compared(name, tally, truth, right);
}

static int show_frame(const struct counter *counter, const char *path,
                      const struct picture_input *input)
{
    char picture[4096];
    const char *name = base_name(path);
    int stem = (int)strcspn(name, ".");
    int length =
        snprintf(picture, sizeof(picture), "%s/%.*s.png", counter->options->overlay, stem, name);
    return length < (int)sizeof(picture) && picture_write(input, picture) ? EXIT_FINE : EXIT_INPUT;
}

static int do_frame(struct counter *counter, const char *path)
{
    plumb_frame frame;
    plumb_homography upright_from_plane;
    plumb_result result;
    plumb_diag diag = { 0 };
    plumb_status status = frame_read(&counter->reader, path, &frame, &diag);
    if (status == PLUMB_OK)
        status = run_frame(counter, &frame, &upright_from_plane, &result, &diag);
    if (status)
        return report(path, status, &diag);
    counter->frames++;
    if (counter->log &&
        !log_frame(counter->log, base_name(path), result.mapping->upright, result.detections)) {
        perror(counter->options->log);
        return EXIT_INPUT;
    }
    count_frame(counter, path);
    if (!counter->options->overlay)
        return EXIT_FINE;
    struct picture_input input = { &frame, &result, plumb_pipeline_regions(counter->pipeline),
                                   &upright_from_plane, &counter->tally };
    return show_frame(counter, path, &input);
}

static int finish(const struct counter *counter)
{
    if (!counter->options->truth)
        return EXIT_FINE;
    printf("%zu of %zu frames right; %zu shots counted, %zu fired\n", counter->right,
           counter->frames, counter->shots, counter->true_shots);
    return counter->right == counter->frames ? EXIT_FINE : EXIT_DIFFERS;
}

static int parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "truth", required_argument, NULL, 't' },
        { "overlay", required_argument, NULL, 'o' },
        { "log", required_argument, NULL, 'l' },
        { "no-regions", no_argument, NULL, 'r' },
        { "no-threshold", no_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 't':
            options->truth = optarg;
            break;
        case 'o':
            options->overlay = optarg;
            break;
        case 'l':
            options->log = optarg;
            break;
        case 'r':
            options->no_regions = true;
            break;
        case 'c':
            options->no_threshold = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_FINE);
        default:
            return EXIT_USAGE;
        }
    }
    return argc - optind < 2 ? EXIT_USAGE : EXIT_FINE;
}

int main(int argc, char **argv)
{
    static struct counter counter; /* its tallies are large for a stack */
    struct options options = { 0 };
    plumb_diag diag = { 0 };
    if (parse(argc, argv, &options) != EXIT_FINE) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    counter.options = &options;
    const char *card = argv[optind];
    plumb_status status = open_session(&counter, card, &diag);
    int code = status ? report(card, status, &diag) : EXIT_FINE;
    if (code == EXIT_FINE && options.log && !(counter.log = fopen(options.log, "w"))) {
        perror(options.log);
        code = EXIT_INPUT;
    }
    if (code == EXIT_FINE)
        print_heading();
    for (int i = optind + 1; i < argc && code == EXIT_FINE; i++)
        code = do_frame(&counter, argv[i]);
    if (code == EXIT_FINE)
        code = finish(&counter);
    plumb_session_destroy(&counter.session);
    plumb_pipeline_destroy(&counter.pipeline);
    frame_reader_release(&counter.reader);
    if (counter.log && fclose(counter.log) != 0) {
        perror(options.log);
        code = EXIT_INPUT;
    }
    return code;
}
