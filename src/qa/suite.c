/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/suite.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "qa/frame_name.h"

#define MOST_TEXT ((size_t)256 << 20) /* bytes of expected.ndjson and its neighbours */

uint64_t qa_hash(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++) {
        hash ^= bytes[i];
        hash *= 0x100000001b3u;
    }
    return hash;
}

void qa_suite_release(qa_suite *suite)
{
    for (size_t i = 0; i < suite->frame_file_count; i++)
        free(suite->frame_files[i]);
    for (size_t i = 0; i < suite->output_count; i++)
        free(suite->output_names[i]);
    qa_frames_release(&suite->expected);
    free(suite->tensor_hashes);
    free(suite->frame_files);
    free(suite->path);
    memset(suite, 0, sizeof(*suite));
}

static plumb_status no_memory(plumb_diag *diag)
{
    return plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for a suite");
}

/* A file of the suite; `bytes` gets a terminating zero. */
static plumb_status read_text(const qa_suite *suite, const char *name, qa_bytes *bytes,
                              plumb_diag *diag)
{
    qa_text path = { 0 };
    qa_text_format(&path, "%s/%s", suite->path, name);
    plumb_status status =
        path.failed ? no_memory(diag) : qa_read_file(path.data, MOST_TEXT, bytes, diag);
    if (!status)
        status = qa_bytes_reserve(bytes, bytes->size + 1, diag);
    if (!status)
        bytes->data[bytes->size] = 0;
    qa_text_release(&path);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const qa_frame *)a)->name, ((const qa_frame *)b)->name);
}

static plumb_status read_expected(qa_suite *suite, plumb_diag *diag)
{
    qa_bytes bytes = { 0 };
    plumb_status status = read_text(suite, "expected.ndjson", &bytes, diag);
    if (!status) {
        status = qa_parse_frames((const char *)bytes.data, bytes.size, &suite->expected, diag);
        if (status)
            qa_diag_file(diag, "expected.ndjson");
    }
    qa_bytes_release(&bytes);
    for (size_t i = 0; i < suite->expected.count && !status; i++)
        if (suite->expected.items[i].space != PLUMB_SPACE_UPRIGHT)
            status = plumb_fail(diag, PLUMB_E_SPACE, "expected.ndjson",
                                "'%s' is in %s space; a suite is in upright space",
                                suite->expected.items[i].name,
                                plumb_space_name(suite->expected.items[i].space));
    if (status || suite->expected.count == 0)
        return status;
    qsort(suite->expected.items, suite->expected.count, sizeof(qa_frame), by_name);
    suite->tensor_hashes = calloc(suite->expected.count, sizeof(*suite->tensor_hashes));
    return suite->tensor_hashes ? PLUMB_OK : no_memory(diag);
}

ptrdiff_t qa_suite_find(const qa_suite *suite, const char *frame)
{
    qa_frame key = { .name = frame };
    const qa_frame *found =
        suite->expected.count > 0
            ? bsearch(&key, suite->expected.items, suite->expected.count, sizeof(key), by_name)
            : NULL;
    return found ? found - suite->expected.items : -1;
}

/* Frames of one clip share its file, and follow each other in the sorted list unless another
 * name comes between; so each file is looked up in what is there already. */
static plumb_status list_frame_files(qa_suite *suite, plumb_diag *diag)
{
    if (suite->expected.count == 0)
        return PLUMB_OK;
    suite->frame_files = calloc(suite->expected.count, sizeof(*suite->frame_files));
    if (!suite->frame_files)
        return no_memory(diag);
    for (size_t i = 0; i < suite->expected.count; i++) {
        const char *name = suite->expected.items[i].name;
        const char *index = strrchr(name, '#');
        qa_text path = { 0 };
        qa_text_format(&path, "%s/frames/%.*s", suite->path,
                       index ? (int)(index - name) : (int)strlen(name), name);
        if (path.failed || strchr(name, '/')) {
            qa_text_release(&path);
            return plumb_fail(diag, PLUMB_E_VALUE, "expected.ndjson", "'%s' is no name of a frame",
                              name);
        }
        bool known = false;
        for (size_t k = suite->frame_file_count; index && k-- > 0 && !known;)
            known = strcmp(suite->frame_files[k], path.data) == 0;
        if (known)
            qa_text_release(&path);
        else
            suite->frame_files[suite->frame_file_count++] = path.data;
    }
    return PLUMB_OK;
}

/* Lines "name scale zero_point"; names as in the files of outputs. */
static plumb_status read_outputs(qa_suite *suite, plumb_diag *diag)
{
    qa_bytes bytes = { 0 };
    plumb_status status = read_text(suite, "outputs/outputs.txt", &bytes, diag);
    char *at = (char *)bytes.data;
    for (uint32_t line = 1; !status && *at; line++) {
        size_t length = strcspn(at, "\n");
        char name[256];
        float scale;
        int zero_point;
        bool last = at[length] == '\0';
        at[length] = '\0';
        if (suite->output_count == PLUMB_MAX_TENSORS ||
            sscanf(at, "%255s %f %d", name, &scale, &zero_point) != 3 || !isfinite(scale) ||
            scale < 0.0f) {
            status = plumb_fail(diag, PLUMB_E_SYNTAX, "outputs.txt",
                                "line %u has to be: name scale zero_point", line);
            break;
        }
        char *copy = qa_decode_output_name(name);
        if (!copy) {
            status = no_memory(diag);
            break;
        }
        suite->quantizations[suite->output_count].scale = scale;
        suite->quantizations[suite->output_count].zero_point = zero_point;
        suite->output_names[suite->output_count++] = copy;
        at += length + !last;
    }
    qa_bytes_release(&bytes);
    return status;
}

/* Lines "hash name"; a suite made by hand may lack the file. */
static plumb_status read_tensors(qa_suite *suite, plumb_diag *diag)
{
    qa_bytes bytes = { 0 };
    plumb_diag why = { 0 };
    plumb_status status = read_text(suite, "tensors.txt", &bytes, &why);
    if (status) {
        qa_bytes_release(&bytes);
        if (status == PLUMB_E_IO)
            return PLUMB_OK;
        return plumb_fail(diag, status, "tensors.txt", "%s", why.message);
    }
    char *at = (char *)bytes.data;
    for (uint32_t line = 1; *at && !status; line++) {
        size_t length = strcspn(at, "\n");
        bool last = at[length] == '\0';
        at[length] = '\0';
        char *end;
        uint64_t hash = strtoull(at, &end, 16);
        if (end != at + 16 || *end != ' ')
            status = plumb_fail(diag, PLUMB_E_SYNTAX, "tensors.txt",
                                "line %u has to be: sixteen digits, the name of a frame", line);
        ptrdiff_t index = status ? -1 : qa_suite_find(suite, end + 1);
        if (index >= 0)
            suite->tensor_hashes[index] = hash;
        else if (!status)
            suite->unexpected++;
        at += length + !last;
    }
    qa_bytes_release(&bytes);
    return status;
}

static plumb_status read_tolerances(qa_suite *suite, plumb_diag *diag)
{
    static const char *const keys[] = { "score", "box", "keypoints", "angle" };
    double *const values[] = { &suite->tolerances.score, &suite->tolerances.box,
                               &suite->tolerances.keypoints, &suite->tolerances.angle };
    qa_bytes bytes = { 0 };
    plumb_diag why = { 0 };
    plumb_status status = read_text(suite, "tolerances.json", &bytes, &why);
    if (status) {
        qa_bytes_release(&bytes);
        return status == PLUMB_E_IO
                   ? PLUMB_OK
                   : plumb_fail(diag, status, "tolerances.json", "%s", why.message);
    }
    json_error_t error;
    json_t *object =
        json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &error);
    qa_bytes_release(&bytes);
    if (!json_is_object(object)) {
        json_decref(object);
        return plumb_fail(diag, PLUMB_E_SYNTAX, "tolerances.json", "has to be a JSON object");
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (i < 4 && strcmp(keys[i], key) != 0)
            i++;
        double number = json_number_value(value);
        if (i == 4 || !json_is_number(value) || !(number >= 0.0)) {
            status = plumb_fail(diag, i == 4 ? PLUMB_E_KEY : PLUMB_E_VALUE, key,
                                "tolerances.json holds numbers from 0 for score, box, keypoints "
                                "and angle");
            break;
        }
        *values[i] = number;
    }
    json_decref(object);
    return status;
}

plumb_status qa_suite_open(const char *path, qa_suite *suite, plumb_diag *diag)
{
    memset(suite, 0, sizeof(*suite));
    suite->path = strdup(path);
    plumb_status status = suite->path ? read_expected(suite, diag) : no_memory(diag);
    if (!status && suite->expected.count == 0)
        status = plumb_fail(diag, PLUMB_E_VALUE, "expected.ndjson",
                            "names no frame: there is nothing to compare with");
    if (!status)
        status = list_frame_files(suite, diag);
    if (!status)
        status = read_outputs(suite, diag);
    if (!status)
        status = read_tensors(suite, diag);
    if (!status)
        status = read_tolerances(suite, diag);
    if (status)
        qa_suite_release(suite);
    return status;
}

plumb_status qa_suite_outputs(const qa_suite *suite, const char *frame, qa_recorded *recorded,
                              plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    recorded->outputs.count = 0;
    for (size_t i = 0; i < suite->output_count && !status; i++) {
        plumb_tensor *tensor = &recorded->outputs.tensors[i];
        qa_text path = { 0 };
        qa_text_format(&path, "%s/outputs/", suite->path);
        qa_add_output_name(&path, frame, suite->output_names[i]);
        status = path.failed ? no_memory(diag)
                             : qa_read_file(path.data, QA_MAX_FILE, &recorded->files[i], diag);
        if (!status) {
            status =
                plumb_npy_parse(recorded->files[i].data, recorded->files[i].size, tensor, diag);
            if (status)
                qa_diag_file(diag, path.data);
        }
        qa_text_release(&path);
        if (status)
            break;
        tensor->name = suite->output_names[i];
        tensor->quantization = suite->quantizations[i];
        recorded->outputs.count = i + 1;
    }
    return status;
}

void qa_recorded_release(qa_recorded *recorded)
{
    for (size_t i = 0; i < PLUMB_MAX_TENSORS; i++)
        qa_bytes_release(&recorded->files[i]);
    recorded->outputs.count = 0;
}
