// SPDX-License-Identifier: MIT
//
// The state of a client's devices in snapshots (zirconia_guest_set_devices()).

#include "other_thread.h"
#include "snapshot_fixture.h"

#include <zircon/process.h>

#define CELL 0x800000u // An address in guest memory.

// A device whose state is these bytes, and what its callbacks saw.
struct device {
    unsigned char state[48];
    bool refuses;
    bool kicks;
    unsigned saved;
    unsigned restored;
    pthread_t thread;
    const uint64_t *cell; // CELL as the host has it mapped, or NULL.
    uint64_t seen;
};

static struct device device;

static bool save(void *context, void *state, size_t size) {
    struct device *own = context;
    const unsigned char none[sizeof own->state] = {0};
    ck_assert_uint_eq(size, sizeof own->state);
    ck_assert_mem_eq(state, none, size);
    memcpy(state, own->state, size);
    own->saved++;
    own->thread = pthread_self();
    return !own->refuses;
}

static void put_back(void *context, const void *state, size_t size) {
    struct device *own = context;
    ck_assert_uint_eq(size, sizeof own->state);
    memcpy(own->state, state, size);
    own->restored++;
    own->thread = pthread_self();
    own->seen = own->cell != NULL ? *own->cell : 0;
    if (own->kicks) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    }
}

static void set_devices(void) {
    ck_assert_int_eq(
        zirconia_guest_set_devices(guest, sizeof device.state, save, put_back, &device), ZX_OK);
}

static void end_devices(void) {
    ck_assert_int_eq(zirconia_guest_set_devices(guest, 0, NULL, NULL, NULL), ZX_OK);
}

static void fill(unsigned char value) {
    memset(device.state, value, sizeof device.state);
}

static void expect_filled(unsigned char value) {
    for (size_t i = 0; i < sizeof device.state; i++) {
        ck_assert_uint_eq(device.state[i], value);
    }
}

START_TEST(devices_are_what_they_were) {
    set_devices();
    fill(1);
    const zx_handle_t first = snapshot_of(guest);
    fill(2);
    const zx_handle_t second = snapshot_of(guest);
    ck_assert_uint_eq(device.saved, 2);
    for (unsigned i = 0; i < 20; i++) {
        fill(3);
        restore(i % 2 == 0 ? first : second);
        expect_filled(i % 2 == 0 ? 1 : 2);
        ck_assert_uint_eq(device.restored, i + 1);
    }
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    restore(second); // The snapshot below it is gone.
    expect_filled(2);
}
END_TEST

static void *take_and_restore(void *argument) {
    zx_handle_t *snapshot = argument;
    *snapshot = snapshot_of(guest);
    ck_assert(pthread_equal(device.thread, pthread_self()));
    device.thread = (pthread_t){0};
    restore(*snapshot);
    ck_assert(pthread_equal(device.thread, pthread_self()));
    return NULL;
}

START_TEST(callbacks_run_on_the_calling_thread) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    set_devices();
    join_thread(start_thread(take_and_restore, &snapshot));
    ck_assert_uint_eq(device.saved, 1);
    ck_assert_uint_eq(device.restored, 1);
}
END_TEST

// A kick from the callback stays, although what is pending was put back before.
START_TEST(devices_come_last) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(
        zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, memory, 0, MEMORY_SIZE, &address),
        ZX_OK);
    device.cell = (const uint64_t *)(address + CELL); // NOLINT(performance-no-int-to-ptr)
    device.kicks = true;
    set_devices();
    const uint64_t old = 5;
    const uint64_t new = 6;
    memory_write(CELL, &old, sizeof old);
    const zx_handle_t snapshot = snapshot_of(guest);
    memory_write(CELL, &new, sizeof new);
    restore(snapshot);
    ck_assert_uint_eq(device.seen, old);
    enter_fails(ZX_ERR_CANCELED);
}
END_TEST

START_TEST(a_save_that_is_refused_fails_the_snapshot) {
    zx_handle_t none = ZX_HANDLE_INVALID;
    const uint64_t old = 5;
    const uint64_t new = 6;
    set_devices();
    fill(1);
    memory_write(CELL, &old, sizeof old);
    const zx_handle_t snapshot = snapshot_of(guest);
    fill(2);
    memory_write(CELL, &new, sizeof new);
    device.refuses = true;
    for (unsigned i = 0; i < 100; i++) { // More than stand on top of each other.
        ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &none), ZX_ERR_CANCELED);
        ck_assert_uint_eq(none, ZX_HANDLE_INVALID);
    }
    ck_assert_uint_eq(memory_u64(CELL), new);
    expect_filled(2);
    restore(snapshot);
    ck_assert_uint_eq(memory_u64(CELL), old);
    expect_filled(1);
}
END_TEST

static void expect_refused(zx_handle_t snapshot) {
    const uint64_t value = memory_u64(CELL) + 1;
    const unsigned restored = device.restored;
    memory_write(CELL, &value, sizeof value);
    ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_ERR_BAD_STATE);
    ck_assert_uint_eq(memory_u64(CELL), value);
    ck_assert_uint_eq(device.restored, restored);
}

START_TEST(devices_of_another_size_are_refused) {
    const zx_handle_t without = snapshot_of(guest);
    set_devices();
    fill(1);
    expect_refused(without);
    const zx_handle_t with = snapshot_of(guest);
    const uint64_t then = memory_u64(CELL);
    end_devices();
    expect_refused(with);
    restore(without);
    ck_assert_int_eq(
        zirconia_guest_set_devices(guest, sizeof device.state - 1, save, put_back, &device), ZX_OK);
    expect_refused(with);
    expect_refused(without);
    fill(2);
    set_devices();
    restore(with);
    expect_filled(1);
    ck_assert_uint_eq(memory_u64(CELL), then);
}
END_TEST

// The bytes go to the callback that is set now.
START_TEST(other_callbacks_of_the_same_size_are_given_them) {
    struct device other = {.refuses = true};
    set_devices();
    fill(1);
    const zx_handle_t snapshot = snapshot_of(guest);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, sizeof other.state, save, put_back, &other),
                     ZX_OK);
    restore(snapshot);
    ck_assert_uint_eq(device.restored, 0);
    ck_assert_uint_eq(other.restored, 1);
    ck_assert_mem_eq(other.state, device.state, sizeof other.state);
    zx_handle_t none = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &none), ZX_ERR_CANCELED);
    end_devices();
}
END_TEST

// No device is asked when the call is refused for another reason.
START_TEST(refused_calls_ask_no_device) {
    zx_handle_t none = ZX_HANDLE_INVALID;
    set_devices();
    const zx_handle_t snapshot = snapshot_of(guest);
    trap(ZX_GUEST_TRAP_IO, 0x500, 1, ZX_HANDLE_INVALID, 0);
    expect_refused(snapshot);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 1u << 31, &none), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(device.saved, 1);
}
END_TEST

static bool save_large(void *context, void *state, size_t size) {
    (void)context;
    memset(state, 9, size);
    return true;
}

static void check_large(void *context, const void *state, size_t size) {
    const unsigned char *bytes = state;
    ck_assert_uint_eq(bytes[0], 9);
    ck_assert_uint_eq(bytes[size - 1], 9);
    *(size_t *)context = size;
}

START_TEST(sizes_are_checked) {
    const size_t most = ZIRCONIA_DEVICES_SIZE_MAX;
    size_t size = 0;
    ck_assert_int_eq(zirconia_guest_set_devices(guest, 1, NULL, NULL, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, 1, save, NULL, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, 1, NULL, put_back, NULL),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, 0, save, put_back, NULL),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, most + 1, save, put_back, NULL),
                     ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, SIZE_MAX, save, put_back, NULL),
                     ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zirconia_guest_set_devices(vcpu, 1, save, put_back, NULL), ZX_ERR_WRONG_TYPE);
    const zx_handle_t snapshot = snapshot_of(guest); // Without devices.
    ck_assert_uint_eq(device.saved, 0);
    restore(snapshot);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, most, save_large, check_large, &size),
                     ZX_OK);
    restore(snapshot_of(guest));
    ck_assert_uint_eq(size, most);
}
END_TEST

static void start_plain(void) {
    guest_start("snapshot");
}

int main(void) {
    Suite *suite = suite_create("snapshot_devices");
    TCase *tcase = tcase_create("devices");
    tcase_add_checked_fixture(tcase, start_plain, guest_close);
    tcase_add_test(tcase, devices_are_what_they_were);
    tcase_add_test(tcase, callbacks_run_on_the_calling_thread);
    tcase_add_test(tcase, devices_come_last);
    tcase_add_test(tcase, a_save_that_is_refused_fails_the_snapshot);
    tcase_add_test(tcase, devices_of_another_size_are_refused);
    tcase_add_test(tcase, other_callbacks_of_the_same_size_are_given_them);
    tcase_add_test(tcase, refused_calls_ask_no_device);
    tcase_add_test(tcase, sizes_are_checked);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
