// SPDX-License-Identifier: MIT
//
// What tests of the calls for debuggers (zirconia/debug.h) share: the guest of guests/debug.asm, or
// another one, whose cases are lists of the addresses that are come to.

#ifndef TESTS_DEBUGGER_FIXTURE_H
#define TESTS_DEBUGGER_FIXTURE_H

#include "snapshot_fixture.h"

#include <zircon/process.h>
#include <zirconia/debug.h>
#include <zirconia/virtual_time.h>

#define LISTS 0x18000u
#define BELL 0x400000u
#define PORT 0x10u
#define DATA 0x300000u

enum { STRAIGHT, EXITS, EVENTS, HALTED, WATCHED };

static zx_handle_t port;

static inline void open_guest(const char *program, uint64_t number, bool virtual_time) {
    guest_open();
    guest_load(program, ENTRY);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, 1);
    trap(ZX_GUEST_TRAP_BELL, BELL + 0x2000, 0x1000, port, 2);
    trap(ZX_GUEST_TRAP_IO, PORT, 1, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = number;
    write_state(&state);
}

static inline void close_guest(void) {
    zx_handle_close(port);
    guest_close();
}

static inline void set_stepping(uint32_t stepping) {
    ck_assert_int_eq(zirconia_vcpu_set_stepping(vcpu, stepping), ZX_OK);
}

static inline zirconia_registers_t registers_of_vcpu(void) {
    zirconia_registers_t registers;
    ck_assert_int_eq(zirconia_vcpu_read_registers(vcpu, &registers), ZX_OK);
    return registers;
}

static inline zirconia_stop_t stop_of_vcpu(void) {
    zirconia_stop_t stop;
    ck_assert_int_eq(zirconia_vcpu_read_stop(vcpu, &stop), ZX_OK);
    return stop;
}

static inline zx_status_t step(void) {
    zx_port_packet_t packet;
    const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
    if (status == ZX_ERR_STOP) {
        ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_STEP);
    }
    return status;
}

static inline void break_at(uint64_t address) {
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, &address, 1), ZX_OK);
}

static inline void no_breakpoints(void) {
    ck_assert_int_eq(zirconia_guest_set_breakpoints(guest, NULL, 0), ZX_OK);
}

static inline void stops_at(uint64_t address) {
    enter_fails(ZX_ERR_STOP);
    ck_assert_uint_eq(stop_of_vcpu().cause, ZIRCONIA_STOP_BREAKPOINT);
    ck_assert_uint_eq(registers_of_vcpu().rip, address);
}

// To the first instruction of a case.
static inline uint64_t start_case(uint64_t number, bool virtual_time) {
    open_guest("debug", number, virtual_time);
    const uint64_t list = memory_u64(LISTS + 8 * number);
    break_at(memory_u64(list));
    stops_at(memory_u64(list));
    no_breakpoints();
    set_stepping(1);
    return list;
}

#endif // TESTS_DEBUGGER_FIXTURE_H
