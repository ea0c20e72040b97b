// SPDX-License-Identifier: MIT
//
// What is wrong with a block; see the header.

#include "engine/cpu/unicorn/x87_stop.h"

#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/unicorn/weight.h"
#include "engine/cpu/x86/extended.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/replaced.h"

static struct x87_track track_of(const struct cpu *cpu) {
    const unsigned top = (unsigned)(cpu_get(cpu, FSW) & FSW_TOP_BITS) >> FSW_TOP_SHIFT;
    struct x87_track track = {.used = (uint8_t)x87_rotated((unsigned)cpu_get(cpu, FTW), top)};
    track.empty = (uint8_t)~track.used;
    return track;
}

static bool fetch(struct cpu *cpu, uint64_t rip, struct cpu_exit *exit) {
    const size_t size = linear_fetch(cpu, cpu_code_address(cpu, rip), exit->instruction);
    const enum code_mode mode = cpu_code_mode(cpu);
    if (decode_instruction(exit->instruction, size, mode, &exit->decoded) != INSTRUCTION_OK) {
        return false;
    }
    exit->instruction_length = exit->decoded.length;
    return cut_before(&exit->decoded, mode, replaced_conditions(cpu)) == CUT_NONE;
}

// The place of the code in the arena; a place that no instruction has when the code is not mapped.
static uint64_t place_at(struct cpu *cpu, uint64_t linear) {
    uint64_t physical = 0;
    if (!cpu_find_linear(cpu, linear, &physical)) {
        return NO_ARENA_PAGE;
    }
    const uint64_t page = nested_page(&cpu->machine->memory.nested, physical);
    return page != NO_ARENA_PAGE ? page << 12 | (linear & 0xfff) : NO_ARENA_PAGE;
}

// The first instruction with a fault, from RIP to the end of any block that begins there. False
// when there is none, or the block is divided before it.
static bool find_fault(struct cpu *cpu, struct x87_track *track, uint64_t *rip,
                       struct cpu_exit *exit) {
    const uint64_t cr0 = cpu_get(cpu, CR0);
    const bool waits = (cpu_get(cpu, FSW) & X87_ES) != 0 && (cr0 & CR0_NE) != 0;
    if ((cr0 & (CR0_EM | CR0_TS)) != 0) { // The engine's to raise.
        return false;
    }
    for (unsigned i = 0; i < BLOCK_MOST_INSTRUCTIONS && fetch(cpu, *rip, exit); i++) {
        const uint64_t place = place_at(cpu, cpu_code_address(cpu, *rip));
        if (i > 0 && x87_blocks_divided(&cpu->machine->engine->x87, place)) {
            return false;
        }
        const struct x87_use use = x87_use(&exit->decoded);
        if (waits && use.kind != X87_UNUSED) {
            return true;
        }
        if (x87_track_divides(track, &use)) {
            return false;
        }
        x87_track_add(track, &use);
        if (track->wanted_used != 0 || track->wanted_empty != 0) {
            return true;
        }
        if (ends_block(&exit->decoded)) {
            return false;
        }
        *rip += exit->decoded.length;
    }
    return false;
}

static bool set_exponent(struct cpu *cpu, unsigned index) {
    uint8_t bytes[X87_REGISTER_SIZE];
    cpu_get_x87(cpu, index, bytes);
    if (bytes[X87_REGISTER_SIZE - 2] == 0xff && bytes[X87_REGISTER_SIZE - 1] == 0xff) {
        return false;
    }
    bytes[X87_REGISTER_SIZE - 2] = 0xff;
    bytes[X87_REGISTER_SIZE - 1] = 0xff;
    cpu_set_x87(cpu, index, bytes);
    return true;
}

// What the block's MMX instructions do to the x87 state beside the engine. False if it is done.
static bool enter_mmx(struct cpu *cpu, const struct x87_track *track) {
    const uint64_t status = cpu_get(cpu, FSW);
    bool changed = false;
    if (track->wants_top && (status & FSW_TOP_BITS) != 0) {
        cpu_set(cpu, FSW, status & ~(uint64_t)FSW_TOP_BITS);
        changed = true;
    }
    if (track->wants_all && cpu_get(cpu, FTW) != 0xff) {
        cpu_set(cpu, FTW, 0xff);
        changed = true;
    }
    for (unsigned i = 0; i < X87_REGISTERS; i++) {
        if ((track->mmx_written >> i & 1) != 0 && set_exponent(cpu, i)) {
            changed = true;
        }
    }
    return changed;
}

bool x87_stop_fault(struct cpu *cpu, struct cpu_exit *exit) {
    struct machine *machine = cpu->machine;
    struct x87_blocks *blocks = &machine->engine->x87;
    struct x87_track track = track_of(cpu);
    const uint64_t rip_now = cpu_get(cpu, RIP);
    uint64_t rip = rip_now;
    if (!find_fault(cpu, &track, &rip, exit)) {
        if (!enter_mmx(cpu, &track)) {
            x87_blocks_note_passed(blocks, machine->engine->unicorn,
                                   cpu_segment(cpu, SEGMENT_CS).base + rip_now, cpu_get(cpu, CR3));
        }
        return false;
    }
    if (rip == rip_now) {
        return true;
    }
    const uint64_t place = place_at(cpu, cpu_code_address(cpu, rip));
    x87_blocks_divide(blocks, place);
    code_pages_forget(&machine->memory.code, place >> 12);
    return false;
}
