// SPDX-License-Identifier: MIT
//
// A client of one era, built for each: a guest that runs, its packets, traps, ports, waits, memory
// and the suspension of a thread, as that time had them (docs/abi-notes.md). What an era has in
// detail is in the tests of the families.

#include "handles.h"
#include "run_tests.h"
#include "thread_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

enum { MEMORY = 0x400000, ENTRY = 0x10000, TRAPPED = 0x500000, RUNG = 0x600000 };

static zx_handle_t guest;
static zx_handle_t memory;
static zx_handle_t vcpu;
static zx_handle_t port;

// --- The forms that changed ---

static zx_handle_t resource(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_hypervisor_resource(&handle), ZX_OK);
    return handle;
}

static void make_guest(void) {
#if ZIRCONIA_ERA < 201812
    ck_assert_int_eq(zx_guest_create(resource(), 0, memory, &guest), ZX_OK);
#else
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 1;
#if ZIRCONIA_ERA >= 202104
    ck_assert_int_eq(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory), ZX_OK);
#endif
    ck_assert_int_eq(zx_guest_create(resource(), 0, &guest, &vmar), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0, memory, 0, MEMORY, &address), ZX_OK);
#endif
}

static zx_status_t map(zx_vm_option_t options, size_t offset, size_t size, zx_vaddr_t *address) {
#if ZIRCONIA_ERA < 201812
    return zx_vmar_map(zx_vmar_root_self(), offset, memory, 0, size, options, address);
#else
    return zx_vmar_map(zx_vmar_root_self(), options, offset, memory, 0, size, address);
#endif
}

static zx_status_t run(zx_port_packet_t *packet) {
#if ZIRCONIA_ERA < 202209
    return zx_vcpu_resume(vcpu, packet);
#else
    return zx_vcpu_enter(vcpu, packet);
#endif
}

// --- The guest ---

static void load(void) {
    static uint8_t program[0x1000];
    const uint64_t level_four = 0x1000 | 7; // Present, writable, user.
    const uint64_t level_three = 0x87;      // The same, and a page of 1 GiB.
    char path[512];
    (void)snprintf(path, sizeof path, "%s/eras.bin", ZIRCONIA_GUEST_DIR);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    const size_t size = fread(program, 1, sizeof program, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(zx_vmo_create(MEMORY, 0, &memory), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(memory, &level_four, 0, sizeof level_four), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(memory, &level_three, 0x1000, sizeof level_three), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(memory, program, ENTRY, size), ZX_OK);
}

static void start(void) {
    const zx_vcpu_state_t state = {.rdi = TRAPPED + 8, .rsi = RUNG + 1};
    load();
    make_guest();
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 0x10, 1, 0, 10), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, TRAPPED, 0x1000, 0, 20), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_BELL, RUNG, 0x1000, port, 30), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
}

static zx_port_packet_t next(uint32_t type, uint64_t key) {
    zx_port_packet_t packet;
    memset(&packet, 0xa5, sizeof packet);
    ck_assert_int_eq(run(&packet), ZX_OK);
    ck_assert_uint_eq(packet.type, type);
    ck_assert_uint_eq(packet.key, key);
    ck_assert_int_eq(packet.status, ZX_OK);
    return packet;
}

static void check_store(const zx_port_packet_t *packet) {
    ck_assert_uint_eq(packet->guest_mem.addr, TRAPPED + 8);
    ck_assert_uint_eq(packet->guest_mem.default_operand_size, 4);
#if ZIRCONIA_ERA < 202209
    const uint8_t store[15] = {0x48, 0x89, 0x07};
    ck_assert_uint_eq(packet->guest_mem.inst_len, 3);
    ck_assert_mem_eq(packet->guest_mem.inst_buf, store, sizeof store);
#else
    ck_assert_uint_eq(packet->guest_mem.instruction_size, 3);
    ck_assert_uint_eq(packet->guest_mem.rip, ENTRY + 4);
    ck_assert_uint_eq(packet->guest_mem.cr3, 0);
#endif
}

START_TEST(a_guest_runs_and_its_packets_are_those_of_the_time) {
    start();
    for (int i = 0; i < 3; i++) {
        const zx_port_packet_t output = next(ZX_PKT_TYPE_GUEST_IO, 10);
        ck_assert_uint_eq(output.guest_io.port, 0x10);
        ck_assert_uint_eq(output.guest_io.u8, 0x5a);
        const zx_port_packet_t stored = next(ZX_PKT_TYPE_GUEST_MEM, 20);
        check_store(&stored);
        const zx_port_packet_t asked = next(ZX_PKT_TYPE_GUEST_VCPU, 0);
        ck_assert_uint_eq(asked.guest_vcpu.type, ZX_PKT_GUEST_VCPU_INTERRUPT);
        ck_assert_uint_eq(asked.guest_vcpu.interrupt.mask, 0xfffffffe);
        ck_assert_uint_eq(asked.guest_vcpu.interrupt.vector, 0x41);
        zx_port_packet_t rung;
        ck_assert_int_eq(zx_port_wait(port, 0, &rung), ZX_OK);
        ck_assert_uint_eq(rung.type, ZX_PKT_TYPE_GUEST_BELL);
        ck_assert_uint_eq(rung.guest_bell.addr, RUNG + 1);
    }
}
END_TEST

START_TEST(traps_meet_only_before_2022) {
    const bool may_meet = ZIRCONIA_ERA < 202209;
    start();
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, TRAPPED - 0x1000, 0x2000, 0, 1),
                     may_meet ? ZX_OK : ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, TRAPPED, 0x1000, 0, 1),
                     ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(zx_guest_set_trap(guest, 9, SIZE_MAX, 2, 0, 1),
                     may_meet ? ZX_ERR_OUT_OF_RANGE : ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(vcpus_are_as_the_time_has_them) {
    zx_handle_t another = ZX_HANDLE_INVALID;
    zx_vcpu_io_t answer = {.access_size = 3, .u32 = 7};
    start();
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &another),
                     ZIRCONIA_ERA < 202104 ? ZX_OK : ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 256),
                     ZIRCONIA_ERA >= 201812 && ZIRCONIA_ERA < 202209 ? ZX_OK : ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &answer, sizeof answer),
                     ZIRCONIA_ERA < 202104 ? ZX_OK : ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(new_handles_have_the_rights_of_the_time) {
    zx_handle_t event = ZX_HANDLE_INVALID;
    zx_handle_t timer = ZX_HANDLE_INVALID;
    load(); // Before it becomes executable.
    const zx_rights_t vmo = rights_of(memory);
    make_guest();
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
#if ZIRCONIA_ERA < 201812
    const zx_rights_t rights[] = {0xd0ff, 0xc00b, 0xd00f, 0xd00f};
#elif ZIRCONIA_ERA < 202104
    const zx_rights_t rights[] = {0xd0ff, 0x2800b, 0xd003, 0xd00b};
#elif ZIRCONIA_ERA < 202209
    const zx_rights_t rights[] = {0xd0ef, 0x2800b, 0xd003, 0xd00b};
#else
    const zx_rights_t rights[] = {0xd0ef, 0x4800b, 0xd003, 0xd00b};
#endif
    ck_assert_uint_eq(vmo, rights[0]);
    ck_assert_uint_eq(rights_of(guest), rights[1]);
    ck_assert_uint_eq(rights_of(event), rights[2]);
    ck_assert_uint_eq(rights_of(timer), rights[3]);
    ck_assert_uint_eq(rights_of(guest), ZX_DEFAULT_GUEST_RIGHTS);
    ck_assert_uint_eq(vmo, ZX_DEFAULT_VMO_RIGHTS);
}
END_TEST

START_TEST(a_handle_of_another_type_without_rights_is_refused_in_the_order_of_the_time) {
    zx_handle_t mute = ZX_HANDLE_INVALID;
    load();
    ck_assert_int_eq(zx_handle_duplicate(memory, 0, &mute), ZX_OK);
    const zx_status_t status = ZIRCONIA_ERA < 202104 ? ZX_ERR_ACCESS_DENIED : ZX_ERR_WRONG_TYPE;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(mute, 0, &packet), status);
    ck_assert_int_eq(zx_timer_cancel(mute), status);
    ck_assert_int_eq(zx_thread_start(mute, 0, 0, 0, 0), status);
    ck_assert_int_eq(zx_vcpu_interrupt(mute, 1), status);
}
END_TEST

START_TEST(a_port_takes_as_many_packets_as_it_did) {
    const size_t limit = ZIRCONIA_ERA < 202104 ? 2049 : 4097;
    const zx_port_packet_t packet = {.key = 1};
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    for (size_t i = 0; i < limit; i++) {
        ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    }
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_ERR_SHOULD_WAIT);
}
END_TEST

START_TEST(waits_are_those_of_the_time) {
    zx_handle_t event = ZX_HANDLE_INVALID;
    zx_wait_item_t items[64] = {{0}};
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    ck_assert_int_eq(zx_object_signal(event, 0, ZX_USER_SIGNAL_0), ZX_OK);
    for (size_t i = 0; i < 64; i++) {
        items[i] = (zx_wait_item_t){.handle = event, .waitfor = ZX_USER_SIGNAL_0};
    }
    ck_assert_int_eq(zx_object_wait_many(items, ZX_WAIT_MANY_MAX_ITEMS, 0), ZX_OK);
    ck_assert_int_eq(zx_object_wait_many(items, 65, 0), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_object_wait_many(items, 17, 0),
                     ZIRCONIA_ERA < 202104 ? ZX_ERR_OUT_OF_RANGE : ZX_OK);
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_object_wait_async(event, port, 1, ZX_USER_SIGNAL_0, 1), ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZIRCONIA_ERA < 202104 ? 2 : ZX_PKT_TYPE_SIGNAL_ONE);
    ck_assert_int_eq(zx_object_wait_async(event, port, 1, ZX_USER_SIGNAL_0, 2),
                     ZIRCONIA_ERA < 202104 ? ZX_ERR_INVALID_ARGS : ZX_OK);
}
END_TEST

START_TEST(a_deadline_of_infinity_never_comes) {
    zx_handle_t timer = ZX_HANDLE_INVALID;
    zx_signals_t observed = 0;
    ck_assert_int_eq(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &timer), ZX_OK);
    ck_assert_int_eq(zx_timer_set(timer, ZX_TIME_INFINITE, 0), ZX_OK);
    ck_assert_int_eq(zx_object_wait_one(timer, ZX_TIMER_SIGNALED, 0, &observed), ZX_ERR_TIMED_OUT);
    ck_assert(zx_deadline_after(ZX_TIME_INFINITE) == ZX_TIME_INFINITE);
    ck_assert_int_eq(zx_timer_set(timer, 1, 0), ZX_OK);
    ck_assert_int_eq(zx_object_wait_one(timer, ZX_TIMER_SIGNALED, ZX_TIME_INFINITE, &observed),
                     ZX_OK);
}
END_TEST

START_TEST(memory_is_as_the_time_has_it) {
    zx_info_vmar_t root;
    zx_vaddr_t address = 0;
    zx_vaddr_t other = 0;
    load();
    ck_assert_int_eq(
        zx_object_get_info(zx_vmar_root_self(), ZX_INFO_VMAR, &root, sizeof root, NULL, NULL),
        ZX_OK);
    ck_assert_int_eq(map(ZX_VM_PERM_READ, 0, 0x1000, &address), ZX_OK);
    ck_assert_int_eq(map(ZX_VM_PERM_READ | ZX_VM_SPECIFIC, address - root.base, 0x1000, &other),
                     ZIRCONIA_ERA < 202209 ? ZX_ERR_NO_MEMORY : ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(map(1u << 12 | ZX_VM_PERM_READ, 0, 0x1000, &other),
                     ZIRCONIA_ERA < 202104 ? ZX_ERR_INVALID_ARGS : ZX_OK);
    ck_assert_int_eq(zx_vmo_set_size(memory, 2 * MEMORY),
                     ZIRCONIA_ERA < 202104 ? ZX_OK : ZX_ERR_UNAVAILABLE);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), address, 0x1000), ZX_OK);
}
END_TEST

START_TEST(what_tells_of_an_object_has_the_size_of_the_time) {
    zx_info_process_t process;
    zx_info_handle_basic_t basic;
    size_t actual = 0;
    load();
    ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS, &process,
                                        sizeof process, &actual, NULL),
                     ZX_OK);
    ck_assert_uint_eq(actual, 1);
    ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS, &process,
                                        sizeof process - 1, NULL, NULL),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(
        zx_object_get_info(memory, ZX_INFO_HANDLE_BASIC, &basic, sizeof basic, NULL, NULL), ZX_OK);
#if ZIRCONIA_ERA < 202104
    ck_assert_uint_eq(basic.props, ZX_OBJ_PROP_WAITABLE);
    ck_assert(process.started && !process.exited);
#else
    ck_assert_uint_eq(basic.reserved, 0);
#endif
    char value[32];
    ck_assert_int_eq(zx_object_get_property(memory, 99, value, sizeof value),
                     ZIRCONIA_ERA < 202209 ? ZX_ERR_INVALID_ARGS : ZX_ERR_NOT_SUPPORTED);
}
END_TEST

// --- Suspension ---

static _Atomic(uint64_t) counter;

static void suspend_and_resume(zx_handle_t thread) {
#ifdef ZIRCONIA_SUSPENDS_ALONE
    ck_assert_int_eq(zx_task_suspend(thread), ZX_OK);
    ck_assert_int_eq(zx_task_suspend(thread), ZX_OK); // No second one.
    until(thread, ZX_THREAD_SUSPENDED);
    assert_stands_still(&counter);
    ck_assert_int_eq(zx_task_resume(thread, 0), ZX_OK);
#else
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(thread, &token), ZX_OK);
    until(thread, ZX_THREAD_SUSPENDED);
    assert_stands_still(&counter);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
#endif
    until(thread, ZX_THREAD_RUNNING);
    until_counted(&counter);
}

START_TEST(a_thread_is_suspended_by_the_call_of_the_time) {
    struct worker worker = worker_run(count_for_ever, &counter);
    until_counted(&counter);
    suspend_and_resume(worker.handle);
    zx_handle_t token = ZX_HANDLE_INVALID;
    struct worker new = worker_new();
#ifdef ZIRCONIA_SUSPENDS_ALONE
    ck_assert_int_eq(zx_task_suspend_token(new.handle, &token), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_suspend_token(zx_process_self(), &token), ZX_ERR_WRONG_TYPE);
#else
    ck_assert_int_eq(zx_task_suspend_token(new.handle, &token), ZX_OK);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    ck_assert_int_eq(zx_task_suspend_token(zx_thread_self(), &token), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_task_suspend_token(zx_process_self(), &token), ZX_ERR_NOT_SUPPORTED);
#endif
    ck_assert_int_eq(zx_handle_close(new.handle), ZX_OK);
    free(new.stack);
    worker_end(&worker);
}
END_TEST

START_TEST(a_stopped_thread_shows_the_registers_of_the_time) {
    struct worker worker = worker_run(count_for_ever, &counter);
    zx_thread_state_general_regs_t registers;
    zx_thread_state_single_step_t step = 9;
    zx_handle_t token = ZX_HANDLE_INVALID;
    until_counted(&counter);
    ck_assert_int_eq(zx_task_suspend_token(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(zx_thread_read_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, &registers,
                                          sizeof registers),
                     ZX_OK);
    ck_assert_int_eq(zx_thread_read_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, &registers,
                                          sizeof registers - 1),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(
        zx_thread_read_state(worker.handle, ZX_THREAD_STATE_SINGLE_STEP, &step, sizeof step),
        ZX_OK);
    ck_assert_uint_eq(step, 0);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    worker_end(&worker);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_guest_runs_and_its_packets_are_those_of_the_time,
        traps_meet_only_before_2022,
        vcpus_are_as_the_time_has_them,
        new_handles_have_the_rights_of_the_time,
        a_handle_of_another_type_without_rights_is_refused_in_the_order_of_the_time,
        a_port_takes_as_many_packets_as_it_did,
        waits_are_those_of_the_time,
        a_deadline_of_infinity_never_comes,
        memory_is_as_the_time_has_it,
        what_tells_of_an_object_has_the_size_of_the_time,
        a_thread_is_suspended_by_the_call_of_the_time,
        a_stopped_thread_shows_the_registers_of_the_time,
    };
    return run_tests("eras", tests, sizeof tests / sizeof tests[0]);
}
