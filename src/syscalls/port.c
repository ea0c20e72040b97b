// SPDX-License-Identifier: MIT
//
// The port calls (objects ABI 4.1, 4.3, 4.4, 4.6, 4.7).

#include "ports/port.h"

#include "ports/port_observer.h"
#include "syscalls/syscalls.h"
#include "tasks/exception.h"

#include <zircon/syscalls.h>

zx_status_t sys_port_create(const struct era *era, uint32_t options, zx_handle_t *out) {
    if ((options & ~ZX_PORT_BIND_TO_INTERRUPT) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct port *port = NULL;
    const zx_status_t status = port_create(era, &port);
    return status == ZX_OK ? hand_over(&port->object, ZX_DEFAULT_PORT_RIGHTS, out) : status;
}

zx_status_t sys_port_queue(const struct era *era, zx_handle_t handle,
                           const zx_port_packet_t *packet) {
    struct object *object = NULL;
    zx_status_t status = look_up(era, handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_port_packet_t body;
    status = copy_from_client(&body, packet, sizeof(body));
    if (status == ZX_OK) {
        status = port_queue_user(port_from_object(object), &body);
    }
    const uint32_t code = port_from_object(object)->era->full_port_code;
    if (status == ZX_ERR_SHOULD_WAIT && code != 0) {
        exception_break_policy(code);
    }
    object_unref(object);
    // The port's last handle may go while it is in hand here.
    return status == ZX_ERR_BAD_STATE ? era->closed_port : status;
}

zx_status_t sys_port_wait(const struct era *era, zx_handle_t handle, zx_time_t deadline,
                          zx_port_packet_t *packet) {
    struct object *object = NULL;
    zx_status_t status = look_up(era, handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_READ, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_port_packet_t body;
    status = port_wait(port_from_object(object), deadline_of(era, deadline), &body);
    object_unref(object);
    return status == ZX_OK ? copy_to_client(packet, &body, sizeof(body)) : status;
}

zx_status_t sys_port_cancel(const struct era *era, zx_handle_t handle, zx_handle_t source,
                            uint64_t key) {
    struct object *port = NULL;
    zx_status_t status = look_up(era, handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &port);
    if (status != ZX_OK) {
        return status;
    }
    struct object *object = NULL;
    status = handle_lookup(source, ZX_OBJ_TYPE_NONE, ZX_RIGHT_WAIT, &object);
    if (status == ZX_OK) {
        if (!object_is_waitable(object)) {
            status = ZX_ERR_NOT_SUPPORTED;
        } else if (!port_cancel(port_from_object(port), object, source, key)) {
            status = ZX_ERR_NOT_FOUND;
        }
        object_unref(object);
    }
    object_unref(port);
    return status;
}

zx_status_t sys_port_cancel_key(zx_handle_t handle, uint32_t options, uint64_t key) {
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct object *port = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &port);
    if (status == ZX_OK) {
        status = port_cancel_key(port_from_object(port), key) ? ZX_OK : ZX_ERR_NOT_FOUND;
        object_unref(port);
    }
    return status;
}
