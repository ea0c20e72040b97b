// SPDX-License-Identifier: MIT
//
// A small but whole VMM: `vmm demo.bin` runs the demonstration guest (demo.asm) on the calls that a
// VMM on Fuchsia uses. It shows each kind of trap: a serial port, a device's register in memory,
// and a doorbell that another thread waits for and answers by an interrupt. Start at main().

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/decode.h>
#include <zirconia/zirconia.h>

enum { MEMORY_SIZE = 16 << 20, IMAGE = 0x100000, SERIAL = 0x3f8, EXIT_PORT = 0xf4, VECTOR = 32 };
static const zx_gpaddr_t DOORBELL = 0xe0000000, DEVICE = 0xe0001000; // A page each.

static zx_handle_t resource, guest, vmar, memory, bells, vcpu; // The process's end closes them.

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "vmm: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}
#define CHECK(call) check(call, #call)

// The guest's memory, with the image and page tables in it: a boot processor starts in long mode
// with CR3 = 0. Four pages of 1 GiB map 4 GiB to themselves.
static void make_memory(const char *path) {
    const zx_vm_option_t options =
        ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC;
    static uint8_t image[1 << 20];
    uint64_t tables[1024] = {0x1000 | 3}; // Present and writable.
    zx_vaddr_t address;
    for (uint64_t i = 0; i < 4; i++)
        tables[512 + i] = i << 30 | 0x83; // A large page as well.
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(image, 1, sizeof(image), file) : 0;
    check(size > 0 && size < sizeof(image) && fclose(file) == 0 ? ZX_OK : ZX_ERR_IO, path);
    CHECK(zx_vmo_create(MEMORY_SIZE, 0, &memory));
    CHECK(zx_vmo_write(memory, tables, 0, sizeof(tables)));
    CHECK(zx_vmo_write(memory, image, IMAGE, size));
    CHECK(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory));
    CHECK(zx_vmar_map(vmar, options, 0, memory, 0, MEMORY_SIZE, &address));
}

// The device behind the doorbell, on a thread of its own.
static void *answer_bells(void *unused) {
    zx_port_packet_t packet;
    while (zx_port_wait(bells, ZX_TIME_INFINITE, &packet) == ZX_OK)
        CHECK(zx_vcpu_interrupt(vcpu, VECTOR));
    return unused;
}

// The packet does not say what the instruction wanted, so it is decoded: it is at rip, a virtual
// address that is the physical one too. The device reads as its vector and ignores writes.
static void answer_memory(const zx_packet_guest_mem_t *mem) {
    uint8_t code[16];
    zx_vcpu_state_t state;
    zirconia_mmio_access_t access;
    uint64_t stored;
    CHECK(zx_vmo_read(memory, code, mem->rip, mem->instruction_size));
    CHECK(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof(state)));
    CHECK(zirconia_mmio_decode(code, mem->instruction_size, ZIRCONIA_CODE_64, &state, &access));
    CHECK(zirconia_mmio_complete(&access, VECTOR, &state, &stored));
    CHECK(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof(state)));
}

int main(int argc, char **argv) {
    zx_port_packet_t packet;
    pthread_t thread;
    check(argc == 2 ? ZX_OK : ZX_ERR_INVALID_ARGS, "usage: vmm demo.bin");
    CHECK(zirconia_hypervisor_resource(&resource));
    CHECK(zx_guest_create(resource, 0, &guest, &vmar));
    CHECK(zx_port_create(0, &bells));
    make_memory(argv[1]);
    // A trap's last argument is its key, which comes back in its packets.
    CHECK(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, SERIAL, 1, ZX_HANDLE_INVALID, SERIAL));
    CHECK(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, EXIT_PORT, 1, ZX_HANDLE_INVALID, EXIT_PORT));
    CHECK(zx_guest_set_trap(guest, ZX_GUEST_TRAP_BELL, DOORBELL, 0x1000, bells, DOORBELL));
    CHECK(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, DEVICE, 0x1000, ZX_HANDLE_INVALID, DEVICE));
    // From its creation on the VCPU is this thread's: no other may run it or touch its registers.
    CHECK(zx_vcpu_create(guest, 0, IMAGE, &vcpu));
    CHECK(pthread_create(&thread, NULL, answer_bells, NULL) == 0 ? ZX_OK : ZX_ERR_NO_RESOURCES);
    for (;;) {
        CHECK(zx_vcpu_enter(vcpu, &packet));
        if (packet.type == ZX_PKT_TYPE_GUEST_MEM)
            answer_memory(&packet.guest_mem);
        else if (packet.type != ZX_PKT_TYPE_GUEST_IO || packet.guest_io.input)
            check(ZX_ERR_NOT_SUPPORTED, "answer the guest");
        else if (packet.key == EXIT_PORT)
            return packet.guest_io.u8;
        else
            putchar(packet.guest_io.u8);
    }
}
