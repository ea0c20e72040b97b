// SPDX-License-Identifier: MIT
//
// From an engine to the run that is under way on it.

#include "engine/cpu/unicorn/hooks.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/guest_tables.h"
#include "engine/cpu/unicorn/run_answers.h"
#include "engine/cpu/unicorn/run_blocks.h"
#include "engine/cpu/unicorn/run_exits.h"
#include "engine/cpu/unicorn/run_stop.h"
#include "engine/cpu/unicorn/vmcb.h"

#include <zircon/compiler.h>

// Where there is anything to look at before a block. Apart, so that where there is not, which is
// nearly always, no register is saved for it.
__NO_INLINE static bool stops(struct engine *engine, const struct work *work, uint64_t address) {
    struct run *run = engine->machine->run;
    return (work_is_to_end(work) && run_stop_at_block(run, address)) ||
           (engine->x87.any && x87_blocks_suspect(&engine->x87, engine->unicorn, address) &&
            run_stop_for_x87(run));
}

static void look_for_rest(const struct engine *engine, uint64_t address) {
    if (translation_may_have_divided(&engine->machine->translation, address)) {
        run_look_for_rest(engine->machine->run, address);
    }
}

static void on_block(uc_engine *unicorn, uint64_t address, uint32_t size, void *context) {
    struct engine *engine = context;
    (void)unicorn;
    struct machine *machine = engine->machine;
    const struct work *work = &machine->work;
    if ((work_is_to_end(work) || engine->x87.any) && stops(engine, work, address)) {
        return;
    }
    if (machine->coverage.on) {
        look_for_rest(engine, address);
        coverage_block(&machine->coverage, address, size);
    }
}

// Whether the block there goes on beyond the one that it is the rest of. An instruction that runs
// alone may, where code has been changed so that the other ends in its middle, and cannot be
// shorter.
static bool is_too_long(struct machine *machine, uint64_t address, uint32_t size) {
    return !machine->step.under_way && work_overruns(&machine->work, address, size);
}

// A block that is not run is not counted: it will be entered again.
static void on_counted_block(uc_engine *unicorn, uint64_t address, uint32_t size, void *context) {
    struct engine *engine = context;
    (void)unicorn;
    struct work *work = &engine->machine->work;
    look_for_rest(engine, address);
    if (work_is_new_block(work, address)) {
        work_look(work);
    }
    if (!stops(engine, work, address) && !(is_too_long(engine->machine, address, size) &&
                                           run_stop_for_length(engine->machine->run))) {
        work_count_block(work, address, size);
        if (translation_may_have_divided(&engine->machine->translation, address + size)) {
            run_look_for_end(engine->machine->run);
        }
        if (engine->machine->coverage.on) {
            coverage_block(&engine->machine->coverage, address, size);
        }
    }
}

static void on_comparison(uc_engine *unicorn, uint64_t address, uint64_t left, uint64_t right,
                          uint32_t bits, void *context) {
    (void)unicorn;
    coverage_compare(&engine_machine(context)->coverage, address, left, right, bits);
}

static bool has_address(uint32_t number) {
    return number == RAW_EXIT_SVM(SVM_EXCEPTION + VECTOR_PAGE_FAULT) ||
           number == RAW_EXIT_SVM(SVM_NESTED_PAGE_FAULT);
}

static void on_raw_exit(uc_engine *unicorn, uint32_t number, void *context) {
    struct engine *engine = context;
    struct raw_exit raw = {.number = number};
    (void)unicorn;
    if (has_address(number)) {
        raw.address = vmcb_get64(engine->hidden + HIDDEN_VMCB, VMCB_EXIT_INFORMATION_2);
    }
    x87_blocks_changed(&engine->x87);
    run_raw_exit(engine->machine->run, &raw);
}

static void on_access(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size,
                      int64_t value, void *context) {
    const struct engine *engine = context;
    (void)unicorn;
    (void)value;
    if (address - ARENA_BASE < ARENA_SIZE) {
        run_access(engine->machine->run, engine->arena + (address - ARENA_BASE), (size_t)size,
                   type == UC_MEM_WRITE);
    }
}

static bool on_absent(void *context, uint64_t guest_physical, bool write) {
    return run_absent(engine_machine(context)->run, guest_physical, write);
}

static bool on_table(void *context, uint64_t guest_physical) {
    return guest_tables_note(&engine_machine(context)->memory, guest_physical);
}

static bool on_store(void *context, uint64_t guest_physical) {
    return guest_tables_spare(&engine_machine(context)->memory, guest_physical);
}

// The type is that of a page without the permission: the arena is not executable.
static bool on_fetch(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size,
                     int64_t value, void *context) {
    (void)unicorn;
    (void)value;
    return type == UC_MEM_FETCH_PROT && address - ARENA_BASE < ARENA_SIZE &&
           run_fetch(engine_machine(context)->run, address - ARENA_BASE, (size_t)size);
}

static void on_translated(uc_engine *unicorn, uc_tb *block, uc_tb *previous, void *context) {
    struct engine *engine = context;
    (void)unicorn;
    (void)previous;
    const struct block *read = &engine->machine->translation.block;
    x87_blocks_done(&engine->x87, block->pc,
                    read->under_way && read->pc == block->pc && read->read == block->size);
    engine->hooked += engine_hooks_block(engine, block->pc);
    translation_end(&engine->machine->translation);
    engine->machine->translation.announced = true;
    translation_done(&engine->machine->translation);
    engine_flush_stale_tlb(engine);
    exit_request_go_on(&engine->machine->work.request); // It may be closed until now.
}

static int on_cpuid(uc_engine *unicorn, void *context) {
    (void)unicorn;
    run_cpuid(engine_machine(context)->run);
    return 1;
}

static void on_call(uc_engine *unicorn, void *context) {
    struct engine *engine = context;
    (void)unicorn;
    translation_end_copy(&engine->machine->translation);
    x87_blocks_changed(&engine->x87);
    run_call(engine->machine->run);
}

static uint32_t on_input(uc_engine *unicorn, uint32_t port, int size, void *context) {
    (void)unicorn;
    (void)size;
    return run_time_stamp(engine_machine(context)->run, port == STAND_IN_RDTSCP);
}

const struct engine_hooks run_hooks = {
    .raw_exit = on_raw_exit,
    .fetch = on_fetch,
    .translated = on_translated,
    .block = on_block,
    .counted_block = on_counted_block,
    .compared = on_comparison,
    .accessed = on_access,
    .fill = {.absent = on_absent, .table = on_table, .store = on_store},
    .answers = {.cpuid = on_cpuid, .call = on_call, .input = on_input},
};
