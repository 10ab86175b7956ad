/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the recipe search share. A trial is a recipe without values: it is rendered to
 * plain pixels, and the tensor is held against these up to a factor and an offset for each channel.
 */
#ifndef QA_FIT_PARTS_H
#define QA_FIT_PARTS_H

#include "plumbline/image.h"
#include "qa/fit.h"

/* The pairs with JPEG files decoded in full, and at half size once that is asked for. */
typedef struct fit_pictures {
    const qa_fit_pair *given;
    size_t count;
    bool jpeg; /* some frame is a file */
    qa_fit_pair pairs[QA_FIT_MAX_PAIRS];
    plumb_frame halves[QA_FIT_MAX_PAIRS]; /* width 0: none */
    plumb_image_decoder *decoders[QA_FIT_MAX_PAIRS];
} fit_pictures;

/* `pictures` is zeroed before, and closed also after a failure. */
plumb_status fit_pictures_open(fit_pictures *pictures, const qa_fit_pair *given, size_t count,
                               plumb_diag *diag);
/* False where that is not possible. */
bool fit_pictures_halve(fit_pictures *pictures);
void fit_pictures_close(fit_pictures *pictures);

/* The tensors as planes [c][y][x] in their own channel order. */
typedef struct fit_target {
    plumb_size size;
    int channels;
    plumb_layout layout;
    plumb_dtype dtype;
    float lowest, highest; /* whole numbers here and beyond may be clamped; else infinite */
    float *values[QA_FIT_MAX_PAIRS];
} fit_target;

/* Where a whole picture lies in a larger input: where its rule puts it, or elsewhere. The halves of
 * an odd rest differ by one pixel. */
typedef enum fit_placement {
    FIT_PLACED_BY_RULE,
    FIT_PLACED_TOP_LEFT,
    FIT_PLACED_CENTER,
    FIT_PLACED_CENTER_UP,
    FIT_PLACED_BOTTOM_RIGHT,
    FIT_PLACED_AT, /* the trial's own place */
    FIT_PLACEMENTS,
} fit_placement;

typedef struct fit_trial {
    plumb_mapping_spec mapping;
    fit_placement placement;
    int32_t place_x, place_y; /* FIT_PLACED_AT */
    plumb_resampler resample;
    plumb_matrix matrix;
    plumb_range range;
    plumb_orientation orientation; /* 0: the frame's own */
    plumb_orientation turn;        /* after it, of what the frame's region shows; 0: none */
    bool whole;                    /* the frame's region is ignored */
    plumb_jpeg_decoding jpeg;      /* half: only where a file is halved */
    bool reversed;                 /* channel order B, G, R */
    bool color_seen;               /* the other order fits worse */
    double gain[3], offset[3];     /* tensor = gain * level + offset, by tensor channel */
    double seen[3][2]; /* lowest and highest level, by tensor channel; set by fit_check */
    double rms;        /* levels; INFINITY when nothing fits */
    double worst;      /* levels, over every pixel; set by fit_check */
    bool exact;        /* each level has one value, or (unrounded resamplers) `worst` is
                                      within the type's precision; set by fit_check */
} fit_trial;

typedef struct fit_search {
    const qa_fit_pair *pairs;
    const plumb_frame *halves; /* of the pairs; NULL: none */
    size_t pair_count;
    fit_target target;
    float *picture; /* one rendered pair, [c][y][x], R G B or gray */
    void (*progress)(void *user, size_t done);
    void *user;
    size_t done;
} fit_search;

/* Layout and planes of all tensors; errors as qa_fit. `target` is released also after a failure. */
plumb_status fit_target_read(fit_target *target, const qa_fit_pair *pairs, size_t count,
                             plumb_layout layout, plumb_diag *diag);
/* Set `lowest` and `highest` from the values. */
void fit_target_limit(fit_target *target, size_t count);
void fit_target_release(fit_target *target);

/* The preprocessor's spec of a trial with plain pixel values, and its frame. */
plumb_preprocess_spec fit_plain_spec(const fit_target *target, const fit_trial *trial);
plumb_frame fit_frame_of(const fit_trial *trial, const plumb_frame *frame);

/* A frame, and what its file is at half size where the spec may ask for that; NULL or width 0: none.
 * Set by fit_run: the picture of half size is what was sampled. */
typedef struct fit_source {
    const plumb_frame *frame, *half;
    bool halved;
} fit_source;

/* Run `spec` on a frame; `tensor` must hold its bytes. */
plumb_status fit_run(const plumb_preprocess_spec *spec, fit_source *source, void *tensor,
                     plumb_mapping *mapping, plumb_diag *diag);

/* Render pair `index` of a trial into search->picture. `halved` (may be NULL): at half size. */
plumb_status fit_render(fit_search *search, const fit_trial *trial, size_t index,
                        plumb_mapping *mapping, bool *halved);

/* Fit gain and offset of each channel over all pairs, and set rms, reversed and color_seen. A trial
 * that cannot be run on these frames gets an rms of INFINITY. */
void fit_match(fit_search *search, fit_trial *trial);

/* Look at every pixel: set worst and exact. */
void fit_check(fit_search *search, fit_trial *trial);

/* Every resampler that a peer has, and every way from YUV to RGB; common ones first. */
#define FIT_RESAMPLERS 15
#define FIT_COLORS     11

typedef struct fit_color {
    plumb_matrix matrix;
    plumb_range range;
} fit_color;

extern const plumb_resampler fit_resamplers[FIT_RESAMPLERS];
extern const fit_color fit_colors[FIT_COLORS];

bool fit_is_whole(plumb_dtype dtype); /* uint8, int8 */
double fit_clamp(plumb_dtype dtype, double value);
bool fit_rounds(plumb_resampler resampler); /* its results are whole levels */

/* Geometry worth a trial: the usual recipes; the same with a quarter turn; sizes and fractions that
 * no well-known recipe uses. Returns how many there are; writes at most `capacity`. */
typedef enum fit_family {
    FIT_USUAL,
    FIT_TURNED,
    FIT_UNUSUAL,
} fit_family;

size_t fit_geometries(const fit_target *target, fit_family family, plumb_mapping_spec *specs,
                      size_t capacity);

/* The mapping of a frame under a trial; false where there is none. */
bool fit_mapping(const fit_trial *trial, const plumb_frame *frame, plumb_mapping *mapping);

/* Move a whole picture to where the trial's placement says; one that is cut stays. */
void fit_place(const fit_trial *trial, plumb_mapping *mapping);

/* Do two geometries place every pair alike? */
bool fit_same_geometry(const fit_search *search, const fit_trial *a, const fit_trial *b);

/* Turn the trial's gains and offsets into divide, scale, mean, std and pad of a spec: the plainest
 * numbers that give the tensors' values bit for bit where there are any. */
plumb_status fit_values(fit_search *search, const fit_trial *trial, qa_fit_result *result,
                        plumb_diag *diag);

/* Run the result on every pair and count what differs. */
plumb_status fit_verify(fit_search *search, qa_fit_result *result, plumb_diag *diag);

/* A frame size for which the two recipes differ. */
plumb_size fit_deciding_size(const fit_target *target, const fit_trial *a, const fit_trial *b);

#endif
