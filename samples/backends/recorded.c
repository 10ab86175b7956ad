/* SPDX-License-Identifier: Apache-2.0
 *
 * recorded: plays back the outputs of a network from .npy files, without the network.
 *
 *   --backend recorded --model FOLDER
 *
 * For frame "dog.jpg" it gives FOLDER/dog.<output>.npy, or FOLDER/outputs/dog.<output>.npy where
 * FOLDER is a suite. In the names of files all bytes of <output> but letters, digits, '_' and '-'
 * are written as %XX, so it holds no dot, and a frame's files cannot be taken for those of
 * another whose name begins alike. Order and quantisation of the outputs are those of outputs.txt
 * in the same folder, lines of name, scale and zero point, as plumbline record writes it; without
 * it they come sorted by name. The option outputs=a+b gives another order and leaves out others.
 *
 * The frame's name reaches the plug-in through plumb_backend_frame; a host that does not call it
 * gets an error and never another frame's outputs.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "backend.h"

#define NAME_SIZE     256
#define MOST_BYTES    ((size_t)1 << 30) /* of one file */
#define LONGEST_ENTRY 1024

typedef struct output {
    char name[NAME_SIZE];
    void *file;
} output;

typedef struct listed {
    char name[NAME_SIZE];
    plumb_quantization quantization;
} listed;

typedef struct instance {
    char *folder;
    char wanted[1024];              /* "a+b"; empty: all */
    listed list[PLUMB_MAX_TENSORS]; /* outputs.txt */
    size_t listed_count;
    bool frame_known;
    output outputs[PLUMB_MAX_TENSORS];
    plumb_outputs views;
} instance;

static void forget(instance *self)
{
    for (size_t i = 0; i < PLUMB_MAX_TENSORS; i++) {
        free(self->outputs[i].file);
        self->outputs[i].file = NULL;
    }
    self->views.count = 0;
    self->frame_known = false;
}

/* "dog.jpg" gives "dog", "clip.y4m#12" "clip#12", "a.frame.json" "a". */
static void stem_of(const char *name, char *stem, size_t capacity)
{
    static const char description[] = ".frame.json";
    const char *index = strrchr(name, '#');
    size_t end = index ? (size_t)(index - name) : strlen(name), length = end;
    if (end > strlen(description) &&
        strncmp(name + end - strlen(description), description, strlen(description)) == 0) {
        length = end - strlen(description);
    } else {
        while (length > 0 && name[length] != '.')
            length--;
        length = length > 0 ? length : end;
    }
    snprintf(stem, capacity, "%.*s%s", (int)length, name, name + end);
}

/* The %XX of file names. */
static bool decode_name(const char *text, size_t length, char name[NAME_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < NAME_SIZE; i++) {
        unsigned value = (unsigned char)text[i];
        if (text[i] == '%') {
            if (i + 2 >= length || !isxdigit((unsigned char)text[i + 1]) ||
                !isxdigit((unsigned char)text[i + 2]) || sscanf(text + i + 1, "%2x", &value) != 1)
                return false;
            i += 2;
        }
        name[used++] = (char)value;
    }
    name[used] = '\0';
    return used > 0;
}

/* Is `file` an output of the frame? "<stem>.<output without dots>.npy" */
static bool belongs(const char *file, const char *stem, char name[NAME_SIZE])
{
    size_t length = strlen(file), start = strlen(stem) + 1;
    if (length < start + 5 || strncmp(file, stem, start - 1) != 0 || file[start - 1] != '.' ||
        strcmp(file + length - 4, ".npy") != 0)
        return false;
    size_t size = length - 4 - start;
    return !memchr(file + start, '.', size) && decode_name(file + start, size, name);
}

static plumb_status read_output(const char *path, output *out, plumb_tensor *tensor,
                                plumb_diag *diag)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return backend_fail(diag, PLUMB_E_IO, "model", "cannot be read", path);
    struct stat facts;
    size_t size = fstat(fileno(file), &facts) == 0 && facts.st_size > 0 &&
                          (uintmax_t)facts.st_size <= MOST_BYTES
                      ? (size_t)facts.st_size
                      : 0;
    out->file = size > 0 ? malloc(size) : NULL;
    size_t got = out->file ? fread(out->file, 1, size, file) : 0;
    fclose(file);
    if (!out->file || got != size)
        return backend_fail(diag, PLUMB_E_IO, "model", "empty, too large or cut short", path);
    plumb_diag why = { 0 };
    plumb_status status = plumb_npy_parse(out->file, size, tensor, &why);
    if (status)
        return backend_fail(diag, status, path, why.field, why.message);
    tensor->name = out->name;
    return PLUMB_OK;
}

/* Position in outputs=a+b, -1 where it is not wanted; by name where nothing was said. */
static int position_of(const instance *self, const char *name)
{
    for (size_t i = 0; i < self->listed_count && !self->wanted[0]; i++)
        if (strcmp(self->list[i].name, name) == 0)
            return (int)i;
    if (!self->wanted[0])
        return self->listed_count > 0 ? -1 : 0;
    size_t length = strlen(name);
    int position = 0;
    for (const char *at = self->wanted; *at; position++) {
        size_t size = strcspn(at, "+");
        if (size == length && strncmp(at, name, length) == 0)
            return position;
        at += size + (at[size] == '+');
    }
    return -1;
}

static bool before(const instance *self, const char *a, const char *b)
{
    int first = position_of(self, a), second = position_of(self, b);
    return first != second ? first < second : strcmp(a, b) < 0;
}

typedef struct found {
    char name[NAME_SIZE];
    char file[LONGEST_ENTRY];
} found;

static size_t find_files(const instance *self, const char *stem, found *files)
{
    size_t count = 0;
    DIR *folder = opendir(self->folder);
    for (struct dirent *e = folder ? readdir(folder) : NULL; e; e = readdir(folder)) {
        found one;
        if (strlen(e->d_name) >= LONGEST_ENTRY || !belongs(e->d_name, stem, one.name) ||
            position_of(self, one.name) < 0)
            continue;
        snprintf(one.file, sizeof(one.file), "%s", e->d_name);
        if (count == PLUMB_MAX_TENSORS) {
            count++;
            break;
        }
        size_t place = count++;
        for (; place > 0 && before(self, one.name, files[place - 1].name); place--)
            files[place] = files[place - 1];
        files[place] = one;
    }
    if (folder)
        closedir(folder);
    return count;
}

static plumb_status load_files(instance *self, const found *files, size_t count, plumb_diag *diag)
{
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < count && !status; i++) {
        size_t size = strlen(self->folder) + strlen(files[i].file) + 2;
        char *path = malloc(size);
        if (!path)
            return backend_fail(diag, PLUMB_E_NOMEM, "model", "no memory", NULL);
        snprintf(path, size, "%s/%s", self->folder, files[i].file);
        snprintf(self->outputs[i].name, NAME_SIZE, "%s", files[i].name);
        status = read_output(path, &self->outputs[i], &self->views.tensors[i], diag);
        free(path);
        for (size_t k = 0; k < self->listed_count && !status; k++)
            if (strcmp(self->list[k].name, files[i].name) == 0)
                self->views.tensors[i].quantization = self->list[k].quantization;
        self->views.count += !status;
    }
    return status;
}

plumb_status plumb_backend_frame(void *user, const char *name, plumb_diag *diag)
{
    instance *self = user;
    forget(self);
    char stem[LONGEST_ENTRY];
    stem_of(name, stem, sizeof(stem));
    found *files = calloc(PLUMB_MAX_TENSORS, sizeof(*files));
    if (!files)
        return backend_fail(diag, PLUMB_E_NOMEM, "model", "no memory", NULL);
    size_t count = find_files(self, stem, files);
    plumb_status status;
    if (count == 0)
        status = backend_fail(diag, PLUMB_E_IO, "model", "no recorded outputs of this frame in",
                              self->folder);
    else if (count > PLUMB_MAX_TENSORS)
        status = backend_fail(diag, PLUMB_E_LIMIT, "model", "too many outputs of this frame in",
                              self->folder);
    else
        status = load_files(self, files, count, diag);
    free(files);
    self->frame_known = !status;
    return status;
}

static plumb_status infer(void *user, const plumb_tensor *inputs, size_t count,
                          plumb_outputs *outputs)
{
    (void)inputs;
    (void)count;
    instance *self = user;
    if (!self->frame_known)
        return PLUMB_E_BACKEND;
    *outputs = self->views;
    self->frame_known = false;
    return PLUMB_OK;
}

/* There is one way for infer to fail. */
static const char *explain(void *user)
{
    (void)user;
    return "which frame this is was not said (" PLUMB_BACKEND_FRAME_SYMBOL ")";
}

static void release(void *user)
{
    instance *self = user;
    forget(self);
    free(self->folder);
    free(self);
}

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* A suite keeps the tensors in its folder `outputs`. */
static char *find_folder(const char *model)
{
    size_t size = strlen(model) + sizeof("/outputs");
    char *path = malloc(size);
    if (!path)
        return NULL;
    snprintf(path, size, "%s/outputs", model);
    if (!is_folder(path))
        snprintf(path, size, "%s", model);
    return path;
}

/* A folder may lack the list; a line that is none is an error. */
static bool read_list(instance *self)
{
    size_t size = strlen(self->folder) + sizeof("/outputs.txt");
    char *path = malloc(size), line[512];
    if (!path)
        return false;
    snprintf(path, size, "%s/outputs.txt", self->folder);
    FILE *file = fopen(path, "r");
    free(path);
    bool good = true;
    while (file && good && fgets(line, sizeof(line), file)) {
        char name[NAME_SIZE];
        listed *entry = &self->list[self->listed_count];
        good = self->listed_count < PLUMB_MAX_TENSORS &&
               sscanf(line, "%255s %f %d", name, &entry->quantization.scale,
                      &entry->quantization.zero_point) == 3 &&
               decode_name(name, strlen(name), entry->name);
        self->listed_count += good;
    }
    if (file)
        fclose(file);
    return good;
}

plumb_status plumb_backend_open(const plumb_backend_request *request, plumb_detector *detector,
                                plumb_diag *diag)
{
    if (!request->model || !is_folder(request->model))
        return backend_fail(diag, PLUMB_E_IO, "model", "has to be a folder of .npy files",
                            request->model);
    instance *self = calloc(1, sizeof(*self));
    if (!self)
        return backend_fail(diag, PLUMB_E_NOMEM, "model", "no memory", NULL);
    const char *options = request->options;
    char key[64], value[1024];
    int option;
    while ((option = backend_option(&options, key, value)) > 0 && strcmp(key, "outputs") == 0)
        snprintf(self->wanted, sizeof(self->wanted), "%s", value);
    if (option != 0) {
        release(self);
        return backend_fail(diag, PLUMB_E_ARGUMENT, "options", "have to be outputs=a+b", NULL);
    }
    self->folder = find_folder(request->model);
    if (!self->folder) {
        release(self);
        return backend_fail(diag, PLUMB_E_NOMEM, "model", "no memory", NULL);
    }
    if (!read_list(self)) {
        release(self);
        return backend_fail(diag, PLUMB_E_SYNTAX, "model",
                            "outputs.txt has to hold lines of name, scale and zero point", NULL);
    }
    detector->user = self;
    detector->infer = infer;
    backend_explain(detector, explain);
    detector->release = release;
    return PLUMB_OK;
}
