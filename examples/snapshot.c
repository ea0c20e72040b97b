// SPDX-License-Identifier: MIT
//
// One guest, run on several inputs: each run begins at the same snapshot and ends at the latest
// with its budget. docs/snapshots.md tells more.

#include <stdio.h>
#include <stdlib.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#define MEMORY_SIZE 0x1000000u
#define INPUT 0x8000u
#define ENTRY 0x10000u
#define WORK_FOR_AN_INPUT 10000u

// The tables map the first GiB to itself.
static const uint64_t table_4[] = {0x1007};
static const uint64_t table_3[] = {0x87};
static const uint8_t code[] = {
    0x8a, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00, // mov al, [0x8000]
    0x02, 0x04, 0x25, 0x00, 0x90, 0x00, 0x00, // add al, [0x9000]
    0xfe, 0x04, 0x25, 0x00, 0x90, 0x00, 0x00, // inc byte [0x9000]: undone by the restore
    0xe6, 0x01,                               // out 1, al
    0xeb, 0xfe,                               // jmp $
};

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "%s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

static zx_handle_t make_guest(zx_handle_t *memory) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t guest = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    check(zirconia_hypervisor_resource(&resource), "resource");
    check(zx_guest_create(resource, 0, &guest, &vmar), "guest");
    check(zirconia_guest_use_virtual_time(guest), "virtual time");
    check(zx_vmo_create(MEMORY_SIZE, 0, memory), "memory");
    check(zx_vmo_replace_as_executable(*memory, ZX_HANDLE_INVALID, memory), "executable memory");
    check(zx_vmar_map(vmar,
                      ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE, 0,
                      *memory, 0, MEMORY_SIZE, &address),
          "mapping");
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 1, 1, ZX_HANDLE_INVALID, 0), "trap");
    zx_handle_close(resource);
    zx_handle_close(vmar);
    return guest;
}

static void load(zx_handle_t memory) {
    check(zx_vmo_write(memory, table_4, 0, sizeof table_4), "table");
    check(zx_vmo_write(memory, table_3, 0x1000, sizeof table_3), "table");
    check(zx_vmo_write(memory, code, ENTRY, sizeof code), "code");
}

static void run(zx_handle_t vcpu) {
    zx_port_packet_t packet;
    zx_status_t status = zx_vcpu_enter(vcpu, &packet);
    while (status == ZX_OK) {
        printf("port %u: %c\n", (unsigned)packet.guest_io.port, packet.guest_io.data[0]);
        status = zx_vcpu_enter(vcpu, &packet);
    }
    printf("%s\n", zx_status_get_string(status));
}

int main(void) {
    zx_handle_t memory = ZX_HANDLE_INVALID;
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    const zx_handle_t guest = make_guest(&memory);
    load(memory);
    check(zx_vcpu_create(guest, 0, ENTRY, &vcpu), "VCPU");
    check(zirconia_guest_set_budget(guest, WORK_FOR_AN_INPUT), "budget");
    check(zirconia_guest_snapshot(guest, 0, &snapshot), "snapshot");
    for (const char *input = "abc"; *input != '\0'; input++) {
        check(zirconia_guest_restore(guest, snapshot), "restore");
        check(zx_vmo_write(memory, input, INPUT, 1), "input");
        run(vcpu);
    }
    zx_handle_close(snapshot);
    zx_handle_close(vcpu);
    zx_handle_close(guest);
    zx_handle_close(memory);
    return EXIT_SUCCESS;
}
