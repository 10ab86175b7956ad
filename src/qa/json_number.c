/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/json_number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DIGITS 17
/* Longer whole numbers are written with an exponent: readers that tell integers from reals, as
 * jansson does, refuse integers beyond 64 bits. */
#define PLAIN_DIGITS 18

/* What the text has to give back. */
typedef struct wanted {
    enum { AS_FLOAT, AS_DOUBLE, AS_EXTENT } kind;
    double start, value;
} wanted;

/* d.ddd times ten to the power of `exponent`. */
typedef struct decimal {
    char digits[MOST_DIGITS + 2];
    int count, exponent;
} decimal;

static bool reads_back(const wanted *w, const decimal *d)
{
    /* An integer with an exponent needs no decimal point, so the locale has no say. */
    char text[QA_NUMBER_SIZE];
    snprintf(text, sizeof(text), "%.*se%d", d->count, d->digits, d->exponent - (d->count - 1));
    switch (w->kind) {
    case AS_FLOAT:
        return strtof(text, NULL) == (float)w->value;
    case AS_DOUBLE:
        return strtod(text, NULL) == w->value;
    case AS_EXTENT:
        break;
    }
    return (float)(w->start + strtod(text, NULL)) == (float)(w->start + w->value);
}

static void round_to(decimal *d, double magnitude, int count)
{
    char text[MOST_DIGITS + 16];
    snprintf(text, sizeof(text), "%.*e", count - 1, magnitude);
    const char *exponent = strchr(text, 'e');
    d->count = 0;
    for (const char *c = text; c < exponent; c++)
        if (*c >= '0' && *c <= '9')
            d->digits[d->count++] = *c;
    d->exponent = atoi(exponent + 1);
}

static void next_up(decimal *d)
{
    int i = d->count - 1;
    while (i >= 0 && d->digits[i] == '9')
        d->digits[i--] = '0';
    if (i >= 0) {
        d->digits[i]++;
        return;
    }
    d->digits[0] = '1';
    d->exponent++;
}

/* The nearest decimal of each length, and the one above it: just over a power of two the interval
 * that rounds to the value reaches further up than down. */
static decimal shortest(const wanted *w, double magnitude)
{
    decimal d;
    for (int count = 1; count < MOST_DIGITS; count++) {
        round_to(&d, magnitude, count);
        if (reads_back(w, &d))
            return d;
        next_up(&d);
        if (reads_back(w, &d))
            return d;
    }
    round_to(&d, magnitude, MOST_DIGITS);
    return d;
}

static size_t write_decimal(char *text, const decimal *source, bool negative)
{
    decimal d = *source;
    while (d.count > 1 && d.digits[d.count - 1] == '0')
        d.count--;
    char *at = text;
    if (negative)
        *at++ = '-';
    if (d.exponent >= PLAIN_DIGITS || d.exponent < -6) {
        *at++ = d.digits[0];
        if (d.count > 1)
            *at++ = '.';
        memcpy(at, d.digits + 1, (size_t)d.count - 1);
        at += d.count - 1;
        at += snprintf(at, 8, "e%+d", d.exponent);
        return (size_t)(at - text);
    }
    if (d.exponent < 0) {
        memcpy(at, "0.", 2);
        at += 2;
        for (int i = -1; i > d.exponent; i--)
            *at++ = '0';
    }
    for (int i = 0; i < d.count || i <= d.exponent; i++) {
        if (i == d.exponent + 1 && d.exponent >= 0)
            *at++ = '.';
        *at++ = i < d.count ? d.digits[i] : '0';
    }
    *at = '\0';
    return (size_t)(at - text);
}

static size_t format(char *text, const wanted *w)
{
    if (!isfinite(w->value) || !isfinite(w->start)) {
        memcpy(text, "null", 5);
        return 4;
    }
    if (w->value == 0.0) {
        memcpy(text, "0", 2);
        return 1;
    }
    bool negative = w->value < 0.0;
    wanted positive = *w;
    if (negative && w->kind != AS_EXTENT)
        positive.value = -w->value;
    decimal d = shortest(&positive, fabs(w->value));
    return write_decimal(text, &d, negative);
}

size_t qa_format_float(char text[QA_NUMBER_SIZE], float value)
{
    wanted w = { AS_FLOAT, 0.0, (double)value };
    return format(text, &w);
}

size_t qa_format_double(char text[QA_NUMBER_SIZE], double value)
{
    wanted w = { AS_DOUBLE, 0.0, value };
    return format(text, &w);
}

size_t qa_format_extent(char text[QA_NUMBER_SIZE], float start, float end)
{
    double value = (double)end - (double)start;
    /* Boxes have start <= end; a list that breaks this still has to be written somehow. */
    if (!(value >= 0.0))
        return qa_format_double(text, value);
    wanted w = { AS_EXTENT, (double)start, value };
    return format(text, &w);
}
