// SPDX-License-Identifier: MIT
//
// Which memory a restore brings back and which it leaves alone, and what is refused.

#include "snapshot_fixture.h"

#include <pthread.h>
#include <zircon/process.h>
#include <zirconia/observe.h>

// --- Memory ---

START_TEST(memory_that_the_host_maps_too_is_what_it_was) {
    zx_vaddr_t address = 0;
    const uint64_t old = 0x1111;
    memory_write(0x800000, &old, sizeof old);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory,
                                 0, MEMORY_SIZE, &address),
                     ZX_OK);
    uint64_t *const mapped = (uint64_t *)address; // NOLINT(performance-no-int-to-ptr)
    const zx_handle_t snapshot = snapshot_of(guest);
    mapped[0x800000 / 8] = 0x2222;
    mapped[0x900000 / 8] = 0x3333; // A page that had no memory.
    restore(snapshot);
    ck_assert_uint_eq(mapped[0x800000 / 8], old);
    ck_assert_uint_eq(mapped[0x900000 / 8], 0);
    ck_assert_uint_eq(memory_u64(0x900000), 0);
}
END_TEST

START_TEST(pages_that_were_given_back_come_again) {
    const uint64_t old = 0x1111;
    memory_write(0x800000, &old, sizeof old);
    const zx_handle_t snapshot = snapshot_of(guest);
    ck_assert_int_eq(zx_vmo_op_range(memory, ZX_VMO_OP_DECOMMIT, 0x800000, 0x1000, NULL, 0), ZX_OK);
    ck_assert_uint_eq(memory_u64(0x800000), 0);
    restore(snapshot);
    ck_assert_uint_eq(memory_u64(0x800000), old);
}
END_TEST

// A VMO beside the guest's mappings is the client's.
START_TEST(what_is_not_mapped_stays) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    uint64_t values[4] = {1, 2, 3, 4};
    ck_assert_int_eq(zx_vmo_create(0x4000, 0, &vmo), ZX_OK);
    const zx_vm_option_t options = ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0x2000000, vmo, 0x1000, 0x1000, &address), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0x2002000, vmo, 0x1000, 0x2000, &address), ZX_OK);
    const zx_handle_t snapshot = snapshot_of(guest);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(zx_vmo_write(vmo, &values[i], 0x1000 * i, sizeof values[i]), ZX_OK);
    }
    restore(snapshot);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(zx_vmo_read(vmo, &values[i], 0x1000 * i, sizeof values[i]), ZX_OK);
    }
    ck_assert_uint_eq(values[0], 1);
    ck_assert_uint_eq(values[1], 0);
    ck_assert_uint_eq(values[2], 0);
    ck_assert_uint_eq(values[3], 4);
}
END_TEST

// --- Errors ---

static void expect_error(zx_handle_t snapshot, zx_status_t status) {
    const uint64_t before = memory_hash();
    const zx_vcpu_state_t state = read_state();
    ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), status);
    const zx_vcpu_state_t after = read_state();
    ck_assert_mem_eq(&state, &after, sizeof state);
    ck_assert_uint_eq(memory_hash(), before);
}

START_TEST(a_guest_that_has_other_parts_is_refused) {
    const zx_handle_t snapshot = snapshot_of(guest);
    const uint64_t value = 5;
    memory_write(0x800000, &value, sizeof value);
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(0x1000, 0, &vmo), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ, 0x3000000, vmo, 0, 0x1000, &address),
        ZX_OK);
    expect_error(snapshot, ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vmar_unmap(vmar, address, 0x1000), ZX_OK);
    restore(snapshot);
    ck_assert_uint_eq(memory_u64(0x800000), 0);
    memory_write(0x800000, &value, sizeof value);
    trap(ZX_GUEST_TRAP_IO, 0x500, 1, ZX_HANDLE_INVALID, 0);
    expect_error(snapshot, ZX_ERR_BAD_STATE);
    const zx_handle_t next = snapshot_of(guest);
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    expect_error(next, ZX_ERR_BAD_STATE);
}
END_TEST

START_TEST(a_vmo_that_has_become_smaller_is_refused) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(0x4000, ZX_VMO_RESIZABLE, &vmo), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_ALLOW_FAULTS,
                    0x3000000, vmo, 0, 0x4000, &address),
        ZX_OK);
    const zx_handle_t snapshot = snapshot_of(guest);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 0x2000), ZX_OK);
    expect_error(snapshot, ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 0x8000), ZX_OK);
    restore(snapshot);
}
END_TEST

START_TEST(another_guests_snapshot_is_refused) {
    const zx_handle_t snapshot = snapshot_of(guest);
    const zx_handle_t first = guest;
    guest_open();
    ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    ck_assert_int_eq(zirconia_guest_restore(first, snapshot), ZX_ERR_BAD_HANDLE);
}
END_TEST

START_TEST(handles_are_checked) {
    zx_handle_t snapshot = snapshot_of(guest);
    zx_handle_t mute = ZX_HANDLE_INVALID;
    zx_info_handle_basic_t info;
    ck_assert_int_eq(
        zx_object_get_info(snapshot, ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.type, ZIRCONIA_OBJ_TYPE_SNAPSHOT);
    ck_assert_uint_eq(info.rights, ZIRCONIA_DEFAULT_SNAPSHOT_RIGHTS);
    ck_assert_int_eq(zx_handle_duplicate(snapshot, ZX_RIGHT_INSPECT, &mute), ZX_OK);
    ck_assert_int_eq(zirconia_guest_restore(guest, mute), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_guest_restore(guest, guest), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_guest_restore(guest, ZX_HANDLE_INVALID), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zirconia_guest_restore(snapshot, snapshot), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_guest_snapshot(vcpu, 0, &snapshot), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 1, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_wait_one(snapshot, 1, 0, NULL), ZX_ERR_ACCESS_DENIED);
}
END_TEST

START_TEST(a_guest_without_a_vcpu_is_refused) {
    const zx_handle_t snapshot = snapshot_of(guest);
    zx_handle_t none = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &none), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_ERR_BAD_STATE);
    guest_open();
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &none), ZX_ERR_BAD_STATE);
    ck_assert_uint_eq(none, ZX_HANDLE_INVALID);
}
END_TEST

// --- While a VCPU is in a run call ---

static zx_status_t status_inside[4];
static zx_handle_t snapshot_inside;

static void *try_inside(void *nothing) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    status_inside[0] = zirconia_guest_snapshot(guest, 0, &out);
    status_inside[1] = zirconia_guest_restore(guest, snapshot_inside);
    status_inside[2] = zirconia_snapshot_save(guest, snapshot_inside, collect, NULL);
    status_inside[3] = zirconia_snapshot_load(guest, 0, file, file_size, &out);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    return nothing;
}

static pthread_t trier;

static void start_trying(void *context, const zirconia_exit_t *exit) {
    (void)context;
    if (exit->kind == ZIRCONIA_EXIT_HLT) {
        ck_assert_int_eq(pthread_create(&trier, NULL, try_inside, NULL), 0);
    }
}

START_TEST(a_guest_that_runs_or_sleeps_is_refused) {
    zx_vcpu_state_t state = read_state();
    state.rsi = 3;
    write_state(&state);
    snapshot_inside = snapshot_of(guest);
    save_snapshot(snapshot_inside);
    const size_t size = file_size;
    ck_assert_int_eq(zirconia_guest_observe(guest, start_trying, NULL), ZX_OK);
    enter_fails(ZX_ERR_CANCELED);
    ck_assert_int_eq(pthread_join(trier, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(status_inside); i++) {
        ck_assert_int_eq(status_inside[i], ZX_ERR_BAD_STATE);
    }
    ck_assert_uint_eq(file_size, size);
    restore(snapshot_inside);
    restore(load_snapshot());
}
END_TEST

static void start_plain(void) {
    guest_start("snapshot");
}

int main(void) {
    Suite *suite = suite_create("limits of snapshots");
    TCase *tcase = tcase_create("memory and errors");
    tcase_add_checked_fixture(tcase, start_plain, NULL);
    tcase_add_test(tcase, memory_that_the_host_maps_too_is_what_it_was);
    tcase_add_test(tcase, pages_that_were_given_back_come_again);
    tcase_add_test(tcase, what_is_not_mapped_stays);
    tcase_add_test(tcase, a_guest_that_has_other_parts_is_refused);
    tcase_add_test(tcase, a_vmo_that_has_become_smaller_is_refused);
    tcase_add_test(tcase, another_guests_snapshot_is_refused);
    tcase_add_test(tcase, handles_are_checked);
    tcase_add_test(tcase, a_guest_without_a_vcpu_is_refused);
    tcase_add_test(tcase, a_guest_that_runs_or_sleeps_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
