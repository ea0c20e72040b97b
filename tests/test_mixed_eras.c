// SPDX-License-Identifier: MIT
//
// Calls of several eras in one process, on the same objects: a call is that of its own file's time,
// and what a call made stays as that time made it.

#include "guest_fixture.h"
#include "handles.h"
#include "report_port.h"

#include <zircon/process.h>
#include <zirconia/zirconia.h>

START_TEST(each_run_call_fills_the_packet_of_its_time) {
    const zx_vcpu_state_t state = {.rdi = 0x1100000, .rsi = 0x1200000};
    guest_open();
    guest_load("eras", ENTRY);
    ck_assert_int_eq(zirconia_201807_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    write_state(&state);
    const zx_handle_t port = new_port();
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 1);
    trap(ZX_GUEST_TRAP_MEM, 0x1100000, 0x1000, ZX_HANDLE_INVALID, 2);
    trap(ZX_GUEST_TRAP_BELL, 0x1200000, 0x1000, port, 3);
    zx_port_packet_t packet;
    ck_assert_int_eq(zirconia_201807_vcpu_resume(vcpu, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    ck_assert_int_eq(zirconia_202104_vcpu_resume(vcpu, &packet), ZX_OK);
    ck_assert_uint_eq(packet.guest_mem_2018.inst_len, 3);
    ck_assert_int_eq(zirconia_201807_vcpu_resume(vcpu, &packet), ZX_OK);
    ck_assert_uint_eq(packet.guest_vcpu_201807.interrupt.mask, 0xfffffffe);
    ck_assert_uint_eq(packet.guest_vcpu_201807.interrupt.vector, 0x41);
    ck_assert_uint_eq(enter().type, ZX_PKT_TYPE_GUEST_IO);
    ck_assert_uint_eq(enter().guest_mem_2022.instruction_size, 3);
    ck_assert_int_eq(zirconia_201812_vcpu_resume(vcpu, &packet), ZX_OK);
    ck_assert_uint_eq(packet.guest_vcpu_2018.interrupt.mask, 0xfffffffe);
    ck_assert_uint_eq(packet.guest_vcpu_2018.interrupt.vector, 0x41);
}
END_TEST

typedef zx_status_t create_guest_fn(zx_handle_t, uint32_t, zx_handle_t *, zx_handle_t *);
typedef zx_status_t create_vcpu_fn(zx_handle_t, uint32_t, zx_vaddr_t, zx_handle_t *);

// Ends guest_fixture.h's own guest, and puts its memory into another.
static void open_with(create_guest_fn *create) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 1;
    guest_open();
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(create(resource, 0, &guest, &vmar), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0, memory, 0, MEMORY_SIZE, &address), ZX_OK);
}

START_TEST(a_new_vcpu_has_the_control_registers_of_the_call_that_made_it) {
    const struct {
        create_guest_fn *guest;
        create_vcpu_fn *vcpu;
        uint32_t cr0;
        uint32_t cr4;
    } cases[] = {
        {zirconia_2018_guest_create, zirconia_2018_vcpu_create, 0x80000031, 0x20},
        {zirconia_201812_guest_create, zirconia_201812_vcpu_create, 0x80000031, 0x20},
        {zirconia_202104_guest_create, zirconia_202104_vcpu_create, 0xc0000011, 0x20},
        {zx_guest_create, zx_vcpu_create, 0x80010011, 0x502a0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_with(cases[i].guest);
        guest_load("read_control", ENTRY);
        trap(ZX_GUEST_TRAP_IO, REPORT_PORT, 4, ZX_HANDLE_INVALID, 0);
        ck_assert_int_eq(cases[i].vcpu(guest, 0, ENTRY, &vcpu), ZX_OK);
        EXPECT_REPORTS(cases[i].cr0, cases[i].cr4);
        ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    }
}
END_TEST

START_TEST(a_thread_that_has_its_one_vcpu_may_get_more_of_2018) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t old = ZX_HANDLE_INVALID;
    zx_handle_t second = ZX_HANDLE_INVALID;
    zx_handle_t old_vmar = ZX_HANDLE_INVALID;
    guest_open();
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zirconia_202104_guest_create(resource, 0, &old, &old_vmar), ZX_OK);
    ck_assert_int_eq(zirconia_202104_vcpu_create(old, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &second), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vcpu_create(old, 0, ENTRY, &second), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_202104_vcpu_create(guest, 0, ENTRY, &second), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_201812_vcpu_create(old, 0, ENTRY, &second), ZX_OK);
    ck_assert_int_eq(zirconia_201807_vcpu_create(guest, 0, ENTRY, &second), ZX_OK);
}
END_TEST

START_TEST(traps_of_an_older_file_may_meet_those_of_a_newer) {
    guest_open();
    trap(ZX_GUEST_TRAP_MEM, 0x2000000, 0x2000, ZX_HANDLE_INVALID, 1);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, 0x2001000, 0x1000, 0, 2),
                     ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(
        zirconia_202104_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, 0x2001000, 0x1000, 0, 2), ZX_OK);
}
END_TEST

static size_t fill(zx_handle_t port) {
    const zx_port_packet_t packet = {.key = 1};
    size_t count = 0;
    while (zx_port_queue(port, &packet) == ZX_OK) {
        count++;
    }
    return count;
}

START_TEST(a_port_keeps_the_limit_of_the_call_that_made_it) {
    zx_handle_t ports[4];
    ck_assert_int_eq(zirconia_201807_port_create(0, &ports[0]), ZX_OK);
    ck_assert_int_eq(zirconia_2018_port_create(0, &ports[1]), ZX_OK);
    ck_assert_int_eq(zirconia_202104_port_create(0, &ports[2]), ZX_OK);
    ck_assert_int_eq(zx_port_create(0, &ports[3]), ZX_OK);
    ck_assert_uint_eq(fill(ports[0]), 2049);
    ck_assert_uint_eq(fill(ports[1]), 2049);
    ck_assert_uint_eq(fill(ports[2]), 4097);
    ck_assert_uint_eq(fill(ports[3]), 4097);
}
END_TEST

START_TEST(a_vmo_of_2018_grows_for_2018_alone) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_201812_vmo_create(4096, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 8192), ZX_ERR_ACCESS_DENIED); // It lacks RESIZE.
    ck_assert_int_eq(zirconia_202104_vmo_set_size(vmo, 8192), ZX_OK);
    ck_assert_int_eq(zirconia_201812_vmo_set_size(vmo, 12288), ZX_OK);
    ck_assert_int_eq(zx_vmo_create(4096, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zirconia_201812_vmo_set_size(vmo, 8192), ZX_ERR_UNAVAILABLE);
}
END_TEST

START_TEST(the_options_of_a_mapping_come_where_the_time_has_them) {
    const zx_vm_option_t options = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    const zx_handle_t root = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(8192, 0);
    zx_vaddr_t old = 0;
    zx_vaddr_t new = 0;
    ck_assert_int_eq(zirconia_201807_vmar_map(root, 0, vmo, 0, 4096, options, &old), ZX_OK);
    ck_assert_int_eq(zirconia_2018_vmar_map(root, options, 0, vmo, 0, 4096, &new), ZX_OK);
    *(uint32_t *)old = 77;
    ck_assert_uint_eq(*(uint32_t *)new, 77);
    ck_assert_int_eq(zirconia_201807_vmar_protect(root, old, 4096, ZX_VM_PERM_READ), ZX_OK);
    ck_assert_int_eq(zirconia_202104_vmar_protect(root, ZX_VM_PERM_READ, new, 4096), ZX_OK);
}
END_TEST

START_TEST(a_time_without_a_sign_means_infinity_to_july_2018_alone) {
    const zx_handle_t event = new_event();
    zx_handle_t timer = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
    ck_assert_int_eq(zirconia_201807_timer_set(timer, -1, -1), ZX_OK);
    ck_assert_int_eq(zx_object_wait_one(timer, ZX_TIMER_SIGNALED, 0, NULL), ZX_ERR_TIMED_OUT);
    ck_assert_int_eq(zirconia_201812_timer_set(timer, -1, 0), ZX_OK);
    ck_assert_int_eq(zx_object_wait_one(timer, ZX_TIMER_SIGNALED, ZX_TIME_INFINITE, NULL), ZX_OK);
    ck_assert_int_eq(zx_timer_set(timer, 0, -1), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_object_wait_one(event, ZX_EVENT_SIGNALED, -1, NULL), ZX_ERR_TIMED_OUT);
    ck_assert(zirconia_201807_deadline_after(-1) == -1);
}
END_TEST

START_TEST(a_topic_asks_for_the_right_of_the_time) {
    const zx_handle_t event = new_event();
    const zx_handle_t seen = with_rights(event, ZX_RIGHT_INSPECT);
    zx_info_handle_count_t count;
    const uint32_t topic = ZX_INFO_HANDLE_COUNT;
    const size_t size = sizeof count;
    ck_assert_int_eq(zirconia_201807_object_get_info(seen, topic, &count, size, NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_201812_object_get_info(seen, topic, &count, size, NULL, NULL), ZX_OK);
    ck_assert_int_eq(zx_object_get_info(seen, topic, &count, size, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(count.handle_count, 2);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        each_run_call_fills_the_packet_of_its_time,
        a_new_vcpu_has_the_control_registers_of_the_call_that_made_it,
        a_thread_that_has_its_one_vcpu_may_get_more_of_2018,
        traps_of_an_older_file_may_meet_those_of_a_newer,
        a_port_keeps_the_limit_of_the_call_that_made_it,
        a_vmo_of_2018_grows_for_2018_alone,
        the_options_of_a_mapping_come_where_the_time_has_them,
        a_time_without_a_sign_means_infinity_to_july_2018_alone,
        a_topic_asks_for_the_right_of_the_time,
    };
    return run_tests("mixed eras", tests, sizeof tests / sizeof tests[0]);
}
