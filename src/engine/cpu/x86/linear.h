// SPDX-License-Identifier: MIT
//
// Guest-linear memory as software sees it: the guest's own page tables, walked with the checks of
// the SDM (volume 3A, chapter 4), then the nested tables.

#ifndef ENGINE_CPU_LINEAR_H
#define ENGINE_CPU_LINEAR_H

#include "engine/cpu/cpu.h"

enum access {
    ACCESS_READ,
    ACCESS_WRITE,
};

// On whose behalf: SDM volume 3A, section 4.6.1.
enum access_mode {
    ACCESS_AS_LOOK,       // For the library: needs a mapping, and leaves no mark in it.
    ACCESS_AS_SYSTEM,     // For descriptor tables and TSS: supervisor, whatever EFLAGS.AC.
    ACCESS_AS_SUPERVISOR, // For a program at CPL 0 to 2.
    ACCESS_AS_USER,
};

enum access_result {
    ACCESS_DONE,
    ACCESS_PAGE_FAULT,    // #PF with `error_code` at `address`
    ACCESS_NESTED_FAULT,  // not backed at guest-physical `address`
    ACCESS_NOT_CANONICAL, // #GP, or #SS for a stack
};

struct access_fault {
    uint64_t address;
    uint32_t error_code;
};

// Where the guest-linear address leads, whoever may access it. Changes nothing. False when it is
// not mapped.
bool cpu_find_linear(struct cpu *cpu, uint64_t linear, uint64_t *guest_physical);

// In the given mode, of up to a page; writes are all or nothing. After a failure `out` may have
// been changed.
enum access_result linear_read_as(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                  void *out, size_t size, struct access_fault *fault);
enum access_result linear_write_as(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                   const void *data, size_t size, struct access_fault *fault);

// Whether a write would succeed. Fails with the fault that it would have.
enum access_result linear_probe_write(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                      size_t size, struct access_fault *fault);

// Reads up to 15 bytes of the instruction there, fewer where memory ends. Returns how many. It is a
// look: the bytes may be more than the instruction has, and the processor may not have got as far.
size_t linear_fetch(struct cpu *cpu, uint64_t linear, uint8_t *out);

#endif // ENGINE_CPU_LINEAR_H
