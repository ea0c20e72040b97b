// SPDX-License-Identifier: MIT
//
// zx_event_create(), zx_eventpair_create() and the signalling calls (objects ABI 3.1, 3.2).

#include "objects/event.h"

#include "objects/signal_observer.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

zx_status_t sys_event_create(const struct era *era, uint32_t options, zx_handle_t *out) {
    if (options != 0) {
        return refuse_options(options);
    }
    struct object *event = NULL;
    const zx_status_t status = event_create(&event);
    return status == ZX_OK ? hand_over(event, era->event_rights, out) : status;
}

zx_status_t sys_eventpair_create(const struct era *era, uint32_t options, zx_handle_t *out0,
                                 zx_handle_t *out1) {
    if (options != 0) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    struct object *ends[2] = {NULL, NULL};
    zx_status_t status = event_pair_create(&ends[0], &ends[1]);
    if (status != ZX_OK) {
        return status;
    }
    zx_handle_t values[2] = {ZX_HANDLE_INVALID, ZX_HANDLE_INVALID};
    zx_handle_t *const outs[2] = {out0, out1};
    for (int i = 0; i < 2 && status == ZX_OK; i++) {
        status = handle_create(ends[i], era->event_rights | ZX_RIGHT_SIGNAL_PEER, &values[i]);
    }
    for (int i = 0; i < 2 && status == ZX_OK; i++) {
        status = copy_to_client(outs[i], &values[i], sizeof(values[i]));
    }
    for (int i = 0; i < 2; i++) {
        if (status != ZX_OK && values[i] != ZX_HANDLE_INVALID) {
            handle_close(values[i]);
        }
        object_unref(ends[i]);
    }
    return status;
}

static bool may_change(const struct object *object, zx_signals_t signals) {
    return (signals & ~(ZX_USER_SIGNAL_ALL | object->ops->settable_signals)) == 0;
}

zx_status_t sys_object_signal(struct object *object, uint32_t clear_mask, uint32_t set_mask) {
    if (!object_is_waitable(object)) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    if (!may_change(object, clear_mask | set_mask)) {
        return ZX_ERR_INVALID_ARGS;
    }
    object_change_signals(object, clear_mask, set_mask);
    return ZX_OK;
}

// Both ends are of one type, so what may be changed can be asked of either.
zx_status_t sys_object_signal_peer(struct object *object, uint32_t clear_mask, uint32_t set_mask) {
    if (object->ops->peer == NULL) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    if (!may_change(object, clear_mask | set_mask)) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct object *peer = object->ops->peer(object);
    if (peer == NULL) {
        return ZX_ERR_PEER_CLOSED;
    }
    object_change_signals(peer, clear_mask, set_mask);
    object_unref(peer);
    return ZX_OK;
}
