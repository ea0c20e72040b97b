// SPDX-License-Identifier: MIT
//
// The hooks through which Unicorn reports, and the translation of its reports.

#include "engine/cpu/run.h"

#include "decode/scan.h"
#include "engine/cpu/deliver.h"
#include "engine/cpu/flat_engine.h"
#include "engine/cpu/linear.h"
#include "engine/cpu/vmcb.h"

#include <string.h>

#define UNICORN_VM_EXIT 0x100u
#define UNICORN_NO_REPORT UINT32_MAX

// --- Hooks ---

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    (void)address;
    (void)size;
    const struct machine *machine = context;
    if (atomic_load_explicit(&machine->running->attention, memory_order_relaxed)) {
        uc_emu_stop(engine);
    }
}

static void on_report(uc_engine *engine, uint32_t report, void *context) {
    struct machine *machine = context;
    machine->report = report;
    machine->report_address = vmcb_get64(machine->hidden + HIDDEN_VMCB, VMCB_EXIT_INFORMATION_2);
    cpu_open(machine->running);
    if (report == UNICORN_VM_EXIT + SVM_VIRTUAL_INTERRUPT) {
        // Or it would be reported again before the run ends.
        cpu_set_window_exiting(machine->running, false);
        uc_context_restore(engine, machine->running->context);
    }
    uc_emu_stop(engine);
}

static bool on_unmapped(uc_engine *engine, uc_mem_type type, uint64_t address, int size,
                        int64_t value, void *context) {
    (void)engine;
    (void)type;
    (void)address;
    (void)size;
    (void)value;
    (void)context;
    return false;
}

// uc_ctl_request_cache() without its shift into the sign bit: two arguments, read and written.
static void request_block(uc_engine *engine, uint64_t pc, uc_tb *out) {
    const unsigned control = (unsigned)UC_CTL_TB_REQUEST_CACHE | 2u << 26 | 3u << 30;
    uc_ctl(engine, (uc_control_type)control, pc, out);
}

// A block was translated: guard its pages against stores, and cut it before an instruction that
// SVM cannot intercept. The cut shows as an HLT exit where there is no HLT.
static void on_translation(uc_engine *engine, uc_tb *block, uc_tb *previous, void *context) {
    (void)previous;
    struct machine *machine = context;
    struct cpu *cpu = machine->running;
    uint8_t bytes[4096];
    struct access_fault fault;
    const size_t size = block->size < sizeof bytes ? block->size : sizeof bytes;
    cpu_open(cpu);
    const uint64_t pc = block->pc;
    uint64_t physical = 0;
    if (linear_translate(cpu, pc, ACCESS_FETCH, &physical, &fault) == ACCESS_DONE) {
        code_pages_translated(machine, physical);
    }
    if (size > 0 && (pc ^ (pc + size - 1)) >> 12 != 0 &&
        linear_translate(cpu, pc + size - 1, ACCESS_FETCH, &physical, &fault) == ACCESS_DONE) {
        code_pages_translated(machine, physical);
    }
    const bool read = size > 0 && linear_read(cpu, pc, bytes, size, &fault) == ACCESS_DONE;
    const enum code_mode mode = (enum code_mode)cpu_code_mode(cpu);
    uint64_t rip = cpu_rip(cpu);
    cpu_commit(cpu);
    struct code_scan scan = {.result = SCAN_NONE};
    if (read) {
        scan = scan_code(bytes, size, mode);
    }
    if (scan.result != SCAN_INTERCEPT) {
        return;
    }
    uint64_t site = pc + scan.offset;
    uc_tb cut;
    uc_ctl_remove_cache(engine, pc, pc + 1);
    uc_ctl_set_exits(engine, &site, 1);
    request_block(engine, pc, &cut);
    uc_ctl_set_exits(engine, &site, 0);
    // The old block must not run: have the engine look the address up again.
    uc_reg_write(engine, UC_X86_REG_RIP, &rip);
}

zx_status_t run_add_hooks(struct machine *machine) {
    static const struct {
        int type;
        void *function;
    } hooks[] = {
        {UC_HOOK_INTR, (void *)on_report},
        {UC_HOOK_BLOCK, (void *)on_block},
        {UC_HOOK_EDGE_GENERATED, (void *)on_translation},
        {UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_PROT, (void *)on_unmapped},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        uc_hook hook = 0;
        const uc_err error =
            uc_hook_add(machine->engine, &hook, hooks[i].type, hooks[i].function, machine, 1, 0);
        if (error != UC_ERR_OK) {
            return flat_engine_check(error, "adding a hook");
        }
    }
    return ZX_OK;
}

// --- From report to exit ---

static void fetch_instruction(struct cpu *cpu, struct cpu_exit *exit, uint8_t *available) {
    *available = (uint8_t)linear_fetch(cpu, exit->instruction);
    exit->instruction_length = (uint8_t)instruction_length(exit->instruction, *available,
                                                           (enum code_mode)cpu_code_mode(cpu));
}

// Delivers; true when the guest goes on.
static bool deliver(struct cpu *cpu, const struct event *event, struct cpu_exit *exit) {
    const enum delivery result = deliver_event(cpu, event);
    if (result == DELIVERED) {
        return true;
    }
    exit->reason = result == DELIVERY_TRIPLE_FAULT ? EXIT_TRIPLE_FAULT : EXIT_OTHER;
    return false;
}

static bool deliver_exception(struct cpu *cpu, uint8_t vector, uint32_t error_code,
                              struct cpu_exit *exit) {
    const struct event event = {
        .kind = EVENT_EXCEPTION,
        .vector = vector,
        .has_error_code = vector_has_error_code(vector),
        .error_code = error_code,
        .return_rip = cpu_rip(cpu),
    };
    return deliver(cpu, &event, exit);
}

static bool exception(struct cpu *cpu, uint8_t vector, struct cpu_exit *exit) {
    if (vector == VECTOR_PAGE_FAULT) {
        cpu_set_control(cpu, 2, cpu->machine->report_address);
    }
    if (vector == VECTOR_INVALID_OPCODE) {
        uint8_t available;
        fetch_instruction(cpu, exit, &available);
        if (exit->instruction_length >= 3 && memcmp(exit->instruction, "\x0f\x01\xc1", 3) == 0) {
            exit->reason = EXIT_VMCALL;
            return false;
        }
    }
    return deliver_exception(cpu, vector, cpu_error_code(cpu), exit);
}

static bool software_interrupt(struct cpu *cpu, struct cpu_exit *exit) {
    uint8_t available;
    fetch_instruction(cpu, exit, &available);
    const uint8_t length = exit->instruction_length;
    const uint8_t last = length > 0 ? exit->instruction[length - 1] : 0;
    uint8_t vector = last; // INT n
    if (length < 2 || exit->instruction[length - 2] != 0xcd) {
        vector = last == 0xcc ? VECTOR_BREAKPOINT : VECTOR_OVERFLOW;
    }
    const struct event event = {
        .kind = EVENT_SOFTWARE,
        .vector = vector,
        .return_rip = cpu_rip(cpu) + length,
    };
    return deliver(cpu, &event, exit);
}

static void syscall_instruction(struct cpu *cpu, uint8_t length) {
    const struct layout *layout = cpu->machine->layout;
    const uint64_t flags = cpu_rflags(cpu);
    const uint16_t selector = (uint16_t)(cpu_word(cpu, layout->star) >> 32 & 0xfffc);
    const struct segment code = {.selector = selector, .limit = ~0u, .attributes = 0xa09b00};
    const struct segment stack = {
        .selector = (uint16_t)(selector + 8), .limit = ~0u, .attributes = 0xc09300};
    cpu_set_register(cpu, RCX, cpu_rip(cpu) + length);
    cpu_set_register(cpu, R11, flags & ~RFLAGS_RF);
    cpu_set_rip(cpu, cpu_word(cpu, layout->lstar));
    cpu_set_rflags(cpu, flags & ~(cpu_word(cpu, layout->sfmask) | RFLAGS_RF));
    cpu_set_segment(cpu, SEGMENT_CS, &code);
    cpu_set_segment(cpu, SEGMENT_SS, &stack);
    cpu_update_mode(cpu);
}

// IN and OUT at a privilege that IOPL does not cover: the TSS's bitmap decides (SDM volume 1,
// section 19.5).
static bool port_permitted(struct cpu *cpu, uint16_t port, uint8_t size) {
    if (cpu_privilege(cpu) <= RFLAGS_IOPL(cpu_rflags(cpu))) {
        return true;
    }
    const struct segment tss = cpu_segment(cpu, SEGMENT_TR);
    struct access_fault fault;
    uint16_t map = 0;
    uint16_t bits = 0;
    if (tss.limit < 103 || linear_read(cpu, tss.base + 102, &map, 2, &fault) != ACCESS_DONE) {
        return false;
    }
    const uint32_t offset = map + port / 8u;
    if (offset + 1 > tss.limit ||
        linear_read(cpu, tss.base + offset, &bits, 2, &fault) != ACCESS_DONE) {
        return false;
    }
    return ((unsigned)bits >> port % 8u & ((1u << size) - 1u)) == 0;
}

// An HLT exit: a real HLT, or one of the instructions that blocks are cut before.
static bool halt_or_cut(struct cpu *cpu, struct cpu_exit *exit) {
    uint8_t available;
    fetch_instruction(cpu, exit, &available);
    const uint8_t *bytes = exit->instruction;
    const enum code_mode mode = (enum code_mode)cpu_code_mode(cpu);
    struct instruction decoded;
    if (decode_instruction(bytes, available, mode, &decoded) != INSTRUCTION_OK || decoded.vex) {
        return deliver_exception(cpu, VECTOR_INVALID_OPCODE, 0, exit);
    }
    if (decode_port_access(bytes, available, mode, &exit->port)) {
        const uint16_t port = exit->port.immediate_port ? exit->port.port_immediate
                                                        : (uint16_t)cpu_register(cpu, RDX);
        if (!port_permitted(cpu, port, exit->port.access_size)) {
            return deliver_exception(cpu, VECTOR_GENERAL_PROTECTION, 0, exit);
        }
        exit->reason = EXIT_IO_INSTRUCTION;
        return false;
    }
    if (decoded.map == MAP_0F && decoded.opcode == 0x05) {
        if ((cpu_efer(cpu) & EFER_SCE) == 0 || !cpu_code_64(cpu)) {
            return deliver_exception(cpu, VECTOR_INVALID_OPCODE, 0, exit);
        }
        syscall_instruction(cpu, decoded.length);
        return true;
    }
    if (decoded.map == MAP_0F && decoded.opcode == 0x01) {
        exit->reason = EXIT_XSETBV;
        return false;
    }
    exit->reason = decoded.map == MAP_ONE_BYTE && decoded.opcode == 0xf4 ? EXIT_HLT : EXIT_OTHER;
    return false;
}

static bool nested_page_fault(struct cpu *cpu, struct cpu_exit *exit) {
    struct machine *machine = cpu->machine;
    const uint64_t address = machine->report_address;
    const bool write = (cpu_error_code(cpu) & 2) != 0;
    uint64_t *entry = nested_entry(machine, address, false);
    const bool present = entry != NULL && (*entry & NESTED_PRESENT) != 0;
    if (address >> 48 == 0 && (present ? write && code_pages_written(machine, address)
                                       : machine_make_present(machine, address, false))) {
        return true;
    }
    uint8_t available;
    fetch_instruction(cpu, exit, &available);
    exit->guest_physical = address;
    exit->write = write;
    exit->reason = EXIT_EPT_VIOLATION;
    return false;
}

static bool plain(struct cpu *cpu, struct cpu_exit *exit, enum exit_reason reason) {
    uint8_t available;
    fetch_instruction(cpu, exit, &available);
    exit->reason = reason;
    return false;
}

// True when it was handled and the guest goes on.
static bool translate_report(struct cpu *cpu, uint32_t report, struct cpu_exit *exit) {
    const uint32_t code = report - UNICORN_VM_EXIT;
    if (report < UNICORN_VM_EXIT) {
        exit->reason = EXIT_FAILED;
        return false;
    }
    if (code >= SVM_EXCEPTION && code < SVM_EXCEPTION + 32) {
        return exception(cpu, (uint8_t)(code - SVM_EXCEPTION), exit);
    }
    switch (code) {
    case SVM_VIRTUAL_INTERRUPT:
        exit->reason = EXIT_INTERRUPT_WINDOW;
        return false;
    case SVM_SOFTWARE_INTERRUPT:
        return software_interrupt(cpu, exit);
    case SVM_HLT:
        return halt_or_cut(cpu, exit);
    case SVM_NESTED_PAGE_FAULT:
        return nested_page_fault(cpu, exit);
    case SVM_CPUID:
        return plain(cpu, exit, EXIT_CPUID);
    case SVM_MSR:
        return plain(cpu, exit, (cpu_error_code(cpu) & 1) != 0 ? EXIT_WRMSR : EXIT_RDMSR);
    case SVM_READ_CR0:
    case SVM_WRITE_CR0:
    case SVM_WRITE_CR0 + 4:
    case SVM_READ_CR0 + 8:
    case SVM_WRITE_CR0 + 8:
        return plain(cpu, exit, EXIT_CONTROL_REGISTER_ACCESS);
    default:
        return plain(cpu, exit, EXIT_OTHER);
    }
}

void cpu_run(struct cpu *cpu, struct cpu_exit *exit) {
    struct machine *machine = cpu->machine;
    bool again = true;
    while (again) {
        *exit = (struct cpu_exit){.reason = EXIT_ATTENTION};
        machine->running = cpu;
        machine->report = UNICORN_NO_REPORT;
        const uint64_t rip = cpu_rip(cpu);
        machine_drop_written(machine);
        cpu_commit(cpu);
        const uc_err error = uc_emu_start(machine->engine, rip, 0, 0, 0);
        cpu_open(cpu);
        if (error != UC_ERR_OK) {
            flat_engine_check(error, "running a guest");
            exit->reason = EXIT_FAILED;
            return;
        }
        again = machine->report != UNICORN_NO_REPORT &&
                translate_report(cpu, machine->report, exit) &&
                !atomic_load_explicit(&cpu->attention, memory_order_relaxed);
    }
}
