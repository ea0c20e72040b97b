// SPDX-License-Identifier: MIT
//
// Guest-linear memory as software sees it: the guest's own page tables, walked with the checks of
// the SDM (volume 3A, chapter 4), then the nested tables.

#ifndef ENGINE_CPU_LINEAR_H
#define ENGINE_CPU_LINEAR_H

#include "engine/cpu/state.h"

enum access {
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_FETCH,
};

enum access_result {
    ACCESS_DONE,
    ACCESS_PAGE_FAULT,   // #PF with `error_code` at `address`
    ACCESS_NESTED_FAULT, // not backed at guest-physical `address`
};

struct access_fault {
    uint64_t address;
    uint32_t error_code;
};

// As a supervisor access. On failure nothing is known to be written.
enum access_result linear_translate(struct cpu *cpu, uint64_t linear, enum access access,
                                    uint64_t *guest_physical, struct access_fault *fault);
enum access_result linear_read(struct cpu *cpu, uint64_t linear, void *out, size_t size,
                               struct access_fault *fault);
// All or nothing.
enum access_result linear_write(struct cpu *cpu, uint64_t linear, const void *data, size_t size,
                                struct access_fault *fault);

// The bytes of the instruction there, up to 15: fewer where memory ends. Their number.
size_t linear_fetch(struct cpu *cpu, uint64_t linear, uint8_t *out);

#endif // ENGINE_CPU_LINEAR_H
