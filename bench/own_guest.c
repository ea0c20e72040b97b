// SPDX-License-Identifier: MIT
//
// The guest of the benchmark; see the header.

#include "own_guest.h"

#include <string.h>

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

zx_handle_t own_vcpu;
uint8_t *own_memory;

static zx_handle_t guest;
static zx_handle_t vmar;

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        bench_fail(what, zx_status_get_string(status));
    }
}

static void check_count(uint64_t found, uint64_t expected, const char *what) {
    if (found != expected) {
        bench_fail(what, "not as many as asked for");
    }
}

static void put(uint64_t address, const void *data, uint64_t size) {
    memcpy(own_memory + address, data, size);
}

static void make_memory(void) {
    const zx_vm_option_t read_write = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    const uint64_t level_four = 0x1000 | 7; // Present, writable, for ring 3 too.
    const uint64_t level_three = 0x87;      // The same, and a page of 1 GiB.
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    check(zx_vmo_create(BENCH_MEMORY_SIZE, 0, &vmo), "memory");
    check(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &vmo), "executable memory");
    check(zx_vmar_map(vmar, read_write | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC, 0, vmo, 0,
                      BENCH_MEMORY_SIZE, &address),
          "mapping memory in the guest");
    check(zx_vmar_map(zx_vmar_root_self(), read_write, 0, vmo, 0, BENCH_MEMORY_SIZE, &address),
          "mapping memory here");
    check(zx_handle_close(vmo), "closing the memory");
    own_memory = (uint8_t *)address; // NOLINT(performance-no-int-to-ptr)
    put(0, &level_four, sizeof level_four);
    put(0x1000, &level_three, sizeof level_three);
}

void own_open(void) {
    static uint8_t image[BENCH_IMAGE_MAX];
    zx_handle_t resource = ZX_HANDLE_INVALID;
    check(zirconia_hypervisor_resource(&resource), "resource");
    check(zx_guest_create(resource, 0, &guest, &vmar), "guest");
    check(zx_handle_close(resource), "closing the resource");
    make_memory();
    put(BENCH_ENTRY, image, bench_read_image(image));
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, BENCH_TRAPPED_PAGE, 0x2000, 0, 0),
          "memory trap");
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, BENCH_PORT, 1, 0, 0), "port trap");
    check(zx_vcpu_create(guest, 0, BENCH_ENTRY, &own_vcpu), "VCPU");
    own_run(PROGRAM_PREPARE, 0);
}

void own_close(void) {
    check(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)own_memory, BENCH_MEMORY_SIZE), "unmap");
    const zx_handle_t handles[] = {own_vcpu, guest, vmar};
    for (unsigned i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        check(zx_handle_close(handles[i]), "closing a handle");
    }
}

static void begin(enum program program, uint64_t count) {
    const zx_vcpu_state_t state = {.rdi = (uint64_t)program, .rsi = count, .rsp = BENCH_STACK};
    check(zx_vcpu_write_state(own_vcpu, ZX_VCPU_STATE, &state, sizeof state), "writing state");
}

static zx_port_packet_t enter(void) {
    zx_port_packet_t packet;
    check(zx_vcpu_enter(own_vcpu, &packet), "entering the guest");
    return packet;
}

// Whether the program goes on; ends the benchmark on a packet that is not its own.
static bool goes_on(const zx_port_packet_t *packet, zx_packet_type_t type) {
    if (packet->type == ZX_PKT_TYPE_GUEST_MEM && packet->guest_mem.addr == BENCH_FINISH_PAGE) {
        return false;
    }
    if (packet->type != type) {
        bench_fail("entering the guest", "an unexpected packet");
    }
    return true;
}

static zx_vcpu_state_t end(void) {
    zx_vcpu_state_t state;
    const zx_port_packet_t packet = enter();
    if (packet.type != ZX_PKT_TYPE_GUEST_MEM || packet.guest_mem.addr != BENCH_FINISH_PAGE) {
        bench_fail("ending a program", "an unexpected packet");
    }
    check(zx_vcpu_read_state(own_vcpu, ZX_VCPU_STATE, &state, sizeof state), "reading state");
    return state;
}

uint64_t own_run(enum program program, uint64_t count) {
    begin(program, count);
    return end().rax;
}

void own_run_vectors(enum program program, uint64_t count) {
    begin(program, count);
    check_count(end().r15, count, "vectors");
}

void own_run_outputs(uint64_t count) {
    uint64_t found = 0;
    begin(PROGRAM_OUTPUTS, count);
    for (zx_port_packet_t packet = enter(); goes_on(&packet, ZX_PKT_TYPE_GUEST_IO);
         packet = enter()) {
        found += packet.guest_io.input ? 0 : 1;
    }
    check_count(found, count, "outputs");
}

void own_run_inputs(uint64_t count) {
    const zx_vcpu_io_t answer = {.access_size = 1, .u8 = 0x5a};
    uint64_t found = 0;
    begin(PROGRAM_INPUTS, count);
    for (zx_port_packet_t packet = enter(); goes_on(&packet, ZX_PKT_TYPE_GUEST_IO);
         packet = enter()) {
        found += packet.guest_io.input ? 1 : 0;
        check(zx_vcpu_write_state(own_vcpu, ZX_VCPU_IO, &answer, sizeof answer), "an answer");
    }
    check_count(found, count, "inputs");
}

void own_run_stores(uint64_t count) {
    uint64_t found = 0;
    begin(PROGRAM_STORES, count);
    for (zx_port_packet_t packet = enter(); goes_on(&packet, ZX_PKT_TYPE_GUEST_MEM);
         packet = enter()) {
        found++;
    }
    check_count(found, count, "stores");
}

void own_start_spin(void) {
    begin(PROGRAM_SPIN, 1);
}

void own_end_spin(void) {
    zx_vcpu_state_t state;
    check(zx_vcpu_read_state(own_vcpu, ZX_VCPU_STATE, &state, sizeof state), "reading state");
    state.rsi = 0;
    check(zx_vcpu_write_state(own_vcpu, ZX_VCPU_STATE, &state, sizeof state), "writing state");
    end();
}

void own_run_interrupted(uint64_t count) {
    own_start_spin();
    for (uint64_t i = 0; i < count; i++) {
        check(zx_vcpu_interrupt(own_vcpu, BENCH_VECTOR_REPORTED), "sending an interrupt");
        const zx_port_packet_t packet = enter();
        if (packet.type != ZX_PKT_TYPE_GUEST_IO || packet.guest_io.u8 != BENCH_VECTOR_REPORTED) {
            bench_fail("interrupts", "an unexpected packet");
        }
    }
    own_end_spin();
}
