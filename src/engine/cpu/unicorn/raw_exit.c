// SPDX-License-Identifier: MIT
//
// Which of SVM's exits means what.

#include "engine/cpu/unicorn/raw_exit.h"

#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/unicorn/x87_stop.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/system_call.h"
#include "engine/cpu/x86/x87_fault.h"
#include "engine/instruments/breakpoints.h"

// --- HLT: a real one, or the end of a block that was cut ---

static bool is_halt(const struct instruction *decoded) {
    return decoded->map == MAP_ONE_BYTE && decoded->opcode == 0xf4;
}

// Decodes the instruction at RIP, and says why Unicorn stopped there.
static enum cut cut_at(struct cpu *cpu, struct cpu_exit *exit) {
    const uint64_t pc = cpu_segment(cpu, SEGMENT_CS).base + cpu_get(cpu, RIP);
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const enum code_mode mode = cpu_code_mode(cpu);
    const size_t available = linear_fetch(cpu, linear, exit->instruction);
    const struct cut_site *site =
        cuts_find(&cpu->machine->translation.cuts, pc, mode, exit->instruction);
    // What a block has ended before for its length may be a HLT, which is noted nowhere else.
    if (site != NULL && site->instruction.length <= available && site->cut != CUT_BOUND) {
        exit->decoded = site->instruction;
        exit->instruction_length = exit->decoded.length;
        return site->cut;
    }
    if (!intercept_decode(cpu, exit)) {
        return CUT_INVALID_OPCODE;
    }
    const enum cut cut = cut_before(&exit->decoded, mode, replaced_conditions_at_cut(cpu));
    if (cut != CUT_NONE) {
        return cut;
    }
    return is_halt(&exit->decoded) ? CUT_HALT : CUT_BOUND;
}

#define OPCODE_CPUID 0xa2

bool raw_exit_is_cpuid(const struct cpu_exit *exit) {
    return exit->decoded.map == MAP_0F && exit->decoded.opcode == OPCODE_CPUID;
}

static bool exit_for(enum exit_reason reason, struct cpu_exit *exit) {
    exit->reason = reason;
    return true;
}

static bool call(struct cpu *cpu, struct cpu_exit *exit) {
    switch (callable_as(&exit->decoded)) {
    case CALLABLE_CONTROL_REGISTER:
        return intercept_decoded_control_register(cpu, exit);
    case CALLABLE_CPUID:
        return exit_for(EXIT_CPUID, exit);
    case CALLABLE_INTERRUPT:
        return intercept_decoded_interrupt(cpu, exit);
    case CALLABLE_IRET:
        return intercept_delivered(cpu, replaced_far_return(cpu, &exit->decoded, exit->instruction),
                                   exit);
    case CALLABLE_PAUSE:
        return exit_for(EXIT_PAUSE, exit);
    case CALLABLE_PORT_ACCESS:
        return intercept_port_access(cpu, exit);
    case CALLABLE_RDMSR:
        return intercept_msr(cpu, false, exit);
    case CALLABLE_WRMSR:
        return intercept_msr(cpu, true, exit);
    case CALLABLE_XSETBV:
        return intercept_xsetbv(cpu, exit);
    case CALLABLE_SYSTEM_CALL:
    case CALLABLE_NONE:
        break;
    }
    return intercept_delivered(cpu, system_call(cpu, &exit->decoded), exit);
}

// An exit that a call could do without.
static void want_calls(struct cpu *cpu, enum call_wish wish) {
    engine_want_calls(cpu->engine, wish);
    if (cpu->engine->calls_wanted) {
        work_end(&cpu->machine->work);
    }
}

bool raw_exit_called(struct cpu *cpu, struct cpu_exit *exit) {
    return cut_at(cpu, exit) == CUT_CALL || callable_as(&exit->decoded) != CALLABLE_NONE;
}

enum raw_exit_result raw_exit_call(struct cpu *cpu, struct cpu_exit *exit) {
    return call(cpu, exit) ? RAW_EXIT_TRANSLATED : RAW_EXIT_HANDLED;
}

static bool at_breakpoint(const struct cpu *cpu) {
    const struct breakpoints *breakpoints = cpu->machine->translation.breakpoints;
    return breakpoints != NULL && !cpu->steps &&
           breakpoints_contain(breakpoints, cpu_code_address(cpu, cpu_get(cpu, RIP)));
}

static bool halt_or_cut(struct cpu *cpu, struct cpu_exit *exit) {
    const struct instruction *decoded = &exit->decoded;
    if (at_breakpoint(cpu)) {
        exit->reason = EXIT_BREAKPOINT;
        return true;
    }
    switch (cut_at(cpu, exit)) {
    case CUT_INVALID_OPCODE:
        return intercept_fault(cpu, VECTOR_INVALID_OPCODE, 0, exit);
    case CUT_PORT_ACCESS:
        want_calls(cpu, CALLS_IF_MANY);
        return intercept_port_access(cpu, exit);
    case CUT_SYSTEM_CALL:
        want_calls(cpu, CALLS_AT_ONCE);
        return intercept_delivered(cpu, system_call(cpu, decoded), exit);
    case CUT_XSETBV:
        return intercept_xsetbv(cpu, exit);
    case CUT_REPLACED:
        return intercept_delivered(cpu, replaced_execute(cpu, decoded, exit->instruction), exit);
    case CUT_CALL:
        return call(cpu, exit);
    case CUT_HALT:
        exit->reason = EXIT_HLT;
        return true;
    case CUT_BOUND:
    case CUT_NONE:
        break;
    }
    return false;
}

// --- All others ---

static bool interrupt_window(struct cpu *cpu, struct cpu_exit *exit) {
    cpu_set_window_exiting(cpu, false);
    exit->reason = EXIT_INTERRUPT_WINDOW;
    return true;
}

// After Unicorn's own check of CR4.TSD. It would count something of the host's with a frequency
// that nobody knows.
static bool time_stamp(struct cpu *cpu, struct cpu_exit *exit) {
    const struct machine_client *client = &cpu->machine->memory.client;
    return intercept_time_stamp(cpu, client->read_tsc(client->context), exit);
}

static bool intercept(struct cpu *cpu, enum svm_exit code, struct cpu_exit *exit) {
    switch ((unsigned)code) {
    case SVM_VIRTUAL_INTERRUPT:
        return interrupt_window(cpu, exit);
    case SVM_IRET:
        want_calls(cpu, CALLS_IF_MANY);
        return intercept_iret(cpu, exit);
    case SVM_SOFTWARE_INTERRUPT:
        want_calls(cpu, CALLS_IF_MANY);
        return intercept_software_interrupt(cpu, exit);
    case SVM_HLT:
        return halt_or_cut(cpu, exit);
    case SVM_RDTSC:
    case SVM_RDTSCP:
        return time_stamp(cpu, exit);
    case SVM_RDPMC: // There are no counters.
        return intercept_fault(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
    case SVM_MONITOR: // Not instructions of this processor (docs/cpu.md).
    case SVM_MWAIT:
        return intercept_fault(cpu, VECTOR_INVALID_OPCODE, 0, exit);
    case SVM_WBINVD:
        return intercept_wbinvd(cpu, exit);
    case SVM_PAUSE:
        want_calls(cpu, CALLS_IF_MANY);
        return intercept_always(cpu, EXIT_PAUSE, exit);
    case SVM_CPUID:
        return intercept_always(cpu, EXIT_CPUID, exit);
    case SVM_MSR:
        want_calls(cpu, CALLS_IF_MANY);
        return intercept_msr(cpu, (cpu_error_code(cpu) & SVM_MSR_WRITE) != 0, exit);
    case SVM_READ_CR0:
    case SVM_WRITE_CR0:
    case SVM_WRITE_CR0 + 4:
    case SVM_READ_CR0 + 8:
    case SVM_WRITE_CR0 + 8:
        want_calls(cpu, CALLS_IF_MANY);
        return intercept_control_register(cpu, exit);
    default:
        return intercept_always(cpu, EXIT_OTHER, exit);
    }
}

static bool is_debug_register_access(uint32_t code) {
    return code >= SVM_READ_DR0 && code < SVM_WRITE_DR0 + 8;
}

enum raw_exit_result raw_exit_translate(struct cpu *cpu, const struct raw_exit *raw,
                                        struct cpu_exit *exit) {
    const uint32_t code = raw->number - RAW_EXIT_SVM(0);
    cpu->progress.taken.any = false;
    if (raw->number < RAW_EXIT_SVM(0)) {
        exit->reason = EXIT_FAILED;
        return RAW_EXIT_TRANSLATED;
    }
    if (code >= SVM_EXCEPTION && code < SVM_EXCEPTION + 32) {
        return raw_exit_exception(cpu, (uint8_t)(code - SVM_EXCEPTION), raw->address, exit);
    }
    if (code == SVM_NESTED_PAGE_FAULT) {
        return raw_exit_nested_fault(cpu, raw, exit);
    }
    const bool exits = is_debug_register_access(code) ? intercept_debug_register(cpu, exit)
                                                      : intercept(cpu, code, exit);
    return exits ? RAW_EXIT_TRANSLATED : RAW_EXIT_HANDLED;
}

enum raw_exit_result raw_exit_x87_suspect(struct cpu *cpu, struct cpu_exit *exit) {
    cpu->progress.taken.any = false;
    if (!x87_stop_fault(cpu, exit)) {
        return RAW_EXIT_HANDLED;
    }
    const enum delivery result = x87_fault(cpu, &exit->decoded, exit->instruction);
    return intercept_delivered(cpu, result, exit) ? RAW_EXIT_TRANSLATED : RAW_EXIT_HANDLED;
}
