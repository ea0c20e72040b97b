// SPDX-License-Identifier: MIT
//
// The guest and VCPU calls to a client of 2018: other orders of checks, other rights, and the run
// call with its own packet layout (hypervisor ABI 3, table columns of that era; objects ABI 0.3).

#define ZIRCONIA_ABI_2018

#include "bad_memory.h"
#include "guest_fixture.h"
#include "other_thread.h"

#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

// A guest with 16 MiB of zeros and a VCPU, all made by this era's calls.
static void open_2018(void) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 1;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zx_guest_create(resource, 0, &guest, &vmar), ZX_OK);
    ck_assert_int_eq(zx_vmo_create(MEMORY_SIZE, 0, &memory), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE,
                    0, memory, 0, MEMORY_SIZE, &address),
        ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

START_TEST(guest_create_checks_options_before_the_resource) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_handle_t elsewhere = ZX_HANDLE_INVALID;
    zx_handle_t port = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    ck_assert_int_eq(zx_guest_create(ZX_HANDLE_INVALID, 1, &out, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_guest_create(port, 1, &out, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_guest_create(ZX_HANDLE_INVALID, 0, NULL, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_guest_create(port, 0, NULL, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_SYSTEM, 1, 1, &elsewhere), ZX_OK);
    ck_assert_int_eq(zx_guest_create(elsewhere, 0, NULL, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_ROOT, 0, 1, &elsewhere), ZX_OK);
    ck_assert_int_eq(zx_guest_create(elsewhere, 0, NULL, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_guest_create(elsewhere, 0, &out, NULL), ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(rights_are_checked_before_the_type) {
    open_2018();
    const zx_handle_t mute = without(0xd0ff & ~ZX_RIGHT_DUPLICATE, memory);
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_guest_set_trap(mute, 9, 0, 0, 0, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_guest_set_trap(memory, 9, 0, 0, 0, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vcpu_create(memory, 0, 0, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_interrupt(mute, 999), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_interrupt(memory, 999), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vcpu_read_state(mute, 9, NULL, 999), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_write_state(mute, 9, NULL, 999), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_write_state(memory, 9, NULL, 999), ZX_ERR_WRONG_TYPE);
}
END_TEST

START_TEST(set_trap_checks_size_then_overflow_then_kind) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    open_2018();
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    const struct {
        uint32_t kind;
        zx_vaddr_t addr;
        size_t size;
        zx_handle_t port;
        zx_status_t status;
    } cases[] = {
        {9, 1, 0, memory, ZX_ERR_WRONG_TYPE},
        {ZX_GUEST_TRAP_IO, 1, 0, 0, ZX_ERR_INVALID_ARGS},
        {9, SIZE_MAX, 2, 0, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_IO, SIZE_MAX, 2, port, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_BELL, SIZE_MAX, 2, 0, ZX_ERR_OUT_OF_RANGE},
        {ZX_GUEST_TRAP_MEM, SIZE_MAX - 0xfff, 0x2000, 0, ZX_ERR_OUT_OF_RANGE},
        {9, 0x1000, 0x1000, 0, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_BELL, 0x1000, 0x1000, 0, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, 0x1000, 0x1000, port, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, 0x1001, 0x1000, 0, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, 0x1000, 0x1001, 0, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_MEM, (zx_vaddr_t)1 << 48, 0x1000, 0, ZX_ERR_INVALID_ARGS},
        {ZX_GUEST_TRAP_IO, 0xffff, 1, 0, ZX_ERR_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const zx_status_t status =
            zx_guest_set_trap(guest, cases[i].kind, cases[i].addr, cases[i].size, cases[i].port, 0);
        ck_assert_msg(status == cases[i].status, "case %zu: %d", i, status);
    }
}
END_TEST

START_TEST(only_a_trap_with_the_same_start_is_there_already) {
    open_2018();
    const uint32_t mem = ZX_GUEST_TRAP_MEM;
    ck_assert_int_eq(zx_guest_set_trap(guest, mem, 0x200000, 0x4000, 0, 1), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, mem, 0x200000, 0x1000, 0, 2), ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(zx_guest_set_trap(guest, mem, 0x202000, 0x1000, 0, 3), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, mem, 0x1ff000, 0x8000, 0, 4), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 0x10, 8, 0, 5), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 0x12, 1, 0, 6), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 0x12, 2, 0, 7),
                     ZX_ERR_ALREADY_EXISTS);
}
END_TEST

START_TEST(vcpu_create_asks_for_manage_process) {
    const zx_vaddr_t beyond = (zx_vaddr_t)1 << 48;
    zx_handle_t out = ZX_HANDLE_INVALID;
    open_2018();
    const zx_handle_t no_manage = without(ZX_RIGHT_MANAGE_PROCESS, guest);
    ck_assert_int_eq(zx_vcpu_create(ZX_HANDLE_INVALID, 1, beyond, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vcpu_create(ZX_HANDLE_INVALID, 0, beyond, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vcpu_create(no_manage, 0, beyond, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, beyond, &out), ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(a_thread_may_have_several_vcpus) {
    zx_vcpu_state_t state;
    open_2018();
    const zx_handle_t first = vcpu;
    open_2018(); // Another guest and another VCPU.
    ck_assert_int_eq(zx_vcpu_read_state(first, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
    ck_assert_int_eq(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK); // A second of one guest.
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    ck_assert_int_eq(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
}
END_TEST

START_TEST(a_vector_above_255_is_ignored) {
    open_2018();
    ck_assert_int_eq(zx_vcpu_interrupt(ZX_HANDLE_INVALID, 256), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vcpu_interrupt(without(ZX_RIGHT_SIGNAL, vcpu), 256), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 256), ZX_OK);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, UINT32_MAX), ZX_OK);
}
END_TEST

static struct {
    zx_handle_t handle;
    uint32_t kind;
    void *buffer;
    size_t size;
} chosen;

static zx_status_t read_chosen(void) {
    return zx_vcpu_read_state(chosen.handle, chosen.kind, chosen.buffer, chosen.size);
}

static zx_status_t write_chosen(void) {
    return zx_vcpu_write_state(chosen.handle, chosen.kind, chosen.buffer, chosen.size);
}

static void choose(uint32_t kind, void *buffer, size_t size) {
    chosen.handle = vcpu;
    chosen.kind = kind;
    chosen.buffer = buffer;
    chosen.size = size;
}

START_TEST(read_state_checks_the_largest_size_then_thread_then_kind_and_size) {
    zx_vcpu_state_t state;
    open_2018();
    choose(9, &state, sizeof state + 1);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_INVALID_ARGS);
    choose(9, &state, sizeof state);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(read_chosen(), ZX_ERR_INVALID_ARGS);
    choose(ZX_VCPU_STATE, &state, 8);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(read_chosen(), ZX_ERR_INVALID_ARGS);
    choose(ZX_VCPU_STATE, bad_pointer(0), sizeof state);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(read_chosen(), ZX_ERR_INVALID_ARGS);
    choose(ZX_VCPU_STATE, &state, sizeof state);
    ck_assert_int_eq(read_chosen(), ZX_OK);
}
END_TEST

START_TEST(write_state_checks_size_pointer_thread_then_kind) {
    zx_vcpu_state_t state = {0};
    open_2018();
    choose(9, &state, sizeof state + 1);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_INVALID_ARGS);
    choose(9, bad_pointer(1), sizeof state);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_INVALID_ARGS);
    choose(9, &state, sizeof state);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(write_chosen(), ZX_ERR_INVALID_ARGS);
    choose(ZX_VCPU_STATE, &state, 8);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(write_chosen(), ZX_ERR_INVALID_ARGS);
    choose(ZX_VCPU_STATE, &state, sizeof state);
    ck_assert_int_eq(write_chosen(), ZX_OK);
}
END_TEST

START_TEST(any_access_size_is_taken_and_never_more_than_the_data) {
    open_2018();
    for (unsigned size = 0; size < 256; size++) {
        zx_vcpu_state_t state = {.rax = 0x1111111111111111};
        zx_vcpu_io_t io = {.access_size = (uint8_t)size, .u32 = 0xddccbbaa};
        choose(ZX_VCPU_STATE, &state, sizeof state);
        ck_assert_int_eq(write_chosen(), ZX_OK);
        choose(ZX_VCPU_IO, &io, sizeof io);
        ck_assert_int_eq(write_chosen(), ZX_OK);
        choose(ZX_VCPU_STATE, &state, sizeof state);
        ck_assert_int_eq(read_chosen(), ZX_OK);
        const uint64_t mask = size >= 4 ? 0xffffffff : ((uint64_t)1 << 8 * size) - 1;
        ck_assert_uint_eq(state.rax, (0x1111111111111111 & ~mask) | (0xddccbbaa & mask));
    }
}
END_TEST

START_TEST(new_handles_have_the_rights_of_2018) {
    const struct {
        zx_handle_t *handle;
        zx_rights_t rights;
    } cases[] = {{&guest, 0x2800b}, {&vcpu, 0xd01f}, {&vmar, 0x801f}, {&memory, 0xd0ff}};
    open_2018();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        zx_info_handle_basic_t info;
        ck_assert_int_eq(zx_object_get_info(*cases[i].handle, ZX_INFO_HANDLE_BASIC, &info,
                                            sizeof info, NULL, NULL),
                         ZX_OK);
        ck_assert_uint_eq(info.rights & ~ZX_RIGHT_RESIZE, cases[i].rights);
    }
}
END_TEST

START_TEST(resume_fills_the_packet_of_2018) {
    guest_start("access");
    trap(ZX_GUEST_TRAP_MEM, 0x300000, 0x1000, ZX_HANDLE_INVALID, 77);
    enter_to_end();
    const zx_vcpu_state_t state = {.rsi = 3, .rdi = 0x300123}; // mov [rdi], rax
    write_state(&state);
    zx_port_packet_t packet;
    memset(&packet, 0xaa, sizeof packet);
    ck_assert_int_eq(zx_vcpu_resume(vcpu, &packet), ZX_OK);
    ck_assert_uint_eq(packet.key, 77);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_int_eq(packet.status, ZX_OK);
    ck_assert_uint_eq(packet.guest_mem.addr, 0x300123);
    ck_assert_uint_eq(packet.guest_mem.inst_len, 3);
    const uint8_t instruction[15] = {0x48, 0x89, 0x07};
    ck_assert_mem_eq(packet.guest_mem.inst_buf, instruction, sizeof instruction);
    ck_assert_uint_eq(packet.guest_mem.default_operand_size, 4);
    const uint8_t zeros[7] = {0};
    ck_assert_mem_eq((const uint8_t *)&packet + 41, zeros, sizeof zeros);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        guest_create_checks_options_before_the_resource,
        rights_are_checked_before_the_type,
        set_trap_checks_size_then_overflow_then_kind,
        only_a_trap_with_the_same_start_is_there_already,
        vcpu_create_asks_for_manage_process,
        a_thread_may_have_several_vcpus,
        a_vector_above_255_is_ignored,
        read_state_checks_the_largest_size_then_thread_then_kind_and_size,
        write_state_checks_size_pointer_thread_then_kind,
        any_access_size_is_taken_and_never_more_than_the_data,
        new_handles_have_the_rights_of_2018,
        resume_fills_the_packet_of_2018,
    };
    return run_tests("calls of 2018", tests, sizeof tests / sizeof tests[0]);
}
