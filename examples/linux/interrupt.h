// SPDX-License-Identifier: MIT
//
// How a device interrupts the guest. Zircon's local APICs take vectors from the VMM by
// zx_vcpu_interrupt(); which vector, and which processor, the guest has told the I/O APIC or a
// device on the PCI bus. In all of this the VM's lock is held.

#ifndef EXAMPLES_LINUX_INTERRUPT_H
#define EXAMPLES_LINUX_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

// The mask of a destination as the I/O APIC, a message or a local APIC has it: logical, which is a
// bit for each processor, or the id of one. 0xff is all of them either way.
uint64_t interrupt_mask(bool logical, uint8_t destination);

// To each processor whose bit of its local APIC's id is set in `mask`.
void interrupt_send(struct vm *vm, uint64_t mask, uint8_t vector);

#endif // EXAMPLES_LINUX_INTERRUPT_H
