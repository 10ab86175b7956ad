/* SPDX-License-Identifier: Apache-2.0
 *
 * CVAT for images 1.1: <image name width height> elements with <box label xtl ytl xbr ybr>.
 * Origin and unit: corners in pixels of the picture, from the top left. Only these two elements and
 * their attributes are looked at, so this is a scanner of tags, not a reader of XML: comments and
 * CDATA are passed over, entities in names are decoded, everything else is skipped.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "qa/imports.h"

typedef struct tag {
    const char *start, *end; /* between '<' and '>' */
} tag;

/* The next tag at or after `*at`; false at the end, `*broken` where one is not closed. */
static bool next_tag(const char **at, tag *found, bool *broken)
{
    for (;;) {
        const char *open = strchr(*at, '<');
        if (!open)
            return false;
        const char *skip = strncmp(open, "<!--", 4) == 0        ? "-->"
                           : strncmp(open, "<![CDATA[", 9) == 0 ? "]]>"
                           : strncmp(open, "<?", 2) == 0        ? "?>"
                                                                : NULL;
        if (skip) {
            const char *close = strstr(open, skip);
            *broken = !close;
            if (!close)
                return false;
            *at = close + strlen(skip);
            continue;
        }
        char quote = 0;
        const char *p = open + 1;
        for (; *p && (quote || *p != '>'); p++) {
            if (quote ? *p == quote : *p == '"' || *p == '\'')
                quote = quote ? 0 : *p;
        }
        *broken = *p != '>';
        if (*broken)
            return false;
        *found = (tag){ open + 1, p };
        *at = p + 1;
        return true;
    }
}

static bool is_element(const tag *t, const char *name)
{
    size_t length = strlen(name);
    return (size_t)(t->end - t->start) > length && strncmp(t->start, name, length) == 0 &&
           strchr(" \t\r\n/", t->start[length]);
}

/* The value of an attribute, entities decoded; false where it is missing or too long. */
static bool attribute(const tag *t, const char *name, char *value, size_t capacity)
{
    static const struct {
        const char *text;
        char character;
    } entities[] = {
        { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' }
    };
    size_t length = strlen(name);
    for (const char *p = t->start; p + length + 2 < t->end; p++) {
        if (!strchr(" \t\r\n", p[0]) || strncmp(p + 1, name, length) != 0 || p[length + 1] != '=')
            continue;
        char quote = p[length + 2];
        if (quote != '"' && quote != '\'')
            return false;
        size_t count = 0;
        for (p += length + 3; p < t->end && *p != quote; count++) {
            if (count + 1 >= capacity)
                return false;
            value[count] = *p;
            size_t step = 1;
            for (size_t e = 0; e < sizeof(entities) / sizeof(entities[0]) && *p == '&'; e++) {
                if (strncmp(p, entities[e].text, strlen(entities[e].text)) == 0) {
                    value[count] = entities[e].character;
                    step = strlen(entities[e].text);
                    break;
                }
            }
            p += step;
        }
        value[count] = '\0';
        return true;
    }
    return false;
}

static bool number(const tag *t, const char *name, double *value)
{
    char text[64], *after;
    if (!attribute(t, name, text, sizeof(text)))
        return false;
    *value = strtod(text, &after);
    return after != text && *after == '\0' && isfinite(*value);
}

static plumb_status read_image(const tag *t, qa_import *import, qa_import_frame **frame,
                               plumb_diag *diag)
{
    char name[1024];
    double w, h;
    if (!attribute(t, "name", name, sizeof(name)) || !name[0])
        return plumb_fail(diag, PLUMB_E_VALUE, "image.name", "is missing");
    if (!number(t, "width", &w) || !number(t, "height", &h) || !(w >= 1.0) || !(h >= 1.0) ||
        w > PLUMB_MAX_SIDE || h > PLUMB_MAX_SIDE)
        return plumb_fail(diag, PLUMB_E_VALUE, "image.width",
                          "image '%.80s' needs a width and height of 1..%d pixels", name,
                          PLUMB_MAX_SIDE);
    *frame = qa_import_add_frame(import, name, diag);
    if (!*frame)
        return PLUMB_E_NOMEM;
    (*frame)->size = (plumb_size){ (int32_t)w, (int32_t)h };
    return PLUMB_OK;
}

static plumb_status read_box(const tag *t, qa_import *import, qa_import_frame *frame,
                             plumb_diag *diag)
{
    char label[256] = "";
    double x0, y0, x1, y1;
    if (!number(t, "xtl", &x0) || !number(t, "ytl", &y0) || !number(t, "xbr", &x1) ||
        !number(t, "ybr", &y1))
        return plumb_fail(diag, PLUMB_E_VALUE, "box", "needs the numbers xtl, ytl, xbr and ybr");
    (void)attribute(t, "label", label, sizeof(label));
    plumb_rect r = { x0, y0, x1 - x0, y1 - y0 };
    return qa_import_add_box(import, frame, r, NAN, QA_NO_CLASS, label, diag) ? PLUMB_OK
                                                                              : PLUMB_E_NOMEM;
}

static uint32_t line_of(const char *data, const char *at)
{
    uint32_t line = 1;
    for (; data < at; data++)
        line += *data == '\n';
    return line;
}

plumb_status qa_import_cvat(const char *data, size_t size, qa_import *import, plumb_diag *diag)
{
    const char *at = data;
    qa_import_frame *frame = NULL;
    bool broken = false;
    tag t;
    if (strlen(data) != size)
        return plumb_fail(diag, PLUMB_E_SYNTAX, "", "holds a zero byte, which XML cannot");
    import->complete = true;
    while (next_tag(&at, &t, &broken)) {
        plumb_status status = PLUMB_OK;
        if (is_element(&t, "image"))
            status = read_image(&t, import, &frame, diag);
        else if (is_element(&t, "box") && frame)
            status = read_box(&t, import, frame, diag);
        if (status) {
            diag->line = line_of(data, t.start);
            return status;
        }
    }
    if (!broken)
        return PLUMB_OK;
    plumb_status status = plumb_fail(diag, PLUMB_E_SYNTAX, "", "a tag or comment is not closed");
    diag->line = line_of(data, at);
    return status;
}
