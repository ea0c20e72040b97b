// SPDX-License-Identifier: MIT
//
// Telling raw exits that divide a block from others.

#include "engine/cpu/unicorn/coverage_exits.h"

#include "decode/scan.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/linear.h"

static uint64_t place_of_rip(const struct cpu *cpu) {
    return cpu_segment(cpu, SEGMENT_CS).base + cpu_get(cpu, RIP);
}

static void go_out(struct coverage_place *place, uint64_t address) {
    place->goes_on = true;
    place->went_out = address;
}

// Whether the code from `start` to `end` ends with an instruction that ends a block of the guest's.
static bool ends_there(struct cpu *cpu, uint64_t start, uint64_t end) {
    const enum code_mode mode = cpu_code_mode(cpu);
    struct instruction instruction = {.length = 0};
    for (uint64_t at = start; at < end; at += instruction.length) {
        uint8_t bytes[INSTRUCTION_MAX_LENGTH];
        const size_t size = linear_fetch(cpu, at, bytes);
        if (decode_instruction(bytes, size, mode, &instruction) != INSTRUCTION_OK) {
            return true;
        }
    }
    return instruction.length == 0 || ends_block(&instruction);
}

// Whether the block before the instruction at that address leads to it without a branch.
static bool runs_into(const struct coverage_place *place, struct cpu *cpu, uint64_t address) {
    const uint64_t distance = address - place->block;
    return distance < place->size ||
           (place->size > 0 && distance == place->size && !ends_there(cpu, place->block, address));
}

void coverage_divided(struct coverage *coverage, struct cpu *cpu) {
    const uint64_t address = place_of_rip(cpu);
    if (runs_into(coverage->place, cpu, address)) {
        go_out(coverage->place, address);
    }
}

// A cut, or HLT. The instruction may be the first of a block that no hook has announced.
static void cut(struct coverage *coverage, struct cpu *cpu, uint64_t address) {
    struct coverage_place *place = coverage->place;
    if (place->goes_on || !runs_into(place, cpu, address)) {
        coverage_block(coverage, address, 0);
    }
    go_out(place, address);
}

// Raw exits happen between blocks too: while a block is translated, and for interrupt windows.
static bool is_of_instruction(struct cpu *cpu, const struct raw_exit *raw) {
    if (raw->number == RAW_EXIT_SVM(SVM_NESTED_PAGE_FAULT)) {
        return (cpu_error_code(cpu) & PAGE_FAULT_FETCH) == 0;
    }
    return raw->number != RAW_EXIT_SVM(SVM_VIRTUAL_INTERRUPT);
}

void coverage_raw_exit(struct coverage *coverage, struct cpu *cpu, const struct raw_exit *raw) {
    struct coverage_place *place = coverage->place;
    const uint64_t address = place_of_rip(cpu);
    if (raw->number == RAW_EXIT_SVM(SVM_HLT)) {
        cut(coverage, cpu, address);
    } else if (address - place->block < place->size && is_of_instruction(cpu, raw)) {
        go_out(place, address);
    }
}

#define OPCODE_CALL_FAR 0x9a

// An instruction that this library carries out, and that may lead to the one behind it.
static bool is_branch(const struct instruction *instruction, enum code_mode mode) {
    return ends_block(instruction) ||
           (instruction->map == MAP_ONE_BYTE && instruction->opcode == OPCODE_CALL_FAR) ||
           cut_before(instruction, mode, 0) == CUT_SYSTEM_CALL;
}

void coverage_raw_exit_done(struct coverage *coverage, const struct cpu *cpu,
                            const struct cpu_exit *exit) {
    struct coverage_place *place = coverage->place;
    const bool branched = exit->instruction_length > 0 && place_of_rip(cpu) != place->went_out &&
                          is_branch(&exit->decoded, cpu_code_mode(cpu));
    if (branched || exit->reason == EXIT_EXCEPTION) {
        place->goes_on = false;
    }
}
