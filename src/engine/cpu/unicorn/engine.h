// SPDX-License-Identifier: MIT
//
// An engine of Unicorn's, in guest mode, and what a guest does not change of it. It is dear to make
// (a millisecond and more, and Unicorn loses a little memory with each), so a few that guests have
// given back wait for others. A guest finds nothing in one of those that was another's.

#ifndef ENGINE_CPU_UNICORN_ENGINE_H
#define ENGINE_CPU_UNICORN_ENGINE_H

#include "engine/cpu/unicorn/answers.h"
#include "engine/cpu/unicorn/tlb_fill.h"
#include "engine/cpu/unicorn/x87_blocks.h"
#include "platform/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicorn/unicorn.h>
#include <zircon/types.h>

struct cpu;
struct layout;
struct machine;

// What Unicorn calls, with the engine as the context.
struct engine_hooks {
    // At each raw exit.
    void (*raw_exit)(uc_engine *unicorn, uint32_t number, void *context);
    // Before each byte of the arena is translated.
    bool (*fetch)(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size, int64_t value,
                  void *context);
    // After each translation.
    void (*translated)(uc_engine *unicorn, uc_tb *block, uc_tb *previous, void *context);
    // Before each hooked block runs, in engines that do not count blocks.
    void (*block)(uc_engine *unicorn, uint64_t address, uint32_t size, void *context);
    // Before each block runs, in engines that count blocks.
    void (*counted_block)(uc_engine *unicorn, uint64_t address, uint32_t size, void *context);
    // At each comparison, while they are hooked.
    void (*compared)(uc_engine *unicorn, uint64_t address, uint64_t left, uint64_t right,
                     uint32_t bits, void *context);
    // At each access to memory, while they are hooked.
    void (*accessed)(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size,
                     int64_t value, void *context);
    struct fill_hooks fill; // At a miss of the TLB.
    struct answer_hooks answers;
};

struct engine {
    struct machine *machine; // Whose guest runs on it.
    struct cpu *loaded;      // Whose state it holds.
    bool tlb_stale;          // Its TLB must be flushed before it runs.
    bool tlb_kept;           // Its TLB may have entries from before the last image was applied.
    bool forgets_many;       // Between engine_begin_forgetting() and engine_end_forgetting().
    bool is_flat;            // It is out of guest mode, to forget code.
    const struct engine_hooks *hooks;
    uc_engine *unicorn;
    uint8_t *live; // Its state, where it can be read and written in place, or NULL; see live.h.
    struct platform_mutex state_lock; // Held while that state moves; see cpu_lock_registers().
    uint8_t *hidden;
    uint8_t *arena;
    uint8_t *root;       // The root of the nested page tables, a page in the arena.
    uc_context *host;    // The state before VMRUN, in which addresses are flat.
    uc_context *started; // The state right after VMRUN.
    uc_context *kept;    // The guest's state, while addresses are flat.
    bool counts;         // Blocks are counted, by the hook of blocks.
    bool exact_stops;    // Runs are stopped from outside (exit_request.h).
    bool announces;      // Unicorn announces each translation.
    bool shows_copy;     // It can be shown a copy of the guest's code.
    uint32_t tables;     // Where its TLB is, as code_copy.h finds it.
    bool answers;        // CPUID and RDTSC can be answered without exits.
    // Whether the library is called for what stand_in.h names as callable. CPUID then has a call,
    // too, in place of a hook.
    bool calls;
    bool calls_wanted;       // Calls begin with the next run.
    unsigned callable_exits; // Exits of the guest's that calls would do without.
    bool no_calls;           // A call could not be shown to Unicorn, so none is shown any more.
    struct answer_handles answer_hooks;
    bool time_exits;     // RDTSC makes exits, because the guest may have forbidden it somewhere.
    bool has_old_blocks; // Some translations are no longer what they have to be.
    bool has_blocks;     // Some translations were made for more than a step.
    unsigned guests;     // How many guests it has served.
    bool flushed;        // All translations were dropped at least once; see engine_must_flush().
    bool used_up;        // For other guests, since then.
    uint64_t host_bytes; // The most that translations can have come to since then.
    // The blocks that are translated with a hook begin in this range. Without exact stops that is
    // every block; with them it is those that depend on the x87 register stack, and what lies
    // between.
    bool hooks_blocks;
    uint64_t hook_first;
    uint64_t hook_last;
    uc_hook block_hook;
    unsigned hook_changes; // How often the range has grown.
    bool covers;           // All blocks are hooked because the guest's coverage is wanted.
    bool compares;         // Comparisons are hooked.
    uc_hook compare_hook;
    bool watches; // Accesses to memory are hooked.
    uc_hook access_hook;
    uint32_t hooked; // Blocks that Unicorn remembers, for the hook of blocks.
    // host_bytes and hooked as the present guest found them. When its translations are dropped must
    // not depend on the guests before it, or virtual time would not repeat.
    uint64_t found_bytes;
    uint32_t found_hooked;
    struct x87_blocks x87;
    struct tlb_fill fill;
    struct engine *next;
};

static inline struct machine *engine_machine(void *engine) {
    return ((struct engine *)engine)->machine;
}

// At most so many engines wait for a guest. An engine that has served more guests, or whose
// translations may have come to more, is ended: the host keeps the memory in which they were.
#define ENGINES_KEPT 4u
#define ENGINE_MOST_GUESTS 256u
#define ENGINE_MOST_HOST_BYTES (12u << 20)
#define ENGINE_MOST_KEPT_HOOKS (1u << 16)

// Whether an engine waits, or the host has what it takes to make one (flat_engine_ask()).
zx_status_t engine_ask(void);

// Lends an engine to the machine.
zx_status_t engine_take(struct machine *machine, const struct layout *layout, bool counts,
                        const struct engine_hooks *hooks, struct engine **out);

void engine_flush_stale_tlb(struct engine *engine);

// All translations of code and of addresses are dropped before the next run.
void engine_begin_anew(struct engine *engine);

// None of the guest's pages has translations any more, between runs: as far as the guest can tell
// it finds the engine as one that has just got it does. False when the engine fails.
bool engine_serve_anew(struct engine *engine);

// Drops the translations of the page at this offset in the arena.
void engine_forget_code(struct engine *engine, uint64_t offset);

// Between these the engine does not run, and engine_forget_code() leaves its TLB to the end: it is
// flushed once for all pages.
void engine_begin_forgetting(struct engine *engine);
void engine_end_forgetting(struct engine *engine);

// Whether a block that begins there is translated with a hook.
bool engine_hooks_block(const struct engine *engine, uint64_t pc);

// Has the block that begins there translated with a hook from now on. Between runs.
bool engine_hook_block(struct engine *engine, uint64_t pc);

// Hooks all blocks, for coverage, or no more than it must; and comparisons or none. Between runs.
bool engine_cover(struct engine *engine, bool blocks, bool comparisons);

// Hooks accesses to memory, or does not. Between runs.
bool engine_watch(struct engine *engine, bool on);

// Unicorn remembers the place of each hooked block as long as the hook is there. Whether they have
// become many; if so, translation_start() has the hook made anew, between runs.
bool engine_has_many_hooks(const struct engine *engine);
bool engine_renew_block_hook(struct engine *engine);

// Whether the guest has had so much translated that all translations are to be dropped.
bool engine_must_flush(const struct engine *engine);

// Drops all translations. Between runs.
void engine_flush(struct engine *engine);

// From now on RDTSC makes exits, at which it is looked whether the guest forbids it. True if
// translations answer it without an exit: they are dropped between runs, so this run must end.
bool engine_end_time_answers(struct engine *engine);

// The guest has made an exit in place of which the library could be called. That takes less time,
// but CPUID takes more, and all code is translated anew: so calls begin with the first system call,
// or with many of the other exits.
enum call_wish { CALLS_AT_ONCE, CALLS_IF_MANY };
void engine_want_calls(struct engine *engine, enum call_wish wish);
bool engine_begin_calls(struct engine *engine);

// Whether the engine is to serve another guest. If not, the translations of its guest need not be
// dropped one by one.
bool engine_may_be_kept(const struct engine *engine);

// Takes the engine back. The pages of its guest are not in the arena any more, and translations of
// them not in the engine.
void engine_give(struct engine *engine, bool fit);

#endif // ENGINE_CPU_UNICORN_ENGINE_H
