// SPDX-License-Identifier: MIT
//
// When an instruction must run alone.

#include "engine/cpu/unicorn/step.h"

#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"

// The page of the window that code at the linear address lies in; NO_WINDOW_PAGE when it is not
// there.
static uint64_t page_at(const struct step *step, struct cpu *cpu, uint64_t linear) {
    struct access_fault fault;
    uint64_t physical = 0;
    if (linear_translate(cpu, linear, ACCESS_FETCH, &physical, &fault) != ACCESS_DONE) {
        return NO_WINDOW_PAGE;
    }
    return nested_page(&step->memory->nested, physical);
}

static void make_next(struct step *step, struct cpu *cpu, uint64_t page, unsigned length) {
    const uint64_t rip = cpu_get(cpu, RIP);
    step->memory->code.unguarded = page;
    step->start = cpu_code_address(cpu, rip);
    step->end = cpu_code_address(cpu, rip + length);
}

bool step_must_store(struct step *step, struct cpu *cpu, uint64_t guest_physical, unsigned length) {
    const uint64_t page = nested_page(&step->memory->nested, guest_physical);
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t next_page = (linear | 0xfff) + 1; // Where the block may end.
    if (page == NO_WINDOW_PAGE || length == 0 ||
        (page_at(step, cpu, linear) != page && page_at(step, cpu, next_page) != page)) {
        return false;
    }
    make_next(step, cpu, page, length);
    return true;
}

bool step_must_come_first(struct step *step, struct cpu *cpu, unsigned length) {
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t last = cpu_code_address(cpu, cpu_get(cpu, RIP) + length - 1);
    if (step->over || step->under_way || length == 0 || (linear ^ last) >> 12 != 0) {
        return false;
    }
    const uint64_t page = page_at(step, cpu, linear);
    if (page == NO_WINDOW_PAGE) {
        return false;
    }
    make_next(step, cpu, page, length);
    return true;
}

void step_begin(struct step *step) {
    step->over = false;
    step->under_way = step->memory->code.unguarded != NO_WINDOW_PAGE;
}

void step_end(struct step *step) {
    struct code_pages *code = &step->memory->code;
    const uint64_t page = code->unguarded;
    step->under_way = false;
    if (page != NO_WINDOW_PAGE) {
        step->over = true;
        code->unguarded = NO_WINDOW_PAGE;
        code_pages_forget(code, page);
    }
}
