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

// What Unicorn calls, with the engine as the context: for each raw exit; for each byte of the arena
// before it is translated; after each translation; before each hooked block runs, of which the
// second is for those that count; for each comparison, if they are hooked; for pages that are
// missing in the nested tables.
struct engine_hooks {
    void (*raw_exit)(uc_engine *unicorn, uint32_t number, void *context);
    bool (*fetch)(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size, int64_t value,
                  void *context);
    void (*translated)(uc_engine *unicorn, uc_tb *block, uc_tb *previous, void *context);
    void (*block)(uc_engine *unicorn, uint64_t address, uint32_t size, void *context);
    void (*counted_block)(uc_engine *unicorn, uint64_t address, uint32_t size, void *context);
    void (*compared)(uc_engine *unicorn, uint64_t address, uint64_t left, uint64_t right,
                     uint32_t bits, void *context);
    fill_absent *absent;
    struct answer_hooks answers;
};

struct engine {
    struct machine *machine; // Whose guest runs on it.
    struct cpu *loaded;      // Whose state it holds.
    bool tlb_stale;          // Its TLB must be flushed before it runs.
    bool forgets_many;       // Between engine_begin_forgetting() and engine_end_forgetting().
    bool is_flat;            // Out of guest mode, to forget code.
    const struct engine_hooks *hooks;
    uc_engine *unicorn;
    uint8_t *live; // Its state, where it can be read and written in place, or NULL; see live.h.
    struct platform_mutex state_lock; // Held while that state moves; see cpu_lock_registers().
    uint8_t *hidden;
    uint8_t *arena;
    uint8_t *root;       // The root of the nested page tables, a page in the arena.
    uc_context *host;    // Before VMRUN: flat addresses.
    uc_context *started; // Right after VMRUN.
    uc_context *kept;    // In the guest, while addresses are flat.
    bool counts;         // Its block hook counts blocks.
    bool exact_stops;    // It is stopped from outside (exit_request.h).
    bool answers;        // CPUID and RDTSC can do without exits.
    // Whether the library is called for system calls, accesses to MSRs, XSETBV and PAUSE. CPUID
    // then has a call, too, in place of a hook.
    bool calls;
    bool calls_wanted;       // Calls begin with the next run.
    unsigned callable_exits; // Exits of the guest's that calls would do without.
    bool no_calls;           // A call could not be shown to Unicorn: there are no more.
    struct answer_handles answer_hooks;
    bool time_exits;       // RDTSC does not: the guest may have forbidden it somewhere.
    bool has_time_answers; // Some translations do not know that yet.
    unsigned guests;       // How many guests it has served.
    bool flushed;          // Translations were dropped once; see translation.c.
    uint64_t host_bytes;   // No more than these were translated to since then.
    // The blocks that are translated with a hook begin in this range. Without exact stops it has
    // all, with them those that depend on the x87 register stack, and what lies between.
    bool hooks_blocks;
    uint64_t hook_first;
    uint64_t hook_last;
    uc_hook block_hook;
    unsigned hook_changes; // How often the range has grown.
    bool covers;           // All blocks are hooked because the guest's coverage is wanted.
    bool compares;         // Comparisons are hooked.
    uc_hook compare_hook;
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

// At most so many wait for a guest, and none that has served more guests or whose translations may
// come to more: the host keeps the memory in which they were.
#define ENGINES_KEPT 4u
#define ENGINE_MOST_GUESTS 256u
#define ENGINE_MOST_HOST_BYTES (12u << 20)
#define ENGINE_MOST_KEPT_HOOKS (1u << 16)

// Whether there is one, or the host has what it takes to make one; flat_engine_ask().
zx_status_t engine_ask(void);

// Lends one to the machine.
zx_status_t engine_take(struct machine *machine, const struct layout *layout, bool counts,
                        const struct engine_hooks *hooks, struct engine **out);

void engine_flush_stale_tlb(struct engine *engine);

// Drops the translations of the page at this offset in the arena.
void engine_forget_code(struct engine *engine, uint64_t offset);

// Around calls of that for many pages: the engine's TLB is flushed for all of them together. It
// must not run between them.
void engine_begin_forgetting(struct engine *engine);
void engine_end_forgetting(struct engine *engine);

// Whether a block that begins there is translated with a hook; and sees to it, between runs.
bool engine_hooks_block(const struct engine *engine, uint64_t pc);
bool engine_hook_block(struct engine *engine, uint64_t pc);

// Hooks all blocks, for coverage, or no more than it must; and comparisons or none. Between runs.
bool engine_cover(struct engine *engine, bool blocks, bool comparisons);

// Unicorn remembers the place of each hooked block as long as the hook is there. Whether they have
// become many; if so, translation_start() has the hook made anew, between runs.
bool engine_has_many_hooks(const struct engine *engine);
bool engine_renew_block_hook(struct engine *engine);

// Whether the guest has had so much translated that translations are to be dropped; they are,
// between runs.
bool engine_must_flush(const struct engine *engine);
void engine_flush(struct engine *engine);

// From now on RDTSC makes exits, where there is a look at whether it is forbidden. True if that is
// new: translations in which it makes none are dropped between runs, so this one must end.
bool engine_end_time_answers(struct engine *engine);

// The guest has made an exit for which the library could be called, which takes less time, while
// CPUID takes more, and all code is translated anew. So a system call is enough, and many others.
enum call_wish { CALLS_AT_ONCE, CALLS_IF_MANY };
void engine_want_calls(struct engine *engine, enum call_wish wish);
bool engine_begin_calls(struct engine *engine);

// Whether it is to serve another guest. If not, the translations of its guest need not go one by
// one.
bool engine_may_be_kept(const struct engine *engine);

// Takes it back. Its guest's pages are not in the arena any more, nor translations of them in it.
void engine_give(struct engine *engine, bool fit);

#endif // ENGINE_CPU_UNICORN_ENGINE_H
