// SPDX-License-Identifier: MIT
//
// `compare_zirconia IMAGE` runs compare.asm on the library, as any VMM would: each access to a port
// or a device comes back to it.

#include "compare_ports.h"

#include <string.h>

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/decode.h>
#include <zirconia/zirconia.h>

static zx_handle_t guest;
static zx_handle_t vmar;
static zx_handle_t vcpu;
static uint8_t *memory;
static uint64_t ioapic_select;

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        compare_fail(what, zx_status_get_string(status));
    }
}

static void make_memory(void) {
    const zx_vm_option_t read_write = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    check(zx_vmo_create(COMPARE_MEMORY_SIZE, 0, &vmo), "memory");
    check(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &vmo), "executable memory");
    check(zx_vmar_map(vmar, read_write | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC, 0, vmo, 0,
                      COMPARE_MEMORY_SIZE, &address),
          "mapping memory in the guest");
    check(zx_vmar_map(zx_vmar_root_self(), read_write, 0, vmo, 0, COMPARE_MEMORY_SIZE, &address),
          "mapping memory here");
    check(zx_handle_close(vmo), "closing the memory");
    memory = (uint8_t *)address; // NOLINT(performance-no-int-to-ptr)
}

// A boot processor starts with page tables at 0: here one page of 1 GiB.
static void load(const char *path) {
    static uint8_t image[COMPARE_IMAGE_MAX];
    const uint64_t level_four = 0x1000 | 3; // Present and writable.
    const uint64_t level_three = 0x83;      // Large as well.
    memcpy(memory + COMPARE_ENTRY, image, compare_read_image(path, image));
    memcpy(memory, &level_four, sizeof level_four);
    memcpy(memory + 0x1000, &level_three, sizeof level_three);
}

static void set_trap(uint32_t kind, zx_vaddr_t address, size_t size) {
    check(zx_guest_set_trap(guest, kind, address, size, ZX_HANDLE_INVALID, 0), "trap");
}

static void answer_io(const zx_packet_guest_io_t *io) {
    if (io->input) {
        const zx_vcpu_io_t answer = {.access_size = 1, .u8 = compare_input(io->port)};
        check(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &answer, sizeof answer), "an answer");
    } else {
        compare_output(io->port, io->u8);
    }
}

// The code is mapped to itself.
static void answer_memory(const zx_packet_guest_mem_t *mem) {
    zx_vcpu_state_t state;
    zirconia_mmio_access_t access;
    uint64_t stored = 0;
    check(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), "reading state");
    check(zirconia_mmio_decode(memory + mem->rip, mem->instruction_size, ZIRCONIA_CODE_64, &state,
                               &access),
          "decoding");
    check(zirconia_mmio_complete(&access, ioapic_select, &state, &stored), "completing");
    if (access.direction == ZIRCONIA_MMIO_WRITE) {
        ioapic_select = stored;
    } else {
        check(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), "writing state");
    }
}

int main(int argc, char **argv) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    if (argc != 2) {
        compare_fail("usage", "compare_zirconia IMAGE");
    }
    check(zirconia_hypervisor_resource(&resource), "resource");
    check(zx_guest_create(resource, 0, &guest, &vmar), "guest");
    make_memory();
    load(argv[1]);
    set_trap(ZX_GUEST_TRAP_IO, COMPARE_SERIAL, COMPARE_SERIAL_SIZE);
    set_trap(ZX_GUEST_TRAP_IO, COMPARE_KNOWN_PORT, 1);
    set_trap(ZX_GUEST_TRAP_IO, COMPARE_UNKNOWN_PORT, 1);
    set_trap(ZX_GUEST_TRAP_MEM, COMPARE_IOAPIC, COMPARE_IOAPIC_SIZE);
    check(zx_vcpu_create(guest, 0, COMPARE_ENTRY, &vcpu), "VCPU");
    for (;;) {
        check(zx_vcpu_enter(vcpu, &packet), "entering the guest");
        if (packet.type == ZX_PKT_TYPE_GUEST_IO) {
            answer_io(&packet.guest_io);
        } else if (packet.type == ZX_PKT_TYPE_GUEST_MEM) {
            answer_memory(&packet.guest_mem);
        } else {
            compare_fail("entering the guest", "an unexpected packet");
        }
    }
}
