// SPDX-License-Identifier: MIT
//
// What the calls on general registers check, by the names that the host's processor has for it.

#ifndef TASKS_GENERAL_REGISTERS_H
#define TASKS_GENERAL_REGISTERS_H

#include "platform/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <zircon/syscalls/debug.h>

#if defined(__aarch64__) || defined(_M_ARM64)

// The structure of 2018 ends before what it does not know.
enum { GENERAL_SIZE_WITHOUT_BASES = offsetof(zx_thread_state_general_regs_t, tpidr) };

static inline bool general_goes_to_code(const zx_thread_state_general_regs_t *registers) {
    return registers->pc < platform_address_limit();
}

static inline bool general_bases_are_valid(const zx_thread_state_general_regs_t *registers) {
    (void)registers;
    return true; // The only one must be what it was.
}

static inline void general_keep_bases(zx_thread_state_general_regs_t *registers,
                                      const zx_thread_state_general_regs_t *old) {
    registers->tpidr = old->tpidr;
}

#else

enum { GENERAL_SIZE_WITHOUT_BASES = offsetof(zx_thread_state_general_regs_t, fs_base) };

// The lower half of the canonical addresses. A program has no code in its last page, but a thread
// may be sent there.
static inline bool general_goes_to_code(const zx_thread_state_general_regs_t *registers) {
    return registers->rip < UINT64_C(1) << 47;
}

static inline bool general_bases_are_valid(const zx_thread_state_general_regs_t *registers) {
    return registers->gs_base < platform_address_limit();
}

static inline void general_keep_bases(zx_thread_state_general_regs_t *registers,
                                      const zx_thread_state_general_regs_t *old) {
    registers->fs_base = old->fs_base;
    registers->gs_base = old->gs_base;
}

#endif

#endif // TASKS_GENERAL_REGISTERS_H
