// SPDX-License-Identifier: MIT
//
// Guests through the public ABI: the order of argument checks (hypervisor ABI 3), traps at their
// edges (6), port packets and their answers (5.4), kicks (8) and the rule of one thread (3.4).

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

#define ENTRY 0x10000u

static zx_handle_t guest;
static zx_handle_t vmar;
static zx_handle_t vcpu;

static void write_u64(zx_handle_t vmo, uint64_t offset, uint64_t value) {
    ck_assert_int_eq(zx_vmo_write(vmo, &value, offset, sizeof value), ZX_OK);
}

// One megabyte at guest-physical 0, which is also where linear addresses lead.
static void set_up(void) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 1;
    static uint8_t program[4096];
    FILE *file = fopen(ZIRCONIA_GUEST_DIR "/port_echo.bin", "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(program, 1, sizeof program, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zx_guest_create(resource, 0, &guest, &vmar), ZX_OK);
    ck_assert_int_eq(zx_vmo_create(0x100000, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &vmo), ZX_OK);
    write_u64(vmo, 0, 0x1000 | 3);
    write_u64(vmo, 0x1000, 0x83); // 1 GiB, identity
    ck_assert_int_eq(zx_vmo_write(vmo, program, ENTRY, size), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE,
                    0, vmo, 0, 0x100000, &address),
        ZX_OK);
    ck_assert_uint_eq(address, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

static zx_status_t trap_io(uint64_t base, size_t size) {
    return zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, base, size, ZX_HANDLE_INVALID, 7);
}

START_TEST(create_checks_resource_then_options) {
    zx_handle_t wrong = ZX_HANDLE_INVALID;
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_guest_create(ZX_HANDLE_INVALID, 9, &out, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    ck_assert_int_eq(zx_guest_create(port, 9, &out, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_SYSTEM, 1, 1, &wrong), ZX_OK);
    ck_assert_int_eq(zx_guest_create(wrong, 9, &out, &out), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zirconia_hypervisor_resource(&wrong), ZX_OK);
    ck_assert_int_eq(zx_guest_create(wrong, 9, &out, &out), ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(traps_are_checked_and_may_not_overlap) {
    set_up();
    ck_assert_int_eq(zx_guest_set_trap(guest, 3, 0, 4096, 0, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_BELL, 0, 4096, 0, 0),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, 1, 4096, 0, 0),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, 1ull << 48, 4096, 0, 0),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(trap_io(0x10, 0), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(trap_io(0xffff, 1), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(trap_io(0xfffe, 1), ZX_OK);
    ck_assert_int_eq(trap_io(0x10, 2), ZX_OK);
    ck_assert_int_eq(trap_io(0x11, 1), ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(trap_io(0xf, 2), ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(trap_io(0x12, 1), ZX_OK);
}
END_TEST

START_TEST(ports_echo_what_the_client_answers) {
    set_up();
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(trap_io(0x10, 2), ZX_OK);
    for (unsigned i = 0; i < 300; i++) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_OK);
        ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
        ck_assert_uint_eq(packet.key, 7);
        ck_assert_uint_eq(packet.guest_io.port, 0x10);
        ck_assert(packet.guest_io.input);
        zx_vcpu_io_t io = {.access_size = 1, .u8 = (uint8_t)i};
        ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_OK);
        ck_assert_uint_eq(packet.guest_io.port, 0x11);
        ck_assert(!packet.guest_io.input);
        ck_assert_uint_eq(packet.guest_io.u32, (uint8_t)(i + 1));
    }
}
END_TEST

START_TEST(a_kick_cancels_one_enter_and_shows_until_then) {
    set_up();
    zx_port_packet_t packet;
    zx_info_vcpu_t info;
    ck_assert_int_eq(trap_io(0x10, 2), ZX_OK);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_object_get_info(vcpu, ZX_INFO_VCPU, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.flags, ZX_INFO_VCPU_FLAG_KICKED);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    ck_assert_int_eq(zx_object_get_info(vcpu, ZX_INFO_VCPU, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.flags, 0);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_OK);
}
END_TEST

static void *enter_elsewhere(void *result) {
    zx_port_packet_t packet;
    *(zx_status_t *)result = zx_vcpu_enter(vcpu, &packet);
    return NULL;
}

START_TEST(only_the_owner_thread_may_enter_and_it_owns_one) {
    set_up();
    pthread_t thread;
    zx_status_t result = ZX_OK;
    zx_handle_t second = ZX_HANDLE_INVALID;
    ck_assert_int_eq(pthread_create(&thread, NULL, enter_elsewhere, &result), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(result, ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &second), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 256), ZX_ERR_OUT_OF_RANGE);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("guest");
    TCase *tcase = tcase_create("calls and packets");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, create_checks_resource_then_options);
    tcase_add_test(tcase, traps_are_checked_and_may_not_overlap);
    tcase_add_test(tcase, ports_echo_what_the_client_answers);
    tcase_add_test(tcase, a_kick_cancels_one_enter_and_shows_until_then);
    tcase_add_test(tcase, only_the_owner_thread_may_enter_and_it_owns_one);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
