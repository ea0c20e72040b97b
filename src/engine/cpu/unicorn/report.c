// SPDX-License-Identifier: MIT
//
// From what Unicorn reports, by SVM's exit codes, to what a VMX processor would do: deliver an
// event to the guest, or exit.

#include "engine/cpu/unicorn/report.h"

#include "decode/instruction.h"
#include "decode/read_modify_write.h"
#include "decode/scan.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/debug_registers.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/msr_write.h"
#include "engine/cpu/x86/nmi.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/port_permission.h"
#include "engine/cpu/x86/replaced.h"
#include "engine/cpu/x86/system_call.h"

static bool is_halt(const struct instruction *decoded) {
    return decoded->map == MAP_ONE_BYTE && decoded->opcode == 0xf4;
}

// The instruction at RIP. False, and a length of 0, when there is none.
static bool fetch_instruction(struct cpu *cpu, struct cpu_exit *exit) {
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const size_t available = linear_fetch(cpu, linear, exit->instruction);
    exit->decoded.length = 0;
    const enum instruction_result result =
        decode_instruction(exit->instruction, available, cpu_code_mode(cpu), &exit->decoded);
    exit->instruction_length = exit->decoded.length;
    return result == INSTRUCTION_OK;
}

// The same, and why the engine stopped there with the report of an HLT.
static enum cut fetch_cut(struct cpu *cpu, struct cpu_exit *exit) {
    const uint64_t pc = cpu_segment(cpu, SEGMENT_CS).base + cpu_get(cpu, RIP);
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const enum code_mode mode = cpu_code_mode(cpu);
    const size_t available = linear_fetch(cpu, linear, exit->instruction);
    const struct cut_site *site = cuts_find(&cpu->machine->cuts, pc, mode, exit->instruction);
    if (site != NULL && site->instruction.length <= available) {
        exit->decoded = site->instruction;
        exit->instruction_length = exit->decoded.length;
        return site->cut;
    }
    if (!fetch_instruction(cpu, exit)) {
        return CUT_INVALID_OPCODE;
    }
    const enum cut cut = cut_before(&exit->decoded, mode, replaced_conditions_at_cut(cpu));
    if (cut != CUT_NONE) {
        return cut;
    }
    return is_halt(&exit->decoded) ? CUT_HALT : CUT_BOUND;
}

static enum report_result ept_violation(struct cpu_exit *exit, uint64_t guest_physical, bool read,
                                        bool write) {
    exit->reason = EXIT_EPT_VIOLATION;
    exit->guest_physical = guest_physical;
    exit->read = read;
    exit->write = write;
    exit->fetch = !read && !write;
    return REPORT_EXIT;
}

// What follows the delivery of an event, or an instruction that was carried out here.
static enum report_result delivered(struct cpu *cpu, enum delivery result, struct cpu_exit *exit) {
    switch (result) {
    case DELIVERED:
        if (cpu->progress.taken.any) {
            exit->reason = EXIT_EXCEPTION;
            exit->vector = cpu->progress.taken.vector;
            exit->error_code = cpu->progress.taken.error_code;
        }
        return REPORT_HANDLED;
    case DELIVERY_TRIPLE_FAULT:
        exit->reason = EXIT_TRIPLE_FAULT;
        return REPORT_EXIT;
    case DELIVERY_UNBACKED: // Without an instruction that could be skipped.
        exit->instruction_length = 0;
        return ept_violation(exit, cpu->progress.unbacked, true, false);
    case DELIVERY_OPERAND_UNBACKED:
        return ept_violation(exit, cpu->progress.unbacked,
                             !cpu->progress.unbacked_write || is_read_modify_write(&exit->decoded),
                             cpu->progress.unbacked_write);
    default:
        exit->reason = EXIT_OTHER;
        return REPORT_EXIT;
    }
}

static enum report_result deliver_exception(struct cpu *cpu, uint8_t vector, uint32_t error_code,
                                            struct cpu_exit *exit) {
    return delivered(cpu, deliver_fault(cpu, vector, error_code), exit);
}

enum report_result report_invalid_opcode(struct cpu *cpu, struct cpu_exit *exit) {
    cpu->progress.taken.any = false;
    return deliver_exception(cpu, VECTOR_INVALID_OPCODE, 0, exit);
}

// Instructions of VMX that exit before their operands or the privilege are looked at (SDM volume
// 3C, section 25.1.2); elsewhere than in protected mode and in compatibility mode they are
// undefined.
static bool is_vmx_instruction(const struct cpu *cpu, const struct instruction *decoded) {
    if ((cpu_get(cpu, CR0) & CR0_PE) == 0 || (cpu_get(cpu, RFLAGS) & RFLAGS_VM) != 0 ||
        (cpu_long_mode(cpu) && !cpu_code_64(cpu)) || decoded->vex || decoded->lock) {
        return false;
    }
    const bool memory = decoded->modrm < 0xc0;
    switch (decoded->map << 8 | decoded->opcode) {
    case MAP_0F << 8 | 0x01: // VMLAUNCH, VMRESUME, VMXOFF
        return decoded->modrm >= 0xc2 && decoded->modrm <= 0xc4;
    case MAP_0F << 8 | 0xc7: // VMPTRLD, VMCLEAR and VMXON; VMPTRST
        return memory && (decoded->modrm >> 3 & 7) >= 6;
    case MAP_0F << 8 | 0x78: // VMREAD, VMWRITE
    case MAP_0F << 8 | 0x79:
        return !decoded->operand_prefix && !decoded->repeat_equal && !decoded->repeat_not_equal;
    case MAP_0F38 << 8 | 0x80: // INVEPT, INVVPID
    case MAP_0F38 << 8 | 0x81:
        return memory && decoded->operand_prefix;
    default:
        return false;
    }
}

static bool is_vmcall(const struct instruction *decoded) {
    const bool prefixed = decoded->operand_prefix || decoded->repeat_equal ||
                          decoded->repeat_not_equal || decoded->lock || decoded->vex;
    return decoded->map == MAP_0F && decoded->opcode == 0x01 && decoded->modrm == 0xc1 && !prefixed;
}

// VMCALL and ICEBP are not instructions of the engine's processor. ICEBP, opcode F1, is a #DB that
// no debug register shows.
static enum report_result invalid_opcode(struct cpu *cpu, struct cpu_exit *exit) {
    const struct instruction *decoded = &exit->decoded;
    if (!fetch_instruction(cpu, exit)) {
        return report_invalid_opcode(cpu, exit);
    }
    if (is_vmcall(decoded)) {
        exit->reason = EXIT_VMCALL;
        return REPORT_EXIT;
    }
    if (is_vmx_instruction(cpu, decoded)) {
        exit->reason = EXIT_OTHER;
        return REPORT_EXIT;
    }
    if (decoded->map != MAP_ONE_BYTE || decoded->opcode != 0xf1 || decoded->lock) {
        return report_invalid_opcode(cpu, exit);
    }
    const struct event event = {
        .kind = EVENT_EXCEPTION,
        .vector = VECTOR_DEBUG,
        .return_rip = cpu_get(cpu, RIP) + decoded->length,
    };
    return delivered(cpu, deliver_event(cpu, &event), exit);
}

static bool is_monitor(const struct instruction *decoded) {
    return decoded->map == MAP_0F && decoded->opcode == 0x01 &&
           (decoded->modrm == 0xc8 || decoded->modrm == 0xc9);
}

static enum report_result general_protection(struct cpu *cpu, struct cpu_exit *exit) {
    const uint32_t error_code = cpu_error_code(cpu);
    const bool known = fetch_instruction(cpu, exit) && error_code == 0;
    if (known && is_monitor(&exit->decoded)) { // Unicorn looks at ECX before it reports one.
        return report_invalid_opcode(cpu, exit);
    }
    const bool stack = known && operand_stack_not_canonical(cpu, &exit->decoded, exit->instruction);
    return deliver_exception(cpu, stack ? VECTOR_STACK_FAULT : VECTOR_GENERAL_PROTECTION,
                             error_code, exit);
}

// Did translation meet the fault in front of what RIP is at?
static bool met_ahead(struct cpu *cpu, uint64_t address, struct cpu_exit *exit) {
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    if (address != (linear | 0xfff) + 1) {
        return false;
    }
    fetch_instruction(cpu, exit);
    return code_pages_must_step_first(cpu, exit->instruction_length);
}

// The engine reads what it is to modify, and reports a page fault there as one of a read.
static uint32_t page_fault_code(struct cpu *cpu, uint64_t address, struct cpu_exit *exit) {
    const uint32_t error_code = cpu_error_code(cpu);
    if ((error_code & (PAGE_FAULT_WRITE | PAGE_FAULT_FETCH)) != 0) {
        return error_code;
    }
    const bool modifies = fetch_instruction(cpu, exit) &&
                          operand_is_modified_at(cpu, &exit->decoded, exit->instruction, address);
    return modifies ? error_code | PAGE_FAULT_WRITE : error_code;
}

static enum report_result exception(struct cpu *cpu, uint8_t vector, uint64_t address,
                                    struct cpu_exit *exit) {
    switch (vector) {
    case VECTOR_DEBUG: // The real debug registers are disarmed, so it is a single step.
        cpu_set(cpu, DR6, cpu_get(cpu, DR6) | DR6_BS);
        break;
    case VECTOR_INVALID_OPCODE:
        return invalid_opcode(cpu, exit);
    case VECTOR_GENERAL_PROTECTION:
        return general_protection(cpu, exit);
    case VECTOR_PAGE_FAULT:
        if (met_ahead(cpu, address, exit)) {
            return REPORT_STEP;
        }
        cpu_set(cpu, CR2, address);
        return deliver_exception(cpu, vector, page_fault_code(cpu, address, exit), exit);
    default:
        break;
    }
    return deliver_exception(cpu, vector, cpu_error_code(cpu), exit);
}

static enum report_result software_interrupt(struct cpu *cpu, struct cpu_exit *exit) {
    fetch_instruction(cpu, exit);
    const uint8_t length = exit->instruction_length;
    const uint8_t last = length > 0 ? exit->instruction[length - 1] : 0;
    uint8_t vector = last; // INT n
    if (length < 2 || exit->instruction[length - 2] != 0xcd) {
        vector = last == 0xcc ? VECTOR_BREAKPOINT : VECTOR_OVERFLOW;
    }
    const struct event event = {
        .kind = EVENT_SOFTWARE,
        .vector = vector,
        .return_rip = cpu_get(cpu, RIP) + length,
    };
    return delivered(cpu, deliver_event(cpu, &event), exit);
}

static enum report_result port_access(struct cpu *cpu, struct cpu_exit *exit) {
    port_access_of(&exit->decoded, exit->instruction, &exit->port);
    const uint16_t port =
        exit->port.immediate_port ? exit->port.port_immediate : (uint16_t)cpu_get(cpu, RDX);
    enum delivery refusal;
    if (!port_permitted(cpu, port, exit->port.access_size, &refusal)) {
        return delivered(cpu, refusal, exit);
    }
    exit->reason = EXIT_IO_INSTRUCTION;
    return REPORT_EXIT;
}

// What shows as an HLT exit: a real HLT, or the end of a block that was cut.
static enum report_result halt_or_cut(struct cpu *cpu, struct cpu_exit *exit) {
    switch (fetch_cut(cpu, exit)) {
    case CUT_INVALID_OPCODE:
        return deliver_exception(cpu, VECTOR_INVALID_OPCODE, 0, exit);
    case CUT_PORT_ACCESS:
        return port_access(cpu, exit);
    case CUT_SYSTEM_CALL:
        return delivered(cpu, system_call(cpu, &exit->decoded), exit);
    case CUT_XSETBV:
        exit->reason = EXIT_XSETBV;
        return REPORT_EXIT;
    case CUT_REPLACED:
        return delivered(cpu, replaced_execute(cpu, &exit->decoded, exit->instruction), exit);
    case CUT_HALT:
        exit->reason = EXIT_HLT;
        return REPORT_EXIT;
    case CUT_BOUND:
    case CUT_NONE:
        return REPORT_HANDLED;
    }
    return REPORT_HANDLED;
}

// The page is there, but read-only: unless the mapping is, because it holds translated code.
static enum report_result write_protected(struct cpu *cpu, uint64_t address,
                                          const struct cpu_exit *exit) {
    if (!code_pages_written(cpu->machine, address)) {
        return REPORT_EXIT;
    }
    const bool step = code_pages_must_step(cpu, address, exit->instruction_length);
    return step ? REPORT_STEP : REPORT_HANDLED;
}

static enum report_result nested_page_fault(struct cpu *cpu, uint64_t address,
                                            struct cpu_exit *exit) {
    struct machine *machine = cpu->machine;
    const bool write = (cpu_error_code(cpu) & 2) != 0;
    nested_provide(machine);
    const uint64_t *entry = nested_entry(machine, address, false);
    const bool present = entry != NULL && (*entry & NESTED_PRESENT) != 0;
    if (!present && machine_make_present(machine, address, false)) {
        return REPORT_HANDLED;
    }
    const bool starved = !present && machine->starved;
    fetch_instruction(cpu, exit);
    if (present && write) {
        const enum report_result result = write_protected(cpu, address, exit);
        if (result != REPORT_EXIT) {
            return result;
        }
    }
    const bool fetch = (cpu_error_code(cpu) & 16) != 0;
    if (fetch && address % 0x1000 == 0 &&
        code_pages_must_step_first(cpu, exit->instruction_length)) {
        return REPORT_STEP;
    }
    const bool modifies = !fetch && exit->instruction_length != 0 &&
                          operand_is_modified_in(cpu, &exit->decoded, exit->instruction, address);
    exit->starved = starved;
    return ept_violation(exit, address, modifies || !(write || fetch), modifies || write);
}

enum report_result report_fetch_refused(struct cpu *cpu, struct cpu_exit *exit) {
    struct access_fault fault;
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t ends[] = {linear, (linear | 0xfff) + 1};
    for (size_t i = 0; i < 2; i++) {
        uint64_t physical = 0;
        if (linear_translate(cpu, ends[i], ACCESS_FETCH, &physical, &fault) == ACCESS_DONE &&
            !machine_may_execute(cpu->machine, physical)) {
            if (i == 1 && met_ahead(cpu, ends[1], exit)) {
                return REPORT_STEP;
            }
            return ept_violation(exit, physical, false, false);
        }
    }
    return ept_violation(exit, 0, false, false);
}

#define OPCODE_INVD 0x08   // In the 0F map; WBINVD is 09.
#define OPCODE_RDTSCP 0x01 // In the 0F map; RDTSC is 31.

// RDTSC and RDTSCP, after Unicorn's own check of CR4.TSD. They do not exit (hypervisor ABI 4.4),
// but Unicorn would count something of the host's with a frequency that nobody knows.
static enum report_result read_time_stamp(struct cpu *cpu, struct cpu_exit *exit) {
    struct machine *machine = cpu->machine;
    if (!fetch_instruction(cpu, exit)) {
        return report_invalid_opcode(cpu, exit);
    }
    const uint64_t time = machine->client.read_tsc(machine->client.context);
    cpu_set(cpu, RAX, (uint32_t)time);
    cpu_set(cpu, RDX, time >> 32);
    if (exit->decoded.opcode == OPCODE_RDTSCP) {
        cpu_set(cpu, RCX, (uint32_t)cpu_get(cpu, TSC_AUX));
    }
    return delivered(cpu, deliver_completion(cpu, exit->decoded.length), exit);
}

static enum report_result plain(struct cpu *cpu, struct cpu_exit *exit, enum exit_reason reason) {
    fetch_instruction(cpu, exit);
    exit->reason = reason;
    return REPORT_EXIT;
}

// SMSW and LMSW are carried out where their exit is handled, with an operand that is there.
static enum report_result control_register_access(struct cpu *cpu, struct cpu_exit *exit) {
    const struct instruction *decoded = &exit->decoded;
    plain(cpu, exit, EXIT_CONTROL_REGISTER_ACCESS);
    if (exit->instruction_length == 0 || decoded->opcode != 0x01) {
        return REPORT_EXIT;
    }
    const bool write = (decoded->modrm & 0x38) == 0x20;
    uint64_t address = 0;
    return operand_unbacked16(cpu, decoded, exit->instruction, write, &address)
               ? ept_violation(exit, address, !write, write)
               : REPORT_EXIT;
}

// WBINVD, which changes nothing that a guest could see, and INVD, which exits.
static enum report_result cache_flush(struct cpu *cpu, struct cpu_exit *exit) {
    plain(cpu, exit, EXIT_OTHER);
    const uint8_t length = exit->instruction_length;
    if (length == 0 || exit->instruction[length - 1] == OPCODE_INVD) {
        return REPORT_EXIT;
    }
    return delivered(cpu, deliver_completion(cpu, length), exit);
}

static enum report_result debug_register_access(struct cpu *cpu, struct cpu_exit *exit) {
    if (!fetch_instruction(cpu, exit) || exit->decoded.lock) {
        return report_invalid_opcode(cpu, exit);
    }
    return delivered(cpu, debug_register_move(cpu, &exit->decoded), exit);
}

static enum report_result msr_access(struct cpu *cpu, struct cpu_exit *exit) {
    const bool write = (cpu_error_code(cpu) & 1) != 0;
    switch (write ? msr_write(cpu) : MSR_OTHER) {
    case MSR_REFUSED:
        return deliver_exception(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
    case MSR_WRITTEN:
        plain(cpu, exit, EXIT_WRMSR);
        return delivered(cpu, deliver_completion(cpu, exit->instruction_length), exit);
    default:
        return plain(cpu, exit, write ? EXIT_WRMSR : EXIT_RDMSR);
    }
}

static enum report_result interrupt_return(struct cpu *cpu, struct cpu_exit *exit) {
    if ((replaced_conditions(cpu) & REPLACED_IF_PROTECTED) == 0) {
        nmi_end(cpu);
        exit->reason = EXIT_INTERRUPT_WINDOW;
        return REPORT_EXIT;
    }
    if (!fetch_instruction(cpu, exit)) {
        return report_invalid_opcode(cpu, exit);
    }
    return delivered(cpu, replaced_far_return(cpu, &exit->decoded, exit->instruction), exit);
}

enum report_result report_translate(struct cpu *cpu, const struct report *report,
                                    struct cpu_exit *exit) {
    const uint32_t code = report->number - REPORT_INTERCEPT(0);
    cpu->progress.taken.any = false;
    if (report->number < REPORT_INTERCEPT(0)) {
        exit->reason = EXIT_FAILED;
        return REPORT_EXIT;
    }
    if (code >= SVM_EXCEPTION && code < SVM_EXCEPTION + 32) {
        return exception(cpu, (uint8_t)(code - SVM_EXCEPTION), report->address, exit);
    }
    if (code >= SVM_READ_DR0 && code < SVM_WRITE_DR0 + 8) {
        return debug_register_access(cpu, exit);
    }
    switch (code) {
    case SVM_VIRTUAL_INTERRUPT:
        cpu_set_window_exiting(cpu, false);
        exit->reason = EXIT_INTERRUPT_WINDOW;
        return REPORT_EXIT;
    case SVM_IRET:
        return interrupt_return(cpu, exit);
    case SVM_SOFTWARE_INTERRUPT:
        return software_interrupt(cpu, exit);
    case SVM_HLT:
        return halt_or_cut(cpu, exit);
    case SVM_NESTED_PAGE_FAULT:
        return nested_page_fault(cpu, report->address, exit);
    case SVM_RDTSC:
    case SVM_RDTSCP:
        return read_time_stamp(cpu, exit);
    case SVM_RDPMC: // There are no counters.
        return deliver_exception(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
    case SVM_MONITOR: // Not instructions of this processor (docs/cpu.md).
    case SVM_MWAIT:
        return report_invalid_opcode(cpu, exit);
    case SVM_WBINVD:
        return cache_flush(cpu, exit);
    case SVM_PAUSE:
        return plain(cpu, exit, EXIT_PAUSE);
    case SVM_CPUID:
        return plain(cpu, exit, EXIT_CPUID);
    case SVM_MSR:
        return msr_access(cpu, exit);
    case SVM_READ_CR0:
    case SVM_WRITE_CR0:
    case SVM_WRITE_CR0 + 4:
    case SVM_READ_CR0 + 8:
    case SVM_WRITE_CR0 + 8:
        return control_register_access(cpu, exit);
    default:
        return plain(cpu, exit, EXIT_OTHER);
    }
}
