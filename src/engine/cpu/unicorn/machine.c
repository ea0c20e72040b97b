// SPDX-License-Identifier: MIT
//
// Making and ending a machine, and where VMOs lie in its window.

#include "engine/cpu/unicorn/machine.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/msr_bitmap.h"
#include "engine/cpu/unicorn/run.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "objects/vmo.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

#define PLACES_BYTES (WINDOW_SIZE / 4096 * sizeof(uint32_t))

static void fill_vmcb(uint8_t *vmcb) {
    const struct segment code = {.limit = 0xffff, .attributes = 0x209b00};
    const struct segment data = {.limit = 0xffff, .attributes = 0x9300};
    vmcb_set_segment(vmcb, VMCB_SEGMENT_CS, &code);
    const enum vmcb_offset others[] = {VMCB_SEGMENT_ES, VMCB_SEGMENT_SS, VMCB_SEGMENT_DS,
                                       VMCB_SEGMENT_FS, VMCB_SEGMENT_GS};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        vmcb_set_segment(vmcb, others[i], &data);
    }
    vmcb_set16(vmcb, VMCB_INTERCEPT_CR_READ, 1u << 0 | 1u << 8);
    vmcb_set16(vmcb, VMCB_INTERCEPT_CR_WRITE, 1u << 0 | 1u << 4 | 1u << 8);
    vmcb_set16(vmcb, VMCB_INTERCEPT_DR_READ, 0xff);
    vmcb_set16(vmcb, VMCB_INTERCEPT_DR_WRITE, 0xff);
    vmcb_set32(vmcb, VMCB_INTERCEPT_EXCEPTIONS, ~0u);
    uint64_t instructions = 0;
    const enum svm_exit exits[] = {
        SVM_VIRTUAL_INTERRUPT,
        SVM_RDTSC,
        SVM_RDPMC,
        SVM_CPUID,
        SVM_SOFTWARE_INTERRUPT,
        SVM_PAUSE,
        SVM_HLT,
        SVM_INVLPGA,
        SVM_MSR,
        SVM_TASK_SWITCH,
        SVM_SHUTDOWN,
        SVM_VMRUN,
        SVM_VMMCALL,
        SVM_VMLOAD,
        SVM_VMSAVE,
        SVM_STGI,
        SVM_CLGI,
        SVM_SKINIT,
        SVM_WBINVD,
        SVM_MONITOR,
        SVM_MWAIT,
    };
    for (size_t i = 0; i < sizeof exits / sizeof exits[0]; i++) {
        instructions |= SVM_INTERCEPT(exits[i]);
    }
    vmcb_set64(vmcb, VMCB_INTERCEPT_INSTRUCTIONS, instructions);
    vmcb_set64(vmcb, VMCB_MSR_BITMAP, HIDDEN_BASE + HIDDEN_MSR_BITMAP);
    vmcb_set32(vmcb, VMCB_ASID, 1);
    vmcb_set32(vmcb, VMCB_INTERRUPT_CONTROL, VMCB_VIRTUAL_INTERRUPT_PENDING);
    vmcb_set32(vmcb, VMCB_INTERRUPT_VECTOR, 0xff);
    vmcb_set64(vmcb, VMCB_NESTED_CONTROL, VMCB_NESTED_PAGING);
    vmcb_set64(vmcb, VMCB_NESTED_CR3, HIDDEN_BASE + HIDDEN_TABLES);
    vmcb_set64(vmcb, VMCB_EFER, EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE);
    vmcb_set64(vmcb, VMCB_CR0, CR0_PE | CR0_ET);
    vmcb_set64(vmcb, VMCB_CR4, CR4_PAE);
    vmcb_set64(vmcb, VMCB_DR6, 0xffff0ff0u);
    vmcb_set64(vmcb, VMCB_DR7, 0x400);
    vmcb_set64(vmcb, VMCB_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
}

void *machine_lazy_pages(size_t size) {
    void *pages = platform_reserve(size);
    if (pages != NULL && !platform_protect(pages, size, PLATFORM_READ | PLATFORM_WRITE)) {
        platform_unmap(pages, size);
        return NULL;
    }
    return pages;
}

static zx_status_t start(struct machine *machine) {
    zx_status_t status = layout_get(&machine->layout);
    if (status != ZX_OK) {
        return status;
    }
    machine->hidden = machine_lazy_pages(HIDDEN_SIZE);
    machine->window = platform_reserve(WINDOW_SIZE);
    machine->places = machine_lazy_pages(PLACES_BYTES);
    if (machine->hidden == NULL || machine->window == NULL || machine->places == NULL ||
        !code_pages_create(machine)) {
        return ZX_ERR_NO_MEMORY;
    }
    status = flat_engine_open(machine->hidden, HIDDEN_SIZE, machine->window, &machine->engine);
    if (status != ZX_OK) {
        return status;
    }
    if (uc_context_alloc(machine->engine, &machine->host) != UC_ERR_OK ||
        uc_context_alloc(machine->engine, &machine->started) != UC_ERR_OK ||
        uc_context_alloc(machine->engine, &machine->kept) != UC_ERR_OK ||
        uc_context_save(machine->engine, machine->host) != UC_ERR_OK) {
        return ZX_ERR_NO_MEMORY;
    }
    fill_vmcb(machine->hidden + HIDDEN_VMCB);
    msr_bitmap_fill(machine->hidden + HIDDEN_MSR_BITMAP);
    status = flat_engine_launch(machine->engine, machine->hidden, machine->started);
    return status == ZX_OK ? run_add_hooks(machine) : status;
}

zx_status_t machine_create(const struct machine_client *client, struct machine **out) {
    struct machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    machine->client = *client;
    machine->next_table = HIDDEN_TABLES + 0x1000;
    machine->executable_page = NO_WINDOW_PAGE;
    machine->block.crossed_to = NO_WINDOW_PAGE;
    const zx_status_t status = start(machine);
    if (status != ZX_OK) {
        machine_destroy(machine);
        return status;
    }
    *out = machine;
    return ZX_OK;
}

static void unmap_if(void *address, size_t size) {
    if (address != NULL) {
        platform_unmap(address, size);
    }
}

void machine_destroy(struct machine *machine) {
    uc_context *const contexts[] = {machine->host, machine->started, machine->kept};
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        if (contexts[i] != NULL) {
            uc_context_free(contexts[i]);
        }
    }
    if (machine->engine != NULL) {
        uc_close(machine->engine);
    }
    unmap_if(machine->hidden, HIDDEN_SIZE);
    unmap_if(machine->window, WINDOW_SIZE);
    unmap_if(machine->places, PLACES_BYTES);
    while (machine->slots != NULL) {
        struct window_slot *slot = machine->slots;
        machine->slots = slot->next;
        vmo_listener_remove(slot->vmo, &slot->listener);
        vmo_unref(slot->vmo);
        free(slot);
    }
    code_pages_destroy(machine);
    free(machine);
}

static struct window_slot *find_slot(struct machine *machine, const struct vmo *vmo,
                                     uint64_t offset) {
    for (struct window_slot *slot = machine->slots; slot != NULL; slot = slot->next) {
        if (slot->vmo == vmo && offset >= slot->vmo_offset &&
            offset - slot->vmo_offset < slot->size) {
            return slot;
        }
    }
    return NULL;
}

// The lowest free place; the slots are ordered.
static zx_status_t place(struct machine *machine, struct window_slot *slot) {
    struct window_slot **link = &machine->slots;
    uint64_t base = 0;
    while (*link != NULL && (*link)->base - base < slot->size) {
        base = (*link)->base + (*link)->size;
        link = &(*link)->next;
    }
    if (slot->size > WINDOW_SIZE - base) {
        return ZX_ERR_NO_MEMORY;
    }
    if (platform_memory_map(slot->vmo->memory, slot->vmo_offset, slot->size,
                            PLATFORM_READ | PLATFORM_WRITE, machine->window + base) == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    slot->base = base;
    slot->next = *link;
    *link = slot;
    return ZX_OK;
}

// The slot begins with its listener.
static void note_write(struct vmo_listener *listener, uint64_t offset, uint64_t length) {
    const struct window_slot *slot = (struct window_slot *)listener;
    const uint64_t slot_end = slot->vmo_offset + slot->size;
    const uint64_t start = offset > slot->vmo_offset ? offset : slot->vmo_offset;
    const uint64_t end = offset + length < slot_end ? offset + length : slot_end;
    if (start < end) {
        const uint64_t first = (slot->base + (start - slot->vmo_offset)) >> 12;
        const uint64_t last = (slot->base + (end - 1 - slot->vmo_offset)) >> 12;
        code_pages_note(slot->machine, first, last + 1 - first);
    }
}

// A place for the part of the VMO from `offset` to its present end.
static zx_status_t add_slot(struct machine *machine, struct vmo *vmo, uint64_t offset,
                            uint64_t end) {
    struct window_slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    const uint64_t page = platform_page_size();
    slot->machine = machine;
    slot->vmo = vmo;
    slot->vmo_offset = offset;
    slot->size = (end - offset + page - 1) / page * page;
    const zx_status_t status = place(machine, slot);
    if (status != ZX_OK) {
        free(slot);
        return status;
    }
    vmo_ref(vmo);
    slot->listener.written = note_write;
    vmo_listener_add(vmo, &slot->listener);
    return ZX_OK;
}

zx_status_t machine_add_vmo(struct machine *machine, struct vmo *vmo) {
    const uint64_t size = vmo->size;
    uint64_t placed = 0;
    const struct window_slot *slot = find_slot(machine, vmo, 0);
    while (slot != NULL) {
        placed = slot->vmo_offset + slot->size;
        slot = find_slot(machine, vmo, placed);
    }
    return placed < size ? add_slot(machine, vmo, placed, size) : ZX_OK;
}

// NULL when there is no place for it.
static struct window_slot *slot_for(struct machine *machine, const struct backing *backing) {
    struct window_slot *slot = find_slot(machine, backing->vmo, backing->vmo_offset);
    if (slot == NULL && machine_add_vmo(machine, backing->vmo) == ZX_OK) {
        slot = find_slot(machine, backing->vmo, backing->vmo_offset);
    }
    return slot;
}

void machine_unmap(struct machine *machine, uint64_t guest_physical, uint64_t length) {
    nested_clear(machine, guest_physical, length, code_pages_forget);
}

bool machine_make_present(struct machine *machine, uint64_t guest_physical, bool write) {
    struct backing backing;
    if (guest_physical >> 48 != 0 ||
        !machine->client.find_page(machine->client.context, guest_physical, &backing) ||
        (write && !backing.writable)) {
        return false;
    }
    const struct window_slot *slot = slot_for(machine, &backing);
    if (slot == NULL) {
        return false;
    }
    const uint64_t page = (slot->base + (backing.vmo_offset - slot->vmo_offset)) >> 12;
    const bool writable = backing.writable && !code_pages_contain(machine, page);
    machine->any_not_executable |= !backing.executable;
    return nested_map(machine, guest_physical, page, writable);
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
    return machine->window + ((*entry & NESTED_ADDRESS) - WINDOW_BASE) + (guest_physical & 0xfff);
}
