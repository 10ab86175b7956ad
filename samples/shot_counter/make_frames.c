/* SPDX-License-Identifier: Apache-2.0
 *
 * usage: make_frames FOLDER
 *
 * Renders the demonstration frames, two for each of the eight orientations, one as JPEG and one
 * as NV12, and truth.ndjson: one JSON object a line with where the shots are and what they score.
 * The result is the same on every machine.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "camera.h"
#include "scene.h"
#include "target.h"

#define FRAMES     16
#define LONG_SIDE  1280
#define SHORT_SIDE 960
#define FIRST_SEED 2026

/* Every third card has holes on its numerals and every fifth two holes that meet. */
static unsigned features_of(int index)
{
    return (index % 3 == 0 ? SCENE_ON_NUMERAL : 0u) | (index % 5 == 1 ? SCENE_PAIR : 0u);
}

static void write_truth(FILE *file, const char *name, plumb_orientation orientation,
                        const struct scene *scene)
{
    int rings = 0, tenths = 0, tens = 0;
    fprintf(file, "{\"frame\":\"%s\",\"orientation\":%d,\"shots\":[", name, (int)orientation);
    for (size_t i = 0; i < scene->hole_count; i++) {
        plumb_point at = scene->holes[i].center;
        struct target_score score = target_score(sqrt(at.x * at.x + at.y * at.y));
        fprintf(file, "%s{\"x\":%.3f,\"y\":%.3f,\"ring\":%d,\"tenths\":%d}", i ? "," : "", at.x,
                at.y, score.ring, score.tenths);
        rings += score.ring;
        tenths += score.tenths;
        tens += score.inner_ten;
    }
    fprintf(file, "],\"rings\":%d,\"tenths\":%d,\"inner_tens\":%d}\n", rings, tenths, tens);
}

static bool make_frame(const char *folder, int index, FILE *truth)
{
    bool jpeg = index % 2 == 0;
    plumb_orientation orientation = (plumb_orientation)(index / 2 + 1);
    plumb_size upright = { LONG_SIDE, SHORT_SIDE };
    if (plumb_orientation_swaps(orientation)) /* the sensor lies, the picture stands */
        upright = (plumb_size){ SHORT_SIDE, LONG_SIDE };
    char name[64], stem[4096];
    snprintf(name, sizeof(name), "card-%02d-orientation-%d", index + 1, (int)orientation);
    int length = snprintf(stem, sizeof(stem), "%s/%s", folder, name);

    struct scene scene;
    plumb_size size;
    uint8_t *picture = malloc(3 * (size_t)upright.width * (size_t)upright.height);
    uint8_t *buffer = NULL;
    bool fine = picture && length < (int)sizeof(stem) &&
                scene_make(&scene, FIRST_SEED + (uint64_t)index, upright, features_of(index)) &&
                scene_render(&scene, picture);
    if (fine)
        buffer = camera_turn(picture, upright, orientation, &size);
    fine =
        buffer && (jpeg ? camera_write_jpeg : camera_write_nv12)(stem, buffer, size, orientation);
    if (fine) {
        strcat(name, jpeg ? ".jpg" : ".frame.json");
        write_truth(truth, name, orientation, &scene);
    } else {
        fprintf(stderr, "%s: this frame could not be made\n", name);
    }
    free(picture);
    free(buffer);
    return fine;
}

int main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: make_frames FOLDER\n");
        return 2;
    }
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/truth.ndjson", argv[1]);
    FILE *truth = length < (int)sizeof(path) ? fopen(path, "wb") : NULL;
    if (!truth) {
        fprintf(stderr, "%s/truth.ndjson: %s\n", argv[1], strerror(errno));
        return 3;
    }
    bool fine = true;
    for (int i = 0; i < FRAMES && fine; i++)
        fine = make_frame(argv[1], i, truth);
    if (fclose(truth) != 0)
        fine = false;
    return fine ? 0 : 3;
}
