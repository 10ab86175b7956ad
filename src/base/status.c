/* SPDX-License-Identifier: Apache-2.0 */
#include "plumbline/base.h"

#include "base/names.h"

static const plumb_name texts[] = {
    { PLUMB_OK, "no error" },
    { PLUMB_E_ARGUMENT, "invalid argument" },
    { PLUMB_E_SIZE, "invalid size" },
    { PLUMB_E_STRIDE, "invalid stride" },
    { PLUMB_E_BUFFER, "buffer too short" },
    { PLUMB_E_SHAPE, "shape does not fit" },
    { PLUMB_E_DTYPE, "element type does not fit" },
    { PLUMB_E_SPACE, "boxes are in another space" },
    { PLUMB_E_CAPACITY, "array too small" },
    { PLUMB_E_TRUNCATED, "data ends early" },
    { PLUMB_E_CORRUPT, "corrupt data" },
    { PLUMB_E_SYNTAX, "syntax error" },
    { PLUMB_E_KEY, "wrong or missing key" },
    { PLUMB_E_VALUE, "invalid value" },
    { PLUMB_E_NONFINITE, "not a finite number" },
    { PLUMB_E_UNSUPPORTED, "not supported" },
    { PLUMB_E_DISABLED, "left out of this build" },
    { PLUMB_E_NOMEM, "out of memory" },
    { PLUMB_E_LIMIT, "over a limit" },
    { PLUMB_E_IO, "input or output failed" },
    { PLUMB_E_BACKEND, "detector failed" },
};

const char *plumb_status_text(plumb_status status)
{
    const char *text = plumb_name_of(texts, sizeof(texts) / sizeof(texts[0]), status);
    return text[0] == '?' ? "detector error" : text;
}

uint32_t plumb_version(void)
{
    return PLUMB_VERSION_NUMBER;
}
