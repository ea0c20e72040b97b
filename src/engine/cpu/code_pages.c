// SPDX-License-Identifier: MIT
//
// Exact self- and cross-modifying code: a page of which Unicorn holds translations is read-only in
// the nested tables, so that a store to it faults; then its translations go, the page becomes
// writable, and the store is tried again.
//
// A store into the page that it is itself in would go round for ever: when the page's code is
// translated again right after such a fault, the page stays writable for that one translation
// (`unguarded`).

#include "engine/cpu/flat_engine.h"
#include "engine/cpu/machine.h"

bool code_pages_contain(const struct machine *machine, uint64_t window_page) {
    return (machine->code_pages[window_page / 8] >> window_page % 8 & 1) != 0;
}

static uint64_t window_page_of(uint64_t entry) {
    return ((entry & NESTED_ADDRESS) - WINDOW_BASE) >> 12;
}

void code_pages_translated(struct machine *machine, uint64_t guest_physical) {
    uint64_t *entry = nested_entry(machine, guest_physical, false);
    if (entry == NULL || (*entry & NESTED_PRESENT) == 0) {
        return;
    }
    const uint64_t page = window_page_of(*entry);
    machine->code_pages[page / 8] |= (uint8_t)(1u << page % 8);
    if (machine->unguarded == page) {
        machine->unguarded = UINT64_MAX;
        return;
    }
    if ((*entry & NESTED_WRITABLE) != 0) {
        *entry &= ~NESTED_WRITABLE;
        machine->tlb_stale = true;
    }
}

void code_pages_drop(struct machine *machine, uint64_t window_page) {
    // Before VMRUN, addresses are physical: nothing of the guest's translation takes part.
    uc_context *current = NULL;
    if (uc_context_alloc(machine->engine, &current) != UC_ERR_OK) {
        return;
    }
    const uint64_t address = WINDOW_BASE + (window_page << 12);
    uc_context_save(machine->engine, current);
    uc_context_restore(machine->engine, machine->host);
    uc_ctl_flush_tlb(machine->engine);
    uc_ctl_remove_cache(machine->engine, address, address + 0x1000);
    uc_context_restore(machine->engine, current);
    uc_ctl_flush_tlb(machine->engine);
    uc_context_free(current);
    machine->code_pages[window_page / 8] &= (uint8_t) ~(1u << window_page % 8);
}

bool code_pages_written(struct machine *machine, uint64_t guest_physical) {
    struct backing backing;
    uint64_t *entry = nested_entry(machine, guest_physical, false);
    if (entry == NULL || (*entry & NESTED_PRESENT) == 0 ||
        !machine->client.find_page(machine->client.context, guest_physical, &backing) ||
        !backing.writable) {
        return false;
    }
    const uint64_t page = window_page_of(*entry);
    if (code_pages_contain(machine, page)) {
        code_pages_drop(machine, page);
        machine->unguarded = page;
    }
    *entry |= NESTED_WRITABLE;
    machine->tlb_stale = true;
    return true;
}
