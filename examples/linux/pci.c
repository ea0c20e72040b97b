// SPDX-License-Identifier: MIT
//
// Configuration mechanism 1: the first four ports name a device and four bytes of its
// configuration, the other four are those bytes.

#include "pci.h"

#include "bytes.h"

#include <stddef.h>

#define ENABLE 0x80000000u
#define ADDRESS_PORTS 4

uint32_t pci_region(unsigned device, unsigned region) {
    return PCI_MEMORY + (2 * device + region) * PCI_REGION_SIZE;
}

void pci_reset(struct pci *pci) {
    *pci = (struct pci){0};
    put(pci->bridge.config + PCI_VENDOR, 0x8086, 2);
    put(pci->bridge.config + PCI_DEVICE, 0x1237, 2);
    put(pci->bridge.config + PCI_CLASS, 0x0600, 2);
    pci->functions[0] = &pci->bridge;
}

// NULL for a device that there is not: bus 0 alone, and function 0 of each device.
static struct pci_function *chosen(const struct pci *pci) {
    const uint32_t device = pci->address >> 11 & 31;
    if ((pci->address & ENABLE) == 0 || (pci->address & 0x00ff0700) != 0 ||
        device >= PCI_DEVICES_MAX) {
        return NULL;
    }
    return pci->functions[device];
}

static unsigned byte_of(const struct pci *pci, unsigned offset) {
    return (pci->address & 0xfc) + offset - ADDRESS_PORTS;
}

void pci_write(struct pci *pci, unsigned offset, uint8_t value) {
    if (offset < ADDRESS_PORTS) {
        const uint32_t kept = pci->address & ~(0xffu << 8 * offset);
        pci->address = kept | (uint32_t)value << 8 * offset;
        return;
    }
    struct pci_function *function = chosen(pci);
    const unsigned byte = byte_of(pci, offset);
    if (function != NULL) {
        const uint8_t writable = function->writable[byte];
        function->config[byte] =
            (uint8_t)((function->config[byte] & ~writable) | (value & writable));
    }
}

uint8_t pci_read(const struct pci *pci, unsigned offset) {
    if (offset < ADDRESS_PORTS) {
        return (uint8_t)(pci->address >> 8 * offset);
    }
    const struct pci_function *function = chosen(pci);
    return function == NULL ? 0xff : function->config[byte_of(pci, offset)];
}
