// SPDX-License-Identifier: MIT
//
// Instructions that exit only sometimes, and those that never do but are carried out here.

#include "engine/cpu/state.h"
#include "engine/cpu/x86/debug_registers.h"
#include "engine/cpu/x86/intercept.h"
#include "engine/cpu/x86/msr_access.h"
#include "engine/cpu/x86/nmi.h"
#include "engine/cpu/x86/operand.h"
#include "engine/cpu/x86/port_permission.h"
#include "engine/cpu/x86/replaced.h"

static bool invalid_opcode(struct cpu *cpu, struct cpu_exit *exit) {
    return intercept_fault(cpu, VECTOR_INVALID_OPCODE, 0, exit);
}

static bool complete(struct cpu *cpu, struct cpu_exit *exit) {
    return intercept_delivered(cpu, deliver_completion(cpu, exit->instruction_length), exit);
}

bool intercept_port_access(struct cpu *cpu, struct cpu_exit *exit) {
    port_access_of(&exit->decoded, exit->instruction, &exit->port);
    const uint16_t port =
        exit->port.immediate_port ? exit->port.port_immediate : (uint16_t)cpu_get(cpu, RDX);
    enum delivery refusal;
    if (!port_permitted(cpu, port, exit->port.access_size, &refusal)) {
        return intercept_delivered(cpu, refusal, exit);
    }
    exit->reason = EXIT_IO_INSTRUCTION;
    return true;
}

#define OPCODE_RDTSCP 0x01 // In the 0F map; RDTSC is 31.

uint32_t time_stamp_give(struct cpu *cpu, uint64_t time, bool auxiliary) {
    cpu_set(cpu, RAX, (uint32_t)time);
    cpu_set(cpu, RDX, time >> 32);
    if (auxiliary) {
        cpu_set(cpu, RCX, (uint32_t)cpu_get(cpu, TSC_AUX));
    }
    return (uint32_t)time;
}

// RDTSC and RDTSCP do not exit (hypervisor ABI 4.4). CR4.TSD is for the backend to check.
bool intercept_time_stamp(struct cpu *cpu, uint64_t time, struct cpu_exit *exit) {
    if (!intercept_decode(cpu, exit)) {
        return invalid_opcode(cpu, exit);
    }
    time_stamp_give(cpu, time, exit->decoded.opcode == OPCODE_RDTSCP);
    return complete(cpu, exit);
}

// LMSW's exit says what is to be loaded, as that of a VMX processor.
static bool load_status_word(struct cpu *cpu, struct cpu_exit *exit) {
    const struct instruction *decoded = &exit->decoded;
    enum delivery failure = DELIVERED;
    if (operand_is_register(decoded)) {
        exit->status_word = (uint16_t)cpu_get(cpu, instruction_rm(decoded));
        return true;
    }
    return operand_read(cpu, decoded, exit->instruction, &exit->status_word,
                        sizeof exit->status_word, &failure) ||
           intercept_delivered(cpu, failure, exit);
}

// SMSW is carried out where its exit is handled, with an operand that is there.
static bool store_status_word(struct cpu *cpu, struct cpu_exit *exit) {
    uint64_t address = 0;
    return !operand_unbacked16(cpu, &exit->decoded, exit->instruction, &address) ||
           intercept_ept_violation(address, false, true, exit);
}

#define OPCODE_SMSW_LMSW 0x01 // In the 0F map

bool intercept_control_register(struct cpu *cpu, struct cpu_exit *exit) {
    if (!intercept_decode(cpu, exit) || exit->decoded.lock) {
        return invalid_opcode(cpu, exit);
    }
    exit->reason = EXIT_CONTROL_REGISTER_ACCESS;
    if (exit->decoded.opcode != OPCODE_SMSW_LMSW) {
        return true;
    }
    const bool store = (exit->decoded.modrm & 0x38) == 0x20;
    return store ? store_status_word(cpu, exit) : load_status_word(cpu, exit);
}

bool intercept_decoded_control_register(struct cpu *cpu, struct cpu_exit *exit) {
    if (cpu_privilege(cpu) != 0) {
        return intercept_fault(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
    }
    exit->reason = EXIT_CONTROL_REGISTER_ACCESS;
    return true;
}

bool intercept_debug_register(struct cpu *cpu, struct cpu_exit *exit) {
    if (!intercept_decode(cpu, exit) || exit->decoded.lock) {
        return invalid_opcode(cpu, exit);
    }
    return intercept_delivered(cpu, debug_register_move(cpu, &exit->decoded), exit);
}

#define OPCODE_INVD 0x08 // In the 0F map; WBINVD is 09.

// WBINVD changes nothing that a guest could see; INVD exits.
bool intercept_wbinvd(struct cpu *cpu, struct cpu_exit *exit) {
    intercept_always(cpu, EXIT_OTHER, exit);
    const uint8_t length = exit->instruction_length;
    return length == 0 || exit->instruction[length - 1] == OPCODE_INVD || complete(cpu, exit);
}

bool intercept_xsetbv(struct cpu *cpu, struct cpu_exit *exit) {
    if (cpu_privilege(cpu) != 0) {
        return intercept_fault(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
    }
    exit->reason = EXIT_XSETBV;
    return true;
}

bool intercept_msr(struct cpu *cpu, bool write, struct cpu_exit *exit) {
    if (cpu_privilege(cpu) != 0) {
        return intercept_fault(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
    }
    if (exit->instruction_length == 0) {
        intercept_decode(cpu, exit);
    }
    switch (write ? msr_write(cpu) : msr_read(cpu)) {
    case MSR_REFUSED:
        return intercept_fault(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
    case MSR_DONE:
        return complete(cpu, exit);
    case MSR_OTHER:
        break;
    }
    exit->reason = write ? EXIT_WRMSR : EXIT_RDMSR;
    return true;
}

// Outside of protected mode the backend carries it out, and an NMI that waits comes behind it.
bool intercept_iret(struct cpu *cpu, struct cpu_exit *exit) {
    if ((replaced_conditions(cpu) & REPLACED_IF_PROTECTED) == 0) {
        nmi_end(cpu);
        exit->reason = EXIT_INTERRUPT_WINDOW;
        return true;
    }
    if (!intercept_decode(cpu, exit)) {
        return invalid_opcode(cpu, exit);
    }
    return intercept_delivered(cpu, replaced_far_return(cpu, &exit->decoded, exit->instruction),
                               exit);
}
