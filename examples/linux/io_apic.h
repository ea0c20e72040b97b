// SPDX-License-Identifier: MIT
//
// An I/O APIC (Intel 82093AA): 24 pins, each with a register that says which vector goes to which
// processor. All pins are taken for edge-triggered: the end of an interrupt stays in the local
// APIC, which is the kernel's, and so the VMM could not keep a level.

#ifndef EXAMPLES_LINUX_IO_APIC_H
#define EXAMPLES_LINUX_IO_APIC_H

#include "acpi.h"

#include <stdint.h>

struct vm;

struct io_apic {
    uint8_t selected; // The register that the window shows.
    uint8_t id;
    uint64_t pins[IO_APIC_PINS];
    uint32_t pending; // Pins that were raised while they were masked.
};

void io_apic_reset(struct io_apic *io_apic);
void io_apic_raise(struct vm *vm, unsigned pin);

uint32_t io_apic_read(const struct io_apic *io_apic, uint64_t offset);
void io_apic_write(struct vm *vm, uint64_t offset, uint32_t value);

#endif // EXAMPLES_LINUX_IO_APIC_H
