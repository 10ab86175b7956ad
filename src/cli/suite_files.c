/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qa/file.h"
#include "qa/frame_name.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files of a suite name its frames, as text. */
static const char *wrong_with(const char *name)
{
    if (strpbrk(name, "#\n\r"))
        return "may hold neither '#' nor the end of a line";
    for (const unsigned char *c = (const unsigned char *)name; *c;) {
        size_t length = qa_utf8_length(c);
        if (length == 0)
            return "has to be UTF-8";
        c += length;
    }
    return NULL;
}

int cli_suite_check_names(char **paths, size_t count)
{
    char **stems = calloc(count + 1, sizeof(*stems));
    int code = stems ? CLI_OK : cli_out_of_memory();
    for (size_t i = 0; i < count && !code; i++) {
        const char *name = qa_base_name(paths[i]);
        qa_text stem = { 0 };
        qa_add_stem(&stem, name);
        stems[i] = stem.data;
        if (strcmp(paths[i], "-") == 0)
            code = cli_usage_error("record", "a suite keeps its frames: save the clip to a file "
                                             "and record that");
        else if (stem.failed)
            code = cli_out_of_memory();
        else if (wrong_with(name)) {
            cli_message("%s: the name of a frame %s", paths[i], wrong_with(name));
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

/* With `again` it may be there already. */
static int make_one(const char *folder, const char *name, bool again)
{
    char *path = join(folder, name);
    int code = CLI_OK;
    if (!path)
        return cli_out_of_memory();
    if (mkdir(path, 0777) != 0 && !(again && errno == EEXIST)) {
        cli_message("%s: %s", path, strerror(errno));
        code = CLI_RESOURCE;
    }
    free(path);
    return code;
}

static int lock_folder(cli_suite_folder *folder)
{
    folder->lock = open(folder->path, O_RDONLY | O_DIRECTORY);
    if (folder->lock >= 0 && flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
        return CLI_OK;
    if (folder->lock >= 0 && errno == EWOULDBLOCK)
        cli_message("%s: another record is at work there", folder->path);
    else
        cli_message("%s: %s", folder->path, strerror(errno));
    return CLI_RESOURCE;
}

static int open_folder(bool resume, cli_suite_folder *folder)
{
    bool made = mkdir(folder->path, 0777) == 0;
    if (!made && errno != EEXIST) {
        cli_message("%s: %s", folder->path, strerror(errno));
        return CLI_RESOURCE;
    }
    int code = lock_folder(folder);
    if (!code && !made && !resume) {
        cli_message("%s: a record that was cut short left it; --resume goes on with it, or remove "
                    "it",
                    folder->path);
        code = CLI_RESOURCE;
    }
    if (!code)
        code = make_one(folder->path, "frames", resume);
    return code ? code : make_one(folder->path, "outputs", resume);
}

int cli_suite_make_folder(const char *out, bool resume, cli_suite_folder *folder)
{
    struct stat facts;
    *folder = (cli_suite_folder){ .lock = -1 };
    if (lstat(out, &facts) == 0) {
        cli_message("%s: is there already", out);
        return CLI_RESOURCE;
    }
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    folder->path = malloc(length + sizeof(".part"));
    if (!folder->path)
        return cli_out_of_memory();
    snprintf(folder->path, length + sizeof(".part"), "%.*s.part", (int)length, out);
    int code = open_folder(resume, folder);
    if (code)
        cli_suite_close_folder(folder);
    return code;
}

void cli_suite_close_folder(cli_suite_folder *folder)
{
    if (folder->lock >= 0)
        close(folder->lock);
    free(folder->path);
    *folder = (cli_suite_folder){ .lock = -1 };
}

/* Files of FOLDER/NAME whose name ends in `ending`; not what lies in folders below. */
static void remove_files(const char *folder, const char *name, const char *ending)
{
    char *path = join(folder, name);
    DIR *listing = path ? opendir(path) : NULL;
    for (struct dirent *e = listing ? readdir(listing) : NULL; e; e = readdir(listing)) {
        size_t length = strlen(e->d_name), tail = strlen(ending);
        bool wanted =
            e->d_name[0] != '.' && length >= tail && strcmp(e->d_name + length - tail, ending) == 0;
        char *file = wanted ? join(path, e->d_name) : NULL;
        if (file)
            unlink(file);
        free(file);
    }
    if (listing)
        closedir(listing);
    free(path);
}

int cli_suite_finish_folder(const cli_suite_folder *folder, const char *out)
{
    remove_files(folder->path, ".", ".tmp");
    remove_files(folder->path, "frames", ".tmp");
    remove_files(folder->path, "outputs", ".tmp");
    if (rename(folder->path, out) == 0)
        return CLI_OK;
    cli_message("%s: %s", out, strerror(errno));
    return CLI_RESOURCE;
}

void cli_suite_remove_folder(const cli_suite_folder *folder)
{
    static const char *const names[] = { "frames", "outputs", "." };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove_files(folder->path, names[i], "");
        char *path = join(folder->path, names[i]);
        if (path)
            rmdir(path);
        free(path);
    }
    rmdir(folder->path);
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
static int copy_pieces(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
    int code = in && out ? CLI_OK : in ? CLI_RESOURCE : CLI_BAD_INPUT;
    static char piece[1 << 16];
    size_t size;
    while (!code && (size = fread(piece, 1, sizeof(piece), in)) > 0)
        if (fwrite(piece, 1, size, out) != size)
            code = CLI_RESOURCE;
    if (!code && ferror(in))
        code = CLI_BAD_INPUT;
    if (out && fclose(out) != 0 && !code)
        code = CLI_RESOURCE;
    if (code)
        cli_message("%s: %s", code == CLI_RESOURCE ? to : from, strerror(errno ? errno : EIO));
    if (in)
        fclose(in);
    return code;
}

/* Under a name of its own until it is whole. */
static int copy_file(const char *from, const char *folder, const char *name)
{
    struct stat facts;
    char *to = join(folder, name);
    qa_text part = { 0 };
    qa_text_format(&part, "%s.tmp", to ? to : "");
    int code = CLI_OK;
    if (!to || part.failed) {
        code = cli_out_of_memory();
    } else if (lstat(to, &facts) == 0) {
        code = check_same(from, to);
    } else {
        code = copy_pieces(from, part.data);
        if (!code && rename(part.data, to) != 0) {
            cli_message("%s: %s", to, strerror(errno));
            code = CLI_RESOURCE;
        }
    }
    qa_text_release(&part);
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
    int code = path ? copy_file(path, folder, name) : cli_out_of_memory();
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
        return cli_out_of_memory();
    int code = copy_file(path, frames, qa_base_name(path));
    if (!code && length > strlen(description) &&
        strcmp(path + length - strlen(description), description) == 0)
        code = copy_planes(path, frames);
    free(frames);
    return code;
}
