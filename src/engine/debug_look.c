// SPDX-License-Identifier: MIT
//
// What a debugger looks at beside registers: where addresses lead, and which interrupts wait.

#include "engine/debug.h"

#include "engine/instruments/page_walk.h"
#include "engine/vcpu.h"
#include "objects/vmo.h"

#include <zircon/syscalls/hypervisor.h>
#include <zircon/types.h>

// --- Linear addresses ---

static uint32_t result_of(enum page_walk_end end) {
    switch (end) {
    case PAGE_WALK_MAPPED:
        return ZIRCONIA_WALK_MAPPED;
    case PAGE_WALK_NOT_PRESENT:
        return ZIRCONIA_WALK_NOT_PRESENT;
    case PAGE_WALK_RESERVED:
        return ZIRCONIA_WALK_RESERVED;
    case PAGE_WALK_UNBACKED:
        return ZIRCONIA_WALK_NO_TABLE;
    case PAGE_WALK_NOT_CANONICAL:
        break;
    }
    return ZIRCONIA_WALK_NOT_CANONICAL;
}

static void give_walk(const struct page_walk *walk, zirconia_walk_t *out) {
    *out = (zirconia_walk_t){
        .result = result_of(walk->end),
        .entry_count = walk->count,
        .entry_size = walk->entry_size,
        .rights = (walk->writable ? ZIRCONIA_WALK_WRITABLE : 0) |
                  (walk->user ? ZIRCONIA_WALK_USER : 0) |
                  (walk->executable ? ZIRCONIA_WALK_EXECUTABLE : 0),
        .physical = walk->physical,
    };
    for (unsigned i = 0; i < walk->count; i++) {
        out->entries[i] = (zirconia_walk_entry_t){
            .address = walk->entries[i].address,
            .value = walk->entries[i].value,
            .covers = 1ull << walk->entries[i].shift,
        };
    }
}

zx_status_t debug_walk_linear(struct vcpu *vcpu, uint64_t linear, zirconia_walk_t *out) {
    turn_take_call(&vcpu->guest->turn);
    const zx_status_t status = debug_check_at_rest(vcpu->guest);
    if (status == ZX_OK) {
        struct page_walk walk;
        cpu_walk_linear(vcpu->cpu, linear, &walk);
        give_walk(&walk, out);
    }
    turn_give_call(&vcpu->guest->turn);
    return status;
}

// --- Guest-physical addresses ---

static void find_mapping(const struct guest *guest, uint64_t address, zirconia_physical_t *out) {
    struct mapping_view view;
    ASSERT_TURN(&guest->turn);
    if (!address_space_find(guest->space, address, &view)) {
        return;
    }
    out->kind |= ZIRCONIA_PHYSICAL_MAPPED;
    out->permissions = view.permissions;
    out->vmo_koid = view.vmo->object.koid;
    out->vmo_offset = view.vmo_offset + (address - view.base);
}

static void find_trap(const struct guest *guest, uint64_t address, zirconia_physical_t *out) {
    struct trap trap;
    ASSERT_TURN(&guest->turn);
    if (!trap_map_find(&guest->memory_traps, address & ~0xfffull, &trap)) {
        return;
    }
    out->kind |= trap.kind == ZX_GUEST_TRAP_BELL ? ZIRCONIA_PHYSICAL_BELL : ZIRCONIA_PHYSICAL_TRAP;
    out->trap_key = trap.key;
    out->trap_base = trap.base;
    out->trap_size = trap.size;
}

// The nested entry first: to look the host's address up makes one.
static void find_physical(struct guest *guest, uint64_t address, zirconia_physical_t *out) {
    *out = (zirconia_physical_t){0};
    find_mapping(guest, address, out);
    find_trap(guest, address, out);
    out->nested_entry = machine_nested_entry(guest->machine, address, &out->nested_size);
    out->host = debug_host_address(guest, address, false);
}

zx_status_t debug_find_physical(struct guest *guest, uint64_t address, zirconia_physical_t *out) {
    turn_take_call(&guest->turn);
    const zx_status_t status = debug_check_at_rest(guest);
    if (status == ZX_OK) {
        find_physical(guest, address, out);
    }
    turn_give_call(&guest->turn);
    return status;
}

// --- Interrupts ---

static uint32_t flags_of(const struct cpu *cpu) {
    const enum readiness external = cpu_ready_for(cpu, FIRST_EXTERNAL_VECTOR);
    const enum readiness nmi = cpu_ready_for(cpu, VECTOR_NMI);
    return (external == READY ? ZIRCONIA_INTERRUPTS_OPEN : 0) |
           (cpu_get(cpu, INTERRUPT_SHADOW) != 0 ? ZIRCONIA_INTERRUPTS_SHADOW : 0) |
           (nmi == READY_AFTER_IRET ? ZIRCONIA_INTERRUPTS_NMI_BLOCKED : 0);
}

static void read_pending(struct vcpu *vcpu, zirconia_interrupts_t *out) {
    platform_mutex_lock(&vcpu->lock);
    const int next = pending_choose(&vcpu->pending);
    for (unsigned i = 0; i < sizeof out->pending / sizeof out->pending[0]; i++) {
        out->pending[i] = vcpu->pending.bits[i];
    }
    platform_mutex_unlock(&vcpu->lock);
    out->next = next >= 0 ? (uint32_t)next : ZIRCONIA_INTERRUPTS_NONE;
}

static void read_timer(struct vcpu *vcpu, zirconia_interrupts_t *out) {
    struct local_apic_image image;
    local_apic_pause(&vcpu->apic);
    local_apic_take(&vcpu->apic, &image);
    local_apic_go_on(&vcpu->apic);
    out->lvt_timer = image.lvt_timer;
    out->initial_count = image.initial_count;
    out->divide = image.divide;
    out->timer_left = image.left;
}

zx_status_t debug_read_interrupts(struct vcpu *vcpu, zirconia_interrupts_t *out) {
    turn_take_call(&vcpu->guest->turn);
    const zx_status_t status = debug_check_at_rest(vcpu->guest);
    if (status == ZX_OK) {
        *out = (zirconia_interrupts_t){.flags = flags_of(vcpu->cpu)};
        read_pending(vcpu, out);
        read_timer(vcpu, out);
    }
    turn_give_call(&vcpu->guest->turn);
    return status;
}
