// SPDX-License-Identifier: MIT
//
// What the VM has behind its I/O ports and behind the addresses that are no memory, and who answers
// which. All other ports and addresses read as ones and ignore writes, as on a bare bus. The VM's
// lock is held in all of this.

#ifndef EXAMPLES_LINUX_DEVICES_H
#define EXAMPLES_LINUX_DEVICES_H

#include "console.h"
#include "disk.h"
#include "io_apic.h"
#include "pci.h"
#include "power.h"
#include "rtc.h"
#include "uart.h"

#include <stdbool.h>
#include <stdint.h>

struct vm;
struct processor;

struct devices {
    enum power power;
    struct uart uart;
    struct rtc rtc;
    struct io_apic io_apic;
    struct pci pci;
    struct disk disk;
    struct console console;
    struct virtio *virtio[PCI_DEVICES_MAX]; // By device number; NULL where there is none.
};

// NULL, or why there is no disk.
const char *devices_open(struct vm *vm);
void devices_close(struct vm *vm);

// The guest has stored at this address of a device's bell.
void devices_ring(struct vm *vm, unsigned device, uint64_t address);

void devices_write(struct vm *vm, uint16_t port, uint8_t value);
uint8_t devices_read(struct vm *vm, uint16_t port);

// Memory accesses of a processor, of 1, 2, 4 or 8 bytes.
void devices_store(const struct processor *processor, uint64_t address, unsigned size,
                   uint64_t value);
uint64_t devices_load(const struct processor *processor, uint64_t address, unsigned size);

#endif // EXAMPLES_LINUX_DEVICES_H
