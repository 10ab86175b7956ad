/* SPDX-License-Identifier: Apache-2.0
 *
 * The text lines of YUV4MPEG2. The format has no field for the matrix, and one for the range only
 * by convention (XCOLORRANGE, as ffmpeg writes it). Where the stream is silent the choice is
 * ffmpeg's and the broadcasters': bt709 from 720 rows on, bt601 below, limited range.
 */
#include "plumbline/image.h"

#include <string.h>

#include "base/checked.h"
#include "base/diag.h"
#include "image/image_size.h"

#define MAX_LINE 4096
#define HD_ROWS  720

typedef struct token {
    const char *text;
    size_t length;
} token;

static bool token_is(token t, const char *text)
{
    return t.length == strlen(text) && memcmp(t.text, text, t.length) == 0;
}

/* The next word of a line, split at single spaces; false at its end. */
static bool next_token(const char **at, const char *end, token *t)
{
    while (*at < end && **at == ' ')
        (*at)++;
    t->text = *at;
    while (*at < end && **at != ' ')
        (*at)++;
    t->length = (size_t)(*at - t->text);
    return t->length > 0;
}

static bool read_number(token t, int32_t *number)
{
    int64_t value = 0;
    if (t.length == 0 || t.length > 9)
        return false;
    for (size_t i = 0; i < t.length; i++) {
        if (t.text[i] < '0' || t.text[i] > '9')
            return false;
        value = value * 10 + (t.text[i] - '0');
    }
    *number = (int32_t)value;
    return true;
}

static bool read_ratio(token t, int32_t *numerator, int32_t *denominator)
{
    const char *colon = memchr(t.text, ':', t.length);
    if (!colon)
        return false;
    token left = { t.text, (size_t)(colon - t.text) };
    token right = { colon + 1, t.length - left.length - 1 };
    return read_number(left, numerator) && read_number(right, denominator);
}

static const struct {
    const char *name;
    plumb_pixel_format format;
} colour_spaces[] = {
    { "420", PLUMB_FORMAT_I420 },      { "420jpeg", PLUMB_FORMAT_I420 },
    { "420paldv", PLUMB_FORMAT_I420 }, { "420mpeg2", PLUMB_FORMAT_I420 },
    { "422", PLUMB_FORMAT_I422 },      { "444", PLUMB_FORMAT_I444 },
    { "mono", PLUMB_FORMAT_GRAY8 },    { "420p10", PLUMB_FORMAT_I010 },
};

static plumb_status read_colour_space(token t, plumb_pixel_format *format, plumb_diag *diag)
{
    for (size_t i = 0; i < sizeof(colour_spaces) / sizeof(colour_spaces[0]); i++)
        if (token_is(t, colour_spaces[i].name)) {
            *format = colour_spaces[i].format;
            return PLUMB_OK;
        }
    return plumb_fail(diag, PLUMB_E_UNSUPPORTED, "C",
                      "colour space \"%.*s\"; expected 420, 422, 444, mono or 420p10",
                      (int)(t.length < 32 ? t.length : 32), t.text);
}

static plumb_status read_tag(char tag, token value, plumb_y4m_info *info, plumb_diag *diag)
{
    switch (tag) {
    case 'W':
    case 'H':
        if (!read_number(value, tag == 'W' ? &info->width : &info->height))
            return plumb_fail(diag, PLUMB_E_SYNTAX, tag == 'W' ? "W" : "H",
                              "expected a whole number");
        return PLUMB_OK;
    case 'F':
        if (!read_ratio(value, &info->rate_numerator, &info->rate_denominator))
            return plumb_fail(diag, PLUMB_E_SYNTAX, "F", "expected a ratio such as 30:1");
        return PLUMB_OK;
    case 'C':
        return read_colour_space(value, &info->format, diag);
    case 'X':
        if (token_is(value, "COLORRANGE=FULL"))
            info->range = PLUMB_RANGE_FULL;
        else if (token_is(value, "COLORRANGE=LIMITED"))
            info->range = PLUMB_RANGE_LIMITED;
        return PLUMB_OK;
    default: /* interlacing and aspect change no pixel */
        return PLUMB_OK;
    }
}

static plumb_status frame_bytes(plumb_y4m_info *info, plumb_diag *diag)
{
    size_t width = (size_t)info->width, height = (size_t)info->height;
    size_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    size_t luma, chroma, samples;
    bool fits = plumb_mul_size(width, height, &luma);
    switch (info->format) {
    case PLUMB_FORMAT_I444:
        chroma = luma;
        break;
    case PLUMB_FORMAT_I422:
        fits = fits && plumb_mul_size(half_width, height, &chroma);
        break;
    case PLUMB_FORMAT_GRAY8:
        chroma = 0;
        break;
    default:
        fits = fits && plumb_mul_size(half_width, half_height, &chroma);
        break;
    }
    fits = fits && plumb_mul_size(chroma, 2, &samples) && plumb_add_size(luma, samples, &samples) &&
           plumb_mul_size(samples, info->format == PLUMB_FORMAT_I010 ? 2 : 1, &info->frame_size);
    return fits ? PLUMB_OK : plumb_fail(diag, PLUMB_E_LIMIT, "", "a frame does not fit in memory");
}

/* The line without its newline. */
static plumb_status find_line(const char *data, size_t size, const char *magic, const char **end,
                              plumb_diag *diag)
{
    size_t length = strlen(magic);
    size_t shown = size < length ? size : length;
    if (!data && size > 0)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "data", "NULL");
    if (shown > 0 && memcmp(data, magic, shown) != 0)
        return plumb_fail(diag, PLUMB_E_SYNTAX, "", "expected \"%s\"", magic);
    size_t within = size < MAX_LINE ? size : MAX_LINE;
    *end = within ? memchr(data, '\n', within) : NULL;
    if (!*end && size >= MAX_LINE)
        return plumb_fail(diag, PLUMB_E_SYNTAX, "", "no end of line in %d bytes", MAX_LINE);
    if (!*end)
        return plumb_fail(diag, PLUMB_E_TRUNCATED, "", "no end of line in %zu bytes", size);
    if (data[length] != ' ' && data[length] != '\n')
        return plumb_fail(diag, PLUMB_E_SYNTAX, "", "expected a space after \"%s\"", magic);
    return PLUMB_OK;
}

plumb_status plumb_y4m_parse_header(const void *data, size_t size, plumb_y4m_info *info,
                                    size_t *consumed, plumb_diag *diag)
{
    static const char magic[] = "YUV4MPEG2";
    if (!info || !consumed)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, info ? "consumed" : "info", "NULL");
    const char *end = NULL;
    plumb_status status = find_line(data, size, magic, &end, diag);
    if (status != PLUMB_OK)
        return status;
    plumb_y4m_info made = { .format = PLUMB_FORMAT_I420, .range = PLUMB_RANGE_LIMITED };
    const char *at = (const char *)data + strlen(magic);
    token t;
    while (next_token(&at, end, &t)) {
        token value = { t.text + 1, t.length - 1 };
        status = read_tag(t.text[0], value, &made, diag);
        if (status != PLUMB_OK)
            return status;
    }
    status = plumb_image_check_size(made.width, made.height, diag);
    if (status == PLUMB_OK)
        status = frame_bytes(&made, diag);
    if (status != PLUMB_OK)
        return status;
    made.matrix = made.height >= HD_ROWS ? PLUMB_MATRIX_BT709 : PLUMB_MATRIX_BT601;
    *info = made;
    *consumed = (size_t)(end - (const char *)data) + 1;
    return PLUMB_OK;
}

plumb_status plumb_y4m_parse_frame(const void *data, size_t size, size_t *consumed,
                                   plumb_diag *diag)
{
    if (!consumed)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, "consumed", "NULL");
    const char *end = NULL;
    plumb_status status = find_line(data, size, "FRAME", &end, diag);
    if (status == PLUMB_OK)
        *consumed = (size_t)(end - (const char *)data) + 1;
    return status;
}
