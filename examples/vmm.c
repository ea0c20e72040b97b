// SPDX-License-Identifier: MIT
//
// A small but whole VMM: `vmm demo.bin` runs the demonstration guest (demo.asm) on the calls that
// a VMM on Fuchsia uses. It shows each kind of trap: a serial port, a device register in memory
// that is answered by decoding the instruction, and a doorbell that another thread waits for and
// answers with an interrupt. Start reading at main().

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <zircon/limits.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/decode.h>
#include <zirconia/zirconia.h>

#define MEMORY_SIZE (16u << 20)
#define IMAGE_BASE 0x100000u
#define DOORBELL 0xe0000000u
#define DEVICE 0xe0001000u
#define SERIAL 0x3f8
#define EXIT_PORT 0xf4
#define VECTOR 32u

struct vmm {
    zx_handle_t guest, vmar, vcpu, port;
    uint8_t *memory; // The guest's, from guest-physical 0 on.
};

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "vmm: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

// Gives the guest memory that this process sees too, with the image and page tables in it: a boot
// processor starts in long mode with CR3 = 0. Four pages of 1 GiB map 4 GiB to themselves.
static void make_memory(struct vmm *vmm, const char *path) {
    const zx_vm_option_t read_write = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    zx_handle_t vmo;
    zx_vaddr_t address;
    check(zx_vmo_create(MEMORY_SIZE, 0, &vmo), "create memory");
    check(zx_vmo_replace_as_executable(vmo, 0, &vmo), "make memory executable");
    check(zx_vmar_map(vmm->vmar, read_write | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC, 0, vmo, 0,
                      MEMORY_SIZE, &address),
          "map memory in the guest");
    check(zx_vmar_map(zx_vmar_root_self(), read_write, 0, vmo, 0, MEMORY_SIZE, &address),
          "map memory here");
    zx_handle_close(vmo); // The mappings keep the VMO.
    vmm->memory = (uint8_t *)address;

    uint64_t *tables = (uint64_t *)address;
    tables[0] = 0x1000 | 3; // Present and writable.
    for (uint64_t i = 0; i < 4; i++)
        tables[512 + i] = i << 30 | 0x83; // A large page as well.

    FILE *image = fopen(path, "rb");
    if (image == NULL || fread(vmm->memory + IMAGE_BASE, 1, MEMORY_SIZE - IMAGE_BASE, image) == 0)
        check(ZX_ERR_IO, path);
    fclose(image);
}

// The device behind the doorbell: each ring is answered by an interrupt.
static void *answer_bells(void *context) {
    const struct vmm *vmm = context;
    zx_port_packet_t packet;
    while (zx_port_wait(vmm->port, ZX_TIME_INFINITE, &packet) == ZX_OK) {
        fprintf(stderr, "[bell at 0x%" PRIx64 "]\n", packet.guest_bell.addr);
        check(zx_vcpu_interrupt(vmm->vcpu, VECTOR), "send interrupt");
    }
    return NULL;
}

// The packet does not say what the instruction wanted, so it is decoded. Its bytes are at rip, a
// guest-virtual address, which equals the physical one under this guest's page tables. The device
// has one register, which reads as the vector of its interrupt and ignores writes.
static void answer_memory(struct vmm *vmm, const zx_packet_guest_mem_t *access) {
    zx_vcpu_state_t state;
    zirconia_mmio_access_t decoded;
    uint64_t stored;
    if (access->rip > MEMORY_SIZE - access->instruction_size)
        check(ZX_ERR_OUT_OF_RANGE, "fetch instruction");
    const uint8_t *bytes = vmm->memory + access->rip;
    check(zx_vcpu_read_state(vmm->vcpu, ZX_VCPU_STATE, &state, sizeof(state)), "read state");
    check(zirconia_mmio_decode(bytes, access->instruction_size, ZIRCONIA_CODE_64, &state, &decoded),
          "decode instruction");
    check(zirconia_mmio_complete(&decoded, VECTOR, &state, &stored), "complete instruction");
    check(zx_vcpu_write_state(vmm->vcpu, ZX_VCPU_STATE, &state, sizeof(state)), "write state");
}

// Runs the guest until it writes its exit status to the exit port.
static int run(struct vmm *vmm) {
    for (;;) {
        zx_port_packet_t packet;
        check(zx_vcpu_enter(vmm->vcpu, &packet), "run the guest");
        if (packet.type == ZX_PKT_TYPE_GUEST_MEM)
            answer_memory(vmm, &packet.guest_mem);
        else if (packet.type != ZX_PKT_TYPE_GUEST_IO || packet.guest_io.input)
            check(ZX_ERR_NOT_SUPPORTED, "answer the guest");
        else if (packet.key == EXIT_PORT)
            return packet.guest_io.u8;
        else
            putchar(packet.guest_io.u8);
    }
}

// The key of a trap comes back in its packets; here it is the address.
static void set_trap(struct vmm *vmm, uint32_t kind, uint32_t address, size_t size) {
    zx_handle_t port = kind == ZX_GUEST_TRAP_BELL ? vmm->port : ZX_HANDLE_INVALID;
    check(zx_guest_set_trap(vmm->guest, kind, address, size, port, address), "set trap");
}

int main(int argc, char **argv) {
    static struct vmm vmm;
    zx_handle_t resource;
    check(argc == 2 ? ZX_OK : ZX_ERR_INVALID_ARGS, "usage: vmm demo.bin");
    check(zirconia_hypervisor_resource(&resource), "get the hypervisor resource");
    check(zx_guest_create(resource, 0, &vmm.guest, &vmm.vmar), "create guest");
    check(zx_port_create(0, &vmm.port), "create port");
    make_memory(&vmm, argv[1]);
    set_trap(&vmm, ZX_GUEST_TRAP_IO, SERIAL, 1);
    set_trap(&vmm, ZX_GUEST_TRAP_IO, EXIT_PORT, 1);
    set_trap(&vmm, ZX_GUEST_TRAP_BELL, DOORBELL, ZX_PAGE_SIZE);
    set_trap(&vmm, ZX_GUEST_TRAP_MEM, DEVICE, ZX_PAGE_SIZE);

    // The VCPU belongs to this thread from now on: no other may run it or touch its registers.
    check(zx_vcpu_create(vmm.guest, 0, IMAGE_BASE, &vmm.vcpu), "create VCPU");
    pthread_t bells;
    if (pthread_create(&bells, NULL, answer_bells, &vmm) != 0)
        check(ZX_ERR_NO_RESOURCES, "create thread");
    return run(&vmm); // The end of the process closes its handles.
}
