// SPDX-License-Identifier: MIT
//
// Guest-physical pages that are not there, or not to be written or executed: because the guest's
// mappings say so, or because the nested tables do not have them yet, or guard their code.

#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/raw_exit.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/operand.h"

bool raw_exit_met_ahead(struct cpu *cpu, uint64_t address, struct cpu_exit *exit) {
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    if (address != (linear | 0xfff) + 1) {
        return false;
    }
    intercept_decode(cpu, exit);
    return step_must_come_first(&cpu->machine->step, cpu, exit->instruction_length);
}

// The page is there, but read-only: unless the mapping is, because it holds translated code, or is
// not dirty yet.
static enum raw_exit_result write_protected(struct cpu *cpu, uint64_t address,
                                            const struct cpu_exit *exit) {
    struct machine *machine = cpu->machine;
    if (!memory_written(&machine->memory, address)) {
        return RAW_EXIT_TRANSLATED;
    }
    const bool dirtied = machine->memory.dirtied;
    if (step_must_store(&machine->step, cpu, address, exit->instruction_length,
                        work_block_may_cross(&machine->work))) {
        return RAW_EXIT_STEP;
    }
    return dirtied ? RAW_EXIT_DIRTIED : RAW_EXIT_HANDLED;
}

// Reports an access to a page that is not there, or a store to one that must stay as it is.
static enum raw_exit_result violation(struct cpu *cpu, uint64_t address, struct cpu_exit *exit) {
    const bool write = (cpu_error_code(cpu) & PAGE_FAULT_WRITE) != 0;
    const bool fetch = (cpu_error_code(cpu) & PAGE_FAULT_FETCH) != 0;
    if (fetch && address % 0x1000 == 0 &&
        step_must_come_first(&cpu->machine->step, cpu, exit->instruction_length)) {
        return RAW_EXIT_STEP;
    }
    const bool modifies = !fetch && exit->instruction_length != 0 &&
                          operand_is_modified_in(cpu, &exit->decoded, exit->instruction, address);
    intercept_ept_violation(address, modifies || !(write || fetch), modifies || write, exit);
    return RAW_EXIT_TRANSLATED;
}

enum raw_exit_result raw_exit_nested_fault(struct cpu *cpu, const struct raw_exit *raw,
                                           struct cpu_exit *exit) {
    struct memory *memory = &cpu->machine->memory;
    const uint64_t guest_physical = raw->address;
    if (raw->absent) {
        intercept_decode(cpu, exit);
        return violation(cpu, guest_physical, exit);
    }
    memory_provide(memory);
    const bool present = nested_page(&memory->nested, guest_physical) != NO_ARENA_PAGE;
    if (!present && memory_make_present(memory, guest_physical, false)) {
        return RAW_EXIT_HANDLED;
    }
    exit->starved = !present && memory->starved;
    intercept_decode(cpu, exit);
    if (present && (cpu_error_code(cpu) & PAGE_FAULT_WRITE) != 0) {
        const enum raw_exit_result result = write_protected(cpu, guest_physical, exit);
        if (result != RAW_EXIT_TRANSLATED) {
            return result;
        }
    }
    return violation(cpu, guest_physical, exit);
}

enum raw_exit_result raw_exit_fetch_refused(struct cpu *cpu, struct cpu_exit *exit) {
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t ends[] = {linear, (linear | 0xfff) + 1};
    for (size_t i = 0; i < 2; i++) {
        uint64_t physical = 0;
        if (cpu_find_linear(cpu, ends[i], &physical) &&
            !memory_may_execute(&cpu->machine->memory, physical)) {
            if (i == 1 && raw_exit_met_ahead(cpu, ends[1], exit)) {
                return RAW_EXIT_STEP;
            }
            intercept_ept_violation(physical, false, false, exit);
            return RAW_EXIT_TRANSLATED;
        }
    }
    intercept_ept_violation(0, false, false, exit);
    return RAW_EXIT_TRANSLATED;
}
