/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qa/file.h"
#include "qa/frame_name.h"

static int out_of_memory(void)
{
    cli_message("out of memory");
    return CLI_RESOURCE;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int cli_suite_check_names(char **paths, size_t count)
{
    char **stems = calloc(count + 1, sizeof(*stems));
    int code = stems ? CLI_OK : out_of_memory();
    for (size_t i = 0; i < count && !code; i++) {
        const char *name = qa_base_name(paths[i]);
        qa_text stem = { 0 };
        qa_add_stem(&stem, name);
        stems[i] = stem.data;
        if (strcmp(paths[i], "-") == 0)
            code = cli_usage_error("record", "a suite keeps its frames: save the clip to a file "
                                             "and record that");
        else if (stem.failed)
            code = out_of_memory();
        else if (strpbrk(name, "#\n\r")) {
            cli_message("%s: the name of a frame may hold neither '#' nor the end of a line",
                        paths[i]);
            code = CLI_BAD_INPUT;
        }
    }
    if (!code)
        qsort(stems, count, sizeof(*stems), by_text);
    for (size_t i = 1; i < count && !code; i++) {
        if (strcmp(stems[i - 1], stems[i]) == 0) {
            cli_message("two frames are called '%s': their outputs would share a file", stems[i]);
            code = CLI_BAD_INPUT;
        }
    }
    for (size_t i = 0; stems && i < count; i++)
        free(stems[i]);
    free(stems);
    return code;
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static int make_one(const char *path)
{
    if (path && mkdir(path, 0777) == 0)
        return CLI_OK;
    cli_message("%s: %s", path ? path : "suite", path ? strerror(errno) : "out of memory");
    return CLI_RESOURCE;
}

int cli_suite_make_folder(const char *out, char **made)
{
    struct stat facts;
    *made = NULL;
    if (lstat(out, &facts) == 0) {
        cli_message("%s: is there already", out);
        return CLI_RESOURCE;
    }
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    char *folder = malloc(length + 32);
    if (!folder)
        return out_of_memory();
    snprintf(folder, length + 32, "%.*s.%ld.tmp", (int)length, out, (long)getpid());
    char *frames = join(folder, "frames"), *outputs = join(folder, "outputs");
    int code = make_one(folder);
    if (!code)
        code = make_one(frames);
    if (!code)
        code = make_one(outputs);
    free(frames);
    free(outputs);
    if (code) {
        cli_suite_remove_folder(folder);
        free(folder);
        return code;
    }
    *made = folder;
    return CLI_OK;
}

/* Only what this program puts there: files, one folder deep. */
static void remove_files(const char *folder)
{
    DIR *listing = opendir(folder);
    for (struct dirent *e = listing ? readdir(listing) : NULL; e; e = readdir(listing)) {
        char *path = e->d_name[0] == '.' ? NULL : join(folder, e->d_name);
        if (path)
            unlink(path);
        free(path);
    }
    if (listing)
        closedir(listing);
    rmdir(folder);
}

void cli_suite_remove_folder(const char *folder)
{
    char *frames = join(folder, "frames"), *outputs = join(folder, "outputs");
    if (frames)
        remove_files(frames);
    if (outputs)
        remove_files(outputs);
    remove_files(folder);
    free(frames);
    free(outputs);
}

/* Several descriptions may share a file of planes; other files of one name are a mistake. */
static int check_same(const char *from, const char *to)
{
    plumb_diag diag = { 0 };
    qa_bytes first = { 0 }, second = { 0 };
    plumb_status status = qa_read_file(from, QA_MAX_FILE, &first, &diag);
    if (!status)
        status = qa_read_file(to, QA_MAX_FILE, &second, &diag);
    int code = status ? cli_report(NULL, status, &diag) : CLI_OK;
    if (!code && (first.size != second.size || memcmp(first.data, second.data, first.size) != 0)) {
        cli_message("%s: another file of this name is in the suite already", from);
        code = CLI_BAD_INPUT;
    }
    qa_bytes_release(&first);
    qa_bytes_release(&second);
    return code;
}

/* Clips may be larger than memory, so files are copied in pieces. */
static int copy_file(const char *from, const char *folder, const char *name)
{
    char *to = join(folder, name);
    if (!to)
        return out_of_memory();
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wbx") : NULL;
    int code = CLI_OK;
    if (in && !out && errno == EEXIST) {
        code = check_same(from, to);
        fclose(in);
        free(to);
        return code;
    }
    if (!in || !out) {
        cli_message("%s: %s", in ? to : from, strerror(errno));
        code = in ? CLI_RESOURCE : CLI_BAD_INPUT;
    }
    static char piece[1 << 16];
    size_t size;
    while (!code && (size = fread(piece, 1, sizeof(piece), in)) > 0)
        if (fwrite(piece, 1, size, out) != size)
            code = CLI_RESOURCE;
    if (!code && ferror(in))
        code = CLI_BAD_INPUT;
    if (out && fclose(out) != 0 && !code)
        code = CLI_RESOURCE;
    if (code && in && out)
        cli_message("%s: %s", code == CLI_RESOURCE ? to : from, strerror(errno ? errno : EIO));
    if (in)
        fclose(in);
    free(to);
    return code;
}

static int copy_beside(const char *owner, const char *name, const char *folder)
{
    if (strchr(name, '/')) {
        cli_message("%s: names '%s'; a suite takes only files that lie beside it", owner, name);
        return CLI_BAD_INPUT;
    }
    char *path = qa_path_beside(owner, name);
    int code = path ? copy_file(path, folder, name) : out_of_memory();
    free(path);
    return code;
}

/* Reads for the card, and copies what it reads. */
typedef struct card_files {
    const char *card, *folder;
    int code;
} card_files;

static plumb_status read_and_copy(void *user, const char *name, void **data, size_t *size,
                                  const plumb_context *context)
{
    card_files *files = user;
    plumb_diag diag = { 0 };
    qa_bytes bytes = { 0 };
    char *path = qa_path_beside(files->card, name);
    plumb_status status = path ? qa_read_file(path, QA_MAX_FILE, &bytes, &diag) : PLUMB_E_NOMEM;
    free(path);
    if (!status) {
        void *copy = context->allocator.allocate(context->allocator.user,
                                                 bytes.size > 0 ? bytes.size : 1, 64);
        if (copy) {
            memcpy(copy, bytes.data, bytes.size);
            *data = copy;
            *size = bytes.size;
            files->code = cli_worse(files->code, copy_beside(files->card, name, files->folder));
        } else {
            status = PLUMB_E_NOMEM;
        }
    }
    qa_bytes_release(&bytes);
    return status;
}

int cli_suite_copy_card(const char *card, const char *folder)
{
    card_files user = { card, folder, CLI_OK };
    plumb_card_files files = { &user, read_and_copy };
    plumb_diag diag = { 0 };
    qa_bytes text = { 0 };
    plumb_card *parsed = NULL;
    plumb_status status = qa_read_file(card, QA_MAX_FILE, &text, &diag);
    if (!status)
        status = plumb_card_parse(NULL, (const char *)text.data, text.size, &files, &parsed, &diag);
    plumb_card_destroy(&parsed);
    qa_bytes_release(&text);
    if (status)
        return cli_report(card, status, &diag);
    return user.code ? user.code : copy_file(card, folder, "card.json");
}

static int copy_planes(const char *path, const char *folder)
{
    plumb_diag diag = { 0 };
    qa_bytes text = { 0 };
    plumb_frame_description *description = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_plane_source sources[3];
    size_t count = 0;
    plumb_status status = qa_read_file(path, QA_MAX_FILE, &text, &diag);
    if (!status)
        status = plumb_frame_description_parse(NULL, (const char *)text.data, text.size,
                                               &description, &frame, sources, &count, &diag);
    int code = status ? cli_report(path, status, &diag) : CLI_OK;
    for (size_t i = 0; i < count && !code; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again = again || strcmp(sources[k].file, sources[i].file) == 0;
        if (!again)
            code = copy_beside(path, sources[i].file, folder);
    }
    plumb_frame_description_destroy(&description);
    qa_bytes_release(&text);
    return code;
}

int cli_suite_copy_frame(const char *path, const char *folder)
{
    static const char description[] = ".frame.json";
    size_t length = strlen(path);
    char *frames = join(folder, "frames");
    if (!frames)
        return out_of_memory();
    int code = copy_file(path, frames, qa_base_name(path));
    if (!code && length > strlen(description) &&
        strcmp(path + length - strlen(description), description) == 0)
        code = copy_planes(path, frames);
    free(frames);
    return code;
}
