/* SPDX-License-Identifier: Apache-2.0
 *
 * What the plug-ins of this folder share: their exports, filling a diag, and options of the form
 * key=value,key=value. Include in C and C++.
 */
#ifndef BACKENDS_BACKEND_H
#define BACKENDS_BACKEND_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "plumbline/pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EXPORT __attribute__((visibility("default")))

EXPORT plumb_status plumb_backend_open(const plumb_backend_request *request,
                                       plumb_detector *detector, plumb_diag *diag);
EXPORT plumb_status plumb_backend_frame(void *user, const char *name, plumb_diag *diag);

/* `status` for the caller to return; `detail` may be NULL. */
static inline plumb_status backend_fail(plumb_diag *diag, plumb_status status, const char *field,
                                        const char *message, const char *detail)
{
    if (!diag)
        return status;
    memset(diag, 0, sizeof(*diag));
    diag->status = status;
    snprintf(diag->field, sizeof(diag->field), "%s", field);
    snprintf(diag->message, sizeof(diag->message), "%.100s%s%.150s", message, detail ? ": " : "",
             detail ? detail : "");
    return status;
}

/* A tool that was built with an older header has no room for `explain`. */
static inline void backend_explain(plumb_detector *detector, const char *(*explain)(void *user))
{
    if (detector->struct_size >= offsetof(plumb_detector, explain) + sizeof(detector->explain))
        detector->explain = explain;
}

/* Take the next key and value off `*options`, which starts as the text of the request and may be
 * NULL. 1: there is one; 0: no more; -1: not of the form key=value, or too long. */
static inline int backend_option(const char **options, char key[64], char value[1024])
{
    const char *at = *options;
    if (!at || !*at)
        return 0;
    size_t name = strcspn(at, "=,");
    size_t text = at[name] == '=' ? strcspn(at + name + 1, ",") : 0;
    if (name == 0 || name >= 64 || at[name] != '=' || text >= 1024)
        return -1;
    memcpy(key, at, name);
    key[name] = '\0';
    memcpy(value, at + name + 1, text);
    value[text] = '\0';
    at += name + 1 + text;
    *options = *at == ',' ? at + 1 : at;
    return 1;
}

#ifdef __cplusplus
}
#endif

#endif
