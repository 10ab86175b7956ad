/* SPDX-License-Identifier: Apache-2.0
 *
 * Suppression by centre distance: shot holes that overlap, in pixels and on the card's plane.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plumbline/postprocess.h"
#include "boxes.h"

#define CALIBRE 4.5 /* millimetres, an air-rifle pellet */

static plumb_detection hole(double x, double y, double side, float score, int row)
{
    plumb_detection d = { 0 };
    plumb_box box = { (float)(x - side / 2), (float)(y - side / 2), (float)(x + side / 2),
                      (float)(y + side / 2) };
    d.box = box;
    d.score = score;
    d.row = row;
    d.keypoints = -1;
    return d;
}

static size_t run(const plumb_nms_spec *spec, plumb_detection *items, size_t count,
                  const plumb_homography *plane, plumb_ledger *ledger)
{
    plumb_nms *nms = NULL;
    assert_int_equal(plumb_nms_create(NULL, spec, &nms, NULL), PLUMB_OK);
    plumb_detections list = { 0 };
    list.items = items;
    list.count = list.capacity = count;
    list.space = PLUMB_SPACE_UPRIGHT;
    assert_int_equal(plumb_nms_run(nms, &list, plane, ledger, NULL), PLUMB_OK);
    plumb_nms_destroy(&nms);
    return list.count;
}

/* Three shots in the ten, 1.2 mm apart at 20 px/mm, each found twice with a shift of 0.1 mm. IoU
 * 0.45 deletes real shots ((4.5-1.2)/(4.5+1.2) = 0.579); half a millimetre of distance does not. */
static void holes_closer_than_a_calibre(void **state)
{
    (void)state;
    const double mm = 20.0;
    plumb_detection items[6], copy[6];
    for (int i = 0; i < 3; i++) {
        items[2 * i] = hole(500 + i * 1.2 * mm, 400, CALIBRE * mm, 0.9f - 0.1f * (float)i, 2 * i);
        items[2 * i + 1] = hole(500 + (i * 1.2 + 0.1) * mm, 400, CALIBRE * mm, 0.4f, 2 * i + 1);
    }
    memcpy(copy, items, sizeof(items));
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = PLUMB_NMS_HARD;
    spec.iou = 0.45f;
    assert_int_equal(run(&spec, copy, 6, NULL, NULL), 2);

    spec.method = PLUMB_NMS_CENTER_DISTANCE;
    spec.distance = (float)(0.5 * mm);
    plumb_trace_entry entries[6];
    plumb_ledger ledger = { 0 };
    ledger.entries = entries;
    ledger.entry_capacity = 6;
    assert_int_equal(run(&spec, items, 6, NULL, &ledger), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(items[i].row, 2 * i);
    assert_int_equal(ledger.entry_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(entries[i].other, entries[i].row - 1);
}

/* A card seen at a slant: 1 mm is 20 px on the left and 10 px on the right. */
static void distance_on_the_plane(void **state)
{
    (void)state;
    const plumb_point plane[4] = { { 0, 0 }, { 100, 0 }, { 100, 100 }, { 0, 100 } };
    const plumb_point image[4] = { { 0, 0 }, { 1000, 500 }, { 1000, 1500 }, { 0, 2000 } };
    plumb_homography image_from_plane, plane_from_image;
    assert_int_equal(plumb_homography_from_points(plane, image, &image_from_plane), PLUMB_OK);
    assert_true(plumb_homography_invert(&image_from_plane, &plane_from_image));
    plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
    spec.method = PLUMB_NMS_CENTER_DISTANCE;
    spec.distance_in_plane = true;
    spec.distance = 2.0f;
    plumb_detection items[8];
    for (int i = 0; i < 4; i++) { /* pairs 1.9 mm apart, each pair far from the others */
        plumb_point p = { 10 + 25 * i, 50 }, q = { 10 + 25 * i, 51.9 };
        p = plumb_homography_point(&image_from_plane, p);
        q = plumb_homography_point(&image_from_plane, q);
        items[2 * i] = hole(p.x, p.y, 40, 0.9f, 2 * i);
        items[2 * i + 1] = hole(q.x, q.y, 40, 0.8f, 2 * i + 1);
    }
    assert_int_equal(run(&spec, items, 8, &plane_from_image, NULL), 4);
    for (int i = 0; i < 4; i++) {
        plumb_point p = { 10 + 25 * i, 50 }, q = { 10 + 25 * i, 52.1 };
        p = plumb_homography_point(&image_from_plane, p);
        q = plumb_homography_point(&image_from_plane, q);
        items[2 * i] = hole(p.x, p.y, 40, 0.9f, 2 * i);
        items[2 * i + 1] = hole(q.x, q.y, 40, 0.8f, 2 * i + 1);
    }
    assert_int_equal(run(&spec, items, 8, &plane_from_image, NULL), 8);
}

/* Every pair of the plain quadratic loop, in double. */
static size_t plain_loop(plumb_detection *items, size_t count, double distance, bool class_aware,
                         int32_t *winner_of_row)
{
    plumb_detection kept[2000];
    size_t kept_count = 0;
    qsort(items, count, sizeof(items[0]), compare_detections);
    for (size_t i = 0; i < count; i++) {
        const plumb_detection *d = &items[i];
        double x = ((double)d->box.x0 + d->box.x1) / 2, y = ((double)d->box.y0 + d->box.y1) / 2;
        int32_t winner = -1;
        for (size_t k = 0; k < kept_count && winner < 0; k++) {
            const plumb_box *b = &kept[k].box;
            double dx = ((double)b->x0 + b->x1) / 2 - x, dy = ((double)b->y0 + b->y1) / 2 - y;
            if ((!class_aware || kept[k].class_id == d->class_id) &&
                dx * dx + dy * dy < distance * distance)
                winner = kept[k].row;
        }
        winner_of_row[d->row] = winner;
        if (winner < 0)
            kept[kept_count++] = *d;
    }
    return kept_count;
}

static void equals_the_plain_loop(void **state)
{
    (void)state;
    random_state r = { 99 };
    static plumb_detection items[2000], copy[2000];
    static plumb_trace_entry entries[2000];
    int32_t winners[2000];
    for (int round = 0; round < 300; round++) {
        int count = 1 + random_below(&r, 2000);
        make_boxes(&r, (box_kind)(round % BOXES_KINDS), items, count, 4);
        float scale = round % 4 == 3 ? 1e14f : 1.0f;
        for (int i = 0; i < count; i++) {
            float *b = &items[i].box.x0;
            for (int k = 0; k < 4; k++)
                b[k] = (round % 2 ? roundf(b[k]) : b[k]) * scale;
        }
        plumb_nms_spec spec = PLUMB_NMS_SPEC_INIT;
        spec.method = PLUMB_NMS_CENTER_DISTANCE;
        spec.distance = (float)(1 + random_below(&r, 40)) * (round % 8 == 7 ? 1.0f : scale);
        spec.class_aware = random_below(&r, 2);
        int usable = 0;
        for (int i = 0; i < count; i++)
            if (items[i].box.x1 > items[i].box.x0 && items[i].box.y1 > items[i].box.y0)
                items[usable++] = items[i];
        memcpy(copy, items, sizeof(items));
        size_t kept =
            plain_loop(copy, (size_t)usable, (double)spec.distance, spec.class_aware, winners);
        plumb_ledger ledger = { 0 };
        ledger.entries = entries;
        ledger.entry_capacity = 2000;
        assert_int_equal(run(&spec, items, (size_t)usable, NULL, &ledger), kept);
        for (size_t i = 0; i < kept; i++)
            assert_int_equal(winners[items[i].row], -1);
        for (size_t i = 0; i < ledger.entry_count; i++)
            assert_int_equal(winners[entries[i].row], entries[i].other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_closer_than_a_calibre),
        cmocka_unit_test(distance_on_the_plane),
        cmocka_unit_test(equals_the_plain_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
