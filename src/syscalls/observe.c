// SPDX-License-Identifier: MIT
//
// Watching the exits of a guest (zirconia/observe.h).

#include "engine/observe.h"

#include "engine/guest.h"
#include "objects/handle_table.h"
#include "syscalls/syscalls.h"
#include "tasks/door.h"

static zx_status_t guest_observe(zx_handle_t guest, zirconia_exit_observer_t observer,
                                 void *context) {
    struct object *object = NULL;
    const zx_status_t status = handle_lookup(guest, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_INSPECT, &object);
    if (status == ZX_OK) {
        observe_with(&guest_from_object(object)->observation, observer, context);
        object_unref(object);
    }
    return status;
}

zx_status_t zirconia_guest_observe(zx_handle_t guest, zirconia_exit_observer_t observer,
                                   void *context) {
    door_enter();
    const zx_status_t status = guest_observe(guest, observer, context);
    door_leave();
    return status;
}

static zx_status_t guest_statistics(zx_handle_t guest, zirconia_exit_statistics_t *out,
                                    size_t kinds) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(guest, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_INSPECT, &object);
    if (status != ZX_OK) {
        return status;
    }
    for (size_t i = 0; status == ZX_OK && i < kinds; i++) {
        zirconia_exit_statistics_t counts = {0};
        if (i < ZIRCONIA_EXIT_KIND_COUNT) {
            observe_count(&guest_from_object(object)->observation, (zirconia_exit_kind_t)i,
                          &counts);
        }
        status = copy_to_client(&out[i], &counts, sizeof counts);
    }
    object_unref(object);
    return status;
}

zx_status_t zirconia_guest_statistics(zx_handle_t guest, zirconia_exit_statistics_t *out,
                                      size_t kinds) {
    door_enter();
    const zx_status_t status = guest_statistics(guest, out, kinds);
    door_leave();
    return status;
}

const char *zirconia_exit_kind_name(zirconia_exit_kind_t kind) {
#define NAME(constant, name) #name,
    static const char *const names[] = {ZIRCONIA_EXIT_KINDS(NAME)};
#undef NAME
    const size_t index = (size_t)kind;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}
