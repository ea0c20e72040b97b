// SPDX-License-Identifier: MIT
//
// Making and ending a machine, and what its guest's pages are.

#include "engine/cpu/unicorn/machine.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/run.h"
#include "objects/vmo.h"
#include "platform/check.h"

#include <stdlib.h>

zx_status_t machine_create(const struct machine_client *client, struct machine **out) {
    struct machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    zx_status_t status = layout_get(&machine->layout);
    if (status == ZX_OK) {
        status = engine_ask();
    }
    if (status != ZX_OK) {
        free(machine);
        return status;
    }
    machine->client = *client;
    machine->executable_page = NO_WINDOW_PAGE;
    machine->code.stepped = NO_WINDOW_PAGE;
    machine->block.crossed_to = NO_WINDOW_PAGE;
    *out = machine;
    return ZX_OK;
}

zx_status_t machine_get_engine(struct machine *machine) {
    if (machine->lent == NULL) {
        const zx_status_t status = engine_take(machine, machine->counts);
        if (status != ZX_OK) {
            return status;
        }
    }
    return table_pages_provide(machine) ? ZX_OK : ZX_ERR_NO_MEMORY;
}

void machine_destroy(struct machine *machine) {
    CHECK(machine->run == NULL);
    if (machine->lent != NULL) {
        const bool fit = !machine->failed && engine_may_be_kept(machine->lent);
        if (fit) {
            machine_unmap(machine, 0, 1ull << 48);
        }
        window_clear(machine);
        table_pages_clear(machine);
        engine_give(machine->lent, fit);
    }
    free(machine);
}

void machine_unmap(struct machine *machine, uint64_t guest_physical, uint64_t length) {
    if (machine->lent == NULL) {
        return;
    }
    nested_clear(machine, guest_physical, length, code_pages_forget);
}

bool machine_make_present(struct machine *machine, uint64_t guest_physical, bool write) {
    struct backing backing;
    machine->starved = false;
    if (guest_physical >> 48 != 0 ||
        !machine->client.find_page(machine->client.context, guest_physical, &backing) ||
        (write && !backing.writable)) {
        return false;
    }
    const struct window_slot *slot = window_slot_for(machine, &backing);
    if (slot == NULL) {
        machine->starved = true;
        return false;
    }
    const uint64_t page = (slot->base + (backing.vmo_offset - slot->vmo_offset)) >> 12;
    const bool writable = backing.writable && !code_pages_contain(machine, page);
    machine->any_not_executable |= !backing.executable;
    machine->starved = !nested_map(machine, guest_physical, page, writable);
    return !machine->starved;
}

bool machine_may_execute(struct machine *machine, uint64_t guest_physical) {
    struct backing backing;
    return machine->client.find_page(machine->client.context, guest_physical, &backing) &&
           backing.executable;
}

uint8_t *machine_host_address(struct machine *machine, uint64_t guest_physical, bool write) {
    uint64_t *entry = nested_entry(machine, guest_physical, false);
    if (entry == NULL || (*entry & NESTED_PRESENT) == 0) {
        if (!machine_make_present(machine, guest_physical, write)) {
            return NULL;
        }
        entry = nested_entry(machine, guest_physical, false);
    }
    if (write && (*entry & NESTED_WRITABLE) == 0 && !code_pages_written(machine, guest_physical)) {
        return NULL;
    }
    return window_pointer(machine, (*entry & NESTED_ADDRESS) - WINDOW_BASE) +
           (guest_physical & 0xfff);
}
