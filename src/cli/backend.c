/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/backend.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_FOLDERS 16

#ifndef PLUMB_BACKEND_FOLDER
#define PLUMB_BACKEND_FOLDER   "/usr/local/lib/plumbline/backends"
#define PLUMB_BACKEND_RELATIVE "../lib/plumbline/backends" /* from the program */
#endif

static const cli_option backend_options[] = {
    { "backend", "NAME|FILE.so",
      "the inference plug-in: a file, or a name looked up in\n"
      "PLUMBLINE_BACKENDS (folders separated by colons), beside\n"
      "this program and where plug-ins are installed" },
    { "model", "FILE", "what the plug-in loads" },
    { "backend-options", "TEXT", "handed to the plug-in as it is, usually key=value,..." },
};

static int set_backend(void *user, const char *name, const char *value)
{
    cli_backend_choice *choice = user;
    if (strcmp(name, "backend") == 0)
        choice->name = value;
    else if (strcmp(name, "model") == 0)
        choice->model = value;
    else
        choice->options = value;
    return CLI_OK;
}

cli_group cli_backend_group(cli_backend_choice *choice)
{
    cli_group group = { "Inference", backend_options,
                        sizeof(backend_options) / sizeof(backend_options[0]), set_backend, choice };
    return group;
}

/* Folders that hold plug-ins, in the order they are searched. */
typedef struct folders {
    char *items[MOST_FOLDERS];
    size_t count;
} folders;

static void add_folder(folders *list, const char *start, size_t length, const char *end)
{
    size_t size = length + strlen(end) + 1;
    char *path = length > 0 && list->count < MOST_FOLDERS ? malloc(size) : NULL;
    if (!path)
        return;
    snprintf(path, size, "%.*s%s", (int)length, start, end);
    list->items[list->count++] = path;
}

static void find_folders(folders *list)
{
    const char *at = getenv("PLUMBLINE_BACKENDS");
    while (at && *at) {
        size_t length = strcspn(at, ":");
        add_folder(list, at, length, "");
        at += length + (at[length] == ':');
    }
    /* A build keeps its plug-ins two folders up; an installed tree that was moved, one up. */
    char self[4096];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self));
    while (size > 0 && self[size - 1] != '/')
        size--;
    if (size > 0 && (size_t)size < sizeof(self)) {
        add_folder(list, self, (size_t)size, "../../samples/backends");
        add_folder(list, self, (size_t)size, PLUMB_BACKEND_RELATIVE);
    }
    add_folder(list, PLUMB_BACKEND_FOLDER, strlen(PLUMB_BACKEND_FOLDER), "");
}

static void release_folders(folders *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
}

/* Tell a plug-in from the libraries that may lie beside it. */
static bool is_backend(const char *folder, const char *file)
{
    size_t length = strlen(file);
    if (length <= 3 || strcmp(file + length - 3, ".so") != 0 || strncmp(file, "lib", 3) == 0)
        return false;
    size_t size = strlen(folder) + length + 2;
    char *path = malloc(size);
    if (!path)
        return false;
    snprintf(path, size, "%s/%s", folder, file);
    bool readable = access(path, R_OK) == 0;
    free(path);
    return readable;
}

static void say_unknown(const char *name, const folders *list)
{
    char known[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < list->count; i++) {
        DIR *folder = opendir(list->items[i]);
        for (struct dirent *e = folder ? readdir(folder) : NULL; e; e = readdir(folder)) {
            if (!is_backend(list->items[i], e->d_name) || used + 80 > sizeof(known))
                continue;
            used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%.*s", used ? ", " : "",
                                     (int)(strlen(e->d_name) > 60 ? 60 : strlen(e->d_name) - 3),
                                     e->d_name);
        }
        if (folder)
            closedir(folder);
    }
    cli_message("no backend '%s'; found: %s", name, used ? known : "none");
}

/* The file a name stands for, to be freed; NULL after a message that lists what there is. */
static char *find_backend(const char *name)
{
    size_t length = strlen(name);
    bool is_file = strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
    if (is_file) {
        /* Without a slash the loader would search the system's libraries. */
        char *path = malloc(length + 3);
        if (path)
            snprintf(path, length + 3, "%s%s", strchr(name, '/') ? "" : "./", name);
        else
            cli_message("out of memory");
        return path;
    }
    folders list = { .count = 0 };
    find_folders(&list);
    char *found = NULL;
    for (size_t i = 0; i < list.count && !found; i++) {
        size_t size = strlen(list.items[i]) + length + 5;
        char *path = malloc(size);
        if (!path)
            break;
        snprintf(path, size, "%s/%s.so", list.items[i], name);
        if (access(path, R_OK) == 0)
            found = path;
        else
            free(path);
    }
    if (!found)
        say_unknown(name, &list);
    release_folders(&list);
    return found;
}

/* ISO C has no cast from an object pointer to a function pointer; POSIX says the bytes agree. */
static bool find_symbol(void *library, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(library, name);
    if (!symbol)
        return false;
    memcpy(function, &symbol, size);
    return true;
}

/* The library and its two symbols. */
static int load(const char *name, cli_backend *backend, plumb_backend_open_fn *open)
{
    memset(backend, 0, sizeof(*backend));
    backend->path = find_backend(name);
    if (!backend->path)
        return CLI_BAD_INPUT;
    backend->library = dlopen(backend->path, RTLD_NOW | RTLD_LOCAL);
    if (!backend->library) {
        cli_message("%s", dlerror());
        cli_backend_close(backend);
        return CLI_BAD_INPUT;
    }
    if (!find_symbol(backend->library, PLUMB_BACKEND_OPEN_SYMBOL, open, sizeof(*open))) {
        cli_message("%s: is no backend, it does not export " PLUMB_BACKEND_OPEN_SYMBOL,
                    backend->path);
        cli_backend_close(backend);
        return CLI_BAD_INPUT;
    }
    find_symbol(backend->library, PLUMB_BACKEND_FRAME_SYMBOL, &backend->frame,
                sizeof(backend->frame));
    return CLI_OK;
}

int cli_backend_open(const cli_backend_choice *choice, cli_backend *backend)
{
    plumb_backend_open_fn open = NULL;
    int code = load(choice->name, backend, &open);
    if (code)
        return code;
    plumb_backend_request request = { sizeof(request), choice->model, choice->options };
    plumb_detector detector = PLUMB_DETECTOR_INIT;
    plumb_diag diag = { 0 };
    plumb_status status = open(&request, &detector, &diag);
    if (status) {
        code = cli_report(choice->name, status, &diag);
        cli_backend_close(backend);
        return code;
    }
    backend->detector = detector;
    return CLI_OK;
}

int cli_backend_probe(const char *name, bool *wants_names)
{
    cli_backend backend;
    plumb_backend_open_fn open = NULL;
    int code = load(name, &backend, &open);
    if (code)
        return code;
    *wants_names = backend.frame != NULL;
    cli_backend_close(&backend);
    return CLI_OK;
}

plumb_status cli_backend_frame(const cli_backend *backend, const char *name, plumb_diag *diag)
{
    return backend->frame ? backend->frame(backend->detector.user, name, diag) : PLUMB_OK;
}

void cli_backend_release(cli_backend *backend)
{
    if (backend->detector.release)
        backend->detector.release(backend->detector.user);
    backend->detector.release = NULL;
}

void cli_backend_close(cli_backend *backend)
{
    if (backend->library)
        dlclose(backend->library);
    free(backend->path);
    memset(backend, 0, sizeof(*backend));
}
