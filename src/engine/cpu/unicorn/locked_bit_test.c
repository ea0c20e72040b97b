// SPDX-License-Identifier: MIT
//
// Finding locked bit tests of registers; see the header.

#include "engine/cpu/unicorn/locked_bit_test.h"

#include "decode/instruction.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/x86/linear.h"

static bool is_prefix(uint8_t byte) {
    return (byte & 0xf0) == 0x40 || (byte & 0xe7) == 0x26 || (byte & 0xfc) == 0x64 ||
           byte == 0xf2 || byte == 0xf3;
}

static bool is_bit_test(uint8_t opcode) {
    return (opcode & 0xe7) == 0xa3 || opcode == 0xba;
}

static bool is_cleared(const struct locked_bit_test *test, uint64_t window_address) {
    for (unsigned i = 0; i < test->cleared_count; i++) {
        if (test->cleared[i] == window_address) {
            return true;
        }
    }
    return false;
}

void locked_bit_test_reset(struct locked_bit_test *test) {
    test->last = BYTE_ANY;
    test->cleared_count = 0;
    test->cut = false;
}

bool locked_bit_test_fetch(struct locked_bit_test *test, uint64_t window_address, uint8_t byte) {
    const bool suspicious = test->last == BYTE_OPCODE && byte >= 0xc0;
    if (byte == 0xf0 || (test->last == BYTE_LOCKED && is_prefix(byte))) {
        test->last = BYTE_LOCKED;
    } else if (test->last == BYTE_LOCKED && byte == 0x0f) {
        test->last = BYTE_ESCAPE;
    } else {
        test->last = test->last == BYTE_ESCAPE && is_bit_test(byte) ? BYTE_OPCODE : BYTE_ANY;
    }
    if (!suspicious || is_cleared(test, window_address)) {
        return true;
    }
    test->suspect = window_address;
    test->last = BYTE_ANY;
    return false;
}

static bool is_locked_bit_test(const struct instruction *instruction) {
    return instruction->lock && instruction->map == MAP_0F && is_bit_test(instruction->opcode) &&
           instruction->modrm >= 0xc0;
}

static bool lies_in(struct cpu *cpu, uint64_t linear, unsigned length, uint64_t suspect) {
    const uint8_t *wanted = cpu->machine->window + (suspect - WINDOW_BASE);
    for (unsigned i = 0; i < length; i++) {
        struct access_fault fault;
        uint64_t physical = 0;
        if (linear_translate(cpu, linear + i, ACCESS_FETCH, &physical, &fault) == ACCESS_DONE &&
            machine_host_address(cpu->machine, physical, false) == wanted) {
            return true;
        }
    }
    return false;
}

// Notes what the instruction with the suspect in it is.
static enum suspicion judge(struct locked_bit_test *test, const struct instruction *instruction,
                            uint64_t suspect, uint64_t linear, uint64_t start) {
    if (is_locked_bit_test(instruction)) {
        test->cut = linear != start;
        test->site = linear;
        return linear != start ? SUSPICION_CLEARED : SUSPICION_INVALID_OPCODE;
    }
    if (test->cleared_count == sizeof test->cleared / sizeof test->cleared[0]) {
        return SUSPICION_UNKNOWN;
    }
    test->cleared[test->cleared_count++] = suspect;
    return SUSPICION_CLEARED;
}

enum suspicion locked_bit_test_resolve(struct cpu *cpu) {
    struct locked_bit_test *test = &cpu->machine->bit_test;
    const uint64_t start = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t suspect = test->suspect;
    const enum code_mode mode = cpu_code_mode(cpu);
    struct instruction instruction;
    test->suspect = 0;
    for (uint64_t linear = start; linear - start < 0x2000; linear += instruction.length) {
        uint8_t bytes[INSTRUCTION_MAX_LENGTH];
        const size_t size = linear_fetch(cpu, linear, bytes);
        if (decode_instruction(bytes, size, mode, &instruction) != INSTRUCTION_OK) {
            return SUSPICION_UNKNOWN;
        }
        if (lies_in(cpu, linear, instruction.length, suspect)) {
            return judge(test, &instruction, suspect, linear, start);
        }
    }
    return SUSPICION_UNKNOWN;
}
