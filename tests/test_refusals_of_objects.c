// SPDX-License-Identifier: MIT
//
// As test_refusals.c, for the calls on memory, ports, waits, handles, threads and the rest.

#include "guest_fixture.h"
#include "other_thread.h"
#include "refusals.h"

#include <zircon/process.h>
#include <zircon/syscalls/clock.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/decode.h>

enum { PAGE = 0x1000 };

static zx_handle_t new_vmo(uint32_t options) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(PAGE, options, &vmo), ZX_OK);
    return vmo;
}

static zx_handle_t new_event(void) {
    zx_handle_t event = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    return event;
}

static zx_handle_t with_rights(zx_handle_t handle, zx_rights_t rights) {
    zx_handle_t copy = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(handle, rights, &copy), ZX_OK);
    return copy;
}

// --- VMOs ---

START_TEST(a_vmo_that_is_refused_says_why) {
    char byte = 0;
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_handle_t vmo = new_vmo(0);
    listen_to_all();
    expect_cause(zx_vmo_create(1, 0x8000, &out), ZX_ERR_INVALID_ARGS,
                 "options 0x8000 are not known");
    expect_cause(zx_vmo_create(UINT64_MAX, 0, &out), ZX_ERR_OUT_OF_RANGE,
                 "size 0xffffffffffffffff cannot be rounded up");
    expect_cause(zx_vmo_read(vmo, &byte, PAGE, 1), ZX_ERR_OUT_OF_RANGE,
                 "offset 0x1000 with buffer_size 1 passes the VMO's end");
    expect_cause(zx_vmo_read(vmo, NULL, 0, 1), ZX_ERR_INVALID_ARGS, "buffer cannot be written");
    expect_cause(zx_vmo_write(vmo, (void *)16, 0, 1), ZX_ERR_INVALID_ARGS, "buffer cannot be read");
    expect_cause(zx_vmo_set_size(vmo, PAGE), ZX_ERR_UNAVAILABLE, "the VMO is not resizable");
    expect_cause(zx_vmo_op_range(vmo, 77, 0, PAGE, NULL, 0), ZX_ERR_INVALID_ARGS,
                 "op 0x4d is unknown");
    expect_cause(zx_vmo_op_range(vmo, ZX_VMO_OP_LOCK, 0, PAGE, NULL, 0), ZX_ERR_NOT_SUPPORTED,
                 "op 3 locks, and no VMO can be locked");
    expect_cause(zx_vmo_op_range(vmo, ZX_VMO_OP_COMMIT, 0x2000, PAGE, NULL, 0), ZX_ERR_OUT_OF_RANGE,
                 "offset 0x2000 is above the VMO's size, 0x1000");
    expect_cause(zx_vmo_set_cache_policy(vmo, 99), ZX_ERR_INVALID_ARGS,
                 "cache_policy 0x63 is unknown");
    expect_cause(zx_vmo_create_child(vmo, 0, 0, PAGE, &out), ZX_ERR_INVALID_ARGS,
                 "options say no kind of child");
    expect_cause(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 5, PAGE, &out),
                 ZX_ERR_INVALID_ARGS, "offset 5 is not a multiple of 0x1000");
    expect_cause(
        zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE | ZX_VMO_CHILD_RESIZABLE, 0, PAGE, &out),
        ZX_ERR_INVALID_ARGS, "only a copy can be RESIZABLE");
    expect_cause(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE, 0, 0x2000, &out), ZX_ERR_INVALID_ARGS,
                 "offset 0 with size 0x2000 passes the parent's end");
    expect_cause(zx_vmo_create_child(new_vmo(ZX_VMO_RESIZABLE), ZX_VMO_CHILD_SLICE, 0, PAGE, &out),
                 ZX_ERR_NOT_SUPPORTED, "the parent of a slice is resizable");
}
END_TEST

START_TEST(a_vmo_that_cannot_become_executable_says_why) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    listen_to_all();
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    expect_cause(zx_vmo_replace_as_executable(new_vmo(0), resource, &out), ZX_ERR_OUT_OF_RANGE,
                 "the resource does not cover base 1");
    expect_cause(zx_vmo_replace_as_executable(new_event(), ZX_HANDLE_INVALID, &out),
                 ZX_ERR_WRONG_TYPE, "handle, of type 5, is no VMO");
    expect_cause(zx_vmo_replace_as_executable(3, ZX_HANDLE_INVALID, &out), ZX_ERR_BAD_HANDLE,
                 "handle is not a valid handle");
}
END_TEST

// --- Regions ---

#define MAP(options, offset, vmo_offset, len)                                                      \
    zx_vmar_map(vmar, options, offset, vmo, vmo_offset, len, &address)

START_TEST(a_mapping_that_is_refused_says_why) {
    zx_vaddr_t address = 0;
    guest_open();
    const zx_handle_t vmo = new_vmo(0);
    const zx_handle_t unmappable = with_rights(vmo, ZX_RIGHT_READ);
    listen_to_all();
    expect_cause(zx_vmar_map(vmar, 0, 0, unmappable, 0, PAGE, &address), ZX_ERR_ACCESS_DENIED,
                 "vmo lacks MAP");
    expect_cause(MAP(ZX_VM_PERM_WRITE, 0, 0, PAGE), ZX_ERR_INVALID_ARGS,
                 "options 2 have WRITE or EXECUTE without READ");
    expect_cause(MAP(ZX_VM_PERM_READ, 0, 4, PAGE), ZX_ERR_INVALID_ARGS,
                 "vmo_offset 4 is not a multiple of 0x1000");
    expect_cause(MAP(ZX_VM_PERM_READ, 0, 0, 0), ZX_ERR_INVALID_ARGS, "len is 0");
    expect_cause(MAP(ZX_VM_PERM_READ, PAGE, 0, PAGE), ZX_ERR_INVALID_ARGS,
                 "offset 0x1000 comes without SPECIFIC or OFFSET_IS_UPPER_LIMIT");
    expect_cause(MAP(ZX_VM_PERM_READ | ZX_VM_SPECIFIC, 0xfffffffff000, 0, 2 * PAGE),
                 ZX_ERR_INVALID_ARGS,
                 "offset 0xfffffffff000 with size 0x2000 does not lie inside the region");
    expect_cause(MAP(ZX_VM_PERM_READ | ZX_VM_SPECIFIC, 0x2000004, 0, PAGE), ZX_ERR_INVALID_ARGS,
                 "offset 0x2000004 is not a multiple of 0x1000");
    expect_cause(MAP(ZX_VM_PERM_READ | ZX_VM_SPECIFIC, 0, 0, PAGE), ZX_ERR_ALREADY_EXISTS,
                 "the range at 0 is occupied");
    expect_cause(zx_vmar_unmap(vmar, 4, PAGE), ZX_ERR_INVALID_ARGS,
                 "addr 4 is not a multiple of 0x1000");
    expect_cause(zx_vmar_unmap(vmar, 0, 0), ZX_ERR_INVALID_ARGS, "len is 0");
    expect_cause(zx_vmar_unmap(vmar, 1ull << 48, PAGE), ZX_ERR_INVALID_ARGS,
                 "addr 0x1000000000000 with len 0x1000 does not lie inside the region");
    expect_cause(zx_vmar_protect(vmar, ZX_VM_PERM_READ, 0x2000000, PAGE), ZX_ERR_NOT_FOUND,
                 "nothing is mapped at 0x2000000");
    expect_cause(zx_vmar_protect(vmar, ZX_VM_PERM_READ, 4, PAGE), ZX_ERR_INVALID_ARGS,
                 "addr 4 is not a multiple of 0x1000");
    expect_cause(zx_vmar_op_range(vmar, ZX_VMAR_OP_COMMIT, 0x2000000, PAGE, NULL, 0),
                 ZX_ERR_BAD_STATE, "nothing is mapped at 0x2000000");
    expect_cause(zx_vmar_op_range(vmar, 99, 0, PAGE, NULL, 0), ZX_ERR_INVALID_ARGS,
                 "op 0x63 is unknown");
}
END_TEST

START_TEST(a_region_that_is_refused_says_why) {
    zx_vaddr_t address = 0;
    zx_handle_t child = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    guest_open();
    listen_to_all();
    expect_cause(zx_vmar_allocate(vmar, 0, 0, 5, &out, &address), ZX_ERR_INVALID_ARGS,
                 "size 5 is not a multiple of 0x1000 above 0");
    expect_cause(zx_vmar_allocate(vmar, ZX_VM_SPECIFIC, 0, PAGE, &out, &address),
                 ZX_ERR_ALREADY_EXISTS, "the range at 0 is occupied");
    ck_assert_int_eq(zx_vmar_allocate(vmar, ZX_VM_CAN_MAP_READ, 0, PAGE, &child, &address), ZX_OK);
    expect_cause(zx_vmar_allocate(child, ZX_VM_CAN_MAP_READ, 0, 4 * PAGE, &out, &address),
                 ZX_ERR_INVALID_ARGS, "offset 0 with size 0x4000 does not lie inside the region");
    expect_cause(zx_vmar_allocate(child, ZX_VM_SPECIFIC, 0, PAGE, &out, &address),
                 ZX_ERR_ACCESS_DENIED, "the region lacks CAN_MAP_SPECIFIC");
    ck_assert_int_eq(zx_vmar_destroy(child), ZX_OK);
    expect_cause(zx_vmar_destroy(child), ZX_ERR_BAD_STATE, "the region is destroyed");
    expect_cause(zx_vmar_allocate(child, 0, 0, PAGE, &out, &address), ZX_ERR_BAD_STATE,
                 "the region is destroyed");
    expect_cause(zx_vmar_protect(child, ZX_VM_PERM_READ, address, PAGE), ZX_ERR_BAD_STATE,
                 "the region is destroyed");
}
END_TEST

// --- Ports, waits and signals ---

START_TEST(a_port_that_is_refused_says_why) {
    zx_port_packet_t packet = {0};
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_handle_t event = new_event();
    listen_to_all();
    expect_cause(zx_port_create(8, &out), ZX_ERR_INVALID_ARGS, "options 8 are not known");
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    expect_cause(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT, "the deadline has passed");
    expect_cause(zx_port_queue(port, NULL), ZX_ERR_INVALID_ARGS, "packet cannot be read");
    expect_cause(zx_port_cancel(port, event, 5), ZX_ERR_NOT_FOUND,
                 "nothing waits on source with key 5");
    expect_cause(zx_port_cancel_key(port, 1, 5), ZX_ERR_INVALID_ARGS, "options 1 are not 0");
    expect_cause(zx_port_cancel_key(port, 0, 5), ZX_ERR_NOT_FOUND, "nothing waits with key 5");
    expect_cause(zx_object_wait_async(event, port, 1, ZX_EVENT_SIGNALED, 0x40), ZX_ERR_INVALID_ARGS,
                 "options 0x40 are not known");
}
END_TEST

START_TEST(a_wait_that_is_refused_says_why) {
    static zx_wait_item_t items[ZX_WAIT_MANY_MAX_ITEMS + 1];
    zx_signals_t observed = 0;
    char cause[64];
    const zx_handle_t event = new_event();
    listen_to_all();
    expect_cause(zx_object_wait_one(event, ZX_EVENT_SIGNALED, 0, &observed), ZX_ERR_TIMED_OUT,
                 "the deadline has passed");
    expect_cause(zx_object_wait_one(event, ZX_EVENT_SIGNALED, 0, (zx_signals_t *)16),
                 ZX_ERR_INVALID_ARGS, "observed cannot be written");
    expect_cause(zx_object_wait_many(items, ZX_WAIT_MANY_MAX_ITEMS + 1, 0), ZX_ERR_OUT_OF_RANGE,
                 "count 0x41 is above 0x40");
    expect_cause(zx_object_wait_many(items, 1, 0), ZX_ERR_BAD_HANDLE, "0 is not a valid handle");
    items[0].handle = with_rights(event, ZX_RIGHT_NONE);
    snprintf(cause, sizeof cause, "handle 0x%x lacks WAIT", items[0].handle);
    expect_cause(zx_object_wait_many(items, 1, 0), ZX_ERR_ACCESS_DENIED, cause);
    expect_cause(zx_object_wait_many(NULL, 0, 0), ZX_ERR_TIMED_OUT, "the deadline has passed");
    expect_cause(zx_object_signal(event, 1u << 20, 0), ZX_ERR_INVALID_ARGS,
                 "signals 0x100000 of the object are not the client's to change");
    expect_cause(zx_object_signal_peer(event, 0, 0), ZX_ERR_ACCESS_DENIED,
                 "handle lacks SIGNAL_PEER");
}
END_TEST

START_TEST(a_pair_that_is_refused_says_why) {
    zx_handle_t pair[2];
    listen_to_all();
    expect_cause(zx_eventpair_create(4, &pair[0], &pair[1]), ZX_ERR_NOT_SUPPORTED,
                 "options 4 are not 0");
    ck_assert_int_eq(zx_eventpair_create(0, &pair[0], &pair[1]), ZX_OK);
    expect_cause(zx_object_signal_peer(pair[0], 0, 1u << 20), ZX_ERR_INVALID_ARGS,
                 "signals 0x100000 of the object are not the client's to change");
    ck_assert_int_eq(zx_handle_close(pair[1]), ZX_OK);
    expect_cause(zx_object_signal_peer(pair[0], 0, 0), ZX_ERR_PEER_CLOSED,
                 "the peer has no handles");
}
END_TEST

START_TEST(a_timer_and_a_clock_that_are_refused_say_why) {
    zx_handle_t timer = ZX_HANDLE_INVALID;
    listen_to_all();
    expect_cause(zx_timer_create(7, ZX_CLOCK_MONOTONIC, &timer), ZX_ERR_INVALID_ARGS,
                 "options 7 are not known");
    expect_cause(zx_timer_create(0, ZX_CLOCK_UTC, &timer), ZX_ERR_INVALID_ARGS,
                 "clock_id 1 is not the monotonic clock");
    ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
    expect_cause(zx_timer_set(timer, 0, -1), ZX_ERR_OUT_OF_RANGE, "slack is negative");
}
END_TEST

// --- Handles and what objects tell ---

START_TEST(a_handle_that_is_refused_says_why) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_handle_t handles[] = {3};
    const zx_handle_t event = with_rights(new_event(), ZX_RIGHT_DUPLICATE);
    const zx_handle_t mute = with_rights(event, ZX_RIGHT_NONE);
    listen_to_all();
    expect_cause(zx_handle_close(3), ZX_ERR_BAD_HANDLE, "handle is not a valid handle");
    expect_cause(zx_handle_close_many(handles, 1), ZX_ERR_BAD_HANDLE,
                 "3 in handles is not a valid handle, or occurs twice");
    expect_cause(zx_handle_duplicate(event, ZX_RIGHT_WRITE | ZX_RIGHT_DUPLICATE, &out),
                 ZX_ERR_INVALID_ARGS, "handle lacks the rights 8");
    expect_cause(zx_handle_duplicate(mute, ZX_RIGHT_NONE, &out), ZX_ERR_ACCESS_DENIED,
                 "handle lacks DUPLICATE");
    expect_cause(zx_handle_replace(mute, ZX_RIGHT_READ, &out), ZX_ERR_INVALID_ARGS,
                 "handle lacks the rights 4");
}
END_TEST

START_TEST(what_an_object_does_not_tell_it_says_why) {
    char buffer[256];
    char cause[64];
    uint32_t number = 0;
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_handle_t vmo = new_vmo(0);
    const zx_handle_t process = zx_process_self();
    listen_to_all();
    expect_cause(zx_object_get_info(vmo, 0xfff, buffer, sizeof buffer, NULL, NULL),
                 ZX_ERR_NOT_SUPPORTED, "topic 0xfff is unknown");
    expect_cause(zx_object_get_info(vmo, ZX_INFO_VMAR, buffer, sizeof buffer, NULL, NULL),
                 ZX_ERR_WRONG_TYPE, "handle is of a type that topic 7 does not tell of");
    expect_cause(zx_object_get_info(vmo, ZX_INFO_HANDLE_BASIC, buffer, 4, NULL, NULL),
                 ZX_ERR_BUFFER_TOO_SMALL, "buffer_size 4 is less than the record's, 0x20");
    expect_cause(zx_object_get_property(vmo, ZX_PROP_NAME, NULL, 0), ZX_ERR_INVALID_ARGS,
                 "value is NULL");
    expect_cause(zx_object_get_property(vmo, ZX_PROP_NAME, buffer, 4), ZX_ERR_BUFFER_TOO_SMALL,
                 "value_size 4 is less than the property's, 0x20");
    expect_cause(zx_object_get_property(vmo, 77, buffer, 4), ZX_ERR_NOT_SUPPORTED,
                 "property 0x4d is unknown");
    expect_cause(zx_object_get_property(vmo, ZX_PROP_EXCEPTION_STATE, buffer, 4), ZX_ERR_WRONG_TYPE,
                 "objects of type 3 do not have the property");
    expect_cause(zx_object_set_property(vmo, ZX_PROP_EXCEPTION_STATE, &number, 4),
                 ZX_ERR_WRONG_TYPE, "objects of type 3 do not have the property");
    expect_cause(zx_object_set_property(vmo, ZX_PROP_VMO_CONTENT_SIZE, &number, 4),
                 ZX_ERR_BUFFER_TOO_SMALL, "value_size 4 is less than the property's, 8");
    expect_cause(zx_object_get_child(process, 7, ZX_RIGHT_SAME_RIGHTS, &out), ZX_ERR_NOT_FOUND,
                 "no child has koid 7");
    snprintf(cause, sizeof cause, "version_size 1 is less than %zu",
             strlen(zirconia_version()) + 1);
    expect_cause(zx_system_get_version(buffer, 1), ZX_ERR_BUFFER_TOO_SMALL, cause);
}
END_TEST

// --- Threads and exceptions ---

START_TEST(a_thread_that_is_refused_says_why) {
    zx_thread_state_general_regs_t registers;
    zx_handle_t thread = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    listen_to_all();
    expect_cause(zx_thread_create(zx_process_self(), "", 0, 1, &out), ZX_ERR_INVALID_ARGS,
                 "options 1 are not 0");
    expect_cause(zx_thread_create(zx_process_self(), NULL, 0, 0, &out), ZX_ERR_INVALID_ARGS,
                 "name is NULL");
    expect_cause(zx_thread_create(zx_process_self(), "", 0, 0, NULL), ZX_ERR_INVALID_ARGS,
                 "out cannot be written");
    ck_assert_int_eq(zx_thread_create(zx_process_self(), "", 0, 0, &thread), ZX_OK);
    expect_cause(zx_thread_start(thread, 1, 0, 0, 0), ZX_ERR_INVALID_ARGS,
                 "entry 1 is no address of a program");
    expect_cause(zx_thread_read_state(thread, 77, &registers, sizeof registers),
                 ZX_ERR_INVALID_ARGS, "kind 0x4d is unknown");
    expect_cause(zx_thread_read_state(thread, ZX_THREAD_STATE_SINGLE_STEP, &registers, 2),
                 ZX_ERR_BUFFER_TOO_SMALL, "buffer_size 2 is less than the state's, 4");
    expect_cause(zx_thread_read_state(thread, ZX_THREAD_STATE_SINGLE_STEP, &registers, 4),
                 ZX_ERR_BAD_STATE, "the thread is neither suspended nor in an exception");
    expect_cause(zx_task_resume(thread, 8), ZX_ERR_INVALID_ARGS, "options 8 are not known");
    expect_cause(zx_task_suspend(zx_thread_self(), &out), ZX_ERR_NOT_SUPPORTED,
                 "handle is the calling thread");
    expect_cause(zx_task_suspend(zx_process_self(), &out), ZX_ERR_NOT_SUPPORTED,
                 "handle is the caller's process");
    expect_cause(zx_task_suspend(new_vmo(0), &out), ZX_ERR_WRONG_TYPE,
                 "handle, of type 3, is no thread");
}
END_TEST

static void *give_own_handle(void *out) {
    ck_assert_int_eq(zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, out), ZX_OK);
    return NULL;
}

START_TEST(a_handler_of_exceptions_that_is_refused_says_why) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_handle_t channel = ZX_HANDLE_INVALID;
    zx_handle_t dead = ZX_HANDLE_INVALID;
    join_thread(start_thread(give_own_handle, &dead));
    listen_to_all();
    expect_cause(zx_task_create_exception_channel(zx_thread_self(), 8, &out), ZX_ERR_INVALID_ARGS,
                 "options 8 are not known");
    expect_cause(
        zx_task_create_exception_channel(zx_thread_self(), ZX_EXCEPTION_CHANNEL_DEBUGGER, &out),
        ZX_ERR_INVALID_ARGS, "a thread has no debugger of its own");
    expect_cause(zx_task_create_exception_channel(new_vmo(0), 0, &out), ZX_ERR_ACCESS_DENIED,
                 "handle lacks the rights 0x40000");
    expect_cause(zx_task_create_exception_channel(dead, 0, &out), ZX_ERR_BAD_STATE,
                 "the thread is dying or dead");
    ck_assert_int_eq(zx_task_create_exception_channel(zx_thread_self(), 0, &channel), ZX_OK);
    expect_cause(zx_task_create_exception_channel(zx_thread_self(), 0, &out), ZX_ERR_ALREADY_BOUND,
                 "the task has such a handler already");
    expect_cause(zx_channel_read(channel, 0, NULL, NULL, 0, 0, NULL, NULL), ZX_ERR_SHOULD_WAIT,
                 "no message is there");
    expect_cause(zx_channel_read(channel, 8, NULL, NULL, 0, 0, NULL, NULL), ZX_ERR_INVALID_ARGS,
                 "options 8 are not known");
}
END_TEST

// --- The decoder ---

START_TEST(bytes_that_are_not_decoded_say_why) {
    static const uint8_t half[] = {0x48, 0x8b};
    char text[64];
    zirconia_mmio_access_t access;
    const zx_vcpu_state_t state = {0};
    listen_to_all();
    expect_cause(zirconia_mmio_decode(half, 2, ZIRCONIA_CODE_64, &state, &access),
                 ZX_ERR_BUFFER_TOO_SMALL, "the instruction goes on beyond 2 bytes");
    expect_cause(zirconia_mmio_decode(half, 2, ZIRCONIA_CODE_64, NULL, &access),
                 ZX_ERR_INVALID_ARGS, "state is NULL");
    expect_cause(
        zirconia_mmio_decode((const uint8_t *)"\x90", 1, ZIRCONIA_CODE_64, &state, &access),
        ZX_ERR_NOT_SUPPORTED, "the bytes are no instruction of a known form");
    expect_cause(zirconia_disassemble(half, 2, ZIRCONIA_CODE_64, 0, text, 0, NULL),
                 ZX_ERR_INVALID_ARGS, "text_size is 0");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_vmo_that_is_refused_says_why,     a_vmo_that_cannot_become_executable_says_why,
        a_mapping_that_is_refused_says_why, a_region_that_is_refused_says_why,
        a_port_that_is_refused_says_why,    a_wait_that_is_refused_says_why,
        a_pair_that_is_refused_says_why,    a_timer_and_a_clock_that_are_refused_say_why,
        a_handle_that_is_refused_says_why,  what_an_object_does_not_tell_it_says_why,
        a_thread_that_is_refused_says_why,  a_handler_of_exceptions_that_is_refused_says_why,
        bytes_that_are_not_decoded_say_why,
    };
    return run_tests("refusals_of_objects", tests, sizeof tests / sizeof tests[0]);
}
