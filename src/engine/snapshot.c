// SPDX-License-Identifier: MIT
//
// Taking a guest's state and putting it back.

#include "engine/snapshot.h"

#include "objects/refusal.h"

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
    const zx_status_t at_rest = debug_check_at_rest(guest);
    if (at_rest != ZX_OK) {
        return at_rest;
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

static bool has_same_vcpus(const struct snapshot *snapshot, const struct guest *guest) {
    bool same = snapshot->vpids == guest->vpids;
    unsigned i = 0;
    for (const struct vcpu *vcpu; same && (vcpu = guest_next_vcpu(guest, &i)) != NULL; i++) {
        same = vcpu->object.koid == snapshot->vcpus[i].koid;
    }
    return same;
}

static zx_status_t check_parts(const struct snapshot *snapshot, const struct guest *guest) {
    if (!has_same_vcpus(snapshot, guest)) {
        return refuse(ZX_ERR_BAD_STATE, "the guest's VCPUs are not those that it had");
    }
    if (snapshot->memory_traps != guest->memory_traps.count ||
        snapshot->port_traps != guest->port_traps.count) {
        return refuse_values(ZX_ERR_BAD_STATE, "the guest has % traps, and had %",
                             guest->memory_traps.count + guest->port_traps.count,
                             snapshot->memory_traps + snapshot->port_traps);
    }
    if (!device_image_fits(&snapshot->devices, &guest->devices)) {
        return refuse_values(ZX_ERR_BAD_STATE, "the guest's devices have size %, and had %",
                             guest->devices.size, snapshot->devices.size);
    }
    return memory_image_fits(&snapshot->memory, guest->space)
               ? ZX_OK
               : refuse(ZX_ERR_BAD_STATE, "the guest's mappings are not those that it had");
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
        return refuse(ZX_ERR_INVALID_ARGS, "the snapshot is of another guest");
    }
    if (guest_is_running(guest)) {
        return refuse(ZX_ERR_BAD_STATE, "a VCPU of the guest is in a run call");
    }
    return check_parts(snapshot, guest);
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
