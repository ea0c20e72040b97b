// SPDX-License-Identifier: MIT
//
// The hooks on translation: they guard pages that hold code, and end blocks before what Unicorn
// must not translate in them, or at all.

#include "engine/cpu/unicorn/translation.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/run.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"

#define PAGE_SIZE 0x1000u

static void give_exits(struct machine *machine, const uint64_t *exits, size_t count) {
    if (count != 0 || machine->exits_set) {
        uc_ctl_set_exits(machine->engine, exits, count);
        machine->exits_set = count != 0;
    }
}

// The addresses at which the translator ends a block: the site of a cut, and of a step's end.
static void set_exits(struct machine *machine, const uint64_t *site) {
    uint64_t exits[2];
    size_t count = 0;
    if (machine->run->stepping) {
        exits[count++] = machine->code.step_end;
    }
    if (site != NULL) {
        exits[count++] = *site;
    }
    give_exits(machine, exits, count);
}

void translation_forget_exits(struct machine *machine) {
    const uint64_t none = 0;
    give_exits(machine, &none, 0);
}

// Whether the block that is being translated may have code in this page of the window. Asked once a
// page, where some mapping of the guest's is not executable.
static bool may_execute(struct machine *machine, uint64_t window_page) {
    struct cpu *cpu = machine->run->cpu;
    cpu_open(cpu);
    const uint64_t start = cpu_code_address(cpu, cpu_get(cpu, RIP));
    bool permitted = true;
    for (uint64_t linear = start; linear - start <= PAGE_SIZE; linear += PAGE_SIZE) {
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

// A block that ends where it begins has size 0, and at the start of a page Unicorn would look for
// its end in the page before, which need not be there.
static enum refusal cut_first(const struct block *block) {
    return block->pc % PAGE_SIZE == 0 ? REFUSAL_CUT_UNCACHED : REFUSAL_CUT_FIRST;
}

// The first byte of a block, at this offset in the window.
static enum refusal begin(struct machine *machine, uint64_t offset) {
    struct block *block = &machine->block;
    block_begin(machine, offset);
    if (engine_must_flush(machine->lent) || engine_has_many_hooks(machine->lent)) {
        machine_request_exit(machine);
    }
    if (block->cut != CUT_NONE && block->read == 0) {
        return cut_first(block);
    }
    const uint64_t site = block->pc + block->read;
    set_exits(machine, block->cut != CUT_NONE ? &site : NULL);
    return REFUSAL_NONE;
}

static enum refusal look(struct machine *machine, uint64_t offset) {
    const uint64_t page = offset / PAGE_SIZE;
    if (machine->any_not_executable && page != machine->executable_page) {
        if (!may_execute(machine, page)) {
            return REFUSAL_NOT_EXECUTABLE;
        }
        machine->executable_page = page;
    }
    if (!machine->block.under_way) {
        return begin(machine, offset);
    }
    if (block_contains(&machine->block, offset)) {
        return REFUSAL_NONE;
    }
    return block_crosses(&machine->block, offset) ? REFUSAL_CROSSES : REFUSAL_NOT_READ;
}

bool translation_fetch(uc_engine *engine, uc_mem_type type, uint64_t address, int size,
                       int64_t value, void *context) {
    (void)engine;
    (void)size;
    (void)value;
    struct machine *machine = engine_machine(context);
    if (type != UC_MEM_FETCH_PROT || address - WINDOW_BASE >= WINDOW_SIZE) {
        return false;
    }
    machine->refusal = look(machine, address - WINDOW_BASE);
    if (machine->refusal != REFUSAL_NONE) {
        run_refused(machine->run);
    }
    return machine->refusal == REFUSAL_NONE;
}

void translation_done(uc_engine *engine, uc_tb *block, uc_tb *previous, void *context) {
    (void)block;
    (void)previous;
    struct machine *machine = engine_machine(context);
    machine->lent->hooked++;
    translation_abandon(machine);
    if (machine->tlb_stale) {
        uc_ctl_flush_tlb(engine);
        machine->tlb_stale = false;
    }
}

void translation_abandon(struct machine *machine) {
    machine->block.under_way = false;
    machine->executable_page = NO_WINDOW_PAGE;
    set_exits(machine, NULL);
}

bool translation_start(struct machine *machine) {
    if (engine_has_many_hooks(machine->lent) && !engine_renew_block_hook(machine->lent)) {
        return false;
    }
    if (engine_must_flush(machine->lent)) {
        engine_flush(machine->lent);
    }
    const bool cut = machine->refusal == REFUSAL_CUT_FIRST;
    machine->refusal = REFUSAL_NONE;
    translation_abandon(machine);
    if (cut) {
        set_exits(machine, &machine->block.pc);
    }
    return true;
}
