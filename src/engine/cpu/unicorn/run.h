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
    struct cpu_exit *exit; // The exit in the VCPU's state.
    const struct run_client *client;
    enum run_next next;
    bool x87_suspect;         // The next block may have a fault of the x87 stack.
    bool too_long;            // The next block goes on beyond the one that it is the rest of.
    bool went_on;             // The guest went on in spite of a requested exit.
    bool raised;              // The guest raised an exception.
    uint64_t began;           // RIP before Unicorn was entered.
    bool ends_block;          // The first instruction ends its block because of the state.
    bool rip_is_old;          // The state was kept where Unicorn's RIP was not up to date.
    bool window_exiting;      // Interrupt windows are to exit, once the run has ended.
    bool window_reported;     // The last raw exit was an interrupt window.
    bool absent;              // The run ends in an instruction, for a page that is not there.
    struct raw_exit deferred; // The raw exit that waits for the run's end, or RAW_EXIT_NONE.
};

// --- What the hooks find ---

// An exit is requested before the block. False if the block must run all the same.
bool run_stop_at_block(struct run *run, uint64_t address);

// The block may have a fault of the x87 stack, which is looked at when the run has stopped. Returns
// true.
bool run_stop_for_x87(struct run *run);

// Finds out whether the block that is about to run is the rest of one that was translated in parts,
// for a reason that is not in its code. What is counted is blocks of the code.
void run_look_for_rest(struct run *run, uint64_t address);

// Finds out whether there can be such a rest behind the block that is about to run.
void run_look_for_end(struct run *run);

// The rest of a block was translated as a block that goes on beyond it, which is to be dropped.
// Returns true.
bool run_stop_for_length(struct run *run);

// Carries out CPUID, where it makes no exit.
void run_cpuid(struct run *run);

// Carries out what Unicorn calls the library for; RIP is at it.
void run_call(struct run *run);

// Carries out RDTSC or, with `auxiliary`, RDTSCP, but for EAX, whose new value is returned.
uint32_t run_time_stamp(struct run *run, bool auxiliary);

void run_raw_exit(struct run *run, const struct raw_exit *raw);

// An instruction accesses a page that the nested tables do not have. True if the guest's mappings
// do not have it either; then the run ends with that access as its last raw exit.
bool run_absent(struct run *run, uint64_t guest_physical, bool write);

// Memory is accessed, at this address of the host's.
void run_access(struct run *run, const uint8_t *host, size_t size, bool write);

// Whether these bytes of the arena, in a page, may be fetched. If not, the run ends.
bool run_fetch(struct run *run, uint64_t offset, size_t size);

#endif // ENGINE_CPU_UNICORN_RUN_H
