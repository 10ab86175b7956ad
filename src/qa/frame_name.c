/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/frame_name.h"

#include <stdlib.h>
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

void qa_encode_output_name(qa_text *text, const char *output)
{
    for (const unsigned char *c = (const unsigned char *)output; *c; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == '-';
        if (plain)
            qa_text_bytes(text, c, 1);
        else
            qa_text_format(text, "%%%02X", *c);
    }
}

static int hexadecimal(char c)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    const char *found = c ? strchr(digits, c) : NULL;
    if (!found)
        return -1;
    return found - digits < 16 ? (int)(found - digits) : (int)(found - digits) - 6;
}

char *qa_decode_output_name(const char *encoded)
{
    char *name = malloc(strlen(encoded) + 1), *to = name;
    if (!name)
        return NULL;
    while (*encoded) {
        int high = *encoded == '%' ? hexadecimal(encoded[1]) : -1;
        int low = high >= 0 ? hexadecimal(encoded[2]) : -1;
        *to++ = low >= 0 ? (char)(high * 16 + low) : *encoded;
        encoded += low >= 0 ? 3 : 1;
    }
    *to = '\0';
    return name;
}

void qa_add_output_name(qa_text *text, const char *frame, const char *output)
{
    qa_add_stem(text, frame);
    qa_text_add(text, ".");
    qa_encode_output_name(text, output);
    qa_text_add(text, ".npy");
}
