// SPDX-License-Identifier: MIT
//
// Calls that give out handles or registers, with pointers that are null, lead nowhere or are not
// aligned: an error that the ABI promises and nothing left over, or success like with any other.
// What read and write the client's memory in bulk, and the calls on VCPUs, are in the tests of
// their families.

#include "bad_memory.h"
#include "object_fixture.h"
#include "run_tests.h"
#include "thread_fixture.h"

#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

// What the calls work on.
static zx_handle_t event;
static zx_handle_t vmo;
static zx_handle_t channel;
static zx_handle_t exception;
static struct worker worker; // Spins.
static struct worker sinner; // In an exception.
static _Atomic(uint64_t) spun;

typedef zx_status_t call_fn(void *out);

static zx_status_t duplicate(void *out) {
    return zx_handle_duplicate(event, ZX_RIGHT_SAME_RIGHTS, out);
}

static zx_status_t replace(void *out) {
    return zx_handle_replace(with_rights(event, ZX_RIGHT_SAME_RIGHTS), ZX_RIGHT_SAME_RIGHTS, out);
}

static zx_status_t create_event(void *out) {
    return zx_event_create(0, out);
}

static zx_status_t create_first_end(void *out) {
    zx_handle_t other = ZX_HANDLE_INVALID;
    const zx_status_t status = zx_eventpair_create(0, out, &other);
    zx_handle_close(status == ZX_OK ? other : ZX_HANDLE_INVALID);
    return status;
}

static zx_status_t create_second_end(void *out) {
    zx_handle_t other = ZX_HANDLE_INVALID;
    const zx_status_t status = zx_eventpair_create(0, &other, out);
    zx_handle_close(status == ZX_OK ? other : ZX_HANDLE_INVALID);
    return status;
}

static zx_status_t create_timer(void *out) {
    return zx_timer_create(0, ZX_CLOCK_MONOTONIC, out);
}

static zx_status_t create_port(void *out) {
    return zx_port_create(0, out);
}

static zx_status_t create_port_2018(void *out) {
    return zirconia_2018_port_create(0, out);
}

static zx_status_t create_vmo(void *out) {
    return zx_vmo_create(4096, 0, out);
}

static zx_status_t create_vmo_2018(void *out) {
    return zirconia_2018_vmo_create(4096, 0, out);
}

static zx_status_t create_child(void *out) {
    return zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 4096, out);
}

static zx_status_t clone(void *out) {
    return zx_vmo_clone(vmo, ZIRCONIA_2018_VMO_CLONE_COPY_ON_WRITE, 0, 4096, out);
}

static zx_status_t make_executable(void *out) {
    return zx_vmo_replace_as_executable(with_rights(vmo, ZX_RIGHT_SAME_RIGHTS), ZX_HANDLE_INVALID,
                                        out);
}

static zx_status_t allocate(void *out) {
    zx_vaddr_t address = 0;
    return zx_vmar_allocate(zx_vmar_root_self(), ZX_VM_CAN_MAP_READ, 0, 0x10000, out, &address);
}

static zx_status_t create_thread(void *out) {
    return zx_thread_create(zx_process_self(), "x", 1, 0, out);
}

static zx_status_t create_thread_2018(void *out) {
    return zirconia_2018_thread_create(zx_process_self(), "x", 1, 0, out);
}

static zx_status_t get_child(void *out) {
    return zx_object_get_child(zx_process_self(), koid_of(worker.handle), ZX_RIGHT_SAME_RIGHTS,
                               out);
}

static zx_status_t suspend(void *out) {
    return zx_task_suspend(worker.handle, out);
}

static zx_status_t suspend_with_token(void *out) {
    return zx_task_suspend_token(worker.handle, out);
}

static zx_status_t suspend_with_token_2018(void *out) {
    return zirconia_2018_task_suspend_token(worker.handle, out);
}

static zx_status_t create_channel(void *out) {
    return zx_task_create_exception_channel(worker.handle, 0, out);
}

static zx_status_t exception_thread(void *out) {
    return zx_exception_get_thread(exception, out);
}

static zx_status_t exception_process(void *out) {
    return zx_exception_get_process(exception, out);
}

static zx_status_t create_resource(void *out) {
    return zirconia_resource_create(ZX_RSRC_KIND_SYSTEM, 0, 1, out);
}

static zx_status_t hypervisor_resource(void *out) {
    return zirconia_hypervisor_resource(out);
}

static call_fn *const calls[] = {
    duplicate,           replace,          create_event,       create_first_end,
    create_second_end,   create_timer,     create_port,        create_port_2018,
    create_vmo,          create_vmo_2018,  create_child,       clone,
    make_executable,     allocate,         create_thread,      create_thread_2018,
    get_child,           suspend,          suspend_with_token, suspend_with_token_2018,
    create_channel,      exception_thread, exception_process,  create_resource,
    hypervisor_resource,
};

static void trap(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    __builtin_trap();
}

static void open_all(void) {
    zx_exception_info_t info = {0};
    event = new_event();
    ck_assert_int_eq(zx_vmo_create(4096, 0, &vmo), ZX_OK);
    worker = worker_run(count_for_ever, &spun);
    sinner = worker_new();
    // A channel of the process, because only exceptions from such a channel give the process.
    ck_assert_int_eq(zx_task_create_exception_channel(zx_process_self(), 0, &channel), ZX_OK);
    worker_start(&sinner, trap, NULL);
    until(channel, ZX_CHANNEL_READABLE);
    ck_assert_int_eq(zx_channel_read(channel, 0, &info, &exception, sizeof(info), 1, NULL, NULL),
                     ZX_OK);
    zx_vmar_root_self();
}

static void close_all(void) {
    worker_end(&sinner);
    worker_end(&worker);
    const zx_handle_t handles[] = {event, vmo, channel, exception};
    ck_assert_int_eq(zx_handle_close_many(handles, 4), ZX_OK);
}

START_TEST(a_handle_that_cannot_be_written_is_not_given_and_leaves_nothing) {
    open_all();
    call_fn *call = calls[_i];
    const uint64_t objects = object_count();
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(call(bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(call(read_only_page()), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(object_count(), objects);
    close_all();
}
END_TEST

START_TEST(a_handle_can_be_written_anywhere_aligned_or_not) {
    open_all();
    unsigned char bytes[16] = {0};
    zx_handle_t handle = ZX_HANDLE_INVALID;
    const uint64_t objects = object_count();
    ck_assert_int_eq(calls[_i](bytes + 3), ZX_OK);
    memcpy(&handle, bytes + 3, sizeof(handle));
    ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
    ck_assert_uint_eq(object_count(), objects);
    close_all();
}
END_TEST

START_TEST(registers_are_read_and_written_through_good_pointers_aligned_or_not) {
    open_all();
    unsigned char bytes[sizeof(zx_thread_state_general_regs_t) + 1];
    const size_t size = sizeof(zx_thread_state_general_regs_t);
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(
            zx_thread_read_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, bad_pointer(i), size),
            ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_thread_write_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS,
                                               bad_pointer(i), size),
                         ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(
        zx_thread_read_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, bytes + 1, size), ZX_OK);
    ck_assert_int_eq(
        zx_thread_write_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, bytes + 1, size), ZX_OK);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until_counted(&spun);
    close_all();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("bad_pointers");
    TCase *tcase = tcase_create("pointers");
    const int count = sizeof(calls) / sizeof(calls[0]);
    tcase_add_loop_test(tcase, a_handle_that_cannot_be_written_is_not_given_and_leaves_nothing, 0,
                        count);
    tcase_add_loop_test(tcase, a_handle_can_be_written_anywhere_aligned_or_not, 0, count);
    tcase_add_test(tcase, registers_are_read_and_written_through_good_pointers_aligned_or_not);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
