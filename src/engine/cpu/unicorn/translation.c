// SPDX-License-Identifier: MIT
//
// Which blocks are translated, and how far.

#include "engine/cpu/unicorn/translation.h"

#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/memory.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/unicorn/step.h"
#include "engine/cpu/unicorn/weight.h"
#include "engine/cpu/unicorn/work.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/replaced.h"

#include <string.h>

#define PAGE_SIZE 0x1000u
#define FETCH_MOST_BYTES 8u
#define MOST_LOST 1000u

void translation_open(struct translation *translation, struct engine *engine, struct memory *memory,
                      struct step *step, struct work *work) {
    translation->engine = engine;
    translation->work = work;
    translation->memory = memory;
    translation->step = step;
    translation->executable_page = NO_ARENA_PAGE;
    translation->block.crossed_to = NO_ARENA_PAGE;
    translation->announced = engine->announces;
    translation->copy.known = &engine->tables;
    for (unsigned i = 0; i < 2; i++) {
        translation->copy.pages[i] = engine->hidden + HIDDEN_CODE_COPY + i * (size_t)PAGE_SIZE;
    }
}

void translation_begin_anew(struct translation *translation) {
    memset(translation->divisions, 0, sizeof translation->divisions);
    memset(&translation->cuts, 0, sizeof translation->cuts);
    translation->lost = 0;
    translation->refusal = REFUSAL_NONE;
}

void translation_close(struct translation *translation) {
    page_swap_close(&translation->swap);
}

// --- Where it ends ---

static void give_exits(struct translation *translation, const uint64_t *exits, size_t count) {
    if (count != 0 || translation->exits_set) {
        uc_ctl_set_exits(translation->engine->unicorn, exits, count);
        translation->exits_set = count != 0;
    }
}

// The addresses at which the translator ends a block: the site of a cut, and of a step's end.
static void set_exits(struct translation *translation, const uint64_t *site) {
    uint64_t exits[2];
    size_t count = 0;
    if (translation->step->under_way) {
        exits[count++] = translation->step->end;
    }
    if (site != NULL) {
        exits[count++] = *site;
    }
    give_exits(translation, exits, count);
}

// What fails is tried again, and seen when the run ends.
void translation_take_back(struct translation *translation) {
    code_copy_end(&translation->copy);
    translation->shows = !page_swap_end(&translation->swap);
    translation->engine->fill.code.known = false;
}

void translation_forget_exits(struct translation *translation) {
    const uint64_t none = 0;
    translation_end_copy(translation);
    give_exits(translation, &none, 0);
}

// --- Whether it begins, and goes on ---

// Whether the block that is being translated may have code in this page of the arena. Asked once a
// page, where some mapping of the guest's is not executable.
static bool may_execute(const struct translation *translation, struct cpu *cpu,
                        uint64_t arena_page) {
    struct memory *memory = translation->memory;
    cpu_open(cpu);
    const uint64_t start = cpu_code_address(cpu, cpu_get(cpu, RIP));
    bool permitted = true;
    for (uint64_t linear = start; linear - start <= PAGE_SIZE; linear += PAGE_SIZE) {
        uint64_t physical = 0;
        if (cpu_find_linear(cpu, linear, &physical) &&
            nested_page(&memory->nested, physical) == arena_page) {
            permitted = memory_may_execute(memory, physical);
            break;
        }
    }
    cpu_close(cpu);
    return permitted;
}

// A block that ends where it begins has size 0, and at the start of a page Unicorn would look for
// its end in the page before, which need not be there.
static enum refusal cut_first(const struct block *block) {
    return block->pc % PAGE_SIZE == 0 ? REFUSAL_CUT_UNCACHED : REFUSAL_CUT_FIRST;
}

// The length of blocks while code stores to its own page again and again.
#define SHORT_BLOCK_INSTRUCTIONS 8

// Unicorn throws a translation away that comes to more than 64 KiB, and begins again with fewer
// instructions. It never comes to that: how long a block is must follow from its code where blocks
// are counted, and that a translation begins again must mean something else (is_repeated()).
#define MOST_HOST_BYTES 0xf000u

// How many instructions the block may have. What is translated for a step is gone behind it.
static void limit_block(const struct translation *translation, struct block_code *code) {
    code->most = BLOCK_MOST_INSTRUCTIONS;
    if (code_pages_unguarded(&translation->memory->code, translation->block.pages[0])) {
        code->most = 1;
    } else if (step_makes_short(translation->step)) {
        code->most = SHORT_BLOCK_INSTRUCTIONS;
    }
    code->is_short = code->most < BLOCK_MOST_INSTRUCTIONS;
}

// An instruction that runs alone has no other pages than its own: the one behind, where blocks go
// on, may be what it stores to.
static void keep_alone(const struct code_pages *code, struct block *block) {
    if (code_pages_unguarded(code, block->pages[0]) &&
        !code_pages_unguarded(code, block->pages[1])) {
        block->pages[1] = NO_ARENA_PAGE;
    }
}

// What is shown is taken back before anything but code is read, so not for an instruction that ends
// its block for reasons that are not in the code.
static bool takes_stand_ins(const struct engine *engine, const struct cpu *cpu) {
    return engine->answers && !engine->time_exits && cpu_get(cpu, INTERRUPT_SHADOW) == 0 &&
           (cpu_system_flags(cpu) & RFLAGS_TF) == 0;
}

// Unicorn clears RF behind a call, which may have set it, and not behind a jump. A step's end is
// not known behind one, and neither is which block of the guest's comes next, for coverage.
static bool takes_ends(const struct translation *translation, const struct cpu *cpu) {
    const struct engine *engine = translation->engine;
    return takes_stand_ins(engine, cpu) && translation->announced && !engine->no_calls &&
           !translation->step->under_way && !engine->covers &&
           (cpu_system_flags(cpu) & RFLAGS_RF) == 0;
}

static void note_division(struct translation *translation, uint64_t pc) {
    translation->divisions[pc % PAGE_SIZE / 8] |= (uint8_t)(1u << pc % 8);
}

// All that the block may take of its pages, and whole words of it: a processor fetches those, so a
// store of one is seen as a whole or not at all, wherever in the word the block begins.
static void copy_code(struct translation *translation) {
    const struct block *block = &translation->block;
    const struct arena *arena = &translation->memory->arena;
    struct code_copy *copy = &translation->copy;
    const size_t first = block->first & ~(sizeof(uint64_t) - 1);
    memcpy(copy->pages[0] + first, arena_pointer(arena, block->pages[0] * PAGE_SIZE + first),
           PAGE_SIZE - first);
    if (block->pages[1] != NO_ARENA_PAGE) {
        memcpy(copy->pages[1], arena_pointer(arena, block->pages[1] * PAGE_SIZE), PAGE_SIZE);
    }
}

// Its pages are guarded before they are copied, and the copy is what is read.
static void read_ahead(struct translation *translation, struct cpu *cpu, uint64_t offset) {
    struct block *block = &translation->block;
    struct memory *memory = translation->memory;
    cpu_open(cpu);
    struct block_code code = {
        .bytes = translation->copy.pages[0] + offset % PAGE_SIZE,
        .mode = cpu_code_mode(cpu),
        .conditions = replaced_conditions(cpu),
        .x87 = &translation->engine->x87,
    };
    block_begin(block, cpu_segment(cpu, SEGMENT_CS).base + cpu_get(cpu, RIP), offset);
    keep_alone(&memory->code, block);
    code.knows_flags = !translation->engine->counts; // What is cut is counted.
    code.stand_ins = takes_stand_ins(translation->engine, cpu);
    code.joins = takes_ends(translation, cpu);
    code.calls = code.joins && code.mode == CODE_64 && translation->engine->calls;
    limit_block(translation, &code);
    code.most_host_bytes = MOST_HOST_BYTES;
    code.end = work_block_end(translation->work, block->pc);
    code.breakpoints = cpu->steps ? NULL : translation->breakpoints;
    code_pages_translated(&memory->code, block->pages[0]);
    if (block->pages[1] != NO_ARENA_PAGE) {
        code_pages_translated(&memory->code, block->pages[1]);
        code.next = translation->copy.pages[1];
    }
    copy_code(translation);
    cpu_close(cpu);
    block_read_ahead(block, &code, &translation->cuts);
    translation->engine->host_bytes += block->host_bytes;
    if (block->divided) {
        note_division(translation, block->pc + block->read);
    }
    x87_blocks_note(&translation->engine->x87, block->pc, block->x87 ? &block->track : NULL);
}

// NO_ARENA_PAGE where no code is.
static uint64_t page_of_code(const struct translation *translation, struct cpu *cpu,
                             uint64_t linear) {
    uint64_t physical = 0;
    return cpu_find_linear(cpu, linear, &physical)
               ? nested_page(&translation->memory->nested, physical)
               : NO_ARENA_PAGE;
}

void translation_forget(struct translation *translation, struct cpu *cpu, uint64_t linear) {
    const uint64_t page = page_of_code(translation, cpu, linear);
    if (page != NO_ARENA_PAGE) {
        code_pages_forget(&translation->memory->code, page);
    }
}

uint64_t translation_undivided(const struct translation *translation, struct cpu *cpu, uint64_t pc,
                               bool with_next) {
    const struct arena *arena = &translation->memory->arena;
    struct block_code code = {
        .mode = cpu_code_mode(cpu),
        .conditions = replaced_conditions(cpu) & ~(unsigned)REPLACED_IF_RESUME,
        .most = BLOCK_MOST_INSTRUCTIONS,
        .most_host_bytes = MOST_HOST_BYTES,
        .end = UINT64_MAX,
        .measures = true,
    };
    const uint64_t linear = code.mode == CODE_64 ? pc : (uint32_t)pc;
    const uint64_t page = page_of_code(translation, cpu, linear);
    const uint64_t next = page_of_code(translation, cpu, (linear | 0xfff) + 1);
    struct block block = {.crossed_to = NO_ARENA_PAGE};
    if (page == NO_ARENA_PAGE) {
        return 0;
    }
    const uint64_t offset = page * PAGE_SIZE + linear % PAGE_SIZE;
    block_begin(&block, pc, offset);
    block.pages[1] = next;
    code.bytes = arena_pointer(arena, offset);
    code.next = next != NO_ARENA_PAGE ? arena_pointer(arena, next * PAGE_SIZE) : NULL;
    block_read_ahead(&block, &code, NULL);
    const uint64_t room = PAGE_SIZE - linear % PAGE_SIZE;
    const uint64_t size = next == NO_ARENA_PAGE && block.read > room ? room : block.read;
    return size + (with_next && block.cut != CUT_NONE && block.cut != CUT_BOUND ? 1 : 0);
}

// The first byte of a block, at this offset in the arena.
static enum refusal begin(struct translation *translation, struct cpu *cpu, uint64_t offset) {
    const struct block *block = &translation->block;
    struct engine *engine = translation->engine;
    if (translation->step->translated) {
        return REFUSAL_STEP_OVER;
    }
    read_ahead(translation, cpu, offset);
    if (block->x87 && !engine_hooks_block(engine, block->pc)) {
        return REFUSAL_UNHOOKED;
    }
    if (engine_must_flush(engine) || engine_has_many_hooks(engine)) {
        work_end(translation->work);
    }
    if (block->cut != CUT_NONE && block->read == 0) {
        return cut_first(block);
    }
    const uint64_t site = block->pc + block->read;
    set_exits(translation, block->cut != CUT_NONE ? &site : NULL);
    return REFUSAL_NONE;
}

// The buffer of translations was full at the end of the last one, which Unicorn does not announce
// then: it drops them all, and begins again. It has looked up where in its memory the block is, and
// found the copy. Besides, the first byte of a block is fetched once, and alone.
static bool is_repeated(const struct translation *translation, uint64_t offset, size_t size) {
    const struct block *block = &translation->block;
    return block->under_way && translation->copy.count > 0 && size == 1 &&
           offset == block->pages[0] * PAGE_SIZE + block->first;
}

// Not again and again.
static enum refusal lost(struct translation *translation) {
    return translation->lost++ < MOST_LOST ? REFUSAL_CHANGED : REFUSAL_NOT_READ;
}

static enum refusal look(struct translation *translation, struct cpu *cpu, uint64_t offset,
                         size_t size) {
    struct block *block = &translation->block;
    const uint64_t page = offset / PAGE_SIZE;
    if (is_repeated(translation, offset, size)) {
        return lost(translation);
    }
    if (translation->memory->any_not_executable && page != translation->executable_page) {
        if (!may_execute(translation, cpu, page)) {
            return REFUSAL_NOT_EXECUTABLE;
        }
        translation->executable_page = page;
    }
    if (!block->under_way) {
        return begin(translation, cpu, offset);
    }
    if (block_contains(block, offset)) {
        return REFUSAL_NONE;
    }
    if (block_crosses(block, offset)) {
        return REFUSAL_CROSSES;
    }
    return lost(translation); // The tables that lead there may have changed meanwhile.
}

// --- What is translated ---

// Whether the bytes lie in the first of the block's pages. It has fewer bytes than a page, so their
// place tells where both are the same.
static bool in_first_page(const struct block *block, uint64_t offset) {
    return offset / PAGE_SIZE == block->pages[0] &&
           offset % PAGE_SIZE + FETCH_MOST_BYTES > block->first;
}

// Not where Unicorn would walk to the page for each byte: that might have effects.
static bool show_second(struct translation *translation, uint64_t linear, const uint8_t *host) {
    struct tlb_fill *fill = &translation->engine->fill;
    if (fill->state == NULL || !code_copy_show_once(&translation->copy, translation->engine->live,
                                                    linear, host, &fill->code.entry)) {
        return false;
    }
    fill->code.linear = linear;
    fill->code.known = true;
    return true;
}

// The first page is shown until the translation ends, which Unicorn must announce.
static bool show(struct translation *translation, uint64_t offset) {
    const struct block *block = &translation->block;
    struct engine *engine = translation->engine;
    const uint8_t *host =
        arena_pointer(&translation->memory->arena, offset / PAGE_SIZE * PAGE_SIZE);
    const uint64_t linear = block->pc / PAGE_SIZE * PAGE_SIZE;
    struct code_copy *copy = &translation->copy;
    if (!in_first_page(block, offset)) {
        return show_second(translation, linear + PAGE_SIZE, host);
    }
    if (copy->count == 0 && translation->announced &&
        code_copy_show(copy, engine->live, linear, host)) {
        stand_ins_put(&block->stand_ins, copy->pages[0]);
    }
    return copy->count > 0;
}

// Unicorn must announce the end of the translation here too.
static bool swap(struct translation *translation, uint64_t offset) {
    const struct block *block = &translation->block;
    const unsigned index = in_first_page(block, offset) ? 0 : 1;
    return translation->announced &&
           page_swap_begin(&translation->swap, &translation->memory->arena, offset / PAGE_SIZE,
                           translation->copy.pages[index], index == 0 ? block->first : 0);
}

// Where the copy is not what Unicorn will read.
static bool is_as_copied(const struct translation *translation, uint64_t offset, size_t size) {
    const struct block *block = &translation->block;
    const bool first = in_first_page(block, offset);
    const size_t least = first ? block->first : 0;
    const size_t start = offset % PAGE_SIZE > least ? offset % PAGE_SIZE : least;
    const size_t end =
        offset % PAGE_SIZE + size < PAGE_SIZE ? offset % PAGE_SIZE + size : PAGE_SIZE;
    const uint8_t *page =
        arena_pointer(&translation->memory->arena, offset / PAGE_SIZE * PAGE_SIZE);
    return end <= start ||
           memcmp(translation->copy.pages[first ? 0 : 1] + start, page + start, end - start) == 0;
}

static enum refusal look_at_copy(struct translation *translation, uint64_t offset, size_t size) {
    struct engine *engine = translation->engine;
    translation->shows = true;
    if (engine->shows_copy && show(translation, offset)) {
        return REFUSAL_NONE;
    }
    if (stand_ins_end_block(&translation->block.stand_ins)) {
        engine->no_calls = true;
        return REFUSAL_NOT_SHOWN;
    }
    return swap(translation, offset) || is_as_copied(translation, offset, size) ? REFUSAL_NONE
                                                                                : REFUSAL_CHANGED;
}

void translation_fetch(struct translation *translation, struct cpu *cpu, uint64_t offset,
                       size_t size) {
    translation->refusal = look(translation, cpu, offset, size);
    if (translation->refusal == REFUSAL_NONE) {
        translation->refusal = look_at_copy(translation, offset, size);
    }
}

// --- Around it ---

void translation_end(struct translation *translation) {
    translation->block.under_way = false;
    translation_end_copy(translation);
    translation->executable_page = NO_ARENA_PAGE;
    if (translation->engine->exact_stops) {
        translation_forget_exits(translation); // A stop from outside does not.
    } else {
        set_exits(translation, NULL);
    }
}

// What a step has translated runs once. Where blocks are hooked, the run stops at the next one.
void translation_done(struct translation *translation) {
    translation->lost = 0;
    if (translation->step->under_way && translation->engine->exact_stops) {
        step_translated(translation->step);
    } else {
        translation->engine->has_blocks = true;
    }
}

bool translation_start(struct translation *translation) {
    struct engine *engine = translation->engine;
    if (translation->refusal == REFUSAL_UNHOOKED &&
        !engine_hook_block(engine, translation->block.pc)) {
        return false;
    }
    if (engine_has_many_hooks(engine) && !engine_renew_block_hook(engine)) {
        return false;
    }
    if (engine->calls_wanted && !engine_begin_calls(engine)) {
        return false;
    }
    if (engine_must_flush(engine)) {
        engine_flush(engine);
    }
    const bool cut = translation->refusal == REFUSAL_CUT_FIRST;
    translation->refusal = REFUSAL_NONE;
    translation_end(translation);
    if (cut) {
        set_exits(translation, &translation->block.pc);
    }
    return true;
}
