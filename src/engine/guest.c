// SPDX-License-Identifier: MIT
//
// Guest objects and the turn.

#include "engine/guest.h"

#include "engine/guest_clock.h"
#include "engine/vcpu.h"
#include "objects/refusal.h"
#include "objects/vmo.h"

#include <stdlib.h>
#include <zircon/rights.h>
#include <zircon/syscalls/hypervisor.h>

// --- Guest-physical memory ---

static void space_lock(struct address_space *space) {
    struct guest *guest = space->owner;
    turn_take_call(&guest->turn);
}

static void space_unlock(struct address_space *space) {
    struct guest *guest = space->owner;
    turn_give_call(&guest->turn);
}

static zx_status_t space_map(struct address_space *space, const struct mapping_view *view) {
    struct guest *guest = space->owner;
    ASSERT_TURN(&guest->turn);
    return machine_add_vmo(guest->machine, view->vmo, view->vmo_offset, view->base);
}

static void space_unmap(struct address_space *space, const struct mapping_view *view) {
    struct guest *guest = space->owner;
    machine_unmap(guest->machine, view->base, view->length);
}

// The guest finds out again what it may do there.
static bool space_changed(struct address_space *space, const struct mapping_view *view) {
    space_unmap(space, view);
    return true;
}

static const struct address_space_ops space_ops = {
    .lock = space_lock,
    .unlock = space_unlock,
    .map = space_map,
    .unmap = space_unmap,
    .changed = space_changed,
};

static bool find_page(void *context, uint64_t guest_physical, struct backing *out) {
    const struct guest *guest = context;
    ASSERT_TURN(&guest->turn);
    const uint64_t page = guest_physical & ~0xfffull;
    struct mapping_view view;
    struct trap trap;
    if (trap_map_find(&guest->memory_traps, page, &trap) ||
        !address_space_find(guest->space, page, &view) ||
        (view.permissions & ZX_VM_PERM_READ) == 0 ||
        page - view.base >= mapping_view_backed(&view)) {
        return false;
    }
    uint64_t first = view.base;
    uint64_t end = view.base + mapping_view_backed(&view);
    trap_map_narrow(&guest->memory_traps, page, &first, &end);
    out->vmo = view.vmo;
    out->vmo_offset = view.vmo_offset + (page - view.base);
    out->before = page - first;
    out->behind = end - (page + 0x1000);
    out->writable = (view.permissions & ZX_VM_PERM_WRITE) != 0;
    out->executable = (view.permissions & ZX_VM_PERM_EXECUTE) != 0;
    return true;
}

static uint64_t read_tsc(void *context) {
    return guest_clock_tsc(context);
}

// --- The object ---

static void destroy(struct object *object) {
    struct guest *guest = guest_from_object(object);
    if (guest->space != NULL) {
        address_space_retire(guest->space);
    }
    trap_map_destroy(&guest->memory_traps);
    trap_map_destroy(&guest->port_traps);
    if (guest->machine != NULL) {
        machine_destroy(guest->machine);
    }
    debugger_destroy(&guest->debugger);
    turn_destroy(&guest->turn);
    guest_clock_destroy(&guest->clock);
    observation_close(&guest->observation);
    free(guest);
}

static const struct object_ops guest_ops = {
    .type = ZX_OBJ_TYPE_GUEST,
    .default_rights = ZIRCONIA_2022_GUEST_RIGHTS,
    .destroy = destroy,
};

zx_status_t guest_create(struct guest **out) {
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&guest->object, &guest_ops, 0);
    turn_init(&guest->turn);
    guest_clock_init(&guest->clock);
    observation_open(&guest->observation);
    guest->next_vpid = 1;
    const struct machine_client client = {
        .context = guest,
        .find_page = find_page,
        .read_tsc = read_tsc,
    };
    zx_status_t status = machine_create(&client, &guest->machine);
    if (status == ZX_OK) {
        guest->turn.machine = guest->machine;
        guest->space = address_space_create(&space_ops, guest, 0, GUEST_PHYSICAL_SIZE);
        status = guest->space != NULL ? ZX_OK : ZX_ERR_NO_MEMORY;
    }
    if (status != ZX_OK) {
        object_unref(&guest->object);
        return status;
    }
    *out = guest;
    return ZX_OK;
}

struct vcpu *guest_next_vcpu(const struct guest *guest, unsigned *vpid) {
    ASSERT_TURN(&guest->turn);
    if (*vpid >= VPID_COUNT || guest->vpids >> *vpid == 0) {
        return NULL;
    }
    *vpid += (unsigned)__builtin_ctzll(guest->vpids >> *vpid);
    return guest->vcpus[*vpid];
}

bool guest_is_running(const struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    unsigned i = 0;
    for (struct vcpu *vcpu; (vcpu = guest_next_vcpu(guest, &i)) != NULL; i++) {
        if (atomic_load(&vcpu->inside)) {
            return true;
        }
    }
    return false;
}

unsigned guest_take_vpid(struct guest *guest) {
    ASSERT_TURN(&guest->turn);
    for (unsigned i = 0; i < VPID_COUNT - 1; i++) {
        const unsigned vpid = 1 + (guest->next_vpid - 1 + i) % (VPID_COUNT - 1);
        if ((guest->vpids >> vpid & 1) == 0) {
            guest->vpids |= 1ull << vpid;
            guest->next_vpid = vpid % (VPID_COUNT - 1) + 1;
            return vpid;
        }
    }
    return 0;
}

void guest_give_vpid(struct guest *guest, unsigned vpid) {
    ASSERT_TURN(&guest->turn);
    guest->vpids &= ~(1ull << vpid);
}

// --- Traps ---

// What the older eras check before they look at the kind (hypervisor ABI 3.2).
static zx_status_t check_size(const struct trap *trap) {
    if (trap->size == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "size is 0");
    }
    return trap->base + trap->size >= trap->base
               ? ZX_OK
               : refuse_values(ZX_ERR_OUT_OF_RANGE, "addr % and size % together pass 2^64",
                               trap->base, trap->size);
}

static zx_status_t check_inside(const struct trap *trap, uint64_t end, zx_status_t outside,
                                const char *cause) {
    if (trap->size == 0) {
        return refuse(outside, "size is 0");
    }
    const bool inside = trap->base < end && trap->size <= end - trap->base;
    return inside ? ZX_OK : refuse_values(outside, cause, trap->base, trap->size);
}

static zx_status_t check_range(const struct trap *trap) {
    if (trap->kind == ZX_GUEST_TRAP_IO) { // One port has no trap, the last.
        return check_inside(trap, UINT16_MAX, ZX_ERR_OUT_OF_RANGE,
                            "addr % with size % is not below port 0xffff");
    }
    if ((trap->base & 0xfff) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "addr % is not a multiple of 0x1000", trap->base);
    }
    if ((trap->size & 0xfff) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "size % is not a multiple of 0x1000", trap->size);
    }
    return check_inside(trap, GUEST_PHYSICAL_SIZE, ZX_ERR_INVALID_ARGS,
                        "addr % with size % is not below 2^48");
}

static zx_status_t check_kind(const struct trap *trap, const struct port *port) {
    if (trap->kind > ZX_GUEST_TRAP_IO) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "kind % is unknown", trap->kind);
    }
    if ((trap->kind == ZX_GUEST_TRAP_BELL) == (port != NULL)) {
        return ZX_OK;
    }
    return refuse(ZX_ERR_INVALID_ARGS, port == NULL ? "a bell has no port_handle"
                                                    : "a trap other than a bell has a port_handle");
}

static zx_status_t insert(struct guest *guest, struct trap *trap, struct port *port,
                          const struct era *era) {
    ASSERT_TURN(&guest->turn);
    if (trap->kind == ZX_GUEST_TRAP_IO) {
        return trap_map_insert(&guest->port_traps, trap, era->traps_may_meet);
    }
    // The mappings go even if the trap is refused afterwards (hypervisor ABI 3.2).
    zx_status_t status = address_space_unmap_range(guest->space, trap->base, trap->size);
    if (status != ZX_OK) {
        return status;
    }
    if (trap->kind == ZX_GUEST_TRAP_BELL) {
        trap->pool = packet_pool_create(port, PACKET_POOL_TRAP_COUNT);
        if (trap->pool == NULL) {
            return ZX_ERR_NO_MEMORY;
        }
    }
    status = trap_map_insert(&guest->memory_traps, trap, era->traps_may_meet);
    if (status != ZX_OK && trap->pool != NULL) {
        packet_pool_retire(trap->pool);
    }
    return status;
}

zx_status_t guest_set_trap(struct guest *guest, const struct trap *trap, struct port *port,
                           const struct era *era) {
    zx_status_t status = era->traps_may_meet ? check_size(trap) : ZX_OK;
    if (status != ZX_OK) {
        return status;
    }
    status = check_kind(trap, port);
    if (status == ZX_OK) {
        status = check_range(trap);
    }
    if (status != ZX_OK) {
        return status;
    }
    struct trap copy = *trap;
    turn_take_call(&guest->turn);
    status = insert(guest, &copy, port, era);
    turn_give_call(&guest->turn);
    return status;
}
