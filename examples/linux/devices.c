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

void devices_create(struct vm *vm) {
    struct devices *devices = &vm->devices;
    *devices = (struct devices){.power = POWER_ON};
    rtc_reset(&devices->rtc, vm->config.virtual_time);
    io_apic_reset(&devices->io_apic);
    trap(vm, ZX_GUEST_TRAP_IO, 0, PORT_COUNT);
    trap(vm, ZX_GUEST_TRAP_MEM, IO_APIC_BASE, PAGE);
}

void devices_write(struct vm *vm, uint16_t port, uint8_t value) {
    struct devices *devices = &vm->devices;
    if (port >= SERIAL_PORT && port < SERIAL_PORT + SERIAL_REGISTERS) {
        serial_write(vm, port - SERIAL_PORT, value);
    } else if (port == RTC_PORT || port == RTC_PORT + 1) {
        rtc_write(&devices->rtc, port - RTC_PORT, value);
    } else {
        power_write(&devices->power, port, value);
    }
}

uint8_t devices_read(struct vm *vm, uint16_t port) {
    if (port >= SERIAL_PORT && port < SERIAL_PORT + SERIAL_REGISTERS) {
        return serial_read(vm, port - SERIAL_PORT);
    }
    if (port == RTC_PORT || port == RTC_PORT + 1) {
        return rtc_read(&vm->devices.rtc, port - RTC_PORT);
    }
    return power_read(port);
}

void devices_store(struct vm *vm, uint64_t address, unsigned size, uint64_t value) {
    (void)size;
    if (address - IO_APIC_BASE < PAGE) {
        io_apic_write(vm, address - IO_APIC_BASE, (uint32_t)value);
    }
}

uint64_t devices_load(struct vm *vm, uint64_t address, unsigned size) {
    (void)size;
    if (address - IO_APIC_BASE < PAGE) {
        return io_apic_read(&vm->devices.io_apic, address - IO_APIC_BASE);
    }
    return UINT64_MAX;
}
