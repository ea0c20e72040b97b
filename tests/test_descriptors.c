// SPDX-License-Identifier: MIT
//
// A program that has closed its standard streams, as a daemon does, never finds a descriptor of the
// library in their place: what it still prints would land in guest memory.

#define _DEFAULT_SOURCE

#include "guest_fixture.h"
#include "platform/posix_memory.h"
#include "thread_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zirconia/decode.h>

static void close_standard_streams(void) {
    for (int i = 0; i <= STDERR_FILENO; i++) {
        close(i);
    }
}

static void assert_still_closed(void) {
    for (int i = 0; i <= STDERR_FILENO; i++) {
        ck_assert_int_eq(fcntl(i, F_GETFD), -1);
        ck_assert_int_eq(errno, EBADF);
    }
}

static void new_vmos(void) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_handle_t child = ZX_HANDLE_INVALID;
    const uint64_t word = 1;
    ck_assert_int_eq(zx_vmo_create(0x10000, ZX_VMO_RESIZABLE, &vmo), ZX_OK);
    assert_still_closed();
    ck_assert_int_eq(zx_vmo_set_size(vmo, 0x20000), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(vmo, &word, 0, sizeof word), ZX_OK);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 0x1000, &child), ZX_OK);
    assert_still_closed();
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, vmo, 0, 0x1000, &address),
                     ZX_OK);
    assert_still_closed();
}

static void new_objects(void) {
    zx_handle_t ends[2];
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(0, &handle), ZX_OK);
    ck_assert_int_eq(zx_eventpair_create(0, &ends[0], &ends[1]), ZX_OK);
    ck_assert_int_eq(zx_port_create(0, &handle), ZX_OK);
    ck_assert_int_eq(zx_task_create_exception_channel(zx_process_self(), 0, &handle), ZX_OK);
    ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &handle), ZX_OK);
    ck_assert_int_eq(zx_timer_set(handle, 0, 0), ZX_OK);
    until(handle, ZX_TIMER_SIGNALED);
    assert_still_closed();
}

static _Atomic(uint64_t) counter;

static void use_threads(void) {
    struct worker worker = worker_run(count_for_ever, &counter);
    zx_handle_t token = ZX_HANDLE_INVALID;
    zx_thread_state_debug_regs_t registers;
    ck_assert_int_eq(zx_task_suspend_token(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    zx_thread_read_state(worker.handle, ZX_THREAD_STATE_DEBUG_REGS, &registers, sizeof registers);
    assert_still_closed();
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    worker_end(&worker);
    assert_still_closed();
}

static void use_small_calls(void) {
    static const uint8_t code[] = {0x90};
    char text[32];
    size_t length = 0;
    ck_assert_int_eq(
        zirconia_disassemble(code, sizeof code, ZIRCONIA_CODE_64, 0, text, sizeof text, &length),
        ZX_OK);
    ck_assert_uint_gt(zx_system_get_num_cpus(), 0);
    ck_assert_uint_gt(zx_system_get_physmem(), 0);
    zx_cprng_draw(text, sizeof text);
    assert_still_closed();
}

START_TEST(nothing_takes_the_place_of_a_closed_standard_stream) {
    close_standard_streams();
    new_vmos();
    new_objects();
    use_threads();
    use_small_calls();
    guest_start("access");
    assert_still_closed();
    enter();
    assert_still_closed();
    guest_close();
    assert_still_closed();
}
END_TEST

START_TEST(no_way_to_a_nameless_file_takes_the_place_of_a_closed_standard_stream) {
    static int (*const makers[])(void) = {
        nameless_file_memfd,
        nameless_file_shared,
        nameless_file_temporary,
    };
    close_standard_streams();
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        const int file = makers[i]();
        ck_assert(file == -1 || (fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
        assert_still_closed();
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        nothing_takes_the_place_of_a_closed_standard_stream,
        no_way_to_a_nameless_file_takes_the_place_of_a_closed_standard_stream,
    };
    return run_tests("descriptors", tests, sizeof tests / sizeof tests[0]);
}
