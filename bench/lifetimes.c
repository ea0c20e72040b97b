// SPDX-License-Identifier: MIT
//
// The cost of a guest to a fuzzer: it is created with its memory and VCPU, run to its first exit,
// and closed. It gets the engine of the guest before it.

#include "own_guest.h"

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

#define MEMORY_SIZE 0x100000u
#define ENTRY 0x10000u

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        bench_fail(what, zx_status_get_string(status));
    }
}

// Page tables at 0, as a boot processor wants them, and OUT 0x80, AL.
static void write_memory(zx_handle_t vmo) {
    const uint64_t tables[] = {0x1000 | 3, 0x83};
    const uint8_t code[] = {0xe6, BENCH_PORT};
    check(zx_vmo_write(vmo, &tables[0], 0, sizeof tables[0]), "writing memory");
    check(zx_vmo_write(vmo, &tables[1], 0x1000, sizeof tables[1]), "writing memory");
    check(zx_vmo_write(vmo, code, ENTRY, sizeof code), "writing memory");
}

static void live(zx_handle_t resource) {
    const zx_vm_option_t options =
        ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC;
    zx_handle_t handles[4]; // The guest, its VMAR, its memory, its VCPU.
    zx_vaddr_t address;
    zx_port_packet_t packet;
    check(zx_guest_create(resource, 0, &handles[0], &handles[1]), "guest");
    check(zx_vmo_create(MEMORY_SIZE, 0, &handles[2]), "memory");
    check(zx_vmo_replace_as_executable(handles[2], ZX_HANDLE_INVALID, &handles[2]), "memory");
    write_memory(handles[2]);
    check(zx_vmar_map(handles[1], options, 0, handles[2], 0, MEMORY_SIZE, &address), "mapping");
    check(zx_guest_set_trap(handles[0], ZX_GUEST_TRAP_IO, BENCH_PORT, 1, 0, 0), "trap");
    check(zx_vcpu_create(handles[0], 0, ENTRY, &handles[3]), "VCPU");
    check(zx_vcpu_enter(handles[3], &packet), "entering the guest");
    if (packet.type != ZX_PKT_TYPE_GUEST_IO) {
        bench_fail("entering the guest", "an unexpected packet");
    }
    for (unsigned i = 0; i < 4; i++) {
        check(zx_handle_close(handles[3 - i]), "closing a handle");
    }
}

void own_run_lifetimes(uint64_t count) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    check(zirconia_hypervisor_resource(&resource), "resource");
    for (uint64_t i = 0; i < count; i++) {
        live(resource);
    }
    check(zx_handle_close(resource), "closing the resource");
}
