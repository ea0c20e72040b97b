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
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "options % are not 0", options);
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

static zx_status_t check_change(const struct object *object, zx_signals_t signals) {
    const zx_signals_t others = signals & ~(ZX_USER_SIGNAL_ALL | object->ops->settable_signals);
    return others == 0
               ? ZX_OK
               : refuse_value(ZX_ERR_INVALID_ARGS,
                              "signals % of the object are not the client's to change", others);
}

zx_status_t sys_object_signal(struct object *object, uint32_t clear_mask, uint32_t set_mask) {
    if (!object_is_waitable(object)) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "the object has no signals");
    }
    const zx_status_t status = check_change(object, clear_mask | set_mask);
    if (status != ZX_OK) {
        return status;
    }
    object_change_signals(object, clear_mask, set_mask);
    return ZX_OK;
}

// Both ends are of one type, so what may be changed can be asked of either.
zx_status_t sys_object_signal_peer(struct object *object, uint32_t clear_mask, uint32_t set_mask) {
    if (object->ops->peer == NULL) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "the object has no peer");
    }
    const zx_status_t status = check_change(object, clear_mask | set_mask);
    if (status != ZX_OK) {
        return status;
    }
    struct object *peer = object->ops->peer(object);
    if (peer == NULL) {
        return refuse(ZX_ERR_PEER_CLOSED, "the peer has no handles");
    }
    object_change_signals(peer, clear_mask, set_mask);
    object_unref(peer);
    return ZX_OK;
}
