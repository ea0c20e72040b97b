// SPDX-License-Identifier: MIT
//
// For tests of single instructions: a guest that runs whatever bytes the test gives it, with the
// registers that the test chooses, and tells whether a vector came.

#ifndef TESTS_EXECUTE_H
#define TESTS_EXECUTE_H

#include "guest_fixture.h"

#include <check.h>
#include <string.h>

#define EXECUTE_SLOT 0x20010u
#define EXECUTE_AGAIN 0x10010u
#define EXECUTE_STACK 0x80000u
#define NO_VECTOR UINT64_MAX

#define RDMSR "\x0f\x32"
#define WRMSR "\x0f\x30"
#define CPUID "\x0f\xa2"
#define VMCALL "\x0f\x01\xc1"

static inline void execute_start(void) {
    guest_start("execute");
    enter_to_end();
}

// `code` is a string literal; it must not jump.
#define put_code(code) put_code_bytes(code, sizeof(code) - 1)

static inline void put_code_bytes(const char *code, size_t size) {
    uint8_t bytes[64];
    ck_assert_uint_lt(size + 5, sizeof bytes);
    memcpy(bytes, code, size);
    const uint32_t distance = EXECUTE_AGAIN - (EXECUTE_SLOT + (uint32_t)size + 5);
    bytes[size] = 0xe9;
    memcpy(bytes + size + 1, &distance, sizeof distance);
    memory_write(EXECUTE_SLOT, bytes, size + 5);
}

// Runs the code to its end, or to a vector; `state` has the registers before and after.
static inline void run_code(zx_vcpu_state_t *state) {
    state->r10 = NO_VECTOR;
    state->rsp = EXECUTE_STACK;
    write_state(state);
    enter_to_end();
    *state = read_state();
}

static inline uint64_t join(uint64_t high, uint64_t low) {
    return high << 32 | (uint32_t)low;
}

// The registers before WRMSR.
static inline zx_vcpu_state_t msr_state(uint32_t msr, uint64_t value) {
    return (zx_vcpu_state_t){.rcx = msr,
                             .rax = (uint32_t)value,
                             .rdx = value >> 32,
                             .rsp = EXECUTE_STACK,
                             .r10 = NO_VECTOR};
}

static inline void write_msr(uint32_t msr, uint64_t value) {
    put_code(WRMSR);
    zx_vcpu_state_t state = msr_state(msr, value);
    run_code(&state);
    ck_assert_msg(state.r10 == NO_VECTOR, "MSR %#x refuses %#llx", msr, (unsigned long long)value);
}

// Enters at a WRMSR; returns the status of the run call.
static inline zx_status_t enter_write_msr(uint32_t msr, uint64_t value, zx_port_packet_t *packet) {
    put_code(WRMSR);
    const zx_vcpu_state_t state = msr_state(msr, value);
    write_state(&state);
    return zx_vcpu_enter(vcpu, packet);
}

#endif // TESTS_EXECUTE_H
