/* SPDX-License-Identifier: Apache-2.0 */
#include "qa/pairing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/diag.h"
#include "qa/file.h"

/* --- names --- */

/* The length of a base name without the ending of a picture or label file. */
static size_t stem_length(const char *base)
{
    static const char *const endings[] = { ".frame.json", ".jpg",  ".jpeg", ".png",
                                           ".bmp",        ".webp", ".tif",  ".tiff",
                                           ".txt",        ".json", ".xml" };
    size_t length = strlen(base);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t end = strlen(endings[i]);
        if (length > end && strcasecmp(base + length - end, endings[i]) == 0)
            return length - end;
    }
    return length;
}

static int compare_stems(const char *a, const char *b)
{
    const char *p = qa_base_name(a), *q = qa_base_name(b);
    size_t n = stem_length(p), m = stem_length(q);
    int order = memcmp(p, q, n < m ? n : m);
    return order ? order : n < m ? -1 : n > m;
}

static int by_stem(const void *left, const void *right)
{
    const qa_import_frame *const *a = left, *const *b = right;
    return compare_stems((*a)->name, (*b)->name);
}

static const qa_import_frame **sort_frames(const qa_import *import)
{
    const qa_import_frame **sorted = malloc((import->count + 1) * sizeof(*sorted));
    for (size_t i = 0; sorted && i < import->count; i++)
        sorted[i] = &import->frames[i];
    if (sorted)
        qsort(sorted, import->count, sizeof(*sorted), by_stem);
    return sorted;
}

/* How well two names agree: 3 equal, 2 the same base name, 1 the same stem. */
static int closeness(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return 3;
    return strcmp(qa_base_name(a), qa_base_name(b)) == 0 ? 2 : 1;
}

/* The partner of a true frame; NULL where there is none, or several are equally close. */
static const qa_import_frame *find_name(const qa_import_frame *const *sorted, size_t count,
                                        const char *name)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_stems(sorted[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const qa_import_frame *best = NULL;
    int closest = 0;
    bool twice = false;
    for (; low < count && compare_stems(sorted[low]->name, name) == 0; low++) {
        int close = closeness(sorted[low]->name, name);
        twice = close == closest || (twice && close < closest);
        if (close > closest) {
            closest = close;
            best = sorted[low];
            twice = false;
        }
    }
    return twice ? NULL : best;
}

static const qa_import_frame *find_id(const qa_import *import, int64_t id)
{
    for (size_t i = 0; i < import->count && id >= 0; i++)
        if (import->frames[i].id == id)
            return &import->frames[i];
    return NULL;
}

/* --- classes --- */

typedef struct entry {
    const char *label;
    int32_t class_id;
} entry;

typedef struct dictionary {
    entry *entries;
    size_t count;
} dictionary;

static int by_label(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    int order = strcmp(a->label, b->label);
    if (order)
        return order;
    /* Known ids come before unknown ones, so that the first of a label counts. */
    return (a->class_id == QA_NO_CLASS) - (b->class_id == QA_NO_CLASS);
}

static size_t count_boxes(const qa_import *import)
{
    size_t count = 0;
    for (size_t i = 0; i < import->count; i++)
        count += import->frames[i].count;
    return count;
}

static void add_labels(dictionary *d, const qa_import *import, bool ids)
{
    for (size_t i = 0; i < import->count; i++) {
        for (size_t k = 0; k < import->frames[i].count; k++) {
            const qa_import_box *box = &import->frames[i].boxes[k];
            if (box->label)
                d->entries[d->count++] = (entry){ box->label, ids ? box->class_id : QA_NO_CLASS };
        }
    }
}

/* Labels with the ids that the card or the observed side gives them; where neither knows ids, as
 * between two tools that write names, ids are dealt out in the order of the names. */
static bool make_dictionary(const qa_import *truth, const qa_import *observed,
                            const plumb_card *card, dictionary *d)
{
    size_t labels = card ? plumb_card_label_count(card) : 0;
    size_t most = labels + count_boxes(truth) + count_boxes(observed);
    d->count = 0;
    d->entries = malloc((most + 1) * sizeof(*d->entries));
    if (!d->entries)
        return false;
    for (size_t i = 0; i < labels; i++)
        d->entries[d->count++] = (entry){ plumb_card_label(card, (int32_t)i), (int32_t)i };
    add_labels(d, observed, labels == 0);
    bool known = labels > 0;
    for (size_t i = 0; i < d->count; i++)
        known = known || d->entries[i].class_id != QA_NO_CLASS;
    if (!known)
        add_labels(d, truth, observed->format == truth->format);
    qsort(d->entries, d->count, sizeof(*d->entries), by_label);
    size_t kept = 0;
    for (size_t i = 0; i < d->count; i++)
        if (kept == 0 || strcmp(d->entries[kept - 1].label, d->entries[i].label) != 0)
            d->entries[kept++] = d->entries[i];
    d->count = kept;
    bool named = false;
    for (size_t i = 0; i < observed->count; i++)
        named = named || (observed->frames[i].count > 0 && observed->frames[i].boxes[0].label);
    for (size_t i = 0; i < kept && !known && named; i++)
        d->entries[i].class_id = (int32_t)i;
    return true;
}

static int32_t class_of(const dictionary *d, const qa_import_box *box, bool by_name)
{
    if (!box->label || (box->class_id != QA_NO_CLASS && !by_name))
        return box->class_id;
    entry key = { box->label, 0 };
    const entry *found = NULL;
    size_t low = 0, high = d->count;
    while (low < high && !found) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(d->entries[middle].label, key.label);
        if (order == 0)
            found = &d->entries[middle];
        else if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return found ? found->class_id : QA_NO_CLASS;
}

/* --- frames --- */

typedef struct pairing_work {
    const qa_import *truth, *observed;
    plumb_size size;
    dictionary labels;
    qa_pairing *out;
    size_t box_count;
} pairing_work;

static const qa_doctor_box *copy_boxes(pairing_work *w, const qa_import *import,
                                       const qa_import_frame *frame, plumb_size image)
{
    qa_doctor_box *first = w->out->boxes + w->box_count;
    /* COCO numbers its categories in its own way; names are what it shares with others. */
    bool by_name = import->format == QA_IMPORT_COCO && w->truth->format != w->observed->format;
    for (size_t i = 0; frame && i < frame->count; i++) {
        const qa_import_box *box = &frame->boxes[i];
        plumb_rect r = box->rect;
        if (frame->normalized)
            r = plumb_pixels_from_normalized_rect(r, image);
        w->out->boxes[w->box_count++] =
            (qa_doctor_box){ r, box->score, class_of(&w->labels, box, by_name) };
    }
    return first;
}

static plumb_status add_pair(pairing_work *w, const qa_import_frame *truth,
                             const qa_import_frame *observed, plumb_diag *diag)
{
    plumb_size image = truth->size.width                  ? truth->size
                       : observed && observed->size.width ? observed->size
                                                          : w->size;
    if (image.width < 1)
        return plumb_fail(diag, PLUMB_E_VALUE, truth->name,
                          "neither side gives the size of this frame; give --size");
    qa_doctor_frame *frame = &w->out->frames[w->out->count++];
    frame->name = truth->name;
    frame->image = image;
    frame->truth = copy_boxes(w, w->truth, truth, image);
    frame->truth_count = truth->count;
    frame->observed = copy_boxes(w, w->observed, observed, image);
    frame->observed_count = observed ? observed->count : 0;
    return PLUMB_OK;
}

static plumb_status pair_frames(pairing_work *w, const qa_import_frame *const *sorted,
                                plumb_diag *diag)
{
    size_t partners = 0;
    plumb_status status = PLUMB_OK;
    for (size_t i = 0; i < w->truth->count && !status; i++) {
        const qa_import_frame *truth = &w->truth->frames[i];
        const qa_import_frame *found = find_name(sorted, w->observed->count, truth->name);
        if (!found)
            found = find_id(w->observed, truth->id);
        partners += found != NULL;
        if (found || !w->observed->complete)
            status = add_pair(w, truth, found, diag);
        else
            w->out->truth_alone++;
    }
    w->out->observed_alone = w->observed->count - partners;
    if (!status && partners == 0)
        status = plumb_fail(diag, PLUMB_E_VALUE, "frame",
                            "truth and observation share no frame: '%.60s' against '%.60s'",
                            w->truth->frames[0].name, w->observed->frames[0].name);
    return status;
}

plumb_status qa_pair(const qa_import *truth, const qa_import *observed, plumb_size size,
                     const plumb_card *card, qa_pairing *pairing, plumb_diag *diag)
{
    memset(pairing, 0, sizeof(*pairing));
    pairing_work w = { truth, observed, size, { NULL, 0 }, pairing, 0 };
    const qa_import_frame **sorted = sort_frames(observed);
    pairing->frames = calloc(truth->count + 1, sizeof(*pairing->frames));
    pairing->boxes =
        malloc((count_boxes(truth) + count_boxes(observed) + 1) * sizeof(*pairing->boxes));
    plumb_status status = PLUMB_OK;
    if (!sorted || !pairing->frames || !pairing->boxes ||
        !make_dictionary(truth, observed, card, &w.labels))
        status = plumb_fail(diag, PLUMB_E_NOMEM, "", "no memory for the frames");
    else
        status = pair_frames(&w, sorted, diag);
    free(sorted);
    free(w.labels.entries);
    if (status)
        qa_pairing_release(pairing);
    return status;
}

void qa_pairing_release(qa_pairing *pairing)
{
    free(pairing->frames);
    free(pairing->boxes);
    memset(pairing, 0, sizeof(*pairing));
}
