// SPDX-License-Identifier: MIT
//
// What a guest has of the processor: one Unicorn engine, from the first VCPU on, with its hidden
// region and the window in which the pages of mapped VMOs appear. A machine serves all VCPUs of one
// guest, which take turns on it; whoever holds the guest's turn may call these functions, nobody
// else.

#ifndef ENGINE_CPU_MACHINE_H
#define ENGINE_CPU_MACHINE_H

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/block.h"
#include "engine/cpu/unicorn/code_pages.h"
#include "engine/cpu/unicorn/cuts.h"
#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/layout.h"
#include "engine/cpu/unicorn/table_pages.h"
#include "engine/cpu/unicorn/translation.h"
#include "engine/cpu/unicorn/window.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicorn/unicorn.h>
#include <zircon/types.h>

struct run;

struct machine {
    const struct layout *layout;
    struct machine_client client;
    struct engine *lent; // From the first VCPU on. What follows is its:
    uc_engine *engine;
    uint8_t *hidden;
    uint8_t *window;
    uc_context *host;
    uc_context *started;
    uc_context *kept;
    uint64_t probes; // For places in the window.
    struct window_slots slots;
    struct table_pages tables;
    bool any_not_executable;  // Some page was made present that may not be executed.
    bool starved;             // The last page that could not be made present had no memory for it.
    uint64_t executable_page; // The page of the window that translation may go on in.
    struct code_pages code;
    struct cpu *loaded;   // Whose state the engine holds.
    struct run *run;      // Inside cpu_run().
    struct block block;   // Being translated.
    enum refusal refusal; // Of the last translation.
    bool exits_set;       // In the engine, for the block.
    struct cuts cuts;
    bool counts;                // Its work.
    bool failed;                // The engine did, and is not to serve another guest.
    atomic_ullong work;         // Blocks, exits and exceptions so far, if they are counted.
    unsigned idle_reports;      // Since then.
    uint64_t stop_at;           // How much of it there is to be before an exit is requested.
    atomic_bool exit_requested; // Stop at the next block. Any thread.
    bool tlb_stale;
};

// Before anything that needs an engine.
zx_status_t machine_get_engine(struct machine *machine);

// The host's address of a byte of the window, good to the end of its page.
static inline uint8_t *window_pointer(const struct machine *machine, uint64_t offset) {
    return machine->window + offset;
}

// Makes the page present in the nested tables if it is backed. False if it is not, or if `write`
// and the mapping is read-only, or when memory for it cannot be had.
bool machine_make_present(struct machine *machine, uint64_t guest_physical, bool write);

bool machine_may_execute(struct machine *machine, uint64_t guest_physical);

// --- nested.c ---

// The table at a physical address.
uint64_t *nested_table(struct machine *machine, uint64_t physical);

// Sees to it that the tables that an instruction may need can be had; what is in them may go for
// it. Where nobody holds an entry.
void nested_provide(struct machine *machine);

// The leaf entry of a 4 KiB page, its tables made if `create`; NULL if there is none.
uint64_t *nested_entry(struct machine *machine, uint64_t guest_physical, bool create);

// Clears the range; `forget` is told of each page of the window that was present in it.
void nested_clear(struct machine *machine, uint64_t guest_physical, uint64_t length,
                  void (*forget)(struct machine *machine, uint64_t window_page));

// True if the page is present and is this page of the window.
bool nested_leads_to(struct machine *machine, uint64_t guest_physical, uint64_t window_page);

// Makes the page of the window appear at the guest-physical page. False without memory for tables.
bool nested_map(struct machine *machine, uint64_t guest_physical, uint64_t window_page,
                bool writable);

// Makes each leaf entry that leads to this page of the window read-only. True if one was not.
bool nested_protect(struct machine *machine, uint64_t window_page);

#define NESTED_PRESENT 1ull
#define NESTED_WRITABLE 2ull
#define NESTED_LEAF 0x65ull // Present, user, accessed, dirty.
#define NESTED_ADDRESS 0xffffffffff000ull

#endif // ENGINE_CPU_MACHINE_H
