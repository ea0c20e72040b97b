// SPDX-License-Identifier: MIT
//
// What all intercepts have in common.

#include "engine/cpu/x86/intercept.h"

#include "decode/read_modify_write.h"
#include "engine/cpu/state.h"
#include "engine/cpu/x86/deliver.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"

#include <string.h>

static void note(struct decoded_instruction *slot, enum code_mode mode, uint64_t bytes,
                 const struct instruction *instruction) {
    if (instruction->length < sizeof bytes) {
        const uint64_t mask = (1ull << 8 * instruction->length) - 1;
        *slot = (struct decoded_instruction){mode, bytes & mask, mask, *instruction};
    }
}

// The decoder, for all 15 bytes.
static bool decode(struct cpu_progress *progress, const uint8_t *code, enum code_mode mode,
                   struct instruction *out) {
    uint64_t bytes = 0;
    memcpy(&bytes, code, sizeof bytes);
    const uint64_t head = bytes & 0xffffff;
    struct decoded_instruction *slot =
        &progress->decoded[(head ^ head >> 8 ^ head >> 16) % DECODED_INSTRUCTIONS];
    if (slot->mode == mode && (bytes & slot->mask) == slot->bytes) {
        *out = slot->instruction;
        return true;
    }
    const bool known =
        decode_instruction(code, INSTRUCTION_MAX_LENGTH, mode, out) == INSTRUCTION_OK;
    if (known) {
        note(slot, mode, bytes, out);
    }
    return known;
}

bool intercept_decode(struct cpu *cpu, struct cpu_exit *exit) {
    const enum code_mode mode = cpu_code_mode(cpu);
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const size_t available = linear_fetch(cpu, linear, exit->instruction);
    exit->decoded.length = 0;
    const bool known = available == INSTRUCTION_MAX_LENGTH
                           ? decode(cpu_progress(cpu), exit->instruction, mode, &exit->decoded)
                           : decode_instruction(exit->instruction, available, mode,
                                                &exit->decoded) == INSTRUCTION_OK;
    exit->instruction_length = exit->decoded.length;
    return known;
}

bool intercept_ept_violation(uint64_t guest_physical, bool read, bool write,
                             struct cpu_exit *exit) {
    exit->reason = EXIT_EPT_VIOLATION;
    exit->guest_physical = guest_physical;
    exit->read = read;
    exit->write = write;
    exit->fetch = !read && !write;
    return true;
}

bool intercept_delivered(struct cpu *cpu, enum delivery result, struct cpu_exit *exit) {
    const struct cpu_progress *progress = cpu_progress_of(cpu);
    switch (result) {
    case DELIVERED:
        if (progress->taken.any) {
            exit->reason = EXIT_EXCEPTION;
            exit->vector = progress->taken.vector;
            exit->error_code = progress->taken.error_code;
        }
        return false;
    case DELIVERY_TRIPLE_FAULT: // The observer and the log want to see the instruction.
        intercept_decode(cpu, exit);
        exit->reason = EXIT_TRIPLE_FAULT;
        return true;
    case DELIVERY_UNBACKED: // Without an instruction that could be skipped.
        exit->instruction_length = 0;
        return intercept_ept_violation(progress->unbacked, true, false, exit);
    case DELIVERY_OPERAND_UNBACKED:
        return intercept_ept_violation(
            progress->unbacked, !progress->unbacked_write || is_read_modify_write(&exit->decoded),
            progress->unbacked_write, exit);
    case DELIVERY_UNSUPPORTED:
        break;
    }
    exit->reason = EXIT_OTHER;
    return true;
}

bool intercept_fault(struct cpu *cpu, uint8_t vector, uint32_t error_code, struct cpu_exit *exit) {
    return intercept_delivered(cpu, deliver_fault(cpu, vector, error_code), exit);
}

bool intercept_always(struct cpu *cpu, enum exit_reason reason, struct cpu_exit *exit) {
    intercept_decode(cpu, exit);
    exit->reason = reason;
    return true;
}
