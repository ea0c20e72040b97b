// SPDX-License-Identifier: MIT
//
// A PCI bus with its host bridge and up to PCI_DEVICES_MAX - 1 devices, found by the ports 0xcf8 to
// 0xcff. Each device has two regions of memory of a page each, where the VMM has put them as a
// firmware would; that the guest moves one is not followed.

#ifndef EXAMPLES_LINUX_PCI_H
#define EXAMPLES_LINUX_PCI_H

#include "acpi.h"

#include <stdint.h>

enum {
    PCI_DEVICES_MAX = 4,
    PCI_REGION_SIZE = 0x1000,
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_CLASS = 0x0a,
    PCI_REGIONS = 0x10,
    PCI_SUBSYSTEM = 0x2e,
    PCI_CAPABILITIES = 0x34,
};

struct pci_function {
    uint8_t config[256];
    uint8_t writable[256]; // Which bits the guest changes.
};

struct pci {
    uint32_t address;                                // What the guest has chosen, by port 0xcf8.
    struct pci_function *functions[PCI_DEVICES_MAX]; // By device number; NULL where there is none.
    struct pci_function bridge;
};

void pci_reset(struct pci *pci);

void pci_write(struct pci *pci, unsigned offset, uint8_t value);
uint8_t pci_read(const struct pci *pci, unsigned offset);

// The address of a device's region, 0 or 1.
uint32_t pci_region(unsigned device, unsigned region);

#endif // EXAMPLES_LINUX_PCI_H
