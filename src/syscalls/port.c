// SPDX-License-Identifier: MIT
//
// The port calls (objects ABI 4.1, 4.3, 4.6, 4.7).

#include "ports/port.h"

#include "objects/handle_table.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

zx_status_t zx_port_create(uint32_t options, zx_handle_t *out) {
    if ((options & ~ZX_PORT_BIND_TO_INTERRUPT) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct port *port = NULL;
    zx_status_t status = port_create(&port);
    if (status != ZX_OK) {
        return status;
    }
    status = give_handle(&port->object, ZX_DEFAULT_PORT_RIGHTS, out);
    object_unref(&port->object);
    return status;
}

zx_status_t zx_port_queue(zx_handle_t handle, const zx_port_packet_t *packet) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_port_packet_t body;
    status = copy_from_client(&body, packet, sizeof(body));
    if (status == ZX_OK) {
        status = port_queue_user(port_from_object(object), &body);
    }
    object_unref(object);
    return status;
}

zx_status_t zx_port_wait(zx_handle_t handle, zx_time_t deadline, zx_port_packet_t *packet) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_READ, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_port_packet_t body;
    status = port_wait(port_from_object(object), deadline, &body);
    object_unref(object);
    return status == ZX_OK ? copy_to_client(packet, &body, sizeof(body)) : status;
}

zx_status_t zx_port_cancel(zx_handle_t handle, zx_handle_t source, uint64_t key) {
    struct object *port = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &port);
    if (status != ZX_OK) {
        return status;
    }
    struct object *watched = NULL;
    status = handle_lookup(source, ZX_OBJ_TYPE_NONE, ZX_RIGHT_WAIT, &watched);
    if (status == ZX_OK) {
        // Waits would be looked up here by (source, key); no call begins one.
        (void)key;
        status = watched->ops->waitable ? ZX_ERR_NOT_FOUND : ZX_ERR_NOT_SUPPORTED;
        object_unref(watched);
    }
    object_unref(port);
    return status;
}
