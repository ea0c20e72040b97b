// SPDX-License-Identifier: MIT
//
// The hooks on translation: they guard pages that hold code, end blocks before instructions that
// SVM cannot intercept, and keep away from Unicorn what it cannot translate.

#include "engine/cpu/unicorn/translation.h"

#include "decode/scan.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/report.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/task_switch.h"

// Whether the block that is being translated may have code in this page of the window. Asked once a
// page, where some mapping of the guest's is not executable.
static bool may_execute(struct machine *machine, uint64_t window_page) {
    struct cpu *cpu = machine->run->cpu;
    cpu_open(cpu);
    const uint64_t start = cpu_code_address(cpu, cpu_get(cpu, RIP));
    bool permitted = true;
    for (uint64_t linear = start; linear - start <= 0x1000; linear += 0x1000) {
        struct access_fault fault;
        uint64_t physical = 0;
        if (linear_translate(cpu, linear, ACCESS_FETCH, &physical, &fault) == ACCESS_DONE &&
            nested_leads_to(machine, physical, window_page)) {
            permitted = machine_may_execute(machine, physical);
            break;
        }
    }
    cpu->open = false;
    return permitted;
}

static bool may_translate(struct machine *machine, uint64_t address, int size) {
    const uint64_t page = (address - WINDOW_BASE) >> 12;
    if (machine->any_not_executable && page != machine->executable_page) {
        if (!may_execute(machine, page)) {
            machine->fetch_refused = true;
            return false;
        }
        machine->executable_page = page;
    }
    code_pages_translated(machine, page);
    if (size != 1) { // Only a displacement or an immediate is fetched in larger pieces.
        machine->bit_test.last = BYTE_ANY;
        return true;
    }
    return locked_bit_test_fetch(&machine->bit_test, address,
                                 machine->window[address - WINDOW_BASE]);
}

bool translation_fetch(uc_engine *engine, uc_mem_type type, uint64_t address, int size,
                       int64_t value, void *context) {
    (void)engine;
    (void)value;
    struct machine *machine = context;
    if (type != UC_MEM_FETCH_PROT || address - WINDOW_BASE >= WINDOW_SIZE) {
        return false;
    }
    const bool permitted = may_translate(machine, address, size);
    if (!permitted) {
        run_refused(machine->run);
    }
    return permitted;
}

// uc_ctl_request_cache() without its shift into the sign bit: two arguments, read and written.
static void request_block(uc_engine *engine, uint64_t pc, uc_tb *out) {
    const unsigned control = (unsigned)UC_CTL_TB_REQUEST_CACHE | 2u << 26 | 3u << 30;
    uc_ctl(engine, (uc_control_type)control, pc, out);
}

static struct code_scan scan_block(struct cpu *cpu, const uc_tb *block) {
    uint8_t bytes[4096];
    struct access_fault fault;
    const size_t size = block->size < sizeof bytes ? block->size : sizeof bytes;
    if (size == 0 || linear_read(cpu, block->pc, bytes, size, &fault) != ACCESS_DONE) {
        return (struct code_scan){.result = SCAN_NONE};
    }
    const struct machine *machine = cpu->machine;
    const bool stepped = machine->run->stepping && block->pc == machine->code.step_start;
    return scan_code(bytes, size, cpu_code_mode(cpu), !stepped && task_switches_exist(cpu));
}

// Ends the block before the instruction at `site`; the end will show as an HLT exit where there is
// no HLT. The old block must not run: writing RIP has Unicorn look the address up again.
static void cut_block(uc_engine *engine, uint64_t pc, uint64_t site, uint64_t rip) {
    uc_tb cut;
    uc_ctl_remove_cache(engine, pc, pc + 1);
    uc_ctl_set_exits(engine, &site, 1);
    request_block(engine, pc, &cut);
    uc_ctl_set_exits(engine, &site, 0);
    uc_reg_write(engine, UC_X86_REG_RIP, &rip);
}

// A block that ends where it begins has size 0, and at the start of a page Unicorn would look for
// its end in the page before, which need not be there. So the run stops in its place.
static void stop_before(uc_engine *engine, struct run *run, uint64_t pc) {
    uc_ctl_remove_cache(engine, pc, pc + 1);
    run->deferred = REPORT_INTERCEPT(SVM_HLT);
    run_stop(engine, run);
}

void translation_done(uc_engine *engine, uc_tb *block, uc_tb *previous, void *context) {
    (void)previous;
    struct machine *machine = context;
    struct cpu *cpu = machine->run->cpu;
    cpu_open(cpu);
    const struct code_scan scan = scan_block(cpu, block);
    const uint64_t rip = cpu_get(cpu, RIP);
    cpu_commit(cpu);
    if (machine->bit_test.cut) {
        uc_ctl_set_exits(engine, &machine->bit_test.site, 0);
    }
    if (scan.result == SCAN_INTERCEPT && scan.offset == 0 && block->pc % 0x1000 == 0) {
        stop_before(engine, machine->run, block->pc);
    } else if (scan.result == SCAN_INTERCEPT) {
        cut_block(engine, block->pc, block->pc + scan.offset, rip);
    }
    locked_bit_test_reset(&machine->bit_test);
    machine->executable_page = NO_WINDOW_PAGE;
}
