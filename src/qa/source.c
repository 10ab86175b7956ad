/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/source_kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"

#define SNIFF_SIZE 16

static bool has_suffix(const char *text, const char *suffix)
{
    size_t length = strlen(text), wanted = strlen(suffix);
    return length >= wanted && strcmp(text + length - wanted, suffix) == 0;
}

void qa_source_close_file(qa_source *source)
{
    if (source->file && source->file != stdin)
        (void)fclose(source->file);
    source->file = NULL;
}

void qa_source_close(qa_source **source)
{
    if (!source || !*source)
        return;
    qa_source_close_file(*source);
    qa_bytes_release(&(*source)->bytes);
    plumb_image_decoder_destroy(&(*source)->decoder);
    free((*source)->name);
    free((*source)->path);
    free(*source);
    *source = NULL;
}

const plumb_homography *qa_source_plane(const qa_source *source)
{
    return source->has_plane ? &source->plane : NULL;
}

int64_t qa_source_count(const qa_source *source)
{
    return source->count;
}

static plumb_status open_file(qa_source *source, plumb_diag *diag)
{
    bool standard_input = strcmp(source->path, "-") == 0;
    source->file = standard_input ? stdin : fopen(source->path, "rb");
    if (!source->file)
        return qa_fail_io(diag, source->path, "open", errno);
    struct stat facts;
    source->seekable =
        !standard_input && fstat(fileno(source->file), &facts) == 0 && S_ISREG(facts.st_mode);
    return PLUMB_OK;
}

static plumb_status open_by_content(qa_source *source, plumb_diag *diag)
{
    plumb_status status = open_file(source, diag);
    if (status == PLUMB_OK)
        status = qa_bytes_reserve(&source->bytes, QA_Y4M_LINE, diag);
    if (status != PLUMB_OK)
        return status;
    source->bytes.size = fread(source->bytes.data, 1, SNIFF_SIZE, source->file);
    if (ferror(source->file))
        return qa_fail_io(diag, source->path, "read", errno);
    switch (plumb_image_sniff(source->bytes.data, source->bytes.size)) {
    case PLUMB_IMAGE_UNKNOWN:
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "",
                          "neither a JPEG, PNG or BMP file, a .y4m clip nor a .frame.json");
    case PLUMB_IMAGE_Y4M:
        source->kind = QA_SOURCE_CLIP;
        return qa_clip_open(source, diag);
    default:
        source->kind = QA_SOURCE_IMAGE;
        return PLUMB_OK;
    }
}

static plumb_status fill(qa_source *source, const char *path, plumb_diag *diag)
{
    source->path = strdup(path);
    source->name_capacity = strlen(path) + 32;
    source->name = malloc(source->name_capacity);
    if (!source->path || !source->name)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a file name");
    source->count = 1;
    if (!has_suffix(path, ".frame.json"))
        return open_by_content(source, diag);
    source->kind = QA_SOURCE_RAW;
    source->seekable = true;
    return PLUMB_OK;
}

/* Errors of the file system already name their file. */
static plumb_status named(plumb_status status, const qa_source *source, plumb_diag *diag)
{
    if (status != PLUMB_OK && status != PLUMB_E_IO)
        qa_diag_file(diag, source->name[0] ? source->name : source->path);
    return status;
}

plumb_status qa_source_open(const char *path, qa_source_jpeg jpeg, qa_source **source,
                            plumb_diag *diag)
{
    *source = NULL;
    qa_source *made = calloc(1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a frame source");
    made->jpeg = jpeg;
    plumb_status status = fill(made, path, diag);
    if (status == PLUMB_OK) {
        *source = made;
        return PLUMB_OK;
    }
    if (status != PLUMB_E_IO)
        qa_diag_file(diag, path);
    qa_source_close(&made);
    return status;
}

plumb_status qa_source_next(qa_source *source, plumb_frame *frame, const char **name, bool *more,
                            plumb_diag *diag)
{
    *more = false;
    if (source->done)
        return PLUMB_OK;
    plumb_status status;
    const char *base = qa_base_name(source->path);
    if (source->kind == QA_SOURCE_CLIP)
        (void)snprintf(source->name, source->name_capacity, "%s#%lld", base,
                       (long long)source->index);
    else
        (void)snprintf(source->name, source->name_capacity, "%s", base);
    switch (source->kind) {
    case QA_SOURCE_CLIP:
        status = qa_clip_next(source, frame, more, diag);
        break;
    case QA_SOURCE_RAW:
        status = qa_raw_next(source, frame, more, diag);
        break;
    default:
        status = qa_image_next(source, frame, more, diag);
        break;
    }
    source->done = status != PLUMB_OK || !*more;
    source->index++;
    *name = source->name;
    return named(status, source, diag);
}

plumb_status qa_source_rewind(qa_source *source, plumb_diag *diag)
{
    if (!source->seekable)
        return plumb_fail(diag, PLUMB_E_UNSUPPORTED, qa_base_name(source->path),
                          "a pipe cannot be read twice");
    if (source->kind == QA_SOURCE_CLIP && fseeko(source->file, source->first_frame, SEEK_SET) != 0)
        return qa_fail_io(diag, source->path, "seek in", errno);
    if (source->kind == QA_SOURCE_IMAGE)
        qa_source_close_file(source);
    source->index = 0;
    source->done = false;
    return PLUMB_OK;
}
