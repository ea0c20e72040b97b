// SPDX-License-Identifier: MIT
//
// A run under way. What Unicorn reports becomes a VM exit as a VMX processor would report it; guest
// exceptions, which do not exit there (hypervisor ABI 4.4), are delivered here.

#ifndef ENGINE_CPU_UNICORN_RUN_H
#define ENGINE_CPU_UNICORN_RUN_H

#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/raw_exit.h"

struct run {
    struct cpu *cpu;
    struct machine *machine;
    struct cpu_exit *exit; // The VCPU's.
    const struct run_client *client;
    enum run_next next;
    bool x87_suspect;         // The next block may have a fault of the x87 stack.
    bool went_on;             // In spite of a requested exit.
    bool raised;              // An exception.
    uint64_t began;           // RIP, before Unicorn was entered.
    bool ends_block;          // The first instruction, for reasons that are not in the code.
    bool rip_is_old;          // The state was kept where Unicorn's RIP was not up to date.
    bool window_exiting;      // To exit at an interrupt window, once the run has ended.
    bool window_reported;     // Last, so that the engine would do so.
    bool absent;              // It ends in an instruction, for a page that is not there.
    struct raw_exit deferred; // What waits for the end of the run, or RAW_EXIT_NONE.
};

// --- What the hooks find ---

// An exit is requested before the block. False if the block must run all the same.
bool run_stop_at_block(struct run *run, uint64_t address);

// The block may have a fault of the x87 stack: looked at when the run has stopped. True.
bool run_stop_for_x87(struct run *run);

// CPUID, where it makes no exit.
void run_cpuid(struct run *run);

// Carries out what Unicorn calls the library for; RIP is at it.
void run_call(struct run *run);

// RDTSC or, with TSC_AUX, RDTSCP. Returns the new EAX.
uint32_t run_time_stamp(struct run *run, bool auxiliary);

void run_raw_exit(struct run *run, const struct raw_exit *raw);

// An instruction accesses a page that the nested tables do not have. True if the guest's mappings
// do not either: the run ends with that access as its last raw exit.
bool run_absent(struct run *run, uint64_t guest_physical, bool write);

// Whether this byte of the arena may be fetched. If not, the run ends.
bool run_fetch(struct run *run, uint64_t offset);

#endif // ENGINE_CPU_UNICORN_RUN_H
