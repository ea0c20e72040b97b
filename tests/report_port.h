// SPDX-License-Identifier: MIT
//
// Guests that tell what they see with OUT of EAX to one port, a value at a time; the two sides of
// guests/report.inc.

#ifndef TESTS_REPORT_PORT_H
#define TESTS_REPORT_PORT_H

#include "guest_fixture.h"

#include <check.h>

#define REPORT_PORT 0x99u
#define REAL_MODE_ENTRY 0x8000u

// A VCPU that starts the program in long mode at ENTRY, as guest_start() does.
static inline void start_long(const char *program) {
    guest_start(program);
    trap(ZX_GUEST_TRAP_IO, REPORT_PORT, 1, ZX_HANDLE_INVALID, 0);
}

// A VCPU in real mode: any but the guest's first (hypervisor ABI 3.3).
static inline void create_in_real_mode(zx_vaddr_t entry) {
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, entry, &vcpu), ZX_OK);
}

// One that starts the program in real mode.
static inline void start_real(const char *program) {
    guest_open();
    guest_load(program, REAL_MODE_ENTRY);
    create_in_real_mode(REAL_MODE_ENTRY);
    trap(ZX_GUEST_TRAP_IO, REPORT_PORT, 1, ZX_HANDLE_INVALID, 0);
}

static inline uint32_t next_report(void) {
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    ck_assert_uint_eq(packet.guest_io.port, REPORT_PORT);
    ck_assert_uint_eq(packet.guest_io.access_size, 4);
    return packet.guest_io.u32;
}

// Fails the test unless the next reports are these values.
static inline void expect_reports(const uint32_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t value = next_report();
        ck_assert_msg(value == values[i], "report %zu: %#x, not %#x", i, value, values[i]);
    }
}

#define EXPECT_REPORTS(...)                                                                        \
    do {                                                                                           \
        const uint32_t values_[] = {__VA_ARGS__};                                                  \
        expect_reports(values_, sizeof values_ / sizeof values_[0]);                               \
    } while (0)

static inline void expect_status(zx_status_t status) {
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), status);
}

#endif // TESTS_REPORT_PORT_H
