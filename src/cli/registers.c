// SPDX-License-Identifier: MIT
//
// What zx_vcpu_read_state() gives: no RIP, and of RFLAGS only what user code controls.

#include "cli/registers.h"

#include <inttypes.h>
#include <stdio.h>

#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>

#include "cli/text.h"

enum { VALUES_PER_LINE = 3 };

void registers_read(zx_handle_t vcpu, struct register_value out[REGISTER_COUNT]) {
    zx_vcpu_state_t state = {0};
    (void)zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof(state));
    const struct register_value values[REGISTER_COUNT] = {
        {"rax", state.rax},       {"rbx", state.rbx}, {"rcx", state.rcx}, {"rdx", state.rdx},
        {"rsi", state.rsi},       {"rdi", state.rdi}, {"rbp", state.rbp}, {"rsp", state.rsp},
        {"r8", state.r8},         {"r9", state.r9},   {"r10", state.r10}, {"r11", state.r11},
        {"r12", state.r12},       {"r13", state.r13}, {"r14", state.r14}, {"r15", state.r15},
        {"rflags", state.rflags},
    };
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        out[i] = values[i];
}

void registers_print(const struct register_value *values, unsigned count) {
    for (unsigned i = 0; i < count;) {
        struct text line = {0};
        for (unsigned place = 0; place < VALUES_PER_LINE && i < count; place++, i++)
            text_append(&line, "  %-6s 0x%016" PRIx64, values[i].name, values[i].value);
        text_write_line(&line, stderr);
    }
}
