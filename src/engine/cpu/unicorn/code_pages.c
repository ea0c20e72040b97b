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
#include "platform/platform.h"

#define BITMAP_BYTES (WINDOW_SIZE / 4096 / 8)

bool code_pages_create(struct machine *machine) {
    struct code_pages *code = &machine->code;
    code->stepped = NO_WINDOW_PAGE;
    code->translated = machine_lazy_pages(BITMAP_BYTES);
    code->written = machine_lazy_pages(BITMAP_BYTES);
    return code->translated != NULL && code->written != NULL;
}

void code_pages_destroy(struct machine *machine) {
    struct code_pages *code = &machine->code;
    if (code->translated != NULL) {
        platform_unmap(code->translated, BITMAP_BYTES);
    }
    if (code->written != NULL) {
        platform_unmap(code->written, BITMAP_BYTES);
    }
}

static unsigned bit_of(uint64_t page) {
    return 1u << page % 8;
}

bool code_pages_contain(const struct machine *machine, uint64_t page) {
    return (atomic_load(&machine->code.translated[page / 8]) & bit_of(page)) != 0;
}

// The bit is set before Unicorn reads the bytes, and code_pages_note() looks at it after they were
// written: one of the two sees the other.
void code_pages_translated(struct machine *machine, uint64_t page) {
    if (code_pages_contain(machine, page)) {
        return;
    }
    atomic_fetch_or(&machine->code.translated[page / 8], (unsigned char)bit_of(page));
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
    atomic_fetch_and(&machine->code.translated[page / 8], (unsigned char)~bit_of(page));
}

void code_pages_forget(struct machine *machine, uint64_t page) {
    if (code_pages_contain(machine, page)) {
        drop(machine, page);
    }
}

static uint64_t page_of(uint64_t entry) {
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

void code_pages_note(struct machine *machine, uint64_t page, uint64_t count) {
    for (uint64_t end = page + count; page < end; page++) {
        if (code_pages_contain(machine, page)) {
            atomic_fetch_or(&machine->code.written[page / 8], (unsigned char)bit_of(page));
            atomic_store(&machine->code.any_written, true);
            atomic_store(&machine->exit_requested, true);
        }
    }
}

bool code_pages_noted(const struct machine *machine) {
    return atomic_load_explicit(&machine->code.any_written, memory_order_relaxed);
}

static void drop_noted_in(struct machine *machine, uint64_t byte) {
    const unsigned bits = atomic_exchange(&machine->code.written[byte], 0);
    for (unsigned i = 0; i < 8; i++) {
        if ((bits >> i & 1) != 0) {
            code_pages_forget(machine, byte * 8 + i);
        }
    }
}

void code_pages_drop_noted(struct machine *machine) {
    if (!atomic_exchange(&machine->code.any_written, false)) {
        return;
    }
    for (struct window_slot *slot = machine->slots; slot != NULL; slot = slot->next) {
        const uint64_t end = (slot->base + slot->size + 0x7fff) >> 15;
        for (uint64_t byte = slot->base >> 15; byte < end; byte++) {
            if (atomic_load_explicit(&machine->code.written[byte], memory_order_relaxed) != 0) {
                drop_noted_in(machine, byte);
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
    if (!lies_in(cpu, linear, page) && !lies_in(cpu, end - 1, page)) {
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
