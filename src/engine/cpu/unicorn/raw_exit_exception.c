// SPDX-License-Identifier: MIT
//
// Exceptions that Unicorn has raised, where it takes one for another.

#include "engine/cpu/unicorn/raw_exit.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/operand.h"

static bool is_monitor(const struct instruction *decoded) {
    return decoded->map == MAP_0F && decoded->opcode == 0x01 &&
           (decoded->modrm == 0xc8 || decoded->modrm == 0xc9);
}

// For MONITOR and MWAIT, which this processor does not have, Unicorn looks at ECX first. For an
// address of the stack that is not canonical it should have been #SS.
static bool general_protection(struct cpu *cpu, struct cpu_exit *exit) {
    const uint32_t error_code = cpu_error_code(cpu);
    const bool known = intercept_decode(cpu, exit) && error_code == 0;
    if (known && is_monitor(&exit->decoded)) {
        return intercept_fault(cpu, VECTOR_INVALID_OPCODE, 0, exit);
    }
    const bool stack = known && operand_stack_not_canonical(cpu, &exit->decoded, exit->instruction);
    return intercept_fault(cpu, stack ? VECTOR_STACK_FAULT : VECTOR_GENERAL_PROTECTION, error_code,
                           exit);
}

// Unicorn reads what it is to modify, and reports a page fault there as one of a read.
static uint32_t page_fault_code(struct cpu *cpu, uint64_t address, struct cpu_exit *exit) {
    const uint32_t error_code = cpu_error_code(cpu);
    if ((error_code & (PAGE_FAULT_WRITE | PAGE_FAULT_FETCH)) != 0) {
        return error_code;
    }
    const bool modifies = intercept_decode(cpu, exit) &&
                          operand_is_modified_at(cpu, &exit->decoded, exit->instruction, address);
    return modifies ? error_code | PAGE_FAULT_WRITE : error_code;
}

static bool page_fault(struct cpu *cpu, uint64_t address, struct cpu_exit *exit) {
    cpu_set(cpu, CR2, address);
    return intercept_fault(cpu, VECTOR_PAGE_FAULT, page_fault_code(cpu, address, exit), exit);
}

// The real debug registers are disarmed, so it is a single step.
static bool debug(struct cpu *cpu, struct cpu_exit *exit) {
    cpu_set(cpu, DR6, cpu_get(cpu, DR6) | DR6_BS);
    return intercept_fault(cpu, VECTOR_DEBUG, cpu_error_code(cpu), exit);
}

static bool deliver(struct cpu *cpu, uint8_t vector, uint64_t address, struct cpu_exit *exit) {
    switch (vector) {
    case VECTOR_DEBUG:
        return debug(cpu, exit);
    case VECTOR_INVALID_OPCODE:
        return intercept_invalid_opcode(cpu, exit);
    case VECTOR_GENERAL_PROTECTION:
        return general_protection(cpu, exit);
    case VECTOR_PAGE_FAULT:
        return page_fault(cpu, address, exit);
    default:
        return intercept_fault(cpu, vector, cpu_error_code(cpu), exit);
    }
}

enum raw_exit_result raw_exit_exception(struct cpu *cpu, uint8_t vector, uint64_t address,
                                        struct cpu_exit *exit) {
    if (vector == VECTOR_PAGE_FAULT && raw_exit_met_ahead(cpu, address, exit)) {
        return RAW_EXIT_STEP;
    }
    return deliver(cpu, vector, address, exit) ? RAW_EXIT_TRANSLATED : RAW_EXIT_HANDLED;
}
