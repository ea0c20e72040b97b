// SPDX-License-Identifier: MIT
//
// What Unicorn leaves a guest with, by the exit codes of SVM, and what becomes of it.

#ifndef ENGINE_CPU_UNICORN_RAW_EXIT_H
#define ENGINE_CPU_UNICORN_RAW_EXIT_H

#include "engine/cpu/cpu.h"

#define RAW_EXIT_NONE UINT32_MAX

// An intercept of SVM as Unicorn's interrupt hook numbers it.
#define RAW_EXIT_SVM(exit) (0x100u + (unsigned)(exit))

struct raw_exit {
    uint32_t number;
    bool absent; // A nested page fault, for a page that the guest's mappings do not have.
    uint64_t
        address; // The second information word of a page fault's intercept, a nested one's too.
};

enum raw_exit_result {
    RAW_EXIT_HANDLED,    // The guest goes on. `exit` says whether an exception was delivered.
    RAW_EXIT_DIRTIED,    // The guest goes on, and has stored to a page for the first time.
    RAW_EXIT_TRANSLATED, // `exit` is filled in.
    RAW_EXIT_STEP,       // The guest goes on with one instruction alone; see step.h.
};

// Decodes the instruction at RIP, for which Unicorn calls the library: false where by now it is one
// for which there is no call. And carries it out, or makes an exit of it.
bool raw_exit_called(struct cpu *cpu, struct cpu_exit *exit);
bool raw_exit_is_cpuid(const struct cpu_exit *exit);
enum raw_exit_result raw_exit_call(struct cpu *cpu, struct cpu_exit *exit);

enum raw_exit_result raw_exit_translate(struct cpu *cpu, const struct raw_exit *raw,
                                        struct cpu_exit *exit);

// --- raw_exit_exception.c ---

// `address` is that of a page fault.
enum raw_exit_result raw_exit_exception(struct cpu *cpu, uint8_t vector, uint64_t address,
                                        struct cpu_exit *exit);

// --- raw_exit_memory.c ---

enum raw_exit_result raw_exit_nested_fault(struct cpu *cpu, const struct raw_exit *raw,
                                           struct cpu_exit *exit);

// The guest may not execute the page at RIP, or the one behind it.
enum raw_exit_result raw_exit_fetch_refused(struct cpu *cpu, struct cpu_exit *exit);

// Did translation meet a fault at this linear address in front of the instruction at RIP, which is
// to run alone first?
bool raw_exit_met_ahead(struct cpu *cpu, uint64_t address, struct cpu_exit *exit);

// The block at RIP was kept from running: see x87_stop.h.
enum raw_exit_result raw_exit_x87_suspect(struct cpu *cpu, struct cpu_exit *exit);

#endif // ENGINE_CPU_UNICORN_RAW_EXIT_H
