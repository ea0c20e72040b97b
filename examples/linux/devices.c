// SPDX-License-Identifier: MIT
//
// Finds the device of each access. Ports are answered a byte at a time; that is what all these
// devices' registers are, or can be made of.

#include "devices.h"

#include "acpi.h"
#include "vm.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>

#define PORT_COUNT 0xffff // A trap cannot reach the last port.
#define PAGE 0x1000

static void trap(struct vm *vm, uint32_t kind, zx_vaddr_t address, size_t size) {
    check(zx_guest_set_trap(vm->guest, kind, address, size, ZX_HANDLE_INVALID, 0),
          "zx_guest_set_trap");
}

static const char *open_virtio(struct vm *vm) {
    enum { CONSOLE = 1, DISK = 2 };
    struct devices *devices = &vm->devices;
    if (vm->config.console) {
        console_open(vm, &devices->console, CONSOLE);
        devices->virtio[CONSOLE] = &devices->console.virtio;
    }
    if (vm->config.disk == NULL) {
        return NULL;
    }
    if (!disk_open(vm, &devices->disk, vm->config.disk, DISK)) {
        return "the disk's image cannot be opened";
    }
    devices->virtio[DISK] = &devices->disk.virtio;
    return NULL;
}

const char *devices_open(struct vm *vm) {
    struct devices *devices = &vm->devices;
    *devices = (struct devices){.power = POWER_ON};
    rtc_reset(&devices->rtc, vm->config.virtual_time);
    io_apic_reset(&devices->io_apic);
    pci_reset(&devices->pci);
    trap(vm, ZX_GUEST_TRAP_IO, 0, PORT_COUNT);
    trap(vm, ZX_GUEST_TRAP_MEM, IO_APIC_BASE, PAGE);
    trap(vm, ZX_GUEST_TRAP_MEM, LOCAL_APIC_BASE, PAGE);
    for (unsigned i = 0; i < PROCESSORS_MAX; i++) {
        local_apic_reset(&vm->processors[i].local_apic);
    }
    return open_virtio(vm);
}

void devices_close(struct vm *vm) {
    disk_close(&vm->devices.disk);
    for (unsigned i = 0; i < PROCESSORS_MAX; i++) {
        local_apic_close(&vm->processors[i].local_apic);
    }
}

void devices_ring(struct vm *vm, unsigned device, uint64_t address) {
    virtio_ring(vm, vm->devices.virtio[device], address % PCI_REGION_SIZE);
}

// The device whose registers are at the address; NULL when there is none.
static struct virtio *virtio_at(struct vm *vm, uint64_t address) {
    const uint64_t region = (address - PCI_MEMORY) / PCI_REGION_SIZE;
    return region / 2 < PCI_DEVICES_MAX ? vm->devices.virtio[region / 2] : NULL;
}

void devices_write(struct vm *vm, uint16_t port, uint8_t value) {
    struct devices *devices = &vm->devices;
    if (port >= SERIAL_PORT && port < SERIAL_PORT + UART_REGISTERS) {
        uart_write(vm, port - SERIAL_PORT, value);
    } else if (port == RTC_PORT || port == RTC_PORT + 1) {
        rtc_write(&devices->rtc, port - RTC_PORT, value);
    } else if (port >= PCI_PORT && port < PCI_PORT + 8) {
        pci_write(&devices->pci, port - PCI_PORT, value);
    } else {
        power_write(&devices->power, port, value);
    }
}

uint8_t devices_read(struct vm *vm, uint16_t port) {
    if (port >= SERIAL_PORT && port < SERIAL_PORT + UART_REGISTERS) {
        return uart_read(vm, port - SERIAL_PORT);
    }
    if (port == RTC_PORT || port == RTC_PORT + 1) {
        return rtc_read(&vm->devices.rtc, port - RTC_PORT);
    }
    if (port >= PCI_PORT && port < PCI_PORT + 8) {
        return pci_read(&vm->devices.pci, port - PCI_PORT);
    }
    return power_read(port);
}

static unsigned number_of(const struct processor *processor) {
    return (unsigned)(processor - processor->vm->processors);
}

void devices_store(const struct processor *processor, uint64_t address, unsigned size,
                   uint64_t value) {
    struct vm *vm = processor->vm;
    struct virtio *device = virtio_at(vm, address);
    if (device != NULL) {
        virtio_write(vm, device, address % PCI_REGION_SIZE, size, value);
    } else if (address >= LOCAL_APIC_BASE) {
        local_apic_write(vm, number_of(processor), address - LOCAL_APIC_BASE, (uint32_t)value);
    } else {
        io_apic_write(vm, address - IO_APIC_BASE, (uint32_t)value);
    }
}

uint64_t devices_load(const struct processor *processor, uint64_t address, unsigned size) {
    struct vm *vm = processor->vm;
    const struct virtio *device = virtio_at(vm, address);
    if (device != NULL) {
        return virtio_read(device, address % PCI_REGION_SIZE, size);
    }
    if (address >= LOCAL_APIC_BASE) {
        return local_apic_read(vm, number_of(processor), address - LOCAL_APIC_BASE);
    }
    return io_apic_read(&vm->devices.io_apic, address - IO_APIC_BASE);
}
