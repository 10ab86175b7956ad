/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define MOST_OPTIONS 48
#define HELP_COLUMN  28

#define LARGEST_OF_HOMOGRAPHY 1e9 /* as in a .frame.json */

static void print_option(const cli_option *option)
{
    char head[96];
    snprintf(head, sizeof(head), "  --%s%s%s", option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    bool first = true;
    const char *line = option->help;
    if (strlen(head) >= HELP_COLUMN) {
        printf("%s\n", head);
        first = false;
    }
    while (*line) {
        int length = (int)strcspn(line, "\n");
        printf("%-*s%.*s\n", HELP_COLUMN, first ? head : "", length, line);
        line += length + (line[length] == '\n');
        first = false;
    }
}

static void print_help(const cli_command *command)
{
    printf("usage: plumbline %s %s\n\n%s\n", command->verb, command->arguments, command->about);
    for (size_t g = 0; g < command->group_count; g++) {
        printf("\n%s:\n", command->groups[g].title);
        for (size_t i = 0; i < command->groups[g].count; i++)
            print_option(&command->groups[g].options[i]);
    }
    printf("%-*s%s\n", HELP_COLUMN, "  --help", "show this text");
    if (command->notes)
        printf("\n%s", command->notes);
}

/* The options of all groups as getopt wants them; `val` counts from 256, so that it never is a
 * character. */
static size_t flatten(const cli_command *command, struct option *flat)
{
    size_t count = 0;
    for (size_t g = 0; g < command->group_count; g++) {
        for (size_t i = 0; i < command->groups[g].count && count < MOST_OPTIONS; i++) {
            const cli_option *option = &command->groups[g].options[i];
            struct option entry = { option->name,
                                    option->argument ? required_argument : no_argument, NULL,
                                    256 + (int)count };
            flat[count++] = entry;
        }
    }
    struct option help = { "help", no_argument, NULL, 'h' }, end = { NULL, 0, NULL, 0 };
    flat[count] = help;
    flat[count + 1] = end;
    return count;
}

static int set_option(const cli_command *command, int number, const char *value)
{
    size_t left = (size_t)(number - 256);
    for (size_t g = 0; g < command->group_count; g++) {
        const cli_group *group = &command->groups[g];
        if (left < group->count)
            return group->set(group->user, group->options[left].name, value);
        left -= group->count;
    }
    return CLI_USAGE;
}

bool cli_parse(const cli_command *command, int argc, char **argv, cli_arguments *arguments,
               int *code)
{
    struct option flat[MOST_OPTIONS + 2];
    flatten(command, flat);
    opterr = 0;
    optind = 1;
    int found;
    while ((found = getopt_long(argc, argv, ":h", flat, NULL)) != -1) {
        if (found == 'h') {
            print_help(command);
            *code = fflush(stdout) == 0 ? CLI_OK : CLI_RESOURCE;
            return false;
        }
        if (found == ':')
            *code = cli_usage_error(command->verb, "%s: %s needs a value", command->verb,
                                    argv[optind - 1]);
        else if (found == '?' && optopt >= 256)
            *code = cli_usage_error(command->verb, "%s: --%s takes no value", command->verb,
                                    flat[optopt - 256].name);
        else if (found == '?')
            *code = cli_usage_error(command->verb, "%s: unknown or ambiguous option '%s'",
                                    command->verb, argv[optind - 1]);
        else
            *code = set_option(command, found, optarg);
        if (*code != CLI_OK)
            return false;
    }
    arguments->items = argv + optind;
    arguments->count = (size_t)(argc - optind);
    *code = CLI_OK;
    return true;
}

/* A decimal number and what follows it. */
static bool take_number(const char **text, long low, long high, long *value)
{
    if (**text != '-' && (**text < '0' || **text > '9'))
        return false;
    char *end;
    errno = 0;
    long number = strtol(*text, &end, 10);
    if (end == *text || errno == ERANGE || number < low || number > high)
        return false;
    *text = end;
    *value = number;
    return true;
}

bool cli_parse_count(const char *verb, const char *option, const char *text, long low, long high,
                     long *value)
{
    const char *at = text;
    if (take_number(&at, low, high, value) && *at == '\0')
        return true;
    cli_usage_error(verb, "%s: --%s '%s' has to be a whole number from %ld to %ld", verb, option,
                    text, low, high);
    return false;
}

bool cli_parse_size(const char *verb, const char *option, const char *text, plumb_size *size)
{
    const char *at = text;
    long width, height;
    if (take_number(&at, 1, PLUMB_MAX_SIDE, &width) && *at++ == 'x' &&
        take_number(&at, 1, PLUMB_MAX_SIDE, &height) && *at == '\0') {
        size->width = (int32_t)width;
        size->height = (int32_t)height;
        return true;
    }
    cli_usage_error(verb, "%s: --%s '%s' has to be WIDTHxHEIGHT, each 1 to %d", verb, option, text,
                    PLUMB_MAX_SIDE);
    return false;
}

bool cli_parse_roi(const char *verb, const char *option, const char *text, plumb_irect *roi)
{
    const char *at = text;
    long n[4];
    bool ok = true;
    for (int i = 0; i < 4 && ok; i++)
        ok = (i == 0 || *at++ == ',') && take_number(&at, i < 2 ? 0 : 1, PLUMB_MAX_SIDE, &n[i]);
    if (ok && *at == '\0') {
        plumb_irect found = { (int32_t)n[0], (int32_t)n[1], (int32_t)n[2], (int32_t)n[3] };
        *roi = found;
        return true;
    }
    cli_usage_error(verb, "%s: --%s '%s' has to be x,y,width,height in upright pixels", verb,
                    option, text);
    return false;
}

bool cli_parse_homography(const char *verb, const char *option, const char *text,
                          plumb_homography *homography)
{
    plumb_homography read, inverse;
    const char *at = text;
    bool ok = true;
    for (int i = 0; i < 9 && ok; i++) {
        char *end = NULL;
        ok = (i == 0 || *at++ == ',') && !isspace((unsigned char)*at);
        read.h[i] = ok ? strtod(at, &end) : 0.0;
        ok = ok && end != at && fabs(read.h[i]) <= LARGEST_OF_HOMOGRAPHY;
        at = ok ? end : at;
    }
    if (!ok || *at != '\0') {
        cli_usage_error(verb, "%s: --%s '%s' has to be nine numbers, row by row: a,b,c,d,e,f,g,h,i",
                        verb, option, text);
        return false;
    }
    if (!plumb_homography_invert(&read, &inverse)) {
        cli_usage_error(verb, "%s: --%s '%s' cannot be inverted", verb, option, text);
        return false;
    }
    *homography = read;
    return true;
}
