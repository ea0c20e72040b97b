// SPDX-License-Identifier: MIT
//
// What Unicorn reports while a guest runs, by SVM's exit codes, and what becomes of it.

#ifndef ENGINE_CPU_REPORT_H
#define ENGINE_CPU_REPORT_H

#include "engine/cpu/cpu.h"

#define REPORT_NONE UINT32_MAX

// An intercept of SVM as Unicorn's interrupt hook numbers it.
#define REPORT_INTERCEPT(exit) (0x100u + (unsigned)(exit))

struct report {
    uint32_t number;
    uint64_t address; // The second information word of the intercept.
};

enum report_result {
    REPORT_HANDLED, // The guest goes on. `exit` says whether an exception was delivered.
    REPORT_EXIT,    // `exit` is filled in.
    REPORT_STEP,    // The guest goes on with one instruction alone; see step.h.
};

enum report_result report_translate(struct cpu *cpu, const struct report *report,
                                    struct cpu_exit *exit);

// --- report_exception.c ---

// `address` is that of a page fault.
enum report_result report_exception(struct cpu *cpu, uint8_t vector, uint64_t address,
                                    struct cpu_exit *exit);

// --- report_memory.c ---

enum report_result report_nested_fault(struct cpu *cpu, uint64_t guest_physical,
                                       struct cpu_exit *exit);

// The guest may not execute the page at RIP, or the one behind it.
enum report_result report_fetch_refused(struct cpu *cpu, struct cpu_exit *exit);

// Did translation meet a fault at this linear address in front of the instruction at RIP, which is
// to run alone first?
bool report_met_ahead(struct cpu *cpu, uint64_t address, struct cpu_exit *exit);

// The block at RIP was kept from running: see x87_stop.h.
enum report_result report_x87_suspect(struct cpu *cpu, struct cpu_exit *exit);

#endif // ENGINE_CPU_REPORT_H
