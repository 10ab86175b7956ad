/* SPDX-License-Identifier: Apache-2.0
 *
 * What the verbs share: exit codes, messages, and options that are declared once and give both
 * the parser and the help. The invariant: results go to standard output and nothing else does.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "plumbline/card.h"

typedef enum cli_exit {
    CLI_OK = 0,
    CLI_DIFFERENT = 1, /* differences or a fault found */
    CLI_USAGE = 2,
    CLI_BAD_INPUT = 3, /* a card, frame, tensor or list of detections */
    CLI_RESOURCE = 4,  /* memory, disk or pipe ran out, or a backend failed */
} cli_exit;

#if defined(__GNUC__) || defined(__clang__)
#define CLI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CLI_PRINTF(text, first)
#endif

/* --- messages, on standard error --- */

/* "plumbline: ..." and a newline; whole lines also from several threads. */
void cli_message(const char *format, ...) CLI_PRINTF(1, 2);

/* The same, plus where to find help; returns CLI_USAGE. */
int cli_usage_error(const char *verb, const char *format, ...) CLI_PRINTF(2, 3);

/* "FILE:LINE:COLUMN: FIELD: MESSAGE", and under it the line with a caret where `file` can be read
 * and the diag has a line. `file` may be NULL. Returns the exit code that fits the status. */
int cli_report(const char *file, plumb_status status, const plumb_diag *diag);

int cli_exit_code(plumb_status status);

/* Says so; returns CLI_RESOURCE. */
int cli_out_of_memory(void);

/* The worse of two exit codes: the greater number. */
int cli_worse(int a, int b);

/* --- options --- */

typedef struct cli_option {
    const char *name;     /* without the dashes */
    const char *argument; /* what help calls its value; NULL: a switch */
    const char *help;     /* lines separated by \n */
} cli_option;

/* Options that belong together. `set` is called for each one found; `value` is NULL for switches.
 * It returns CLI_OK, or an exit code after it has said what is wrong. */
typedef struct cli_group {
    const char *title;
    const cli_option *options;
    size_t count;
    int (*set)(void *user, const char *name, const char *value);
    void *user;
} cli_group;

typedef struct cli_command {
    const char *verb;
    const char *arguments; /* of the usage line */
    const char *about;
    const cli_group *groups;
    size_t group_count;
    const char *notes; /* after the options: formats, examples */
} cli_command;

typedef struct cli_arguments {
    char **items;
    size_t count;
} cli_arguments;

/* Parse argv[1..], whose argv[0] is the verb. Returns true when the verb is to run; otherwise
 * `*code` is what to exit with: --help was asked for and printed, or a mistake was reported. */
bool cli_parse(const cli_command *command, int argc, char **argv, cli_arguments *arguments,
               int *code);

/* Values of options; false after a message. */
bool cli_parse_count(const char *verb, const char *option, const char *text, long low, long high,
                     long *value);
bool cli_parse_size(const char *verb, const char *option, const char *text, plumb_size *size);
bool cli_parse_roi(const char *verb, const char *option, const char *text, plumb_irect *roi);
bool cli_parse_homography(const char *verb, const char *option, const char *text,
                          plumb_homography *homography);

/* --- standard output --- */

/* Write and flush; false after a message when the pipe is broken or the disk is full. */
bool cli_write_stdout(const char *data, size_t size);

/* --- files; CLI_OK, or CLI_RESOURCE after a message --- */

int cli_make_folder(const char *path);                               /* it may be there already */
int cli_write_file(const char *path, const void *data, size_t size); /* whole or not at all */

double cli_now_ms(void); /* monotonic */

#endif
