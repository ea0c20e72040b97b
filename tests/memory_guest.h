// SPDX-License-Identifier: MIT
//
// The program of guests/memory.asm: it works on the memory that it is aimed at, while its client
// takes that away or changes it.

#ifndef TESTS_MEMORY_GUEST_H
#define TESTS_MEMORY_GUEST_H

#include "guest_fixture.h"

#include <sched.h>

// The places in the list of memory.asm.
enum work { LOAD, ANSWER, STORE_AND_LOAD };

#define DATA 0x400000u
#define COUNT 0x20000u // Where LOAD counts.

static const zx_vm_option_t all =
    ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;

static inline void aim(enum work work, uint64_t address, uint64_t value) {
    const zx_vcpu_state_t state = {.rdx = work, .rdi = address, .rax = value};
    write_state(&state);
}

static inline void start(enum work work, uint64_t address) {
    guest_start("memory");
    aim(work, address, 0x5555);
}

static inline void until_it_runs(void) {
    while (memory_u64(COUNT) < 3) {
        sched_yield();
    }
}

#endif // TESTS_MEMORY_GUEST_H
