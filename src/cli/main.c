/* SPDX-License-Identifier: Apache-2.0
 *
 * The plumbline command: finds the verb and hands over. A new verb is one line in the table.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/verbs.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    { "run", cli_verb_run, "frames to detections" },
    { "preprocess", cli_verb_preprocess, "frame to the tensor that the network is given" },
    { "postprocess", cli_verb_postprocess, "raw outputs of the network to detections" },
    { "record", cli_verb_record, "make a suite: frames, raw outputs, expected detections" },
    { "replay", cli_verb_replay, "re-run suites without the network, and compare" },
    { "merge", cli_verb_merge, "put the parts of a divided replay together" },
    { "compare", cli_verb_compare, "two files of detections side by side" },
    { "doctor", cli_verb_doctor,
      "name the plumbing fault behind boxes, a tensor or a changed suite" },
    { "bench", cli_verb_bench, "latency of every stage" },
    { "fit", cli_verb_fit, "the preprocessing recipe that made a tensor" },
    { "inspect", cli_verb_inspect, "what a card, frame, tensor, suite or plug-in is" },
};

static void print_help(FILE *stream)
{
    fputs("usage: plumbline VERB ...\n\n"
          "Camera frames to detections, exactly as in training; the network is a plug-in.\n\n"
          "Verbs:\n",
          stream);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        fprintf(stream, "  %-14s%s\n", verbs[i].name, verbs[i].summary);
    fputs("\nplumbline VERB --help explains one; plumbline --version names this build.\n"
          "Results go to standard output, messages and progress to standard error.\n"
          "Exit code: 0 fine, 1 differences or a fault found, 2 usage, 3 bad input,\n"
          "4 a resource ran out or a backend failed.\n",
          stream);
}

static int print_version(void)
{
    uint32_t version = plumb_version();
    printf("plumbline %u.%u.%u\n", (unsigned)(version / 10000), (unsigned)(version / 100 % 100),
           (unsigned)(version % 100));
    return fflush(stdout) == 0 ? CLI_OK : CLI_RESOURCE;
}

int main(int argc, char **argv)
{
    /* A reader that goes away is an error of the next write, with a message and a code. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0)
        return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return fflush(stdout) == 0 ? CLI_OK : CLI_RESOURCE;
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    cli_message("'%s' is not a verb", argv[1]);
    print_help(stderr);
    return CLI_USAGE;
}
