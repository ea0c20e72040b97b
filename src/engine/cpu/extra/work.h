// SPDX-License-Identifier: MIT
//
// How much a machine has done. Virtual time wants it: a guest's clock that depends on nothing but
// what the guest does (guest_clock.h) counts this, and its timers are due at so much of it.

#ifndef ENGINE_CPU_EXTRA_WORK_H
#define ENGINE_CPU_EXTRA_WORK_H

#include <stdint.h>
#include <zircon/types.h>

struct machine;

// Counts the blocks of guest code that run, and the exits and exceptions, which can follow each
// other for ever without a block in between; from `done` on. BAD_STATE where nothing was counted
// and there has been a VCPU.
zx_status_t machine_count_work(struct machine *machine, uint64_t done);

// What was counted so far. Any thread.
uint64_t machine_work(const struct machine *machine);

// An exit is requested when this much work is done, and nothing is counted until it was made. It is
// requested at the limit too, but work is counted on.
void machine_stop_at(struct machine *machine, uint64_t work, uint64_t limit);

#endif // ENGINE_CPU_EXTRA_WORK_H
