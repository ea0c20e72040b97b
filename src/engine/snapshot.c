// SPDX-License-Identifier: MIT
//
// Taking a guest's state and putting it back.

#include "engine/snapshot.h"

#include <stdlib.h>
#include <zirconia/snapshot.h>

static void destroy(struct object *object) {
    struct snapshot *snapshot = (struct snapshot *)object;
    for (unsigned i = 0; i < VPID_COUNT; i++) {
        vcpu_image_destroy(&snapshot->vcpus[i]);
    }
    device_image_destroy(&snapshot->devices);
    bell_image_destroy(&snapshot->bells);
    memory_image_destroy(&snapshot->memory);
    free(snapshot);
}

static const struct object_ops snapshot_ops = {
    .type = ZIRCONIA_OBJ_TYPE_SNAPSHOT,
    .default_rights = ZIRCONIA_DEFAULT_SNAPSHOT_RIGHTS,
    .destroy = destroy,
};

struct object *snapshot_object(struct snapshot *snapshot) {
    return &snapshot->object;
}

// --- Taking it ---

static bool take_vcpus(struct snapshot *snapshot, const struct guest *guest) {
    unsigned i = 0;
    for (struct vcpu *vcpu; (vcpu = guest_next_vcpu(guest, &i)) != NULL; i++) {
        if (!vcpu_image_take(&snapshot->vcpus[i], vcpu)) {
            return false;
        }
    }
    return true;
}

static zx_status_t take_all_but_memory(struct snapshot *snapshot, struct guest *guest) {
    if (guest->vpids == 0 || guest_is_running(guest)) {
        return ZX_ERR_BAD_STATE;
    }
    snapshot->guest = guest->object.koid;
    snapshot->vpids = guest->vpids;
    snapshot->memory_traps = guest->memory_traps.count;
    snapshot->port_traps = guest->port_traps.count;
    guest_clock_take(guest, &snapshot->clock);
    snapshot->rotation = turn_get_rotation(&guest->turn);
    if (!take_vcpus(snapshot, guest)) {
        return ZX_ERR_NO_MEMORY;
    }
    return bell_image_take(&snapshot->bells, &guest->memory_traps);
}

static zx_status_t take(struct snapshot *snapshot, struct guest *guest,
                        struct image_options options) {
    zx_status_t status = take_all_but_memory(snapshot, guest);
    if (status == ZX_OK) {
        status = device_image_take(&snapshot->devices, &guest->devices);
    }
    return status == ZX_OK
               ? memory_image_take(&snapshot->memory, guest->machine, guest->space, options)
               : status;
}

zx_status_t snapshot_begin(struct snapshot *snapshot, struct guest *guest,
                           struct image_options options) {
    const zx_status_t status = take_all_but_memory(snapshot, guest);
    options.empty = true;
    return status == ZX_OK
               ? memory_image_take(&snapshot->memory, guest->machine, guest->space, options)
               : status;
}

struct snapshot *snapshot_new(void) {
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot != NULL) {
        object_init(&snapshot->object, &snapshot_ops, 0);
    }
    return snapshot;
}

zx_status_t snapshot_create(struct guest *guest, struct image_options options,
                            struct snapshot **out) {
    struct snapshot *snapshot = snapshot_new();
    if (snapshot == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    turn_take_call(&guest->turn);
    const zx_status_t status = take(snapshot, guest, options);
    turn_give_call(&guest->turn);
    if (status != ZX_OK) {
        object_unref(&snapshot->object);
        return status;
    }
    *out = snapshot;
    return ZX_OK;
}

// --- Putting it back ---

static bool fits(const struct snapshot *snapshot, const struct guest *guest) {
    if (snapshot->vpids != guest->vpids || snapshot->memory_traps != guest->memory_traps.count ||
        snapshot->port_traps != guest->port_traps.count ||
        !device_image_fits(&snapshot->devices, &guest->devices)) {
        return false;
    }
    unsigned i = 0;
    for (const struct vcpu *vcpu; (vcpu = guest_next_vcpu(guest, &i)) != NULL; i++) {
        if (vcpu->object.koid != snapshot->vcpus[i].koid) {
            return false;
        }
    }
    return memory_image_fits(&snapshot->memory, guest->space);
}

// In the order in which their timers were armed.
static void restore_vcpus(const struct snapshot *snapshot, const struct guest *guest) {
    const unsigned count = (unsigned)__builtin_popcountll(guest->vpids);
    for (unsigned place = 0; place < count; place++) {
        unsigned i = 0;
        for (struct vcpu *vcpu; (vcpu = guest_next_vcpu(guest, &i)) != NULL; i++) {
            if (snapshot->vcpus[i].timer_place == place) {
                vcpu_image_restore(&snapshot->vcpus[i], vcpu);
            }
        }
    }
}

zx_status_t snapshot_check(const struct snapshot *snapshot, const struct guest *guest) {
    if (snapshot->guest != guest->object.koid) {
        return ZX_ERR_INVALID_ARGS;
    }
    return guest_is_running(guest) || !fits(snapshot, guest) ? ZX_ERR_BAD_STATE : ZX_OK;
}

static zx_status_t restore(const struct snapshot *snapshot, struct guest *guest) {
    zx_status_t status = snapshot_check(snapshot, guest);
    if (status == ZX_OK) {
        status = machine_image_apply(guest->machine, snapshot->memory.pages);
    }
    if (status != ZX_OK) {
        return status;
    }
    bell_image_restore(&snapshot->bells, &guest->memory_traps);
    guest_clock_restore(guest, &snapshot->clock);
    restore_vcpus(snapshot, guest);
    turn_set_rotation(&guest->turn, &snapshot->rotation);
    device_image_restore(&snapshot->devices, &guest->devices);
    return ZX_OK;
}

zx_status_t snapshot_restore(const struct snapshot *snapshot, struct guest *guest) {
    turn_take_call(&guest->turn);
    const zx_status_t status = restore(snapshot, guest);
    turn_give_call(&guest->turn);
    return status;
}
