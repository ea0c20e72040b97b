// SPDX-License-Identifier: MIT
//
// One Unicorn engine and its memory: the hidden region with the nested page tables, and the window
// in which the pages of mapped VMOs appear. A machine serves all VCPUs of one guest, which take
// turns on it; whoever holds the guest's turn may call these functions, nobody else.

#ifndef ENGINE_CPU_MACHINE_H
#define ENGINE_CPU_MACHINE_H

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/block.h"
#include "engine/cpu/unicorn/code_pages.h"
#include "engine/cpu/unicorn/cuts.h"
#include "engine/cpu/unicorn/layout.h"
#include "engine/cpu/unicorn/translation.h"
#include "objects/vmo.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicorn/unicorn.h>
#include <zircon/types.h>

struct run;

// A VMO that has grown has several, each for the part that the ones before do not have.
struct window_slot {
    struct vmo_listener listener; // First: note_write() goes from it to the slot.
    struct machine *machine;
    struct vmo *vmo;
    uint64_t vmo_offset;
    uint64_t base; // From the start of the window.
    uint64_t size;
    struct window_slot *next;
};

struct machine {
    const struct layout *layout;
    struct machine_client client;
    uc_engine *engine;
    uint8_t *hidden;
    uint8_t *window;
    uint64_t next_table;       // Offset of the first unused page of nested tables.
    struct window_slot *slots; // By base.
    uint32_t *places;          // A page of the window: which entry leads there; see nested.c.
    bool any_not_executable;   // Some page was made present that may not be executed.
    uint64_t executable_page;  // The page of the window that translation may go on in.
    struct code_pages code;
    uc_context *host;     // Before VMRUN: flat addresses.
    uc_context *started;  // Right after VMRUN.
    uc_context *kept;     // For code_pages_drop().
    struct cpu *loaded;   // Whose state the engine holds.
    struct run *run;      // Inside cpu_run().
    struct block block;   // Being translated.
    enum refusal refusal; // Of the last translation.
    bool exits_set;       // In the engine, for the block.
    struct cuts cuts;
    uc_hook block_hook;
    atomic_ullong blocks;       // Blocks that ran, once they are counted.
    uint64_t stop_at;           // How many are to run before an exit is requested.
    atomic_bool exit_requested; // Stop at the next block. Any thread.
    bool tlb_stale;
};

// Zeros that take memory only where they are written; platform_unmap() ends them. NULL without.
void *machine_lazy_pages(size_t size);

// Makes the page present in the nested tables if it is backed. False if it is not, or if `write`
// and the mapping is read-only, or when tables cannot be had.
bool machine_make_present(struct machine *machine, uint64_t guest_physical, bool write);

bool machine_may_execute(struct machine *machine, uint64_t guest_physical);

// --- nested.c ---

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
