// SPDX-License-Identifier: MIT
//
// What the guest and VCPU calls refuse, and in which order: a call with two faults returns the one
// that is checked first (hypervisor ABI 3.1 to 3.8). test_calls_2018.c has the other era.

#include "bad_memory.h"
#include "guest_fixture.h"
#include "other_thread.h"

#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

static zx_status_t create_with_kind(uint32_t kind, uint64_t base, uint32_t options) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t out[2];
    ck_assert_int_eq(zirconia_resource_create(kind, base, 1, &resource), ZX_OK);
    const zx_status_t status = zx_guest_create(resource, options, &out[0], &out[1]);
    if (status == ZX_OK) {
        ck_assert_int_eq(zx_handle_close_many(out, 2), ZX_OK);
    }
    ck_assert_int_eq(zx_handle_close(resource), ZX_OK);
    return status;
}

START_TEST(guest_create_checks_the_resource_then_options_then_pointers) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_guest_create(ZX_HANDLE_INVALID, 9, &out, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    ck_assert_int_eq(zx_guest_create(port, 9, &out, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(create_with_kind(ZX_RSRC_KIND_IRQ, 0, 9), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(create_with_kind(ZX_RSRC_KIND_SYSTEM, 1, 9), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(create_with_kind(ZX_RSRC_KIND_SYSTEM, 0, 9), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(create_with_kind(ZX_RSRC_KIND_SYSTEM, 0, ZX_GUEST_OPT_DIRECT),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(create_with_kind(ZX_RSRC_KIND_ROOT, 7, 0), ZX_OK);
    ck_assert_int_eq(create_with_kind(ZX_RSRC_KIND_SYSTEM, 0, 0), ZX_OK);
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    zx_handle_t none = without(0x800b & ~ZX_RIGHT_DUPLICATE, resource);
    zx_handle_t handles[2];
    ck_assert_int_eq(zx_guest_create(none, 0, &handles[0], &handles[1]), ZX_OK);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_guest_create(resource, 9, bad_pointer(i), &out), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_guest_create(resource, 0, bad_pointer(i), &out), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_guest_create(resource, 0, &out, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
        // The guest's handle was written before the VMAR's handle could not be. It is closed again.
        ck_assert_int_eq(zx_object_get_info(out, ZX_INFO_HANDLE_VALID, NULL, 0, NULL, NULL),
                         ZX_ERR_BAD_HANDLE);
    }
}
END_TEST

START_TEST(set_trap_checks_guest_then_port_then_kind) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    guest_open();
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    const zx_handle_t no_write = without(ZX_RIGHT_WRITE, guest);
    const zx_handle_t deaf = without(ZX_RIGHT_WRITE, port);
    const struct {
        zx_handle_t guest;
        uint32_t kind;
        zx_vaddr_t addr;
        size_t size;
        zx_handle_t port;
        zx_status_t status;
    } cases[] = {
        {ZX_HANDLE_INVALID, 9, 1, 0, memory, ZX_ERR_BAD_HANDLE},
        {memory, 9, 1, 0, deaf, ZX_ERR_WRONG_TYPE},
        {no_write, 9, 1, 0, memory, ZX_ERR_ACCESS_DENIED},
        {guest, 9, 1, 0, ZX_HANDLE_INVALID | 3, ZX_ERR_BAD_HANDLE},
        {guest, 9, 1, 0, memory, ZX_ERR_WRONG_TYPE},
        {guest, ZX_GUEST_TRAP_BELL, 1, 0, deaf, ZX_ERR_ACCESS_DENIED},
        {guest, ZX_GUEST_TRAP_MEM, 1, 0, deaf, ZX_ERR_ACCESS_DENIED},
        {guest, 3, 0x30000, 0x1000, 0, ZX_ERR_INVALID_ARGS},
        {guest, UINT32_MAX, 0x30000, 0x1000, port, ZX_ERR_INVALID_ARGS},
        {guest, ZX_GUEST_TRAP_BELL, 0x30000, 0x1000, 0, ZX_ERR_INVALID_ARGS},
        {guest, ZX_GUEST_TRAP_MEM, 0x30000, 0x1000, port, ZX_ERR_INVALID_ARGS},
        {guest, ZX_GUEST_TRAP_IO, 0x30, 1, port, ZX_ERR_INVALID_ARGS},
        // The port of an IO trap is looked at before its range.
        {guest, ZX_GUEST_TRAP_IO, 0x30, 0, port, ZX_ERR_INVALID_ARGS},
        {guest, ZX_GUEST_TRAP_IO, 0x30, 0, 0, ZX_ERR_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const zx_status_t status = zx_guest_set_trap(cases[i].guest, cases[i].kind, cases[i].addr,
                                                     cases[i].size, cases[i].port, 0);
        ck_assert_msg(status == cases[i].status, "case %zu: %d", i, status);
    }
}
END_TEST

START_TEST(vcpu_create_checks_options_guest_entry_thread_and_pointer) {
    const zx_vaddr_t beyond = (zx_vaddr_t)1 << 48;
    zx_handle_t out = ZX_HANDLE_INVALID;
    guest_open();
    const zx_handle_t no_manage = without(ZX_RIGHT_MANAGE_THREAD, guest);
    const zx_handle_t mute = without(0xd0ef & ~ZX_RIGHT_DUPLICATE, memory);
    ck_assert_int_eq(zx_vcpu_create(ZX_HANDLE_INVALID, 1, beyond, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vcpu_create(ZX_HANDLE_INVALID, 0, beyond, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vcpu_create(mute, 0, beyond, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vcpu_create(no_manage, 0, beyond, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, beyond, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, beyond - 1, &vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, beyond, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vcpu_create(no_manage, 0, 0, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0, &out), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0, bad_pointer(0)), ZX_ERR_BAD_STATE);
}
END_TEST

START_TEST(a_vcpu_whose_handle_cannot_be_written_does_not_bind_the_thread) {
    guest_open();
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0, bad_pointer(1)), ZX_ERR_INVALID_ARGS);
    guest_start("access");
    enter_to_end();
}
END_TEST

static zx_handle_t chosen;
static zx_port_packet_t untouched;

static zx_status_t enter_chosen(void) {
    return zx_vcpu_enter(chosen, &untouched);
}

START_TEST(enter_checks_the_handle_then_the_thread_then_runs_then_writes) {
    guest_start("port_echo");
    zx_port_packet_t packet;
    memset(&untouched, 0xaa, sizeof untouched);
    memset(&packet, 0xaa, sizeof packet);
    const zx_handle_t no_execute = without(ZX_RIGHT_EXECUTE, vcpu);
    const struct {
        zx_handle_t handle;
        zx_status_t status;
    } cases[] = {{ZX_HANDLE_INVALID, ZX_ERR_BAD_HANDLE},
                 {guest, ZX_ERR_WRONG_TYPE},
                 {without(0x4800b & ~ZX_RIGHT_DUPLICATE, guest), ZX_ERR_WRONG_TYPE},
                 {no_execute, ZX_ERR_ACCESS_DENIED},
                 {vcpu, ZX_ERR_BAD_STATE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        chosen = cases[i].handle;
        ck_assert_int_eq(on_other_thread(enter_chosen), cases[i].status);
    }
    // A run that fails returns its status before the pointer is looked at.
    ck_assert_int_eq(zx_vcpu_enter(vcpu, bad_pointer(0)), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &untouched), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &untouched), ZX_ERR_CANCELED);
    ck_assert_mem_eq(&untouched, &packet, sizeof packet);
}
END_TEST

START_TEST(a_packet_that_cannot_be_written_is_lost) {
    guest_start("port_echo");
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 0);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
        ck_assert_uint_eq(enter().guest_io.port, 0x11);
    }
    ck_assert_int_eq(zx_vcpu_enter(vcpu, read_only_page()), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(enter().guest_io.port, 0x11);
    uint8_t *short_by_one = before_bad_memory(sizeof(zx_port_packet_t) - 1);
    ck_assert_int_eq(zx_vcpu_resume(vcpu, (void *)short_by_one), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(enter().guest_io.port, 0x11);
}
END_TEST

START_TEST(kick_asks_for_execute_and_interrupt_for_signal_before_the_vector) {
    guest_start("port_echo");
    ck_assert_int_eq(zx_vcpu_kick(ZX_HANDLE_INVALID), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vcpu_kick(guest), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vcpu_kick(without(ZX_RIGHT_EXECUTE, vcpu)), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_kick(without(ZX_RIGHT_SIGNAL, vcpu)), ZX_OK);
    ck_assert_int_eq(zx_vcpu_interrupt(ZX_HANDLE_INVALID, 256), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vcpu_interrupt(guest, 256), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vcpu_interrupt(without(ZX_RIGHT_SIGNAL, vcpu), 256), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 256), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, UINT32_MAX), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vcpu_interrupt(without(ZX_RIGHT_EXECUTE, vcpu), 255), ZX_OK);
}
END_TEST

static struct {
    uint32_t kind;
    void *buffer;
    size_t size;
} state_call;

static zx_status_t read_chosen(void) {
    return zx_vcpu_read_state(chosen, state_call.kind, state_call.buffer, state_call.size);
}

static zx_status_t write_chosen(void) {
    return zx_vcpu_write_state(chosen, state_call.kind, state_call.buffer, state_call.size);
}

static void choose(zx_handle_t handle, uint32_t kind, void *buffer, size_t size) {
    chosen = handle;
    state_call.kind = kind;
    state_call.buffer = buffer;
    state_call.size = size;
}

START_TEST(read_state_checks_handle_then_kind_and_size_then_thread_then_pointer) {
    zx_vcpu_state_t state;
    guest_start("port_echo");
    choose(ZX_HANDLE_INVALID, 9, NULL, 0);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_BAD_HANDLE);
    choose(guest, 9, NULL, 0);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_WRONG_TYPE);
    choose(without(ZX_RIGHT_READ, vcpu), 9, NULL, 0);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_ACCESS_DENIED);
    choose(vcpu, 9, &state, sizeof state);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_INVALID_ARGS);
    choose(vcpu, ZX_VCPU_STATE, &state, sizeof state - 1);
    ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_INVALID_ARGS);
    choose(vcpu, ZX_VCPU_IO, &state, sizeof(zx_vcpu_io_t));
    ck_assert_int_eq(read_chosen(), ZX_ERR_INVALID_ARGS);
    choose(vcpu, ZX_VCPU_STATE, &state, sizeof state + 1);
    ck_assert_int_eq(read_chosen(), ZX_ERR_INVALID_ARGS);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        choose(vcpu, ZX_VCPU_STATE, bad_pointer(i), sizeof state);
        ck_assert_int_eq(on_other_thread(read_chosen), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(read_chosen(), ZX_ERR_INVALID_ARGS);
    }
    choose(without(ZX_RIGHT_WRITE, vcpu), ZX_VCPU_STATE, &state, sizeof state);
    ck_assert_int_eq(read_chosen(), ZX_OK);
}
END_TEST

START_TEST(write_state_checks_kind_size_pointer_thread_and_access_size) {
    zx_vcpu_state_t state = {0};
    zx_vcpu_io_t io = {.access_size = 3};
    guest_start("port_echo");
    choose(ZX_HANDLE_INVALID, 9, NULL, 0);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_BAD_HANDLE);
    choose(guest, 9, NULL, 0);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_WRONG_TYPE);
    choose(without(ZX_RIGHT_WRITE, vcpu), 9, NULL, 0);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_ACCESS_DENIED);
    choose(vcpu, 2, &state, sizeof state);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_INVALID_ARGS);
    const struct {
        uint32_t kind;
        size_t size;
    } wrong[] = {{ZX_VCPU_STATE, 0},   {ZX_VCPU_STATE, 8}, {ZX_VCPU_STATE, 135},
                 {ZX_VCPU_STATE, 137}, {ZX_VCPU_IO, 0},    {ZX_VCPU_IO, 7},
                 {ZX_VCPU_IO, 9},      {ZX_VCPU_IO, 136},  {2, 8}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        choose(vcpu, wrong[i].kind, &state, wrong[i].size);
        ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(write_chosen(), ZX_ERR_INVALID_ARGS);
    }
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        choose(vcpu, ZX_VCPU_STATE, bad_pointer(i), sizeof state);
        ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_INVALID_ARGS);
        choose(vcpu, ZX_VCPU_IO, bad_pointer(i), sizeof io);
        ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_INVALID_ARGS);
    }
    choose(vcpu, ZX_VCPU_IO, &io, sizeof io);
    ck_assert_int_eq(on_other_thread(write_chosen), ZX_ERR_BAD_STATE);
    for (unsigned size = 0; size < 256; size++) {
        io.access_size = (uint8_t)size;
        const bool valid = size == 1 || size == 2 || size == 4;
        ck_assert_int_eq(write_chosen(), valid ? ZX_OK : ZX_ERR_INVALID_ARGS);
    }
    choose(without(ZX_RIGHT_READ, vcpu), ZX_VCPU_STATE, read_only_page(), sizeof state);
    ck_assert_int_eq(write_chosen(), ZX_OK);
}
END_TEST

START_TEST(the_info_of_a_vcpu_asks_for_inspect_and_room) {
    zx_info_vcpu_t info;
    size_t actual = 9;
    size_t avail = 9;
    guest_start("port_echo");
    const zx_handle_t hidden = without(ZX_RIGHT_INSPECT, vcpu);
    ck_assert_int_eq(zx_object_get_info(guest, ZX_INFO_VCPU, &info, 0, NULL, NULL),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_get_info(hidden, ZX_INFO_VCPU, &info, 0, NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_get_info(vcpu, ZX_INFO_VCPU, &info, 3, &actual, &avail),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(actual, 0);
    ck_assert_uint_eq(avail, 1);
    ck_assert_int_eq(zx_object_get_info(vcpu, ZX_INFO_VCPU, NULL, sizeof info, NULL, NULL),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_get_info(vcpu, ZX_INFO_VCPU, &info, sizeof info, &actual, &avail),
                     ZX_OK);
    ck_assert_uint_eq(actual, 1);
    ck_assert_uint_eq(info.flags, 0);
}
END_TEST

START_TEST(new_handles_have_the_rights_of_2022) {
    const struct {
        zx_handle_t *handle;
        uint32_t type;
        zx_rights_t rights;
    } cases[] = {{&guest, ZX_OBJ_TYPE_GUEST, 0x4800b},
                 {&vcpu, ZX_OBJ_TYPE_VCPU, 0xd01f},
                 {&vmar, ZX_OBJ_TYPE_VMAR, 0x20801f}};
    guest_start("port_echo");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        zx_info_handle_basic_t info;
        ck_assert_int_eq(zx_object_get_info(*cases[i].handle, ZX_INFO_HANDLE_BASIC, &info,
                                            sizeof info, NULL, NULL),
                         ZX_OK);
        ck_assert_uint_eq(info.type, cases[i].type);
        ck_assert_uint_eq(info.rights, cases[i].rights);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        guest_create_checks_the_resource_then_options_then_pointers,
        set_trap_checks_guest_then_port_then_kind,
        vcpu_create_checks_options_guest_entry_thread_and_pointer,
        a_vcpu_whose_handle_cannot_be_written_does_not_bind_the_thread,
        enter_checks_the_handle_then_the_thread_then_runs_then_writes,
        a_packet_that_cannot_be_written_is_lost,
        kick_asks_for_execute_and_interrupt_for_signal_before_the_vector,
        read_state_checks_handle_then_kind_and_size_then_thread_then_pointer,
        write_state_checks_kind_size_pointer_thread_and_access_size,
        the_info_of_a_vcpu_asks_for_inspect_and_room,
        new_handles_have_the_rights_of_2022,
    };
    return run_tests("calls", tests, sizeof tests / sizeof tests[0]);
}
