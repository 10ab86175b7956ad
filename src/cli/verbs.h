/* SPDX-License-Identifier: Apache-2.0
 *
 * One function a verb: argv[0] is the verb itself; the return value is the exit code.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

int cli_verb_run(int argc, char **argv);
int cli_verb_preprocess(int argc, char **argv);
int cli_verb_postprocess(int argc, char **argv);
int cli_verb_doctor(int argc, char **argv);
int cli_verb_bench(int argc, char **argv);
int cli_verb_fit(int argc, char **argv);
int cli_verb_inspect(int argc, char **argv);
int cli_verb_record(int argc, char **argv);
int cli_verb_replay(int argc, char **argv);
int cli_verb_compare(int argc, char **argv);
int cli_verb_merge(int argc, char **argv);

#endif
