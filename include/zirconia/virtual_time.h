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

ZIRCONIA_END_C

#endif // ZIRCONIA_VIRTUAL_TIME_H_
