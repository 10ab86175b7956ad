/* SPDX-License-Identifier: Apache-2.0
 *
 * The live slot under contention: cameras offer from several threads, workers take from several.
 * Every frame comes back exactly once, a worker never sees an older frame after a newer one, and
 * the counts add up. Run it under ThreadSanitizer as well.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plumbline/pipeline.h"
#include "test_allocator.h"

#define CAMERAS 3
#define WORKERS 3
#define OFFERS  20000
#define BUFFERS 16

/* A buffer is written by a camera and read by a worker without any lock: ThreadSanitizer tells
 * whether the slot orders the two. */
typedef struct buffer {
    atomic_bool busy;
    uint64_t stamp, copy;
} buffer;

typedef struct theatre {
    plumb_live *live;
    buffer buffers[CAMERAS][BUFFERS];
    atomic_uint_fast64_t given_back, refused, taken, torn, backwards;
    atomic_int cameras_running;
} theatre;

static void give_back(void *camera, const plumb_live_frame *frame)
{
    theatre *t = camera;
    buffer *b = frame->user;
    atomic_fetch_add(&t->given_back, 1);
    if (!atomic_exchange(&b->busy, false))
        atomic_fetch_add(&t->torn, 1); /* given back twice */
}

typedef struct camera {
    theatre *theatre;
    int index;
    uint64_t accepted;
} camera;

static void *shoot(void *argument)
{
    camera *c = argument;
    theatre *t = c->theatre;
    plumb_frame frame = PLUMB_FRAME_INIT;
    for (uint64_t i = 0; i < OFFERS; i++) {
        buffer *b = &t->buffers[c->index][i % BUFFERS];
        while (atomic_load(&b->busy))
            sched_yield();
        atomic_store(&b->busy, true);
        b->stamp = b->copy = i;
        frame.timestamp_ns = (int64_t)i;
        if (plumb_live_offer(t->live, &frame, b) == PLUMB_OK) {
            c->accepted++;
        } else {
            atomic_store(&b->busy, false);
            atomic_fetch_add(&t->refused, 1);
        }
    }
    atomic_fetch_sub(&t->cameras_running, 1);
    return NULL;
}

static void *watch(void *argument)
{
    theatre *t = argument;
    uint64_t next = 0;
    for (;;) {
        bool over = atomic_load(&t->cameras_running) == 0;
        plumb_live_frame frame;
        if (!plumb_live_take(t->live, &frame)) {
            if (over)
                return NULL;
            sched_yield();
            continue;
        }
        const buffer *b = frame.user;
        if (b->stamp != b->copy || (uint64_t)frame.frame.timestamp_ns != b->stamp)
            atomic_fetch_add(&t->torn, 1);
        if (frame.sequence < next)
            atomic_fetch_add(&t->backwards, 1);
        next = frame.sequence + 1;
        atomic_fetch_add(&t->taken, 1);
        plumb_live_done(t->live, &frame);
    }
}

static void test_stress(void **state)
{
    (void)state;
    theatre *t = calloc(1, sizeof(*t));
    assert_non_null(t);
    atomic_store(&t->cameras_running, CAMERAS);
    assert_int_equal(plumb_live_create(NULL, give_back, t, &t->live, NULL), PLUMB_OK);
    camera cameras[CAMERAS];
    pthread_t threads[CAMERAS + WORKERS];
    for (int i = 0; i < CAMERAS; i++) {
        camera c = { t, i, 0 };
        cameras[i] = c;
        assert_int_equal(pthread_create(&threads[i], NULL, shoot, &cameras[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[CAMERAS + i], NULL, watch, t), 0);
    for (int i = 0; i < CAMERAS + WORKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    uint64_t accepted = 0;
    for (int i = 0; i < CAMERAS; i++)
        accepted += cameras[i].accepted;
    uint64_t dropped = plumb_live_dropped(t->live), taken = atomic_load(&t->taken);
    assert_int_equal(plumb_live_offered(t->live), accepted);
    plumb_live_destroy(&t->live);
    assert_int_equal(atomic_load(&t->torn), 0);
    assert_int_equal(atomic_load(&t->backwards), 0);
    assert_int_equal(accepted + atomic_load(&t->refused), (uint64_t)CAMERAS * OFFERS);
    assert_int_equal(atomic_load(&t->given_back), accepted);
    assert_int_equal(dropped + taken, accepted); /* nothing was left waiting */
    free(t);
}

/* --- the same by hand, in one thread --- */

typedef struct record {
    int count;
    uint64_t sequences[32];
} record;

static void note(void *user, const plumb_live_frame *frame)
{
    record *r = user;
    r->sequences[r->count++] = frame->sequence;
}

static void test_by_hand(void **state)
{
    (void)state;
    test_allocator allocator = { 0 };
    plumb_context context = test_context(&allocator);
    record r = { 0 };
    plumb_live *live = NULL;
    plumb_frame frame = PLUMB_FRAME_INIT;
    plumb_live_frame taken[9];
    assert_int_equal(plumb_live_create(&context, NULL, NULL, &live, NULL), PLUMB_E_ARGUMENT);
    assert_int_equal(plumb_live_create(&context, note, &r, &live, NULL), PLUMB_OK);
    uint64_t allocations = allocator.calls;
    assert_false(plumb_live_take(live, &taken[0]));
    assert_int_equal(plumb_live_offer(live, NULL, NULL), PLUMB_E_ARGUMENT);
    frame.width = 10;
    assert_int_equal(plumb_live_offer(live, &frame, NULL), PLUMB_OK);
    frame.width = 11;
    assert_int_equal(plumb_live_offer(live, &frame, NULL), PLUMB_OK); /* drops 0 */
    assert_int_equal(r.count, 1);
    assert_int_equal(r.sequences[0], 0);
    assert_true(plumb_live_take(live, &taken[0]));
    assert_int_equal(taken[0].frame.width, 11);
    assert_int_equal(taken[0].sequence, 1);
    assert_false(plumb_live_take(live, &taken[1]));
    for (int i = 1; i < 8; i++) {
        assert_int_equal(plumb_live_offer(live, &frame, NULL), PLUMB_OK);
        assert_true(plumb_live_take(live, &taken[i]));
    }
    assert_int_equal(plumb_live_offer(live, &frame, NULL), PLUMB_E_LIMIT); /* 8 are out */
    assert_int_equal(r.count, 1);
    plumb_live_done(live, &taken[3]);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.sequences[1], taken[3].sequence);
    assert_int_equal(plumb_live_offer(live, &frame, NULL), PLUMB_OK);
    assert_int_equal(plumb_live_offer(live, &frame, NULL), PLUMB_E_LIMIT);
    for (int i = 0; i < 8; i++)
        if (i != 3)
            plumb_live_done(live, &taken[i]);
    assert_int_equal(plumb_live_offered(live), 10);
    assert_int_equal(plumb_live_dropped(live), 1);
    assert_int_equal(allocator.calls, allocations);
    plumb_live_destroy(&live); /* gives the waiting one back */
    assert_int_equal(r.count, 10);
    assert_null(live);
    plumb_live_destroy(&live);
    plumb_live_destroy(NULL);
    assert_int_equal(allocator.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_stress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
