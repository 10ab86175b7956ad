/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "qa/file.h"

int cli_make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) {
        struct stat facts;
        if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
            return CLI_OK;
        errno = ENOTDIR;
    }
    cli_message("%s: %s", path, strerror(errno));
    return CLI_RESOURCE;
}

int cli_write_file(const char *path, const void *data, size_t size)
{
    plumb_diag diag = { 0 };
    plumb_status status = qa_write_file(path, data, size, &diag);
    if (!status)
        return CLI_OK;
    cli_report(NULL, status, &diag);
    /* A file that cannot be written is no mistake of the input. */
    return CLI_RESOURCE;
}
