// SPDX-License-Identifier: MIT
//
// Making, lending and ending engines.

#include "engine/cpu/unicorn/engine.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/control_block.h"
#include "engine/cpu/unicorn/exact_stop.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/live.h"
#include "engine/cpu/unicorn/msr_bitmap.h"
#include "objects/log.h"
#include "platform/check.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// Zeros that take memory only where they are written.
static void *lazy_pages(size_t size) {
    void *pages = platform_reserve(size);
    if (pages != NULL && !platform_protect(pages, size, PLATFORM_READ | PLATFORM_WRITE)) {
        platform_unmap(pages, size);
        return NULL;
    }
    return pages;
}

static void engine_end(struct engine *engine) {
    uc_context *const contexts[] = {engine->host, engine->started, engine->kept};
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        if (contexts[i] != NULL) {
            uc_context_free(contexts[i]);
        }
    }
    if (engine->unicorn != NULL) {
        flat_engine_close(engine->unicorn);
    }
    if (engine->root != NULL) {
        platform_unmap(engine->root, platform_page_size());
    }
    if (engine->hidden != NULL) {
        platform_unmap(engine->hidden, HIDDEN_SIZE);
    }
    platform_mutex_destroy(&engine->state_lock);
    free(engine);
}

static zx_status_t add_block_hook(struct engine *engine) {
    void *function =
        engine->counts ? (void *)engine->hooks->counted_block : (void *)engine->hooks->block;
    return flat_engine_check(uc_hook_add(engine->unicorn, &engine->block_hook, UC_HOOK_BLOCK,
                                         function, engine, engine->hook_first, engine->hook_last),
                             "adding a hook");
}

static zx_status_t hook_all_blocks(struct engine *engine) {
    engine->hooks_blocks = true;
    engine->hook_first = 0;
    engine->hook_last = UINT64_MAX;
    return add_block_hook(engine);
}

static zx_status_t add_hooks(struct engine *engine) {
    const struct {
        int type;
        void *function;
    } hooks[] = {
        {UC_HOOK_INTR, (void *)engine->hooks->raw_exit},
        {UC_HOOK_EDGE_GENERATED, (void *)engine->hooks->translated},
        {UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_PROT, (void *)engine->hooks->fetch},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        uc_hook hook = 0;
        const uc_err error =
            uc_hook_add(engine->unicorn, &hook, hooks[i].type, hooks[i].function, engine, 1, 0);
        if (error != UC_ERR_OK) {
            return flat_engine_check(error, "adding a hook");
        }
    }
    if (engine->answers) {
        const uc_err error = answers_add_hooks(engine->unicorn, &engine->hooks->answers, false,
                                               engine, &engine->answer_hooks);
        if (error != UC_ERR_OK) {
            return flat_engine_check(error, "adding a hook");
        }
    }
    return engine->exact_stops ? ZX_OK : hook_all_blocks(engine);
}

static void find_state(struct engine *engine, const struct layout *layout) {
    static atomic_flag told = ATOMIC_FLAG_INIT;
    engine->live = live_state(engine->unicorn, engine->kept, layout);
    if (engine->live == NULL && layout->copied == NULL && !atomic_flag_test_and_set(&told)) {
        log_line(ZIRCONIA_LOG_WARNING, "an engine's state is not where it was found in another: "
                                       "it is copied at each exit");
    }
}

// Unicorn finds the memory that it looked up last faster than any other, and a walk of the nested
// tables goes from their root to tables in the arena and back again and again: so the root lies in
// the arena too.
static bool place_root(struct engine *engine) {
    struct arena arena;
    const size_t size = platform_page_size();
    arena_open(&arena, engine->arena, engine->hidden, NULL);
    engine->root = arena_take(&arena, size);
    return engine->root != NULL &&
           platform_protect(engine->root, size, PLATFORM_READ | PLATFORM_WRITE);
}

static void fill_control_block(struct engine *engine) {
    control_block_fill(engine->hidden + HIDDEN_VMCB,
                       ARENA_BASE + (uint64_t)(engine->root - engine->arena));
}

static zx_status_t start(struct engine *engine, const struct layout *layout) {
    engine->hidden = lazy_pages(HIDDEN_SIZE);
    if (engine->hidden != NULL) {
        engine->arena = arena_choose(engine->hidden, HIDDEN_SIZE);
    }
    if (engine->arena == NULL || !place_root(engine)) {
        return ZX_ERR_NO_MEMORY;
    }
    zx_status_t status = flat_engine_open(engine->hidden, engine->arena, &engine->unicorn);
    if (status != ZX_OK) {
        return status;
    }
    if (engine->exact_stops) {
        exact_stop_set(engine->unicorn);
    }
    if (uc_context_alloc(engine->unicorn, &engine->host) != UC_ERR_OK ||
        uc_context_alloc(engine->unicorn, &engine->started) != UC_ERR_OK ||
        uc_context_alloc(engine->unicorn, &engine->kept) != UC_ERR_OK ||
        uc_context_save(engine->unicorn, engine->host) != UC_ERR_OK) {
        return ZX_ERR_NO_MEMORY;
    }
    fill_control_block(engine);
    msr_bitmap_fill(engine->hidden + HIDDEN_MSR_BITMAP);
    status =
        flat_engine_launch(engine->unicorn, engine->hidden, engine->started, &engine->announces);
    if (status != ZX_OK) {
        return status;
    }
    find_state(engine, layout);
    if (engine->live != NULL) {
        tlb_fill_install(&engine->fill, engine->unicorn, layout, engine->live, &engine->hooks->fill,
                         engine);
    }
    engine->shows_copy = layout->shows_copy && engine->live != NULL;
    engine->answers = layout->answers && engine->live != NULL && !engine->counts;
    return add_hooks(engine);
}

static zx_status_t make(const struct layout *layout, bool counts, const struct engine_hooks *hooks,
                        struct engine **out) {
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    platform_mutex_init(&engine->state_lock, LOCK_ENGINE_STATE);
    engine->counts = counts;
    engine->exact_stops = !counts && exact_stop_have();
    engine->hooks = hooks;
    const zx_status_t status = start(engine, layout);
    if (status != ZX_OK) {
        engine_end(engine);
        return status;
    }
    *out = engine;
    return ZX_OK;
}

// --- Those that wait ---

static struct platform_mutex lock = PLATFORM_MUTEX_INIT(LOCK_ENGINES);
static struct engine *waiting GUARDED_BY(lock);
static unsigned waiting_count GUARDED_BY(lock);

zx_status_t engine_ask(void) {
    platform_mutex_lock(&lock);
    const bool have = waiting != NULL;
    platform_mutex_unlock(&lock);
    return have ? ZX_OK : flat_engine_ask();
}

static struct engine *take_waiting(bool counts) {
    struct engine *found = NULL;
    platform_mutex_lock(&lock);
    for (struct engine **link = &waiting; *link != NULL && found == NULL;) {
        if ((*link)->counts == counts) {
            CHECK(waiting_count > 0);
            found = *link;
            *link = found->next;
            waiting_count--;
        } else {
            link = &(*link)->next;
        }
    }
    platform_mutex_unlock(&lock);
    return found;
}

static bool keep(struct engine *engine) {
    platform_mutex_lock(&lock);
    const bool room = waiting_count < ENGINES_KEPT;
    if (room) {
        engine->next = waiting;
        waiting = engine;
        waiting_count++;
    }
    platform_mutex_unlock(&lock);
    return room;
}

static void note_found(struct engine *engine) {
    engine->found_bytes = engine->host_bytes;
    engine->found_hooked = engine->hooked;
}

static void want_calls(struct engine *engine) {
    engine->calls_wanted = engine->answers && !engine->calls && !engine->no_calls;
}

zx_status_t engine_take(struct machine *machine, const struct layout *layout, bool counts,
                        const struct engine_hooks *hooks, struct engine **out) {
    struct engine *engine = take_waiting(counts);
    if (engine == NULL) {
        const zx_status_t status = make(layout, counts, hooks, &engine);
        if (status != ZX_OK) {
            return status;
        }
    }
    CHECK(engine->machine == NULL && engine->hooks == hooks);
    engine->guests++;
    note_found(engine);
    engine->machine = machine;
    if (answers_call_at_once()) {
        want_calls(engine);
    }
    *out = engine;
    return ZX_OK;
}

// --- Before VMRUN ---

static bool flush_tlb(struct engine *engine) {
    engine->tlb_kept = false;
    engine->fill.walked = false;
    return uc_ctl_flush_tlb(engine->unicorn) == UC_ERR_OK;
}

// There addresses are physical, and nothing of the guest's translation takes part. False when the
// engine fails. The caller holds state_lock.
static bool leave_guest(struct engine *engine) {
    engine->fill.flat = true;
    return uc_context_save(engine->unicorn, engine->kept) == UC_ERR_OK &&
           uc_context_restore(engine->unicorn, engine->host) == UC_ERR_OK && flush_tlb(engine);
}

static bool enter_guest(struct engine *engine) {
    engine->fill.flat = false;
    return uc_context_restore(engine->unicorn, engine->kept) == UC_ERR_OK && flush_tlb(engine);
}

// The end of a hook has Unicorn look up the place of each block that had it: that must not go
// through the guest's tables.
static bool unhook_blocks(struct engine *engine) {
    engine->hooked = 0;
    engine->found_hooked = 0;
    platform_mutex_lock(&engine->state_lock);
    const bool done = leave_guest(engine) &&
                      uc_hook_del(engine->unicorn, engine->block_hook) == UC_ERR_OK &&
                      enter_guest(engine);
    platform_mutex_unlock(&engine->state_lock);
    return done;
}

// --- Taking one back ---

// What is left of the guest: the state, which lies in the context whole but for MSRs that exit, the
// root of its page tables, and what the control block says of its last exit.
static bool clean(struct engine *engine) {
    uint64_t none = 0;
    if (engine->exact_stops && engine->hooks_blocks && !unhook_blocks(engine)) {
        return false;
    }
    memset(engine->root, 0, 0x1000);
    fill_control_block(engine);
    x87_blocks_forget(&engine->x87);
    tlb_fill_serve(&engine->fill, NULL);
    engine->hooks_blocks = !engine->exact_stops;
    engine->hook_changes = 0;
    engine->covers = false;
    engine->time_exits = false;
    engine->has_old_blocks = false;
    engine->calls_wanted = false;
    engine->callable_exits = 0;
    engine->machine = NULL;
    engine->loaded = NULL;
    engine->tlb_stale = false;
    return uc_context_restore(engine->unicorn, engine->started) == UC_ERR_OK &&
           uc_context_save(engine->unicorn, engine->kept) == UC_ERR_OK && flush_tlb(engine) &&
           uc_ctl_set_exits(engine->unicorn, &none, 0) == UC_ERR_OK;
}

// Out of guest mode until come_back(), with the lock.
static void go_flat(struct engine *engine) NO_THREAD_SAFETY_ANALYSIS {
    platform_mutex_lock(&engine->state_lock);
    leave_guest(engine);
    engine->is_flat = true;
}

static void come_back(struct engine *engine) NO_THREAD_SAFETY_ANALYSIS {
    enter_guest(engine);
    engine->is_flat = false;
    platform_mutex_unlock(&engine->state_lock);
}

void engine_forget_code(struct engine *engine, uint64_t offset) {
    const uint64_t address = ARENA_BASE + offset;
    if (!engine->is_flat) {
        go_flat(engine);
    }
    uc_ctl_remove_cache(engine->unicorn, address, address + 0x1000);
    if (!engine->forgets_many) {
        come_back(engine);
    }
}

void engine_begin_forgetting(struct engine *engine) {
    CHECK(!engine->forgets_many && !engine->is_flat);
    engine->forgets_many = true;
}

void engine_end_forgetting(struct engine *engine) {
    engine->forgets_many = false;
    if (engine->is_flat) {
        come_back(engine);
    }
}

void engine_flush_stale_tlb(struct engine *engine) {
    if (engine->tlb_stale) {
        flush_tlb(engine);
        engine->tlb_stale = false;
    }
}

void engine_begin_anew(struct engine *engine) {
    engine->has_old_blocks = true;
    engine->tlb_stale = true;
}

// --- What a guest adds to it ---

// What one guest may have translated, behind what the guests before it left: all of it must find
// room in the buffer.
#define MOST_OWN_BYTES (16u << 20)
#define MOST_FOUND_BYTES (40u << 20)
#define MOST_OWN_HOOKS (1u << 16)
_Static_assert(MOST_FOUND_BYTES >= ENGINE_MOST_HOST_BYTES, "what a kept engine has");
_Static_assert(MOST_OWN_BYTES + MOST_FOUND_BYTES <= FLAT_ENGINE_CODE_SIZE / 8 * 7, "room");

// Unicorn keeps translations in a buffer and drops them all when it is full, but 2.1.1 does not the
// first time: it begins again at the buffer's start, over blocks that it still knows, and follows
// them into what they no longer are. Once they have been dropped at a user's request it is right.
// Where blocks are counted they are always dropped here, at the same block every time.
bool engine_must_flush(const struct engine *engine) {
    const bool many = engine->host_bytes - engine->found_bytes > MOST_OWN_BYTES;
    return (many && (engine->counts || !engine->flushed)) || engine->has_old_blocks;
}

bool engine_end_time_answers(struct engine *engine) {
    if (!engine->answers || engine->time_exits) {
        return false;
    }
    engine->time_exits = true;
    engine->has_old_blocks = true;
    return true;
}

void engine_flush(struct engine *engine) {
    uc_ctl_flush_tb(engine->unicorn);
    engine->flushed = true;
    engine->used_up = true;
    engine->has_old_blocks = false;
    engine->has_blocks = false;
    engine->host_bytes = 0;
    engine->found_bytes = 0;
}

#define MANY_CALLABLE_EXITS 256u

void engine_want_calls(struct engine *engine, enum call_wish wish) {
    engine->callable_exits++;
    if (wish == CALLS_AT_ONCE || engine->callable_exits == MANY_CALLABLE_EXITS) {
        want_calls(engine);
    }
}

// Translations are right with either hook, but those that there are have no calls. Another guest
// may have the engine all the same, if there were few.
static void forget_uncalled(struct engine *engine) {
    const bool kept = engine_may_be_kept(engine);
    if (engine->host_bytes > 0) {
        engine_flush(engine);
        engine->used_up = !kept;
    }
}

bool engine_begin_calls(struct engine *engine) {
    forget_uncalled(engine);
    engine->calls_wanted = false;
    engine->calls = true;
    return uc_hook_del(engine->unicorn, engine->answer_hooks.first) == UC_ERR_OK &&
           uc_hook_del(engine->unicorn, engine->answer_hooks.input) == UC_ERR_OK &&
           answers_add_hooks(engine->unicorn, &engine->hooks->answers, true, engine,
                             &engine->answer_hooks) == UC_ERR_OK;
}

bool engine_has_many_hooks(const struct engine *engine) {
    return engine->hooked - engine->found_hooked > MOST_OWN_HOOKS;
}

bool engine_renew_block_hook(struct engine *engine) {
    engine_flush(engine);
    return unhook_blocks(engine) && add_block_hook(engine) == ZX_OK;
}

// What earlier guests' code took is dropped here, so that it leaves this one's as much room as a
// new guest has; not in the next run, which would then do what others do not.
bool engine_serve_anew(struct engine *engine) {
    x87_blocks_forget(&engine->x87);
    if (engine->host_bytes > MOST_FOUND_BYTES) {
        engine_flush(engine);
    }
    if (engine->hooked > ENGINE_MOST_KEPT_HOOKS && !engine_renew_block_hook(engine)) {
        return false;
    }
    engine->callable_exits = 0;
    note_found(engine);
    return true;
}

bool engine_hooks_block(const struct engine *engine, uint64_t pc) {
    return engine->hooks_blocks && pc >= engine->hook_first && pc <= engine->hook_last;
}

// The range grows by whole stretches, and after so many changes it has everything.
#define HOOK_STRETCH (1ull << 16)
#define HOOK_MOST_CHANGES 16u

static void extend_range(struct engine *engine, uint64_t pc) {
    const uint64_t first = pc & ~(HOOK_STRETCH - 1);
    const uint64_t last = pc | (HOOK_STRETCH - 1);
    if (engine->hook_changes++ == HOOK_MOST_CHANGES) {
        engine->hook_first = 0;
        engine->hook_last = UINT64_MAX;
        return;
    }
    if (!engine->hooks_blocks || first < engine->hook_first) {
        engine->hook_first = first;
    }
    if (!engine->hooks_blocks || last > engine->hook_last) {
        engine->hook_last = last;
    }
}

// There is only one hook at any time: Unicorn passes over several once a stop is on its way.
// Blocks that were translated with the old one go on calling the same function.
bool engine_hook_block(struct engine *engine, uint64_t pc) {
    const bool had_one = engine->hooks_blocks;
    extend_range(engine, pc);
    engine->hooks_blocks = true;
    return (!had_one || unhook_blocks(engine)) && add_block_hook(engine) == ZX_OK;
}

// --- Coverage ---

// What was translated before has no hook, or one too many.
static void forget_unfit(struct engine *engine) {
    if (engine->host_bytes > engine->found_bytes) {
        engine_flush(engine);
    }
}

static bool cover_blocks(struct engine *engine, bool on) {
    engine->covers = on;
    if (!engine->exact_stops) { // All blocks are hooked in any case, but some translations may have
                                // calls.
        if (engine->calls) {
            forget_unfit(engine);
        }
        return true;
    }
    if (engine->hooks_blocks && !unhook_blocks(engine)) {
        return false;
    }
    forget_unfit(engine);
    engine->hooks_blocks = false;
    engine->hook_changes = 0;
    return !on || hook_all_blocks(engine) == ZX_OK;
}

// Once it has hooked comparisons an engine is not kept: what it was flushed for, other guests would
// find.
static bool cover_comparisons(struct engine *engine, bool on) {
    engine->compares = on;
    const uc_err error = on ? uc_hook_add(engine->unicorn, &engine->compare_hook,
                                          UC_HOOK_TCG_OPCODE, (void *)engine->hooks->compared,
                                          engine, 1, 0, UC_TCG_OP_SUB, UC_TCG_OP_FLAG_CMP)
                            : uc_hook_del(engine->unicorn, engine->compare_hook);
    engine_flush(engine);
    return flat_engine_check(error, "hooking comparisons") == ZX_OK;
}

bool engine_cover(struct engine *engine, bool blocks, bool comparisons) {
    return (engine->covers == blocks || cover_blocks(engine, blocks)) &&
           (engine->compares == comparisons || cover_comparisons(engine, comparisons));
}

bool engine_watch(struct engine *engine, bool on) {
    if (engine->watches == on) {
        return true;
    }
    engine->watches = on;
    const uc_err error = on ? uc_hook_add(engine->unicorn, &engine->access_hook,
                                          UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
                                          (void *)engine->hooks->accessed, engine, 1, 0)
                            : uc_hook_del(engine->unicorn, engine->access_hook);
    engine_flush(engine); // What is translated without the hook has a faster way to memory.
    return flat_engine_check(error, "hooking accesses") == ZX_OK;
}

// --- Taking it back ---

bool engine_may_be_kept(const struct engine *engine) {
    return !engine->used_up && engine->guests < ENGINE_MOST_GUESTS &&
           engine->host_bytes <= ENGINE_MOST_HOST_BYTES && engine->hooked <= ENGINE_MOST_KEPT_HOOKS;
}

// The engines that wait for a guest end where they alone keep others from being closed.
static void end_waiting(void) {
    struct engine *list = NULL;
    platform_mutex_lock(&lock);
    if (flat_engine_some_wait_for(waiting_count)) {
        list = waiting;
        waiting = NULL;
        waiting_count = 0;
    }
    platform_mutex_unlock(&lock);
    while (list != NULL) {
        struct engine *next = list->next;
        engine_end(list);
        list = next;
    }
}

void engine_give(struct engine *engine, bool fit) {
    if (!fit || !engine_may_be_kept(engine) || !clean(engine) || !keep(engine)) {
        engine_end(engine);
        end_waiting();
    }
}
