/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <math.h>

#include "target.h"

#define EDGE_MARGIN_MM 0.12 /* distance of a shot from the steps of its score */
#define APART_MM       5.2  /* holes that are not meant to meet */
#define OUTERMOST_MM   74.0
#define SPREAD_MM      24.0
#define CORNER_JITTER  0.028 /* of the short side of the picture */
#define CARD_SHARE     0.90  /* of the short side */
#define MAX_TRIES      10000

/* splitmix64 (Steele, Lea, Flood 2014), the public-domain formula. */
uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double random_between(struct random *random, double low, double high)
{
    double unit = (double)(random_next(random) >> 11) * (1.0 / 9007199254740992.0);
    return low + unit * (high - low);
}

double random_normal(struct random *random)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += random_between(random, 0.0, 1.0);
    return sum;
}

static double distance(plumb_point a, plumb_point b)
{
    double dx = a.x - b.x, dy = a.y - b.y;
    return sqrt(dx * dx + dy * dy);
}

/* Far from every step of the decimal score, of which the ring edges are some. */
static bool score_is_clear(plumb_point center)
{
    double radius = distance(center, (plumb_point){ 0, 0 });
    double step = RING_STEP_MM / 10;
    double beyond = radius - floor(radius / step) * step;
    return radius < OUTERMOST_MM && beyond > EDGE_MARGIN_MM && beyond < step - EDGE_MARGIN_MM;
}

static bool is_apart(const struct scene *scene, plumb_point center)
{
    for (size_t i = 0; i < scene->hole_count; i++) {
        if (distance(center, scene->holes[i].center) < APART_MM)
            return false;
    }
    return true;
}

/* The torn edge wanders about the calibre. Opposite corners wander nearly alike, so that the middle
 * of the torn hole stays where the pellet went through. */
static void tear(struct hole *hole, struct random *random)
{
    for (int i = 0; i < SCENE_RIM_CORNERS / 2; i++) {
        double radius = PELLET_MM / 2 + 0.10 * random_normal(random);
        hole->edge[i] = radius;
        hole->edge[i + SCENE_RIM_CORNERS / 2] = radius + 0.04 * random_normal(random);
    }
    hole->rim = random_between(random, 0.60, 0.75);
    hole->shade = random_between(random, 0.40, 0.50);
}

static void add_hole(struct scene *scene, plumb_point center, struct random *random)
{
    struct hole *hole = &scene->holes[scene->hole_count++];
    hole->center = center;
    tear(hole, random);
}

static plumb_point somewhere(struct random *random)
{
    double x = SPREAD_MM * random_normal(random);
    return (plumb_point){ x, SPREAD_MM * random_normal(random) };
}

/* Beside a printed numeral, near enough for the edges to touch. */
static plumb_point beside_numeral(struct random *random)
{
    struct target_numeral numeral = target_numeral(random_next(random) % TARGET_NUMERALS);
    plumb_point center = numeral.center;
    center.x += random_between(random, -3.0, 3.0);
    center.y += random_between(random, -3.4, 3.4);
    return center;
}

/* A second hole whose edge runs into that of the first. */
static plumb_point beside_hole(const struct hole *hole, struct random *random)
{
    for (;;) {
        plumb_point offset = { random_between(random, -4, 4), random_between(random, -4, 4) };
        double apart = distance(offset, (plumb_point){ 0, 0 });
        if (apart > 3.3 && apart < 4.2)
            return (plumb_point){ hole->center.x + offset.x, hole->center.y + offset.y };
    }
}

static bool place_holes(struct scene *scene, struct random *random, unsigned features)
{
    size_t wanted = 5 + random_next(random) % 4;
    for (int tries = 0; tries < MAX_TRIES && scene->hole_count < wanted; tries++) {
        bool on_numeral = (features & SCENE_ON_NUMERAL) && scene->hole_count < 3;
        plumb_point center = on_numeral ? beside_numeral(random) : somewhere(random);
        if (score_is_clear(center) && is_apart(scene, center))
            add_hole(scene, center, random);
    }
    if (!(features & SCENE_PAIR) || scene->hole_count == 0)
        return scene->hole_count == wanted;
    size_t count = scene->hole_count;
    const struct hole *partner = &scene->holes[count - 1];
    for (int tries = 0; tries < MAX_TRIES && scene->hole_count == count; tries++) {
        plumb_point center = beside_hole(partner, random);
        scene->hole_count--; /* the partner may be near, all others may not */
        bool fits = score_is_clear(center) && is_apart(scene, center);
        scene->hole_count++;
        if (fits)
            add_hole(scene, center, random);
    }
    return scene->hole_count == count + 1;
}

/* A hand-held camera: the corners of the card are near those of a centred square. */
static bool place_camera(struct scene *scene, struct random *random)
{
    double width = scene->upright.width, height = scene->upright.height;
    double side = width < height ? width : height;
    plumb_point card[4], picture[4];
    for (size_t i = 0; i < 4; i++) {
        double x = i == 0 || i == 3 ? -0.5 : 0.5, y = i < 2 ? -0.5 : 0.5;
        double jitter = CORNER_JITTER * side;
        card[i] = (plumb_point){ x * CARD_SIDE_MM, y * CARD_SIDE_MM };
        picture[i].x = width / 2 + x * CARD_SHARE * side + random_between(random, -jitter, jitter);
        picture[i].y = height / 2 + y * CARD_SHARE * side + random_between(random, -jitter, jitter);
    }
    return plumb_homography_from_points(picture, card, &scene->plane_from_upright) == PLUMB_OK;
}

bool scene_make(struct scene *scene, uint64_t seed, plumb_size upright, unsigned features)
{
    struct random random = { seed };
    *scene = (struct scene){ .upright = upright };
    scene->light_x = random_between(&random, -0.10, 0.10);
    scene->light_y = random_between(&random, -0.10, 0.10);
    scene->light_falloff = random_between(&random, 0.02, 0.10);
    scene->softness = 1 + (int)(random_next(&random) % 2);
    scene->noise = random_between(&random, 1.5, 3.0);
    scene->noise_seed = random_next(&random);
    return place_camera(scene, &random) && place_holes(scene, &random, features);
}
