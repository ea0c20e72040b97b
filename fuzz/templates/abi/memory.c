// SPDX-License-Identifier: MIT
//
// The client of the worked example. It has a fault for the fuzzer to find. Your client's code takes
// the place of this file.

#include "memory.h"

#include <zircon/process.h>
#include <zircon/syscalls.h>

typedef struct slot {
    zx_handle_t vmo;
    uint32_t page;
    uint32_t pages;
    uint32_t first; // The page of the VMO that is mapped there.
} slot_t;

static slot_t slots[MEMORY_SLOTS];
static uint32_t count;

static slot_t *find(uint32_t page, uint32_t pages) {
    for (uint32_t i = 0; i < count; i++) {
        if (slots[i].page < page + pages && page < slots[i].page + slots[i].pages) {
            return &slots[i];
        }
    }
    return NULL;
}

zx_status_t memory_add(zx_handle_t vmar, uint32_t page, uint32_t pages) {
    const zx_vm_option_t options = ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    slot_t slot = {.page = page, .pages = pages};
    zx_vaddr_t address;
    if (find(page, pages) != NULL) {
        return ZX_ERR_ALREADY_EXISTS;
    }
    if (count == MEMORY_SLOTS) {
        return ZX_ERR_NO_RESOURCES;
    }
    zx_status_t status = zx_vmo_create((uint64_t)pages * PAGE, 0, &slot.vmo);
    if (status != ZX_OK) {
        return status;
    }
    status = zx_vmar_map(vmar, options, (size_t)page * PAGE, slot.vmo, 0, (size_t)pages * PAGE,
                         &address);
    if (status != ZX_OK) {
        zx_handle_close(slot.vmo);
        return status;
    }
    slots[count++] = slot;
    return ZX_OK;
}

// The fault: this does not look for room.
static zx_status_t split(slot_t *slot, uint32_t page) {
    slot_t *rest = &slots[count++];
    *rest = *slot;
    rest->page = page;
    rest->pages = slot->page + slot->pages - page;
    rest->first += page - slot->page;
    slot->pages = page - slot->page;
    return zx_handle_duplicate(slot->vmo, ZX_RIGHT_SAME_RIGHTS, &rest->vmo);
}

// At the beginning of the slot.
static zx_status_t take(zx_handle_t vmar, slot_t *slot, uint32_t pages) {
    const zx_status_t status =
        zx_vmar_unmap(vmar, (zx_vaddr_t)slot->page * PAGE, (size_t)pages * PAGE);
    if (status != ZX_OK) {
        return status;
    }
    slot->page += pages;
    slot->first += pages;
    slot->pages -= pages;
    if (slot->pages == 0) {
        zx_handle_close(slot->vmo);
        *slot = slots[--count];
    }
    return ZX_OK;
}

zx_status_t memory_remove(zx_handle_t vmar, uint32_t page, uint32_t pages) {
    zx_status_t status = ZX_OK;
    slot_t *slot;
    while (status == ZX_OK && (slot = find(page, pages)) != NULL) {
        const uint32_t end = slot->page + slot->pages;
        if (slot->page < page) {
            status = split(slot, page);
        } else {
            status = take(vmar, slot, (end < page + pages ? end : page + pages) - slot->page);
        }
    }
    return status;
}

zx_status_t memory_write(uint32_t page, uint8_t value) {
    const slot_t *slot = find(page, 1);
    return slot == NULL ? ZX_ERR_NOT_FOUND
                        : zx_vmo_write(slot->vmo, &value,
                                       (uint64_t)(slot->first + page - slot->page) * PAGE, 1);
}

zx_status_t memory_read(uint32_t page, uint8_t *value) {
    const slot_t *slot = find(page, 1);
    return slot == NULL ? ZX_ERR_NOT_FOUND
                        : zx_vmo_read(slot->vmo, value,
                                      (uint64_t)(slot->first + page - slot->page) * PAGE, 1);
}
