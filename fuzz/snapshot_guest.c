// SPDX-License-Identifier: MIT
//
// The guest of fuzz_snapshot_file and fuzz_gdb.

#include "snapshot_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#define EVERYTHING (ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE)
#define REQUIRE_OK(call) snapshot_require((call) == ZX_OK, #call)

enum { MEMORY_SIZE = 0x1000000, PAGE = 0x1000, BELL = 0x400000, BELL_2 = 0x402000 };

void snapshot_require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "fuzz: %s\n", what);
        abort();
    }
}

// Pages of memory can come back as anything, so nothing goes by what the device is.
static bool save_device(void *device, void *state, size_t size) {
    memcpy(state, device, size);
    return true;
}

static void restore_device(void *device, const void *state, size_t size) {
    memcpy(device, state, size);
}

static void make_memory(struct snapshot_guest *made, zx_handle_t vmar) {
    const uint64_t tables[1024] = {[0] = 0x1003, [512] = 0x83}; // 1 GiB, mapped to itself.
    zx_handle_t plain = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    REQUIRE_OK(zx_vmo_create(MEMORY_SIZE, 0, &plain));
    REQUIRE_OK(zx_vmo_replace_as_executable(plain, ZX_HANDLE_INVALID, &made->memory));
    REQUIRE_OK(
        zx_vmar_map(vmar, EVERYTHING | ZX_VM_SPECIFIC, 0, made->memory, 0, MEMORY_SIZE, &address));
    REQUIRE_OK(zx_vmo_write(made->memory, tables, 0, sizeof tables));
}

static void set_traps(const struct snapshot_guest *made) {
    REQUIRE_OK(zx_guest_set_trap(made->guest, ZX_GUEST_TRAP_MEM, MEMORY_SIZE - PAGE, PAGE,
                                 ZX_HANDLE_INVALID, 0));
    REQUIRE_OK(zx_guest_set_trap(made->guest, ZX_GUEST_TRAP_BELL, BELL, PAGE, made->port, 1));
    REQUIRE_OK(zx_guest_set_trap(made->guest, ZX_GUEST_TRAP_BELL, BELL_2, PAGE, made->port, 2));
}

void snapshot_guest_make(struct snapshot_guest *made) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    REQUIRE_OK(zirconia_hypervisor_resource(&resource));
    REQUIRE_OK(zx_guest_create(resource, 0, &made->guest, &vmar));
    REQUIRE_OK(zx_port_create(0, &made->port));
    REQUIRE_OK(zirconia_guest_use_virtual_time(made->guest));
    make_memory(made, vmar);
    set_traps(made);
    REQUIRE_OK(zirconia_guest_set_devices(made->guest, sizeof made->device, save_device,
                                          restore_device, made->device));
    REQUIRE_OK(zx_vcpu_create(made->guest, 0, SNAPSHOT_ENTRY, &made->vcpu));
    REQUIRE_OK(zx_handle_close(resource));
    REQUIRE_OK(zx_handle_close(vmar));
}

void snapshot_guest_empty_port(const struct snapshot_guest *of) {
    zx_port_packet_t packet;
    while (zx_port_wait(of->port, 0, &packet) == ZX_OK) {
    }
}

zx_handle_t snapshot_guest_take(const struct snapshot_guest *of) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    REQUIRE_OK(zirconia_guest_snapshot(of->guest, 0, &snapshot));
    return snapshot;
}

static bool append(void *context, const void *bytes, size_t size) {
    struct snapshot_bytes *out = context;
    if (size > sizeof out->bytes - out->size) {
        return false;
    }
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
    return true;
}

void snapshot_guest_save(const struct snapshot_guest *of, zx_handle_t snapshot,
                         struct snapshot_bytes *out) {
    out->size = 0;
    REQUIRE_OK(zirconia_snapshot_save(of->guest, snapshot, append, out));
}

uint64_t snapshot_hash(const uint8_t *bytes, size_t size) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return hash;
}
