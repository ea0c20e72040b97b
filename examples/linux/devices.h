// SPDX-License-Identifier: MIT
//
// What the VM has behind its I/O ports and behind the addresses that are no memory, and who answers
// which. All other ports and addresses read as ones and ignore writes, as on a bare bus. The VM's
// lock is held in all of this.

#ifndef EXAMPLES_LINUX_DEVICES_H
#define EXAMPLES_LINUX_DEVICES_H

#include "io_apic.h"
#include "power.h"
#include "rtc.h"
#include "serial.h"

#include <stdbool.h>
#include <stdint.h>

struct vm;

struct devices {
    enum power power;
    struct serial serial;
    struct rtc rtc;
    struct io_apic io_apic;
};

void devices_create(struct vm *vm);

void devices_write(struct vm *vm, uint16_t port, uint8_t value);
uint8_t devices_read(struct vm *vm, uint16_t port);

// Memory accesses, of 1, 2, 4 or 8 bytes.
void devices_store(struct vm *vm, uint64_t address, unsigned size, uint64_t value);
uint64_t devices_load(struct vm *vm, uint64_t address, unsigned size);

#endif // EXAMPLES_LINUX_DEVICES_H
