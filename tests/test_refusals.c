// SPDX-License-Identifier: MIT
//
// The log tells the one cause of a call that fails, with its value: here by an example for each
// check of the calls on guests and VCPUs.

#include "guest_fixture.h"
#include "refusals.h"

#include <check.h>
#include <pthread.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/coverage.h>
#include <zirconia/debug.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

// --- Guests ---

START_TEST(a_guest_that_is_refused_says_why) {
    zx_handle_t out[2];
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t other = ZX_HANDLE_INVALID;
    listen_to_all();
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    expect_cause(zx_guest_create(resource, 5, &out[0], &out[1]), ZX_ERR_INVALID_ARGS,
                 "options 5 are not 0");
    expect_cause(zx_guest_create(resource, 0, NULL, &out[1]), ZX_ERR_INVALID_ARGS,
                 "guest_handle cannot be written");
    expect_cause(zx_guest_create(resource, 0, &out[0], (zx_handle_t *)16), ZX_ERR_INVALID_ARGS,
                 "vmar_handle cannot be written");
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_MMIO, 0, 1, &other), ZX_OK);
    expect_cause(zx_guest_create(other, 0, &out[0], &out[1]), ZX_ERR_WRONG_TYPE,
                 "the resource is of kind 0, not SYSTEM or ROOT");
    ck_assert_int_eq(zirconia_resource_create(ZX_RSRC_KIND_SYSTEM, 5, 1, &other), ZX_OK);
    expect_cause(zx_guest_create(other, 0, &out[0], &out[1]), ZX_ERR_OUT_OF_RANGE,
                 "the resource does not cover base 0, the hypervisor's");
    expect_cause(zx_guest_create(3, 0, &out[0], &out[1]), ZX_ERR_BAD_HANDLE,
                 "resource is not a valid handle");
    expect_cause(zirconia_resource_create(77, 0, 1, &other), ZX_ERR_INVALID_ARGS,
                 "kind 0x4d is unknown");
    expect_cause(zirconia_resource_create(ZX_RSRC_KIND_SYSTEM, 2, UINT64_MAX, &other),
                 ZX_ERR_INVALID_ARGS, "base 2 and size 0xffffffffffffffff together pass 2^64");
}
END_TEST

#define TRAP(kind, addr, size, port, key) zx_guest_set_trap(guest, kind, addr, size, port, key)

START_TEST(a_trap_that_is_refused_says_why) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_open();
    listen_to_all();
    expect_cause(TRAP(ZX_GUEST_TRAP_MEM, 0xd0000004, 0x1000, 0, 1), ZX_ERR_INVALID_ARGS,
                 "addr 0xd0000004 is not a multiple of 0x1000");
    expect_cause(TRAP(ZX_GUEST_TRAP_MEM, 0xd0000000, 0x1001, 0, 1), ZX_ERR_INVALID_ARGS,
                 "size 0x1001 is not a multiple of 0x1000");
    expect_cause(TRAP(ZX_GUEST_TRAP_MEM, 0xd0000000, 0, 0, 1), ZX_ERR_INVALID_ARGS, "size is 0");
    expect_cause(TRAP(ZX_GUEST_TRAP_MEM, 0xfffffffff000, 0x2000, 0, 1), ZX_ERR_INVALID_ARGS,
                 "addr 0xfffffffff000 with size 0x2000 is not below 2^48");
    expect_cause(TRAP(ZX_GUEST_TRAP_IO, 0xfff0, 0x20, 0, 1), ZX_ERR_OUT_OF_RANGE,
                 "addr 0xfff0 with size 0x20 is not below port 0xffff");
    expect_cause(TRAP(ZX_GUEST_TRAP_IO, 0xfff0, 0, 0, 1), ZX_ERR_OUT_OF_RANGE, "size is 0");
    expect_cause(TRAP(9, 0, 0x1000, 0, 1), ZX_ERR_INVALID_ARGS, "kind 9 is unknown");
    expect_cause(TRAP(ZX_GUEST_TRAP_BELL, 0, 0x1000, 0, 1), ZX_ERR_INVALID_ARGS,
                 "a bell has no port_handle");
    expect_cause(TRAP(ZX_GUEST_TRAP_IO, 0, 1, port, 1), ZX_ERR_INVALID_ARGS,
                 "a trap other than a bell has a port_handle");
    trap(ZX_GUEST_TRAP_IO, 0x40, 4, ZX_HANDLE_INVALID, 1);
    expect_cause(TRAP(ZX_GUEST_TRAP_IO, 0x3e, 4, 0, 1), ZX_ERR_ALREADY_EXISTS,
                 "the trap meets the one at 0x40");
    expect_cause(TRAP(ZX_GUEST_TRAP_IO, 0x43, 4, 0, 1), ZX_ERR_ALREADY_EXISTS,
                 "the trap meets the one at 0x40");
    expect_cause(TRAP(ZX_GUEST_TRAP_IO, 0x40, 1, 0, 1), ZX_ERR_ALREADY_EXISTS,
                 "the trap meets the one at 0x40");
}
END_TEST

// --- VCPUs ---

static void *use_elsewhere(void *thread_koid) {
    char cause[80];
    zx_vcpu_state_t state;
    zx_port_packet_t packet;
    snprintf(cause, sizeof cause, "the VCPU belongs to another thread, of koid 0x%x",
             *(unsigned *)thread_koid);
    expect_cause(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), ZX_ERR_BAD_STATE,
                 cause);
    memset(&state, 0, sizeof state);
    expect_cause(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), ZX_ERR_BAD_STATE,
                 cause);
    expect_cause(zx_vcpu_enter(vcpu, &packet), ZX_ERR_BAD_STATE, cause);
    expect_cause(zx_vcpu_resume(vcpu, &packet), ZX_ERR_BAD_STATE, cause);
    return NULL;
}

START_TEST(a_vcpu_of_another_thread_says_whose_it_is) {
    zx_info_handle_basic_t info;
    pthread_t other;
    guest_start("spin");
    ck_assert_int_eq(
        zx_object_get_info(zx_thread_self(), ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL),
        ZX_OK);
    unsigned koid = (unsigned)info.koid;
    listen_to_all();
    ck_assert_int_eq(pthread_create(&other, NULL, use_elsewhere, &koid), 0);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
}
END_TEST

START_TEST(a_vcpu_that_is_refused_says_why) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_vcpu_state_t state = {0};
    zx_vcpu_io_t io = {.access_size = 3};
    guest_open();
    listen_to_all();
    expect_cause(zx_vcpu_create(guest, 1, 0, &out), ZX_ERR_INVALID_ARGS, "options 1 are not 0");
    expect_cause(zx_vcpu_create(guest, 0, 1ull << 48, &out), ZX_ERR_INVALID_ARGS,
                 "entry 0x1000000000000 is not below 2^48");
    guest_close();
    guest_start("spin");
    expect_cause(zx_vcpu_create(guest, 0, 0, &out), ZX_ERR_BAD_STATE,
                 "the thread has a live VCPU already");
    expect_cause(zx_vcpu_interrupt(vcpu, 256), ZX_ERR_OUT_OF_RANGE, "vector 0x100 is above 255");
    expect_cause(zx_vcpu_read_state(vcpu, 7, &state, sizeof state), ZX_ERR_INVALID_ARGS,
                 "kind 7 is unknown");
    expect_cause(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, 8), ZX_ERR_INVALID_ARGS,
                 "buffer_size 8 is not the size of kind 0");
    expect_cause(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, NULL, sizeof state), ZX_ERR_INVALID_ARGS,
                 "buffer cannot be written");
    expect_cause(zx_vcpu_write_state(vcpu, 7, &state, sizeof state), ZX_ERR_INVALID_ARGS,
                 "kind 7 is unknown");
    expect_cause(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, 3), ZX_ERR_INVALID_ARGS,
                 "buffer_size 3 is not the size of kind 1");
    expect_cause(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_ERR_INVALID_ARGS,
                 "access_size 3 is not 1, 2 or 4");
    expect_cause(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, NULL, sizeof io), ZX_ERR_INVALID_ARGS,
                 "buffer cannot be read");
    expect_cause(zirconia_guest_use_virtual_time(guest), ZX_ERR_BAD_STATE,
                 "the guest has had a VCPU already");
    expect_cause(zirconia_guest_set_budget(guest, 1), ZX_ERR_BAD_STATE,
                 "the guest is not in virtual time");
}
END_TEST

// --- Runs ---

START_TEST(a_run_that_ends_says_why) {
    static const struct {
        const char *code;
        size_t size;
        zx_status_t status;
        const char *cause;
    } cases[] = {
        {"\xe4\x80", 2, ZX_ERR_NOT_FOUND, "IN from port 0x80, which no trap covers"},
        {"\x6e", 1, ZX_ERR_NOT_SUPPORTED,
         "OUT to port 0 by a string instruction, which Zircon does not handle"},
        {"\xa0\0\0\0\x02\0\0\0\0", 9, ZX_ERR_NOT_FOUND,
         "read of guest-physical 0x2000000, where no mapping and no trap is"},
        {"\x0f\x01\xc2", 3, ZX_ERR_NOT_SUPPORTED,
         "an instruction or a task gate that nobody handles"},
        {"\x0f\x0b", 2, ZX_ERR_NOT_SUPPORTED, "a triple fault"},
        {"\x0f\x01\xd1", 3, ZX_ERR_INVALID_ARGS, "XSETBV of 0, which XCR0 does not take"},
        {"\xb9\x01\0\0\0\x0f\x01\xd1", 8, ZX_ERR_INVALID_ARGS,
         "XSETBV of XCR1, which there is not"},
        {"\xb8\0\0\0\x01\xb9\x1b\0\0\0\x31\xd2\x0f\x30", 14, ZX_ERR_INVALID_ARGS,
         "WRMSR of 0x1000000 to IA32_APIC_BASE, which does not change"},
        {"\xb8\x23\0\0\0\xb9\xe0\x06\0\0\x31\xd2\x0f\x30", 14, ZX_ERR_INVALID_ARGS,
         "WRMSR of 0x23 to IA32_TSC_DEADLINE: the timer is in another mode"},
        {"\xb8\0\0\x06\0\xb9\x32\x08\0\0\x31\xd2\x0f\x30", 14, ZX_ERR_INVALID_ARGS,
         "WRMSR of 0x60000 to the LVT timer: its mode is reserved"},
        {"\xb8\0\x0f\0\0\xb9\x30\x08\0\0\x31\xd2\x0f\x30", 14, ZX_ERR_NOT_SUPPORTED,
         "WRMSR of 0xf00 to the ICR: a logical destination, which Zircon does not handle"},
        {"\xb8\xf9\xef\xff\0\xb9\x01\x4d\x56\x4b\x31\xd2\x0f\x30", 14, ZX_ERR_OUT_OF_RANGE,
         "the clock's page at 0xffeff8 passes its mapping's end"},
        {"\xb8\0\x02\0\0\xb9\x30\x08\0\0\x31\xd2\x0f\x30", 14, ZX_ERR_NOT_SUPPORTED,
         "WRMSR of 0x200 to the ICR: a delivery mode that Zircon does not handle"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        zx_port_packet_t packet;
        guest_start("spin");
        memory_write(ENTRY, cases[i].code, cases[i].size);
        listen_to_all();
        expect_cause(zx_vcpu_enter(vcpu, &packet), cases[i].status, cases[i].cause);
        guest_close();
        guest_start("spin");
        memory_write(ENTRY, cases[i].code, cases[i].size);
        expect_cause(zx_vcpu_resume(vcpu, &packet), cases[i].status, cases[i].cause);
        guest_close();
    }
}
END_TEST

START_TEST(a_run_whose_budget_is_spent_says_so) {
    zx_port_packet_t packet;
    guest_open();
    listen_to_all();
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    guest_load("spin", ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    const zx_vcpu_state_t state = {.rflags = 2};
    write_state(&state);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 100), ZX_OK);
    expect_cause(zx_vcpu_enter(vcpu, &packet), ZX_ERR_TIMED_OUT, "the guest's budget is spent");
    expect_cause(zx_vcpu_resume(vcpu, &packet), ZX_ERR_TIMED_OUT, "the guest's budget is spent");
}
END_TEST

START_TEST(a_run_that_is_stopped_from_outside_says_by_what) {
    zx_port_packet_t packet;
    guest_start("spin");
    listen_to_all();
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    expect_cause(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED, "the VCPU was kicked");
    ck_assert_int_eq(zirconia_vcpu_stop(vcpu), ZX_OK);
    expect_cause(zx_vcpu_enter(vcpu, &packet), ZX_ERR_STOP, "the VCPU has stopped for a debugger");
    ck_assert_int_eq(zirconia_vcpu_stop(vcpu), ZX_OK);
    expect_cause(zx_vcpu_resume(vcpu, &packet), ZX_ERR_STOP, "the VCPU has stopped for a debugger");
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 22), ZX_OK);
    expect_cause(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_SUPPORTED,
                 "vector 0x16 is pending, which is an exception's");
}
END_TEST

// --- Debuggers, coverage and snapshots ---

static zx_handle_t snapshot;

static bool write_nothing(void *context, const void *bytes, size_t size) {
    (void)context;
    (void)bytes;
    (void)size;
    return false;
}

START_TEST(a_debugger_of_a_guest_without_a_vcpu_is_told_so) {
    static const char cause[] = "the guest has no VCPU";
    uint64_t word = 0;
    zirconia_physical_t physical;
    const zirconia_watchpoint_t watchpoint = {.address = 0x1000, .size = 8};
    guest_open();
    listen_to_all();
    expect_cause(zirconia_guest_read_memory(guest, 0, &word, 8), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_guest_write_memory(guest, 0, &word, 8), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_guest_find_physical(guest, 0, &physical), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_guest_set_breakpoints(guest, &word, 1), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_guest_set_watchpoints(guest, &watchpoint, 1), ZX_ERR_BAD_STATE, cause);
}
END_TEST

// The body of a thread: waits until the VCPU runs, and ends its run.
static void *look_while_it_runs(void *unused) {
    static const char cause[] = "a VCPU of the guest is in a run call";
    zirconia_stop_t stop;
    zirconia_walk_t walk;
    zirconia_registers_t registers = {0};
    zirconia_interrupts_t interrupts;
    uint64_t word = 0;
    zx_status_t status = ZX_OK;
    while (status == ZX_OK) {
        status = zirconia_vcpu_read_stop(vcpu, &stop);
    }
    expect_cause(status, ZX_ERR_BAD_STATE, "the VCPU is in a run call");
    expect_cause(zirconia_vcpu_read_registers(vcpu, &registers), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_vcpu_write_registers(vcpu, &registers), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_vcpu_read_interrupts(vcpu, &interrupts), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_vcpu_find_linear(vcpu, 0, &word), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_vcpu_walk_linear(vcpu, 0, &walk), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_vcpu_set_stepping(vcpu, 1), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_guest_restore(guest, snapshot), ZX_ERR_BAD_STATE, cause);
    expect_cause(zirconia_snapshot_save(guest, snapshot, write_nothing, NULL), ZX_ERR_BAD_STATE,
                 cause);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    return unused;
}

START_TEST(a_debugger_of_a_guest_that_runs_is_told_so) {
    pthread_t other;
    zx_port_packet_t packet;
    guest_start("spin");
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &snapshot), ZX_OK);
    listen_to_all();
    ck_assert_int_eq(pthread_create(&other, NULL, look_while_it_runs, NULL), 0);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
}
END_TEST

START_TEST(a_debugger_that_asks_for_too_much_is_told_so) {
    uint64_t word = 0;
    zirconia_watchpoint_t watchpoint = {.address = 0x1000, .size = 8};
    zirconia_address_range_t range = {0};
    char cause[64];
    guest_open();
    listen_to_all();
    snprintf(cause, sizeof cause, "count 0x10000 is above 0x%x",
             (unsigned)ZIRCONIA_BREAKPOINTS_MAX);
    expect_cause(zirconia_guest_set_breakpoints(guest, &word, 0x10000), ZX_ERR_OUT_OF_RANGE, cause);
    snprintf(cause, sizeof cause, "count 0x10000 is above 0x%x",
             (unsigned)ZIRCONIA_WATCHPOINTS_MAX);
    expect_cause(zirconia_guest_set_watchpoints(guest, &watchpoint, 0x10000), ZX_ERR_OUT_OF_RANGE,
                 cause);
    snprintf(cause, sizeof cause, "count 0x10000 is above 0x%x",
             (unsigned)ZIRCONIA_COVERAGE_RANGES_MAX);
    expect_cause(zirconia_guest_set_coverage_ranges(guest, &range, 0x10000), ZX_ERR_OUT_OF_RANGE,
                 cause);
    expect_cause(zirconia_guest_write_memory(guest, 1ull << 48, &word, 8), ZX_ERR_OUT_OF_RANGE,
                 "address 0x1000000000000 with size 8 does not end below 2^48");
}
END_TEST

START_TEST(a_call_of_a_debugger_that_is_refused_says_why) {
    uint64_t word = 0;
    zirconia_physical_t physical;
    zirconia_watchpoint_t watchpoint = {.address = 0x1000, .size = 9};
    guest_start("spin");
    listen_to_all();
    expect_cause(zirconia_guest_read_memory(guest, 1ull << 48, &word, 8), ZX_ERR_OUT_OF_RANGE,
                 "address 0x1000000000000 with size 8 does not end below 2^48");
    expect_cause(zirconia_guest_read_memory(guest, 0x2000000, &word, 8), ZX_ERR_NOT_FOUND,
                 "guest-physical 0x2000000 has no memory");
    expect_cause(zirconia_guest_write_memory(guest, 0x2000000, &word, 8), ZX_ERR_NOT_FOUND,
                 "guest-physical 0x2000000 has no memory that may be written");
    expect_cause(zirconia_guest_read_memory(guest, 0, NULL, 8), ZX_ERR_INVALID_ARGS,
                 "buffer cannot be written");
    expect_cause(zirconia_guest_find_physical(guest, 1ull << 48, &physical), ZX_ERR_OUT_OF_RANGE,
                 "address 0x1000000000000 with size 1 does not end below 2^48");
    expect_cause(zirconia_vcpu_find_linear(vcpu, 0x4000000000, &word), ZX_ERR_NOT_FOUND,
                 "linear 0x4000000000 is not mapped");
    expect_cause(zirconia_guest_set_watchpoints(guest, &watchpoint, 1), ZX_ERR_INVALID_ARGS,
                 "a watchpoint at 0x1000 of size 9 is not of 1 to 8 bytes below 2^48");
    watchpoint.kind = 9;
    expect_cause(zirconia_guest_set_watchpoints(guest, &watchpoint, 1), ZX_ERR_INVALID_ARGS,
                 "kind 9 of a watchpoint is unknown");
    expect_cause(zirconia_vcpu_set_stepping(vcpu, 2), ZX_ERR_INVALID_ARGS, "stepping 2 is above 1");
}
END_TEST

START_TEST(coverage_that_is_refused_says_why) {
    static uint8_t map[ZIRCONIA_COVERAGE_SIZE_MIN];
    const zirconia_address_range_t range = {.first = 9, .last = 8};
    guest_open();
    listen_to_all();
    expect_cause(zirconia_guest_set_coverage(guest, 0x80, map, sizeof map), ZX_ERR_INVALID_ARGS,
                 "options 0x80 are not known");
    expect_cause(zirconia_guest_set_coverage(guest, 0, map, 3), ZX_ERR_INVALID_ARGS,
                 "size 3 is not a power of two in the range for maps");
    expect_cause(zirconia_guest_set_coverage_ranges(guest, &range, 1), ZX_ERR_INVALID_ARGS,
                 "a range from 9 to 8 ends before it begins");
}
END_TEST

START_TEST(a_snapshot_that_is_refused_says_why) {
    static const uint64_t zeros[512];
    zx_handle_t out = ZX_HANDLE_INVALID;
    guest_open();
    listen_to_all();
    expect_cause(zirconia_guest_snapshot(guest, 0, &out), ZX_ERR_BAD_STATE,
                 "the guest has no VCPU");
    guest_close();
    guest_start("spin");
    expect_cause(zirconia_guest_snapshot(guest, 0x80, &out), ZX_ERR_INVALID_ARGS,
                 "options 0x80 are not known");
    expect_cause(zirconia_snapshot_load(guest, 0, zeros, sizeof zeros, &out),
                 ZX_ERR_IO_DATA_INTEGRITY, "bytes are no snapshot's file");
    expect_cause(zirconia_snapshot_load(guest, 0, zeros, 4, &out), ZX_ERR_IO_DATA_INTEGRITY,
                 "bytes end before the file does");
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &snapshot), ZX_OK);
    expect_cause(zirconia_snapshot_save(guest, snapshot, NULL, NULL), ZX_ERR_INVALID_ARGS,
                 "write is NULL");
    expect_cause(zirconia_snapshot_save(guest, snapshot, write_nothing, NULL), ZX_ERR_CANCELED,
                 "the callback returned false");
    trap(ZX_GUEST_TRAP_IO, 0x40, 4, ZX_HANDLE_INVALID, 1);
    expect_cause(zirconia_guest_restore(guest, snapshot), ZX_ERR_BAD_STATE,
                 "the guest has 2 traps, and had 1");
    expect_cause(zirconia_guest_set_devices(guest, 8, NULL, NULL, NULL), ZX_ERR_INVALID_ARGS,
                 "size 8 comes without both callbacks");
    expect_cause(zirconia_guest_note_store(guest, 1ull << 48, 1), ZX_ERR_OUT_OF_RANGE,
                 "address 0x1000000000000 with length 1 does not end below 2^48");
}
END_TEST

// --- What is no cause ---

START_TEST(a_cause_is_that_of_its_own_call_alone) {
    zx_handle_t event = ZX_HANDLE_INVALID;
    guest_open();
    ck_assert_int_eq(TRAP(ZX_GUEST_TRAP_MEM, 4, 0x1000, 0, 1), ZX_ERR_INVALID_ARGS);
    listen_to_all(); // Nobody listened to the call before.
    expect_cause(TRAP(ZX_GUEST_TRAP_MEM, 8, 0x1000, 0, 1), ZX_ERR_INVALID_ARGS,
                 "addr 8 is not a multiple of 0x1000");
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    expect_cause(zx_guest_set_trap(event, 0, 0, 0x1000, 0, 1), ZX_ERR_WRONG_TYPE,
                 "handle is not of type GUEST");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_guest_that_is_refused_says_why,
        a_trap_that_is_refused_says_why,
        a_vcpu_of_another_thread_says_whose_it_is,
        a_vcpu_that_is_refused_says_why,
        a_run_that_ends_says_why,
        a_run_whose_budget_is_spent_says_so,
        a_run_that_is_stopped_from_outside_says_by_what,
        a_debugger_of_a_guest_without_a_vcpu_is_told_so,
        a_debugger_of_a_guest_that_runs_is_told_so,
        a_debugger_that_asks_for_too_much_is_told_so,
        a_call_of_a_debugger_that_is_refused_says_why,
        coverage_that_is_refused_says_why,
        a_snapshot_that_is_refused_says_why,
        a_cause_is_that_of_its_own_call_alone,
    };
    return run_tests("refusals", tests, sizeof tests / sizeof tests[0]);
}
