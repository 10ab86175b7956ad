/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record_journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "qa/file.h"

static bool make_path(qa_text *path, const char *folder)
{
    qa_text_format(path, "%s/journal.txt", folder);
    return !path->failed;
}

static bool keep(cli_record_lines *lines, const char *frame, const char *tensor, const char *stages,
                 const char *expected)
{
    return cli_lines_add(&lines->tensors, frame, tensor) &&
           cli_lines_add(&lines->stages, frame, stages) &&
           cli_lines_add(&lines->expected, frame, expected);
}

/* The line at `*at` without its end, which is moved past; NULL where it has none. */
static char *take_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

/* The text ends with a zero. Lines of tensors.txt end in the frame's name. */
static int read_lines(cli_record_lines *lines, char *at)
{
    qa_text whole[3] = { { 0 } };
    int code = CLI_OK;
    while (!code) {
        char *line[3] = { take_line(&at), NULL, NULL };
        for (int i = 1; i < 3 && line[i - 1]; i++)
            line[i] = take_line(&at);
        char *frame = line[2] ? strchr(line[0], ' ') : NULL;
        if (!frame)
            break;
        bool good = true;
        for (int i = 0; i < 3; i++) {
            qa_text_clear(&whole[i]);
            qa_text_format(&whole[i], "%s\n", line[i]);
            good = good && !whole[i].failed;
        }
        if (!good || !keep(lines, frame + 1, whole[0].data, whole[1].data, whole[2].data) ||
            !cli_lines_add(&lines->done, frame + 1, ""))
            code = cli_out_of_memory();
    }
    for (int i = 0; i < 3; i++)
        qa_text_release(&whole[i]);
    cli_lines_sort(&lines->done);
    return code;
}

static int read_journal(cli_record_lines *lines, const char *path)
{
    plumb_diag diag = { 0 };
    qa_bytes bytes = { 0 };
    if (access(path, F_OK) != 0)
        return CLI_OK;
    plumb_status status = qa_read_file(path, QA_MAX_FILE, &bytes, &diag);
    if (!status)
        status = qa_bytes_reserve(&bytes, bytes.size + 1, &diag);
    int code = status ? cli_report(NULL, status, &diag) : CLI_OK;
    if (!code) {
        bytes.data[bytes.size] = '\0';
        code = read_lines(lines, (char *)bytes.data);
    }
    qa_bytes_release(&bytes);
    return code;
}

static bool write_lines(FILE *journal, const char *tensor, const char *stages, const char *expected)
{
    return fputs(tensor, journal) >= 0 && fputs(stages, journal) >= 0 &&
           fputs(expected, journal) >= 0 && fflush(journal) == 0;
}

/* Written anew, so that no half line stays in the middle. */
int cli_record_start(cli_record_lines *lines, const char *folder)
{
    qa_text path = { 0 }, text = { 0 };
    int code = make_path(&path, folder) ? read_journal(lines, path.data) : cli_out_of_memory();
    qa_text_add(&text, "");
    for (size_t i = 0; i < lines->tensors.count; i++) {
        qa_text_add(&text, lines->tensors.items[i].text);
        qa_text_add(&text, lines->stages.items[i].text);
        qa_text_add(&text, lines->expected.items[i].text);
    }
    if (!code)
        code = text.failed ? cli_out_of_memory() : cli_write_file(path.data, text.data, text.size);
    if (!code && !(lines->journal = fopen(path.data, "ab"))) {
        cli_message("%s: %s", path.data, strerror(errno));
        code = CLI_RESOURCE;
    }
    qa_text_release(&path);
    qa_text_release(&text);
    return code;
}

int cli_record_add(cli_record_lines *lines, const char *frame, const char *tensor,
                   const char *stages, const char *expected)
{
    if (!keep(lines, frame, tensor, stages, expected))
        return cli_out_of_memory();
    if (write_lines(lines->journal, tensor, stages, expected))
        return CLI_OK;
    cli_message("journal.txt: %s", strerror(errno));
    return CLI_RESOURCE;
}

bool cli_record_has(const cli_record_lines *lines, const char *frame)
{
    return cli_lines_find(&lines->done, frame) != NULL;
}

int cli_record_finish(cli_record_lines *lines, const char *folder)
{
    qa_text path = { 0 };
    int code = cli_lines_write(&lines->tensors, folder, "tensors.txt");
    if (!code)
        code = cli_lines_write(&lines->stages, folder, "stages.txt");
    if (!code)
        code = cli_lines_write(&lines->expected, folder, "expected.ndjson");
    if (!code)
        code = make_path(&path, folder) ? CLI_OK : cli_out_of_memory();
    if (!code)
        unlink(path.data);
    qa_text_release(&path);
    return code;
}

void cli_record_release(cli_record_lines *lines)
{
    if (lines->journal)
        fclose(lines->journal);
    cli_lines_release(&lines->tensors);
    cli_lines_release(&lines->stages);
    cli_lines_release(&lines->expected);
    cli_lines_release(&lines->done);
    memset(lines, 0, sizeof(*lines));
}
