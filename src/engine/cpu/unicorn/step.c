// SPDX-License-Identifier: MIT
//
// When an instruction must run alone.

#include "engine/cpu/unicorn/step.h"

#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"

// How many blocks are short after a step in the page of the one before.
enum { SHORT_BLOCKS = 4 };

void step_open(struct step *step, struct memory *memory) {
    *step = (struct step){.memory = memory, .last = NO_ARENA_PAGE};
}

// The page of the arena that code at the linear address lies in; NO_ARENA_PAGE when it is not
// there.
static uint64_t page_at(const struct step *step, struct cpu *cpu, uint64_t linear) {
    uint64_t physical = 0;
    if (!cpu_find_linear(cpu, linear, &physical)) {
        return NO_ARENA_PAGE;
    }
    return nested_page(&step->memory->nested, physical);
}

// The instruction at RIP is the next step. False when its page is not there.
static bool make_next(struct step *step, struct cpu *cpu, unsigned length) {
    uint64_t *unguarded = step->memory->code.unguarded;
    const uint64_t rip = cpu_get(cpu, RIP);
    const uint64_t start = cpu_code_address(cpu, rip);
    const uint64_t last = cpu_code_address(cpu, rip + length - 1);
    const uint64_t page = page_at(step, cpu, start);
    if (page == NO_ARENA_PAGE) {
        return false;
    }
    unguarded[0] = page;
    unguarded[1] = (start ^ last) >> 12 != 0 ? page_at(step, cpu, last) : NO_ARENA_PAGE;
    step->start = start;
    step->end = cpu_code_address(cpu, rip + length);
    return true;
}

bool step_must_store(struct step *step, struct cpu *cpu, uint64_t guest_physical, unsigned length,
                     bool may_cross) {
    const uint64_t page = nested_page(&step->memory->nested, guest_physical);
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t next_page = (linear | 0xfff) + 1; // Where the block may end.
    return page != NO_ARENA_PAGE &&
           (page_at(step, cpu, linear) == page ||
            (may_cross && page_at(step, cpu, next_page) == page)) &&
           make_next(step, cpu, length > 0 ? length : 1);
}

bool step_must_come_first(struct step *step, struct cpu *cpu, unsigned length) {
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t last = cpu_code_address(cpu, cpu_get(cpu, RIP) + length - 1);
    return !step->over && !step->under_way && length > 0 && (linear ^ last) >> 12 == 0 &&
           make_next(step, cpu, length);
}

bool step_choose(struct step *step, struct cpu *cpu) {
    uint8_t bytes[INSTRUCTION_MAX_LENGTH];
    struct instruction decoded;
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const size_t available = linear_fetch(cpu, linear, bytes);
    const bool whole =
        decode_instruction(bytes, available, cpu_code_mode(cpu), &decoded) == INSTRUCTION_OK;
    return available > 0 && make_next(step, cpu, whole ? decoded.length : 1);
}

void step_begin(struct step *step) {
    step->over = false;
    step->translated = false;
    step->under_way = step->memory->code.unguarded[0] != NO_ARENA_PAGE;
}

void step_forget(struct step *step) {
    struct code_pages *code = &step->memory->code;
    for (unsigned i = 0; i < 2; i++) {
        if (code->unguarded[i] != NO_ARENA_PAGE) {
            code_pages_forget(code, code->unguarded[i]);
        }
    }
}

void step_translated(struct step *step) {
    step->translated = true;
    step_forget(step);
}

void step_end(struct step *step) {
    struct code_pages *code = &step->memory->code;
    const uint64_t pages[2] = {code->unguarded[0], code->unguarded[1]};
    step->under_way = false;
    if (pages[0] == NO_ARENA_PAGE) {
        return;
    }
    step->over = true;
    step->short_blocks = pages[0] == step->last ? SHORT_BLOCKS : 0;
    step->last = pages[0];
    for (unsigned i = 0; i < 2; i++) {
        code->unguarded[i] = NO_ARENA_PAGE;
        if (pages[i] != NO_ARENA_PAGE) {
            code_pages_forget(code, pages[i]);
        }
    }
}

void step_cancel(struct step *step) {
    step_forget(step);
    step->memory->code.unguarded[0] = NO_ARENA_PAGE;
    step->memory->code.unguarded[1] = NO_ARENA_PAGE;
    step_open(step, step->memory);
}

bool step_makes_short(struct step *step) {
    if (step->short_blocks == 0) {
        return false;
    }
    step->short_blocks--;
    return true;
}
