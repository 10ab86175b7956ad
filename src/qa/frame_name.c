/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/frame_name.h"

#include <string.h>

void qa_add_stem(qa_text *text, const char *name)
{
    static const char description[] = ".frame.json";
    const char *index = strrchr(name, '#');
    size_t end = index ? (size_t)(index - name) : strlen(name);
    size_t stem = end;
    if (end > strlen(description) &&
        strncmp(name + end - strlen(description), description, strlen(description)) == 0) {
        stem = end - strlen(description);
    } else {
        while (stem > 0 && name[stem] != '.')
            stem--;
        stem = stem > 0 ? stem : end;
    }
    qa_text_bytes(text, name, stem);
    qa_text_add(text, name + end);
}

void qa_add_output_name(qa_text *text, const char *frame, const char *output)
{
    qa_add_stem(text, frame);
    qa_text_add(text, ".");
    for (const unsigned char *c = (const unsigned char *)output; *c; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == '-';
        if (plain)
            qa_text_bytes(text, c, 1);
        else
            qa_text_format(text, "%%%02X", *c);
    }
    qa_text_add(text, ".npy");
}
