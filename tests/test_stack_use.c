// SPDX-License-Identifier: MIT
//
// A thread on a small stack makes calls and runs a guest: what docs/abi-notes.md says of stacks.

#include "guest_fixture.h"
#include "sanitized.h"
#include "thread_fixture.h"

#include <string.h>

enum {
    // Half of the stack that the notes ask for; the other half is for the frames of signals.
    ENOUGH = 1 << 14,
    PAINT = 0x5a,
    PORT = 0xf4,
};

static zx_status_t result;

static zx_status_t copy_and_look(void) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_handle_t child = ZX_HANDLE_INVALID;
    zx_info_vmo_t info;
    zx_status_t status = zx_vmo_create(0x10000, 0, &vmo);
    if (status == ZX_OK) {
        status = zx_vmo_write(vmo, "x", 0, 1);
    }
    if (status == ZX_OK) {
        status = zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 0x10000, &child);
    }
    if (status == ZX_OK) {
        status = zx_object_get_info(child, ZX_INFO_VMO, &info, sizeof info, NULL, NULL);
    }
    zx_handle_close(child);
    zx_handle_close(vmo);
    return status;
}

static zx_status_t run_guest(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    zx_status_t status = zx_vcpu_create(guest, 0, ENTRY, &handle);
    if (status == ZX_OK) {
        status = zx_vcpu_enter(handle, &packet);
    }
    zx_handle_close(handle);
    return status;
}

static void work(uintptr_t unused, uintptr_t unused_too) {
    (void)unused;
    (void)unused_too;
    result = copy_and_look();
    if (result == ZX_OK) {
        result = run_guest();
    }
    zx_thread_exit();
}

START_TEST(calls_and_a_guest_run_on_a_small_stack) {
    static const uint8_t code[] = {0xe6, PORT}; // OUT
    guest_open();
    memory_write(ENTRY, code, sizeof code);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, PORT, 1, 0, 0), ZX_OK);
    struct worker worker = worker_new();
    memset(worker.stack, PAINT, STACK_SIZE);
    worker_start(&worker, work, NULL);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(result, ZX_OK);
    size_t untouched = 0;
    while (untouched < STACK_SIZE && worker.stack[untouched] == PAINT) {
        untouched++;
    }
    ck_assert_uint_lt(untouched, STACK_SIZE);
#if !SANITIZED
    ck_assert_uint_le(STACK_SIZE - untouched, ENOUGH);
#endif
    worker_end(&worker);
    guest_close();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {calls_and_a_guest_run_on_a_small_stack};
    return run_tests("stack use", tests, sizeof tests / sizeof tests[0]);
}
