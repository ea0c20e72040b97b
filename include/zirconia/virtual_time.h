// SPDX-License-Identifier: MIT
//
// Virtual time: a guest that does the same thing every time it is run.
//
// A guest's clocks (TSC, local APIC timer, pvclock) normally follow the host's, and its VCPUs take
// turns as the host's threads happen to arrive. In virtual time both follow from the guest's own
// work: each block of guest code, each exit and each exception takes the same few nanoseconds; the
// VCPUs run in the order of their creation, each for a fixed time slice or until it sleeps or
// pauses; one that is interrupted meanwhile goes first, in the time slice of the one that runs; and
// when all of them sleep, the clock jumps to the next timer instead of waiting for it. So the same
// guest and the same calls give the same exits in the same order, on every host and however busy it
// is.
//
// What a client must know:
//   - A VCPU keeps its turn while its caller is outside of the run call. The others wait until it
//     enters again, sleeps, or is closed. Do not, between two run calls of one VCPU, wait for
//     something that another VCPU of the same guest has to run for.
//   - A VCPU takes part from its creation. To add one repeatably, create it on its thread before
//     the caller of the VCPU that asked for it (a STARTUP packet) enters again.
//   - zx_vcpu_kick() and zx_vcpu_interrupt() from a thread that is not inside a VCPU's turn arrive
//     when they arrive: what follows differs from run to run.

#ifndef ZIRCONIA_VIRTUAL_TIME_H_
#define ZIRCONIA_VIRTUAL_TIME_H_

#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

// Puts the guest under virtual time for its whole life. Any thread.
// Errors:
//   handle (GUEST, WRITE)
//   ZX_ERR_BAD_STATE  when a VCPU of it has been created already
//   ZX_ERR_NO_MEMORY  when memory is short
ZIRCONIA_EXPORT zx_status_t zirconia_guest_use_virtual_time(zx_handle_t guest);

// The budget of a guest whose work has no limit.
#define ZIRCONIA_BUDGET_NONE UINT64_MAX

// Limits the work that the VCPUs of the guest do together from now on: a block of guest code, an
// exit or an exception is 1, as in the clock. When the budget is spent, run calls return
// ZX_ERR_TIMED_OUT before the next block, and later ones do so without running the guest, until
// another budget is set. The guest then goes on as if it had not been stopped. What belongs to the
// last block, such as its exception, is still done and counted. A kick that was
// pending stays pending, but in a guest that has had several VCPUs: there it ends a run call first.
//
// A guest with a budget does not sleep for ever either: when all its VCPUs have executed HLT and no
// timer is armed, the run call of the last one returns ZX_ERR_TIMED_OUT, and the next goes on
// behind the HLT, as after a kick. With ZIRCONIA_BUDGET_NONE, which a guest begins with, it sleeps
// until another thread wakes it. A snapshot (zirconia/snapshot.h) holds what is left of the budget.
// Any thread.
// Errors:
//   guest (GUEST, WRITE)
//   ZX_ERR_BAD_STATE  for a guest that is not in virtual time
ZIRCONIA_EXPORT zx_status_t zirconia_guest_set_budget(zx_handle_t guest, uint64_t work);

ZIRCONIA_END_C

#endif // ZIRCONIA_VIRTUAL_TIME_H_
