// SPDX-License-Identifier: MIT
//
// Exact self- and cross-modifying code: a store to a page with translations faults; they are
// dropped, the page becomes writable, and the store is tried again.

#include "engine/cpu/unicorn/code_pages.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/machine.h"
#include "engine/cpu/unicorn/run.h"
#include "engine/cpu/unicorn/state.h"
#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/mode.h"
#include "platform/check.h"
#include "platform/platform.h"

static unsigned bit_of(uint64_t page) {
    return 1u << page % 8;
}

// In each slot: pages with translations, which the turn's holder notes, and those of them that the
// host has written to since, which any thread does.
static bool is_translated(const struct window_slot *slot, uint64_t index) {
    return (atomic_load(&slot->translated[index / 8]) & bit_of(index)) != 0;
}

static uint64_t index_in(const struct window_slot *slot, uint64_t page) {
    return page - (slot->base >> 12);
}

bool code_pages_contain(struct machine *machine, uint64_t page) {
    const struct window_slot *slot = window_slot_of(machine, page);
    return is_translated(slot, index_in(slot, page));
}

// The bit is set before Unicorn reads the bytes, and code_pages_note() looks at it after they were
// written: one of the two sees the other.
void code_pages_translated(struct machine *machine, uint64_t page) {
    struct window_slot *slot = window_slot_of(machine, page);
    const uint64_t index = index_in(slot, page);
    if (is_translated(slot, index)) {
        return;
    }
    atomic_fetch_or(&slot->translated[index / 8], (unsigned char)bit_of(index));
    if (page != machine->code.stepped && nested_protect(machine, page)) {
        machine->tlb_stale = true;
    }
}

static void drop(struct machine *machine, uint64_t page) {
    // Before VMRUN, addresses are physical: nothing of the guest's translation takes part.
    const uint64_t address = WINDOW_BASE + (page << 12);
    uc_context_save(machine->engine, machine->kept);
    uc_context_restore(machine->engine, machine->host);
    uc_ctl_flush_tlb(machine->engine);
    uc_ctl_remove_cache(machine->engine, address, address + 0x1000);
    uc_context_restore(machine->engine, machine->kept);
    uc_ctl_flush_tlb(machine->engine);
    struct window_slot *slot = window_slot_of(machine, page);
    const uint64_t index = index_in(slot, page);
    atomic_fetch_and(&slot->translated[index / 8], (unsigned char)~bit_of(index));
}

void code_pages_forget(struct machine *machine, uint64_t page) {
    if (code_pages_contain(machine, page)) {
        drop(machine, page);
    }
}

static uint64_t page_of(uint64_t entry) {
    CHECK((entry & NESTED_ADDRESS) >= WINDOW_BASE);
    return ((entry & NESTED_ADDRESS) - WINDOW_BASE) >> 12;
}

bool code_pages_written(struct machine *machine, uint64_t guest_physical) {
    struct backing backing;
    uint64_t *entry = nested_entry(machine, guest_physical, false);
    if (entry == NULL || (*entry & NESTED_PRESENT) == 0 ||
        !machine->client.find_page(machine->client.context, guest_physical, &backing) ||
        !backing.writable) {
        return false;
    }
    const uint64_t page = page_of(*entry);
    code_pages_forget(machine, page);
    *entry |= NESTED_WRITABLE;
    machine->tlb_stale = true;
    return true;
}

// --- Writes of the host ---

void code_pages_note(struct window_slot *slot, uint64_t first, uint64_t count) {
    CHECK(first + count <= slot->size >> 12);
    struct machine *machine = slot->machine;
    for (uint64_t i = first; i < first + count; i++) {
        if (is_translated(slot, i)) {
            atomic_fetch_or(&slot->written[i / 8], (unsigned char)bit_of(i));
            atomic_store(&machine->code.any_written, true);
            machine_request_exit(machine);
        }
    }
}

bool code_pages_noted(const struct machine *machine) {
    return atomic_load_explicit(&machine->code.any_written, memory_order_relaxed);
}

static void drop_noted_in(struct window_slot *slot, uint64_t byte) {
    const unsigned bits = atomic_exchange(&slot->written[byte], 0);
    for (unsigned i = 0; i < 8; i++) {
        if ((bits >> i & 1) != 0) {
            code_pages_forget(slot->machine, (slot->base >> 12) + byte * 8 + i);
        }
    }
}

void code_pages_drop_noted(struct machine *machine) {
    if (!atomic_exchange(&machine->code.any_written, false)) {
        return;
    }
    for (size_t i = 0; i < machine->slots.count; i++) {
        struct window_slot *slot = machine->slots.all[i];
        for (uint64_t byte = 0; byte <= slot->size >> 15; byte++) {
            if (atomic_load_explicit(&slot->written[byte], memory_order_relaxed) != 0) {
                drop_noted_in(slot, byte);
            }
        }
    }
}

// --- Stepping ---

static bool lies_in(struct cpu *cpu, uint64_t linear, uint64_t page) {
    struct access_fault fault;
    uint64_t physical = 0;
    if (linear_translate(cpu, linear, ACCESS_FETCH, &physical, &fault) != ACCESS_DONE) {
        return false;
    }
    return nested_leads_to(cpu->machine, physical, page);
}

bool code_pages_must_step(struct cpu *cpu, uint64_t guest_physical, unsigned length) {
    struct machine *machine = cpu->machine;
    const uint64_t *entry = nested_entry(machine, guest_physical, false);
    if (entry == NULL || length == 0) {
        return false;
    }
    const uint64_t page = page_of(*entry);
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t end = cpu_code_address(cpu, cpu_get(cpu, RIP) + length);
    const uint64_t next_page = (linear | 0xfff) + 1; // Where the block may end.
    if (!lies_in(cpu, linear, page) && !lies_in(cpu, next_page, page)) {
        return false;
    }
    machine->code.stepped = page;
    machine->code.step_start = linear;
    machine->code.step_end = end;
    return true;
}

// The page of the instruction at RIP; NO_WINDOW_PAGE when it is not there.
static uint64_t code_page(struct cpu *cpu) {
    struct access_fault fault;
    uint64_t physical = 0;
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    if (linear_translate(cpu, linear, ACCESS_FETCH, &physical, &fault) != ACCESS_DONE) {
        return NO_WINDOW_PAGE;
    }
    const uint64_t *entry = nested_entry(cpu->machine, physical, false);
    return entry != NULL && (*entry & NESTED_PRESENT) != 0 ? page_of(*entry) : NO_WINDOW_PAGE;
}

static bool step(struct cpu *cpu, unsigned length) {
    struct code_pages *code = &cpu->machine->code;
    code->stepped = code_page(cpu);
    code->step_start = cpu_code_address(cpu, cpu_get(cpu, RIP));
    code->step_end = cpu_code_address(cpu, cpu_get(cpu, RIP) + length);
    return code->stepped != NO_WINDOW_PAGE;
}

bool code_pages_must_step_first(struct cpu *cpu, unsigned length) {
    const struct machine *machine = cpu->machine;
    const uint64_t linear = cpu_code_address(cpu, cpu_get(cpu, RIP));
    const uint64_t last = cpu_code_address(cpu, cpu_get(cpu, RIP) + length - 1);
    return !machine->code.stepped_now && !machine->run->stepping && length > 0 &&
           (linear ^ last) >> 12 == 0 && step(cpu, length);
}

// on_block() sees the step through `attention`.
bool code_pages_begin_step(struct machine *machine) {
    CHECK(machine->run != NULL && !machine->run->stepping);
    machine->code.stepped_now = false;
    if (machine->code.stepped == NO_WINDOW_PAGE) {
        return false;
    }
    atomic_store(&machine->exit_requested, true);
    return true;
}

void code_pages_end_step(struct machine *machine) {
    const uint64_t page = machine->code.stepped;
    if (page == NO_WINDOW_PAGE) {
        return;
    }
    machine->code.stepped_now = true;
    machine->code.stepped = NO_WINDOW_PAGE;
    code_pages_forget(machine, page);
}
