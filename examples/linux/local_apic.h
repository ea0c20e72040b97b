// SPDX-License-Identifier: MIT
//
// A processor's local APIC as a page of memory (an xAPIC), for kernels that do not know the one
// behind MSRs (an x2APIC), which is all that Zircon emulates: Linux has its driver for 64 bits
// only. It has what Zircon's has: an identity, interrupts to others, and a timer. The VM's lock is
// held in all of this.

#ifndef EXAMPLES_LINUX_LOCAL_APIC_H
#define EXAMPLES_LINUX_LOCAL_APIC_H

#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

#define LOCAL_APIC_REGISTERS 64

struct vm;

struct local_apic {
    uint32_t registers[LOCAL_APIC_REGISTERS]; // One of 4 bytes in each 16.
    zx_handle_t timer;                        // ZX_HANDLE_INVALID until it is used.
    zx_time_t deadline;                       // ZX_TIME_INFINITE: it does not count.
    bool awaited;                             // The port will get a packet from the timer.
};

void local_apic_reset(struct local_apic *apic);
void local_apic_close(struct local_apic *apic);

// By the processor of this number.
void local_apic_write(struct vm *vm, unsigned number, uint64_t offset, uint32_t value);
uint32_t local_apic_read(const struct vm *vm, unsigned number, uint64_t offset);

// The packet of this processor's timer has come.
void local_apic_expire(struct vm *vm, unsigned number);

#endif // EXAMPLES_LINUX_LOCAL_APIC_H
