/* SPDX-License-Identifier: Apache-2.0
 *
 * A card that was shot at, photographed: where the holes are, where the camera stood, how the
 * light fell. Everything follows from a seed, with arithmetic that is the same on every machine:
 * only + - * / and square roots, no library of random numbers.
 */
#ifndef SHOT_COUNTER_SCENE_H
#define SHOT_COUNTER_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumbline/geometry.h"

#define SCENE_MAX_SHOTS   12
#define SCENE_RIM_CORNERS 24

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *random);
double random_between(struct random *random, double low, double high);

/* About normal, mean 0 and deviation 1: the sum of twelve uniform numbers. */
double random_normal(struct random *random);

/* A pellet hole: the torn edge has a radius of its own in each direction. */
struct hole {
    plumb_point center; /* millimetres on the card */
    double edge[SCENE_RIM_CORNERS];
    double rim;   /* width of the dark torn paper inside the edge */
    double shade; /* 0..1, what shows through */
};

struct scene {
    plumb_size upright;
    plumb_homography plane_from_upright;
    struct hole holes[SCENE_MAX_SHOTS];
    size_t hole_count;
    double light_x, light_y, light_falloff; /* relative change over the picture */
    int softness;                           /* passes of the lens blur */
    double noise;                           /* levels, one deviation */
    uint64_t noise_seed;
};

enum scene_feature {
    SCENE_PAIR = 1,       /* two holes closer than a calibre */
    SCENE_ON_NUMERAL = 2, /* holes that touch printed numerals */
};

/* Fill a scene; false where no place was found for its holes. `features` are bits of enum scene_feature. No hole lies so near to a step of the
 * decimal score that a measuring error of a tenth of a millimetre would change it. */
bool scene_make(struct scene *scene, uint64_t seed, plumb_size upright, unsigned features);

/* Photograph it: dense RGB rows of the upright picture. False when memory ran out. */
bool scene_render(const struct scene *scene, uint8_t *rgb);

#endif
