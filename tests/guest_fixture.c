// SPDX-License-Identifier: MIT
//
// The guest of the tests; see the header.

#include "guest_fixture.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zirconia/zirconia.h>

zx_handle_t guest;
zx_handle_t vmar;
zx_handle_t memory;
zx_handle_t vcpu;

void memory_write(uint64_t address, const void *data, size_t size) {
    ck_assert_int_eq(zx_vmo_write(memory, data, address, size), ZX_OK);
}

uint64_t memory_u64(uint64_t address) {
    uint64_t value = 0;
    ck_assert_int_eq(zx_vmo_read(memory, &value, address, sizeof value), ZX_OK);
    return value;
}

static void map_memory(void) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    zx_vaddr_t address = 1;
    ck_assert_int_eq(zx_vmo_create(MEMORY_SIZE, 0, &memory), ZX_OK);
    ck_assert_int_eq(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0, memory, 0, MEMORY_SIZE, &address), ZX_OK);
    ck_assert_uint_eq(address, 0);
}

void guest_open(void) {
    const uint64_t level_four = 0x1000 | 7; // Present, writable, user.
    const uint64_t level_three = 0x87;      // The same, and a page of 1 GiB.
    zx_handle_t resource = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zx_guest_create(resource, 0, &guest, &vmar), ZX_OK);
    ck_assert_int_eq(zx_handle_close(resource), ZX_OK);
    map_memory();
    memory_write(0, &level_four, sizeof level_four);
    memory_write(0x1000, &level_three, sizeof level_three);
    trap(ZX_GUEST_TRAP_MEM, EXIT_PAGE, 0x1000, ZX_HANDLE_INVALID, 0);
}

size_t guest_load(const char *program, uint64_t address) {
    static uint8_t bytes[0x20000];
    char path[512];
    snprintf(path, sizeof path, "%s/%s.bin", ZIRCONIA_GUEST_DIR, program);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    ck_assert_msg(size < sizeof bytes, "%s is too large", path);
    ck_assert_int_eq(fclose(file), 0);
    memory_write(address, bytes, size);
    return size;
}

void guest_start(const char *program) {
    guest_open();
    guest_load(program, ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

void guest_start_case(const char *program, uint64_t number) {
    guest_start(program);
    zx_vcpu_state_t state = read_state();
    state.rsi = number;
    write_state(&state);
}

void guest_close(void) {
    const zx_handle_t handles[] = {vcpu, guest, vmar, memory};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        ck_assert_int_eq(zx_handle_close(handles[i]), ZX_OK);
    }
}

zx_port_packet_t enter(void) {
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_OK);
    return packet;
}

void enter_to_end(void) {
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(packet.guest_mem.addr, EXIT_PAGE);
}

void enter_fails(zx_status_t status) {
    zx_port_packet_t packet;
    zx_port_packet_t before;
    memset(&packet, 0xa5, sizeof packet);
    memset(&before, 0xa5, sizeof before);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), status);
    ck_assert_mem_eq(&packet, &before, sizeof packet);
}

zx_vcpu_state_t enter_to_event(uint64_t vector, uint64_t error_code, uint64_t rip) {
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rax, vector);
    ck_assert_uint_eq(state.r8, error_code);
    ck_assert_uint_eq(state.r9, rip);
    return state;
}

void *run_real_mode_vcpu(void *unused) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0x11000, &own), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return unused;
}

void *kick_until(void *over) {
    while (!atomic_load((atomic_bool *)over)) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        sched_yield();
    }
    return NULL;
}

void wait_a_moment(uint64_t *random) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    const unsigned range = 1u << *random % 22;
    for (unsigned i = (unsigned)(*random >> 32) % range; i > 0; i--) {
        atomic_signal_fence(memory_order_seq_cst);
    }
}

static bool kick_waits(void) {
    zx_info_vcpu_t info = {0};
    ck_assert_int_eq(zx_object_get_info(vcpu, ZX_INFO_VCPU, &info, sizeof info, NULL, NULL), ZX_OK);
    return (info.flags & ZX_INFO_VCPU_FLAG_KICKED) != 0;
}

void *kick_now_and_then(void *over) {
    uint64_t random = 0x9e3779b97f4a7c15u;
    while (!atomic_load((atomic_bool *)over)) {
        if (kick_waits()) {
            sched_yield();
        } else {
            wait_a_moment(&random);
            ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        }
    }
    return NULL;
}

zx_vcpu_state_t read_state(void) {
    zx_vcpu_state_t state;
    ck_assert_int_eq(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
    return state;
}

void write_state(const zx_vcpu_state_t *state) {
    ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, state, sizeof *state), ZX_OK);
}

void trap(uint32_t kind, uint64_t base, size_t size, zx_handle_t port, uint64_t key) {
    ck_assert_int_eq(zx_guest_set_trap(guest, kind, base, size, port, key), ZX_OK);
}

void start_packet(zx_port_packet_t *packet, uint64_t key, uint32_t type) {
    memset(packet, 0, sizeof *packet);
    packet->key = key;
    packet->type = type;
}
