// SPDX-License-Identifier: MIT
//
// How much a machine has done. Virtual time wants it: a guest's clock that depends on nothing but
// what the guest does (guest_clock.h) counts this, and its timers are due at so much of it.

#ifndef ENGINE_CPU_EXTRA_WORK_H
#define ENGINE_CPU_EXTRA_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

struct machine;

// Counts the blocks of guest code that run, and the exits and exceptions, which can follow each
// other for ever without a block in between. BAD_STATE where nothing was counted and there has been
// a VCPU.
zx_status_t machine_count_work(struct machine *machine);

// What was counted so far. Any thread.
uint64_t machine_work(const struct machine *machine);

// A copy of what was counted, and of where the guest is in the block that was counted last: what it
// begins in the middle of that is no work.
struct work_image {
    uint64_t done;
    uint64_t block;      // Where the block begins.
    uint64_t block_size; // 0: the guest is in no block.
    uint64_t resumes_at; // With `resumes`: where the rest of the block begins.
    bool resumes;
};
void machine_take_work(const struct machine *machine, struct work_image *image);
void machine_restore_work(struct machine *machine, const struct work_image *image);

// Whether the copy, from a file, is of a block that there can be.
bool work_image_is_sound(const struct work_image *image);

// An exit is requested when this much work is done, and nothing is counted until it was made. It is
// requested at the limit too, but work is counted on.
void machine_stop_at(struct machine *machine, uint64_t work, uint64_t limit);

#endif // ENGINE_CPU_EXTRA_WORK_H
