// SPDX-License-Identifier: MIT
//
// The registers, of which the guest sees one at a time: it writes a number to the first address,
// and finds that register at the second.

#include "io_apic.h"

#include "interrupt.h"
#include "vm.h"

#define SELECT 0x00
#define WINDOW 0x10

#define ID 0
#define VERSION 1
#define PINS 0x10 // Two registers a pin, the lower half first.

#define VECTOR 0xffu
#define LOGICAL 0x800u
#define READ_ONLY 0x5000u // Delivery status, and what only a level has.
#define MASKED 0x10000u
#define DESTINATION_SHIFT 56

void io_apic_reset(struct io_apic *io_apic) {
    *io_apic = (struct io_apic){0};
    for (unsigned i = 0; i < IO_APIC_PINS; i++) {
        io_apic->pins[i] = MASKED;
    }
}

static void deliver(struct vm *vm, unsigned pin) {
    struct io_apic *io_apic = &vm->devices.io_apic;
    const uint64_t entry = io_apic->pins[pin];
    const uint32_t bit = 1u << pin;
    if ((entry & MASKED) != 0 || (io_apic->pending & bit) == 0) {
        return;
    }
    io_apic->pending &= ~bit;
    interrupt_send(vm,
                   interrupt_mask((entry & LOGICAL) != 0, (uint8_t)(entry >> DESTINATION_SHIFT)),
                   (uint8_t)(entry & VECTOR));
}

void io_apic_raise(struct vm *vm, unsigned pin) {
    vm->devices.io_apic.pending |= 1u << pin;
    deliver(vm, pin);
}

uint32_t io_apic_read(const struct io_apic *io_apic, uint64_t offset) {
    const unsigned number = io_apic->selected;
    if (offset == SELECT) {
        return number;
    }
    if (offset != WINDOW) {
        return 0;
    }
    if (number == ID) {
        return (uint32_t)io_apic->id << 24;
    }
    if (number == VERSION) {
        return (IO_APIC_PINS - 1) << 16 | 0x11;
    }
    if (number >= PINS && number < PINS + 2 * IO_APIC_PINS) {
        return (uint32_t)(io_apic->pins[(number - PINS) / 2] >> (number % 2 != 0 ? 32 : 0));
    }
    return 0;
}

void io_apic_write(struct vm *vm, uint64_t offset, uint32_t value) {
    struct io_apic *io_apic = &vm->devices.io_apic;
    const unsigned number = io_apic->selected;
    if (offset == SELECT) {
        io_apic->selected = (uint8_t)value;
    } else if (offset == WINDOW && number == ID) {
        io_apic->id = (uint8_t)(value >> 24);
    } else if (offset == WINDOW && number >= PINS && number < PINS + 2 * IO_APIC_PINS) {
        const unsigned pin = (number - PINS) / 2;
        uint64_t *entry = &io_apic->pins[pin];
        if (number % 2 != 0) {
            *entry = (*entry & 0xffffffff) | (uint64_t)value << 32;
        } else {
            *entry = (*entry & ~0xffffffffull) | (value & ~READ_ONLY);
        }
        deliver(vm, pin);
    }
}
