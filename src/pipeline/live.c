/* SPDX-License-Identifier: Apache-2.0
 *
 * The newest frame in one atomic word. The word holds the number of the latest offer that got in
 * and the slot its frame waits in, so that a late thread can never put an older frame over a
 * newer one, not even after that was taken. A slot belongs to whoever took it out of the word or
 * out of the set of free slots; both are compare-and-swap loops, so some thread always advances.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/allocator.h"
#include "base/checked.h"
#include "base/diag.h"
#include "plumbline/pipeline.h"

#define SLOTS     8
#define SLOT_BITS 4
#define NO_SLOT   15u

struct plumb_live {
    plumb_context context;
    void (*give_back)(void *camera, const plumb_live_frame *frame);
    void *camera;
    atomic_uint_fast64_t newest; /* (sequence + 1) << SLOT_BITS | slot */
    atomic_uint_fast64_t offered, dropped;
    atomic_uint free_slots; /* bit i: slot i */
    atomic_uint out;        /* frames that were offered and not yet given back */
    plumb_live_frame slots[SLOTS];
};

static unsigned slot_of(uint_fast64_t word)
{
    return (unsigned)(word & NO_SLOT);
}

plumb_status plumb_live_create(const plumb_context *context,
                               void (*give_back)(void *camera, const plumb_live_frame *frame),
                               void *camera, plumb_live **live, plumb_diag *diag)
{
    if (!give_back || !live)
        return plumb_fail(diag, PLUMB_E_ARGUMENT, live ? "give_back" : "live", "is NULL");
    plumb_context full = plumb_context_resolve(context);
    plumb_live *made = plumb_alloc_zeroed(&full, 1, sizeof(*made));
    if (!made)
        return plumb_fail(diag, PLUMB_E_NOMEM, "", "out of memory");
    made->context = full;
    made->give_back = give_back;
    made->camera = camera;
    atomic_init(&made->newest, NO_SLOT);
    atomic_init(&made->offered, 0);
    atomic_init(&made->dropped, 0);
    atomic_init(&made->free_slots, (1u << SLOTS) - 1u);
    atomic_init(&made->out, 0);
    *live = made;
    return PLUMB_OK;
}

/* A slot comes out empty before its frame counts as given back, so whoever is among the SLOTS
 * frames that are out finds one. */
static unsigned claim_slot(plumb_live *live)
{
    unsigned set = atomic_load_explicit(&live->free_slots, memory_order_relaxed);
    for (;;) {
        unsigned slot = 0;
        while (slot < SLOTS && !(set & (1u << slot)))
            slot++;
        if (slot == SLOTS)
            set = atomic_load_explicit(&live->free_slots, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(&live->free_slots, &set, set & ~(1u << slot),
                                                       memory_order_acquire, memory_order_relaxed))
            return slot;
    }
}

static plumb_live_frame empty_slot(plumb_live *live, unsigned slot)
{
    plumb_live_frame frame = live->slots[slot];
    atomic_fetch_or_explicit(&live->free_slots, 1u << slot, memory_order_release);
    return frame;
}

static void return_frame(plumb_live *live, const plumb_live_frame *frame)
{
    live->give_back(live->camera, frame);
    atomic_fetch_sub_explicit(&live->out, 1, memory_order_release);
}

static void drop_slot(plumb_live *live, unsigned slot)
{
    plumb_live_frame frame = empty_slot(live, slot);
    atomic_fetch_add_explicit(&live->dropped, 1, memory_order_relaxed);
    return_frame(live, &frame);
}

void plumb_live_destroy(plumb_live **live)
{
    if (!live || !*live)
        return;
    unsigned slot = slot_of(atomic_load(&(*live)->newest));
    if (slot != NO_SLOT)
        drop_slot(*live, slot);
    plumb_context context = (*live)->context;
    plumb_release(&context, *live);
    *live = NULL;
}

plumb_status plumb_live_offer(plumb_live *live, const plumb_frame *frame, void *user)
{
    if (!live || !frame)
        return PLUMB_E_ARGUMENT;
    unsigned out = atomic_load_explicit(&live->out, memory_order_relaxed);
    do {
        if (out >= SLOTS)
            return PLUMB_E_LIMIT;
    } while (!atomic_compare_exchange_weak_explicit(&live->out, &out, out + 1, memory_order_acquire,
                                                    memory_order_relaxed));
    unsigned slot = claim_slot(live);
    plumb_live_frame *waiting = &live->slots[slot];
    const plumb_frame initial = PLUMB_FRAME_INIT;
    waiting->frame = initial;
    plumb_copy_struct(&waiting->frame, sizeof(waiting->frame), frame, frame->struct_size);
    waiting->user = user;
    waiting->sequence = atomic_fetch_add_explicit(&live->offered, 1, memory_order_relaxed);

    uint_fast64_t mine = (waiting->sequence + 1) << SLOT_BITS | slot;
    uint_fast64_t word = atomic_load_explicit(&live->newest, memory_order_relaxed);
    do {
        if (word >> SLOT_BITS > mine >> SLOT_BITS) {
            drop_slot(live, slot); /* another thread was faster with a newer one */
            return PLUMB_OK;
        }
    } while (!atomic_compare_exchange_weak_explicit(&live->newest, &word, mine,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (slot_of(word) != NO_SLOT)
        drop_slot(live, slot_of(word));
    return PLUMB_OK;
}

bool plumb_live_take(plumb_live *live, plumb_live_frame *frame)
{
    uint_fast64_t word = atomic_load_explicit(&live->newest, memory_order_relaxed);
    do {
        if (slot_of(word) == NO_SLOT)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&live->newest, &word, word | NO_SLOT,
                                                    memory_order_acq_rel, memory_order_relaxed));
    *frame = empty_slot(live, slot_of(word));
    return true;
}

void plumb_live_done(plumb_live *live, const plumb_live_frame *frame)
{
    return_frame(live, frame);
}

uint64_t plumb_live_offered(const plumb_live *live)
{
    return atomic_load_explicit(&live->offered, memory_order_relaxed);
}

uint64_t plumb_live_dropped(const plumb_live *live)
{
    return atomic_load_explicit(&live->dropped, memory_order_relaxed);
}
