/* SPDX-License-Identifier: Apache-2.0 */
#include "shots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "frames.h"

static double distance(plumb_point a, plumb_point b)
{
    double dx = a.x - b.x, dy = a.y - b.y;
    return sqrt(dx * dx + dy * dy);
}

static void add_shot(struct tally *tally, plumb_point center)
{
    struct shot *shot = &tally->shots[tally->count++];
    *shot = (struct shot){ .center = center };
    shot->score = target_score(distance(center, (plumb_point){ 0, 0 }));
    tally->rings += shot->score.ring;
    tally->tenths += shot->score.tenths;
    tally->inner_tens += shot->score.inner_ten;
    for (struct shot *other = tally->shots; other < shot; other++) {
        if (distance(other->center, center) < PELLET_MM)
            shot->touches = other->touches = tally->needs_human = true;
    }
}

bool tally_shots(const plumb_detections *detections, const plumb_homography *upright_from_plane,
                 struct tally *tally)
{
    plumb_homography plane_from_upright;
    memset(tally, 0, sizeof(*tally));
    if (!plumb_homography_invert(upright_from_plane, &plane_from_upright))
        return false;
    for (size_t i = 0; i < detections->count && tally->count < MAX_SHOTS; i++) {
        const plumb_box *box = &detections->items[i].box;
        plumb_point center = { ((double)box->x0 + box->x1) / 2, ((double)box->y0 + box->y1) / 2 };
        add_shot(tally, plumb_homography_point(&plane_from_upright, center));
    }
    return true;
}

static void read_truth_line(json_t *line, struct tally *truth)
{
    memset(truth, 0, sizeof(*truth));
    size_t index;
    json_t *shot;
    json_array_foreach(json_object_get(line, "shots"), index, shot)
    {
        plumb_point center = { json_number_value(json_object_get(shot, "x")),
                               json_number_value(json_object_get(shot, "y")) };
        if (truth->count < MAX_SHOTS)
            add_shot(truth, center);
    }
    truth->rings = (int)json_integer_value(json_object_get(line, "rings"));
    truth->tenths = (int)json_integer_value(json_object_get(line, "tenths"));
    truth->inner_tens = (int)json_integer_value(json_object_get(line, "inner_tens"));
}

bool truth_read(const char *path, const char *frame, struct tally *truth)
{
    size_t size;
    char *text = read_file(path, &size);
    bool found = false;
    char *next = text;
    while (next && *next && !found) {
        char *line = next, *end = strchr(line, '\n');
        next = end ? end + 1 : line + strlen(line);
        json_t *object = json_loadb(line, (size_t)(next - line), 0, NULL);
        const char *name = json_string_value(json_object_get(object, "frame"));
        found = name && strcmp(name, frame) == 0;
        if (found)
            read_truth_line(object, truth);
        json_decref(object);
    }
    free(text);
    return found;
}

double tally_worst_error(const struct tally *tally, const struct tally *truth)
{
    double worst = tally->count == truth->count ? 0 : -1;
    for (size_t i = 0; worst >= 0 && i < truth->count; i++) {
        double nearest = CARD_SIDE_MM;
        for (size_t k = 0; k < tally->count; k++)
            nearest = fmin(nearest, distance(truth->shots[i].center, tally->shots[k].center));
        worst = fmax(worst, nearest);
    }
    return worst;
}
